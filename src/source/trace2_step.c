/* SPDX-License-Identifier: Apache-2.0 */
/* Processors, threads and goroutines, by the rules of internal/trace/order.go. */
#include "source/trace2_step.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

int step_wrong(struct t2_order *o, const struct t2_cursor *c, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	if (o->fresh)
		return -EAGAIN;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(&o->err, -EBADMSG, EXIT_BADFILE, "%s at byte %" PRIu64, what,
		       cursor_offset(o->gen, c));
}

#define NO_STACK step_wrong(o, r->c, "an event names a stack that is not defined")
#define NO_STRING step_wrong(o, r->c, "an event names a string that is not defined")

static uint32_t p_find(const struct t2_order *o, uint64_t pid)
{
	return map64_get(&o->by_pid, pid);
}

static uint32_t p_add(struct t2_order *o, uint64_t pid, uint8_t status)
{
	uint32_t row = (uint32_t)o->p.n;

	*vec_push(&o->p) = (struct t2_p){ .id = pid, .status = status, .gen = o->gen->index };
	map64_put(&o->by_pid, pid, row);
	return row;
}

uint32_t step_thread(struct t2_order *o, uint64_t mid)
{
	uint32_t row = map64_get(&o->by_mid, mid);

	if (row != T2_NONE)
		return row;
	row = (uint32_t)o->m.n;
	*vec_push(&o->m) = (struct t2_m){ .id = mid, .g = T2_NONE, .p = T2_NONE };
	map64_put(&o->by_mid, mid, row);
	return row;
}

static void claim_g(struct t2_order *o, uint64_t goid, uint8_t status)
{
	if (o->fresh)
		*vec_push(&o->claims.g) = (struct t2_claim){ goid, 0, status };
}

static void claim_m(struct t2_order *o, uint64_t mid, uint64_t goid, bool known)
{
	if (o->fresh)
		*vec_push(&o->claims.m) = (struct t2_claim){ mid, goid, known };
}

/* --- what a status says of the thread that tells it --- */

static void m_has_p(struct t2_m *m, uint32_t row)
{
	if (m->id == NO_ID)
		return;
	m->p = row;
	m->flags |= m->flags & T2_M_P_WANTED_NONE ? 0 : T2_M_P_SET;
}

static void m_has_g(struct t2_m *m, uint32_t row)
{
	if (m->id == NO_ID)
		return;
	m->g = row;
	m->flags |= m->flags & T2_M_G_WANTED_NONE ? 0 : T2_M_G_SET;
}

/* --- processors --- */

/* Somebody has to have the processor that another thread says is about to be stolen. */
static bool p_is_had(const struct t2_order *o, uint32_t row)
{
	for (size_t i = 0; i < o->m.n; i++)
		if (o->m.v[i].p == row)
			return true;
	return false;
}

static int proc_status(struct t2_order *o, const struct t2_rec *r)
{
	uint64_t pid = r->arg[0], status = r->arg[1];
	uint32_t row = p_find(o, pid);
	struct t2_p *p;

	if (status < T2_P_RUNNING || status > T2_P_ABANDONED)
		return step_wrong(o, r->c, "a processor has status %" PRIu64, status);
	if (row == T2_NONE) {
		if (o->fresh)
			*vec_push(&o->claims.p) = (struct t2_claim){ pid, 0, (uint8_t)status };
		row = p_add(o, pid, (uint8_t)status);
	}
	p = &o->p.v[row];
	if (status == T2_P_ABANDONED && p->status == T2_P_SYSCALL) {
		if (!p_is_had(o, row))
			return step_wrong(o, r->c, "no thread has processor %" PRIu64, pid);
	} else if (p->status != status) {
		return step_wrong(o, r->c, "processor %" PRIu64 " is not what its status says",
				  pid);
	}
	p->seq = 0;
	p->gen = o->gen->index;
	if (status == T2_P_RUNNING || status == T2_P_SYSCALL)
		m_has_p(&o->m.v[r->m], row);
	return 1;
}

static int proc_start(struct t2_order *o, const struct t2_rec *r)
{
	struct t2_m *m = &o->m.v[r->m];
	uint32_t row = p_find(o, r->arg[0]);
	struct t2_p *p = row == T2_NONE ? NULL : &o->p.v[row];

	if (!p || p->status != T2_P_IDLE || !step_follows(o, p, r->arg[1]) || m->p != T2_NONE)
		return 0;
	if (m->id == NO_ID)
		return step_wrong(o, r->c, "a processor starts without a thread");
	step_want_no_p(m);
	p->status = T2_P_RUNNING;
	p->seq = r->arg[1];
	m->p = row;
	return 1;
}

static int proc_stop(struct t2_order *o, const struct t2_rec *r)
{
	struct t2_m *m = &o->m.v[r->m];
	struct t2_p *p = m->p == T2_NONE ? NULL : &o->p.v[m->p];

	if (!p || (p->status != T2_P_RUNNING && p->status != T2_P_SYSCALL))
		return step_wrong(o, r->c, "a processor stops that does not run");
	p->status = T2_P_IDLE;
	m->p = T2_NONE;
	return 1;
}

static int proc_steal(struct t2_order *o, const struct t2_rec *r)
{
	uint32_t row = p_find(o, r->arg[0]), victim;
	struct t2_p *p = row == T2_NONE ? NULL : &o->p.v[row];

	if (!p || (p->status != T2_P_SYSCALL && p->status != T2_P_ABANDONED) ||
	    !step_follows(o, p, r->arg[1]))
		return 0;
	if (o->m.v[r->m].id == NO_ID)
		return step_wrong(o, r->c, "a processor is stolen by no thread");
	if (p->status == T2_P_SYSCALL) {
		victim = map64_get(&o->by_mid, r->arg[2]);
		if (victim == T2_NONE || o->m.v[victim].p != row)
			return step_wrong(o, r->c,
					  "processor %" PRIu64
					  " is stolen from a thread that has it not",
					  p->id);
		o->m.v[victim].p = T2_NONE;
	}
	p->status = T2_P_IDLE;
	p->seq = r->arg[1];
	return 1;
}

/* --- goroutines --- */

static int elsewhere(struct t2_order *o, const struct t2_rec *r)
{
	return step_wrong(o, r->c, "goroutine %" PRIu64 " is in a system call on another thread",
			  r->arg[0]);
}

/* The telling thread's own goroutine is in a system call. */
static int status_in_own_syscall(struct t2_order *o, const struct t2_rec *r, uint32_t row)
{
	struct t2_m *m = &o->m.v[r->m];

	if (o->fresh && !(m->flags & (T2_M_G_SET | T2_M_G_WANTED_NONE)))
		claim_m(o, m->id, r->arg[0], true);
	else if (!o->first && m->g != row)
		return elsewhere(o, r);
	m_has_g(m, row);
	return 1;
}

/* A goroutine that was in a system call all the while, on a thread that says nothing. */
static int status_in_other_syscall(struct t2_order *o, const struct t2_rec *r, uint32_t row)
{
	uint32_t thread = step_thread(o, r->arg[1]); /* may be new: first of all */
	struct t2_m *m = &o->m.v[thread];

	if (o->fresh && !(m->flags & (T2_M_G_SET | T2_M_G_WANTED_NONE)))
		claim_m(o, m->id, r->arg[0], m->flags & T2_M_SEEN);
	else if (m->flags & T2_M_SEEN && m->g != row)
		return elsewhere(o, r);
	m->flags |= T2_M_SEEN;
	m_has_g(m, row);
	return 1;
}

static int go_status(struct t2_order *o, const struct t2_rec *r)
{
	uint64_t goid = r->arg[0], status = r->arg[2];
	uint32_t row = step_g(o, goid), stack = 0;

	if (r->c->type == T2_GO_STATUS_STACK &&
	    (stack = gen_stack(o->gen, r->arg[3])) == UINT32_MAX)
		return NO_STACK;
	if (status < T2_G_RUNNABLE || status > T2_G_WAITING)
		return step_wrong(o, r->c, "a goroutine has status %" PRIu64, status);
	if (row == T2_NONE) {
		if (!o->first && (!o->fresh || rows_get(&o->by_goid, goid) != T2_NONE))
			return step_wrong(o, r->c, "goroutine %" PRIu64 " appears from nowhere",
					  goid);
		claim_g(o, goid, (uint8_t)status);
		row = sum_add(o, goid, (uint8_t)status);
		if (o->first)
			sum_first(o, row, stack);
	} else if (step_status(o, row) != status) {
		return step_wrong(o, r->c, "goroutine %" PRIu64 " is not what its status says",
				  goid);
	}
	o->g[row].status = (uint8_t)status;
	o->g[row].seq = 0;
	if (status == T2_G_RUNNING)
		m_has_g(&o->m.v[r->m], row);
	if (status != T2_G_SYSCALL)
		return 1;
	if (r->arg[1] == NO_ID)
		return step_wrong(o, r->c, "goroutine %" PRIu64 " is in a system call of no thread",
				  goid);
	return r->arg[1] == o->m.v[r->m].id ? status_in_own_syscall(o, r, row)
					    : status_in_other_syscall(o, r, row);
}

static int go_create(struct t2_order *o, const struct t2_rec *r)
{
	struct t2_m *m = &o->m.v[r->m];
	uint64_t goid = r->arg[0];
	uint32_t start, stack, row;
	struct t2_life *life;
	uint8_t by = m->g == T2_NONE ? T2_G_NONE : step_status(o, m->g);

	/* a creator that has ended since may hang on to its thread */
	if (m->p == T2_NONE || (by != T2_G_NONE && by != T2_G_RUNNING))
		return step_wrong(o, r->c, "goroutine %" PRIu64 " is created by what does not run",
				  goid);
	if (step_g(o, goid) != T2_NONE)
		return step_wrong(o, r->c, "goroutine %" PRIu64 " is created twice", goid);
	start = gen_stack(o->gen, r->arg[1]);
	stack = gen_stack(o->gen, r->arg[2]);
	if (start == UINT32_MAX || stack == UINT32_MAX)
		return NO_STACK;
	step_want_no_g(m);
	if (rows_get(&o->by_goid, goid) == T2_NONE)
		claim_g(o, goid, T2_G_NONE);
	row = sum_add(o, goid, r->c->type == T2_GO_CREATE_BLOCKED ? T2_G_WAITING : T2_G_RUNNABLE);
	life = sum_created(o, row, r->t);
	life->creator = m->g == T2_NONE ? 0 : o->rest.v[m->g].goid;
	life->create_stack = stack;
	life->start_stack = o->g[row].stack = start;
	return 1;
}

static int go_create_syscall(struct t2_order *o, const struct t2_rec *r)
{
	struct t2_m *m = &o->m.v[r->m];
	uint64_t goid = r->arg[0];

	if (m->id == NO_ID || m->g != T2_NONE)
		return step_wrong(
			o, r->c, "goroutine %" PRIu64 " comes from C on a thread that runs another",
			goid);
	if (step_g(o, goid) != T2_NONE)
		return step_wrong(o, r->c, "goroutine %" PRIu64 " is created twice", goid);
	step_want_no_g(m);
	if (rows_get(&o->by_goid, goid) == T2_NONE)
		claim_g(o, goid, T2_G_NONE);
	m->g = sum_add(o, goid, T2_G_SYSCALL);
	sum_created(o, m->g, r->t);
	return 1;
}

static int leave_to(struct t2_order *o, const struct t2_rec *r, uint8_t status, uint32_t stack,
		    uint32_t text)
{
	struct t2_m *m = &o->m.v[r->m];

	sum_change(o, m->g, status, r->t);
	o->g[m->g].stack = stack;
	o->g[m->g].text = text;
	m->g = T2_NONE;
	return 1;
}

static int go_leave(struct t2_order *o, const struct t2_rec *r)
{
	struct t2_m *m = &o->m.v[r->m];
	uint32_t text, stack;

	if (!step_runs(o, m))
		return step_wrong(o, r->c, "a goroutine stops that does not run");
	if (r->c->type == T2_GO_DESTROY) {
		sum_ended(o, m->g, r->t);
		m->g = T2_NONE;
		return 1;
	}
	text = gen_string(o->gen, r->arg[0]);
	if (text == UINT32_MAX)
		return NO_STRING;
	stack = gen_stack(o->gen, r->arg[1]);
	if (stack == UINT32_MAX)
		return NO_STACK;
	return r->c->type == T2_GO_BLOCK ? leave_to(o, r, T2_G_WAITING, stack, text)
					 : leave_to(o, r, T2_G_RUNNABLE, stack, 0);
}

static int go_switch(struct t2_order *o, const struct t2_rec *r)
{
	struct t2_m *m = &o->m.v[r->m];
	uint32_t row = step_g(o, r->arg[0]), self = m->g;

	if (!step_runs(o, m))
		return step_wrong(o, r->c, "a goroutine switches that does not run");
	if (row == T2_NONE || o->g[row].status != T2_G_WAITING || r->arg[1] != o->g[row].seq + 1)
		return 0;
	sum_change(o, row, T2_G_RUNNABLE, r->t);
	o->g[row].waker = self;
	o->g[row].seq = r->arg[1];
	if (r->c->type == T2_GO_SWITCH)
		leave_to(o, r, T2_G_WAITING, 0, 0);
	else
		sum_ended(o, self, r->t);
	sum_change(o, row, T2_G_RUNNING, r->t);
	m->g = row;
	return 1;
}

/* --- system calls --- */

static int syscall_begin(struct t2_order *o, const struct t2_rec *r)
{
	struct t2_m *m = &o->m.v[r->m];
	uint32_t stack;
	struct t2_p *p;

	if (!step_runs(o, m))
		return step_wrong(o, r->c, "a goroutine enters a system call that does not run");
	stack = gen_stack(o->gen, r->arg[1]);
	if (stack == UINT32_MAX)
		return NO_STACK;
	p = &o->p.v[m->p];
	if (!step_follows(o, p, r->arg[0]))
		return step_wrong(o, r->c, "a system call is out of sequence on processor %" PRIu64,
				  p->id);
	p->status = T2_P_SYSCALL;
	p->seq = r->arg[0];
	sum_change(o, m->g, T2_G_SYSCALL, r->t);
	o->g[m->g].stack = stack;
	return 1;
}

static int syscall_end(struct t2_order *o, const struct t2_rec *r)
{
	struct t2_m *m = &o->m.v[r->m];

	if (!step_has_all(m) || step_status(o, m->g) != T2_G_SYSCALL ||
	    o->p.v[m->p].status != T2_P_SYSCALL)
		return step_wrong(o, r->c, "a system call ends that did not begin");
	o->p.v[m->p].status = T2_P_RUNNING;
	sum_change(o, m->g, T2_G_RUNNING, r->t);
	return 1;
}

static int syscall_end_blocked(struct t2_order *o, const struct t2_rec *r)
{
	struct t2_m *m = &o->m.v[r->m];

	if (m->p != T2_NONE && o->p.v[m->p].status == T2_P_SYSCALL)
		return 0;
	if (m->g == T2_NONE || step_status(o, m->g) != T2_G_SYSCALL)
		return step_wrong(o, r->c, "a system call ends that did not begin");
	step_want_no_p(m);
	sum_change(o, m->g, T2_G_RUNNABLE, r->t);
	m->g = T2_NONE;
	return 1;
}

static int go_destroy_syscall(struct t2_order *o, const struct t2_rec *r)
{
	struct t2_m *m = &o->m.v[r->m];

	if (m->g == T2_NONE || step_status(o, m->g) != T2_G_SYSCALL)
		return step_wrong(o, r->c,
				  "a goroutine goes back to C that did not come from there");
	if (m->p != T2_NONE && o->p.v[m->p].status != T2_P_SYSCALL)
		return step_wrong(o, r->c, "a processor is not in the system call it should be in");
	step_want_no_p(m);
	sum_ended(o, m->g, r->t);
	m->g = T2_NONE;
	if (m->p != T2_NONE)
		o->p.v[m->p].status = T2_P_ABANDONED;
	m->p = T2_NONE;
	return 1;
}

int step(struct t2_order *o, const struct t2_rec *r)
{
	switch (r->c->type) {
	case T2_GO_STOP:
	case T2_GO_BLOCK:
	case T2_GO_DESTROY:
		return go_leave(o, r);
	case T2_GO_CREATE:
	case T2_GO_CREATE_BLOCKED:
		return go_create(o, r);
	case T2_GO_SYSCALL_BEGIN:
		return syscall_begin(o, r);
	case T2_GO_SYSCALL_END:
		return syscall_end(o, r);
	case T2_GO_SYSCALL_END_BLOCKED:
		return syscall_end_blocked(o, r);
	case T2_GO_STATUS:
	case T2_GO_STATUS_STACK:
		return go_status(o, r);
	case T2_GO_CREATE_SYSCALL:
		return go_create_syscall(o, r);
	case T2_GO_DESTROY_SYSCALL:
		return go_destroy_syscall(o, r);
	case T2_GO_SWITCH:
	case T2_GO_SWITCH_DESTROY:
		return go_switch(o, r);
	case T2_PROC_START:
		return proc_start(o, r);
	case T2_PROC_STOP:
		return proc_stop(o, r);
	case T2_PROC_STEAL:
		return proc_steal(o, r);
	case T2_PROC_STATUS:
		return proc_status(o, r);
	default:
		return step_range(o, r);
	}
}

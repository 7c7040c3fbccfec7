/* SPDX-License-Identifier: Apache-2.0 */
#include "source/trace2_step.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * A contradiction. What seems one to a fresh order may be none for who knows the
 * generation before.
 */
static int __attribute__((format(printf, 3, 4)))
wrong(struct t2_order *o, const struct t2_cursor *c, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	if (o->fresh)
		return -EAGAIN;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(&o->err, -EBADMSG, EXIT_BADFILE, "%s at byte %" PRIu64, what,
		       (uint64_t)(c->at - o->walk->data));
}

/* --- rows --- */

static uint32_t g_find(const struct t2_order *o, uint64_t goid)
{
	uint32_t row = rows_get(&o->by_goid, goid);

	return row != T2_NONE && o->g.v[row].status ? row : T2_NONE;
}

static uint32_t g_add(struct t2_order *o, uint64_t goid, uint8_t status)
{
	uint32_t row = rows_get(&o->by_goid, goid);

	if (row == T2_NONE) {
		row = (uint32_t)o->g.n;
		vec_push(&o->g);
		rows_put(&o->by_goid, goid, row);
	}
	o->g.v[row] = (struct t2_g){
		.goid = goid,
		.status = status,
		.gen = o->gen->index,
		.region = T2_NONE,
		.since = T2_KEEP_TIME,
		.mark = o->seg ? o->seg->t0 : o->t_last,
	};
	return row;
}

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

static bool follows(const struct t2_order *o, uint32_t gen, uint64_t before, uint64_t seq)
{
	return gen == o->gen->index && seq == before + 1;
}

static void claim(struct t2_order *o, void *vec, uint64_t id, uint64_t with, uint8_t status)
{
	VEC(struct t2_claim) *v = vec;

	if (o->fresh)
		*vec_push(v) = (struct t2_claim){ id, with, status };
}

/* --- summing up --- */

static const uint8_t g_state[] = { GS_DEAD, GS_RUNNABLE, GS_RUNNING, GS_SYSCALL, GS_BLOCKED };
static const uint8_t g_share[] = { SHARE_N, SHARE_READY, SHARE_RUN, SHARE_SYSCALL, SHARE_BLOCKED };

static struct t2_segg *touch_first(struct t2_order *o, uint32_t row)
{
	struct t2_g *g = &o->g.v[row];
	struct t2_segg *s = vec_push(&o->seg->g);

	*s = (struct t2_segg){
		.s = { .goid = g->goid, .stack = T2_KEEP },
		.text = T2_KEEP,
		.row = row,
	};
	g->slot = (uint32_t)(o->seg->g.n - 1);
	g->stamp = o->stamp;
	g->mark = o->seg->t0;
	return s;
}

static inline struct t2_segg *touch(struct t2_order *o, uint32_t row)
{
	struct t2_g *g = &o->g.v[row];

	if (__builtin_expect(g->stamp == o->stamp, 1))
		return &o->seg->g.v[g->slot];
	return touch_first(o, row);
}

static inline void account(struct t2_g *g, struct t2_segg *s, int64_t t)
{
	if (t <= g->mark)
		return;
	if (g->status)
		s->s.ns[g_share[g->status]] += t - g->mark;
	g->mark = t;
}

/* stack and text are dense ids, or T2_KEEP. */
static inline struct t2_segg *g_to(struct t2_order *o, uint32_t row, int64_t t, uint8_t status,
				   uint32_t stack, uint32_t text)
{
	struct t2_segg *s = touch(o, row);
	struct t2_g *g = &o->g.v[row];

	account(g, s, t);
	g->status = status;
	g->since = t;
	if (stack != T2_KEEP)
		s->s.stack = stack;
	s->text = text;
	s->s.switches++;
	return s;
}

static void note_state(const struct t2_g *g, struct t2_segg *s)
{
	s->s.state = g_state[g->status];
	s->s.since = g->since;
}

void step_settle(struct t2_order *o, struct t2_segg *s, int64_t t1)
{
	struct t2_g *g = &o->g.v[s->row];

	/* a goroutine's id that came back in the same segment has a newer one */
	if (s != &o->seg->g.v[g->slot])
		return;
	account(g, s, t1);
	note_state(g, s);
}

static struct t2_segg *g_created(struct t2_order *o, uint32_t row, int64_t t)
{
	struct t2_segg *s;

	o->g.v[row].stamp = 0;
	s = touch_first(o, row);
	o->g.v[row].mark = o->g.v[row].since = t;
	s->s.flags = SEGG_CREATED;
	s->s.t_create = t;
	s->s.stack = s->text = 0;
	return s;
}

static void g_ended(struct t2_order *o, uint32_t row, int64_t t)
{
	struct t2_segg *s = g_to(o, row, t, T2_G_NONE, T2_KEEP, 0);

	s->s.flags |= SEGG_ENDED;
	s->s.t_end = t;
	note_state(&o->g.v[row], s);
	o->g.v[row].range = 0;
}

static void band_gc(struct t2_order *o, int64_t t, bool begins)
{
	*vec_push(&o->seg->band) = (struct t2_band){ .time = t, .stw = T2_NONE, .begins = begins };
}

/* --- ids of the tables --- */

static inline bool stack_of(const struct t2_order *o, uint64_t id, uint32_t *dense)
{
	*dense = ids_get(&o->gen->stack_id, id);
	return *dense != UINT32_MAX;
}

static inline bool string_of(const struct t2_order *o, uint64_t id, uint32_t *dense)
{
	*dense = ids_get(&o->gen->string_id, id);
	return *dense != UINT32_MAX;
}

#define NO_STACK wrong(o, c, "an event names a stack that is not defined")
#define NO_STRING wrong(o, c, "an event names a string that is not defined")

/* --- what a context must have --- */

static bool has_m(const struct t2_order *o, const struct t2_m *m)
{
	(void)o;
	return m->id != NO_ID;
}

/* A thread that runs a goroutine with a processor; g must be running. */
static bool runs(const struct t2_order *o, const struct t2_m *m)
{
	return has_m(o, m) && m->p != T2_NONE && m->g != T2_NONE &&
	       o->g.v[m->g].status == T2_G_RUNNING;
}

/* The same, whatever state the goroutine is in: the annotations ask no more. */
static bool has_all(const struct t2_order *o, const struct t2_m *m)
{
	return has_m(o, m) && m->p != T2_NONE && m->g != T2_NONE;
}

/* --- processors --- */

static int proc_status(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	uint64_t pid = c->rec.arg[0], status = c->rec.arg[1];
	uint32_t row = p_find(o, pid);
	struct t2_p *p;

	if (status < T2_P_RUNNING || status > T2_P_ABANDONED)
		return wrong(o, c, "a processor has status %" PRIu64, status);
	if (row == T2_NONE) {
		claim(o, &o->claims.p, pid, 0, (uint8_t)status);
		row = p_add(o, pid, (uint8_t)status);
	}
	p = &o->p.v[row];
	if (p->status != status && !(status == T2_P_ABANDONED && p->status == T2_P_SYSCALL))
		return wrong(o, c, "processor %" PRIu64 " is not what its status says", pid);
	if (status == T2_P_ABANDONED && p->status == T2_P_SYSCALL && o->fresh)
		return -EAGAIN; /* whose it is must be known */
	p->seq = 0;
	p->gen = o->gen->index;
	if (status == T2_P_RUNNING || status == T2_P_SYSCALL)
		m->p = row;
	return 1;
}

static int proc_start(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	uint32_t row = p_find(o, c->rec.arg[0]);
	struct t2_p *p = row == T2_NONE ? NULL : &o->p.v[row];

	if (!p || p->status != T2_P_IDLE || !follows(o, p->gen, p->seq, c->rec.arg[1]) ||
	    m->p != T2_NONE)
		return 0;
	if (!has_m(o, m))
		return wrong(o, c, "a processor starts without a thread");
	p->status = T2_P_RUNNING;
	p->seq = c->rec.arg[1];
	m->p = row;
	return 1;
}

static int proc_stop(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	struct t2_p *p = m->p == T2_NONE ? NULL : &o->p.v[m->p];

	if (!p || !has_m(o, m) || (p->status != T2_P_RUNNING && p->status != T2_P_SYSCALL))
		return wrong(o, c, "a processor stops that does not run");
	p->status = T2_P_IDLE;
	m->p = T2_NONE;
	return 1;
}

static int proc_steal(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	uint32_t row = p_find(o, c->rec.arg[0]), victim;
	struct t2_p *p = row == T2_NONE ? NULL : &o->p.v[row];
	bool abandoned;

	if (!p || (p->status != T2_P_SYSCALL && p->status != T2_P_ABANDONED) ||
	    !follows(o, p->gen, p->seq, c->rec.arg[1]))
		return 0;
	if (!has_m(o, m))
		return wrong(o, c, "a processor is stolen by no thread");
	abandoned = p->status == T2_P_ABANDONED;
	if (!abandoned) {
		victim = map64_get(&o->by_mid, c->rec.arg[2]);
		if (victim == T2_NONE || o->m.v[victim].p != row)
			return wrong(o, c,
				     "processor %" PRIu64
				     " is stolen from a thread that has it not",
				     p->id);
		o->m.v[victim].p = T2_NONE;
	}
	p->status = T2_P_IDLE;
	p->seq = c->rec.arg[1];
	return 1;
}

/* --- goroutines --- */

static int status_in_syscall(struct t2_order *o, struct t2_cursor *c, struct t2_m *m, uint32_t row)
{
	uint64_t mid = c->rec.arg[1], goid = c->rec.arg[0];
	uint32_t other;

	if (mid == NO_ID)
		return wrong(o, c, "goroutine %" PRIu64 " is in a system call without a thread",
			     goid);
	if (mid == m->id) {
		if (!o->first && !o->fresh && m->g != row)
			return wrong(o, c,
				     "goroutine %" PRIu64 " is in a system call on another thread",
				     goid);
		claim(o, &o->claims.m, mid, goid, 1);
		m->g = row;
		return 1;
	}
	other = map64_get(&o->by_mid, mid);
	if (other == T2_NONE) {
		claim(o, &o->claims.m, mid, goid, 0);
		other = step_thread(o, mid);
		o->m.v[other].g = row;
		return 1;
	}
	if (o->fresh && o->m.v[other].g == T2_NONE) {
		claim(o, &o->claims.m, mid, goid, 0);
		o->m.v[other].g = row;
		return 1;
	}
	if (o->m.v[other].g != row)
		return wrong(o, c, "goroutine %" PRIu64 " is in a system call on another thread",
			     goid);
	return 1;
}

static void status_first(struct t2_order *o, uint32_t row, uint32_t stack)
{
	struct t2_segg *s = touch_first(o, row);
	struct t2_g *g = &o->g.v[row];

	g->mark = o->seg->t0;
	g->since = T_BEFORE;
	s->s.flags = SEGG_FIRST;
	s->s.first_state = g_state[g->status];
	s->s.first_stack = s->s.stack = stack;
	s->text = 0;
}

static int go_status(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	uint64_t goid = c->rec.arg[0], status = c->rec.arg[2];
	uint32_t row = g_find(o, goid), stack = 0;

	if (c->rec.type == T2_GO_STATUS_STACK && !stack_of(o, c->rec.arg[3], &stack))
		return NO_STACK;
	if (status < T2_G_RUNNABLE || status > T2_G_WAITING)
		return wrong(o, c, "a goroutine has status %" PRIu64, status);
	if (row == T2_NONE && !o->first && !o->fresh)
		return wrong(o, c, "goroutine %" PRIu64 " appears from nowhere", goid);
	if (row == T2_NONE) {
		claim(o, &o->claims.g, goid, 0, (uint8_t)status);
		row = g_add(o, goid, (uint8_t)status);
		if (o->first)
			status_first(o, row, stack);
	} else if (o->g.v[row].status != status) {
		return wrong(o, c, "goroutine %" PRIu64 " is not what its status says", goid);
	}
	o->g.v[row].seq = 0;
	o->g.v[row].gen = o->gen->index;
	if (status == T2_G_RUNNING)
		m->g = row;
	else if (status == T2_G_SYSCALL)
		return status_in_syscall(o, c, m, row);
	return 1;
}

static int go_create(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	bool blocked = c->rec.type == T2_GO_CREATE_BLOCKED;
	uint64_t goid = c->rec.arg[0];
	uint32_t start, stack, row;
	struct t2_segg *s;

	if (!has_m(o, m) || m->p == T2_NONE || (m->g != T2_NONE && !runs(o, m)))
		return wrong(o, c, "goroutine %" PRIu64 " is created by what does not run", goid);
	if (g_find(o, goid) != T2_NONE)
		return wrong(o, c, "goroutine %" PRIu64 " is created twice", goid);
	if (!stack_of(o, c->rec.arg[1], &start) || !stack_of(o, c->rec.arg[2], &stack))
		return NO_STACK;
	if (rows_get(&o->by_goid, goid) == T2_NONE)
		claim(o, &o->claims.g, goid, 0, T2_G_NONE);
	row = g_add(o, goid, blocked ? T2_G_WAITING : T2_G_RUNNABLE);
	s = g_created(o, row, c->rec.time);
	s->s.creator = m->g == T2_NONE ? 0 : o->g.v[m->g].goid;
	s->s.create_stack = stack;
	s->s.start_stack = s->s.stack = start;
	return 1;
}

static int go_create_syscall(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	uint64_t goid = c->rec.arg[0];

	if (!has_m(o, m) || m->g != T2_NONE)
		return wrong(o, c,
			     "goroutine %" PRIu64 " comes from C on a thread that runs another",
			     goid);
	if (g_find(o, goid) != T2_NONE)
		return wrong(o, c, "goroutine %" PRIu64 " is created twice", goid);
	if (rows_get(&o->by_goid, goid) == T2_NONE)
		claim(o, &o->claims.g, goid, 0, T2_G_NONE);
	m->g = g_add(o, goid, T2_G_SYSCALL);
	g_created(o, m->g, c->rec.time);
	return 1;
}

static int go_start(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	uint32_t row = g_find(o, c->rec.arg[0]);
	struct t2_g *g = row == T2_NONE ? NULL : &o->g.v[row];

	if (!g || g->status != T2_G_RUNNABLE || !follows(o, g->gen, g->seq, c->rec.arg[1]))
		return 0;
	if (!has_m(o, m) || m->p == T2_NONE || m->g != T2_NONE)
		return wrong(o, c, "goroutine %" PRIu64 " starts where it cannot", g->goid);
	g->seq = c->rec.arg[1];
	m->g = row;
	g_to(o, row, c->rec.time, T2_G_RUNNING, T2_KEEP, 0);
	return 1;
}

/* GoStop, GoBlock, GoDestroy. */
static int go_leave(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	uint32_t text = 0, stack = 0;

	if (!runs(o, m))
		return wrong(o, c, "a goroutine stops that does not run");
	if (c->rec.type == T2_GO_DESTROY) {
		g_ended(o, m->g, c->rec.time);
	} else {
		if (!string_of(o, c->rec.arg[0], &text))
			return NO_STRING;
		if (!stack_of(o, c->rec.arg[1], &stack))
			return NO_STACK;
		if (c->rec.type == T2_GO_BLOCK)
			g_to(o, m->g, c->rec.time, T2_G_WAITING, stack, text);
		else
			g_to(o, m->g, c->rec.time, T2_G_RUNNABLE, stack, 0);
	}
	m->g = T2_NONE;
	return 1;
}

static int go_unblock(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	uint32_t row = g_find(o, c->rec.arg[0]), stack;
	struct t2_g *g = row == T2_NONE ? NULL : &o->g.v[row];
	struct t2_segg *s;

	if (!g || g->status != T2_G_WAITING || !follows(o, g->gen, g->seq, c->rec.arg[1]))
		return 0;
	if (!stack_of(o, c->rec.arg[2], &stack))
		return NO_STACK;
	g->seq = c->rec.arg[1];
	s = g_to(o, row, c->rec.time, T2_G_RUNNABLE, T2_KEEP, 0);
	s->s.waker = m->g == T2_NONE ? 0 : o->g.v[m->g].goid;
	return 1;
}

static int go_switch(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	uint32_t row = g_find(o, c->rec.arg[0]), self = m->g;
	struct t2_g *next = row == T2_NONE ? NULL : &o->g.v[row];
	struct t2_segg *s;

	if (!runs(o, m))
		return wrong(o, c, "a goroutine switches that does not run");
	if (!next || next->status != T2_G_WAITING ||
	    !follows(o, next->gen, next->seq, c->rec.arg[1]))
		return 0;
	next->seq = c->rec.arg[1];
	s = g_to(o, row, c->rec.time, T2_G_RUNNABLE, T2_KEEP, 0);
	s->s.waker = o->g.v[self].goid;
	if (c->rec.type == T2_GO_SWITCH)
		g_to(o, self, c->rec.time, T2_G_WAITING, 0, 0);
	else
		g_ended(o, self, c->rec.time);
	g_to(o, row, c->rec.time, T2_G_RUNNING, T2_KEEP, 0);
	m->g = row;
	return 1;
}

static int syscall_begin(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	struct t2_p *p;
	uint32_t stack;

	if (!runs(o, m))
		return wrong(o, c, "a goroutine enters a system call that does not run");
	if (!stack_of(o, c->rec.arg[1], &stack))
		return NO_STACK;
	p = &o->p.v[m->p];
	if (!follows(o, p->gen, p->seq, c->rec.arg[0]))
		return wrong(o, c, "a system call is out of sequence on processor %" PRIu64, p->id);
	p->status = T2_P_SYSCALL;
	p->seq = c->rec.arg[0];
	g_to(o, m->g, c->rec.time, T2_G_SYSCALL, stack, 0);
	return 1;
}

static int syscall_end(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	if (!has_all(o, m) || o->g.v[m->g].status != T2_G_SYSCALL ||
	    o->p.v[m->p].status != T2_P_SYSCALL)
		return wrong(o, c, "a system call ends that did not begin");
	o->p.v[m->p].status = T2_P_RUNNING;
	g_to(o, m->g, c->rec.time, T2_G_RUNNING, T2_KEEP, 0);
	return 1;
}

static int syscall_end_blocked(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	if (m->p != T2_NONE && o->p.v[m->p].status == T2_P_SYSCALL)
		return 0;
	if (!has_m(o, m) || m->g == T2_NONE || o->g.v[m->g].status != T2_G_SYSCALL)
		return wrong(o, c, "a system call ends that did not begin");
	g_to(o, m->g, c->rec.time, T2_G_RUNNABLE, T2_KEEP, 0);
	m->g = T2_NONE;
	return 1;
}

static int go_destroy_syscall(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	if (!has_m(o, m) || m->g == T2_NONE || o->g.v[m->g].status != T2_G_SYSCALL)
		return wrong(o, c, "a goroutine goes back to C that did not come from there");
	if (m->p != T2_NONE && o->p.v[m->p].status != T2_P_SYSCALL)
		return wrong(o, c, "a processor is not in the system call it should be in");
	g_ended(o, m->g, c->rec.time);
	m->g = T2_NONE;
	if (m->p != T2_NONE)
		o->p.v[m->p].status = T2_P_ABANDONED;
	m->p = T2_NONE;
	return 1;
}

/* --- GC and stop-the-world --- */

static int gc_unknown(struct t2_order *o, struct t2_cursor *c, uint8_t before, uint8_t after)
{
	o->claims.gc_seq = c->rec.arg[0];
	o->claims.gc_before = before;
	o->gc_seq = c->rec.arg[0];
	o->gc = after;
	return 1;
}

static int gc_active(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	if (o->first) {
		if (o->gc != T2_GC_UNKNOWN)
			return wrong(o, c, "the GC is said to be active when it is known already");
		o->gc = T2_GC_ON;
		o->gc_seq = c->rec.arg[0];
		band_gc(o, T_BEFORE, true);
		return 1;
	}
	if (o->fresh && o->gc == T2_GC_UNKNOWN)
		return has_all(o, m) ? gc_unknown(o, c, T2_GC_ON, T2_GC_ON) : -EAGAIN;
	if (c->rec.arg[0] != o->gc_seq + 1)
		return 0;
	if (o->gc != T2_GC_ON || !has_all(o, m))
		return wrong(o, c, "the GC is said to be active when it is not");
	o->gc_seq = c->rec.arg[0];
	return 1;
}

static int gc_begin(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	uint32_t stack;

	if (!stack_of(o, c->rec.arg[1], &stack))
		return NO_STACK;
	if (o->gc == T2_GC_UNKNOWN) {
		if (o->fresh && !has_all(o, m))
			return -EAGAIN;
		gc_unknown(o, c, T2_GC_OFF, T2_GC_ON);
		band_gc(o, c->rec.time, true);
		return 1;
	}
	if (c->rec.arg[0] != o->gc_seq + 1)
		return 0;
	if (o->gc == T2_GC_ON || !has_all(o, m))
		return wrong(o, c, "the GC begins when it cannot");
	o->gc_seq = c->rec.arg[0];
	o->gc = T2_GC_ON;
	band_gc(o, c->rec.time, true);
	return 1;
}

static int gc_end(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	if (o->fresh && o->gc == T2_GC_UNKNOWN) {
		if (!has_all(o, m))
			return -EAGAIN;
		band_gc(o, c->rec.time, false);
		return gc_unknown(o, c, T2_GC_ON, T2_GC_OFF);
	}
	if (c->rec.arg[0] != o->gc_seq + 1)
		return 0;
	if (o->gc != T2_GC_ON || !has_all(o, m))
		return wrong(o, c, "the GC ends when it does not run");
	o->gc_seq = c->rec.arg[0];
	o->gc = T2_GC_OFF;
	band_gc(o, c->rec.time, false);
	return 1;
}

static int range_begin(struct t2_order *o, struct t2_cursor *c, uint8_t *range, uint8_t bit)
{
	if (*range & bit)
		return wrong(o, c, "a range begins within itself");
	*range |= bit;
	return 1;
}

static int range_end(struct t2_order *o, struct t2_cursor *c, uint8_t *range, uint8_t bit)
{
	if (!(*range & bit))
		return wrong(o, c, "a range ends that did not begin");
	*range &= (uint8_t)~bit;
	return 1;
}

/* An Active event: opens the range in the first generation, finds it open later. */
static int range_active(struct t2_order *o, struct t2_cursor *c, uint8_t *range, uint8_t bit,
			bool *claimed)
{
	if (o->first)
		return range_begin(o, c, range, bit);
	if (o->fresh && !(*range & bit)) {
		*range |= bit;
		*claimed = true;
		return 1;
	}
	return *range & bit ? 1 : wrong(o, c, "a range is said to be open that did not begin");
}

static int sweep(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	uint32_t row, stack;

	if (c->rec.type == T2_SWEEP_ACTIVE) {
		row = p_find(o, c->rec.arg[0]);
		if (row == T2_NONE)
			return wrong(o, c, "an unknown processor sweeps");
		return range_active(o, c, &o->p.v[row].range, T2_RANGE_SWEEP,
				    &o->p.v[row].claimed_range);
	}
	if (!has_m(o, m) || m->p == T2_NONE)
		return wrong(o, c, "a thread without a processor sweeps");
	if (c->rec.type == T2_SWEEP_END)
		return range_end(o, c, &o->p.v[m->p].range, T2_RANGE_SWEEP);
	if (!stack_of(o, c->rec.arg[0], &stack))
		return NO_STACK;
	return range_begin(o, c, &o->p.v[m->p].range, T2_RANGE_SWEEP);
}

static int assist(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	uint32_t row, stack;

	if (c->rec.type == T2_ASSIST_ACTIVE) {
		row = g_find(o, c->rec.arg[0]);
		if (row == T2_NONE)
			return wrong(o, c, "an unknown goroutine assists the GC");
		return range_active(o, c, &o->g.v[row].range, T2_RANGE_ASSIST,
				    &o->g.v[row].claimed_range);
	}
	if (!has_all(o, m))
		return wrong(o, c, "what does not run assists the GC");
	if (c->rec.type == T2_ASSIST_END)
		return range_end(o, c, &o->g.v[m->g].range, T2_RANGE_ASSIST);
	if (!stack_of(o, c->rec.arg[0], &stack))
		return NO_STACK;
	return range_begin(o, c, &o->g.v[m->g].range, T2_RANGE_ASSIST);
}

static int stw_begin(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	uint32_t text, stack;
	int rc;

	if (!has_all(o, m))
		return wrong(o, c, "the world is stopped by what does not run");
	if (!string_of(o, c->rec.arg[0], &text))
		return NO_STRING;
	if (!stack_of(o, c->rec.arg[1], &stack))
		return NO_STACK;
	rc = range_begin(o, c, &o->g.v[m->g].range, T2_RANGE_STW);
	if (rc != 1)
		return rc;
	*vec_push(&o->stw) = (struct t2_stw){ o->g.v[m->g].goid, o->gen->string.v[text], 0 };
	*vec_push(&o->seg->band) =
		(struct t2_band){ c->rec.time, text, true, o->gen->string.v[text] };
	return 1;
}

static int stw_end(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	int rc;

	if (!has_all(o, m))
		return wrong(o, c, "the world is started by what does not run");
	rc = range_end(o, c, &o->g.v[m->g].range, T2_RANGE_STW);
	for (size_t i = 0; rc == 1 && i < o->stw.n; i++) {
		if (o->stw.v[i].g != o->g.v[m->g].goid)
			continue;
		*vec_push(&o->seg->band) =
			(struct t2_band){ c->rec.time, 0, false, o->stw.v[i].text };
		o->stw.v[i] = o->stw.v[--o->stw.n];
		break;
	}
	return rc;
}

/* --- what users annotate --- */

static int task(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	bool begins = c->rec.type == T2_TASK_BEGIN;
	uint64_t id = c->rec.arg[0];
	uint32_t name = 0, stack;

	if (!has_all(o, m))
		return wrong(o, c, "a task event is outside of a goroutine");
	if (begins && !string_of(o, c->rec.arg[2], &name))
		return NO_STRING;
	if (!stack_of(o, c->rec.arg[begins ? 3 : 1], &stack))
		return NO_STACK;
	if (begins && map64_get(&o->task, id) == 1)
		return wrong(o, c, "task %" PRIu64 " begins twice", id);
	claim(o, &o->claims.task, id, 0, begins);
	map64_put(&o->task, id, begins);
	if (begins)
		*vec_push(&o->seg->task) = (struct t2_task){ id, c->rec.arg[1], name };
	return 1;
}

static bool str_equal(struct t2_str a, struct t2_str b)
{
	return a.len == b.len && !memcmp(a.s, b.s, a.len);
}

static int region(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	uint32_t name, stack, top;
	struct t2_region r;

	if (!has_all(o, m))
		return wrong(o, c, "a region event is outside of a goroutine");
	if (!string_of(o, c->rec.arg[1], &name))
		return NO_STRING;
	if (!stack_of(o, c->rec.arg[2], &stack))
		return NO_STACK;
	top = o->g.v[m->g].region;
	r = (struct t2_region){ c->rec.arg[0], o->gen->string.v[name], top };
	if (c->rec.type == T2_REGION_BEGIN) {
		*vec_push(&o->region) = r;
		o->g.v[m->g].region = (uint32_t)(o->region.n - 1);
		return 1;
	}
	if (top == T2_NONE)
		return o->fresh ? -EAGAIN : 1;
	if (o->region.v[top].task != r.task || !str_equal(o->region.v[top].name, r.name))
		return wrong(o, c, "a region ends that is not the innermost");
	o->g.v[m->g].region = o->region.v[top].below;
	if (top + 1 == o->region.n)
		o->region.n--;
	return 1;
}

static int annotation(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	uint32_t id;

	if (!has_all(o, m))
		return wrong(o, c, "an event is outside of a goroutine");
	switch (c->rec.type) {
	case T2_PROCS_CHANGE:
		return stack_of(o, c->rec.arg[1], &id) ? 1 : NO_STACK;
	case T2_GO_LABEL:
		return string_of(o, c->rec.arg[0], &id) ? 1 : NO_STRING;
	default: /* T2_LOG */
		if (!string_of(o, c->rec.arg[1], &id) || !string_of(o, c->rec.arg[2], &id))
			return NO_STRING;
		return stack_of(o, c->rec.arg[3], &id) ? 1 : NO_STACK;
	}
}

static int metric(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	return has_m(o, m) && m->p != T2_NONE ? 1 : wrong(o, c, "a metric is without a processor");
}

static int alloc(struct t2_order *o, struct t2_cursor *c, struct t2_m *m)
{
	return has_m(o, m) ? 1 : wrong(o, c, "an allocation is without a thread");
}

int step(struct t2_order *o, struct t2_cursor *c)
{
	struct t2_m *m = &o->m.v[c->m];
	uint32_t row;
	int rc;

	switch (c->rec.type) {
	case T2_GO_START:
		return go_start(o, c, m);
	case T2_GO_STOP:
	case T2_GO_BLOCK:
	case T2_GO_DESTROY:
		return go_leave(o, c, m);
	case T2_GO_UNBLOCK:
		return go_unblock(o, c, m);
	case T2_GO_CREATE:
	case T2_GO_CREATE_BLOCKED:
		return go_create(o, c, m);
	case T2_GO_SYSCALL_BEGIN:
		return syscall_begin(o, c, m);
	case T2_GO_SYSCALL_END:
		return syscall_end(o, c, m);
	case T2_GO_SYSCALL_END_BLOCKED:
		return syscall_end_blocked(o, c, m);
	case T2_GO_STATUS:
	case T2_GO_STATUS_STACK:
		/* may add a thread and so move the table: work on a copy */
		{
			struct t2_m copy = *m;

			row = c->m;
			rc = go_status(o, c, &copy);
			if (rc == 1)
				o->m.v[row] = copy;
			return rc;
		}
	case T2_GO_CREATE_SYSCALL:
		return go_create_syscall(o, c, m);
	case T2_GO_DESTROY_SYSCALL:
		return go_destroy_syscall(o, c, m);
	case T2_GO_SWITCH:
	case T2_GO_SWITCH_DESTROY:
		return go_switch(o, c, m);
	case T2_PROC_START:
		return proc_start(o, c, m);
	case T2_PROC_STOP:
		return proc_stop(o, c, m);
	case T2_PROC_STEAL:
		return proc_steal(o, c, m);
	case T2_PROC_STATUS:
		return proc_status(o, c, m);
	case T2_GC_ACTIVE:
		return gc_active(o, c, m);
	case T2_GC_BEGIN:
		return gc_begin(o, c, m);
	case T2_GC_END:
		return gc_end(o, c, m);
	case T2_SWEEP_ACTIVE:
	case T2_SWEEP_BEGIN:
	case T2_SWEEP_END:
		return sweep(o, c, m);
	case T2_ASSIST_ACTIVE:
	case T2_ASSIST_BEGIN:
	case T2_ASSIST_END:
		return assist(o, c, m);
	case T2_STW_BEGIN:
		return stw_begin(o, c, m);
	case T2_STW_END:
		return stw_end(o, c, m);
	case T2_TASK_BEGIN:
	case T2_TASK_END:
		return task(o, c, m);
	case T2_REGION_BEGIN:
	case T2_REGION_END:
		return region(o, c, m);
	case T2_HEAP_ALLOC:
	case T2_HEAP_GOAL:
		return metric(o, c, m);
	case T2_PROCS_CHANGE:
	case T2_GO_LABEL:
	case T2_LOG:
		return annotation(o, c, m);
	default:
		return alloc(o, c, m);
	}
}

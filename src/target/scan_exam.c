/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A goroutine that changed is believed in three steps: its g was read, its
 * stack is read, its g is read again; only what did not move meanwhile counts.
 */
#include <errno.h>
#include <string.h>

#include "core/hash.h"
#include "target/scan_priv.h"

enum { TRIES = 3 };

/* --- the g --- */

static uint64_t get64(const uint8_t *b, int32_t off)
{
	uint64_t v = 0;

	if (off >= 0)
		memcpy(&v, b + off, 8);
	return v;
}

static uint32_t get32(const uint8_t *b, int32_t off)
{
	uint32_t v;

	memcpy(&v, b + off, 4);
	return v;
}

static uint32_t status_of(uint32_t raw)
{
	uint32_t st = raw & ~(uint32_t)GST_SCAN;

	return st == GST_COPYSTACK ? GST_RUNNING : st;
}

void rec_parse(const struct scan *s, const uint8_t *b, struct grec *r)
{
	const struct golayout *lay = &s->t->lay;

	*r = (struct grec){
		.goid = get64(b, lay->g.goid),
		.lo = get64(b, lay->g.stack_lo),
		.hi = get64(b, lay->g.stack_hi),
		.m = get64(b, lay->g.m),
		.sp = get64(b, lay->g.sched_sp),
		.pc = get64(b, lay->g.sched_pc),
		.bp = get64(b, lay->g.sched_bp),
		.lr = get64(b, lay->g.sched_lr),
		.waiting = get64(b, lay->g.waiting),
		.labels = get64(b, lay->g.labels),
		.parent = get64(b, lay->g.parentGoid),
		.gopc = get64(b, lay->g.gopc),
		.startpc = get64(b, lay->g.startpc),
		.lockedm = get64(b, lay->g.lockedm),
		.waitsince = (int64_t)get64(b, lay->g.waitsince),
		.status = status_of(get32(b, lay->g.atomicstatus)),
		.reason = b[lay->g.waitreason],
		.seq = b[lay->g.trackingSeq],
	};
	/* runtime/traceback.go:unwinder.initAt */
	if (get64(b, lay->g.syscallsp) && r->status != GST_RUNNING) {
		r->in_syscall = true;
		r->sp = get64(b, lay->g.syscallsp);
		r->pc = get64(b, lay->g.syscallpc);
		r->bp = get64(b, lay->g.syscallbp);
	}
}

bool rec_alive(const struct grec *r)
{
	switch (r->status) {
	case GST_RUNNABLE:
	case GST_RUNNING:
	case GST_SYSCALL:
	case GST_WAITING:
	case GST_PREEMPTED:
	case GST_LEAKED:
		return r->goid != 0;
	default:
		return false;
	}
}

static bool stack_sane(const struct grec *r)
{
	return r->lo && r->lo < r->hi && r->hi - r->lo <= (uint64_t)1 << 32 && !(r->sp & 7) &&
	       r->sp >= r->lo && r->sp <= r->hi;
}

/* Did nothing happen between two readings? */
static bool rec_same(const struct grec *a, const struct grec *b)
{
	if (a->goid != b->goid || a->status != b->status)
		return false;
	if (a->status == GST_RUNNING)
		return true;
	return a->seq == b->seq && a->lo == b->lo && a->hi == b->hi && a->sp == b->sp &&
	       a->pc == b->pc && a->m == b->m && a->waiting == b->waiting && a->reason == b->reason;
}

/*
 * Before 1.24 a g becomes runnable a moment before it gets its new goid: then it
 * still carries the dead one's, and stands at its first instruction again.
 */
static bool rec_unborn(const struct grow *row, const struct grec *r)
{
	if (r->status != GST_RUNNABLE || r->pc != r->startpc || r->in_syscall)
		return false;
	return row->goid ? row->goid == r->goid && row->has_run : row->last_goid == r->goid;
}

/* --- what is told of it --- */

void row_gone(struct scan *s, struct grow *row)
{
	struct gchange c = { .time = s->now, .goid = row->goid, .kinds = GCH_GONE };

	scan_emit(s, &c);
	s->alive--;
	row->last_goid = row->goid;
	row->goid = 0;
	row->stack = 0;
	row->labels = 0;
	row->asked = 0;
}

static uint32_t running_stack(struct scan *s, const struct grec *r)
{
	uint32_t start = stackset_start(&s->stacks, s->t->sym, s->t->mem, r->startpc);
	unwind_pc p = start ? s->stacks.pcs.v[s->stacks.stack.v[start].first]
			    : unwind_pc_make(r->startpc, true);

	return stackset_put(&s->stacks, &p, 1, STACK_RUNNING);
}

static void tell_new(struct scan *s, struct grow *row, const struct grec *r, struct gchange *c)
{
	if (row->goid)
		row_gone(s, row);
	s->alive++;
	row->goid = r->goid;
	row->has_run = 0;
	c->kinds |= GCH_NEW | GCH_STATE;
	if (!s->stats.passes || gsched_had(&s->first, r->goid))
		c->kinds |= GCH_OLD;
	c->parent = r->parent;
	c->creation = stackset_place(&s->stacks, r->gopc, false);
	c->start = stackset_start(&s->stacks, s->t->sym, s->t->mem, r->startpc);
}

static void tell_place(struct scan *s, const struct grow *row, struct gchange *c)
{
	const struct gthread *m = gsched_thread(&s->sched, row->m);

	c->p = -1;
	if (!m)
		return;
	c->tid = m->tid;
	if (row->status == GST_RUNNING)
		c->p = gsched_proc_id(&s->sched, m->p);
}

static uint32_t tick_of(const struct scan *s, const struct grec *r)
{
	const struct gthread *m = r->in_syscall ? gsched_thread(&s->sched, r->m) : NULL;

	return m ? m->syscalltick : 0;
}

/* Takes over what was read; row->goid may be another goroutine's or 0. */
static void commit(struct scan *s, struct grow *row, const struct grec *r, uint32_t stack, bool ran)
{
	struct gchange c = { .time = s->now, .goid = r->goid, .waitsince = r->waitsince };
	bool same = row->goid == r->goid;

	if (!same)
		tell_new(s, row, r, &c);
	else if (ran)
		c.kinds |= GCH_RAN | GCH_STATE;
	else if (row->status != r->status || row->reason != r->reason || row->stack != stack)
		c.kinds |= GCH_STATE;
	if (row->asked)
		c.kinds |= GCH_ASKED;
	row->asked = 0;
	c.runs = same ? (uint8_t)(r->seq - row->seq) : 0;
	c.before = same ? row->status : GST_IDLE;
	if (row->labels != r->labels) {
		c.kinds |= GCH_LABELS;
		c.labels = labels_read(&s->labels, r->labels);
	}
	row->hi = r->hi;
	row->depth = r->hi - r->sp;
	row->pc = r->pc;
	row->waiting = r->waiting;
	row->labels = r->labels;
	row->m = r->m;
	row->tick = tick_of(s, r);
	row->in_syscall = r->in_syscall;
	row->stack = stack;
	row->status = (uint8_t)r->status;
	row->reason = r->reason;
	row->seq = r->seq;
	row->has_run |= r->status != GST_RUNNABLE || r->pc != r->startpc;
	if (!c.kinds)
		return;
	c.stack = stack;
	c.status = row->status;
	c.reason = r->reason;
	c.locked = r->lockedm != 0;
	tell_place(s, row, &c);
	scan_emit(s, &c);
}

/* --- reading --- */

static void exam_aim(struct exam *e, const struct grec *r)
{
	uint64_t end;

	e->rec = *r;
	e->len = e->below = 0;
	if (r->status == GST_RUNNING || !stack_sane(r))
		return;
	e->below = r->sp - r->lo < BELOW_BYTES ? (uint32_t)(r->sp - r->lo) & ~7u : BELOW_BYTES;
	e->from = r->sp - e->below;
	end = e->kind == EXAM_BELOW	    ? r->sp
	      : r->hi - r->sp < STACK_BYTES ? r->hi
					    : r->sp + STACK_BYTES;
	e->len = (uint32_t)(end - e->from);
}

void exam_add(struct scan *s, size_t row, const struct grec *r, enum exam_kind kind)
{
	struct exam *e = &s->exam[s->n_exam++];

	*e = (struct exam){ .row = row, .kind = kind };
	exam_aim(e, r);
}

static uint8_t *exam_stack(const struct scan *s, const struct exam *e)
{
	return s->stack_buf + (size_t)(e - s->exam) * (STACK_BYTES + BELOW_BYTES);
}

/* All stacks of those that are not done. */
static size_t aim_stacks(struct scan *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_exam; i++) {
		struct exam *e = &s->exam[i];

		if (e->done || !e->len)
			continue;
		e->stack_iov = n;
		s->iov[n++] = (struct mem_iov){ e->from, exam_stack(s, e), e->len, 0 };
	}
	return n;
}

/* Their g's once more, neighbours as one piece. */
static size_t aim_gs(struct scan *s, size_t n)
{
	struct mem_iov *v = NULL;
	uint8_t *to = s->rec_buf;

	for (size_t i = 0; i < s->n_exam; i++) {
		struct exam *e = &s->exam[i];
		uint64_t addr = s->row.v[e->row].addr;

		if (e->done)
			continue;
		if (!v || addr < v->addr || addr - v->addr > v->len + RUN_GAP) {
			v = &s->iov[n++];
			*v = (struct mem_iov){ .addr = addr, .buf = to };
		}
		v->len = (uint32_t)(addr - v->addr + s->need);
		e->g_iov = n - 1;
		e->again = (uint8_t *)v->buf + (addr - v->addr);
		to = e->again + s->need;
	}
	return n;
}

/* First the stacks, then the g's, in that order, in one call. */
static int exam_read(struct scan *s)
{
	size_t n = aim_stacks(s);
	ssize_t rc;

	n = aim_gs(s, n);
	rc = memr_readv(s->t->mem, s->iov, n);
	return rc < 0 ? (int)rc : 0;
}

/* A stack deeper than what was read at first: the next piece of it. */
static bool deep_read(struct unwind_mem *m, uint64_t addr)
{
	struct scan *s = m->arg;
	uint64_t n = m->hi - addr;

	m->len = n < STACK_MORE ? n : STACK_MORE;
	m->addr = addr;
	m->data = s->deep_buf;
	if (!memr_read(s->t->mem, addr, s->deep_buf, m->len))
		return true;
	m->len = 0;
	return false;
}

/* What was read piece by piece counts only if the g is still as it was. */
static bool deep_sound(struct scan *s, const struct exam *e)
{
	struct grec again;

	if (memr_read(s->t->mem, s->row.v[e->row].addr, e->again, s->need))
		return false;
	rec_parse(s, e->again, &again);
	return rec_same(&e->rec, &again);
}

static uint32_t walk(struct scan *s, const struct exam *e)
{
	const struct unwind_regs regs = { .pc = e->rec.pc,
					  .sp = e->rec.sp,
					  .bp = e->rec.bp,
					  .lr = e->rec.lr,
					  .in_syscall = e->rec.in_syscall };
	struct unwind_mem mem = {
		.addr = e->from, .data = exam_stack(s, e), .len = e->len, .hi = e->rec.hi
	};
	unwind_pc pcs[MAX_FRAMES];
	struct unwind_out out;
	uint32_t flags;

	unwind_walk(s->t->sym, s->t->lay.arch, &regs, &mem, pcs, MAX_FRAMES, &out);
	if (out.end == UNWIND_SHORT) {
		struct unwind_out deep;
		unwind_pc more[MAX_FRAMES];

		mem.more = deep_read;
		mem.arg = s;
		unwind_walk(s->t->sym, s->t->lay.arch, &regs, &mem, more, MAX_FRAMES, &deep);
		if (deep_sound(s, e)) {
			out = deep;
			memcpy(pcs, more, deep.n * sizeof(*more));
		}
	}
	s->stats.walks++;
	s->stats.lost += out.end == UNWIND_LOST;
	s->stats.fp_good += out.fp_good;
	s->stats.fp_bad += out.fp_bad;
	flags = out.end == UNWIND_LOST ? STACK_LOST : out.end == UNWIND_TOP ? 0 : STACK_CUT;
	return stackset_put(&s->stacks, pcs, out.n, flags);
}

static uint32_t below_hash(const struct scan *s, const struct exam *e)
{
	return (uint32_t)hash_bytes(exam_stack(s, e), e->below, 1);
}

static bool row_ran(const struct scan *s, const struct grow *row, const struct grec *r)
{
	if (row->status == GST_RUNNING || row->seq != r->seq)
		return row->seq != r->seq;
	if (row->depth != r->hi - r->sp || row->pc != r->pc)
		return true;
	return r->in_syscall && row->in_syscall && row->status == r->status &&
	       (row->m != r->m || row->tick != tick_of(s, r));
}

static void believe_below(struct scan *s, struct exam *e)
{
	struct grow *row = &s->row.v[e->row];
	bool ran = row->below_known && row->hi == e->rec.hi && row->below != below_hash(s, e);

	if (!ran) {
		row->young--;
		return;
	}
	commit(s, row, &e->rec, row->stack, true);
	row->below = below_hash(s, e);
	row->young = YOUNG;
}

static void believe(struct scan *s, struct exam *e)
{
	struct grow *row = &s->row.v[e->row];
	bool ran;

	if (e->kind == EXAM_BELOW) {
		believe_below(s, e);
		return;
	}
	if (rec_unborn(row, &e->rec)) {
		s->stats.thrown++;
		if (row->goid)
			row_gone(s, row);
		return;
	}
	if (e->rec.status != GST_RUNNING && !e->len) { /* no goroutine has such a stack */
		s->stats.thrown++;
		return;
	}
	ran = row_ran(s, row, &e->rec);
	if (e->rec.status == GST_RUNNING) {
		commit(s, row, &e->rec, running_stack(s, &e->rec), ran);
		return;
	}
	commit(s, row, &e->rec, walk(s, e), ran);
	row->below_known = 1;
	row->below = below_hash(s, e);
	/* In a first pass nobody knows how it was before. */
	row->young = s->stats.passes ? YOUNG : 0;
}

/*
 * Compares the second reading with the first. What moved is aimed at again,
 * with what the second reading says.
 */
static void exam_judge(struct scan *s, struct exam *e)
{
	bool unread = e->len && s->iov[e->stack_iov].rc;
	struct grec again;

	if (s->iov[e->g_iov].rc) {
		s->stats.thrown++;
		e->done = true;
		return;
	}
	rec_parse(s, e->again, &again);
	if (!rec_same(&e->rec, &again)) {
		e->kind = EXAM_WALK;
		e->done = !rec_alive(&again);
		if (e->done && s->row.v[e->row].goid)
			row_gone(s, &s->row.v[e->row]);
		exam_aim(e, &again);
		return;
	}
	if (unread)
		e->len = e->below = 0;
	believe(s, e);
	e->done = true;
}

static size_t exam_judge_all(struct scan *s)
{
	size_t left = 0;

	for (size_t i = 0; i < s->n_exam; i++) {
		if (!s->exam[i].done)
			exam_judge(s, &s->exam[i]);
		left += !s->exam[i].done;
	}
	return left;
}

/* It never stood still: it runs. Unless it is another one now; that will be seen. */
static void unsteady(struct scan *s, struct exam *e)
{
	struct grow *row = &s->row.v[e->row];

	if (row->goid != e->rec.goid) {
		s->stats.thrown++;
		return;
	}
	s->stats.unsteady++;
	e->rec.status = GST_RUNNING;
	commit(s, row, &e->rec, running_stack(s, &e->rec), row->seq != e->rec.seq);
}

int exam_run(struct scan *s)
{
	size_t left = s->n_exam;
	int rc = 0;

	for (int i = 0; i < TRIES && left && !rc; i++) {
		rc = exam_read(s);
		if (!rc)
			left = exam_judge_all(s);
	}
	for (size_t i = 0; i < s->n_exam && !rc; i++)
		if (!s->exam[i].done)
			unsteady(s, &s->exam[i]);
	s->n_exam = 0;
	return rc;
}

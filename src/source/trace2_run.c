/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nearly all events of nearly all traces are a goroutine that is made runnable,
 * starts, or stops. These are done here, in the loop that takes the earliest
 * thread's events for as long as it stays the earliest; the rest is trace2_step.c.
 */
#include "source/trace2_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "source/trace2_step.h"

enum {
	LOOK_EVERY = 256, /* events between looks at what is not about them */
	TRIES_PER_EVENT = 64, /* vain tries allowed, on the average */
	TRIES_FREE = 1 << 20,
};

/* How an event went; what is neither done nor waits is for run_other(). */
enum ran { RAN, NOT_YET, OTHER, CUT, NO_STRING, NO_STACK, NO_PLACE };

/*
 * These three are one loop with their caller, which keeps the cursor in registers:
 * nothing in them takes an address or calls. Each reads its arguments up to *end.
 */
#define IN_LOOP static inline __attribute__((always_inline))

IN_LOOP enum ran run_start(struct t2_order *o, struct t2_m *m, const struct t2_cursor *c, int64_t t,
			   const uint8_t **end)
{
	uint64_t goid, seq;
	const uint8_t *p = varint_near(c->args, &goid);
	uint32_t row;
	struct t2_g *g;

	*end = p = varint_near(p, &seq);
	if (!cursor_holds(c, p))
		return CUT;
	row = rows_get(&o->by_goid, goid);
	if (row == T2_NONE)
		return NOT_YET;
	g = &o->g[row];
	if (g->status != T2_G_RUNNABLE || seq != g->seq + 1)
		return NOT_YET;
	if (m->p == T2_NONE || m->g != T2_NONE)
		return NO_PLACE;
	sum_touch(o, row);
	g->ns[T2_NS_READY] += sum_lasted(o, g, t);
	g->status = T2_G_RUNNING;
	g->since = t;
	g->seq = seq;
	g->switches++;
	m->g = row;
	m->flags |= T2_M_G_WANTED_NONE;
	return RAN;
}

IN_LOOP enum ran run_unblock(struct t2_order *o, struct t2_m *m, const struct t2_cursor *c,
			     int64_t t, const uint8_t **end)
{
	uint64_t goid, seq, id;
	const uint8_t *p = varint_near(c->args, &goid);
	uint32_t row;
	struct t2_g *g;

	p = varint_near(p, &seq);
	*end = p = varint_near(p, &id);
	if (!cursor_holds(c, p))
		return CUT;
	row = rows_get(&o->by_goid, goid);
	if (row == T2_NONE)
		return NOT_YET;
	g = &o->g[row];
	if (g->status != T2_G_WAITING || seq != g->seq + 1)
		return NOT_YET;
	if (gen_stack(o->gen, id) == UINT32_MAX)
		return NO_STACK;
	sum_touch(o, row);
	g->status = T2_G_RUNNABLE;
	g->since = t;
	g->seq = seq;
	g->switches++;
	g->waker = m->g;
	step_want_no_g(m);
	return RAN;
}

IN_LOOP enum ran run_block(struct t2_order *o, struct t2_m *m, const struct t2_cursor *c, int64_t t,
			   const uint8_t **end)
{
	uint64_t reason, id;
	const uint8_t *p = varint_near(c->args, &reason);
	uint32_t text, stack;
	struct t2_g *g;

	*end = p = varint_near(p, &id);
	if (!step_has_all(m) || o->g[m->g].status != T2_G_RUNNING || !cursor_holds(c, p))
		return OTHER;
	text = gen_string(o->gen, reason);
	if (text == UINT32_MAX)
		return NO_STRING;
	stack = gen_stack(o->gen, id);
	if (stack == UINT32_MAX)
		return NO_STACK;
	g = sum_touch(o, m->g);
	g->ns[T2_NS_RUN] += sum_lasted(o, g, t);
	g->status = T2_G_WAITING;
	g->since = t;
	g->stack = stack;
	g->text = text;
	g->switches++;
	m->g = T2_NONE;
	return RAN;
}

static int damaged(struct t2_order *o, const struct t2_cursor *c)
{
	return step_wrong(o, c, "an event is cut or unknown");
}

/* Any event: its arguments are read in the general way. As step(). */
static int run_any(struct t2_order *o, struct t2_cursor *c, int64_t t)
{
	struct t2_rec r = { .c = c, .m = c->m, .t = t };
	const uint8_t *p = cursor_args(c, r.arg);
	int rc;

	if (!p)
		return damaged(o, c);
	rc = step(o, &r);
	if (rc == 1) {
		o->t_last = t;
		cursor_advance(o->walk, o->gen, c, p);
	}
	return rc;
}

/* 1: done, and the cursor went on; else as step(). */
static int run_other(struct t2_order *o, struct t2_cursor *c, enum ran why)
{
	uint64_t goid;

	switch (why) {
	case RAN:
		return 1;
	case NOT_YET:
		return 0;
	case OTHER:
		return run_any(o, c, c->time > o->t_last ? c->time : o->t_last);
	case NO_STRING:
		return step_wrong(o, c, "an event names a string that is not defined");
	case NO_STACK:
		return step_wrong(o, c, "an event names a stack that is not defined");
	case NO_PLACE:
		varint_near(c->args, &goid);
		return step_wrong(o, c, "goroutine %" PRIu64 " starts where it cannot", goid);
	default:
		return damaged(o, c);
	}
}

/*
 * Takes the cursor's events up to the time limit, as long as they are frequent ones and
 * possible, at least one and at most *left; tells how the last one went.
 */
static enum ran run_frequent(struct t2_order *o, struct t2_cursor *cursor, int64_t limit, int *left)
{
	struct t2_m *m = &o->m.v[cursor->m];
	struct t2_cursor c = *cursor;
	int64_t last = o->t_last;
	enum ran rc;

	for (;;) {
		const uint8_t *p = NULL;
		int64_t t = c.time > last ? c.time : last;

		if (c.type == T2_GO_START)
			rc = run_start(o, m, &c, t, &p);
		else if (c.type == T2_GO_UNBLOCK)
			rc = run_unblock(o, m, &c, t, &p);
		else if (c.type == T2_GO_BLOCK)
			rc = run_block(o, m, &c, t, &p);
		else
			rc = OTHER;
		if (rc != RAN)
			break;
		last = t;
		c.at = p;
		--*left;
		if (__builtin_expect(p >= c.end, 0)) {
			*cursor = c;
			cursor_next_batch(o->walk, o->gen, cursor);
			c = *cursor;
		} else {
			cursor_peek(o->gen, &c);
		}
		if (c.time > limit || c.type == T2_END || *left <= 0)
			break;
	}
	*cursor = c;
	o->t_last = last;
	return rc;
}

static int slot_order(const void *a, const void *b)
{
	const struct t2_slot *x = a, *y = b;

	return slot_earlier(*x, *y) ? -1 : slot_earlier(*y, *x);
}

static int take_slots(struct t2_order *o, const struct t2_slot *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct t2_cursor *c = &o->cursor[v[i].cursor];
		int rc;

		o->tries++;
		o->m.v[c->m].flags |= T2_M_SEEN;
		rc = run_other(o, c, run_frequent(o, c, INT64_MIN, &(int){ 1 }));
		if (!rc)
			continue;
		if (rc == 1) {
			*vec_push(&o->seg->exception) =
				(struct t2_exception){ (uint32_t)o->seg->n_events, v[i].cursor };
			o->seg->n_events++;
			heap_advanced(&o->heap, o->cursor, heap_find(&o->heap, v[i].cursor));
		}
		return rc;
	}
	return 0;
}

/* The earliest is not possible yet: the first of the others that is. */
static int take_other(struct t2_order *o)
{
	size_t n = o->heap.n;
	struct t2_slot *v = xmalloc(n * sizeof(*v));
	int rc;

	for (size_t i = 0; i < n; i++)
		v[i] = o->heap.v[i];
	qsort(v, n, sizeof(*v), slot_order);
	rc = take_slots(o, v, n);
	free(v);
	if (rc)
		return rc;
	if (o->fresh)
		return -EAGAIN;
	return err_set(&o->err, -EILSEQ, EXIT_BADFILE,
		       "no event of generation %" PRIu64
		       " can come next: the trace contradicts itself",
		       o->gen->number);
}

/* Now and then: whether to stop, and whether the segment is full. */
static int look_around(struct t2_order *o, uint64_t total)
{
	if (atomic_load_explicit(o->cancel, memory_order_relaxed))
		return -ECANCELED;
	if (o->tries > TRIES_FREE + total * TRIES_PER_EVENT)
		return err_set(&o->err, -EBADMSG, EXIT_BADFILE,
			       "generation %" PRIu64 " is out of order beyond reason",
			       o->gen->number);
	if (o->heap.n && segment_full(o)) {
		segment_close(o);
		segment_open(o);
	}
	return 0;
}

/* Takes events of the earliest cursor while it is that, at most the given number. */
static int run_burst(struct t2_order *o, int *left)
{
	struct t2_cursor *c = &o->cursor[o->heap.v[0].cursor];
	int64_t limit = heap_limit(&o->heap);
	int before = *left, rc;

	o->m.v[c->m].flags |= T2_M_SEEN;
	do {
		enum ran ran = run_frequent(o, c, limit, left);

		if (ran == RAN) {
			rc = 1;
			break;
		}
		rc = run_other(o, c, ran);
		if (__builtin_expect(rc != 1, 0))
			break;
		--*left;
	} while (c->time <= limit && c->type != T2_END && *left > 0);
	o->seg->n_events += (uint64_t)(before - *left);
	if (before != *left)
		heap_advanced(&o->heap, o->cursor, 0);
	return rc;
}

int run_events(struct t2_order *o)
{
	uint64_t total = 0;
	int rc = 1;

	while (o->heap.n) {
		int left = LOOK_EVERY;

		while (left > 0 && o->heap.n) {
			rc = run_burst(o, &left);
			if (!rc) {
				rc = take_other(o);
				left--;
			}
			if (rc < 0)
				return rc;
		}
		total += LOOK_EVERY;
		rc = look_around(o, total);
		if (rc)
			return rc;
	}
	return 0;
}

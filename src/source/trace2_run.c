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

static int damaged(struct t2_order *o, const struct t2_cursor *c)
{
	return step_wrong(o, c, "an event is cut or unknown");
}

static inline bool stack_known(const struct t2_order *o, uint64_t id, uint32_t *dense)
{
	*dense = gen_stack(o->gen, id);
	return __builtin_expect(*dense != UINT32_MAX, 1);
}

/* Any event: its arguments are read in the general way. */
static int run_any(struct t2_order *o, struct t2_cursor *c, int64_t t)
{
	struct t2_rec r = { .c = c, .m = c->m, .t = t };
	const uint8_t *p = cursor_args(c, r.arg);
	int rc;

	if (!p)
		return damaged(o, c);
	rc = step(o, &r);
	if (rc == 1)
		cursor_advance(o->walk, o->gen, c, p);
	return rc;
}

static inline int run_start(struct t2_order *o, struct t2_cursor *c, int64_t t)
{
	struct t2_m *m = &o->m.v[c->m];
	uint64_t goid, seq;
	const uint8_t *p = varint_near(c->args, &goid);
	uint32_t row;
	struct t2_g *g;

	p = varint_near(p, &seq);
	if (!cursor_holds(c, p))
		return damaged(o, c);
	row = rows_get(&o->by_goid, goid);
	if (row == T2_NONE)
		return 0;
	g = &o->g[row];
	if (g->status != T2_G_RUNNABLE || seq != g->seq + 1)
		return 0;
	if (m->p == T2_NONE || m->g != T2_NONE)
		return step_wrong(o, c, "goroutine %" PRIu64 " starts where it cannot", goid);
	sum_touch(o, row);
	g->ns[T2_NS_READY] += sum_lasted(o, g, t);
	g->status = T2_G_RUNNING;
	g->since = t;
	g->seq = seq;
	g->switches++;
	m->g = row;
	m->flags |= T2_M_G_WANTED_NONE;
	cursor_advance(o->walk, o->gen, c, p);
	return 1;
}

static inline int run_unblock(struct t2_order *o, struct t2_cursor *c, int64_t t)
{
	struct t2_m *m = &o->m.v[c->m];
	uint64_t goid, seq, id;
	const uint8_t *p = varint_near(c->args, &goid);
	uint32_t row, stack;
	struct t2_g *g;

	p = varint_near(p, &seq);
	p = varint_near(p, &id);
	if (!cursor_holds(c, p))
		return damaged(o, c);
	row = rows_get(&o->by_goid, goid);
	if (row == T2_NONE)
		return 0;
	g = &o->g[row];
	if (g->status != T2_G_WAITING || seq != g->seq + 1)
		return 0;
	if (!stack_known(o, id, &stack))
		return step_wrong(o, c, "an event names a stack that is not defined");
	sum_touch(o, row);
	g->status = T2_G_RUNNABLE;
	g->since = t;
	g->seq = seq;
	g->switches++;
	g->waker = m->g;
	step_want_no_g(m);
	cursor_advance(o->walk, o->gen, c, p);
	return 1;
}

static inline int run_block(struct t2_order *o, struct t2_cursor *c, int64_t t)
{
	struct t2_m *m = &o->m.v[c->m];
	uint64_t reason, id;
	const uint8_t *p = varint_near(c->args, &reason);
	uint32_t text, stack;
	struct t2_g *g;

	p = varint_near(p, &id);
	if (!step_has_all(m) || o->g[m->g].status != T2_G_RUNNING || !cursor_holds(c, p))
		return run_any(o, c, t);
	text = gen_string(o->gen, reason);
	if (text == UINT32_MAX)
		return step_wrong(o, c, "an event names a string that is not defined");
	if (!stack_known(o, id, &stack))
		return step_wrong(o, c, "an event names a stack that is not defined");
	g = sum_touch(o, m->g);
	g->ns[T2_NS_RUN] += sum_lasted(o, g, t);
	g->status = T2_G_WAITING;
	g->since = t;
	g->stack = stack;
	g->text = text;
	g->switches++;
	m->g = T2_NONE;
	cursor_advance(o->walk, o->gen, c, p);
	return 1;
}

/* 1: done, and the cursor went on; else as step(). */
static inline int run_one(struct t2_order *o, struct t2_cursor *c)
{
	int64_t t = c->time > o->t_last ? c->time : o->t_last;
	int rc;

	switch (c->type) {
	case T2_GO_START:
		rc = run_start(o, c, t);
		break;
	case T2_GO_UNBLOCK:
		rc = run_unblock(o, c, t);
		break;
	case T2_GO_BLOCK:
		rc = run_block(o, c, t);
		break;
	default:
		rc = run_any(o, c, t);
		break;
	}
	if (__builtin_expect(rc == 1, 1))
		o->t_last = t;
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
		rc = run_one(o, c);
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
	int n = 0, rc;

	o->m.v[c->m].flags |= T2_M_SEEN;
	do {
		rc = run_one(o, c);
		if (__builtin_expect(rc != 1, 0))
			break;
		n++;
	} while (c->time <= limit && c->type != T2_END && n < *left);
	*left -= n;
	o->seg->n_events += (uint64_t)n;
	if (n)
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

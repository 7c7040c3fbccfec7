/* SPDX-License-Identifier: Apache-2.0 */
#include "source/trace2_order.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "source/trace2_step.h"

enum {
	SEGMENT_EVENTS = 64 << 10,
	SEGMENT_ENTRY_COST = 8, /* a segment's entries may cost 1/8 of its bytes */
	TRIES_PER_EVENT = 64, /* vain tries allowed, on the average */
	TRIES_FREE = 1 << 20,
};

void order_init(struct t2_order *o, const struct t2_walk *w)
{
	memset(o, 0, sizeof(*o));
	o->walk = w;
	o->min_events = SEGMENT_EVENTS;
}

static void run_release(struct t2_order *o)
{
	free(o->cursor);
	free(o->heap.v);
	o->cursor = NULL;
	o->heap.v = NULL;
	o->heap.n = o->n_cursor = 0;
	if (o->seg)
		segment_free(o->seg);
	o->seg = NULL;
}

void order_release(struct t2_order *o)
{
	run_release(o);
	vec_free(&o->g);
	vec_free(&o->p);
	vec_free(&o->m);
	vec_free(&o->region);
	vec_free(&o->stw);
	vec_free(&o->claims.g);
	vec_free(&o->claims.p);
	vec_free(&o->claims.m);
	vec_free(&o->claims.task);
	rows_free(&o->by_goid);
	map64_free(&o->by_pid);
	map64_free(&o->by_mid);
	map64_free(&o->task);
}

void segment_free(struct t2_segment *s)
{
	if (!s)
		return;
	vec_free(&s->g);
	vec_free(&s->band);
	vec_free(&s->snap);
	vec_free(&s->stw);
	vec_free(&s->task);
	vec_free(&s->exception);
	free(s);
}

/* --- segments --- */

static void snap_take(struct t2_order *o, struct t2_segment *s)
{
	for (uint32_t i = 0; i < o->n_cursor; i++) {
		const struct t2_cursor *c = &o->cursor[i];
		const struct t2_m *m = &o->m.v[c->m];

		if (!c->rec.type)
			continue;
		*vec_push(&s->snap) = (struct t2_snap){
			.before = c->rec_before,
			.g = m->g == T2_NONE ? 0 : o->g.v[m->g].goid,
			.p = m->p == T2_NONE ? NO_ID : o->p.v[m->p].id,
			.thread = i,
			.batch = c->batch,
			.off = (uint32_t)((uint64_t)(c->at - o->walk->data) -
					  o->gen->batch.v[c->batch].off),
		};
	}
}

static void segment_open(struct t2_order *o, int64_t t0)
{
	struct t2_segment *s = xcalloc(1, sizeof(*s));

	s->gen = o->gen;
	s->t0 = t0;
	snap_take(o, s);
	vec_reserve(&s->stw, o->stw.n);
	for (size_t i = 0; i < o->stw.n; i++)
		*vec_push(&s->stw) = o->stw.v[i];
	o->seg = s;
	o->seg_bytes = 0;
	o->stamp++;
}

static void segment_close(struct t2_order *o)
{
	struct t2_segment *s = o->seg;

	s->t1 = o->t_last > s->t0 ? o->t_last : s->t0;
	for (size_t i = 0; i < s->g.n; i++)
		step_settle(o, &s->g.v[i], s->t1);
	o->seg = NULL;
	o->emit(o->arg, s);
}

static bool segment_full(const struct t2_order *o)
{
	const struct t2_segment *s = o->seg;

	return s->n_events >= o->min_events &&
	       s->g.n * sizeof(struct entry) * SEGMENT_ENTRY_COST <= o->seg_bytes;
}

/* --- the merge of the threads --- */

static int cursors_start(struct t2_order *o)
{
	int rc = 0;

	o->n_cursor = o->gen->thread.n;
	o->cursor = xcalloc(o->n_cursor, sizeof(*o->cursor));
	for (uint32_t i = 0; i < o->n_cursor && !rc; i++) {
		rc = cursor_start(o->walk, o->gen, &o->cursor[i], i, &o->err);
		o->cursor[i].m = step_thread(o, o->gen->thread.v[i].m);
	}
	if (!rc)
		heap_build(&o->heap, o->cursor, o->n_cursor);
	return rc;
}

static int took(struct t2_order *o, size_t at)
{
	struct t2_cursor *c = &o->cursor[o->heap.v[at].cursor];
	int rc;

	if (c->rec.time > o->t_last)
		o->t_last = c->rec.time;
	o->seg->n_events++;
	o->seg_bytes += (uint64_t)(c->p - c->at);
	rc = cursor_next(o->walk, o->gen, c, &o->err);
	if (!rc)
		heap_advanced(&o->heap, o->cursor, at);
	return rc;
}

static int slot_order(const void *a, const void *b)
{
	const struct t2_slot *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return (x->cursor > y->cursor) - (x->cursor < y->cursor);
}

/* The earliest is not possible yet: the first of the others that is. */
static int take_other(struct t2_order *o)
{
	size_t n = o->heap.n;
	struct t2_slot *v = xmalloc(n * sizeof(*v));
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		v[i] = o->heap.v[i];
	qsort(v, n, sizeof(*v), slot_order);
	for (size_t i = 1; i < n && !rc; i++) {
		rc = step(o, &o->cursor[v[i].cursor]);
		o->tries++;
		if (rc != 1)
			continue;
		*vec_push(&o->seg->exception) =
			(struct t2_exception){ (uint32_t)o->seg->n_events, v[i].cursor };
		rc = took(o, heap_find(&o->heap, v[i].cursor));
		free(v);
		return rc;
	}
	free(v);
	if (rc < 0)
		return rc;
	if (o->fresh)
		return -EAGAIN;
	return err_set(&o->err, -EBADMSG, EXIT_BADFILE,
		       "no event of generation %" PRIu64
		       " can come next: the trace contradicts itself",
		       o->gen->number);
}

static int run_events(struct t2_order *o)
{
	uint64_t total = 0;
	int rc = 0;

	while (o->heap.n && !rc) {
		rc = step(o, &o->cursor[o->heap.v[0].cursor]);
		rc = rc == 1 ? took(o, 0) : rc ? rc : take_other(o);
		if (__builtin_expect(!rc && !(++total & 255), 0)) {
			if (atomic_load_explicit(o->cancel, memory_order_relaxed))
				return -ECANCELED;
			if (o->tries > TRIES_FREE + total * TRIES_PER_EVENT)
				return err_set(&o->err, -EBADMSG, EXIT_BADFILE,
					       "generation %" PRIu64
					       " is out of order beyond reason",
					       o->gen->number);
			if (segment_full(o) && o->heap.n) {
				segment_close(o);
				segment_open(o, o->t_last);
			}
		}
	}
	return rc;
}

int order_run(struct t2_order *o, struct t2_gen *g)
{
	int rc;

	o->gen = g;
	o->tries = 0;
	if (o->t_last < g->t_min || !g->index)
		o->t_last = g->t_min;
	rc = cursors_start(o);
	if (!rc) {
		segment_open(o, o->t_last);
		rc = run_events(o);
	}
	/* what came before an error is as true as it was */
	if (rc != -EAGAIN && rc != -ECANCELED && o->seg && o->seg->n_events)
		segment_close(o);
	run_release(o);
	return rc;
}

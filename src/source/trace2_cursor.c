/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "source/trace2_order.h"
#include "source/varint.h"

/* Arguments after the time, internal/trace/tracev2/spec.go; + 1, 0: no event. */
static const uint8_t n_args[256] = {
	[T2_PROCS_CHANGE] = 3,
	[T2_PROC_START] = 3,
	[T2_PROC_STOP] = 1,
	[T2_PROC_STEAL] = 4,
	[T2_PROC_STATUS] = 3,
	[T2_GO_CREATE] = 4,
	[T2_GO_CREATE_SYSCALL] = 2,
	[T2_GO_START] = 3,
	[T2_GO_DESTROY] = 1,
	[T2_GO_DESTROY_SYSCALL] = 1,
	[T2_GO_STOP] = 3,
	[T2_GO_BLOCK] = 3,
	[T2_GO_UNBLOCK] = 4,
	[T2_GO_SYSCALL_BEGIN] = 3,
	[T2_GO_SYSCALL_END] = 1,
	[T2_GO_SYSCALL_END_BLOCKED] = 1,
	[T2_GO_STATUS] = 4,
	[T2_STW_BEGIN] = 3,
	[T2_STW_END] = 1,
	[T2_GC_ACTIVE] = 2,
	[T2_GC_BEGIN] = 3,
	[T2_GC_END] = 2,
	[T2_SWEEP_ACTIVE] = 2,
	[T2_SWEEP_BEGIN] = 2,
	[T2_SWEEP_END] = 3,
	[T2_ASSIST_ACTIVE] = 2,
	[T2_ASSIST_BEGIN] = 2,
	[T2_ASSIST_END] = 1,
	[T2_HEAP_ALLOC] = 2,
	[T2_HEAP_GOAL] = 2,
	[T2_GO_LABEL] = 2,
	[T2_TASK_BEGIN] = 5,
	[T2_TASK_END] = 3,
	[T2_REGION_BEGIN] = 4,
	[T2_REGION_END] = 4,
	[T2_LOG] = 5,
	[T2_GO_SWITCH] = 3,
	[T2_GO_SWITCH_DESTROY] = 3,
	[T2_GO_CREATE_BLOCKED] = 4,
	[T2_GO_STATUS_STACK] = 5,
	[128] = 4,
	[129] = 4,
	[130] = 2,
	[131] = 3,
	[132] = 3,
	[133] = 2,
	[134] = 3,
	[135] = 3,
	[136] = 2,
};

int t2_n_args(uint8_t type)
{
	return n_args[type] - 1;
}

static int cut(const struct t2_walk *w, const uint8_t *at, struct err *err)
{
	return err_set(err, -EBADMSG, EXIT_BADFILE, "an event is cut or unknown at byte %" PRIu64,
		       (uint64_t)(at - w->data));
}

static void batch_enter(const struct t2_walk *w, const struct t2_gen *g, struct t2_cursor *c)
{
	const struct t2_batch *b = &g->batch.v[c->batch];

	c->p = w->data + b->off;
	c->end = c->p + b->len;
	c->before = gen_ns(g, b->time);
}

static const uint8_t *decode(const uint8_t *p, const uint8_t *end, uint64_t *dt, uint64_t *arg,
			     int n)
{
	p = varint_get(p, end, dt);
	for (int i = 0; p && i < n; i++)
		p = varint_get(p, end, &arg[i]);
	return p;
}

/* The same where no number can reach the end. */
static inline const uint8_t *decode_fast(const uint8_t *p, uint64_t *dt, uint64_t *arg, int n)
{
	p = varint_near(p, dt);
	for (int i = 0; p && i < n; i++)
		p = varint_near(p, &arg[i]);
	return p;
}

int cursor_next(const struct t2_walk *w, const struct t2_gen *g, struct t2_cursor *c,
		struct err *err)
{
	const uint8_t *p, *end;
	uint64_t dt;
	int n;

	while (c->p >= c->end) {
		if (c->batch + 1 >= c->last) {
			c->rec.type = 0;
			return 0;
		}
		c->batch++;
		batch_enter(w, g, c);
	}
	p = c->at = c->p;
	end = c->end;
	c->rec.type = *p++;
	n = n_args[c->rec.type];
	if (__builtin_expect(!n, 0))
		return cut(w, c->at, err);
	p = end - p >= (T2_MAX_ARGS + 1) * VARINT_MOST ? decode_fast(p, &dt, c->rec.arg, n - 1)
						       : decode(p, end, &dt, c->rec.arg, n - 1);
	if (__builtin_expect(!p, 0))
		return cut(w, c->at, err);
	c->rec_before = c->before;
	c->rec.time = c->before + gen_ns(g, dt);
	c->before = c->rec.time;
	c->p = p;
	return 0;
}

int cursor_start(const struct t2_walk *w, const struct t2_gen *g, struct t2_cursor *c,
		 uint32_t thread, struct err *err)
{
	const struct t2_thread *t = &g->thread.v[thread];

	memset(c, 0, sizeof(*c));
	c->batch = t->first;
	c->last = t->first + t->n;
	if (!t->n)
		return 0;
	batch_enter(w, g, c);
	return cursor_next(w, g, c, err);
}

int cursor_restore(const struct t2_walk *w, const struct t2_gen *g, struct t2_cursor *c,
		   const struct t2_snap *s, struct err *err)
{
	const struct t2_thread *t = &g->thread.v[s->thread];

	memset(c, 0, sizeof(*c));
	c->batch = s->batch;
	c->last = t->first + t->n;
	batch_enter(w, g, c);
	c->p += s->off;
	c->before = s->before;
	return cursor_next(w, g, c, err);
}

/* --- the heap --- */

static inline bool earlier(struct t2_slot a, struct t2_slot b)
{
	return a.time < b.time || (a.time == b.time && a.cursor < b.cursor);
}

static void heap_down(struct t2_heap *h, size_t i)
{
	struct t2_slot moved = h->v[i];

	for (;;) {
		size_t kid = 2 * i + 1;

		if (kid >= h->n)
			break;
		if (kid + 1 < h->n && earlier(h->v[kid + 1], h->v[kid]))
			kid++;
		if (!earlier(h->v[kid], moved))
			break;
		h->v[i] = h->v[kid];
		i = kid;
	}
	h->v[i] = moved;
}

void heap_build(struct t2_heap *h, const struct t2_cursor *c, size_t n_cursor)
{
	h->v = xmalloc(n_cursor * sizeof(*h->v));
	h->n = 0;
	for (size_t i = 0; i < n_cursor; i++)
		if (c[i].rec.type)
			h->v[h->n++] = (struct t2_slot){ c[i].rec.time, (uint32_t)i };
	for (size_t i = h->n / 2; i-- > 0;)
		heap_down(h, i);
}

static void heap_remove(struct t2_heap *h, size_t i)
{
	h->v[i] = h->v[--h->n];
	while (i && i < h->n && earlier(h->v[i], h->v[(i - 1) / 2])) {
		struct t2_slot up = h->v[(i - 1) / 2];

		h->v[(i - 1) / 2] = h->v[i];
		h->v[i] = up;
		i = (i - 1) / 2;
	}
	if (i < h->n)
		heap_down(h, i);
}

void heap_advanced(struct t2_heap *h, const struct t2_cursor *c, size_t i)
{
	const struct t2_rec *rec = &c[h->v[i].cursor].rec;

	if (!rec->type) {
		heap_remove(h, i);
		return;
	}
	h->v[i].time = rec->time;
	heap_down(h, i);
}

size_t heap_find(const struct t2_heap *h, uint32_t cursor)
{
	size_t i = 0;

	while (i < h->n && h->v[i].cursor != cursor)
		i++;
	return i;
}

/* --- rows by goroutine id --- */

void rows_put(struct t2_rows *r, uint64_t goid, uint32_t row)
{
	if (goid >= T2_DIRECT_MOST) {
		map64_put(&r->sparse, goid, row);
		return;
	}
	if (goid >= r->n_direct) {
		size_t n = goid < 1024 ? 2048 : goid * 2;

		r->direct = xrealloc(r->direct, n, sizeof(*r->direct));
		memset(r->direct + r->n_direct, 0, (n - r->n_direct) * sizeof(*r->direct));
		r->n_direct = n;
	}
	r->direct[goid] = row + 1;
}

void rows_free(struct t2_rows *r)
{
	free(r->direct);
	map64_free(&r->sparse);
	memset(r, 0, sizeof(*r));
}

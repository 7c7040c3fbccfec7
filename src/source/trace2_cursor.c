/* SPDX-License-Identifier: Apache-2.0 */
#include "source/trace2_cursor.h"

#include <stdlib.h>
#include <string.h>

/* internal/trace/tracev2/spec.go */
const uint8_t t2_n_args[257] = {
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

static void batch_enter(const struct t2_walk *w, const struct t2_gen *g, struct t2_cursor *c)
{
	const struct t2_batch *b = &g->batch.v[c->batch];

	c->at = c->start = walk_batch(w, b);
	c->end = c->start + b->len;
	c->time = gen_ns(g, b->time);
}

void cursor_next_batch(const struct t2_walk *w, const struct t2_gen *g, struct t2_cursor *c)
{
	while (++c->batch < c->last) {
		if (!g->batch.v[c->batch].len)
			continue;
		batch_enter(w, g, c);
		cursor_peek(g, c);
		return;
	}
	c->type = T2_END;
}

void cursor_start(const struct t2_walk *w, const struct t2_gen *g, struct t2_cursor *c,
		  uint32_t thread)
{
	const struct t2_thread *t = &g->thread.v[thread];

	memset(c, 0, sizeof(*c));
	c->batch = t->first - 1;
	c->last = t->first + t->n;
	cursor_next_batch(w, g, c);
}

void cursor_restore(const struct t2_walk *w, const struct t2_gen *g, struct t2_cursor *c,
		    uint32_t thread, uint32_t batch, uint32_t off, int64_t time)
{
	const struct t2_thread *t = &g->thread.v[thread];

	memset(c, 0, sizeof(*c));
	c->batch = batch;
	c->last = t->first + t->n;
	batch_enter(w, g, c);
	c->at += off;
	cursor_peek(g, c);
	c->time = time;
}

const uint8_t *cursor_args(const struct t2_cursor *c, uint64_t arg[T2_MAX_ARGS])
{
	const uint8_t *p = c->args;
	int n = t2_n_args[c->type];

	for (int i = 1; i < n; i++)
		p = varint_near(p, &arg[i - 1]);
	return n && cursor_holds(c, p) ? p : NULL;
}

uint64_t cursor_offset(const struct t2_gen *g, const struct t2_cursor *c)
{
	return g->batch.v[c->batch].off + (uint64_t)(c->at - c->start);
}

/* --- the heap --- */

/*
 * Up to this many slots are kept in order, which is a heap, too: who was taken goes back
 * to near the front, and the next one need not be looked for.
 */
enum { IN_ORDER = 16 };

static void sink_in_order(struct t2_heap *h, size_t i)
{
	struct t2_slot moved = h->v[i];

	for (; i + 1 < h->n && slot_earlier(h->v[i + 1], moved); i++)
		h->v[i] = h->v[i + 1];
	h->v[i] = moved;
}

static void sink(struct t2_heap *h, size_t i)
{
	struct t2_slot moved = h->v[i];

	for (;;) {
		size_t kid = 2 * i + 1;

		if (kid >= h->n)
			break;
		if (kid + 1 < h->n && slot_earlier(h->v[kid + 1], h->v[kid]))
			kid++;
		if (!slot_earlier(h->v[kid], moved))
			break;
		h->v[i] = h->v[kid];
		i = kid;
	}
	h->v[i] = moved;
}

static void heap_order(struct t2_heap *h)
{
	for (size_t i = h->n; i-- > 0;)
		sink_in_order(h, i);
}

void heap_build(struct t2_heap *h, const struct t2_cursor *c, size_t n_cursor)
{
	h->v = xmalloc(n_cursor * sizeof(*h->v));
	h->n = 0;
	for (size_t i = 0; i < n_cursor; i++)
		if (c[i].type != T2_END)
			h->v[h->n++] = (struct t2_slot){ c[i].time, (uint32_t)i };
	if (h->n <= IN_ORDER) {
		heap_order(h);
		return;
	}
	for (size_t i = h->n / 2; i-- > 0;)
		sink(h, i);
}

static void heap_remove(struct t2_heap *h, size_t i)
{
	h->v[i] = h->v[--h->n];
	if (h->n <= IN_ORDER) {
		heap_order(h);
		return;
	}
	while (i && i < h->n && slot_earlier(h->v[i], h->v[(i - 1) / 2])) {
		struct t2_slot up = h->v[(i - 1) / 2];

		h->v[(i - 1) / 2] = h->v[i];
		h->v[i] = up;
		i = (i - 1) / 2;
	}
	if (i < h->n)
		sink(h, i);
}

void heap_advanced(struct t2_heap *h, const struct t2_cursor *c, size_t i)
{
	const struct t2_cursor *moved = &c[h->v[i].cursor];

	if (moved->type == T2_END) {
		heap_remove(h, i);
		return;
	}
	h->v[i].time = moved->time;
	if (h->n <= IN_ORDER)
		sink_in_order(h, i);
	else
		sink(h, i);
}

size_t heap_find(const struct t2_heap *h, uint32_t cursor)
{
	size_t i = 0;

	while (i < h->n && h->v[i].cursor != cursor)
		i++;
	return i;
}

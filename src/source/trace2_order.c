/* SPDX-License-Identifier: Apache-2.0 */
#include "source/trace2_order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/trace2_run.h"
#include "source/trace2_step.h"

enum { SEGMENT_EVENTS = 64 << 10 };

void order_init(struct t2_order *o, const struct t2_walk *w)
{
	memset(o, 0, sizeof(*o));
	o->walk = w;
	o->min_events = o->ramp = SEGMENT_EVENTS;
	o->region_free = T2_NONE;
}

static void run_release(struct t2_order *o)
{
	free(o->cursor);
	free(o->heap.v);
	o->cursor = NULL;
	o->heap.v = NULL;
	o->heap.n = o->n_cursor = 0;
	segment_free(o->seg);
	o->seg = NULL;
}

void order_release(struct t2_order *o)
{
	run_release(o);
	free(o->g);
	o->g = NULL;
	vec_free(&o->rest);
	vec_free(&o->p);
	vec_free(&o->m);
	vec_free(&o->task_state);
	vec_free(&o->region);
	vec_free(&o->stw);
	vec_free(&o->touched);
	vec_free(&o->claims.g);
	vec_free(&o->claims.p);
	vec_free(&o->claims.m);
	vec_free(&o->claims.task);
	vec_free(&o->claims.region);
	rows_free(&o->by_goid);
	map64_free(&o->by_pid);
	map64_free(&o->by_mid);
	map64_free(&o->task);
}

void order_compact(struct t2_order *o)
{
	uint32_t *moved, live = 0;

	for (size_t i = 0; i < o->rest.n; i++)
		live += o->g[i].status != T2_G_NONE;
	if (o->rest.n < 4096 || live > o->rest.n / 2)
		return;
	moved = xmalloc(o->rest.n * sizeof(*moved));
	rows_free(&o->by_goid);
	live = 0;
	for (size_t i = 0; i < o->rest.n; i++) {
		moved[i] = o->g[i].status ? live : T2_NONE;
		if (!o->g[i].status)
			continue;
		o->g[live] = o->g[i];
		o->rest.v[live] = o->rest.v[i];
		rows_put(&o->by_goid, o->rest.v[live].goid, live);
		live++;
	}
	for (size_t i = 0; i < o->m.n; i++)
		if (o->m.v[i].g != T2_NONE)
			o->m.v[i].g = moved[o->m.v[i].g];
	o->rest.n = live;
	free(moved);
}

uint32_t order_region(struct t2_order *o)
{
	uint32_t i = o->region_free;

	if (i == T2_NONE) {
		vec_push(&o->region);
		return (uint32_t)(o->region.n - 1);
	}
	o->region_free = o->region.v[i].below;
	return i;
}

bool order_region_is(const struct t2_order *o, uint32_t region, uint64_t task, struct t2_str name)
{
	const struct t2_region *r = &o->region.v[region];

	if (r->task != task || !r->name.s || !name.s)
		return r->task == task;
	return r->name.len == name.len && !memcmp(r->name.s, name.s, name.len);
}

void order_region_pop(struct t2_order *o, struct t2_g_rest *rest)
{
	uint32_t top = rest->region;

	rest->region = o->region.v[top].below;
	o->region.v[top].below = o->region_free;
	o->region_free = top;
}

static void cursors_start(struct t2_order *o)
{
	o->n_cursor = o->gen->thread.n;
	o->cursor = xcalloc(o->n_cursor, sizeof(*o->cursor));
	for (uint32_t i = 0; i < o->n_cursor; i++) {
		cursor_start(o->walk, o->gen, &o->cursor[i], i);
		o->cursor[i].m = step_thread(o, o->gen->thread.v[i].m);
	}
	heap_build(&o->heap, o->cursor, o->n_cursor);
}

/* Sequence numbers are of one generation: what is there has to be told anew. */
static void forget_told(struct t2_order *o)
{
	for (size_t i = 0; i < o->rest.n; i++)
		o->g[i].status |= o->g[i].status ? T2_UNTOLD : 0;
}

/* CPU samples may be later than all events. */
static void stretch_to_samples(struct t2_order *o)
{
	const struct t2_gen *g = o->gen;

	if (g->sample.n && g->sample.v[g->sample.n - 1].time > o->t_last)
		o->t_last = g->sample.v[g->sample.n - 1].time;
}

int order_run(struct t2_order *o, struct t2_gen *g)
{
	int rc;

	o->gen = g;
	o->tries = 0;
	if (g->t_min == INT64_MAX)
		return 0; /* there is nothing in it */
	if (o->t_last < g->t_min || !g->index)
		o->t_last = g->t_min;
	order_compact(o);
	forget_told(o);
	cursors_start(o);
	segment_open(o);
	rc = run_events(o);
	if (!rc)
		stretch_to_samples(o);
	/* what came before an error is as true as it was */
	if (rc != -EAGAIN && rc != -ECANCELED && (o->seg->n_events || g->sample.n))
		segment_close(o);
	run_release(o);
	return rc;
}

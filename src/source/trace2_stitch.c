/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/trace2_order.h"

/* --- what was taken on trust, held against the truth --- */

static const struct t2_g *g_before(const struct t2_order *o, uint64_t goid)
{
	uint32_t row = rows_get(&o->by_goid, goid);

	return row != T2_NONE && o->g.v[row].status ? &o->g.v[row] : NULL;
}

static bool goroutines_agree(const struct t2_order *o, const struct t2_order *next)
{
	for (size_t i = 0; i < next->claims.g.n; i++) {
		const struct t2_claim *c = &next->claims.g.v[i];
		const struct t2_g *g = g_before(o, c->id);

		if ((g ? g->status : T2_G_NONE) != c->status)
			return false;
	}
	for (size_t i = 0; i < next->g.n; i++) {
		const struct t2_g *g = &next->g.v[i], *was = g_before(o, g->goid);

		if (g->claimed_range && !(was && was->range & T2_RANGE_ASSIST))
			return false;
		if (was && was->range && g->range && !g->claimed_range)
			return false;
		if (was && was->region != T2_NONE && g->region != T2_NONE)
			return false;
	}
	return true;
}

static bool processors_agree(const struct t2_order *o, const struct t2_order *next)
{
	for (size_t i = 0; i < next->claims.p.n; i++) {
		const struct t2_claim *c = &next->claims.p.v[i];
		uint32_t row = map64_get(&o->by_pid, c->id);

		if (row != T2_NONE && o->p.v[row].status != c->status)
			return false;
	}
	for (size_t i = 0; i < next->p.n; i++) {
		const struct t2_p *p = &next->p.v[i];
		uint32_t row = map64_get(&o->by_pid, p->id);
		uint8_t was = row == T2_NONE ? 0 : o->p.v[row].range;

		if (p->claimed_range ? !was : was && p->range)
			return false;
	}
	return true;
}

/* The goroutine a thread had must be told anew before the thread does anything. */
static bool thread_told(const struct t2_order *o, const struct t2_order *next, const struct t2_m *m)
{
	const struct t2_m *was;
	uint32_t row = map64_get(&o->by_mid, m->id);

	if (row == T2_NONE)
		return true;
	was = &o->m.v[row];
	if (was->g != T2_NONE && rows_get(&next->by_goid, o->g.v[was->g].goid) == T2_NONE)
		return false;
	return was->p == T2_NONE || map64_get(&next->by_pid, o->p.v[was->p].id) != T2_NONE;
}

static bool threads_agree(const struct t2_order *o, const struct t2_order *next)
{
	for (size_t i = 0; i < next->claims.m.n; i++) {
		const struct t2_claim *c = &next->claims.m.v[i];
		uint32_t row = map64_get(&o->by_mid, c->id);

		if (row == T2_NONE && c->status)
			return false;
		if (row != T2_NONE &&
		    (o->m.v[row].g == T2_NONE || o->g.v[o->m.v[row].g].goid != c->with))
			return false;
	}
	for (size_t i = 0; i < next->m.n; i++)
		if (!thread_told(o, next, &next->m.v[i]))
			return false;
	return true;
}

static bool tasks_agree(const struct t2_order *o, const struct t2_order *next)
{
	struct map64 seen = { 0 };
	bool agree = true;

	for (size_t i = 0; i < next->claims.task.n; i++) {
		const struct t2_claim *c = &next->claims.task.v[i];

		if (map64_get(&seen, c->id) == UINT32_MAX && c->status &&
		    map64_get(&o->task, c->id) == 1)
			agree = false;
		map64_put(&seen, c->id, 1);
	}
	map64_free(&seen);
	return agree;
}

static bool gc_agrees(const struct t2_order *o, const struct t2_order *next)
{
	if (next->gc == T2_GC_UNKNOWN)
		return true;
	if (o->gc == T2_GC_UNKNOWN)
		return next->claims.gc_before == T2_GC_OFF;
	return next->claims.gc_seq == o->gc_seq + 1 && next->claims.gc_before == o->gc;
}

/* --- the end of next becomes the end of o --- */

static uint32_t region_copy(struct t2_order *o, const struct t2_order *next, uint32_t top)
{
	size_t first = o->region.n, n;

	for (; top != T2_NONE; top = next->region.v[top].below)
		*vec_push(&o->region) = next->region.v[top];
	n = o->region.n;
	for (size_t i = first; i < n; i++)
		o->region.v[i].below = i + 1 < n ? (uint32_t)(i + 1) : T2_NONE;
	return first < n ? (uint32_t)first : T2_NONE;
}

static void goroutine_take(struct t2_order *o, const struct t2_order *next, const struct t2_g *g)
{
	uint32_t row = rows_get(&o->by_goid, g->goid), region;
	struct t2_g was = { .region = T2_NONE, .since = T_BEFORE };

	if (row == T2_NONE) {
		if (!g->status)
			return;
		row = (uint32_t)o->g.n;
		vec_push(&o->g);
		rows_put(&o->by_goid, g->goid, row);
	} else {
		was = o->g.v[row];
	}
	region = g->region == T2_NONE ? was.region : region_copy(o, next, g->region);
	o->g.v[row] = *g;
	o->g.v[row].region = g->status ? region : T2_NONE;
	o->g.v[row].stamp = 0;
	if (g->since == T2_KEEP_TIME)
		o->g.v[row].since = was.since;
	if (!g->claimed_range && g->status)
		o->g.v[row].range |= was.range;
}

static void processor_take(struct t2_order *o, const struct t2_p *p)
{
	uint32_t row = map64_get(&o->by_pid, p->id);
	uint8_t range = 0;

	if (row == T2_NONE) {
		row = (uint32_t)o->p.n;
		vec_push(&o->p);
		map64_put(&o->by_pid, p->id, row);
	} else if (!p->claimed_range) {
		range = o->p.v[row].range;
	}
	o->p.v[row] = *p;
	o->p.v[row].range |= range;
}

static void thread_take(struct t2_order *o, const struct t2_order *next, const struct t2_m *m)
{
	uint32_t row = map64_get(&o->by_mid, m->id);

	if (row == T2_NONE) {
		row = (uint32_t)o->m.n;
		vec_push(&o->m);
		map64_put(&o->by_mid, m->id, row);
	}
	o->m.v[row] = (struct t2_m){
		.id = m->id,
		.g = m->g == T2_NONE ? T2_NONE : rows_get(&o->by_goid, next->g.v[m->g].goid),
		.p = m->p == T2_NONE ? T2_NONE : map64_get(&o->by_pid, next->p.v[m->p].id),
	};
}

static void stw_take(struct t2_order *o, const struct t2_order *next)
{
	for (size_t i = 0; i < next->stw.n; i++)
		*vec_push(&o->stw) = next->stw.v[i];
}

/* Drops the ended goroutines where they are the most. */
static void goroutines_compact(struct t2_order *o)
{
	uint32_t *moved, live = 0;

	for (size_t i = 0; i < o->g.n; i++)
		live += o->g.v[i].status != T2_G_NONE;
	if (o->g.n < 4096 || live > o->g.n / 2)
		return;
	moved = xmalloc(o->g.n * sizeof(*moved));
	rows_free(&o->by_goid);
	live = 0;
	for (size_t i = 0; i < o->g.n; i++) {
		moved[i] = o->g.v[i].status ? live : T2_NONE;
		if (!o->g.v[i].status)
			continue;
		o->g.v[live] = o->g.v[i];
		rows_put(&o->by_goid, o->g.v[live].goid, live);
		live++;
	}
	for (size_t i = 0; i < o->m.n; i++)
		if (o->m.v[i].g != T2_NONE)
			o->m.v[i].g = moved[o->m.v[i].g];
	o->g.n = live;
	free(moved);
}

int order_stitch(struct t2_order *o, struct t2_order *next)
{
	if (!goroutines_agree(o, next) || !processors_agree(o, next) || !threads_agree(o, next) ||
	    !tasks_agree(o, next) || !gc_agrees(o, next))
		return -EAGAIN;
	for (size_t i = 0; i < next->g.n; i++)
		goroutine_take(o, next, &next->g.v[i]);
	for (size_t i = 0; i < next->p.n; i++)
		processor_take(o, &next->p.v[i]);
	for (size_t i = 0; i < next->m.n; i++)
		thread_take(o, next, &next->m.v[i]);
	for (size_t i = 0; i < next->claims.task.n; i++)
		map64_put(&o->task, next->claims.task.v[i].id, next->claims.task.v[i].status);
	stw_take(o, next);
	if (next->gc != T2_GC_UNKNOWN) {
		o->gc = next->gc;
		o->gc_seq = next->gc_seq;
	}
	if (next->t_last > o->t_last)
		o->t_last = next->t_last;
	goroutines_compact(o);
	return 0;
}

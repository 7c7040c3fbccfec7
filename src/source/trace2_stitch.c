/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/trace2_step.h"

/* --- what was taken on trust, held against the truth --- */

/* A goroutine's row at the end of o, or T2_NONE where it is not there then. */
static uint32_t g_before(const struct t2_order *o, uint64_t goid)
{
	uint32_t row = rows_get(&o->by_goid, goid);

	return row != T2_NONE && o->g[row].status ? row : T2_NONE;
}

static bool ranges_agree(const struct t2_ranges *was, const struct t2_ranges *next)
{
	return !(next->claimed & ~was->open) && !(was->open & next->begun);
}

static bool goroutines_agree(const struct t2_order *o, const struct t2_order *next)
{
	static const struct t2_ranges none;

	for (size_t i = 0; i < next->claims.g.n; i++) {
		const struct t2_claim *c = &next->claims.g.v[i];
		uint32_t row = g_before(o, c->id);
		uint8_t was = row == T2_NONE ? T2_G_NONE : o->g[row].status & (uint8_t)~T2_UNTOLD;

		if (was != c->status)
			return false;
	}
	for (size_t i = 0; i < next->rest.n; i++) {
		const struct t2_g_rest *g = &next->rest.v[i];
		uint32_t row = g_before(o, g->goid);

		if (!ranges_agree(row == T2_NONE ? &none : &o->g[row].range, &next->g[i].range))
			return false;
	}
	return true;
}

/* A region that ends must be the innermost; pos: where each goroutine is on its way out. */
static bool region_agrees(const struct t2_order *o, struct map64 *pos,
			  const struct t2_region_end *end)
{
	uint32_t at = map64_get(pos, end->goid), row = g_before(o, end->goid);

	if (at == UINT32_MAX)
		at = row == T2_NONE ? T2_NONE : o->rest.v[row].region;
	else if (at == o->region.n)
		at = T2_NONE;
	if (at == T2_NONE)
		return true;
	if (!order_region_is(o, at, end->task, end->name))
		return false;
	at = o->region.v[at].below;
	map64_put(pos, end->goid, at == T2_NONE ? (uint32_t)o->region.n : at);
	return true;
}

static bool regions_agree(const struct t2_order *o, const struct t2_order *next)
{
	struct map64 pos = { 0 };
	bool agree = true;

	for (size_t i = 0; i < next->claims.region.n && agree; i++)
		agree = region_agrees(o, &pos, &next->claims.region.v[i]);
	map64_free(&pos);
	return agree;
}

static bool processors_agree(const struct t2_order *o, const struct t2_order *next)
{
	static const struct t2_ranges none;

	for (size_t i = 0; i < next->claims.p.n; i++) {
		const struct t2_claim *c = &next->claims.p.v[i];
		uint32_t row = map64_get(&o->by_pid, c->id);

		if (row != T2_NONE && o->p.v[row].status != c->status)
			return false;
	}
	for (size_t i = 0; i < next->p.n; i++) {
		uint32_t row = map64_get(&o->by_pid, next->p.v[i].id);

		if (!ranges_agree(row == T2_NONE ? &none : &o->p.v[row].range, &next->p.v[i].range))
			return false;
	}
	return true;
}

/* A thread at the end of o, or NULL where nothing is known of it. */
static const struct t2_m *m_before(const struct t2_order *o, uint64_t mid)
{
	uint32_t row = map64_get(&o->by_mid, mid);

	return row != T2_NONE && o->m.v[row].flags & T2_M_SEEN ? &o->m.v[row] : NULL;
}

static bool threads_agree(const struct t2_order *o, const struct t2_order *next)
{
	for (size_t i = 0; i < next->claims.m.n; i++) {
		const struct t2_claim *c = &next->claims.m.v[i];
		const struct t2_m *was = m_before(o, c->id);

		if (!was && c->status)
			return false;
		if (was && (was->g == T2_NONE || o->rest.v[was->g].goid != c->with))
			return false;
	}
	for (size_t i = 0; i < next->m.n; i++) {
		const struct t2_m *m = &next->m.v[i], *was = m_before(o, m->id);

		if (!was)
			continue;
		if (was->g != T2_NONE && m->flags & T2_M_G_WANTED_NONE && !(m->flags & T2_M_G_SET))
			return false;
		if (was->p != T2_NONE && m->flags & T2_M_P_WANTED_NONE && !(m->flags & T2_M_P_SET))
			return false;
	}
	return true;
}

static bool task_is_active(const struct t2_order *o, uint64_t id)
{
	uint32_t row = map64_get(&o->task, id);

	return row != T2_NONE && o->task_state.v[row].active;
}

static bool tasks_agree(const struct t2_order *o, const struct t2_order *next)
{
	for (size_t i = 0; i < next->claims.task.n; i++)
		if (next->claims.task.v[i].status && task_is_active(o, next->claims.task.v[i].id))
			return false;
	return true;
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

static struct t2_ranges ranges_take(struct t2_ranges was, struct t2_ranges next)
{
	return (struct t2_ranges){
		.open = next.open | (was.open & (uint8_t) ~(next.claimed | next.begun)),
	};
}

/* The regions of next from the given one outwards, around them those of o. */
static uint32_t region_copy(struct t2_order *o, const struct t2_order *next, uint32_t from,
			    uint32_t around)
{
	uint32_t first = around, last = T2_NONE;

	for (; from != T2_NONE; from = next->region.v[from].below) {
		uint32_t copy = order_region(o);

		o->region.v[copy] = next->region.v[from];
		o->region.v[copy].below = around;
		if (last == T2_NONE)
			first = copy;
		else
			o->region.v[last].below = copy;
		last = copy;
	}
	return first;
}

static void regions_end(struct t2_order *o, const struct t2_order *next)
{
	for (size_t i = 0; i < next->claims.region.n; i++) {
		uint32_t row = g_before(o, next->claims.region.v[i].goid);

		if (row != T2_NONE && o->rest.v[row].region != T2_NONE)
			order_region_pop(o, &o->rest.v[row]);
	}
}

static void goroutine_take(struct t2_order *o, const struct t2_order *next, size_t i)
{
	const struct t2_g *g = &next->g[i];
	const struct t2_g_rest *rest = &next->rest.v[i];
	uint32_t row = g_before(o, rest->goid), region = T2_NONE;
	struct t2_g was = { .since = T_BEFORE };

	if (row == T2_NONE && !g->status)
		return; /* it came and went */
	if (row != T2_NONE && (rest->born || !g->status)) {
		while (o->rest.v[row].region != T2_NONE)
			order_region_pop(o, &o->rest.v[row]);
	} else if (row != T2_NONE) {
		was = o->g[row];
		region = o->rest.v[row].region;
	}
	row = sum_add(o, rest->goid, g->status);
	if (!g->status)
		return;
	o->g[row].since = g->since == T2_KEEP_TIME ? was.since : g->since;
	o->g[row].range = ranges_take(was.range, g->range);
	region = region_copy(o, next, rest->region, region);
	o->rest.v[row].region = region;
}

static void processor_take(struct t2_order *o, const struct t2_p *p)
{
	uint32_t row = map64_get(&o->by_pid, p->id);
	struct t2_ranges was = { 0 };

	if (row == T2_NONE) {
		row = (uint32_t)o->p.n;
		vec_push(&o->p);
		map64_put(&o->by_pid, p->id, row);
	} else {
		was = o->p.v[row].range;
	}
	o->p.v[row] = *p;
	o->p.v[row].range = ranges_take(was, p->range);
}

static void thread_take(struct t2_order *o, const struct t2_order *next, const struct t2_m *from)
{
	uint32_t row = step_thread(o, from->id);
	struct t2_m *m = &o->m.v[row];

	m->flags |= from->flags & T2_M_SEEN;
	if (from->flags & (T2_M_G_SET | T2_M_G_WANTED_NONE))
		m->g = from->g == T2_NONE ? T2_NONE
					  : rows_get(&o->by_goid, next->rest.v[from->g].goid);
	if (from->flags & (T2_M_P_SET | T2_M_P_WANTED_NONE))
		m->p = from->p == T2_NONE ? T2_NONE : map64_get(&o->by_pid, next->p.v[from->p].id);
}

static void tasks_take(struct t2_order *o, const struct t2_order *next)
{
	for (size_t i = 0; i < next->claims.task.n; i++) {
		uint64_t id = next->claims.task.v[i].id;
		uint32_t row = map64_get(&o->task, id);

		if (row == T2_NONE) {
			row = (uint32_t)o->task_state.n;
			map64_put(&o->task, id, row);
			vec_push(&o->task_state);
		}
		o->task_state.v[row] = (struct t2_task_state){ task_is_active(next, id), 0 };
	}
}

static void stw_take(struct t2_order *o, const struct t2_order *next)
{
	for (size_t i = 0; i < next->stw.n; i++)
		*vec_push(&o->stw) = next->stw.v[i];
}

int order_stitch(struct t2_order *o, struct t2_order *next)
{
	if (!goroutines_agree(o, next) || !processors_agree(o, next) || !threads_agree(o, next) ||
	    !regions_agree(o, next) || !tasks_agree(o, next) || !gc_agrees(o, next))
		return -EAGAIN;
	regions_end(o, next);
	for (size_t i = 0; i < next->rest.n; i++)
		goroutine_take(o, next, i);
	for (size_t i = 0; i < next->p.n; i++)
		processor_take(o, &next->p.v[i]);
	for (size_t i = 0; i < next->m.n; i++)
		thread_take(o, next, &next->m.v[i]);
	tasks_take(o, next);
	stw_take(o, next);
	if (next->gc != T2_GC_UNKNOWN) {
		o->gc = next->gc;
		o->gc_seq = next->gc_seq;
	}
	if (next->t_last > o->t_last)
		o->t_last = next->t_last;
	order_compact(o);
	return 0;
}

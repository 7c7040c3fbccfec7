/* SPDX-License-Identifier: Apache-2.0 */
/* The GC, ranges of time, and what users annotate, by the rules of internal/trace/order.go. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "source/trace2_step.h"

#define NO_STACK step_wrong(o, r->c, "an event names a stack that is not defined")
#define NO_STRING step_wrong(o, r->c, "an event names a string that is not defined")

static bool no_stack(const struct t2_order *o, uint64_t id)
{
	return gen_stack(o->gen, id) == UINT32_MAX;
}

static bool no_string(const struct t2_order *o, uint64_t id)
{
	return gen_string(o->gen, id) == UINT32_MAX;
}

/* --- the GC --- */

static void band_gc(struct t2_order *o, int64_t t, bool begins)
{
	*vec_push(&o->seg->band) = (struct t2_band){ .time = t, .stw = T2_NONE, .begins = begins };
}

/* The first that is heard of the GC. */
static int gc_unknown(struct t2_order *o, const struct t2_rec *r, uint8_t before, uint8_t after)
{
	o->claims.gc_seq = r->arg[0];
	o->claims.gc_before = before;
	o->gc_seq = r->arg[0];
	o->gc = after;
	return 1;
}

static int gc_active(struct t2_order *o, const struct t2_rec *r)
{
	bool has_all = step_has_all(&o->m.v[r->m]);

	if (o->first) {
		if (o->gc != T2_GC_UNKNOWN)
			return step_wrong(o, r->c,
					  "the GC is said to be active when it is known already");
		band_gc(o, T_BEFORE, true);
		return gc_unknown(o, r, T2_GC_ON, T2_GC_ON);
	}
	if (o->fresh && o->gc == T2_GC_UNKNOWN)
		return has_all ? gc_unknown(o, r, T2_GC_ON, T2_GC_ON) : -EAGAIN;
	if (r->arg[0] != o->gc_seq + 1)
		return 0;
	if (o->gc != T2_GC_ON || !has_all)
		return step_wrong(o, r->c, "the GC is said to be active when it is not");
	o->gc_seq = r->arg[0];
	return 1;
}

static int gc_begin(struct t2_order *o, const struct t2_rec *r)
{
	bool has_all = step_has_all(&o->m.v[r->m]);

	if (o->gc == T2_GC_UNKNOWN) {
		if (o->fresh && !has_all)
			return -EAGAIN;
		if (no_stack(o, r->arg[1]))
			return NO_STACK;
		band_gc(o, r->t, true);
		return gc_unknown(o, r, T2_GC_OFF, T2_GC_ON);
	}
	if (r->arg[0] != o->gc_seq + 1)
		return 0;
	if (o->gc == T2_GC_ON || !has_all)
		return step_wrong(o, r->c, "the GC begins when it cannot");
	if (no_stack(o, r->arg[1]))
		return NO_STACK;
	o->gc_seq = r->arg[0];
	o->gc = T2_GC_ON;
	band_gc(o, r->t, true);
	return 1;
}

static int gc_end(struct t2_order *o, const struct t2_rec *r)
{
	bool has_all = step_has_all(&o->m.v[r->m]);

	if (o->fresh && o->gc == T2_GC_UNKNOWN) {
		if (!has_all)
			return -EAGAIN;
		band_gc(o, r->t, false);
		return gc_unknown(o, r, T2_GC_ON, T2_GC_OFF);
	}
	if (r->arg[0] != o->gc_seq + 1)
		return 0;
	if (o->gc != T2_GC_ON || !has_all)
		return step_wrong(o, r->c, "the GC ends when it does not run");
	o->gc_seq = r->arg[0];
	o->gc = T2_GC_OFF;
	band_gc(o, r->t, false);
	return 1;
}

/* --- ranges of a goroutine or a processor --- */

static int range_begin(struct t2_order *o, const struct t2_rec *r, struct t2_ranges *v, uint8_t bit)
{
	if (v->open & bit)
		return step_wrong(o, r->c, "a range begins within itself");
	v->open |= bit;
	v->begun |= v->claimed & bit ? 0 : bit;
	return 1;
}

static int range_end(struct t2_order *o, const struct t2_rec *r, struct t2_ranges *v, uint8_t bit)
{
	if (!(v->open & bit))
		return step_wrong(o, r->c, "a range ends that did not begin");
	v->open &= (uint8_t)~bit;
	return 1;
}

/* An Active event: opens the range in the first generation, finds it open later. */
static int range_active(struct t2_order *o, const struct t2_rec *r, struct t2_ranges *v,
			uint8_t bit)
{
	if (o->first)
		return range_begin(o, r, v, bit);
	if (v->open & bit)
		return 1;
	if (!o->fresh || v->begun & bit)
		return step_wrong(o, r->c, "a range is said to be open that did not begin");
	v->open |= bit;
	v->claimed |= bit;
	return 1;
}

static int sweep(struct t2_order *o, const struct t2_rec *r)
{
	const struct t2_m *m = &o->m.v[r->m];
	struct t2_ranges *v;
	uint32_t row;

	if (r->c->type == T2_SWEEP_ACTIVE) {
		row = map64_get(&o->by_pid, r->arg[0]);
		if (row == T2_NONE)
			return step_wrong(o, r->c, "an unknown processor sweeps");
		return range_active(o, r, &o->p.v[row].range, T2_RANGE_SWEEP);
	}
	if (m->p == T2_NONE)
		return step_wrong(o, r->c, "a thread without a processor sweeps");
	v = &o->p.v[m->p].range;
	if (r->c->type == T2_SWEEP_END)
		return range_end(o, r, v, T2_RANGE_SWEEP);
	return no_stack(o, r->arg[0]) ? NO_STACK : range_begin(o, r, v, T2_RANGE_SWEEP);
}

/* The ranges of the thread's own goroutine, or NULL. */
static struct t2_ranges *own_ranges(struct t2_order *o, const struct t2_rec *r)
{
	const struct t2_m *m = &o->m.v[r->m];

	if (!step_has_all(m) || !step_status(o, m->g))
		return NULL;
	return &o->g[m->g].range;
}

static int assist(struct t2_order *o, const struct t2_rec *r)
{
	struct t2_ranges *v;
	uint32_t row;

	if (r->c->type == T2_ASSIST_ACTIVE) {
		row = step_g(o, r->arg[0]);
		if (row == T2_NONE)
			return step_wrong(o, r->c, "an unknown goroutine assists the GC");
		return range_active(o, r, &o->g[row].range, T2_RANGE_ASSIST);
	}
	v = own_ranges(o, r);
	if (!v)
		return step_wrong(o, r->c, "what does not run assists the GC");
	if (r->c->type == T2_ASSIST_END)
		return range_end(o, r, v, T2_RANGE_ASSIST);
	return no_stack(o, r->arg[0]) ? NO_STACK : range_begin(o, r, v, T2_RANGE_ASSIST);
}

static void band_stw(struct t2_order *o, int64_t t, const struct t2_stw *stw, bool begins)
{
	*vec_push(&o->seg->band) = (struct t2_band){ t, stw->id, begins, stw->text };
}

/* A goroutine can stop the world again while it is stopped, if for another reason. */
static int stw_begin(struct t2_order *o, const struct t2_rec *r)
{
	struct t2_ranges *v = own_ranges(o, r);
	uint32_t text = gen_string(o->gen, r->arg[0]);
	struct t2_stw stw;

	if (!v)
		return step_wrong(o, r->c, "the world is stopped by what does not run");
	if (text == UINT32_MAX)
		return NO_STRING;
	if (no_stack(o, r->arg[1]))
		return NO_STACK;
	stw = (struct t2_stw){ o->rest.v[o->m.v[r->m].g].goid, o->gen->string.v[text], text, 0 };
	for (size_t i = 0; i < o->stw.n; i++)
		if (o->stw.v[i].g == stw.g && o->stw.v[i].text.s == stw.text.s &&
		    !(o->gen->cut && !text))
			return step_wrong(o, r->c, "a range begins within itself");
	v->open |= T2_RANGE_STW;
	v->begun |= T2_RANGE_STW;
	*vec_push(&o->stw) = stw;
	band_stw(o, r->t, &stw, true);
	return 1;
}

static int stw_end(struct t2_order *o, const struct t2_rec *r)
{
	struct t2_ranges *v = own_ranges(o, r);
	uint64_t goid;
	size_t i = 0, more = 0;

	if (!v || !(v->open & T2_RANGE_STW))
		return step_wrong(o, r->c, "the world is started by what did not stop it");
	goid = o->rest.v[o->m.v[r->m].g].goid;
	while (i < o->stw.n && o->stw.v[i].g != goid)
		i++;
	if (i == o->stw.n)
		return step_wrong(o, r->c, "the world is started by what did not stop it");
	band_stw(o, r->t, &o->stw.v[i], false);
	memmove(o->stw.v + i, o->stw.v + i + 1, (o->stw.n - i - 1) * sizeof(*o->stw.v));
	o->stw.n--;
	for (i = 0; i < o->stw.n; i++)
		more += o->stw.v[i].g == goid;
	if (!more)
		v->open &= (uint8_t)~T2_RANGE_STW;
	return 1;
}

/* --- what users annotate --- */

static struct t2_task_state *task_state(struct t2_order *o, uint64_t id, bool begins)
{
	uint32_t row = map64_get(&o->task, id);

	if (row == T2_NONE) {
		if (o->fresh)
			*vec_push(&o->claims.task) = (struct t2_claim){ id, 0, begins };
		row = (uint32_t)o->task_state.n;
		map64_put(&o->task, id, row);
		*vec_push(&o->task_state) = (struct t2_task_state){ 0 };
	}
	return &o->task_state.v[row];
}

static int task_begin(struct t2_order *o, const struct t2_rec *r)
{
	uint64_t id = r->arg[0];
	uint32_t name = gen_string(o->gen, r->arg[2]);
	struct t2_task_state *s;

	if (!step_has_all(&o->m.v[r->m]))
		return step_wrong(o, r->c, "a task event is outside of a goroutine");
	if (name == UINT32_MAX)
		return NO_STRING;
	if (no_stack(o, r->arg[3]))
		return NO_STACK;
	s = task_state(o, id, true);
	if (s->active)
		return step_wrong(o, r->c, "task %" PRIu64 " begins twice", id);
	s->active = true;
	s->seg = o->stamp;
	*vec_push(&o->seg->task) = (struct t2_task){ id, r->arg[1], name };
	return 1;
}

static int task_end(struct t2_order *o, const struct t2_rec *r)
{
	struct t2_task_state *s;

	if (!step_has_all(&o->m.v[r->m]))
		return step_wrong(o, r->c, "a task event is outside of a goroutine");
	if (no_stack(o, r->arg[1]))
		return NO_STACK;
	s = task_state(o, r->arg[0], false);
	if (s->seg != o->stamp)
		*vec_push(&o->seg->ended) = (struct t2_task){ r->arg[0], 0, 0 };
	s->active = false;
	s->seg = o->stamp;
	return 1;
}

static int region_end(struct t2_order *o, const struct t2_rec *r, struct t2_g_rest *rest,
		      struct t2_str name)
{
	if (rest->region == T2_NONE) { /* before a fresh order there may have been one */
		if (o->fresh && !rest->born)
			*vec_push(&o->claims.region) =
				(struct t2_region_end){ rest->goid, r->arg[0], name };
		return 1;
	}
	if (!order_region_is(o, rest->region, r->arg[0], name))
		return step_wrong(o, r->c, "a region ends that is not the innermost");
	order_region_pop(o, rest);
	return 1;
}

static int region(struct t2_order *o, const struct t2_rec *r)
{
	const struct t2_m *m = &o->m.v[r->m];
	uint32_t id = gen_string(o->gen, r->arg[1]), top;
	struct t2_g_rest *rest;
	struct t2_str name = { 0 }; /* not known where the table was cut off */

	if (!step_has_all(m) || !step_status(o, m->g))
		return step_wrong(o, r->c, "a region event is outside of a goroutine");
	if (id == UINT32_MAX)
		return NO_STRING;
	if (no_stack(o, r->arg[2]))
		return NO_STACK;
	if (id || !o->gen->cut)
		name = o->gen->string.v[id];
	rest = &o->rest.v[m->g];
	if (r->c->type == T2_REGION_END)
		return region_end(o, r, rest, name);
	top = order_region(o);
	o->region.v[top] = (struct t2_region){ r->arg[0], name, rest->region };
	rest->region = top;
	return 1;
}

static int annotation(struct t2_order *o, const struct t2_rec *r)
{
	if (!step_has_all(&o->m.v[r->m]))
		return step_wrong(o, r->c, "an event is outside of a goroutine");
	switch (r->c->type) {
	case T2_PROCS_CHANGE:
		return no_stack(o, r->arg[1]) ? NO_STACK : 1;
	case T2_GO_LABEL:
		return no_string(o, r->arg[0]) ? NO_STRING : 1;
	default: /* T2_LOG */
		if (no_string(o, r->arg[1]) || no_string(o, r->arg[2]))
			return NO_STRING;
		return no_stack(o, r->arg[3]) ? NO_STACK : 1;
	}
}

int step_range(struct t2_order *o, const struct t2_rec *r)
{
	const struct t2_m *m = &o->m.v[r->m];

	switch (r->c->type) {
	case T2_GC_ACTIVE:
		return gc_active(o, r);
	case T2_GC_BEGIN:
		return gc_begin(o, r);
	case T2_GC_END:
		return gc_end(o, r);
	case T2_SWEEP_ACTIVE:
	case T2_SWEEP_BEGIN:
	case T2_SWEEP_END:
		return sweep(o, r);
	case T2_ASSIST_ACTIVE:
	case T2_ASSIST_BEGIN:
	case T2_ASSIST_END:
		return assist(o, r);
	case T2_STW_BEGIN:
		return stw_begin(o, r);
	case T2_STW_END:
		return stw_end(o, r);
	case T2_TASK_BEGIN:
		return task_begin(o, r);
	case T2_TASK_END:
		return task_end(o, r);
	case T2_REGION_BEGIN:
	case T2_REGION_END:
		return region(o, r);
	case T2_HEAP_ALLOC:
	case T2_HEAP_GOAL:
		return m->p != T2_NONE ? 1 : step_wrong(o, r->c, "a metric is without a processor");
	case T2_PROCS_CHANGE:
	case T2_GO_LABEL:
	case T2_LOG:
		return annotation(o, r);
	default: /* the allocator's */
		return m->id != NO_ID ? 1
				      : step_wrong(o, r->c, "an allocation is without a thread");
	}
}

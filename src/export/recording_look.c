/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at what goroutines wait on, each as a difference to the one before: runs
 * of objects that are as they were, with all that wait on them, and those that
 * are not.
 */
#include <stdlib.h>
#include <string.h>

#include "export/recording_impl.h"

static bool same_object(const struct object *a, const struct object *b)
{
	return a->addr == b->addr && a->owner == b->owner && a->len == b->len && a->cap == b->cap &&
	       a->when == b->when && a->task_period == b->task_period && a->type == b->type &&
	       a->text == b->text && a->fd == b->fd && a->flags == b->flags && a->kind == b->kind &&
	       a->n_waits == b->n_waits && a->n_holds == b->n_holds;
}

static bool same_waits(const struct facts *f, const struct object *a, const struct facts *g,
		       const struct object *b)
{
	for (uint32_t i = 0; i < a->n_waits; i++) {
		const struct wait *x = &f->wait.v[a->first_wait + i],
				  *y = &g->wait.v[b->first_wait + i];

		if (x->goid != y->goid || x->at != y->at || x->op != y->op ||
		    x->select != y->select)
			return false;
	}
	return true;
}

static bool same_holds(const struct facts *f, const struct object *a, const struct facts *g,
		       const struct object *b)
{
	for (uint32_t i = 0; i < a->n_holds; i++) {
		const struct hold *x = &f->hold.v[a->first_hold + i],
				  *y = &g->hold.v[b->first_hold + i];

		if (x->goid != y->goid || x->by != y->by || x->stack != y->stack ||
		    x->op != y->op || x->evidence != y->evidence)
			return false;
	}
	return true;
}

static uint32_t find_before(struct rec_encoder *e, uint64_t addr)
{
	if (!e->look_mapped) {
		map64_clear(&e->look_at);
		for (uint32_t i = 0; i < e->look.object.n; i++)
			map64_put(&e->look_at, e->look.object.v[i].addr, i);
		e->look_mapped = true;
	}
	return map64_get(&e->look_at, addr);
}

/* Index of the same object in the look before, most likely the one that comes next there. */
static uint32_t as_before(struct rec_encoder *e, const struct facts *f, const struct object *o,
			  uint32_t next)
{
	const struct facts *g = &e->look;
	uint32_t i = next;

	if (i >= g->object.n || g->object.v[i].addr != o->addr)
		i = find_before(e, o->addr);
	if (i >= g->object.n || !same_object(o, &g->object.v[i]) ||
	    !same_waits(f, o, g, &g->object.v[i]) || !same_holds(f, o, g, &g->object.v[i]))
		return NO_OBJECT;
	return i;
}

static unsigned fields_of(const struct object *o)
{
	return (o->owner ? REC_HAS_OWNER : 0u) | (o->len ? REC_HAS_LEN : 0u) |
	       (o->cap ? REC_HAS_CAP : 0u) | (o->when != T_NEVER ? REC_HAS_WHEN : 0u) |
	       (o->task_period ? REC_HAS_PERIOD : 0u) | (o->type ? REC_HAS_TYPE : 0u) |
	       (o->text ? REC_HAS_TEXT : 0u) | (o->fd >= 0 ? REC_HAS_FD : 0u);
}

struct look_out {
	struct rec_encoder *e;
	const struct facts *f;
	rec_bytes *out;
	uint64_t addr, goid; /* of the last one told whole */
};

static void put_waits(struct look_out *l, const struct object *o)
{
	for (uint32_t i = 0; i < o->n_waits; i++) {
		const struct wait *x = &l->f->wait.v[o->first_wait + i];

		rec_put_diff(l->out, x->goid, l->goid);
		rec_put(l->out, x->op | (x->select ? (unsigned)REC_OP_FLAG : 0u));
		rec_put(l->out, x->at);
		l->goid = x->goid;
	}
	for (uint32_t i = 0; i < o->n_holds; i++) {
		const struct hold *x = &l->f->hold.v[o->first_hold + i];

		rec_put_diff(l->out, x->goid, l->goid);
		rec_put(l->out, x->op | (x->evidence ? (unsigned)REC_OP_FLAG : 0u));
		rec_put(l->out, rec_string(l->e, x->by));
		rec_put(l->out, rec_stack(l->e, x->stack));
		l->goid = x->goid;
	}
}

static void put_object(struct look_out *l, const struct object *o)
{
	unsigned has = fields_of(o);

	rec_put(l->out, has);
	rec_put(l->out, o->kind);
	rec_put(l->out, o->flags);
	rec_put_diff(l->out, o->addr, l->addr);
	l->addr = o->addr;
	if (has & REC_HAS_OWNER)
		rec_put_diff(l->out, o->owner, o->addr);
	if (has & REC_HAS_LEN)
		rec_put_diff(l->out, (uint64_t)o->len, 0);
	if (has & REC_HAS_CAP)
		rec_put_diff(l->out, (uint64_t)o->cap, 0);
	if (has & REC_HAS_WHEN)
		rec_put_diff(l->out, (uint64_t)o->when, (uint64_t)l->f->time);
	if (has & REC_HAS_PERIOD)
		rec_put(l->out, o->task_period);
	if (has & REC_HAS_TYPE)
		rec_put(l->out, rec_string(l->e, o->type));
	if (has & REC_HAS_TEXT)
		rec_put(l->out, rec_string(l->e, o->text));
	if (has & REC_HAS_FD)
		rec_put(l->out, (uint64_t)o->fd);
	rec_put(l->out, o->n_waits);
	rec_put(l->out, o->n_holds);
	put_waits(l, o);
}

/* A run of objects: n of the look before from first on; first NO_OBJECT: n that are told whole. */
static void put_run(struct look_out *l, uint32_t at, uint32_t n, uint32_t first, uint32_t next)
{
	if (!n)
		return;
	rec_put(l->out, (uint64_t)n << 1 | (first == NO_OBJECT));
	if (first != NO_OBJECT) {
		rec_put_diff(l->out, first, next);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		put_object(l, &l->f->object.v[at + i]);
}

static void put_objects(struct look_out *l, bool key)
{
	uint32_t first = NO_OBJECT, n = 0, next = 0, at = 0;

	for (uint32_t i = 0; i < l->f->object.n; i++) {
		uint32_t was = key ? NO_OBJECT
				   : as_before(l->e, l->f, &l->f->object.v[i],
					       first == NO_OBJECT ? next : first + n);
		bool on = n && (first == NO_OBJECT ? was == NO_OBJECT : was == first + n);

		if (!on) {
			put_run(l, at, n, first, next);
			next = n && first != NO_OBJECT ? first + n : next;
			first = was;
			at = i;
			n = 0;
		}
		n++;
	}
	put_run(l, at, n, first, next);
	rec_put(l->out, 0);
}

/* Only what is compared; the world's own may be gone by the next look. */
static void keep_look(struct rec_encoder *e, const struct facts *f)
{
	struct facts *g = &e->look;

	vec_reserve(&g->object, f->object.n);
	vec_reserve(&g->wait, f->wait.n);
	vec_reserve(&g->hold, f->hold.n);
	g->object.n = f->object.n;
	g->wait.n = f->wait.n;
	g->hold.n = f->hold.n;
	if (g->object.n)
		memcpy(g->object.v, f->object.v, g->object.n * sizeof(*g->object.v));
	if (g->wait.n)
		memcpy(g->wait.v, f->wait.v, g->wait.n * sizeof(*g->wait.v));
	if (g->hold.n)
		memcpy(g->hold.v, f->hold.v, g->hold.n * sizeof(*g->hold.v));
	g->time = f->time;
	e->look_mapped = false;
}

void rec_look_put(struct rec_encoder *e, rec_bytes *out, bool key)
{
	struct look_out l = { .e = e, .f = &e->world->facts, .out = out };

	rec_put(out, facts_flags(l.f));
	rec_put_diff(out, (uint64_t)l.f->time, 0);
	put_objects(&l, key);
	keep_look(e, l.f);
}

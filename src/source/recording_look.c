/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at what goroutines wait on; see export/recording_look.c. */
#include <stdlib.h>
#include <string.h>

#include "source/recording_impl.h"
#include "source/varint.h"

struct look_in {
	const struct rfile *r;
	const struct rfile_group *g;
	const uint8_t *p, *end;
	const struct facts *before;
	struct facts *out;
	int64_t time; /* of the file's clock */
	uint64_t addr, goid;
	bool bad;
};

static uint64_t get(struct look_in *l)
{
	uint64_t v = 0;
	const uint8_t *p = l->bad ? NULL : varint_get(l->p, l->end, &v);

	if (!p) {
		l->bad = true;
		return 0;
	}
	l->p = p;
	return v;
}

static uint64_t get_diff(struct look_in *l, uint64_t before)
{
	return before + rec_unzigzag(get(l));
}

static int64_t bounded(uint64_t v)
{
	int64_t x = (int64_t)v;

	return x > REC_MOST ? REC_MOST : x < -REC_MOST ? -REC_MOST : x;
}

static void get_object(struct look_in *l, struct object *o)
{
	uint64_t has = get(l), v;

	o->kind = l->r->names.v[REC_OBJECTS][get(l) & 255];
	o->flags = (uint16_t)(get(l) & ((1u << OBJECT_FLAGS) - 1));
	o->addr = l->addr = get_diff(l, l->addr);
	o->owner = has & REC_HAS_OWNER ? get_diff(l, o->addr) : 0;
	o->len = has & REC_HAS_LEN ? bounded(get_diff(l, 0)) : 0;
	o->cap = has & REC_HAS_CAP ? bounded(get_diff(l, 0)) : 0;
	o->when = has & REC_HAS_WHEN ? rfile_time(l->r, get_diff(l, (uint64_t)l->time)) : T_NEVER;
	v = has & REC_HAS_PERIOD ? get(l) : 0;
	o->task_period = v > (uint64_t)REC_MOST ? 0 : v;
	o->type = has & REC_HAS_TYPE ? group_string(l->g, get(l)) : 0;
	o->text = has & REC_HAS_TEXT ? group_string(l->g, get(l)) : 0;
	v = has & REC_HAS_FD ? get(l) : UINT64_MAX;
	o->fd = v < INT32_MAX ? (int32_t)v : -1;
}

/* What is told of an object that was told already would never end. */
static struct object *new_object(struct look_in *l, uint64_t addr)
{
	size_t n = l->out->object.n;
	struct object *o = facts_object(l->out, addr);

	if (l->out->object.n == n) {
		l->bad = true;
		return NULL;
	}
	return o;
}

static void get_waits(struct look_in *l, uint64_t addr, uint64_t waits, uint64_t holds)
{
	for (uint64_t i = 0; i < waits && !l->bad; i++) {
		uint64_t goid = l->goid = get_diff(l, l->goid), op = get(l), at = get(l);

		if (!l->bad)
			facts_wait(l->out, goid, addr,
				   (enum wait_op)l->r->names.v[REC_WAITS][op & (REC_OP_FLAG - 1)],
				   op & REC_OP_FLAG, (uint16_t)at);
	}
	for (uint64_t i = 0; i < holds && !l->bad; i++) {
		uint64_t goid = l->goid = get_diff(l, l->goid), op = get(l);
		uint32_t by = group_string(l->g, get(l)), stack = group_stack(l->g, get(l));

		if (!l->bad)
			facts_hold(l->out, goid, addr,
				   (enum hold_op)l->r->names.v[REC_HOLDS][op & (REC_OP_FLAG - 1)],
				   op & REC_OP_FLAG ? EVIDENCE_SEEN : EVIDENCE_INFERRED, by, stack);
	}
}

static void take_new(struct look_in *l)
{
	struct object o = { .when = T_NEVER, .fd = -1 }, *to;
	uint64_t waits, holds;

	get_object(l, &o);
	waits = get(l);
	holds = get(l);
	to = l->bad ? NULL : new_object(l, o.addr);
	if (!to)
		return;
	*to = o;
	get_waits(l, o.addr, waits, holds);
}

static void take_old(struct look_in *l, const struct object *o)
{
	const struct facts *f = l->before;
	struct object *to = new_object(l, o->addr);

	if (!to)
		return;
	*to = *o;
	for (uint32_t i = 0; i < o->n_waits; i++) {
		const struct wait *x = &f->wait.v[o->first_wait + i];

		facts_wait(l->out, x->goid, o->addr, (enum wait_op)x->op, x->select, x->at);
	}
	for (uint32_t i = 0; i < o->n_holds; i++) {
		const struct hold *x = &f->hold.v[o->first_hold + i];

		facts_hold(l->out, x->goid, o->addr, (enum hold_op)x->op,
			   (enum evidence)x->evidence, x->by, x->stack);
	}
}

/* One run of the look before covers all of it, and nothing follows. */
static bool is_same(const struct look_in *l, uint64_t flags)
{
	struct look_in ahead = *l;
	uint64_t run = get(&ahead);

	if (l->before->time == T_BEFORE || flags != facts_flags(l->before))
		return false;
	if (!l->before->object.n)
		return !ahead.bad && !run;
	return run == (uint64_t)l->before->object.n << 1 && !get(&ahead) && !get(&ahead) &&
	       !ahead.bad;
}

static void take_runs(struct look_in *l)
{
	uint64_t next = 0, run;

	while (!l->bad && (run = get(l))) {
		uint64_t n = run >> 1, first;

		if (run & 1) {
			for (; n && !l->bad; n--)
				take_new(l);
			continue;
		}
		first = get_diff(l, next);
		if (first > l->before->object.n || n > l->before->object.n - first) {
			l->bad = true;
			return;
		}
		for (uint64_t i = first; i < first + n && !l->bad; i++)
			take_old(l, &l->before->object.v[i]);
		next = first + n;
	}
}

bool look_read(const struct rfile *r, const struct rfile_group *g, const struct rfile_section *s,
	       const struct facts *before, struct facts *out, bool *same)
{
	struct look_in l = {
		.r = r, .g = g, .p = s->p, .end = s->end, .before = before, .out = out
	};
	uint64_t flags = get(&l);

	l.time = bounded(get_diff(&l, 0));
	facts_clear(out);
	out->time = rfile_time(r, (uint64_t)l.time);
	out->searched = flags & FACTS_SEARCHED;
	out->netpoll = flags & FACTS_NETPOLL;
	out->still = flags & FACTS_STILL;
	*same = is_same(&l, flags);
	if (*same)
		return true;
	take_runs(&l);
	facts_finish(out);
	return !l.bad;
}

bool look_tell(const struct facts *f, bool same, history_sink *sink, void *arg)
{
	struct event ev = { .time = f->time, .kind = EV_FACTS, .m = NO_ID, .p = NO_ID }, two[2];
	bool on;

	ev.value = facts_flags(f) | (same ? FACTS_SAME : 0u);
	on = sink(arg, &ev);
	for (size_t i = 0; i < f->object.n && on && !same; i++) {
		unsigned n = facts_object_events(&f->object.v[i], f->time, two);

		for (unsigned k = 0; k < n && on; k++)
			on = sink(arg, &two[k]);
	}
	for (size_t i = 0; i < f->wait.n && on && !same; i++) {
		const struct wait *x = &f->wait.v[i];

		ev = facts_wait_event(f->time, x->goid, f->object.v[x->object].addr,
				      (enum wait_op)x->op, x->select, x->at);
		on = sink(arg, &ev);
	}
	for (size_t i = 0; i < f->hold.n && on && !same; i++) {
		const struct hold *x = &f->hold.v[i];

		ev = facts_hold_event(f->time, x->goid, f->object.v[x->object].addr,
				      (enum hold_op)x->op, (enum evidence)x->evidence, x->by,
				      x->stack);
		on = sink(arg, &ev);
	}
	ev = (struct event){ .time = f->time, .kind = EV_FACTS_END, .m = NO_ID, .p = NO_ID };
	return on && sink(arg, &ev);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of what goroutines wait on, as reports name it: addresses, kinds, counts, flags. */
#include "export/jsonl_impl.h"

static void write_facts(struct jsonl_writer *wr, const struct event *ev)
{
	struct json *j = &wr->json;

	jsonl_begin(wr, ev->time, 0, "facts");
	if (ev->value & FACTS_SAME)
		jw_bool(j, "same", true);
	if (ev->value & FACTS_SEARCHED)
		jw_bool(j, "searched", true);
	if (ev->value & FACTS_NETPOLL)
		jw_bool(j, "netpoll", true);
	if (ev->value & FACTS_STILL)
		jw_bool(j, "still", true);
	jsonl_end(wr);
}

static void write_object_state(struct jsonl_writer *wr, const struct event *ev)
{
	struct json *j = &wr->json;

	if (ev->value)
		jw_int(j, "len", (int64_t)ev->value);
	if (ev->value2)
		jw_int(j, "cap", (int64_t)ev->value2);
	if (ev->peer)
		jw_addr(j, "owner", ev->peer);
	jsonl_string(wr, "elem", ev->text);
	jsonl_string(wr, "text", ev->text2);
	if (ev->stack)
		jw_uint(j, "fd", ev->stack - 1);
	for (unsigned i = 0; i < OBJECT_FLAGS; i++)
		if (ev->stack2 >> i & 1)
			jw_bool(j, object_flag_name(i), true);
}

static void write_object(struct jsonl_writer *wr, const struct event *ev)
{
	struct json *j = &wr->json;

	jsonl_begin(wr, ev->time, 0, "object");
	jw_addr(j, "addr", ev->object);
	jw_text(j, "kind", object_kind_name((enum object_kind)ev->reason));
	if (ev->state == PART_TIME) {
		jw_int(j, "when_ns", (int64_t)ev->value);
		if (ev->value2)
			jw_uint(j, "period_ns", ev->value2);
	} else {
		write_object_state(wr, ev);
	}
	jsonl_end(wr);
}

static void write_wait(struct jsonl_writer *wr, const struct event *ev)
{
	struct json *j = &wr->json;

	jsonl_begin(wr, ev->time, ev->g, "wait");
	jw_addr(j, "addr", ev->object);
	if (ev->reason)
		jw_text(j, "case", wait_op_name((enum wait_op)ev->reason));
	if (ev->state)
		jw_bool(j, "select", true);
	if (ev->value)
		jw_uint(j, "at", ev->value);
	jsonl_end(wr);
}

static void write_hold(struct jsonl_writer *wr, const struct event *ev)
{
	struct json *j = &wr->json;

	jsonl_begin(wr, ev->time, ev->g, "hold");
	jw_addr(j, "addr", ev->object);
	jw_text(j, "could", hold_op_name((enum hold_op)ev->reason));
	jw_text(j, "evidence", ev->state ? "seen" : "inferred");
	jsonl_string(wr, "text", ev->text);
	jsonl_stack(wr, ev->stack);
	jsonl_end(wr);
}

/* Whether it belongs to a look that is whole up to here. */
static bool is_told(struct jsonl_writer *wr, const struct event *ev)
{
	bool told = wr->look;

	if (ev->kind == EV_FACTS)
		told = wr->look = wr->looked || !(ev->value & FACTS_SAME);
	if (ev->kind != EV_FACTS_END)
		return told;
	wr->looked |= told;
	wr->look = false;
	return told;
}

void jsonl_look_event(struct jsonl_writer *wr, const struct event *ev)
{
	if (!is_told(wr, ev))
		return;
	switch (ev->kind) {
	case EV_FACTS:
		write_facts(wr, ev);
		break;
	case EV_OBJECT:
		write_object(wr, ev);
		break;
	case EV_WAIT:
		write_wait(wr, ev);
		break;
	case EV_HOLD:
		write_hold(wr, ev);
		break;
	case EV_FACTS_END:
		jsonl_begin(wr, ev->time, 0, "facts-end");
		jsonl_end(wr);
		break;
	}
}

/* --- the newest look, where the history does not have it --- */

static bool is_look(void *arg, const struct event *ev)
{
	bool *found = arg;

	*found |= ev->kind == EV_FACTS;
	return !*found;
}

void jsonl_look_owed(struct jsonl_writer *wr, int64_t t0, int64_t t1)
{
	int64_t t = wr->w->facts.time;
	struct history_query q = { .t0 = t, .t1 = t };
	struct history *h = wr->w->history;
	bool found = false;

	if (t == T_BEFORE || t < t0 || t > t1)
		return;
	wr->owed = !h->query(h, &q, is_look, &found) && !found;
}

static void write_objects(struct jsonl_writer *wr, const struct facts *f)
{
	struct event ev[2];

	for (size_t i = 0; i < f->object.n; i++) {
		unsigned n = facts_object_events(&f->object.v[i], f->time, ev);

		for (unsigned k = 0; k < n; k++)
			jsonl_look_event(wr, &ev[k]);
	}
}

static void write_newest(struct jsonl_writer *wr, const struct facts *f)
{
	struct event ev = { .time = f->time, .kind = EV_FACTS, .m = NO_ID, .p = NO_ID };

	ev.value = facts_flags(f);
	jsonl_look_event(wr, &ev);
	write_objects(wr, f);
	for (size_t i = 0; i < f->wait.n; i++) {
		const struct wait *x = &f->wait.v[i];

		ev = facts_wait_event(f->time, x->goid, f->object.v[x->object].addr,
				      (enum wait_op)x->op, x->select, x->at);
		jsonl_look_event(wr, &ev);
	}
	for (size_t i = 0; i < f->hold.n; i++) {
		const struct hold *x = &f->hold.v[i];

		ev = facts_hold_event(f->time, x->goid, f->object.v[x->object].addr,
				      (enum hold_op)x->op, (enum evidence)x->evidence, x->by,
				      x->stack);
		jsonl_look_event(wr, &ev);
	}
	ev = (struct event){ .time = f->time, .kind = EV_FACTS_END };
	jsonl_look_event(wr, &ev);
}

void jsonl_look_due(struct jsonl_writer *wr, int64_t t)
{
	if (!wr->owed || t <= wr->w->facts.time)
		return;
	wr->owed = false;
	write_newest(wr, &wr->w->facts);
}

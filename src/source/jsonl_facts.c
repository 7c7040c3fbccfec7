/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of what goroutines wait on; see export/jsonl_look.c. */
#include <string.h>

#include "source/jsonl_impl.h"

static void read_facts(struct jsonl *j, struct event *ev)
{
	const struct jline *l = &j->line;

	ev->value = (jline_uint(l, K_SEARCHED) ? FACTS_SEARCHED : 0u) |
		    (jline_uint(l, K_NETPOLL) ? FACTS_NETPOLL : 0u) |
		    (jline_uint(l, K_STILL) ? FACTS_STILL : 0u) |
		    (jline_uint(l, K_SAME) ? FACTS_SAME : 0u);
	j->look = j->looked || !(ev->value & FACTS_SAME);
}

static uint32_t read_flags(const struct jline *l)
{
	static const enum jkey key[OBJECT_FLAGS] = {
		K_CLOSED, K_WRITER_WAITS, K_LOCKED,  K_TIMER,	K_GLOBAL,
		K_SHARED, K_SEARCHED,	  K_LISTENS, K_CONTEXT,
	};
	uint32_t flags = 0;

	for (unsigned i = 0; i < OBJECT_FLAGS; i++)
		flags |= (jline_uint(l, key[i]) ? 1u : 0u) << i;
	return flags;
}

static void read_object_state(const struct jline *l, struct world *w, struct event *ev)
{
	uint64_t fd = jline_uint(l, K_FD);

	ev->state = PART_STATE;
	ev->value = (uint64_t)jread_bounded(jline_int(l, K_LEN, 0));
	ev->value2 = (uint64_t)jread_bounded(jline_int(l, K_CAP, 0));
	ev->peer = jline_uint(l, K_OWNER);
	ev->text = jread_string(l, w, K_ELEM);
	ev->text2 = jread_string(l, w, K_TEXT);
	ev->stack = l->has[K_FD] && fd < INT32_MAX ? (uint32_t)fd + 1 : 0;
	ev->stack2 = read_flags(l);
}

static void read_object(const struct jline *l, struct world *w, struct event *ev)
{
	int64_t when = jline_int(l, K_WHEN, T_NEVER);
	char buf[32];
	int kind = object_kind_parse(jread_name(l, K_KIND, buf));

	ev->object = jline_uint(l, K_ADDR);
	ev->reason = kind < 0 ? OBJ_NONE : (uint8_t)kind;
	if (!l->has[K_WHEN]) {
		read_object_state(l, w, ev);
		return;
	}
	ev->state = PART_TIME;
	ev->value = (uint64_t)(when == T_NEVER ? T_NEVER : jread_bounded(when));
	ev->value2 = jline_uint(l, K_PERIOD);
	if (ev->value2 > (uint64_t)JSONL_MOST)
		ev->value2 = 0;
}

static void read_wait(const struct jline *l, struct event *ev)
{
	char buf[32];
	int op = wait_op_parse(jread_name(l, K_CASE, buf));

	ev->object = jline_uint(l, K_ADDR);
	ev->g = jline_uint(l, K_G);
	ev->reason = op < 0 ? OP_NONE : (uint8_t)op;
	ev->state = jline_uint(l, K_SELECT) != 0;
	ev->value = jline_uint(l, K_AT) & UINT16_MAX;
}

static void read_hold(struct jsonl *j, struct world *w, struct event *ev)
{
	const struct jline *l = &j->line;
	char buf[32];
	int op = hold_op_parse(jread_name(l, K_COULD, buf));

	ev->object = jline_uint(l, K_ADDR);
	ev->g = jline_uint(l, K_G);
	ev->reason = op < 0 ? HOLD_REF : (uint8_t)op;
	ev->state = !strcmp(jread_name(l, K_EVIDENCE, buf), "seen");
	ev->text = jread_string(l, w, K_TEXT);
	ev->stack = jread_stack(j, w, K_STACK_ID, K_STACK);
}

bool jread_look(struct jsonl *j, struct world *w, struct event *ev)
{
	bool told;

	if (ev->kind == EV_FACTS)
		read_facts(j, ev);
	told = j->look;
	if (!told)
		return false;
	switch (ev->kind) {
	case EV_OBJECT:
		read_object(&j->line, w, ev);
		break;
	case EV_WAIT:
		read_wait(&j->line, ev);
		break;
	case EV_HOLD:
		read_hold(j, w, ev);
		break;
	case EV_FACTS_END:
		j->looked = true;
		j->look = false;
		break;
	}
	return true;
}

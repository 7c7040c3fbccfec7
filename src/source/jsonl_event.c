/* SPDX-License-Identifier: Apache-2.0 */
/* From a line to an event of the model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/jsonl_impl.h"

enum jsonl_step jread_bad(struct jsonl *j, const char *why)
{
	snprintf(j->why, sizeof(j->why), "%s", why);
	return JSONL_BAD;
}

int64_t jread_bounded(int64_t v)
{
	return v > JSONL_MOST ? JSONL_MOST : v < -JSONL_MOST ? -JSONL_MOST : v;
}

const char *jread_name(const struct jline *l, enum jkey k, char buf[32])
{
	struct jtext t = jline_text(l, k);
	size_t n = t.n < 31 ? t.n : 31;

	memcpy(buf, t.s, n);
	buf[n] = '\0';
	return buf;
}

uint32_t jread_string(const struct jline *l, struct world *w, enum jkey k)
{
	return l->has[k] ? strtab_put(&w->strings, l->v[k].text.s, l->v[k].text.n) : 0;
}

/* --- stacks --- */

static bool is_key(struct jtext t, const char *name)
{
	return t.n == strlen(name) && !memcmp(t.s, name, t.n);
}

static bool frame_string(struct jsonl *j, struct world *w, struct jlex *x, uint32_t *out)
{
	struct jtext t;
	size_t n = 0;

	if (!jlex_string(x, &t))
		return false;
	if (t.escaped) {
		vec_reserve(&j->name, t.n);
		n = jtext_decode(t, j->name.v);
	}
	if (n == SIZE_MAX)
		return false;
	*out = t.escaped ? strtab_put(&w->strings, j->name.v, n)
			 : strtab_put(&w->strings, t.s, t.n);
	return true;
}

static bool frame_member(struct jsonl *j, struct world *w, struct jlex *x, struct frame *f)
{
	struct jtext key;
	uint64_t line;
	bool inlined;

	if (!jlex_key(x, &key))
		return false;
	if (is_key(key, "pc"))
		return jlex_uint(x, &f->pc);
	if (is_key(key, "function"))
		return frame_string(j, w, x, &f->func);
	if (is_key(key, "file"))
		return frame_string(j, w, x, &f->file);
	if (is_key(key, "line")) {
		if (!jlex_uint(x, &line))
			return false;
		f->line = line > UINT32_MAX ? 0 : (uint32_t)line;
		return true;
	}
	if (!is_key(key, "inlined"))
		return jlex_skip(x);
	if (!jlex_bool(x, &inlined))
		return false;
	f->flags = inlined ? FRAME_INLINED : 0;
	return true;
}

/* All that is well formed; what follows in a list that is not is left out. */
static uint32_t read_frames(struct jsonl *j, struct world *w, struct jtext list)
{
	struct jlex x = { .p = list.s, .end = list.s + list.n };

	j->frame.n = 0;
	for (bool more = jlex_first(&x, '[', ']'); more; more = jlex_more(&x, ']')) {
		struct frame f = { 0 };

		for (bool in = jlex_first(&x, '{', '}'); in; in = jlex_more(&x, '}'))
			if (!frame_member(j, w, &x, &f))
				break;
		if (x.why)
			break;
		*vec_push(&j->frame) = f;
	}
	return stacktab_put(&w->stacks, j->frame.v, j->frame.n);
}

uint32_t jread_stack(struct jsonl *j, struct world *w, enum jkey id, enum jkey list)
{
	const struct jline *l = &j->line;
	uint32_t stack;

	if (!l->has[id])
		return 0;
	stack = map64_get(&j->stack, l->v[id].u);
	if (stack != UINT32_MAX)
		return stack;
	if (!l->has[list]) {
		j->stackless = j->stackless ? j->stackless : j->number;
		return 0;
	}
	stack = read_frames(j, w, l->v[list].text);
	map64_put(&j->stack, l->v[id].u, stack);
	return stack;
}

/* --- events --- */

static uint8_t read_reason(const struct jline *l, uint8_t kind)
{
	char buf[32];
	int r;

	if (!l->has[K_REASON])
		return kind == EV_SYSCALL ? R_SYSCALL : R_NONE;
	r = reason_parse(jread_name(l, K_REASON, buf));
	return r < 0 ? R_OTHER : (uint8_t)r;
}

static uint8_t read_state(const struct jline *l, uint8_t kind)
{
	char buf[32];
	int s;

	if (!l->has[K_STATE])
		return kind == EV_CREATE	 ? GS_RUNNABLE
		       : kind == EV_SYSCALL_EXIT ? GS_RUNNING
						 : GS_NONE;
	s = gstate_parse(jread_name(l, K_STATE, buf));
	return s < 0 ? GS_NONE : (uint8_t)s;
}

static uint8_t read_flags(const struct jline *l)
{
	return (uint8_t)((jline_uint(l, K_SAMPLED) ? EVF_SAMPLED : 0) |
			 (jline_uint(l, K_LEARNT) ? EVF_STATUS : 0) |
			 (l->has[K_SCOPE] ? EVF_SCOPE_G : 0));
}

static void read_event(struct jsonl *j, struct world *w, struct event *ev)
{
	const struct jline *l = &j->line;

	ev->g = jline_uint(l, K_G);
	ev->peer = jline_uint(l, K_BY);
	ev->object = jline_uint(l, l->has[K_ADDR] ? K_ADDR : l->has[K_OBJECT] ? K_OBJECT : K_TASK);
	ev->value = jline_uint(l, l->has[K_VALUE] ? K_VALUE : K_PARENT);
	ev->value2 = jline_uint(l, K_VALUE2);
	ev->m = l->has[K_M] ? l->v[K_M].u : NO_ID;
	ev->p = l->has[K_P] ? l->v[K_P].u : NO_ID;
	ev->text = jread_string(l, w, K_TEXT);
	ev->text2 = jread_string(l, w, K_TEXT2);
	ev->stack = jread_stack(j, w, K_STACK_ID, K_STACK);
	ev->stack2 = jread_stack(j, w, K_START_ID, K_START);
	ev->reason = read_reason(l, ev->kind);
	ev->state = read_state(l, ev->kind);
	ev->flags = read_flags(l);
	/* what the model reckons with */
	if (ev->kind == EV_STATUS && ev->value2 > (uint64_t)JSONL_MOST)
		ev->value2 = 0;
	if (ev->kind == EV_THREAD && ev->value > INT32_MAX)
		ev->value = 0;
}

static enum jsonl_step tell(struct jsonl *j, struct world *w, enum event_kind kind)
{
	struct event ev = { .kind = (uint8_t)kind, .m = NO_ID, .p = NO_ID };

	ev.time = jline_int(&j->line, K_TIME, 0);

	if (kind < EV_FACTS || kind > EV_FACTS_END)
		read_event(j, w, &ev);
	else if (!jread_look(j, w, &ev))
		return JSONL_ON;
	world_apply(w, &ev);
	evlog_append(j->log, &ev);
	return kind == EV_SYNC ? JSONL_LOOK : JSONL_ON; /* which ends a pass of a live session */
}

enum jsonl_step jread_apply(struct jsonl *j, struct world *w)
{
	const struct jline *l = &j->line;
	struct jtext type = jline_text(l, K_TYPE), phase = jline_text(l, K_PHASE);
	enum event_kind kind = event_of_type(type.s, type.n, phase.s, phase.n);
	enum jsonl_step step = JSONL_ON;

	if (!l->has[K_TYPE] || !l->has[K_TIME])
		return jread_bad(j, l->has[K_TYPE] ? "it has no time, ts_ns" : "it has no type");
	if (jread_bounded(jline_int(l, K_TIME, 0)) != jline_int(l, K_TIME, 0))
		return jread_bad(j, "its time is beyond reason");
	if (jline_int(l, K_TIME, 0) > j->last)
		j->last = jline_int(l, K_TIME, 0);
	if (is_key(type, "session"))
		step = jread_session(j, w);
	else if (is_key(type, "end"))
		jread_end(j, w);
	else if (is_key(type, "load"))
		jread_load(j, w);
	else if (kind != EV_NONE)
		step = tell(j, w, kind);
	else
		j->unknown = j->unknown ? j->unknown : j->number;
	j->told += step >= 0 && (kind != EV_NONE || j->session);
	return step;
}

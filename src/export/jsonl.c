/* SPDX-License-Identifier: Apache-2.0 */
#include "export/jsonl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export/jsonl_impl.h"

static void write_time(struct json *j, int64_t t)
{
	uint64_t abs = t < 0 ? -(uint64_t)t : (uint64_t)t;
	char buf[48];

	snprintf(buf, sizeof(buf), "%s%" PRIu64 ".%09" PRIu64 "s", t < 0 ? "-" : "",
		 abs / 1000000000, abs % 1000000000);
	jw_text(j, "ts", buf);
	jw_int(j, "ts_ns", t);
}

void jsonl_string(struct jsonl_writer *wr, const char *key, uint32_t id)
{
	if (id || !key)
		jw_str(&wr->json, key, strtab_get(&wr->w->strings, id),
		       strtab_len(&wr->w->strings, id));
}

static void write_frame(struct jsonl_writer *wr, const struct frame *f)
{
	jsonl_string(wr, "file", f->file);
	if (f->line)
		jw_uint(&wr->json, "line", f->line);
	jsonl_string(wr, "function", f->func);
}

/* In the file stacks have numbers of their own, by first appearance: so any reader writes the same. */
static uint32_t stack_number(struct jsonl_writer *wr, uint32_t stack, bool *first)
{
	while (wr->number.n <= stack)
		*vec_push(&wr->number) = 0;
	*first = !wr->number.v[stack];
	if (*first)
		wr->number.v[stack] = ++wr->n_stacks;
	return wr->number.v[stack];
}

static void write_frames(struct jsonl_writer *wr, const char *key, uint32_t stack)
{
	const struct frame *f;

	jw_array(&wr->json, key);
	for (uint32_t i = 0; (f = stacktab_frame(&wr->w->stacks, stack, i)); i++) {
		jw_object(&wr->json, NULL);
		if (f->pc)
			jw_uint(&wr->json, "pc", f->pc);
		write_frame(wr, f);
		if (f->flags & FRAME_INLINED)
			jw_bool(&wr->json, "inlined", true);
		jw_end(&wr->json, '}');
	}
	jw_end(&wr->json, ']');
}

static void write_stack(struct jsonl_writer *wr, const char *id_key, const char *key,
			uint32_t stack)
{
	bool first;

	if (!stack)
		return;
	jw_uint(&wr->json, id_key, stack_number(wr, stack, &first));
	if (first)
		write_frames(wr, key, stack);
}

static void write_place(struct jsonl_writer *wr, uint32_t stack)
{
	const struct frame *f = stacktab_frame(&wr->w->stacks, stack, 0);

	if (!f)
		return;
	if (f->pc)
		jw_uint(&wr->json, "pc", f->pc);
	jw_object(&wr->json, "source");
	write_frame(wr, f);
	jw_end(&wr->json, '}');
}

static void write_numbers(struct jsonl_writer *wr, const struct event *ev)
{
	struct json *j = &wr->json;

	if (ev->object && ev->kind == EV_BLOCK)
		jw_addr(j, "addr", ev->object);
	else if (ev->object)
		jw_uint(j, ev->kind >= EV_TASK_BEGIN && ev->kind <= EV_LOG ? "task" : "object",
			ev->object);
	if (ev->value || ev->kind == EV_METRIC || ev->kind == EV_LOST)
		jw_uint(j, ev->kind == EV_TASK_BEGIN ? "parent" : "value", ev->value);
	if (ev->value2)
		jw_uint(j, "value2", ev->value2);
	if (ev->m != NO_ID)
		jw_uint(j, "m", ev->m);
	if (ev->p != NO_ID)
		jw_uint(j, "p", ev->p);
	if (ev->flags & EVF_SAMPLED)
		jw_bool(j, "sampled", true);
	if (ev->flags & EVF_STATUS)
		jw_bool(j, "learnt", true);
	if (ev->flags & EVF_SCOPE_G)
		jw_text(j, "scope", "goroutine");
}

static bool has_state(const struct event *ev)
{
	return ev->state &&
	       (ev->kind == EV_STATUS || ev->kind == EV_CREATE || ev->kind == EV_SYSCALL_EXIT ||
		ev->kind == EV_PROC || ev->kind == EV_THREAD);
}

void jsonl_stack(struct jsonl_writer *wr, uint32_t stack)
{
	write_place(wr, stack);
	write_stack(wr, "stack_id", "stack", stack);
}

void jsonl_begin(struct jsonl_writer *wr, int64_t t, uint64_t g, const char *type)
{
	jw_object(&wr->json, NULL);
	write_time(&wr->json, t);
	if (g)
		jw_uint(&wr->json, "g", g);
	jw_text(&wr->json, "type", type);
}

void jsonl_end(struct jsonl_writer *wr)
{
	jw_end(&wr->json, '}');
	jw_line(&wr->json);
}

static void write_plain(struct jsonl_writer *wr, const struct event *ev)
{
	struct json *j = &wr->json;
	const char *phase, *type = event_type((enum event_kind)ev->kind, &phase);

	if (!type)
		return;
	jsonl_begin(wr, ev->time, ev->g, type);
	if (phase)
		jw_text(j, "phase", phase);
	if (ev->reason && (ev->kind != EV_SYSCALL || ev->reason != R_SYSCALL))
		jw_text(j, "reason", reason_name(ev->reason));
	if (has_state(ev))
		jw_text(j, "state", gstate_name(ev->state));
	if (ev->peer)
		jw_uint(j, "by", ev->peer);
	jsonl_string(wr, "text", ev->text);
	jsonl_string(wr, "text2", ev->text2);
	write_numbers(wr, ev);
	jsonl_stack(wr, ev->stack);
	write_stack(wr, "start_id", "start", ev->stack2);
	jsonl_end(wr);
}

static bool write_event(void *arg, const struct event *ev)
{
	struct jsonl_writer *wr = arg;

	jsonl_look_due(wr, ev->time);
	if (ev->kind >= EV_FACTS && ev->kind <= EV_FACTS_END)
		jsonl_look_event(wr, ev);
	else
		write_plain(wr, ev);
	return !ferror_unlocked(wr->json.out);
}

/* --- the first line and the last --- */

static void write_session(struct jsonl_writer *wr)
{
	const struct world *w = wr->w;
	struct json *j = &wr->json;

	jsonl_begin(wr, 0, 0, "session");
	jw_text(j, "schema", JSONL_SCHEMA);
	jsonl_string(wr, "kind", w->source_kind);
	jsonl_string(wr, "exe", w->source_name);
	jsonl_string(wr, "go", w->go_version);
	if (w->wall_ns)
		jw_int(j, "wall_ns", w->wall_ns);
	if (w->time_base)
		jw_int(j, "base_ns", w->time_base);
	if (w->live.pid) {
		jw_int(j, "pid", w->live.pid);
		jw_bool(j, "stripped", w->live.stripped);
		jsonl_string(wr, "symbols", w->live.symbols);
		jsonl_string(wr, "note", w->live.note);
	}
	jsonl_end(wr);
}

static void write_live(struct jsonl_writer *wr)
{
	const struct live *l = &wr->w->live;
	struct json *j = &wr->json;

	jw_text(j, "status", live_state_name(l->state));
	jw_uint(j, "passes", l->passes);
	jw_uint(j, "created", l->created);
	jw_uint(j, "thrown", l->thrown);
	jw_uint(j, "unsteady", l->unsteady);
	if (l->sample_hz)
		jw_uint(j, "sample_hz", l->sample_hz);
	if (l->samples_runtime)
		jw_uint(j, "samples_runtime", l->samples_runtime);
	jw_uint(j, "threads", l->threads);
	jw_uint(j, "procs", l->procs);
}

static void write_end(struct jsonl_writer *wr)
{
	const struct world *w = wr->w;

	jsonl_begin(wr, w->t_end, 0, "end");
	if (w->live.pid)
		write_live(wr);
	jsonl_string(wr, "ended", w->live.ended);
	if (w->warning.n) {
		jw_array(&wr->json, "warnings");
		for (size_t i = 0; i < w->warning.n; i++)
			jsonl_string(wr, NULL, w->warning.v[i]);
		jw_end(&wr->json, ']');
	}
	jsonl_end(wr);
}

int jsonl_export(struct world *w, int64_t t0, int64_t t1, FILE *out)
{
	struct jsonl_writer wr = { .json = { .out = out }, .w = w };
	struct history_query q = { .t0 = t0, .t1 = t1 };
	bool whole = t0 == T_BEFORE && t1 == T_NEVER;
	int rc;

	if (!w->history)
		return -ENODATA;
	jsonl_look_owed(&wr, t0, t1);
	if (whole)
		write_session(&wr);
	rc = w->history->query(w->history, &q, write_event, &wr);
	jsonl_look_due(&wr, T_NEVER);
	if (whole && !rc) {
		jsonl_loads(&wr);
		write_end(&wr);
	}
	vec_free(&wr.number);
	if (!rc && (fflush(out) || ferror(out)))
		rc = -(errno ? errno : EIO);
	return rc;
}

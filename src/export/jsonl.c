/* SPDX-License-Identifier: Apache-2.0 */
#include "export/jsonl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export/json.h"

struct writer {
	struct json json;
	const struct world *w;
	uint8_t *stack_seen;
	size_t n_seen;
};

static const struct {
	const char *type;
	const char *phase; /* NULL: none */
} types[EV_N] = {
	[EV_CREATE] = { "create", NULL },
	[EV_STATUS] = { "status", NULL },
	[EV_RUN] = { "run", NULL },
	[EV_BLOCK] = { "block", NULL },
	[EV_UNBLOCK] = { "unblock", NULL },
	[EV_PREEMPT] = { "preempt", NULL },
	[EV_SYSCALL] = { "syscall", NULL },
	[EV_SYSCALL_EXIT] = { "syscall-exit", NULL },
	[EV_DEAD] = { "dead", NULL },
	[EV_SAMPLE] = { "sample", NULL },
	[EV_RANGE_BEGIN] = { "gc", "begin" },
	[EV_RANGE_END] = { "gc", "end" },
	[EV_RANGE_ACTIVE] = { "gc", "active" },
	[EV_TASK_BEGIN] = { "task", "begin" },
	[EV_TASK_END] = { "task", "end" },
	[EV_REGION_BEGIN] = { "region", "begin" },
	[EV_REGION_END] = { "region", "end" },
	[EV_LOG] = { "log", NULL },
	[EV_LABEL] = { "label", NULL },
	[EV_METRIC] = { "metric", NULL },
	[EV_PROC] = { "proc", NULL },
	[EV_ALLOC] = { "alloc", NULL },
	[EV_LOST] = { "lost", NULL },
	[EV_SYNC] = { "sync", NULL },
	[EV_ORIGIN] = { "origin", NULL },
	[EV_THREAD] = { "thread", NULL },
};

static void write_time(struct json *j, int64_t t)
{
	uint64_t abs = t < 0 ? -(uint64_t)t : (uint64_t)t;
	char buf[48];

	snprintf(buf, sizeof(buf), "%s%" PRIu64 ".%09" PRIu64 "s", t < 0 ? "-" : "",
		 abs / 1000000000, abs % 1000000000);
	jw_text(j, "ts", buf);
	jw_int(j, "ts_ns", t);
}

static void write_string(struct writer *wr, const char *key, uint32_t id)
{
	if (id)
		jw_str(&wr->json, key, strtab_get(&wr->w->strings, id),
		       strtab_len(&wr->w->strings, id));
}

static void write_frame(struct writer *wr, const struct frame *f)
{
	write_string(wr, "file", f->file);
	if (f->line)
		jw_uint(&wr->json, "line", f->line);
	write_string(wr, "function", f->func);
}

static bool first_sight(struct writer *wr, uint32_t stack)
{
	bool seen;

	if (stack >= wr->n_seen) {
		size_t n =
			wr->w->stacks.stack.n > stack ? wr->w->stacks.stack.n : (size_t)stack + 1;

		wr->stack_seen = xrealloc(wr->stack_seen, n, 1);
		memset(wr->stack_seen + wr->n_seen, 0, n - wr->n_seen);
		wr->n_seen = n;
	}
	seen = wr->stack_seen[stack];
	wr->stack_seen[stack] = 1;
	return !seen;
}

static void write_frames(struct writer *wr, const char *key, uint32_t stack)
{
	const struct frame *f;

	jw_array(&wr->json, key);
	for (uint32_t i = 0; (f = stacktab_frame(&wr->w->stacks, stack, i)); i++) {
		jw_object(&wr->json, NULL);
		if (f->pc)
			jw_uint(&wr->json, "pc", f->pc);
		write_frame(wr, f);
		jw_end(&wr->json, '}');
	}
	jw_end(&wr->json, ']');
}

static void write_stack(struct writer *wr, const char *id_key, const char *key, uint32_t stack)
{
	if (!stack)
		return;
	jw_uint(&wr->json, id_key, stack);
	if (first_sight(wr, stack))
		write_frames(wr, key, stack);
}

static void write_place(struct writer *wr, uint32_t stack)
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

static void write_numbers(struct writer *wr, const struct event *ev)
{
	struct json *j = &wr->json;

	if (ev->object)
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
}

static bool has_state(const struct event *ev)
{
	return ev->state &&
	       (ev->kind == EV_STATUS || ev->kind == EV_CREATE || ev->kind == EV_SYSCALL_EXIT ||
		ev->kind == EV_PROC || ev->kind == EV_THREAD);
}

static bool write_event(void *arg, const struct event *ev)
{
	struct writer *wr = arg;
	struct json *j = &wr->json;

	if (ev->kind >= EV_N || !types[ev->kind].type)
		return true;
	jw_object(j, NULL);
	write_time(j, ev->time);
	if (ev->g)
		jw_uint(j, "g", ev->g);
	jw_text(j, "type", types[ev->kind].type);
	if (types[ev->kind].phase)
		jw_text(j, "phase", types[ev->kind].phase);
	if (ev->reason && ev->kind != EV_SYSCALL)
		jw_text(j, "reason", reason_name(ev->reason));
	if (has_state(ev))
		jw_text(j, "state", gstate_name(ev->state));
	if (ev->peer)
		jw_uint(j, "by", ev->peer);
	write_string(wr, "text", ev->text);
	write_string(wr, "text2", ev->text2);
	write_numbers(wr, ev);
	write_place(wr, ev->stack);
	write_stack(wr, "stack_id", "stack", ev->stack);
	write_stack(wr, "start_id", "start", ev->stack2);
	jw_end(j, '}');
	jw_line(j);
	return !ferror_unlocked(j->out);
}

int jsonl_export(struct world *w, int64_t t0, int64_t t1, FILE *out)
{
	struct writer wr = { .json = { .out = out }, .w = w };
	struct history_query q = { .t0 = t0, .t1 = t1 };
	int rc = w->history ? w->history->query(w->history, &q, write_event, &wr) : -ENODATA;

	free(wr.stack_seen);
	if (!rc && (fflush(out) || ferror(out)))
		rc = -(errno ? errno : EIO);
	return rc;
}

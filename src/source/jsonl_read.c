/* SPDX-License-Identifier: Apache-2.0 */
#include "source/jsonl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "source/jsonl_impl.h"

enum {
	HEAD = 64 << 10, /* so many bytes say what kind of file it is, and when it ends */
	LINE_MOST = 64 << 20,
	CLOCK_EVERY = 64, /* lines between two looks at the clock */
};

/* What detectors know is of the last minute or two. */
static const int64_t LOOKS_NS = 150ll * 1000 * 1000 * 1000;

static const char time_key[] = "\"ts_ns\"";

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

bool jsonl_known(const struct input *in)
{
	size_t i = 0, n = in->size < HEAD ? in->size : HEAD;

	while (i < n && strchr(" \t\r\n", in->data[i]) && in->data[i])
		i++;
	return i < n && in->data[i] == '{' &&
	       memmem(in->data, n, time_key, sizeof(time_key) - 1) != NULL;
}

/* The time in the file's last lines; a hint. */
static int64_t last_time(const struct jsonl *j)
{
	size_t n = (size_t)(j->end - j->begin);
	const char *p = n > HEAD ? j->end - HEAD : j->begin, *at;
	int64_t t = T_NEVER;

	while ((at = memmem(p, (size_t)(j->end - p), time_key, sizeof(time_key) - 1))) {
		struct jlex x = { .p = at + sizeof(time_key) - 1, .end = j->end };
		int64_t v;

		if (jlex_take(&x, ':') && jlex_int(&x, &v))
			t = jread_bounded(v);
		p = at + sizeof(time_key) - 1;
	}
	return t;
}

static bool is_blank(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strchr(" \t\r\n", p[i]) || !p[i])
			return false;
	return true;
}

/* Takes one line, or none where it is bad. */
static enum jsonl_step one_line(struct jsonl *j, struct world *w)
{
	const char *nl = memchr(j->p, '\n', (size_t)(j->end - j->p));
	size_t n = (size_t)((nl ? nl : j->end) - j->p);
	enum jsonl_step step = JSONL_ON;
	const char *why;

	j->number++;
	if (n > LINE_MOST)
		return jread_bad(j, "it is longer than 64 MB");
	if (!is_blank(j->p, n)) {
		why = jline_parse(&j->line, j->p, n);
		step = why ? jread_bad(j, why) : jread_apply(j, w);
	}
	if (step != JSONL_BAD)
		j->p = nl ? nl + 1 : j->end;
	return step;
}

/* --- what to say at the end --- */

static void warn_damage(const struct jsonl *j, struct world *w)
{
	if (*j->why && !memchr(j->p, '\n', (size_t)(j->end - j->p)))
		world_warn(w,
			   "the file is cut short in line %" PRIu64 ": %s; all before it is shown",
			   j->number, j->why);
	else if (*j->why)
		world_warn(w, "line %" PRIu64 " is damaged: %s; all before it is shown", j->number,
			   j->why);
	else if (j->session && !j->ended)
		world_warn(w,
			   "the file is cut short after line %" PRIu64
			   ": the line that ends it is missing",
			   j->number);
}

static void warn_oddities(const struct jsonl *j, struct world *w)
{
	if (j->unknown)
		world_warn(w,
			   "lines of a type that is not known here were left out, line %" PRIu64
			   " first",
			   j->unknown);
	if (j->stackless)
		world_warn(w,
			   "some stacks are missing: line %" PRIu64
			   " names one that no line before it tells",
			   j->stackless);
}

static int finish(struct jsonl *j, struct world *w, struct err *err)
{
	if (!j->told && !j->cancelled)
		return err_set(err, -EBADMSG, EXIT_BADFILE,
			       "%s holds no event: line %" PRIu64 ": %s",
			       strtab_get(&w->strings, w->source_name), j->number,
			       *j->why ? j->why : "it is of no known type");
	if (w->open.n_events)
		world_close_segment(w);
	if (j->cancelled) {
		world_warn(w, "loading was stopped; what was read is shown");
	} else {
		warn_damage(j, w);
		warn_oddities(j, w);
	}
	w->progress.bytes = w->progress.total;
	w->progress.skim = false;
	return SOURCE_WHOLE;
}

/* --- the source --- */

static int jsonl_drain(struct source *s, struct world *w, int64_t budget_ns, struct err *err)
{
	struct jsonl *j = (struct jsonl *)s;
	int64_t until = now_ns() + budget_ns;
	enum jsonl_step step = JSONL_ON;

	w->history = evlog_history(j->log);
	while (j->p < j->end && !j->cancelled) {
		step = one_line(j, w);
		w->progress.skim = j->last < j->look_from;
		if (step == JSONL_BAD)
			break;
		if (step == JSONL_LOOK && w->live.pid && !w->progress.skim && j->p < j->end)
			break;
		if (j->number % CLOCK_EVERY == 0 && now_ns() > until)
			break;
	}
	w->progress.bytes = (uint64_t)(j->p - j->begin);
	if (step != JSONL_BAD && j->p < j->end && !j->cancelled)
		return SOURCE_MORE;
	return finish(j, w, err);
}

/* There is no work() on another thread: what is left is up to drain(). */
static void jsonl_cancel(struct source *s)
{
	((struct jsonl *)s)->cancelled = true;
}

static void jsonl_close(struct source *s)
{
	struct jsonl *j = (struct jsonl *)s;

	jline_release(&j->line);
	map64_free(&j->stack);
	vec_free(&j->frame);
	vec_free(&j->name);
	evlog_free(j->log);
	free(j);
}

static const struct source_ops jsonl_ops = {
	.kind = "events",
	.drain = jsonl_drain,
	.cancel = jsonl_cancel,
	.close = jsonl_close,
};

struct source *jsonl_open(const struct input *in)
{
	struct jsonl *j = xcalloc(1, sizeof(*j));
	int64_t last;

	j->src.ops = &jsonl_ops;
	j->begin = j->p = (const char *)in->data;
	j->end = j->begin + in->size;
	jline_init(&j->line);
	j->log = evlog_new(SIZE_MAX);
	last = last_time(j);
	j->look_from = last == T_NEVER ? T_NEVER : last - LOOKS_NS;
	return &j->src;
}

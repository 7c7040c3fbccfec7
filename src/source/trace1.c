/* SPDX-License-Identifier: Apache-2.0 */
#include "source/trace1.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "source/trace1_impl.h"

/* --- the source --- */

static void trace1_work(struct source *s)
{
	struct trace1 *t = (struct trace1 *)s;
	bool mine;

	pthread_mutex_lock(&t->lock);
	mine = !t->taken;
	t->taken = true;
	pthread_mutex_unlock(&t->lock);
	if (!mine)
		return;
	scan_run(&t->scan, &t->cancel, &t->scanned);
	t1_order_start(t);
	atomic_store(&t->ready, true);
	t1_order_run(t);
	atomic_store(&t->over, true);
	if (t->src.notify)
		t->src.notify(t->src.notify_arg);
}

void t1_segment_free(struct t1_segment *s)
{
	vec_free(&s->g);
	vec_free(&s->band);
	vec_free(&s->task);
	vec_free(&s->message);
	vec_free(&s->snap);
	vec_free(&s->adopted);
	vec_free(&s->exception);
	free(s);
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static struct t1_segment *take_segment(struct trace1 *t)
{
	struct t1_segment *s;

	pthread_mutex_lock(&t->lock);
	s = t->head;
	if (s) {
		t->head = s->next;
		if (!t->head)
			t->tail = &t->head;
		s->next = NULL;
	}
	pthread_mutex_unlock(&t->lock);
	return s;
}

static int finish(struct trace1 *t, struct world *w, struct err *err)
{
	const struct err *why = t->scan.damage.rc ? &t->scan.damage : &t->why;

	if (atomic_load(&t->cancel)) {
		world_warn(w, "loading was stopped; what was read is shown");
		return SOURCE_WHOLE;
	}
	if (!w->seg.n)
		return err_set(err, -EBADMSG, EXIT_BADFILE,
			       "%s holds no event of a Go execution trace: %s",
			       strtab_get(&w->strings, w->source_name),
			       why->rc ? why->text : "there is nothing after its header");
	if (t->why.rc)
		world_warn(w, "the trace is damaged: %s; all before that is shown", t->why.text);
	if (t->scan.damage.rc)
		world_warn(w, "the trace is cut short or damaged: %s; all before that is shown",
			   t->scan.damage.text);
	if (t->adopted)
		world_warn(w, "C threads called Go here; a trace of this format does not tell "
			      "where their goroutines come from");
	w->progress.bytes = w->progress.total;
	return SOURCE_WHOLE;
}

static int trace1_drain(struct source *s, struct world *w, int64_t budget_ns, struct err *err)
{
	struct trace1 *t = (struct trace1 *)s;
	int64_t until = now_ns() + budget_ns;
	bool over = atomic_load(&t->over);
	struct t1_segment *seg;

	w->history = &t->src.history;
	if (!atomic_load(&t->ready)) {
		w->progress.bytes = atomic_load(&t->scanned) / 2;
		return SOURCE_MORE;
	}
	if (!t->interned)
		t1_intern(t, w);
	while ((seg = take_segment(t))) {
		t1_segment_merge(t, w, seg);
		if (now_ns() > until) {
			if (t->src.notify)
				t->src.notify(t->src.notify_arg);
			return SOURCE_MORE;
		}
	}
	return over ? finish(t, w, err) : SOURCE_MORE;
}

static void trace1_cancel(struct source *s)
{
	atomic_store(&((struct trace1 *)s)->cancel, true);
}

static void trace1_close(struct source *s)
{
	struct trace1 *t = (struct trace1 *)s;
	struct t1_segment *seg;

	while ((seg = take_segment(t)))
		t1_segment_free(seg);
	for (size_t i = 0; i < t->seg.n; i++)
		t1_segment_free(t->seg.v[i]);
	if (t->cur)
		t1_segment_free(t->cur);
	scan_release(&t->scan);
	free(t->lane);
	vec_free(&t->g);
	vec_free(&t->seg);
	vec_free(&t->task);
	vec_free(&t->merge);
	map64_free(&t->by_goid);
	vec_free(&t->direct);
	vec_free(&t->waiting);
	map64_free(&t->task_row);
	map64_free(&t->message_world);
	free(t->string_world);
	free(t->stack_world);
	free(t->stack_reason);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static const struct source_ops trace1_ops = {
	.kind = "trace",
	.work = trace1_work,
	.drain = trace1_drain,
	.cancel = trace1_cancel,
	.close = trace1_close,
};

struct source *trace1_open(const struct input *in, struct err *err)
{
	struct trace1 *t = xcalloc(1, sizeof(*t));

	(void)err;
	t->src.ops = &trace1_ops;
	t->src.history.query = trace1_query;
	t->scan.data = in->data;
	t->scan.size = in->size;
	t->scan.version = (in->data[5] - '0') * 10 + in->data[6] - '0';
	t->pre = true;
	t->tail = &t->head;
	pthread_mutex_init(&t->lock, NULL);
	return &t->src;
}

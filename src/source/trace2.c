/* SPDX-License-Identifier: Apache-2.0 */
#include "source/trace2.h"

#include <errno.h>
#include <stdlib.h>

#include "source/trace2_impl.h"

enum {
	SMALL_FILE = 8 << 20,
	JOBS_AHEAD = 3, /* generations ordered for each worker before the first is stitched */
	SEGMENTS_WANTED = 512, /* in a small file, for a fine timeline */
	EVENT_BYTES = 6, /* of an event, on the average */
	SEGMENT_LEAST = 1024,
	SEGMENT_MOST = 64 << 10,
	RAMP = 4096, /* events of the first segment of all: something to show */
};

/* --- on the worker threads --- */

void trace2_notify(struct trace2 *t)
{
	if (t->src.notify)
		t->src.notify(t->src.notify_arg);
}

static void job_emit(void *arg, struct t2_segment *seg)
{
	struct t2_job *j = arg;
	bool tell;

	pthread_mutex_lock(&j->trace->lock);
	*j->tail = seg;
	j->tail = &seg->next;
	tell = j->sure;
	pthread_mutex_unlock(&j->trace->lock);
	if (tell)
		trace2_notify(j->trace);
}

static void job_drop_segments(struct t2_job *j)
{
	while (j->head) {
		struct t2_segment *s = j->head;

		j->head = s->next;
		segment_free(s);
	}
	j->tail = &j->head;
}

static uint64_t segment_events(const struct trace2 *t)
{
	uint64_t n = t->walk.size / EVENT_BYTES / SEGMENTS_WANTED;

	return n < SEGMENT_LEAST ? SEGMENT_LEAST : n > SEGMENT_MOST ? SEGMENT_MOST : n;
}

static void order_aim(struct t2_order *o, struct t2_job *j)
{
	o->min_events = o->ramp = segment_events(j->trace);
	if (!j->gen.index && o->ramp > RAMP)
		o->ramp = RAMP;
	o->emit = job_emit;
	o->arg = j;
	o->cancel = &j->trace->cancel;
}

/* Orders a generation with nothing known of the one before. */
static void job_run_fresh(struct t2_job *j)
{
	struct t2_order *o = xmalloc(sizeof(*o));

	j->rc = gen_tables(&j->trace->walk, &j->gen, &j->err);
	if (!j->rc && !j->trace->sequential) {
		order_init(o, &j->trace->walk);
		order_aim(o, j);
		o->fresh = true;
		j->rc = order_run(o, &j->gen);
		j->fresh = o;
		return;
	}
	free(o);
}

/* Orders a generation from the true end of the one before. */
static int job_run_true(struct trace2 *t, struct t2_job *j)
{
	int rc;

	job_drop_segments(j);
	pthread_mutex_lock(&t->lock);
	j->sure = true;
	pthread_mutex_unlock(&t->lock);
	order_aim(&t->order, j);
	t->order.first = j->gen.index == 0;
	rc = order_run(&t->order, &j->gen);
	if (rc)
		j->err = t->order.err;
	return rc;
}

static void job_stitch(struct trace2 *t, struct t2_job *j)
{
	int rc = j->rc;

	if (j->fresh) {
		rc = rc ? -EAGAIN : order_stitch(&t->order, j->fresh);
		order_release(j->fresh);
		free(j->fresh);
		j->fresh = NULL;
		if (rc == -EAGAIN) {
			t->again++;
			rc = job_run_true(t, j);
		}
	} else if (!rc) {
		rc = job_run_true(t, j);
	}
	j->rc = rc;
}

/* With the lock held: the next generation's job, or NULL. */
static struct t2_job *job_find(struct trace2 *t)
{
	struct t2_job *j = xcalloc(1, sizeof(*j));
	int rc = gen_walk(&t->walk, &j->gen, &t->walk_err);

	if (rc == 1) {
		j->trace = t;
		j->tail = &j->head;
		*vec_push(&t->job) = j;
		return j;
	}
	free(j);
	t->walked = true;
	return NULL;
}

static bool may_stitch(const struct trace2 *t)
{
	return !t->stitching && t->next < t->job.n && t->job.v[t->next]->state == JOB_ORDERED;
}

static void do_stitch(struct trace2 *t)
{
	struct t2_job *j = t->job.v[t->next];

	t->stitching = true;
	pthread_mutex_unlock(&t->lock);
	job_stitch(t, j);
	pthread_mutex_lock(&t->lock);
	t->stitching = false;
	j->sure = true;
	j->state = JOB_DONE;
	t->next++;
	if (j->rc) {
		/* nothing after a contradiction can be believed */
		t->walked = true;
		t->walk.off = t->walk.size;
	}
	pthread_cond_broadcast(&t->change);
	trace2_notify(t);
}

static void do_order(struct trace2 *t)
{
	struct t2_job *j = job_find(t);

	pthread_cond_broadcast(&t->change);
	if (!j)
		return;
	pthread_mutex_unlock(&t->lock);
	if (j->gen.index && !t->sequential)
		job_run_fresh(j);
	else
		j->rc = gen_tables(&t->walk, &j->gen, &j->err);
	pthread_mutex_lock(&t->lock);
	j->state = JOB_ORDERED;
	pthread_cond_broadcast(&t->change);
}

static bool work_over(const struct trace2 *t)
{
	if (atomic_load(&t->cancel))
		return true;
	if (t->next && t->job.v[t->next - 1]->rc)
		return true;
	return t->walked && t->next == t->job.n;
}

static void trace2_work(struct source *s)
{
	struct trace2 *t = (struct trace2 *)s;

	pthread_mutex_lock(&t->lock);
	t->workers++;
	while (!work_over(t)) {
		if (may_stitch(t))
			do_stitch(t);
		else if (!t->walked && t->job.n < t->next + JOBS_AHEAD * t->workers)
			do_order(t);
		else
			pthread_cond_wait(&t->change, &t->lock);
	}
	pthread_cond_broadcast(&t->change);
	pthread_mutex_unlock(&t->lock);
	trace2_notify(t);
}

static void trace2_cancel(struct source *s)
{
	struct trace2 *t = (struct trace2 *)s;

	atomic_store(&t->cancel, true);
	pthread_mutex_lock(&t->lock);
	pthread_cond_broadcast(&t->change);
	pthread_mutex_unlock(&t->lock);
}

static void trace2_close(struct source *s)
{
	struct trace2 *t = (struct trace2 *)s;

	for (size_t i = 0; i < t->seg.n; i++)
		segment_free(t->seg.v[i]);
	for (size_t i = 0; i < t->job.n; i++) {
		struct t2_job *j = t->job.v[i];

		job_drop_segments(j);
		if (j->fresh)
			order_release(j->fresh);
		free(j->fresh);
		gen_release(&j->gen);
		free(j);
	}
	order_release(&t->order);
	walk_release(&t->walk);
	vec_free(&t->job);
	vec_free(&t->seg);
	vec_free(&t->task);
	vec_free(&t->merge);
	map64_free(&t->task_row);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->change);
	free(t);
}

static const struct source_ops trace2_ops = {
	.kind = "trace",
	.work = trace2_work,
	.drain = trace2_drain,
	.cancel = trace2_cancel,
	.close = trace2_close,
};

struct source *trace2_open(const struct input *in, struct err *err)
{
	struct trace2 *t = xcalloc(1, sizeof(*t));

	(void)err;
	t->src.ops = &trace2_ops;
	t->src.history.query = trace2_query;
	t->in = in;
	walk_init(&t->walk, in->data, in->size);
	t->walk.off = 16;
	t->walk.version = (in->data[5] - '0') * 10 + in->data[6] - '0';
	t->sequential = in->size < SMALL_FILE;
	order_init(&t->order, &t->walk);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->change, NULL);
	return &t->src;
}

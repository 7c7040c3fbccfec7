/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/closeup.h"

#include <stdlib.h>
#include <string.h>

/* A goroutine that is looked for. */
struct one {
	uint64_t goid;
	int64_t born, died; /* before and after, the id was another's */
	uint32_t story;
};

struct closeup_job {
	struct closeup *closeup; /* NULL: nobody wants the answer any more */
	struct history *history;
	VEC(struct story) story; /* as in closeup */
	VEC(struct one) one; /* by goid, then by birth */
	VEC(uint64_t) goid; /* sorted, each once */
	int64_t t0, t1;
	size_t kept;
	uint32_t forgets;
	atomic_bool cancel;
};

static bool job_event(void *arg, const struct event *ev)
{
	struct closeup_job *j = arg;
	size_t lo = 0, hi = j->one.n;

	if (ev->kind > EV_DEAD || ev->kind == EV_NONE)
		return true;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (j->one.v[mid].goid < ev->g)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < j->one.n && j->one.v[lo].goid == ev->g; lo++)
		if (ev->time >= j->one.v[lo].born && ev->time <= j->one.v[lo].died) {
			*vec_push(&j->story.v[j->one.v[lo].story].ev) = *ev;
			return ++j->kept < CLOSEUP_KEPT;
		}
	return true;
}

static void job_work(void *arg)
{
	struct closeup_job *j = arg;
	struct history_query q = {
		.t0 = j->t0,
		.t1 = j->t1,
		.goid = j->goid.v,
		.n_goid = j->goid.n,
		.cancel = &j->cancel,
	};

	if (j->history->query(j->history, &q, job_event, j))
		j->kept = CLOSEUP_KEPT;
}

static void stories_free(struct closeup *c)
{
	for (size_t i = 0; i < c->story.n; i++)
		vec_free(&c->story.v[i].ev);
	vec_free(&c->story);
}

static void job_free(struct closeup_job *j)
{
	for (size_t i = 0; i < j->story.n; i++)
		vec_free(&j->story.v[i].ev);
	vec_free(&j->story);
	vec_free(&j->one);
	vec_free(&j->goid);
	free(j);
}

/* What was too much stays as it is: empty stories of those rows, so that nobody asks again. */
static void job_done(void *arg)
{
	struct closeup_job *j = arg;
	struct closeup *c = j->closeup;

	if (!c) {
		job_free(j);
		return;
	}
	stories_free(c);
	for (size_t i = 0; i < j->story.n; i++) {
		if (j->kept >= CLOSEUP_KEPT)
			j->story.v[i].ev.n = 0;
		*vec_push(&c->story) = j->story.v[i];
	}
	j->story.n = 0;
	c->t0 = j->t0;
	c->t1 = j->t1;
	c->forgets = j->forgets;
	c->fresh = true;
	c->job = NULL;
	job_free(j);
	if (c->told)
		c->told(c->arg);
}

static int by_goid(const void *a, const void *b)
{
	const struct one *x = a, *y = b;

	if (x->goid != y->goid)
		return x->goid < y->goid ? -1 : 1;
	return x->born < y->born ? -1 : x->born > y->born;
}

static void job_rows(struct closeup_job *j, const struct world *w, const uint32_t *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct goroutine *g = &w->g.v[row[i]];

		*vec_push(&j->story) = (struct story){ .row = row[i], .t0 = j->t0, .t1 = j->t1 };
		*vec_push(&j->one) = (struct one){ g->goid, g->t_create, g->t_end, (uint32_t)i };
	}
	qsort(j->one.v, j->one.n, sizeof(*j->one.v), by_goid);
	for (size_t i = 0; i < j->one.n; i++)
		if (!i || j->one.v[i].goid != j->one.v[i - 1].goid)
			*vec_push(&j->goid) = j->one.v[i].goid;
}

/* Begin and end of the segments that the span lies in. False: they are too many, or too full. */
static bool widen(const struct world *w, int64_t *t0, int64_t *t1, size_t segments_most)
{
	size_t a = world_segment(w, *t0), b = world_segment(w, *t1);
	uint64_t events = 0;

	if (b - a >= segments_most)
		return false;
	for (size_t i = a; i <= b; i++)
		events += i < w->seg.n ? w->seg.v[i].n_events : w->open.n_events;
	if (a < w->seg.n && w->seg.v[a].t0 < *t0)
		*t0 = w->seg.v[a].t0;
	else if (a >= w->seg.n && w->open.t0 < *t0)
		*t0 = w->open.t0;
	if (b < w->seg.n && w->seg.v[b].t1 > *t1)
		*t1 = w->seg.v[b].t1;
	return events <= CLOSEUP_READ;
}

static bool has_rows(const struct story *v, size_t have, const uint32_t *row, size_t n)
{
	if (have != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (v[i].row != row[i])
			return false;
	return true;
}

static void leave_off(struct closeup *c)
{
	if (c->job) {
		atomic_store(&c->job->cancel, true);
		c->job->closeup = NULL;
	}
	c->job = NULL;
}

void closeup_want(struct closeup *c, struct world *w, const uint32_t *row, size_t n, int64_t t0,
		  int64_t t1, size_t segments_most)
{
	struct closeup_job *j = c->job;

	n = n < CLOSEUP_ROWS ? n : CLOSEUP_ROWS;
	c->fresh = c->fresh && c->forgets == w->forgets;
	if (!w->history || !n || t0 >= t1 ||
	    (c->fresh && c->t0 <= t0 && c->t1 >= t1 && has_rows(c->story.v, c->story.n, row, n)))
		return;
	if (j && j->t0 <= t0 && j->t1 >= t1 && has_rows(j->story.v, j->story.n, row, n))
		return;
	leave_off(c);
	if (!widen(w, &t0, &t1, segments_most))
		return;
	j = xcalloc(1, sizeof(*j));
	j->closeup = c;
	j->history = w->history;
	j->forgets = w->forgets;
	j->t0 = t0;
	j->t1 = t1;
	job_rows(j, w, row, n);
	c->job = j;
	jobs_submit(c->jobs, job_work, job_done, j);
}

const struct story *closeup_get(const struct closeup *c, uint32_t row)
{
	for (size_t i = 0; c->fresh && i < c->story.n; i++)
		if (c->story.v[i].row == row)
			return c->story.v[i].ev.n ? &c->story.v[i] : NULL;
	return NULL;
}

void closeup_release(struct closeup *c)
{
	leave_off(c);
	stories_free(c);
	c->fresh = false;
}

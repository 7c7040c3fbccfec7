/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/story.h"

#include <stdlib.h>
#include <string.h>

enum {
	SEGMENTS_BEFORE = 16, /* with an entry of the goroutine, before the time wanted */
	SEGMENTS_AFTER = 8,
};

struct stretch {
	int64_t t0, t1;
};

struct story_job {
	struct storyteller *teller; /* NULL: nobody wants the answer any more */
	struct history *history;
	struct world *w;
	uint64_t goid;
	VEC(struct stretch) part; /* the latest first */
	struct story story;
	atomic_bool cancel;
	size_t done; /* parts wholly told */
	int64_t t0; /* what all parts cover from */
};

static bool job_event(void *arg, const struct event *ev)
{
	struct story_job *j = arg;

	*vec_push(&j->story.ev) = *ev;
	return true;
}

/* Equal times keep their order: parts are in order, each is in order. */
static void story_join(struct story *s, size_t first)
{
	struct event *v;
	size_t n = s->ev.n - first;

	if (!first || !n)
		return;
	/* the part just told is earlier than those before it */
	v = xmalloc(s->ev.n * sizeof(*v));
	memcpy(v, s->ev.v + first, n * sizeof(*v));
	memcpy(v + n, s->ev.v, first * sizeof(*v));
	memcpy(s->ev.v, v, s->ev.n * sizeof(*v));
	free(v);
}

static void job_work(void *arg)
{
	struct story_job *j = arg;

	for (j->done = 0; j->done < j->part.n; j->done++) {
		struct history_query q = {
			.t0 = j->part.v[j->done].t0,
			.t1 = j->part.v[j->done].t1,
			.goid = &j->goid,
			.n_goid = 1,
			.cancel = &j->cancel,
		};
		size_t first = j->story.ev.n;

		if (j->story.ev.n >= STORY_EVENTS || atomic_load(&j->cancel))
			break;
		j->history->query(j->history, &q, job_event, j);
		story_join(&j->story, first);
		j->story.t0 = q.t0;
	}
}

static void job_free(struct story_job *j)
{
	vec_free(&j->part);
	vec_free(&j->story.ev);
	free(j);
}

static void job_done(void *arg)
{
	struct story_job *j = arg;
	struct storyteller *s = j->teller;

	if (!s) {
		job_free(j);
		return;
	}
	s->job = NULL;
	vec_free(&s->story.ev);
	s->story = j->story;
	if (j->done == j->part.n)
		s->story.t0 = j->t0;
	memset(&j->story, 0, sizeof(j->story));
	s->fresh = true;
	job_free(j);
	if (s->told)
		s->told(s->arg);
}

static void part_add(struct story_job *j, int64_t t0, int64_t t1)
{
	struct stretch *last = j->part.n ? &j->part.v[j->part.n - 1] : NULL;

	if (last && last->t0 <= t1)
		last->t0 = t0;
	else
		*vec_push(&j->part) = (struct stretch){ t0, t1 }; /* NOLINT: it is there */
}

/* The segments in which it did something, from a little after the time backwards. */
static void job_plan(struct story_job *j, uint32_t row, int64_t t)
{
	const struct world *w = j->w;
	const struct goroutine *g = &w->g.v[row];
	uint32_t after[SEGMENTS_AFTER], n_after = 0, i = g->last_entry, before = 0;
	bool all;

	/* a ring of the entries after the time: the nearest ones stay */
	for (; i != NO_ENTRY; i = w->entry.v[i].prev) {
		uint32_t seg = w->entry.v[i].seg;

		if (seg < w->seg.n && w->seg.v[seg].t0 <= t)
			break;
		after[n_after++ % SEGMENTS_AFTER] = i;
	}
	j->story.t1 = T_NEVER;
	for (uint32_t k = n_after > SEGMENTS_AFTER ? n_after - SEGMENTS_AFTER : 0; k < n_after;
	     k++) {
		uint32_t seg = w->entry.v[after[k % SEGMENTS_AFTER]].seg;
		int64_t t0 = seg < w->seg.n ? w->seg.v[seg].t0 : w->open.t0;
		int64_t t1 = seg < w->seg.n ? w->seg.v[seg].t1 : w->t_end;

		if (n_after > SEGMENTS_AFTER && j->story.t1 == T_NEVER)
			j->story.t1 = t1;
		part_add(j, t0, t1);
	}
	for (; i != NO_ENTRY && before < SEGMENTS_BEFORE; i = w->entry.v[i].prev, before++)
		part_add(j, w->seg.v[w->entry.v[i].seg].t0, w->seg.v[w->entry.v[i].seg].t1);
	all = i == NO_ENTRY;
	j->t0 = all ? T_BEFORE : j->part.v[j->part.n - 1].t0;
}

static void job_start(struct storyteller *s, struct world *w, uint32_t row, int64_t t)
{
	struct story_job *j = xcalloc(1, sizeof(*j));

	j->teller = s;
	j->history = w->history;
	j->w = w;
	j->goid = w->g.v[row].goid;
	j->story.row = row;
	job_plan(j, row, t);
	s->job = j;
	s->want_row = row;
	s->want_t = t;
	s->seen = w->g.v[row].switches;
	jobs_submit(s->jobs, job_work, job_done, j);
}

static bool covers(const struct storyteller *s, const struct world *w, uint32_t row, int64_t t)
{
	if (!s->fresh || s->story.row != row || t < s->story.t0 || t > s->story.t1)
		return false;
	/* it grows while the world does */
	return s->story.t1 != T_NEVER || s->seen == w->g.v[row].switches;
}

void story_want(struct storyteller *s, struct world *w, uint32_t row, int64_t t)
{
	if (row == NO_G || row >= w->g.n || !w->history || covers(s, w, row, t))
		return;
	if (s->job && s->want_row == row && s->job->t0 <= t && t <= s->job->story.t1)
		return;
	if (s->job) {
		atomic_store(&s->job->cancel, true);
		s->job->teller = NULL;
		s->job = NULL;
	}
	job_start(s, w, row, t);
}

const struct story *story_get(const struct storyteller *s, uint32_t row)
{
	return s->fresh && s->story.row == row ? &s->story : NULL;
}

void story_release(struct storyteller *s)
{
	if (s->job) {
		atomic_store(&s->job->cancel, true);
		s->job->teller = NULL;
	}
	s->job = NULL;
	s->fresh = false;
	vec_free(&s->story.ev);
}

size_t story_at(const struct story *s, int64_t t)
{
	size_t lo = 0, hi = s->ev.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->ev.v[mid].time < t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

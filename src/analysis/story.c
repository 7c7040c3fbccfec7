/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/story.h"

#include <stdlib.h>
#include <string.h>

enum {
	ENTRIES_BEFORE = 16, /* of the goroutine, before the time wanted */
	ENTRIES_AFTER = 8,
	SEGMENTS_MOST = 128, /* to read in either direction, where it ran on through many */
	PART_SEGMENTS = 4, /* read at once; between two the number of events is looked at */
};

struct part {
	int64_t t0, t1;
	size_t first, n; /* its events, once it is told */
	uint32_t segments;
};

struct story_job {
	struct storyteller *teller; /* NULL: nobody wants the answer any more */
	struct history *history;
	struct world *w;
	uint64_t goid;
	int64_t born, died; /* before and after, the id was another's */
	VEC(struct part) part; /* in order of time */
	size_t pivot; /* the one at the time wanted, or the last before */
	struct story story;
	atomic_bool cancel;
	int64_t t0, t1; /* what all parts cover */
};

static bool job_event(void *arg, const struct event *ev)
{
	struct story_job *j = arg;

	*vec_push(&j->story.ev) = *ev;
	return true;
}

static void part_tell(struct story_job *j, struct part *p)
{
	struct history_query q = {
		.t0 = p->t0 > j->born ? p->t0 : j->born,
		.t1 = p->t1 < j->died ? p->t1 : j->died,
		.goid = &j->goid,
		.n_goid = 1,
		.cancel = &j->cancel,
	};

	p->first = j->story.ev.n;
	j->history->query(j->history, &q, job_event, j);
	p->n = j->story.ev.n - p->first;
}

static bool job_enough(const struct story_job *j, size_t events)
{
	return j->story.ev.n >= events || atomic_load(&j->cancel);
}

/* The parts were not told in their order. */
static void story_sort(struct story_job *j, size_t lo, size_t hi)
{
	struct event *v = xmalloc((j->story.ev.n + 1) * sizeof(*v)), *to = v;

	for (size_t i = lo; i < hi; i++) {
		const struct part *p = &j->part.v[i];

		if (p->n)
			memcpy(to, j->story.ev.v + p->first, p->n * sizeof(*v));
		to += p->n;
	}
	free(j->story.ev.v);
	j->story.ev.v = v;
	j->story.ev.cap = j->story.ev.n + 1;
}

/* What is at the time wanted, then what was before, then what follows. */
static void job_work(void *arg)
{
	struct story_job *j = arg;
	size_t n = j->part.n, lo = j->pivot, hi = lo;

	if (n)
		part_tell(j, &j->part.v[hi++]);
	while (lo > 0 && !job_enough(j, STORY_EVENTS / 2))
		part_tell(j, &j->part.v[--lo]);
	while (hi < n && !job_enough(j, STORY_EVENTS))
		part_tell(j, &j->part.v[hi++]);
	story_sort(j, lo, hi);
	j->story.t0 = lo > 0 ? j->part.v[lo - 1].t1 + 1 : j->t0;
	j->story.t1 = hi < n ? j->part.v[hi].t0 - 1 : j->t1;
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
	memset(&j->story, 0, sizeof(j->story));
	s->fresh = true;
	job_free(j);
	if (s->told)
		s->told(s->arg);
}

static struct part segment_part(const struct world *w, uint32_t seg)
{
	bool open = seg >= w->seg.n;

	return (struct part){
		.t0 = open ? w->open.t0 : w->seg.v[seg].t0,
		.t1 = open ? w->t_end : w->seg.v[seg].t1,
		.segments = 1,
	};
}

static void part_add(struct story_job *j, struct part p)
{
	struct part *last = j->part.n ? &j->part.v[j->part.n - 1] : NULL;

	if (last && p.t0 <= last->t1) {
		if (last->segments < PART_SEGMENTS) {
			last->t1 = p.t1 > last->t1 ? p.t1 : last->t1;
			last->segments++;
			return;
		}
		p.t0 = last->t1 + 1; /* no event is told twice */
	}
	if (p.t0 <= p.t1)
		*vec_push(&j->part) = p; /* NOLINT: it is there */
}

/* Segments that belong together: one of its entries', and those that it ran on through. */
struct run {
	uint32_t first, last;
};

/*
 * Its runs around the time, in order; the ones before it are so many. all: whether
 * they are all that there are, at either end.
 */
struct plan {
	struct run run[ENTRIES_BEFORE + ENTRIES_AFTER];
	uint32_t n, before;
	bool all_before, all_after;
};

static uint32_t entry_seg(const struct world *w, uint32_t entry)
{
	uint32_t seg = w->entry.v[entry].seg;

	return seg < w->seg.n ? seg : (uint32_t)w->seg.n;
}

static void plan_runs(struct plan *p, const struct world *w, uint32_t row, int64_t t)
{
	struct run back[ENTRIES_BEFORE], ring[ENTRIES_AFTER];
	uint32_t i = w->g.v[row].last_entry, n_after = 0, next = (uint32_t)w->seg.n + 1;

	for (; i != NO_ENTRY && p->before < ENTRIES_BEFORE; i = w->entry.v[i].prev) {
		uint32_t seg = entry_seg(w, i);
		bool runs_on = w->entry.v[i].state == GS_RUNNING && next > seg;
		struct run run = { seg, runs_on ? next - 1 : seg };

		next = seg;
		if (segment_part(w, seg).t0 > t)
			ring[n_after++ % ENTRIES_AFTER] = run;
		else
			back[p->before++] = run;
	}
	p->all_before = i == NO_ENTRY;
	p->all_after = n_after <= ENTRIES_AFTER;
	for (uint32_t k = p->before; k-- > 0;)
		p->run[p->n++] = back[k];
	for (uint32_t k = 0; k < ENTRIES_AFTER && k < n_after; k++)
		p->run[p->n++] = ring[(n_after - 1 - k) % ENTRIES_AFTER];
}

static uint32_t within(uint32_t lo, uint32_t x, uint32_t hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

/* Very long runs end the story, so that it has no holes; seg is the segment of the time. */
static void plan_cut(struct plan *p, uint32_t seg)
{
	uint32_t first = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		struct run *r = &p->run[i], was = *r;
		uint32_t at = i >= p->before	  ? r->first
			      : i + 1 < p->before ? r->last
						  : within(r->first, seg, r->last);

		if (at - r->first > SEGMENTS_MOST) {
			r->first = at - SEGMENTS_MOST;
			first = i;
			p->all_before = false;
		}
		if (was.last - at > SEGMENTS_MOST) {
			r->last = at + SEGMENTS_MOST;
			p->n = i + 1;
			p->all_after = false;
		}
	}
	p->n -= first;
	memmove(p->run, p->run + first, p->n * sizeof(*p->run));
}

static void job_plan(struct story_job *j, uint32_t row, int64_t t)
{
	const struct world *w = j->w;
	struct plan p = { .n = 0 };

	plan_runs(&p, w, row, t);
	plan_cut(&p, (uint32_t)world_segment(w, t));
	for (uint32_t i = 0; i < p.n; i++)
		for (uint32_t seg = p.run[i].first; seg <= p.run[i].last; seg++)
			part_add(j, segment_part(w, seg));
	while (j->pivot + 1 < j->part.n && j->part.v[j->pivot + 1].t0 <= t)
		j->pivot++;
	j->t0 = p.all_before ? T_BEFORE : j->part.v[0].t0;
	j->t1 = p.all_after ? T_NEVER : j->part.v[j->part.n - 1].t1;
}

static void job_start(struct storyteller *s, struct world *w, uint32_t row, int64_t t)
{
	struct story_job *j = xcalloc(1, sizeof(*j));

	j->teller = s;
	j->history = w->history;
	j->w = w;
	j->goid = w->g.v[row].goid;
	j->born = w->g.v[row].t_create;
	j->died = w->g.v[row].t_end;
	j->story.row = row;
	job_plan(j, row, t);
	s->job = j;
	s->want_row = row;
	s->want_t = t;
	s->seen = w->g.v[row].switches;
	s->want_goid = w->g.v[row].goid;
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
	if (row == NO_G || row >= w->g.n || !w->history)
		return;
	s->fresh = s->fresh && s->want_goid == w->g.v[row].goid;
	if (covers(s, w, row, t))
		return;
	if (s->job && s->want_row == row && s->want_goid == w->g.v[row].goid && s->job->t0 <= t &&
	    t <= s->job->t1)
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "source/recording.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "source/recording_impl.h"
#include "source/varint.h"

enum {
	CLOCK_EVERY = 256, /* events between two looks at the clock */
	TIMELINE_MOST = 512 << 20, /* bytes, then it is made coarser */
};

/* What detectors know is of the last minute or two. */
static const int64_t LOOKS_NS = 150ll * 1000 * 1000 * 1000;

bool recording_known(const struct input *in)
{
	return in->size >= sizeof(rec_magic) && !memcmp(in->data, rec_magic, sizeof(rec_magic));
}

/* --- the group in the making --- */

/* What is left of the group is of no use: names that it goes on with may be missing. */
static void leave_group(struct rfile *r, struct rfile_group *g)
{
	r->damaged += g->first + g->n - r->at_frame;
	g->n = r->at_frame - g->first;
	r->gap = true;
	r->at_frame = g->first + g->n;
}

static void next_group(struct rfile *r)
{
	pthread_mutex_lock(&r->lock);
	r->at_group++;
	r->at_event = 0;
	if (r->at_group < r->group.n)
		r->at_frame = r->group.v[r->at_group].first;
	pthread_mutex_unlock(&r->lock);
	atomic_store(&r->complete, r->at_group);
}

static void next_segment(struct rfile *r)
{
	const uint8_t *p =
		r->segments ? varint_get(r->segments, r->segments_end, &r->segment) : NULL;

	r->segments = p;
	if (!p)
		r->segment = UINT64_MAX;
}

static void find_segments(struct rfile *r)
{
	size_t from = 0;
	const struct rfile_section *s = payload_find(&r->payload, RECS_SEGMENTS, &from);

	r->segments = s ? s->p : NULL;
	r->segments_end = s ? s->end : NULL;
	next_segment(r);
}

/* The timeline is as fine as it was where it was recorded. */
static void end_segments(struct rfile *r, struct world *w)
{
	for (; r->segment <= r->events.i; next_segment(r))
		if (w->open.n_events)
			world_close_segment(w);
}

/* False: the frame cannot be read. */
static bool open_frame(struct rfile *r, struct rfile_group *g, struct world *w)
{
	size_t from = 0;
	const struct rfile_section *s;
	bool first = r->at_frame == g->first, lost;

	if (!payload_read(r, &r->frame.v[r->at_frame], &r->payload))
		return false;
	pthread_mutex_lock(&r->lock);
	group_learn(r, g, w);
	lost = payload_find(&r->payload, RECS_LOST, &from);
	from = 0;
	if (first && (g->gap || r->gap || lost || !r->at_group))
		group_enter(r, g, w);
	pthread_mutex_unlock(&r->lock);
	r->gap = first ? false : r->gap;
	memset(&r->events, 0, sizeof(r->events));
	s = payload_find(&r->payload, RECS_EVENTS, &from);
	find_segments(r);
	r->look = 0;
	r->open = !s || events_begin(&r->events, s);
	return r->open;
}

static void close_frame(struct rfile *r, struct rfile_group *g, struct world *w)
{
	frame_facts(r, g, w);
	r->open = false;
	pthread_mutex_lock(&r->lock);
	r->at_frame++;
	r->at_event = 0;
	pthread_mutex_unlock(&r->lock);
}

/* The frame that comes next; false: there is none. */
static bool need_frame(struct rfile *r, struct world *w)
{
	while (!r->open && r->at_group < r->group.n) {
		struct rfile_group *g = &r->group.v[r->at_group];

		if (r->at_frame >= g->first + g->n)
			next_group(r);
		else if (r->frame.v[r->at_frame].head.kind > REC_MORE)
			close_frame(r, g, w);
		else if (!open_frame(r, g, w))
			leave_group(r, g);
	}
	return r->open;
}

/* --- events --- */

static void take_look(struct rfile *r, struct rfile_group *g, struct world *w)
{
	const struct rfile_section *s = payload_find(&r->payload, RECS_LOOK, &r->look);
	struct event ev = { .kind = EV_FACTS, .m = NO_ID, .p = NO_ID };
	bool same;

	if (!s)
		return;
	r->damaged += !look_read(r, g, s, &w->facts, &r->facts, &same);
	if (!same) {
		world_facts(w, &r->facts);
		return;
	}
	ev.time = r->facts.time;
	ev.value = facts_flags(&w->facts) | FACTS_SAME;
	world_apply(w, &ev);
	ev.kind = EV_FACTS_END;
	world_apply(w, &ev);
}

/* False: the frame has no more. */
static bool one_event(struct rfile *r, struct world *w, struct event *ev)
{
	struct rfile_group *g = &r->group.v[r->at_group];

	if (!events_next(&r->events, r, g, ev)) {
		r->damaged += r->events.bad;
		close_frame(r, g, w);
		return false;
	}
	r->told++;
	if (ev->kind == EV_FACTS)
		take_look(r, g, w);
	else if (ev->kind == EV_NONE || (ev->kind >= EV_FACTS && ev->kind <= EV_FACTS_END))
		r->unknown++;
	else
		world_apply(w, ev);
	if (r->segment <= r->events.i)
		end_segments(r, w);
	return true;
}

/* Of hours there are more entries than memory. */
static void thin(struct rfile *r, struct world *w)
{
	if (world_past_bytes(w) <= r->timeline_most)
		return;
	world_close_segment(w);
	world_thin(w, w->entry.n / 5 * 4);
	if (world_past_bytes(w) > r->timeline_most / 4 * 3)
		r->timeline_most = world_past_bytes(w) / 4 * 5;
}

/* Until the time is up, or to a good moment for the detectors. False: there is nothing left. */
static bool take_events(struct rfile *r, struct world *w, int64_t until)
{
	struct event ev = { 0 };

	for (unsigned n = 1;; n++) {
		if (r->cancelled || !need_frame(r, w))
			return false;
		if (!one_event(r, w, &ev))
			continue;
		w->progress.skim = ev.time < r->look_from;
		if (ev.kind == EV_SYNC && w->live.pid && !w->progress.skim)
			break;
		if (n % CLOCK_EVERY == 0 && clock_now() > until)
			break;
	}
	return true;
}

/* --- what to say at the end --- */

static void say_missing(const struct rfile *r, struct world *w)
{
	if (r->base && !r->group.v[0].paused)
		world_warn(w, "the recording was bounded: its first %.0f s were written over",
			   (double)r->base / 1e9);
	if (r->unfinished)
		world_warn(w,
			   "the recording was not finished%s: of its last second something may "
			   "be missing",
			   r->cut ? ", its last frame is cut short" : "");
	if (r->skipped && !r->cut && !r->base)
		world_warn(w, "%" PRIu64 " bytes of the recording are damaged; the rest is shown",
			   r->skipped);
	if (r->damaged)
		world_warn(w,
			   "%" PRIu64 " frames of the recording are damaged, or build on such a "
			   "one; all others are shown",
			   r->damaged);
	if (r->paused > r->group.v[0].paused)
		world_warn(w, "%" PRIu64 " times in between nothing was kept, as --record-on asked",
			   r->paused - r->group.v[0].paused);
	if (r->newer)
		world_warn(w, "a part of the recording is of a newer format, and left out");
	if (r->unknown)
		world_warn(w, "%" PRIu64 " events of kinds that are not known here were left out",
			   r->unknown);
}

static int finish(struct rfile *r, struct world *w, struct err *err)
{
	if (!r->told && !w->g.n && !r->cancelled)
		return err_set(err, -EBADMSG, EXIT_BADFILE,
			       "%s is a recording of which nothing can be read: all its frames are "
			       "damaged",
			       r->in.name);
	if (w->open.n_events)
		world_close_segment(w);
	if (r->cancelled)
		world_warn(w, "loading was stopped; what was read is shown");
	else
		say_missing(r, w);
	w->progress.bytes = w->progress.total;
	w->progress.skim = false;
	return SOURCE_WHOLE;
}

/* --- the source --- */

static int recording_drain(struct source *s, struct world *w, int64_t budget_ns, struct err *err)
{
	struct rfile *r = (struct rfile *)s;
	int64_t until = clock_now() + budget_ns;
	bool on;

	w->history = &s->history;
	on = take_events(r, w, until);
	pthread_mutex_lock(&r->lock);
	r->at_event = r->open ? r->events.i : 0;
	pthread_mutex_unlock(&r->lock);
	if (!on)
		return finish(r, w, err);
	thin(r, w);
	w->progress.bytes = r->frame.v[r->at_frame].at;
	return SOURCE_MORE;
}

static void recording_cancel(struct source *s)
{
	((struct rfile *)s)->cancelled = true;
}

static void recording_close(struct source *s)
{
	struct rfile *r = (struct rfile *)s;

	for (size_t i = 0; i < r->group.n; i++) {
		vec_free(&r->group.v[i].string);
		vec_free(&r->group.v[i].stack);
		evlog_free(r->group.v[i].entry);
	}
	vec_free(&r->group);
	vec_free(&r->frame);
	vec_free(&r->named);
	vec_free(&r->scratch);
	payload_release(&r->payload);
	facts_release(&r->facts);
	shown_release(&r->shown);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static const struct source_ops recording_ops = {
	.kind = "recording",
	.drain = recording_drain,
	.cancel = recording_cancel,
	.close = recording_close,
};

/* The schema, which every frame but the first can do without. */
static void read_schema(struct rfile *r)
{
	size_t from = 0;
	const struct rfile_section *s;

	names_default(&r->names);
	if (!r->frame.n || r->frame.v[0].head.kind != REC_FIRST ||
	    !payload_read(r, &r->frame.v[0], &r->payload))
		return;
	s = payload_find(&r->payload, RECS_SCHEMA, &from);
	if (s)
		names_read(&r->names, s);
}

/* Where its clock begins: what was before the first group is gone. */
static void settle_times(struct rfile *r)
{
	const struct rfile_group *g = &r->group.v[0];
	int64_t last = T_BEFORE;

	if (r->frame.v[g->first].head.group > 1 && g->t0 > 0 && g->t0 < REC_MOST)
		r->base = g->t0;
	for (size_t i = 0; i < r->group.n; i++) {
		int64_t t1 = r->group.v[i].t1;

		last = t1 != T_NEVER && t1 > last ? t1 : last;
	}
	r->look_from = last < -REC_MOST ? T_BEFORE : last - r->base - LOOKS_NS;
}

struct source *recording_open(const struct input *in, struct err *err)
{
	struct rfile *r = xcalloc(1, sizeof(*r));

	r->src.ops = &recording_ops;
	r->src.history.query = rfile_query;
	r->src.history.states = rfile_states;
	r->src.inspector.read = rfile_inspect;
	r->in = *in;
	r->timeline_most = TIMELINE_MOST;
	facts_init(&r->facts);
	pthread_mutex_init(&r->lock, NULL);
	if (rfile_scan(r, err)) {
		recording_close(&r->src);
		return NULL;
	}
	read_schema(r);
	settle_times(r);
	r->at_frame = r->group.v[0].first;
	return &r->src;
}

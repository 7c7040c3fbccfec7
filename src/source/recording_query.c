/* SPDX-License-Identifier: Apache-2.0 */
/* The past of a recording: frames are unpacked again. Any thread. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/recording_impl.h"

struct query {
	struct rfile *r;
	const struct history_query *q;
	history_sink *sink;
	void *arg;
	struct rfile_payload payload;
	struct rfile_events events;
	struct facts look, next; /* where looks are asked for */
	bool over; /* the sink has enough, or it was cancelled */
};

/* Of the group in the making what is merged ends there. */
struct limit {
	size_t frame;
	uint32_t event;
};

static bool pass_on(void *arg, const struct event *ev)
{
	struct query *x = arg;

	if (ev->time < x->q->t0 || ev->time > x->q->t1 || !history_wants(x->q, ev))
		return true;
	x->over = !x->sink(x->arg, ev);
	return !x->over;
}

static bool wants_looks(const struct query *x)
{
	return !x->q->n_goid && !x->q->no_looks;
}

static void take_look(struct query *x, const struct rfile_group *g, const struct rfile_section *s)
{
	struct facts before = x->look;
	bool same;

	if (!s)
		return;
	look_read(x->r, g, s, &x->look, &x->next, &same);
	if (same) {
		x->look.time = x->next.time;
	} else {
		x->look = x->next;
		x->next = before;
	}
	if (x->look.time >= x->q->t0 && x->look.time <= x->q->t1)
		look_tell(&x->look, same, pass_on, x);
}

static void take_events(struct query *x, const struct rfile_group *g, uint32_t most)
{
	size_t from = 0, look = 0;
	const struct rfile_section *s = payload_find(&x->payload, RECS_EVENTS, &from);
	struct event ev;

	if (!s || !events_begin(&x->events, s))
		return;
	while (!x->over && x->events.i < most && events_next(&x->events, x->r, g, &ev)) {
		if (ev.kind == EV_FACTS) {
			if (wants_looks(x))
				take_look(x, g, payload_find(&x->payload, RECS_LOOK, &look));
		} else if (ev.kind != EV_NONE && ev.time >= x->q->t0 && ev.time <= x->q->t1) {
			pass_on(x, &ev);
		}
		if (x->q->cancel && x->events.i % 1024 == 0)
			x->over |= atomic_load(x->q->cancel);
	}
}

static void take_key(struct query *x, const struct rfile_group *g)
{
	static const struct facts none = { .time = T_BEFORE };
	size_t from = 0;
	const struct rfile_section *s = payload_find(&x->payload, RECS_LOOK_KEY, &from);
	bool same;

	facts_clear(&x->look);
	if (s && wants_looks(x))
		look_read(x->r, g, s, &none, &x->look, &same);
}

/* A look builds on those before it: where they are asked for, each frame of the group is read. */
static bool is_asked(const struct query *x, const struct rfile_frame *f)
{
	int64_t t0 = f->head.t0 - x->r->base, t1 = f->head.t1 - x->r->base;

	return t0 <= x->q->t1 && (t1 >= x->q->t0 || wants_looks(x));
}

static void take_group(struct query *x, const struct rfile_group *g, const struct limit *end)
{
	struct history *entry = g->entry ? evlog_history(g->entry) : NULL;

	if (entry)
		entry->query(entry, x->q, pass_on, x);
	for (size_t i = 0; i < g->n && !x->over; i++) {
		const struct rfile_frame *f = &x->r->frame.v[g->first + i];
		bool last = end && g->first + i == end->frame;

		if (end && g->first + i > end->frame)
			return;
		if (f->head.kind > REC_MORE || !is_asked(x, f))
			continue;
		if (!payload_read(x->r, f, &x->payload))
			return;
		if (!i)
			take_key(x, g);
		take_events(x, g, last ? end->event : UINT32_MAX);
		x->over |= x->q->cancel && atomic_load(x->q->cancel);
	}
}

static bool group_asked(const struct query *x, const struct rfile_group *g)
{
	return g->entry || (g->t0 - x->r->base <= x->q->t1 && g->t1 - x->r->base >= x->q->t0);
}

/* The last group that was begun by then, but for the first, which begins with nothing. */
static size_t group_before(const struct rfile *r, int64_t t)
{
	size_t lo = 0, hi = atomic_load(&r->complete);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->group.v[mid].t0 - r->base <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo > 1 ? lo - 1 : 0;
}

int rfile_states(struct history *h, int64_t t, int64_t *at, history_states *sink, void *arg)
{
	struct rfile *r = (struct rfile *)((char *)h - offsetof(struct source, history));
	struct rfile_payload payload = { 0 };
	size_t i = group_before(r, t);
	const struct rfile_group *g = &r->group.v[i];
	rfile_rows rows = { 0 };
	bool ok = i && payload_read(r, &r->frame.v[g->first], &payload);

	if (ok)
		rows_read(&payload, &rows);
	*at = g->t0 - r->base;
	for (size_t k = 0; k < rows.n; k++) {
		const struct rfile_row *x = &rows.v[k];
		struct history_state s = { .goid = x->v[0],
					   .since = rfile_time(r, x->v[3]),
					   .stack = group_stack(g, x->v[4]),
					   .state = r->names.v[REC_STATES][x->b[0]],
					   .reason = r->names.v[REC_REASONS][x->b[1]],
					   .how = x->b[2] <= WAIT_EXACT ? x->b[2] : 0 };

		sink(arg, &s);
	}
	vec_free(&rows);
	payload_release(&payload);
	return ok ? 0 : -ENOENT;
}

int rfile_query(struct history *h, const struct history_query *q, history_sink *sink, void *arg)
{
	struct rfile *r = (struct rfile *)((char *)h - offsetof(struct source, history));
	struct query *x = xcalloc(1, sizeof(*x));
	size_t n = atomic_load(&r->complete);

	*x = (struct query){ .r = r, .q = q, .sink = sink, .arg = arg };
	facts_init(&x->look);
	facts_init(&x->next);
	for (size_t i = 0; i < n && !x->over; i++)
		if (group_asked(x, &r->group.v[i]))
			take_group(x, &r->group.v[i], NULL);
	if (!x->over && n < r->group.n) {
		pthread_mutex_lock(&r->lock);
		if (r->at_group < r->group.n && r->at_group >= n) {
			/* those that were completed since are in the world now, too */
			for (; n < r->at_group && !x->over; n++)
				take_group(x, &r->group.v[n], NULL);
			take_group(x, &r->group.v[r->at_group],
				   &(struct limit){ r->at_frame, r->at_event });
		}
		pthread_mutex_unlock(&r->lock);
	}
	payload_release(&x->payload);
	facts_release(&x->look);
	facts_release(&x->next);
	free(x);
	return 0;
}

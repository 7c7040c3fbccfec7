/* SPDX-License-Identifier: Apache-2.0 */
/* The view's time: moving in it, the span shown, and how it is written. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ui/view.h"

#define NS_S 1000000000ll

enum { UNDO_MOST = 64, SPAN_LEAST = 64 /* ns: no timeline shows less */ };

struct time_span view_session(const struct view *v)
{
	int64_t end = v->world->t_end;

	return (struct time_span){ 0, end > 0 ? end : 1 };
}

static int64_t clamp(int64_t t, int64_t lo, int64_t hi)
{
	return t < lo ? lo : t > hi ? hi : t;
}

/* --- the span --- */

static void set_span(struct view *v, int64_t t0, int64_t t1)
{
	struct time_span all = view_session(v);
	int64_t width = t1 - t0;

	if (width < SPAN_LEAST) {
		t0 -= (SPAN_LEAST - width) / 2;
		width = SPAN_LEAST;
	}
	if (width >= all.t1 - all.t0) {
		v->span = all;
		v->span_all = true;
	} else {
		t0 = clamp(t0, all.t0, all.t1 - width);
		v->span = (struct time_span){ t0, t0 + width };
		v->span_all = false;
	}
	v->span_stamp++;
}

static void remember_span(struct view *v)
{
	if (v->undo.n == UNDO_MOST)
		memmove(v->undo.v, v->undo.v + 1, --v->undo.n * sizeof(*v->undo.v));
	*vec_push(&v->undo) = v->span;
}

void view_set_span(struct view *v, int64_t t0, int64_t t1)
{
	remember_span(v);
	set_span(v, t0 < t1 ? t0 : t1, t0 < t1 ? t1 : t0);
}

void view_zoom(struct view *v, int num, int den)
{
	double width = (double)(v->span.t1 - v->span.t0) * num / den;
	int64_t middle = clamp(v->time, v->span.t0, v->span.t1);
	/* the moment shown stays in its column */
	double before = (double)(middle - v->span.t0) * num / den;
	int64_t t0;

	if (width >= (double)(view_session(v).t1)) {
		view_zoom_all(v);
		return;
	}
	t0 = middle - (int64_t)before;
	remember_span(v);
	set_span(v, t0, t0 + (int64_t)width);
}

void view_zoom_all(struct view *v)
{
	if (v->span_all)
		return;
	remember_span(v);
	v->span = view_session(v);
	v->span_all = true;
	v->span_stamp++;
}

bool view_zoom_undo(struct view *v)
{
	struct time_span s;

	if (!v->undo.n)
		return false;
	s = v->undo.v[--v->undo.n];
	set_span(v, s.t0, s.t1);
	return true;
}

void view_span_follow(struct view *v, int64_t t)
{
	int64_t width = v->span.t1 - v->span.t0;

	if (t >= v->span.t0 && t <= v->span.t1)
		return;
	set_span(v, t - width / 2, t - width / 2 + width);
}

/* --- the moment --- */

void view_goto_end(struct view *v)
{
	v->at_end = true;
	v->going = v->past_made = false;
	v->paused = false;
	view_moment_changed(v);
	if (v->span_all) { /* it stood still meanwhile */
		v->span = view_session(v);
		v->span_stamp++;
	}
	view_span_follow(v, v->time);
}

/* A piece of the way; returns what is left of it as world_at_piece() does. */
static int go_on(struct view *v, int64_t piece_ns)
{
	int rc = world_at_piece(v->world, v->time, &v->next, piece_ns);
	struct moment was = v->past;

	v->going = rc == -EAGAIN;
	if (v->going) {
		v->held = v->answered = true; /* view_work() goes on with it */
		return 0;
	}
	if (rc)
		view_complain(v, "the past could not be read: %s", strerror(-rc));
	v->past = v->next;
	v->next = was;
	v->past.time = v->time;
	v->past_made = true;
	view_moment_changed(v);
	return rc;
}

int view_goto(struct view *v, int64_t t)
{
	struct time_span all = view_session(v);
	int rc;

	view_mark_finish(v);
	v->time = clamp(t, all.t0, all.t1);
	v->past_made = v->past_made && !v->at_end;
	v->at_end = false;
	rc = go_on(v, v->piece_ns);
	v->moment_stamp++;
	view_span_follow(v, v->time);
	return rc;
}

bool view_work(struct view *v)
{
	if (v->going) {
		go_on(v, v->piece_ns);
		v->ready |= !v->going;
		v->answered = true;
		return v->going;
	}
	return view_mark_work(v);
}

void view_arrive(struct view *v)
{
	if (v->going)
		go_on(v, 0);
}

void view_pause(struct view *v, bool on)
{
	if (!on) {
		view_goto_end(v);
		return;
	}
	if (v->at_end)
		view_goto(v, v->world->t_end);
	v->paused = true;
}

int view_step(struct view *v, int dir)
{
	int64_t step = (v->span.t1 - v->span.t0) / (v->columns > 0 ? v->columns : 80);

	if (step < 1)
		step = 1;
	if ((dir < 0 && v->time <= 0) || (dir > 0 && v->time >= v->world->t_end)) {
		view_say(v, "this is where the session %s", dir < 0 ? "begins" : "ends");
		return 0;
	}
	return view_goto(v, v->time + dir * step);
}

/* --- events of the chosen goroutine --- */

struct event_search {
	int64_t found; /* T_NEVER: none yet */
	bool first; /* the first will do, else the last */
};

static bool take_event(void *arg, const struct event *ev)
{
	struct event_search *s = arg;

	s->found = ev->time;
	return !s->first;
}

static int search_events(struct view *v, int64_t t0, int64_t t1, struct event_search *s)
{
	struct history_query q = { .t0 = t0, .t1 = t1, .n_goid = 1 };
	struct history *h = v->world->history;

	if (t0 > t1)
		return 0;
	q.goid = &v->world->g.v[v->row].goid;
	return h->query(h, &q, take_event, s);
}

/* Backwards along the goroutine's own segments. */
static int search_back(struct view *v, int64_t t, struct event_search *s)
{
	const struct world *w = v->world;
	int64_t last = w->seg.n ? w->seg.v[w->seg.n - 1].t1 : 0;
	int rc = t > last ? search_events(v, last, t - 1, s) : 0;

	for (uint32_t e = w->g.v[v->row].last_entry; !rc && s->found == T_NEVER && e != NO_ENTRY;
	     e = w->entry.v[e].prev) {
		const struct segment *seg;

		if (w->entry.v[e].seg >= w->seg.n)
			continue;
		seg = &w->seg.v[w->entry.v[e].seg];
		if (seg->t0 < t)
			rc = search_events(v, seg->t0, seg->t1 < t ? seg->t1 : t - 1, s);
	}
	return rc;
}

static int search_on(struct view *v, int64_t t, struct event_search *s)
{
	const struct world *w = v->world;
	VEC(uint32_t) segs = { 0 };
	int64_t last = w->seg.n ? w->seg.v[w->seg.n - 1].t1 : 0;
	int rc = 0;

	for (uint32_t e = w->g.v[v->row].last_entry; e != NO_ENTRY; e = w->entry.v[e].prev) {
		uint32_t seg = w->entry.v[e].seg;

		if (seg >= w->seg.n)
			continue;
		if (w->seg.v[seg].t1 <= t)
			break;
		*vec_push(&segs) = seg;
	}
	for (size_t i = segs.n; !rc && i-- && s->found == T_NEVER;) {
		const struct segment *seg = &w->seg.v[segs.v[i]];

		rc = search_events(v, seg->t0 > t ? seg->t0 : t + 1, seg->t1, s);
	}
	vec_free(&segs);
	if (!rc && s->found == T_NEVER)
		rc = search_events(v, last > t ? last : t + 1, w->t_end, s);
	return rc;
}

int view_step_event(struct view *v, int dir)
{
	struct event_search s = { .found = T_NEVER, .first = dir > 0 };
	int rc;

	if (v->row == NO_G || !v->world->history) {
		view_say(v, v->row == NO_G ? "no goroutine is chosen" : "this session has no past");
		return 0;
	}
	rc = dir > 0 ? search_on(v, v->time, &s) : search_back(v, v->time, &s);
	if (rc)
		view_complain(v, "the past could not be read: %s", strerror(-rc));
	else if (s.found == T_NEVER)
		view_say(v, "no event of this goroutine %s",
			 dir > 0 ? "after this" : "before this");
	else
		return view_goto(v, s.found);
	return rc;
}

/* --- how it is written --- */

static const struct {
	const char *name;
	int64_t ns;
} units[] = {
	{ "ns", 1 },	    { "us", 1000 },	  { "µs", 1000 },
	{ "ms", 1000000 },  { "min", 60 * NS_S }, { "s", NS_S },
	{ "m", 60 * NS_S }, { "h", 3600 * NS_S }, { "d", 86400 * NS_S },
};

static const char *parse_unit(const char *s, int64_t *ns)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (!strncmp(s, units[i].name, strlen(units[i].name))) {
			*ns = units[i].ns;
			return s + strlen(units[i].name);
		}
	return NULL;
}

/* Digits with a fraction, times unit; false where it is none or too large. */
static bool scale_number(const char *s, const char *end, int64_t unit, int64_t *ns)
{
	int64_t whole = 0, frac = 0, scale = 1;

	for (; s < end && *s != '.'; s++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, *s - '0', &whole))
			return false;
	for (s += s < end; s < end && scale < NS_S; s++) {
		frac = frac * 10 + (*s - '0');
		scale *= 10;
	}
	frac = (int64_t)((__int128)frac * unit / scale);
	return !__builtin_mul_overflow(whole, unit, ns) && !__builtin_add_overflow(*ns, frac, ns);
}

static size_t number_length(const char *s)
{
	size_t n = strspn(s, "0123456789");

	if (s[n] == '.')
		n += 1 + strspn(s + n + 1, "0123456789");
	return n == 1 && *s == '.' ? 0 : n;
}

/* "1h2m3.5s", "20ms", "1.5" (seconds). */
static bool parse_span(const char *s, int64_t *ns)
{
	*ns = 0;
	if (!*s)
		return false;
	while (*s) {
		size_t n = number_length(s);
		int64_t unit = NS_S, part;
		const char *rest = s + n;

		if (!n)
			return false;
		if (*rest)
			rest = parse_unit(rest, &unit);
		if (!rest || !scale_number(s, s + n, unit, &part) ||
		    __builtin_add_overflow(*ns, part, ns))
			return false;
		s = rest;
	}
	return true;
}

/* "12:03" or "12:03:10.25" on the session's day; the next one where that is before it. */
static bool parse_wall(const struct view *v, const char *s, int64_t *t)
{
	time_t began = (time_t)(v->world->wall_ns / NS_S);
	int64_t frac = 0;
	int h, m, n = 0;
	struct tm tm;
	size_t len;

	if (sscanf(s, "%2d:%2d%n", &h, &m, &n) != 2 || h < 0 || h > 23 || m < 0 || m > 59)
		return false;
	if (s[n] == ':') {
		len = number_length(s + n + 1);
		if (!len || s[n + 1 + len] ||
		    !scale_number(s + n + 1, s + n + 1 + len, NS_S, &frac))
			return false;
	} else if (s[n]) {
		return false;
	}
	localtime_r(&began, &tm);
	tm.tm_hour = h;
	tm.tm_min = m;
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	*t = ((int64_t)mktime(&tm) * NS_S + frac) - v->world->wall_ns;
	if (*t < -NS_S)
		*t += 86400 * NS_S;
	return true;
}

static bool parse_percent(const struct view *v, const char *s, int64_t *t)
{
	size_t n = number_length(s);
	double percent;

	if (!n || strcmp(s + n, "%") != 0)
		return false;
	percent = strtod(s, NULL);
	*t = (int64_t)((double)view_session(v).t1 * (percent > 100 ? 1 : percent / 100));
	return true;
}

static bool parse_relative(const struct view *v, const char *s, int64_t *t)
{
	int64_t d;

	if ((*s != '-' && *s != '+') || !parse_span(s + 1, &d))
		return false;
	return *s == '-' ? !__builtin_sub_overflow(v->time, d, t)
			 : !__builtin_add_overflow(v->time, d, t);
}

int view_parse_time(const struct view *v, const char *s, int64_t *t, struct err *err)
{
	if (!strcmp(s, "end") || !strcmp(s, "begin") || !strcmp(s, "start")) {
		*t = *s == 'e' ? view_session(v).t1 : 0;
		return 0;
	}
	if (parse_percent(v, s, t) || parse_relative(v, s, t) || parse_span(s, t))
		return 0;
	if (strchr(s, ':') && !v->world->wall_ns)
		return err_set(err, -EINVAL, EXIT_USAGE,
			       "the session does not know its time of day; give 1.5s or 37%%");
	if (parse_wall(v, s, t))
		return 0;
	return err_set(err, -EINVAL, EXIT_USAGE,
		       "'%s' is no time: 1.5s, 12:03:10, -200ms, 37%%, begin or end", s);
}

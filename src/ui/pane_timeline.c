/* SPDX-License-Identifier: Apache-2.0 */
/* A row a goroutine over time; and the strip: the chosen one, the whole session below it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/lanes.h"
#include "ui/pane.h"

enum { W_LABEL = 9 };

struct timeline {
	struct pane pane;
	struct storyteller teller; /* of the chosen goroutine */
	struct activity activity;
	VEC(uint32_t) row;
	size_t sel, top;
	int page, w;
	uint64_t moment_stamp, keep_stamp;
};

static void told(void *arg)
{
	struct timeline *t = arg;

	t->pane.view->answered = true;
}

/* The chosen goroutine's story, where it is of use: its events are not too many for the span. */
static const struct story *story_for(struct timeline *t)
{
	struct view *v = t->pane.view;

	story_want(&t->teller, v->world, v->row, v->at_end ? v->span.t1 : view_moment(v)->time);
	return story_get(&t->teller, v->row);
}

/* Names the times at both ends, and the moment between. */
static void axis_draw(const struct region *r, const struct view *v)
{
	int64_t t = view_moment(v)->time, grain = (v->span.t1 - v->span.t0) / (r->w ? r->w : 1);
	int x = span_column(v->span, r->w, t), w;
	char a[TEXT_SHORT], b[TEXT_SHORT], c[TEXT_SHORT];

	grain = grain < 1 ? 1 : grain;
	bands_draw(r, v->world, v->span);
	text_moment(a, v->span.t0, grain);
	text_moment(b, v->span.t1, grain);
	text_moment(c, t, grain);
	draw_str(r, 0, 0, -1, ROLE_DIM, 0, a);
	draw_right(r, 0, 0, r->w, ROLE_DIM, 0, b);
	w = (int)strlen(c);
	if (x > (int)strlen(a) && x + w + 1 < r->w - (int)strlen(b)) {
		draw_sym(r, x, 0, 1, SYM_MARK, ROLE_CURSOR, ATTR_BOLD);
		draw_str(r, x + 1, 0, -1, ROLE_TIME, 0, c);
	}
}

/* --- the pane --- */

/* Those that were there once in the session; no branch, since what passes is like dice. */
static void collect_rows(struct timeline *t, const struct moment *m, const bool *keep)
{
	size_t n = 0;

	vec_reserve(&t->row, m->n + 1);
	for (uint32_t row = 0; row < m->n; row++) {
		t->row.v[n] = row;
		n += (m->state[row] != GS_NONE) & (!keep || keep[row]);
	}
	t->row.n = n;
}

static void refresh(struct timeline *t)
{
	struct view *v = t->pane.view;

	if (t->moment_stamp == v->moment_stamp && t->keep_stamp == v->keep_stamp)
		return;
	collect_rows(t, view_moment(v), view_keep(v, NULL));
	t->moment_stamp = v->moment_stamp;
	t->keep_stamp = v->keep_stamp;
}

static void find_choice(struct timeline *t)
{
	uint32_t row = t->pane.view->row;
	size_t lo = 0, hi = t->row.n;

	/* rows are in order */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->row.v[mid] < row)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < t->row.n && t->row.v[lo] == row)
		t->sel = lo;
	if (t->sel >= t->row.n)
		t->sel = t->row.n ? t->row.n - 1 : 0;
}

static void row_draw(struct timeline *t, const struct region *r, int y, uint32_t row, bool focused)
{
	struct view *v = t->pane.view;
	const struct moment *m = view_moment(v);
	struct region lane = region_sub(r, W_LABEL, y, r->w - W_LABEL, 1);
	int x;

	draw_fmt(r, 0, y, W_LABEL - 2, ROLE_GOID, 0, "%*" PRIu64, W_LABEL - 2,
		 v->world->g.v[row].goid);
	if (row < m->n) {
		char letter[2] = { state_letter(m->state[row], m->reason[row]), '\0' };

		draw_str(r, W_LABEL - 1, y, 1, role_state(m->state[row], m->reason[row]), 0,
			 letter);
	}
	lane_draw(&lane, v->world, row, row == v->row ? story_for(t) : NULL, v->span);
	if (row == v->row)
		draw_mark(r, 0, y, W_LABEL, 1, focused ? ATTR_SELECT : ATTR_SELECT_AWAY);
	x = span_column(v->span, lane.w, m->time);
	if (x >= 0 && x < lane.w && !v->at_end)
		draw_mark(&lane, x, 0, 1, 1, ATTR_REVERSE);
}

static void timeline_draw(struct pane *p, const struct region *r, bool focused)
{
	struct timeline *t = (struct timeline *)p;
	struct region axis = region_sub(r, W_LABEL, r->h - 1, r->w - W_LABEL, 1);

	refresh(t);
	find_choice(t);
	t->page = r->h - 1;
	t->w = r->w;
	if (t->sel < t->top)
		t->top = t->sel;
	if (t->page > 0 && t->sel >= t->top + (size_t)t->page)
		t->top = t->sel - (size_t)t->page + 1;
	for (int y = 0; y < t->page && t->top + (size_t)y < t->row.n; y++)
		row_draw(t, r, y, t->row.v[t->top + (size_t)y], focused);
	axis_draw(&axis, p->view);
}

static unsigned move(struct timeline *t, long by)
{
	long to;

	refresh(t);
	find_choice(t);
	to = (long)t->sel + by;
	if (!t->row.n)
		return EFF_DONE;
	to = to < 0 ? 0 : to >= (long)t->row.n ? (long)t->row.n - 1 : to;
	view_choose(t->pane.view, t->row.v[to]);
	return EFF_DONE | EFF_DRAW;
}

static unsigned step(struct timeline *t, int dir)
{
	view_step(t->pane.view, dir);
	return EFF_DONE | EFF_DRAW;
}

static unsigned timeline_action(struct pane *p, const struct act *a)
{
	struct timeline *t = (struct timeline *)p;

	switch (a->id) {
	case ACT_UP:
		return move(t, -1);
	case ACT_DOWN:
		return move(t, 1);
	case ACT_PAGE_UP:
		return move(t, -(long)t->page);
	case ACT_PAGE_DOWN:
		return move(t, t->page);
	case ACT_HALF_UP:
		return move(t, -(long)t->page / 2);
	case ACT_HALF_DOWN:
		return move(t, t->page / 2);
	case ACT_TOP:
		return move(t, -(long)t->row.n);
	case ACT_BOTTOM:
		return move(t, (long)t->row.n);
	case ACT_LEFT:
		return step(t, -1);
	case ACT_RIGHT:
		return step(t, 1);
	case ACT_OPEN:
		return EFF_DONE | EFF_OPEN;
	default:
		return EFF_NONE;
	}
}

static unsigned timeline_mouse(struct pane *p, const struct mouse *m)
{
	struct timeline *t = (struct timeline *)p;

	if (m->kind == MOUSE_WHEEL)
		return move(t, m->wheel * 3);
	if (m->kind == MOUSE_RELEASE)
		return EFF_DONE;
	if (m->kind != MOUSE_DRAG && m->y < t->page && t->top + (size_t)m->y < t->row.n)
		view_choose(p->view, t->row.v[t->top + (size_t)m->y]);
	if (m->x >= W_LABEL)
		view_goto(p->view, span_time(p->view->span, t->w - W_LABEL, m->x - W_LABEL));
	return m->kind == MOUSE_DOUBLE ? EFF_DONE | EFF_OPEN : EFF_DONE | EFF_DRAW;
}

static const char *timeline_note(struct pane *p, char *buf, size_t size)
{
	const struct view *v = p->view;
	char span[TEXT_SHORT];

	snprintf(buf, size, "%s", text_duration(span, v->span.t1 - v->span.t0));
	return buf;
}

static void timeline_free(struct pane *p)
{
	struct timeline *t = (struct timeline *)p;

	story_release(&t->teller);
	activity_release(&t->activity);
	vec_free(&t->row);
	free(t);
}

static struct pane *timeline_new(struct view *v, const struct pane_ops *ops)
{
	struct timeline *t = xcalloc(1, sizeof(*t));

	t->pane = (struct pane){ ops, v };
	t->teller = (struct storyteller){ .jobs = v->jobs, .told = told, .arg = t };
	return &t->pane;
}

static const struct pane_ops timeline_ops = {
	.id = PANE_TIMELINE,
	.number = '2',
	.name = "timeline",
	.title = "Timeline",
	.draw = timeline_draw,
	.action = timeline_action,
	.mouse = timeline_mouse,
	.note = timeline_note,
	.free = timeline_free,
};

struct pane *pane_timeline_new(struct view *v)
{
	return timeline_new(v, &timeline_ops);
}

/* --- the strip --- */

/* Where the span of the timelines lies in the whole session. */
static void window_mark(const struct region *r, const struct view *v, struct time_span session)
{
	int a = span_column(session, r->w, v->span.t0), b = span_column(session, r->w, v->span.t1);
	int x = span_column(session, r->w, view_moment(v)->time);

	if (!v->span_all && a >= 0 && b < r->w + 1)
		draw_mark(r, a, 0, b - a + 1, 1, ATTR_UNDERLINE);
	if (x >= 0 && x < r->w)
		draw_mark(r, x, 0, 1, 1, ATTR_REVERSE);
}

static void strip_draw(struct pane *p, const struct region *r, bool focused)
{
	struct timeline *t = (struct timeline *)p;
	struct view *v = p->view;
	struct region all = region_sub(r, W_LABEL, 1, r->w - W_LABEL, 1);
	struct region axis = region_sub(r, W_LABEL, 2, r->w - W_LABEL, 1);

	(void)focused;
	t->w = r->w;
	if (v->row != NO_G && v->row < v->world->g.n)
		row_draw(t, r, 0, v->row, false);
	draw_right(r, 0, 1, W_LABEL - 2, ROLE_DIM, 0, "all");
	activity_draw(&t->activity, &all, v->world, view_session(v));
	window_mark(&all, v, view_session(v));
	axis_draw(&axis, v);
}

static unsigned strip_mouse(struct pane *p, const struct mouse *m)
{
	struct timeline *t = (struct timeline *)p;
	struct view *v = p->view;
	struct time_span span = m->y == 1 ? view_session(v) : v->span;
	int64_t at = span_time(span, t->w - W_LABEL, m->x - W_LABEL);

	if (m->x < W_LABEL || (m->kind != MOUSE_PRESS && m->kind != MOUSE_DRAG))
		return m->kind == MOUSE_WHEEL ? EFF_NONE : EFF_DONE;
	view_goto(v, at);
	view_span_follow(v, at);
	return EFF_DONE | EFF_DRAW;
}

static const struct pane_ops strip_ops = {
	.id = PANE_STRIP,
	.name = "strip",
	.title = "",
	.draw = strip_draw,
	.mouse = strip_mouse,
	.free = timeline_free,
};

struct pane *pane_strip_new(struct view *v)
{
	return timeline_new(v, &strip_ops);
}

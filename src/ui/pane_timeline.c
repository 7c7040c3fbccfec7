/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row a goroutine or a group over time; below the chosen one its tasks and regions;
 * then the times with what was found, and the whole session to scrub in.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/closeup.h"
#include "analysis/groups.h"
#include "core/clock.h"
#include "ui/lane_story.h"
#include "ui/pane.h"

enum {
	W_LABEL = 9,
	W_GROUP = 30, /* of a group, with the place */
	WITH_SESSION = 7, /* lines from which on the session has one of them … */
	WITH_SIGNS = 9, /* … and what was found one of its own */
	MEMBERS = 32, /* of a group that its row is drawn from: so many, evenly chosen */
	NEST_LEAST = 4, /* lanes that stay beside what is nested */
	NOT_SHOWN = -1,
};

struct timeline {
	struct pane pane;
	struct storyteller teller; /* of the chosen goroutine */
	struct activity activity;
	struct closeup closeup; /* of the rows in sight */
	struct nest nest; /* of its story */
	arrows arrow;
	enum grouping by, want; /* as drawn, and as asked for */
	VEC(uint32_t) row; /* one by one: those shown, in order */
	struct groups groups; /* else */
	VEC(uint32_t) member; /* of the groups drawn, MEMBERS each at most … */
	VEC(uint32_t) n_member; /* … and how many */
	size_t member_top; /* the first group that they are of */
	size_t sel, top;
	int page, w, h; /* lines for rows; the region as last drawn */
	int nested; /* lines drawn below the selected row */
	int from, to; /* columns of the span that is being dragged; NOT_SHOWN: none */
	bool scrubbing; /* the button went down on the session's line */
	uint64_t rows_stamp, keep_stamp;
	bool stale, busy;
	struct pace pace;
	bool partly; /* not all members are drawn */
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

/* --- the rows --- */

static bool one_by_one(const struct timeline *t)
{
	return t->by == GROUP_NONE;
}

static size_t rows(const struct timeline *t)
{
	return one_by_one(t) ? t->row.n : groups_n(&t->groups);
}

static uint32_t row_at(const struct timeline *t, size_t i)
{
	return one_by_one(t) ? t->row.v[i] : groups_row(&t->groups, i);
}

static int label_width(const struct timeline *t)
{
	if (one_by_one(t))
		return W_LABEL;
	return t->w / 3 < W_GROUP ? (t->w / 3 < W_LABEL ? W_LABEL : t->w / 3) : W_GROUP;
}

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

static void begin(struct timeline *t)
{
	struct view *v = t->pane.view;
	const bool *keep = view_keep(v, NULL);
	struct groups_config c = {
		.by = t->want,
		.sort = SORT_COUNT,
		.keep = keep,
		.but_system = !v->filter,
		.stamp = v->rows_stamp + 1,
	};

	t->rows_stamp = v->rows_stamp;
	t->keep_stamp = v->keep_stamp;
	t->stale = false;
	if (t->want == GROUP_NONE)
		collect_rows(t, view_moment(v), keep);
	else
		groups_begin(&t->groups, v->world, view_moment(v), &c);
	t->busy = true;
}

/* A piece of the work. Returns whether the rows are as asked for. */
static bool go_on(struct timeline *t)
{
	struct view *v = t->pane.view;
	int64_t began = clock_cpu_ns();

	t->busy = t->want != GROUP_NONE && !groups_step(&t->groups, v->piece_ns);
	pace_add(&t->pace, clock_cpu_ns() - began, !t->busy);
	if (t->busy) {
		v->held = v->answered = true; /* timeline_work() goes on with it */
		return false;
	}
	t->by = t->want;
	t->n_member.n = 0;
	return true;
}

static bool is_made_of(const struct timeline *t)
{
	const struct view *v = t->pane.view;

	return !t->stale && t->rows_stamp == v->rows_stamp && t->keep_stamp == v->keep_stamp;
}

static void refresh(struct timeline *t)
{
	bool same = !t->stale && t->keep_stamp == t->pane.view->keep_stamp;

	if (is_made_of(t) || (same && view_may_wait(t->pane.view, &t->pace)))
		return;
	begin(t);
	go_on(t);
}

static bool timeline_work(struct pane *p)
{
	struct timeline *t = (struct timeline *)p;

	if (!t->busy)
		return false;
	if (!is_made_of(t))
		begin(t);
	if (!go_on(t))
		return true;
	p->view->answered = p->view->ready = true;
	return false;
}

/* Where a row stands among those in order, or would. */
static size_t row_place(const struct timeline *t, uint32_t row)
{
	size_t lo = 0, hi = t->row.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->row.v[mid] < row)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static size_t group_place(const struct timeline *t, uint32_t row)
{
	uint32_t group = groups_of(&t->groups, row);

	if (t->sel < rows(t) && groups_of(&t->groups, row_at(t, t->sel)) == group)
		return t->sel;
	for (size_t i = 0; group != NO_GROUP && i < rows(t); i++)
		if (groups_of(&t->groups, row_at(t, i)) == group)
			return i;
	return SIZE_MAX;
}

static void find_choice(struct timeline *t)
{
	uint32_t row = t->pane.view->row;
	size_t at = one_by_one(t) ? row_place(t, row) : group_place(t, row);

	if (at < rows(t) && (!one_by_one(t) || t->row.v[at] == row))
		t->sel = at;
	if (t->sel >= rows(t))
		t->sel = rows(t) ? rows(t) - 1 : 0;
}

/* --- members of groups --- */

/*
 * Some of each group that is in sight, spread evenly over it. One walk over all
 * rows, kept while the groups and what is in sight of them stay.
 */
static void collect_members(struct timeline *t, size_t first, size_t shown)
{
	uint32_t *n;
	struct view *v = t->pane.view;
	const struct moment *m = view_moment(v);
	const bool *keep = view_keep(v, NULL);
	uint32_t *slot;
	uint32_t *met, *size;

	if (t->member_top == first && t->n_member.n == shown)
		return;
	slot = xmalloc((groups_all(&t->groups) + 1) * sizeof(*slot));
	met = xcalloc(shown + 1, sizeof(*met));
	size = xcalloc(shown + 1, sizeof(*size));
	vec_reserve(&t->n_member, shown + 1);
	t->n_member.n = shown;
	t->member_top = first;
	n = t->n_member.v;

	t->partly = false;
	memset(slot, 0xff, (groups_all(&t->groups) + 1) * sizeof(*slot));
	for (size_t i = 0; i < shown; i++) {
		uint32_t g = groups_of(&t->groups, row_at(t, first + i));

		n[i] = 0;
		size[i] = groups_at(&t->groups, v->world, m, first + i).n;
		t->partly |= size[i] > MEMBERS;
		if (g != NO_GROUP)
			slot[g] = (uint32_t)i;
	}
	vec_reserve(&t->member, shown * MEMBERS + 1);
	for (uint32_t row = 0; row < m->n; row++) {
		uint32_t g = groups_of(&t->groups, row), i = g == NO_GROUP ? UINT32_MAX : slot[g];

		if (i == UINT32_MAX || (keep && !keep[row]))
			continue;
		/* of size members the k-th is taken where k * MEMBERS / size makes a step */
		if (n[i] < MEMBERS &&
		    (uint64_t)met[i] * MEMBERS >=
			    (uint64_t)n[i] * (size[i] > MEMBERS ? size[i] : MEMBERS))
			t->member.v[i * MEMBERS + n[i]++] = row;
		met[i]++;
	}
	free(slot);
	free(met);
	free(size);
}

/* --- drawing --- */

static void mark_moment(const struct timeline *t, const struct region *lane)
{
	const struct view *v = t->pane.view;
	int x = span_column(v->span, lane->w, view_moment(v)->time);

	if (x >= 0 && x < lane->w && !v->at_end)
		draw_mark(lane, x, 0, 1, 1, ATTR_REVERSE);
}

static void letter_draw(const struct region *r, int x, int y, uint8_t state, uint8_t reason)
{
	char letter[2] = { state_letter(state, reason), '\0' };

	draw_str(r, x, y, 1, role_state(state, reason), 0, letter);
}

/* Where the span has but few segments, those in sight are drawn by their events. */
static void want_closeup(struct timeline *t, size_t shown)
{
	struct view *v = t->pane.view;
	uint32_t row[CLOSEUP_ROWS];
	size_t n = 0;

	if (v->live && v->at_end) /* which grows with every picture */
		return;
	while (n < shown && n < CLOSEUP_ROWS) {
		row[n] = row_at(t, t->top + n);
		n++;
	}
	closeup_want(&t->closeup, v->world, row, n, v->span.t0, v->span.t1,
		     2 * (size_t)(t->w > 0 ? t->w : 1));
}

static const struct story *story_of(struct timeline *t, uint32_t row)
{
	struct view *v = t->pane.view;
	const struct story *s = row == v->row ? story_for(t) : NULL;

	return lane_tells(s, v->span) ? s : closeup_get(&t->closeup, row);
}

static void row_draw(struct timeline *t, const struct region *r, int y, uint32_t row)
{
	struct view *v = t->pane.view;
	const struct moment *m = view_moment(v);
	struct region lane = region_sub(r, W_LABEL, y, r->w - W_LABEL, 1);

	draw_fmt(r, 0, y, W_LABEL - 2, ROLE_GOID, 0, "%*" PRIu64, W_LABEL - 2,
		 v->world->g.v[row].goid);
	if (row < m->n)
		letter_draw(r, W_LABEL - 1, y, m->state[row], m->reason[row]);
	lane_draw(&lane, v->world, row, story_of(t, row), m, v->span);
	mark_moment(t, &lane);
}

static void group_draw(struct timeline *t, const struct region *r, int y, size_t i,
		       const uint32_t *member, size_t n)
{
	struct view *v = t->pane.view;
	const struct world *w = v->world;
	struct group g = groups_at(&t->groups, w, view_moment(v), i);
	const struct frame *f = stack_place(w, g.key);
	int label = label_width(t), x = 0;
	struct region lane = region_sub(r, label, y, r->w - label, 1);
	char buf[TEXT_SHORT];

	draw_right(r, 0, y, 5, ROLE_STRONG, 0, text_count(buf, g.n));
	x = 6;
	if (t->by == GROUP_STACK)
		letter_draw(r, x, y, g.state, g.reason);
	x += 2;
	if (f && label > x + 4)
		draw_cut(r, x, y, label - x - 1, ROLE_FUNC, 0,
			 text_base(strtab_get(&w->strings, f->func)));
	lane_draw_many(&lane, w, member, n, v->span);
	mark_moment(t, &lane);
}

static void nest_draw_all(struct timeline *t, const struct region *r, int y)
{
	struct view *v = t->pane.view;

	for (int i = 0; i < t->nested; i++) {
		struct region lane = region_sub(r, W_LABEL, y + i, r->w - W_LABEL, 1);

		draw_right(r, 0, y + i, W_LABEL - 1, ROLE_DIM, 0,
			   i < t->nest.tasks ? "task" : "region");
		nest_draw(&t->nest, &lane, v->world, i, v->span);
	}
}

static void rows_draw(struct timeline *t, const struct region *r)
{
	size_t left = rows(t) > t->top ? rows(t) - t->top : 0;
	size_t shown = left < (size_t)t->page ? left : (size_t)t->page;
	bool groups = !one_by_one(t);
	int y = 0;

	if (groups)
		collect_members(t, t->top, shown);
	else
		want_closeup(t, shown);
	for (size_t i = 0; i < shown && y < t->page; i++, y++) {
		if (groups)
			group_draw(t, r, y, t->top + i, t->member.v + i * MEMBERS,
				   t->n_member.v[i]);
		else
			row_draw(t, r, y, row_at(t, t->top + i));
		if (t->top + i != t->sel || groups)
			continue;
		nest_draw_all(t, r, y + 1);
		y += t->nested;
	}
}

/* The line on which a place stands; above or below all where it is not in sight. */
static int line_of(const struct timeline *t, size_t at)
{
	int y;

	if (at < t->top)
		return -1;
	if (at >= t->top + (size_t)t->page)
		return t->page;
	y = (int)(at - t->top) + (at > t->sel ? t->nested : 0);
	return y < t->page ? y : t->page;
}

static int goid_line(const struct timeline *t, uint64_t goid, int64_t time)
{
	uint32_t row = world_find_at(t->pane.view->world, goid, time);
	size_t at = row == NO_G ? t->row.n : row_place(t, row);

	return row == NO_G || at >= t->row.n || t->row.v[at] != row ? NOT_SHOWN - 1
								    : line_of(t, at);
}

/* From the one who woke or made to the one who was; from the edge where he is not in sight. */
static void arrow_draw(const struct timeline *t, const struct region *r, const struct arrow *a)
{
	struct view *v = t->pane.view;
	int x = span_column(v->span, r->w - W_LABEL, a->time) + W_LABEL;
	int from = goid_line(t, a->from, a->time), to = goid_line(t, a->to, a->time);
	int lo = from < to ? from : to, hi = from < to ? to : from;

	if (from < NOT_SHOWN || to < NOT_SHOWN || from == to || x < W_LABEL || x >= r->w)
		return;
	draw_vsym(r, x, lo + 1, hi - lo - 1, SYM_VLINE, ROLE_CURSOR, 0);
	if (to >= 0 && to < t->page)
		draw_sym(r, x, to, 1, from < to ? SYM_ARROW_DOWN : SYM_ARROW_UP, ROLE_CURSOR,
			 ATTR_BOLD);
}

static void arrows_draw(struct timeline *t, const struct region *r)
{
	struct view *v = t->pane.view;

	if (!one_by_one(t) || v->row == NO_G || v->row >= v->world->g.n)
		return;
	arrows_make(&t->arrow, story_for(t), v->world->g.v[v->row].goid, v->span, v->time);
	for (size_t i = 0; i < t->arrow.n; i++)
		arrow_draw(t, r, &t->arrow.v[i]);
}

/* What is nested below the chosen row, as far as there is room. */
static void make_nest(struct timeline *t)
{
	const struct view *v = t->pane.view;
	int room = t->page - NEST_LEAST;

	t->nested = 0;
	if (!one_by_one(t) || v->row == NO_G || t->sel >= rows(t) || row_at(t, t->sel) != v->row)
		return;
	nest_make(&t->nest, story_for(t), v->world->g.v[v->row].goid, v->span);
	t->nested = t->nest.lines < room ? t->nest.lines : room > 0 ? room : 0;
}

static void scroll(struct timeline *t)
{
	size_t need = (size_t)t->nested + 1;

	if (t->sel < t->top)
		t->top = t->sel;
	if (t->page > 0 && t->sel + need > t->top + (size_t)t->page)
		t->top = t->sel + need - (size_t)t->page;
}

static int lines_below(const struct timeline *t)
{
	bool signs = t->h >= WITH_SIGNS && signs_any(t->pane.view, t->pane.view->span);

	return 1 + (t->h >= WITH_SESSION) + signs;
}

static void below_draw(struct timeline *t, const struct region *r)
{
	int label = label_width(t), y = r->h - 1;
	struct region line = region_sub(r, label, y, r->w - label, 1);

	if (r->h >= WITH_SESSION) {
		draw_right(r, 0, y, label - 2, ROLE_DIM, 0, "all");
		session_draw(&t->activity, &line, t->pane.view);
		line = region_sub(r, label, --y, r->w - label, 1);
	}
	if (lines_below(t) > 2) {
		signs_draw(&line, t->pane.view, t->pane.view->span, true);
		line = region_sub(r, label, --y, r->w - label, 1);
	}
	axis_draw(&t->activity, &line, t->pane.view, lines_below(t) < 3);
}

static void timeline_draw(struct pane *p, const struct region *r, bool focused)
{
	struct timeline *t = (struct timeline *)p;
	int y;

	refresh(t);
	find_choice(t);
	t->w = r->w;
	t->h = r->h;
	t->page = r->h - lines_below(t);
	make_nest(t);
	scroll(t);
	rows_draw(t, r);
	arrows_draw(t, r);
	y = rows(t) ? line_of(t, t->sel) : -1;
	if (y >= 0 && y < t->page)
		draw_mark(r, 0, y, label_width(t), 1, focused ? ATTR_SELECT : ATTR_SELECT_AWAY);
	if (t->from >= 0 && t->from != t->to)
		draw_mark(r, label_width(t) + (t->from < t->to ? t->from : t->to), 0,
			  abs(t->to - t->from) + 1, t->page, ATTR_REVERSE);
	below_draw(t, r);
}

/* --- actions --- */

static void choose_row(struct timeline *t, size_t i)
{
	t->sel = i;
	view_choose(t->pane.view, row_at(t, i));
}

static unsigned move(struct timeline *t, long by)
{
	long to, n;

	refresh(t);
	find_choice(t);
	n = (long)rows(t);
	to = (long)t->sel + by;
	if (n)
		choose_row(t, to < 0 ? 0 : to >= n ? (size_t)n - 1 : (size_t)to);
	return EFF_DONE | EFF_DRAW;
}

static unsigned step(struct timeline *t, int dir)
{
	view_step(t->pane.view, dir);
	return EFF_DONE | EFF_DRAW;
}

static unsigned set_grouping(struct timeline *t, const struct act *a)
{
	static const enum grouping next[] = { [GROUP_NONE] = GROUP_STACK,
					      [GROUP_STACK] = GROUP_CREATOR,
					      [GROUP_CREATOR] = GROUP_NONE };
	int g = a->arg ? grouping_parse(a->arg) : (int)next[t->want];

	if (g < 0)
		return view_complain(t->pane.view, "no grouping '%s': stack, flat or creator",
				     a->arg);
	t->want = (enum grouping)g;
	t->partly = false;
	t->stale = true;
	t->top = 0;
	return view_say(t->pane.view, "%s",
			t->want == GROUP_NONE	 ? "a row for each goroutine"
			: t->want == GROUP_STACK ? "a row for each group of equal stack"
						 : "a row for all that were created at one place");
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
		return move(t, -(long)rows(t));
	case ACT_BOTTOM:
		return move(t, (long)rows(t));
	case ACT_LEFT:
		return step(t, -1);
	case ACT_RIGHT:
		return step(t, 1);
	case ACT_GROUP:
		return set_grouping(t, a);
	case ACT_OPEN:
		return EFF_DONE | EFF_OPEN;
	default:
		return EFF_NONE;
	}
}

/* --- the mouse --- */

static bool on_session(const struct timeline *t, int y)
{
	return t->h >= WITH_SESSION && y == t->h - 1;
}

/* The place on a line, SIZE_MAX: none; what is nested belongs to the row above it. */
static size_t place_at(const struct timeline *t, int y)
{
	size_t at = t->top + (size_t)y;

	if (at > t->sel && t->nested)
		at = at <= t->sel + (size_t)t->nested ? t->sel : at - (size_t)t->nested;
	return y < 0 || y >= t->page || at >= rows(t) ? SIZE_MAX : at;
}

static unsigned scrub(struct timeline *t, int x)
{
	struct view *v = t->pane.view;
	int64_t at = span_time(view_session(v), t->w - label_width(t), x);

	view_goto(v, at);
	return EFF_DONE | EFF_DRAW;
}

static int lane_column(const struct timeline *t, int x)
{
	int w = t->w - label_width(t);

	x -= label_width(t);
	return x < 0 ? 0 : x >= w ? w - 1 : x;
}

static unsigned press(struct timeline *t, const struct mouse *m)
{
	size_t at = place_at(t, m->y);
	int x = lane_column(t, m->x);

	t->from = t->to = NOT_SHOWN;
	t->scrubbing = on_session(t, m->y);
	if (at != SIZE_MAX)
		choose_row(t, at);
	if (m->x < label_width(t))
		return EFF_DONE | EFF_DRAW;
	if (t->scrubbing)
		return scrub(t, x);
	t->from = t->to = x;
	view_goto(t->pane.view, span_time(t->pane.view->span, t->w - label_width(t), x));
	return EFF_DONE | EFF_DRAW;
}

static unsigned drag(struct timeline *t, const struct mouse *m)
{
	if (t->scrubbing)
		return scrub(t, lane_column(t, m->x));
	if (t->from >= 0)
		t->to = lane_column(t, m->x);
	return EFF_DONE | EFF_DRAW;
}

/* What was dragged over is shown in the whole width; u goes back. */
static unsigned release(struct timeline *t)
{
	struct view *v = t->pane.view;
	int a = t->from < t->to ? t->from : t->to, b = t->from < t->to ? t->to : t->from;
	int w = t->w - label_width(t);
	double col = w > 0 ? (double)(v->span.t1 - v->span.t0) / w : 0;

	t->from = t->to = NOT_SHOWN;
	t->scrubbing = false;
	if (a < 0 || a == b)
		return EFF_DONE;
	view_set_span(v, v->span.t0 + (int64_t)(a * col), v->span.t0 + (int64_t)((b + 1) * col));
	return view_say(v, "zoomed in; u goes back");
}

static unsigned timeline_mouse(struct pane *p, const struct mouse *m)
{
	struct timeline *t = (struct timeline *)p;

	switch (m->kind) {
	case MOUSE_WHEEL:
		return move(t, m->wheel * 3);
	case MOUSE_PRESS:
		return press(t, m);
	case MOUSE_DRAG:
		return drag(t, m);
	case MOUSE_RELEASE:
		return release(t);
	default:
		press(t, m);
		t->from = t->to = NOT_SHOWN;
		return place_at(t, m->y) == SIZE_MAX ? EFF_DONE | EFF_DRAW : EFF_DONE | EFF_OPEN;
	}
}

static const char *timeline_note(struct pane *p, char *buf, size_t size)
{
	const struct timeline *t = (const struct timeline *)p;
	const struct view *v = p->view;
	char span[TEXT_SHORT];

	snprintf(buf, size, "%s%s%s", text_duration(span, v->span.t1 - v->span.t0),
		 one_by_one(t)		? ""
		 : t->by == GROUP_STACK ? ", by equal stack"
					: ", by creator",
		 t->partly ? "; of larger groups 32 are drawn" : "");
	return buf;
}

static void timeline_free(struct pane *p)
{
	struct timeline *t = (struct timeline *)p;

	story_release(&t->teller);
	closeup_release(&t->closeup);
	activity_release(&t->activity);
	nest_release(&t->nest);
	groups_release(&t->groups);
	vec_free(&t->arrow);
	vec_free(&t->member);
	vec_free(&t->n_member);
	vec_free(&t->row);
	free(t);
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
	.work = timeline_work,
	.free = timeline_free,
};

struct pane *pane_timeline_new(struct view *v)
{
	struct timeline *t = xcalloc(1, sizeof(*t));

	t->pane = (struct pane){ &timeline_ops, v };
	t->teller = (struct storyteller){ .jobs = v->jobs, .told = told, .arg = t };
	t->closeup = (struct closeup){ .jobs = v->jobs, .told = told, .arg = t };
	t->by = t->want = GROUP_NONE;
	t->from = t->to = NOT_SHOWN;
	return &t->pane;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The list of goroutines: groups that unfold, or one by one. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/filter.h"
#include "analysis/groups.h"
#include "core/clock.h"
#include "ui/pane.h"

/* What the selection sticks to, whatever row it is in. */
struct anchor {
	uint64_t goid; /* 0: a group */
	uint32_t key;
	uint8_t state;
};

/* A line of the list: a group, or a member of the unfolded group above it. */
struct line {
	uint32_t group;
	uint32_t row; /* NO_G: the group's own line */
};

struct open_group {
	uint32_t key;
	uint8_t state;
};

struct list {
	struct pane pane;
	struct groups groups;
	struct groups_config conf; /* as asked for: groups.by and shown tell what there is */
	struct groups_config shown;
	VEC(struct line) line; /* but for single goroutines: those are lines as they are */
	VEC(struct open_group) open;
	bool all_open;
	struct anchor anchor;
	size_t sel, top;
	bool moved; /* somebody has chosen a line; until then it is the first */
	uint32_t first; /* the row of that first line */
	bool follow;
	int page, w; /* lines and columns last drawn */
	struct filter *search;
	/* what the lines were made from, or are being made from */
	uint64_t rows_stamp, keep_stamp;
	bool stale;
	struct pace pace;
};

/* --- the lines --- */

static bool flat(const struct list *l)
{
	return l->groups.by == GROUP_NONE;
}

static size_t lines(const struct list *l)
{
	return flat(l) ? groups_n(&l->groups) : l->line.n;
}

static struct line line_at(const struct list *l, size_t i)
{
	return flat(l) ? (struct line){ (uint32_t)i, NO_G } : l->line.v[i];
}

static struct group group_at(const struct list *l, size_t i)
{
	const struct view *v = l->pane.view;

	return groups_at(&l->groups, v->world, view_moment(v), i);
}

static uint32_t line_row(const struct list *l, size_t i)
{
	struct line line = line_at(l, i);

	return line.row == NO_G ? groups_row(&l->groups, line.group) : line.row;
}

static struct anchor anchor_of(const struct list *l, struct line line)
{
	struct group g = group_at(l, line.group);
	uint32_t row = flat(l) ? g.row : line.row;

	return (struct anchor){
		.goid = row == NO_G ? 0 : l->pane.view->world->g.v[row].goid,
		.key = g.key,
		.state = l->groups.by == GROUP_STACK ? g.state : 0,
	};
}

static bool anchor_equal(struct anchor a, struct anchor b)
{
	return a.goid ? a.goid == b.goid : !b.goid && a.key == b.key && a.state == b.state;
}

static size_t open_find(const struct list *l, const struct group *g)
{
	size_t i = 0;

	while (i < l->open.n && (l->open.v[i].key != g->key ||
				 (l->groups.by == GROUP_STACK && l->open.v[i].state != g->state)))
		i++;
	return i;
}

static bool is_open(const struct list *l, const struct group *g)
{
	if (l->groups.by == GROUP_NONE || g->n < 2)
		return false;
	return (open_find(l, g) < l->open.n) != l->all_open;
}

static bool group_is_open(const struct list *l, size_t group)
{
	struct group g = group_at(l, group);

	return is_open(l, &g);
}

static void add_members(struct list *l, const struct moment *m, const bool *keep, size_t group)
{
	const struct group one = group_at(l, group), *g = &one;
	uint32_t left = g->n;

	for (size_t row = 0; row < m->n && left; row++) {
		if (m->state[row] == GS_NONE || m->state[row] == GS_DEAD)
			continue;
		if (keep && !keep[row])
			continue;
		if (!group_has(l->pane.view->world, m, l->groups.by, g, row))
			continue;
		*vec_push(&l->line) = (struct line){ (uint32_t)group, (uint32_t)row };
		left--;
	}
}

/* The line on which a row stands by itself; SIZE_MAX: none. */
static size_t row_line(const struct list *l, uint32_t row)
{
	if (flat(l))
		return groups_find(&l->groups, row);
	for (size_t i = 0; i < l->line.n; i++)
		if (line_row(l, i) == row)
			return i;
	return SIZE_MAX;
}

static size_t anchor_line(const struct list *l)
{
	if (flat(l)) {
		uint32_t row =
			l->anchor.goid ? world_find(l->pane.view->world, l->anchor.goid) : NO_G;

		return row == NO_G ? SIZE_MAX : groups_find(&l->groups, row);
	}
	for (size_t i = 0; i < l->line.n; i++)
		if (anchor_equal(anchor_of(l, l->line.v[i]), l->anchor))
			return i;
	return SIZE_MAX;
}

static void find_anchor(struct list *l)
{
	size_t at;

	if (l->follow || l->sel >= lines(l) ||
	    !anchor_equal(anchor_of(l, line_at(l, l->sel)), l->anchor)) {
		at = anchor_line(l);
		if (at != SIZE_MAX)
			l->sel = at;
	}
	if (l->sel >= lines(l))
		l->sel = lines(l) ? lines(l) - 1 : 0;
}

static void make_lines(struct list *l)
{
	struct view *v = l->pane.view;
	const struct moment *m = view_moment(v);
	size_t n = flat(l) ? 0 : groups_n(&l->groups);
	const bool *keep = l->open.n || l->all_open ? view_keep(v, NULL) : NULL;

	l->line.n = 0;
	vec_reserve(&l->line, n);
	for (size_t i = 0; i < n; i++) {
		*vec_push(&l->line) = (struct line){ (uint32_t)i, NO_G };
		if ((l->open.n || l->all_open) && group_is_open(l, i))
			add_members(l, m, keep, i);
	}
	find_anchor(l);
}

static bool is_made_of(const struct list *l)
{
	const struct view *v = l->pane.view;

	return !l->stale && l->rows_stamp == v->rows_stamp && l->keep_stamp == v->keep_stamp;
}

/* A piece of the work. Returns whether the list is as asked for. */
static bool go_on(struct list *l)
{
	struct view *v = l->pane.view;
	int64_t began = clock_cpu_ns();
	bool done = groups_step(&l->groups, v->piece_ns);

	if (done) {
		l->shown = l->conf;
		make_lines(l);
	} else {
		v->held = v->answered = true; /* list_work() goes on with it */
	}
	pace_add(&l->pace, clock_cpu_ns() - began, done);
	return done;
}

static void begin(struct list *l)
{
	struct view *v = l->pane.view;

	l->conf.keep = view_keep(v, NULL);
	l->conf.but_system = !v->filter;
	l->conf.stamp = v->rows_stamp + 1;
	l->rows_stamp = v->rows_stamp;
	l->keep_stamp = v->keep_stamp;
	l->stale = false;
	groups_begin(&l->groups, v->world, view_moment(v), &l->conf);
}

/* What is in the making is gone on with by list_work(), unless it is of what is no more. */
static void refresh(struct list *l)
{
	bool same = !l->stale && l->keep_stamp == l->pane.view->keep_stamp;

	/* the list of a million is not made anew whenever something has changed */
	if (is_made_of(l) || (same && view_may_wait(l->pane.view, &l->pace)))
		return;
	begin(l);
	go_on(l);
}

static bool list_work(struct pane *p)
{
	struct list *l = (struct list *)p;

	if (!groups_busy(&l->groups))
		return false;
	if (!is_made_of(l))
		begin(l);
	if (!go_on(l))
		return true;
	p->view->answered = p->view->ready = true;
	return false;
}

static void select_line(struct list *l, size_t i)
{
	l->moved = true;
	if (!lines(l))
		return;
	l->sel = i < lines(l) ? i : lines(l) - 1;
	l->anchor = anchor_of(l, line_at(l, l->sel));
	view_choose(l->pane.view, line_row(l, l->sel));
}

/* While a file loads, lines come and go: what stands first is of most interest. */
static void select_first(struct list *l)
{
	const struct view *v = l->pane.view;

	if (l->moved || !lines(l) || (v->row != NO_G && v->row != l->first))
		return;
	select_line(l, 0);
	l->first = v->row;
	l->moved = false;
}

/* The frame chose a goroutine: the list goes along where it has it on a line. */
static void follow_choice(struct list *l)
{
	const struct view *v = l->pane.view;
	size_t at;

	if (v->row == NO_G || !lines(l) || line_row(l, l->sel) == v->row)
		return;
	at = row_line(l, v->row);
	if (at == SIZE_MAX)
		return;
	l->sel = at;
	l->anchor = anchor_of(l, line_at(l, at));
}

/* --- drawing --- */

enum { W_MARK = 2, W_ID = 8, W_N = 7, W_ST = 3, W_WAIT = 8, W_ON = 15 };

struct column {
	enum sort_by sort;
	int x, w; /* w 0: not shown */
	const char *head;
};

/* By what they are, wherever they stand: enum list_column. */
static void columns(const struct list *l, int width, struct column c[COL_MOST])
{
	static const struct column all[COL_MOST] = {
		[COL_G] = { SORT_ID, 0, W_ID, "G" },
		[COL_N] = { SORT_COUNT, 0, W_N, "N" },
		[COL_STATE] = { SORT_STATE, 0, W_ST, "ST" },
		[COL_WAIT] = { SORT_WAIT, 0, W_WAIT, "WAIT" },
		[COL_ON] = { SORT_ON, 0, W_ON, "ON" },
	};
	const struct list_columns *want = &l->pane.view->set->columns;
	int x = W_MARK;

	for (int i = 0; i < COL_MOST; i++) {
		c[i] = all[i];
		c[i].w = 0;
	}
	for (int i = 0; i < want->n; i++) {
		struct column *one = &c[want->v[i]];

		one->x = x;
		if ((one->sort != SORT_COUNT || l->groups.by != GROUP_NONE) &&
		    (one->sort != SORT_ON || width >= 60))
			one->w = all[want->v[i]].w;
		x += one->w;
	}
}

static int where_x(const struct column c[COL_MOST])
{
	int x = W_MARK;

	for (int i = 0; i < COL_MOST; i++)
		x = c[i].w && c[i].x + c[i].w > x ? c[i].x + c[i].w : x;
	return x;
}

static void draw_head(const struct list *l, const struct region *r, const struct column c[COL_MOST])
{
	draw_fill(r, 0, 0, r->w, 1, ROLE_COLUMN, 0);
	for (int i = 0; i < COL_MOST; i++) {
		enum role role = c[i].sort == l->shown.sort ? ROLE_COLUMN_SORT : ROLE_COLUMN;

		if (!c[i].w)
			continue;
		if (i == COL_STATE || i == COL_ON)
			draw_str(r, c[i].x + (i == COL_ON), 0, c[i].w, role, 0, c[i].head);
		else
			draw_right(r, c[i].x, 0, c[i].w - 1, role, 0, c[i].head);
	}
	draw_str(r, where_x(c) + 1, 0, -1,
		 l->shown.sort == SORT_WHERE ? ROLE_COLUMN_SORT : ROLE_COLUMN, 0,
		 l->groups.by == GROUP_CREATOR ? "CREATED AT" : "WHERE");
}

static void draw_place(const struct list *l, const struct region *r, int x, int y, uint32_t stack)
{
	const struct world *w = l->pane.view->world;
	const struct frame *f = stack_place(w, stack);

	if (!f) {
		draw_str(r, x, y, -1, ROLE_DIM, 0, stack ? "?" : "not known");
		return;
	}
	if (f->file)
		x += draw_fmt(r, x, y, -1, ROLE_FILE, 0, "%s:%" PRIu32 " ",
			      text_base(strtab_get(&w->strings, f->file)), f->line);
	draw_cut(r, x, y, r->w - x, ROLE_FUNC, 0, text_base(strtab_get(&w->strings, f->func)));
}

static void draw_state(const struct region *r, const struct column c[COL_MOST], int y,
		       uint8_t state, uint8_t reason)
{
	char letter[2] = { state_letter(state, reason), '\0' };
	const char *on = reason ? reason_name(reason) : gstate_name(state);

	if (c[COL_STATE].w)
		draw_str(r, c[COL_STATE].x, y, 2, role_state(state, reason), ATTR_BOLD, letter);
	if (c[COL_ON].w)
		draw_cut(r, c[COL_ON].x + 1, y, c[COL_ON].w - 1, role_state(state, reason), 0, on);
}

/* Waits for another goroutine, which may never do its part. */
static bool is_long(const struct list *l, uint8_t state, uint8_t reason, int64_t ns)
{
	char letter = state_letter(state, reason);
	int64_t most = l->pane.view->set->long_wait;

	return most && ns >= most && (letter == 'B' || letter == 'L');
}

static void draw_wait(const struct list *l, const struct region *r, const struct column c[COL_MOST],
		      int y, int64_t since, uint32_t row)
{
	const struct moment *m = view_moment(l->pane.view);
	const struct live *live = &l->pane.view->world->live;
	char buf[TEXT_SHORT], text[TEXT_SHORT + 2];
	int64_t ns = m->time - (since == T_BEFORE ? 0 : since);
	const char *sign = since == T_BEFORE ? ">" : "";

	/* changed in the last pass: it can be as old as that */
	if (!ns && since != T_BEFORE && live->pass_hz > 0) {
		ns = (int64_t)(1e3 / live->pass_hz + 0.5) * 1000000;
		sign = "<";
	}
	text_duration(buf, ns);
	snprintf(text, sizeof(text), "%s%s", sign, buf);
	if (c[COL_WAIT].w)
		draw_right(r, c[COL_WAIT].x, y, c[COL_WAIT].w - 1,
			   is_long(l, m->state[row], m->reason[row], ns) ? ROLE_LONG : ROLE_TIME, 0,
			   text);
}

static void draw_line(const struct list *l, const struct region *r, const struct column c[COL_MOST],
		      int y, size_t i)
{
	const struct view *v = l->pane.view;
	const struct moment *m = view_moment(v);
	struct line line = line_at(l, i);
	const struct group one = group_at(l, line.group), *g = &one;
	uint32_t row = line_row(l, i);
	bool member = line.row != NO_G,
	     mixed = l->groups.by == GROUP_CREATOR && !member && g->n > 1;
	uint32_t place = l->groups.by == GROUP_CREATOR && !member ? g->key : m->stack[row];
	char buf[TEXT_SHORT];

	if (row >= m->n)
		return;
	if (c[COL_G].w)
		draw_fmt(r, c[COL_G].x + (member ? 1 : 0), y, c[COL_G].w - 1, ROLE_GOID, 0,
			 "%*" PRIu64, W_ID - 1 - (member ? 1 : 0), v->world->g.v[row].goid);
	if (c[COL_N].w && !member)
		draw_right(r, c[COL_N].x, y, c[COL_N].w - 1, g->n > 1 ? ROLE_STRONG : ROLE_DIM, 0,
			   text_count(buf, g->n));
	if (!member && g->n > 1)
		draw_sym(r, 1, y, 1, is_open(l, g) ? SYM_UNFOLDED : SYM_FOLDED, ROLE_DIM, 0);
	if (mixed) {
		if (c[COL_ON].w)
			draw_str(r, c[COL_ON].x + 1, y, c[COL_ON].w - 1, ROLE_DIM, 0, "goroutines");
	} else {
		draw_state(r, c, y, m->state[row], m->reason[row]);
	}
	draw_wait(l, r, c, y, member ? m->since[row] : g->since, row);
	draw_place(l, r, where_x(c) + 1, y, place);
}

static void scroll_to(struct list *l, int page)
{
	if (l->sel < l->top)
		l->top = l->sel;
	if (page > 0 && l->sel >= l->top + (size_t)page)
		l->top = l->sel - (size_t)page + 1;
	if (l->top && lines(l) < l->top + (size_t)page)
		l->top = lines(l) > (size_t)page ? lines(l) - (size_t)page : 0;
}

static void draw_empty(const struct list *l, const struct region *r)
{
	const struct view *v = l->pane.view;

	if (groups_busy(&l->groups))
		return;
	draw_str(r, 2, 2, -1, ROLE_DIM, 0,
		 v->filter		    ? "no goroutine matches the filter"
		 : v->world->progress.whole ? "no goroutine is alive at this time"
					    : "reading …");
}

static void list_choose(struct pane *p)
{
	struct list *l = (struct list *)p;

	refresh(l);
	select_first(l);
	follow_choice(l);
	if (lines(l) && p->view->row == NO_G)
		select_line(l, l->sel);
}

static void list_draw(struct pane *p, const struct region *r, bool focused)
{
	struct list *l = (struct list *)p;
	struct column c[COL_MOST];

	list_choose(p);
	l->page = r->h - 1;
	l->w = r->w;
	scroll_to(l, l->page);
	columns(l, r->w, c);
	draw_head(l, r, c);
	if (!lines(l))
		draw_empty(l, r);
	for (int y = 0; y < l->page && l->top + (size_t)y < lines(l); y++) {
		size_t i = l->top + (size_t)y;

		draw_line(l, r, c, y + 1, i);
		if (i != l->sel)
			continue;
		draw_sym(r, 0, y + 1, 1, SYM_SELECT, ROLE_STRONG, 0);
		draw_mark(r, 0, y + 1, r->w, 1, focused ? ATTR_SELECT : ATTR_SELECT_AWAY);
	}
}

/* --- actions --- */

static unsigned move(struct list *l, long by)
{
	long to = (long)l->sel + by;

	refresh(l);
	if (!lines(l))
		return EFF_DONE;
	select_line(l, to < 0 ? 0 : (size_t)to);
	return EFF_DONE | EFF_DRAW;
}

static unsigned fold(struct list *l, bool open)
{
	struct group g;
	size_t at;

	if (!lines(l) || flat(l))
		return EFF_DONE;
	g = group_at(l, line_at(l, l->sel).group);
	if (g.n < 2 || is_open(l, &g) == open)
		return EFF_DONE;
	at = open_find(l, &g);
	if (at < l->open.n)
		l->open.v[at] = l->open.v[--l->open.n];
	else
		*vec_push(&l->open) = (struct open_group){ g.key, g.state };
	/* folding from within goes to the group's own line */
	l->anchor = anchor_of(l, (struct line){ line_at(l, l->sel).group, NO_G });
	make_lines(l);
	select_line(l, l->sel);
	return EFF_DONE | EFF_DRAW;
}

static unsigned open_line(struct list *l)
{
	struct group g;

	refresh(l);
	if (!lines(l))
		return EFF_DONE;
	g = group_at(l, line_at(l, l->sel).group);
	if (!flat(l) && line_at(l, l->sel).row == NO_G && g.n > 1)
		return fold(l, !is_open(l, &g));
	view_choose(l->pane.view, line_row(l, l->sel));
	return EFF_DONE | EFF_OPEN;
}

static unsigned regroup(struct list *l)
{
	l->stale = true;
	l->pane.view->sort = (uint8_t)l->conf.sort;
	l->pane.view->invert = l->conf.invert;
	refresh(l);
	return EFF_DONE | EFF_DRAW;
}

static unsigned set_sort(struct list *l, const struct act *a, int step)
{
	int s = a->arg ? sort_parse(a->arg) : ((int)l->conf.sort + step + SORT_N) % SORT_N;

	if (s < 0)
		return view_complain(
			l->pane.view,
			"no column '%s': count, id, state, wait, on, where or switches", a->arg);
	l->conf.sort = (enum sort_by)s;
	regroup(l);
	return view_say(l->pane.view, "sorted by %s", sort_name(l->conf.sort));
}

static unsigned set_grouping(struct list *l, const struct act *a)
{
	int g = a->arg ? grouping_parse(a->arg) : ((int)l->conf.by + 1) % GROUP_N;

	if (g < 0)
		return view_complain(l->pane.view, "no grouping '%s': stack, flat or creator",
				     a->arg);
	l->conf.by = (enum grouping)g;
	l->pane.view->grouping = (uint8_t)g;
	l->conf.sort = l->conf.by == GROUP_NONE && l->conf.sort == SORT_COUNT ? SORT_WAIT
		       : l->conf.by == GROUP_STACK			      ? SORT_COUNT
									      : l->conf.sort;
	l->open.n = 0;
	l->all_open = false;
	regroup(l);
	return view_say(l->pane.view, "%s",
			l->conf.by == GROUP_STACK     ? "grouped by equal stack"
			: l->conf.by == GROUP_CREATOR ? "grouped by who created them"
						      : "one by one");
}

static bool line_matches(const struct list *l, size_t i)
{
	const struct view *v = l->pane.view;

	return filter_row(l->search, v->world, view_moment(v), line_row(l, i));
}

/* From the selection on in a direction, round the end. */
static unsigned search_next(struct list *l, int dir, bool here)
{
	size_t n = lines(l), i;

	if (!l->search)
		return view_complain(l->pane.view, "nothing is searched for; F3 searches");
	for (size_t k = here ? 0 : 1; k <= n && n; k++) {
		i = (l->sel + (dir > 0 ? k : n - k % n)) % n;
		if (!line_matches(l, i))
			continue;
		select_line(l, i);
		return EFF_DONE | EFF_DRAW;
	}
	return view_complain(l->pane.view, "nothing in the list matches %s",
			     filter_pattern(l->search));
}

static unsigned search(struct list *l, const struct act *a)
{
	struct err err = { 0 };
	struct filter *f;

	if (!a->arg || !*a->arg)
		return EFF_DONE;
	f = filter_new(a->arg, &err);
	if (!f)
		return view_complain(l->pane.view, "%s", err.text);
	filter_free(l->search);
	l->search = f;
	return search_next(l, 1, true);
}

static unsigned copy_line(struct list *l, bool all)
{
	const struct view *v = l->pane.view;
	const struct moment *m = view_moment(v);
	const struct frame *f;
	char *text = NULL;
	size_t size;
	FILE *out;
	uint32_t row;
	unsigned eff;

	if (!lines(l) || !(out = open_memstream(&text, &size)))
		return EFF_DONE;
	row = line_row(l, l->sel);
	fprintf(out, "goroutine %" PRIu64 " [%s]", v->world->g.v[row].goid,
		m->reason[row] ? reason_name(m->reason[row]) : gstate_name(m->state[row]));
	for (uint32_t i = 0; all && (f = stacktab_frame(&v->world->stacks, m->stack[row], i)); i++)
		fprintf(out, "\n%s\n\t%s:%" PRIu32, strtab_get(&v->world->strings, f->func),
			strtab_get(&v->world->strings, f->file), f->line);
	fclose(out);
	eff = view_ask_copy(l->pane.view, text);
	free(text);
	return eff;
}

static unsigned list_action(struct pane *p, const struct act *a)
{
	struct list *l = (struct list *)p;

	switch (a->id) {
	case ACT_UP:
		return move(l, -1);
	case ACT_DOWN:
		return move(l, 1);
	case ACT_PAGE_UP:
		return move(l, -(long)l->page);
	case ACT_PAGE_DOWN:
		return move(l, l->page);
	case ACT_HALF_UP:
		return move(l, -(long)l->page / 2);
	case ACT_HALF_DOWN:
		return move(l, l->page / 2);
	case ACT_TOP:
		return move(l, -(long)lines(l));
	case ACT_BOTTOM:
		return move(l, (long)lines(l));
	case ACT_LEFT:
		return fold(l, false);
	case ACT_RIGHT:
		return fold(l, true);
	case ACT_OPEN:
		return open_line(l);
	case ACT_SORT:
		return set_sort(l, a, 1);
	case ACT_SORT_PREV:
		return set_sort(l, a, -1);
	case ACT_SORT_INVERT:
		l->conf.invert = !l->conf.invert;
		return regroup(l);
	case ACT_GROUP:
		return set_grouping(l, a);
	case ACT_FOLD_ALL:
		l->all_open = !l->all_open;
		l->open.n = 0;
		return regroup(l);
	case ACT_FOLLOW:
		l->follow = !l->follow;
		return view_say(p->view, l->follow ? "following the chosen goroutine"
						   : "not following any more");
	case ACT_SEARCH:
		return search(l, a);
	case ACT_SEARCH_NEXT:
		return search_next(l, 1, false);
	case ACT_SEARCH_PREV:
		return search_next(l, -1, false);
	case ACT_COPY:
		return copy_line(l, false);
	case ACT_COPY_ALL:
		return copy_line(l, true);
	default:
		return EFF_NONE;
	}
}

static unsigned head_click(struct list *l, int x)
{
	struct column c[COL_MOST];

	columns(l, l->w, c);
	for (int i = 0; i < COL_MOST; i++) {
		if (!c[i].w || x < c[i].x || x >= c[i].x + c[i].w)
			continue;
		if (l->conf.sort == c[i].sort)
			l->conf.invert = !l->conf.invert;
		l->conf.sort = c[i].sort;
		return regroup(l);
	}
	if (x >= where_x(c))
		l->conf.sort = SORT_WHERE;
	return regroup(l);
}

static unsigned list_mouse(struct pane *p, const struct mouse *m)
{
	struct list *l = (struct list *)p;

	if (m->kind == MOUSE_WHEEL)
		return move(l, m->wheel * 3);
	if (m->kind != MOUSE_PRESS && m->kind != MOUSE_DOUBLE)
		return EFF_NONE;
	if (m->y < 0)
		return EFF_DONE;
	if (m->y == 0)
		return head_click(l, m->x);
	if (l->top + (size_t)(m->y - 1) >= lines(l))
		return EFF_DONE;
	select_line(l, l->top + (size_t)(m->y - 1));
	return m->kind == MOUSE_DOUBLE ? open_line(l) : EFF_DONE | EFF_DRAW;
}

static const char *list_note(struct pane *p, char *buf, size_t size)
{
	struct list *l = (struct list *)p;
	char n[TEXT_SHORT], of[TEXT_SHORT];

	refresh(l);
	if (l->groups.by == GROUP_NONE)
		snprintf(buf, size, "%s, by %s%s", text_count(n, l->groups.shown),
			 sort_name(l->shown.sort), l->shown.invert ? " inverted" : "");
	else
		snprintf(buf, size, "%s in %s groups of equal %s, by %s%s",
			 text_count(n, l->groups.shown), text_count(of, groups_n(&l->groups)),
			 l->groups.by == GROUP_STACK ? "stack" : "origin", sort_name(l->shown.sort),
			 l->shown.invert ? " inverted" : "");
	return buf;
}

static void list_free(struct pane *p)
{
	struct list *l = (struct list *)p;

	groups_release(&l->groups);
	filter_free(l->search);
	vec_free(&l->line);
	vec_free(&l->open);
	free(l);
}

static const struct pane_ops list_ops = {
	.id = PANE_LIST,
	.number = '1',
	.name = "goroutines",
	.title = "Goroutines",
	.draw = list_draw,
	.choose = list_choose,
	.action = list_action,
	.mouse = list_mouse,
	.note = list_note,
	.work = list_work,
	.free = list_free,
};

struct pane *pane_list_new(struct view *v)
{
	struct list *l = xcalloc(1, sizeof(*l));

	l->pane = (struct pane){ &list_ops, v };
	l->stale = true;
	l->conf.by = (enum grouping)v->set->group;
	l->conf.sort = (enum sort_by)v->set->sort;
	l->conf.invert = v->set->invert;
	if (l->conf.by == GROUP_NONE && l->conf.sort == SORT_COUNT)
		l->conf.sort = SORT_WAIT;
	v->grouping = (uint8_t)l->conf.by;
	v->sort = (uint8_t)l->conf.sort;
	v->invert = l->conf.invert;
	l->groups.by = l->conf.by;
	l->shown = l->conf;
	return &l->pane;
}

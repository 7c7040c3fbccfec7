/* SPDX-License-Identifier: Apache-2.0 */
/* What has changed since a mark: groups of equal stack that are new, grown, gone. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/filter.h"
#include "analysis/groups.h"
#include "core/clock.h"
#include "ui/pane.h"

/* What is made one after the other. */
enum stage {
	STAGE_NONE,
	STAGE_NOW, /* the snapshot of the moment shown */
	STAGE_PAST, /* the mark's moment, where it is looked at through a filter … */
	STAGE_THEN, /* … and its snapshot */
	STAGE_COMPARE
};

struct changes {
	struct pane pane;
	struct comparison diff;
	enum stage stage;
	struct pace pace;
	struct snapshot_maker maker;
	struct snapshot now, then; /* then: of a mark, through the filter */
	bool filtered; /* then is what is compared with */
	struct moment past; /* that then was taken of */
	bool *keep;
	size_t sel, top;
	struct group_change at; /* what is selected, wherever it stands */
	int page;
	uint64_t rows_stamp, keep_stamp, mark_stamp;
};

static const struct view_mark *mark_of(const struct changes *c)
{
	const struct view *v = c->pane.view;

	if (v->marked)
		return view_mark_get(v, v->marked);
	return v->mark.n ? &v->mark.v[v->mark.n - 1] : NULL;
}

static bool is_same(const struct group_change *a, const struct group_change *b)
{
	return a->stack == b->stack && a->state == b->state;
}

static void find_selected(struct changes *c)
{
	size_t n = c->diff.v.n;

	for (size_t i = 0; i < n; i++)
		if (is_same(&c->diff.v.v[i], &c->at)) {
			c->sel = i;
			return;
		}
	if (c->sel >= n)
		c->sel = n ? n - 1 : 0;
}

/* Through a filter, or with the runtime's own, the mark's moment is looked at once more. */
static void go_to_mark(struct changes *c, const struct view_mark *k)
{
	struct view *v = c->pane.view;
	int rc = world_at_piece(v->world, k->time, &c->past, v->piece_ns);

	if (rc == -EAGAIN)
		return;
	c->stage = STAGE_COMPARE;
	if (rc)
		return;
	c->stage = STAGE_THEN;
	c->filtered = true;
	c->keep = xrealloc(c->keep, c->past.n + 1, sizeof(*c->keep));
	filter_all(v->filter, v->world, &c->past, v->system, c->keep);
	snapshot_begin(&c->maker, v->world, &c->past, c->keep);
}

static void stage_piece(struct changes *c)
{
	struct view *v = c->pane.view;
	const struct view_mark *k = mark_of(c);

	switch (c->stage) {
	case STAGE_NOW:
		if (snapshot_step(&c->maker, &c->now, v->piece_ns))
			c->stage = v->filter || v->system ? STAGE_PAST : STAGE_COMPARE;
		break;
	case STAGE_PAST:
		go_to_mark(c, k);
		break;
	case STAGE_THEN:
		if (snapshot_step(&c->maker, &c->then, v->piece_ns))
			c->stage = STAGE_COMPARE;
		break;
	default:
		snapshot_compare(c->filtered ? &c->then : &k->snap, &c->now, &c->diff);
		find_selected(c);
		c->stage = STAGE_NONE;
	}
}

static bool is_made_of(const struct changes *c)
{
	const struct view *v = c->pane.view;

	return c->rows_stamp == v->rows_stamp && c->keep_stamp == v->keep_stamp &&
	       c->mark_stamp == v->mark_stamp;
}

static void begin(struct changes *c)
{
	struct view *v = c->pane.view;

	c->rows_stamp = v->rows_stamp;
	c->keep_stamp = v->keep_stamp;
	c->mark_stamp = v->mark_stamp;
	c->filtered = false;
	c->stage = mark_of(c) ? STAGE_NOW : STAGE_NONE;
	if (c->stage)
		snapshot_begin(&c->maker, v->world, view_moment(v), view_keep(v, NULL));
	else
		c->diff.v.n = 0;
}

/* Pieces of it, for the time of one. Returns whether the changes are those asked for. */
static bool go_on(struct changes *c)
{
	struct view *v = c->pane.view;
	int64_t began = clock_cpu_ns();

	do
		stage_piece(c);
	while (c->stage && (!v->piece_ns || clock_cpu_ns() - began < v->piece_ns));
	pace_add(&c->pace, clock_cpu_ns() - began, !c->stage);
	if (c->stage)
		v->held = v->answered = true; /* changes_work() goes on with it */
	return !c->stage;
}

static void refresh(struct changes *c)
{
	struct view *v = c->pane.view;
	bool same = c->keep_stamp == v->keep_stamp && c->mark_stamp == v->mark_stamp;

	if (is_made_of(c) || v->marking.letter || (same && view_may_wait(v, &c->pace)))
		return;
	begin(c);
	if (c->stage)
		go_on(c);
}

static bool changes_work(struct pane *p)
{
	struct changes *c = (struct changes *)p;

	if (!c->stage)
		return false;
	if (!is_made_of(c))
		begin(c);
	if (c->stage && !go_on(c))
		return true;
	p->view->answered = p->view->ready = true;
	return false;
}

/* --- drawing --- */

static void draw_change(const struct region *r, int y, const struct group_change *g)
{
	static const enum role roles[] = { ROLE_WARN, ROLE_WARN, ROLE_GOOD, ROLE_GOOD };
	char sum[16], n[TEXT_SHORT];
	bool more = g->now > g->before;

	draw_str(r, 2, y, 6, roles[g->kind], 0, change_name((enum change_kind)g->kind));
	snprintf(sum, sizeof(sum), "%c%s", more ? '+' : '-',
		 text_count(n, more ? g->now - g->before : g->before - g->now));
	draw_right(r, 8, y, 8, ROLE_STRONG, 0, sum);
	draw_right(r, 16, y, 8, ROLE_DIM, 0, text_count(n, g->before));
	draw_right(r, 24, y, 7, ROLE_TEXT, 0, text_count(n, g->now));
}

static void draw_where(const struct changes *c, const struct region *r, int x, int y,
		       const struct group_change *g)
{
	const struct world *w = c->pane.view->world;
	const struct frame *f = stack_place(w, g->stack);
	char letter[2] = { state_letter(g->state, g->reason), '\0' };

	draw_str(r, x, y, 1, role_state(g->state, g->reason), ATTR_BOLD, letter);
	x += 2;
	if (r->w >= 60) {
		draw_cut(r, x, y, 14, role_state(g->state, g->reason), 0,
			 g->reason ? reason_name(g->reason) : gstate_name(g->state));
		x += 15;
	}
	if (!f) {
		draw_str(r, x, y, -1, ROLE_DIM, 0, g->stack ? "?" : "not known");
		return;
	}
	if (f->file)
		x += draw_fmt(r, x, y, -1, ROLE_FILE, 0, "%s:%" PRIu32 " ",
			      text_base(strtab_get(&w->strings, f->file)), f->line);
	draw_cut(r, x, y, r->w - x, ROLE_FUNC, 0, text_base(strtab_get(&w->strings, f->func)));
}

static void draw_head(const struct region *r)
{
	draw_fill(r, 0, 0, r->w, 1, ROLE_COLUMN, 0);
	draw_str(r, 2, 0, -1, ROLE_COLUMN_SORT, 0, "CHANGE");
	draw_right(r, 16, 0, 8, ROLE_COLUMN, 0, "BEFORE");
	draw_right(r, 24, 0, 7, ROLE_COLUMN, 0, "NOW");
	draw_str(r, 32, 0, -1, ROLE_COLUMN, 0, r->w >= 60 ? "ST ON           WHERE" : "ST WHERE");
}

static void draw_empty(const struct changes *c, const struct region *r)
{
	if (c->stage || c->pane.view->marking.letter)
		return;
	draw_str(r, 2, 2, -1, ROLE_DIM, 0,
		 mark_of(c) ? "every group is as large as it was then"
			    : "no mark is set: m sets one at the time shown");
}

static void changes_draw(struct pane *p, const struct region *r, bool focused)
{
	struct changes *c = (struct changes *)p;
	int n;

	refresh(c);
	c->page = r->h - 1;
	if (c->sel < c->top)
		c->top = c->sel;
	if (c->page > 0 && c->sel >= c->top + (size_t)c->page)
		c->top = c->sel - (size_t)c->page + 1;
	draw_head(r);
	if (!c->diff.v.n)
		draw_empty(c, r);
	n = (int)(c->diff.v.n - c->top < (size_t)r->h ? c->diff.v.n - c->top : (size_t)r->h);
	for (int y = 0; y < c->page && y < n; y++) {
		size_t i = c->top + (size_t)y;

		draw_change(r, y + 1, &c->diff.v.v[i]);
		draw_where(c, r, 32, y + 1, &c->diff.v.v[i]);
		if (i != c->sel)
			continue;
		draw_sym(r, 0, y + 1, 1, SYM_SELECT, ROLE_STRONG, 0);
		draw_mark(r, 0, y + 1, r->w, 1, focused ? ATTR_SELECT : ATTR_SELECT_AWAY);
	}
}

/* --- actions --- */

static unsigned move(struct changes *c, long by)
{
	struct view *v = c->pane.view;
	const struct view_mark *k = mark_of(c);
	long to = (long)c->sel + by, n;

	refresh(c);
	n = (long)c->diff.v.n;
	if (!n)
		return EFF_DONE;
	c->sel = to < 0 ? 0 : to >= n ? (size_t)n - 1 : (size_t)to;
	c->at = c->diff.v.v[c->sel];
	view_choose(v, world_find_at(v->world, c->at.goid,
				     c->at.kind == GROUP_GONE && k ? k->time : v->time));
	return EFF_DONE | EFF_DRAW;
}

/* Another mark to compare with, in order of time. */
static unsigned other_mark(struct changes *c, int dir)
{
	struct view *v = c->pane.view;
	const struct view_mark *k = mark_of(c);
	size_t at;

	if (!k)
		return view_say(v, "no mark is set: m sets one at the time shown");
	at = (size_t)(k - v->mark.v);
	at = (at + v->mark.n + (dir > 0 ? 1 : v->mark.n - 1)) % v->mark.n;
	v->marked = v->mark.v[at].letter;
	v->mark_stamp++;
	return view_say(v, "compared with mark %c", v->marked);
}

static unsigned changes_action(struct pane *p, const struct act *a)
{
	struct changes *c = (struct changes *)p;

	switch (a->id) {
	case ACT_UP:
		return move(c, -1);
	case ACT_DOWN:
		return move(c, 1);
	case ACT_PAGE_UP:
	case ACT_HALF_UP:
		return move(c, a->id == ACT_PAGE_UP ? -c->page : -c->page / 2);
	case ACT_PAGE_DOWN:
	case ACT_HALF_DOWN:
		return move(c, a->id == ACT_PAGE_DOWN ? c->page : c->page / 2);
	case ACT_TOP:
		return move(c, -(long)c->diff.v.n);
	case ACT_BOTTOM:
		return move(c, (long)c->diff.v.n);
	case ACT_LEFT:
		return other_mark(c, -1);
	case ACT_RIGHT:
		return other_mark(c, 1);
	case ACT_OPEN:
		move(c, 0);
		return c->diff.v.n ? EFF_DONE | EFF_OPEN : EFF_DONE;
	default:
		return EFF_NONE;
	}
}

static unsigned changes_mouse(struct pane *p, const struct mouse *m)
{
	struct changes *c = (struct changes *)p;
	size_t i = c->top + (size_t)(m->y - 1);

	if (m->kind == MOUSE_WHEEL)
		return move(c, m->wheel * 3);
	if ((m->kind != MOUSE_PRESS && m->kind != MOUSE_DOUBLE) || m->y < 1 || i >= c->diff.v.n)
		return EFF_DONE;
	move(c, (long)i - (long)c->sel);
	return m->kind == MOUSE_DOUBLE ? EFF_DONE | EFF_OPEN : EFF_DONE | EFF_DRAW;
}

static const char *changes_note(struct pane *p, char *buf, size_t size)
{
	struct changes *c = (struct changes *)p;
	const struct view_mark *k = mark_of(c);
	int64_t ns = c->pane.view->time - (k ? k->time : 0);
	const uint32_t *n = c->diff.n;
	char d[TEXT_SHORT];

	if (!k)
		return "";
	refresh(c);
	text_duration(d, ns < 0 ? -ns : ns);
	snprintf(buf, size,
		 "mark %c, %s %s: %" PRIu32 " new, %" PRIu32 " grown, %" PRIu32 " gone, %" PRIu32
		 " shrunk",
		 k->letter, d, ns < 0 ? "later" : "ago", n[GROUP_NEW], n[GROUP_GROWN],
		 n[GROUP_GONE], n[GROUP_SHRUNK]);
	return buf;
}

static void changes_free(struct pane *p)
{
	struct changes *c = (struct changes *)p;

	comparison_release(&c->diff);
	snapshot_release(&c->now);
	snapshot_release(&c->then);
	snapshot_maker_release(&c->maker);
	moment_release(&c->past);
	free(c->keep);
	free(c);
}

static const struct pane_ops changes_ops = {
	.id = PANE_CHANGES,
	.number = 'D',
	.name = "changes",
	.title = "Changes",
	.draw = changes_draw,
	.action = changes_action,
	.mouse = changes_mouse,
	.note = changes_note,
	.work = changes_work,
	.free = changes_free,
};

struct pane *pane_changes_new(struct view *v)
{
	struct changes *c = xcalloc(1, sizeof(*c));

	c->pane = (struct pane){ &changes_ops, v };
	c->mark_stamp = UINT64_MAX;
	return &c->pane;
}

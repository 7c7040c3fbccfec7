/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/layout.h"

#include <string.h>

enum { STRIP_LINES = 3, TIMELINE_LEAST = 6, COLUMN_LEAST = 20, LINES_LEAST = 4 };

static bool is_there(const struct layout_want *want, enum pane_id id)
{
	return want->there & 1u << id;
}

static enum layout_kind kind_of(const struct layout_want *want)
{
	if (want->w < LAYOUT_LEAST_W || want->h < LAYOUT_LEAST_H)
		return LAYOUT_TINY;
	if (want->w < LAYOUT_TABS_W)
		return LAYOUT_ONE;
	if (want->w < LAYOUT_TWO_W || want->h < LAYOUT_TALL_H || want->maximised)
		return LAYOUT_TABS;
	return want->w < LAYOUT_THREE_W ? LAYOUT_TWO : LAYOUT_THREE;
}

/* A title line and the pane below it. */
static void place(struct layout *l, enum pane_id id, int x, int y, int w, int h)
{
	if (h < 2 || w < 1)
		return;
	l->title[id] = (struct rect){ x, y, w, 1 };
	l->pane[id] = (struct rect){ x, y + 1, w, h - 1 };
}

static enum pane_id pane_in_front(const struct layout_want *want)
{
	if (want->focus == PANE_LIST && want->detail)
		return PANE_DETAIL;
	return want->focus;
}

static void layout_single(struct layout *l, const struct layout_want *want, int y, int end)
{
	enum pane_id id = pane_in_front(want);

	l->tabs = y++;
	if (is_there(want, PANE_STRIP) && want->h >= LAYOUT_TALL_H && id != PANE_TIMELINE) {
		end -= STRIP_LINES;
		l->pane[PANE_STRIP] = (struct rect){ 0, end, want->w, STRIP_LINES };
	}
	l->pane[id] = (struct rect){ 0, y, want->w, end - y };
}

static int timeline_lines(const struct layout_want *want, int lines)
{
	int n = lines * 3 / 10;

	if (!is_there(want, PANE_TIMELINE))
		return 0;
	return n < TIMELINE_LEAST ? TIMELINE_LEAST : n;
}

static enum pane_id pane_left(const struct layout_want *want, bool three)
{
	if (want->focus == PANE_GRAPH || want->focus == PANE_FLAME || want->focus == PANE_CHANGES)
		return want->focus;
	if (want->detail && !three)
		return PANE_DETAIL;
	if (want->focus == PANE_LIST)
		return PANE_LIST;
	return want->changes ? PANE_CHANGES
	       : want->flame ? PANE_FLAME
	       : want->graph ? PANE_GRAPH
			     : PANE_LIST;
}

static enum pane_id pane_below(const struct layout_want *want)
{
	if (want->focus == PANE_FINDINGS || (want->findings && want->focus != PANE_TIMELINE))
		return PANE_FINDINGS;
	return PANE_TIMELINE;
}

static int within(int lo, int x, int hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

/* Where a border is, moved from its own place as far as there is room. */
static int border_at(struct layout *l, const struct layout_want *want, enum border b, int own,
		     int lo, int hi)
{
	int at = hi < lo ? own : within(lo, own + want->moved[b], hi);

	l->moved[b] = at - own;
	return at;
}

/* The source and the variables: one below the other, or the one that was asked for last. */
static void place_source(struct layout *l, const struct layout_want *want, int x, int y, int w,
			 int h)
{
	bool vars = is_there(want, PANE_VARS) && want->vars;
	int least = h < 2 * LINES_LEAST ? 2 : LINES_LEAST; /* with its title */
	int at = within(y + least, y + h - h * 2 / 5, y + h - least);

	if (l->kind == LAYOUT_THREE && is_there(want, PANE_VARS) && want->inspects) {
		at = border_at(l, want, BORDER_VARS, at, y + least, y + h - least);
		l->split_vars = at;
		place(l, PANE_SOURCE, x, y, w, at - y);
		place(l, PANE_VARS, x, at, w, y + h - at);
		return;
	}
	place(l, vars ? PANE_VARS : PANE_SOURCE, x, y, w, h);
}

static void layout_columns(struct layout *l, const struct layout_want *want, int y, int end)
{
	int own = end - timeline_lines(want, end - y), w = want->w;
	int mid = border_at(l, want, BORDER_BELOW, own, y + LINES_LEAST, end - LINES_LEAST);
	bool three = l->kind == LAYOUT_THREE;
	int a = three ? w * 42 / 100 : w * 56 / 100, b = -1;

	if (own == end) /* nothing lies below */
		mid = end;
	a = border_at(l, want, BORDER_A, a, COLUMN_LEAST, w - (three ? 2 : 1) * (COLUMN_LEAST + 1));
	place(l, pane_left(want, three), 0, y, a, mid - y);
	l->split[0] = a;
	l->split_y0 = y;
	l->split_y1 = mid;
	if (three) {
		b = border_at(l, want, BORDER_B, w * 42 / 100 + 1 + w * 29 / 100,
			      a + 1 + COLUMN_LEAST, w - 1 - COLUMN_LEAST);
		place(l, PANE_DETAIL, a + 1, y, b - a - 1, mid - y);
		l->split[1] = b;
		a = b;
	}
	place_source(l, want, a + 1, y, w - a - 1, mid - y);
	place(l, pane_below(want), 0, mid, w, end - mid);
}

void layout_make(struct layout *l, const struct layout_want *want)
{
	memset(l, 0, sizeof(*l));
	l->kind = kind_of(want);
	l->tabs = l->split[0] = l->split[1] = l->split_vars = -1;
	l->bar = want->h - 1;
	l->header = want->h >= LAYOUT_TALL_H ? 2 : 1;
	if (l->kind == LAYOUT_TINY)
		return;
	if (l->kind <= LAYOUT_TABS)
		layout_single(l, want, l->header, l->bar);
	else
		layout_columns(l, want, l->header, l->bar);
}

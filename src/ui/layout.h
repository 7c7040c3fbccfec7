/* SPDX-License-Identifier: Apache-2.0 */
/* Where everything is on a screen of some size. Pure: sizes in, rectangles out. */
#ifndef UI_LAYOUT_H
#define UI_LAYOUT_H

#include <stdbool.h>

#include "ui/pane.h"

enum {
	LAYOUT_LEAST_W = 40, /* less shows one message */
	LAYOUT_LEAST_H = 10,
	LAYOUT_TABS_W = 80,
	LAYOUT_TWO_W = 120,
	LAYOUT_THREE_W = 160,
	LAYOUT_TALL_H = 24, /* less has no strip, and no panes side by side */
};

enum layout_kind {
	LAYOUT_TINY, /* too small: one message */
	LAYOUT_ONE, /* one pane and its title */
	LAYOUT_TABS, /* one pane, tabs, the strip */
	LAYOUT_TWO, /* list, graph, flame or detail, source; timeline or findings below */
	LAYOUT_THREE, /* list, graph or flame, detail, source; timeline or findings below */
};

/* Borders that can be moved: between columns, above what lies below, and above the variables. */
enum border { BORDER_A, BORDER_B, BORDER_BELOW, BORDER_VARS, BORDER_N };

struct rect {
	int x, y, w, h;
};

/* What the layout is made from. */
struct layout_want {
	int w, h;
	enum pane_id focus;
	bool detail; /* is open over the list where there is no room beside it */
	bool maximised;
	bool graph, flame, changes; /* in the place of the list … */
	bool findings; /* … and of the timeline, where those have places of their own */
	bool vars; /* in the place of the source, likewise */
	bool inspects; /* variables can be had: where there is room both are there */
	int moved[BORDER_N]; /* each so many cells to the right, or down, of its own place */
	unsigned there; /* bit of each pane that there is */
};

struct layout {
	enum layout_kind kind;
	int header; /* lines */
	int tabs; /* line of the tabs, -1: none */
	int bar; /* line of the bar */
	struct rect pane[PANE_N]; /* the inside; w 0: not shown */
	struct rect title[PANE_N]; /* the line above it; w 0: none */
	int moved[BORDER_N]; /* of those that are there, as far as there was room */
	int split[2]; /* columns of the vertical lines, -1: none */
	int split_y0, split_y1; /* the second is the border below */
	int split_vars; /* line of the border above the variables, -1: none */
};

void layout_make(struct layout *l, const struct layout_want *want);

static inline bool layout_shows(const struct layout *l, enum pane_id id)
{
	return l->pane[id].w > 0 && l->pane[id].h > 0;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A pane: a part of the screen with its own keys. */
#ifndef UI_PANE_H
#define UI_PANE_H

#include "ui/cell.h"
#include "ui/keys.h"
#include "ui/view.h"

enum pane_id {
	PANE_LIST,
	PANE_DETAIL, /* of the chosen goroutine; in narrow layouts Enter opens it over the list */
	PANE_TIMELINE,
	PANE_SOURCE,
	PANE_VARS,
	PANE_FINDINGS,
	PANE_GRAPH,
	PANE_FLAME,
	PANE_CHANGES, /* since a mark; in the place of the list, like the graph */
	PANE_STRIP, /* chosen goroutine's line and the scrubber; never has the keys */
	PANE_N
};

#define CTX_PANE(id) (1u << (id))

/* What a handler wants done; the screen's loop does it. */
enum effect {
	EFF_NONE = 0, /* not mine */
	EFF_DONE = 1 << 0, /* nothing more to do */
	EFF_DRAW = 1 << 1,
	EFF_OPEN = 1 << 2, /* show and focus the detail of the chosen goroutine */
	EFF_BACK = 1 << 3, /* close what was opened */
	EFF_SOURCE = 1 << 4, /* show and focus the source of the chosen frame */
	EFF_COPY = 1 << 5, /* see view.copy */
	EFF_EDIT = 1 << 6, /* see view.edit_file */
	EFF_SUSPEND = 1 << 7,
	EFF_QUIT = 1 << 8,
	EFF_REDRAW = 1 << 9, /* the terminal as a whole */
	EFF_MOUSE = 1 << 10, /* toggle */
};

enum mouse_kind { MOUSE_PRESS, MOUSE_DOUBLE, MOUSE_DRAG, MOUSE_RELEASE, MOUSE_WHEEL };

struct mouse {
	enum mouse_kind kind;
	int x, y; /* within the pane's region; drags may be outside */
	int wheel; /* -1 up, 1 down */
};

/* An action, as it reaches a pane. */
struct act {
	enum action id;
	const char *arg; /* NULL: none was given */
	bool typing; /* the argument is still being typed: show, do not settle */
};

struct pane;

struct pane_ops {
	enum pane_id id;
	char number; /* the key that shows it, '1' to '6', a letter; 0: none */
	const char *name; /* for "pane NAME": "goroutines", "timeline", "source" */
	const char *title; /* of its tab: "Goroutines" */
	/*
	 * Draws into r, all of it (it was cleared), whatever its size. Touch what
	 * is visible only: a frame has 16 ms with a million goroutines.
	 */
	void (*draw)(struct pane *p, const struct region *r, bool focused);
	/* No goroutine is chosen: chooses one, drawn or not. NULL: leaves it to others. */
	void (*choose)(struct pane *p);
	/*
	 * Performs an action of the key table's rows for this pane; EFF_NONE hands
	 * it to the frame. NULL: none are its own.
	 */
	unsigned (*action)(struct pane *p, const struct act *a);
	/* Coordinates count from the region last drawn. NULL: no mouse. */
	unsigned (*mouse)(struct pane *p, const struct mouse *m);
	/* What stands beside the title: order, counts. NULL: nothing. Returns buf. */
	const char *(*note)(struct pane *p, char *buf, size_t size);
	/*
	 * Goes on with what takes longer than a frame, for view.piece_ns; while it is
	 * shown. Returns whether there is more to do. NULL: nothing takes long.
	 */
	bool (*work)(struct pane *p);
	void (*free)(struct pane *p);
};

/* First member of each pane's own struct. */
struct pane {
	const struct pane_ops *ops;
	struct view *view;
};

static inline unsigned pane_action(struct pane *p, const struct act *a)
{
	return p->ops->action ? p->ops->action(p, a) : EFF_NONE;
}

static inline unsigned pane_mouse(struct pane *p, const struct mouse *m)
{
	return p->ops->mouse ? p->ops->mouse(p, m) : EFF_NONE;
}

static inline const char *pane_note(struct pane *p, char *buf, size_t size)
{
	return p->ops->note ? p->ops->note(p, buf, size) : "";
}

/* The panes there are; each is made for a view, which outlives it, and freed by ops->free. */
struct pane *pane_list_new(struct view *v);
struct pane *pane_detail_new(struct view *v);
struct pane *pane_timeline_new(struct view *v);
struct pane *pane_source_new(struct view *v);
struct pane *pane_strip_new(struct view *v);
struct pane *pane_vars_new(struct view *v);
struct pane *pane_graph_new(struct view *v);
struct pane *pane_findings_new(struct view *v);
struct pane *pane_flame_new(struct view *v);
struct pane *pane_changes_new(struct view *v);

#endif

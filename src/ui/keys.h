/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of what can be done: each action's name, keys, place in the
 * bottom bar and sentence. Help, bar, palette and scripts are made from it.
 */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include <stddef.h>

/* Keys that are no character; a character is its code point, ^X is X & 31. */
enum key {
	K_NONE = 0,
	K_TAB = 9,
	K_ENTER = 13,
	K_ESC = 27,
	K_BACKSPACE = 127,
	K_UP = 0x110000,
	K_DOWN,
	K_LEFT,
	K_RIGHT,
	K_PGUP,
	K_PGDN,
	K_HOME,
	K_END,
	K_BACKTAB,
	K_DELETE,
	K_F1, /* to F10: K_F1 + 9 */
	K_F10 = K_F1 + 9,
	K_MOUSE,
	K_RESIZE,
};

enum action {
	ACT_NONE,
	ACT_DOWN,
	ACT_UP,
	ACT_LEFT,
	ACT_RIGHT,
	ACT_PAGE_DOWN,
	ACT_PAGE_UP,
	ACT_HALF_DOWN,
	ACT_HALF_UP,
	ACT_TOP,
	ACT_BOTTOM,
	ACT_OPEN,
	ACT_BACK,
	ACT_FILTER,
	ACT_SORT,
	ACT_SORT_PREV,
	ACT_SORT_NEXT,
	ACT_INVERT,
	ACT_GROUPING,
	ACT_SYSTEM,
	ACT_PAUSE,
	ACT_STEP_BACK,
	ACT_STEP_ON,
	ACT_GOTO,
	ACT_EVENT_PREV,
	ACT_EVENT_NEXT,
	ACT_LATEST,
	ACT_ZOOM_IN,
	ACT_ZOOM_OUT,
	ACT_ZOOM_ALL,
	ACT_ZOOM_UNDO,
	ACT_PANE_NEXT,
	ACT_PANE_PREV,
	ACT_PANE_1,
	ACT_PANE_2,
	ACT_PANE_3,
	ACT_PANE_4,
	ACT_MAXIMISE,
	ACT_FOLLOW,
	ACT_MOUSE,
	ACT_COMMAND,
	ACT_HELP,
	ACT_QUIT,
	ACT_N
};

/* Where a binding holds. */
enum {
	CTX_LIST = 1 << 0,
	CTX_DETAIL = 1 << 1,
	CTX_SOURCE = 1 << 2,
	CTX_TIMELINE = 1 << 3,
	CTX_ALL = CTX_LIST | CTX_DETAIL | CTX_SOURCE | CTX_TIMELINE,
};

struct binding {
	enum action action;
	const char *name; /* in scripts, the palette and the config */
	int context;
	int key[5]; /* ends with K_NONE */
	const char *bar; /* short label for the bottom bar, NULL: not there */
	const char *help;
};

extern const struct binding bindings[];
extern const size_t n_bindings;

/* The action of a key in a context; ACT_NONE where it has none. */
enum action key_action(int key, int context);
/* The binding with that name, or NULL. */
const struct binding *binding_named(const char *name);
/* A key's name as people write it: "j", "Enter", "^D"; buf holds 16 bytes. */
const char *key_name(int key, char *buf, size_t size);
/* The inverse; K_NONE where there is no such key. */
int key_parse(const char *name);

#endif

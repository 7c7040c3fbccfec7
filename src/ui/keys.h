/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of keys and actions. The bottom bar, the help, the palette, the
 * names in scripts and the manual's section on keys are made of it.
 */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A key is a code point (control keys: 1 to 31, 127), or one of these. */
enum ui_key_code {
	UK_NONE = 0,
	UK_TAB = 9,
	UK_ENTER = 13,
	UK_ESC = 27,
	UK_BACKSPACE = 127,
	UK_UP = 0x110000,
	UK_DOWN,
	UK_LEFT,
	UK_RIGHT,
	UK_PGUP,
	UK_PGDN,
	UK_HOME,
	UK_END,
	UK_BACKTAB,
	UK_DELETE,
	UK_INSERT,
	UK_F1,
	UK_F12 = UK_F1 + 11,
	UK_SHIFT_UP,
	UK_SHIFT_DOWN,
	UK_SHIFT_LEFT,
	UK_SHIFT_RIGHT,
	UK_LAST = UK_SHIFT_RIGHT
};

/* Where a key counts: panes as bits (1 << enum pane_id), and these. */
enum key_context {
	CTX_SETUP = 1u << 26, /* in the list of settings */
	CTX_FILTERS = 1u << 27, /* in the list of saved filters */
	CTX_ANY = 1u << 28, /* every pane */
	CTX_PROMPT = 1u << 29, /* while a line is typed */
	CTX_HELP = 1u << 30,
	CTX_OVERLAY = CTX_HELP | CTX_SETUP | CTX_FILTERS,
	CTX_NOT_BY_NAME = CTX_PROMPT | CTX_OVERLAY, /* rows of these are no commands */
};

enum action {
	ACT_NONE,
	/* movement; each pane says what it moves */
	ACT_UP,
	ACT_DOWN,
	ACT_LEFT,
	ACT_RIGHT,
	ACT_PAGE_UP,
	ACT_PAGE_DOWN,
	ACT_HALF_UP,
	ACT_HALF_DOWN,
	ACT_TOP,
	ACT_BOTTOM,
	ACT_FRAME_OUT, /* to the frame that called the one shown */
	ACT_FRAME_IN,
	ACT_CODE, /* source, or disassembly */
	ACT_OPEN, /* Enter */
	ACT_BACK, /* Esc: what was opened last is closed */
	/* what is shown */
	ACT_FILTER, /* arg: pattern */
	ACT_SEARCH, /* arg: pattern; in panes of text */
	ACT_SEARCH_NEXT,
	ACT_SEARCH_PREV,
	ACT_SORT, /* to the next column; arg: a column's name */
	ACT_SORT_PREV,
	ACT_SORT_INVERT,
	ACT_GROUP, /* to the next way of grouping; arg: stack, flat or creator */
	ACT_FOLD_ALL,
	ACT_FOLLOW,
	ACT_SYSTEM, /* the runtime's own goroutines: shown or not */
	ACT_GOROUTINE, /* arg: an id; that goroutine is chosen */
	/* time */
	ACT_PAUSE,
	ACT_STEP_BACK,
	ACT_STEP_ON,
	ACT_GOTO, /* arg: a time */
	ACT_EVENT_PREV,
	ACT_EVENT_NEXT,
	ACT_FINDING_PREV,
	ACT_FINDING_NEXT,
	ACT_MARK, /* arg: a letter; none: the next free one */
	ACT_MARK_JUMP, /* arg: a letter; none: the mark before */
	ACT_END, /* the newest state, and stay there */
	ACT_ZOOM_IN,
	ACT_ZOOM_OUT,
	ACT_ZOOM_ALL,
	ACT_ZOOM_UNDO,
	/* panes */
	ACT_PANE_NEXT,
	ACT_PANE_PREV,
	ACT_PANE, /* arg: a pane's name or number */
	ACT_MAXIMISE,
	ACT_BORDER_LEFT, /* the border beside the pane goes there */
	ACT_BORDER_RIGHT,
	ACT_BORDER_UP, /* the border above what lies below */
	ACT_BORDER_DOWN,
	ACT_BORDER_RESET,
	/* the rest */
	ACT_COPY,
	ACT_COPY_ALL,
	ACT_EDIT,
	ACT_WARNINGS,
	ACT_MUTE, /* the finding is not counted any more, or is again */
	ACT_WHY, /* why a finding is not surer */
	ACT_PROFILE, /* time on CPU or off; arg: on-cpu or off-cpu */
	ACT_SCOPE, /* whose time; arg: all, group or goroutine */
	ACT_SPLIT, /* what time is parted by; arg: none, creator, labels or goroutine */
	ACT_EXPORT, /* the menu of formats */
	ACT_WRITE, /* arg: a format and a file */
	ACT_SIGNAL, /* arg: a name; none: the menu of signals */
	ACT_SIGNAL_SURE, /* arg: yes */
	ACT_MOUSE,
	ACT_SETUP,
	ACT_SET, /* arg: a setting and its value */
	ACT_SAVE, /* settings that were changed go to the configuration file */
	ACT_DEFAULT, /* in the list of settings: back to what it is without a file */
	ACT_FILTERS, /* arg: the name of a saved filter */
	ACT_FILTER_SAVE, /* arg: the name for the filter that is in force */
	ACT_FILTER_DROP, /* arg: the name of a saved filter */
	ACT_PALETTE,
	ACT_HELP,
	ACT_REDRAW,
	ACT_SUSPEND,
	ACT_CLOSE, /* q: an overlay, else the program */
	ACT_QUIT,
	/* while a line is typed; left, right, top and bottom move in it */
	ACT_ACCEPT,
	ACT_CANCEL,
	ACT_COMPLETE,
	ACT_HISTORY_PREV,
	ACT_HISTORY_NEXT,
	ACT_ERASE,
	ACT_ERASE_NEXT,
	ACT_ERASE_WORD,
	ACT_ERASE_ALL,
	ACT_N
};

struct key_binding {
	enum action action;
	unsigned ctx; /* where it counts */
	const char *name; /* for the palette, scripts and the configuration */
	const char *arg; /* what its argument is; NULL: takes none */
	const char *ask; /* the prompt where the argument is not given; NULL: it may be missing */
	const char *keys; /* names of keys, one blank between; "" only by name */
	const char *bar; /* label in the bottom bar; NULL: not there */
	const char *help; /* one sentence, no full stop */
};

/* The table; ends with an action of ACT_NONE. Rows are in the order of the help. */
extern const struct key_binding key_table[];

/* The row of an action in a context, or NULL. */
const struct key_binding *key_row(enum action a, unsigned ctx);
/* The row that has that name, or NULL; the first len bytes of name count. */
const struct key_binding *key_named(const char *name, size_t len);

/*
 * Reads a key's name: one character, "Enter", "PgUp", "F5", "^D" … Returns the
 * key, UK_NONE where there is no such key.
 */
uint32_t key_parse(const char *name, size_t len);
/* The inverse; buf has room for 16. */
const char *key_spell(char buf[16], uint32_t key);
/* The keys that a word of the table stands for, "Enter" or "gg"; returns how many, 0: it is none. */
int key_sequence(const char *word, size_t len, uint32_t key[2]);

struct keymap;

/* Keys so far of a sequence such as gg. Zeroed is none. */
struct key_seq {
	uint32_t key[2];
	int n;
	const struct keymap *map; /* the user's keys; NULL: those of the table */
};

/*
 * Takes one more key. Returns the row whose keys are complete; NULL with seq->n
 * > 0 while a sequence is begun, NULL with seq->n == 0 where nothing is bound.
 * A key of the user's goes before one of the table's, and there a row for the
 * context before one for CTX_ANY.
 */
const struct key_binding *key_feed(struct key_seq *seq, uint32_t key, unsigned ctx);

/* Text as the manual's source has it: a dash, a backslash and quotes are spelt out. */
void key_put_roff(FILE *out, const char *s);
/* The manual's section on keys, as man macros. */
void key_print_man(FILE *out);

#endif

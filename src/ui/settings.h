/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user can set: one table makes the reader of the configuration file, the
 * list of settings on the screen, the file that --print-config prints and the
 * manual's page on it.
 */
#ifndef UI_SETTINGS_H
#define UI_SETTINGS_H

#include <stdio.h>

#include "analysis/detect.h"
#include "ui/keymap.h"
#include "ui/theme.h"

/* Columns of the list that can be left out or put in another order. */
enum list_column { COL_G, COL_N, COL_STATE, COL_WAIT, COL_ON, COL_MOST };

struct list_columns {
	uint8_t v[COL_MOST]; /* enum list_column, in order */
	uint8_t n;
};

struct saved_filter {
	char *name, *pattern;
};

/* Something set since the file was read; value NULL: it is to go from the file. */
struct setting_change {
	char *section, *key, *value;
};

struct settings {
	/* [screen] */
	char theme[32]; /* "auto", or a theme's name */
	int theme_line; /* of the file, for errors; 0: of none */
	uint8_t color; /* as enum color_mode and term_color */
	uint8_t hyperlinks; /* enum hyperlinks */
	bool ascii, mouse, plain;
	uint32_t refresh_ms; /* least time between two pictures that only new data asks for */
	uint32_t history; /* typed lines that are kept */
	/* [list] */
	struct list_columns columns;
	uint8_t sort, group; /* enum sort_by, enum grouping */
	bool invert, system;
	int64_t long_wait; /* ns, from which a wait is marked; 0: never */
	/* [source], [clipboard] */
	char *editor, *clipboard; /* "": by the environment */
	VEC(char *) substitute; /* "A=B" */

	VEC(struct saved_filter) filter; /* [filters] */
	VEC(struct theme *) theme_own; /* [theme NAME] */
	struct keymap keys; /* [keys] */
	struct detect_config *detect; /* [findings]; the caller's, may be NULL */

	VEC(struct setting_change) change; /* not saved yet */
	int line; /* the caller's: of the file that is read; 0: of none */
};

enum setting_kind {
	SETTING_BOOL, /* yes, no */
	SETTING_WORD, /* one of words */
	SETTING_NUMBER, /* whole */
	SETTING_SECONDS,
	SETTING_COLUMNS,
	SETTING_TEXT,
	SETTING_LIST, /* may stand more than once */
};

struct setting {
	const char *section, *key;
	enum setting_kind kind;
	const char *words; /* what it may be, one blank between; NULL: see least and most */
	double least, most;
	const char *initial; /* without a file */
	const char *help; /* one sentence, no full stop */
	bool by_hand; /* programs to run: changed in the file alone */
};

/* Ends with a NULL section. */
extern const struct setting setting_table[];

enum { SETTING_TEXT_MOST = 192 }; /* bytes of a value, its NUL among them */

/* All as the table has it. detect: where findings' settings go, already filled; NULL: nowhere. */
void settings_init(struct settings *s, struct detect_config *detect);
void settings_release(struct settings *s);

/*
 * Sets what a file says: of a section, a key. Returns 0, or -EINVAL with err
 * filled and nothing changed. settings_check() looks over what only the whole
 * file tells; in *line is the line that is to blame, 0: no single one.
 */
int settings_set(struct settings *s, const char *section, const char *key, const char *value,
		 struct err *err);
int settings_check(const struct settings *s, int *line, struct err *err);

/* The row of a section (NULL: whichever has it) and key; NULL: there is none. */
const struct setting *setting_row(const char *section, const char *key);
/* A setting's value, as the file would have it; returns buf. Of a list: all, with commas. */
const char *setting_text(const struct settings *s, const struct setting *row,
			 char buf[SETTING_TEXT_MOST]);

/* Sets it as settings_set() does, and notes it to be saved. value NULL: a filter is to go. */
int settings_change(struct settings *s, const char *section, const char *key, const char *value,
		    struct err *err);
/* Lines "section TAB key TAB value", or "section TAB key" for one that goes; malloced. */
char *settings_changes(const struct settings *s);
/* Notes that all of them are saved, or one. */
void settings_saved(struct settings *s);
void settings_kept(struct settings *s, const char *section, const char *key);

/* The theme in force; never NULL. */
const struct theme *settings_theme(const struct settings *s);
/* The names that "theme" may have, one after the other: auto, ours, the user's. NULL: no more. */
const char *settings_theme_name(const struct settings *s, size_t i);
/* The pattern that is saved under a name, NULL: none. */
const char *settings_filter(const struct settings *s, const char *name);

/* A configuration file of all settings as they are without one, each explained, each a comment. */
void settings_print(FILE *out);
/* The manual's sections on settings, as man macros. */
void settings_print_man(FILE *out);

#endif

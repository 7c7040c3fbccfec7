/* SPDX-License-Identifier: Apache-2.0 */
/* The overlay of lines of text: the keys, made of the key table, and the warnings. */
#ifndef UI_HELP_H
#define UI_HELP_H

#include "core/world.h"
#include "ui/cell.h"
#include "ui/keys.h"

struct help_line {
	char *left; /* keys; NULL: a heading in text */
	char *text;
};

struct help {
	bool open;
	const char *title;
	char find[256]; /* only lines that have it */
	VEC(struct help_line) line;
	int top; /* first line shown */
	int page, total; /* lines that fit, and there are, as last drawn */
};

/* Opens the list of keys, those of the pane in front first. map: the user's; ctx: that pane's bit. */
void help_open_keys(struct help *h, const struct keymap *map, unsigned ctx);
/* Opens the sentences on what is missing. */
void help_open_warnings(struct help *h, const struct world *w);
void help_close(struct help *h);
void help_find(struct help *h, const char *text);
/* Movement; false where the action is none. */
bool help_act(struct help *h, enum action a);
/* Draws over all of r. */
void help_draw(struct help *h, const struct region *r);

#endif

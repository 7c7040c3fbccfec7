/* SPDX-License-Identifier: Apache-2.0 */
/* The overlay of lines to choose from: settings, saved filters. It knows no more than text. */
#ifndef UI_MENU_H
#define UI_MENU_H

#include "core/mem.h"
#include "ui/cell.h"
#include "ui/keys.h"

struct menu_line {
	char *label; /* NULL: value is a heading */
	char *value;
	const char *help; /* of the chosen line, at the foot; NULL: none */
	const void *of; /* what it stands for, the caller's */
	bool changed; /* not saved yet */
};

struct menu {
	unsigned ctx; /* CTX_SETUP, CTX_FILTERS; 0: it is closed */
	const char *title, *empty; /* empty: what stands there where there is no line */
	VEC(struct menu_line) line;
	int sel, top, page;
};

/* Opens it with no lines. */
void menu_open(struct menu *m, unsigned ctx, const char *title, const char *empty);
void menu_close(struct menu *m);
/* Takes all lines away; the place of the chosen one stays. */
void menu_clear(struct menu *m);
/* Adds one; label and value are copied. */
void menu_add(struct menu *m, const char *label, const char *value, const char *help,
	      const void *of);
/* The chosen line; NULL: there is none. */
const struct menu_line *menu_chosen(struct menu *m);
/* Movement; false where the action is none. */
bool menu_act(struct menu *m, enum action a);
/* Chooses the line that was drawn at y; false: there is none. */
bool menu_press(struct menu *m, int y);
/* Draws over all of r. */
void menu_draw(struct menu *m, const struct region *r);

#endif

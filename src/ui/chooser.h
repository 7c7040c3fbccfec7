/* SPDX-License-Identifier: Apache-2.0 */
/* The overlay of lines to choose from: settings, saved filters. It knows no more than text. */
#ifndef UI_CHOOSER_H
#define UI_CHOOSER_H

#include "core/mem.h"
#include "ui/cell.h"
#include "ui/keys.h"

struct chooser_line {
	char *label; /* NULL: value is a heading */
	char *value;
	const char *help; /* of the chosen line, at the foot; NULL: none */
	const void *of; /* what it stands for, the caller's */
	bool changed; /* not saved yet */
};

struct chooser {
	unsigned ctx; /* CTX_SETUP, CTX_FILTERS; 0: it is closed */
	const char *title, *empty; /* empty: what stands there where there is no line */
	VEC(struct chooser_line) line;
	int sel, top, page;
};

/* Opens it with no lines. */
void chooser_open(struct chooser *m, unsigned ctx, const char *title, const char *empty);
void chooser_close(struct chooser *m);
/* Takes all lines away; the place of the chosen one stays. */
void chooser_clear(struct chooser *m);
/* Adds one; label and value are copied. */
void chooser_add(struct chooser *m, const char *label, const char *value, const char *help,
		 const void *of);
/* The chosen line; NULL: there is none. */
const struct chooser_line *chooser_chosen(struct chooser *m);
/* Movement; false where the action is none. */
bool chooser_act(struct chooser *m, enum action a);
/* Chooses the line that was drawn at y; false: there is none. */
bool chooser_press(struct chooser *m, int y);
/* Draws over all of r. */
void chooser_draw(struct chooser *m, const struct region *r);

#endif

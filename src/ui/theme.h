/* SPDX-License-Identifier: Apache-2.0 */
/* Colours of roles. Colour never stands alone: letters and shapes say the same. */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "ui/role.h"

/* How many colours a terminal has. */
enum depth { DEPTH_MONO, DEPTH_8, DEPTH_16, DEPTH_256 };

/* How a cell is shown. Colours are the terminal's numbers, -1: its own default. */
struct look {
	int fg, bg;
	unsigned attr; /* bold, underline, reverse of enum attr */
};

/* Foreground and background of 256 colours and of 16, -1: the terminal's; attributes with and without colour. */
struct shade {
	short fg, bg, fg16, bg16;
	unsigned char attr, mono;
};

struct theme {
	const char *name;
	bool mono; /* no colours, whatever the roles say */
	short select, away; /* backgrounds of selected rows, 256 colours */
	short faint_from, faint_to, faint_selected; /* greys that would drown on them */
	struct shade role[ROLE_N];
};

/* "dark", "light", "high-contrast", "mono"; NULL where there is no such theme. */
const struct theme *theme_named(const char *name);
/* The names of those, one after the other; NULL: no more. */
const char *theme_name(size_t i);
/* Dark, or light where $COLORFGBG says that the background is. */
const struct theme *theme_default(void);
struct look theme_look(const struct theme *t, enum depth d, enum role r, unsigned attr);

/*
 * Sets a colour of a theme of the user's own: "blocked" = "166", "error" = "white on
 * #af0000 bold", "select" = "237", "base" = "light" (which sets them all).
 * Colours are 0 to 255, #rrggbb, the 16 names that terminals know (red, bright-red …)
 * or default; after them bold, underline, reverse. Returns 0 or -EINVAL with err filled.
 */
int theme_set(struct theme *t, const char *key, const char *value, struct err *err);
/* The one of the first 16 colours that is nearest to one of 256; -1 of -1. */
int theme_nearest_16(int color);
/* What xterm shows for one of 256, as 0xrrggbb. */
unsigned theme_rgb(int color);

#endif

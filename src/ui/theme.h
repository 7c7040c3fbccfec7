/* SPDX-License-Identifier: Apache-2.0 */
/* Colours of roles. Colour never stands alone: letters and shapes say the same. */
#ifndef UI_THEME_H
#define UI_THEME_H

#include "ui/role.h"

/* How many colours a terminal has. */
enum depth { DEPTH_MONO, DEPTH_8, DEPTH_16, DEPTH_256 };

/* How a cell is shown. Colours are the terminal's numbers, -1: its own default. */
struct look {
	int fg, bg;
	unsigned attr; /* bold, underline, reverse of enum attr */
};

struct theme;

/* "dark", "light", "mono"; NULL where there is no such theme. */
const struct theme *theme_named(const char *name);
/* Dark, or light where $COLORFGBG says that the background is. */
const struct theme *theme_default(void);
struct look theme_look(const struct theme *t, enum depth d, enum role r, unsigned attr);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A grid of cells: what a screen shows, without a screen. Views draw here;
 * ncurses is one back end (term.h), a text file another (grid_save()).
 */
#ifndef UI_CELL_H
#define UI_CELL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What a cell means; the theme gives it a colour. */
enum role {
	ROLE_NORMAL,
	ROLE_DIM,
	ROLE_TITLE,
	ROLE_KEY, /* in the bottom bar */
	ROLE_SELECTED,
	ROLE_RUN,
	ROLE_READY,
	ROLE_BLOCKED,
	ROLE_SYSCALL,
	ROLE_IDLE,
	ROLE_WARN,
	ROLE_ERROR,
	ROLE_LINE, /* the marked source line */
	ROLE_BAND, /* GC, stop-the-world */
	ROLE_N
};

/* A style is a role and any of these. */
enum {
	ST_BOLD = 1 << 8,
	ST_REVERSE = 1 << 9,
	ST_UNDERLINE = 1 << 10,
};

struct cell {
	uint32_t ch; /* code point; 0: the right half of a wide one */
	uint16_t style;
};

struct grid {
	int w, h;
	bool ascii; /* no character beyond ASCII is drawn */
	struct cell *cell; /* h rows of w */
};

/* Part of a grid that one view may draw in. */
struct area {
	struct grid *grid;
	int y, x, h, w;
};

void grid_init(struct grid *g, int w, int h, bool ascii);
void grid_resize(struct grid *g, int w, int h);
void grid_release(struct grid *g);
void grid_clear(struct grid *g);

static inline struct area area_of(struct grid *g)
{
	return (struct area){ g, 0, 0, g->h, g->w };
}

/* A part of a part, cut to it. */
struct area area_sub(struct area a, int y, int x, int h, int w);

/*
 * Draws text from (y, x) on, clipped to the area, and returns the column after
 * it. Control bytes are shown as ^X, bytes that are no UTF-8 as ?.
 */
int area_text(struct area a, int y, int x, int style, const char *s);
int area_printf(struct area a, int y, int x, int style, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* One code point; ascii takes its place on an ASCII grid. */
void area_put(struct area a, int y, int x, int style, uint32_t ch, char ascii);
/* Gives a row of cells another style, their text stays. */
void area_style(struct area a, int y, int x, int w, int style);
void area_fill(struct area a, int y, int x, int w, int style, uint32_t ch, char ascii);
/* Columns that the text takes. */
int text_width(const char *s);

/* The text of the grid, a line a row, trailing blanks cut. */
void grid_save(const struct grid *g, FILE *out);
/* A letter a cell for its style, as a second picture of the same size. */
void grid_save_roles(const struct grid *g, FILE *out);

#endif

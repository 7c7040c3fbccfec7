/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The screen as a grid of cells: every view draws into one, and a terminal or
 * a file is made of it. Nothing here knows a terminal.
 */
#ifndef UI_CELL_H
#define UI_CELL_H

#include <stdio.h>

#include "ui/role.h"
#include "ui/text.h"

struct cell {
	uint32_t cp[GLYPH_CP]; /* 0 after the last */
	uint8_t width; /* 1, 2, or 0: the right half of the cell before */
	uint8_t role; /* enum role */
	uint8_t attr; /* of enum attr */
};

struct grid {
	int w, h;
	bool ascii; /* lines, bars and symbols in their ASCII forms */
	int cursor_x, cursor_y; /* where the terminal's cursor shows; cursor_x < 0: hidden */
	struct cell *cell; /* row by row */
};

void grid_init(struct grid *g, int w, int h, bool ascii);
void grid_release(struct grid *g);
/* Also clears it. Sizes below 1 count as 1. */
void grid_resize(struct grid *g, int w, int h);
/* Blanks of ROLE_TEXT, cursor hidden. */
void grid_clear(struct grid *g);
/* Rows as lines, blanks at the end cut. */
void grid_dump_text(const struct grid *g, FILE *out);
/*
 * The same as letters of roles, a blank where nothing is drawn in ROLE_TEXT;
 * then a line for each run of attributes that says where it is.
 */
void grid_dump_roles(const struct grid *g, FILE *out);

/* A part of a grid: drawing counts from its corner and is cut at its edges. */
struct region {
	struct grid *grid;
	int x, y, w, h;
};

struct region region_all(struct grid *g);
/* A part of a part, cut to fit; w or h may come out 0. */
struct region region_sub(const struct region *r, int x, int y, int w, int h);

/*
 * Draws text at x, y within at most width columns (< 0: up to the edge). What
 * does not fit is cut; a wide character is never halved. Returns columns used.
 */
int draw_text(const struct region *r, int x, int y, int width, enum role role, unsigned attr,
	      const char *s, size_t len);
/* The same of a NUL-terminated string. */
int draw_str(const struct region *r, int x, int y, int width, enum role role, unsigned attr,
	     const char *s);
/* The same, with an ellipsis in the last column where the text was cut. */
int draw_cut(const struct region *r, int x, int y, int width, enum role role, unsigned attr,
	     const char *s);
/* The same, but the text's end is kept and its beginning cut: for paths. */
int draw_cut_left(const struct region *r, int x, int y, int width, enum role role, unsigned attr,
		  const char *s);
/* Right-aligned within width columns from x. Returns columns used. */
int draw_right(const struct region *r, int x, int y, int width, enum role role, unsigned attr,
	       const char *s);
int draw_fmt(const struct region *r, int x, int y, int width, enum role role, unsigned attr,
	     const char *fmt, ...) __attribute__((format(printf, 7, 8)));

/* From line y on, a column in, wrapped at blanks. Returns the lines used. */
int draw_sentence(const struct region *r, int y, enum role role, const char *s);

/* Blanks, in a role and attribute. */
void draw_fill(const struct region *r, int x, int y, int w, int h, enum role role, unsigned attr);
/* Adds an attribute to what is drawn there already: a selected row. */
void draw_mark(const struct region *r, int x, int y, int w, int h, unsigned attr);

/* Symbols with an ASCII form each; the timeline's shapes among them. */
enum sym {
	SYM_HLINE,
	SYM_VLINE,
	SYM_CROSS,
	SYM_TEE_DOWN, /* a horizontal line, and one that goes down */
	SYM_TEE_UP,
	SYM_TEE_RIGHT,
	SYM_TEE_LEFT,
	SYM_CORNER_TL,
	SYM_CORNER_TR,
	SYM_CORNER_BL,
	SYM_CORNER_BR,
	SYM_TREE_MID, /* a child, more to come */
	SYM_TREE_END, /* the last child */
	SYM_TREE_LINE,
	SYM_SELECT, /* points at the selected row */
	SYM_FOLDED,
	SYM_UNFOLDED,
	SYM_RUN, /* timeline shapes */
	SYM_READY,
	SYM_BLOCKED,
	SYM_LOCK,
	SYM_SYSCALL,
	SYM_IDLE,
	SYM_DEAD,
	SYM_STATE, /* round mark before LIVE, REPLAY … */
	SYM_PAUSED,
	SYM_ELLIPSIS,
	SYM_DELTA,
	SYM_ARROW_RIGHT,
	SYM_ARROW_LEFT,
	SYM_ARROW_UP,
	SYM_ARROW_DOWN,
	SYM_MARK, /* a finding below a timeline */
	SYM_CURSOR, /* the moment looked at */
	SYM_SORT_UP,
	SYM_SORT_DOWN,
	SYM_INLINED, /* a call that the compiler put into its caller */
	SYM_N
};

/* The code point of a symbol, in UTF-8's form or ASCII's. */
uint32_t sym_cp(enum sym s, bool ascii);
/* The shape for a state in timelines: ux: run, ready, blocked, lock, syscall, dead. */
enum sym sym_state(enum gstate s, enum reason r);
/* n times; a timeline's span. */
void draw_sym(const struct region *r, int x, int y, int n, enum sym s, enum role role,
	      unsigned attr);
/* Like draw_sym, downwards. */
void draw_vsym(const struct region *r, int x, int y, int n, enum sym s, enum role role,
	       unsigned attr);
/*
 * One column of a small chart, level 0 (blank) to 8 (full): eighths of a block,
 * in ASCII one of " .:-=+*#@".
 */
void draw_level(const struct region *r, int x, int y, unsigned level, enum role role,
		unsigned attr);
/* A bar that fills done/whole of w columns; the rest in ROLE_DIM. */
void draw_bar(const struct region *r, int x, int y, int w, uint64_t done, uint64_t whole,
	      enum role role);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/cell.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

void grid_init(struct grid *g, int w, int h, bool ascii)
{
	*g = (struct grid){ .ascii = ascii };
	grid_resize(g, w, h);
}

void grid_release(struct grid *g)
{
	free(g->cell);
	*g = (struct grid){ 0 };
}

void grid_resize(struct grid *g, int w, int h)
{
	g->w = w < 1 ? 1 : w;
	g->h = h < 1 ? 1 : h;
	free(g->cell);
	g->cell = xcalloc((size_t)g->w * (size_t)g->h, sizeof(*g->cell));
	grid_clear(g);
}

void grid_clear(struct grid *g)
{
	static const struct cell blank = { .cp = { ' ' }, .width = 1, .role = ROLE_TEXT };
	size_t n = (size_t)g->w * (size_t)g->h;

	for (size_t i = 0; i < n; i++)
		g->cell[i] = blank;
	g->cursor_x = g->cursor_y = -1;
}

static struct cell *grid_row(const struct grid *g, int y)
{
	return &g->cell[(size_t)y * (size_t)g->w];
}

/* Columns of a row up to its last one that is not blank. */
static int row_length(const struct grid *g, int y)
{
	const struct cell *c = grid_row(g, y);
	int n = g->w;

	while (n && (c[n - 1].cp[0] == ' ' && !c[n - 1].cp[1]))
		n--;
	return n;
}

void grid_dump_text(const struct grid *g, FILE *out)
{
	char buf[4];

	for (int y = 0; y < g->h; y++) {
		const struct cell *c = grid_row(g, y);
		int n = row_length(g, y);

		for (int x = 0; x < n; x++)
			for (int i = 0; c[x].width && i < GLYPH_CP && c[x].cp[i]; i++)
				fwrite(buf, 1, (size_t)text_put(buf, c[x].cp[i]), out);
		fputc('\n', out);
	}
}

static void dump_attr(FILE *out, int y, int x0, int x1, unsigned attr)
{
	static const char *const names[] = { "bold", "underline", "reverse", "select",
					     "select-away" };

	fprintf(out, "@ %d,%d-%d", y, x0, x1);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (attr & 1u << i)
			fprintf(out, " %s", names[i]);
	fputc('\n', out);
}

void grid_dump_roles(const struct grid *g, FILE *out)
{
	for (int y = 0; y < g->h; y++) {
		const struct cell *c = grid_row(g, y);
		int n = g->w;

		while (n && c[n - 1].role == ROLE_TEXT && c[n - 1].cp[0] == ' ')
			n--;
		for (int x = 0; x < n; x++)
			fputc(c[x].role == ROLE_TEXT && c[x].cp[0] == ' ' ? ' '
									  : role_letter(c[x].role),
			      out);
		fputc('\n', out);
	}
	for (int y = 0; y < g->h; y++) {
		const struct cell *c = grid_row(g, y);

		for (int x = 0, end; x < g->w; x = end) {
			for (end = x + 1; end < g->w && c[end].attr == c[x].attr; end++)
				;
			if (c[x].attr)
				dump_attr(out, y, x, end - 1, c[x].attr);
		}
	}
}

struct region region_all(struct grid *g)
{
	return (struct region){ g, 0, 0, g->w, g->h };
}

static int clamp(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

struct region region_sub(const struct region *r, int x, int y, int w, int h)
{
	int x0 = clamp(x, 0, r->w), y0 = clamp(y, 0, r->h);
	int x1 = clamp(w > r->w ? r->w : x + w, x0, r->w);
	int y1 = clamp(h > r->h ? r->h : y + h, y0, r->h);

	return (struct region){ r->grid, r->x + x0, r->y + y0, x1 - x0, y1 - y0 };
}

/* A wide character that loses one half loses both. */
static void unpair(struct cell *row, int x, int w)
{
	struct cell *c = &row[x];

	if (!c->width && x > 0) {
		row[x - 1].cp[0] = ' ';
		row[x - 1].cp[1] = 0;
		row[x - 1].width = 1;
	} else if (c->width == 2 && x + 1 < w) {
		row[x + 1].cp[0] = ' ';
		row[x + 1].cp[1] = 0;
		row[x + 1].width = 1;
	}
}

static void cell_set(struct cell *row, int x, int w, const struct glyph *g, enum role role,
		     unsigned attr)
{
	unpair(row, x, w);
	memcpy(row[x].cp, g->cp, sizeof(g->cp));
	row[x].width = g->width;
	row[x].role = (uint8_t)role;
	row[x].attr = (uint8_t)attr;
	if (g->width == 2) {
		unpair(row, x + 1, w);
		row[x + 1] = (struct cell){ .role = (uint8_t)role, .attr = (uint8_t)attr };
	}
}

/* Where drawing may go on a line; false: nowhere. */
static bool line_bounds(const struct region *r, int x, int y, int width, int *end)
{
	*end = width < 0 || width > r->w - x ? r->w : x + width;
	return y >= 0 && y < r->h && x < r->w;
}

int draw_text(const struct region *r, int x, int y, int width, enum role role, unsigned attr,
	      const char *s, size_t len)
{
	struct text_iter it;
	struct glyph g;
	struct cell *row;
	int end, at = x;

	if (!line_bounds(r, x, y, width, &end))
		return 0;
	row = grid_row(r->grid, r->y + y);
	for (text_begin(&it, s, len, r->grid->ascii); at < end && text_next(&it, &g);) {
		if (at + g.width > end)
			break;
		if (at >= 0)
			cell_set(row, r->x + at, r->grid->w, &g, role, attr);
		at += g.width;
	}
	return at - x;
}

int draw_str(const struct region *r, int x, int y, int width, enum role role, unsigned attr,
	     const char *s)
{
	return draw_text(r, x, y, width, role, attr, s, strlen(s));
}

/* Columns that there are from x on, at most width. */
static int room(const struct region *r, int x, int width)
{
	int left = r->w - x;

	return width < 0 || width > left ? (left < 0 ? 0 : left) : width;
}

/* Columns of s, counted no further than just beyond limit. */
static int width_upto(const char *s, int limit)
{
	struct text_iter it;
	struct glyph g;
	int w = 0;

	for (text_begin(&it, s, strlen(s), false); w <= limit && text_next(&it, &g);)
		w += g.width;
	return w;
}

int draw_cut(const struct region *r, int x, int y, int width, enum role role, unsigned attr,
	     const char *s)
{
	int have = room(r, x, width), n;

	if (have <= 0)
		return 0;
	if (width_upto(s, have) <= have)
		return draw_str(r, x, y, have, role, attr, s);
	n = draw_str(r, x, y, have - 1, role, attr, s);
	draw_sym(r, x + n, y, 1, SYM_ELLIPSIS, role, attr);
	return n + 1;
}

int draw_cut_left(const struct region *r, int x, int y, int width, enum role role, unsigned attr,
		  const char *s)
{
	size_t len = strlen(s), used;
	int have = room(r, x, width), w = text_width(s, len);

	if (have <= 0)
		return 0;
	if (w <= have)
		return draw_str(r, x, y, have, role, attr, s);
	for (; w > have - 1 && len; s += used, len -= used) {
		text_get(s, len, &used);
		w -= text_width(s, used);
	}
	draw_sym(r, x, y, 1, SYM_ELLIPSIS, role, attr);
	return 1 + draw_text(r, x + 1, y, have - 1, role, attr, s, len);
}

int draw_right(const struct region *r, int x, int y, int width, enum role role, unsigned attr,
	       const char *s)
{
	int w = width_upto(s, width);

	return draw_cut(r, w < width ? x + width - w : x, y, w < width ? w : width, role, attr, s);
}

int draw_fmt(const struct region *r, int x, int y, int width, enum role role, unsigned attr,
	     const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return draw_str(r, x, y, width, role, attr, buf);
}

/* n cells from x, y on, in one glyph; dx, dy: which way. */
static void draw_run(const struct region *r, int x, int y, int n, bool down, uint32_t cp,
		     enum role role, unsigned attr)
{
	struct glyph g = { .cp = { cp }, .width = 1 };

	for (int i = 0; i < n; i++) {
		int cx = down ? x : x + i, cy = down ? y + i : y;

		if (cx >= r->w || cy >= r->h)
			return;
		if (cx >= 0 && cy >= 0)
			cell_set(grid_row(r->grid, r->y + cy), r->x + cx, r->grid->w, &g, role,
				 attr);
	}
}

int draw_sentence(const struct region *r, int y, enum role role, const char *s)
{
	int first = y;

	while (*s && y < r->h) {
		size_t len = strlen(s), n = len, w = r->w > 2 ? (size_t)r->w - 2 : 1;

		if (n > w) {
			for (n = w; n > 1 && s[n] != ' '; n--)
				;
			n = n > 1 ? n : w;
		}
		draw_text(r, 1, y++, -1, role, 0, s, n);
		s += n + (s[n] == ' ');
	}
	return y - first;
}

void draw_fill(const struct region *r, int x, int y, int w, int h, enum role role, unsigned attr)
{
	for (int i = 0; i < h && y + i < r->h; i++)
		draw_run(r, x, y + i, w, false, ' ', role, attr);
}

void draw_mark(const struct region *r, int x, int y, int w, int h, unsigned attr)
{
	struct region part = region_sub(r, x, y, w, h);

	for (int i = 0; i < part.h; i++) {
		struct cell *row = grid_row(part.grid, part.y + i);

		for (int k = 0; k < part.w; k++)
			row[part.x + k].attr |= (uint8_t)attr;
	}
}

void draw_sym(const struct region *r, int x, int y, int n, enum sym s, enum role role,
	      unsigned attr)
{
	draw_run(r, x, y, n, false, sym_cp(s, r->grid->ascii), role, attr);
}

void draw_vsym(const struct region *r, int x, int y, int n, enum sym s, enum role role,
	       unsigned attr)
{
	draw_run(r, x, y, n, true, sym_cp(s, r->grid->ascii), role, attr);
}

void draw_level(const struct region *r, int x, int y, unsigned level, enum role role, unsigned attr)
{
	static const char ascii[] = " .:-=+*#@";
	uint32_t cp;

	if (level > 8)
		level = 8;
	cp = r->grid->ascii ? (uint32_t)ascii[level] : level ? 0x2580 + level : ' ';
	draw_run(r, x, y, 1, false, cp, role, attr);
}

void draw_bar(const struct region *r, int x, int y, int w, uint64_t done, uint64_t whole,
	      enum role role)
{
	uint64_t part = done > whole ? whole : done;
	int n = whole ? (int)((double)part / (double)whole * w) : 0;

	draw_sym(r, x, y, n, SYM_RUN, role, 0);
	draw_sym(r, x + n, y, w - n, SYM_HLINE, ROLE_DIM, 0);
}

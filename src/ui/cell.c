/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/cell.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "core/mem.h"

void grid_init(struct grid *g, int w, int h, bool ascii)
{
	memset(g, 0, sizeof(*g));
	g->ascii = ascii;
	grid_resize(g, w, h);
}

void grid_resize(struct grid *g, int w, int h)
{
	g->w = w < 1 ? 1 : w;
	g->h = h < 1 ? 1 : h;
	free(g->cell);
	g->cell = xcalloc((size_t)g->w * (size_t)g->h, sizeof(*g->cell));
	grid_clear(g);
}

void grid_release(struct grid *g)
{
	free(g->cell);
	memset(g, 0, sizeof(*g));
}

void grid_clear(struct grid *g)
{
	for (int i = 0; i < g->w * g->h; i++)
		g->cell[i] = (struct cell){ ' ', ROLE_NORMAL };
}

struct area area_sub(struct area a, int y, int x, int h, int w)
{
	struct area s = { a.grid, a.y + y, a.x + x, h, w };

	if (y + h > a.h)
		s.h = a.h - y;
	if (x + w > a.w)
		s.w = a.w - x;
	s.h = s.h < 0 ? 0 : s.h;
	s.w = s.w < 0 ? 0 : s.w;
	return s;
}

static struct cell *cell_at(struct area a, int y, int x)
{
	if (y < 0 || x < 0 || y >= a.h || x >= a.w)
		return NULL;
	y += a.y;
	x += a.x;
	if (y < 0 || x < 0 || y >= a.grid->h || x >= a.grid->w)
		return NULL;
	return &a.grid->cell[y * a.grid->w + x];
}

static int put_code(struct area a, int y, int x, int style, uint32_t ch, int width)
{
	struct cell *c = cell_at(a, y, x), *right = width == 2 ? cell_at(a, y, x + 1) : NULL;

	if (!c || (width == 2 && !right))
		return x + width;
	*c = (struct cell){ ch, (uint16_t)style };
	if (right)
		*right = (struct cell){ 0, (uint16_t)style };
	return x + width;
}

/* Decodes one code point of s; returns its bytes, at least 1. */
static int decode(const char *s, size_t len, utf8proc_int32_t *ch)
{
	utf8proc_ssize_t n;

	if ((unsigned char)*s < 0x80) {
		*ch = (unsigned char)*s;
		return 1;
	}
	n = utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)len, ch);
	if (n < 1) {
		*ch = '?';
		return 1;
	}
	return (int)n;
}

static bool is_control(utf8proc_int32_t ch)
{
	return ch < 0x20 || (ch >= 0x7f && ch < 0xa0);
}

int area_text(struct area a, int y, int x, int style, const char *s)
{
	size_t len = strlen(s);

	while (len && x < a.w) {
		utf8proc_int32_t ch;
		int n = decode(s, len, &ch), width;

		s += n;
		len -= (size_t)n;
		if (is_control(ch)) {
			x = put_code(a, y, x, style, '^', 1);
			x = put_code(a, y, x, style, ch < 0x20 ? (uint32_t)ch + '@' : '?', 1);
			continue;
		}
		width = ch < 0x80 ? 1 : utf8proc_charwidth(ch);
		if (width <= 0)
			continue;
		if (a.grid->ascii && ch >= 0x80)
			ch = ch == 0x2026 ? '~' : '?';
		x = put_code(a, y, x, style, (uint32_t)ch, a.grid->ascii ? 1 : width);
	}
	return x;
}

int area_printf(struct area a, int y, int x, int style, const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return area_text(a, y, x, style, buf);
}

void area_put(struct area a, int y, int x, int style, uint32_t ch, char ascii)
{
	put_code(a, y, x, style, a.grid->ascii ? (uint32_t)(unsigned char)ascii : ch, 1);
}

void area_style(struct area a, int y, int x, int w, int style)
{
	for (int i = 0; i < w; i++) {
		struct cell *c = cell_at(a, y, x + i);

		if (c)
			c->style = (uint16_t)style;
	}
}

void area_fill(struct area a, int y, int x, int w, int style, uint32_t ch, char ascii)
{
	for (int i = 0; i < w; i++)
		area_put(a, y, x + i, style, ch, ascii);
}

int text_width(const char *s)
{
	size_t len = strlen(s);
	int w = 0;

	while (len) {
		utf8proc_int32_t ch;
		int n = decode(s, len, &ch), width;

		s += n;
		len -= (size_t)n;
		width = is_control(ch) ? 2 : ch < 0x80 ? 1 : utf8proc_charwidth(ch);
		w += width > 0 ? width : 0;
	}
	return w;
}

void grid_save(const struct grid *g, FILE *out)
{
	for (int y = 0; y < g->h; y++) {
		const struct cell *row = &g->cell[y * g->w];
		int end = g->w;

		while (end && row[end - 1].ch == ' ')
			end--;
		for (int x = 0; x < end; x++) {
			utf8proc_uint8_t buf[4];
			utf8proc_ssize_t n;

			if (!row[x].ch)
				continue;
			n = utf8proc_encode_char((utf8proc_int32_t)row[x].ch, buf);
			fwrite(buf, 1, (size_t)n, out);
		}
		fputc('\n', out);
	}
}

void grid_save_roles(const struct grid *g, FILE *out)
{
	static const char letter[ROLE_N + 1] = ".dTkSRQBYIWELG";

	for (int y = 0; y < g->h; y++) {
		for (int x = 0; x < g->w; x++) {
			uint16_t style = g->cell[y * g->w + x].style;

			fputc(style & ST_REVERSE ? '#' : letter[style & 0xff], out);
		}
		fputc('\n', out);
	}
}

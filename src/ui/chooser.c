/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/chooser.h"

#include <stdlib.h>
#include <string.h>

enum { LABEL_W = 20, FOOT_H = 3 };

void chooser_clear(struct chooser *m)
{
	for (size_t i = 0; i < m->line.n; i++) {
		free(m->line.v[i].label);
		free(m->line.v[i].value);
	}
	m->line.n = 0;
}

void chooser_open(struct chooser *m, unsigned ctx, const char *title, const char *empty)
{
	chooser_clear(m);
	m->ctx = ctx;
	m->title = title;
	m->empty = empty;
	m->sel = m->top = 0;
}

void chooser_close(struct chooser *m)
{
	chooser_clear(m);
	vec_free(&m->line);
	m->ctx = 0;
}

void chooser_add(struct chooser *m, const char *label, const char *value, const char *help,
		 const void *of)
{
	*vec_push(&m->line) = (struct chooser_line){ label ? xstrdup(label) : NULL, xstrdup(value),
						     help, of, false };
}

/* The nearest line from i on, in a direction and then the other, that can be chosen. */
static int settle(const struct chooser *m, int i, int dir)
{
	int n = (int)m->line.n;

	i = i < 0 ? 0 : i >= n ? n - 1 : i;
	for (int k = i; k >= 0 && k < n; k += dir)
		if (m->line.v[k].label)
			return k;
	for (int k = i; k >= 0 && k < n; k -= dir)
		if (m->line.v[k].label)
			return k;
	return 0;
}

const struct chooser_line *chooser_chosen(struct chooser *m)
{
	if (!m->line.n)
		return NULL;
	m->sel = settle(m, m->sel, 1);
	return m->line.v[m->sel].label ? &m->line.v[m->sel] : NULL;
}

bool chooser_act(struct chooser *m, enum action a)
{
	int page = m->page > 1 ? m->page - 1 : 1, n = (int)m->line.n;
	const int step[ACT_N] = {
		[ACT_UP] = -1,
		[ACT_DOWN] = 1,
		[ACT_PAGE_UP] = -page,
		[ACT_PAGE_DOWN] = page,
		[ACT_HALF_UP] = -page / 2 - 1,
		[ACT_HALF_DOWN] = page / 2 + 1,
		[ACT_TOP] = -n - 1,
		[ACT_BOTTOM] = n + 1,
	};

	if (!step[a])
		return false;
	if (n)
		m->sel = settle(m, m->sel + step[a], step[a] < 0 ? -1 : 1);
	return true;
}

bool chooser_press(struct chooser *m, int y)
{
	int i = m->top + y - 1;

	if (y < 1 || y > m->page || i >= (int)m->line.n || !m->line.v[i].label)
		return false;
	m->sel = i;
	return true;
}

static void draw_line(const struct region *r, int y, const struct chooser_line *l)
{
	if (!l->label) {
		draw_cut(r, 1, y, -1, ROLE_TITLE_FOCUS, 0, l->value);
		return;
	}
	draw_cut(r, 3, y, LABEL_W - 1, ROLE_STRONG, 0, l->label);
	draw_str(r, 2, y, 1, ROLE_WARN, 0, l->changed ? "*" : " ");
	draw_cut(r, 3 + LABEL_W, y, r->w - 4 - LABEL_W, ROLE_TEXT, 0, l->value);
}

/* The sentence on the chosen line, over two lines where it is long. */
static void draw_foot(const struct region *r, const char *help)
{
	int y = r->h - FOOT_H;
	size_t n = strlen(help), fit = r->w > 4 ? (size_t)r->w - 2 : 1;

	draw_sym(r, 0, y, r->w, SYM_HLINE, ROLE_BORDER, 0);
	if (n > fit) {
		n = fit;
		while (n && help[n] != ' ')
			n--;
		n = n ? n : fit;
	}
	draw_text(r, 1, y + 1, r->w - 1, ROLE_INFO, 0, help, n);
	draw_cut(r, 1, y + 2, r->w - 1, ROLE_INFO, 0, help + n + (help[n] == ' '));
}

void chooser_draw(struct chooser *m, const struct region *r)
{
	const struct chooser_line *chosen = chooser_chosen(m);
	bool foot = chosen && chosen->help && r->h > 2 * FOOT_H;
	int n = (int)m->line.n;

	draw_fill(r, 0, 0, r->w, r->h, ROLE_TEXT, 0);
	draw_sym(r, 0, 0, r->w, SYM_HLINE, ROLE_BORDER, 0);
	draw_fmt(r, 1, 0, r->w - 1, ROLE_TITLE_FOCUS, 0, " %s ", m->title);
	m->page = r->h - 1 - (foot ? FOOT_H : 0);
	if (m->sel < m->top)
		m->top = m->sel > 0 && !m->line.v[m->sel - 1].label ? m->sel - 1 : m->sel;
	if (m->sel >= m->top + m->page)
		m->top = m->sel - m->page + 1;
	m->top = m->top < 0 ? 0 : m->top;
	if (!n)
		draw_cut(r, 1, 1, r->w - 1, ROLE_DIM, 0, m->empty);
	for (int y = 0; y < m->page && m->top + y < n; y++) {
		draw_line(r, 1 + y, &m->line.v[m->top + y]);
		if (!chosen || m->top + y != m->sel)
			continue;
		draw_sym(r, 0, 1 + y, 1, SYM_SELECT, ROLE_STRONG, 0);
		draw_mark(r, 0, 1 + y, r->w, 1, ATTR_SELECT);
	}
	if (foot)
		draw_foot(r, chosen->help);
}

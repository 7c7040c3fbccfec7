/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/menu.h"

#include <stdio.h>
#include <string.h>

enum { NAME_W = 12 };

void menu_open(struct menu *m, enum action action, const char *title)
{
	memset(m, 0, sizeof(*m));
	m->action = action;
	snprintf(m->title, sizeof(m->title), "%s", title);
}

void menu_add(struct menu *m, const char *name, const char *help)
{
	if (m->n == MENU_MOST)
		return;
	snprintf(m->item[m->n].name, sizeof(m->item[m->n].name), "%s", name);
	m->item[m->n++].help = help;
}

void menu_close(struct menu *m)
{
	memset(m, 0, sizeof(*m));
}

/* 1 to 9, then a, b …: but for j, k, q and t, which are keys here or for who opened it. */
static char item_key(int i)
{
	static const char keys[MENU_MOST + 1] = "123456789abcdefghilmnopr";

	return keys[i];
}

enum menu_result menu_key(struct menu *m, uint32_t key)
{
	switch (key) {
	case UK_UP:
	case 'k':
		m->sel = m->sel ? m->sel - 1 : m->n - 1;
		return MENU_NOTHING;
	case UK_DOWN:
	case 'j':
		m->sel = m->sel + 1 < m->n ? m->sel + 1 : 0;
		return MENU_NOTHING;
	case UK_HOME:
		m->sel = 0;
		return MENU_NOTHING;
	case UK_END:
		m->sel = m->n - 1;
		return MENU_NOTHING;
	case UK_ENTER:
		return MENU_CHOSEN;
	case UK_ESC:
	case 'q':
	case 'C' - '@':
		return MENU_CLOSED;
	default:
		break;
	}
	for (int i = 0; i < m->n; i++)
		if (key == (uint32_t)item_key(i)) {
			m->sel = i;
			return MENU_CHOSEN;
		}
	return MENU_NOTHING;
}

enum menu_result menu_press(struct menu *m, int x, int y)
{
	const struct region *b = &m->box;

	if (!b->grid || x < b->x || x >= b->x + b->w || y < b->y || y >= b->y + b->h)
		return MENU_CLOSED;
	if (y - b->y + m->top >= m->n)
		return MENU_NOTHING;
	m->sel = y - b->y + m->top;
	return MENU_CHOSEN;
}

static int item_width(const struct menu_item *it)
{
	return 4 + NAME_W + text_width(it->help, strlen(it->help)) + 1;
}

static void frame_draw(const struct region *r, const struct menu *m)
{
	draw_fill(r, 0, 0, r->w, r->h, ROLE_TEXT, 0);
	draw_sym(r, 0, 0, r->w, SYM_HLINE, ROLE_BORDER, 0);
	draw_sym(r, 0, r->h - 1, r->w, SYM_HLINE, ROLE_BORDER, 0);
	draw_vsym(r, 0, 0, r->h, SYM_VLINE, ROLE_BORDER, 0);
	draw_vsym(r, r->w - 1, 0, r->h, SYM_VLINE, ROLE_BORDER, 0);
	draw_sym(r, 0, 0, 1, SYM_CORNER_TL, ROLE_BORDER, 0);
	draw_sym(r, r->w - 1, 0, 1, SYM_CORNER_TR, ROLE_BORDER, 0);
	draw_sym(r, 0, r->h - 1, 1, SYM_CORNER_BL, ROLE_BORDER, 0);
	draw_sym(r, r->w - 1, r->h - 1, 1, SYM_CORNER_BR, ROLE_BORDER, 0);
	draw_fmt(r, 2, 0, r->w - 4, ROLE_TITLE_FOCUS, ATTR_BOLD, m->note ? " %s (%s) " : " %s ",
		 m->title, m->note);
}

static void item_draw(const struct menu *m, int i, int y)
{
	const struct region *b = &m->box;

	draw_fmt(b, 1, y, 2, ROLE_KEY, 0, "%c", item_key(i));
	draw_cut(b, 4, y, NAME_W - 1, ROLE_STRONG, 0, m->item[i].name);
	draw_cut(b, 4 + NAME_W, y, b->w - 4 - NAME_W, ROLE_TEXT, 0, m->item[i].help);
	if (i == m->sel)
		draw_mark(b, 0, y, b->w, 1, ATTR_SELECT);
}

/* The chosen one is among those that are drawn. */
static void scroll(struct menu *m)
{
	int room = m->box.h > 0 ? m->box.h : 1;

	if (m->sel < m->top)
		m->top = m->sel;
	if (m->sel >= m->top + room)
		m->top = m->sel - room + 1;
	if (m->top + room > m->n)
		m->top = m->n > room ? m->n - room : 0;
}

void menu_draw(struct menu *m, const struct region *r)
{
	int w = text_width(m->title, strlen(m->title)) + 6, h = m->n + 2;
	struct region box;

	if (!m->n)
		return;
	if (m->note)
		w += text_width(m->note, strlen(m->note)) + 3;
	for (int i = 0; i < m->n; i++)
		w = item_width(&m->item[i]) + 2 > w ? item_width(&m->item[i]) + 2 : w;
	w = w > r->w ? r->w : w;
	h = h > r->h ? r->h : h;
	box = region_sub(r, (r->w - w) / 2, (r->h - h) / 2, w, h);
	frame_draw(&box, m);
	m->box = region_sub(&box, 1, 1, w - 2, h - 2);
	scroll(m);
	for (int y = 0; y < m->box.h && m->top + y < m->n; y++)
		item_draw(m, m->top + y, y);
}

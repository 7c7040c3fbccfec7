/* SPDX-License-Identifier: Apache-2.0 */
/* What is around the panes: titles, tabs, lines, the bottom bar. */
#include <stdlib.h>
#include <string.h>

#include "ui/ui_impl.h"

static void add_hot(struct ui *ui, int y, int x0, int x1, const struct key_binding *row,
		    enum pane_id pane)
{
	if (ui->n_hot < BAR_MOST)
		ui->hot[ui->n_hot++] = (struct hot){ y, x0, x1, row, pane };
}

/* --- titles and tabs --- */

static bool has_focus(const struct ui *ui, enum pane_id id)
{
	return ui->focus == id;
}

/* "1 Goroutines", and what the pane says beside it. */
static int draw_title(struct ui *ui, const struct region *r, int x, int y, int width,
		      enum pane_id id)
{
	const struct pane_ops *ops = ui->pane[id]->ops;
	enum role role = has_focus(ui, id) ? ROLE_TITLE_FOCUS : ROLE_TITLE;
	int end = x + width, x0 = x;

	x += draw_str(r, x, y, end - x, role, 0, " ");
	if (ops->number)
		x += draw_fmt(r, x, y, end - x, role, 0, "%c ", ops->number);
	x += draw_cut(r, x, y, end - x, role, has_focus(ui, id) ? ATTR_BOLD : 0, ops->title);
	x += draw_str(r, x, y, end - x, role, 0, " ");
	add_hot(ui, y, r->x + x0, r->x + x, NULL, id);
	return x - x0;
}

static void draw_note(struct ui *ui, const struct region *r, int x, int y, int width,
		      enum pane_id id)
{
	char buf[256] = "";
	const char *note = pane_note(ui->pane[id], buf, sizeof(buf));

	int w;

	if (!*note || width <= 4)
		return;
	w = draw_cut(r, x, y, width - 1, ROLE_DIM, 0, note);
	draw_str(r, x + w, y, 1, ROLE_DIM, 0, " ");
}

static void draw_pane_title(struct ui *ui, const struct region *all, enum pane_id id)
{
	const struct rect *t = &ui->layout.title[id];
	struct region r = region_sub(all, t->x, t->y, t->w, 1);
	int x;

	draw_sym(&r, 0, 0, r.w, SYM_HLINE, ROLE_BORDER, 0);
	x = 1 + draw_title(ui, &r, 1, 0, r.w - 2, id);
	x += draw_str(&r, x, 0, r.w - x, ROLE_DIM, 0, has_focus(ui, id) ? " " : "");
	draw_note(ui, &r, x, 0, r.w - x - 1, id);
}

/* Which panes have a tab; the detail takes the list's while it is open. */
static bool has_tab(const struct ui *ui, enum pane_id id)
{
	if (!ui->pane[id] || id == PANE_STRIP)
		return false;
	if (id == PANE_CHANGES)
		return ui->changes;
	return id != PANE_DETAIL || ui->detail;
}

static void draw_tabs(struct ui *ui, const struct region *all)
{
	enum pane_id front = ui->focus == PANE_LIST && ui->detail ? PANE_DETAIL : ui->focus;
	int x = 0, y = ui->layout.tabs;

	for (int id = 0; id < PANE_N; id++)
		if (has_tab(ui, (enum pane_id)id))
			x += draw_title(ui, all, x, y, all->w - x, (enum pane_id)id);
	draw_note(ui, all, x + 1, y, all->w - x - 1, front);
}

static void draw_splits(struct ui *ui, const struct region *all)
{
	const struct layout *l = &ui->layout;
	bool line_below = layout_shows(l, PANE_TIMELINE) || layout_shows(l, PANE_FINDINGS);

	for (int i = 0; i < 2; i++) {
		if (l->split[i] < 0)
			continue;
		draw_vsym(all, l->split[i], l->split_y0, l->split_y1 - l->split_y0, SYM_VLINE,
			  ROLE_BORDER, 0);
		draw_sym(all, l->split[i], l->split_y0, 1, SYM_TEE_DOWN, ROLE_BORDER, 0);
		if (line_below && l->split[i] > 1)
			draw_sym(all, l->split[i], l->split_y1, 1, SYM_TEE_UP, ROLE_BORDER, 0);
	}
}

/* --- the bottom bar --- */

static unsigned bar_context(const struct ui *ui)
{
	return ui->help.open	 ? CTX_HELP
	       : ui->chooser.ctx ? ui->chooser.ctx
				 : ui_context(ui) | CTX_ANY;
}

static const char *bar_key(const struct ui *ui, char buf[16], const struct key_binding *row)
{
	const char *keys = keymap_keys(&ui->view.set->keys, row, bar_context(ui), NULL);
	size_t len = strcspn(keys, " ");

	if (len == 5 && !memcmp(keys, "Space", 5))
		return "Spc";
	snprintf(buf, 16, "%.*s", (int)(len < 15 ? len : 15), keys);
	return buf;
}

/* In a recording that is whole there is nothing to hold: it plays. */
static const char *bar_label(const struct ui *ui, const struct key_binding *row)
{
	if (row->action != ACT_PAUSE)
		return row->bar;
	if (ui->view.live || ui_loading(ui))
		return ui->view.paused ? "Go on" : "Pause";
	return ui->playing ? "Stop" : "Play";
}

static bool in_bar(const struct ui *ui, const struct key_binding *row)
{
	unsigned ctx = bar_context(ui);

	if (!row->bar || !*keymap_keys(&ui->view.set->keys, row, ctx, NULL))
		return false;
	return row->ctx & ctx && key_row(row->action, ctx) == row;
}

/* One label; keys of rows with the same one stand together. Returns columns. */
static int draw_label(struct ui *ui, const struct region *r, int x, int y, int end,
		      const struct key_binding *row, const struct key_binding *next)
{
	const char *label = bar_label(ui, row);
	char keys[40], a[16], b[16];
	int w;

	snprintf(keys, sizeof(keys), "%s%s%s", bar_key(ui, a, row), next ? " " : "",
		 next ? bar_key(ui, b, next) : "");
	w = text_width(keys, strlen(keys)) + 1 + text_width(label, strlen(label)) + 2;
	if (x + w - 2 > end)
		return 0;
	draw_str(r, x, y, end - x, ROLE_KEY, 0, keys);
	draw_fmt(r, x + text_width(keys, strlen(keys)), y, -1, ROLE_BAR, 0, " %s", label);
	add_hot(ui, y, x, x + w - 2, row, PANE_N);
	return w;
}

/* The one behind row in the bar; NULL: there is none. */
static const struct key_binding *bar_next(const struct ui *ui, const struct key_binding *row)
{
	while ((++row)->action)
		if (in_bar(ui, row))
			return row;
	return NULL;
}

static void draw_bar_line(struct ui *ui, const struct region *r, int y)
{
	const struct key_binding *quit = key_row(ACT_CLOSE, CTX_ANY);
	bool panes = !ui->help.open && !ui->chooser.ctx;
	int x = 0, end = r->w;
	char key[16];

	draw_fill(r, 0, y, r->w, 1, ROLE_BAR, 0);
	if (panes) /* the way out has its place before all else */
		end -= 1 + (int)strlen(bar_key(ui, key, quit)) + 1 + (int)strlen(quit->bar);
	for (const struct key_binding *b = key_table; b->action; b++) {
		const struct key_binding *next;

		if (!in_bar(ui, b) || b == quit)
			continue;
		next = bar_next(ui, b);
		if (next && strcmp(next->bar, b->bar) != 0)
			next = NULL;
		x += draw_label(ui, r, x, y, end, b, next);
		if (next)
			b = next;
	}
	if (panes)
		draw_label(ui, r, x, y, r->w, quit, NULL);
}

static void draw_bottom(struct ui *ui, const struct region *r)
{
	int y = ui->layout.bar;

	if (ui->prompt.row)
		prompt_draw(&ui->prompt, r, y);
	else if (ui->view.status[0])
		draw_cut(r, 0, y, r->w, ui->view.status_bad ? ROLE_ERROR : ROLE_INFO, 0,
			 ui->view.status);
	else
		draw_bar_line(ui, r, y);
}

static void draw_tiny(const struct ui *ui, const struct region *r)
{
	char key[16], quits[32];
	const char *const lines[] = { "too small", "40x10", quits };

	snprintf(quits, sizeof(quits), "%s quits", ui_key_for(ui, ACT_CLOSE, key));
	for (int i = 0; i < (int)ARRAY_SIZE(lines); i++)
		draw_str(r, 0, i, -1, ROLE_TEXT, 0, lines[i]);
	if (r->h == 1 && r->w >= 28)
		draw_fmt(r, 0, 0, -1, ROLE_TEXT, 0, "too small (40x10); %s", quits);
}

void chrome_draw(struct ui *ui, struct grid *g)
{
	struct region all = region_all(g), body;

	ui->n_hot = 0;
	if (ui->layout.kind == LAYOUT_TINY) {
		draw_tiny(ui, &all);
		return;
	}
	chrome_header(ui, &all);
	body = region_sub(&all, 0, ui->layout.header, all.w, ui->layout.bar - ui->layout.header);
	if (ui->help.open) {
		help_draw(&ui->help, &body);
	} else if (ui->chooser.ctx) {
		chooser_draw(&ui->chooser, &body);
	} else {
		if (ui->layout.tabs >= 0)
			draw_tabs(ui, &all);
		for (int id = 0; id < PANE_N; id++)
			if (ui->pane[id] && ui->layout.title[id].w)
				draw_pane_title(ui, &all, (enum pane_id)id);
		draw_splits(ui, &all);
	}
	menu_draw(&ui->menu, &body);
	draw_bottom(ui, &all);
}

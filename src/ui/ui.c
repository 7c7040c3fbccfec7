/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ui/ui_impl.h"

enum { TICK_LOADING = 250 * 1000 * 1000, TICK_PLAYING = 100 * 1000 * 1000 };

static void make_panes(struct ui *ui)
{
	ui->pane[PANE_LIST] = pane_list_new(&ui->view);
	ui->pane[PANE_DETAIL] = pane_detail_new(&ui->view);
	ui->pane[PANE_TIMELINE] = pane_timeline_new(&ui->view);
	ui->pane[PANE_SOURCE] = pane_source_new(&ui->view);
	ui->pane[PANE_VARS] = pane_vars_new(&ui->view);
	ui->pane[PANE_STRIP] = pane_strip_new(&ui->view);
	ui->pane[PANE_FINDINGS] = pane_findings_new(&ui->view);
	ui->pane[PANE_GRAPH] = pane_graph_new(&ui->view);
	ui->pane[PANE_FLAME] = pane_flame_new(&ui->view);
	ui->pane[PANE_CHANGES] = pane_changes_new(&ui->view);
}

struct ui *ui_new(const struct ui_config *c)
{
	struct ui *ui = xcalloc(1, sizeof(*ui));

	if (!c->set)
		settings_init(&ui->own, NULL);
	ui->view.set = c->set ? c->set : &ui->own;
	ui->seq.map = ui->prompt.map = &ui->view.set->keys;
	prompt_keep(&ui->prompt, ui->view.set->history);
	if (c->history)
		prompt_remember(&ui->prompt, c->history);
	ui->view.world = c->world;
	ui->view.detect = c->detect;
	ui->view.jobs = c->jobs;
	ui->view.substitute = c->substitute;
	ui->view.live = c->live;
	ui->view.piece_ns = c->piece_ns;
	view_init(&ui->view);
	view_set_system(&ui->view, ui->view.set->system);
	if (c->filter)
		view_set_filter(&ui->view, c->filter, NULL);
	ui->host = c->host;
	ui->exports = c->exports;
	ui->mouse = c->mouse;
	ui->focus = PANE_LIST;
	ui->dragged = PANE_N;
	ui->dragging = BORDER_N;
	ui->now = -1;
	make_panes(ui);
	ui_resize(ui, c->w, c->h);
	return ui;
}

void ui_free(struct ui *ui)
{
	if (!ui)
		return;
	for (int i = 0; i < PANE_N; i++)
		if (ui->pane[i])
			ui->pane[i]->ops->free(ui->pane[i]);
	prompt_release(&ui->prompt);
	help_close(&ui->help);
	chooser_close(&ui->chooser);
	view_release(&ui->view);
	settings_release(&ui->own);
	free(ui);
}

void ui_layout(struct ui *ui)
{
	struct layout_want want = {
		.w = ui->w,
		.h = ui->h,
		.focus = ui->focus,
		.detail = ui->detail,
		.maximised = ui->maximised,
		.graph = ui->graph,
		.flame = ui->flame,
		.changes = ui->changes,
		.findings = ui->findings,
		.vars = ui->vars,
		.inspects = ui->inspects,
	};

	for (int i = 0; i < PANE_N; i++)
		want.there |= ui->pane[i] ? 1u << i : 0;
	memcpy(want.moved, ui->moved, sizeof(want.moved));
	layout_make(&ui->layout, &want);
	/* what there was no room for is not kept; another layout keeps what it has no border for */
	if (ui->layout.kind >= LAYOUT_TWO)
		ui->moved[BORDER_A] = ui->layout.moved[BORDER_A];
	if (ui->layout.kind >= LAYOUT_TWO)
		ui->moved[BORDER_BELOW] = ui->layout.moved[BORDER_BELOW];
	if (ui->layout.kind == LAYOUT_THREE)
		ui->moved[BORDER_B] = ui->layout.moved[BORDER_B];
	if (ui->layout.split_vars >= 0)
		ui->moved[BORDER_VARS] = ui->layout.moved[BORDER_VARS];
	ui->dirty = true;
}

void ui_focus(struct ui *ui, enum pane_id id)
{
	if (!ui->pane[id] || id == PANE_STRIP)
		return;
	ui->focus = id;
	if (id == PANE_LIST || id == PANE_GRAPH || id == PANE_FLAME || id == PANE_CHANGES) {
		ui->changes = id == PANE_CHANGES;
		ui->graph = id == PANE_GRAPH;
		ui->flame = id == PANE_FLAME;
	}
	if (id == PANE_TIMELINE || id == PANE_FINDINGS)
		ui->findings = id == PANE_FINDINGS;
	if (id == PANE_SOURCE || id == PANE_VARS)
		ui->vars = id == PANE_VARS;
	if (id == PANE_DETAIL)
		ui->detail = true;
	ui_layout(ui);
}

void ui_resize(struct ui *ui, int w, int h)
{
	ui->w = w < 1 ? 1 : w;
	ui->h = h < 1 ? 1 : h;
	ui_layout(ui);
}

/* --- keys --- */

static void help_key(struct ui *ui, uint32_t key)
{
	const struct key_binding *row = key_feed(&ui->seq, key, CTX_HELP | CTX_ANY);

	if (!row)
		return;
	if (row->ctx & CTX_HELP && row->action == ACT_BACK)
		help_close(&ui->help);
	else if (row->ctx & CTX_HELP)
		ui_ask(ui, row, NULL);
	else if (!help_act(&ui->help, row->action) &&
		 (row->action == ACT_QUIT || row->action == ACT_SUSPEND ||
		  row->action == ACT_REDRAW))
		ui_perform(ui, row, NULL);
}

/* The place of a key among those of a row; SIZE_MAX: it is none of them. */
static size_t key_place(const char *keys, uint32_t key)
{
	for (size_t i = 0; *keys; i++) {
		size_t len = strcspn(keys, " ");

		if (key_parse(keys, len) == key)
			return i;
		keys += len + (keys[len] == ' ');
	}
	return SIZE_MAX;
}

/* Which pane a key is for: the user's keys stand in the order of the table's, which are the names. */
static void pane_by_key(struct ui *ui, const struct key_binding *row, uint32_t key)
{
	const char *word = row->keys;
	size_t at = key_place(keymap_keys(ui->seq.map, row, ui_context(ui), NULL), key);
	char name[16];

	for (; at && at != SIZE_MAX && *word; at--) {
		word += strcspn(word, " ");
		word += *word == ' ';
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, " "), word);
	if (!at && *name)
		ui_perform(ui, row, name);
}

static void pane_key(struct ui *ui, uint32_t key)
{
	const struct key_binding *row = key_feed(&ui->seq, key, ui_context(ui) | CTX_ANY);
	char name[16], help[16];

	if (row && row->action == ACT_PANE)
		pane_by_key(ui, row, key);
	else if (row)
		ui_perform(ui, row, NULL);
	else if (!ui->seq.n)
		view_say(&ui->view, "%s does nothing here; %s lists the keys", key_spell(name, key),
			 ui_key_for(ui, ACT_HELP, help));
}

void ui_key(struct ui *ui, uint32_t key)
{
	ui->view.status[0] = '\0';
	ui->dirty = true;
	if (ui->prompt.row)
		ui_prompt_key(ui, key);
	else if (ui->menu.n)
		ui_menu_key(ui, key);
	else if (ui->help.open)
		help_key(ui, key);
	else if (ui->chooser.ctx)
		ui_chooser_key(ui, key);
	else
		pane_key(ui, key);
}

/* --- mouse --- */

static bool inside(const struct rect *r, const struct mouse *m)
{
	return m->x >= r->x && m->x < r->x + r->w && m->y >= r->y && m->y < r->y + r->h;
}

static enum pane_id pane_at(const struct ui *ui, const struct mouse *m)
{
	for (int i = 0; i < PANE_N; i++)
		if (ui->pane[i] &&
		    (inside(&ui->layout.pane[i], m) || inside(&ui->layout.title[i], m)))
			return (enum pane_id)i;
	return PANE_N;
}

static bool press_hot(struct ui *ui, const struct mouse *m)
{
	for (int i = 0; i < ui->n_hot; i++) {
		struct hot *h = &ui->hot[i];

		if (m->y != h->y || m->x < h->x0 || m->x >= h->x1)
			continue;
		if (!h->row)
			ui_focus(ui, h->pane);
		else if (ui->help.open)
			help_close(&ui->help);
		else if (ui->chooser.ctx)
			ui_chooser_perform(ui, h->row);
		else
			ui_perform(ui, h->row, NULL);
		return true;
	}
	return false;
}

/* A wheel that the pane does not know moves by lines. */
static void wheel(struct ui *ui, struct pane *p, const struct mouse *m)
{
	struct act a = { .id = m->wheel < 0 ? ACT_UP : ACT_DOWN };
	unsigned e = pane_mouse(p, m);

	for (int i = 0; e == EFF_NONE && i < 3; i++)
		ui_effects(ui, pane_action(p, &a));
	ui_effects(ui, e);
}

static void pane_mouse_at(struct ui *ui, enum pane_id id, const struct mouse *m)
{
	const struct rect *r = &ui->layout.pane[id];
	struct mouse in = *m;

	in.x -= r->x;
	in.y -= r->y;
	if (m->kind == MOUSE_WHEEL)
		wheel(ui, ui->pane[id], &in);
	else
		ui_effects(ui, pane_mouse(ui->pane[id], &in));
}

static enum border border_under(const struct ui *ui, const struct mouse *m)
{
	const struct layout *l = &ui->layout;

	if (l->kind < LAYOUT_TWO)
		return BORDER_N;
	for (int i = 0; i < 2; i++)
		if (l->split[i] >= 0 && m->x == l->split[i] && m->y >= l->split_y0 &&
		    m->y < l->split_y1)
			return i ? BORDER_B : BORDER_A;
	if (l->split_vars >= 0 && m->y == l->split_vars && m->x > l->split[1])
		return BORDER_VARS;
	return m->y == l->split_y1 ? BORDER_BELOW : BORDER_N;
}

/* A border goes along with the mouse from the press on it till the release. */
static bool border_mouse(struct ui *ui, const struct mouse *m)
{
	const struct layout *l = &ui->layout;
	enum border b = ui->dragging;

	if (m->kind == MOUSE_PRESS || m->kind == MOUSE_DOUBLE)
		b = ui->dragging = border_under(ui, m);
	if (b == BORDER_N || m->kind == MOUSE_WHEEL)
		return false;
	if (m->kind == MOUSE_RELEASE)
		ui->dragging = BORDER_N;
	if (m->kind == MOUSE_DRAG) {
		ui->moved[b] += b == BORDER_BELOW  ? m->y - l->split_y1
				: b == BORDER_VARS ? m->y - l->split_vars
						   : m->x - l->split[b];
		ui_layout(ui);
	}
	return true;
}

void ui_mouse(struct ui *ui, const struct mouse *m)
{
	enum pane_id id = pane_at(ui, m);

	ui->view.status[0] = '\0';
	ui->dirty = true;
	if (ui->menu.n && !ui->prompt.row) {
		ui_menu_mouse(ui, m);
		return;
	}
	if (m->kind == MOUSE_WHEEL && ui->help.open) {
		for (int i = 0; i < 3; i++)
			help_act(&ui->help, m->wheel < 0 ? ACT_UP : ACT_DOWN);
		return;
	}
	if (m->kind == MOUSE_PRESS && press_hot(ui, m))
		return;
	if (ui->help.open || ui->prompt.row || ui->layout.kind == LAYOUT_TINY)
		return;
	if (ui->chooser.ctx) {
		ui_chooser_mouse(ui, m);
		return;
	}
	if (border_mouse(ui, m))
		return;
	if (m->kind == MOUSE_DRAG || m->kind == MOUSE_RELEASE) {
		id = ui->dragged;
		if (m->kind == MOUSE_RELEASE)
			ui->dragged = PANE_N;
	} else if (m->kind == MOUSE_PRESS) {
		ui->dragged = id;
		if (id < PANE_N && id != ui->focus)
			ui_focus(ui, id);
	}
	if (id < PANE_N)
		pane_mouse_at(ui, id, m);
}

/* --- the world and time --- */

static void prepare(void *arg)
{
	struct inspector *i = arg;

	i->prepare(i);
}

void ui_world_changed(struct ui *ui)
{
	const struct world *w = ui->view.world;
	uint64_t rows = ui->view.rows_stamp;

	if (view_refresh(&ui->view)) {
		ui->ticked = true;
		ui->dirty |= rows != ui->view.rows_stamp || !ui->view.live;
	}
	if (ui->inspects != (w->inspector != NULL)) {
		ui->inspects = w->inspector;
		ui_layout(ui);
		if (w->inspector && w->inspector->prepare) /* so that the first key is quick */
			jobs_submit(ui->view.jobs, prepare, NULL, w->inspector);
	}
	if (ui->view.detect)
		ui->dirty |= detect_look(ui->view.detect, w);
	if (w->warning.n > ui->warned) {
		ui->warned = w->warning.n;
		view_complain(&ui->view, "%s",
			      strtab_get(&w->strings, w->warning.v[w->warning.n - 1]));
		ui->dirty = true;
	}
}

/* One column of the timeline every tenth of a second. */
static void play(struct ui *ui)
{
	if (ui->now - ui->played < TICK_PLAYING)
		return;
	ui->played = ui->now;
	if (ui->view.time >= ui->view.world->t_end)
		ui->playing = false;
	else
		view_step(&ui->view, 1);
	ui->dirty = true;
}

int64_t ui_tick(struct ui *ui, int64_t now_ns)
{
	const struct progress *p = &ui->view.world->progress;

	ui->now = now_ns;
	if (ui_loading(ui) && p->bytes && !ui->load_bytes) {
		ui->load_began = now_ns;
		ui->load_bytes = (int64_t)p->bytes;
	}
	if (ui->playing)
		play(ui);
	ui->view.held = false;
	if (view_work(&ui->view))
		return 0;
	for (int i = 0; i < PANE_N; i++)
		if (ui->pane[i] && ui->pane[i]->ops->work && layout_shows(&ui->layout, i) &&
		    ui->pane[i]->ops->work(ui->pane[i]))
			return 0;
	if (ui->playing)
		return TICK_PLAYING;
	return ui_loading(ui) ? TICK_LOADING : -1;
}

/* --- the rest --- */

int ui_command(struct ui *ui, const char *line, struct err *err)
{
	size_t len = strcspn(line, " ");
	const struct key_binding *row = key_named(line, len);
	const char *arg = line + len + strspn(line + len, " ");

	if (!row || row->ctx & CTX_NOT_BY_NAME)
		return err_set(err, -EINVAL, EXIT_USAGE, "there is no action named '%.*s'",
			       (int)len, line);
	if (*arg && !row->arg)
		return err_set(err, -EINVAL, EXIT_USAGE, "'%s' takes no argument, not '%s'",
			       row->name, arg);
	ui->view.status[0] = '\0';
	ui->view.status_bad = false;
	ui_perform(ui, row, *arg ? arg : NULL);
	if (ui->view.status[0] && ui->view.status_bad)
		return err_set(err, -EINVAL, EXIT_USAGE, "%s", ui->view.status);
	return 0;
}

void ui_say(struct ui *ui, bool bad, const char *text)
{
	if (bad)
		view_complain(&ui->view, "%s", text);
	else
		view_say(&ui->view, "%s", text);
	ui->dirty = true;
}

char *ui_history(const struct ui *ui)
{
	return ui->prompt.typed ? prompt_history(&ui->prompt) : NULL;
}

bool ui_dirty(const struct ui *ui)
{
	return ui->dirty || ui->view.answered || ui->ticked;
}

bool ui_quiet(const struct ui *ui)
{
	return ui->ticked && !ui->dirty && !ui->view.answered;
}

bool ui_ready(struct ui *ui)
{
	bool ready = ui->view.ready;

	ui->view.ready = false;
	return ready;
}

bool ui_held(const struct ui *ui)
{
	return ui->view.held;
}

bool ui_done(const struct ui *ui)
{
	return ui->done;
}

struct view *ui_view(struct ui *ui)
{
	return &ui->view;
}

static void draw_panes(struct ui *ui, struct grid *g)
{
	struct region all = region_all(g);

	for (int i = 0; i < PANE_N && ui->view.row == NO_G; i++)
		if (ui->pane[i] && ui->pane[i]->ops->choose)
			ui->pane[i]->ops->choose(ui->pane[i]);
	for (int i = 0; i < PANE_N; i++) {
		const struct rect *at = &ui->layout.pane[i];
		struct region r = region_sub(&all, at->x, at->y, at->w, at->h);

		if (ui->pane[i] && r.w > 0 && r.h > 0)
			ui->pane[i]->ops->draw(ui->pane[i], &r, (int)ui->focus == i);
	}
}

void ui_draw(struct ui *ui, struct grid *g)
{
	grid_clear(g);
	ui->view.answered = false;
	if (g->w != ui->w || g->h != ui->h)
		ui_resize(ui, g->w, g->h);
	if (layout_shows(&ui->layout, PANE_TIMELINE))
		ui->view.columns = ui->layout.pane[PANE_TIMELINE].w;
	else
		ui->view.columns = ui->w;
	if (ui->layout.kind != LAYOUT_TINY && !ui->help.open && !ui->chooser.ctx)
		draw_panes(ui, g);
	chrome_draw(ui, g);
	ui->dirty = ui->ticked = false;
}

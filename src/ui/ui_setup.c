/* SPDX-License-Identifier: Apache-2.0 */
/* Settings and saved filters: their lists, what changes them, and where they are kept. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/ui_impl.h"

/* --- what a change does at once --- */

static void tell_list(struct ui *ui, enum action a, const char *arg)
{
	struct act act = { .id = a, .arg = arg };
	char said[sizeof(ui->view.status)];

	memcpy(said, ui->view.status, sizeof(said));
	if (ui->pane[PANE_LIST])
		pane_action(ui->pane[PANE_LIST], &act);
	memcpy(ui->view.status, said, sizeof(said));
}

static void apply(struct ui *ui, const struct setting *row)
{
	const struct settings *s = ui->view.set;
	char text[SETTING_TEXT_MOST];

	setting_text(s, row, text);
	if (!strcmp(row->key, "sort"))
		tell_list(ui, ACT_SORT, text);
	else if (!strcmp(row->key, "group"))
		tell_list(ui, ACT_GROUP, text);
	else if (!strcmp(row->key, "invert") && s->invert != ui->view.invert)
		tell_list(ui, ACT_SORT_INVERT, NULL);
	else if (!strcmp(row->key, "system"))
		view_set_system(&ui->view, s->system);
	else if (!strcmp(row->key, "history"))
		prompt_keep(&ui->prompt, s->history);
	else if (!strcmp(row->key, "mouse") && s->mouse != ui->mouse) {
		ui->mouse = s->mouse;
		if (ui->host.mouse)
			ui->host.mouse(ui->host.arg, ui->mouse);
	}
	if (ui->host.apply)
		ui->host.apply(ui->host.arg, s);
}

/* --- the list of settings --- */

static bool is_changed(const struct settings *s, const char *section, const char *key)
{
	for (size_t i = 0; i < s->change.n; i++)
		if (!strcmp(s->change.v[i].section, section) && !strcmp(s->change.v[i].key, key))
			return true;
	return false;
}

static void fill_setup(struct ui *ui)
{
	const struct settings *s = ui->view.set;
	const char *section = "";

	chooser_clear(&ui->chooser);
	for (const struct setting *row = setting_table; row->section; row++) {
		char text[SETTING_TEXT_MOST];

		if (strcmp(section, row->section) != 0)
			chooser_add(&ui->chooser, NULL, row->section, NULL, NULL);
		section = row->section;
		setting_text(s, row, text);
		chooser_add(&ui->chooser, row->key, *text ? text : "-", row->help, row);
		ui->chooser.line.v[ui->chooser.line.n - 1].changed =
			is_changed(s, section, row->key);
	}
}

static unsigned open_setup(struct ui *ui)
{
	chooser_open(&ui->chooser, CTX_SETUP, "Settings (* not saved)", "");
	fill_setup(ui);
	return EFF_DONE;
}

/* The word beside the one that it is; round at the ends. */
static void word_beside(const struct settings *s, const struct setting *row, int dir,
			char buf[SETTING_TEXT_MOST])
{
	char now[SETTING_TEXT_MOST];
	const char *v[64 + 8];
	char *words = row->words ? xstrdup(row->words) : NULL, *save = NULL;
	size_t n = 0, at = 0;

	setting_text(s, row, now);
	if (words)
		for (char *w = strtok_r(words, " ", &save); w && n < ARRAY_SIZE(v);
		     w = strtok_r(NULL, " ", &save))
			v[n++] = w;
	else
		while (n < ARRAY_SIZE(v) && (v[n] = settings_theme_name(s, n)))
			n++;
	while (at < n && strcmp(v[at], now) != 0)
		at++;
	if (!n)
		v[n++] = now;
	snprintf(buf, SETTING_TEXT_MOST, "%s", v[(at + n + (size_t)(dir > 0 ? 1 : n - 1)) % n]);
	free(words);
}

static double step_of(double v)
{
	double step = 1;

	while (step * 10 <= v)
		step *= 10;
	return step;
}

/* The round number beside it, within bounds. */
static void number_beside(const struct settings *s, const struct setting *row, int dir,
			  char buf[SETTING_TEXT_MOST])
{
	double v = strtod(setting_text(s, row, buf), NULL), step = step_of(v);

	if (dir < 0 && v <= step && step > 1)
		step /= 10;
	v += dir * step;
	v = v < row->least ? row->least : v > row->most ? row->most : v;
	snprintf(buf, SETTING_TEXT_MOST, "%.10g", v);
}

static unsigned change(struct ui *ui, const struct setting *row, const char *value)
{
	struct err err = { 0 };

	if (row->by_hand)
		return view_complain(&ui->view, "%s is changed in the file alone", row->key);
	if (settings_change(ui->view.set, row->section, row->key, value, &err))
		return view_complain(&ui->view, "%s", err.text);
	apply(ui, row);
	if (ui->chooser.ctx == CTX_SETUP)
		fill_setup(ui);
	return EFF_DONE;
}

static unsigned step_setting(struct ui *ui, const struct setting *row, int dir)
{
	char value[SETTING_TEXT_MOST];

	if (row->kind == SETTING_BOOL || row->kind == SETTING_WORD)
		word_beside(ui->view.set, row, dir, value);
	else if (row->kind == SETTING_NUMBER || row->kind == SETTING_SECONDS)
		number_beside(ui->view.set, row, dir, value);
	else
		return row->by_hand ? change(ui, row, "")
				    : view_say(&ui->view, "Enter types a value");
	return change(ui, row, value);
}

/* Enter: the next of a few words, else a line to type. */
static unsigned open_setting(struct ui *ui, const struct setting *row)
{
	char text[SETTING_TEXT_MOST], line[2 * SETTING_TEXT_MOST];

	if (row->by_hand || row->kind == SETTING_BOOL || row->kind == SETTING_WORD)
		return step_setting(ui, row, 1);
	snprintf(line, sizeof(line), "%s %s", row->key, setting_text(ui->view.set, row, text));
	ui_ask(ui, key_row(ACT_SET, CTX_ANY), line);
	return EFF_DONE;
}

/* "long-wait 20": the last part may be empty. */
static unsigned set_by_name(struct ui *ui, const char *line)
{
	size_t len = strcspn(line, " =");
	const char *value = line + len + strspn(line + len, " =");
	char key[64];
	const struct setting *row;
	char text[SETTING_TEXT_MOST];

	snprintf(key, sizeof(key), "%.*s", (int)(len < 63 ? len : 63), line);
	row = setting_row(NULL, key);
	if (!row)
		return view_complain(&ui->view, "there is no setting '%s'", key);
	if (change(ui, row, value) && ui->view.status[0])
		return EFF_DONE;
	return view_say(&ui->view, "%s is %s, until the end or a save", row->key,
			setting_text(ui->view.set, row, text));
}

/* --- saving --- */

static int save_text(struct ui *ui, const char *changes, char *where, size_t size, struct err *err)
{
	if (!ui->host.save)
		return err_set(err, -ENOTSUP, EXIT_USAGE, "there is nowhere to save to");
	return ui->host.save(ui->host.arg, changes, where, size, err);
}

static unsigned save_settings(struct ui *ui)
{
	struct settings *s = ui->view.set;
	struct err err = { 0 };
	char where[160] = "", *changes;
	size_t n = s->change.n;
	int rc;

	if (!n)
		return view_say(&ui->view, "nothing was changed that is not saved");
	changes = settings_changes(s);
	rc = save_text(ui, changes, where, sizeof(where), &err);
	free(changes);
	if (rc)
		return view_complain(&ui->view, "%s", err.text);
	settings_saved(s);
	if (ui->chooser.ctx == CTX_SETUP)
		fill_setup(ui);
	return view_say(&ui->view, "%zu change%s saved to %s", n, n == 1 ? "" : "s", where);
}

/* --- saved filters --- */

static void fill_filters(struct ui *ui)
{
	const struct settings *s = ui->view.set;

	chooser_clear(&ui->chooser);
	for (size_t i = 0; i < s->filter.n; i++)
		chooser_add(&ui->chooser, s->filter.v[i].name, s->filter.v[i].pattern, NULL,
			    s->filter.v[i].name);
}

static unsigned open_filters(struct ui *ui)
{
	chooser_open(&ui->chooser, CTX_FILTERS, "Saved filters",
		     "No filter is saved yet: filter the list, then name that filter here.");
	fill_filters(ui);
	return EFF_DONE;
}

static unsigned use_filter(struct ui *ui, const char *name)
{
	const char *pattern = settings_filter(ui->view.set, name);
	struct err err = { 0 };

	if (!pattern)
		return view_complain(&ui->view, "no filter is saved as '%.60s'", name);
	if (view_set_filter(&ui->view, pattern, &err))
		return view_complain(&ui->view, "%s", err.text);
	chooser_close(&ui->chooser);
	return view_say(&ui->view, "filter %s: %s", name, pattern);
}

/* To name a filter is to ask for it to be kept: it goes to the file at once, and nothing else does. */
static unsigned keep_filter(struct ui *ui, const char *name, const char *pattern)
{
	struct settings *s = ui->view.set, one = { 0 };
	struct err err = { 0 };
	char where[160] = "", *changes;
	int rc;

	if (settings_change(s, "filters", name, pattern, &err))
		return view_complain(&ui->view, "%s", err.text);
	settings_change(&one, "filters", name, pattern, NULL);
	changes = settings_changes(&one);
	rc = save_text(ui, changes, where, sizeof(where), &err);
	free(changes);
	settings_release(&one);
	if (!rc)
		settings_kept(s, "filters", name);
	if (ui->chooser.ctx == CTX_FILTERS)
		fill_filters(ui);
	if (rc)
		return view_complain(&ui->view, "%s %s for this session only: %s", name,
				     pattern ? "is kept" : "is gone", err.text);
	return view_say(&ui->view, "%s %s %s", name, pattern ? "is saved to" : "is gone from",
			where);
}

static unsigned save_filter(struct ui *ui, const char *name)
{
	if (!ui->view.filter)
		return view_complain(&ui->view, "there is no filter to be named");
	return keep_filter(ui, name, filter_pattern(ui->view.filter));
}

static unsigned drop_filter(struct ui *ui, const char *name)
{
	if (!settings_filter(ui->view.set, name))
		return view_complain(&ui->view, "no filter is saved as '%.60s'", name);
	return keep_filter(ui, name, NULL);
}

/* --- actions --- */

unsigned ui_setup_action(struct ui *ui, const struct act *a)
{
	switch (a->id) {
	case ACT_SETUP:
		return open_setup(ui);
	case ACT_SET:
		return set_by_name(ui, a->arg);
	case ACT_SAVE:
		return save_settings(ui);
	case ACT_FILTERS:
		return a->arg ? use_filter(ui, a->arg) : open_filters(ui);
	case ACT_FILTER_SAVE:
		return save_filter(ui, a->arg);
	case ACT_FILTER_DROP:
		return drop_filter(ui, a->arg);
	default:
		return EFF_NONE;
	}
}

static unsigned setup_act(struct ui *ui, enum action a, const struct setting *row)
{
	switch (a) {
	case ACT_LEFT:
	case ACT_RIGHT:
		return step_setting(ui, row, a == ACT_RIGHT ? 1 : -1);
	case ACT_OPEN:
		return open_setting(ui, row);
	case ACT_DEFAULT:
		return change(ui, row, row->initial);
	default:
		return EFF_NONE;
	}
}

static unsigned filters_act(struct ui *ui, const struct key_binding *row, const char *name)
{
	char kept[SETTING_TEXT_MOST];

	if (row->action == ACT_FILTER_SAVE) {
		if (!ui->view.filter)
			return save_filter(ui, "");
		ui_ask(ui, row, "");
		return EFF_DONE;
	}
	if (!name)
		return EFF_NONE;
	snprintf(kept, sizeof(kept), "%s", name); /* the line goes when the list is made anew */
	return row->action == ACT_OPEN		? use_filter(ui, kept)
	       : row->action == ACT_FILTER_DROP ? drop_filter(ui, kept)
						: EFF_NONE;
}

void ui_chooser_perform(struct ui *ui, const struct key_binding *row)
{
	const struct chooser_line *l = chooser_chosen(&ui->chooser);
	unsigned e = EFF_NONE;

	if (chooser_act(&ui->chooser, row->action)) {
		ui->dirty = true;
		return;
	}
	if (row->ctx & ui->chooser.ctx && row->action == ACT_BACK) {
		chooser_close(&ui->chooser);
		ui->dirty = true;
		return;
	}
	if (ui->chooser.ctx == CTX_FILTERS && row->ctx & CTX_FILTERS)
		e = filters_act(ui, row, l ? l->of : NULL);
	else if (row->ctx & CTX_SETUP && row->action != ACT_SAVE && l)
		e = setup_act(ui, row->action, l->of);
	if (e != EFF_NONE)
		ui_effects(ui, e);
	else if (row->action == ACT_SAVE || row->action == ACT_HELP || row->action == ACT_QUIT ||
		 row->action == ACT_SUSPEND || row->action == ACT_REDRAW)
		ui_perform(ui, row, NULL);
}

void ui_chooser_key(struct ui *ui, uint32_t key)
{
	const struct key_binding *row = key_feed(&ui->seq, key, ui->chooser.ctx | CTX_ANY);

	if (row)
		ui_chooser_perform(ui, row);
}

void ui_chooser_mouse(struct ui *ui, const struct mouse *m)
{
	const struct key_binding *open = key_row(ACT_OPEN, ui->chooser.ctx);

	if (m->kind == MOUSE_WHEEL)
		for (int i = 0; i < 3; i++)
			chooser_act(&ui->chooser, m->wheel < 0 ? ACT_UP : ACT_DOWN);
	else if (chooser_press(&ui->chooser, m->y - ui->layout.header) && m->kind == MOUSE_DOUBLE)
		ui_chooser_perform(ui, open);
}

/* --- completion --- */

/* "list", "sort": the i-th setting whose name begins with the stem; after a name, its words. */
const char *ui_complete_set(struct ui *ui, const char *stem, size_t i)
{
	size_t len = strcspn(stem, " ");
	char key[64], *words, *save = NULL;
	const struct setting *row;
	const char *found = NULL;

	if (!stem[len]) {
		for (row = setting_table; row->section; row++)
			if (!row->by_hand && !strncmp(row->key, stem, len) && !i--)
				break;
		if (!row->section)
			return NULL;
		snprintf(ui->candidate, sizeof(ui->candidate), "%s ", row->key);
		return ui->candidate;
	}
	snprintf(key, sizeof(key), "%.*s", (int)(len < 63 ? len : 63), stem);
	row = setting_row(NULL, key);
	stem += len + strspn(stem + len, " ");
	if (row && !strcmp(key, "theme")) {
		const char *name;

		for (size_t k = 0; !found && (name = settings_theme_name(ui->view.set, k)); k++)
			if (!strncmp(name, stem, strlen(stem)) && !i--)
				found = name;
	}
	words = xstrdup(row && row->words ? row->words : "");
	for (char *w = strtok_r(words, " ", &save); w && !found; w = strtok_r(NULL, " ", &save))
		if (!strncmp(w, stem, strlen(stem)) && !i--)
			found = w;
	if (found)
		snprintf(ui->candidate, sizeof(ui->candidate), "%s %s", key, found);
	free(words);
	return found ? ui->candidate : NULL;
}

const char *ui_complete_filter(struct ui *ui, const char *stem, size_t i)
{
	const struct settings *s = ui->view.set;

	for (size_t k = 0; k < s->filter.n; k++)
		if (!strncmp(s->filter.v[k].name, stem, strlen(stem)) && !i--)
			return s->filter.v[k].name;
	return NULL;
}

/* --- keys in sentences --- */

const char *ui_key_for(const struct ui *ui, enum action a, char buf[16])
{
	return keymap_first(&ui->view.set->keys, a, ui_context(ui) | CTX_ANY, buf);
}

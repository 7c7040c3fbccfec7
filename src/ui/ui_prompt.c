/* SPDX-License-Identifier: Apache-2.0 */
/* What is typed, and what comes of it while it is typed. */
#include <stdio.h>
#include <string.h>

#include "ui/ui_impl.h"

void ui_ask(struct ui *ui, const struct key_binding *row, const char *text)
{
	if (text)
		;
	else if (row->ctx & CTX_HELP)
		text = ui->help.find;
	else if (row->action == ACT_FILTER)
		text = filter_pattern(ui->view.filter);
	else
		text = "";
	ui->playing = false;
	prompt_open(&ui->prompt, row, text);
	ui->dirty = true;
}

/* Shows what a search meets while it is typed. */
static void type_search(struct ui *ui, const char *text)
{
	struct act a = { .id = ACT_SEARCH, .arg = text, .typing = true };
	struct view *v = &ui->view;
	unsigned e = pane_action(ui_pane_for(ui, ui->prompt.row), &a);

	if (v->status[0]) {
		snprintf(v->status_bad ? ui->prompt.error : ui->prompt.hint,
			 sizeof(ui->prompt.error), "%s", v->status);
		v->status[0] = '\0';
	}
	ui_effects(ui, e);
}

/* A bad pattern is told, and filters nothing. */
static void type_filter(struct ui *ui, const char *text)
{
	struct err err = { 0 };
	size_t matched;
	char n[TEXT_SHORT];

	if (view_set_filter(&ui->view, text, &err)) {
		snprintf(ui->prompt.error, sizeof(ui->prompt.error), "%.250s", err.text);
		view_set_filter(&ui->view, "", NULL);
		return;
	}
	if (ui->view.filter) {
		view_keep(&ui->view, &matched);
		snprintf(ui->prompt.hint, sizeof(ui->prompt.hint), "%s match%s",
			 text_count(n, matched), matched == 1 ? "es" : "");
	}
}

static void type_time(struct ui *ui, const char *text)
{
	char buf[TEXT_SHORT];
	struct err err = { 0 };
	int64_t t;

	if (!*text)
		snprintf(ui->prompt.hint, sizeof(ui->prompt.hint), "%s",
			 "1.5s  12:03:10  -200ms  37%  begin  end");
	else if (view_parse_time(&ui->view, text, &t, &err))
		snprintf(ui->prompt.error, sizeof(ui->prompt.error), "%.250s", "no time so far");
	else
		snprintf(ui->prompt.hint, sizeof(ui->prompt.hint), "%s", text_moment(buf, t, 1000));
}

static bool is_command(const struct key_binding *b)
{
	return !(b->ctx & CTX_NOT_BY_NAME) && key_named(b->name, strlen(b->name)) == b;
}

/* Candidates of another list, behind the action that they are for. */
static const char *complete_after(struct ui *ui, const char *action, const char *found)
{
	char line[sizeof(ui->candidate)];

	if (!found)
		return NULL;
	snprintf(line, sizeof(line), "%s%.*s", action, (int)(sizeof(line) - 16), found);
	memcpy(ui->candidate, line, sizeof(line));
	return ui->candidate;
}

static const char *complete_set(void *arg, const char *stem, size_t i)
{
	return ui_complete_set(arg, stem, i);
}

static const char *complete_filter(void *arg, const char *stem, size_t i)
{
	return ui_complete_filter(arg, stem, i);
}

/* Action names that begin with the stem; after some of them what they take. */
static const char *complete(void *arg, const char *stem, size_t i)
{
	struct ui *ui = arg;

	if (!strncmp(stem, "set ", 4))
		return complete_after(ui, "set ", ui_complete_set(ui, stem + 4, i));
	if (!strncmp(stem, "filters ", 8))
		return complete_after(ui, "filters ", ui_complete_filter(ui, stem + 8, i));
	if (!strncmp(stem, "drop-filter ", 12))
		return complete_after(ui, "drop-filter ", ui_complete_filter(ui, stem + 12, i));
	if (!strncmp(stem, "pane ", 5)) {
		for (int p = 0; p < PANE_N; p++) {
			if (!ui->pane[p] || p == PANE_STRIP ||
			    strncmp(ui->pane[p]->ops->name, stem + 5, strlen(stem + 5)) != 0 || i--)
				continue;
			snprintf(ui->candidate, sizeof(ui->candidate), "pane %s",
				 ui->pane[p]->ops->name);
			return ui->candidate;
		}
		return NULL;
	}
	for (const struct key_binding *b = key_table; b->action; b++)
		if (is_command(b) && !strncmp(b->name, stem, strlen(stem)) && !i--) {
			snprintf(ui->candidate, sizeof(ui->candidate), "%s%s", b->name,
				 b->arg ? " " : "");
			return ui->candidate;
		}
	return NULL;
}

/* The names that it could become, or what the one does that it is. */
static void type_command(struct ui *ui, const char *text)
{
	size_t len = strcspn(text, " "), n = 0;
	const struct key_binding *row = key_named(text, len);
	char *hint = ui->prompt.hint;
	const char *name;

	if (row && !(row->ctx & CTX_NOT_BY_NAME)) {
		snprintf(hint, sizeof(ui->prompt.hint), "%s%s%s", row->arg ? row->arg : "",
			 row->arg ? ": " : "", row->help);
		return;
	}
	for (size_t i = 0; n < 160 && (name = complete(ui, text, i)); i++)
		n += (size_t)snprintf(hint + n, 64, "%s%s", i ? " " : "", name);
	if (!n)
		snprintf(ui->prompt.error, sizeof(ui->prompt.error), "no such action");
}

/* What a setting is, while its value is typed. */
static void type_setting(struct ui *ui, const char *text)
{
	char key[64];
	const struct setting *row;

	snprintf(key, sizeof(key), "%.*s", (int)(strcspn(text, " =") % sizeof(key)), text);
	row = setting_row(NULL, key);
	if (row)
		snprintf(ui->prompt.hint, sizeof(ui->prompt.hint), "%s", row->help);
}

static void typed(struct ui *ui)
{
	const struct key_binding *row = ui->prompt.row;
	const char *text = ui->prompt.text;

	ui->prompt.error[0] = ui->prompt.hint[0] = '\0';
	if (row->ctx & CTX_HELP)
		help_find(&ui->help, text);
	else if (row->action == ACT_FILTER)
		type_filter(ui, text);
	else if (row->action == ACT_SEARCH)
		type_search(ui, text);
	else if (row->action == ACT_GOTO)
		type_time(ui, text);
	else if (row->action == ACT_PALETTE)
		type_command(ui, text);
	else if (row->action == ACT_SET)
		type_setting(ui, text);
}

static void accept(struct ui *ui)
{
	const struct key_binding *row = ui->prompt.row;
	struct err err = { 0 };

	if (ui->prompt.error[0] && row->action != ACT_SEARCH)
		return; /* it stays until it is right, or Esc */
	prompt_close(&ui->prompt, true);
	if (row->ctx & CTX_HELP || row->action == ACT_FILTER)
		return;
	if (row->ctx & CTX_FILTERS)
		row = key_row(ACT_FILTER_SAVE, CTX_ANY);
	if (!ui->prompt.len && row->action != ACT_SEARCH)
		return;
	if (row->action != ACT_PALETTE)
		ui_perform(ui, row, ui->prompt.text);
	else if (ui_command(ui, ui->prompt.text, &err) && !ui->view.status[0])
		view_complain(&ui->view, "%s", err.text);
}

static void give_up(struct ui *ui)
{
	const struct key_binding *row = ui->prompt.row;

	if (row->ctx & CTX_HELP)
		help_find(&ui->help, ui->prompt.saved);
	else if (row->action == ACT_FILTER)
		view_set_filter(&ui->view, ui->prompt.saved, NULL);
	else if (row->action == ACT_SEARCH)
		type_search(ui, "");
	else if (row->action == ACT_SIGNAL_SURE)
		ui->signal = 0;
	prompt_close(&ui->prompt, false);
}

void ui_prompt_key(struct ui *ui, uint32_t key)
{
	enum action a = ui->prompt.row->action;
	prompt_candidate *candidate = a == ACT_PALETTE	     ? complete
				      : a == ACT_SET	     ? complete_set
				      : a == ACT_FILTER_DROP ? complete_filter
							     : NULL;

	switch (prompt_key(&ui->prompt, key, candidate, ui)) {
	case PROMPT_CHANGED:
		typed(ui);
		break;
	case PROMPT_ACCEPT:
		accept(ui);
		break;
	case PROMPT_CANCEL:
		give_up(ui);
		break;
	case PROMPT_NOTHING:
		break;
	}
}

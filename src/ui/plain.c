/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/plain.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ui/plain_impl.h"

struct plain *plain_new(struct ui *ui, FILE *out, bool ascii)
{
	struct plain *p = xcalloc(1, sizeof(*p));

	p->ui = ui;
	p->out = out;
	p->ascii = ascii;
	*vec_push(&p->page) = (struct page){ .kind = PAGE_HOME };
	return p;
}

void plain_links(struct plain *p, bool on)
{
	p->links = on;
}

void plain_free(struct plain *p)
{
	if (!p)
		return;
	vec_free(&p->page);
	vec_free(&p->choice);
	vec_free(&p->told);
	groups_release(&p->groups);
	free(p->link.url);
	free(p->text);
	free(p);
}

bool plain_done(const struct plain *p)
{
	return p->done || ui_done(p->ui);
}

static void prompt(struct plain *p)
{
	if (!plain_done(p))
		fputs(p->ask ? "? " : "> ", p->out);
	fflush(p->out);
}

/* --- news --- */

static bool is_told(struct plain *p, uint64_t id)
{
	for (size_t i = 0; i < p->told.n; i++)
		if (p->told.v[i] == id)
			return true;
	*vec_push(&p->told) = id;
	return false;
}

/* Each finding once; quietly: those that the page tells anyway. */
static bool tell_findings(struct plain *p, bool quietly)
{
	const struct detect *d = p->ui->view.detect;
	bool any = false;

	for (size_t i = 0; d && !detect_busy(d) && i < d->findings.v.n; i++) {
		const struct finding *f = &d->findings.v.v[i];
		char *text;

		if (!f->present || f->muted || is_told(p, f->id) || quietly)
			continue;
		text = plain_finding(p, f);
		if (!any)
			fputc('\n', p->out); /* the line that asks is left as it is */
		plain_say(p, "New: %s", text);
		free(text);
		any = true;
	}
	return any;
}

void plain_news(struct plain *p)
{
	const struct world *w = p->ui->view.world;
	bool any = tell_findings(p, false);

	if (w->live.ended && !p->told_end) {
		p->told_end = true;
		if (!any)
			fputc('\n', p->out);
		plain_say(p, "%s.", strtab_get(&w->strings, w->live.ended));
		any = true;
	}
	if (any)
		prompt(p);
}

void plain_begin(struct plain *p)
{
	plain_print(p, 0);
	tell_findings(p, true);
	p->told_end = p->ui->view.world->live.ended;
	plain_say(p,
		  "Type a number to open what it stands for, a command, or ? for a list of them.");
	prompt(p);
}

/* --- pages --- */

static void go(struct plain *p, struct page page)
{
	struct page *last = &p->page.v[p->page.n - 1];

	if (last->kind != PAGE_HOME && last->kind == page.kind && page.kind != PAGE_LINES)
		*last = page;
	else
		*vec_push(&p->page) = page;
	plain_print(p, 0);
}

/* Which panes are text; the others are pictures. */
static bool is_text(enum pane_id id)
{
	return id == PANE_DETAIL || id == PANE_VARS;
}

static void leave_panes(struct ui *ui)
{
	ui->detail = false;
	ui_focus(ui, PANE_LIST);
}

static void go_pane(struct plain *p)
{
	enum pane_id id = p->ui->focus;

	if (id == PANE_LIST) {
		leave_panes(p->ui);
		p->page.n = 1;
		plain_print(p, 0);
		return;
	}
	go(p, (struct page){ .kind = is_text(id) ? PAGE_LINES : PAGE_PANE, .pane = id });
}

/* Goes to the page before, and the pane and goroutine that it is of. */
static void go_back(struct plain *p)
{
	struct page *last;

	chooser_close(&p->ui->chooser);
	if (p->page.n > 1)
		p->page.n--;
	last = &p->page.v[p->page.n - 1];
	if (last->kind == PAGE_LINES || last->kind == PAGE_PANE)
		ui_focus(p->ui, last->pane);
	else
		leave_panes(p->ui);
	if (last->kind == PAGE_LINES && last->id) {
		uint32_t row = world_find(p->ui->view.world, last->id);

		if (row != NO_G)
			view_choose(&p->ui->view, row);
	}
	plain_print(p, 0);
}

static void go_goroutine(struct plain *p, uint64_t goid)
{
	const struct view *v = &p->ui->view;
	uint32_t row = world_find_at(v->world, goid, v->time);

	if (row == NO_G)
		row = world_find(v->world, goid);
	if (row == NO_G) {
		plain_say(p, "Goroutine %" PRIu64 " is gone.", goid);
		return;
	}
	view_choose(&p->ui->view, row);
	ui_focus(p->ui, PANE_DETAIL);
	go(p, (struct page){ .kind = PAGE_LINES, .pane = PANE_DETAIL, .id = goid });
}

/* --- numbers --- */

/* The pane's line of that number, opened as Enter does. */
static void open_line(struct plain *p, const struct page *page, uint64_t line)
{
	struct ui *ui = p->ui;
	uint32_t row = ui->view.row;
	struct act top = { .id = ACT_TOP }, down = { .id = ACT_DOWN }, open = { .id = ACT_OPEN };
	unsigned e;

	pane_action(ui->pane[page->pane], &top);
	for (uint64_t i = 0; i < line; i++)
		pane_action(ui->pane[page->pane], &down);
	e = pane_action(ui->pane[page->pane], &open);
	ui_effects(ui, e);
	if (ui->view.status[0])
		plain_say(p, "%s", ui->view.status);
	if (ui->focus != page->pane)
		go_pane(p);
	else if (ui->view.row != row && ui->view.row != NO_G)
		go_goroutine(p, ui->view.world->g.v[ui->view.row].goid);
	else if (!ui->view.status[0])
		plain_print(p, 0);
}

/* A setting goes to its next value, or asks for one; a filter is chosen. */
static void open_menu(struct plain *p, uint64_t line)
{
	struct ui *ui = p->ui;
	const struct key_binding *open = key_row(ACT_OPEN, ui->chooser.ctx);
	char name[64];

	ui->chooser.sel = (int)line;
	snprintf(name, sizeof(name), "%s", ui->chooser.line.v[line].label);
	ui_chooser_perform(ui, open);
	if (ui->view.status[0])
		plain_say(p, "%s", ui->view.status);
	if (ui->prompt.row) {
		prompt_close(&ui->prompt, false);
		p->ask = key_row(ACT_SET, CTX_ANY);
		snprintf(p->before, sizeof(p->before), "%s ", name);
		plain_say(p, "The new value of %s:", name);
	} else if (!ui->chooser.ctx) {
		p->page.n = 1;
		plain_print(p, 0);
	} else {
		plain_say(p, "%s is now %s.", name, ui->chooser.line.v[line].value);
	}
}

static void run(struct plain *p, const char *line);

/* What the screen asks for is done under the name that it proposes, or asked for here. */
static void take_prompt(struct plain *p)
{
	struct prompt *asked = &p->ui->prompt;
	const struct key_binding *row = asked->row;
	char *text = xasprintf("%s %s", row->name, asked->text);

	if (*asked->hint)
		plain_say(p, "%s", asked->hint);
	p->before[0] = '\0';
	prompt_close(asked, false);
	if (row->action == ACT_WRITE) {
		run(p, text);
	} else {
		p->ask = row;
		plain_say(p, "%s:", row->arg);
	}
	free(text);
}

static void open_box(struct plain *p, uint64_t i)
{
	p->ui->menu.sel = (int)i;
	ui_menu_key(p->ui, UK_ENTER);
	p->page.n--;
	if (p->ui->prompt.row)
		take_prompt(p);
}

static void open_number(struct plain *p, const char *s)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);
	const struct page page = p->page.v[p->page.n - 1];
	struct choice c;

	if (n < 1 || n > p->choice.n || *end) {
		plain_say(p, "There is no number %s here.", s);
		return;
	}
	c = p->choice.v[n - 1];
	switch (c.kind) {
	case CHOICE_FINDING:
		go(p, (struct page){ .kind = PAGE_FINDING, .id = c.id });
		break;
	case CHOICE_GROUP:
		go(p, (struct page){
			      .kind = PAGE_GROUP, .group = c.group, .by = p->ui->view.grouping });
		break;
	case CHOICE_GOROUTINE:
		go_goroutine(p, c.id);
		break;
	case CHOICE_LINE:
		open_line(p, &page, c.id);
		break;
	case CHOICE_MENU:
		open_menu(p, c.id);
		break;
	case CHOICE_BOX:
		open_box(p, c.id);
		break;
	}
}

/* --- commands --- */

static bool has_sense(const struct key_binding *b)
{
	static const enum action senseless[] = { ACT_PALETTE, ACT_MOUSE, ACT_REDRAW, ACT_MAXIMISE };

	if (b->ctx & CTX_NOT_BY_NAME || key_named(b->name, strlen(b->name)) != b)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(senseless); i++)
		if (b->action == senseless[i])
			return false;
	return true;
}

static void list_commands(struct plain *p, const char *word)
{
	bool any = false;

	for (const struct key_binding *b = key_table; b->action; b++) {
		if (!has_sense(b) || (!strcasestr(b->name, word) && !strcasestr(b->help, word)))
			continue;
		plain_say(p, "%s%s%s: %s", b->name, b->arg ? " " : "", b->arg ? b->arg : "",
			  b->help);
		any = true;
	}
	if (!any)
		plain_say(p, "No command has the word %s.", word);
	else if (!*word)
		plain_say(p,
			  "more: the next choices. Nothing typed: all of it again, as it is now. "
			  "? WORD: commands with a word.");
}

/* What an overlay of the screen says: the warnings. */
static void say_overlay(struct plain *p)
{
	struct help *h = &p->ui->help;

	for (size_t i = 0; i < h->line.n; i++)
		plain_say(p, "%s%s%s", h->line.v[i].left ? h->line.v[i].left : "",
			  h->line.v[i].left ? ": " : "", h->line.v[i].text);
	help_close(h);
}

/* What to show after an action; most change what the page says. */
static void after(struct plain *p, const struct key_binding *row, bool ok)
{
	struct ui *ui = p->ui;

	if (ui->help.open)
		say_overlay(p);
	else if (ui->chooser.ctx && p->page.v[p->page.n - 1].kind != PAGE_MENU)
		go(p, (struct page){ .kind = PAGE_MENU });
	else if (ui->menu.n)
		go(p, (struct page){ .kind = PAGE_BOX });
	else if (ui->prompt.row)
		take_prompt(p);
	else if (row->action == ACT_PANE || row->action == ACT_PANE_NEXT ||
		 row->action == ACT_PANE_PREV)
		go_pane(p);
	else if (row->action == ACT_GOROUTINE && ok && ui->view.row != NO_G)
		go_goroutine(p, ui->view.world->g.v[ui->view.row].goid);
	else if (ok && !ui->done && row->action != ACT_COPY && row->action != ACT_COPY_ALL &&
		 row->action != ACT_EDIT && row->action != ACT_SAVE && row->action != ACT_SET &&
		 row->action != ACT_WRITE && row->action != ACT_SIGNAL &&
		 row->action != ACT_SIGNAL_SURE && row->action != ACT_FILTER_SAVE &&
		 row->action != ACT_FILTER_DROP)
		plain_print(p, 0);
}

/* A command that is not about them goes from the settings to what was before. */
static void leave_menu(struct plain *p)
{
	chooser_close(&p->ui->chooser);
	menu_close(&p->ui->menu);
	if (p->page.n > 1 && (p->page.v[p->page.n - 1].kind == PAGE_MENU ||
			      p->page.v[p->page.n - 1].kind == PAGE_BOX))
		p->page.n--;
}

static void run(struct plain *p, const char *line)
{
	size_t len = strcspn(line, " ");
	const struct key_binding *row = key_named(line, len);
	const char *arg = line + len + strspn(line + len, " ");
	struct err err = { 0 };
	int rc;

	if (row && row->action == ACT_BACK && p->page.n > 1) {
		go_back(p);
		return;
	}
	if (row && row->ask && !*arg && !(row->ctx & CTX_NOT_BY_NAME)) {
		p->ask = row;
		snprintf(p->before, sizeof(p->before), "%s", "");
		plain_say(p, "%s:", row->arg);
		return;
	}
	if (row && row->action != ACT_SET && row->action != ACT_SAVE)
		leave_menu(p);
	rc = ui_command(p->ui, line, &err);
	if (rc)
		plain_say(p, "Error: %s.", err.text);
	else if (p->ui->view.status[0])
		plain_say(p, "%s.", p->ui->view.status);
	p->ui->view.status[0] = '\0';
	if (row && !(row->ctx & CTX_NOT_BY_NAME))
		after(p, row, !rc);
}

static void command(struct plain *p, const char *line)
{
	if (*line == '?' || !strncmp(line, "help", 4)) {
		line += *line == '?' ? 1 : 4;
		list_commands(p, line + strspn(line, " "));
	} else if (!strcmp(line, "more")) {
		if (p->from + p->shown < p->total)
			plain_print(p, p->from + p->shown);
		else
			plain_say(p, "There is no more.");
	} else if (!strcmp(line, "q")) {
		p->done = true;
	} else if (isdigit((unsigned char)*line)) {
		open_number(p, line);
	} else {
		run(p, line);
	}
}

void plain_line(struct plain *p, const char *line)
{
	const struct key_binding *ask = p->ask;
	char *whole;

	line += strspn(line, " \t");
	p->ask = NULL;
	p->ui->view.status[0] = '\0';
	view_refresh(&p->ui->view);
	if (ask && *line) {
		whole = xasprintf("%s %s%s", ask->name, p->before, line);
		run(p, whole);
		free(whole);
	} else if (ask) {
		plain_say(p, "Nothing was changed.");
	} else if (!*line) {
		plain_print(p, 0);
	} else {
		command(p, line + (*line == ':'));
	}
	prompt(p);
}

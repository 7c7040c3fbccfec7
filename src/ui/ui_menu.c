/* SPDX-License-Identifier: Apache-2.0 */
/* What can be written, and which signals can be sent: menus, then a question. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ui/ui_impl.h"

/* --- exports --- */

/* A name that says of what it is and when it was written: "bingo-top-4242-120310.jsonl". */
static void file_name(const struct ui *ui, const struct ui_choice *c, char *buf, size_t size)
{
	const struct world *w = ui->view.world;
	char what[48] = "", when[16] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (w->live.pid)
		snprintf(what, sizeof(what), "%d", w->live.pid);
	else
		snprintf(what, sizeof(what), "%.40s",
			 text_base(strtab_get(&w->strings, w->source_name)));
	for (char *p = what; *p; p++)
		if (strchr(" /\t\n", *p))
			*p = '-';
	if (ui->view.live && localtime_r(&now, &tm))
		strftime(when, sizeof(when), "-%H%M%S", &tm);
	snprintf(buf, size, "bingo-top-%s%s.%s", *what ? what : "session", when, c->suffix);
}

/* As view_parse_time() takes it, to the nanosecond. */
static void put_time(const struct ui *ui, int64_t t, char buf[TEXT_SHORT])
{
	const struct time_span s = view_session(&ui->view);

	snprintf(buf, TEXT_SHORT, "%.9fs", (double)(t - s.t0) / 1e9);
}

static void title_exports(struct ui *ui)
{
	const struct time_span all = view_session(&ui->view), *s = &ui->view.span;
	char t0[TEXT_SHORT], t1[TEXT_SHORT];

	text_moment(t0, s->t0 - all.t0, (s->t1 - s->t0) / 100);
	text_moment(t1, s->t1 - all.t0, (s->t1 - s->t0) / 100);
	if (ui->menu_span)
		snprintf(ui->menu.title, sizeof(ui->menu.title),
			 "write %.31s to %.31s to a new file", t0, t1);
	else
		snprintf(ui->menu.title, sizeof(ui->menu.title), "write to a new file");
	ui->menu.note = ui->menu_span ? "t: all the time" : "t: only the time shown";
}

static unsigned open_exports(struct ui *ui)
{
	if (!ui->host.write || !ui->exports)
		return view_say(&ui->view, "nothing can be written here");
	menu_open(&ui->menu, ACT_EXPORT, "");
	ui->menu_span = false;
	title_exports(ui);
	for (const struct ui_choice *c = ui->exports; c->name; c++)
		menu_add(&ui->menu, c->name, c->help);
	return EFF_DONE;
}

/* Where the last two words are times, they are the span, and go. */
static void cut_span(const struct ui *ui, char *words, struct ui_write *x)
{
	char *to = strrchr(words, ' '), *from;
	struct err unsaid = { 0 };
	int64_t t0, t1;

	if (!to || to == words)
		return;
	*to = '\0';
	from = strrchr(words, ' ');
	if (!from || view_parse_time(&ui->view, from + 1, &t0, &unsaid) ||
	    view_parse_time(&ui->view, to + 1, &t1, &unsaid)) {
		*to = ' ';
		return;
	}
	*from = '\0';
	x->t0 = t0;
	x->t1 = t1;
}

static unsigned write_file(struct ui *ui, const char *arg)
{
	struct ui_write x = { .t0 = T_BEFORE, .t1 = T_NEVER };
	char *words = xstrdup(arg), *file = words + strcspn(words, " ");
	struct err err = { 0 };
	unsigned eff = EFF_DONE;

	if (*file)
		*file++ = '\0';
	file += strspn(file, " ");
	cut_span(ui, file, &x);
	x.format = words;
	x.file = file;
	if (!ui->host.write) {
		eff = view_complain(&ui->view, "nothing can be written here");
	} else if (!*words || !*file) {
		eff = view_complain(&ui->view, "give a format and a file: jsonl events.jsonl");
	} else {
		view_say(&ui->view, "writing %.200s …", file);
		if (ui->host.write(ui->host.arg, &x, &err))
			eff = view_complain(&ui->view, "%s", err.text);
	}
	free(words);
	return eff;
}

unsigned ui_export(struct ui *ui, const struct act *a)
{
	return a->id == ACT_WRITE ? write_file(ui, a->arg) : open_exports(ui);
}

static void choose_export(struct ui *ui, const char *name)
{
	char text[256], file[128], t0[TEXT_SHORT], t1[TEXT_SHORT];

	put_time(ui, ui->view.span.t0, t0);
	put_time(ui, ui->view.span.t1, t1);
	for (const struct ui_choice *c = ui->exports; c->name; c++) {
		if (strcmp(c->name, name) != 0)
			continue;
		file_name(ui, c, file, sizeof(file));
		if (ui->menu_span && c->over_time)
			snprintf(text, sizeof(text), "%s %s %s %s", c->name, file, t0, t1);
		else
			snprintf(text, sizeof(text), "%s %s", c->name, file);
		prompt_open(&ui->prompt, key_row(ACT_WRITE, CTX_ANY), text);
		return;
	}
}

/* --- signals --- */

static const struct {
	const char *name;
	int sig;
	const char *help;
} signals[] = {
	{ "TERM", SIGTERM, "asks it to end" },
	{ "INT", SIGINT, "as ^C in its terminal does" },
	{ "QUIT", SIGQUIT, "it writes all its stacks to standard error, and dies" },
	{ "STOP", SIGSTOP, "it stands still" },
	{ "CONT", SIGCONT, "it goes on" },
	{ "HUP", SIGHUP, "often: read the configuration anew" },
	{ "USR1", SIGUSR1, "whatever it means to the program" },
	{ "USR2", SIGUSR2, "whatever it means to the program" },
	{ "KILL", SIGKILL, "ends it at once" },
};

static unsigned open_signals(struct ui *ui)
{
	const struct world *w = ui->view.world;
	char title[96];

	snprintf(title, sizeof(title), "a signal to %.40s[%d]",
		 text_base(strtab_get(&w->strings, w->source_name)), w->live.pid);
	menu_open(&ui->menu, ACT_SIGNAL, title);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		menu_add(&ui->menu, signals[i].name, signals[i].help);
	return EFF_DONE;
}

/* Nothing is sent before somebody has typed yes. */
static unsigned ask_signal(struct ui *ui, const char *name)
{
	const struct world *w = ui->view.world;

	name += strncasecmp(name, "SIG", 3) ? 0 : 3;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (strcasecmp(name, signals[i].name) != 0)
			continue;
		ui->signal = signals[i].sig;
		prompt_open(&ui->prompt, key_row(ACT_SIGNAL_SURE, CTX_ANY), "");
		snprintf(ui->prompt.hint, sizeof(ui->prompt.hint), "SIG%s to %.40s[%d]",
			 signals[i].name, text_base(strtab_get(&w->strings, w->source_name)),
			 w->live.pid);
		return EFF_DONE;
	}
	return view_complain(&ui->view, "there is no signal '%s'", name);
}

static unsigned send_signal(struct ui *ui, const char *answer)
{
	struct err err = { 0 };
	int sig = ui->signal;

	ui->signal = 0;
	if (!sig)
		return view_complain(&ui->view, "no signal is chosen; K chooses one");
	if (strcasecmp(answer, "yes") != 0)
		return view_say(&ui->view, "nothing was sent");
	if (ui->host.signal(ui->host.arg, sig, &err))
		return view_complain(&ui->view, "%s", err.text);
	return view_say(&ui->view, "the signal was sent");
}

unsigned ui_signal(struct ui *ui, const struct act *a)
{
	const struct world *w = ui->view.world;
	struct err err = { 0 };

	if (!ui->view.live || !w->live.pid || w->replay)
		return view_say(&ui->view, "there is no running program to send a signal to");
	if (!ui->host.signal || ui->host.signal(ui->host.arg, 0, &err))
		return view_complain(&ui->view, "%s",
				     err.rc ? err.text : "signals cannot be sent from here");
	if (a->id == ACT_SIGNAL_SURE)
		return send_signal(ui, a->arg);
	return a->arg ? ask_signal(ui, a->arg) : open_signals(ui);
}

/* --- what is chosen --- */

static void take(struct ui *ui, enum menu_result r)
{
	struct menu chosen = ui->menu;

	if (r == MENU_NOTHING)
		return;
	menu_close(&ui->menu);
	if (r == MENU_CLOSED)
		return;
	if (chosen.action == ACT_EXPORT)
		choose_export(ui, chosen.item[chosen.sel].name);
	else
		ui_effects(ui, ask_signal(ui, chosen.item[chosen.sel].name));
}

void ui_menu_key(struct ui *ui, uint32_t key)
{
	if (ui->menu.action == ACT_EXPORT && key == 't') {
		ui->menu_span = !ui->menu_span;
		title_exports(ui);
		return;
	}
	take(ui, menu_key(&ui->menu, key));
}

void ui_menu_mouse(struct ui *ui, const struct mouse *m)
{
	if (m->kind == MOUSE_WHEEL)
		menu_key(&ui->menu, m->wheel < 0 ? UK_UP : UK_DOWN);
	else if (m->kind == MOUSE_PRESS || m->kind == MOUSE_DOUBLE)
		take(ui, menu_press(&ui->menu, m->x, m->y));
}

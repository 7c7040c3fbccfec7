/* SPDX-License-Identifier: Apache-2.0 */
/* What actions do, and the effects that follow. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ui/ui_impl.h"

static void do_copy(struct ui *ui)
{
	struct view *v = &ui->view;
	struct err err = { 0 };
	char how[256] = "";

	if (!v->copy)
		return;
	if (!ui->host.copy)
		view_complain(v, "there is no clipboard here");
	else if (ui->host.copy(ui->host.arg, v->copy, how, sizeof(how), &err))
		view_complain(v, "%s", err.text);
	else if (*how == '/')
		view_say(v, "no clipboard takes it: %zu characters are in %.200s", strlen(v->copy),
			 how);
	else
		view_say(v, "copied %zu characters%s%s", strlen(v->copy), *how ? " by " : "", how);
}

static void do_edit(struct ui *ui)
{
	struct view *v = &ui->view;
	struct err err = { 0 };

	if (!v->edit_file)
		return;
	if (!ui->host.edit)
		view_complain(v, "there is no terminal for an editor");
	else if (ui->host.edit(ui->host.arg, v->edit_file, v->edit_line, &err))
		view_complain(v, "%s", err.text);
}

static void do_mouse(struct ui *ui)
{
	char key[16];

	ui_key_for(ui, ACT_MOUSE, key);
	ui->mouse = !ui->mouse;
	if (ui->host.mouse)
		ui->host.mouse(ui->host.arg, ui->mouse);
	view_say(&ui->view,
		 ui->mouse ? "the mouse is ours; %s gives it back to the terminal"
			   : "the mouse is the terminal's; %s takes it back",
		 key);
}

/* Closes the detail, wherever it lies. */
static bool close_detail(struct ui *ui)
{
	if (!ui->detail)
		return false;
	ui->detail = false;
	if (ui->focus == PANE_DETAIL)
		ui->focus = PANE_LIST;
	ui_layout(ui);
	return true;
}

/* Not in the middle of what is written, unless asked twice. */
static void leave(struct ui *ui)
{
	const char *file = ui->host.writing ? ui->host.writing(ui->host.arg) : NULL;
	char key[16];

	ui->done = !file || ui->leaving;
	ui->leaving = true;
	if (!ui->done)
		view_say(&ui->view, "writing %.150s: %s again leaves it unfinished", file,
			 ui_key_for(ui, ACT_CLOSE, key));
}

void ui_effects(struct ui *ui, unsigned e)
{
	if (e & EFF_OPEN)
		ui_focus(ui, PANE_DETAIL);
	if (e & EFF_BACK)
		close_detail(ui);
	if (e & EFF_SOURCE)
		ui_focus(ui, PANE_SOURCE);
	if (e & EFF_COPY)
		do_copy(ui);
	if (e & EFF_EDIT)
		do_edit(ui);
	if (e & EFF_MOUSE)
		do_mouse(ui);
	if (e & EFF_SUSPEND && ui->host.suspend)
		ui->host.suspend(ui->host.arg);
	if (e & EFF_REDRAW && ui->host.redraw)
		ui->host.redraw(ui->host.arg);
	if (e & EFF_QUIT)
		leave(ui);
	else
		ui->leaving = false;
	if (e)
		ui->dirty = true;
}

/* --- actions of the frame --- */

static unsigned go_back(struct ui *ui)
{
	char key[16];

	if (close_detail(ui))
		return EFF_DONE;
	if (ui->maximised) {
		ui->maximised = false;
		ui_layout(ui);
		return EFF_DONE;
	}
	if (ui_loading(ui) && ui->host.cancel_load) {
		ui->host.cancel_load(ui->host.arg);
		return view_say(&ui->view, "loading was stopped: what was read so far is shown");
	}
	if (ui->view.filter) {
		view_set_filter(&ui->view, "", NULL);
		return view_say(&ui->view, "the filter is off");
	}
	if (ui->focus != PANE_LIST) {
		ui_focus(ui, PANE_LIST);
		return EFF_DONE;
	}
	return view_say(&ui->view, "there is nothing to go back from; %s quits",
			ui_key_for(ui, ACT_CLOSE, key));
}

static unsigned set_filter(struct ui *ui, const char *pattern)
{
	struct err err = { 0 };

	if (view_set_filter(&ui->view, pattern, &err))
		return view_complain(&ui->view, "%s", err.text);
	return EFF_DONE;
}

static unsigned go_to(struct ui *ui, const char *time)
{
	struct err err = { 0 };
	int64_t t;

	ui->playing = false;
	if (!strcmp(time, "end")) {
		view_goto_end(&ui->view);
		return EFF_DONE;
	}
	if (view_parse_time(&ui->view, time, &t, &err))
		return view_complain(&ui->view, "%s", err.text);
	view_goto(&ui->view, t);
	return EFF_DONE;
}

static unsigned use_mark(struct ui *ui, const struct act *a)
{
	char letter = a->arg ? a->arg[0] : '\0';

	ui->playing = false;
	if (a->arg && (letter < 'a' || letter > 'z' || a->arg[1]))
		return view_complain(&ui->view, "a mark is a letter from a to z, not '%s'", a->arg);
	return a->id == ACT_MARK ? view_mark(&ui->view, letter) : view_mark_jump(&ui->view, letter);
}

static unsigned choose_goroutine(struct ui *ui, const char *id)
{
	struct view *v = &ui->view;
	uint64_t goid;
	uint32_t row;
	char *end;

	id += *id == 'g' || *id == 'G';
	id += strspn(id, " ");
	errno = 0;
	goid = strtoull(id, &end, 10);
	if (!isdigit((unsigned char)*id) || *end || errno)
		return view_complain(v, "'%s' is no goroutine's id", id);
	row = world_find_at(v->world, goid, v->time);
	if (row == NO_G)
		row = world_find(v->world, goid);
	if (row == NO_G)
		return view_complain(v, "there is no goroutine %" PRIu64, goid);
	view_choose(v, row);
	return EFF_DONE;
}

static unsigned toggle_pause(struct ui *ui)
{
	struct view *v = &ui->view;

	if (v->live || ui_loading(ui)) {
		view_pause(v, !v->paused);
		return EFF_DONE;
	}
	ui->playing = !ui->playing;
	ui->played = ui->now;
	if (ui->playing && v->time >= v->world->t_end)
		view_goto(v, v->span.t0);
	return EFF_DONE;
}

static unsigned go_pane(struct ui *ui, const char *name)
{
	for (int i = 0; i < PANE_N; i++) {
		struct pane *p = ui->pane[i];

		if (!p || i == PANE_STRIP)
			continue;
		if (strcasecmp(name, p->ops->name) != 0 &&
		    (!p->ops->number || name[0] != p->ops->number || name[1]))
			continue;
		/* the list's number shows the list, not what lies over it */
		if (i == PANE_LIST || i == PANE_GRAPH || i == PANE_FLAME || i == PANE_CHANGES)
			close_detail(ui);
		ui_focus(ui, (enum pane_id)i);
		return EFF_DONE;
	}
	return view_complain(&ui->view, "there is no pane '%s'", name);
}

/* Panes in the order of Tab; those of one slot share it. */
static unsigned cycle_pane(struct ui *ui, int dir)
{
	static const enum pane_id order[] = { PANE_LIST,  PANE_DETAIL,	 PANE_SOURCE,
					      PANE_VARS,  PANE_TIMELINE, PANE_FINDINGS,
					      PANE_GRAPH, PANE_FLAME,	 PANE_CHANGES };
	bool beside = ui->layout.kind == LAYOUT_THREE;
	size_t at = 0, n = ARRAY_SIZE(order);

	while (at < n && order[at] != ui->focus)
		at++;
	for (size_t i = 1; i <= n; i++) {
		enum pane_id id = order[(at + n + (dir > 0 ? i : n - i)) % n];

		if (!ui->pane[id] || (id == PANE_CHANGES && !ui->changes))
			continue;
		if (!beside && id == (ui->detail ? PANE_LIST : PANE_DETAIL))
			continue;
		ui_focus(ui, id);
		return EFF_DONE;
	}
	return EFF_DONE;
}

static unsigned zoom_undo(struct ui *ui)
{
	return view_zoom_undo(&ui->view) ? EFF_DONE : view_say(&ui->view, "no zoom to undo");
}

static unsigned maximise(struct ui *ui)
{
	ui->maximised = !ui->maximised;
	ui_layout(ui);
	return EFF_DONE;
}

/* By a step that is seen: four columns, two lines. */
static unsigned move_border(struct ui *ui, enum action a)
{
	bool left = ui->focus == PANE_LIST || ui->focus == PANE_GRAPH || ui->focus == PANE_FLAME ||
		    ui->focus == PANE_CHANGES || ui->layout.kind == LAYOUT_TWO;
	/* from the source or the variables, the border that lies between them */
	bool vars =
		ui->layout.split_vars >= 0 && (ui->focus == PANE_SOURCE || ui->focus == PANE_VARS);
	int by = a == ACT_BORDER_LEFT	 ? -4
		 : a == ACT_BORDER_RIGHT ? 4
		 : a == ACT_BORDER_UP	 ? -2
					 : 2;

	if (ui->layout.kind < LAYOUT_TWO)
		return view_say(&ui->view, "there are no panes side by side");
	if (a == ACT_BORDER_RESET)
		memset(ui->moved, 0, sizeof(ui->moved));
	else if (a == ACT_BORDER_UP || a == ACT_BORDER_DOWN)
		ui->moved[vars ? BORDER_VARS : BORDER_BELOW] += by;
	else
		ui->moved[left ? BORDER_A : BORDER_B] += by;
	ui_layout(ui);
	return EFF_DONE;
}

static unsigned open_overlay(struct ui *ui, enum action a)
{
	if (a == ACT_HELP)
		help_open_keys(&ui->help, &ui->view.set->keys,
			       ui->chooser.ctx ? ui->chooser.ctx : ui_context(ui));
	else
		help_open_warnings(&ui->help, ui->view.world);
	return EFF_DONE;
}

static unsigned move_time(struct ui *ui, enum action a)
{
	struct view *v = &ui->view;

	ui->playing = false;
	switch (a) {
	case ACT_STEP_BACK:
	case ACT_STEP_ON:
		view_step(v, a == ACT_STEP_ON ? 1 : -1);
		return EFF_DONE;
	case ACT_EVENT_PREV:
	case ACT_EVENT_NEXT:
		view_step_event(v, a == ACT_EVENT_NEXT ? 1 : -1);
		return EFF_DONE;
	default:
		view_goto_end(v);
		return EFF_DONE;
	}
}

static unsigned zoom(struct ui *ui, enum action a)
{
	if (a == ACT_ZOOM_ALL)
		view_zoom_all(&ui->view);
	else
		view_zoom(&ui->view, a == ACT_ZOOM_IN ? 1 : 2, a == ACT_ZOOM_IN ? 2 : 1);
	return EFF_DONE;
}

/* Of the chosen frame, whichever pane has the keys. */
static unsigned to_source(struct ui *ui, const struct act *a)
{
	unsigned e = pane_action(ui->pane[PANE_SOURCE], a);

	return a->id == ACT_CODE && !layout_shows(&ui->layout, PANE_SOURCE) ? e | EFF_SOURCE : e;
}

static unsigned frame_action(struct ui *ui, const struct act *a)
{
	switch (a->id) {
	case ACT_BACK:
		return go_back(ui);
	case ACT_FILTER:
		return set_filter(ui, a->arg);
	case ACT_SYSTEM:
		view_set_system(&ui->view, !ui->view.system);
		return view_say(&ui->view, "the runtime's own goroutines are %s",
				ui->view.system ? "shown" : "hidden");
	case ACT_GOROUTINE:
		return choose_goroutine(ui, a->arg);
	case ACT_PAUSE:
		return toggle_pause(ui);
	case ACT_GOTO:
		return go_to(ui, a->arg);
	case ACT_MARK:
	case ACT_MARK_JUMP:
		return use_mark(ui, a);
	case ACT_FINDING_PREV:
	case ACT_FINDING_NEXT:
		ui->playing = false;
		return view_step_finding(&ui->view, a->id == ACT_FINDING_NEXT ? 1 : -1);
	case ACT_STEP_BACK:
	case ACT_STEP_ON:
	case ACT_EVENT_PREV:
	case ACT_EVENT_NEXT:
	case ACT_END:
		return move_time(ui, a->id);
	case ACT_ZOOM_IN:
	case ACT_ZOOM_OUT:
	case ACT_ZOOM_ALL:
		return zoom(ui, a->id);
	case ACT_ZOOM_UNDO:
		return zoom_undo(ui);
	case ACT_PANE_NEXT:
	case ACT_PANE_PREV:
		return cycle_pane(ui, a->id == ACT_PANE_NEXT ? 1 : -1);
	case ACT_PANE:
		return go_pane(ui, a->arg);
	case ACT_MAXIMISE:
		return maximise(ui);
	case ACT_BORDER_LEFT:
	case ACT_BORDER_RIGHT:
	case ACT_BORDER_UP:
	case ACT_BORDER_DOWN:
	case ACT_BORDER_RESET:
		return move_border(ui, a->id);
	case ACT_HELP:
	case ACT_WARNINGS:
		return open_overlay(ui, a->id);
	case ACT_FRAME_OUT:
	case ACT_FRAME_IN:
		return view_step_frame(&ui->view, a->id == ACT_FRAME_OUT ? 1 : -1);
	case ACT_EDIT:
	case ACT_CODE:
		return to_source(ui, a);
	case ACT_EXPORT:
	case ACT_WRITE:
		return ui_export(ui, a);
	case ACT_SIGNAL:
	case ACT_SIGNAL_SURE:
		return ui_signal(ui, a);
	case ACT_MOUSE:
		return EFF_MOUSE;
	case ACT_REDRAW:
		return EFF_REDRAW;
	case ACT_SUSPEND:
		return EFF_SUSPEND;
	case ACT_CLOSE:
	case ACT_QUIT:
		return EFF_QUIT;
	default:
		return ui_setup_action(ui, a);
	}
}

struct pane *ui_pane_for(struct ui *ui, const struct key_binding *row)
{
	if (row->ctx & (ui_context(ui) | CTX_ANY))
		return ui->pane[ui->focus];
	for (int i = 0; i < PANE_N; i++)
		if (ui->pane[i] && row->ctx & CTX_PANE(i))
			return ui->pane[i];
	return ui->pane[ui->focus];
}

void ui_perform(struct ui *ui, const struct key_binding *row, const char *arg)
{
	struct act a = { .id = row->action, .arg = arg };
	unsigned e;

	if (row->ask && !arg) {
		ui_ask(ui, row, NULL);
		return;
	}
	e = pane_action(ui_pane_for(ui, row), &a);
	if (e == EFF_NONE)
		e = frame_action(ui, &a);
	if (e == EFF_NONE)
		e = view_say(&ui->view, "%s: nothing to do here", row->name);
	ui_effects(ui, e);
}

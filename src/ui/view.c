/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/view.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/groups.h"
#include "ui/pane.h"

void view_init(struct view *v)
{
	v->at_end = true;
	v->span_all = true;
	v->span = view_session(v);
	v->time = v->world->t_end;
	v->row = NO_G;
	v->columns = 80;
	v->moment_stamp = v->rows_stamp = v->keep_stamp = v->choice_stamp = v->span_stamp = 1;
	v->world_seen = v->world->generation;
	v->rows_seen = v->world->row_changes;
}

void view_release(struct view *v)
{
	moment_release(&v->past);
	moment_release(&v->next);
	filter_free(v->filter);
	vec_free(&v->undo);
	for (size_t i = 0; i < v->mark.n; i++)
		snapshot_release(&v->mark.v[i].snap);
	vec_free(&v->mark);
	snapshot_maker_release(&v->marking.maker);
	free(v->marking.keep);
	free(v->keep);
	free(v->copy);
	free(v->edit_file);
}

const struct moment *view_moment(const struct view *v)
{
	return v->at_end || !v->past_made ? &v->world->now : &v->past;
}

/* The stack in which the chosen goroutine is at the moment. */
static uint32_t own_stack(const struct view *v)
{
	const struct moment *m = view_moment(v);

	return v->row < m->n ? m->stack[v->row] : 0;
}

static void take_own_stack(struct view *v)
{
	uint32_t stack = own_stack(v);

	if (!v->stack_own || stack == v->stack)
		return;
	v->stack = stack;
	v->frame = view_user_frame(v->world, stack);
	v->choice_stamp++;
}

static void moment_moved(struct view *v)
{
	v->time = v->at_end ? v->world->t_end : v->going ? v->time : v->past.time;
	v->moment_stamp++;
	take_own_stack(v);
}

void view_moment_changed(struct view *v)
{
	v->rows_stamp++;
	v->rows_seen = v->world->row_changes;
	moment_moved(v);
}

/* Rows become others' before long: the chosen one, and those of the past that is shown. */
static void rows_forgotten(struct view *v)
{
	v->forgets_seen = v->world->forgets;
	if (v->row != NO_G && v->world->g.v[v->row].forgotten)
		view_choose(v, NO_G);
	if (!v->at_end)
		view_goto(v, v->time);
}

bool view_refresh(struct view *v)
{
	const struct world *w = v->world;

	if (w->generation == v->world_seen)
		return false;
	v->world_seen = w->generation;
	if (v->forgets_seen != w->forgets)
		rows_forgotten(v);
	view_marks_take(v);
	if (v->span_all && (v->at_end || !v->live)) {
		v->span = view_session(v);
		v->span_stamp++;
	}
	/* what was is as it was: nothing need be made anew of it while the session goes on */
	if (!v->at_end && v->live)
		return true;
	if (v->at_end && v->rows_seen == w->row_changes)
		moment_moved(v);
	else
		view_moment_changed(v);
	return true;
}

/* --- what is shown --- */

int view_set_filter(struct view *v, const char *pattern, struct err *err)
{
	struct filter *f = NULL;

	if (*pattern && strcmp(pattern, "!") != 0) {
		f = filter_new(pattern, err);
		if (!f)
			return -EINVAL;
	}
	filter_free(v->filter);
	v->filter = f;
	v->keep_stamp++;
	return 0;
}

void view_set_system(struct view *v, bool on)
{
	v->system = on;
	v->keep_stamp++;
}

static void make_keep(struct view *v)
{
	const struct moment *m = view_moment(v);

	if (m->n > v->keep_cap) {
		v->keep_cap = m->n + m->n / 4 + 64;
		v->keep = xrealloc(v->keep, v->keep_cap, sizeof(*v->keep));
	}
	v->keep_n = m->n;
	v->keep_matched = filter_all(v->filter, v->world, m, v->system, v->keep);
}

const bool *view_keep(struct view *v, size_t *matched)
{
	const struct moment *m = view_moment(v);
	/* both only grow, so their sum tells of a change in either */
	uint64_t stamp = v->rows_stamp + v->keep_stamp;

	if (v->keep_made != stamp || v->keep_n != m->n) {
		make_keep(v);
		v->keep_made = stamp;
	}
	if (matched)
		*matched = v->keep_matched;
	return v->system && !v->filter ? NULL : v->keep;
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void pace_add(struct pace *p, int64_t ns, bool done)
{
	p->cost = p->made ? ns : p->cost + ns;
	p->made = done ? now_ns() : 0;
}

bool view_may_wait(const struct view *v, const struct pace *p)
{
	enum { REST = 20 /* times what it took */ };

	return p->made && !v->world->progress.whole && now_ns() - p->made < p->cost * REST;
}

void view_choose(struct view *v, uint32_t row)
{
	if (row != NO_G && v->world->g.v[row].forgotten)
		row = NO_G;
	if (row == v->row && v->stack_own)
		return;
	v->row = row;
	v->stack_own = true;
	v->stack = own_stack(v);
	v->frame = view_user_frame(v->world, v->stack);
	v->choice_stamp++;
}

void view_choose_frame(struct view *v, uint32_t stack, uint32_t frame)
{
	if (stack == v->stack && frame == v->frame)
		return;
	v->stack_own = stack == own_stack(v);
	v->stack = stack;
	v->frame = frame;
	v->choice_stamp++;
	v->frame_stamp++;
}

uint32_t view_user_frame(const struct world *w, uint32_t stack)
{
	const struct frame *place = stack_place(w, stack), *f;

	for (uint32_t i = 0; (f = stacktab_frame(&w->stacks, stack, i)); i++)
		if (f == place)
			return i;
	return 0;
}

unsigned view_step_frame(struct view *v, int dir)
{
	uint32_t n = stacktab_depth(&v->world->stacks, v->stack);

	if (dir < 0 ? !v->frame : v->frame + 1 >= n)
		return view_say(v, dir < 0 ? "this is the innermost frame"
					   : "this is the outermost frame");
	v->frame = dir < 0 ? v->frame - 1 : v->frame + 1;
	v->choice_stamp++;
	v->frame_stamp++;
	return EFF_DONE | EFF_DRAW;
}

/* --- asking --- */

unsigned view_say(struct view *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->status, sizeof(v->status), fmt, ap);
	va_end(ap);
	v->status_bad = false;
	return EFF_DONE | EFF_DRAW;
}

bool view_look_for(struct view *v, struct match **search, const char *text)
{
	struct err err = { 0 };
	struct match *m = text && *text ? match_new(text, &err) : NULL;

	if (m) {
		match_free(*search);
		*search = m;
	} else if (text && *text) {
		view_complain(v, "%s", err.text);
	}
	return m;
}

unsigned view_complain(struct view *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->status, sizeof(v->status), fmt, ap);
	va_end(ap);
	v->status_bad = true;
	return EFF_DONE | EFF_DRAW;
}

static void copy_line(FILE *out, const char *s, size_t len)
{
	struct text_iter it;
	struct glyph g;
	char buf[4];

	for (text_begin(&it, s, len, false); text_next(&it, &g);)
		for (int i = 0; i < GLYPH_CP && g.cp[i]; i++)
			fwrite(buf, 1, (size_t)text_put(buf, g.cp[i]), out);
}

unsigned view_ask_copy(struct view *v, const char *text)
{
	size_t size;
	FILE *out;

	free(v->copy);
	v->copy = NULL;
	out = open_memstream(&v->copy, &size);
	if (!out)
		die("out of memory");
	while (*text) {
		size_t len = strcspn(text, "\n\t");

		copy_line(out, text, len);
		text += len;
		if (*text)
			fputc(*text++, out);
	}
	fclose(out);
	return EFF_DONE | EFF_COPY;
}

unsigned view_ask_edit(struct view *v, const char *file, uint32_t line)
{
	char *copy = xstrdup(file);

	free(v->edit_file);
	v->edit_file = copy;
	v->edit_line = line;
	return EFF_DONE | EFF_EDIT;
}

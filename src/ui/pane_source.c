/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source of the chosen frame, its line marked, or its instructions; above and below
 * the frames around it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/match.h"
#include "analysis/srcfile.h"
#include "ui/codeview.h"
#include "ui/framestrip.h"
#include "ui/pane.h"

enum { W_LINENO = 6, TAB = 4 };

/* What is shown: code where there is no source, or as was asked for. */
enum source_mode { MODE_AUTO, MODE_SOURCE, MODE_CODE };

struct source_pane {
	struct pane pane;
	struct srccache cache;
	uint64_t choice_stamp;
	long top; /* first line shown, 0-based */
	int left, page;
	struct match *search;
	enum source_mode mode;
	struct codeview code;
	struct framestrip strip; /* as drawn */
	int h;
};

static const struct frame *frame_of(const struct view *v)
{
	return stacktab_frame(&v->world->stacks, v->stack, v->frame);
}

static const struct srcfile *file_of(struct source_pane *s)
{
	const struct view *v = s->pane.view;
	const struct frame *f = frame_of(v);

	return f ? src_find(&s->cache, strtab_get(&v->world->strings, f->file)) : NULL;
}

static bool has_text(const struct srcfile *f)
{
	return f && f->text && f->line.n;
}

static bool shows_code(const struct source_pane *s, const struct srcfile *f)
{
	if (s->mode == MODE_AUTO)
		return !has_text(f) && codeview_there(s->pane.view);
	return s->mode == MODE_CODE;
}

static void clamp_top(struct source_pane *s, const struct srcfile *f)
{
	if (s->top > (long)f->line.n - s->page)
		s->top = (long)f->line.n - s->page;
	if (s->top < 0)
		s->top = 0;
}

/* A new choice: its line comes to a third of the pane. */
static void refresh(struct source_pane *s, const struct srcfile *f, const struct frame *fr)
{
	if (s->choice_stamp != s->pane.view->choice_stamp) {
		s->choice_stamp = s->pane.view->choice_stamp;
		s->top = (long)fr->line - 1 - s->page / 3;
		s->left = 0;
	}
	clamp_top(s, f);
}

/* Tabs become blanks; returns a copy the caller frees. */
static char *expand(const struct srcline *l)
{
	char *out = xmalloc((size_t)l->len * TAB + 1), *p = out;

	for (uint32_t i = 0; i < l->len; i++) {
		if (l->s[i] != '\t') {
			*p++ = l->s[i];
			continue;
		}
		do
			*p++ = ' ';
		while ((p - out) % TAB);
	}
	*p = '\0';
	return out;
}

static void draw_line(const struct source_pane *s, const struct region *r, int y,
		      const struct srcfile *f, long i, bool marked)
{
	char *text = expand(&f->line.v[i]);
	size_t len = strlen(text), skip = (size_t)s->left < len ? (size_t)s->left : len, start, end;
	enum role role = marked ? ROLE_SRC_MARK : ROLE_TEXT;
	const char *trim = text + strspn(text, " ");

	if (!marked && !strncmp(trim, "//", 2))
		role = ROLE_SRC_COMMENT;
	draw_fmt(r, 0, y, W_LINENO, marked ? ROLE_SRC_MARK : ROLE_LINENO, 0, "%*ld", W_LINENO - 1,
		 i + 1);
	if (marked)
		draw_sym(r, W_LINENO, y, 1, SYM_SELECT, ROLE_SRC_MARK, ATTR_BOLD);
	draw_str(r, W_LINENO + 2, y, -1, role, marked ? ATTR_BOLD : 0, text + skip);
	if (s->search && match_find(s->search, text + skip, len - skip, &start, &end) &&
	    end > start)
		draw_text(r, W_LINENO + 2 + text_width(text + skip, start), y, -1, ROLE_MATCH,
			  ATTR_REVERSE, text + skip + start, end - start);
	free(text);
}

static void draw_missing(const struct view *v, const struct region *r, const struct frame *f,
			 const char *why)
{
	const struct strtab *t = &v->world->strings;
	int y = 1;

	draw_cut(r, 1, y++, r->w - 1, ROLE_FUNC, ATTR_BOLD, strtab_get(t, f->func));
	draw_cut_left(r, 1, y++, r->w - 1, ROLE_FILE, 0, strtab_get(t, f->file));
	draw_fmt(r, 1, y++, -1, ROLE_LINENO, 0, "line %" PRIu32, f->line);
	draw_sentence(r, y + 1, ROLE_WARN, why);
}

/* "1/3 main.(*Pool).put  /src/shop/worker.go:88" */
static void draw_title(const struct view *v, const struct region *r, const struct frame *f)
{
	const struct strtab *t = &v->world->strings;
	int x = draw_fmt(r, 0, 0, -1, ROLE_DIM, 0, "%" PRIu32 "/%" PRIu32 " ", v->frame + 1,
			 stacktab_depth(&v->world->stacks, v->stack));
	char place[4096];

	x += draw_str(r, x, 0, r->w / 2, ROLE_FUNC, ATTR_BOLD, strtab_get(t, f->func)) + 1;
	if (!f->file)
		return;
	snprintf(place, sizeof(place), "%s:%" PRIu32, strtab_get(t, f->file), f->line);
	draw_cut_left(r, x, 0, r->w - x, ROLE_FILE, 0, place);
}

/* Why there are no instructions of the chosen frame. */
static const char *why_no_code(const struct view *v)
{
	if (v->world->disassembler)
		return "this place has no address: there is nothing to disassemble";
	return "there is no disassembly: the program's code is not here; --exe BIN names it for a "
	       "trace or an export";
}

static void draw_text_of(struct source_pane *s, const struct region *r, const struct frame *f,
			 const struct srcfile *file)
{
	s->page = r->h;
	if (!has_text(file)) {
		draw_missing(s->pane.view, r, f, file->why ? file->why : "the file is empty");
		return;
	}
	refresh(s, file, f);
	for (int y = 0; y < r->h && s->top + y < (long)file->line.n; y++)
		draw_line(s, r, y, file, s->top + y, s->top + y + 1 == (long)f->line);
}

static void source_draw(struct pane *p, const struct region *r, bool focused)
{
	struct source_pane *s = (struct source_pane *)p;
	const struct view *v = p->view;
	const struct frame *f = frame_of(v);
	const struct srcfile *file;
	struct region body;

	(void)focused;
	s->cache.root = strtab_get(&v->world->strings, v->world->live.root);
	if (!f) {
		draw_str(r, 1, 1, -1, ROLE_DIM, 0, "no stack is known here");
		return;
	}
	draw_title(v, r, f);
	s->h = r->h;
	s->strip = framestrip_make(r->h, v->frame, stacktab_depth(&v->world->stacks, v->stack));
	framestrip_draw(&s->strip, v, &s->cache, r, 1);
	body = region_sub(r, 0, 1 + s->strip.in, r->w, r->h - 1 - s->strip.in - s->strip.out);
	file = file_of(s); /* after the strip's files, which may take its place in the cache */
	if (!shows_code(s, file))
		draw_text_of(s, &body, f, file);
	else if (codeview_there(v))
		codeview_draw(&s->code, &body, s->search);
	else
		draw_sentence(&body, 1, ROLE_WARN, why_no_code(v));
}

/* --- actions --- */

static unsigned scroll(struct source_pane *s, long by)
{
	if (shows_code(s, file_of(s)))
		codeview_scroll(&s->code, by);
	else
		s->top += by;
	return EFF_DONE | EFF_DRAW;
}

static unsigned shift(struct source_pane *s, int by)
{
	if (shows_code(s, file_of(s)))
		codeview_shift(&s->code, by);
	else
		s->left = s->left + by < 0 ? 0 : s->left + by;
	return EFF_DONE | EFF_DRAW;
}

/* How far a page goes, and how many lines there are. */
static long page(struct source_pane *s)
{
	return shows_code(s, file_of(s)) ? s->code.page : s->page;
}

static long lines(struct source_pane *s)
{
	const struct srcfile *f = file_of(s);

	if (shows_code(s, f))
		return (long)s->code.row.n;
	return f ? (long)f->line.n : 0;
}

/* Source to code and back; back to code by itself where there is no source. */
static unsigned toggle(struct source_pane *s)
{
	const struct srcfile *f = file_of(s);

	if (!shows_code(s, f) && !codeview_there(s->pane.view))
		return view_complain(s->pane.view, "%s", why_no_code(s->pane.view));
	if (!shows_code(s, f))
		s->mode = has_text(f) ? MODE_CODE : MODE_AUTO;
	else
		s->mode = has_text(f) ? MODE_AUTO : MODE_SOURCE;
	return EFF_DONE | EFF_DRAW;
}

static unsigned search_next(struct source_pane *s, int dir)
{
	const struct srcfile *f = file_of(s);
	long n = lines(s), from = s->top;

	if (!s->search)
		return view_complain(s->pane.view, "nothing is searched for; / searches");
	if (shows_code(s, f)) {
		if (codeview_search(&s->code, s->search, dir))
			return EFF_DONE | EFF_DRAW;
		return view_complain(s->pane.view, "no instruction shown here matches");
	}
	for (long k = 1; k <= n; k++) {
		long i = ((from + dir * k) % n + n) % n;

		if (!match_find(s->search, f->line.v[i].s, f->line.v[i].len, NULL, NULL))
			continue;
		s->top = i;
		return EFF_DONE | EFF_DRAW;
	}
	return view_complain(s->pane.view, "no line of this file matches");
}

static unsigned search(struct source_pane *s, const struct act *a)
{
	return view_look_for(s->pane.view, &s->search, a->arg) ? search_next(s, 1)
							       : EFF_DONE | EFF_DRAW;
}

static unsigned edit(struct source_pane *s)
{
	const struct frame *f = frame_of(s->pane.view);
	const struct srcfile *file = file_of(s);

	if (!f || !file->path)
		return view_complain(s->pane.view, "%s",
				     file && file->why ? file->why : "no source here");
	return view_ask_edit(s->pane.view, file->path, f->line);
}

static unsigned copy(struct source_pane *s, bool all)
{
	const struct view *v = s->pane.view;
	const struct frame *f = frame_of(v);
	const struct srcfile *file = file_of(s);
	char place[4096];

	if (!f)
		return EFF_DONE;
	if (all && shows_code(s, file)) {
		char *text = codeview_text(&s->code);
		unsigned eff = view_ask_copy(s->pane.view, text);

		free(text);
		return eff;
	}
	if (all && file->text) {
		char *text = xstrndup(file->text,
				      file->line.n ? (size_t)(file->line.v[file->line.n - 1].s +
							      file->line.v[file->line.n - 1].len -
							      file->text)
						   : 0);
		unsigned eff = view_ask_copy(s->pane.view, text);

		free(text);
		return eff;
	}
	snprintf(place, sizeof(place), "%s:%" PRIu32, strtab_get(&v->world->strings, f->file),
		 f->line);
	return view_ask_copy(s->pane.view, place);
}

static unsigned move(struct source_pane *s, enum action a)
{
	switch (a) {
	case ACT_UP:
		return scroll(s, -1);
	case ACT_DOWN:
		return scroll(s, 1);
	case ACT_PAGE_UP:
		return scroll(s, -page(s));
	case ACT_PAGE_DOWN:
		return scroll(s, page(s));
	case ACT_HALF_UP:
		return scroll(s, -page(s) / 2);
	case ACT_HALF_DOWN:
		return scroll(s, page(s) / 2);
	case ACT_TOP:
		return scroll(s, -lines(s));
	case ACT_BOTTOM:
		return scroll(s, lines(s));
	case ACT_LEFT:
		return shift(s, -8);
	case ACT_RIGHT:
		return shift(s, 8);
	default:
		return EFF_NONE;
	}
}

static unsigned source_action(struct pane *p, const struct act *a)
{
	struct source_pane *s = (struct source_pane *)p;

	switch (a->id) {
	case ACT_SEARCH:
		return search(s, a);
	case ACT_SEARCH_NEXT:
		return search_next(s, 1);
	case ACT_SEARCH_PREV:
		return search_next(s, -1);
	case ACT_CODE:
		return toggle(s);
	case ACT_EDIT:
		return edit(s);
	case ACT_COPY:
		return copy(s, false);
	case ACT_COPY_ALL:
		return copy(s, true);
	default:
		return move(s, a->id);
	}
}

static unsigned source_mouse(struct pane *p, const struct mouse *m)
{
	struct source_pane *s = (struct source_pane *)p;

	if (m->kind == MOUSE_WHEEL)
		return scroll(s, m->wheel * 3);
	if (m->kind != MOUSE_PRESS || !frame_of(p->view))
		return EFF_NONE;
	view_choose_frame(p->view, p->view->stack,
			  framestrip_at(&s->strip, p->view, s->h, 1, m->y));
	return EFF_DONE | EFF_DRAW;
}

/* What of the frame is shown, where that is not its source. */
static const char *source_note(struct pane *p, char *buf, size_t size)
{
	struct source_pane *s = (struct source_pane *)p;

	snprintf(buf, size, "%s", frame_of(p->view) && shows_code(s, file_of(s)) ? "asm" : "");
	return buf;
}

static void source_free(struct pane *p)
{
	struct source_pane *s = (struct source_pane *)p;

	codeview_release(&s->code);
	src_release(&s->cache);
	match_free(s->search);
	free(s);
}

static const struct pane_ops source_ops = {
	.id = PANE_SOURCE,
	.number = '3',
	.name = "source",
	.title = "Source",
	.draw = source_draw,
	.action = source_action,
	.mouse = source_mouse,
	.note = source_note,
	.free = source_free,
};

struct pane *pane_source_new(struct view *v)
{
	struct source_pane *s = xcalloc(1, sizeof(*s));

	s->pane = (struct pane){ &source_ops, v };
	s->cache.substitute = v->substitute;
	s->cache.shown = &v->world->shown;
	s->code.view = v;
	s->code.cache = &s->cache;
	return &s->pane;
}

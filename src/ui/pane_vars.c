/* SPDX-License-Identifier: Apache-2.0 */
/* The variables of the chosen frame as a tree; what changed from look to look is marked. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/match.h"
#include "ui/pane.h"

enum { INDENT = 2, TYPE_MOST = 28, NAME_MOST = 40 };
static const int64_t AGAIN_NS = 500 * 1000 * 1000; /* between two looks at the same frame */

struct vars_pane;

struct job {
	struct vars_pane *pane; /* NULL: it does not want the answer any more */
	struct inspector *inspector;
	struct value_ask ask;
	struct values out;
};

/* What is shown, or asked for. */
struct place {
	uint64_t goid, pc;
	uint32_t frame;
};

struct vars_pane {
	struct pane pane;
	struct job *job; /* on its way */
	struct place place; /* of what is open, and of values once they are here */
	struct values values;
	bool here; /* values are of place */
	bool stale; /* something was opened or closed since */
	int64_t looked; /* the session's time when they were asked for */
	VEC(uint64_t) open;
	struct map64 changed; /* keys whose text is another than in the look before */
	size_t sel, top;
	int page, left, first; /* lines of values; columns scrolled; the first line */
	struct match *search;
};

static const struct frame *frame_of(const struct view *v)
{
	return stacktab_frame(&v->world->stacks, v->stack, v->frame);
}

/* --- asking --- */

static void job_work(void *arg)
{
	struct job *j = arg;

	j->inspector->read(j->inspector, &j->ask, &j->out);
}

/* Notes which texts differ from those before. */
static void find_changes(struct vars_pane *p, const struct values *before,
			 const struct values *after)
{
	struct map64 old = { 0 };

	map64_clear(&p->changed);
	for (size_t i = 0; i < before->v.n; i++)
		map64_put(&old, before->v.v[i].key, (uint32_t)i);
	for (size_t i = 0; i < after->v.n; i++) {
		const struct value *x = &after->v.v[i];
		uint32_t at = map64_get(&old, x->key);

		if (at != UINT32_MAX &&
		    strcmp(values_at(before, before->v.v[at].text), values_at(after, x->text)))
			map64_put(&p->changed, x->key, 1);
	}
	map64_free(&old);
}

static bool same_place(const struct place *p, const struct value_ask *a)
{
	return p->goid == a->goid && p->pc == a->pc && p->frame == a->frame;
}

static void job_done(void *arg)
{
	struct job *j = arg;
	struct vars_pane *p = j->pane;

	if (p) {
		struct world *w = p->pane.view->world;

		p->job = NULL;
		if (w->shown.wanted && !j->out.moved)
			shown_put_values(&w->shown, w->t_end, &j->ask, &j->out);
		if (same_place(&p->place, &j->ask)) {
			struct values before = p->values;

			find_changes(p, &before, &j->out);
			p->values = j->out;
			j->out = before;
			p->here = true;
		}
		p->pane.view->answered = true;
	}
	value_ask_release(&j->ask);
	values_release(&j->out);
	free(j);
}

static void ask(struct vars_pane *p)
{
	struct view *v = p->pane.view;
	struct job *j = xcalloc(1, sizeof(*j));

	j->pane = p;
	j->inspector = v->world->inspector;
	j->ask.goid = p->place.goid;
	j->ask.pc = p->place.pc;
	j->ask.frame = p->place.frame;
	vec_reserve(&j->ask.open, p->open.n);
	if (p->open.n)
		memcpy(j->ask.open.v, p->open.v, p->open.n * sizeof(*p->open.v));
	j->ask.open.n = p->open.n;
	p->job = j;
	p->stale = false;
	p->looked = v->world->t_end;
	jobs_submit(v->jobs, job_work, job_done, j);
}

/* Another frame: nothing is known of it, and nothing is open. */
static void go_to(struct vars_pane *p, const struct place *to)
{
	if (p->job)
		p->job->pane = NULL;
	p->job = NULL;
	p->place = *to;
	p->here = false;
	values_release(&p->values);
	map64_clear(&p->changed);
	p->open.n = p->sel = p->top = 0;
	p->left = 0;
	ask(p);
}

/* Why no variables can be had here; NULL: they can. */
static const char *why_not(const struct view *v)
{
	const struct frame *f = frame_of(v);

	if (v->row == NO_G)
		return "no goroutine is chosen";
	if (!v->world->inspector)
		return "variables are read from a running process or a core dump; what is watched "
		       "here holds none";
	if (!v->at_end)
		return "variables are those of now: L goes there";
	if (!f)
		return "no stack is known here";
	if (!v->stack_own)
		return "this is not where the goroutine is; choose a frame of its stack";
	if (!f->pc && v->world->replay)
		return "it was running, and where is not in the core";
	if (!f->pc)
		return "it is running: its variables are in flux, and it is not stopped";
	return NULL;
}

static void refresh(struct vars_pane *p)
{
	const struct view *v = p->pane.view;
	const struct place want = { v->world->g.v[v->row].goid, frame_of(v)->pc, v->frame };

	if (want.goid != p->place.goid || want.pc != p->place.pc || want.frame != p->place.frame)
		go_to(p, &want);
	else if (!p->job &&
		 (p->stale || !p->here || (!v->paused && v->world->t_end - p->looked >= AGAIN_NS)))
		ask(p);
}

/* --- drawing --- */

static enum role text_role(const struct vars_pane *p, const struct value *x)
{
	if (x->flags & (VALUE_GONE | VALUE_RAW))
		return x->flags & VALUE_RAW ? ROLE_SRC_NUMBER : ROLE_DIM;
	return map64_get(&p->changed, x->key) != UINT32_MAX ? ROLE_WARN : ROLE_TEXT;
}

/* "(line 281, an inner one has its name)": what sets apart those of one name. */
static int draw_apart(const struct region *r, int x, int y, const struct value *v)
{
	int at = x;

	if (v->flags & VALUE_SHADOWED)
		at += draw_fmt(r, at, y, -1, ROLE_DIM, 0,
			       " (hidden by an inner one, line %" PRIu32 ")", v->line);
	if (v->flags & VALUE_RESULT)
		at += draw_str(r, at, y, -1, ROLE_DIM, 0, " (result)");
	return at - x;
}

static void draw_value(const struct vars_pane *p, const struct region *r, int y, size_t i)
{
	const struct values *vs = &p->values;
	const struct value *v = &vs->v.v[i];
	int x = 1 + v->depth * INDENT - p->left;
	struct region part = region_sub(r, x > 0 ? x : 0, y, r->w, 1);
	bool changed = map64_get(&p->changed, v->key) != UINT32_MAX;

	if (changed)
		draw_sym(r, 0, y, 1, SYM_DELTA, ROLE_WARN, ATTR_BOLD);
	if (v->flags & VALUE_OPENABLE)
		draw_sym(&part, 0, 0, 1, v->flags & VALUE_OPEN ? SYM_UNFOLDED : SYM_FOLDED,
			 ROLE_BORDER, 0);
	x = 2;
	x += draw_cut(&part, x, 0, NAME_MOST, v->depth ? ROLE_TEXT : ROLE_FUNC,
		      v->flags & VALUE_ARG ? ATTR_BOLD : 0, values_at(vs, v->name)) +
	     1;
	if (*values_at(vs, v->type))
		x += draw_cut(&part, x, 0, TYPE_MOST, ROLE_DIM, 0, values_at(vs, v->type)) + 1;
	x += draw_cut(&part, x, 0, part.w - x, text_role(p, v), 0, values_at(vs, v->text));
	x += draw_apart(&part, x, 0, v);
	if (changed)
		draw_str(&part, x + 1, 0, -1, ROLE_WARN, ATTR_BOLD, "changed");
}

static void clamp(struct vars_pane *p)
{
	size_t n = p->values.v.n, page = p->page > 0 ? (size_t)p->page : 1;

	if (p->sel >= n)
		p->sel = n ? n - 1 : 0;
	if (p->top > p->sel)
		p->top = p->sel;
	if (p->sel >= p->top + page)
		p->top = p->sel - page + 1;
	if (p->top && p->top + page > n)
		p->top = n > page ? n - page : 0;
}

static void draw_title(const struct view *v, const struct region *r)
{
	const struct frame *f = frame_of(v);
	int x = draw_fmt(r, 0, 0, -1, ROLE_DIM, 0, "%" PRIu32 "/%" PRIu32 " ", v->frame + 1,
			 stacktab_depth(&v->world->stacks, v->stack));

	draw_cut(r, x, 0, r->w - x, ROLE_FUNC, ATTR_BOLD, strtab_get(&v->world->strings, f->func));
}

static void vars_draw(struct pane *pane, const struct region *r, bool focused)
{
	struct vars_pane *p = (struct vars_pane *)pane;
	const char *why = why_not(pane->view);
	struct region body;
	int y = 1;

	if (why) {
		draw_sentence(r, 1, ROLE_DIM, why);
		return;
	}
	refresh(p);
	draw_title(pane->view, r);
	if (*p->values.note)
		y += draw_sentence(r, y, p->values.moved ? ROLE_WARN : ROLE_DIM, p->values.note);
	if (!p->here)
		draw_str(r, 1, y, -1, ROLE_DIM, 0, "reading …");
	body = region_sub(r, 0, y, r->w, r->h - y);
	p->page = body.h;
	p->first = y;
	clamp(p);
	for (int i = 0; i < body.h && p->top + (size_t)i < p->values.v.n; i++) {
		draw_value(p, &body, i, p->top + (size_t)i);
		if (p->top + (size_t)i == p->sel)
			draw_mark(&body, 0, i, body.w, 1, focused ? ATTR_SELECT : ATTR_SELECT_AWAY);
	}
}

/* --- actions --- */

static const struct value *selected(const struct vars_pane *p)
{
	return p->sel < p->values.v.n ? &p->values.v.v[p->sel] : NULL;
}

static unsigned move_by(struct vars_pane *p, long by)
{
	long to = (long)p->sel + by, n = (long)p->values.v.n;

	p->sel = to < 0 || !n ? 0 : to >= n ? (size_t)n - 1 : (size_t)to;
	clamp(p);
	return EFF_DONE | EFF_DRAW;
}

static void set_open(struct vars_pane *p, uint64_t key, bool open)
{
	size_t i = 0;

	while (i < p->open.n && p->open.v[i] != key)
		i++;
	if (open && i == p->open.n)
		*vec_push(&p->open) = key;
	else if (!open && i < p->open.n)
		p->open.v[i] = p->open.v[--p->open.n];
	p->stale = true;
}

static unsigned open_value(struct vars_pane *p)
{
	const struct value *v = selected(p);

	if (!v || !(v->flags & VALUE_OPENABLE))
		return view_say(p->pane.view, "this value has no parts");
	if (v->flags & VALUE_OPEN)
		return move_by(p, 1);
	set_open(p, v->key, true);
	return EFF_DONE | EFF_DRAW;
}

/* Closes the value, or goes up to what it is a part of. */
static unsigned close_value(struct vars_pane *p)
{
	const struct value *v = selected(p);

	if (!v)
		return EFF_DONE;
	if (v->flags & VALUE_OPEN) {
		set_open(p, v->key, false);
		return EFF_DONE | EFF_DRAW;
	}
	for (size_t i = p->sel; i-- > 0;)
		if (p->values.v.v[i].depth < v->depth)
			return move_by(p, (long)i - (long)p->sel);
	return EFF_DONE;
}

static unsigned toggle(struct vars_pane *p)
{
	const struct value *v = selected(p);

	return v && v->flags & VALUE_OPEN ? close_value(p) : open_value(p);
}

static char *line_text(const struct values *vs, const struct value *v)
{
	const char *type = values_at(vs, v->type);

	return xasprintf("%*s%s%s%s = %s", v->depth * INDENT, "", values_at(vs, v->name),
			 *type ? " " : "", type, values_at(vs, v->text));
}

static unsigned copy_one(struct vars_pane *p)
{
	const struct value *v = selected(p);
	unsigned e;
	char *s;

	if (!v)
		return view_say(p->pane.view, "there is nothing to copy");
	s = line_text(&p->values, v);
	e = view_ask_copy(p->pane.view, s + strspn(s, " "));
	free(s);
	return e;
}

static unsigned copy_all(struct vars_pane *p)
{
	VEC(char) all = { 0 };
	unsigned e;

	for (size_t i = 0; i < p->values.v.n; i++) {
		char *s = line_text(&p->values, &p->values.v.v[i]);
		size_t n = strlen(s);

		vec_reserve(&all, all.n + n + 2);
		memcpy(all.v + all.n, s, n);
		all.v[all.n + n] = '\n';
		all.n += n + 1;
		free(s);
	}
	*vec_push(&all) = '\0';
	e = view_ask_copy(p->pane.view, all.v);
	vec_free(&all);
	return e;
}

static unsigned search_next(struct vars_pane *p, int dir)
{
	long n = (long)p->values.v.n;

	if (!p->search)
		return view_complain(p->pane.view, "nothing is searched for; / searches");
	for (long k = 1; k <= n; k++) {
		long i = (((long)p->sel + dir * k) % n + n) % n;
		char *s = line_text(&p->values, &p->values.v.v[i]);
		bool found = match_find(p->search, s, strlen(s), NULL, NULL);

		free(s);
		if (found)
			return move_by(p, i - (long)p->sel);
	}
	return view_complain(p->pane.view, "no variable that is open here matches");
}

static unsigned search(struct vars_pane *p, const struct act *a)
{
	return view_look_for(p->pane.view, &p->search, a->arg) ? search_next(p, 1)
							       : EFF_DONE | EFF_DRAW;
}

static unsigned vars_action(struct pane *pane, const struct act *a)
{
	struct vars_pane *p = (struct vars_pane *)pane;

	switch (a->id) {
	case ACT_UP:
		return move_by(p, -1);
	case ACT_DOWN:
		return move_by(p, 1);
	case ACT_PAGE_UP:
		return move_by(p, -(long)p->page);
	case ACT_PAGE_DOWN:
		return move_by(p, p->page);
	case ACT_HALF_UP:
		return move_by(p, -(long)p->page / 2);
	case ACT_HALF_DOWN:
		return move_by(p, p->page / 2);
	case ACT_TOP:
		return move_by(p, -(long)p->sel);
	case ACT_BOTTOM:
		return move_by(p, (long)p->values.v.n);
	case ACT_LEFT:
		return close_value(p);
	case ACT_RIGHT:
		return open_value(p);
	case ACT_OPEN:
		return toggle(p);
	case ACT_SEARCH:
		return search(p, a);
	case ACT_SEARCH_NEXT:
		return search_next(p, 1);
	case ACT_SEARCH_PREV:
		return search_next(p, -1);
	case ACT_COPY:
		return copy_one(p);
	case ACT_COPY_ALL:
		return copy_all(p);
	default:
		return EFF_NONE;
	}
}

static unsigned vars_mouse(struct pane *pane, const struct mouse *m)
{
	struct vars_pane *p = (struct vars_pane *)pane;
	size_t at = p->top + (size_t)(m->y > p->first ? m->y - p->first : 0);

	if (m->kind != MOUSE_PRESS && m->kind != MOUSE_DOUBLE)
		return EFF_NONE;
	if (m->y < p->first || at >= p->values.v.n)
		return EFF_DONE;
	p->sel = at;
	return m->kind == MOUSE_DOUBLE ? toggle(p) : EFF_DONE | EFF_DRAW;
}

static void vars_free(struct pane *pane)
{
	struct vars_pane *p = (struct vars_pane *)pane;

	if (p->job)
		p->job->pane = NULL;
	values_release(&p->values);
	map64_free(&p->changed);
	vec_free(&p->open);
	match_free(p->search);
	free(p);
}

static const struct pane_ops vars_ops = {
	.id = PANE_VARS,
	.number = '4',
	.name = "variables",
	.title = "Vars",
	.draw = vars_draw,
	.action = vars_action,
	.mouse = vars_mouse,
	.free = vars_free,
};

struct pane *pane_vars_new(struct view *v)
{
	struct vars_pane *p = xcalloc(1, sizeof(*p));

	p->pane = (struct pane){ &vars_ops, v };
	return &p->pane;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong, how sure that is, by what evidence, and what to do next. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/pane.h"

enum { LIST_LEAST = 3, TALL = 9 };

struct findings_pane {
	struct pane pane;
	finding_order order;
	uint64_t stamp; /* of what the order was made from */
	uint64_t id; /* of the selected one */
	size_t sel, top, at; /* at: which of its goroutines was chosen last */
	int page;
	bool why; /* why not sure is shown in place of the evidence */
	bool made;
};

static struct findings *findings_of(const struct findings_pane *p)
{
	return p->pane.view->detect ? &p->pane.view->detect->findings : NULL;
}

static const struct finding *selected(const struct findings_pane *p)
{
	return p->sel < p->order.n ? &findings_of(p)->v.v[p->order.v[p->sel]] : NULL;
}

static void refresh(struct findings_pane *p)
{
	struct findings *f = findings_of(p);

	if (!f || (p->made && p->stamp == f->stamp))
		return;
	findings_order(f, true, &p->order);
	p->stamp = f->stamp;
	p->made = true;
	for (size_t i = 0; i < p->order.n; i++)
		if (f->v.v[p->order.v[i]].id == p->id)
			p->sel = i;
	if (p->sel >= p->order.n)
		p->sel = p->order.n ? p->order.n - 1 : 0;
	if (selected(p))
		p->id = selected(p)->id;
}

/* --- drawing --- */

static enum role severity_role(const struct finding *f)
{
	if (!f->present || f->muted)
		return ROLE_DIM;
	return f->severity == SEVERITY_ERROR	 ? ROLE_ERROR
	       : f->severity == SEVERITY_WARNING ? ROLE_WARN
						 : ROLE_INFO;
}

static const char *severity_short(const struct finding *f)
{
	static const char *const name[] = { "INF", "WRN", "ERR" };

	return !f->present ? "was" : f->muted ? "mut" : name[f->severity];
}

static void draw_head(const struct region *r)
{
	draw_fill(r, 0, 0, r->w, 1, ROLE_COLUMN, 0);
	draw_str(r, 2, 0, -1, ROLE_COLUMN, 0, "SEV DETECTOR    SURE    SINCE      G  SUMMARY");
}

static void draw_row(const struct findings_pane *p, const struct region *r, int y, size_t i)
{
	const struct view *v = p->pane.view;
	const struct finding *f = &findings_of(p)->v.v[p->order.v[i]];
	int64_t since = f->since == T_BEFORE ? 0 : f->since;
	char buf[TEXT_SHORT];

	draw_str(r, 2, y, 3, severity_role(f), ATTR_BOLD, severity_short(f));
	draw_cut(r, 6, y, 11, ROLE_TEXT, 0, detector_table[f->detector].name);
	draw_str(r, 18, y, 7, f->certainty == CERTAINTY_PROVEN ? ROLE_STRONG : ROLE_TEXT, 0,
		 certainty_name((enum certainty)f->certainty));
	draw_right(r, 25, y, 6, ROLE_TIME, 0,
		   f->since == T_NEVER ? "" : text_duration(buf, v->world->now.time - since));
	draw_right(r, 32, y, 6, ROLE_GOID, 0, text_count(buf, f->n));
	draw_cut(r, 40, y, r->w - 40, f->present && !f->muted ? ROLE_TEXT : ROLE_DIM, 0,
		 f->summary);
}

/* Text over as many lines as it takes, broken at blanks. Returns lines used. */
static int draw_wrapped(const struct region *r, int y, enum role role, const char *mark,
			const char *text)
{
	int left = (int)strlen(mark), width = r->w - left - 2, lines = 0;

	while (*text && y + lines < r->h && width > 8) {
		size_t n = strlen(text), cut = (size_t)width;

		if (n > cut) {
			while (cut > 8 && text[cut] != ' ')
				cut--;
			n = cut > 8 ? cut : (size_t)width;
		}
		if (!lines)
			draw_str(r, 1, y, left, ROLE_DIM, 0, mark);
		draw_text(r, 1 + left, y + lines++, width, role, 0, text, n);
		text += n;
		text += strspn(text, " ");
	}
	return lines;
}

static void draw_detail(const struct findings_pane *p, const struct region *r)
{
	const struct finding *f = selected(p);
	const struct strtab *s = &p->pane.view->world->strings;
	char place[256];
	int y = 1;

	draw_sym(r, 0, 0, r->w, SYM_HLINE, ROLE_BORDER, 0);
	if (!f)
		return;
	y += draw_wrapped(r, y, ROLE_STRONG, "", f->summary);
	if (f->func) {
		snprintf(place, sizeof(place), "%s %s:%" PRIu32, strtab_get(s, f->func),
			 strtab_get(s, f->file), f->line);
		y += draw_wrapped(r, y, ROLE_FILE, "at ", place);
	}
	if (p->why)
		y += draw_wrapped(r, y, ROLE_WARN, "not sure: ",
				  *f->why ? f->why : "it is proven: it cannot be otherwise");
	y += draw_wrapped(r, y, ROLE_GOOD, "next: ", f->advice);
	for (size_t i = 0; i < f->evidence.n; i++)
		y += draw_wrapped(r, y, ROLE_TEXT, "- ", f->evidence.v[i]);
}

static void scroll_to(struct findings_pane *p)
{
	size_t page = p->page > 0 ? (size_t)p->page : 1;

	if (p->sel < p->top)
		p->top = p->sel;
	if (p->sel >= p->top + page)
		p->top = p->sel - page + 1;
	if (p->order.n < p->top + page)
		p->top = p->order.n > page ? p->order.n - page : 0;
}

static void findings_draw(struct pane *pane, const struct region *r, bool focused)
{
	struct findings_pane *p = (struct findings_pane *)pane;
	int list = r->h - 1;

	refresh(p);
	if (r->h >= TALL) { /* what is found takes no more room than it needs */
		list = p->order.n < (size_t)r->h / 3 ? (int)p->order.n : r->h / 3;
		list = list < LIST_LEAST ? LIST_LEAST : list;
	}
	p->page = list;
	scroll_to(p);
	draw_head(r);
	if (!p->order.n)
		draw_str(r, 2, 2, -1, ROLE_DIM, 0,
			 p->pane.view->world->progress.whole || p->pane.view->live
				 ? "nothing was found"
				 : "reading …");
	for (int y = 0; y < list && p->top + (size_t)y < p->order.n; y++) {
		draw_row(p, r, y + 1, p->top + (size_t)y);
		if (p->top + (size_t)y != p->sel)
			continue;
		draw_sym(r, 0, y + 1, 1, SYM_SELECT, ROLE_STRONG, 0);
		draw_mark(r, 0, y + 1, r->w, 1, focused ? ATTR_SELECT : ATTR_SELECT_AWAY);
	}
	if (r->h >= TALL && p->order.n) {
		struct region below = region_sub(r, 0, list + 1, r->w, r->h - list - 1);

		draw_detail(p, &below);
	}
}

/* --- actions --- */

static unsigned select_at(struct findings_pane *p, long to)
{
	refresh(p);
	if (!p->order.n)
		return EFF_DONE;
	p->sel = to < 0 ? 0 : (size_t)to < p->order.n ? (size_t)to : p->order.n - 1;
	p->id = selected(p)->id;
	p->at = 0;
	return EFF_DONE | EFF_DRAW;
}

/* The finding's goroutine number `at` is the chosen one. */
static unsigned choose(struct findings_pane *p, size_t at, unsigned effects)
{
	struct view *v = p->pane.view;
	const struct finding *f = selected(p);
	uint32_t row;

	if (!f || !f->goid.n)
		return view_complain(v, "no goroutine is named here");
	p->at = at % f->goid.n;
	row = world_find(v->world, f->goid.v[p->at]);
	if (row == NO_G)
		return view_complain(v, "goroutine %" PRIu64 " is gone", f->goid.v[p->at]);
	view_choose(v, row);
	view_say(v, "goroutine %" PRIu64 ", %zu of %" PRIu32, f->goid.v[p->at], p->at + 1, f->n);
	return effects;
}

static unsigned step(struct findings_pane *p, int dir)
{
	const struct finding *f = selected(p);

	if (!f || !f->goid.n)
		return EFF_DONE;
	return choose(p, dir > 0 ? p->at + 1 : p->at + f->goid.n - 1, EFF_DONE | EFF_DRAW);
}

static unsigned mute(struct findings_pane *p)
{
	struct view *v = p->pane.view;
	const struct finding *f = selected(p);
	bool muted;

	if (!f)
		return view_complain(v, "there is nothing to mute");
	muted = !f->muted;
	findings_mute(findings_of(p), f->id, muted);
	refresh(p);
	return view_say(v, muted ? "muted: it is not counted any more; a takes that back"
				 : "counted again");
}

static unsigned why(struct findings_pane *p)
{
	const struct finding *f = selected(p);

	if (!f)
		return view_complain(p->pane.view, "nothing was found");
	p->why = !p->why;
	if (!p->why)
		return EFF_DONE | EFF_DRAW;
	return view_say(p->pane.view, "%s",
			*f->why ? f->why : "it is proven: it cannot be otherwise");
}

static unsigned copy(struct findings_pane *p, bool all)
{
	const struct finding *f = selected(p);
	char *text = NULL;
	unsigned eff;
	size_t size;
	FILE *out;

	if (!f || !(out = open_memstream(&text, &size)))
		return EFF_DONE;
	fprintf(out, "%s %s (%s): %s", severity_name((enum severity)f->severity),
		detector_table[f->detector].name, certainty_name((enum certainty)f->certainty),
		f->summary);
	for (size_t i = 0; all && i < f->evidence.n; i++)
		fprintf(out, "\n- %s", f->evidence.v[i]);
	if (all)
		fprintf(out, "\nnext: %s", f->advice);
	fclose(out);
	eff = view_ask_copy(p->pane.view, text);
	free(text);
	return eff;
}

static unsigned findings_action(struct pane *pane, const struct act *a)
{
	struct findings_pane *p = (struct findings_pane *)pane;
	long at = (long)p->sel;

	switch (a->id) {
	case ACT_UP:
		return select_at(p, at - 1);
	case ACT_DOWN:
		return select_at(p, at + 1);
	case ACT_PAGE_UP:
	case ACT_HALF_UP:
		return select_at(p, at - p->page);
	case ACT_PAGE_DOWN:
	case ACT_HALF_DOWN:
		return select_at(p, at + p->page);
	case ACT_TOP:
		return select_at(p, 0);
	case ACT_BOTTOM:
		return select_at(p, (long)p->order.n);
	case ACT_LEFT:
		return step(p, -1);
	case ACT_RIGHT:
		return step(p, 1);
	case ACT_OPEN:
		refresh(p);
		return choose(p, p->at, EFF_DONE | EFF_OPEN);
	case ACT_MUTE:
		return mute(p);
	case ACT_WHY:
		return why(p);
	case ACT_COPY:
		return copy(p, false);
	case ACT_COPY_ALL:
		return copy(p, true);
	default:
		return EFF_NONE;
	}
}

static unsigned findings_mouse(struct pane *pane, const struct mouse *m)
{
	struct findings_pane *p = (struct findings_pane *)pane;

	if (m->kind == MOUSE_WHEEL)
		return select_at(p, (long)p->sel + m->wheel);
	if ((m->kind != MOUSE_PRESS && m->kind != MOUSE_DOUBLE) || m->y < 1 || m->y > p->page ||
	    p->top + (size_t)(m->y - 1) >= p->order.n)
		return EFF_NONE;
	select_at(p, (long)p->top + m->y - 1);
	return m->kind == MOUSE_DOUBLE ? choose(p, 0, EFF_DONE | EFF_OPEN) : EFF_DONE | EFF_DRAW;
}

static const char *findings_note(struct pane *pane, char *buf, size_t size)
{
	const struct findings *f = findings_of((struct findings_pane *)pane);

	if (!f)
		return "";
	snprintf(buf, size, "%" PRIu32 " error%s, %" PRIu32 " warning%s, %" PRIu32 " info",
		 f->count[SEVERITY_ERROR], f->count[SEVERITY_ERROR] == 1 ? "" : "s",
		 f->count[SEVERITY_WARNING], f->count[SEVERITY_WARNING] == 1 ? "" : "s",
		 f->count[SEVERITY_INFO]);
	return buf;
}

static void findings_free(struct pane *pane)
{
	struct findings_pane *p = (struct findings_pane *)pane;

	vec_free(&p->order);
	free(p);
}

static const struct pane_ops findings_ops = {
	.id = PANE_FINDINGS,
	.number = '5',
	.name = "findings",
	.title = "Findings",
	.draw = findings_draw,
	.action = findings_action,
	.mouse = findings_mouse,
	.note = findings_note,
	.free = findings_free,
};

struct pane *pane_findings_new(struct view *v)
{
	struct findings_pane *p = xcalloc(1, sizeof(*p));

	p->pane = (struct pane){ &findings_ops, v };
	return &p->pane;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Where time went, as an icicle: callers on top, each call as wide as its time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/flame.h"
#include "analysis/groups.h"
#include "ui/pane.h"

enum { FOLLOW_NS = 1000 * 1000 * 1000, LINES_ABOVE = 1 };

enum scope { SCOPE_ALL, SCOPE_GROUP, SCOPE_GOROUTINE, SCOPE_N };

/* A call as it is drawn; level 0 is the one that is zoomed into. */
struct box {
	uint32_t node; /* NO_FLAME: several that are too narrow */
	int level, x, w;
};

struct kid {
	uint32_t node;
	const char *name; /* NULL: a head */
};

struct flame_pane {
	struct pane pane;
	struct profile prof;
	struct flame flame;
	struct profile_choice choice;
	enum scope scope;
	struct group group; /* SCOPE_GROUP: which */
	uint32_t scope_row; /* chosen when the scope was made */
	bool *keep; /* of it */
	size_t keep_cap;
	struct time_span wanted;
	/* what the flame was begun with */
	uint64_t made_prof, made_keep, made_choice;
	uint64_t settings; /* grows when the choice is changed by a key */

	uint32_t sel, zoom; /* nodes, which are paths */
	VEC(uint32_t) zoomed; /* those zoomed into before */
	VEC(struct box) box;
	VEC(struct kid) kid;
	int top; /* level on the first line below the head */
	int rows, width; /* as last drawn */

	struct match *search;
	char *pattern;
	VEC(uint8_t) met;
	int64_t met_ns;
	uint64_t met_stamp; /* of the flame */
};

static const char *const scope_names[SCOPE_N] = { "all", "group", "goroutine" };

/* --- what is chosen --- */

static struct time_span span_of(const struct flame_pane *p)
{
	const struct view *v = p->pane.view;
	struct time_span s = v->span_all ? (struct time_span){ T_BEFORE, T_NEVER } : v->span;

	if (!v->live || v->span_all || p->wanted.t1 == T_NEVER)
		return s;
	/* one that goes with the newest state is read anew now and then, not with each frame */
	if (s.t1 - s.t0 == p->wanted.t1 - p->wanted.t0 && llabs(s.t0 - p->wanted.t0) < FOLLOW_NS)
		return p->wanted;
	return s;
}

static void scope_take(struct flame_pane *p)
{
	const struct view *v = p->pane.view;
	const struct moment *m = view_moment(v);
	uint32_t row = v->row;
	bool by_creator = v->grouping == GROUP_CREATOR;

	p->scope_row = row;
	if (row >= m->n)
		return;
	p->group = (struct group){
		.row = row,
		.state = m->state[row],
		.key = by_creator ? v->world->g.v[row].create_stack : m->stack[row],
	};
}

static const bool *scope_keep(struct flame_pane *p)
{
	const struct view *v = p->pane.view;
	const struct moment *m = view_moment(v);
	enum grouping by = v->grouping == GROUP_CREATOR ? GROUP_CREATOR : GROUP_STACK;

	if (m->n > p->keep_cap) {
		p->keep_cap = m->n + m->n / 4 + 64;
		p->keep = xrealloc(p->keep, p->keep_cap, sizeof(*p->keep));
	}
	for (size_t i = 0; i < m->n; i++)
		p->keep[i] = i == p->scope_row ||
			     (p->scope == SCOPE_GROUP && group_has(v->world, m, by, &p->group, i));
	return p->keep;
}

static void flame_start(struct flame_pane *p)
{
	struct view *v = p->pane.view;

	p->choice.n_keep = view_moment(v)->n;
	p->choice.keep = p->scope == SCOPE_ALL ? view_keep(v, NULL) : scope_keep(p);
	p->choice.system = p->scope == SCOPE_ALL && v->system && !v->filter;
	flame_begin(&p->flame, &p->prof, v->world, &p->choice);
	p->choice.keep = NULL;
	p->made_prof = p->prof.stamp;
	p->made_keep = v->keep_stamp;
	p->made_choice = p->settings;
}

/* What was selected stays so while there is time in it; else its nearest caller is. */
static void settle_selection(struct flame_pane *p)
{
	const struct flame *f = &p->flame;

	if (p->zoom >= f->node.n)
		p->zoom = 0;
	if (p->sel >= f->node.n)
		p->sel = 0;
	while (p->zoom && !flame_total(f, p->zoom))
		p->zoom = f->node.v[p->zoom].parent;
	while (p->sel && !flame_total(f, p->sel))
		p->sel = f->node.v[p->sel].parent;
	for (uint32_t i = p->sel; i != p->zoom; i = f->node.v[i].parent)
		if (!i) {
			p->sel = p->zoom;
			break;
		}
}

/* Returns whether there is more to do. */
static bool work(struct flame_pane *p)
{
	if (profile_work(&p->prof, p->pane.view->world))
		return true;
	if (!flame_busy(&p->flame))
		return false;
	if (!flame_step(&p->flame, p->pane.view->piece_ns))
		return true;
	settle_selection(p);
	p->pane.view->answered = true;
	return false;
}

/* Nothing new comes while the view is held; another span may be looked at. */
static void want(struct flame_pane *p)
{
	const struct view *v = p->pane.view;
	struct time_span s = span_of(p);
	bool same = p->prof.stamp && s.t0 == p->wanted.t0 && s.t1 == p->wanted.t1;

	if (flame_busy(&p->flame) || (v->paused && same))
		return;
	p->wanted = s;
	profile_want(&p->prof, v->world, s.t0, s.t1);
}

static void refresh(struct flame_pane *p)
{
	struct view *v = p->pane.view;

	if (p->scope != SCOPE_ALL && p->scope_row != v->row) {
		scope_take(p);
		p->settings++;
	}
	want(p);
	if (!flame_busy(&p->flame) && profile_ready(&p->prof) &&
	    (p->made_prof != p->prof.stamp || p->made_keep != v->keep_stamp ||
	     p->made_choice != p->settings))
		flame_start(p);
	if (flame_busy(&p->flame) && !v->piece_ns)
		work(p);
	else if (flame_busy(&p->flame) || p->prof.is_starting)
		v->answered = true; /* work() goes on with it */
}

/* --- where the boxes are --- */

static int by_name(const void *a, const void *b)
{
	const struct kid *x = a, *y = b;

	if (x->name && y->name && strcmp(x->name, y->name) != 0)
		return strcmp(x->name, y->name);
	if (!x->name != !y->name)
		return x->name ? 1 : -1;
	return x->node < y->node ? -1 : x->node > y->node;
}

static double share(const struct flame *f, uint32_t node, uint32_t of)
{
	int64_t whole = flame_total(f, of);

	return whole ? (double)flame_total(f, node) / (double)whole : 0;
}

/* Those that are wide enough to be seen, by name, so that they stay where they are. */
static void find_kids(struct flame_pane *p, const struct box *b)
{
	const struct flame *f = &p->flame;

	p->kid.n = 0;
	for (uint32_t i = f->node.v[b->node].first_child; i != NO_FLAME; i = f->node.v[i].next) {
		bool head = f->node.v[i].flags & FLAME_HEAD;

		if (!flame_total(f, i) || share(f, i, b->node) * b->w < 0.5)
			continue;
		*vec_push(&p->kid) = (struct kid){ i, head ? NULL : flame_name(f, i, NULL, 0) };
	}
	if (p->kid.n)
		qsort(p->kid.v, p->kid.n, sizeof(*p->kid.v), by_name);
}

static void add_box(struct flame_pane *p, const struct box *parent, uint32_t node, double from,
		    double to)
{
	int x0 = (int)(from * parent->w + 0.5), x1 = (int)(to * parent->w + 0.5);

	if (x1 > parent->w)
		x1 = parent->w;
	if (x1 > x0)
		*vec_push(&p->box) =
			(struct box){ node, parent->level + 1, parent->x + x0, x1 - x0 };
}

static void place_kids(struct flame_pane *p, size_t box)
{
	const struct flame *f = &p->flame;
	struct box b = p->box.v[box];
	double at = 0, self;

	find_kids(p, &b);
	for (size_t i = 0; i < p->kid.n; i++) {
		double w = share(f, p->kid.v[i].node, b.node);

		add_box(p, &b, p->kid.v[i].node, at, at + w);
		at += w;
	}
	self = flame_total(f, b.node) ? (double)f->self.v[b.node] / (double)flame_total(f, b.node)
				      : 0;
	add_box(p, &b, NO_FLAME, at, 1 - self);
}

/* Levels that nobody sees are not placed. */
static void place_boxes(struct flame_pane *p)
{
	int levels = p->top + p->rows;

	p->box.n = 0;
	if (!flame_total(&p->flame, p->zoom))
		return;
	*vec_push(&p->box) = (struct box){ p->zoom, 0, 0, p->width };
	for (size_t i = 0; i < p->box.n; i++)
		if (p->box.v[i].node != NO_FLAME && p->box.v[i].level + 1 < levels)
			place_kids(p, i);
}

static int level_of(const struct flame_pane *p, uint32_t node)
{
	return p->flame.node.v[node].depth - p->flame.node.v[p->zoom].depth;
}

static void scroll(struct flame_pane *p)
{
	int level = p->sel < p->flame.node.n ? level_of(p, p->sel) : 0;

	if (level < p->top)
		p->top = level;
	if (p->rows > 0 && level >= p->top + p->rows)
		p->top = level - p->rows + 1;
}

static struct box *box_of(const struct flame_pane *p, uint32_t node)
{
	for (size_t i = 0; i < p->box.n; i++)
		if (p->box.v[i].node == node)
			return &p->box.v[i];
	return NULL;
}

/* --- drawing --- */

static const struct frame *frame_of(const struct flame_pane *p, uint32_t node)
{
	const struct flame_node *n = &p->flame.node.v[node];

	if (n->flags & (FLAME_HEAD | FLAME_UNKNOWN))
		return NULL;
	return stacktab_frame(&p->pane.view->world->stacks, n->stack, n->frame);
}

static enum role box_role(const struct flame_pane *p, uint32_t node)
{
	const struct flame_node *n = &p->flame.node.v[node];

	if (p->search && node < p->met.n && p->met.v[node] & 1)
		return ROLE_MATCH;
	if (!(n->flags & (FLAME_HEAD | FLAME_OWN)))
		return ROLE_IDLE;
	if (n->kind == PROFILE_READY)
		return ROLE_READY;
	if (n->kind < R_N)
		return role_state(n->kind == R_SYSCALL ? GS_SYSCALL : GS_BLOCKED,
				  (enum reason)n->kind);
	return ROLE_RUN;
}

static const char *time_name(const struct flame_pane *p)
{
	return p->flame.choice.time == PROFILE_OFF_CPU ? "off CPU"
	       : p->flame.by_state		       ? "on CPU by state"
						       : "on CPU by samples";
}

static void draw_box(const struct flame_pane *p, const struct region *r, const struct box *b,
		     bool focused)
{
	const struct flame_node *n = &p->flame.node.v[b->node];
	enum role role = box_role(p, b->node);
	bool sel = b->node == p->sel;
	unsigned attr = sel ? ATTR_BOLD | (focused ? ATTR_SELECT : ATTR_SELECT_AWAY)
			: role == ROLE_MATCH ? 0u
					     : ATTR_REVERSE;
	int y = b->level - p->top + LINES_ABOVE, x = b->x, end = b->x + b->w;
	const char *name;
	char buf[256];

	draw_sym(r, x++, y, 1, sel ? SYM_SELECT : SYM_VLINE, sel ? ROLE_STRONG : role, 0);
	draw_fill(r, x, y, end - x, 1, role, attr);
	if (n->flags & FLAME_INLINED && end - x > 1)
		draw_sym(r, x++, y, 1, SYM_INLINED, role, attr);
	name = b->node ? flame_name(&p->flame, b->node, buf, sizeof(buf)) : time_name(p);
	draw_cut(r, x, y, end - x, role, attr, b->node ? text_base(name) : name);
}

static void draw_boxes(const struct flame_pane *p, const struct region *r, bool focused)
{
	for (size_t i = 0; i < p->box.n; i++) {
		const struct box *b = &p->box.v[i];

		if (b->level < p->top || b->level >= p->top + p->rows)
			continue;
		if (b->node == NO_FLAME)
			draw_sym(r, b->x, b->level - p->top + LINES_ABOVE, b->w, SYM_READY,
				 ROLE_DIM, 0);
		else
			draw_box(p, r, b, focused);
	}
}

/* "45.1%  1.20s, itself 0.3s  main.work  work.go:88, inlined" */
static void draw_selected(const struct flame_pane *p, const struct region *r)
{
	const struct flame *f = &p->flame;
	const struct frame *fr = frame_of(p, p->sel);
	char total[TEXT_SHORT], self[TEXT_SHORT], name[256];
	int x = 0;

	x += draw_fmt(r, x, 0, r->w, ROLE_STRONG, ATTR_BOLD, "%.1f%%", 100 * share(f, p->sel, 0));
	x += draw_fmt(r, x, 0, r->w - x, ROLE_TIME, 0, " %s",
		      text_duration(total, flame_total(f, p->sel)));
	if (f->self.v[p->sel])
		x += draw_fmt(r, x, 0, r->w - x, ROLE_DIM, 0, " (itself %s)",
			      text_duration(self, f->self.v[p->sel]));
	if (p->zoom)
		x += draw_fmt(r, x, 0, r->w - x, ROLE_DIM, 0, " %.1f%% of the zoom",
			      100 * share(f, p->sel, p->zoom));
	x += draw_str(r, x, 0, r->w - x, ROLE_TEXT, 0, "  ");
	x += draw_cut(r, x, 0, r->w - x, ROLE_FUNC, 0, flame_name(f, p->sel, name, sizeof(name)));
	if (!fr)
		return;
	if (fr->file)
		x += draw_fmt(r, x, 0, r->w - x, ROLE_FILE, 0, "  %s:%" PRIu32,
			      text_base(strtab_get(&p->pane.view->world->strings, fr->file)),
			      fr->line);
	if (f->node.v[p->sel].flags & FLAME_INLINED)
		draw_str(r, x, 0, r->w - x, ROLE_DIM, 0, ", inlined");
}

/* Why there is nothing to see, and what to do; NULL: there is. */
static const char *why_empty(const struct flame_pane *p, char *buf, size_t size)
{
	const struct view *v = p->pane.view;
	const char *who = p->scope == SCOPE_GOROUTINE ? "this goroutine"
			  : p->scope == SCOPE_GROUP   ? "this group"
						      : "what is shown";
	const char *more = p->scope != SCOPE_ALL ? ", or s takes in more"
			   : v->filter		 ? ", or Esc takes the filter off"
						 : "";

	if (!v->world->history)
		return "this source tells no events, so there is no time to sum up";
	if (!p->flame.stamp || (!flame_total(&p->flame, 0) &&
				(flame_busy(&p->flame) || profile_progress(&p->prof) < 1000)))
		return "reading …";
	if (flame_total(&p->flame, 0))
		return NULL;
	if (p->prof.cut && p->prof.t0 >= p->prof.t1)
		return "what happened in this time is not kept any more:\n0 shows all that is";
	if (p->choice.time == PROFILE_ON_CPU)
		snprintf(buf, size,
			 "%s was never on CPU in this time:\nc tells what it waited for%s", who,
			 more);
	else
		snprintf(buf, size, "%s never waited in this time:\nc tells where it ran%s", who,
			 more);
	return buf;
}

static void search_all(struct flame_pane *p)
{
	if (!p->search || p->met_stamp == p->flame.stamp)
		return;
	vec_reserve(&p->met, p->flame.node.n);
	p->met.n = p->flame.node.n;
	p->met_ns = flame_search(&p->flame, p->search, p->met.v);
	p->met_stamp = p->flame.stamp;
}

static void prepare(struct flame_pane *p)
{
	refresh(p);
	search_all(p);
	if (p->flame.node.n && p->flame.total.n) {
		scroll(p);
		place_boxes(p);
	}
}

/* What is not so, and what to do, on a line each. */
static void draw_why(const struct region *r, const char *why)
{
	size_t n = strcspn(why, "\n");
	int y = r->h > 2;

	draw_text(r, 2, y, -1, ROLE_DIM, 0, why, n);
	if (why[n])
		draw_str(r, 2, y + 1, -1, ROLE_DIM, 0, why + n + 1);
}

static void flame_draw(struct pane *pane, const struct region *r, bool focused)
{
	struct flame_pane *p = (struct flame_pane *)pane;
	char buf[256];
	const char *why;

	p->rows = r->h - LINES_ABOVE;
	p->width = r->w;
	prepare(p);
	why = why_empty(p, buf, sizeof(buf));
	if (why) {
		p->box.n = 0;
		draw_why(r, why);
		return;
	}
	draw_selected(p, r);
	draw_boxes(p, r, focused);
}

/* --- moving --- */

/* The source pane shows the place of what is selected. */
static unsigned select_node(struct flame_pane *p, uint32_t node)
{
	const struct flame_node *n = &p->flame.node.v[node];

	p->sel = node;
	if (frame_of(p, node))
		view_choose_frame(p->pane.view, n->stack, n->frame);
	return EFF_DONE | EFF_DRAW;
}

/* To the caller, no further out than the zoom. */
static unsigned go_up(struct flame_pane *p, int by)
{
	uint32_t to = p->sel;

	while (by-- > 0 && to && to != p->zoom)
		to = p->flame.node.v[to].parent;
	return select_node(p, to);
}

static uint32_t widest_child(const struct flame *f, uint32_t node)
{
	uint32_t best = NO_FLAME;

	for (uint32_t i = f->node.v[node].first_child; i != NO_FLAME; i = f->node.v[i].next)
		if (flame_total(f, i) &&
		    (best == NO_FLAME || flame_total(f, i) > flame_total(f, best)))
			best = i;
	return best;
}

static unsigned go_down(struct flame_pane *p, int by)
{
	uint32_t to = p->sel, next;

	while (by-- > 0 && (next = widest_child(&p->flame, to)) != NO_FLAME)
		to = next;
	return select_node(p, to);
}

/* To the box beside it; those of a level stand in order. */
static unsigned go_beside(struct flame_pane *p, int dir)
{
	const struct box *here = box_of(p, p->sel);
	long i = here ? here - p->box.v : -1;

	if (!here)
		return go_up(p, 1);
	for (i += dir; i >= 0 && (size_t)i < p->box.n && p->box.v[i].level == here->level; i += dir)
		if (p->box.v[i].node != NO_FLAME)
			return select_node(p, p->box.v[i].node);
	return EFF_DONE;
}

static unsigned zoom_in(struct flame_pane *p)
{
	if (p->sel == p->zoom)
		return view_say(p->pane.view, "it is zoomed into already: Esc goes back out");
	*vec_push(&p->zoomed) = p->zoom; /* NOLINT: it is there */
	p->zoom = p->sel;
	p->top = 0;
	return EFF_DONE | EFF_DRAW;
}

/* Esc: out of the zoom, then ends the search; else it is not ours. */
static unsigned go_back(struct flame_pane *p)
{
	if (p->zoom) {
		p->zoom = p->zoomed.n ? p->zoomed.v[--p->zoomed.n] : 0;
		settle_selection(p);
		return EFF_DONE | EFF_DRAW;
	}
	if (!p->search)
		return EFF_NONE;
	match_free(p->search);
	p->search = NULL;
	return EFF_DONE | EFF_DRAW;
}

/* --- search --- */

/* Of those that are too narrow to be seen the one with the most time. */
static unsigned search_widest(struct flame_pane *p)
{
	const struct flame *f = &p->flame;
	uint32_t best = 0;

	for (uint32_t i = 1; i < p->met.n; i++) {
		uint32_t up = i;

		if (!(p->met.v[i] & 1) || flame_total(f, i) <= (best ? flame_total(f, best) : 0))
			continue;
		while (up && up != p->zoom)
			up = f->node.v[up].parent;
		best = up == p->zoom ? i : best;
	}
	return best ? select_node(p, best)
		    : view_say(p->pane.view, "what matches lies outside of the zoom");
}

/* The next box that is met, in the order in which they stand. */
static unsigned search_next(struct flame_pane *p, int dir)
{
	const struct box *here = box_of(p, p->sel);
	size_t n = p->box.n, at = here ? (size_t)(here - p->box.v) : 0;

	if (!p->search)
		return view_complain(p->pane.view, "nothing is searched for; / searches");
	for (size_t i = 1; i <= n; i++) {
		const struct box *b = &p->box.v[(at + (dir > 0 ? i : n - i)) % n];

		if (b->node != NO_FLAME && b->node < p->met.n && p->met.v[b->node] & 1)
			return select_node(p, b->node);
	}
	return search_widest(p);
}

static unsigned search(struct flame_pane *p, const struct act *a)
{
	struct view *v = p->pane.view;
	char ns[TEXT_SHORT];
	int64_t all;

	if (!view_look_for(v, &p->search, a->arg))
		return EFF_DONE | EFF_DRAW;
	free(p->pattern);
	p->pattern = xstrdup(a->arg);
	p->met_stamp = 0;
	prepare(p);
	all = flame_total(&p->flame, 0);
	if (!p->met_ns)
		return view_complain(v, "no function here matches '%s'", a->arg);
	if (!a->typing)
		search_next(p, 1);
	return view_say(v, "%.1f%% of the time, %s, is in what matches",
			all ? 100 * (double)p->met_ns / (double)all : 0,
			text_duration(ns, p->met_ns));
}

/* --- what is shown --- */

static unsigned changed(struct flame_pane *p)
{
	p->settings++;
	return EFF_DONE | EFF_DRAW;
}

static unsigned set_time(struct flame_pane *p, const char *arg)
{
	int t = arg ? profile_time_parse(arg) : ((int)p->choice.time + 1) % PROFILE_TIMES;

	if (t < 0)
		return view_complain(p->pane.view, "no such time '%s': on-cpu or off-cpu", arg);
	if (p->choice.time != (enum profile_time)t)
		p->sel = p->zoom = 0;
	p->choice.time = (enum profile_time)t;
	p->zoomed.n = 0;
	return changed(p);
}

static int parse_scope(const char *name)
{
	for (int i = 0; i < SCOPE_N; i++)
		if (!strcmp(name, scope_names[i]))
			return i;
	return -1;
}

static unsigned set_scope(struct flame_pane *p, const char *arg)
{
	int s = arg ? parse_scope(arg) : ((int)p->scope + 1) % SCOPE_N;

	if (s < 0)
		return view_complain(p->pane.view, "no such scope '%s': all, group or goroutine",
				     arg);
	p->scope = (enum scope)s;
	scope_take(p);
	return changed(p);
}

static unsigned set_split(struct flame_pane *p, const char *arg)
{
	static const char *const say[SPLIT_N] = { "by stack alone",
						  "by who created the goroutines, then by stack",
						  "by the goroutines' labels, then by stack",
						  "by goroutine, then by stack" };
	int s = arg ? profile_split_parse(arg) : ((int)p->choice.by + 1) % SPLIT_N;

	if (s < 0)
		return view_complain(p->pane.view,
				     "no such split '%s': none, creator, labels or goroutine", arg);
	p->choice.by = (enum profile_split)s;
	changed(p);
	return view_say(p->pane.view, "%s", say[s]);
}

/* --- copying --- */

static void copy_path(const struct flame_pane *p, FILE *out, uint32_t node)
{
	VEC(uint32_t) path = { 0 };
	char buf[256];

	for (; node && node != NO_FLAME; node = p->flame.node.v[node].parent)
		*vec_push(&path) = node; /* NOLINT: it is there */
	for (size_t i = path.n; i-- > 0;)
		fprintf(out, "%s%s", flame_name(&p->flame, path.v[i], buf, sizeof(buf)),
			i ? ";" : "");
	vec_free(&path);
}

static unsigned copy(struct flame_pane *p, bool all)
{
	char *text = NULL, buf[256];
	unsigned eff;
	size_t size;
	FILE *out;

	if (!all)
		return view_ask_copy(p->pane.view, flame_name(&p->flame, p->sel, buf, sizeof(buf)));
	out = open_memstream(&text, &size);
	if (!out)
		return EFF_DONE;
	copy_path(p, out, p->sel);
	fclose(out);
	eff = view_ask_copy(p->pane.view, text);
	free(text);
	return eff;
}

static unsigned edit(struct flame_pane *p)
{
	const struct frame *fr = frame_of(p, p->sel);

	if (!fr || !fr->file)
		return view_complain(p->pane.view, "its place in the source is not known");
	return view_ask_edit(p->pane.view, strtab_get(&p->pane.view->world->strings, fr->file),
			     fr->line);
}

/* --- actions --- */

static unsigned move(struct flame_pane *p, enum action a)
{
	switch (a) {
	case ACT_UP:
		return go_up(p, 1);
	case ACT_DOWN:
		return go_down(p, 1);
	case ACT_PAGE_UP:
	case ACT_HALF_UP:
		return go_up(p, p->rows / (a == ACT_PAGE_UP ? 1 : 2) + 1);
	case ACT_PAGE_DOWN:
	case ACT_HALF_DOWN:
		return go_down(p, p->rows / (a == ACT_PAGE_DOWN ? 1 : 2) + 1);
	case ACT_TOP:
		return go_up(p, FLAME_DEPTH + 3);
	case ACT_BOTTOM:
		return go_down(p, FLAME_DEPTH + 3);
	case ACT_LEFT:
	case ACT_RIGHT:
		return go_beside(p, a == ACT_LEFT ? -1 : 1);
	case ACT_OPEN:
		return zoom_in(p);
	case ACT_SEARCH_NEXT:
	case ACT_SEARCH_PREV:
		return search_next(p, a == ACT_SEARCH_NEXT ? 1 : -1);
	case ACT_COPY:
	case ACT_COPY_ALL:
		return copy(p, a == ACT_COPY_ALL);
	case ACT_EDIT:
		return edit(p);
	default:
		return EFF_NONE;
	}
}

static unsigned flame_action(struct pane *pane, const struct act *a)
{
	struct flame_pane *p = (struct flame_pane *)pane;

	switch (a->id) {
	case ACT_PROFILE:
		return set_time(p, a->arg);
	case ACT_SCOPE:
		return set_scope(p, a->arg);
	case ACT_SPLIT:
		return set_split(p, a->arg);
	case ACT_BACK:
		return go_back(p);
	case ACT_SEARCH:
		return search(p, a);
	default:
		break;
	}
	prepare(p);
	return p->flame.total.n ? move(p, a->id) : EFF_NONE;
}

static unsigned flame_mouse(struct pane *pane, const struct mouse *m)
{
	struct flame_pane *p = (struct flame_pane *)pane;

	if (m->kind == MOUSE_WHEEL && p->flame.total.n)
		return m->wheel < 0 ? go_up(p, 1) : go_down(p, 1);
	if (m->kind != MOUSE_PRESS && m->kind != MOUSE_DOUBLE)
		return EFF_NONE;
	for (size_t i = 0; i < p->box.n; i++) {
		const struct box *b = &p->box.v[i];

		if (b->node == NO_FLAME || b->level - p->top + LINES_ABOVE != m->y || m->x < b->x ||
		    m->x >= b->x + b->w)
			continue;
		select_node(p, b->node);
		return m->kind == MOUSE_DOUBLE ? zoom_in(p) : EFF_DONE | EFF_DRAW;
	}
	return EFF_NONE;
}

static int note_scope(const struct flame_pane *p, char *buf, size_t size)
{
	const struct world *w = p->pane.view->world;

	if (p->scope == SCOPE_GOROUTINE && p->scope_row < w->g.n)
		return snprintf(buf, size, ", goroutine %" PRIu64, w->key.v[p->scope_row].goid);
	if (p->scope == SCOPE_GROUP && p->scope_row < w->g.n)
		return snprintf(buf, size, ", group of %" PRIu64, w->key.v[p->scope_row].goid);
	return 0;
}

/* "on CPU by samples 1.2s, group of 18, by creator, since 3m02s" */
static const char *flame_note(struct pane *pane, char *buf, size_t size)
{
	const struct flame_pane *p = (const struct flame_pane *)pane;
	const struct flame *f = &p->flame;
	unsigned done = profile_progress(&p->prof);
	char t[TEXT_SHORT];
	int n;

	if (!f->stamp)
		return "";
	n = snprintf(buf, size, "%s %s", time_name(p), text_duration(t, flame_total(f, 0)));
	n += note_scope(p, buf + n, size - (size_t)n);
	if (p->choice.by)
		n += snprintf(buf + n, size - (size_t)n, ", by %s",
			      profile_split_name(p->choice.by));
	if (p->search && f->stamp == p->met_stamp && flame_total(f, 0))
		n += snprintf(buf + n, size - (size_t)n, ", %.1f%% match",
			      100 * (double)p->met_ns / (double)flame_total(f, 0));
	if (p->prof.cut)
		n += snprintf(buf + n, size - (size_t)n, ", since %s",
			      text_moment(t, p->prof.t0, 100 * 1000 * 1000));
	if (done < 1000 && !p->pane.view->live)
		snprintf(buf + n, size - (size_t)n, ", reading %u%%", done / 10);
	return buf;
}

static bool flame_work(struct pane *pane)
{
	return work((struct flame_pane *)pane);
}

static void flame_free(struct pane *pane)
{
	struct flame_pane *p = (struct flame_pane *)pane;

	flame_release(&p->flame);
	profile_release(&p->prof);
	match_free(p->search);
	free(p->pattern);
	free(p->keep);
	vec_free(&p->zoomed);
	vec_free(&p->box);
	vec_free(&p->kid);
	vec_free(&p->met);
	free(p);
}

static const struct pane_ops flame_ops = {
	.id = PANE_FLAME,
	.number = 'f',
	.name = "flame",
	.title = "Flame",
	.draw = flame_draw,
	.action = flame_action,
	.mouse = flame_mouse,
	.note = flame_note,
	.work = flame_work,
	.free = flame_free,
};

static void told(void *arg)
{
	((struct flame_pane *)arg)->pane.view->answered = true;
}

struct pane *pane_flame_new(struct view *v)
{
	struct flame_pane *p = xcalloc(1, sizeof(*p));

	p->pane = (struct pane){ &flame_ops, v };
	p->prof = (struct profile){
		.jobs = v->jobs, .told = told, .arg = p, .piece_ns = v->piece_ns
	};
	p->scope_row = NO_G;
	return &p->pane;
}

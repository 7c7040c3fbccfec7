/* SPDX-License-Identifier: Apache-2.0 */
/* The wait-for graph as a tree that opens from its root causes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/groups.h"
#include "ui/pane.h"

enum { LINES_MOST = 5000, OPEN_DEPTH = 5, RING_DEPTH = 40 };

struct graph_pane {
	struct pane pane;
	branches line;
	struct map64 turned; /* branches that are not as they are at first: key → 0 or 1 */
	uint64_t key; /* of the selected line */
	uint64_t goid; /* that it stands for, chosen last */
	size_t sel, top;
	int page;
	int64_t made_time; /* of the facts the lines are made of */
	uint64_t made_moment;
	bool made_system;
	bool stale;
};

static const struct graph *graph_of(const struct graph_pane *p)
{
	return p->pane.view->detect ? &p->pane.view->detect->graph : NULL;
}

/* --- lines --- */

/* The first levels are open, and a ring until it is closed. */
static bool opens(const struct graph *g, const struct branch *b)
{
	bool ring = b->kind == BRANCH_PORT   ? g->port.v[b->port].in_cycle
		    : b->kind == BRANCH_NODE ? g->node.v[b->node].in_cycle
					     : false;

	return b->depth < (ring ? RING_DEPTH : OPEN_DEPTH);
}

static bool is_open(void *arg, const struct branch *b)
{
	const struct graph_pane *p = arg;
	bool turned = map64_get(&p->turned, b->key) == 1;

	return opens(graph_of(p), b) != turned;
}

/* The selection stays with its branch, not with its line. */
static void find_selected(struct graph_pane *p)
{
	if (p->sel < p->line.n && p->line.v[p->sel].key == p->key)
		return;
	for (size_t i = 0; i < p->line.n; i++)
		if (p->line.v[i].key == p->key) {
			p->sel = i;
			return;
		}
	if (p->sel >= p->line.n)
		p->sel = p->line.n ? p->line.n - 1 : 0;
}

/* Why there are no lines; NULL: there may be. */
static const char *refresh(struct graph_pane *p)
{
	const struct view *v = p->pane.view;
	const struct graph *g = graph_of(p);
	struct branch_config c = {
		.open = is_open, .arg = p, .system = v->system, .most = LINES_MOST
	};

	if (!g || !g->facts || g->facts->time == T_BEFORE) {
		p->line.n = 0;
		return v->live ? "reading …"
			       : "what is waited on is not named here: a trace knows no objects";
	}
	if (!v->at_end) {
		p->line.n = 0;
		return "what is waited on is known of the newest state alone: L goes there";
	}
	if (!graph_fresh(g)) {
		p->line.n = 0;
		p->stale = true;
		return "reading …";
	}
	if (!p->stale && p->made_time == g->time && p->made_moment == v->moment_stamp &&
	    p->made_system == v->system)
		return NULL;
	p->line.n = 0;
	graph_branches(g, &c, &p->line);
	p->made_time = g->time;
	p->made_moment = v->moment_stamp;
	p->made_system = v->system;
	p->stale = false;
	find_selected(p);
	return NULL;
}

static uint32_t line_row(const struct graph_pane *p, size_t i)
{
	const struct branch *b = &p->line.v[i];

	return b->node == NO_NODE ? NO_G : graph_of(p)->node.v[b->node].row;
}

static unsigned select_line(struct graph_pane *p, size_t i)
{
	uint32_t row;

	if (!p->line.n)
		return EFF_DONE;
	p->sel = i < p->line.n ? i : p->line.n - 1;
	p->key = p->line.v[p->sel].key;
	row = line_row(p, p->sel);
	if (row != NO_G && p->line.v[p->sel].kind != BRANCH_PORT)
		view_choose(p->pane.view, row);
	return EFF_DONE | EFF_DRAW;
}

/* --- drawing --- */

static int draw_place(const struct graph_pane *p, const struct region *r, int x, int y,
		      uint32_t stack)
{
	const struct world *w = p->pane.view->world;
	const struct frame *f = stack_place(w, stack);
	int x0 = x;

	if (!f)
		return 0;
	if (f->file)
		x += draw_fmt(r, x, y, r->w - x, ROLE_FILE, 0, "%s:%" PRIu32 " ",
			      text_base(strtab_get(&w->strings, f->file)), f->line);
	x += draw_cut(r, x, y, r->w - x, ROLE_FUNC, 0, text_base(strtab_get(&w->strings, f->func)));
	return x - x0;
}

static int draw_wait(const struct graph_pane *p, const struct region *r, int x, int y, uint32_t row)
{
	const struct moment *m = view_moment(p->pane.view);
	int64_t since = m->since[row];
	char buf[TEXT_SHORT];

	text_duration(buf, m->time - (since == T_BEFORE ? 0 : since));
	return draw_fmt(r, x, y, r->w - x, ROLE_TIME, 0, "%s%s ", since == T_BEFORE ? ">" : "",
			buf);
}

static void draw_node(const struct graph_pane *p, const struct region *r, int x, int y,
		      const struct branch *b)
{
	const struct graph *g = graph_of(p);
	const struct graph_node *n = &g->node.v[b->node];
	const struct moment *m = view_moment(p->pane.view);
	bool stuck = graph_stuck(g, b->node);
	char count[TEXT_SHORT], letter[3] = "? ";

	if (b->n > 1)
		x += draw_fmt(r, x, y, r->w - x, ROLE_STRONG, 0, "%s goroutines ",
			      text_count(count, b->n));
	else
		x += draw_fmt(r, x, y, r->w - x, ROLE_GOID, ATTR_BOLD, "%" PRIu64 " ", n->goid);
	if (n->row >= m->n)
		return;
	letter[0] = state_letter(m->state[n->row], m->reason[n->row]);
	x += draw_str(r, x, y, r->w - x, role_state(m->state[n->row], m->reason[n->row]), ATTR_BOLD,
		      letter);
	x += draw_wait(p, r, x, y, n->row);
	if (stuck)
		x += draw_str(r, x, y, r->w - x, ROLE_ERROR, 0,
			      n->fate == FATE_LOST ? "never goes on " : "stuck ");
	if (b->weight > b->n)
		x += draw_fmt(r, x, y, r->w - x, stuck ? ROLE_WARN : ROLE_DIM, 0,
			      stuck ? "blocks %s " : "%s behind it ",
			      text_count(count, b->weight - b->n));
	draw_place(p, r, x, y, m->stack[n->row]);
}

static const char *port_verb(const struct object *o, unsigned side, const struct hold *h)
{
	if (h && h->op == HOLD_REF && o->kind != OBJ_CHAN)
		return "knows ";
	switch (o->kind) {
	case OBJ_CHAN:
		return side ? "to be received from: " : "to be sent to: ";
	case OBJ_MUTEX:
	case OBJ_RWMUTEX:
	case OBJ_ONCE:
		return "holds ";
	case OBJ_WAITGROUP:
		return "owes a Done to ";
	case OBJ_COND:
		return "to signal ";
	default:
		return "";
	}
}

/* "= holds mutex 0xc000 · 3 wait · deferred Unlock in main.f" */
static void draw_port(const struct graph_pane *p, const struct region *r, int x, int y,
		      const struct branch *b)
{
	const struct graph *g = graph_of(p);
	const struct strtab *s = &p->pane.view->world->strings;
	const struct object *o = port_object(g, b->port);
	const struct graph_edge *e = b->edge == NO_NODE ? NULL : &g->edge.v[b->edge];
	const struct hold *h = e && e->hold != NO_NODE ? &g->facts->hold.v[e->hold] : NULL;
	bool seen = e && (!h || h->evidence == EVIDENCE_SEEN);
	char count[TEXT_SHORT], how[TEXT_HOW];

	x += draw_str(r, x, y, r->w - x, seen ? ROLE_GOOD : ROLE_WARN, ATTR_BOLD,
		      !e     ? "? "
		      : seen ? "= "
			     : "~ ");
	if (e)
		x += draw_str(r, x, y, r->w - x, ROLE_TEXT, 0, port_verb(o, b->port & 1, h));
	x += draw_fmt(r, x, y, r->w - x, ROLE_BLOCKED, 0, "%s",
		      object_kind_name((enum object_kind)o->kind));
	if (o->addr)
		x += draw_fmt(r, x, y, r->w - x, ROLE_BLOCKED, 0, " 0x%" PRIx64, o->addr);
	if (o->kind == OBJ_CHAN)
		x += draw_fmt(r, x, y, r->w - x, ROLE_DIM, 0, " %" PRId64 "/%" PRId64, o->len,
			      o->cap);
	else if (o->kind == OBJ_WAITGROUP)
		x += draw_fmt(r, x, y, r->w - x, ROLE_DIM, 0, " %" PRId64, o->len);
	if (o->text)
		x += draw_fmt(r, x, y, r->w - x, ROLE_TEXT, 0, " %s", strtab_get(s, o->text));
	x += draw_fmt(r, x, y, r->w - x, ROLE_DIM, 0, ", %s wait", text_count(count, b->n));
	if (!e)
		draw_str(r, x, y, r->w - x, ROLE_DIM, 0,
			 g->port.v[b->port].outside ? ", for what is outside" : ", no known waker");
	else if (h)
		draw_fmt(r, x, y, r->w - x, ROLE_DIM, 0, ", %s",
			 text_how(how, strtab_get(s, h->by)));
	else
		draw_str(r, x, y, r->w - x, ROLE_DIM, 0, ", stands before them in the queue");
}

/* "412 goroutines S >3.0s main.go:20 main.read, each for a poll of its own" */
static void draw_alike(const struct graph_pane *p, const struct region *r, int x, int y,
		       const struct branch *b)
{
	const struct graph *g = graph_of(p);
	const struct moment *m = view_moment(p->pane.view);
	const struct graph_node *n = &g->node.v[b->node];
	const struct object *o = port_object(g, b->port);
	char count[TEXT_SHORT], letter[3] = "? ";

	x += draw_fmt(r, x, y, r->w - x, ROLE_STRONG, 0, "%s goroutines ", text_count(count, b->n));
	if (n->row >= m->n)
		return;
	letter[0] = state_letter(m->state[n->row], m->reason[n->row]);
	x += draw_str(r, x, y, r->w - x, role_state(m->state[n->row], m->reason[n->row]), ATTR_BOLD,
		      letter);
	x += draw_place(p, r, x, y, m->stack[n->row]);
	draw_fmt(r, x, y, r->w - x, ROLE_DIM, 0, ", each for a %s of its own%s",
		 object_kind_name((enum object_kind)o->kind),
		 g->port.v[b->port].outside ? "" : ", no known waker");
}

static int draw_indent(const struct region *r, int y, const struct branch *b)
{
	int x = 2 + 2 * b->depth;

	if (b->has_more)
		draw_sym(r, x, y, 1, b->open ? SYM_UNFOLDED : SYM_FOLDED, ROLE_DIM, 0);
	else if (b->depth)
		draw_sym(r, x, y, 1, b->last ? SYM_TREE_END : SYM_TREE_MID, ROLE_DIM, 0);
	return x + 2;
}

static void draw_line(const struct graph_pane *p, const struct region *r, int y, size_t i)
{
	const struct branch *b = &p->line.v[i];
	int x = draw_indent(r, y, b);

	switch (b->kind) {
	case BRANCH_NODE:
		draw_node(p, r, x, y, b);
		break;
	case BRANCH_PORT:
		draw_port(p, r, x, y, b);
		break;
	case BRANCH_ALIKE:
		draw_alike(p, r, x, y, b);
		break;
	default:
		if (graph_stuck(graph_of(p), b->node))
			x += draw_str(r, x, y, r->w - x, ROLE_ERROR, ATTR_BOLD, "CYCLE ");
		draw_fmt(r, x, y, r->w - x, ROLE_DIM, 0, "back to %" PRIu64,
			 graph_of(p)->node.v[b->node].goid);
	}
}

static void scroll_to(struct graph_pane *p)
{
	size_t page = p->page > 0 ? (size_t)p->page : 1;

	if (p->sel < p->top)
		p->top = p->sel;
	if (p->sel >= p->top + page)
		p->top = p->sel - page + 1;
	if (p->line.n < p->top + page)
		p->top = p->line.n > page ? p->line.n - page : 0;
}

static void graph_draw(struct pane *pane, const struct region *r, bool focused)
{
	struct graph_pane *p = (struct graph_pane *)pane;
	const char *why = refresh(p);

	p->page = r->h;
	scroll_to(p);
	if (!p->line.n)
		draw_str(r, 2, 1, -1, ROLE_DIM, 0,
			 why ? why : "no goroutine is known to wait for another one");
	for (int y = 0; y < r->h && p->top + (size_t)y < p->line.n; y++) {
		draw_line(p, r, y, p->top + (size_t)y);
		if (p->top + (size_t)y != p->sel)
			continue;
		draw_sym(r, 0, y, 1, SYM_SELECT, ROLE_STRONG, 0);
		draw_mark(r, 0, y, r->w, 1, focused ? ATTR_SELECT : ATTR_SELECT_AWAY);
	}
}

/* --- actions --- */

static unsigned move(struct graph_pane *p, long by)
{
	long to = (long)p->sel + by;

	refresh(p);
	return select_line(p, to < 0 ? 0 : (size_t)to);
}

/* Left on what is folded, or has nothing to fold, goes to the line above it. */
static unsigned fold(struct graph_pane *p, bool open)
{
	const struct branch *b;
	size_t i = p->sel;

	refresh(p);
	if (p->sel >= p->line.n)
		return EFF_DONE;
	b = &p->line.v[p->sel];
	if (b->has_more && b->open != open) {
		map64_put(&p->turned, b->key, map64_get(&p->turned, b->key) != 1);
		p->key = b->key;
		p->stale = true;
		refresh(p);
		return EFF_DONE | EFF_DRAW;
	}
	if (open)
		return move(p, b->has_more);
	while (i > 0 && p->line.v[i].depth >= b->depth && b->depth)
		i--;
	return select_line(p, i);
}

static unsigned open_line(struct graph_pane *p)
{
	refresh(p);
	if (p->sel >= p->line.n || line_row(p, p->sel) == NO_G)
		return EFF_DONE;
	view_choose(p->pane.view, line_row(p, p->sel));
	return EFF_DONE | EFF_OPEN;
}

static unsigned graph_action(struct pane *pane, const struct act *a)
{
	struct graph_pane *p = (struct graph_pane *)pane;

	switch (a->id) {
	case ACT_UP:
		return move(p, -1);
	case ACT_DOWN:
		return move(p, 1);
	case ACT_PAGE_UP:
		return move(p, -(long)p->page);
	case ACT_PAGE_DOWN:
		return move(p, p->page);
	case ACT_HALF_UP:
		return move(p, -(long)p->page / 2);
	case ACT_HALF_DOWN:
		return move(p, p->page / 2);
	case ACT_TOP:
		return move(p, -(long)p->line.n);
	case ACT_BOTTOM:
		return move(p, (long)p->line.n);
	case ACT_LEFT:
		return fold(p, false);
	case ACT_RIGHT:
		return fold(p, true);
	case ACT_OPEN:
		return open_line(p);
	default:
		return EFF_NONE;
	}
}

static unsigned graph_mouse(struct pane *pane, const struct mouse *m)
{
	struct graph_pane *p = (struct graph_pane *)pane;
	size_t i = p->top + (size_t)(m->y < 0 ? 0 : m->y);

	if (m->kind == MOUSE_WHEEL)
		return move(p, m->wheel * 3);
	if ((m->kind != MOUSE_PRESS && m->kind != MOUSE_DOUBLE) || i >= p->line.n)
		return EFF_NONE;
	select_line(p, i);
	return m->kind == MOUSE_DOUBLE ? open_line(p) : EFF_DONE | EFF_DRAW;
}

static const char *graph_note(struct pane *pane, char *buf, size_t size)
{
	struct graph_pane *p = (struct graph_pane *)pane;
	const struct graph *g = graph_of(p);
	uint32_t stuck = 0;

	if (refresh(p) || !g)
		return "";
	for (uint32_t i = 0; i < g->node.n; i++)
		stuck += graph_stuck(g, i);
	snprintf(buf, size, "%" PRIu32 " stuck; what blocks most first; = seen, ~ inferred%s",
		 stuck, p->line.n == LINES_MOST ? "; not all shown" : "");
	return buf;
}

static void graph_free(struct pane *pane)
{
	struct graph_pane *p = (struct graph_pane *)pane;

	vec_free(&p->line);
	map64_free(&p->turned);
	free(p);
}

static const struct pane_ops graph_ops = {
	.id = PANE_GRAPH,
	.number = '6',
	.name = "graph",
	.title = "Graph",
	.draw = graph_draw,
	.action = graph_action,
	.mouse = graph_mouse,
	.note = graph_note,
	.free = graph_free,
};

struct pane *pane_graph_new(struct view *v)
{
	struct graph_pane *p = xcalloc(1, sizeof(*p));

	p->pane = (struct pane){ &graph_ops, v };
	p->stale = true;
	return &p->pane;
}

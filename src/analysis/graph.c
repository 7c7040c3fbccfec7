/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/graph.h"

#include <stdlib.h>
#include <string.h>

void graph_init(struct graph *g)
{
	memset(g, 0, sizeof(*g));
}

void graph_release(struct graph *g)
{
	vec_free(&g->node);
	vec_free(&g->port);
	vec_free(&g->edge);
	vec_free(&g->component);
	vec_free(&g->member);
	vec_free(&g->root);
	vec_free(&g->work);
	vec_free(&g->low);
	vec_free(&g->index);
	vec_free(&g->path);
	vec_free(&g->call);
	vec_free(&g->degree);
	vec_free(&g->wait_node);
	vec_free(&g->hold_node);
	vec_free(&g->rank);
	vec_free(&g->shut);
}

/* Of the nodes from lo to hi, which ascend. */
static uint32_t find_among(const struct graph *g, uint64_t goid, size_t lo, size_t hi)
{
	size_t end = hi;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (g->node.v[mid].goid < goid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < end && g->node.v[lo].goid == goid ? (uint32_t)lo : NO_NODE;
}

uint32_t graph_find(const struct graph *g, uint64_t goid)
{
	uint32_t i = find_among(g, goid, 0, g->n_waiting);

	return i != NO_NODE ? i : find_among(g, goid, g->n_waiting, g->node.n);
}

/* --- who helps whom --- */

static bool hold_serves(const struct object *o, unsigned side, enum hold_op op, bool *owed)
{
	*owed = false;
	switch (o->kind) {
	case OBJ_CHAN:
		if (side)
			return op == HOLD_RECV || op == HOLD_CLOSE || op == HOLD_REF;
		return op == HOLD_SEND || op == HOLD_CLOSE || op == HOLD_CANCEL || op == HOLD_REF;
	case OBJ_MUTEX:
	case OBJ_ONCE:
		*owed = op == HOLD_LOCK;
		return *owed || op == HOLD_REF;
	case OBJ_RWMUTEX:
		/* new readers stand behind a writer that waits for the old ones */
		*owed = op == HOLD_LOCK ||
			(op == HOLD_RLOCK && (side || o->flags & OBJF_WRITER_WAITS));
		return *owed || op == HOLD_REF;
	case OBJ_WAITGROUP:
		*owed = op == HOLD_DONE;
		return *owed || op == HOLD_REF;
	case OBJ_COND:
		return op == HOLD_SIGNAL || op == HOLD_REF;
	default:
		return op == HOLD_REF;
	}
}

/* --- who goes on by himself --- */

static bool row_alive(const struct moment *m, uint32_t row)
{
	return row < m->n && m->state[row] != GS_NONE && m->state[row] != GS_DEAD;
}

/* Reasons for which it is woken by what is not a goroutine, or nobody knows by whom. */
static bool reason_outside(uint8_t reason)
{
	switch (reason) {
	case R_CHAN_SEND:
	case R_CHAN_RECV:
	case R_CHAN_SEND_NIL:
	case R_CHAN_RECV_NIL:
	case R_SELECT:
	case R_SELECT_EMPTY:
	case R_MUTEX:
	case R_RWMUTEX_READ:
	case R_RWMUTEX_WRITE:
	case R_WAITGROUP:
	case R_COND:
	case R_SEMAPHORE:
		return false;
	default:
		return true;
	}
}

static bool reason_never(uint8_t reason)
{
	return reason == R_CHAN_SEND_NIL || reason == R_CHAN_RECV_NIL || reason == R_SELECT_EMPTY;
}

int64_t graph_age(const struct graph *g, uint32_t row)
{
	int64_t since = g->moment->since[row];
	int64_t t = g->facts->time < g->moment->time ? g->facts->time : g->moment->time;

	return t - (since == T_BEFORE ? 0 : since);
}

static bool node_free(const struct graph *g, const struct graph_node *n)
{
	const struct moment *m = g->moment;

	if (!row_alive(m, n->row) || m->state[n->row] != GS_BLOCKED)
		return true;
	if (reason_never(m->reason[n->row]))
		return false;
	return !n->n_waits || reason_outside(m->reason[n->row]) || graph_age(g, n->row) < g->settle;
}

/* --- making it --- */

/* Those of one goroutine among g_wait or g_hold. */
struct run {
	uint64_t goid;
	uint32_t first, n;
};

#define run_from(rows, index, at) \
	({ \
		struct run r_ = { .first = (uint32_t)(at) }; \
		size_t i_ = r_.first; \
		if (i_ < (index)->n) \
			r_.goid = (rows)->v[(index)->v[i_]].goid; \
		while (i_ < (index)->n && (rows)->v[(index)->v[i_]].goid == r_.goid) \
			i_++; \
		r_.n = (uint32_t)i_ - r_.first; \
		r_; \
	})

static struct run wait_run(const struct facts *f, uint32_t at)
{
	return run_from(&f->wait, &f->g_wait, at);
}

static struct run hold_run(const struct facts *f, uint32_t at)
{
	return run_from(&f->hold, &f->g_hold, at);
}

static uint32_t node_add(struct graph *g, uint64_t goid)
{
	*vec_push(&g->node) = (struct graph_node){
		.goid = goid,
		.row = NO_G,
		.component = NO_NODE,
		.parent = NO_NODE,
		.first_child = NO_NODE,
		.next = NO_NODE,
	};
	return (uint32_t)g->node.n - 1;
}

static void node_waits(struct graph *g, uint32_t at, const struct run *r)
{
	g->node.v[at].first_wait = r->first;
	g->node.v[at].n_waits = r->n;
	for (uint32_t i = 0; i < r->n; i++)
		g->wait_node.v[g->facts->g_wait.v[r->first + i]] = at;
}

static void node_holds(struct graph *g, uint32_t at, const struct run *r)
{
	g->node.v[at].first_hold = r->first;
	g->node.v[at].n_holds = r->n;
	for (uint32_t i = 0; i < r->n; i++)
		g->hold_node.v[g->facts->g_hold.v[r->first + i]] = at;
}

static bool node_waits_at(const struct graph *g, const struct graph_node *n, uint32_t port)
{
	for (uint32_t i = 0; i < n->n_waits; i++)
		if (wait_port(graph_wait(g, n, i)) == port)
			return true;
	return false;
}

/* Who waits at a port helps others there only by a duty: a worker does not feed its fellows. */
static void port_edges(struct graph *g, uint32_t port)
{
	const struct object *o = port_object(g, port);
	struct graph_port *p = &g->port.v[port];

	p->first_edge = (uint32_t)g->edge.n;
	for (uint32_t i = o->first_hold; i < o->first_hold + o->n_holds; i++) {
		const struct hold *h = &g->facts->hold.v[i];
		uint32_t node = g->hold_node.v[i];
		bool owed;

		p->locks += h->op == HOLD_LOCK;
		p->reads += h->op == HOLD_RLOCK;
		p->dones += h->op == HOLD_DONE;
		if (!hold_serves(o, port & 1, h->op, &owed))
			continue;
		if (!owed && node_waits_at(g, &g->node.v[node], port))
			continue;
		*vec_push(&g->edge) = (struct graph_edge){ .node = node, .hold = i, .owed = owed };
	}
	/* a reader that comes later stands behind the writers */
	for (uint32_t i = o->first_wait;
	     o->kind == OBJ_RWMUTEX && !(port & 1) && i < o->first_wait + o->n_waits; i++) {
		const struct wait *w = &g->facts->wait.v[i];

		if (w->op == OP_LOCK)
			*vec_push(&g->edge) = (struct graph_edge){ .node = g->wait_node.v[i],
								   .hold = NO_NODE,
								   .owed = true };
	}
	p->n_edges = (uint32_t)g->edge.n - p->first_edge;
}

/* The last row of that goroutine from `from` on, where the rows ascend by goid; else the row to go on from. */
static uint32_t row_from(const struct world *w, uint32_t from, uint64_t goid, bool *found)
{
	uint32_t lo = from, hi = from, step = 1, n = (uint32_t)w->key.n;

	while (hi < n && w->key.v[hi].goid <= goid) {
		lo = hi;
		hi = n - hi > step ? hi + step : n;
		step *= 2;
	}
	while (lo + 1 < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (w->key.v[mid].goid <= goid)
			lo = mid;
		else
			hi = mid;
	}
	*found = lo < n && w->key.v[lo].goid == goid;
	return lo;
}

static void rows_find(struct graph *g, uint32_t first, uint32_t end)
{
	uint32_t at = 0;

	for (uint32_t i = first; i < end; i++) {
		struct graph_node *n = &g->node.v[i];
		bool found;

		if (!g->world->rows_by_id) {
			n->row = world_find(g->world, n->goid);
			continue;
		}
		at = row_from(g->world, at, n->goid, &found);
		n->row = found ? at : NO_G;
	}
}

/* Both lists ascend by goid: first those that wait, then those that only hold. */
static void nodes_make(struct graph *g)
{
	const struct facts *f = g->facts;
	struct run w = wait_run(f, 0), h = hold_run(f, 0);
	uint32_t at = 0;

	vec_reserve(&g->wait_node, f->wait.n);
	vec_reserve(&g->hold_node, f->hold.n);
	for (; w.n; w = wait_run(f, w.first + w.n)) {
		node_waits(g, node_add(g, w.goid), &w);
		while (h.n && h.goid < w.goid)
			h = hold_run(f, h.first + h.n);
		if (h.n && h.goid == w.goid)
			node_holds(g, (uint32_t)g->node.n - 1, &h);
	}
	g->n_waiting = (uint32_t)g->node.n;
	for (h = hold_run(f, 0); h.n; h = hold_run(f, h.first + h.n)) {
		while (at < g->n_waiting && g->node.v[at].goid < h.goid)
			at++;
		if (at == g->n_waiting || g->node.v[at].goid != h.goid)
			node_holds(g, node_add(g, h.goid), &h);
	}
	rows_find(g, 0, g->n_waiting);
	rows_find(g, g->n_waiting, (uint32_t)g->node.n);
	for (uint32_t i = 0; i < g->node.n; i++)
		g->node.v[i].free = node_free(g, &g->node.v[i]);
}

static void ports_make(struct graph *g)
{
	const struct facts *f = g->facts;

	vec_reserve(&g->port, 2 * f->object.n);
	for (size_t i = 0; i < 2 * f->object.n; i++)
		*vec_push(&g->port) = (struct graph_port){ .object = (uint32_t)i / 2,
							   .component = NO_NODE,
							   .parent = NO_NODE,
							   .parent_edge = NO_NODE,
							   .first_child = NO_NODE,
							   .next = NO_NODE };
	for (size_t i = 0; i < f->wait.n; i++)
		g->port.v[wait_port(&f->wait.v[i])].n_waits++;
}

static void edges_make(struct graph *g)
{
	for (uint32_t i = 0; i < g->port.n; i++)
		if (g->port.v[i].n_waits)
			port_edges(g, i);
}

/* --- who may go on --- */

enum { SPREAD_MOST = 1 << 15 }; /* goroutines in one step */

/* Rows that say themselves that they never go on. */
static uint32_t count_never(const struct graph *g)
{
	const struct moment *m = g->moment;
	uint32_t n = 0;

	for (uint32_t row = 0; row < m->n; row++)
		n += reason_never(m->reason[row]) && m->state[row] == GS_BLOCKED &&
		     !g->world->key.v[row].system;
	return n;
}

/* All are free but those who never go on, and those who wait for goroutines. */
static void count_free(struct graph *g)
{
	const struct moment *m = g->moment;

	g->n_users = (uint32_t)(m->count[GS_RUNNING] + m->count[GS_RUNNABLE] +
				m->count[GS_BLOCKED] + m->count[GS_SYSCALL]);
	g->runs = !g->facts->still && (m->count[GS_RUNNING] || m->count[GS_RUNNABLE]);
	g->n_free = g->n_users - count_never(g);
	for (uint32_t i = 0; i < g->node.n; i++) {
		const struct graph_node *n = &g->node.v[i];

		g->n_free -= !n->free && !reason_never(m->reason[n->row]) &&
			     !g->world->key.v[n->row].system;
	}
}

bool kind_of_goroutines(uint8_t kind)
{
	return kind == OBJ_CHAN || kind == OBJ_MUTEX || kind == OBJ_RWMUTEX ||
	       kind == OBJ_WAITGROUP || kind == OBJ_COND || kind == OBJ_ONCE;
}

static bool timer_fires(const struct object *o)
{
	return o->flags & OBJF_TIMER && (o->when != T_NEVER || o->task_period);
}

/* Whether somebody may have the address of whom the facts do not tell. */
static bool reached_unseen(const struct graph *g, const struct object *o)
{
	return !g->facts->searched || !(o->flags & OBJF_SEARCHED) || o->flags & OBJF_SHARED;
}

/* The strict reading: duties count where they are known. */
static void port_strict(struct graph *g, struct graph_port *p, unsigned side)
{
	const struct object *o = &g->facts->object.v[p->object];
	bool duty = false;

	p->any = true;
	switch (o->kind) {
	case OBJ_NIL:
		return;
	case OBJ_MUTEX:
	case OBJ_ONCE:
		duty = p->locks;
		break;
	case OBJ_RWMUTEX:
		p->all = side || o->flags & OBJF_WRITER_WAITS ? p->reads : 0;
		duty = p->locks || p->all;
		p->any = p->locks || !p->all;
		break;
	case OBJ_WAITGROUP:
		p->all = p->dones;
		p->any = !p->dones || o->len > (int64_t)p->dones;
		duty = !p->any;
		break;
	}
	p->outside = !kind_of_goroutines(o->kind) || timer_fires(o) ||
		     (!duty && (reached_unseen(g, o) || (o->flags & OBJF_GLOBAL && g->n_free)));
}

/* The generous one: who has the address, or may have it, may do anything. */
static void port_generous(struct graph *g, struct graph_port *p)
{
	const struct object *o = &g->facts->object.v[p->object];

	p->all = 0;
	p->any = true;
	if (o->kind == OBJ_NIL)
		return;
	p->outside = !kind_of_goroutines(o->kind) || g->runs || reached_unseen(g, o) ||
		     o->flags & (OBJF_GLOBAL | OBJF_TIMER | OBJF_CONTEXT);
}

static void port_open(struct graph *g, uint32_t at)
{
	const struct object *o = port_object(g, at);

	g->shut.v[at] = false;
	for (uint32_t i = o->first_wait; i < o->first_wait + o->n_waits; i++) {
		const struct wait *w = &g->facts->wait.v[i];
		uint32_t node = g->wait_node.v[i];

		if (wait_port(w) != at || g->node.v[node].fate != FATE_STUCK)
			continue;
		g->node.v[node].fate = FATE_WAITS;
		if (g->node.v[node].n_holds)
			*vec_push(&g->work) = node;
	}
}

static bool is_lock(const struct object *o)
{
	return o->kind == OBJ_MUTEX || o->kind == OBJ_ONCE || o->kind == OBJ_RWMUTEX;
}

/* Whether a hold of that kind is the one helper of which there must be one. */
static bool any_served(const struct graph_port *p, const struct object *o, enum hold_op op)
{
	return is_lock(o) && p->locks ? op == HOLD_LOCK : op != HOLD_DONE;
}

/* A helper of that kind goes on: what the port lacks is less. */
static void port_helped(struct graph *g, uint32_t at, enum hold_op op)
{
	struct graph_port *p = &g->port.v[at];
	const struct object *o = port_object(g, at);
	bool owed;

	if (!hold_serves(o, at & 1, op, &owed))
		return;
	if (p->all && (op == HOLD_RLOCK || op == HOLD_DONE))
		p->all--;
	else if (any_served(p, o, op))
		p->any = false;
	if (!p->all && !p->any)
		port_open(g, at);
}

/* Its having the address tells nothing more where it is known what for. */
static bool hold_is_plain(const struct graph *g, const struct graph_node *n, uint32_t i)
{
	const struct hold *h = graph_hold(g, n, i);

	if (h->op != HOLD_REF)
		return false;
	return !(i && graph_hold(g, n, i - 1)->object == h->object) &&
	       !(i + 1 < n->n_holds && graph_hold(g, n, i + 1)->object == h->object);
}

static void node_helps(struct graph *g, const struct graph_node *n, uint32_t i, bool generous)
{
	const struct hold *h = graph_hold(g, n, i);

	for (uint32_t at = 2 * h->object; at <= 2 * h->object + 1; at++) {
		if (!g->shut.v[at])
			continue;
		if (generous)
			port_open(g, at);
		else if (h->op != HOLD_REF || hold_is_plain(g, n, i))
			port_helped(g, at, h->op);
	}
}

/* Many at a time; false: nobody is left. */
static bool spread(struct graph *g, bool generous)
{
	for (unsigned k = 0; g->work.n && k < SPREAD_MOST; k++) {
		uint32_t at = g->work.v[--g->work.n];
		const struct graph_node *n = &g->node.v[at];

		for (uint32_t i = 0; i < n->n_holds; i++)
			node_helps(g, n, i, generous);
	}
	return g->work.n;
}

/* Leaves FATE_STUCK with those who, once all is spread, do not go on by this reading. */
static void fates(struct graph *g, bool generous)
{
	g->work.n = 0;
	vec_reserve(&g->shut, g->port.n);
	for (uint32_t i = 0; i < g->node.n; i++) {
		struct graph_node *n = &g->node.v[i];

		n->fate = n->free ? FATE_FREE : FATE_STUCK;
		if (n->free && n->n_holds)
			*vec_push(&g->work) = i;
	}
	for (uint32_t i = 0; i < g->port.n; i++) {
		struct graph_port *p = &g->port.v[i];

		g->shut.v[i] = p->n_waits && port_object(g, i)->kind != OBJ_NIL;
		if (!p->n_waits)
			continue;
		p->outside = false;
		p->all = 0;
		if (generous)
			port_generous(g, p);
		else
			port_strict(g, p, i & 1);
		if (p->outside || (!p->all && !p->any))
			port_open(g, i);
	}
}

static void fates_generous(struct graph *g)
{
	fates(g, true);
}

static bool spread_generous(struct graph *g)
{
	return spread(g, true);
}

static void fates_strict(struct graph *g)
{
	g->member.n = 0;
	for (uint32_t i = 0; i < g->node.n; i++)
		if (g->node.v[i].fate == FATE_STUCK)
			*vec_push(&g->member) = i;
	fates(g, false);
}

static bool spread_strict(struct graph *g)
{
	return spread(g, false);
}

static void fates_lost(struct graph *g)
{
	for (size_t i = 0; i < g->member.n; i++)
		if (g->node.v[g->member.v[i]].fate == FATE_STUCK)
			g->node.v[g->member.v[i]].fate = FATE_LOST;
}

/* --- all of it, step by step --- */

static const struct {
	void (*once)(struct graph *g);
	bool (*again)(struct graph *g); /* until it is false */
} steps[] = {
	{ nodes_make, NULL },	    { ports_make, NULL },     { edges_make, NULL },
	{ count_free, NULL },	    { fates_generous, NULL }, { NULL, spread_generous },
	{ fates_strict, NULL },	    { NULL, spread_strict },  { fates_lost, NULL },
	{ graph_components, NULL }, { graph_parents, NULL },  { graph_degrees, NULL },
	{ graph_weights, NULL },    { graph_roots, NULL },
};

void graph_begin(struct graph *g, const struct world *w)
{
	g->world = w;
	g->facts = &w->facts;
	g->moment = &w->now;
	g->time = w->facts.time;
	g->node.n = g->port.n = g->edge.n = 0;
	g->step = 0;
	g->made = false;
}

bool graph_step(struct graph *g)
{
	if (steps[g->step].again && steps[g->step].again(g))
		return true;
	if (steps[g->step].once)
		steps[g->step].once(g);
	g->made = ++g->step == ARRAY_SIZE(steps);
	return !g->made;
}

void graph_make(struct graph *g, const struct world *w)
{
	graph_begin(g, w);
	while (graph_step(g)) {
	}
}

bool graph_stuck(const struct graph *g, uint32_t node)
{
	return g->node.v[node].fate >= FATE_STUCK;
}

/* --- who waits for whom, in pairs --- */

enum { LINKS_MOST = 64 };

static unsigned edge_rank(const struct graph *g, const struct graph_edge *e)
{
	if (e->hold == NO_NODE)
		return 2;
	return (g->facts->hold.v[e->hold].op == HOLD_REF ? 0u : 1u) + (e->owed ? 2u : 0u) +
	       (g->facts->hold.v[e->hold].evidence == EVIDENCE_SEEN);
}

static struct graph_link link_of(const struct graph *g, const struct graph_node *n,
				 const struct graph_edge *e, uint32_t object)
{
	struct graph_link l = { .from = n->goid, .to = g->node.v[e->node].goid, .object = object };

	if (e->hold == NO_NODE) {
		l.evidence = EVIDENCE_SEEN;
		return l;
	}
	l.by = g->facts->hold.v[e->hold].by;
	l.evidence = g->facts->hold.v[e->hold].evidence;
	return l;
}

static bool links_of(const struct graph *g, const struct graph_node *n, unsigned most,
		     bool (*sink)(void *arg, const struct graph_link *l), void *arg)
{
	unsigned told = 0;

	for (unsigned rank = 5; rank-- > 0;)
		for (uint32_t i = 0; i < n->n_waits; i++) {
			const struct graph_port *p = &g->port.v[wait_port(graph_wait(g, n, i))];

			/* of very many holders a few are told */
			for (uint32_t k = 0; k < p->n_edges && k < LINKS_MOST; k++) {
				const struct graph_edge *e = &g->edge.v[p->first_edge + k];
				struct graph_link l;

				if (edge_rank(g, e) != rank)
					continue;
				if (told++ == most)
					return true;
				l = link_of(g, n, e, p->object);
				if (!sink(arg, &l))
					return false;
			}
		}
	return true;
}

void graph_links_of(const struct graph *g, uint32_t node, unsigned most,
		    bool (*sink)(void *arg, const struct graph_link *l), void *arg)
{
	links_of(g, &g->node.v[node], most, sink, arg);
}

void graph_links(const struct graph *g, unsigned most,
		 bool (*sink)(void *arg, const struct graph_link *l), void *arg)
{
	for (uint32_t i = 0; i < g->node.n; i++)
		if (!links_of(g, &g->node.v[i], most, sink, arg))
			return;
}

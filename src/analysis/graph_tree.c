/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph as a tree that opens from its root causes. Everybody who waits
 * hangs from the port that he waits at, and that from the one of its holders
 * who most surely is one; so each has one parent, and what is no tree is one
 * ring, cut at its first goroutine.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/graph.h"

/* --- parents --- */

static int edge_worth(const struct graph *g, const struct graph_port *p, const struct graph_edge *e)
{
	const struct hold *h = e->hold == NO_NODE ? NULL : &g->facts->hold.v[e->hold];
	const struct graph_node *n = &g->node.v[e->node];

	/* of a stuck port the way to the cause, else who is known best */
	return (p->component != NO_NODE && n->component == p->component ? 32 : 0) +
	       (p->component != NO_NODE && graph_stuck(g, e->node) ? 16 : 0) + (e->owed ? 8 : 0) +
	       (h && h->op != HOLD_REF ? 4 : 0) + (h && h->evidence == EVIDENCE_SEEN ? 2 : 0) +
	       (n->n_waits > 0);
}

static void port_parent(struct graph *g, uint32_t at)
{
	struct graph_port *p = &g->port.v[at];
	int best = -1;

	for (uint32_t i = p->first_edge; i < p->first_edge + p->n_edges; i++) {
		int worth = edge_worth(g, p, &g->edge.v[i]);

		if (worth <= best)
			continue;
		best = worth;
		p->parent = g->edge.v[i].node;
		p->parent_edge = i;
	}
}

/* Of a select's cases the one that leads furthest. */
static void node_parent(struct graph *g, uint32_t at)
{
	struct graph_node *n = &g->node.v[at];
	int best = -1;

	for (uint32_t i = 0; i < n->n_waits; i++) {
		uint32_t port = wait_port(graph_wait(g, n, i));
		const struct graph_port *p = &g->port.v[port];
		int worth = (p->component != NO_NODE && p->component == n->component ? 4 : 0) +
			    (p->parent != NO_NODE ? 2 : 0) + !p->outside;

		if (worth <= best)
			continue;
		best = worth;
		n->parent = port;
	}
}

/* --- weights, rings --- */

static uint32_t parent_vertex(const struct graph *g, uint32_t v)
{
	if (v < g->node.n)
		return g->node.v[v].parent == NO_NODE ? NO_NODE
						      : (uint32_t)g->node.n + g->node.v[v].parent;
	return g->port.v[v - g->node.n].parent;
}

static uint32_t *weight_of(struct graph *g, uint32_t v)
{
	return v < g->node.n ? &g->node.v[v].weight : &g->port.v[v - g->node.n].weight;
}

static bool in_use(const struct graph *g, uint32_t v)
{
	return v < g->node.n || g->port.v[v - g->node.n].n_waits;
}

/* How many hang from each, and how heavy it is without them. */
void graph_degrees(struct graph *g)
{
	uint32_t n = (uint32_t)(g->node.n + g->port.n), up;

	vec_reserve(&g->degree, n);
	if (n)
		memset(g->degree.v, 0, n * sizeof(*g->degree.v));
	for (uint32_t v = 0; v < n; v++) {
		*weight_of(g, v) = v < g->node.n;
		if (in_use(g, v) && (up = parent_vertex(g, v)) != NO_NODE)
			g->degree.v[up]++;
	}
}

/* Leaf by leaf, up to the roots; what is left are rings. */
void graph_weights(struct graph *g)
{
	uint32_t n = (uint32_t)(g->node.n + g->port.n), up;

	g->work.n = 0;
	for (uint32_t v = 0; v < n; v++)
		if (in_use(g, v) && !g->degree.v[v])
			*vec_push(&g->work) = v;
	while (g->work.n) {
		uint32_t v = g->work.v[--g->work.n];

		up = parent_vertex(g, v);
		if (up == NO_NODE)
			continue;
		*weight_of(g, up) += *weight_of(g, v);
		if (!--g->degree.v[up])
			*vec_push(&g->work) = up;
	}
}

/* Marks the ring that v is on and weighs it as a whole; returns where it is cut. */
static uint32_t ring_cut(struct graph *g, uint32_t v)
{
	uint32_t cut = v, sum = 0, at = v;

	do {
		g->degree.v[at] = 0;
		sum += *weight_of(g, at);
		if (at < g->node.n) {
			g->node.v[at].in_cycle = true;
			if (cut >= g->node.n || g->node.v[at].goid < g->node.v[cut].goid)
				cut = at;
		} else {
			g->port.v[at - g->node.n].in_cycle = true;
		}
		at = parent_vertex(g, at);
	} while (at != v);
	*weight_of(g, cut) = sum;
	return cut;
}

static void root_add(struct graph *g, uint32_t v)
{
	*vec_push(&g->root) = v < g->node.n ? v : PORT_MEMBER | (v - (uint32_t)g->node.n);
}

static void children_add(struct graph *g, uint32_t v)
{
	uint32_t up = parent_vertex(g, v);

	if (v < g->node.n) {
		struct graph_port *p = &g->port.v[up - g->node.n];

		g->node.v[v].next = p->first_child;
		p->first_child = v;
	} else {
		g->port.v[v - g->node.n].next = g->node.v[up].first_child;
		g->node.v[up].first_child = v - (uint32_t)g->node.n;
	}
}

static uint32_t root_weight(const struct graph *g, uint32_t m)
{
	return m & PORT_MEMBER ? g->port.v[m & ~PORT_MEMBER].weight : g->node.v[m].weight;
}

/* Rings first, then what is heavy. */
static void roots_sort(struct graph *g)
{
	size_t n = g->root.n;

	vec_reserve(&g->rank, n);
	for (size_t i = 0; i < n; i++) {
		uint32_t m = g->root.v[i];
		bool ring = !(m & PORT_MEMBER) && g->node.v[m].in_cycle;

		g->rank.v[i] = (struct radix_key){
			(uint64_t)!ring << 32 | (UINT32_MAX - root_weight(g, m)), m
		};
	}
	radix_sort(g->rank.v, n);
	for (size_t i = 0; i < n; i++)
		g->root.v[i] = g->rank.v[i].at;
}

/* A root is worth a line where somebody hangs from it. */
void graph_roots(struct graph *g)
{
	uint32_t n = (uint32_t)(g->node.n + g->port.n);

	g->root.n = 0;
	for (uint32_t v = 0; v < n; v++) {
		if (!in_use(g, v))
			continue;
		if (parent_vertex(g, v) != NO_NODE)
			children_add(g, v);
		else if (v >= g->node.n || g->node.v[v].weight > 1)
			root_add(g, v);
		if (g->degree.v[v])
			root_add(g, ring_cut(g, v));
	}
	roots_sort(g);
}

void graph_parents(struct graph *g)
{
	for (uint32_t i = 0; i < g->port.n; i++)
		if (g->port.v[i].n_waits)
			port_parent(g, i);
	for (uint32_t i = 0; i < g->node.n; i++)
		node_parent(g, i);
}

/* --- lines --- */

enum { DEPTH_MOST = 60 };

struct walk {
	const struct graph *g;
	const struct branch_config *c;
	branches *out;
	struct map64 fold, alike; /* scratch */
	uint32_t cut; /* where the ring of this root is cut */
};

static void walk_node(struct walk *w, struct branch b);

static uint64_t port_key(const struct graph *g, uint32_t port)
{
	return hash_u64(port_object(g, port)->addr * 2 + (port & 1)) | 1;
}

static bool emit(struct walk *w, struct branch *b)
{
	if (w->out->n >= w->c->most)
		return false;
	b->open = b->has_more && b->depth < DEPTH_MOST && (!w->c->open || w->c->open(w->c->arg, b));
	*vec_push(w->out) = *b;
	return b->open;
}

static bool hidden(const struct walk *w, uint32_t node)
{
	uint32_t row = w->g->node.v[node].row;

	return !w->c->system && row < w->g->moment->n && w->g->world->g.v[row].system;
}

static uint32_t stack_of(const struct graph *g, uint32_t node)
{
	uint32_t row = g->node.v[node].row;

	return row < g->moment->n ? g->moment->stack[row] : 0;
}

static int by_branch(const void *a, const void *b)
{
	const struct branch *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

/* Those that wait at a port: alone where they hold something, else one line for equal stacks. */
static void waiters(struct walk *w, uint32_t port, unsigned depth, branches *out)
{
	const struct graph *g = w->g;
	uint32_t i = g->port.v[port].first_child;

	map64_clear(&w->fold);
	for (; i != NO_NODE; i = g->node.v[i].next) {
		const struct graph_node *n = &g->node.v[i];
		bool back = i == w->cut, alone = n->first_child != NO_NODE || back;
		uint64_t key = alone ? hash_u64(n->goid) & ~(uint64_t)1
				     : hash_u64(port_key(g, port) + stack_of(g, i));
		uint32_t at = alone ? UINT32_MAX : map64_get(&w->fold, key);

		if (hidden(w, i))
			continue;
		if (at < out->n) { /* then they are there */
			out->v[at].n++; /* NOLINT */
			out->v[at].weight++;
			if (n->goid < g->node.v[out->v[at].node].goid)
				out->v[at].node = i;
			continue;
		}
		if (!alone)
			map64_put(&w->fold, key, (uint32_t)out->n);
		*vec_push(out) = (struct branch){
			.key = key,
			.node = i,
			.port = port,
			.n = 1,
			.weight = back ? 0 : n->weight,
			.edge = NO_NODE,
			.kind = back ? BRANCH_CYCLE : BRANCH_NODE,
			.depth = (uint8_t)depth,
			.has_more = !back && n->first_child != NO_NODE,
		};
	}
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_branch);
}

static void walk_port(struct walk *w, struct branch b)
{
	branches below = { 0 };

	b.has_more = w->g->port.v[b.port].first_child != NO_NODE;
	if (!emit(w, &b))
		return;
	waiters(w, b.port, b.depth + 1u, &below);
	for (size_t i = 0; i < below.n; i++) {
		below.v[i].last = i + 1 == below.n;
		walk_node(w, below.v[i]);
	}
	vec_free(&below);
}

static struct branch port_branch(const struct graph *g, uint32_t port, unsigned depth)
{
	return (struct branch){
		.key = port_key(g, port),
		.node = g->port.v[port].parent,
		.port = port,
		.n = g->port.v[port].n_waits,
		.weight = g->port.v[port].weight,
		.edge = g->port.v[port].parent_edge,
		.kind = BRANCH_PORT,
		.depth = (uint8_t)depth,
	};
}

static void walk_node(struct walk *w, struct branch b)
{
	branches below = { 0 };

	if (!emit(w, &b))
		return;
	for (uint32_t p = w->g->node.v[b.node].first_child; p != NO_NODE; p = w->g->port.v[p].next)
		*vec_push(&below) = port_branch(w->g, p, b.depth + 1u);
	if (below.n)
		qsort(below.v, below.n, sizeof(*below.v), by_branch);
	for (size_t i = 0; i < below.n; i++) {
		below.v[i].last = i + 1 == below.n;
		walk_port(w, below.v[i]);
	}
	vec_free(&below);
}

/* Whether a root is but an object with those who wait at it, none of whom holds anything: *some is one of them. */
static bool is_plain(const struct walk *w, uint32_t m, uint32_t *some)
{
	const struct graph *g = w->g;

	*some = NO_NODE;
	if (!(m & PORT_MEMBER))
		return false;
	for (uint32_t i = g->port.v[m & ~PORT_MEMBER].first_child; i != NO_NODE;
	     i = g->node.v[i].next) {
		if (hidden(w, i))
			continue;
		if (g->node.v[i].first_child != NO_NODE)
			return false;
		*some = i;
	}
	return true;
}

static void walk_root(struct walk *w, uint32_t m)
{
	const struct graph_node *n = &w->g->node.v[m & PORT_MEMBER ? 0 : m];

	w->cut = NO_NODE;
	if (m & PORT_MEMBER) {
		walk_port(w, port_branch(w->g, m & ~PORT_MEMBER, 0));
		return;
	}
	if (n->in_cycle)
		w->cut = m;
	walk_node(w, (struct branch){
			     .key = hash_u64(n->goid) & ~(uint64_t)1,
			     .node = m,
			     .port = n->parent,
			     .n = 1,
			     .weight = n->weight,
			     .edge = NO_NODE,
			     .kind = BRANCH_NODE,
			     .has_more = n->first_child != NO_NODE,
		     });
}

/* Plain roots: those of one kind with the same stack become one line. */
static void alike_add(struct walk *w, branches *alike, uint32_t m, uint32_t some)
{
	const struct graph *g = w->g;
	uint32_t port = m & ~PORT_MEMBER, at;
	uint64_t key = hash_u64((uint64_t)stack_of(g, some) << 8 | port_object(g, port)->kind << 1 |
				(port & 1));

	at = map64_get(&w->alike, key);
	if (at < alike->n) { /* then they are there */
		alike->v[at].ports++; /* NOLINT */
		alike->v[at].n += g->port.v[port].n_waits;
		alike->v[at].weight = alike->v[at].n;
		return;
	}
	map64_put(&w->alike, key, (uint32_t)alike->n);
	*vec_push(alike) = (struct branch){
		.key = key,
		.node = some,
		.port = port,
		.n = g->port.v[port].n_waits,
		.ports = 1,
		.weight = g->port.v[port].n_waits,
		.edge = NO_NODE,
		.kind = BRANCH_ALIKE,
	};
}

void graph_branches(const struct graph *g, const struct branch_config *c, branches *out)
{
	struct walk w = { .g = g, .c = c, .out = out };
	branches alike = { 0 };
	uint32_t some;

	for (size_t i = 0; i < g->root.n; i++) {
		if (!is_plain(&w, g->root.v[i], &some))
			walk_root(&w, g->root.v[i]);
		else if (some != NO_NODE)
			alike_add(&w, &alike, g->root.v[i], some);
	}
	if (alike.n)
		qsort(alike.v, alike.n, sizeof(*alike.v), by_branch);
	for (size_t i = 0; i < alike.n; i++) {
		if (alike.v[i].ports > 1)
			emit(&w, &alike.v[i]);
		else
			walk_root(&w, PORT_MEMBER | alike.v[i].port);
	}
	vec_free(&alike);
	map64_free(&w.alike);
	map64_free(&w.fold);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits for each other: strongly connected components of the stuck
 * goroutines and the ports that they wait at, by Tarjan's algorithm without
 * recursion. A component that waits for no other one is a cause.
 */
#include <string.h>

#include "analysis/graph.h"

/* A vertex is a node, or the number of nodes plus a port. */
static uint32_t degree(const struct graph *g, uint32_t v)
{
	if (v < g->node.n)
		return g->node.v[v].n_waits;
	return g->port.v[v - g->node.n].n_edges;
}

static uint32_t neighbour(const struct graph *g, uint32_t v, uint32_t i)
{
	const struct graph_port *p;

	if (v < g->node.n)
		return (uint32_t)g->node.n + wait_port(graph_wait(g, &g->node.v[v], i));
	p = &g->port.v[v - g->node.n];
	v = g->edge.v[p->first_edge + i].node;
	return graph_stuck(g, v) ? v : NO_NODE;
}

static uint32_t *component_of(struct graph *g, uint32_t v)
{
	return v < g->node.n ? &g->node.v[v].component : &g->port.v[v - g->node.n].component;
}

static uint32_t as_member(const struct graph *g, uint32_t v)
{
	return v < g->node.n ? v : PORT_MEMBER | (v - (uint32_t)g->node.n);
}

static void component_close(struct graph *g, uint32_t v)
{
	struct graph_component c = { .first = (uint32_t)g->member.n, .next = NO_NODE };
	uint32_t top;

	do {
		top = g->path.v[--g->path.n];
		*component_of(g, top) = (uint32_t)g->component.n;
		*vec_push(&g->member) = as_member(g, top);
		c.n++;
	} while (top != v);
	c.cycle = c.n > 1; /* no node leads to itself but through a port */
	*vec_push(&g->component) = c;
}

static void visit(struct graph *g, uint32_t v, uint32_t *count)
{
	g->index.v[v] = g->low.v[v] = ++*count;
	*vec_push(&g->path) = v;
	*vec_push(&g->call) = (struct graph_call){ v, 0 };
}

static void search(struct graph *g, uint32_t from, uint32_t *count)
{
	visit(g, from, count);
	while (g->call.n) {
		struct graph_call *c = &g->call.v[g->call.n - 1];
		uint32_t v = c->v, to;

		if (c->at < degree(g, v)) {
			to = neighbour(g, v, c->at++);
			if (to == NO_NODE)
				continue;
			if (!g->index.v[to])
				visit(g, to, count);
			else if (*component_of(g, to) == NO_NODE && g->index.v[to] < g->low.v[v])
				g->low.v[v] = g->index.v[to];
			continue;
		}
		if (g->low.v[v] == g->index.v[v])
			component_close(g, v);
		g->call.n--;
		if (g->call.n) {
			uint32_t up = g->call.v[g->call.n - 1].v;

			if (g->low.v[v] < g->low.v[up])
				g->low.v[up] = g->low.v[v];
		}
	}
}

static uint32_t leads_to(struct graph *g, const struct graph_component *c, uint32_t own)
{
	for (uint32_t i = c->first; i < c->first + c->n; i++) {
		uint32_t m = g->member.v[i];
		uint32_t v = m & PORT_MEMBER ? (uint32_t)g->node.n + (m & ~PORT_MEMBER) : m;

		for (uint32_t k = 0; k < degree(g, v); k++) {
			uint32_t to = neighbour(g, v, k);

			if (to != NO_NODE && *component_of(g, to) != own)
				return *component_of(g, to);
		}
	}
	return NO_NODE;
}

/*
 * Components close after those that they lead to, so one walk backwards adds up
 * who stands behind; who waits for several causes counts for one.
 */
static void causes(struct graph *g)
{
	for (uint32_t i = 0; i < g->component.n; i++) {
		struct graph_component *c = &g->component.v[i];

		c->next = leads_to(g, c, i);
		c->root = c->next == NO_NODE;
	}
	for (uint32_t i = (uint32_t)g->component.n; i-- > 0;) {
		const struct graph_component *c = &g->component.v[i];
		uint32_t own = 0;

		for (uint32_t k = c->first; k < c->first + c->n; k++)
			own += !(g->member.v[k] & PORT_MEMBER);
		if (c->next != NO_NODE)
			g->component.v[c->next].behind += own + c->behind;
	}
}

void graph_components(struct graph *g)
{
	size_t n = g->node.n + g->port.n;
	uint32_t count = 0;

	g->component.n = g->member.n = g->path.n = g->call.n = 0;
	vec_reserve(&g->index, n);
	vec_reserve(&g->low, n);
	if (n)
		memset(g->index.v, 0, n * sizeof(*g->index.v));
	for (uint32_t i = 0; i < g->node.n; i++)
		if (graph_stuck(g, i) && !g->index.v[i])
			search(g, i, &count);
	causes(g);
}

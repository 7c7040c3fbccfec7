/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wait-for graph, made of the facts of one look: goroutine → port →
 * goroutine. A port is one side of an object, that of those who would receive,
 * read or wait (side 0), or of those who would send, write or lock (side 1):
 * who waits at one side is helped by others than who waits at the other.
 *
 * Whether somebody may ever go on is decided twice. By the strict reading, a
 * lock is freed by who holds it and a counter reached by those who owe it a
 * Done; who cannot go on by that is stuck. By the generous reading everybody
 * who has the address, or might have it, may do anything to the object; who
 * cannot go on even so is stuck for good.
 */
#ifndef ANALYSIS_GRAPH_H
#define ANALYSIS_GRAPH_H

#include "core/radix.h"
#include "core/world.h"

#define NO_NODE UINT32_MAX

enum fate {
	FATE_FREE, /* it runs, or waits for the world outside */
	FATE_WAITS, /* for somebody who may go on */
	FATE_STUCK, /* by the strict reading nobody who could wake it goes on */
	FATE_LOST /* by the generous one too */
};

/* A goroutine that waits on something known, or could wake who does. */
struct graph_node {
	uint64_t goid;
	uint32_t row; /* of the world's table, NO_G: not there */
	uint32_t first_wait, n_waits; /* into facts.g_wait */
	uint32_t first_hold, n_holds; /* into facts.g_hold */
	uint32_t component; /* of the stuck ones; NO_NODE: none */
	uint32_t parent; /* the port it hangs from in the tree, NO_NODE: none */
	uint32_t weight; /* goroutines in its part of the tree, itself among them */
	uint32_t first_child, next; /* ports that hang from it; the next that hangs from its port */
	uint8_t fate; /* enum fate */
	bool free; /* it goes on by itself */
	bool in_cycle; /* of the tree: it waits for itself in the end */
};

/* What helps those who wait at a port; the sum of it lets them go on. */
struct graph_port {
	uint32_t object; /* index into facts.object */
	uint32_t first_edge, n_edges; /* into graph.edge */
	uint32_t n_waits; /* goroutines that wait here */
	uint32_t locks, reads, dones; /* how many hold it so, or owe a Done */
	uint32_t component;
	uint32_t parent; /* the node that it hangs from, NO_NODE: nobody is known */
	uint32_t parent_edge; /* by which */
	uint32_t weight;
	uint32_t first_child, next; /* nodes that hang from it; the next that hangs from its node */
	uint32_t all; /* scratch: helpers that are all needed, and do not go on yet */
	uint8_t any; /* scratch: one helper of some kind is needed */
	bool outside; /* by what is not a goroutine, or not known: a timer, memory not searched */
	bool in_cycle;
};

/* From a port to a goroutine that could serve it. */
struct graph_edge {
	uint32_t node;
	uint32_t hold; /* index into facts.hold; NO_NODE: it stands in the queue before */
	bool owed; /* it must: it holds the lock, it owes a Done */
};

/* A strongly connected component of the stuck ones. */
struct graph_component {
	uint32_t first, n; /* into graph.member: nodes, and ports as PORT_MEMBER | port */
	bool cycle; /* they wait for each other */
	bool root; /* they wait for nobody else: the cause */
	uint32_t next; /* another component that it waits for, NO_NODE where it is a root */
	uint32_t behind; /* stuck goroutines that wait for it, directly or not, and not in it */
};

#define PORT_MEMBER 0x80000000u

struct graph_call { /* of the search for components */
	uint32_t v, at;
};

struct graph {
	const struct world *world; /* of the last graph_make() */
	const struct facts *facts;
	const struct moment *moment;
	int64_t time; /* of the facts it was made of */
	VEC(struct graph_node)
	node; /* those that wait, by goid, then those that only hold, by goid */
	uint32_t n_waiting; /* of them wait */
	VEC(uint32_t) wait_node, hold_node; /* whose facts.wait.v[i], facts.hold.v[i] is */
	VEC(struct graph_port) port; /* two of each object: 2 * index + side */
	VEC(struct graph_edge) edge;
	VEC(struct graph_component) component;
	VEC(uint32_t) member;
	VEC(uint32_t) root; /* of the tree, what blocks most first: nodes, or PORT_MEMBER | port */
	/*
	 * The caller's: who blocks for less than that (ns) counts as free. The look
	 * was not of one instant, and in a busy exchange everybody may seem to wait.
	 */
	int64_t settle;
	bool runs; /* a goroutine of the program was on a processor, and registers were not searched */
	uint32_t n_free; /* goroutines of the program that go on by themselves */
	uint32_t n_users; /* goroutines of the program, alive */
	VEC(uint32_t) work; /* scratch, as all below */
	VEC(uint32_t) low, index, path;
	VEC(struct graph_call) call;
	VEC(uint32_t) degree;
	VEC(bool) shut; /* ports at which somebody waits and that nobody may serve yet */
	VEC(struct radix_key) rank;
	unsigned step; /* of those that make it, the next */
	bool made; /* it is whole */
};

void graph_init(struct graph *g);
void graph_release(struct graph *g);

/*
 * Makes it of the world's facts and of its newest moment, which both must stay
 * as they are while the graph is used. O(waits + holds); memory is kept for the next.
 */
void graph_make(struct graph *g, const struct world *w);
/*
 * The same in pieces, between which the world must not change: graph_begin(),
 * then graph_step() until it is false; only then may the graph be read.
 */
void graph_begin(struct graph *g, const struct world *w);
bool graph_step(struct graph *g);
/* Whether the facts are still those that it was made of; else it must not be read. */
static inline bool graph_fresh(const struct graph *g)
{
	return g->made && g->facts->time == g->time && 2 * g->facts->object.n == g->port.n;
}
/* How long the row had been as it is when the facts were looked at; at least, where its begin was not seen. */
int64_t graph_age(const struct graph *g, uint32_t row);

/* The goroutine's node, NO_NODE where it neither waits on nor holds anything known. */
uint32_t graph_find(const struct graph *g, uint64_t goid);

/* The side of an object at which one with that op waits. */
static inline unsigned wait_side(enum wait_op op)
{
	return op == OP_SEND || op == OP_LOCK || op == OP_WRITE;
}

static inline uint32_t wait_port(const struct wait *w)
{
	return 2 * w->object + wait_side(w->op);
}

/* Wait i of a node, hold i of a node. */
static inline const struct wait *graph_wait(const struct graph *g, const struct graph_node *n,
					    uint32_t i)
{
	return &g->facts->wait.v[g->facts->g_wait.v[n->first_wait + i]];
}

static inline const struct hold *graph_hold(const struct graph *g, const struct graph_node *n,
					    uint32_t i)
{
	return &g->facts->hold.v[g->facts->g_hold.v[n->first_hold + i]];
}

static inline const struct object *port_object(const struct graph *g, uint32_t port)
{
	return &g->facts->object.v[port / 2];
}

/* Whether goroutines alone decide what becomes of who waits on it. */
bool kind_of_goroutines(uint8_t kind);

/* One line of "who waits for whom", as exports and panes tell it. */
struct graph_link {
	uint64_t from, to; /* goids */
	uint32_t object;
	uint32_t by; /* string id: the evidence in words, 0: it stands in the queue before */
	uint8_t evidence;
};

/*
 * Calls the sink for each pair of a waiting goroutine and one that could wake
 * it, at most `most` of one goroutine, the strongest first; false from it stops.
 */
void graph_links(const struct graph *g, unsigned most,
		 bool (*sink)(void *arg, const struct graph_link *l), void *arg);
/* The same of one goroutine. */
void graph_links_of(const struct graph *g, uint32_t node, unsigned most,
		    bool (*sink)(void *arg, const struct graph_link *l), void *arg);

/* For the graph's own files. */
void graph_components(struct graph *g);
void graph_parents(struct graph *g);
void graph_degrees(struct graph *g);
void graph_weights(struct graph *g);
void graph_roots(struct graph *g);
bool graph_stuck(const struct graph *g, uint32_t node);

/* --- the tree as lines --- */

enum branch_kind {
	BRANCH_NODE, /* a goroutine, or many that wait at the same port with the same stack */
	BRANCH_PORT, /* an object that others wait on */
	BRANCH_CYCLE, /* back to a goroutine or object that is above */
	BRANCH_ALIKE /* many with the same stack, each at an object of its own, and nobody is known to serve those */
};

struct branch {
	uint64_t key; /* what it is whatever line it stands on: folding and selection stick to it */
	uint32_t node; /* one of them; BRANCH_PORT: a holder, or NO_NODE */
	uint32_t
		port; /* BRANCH_PORT, BRANCH_CYCLE; of a node: where it waits, NO_NODE: nowhere known */
	uint32_t n; /* goroutines on this line */
	uint32_t ports; /* BRANCH_ALIKE: objects */
	uint32_t weight; /* and in the whole branch */
	uint32_t edge; /* by which it hangs from the line above; NO_NODE: by waiting, or a root */
	uint8_t kind;
	uint8_t depth;
	bool last; /* of its siblings */
	bool has_more; /* there are branches below */
	bool open; /* and they follow */
};

typedef VEC(struct branch) branches;

struct branch_config {
	/* Whether a branch is unfolded; depth 0: a root. NULL: all are. */
	bool (*open)(void *arg, const struct branch *b);
	void *arg;
	bool system; /* the runtime's own goroutines are shown as well */
	size_t most; /* lines; what is beyond is left out */
};

/* Appends the tree's lines. out->n == most: there may be more. */
void graph_branches(const struct graph *g, const struct branch_config *c, branches *out);

#endif

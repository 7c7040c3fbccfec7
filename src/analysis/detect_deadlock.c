/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines that wait for each other, and those whose helpers are all gone. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analysis/detect_stuck.h"

enum { RING_MOST = 32, EVIDENCE_STEPS = 8 };

/* The ring that a component's parents make, from the least goroutine on. */
struct ring {
	uint32_t node[RING_MOST];
	unsigned n;
};

static uint32_t after(const struct graph *g, uint32_t node)
{
	uint32_t port = g->node.v[node].parent;

	return port == NO_NODE ? NO_NODE : g->port.v[port].parent;
}

/* The tree has marked the rings; those that wait for one come to it. */
static void ring_of(const struct graph *g, uint32_t node, struct ring *r)
{
	uint32_t least;

	r->n = 0;
	while (node != NO_NODE && !g->node.v[node].in_cycle)
		node = after(g, node);
	if (node == NO_NODE)
		return;
	least = node;
	for (uint32_t at = after(g, node); at != node; at = after(g, at))
		if (g->node.v[at].goid < g->node.v[least].goid)
			least = at;
	do {
		r->node[r->n++] = least;
		least = after(g, least);
	} while (r->n < RING_MOST && least != r->node[0]);
}

static void ring_summary(struct detect *d, const struct ring *r)
{
	const struct graph *g = &d->graph;
	char text[256];
	int used = 0;

	if (r->n == 1) {
		const struct wait *w = graph_wait(g, &g->node.v[r->node[0]], 0);
		const struct object *o = &g->facts->object.v[w->object];

		finding_summary(&d->findings,
				"goroutine %" PRIu64 " waits for itself: it waits %s %s that it %s",
				g->node.v[r->node[0]].goid, say_wait(o->kind, (enum wait_op)w->op),
				o->kind == OBJ_WAITGROUP ? "a WaitGroup"
				: o->kind == OBJ_ONCE	 ? "a Once"
				: o->kind == OBJ_RWMUTEX ? "a RWMutex"
							 : "a mutex",
				o->kind == OBJ_WAITGROUP ? "owes a Done" : "holds");
		return;
	}
	if (r->n == 2) {
		finding_summary(&d->findings,
				"goroutines %" PRIu64 " and %" PRIu64 " wait for each other",
				g->node.v[r->node[0]].goid, g->node.v[r->node[1]].goid);
		return;
	}
	for (unsigned i = 0; i <= r->n && used < (int)sizeof(text) - 24; i++)
		used += snprintf(text + used, sizeof(text) - (size_t)used, "%s%" PRIu64,
				 i ? " -> " : "", g->node.v[r->node[i % r->n]].goid);
	finding_summary(&d->findings, "a ring of %u goroutines: %s", r->n, text);
}

/* "… waits 3s to lock mutex 0xc0…; 23 holds it: deferred Unlock in main.f (seen)" */
static void step_evidence(struct detect *d, uint32_t node)
{
	const struct graph *g = &d->graph;
	const struct graph_port *p = &g->port.v[g->node.v[node].parent];
	const struct graph_edge *e = &g->edge.v[p->parent_edge];

	say_stuck(d, node);
	if (e->hold == NO_NODE)
		finding_evidence(&d->findings,
				 "goroutine %" PRIu64
				 " is a writer that stands before it in the queue (seen)",
				 g->node.v[e->node].goid);
	else
		say_holder(d, &g->facts->hold.v[e->hold], port_object(g, g->node.v[node].parent));
}

static const char *ring_advice(const struct detect *d, const struct ring *r)
{
	const struct graph *g = &d->graph;
	unsigned chans = 0, locks = 0;

	for (unsigned i = 0; i < r->n; i++) {
		const struct object *o = port_object(g, g->node.v[r->node[i]].parent);

		chans += o->kind == OBJ_CHAN;
		locks += o->kind == OBJ_MUTEX || o->kind == OBJ_RWMUTEX;
	}
	if (r->n == 1)
		return locks ? "do not lock again what is held: split the function into one that "
			       "locks and one that expects the lock held"
			     : "let another goroutine wait, or give up what it owes first";
	if (chans && locks)
		return "unlock before the channel operation, or give the channel a buffer";
	if (locks)
		return "take the locks in the same order everywhere, or hold one at a time";
	return "give one channel a buffer, or let one side select on both";
}

static void ring_words(struct detect *d, const struct graph_component *c, const struct ring *r)
{
	for (unsigned i = 0; i < r->n && i < EVIDENCE_STEPS; i++)
		step_evidence(d, r->node[i]);
	ring_summary(d, r);
	say_behind(d, c, r->n);
	if (d->findings.draft.certainty < CERTAINTY_PROVEN)
		say_why(d, c);
	finding_advice(&d->findings, ring_advice(d, r));
}

static void ring_finding(struct detect *d, uint32_t at)
{
	const struct graph *g = &d->graph;
	const struct graph_component *c = &g->component.v[at];
	struct ring r;
	uint32_t first = component_first(g, c);

	if (first == NO_NODE)
		return;
	ring_of(g, first, &r);
	if (!r.n || !detect_finding(d, DETECT_DEADLOCK, SEVERITY_ERROR,
				    component_lost(g, c) ? CERTAINTY_PROVEN : CERTAINTY_LIKELY))
		return;
	stuck_prove(d, c);
	for (unsigned i = 0; i < r.n; i++) {
		finding_goroutine(&d->findings, d->world, d->moment, g->node.v[r.node[i]].row);
		finding_object(&d->findings, port_object(g, g->node.v[r.node[i]].parent)->addr);
	}
	if (finding_words(&d->findings))
		ring_words(d, c, &r);
	finding_done(&d->findings);
}

/* --- nobody is left --- */

static void gone_summary(struct detect *d, uint32_t port, uint32_t first)
{
	const struct graph *g = &d->graph;
	const struct object *o = port_object(g, port);
	const struct wait *w = graph_wait(g, &g->node.v[first], 0);
	uint64_t goid = g->node.v[first].goid;
	char buf[SAY];

	if (o->kind == OBJ_WAITGROUP)
		finding_summary(&d->findings,
				"goroutine %" PRIu64 " waits for a WaitGroup at %" PRId64
				", and nobody left calls Done",
				goid, o->len);
	else if (o->kind == OBJ_CHAN || o->kind == OBJ_COND)
		finding_summary(&d->findings,
				"all goroutines are asleep: %" PRIu64
				" waits %s %s, and nobody is left to end that",
				goid, say_wait(o->kind, (enum wait_op)w->op),
				say_object(d, o, buf));
	else
		finding_summary(
			&d->findings, "goroutine %" PRIu64 " waits %s %s, and nobody is left to %s",
			goid, say_wait(o->kind, (enum wait_op)w->op), say_object(d, o, buf),
			o->kind == OBJ_MUTEX || o->kind == OBJ_RWMUTEX ? "unlock it" : "end that");
}

static const char *gone_advice(const struct object *o)
{
	switch (o->kind) {
	case OBJ_WAITGROUP:
		return "call Done by defer, first thing in each goroutine, and Add before the go "
		       "statement";
	case OBJ_MUTEX:
	case OBJ_RWMUTEX:
		return "look for a return or a panic between Lock and Unlock; unlock by defer";
	case OBJ_ONCE:
		return "look for a function given to Once.Do that ended by runtime.Goexit or waits";
	default:
		return "look for the goroutine that should have closed or sent, and why it ended";
	}
}

static void gone_words(struct detect *d, const struct graph_component *c, uint32_t port,
		       uint32_t first)
{
	const struct graph *g = &d->graph;
	const struct object *o = port_object(g, port);

	gone_summary(d, port, first);
	if (o->kind == OBJ_WAITGROUP)
		finding_evidence(&d->findings,
				 "%" PRIu32
				 " goroutines owe it a Done, and its counter is %" PRId64,
				 g->port.v[port].dones, o->len);
	for (uint32_t i = 0; i < o->n_holds && i < EVIDENCE_STEPS; i++)
		say_holder(d, &g->facts->hold.v[o->first_hold + i], o);
	say_behind(d, c, 0);
	if (d->findings.draft.certainty < CERTAINTY_PROVEN)
		say_why(d, c);
	finding_advice(&d->findings, gone_advice(o));
}

static void gone_finding(struct detect *d, uint32_t at, uint32_t port)
{
	const struct graph *g = &d->graph;
	uint32_t first = port_first(g, port);
	bool lost;

	if (first == NO_NODE)
		return;
	lost = g->node.v[first].fate == FATE_LOST;
	if (!detect_finding(d, DETECT_DEADLOCK, SEVERITY_ERROR,
			    lost ? CERTAINTY_PROVEN : CERTAINTY_LIKELY))
		return;
	stuck_prove(d, &g->component.v[at]);
	finding_key(&d->findings, object_kind_name((enum object_kind)port_object(g, port)->kind));
	if (tell_waiters(d, port))
		gone_words(d, &g->component.v[at], port, first);
	finding_done(&d->findings);
}

/* A channel or Cond that nobody reaches is a leak while the rest of the program lives. */
static bool is_deadlock(const struct graph *g, const struct object *o)
{
	if (o->kind == OBJ_CHAN || o->kind == OBJ_COND)
		return !g->n_free;
	return o->kind != OBJ_NIL;
}

/* --- locks whose holder is not known --- */

static bool held_by_unknown(const struct graph *g, const struct graph_port *p)
{
	const struct object *o = &g->facts->object.v[p->object];

	return (o->kind == OBJ_MUTEX || o->kind == OBJ_RWMUTEX) && p->n_waits && !p->locks &&
	       !p->reads && p->component == NO_NODE && o->flags & OBJF_LOCKED && g->facts->searched;
}

static void unknown_finding(struct detect *d, uint32_t port)
{
	const struct graph *g = &d->graph;
	const struct object *o = port_object(g, port);
	uint32_t first = port_first(g, port);
	int64_t age = first == NO_NODE ? 0 : graph_age(g, g->node.v[first].row);
	char buf[SAY], time[SAY];

	if ((age < d->conf.leak_age && !g->facts->still) ||
	    !detect_finding(d, DETECT_DEADLOCK,
			    age < 5 * d->conf.leak_age ? SEVERITY_INFO : SEVERITY_WARNING,
			    CERTAINTY_RECHECK))
		return;
	finding_key(&d->findings, "holder unknown");
	if (tell_waiters(d, port)) {
		finding_summary(&d->findings,
				"goroutine %" PRIu64
				" waits %s%sfor %s, and no goroutine is known to hold it",
				g->node.v[first].goid, age > 0 ? say_time(age, time) : "",
				age > 0 ? " " : "", say_object(d, o, buf));
		finding_why(&d->findings,
			    "who locks in one function and unlocks in another is not found");
		finding_advice(&d->findings, gone_advice(o));
	}
	finding_done(&d->findings);
}

void detect_deadlocks(struct detect *d)
{
	const struct graph *g = &d->graph;

	if (!d->facts) {
		detect_suspected(d);
		return;
	}
	for (uint32_t i = d->from; i < g->component.n; i++) {
		const struct graph_component *c = &g->component.v[i];
		uint32_t port = g->member.v[c->first];

		if (detect_pause(d, i, c->n))
			return;
		if (c->cycle)
			ring_finding(d, i);
		else if (c->root && port & PORT_MEMBER &&
			 is_deadlock(g, port_object(g, port & ~PORT_MEMBER)))
			gone_finding(d, i, port & ~PORT_MEMBER);
	}
	for (uint32_t i = 0; i < g->port.n; i++)
		if (held_by_unknown(g, &g->port.v[i]))
			unknown_finding(d, i);
}

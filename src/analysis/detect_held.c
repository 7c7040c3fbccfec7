/* SPDX-License-Identifier: Apache-2.0 */
/* Locks whose holder waits itself, for something that is no lock: everybody else waits for that too. */
#include <inttypes.h>

#include "analysis/detect_stuck.h"

static bool is_lock(uint8_t kind)
{
	return kind == OBJ_MUTEX || kind == OBJ_RWMUTEX || kind == OBJ_ONCE;
}

/* For how long the holder has waited, with the lock; -1: it does not, or nobody can help it. */
static int64_t holder_waits(const struct detect *d, uint32_t hold)
{
	const struct graph *g = &d->graph;
	const struct hold *h = &g->facts->hold.v[hold];
	uint32_t node = g->hold_node.v[hold];
	const struct graph_node *n;

	if ((h->op != HOLD_LOCK && h->op != HOLD_RLOCK) || node == NO_NODE || graph_stuck(g, node))
		return -1;
	n = &g->node.v[node];
	if (n->row >= d->moment->n || !n->n_waits)
		return -1;
	for (uint32_t i = 0; i < n->n_waits; i++) {
		uint8_t kind = g->facts->object.v[graph_wait(g, n, i)->object].kind;

		if (is_lock(kind))
			return -1; /* that lock's holder is the one to name */
	}
	return detect_age(d, n->row);
}

static int64_t longest_wait(const struct detect *d, uint32_t port)
{
	const struct graph *g = &d->graph;
	const struct object *o = port_object(g, port);
	int64_t most = -1;

	for (uint32_t i = o->first_wait; i < o->first_wait + o->n_waits; i++) {
		uint32_t node = g->wait_node.v[i];
		int64_t age;

		if (node == NO_NODE || g->node.v[node].row >= d->moment->n ||
		    wait_port(&g->facts->wait.v[i]) != port)
			continue;
		age = detect_age(d, g->node.v[node].row);
		most = age > most ? age : most;
	}
	return most;
}

static void held_words(struct detect *d, const struct object *o, const struct hold *h, uint32_t row,
		       uint32_t waiters)
{
	char what[SAY], who[SAY], time[SAY];

	finding_summary(&d->findings,
			"%s is held by goroutine %s, which has waited for %s; %" PRIu32
			" goroutine%s for the lock",
			say_object(d, o, what), say_goroutine(d, row, who),
			say_time(detect_age(d, row), time), waiters,
			waiters == 1 ? " waits" : "s wait");
	say_stuck(d, graph_find(&d->graph, h->goid));
	say_holder(d, h, o);
	finding_why(&d->findings, "what it waits for may still come");
	finding_advice(&d->findings, "unlock before waiting, or bound the wait");
}

static void held_finding(struct detect *d, uint32_t port, uint32_t hold)
{
	const struct graph *g = &d->graph;
	const struct object *o = port_object(g, port);
	const struct hold *h = &g->facts->hold.v[hold];
	uint32_t row = g->node.v[g->hold_node.v[hold]].row;

	if (!detect_finding(d, DETECT_HELD, SEVERITY_WARNING,
			    h->evidence == EVIDENCE_SEEN ? CERTAINTY_LIKELY : CERTAINTY_RECHECK))
		return;
	finding_key(&d->findings, object_kind_name((enum object_kind)o->kind));
	finding_goroutine(&d->findings, d->world, d->moment, row);
	if (tell_waiters(d, port))
		held_words(d, o, h, row, g->port.v[port].n_waits);
	finding_done(&d->findings);
}

static void held_port(struct detect *d, uint32_t port)
{
	const struct object *o = port_object(&d->graph, port);

	if (!is_lock(o->kind) || !d->graph.port.v[port].n_waits ||
	    longest_wait(d, port) < d->conf.held)
		return;
	for (uint32_t i = o->first_hold; i < o->first_hold + o->n_holds; i++)
		if (holder_waits(d, i) >= d->conf.held) {
			held_finding(d, port, i);
			return;
		}
}

void detect_held(struct detect *d)
{
	if (!d->facts)
		return;
	for (uint32_t i = 0; i < d->graph.port.n; i++)
		held_port(d, i);
}

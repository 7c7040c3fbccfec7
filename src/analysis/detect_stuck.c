/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/detect_stuck.h"

#include <inttypes.h>
#include <stdio.h>

uint32_t component_first(const struct graph *g, const struct graph_component *c)
{
	uint32_t least = NO_NODE;

	for (uint32_t i = c->first; i < c->first + c->n; i++) {
		uint32_t m = g->member.v[i];

		if (!(m & PORT_MEMBER) &&
		    (least == NO_NODE || g->node.v[m].goid < g->node.v[least].goid))
			least = m;
	}
	return least;
}

bool component_lost(const struct graph *g, const struct graph_component *c)
{
	for (uint32_t i = c->first; i < c->first + c->n; i++) {
		uint32_t m = g->member.v[i];

		if (!(m & PORT_MEMBER) && g->node.v[m].fate != FATE_LOST)
			return false;
	}
	return true;
}

enum { PROOF_LOOKS = 4 };

void stuck_prove(struct detect *d, const struct graph_component *c)
{
	const struct graph *g = &d->graph;
	bool reached = false;

	for (uint32_t i = c->first; i < c->first + c->n; i++)
		if (g->member.v[i] & PORT_MEMBER) {
			uint16_t flags = port_object(g, g->member.v[i] & ~PORT_MEMBER)->flags;

			reached |= !(flags & OBJF_SEARCHED) ||
				   flags & (OBJF_SHARED | OBJF_GLOBAL | OBJF_TIMER | OBJF_CONTEXT);
		}
	finding_prove(&d->findings, g->facts->still ? 1 : PROOF_LOOKS, g->runs && !reached);
}

/* The i-th of those that wait at the object, where it waits at the port and is in the table. */
static uint32_t port_waiter(const struct graph *g, uint32_t port, uint32_t i)
{
	uint32_t at = port_object(g, port)->first_wait + i, n = g->wait_node.v[at];

	if (wait_port(&g->facts->wait.v[at]) != port || g->node.v[n].row >= g->moment->n)
		return NO_NODE;
	return n;
}

uint32_t port_first(const struct graph *g, uint32_t port)
{
	uint32_t least = NO_NODE;

	for (uint32_t i = 0; i < port_object(g, port)->n_waits; i++) {
		uint32_t n = port_waiter(g, port, i);

		if (n == NO_NODE)
			continue;
		if (least == NO_NODE || g->node.v[n].goid < g->node.v[least].goid)
			least = n;
	}
	return least;
}

bool tell_waiters(struct detect *d, uint32_t port)
{
	const struct graph *g = &d->graph;
	uint32_t told[3], n_told = 0;

	finding_object(&d->findings, port_object(g, port)->addr);
	for (uint32_t i = 0; i < port_object(g, port)->n_waits; i++) {
		uint32_t n = port_waiter(g, port, i);

		if (n == NO_NODE)
			continue;
		finding_goroutine(&d->findings, d->world, d->moment, g->node.v[n].row);
		if (n_told < ARRAY_SIZE(told))
			told[n_told++] = n;
	}
	if (!finding_words(&d->findings))
		return false;
	for (uint32_t i = 0; i < n_told; i++)
		say_stuck(d, told[i]);
	return true;
}

/* "at least 3.0s "; "" where nothing is known of it. */
static const char *say_age(const struct detect *d, uint32_t row, char buf[SAY])
{
	bool least = d->moment->how[row] == WAIT_AT_LEAST;
	int64_t age = detect_age(d, row);
	char time[SAY];

	say_time(age, time);
	snprintf(buf, SAY, "%s%.32s ", least ? "at least " : "", time);
	return age > 0 || !least ? buf : "";
}

void say_stuck(struct detect *d, uint32_t node)
{
	const struct graph *g = &d->graph;
	const struct graph_node *n = &g->node.v[node];
	char who[SAY], what[SAY], age[SAY];
	const struct wait *w;

	if (!n->n_waits || n->row >= d->moment->n)
		return;
	say_goroutine(d, n->row, who);
	w = graph_wait(g, n, 0);
	if (n->n_waits > 1) {
		finding_evidence(&d->findings,
				 "goroutine %s waits %sin a select of %" PRIu32 " cases", who,
				 say_age(d, n->row, age), n->n_waits);
		return;
	}
	finding_evidence(
		&d->findings, "goroutine %s waits %s%s %s", who, say_age(d, n->row, age),
		say_wait((enum object_kind)g->facts->object.v[w->object].kind, (enum wait_op)w->op),
		say_object(d, &g->facts->object.v[w->object], what));
}

static const char *hold_words(enum hold_op op)
{
	static const char *const words[HOLD_N] = {
		[HOLD_LOCK] = "holds it",	 [HOLD_RLOCK] = "holds it for reading",
		[HOLD_SEND] = "could send",	 [HOLD_RECV] = "could receive",
		[HOLD_CLOSE] = "could close it", [HOLD_DONE] = "owes it a Done",
		[HOLD_SIGNAL] = "could signal",	 [HOLD_CANCEL] = "could cancel it",
		[HOLD_REF] = "has its address",
	};

	return words[op < HOLD_N ? op : HOLD_REF];
}

void say_holder(struct detect *d, const struct hold *h, const struct object *o)
{
	uint32_t node = graph_find(&d->graph, h->goid);
	uint32_t row = node == NO_NODE ? NO_G : d->graph.node.v[node].row;
	const char *by = strtab_get(&d->world->strings, h->by);
	char who[SAY], what[SAY];

	if (row >= d->moment->n)
		return;
	finding_evidence(&d->findings, "%s: goroutine %s %s%s%s (%s)", say_object(d, o, what),
			 say_goroutine(d, row, who), hold_words((enum hold_op)h->op),
			 *by ? ": " : "", by, h->evidence == EVIDENCE_SEEN ? "seen" : "inferred");
}

void say_behind(struct detect *d, const struct graph_component *c, uint32_t told)
{
	uint32_t own = 0;

	for (uint32_t i = c->first; i < c->first + c->n; i++)
		own += !(d->graph.member.v[i] & PORT_MEMBER);
	own = c->cycle ? own - (told < own ? told : own) : 0;
	if (own)
		finding_evidence(&d->findings, "%" PRIu32 " more goroutines are part of it", own);
	/* of a port those that wait at it were told of */
	own = c->behind;
	if (!c->cycle && c->n == 1) {
		uint32_t waits =
			d->graph.port.v[d->graph.member.v[c->first] & ~PORT_MEMBER].n_waits;

		own = own > waits ? own - waits : 0;
	}
	if (own)
		finding_evidence(&d->findings, "%" PRIu32 " more goroutines wait behind", own);
}

/* Who might reach an object, by whatever the generous reading grants. */
static bool why_object(struct detect *d, const struct object *o)
{
	char what[SAY];

	if (!kind_of_goroutines(o->kind))
		return false;
	say_object(d, o, what);
	if (!d->graph.facts->searched || !(o->flags & OBJF_SEARCHED))
		finding_why(&d->findings,
			    "the stacks were not searched for who else has the address of %s",
			    what);
	else if (o->flags & OBJF_GLOBAL)
		finding_why(&d->findings, "%s is a global variable: any goroutine can reach it",
			    what);
	else if (o->flags & OBJF_SHARED)
		finding_why(
			&d->findings,
			"%s is referred to from memory that was not searched: others may reach it",
			what);
	else if (o->flags & OBJF_CONTEXT)
		finding_why(&d->findings, "the context may still be cancelled by its parent");
	else if (o->flags & OBJF_TIMER)
		finding_why(&d->findings, "the timer may be set again");
	else
		return false;
	return true;
}

static bool why_holder(struct detect *d, uint32_t port)
{
	const struct graph *g = &d->graph;
	const struct object *o = port_object(g, port);

	for (uint32_t i = o->first_hold; i < o->first_hold + o->n_holds; i++) {
		const struct hold *h = &g->facts->hold.v[i];
		if (graph_stuck(g, g->hold_node.v[i]))
			continue;
		finding_why(&d->findings,
			    "goroutine %" PRIu64
			    " goes on and has the address: it may do what nobody else does",
			    h->goid);
		return true;
	}
	return false;
}

void say_why(struct detect *d, const struct graph_component *c)
{
	const struct graph *g = &d->graph;

	for (uint32_t i = c->first; i < c->first + c->n; i++) {
		uint32_t m = g->member.v[i];

		if (!(m & PORT_MEMBER))
			continue;
		m &= ~PORT_MEMBER;
		if (why_object(d, port_object(g, m)) || why_holder(d, m))
			return;
	}
	if (g->runs)
		finding_why(&d->findings,
			    "goroutines are on a processor, and registers were not searched");
	else
		finding_why(&d->findings,
			    "who goes on may reach one who could end it, by another object");
}

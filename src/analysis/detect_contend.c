/* SPDX-License-Identifier: Apache-2.0 */
/* Queues that stay: at locks, and of senders at channels. Idle receivers are none. */
#include <inttypes.h>

#include "analysis/detect_stuck.h"

enum { LOOKS_LEAST = 6 };
#define KEEP 0.85 /* of a look's weight in the next one */

static bool is_queue(const struct object *o, unsigned side)
{
	switch (o->kind) {
	case OBJ_MUTEX:
	case OBJ_RWMUTEX:
		return true;
	case OBJ_CHAN:
		return side == 1;
	default:
		return false;
	}
}

static void busy_note(struct detect *d, uint32_t port, uint32_t queue)
{
	uint64_t addr = port_object(&d->graph, port)->addr;
	uint64_t key = hash_u64(addr * 2 + (port & 1));
	uint32_t i = map64_get(&d->busy_at, key);

	if (i == UINT32_MAX) {
		i = (uint32_t)d->busy.n;
		map64_put(&d->busy_at, key, i);
		*vec_push(&d->busy) = (struct busy_port){ .addr = addr, .side = port & 1 };
	}
	d->busy.v[i].queue += queue * (1 - KEEP);
	d->busy.v[i].looks++;
	if (queue > d->busy.v[i].most)
		d->busy.v[i].most = queue;
}

/* What had no queue for a while is forgotten. */
static void busy_fade(struct detect *d)
{
	size_t out = 0;

	for (size_t i = 0; i < d->busy.n; i++) {
		struct busy_port b = d->busy.v[i];

		b.queue *= KEEP;
		if (b.queue < 0.05)
			continue;
		d->busy.v[out++] = b;
	}
	if (out != d->busy.n) {
		d->busy.n = out;
		map64_clear(&d->busy_at);
		for (size_t i = 0; i < out; i++)
			map64_put(&d->busy_at, hash_u64(d->busy.v[i].addr * 2 + d->busy.v[i].side),
				  (uint32_t)i);
	}
}

static uint32_t live_waiters(const struct graph *g, uint32_t port)
{
	const struct object *o = port_object(g, port);
	uint32_t n = 0;

	for (uint32_t i = o->first_wait; i < o->first_wait + o->n_waits; i++) {
		const struct wait *w = &g->facts->wait.v[i];

		n += wait_port(w) == port && !w->select && !graph_stuck(g, g->wait_node.v[i]);
	}
	return n;
}

static void busy_words(struct detect *d, const struct object *o, const struct busy_port *b)
{
	const struct graph *g = &d->graph;
	char what[SAY];

	if (g->facts->still)
		finding_summary(&d->findings, "a queue at %s: %" PRIu32 " goroutines",
				say_object(d, o, what), b->most);
	else
		finding_summary(&d->findings,
				"a queue at %s: %.0f goroutines on average, %" PRIu32 " at most",
				say_object(d, o, what), b->queue, b->most);
	for (uint32_t i = 0; i < o->n_holds && i < 3; i++)
		if (g->facts->hold.v[o->first_hold + i].op != HOLD_REF)
			say_holder(d, &g->facts->hold.v[o->first_hold + i], o);
	finding_why(&d->findings, g->facts->still
					  ? "one look does not tell whether there is always one"
					  : "a queue is only as bad as what waits in it");
	finding_advice(&d->findings, o->kind == OBJ_CHAN
					     ? "more receivers, a buffer, or less to send"
					     : "hold the lock for less, split it, or read-lock");
}

static void busy_finding(struct detect *d, uint32_t port, const struct busy_port *b)
{
	const struct object *o = port_object(&d->graph, port);

	if (port_first(&d->graph, port) == NO_NODE ||
	    !detect_finding(d, DETECT_CONTENTION, SEVERITY_INFO,
			    d->graph.facts->still ? CERTAINTY_RECHECK : CERTAINTY_LIKELY))
		return;
	finding_key(&d->findings, object_kind_name((enum object_kind)o->kind));
	if (tell_waiters(d, port))
		busy_words(d, o, b);
	finding_done(&d->findings);
}

/* Long enough, and there for long enough; of memory that stands still, one look is all there is. */
static bool is_busy(const struct detect *d, const struct busy_port *b)
{
	if (d->graph.facts->still)
		return b->most >= d->conf.queue;
	return b->looks >= LOOKS_LEAST && b->queue >= d->conf.queue;
}

void detect_contention(struct detect *d)
{
	const struct graph *g = &d->graph;

	if (!d->facts)
		return;
	busy_fade(d);
	for (uint32_t i = 0; i < g->port.n; i++) {
		const struct graph_port *p = &g->port.v[i];
		uint32_t n, at;

		if (!p->n_waits || !is_queue(port_object(g, i), i & 1))
			continue;
		n = live_waiters(g, i);
		if (!n)
			continue;
		busy_note(d, i, n);
		at = map64_get(&d->busy_at, hash_u64(port_object(g, i)->addr * 2 + (i & 1)));
		if (is_busy(d, &d->busy.v[at]))
			busy_finding(d, i, &d->busy.v[at]);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines that nobody can wake any more, and groups of one origin that only grow. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analysis/detect_stuck.h"
#include "analysis/groups.h"

enum { GROWTH_LEAST_NS = 1000 * 1000 * 1000, ROWS_PART = 4096 };

/* --- growth --- */

static struct growth *growth_of(struct detect *d, uint32_t stack)
{
	uint32_t *at;

	if (stack >= d->growth_of.n)
		return NULL;
	at = &d->growth_of.v[stack];
	if (!*at) {
		*vec_push(&d->growth) = (struct growth){ .stack = stack, .row = NO_G };
		*at = (uint32_t)d->growth.n;
	}
	return &d->growth.v[*at - 1];
}

static bool waits_for_goroutines(uint8_t reason)
{
	return (reason >= R_CHAN_SEND && reason <= R_SEMAPHORE) && reason != R_SELECT_EMPTY;
}

static void growth_row(struct detect *d, uint32_t row, int64_t begin, int64_t span)
{
	const struct goroutine *g = &d->world->g.v[row];
	const struct moment *m = d->moment;
	int64_t born = g->t_create == T_BEFORE ? begin - 1 : g->t_create;
	struct growth *gr;

	if (g->t_end <= begin || g->system || !g->create_stack ||
	    !(gr = growth_of(d, g->create_stack)))
		return;
	if (born >= begin) {
		int64_t q = (born - begin) * 4 / (span + 1);

		gr->made[q < 0 ? 0 : q > 3 ? 3 : q]++;
		gr->young += q >= 3;
	} else {
		gr->before++;
	}
	if (g->t_end != T_NEVER || m->state[row] == GS_DEAD) {
		gr->ended++;
		return;
	}
	gr->alive++;
	if (gr->row == NO_G)
		gr->row = row;
	gr->waits += m->state[row] == GS_BLOCKED && waits_for_goroutines(m->reason[row]) &&
		     m->since[row] < m->time - span / 4;
}

static int64_t growth_span(const struct detect *d)
{
	int64_t t = d->moment->time;

	return t < d->conf.leak_span ? t : d->conf.leak_span;
}

static bool growth_due(const struct detect *d)
{
	return d->grown == T_BEFORE || d->moment->time - d->grown >= GROWTH_LEAST_NS ||
	       !d->world->live.pid;
}

static void growth_begin(struct detect *d)
{
	d->grown = d->moment->time;
	d->growth.n = 0;
	vec_reserve(&d->growth_of, d->world->stacks.stack.n);
	d->growth_of.n = d->world->stacks.stack.n;
	memset(d->growth_of.v, 0, d->growth_of.n * sizeof(*d->growth_of.v));
}

/* From row d->from on; false: it goes on in the next piece. */
static bool growth_measure(struct detect *d)
{
	int64_t span = growth_span(d), begin = d->moment->time - span;

	if (!d->from && !growth_due(d)) {
		for (size_t i = 0; i < d->growth.n; i++)
			d->growth.v[i].told = false;
		return true;
	}
	if (!d->from)
		growth_begin(d);
	for (uint32_t row = d->from; row < d->moment->n; row++) {
		if (!(row % ROWS_PART) && detect_pause(d, row, ROWS_PART))
			return false;
		growth_row(d, row, begin, span);
	}
	return true;
}

static uint32_t growth_made(const struct growth *g)
{
	return g->made[0] + g->made[1] + g->made[2] + g->made[3];
}

/* In each quarter some were made, none ended, and those that had the time to wait do. */
static bool only_grows(const struct detect *d, const struct growth *g)
{
	return !g->ended && growth_made(g) >= d->conf.leak_growth && g->made[0] && g->made[1] &&
	       g->made[2] && g->made[3] &&
	       (uint64_t)g->waits * 10 >= (uint64_t)(g->alive - g->young) * 9;
}

static void say_growth(struct detect *d, const struct growth *g)
{
	int64_t span = growth_span(d);
	char time[SAY], place[SAY];

	if (!growth_made(g) || span <= 0)
		return;
	finding_evidence(&d->findings,
			 "made at %s: %" PRIu32 " -> %" PRIu32 " in %s, +%.0f a minute, %s",
			 say_place(d->world, stacktab_frame(&d->world->stacks, g->stack, 0), place),
			 g->before, g->alive, say_time(span, time),
			 (double)growth_made(g) * 60e9 / (double)span,
			 g->ended ? "some ended" : "none ended");
}

/* With the rows that stand for it, d->keys from i to end. */
static void growth_finding(struct detect *d, const struct growth *g, size_t i, size_t end)
{
	bool whole = growth_span(d) >= d->conf.leak_span;
	char place[SAY], time[SAY];

	if (!detect_finding(d, DETECT_LEAK, whole ? SEVERITY_WARNING : SEVERITY_INFO,
			    whole ? CERTAINTY_LIKELY : CERTAINTY_RECHECK))
		return;
	for (; i < end; i++)
		finding_goroutine(&d->findings, d->world, d->moment, d->keys.v[i].row);
	if (d->findings.draft.n < g->alive)
		finding_more(&d->findings, g->alive - d->findings.draft.n);
	finding_key(&d->findings, "growth");
	finding_summary(&d->findings,
			"%" PRIu32 " goroutines made at %s only grow: +%" PRIu32
			" in %s, none ended",
			g->alive,
			say_place(d->world, stacktab_frame(&d->world->stacks, g->stack, 0), place),
			growth_made(g), say_time(growth_span(d), time));
	say_growth(d, g);
	finding_evidence(&d->findings,
			 "%" PRIu32 " of %" PRIu32 " wait for another goroutine since", g->waits,
			 g->alive);
	finding_why(&d->findings, "a program that warms up grows too, and ends");
	finding_advice(&d->findings,
		       "see what the oldest of them wait for, and give that an end: a "
		       "context, a closed channel, a timeout");
	finding_done(&d->findings);
}

/* Some rows of each group that grows, that stand alike: one walk for all of them. */
static void growth_rows(struct detect *d)
{
	d->keys.n = 0;
	for (uint32_t row = 0; row < d->moment->n; row++) {
		uint32_t stack = d->world->g.v[row].create_stack;
		struct growth *g;

		if (stack >= d->growth_of.n || !d->growth_of.v[stack] ||
		    d->moment->state[row] == GS_DEAD)
			continue;
		g = &d->growth.v[d->growth_of.v[stack] - 1];
		if (!g->grows || g->some == FINDING_IDS ||
		    d->moment->stack[row] != d->moment->stack[g->row])
			continue;
		g->some++;
		*vec_push(&d->keys) = (struct likeness){ d->growth_of.v[stack], row };
	}
	keys_sort(d);
}

static void growth_findings(struct detect *d)
{
	bool any = false;

	for (size_t i = 0; i < d->growth.n; i++) {
		struct growth *g = &d->growth.v[i];

		g->some = 0;
		g->grows = !g->told && g->row != NO_G && only_grows(d, g);
		any |= g->grows;
	}
	if (any)
		growth_rows(d);
	for (size_t i = 0, end; any && i < d->keys.n; i = end) {
		end = keys_run(d, i);
		growth_finding(d, &d->growth.v[d->keys.v[i].key - 1], i, end);
	}
}

/* --- out of reach --- */

static const char *beyond(const struct object *o)
{
	if (o->flags & OBJF_CONTEXT)
		return "nobody left can cancel it";
	if (o->flags & OBJF_TIMER)
		return "the timer was stopped";
	if (o->kind == OBJ_COND)
		return "nobody left can signal it";
	return "no other goroutine can reach it";
}

static const char *reach_advice(const struct object *o, enum wait_op op)
{
	if (o->flags & OBJF_CONTEXT)
		return "call the context's cancel function by defer, in the function that made it";
	if (o->flags & OBJF_TIMER)
		return "a stopped timer never sends: select on a channel that is closed as well";
	if (o->kind == OBJ_COND)
		return "change what the Cond stands for under its lock, then Broadcast, and test "
		       "it "
		       "in a loop around Wait";
	if (op == OP_SEND)
		return "give the channel room for one, or select on the receiver's context as well";
	return "close the channel where its last sender ends, or select on a context as well";
}

static void reach_summary(struct detect *d, uint32_t node, const struct wait *w, uint32_t n)
{
	const struct graph *g = &d->graph;
	const struct object *o = &g->facts->object.v[w->object];
	char what[SAY], place[SAY];

	if (g->node.v[node].n_waits > 1 && n == 1)
		finding_summary(&d->findings,
				"goroutine %" PRIu64
				" waits in a select no case of which anybody can reach",
				g->node.v[node].goid);
	else if (n == 1)
		finding_summary(&d->findings, "goroutine %" PRIu64 " waits %s %s: %s",
				g->node.v[node].goid,
				say_wait((enum object_kind)o->kind, (enum wait_op)w->op),
				say_object(d, o, what), beyond(o));
	else
		finding_summary(
			&d->findings, "%" PRIu32 " goroutines at %s wait %s a %s each: %s", n,
			say_place(d->world,
				  stack_place(d->world, d->moment->stack[g->node.v[node].row]),
				  place),
			say_wait((enum object_kind)o->kind, (enum wait_op)w->op),
			object_kind_name((enum object_kind)o->kind), beyond(o));
}

/* Goroutines of one likeness; a run of d->keys, which are nodes here. */
static void reach_finding(struct detect *d, size_t i, size_t end)
{
	const struct graph *g = &d->graph;
	uint32_t first = d->keys.v[i].row;
	const struct graph_node *n = &g->node.v[first];
	const struct wait *w = graph_wait(g, n, 0);
	const struct object *o = &g->facts->object.v[w->object];
	const struct graph_component *c = &g->component.v[g->port.v[wait_port(w)].component];
	uint32_t stack = d->world->g.v[n->row].create_stack;
	bool lost = true, old = false;

	for (size_t k = i; k < end; k++) {
		lost &= g->node.v[d->keys.v[k].row].fate == FATE_LOST;
		old |= graph_age(g, g->node.v[d->keys.v[k].row].row) >= d->conf.leak_age;
	}
	if (!detect_finding(d, DETECT_LEAK, SEVERITY_WARNING,
			    lost  ? CERTAINTY_PROVEN
			    : old ? CERTAINTY_LIKELY
				  : CERTAINTY_RECHECK))
		return;
	stuck_prove(d, c);
	for (size_t k = i; k < end; k++) {
		const struct graph_node *one = &g->node.v[d->keys.v[k].row];

		finding_goroutine(&d->findings, d->world, d->moment, one->row);
		for (uint32_t p = 0; p < one->n_waits; p++)
			finding_object(&d->findings,
				       port_object(g, wait_port(graph_wait(g, one, p)))->addr);
		if (k < i + 3)
			say_stuck(d, (uint32_t)(one - g->node.v));
	}
	reach_summary(d, first, w, (uint32_t)(end - i));
	for (uint32_t k = 0; k < o->n_holds && k < 4; k++)
		say_holder(d, &g->facts->hold.v[o->first_hold + k], o);
	if (stack && stack < d->growth_of.n && d->growth_of.v[stack]) {
		say_growth(d, &d->growth.v[d->growth_of.v[stack] - 1]);
		d->growth.v[d->growth_of.v[stack] - 1].told = true;
	}
	say_behind(d, c, 0);
	if (!lost)
		say_why(d, c);
	finding_advice(&d->findings, reach_advice(o, (enum wait_op)w->op));
	finding_done(&d->findings);
}

/* Whether the node waits at nothing but channels and Conds that are causes themselves. */
static bool out_of_reach(const struct graph *g, const struct graph_node *n)
{
	if (n->fate < FATE_STUCK || !n->n_waits)
		return false;
	for (uint32_t i = 0; i < n->n_waits; i++) {
		uint32_t port = wait_port(graph_wait(g, n, i));
		const struct object *o = port_object(g, port);
		uint32_t c = g->port.v[port].component;

		if (o->kind == OBJ_NIL && n->n_waits > 1)
			continue;
		if ((o->kind != OBJ_CHAN && o->kind != OBJ_COND) || c == NO_NODE ||
		    !g->component.v[c].root || g->component.v[c].cycle)
			return false;
	}
	return true;
}

/* The nodes that nobody can wake, sorted by what they are like. */
static void reach_find(struct detect *d)
{
	const struct graph *g = &d->graph;

	d->keys.n = 0;
	for (uint32_t i = 0; d->facts && g->n_free && i < g->node.n; i++) {
		const struct graph_node *n = &g->node.v[i];

		if (out_of_reach(g, n) && n->row < d->moment->n &&
		    (g->facts->still || graph_age(g, n->row) >= d->conf.leak_age))
			*vec_push(&d->keys) = (struct likeness){ row_likeness(d, n->row), i };
	}
	keys_sort(d);
}

/* Pieces begin at a row whose growth is measured, or, beyond the rows, at a run of keys. */
void detect_leaks(struct detect *d)
{
	uint32_t rows = (uint32_t)d->moment->n, i = d->from - rows;

	if (!d->from || d->from < rows) {
		if (!growth_measure(d))
			return;
		reach_find(d);
		i = 0;
	}
	for (size_t end; i < d->keys.n; i = (uint32_t)end) {
		end = keys_run(d, i);
		if (detect_pause(d, rows + i, end - i))
			return;
		reach_finding(d, i, end);
	}
	growth_findings(d);
}

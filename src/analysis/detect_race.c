/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only ever a hint. A function literal that one go statement started several
 * times shares what it captures; where several of those are on a processor in
 * it at once, and none of them holds a lock, the race detector is worth a run.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "analysis/detect_impl.h"
#include "analysis/groups.h"

/* "main.main.func1", "main.(*T).run.func2.1" */
static bool is_literal(const char *func)
{
	const char *at = strstr(func, ".func");

	for (; at; at = strstr(at + 1, ".func"))
		if (isdigit((unsigned char)at[5]))
			return true;
	return false;
}

static bool holds_lock(const struct graph *g, uint64_t goid)
{
	uint32_t i = graph_find(g, goid);

	for (uint32_t k = 0; i != NO_NODE && k < g->node.v[i].n_holds; k++) {
		uint8_t op = graph_hold(g, &g->node.v[i], k)->op;

		if (op == HOLD_LOCK || op == HOLD_RLOCK)
			return true;
	}
	return false;
}

/* Where it stands: behind what stops it for others to run. */
static const struct frame *stands_at(const struct detect *d, uint32_t row)
{
	const struct strtab *s = &d->world->strings;
	const struct frame *f;

	for (uint32_t i = 0; (f = stacktab_frame(&d->world->stacks, d->moment->stack[row], i)); i++)
		if (strncmp(strtab_get(s, f->func), "runtime.", 8) != 0)
			return f;
	return NULL;
}

static bool is_preempted(const struct detect *d, const struct frame *f)
{
	return !strncmp(strtab_get(&d->world->strings, f->func), "runtime.asyncPreempt", 20);
}

/* Its registers were seen, and it has run for so long that it is no short visit. */
static bool is_seen_running(const struct detect *d, uint32_t row, const struct frame *f)
{
	return d->moment->state[row] == GS_RUNNING && f->file &&
	       detect_age(d, row) >= d->conf.settle;
}

/* It was seen in a function literal itself, not in what that calls; one that was but made or woken is not there yet. */
static bool in_literal(const struct detect *d, uint32_t row)
{
	const struct frame *f = stacktab_frame(&d->world->stacks, d->moment->stack[row], 0);

	if (f && is_preempted(d, f))
		f = stands_at(d, row);
	else if (f && !is_seen_running(d, row, f))
		return false;
	return f && f->file && is_literal(strtab_get(&d->world->strings, f->func));
}

/* Where a goroutine that runs stands is not known: it counts with those of its kind that were seen there. */
static bool may_be_in_literal(const struct detect *d, uint32_t row)
{
	const struct frame *f = stands_at(d, row);

	return (!f || !f->file) && is_literal(entry_name(d->world, row)) &&
	       detect_age(d, row) >= d->conf.settle;
}

static void race_finding(struct detect *d, size_t i, size_t end)
{
	const struct frame *f = NULL;

	for (size_t k = i; k < end && !f; k++)
		if (in_literal(d, d->keys.v[k].row))
			f = stands_at(d, d->keys.v[k].row);
	if (!f || !detect_finding(d, DETECT_RACE, SEVERITY_INFO, CERTAINTY_RECHECK))
		return;
	finding_place(&d->findings, f);
	finding_key(&d->findings, strtab_get(&d->world->strings, f->func));
	for (size_t k = i; k < end; k++)
		finding_member(&d->findings, d->world, d->moment, d->keys.v[k].row);
	finding_summary(&d->findings,
			"%zu goroutines of one go statement are in %.80s at once and hold no lock",
			end - i, strtab_get(&d->world->strings, f->func));
	finding_why(&d->findings,
		    "what the function captures is shared by them; whether they write "
		    "to it, no look from outside tells");
	finding_advice(&d->findings, "build with -race and run the same load");
	finding_done(&d->findings);
}

void detect_races(struct detect *d)
{
	const struct moment *m = d->moment;

	if (!d->facts)
		return;
	d->keys.n = 0;
	for (uint32_t row = 0; row < m->n; row++) {
		const struct goroutine *g = &d->world->g.v[row];

		if ((m->state[row] != GS_RUNNING && m->state[row] != GS_RUNNABLE) || g->system ||
		    !g->create_stack || holds_lock(&d->graph, g->goid) ||
		    (!in_literal(d, row) && !may_be_in_literal(d, row)))
			continue;
		*vec_push(&d->keys) = (struct likeness){ g->create_stack, row };
	}
	keys_sort(d);
	for (size_t i = 0, end; i < d->keys.n; i = end) {
		end = keys_run(d, i);
		if (end - i > 1)
			race_finding(d, i, end);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime itself calls endless: a nil channel, a select without cases. */
#include <inttypes.h>

#include "analysis/detect_impl.h"
#include "analysis/groups.h"

static const char *nil_words(uint8_t reason)
{
	return reason == R_CHAN_SEND_NIL   ? "sends to a nil channel"
	       : reason == R_CHAN_RECV_NIL ? "receives from a nil channel"
					   : "waits in a select without cases";
}

static void nil_summary(struct detect *d, uint32_t row, uint32_t n)
{
	uint8_t reason = d->moment->reason[row];
	char place[SAY];

	if (n == 1)
		finding_summary(&d->findings, "goroutine %" PRIu64 " %s: it never goes on",
				d->world->g.v[row].goid, nil_words(reason));
	else
		finding_summary(
			&d->findings, "%" PRIu32 " goroutines at %s: each %s and never goes on", n,
			say_place(d->world, stack_place(d->world, d->moment->stack[row]), place),
			nil_words(reason));
}

/* Who waits for those that never go on. */
static void nil_behind(struct detect *d, uint32_t row)
{
	uint32_t n = graph_find(&d->graph, d->world->g.v[row].goid);

	if (n != NO_NODE && d->graph.node.v[n].weight > 1)
		finding_evidence(&d->findings, "%" PRIu32 " goroutines wait behind",
				 d->graph.node.v[n].weight - 1);
}

static void nil_finding(struct detect *d, size_t i, size_t end)
{
	uint32_t row = d->keys.v[i].row;
	bool empty = d->moment->reason[row] == R_SELECT_EMPTY;
	/* main may well mean to stay there for ever */
	enum severity s = d->world->g.v[row].goid == 1 ? SEVERITY_INFO
			  : empty		       ? SEVERITY_WARNING
						       : SEVERITY_ERROR;
	char who[SAY], time[SAY];

	if (!detect_finding(d, DETECT_NIL_CHANNEL, s, CERTAINTY_PROVEN))
		return;
	for (size_t k = i; k < end; k++)
		finding_goroutine(&d->findings, d->world, d->moment, d->keys.v[k].row);
	nil_summary(d, row, (uint32_t)(end - i));
	finding_evidence(&d->findings, "goroutine %s is so for %s, by the runtime's own reason",
			 say_goroutine(d, row, who), say_time(detect_age(d, row), time));
	nil_behind(d, row);
	finding_advice(&d->findings,
		       empty ? "let it wait for the end of what it waits with: a context, a signal"
			     : "make the channel before the goroutine that uses it starts");
	finding_done(&d->findings);
}

void detect_nil_channels(struct detect *d)
{
	const struct moment *m = d->moment;

	d->keys.n = 0;
	for (uint32_t row = 0; row < m->n; row++) {
		uint8_t r = m->reason[row];

		if (r != R_CHAN_SEND_NIL && r != R_CHAN_RECV_NIL && r != R_SELECT_EMPTY)
			continue;
		if (m->state[row] == GS_BLOCKED && !d->world->g.v[row].system &&
		    (r != R_SELECT_EMPTY || d->world->g.v[row].goid != 1))
			*vec_push(&d->keys) = (struct likeness){ row_likeness(d, row), row };
	}
	keys_sort(d);
	for (size_t i = 0, end; i < d->keys.n; i = end) {
		end = keys_run(d, i);
		nil_finding(d, i, end);
	}
}

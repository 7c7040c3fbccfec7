/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The past, as events: implemented by whoever keeps them (a mapped trace, a
 * recording, the ring of a live session), asked by whoever shows them.
 */
#ifndef CORE_HISTORY_H
#define CORE_HISTORY_H

#include <stdatomic.h>

#include "core/event.h"

struct history_query {
	int64_t t0, t1; /* events with t0 <= time <= t1 */
	/* only events whose g or peer is among these, sorted; then none of EV_FACTS to EV_FACTS_END */
	const uint64_t *goid;
	size_t n_goid; /* 0: events of all, and of none */
	bool no_looks; /* none of EV_FACTS to EV_FACTS_END */
	const atomic_bool *cancel; /* NULL, or looked at now and then */
};

/* Called in order of time; false stops the query. The event is valid for the call. */
typedef bool history_sink(void *arg, const struct event *ev);

/* The state of one goroutine at some time, see struct moment. */
struct history_state {
	uint64_t goid;
	int64_t since;
	uint32_t stack;
	uint8_t state, reason, how;
};
typedef void history_states(void *arg, const struct history_state *s);

struct history {
	/*
	 * Any thread, several at once. Answers from what was merged into the
	 * world when the call began. Returns 0, also when stopped, or a negative errno.
	 */
	int (*query)(struct history *h, const struct history_query *q, history_sink *sink,
		     void *arg);
	/*
	 * Where it keeps the state of all goroutines alive now and then: tells that of the latest
	 * such time that is not after t, which *at becomes. -ENOENT: there is none. NULL: it keeps
	 * none at all. Any thread.
	 */
	int (*states)(struct history *h, int64_t t, int64_t *at, history_states *sink, void *arg);
};

/* Whether that goroutine is among those asked for. */
static inline bool history_has(const struct history_query *q, uint64_t goid)
{
	size_t lo = 0, hi = q->n_goid;

	while (goid && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (q->goid[mid] == goid)
			return true;
		if (q->goid[mid] < goid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* Whether the query asks for that event, its time aside. */
static inline bool history_wants(const struct history_query *q, const struct event *ev)
{
	bool look = ev->kind >= EV_FACTS && ev->kind <= EV_FACTS_END;

	if (!q->n_goid)
		return !look || !q->no_looks;
	return !look && (history_has(q, ev->g) || history_has(q, ev->peer));
}

#endif

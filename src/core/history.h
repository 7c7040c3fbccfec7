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
	const atomic_bool *cancel; /* NULL, or looked at now and then */
};

/* Called in order of time; false stops the query. The event is valid for the call. */
typedef bool history_sink(void *arg, const struct event *ev);

struct history {
	/*
	 * Any thread, several at once. Answers from what was merged into the
	 * world when the call began. Returns 0, also when stopped, or a negative errno.
	 */
	int (*query)(struct history *h, const struct history_query *q, history_sink *sink,
		     void *arg);
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Worlds and facts made by hand, for the tests of graph and detectors. Times are in seconds here. */
#ifndef TESTS_UNIT_FAULT_WORLD_H
#define TESTS_UNIT_FAULT_WORLD_H

#include <stdio.h>
#include <string.h>

#include "core/world.h"

#define SEC 1000000000ll

static inline void fw_apply(struct world *w, struct event ev)
{
	ev.m = ev.p = NO_ID;
	world_apply(w, &ev);
}

/* A stack of one frame of the program's: "main.transfer:42". */
static inline uint32_t fw_stack(struct world *w, const char *place)
{
	char func[128];
	struct frame f = { 0 };
	unsigned line = 0;

	if (sscanf(place, "%127[^:]:%u", func, &line) < 1)
		return 0;
	f.func = world_str(w, func);
	f.file = world_str(w, "/src/main.go");
	f.line = line;
	return stacktab_put(&w->stacks, &f, 1);
}

/* A goroutine made at that time by goroutine 1 at the place given. */
static inline void fw_go(struct world *w, uint64_t g, int64_t t, const char *made)
{
	fw_apply(w, (struct event){ .time = t,
				    .g = g,
				    .peer = 1,
				    .kind = EV_CREATE,
				    .state = GS_RUNNABLE,
				    .stack = fw_stack(w, made),
				    .stack2 = fw_stack(w, "main.worker:10") });
	fw_apply(w, (struct event){ .time = t, .g = g, .kind = EV_RUN });
}

static inline void fw_block(struct world *w, uint64_t g, int64_t t, enum reason why,
			    const char *place)
{
	fw_apply(w, (struct event){ .time = t,
				    .g = g,
				    .kind = EV_BLOCK,
				    .reason = (uint8_t)why,
				    .stack = fw_stack(w, place) });
}

/* Time goes on: something happens then to a goroutine that nobody looks at. */
static inline void fw_until(struct world *w, int64_t t)
{
	fw_apply(w, (struct event){ .time = t, .kind = EV_SYNC });
}

/* A world with a main goroutine that sleeps from time 0 on. */
static inline void fw_init(struct world *w)
{
	world_init(w);
	w->source_kind = world_str(w, "live");
	fw_go(w, 1, 0, "main.init:1");
	fw_block(w, 1, 0, R_SLEEP, "main.main:5");
}

static inline void fw_facts(struct world *w, int64_t t)
{
	fw_apply(w, (struct event){ .time = t, .kind = EV_FACTS, .value = FACTS_SEARCHED });
}

/* Of a program that is over. */
static inline void fw_still(struct world *w, int64_t t)
{
	fw_apply(w, (struct event){
			    .time = t, .kind = EV_FACTS, .value = FACTS_SEARCHED | FACTS_STILL });
}

static inline void fw_object(struct world *w, uint64_t addr, enum object_kind kind, unsigned flags,
			     int64_t len)
{
	struct object o = { .addr = addr,
			    .kind = (uint8_t)kind,
			    .flags = (uint16_t)(flags ^ OBJF_SEARCHED),
			    .len = len,
			    .when = T_NEVER,
			    .fd = -1 };
	struct event ev[2];
	unsigned n = facts_object_events(&o, w->now.time, ev);

	for (unsigned i = 0; i < n; i++)
		fw_apply(w, ev[i]);
}

static inline void fw_wait(struct world *w, uint64_t g, uint64_t addr, enum wait_op op)
{
	fw_apply(w, facts_wait_event(w->now.time, g, addr, op, false, 0));
}

static inline void fw_case(struct world *w, uint64_t g, uint64_t addr, enum wait_op op, unsigned at)
{
	fw_apply(w, facts_wait_event(w->now.time, g, addr, op, true, (uint16_t)at));
}

static inline void fw_hold(struct world *w, uint64_t g, uint64_t addr, enum hold_op op)
{
	fw_apply(w, facts_hold_event(w->now.time, g, addr, op,
				     op == HOLD_REF ? EVIDENCE_INFERRED : EVIDENCE_SEEN,
				     world_str(w, op == HOLD_REF ? "in its frames"
								 : "deferred Unlock in main.f"),
				     fw_stack(w, "main.holder:7")));
}

static inline void fw_facts_end(struct world *w)
{
	fw_apply(w, (struct event){ .time = w->now.time, .kind = EV_FACTS_END });
}

#endif

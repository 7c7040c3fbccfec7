/* SPDX-License-Identifier: Apache-2.0 */
/* What one event does to the order's tables; internal to the order. */
#ifndef SOURCE_TRACE2_STEP_H
#define SOURCE_TRACE2_STEP_H

#include "source/trace2_sum.h"

/* An event with its arguments, by a thread, at a time that is not before others. */
struct t2_rec {
	const struct t2_cursor *c;
	uint32_t m; /* row */
	int64_t t;
	uint64_t arg[T2_MAX_ARGS];
};

/*
 * Tries an event that is none of the most frequent ones (those are in
 * trace2_run.c). 1: done; 0: not possible yet, nothing changed; -EAGAIN: a fresh
 * order does not know; other negative errno: o->err says what is wrong.
 */
int step(struct t2_order *o, const struct t2_rec *r);

/* GC, ranges and what users annotate: the part of step() in trace2_ranges.c. */
int step_range(struct t2_order *o, const struct t2_rec *r);

/*
 * A contradiction at the event of c: fills o->err. What seems one to a fresh
 * order may be none for who knows the generation before: -EAGAIN then.
 */
int step_wrong(struct t2_order *o, const struct t2_cursor *c, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Row of a goroutine that is there, or T2_NONE. */
static inline uint32_t step_g(const struct t2_order *o, uint64_t goid)
{
	uint32_t row = rows_get(&o->by_goid, goid);

	return row != T2_NONE && (o->g[row].status & ~T2_UNTOLD) ? row : T2_NONE;
}

static inline uint8_t step_status(const struct t2_order *o, uint32_t row)
{
	return o->g[row].status & (uint8_t)~T2_UNTOLD;
}

/* The thread acts without a goroutine: in a fresh order it must have had none. */
static inline void step_want_no_g(struct t2_m *m)
{
	m->flags |= m->g == T2_NONE ? T2_M_G_WANTED_NONE : 0;
}

static inline void step_want_no_p(struct t2_m *m)
{
	m->flags |= m->p == T2_NONE ? T2_M_P_WANTED_NONE : 0;
}

/* A thread that has a processor and a goroutine. */
static inline bool step_has_all(const struct t2_m *m)
{
	return m->p != T2_NONE && m->g != T2_NONE;
}

/* The same, and the goroutine runs. */
static inline bool step_runs(const struct t2_order *o, const struct t2_m *m)
{
	return step_has_all(m) && step_status(o, m->g) == T2_G_RUNNING;
}

static inline bool step_follows(const struct t2_order *o, const struct t2_p *p, uint64_t seq)
{
	return p->gen == o->gen->index && seq == p->seq + 1;
}

/* Row of a thread, made where it is new. */
uint32_t step_thread(struct t2_order *o, uint64_t mid);

#endif

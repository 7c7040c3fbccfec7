/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Summing up: what each goroutine did in a segment, as it is ordered; internal
 * to the order.
 */
#ifndef SOURCE_TRACE2_SUM_H
#define SOURCE_TRACE2_SUM_H

#include "source/trace2_order.h"

/* Makes the row of a goroutine that is not there, in a state that it just took. */
uint32_t sum_add(struct t2_order *o, uint64_t goid, uint8_t status);

/* The row's first change in the segment. */
void sum_touch_first(struct t2_order *o, uint32_t row);

static inline struct t2_g *sum_touch(struct t2_order *o, uint32_t row)
{
	if (__builtin_expect(o->g[row].stamp != o->stamp, 0))
		sum_touch_first(o, row);
	return &o->g[row];
}

/* How long its state has lasted at t, within the segment. */
static inline int64_t sum_lasted(const struct t2_order *o, const struct t2_g *g, int64_t t)
{
	return t - (g->since > o->seg_t0 ? g->since : o->seg_t0);
}

/* From any state to another, at t. */
void sum_change(struct t2_order *o, uint32_t row, uint8_t status, int64_t t);

/* It was created at t; the caller fills what else is known. */
struct t2_life *sum_created(struct t2_order *o, uint32_t row, int64_t t);
/* It was there before the trace; stack is dense. */
void sum_first(struct t2_order *o, uint32_t row, uint32_t stack);
void sum_ended(struct t2_order *o, uint32_t row, int64_t t);

void segment_open(struct t2_order *o);
/* Closes the segment at o->t_last and emits it. */
void segment_close(struct t2_order *o);
/* Whether it is large enough for what it costs. */
bool segment_full(const struct t2_order *o);

#endif

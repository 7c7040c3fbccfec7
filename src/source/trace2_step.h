/* SPDX-License-Identifier: Apache-2.0 */
/* What one event does to the order's tables; internal to the order. */
#ifndef SOURCE_TRACE2_STEP_H
#define SOURCE_TRACE2_STEP_H

#include "source/trace2_order.h"

/*
 * Tries the cursor's event: 1: done; 0: not possible yet, nothing changed;
 * -EAGAIN: a fresh order does not know; other negative errno: o->err says what is wrong.
 */
int step(struct t2_order *o, struct t2_cursor *c);

/* Accounts a goroutine's time up to the segment's end and notes its state. */
void step_settle(struct t2_order *o, struct t2_segg *s, int64_t t1);

/* Row of a thread, made where it is new. */
uint32_t step_thread(struct t2_order *o, uint64_t mid);

#endif

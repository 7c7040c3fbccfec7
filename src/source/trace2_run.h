/* SPDX-License-Identifier: Apache-2.0 */
/* The loop over a generation's events; internal to the order. */
#ifndef SOURCE_TRACE2_RUN_H
#define SOURCE_TRACE2_RUN_H

#include "source/trace2_order.h"

/* From o's cursors and heap to their end; as order_run(). */
int run_events(struct t2_order *o);

#endif

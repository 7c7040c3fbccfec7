/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions on a program, such as "deadlock|blocked>30s|goroutines>10000|growth>100/m":
 * alternatives, of which one suffices.
 */
#ifndef ANALYSIS_TRIGGER_H
#define ANALYSIS_TRIGGER_H

#include "analysis/detect.h"
#include "core/err.h"

struct trigger;

/*
 * An alternative is
 *   the name of a detector, or info, warning, error: there is such a finding, or one at least as
 *     grave; of those that are only worth another look none counts, but for hints of a race;
 *   goroutines, running, runnable, blocked or syscall > NUMBER: more than so many;
 *   blocked or runnable > TIME (500ms, 30s, 5m, 1h): one has been so for longer; blocked: on what
 *     another goroutine does, not asleep nor for the network;
 *   growth > NUMBER/UNIT: so many more goroutines in a second, minute or hour (/s /m /h).
 * NULL with err filled (EXIT_USAGE), which names the column.
 */
struct trigger *trigger_new(const char *text, struct err *err);
void trigger_free(struct trigger *t);
/*
 * Looks at the newest moment; NULL: none of them is so, else the one that is, as it was
 * written. Call it now and then, at least each second: growth is measured between calls.
 */
const char *trigger_look(struct trigger *t, const struct world *w, const struct detect *d);

#endif

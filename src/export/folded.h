/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time by stack as folded lines, "root;caller;leaf N", which flamegraph.pl, inferno and
 * speedscope read. N is in microseconds.
 */
#ifndef EXPORT_FOLDED_H
#define EXPORT_FOLDED_H

#include <stdio.h>

#include "analysis/profile.h"

/*
 * Writes the whole session's time. c: on CPU the stacks alone; off CPU the reason stands
 * first, "[chan-recv]"; by is as well. A call that the compiler put into its caller has
 * "_[i]" at its end. In names ; and control characters are made harmless. What is less
 * than half a microsecond is left out. by_state: set where there are no samples, and time
 * on CPU is that in the running state. Returns 0 or a negative errno of writing.
 */
int folded_export(struct world *w, const struct profile_choice *c, bool *by_state, FILE *out);

#endif

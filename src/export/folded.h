/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time by stack as folded lines, "root;caller;leaf N", which flamegraph.pl, inferno and
 * speedscope read. N is in microseconds.
 */
#ifndef EXPORT_FOLDED_H
#define EXPORT_FOLDED_H

#include "analysis/profile.h"
#include "export/formats.h"

/*
 * On CPU the stacks alone; off CPU the reason stands first, "[chan-recv]". A call that the
 * compiler put into its caller has "_[i]" at its end. In names ; and control characters
 * are made harmless. What is less than half a microsecond is left out. Returns 0 or a
 * negative errno of writing.
 */
int folded_export(struct export_request *r, enum profile_time time, FILE *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PCRE2 pattern over what is known of a goroutine: state, reason, the
 * functions and files of its stack and of its creator, labels, and its id as
 * "g18". Each distinct thing is matched once; a goroutine then costs a few
 * look-ups.
 */
#ifndef ANALYSIS_FILTER_H
#define ANALYSIS_FILTER_H

#include "core/err.h"
#include "core/world.h"

struct filter;

/*
 * A leading ! inverts. Returns NULL with err filled (what is wrong, and at which
 * character) where the pattern is bad. An empty pattern, or "!" alone, matches all.
 */
struct filter *filter_new(const char *pattern, struct err *err);
void filter_free(struct filter *f); /* NULL ok */
const char *filter_pattern(const struct filter *f);

/* Whether a row of the moment passes; f NULL: all do. */
bool filter_row(struct filter *f, const struct world *w, const struct moment *m, size_t row);

/*
 * The same for all rows; system: the runtime's own may pass. keep has room for m->n.
 * Returns how many of those alive pass. Some ns a row.
 */
size_t filter_all(struct filter *f, const struct world *w, const struct moment *m, bool system,
		  bool *keep);

#endif

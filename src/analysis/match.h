/* SPDX-License-Identifier: Apache-2.0 */
/* A PCRE2 pattern, compiled by its JIT, that cannot hang: filter and search use it. */
#ifndef ANALYSIS_MATCH_H
#define ANALYSIS_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct match;

/* NULL with err filled, which tells what is wrong and at which character. */
struct match *match_new(const char *pattern, struct err *err);
void match_free(struct match *m); /* NULL ok */

/*
 * Whether the text matches; bytes that are no UTF-8 match nothing. start, end
 * (may be NULL): where.
 */
bool match_find(const struct match *m, const char *s, size_t len, size_t *start, size_t *end);

/*
 * Whether a text of these characters alone, at most longest bytes, might match: false
 * only where the pattern's own literals rule it out.
 */
bool match_possible(const struct match *m, const char *alphabet, size_t longest);

#endif

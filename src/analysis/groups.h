/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the list: goroutines put together by where they are, or by where
 * they were made, or each for itself; filtered and sorted. Made for a million:
 * one walk over the moment's arrays, no hashing.
 */
#ifndef ANALYSIS_GROUPS_H
#define ANALYSIS_GROUPS_H

#include "analysis/filter.h"
#include "core/world.h"

enum grouping { GROUP_STACK, GROUP_NONE, GROUP_CREATOR, GROUP_N };

enum sort_by { SORT_COUNT, SORT_ID, SORT_STATE, SORT_WAIT, SORT_ON, SORT_WHERE, SORT_SWITCHES, SORT_N };

struct group {
	uint32_t row; /* one of them: the one with the least id */
	uint32_t n;
	uint32_t key; /* what they have in common: stack or creation stack */
	uint8_t state, reason; /* of most interest: of row */
	int64_t since; /* the earliest */
};

struct groups_config {
	enum grouping by;
	enum sort_by sort;
	bool invert;
	bool system; /* the runtime's own as well */
	bool dead; /* those that have ended as well */
	struct filter *filter; /* NULL: all */
	/* only the members of one group of another grouping */
	bool within;
	enum grouping within_by;
	uint32_t within_key;
	uint8_t within_state;
};

struct groups {
	VEC(struct group) v;
	uint64_t shown; /* goroutines in them */
	uint32_t *index; /* scratch: group of each key */
	size_t n_index;
};

void groups_make(struct groups *out, const struct world *w, const struct moment *m,
		 const struct groups_config *c);
void groups_release(struct groups *g);

/* Where in the user's own code a stack stands: the first frame outside runtime and sync; NULL: none. */
const struct frame *stack_place(const struct world *w, uint32_t stack);

#endif

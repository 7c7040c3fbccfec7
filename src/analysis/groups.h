/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the list: goroutines put together by where they are, or by where
 * they were made, or each for itself; filtered and sorted. Made for a million:
 * one walk over the moment's arrays, no hashing.
 */
#ifndef ANALYSIS_GROUPS_H
#define ANALYSIS_GROUPS_H

#include "core/world.h"

enum grouping { GROUP_STACK, GROUP_NONE, GROUP_CREATOR, GROUP_N };

enum sort_by {
	SORT_COUNT,
	SORT_ID,
	SORT_STATE,
	SORT_WAIT,
	SORT_ON,
	SORT_WHERE,
	SORT_SWITCHES,
	SORT_N
};

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
	const bool *keep; /* per row of the moment; NULL: all pass */
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

/* Whether a row belongs to a group of that grouping; it passes the filter or not. */
bool group_has(const struct world *w, const struct moment *m, enum grouping by,
	       const struct group *g, size_t row);
/* The heading's word for a column, and for a way of grouping, as commands take it. */
const char *sort_name(enum sort_by s);
const char *grouping_name(enum grouping g);
/* The inverse; -1 where there is none of that name. */
int sort_parse(const char *name);
int grouping_parse(const char *name);

/* Where in the user's own code a stack stands: the first frame outside runtime and sync; NULL: none. */
const struct frame *stack_place(const struct world *w, uint32_t stack);

#endif

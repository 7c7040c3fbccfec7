/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the list: goroutines put together by where they are, or by where
 * they were made, or each for itself; filtered and sorted. Made for a million:
 * one walk over the moment's arrays, no hashing; single ones are rows, not structs; and it
 * can be made in pieces, between which a screen is drawn and keys are answered.
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
	int64_t since; /* the earliest */
	uint8_t state, reason; /* of most interest: of row */
};
#define NO_GROUP UINT32_MAX

struct groups_config {
	enum grouping by;
	enum sort_by sort;
	bool invert;
	const bool *keep; /* per row of the moment; NULL: all pass */
	bool but_system; /* keep leaves out no others than some of the world's system_row */
	uint64_t stamp; /* another for each moment, so that a mere filter sorts nothing; 0: none */
};

struct sortable {
	uint32_t key, at;
};

/* Rows in the making, which take the place of those that are there when they are whole. */
struct groups_next {
	const struct world *w;
	const struct moment *m;
	struct groups_config c;
	unsigned stage, step; /* what is done next, and of that … */
	size_t at; /* … from here on */
	bool busy;
	uint64_t shown;
	VEC(struct group) v;
	VEC(struct sortable) order;
	bool partly; /* of some groups in v not all pass */
	/* of the order: the passes that are done, and what the keys of this one are like */
	unsigned pass, shift;
	uint64_t least, most, before;
	bool sorted;
};

/* All groups, whatever the filter, and of each row that is alive the one that it is of. */
struct group_set {
	VEC(struct group) all;
	VEC(uint32_t) of; /* else NO_GROUP */
};

struct radix;

struct groups {
	enum grouping by;
	uint64_t shown; /* goroutines in them */
	/* private: ask groups_n() and groups_at() */
	VEC(struct group) v; /* those that pass; but for GROUP_NONE */
	VEC(struct sortable) order; /* places in v, or rows */
	struct groups_next next;
	/* kept from one time to the next */
	struct group_set set[2];
	unsigned made, drawn; /* which of them was made last, and which what is shown was made of */
	VEC(uint32_t) kept; /* of each of all: how many pass */
	uint64_t all_stamp;
	enum grouping all_by;
	VEC(uint32_t) flat; /* all rows in order, whatever the filter */
	uint64_t flat_stamp;
	enum sort_by flat_sort;
	VEC(uint32_t) place; /* of each stack: where its place stands by file and line */
	VEC(uint8_t) plumbing; /* of each string: 0 not asked yet, else what it is and one */
	/* scratch that stays */
	VEC(struct sortable) swap, rank;
	struct radix *radix;
	uint32_t *index; /* group of each key */
	size_t n_index;
};

/*
 * Begins to make the rows anew; what was begun before is dropped, what is there stays so
 * long. The world, the moment and c.keep must be as they are now until it is finished, or
 * begun anew.
 */
void groups_begin(struct groups *g, const struct world *w, const struct moment *m,
		  const struct groups_config *c);
/* Goes on with it for so much processor time (0: to the end). Returns whether it is finished. */
bool groups_step(struct groups *g, int64_t piece_ns);
/* Both, to the end. */
void groups_make(struct groups *g, const struct world *w, const struct moment *m,
		 const struct groups_config *c);
void groups_release(struct groups *g);

/* Whether something is in the making. */
static inline bool groups_busy(const struct groups *g)
{
	return g->next.busy;
}

static inline size_t groups_n(const struct groups *g)
{
	return g->order.n;
}

/* The i-th group, i below groups_n(); of the world and moment that they were made of. */
struct group groups_at(const struct groups *g, const struct world *w, const struct moment *m,
		       size_t i);
/* Its row alone. */
uint32_t groups_row(const struct groups *g, size_t i);
/* A number that the rows of one group share, below groups_all(); NO_GROUP: it is of none. */
static inline uint32_t groups_of(const struct groups *g, uint32_t row)
{
	const struct group_set *s = &g->set[g->drawn];

	return row < s->of.n ? s->of.v[row] : NO_GROUP;
}

static inline size_t groups_all(const struct groups *g)
{
	return g->set[g->drawn].all.n;
}

/* Where in the order a row stands that is a group of its own (GROUP_NONE); SIZE_MAX: nowhere. */
size_t groups_find(const struct groups *g, uint32_t row);

/* Whether a row belongs to a group of that grouping; it passes the filter or not. */
bool group_has(const struct world *w, const struct moment *m, enum grouping by,
	       const struct group *g, size_t row);
/* The heading's word for a column, and for a way of grouping, as commands take it. */
const char *sort_name(enum sort_by s);
const char *grouping_name(enum grouping g);
/* The inverse; -1 where there is none of that name. */
int sort_parse(const char *name);
int grouping_parse(const char *name);

/*
 * Where in the program's own code a stack stands: the first frame outside of the
 * standard library, where there is none outside of runtime, sync and the like; NULL: no stack.
 */
const struct frame *stack_place(const struct world *w, uint32_t stack);
/* Whether a function is of the program's own code: outside of the standard library. */
bool func_is_own(const char *func);

#endif

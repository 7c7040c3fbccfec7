/* SPDX-License-Identifier: Apache-2.0 */
/* Two moments of one session held against each other: which groups are new, gone, grown. */
#ifndef ANALYSIS_COMPARE_H
#define ANALYSIS_COMPARE_H

#include "core/world.h"

struct groups;

/* Goroutines in one state at one stack. */
struct snap_group {
	uint32_t stack;
	uint32_t n;
	uint64_t goid; /* one of them */
	uint8_t state, reason;
};

/* How many were where at a moment; small against the moment, so that it can be kept. */
struct snapshot {
	int64_t time;
	uint64_t total;
	VEC(struct snap_group) v;
};

/* One in the making; zeroed is none. */
struct snapshot_maker {
	struct groups *groups;
};

/*
 * Begins one of those alive that keep lets pass (NULL: all do). World, moment and keep stay as
 * they are until it is finished, or another one begun.
 */
void snapshot_begin(struct snapshot_maker *k, const struct world *w, const struct moment *m,
		    const bool *keep);
/*
 * Goes on with it for so much processor time, 0: to the end. Returns whether it is finished;
 * then it is in s, and what was in s before goes.
 */
bool snapshot_step(struct snapshot_maker *k, struct snapshot *s, int64_t piece_ns);
void snapshot_maker_release(struct snapshot_maker *k);
/* All of that at once. */
void snapshot_take(struct snapshot *s, const struct world *w, const struct moment *m,
		   const bool *keep);
void snapshot_release(struct snapshot *s);

enum change_kind { GROUP_NEW, GROUP_GROWN, GROUP_GONE, GROUP_SHRUNK, GROUP_KINDS };

struct group_change {
	uint64_t goid; /* one that is there now, of a group that is gone one that was */
	uint32_t stack;
	uint32_t before, now;
	uint8_t state, reason, kind;
};

struct comparison {
	VEC(struct group_change) v; /* by kind, in each what changed most first */
	uint32_t n[GROUP_KINDS];
};

/* What is another number in now than it was in then. */
void snapshot_compare(const struct snapshot *then, const struct snapshot *now,
		      struct comparison *out);
void comparison_release(struct comparison *c);

const char *change_name(enum change_kind k); /* "new", "grown", "gone", "shrunk" */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile as a tree of calls, root first. The tree stays while sums change, so a
 * node's number is its path: what was selected stays selected.
 */
#ifndef ANALYSIS_FLAME_H
#define ANALYSIS_FLAME_H

#include "analysis/match.h"
#include "analysis/profile.h"

#define NO_FLAME UINT32_MAX
#define FLAME_DEPTH 1000 /* what lies deeper counts for the frame there */

enum flame_flags {
	FLAME_HEAD = 1 << 0, /* no call: a kind of time, or what it is parted by */
	FLAME_INLINED = 1 << 1,
	FLAME_OWN = 1 << 2, /* the program's own code, not the standard library's */
	FLAME_UNKNOWN = 1 << 3, /* the stack is not known */
};

/* 32 bytes; parents stand before children, the root is node 0. */
struct flame_node {
	uint32_t parent; /* NO_FLAME: the root's */
	uint32_t first_child, next; /* NO_FLAME: none */
	uint32_t func; /* string id; of heads the part, see enum profile_split */
	uint32_t stack; /* one that leads through it */
	uint16_t depth; /* 0: the root */
	uint16_t frame; /* of that stack, 0 the leaf */
	uint8_t kind; /* of time, of all below a head; PROFILE_KINDS: of any */
	uint8_t flags;
	uint8_t by; /* of heads that part: enum profile_split */
};

/* Zeroed is empty. */
struct flame {
	VEC(struct flame_node) node;
	VEC(int64_t) total; /* of each node, ns; 0: nothing is there by now */
	VEC(int64_t) self; /* of it, spent in the node itself */
	bool by_state; /* see profile_pick */
	uint64_t stamp; /* another one when totals are others; 0: none yet */
	/* private */
	struct profile_pick pick;
	const struct world *w;
	struct profile_choice choice;
	enum { FLAME_IDLE, FLAME_PICK, FLAME_ADD, FLAME_COPY, FLAME_SUM } step;
	size_t at;
	VEC(int64_t) new_self, new_total;
	struct map64_parts child; /* parent and function → node */
	struct map64 own; /* function → whether it is the program's own */
	VEC(uint32_t) leaf; /* the pick's heads → nodes */
	struct map64_parts leaf_of; /* node of a head and stack → node */
};

/* Begins to make totals of a choice; the old ones stay until it is through. */
void flame_begin(struct flame *f, struct profile *p, const struct world *w,
		 const struct profile_choice *c);
/* Goes on for some ns of CPU time (0: to the end). Returns whether it is through. */
bool flame_step(struct flame *f, int64_t budget_ns);
static inline bool flame_busy(const struct flame *f)
{
	return f->step != FLAME_IDLE;
}
void flame_release(struct flame *f);

static inline int64_t flame_total(const struct flame *f, uint32_t node)
{
	return node < f->total.n ? f->total.v[node] : 0;
}

/*
 * The name of a node as it is in the source of names: bytes may be hostile. Of
 * heads a word in brackets. buf is used where it has to be made; returns it or the name.
 */
const char *flame_name(const struct flame *f, uint32_t node, char *buf, size_t size);

/*
 * What a search met: bit 0 of each of out[] (room for node.n) is set. Returns the time
 * of all that is met or lies below, each once. O(nodes), functions are matched once.
 */
int64_t flame_search(const struct flame *f, const struct match *m, uint8_t *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap's objects: which one an address belongs to, by the runtime's own
 * spans (runtime/mheap.go:spanOf). What was read is kept until the collector
 * sweeps again.
 */
#ifndef TARGET_GOHEAP_H
#define TARGET_GOHEAP_H

#include "core/hash.h"
#include "target/target.h"

struct goheap_span {
	uint64_t start, end; /* of its objects */
	uint64_t elem; /* bytes of one; 0: no objects are in it */
	bool tiny; /* several small things may share one object */
};

struct goheap {
	struct target *t;
	struct map64 arena; /* index → index of arena_at */
	VEC(uint64_t) arena_at;
	struct map64 page; /* page number → index of span + 1; 0: none */
	VEC(struct goheap_span) span;
	struct map64 by_span; /* address of the mspan → index of span */
	uint32_t sweepgen;
};

void goheap_init(struct goheap *h, struct target *t);
void goheap_release(struct goheap *h);
/* Before a series of questions: forgets what a sweep may have changed. */
void goheap_begin(struct goheap *h);
/* The object that addr lies in. False: it is none of the heap's. */
bool goheap_find(struct goheap *h, uint64_t addr, uint64_t *base, uint64_t *size, bool *tiny);

#endif

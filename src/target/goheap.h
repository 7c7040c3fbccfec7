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
	bool noscan; /* holds no pointers */
};

struct goheap_object {
	uint64_t base, size;
	bool tiny, noscan;
};

struct goheap {
	struct target *t;
	struct map64 arena; /* index → index of arena_at */
	VEC(uint64_t) arena_at;
	struct map64 page; /* page number → index of span + 1; 0: none */
	VEC(struct goheap_span) span;
	struct map64 by_span; /* address of the mspan → index of span */
	uint32_t sweepgen;
	struct goheap_object found;
};

void goheap_init(struct goheap *h, struct target *t);
void goheap_release(struct goheap *h);
/* Before a series of questions: forgets what a sweep may have changed. */
void goheap_begin(struct goheap *h);
/* The object that addr lies in, valid until the next question; NULL: it is none of the heap's. */
const struct goheap_object *goheap_at(struct goheap *h, uint64_t addr);
/* Its base as far as it was asked for before; 0: not known. */
uint64_t goheap_base(const struct goheap *h, uint64_t addr);

#endif

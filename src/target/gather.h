/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many small pieces of memory in few calls: neighbours are read as one piece.
 * Reading costs by the piece that the kernel pins, not by the byte.
 */
#ifndef TARGET_GATHER_H
#define TARGET_GATHER_H

#include <stdbool.h>

#include "core/mem.h"
#include "core/radix.h"
#include "target/mem.h"

struct gather_piece {
	uint64_t addr;
	uint32_t len;
	bool ok;
	size_t at; /* in data */
};

/* Zeroed is empty. */
struct gather {
	VEC(struct gather_piece) piece;
	VEC(uint8_t) data;
	VEC(struct radix_key) order; /* private, as all below */
	VEC(struct mem_iov) iov;
	uint8_t *chunk;
};

void gather_release(struct gather *g);
/* Forgets the pieces, keeps the memory. */
void gather_clear(struct gather *g);
/* Wishes for len bytes at addr, at most 64 KB; the piece's number. */
size_t gather_add(struct gather *g, uint64_t addr, uint32_t len);
/* Reads all. 0, -ESRCH, -EPERM; what is not there is not ok. */
int gather_run(struct gather *g, struct memr *mem);

/* The bytes of a piece, NULL where they are not there. Valid until the next add or clear. */
static inline const uint8_t *gather_get(const struct gather *g, size_t i)
{
	return i < g->piece.n && g->piece.v[i].ok ? g->data.v + g->piece.v[i].at : NULL;
}

#endif

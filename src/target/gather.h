/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many structs of one size, wherever they lie, in few reads: the cost of reading
 * another process is by the piece, so neighbours are read as one.
 */
#ifndef TARGET_GATHER_H
#define TARGET_GATHER_H

#include <stdbool.h>

#include "target/mem.h"

struct gather;

struct gather *gather_new(void);
void gather_free(struct gather *g); /* NULL ok */

/*
 * Reads size bytes at each of n addresses, in any order, into buf at the same
 * place of the order; ok[i]: whether all of it was there. 0, -ESRCH or -EPERM.
 */
int gather_read(struct gather *g, struct memr *mem, const uint64_t *addr, size_t n, size_t size,
		uint8_t *buf, bool *ok);

#endif

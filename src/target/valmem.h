/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The target's memory as values are read from it: in pages that are kept while
 * one picture is made, so that it is of one time as far as can be, and with bytes
 * of our own beside (a value in several pieces). Single-threaded.
 */
#ifndef TARGET_VALMEM_H
#define TARGET_VALMEM_H

#include <stdbool.h>

#include "core/mem.h"
#include "target/mem.h"

enum { VALMEM_PAGE = 4096, VALMEM_PAGES = 512 };

enum valmem_byte { VALMEM_UNKNOWN, VALMEM_KNOWN, VALMEM_LACKING };

struct valmem {
	struct memr *mem;
	uint64_t page[VALMEM_PAGES]; /* number + 1 of the page held there; 0: none */
	uint8_t *data; /* of VALMEM_PAGES pages */
	VEC(uint8_t) own;
	VEC(uint8_t) known; /* of each byte of own: enum valmem_byte */
	uint64_t reads; /* since valmem_begin() */
	uint64_t lacked; /* of them, those that failed because valmem_lacks() */
	uint64_t reads_most; /* beyond that nothing can be read */
	uint64_t fetches, fetches_most; /* likewise: of them, those that asked the target */
};

/* Where own bytes lie: addresses that no program has. */
#define VALMEM_OWN 0xfffff00000000000ull

void valmem_init(struct valmem *m, struct memr *mem);
void valmem_release(struct valmem *m);
/* Forgets what was read; own bytes go as well. */
void valmem_begin(struct valmem *m);
/* All of len bytes: 0; -EFAULT; -ENODATA: own bytes of which some are not known; -ENOBUFS: enough was read. */
int valmem_read(struct valmem *m, uint64_t addr, void *buf, size_t len);
/* Room for len own bytes, not known yet; returns their address. */
uint64_t valmem_own(struct valmem *m, size_t len);
void valmem_own_set(struct valmem *m, uint64_t addr, const void *data, size_t len);
/* What should be there is not in the core: it stays unknown, and valmem_lacks() says why. */
void valmem_own_lack(struct valmem *m, uint64_t addr, size_t len);
/* Of a range that cannot be read: as memr_lacks(), also of own bytes. */
bool valmem_lacks(struct valmem *m, uint64_t addr, size_t len);

static inline bool valmem_word(struct valmem *m, uint64_t addr, uint64_t *v)
{
	return !valmem_read(m, addr, v, sizeof(*v));
}

#endif

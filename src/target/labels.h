/* SPDX-License-Identifier: Apache-2.0 */
/* pprof labels of goroutines: what g.labels points to, as text. */
#ifndef TARGET_LABELS_H
#define TARGET_LABELS_H

#include "core/hash.h"
#include "core/intern.h"
#include "target/layout.h"
#include "target/mem.h"

enum { LABELS_ROOM = 32 << 20 };

struct labels {
	struct memr *mem;
	const struct golayout *lay;
	struct strtab text; /* "key=value,key=value" by id */
	size_t kept; /* bytes of text */
	struct map64 seen; /* address → id; label sets never change once made */
};

/* mem and lay outlive it. */
void labels_init(struct labels *l, struct memr *mem, const struct golayout *lay);
void labels_release(struct labels *l);
/*
 * The id of the text of the set at addr (runtime/pprof/label.go:labelMap), keys
 * in order; 0 where there is none or it cannot be read. Sets and strings beyond
 * all measure are cut. Of a program that has new ones all the time (a request's id)
 * LABELS_ROOM bytes are kept; after that a new set is "too many different labels".
 */
uint32_t labels_read(struct labels *l, uint64_t addr);
/* Forgets addresses: the collector may have put something else there. */
void labels_forget(struct labels *l);

#endif

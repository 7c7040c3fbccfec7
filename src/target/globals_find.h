/* SPDX-License-Identifier: Apache-2.0 */
/* Private to globals*.c: finding variables through the code that uses them. */
#ifndef TARGET_GLOBALS_FIND_H
#define TARGET_GLOBALS_FIND_H

#include "target/globals.h"
#include "target/insn.h"

enum { GFIND_SAMPLE = 32 };

struct gfinder {
	struct goglobals *gl;
	const struct image *img;
	struct memr *mem;
	const struct proc_maps *maps;
	const struct gomodules *mods;
	struct symtab *st;
	const struct golayout *lay;
	uint64_t g[GFIND_SAMPLE]; /* some goroutines, once allgs is found */
	uint64_t goid[GFIND_SAMPLE];
	size_t ng;
};

/* Fills what gl has not yet. 0, -EAGAIN, -ESRCH; what is missing stays 0. */
int gfinder_run(struct gfinder *f, struct err *err);

/*
 * References of the named function to the module's data (kinds: a mask of
 * 1 << INSN_…; 0: all), each address once for each kind. Returns how many.
 */
size_t gfinder_refs(struct gfinder *f, const char *func, unsigned kinds, struct insn_ref *out,
		    size_t max);

#endif

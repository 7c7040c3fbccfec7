/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the runtime's variables lie. By .symtab where it is there; else from the
 * operands of runtime functions that pclntab names, and only what passes a check
 * against the live memory is believed.
 */
#ifndef TARGET_GLOBALS_H
#define TARGET_GLOBALS_H

#include "core/err.h"
#include "target/image.h"
#include "target/layout.h"
#include "target/mem.h"
#include "target/moduledata.h"
#include "target/symtab.h"

/* GLOBAL(member, symbol, needed): addresses in the process; 0: not found. */
#define GLOBALS(GLOBAL) \
	GLOBAL(allgs, "runtime.allgs", false) /* []*g, under allglock; prefer allgptr */ \
	GLOBAL(allglen, "runtime.allglen", true) \
	GLOBAL(allgptr, "runtime.allgptr", true) \
	GLOBAL(semtable, "runtime.semtable", true) \
	GLOBAL(mheap, "runtime.mheap_", true) \
	GLOBAL(sched, "runtime.sched", true) \
	GLOBAL(allm, "runtime.allm", true) \
	GLOBAL(allp, "runtime.allp", true) /* []*p; its length is GOMAXPROCS */ \
	GLOBAL(m0, "runtime.m0", false) \
	GLOBAL(g0, "runtime.g0", false) \
	GLOBAL(waitReasonStrings, "runtime.waitReasonStrings", false) /* [n]string */ \
	GLOBAL(writeBarrier, "runtime.writeBarrier", false) /* uint32 != 0: the GC marks */

enum global_id {
#define GLOBAL(member, symbol, needed) GLOBAL_##member,
	GLOBALS(GLOBAL)
#undef GLOBAL
		GLOBAL_N
};

enum global_way {
	GLOBAL_MISSING,
	GLOBAL_BY_SYMBOL,
	GLOBAL_BY_CODE, /* from a function's operands, checked */
	GLOBAL_BY_DATA /* followed from another one, checked */
};

struct goglobals {
	union {
		struct {
#define GLOBAL(member, symbol, needed) uint64_t member;
			GLOBALS(GLOBAL)
#undef GLOBAL
		};
		uint64_t addr[GLOBAL_N];
	};
	uint8_t way[GLOBAL_N]; /* enum global_way */
	uint32_t nwaitreasons; /* elements of waitReasonStrings */
	/* g is at the thread pointer (fs on amd64) plus this; valid where has_tls_g. arm64: none, R28. */
	bool has_tls_g;
	int64_t tls_g;
};

/*
 * Finds them all. -EAGAIN: the runtime is not up yet (no goroutine exists);
 * -ENOENT with a sentence: a needed one cannot be found. img may be NULL.
 */
int goglobals_find(struct goglobals *gl, struct image *img, struct memr *mem,
		   const struct proc_maps *maps, const struct gomodules *mods, struct symtab *st,
		   const struct golayout *lay, bool use_symbols, struct err *err);
const char *goglobals_name(enum global_id id); /* "runtime.allglen" … */

/*
 * Does the layout fit what the process holds? Looks at up to 512 goroutines:
 * goids positive and unique, statuses known, stack.lo < sp <= stack.hi, pcs in
 * text. 0, or -ENOTSUP with one sentence.
 */
int layout_check(const struct golayout *lay, const struct goglobals *gl, struct memr *mem,
		 const struct gomodules *mods, struct err *err);
/*
 * The addresses that functions which use the variable refer to, of which one
 * may be it; at most max. For tests: what goglobals_find() chooses from.
 */
size_t goglobals_candidates(enum global_id id, struct symtab *st, struct memr *mem,
			    const struct image *img, const struct golayout *lay, uint64_t *out,
			    size_t max);
/*
 * Wait reasons as the program has them, where waitReasonStrings was found;
 * lay->waitreasons then points into *own, which the caller frees after lay.
 */
int layout_read_waitreasons(struct golayout *lay, const struct goglobals *gl, struct memr *mem,
			    void **own);

#endif

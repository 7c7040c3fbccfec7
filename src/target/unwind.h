/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stack of a goroutine that stands still, from a copy of its bytes. Go's
 * own stack deltas lead from frame to frame (runtime/traceback.go:unwinder);
 * frame pointers check them, and take over where a function has none.
 */
#ifndef TARGET_UNWIND_H
#define TARGET_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/image.h"
#include "target/symtab.h"

/* Where a goroutine stands: its sched, or its syscallsp and syscallpc. */
struct unwind_regs {
	uint64_t pc, sp;
	uint64_t bp; /* 0: not known */
	uint64_t lr; /* arm64 */
	bool in_syscall; /* pc and sp are those that entersyscall kept */
	bool exact; /* pc is where it stands, not where a call returns to */
};

/* A copy of a part of its stack. */
struct unwind_mem {
	uint64_t addr; /* of data[0] */
	const uint8_t *data;
	size_t len;
	uint64_t hi; /* where the stack ends; addr + len is at most that */
	/* Moves the copy so that it begins at addr or below; false: it cannot. NULL: what is there is all. */
	bool (*more)(struct unwind_mem *m, uint64_t addr);
	void *arg;
};

enum unwind_end {
	UNWIND_TOP, /* whole: the outermost frame was reached */
	UNWIND_SHORT, /* the copy is too short */
	UNWIND_LIMIT, /* deeper than there was room for */
	UNWIND_LOST /* what follows is not known */
};

/* One frame: the pc and, in the lowest bit, whether to look it up as it is instead of pc - 1. */
typedef uint64_t unwind_pc;
static inline unwind_pc unwind_pc_make(uint64_t pc, bool exact)
{
	return pc << 1 | exact;
}
static inline uint64_t unwind_pc_value(unwind_pc p)
{
	return p >> 1;
}
static inline uint64_t unwind_pc_lookup(unwind_pc p)
{
	return (p >> 1) - !(p & 1);
}

struct unwind_out {
	enum unwind_end end;
	size_t n; /* frames, leaf first */
	uint32_t fp_good, fp_bad; /* frames whose saved frame pointer agreed, and did not */
};

/*
 * Fills pcs with at most max frames of code as compiled (inlined calls are told
 * by the symbol table). Every address is checked: hostile bytes end the walk.
 */
void unwind_walk(struct symtab *st, enum goarch arch, const struct unwind_regs *regs,
		 struct unwind_mem *mem, unwind_pc *pcs, size_t max, struct unwind_out *out);
/* The same, and sps[i], where frame i begins (its SP), and, where n < max, sps[n], where the last one ends. */
void unwind_frames(struct symtab *st, enum goarch arch, const struct unwind_regs *regs,
		   struct unwind_mem *mem, unwind_pc *pcs, uint64_t *sps, size_t max,
		   struct unwind_out *out);

#endif

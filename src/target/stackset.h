/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks as lists of pcs, each distinct one once, and what they read like.
 * Single-threaded.
 */
#ifndef TARGET_STACKSET_H
#define TARGET_STACKSET_H

#include "core/mem.h"
#include "target/mem.h"
#include "target/unwind.h"

enum stack_flags {
	STACK_CUT = 1 << 0, /* deeper than this */
	STACK_LOST = 1 << 1, /* what is further out could not be read */
	STACK_RUNNING = 1 << 2, /* of one that runs: only where it began is known */
	STACK_PLACE = 1 << 3 /* no stack but one place in the code: nothing is left out */
};

struct stackset_one {
	uint32_t first, n; /* into pcs */
	uint32_t flags;
};

struct stackset {
	VEC(struct stackset_one) stack;
	VEC(unwind_pc) pcs;
	uint32_t *slot;
	size_t mask;
};

/*
 * What is kept at most: a program has some thousand stacks, but one that makes
 * them up could have any number. Beyond STACKSET_FRAMES only a new stack's leaf is
 * kept, and it counts as cut; beyond STACKSET_STACKS it is the empty one.
 */
enum { STACKSET_FRAMES = 8 << 20, STACKSET_STACKS = 4 << 20 };

/* Id 0 is the empty stack. */
void stackset_init(struct stackset *s);
void stackset_release(struct stackset *s);
uint32_t stackset_put(struct stackset *s, const unwind_pc *pcs, size_t n, uint32_t flags);

/* The stack that is one place in the code; 0 where pc is 0. exact: as in unwind_pc_make(). */
uint32_t stackset_place(struct stackset *s, uint64_t pc, bool exact);
/*
 * The place where a goroutine began whose g.startpc is pc: what the wrapper wraps
 * that the compiler makes of a go statement with arguments
 * (runtime/proc.go:startPCForTrace). Remembered in st's sympc.user: one stackset
 * for each symtab.
 */
uint32_t stackset_start(struct stackset *s, struct symtab *st, struct memr *mem, uint64_t pc);

/* One line of a stack; func and file live as long as the symtab. */
struct stack_line {
	const char *func, *file;
	uint64_t pc; /* 0: a remark, not a frame */
	uint32_t line;
	uint8_t id; /* enum gofunc_id */
	bool inlined;
	uint16_t depth; /* how many calls around it are inlined into the same frame */
	uint32_t frame; /* the frame it is of: an index of the stack's pcs */
};
typedef VEC(struct stack_line) stack_lines;

/*
 * The lines of a stack, leaf first, with inlined calls, appended to out. Left out
 * is what Go's tracer leaves out as well: gopark at the leaf, goexit at the
 * root, wrappers that the compiler made. What is not known is a line of its
 * own, in brackets.
 */
void stackset_lines(const struct stackset *s, struct symtab *st, uint32_t id, stack_lines *out);

#endif

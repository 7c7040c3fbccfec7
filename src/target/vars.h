/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables of a frame of a goroutine that stands still, as the program's
 * DWARF tells where they are. Of registers a parked goroutine keeps none but the
 * stack pointer, so what lives in one at a call is gone: it is told as such. One
 * that ran when its core was made has all of them in its innermost frame.
 */
#ifndef TARGET_VARS_H
#define TARGET_VARS_H

#include "target/core.h"
#include "target/gotype.h"

enum govar_kind { GOVAR_ARG, GOVAR_RESULT, GOVAR_LOCAL, GOVAR_CAPTURED };

enum govar_where {
	GOVAR_THERE, /* at addr */
	GOVAR_GONE, /* optimised away, or in a register that the call has overwritten */
	GOVAR_PARTLY, /* at addr, but some of its bytes are gone */
	GOVAR_EARLY, /* it is on its way to its place: the function was only just entered */
	GOVAR_LACKING, /* what would tell is not in the core */
	GOVAR_SHARED /* another one of this frame has the same place: which of them is not known */
};

struct govar {
	const char *name; /* lives as long as the DWARF */
	const struct gotype *type;
	uint64_t addr; /* for valmem_read() */
	uint32_t line; /* of its declaration, 0: not known */
	uint16_t depth; /* of blocks around it, 0: the function's own */
	uint8_t kind, where;
	bool escaped; /* it was moved to the heap */
	bool shadowed; /* an inner one has the same name */
};

struct varframe {
	uint64_t pc; /* within the call, so a return address less 1 */
	/*
	 * An instruction that is the frame's own, where pc is within a call that is
	 * inlined into it: blocks have holes there. Else the same as pc.
	 */
	uint64_t own_pc;
	uint64_t cfa; /* where the caller's frame begins */
	uint64_t sp; /* where its own begins */
	uint64_t ret; /* where it returns to, 0: not known */
	uint64_t caller_end; /* where the caller's frame ends; cfa: not known */
	const char *func; /* as the stack has it */
	uint32_t
		inlined; /* how many calls around it are inlined: 0, it is the function as compiled */
	uint32_t line; /* where it stands */
	const struct core_thread *leaf; /* nothing was called from here: its registers; NULL */
	bool entering; /* with leaf: it is on the first line of its function */
};

typedef VEC(struct govar) govars;

/*
 * Appends the variables that are in scope there, arguments first, then by line.
 * 0; -ENOENT: DWARF tells nothing of that function.
 */
int vars_read(struct target *t, struct dwinfo *dw, struct gotypes *ts, struct valmem *vm,
	      const struct varframe *f, govars *out);

/*
 * vars_regs.c: amd64 code of a function from offset lo to hi, where the location
 * list says all along that a variable is in a register. Compilers note a change
 * after the last of several instructions that make it. false: one of these may have written it.
 */
bool vars_reg_kept(const uint8_t *code, size_t lo, size_t hi, unsigned number);

#endif

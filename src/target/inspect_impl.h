/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of inspect*.c. */
#ifndef TARGET_INSPECT_IMPL_H
#define TARGET_INSPECT_IMPL_H

#include "target/govalue.h"
#include "target/inspect.h"
#include "target/unwind.h"

enum { INSPECT_FRAMES = 512 };

struct gnow { /* compared as bytes: no padding */
	uint64_t goid, lo, hi, sp, pc, bp, lr, seq;
	uint64_t words; /* hash of its innermost stack: trackingSeq comes round after 256 times */
	uint64_t m; /* that it runs on */
	uint32_t status, in_syscall;
};

struct frames {
	size_t n;
	uint32_t flags; /* of stackset */
	unwind_pc pc[INSPECT_FRAMES];
	uint64_t sp[INSPECT_FRAMES]; /* where each begins */
	uint64_t end[INSPECT_FRAMES]; /* and ends; 0: not known */
	const struct core_thread
		*leaf; /* the registers of frame 0; NULL: not known, or of a call */
};

struct inspect {
	struct target *t;
	struct valmem vm;
	struct gotypes *ts;
	struct dwinfo *dw; /* NULL: none */
	char why_not[160];
	struct govaluer g;
	uint8_t *stack_buf;
	struct regs_seen *seen; /* of who ran when the core was made */
};

/* inspect_raw.c: the arguments of the frame as words. */
void inspect_raw(struct inspect *in, const struct frames *f, const struct stack_line *line,
		 struct values *out);

#endif

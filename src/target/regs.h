/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a goroutine is that runs right now: its thread is stopped for some
 * microseconds, its registers and its stack are copied, and it goes on. The only
 * thing in this program that stops another one.
 */
#ifndef TARGET_REGS_H
#define TARGET_REGS_H

#include "target/layout.h"
#include "target/mem.h"
#include "target/unwind.h"

struct regs {
	uint64_t pc, sp, bp;
	uint64_t lr; /* arm64 */
};

/* Called while the thread is stopped: no longer than it must be. */
typedef void regs_look(void *arg, const struct regs *r);

/*
 * Stops one thread, calls look, and lets it go. All calls of one process come
 * from one thread, which has no children. own: the thread's process is a child of
 * our process; whoever started it then waits for its end.
 *
 * paused_ns: at most so long did the thread not run because of us. 0; -ESRCH: it is gone; -EPERM: not allowed, or it has another
 * tracer; -EAGAIN: it is no thread that can be looked at now.
 *
 * Nothing is left behind, whatever ends this program meanwhile: a thread whose
 * tracer is gone goes on by itself, and the signal that it stopped for is still
 * its own, since it is waited for with WNOWAIT. May be cancelled
 * (pthread_cancel) while it waits for the stop.
 */
int regs_stop(pid_t tid, bool own, regs_look *look, void *arg, int64_t *paused_ns);

enum { REGS_STACK_BYTES = 16 << 10, REGS_FRAMES = 256 };

/* A part of a stack. */
struct regs_stack {
	uint64_t addr, hi; /* where the copy begins, where the stack ends */
	uint32_t len;
	uint8_t data[REGS_STACK_BYTES];
};

/* What is copied of a thread of the runtime while it stands still. */
struct regs_seen {
	struct regs regs;
	uint64_t goid; /* of the goroutine that runs on it */
	uint64_t p; /* address of its P */
	uint64_t lo, hi; /* of the goroutine's stack */
	struct unwind_regs sched; /* g.sched */
	uint64_t vdso_pc, vdso_sp; /* who called the kernel's page; sp 0: nobody */
	bool on_g; /* the stack pointer lies in g's own stack */
	struct regs_stack own; /* of g */
	struct regs_stack system; /* where the thread stands, if that is not g's */
};

/* Whether it is worth it, without stopping: the M at m is in Go code for a goroutine that runs. */
bool regs_busy(struct memr *mem, const struct golayout *lay, uint64_t m);

/*
 * Copies what belongs to the registers r of the thread whose M lies at m, and is
 * right only while that stands still: nobody but a thread itself changes its m.curg.
 * false: it runs for no goroutine, or C code, or a signal handler.
 */
bool regs_read(struct memr *mem, const struct golayout *lay, uint64_t m, const struct regs *r,
	       struct regs_seen *seen);

/*
 * The stack of the goroutine, leaf first, the leaf's pc exact. What runs on the
 * system stack for it stands above its own frames. Returns how many of
 * pcs (room for REGS_FRAMES) are filled, 0: nothing can be said; flags: STACK_CUT, STACK_LOST.
 */
size_t regs_unwind(struct symtab *st, enum goarch arch, const struct regs_seen *seen,
		   unwind_pc *pcs, uint32_t *flags);
/*
 * The same, and where frame i begins (its SP) and ends: sps[i], ends[i], room for
 * REGS_FRAMES each. A frame ends where the next one of the same stack begins; 0: not known.
 */
size_t regs_frames(struct symtab *st, enum goarch arch, const struct regs_seen *seen,
		   unwind_pc *pcs, uint64_t *sps, uint64_t *ends, uint32_t *flags);

#endif

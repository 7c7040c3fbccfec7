/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the scan: shared by scan.c, scan_list.c and scan_exam.c, and read by gstack.c. */
#ifndef TARGET_SCAN_PRIV_H
#define TARGET_SCAN_PRIV_H

#include "target/scan.h"

enum {
	RUN_GAP = 1024, /* g's this near to each other are read as one piece */
	RUN_BYTES = 64 << 10, /* the longest piece */
	CHUNK_BYTES = 256 << 10, /* read at once, then looked at while it is in the cache */
	CHUNK_RUNS = 512,
	EXAM_MAX = 128, /* goroutines whose stacks are read in one call */
	BELOW_BYTES = 128, /* looked at under the stack pointer */
	STACK_BYTES = 4096, /* of a stack, at first */
	STACK_MORE = 64 << 10, /* of one that is deeper, piece by piece */
	MAX_FRAMES = 512,
	YOUNG = 2, /* passes in which a goroutine that changed is looked at more closely */
};

/* What is kept of each g of allgs, ascending by address; 88 bytes. */
struct grow {
	uint64_t addr;
	uint64_t goid; /* 0: dead */
	uint64_t last_goid; /* the one before */
	uint64_t hi; /* end of its stack */
	uint64_t depth; /* bytes of stack in use */
	uint64_t pc;
	uint64_t waiting; /* g.waiting: what it waits on */
	uint64_t labels;
	uint64_t m;
	uint32_t below; /* hash of what lies under the stack pointer */
	uint32_t tick; /* of its thread, in a system call */
	uint32_t stack;
	uint8_t status, reason, seq;
	uint8_t young : 2;
	uint8_t has_run : 1; /* no longer at its first instruction */
	uint8_t below_known : 1;
	uint8_t in_syscall : 1; /* depth and pc are of syscallsp, syscallpc */
	uint8_t asked : 1; /* to be told of, changed or not */
};

/* A g as read. */
struct grec {
	uint64_t goid, lo, hi, m, sp, pc, bp, lr;
	uint64_t waiting, labels, parent, gopc, startpc, lockedm;
	int64_t waitsince;
	uint32_t status; /* without GST_SCAN; copying its stack counts as running */
	uint8_t reason, seq;
	bool in_syscall; /* sp, pc are those kept by entersyscall */
};

struct grun {
	uint64_t addr;
	uint32_t len;
	uint32_t first, n; /* rows */
};

enum exam_kind {
	EXAM_WALK, /* changed: read the stack and walk it */
	EXAM_BELOW /* seems unchanged: compare what lies under the stack pointer */
};

struct exam {
	size_t row;
	struct grec rec;
	uint64_t from; /* what is read of the stack */
	uint32_t len;
	uint32_t below; /* bytes of it under sp */
	size_t stack_iov, g_iov; /* the pieces that they were read with */
	uint8_t *again; /* the second reading of the g */
	enum exam_kind kind;
	bool done;
};

struct scan {
	struct target *t;
	struct stackset stacks;
	struct labels labels;
	struct gsched sched;
	struct gsched first; /* ids at the first pass */
	struct scan_stats stats;
	VEC(struct grow) row;
	VEC(struct grun) run;
	uint64_t seen; /* so much of allgs is in row */
	uint64_t
		room; /* so many goroutines fit the memory that the program takes, when last looked at … */
	int64_t room_until; /* … which is believed until then */
	size_t need; /* bytes read of each g */
	uint8_t *chunk;
	struct exam *exam; /* EXAM_MAX */
	size_t n_exam;
	uint8_t *stack_buf, *rec_buf; /* EXAM_MAX of each */
	uint8_t *deep_buf; /* STACK_MORE */
	struct mem_iov *iov; /* 2 * EXAM_MAX, CHUNK_RUNS */
	int64_t now; /* when the chunk was read */
	uint64_t alive; /* rows with a goid */
	struct gchange *out;
	size_t n_out;
	scan_sink *sink;
	void *arg;
};

/* --- scan_list.c --- */

/* Reads what allgs has grown by, keeps the rows in order. 0, -EFAULT, -ESRCH, -EPERM. */
int scan_list(struct scan *s);

/* --- scan_exam.c --- */

void rec_parse(const struct scan *s, const uint8_t *b, struct grec *r);
/* A goroutine that exists; GST_IDLE and GST_DEAD ones do not. */
bool rec_alive(const struct grec *r);
void exam_add(struct scan *s, size_t row, const struct grec *r, enum exam_kind kind);
/* Looks at all that were added. 0, -ESRCH, -EPERM. */
int exam_run(struct scan *s);
void row_gone(struct scan *s, struct grow *row);

/* --- scan.c --- */

void scan_emit(struct scan *s, const struct gchange *c);

#endif

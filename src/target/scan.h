/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All goroutines of a running program in one pass over runtime.allgs, without
 * stopping it. What is told was read twice and found unchanged; a pass costs
 * for every goroutine some 100 ns, and for what changed the reading of its stack.
 */
#ifndef TARGET_SCAN_H
#define TARGET_SCAN_H

#include "target/gsched.h"
#include "target/labels.h"
#include "target/stackset.h"
#include "target/target.h"

enum gchange_kind {
	GCH_GONE = 1 << 0, /* it has ended; only time and goid are valid */
	GCH_NEW = 1 << 1, /* not told of before */
	GCH_OLD = 1 << 2, /* with GCH_NEW: it was there before the first pass */
	GCH_STATE = 1 << 3, /* status, reason or stack are others, or it ran meanwhile */
	GCH_RAN = 1 << 4, /* it ran since the pass before */
	GCH_LABELS = 1 << 5,
	GCH_ASKED = 1 << 6 /* scan_ask(): with nothing else, it is as it was */
};

/* What a pass learnt of one goroutine. */
struct gchange {
	int64_t time; /* of reading, CLOCK_MONOTONIC, ns */
	uint64_t goid;
	uint64_t parent; /* GCH_NEW: who made it; 0: not told by this version (before 1.21) */
	int64_t waitsince; /* as the collector noted it, CLOCK_MONOTONIC of the target; 0: not */
	uint32_t stack; /* ids in scan_stacks() */
	uint32_t creation, start; /* GCH_NEW: the go statement, the function it began in */
	uint32_t labels; /* id in scan_labels() */
	pid_t tid; /* of its thread, 0: none */
	int32_t p; /* its processor, -1: none */
	uint8_t kinds; /* enum gchange_kind */
	uint8_t status; /* GST_RUNNABLE, _RUNNING, _SYSCALL, _WAITING, _PREEMPTED or _LEAKED */
	uint8_t reason; /* g.waitreason */
	uint8_t before; /* its status in the pass before; GST_IDLE: not told of */
	uint8_t runs; /* how often it stopped running since the pass before, modulo 256 */
	bool locked; /* to its thread */
};

struct scan_stats {
	uint64_t passes;
	uint64_t goroutines; /* alive in the last pass, the runtime's own as well */
	uint64_t changed; /* in the last pass */
	uint64_t listed; /* length of runtime.allgs */
	/* since the beginning */
	uint64_t thrown; /* records that contradicted themselves and were left out of their pass */
	uint64_t unsteady; /* changed while being read, so told as running */
	uint64_t walks; /* stacks walked */
	uint64_t lost; /* of them not to the end */
	uint64_t fp_good, fp_bad; /* frame pointers that agreed with the stack deltas, or not */
	int64_t pass_ns; /* how long the last pass took */
};

struct scan;
typedef VEC(uint64_t) scan_goids;

/* t outlives it. */
struct scan *scan_new(struct target *t);
void scan_free(struct scan *s); /* NULL ok */

/*
 * Called with the changes of a pass, in order of time, some thousands at once:
 * several times in a large pass, perhaps never in a quiet one.
 */
typedef void scan_sink(void *arg, const struct gchange *c, size_t n);
enum { SCAN_PART = 1 << 14 };
/*
 * One pass. 0, or -ESRCH where the target is gone, -EPERM, or -EFAULT where
 * runtime.allgs could not be read this time.
 */
int scan_pass(struct scan *s, scan_sink *sink, void *arg);

/* The next pass tells of the goroutine on that g whether it changed or not. */
void scan_ask(struct scan *s, uint64_t addr);

const struct scan_stats *scan_stats(const struct scan *s);
struct stackset *scan_stacks(struct scan *s);
struct labels *scan_labels(struct scan *s);
const struct gsched *scan_sched(const struct scan *s);
/* Appends the ids of all that the last pass told of. */
void scan_each(const struct scan *s, scan_goids *out);

/* What the last pass knows of one goroutine. */
struct scan_g {
	uint64_t addr; /* of its g, which other goroutines may have after it */
	uint64_t goid;
	uint64_t hi; /* end of its stack; it stands at hi - depth */
	uint64_t depth, pc;
	uint64_t waiting; /* g.waiting */
	uint64_t m;
	uint32_t stack;
	uint8_t status, reason, seq;
	bool in_syscall; /* depth and pc are those that entersyscall kept */
};
/* Rows there are, ascending by g; false: no goroutine is on the i-th. */
size_t scan_rows(const struct scan *s);
bool scan_row(const struct scan *s, size_t i, struct scan_g *out);
/* The goroutine on that g (an address such as gthread.curg) and its status; 0: none that the last pass told of. */
uint64_t scan_goid_at(const struct scan *s, uint64_t addr, uint8_t *status);

#endif

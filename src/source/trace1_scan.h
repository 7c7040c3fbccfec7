/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace of the first format as a whole: where its batches lie, its tables,
 * and its events in their order. It is one flat stream; a batch has no length,
 * so the whole must be walked once before the first event can be told.
 */
#ifndef SOURCE_TRACE1_SCAN_H
#define SOURCE_TRACE1_SCAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/hash.h"
#include "core/mem.h"

/* Event types, internal/trace/internal/tracev1/parser.go. */
enum t1_type {
	T1_BATCH = 1,
	T1_FREQUENCY = 2,
	T1_STACK = 3,
	T1_GOMAXPROCS = 4,
	T1_PROC_START = 5,
	T1_PROC_STOP = 6,
	T1_GC_START = 7,
	T1_GC_DONE = 8,
	T1_STW_START = 9,
	T1_STW_DONE = 10,
	T1_SWEEP_START = 11,
	T1_SWEEP_DONE = 12,
	T1_GO_CREATE = 13,
	T1_GO_START = 14,
	T1_GO_END = 15,
	T1_GO_STOP = 16,
	T1_GO_SCHED = 17,
	T1_GO_PREEMPT = 18,
	T1_GO_SLEEP = 19,
	T1_GO_BLOCK = 20,
	T1_GO_UNBLOCK = 21,
	T1_BLOCK_SEND = 22,
	T1_BLOCK_RECV = 23,
	T1_BLOCK_SELECT = 24,
	T1_BLOCK_SYNC = 25,
	T1_BLOCK_COND = 26,
	T1_BLOCK_NET = 27,
	T1_SYSCALL = 28,
	T1_SYS_EXIT = 29,
	T1_SYS_BLOCK = 30,
	T1_GO_WAITING = 31,
	T1_GO_IN_SYSCALL = 32,
	T1_HEAP_ALLOC = 33,
	T1_HEAP_GOAL = 34,
	T1_TIMER_GOROUTINE = 35,
	T1_FUTILE_WAKEUP = 36,
	T1_STRING = 37,
	T1_GO_START_LOCAL = 38,
	T1_GO_UNBLOCK_LOCAL = 39,
	T1_SYS_EXIT_LOCAL = 40,
	T1_GO_START_LABEL = 41,
	T1_BLOCK_GC = 42,
	T1_ASSIST_START = 43,
	T1_ASSIST_DONE = 44,
	T1_TASK_CREATE = 45,
	T1_TASK_END = 46,
	T1_REGION = 47,
	T1_LOG = 48,
	T1_CPU_SAMPLE = 49,
	T1_COUNT = 50,
};

enum { T1_MAX_ARGS = 5, T1_MAX_FRAMES = 1000, T1_MAX_RECORD = 2048 };

/* An event of one processor's stream. Local forms are told as their plain ones. */
struct t1_event {
	uint64_t ts; /* ticks */
	uint64_t g; /* whose it is; 0: none */
	union {
		uint64_t num[1 + T1_MAX_ARGS]; /* as they are read, the time's step first */
		struct {
			uint64_t step;
			uint64_t arg[T1_MAX_ARGS]; /* the stack is not among them */
		};
	};
	uint64_t stack; /* id, 0: none */
	const char *text; /* of a log, in the mapped file */
	uint32_t text_len;
	uint8_t type; /* 0: no more */
	bool local; /* T1_*_LOCAL */
	bool blocks; /* T1_SYSCALL: it is followed by T1_SYS_BLOCK */
};

struct t1_batch {
	uint64_t off, end; /* of its events */
	uint64_t ticks;
};

struct t1_proc {
	int64_t p; /* -1: none */
	VEC(struct t1_batch) batch;
};

struct t1_str {
	const char *s;
	uint32_t len;
};

struct t1_stack {
	const uint8_t *p; /* n frames of pc, function, file, line */
	const uint8_t *end;
	uint32_t n;
};

struct t1_sample {
	uint64_t ts, p, g, stack;
};

struct t1_scan {
	const uint8_t *data;
	uint64_t size;
	int version; /* 11, 19, 21 */
	VEC(struct t1_proc) proc;
	struct map64 by_p;
	struct map64 string_id, stack_id; /* id → row of the tables below */
	VEC(struct t1_str) string;
	VEC(struct t1_stack) stack;
	VEC(struct t1_sample) sample; /* by time */
	uint64_t frequency; /* ticks a second, 0: not told */
	struct err damage; /* what ended the walk early */
	uint64_t end; /* how far it got */
};

/* Walks over the whole file. progress (may be NULL) is set to the bytes done. */
void scan_run(struct t1_scan *s, const atomic_bool *cancel, _Atomic uint64_t *progress);
void scan_release(struct t1_scan *s);

/* One processor's place in its stream. */
struct t1_cursor {
	struct t1_event ev;
	const uint8_t *at, *p, *end; /* of ev; after ev; of its batch */
	uint64_t last_ts, last_g; /* after ev */
	uint64_t at_ts, at_g; /* before ev */
	uint32_t proc, batch;
	struct err *err; /* where damage in a batch is told; NULL: nowhere */
};

/* Where a cursor stands, to come back there. */
struct t1_mark {
	uint64_t off; /* of the next event; the batch's end where it has none */
	uint64_t ts, g;
	uint32_t proc, batch;
};

void t1_cursor_start(const struct t1_scan *s, struct t1_cursor *c, uint32_t proc);
void t1_cursor_restore(const struct t1_scan *s, struct t1_cursor *c, const struct t1_mark *m);
struct t1_mark t1_cursor_mark(const struct t1_scan *s, const struct t1_cursor *c);
void t1_cursor_next(const struct t1_scan *s, struct t1_cursor *c);

#endif

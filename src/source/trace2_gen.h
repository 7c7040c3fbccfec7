/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One generation of a trace: where its batches lie, and its tables of strings,
 * stacks and clocks (internal/trace/generation.go). Ids are valid within it alone.
 */
#ifndef SOURCE_TRACE2_GEN_H
#define SOURCE_TRACE2_GEN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/hash.h"
#include "core/mem.h"
#include "source/varint.h"

/* Event types, internal/trace/tracev2/events.go. */
enum t2_type {
	T2_EVENT_BATCH = 1,
	T2_STACKS = 2,
	T2_STACK = 3,
	T2_STRINGS = 4,
	T2_STRING = 5,
	T2_CPU_SAMPLES = 6,
	T2_CPU_SAMPLE = 7,
	T2_FREQUENCY = 8,
	T2_PROCS_CHANGE = 9,
	T2_PROC_START = 10,
	T2_PROC_STOP = 11,
	T2_PROC_STEAL = 12,
	T2_PROC_STATUS = 13,
	T2_GO_CREATE = 14,
	T2_GO_CREATE_SYSCALL = 15,
	T2_GO_START = 16,
	T2_GO_DESTROY = 17,
	T2_GO_DESTROY_SYSCALL = 18,
	T2_GO_STOP = 19,
	T2_GO_BLOCK = 20,
	T2_GO_UNBLOCK = 21,
	T2_GO_SYSCALL_BEGIN = 22,
	T2_GO_SYSCALL_END = 23,
	T2_GO_SYSCALL_END_BLOCKED = 24,
	T2_GO_STATUS = 25,
	T2_STW_BEGIN = 26,
	T2_STW_END = 27,
	T2_GC_ACTIVE = 28,
	T2_GC_BEGIN = 29,
	T2_GC_END = 30,
	T2_SWEEP_ACTIVE = 31,
	T2_SWEEP_BEGIN = 32,
	T2_SWEEP_END = 33,
	T2_ASSIST_ACTIVE = 34,
	T2_ASSIST_BEGIN = 35,
	T2_ASSIST_END = 36,
	T2_HEAP_ALLOC = 37,
	T2_HEAP_GOAL = 38,
	T2_GO_LABEL = 39,
	T2_TASK_BEGIN = 40,
	T2_TASK_END = 41,
	T2_REGION_BEGIN = 42,
	T2_REGION_END = 43,
	T2_LOG = 44,
	T2_GO_SWITCH = 45,
	T2_GO_SWITCH_DESTROY = 46,
	T2_GO_CREATE_BLOCKED = 47,
	T2_GO_STATUS_STACK = 48,
	T2_EXPERIMENTAL_BATCH = 49,
	T2_SYNC = 50,
	T2_CLOCK_SNAPSHOT = 51,
	T2_END_OF_GENERATION = 52,
	T2_ALLOC_FIRST = 128,
	T2_ALLOC_LAST = 136,
};

enum { T2_MAX_BATCH = 64 << 10, T2_MAX_STRING = 1024, T2_MAX_FRAMES = 128, T2_MAX_ARGS = 5 };

/* A run of bytes of the file. */
struct t2_blob {
	uint64_t off;
	uint32_t len;
};

struct t2_batch {
	uint64_t off; /* of its first event */
	uint64_t time; /* trace units */
	uint32_t len;
};

/* One thread's batches, in the order of the stream. */
struct t2_thread {
	uint64_t m;
	uint32_t first, n; /* into batch */
};

/* Sparse 64-bit ids to dense numbers; nearly always the ids are small. */
struct t2_ids {
	uint32_t *direct; /* number + 1 */
	uint32_t n_direct;
	struct map64 sparse;
};

struct t2_str {
	const char *s;
	uint32_t len;
};

/* Strings are dense numbers. */
struct t2_frame {
	uint64_t pc;
	uint32_t func, file, line;
};

/* Leaf first: numbers of frames, frame_id[first .. first + n). */
struct t2_stack {
	uint32_t first, n;
};

struct t2_sample {
	int64_t time; /* ns, absolute */
	uint64_t m, p, g;
	uint32_t stack; /* dense */
};

struct t2_gen {
	uint64_t number;
	uint32_t index; /* 0, 1, 2 … in the file */
	uint64_t begin, end; /* file offsets */
	VEC(struct t2_batch) batch;
	VEC(struct t2_thread) thread;
	VEC(struct t2_blob) strings;
	VEC(struct t2_blob) stacks;
	VEC(struct t2_blob) samples;
	VEC(struct t2_blob) sync;
	bool cut; /* its end is missing: ids that are not defined are 0 */
	bool assumed_clock; /* no frequency was found: 64 ns taken */

	double scale; /* ns a trace unit */
	uint64_t mult; /* the same where it is whole, else 0 */
	int64_t wall_ns, wall_at; /* wall clock at trace time (ns) wall_at; 0: not known */
	int64_t t_min; /* earliest batch or sample, ns, absolute; INT64_MAX: there are none */

	/* tables, there after gen_tables() */
	struct t2_ids string_id, stack_id;
	VEC(struct t2_str) string; /* 0: the empty string */
	VEC(struct t2_stack) stack; /* 0: no stack */
	VEC(struct t2_frame) frame;
	VEC(uint32_t) frame_id;
	VEC(struct t2_sample) sample; /* by time */
	/* there after the merge began: ids of the world, and what tells a reason */
	uint32_t *string_world, *stack_world;
	uint8_t *string_reason, *stack_reason;
	size_t n_string_world, n_stack_world; /* so far */
	struct map64 stw_world; /* dense string → the range's name */
};

/* Hostile spans are cut here: sums of two of them do not overflow. */
#define T2_TIME_MOST (INT64_MAX / 4)
#define T2_MULT_MOST 1024

/* ns of a span of trace units, truncated as internal/trace/base.go:mul does. */
static inline int64_t gen_ns(const struct t2_gen *g, uint64_t units)
{
	double ns;

	if (g->mult && units < (1ull << 43)) /* there a double would be exact, too */
		return (int64_t)(units * g->mult);
	ns = (double)units * g->scale;
	return ns < (double)T2_TIME_MOST ? (int64_t)ns : T2_TIME_MOST;
}

static inline int64_t gen_later(int64_t time, int64_t span)
{
	return time + span < T2_TIME_MOST ? time + span : T2_TIME_MOST;
}

static inline uint32_t ids_get(const struct t2_ids *ids, uint64_t id)
{
	if (__builtin_expect(id < ids->n_direct, 1))
		return ids->direct[id] - 1;
	return map64_get(&ids->sparse, id);
}

/* A dense number, or UINT32_MAX where the id is not defined and has to be. */
static inline uint32_t gen_string(const struct t2_gen *g, uint64_t id)
{
	uint32_t dense = ids_get(&g->string_id, id);

	return dense == UINT32_MAX && g->cut ? 0 : dense;
}

static inline uint32_t gen_stack(const struct t2_gen *g, uint64_t id)
{
	uint32_t dense = ids_get(&g->stack_id, id);

	return dense == UINT32_MAX && g->cut ? 0 : dense;
}

/* Where the walk over the batches stands. */
struct t2_walk {
	const uint8_t *data;
	uint64_t size, off;
	int version; /* 22, 23, 25, 26 */
	uint32_t n_gen;
	struct err damage; /* found behind the generation that was told last */
	/* the file's end once more, with VARINT_PAD bytes behind it */
	uint8_t *tail;
	uint64_t tail_off;
};

void walk_init(struct t2_walk *w, const uint8_t *data, uint64_t size);
void walk_release(struct t2_walk *w);

/* A batch's bytes; VARINT_PAD more can be read behind them. */
static inline const uint8_t *walk_batch(const struct t2_walk *w, const struct t2_batch *b)
{
	if (b->off + b->len + VARINT_PAD <= w->size)
		return w->data + b->off;
	return w->tail + (b->off - w->tail_off);
}

/*
 * Finds the next generation. Returns 1 and fills g; 0 at the end of the file; a
 * negative errno with err filled where the bytes are damaged or cut (then g is
 * empty, and the walk is over). What of a generation comes before damage is told
 * first, as one that is cut.
 */
int gen_walk(struct t2_walk *w, struct t2_gen *g, struct err *err);

/* Reads clocks and tables. Any thread. Returns 0 or a negative errno with err filled. */
int gen_tables(const struct t2_walk *w, struct t2_gen *g, struct err *err);

/* Frees everything. */
void gen_release(struct t2_gen *g);

#endif

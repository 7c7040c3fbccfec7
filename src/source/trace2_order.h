/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of a trace's events, by the rules of internal/trace/order.go: the
 * earliest event that is possible comes next. On the way the events are summed
 * up in segments.
 *
 * A generation can be ordered without knowing how the one before it ended: in a
 * whole trace each thing's state is told anew before it changes. What was so
 * taken on trust is written down (struct t2_claims, and the flags of threads and
 * ranges) and held against the end of the generation before by order_stitch().
 * Where that is not enough, the generation is ordered again from its true beginning.
 */
#ifndef SOURCE_TRACE2_ORDER_H
#define SOURCE_TRACE2_ORDER_H

#include <stdatomic.h>

#include "core/world.h"
#include "source/trace2_cursor.h"

#define T2_NONE UINT32_MAX
#define T2_KEEP UINT32_MAX /* stack, text: as it was before the segment */
#define T2_KEEP_TIME (INT64_MIN + 1)

/* How a cursor is found again at the start of a segment. */
struct t2_snap {
	int64_t time; /* of the next event */
	uint64_t g, p; /* what its thread runs; 0 and NO_ID: nothing */
	uint32_t thread, batch, off; /* off: of the next event, in its batch */
};

/* An open stop-the-world: whose, and its kind (in the mapped file). */
struct t2_stw {
	uint64_t g;
	struct t2_str text;
	uint32_t id; /* dense string of its begin's generation */
	uint32_t world; /* the range's name; there after the merge */
};

/* A task that begins in a segment and is open at its end. */
struct t2_task {
	uint64_t id, parent;
	uint32_t name; /* dense string; of the world after the merge */
};

/* What the life of a goroutine begins or ends with, where a segment has it. */
struct t2_life {
	uint64_t creator;
	int64_t t_create, t_end;
	uint32_t create_stack, start_stack, first_stack; /* dense */
	uint8_t first_state;
	uint8_t flags; /* enum seg_g_flags */
};

/* One goroutine in one segment. */
struct t2_entry {
	uint64_t goid, waker;
	int64_t since;
	int64_t ns[SHARE_N];
	uint32_t stack, text; /* dense, or T2_KEEP */
	uint32_t switches;
	uint32_t life; /* T2_NONE: it was there before and is there after */
	uint8_t state;
};

/* The begin or end of a phase of the whole program. */
struct t2_band {
	int64_t time;
	uint32_t stw; /* dense string of its kind, T2_NONE: the GC's mark phase */
	bool begins;
	struct t2_str text; /* the kind's text: it may come from an earlier generation */
};

/* An event that was taken though it was not the earliest: the n-th of its segment. */
struct t2_exception {
	uint32_t n, cursor;
};

struct t2_segment {
	struct t2_segment *next;
	struct t2_gen *gen;
	int64_t t0, t1; /* absolute until the merge, of the session after it */
	uint64_t n_events;
	uint32_t done; /* of the generation, at its end; in 1/65536 */
	VEC(struct t2_entry) g; /* these four are freed by the merge */
	VEC(struct t2_life) life;
	VEC(struct t2_band) band;
	VEC(struct t2_task) task;
	VEC(struct t2_snap) snap;
	VEC(struct t2_stw) stw; /* open at its start */
	VEC(struct t2_task) ended; /* ends of tasks that it did not begin, in their order */
	VEC(struct t2_exception) exception;
};

struct t2_region {
	uint64_t task;
	struct t2_str name; /* in the mapped file */
	uint32_t below; /* index of the region around it, or T2_NONE */
};

struct t2_region_end {
	uint64_t goid, task;
	struct t2_str name;
};

/* States of internal/trace/tracev2/events.go; 0: does not exist. */
enum { T2_G_NONE, T2_G_RUNNABLE, T2_G_RUNNING, T2_G_SYSCALL, T2_G_WAITING };
enum { T2_P_NONE, T2_P_RUNNING, T2_P_IDLE, T2_P_SYSCALL, T2_P_ABANDONED };
enum { T2_GC_UNKNOWN, T2_GC_OFF, T2_GC_ON };
enum { T2_RANGE_ASSIST = 1, T2_RANGE_SWEEP = 2, T2_RANGE_STW = 4 };

/* Beside a goroutine's state: it was not told in this generation yet. */
#define T2_UNTOLD 0x80

/* Ranges of a goroutine or a processor; bits of T2_RANGE_*. */
struct t2_ranges {
	uint8_t open;
	uint8_t claimed; /* open before a fresh order, as an Active event said */
	uint8_t begun; /* begun in a fresh order while not known to be open */
};

/* A goroutine as the order needs it all the time: one line of the cache. */
struct t2_g {
	int64_t since; /* its state began then; T2_KEEP_TIME: before the fresh order */
	int64_t ns[3]; /* in the segment: SHARE_RUN, SHARE_READY, SHARE_SYSCALL; else it waited */
	uint64_t seq;
	uint32_t stack, text;
	uint32_t waker; /* row */
	uint32_t switches;
	uint32_t stamp; /* the segment it was touched in last */
	uint8_t status; /* T2_G_*, and T2_UNTOLD */
	struct t2_ranges range;
} __attribute__((aligned(64)));

enum { T2_NS_RUN, T2_NS_READY, T2_NS_SYSCALL };

/* And now and then. */
struct t2_g_rest {
	uint64_t goid;
	uint32_t region; /* innermost, or T2_NONE */
	uint32_t life; /* in the segment, if touched in it; or T2_NONE */
	bool born; /* in the fresh order */
};

struct t2_p {
	uint64_t id, seq;
	uint32_t gen; /* of seq */
	uint8_t status;
	struct t2_ranges range;
};

/*
 * What the thread ran before a fresh order is known once a status told it (SET), or
 * needed to be nothing where it did something before that (WANTED_NONE).
 */
enum {
	T2_M_G_SET = 1,
	T2_M_G_WANTED_NONE = 2,
	T2_M_P_SET = 4,
	T2_M_P_WANTED_NONE = 8,
	T2_M_SEEN = 16, /* it had an event, or a status named it */
};

struct t2_m {
	uint64_t id;
	uint32_t g, p; /* rows, or T2_NONE */
	uint32_t flags;
};

/* A task that is active or was; seg: stamp of the segment it began or ended in. */
struct t2_task_state {
	bool active;
	uint32_t seg;
};

/* What was taken on trust; status 0: that it does not exist. */
struct t2_claim {
	uint64_t id, with;
	uint8_t status;
};

struct t2_claims {
	VEC(struct t2_claim) g;
	VEC(struct t2_claim) p;
	/* id: thread, with: its goroutine; status 1: the thread must be known */
	VEC(struct t2_claim) m;
	VEC(struct t2_claim) task; /* first in the generation; status 1: begins, 0: ends */
	/* ends of regions that did not begin in the generation, in their order */
	VEC(struct t2_region_end)
	region;
	uint64_t gc_seq; /* of the first GC event, 0: none */
	uint8_t gc_before; /* state it wants before it */
};

/* Goroutine ids to rows; small ids, which are nearly all, need no hashing. */
struct t2_rows {
	uint32_t *direct; /* row + 1 */
	size_t n_direct;
	struct map64 sparse;
};

#define T2_DIRECT_MOST (1u << 21)

void rows_put(struct t2_rows *r, uint64_t goid, uint32_t row);
void rows_free(struct t2_rows *r);

static inline uint32_t rows_get(const struct t2_rows *r, uint64_t goid)
{
	if (__builtin_expect(goid < r->n_direct, 1))
		return r->direct[goid] - 1;
	return goid < T2_DIRECT_MOST ? T2_NONE : map64_get(&r->sparse, goid);
}

struct t2_order {
	const struct t2_walk *walk;
	struct t2_gen *gen;
	bool first; /* the first generation */
	bool fresh; /* begins without knowledge */
	struct t2_g *g; /* by row, as rest */
	VEC(struct t2_g_rest) rest;
	size_t g_cap;
	VEC(struct t2_p) p;
	VEC(struct t2_m) m;
	struct t2_rows by_goid;
	struct map64 by_pid, by_mid;
	struct map64 task; /* id → row of task_state */
	VEC(struct t2_task_state) task_state;
	VEC(struct t2_region) region;
	uint32_t region_free; /* list of unused ones, by below */
	VEC(struct t2_stw) stw; /* open now */
	uint64_t gc_seq;
	uint8_t gc;
	struct t2_claims claims;

	struct t2_cursor *cursor;
	size_t n_cursor;
	struct t2_heap heap;
	struct t2_segment *seg; /* in the making */
	VEC(uint32_t) touched; /* rows, in it */
	size_t n_born; /* goroutines met in it for the first time */
	uint32_t stamp;
	uint64_t tries; /* vain ones, bounded */
	int64_t t_last; /* no event is told to be earlier */
	int64_t seg_t0;
	uint64_t min_events; /* a segment's least */
	uint64_t ramp; /* the same for the next one: the first ones are smaller */
	/* Takes a finished segment; it owns it then. */
	void (*emit)(void *arg, struct t2_segment *seg);
	void *arg;
	const atomic_bool *cancel;
	struct err err;
};

void order_init(struct t2_order *o, const struct t2_walk *w);
void order_release(struct t2_order *o);

/*
 * Orders one generation, emitting its segments. Returns 0; -EAGAIN where a fresh
 * order is not enough; -ECANCELED; or a negative errno with o->err filled
 * (-EILSEQ: nothing can come next); what was emitted before stays true.
 */
int order_run(struct t2_order *o, struct t2_gen *g);

/*
 * Holds what next took on trust against the end of o, then makes o the end of
 * next. Returns 0; or -EAGAIN where it does not agree: o is unchanged then.
 */
int order_stitch(struct t2_order *o, struct t2_order *next);

/* Drops the rows of goroutines that ended, where they are the most. */
void order_compact(struct t2_order *o);
/* An unused region; o->region may have moved. */
uint32_t order_region(struct t2_order *o);
/* Whether a region is the one that ends. */
bool order_region_is(const struct t2_order *o, uint32_t region, uint64_t task, struct t2_str name);
/* Gives a goroutine's innermost region back. */
void order_region_pop(struct t2_order *o, struct t2_g_rest *rest);

void segment_free(struct t2_segment *s);

#endif

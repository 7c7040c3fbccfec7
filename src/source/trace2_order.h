/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of a trace's events, by the rules of internal/trace/order.go: the
 * earliest event that is possible comes next. On the way the events are summed
 * up in segments.
 *
 * A generation can be ordered without knowing how the one before it ended: in a
 * whole trace each thing's state is told anew before it changes. What was so
 * taken on trust is written down (struct t2_claims) and held against the end of
 * the generation before by order_stitch(). Where that is not enough, the
 * generation is ordered again from its true beginning.
 */
#ifndef SOURCE_TRACE2_ORDER_H
#define SOURCE_TRACE2_ORDER_H

#include <stdatomic.h>

#include "core/world.h"
#include "source/trace2_gen.h"

#define T2_NONE UINT32_MAX
#define T2_KEEP UINT32_MAX /* stack, text: as it was before the segment */
#define T2_KEEP_TIME (INT64_MIN + 1)

/* A decoded event. */
struct t2_rec {
	int64_t time; /* ns, absolute */
	uint8_t type;
	uint64_t arg[T2_MAX_ARGS];
};

/* One thread's place in its batches. */
struct t2_cursor {
	struct t2_rec rec; /* the next event; type 0: none left */
	const uint8_t *at, *p, *end; /* of rec; after rec; end of its batch */
	int64_t before; /* time of rec, from which the next is told */
	int64_t rec_before; /* time from which rec was told */
	uint32_t batch, last; /* the batch p is in, the one after the last */
	uint32_t m; /* row of the threads' table */
};

/* Loads the next event. Returns 0 or a negative errno with err filled. */
int cursor_next(const struct t2_walk *w, const struct t2_gen *g, struct t2_cursor *c,
		struct err *err);
/* Goes to the thread's first event. */
int cursor_start(const struct t2_walk *w, const struct t2_gen *g, struct t2_cursor *c,
		 uint32_t thread, struct err *err);

/* A heap of cursors by time, then by thread: v[0] is the earliest. */
struct t2_heap {
	struct t2_slot {
		int64_t time;
		uint32_t cursor;
	} * v;
	size_t n;
};

/* How a cursor is found again at the start of a segment. */
struct t2_snap {
	int64_t before;
	uint64_t g, p; /* what its thread runs; 0 and NO_ID: nothing */
	uint32_t thread, batch, off; /* off: of the next event, in its batch */
};

/* Goes to the event that was next when the snapshot was taken. */
int cursor_restore(const struct t2_walk *w, const struct t2_gen *g, struct t2_cursor *c,
		   const struct t2_snap *s, struct err *err);

void heap_build(struct t2_heap *h, const struct t2_cursor *c, size_t n_cursor);
/* Cursor h->v[i] went on, or ended. */
void heap_advanced(struct t2_heap *h, const struct t2_cursor *c, size_t i);
/* Where a cursor stands in the heap; h->n where it does not. */
size_t heap_find(const struct t2_heap *h, uint32_t cursor);

/* An open stop-the-world: whose, and its kind (in the mapped file). */
struct t2_stw {
	uint64_t g;
	struct t2_str text;
	uint32_t world; /* the range's name; there after the merge */
};

/* A task that begins in a segment. */
struct t2_task {
	uint64_t id, parent;
	uint32_t name; /* dense string */
};

struct t2_segg {
	struct seg_g s; /* stacks are dense ids of the generation, or T2_KEEP */
	uint32_t text; /* Go's reason, dense string, or T2_KEEP */
	uint32_t row; /* of the order's table */
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
	VEC(struct t2_segg) g; /* freed by the merge */
	VEC(struct t2_band) band;
	VEC(struct t2_snap) snap;
	VEC(struct t2_stw) stw; /* open at its start */
	VEC(struct t2_task) task;
	VEC(struct t2_exception) exception;
};

struct t2_region {
	uint64_t task;
	struct t2_str name; /* in the mapped file */
	uint32_t below; /* index of the region around it, or T2_NONE */
};

/* States of internal/trace/tracev2/events.go; 0: does not exist. */
enum { T2_G_NONE, T2_G_RUNNABLE, T2_G_RUNNING, T2_G_SYSCALL, T2_G_WAITING };
enum { T2_P_NONE, T2_P_RUNNING, T2_P_IDLE, T2_P_SYSCALL, T2_P_ABANDONED };
enum { T2_GC_UNKNOWN, T2_GC_OFF, T2_GC_ON };
enum { T2_RANGE_STW = 1, T2_RANGE_ASSIST = 2, T2_RANGE_SWEEP = 4 };

struct t2_g {
	uint64_t goid, seq;
	int64_t mark; /* ns are accounted up to here */
	int64_t since;
	uint32_t gen; /* of seq */
	uint32_t slot, stamp; /* its segg, if stamp is the segment's */
	uint32_t region; /* innermost, or T2_NONE */
	uint8_t status, range;
	bool claimed_range; /* its open ranges were told by an Active event */
};

struct t2_p {
	uint64_t id, seq;
	uint32_t gen;
	uint8_t status, range;
	bool claimed_range;
};

struct t2_m {
	uint64_t id;
	uint32_t g, p; /* rows, or T2_NONE */
};

/* What was taken on trust; status 0: that it does not exist. */
struct t2_claim {
	uint64_t id, with;
	uint8_t status;
};

struct t2_claims {
	VEC(struct t2_claim) g;
	VEC(struct t2_claim) p;
	VEC(struct t2_claim)
	m; /* id: thread, with: goroutine; status 1: the thread must be known */
	VEC(struct t2_claim) task; /* status 1: begins, 0: ends */
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
	if (goid < r->n_direct)
		return r->direct[goid] - 1;
	return goid < T2_DIRECT_MOST ? T2_NONE : map64_get(&r->sparse, goid);
}

struct t2_order {
	const struct t2_walk *walk;
	struct t2_gen *gen;
	bool first; /* the first generation */
	bool fresh; /* begins without knowledge */
	VEC(struct t2_g) g;
	VEC(struct t2_p) p;
	VEC(struct t2_m) m;
	struct t2_rows by_goid;
	struct map64 by_pid, by_mid;
	struct map64 task; /* id → 1 active */
	VEC(struct t2_region) region;
	VEC(struct t2_stw) stw; /* open now */
	uint64_t gc_seq;
	uint8_t gc;
	struct t2_claims claims;

	struct t2_cursor *cursor;
	size_t n_cursor;
	struct t2_heap heap;
	struct t2_segment *seg; /* in the making */
	uint64_t seg_bytes;
	uint32_t stamp;
	uint64_t tries; /* vain ones, bounded */
	int64_t t_last;
	uint64_t min_events; /* a segment's least */
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
 * order is not enough; -ECANCELED; or a negative errno with o->err filled (what
 * was emitted before stays true).
 */
int order_run(struct t2_order *o, struct t2_gen *g);

/*
 * Holds what next took on trust against the end of o, then makes o the end of
 * next. Returns 0; or -EAGAIN where it does not agree: o is unchanged then.
 */
int order_stitch(struct t2_order *o, struct t2_order *next);

void segment_free(struct t2_segment *s);

/* args after the time of an event type; -1: no such type. */
int t2_n_args(uint8_t type);

#endif

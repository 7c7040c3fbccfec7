/* SPDX-License-Identifier: Apache-2.0 */
/* The trace of the first format as a source; internal to its reader. */
#ifndef SOURCE_TRACE1_IMPL_H
#define SOURCE_TRACE1_IMPL_H

#include <pthread.h>

#include "core/world.h"
#include "source/source.h"
#include "source/trace1_scan.h"

#define T1_EVENT_BYTES 5 /* of a common one */
#define T1_KEEP 0xff /* text: as before the segment; for a stack: */
#define T1_KEEP_STACK UINT64_MAX

/* The texts that Go's reader gives events of this format. */
enum t1_text {
	TX_NONE,
	TX_FOREVER,
	TX_PREEMPTED,
	TX_GOSCHED,
	TX_SLEEP,
	TX_SEND,
	TX_RECV,
	TX_NETWORK,
	TX_SYNC,
	TX_COND,
	TX_SELECT,
	TX_ASSIST_WAIT,
	TX_GC,
	TX_SWEEP,
	TX_ASSIST,
	TX_HEAP,
	TX_GOAL,
	TX_PROCS,
	TX_STW_FIRST, /* of an unknown kind; the known ones follow */
	TX_STW_N = 17,
	TX_N = TX_STW_FIRST + TX_STW_N,
};

struct t1_g {
	uint64_t goid;
	uint64_t seq; /* order: runtime/trace.go:traceseq */
	uint64_t start; /* stack of its entry, as told before the first GOMAXPROCS */
	int64_t mark, since;
	uint32_t slot, stamp;
	uint8_t order; /* state, as the order knows it */
	uint8_t state; /* enum gstate */
	bool pre; /* told to exist, its state not yet */
	bool from_c;
};

struct t1_segg {
	struct seg_g s;
	uint64_t stack, create, start; /* ids of the trace */
	uint32_t row;
	uint8_t text; /* enum t1_text, or T1_KEEP */
};

struct t1_band {
	int64_t time;
	uint8_t text;
	bool begins;
};

struct t1_task {
	uint64_t id, parent, name;
};

/* A log's message, in the mapped file. */
struct t1_message {
	const char *s;
	uint32_t len;
};

struct t1_snap {
	struct t1_mark mark;
	uint64_t m;
	bool seen; /* the processor was told of before */
};

struct t1_exception {
	uint32_t n, lane; /* the n-th event came from this lane, not the earliest */
};

struct t1_adopted {
	uint32_t n; /* before the n-th event … */
	uint64_t goid; /* … this goroutine came from C */
};

struct t1_segment {
	struct t1_segment *next;
	int64_t t0, t1;
	uint64_t n_events;
	VEC(struct t1_segg) g; /* freed by the merge */
	VEC(struct t1_band) band; /* the same */
	VEC(struct t1_task) task;
	VEC(struct t1_message) message; /* freed by the merge */
	VEC(struct t1_snap) snap;
	VEC(struct t1_adopted) adopted;
	VEC(struct t1_exception) exception;
	size_t sample; /* the first CPU sample that is not before it */
	bool pre_at_start; /* the state before is still being told; only the first segment */
	uint8_t stw; /* kind of an open stop-the-world */
};

struct t1_lane {
	struct t1_cursor c;
	uint64_t m;
	bool seen;
};

struct t1_wait {
	uint64_t ts; /* of the lane's event */
	uint32_t lane;
};

struct trace1 {
	struct source src; /* first */
	struct t1_scan scan; /* read-only once ready is set */
	atomic_bool cancel, ready, over;
	_Atomic uint64_t scanned;

	/* the worker's own */
	VEC(struct t1_g) g;
	VEC(uint32_t) direct; /* goid → row + 1, for small ones */
	struct map64 by_goid; /* for the others */
	struct t1_lane *lane;
	uint32_t n_lane;
	VEC(struct t1_wait) waiting; /* lanes that have an event, the earliest first */
	struct t1_segment *cur;
	uint64_t cur_bytes, min_events, tries, adopted;
	uint32_t stamp;
	uint64_t ts_last, first_ts, gc_seq;
	double scale; /* ns a tick */
	int64_t t_last;
	size_t sample;
	uint8_t stw;
	bool pre, force;
	struct err why; /* what ended the order */

	pthread_mutex_t lock; /* for all below, but for the loop's own */
	bool taken;
	struct t1_segment *head, **tail; /* not merged yet */
	VEC(struct t1_segment *) seg; /* merged */
	struct map64 task_row;
	struct map64 message_world; /* place in the file → string of the world */
	VEC(struct t1_task) task;

	/* the loop's own; read by queries once a segment is merged */
	bool interned;
	uint32_t *string_world, *stack_world;
	uint8_t *stack_reason;
	uint32_t text[TX_N];
	uint8_t text_reason[TX_N];
	VEC(struct seg_g) merge;
};

void t1_segment_free(struct t1_segment *s);

/* Once the file was walked over: to each processor's first event. */
void t1_order_start(struct trace1 *t);
/* To the end, or to what ends it (t->why), emitting segments. */
void t1_order_run(struct trace1 *t);

/* Strings and stacks become the world's; once, before the first merge. */
void t1_intern(struct trace1 *t, struct world *w);
/* Adds the segment to the world; it is among t->seg then. */
void t1_segment_merge(struct trace1 *t, struct world *w, struct t1_segment *s);

/* ns of the session. */
int64_t t1_ns(const struct trace1 *t, uint64_t ticks);
int64_t t1_event_ns(const struct trace1 *t, const struct t1_event *ev);

/* Ids of the trace to those of the world; 0 where there is none. */
uint32_t t1_string(const struct trace1 *t, uint64_t id);
uint32_t t1_stack(const struct trace1 *t, uint64_t id);
uint8_t t1_stack_reason(const struct trace1 *t, uint64_t id);

/* The world's string of a log's message, by its place. */
uint32_t t1_log_text(struct trace1 *t, const char *s);

uint8_t t1_block_text(uint8_t type);
uint8_t t1_stw_text(int version, uint64_t kind);

int trace1_query(struct history *h, const struct history_query *q, history_sink *sink, void *arg);

#endif

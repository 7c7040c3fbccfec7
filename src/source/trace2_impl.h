/* SPDX-License-Identifier: Apache-2.0 */
/* The trace as a source; internal to its reader. */
#ifndef SOURCE_TRACE2_IMPL_H
#define SOURCE_TRACE2_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "source/input.h"
#include "source/source.h"
#include "source/trace2_order.h"

struct trace2;

enum t2_job_state { JOB_RUNNING, JOB_ORDERED, JOB_DONE };

/* One generation on its way from the file to the world. */
struct t2_job {
	struct trace2 *trace;
	struct t2_gen gen;
	struct t2_order *fresh; /* NULL: ordered with the trace's own order */
	enum t2_job_state state;
	int rc; /* of a JOB_ORDERED, or final */
	struct err err;
	/* segments in order; the loop takes them from the head once they are sure */
	struct t2_segment *head, **tail;
	bool sure;
	bool interned;
};

/* Names of ranges and metrics, as Go's reader has them; world strings. */
struct t2_names {
	uint32_t gc, sweep, assist, heap, goal, procs;
	uint32_t alloc[T2_ALLOC_LAST - T2_ALLOC_FIRST + 1];
	bool set;
};

struct trace2 {
	struct source src; /* first */
	const struct input *in;
	struct t2_walk walk;
	atomic_bool cancel;
	bool sequential; /* a small file: no generation is ordered on trust */

	pthread_mutex_t lock; /* for all below */
	pthread_cond_t change;
	VEC(struct t2_job *) job;
	size_t next; /* the first job that is not stitched */
	size_t drained; /* the first job that is not wholly merged */
	size_t workers;
	size_t again; /* generations that could not be ordered on trust */
	bool stitching, walked;
	struct err walk_err;
	VEC(struct t2_segment *) seg; /* merged, as the world's */

	struct t2_order order; /* its owner is who is stitching */
	/* the loop's own */
	struct t2_names names;
	int64_t base; /* absolute time of the session's begin */
	bool based;
	struct map64 task_row; /* tasks that are open: id → row of task */
	VEC(struct t2_task) task;
	VEC(struct seg_g) merge;
};

/* The loop's half: as source_ops.drain. */
int trace2_drain(struct source *s, struct world *w, int64_t budget_ns, struct err *err);

/* The history of a trace: decodes again, from the segments' snapshots. */
int trace2_query(struct history *h, const struct history_query *q, history_sink *sink, void *arg);

void trace2_notify(struct trace2 *t);

#endif

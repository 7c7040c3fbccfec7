/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The past of a trace: segments decoded once more. Their order was checked when
 * the trace was loaded; here the threads are merged by time alone, but for the
 * exceptions that were written down then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/trace2_impl.h"

/* A thread as the replay goes on. */
struct lane {
	uint64_t g, p; /* 0, NO_ID: none */
};

struct replay {
	struct trace2 *trace;
	const struct t2_segment *seg;
	const struct t2_gen *gen;
	const struct history_query *q;
	history_sink *sink;
	void *arg;
	struct t2_cursor *cursor;
	struct lane *lane;
	struct t2_heap heap;
	VEC(struct t2_stw) stw;
	size_t sample; /* the next CPU sample */
	struct event ev;
	bool enough;
};

static bool goid_wanted(const struct history_query *q, uint64_t goid)
{
	size_t lo = 0, hi = q->n_goid;

	while (goid && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (q->goid[mid] == goid)
			return true;
		if (q->goid[mid] < goid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

static void tell(struct replay *r, const struct event *ev)
{
	const struct history_query *q = r->q;

	if (r->enough || ev->time < q->t0)
		return;
	if (ev->time > q->t1) {
		r->enough = true;
		return;
	}
	if (q->n_goid && !goid_wanted(q, ev->g) && !goid_wanted(q, ev->peer))
		return;
	if (!r->sink(r->arg, ev))
		r->enough = true;
}

static uint32_t stack_world(const struct replay *r, uint64_t id)
{
	return r->gen->stack_world[ids_get(&r->gen->stack_id, id)];
}

static uint32_t string_world(const struct replay *r, uint64_t id)
{
	return r->gen->string_world[ids_get(&r->gen->string_id, id)];
}

static int64_t to_session(const struct replay *r, int64_t at)
{
	int64_t t = at - r->trace->base;

	return t < r->seg->t0 ? r->seg->t0 : t;
}

/* An event of the thread's own goroutine and processor. */
static struct event *event_begin(struct replay *r, const struct t2_cursor *c, enum event_kind kind)
{
	const struct lane *lane = &r->lane[c - r->cursor];

	r->ev = (struct event){
		.time = to_session(r, c->rec.time),
		.kind = (uint8_t)kind,
		.g = lane->g,
		.p = lane->p,
		.m = r->gen->thread.v[c - r->cursor].m,
	};
	return &r->ev;
}

/* An event that happens to another goroutine, by this thread's. */
static struct event *event_on(struct replay *r, const struct t2_cursor *c, enum event_kind kind,
			      uint64_t goid)
{
	struct event *ev = event_begin(r, c, kind);

	ev->peer = ev->g;
	ev->g = goid;
	return ev;
}

/* --- kinds --- */

static const uint8_t g_states[] = { GS_NONE, GS_RUNNABLE, GS_RUNNING, GS_SYSCALL, GS_BLOCKED };

static void proc(struct replay *r, struct t2_cursor *c, struct lane *lane)
{
	struct event *ev = event_begin(r, c, EV_PROC);

	ev->state = GS_BLOCKED;
	switch (c->rec.type) {
	case T2_PROC_STATUS:
		ev->p = c->rec.arg[0];
		if (c->rec.arg[1] == T2_P_RUNNING || c->rec.arg[1] == T2_P_SYSCALL) {
			lane->p = ev->p;
			ev->state = GS_RUNNING;
		}
		ev->flags |= EVF_STATUS;
		break;
	case T2_PROC_START:
		ev->p = lane->p = c->rec.arg[0];
		ev->state = GS_RUNNING;
		break;
	case T2_PROC_STOP:
		lane->p = NO_ID;
		break;
	case T2_PROC_STEAL:
		ev->p = c->rec.arg[0];
		for (size_t i = 0; i < r->gen->thread.n; i++)
			if (r->gen->thread.v[i].m == c->rec.arg[2] && r->lane[i].p == ev->p)
				r->lane[i].p = NO_ID;
		break;
	}
	ev->g = 0;
	tell(r, ev);
}

static void go_status(struct replay *r, struct t2_cursor *c, struct lane *lane)
{
	struct event *ev = event_on(r, c, EV_STATUS, c->rec.arg[0]);
	uint64_t status = c->rec.arg[2];

	ev->peer = 0;
	ev->state = g_states[status];
	if (c->rec.type == T2_GO_STATUS_STACK)
		ev->stack = stack_world(r, c->rec.arg[3]);
	if (status == T2_G_RUNNING)
		lane->g = ev->g;
	if (status == T2_G_SYSCALL)
		for (size_t i = 0; i < r->gen->thread.n; i++)
			if (r->gen->thread.v[i].m == c->rec.arg[1])
				r->lane[i].g = ev->g;
	if (status == T2_G_WAITING)
		ev->reason = r->gen->stack_reason[ids_get(
			&r->gen->stack_id, c->rec.type == T2_GO_STATUS_STACK ? c->rec.arg[3] : 0)];
	tell(r, ev);
}

static void go_create(struct replay *r, struct t2_cursor *c, struct lane *lane)
{
	struct event *ev = event_on(r, c, EV_CREATE, c->rec.arg[0]);

	if (c->rec.type == T2_GO_CREATE_SYSCALL) {
		ev->state = GS_SYSCALL;
		ev->peer = 0;
		lane->g = ev->g;
	} else {
		ev->state = c->rec.type == T2_GO_CREATE ? GS_RUNNABLE : GS_BLOCKED;
		ev->stack2 = stack_world(r, c->rec.arg[1]);
		ev->stack = stack_world(r, c->rec.arg[2]);
	}
	tell(r, ev);
}

static void go_start(struct replay *r, struct t2_cursor *c, struct lane *lane)
{
	struct event *ev = event_on(r, c, EV_RUN, c->rec.arg[0]);

	ev->peer = 0;
	lane->g = ev->g;
	tell(r, ev);
}

static void go_leave(struct replay *r, struct t2_cursor *c, struct lane *lane)
{
	struct event *ev = event_begin(r, c, EV_DEAD);

	if (c->rec.type == T2_GO_BLOCK || c->rec.type == T2_GO_STOP) {
		uint32_t text = ids_get(&r->gen->string_id, c->rec.arg[0]);
		uint32_t stack = ids_get(&r->gen->stack_id, c->rec.arg[1]);

		ev->kind = c->rec.type == T2_GO_BLOCK ? EV_BLOCK : EV_PREEMPT;
		ev->text = r->gen->string_world[text];
		ev->stack = r->gen->stack_world[stack];
		if (ev->kind == EV_BLOCK)
			ev->reason = (uint8_t)reason_join(r->gen->string_reason[text],
							  r->gen->stack_reason[stack]);
	}
	lane->g = 0;
	tell(r, ev);
}

static void go_unblock(struct replay *r, struct t2_cursor *c)
{
	struct event *ev = event_on(r, c, EV_UNBLOCK, c->rec.arg[0]);

	ev->stack = stack_world(r, c->rec.arg[2]);
	tell(r, ev);
}

static void go_switch(struct replay *r, struct t2_cursor *c, struct lane *lane)
{
	struct event *ev = event_on(r, c, EV_UNBLOCK, c->rec.arg[0]);

	tell(r, ev);
	tell(r, event_begin(r, c, c->rec.type == T2_GO_SWITCH ? EV_BLOCK : EV_DEAD));
	ev = event_on(r, c, EV_RUN, c->rec.arg[0]);
	ev->peer = 0;
	lane->g = ev->g;
	tell(r, ev);
}

static void syscall_event(struct replay *r, struct t2_cursor *c, struct lane *lane)
{
	struct event *ev = event_begin(r, c, EV_SYSCALL_EXIT);

	switch (c->rec.type) {
	case T2_GO_SYSCALL_BEGIN:
		ev->kind = EV_SYSCALL;
		ev->reason = R_SYSCALL;
		ev->stack = stack_world(r, c->rec.arg[1]);
		break;
	case T2_GO_SYSCALL_END:
		ev->state = GS_RUNNING;
		break;
	case T2_GO_SYSCALL_END_BLOCKED:
		ev->state = GS_RUNNABLE;
		lane->g = 0;
		break;
	case T2_GO_DESTROY_SYSCALL:
		if (lane->p != NO_ID) {
			struct event *steal = event_begin(r, c, EV_PROC);

			steal->state = GS_BLOCKED;
			steal->g = 0;
			tell(r, steal);
			ev = event_begin(r, c, EV_DEAD);
		}
		ev->kind = EV_DEAD;
		lane->g = 0;
		lane->p = NO_ID;
		break;
	}
	tell(r, ev);
}

static uint32_t stw_end_name(struct replay *r, uint64_t goid)
{
	for (size_t i = 0; i < r->stw.n; i++) {
		uint32_t name = r->stw.v[i].world;

		if (r->stw.v[i].g != goid)
			continue;
		r->stw.v[i] = r->stw.v[--r->stw.n];
		return name;
	}
	return 0;
}

static uint32_t stw_begin_name(struct replay *r, uint64_t id, uint64_t goid)
{
	uint32_t name;

	pthread_mutex_lock(&r->trace->lock);
	name = map64_get(&r->gen->stw_world, ids_get(&r->gen->string_id, id));
	pthread_mutex_unlock(&r->trace->lock);
	if (name == UINT32_MAX)
		name = 0;
	*vec_push(&r->stw) = (struct t2_stw){ .g = goid, .world = name };
	return name;
}

static void range(struct replay *r, struct t2_cursor *c)
{
	const struct t2_names *names = &r->trace->names;
	struct event *ev = event_begin(r, c, EV_RANGE_BEGIN);

	switch (c->rec.type) {
	case T2_STW_BEGIN:
		ev->text = stw_begin_name(r, c->rec.arg[0], ev->g);
		ev->stack = stack_world(r, c->rec.arg[1]);
		break;
	case T2_STW_END:
		ev->kind = EV_RANGE_END;
		ev->text = stw_end_name(r, ev->g);
		break;
	case T2_ASSIST_ACTIVE:
		ev->kind = EV_RANGE_ACTIVE;
		ev->text = names->assist;
		ev->g = c->rec.arg[0];
		break;
	case T2_ASSIST_BEGIN:
		ev->text = names->assist;
		ev->stack = stack_world(r, c->rec.arg[0]);
		break;
	case T2_ASSIST_END:
		ev->kind = EV_RANGE_END;
		ev->text = names->assist;
		break;
	}
	ev->flags |= EVF_SCOPE_G;
	tell(r, ev);
}

static void range_gc(struct replay *r, struct t2_cursor *c)
{
	struct event *ev = event_begin(r, c,
				       c->rec.type == T2_GC_ACTIVE ? EV_RANGE_ACTIVE
				       : c->rec.type == T2_GC_END  ? EV_RANGE_END
								   : EV_RANGE_BEGIN);

	ev->text = r->trace->names.gc;
	ev->peer = ev->g;
	ev->g = 0;
	ev->p = NO_ID;
	if (c->rec.type == T2_GC_BEGIN)
		ev->stack = stack_world(r, c->rec.arg[1]);
	tell(r, ev);
}

static void range_sweep(struct replay *r, struct t2_cursor *c)
{
	struct event *ev = event_begin(r, c, EV_RANGE_BEGIN);

	ev->text = r->trace->names.sweep;
	ev->peer = ev->g;
	ev->g = 0;
	switch (c->rec.type) {
	case T2_SWEEP_ACTIVE:
		ev->kind = EV_RANGE_ACTIVE;
		ev->p = c->rec.arg[0];
		break;
	case T2_SWEEP_BEGIN:
		ev->stack = stack_world(r, c->rec.arg[0]);
		break;
	case T2_SWEEP_END:
		ev->kind = EV_RANGE_END;
		ev->value = c->rec.arg[0];
		ev->value2 = c->rec.arg[1];
		break;
	}
	tell(r, ev);
}

static void task_name(struct replay *r, struct event *ev)
{
	struct trace2 *t = r->trace;
	uint32_t row;

	pthread_mutex_lock(&t->lock);
	row = map64_get(&t->task_row, ev->object);
	if (row != UINT32_MAX) {
		ev->text = t->task.v[row].name;
		ev->value = t->task.v[row].parent;
	}
	pthread_mutex_unlock(&t->lock);
}

static void annotation(struct replay *r, struct t2_cursor *c)
{
	const uint64_t *arg = c->rec.arg;
	struct event *ev = event_begin(r, c, EV_LOG);

	ev->object = arg[0];
	switch (c->rec.type) {
	case T2_TASK_BEGIN:
		ev->kind = EV_TASK_BEGIN;
		ev->value = arg[1];
		ev->text = string_world(r, arg[2]);
		ev->stack = stack_world(r, arg[3]);
		break;
	case T2_TASK_END:
		ev->kind = EV_TASK_END;
		ev->stack = stack_world(r, arg[1]);
		task_name(r, ev);
		break;
	case T2_REGION_BEGIN:
	case T2_REGION_END:
		ev->kind = c->rec.type == T2_REGION_BEGIN ? EV_REGION_BEGIN : EV_REGION_END;
		ev->text = string_world(r, arg[1]);
		ev->stack = stack_world(r, arg[2]);
		break;
	case T2_LOG:
		ev->text = string_world(r, arg[1]);
		ev->text2 = string_world(r, arg[2]);
		ev->stack = stack_world(r, arg[3]);
		break;
	case T2_GO_LABEL:
		ev->kind = EV_LABEL;
		ev->object = 0;
		ev->text = string_world(r, arg[0]);
		break;
	}
	tell(r, ev);
}

static void metric(struct replay *r, struct t2_cursor *c)
{
	const struct t2_names *names = &r->trace->names;
	struct event *ev = event_begin(r, c, EV_METRIC);

	ev->g = 0;
	ev->value = c->rec.arg[0];
	switch (c->rec.type) {
	case T2_HEAP_ALLOC:
		ev->text = names->heap;
		break;
	case T2_HEAP_GOAL:
		ev->text = names->goal;
		break;
	default:
		ev->text = names->procs;
		ev->stack = stack_world(r, c->rec.arg[1]);
	}
	tell(r, ev);
}

static void alloc(struct replay *r, struct t2_cursor *c)
{
	struct event *ev = event_begin(r, c, EV_ALLOC);

	ev->text = r->trace->names.alloc[c->rec.type - T2_ALLOC_FIRST];
	ev->object = c->rec.arg[0];
	ev->value = t2_n_args(c->rec.type) > 1 ? c->rec.arg[1] : 0;
	ev->value2 = t2_n_args(c->rec.type) > 2 ? c->rec.arg[2] : 0;
	tell(r, ev);
}

static void replay_event(struct replay *r, struct t2_cursor *c)
{
	struct lane *lane = &r->lane[c - r->cursor];

	switch (c->rec.type) {
	case T2_GO_START:
		go_start(r, c, lane);
		break;
	case T2_GO_STOP:
	case T2_GO_BLOCK:
	case T2_GO_DESTROY:
		go_leave(r, c, lane);
		break;
	case T2_GO_UNBLOCK:
		go_unblock(r, c);
		break;
	case T2_GO_CREATE:
	case T2_GO_CREATE_BLOCKED:
	case T2_GO_CREATE_SYSCALL:
		go_create(r, c, lane);
		break;
	case T2_GO_SYSCALL_BEGIN:
	case T2_GO_SYSCALL_END:
	case T2_GO_SYSCALL_END_BLOCKED:
	case T2_GO_DESTROY_SYSCALL:
		syscall_event(r, c, lane);
		break;
	case T2_GO_STATUS:
	case T2_GO_STATUS_STACK:
		go_status(r, c, lane);
		break;
	case T2_GO_SWITCH:
	case T2_GO_SWITCH_DESTROY:
		go_switch(r, c, lane);
		break;
	case T2_PROC_START:
	case T2_PROC_STOP:
	case T2_PROC_STEAL:
	case T2_PROC_STATUS:
		proc(r, c, lane);
		break;
	case T2_GC_ACTIVE:
	case T2_GC_BEGIN:
	case T2_GC_END:
		range_gc(r, c);
		break;
	case T2_SWEEP_ACTIVE:
	case T2_SWEEP_BEGIN:
	case T2_SWEEP_END:
		range_sweep(r, c);
		break;
	case T2_STW_BEGIN:
	case T2_STW_END:
	case T2_ASSIST_ACTIVE:
	case T2_ASSIST_BEGIN:
	case T2_ASSIST_END:
		range(r, c);
		break;
	case T2_HEAP_ALLOC:
	case T2_HEAP_GOAL:
	case T2_PROCS_CHANGE:
		metric(r, c);
		break;
	case T2_TASK_BEGIN:
	case T2_TASK_END:
	case T2_REGION_BEGIN:
	case T2_REGION_END:
	case T2_LOG:
	case T2_GO_LABEL:
		annotation(r, c);
		break;
	default:
		alloc(r, c);
	}
}

/* --- segments --- */

static void samples_until(struct replay *r, int64_t until)
{
	while (r->sample < r->gen->sample.n && !r->enough) {
		const struct t2_sample *s = &r->gen->sample.v[r->sample];
		struct event ev = {
			.kind = EV_SAMPLE,
			.g = s->g,
			.m = s->m,
			.p = s->p,
			.stack = r->gen->stack_world[s->stack],
		};

		if (s->time >= until)
			return;
		ev.time = s->time - r->trace->base;
		tell(r, &ev);
		r->sample++;
	}
}

static void replay_begin(struct replay *r)
{
	const struct t2_segment *s = r->seg;
	size_t n = r->gen->thread.n;

	r->cursor = xcalloc(n, sizeof(*r->cursor));
	r->lane = xcalloc(n, sizeof(*r->lane));
	for (size_t i = 0; i < n; i++)
		r->lane[i].p = NO_ID;
	for (size_t i = 0; i < s->snap.n; i++) {
		uint32_t t = s->snap.v[i].thread;

		if (cursor_restore(&r->trace->walk, r->gen, &r->cursor[t], &s->snap.v[i], NULL))
			r->cursor[t].rec.type = 0;
		r->lane[t] = (struct lane){ s->snap.v[i].g, s->snap.v[i].p };
	}
	for (size_t i = 0; i < s->stw.n; i++)
		*vec_push(&r->stw) = s->stw.v[i];
	heap_build(&r->heap, r->cursor, n);
}

static void replay_end(struct replay *r)
{
	free(r->cursor);
	free(r->lane);
	free(r->heap.v);
	vec_free(&r->stw);
}

static size_t sample_first(const struct t2_gen *g, int64_t t)
{
	size_t lo = 0, hi = g->sample.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (g->sample.v[mid].time < t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int replay_events(struct replay *r)
{
	const struct t2_segment *s = r->seg;
	size_t e = 0;

	for (uint64_t i = 0; i < s->n_events && r->heap.n && !r->enough; i++) {
		size_t at = 0;
		struct t2_cursor *c;

		if (e < s->exception.n && s->exception.v[e].n == i)
			at = heap_find(&r->heap, s->exception.v[e++].cursor);
		if (at >= r->heap.n)
			return -EBADMSG;
		c = &r->cursor[r->heap.v[at].cursor];
		samples_until(r, c->rec.time);
		replay_event(r, c);
		if (cursor_next(&r->trace->walk, r->gen, c, NULL))
			c->rec.type = 0; /* where the order ended, too */
		heap_advanced(&r->heap, r->cursor, at);
		if (!(i & 1023) && r->q->cancel && atomic_load(r->q->cancel))
			r->enough = true;
	}
	return 0;
}

/* first, last: of its generation; then the samples before or after all events are its too. */
static int segment_replay(struct replay *r, const struct t2_segment *s, bool first, bool last)
{
	int rc;

	r->seg = s;
	r->gen = s->gen;
	r->cursor = NULL;
	r->lane = NULL;
	memset(&r->heap, 0, sizeof(r->heap));
	memset(&r->stw, 0, sizeof(r->stw));
	r->sample = first ? 0 : sample_first(s->gen, s->t0 + r->trace->base);
	replay_begin(r);
	rc = replay_events(r);
	if (!rc && last)
		samples_until(r, INT64_MAX);
	else if (!rc)
		samples_until(r, s->t1 + r->trace->base);
	replay_end(r);
	return rc;
}

/* The merged segments that may hold what is asked; their number. */
static size_t segments_copy(struct trace2 *t, const struct history_query *q,
			    const struct t2_segment ***out)
{
	size_t n = 0, first = SIZE_MAX;

	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->seg.n; i++) {
		if (t->seg.v[i]->t1 < q->t0 || t->seg.v[i]->t0 > q->t1)
			continue;
		first = first == SIZE_MAX ? i : first;
		n = i + 1 - first;
	}
	/* one more on each side tells where generations begin and end */
	*out = xcalloc(n + 2, sizeof(**out));
	for (size_t i = 0; i < n + 2 && n; i++)
		if (first + i >= 1 && first + i - 1 < t->seg.n)
			(*out)[i] = t->seg.v[first + i - 1];
	pthread_mutex_unlock(&t->lock);
	return n;
}

int trace2_query(struct history *h, const struct history_query *q, history_sink *sink, void *arg)
{
	struct trace2 *t = (struct trace2 *)((char *)h - offsetof(struct source, history));
	struct replay r = { .trace = t, .q = q, .sink = sink, .arg = arg };
	const struct t2_segment **seg;
	size_t n = segments_copy(t, q, &seg);
	int rc = 0;

	for (size_t i = 1; i <= n && !rc && !r.enough; i++)
		rc = segment_replay(&r, seg[i], !seg[i - 1] || seg[i - 1]->gen != seg[i]->gen,
				    !seg[i + 1] || seg[i + 1]->gen != seg[i]->gen);
	free(seg);
	return rc;
}

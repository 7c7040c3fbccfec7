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

/* A thread as the replay goes on, and its next event. */
struct lane {
	uint64_t g, p; /* 0, NO_ID: none */
};

struct replay {
	struct trace2 *trace;
	const struct t2_segment *seg;
	const struct t2_gen *gen;
	const struct history_query *q;
	history_sink *sink;
	void *sink_arg;
	struct t2_cursor *cursor;
	struct lane *lane;
	struct map64 lane_row; /* thread → lane, made when it is needed */
	struct t2_heap heap;
	VEC(struct t2_stw) stw;
	struct map64 task; /* those that the segment knew so far: id → row */
	VEC(struct t2_task) task_name;
	size_t n_ended; /* of the segment's tasks that began before it */
	size_t sample; /* the next CPU sample */
	int64_t last; /* no event is told to be earlier */
	uint64_t arg[T2_MAX_ARGS]; /* of the event in hand */
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
	if (!r->sink(r->sink_arg, ev))
		r->enough = true;
}

static uint32_t stack_world(const struct replay *r, uint64_t id)
{
	return r->gen->stack_world[gen_stack(r->gen, id)];
}

static uint32_t string_world(const struct replay *r, uint64_t id)
{
	return r->gen->string_world[gen_string(r->gen, id)];
}

/* Times of the session never go back. */
static int64_t to_session(struct replay *r, int64_t at)
{
	int64_t t = at - r->trace->base;

	r->last = t > r->last ? t : r->last;
	return r->last;
}

/* An event of the thread's own goroutine and processor. */
static struct event *event_begin(struct replay *r, const struct t2_cursor *c, enum event_kind kind)
{
	const struct lane *lane = &r->lane[c - r->cursor];

	r->ev = (struct event){
		.time = to_session(r, c->time),
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

static struct lane *lane_of(struct replay *r, uint64_t mid)
{
	uint32_t i;

	if (!r->lane_row.n)
		for (i = 0; i < r->gen->thread.n; i++)
			map64_put(&r->lane_row, r->gen->thread.v[i].m, i);
	i = map64_get(&r->lane_row, mid);
	return i == UINT32_MAX ? NULL : &r->lane[i];
}

/* --- kinds --- */

static const uint8_t g_states[] = { GS_NONE, GS_RUNNABLE, GS_RUNNING, GS_SYSCALL, GS_BLOCKED };

static void proc(struct replay *r, struct t2_cursor *c, struct lane *lane)
{
	struct event *ev = event_begin(r, c, EV_PROC);

	ev->state = GS_BLOCKED;
	switch (c->type) {
	case T2_PROC_STATUS:
		ev->p = r->arg[0];
		if (r->arg[1] == T2_P_RUNNING || r->arg[1] == T2_P_SYSCALL) {
			lane->p = ev->p;
			ev->state = GS_RUNNING;
		}
		ev->flags |= EVF_STATUS;
		break;
	case T2_PROC_START:
		ev->p = lane->p = r->arg[0];
		ev->state = GS_RUNNING;
		break;
	case T2_PROC_STOP:
		lane->p = NO_ID;
		break;
	case T2_PROC_STEAL:
		ev->p = r->arg[0];
		lane = lane_of(r, r->arg[2]);
		if (lane && lane->p == ev->p)
			lane->p = NO_ID;
		break;
	}
	ev->g = 0;
	tell(r, ev);
}

static void go_status(struct replay *r, struct t2_cursor *c, struct lane *lane)
{
	struct event *ev = event_on(r, c, EV_STATUS, r->arg[0]);
	uint64_t status = r->arg[2];

	uint64_t stack = c->type == T2_GO_STATUS_STACK ? r->arg[3] : 0;

	ev->peer = 0;
	ev->state = g_states[status];
	ev->stack = stack_world(r, stack);
	if (status == T2_G_RUNNING)
		lane->g = ev->g;
	if (status == T2_G_WAITING)
		ev->reason = r->gen->stack_reason[gen_stack(r->gen, stack)];
	if (status == T2_G_SYSCALL) {
		ev->reason = R_SYSCALL;
		ev->m = r->arg[1];
		lane = lane_of(r, ev->m);
		if (lane)
			lane->g = ev->g;
	}
	tell(r, ev);
}

static void go_create(struct replay *r, struct t2_cursor *c, struct lane *lane)
{
	struct event *ev = event_on(r, c, EV_CREATE, r->arg[0]);

	if (c->type == T2_GO_CREATE_SYSCALL) {
		ev->state = GS_SYSCALL;
		ev->peer = 0;
		lane->g = ev->g;
	} else {
		ev->state = c->type == T2_GO_CREATE ? GS_RUNNABLE : GS_BLOCKED;
		ev->stack2 = stack_world(r, r->arg[1]);
		ev->stack = stack_world(r, r->arg[2]);
	}
	tell(r, ev);
}

static void go_start(struct replay *r, struct t2_cursor *c, struct lane *lane)
{
	struct event *ev = event_on(r, c, EV_RUN, r->arg[0]);

	ev->peer = 0;
	lane->g = ev->g;
	tell(r, ev);
}

static void go_leave(struct replay *r, struct t2_cursor *c, struct lane *lane)
{
	struct event *ev = event_begin(r, c, EV_DEAD);

	if (c->type == T2_GO_BLOCK || c->type == T2_GO_STOP) {
		uint32_t text = gen_string(r->gen, r->arg[0]);
		uint32_t stack = gen_stack(r->gen, r->arg[1]);

		ev->kind = c->type == T2_GO_BLOCK ? EV_BLOCK : EV_PREEMPT;
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
	struct event *ev = event_on(r, c, EV_UNBLOCK, r->arg[0]);

	ev->stack = stack_world(r, r->arg[2]);
	tell(r, ev);
}

static void go_switch(struct replay *r, struct t2_cursor *c, struct lane *lane)
{
	struct event *ev = event_on(r, c, EV_UNBLOCK, r->arg[0]);

	tell(r, ev);
	tell(r, event_begin(r, c, c->type == T2_GO_SWITCH ? EV_BLOCK : EV_DEAD));
	ev = event_on(r, c, EV_RUN, r->arg[0]);
	ev->peer = 0;
	lane->g = ev->g;
	tell(r, ev);
}

static void syscall_event(struct replay *r, struct t2_cursor *c, struct lane *lane)
{
	struct event *ev = event_begin(r, c, EV_SYSCALL_EXIT);

	switch (c->type) {
	case T2_GO_SYSCALL_BEGIN:
		ev->kind = EV_SYSCALL;
		ev->reason = R_SYSCALL;
		ev->stack = stack_world(r, r->arg[1]);
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
		memmove(r->stw.v + i, r->stw.v + i + 1, (r->stw.n - i - 1) * sizeof(*r->stw.v));
		r->stw.n--;
		return name;
	}
	return 0;
}

static uint32_t stw_begin_name(struct replay *r, uint64_t id, uint64_t goid)
{
	uint32_t name;

	pthread_mutex_lock(&r->trace->lock);
	name = map64_get(&r->gen->stw_world, gen_string(r->gen, id));
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

	switch (c->type) {
	case T2_STW_BEGIN:
		ev->text = stw_begin_name(r, r->arg[0], ev->g);
		ev->stack = stack_world(r, r->arg[1]);
		break;
	case T2_STW_END:
		ev->kind = EV_RANGE_END;
		ev->text = stw_end_name(r, ev->g);
		break;
	case T2_ASSIST_ACTIVE:
		ev->kind = EV_RANGE_ACTIVE;
		ev->text = names->assist;
		ev->g = r->arg[0];
		break;
	case T2_ASSIST_BEGIN:
		ev->text = names->assist;
		ev->stack = stack_world(r, r->arg[0]);
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
				       c->type == T2_GC_ACTIVE ? EV_RANGE_ACTIVE
				       : c->type == T2_GC_END  ? EV_RANGE_END
							       : EV_RANGE_BEGIN);

	ev->text = r->trace->names.gc;
	ev->peer = ev->g;
	ev->g = 0;
	ev->p = NO_ID;
	if (c->type == T2_GC_BEGIN)
		ev->stack = stack_world(r, r->arg[1]);
	tell(r, ev);
}

static void range_sweep(struct replay *r, struct t2_cursor *c)
{
	struct event *ev = event_begin(r, c, EV_RANGE_BEGIN);

	ev->text = r->trace->names.sweep;
	ev->peer = ev->g;
	ev->g = 0;
	switch (c->type) {
	case T2_SWEEP_ACTIVE:
		ev->kind = EV_RANGE_ACTIVE;
		ev->p = r->arg[0];
		break;
	case T2_SWEEP_BEGIN:
		ev->stack = stack_world(r, r->arg[0]);
		break;
	case T2_SWEEP_END:
		ev->kind = EV_RANGE_END;
		ev->value = r->arg[0];
		ev->value2 = r->arg[1];
		break;
	}
	tell(r, ev);
}

static struct t2_task *task_of(struct replay *r, uint64_t id)
{
	uint32_t row = map64_get(&r->task, id);

	return row == UINT32_MAX ? NULL : &r->task_name.v[row];
}

/* From now on the task has this name; 0: it is over. */
static void task_set(struct replay *r, uint64_t id, uint32_t name, uint64_t parent)
{
	struct t2_task *task = task_of(r, id);

	if (!task) {
		map64_put(&r->task, id, (uint32_t)r->task_name.n);
		task = vec_push(&r->task_name);
	}
	*task = (struct t2_task){ id, parent, name };
}

static void task_begin(struct replay *r, struct event *ev)
{
	ev->kind = EV_TASK_BEGIN;
	ev->value = r->arg[1];
	ev->text = string_world(r, r->arg[2]);
	ev->stack = stack_world(r, r->arg[3]);
	task_set(r, ev->object, ev->text, ev->value);
}

/* A task has its name from its begin: in the segment, or else the merge found it. */
static void task_end(struct replay *r, struct event *ev)
{
	const struct t2_task *task = task_of(r, ev->object);

	if (!task && r->n_ended < r->seg->ended.n)
		task = &r->seg->ended.v[r->n_ended++];
	ev->kind = EV_TASK_END;
	ev->stack = stack_world(r, r->arg[1]);
	ev->text = task ? task->name : 0;
	ev->value = task ? task->parent : 0;
	task_set(r, ev->object, 0, 0);
}

static void annotation(struct replay *r, struct t2_cursor *c)
{
	const uint64_t *arg = r->arg;
	struct event *ev = event_begin(r, c, EV_LOG);

	ev->object = arg[0];
	switch (c->type) {
	case T2_TASK_BEGIN:
		task_begin(r, ev);
		break;
	case T2_TASK_END:
		task_end(r, ev);
		break;
	case T2_REGION_BEGIN:
	case T2_REGION_END:
		ev->kind = c->type == T2_REGION_BEGIN ? EV_REGION_BEGIN : EV_REGION_END;
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
	ev->value = r->arg[0];
	switch (c->type) {
	case T2_HEAP_ALLOC:
		ev->text = names->heap;
		break;
	case T2_HEAP_GOAL:
		ev->text = names->goal;
		break;
	default:
		ev->text = names->procs;
		ev->stack = stack_world(r, r->arg[1]);
	}
	tell(r, ev);
}

static void alloc(struct replay *r, struct t2_cursor *c)
{
	struct event *ev = event_begin(r, c, EV_ALLOC);

	ev->text = r->trace->names.alloc[c->type - T2_ALLOC_FIRST];
	ev->object = r->arg[0];
	ev->value = t2_n_args[c->type] > 2 ? r->arg[1] : 0;
	ev->value2 = t2_n_args[c->type] > 3 ? r->arg[2] : 0;
	tell(r, ev);
}

static void replay_event(struct replay *r, struct t2_cursor *c)
{
	struct lane *lane = &r->lane[c - r->cursor];

	switch (c->type) {
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
		ev.time = to_session(r, s->time);
		tell(r, &ev);
		r->sample++;
	}
}

static void replay_begin(struct replay *r, const struct t2_segment *s)
{
	size_t n = s->gen->thread.n;

	r->seg = s;
	r->gen = s->gen;
	r->last = s->t0;
	r->n_ended = 0;
	r->cursor = xcalloc(n, sizeof(*r->cursor));
	r->lane = xcalloc(n, sizeof(*r->lane));
	for (size_t i = 0; i < n; i++) {
		r->cursor[i].type = T2_END;
		r->lane[i].p = NO_ID;
	}
	for (size_t i = 0; i < s->snap.n; i++) {
		const struct t2_snap *p = &s->snap.v[i];

		cursor_restore(&r->trace->walk, r->gen, &r->cursor[p->thread], p->thread, p->batch,
			       p->off, p->time);
		r->lane[p->thread] = (struct lane){ p->g, p->p };
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
	map64_free(&r->lane_row);
	map64_free(&r->task);
	vec_free(&r->task_name);
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
		const uint8_t *after;

		samples_until(r, r->heap.v[0].time);
		if (e < s->exception.n && s->exception.v[e].n == i)
			at = heap_find(&r->heap, s->exception.v[e++].cursor);
		if (at >= r->heap.n)
			return -EBADMSG;
		c = &r->cursor[r->heap.v[at].cursor];
		after = cursor_args(c, r->arg);
		if (!after)
			return -EBADMSG;
		replay_event(r, c);
		cursor_advance(&r->trace->walk, r->gen, c, after);
		heap_advanced(&r->heap, r->cursor, at);
		if (!(i & 1023) && r->q->cancel && atomic_load(r->q->cancel))
			r->enough = true;
	}
	return 0;
}

/* Where a generation begins, its clock was compared with the wall's. */
static void tell_sync(struct replay *r)
{
	const struct t2_gen *g = r->gen;
	struct event ev = { .kind = EV_SYNC, .time = r->last, .m = NO_ID, .p = NO_ID };

	if (g->wall_ns)
		ev.value = (uint64_t)(g->wall_ns - (g->wall_at - r->trace->base) + r->last);
	tell(r, &ev);
}

/* first, last: of its generation; then the samples before or after all events are its too. */
static int segment_replay(struct replay *r, const struct t2_segment *s, bool first, bool last)
{
	struct replay fresh = {
		.trace = r->trace, .q = r->q, .sink = r->sink, .sink_arg = r->sink_arg
	};
	int rc;

	*r = fresh;
	replay_begin(r, s);
	r->sample = first ? 0 : sample_first(s->gen, s->t0 + r->trace->base);
	if (first)
		tell_sync(r);
	rc = replay_events(r);
	if (!rc)
		samples_until(r, last ? INT64_MAX : s->t1 + r->trace->base);
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
	struct replay r = { .trace = t, .q = q, .sink = sink, .sink_arg = arg };
	const struct t2_segment **seg;
	size_t n = segments_copy(t, q, &seg);
	int rc = 0;

	for (size_t i = 1; i <= n && !rc && !r.enough; i++)
		rc = segment_replay(&r, seg[i], !seg[i - 1] || seg[i - 1]->gen != seg[i]->gen,
				    !seg[i + 1] || seg[i + 1]->gen != seg[i]->gen);
	free(seg);
	return rc;
}

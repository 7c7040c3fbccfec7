/* SPDX-License-Identifier: Apache-2.0 */
/* The past of a trace of the first format: segments decoded once more. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/trace1_impl.h"

/* A goroutine that exists, its state not told yet. */
struct told {
	uint64_t goid;
	uint32_t start; /* entry function */
};

struct replay {
	struct trace1 *t;
	const struct t1_segment *seg;
	const struct history_query *q;
	history_sink *sink;
	void *arg;
	struct t1_lane *lane;
	uint32_t n_lane;
	const struct t1_event *in;
	const struct t1_lane *at; /* lane of in */
	int64_t now; /* of in */
	VEC(struct told) told;
	size_t sample;
	uint8_t stw;
	bool pre, enough;
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

	/* an event may tell of an earlier time than it comes at: the latter decides */
	if (r->enough || r->now < q->t0)
		return;
	if (r->now > q->t1) {
		r->enough = true;
		return;
	}
	if (q->n_goid && !goid_wanted(q, ev->g) && !goid_wanted(q, ev->peer))
		return;
	if (!r->sink(r->arg, ev))
		r->enough = true;
}

static struct event event_make(const struct replay *r, enum event_kind kind)
{
	int64_t p = r->t->scan.proc.v[r->at->c.proc].p;

	return (struct event){
		.time = t1_event_ns(r->t, r->in),
		.kind = (uint8_t)kind,
		.g = r->in->g,
		.p = p < 0 ? NO_ID : (uint64_t)p,
		.m = r->at->m,
		.stack = t1_stack(r->t, r->in->stack),
	};
}

/* --- kinds --- */

static void status_of(struct replay *r, struct told g, uint8_t state)
{
	struct event ev = event_make(r, EV_STATUS);

	ev.g = g.goid;
	ev.state = state;
	ev.reason = state == GS_SYSCALL ? R_SYSCALL : R_NONE;
	ev.stack = 0;
	ev.stack2 = g.start;
	tell(r, &ev);
}

static void status(struct replay *r, uint64_t goid, uint8_t state)
{
	struct told g = { .goid = goid };

	for (size_t i = 0; i < r->told.n; i++) {
		if (r->told.v[i].goid != goid)
			continue;
		g = r->told.v[i];
		memmove(&r->told.v[i], &r->told.v[i + 1], (--r->told.n - i) * sizeof(g));
		break;
	}
	status_of(r, g, state);
}

static void proc(struct replay *r, struct t1_lane *l)
{
	bool start = r->in->type == T1_PROC_START, first = !l->seen;
	struct event ev;

	if (start)
		l->m = r->in->arg[0];
	l->seen = true;
	ev = event_make(r, EV_PROC);
	ev.g = 0;
	ev.state = start ? GS_RUNNING : GS_BLOCKED;
	ev.flags = first ? EVF_STATUS : 0;
	tell(r, &ev);
	if (!start)
		l->m = NO_ID;
}

static void gomaxprocs(struct replay *r)
{
	struct event ev;

	if (r->pre) {
		r->pre = false;
		for (size_t i = 0; i < r->told.n; i++)
			status_of(r, r->told.v[i], GS_RUNNABLE);
		r->told.n = 0;
		return;
	}
	ev = event_make(r, EV_METRIC);
	ev.g = 0;
	ev.text = r->t->text[TX_PROCS];
	ev.value = r->in->arg[0];
	tell(r, &ev);
}

static void create(struct replay *r)
{
	struct event ev;

	if (r->pre) {
		*vec_push(&r->told) = (struct told){ r->in->arg[0], t1_stack(r->t, r->in->arg[1]) };
		return;
	}
	ev = event_make(r, EV_CREATE);
	ev.peer = ev.g;
	ev.g = r->in->arg[0];
	ev.state = GS_RUNNABLE;
	ev.stack2 = t1_stack(r->t, r->in->arg[1]);
	tell(r, &ev);
}

static void start(struct replay *r)
{
	struct event ev = event_make(r, EV_RUN);

	if (r->pre) {
		status(r, r->in->g, GS_RUNNING);
		return;
	}
	tell(r, &ev);
	if (r->in->type != T1_GO_START_LABEL)
		return;
	ev.kind = EV_LABEL;
	ev.text = t1_string(r->t, r->in->arg[2]);
	tell(r, &ev);
}

static void block(struct replay *r, enum event_kind kind)
{
	struct event ev = event_make(r, kind);
	uint8_t text = t1_block_text(r->in->type);

	ev.text = r->t->text[text];
	if (kind == EV_BLOCK)
		ev.reason = (uint8_t)reason_join(r->t->text_reason[text],
						 t1_stack_reason(r->t, r->in->stack));
	tell(r, &ev);
}

static void unblock(struct replay *r)
{
	struct event ev = event_make(r, EV_UNBLOCK);

	ev.peer = ev.g;
	ev.g = r->in->arg[0];
	tell(r, &ev);
}

static void syscall_event(struct replay *r)
{
	struct event ev = event_make(r, EV_SYSCALL);

	if (r->in->type == T1_SYSCALL) {
		ev.reason = R_SYSCALL;
		tell(r, &ev);
		if (r->in->blocks)
			return;
		ev.kind = EV_SYSCALL_EXIT;
		ev.reason = R_NONE;
		ev.state = GS_RUNNING;
		ev.stack = 0;
		ev.time++;
	} else {
		ev.kind = EV_SYSCALL_EXIT;
		ev.state = GS_RUNNABLE;
	}
	tell(r, &ev);
}

static void range(struct replay *r, enum event_kind kind, uint8_t text, bool own)
{
	struct event ev = event_make(r, kind);

	ev.text = r->t->text[text];
	if (own) {
		ev.flags = EVF_SCOPE_G;
	} else {
		ev.peer = ev.g;
		ev.g = 0;
	}
	if (text == TX_GC)
		ev.p = NO_ID;
	if (r->in->type == T1_SWEEP_DONE) {
		ev.value = r->in->arg[0];
		ev.value2 = r->in->arg[1];
	}
	tell(r, &ev);
}

static void metric(struct replay *r, uint8_t text)
{
	struct event ev = event_make(r, EV_METRIC);

	ev.g = 0;
	ev.text = r->t->text[text];
	ev.value = r->in->arg[0];
	tell(r, &ev);
}

static void task_name(struct replay *r, struct event *ev)
{
	uint32_t row;

	pthread_mutex_lock(&r->t->lock);
	row = map64_get(&r->t->task_row, ev->object);
	if (row != UINT32_MAX) {
		ev->text = t1_string(r->t, r->t->task.v[row].name);
		ev->value = r->t->task.v[row].parent;
	}
	pthread_mutex_unlock(&r->t->lock);
}

static void annotation(struct replay *r)
{
	const uint64_t *arg = r->in->arg;
	struct event ev = event_make(r, EV_LOG);

	ev.object = arg[0];
	switch (r->in->type) {
	case T1_TASK_CREATE:
		ev.kind = EV_TASK_BEGIN;
		ev.value = arg[1];
		ev.text = t1_string(r->t, arg[2]);
		break;
	case T1_TASK_END:
		ev.kind = EV_TASK_END;
		task_name(r, &ev);
		break;
	case T1_REGION:
		ev.kind = arg[1] ? EV_REGION_END : EV_REGION_BEGIN;
		ev.text = t1_string(r->t, arg[2]);
		break;
	default:
		ev.text = t1_string(r->t, arg[1]);
		ev.text2 = t1_log_text(r->t, r->in->text);
	}
	tell(r, &ev);
}

static void replay_event(struct replay *r, struct t1_lane *l)
{
	switch (r->in->type) {
	case T1_GOMAXPROCS:
		gomaxprocs(r);
		break;
	case T1_PROC_START:
	case T1_PROC_STOP:
		proc(r, l);
		break;
	case T1_GO_CREATE:
		create(r);
		break;
	case T1_GO_START:
	case T1_GO_START_LABEL:
		start(r);
		break;
	case T1_GO_WAITING:
		status(r, r->in->g, GS_BLOCKED);
		break;
	case T1_GO_IN_SYSCALL:
		status(r, r->in->g, GS_SYSCALL);
		break;
	case T1_GO_END: {
		struct event ev = event_make(r, EV_DEAD);

		tell(r, &ev);
		break;
	}
	case T1_GO_SCHED:
	case T1_GO_PREEMPT:
		block(r, EV_PREEMPT);
		break;
	case T1_GO_STOP:
	case T1_GO_SLEEP:
	case T1_GO_BLOCK:
	case T1_BLOCK_SEND:
	case T1_BLOCK_RECV:
	case T1_BLOCK_SELECT:
	case T1_BLOCK_SYNC:
	case T1_BLOCK_COND:
	case T1_BLOCK_NET:
	case T1_BLOCK_GC:
		block(r, EV_BLOCK);
		break;
	case T1_GO_UNBLOCK:
		unblock(r);
		break;
	case T1_SYSCALL:
	case T1_SYS_EXIT:
		syscall_event(r);
		break;
	case T1_GC_START:
		range(r, EV_RANGE_BEGIN, TX_GC, false);
		break;
	case T1_GC_DONE:
		range(r, EV_RANGE_END, TX_GC, false);
		break;
	case T1_STW_START:
		r->stw = t1_stw_text(r->t->scan.version, r->in->arg[0]);
		range(r, EV_RANGE_BEGIN, r->stw, true);
		break;
	case T1_STW_DONE:
		range(r, EV_RANGE_END, r->stw, true);
		break;
	case T1_SWEEP_START:
		range(r, EV_RANGE_BEGIN, TX_SWEEP, false);
		break;
	case T1_SWEEP_DONE:
		range(r, EV_RANGE_END, TX_SWEEP, false);
		break;
	case T1_ASSIST_START:
		range(r, EV_RANGE_BEGIN, TX_ASSIST, true);
		break;
	case T1_ASSIST_DONE:
		range(r, EV_RANGE_END, TX_ASSIST, true);
		break;
	case T1_HEAP_ALLOC:
		metric(r, TX_HEAP);
		break;
	case T1_HEAP_GOAL:
		metric(r, TX_GOAL);
		break;
	case T1_TASK_CREATE:
	case T1_TASK_END:
	case T1_REGION:
	case T1_LOG:
		annotation(r);
		break;
	}
}

/* --- segments --- */

static void samples_until(struct replay *r, int64_t until)
{
	const struct t1_scan *s = &r->t->scan;

	for (; r->sample < s->sample.n && !r->enough; r->sample++) {
		const struct t1_sample *x = &s->sample.v[r->sample];
		struct event ev = {
			.time = t1_ns(r->t, x->ts),
			.kind = EV_SAMPLE,
			.g = x->g,
			.m = NO_ID,
			.p = x->p,
			.stack = t1_stack(r->t, x->stack),
		};

		if (ev.time >= until)
			return;
		r->now = ev.time;
		tell(r, &ev);
	}
}

static void adopt(struct replay *r, uint64_t goid)
{
	struct event ev = event_make(r, EV_CREATE);

	ev.g = goid;
	ev.peer = 0;
	ev.state = GS_SYSCALL;
	ev.stack = 0;
	tell(r, &ev);
}

static uint32_t earliest(const struct replay *r)
{
	uint32_t best = UINT32_MAX;

	for (uint32_t i = 0; i < r->n_lane; i++)
		if (r->lane[i].c.ev.type &&
		    (best == UINT32_MAX || r->lane[i].c.ev.ts < r->lane[best].c.ev.ts))
			best = i;
	return best;
}

static void replay_events(struct replay *r)
{
	const struct t1_segment *s = r->seg;
	size_t e = 0, a = 0;

	for (uint64_t i = 0; i < s->n_events && !r->enough; i++) {
		uint32_t lane = earliest(r);
		struct t1_lane *l;

		if (e < s->exception.n && s->exception.v[e].n == i)
			lane = s->exception.v[e++].lane;
		if (lane == UINT32_MAX)
			return;
		l = &r->lane[lane];
		r->in = &l->c.ev;
		r->at = l;
		samples_until(r, t1_ns(r->t, r->in->ts));
		r->now = t1_ns(r->t, r->in->ts);
		if (a < s->adopted.n && s->adopted.v[a].n == i)
			adopt(r, s->adopted.v[a++].goid);
		replay_event(r, l);
		t1_cursor_next(&r->t->scan, &l->c);
		if (!(i & 1023) && r->q->cancel && atomic_load(r->q->cancel))
			r->enough = true;
	}
}

static size_t sample_first(const struct trace1 *t, int64_t at)
{
	size_t lo = 0, hi = t->scan.sample.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t1_ns(t, t->scan.sample.v[mid].ts) < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void segment_replay(struct replay *r, const struct t1_segment *s, bool first, bool last)
{
	r->seg = s;
	r->pre = s->pre_at_start;
	r->stw = s->stw;
	r->told.n = 0;
	r->n_lane = (uint32_t)r->t->scan.proc.n;
	r->lane = xcalloc(r->n_lane, sizeof(*r->lane));
	for (size_t i = 0; i < s->snap.n; i++) {
		struct t1_lane *l = &r->lane[s->snap.v[i].mark.proc];

		t1_cursor_restore(&r->t->scan, &l->c, &s->snap.v[i].mark);
		l->m = s->snap.v[i].m;
		l->seen = s->snap.v[i].seen;
	}
	r->sample = first ? 0 : sample_first(r->t, s->t0);
	replay_events(r);
	samples_until(r, last ? INT64_MAX : s->t1);
	free(r->lane);
}

int trace1_query(struct history *h, const struct history_query *q, history_sink *sink, void *arg)
{
	struct trace1 *t = (struct trace1 *)((char *)h - offsetof(struct source, history));
	struct replay r = { .t = t, .q = q, .sink = sink, .arg = arg };
	const struct t1_segment **seg;
	size_t n, i;

	pthread_mutex_lock(&t->lock);
	n = t->seg.n;
	seg = xcalloc(n, sizeof(*seg));
	if (n)
		memcpy(seg, t->seg.v, n * sizeof(*seg));
	pthread_mutex_unlock(&t->lock);
	for (i = 0; i < n && !r.enough; i++)
		if (seg[i]->t1 >= q->t0 && seg[i]->t0 <= q->t1)
			segment_replay(&r, seg[i], i == 0, i + 1 == n);
	vec_free(&r.told);
	free(seg);
	return 0;
}

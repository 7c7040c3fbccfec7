/* SPDX-License-Identifier: Apache-2.0 */
/* What a pass found different, as events; on the loop's thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "source/live_priv.h"

enum {
	LOOK_EVERY = 64, /* changes between two looks at the clock */
	LOOKS_FREE =
		1 << 19, /* events of looks in the log, however quiet the program: some 12 MB */
};

/* Time of the session, never before the last event's. */
int64_t live_time(struct live_source *l, int64_t clock)
{
	int64_t t = clock - l->t0;

	if (t > l->last)
		l->last = t;
	return l->last;
}

void live_tell(struct live_source *l, struct world *w, const struct event *ev)
{
	world_apply(w, ev);
	evlog_append(l->log, ev);
	l->told++;
}

void live_tell_lost(struct live_source *l, struct world *w, uint64_t n)
{
	struct event ev = { .time = l->last, .kind = EV_LOST, .m = NO_ID, .p = NO_ID, .value = n };

	if (n)
		live_tell(l, w, &ev);
}

static uint32_t id_at(const uint32_t *v, size_t n, uint32_t i)
{
	return i < n ? v[i] : 0;
}

uint32_t live_stack_id(const struct live_source *l, uint32_t id)
{
	return id_at(l->stack_id.v, l->stack_id.n, id);
}

/* --- names --- */

uint32_t live_lines_intern(struct world *w, const struct stack_line *line, size_t n)
{
	VEC(struct frame) f = { 0 };
	uint32_t id;

	vec_reserve(&f, n);
	for (size_t i = 0; i < n; i++)
		*vec_push(&f) = (struct frame){
			.pc = line[i].pc,
			.func = world_str(w, line[i].func),
			.file = world_str(w, line[i].file),
			.line = line[i].line,
			.flags = line[i].inlined ? FRAME_INLINED : 0,
		};
	id = stacktab_put(&w->stacks, f.v, f.n);
	vec_free(&f);
	return id;
}

uint32_t live_stack_intern(struct world *w, const struct live_batch *b, const struct live_stack *s)
{
	return live_lines_intern(w, s->n ? &b->line.v[s->first] : NULL, s->n);
}

/* In a container, or a chroot. */
static uint32_t other_root(struct world *w, const struct live_source *l)
{
	struct stat ours, its;
	char root[64];

	snprintf(root, sizeof(root), "/proc/%d/root", (int)l->pid);
	if (l->file || stat("/", &ours) || stat(root, &its) ||
	    (ours.st_dev == its.st_dev && ours.st_ino == its.st_ino))
		return 0;
	return world_str(w, root);
}

static void learn_header(struct live_source *l, struct world *w, const struct target *t)
{
	struct live *live = &w->live;

	w->source_kind = world_str(w, l->source.ops->kind);
	w->source_name = world_str(w, t->exe);
	if (l->file)
		w->replay = world_str(w, l->file);
	w->go_version = world_str(w, t->build.version.text);
	w->build_info = world_str(w, t->build.mod ? t->build.mod : "");
	w->wall_ns = l->wall0;
	w->history = evlog_history(l->log);
	w->inspector = &l->source.inspector;
	w->disassembler = &l->source.disassembler;
	live->state = LIVE_RUNS;
	live->pid = (int32_t)l->pid;
	live->root = other_root(w, l);
	live->stripped = !t->image || !t->image->has_symtab;
	live->symbols = world_str(w, live->stripped ? "pclntab" : "symtab");
	live->note = world_str(w, t->note);
	if (l->cfg.no_ptrace)
		live->no_samples = world_str(w, "--no-ptrace");
	if (*t->note)
		world_warn(w, "%s", t->note);
	if (t->exe_deleted)
		world_warn(w, "the program's file was replaced or deleted since it was started; "
			      "what runs "
			      "is the old one");
	l->reason_id.n = 0;
	for (uint32_t i = 0; i < t->lay.nwaitreasons; i++)
		*vec_push(&l->reason_id) = world_str(w, layout_waitreason(&t->lay, i));
}

void live_learn_names(struct live_source *l, struct world *w, const struct live_batch *b)
{
	if (b->header)
		learn_header(l, w, b->header);
	for (size_t i = 0; i < b->stack.n; i++)
		*vec_push(&l->stack_id) = live_stack_intern(w, b, &b->stack.v[i]);
	for (size_t i = 0; i < b->label.n; i++)
		*vec_push(&l->label_id) = world_str(w, b->label.v[i]);
	for (size_t i = 0; i < b->text.n; i++)
		*vec_push(&l->text_id) = world_str(w, b->text.v[i]);
}

/* --- goroutines --- */

static uint8_t state_of(uint8_t status)
{
	switch (status) {
	case GST_RUNNABLE:
		return GS_RUNNABLE;
	case GST_RUNNING:
		return GS_RUNNING;
	case GST_SYSCALL:
		return GS_SYSCALL;
	default:
		return GS_BLOCKED;
	}
}

static void set_reason(struct live_source *l, struct world *w, const struct gchange *c,
		       struct event *ev)
{
	if (c->status == GST_SYSCALL)
		ev->reason = R_SYSCALL;
	if (c->status == GST_PREEMPTED)
		ev->reason = R_PREEMPTED;
	if (c->status != GST_WAITING && c->status != GST_LEAKED)
		return;
	ev->text = id_at(l->reason_id.v, l->reason_id.n, c->reason);
	ev->reason = (uint8_t)world_reason(w, ev->text, ev->stack);
}

static struct event event_of(struct live_source *l, const struct gchange *c, uint8_t kind)
{
	return (struct event){
		.time = live_time(l, c->time),
		.g = c->goid,
		.m = c->tid ? (uint64_t)c->tid : NO_ID,
		.p = c->p >= 0 ? (uint64_t)c->p : NO_ID,
		.kind = kind,
	};
}

static struct event sampled(struct live_source *l, const struct world *w, const struct gchange *c,
			    uint8_t kind)
{
	struct event ev = event_of(l, c, kind);
	uint32_t row = world_find(w, c->goid);
	int64_t known = row == NO_G ? T_BEFORE : live_known_at(l, row);
	int64_t before = (known > l->now->before ? known : l->now->before) - l->t0;

	ev.flags = EVF_SAMPLED;
	ev.value = before > 0 ? (uint64_t)before : 0;
	return ev;
}

/* The collector noted since when at least; its clock is ours, unless the target lives in a time namespace. */
static uint64_t reaches_back(const struct gchange *c)
{
	if (c->status != GST_WAITING && c->status != GST_SYSCALL)
		return 0;
	return c->waitsince > 0 && c->waitsince < c->time ? (uint64_t)(c->time - c->waitsince) : 0;
}

static void tell_old(struct live_source *l, struct world *w, const struct gchange *c)
{
	struct event ev = event_of(l, c, EV_STATUS);

	ev.state = state_of(c->status);
	ev.stack = live_stack_id(l, c->stack);
	ev.stack2 = live_stack_id(l, c->start);
	ev.value2 = reaches_back(c);
	set_reason(l, w, c, &ev);
	live_tell(l, w, &ev);
	ev = event_of(l, c, EV_ORIGIN);
	ev.m = ev.p = NO_ID;
	ev.peer = c->parent;
	ev.stack = live_stack_id(l, c->creation);
	ev.stack2 = live_stack_id(l, c->start);
	live_tell(l, w, &ev);
}

static void tell_created(struct live_source *l, struct world *w, const struct gchange *c)
{
	struct event ev = sampled(l, w, c, EV_CREATE);

	ev.m = ev.p = NO_ID;
	ev.peer = c->parent;
	ev.stack = live_stack_id(l, c->creation);
	ev.stack2 = live_stack_id(l, c->start);
	ev.state = GS_RUNNABLE;
	live_tell(l, w, &ev);
}

/* Where one that runs was seen since the pass before, or what is known of it without. */
static uint32_t running_at(const struct live_source *l, const struct gchange *c, uint32_t stack)
{
	int64_t since = l->now->before;

	for (unsigned i = 0; i < LIVE_RECENT; i++) {
		const struct live_recent *r = &l->recent[i];

		if (r->goid != c->goid || r->time <= since)
			continue;
		stack = r->stack;
		since = r->time;
	}
	return stack;
}

static void tell_state(struct live_source *l, struct world *w, const struct gchange *c)
{
	struct event ev = sampled(l, w, c, EV_BLOCK);
	uint32_t row = world_find(w, c->goid);

	if (row != NO_G && !live_is_news(l, w, row, c, state_of(c->status)))
		return;

	ev.value2 = c->kinds & GCH_RAN && !c->runs ? 1 : c->runs;
	ev.stack = live_stack_id(l, c->stack);
	switch (c->status) {
	case GST_RUNNING:
		ev.kind = EV_RUN;
		ev.stack = running_at(l, c, ev.stack);
		break;
	case GST_SYSCALL:
		ev.kind = EV_SYSCALL;
		break;
	case GST_RUNNABLE:
		if (c->before == GST_IDLE && c->kinds & GCH_NEW)
			return; /* as it was made */
		ev.kind = EV_PREEMPT;
		if (c->before == GST_SYSCALL) {
			ev.kind = EV_SYSCALL_EXIT;
			ev.state = GS_RUNNABLE;
		} else if (c->before == GST_WAITING && !(c->kinds & GCH_RAN)) {
			ev.kind = EV_UNBLOCK;
		}
		break;
	}
	if (ev.kind == EV_UNBLOCK || ev.kind == EV_SYSCALL_EXIT)
		ev.stack = 0;
	set_reason(l, w, c, &ev);
	live_tell(l, w, &ev);
}

static void tell_change(struct live_source *l, struct world *w, const struct gchange *c)
{
	uint32_t row = world_find(w, c->goid);
	bool known = row != NO_G && live_known_at(l, row) != T_BEFORE;
	struct event ev;

	if (c->kinds & GCH_GONE) {
		if (known && w->now.state[row] == GS_DEAD)
			return;
		ev = sampled(l, w, c, EV_DEAD);
		ev.m = ev.p = NO_ID;
		live_tell(l, w, &ev);
		return;
	}
	if (known && w->now.state[row] == GS_DEAD) {
		if (c->time <= live_known_at(l, row))
			return; /* it ended while the pass went on */
		known = false; /* it was missed, and is there */
	}
	if (known)
		live_exact_passed(l, row);
	if (c->kinds & GCH_NEW && c->kinds & GCH_OLD)
		tell_old(l, w, c);
	else if (c->kinds & GCH_NEW && !known)
		tell_created(l, w, c);
	if (c->kinds & (GCH_STATE | GCH_ASKED) && !(c->kinds & GCH_OLD))
		tell_state(l, w, c);
	if (c->kinds & GCH_LABELS) {
		ev = event_of(l, c, EV_LABEL);
		ev.m = ev.p = NO_ID;
		ev.text = id_at(l->label_id.v, l->label_id.n, c->labels);
		live_tell(l, w, &ev);
	}
}

bool live_drain_changes(struct live_source *l, struct world *w, int64_t deadline)
{
	const struct live_batch *b = l->now;

	for (; l->at < b->change.n; l->at++) {
		if (l->at % LOOK_EVERY == LOOK_EVERY - 1 &&
		    live_clock(CLOCK_MONOTONIC) >= deadline) {
			tell_change(l, w, &b->change.v[l->at++]);
			return l->at == b->change.n;
		}
		tell_change(l, w, &b->change.v[l->at]);
	}
	return true;
}

/* --- passes --- */

uint32_t live_syscall_text(struct world *w, int64_t nr)
{
	const char *name = sysc_name((int32_t)nr);
	char buf[24];

	if (nr < 0)
		return 0;
	if (name)
		return world_str(w, name);
	snprintf(buf, sizeof(buf), "syscall %d", (int)nr);
	return world_str(w, buf);
}

static void tell_thread(struct live_source *l, struct world *w, const struct live_thread *t)
{
	struct event ev = {
		.time = l->last,
		.kind = EV_THREAD,
		.m = (uint64_t)t->tid,
		.g = t->goid,
		.p = t->p >= 0 ? (uint64_t)t->p : NO_ID,
		.state = t->state,
		.text = live_syscall_text(w, t->syscall),
		.value = (uint64_t)(t->fd + 1),
	};

	live_tell(l, w, &ev);
}

static void tell_metric(struct live_source *l, struct world *w, int64_t time, const char *name,
			uint64_t value)
{
	struct event ev = { .kind = EV_METRIC,
			    .time = time,
			    .text = world_str(w, name),
			    .value = value,
			    .m = NO_ID,
			    .p = NO_ID };

	live_tell(l, w, &ev);
}

/* The CPU quota of its cgroup, where that has one. */
static void tell_quota(struct live_source *l, struct world *w, const struct live_facts *f,
		       int64_t time)
{
	const struct cgroup_stat *q = &f->quota, *was = &l->facts.quota;

	if (q->quota < was->quota || q->quota > was->quota)
		tell_metric(l, w, time, METRIC_QUOTA, (uint64_t)(q->quota * 1000));
	if (q->periods == was->periods)
		return;
	tell_metric(l, w, time, METRIC_PERIODS, q->periods);
	tell_metric(l, w, time, METRIC_THROTTLED, q->throttled);
}

/* What was known of rows that are nobody's any more. */
static void exact_forget(struct live_source *l, const struct world *w)
{
	for (size_t row = 0; row < l->exact_row.n && row < w->g.n; row++)
		if (w->g.v[row].forgotten)
			l->exact_row.v[row] = (struct live_exact_row){ .at = T_BEFORE };
}

/*
 * Keeps the past within its bound: old events go, the timeline's older half becomes coarser, and
 * who ended long ago is forgotten. Each goroutine that lives keeps an entry: where those are many,
 * events make room for them, down to an eighth.
 */
static void live_past(struct live_source *l, struct world *w)
{
	struct live *live = &w->live;
	size_t least = l->past / 4, most = l->past / 8 * 7;

	live->past_events = evlog_begin(l->log);
	live->past_most = l->past;
	live->past_bytes = evlog_bytes(l->log) + world_past_bytes(w);
	if (world_past_bytes(w) <= l->past_timeline)
		return;
	world_close_segment(w);
	world_trim(w, least / 4 * 3);
	exact_forget(l, w);
	/* what does not become less is not tried at each pass */
	l->past_timeline =
		world_past_bytes(w) > least / 4 * 3 ? world_past_bytes(w) / 4 * 5 : least;
	evlog_limit(l->log, l->past - (l->past_timeline < most ? l->past_timeline : most));
}

void live_tell_pass(struct live_source *l, struct world *w, const struct live_batch *b)
{
	const struct live_facts *f = &b->facts;
	struct event ev = { .kind = EV_SYNC, .m = NO_ID, .p = NO_ID };
	struct live *live = &w->live;

	/* Also where nothing happened time goes on. */
	ev.time = live_time(l, b->time);
	ev.value = (uint64_t)(l->wall0 + ev.time);
	live_tell(l, w, &ev);
	for (size_t i = 0; i < b->thread.n; i++)
		tell_thread(l, w, &b->thread.v[i]);
	live_exact_ended(l, w, b->time);
	live_past(l, w);
	live->state = f->state;
	live->passes++;
	live->created = f->created;
	live->thrown = f->stats.thrown;
	live->unsteady = f->stats.unsteady;
	live->threads = f->threads;
	live->procs = f->procs;
	live->pass_hz = f->pass_hz;
	live->pass_ms = (double)f->stats.pass_ns / 1e6;
	live->cpu_pct = f->cpu_pct;
	if (f->gc_on != l->facts.gc_on || !l->begun) {
		ev.kind = f->gc_on ? EV_RANGE_BEGIN : EV_RANGE_END;
		ev.text = world_str(w, "GC concurrent mark phase");
		ev.value = 0;
		if (f->gc_on || l->facts.gc_on)
			live_tell(l, w, &ev);
	}
	tell_quota(l, w, f, ev.time);
	l->facts = *f;
	l->begun = true;
}

/* --- looks --- */

static uint32_t text_of(const struct live_source *l, uint32_t id)
{
	return id_at(l->text_id.v, l->text_id.n, id);
}

/* Looks may take a share of the log, not more: where many wait, they would leave no room for the past. */
static void look_decide(struct live_source *l)
{
	const struct live_batch *b = l->now;
	uint64_t n = b->look->object.n + b->look->wait.n + b->look->hold.n;

	if (l->look_kept != T_BEFORE && l->look_hash == b->look_hash &&
	    evlog_begin(l->log) < l->look_kept)
		l->look_log = LOOK_SAME;
	else if (l->file || l->look_told + n <= LOOKS_FREE + l->told / 3)
		l->look_log = LOOK_WHOLE;
	else
		l->look_log = LOOK_NOT;
	if (l->look_log != LOOK_WHOLE)
		return;
	l->look_told += n;
	l->look_hash = b->look_hash;
	l->look_kept = l->last;
}

static void look_border(struct live_source *l, enum event_kind kind)
{
	const struct facts *f = l->now->look;
	struct event ev = { .time = l->last, .kind = (uint8_t)kind, .m = NO_ID, .p = NO_ID };

	if (kind == EV_FACTS)
		ev.value = facts_flags(f) | (l->look_log == LOOK_SAME ? FACTS_SAME : 0u);
	if (l->look_log != LOOK_NOT)
		evlog_append(l->log, &ev);
}

static void look_object(struct live_source *l, struct object *o)
{
	struct event ev[2];
	unsigned n;

	o->type = text_of(l, o->type);
	o->text = text_of(l, o->text);
	if (o->when != T_NEVER)
		o->when -= l->t0;
	n = l->look_log == LOOK_WHOLE ? facts_object_events(o, l->last, ev) : 0;
	for (unsigned i = 0; i < n; i++)
		evlog_append(l->log, &ev[i]);
}

static void look_wait(struct live_source *l, const struct wait *x)
{
	struct event ev;

	if (l->look_log != LOOK_WHOLE)
		return;
	ev = facts_wait_event(l->last, x->goid, l->now->look->object.v[x->object].addr,
			      (enum wait_op)x->op, x->select, x->at);
	evlog_append(l->log, &ev);
}

static void look_hold(struct live_source *l, struct hold *h)
{
	struct event ev;

	h->by = text_of(l, h->by);
	h->stack = live_stack_id(l, h->stack);
	if (l->look_log != LOOK_WHOLE)
		return;
	ev = facts_hold_event(l->last, h->goid, l->now->look->object.v[h->object].addr,
			      (enum hold_op)h->op, (enum evidence)h->evidence, h->by, h->stack);
	evlog_append(l->log, &ev);
}

/* What the reader made is taken as it is, once its ids are the world's. */
bool live_drain_look(struct live_source *l, struct world *w, int64_t deadline)
{
	struct facts *f = l->now->look;
	size_t waits = f->object.n, holds = waits + f->wait.n, all = holds + f->hold.n;

	if (l->at == 0) {
		f->time = live_time(l, f->time);
		look_decide(l);
		look_border(l, EV_FACTS);
	}
	while (l->at < all) {
		size_t i = l->at++;

		if (i < waits)
			look_object(l, &f->object.v[i]);
		else if (i < holds)
			look_wait(l, &f->wait.v[i - waits]);
		else
			look_hold(l, &f->hold.v[i - holds]);
		if (l->at % LOOK_EVERY == 0 && live_clock(CLOCK_MONOTONIC) >= deadline)
			return false;
	}
	look_border(l, EV_FACTS_END);
	world_facts(w, f);
	return true;
}

/* --- samples --- */

void live_tell_sample(struct live_source *l, struct world *w, const struct live_batch *b)
{
	const struct live_sample *s = b->sample;
	struct event ev = { .kind = EV_SAMPLE,
			    .g = s->goid,
			    .m = (uint64_t)s->tid,
			    .p = s->p >= 0 ? (uint64_t)s->p : NO_ID };

	w->live.samples = s->pauses.samples;
	w->live.paused_ns = s->pauses.ns;
	w->live.longest_pause_ns = s->pauses.longest;
	w->live.no_samples = world_str(w, s->off);
	w->generation++;
	/* Of one that was made since the pass before nothing was told yet. */
	if (!b->line.n || world_find(w, s->goid) == NO_G)
		return;
	ev.time = live_time(l, s->time);
	ev.stack = live_lines_intern(w, b->line.v, b->line.n);
	l->recent[l->recent_at++ % LIVE_RECENT] =
		(struct live_recent){ s->goid, s->time, ev.stack };
	live_tell(l, w, &ev);
}

void live_tell_restart(struct live_source *l, struct world *w, const struct live_batch *b)
{
	struct gchange c = { .time = b->time, .kinds = GCH_GONE, .p = -1 };
	struct event ev;

	for (size_t i = 0; i < b->gone.n; i++) {
		c.goid = b->gone.v[i];
		tell_change(l, w, &c);
	}
	for (size_t i = 0; i < w->thread.n; i++) {
		if (w->thread.v[i].state == GS_DEAD)
			continue;
		ev = (struct event){ .time = l->last,
				     .kind = EV_THREAD,
				     .state = GS_DEAD,
				     .m = w->thread.v[i].tid,
				     .p = NO_ID };
		live_tell(l, w, &ev);
	}
	l->stack_id.n = l->label_id.n = l->reason_id.n = l->text_id.n = l->exact_stack_id.n = 0;
	l->unseen.n = 0;
	l->complete = T_NEVER;
	l->look_kept = T_BEFORE;
	memset(l->recent, 0, sizeof(l->recent));
	world_warn(w, "process %d executed another program; what came before is of the old one",
		   (int)l->pid);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/moment.h"

enum {
	SEGMENT_EVENTS = 16384, /* world_apply() closes a segment after so many */
	SEGMENT_NS = 1000 * 1000 * 1000, /* or after that long */
};

static const char *const live_names[] = {
	[LIVE_NONE] = "none",	  [LIVE_RUNS] = "runs",	  [LIVE_STOPPED] = "stopped",
	[LIVE_TRACED] = "traced", [LIVE_ENDED] = "ended",
};

const char *live_state_name(enum live_state s)
{
	return s < ARRAY_SIZE(live_names) ? live_names[s] : "none";
}

int live_state_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(live_names); i++)
		if (!strcmp(name, live_names[i]))
			return (int)i;
	return -1;
}

void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	strtab_init(&w->strings);
	stacktab_init(&w->stacks);
	facts_init(&w->facts);
	facts_init(&w->facts_next);
	w->rows_by_id = true;
	*vec_push(&w->origin) = (struct origin){ 0 };
	map64_put(&w->origin_pair, 0, 0);
	map64_put(&w->origin_id, 0, 0);
}

void world_release(struct world *w)
{
	strtab_release(&w->strings);
	stacktab_release(&w->stacks);
	vec_free(&w->g);
	vec_free(&w->key);
	vec_free(&w->system_row);
	vec_free(&w->free_row);
	vec_free(&w->resting_row);
	vec_free(&w->origin);
	map64_free(&w->origin_pair);
	map64_free(&w->origin_id);
	vec_free(&w->seg);
	vec_free(&w->entry);
	vec_free(&w->coarse);
	vec_free(&w->ladder);
	map64_free(&w->ladder_of);
	vec_free(&w->band);
	vec_free(&w->warning);
	vec_free(&w->mark);
	shown_release(&w->shown);
	vec_free(&w->thread);
	facts_release(&w->facts);
	facts_release(&w->facts_next);
	map64_free(&w->by_tid);
	vec_free(&w->load);
	map64_free(&w->load_of);
	vec_free(&w->open.ns);
	map64_free(&w->by_goid);
	map64_free(&w->older);
	map64_free(&w->reason_memo);
	map64_free(&w->system_memo);
	moment_release(&w->now);
}

uint32_t world_str(struct world *w, const char *s)
{
	return strtab_put(&w->strings, s, strlen(s));
}

void world_warn(struct world *w, const char *fmt, ...)
{
	va_list ap;
	char text[512];
	uint32_t id;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	id = world_str(w, text);
	for (size_t i = 0; i < w->warning.n; i++)
		if (w->warning.v[i] == id)
			return;
	*vec_push(&w->warning) = id;
	w->generation++;
}

uint32_t world_find(const struct world *w, uint64_t goid)
{
	return map64_get(&w->by_goid, goid);
}

uint32_t world_find_at(const struct world *w, uint64_t goid, int64_t t)
{
	uint32_t row = world_find(w, goid);

	while (row != NO_G && w->g.v[row].t_create > t) {
		uint32_t older = map64_get(&w->older, row);

		if (older == NO_G)
			break;
		row = older;
	}
	return row;
}

/* A row for a goroutine that is made, or met; one that was forgotten if there is any. */
static uint32_t row_take(struct world *w, uint64_t goid)
{
	uint32_t row = (uint32_t)w->g.n;

	if (w->free_row.n) {
		w->rows_by_id = false;
		return w->free_row.v[--w->free_row.n];
	}
	w->rows_by_id &= !row || w->key.v[row - 1].goid <= goid;
	vec_push(&w->g);
	vec_push(&w->key);
	moment_add_row(&w->now);
	return row;
}

static uint32_t row_add(struct world *w, uint64_t goid)
{
	uint32_t before = world_find(w, goid), row = row_take(w, goid);

	w->g.v[row] = (struct goroutine){
		.goid = goid,
		.t_create = T_BEFORE,
		.t_end = T_NEVER,
		.last_entry = NO_ENTRY,
		.first_since = T_BEFORE,
	};
	w->key.v[row] = (struct row_key){ .goid = goid };
	if (before != NO_G)
		map64_put(&w->older, row, before);
	map64_put(&w->by_goid, goid, row);
	return row;
}

static void now_set(struct world *w, uint32_t row, uint8_t state)
{
	if (!w->g.v[row].system) {
		w->now.count[w->now.state[row]] -= w->now.state[row] != GS_NONE;
		w->now.count[state] += state != GS_NONE;
	}
	w->now.state[row] = state;
	w->row_changes++;
}

/* In the same state, but elsewhere. */
static void now_stack(struct world *w, uint32_t row, uint32_t stack)
{
	w->row_changes += w->now.stack[row] != stack;
	w->now.stack[row] = stack;
}

static uint32_t origin_of(struct world *w, const struct goroutine *g)
{
	uint64_t stacks = (uint64_t)g->create_stack << 32 | g->start_stack, key;
	uint32_t pair = map64_get(&w->origin_pair, stacks), id;

	if (pair == UINT32_MAX) {
		pair = (uint32_t)w->origin_pair.n;
		map64_put(&w->origin_pair, stacks, pair);
	}
	key = (uint64_t)pair << 32 | g->labels;
	id = map64_get(&w->origin_id, key);
	if (id == UINT32_MAX) {
		id = (uint32_t)w->origin.n;
		map64_put(&w->origin_id, key, id);
		*vec_push(&w->origin) =
			(struct origin){ g->create_stack, g->start_stack, g->labels };
	}
	return id;
}

/* Once, however often it is the runtime's own and then not. */
static void list_system(struct world *w, uint32_t row)
{
	if (w->g.v[row].once_system)
		return;
	w->g.v[row].once_system = true;
	*vec_push(&w->system_row) = row;
}

/* After what the key repeats has changed. */
static void row_key_set(struct world *w, uint32_t row)
{
	const struct goroutine *g = &w->g.v[row];

	if (g->system)
		list_system(w, row);
	w->key.v[row] = (struct row_key){ g->goid, origin_of(w, g), g->system };
	w->row_changes++;
}

static void row_set_system(struct world *w, uint32_t row, bool system)
{
	uint8_t state = w->now.state[row];

	now_set(w, row, GS_NONE);
	if (system)
		list_system(w, row);
	w->g.v[row].system = w->key.v[row].system = system;
	now_set(w, row, state);
}

/* Of whom it is not known where it began, where it stands decides. */
static void judge_by_stack(struct world *w, uint32_t row, uint32_t stack)
{
	const struct goroutine *g = &w->g.v[row];

	if (!g->start_stack && stack && world_system_stack(w, stack) != g->system)
		row_set_system(w, row, !g->system);
}

static void account(struct goroutine *g, uint8_t state, int64_t until)
{
	unsigned share = gstate_share(state);

	if (until <= g->accounted)
		return;
	if (share < SHARE_N)
		g->ns[share] += until - g->accounted;
	g->accounted = until;
}

void world_totals(const struct world *w, uint32_t row, int64_t ns[SHARE_N])
{
	struct goroutine g = w->g.v[row];
	size_t open = g.last_entry != NO_ENTRY && g.last_entry >= w->open.first_entry
			      ? g.last_entry - w->open.first_entry
			      : SIZE_MAX;

	if (open < w->open.ns.n) {
		for (int i = 0; i < SHARE_N; i++)
			g.ns[i] += w->open.ns.v[open].ns[i];
		g.accounted = w->open.ns.v[open].mark;
	}
	account(&g, w->now.state[row], w->t_end);
	memcpy(ns, g.ns, sizeof(g.ns));
}

/* --- whole segments --- */

static uint32_t merge_row(struct world *w, const struct seg_g *s, int64_t t0)
{
	uint32_t row = s->flags & SEGG_CREATED ? NO_G : world_find(w, s->goid);
	struct goroutine *g;

	if (row != NO_G)
		return row;
	row = row_add(w, s->goid);
	g = &w->g.v[row];
	g->start_stack = s->start_stack;
	if (s->flags & SEGG_CREATED) {
		g->t_create = g->accounted = s->t_create;
		g->creator = s->creator;
		g->create_stack = s->create_stack;
	} else {
		g->first_state = s->first_state;
		g->first_reason = s->first_reason;
		g->first_stack = s->first_stack;
		w->now.state[row] = GS_NONE;
		account(g, s->first_state, t0);
	}
	g->system = world_system_stack(w, g->start_stack ? g->start_stack : s->stack);
	row_key_set(w, row);
	return row;
}

static void merge_one(struct world *w, const struct segment *seg, const struct seg_g *s)
{
	uint32_t row = merge_row(w, s, seg->t0);
	struct goroutine *g = &w->g.v[row];
	struct entry *e;

	account(g, w->now.state[row], seg->t0);
	judge_by_stack(w, row, s->stack);
	if (w->entry.n >= NO_ENTRY)
		die("more than 4 billion timeline entries");
	e = vec_push(&w->entry);
	*e = (struct entry){
		.g = row,
		.prev = g->last_entry,
		.since = s->since,
		.stack = s->stack,
		.seg = (uint32_t)w->seg.n,
		.switches = s->switches,
		.state = s->state,
		.reason = s->reason,
		.how = s->since == T_BEFORE ? WAIT_AT_LEAST : WAIT_EXACT,
		.waker = s->waker,
	};
	for (int i = 0; i < SHARE_N; i++) {
		e->share[i] = share_of(s->ns[i], seg->t1 - seg->t0);
		g->ns[i] += s->ns[i];
	}
	g->last_entry = (uint32_t)(w->entry.n - 1);
	g->accounted = seg->t1;
	g->switches += s->switches;
	if (s->labels && s->labels != g->labels) {
		g->labels = s->labels;
		row_key_set(w, row);
	}
	if (s->flags & SEGG_ENDED)
		g->t_end = s->t_end;
	now_set(w, row, s->state);
	w->now.since[row] = s->since;
	w->now.how[row] = e->how;
	w->now.stack[row] = s->stack;
	w->now.reason[row] = s->reason;
}

void world_merge(struct world *w, int64_t t0, int64_t t1, uint64_t n_events,
		 const struct seg_g *segg, size_t n)
{
	struct segment seg = {
		.t0 = t0,
		.t1 = t1,
		.first_entry = w->entry.n,
		.n_entries = (uint32_t)n,
		.n_events = n_events,
	};

	vec_reserve(&w->entry, w->entry.n + n);
	for (size_t i = 0; i < n; i++)
		merge_one(w, &seg, &segg[i]);
	*vec_push(&w->seg) = seg;
	for (size_t i = seg.first_entry; i < w->entry.n; i++)
		timeline_add(w, (uint32_t)i);
	w->open.first_entry = w->entry.n;
	w->t_end = t1 > w->t_end ? t1 : w->t_end;
	w->now.time = w->t_end;
	w->progress.events += n_events;
	w->generation++;
}

/* --- single events --- */

static bool row_is_open(const struct world *w, uint32_t row)
{
	uint32_t e = w->g.v[row].last_entry;

	return e != NO_ENTRY && e >= w->open.first_entry;
}

static struct entry *open_entry(struct world *w, uint32_t row, int64_t t)
{
	struct goroutine *g = &w->g.v[row];
	struct entry *e;

	if (row_is_open(w, row))
		return &w->entry.v[g->last_entry];
	account(g, w->now.state[row], w->open.t0);
	if (w->entry.n >= NO_ENTRY)
		die("more than 4 billion timeline entries");
	e = vec_push(&w->entry);
	*e = (struct entry){
		.g = row,
		.prev = g->last_entry,
		.since = w->now.since[row],
		.stack = w->now.stack[row],
		.seg = (uint32_t)w->seg.n,
		.state = w->now.state[row],
		.reason = w->now.reason[row],
		.how = w->now.how[row],
		.waker = g->last_entry != NO_ENTRY ? w->entry.v[g->last_entry].waker : 0,
	};
	g->last_entry = (uint32_t)(w->entry.n - 1);
	*vec_push(&w->open.ns) =
		(struct open_ns){ .mark = g->t_create > w->open.t0 ? t : w->open.t0 };
	return e;
}

static void open_account(struct world *w, uint32_t row, int64_t t)
{
	struct open_ns *o = &w->open.ns.v[w->g.v[row].last_entry - w->open.first_entry];
	unsigned share = gstate_share(w->now.state[row]);

	if (share < SHARE_N && t > o->mark)
		o->ns[share] += t - o->mark;
	o->mark = t > o->mark ? t : o->mark;
}

static void row_to(struct world *w, uint32_t row, const struct event *ev, uint8_t state,
		   uint32_t stack)
{
	struct entry *e = open_entry(w, row, ev->time);
	bool sampled = ev->flags & EVF_SAMPLED;
	uint32_t n = sampled && ev->value2 > 1 ? (uint32_t)ev->value2 : ev->kind != EV_CREATE;
	uint8_t how = sampled ? WAIT_SAMPLED : WAIT_EXACT;

	open_account(w, row, ev->time);
	now_set(w, row, state);
	w->now.since[row] = ev->time;
	w->now.how[row] = how;
	w->now.reason[row] = ev->reason;
	w->now.stack[row] = stack;
	e->state = state;
	e->reason = ev->reason;
	e->how = how;
	e->sampled |= sampled;
	e->since = ev->time;
	e->stack = stack;
	e->switches += n;
	w->g.v[row].switches += n;
	if (w->g.v[row].finalizer)
		row_set_system(w, row, !world_user_frames(w, stack));
}

static uint32_t row_first(struct world *w, const struct event *ev)
{
	size_t rows = w->g.n;
	uint32_t row = row_add(w, ev->g);
	struct goroutine *g = &w->g.v[row];

	w->thinned += rows == w->g.n; /* moments took the row for nobody's */
	if (ev->kind == EV_STATUS) {
		g->first_state = ev->state;
		g->first_reason = ev->reason;
		g->first_stack = ev->stack;
		g->start_stack = ev->stack2;
		if (ev->value2)
			g->first_since = ev->time - (int64_t)ev->value2;
		now_set(w, row, ev->state);
	}
	w->now.since[row] = g->first_since;
	w->now.stack[row] = ev->stack;
	w->now.reason[row] = ev->reason;
	g->finalizer = world_finalizer_stack(w, ev->stack2);
	row_key_set(w, row);
	row_set_system(w, row,
		       g->finalizer ? !world_user_frames(w, ev->stack)
				    : world_system_stack(w, ev->stack2 ? ev->stack2 : ev->stack));
	return row;
}

static void apply_create(struct world *w, const struct event *ev)
{
	uint32_t row = row_add(w, ev->g);
	struct goroutine *g = &w->g.v[row];

	g->t_create = g->accounted = ev->time;
	g->creator = ev->peer;
	g->create_stack = ev->stack;
	g->start_stack = ev->stack2;
	g->system = world_system_stack(w, ev->stack2);
	g->finalizer = world_finalizer_stack(w, ev->stack2);
	row_key_set(w, row);
	row_to(w, row, ev, ev->state, ev->stack2);
}

static void apply_status(struct world *w, uint32_t row, const struct event *ev)
{
	if (w->now.state[row] != ev->state)
		row_to(w, row, ev, ev->state, ev->stack);
	else if (ev->stack && !w->now.stack[row]) {
		open_entry(w, row, ev->time)->stack = ev->stack;
		now_stack(w, row, ev->stack);
	}
}

static void apply_transition(struct world *w, const struct event *ev)
{
	uint32_t row = ev->kind == EV_CREATE ? NO_G : world_find(w, ev->g);
	uint32_t here;

	if (ev->kind == EV_CREATE) {
		apply_create(w, ev);
		return;
	}
	if (row == NO_G)
		row = row_first(w, ev);
	here = w->now.stack[row];
	switch (ev->kind) {
	case EV_STATUS:
		apply_status(w, row, ev);
		break;
	case EV_RUN:
		row_to(w, row, ev, GS_RUNNING, ev->stack ? ev->stack : here);
		break;
	case EV_BLOCK:
		row_to(w, row, ev, GS_BLOCKED, ev->stack);
		break;
	case EV_UNBLOCK:
		row_to(w, row, ev, GS_RUNNABLE, here);
		w->entry.v[w->g.v[row].last_entry].waker = ev->peer;
		break;
	case EV_PREEMPT:
		row_to(w, row, ev, GS_RUNNABLE, ev->stack);
		break;
	case EV_SYSCALL:
		row_to(w, row, ev, GS_SYSCALL, ev->stack);
		break;
	case EV_SYSCALL_EXIT:
		row_to(w, row, ev, ev->state, here);
		break;
	case EV_DEAD:
		row_to(w, row, ev, GS_DEAD, here);
		w->g.v[row].t_end = ev->time;
		break;
	}
}

static void apply_origin(struct world *w, const struct event *ev)
{
	uint32_t row = world_find(w, ev->g);
	struct goroutine *g = row == NO_G ? NULL : &w->g.v[row];

	if (!g)
		return;
	g->creator = ev->peer;
	g->create_stack = ev->stack;
	g->start_stack = ev->stack2 ? ev->stack2 : g->start_stack;
	row_key_set(w, row);
}

static void apply_label(struct world *w, const struct event *ev)
{
	uint32_t row = world_find(w, ev->g);

	/* a trace's marks for the collector's own workers, such as "GC (dedicated)", are none of these */
	if (row == NO_G || (ev->text && !strchr(strtab_get(&w->strings, ev->text), '=')))
		return;
	w->g.v[row].labels = ev->text;
	row_key_set(w, row);
}

struct thread *world_thread(struct world *w, uint64_t tid)
{
	uint32_t i = map64_get(&w->by_tid, tid);

	return i == UINT32_MAX ? NULL : &w->thread.v[i];
}

static void apply_thread(struct world *w, const struct event *ev)
{
	struct thread *t = world_thread(w, ev->m);

	if (!t) {
		map64_put(&w->by_tid, ev->m, (uint32_t)w->thread.n);
		t = vec_push(&w->thread);
		*t = (struct thread){ .tid = ev->m, .state = GS_DEAD };
	}
	if (t->state == GS_DEAD) /* numbers come back */
		*t = (struct thread){ .tid = ev->m };
	t->goid = ev->g;
	t->p = ev->p;
	t->since = ev->time;
	t->syscall = ev->text;
	t->fd = (int32_t)ev->value - 1;
	t->state = ev->state;
}

const struct gload *world_load(const struct world *w, uint32_t row)
{
	uint32_t i = map64_get(&w->load_of, row);

	return i == UINT32_MAX ? NULL : &w->load.v[i];
}

struct gload *world_load_add(struct world *w, uint32_t row)
{
	uint32_t i = map64_get(&w->load_of, row);

	if (i != UINT32_MAX)
		return &w->load.v[i];
	map64_put(&w->load_of, row, (uint32_t)w->load.n);
	*vec_push(&w->load) = (struct gload){ .slow_fd = -1 };
	return &w->load.v[w->load.n - 1];
}

/*
 * Where one that runs is. In a live session alone: there a sample may be all that
 * is known, in a trace it is one of many.
 */
static void apply_sample(struct world *w, const struct event *ev)
{
	uint32_t row = world_find(w, ev->g);

	if (!w->live.pid || !ev->stack || row == NO_G || w->now.state[row] != GS_RUNNING)
		return;
	open_entry(w, row, ev->time)->stack = ev->stack;
	now_stack(w, row, ev->stack);
	if (w->g.v[row].finalizer)
		row_set_system(w, row, !world_user_frames(w, ev->stack));
}

static void apply_range(struct world *w, const struct event *ev)
{
	if (ev->kind == EV_RANGE_BEGIN)
		world_band(w, ev->time, T_NEVER, ev->text);
	else if (ev->kind == EV_RANGE_ACTIVE)
		world_band(w, T_BEFORE, T_NEVER, ev->text);
	else
		world_band_end(w, ev->time, ev->text);
}

static void apply_metric(struct world *w, const struct event *ev)
{
	const char *name = strtab_get(&w->strings, ev->text);

	if (strncmp(name, "cpu.", 4) != 0)
		return;
	w->quota.time = ev->time;
	if (!strcmp(name, METRIC_QUOTA))
		w->quota.milli = ev->value;
	else if (!strcmp(name, METRIC_PERIODS))
		w->quota.periods = ev->value;
	else if (!strcmp(name, METRIC_THROTTLED))
		w->quota.throttled = ev->value;
}

/* Pauses of the program belong to the goroutine that made them, and concern all. */
static bool is_band(const struct world *w, const struct event *ev)
{
	if (ev->kind < EV_RANGE_BEGIN || ev->kind > EV_RANGE_ACTIVE)
		return false;
	return (!ev->g && ev->p == NO_ID) ||
	       !strncmp(strtab_get(&w->strings, ev->text), "stop-the-world", 14);
}

static void tell_look(const struct world *w)
{
	if (w->tap)
		w->tap->look(w->tap->arg);
}

/* Nobody sees a look that is told in half. */
static void apply_facts(struct world *w, const struct event *ev)
{
	struct facts done;

	if (ev->kind == EV_FACTS)
		w->facts_same = ev->value & FACTS_SAME;
	if (facts_apply(&w->facts_next, ev))
		return;
	w->generation++;
	if (w->facts_same) {
		w->facts.time = w->facts_next.time;
		tell_look(w);
		return;
	}
	done = w->facts_next;
	facts_finish(&done);
	w->facts_next = w->facts;
	w->facts = done;
	facts_clear(&w->facts_next);
	tell_look(w);
}

void world_facts(struct world *w, struct facts *f)
{
	struct facts before = w->facts;

	w->facts = *f;
	*f = before;
	w->generation++;
	tell_look(w);
}

void world_apply(struct world *w, const struct event *ev)
{
	if (ev->kind >= EV_FACTS && ev->kind <= EV_FACTS_END) {
		apply_facts(w, ev);
		return;
	}
	if (w->open.n_events &&
	    (w->open.n_events >= SEGMENT_EVENTS || ev->time - w->open.t0 >= SEGMENT_NS))
		world_close_segment(w);
	if (ev->time > w->t_end)
		w->t_end = w->now.time = ev->time;
	if (ev->kind <= EV_DEAD && ev->g)
		apply_transition(w, ev);
	else if (is_band(w, ev))
		apply_range(w, ev);
	else if (ev->kind == EV_LABEL && ev->g)
		apply_label(w, ev);
	else if (ev->kind == EV_ORIGIN)
		apply_origin(w, ev);
	else if (ev->kind == EV_SAMPLE)
		apply_sample(w, ev);
	else if (ev->kind == EV_THREAD)
		apply_thread(w, ev);
	else if (ev->kind == EV_METRIC)
		apply_metric(w, ev);
	else if (ev->kind == EV_LOST)
		w->progress.lost += ev->value;
	w->open.n_events++;
	w->progress.events++;
	w->generation++;
	if (w->tap)
		w->tap->event(w->tap->arg, ev);
}

void world_close_segment(struct world *w)
{
	struct segment seg = {
		.t0 = w->open.t0,
		.t1 = w->t_end,
		.first_entry = w->open.first_entry,
		.n_entries = (uint32_t)(w->entry.n - w->open.first_entry),
		.n_events = w->open.n_events,
	};

	for (size_t i = seg.first_entry; i < w->entry.n; i++) {
		struct entry *e = &w->entry.v[i];
		struct open_ns *o = &w->open.ns.v[i - seg.first_entry];
		struct goroutine *g = &w->g.v[e->g];

		open_account(w, e->g, seg.t1);
		for (int s = 0; s < SHARE_N; s++) {
			e->share[s] = share_of(o->ns[s], seg.t1 - seg.t0);
			g->ns[s] += o->ns[s];
		}
		g->accounted = seg.t1;
		judge_by_stack(w, e->g, e->stack);
	}
	*vec_push(&w->seg) = seg;
	for (size_t i = seg.first_entry; i < w->entry.n; i++)
		timeline_add(w, (uint32_t)i);
	w->open.ns.n = 0;
	w->open.first_entry = w->entry.n;
	w->open.n_events = 0;
	w->open.t0 = seg.t1;
}

void world_band(struct world *w, int64_t t0, int64_t t1, uint32_t name)
{
	const char *s = strtab_get(&w->strings, name);

	*vec_push(&w->band) = (struct band){
		.t0 = t0,
		.t1 = t1,
		.name = name,
		.kind = !strncmp(s, "GC", 2)	     ? BAND_GC
			: !strncmp(s, "stop-the", 8) ? BAND_STW
						     : BAND_OTHER,
	};
}

void world_band_end(struct world *w, int64_t t1, uint32_t name)
{
	for (size_t i = w->band.n; i-- > 0;) {
		struct band *b = &w->band.v[i];

		if (b->name != name || b->t1 != T_NEVER)
			continue;
		b->t1 = t1;
		return;
	}
}

const struct frame *world_entry_frame(const struct world *w, uint32_t row)
{
	const struct goroutine *g = &w->g.v[row];
	uint32_t stack = g->start_stack	     ? g->start_stack
			 : w->now.stack[row] ? w->now.stack[row]
					     : g->first_stack;
	uint32_t depth = stacktab_depth(&w->stacks, stack);

	return depth ? stacktab_frame(&w->stacks, stack, depth - 1) : NULL;
}

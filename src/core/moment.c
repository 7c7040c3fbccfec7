/* SPDX-License-Identifier: Apache-2.0 */
#include "core/moment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

static void moment_grow(struct moment *m, size_t n)
{
	if (n <= m->cap)
		return;
	m->cap = n + n / 2 + 64;
	m->since = xrealloc(m->since, m->cap, sizeof(*m->since));
	m->stack = xrealloc(m->stack, m->cap, sizeof(*m->stack));
	m->state = xrealloc(m->state, m->cap, sizeof(*m->state));
	m->reason = xrealloc(m->reason, m->cap, sizeof(*m->reason));
	m->how = xrealloc(m->how, m->cap, sizeof(*m->how));
}

void moment_add_row(struct moment *m)
{
	moment_grow(m, m->n + 1);
	m->since[m->n] = T_BEFORE;
	m->stack[m->n] = 0;
	m->state[m->n] = GS_NONE;
	m->reason[m->n] = R_NONE;
	m->how[m->n] = WAIT_AT_LEAST;
	m->n++;
}

void moment_release(struct moment *m)
{
	free(m->since);
	free(m->stack);
	free(m->state);
	free(m->reason);
	free(m->how);
	vec_free(&m->undo);
	memset(m, 0, sizeof(*m));
}

size_t world_segment(const struct world *w, int64_t t)
{
	size_t lo = 0, hi = w->seg.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (w->seg.v[mid].t1 >= t)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Rows between two looks at the clock. */
enum { PIECE = 32768 };

static bool is_over(int64_t until)
{
	return until && clock_cpu_ns() >= until;
}

/* As they were when first met. */
static void add_rows(const struct world *w, struct moment *m, size_t upto)
{
	while (m->n < upto) {
		size_t i = m->n;
		const struct goroutine *g = &w->g.v[i];

		moment_add_row(m);
		if (g->t_create != T_BEFORE)
			continue;
		m->state[i] = g->first_state;
		m->reason[i] = g->first_reason;
		m->stack[i] = g->first_stack;
		m->since[i] = g->first_since;
	}
}

static void set_entry(struct moment *m, const struct entry *e)
{
	m->state[e->g] = e->state;
	m->reason[e->g] = e->reason;
	m->stack[e->g] = e->stack;
	m->since[e->g] = e->since;
	m->how[e->g] = e->how;
}

static void unset_entry(const struct world *w, struct moment *m, const struct entry *e)
{
	const struct goroutine *g = &w->g.v[e->g];
	bool first = g->t_create == T_BEFORE;

	if (e->prev != NO_ENTRY) {
		set_entry(m, &w->entry.v[e->prev]);
		return;
	}
	m->state[e->g] = first ? g->first_state : GS_NONE;
	m->reason[e->g] = first ? g->first_reason : R_NONE;
	m->stack[e->g] = first ? g->first_stack : 0;
	m->since[e->g] = first ? g->first_since : T_BEFORE;
	m->how[e->g] = WAIT_AT_LEAST;
}

static void undo_events(struct moment *m)
{
	for (size_t i = m->undo.n; i-- > 0;) {
		const struct moment_undo *u = &m->undo.v[i];

		m->state[u->row] = u->state;
		m->reason[u->row] = u->reason;
		m->stack[u->row] = u->stack;
		m->since[u->row] = u->since;
		m->how[u->row] = u->how;
	}
	m->undo.n = 0;
}

/* Of each row only the first entry from end on matters: what was before it is what is now. */
static void move_back(const struct world *w, struct moment *m, size_t to, size_t end)
{
	enum { AHEAD = 16 };
	const struct entry *v = w->entry.v;

	while (m->entries > to) {
		size_t i = --m->entries;

		if (i >= end + AHEAD && v[i - AHEAD].prev < end)
			__builtin_prefetch(&v[v[i - AHEAD].prev]);
		if (v[i].prev == NO_ENTRY || v[i].prev < end)
			unset_entry(w, m, &v[i]);
	}
}

static void move_on(const struct world *w, struct moment *m, size_t to)
{
	for (; m->entries < to; m->entries++)
		set_entry(m, &w->entry.v[m->entries]);
}

static bool begin_rows(const struct world *w, struct moment *m, int64_t until)
{
	if (!m->made || m->thinned != w->thinned) {
		m->thinned = w->thinned;
		m->n = m->entries = 0;
		m->made = true;
		m->goes_back = false;
	}
	while (m->n < w->g.n) {
		add_rows(w, m, w->g.n - m->n < PIECE ? w->g.n : m->n + PIECE);
		if (is_over(until))
			return false;
	}
	return true;
}

/*
 * Goes on, or back, from the entries that are in it to the first end of all. A way back that was
 * left off is gone to its end first: rows between are passed over on it.
 */
static bool move_entries(const struct world *w, struct moment *m, size_t end, int64_t until)
{
	if (!begin_rows(w, m, until))
		return false;
	while (m->goes_back || m->entries != end) {
		if (!m->goes_back && m->entries > end) {
			m->goes_back = true;
			m->back_to = end;
		}
		if (!m->goes_back)
			move_on(w, m, end - m->entries < PIECE ? end : m->entries + PIECE);
		else if (m->entries - m->back_to < PIECE)
			move_back(w, m, m->back_to, m->back_to);
		else
			move_back(w, m, m->entries - PIECE, m->back_to);
		m->goes_back = m->goes_back && m->entries > m->back_to;
		if (is_over(until))
			return false;
	}
	return true;
}

static void undo_add(struct moment *m, uint32_t row)
{
	*vec_push(&m->undo) = (struct moment_undo){
		.since = m->since[row],
		.row = row,
		.stack = m->stack[row],
		.state = m->state[row],
		.reason = m->reason[row],
		.how = m->how[row],
	};
}

static void moment_to(struct moment *m, uint32_t row, const struct event *ev, uint8_t state,
		      uint32_t stack)
{
	undo_add(m, row);
	m->state[row] = state;
	m->reason[row] = ev->reason;
	m->since[row] = ev->time;
	m->how[row] = ev->flags & EVF_SAMPLED ? WAIT_SAMPLED : WAIT_EXACT;
	m->stack[row] = stack;
}

struct at_arg {
	const struct world *w;
	struct moment *m;
};

/*
 * The row that an event is of. Where an id comes back within one grain of the
 * clock, the time alone does not tell: who was not made yet did nothing.
 */
static uint32_t event_row(const struct world *w, const struct moment *m, const struct event *ev)
{
	uint32_t row = world_find_at(w, ev->g, ev->time), older;

	while (row < m->n && w->g.v[row].t_create == ev->time && m->state[row] == GS_NONE) {
		older = map64_get(&w->older, row);
		if (older == NO_G ||
		    (ev->kind == EV_CREATE &&
		     (w->g.v[older].t_create != ev->time || m->state[older] != GS_NONE)))
			break;
		row = older;
	}
	/* another one had that id then, who is forgotten */
	if (w->forgets && row < m->n && w->g.v[row].t_create > ev->time)
		return NO_G;
	return row;
}

static enum change status_change(const struct event *ev, uint8_t *state, uint32_t *stack)
{
	if (*state == ev->state && (!ev->stack || *stack))
		return CHANGE_NONE;
	*stack = ev->stack;
	if (*state == ev->state)
		return CHANGE_STACK;
	*state = ev->state;
	return CHANGE_STATE;
}

/* The same changes as world_apply()'s. */
enum change event_change(const struct event *ev, bool live, uint8_t *state, uint32_t *stack)
{
	switch (ev->kind) {
	case EV_CREATE:
		*state = ev->state;
		*stack = ev->stack2;
		return CHANGE_STATE;
	case EV_STATUS:
		return status_change(ev, state, stack);
	case EV_RUN:
		*state = GS_RUNNING;
		*stack = ev->stack ? ev->stack : *stack;
		return CHANGE_STATE;
	case EV_BLOCK:
	case EV_PREEMPT:
	case EV_SYSCALL:
		*state = ev->kind == EV_BLOCK	  ? GS_BLOCKED
			 : ev->kind == EV_PREEMPT ? GS_RUNNABLE
						  : GS_SYSCALL;
		*stack = ev->stack;
		return CHANGE_STATE;
	case EV_UNBLOCK:
	case EV_SYSCALL_EXIT:
	case EV_DEAD:
		*state = ev->kind == EV_UNBLOCK ? GS_RUNNABLE
			 : ev->kind == EV_DEAD	? GS_DEAD
						: ev->state;
		return CHANGE_STATE;
	case EV_SAMPLE:
		if (!live || !ev->stack || *state != GS_RUNNING)
			return CHANGE_NONE;
		*stack = ev->stack;
		return CHANGE_STACK;
	default:
		return CHANGE_NONE;
	}
}

static bool moment_event(void *arg, const struct event *ev)
{
	struct at_arg *a = arg;
	struct moment *m = a->m;
	enum change change;
	uint32_t row, stack;
	uint8_t state;

	if ((ev->kind > EV_DEAD && ev->kind != EV_SAMPLE) || ev->kind == EV_NONE || !ev->g)
		return true;
	row = event_row(a->w, m, ev);
	if (row >= m->n)
		return true;
	state = m->state[row];
	stack = m->stack[row];
	change = event_change(ev, a->w->live.pid, &state, &stack);
	if (change == CHANGE_STATE) {
		moment_to(m, row, ev, state, stack);
	} else if (change == CHANGE_STACK) {
		undo_add(m, row);
		m->stack[row] = stack;
	}
	return true;
}

/* --- from a state that the history keeps --- */

/* Entries between here and there that take longer than to read a kept state. */
enum { FAR_ENTRIES = 1 << 17, MANY_EVENTS = 1 << 16 };

static void take_state(void *arg, const struct history_state *s)
{
	struct at_arg *a = arg;
	uint32_t row = world_find_at(a->w, s->goid, a->m->time);

	if (row >= a->m->n)
		return;
	a->m->state[row] = s->state;
	a->m->reason[row] = s->reason;
	a->m->stack[row] = s->stack;
	a->m->since[row] = s->since;
	a->m->how[row] = s->how;
}

static void moment_reset(struct moment *m, size_t n)
{
	moment_grow(m, n);
	m->n = n;
	if (!n)
		return;
	for (size_t i = 0; i < n; i++)
		m->since[i] = T_BEFORE;
	memset(m->stack, 0, n * sizeof(*m->stack));
	memset(m->state, GS_NONE, n);
	memset(m->reason, R_NONE, n);
	memset(m->how, WAIT_AT_LEAST, n);
}

/* Who ended before is as he was left. */
static void take_ended(const struct world *w, struct moment *m, int64_t t)
{
	for (uint32_t i = 0; i < m->n; i++) {
		const struct goroutine *g = &w->g.v[i];

		if (g->t_end <= t && g->last_entry != NO_ENTRY)
			set_entry(m, &w->entry.v[g->last_entry]);
	}
}

/* Whether the way by entries to the segment's begin, and its events from there, is a long one. */
static bool is_far(const struct world *w, const struct moment *m, size_t seg, size_t end)
{
	size_t from = m->made && m->thinned == w->thinned ? m->entries : 0;
	size_t way = from > end ? from - end : end - from;

	return way > FAR_ENTRIES || (seg < w->seg.n && w->seg.v[seg].n_events > MANY_EVENTS);
}

/* The time from which events are to be applied; T_NEVER: there is no such state. */
static int64_t states_before(struct world *w, struct moment *m, int64_t t)
{
	struct at_arg arg = { w, m };
	int64_t at;

	moment_reset(m, w->g.n);
	m->undo.n = 0;
	m->made = false;
	m->time = t;
	if (w->history->states(w->history, t, &at, take_state, &arg))
		return T_NEVER;
	take_ended(w, m, at);
	return at;
}

static void count_states(const struct world *w, struct moment *m)
{
	uint64_t odd[GS_N] = { 0 }; /* two sums at a time do not wait for each other */
	size_t i = 0;

	memset(m->count, 0, sizeof(m->count));
	for (; i + 1 < m->n; i += 2) {
		m->count[m->state[i]]++;
		odd[m->state[i + 1]]++;
	}
	if (i < m->n)
		m->count[m->state[i]]++;
	for (int s = 0; s < GS_N; s++)
		m->count[s] += odd[s];
	for (i = 0; i < w->system_row.n; i++) {
		uint32_t row = w->system_row.v[i];

		if (row < m->n && w->key.v[row].system)
			m->count[m->state[row]]--;
	}
	m->count[GS_NONE] = 0;
}

int world_at(struct world *w, int64_t t, struct moment *m)
{
	return world_at_piece(w, t, m, 0);
}

int world_at_piece(struct world *w, int64_t t, struct moment *m, int64_t piece_ns)
{
	int64_t until = piece_ns ? clock_cpu_ns() + piece_ns : 0;
	struct at_arg arg = { w, m };
	int64_t from = T_NEVER;
	size_t seg, end;
	int rc = 0;

	t = t < 0 ? 0 : t > w->t_end ? w->t_end : t;
	seg = world_segment(w, t);
	if (seg < w->seg.n && w->seg.v[seg].t1 == t)
		seg++;
	end = seg < w->seg.n ? w->seg.v[seg].first_entry : w->open.first_entry;
	if (w->history && w->history->states && is_far(w, m, seg, end))
		from = states_before(w, m, t);
	if (from == T_NEVER) {
		undo_events(m); /* rows stay what they are, whatever became of the entries */
		if (!move_entries(w, m, end, until))
			return -EAGAIN;
		from = seg < w->seg.n ? w->seg.v[seg].t0 : w->open.t0;
	}
	m->time = t;
	if (w->history && (!m->made || (seg == w->seg.n ? w->open.n_events > 0 : from <= t))) {
		struct history_query q = { .t0 = from, .t1 = t, .no_looks = true };

		rc = w->history->query(w->history, &q, moment_event, &arg);
	}
	count_states(w, m);
	return rc;
}

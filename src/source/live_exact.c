/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exact events and what passes find, in one timeline. What probes told is not
 * told again by a pass, and a pass that was made before a probe's event says
 * nothing about what came after it. On the loop's thread.
 */
#include <stdlib.h>
#include <string.h>

#include "source/live_priv.h"

enum {
	LOOK_EVERY = 64, /* events between two looks at the clock */
	ROWS_MOST =
		1
		<< 19, /* with more goroutines than that, those who live shorter than a pass are only counted */
};

int64_t live_known_at(const struct live_source *l, uint32_t row)
{
	return row < l->exact_row.n ? l->exact_row.v[row].at : T_BEFORE;
}

static void know(struct live_source *l, uint32_t row, int64_t time)
{
	while (l->exact_row.n <= row)
		*vec_push(&l->exact_row) = (struct live_exact_row){ .at = T_BEFORE };
	l->exact_row.v[row].at = time;
}

void live_exact_passed(struct live_source *l, uint32_t row)
{
	if (row < l->exact_row.n)
		l->exact_row.v[row].passed = true;
}

bool live_is_news(const struct live_source *l, const struct world *w, uint32_t row,
		  const struct gchange *c, uint8_t state)
{
	const struct moment *m = &w->now;
	int64_t at = live_known_at(l, row);
	bool same;

	if (at != T_BEFORE && c->time <= at)
		return false;
	same = m->state[row] == state;
	if (state == GS_BLOCKED)
		same = same && m->reason[row] != R_NONE &&
		       m->stack[row] == live_stack_id(l, c->stack);
	if (!(c->kinds & ~(GCH_ASKED | GCH_STATE)) && same && !c->runs)
		return false; /* it was asked for, and is as it was */
	if (at == T_BEFORE || !same)
		return true;
	/* The probes saw all that it did since, or something of it in this very pass. */
	return at < l->complete && at <= l->now->before;
}

/* --- events --- */

static uint32_t exact_stack(const struct live_source *l, uint32_t id)
{
	return id < l->exact_stack_id.n ? l->exact_stack_id.v[id] : 0;
}

static struct event event_of(struct live_source *l, const struct live_exact *e, uint8_t kind)
{
	return (struct event){ .time = live_time(l, e->time),
			       .g = e->goid,
			       .m = kind == EV_RUN || kind == EV_BLOCK ? e->tid : NO_ID,
			       .p = NO_ID,
			       .kind = kind };
}

/* It ran again without having been made runnable by anybody that a probe sees: the network did. */
static void tell_unseen(struct live_source *l, struct world *w, const struct live_exact *e,
			uint32_t row)
{
	struct event ev = event_of(l, e, EV_UNBLOCK);

	ev.flags = EVF_SAMPLED;
	ev.value = w->now.since[row] > 0 ? (uint64_t)w->now.since[row] : 0;
	ev.value2 = 1;
	live_tell(l, w, &ev);
}

static void tell_run(struct live_source *l, struct world *w, const struct live_exact *e,
		     uint32_t row)
{
	struct event ev = event_of(l, e, EV_RUN);

	switch (w->now.state[row]) {
	case GS_RUNNING:
		return;
	case GS_BLOCKED:
		tell_unseen(l, w, e, row);
		break;
	case GS_SYSCALL:
		ev.kind = EV_SYSCALL_EXIT;
		ev.state = GS_RUNNING;
		break;
	}
	live_tell(l, w, &ev);
}

static void tell_park(struct live_source *l, struct world *w, const struct live_exact *e)
{
	struct event ev = event_of(l, e, EV_BLOCK);

	ev.object = e->object;
	ev.stack = exact_stack(l, e->stack);
	ev.text = e->reason < l->reason_id.n ? l->reason_id.v[e->reason] : 0;
	ev.reason = (uint8_t)world_reason(w, ev.text, ev.stack);
	live_tell(l, w, &ev);
}

static void tell_ready(struct live_source *l, struct world *w, const struct live_exact *e,
		       uint32_t row)
{
	struct event ev = event_of(l, e, EV_UNBLOCK);

	if (w->now.state[row] == GS_RUNNABLE)
		return;
	ev.peer = e->peer;
	ev.stack = exact_stack(l, e->stack);
	live_tell(l, w, &ev);
}

static void tell_create(struct live_source *l, struct world *w, const struct live_exact *e)
{
	struct event ev = event_of(l, e, EV_CREATE);

	if (w->g.n >= ROWS_MOST) { /* the passes tell of it, if it lives long enough */
		w->live.unseen++;
		return;
	}
	ev.peer = e->peer;
	ev.stack = exact_stack(l, e->stack);
	ev.stack2 = exact_stack(l, e->start);
	ev.state = GS_RUNNABLE;
	live_tell(l, w, &ev);
}

static void tell_exit(struct live_source *l, struct world *w, const struct live_exact *e)
{
	struct event ev = event_of(l, e, EV_DEAD);

	live_tell(l, w, &ev);
}

static void tell_exact(struct live_source *l, struct world *w, const struct live_exact *e)
{
	uint32_t row = world_find(w, e->goid);
	bool there = row != NO_G && w->now.state[row] != GS_DEAD, made;

	if (e->event == PROBE_CREATE) {
		if (row == NO_G)
			tell_create(l, w, e);
		made = row == NO_G;
		row = world_find(w, e->goid);
		if (row == NO_G)
			return;
		know(l, row, e->time);
		if (made)
			*vec_push(&l->unseen) = row;
		return;
	}
	if (!there) /* made while nothing told of that, or a goroutine that is only counted */
		return;
	switch (e->event) {
	case PROBE_RUN:
		tell_run(l, w, e, row);
		break;
	case PROBE_PARK:
		tell_park(l, w, e);
		break;
	case PROBE_READY:
		tell_ready(l, w, e, row);
		break;
	case PROBE_EXIT:
		tell_exit(l, w, e);
		break;
	}
	know(l, row, e->time);
}

/* A record that moved while it was read is missed once, not twice. */
enum { MISSED_MOST = 2 };

void live_exact_ended(struct live_source *l, struct world *w, int64_t began)
{
	size_t out = 0;

	for (size_t i = 0; i < l->unseen.n; i++) {
		uint32_t row = l->unseen.v[i];
		struct live_exact_row *x = &l->exact_row.v[row];
		struct event ev = {
			.kind = EV_DEAD, .g = w->g.v[row].goid, .m = NO_ID, .p = NO_ID
		};

		if (x->passed || w->now.state[row] == GS_DEAD)
			continue;
		if (x->at >= began || ++x->missed < MISSED_MOST) {
			l->unseen.v[out++] = row;
			continue;
		}
		ev.time = l->last;
		ev.flags = EVF_SAMPLED;
		ev.value = x->at > l->t0 ? (uint64_t)(x->at - l->t0) : 0;
		x->at = began;
		live_tell(l, w, &ev);
	}
	l->unseen.n = out;
}

/* --- a batch --- */

static void learn_stacks(struct live_source *l, struct world *w, const struct live_batch *b)
{
	const struct live_probed *p = b->probed;

	for (size_t i = 0; i < p->stack.n; i++)
		*vec_push(&l->exact_stack_id) = live_stack_intern(w, b, &p->stack.v[i]);
}

static void tell_state(struct world *w, const struct live_probe_state *s)
{
	w->live.exact = world_str(w, s->word);
	w->live.target_cost_pct = s->cost_pct;
	for (unsigned i = 0; i < PROBE_GROUPS; i++)
		w->live.probes[i] = (struct live_probes){
			.name = world_str(w, s->group[i].name),
			.state = world_str(w, s->group[i].state),
			.reason = world_str(w, s->group[i].reason),
			.rate = s->group[i].rate,
			.share = s->group[i].share,
		};
	w->generation++;
}

bool live_drain_exact(struct live_source *l, struct world *w, int64_t deadline)
{
	const struct live_probed *p = l->now->probed;

	if (!l->at)
		learn_stacks(l, w, l->now);
	while (l->at < p->event.n) {
		tell_exact(l, w, &p->event.v[l->at++]);
		if (l->at % LOOK_EVERY == 0 && live_clock(CLOCK_MONOTONIC) >= deadline)
			return false;
	}
	l->complete = p->complete;
	if (p->state)
		tell_state(w, p->state);
	live_tell_lost(l, w, p->lost);
	return true;
}

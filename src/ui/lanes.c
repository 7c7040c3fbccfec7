/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/lanes.h"

#include <stdlib.h>
#include <string.h>

int span_column(struct time_span span, int width, int64_t t)
{
	double whole = (double)(span.t1 - span.t0), at = (double)(t - span.t0);

	if (whole <= 0)
		return 0;
	if (t < span.t0)
		return -1;
	if (t > span.t1)
		return width;
	at = at * width / whole;
	return at >= width ? width - 1 : (int)at;
}

int64_t span_time(struct time_span span, int width, int column)
{
	double whole = (double)(span.t1 - span.t0);

	if (width < 1)
		return span.t0;
	return span.t0 + (int64_t)(whole * (column + 0.5) / width);
}

/* --- exact states, from events --- */

struct columns {
	double (*sum)[SHARE_N];
	uint8_t *sampled; /* what was when in it is known to an interval only */
	uint8_t *last; /* reason in force at the column's end */
	struct time_span span;
	int n;
};

static void exact_add(struct columns *x, int64_t a, int64_t b, uint8_t state, uint8_t reason,
		      bool sampled)
{
	double width = (double)(x->span.t1 - x->span.t0) / x->n;
	unsigned share = gstate_share(state);

	a = a < x->span.t0 ? x->span.t0 : a;
	b = b > x->span.t1 ? x->span.t1 : b;
	if (a >= b || share >= SHARE_N)
		return;
	for (int i = (int)((double)(a - x->span.t0) / width); i < x->n; i++) {
		double lo = (double)x->span.t0 + i * width, hi = lo + width;

		if (lo >= (double)b)
			break;
		lo = lo < (double)a ? (double)a : lo;
		hi = hi > (double)b ? (double)b : hi;
		if (hi > lo)
			x->sum[i][share] += (hi - lo) / width * SHARE_ONE;
		x->last[i] = reason;
		x->sampled[i] |= sampled;
	}
}

static uint8_t state_before(const struct event *ev)
{
	switch (ev->kind) {
	case EV_RUN:
		return GS_RUNNABLE;
	case EV_UNBLOCK:
		return GS_BLOCKED;
	case EV_BLOCK:
	case EV_PREEMPT:
	case EV_SYSCALL:
		return GS_RUNNING;
	case EV_SYSCALL_EXIT:
		return GS_SYSCALL;
	case EV_STATUS:
		return ev->state;
	default:
		return GS_NONE;
	}
}

static uint8_t state_after(const struct event *ev, uint8_t state)
{
	switch (ev->kind) {
	case EV_RUN:
		return GS_RUNNING;
	case EV_UNBLOCK:
	case EV_PREEMPT:
		return GS_RUNNABLE;
	case EV_BLOCK:
		return GS_BLOCKED;
	case EV_SYSCALL:
		return GS_SYSCALL;
	case EV_CREATE:
	case EV_STATUS:
	case EV_SYSCALL_EXIT:
		return ev->state;
	case EV_DEAD:
		return GS_DEAD;
	default:
		return state;
	}
}

static void exact_columns(struct columns *x, const struct world *w, const struct story *s,
			  uint64_t goid)
{
	int64_t since = x->span.t0;
	uint8_t state = GS_NONE, reason = R_NONE;
	bool first = true, sampled = false, next;

	for (size_t i = 0; i < s->ev.n; i++) {
		const struct event *ev = &s->ev.v[i];

		if (ev->g != goid || ev->kind > EV_DEAD)
			continue;
		if (first)
			state = state_before(ev);
		first = false;
		next = ev->flags & EVF_SAMPLED;
		exact_add(x, since, ev->time, state, reason, sampled || next);
		sampled = next;
		state = state_after(ev, state);
		reason = ev->kind == EV_BLOCK || ev->kind == EV_STATUS ? ev->reason : R_NONE;
		since = ev->time;
	}
	exact_add(x, since, w->t_end, state, reason, sampled);
}

/* --- drawing --- */

static const uint8_t share_state[SHARE_N] = { GS_RUNNING, GS_RUNNABLE, GS_BLOCKED, GS_SYSCALL };

static void column_draw(const struct region *r, int x, const double share[SHARE_N], uint8_t reason,
			uint8_t attr)
{
	/* a column that is mostly waiting shows the running in it all the same */
	static const double weight[SHARE_N] = { 8, 4, 1, 4 };
	int most = 0;
	enum gstate state;

	for (int i = 1; i < SHARE_N; i++)
		if (share[i] * weight[i] > share[most] * weight[most])
			most = i;
	if (share[most] < SHARE_ONE / 50.0)
		return;
	state = share_state[most];
	if (state != GS_BLOCKED)
		reason = R_NONE;
	draw_sym(r, x, 0, 1, sym_state(state, reason), role_state(state, reason), attr);
}

static void coarse_columns(struct columns *x, const struct world *w, uint32_t row)
{
	uint16_t(*col)[SHARE_N] = xcalloc((size_t)x->n, sizeof(*col));

	world_columns(w, row, x->span.t0, x->span.t1, col, x->sampled, (size_t)x->n);
	for (int i = 0; i < x->n; i++)
		for (int s = 0; s < SHARE_N; s++)
			x->sum[i][s] = col[i][s];
	free(col);
}

void lane_draw(const struct region *r, const struct world *w, uint32_t row,
	       const struct story *story, struct time_span span)
{
	struct columns x = { .span = span, .n = r->w };

	if (r->w < 1 || span.t1 <= span.t0 || row >= w->g.n)
		return;
	x.sum = xcalloc((size_t)x.n, sizeof(*x.sum));
	x.last = xcalloc((size_t)x.n, 1);
	x.sampled = xcalloc((size_t)x.n, 1);
	if (story && story->ev.n && story->t0 <= span.t0 && story->t1 >= span.t1)
		exact_columns(&x, w, story, w->g.v[row].goid);
	else
		coarse_columns(&x, w, row);
	for (int i = 0; i < x.n; i++)
		column_draw(r, i, x.sum[i], x.last[i],
			    w->live.pid && !x.sampled[i] ? ATTR_BOLD : 0);
	free(x.sampled);
	free(x.sum);
	free(x.last);
}

/* --- activity --- */

static void activity_grow(struct activity *a, const struct world *w)
{
	while (a->seg.n < w->seg.n) {
		const struct segment *s = &w->seg.v[a->seg.n];
		double run = 0;

		for (uint32_t i = 0; i < s->n_entries; i++)
			run += w->entry.v[s->first_entry + i].share[SHARE_RUN];
		*vec_push(&a->seg) = (float)(run / SHARE_ONE);
		if (s->t1 > s->t0 && (float)(run / SHARE_ONE) > a->most)
			a->most = (float)(run / SHARE_ONE);
	}
}

void activity_draw(struct activity *a, const struct region *r, const struct world *w,
		   struct time_span span)
{
	double *sum = xcalloc((size_t)r->w + 1, sizeof(*sum));
	double width = (double)(span.t1 - span.t0) / (r->w ? r->w : 1);

	activity_grow(a, w);
	for (size_t i = world_segment(w, span.t0); i < w->seg.n && w->seg.v[i].t0 < span.t1; i++) {
		const struct segment *s = &w->seg.v[i];

		for (int c = span_column(span, r->w, s->t0 < span.t0 ? span.t0 : s->t0);
		     c < r->w && c >= 0; c++) {
			double lo = (double)span.t0 + c * width, hi = lo + width;

			if (lo >= (double)s->t1)
				break;
			lo = lo < (double)s->t0 ? (double)s->t0 : lo;
			hi = hi > (double)s->t1 ? (double)s->t1 : hi;
			if (hi > lo)
				sum[c] += a->seg.v[i] * (hi - lo) / width;
		}
	}
	for (int c = 0; c < r->w && a->most > 0; c++) {
		unsigned level = (unsigned)(sum[c] / a->most * 8 + 0.5);

		draw_level(r, c, 0, level > 8 ? 8 : level, ROLE_RUN, 0);
	}
	free(sum);
}

void activity_release(struct activity *a)
{
	vec_free(&a->seg);
}

void bands_draw(const struct region *r, const struct world *w, struct time_span span)
{
	/* the loud ones last, so that they stay in sight */
	for (int kind = BAND_GC; kind <= BAND_STW; kind++)
		for (size_t i = 0; i < w->band.n; i++) {
			const struct band *b = &w->band.v[i];
			int x0, x1;

			if ((int)b->kind != kind || b->t1 < span.t0 || b->t0 > span.t1)
				continue;
			x0 = b->t0 < span.t0 ? 0 : span_column(span, r->w, b->t0);
			x1 = b->t1 > span.t1 ? r->w - 1 : span_column(span, r->w, b->t1);
			draw_sym(r, x0, 0, x1 - x0 + 1, SYM_HLINE,
				 kind == BAND_GC ? ROLE_BAND_GC : ROLE_BAND_STW,
				 kind == BAND_GC ? 0 : ATTR_BOLD);
		}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/lanes.h"

#include <stdio.h>
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
			x->sum[i][s] += col[i][s];
	free(col);
}

static void columns_init(struct columns *x, struct time_span span, int n)
{
	*x = (struct columns){ .span = span, .n = n };
	x->sum = xcalloc((size_t)n, sizeof(*x->sum));
	x->last = xcalloc((size_t)n, 1);
	x->sampled = xcalloc((size_t)n, 1);
}

static void columns_release(struct columns *x)
{
	free(x->sampled);
	free(x->sum);
	free(x->last);
}

static void columns_draw(const struct columns *x, const struct region *r, const struct world *w)
{
	for (int i = 0; i < x->n; i++)
		column_draw(r, i, x->sum[i], x->last[i],
			    w->live.pid && !x->sampled[i] ? ATTR_BOLD : 0);
}

/* Entries know no reason; of a wait that lasts until the moment it is known from its begin on. */
static void last_reason(struct columns *x, const struct moment *m, uint32_t row)
{
	if (row >= m->n || m->state[row] != GS_BLOCKED)
		return;
	for (int i = 0; i < x->n; i++) {
		int64_t t = span_time(x->span, x->n, i);

		if (t >= m->since[row] && t <= m->time)
			x->last[i] = m->reason[row];
	}
}

bool lane_tells(const struct story *story, struct time_span span)
{
	return story && story->ev.n && story->t0 <= span.t0 && story->t1 >= span.t1;
}

void lane_draw(const struct region *r, const struct world *w, uint32_t row,
	       const struct story *story, const struct moment *m, struct time_span span)
{
	struct columns x;

	if (r->w < 1 || span.t1 <= span.t0 || row >= w->g.n)
		return;
	columns_init(&x, span, r->w);
	if (lane_tells(story, span)) {
		exact_columns(&x, w, story, w->g.v[row].goid);
	} else {
		coarse_columns(&x, w, row);
		last_reason(&x, m, row);
	}
	columns_draw(&x, r, w);
	columns_release(&x);
}

void lane_draw_many(const struct region *r, const struct world *w, const uint32_t *row, size_t n,
		    struct time_span span)
{
	struct columns x;

	if (r->w < 1 || span.t1 <= span.t0)
		return;
	columns_init(&x, span, r->w);
	for (size_t i = 0; i < n; i++)
		coarse_columns(&x, w, row[i]);
	for (int i = 0; i < x.n; i++)
		for (int s = 0; s < SHARE_N; s++)
			x.sum[i][s] /= (double)(n ? n : 1);
	columns_draw(&x, r, w);
	columns_release(&x);
}

/* --- activity --- */

static void activity_grow(struct activity *a, const struct world *w)
{
	if (a->thinned != w->thinned) {
		a->thinned = w->thinned;
		a->seg.n = 0;
		a->most = 0;
	}
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

static void activity_draw(struct activity *a, const struct region *r, const struct world *w,
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
	vec_free(&a->block);
}

/* --- bands --- */

enum { BLOCK_BANDS = 64 };

static void blocks_grow(struct activity *a, const struct world *w)
{
	while ((a->block.n + 1) * BLOCK_BANDS <= w->band.n) {
		const struct band *v = &w->band.v[a->block.n * BLOCK_BANDS];
		struct band_block b = { .t0 = T_NEVER, .t1 = T_BEFORE };

		for (int i = 0; i < BLOCK_BANDS; i++) {
			b.t0 = v[i].t0 < b.t0 ? v[i].t0 : b.t0;
			b.t1 = v[i].t1 > b.t1 ? v[i].t1 : b.t1;
			b.kinds |= (uint8_t)(1u << v[i].kind);
		}
		*vec_push(&a->block) = b;
	}
}

static void band_draw(const struct region *r, int64_t t0, int64_t t1, int kind,
		      struct time_span span)
{
	int x0, x1;

	if (t1 < span.t0 || t0 > span.t1)
		return;
	x0 = t0 < span.t0 ? 0 : span_column(span, r->w, t0);
	x1 = t1 > span.t1 ? r->w - 1 : span_column(span, r->w, t1);
	draw_sym(r, x0, 0, x1 - x0 + 1, SYM_HLINE, kind == BAND_GC ? ROLE_BAND_GC : ROLE_BAND_STW,
		 kind == BAND_GC ? 0 : ATTR_BOLD);
}

/* Those of a block that fill no more than a column are drawn as one. */
static bool block_draw(const struct region *r, const struct band_block *b, int kind,
		       struct time_span span)
{
	if (!(b->kinds & 1u << kind) || b->t1 < span.t0 || b->t0 > span.t1)
		return true;
	if (b->kinds != 1u << kind || b->t0 < span.t0 || b->t1 > span.t1 ||
	    span_column(span, r->w, b->t0) != span_column(span, r->w, b->t1))
		return false;
	band_draw(r, b->t0, b->t1, kind, span);
	return true;
}

/* GC and stop-the-world as a line of marks. */
static void bands_draw(struct activity *a, const struct region *r, const struct world *w,
		       struct time_span span)
{
	blocks_grow(a, w);
	/* the loud ones last, so that they stay in sight */
	for (int kind = BAND_GC; kind <= BAND_STW; kind++)
		for (size_t i = 0; i < w->band.n; i++) {
			const struct band *b = &w->band.v[i];

			if (i % BLOCK_BANDS == 0 && i / BLOCK_BANDS < a->block.n &&
			    block_draw(r, &a->block.v[i / BLOCK_BANDS], kind, span))
				i += BLOCK_BANDS - 1;
			else if (b->kind == kind)
				band_draw(r, b->t0, b->t1, kind, span);
		}
}

/* --- signs --- */

static enum role sign_role(const struct finding *f)
{
	return f->severity == SEVERITY_ERROR	 ? ROLE_ERROR
	       : f->severity == SEVERITY_WARNING ? ROLE_WARN
						 : ROLE_INFO;
}

struct sign {
	const struct finding *f; /* the gravest … */
	int n; /* … of so many */
	char letter; /* of a mark */
};

static void sign_draw(const struct region *r, int x, int room, const struct sign *s)
{
	char text[64] = "";

	draw_sym(r, x, 0, 1, SYM_MARK, sign_role(s->f), ATTR_BOLD);
	if (s->n > 1)
		snprintf(text, sizeof(text), "%d", s->n);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), " %.40s",
		 detector_table[s->f->detector].name);
	if ((int)strlen(text) + 1 < room)
		draw_str(r, x + 1, 0, -1, sign_role(s->f), 0, text);
}

/* The gravest finding in each column. */
static void signs_take(struct sign *s, const struct view *v, struct time_span span, int w)
{
	const struct findings *all = v->detect ? &v->detect->findings : NULL;

	for (size_t i = 0; all && i < all->v.n; i++) {
		const struct finding *f = &all->v.v[i];
		int x = span_column(span, w, view_finding_time(f));

		if (!f->present || f->muted || x < 0 || x >= w)
			continue;
		s[x].n++;
		if (!s[x].f || f->severity > s[x].f->severity)
			s[x].f = f;
	}
}

static void marks_take(struct sign *s, const struct view *v, struct time_span span, int w)
{
	for (size_t i = 0; i < v->mark.n; i++) {
		int x = span_column(span, w, v->mark.v[i].time);

		if (x >= 0 && x < w)
			s[x].letter = v->mark.v[i].letter;
	}
}

void signs_draw(const struct region *r, const struct view *v, struct time_span span, bool named)
{
	struct sign *s = xcalloc((size_t)r->w + 1, sizeof(*s));

	signs_take(s, v, span, r->w);
	marks_take(s, v, span, r->w);
	for (int x = 0, next; x < r->w; x = next) {
		for (next = x + 1; next < r->w && !s[next].f && !s[next].letter;)
			next++;
		if (s[x].f)
			sign_draw(r, x, named ? next - x : 1, &s[x]);
		if (s[x].letter)
			draw_str(r, x, 0, 1, ROLE_MATCH, ATTR_BOLD, (char[]){ s[x].letter, '\0' });
	}
	free(s);
}

bool signs_any(const struct view *v, struct time_span span)
{
	const struct findings *all = v->detect ? &v->detect->findings : NULL;

	for (size_t i = 0; i < v->mark.n; i++)
		if (v->mark.v[i].time >= span.t0 && v->mark.v[i].time <= span.t1)
			return true;
	for (size_t i = 0; all && i < all->v.n; i++) {
		const struct finding *f = &all->v.v[i];
		int64_t t = view_finding_time(f);

		if (f->present && !f->muted && t >= span.t0 && t <= span.t1)
			return true;
	}
	return false;
}

/* --- below the lanes --- */

/* Whether a sign stands in these columns of the span: then no text goes below it. */
static bool signs_between(const struct view *v, int w, int a, int b)
{
	struct sign *s = xcalloc((size_t)w + 1, sizeof(*s));
	bool any = false;

	signs_take(s, v, v->span, w);
	marks_take(s, v, v->span, w);
	for (int x = a < 0 ? 0 : a; x <= b && x < w; x++)
		any |= s[x].f || s[x].letter;
	free(s);
	return any;
}

void axis_draw(struct activity *a, const struct region *r, const struct view *v, bool signs)
{
	int64_t t = view_moment(v)->time, grain = (v->span.t1 - v->span.t0) / (r->w ? r->w : 1);
	int x = span_column(v->span, r->w, t), w, wa, wb;
	char begin[TEXT_SHORT], end[TEXT_SHORT], now[TEXT_SHORT];

	grain = grain < 1 ? 1 : grain;
	bands_draw(a, r, v->world, v->span);
	text_moment(begin, v->span.t0, grain);
	text_moment(end, v->span.t1, grain);
	text_moment(now, t, grain);
	wa = (int)strlen(begin);
	wb = (int)strlen(end);
	if (!signs || !signs_between(v, r->w, 0, wa))
		draw_str(r, 0, 0, -1, ROLE_DIM, 0, begin);
	if (!signs || !signs_between(v, r->w, r->w - wb, r->w - 1))
		draw_right(r, 0, 0, r->w, ROLE_DIM, 0, end);
	w = (int)strlen(now);
	if (x > wa && x + w + 1 < r->w - wb) {
		draw_sym(r, x, 0, 1, SYM_CURSOR, ROLE_CURSOR, ATTR_BOLD);
		draw_str(r, x + 1, 0, -1, ROLE_TIME, 0, now);
	}
	if (signs)
		signs_draw(r, v, v->span, false);
}

void session_draw(struct activity *a, const struct region *r, const struct view *v)
{
	struct time_span session = view_session(v);
	int x0 = span_column(session, r->w, v->span.t0),
	    x1 = span_column(session, r->w, v->span.t1);
	int x = span_column(session, r->w, view_moment(v)->time);

	activity_draw(a, r, v->world, session);
	if (!v->span_all && x0 >= 0 && x1 < r->w + 1)
		draw_mark(r, x0, 0, x1 - x0 + 1, 1, ATTR_UNDERLINE);
	if (x >= 0 && x < r->w)
		draw_mark(r, x, 0, 1, 1, ATTR_REVERSE);
}

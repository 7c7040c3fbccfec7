/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/lane_story.h"

#include <stdlib.h>
#include <string.h>

/* --- tasks and regions --- */

struct nesting {
	struct nest *out;
	VEC(uint32_t) open; /* regions, the innermost last: places in out */
	VEC(uint32_t) task; /* tasks that are open */
};

static bool is_of(const struct event *ev, uint64_t goid)
{
	return ev->g == goid && ev->kind >= EV_TASK_BEGIN && ev->kind <= EV_REGION_END;
}

static void region_begin(struct nesting *n, int64_t t, uint64_t id, uint32_t text)
{
	size_t depth = n->open.n < NEST_REGIONS ? n->open.n : NEST_REGIONS - 1;

	*vec_push(&n->open) = (uint32_t)n->out->v.n;
	*vec_push(&n->out->v) = (struct nested){
		.t0 = t, .t1 = T_NEVER, .id = id, .text = text, .line = (uint8_t)depth
	};
}

/* How many ends have no begin that is told: so deep it was when the story began. */
static size_t open_before(const struct story *s, uint64_t goid)
{
	size_t depth = 0, most = 0;

	for (size_t i = 0; i < s->ev.n; i++) {
		if (!is_of(&s->ev.v[i], goid))
			continue;
		if (s->ev.v[i].kind == EV_REGION_BEGIN)
			depth++;
		else if (s->ev.v[i].kind == EV_REGION_END && depth)
			depth--;
		else if (s->ev.v[i].kind == EV_REGION_END)
			most++;
	}
	return most;
}

static void region_end(struct nesting *n, const struct event *ev)
{
	struct nested *x;

	if (!n->open.n)
		return;
	x = &n->out->v.v[n->open.v[--n->open.n]];
	x->t1 = ev->time;
	x->text = x->text ? x->text : ev->text;
}

static void task_add(struct nesting *n, const struct event *ev, int64_t t0, int64_t t1)
{
	*vec_push(&n->out->v) = (struct nested){
		.t0 = t0, .t1 = t1, .id = ev->object, .text = ev->text, .task = true
	};
}

static void task_end(struct nesting *n, const struct event *ev)
{
	for (size_t i = n->task.n; i-- > 0;) {
		struct nested *x = &n->out->v.v[n->task.v[i]];

		if (x->id != ev->object)
			continue;
		x->t1 = ev->time;
		n->task.v[i] = n->task.v[--n->task.n];
		return;
	}
	task_add(n, ev, T_BEFORE, ev->time); /* begun before, or by another goroutine */
}

static void nest_event(struct nesting *n, const struct event *ev)
{
	switch (ev->kind) {
	case EV_REGION_BEGIN:
		region_begin(n, ev->time, ev->object, ev->text);
		break;
	case EV_REGION_END:
		region_end(n, ev);
		break;
	case EV_TASK_BEGIN:
		*vec_push(&n->task) = (uint32_t)n->out->v.n;
		task_add(n, ev, ev->time, T_NEVER);
		break;
	default:
		task_end(n, ev);
	}
}

/* Each task gets the first line that is free when it begins. */
static void place_tasks(struct nest *n)
{
	int64_t busy[NEST_TASKS];

	for (int i = 0; i < NEST_TASKS; i++)
		busy[i] = T_BEFORE;
	for (size_t i = 0; i < n->v.n; i++) {
		struct nested *x = &n->v.v[i];
		int line = 0;

		if (!x->task)
			continue;
		while (line < NEST_TASKS - 1 && busy[line] > x->t0)
			line++;
		busy[line] = x->t1;
		x->line = (uint8_t)line;
		n->tasks = line + 1 > n->tasks ? line + 1 : n->tasks;
	}
}

static void drop_outside(struct nest *n, struct time_span span)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->v.n; i++)
		if (n->v.v[i].t0 <= span.t1 && n->v.v[i].t1 >= span.t0)
			n->v.v[kept++] = n->v.v[i];
	n->v.n = kept;
}

void nest_make(struct nest *n, const struct story *s, uint64_t goid, struct time_span span)
{
	struct nesting x = { .out = n };
	int regions = 0;

	n->v.n = 0;
	n->tasks = n->lines = 0;
	if (!s)
		return;
	for (size_t i = open_before(s, goid); i > 0; i--)
		region_begin(&x, T_BEFORE, 0, 0);
	for (size_t i = 0; i < s->ev.n; i++)
		if (is_of(&s->ev.v[i], goid))
			nest_event(&x, &s->ev.v[i]);
	drop_outside(n, span);
	place_tasks(n);
	for (size_t i = 0; i < n->v.n; i++) {
		struct nested *one = &n->v.v[i];

		if (one->task)
			continue;
		regions = one->line + 1 > regions ? one->line + 1 : regions;
		one->line = (uint8_t)(one->line + n->tasks);
	}
	n->lines = n->tasks + regions;
	vec_free(&x.open);
	vec_free(&x.task);
}

void nest_release(struct nest *n)
{
	vec_free(&n->v);
}

static void nested_draw(const struct region *r, const struct world *w, const struct nested *x,
			struct time_span span)
{
	enum role role = x->task ? ROLE_INFO : ROLE_FUNC;
	int a = x->t0 < span.t0 ? 0 : span_column(span, r->w, x->t0);
	int b = x->t1 > span.t1 ? r->w - 1 : span_column(span, r->w, x->t1);

	if (a == b) {
		draw_sym(r, a, 0, 1, SYM_VLINE, role, 0);
		return;
	}
	draw_sym(r, a, 0, b - a + 1, SYM_HLINE, role, 0);
	if (x->t0 >= span.t0)
		draw_sym(r, a, 0, 1, SYM_TEE_RIGHT, role, 0);
	if (x->t1 <= span.t1)
		draw_sym(r, b, 0, 1, SYM_TEE_LEFT, role, 0);
	if (b - a > 4)
		draw_cut(r, a + 1, 0, b - a - 1, role, x->task ? ATTR_BOLD : 0,
			 strtab_get(&w->strings, x->text));
}

void nest_draw(const struct nest *n, const struct region *r, const struct world *w, int line,
	       struct time_span span)
{
	for (size_t i = 0; i < n->v.n && r->w > 0; i++) {
		const struct nested *x = &n->v.v[i];

		if (x->line == line && x->t0 <= span.t1 && x->t1 >= span.t0)
			nested_draw(r, w, x, span);
	}
}

/* --- arrows --- */

static bool arrow_of(const struct event *ev, struct arrow *a)
{
	if ((ev->kind != EV_UNBLOCK && ev->kind != EV_CREATE) || !ev->peer || ev->peer == ev->g)
		return false;
	*a = (struct arrow){ .time = ev->time, .from = ev->peer, .to = ev->g };
	return true;
}

static void keep_nearest(arrows *out, int64_t t)
{
	size_t after = 0, n = 0;

	while (after < out->n && out->v[after].time <= t)
		after++;
	if (after)
		out->v[n++] = out->v[after - 1];
	if (after < out->n)
		out->v[n++] = out->v[after];
	out->n = n;
}

void arrows_make(arrows *out, const struct story *s, uint64_t goid, struct time_span span,
		 int64_t t)
{
	struct arrow a;

	out->n = 0;
	for (size_t i = s ? story_at(s, span.t0) : 0; s && i < s->ev.n; i++) {
		const struct event *ev = &s->ev.v[i];

		if (ev->time > span.t1)
			break;
		if ((ev->g == goid || ev->peer == goid) && arrow_of(ev, &a))
			*vec_push(out) = a;
	}
	if (out->n > ARROWS_MOST)
		keep_nearest(out, t);
}

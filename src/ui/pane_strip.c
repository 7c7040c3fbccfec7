/* SPDX-License-Identifier: Apache-2.0 */
/* The strip below a single pane: the chosen goroutine's line, the whole session, the times. */
#include <inttypes.h>
#include <stdlib.h>

#include "ui/lanes.h"
#include "ui/pane.h"

enum { W_LABEL = 9 };

struct strip {
	struct pane pane;
	struct storyteller teller;
	struct activity activity;
	int w;
};

static void told(void *arg)
{
	struct strip *s = arg;

	s->pane.view->answered = true;
}

static void chosen_draw(struct strip *s, const struct region *r)
{
	struct view *v = s->pane.view;
	const struct moment *m = view_moment(v);
	struct region lane = region_sub(r, W_LABEL, 0, r->w - W_LABEL, 1);
	uint32_t row = v->row;
	int x;

	if (row == NO_G || row >= v->world->g.n)
		return;
	story_want(&s->teller, v->world, row, v->at_end ? v->span.t1 : m->time);
	draw_fmt(r, 0, 0, W_LABEL - 2, ROLE_GOID, 0, "%*" PRIu64, W_LABEL - 2,
		 v->world->g.v[row].goid);
	if (row < m->n) {
		char letter[2] = { state_letter(m->state[row], m->reason[row]), '\0' };

		draw_str(r, W_LABEL - 1, 0, 1, role_state(m->state[row], m->reason[row]), 0,
			 letter);
	}
	lane_draw(&lane, v->world, row, story_get(&s->teller, row), view_moment(v), v->span);
	draw_mark(r, 0, 0, W_LABEL, 1, ATTR_SELECT_AWAY);
	x = span_column(v->span, lane.w, m->time);
	if (x >= 0 && x < lane.w && !v->at_end)
		draw_mark(&lane, x, 0, 1, 1, ATTR_REVERSE);
}

static void strip_draw(struct pane *p, const struct region *r, bool focused)
{
	struct strip *s = (struct strip *)p;
	struct region all = region_sub(r, W_LABEL, 1, r->w - W_LABEL, 1);
	struct region axis = region_sub(r, W_LABEL, 2, r->w - W_LABEL, 1);

	(void)focused;
	s->w = r->w;
	chosen_draw(s, r);
	draw_right(r, 0, 1, W_LABEL - 2, ROLE_DIM, 0, "all");
	session_draw(&s->activity, &all, p->view);
	axis_draw(&s->activity, &axis, p->view, true);
}

static unsigned strip_mouse(struct pane *p, const struct mouse *m)
{
	struct strip *s = (struct strip *)p;
	struct view *v = p->view;
	struct time_span span = m->y == 1 ? view_session(v) : v->span;
	int64_t at = span_time(span, s->w - W_LABEL, m->x - W_LABEL);

	if (m->x < W_LABEL || (m->kind != MOUSE_PRESS && m->kind != MOUSE_DRAG))
		return m->kind == MOUSE_WHEEL ? EFF_NONE : EFF_DONE;
	view_goto(v, at);
	view_span_follow(v, at);
	return EFF_DONE | EFF_DRAW;
}

static void strip_free(struct pane *p)
{
	struct strip *s = (struct strip *)p;

	story_release(&s->teller);
	activity_release(&s->activity);
	free(s);
}

static const struct pane_ops strip_ops = {
	.id = PANE_STRIP,
	.name = "strip",
	.title = "",
	.draw = strip_draw,
	.mouse = strip_mouse,
	.free = strip_free,
};

struct pane *pane_strip_new(struct view *v)
{
	struct strip *s = xcalloc(1, sizeof(*s));

	s->pane = (struct pane){ &strip_ops, v };
	s->teller = (struct storyteller){ .jobs = v->jobs, .told = told, .arg = s };
	return &s->pane;
}

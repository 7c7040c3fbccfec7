/* SPDX-License-Identifier: Apache-2.0 */
/* Moments that were marked, and those at which something was found. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/filter.h"
#include "ui/pane.h"

const struct view_mark *view_mark_get(const struct view *v, char letter)
{
	for (size_t i = 0; i < v->mark.n; i++)
		if (v->mark.v[i].letter == letter)
			return &v->mark.v[i];
	return NULL;
}

static char free_letter(const struct view *v)
{
	for (int i = 0; i < VIEW_MARKS; i++)
		if (!view_mark_get(v, (char)('a' + i)))
			return (char)('a' + i);
	return 0;
}

static void mark_remove(struct view *v, size_t i)
{
	if (v->marking.letter == v->mark.v[i].letter)
		v->marking.letter = 0;
	snapshot_release(&v->mark.v[i].snap);
	v->mark.n--;
	memmove(&v->mark.v[i], &v->mark.v[i + 1], (v->mark.n - i) * sizeof(*v->mark.v));
}

/* A piece of the snapshot; returns whether it is finished. */
static bool go_on(struct view *v, int64_t piece_ns)
{
	struct snapshot made = { 0 };

	if (!snapshot_step(&v->marking.maker, &made, piece_ns)) {
		v->held = v->answered = true; /* view_mark_work() goes on with it */
		return false;
	}
	for (size_t i = 0; i < v->mark.n; i++)
		if (v->mark.v[i].letter == v->marking.letter)
			v->mark.v[i].snap = made;
	v->marking.letter = 0;
	snapshot_maker_release(&v->marking.maker);
	free(v->marking.keep);
	v->marking.keep = NULL;
	v->mark_stamp++;
	return true;
}

bool view_mark_work(struct view *v)
{
	return v->marking.letter && !go_on(v, v->piece_ns);
}

void view_mark_finish(struct view *v)
{
	if (v->marking.letter)
		go_on(v, 0);
}

/* What the mark of that letter keeps of the moment shown. */
static void take(struct view *v, char letter)
{
	const struct moment *m = view_moment(v);

	v->marking.letter = letter;
	v->marking.keep = xrealloc(v->marking.keep, m->n + 1, sizeof(*v->marking.keep));
	filter_all(NULL, v->world, m, false, v->marking.keep);
	snapshot_begin(&v->marking.maker, v->world, m, v->marking.keep);
	go_on(v, v->piece_ns);
}

static void mark_put(struct view *v, struct view_mark made)
{
	size_t i = 0;

	while (i < v->mark.n && v->mark.v[i].time <= made.time)
		i++;
	vec_reserve(&v->mark, v->mark.n + 1);
	memmove(&v->mark.v[i + 1], &v->mark.v[i], (v->mark.n - i) * sizeof(*v->mark.v));
	v->mark.v[i] = made;
	v->mark.n++;
}

static void mark_add(struct view *v, char letter)
{
	struct view_mark made = { .letter = letter, .time = v->time };

	if (v->row != NO_G && v->row < v->world->g.n)
		made.goid = v->world->g.v[v->row].goid;
	mark_put(v, made);
	take(v, letter);
}

/* The world has them as well: who records it keeps them. */
static void tell_world(struct view *v)
{
	struct world *w = v->world;

	w->mark.n = 0;
	for (size_t i = 0; i < v->mark.n; i++)
		*vec_push(&w->mark) = (struct world_mark){ v->mark.v[i].time, v->mark.v[i].goid,
							   v->mark.v[i].letter };
	v->world_marks = ++w->mark_stamp;
}

/* Of a mark that was made elsewhere: at one go. */
static void take_then(struct view *v, const struct moment *m, struct snapshot *s)
{
	bool *keep = xcalloc(m->n + 1, sizeof(*keep));

	filter_all(NULL, v->world, m, false, keep);
	snapshot_take(s, v->world, m, keep);
	free(keep);
}

void view_marks_take(struct view *v)
{
	struct world *w = v->world;
	struct moment m = { 0 };

	if (v->world_marks == w->mark_stamp || !w->progress.whole)
		return;
	v->world_marks = w->mark_stamp;
	for (size_t i = 0; i < w->mark.n; i++) {
		const struct world_mark *x = &w->mark.v[i];
		struct view_mark made = { x->letter, x->time, x->goid, { 0 } };

		if (view_mark_get(v, x->letter) || world_at(w, x->time, &m))
			continue;
		take_then(v, &m, &made.snap);
		mark_put(v, made);
	}
	moment_release(&m);
	v->mark_stamp++;
}

static unsigned set_mark(struct view *v, char letter)
{
	view_arrive(v);
	view_mark_finish(v);
	v->mark_stamp++;
	for (size_t i = 0; i < v->mark.n; i++) {
		char was = v->mark.v[i].letter;

		if (letter ? was != letter : v->mark.v[i].time != v->time)
			continue;
		mark_remove(v, i);
		if (letter)
			break; /* it goes to where we are */
		v->marked = v->marked == was ? 0 : v->marked;
		return view_say(v, "mark %c is gone", was);
	}
	letter = letter ? letter : free_letter(v);
	if (!letter)
		return view_complain(v, "all %d letters are taken; m at a mark takes it away",
				     VIEW_MARKS);
	mark_add(v, letter);
	v->marked = letter;
	return view_say(v, "mark %c; ' comes back to it, D shows what has changed since", letter);
}

unsigned view_mark(struct view *v, char letter)
{
	unsigned effects = set_mark(v, letter);

	tell_world(v);
	return effects;
}

unsigned view_mark_jump(struct view *v, char letter)
{
	const struct view_mark *k = letter ? view_mark_get(v, letter) : NULL;
	uint32_t row;

	if (!v->mark.n)
		return view_say(v, "there is no mark yet; m sets one");
	if (letter && !k)
		return view_complain(v, "there is no mark %c", letter);
	for (size_t i = v->mark.n; !k && i-- > 0;)
		if (v->mark.v[i].time < v->time)
			k = &v->mark.v[i];
	k = k ? k : &v->mark.v[v->mark.n - 1];
	v->marked = k->letter;
	v->mark_stamp++;
	view_goto(v, k->time);
	row = k->goid ? world_find_at(v->world, k->goid, k->time) : NO_G;
	if (row != NO_G)
		view_choose(v, row);
	return v->status[0] ? EFF_DONE | EFF_DRAW : view_say(v, "mark %c", v->marked);
}

/* --- findings --- */

int64_t view_finding_time(const struct finding *f)
{
	int64_t t = f->since == T_BEFORE || f->since == T_NEVER ? f->first : f->since;

	return t < 0 ? 0 : t;
}

/* The next one in that direction; where several are at one time, the gravest. */
static const struct finding *next_finding(const struct view *v, int dir)
{
	const struct findings *all = v->detect ? &v->detect->findings : NULL;
	const struct finding *best = NULL;

	for (size_t i = 0; all && i < all->v.n; i++) {
		const struct finding *f = &all->v.v[i];
		int64_t t = view_finding_time(f), b = best ? view_finding_time(best) : 0;

		if (!f->present || f->muted || (dir > 0 ? t <= v->time : t >= v->time))
			continue;
		if (!best || (dir > 0 ? t < b : t > b) || (t == b && f->severity > best->severity))
			best = f;
	}
	return best;
}

unsigned view_step_finding(struct view *v, int dir)
{
	const struct finding *f = next_finding(v, dir);
	uint32_t row;

	if (!f)
		return view_say(v, "nothing was found %s this", dir > 0 ? "after" : "before");
	if (view_goto(v, view_finding_time(f)))
		return EFF_DONE | EFF_DRAW;
	row = f->goid.n ? world_find_at(v->world, f->goid.v[0], v->time) : NO_G;
	if (row != NO_G)
		view_choose(v, row);
	return view_say(v, "%s, %s: %.200s", detector_table[f->detector].name,
			certainty_name((enum certainty)f->certainty), f->summary);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The world's timeline: levels above its entries, columns made of them, and its thinning. */
#include <stdlib.h>
#include <string.h>

#include "core/moment.h"

/* --- the levels --- */

/* A stretch of one goroutine's life: an entry, or what stands for many. */
struct stretch {
	int64_t t0, t1;
	double ns[SHARE_N];
	uint8_t state; /* from t1 on … */
	bool state_sampled; /* … which is known to an interval only */
	bool sampled;
	uint32_t prev; /* of the same level */
};

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void entry_stretch(const struct world *w, const struct entry *e, struct stretch *s)
{
	const struct goroutine *g = &w->g.v[e->g];
	size_t open = (size_t)(e - w->entry.v) - w->open.first_entry;
	bool closed = e->seg < w->seg.n;
	int64_t t0 = closed ? w->seg.v[e->seg].t0 : w->open.t0;
	int64_t t1 = closed ? w->seg.v[e->seg].t1 : w->open.ns.v[open].mark;

	for (int i = 0; i < SHARE_N; i++)
		s->ns[i] = closed ? (double)e->share[i] / SHARE_ONE * (double)(t1 - t0)
				  : (double)w->open.ns.v[open].ns[i];
	s->t0 = later(t0, g->t_create);
	s->t1 = earlier(t1, g->t_end);
	s->state = e->state;
	s->state_sampled = e->how == WAIT_SAMPLED;
	s->sampled = e->sampled;
	s->prev = e->prev;
}

static void coarse_stretch(const struct world *w, const struct coarse *c, struct stretch *s)
{
	const struct entry *e = &w->entry.v[c->entry];

	s->t0 = c->t0;
	s->t1 = c->t1;
	for (int i = 0; i < SHARE_N; i++)
		s->ns[i] = (double)c->ns[i];
	s->state = e->state;
	s->state_sampled = e->how == WAIT_SAMPLED;
	s->sampled = c->sampled;
	s->prev = c->prev;
}

/* level 0: an entry. */
static void stretch_get(const struct world *w, int level, uint32_t i, struct stretch *s)
{
	if (level)
		coarse_stretch(w, &w->coarse.v[i], s);
	else
		entry_stretch(w, &w->entry.v[i], s);
}

static struct ladder *ladder_get(struct world *w, uint32_t row)
{
	uint32_t i = map64_get(&w->ladder_of, row);

	if (i != UINT32_MAX)
		return &w->ladder.v[i];
	map64_put(&w->ladder_of, row, (uint32_t)w->ladder.n);
	memset(vec_push(&w->ladder), 0xff, sizeof(struct ladder));
	return &w->ladder.v[w->ladder.n - 1];
}

/* Puts the last COARSE_OF of a level together, the newest of them given. */
static struct coarse coarse_make(const struct world *w, int level, uint32_t newest)
{
	struct coarse c = { .child = newest, .prev = NO_ENTRY };
	int64_t next = T_NEVER;
	uint32_t i = newest;

	c.entry = level ? w->coarse.v[newest].entry : newest;
	for (int k = 0; k < COARSE_OF; k++, i = c.prev) {
		struct stretch s;
		unsigned share;

		stretch_get(w, level, i, &s);
		share = gstate_share(s.state);
		if (!k)
			c.t1 = s.t1;
		else if (share < SHARE_N && next > s.t1)
			c.ns[share] += next - s.t1;
		for (int n = 0; n < SHARE_N; n++)
			c.ns[n] += (int64_t)(s.ns[n] + 0.5);
		c.sampled |= s.sampled | (k && s.state_sampled && next > s.t1);
		c.t0 = next = s.t0;
		c.prev = s.prev;
	}
	c.prev = NO_ENTRY;
	return c;
}

void timeline_add(struct world *w, uint32_t entry)
{
	struct goroutine *g = &w->g.v[w->entry.v[entry].g];
	uint32_t row = w->entry.v[entry].g, n = ++g->n_entries, newest = entry;

	for (int level = 0; level < COARSE_LEVELS && !(n % COARSE_OF); level++, n /= COARSE_OF) {
		struct ladder *l = ladder_get(w, row);
		struct coarse c = coarse_make(w, level, newest);

		c.prev = l->top[level];
		newest = l->top[level] = (uint32_t)w->coarse.n;
		*vec_push(&w->coarse) = c;
	}
}

/* --- columns --- */

struct columns {
	const struct world *w;
	const struct goroutine *g;
	int64_t t0, t1;
	double width; /* ns a column */
	double (*sum)[SHARE_N];
	uint8_t *sampled; /* NULL: not asked */
	size_t n;
	int64_t end; /* all from here on is done */
};

static void columns_add(struct columns *c, int64_t a, int64_t b, const double share[SHARE_N],
			bool sampled)
{
	size_t i;

	a = later(a, c->t0);
	b = earlier(b, c->t1);
	if (a >= b)
		return;
	for (i = (size_t)((double)(a - c->t0) / c->width); i < c->n; i++) {
		double lo = (double)c->t0 + (double)i * c->width, hi = lo + c->width;

		if (lo >= (double)b)
			break;
		lo = lo < (double)a ? (double)a : lo;
		hi = hi > (double)b ? (double)b : hi;
		for (int s = 0; s < SHARE_N && hi > lo; s++)
			c->sum[i][s] += share[s] * (hi - lo);
		if (c->sampled && sampled)
			c->sampled[i] = 1;
	}
}

static void columns_state(struct columns *c, int64_t a, int64_t b, uint8_t state, bool sampled)
{
	double share[SHARE_N] = { 0 };

	if (gstate_share(state) >= SHARE_N)
		return;
	share[gstate_share(state)] = 1;
	columns_add(c, a, b, share, sampled);
}

static void columns_stretch(struct columns *c, const struct stretch *s)
{
	double share[SHARE_N];

	if (s->t1 <= s->t0)
		return;
	for (int i = 0; i < SHARE_N; i++)
		share[i] = s->ns[i] / (double)(s->t1 - s->t0);
	columns_add(c, s->t0, s->t1, share, s->sampled);
}

/* Whether a stretch is too long for what it hides, or lies across an edge. */
static bool must_part(const struct columns *c, const struct stretch *s)
{
	if (s->t0 >= c->t1 || s->t1 <= c->t0)
		return false;
	return s->t0 < c->t0 || s->t1 > c->t1 || (double)(s->t1 - s->t0) > c->width;
}

/*
 * So many of a level, from the newest given on, backwards. What lies beyond the
 * columns is passed over, what is finer than they are is taken as a whole.
 */
static void columns_level(struct columns *c, int level, uint32_t i, uint32_t n)
{
	for (; n-- && i != NO_ENTRY && c->end > c->t0;) {
		struct stretch s;

		stretch_get(c->w, level, i, &s);
		columns_state(c, s.t1, c->end, s.state, s.state_sampled);
		c->end = earlier(c->end, s.t1);
		if (level && must_part(c, &s))
			columns_level(c, level - 1, c->w->coarse.v[i].child, COARSE_OF);
		else
			columns_stretch(c, &s);
		c->end = s.t0;
		i = s.prev;
	}
}

static void columns_walk(struct columns *c, uint32_t row)
{
	const struct world *w = c->w;
	uint32_t at = map64_get(&w->ladder_of, row), i = c->g->last_entry, n = c->g->n_entries;
	uint32_t open = i != NO_ENTRY && i >= w->open.first_entry;

	c->end = earlier(c->g->t_end, w->t_end);
	columns_level(c, 0, i, open + n % COARSE_OF);
	n /= COARSE_OF;
	for (int level = 1; level <= COARSE_LEVELS && n; level++, n /= COARSE_OF)
		columns_level(c, level, w->ladder.v[at].top[level - 1],
			      level == COARSE_LEVELS ? n : n % COARSE_OF);
	if (c->end > c->t0 && c->g->t_create == T_BEFORE)
		columns_state(c, 0, c->end, c->g->first_state, false);
}

void world_columns(const struct world *w, uint32_t row, int64_t t0, int64_t t1,
		   uint16_t (*col)[SHARE_N], uint8_t *sampled, size_t n)
{
	struct columns c = {
		.w = w, .g = &w->g.v[row], .t0 = t0, .t1 = t1, .n = n, .sampled = sampled
	};

	memset(col, 0, n * sizeof(*col));
	if (sampled)
		memset(sampled, 0, n);
	if (!n || t1 <= t0)
		return;
	c.width = (double)(t1 - t0) / (double)n;
	c.sum = xcalloc(n, sizeof(*c.sum));
	columns_walk(&c, row);
	for (size_t i = 0; i < n; i++)
		for (int s = 0; s < SHARE_N; s++) {
			double v = c.sum[i][s] / c.width * SHARE_ONE + 0.5;

			col[i][s] = v > SHARE_ONE ? SHARE_ONE : (uint16_t)v;
		}
	free(c.sum);
}

/* --- thinning --- */

enum { THIN_LEAST = 16 /* segments: fewer are not made coarser */ };

/* What is being put together of one goroutine in one segment. */
struct sum {
	int64_t ns[SHARE_N];
	int64_t upto;
	uint8_t state; /* from there on */
};

struct thin {
	struct world *w;
	size_t segs, entries; /* made so far */
	uint64_t first; /* entry of the segment in the making */
	VEC(struct sum) sum; /* of each entry from first on */
};

static void sum_state(struct sum *s, int64_t until, const struct goroutine *g)
{
	unsigned share = gstate_share(s->state);

	until = earlier(until, g->t_end);
	if (share < SHARE_N && until > s->upto)
		s->ns[share] += until - s->upto;
	s->upto = later(s->upto, until);
}

static struct sum *thin_entry(struct thin *t, const struct entry *e, int64_t t0)
{
	struct world *w = t->w;
	struct goroutine *g = &w->g.v[e->g];
	uint32_t prev = g->last_entry;
	struct sum *s;

	if (prev != NO_ENTRY && prev >= t->first)
		return &t->sum.v[prev - t->first];
	s = vec_push(&t->sum);
	*s = (struct sum){ .upto = later(t0, g->t_create) };
	s->state = prev != NO_ENTRY	     ? w->entry.v[prev].state
		   : g->t_create == T_BEFORE ? g->first_state
					     : GS_NONE;
	w->entry.v[t->entries] = (struct entry){ .g = e->g, .prev = prev };
	g->last_entry = (uint32_t)t->entries++;
	return s;
}

/* Entries move down in their array only, so none is written over before it was read. */
static void thin_one(struct thin *t, const struct segment *seg, struct entry e, int64_t t0)
{
	struct world *w = t->w;
	struct goroutine *g = &w->g.v[e.g];
	struct sum *s = thin_entry(t, &e, t0);
	struct entry *to = &w->entry.v[g->last_entry], was = *to;

	sum_state(s, seg->t0, g);
	for (int k = 0; k < SHARE_N; k++)
		s->ns[k] += (int64_t)((double)e.share[k] / SHARE_ONE * (double)(seg->t1 - seg->t0) +
				      0.5);
	s->upto = later(s->upto, earlier(seg->t1, g->t_end));
	s->state = e.state;
	*to = e;
	to->prev = was.prev;
	to->switches += was.switches;
	to->sampled |= was.sampled;
	to->seg = (uint32_t)t->segs;
}

/* Those of rows that are forgotten are left out. */
static void thin_take(struct thin *t, const struct segment *seg, int64_t t0)
{
	struct world *w = t->w;
	size_t first = seg->first_entry;

	for (size_t i = first; i < first + seg->n_entries; i++)
		if (!w->g.v[w->entry.v[i].g].forgotten)
			thin_one(t, seg, w->entry.v[i], t0);
}

/* Segments a to b, b not among them, become one. */
static void thin_segments(struct thin *t, size_t a, size_t b)
{
	struct world *w = t->w;
	struct segment made = { .t0 = w->seg.v[a].t0, .t1 = w->seg.v[b - 1].t1 };

	t->first = made.first_entry = t->entries;
	t->sum.n = 0;
	for (size_t i = a; i < b; i++) {
		struct segment seg = w->seg.v[i];

		made.n_events += seg.n_events;
		thin_take(t, &seg, made.t0);
	}
	made.n_entries = (uint32_t)t->sum.n;
	for (size_t i = 0; i < t->sum.n; i++) {
		struct entry *e = &w->entry.v[t->first + i];
		struct sum *s = &t->sum.v[i];

		sum_state(s, made.t1, &w->g.v[e->g]);
		for (int k = 0; k < SHARE_N; k++)
			e->share[k] = share_of(s->ns[k], made.t1 - made.t0);
	}
	w->seg.v[t->segs++] = made;
}

/* The first so many, two by two. */
static void thin_once(struct world *w, size_t old)
{
	struct thin t = { .w = w };
	size_t n = w->seg.n;

	for (size_t row = 0; row < w->g.n; row++)
		w->g.v[row].last_entry = NO_ENTRY;
	for (size_t i = 0; i < n; i += i < old ? 2 : 1)
		thin_segments(&t, i, i < old ? i + 2 : i + 1);
	w->seg.n = t.segs;
	w->entry.n = t.entries;
	vec_free(&t.sum);
}

static void levels_make(struct world *w)
{
	w->coarse.n = w->ladder.n = 0;
	map64_clear(&w->ladder_of);
	for (size_t row = 0; row < w->g.n; row++)
		w->g.v[row].n_entries = 0;
	for (size_t i = 0; i < w->entry.n; i++)
		timeline_add(w, (uint32_t)i);
}

size_t world_thin(struct world *w, size_t entries)
{
	bool thinned = false;

	while (w->entry.n > entries && w->seg.n >= THIN_LEAST &&
	       w->open.first_entry == w->entry.n) {
		thin_once(w, w->seg.n / 2 & ~(size_t)1); /* the older half */
		w->open.first_entry = w->entry.n;
		thinned = true;
	}
	if (!thinned)
		return w->entry.n;
	levels_make(w);
	w->thinned++;
	w->generation++;
	return w->entry.n;
}

/* --- what is forgotten --- */

static bool is_ended(const struct world *w, uint32_t row)
{
	return w->now.state[row] == GS_DEAD;
}

static void row_forget(struct world *w, uint32_t row)
{
	w->now.count[GS_DEAD] -= !w->g.v[row].system;
	w->now.state[row] = GS_NONE;
	w->now.reason[row] = R_NONE;
	w->now.stack[row] = 0;
	w->now.since[row] = T_BEFORE;
	w->now.how[row] = WAIT_AT_LEAST;
	w->key.v[row] = (struct row_key){ 0 };
	w->g.v[row] = (struct goroutine){
		.forgotten = true,
		.t_create = T_NEVER,
		.t_end = T_BEFORE,
		.last_entry = NO_ENTRY,
		.first_since = T_BEFORE,
	};
	*vec_push(&w->resting_row) = row;
}

/* A goroutine among those of its id, the latest first. */
static void chain_row(struct world *w, uint32_t row)
{
	const struct goroutine *g = w->g.v;
	uint32_t at = map64_get(&w->by_goid, g[row].goid), next;

	if (at == NO_G || g[row].t_create >= g[at].t_create) {
		map64_put(&w->by_goid, g[row].goid, row);
		if (at != NO_G)
			map64_put(&w->older, row, at);
		return;
	}
	while ((next = map64_get(&w->older, at)) != NO_G && g[next].t_create > g[row].t_create)
		at = next;
	map64_put(&w->older, at, row);
	if (next != NO_G)
		map64_put(&w->older, row, next);
}

/* What is found by a row's number, or leads to it. */
static void rows_index(struct world *w)
{
	typeof(w->load) load = { 0 };
	struct map64 load_of = { 0 };
	size_t n = 0;

	map64_clear(&w->by_goid);
	map64_clear(&w->older);
	for (uint32_t row = 0; row < w->g.n; row++) {
		uint32_t at = w->g.v[row].forgotten ? UINT32_MAX : map64_get(&w->load_of, row);

		if (!w->g.v[row].forgotten)
			chain_row(w, row);
		if (at == UINT32_MAX)
			continue;
		map64_put(&load_of, row, (uint32_t)load.n);
		*vec_push(&load) = w->load.v[at];
	}
	vec_free(&w->load);
	map64_free(&w->load_of);
	memcpy(&w->load, &load, sizeof(load));
	w->load_of = load_of;
	for (size_t i = 0; i < w->system_row.n; i++)
		if (!w->g.v[w->system_row.v[i]].forgotten)
			w->system_row.v[n++] = w->system_row.v[i];
	w->system_row.n = n;
}

size_t world_forget(struct world *w, int64_t before)
{
	size_t n;

	if (w->open.first_entry != w->entry.n)
		return 0;
	/* what still had numbers of the time before has them no more */
	for (size_t i = 0; i < w->resting_row.n; i++)
		*vec_push(&w->free_row) = w->resting_row.v[i];
	w->resting_row.n = 0;
	for (uint32_t row = 0; row < w->g.n; row++)
		if (is_ended(w, row) && w->g.v[row].t_end < before)
			row_forget(w, row);
	n = w->resting_row.n;
	if (!n)
		return 0;
	w->ended_from = later(w->ended_from, before);
	rows_index(w);
	thin_once(w, 0);
	w->open.first_entry = w->entry.n;
	levels_make(w);
	w->thinned++;
	w->forgets++;
	w->row_changes++;
	w->generation++;
	return n;
}

/* Of one that has ended: its row, what leads to it, its state at a moment. */
enum {
	ENDED_BYTES = sizeof(struct goroutine) + sizeof(struct row_key) +
		      2 * sizeof(struct map64_slot) + sizeof(int64_t) + sizeof(uint32_t) + 3
};

size_t world_past_bytes(const struct world *w)
{
	return w->entry.n * sizeof(*w->entry.v) + w->coarse.n * sizeof(*w->coarse.v) +
	       w->seg.n * sizeof(*w->seg.v) + w->ladder.n * sizeof(*w->ladder.v) +
	       w->now.count[GS_DEAD] * ENDED_BYTES;
}

/* A time before which about half of those that have ended did so. */
static int64_t middle_end(const struct world *w)
{
	enum { BINS = 1024 };
	uint32_t bin[BINS] = { 0 };
	int64_t lo = T_NEVER, hi = T_BEFORE, width;
	size_t n = 0, upto = 0, i = 0;

	for (uint32_t row = 0; row < w->g.n; row++)
		if (is_ended(w, row)) {
			lo = earlier(lo, w->g.v[row].t_end);
			hi = later(hi, w->g.v[row].t_end);
			n++;
		}
	if (!n)
		return T_BEFORE;
	width = (int64_t)(((uint64_t)hi - (uint64_t)lo) / BINS) + 1;
	for (uint32_t row = 0; row < w->g.n; row++)
		if (is_ended(w, row))
			bin[(w->g.v[row].t_end - lo) / width]++;
	while (upto < n - n / 2)
		upto += bin[i++];
	return lo + (int64_t)i * width;
}

void world_trim(struct world *w, size_t most)
{
	while (world_past_bytes(w) > most) {
		size_t ended = w->now.count[GS_DEAD] * (ENDED_BYTES + sizeof(struct entry));
		size_t was = w->entry.n;

		if (ended > world_past_bytes(w) / 2 && world_forget(w, middle_end(w)))
			continue;
		if (world_thin(w, was / 5 * 4) >= was && !world_forget(w, middle_end(w)))
			break;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The order of groups and rows: one sort after the other, in pieces. */
#include <stdlib.h>
#include <string.h>

#include "analysis/groups_priv.h"

/* Stable, 11 bits at a time. */
enum { BITS = 11, SIZE = 1 << BITS, DIGITS = 3 };

struct radix {
	uint32_t count[DIGITS][SIZE];
};

static inline unsigned digit(uint32_t key, unsigned d)
{
	return key >> d * BITS & (SIZE - 1);
}

static void radix_count(struct radix *r, const struct sortable *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (unsigned d = 0; d < DIGITS; d++)
			r->count[d][digit(v[i].key, d)]++;
}

/* Where those of each digit begin. Returns whether all n have the same, one of which is given. */
static bool radix_begin(struct radix *r, unsigned d, uint32_t key, size_t n)
{
	uint32_t before = 0;

	if (r->count[d][digit(key, d)] == n)
		return true;
	for (size_t i = 0; i < SIZE; i++) {
		uint32_t here = r->count[d][i];

		r->count[d][i] = before;
		before += here;
	}
	return false;
}

static void radix_put(struct radix *r, unsigned d, const struct sortable *v, size_t n,
		      struct sortable *to)
{
	for (size_t i = 0; i < n; i++)
		to[r->count[d][digit(v[i].key, d)]++] = v[i];
}

static struct radix *radix_new(struct groups *g)
{
	g->radix = g->radix ? g->radix : xmalloc(sizeof(*g->radix));
	memset(g->radix, 0, sizeof(*g->radix));
	return g->radix;
}

/* All at once. v and tmp change places; returns the one that holds the result. */
static struct sortable *radix_sort(struct groups *g, struct sortable *v, struct sortable *tmp,
				   size_t n)
{
	struct radix *r = radix_new(g);

	radix_count(r, v, n);
	for (unsigned d = 0; d < DIGITS; d++) {
		struct sortable *swap = tmp;

		if (radix_begin(r, d, v[0].key, n))
			continue;
		radix_put(r, d, v, n, tmp);
		tmp = v;
		v = swap;
	}
	return v;
}

/* --- places --- */

static void rank_keys(struct groups *g, bool by_file)
{
	struct groups_next *n = &g->next;
	size_t all = g->rank.n / 2, upto = groups_piece(n, all);
	const struct world *w = n->w;

	for (; n->at < upto; n->at++) {
		struct sortable *s = &g->rank.v[n->at];
		const struct frame *f;

		if (!by_file)
			s->at = (uint32_t)n->at;
		f = stacktab_frame(&w->stacks, s->at, place_of(g, w, s->at));
		s->key = !f ? UINT32_MAX : by_file ? f->file : f->line;
	}
}

/* The first half of rank is in order. */
static void rank_sort(struct groups *g)
{
	size_t all = g->rank.n / 2;
	struct sortable *v = g->rank.v;

	if (radix_sort(g, v, v + all, all) != v)
		memcpy(v, v + all, all * sizeof(*v));
	g->next.at = 0;
	g->next.step++;
}

/* The stacks by file and line of where they stand; remembered while none is added. */
bool groups_rank(struct groups *g)
{
	struct groups_next *n = &g->next;
	size_t all = n->w->stacks.stack.n;

	if (!n->step) {
		if (n->c.sort != SORT_WHERE || g->place.n == all || n->order.n < 2)
			return true;
		vec_reserve(&g->rank, 2 * all);
		g->rank.n = 2 * all;
		g->place.n = 0;
		n->step++;
	}
	all = g->rank.n / 2;
	rank_keys(g, n->step == 2);
	if (n->at < all)
		return false;
	rank_sort(g);
	if (n->step < 3)
		return false;
	vec_reserve(&g->place, all);
	for (size_t i = 0; i < all; i++)
		g->place.v[g->rank.v[i].at] = (uint32_t)i;
	g->place.n = all;
	return true;
}

/* --- the order --- */

/* What is sorted by, the least first; every order is made of some, one after the other. */
enum pass { BY_ID, BY_WAIT, BY_COUNT, BY_STATE, BY_ON, BY_PLACE, BY_SWITCHES };

static inline uint64_t pass_key(const struct groups *g, enum pass by, uint32_t at)
{
	const struct group *one = g->next.c.by == GROUP_NONE ? NULL : &g->next.v.v[at];
	const struct moment *m = g->next.m;
	uint32_t row = one ? one->row : at;

	switch (by) {
	case BY_COUNT:
		return one ? UINT32_MAX - one->n : 0;
	case BY_STATE:
		return m->state[row];
	case BY_WAIT:
		return (uint64_t)(one ? one->since : m->since[row]) ^ (uint64_t)1 << 63;
	case BY_ON:
		return m->reason[row];
	case BY_PLACE:
		return g->place.v[m->stack[row]];
	case BY_SWITCHES:
		return UINT32_MAX - g->next.w->g.v[row].switches;
	default:
		return g->next.w->key.v[row].goid;
	}
}

/*
 * Sorts by one thing, what is equal stays as it is. Where the keys span more than 32
 * bits, the last ones are left out: times an hour apart are told apart to a microsecond.
 * Key 0 stands first and counts for no span: it is T_BEFORE, 292 years before all others.
 */
static inline __attribute__((always_inline)) void make_keys(struct groups *g, enum pass by,
							    size_t upto)
{
	struct groups_next *n = &g->next;
	struct sortable *v = n->order.v;

	for (size_t i = n->at; i < upto; i++) {
		uint64_t key = pass_key(g, by, v[i].at);

		v[i].key = (uint32_t)key; /* all of it, where it is not wide */
		n->sorted &= key >= n->before;
		n->before = key;
		n->least = key - 1 < n->least ? key - 1 : n->least;
		n->most = key > n->most ? key : n->most;
	}
}

static inline __attribute__((always_inline)) void fit_keys(struct groups *g, enum pass by,
							   size_t upto)
{
	struct groups_next *n = &g->next;
	struct sortable *v = n->order.v;

	for (size_t i = n->at; i < upto; i++) {
		uint64_t key = pass_key(g, by, v[i].at);

		v[i].key = key ? (uint32_t)((key - n->least - 1) >> n->shift) + 1 : 0;
	}
}

/* One loop for each, without a choice in it. */
static void keys_of(struct groups *g, enum pass by, size_t upto)
{
	switch (by) {
	case BY_ID:
		return make_keys(g, BY_ID, upto);
	case BY_WAIT:
		return make_keys(g, BY_WAIT, upto);
	case BY_COUNT:
		return make_keys(g, BY_COUNT, upto);
	case BY_STATE:
		return make_keys(g, BY_STATE, upto);
	case BY_ON:
		return make_keys(g, BY_ON, upto);
	case BY_PLACE:
		return make_keys(g, BY_PLACE, upto);
	case BY_SWITCHES:
		return make_keys(g, BY_SWITCHES, upto);
	}
}

/* Steps of one pass; each may take several pieces. */
enum { STEP_BEGIN, STEP_KEYS, STEP_FIT, STEP_COUNT, STEP_PUT };

static void pass_begin(struct groups *g)
{
	struct groups_next *n = &g->next;

	n->least = UINT64_MAX;
	n->most = n->before = 0;
	n->sorted = true;
	n->shift = 0;
	vec_reserve(&g->swap, n->order.n);
	radix_new(g);
}

/* The keys are known. */
static unsigned pass_keyed(struct groups *g, enum pass by)
{
	struct groups_next *n = &g->next;

	while ((n->most - n->least) >> n->shift > UINT32_MAX - 1)
		n->shift++;
	return by == BY_WAIT || by == BY_ID ? STEP_FIT : STEP_COUNT;
}

static void order_swap(struct groups *g)
{
	struct groups_next *n = &g->next;
	struct sortable *v = n->order.v;
	size_t cap = n->order.cap;

	n->order.v = g->swap.v;
	n->order.cap = g->swap.cap;
	g->swap.v = v;
	g->swap.cap = cap;
}

/* A piece of a pass; returns whether the pass is done. */
static bool pass_piece(struct groups *g, enum pass by)
{
	struct groups_next *n = &g->next;
	size_t all = n->order.n, upto = groups_piece(n, all);
	unsigned d = n->step - STEP_PUT;

	switch (n->step) {
	case STEP_BEGIN:
		pass_begin(g);
		break;
	case STEP_KEYS:
		keys_of(g, by, upto);
		break;
	case STEP_FIT:
		if (by == BY_WAIT)
			fit_keys(g, BY_WAIT, upto);
		else
			fit_keys(g, BY_ID, upto);
		break;
	case STEP_COUNT:
		radix_count(g->radix, n->order.v + n->at, upto - n->at);
		break;
	default:
		if (!n->at && radix_begin(g->radix, d, n->order.v[0].key, all)) {
			n->step++;
			return d + 1 == DIGITS;
		}
		radix_put(g->radix, d, n->order.v + n->at, upto - n->at, g->swap.v);
	}
	if (n->step != STEP_BEGIN && upto < all) {
		n->at = upto;
		return false;
	}
	n->at = 0;
	if (n->step >= STEP_PUT)
		order_swap(g);
	if (n->step == STEP_KEYS && n->sorted)
		return true;
	n->step = n->step == STEP_KEYS ? pass_keyed(g, by) : n->step + 1;
	return n->step == STEP_PUT + DIGITS;
}

/* Ids make every order whole; groups of equal size stand by how long they wait. */
static const struct {
	uint8_t n;
	uint8_t pass[3]; /* enum pass, the most weighty last */
} orders[SORT_N] = {
	[SORT_COUNT] = { 3, { BY_ID, BY_WAIT, BY_COUNT } },
	[SORT_ID] = { 1, { BY_ID } },
	[SORT_STATE] = { 2, { BY_ID, BY_STATE } },
	[SORT_WAIT] = { 2, { BY_ID, BY_WAIT } },
	[SORT_ON] = { 2, { BY_ID, BY_ON } },
	[SORT_WHERE] = { 2, { BY_ID, BY_PLACE } },
	[SORT_SWITCHES] = { 2, { BY_ID, BY_SWITCHES } },
};

bool groups_sort(struct groups *g)
{
	struct groups_next *n = &g->next;

	if (n->order.n < 2)
		return true;
	/* they were collected by row; a group's own is another where that one does not pass */
	if (!n->pass && n->w->rows_by_id && (n->c.by == GROUP_NONE || !n->partly))
		n->pass = 1;
	if (n->pass < orders[n->c.sort].n) {
		if (!pass_piece(g, (enum pass)orders[n->c.sort].pass[n->pass]))
			return false;
		n->pass++;
		n->at = 0;
		n->step = STEP_BEGIN;
	}
	return n->pass >= orders[n->c.sort].n;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/groups_priv.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

void groups_release(struct groups *g)
{
	vec_free(&g->v);
	vec_free(&g->order);
	for (int i = 0; i < 2; i++) {
		vec_free(&g->set[i].all);
		vec_free(&g->set[i].of);
	}
	vec_free(&g->kept);
	vec_free(&g->flat);
	vec_free(&g->swap);
	vec_free(&g->rank);
	vec_free(&g->next.v);
	vec_free(&g->next.order);
	vec_free(&g->place);
	vec_free(&g->plumbing);
	free(g->radix);
	free(g->index);
	memset(g, 0, sizeof(*g));
}

static inline uint32_t key_of(const struct world *w, const struct moment *m, enum grouping by,
			      size_t row)
{
	return by == GROUP_CREATOR ? w->origin.v[w->key.v[row].origin].create_stack : m->stack[row];
}

static inline bool is_alive(const struct moment *m, size_t row)
{
	return (m->state[row] != GS_NONE) & (m->state[row] != GS_DEAD);
}

bool group_has(const struct world *w, const struct moment *m, enum grouping by,
	       const struct group *g, size_t row)
{
	if (by == GROUP_NONE)
		return g->row == row;
	return key_of(w, m, by, row) == g->key &&
	       (by == GROUP_CREATOR || m->state[row] == g->state);
}

static const char *const sort_names[SORT_N] = { "count", "id",	  "state",   "wait",
						"on",	 "where", "switches" };
static const char *const grouping_names[GROUP_N] = { "stack", "flat", "creator" };

const char *sort_name(enum sort_by s)
{
	return sort_names[s];
}

const char *grouping_name(enum grouping g)
{
	return grouping_names[g];
}

int sort_parse(const char *name)
{
	for (int i = 0; i < SORT_N; i++)
		if (!strcmp(name, sort_names[i]))
			return i;
	return -1;
}

int grouping_parse(const char *name)
{
	for (int i = 0; i < GROUP_N; i++)
		if (!strcmp(name, grouping_names[i]))
			return i;
	return -1;
}

static struct group group_of(const struct world *w, const struct moment *m, enum grouping by,
			     size_t row)
{
	return (struct group){
		.row = (uint32_t)row,
		.n = 1,
		.key = key_of(w, m, by, row),
		.state = m->state[row],
		.reason = m->reason[row],
		.since = m->since[row],
	};
}

static inline void group_join(struct group *g, const struct world *w, const struct moment *m,
			      size_t row)
{
	g->n++;
	g->since = m->since[row] < g->since ? m->since[row] : g->since;
	if (w->rows_by_id || w->key.v[row].goid >= w->key.v[g->row].goid)
		return;
	g->row = (uint32_t)row;
	g->reason = m->reason[row];
	g->state = m->state[row];
}

/* Goroutines of one stack in different states are different groups. */
enum { STATES_ALIVE = GS_SYSCALL - GS_RUNNING + 1 };

static inline size_t slot_of(const struct world *w, const struct moment *m, enum grouping by,
			     size_t row)
{
	size_t key = key_of(w, m, by, row);

	return by == GROUP_CREATOR ? key : key * STATES_ALIVE + m->state[row] - GS_RUNNING;
}

static void index_clear(struct groups *out)
{
	const struct world *w = out->next.w;
	size_t want = w->stacks.stack.n * (out->next.c.by == GROUP_CREATOR ? 1 : STATES_ALIVE);

	if (want > out->n_index) {
		out->n_index = want + want / 2;
		out->index = xrealloc(out->index, out->n_index, sizeof(*out->index));
	}
	memset(out->index, 0xff, want * sizeof(*out->index));
}

static bool at_end(struct groups_next *n, size_t upto, size_t all)
{
	n->at = upto;
	return upto == all;
}

static uint32_t add_group(struct group_set *set, const struct world *w, const struct moment *m,
			  enum grouping by, size_t row)
{
	*vec_push(&set->all) = group_of(w, m, by, row);
	return (uint32_t)(set->all.n - 1);
}

/* Rows ahead of the one in hand: by then the memory that it needs is on its way. */
enum { SLOT_AHEAD = 32, GROUP_AHEAD = 16 };

static inline void fetch_ahead(const struct groups *out, const struct world *w,
			       const struct moment *m, enum grouping by, size_t row)
{
	size_t last = m->n - 1, far = row + SLOT_AHEAD < last ? row + SLOT_AHEAD : last,
	       near = row + GROUP_AHEAD < last ? row + GROUP_AHEAD : last;

	if (is_alive(m, far))
		__builtin_prefetch(&out->index[slot_of(w, m, by, far)]);
	if (is_alive(m, near) && out->index[slot_of(w, m, by, near)] != NO_GROUP)
		__builtin_prefetch(&out->set[out->made].all.v[out->index[slot_of(w, m, by, near)]]);
}

/* One loop for each way of grouping, without a choice in it. */
static inline __attribute__((always_inline)) void collect_by(struct groups *out,
							     const struct world *w,
							     const struct moment *m,
							     enum grouping by, size_t upto)
{
	struct group_set *set = &out->set[out->made];

	for (size_t row = out->next.at; row < upto; row++) {
		uint32_t *at;

		fetch_ahead(out, w, m, by, row);
		if (!is_alive(m, row)) {
			set->of.v[row] = NO_GROUP;
			continue;
		}
		at = &out->index[slot_of(w, m, by, row)];
		if (*at == NO_GROUP)
			*at = add_group(set, w, m, by, row);
		else
			group_join(&set->all.v[*at], w, m, row);
		set->of.v[row] = *at;
	}
}

/* All groups, kept from the last time where nothing but the filter changed. */
static bool collect_groups(struct groups *out)
{
	struct groups_next *n = &out->next;
	size_t upto = groups_piece(n, n->m->n);
	struct group_set *set;

	if (!n->at) {
		if (n->c.stamp && out->all_stamp == n->c.stamp && out->all_by == n->c.by)
			return true;
		out->all_stamp = 0; /* till it is whole */
		index_clear(out);
		out->made = !out->drawn;
		set = &out->set[out->made];
		set->all.n = 0;
		vec_reserve(&set->of, n->m->n);
		set->of.n = n->m->n;
	}
	if (n->c.by == GROUP_CREATOR)
		collect_by(out, n->w, n->m, GROUP_CREATOR, upto);
	else
		collect_by(out, n->w, n->m, GROUP_STACK, upto);
	if (!at_end(n, upto, n->m->n))
		return false;
	out->all_stamp = n->c.stamp;
	out->all_by = n->c.by;
	return true;
}

/* Rows that are summed up together: the groups that they need are on their way by then. */
enum { TOGETHER = 64 };

static void sum_some(struct groups *out, const uint32_t *row, size_t n)
{
	const struct group_set *set = &out->set[out->made];
	const struct world *w = out->next.w;
	const struct moment *m = out->next.m;
	const uint32_t *to = out->index;

	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(&out->next.v.v[to[set->of.v[row[i]]]]); /* NOLINT: it is there */
	for (size_t i = 0; i < n; i++) {
		struct group *into = &out->next.v.v[to[set->of.v[row[i]]]];

		if (into->n)
			group_join(into, w, m, row[i]);
		else
			*into = group_of(w, m, out->next.c.by, row[i]);
	}
}

/*
 * Those of which only some pass are summed up anew from these. index: where they are in v,
 * NO_GROUP for the others and at the end for those that are of none.
 */
static bool sum_partly(struct groups *out)
{
	const struct group_set *set = &out->set[out->made];
	uint32_t some[TOGETHER], none = (uint32_t)set->all.n;
	struct groups_next *next = &out->next;
	size_t n = 0, upto = groups_piece(next, next->m->n);

	if (!next->partly)
		return true;
	for (size_t row = next->at; row < upto; row++) {
		uint32_t g = set->of.v[row] < none ? set->of.v[row] : none;

		some[n] = (uint32_t)row;
		n += next->c.keep[row] & (out->index[g] != NO_GROUP);
		if (n == TOGETHER) {
			sum_some(out, some, n);
			n = 0;
		}
	}
	sum_some(out, some, n);
	return at_end(next, upto, next->m->n);
}

/* All but those of the runtime's own that do not. */
static void count_but_system(struct groups *out)
{
	const struct group_set *set = &out->set[out->made];
	const struct groups_next *n = &out->next;

	for (size_t i = 0; i < set->all.n; i++)
		out->kept.v[i] = set->all.v[i].n;
	for (size_t i = 0; i < n->w->system_row.n; i++) {
		uint32_t row = n->w->system_row.v[i];

		if (row < n->m->n && !n->c.keep[row] && set->of.v[row] != NO_GROUP)
			out->kept.v[set->of.v[row]]--;
	}
}

/* How many of each group pass. */
static bool count_kept(struct groups *out)
{
	const struct group_set *set = &out->set[out->made];
	struct groups_next *n = &out->next;
	size_t upto = groups_piece(n, n->m->n);

	if (!n->c.keep)
		return true;
	if (!n->at) {
		vec_reserve(&out->kept, set->all.n + 1);
		if (n->c.but_system) {
			count_but_system(out);
			return true;
		}
		memset(out->kept.v, 0, (set->all.n + 1) * sizeof(*out->kept.v));
	}
	for (size_t row = n->at; row < upto; row++) {
		uint32_t g = set->of.v[row];

		out->kept.v[g < set->all.n ? g : set->all.n] += n->c.keep[row];
	}
	return at_end(n, upto, n->m->n);
}

static void keep_room(struct groups *out)
{
	const struct group_set *set = &out->set[out->made];
	vec_reserve(&out->next.v, set->all.n);
	out->next.v.n = 0;
	if (out->n_index <= set->all.n) {
		out->n_index = set->all.n + 1;
		out->index = xrealloc(out->index, out->n_index, sizeof(*out->index));
	}
	out->index[set->all.n] = NO_GROUP; /* their keys are not asked for any more */
}

/* Groups of which some pass. */
static bool keep_groups(struct groups *out)
{
	const struct group_set *set = &out->set[out->made];
	struct groups_next *n = &out->next;
	size_t upto = groups_piece(n, set->all.n);

	if (!n->at)
		keep_room(out);
	for (size_t i = n->at; i < upto; i++) {
		struct group *g = &n->v.v[n->v.n];

		out->index[i] = NO_GROUP;
		if (n->c.keep && !out->kept.v[i])
			continue;
		*g = set->all.v[i];
		if (n->c.keep && out->kept.v[i] != g->n) {
			n->partly = true;
			g->n = 0;
			out->index[i] = (uint32_t)n->v.n;
		}
		n->v.n++;
	}
	return at_end(n, upto, set->all.n);
}

static bool list_groups(struct groups *out)
{
	struct groups_next *n = &out->next;
	size_t upto = groups_piece(n, n->v.n);

	if (!n->at) {
		vec_reserve(&n->order, n->v.n);
		n->order.n = n->v.n;
	}
	for (size_t i = n->at; i < upto; i++) {
		n->order.v[i].at = (uint32_t)i;
		n->shown += n->v.v[i].n;
	}
	return at_end(n, upto, n->v.n);
}

/* --- one by one --- */

static bool flat_is_known(const struct groups *g)
{
	const struct groups_config *c = &g->next.c;

	return c->stamp && g->flat_stamp == c->stamp && g->flat_sort == c->sort;
}

static bool collect_rows(struct groups *g)
{
	struct groups_next *n = &g->next;
	size_t upto = groups_piece(n, n->m->n);

	if (!n->at) {
		if (flat_is_known(g))
			return true;
		g->flat_stamp = 0;
		vec_reserve(&n->order, n->m->n);
	}
	for (size_t row = n->at; row < upto; row++) {
		n->order.v[n->order.n].at = (uint32_t)row;
		n->order.n += is_alive(n->m, row);
	}
	return at_end(n, upto, n->m->n);
}

/* All rows in their order are kept for the next time, where nothing but the filter changes. */
static bool store_flat(struct groups *g)
{
	struct groups_next *n = &g->next;
	size_t upto = groups_piece(n, n->order.n);

	if (!n->at) {
		if (flat_is_known(g))
			return true;
		vec_reserve(&g->flat, n->order.n);
		g->flat.n = n->order.n;
	}
	for (size_t i = n->at; i < upto; i++)
		g->flat.v[i] = n->order.v[i].at;
	if (!at_end(n, upto, n->order.n))
		return false;
	g->flat_stamp = n->c.stamp;
	g->flat_sort = n->c.sort;
	return true;
}

static bool filter_flat(struct groups *g)
{
	struct groups_next *n = &g->next;
	size_t upto = groups_piece(n, g->flat.n);

	if (!n->at) {
		n->order.n = 0;
		vec_reserve(&n->order, g->flat.n);
	}
	for (size_t i = n->at; i < upto; i++) {
		n->order.v[n->order.n].at = g->flat.v[i];
		n->order.n += !n->c.keep || n->c.keep[g->flat.v[i]];
	}
	n->shown = n->order.n;
	return at_end(n, upto, g->flat.n);
}

/* --- all of it --- */

static bool turn_round(struct groups *g)
{
	struct sortable *v = g->next.order.v;

	for (size_t i = 0, k = g->next.order.n; g->next.c.invert && i + 1 < k; i++) {
		struct sortable s = v[i];

		v[i] = v[--k];
		v[k] = s;
	}
	return true;
}

/* What was in the making is what is shown. */
static bool show(struct groups *g)
{
	struct groups_next *n = &g->next;
	typeof(g->order) order = g->order;
	typeof(g->v) v = g->v;

	memcpy(&g->order, &n->order, sizeof(order));
	memcpy(&n->order, &order, sizeof(order));
	memcpy(&g->v, &n->v, sizeof(v));
	memcpy(&n->v, &v, sizeof(v));
	g->drawn = n->c.by == GROUP_NONE ? g->drawn : g->made;
	g->by = n->c.by;
	g->shown = n->shown;
	n->busy = false;
	return true;
}

typedef bool stage_fn(struct groups *g);

static stage_fn *const by_group[] = { collect_groups, count_kept,  keep_groups,
				      sum_partly,     list_groups, groups_rank,
				      groups_sort,    turn_round,  show };
static stage_fn *const one_by_one[] = { collect_rows, groups_rank, groups_sort, store_flat,
					filter_flat,  turn_round,  show };

void groups_begin(struct groups *g, const struct world *w, const struct moment *m,
		  const struct groups_config *c)
{
	struct groups_next *n = &g->next;

	n->w = w;
	n->m = m;
	n->c = *c;
	n->stage = n->step = n->pass = 0;
	n->at = 0;
	n->shown = 0;
	n->v.n = n->order.n = 0;
	n->partly = false;
	n->busy = true;
}

bool groups_step(struct groups *g, int64_t piece_ns)
{
	int64_t until = piece_ns ? clock_cpu_ns() + piece_ns : 0;
	struct groups_next *n = &g->next;

	while (n->busy) {
		if ((n->c.by == GROUP_NONE ? one_by_one : by_group)[n->stage](g)) {
			n->stage++;
			n->step = 0;
			n->at = 0;
		}
		if (until && n->busy && clock_cpu_ns() >= until)
			return false;
	}
	return true;
}

void groups_make(struct groups *g, const struct world *w, const struct moment *m,
		 const struct groups_config *c)
{
	groups_begin(g, w, m, c);
	groups_step(g, 0);
}

struct group groups_at(const struct groups *g, const struct world *w, const struct moment *m,
		       size_t i)
{
	uint32_t at = g->order.v[i].at;

	return g->by == GROUP_NONE ? group_of(w, m, g->by, at) : g->v.v[at];
}

uint32_t groups_row(const struct groups *g, size_t i)
{
	uint32_t at = g->order.v[i].at;

	return g->by == GROUP_NONE ? at : g->v.v[at].row;
}

size_t groups_find(const struct groups *g, uint32_t row)
{
	for (size_t i = 0; g->by == GROUP_NONE && i < g->order.n; i++)
		if (g->order.v[i].at == row)
			return i;
	return SIZE_MAX;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/groups.h"

#include <stdlib.h>
#include <string.h>

void groups_release(struct groups *g)
{
	vec_free(&g->v);
	vec_free(&g->order);
	vec_free(&g->all);
	vec_free(&g->of);
	vec_free(&g->kept);
	vec_free(&g->flat);
	vec_free(&g->swap);
	vec_free(&g->place);
	vec_free(&g->plumbing);
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

static void index_clear(struct groups *out, const struct world *w, enum grouping by)
{
	size_t want = w->stacks.stack.n * (by == GROUP_CREATOR ? 1 : STATES_ALIVE);

	if (want > out->n_index) {
		out->n_index = want + want / 2;
		out->index = xrealloc(out->index, out->n_index, sizeof(*out->index));
	}
	memset(out->index, 0xff, want * sizeof(*out->index));
}

static void collect_rows(struct groups *out, const struct moment *m)
{
	vec_reserve(&out->order, m->n);
	for (size_t row = 0; row < m->n; row++) {
		out->order.v[out->order.n].at = (uint32_t)row;
		out->order.n += is_alive(m, row);
	}
}

static uint32_t add_group(struct groups *out, const struct world *w, const struct moment *m,
			  enum grouping by, size_t row)
{
	*vec_push(&out->all) = group_of(w, m, by, row);
	return (uint32_t)(out->all.n - 1);
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
		__builtin_prefetch(&out->all.v[out->index[slot_of(w, m, by, near)]]);
}

/* One loop for each way of grouping, without a choice in it. */
static inline __attribute__((always_inline)) void
collect_by(struct groups *out, const struct world *w, const struct moment *m, enum grouping by)
{
	for (size_t row = 0; row < m->n; row++) {
		uint32_t *at;

		fetch_ahead(out, w, m, by, row);
		if (!is_alive(m, row)) {
			out->of.v[row] = NO_GROUP;
			continue;
		}
		at = &out->index[slot_of(w, m, by, row)];
		if (*at == NO_GROUP)
			*at = add_group(out, w, m, by, row);
		else
			group_join(&out->all.v[*at], w, m, row);
		out->of.v[row] = *at;
	}
}

/* All groups, kept from the last time where nothing but the filter changed. */
static void collect_groups(struct groups *out, const struct world *w, const struct moment *m,
			   const struct groups_config *c)
{
	if (c->stamp && out->all_stamp == c->stamp && out->all_by == c->by)
		return;
	index_clear(out, w, c->by);
	out->all.n = 0;
	vec_reserve(&out->of, m->n);
	out->of.n = m->n;
	if (c->by == GROUP_CREATOR)
		collect_by(out, w, m, GROUP_CREATOR);
	else
		collect_by(out, w, m, GROUP_STACK);
	out->all_stamp = c->stamp;
	out->all_by = c->by;
}

/* Rows that are summed up together: the groups that they need are on their way by then. */
enum { TOGETHER = 64 };

static void sum_some(struct groups *out, const struct world *w, const struct moment *m,
		     const struct groups_config *c, const uint32_t *to, const uint32_t *row,
		     size_t n)
{
	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(&out->v.v[to[out->of.v[row[i]]]]);
	for (size_t i = 0; i < n; i++) {
		struct group *into = &out->v.v[to[out->of.v[row[i]]]];

		if (into->n)
			group_join(into, w, m, row[i]);
		else
			*into = group_of(w, m, c->by, row[i]);
	}
}

/*
 * Those of which only some pass are summed up anew from these. to: where they are in v,
 * NO_GROUP for the others and at the end for those that are of none.
 */
static void sum_partly(struct groups *out, const struct world *w, const struct moment *m,
		       const struct groups_config *c, const uint32_t *to)
{
	uint32_t some[TOGETHER], none = (uint32_t)out->all.n;
	size_t n = 0;

	for (size_t row = 0; row < m->n; row++) {
		uint32_t g = out->of.v[row] < none ? out->of.v[row] : none;

		some[n] = (uint32_t)row;
		n += c->keep[row] & (to[g] != NO_GROUP);
		if (n == TOGETHER) {
			sum_some(out, w, m, c, to, some, n);
			n = 0;
		}
	}
	sum_some(out, w, m, c, to, some, n);
}

/* How many of each group pass. */
static void count_kept(struct groups *out, const struct world *w, const struct moment *m,
		       const struct groups_config *c)
{
	vec_reserve(&out->kept, out->all.n + 1);
	if (c->but_system) {
		for (size_t i = 0; i < out->all.n; i++)
			out->kept.v[i] = out->all.v[i].n;
		for (size_t i = 0; i < w->system_row.n; i++) {
			uint32_t row = w->system_row.v[i];

			if (row < m->n && !c->keep[row] && out->of.v[row] != NO_GROUP)
				out->kept.v[out->of.v[row]]--;
		}
		return;
	}
	memset(out->kept.v, 0, (out->all.n + 1) * sizeof(*out->kept.v));
	for (size_t row = 0; row < m->n; row++) {
		uint32_t g = out->of.v[row];

		out->kept.v[g < out->all.n ? g : out->all.n] += c->keep[row];
	}
}

static void keep_groups(struct groups *out, const struct world *w, const struct moment *m,
			const struct groups_config *c)
{
	uint32_t *to;

	count_kept(out, w, m, c);
	vec_reserve(&out->v, out->all.n);
	if (out->n_index <= out->all.n) {
		out->n_index = out->all.n + 1;
		out->index = xrealloc(out->index, out->n_index, sizeof(*out->index));
	}
	to = out->index; /* their keys are not asked for any more */
	for (size_t i = 0; i < out->all.n; i++) {
		struct group *g = &out->v.v[out->v.n];

		to[i] = NO_GROUP;
		if (!out->kept.v[i])
			continue;
		*g = out->all.v[i];
		if (out->kept.v[i] != g->n) {
			out->partly = true;
			g->n = 0;
			to[i] = (uint32_t)out->v.n;
		}
		out->v.n++;
	}
	to[out->all.n] = NO_GROUP;
	if (out->partly)
		sum_partly(out, w, m, c, to);
}

static void make_groups(struct groups *out, const struct world *w, const struct moment *m,
			const struct groups_config *c)
{
	collect_groups(out, w, m, c);
	out->partly = false;
	if (c->keep) {
		keep_groups(out, w, m, c);
	} else {
		vec_reserve(&out->v, out->all.n);
		out->v.n = out->all.n;
		if (out->all.n)
			memcpy(out->v.v, out->all.v, out->all.n * sizeof(*out->v.v));
	}
	vec_reserve(&out->order, out->v.n);
	out->order.n = out->v.n;
	for (size_t i = 0; i < out->v.n; i++) {
		out->order.v[i].at = (uint32_t)i;
		out->shown += out->v.v[i].n;
	}
}

/* --- order --- */

/* What is sorted by, the least first; every order is made of some, one after the other. */
enum pass { BY_ID, BY_WAIT, BY_COUNT, BY_STATE, BY_ON, BY_PLACE, BY_SWITCHES };

static inline uint64_t pass_key(const struct groups *g, const struct world *w,
				const struct moment *m, enum pass by, uint32_t at)
{
	const struct group *one = g->by == GROUP_NONE ? NULL : &g->v.v[at];
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
		return UINT32_MAX - w->g.v[row].switches;
	default:
		return w->key.v[row].goid;
	}
}

/* Stable, 11 bits at a time. v and tmp change places; returns the one that holds the result. */
static struct sortable *radix(struct sortable *v, struct sortable *tmp, size_t n)
{
	enum { BITS = 11, SIZE = 1 << BITS, DIGITS = 3 };
	uint32_t count[DIGITS][SIZE] = { 0 };

	for (size_t i = 0; i < n; i++)
		for (unsigned d = 0; d < DIGITS; d++)
			count[d][v[i].key >> d * BITS & (SIZE - 1)]++;
	for (unsigned d = 0; d < DIGITS; d++) {
		uint32_t *c = count[d], before = 0;
		struct sortable *swap = tmp;

		if (c[v[0].key >> d * BITS & (SIZE - 1)] == n)
			continue; /* all have the same */
		for (size_t i = 0; i < SIZE; i++) {
			uint32_t here = c[i];

			c[i] = before;
			before += here;
		}
		for (size_t i = 0; i < n; i++)
			tmp[c[v[i].key >> d * BITS & (SIZE - 1)]++] = v[i];
		tmp = v;
		v = swap;
	}
	return v;
}

/*
 * Sorts by one thing, what is equal stays as it is. Where the keys span more than 32
 * bits, the last ones are left out: times an hour apart are told apart to a microsecond.
 * Key 0 stands first and counts for no span: it is T_BEFORE, 292 years before all others.
 */
static inline __attribute__((always_inline)) void order_by(struct groups *g, const struct world *w,
							   const struct moment *m, enum pass by)
{
	uint64_t least = UINT64_MAX, most = 0, before = 0;
	size_t n = g->order.n;
	struct sortable *v = g->order.v;
	unsigned shift = 0;
	bool sorted = true, wide = by == BY_WAIT || by == BY_ID;

	for (size_t i = 0; i < n; i++) {
		uint64_t key = pass_key(g, w, m, by, v[i].at);

		v[i].key = (uint32_t)key; /* all of it, where it is not wide */
		sorted &= key >= before;
		before = key;
		least = key - 1 < least ? key - 1 : least;
		most = key > most ? key : most;
	}
	if (sorted)
		return;
	while ((most - least) >> shift > UINT32_MAX - 1)
		shift++;
	for (size_t i = 0; i < n && wide; i++) {
		uint64_t key = pass_key(g, w, m, by, v[i].at);

		v[i].key = key ? (uint32_t)((key - least - 1) >> shift) + 1 : 0;
	}
	if (radix(v, g->swap.v, n) == v)
		return;
	g->order.v = g->swap.v;
	g->swap.v = v;
}

/* One loop for each, without a choice in it. */
static void order_pass(struct groups *g, const struct world *w, const struct moment *m,
		       enum pass by)
{
	switch (by) {
	case BY_ID:
		return order_by(g, w, m, BY_ID);
	case BY_WAIT:
		return order_by(g, w, m, BY_WAIT);
	case BY_COUNT:
		return order_by(g, w, m, BY_COUNT);
	case BY_STATE:
		return order_by(g, w, m, BY_STATE);
	case BY_ON:
		return order_by(g, w, m, BY_ON);
	case BY_PLACE:
		return order_by(g, w, m, BY_PLACE);
	case BY_SWITCHES:
		return order_by(g, w, m, BY_SWITCHES);
	}
}

/* How much a frame is of the program itself, by the package that its function is in. */
enum plumbing {
	PLACE_OWN, /* where one waits */
	PLACE_STD, /* of the standard library: where, if nothing else is */
	PLACE_PLUMBING /* how one waits */
};

/* The standard library's packages, by the first element of their path. */
static const char *const std_packages[] = {
	"archive",  "bufio",  "bytes",	 "cmp",	     "compress", "container", "context", "crypto",
	"database", "debug",  "embed",	 "encoding", "errors",	 "expvar",    "flag",	 "fmt",
	"go",	    "hash",   "html",	 "image",    "index",	 "io",	      "iter",	 "log",
	"maps",	    "math",   "mime",	 "net",	     "path",	 "plugin",    "reflect", "regexp",
	"slices",   "sort",   "strconv", "strings",  "structs",	 "testing",   "text",	 "time",
	"unicode",  "unique", "unsafe",	 "vendor",   "weak",
};

static int name_compare(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *)b);
}

static enum plumbing plumbing(const char *func)
{
	static const char *const prefix[] = { "runtime.", "sync.", "internal/", "time.Sleep",
					      "syscall.", "os.",   "net." };
	char first[16];
	size_t n = strcspn(func, "./");

	for (size_t i = 0; i < ARRAY_SIZE(prefix); i++)
		if (!strncmp(func, prefix[i], strlen(prefix[i])))
			return PLACE_PLUMBING;
	if (n >= sizeof(first))
		return PLACE_OWN;
	memcpy(first, func, n);
	first[n] = '\0';
	return bsearch(first, std_packages, ARRAY_SIZE(std_packages), sizeof(*std_packages),
		       name_compare)
		       ? PLACE_STD
		       : PLACE_OWN;
}

bool func_is_own(const char *func)
{
	return *func && plumbing(func) == PLACE_OWN;
}

static enum plumbing known_plumbing(struct groups *g, const struct world *w, uint32_t string)
{
	while (g->plumbing.n <= string)
		*vec_push(&g->plumbing) = 0;
	if (!g->plumbing.v[string])
		g->plumbing.v[string] = (uint8_t)(1 + plumbing(strtab_get(&w->strings, string)));
	return (enum plumbing)(g->plumbing.v[string] - 1);
}

/* Its number among the stack's frames; what each string is may be remembered in g. */
static uint32_t place_of(struct groups *g, const struct world *w, uint32_t stack)
{
	uint32_t best = 0;
	enum plumbing least = PLACE_PLUMBING;
	const struct frame *f;

	for (uint32_t i = 0; least != PLACE_OWN && (f = stacktab_frame(&w->stacks, stack, i));
	     i++) {
		enum plumbing p = g ? known_plumbing(g, w, f->func)
				    : plumbing(strtab_get(&w->strings, f->func));

		if (p < least) {
			least = p;
			best = i;
		}
	}
	return best;
}

/* The stacks by file and line of where they stand; remembered while none is added. */
static void rank_places(struct groups *g, const struct world *w)
{
	size_t n = w->stacks.stack.n;
	struct sortable *v, *tmp, *by;
	const struct frame *f;

	if (g->place.n == n)
		return;
	v = xmalloc(2 * n * sizeof(*v));
	tmp = v + n;
	vec_reserve(&g->place, n);
	for (size_t i = 0; i < n; i++) {
		f = stacktab_frame(&w->stacks, (uint32_t)i, place_of(g, w, (uint32_t)i));
		v[i] = (struct sortable){ f ? f->line : UINT32_MAX, (uint32_t)i };
	}
	by = radix(v, tmp, n);
	for (size_t i = 0; i < n; i++) {
		f = stacktab_frame(&w->stacks, by[i].at, place_of(g, w, by[i].at));
		by[i].key = f ? f->file : UINT32_MAX;
	}
	by = radix(by, by == v ? tmp : v, n);
	for (size_t i = 0; i < n; i++)
		g->place.v[by[i].at] = (uint32_t)i;
	g->place.n = n;
	free(v);
}

/* Ids make every order whole; groups of equal size stand by how long they wait. */
static void order(struct groups *g, const struct world *w, const struct moment *m,
		  enum sort_by sort)
{
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

	if (sort == SORT_WHERE)
		rank_places(g, w);
	vec_reserve(&g->swap, g->order.cap);
	g->swap.cap = g->order.cap; /* they change places */
	/* they were collected by row; a group's own is another where that one does not pass */
	for (unsigned i = w->rows_by_id && (g->by == GROUP_NONE || !g->partly); i < orders[sort].n;
	     i++)
		order_pass(g, w, m, (enum pass)orders[sort].pass[i]);
}

static void turn_round(struct groups *g)
{
	for (size_t i = 0, k = g->order.n; i + 1 < k; i++) {
		struct sortable s = g->order.v[i];

		g->order.v[i] = g->order.v[--k];
		g->order.v[k] = s;
	}
}

/* All rows in their order, kept from the last time where nothing but the filter changed. */
static void make_flat(struct groups *g, const struct world *w, const struct moment *m,
		      const struct groups_config *c)
{
	if (!c->stamp || g->flat_stamp != c->stamp || g->flat_sort != c->sort) {
		collect_rows(g, m);
		if (g->order.n > 1)
			order(g, w, m, c->sort);
		vec_reserve(&g->flat, g->order.n);
		for (size_t i = 0; i < g->order.n; i++)
			g->flat.v[i] = g->order.v[i].at;
		g->flat.n = g->order.n;
		g->flat_stamp = c->stamp;
		g->flat_sort = c->sort;
		g->order.n = 0;
	}
	vec_reserve(&g->order, g->flat.n);
	for (size_t i = 0; i < g->flat.n; i++) {
		g->order.v[g->order.n].at = g->flat.v[i];
		g->order.n += !c->keep || c->keep[g->flat.v[i]];
	}
	g->shown = g->order.n;
}

void groups_make(struct groups *out, const struct world *w, const struct moment *m,
		 const struct groups_config *c)
{
	out->by = c->by;
	out->v.n = out->order.n = 0;
	out->shown = 0;
	if (c->by == GROUP_NONE) {
		make_flat(out, w, m, c);
	} else {
		make_groups(out, w, m, c);
		if (out->order.n > 1)
			order(out, w, m, c->sort);
	}
	if (c->invert)
		turn_round(out);
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

const struct frame *stack_place(const struct world *w, uint32_t stack)
{
	return stacktab_frame(&w->stacks, stack, place_of(NULL, w, stack));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/groups.h"

#include <stdlib.h>
#include <string.h>

void groups_release(struct groups *g)
{
	vec_free(&g->v);
	free(g->index);
	memset(g, 0, sizeof(*g));
}

static uint32_t key_of(const struct world *w, const struct moment *m, enum grouping by, size_t row)
{
	return by == GROUP_CREATOR ? w->g.v[row].create_stack : m->stack[row];
}

/* Goroutines of one stack in different states are different groups. */
static size_t slot_of(const struct moment *m, enum grouping by, uint32_t key, size_t row)
{
	return by == GROUP_CREATOR ? key : (size_t)key * GS_N + m->state[row];
}

static bool row_wanted(const struct moment *m, const struct groups_config *c, size_t row)
{
	if (m->state[row] == GS_NONE || m->state[row] == GS_DEAD)
		return false;
	return !c->keep || c->keep[row];
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

static void group_join(struct group *g, const struct world *w, const struct moment *m, size_t row)
{
	g->n++;
	if (m->since[row] < g->since)
		g->since = m->since[row];
	if (w->g.v[row].goid < w->g.v[g->row].goid)
		g->row = (uint32_t)row;
}

static void index_clear(struct groups *out, const struct world *w, enum grouping by)
{
	size_t want = w->stacks.stack.n * (by == GROUP_CREATOR ? 1 : GS_N);

	if (want > out->n_index) {
		out->n_index = want + want / 2;
		out->index = xrealloc(out->index, out->n_index, sizeof(*out->index));
	}
	memset(out->index, 0, want * sizeof(*out->index));
}

static void collect(struct groups *out, const struct world *w, const struct moment *m,
		    const struct groups_config *c)
{
	if (c->by != GROUP_NONE)
		index_clear(out, w, c->by);
	for (size_t row = 0; row < m->n; row++) {
		uint32_t *slot;

		if (!row_wanted(m, c, row))
			continue;
		out->shown++;
		if (c->by == GROUP_NONE) {
			*vec_push(&out->v) = group_of(w, m, c->by, row);
			continue;
		}
		slot = &out->index[slot_of(m, c->by, key_of(w, m, c->by, row), row)];
		if (*slot) {
			group_join(&out->v.v[*slot - 1], w, m, row);
			continue;
		}
		*vec_push(&out->v) = group_of(w, m, c->by, row);
		*slot = (uint32_t)out->v.n;
	}
}

/* --- order --- */

struct sortable {
	uint64_t key;
	uint32_t at;
};

static uint64_t since_key(int64_t since)
{
	return (uint64_t)since ^ (uint64_t)1 << 63;
}

static uint64_t place_key(const struct world *w, uint32_t stack)
{
	const struct frame *f = stack_place(w, stack);

	return f ? (uint64_t)f->file << 32 | f->line : UINT64_MAX;
}

/* Smaller keys stand first. */
static uint64_t sort_key(const struct world *w, const struct moment *m, const struct group *g,
			 enum sort_by by)
{
	switch (by) {
	case SORT_COUNT:
		return UINT64_MAX - g->n;
	case SORT_STATE:
		return g->state;
	case SORT_WAIT:
		return since_key(g->since);
	case SORT_ON:
		return g->reason;
	case SORT_WHERE:
		return place_key(w, m->stack[g->row]);
	case SORT_SWITCHES:
		return UINT64_MAX - w->g.v[g->row].switches;
	default:
		return w->g.v[g->row].goid;
	}
}

/* Stable, 11 bits at a time; digits that all keys share are passed over. */
static void radix(struct sortable *v, struct sortable *tmp, size_t n)
{
	enum { BITS = 11, SIZE = 1 << BITS };
	uint64_t any = 0, all = ~(uint64_t)0;

	for (size_t i = 0; i < n; i++) {
		any |= v[i].key;
		all &= v[i].key;
	}
	for (unsigned shift = 0; shift < 64; shift += BITS) {
		size_t count[SIZE + 1] = { 0 };

		if (!((any ^ all) >> shift & (SIZE - 1)))
			continue;
		for (size_t i = 0; i < n; i++)
			count[(v[i].key >> shift & (SIZE - 1)) + 1]++;
		for (size_t i = 0; i < SIZE; i++)
			count[i + 1] += count[i];
		for (size_t i = 0; i < n; i++)
			tmp[count[v[i].key >> shift & (SIZE - 1)]++] = v[i];
		memcpy(v, tmp, n * sizeof(*v));
	}
}

static bool sorted(const struct sortable *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (v[i - 1].key > v[i].key)
			return false;
	return true;
}

static void order(struct groups *out, const struct world *w, const struct moment *m,
		  const struct groups_config *c)
{
	/* ids make every order whole: equal keys stand by id */
	const enum sort_by pass[] = { SORT_ID, SORT_WAIT, c->sort };
	size_t n = out->v.n, first = c->sort == SORT_ID ? 2 : c->sort == SORT_COUNT ? 0 : 1;
	struct sortable *v = xmalloc(n * sizeof(*v)), *tmp = xmalloc(n * sizeof(*tmp));
	struct group *g = xmalloc(n * sizeof(*g));

	for (size_t i = 0; i < n; i++)
		v[i].at = (uint32_t)i;
	for (size_t p = first == 1 ? 0 : first; p < ARRAY_SIZE(pass); p++) {
		if (first == 1 && p == 1)
			continue;
		for (size_t i = 0; i < n; i++)
			v[i].key = sort_key(w, m, &out->v.v[v[i].at], pass[p]);
		if (!sorted(v, n))
			radix(v, tmp, n);
	}
	for (size_t i = 0; i < n; i++)
		g[c->invert ? n - 1 - i : i] = out->v.v[v[i].at];
	memcpy(out->v.v, g, n * sizeof(*g));
	free(g);
	free(tmp);
	free(v);
}

void groups_make(struct groups *out, const struct world *w, const struct moment *m,
		 const struct groups_config *c)
{
	out->v.n = 0;
	out->shown = 0;
	collect(out, w, m, c);
	if (out->v.n > 1)
		order(out, w, m, c);
}

/* Packages whose frames are how one waits, not where. */
static bool plumbing(const char *func)
{
	static const char *const prefix[] = { "runtime.", "sync.", "internal/", "time.Sleep",
					      "syscall.", "os.",   "net." };

	for (size_t i = 0; i < ARRAY_SIZE(prefix); i++)
		if (!strncmp(func, prefix[i], strlen(prefix[i])))
			return true;
	return false;
}

const struct frame *stack_place(const struct world *w, uint32_t stack)
{
	const struct frame *f;

	for (uint32_t i = 0; (f = stacktab_frame(&w->stacks, stack, i)); i++)
		if (!plumbing(strtab_get(&w->strings, f->func)))
			return f;
	return stacktab_frame(&w->stacks, stack, 0);
}

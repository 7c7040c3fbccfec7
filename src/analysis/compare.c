/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/compare.h"

#include <stdlib.h>

#include "analysis/groups.h"

void snapshot_begin(struct snapshot_maker *k, const struct world *w, const struct moment *m,
		    const bool *keep)
{
	struct groups_config c = { .by = GROUP_STACK, .sort = SORT_ID, .keep = keep };

	k->groups = k->groups ? k->groups : xcalloc(1, sizeof(*k->groups));
	groups_begin(k->groups, w, m, &c);
}

bool snapshot_step(struct snapshot_maker *k, struct snapshot *s, int64_t piece_ns)
{
	const struct world *w = k->groups->next.w;
	const struct moment *m = k->groups->next.m;

	if (!groups_step(k->groups, piece_ns))
		return false;
	s->time = m->time;
	s->total = k->groups->shown;
	s->v.n = 0;
	vec_reserve(&s->v, groups_n(k->groups));
	for (size_t i = 0; i < groups_n(k->groups); i++) {
		struct group one = groups_at(k->groups, w, m, i);

		*vec_push(&s->v) = (struct snap_group){
			.stack = one.key,
			.goid = w->key.v[one.row].goid,
			.n = one.n,
			.state = one.state,
			.reason = one.reason,
		};
	}
	return true;
}

void snapshot_maker_release(struct snapshot_maker *k)
{
	if (k->groups)
		groups_release(k->groups);
	free(k->groups);
	k->groups = NULL;
}

void snapshot_take(struct snapshot *s, const struct world *w, const struct moment *m,
		   const bool *keep)
{
	struct snapshot_maker k = { 0 };

	snapshot_begin(&k, w, m, keep);
	snapshot_step(&k, s, 0);
	snapshot_maker_release(&k);
}

void snapshot_release(struct snapshot *s)
{
	vec_free(&s->v);
}

static uint64_t key_of(const struct snap_group *g)
{
	return (uint64_t)g->stack << 8 | g->state;
}

static void add(struct comparison *out, const struct snap_group *g, uint32_t before, uint32_t now)
{
	enum change_kind kind = !before	       ? GROUP_NEW
				: !now	       ? GROUP_GONE
				: now > before ? GROUP_GROWN
					       : GROUP_SHRUNK;

	if (before == now)
		return;
	out->n[kind]++;
	*vec_push(&out->v) = (struct group_change){
		.stack = g->stack,
		.goid = g->goid,
		.before = before,
		.now = now,
		.state = g->state,
		.reason = g->reason,
		.kind = (uint8_t)kind,
	};
}

static uint32_t difference(const struct group_change *c)
{
	return c->now > c->before ? c->now - c->before : c->before - c->now;
}

static int by_kind(const void *a, const void *b)
{
	const struct group_change *x = a, *y = b;
	uint32_t dx = difference(x), dy = difference(y);

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (dx != dy)
		return dx > dy ? -1 : 1;
	return x->goid < y->goid ? -1 : x->goid > y->goid;
}

void snapshot_compare(const struct snapshot *then, const struct snapshot *now,
		      struct comparison *out)
{
	struct map64 before = { 0 };
	bool *met = xcalloc(then->v.n + 1, sizeof(*met));

	for (size_t i = 0; i < then->v.n; i++)
		map64_put(&before, key_of(&then->v.v[i]), (uint32_t)i);
	out->v.n = 0;
	memset(out->n, 0, sizeof(out->n));
	for (size_t i = 0; i < now->v.n; i++) {
		const struct snap_group *g = &now->v.v[i];
		uint32_t at = map64_get(&before, key_of(g));

		if (at != UINT32_MAX)
			met[at] = true;
		add(out, g, at == UINT32_MAX ? 0 : then->v.v[at].n, g->n);
	}
	for (size_t i = 0; i < then->v.n; i++)
		if (!met[i])
			add(out, &then->v.v[i], then->v.v[i].n, 0);
	if (out->v.n)
		qsort(out->v.v, out->v.n, sizeof(*out->v.v), by_kind);
	map64_free(&before);
	free(met);
}

void comparison_release(struct comparison *c)
{
	vec_free(&c->v);
}

const char *change_name(enum change_kind k)
{
	static const char *const names[] = { "new", "grown", "gone", "shrunk" };

	return (unsigned)k < ARRAY_SIZE(names) ? names[k] : "";
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/flame.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/groups.h"
#include "core/clock.h"

enum {
	NODES_MOST = 4 * 1000 * 1000, /* beyond it calls are not told apart any more */
	LOOK_EVERY = 64, /* stacks between two looks at the clock */
	SUM_AT_ONCE = 1 << 15, /* nodes between two, when they are summed up */
};

/* --- the tree --- */

static uint32_t node_add(struct flame *f, uint32_t parent, const struct flame_node *like)
{
	uint32_t i = (uint32_t)f->node.n;
	struct flame_node *n = vec_push(&f->node);

	*n = *like;
	n->parent = parent;
	n->first_child = n->next = NO_FLAME;
	n->depth = 0;
	*vec_push(&f->new_self) = 0;
	if (parent == NO_FLAME)
		return i;
	n->depth = (uint16_t)(f->node.v[parent].depth + 1);
	n->next = f->node.v[parent].first_child;
	f->node.v[parent].first_child = i;
	return i;
}

static bool is_own(struct flame *f, uint32_t func)
{
	uint32_t own = map64_get(&f->own, func);

	if (own == UINT32_MAX) {
		own = func_is_own(strtab_get(&f->w->strings, func));
		map64_put(&f->own, func, own);
	}
	return own;
}

/* Heads lie in a space of keys of their own: no function has their flag. */
static uint64_t child_key(uint32_t parent, uint32_t what, unsigned flags)
{
	uint64_t h = (uint64_t)parent << 32 | what;

	return flags ? hash_u64(h) ^ (uint64_t)flags * 0x9e3779b97f4a7c15ull : h;
}

static bool is_node(const struct flame *f, uint32_t i, uint32_t parent,
		    const struct flame_node *like, unsigned flags)
{
	const struct flame_node *n = &f->node.v[i];

	return n->parent == parent && n->func == like->func &&
	       (n->flags & (FLAME_HEAD | FLAME_INLINED | FLAME_UNKNOWN)) == flags &&
	       (!(flags & FLAME_HEAD) || (n->by == like->by && n->kind == like->kind));
}

/* The child that is like the one given, made where it is not there. */
static uint32_t child_of(struct flame *f, uint32_t parent, struct flame_node *like)
{
	unsigned flags = like->flags & (FLAME_HEAD | FLAME_INLINED | FLAME_UNKNOWN);
	unsigned salt = flags | (flags & FLAME_HEAD ? like->by << 4u | like->kind << 8u : 0);
	uint64_t key = child_key(parent, like->func, salt);
	uint32_t i;

	/* keys of heads and inlined calls may meet those of others: then the next one is taken */
	while ((i = map64_parts_get(&f->child, key)) != UINT32_MAX) {
		if (is_node(f, i, parent, like, flags))
			return i;
		key = hash_u64(key + 1);
	}
	if (f->node.n >= NODES_MOST)
		return parent;
	if (!(flags & (FLAME_HEAD | FLAME_UNKNOWN)) && is_own(f, like->func))
		like->flags |= FLAME_OWN;
	i = node_add(f, parent, like);
	map64_parts_put(&f->child, key, i);
	return i;
}

static uint32_t unknown_of(struct flame *f, uint32_t parent)
{
	struct flame_node like = { .flags = FLAME_UNKNOWN, .kind = f->node.v[parent].kind };

	return child_of(f, parent, &like);
}

static uint32_t make_leaf(struct flame *f, uint32_t head, uint32_t stack)
{
	uint32_t depth = stacktab_depth(&f->w->stacks, stack), at = head;

	if (!depth)
		return unknown_of(f, head);
	for (uint32_t i = depth; i-- > 0 && f->node.v[at].depth < FLAME_DEPTH;) {
		const struct frame *fr = stacktab_frame(&f->w->stacks, stack, i);
		struct flame_node like = {
			.func = fr->func,
			.stack = stack,
			.frame = (uint16_t)(i < UINT16_MAX ? i : UINT16_MAX),
			.kind = f->node.v[at].kind,
			.flags = fr->flags & FRAME_INLINED ? FLAME_INLINED : 0,
		};
		uint32_t child = child_of(f, at, &like);

		if (child == at)
			break;
		at = child;
	}
	return at;
}

static uint32_t leaf_of(struct flame *f, uint32_t head, uint32_t stack)
{
	uint64_t key = (uint64_t)head << 32 | stack;
	uint32_t leaf = map64_parts_get(&f->leaf_of, key);

	if (leaf == UINT32_MAX) {
		leaf = make_leaf(f, head, stack);
		map64_parts_put(&f->leaf_of, key, leaf);
	}
	return leaf;
}

/* Off CPU the kind of time stands above; then what it is parted by. */
static uint32_t head_node(struct flame *f, const struct profile_head *h)
{
	struct flame_node like = { .flags = FLAME_HEAD, .kind = h->kind };
	uint32_t at = 0;

	if (f->choice.time == PROFILE_OFF_CPU)
		at = child_of(f, at, &like);
	if (f->choice.by == SPLIT_NONE)
		return at;
	like.by = (uint8_t)f->choice.by;
	like.func = h->part;
	return child_of(f, at, &like);
}

/* --- totals --- */

void flame_begin(struct flame *f, struct profile *p, const struct world *w,
		 const struct profile_choice *c)
{
	static const struct flame_node root = { .kind = PROFILE_KINDS, .flags = FLAME_HEAD };

	f->w = w;
	f->choice = *c;
	f->choice.keep = NULL;
	if (f->node.n >= NODES_MOST) { /* what is not there any more makes room */
		f->node.n = f->new_self.n = f->total.n = f->self.n = 0;
		map64_parts_free(&f->child);
		map64_parts_free(&f->leaf_of);
		f->stamp++;
	}
	if (!f->node.n)
		node_add(f, NO_FLAME, &root);
	vec_reserve(&f->new_self, f->node.n);
	f->new_self.n = f->node.n;
	memset(f->new_self.v, 0, f->new_self.n * sizeof(*f->new_self.v));
	profile_pick_begin(&f->pick, p, w, c);
	f->step = FLAME_PICK;
	f->at = 0;
}

static void sum_add(int64_t *sum, int64_t ns)
{
	if (__builtin_add_overflow(*sum, ns, sum))
		*sum = INT64_MAX;
}

/* Each node's total begins with its own. */
static void copy_self(struct flame *f)
{
	size_t end = f->node.n - f->at > SUM_AT_ONCE ? f->at + SUM_AT_ONCE : f->node.n;

	memcpy(f->new_total.v + f->at, f->new_self.v + f->at,
	       (end - f->at) * sizeof(*f->new_total.v));
	f->at = end;
	if (end == f->node.n)
		f->step = FLAME_SUM;
}

/* Callers have the time of what they call: those stand before these. */
static void sum_up(struct flame *f)
{
	size_t end = f->at > SUM_AT_ONCE ? f->at - SUM_AT_ONCE : 0;

	while (f->at > end) {
		size_t i = --f->at;

		if (i)
			sum_add(&f->new_total.v[f->node.v[i].parent], f->new_total.v[i]);
	}
}

/* The new sums take the place of the old ones. */
static void sum_end(struct flame *f)
{
	typeof(f->total) total = f->total;
	typeof(f->self) self = f->self;

	f->total.v = f->new_total.v;
	f->total.n = f->new_total.n;
	f->total.cap = f->new_total.cap;
	f->new_total.v = total.v;
	f->new_total.n = total.n;
	f->new_total.cap = total.cap;
	f->self.v = f->new_self.v;
	f->self.n = f->new_self.n;
	f->self.cap = f->new_self.cap;
	f->new_self.v = self.v;
	f->new_self.n = self.n;
	f->new_self.cap = self.cap;
	f->by_state = f->pick.by_state;
	f->stamp++;
	profile_pick_release(&f->pick);
	f->step = FLAME_IDLE;
}

static void add_sums(struct flame *f, int64_t until)
{
	while (f->at < f->pick.sum.n) {
		const struct profile_sum *s = &f->pick.sum.v[f->at++];
		uint32_t leaf = leaf_of(f, f->leaf.v[s->head], s->stack);

		sum_add(&f->new_self.v[leaf], s->ns);
		if (until && f->at % LOOK_EVERY == 0 && clock_cpu_ns() >= until)
			return;
	}
	vec_reserve(&f->new_total, f->node.n);
	f->new_total.n = f->node.n;
	f->at = 0;
	f->step = FLAME_COPY;
}

/* Some of it, at least a little. */
static void step_once(struct flame *f, int64_t budget_ns, int64_t until)
{
	switch (f->step) {
	case FLAME_PICK:
		if (!profile_pick_step(&f->pick, budget_ns))
			return;
		f->leaf.n = 0;
		for (size_t i = 0; i < f->pick.head.n; i++)
			*vec_push(&f->leaf) = head_node(f, &f->pick.head.v[i]);
		f->step = FLAME_ADD;
		return;
	case FLAME_ADD:
		add_sums(f, until);
		return;
	case FLAME_COPY:
		copy_self(f);
		return;
	default:
		sum_up(f);
		if (!f->at)
			sum_end(f);
	}
}

bool flame_step(struct flame *f, int64_t budget_ns)
{
	int64_t until = budget_ns ? clock_cpu_ns() + budget_ns : 0;

	while (flame_busy(f)) {
		step_once(f, budget_ns, until);
		if (until && clock_cpu_ns() >= until)
			break;
	}
	return !flame_busy(f);
}

void flame_release(struct flame *f)
{
	profile_pick_release(&f->pick);
	vec_free(&f->node);
	vec_free(&f->total);
	vec_free(&f->self);
	vec_free(&f->new_self);
	vec_free(&f->new_total);
	vec_free(&f->leaf);
	map64_parts_free(&f->child);
	map64_free(&f->own);
	map64_parts_free(&f->leaf_of);
	memset(f, 0, sizeof(*f));
}

/* --- names --- */

static const char *part_name(const struct flame *f, const struct flame_node *n, char *buf,
			     size_t size)
{
	const struct world *w = f->w;
	const struct frame *fr;

	switch (n->by) {
	case SPLIT_CREATOR:
		fr = stacktab_frame(&w->stacks, n->func, 0);
		if (!fr)
			snprintf(buf, size, "[created: not known]");
		else
			snprintf(buf, size, "[created: %s:%" PRIu32 "]",
				 strtab_get(&w->strings, fr->func), fr->line);
		return buf;
	case SPLIT_LABELS:
		snprintf(buf, size, "[labels: %s]",
			 n->func ? strtab_get(&w->strings, n->func) : "none");
		return buf;
	default:
		if (n->func == NO_G)
			snprintf(buf, size, "[no goroutine]");
		else
			snprintf(buf, size, "[goroutine %" PRIu64 "]", w->key.v[n->func].goid);
		return buf;
	}
}

const char *flame_name(const struct flame *f, uint32_t node, char *buf, size_t size)
{
	const struct flame_node *n = &f->node.v[node];

	if (n->flags & FLAME_UNKNOWN)
		return "[stack not known]";
	if (!(n->flags & FLAME_HEAD))
		return n->func ? strtab_get(&f->w->strings, n->func) : "[not known]";
	if (!node)
		return "all";
	if (n->by)
		return part_name(f, n, buf, size);
	snprintf(buf, size, "[%s]", profile_kind_name(n->kind));
	return buf;
}

/* --- search --- */

/* memo: of each string, 0: not asked yet, else whether it is met, and one. */
static bool is_met(const struct flame *f, const struct match *m, uint32_t node, uint8_t *memo)
{
	const struct flame_node *n = &f->node.v[node];
	bool call = !(n->flags & (FLAME_HEAD | FLAME_UNKNOWN)), met;
	char buf[256];
	const char *s;

	if (!node)
		return false;
	if (call && memo[n->func])
		return memo[n->func] - 1;
	s = flame_name(f, node, buf, sizeof(buf));
	met = match_find(m, s, strlen(s), NULL, NULL);
	if (call)
		memo[n->func] = 1 + met;
	return met;
}

int64_t flame_search(const struct flame *f, const struct match *m, uint8_t *out)
{
	uint8_t *memo;
	int64_t sum = 0;

	if (!f->w) /* nothing was begun yet */
		return 0;
	memo = xcalloc(f->w->strings.str.n, 1);
	for (size_t i = 0; i < f->node.n; i++) {
		uint32_t parent = f->node.v[i].parent;
		bool met = is_met(f, m, (uint32_t)i, memo);
		bool under = parent != NO_FLAME && out[parent];

		out[i] = (uint8_t)(met | (met || under ? 2 : 0));
		if (met && !under)
			sum_add(&sum, flame_total(f, (uint32_t)i));
	}
	free(memo);
	return sum;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intern.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"

/*
 * All three tables are open-addressed arrays of id + 1. grow() makes the array
 * twice as large and puts every id back by the hash that hash_of() tells.
 */
static void slots_grow(uint32_t **slot, size_t *mask, size_t n, const void *tab,
		       uint64_t (*hash_of)(const void *tab, uint32_t id))
{
	size_t size = *slot ? (*mask + 1) * 2 : 256;

	free(*slot);
	*slot = xcalloc(size, sizeof(**slot));
	*mask = size - 1;
	for (uint32_t id = 0; id < n; id++) {
		size_t i = hash_of(tab, id) & *mask;

		while ((*slot)[i])
			i = (i + 1) & *mask;
		(*slot)[i] = id + 1;
	}
}

static int slots_full(const uint32_t *slot, size_t mask, size_t n)
{
	return !slot || (n + 1) * 4 > (mask + 1) * 3;
}

static uint64_t str_hash(const void *tab, uint32_t id)
{
	const struct strtab *t = tab;

	return hash_bytes(t->str.v[id].s, t->str.v[id].len, 0);
}

void strtab_init(struct strtab *t)
{
	memset(t, 0, sizeof(*t));
	strtab_put(t, "", 0);
}

void strtab_release(struct strtab *t)
{
	free(t->slot);
	vec_free(&t->str);
	arena_release(&t->mem);
}

/* Its slot, or the free one where it belongs. */
static size_t str_slot(const struct strtab *t, const char *s, size_t len)
{
	size_t i = hash_bytes(s, len, 0) & t->mask;

	for (; t->slot[i]; i = (i + 1) & t->mask) {
		const struct str *e = &t->str.v[t->slot[i] - 1];

		if (e->len == len && !memcmp(e->s, s, len))
			break;
	}
	return i;
}

uint32_t strtab_find(const struct strtab *t, const char *s, size_t len)
{
	return t->slot ? t->slot[str_slot(t, s, len)] - 1 : NO_STR;
}

uint32_t strtab_put(struct strtab *t, const char *s, size_t len)
{
	size_t i;

	if (slots_full(t->slot, t->mask, t->str.n))
		slots_grow(&t->slot, &t->mask, t->str.n, t, str_hash);
	i = str_slot(t, s, len);
	if (t->slot[i])
		return t->slot[i] - 1;
	*vec_push(&t->str) = (struct str){ arena_strndup(&t->mem, s, len), (uint32_t)len };
	return (t->slot[i] = (uint32_t)t->str.n) - 1;
}

static uint64_t frame_hash(const void *tab, uint32_t id)
{
	const struct stacktab *t = tab;

	return hash_bytes(&t->frame.v[id], sizeof(struct frame), 1);
}

static uint64_t stack_hash(const void *tab, uint32_t id)
{
	const struct stacktab *t = tab;
	struct stack_ref r = t->stack.v[id];

	return hash_bytes(r.n ? t->ids.v + r.first : NULL, r.n * sizeof(uint32_t), 2);
}

void stacktab_init(struct stacktab *t)
{
	memset(t, 0, sizeof(*t));
	stacktab_put(t, NULL, 0);
}

void stacktab_release(struct stacktab *t)
{
	free(t->slot);
	free(t->frame_slot);
	vec_free(&t->frame);
	vec_free(&t->stack);
	vec_free(&t->ids);
}

static uint32_t frame_put(struct stacktab *t, const struct frame *f)
{
	size_t i;

	if (slots_full(t->frame_slot, t->frame_mask, t->frame.n))
		slots_grow(&t->frame_slot, &t->frame_mask, t->frame.n, t, frame_hash);
	i = hash_bytes(f, sizeof(*f), 1) & t->frame_mask;
	for (; t->frame_slot[i]; i = (i + 1) & t->frame_mask)
		if (!memcmp(&t->frame.v[t->frame_slot[i] - 1], f, sizeof(*f)))
			return t->frame_slot[i] - 1;
	*vec_push(&t->frame) = *f;
	return (t->frame_slot[i] = (uint32_t)t->frame.n) - 1;
}

uint32_t stacktab_put(struct stacktab *t, const struct frame *frames, size_t n)
{
	size_t first = t->ids.n, i;

	for (i = 0; i < n; i++) {
		uint32_t id = frame_put(t, &frames[i]);

		*vec_push(&t->ids) = id;
	}
	if (slots_full(t->slot, t->mask, t->stack.n))
		slots_grow(&t->slot, &t->mask, t->stack.n, t, stack_hash);
	i = hash_bytes(n ? t->ids.v + first : NULL, n * sizeof(uint32_t), 2) & t->mask;
	for (; t->slot[i]; i = (i + 1) & t->mask) {
		struct stack_ref r = t->stack.v[t->slot[i] - 1];

		if (r.n != n ||
		    (n && memcmp(t->ids.v + r.first, t->ids.v + first, n * sizeof(uint32_t))))
			continue;
		t->ids.n = first;
		return t->slot[i] - 1;
	}
	*vec_push(&t->stack) = (struct stack_ref){ (uint32_t)first, (uint32_t)n };
	return (t->slot[i] = (uint32_t)t->stack.n) - 1;
}

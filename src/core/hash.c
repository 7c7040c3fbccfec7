/* SPDX-License-Identifier: Apache-2.0 */
#include "core/hash.h"

#include <stdlib.h>

#include "core/mem.h"

static struct map64_slot *slot_find(struct map64_slot *slot, size_t mask, uint64_t key)
{
	size_t i = hash_u64(key) & mask;

	while (slot[i].val && slot[i].key != key)
		i = (i + 1) & mask;
	return &slot[i];
}

static void map_grow(struct map64 *m)
{
	size_t size = m->slot ? (m->mask + 1) * 2 : 64;
	struct map64_slot *bigger = xcalloc(size, sizeof(*bigger));

	for (size_t i = 0; m->slot && i <= m->mask; i++)
		if (m->slot[i].val)
			*slot_find(bigger, size - 1, m->slot[i].key) = m->slot[i];
	free(m->slot);
	m->slot = bigger;
	m->mask = size - 1;
}

uint32_t map64_get(const struct map64 *m, uint64_t key)
{
	if (!m->slot)
		return UINT32_MAX;
	return slot_find(m->slot, m->mask, key)->val - 1;
}

void map64_put(struct map64 *m, uint64_t key, uint32_t val)
{
	struct map64_slot *s;

	if (!m->slot || m->n * 4 >= (m->mask + 1) * 3)
		map_grow(m);
	s = slot_find(m->slot, m->mask, key);
	m->n += !s->val;
	s->key = key;
	s->val = val + 1;
}

void map64_clear(struct map64 *m)
{
	if (m->slot)
		memset(m->slot, 0, (m->mask + 1) * sizeof(*m->slot));
	m->n = 0;
}

void map64_free(struct map64 *m)
{
	free(m->slot);
	memset(m, 0, sizeof(*m));
}

void map64_parts_free(struct map64_parts *m)
{
	for (size_t i = 0; i < sizeof(m->part) / sizeof(*m->part); i++)
		map64_free(&m->part[i]);
}

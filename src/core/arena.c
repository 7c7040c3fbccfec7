/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct arena_block {
	struct arena_block *next;
	size_t size;
	_Alignas(16) char data[];
};

enum { BLOCK_MIN = 64 << 10 };

static void block_new(struct arena *a, size_t size)
{
	struct arena_block *b;

	if (size < BLOCK_MIN)
		size = BLOCK_MIN;
	b = xmalloc(sizeof(*b) + size);
	b->size = size;
	b->next = a->head;
	a->head = b;
	a->used = 0;
	a->total += sizeof(*b) + size;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p;

	if (size > SIZE_MAX - 64)
		die("out of memory (%zu bytes wanted)", size);
	size = (size + 7) & ~(size_t)7;
	if (!a->head || a->head->size - a->used < size)
		block_new(a, size);
	p = a->head->data + a->used;
	a->used += size;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

void arena_release(struct arena *a)
{
	struct arena_block *b = a->head;

	while (b) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
	memset(a, 0, sizeof(*a));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Bump allocation: many small things with one lifetime. Single-threaded. */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <stddef.h>

struct arena_block;

/* Zeroed is empty and ready for use. */
struct arena {
	struct arena_block *head;
	size_t used; /* bytes given out of head */
	size_t total; /* bytes held, for accounting */
};

/* size bytes, aligned to 8, uninitialised; never NULL. Stays put until release. */
void *arena_alloc(struct arena *a, size_t size);
/* Copies n bytes and adds a NUL. */
char *arena_strndup(struct arena *a, const char *s, size_t n);
void arena_release(struct arena *a);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that cannot fail: out of memory ends the program in one place, after
 * the screen is restored. Sizes that come from a file or a target are bounded
 * by the caller before they get here.
 */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Called once before the program dies of die(); the screen registers its
 * clean-up here. NULL takes it off.
 */
void mem_on_die(void (*fn)(void));

/* Restores the screen, prints "bingo-top: <sentence>" and exits with 70. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void *xmalloc(size_t size) __attribute__((returns_nonnull));
void *xcalloc(size_t n, size_t size) __attribute__((returns_nonnull));
/* Grows or shrinks to n elements of the given size; overflow is fatal. */
void *xrealloc(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* As open_memstream(): *text is the caller's to free once the stream is closed. */
FILE *xmemstream(char **text, size_t *size) __attribute__((returns_nonnull));

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * A growable array. Declare with VEC(type) name; zeroed is empty; the elements
 * are v.v[0 .. v.n). Growth moves them, so hold indices, not pointers.
 */
#define VEC(type) \
	struct { \
		type *v; \
		size_t n, cap; \
	}

#define vec_reserve(vec, want) \
	do { \
		size_t want_ = (want); \
		if (want_ > (vec)->cap) { \
			size_t cap_ = (vec)->cap + (vec)->cap / 2 + 8; \
			(vec)->cap = cap_ > want_ ? cap_ : want_; \
			(vec)->v = xrealloc((vec)->v, (vec)->cap, sizeof(*(vec)->v)); \
		} \
	} while (0)

/* Makes room for one more and yields a pointer to it, uninitialised. */
#define vec_push(vec) \
	({ \
		vec_reserve((vec), (vec)->n + 1); \
		&(vec)->v[(vec)->n++]; \
	})

#define vec_free(vec) \
	do { \
		free((vec)->v); \
		(vec)->v = NULL; \
		(vec)->n = (vec)->cap = 0; \
	} while (0)

#endif

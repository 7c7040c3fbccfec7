/* SPDX-License-Identifier: Apache-2.0 */
/* JSON piece by piece, without a tree and without copies; the bytes are anybody's. */
#ifndef SOURCE_JSONL_LEX_H
#define SOURCE_JSONL_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jlex {
	const char *p, *end;
	const char *why; /* what is wrong, once something was */
};

/* Bytes between quotes. */
struct jtext {
	const char *s;
	uint32_t n;
	bool escaped; /* there are backslashes in it */
};

/* All of these skip blanks before, and leave p behind what they took; false: why says what is wrong. */
bool jlex_string(struct jlex *l, struct jtext *out);
bool jlex_uint(struct jlex *l, uint64_t *out);
bool jlex_int(struct jlex *l, int64_t *out);
bool jlex_bool(struct jlex *l, bool *out);
/* A string "0x1f". */
bool jlex_addr(struct jlex *l, uint64_t *out);
/* A value of any kind; it is checked but for the escapes of its strings. */
bool jlex_skip(struct jlex *l);
/* Takes c where it comes next. */
bool jlex_take(struct jlex *l, char c);
/* Takes null where it comes next. */
bool jlex_null(struct jlex *l);
/* Nothing but blanks is left. */
bool jlex_over(struct jlex *l);

/*
 * Walks over the members of an object: "for (more = jlex_first(l, '{', '}');
 * more; more = jlex_more(l, '}'))" with the member taken in the loop. Both are
 * false at the end, and where something is wrong.
 */
bool jlex_first(struct jlex *l, char open, char close);
bool jlex_more(struct jlex *l, char close);
/* A member's name and the colon. */
bool jlex_key(struct jlex *l, struct jtext *out);

/*
 * Writes the text without escapes to to, which has room for t.n bytes; what is
 * no character is U+FFFD. Returns the number of bytes, or SIZE_MAX: an escape
 * that is none.
 */
size_t jtext_decode(struct jtext t, char *to);

#endif

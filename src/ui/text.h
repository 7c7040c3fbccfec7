/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text as a terminal shows it: UTF-8 taken apart, widths, and what must not
 * reach a terminal made visible: control characters as ^[ , broken bytes as
 * \xff, code points that turn or hide text as \u202e.
 */
#ifndef UI_TEXT_H
#define UI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GLYPH_CP = 4 }; /* a base and up to three combining marks; further ones are dropped */

/* What takes one place on the screen. */
struct glyph {
	uint32_t cp[GLYPH_CP]; /* 0 after the last */
	uint8_t width; /* columns: 1 or 2 */
};

/* Walks over text; fields are its own. */
struct text_iter {
	const unsigned char *s, *end;
	char escape[12]; /* what a hostile code point is spelt as */
	uint8_t at;
	bool ascii;
};

/* ascii: what is not ASCII comes out as ?, one for each column. */
void text_begin(struct text_iter *it, const char *s, size_t len, bool ascii);
/* The next glyph; false at the end. */
bool text_next(struct text_iter *it, struct glyph *g);

/* Columns that the text takes. */
int text_width(const char *s, size_t len);

/* Writes cp as UTF-8 (1 to 4 bytes, no NUL); returns how many. buf has room for 4. */
int text_put(char *buf, uint32_t cp);
/* The code point at s and, in *used, its bytes (at least 1); -1 for a broken byte. */
int32_t text_get(const char *s, size_t len, size_t *used);

enum { TEXT_SHORT = 32 }; /* room that the functions below ask for */

/* A duration in at most 6 columns: "0", "870ns", "41.2s", "3m02s", "12h07m". */
const char *text_duration(char buf[TEXT_SHORT], int64_t ns);
/* A number in at most 5 columns: "0", "9999", "12.3k", "1.2M", "999G". */
const char *text_count(char buf[TEXT_SHORT], uint64_t n);
/* Bytes: "512B", "1.2K", "3.4M". */
const char *text_bytes(char buf[TEXT_SHORT], uint64_t n);
/* A path without its folders, a function without those of its package. */
const char *text_base(const char *path);
enum { TEXT_HOW = 160 };
/* "deferred Unlock in example.com/shop.(*T).f": the function at the end without its package's folders. */
const char *text_how(char buf[TEXT_HOW], const char *how);
/* A moment of the session, to the grain given (ns): "1.234567s" or "3m02.5s". */
const char *text_moment(char buf[TEXT_SHORT], int64_t t, int64_t grain);

#endif

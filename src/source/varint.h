/* SPDX-License-Identifier: Apache-2.0 */
/* Unsigned LEB128 of at most ten bytes and 64 bits; padded forms are as good as short ones. */
#ifndef SOURCE_VARINT_H
#define SOURCE_VARINT_H

#include <stddef.h>
#include <stdint.h>

#define VARINT_MOST 10

/* Returns the byte after the number, or NULL where it is cut or has more than 64 bits. */
const uint8_t *varint_slow(const uint8_t *p, const uint8_t *end, uint64_t *v);

static inline const uint8_t *varint_get(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
	if (__builtin_expect(end - p >= 2, 1)) {
		uint64_t a = p[0], b = p[1];

		if (!(a & 0x80)) {
			*v = a;
			return p + 1;
		}
		if (!(b & 0x80)) {
			*v = (a & 0x7f) | b << 7;
			return p + 2;
		}
	}
	return varint_slow(p, end, v);
}

/*
 * Without a look at the end: for who knows that VARINT_PAD bytes can be read,
 * takes a few numbers one after the other and asks then, once, whether he is
 * past his end. A number of more than 64 bits leads to varint_nowhere, where
 * more can be taken, and which is in no buffer of his.
 */
#define VARINT_PAD 64
extern const uint8_t varint_nowhere[VARINT_PAD];
/* By value: a number whose address nobody takes can stay in a register. */
struct varint {
	const uint8_t *after;
	uint64_t v;
};
struct varint varint_long(const uint8_t *p);

static inline const uint8_t *varint_near(const uint8_t *p, uint64_t *v)
{
	uint64_t a = p[0], b, c;
	struct varint more;

	if (!(a & 0x80)) {
		*v = a;
		return p + 1;
	}
	b = p[1];
	if (!(b & 0x80)) {
		*v = (a & 0x7f) | b << 7;
		return p + 2;
	}
	c = p[2];
	if (!(c & 0x80)) {
		*v = (a & 0x7f) | (b & 0x7f) << 7 | c << 14;
		return p + 3;
	}
	more = varint_long(p);
	*v = more.v;
	return more.after;
}

#endif

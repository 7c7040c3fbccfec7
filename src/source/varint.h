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

/* The same where ten bytes are there for sure. */
static inline const uint8_t *varint_near(const uint8_t *p, uint64_t *v)
{
	uint64_t a = p[0], b;

	if (!(a & 0x80)) {
		*v = a;
		return p + 1;
	}
	b = p[1];
	if (!(b & 0x80)) {
		*v = (a & 0x7f) | b << 7;
		return p + 2;
	}
	a = (a & 0x7f) | (b & 0x7f) << 7;
	b = p[2];
	if (!(b & 0x80)) {
		*v = a | b << 14;
		return p + 3;
	}
	return varint_slow(p, p + VARINT_MOST, v);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "source/varint.h"

const uint8_t varint_nowhere[VARINT_PAD];

const uint8_t *varint_slow(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
	uint64_t x = 0;

	for (unsigned i = 0; i < VARINT_MOST && p < end; i++) {
		uint8_t b = *p++;

		if (i == VARINT_MOST - 1 && b > 1)
			return NULL;
		x |= (uint64_t)(b & 0x7f) << (7 * i);
		if (!(b & 0x80)) {
			*v = x;
			return p;
		}
	}
	return NULL;
}

struct varint varint_long(const uint8_t *p)
{
	struct varint n = { .v = 0 };

	n.after = varint_slow(p, p + VARINT_MOST, &n.v);
	if (!n.after)
		n = (struct varint){ .after = varint_nowhere };
	return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/radix.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

enum { DIGIT = 11, DIGITS = 6, VALUES = 1 << DIGIT };

/* Bits in which the keys differ at all; 0 also where they are in order. */
static uint64_t keys_differ(const struct radix_key *v, size_t n)
{
	uint64_t differs = 0;
	bool sorted = true;

	for (size_t i = 1; i < n; i++) {
		differs |= v[i].key ^ v[0].key;
		sorted &= v[i - 1].key <= v[i].key;
	}
	return sorted ? 0 : differs;
}

static void digit_sort(const struct radix_key *from, struct radix_key *to, size_t n, unsigned shift)
{
	size_t begin[VALUES] = { 0 }, sum = 0;

	for (size_t i = 0; i < n; i++)
		begin[from[i].key >> shift & (VALUES - 1)]++;
	for (size_t i = 0; i < VALUES; i++) {
		size_t k = begin[i];

		begin[i] = sum;
		sum += k;
	}
	for (size_t i = 0; i < n; i++)
		to[begin[from[i].key >> shift & (VALUES - 1)]++] = from[i];
}

void radix_sort(struct radix_key *v, size_t n)
{
	uint64_t differs = keys_differ(v, n);
	struct radix_key *spare, *from = v, *to;

	if (!differs)
		return;
	spare = to = xmalloc(n * sizeof(*spare));
	for (unsigned d = 0; d < DIGITS; d++) {
		if (!(differs >> d * DIGIT & (VALUES - 1)))
			continue;
		digit_sort(from, to, n, d * DIGIT);
		from = to;
		to = from == v ? spare : v;
	}
	if (from != v)
		memcpy(v, from, n * sizeof(*v));
	free(spare);
}

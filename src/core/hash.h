/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes for ids and bytes under attack by nobody worse than a hostile file. */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ull;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ull;
	return x ^ x >> 32;
}

static inline uint64_t hash_bytes(const void *data, size_t n, uint64_t seed)
{
	const unsigned char *p = data;
	uint64_t h = seed ^ (n * 0x9e3779b97f4a7c15ull), w;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&w, p, 8);
		h = hash_u64(h ^ w) + 0x9e3779b97f4a7c15ull;
	}
	if (n) {
		w = 0;
		memcpy(&w, p, n);
		h = hash_u64(h ^ w);
	}
	return hash_u64(h);
}

/*
 * Map from a 64-bit key to a 32-bit value, open addressing, no deletion.
 * Zeroed is empty.
 */
struct map64 {
	struct map64_slot {
		uint64_t key;
		uint32_t val; /* value + 1; 0: free */
	} * slot;
	size_t mask, n;
};

/* The value, or UINT32_MAX where the key is not there. */
uint32_t map64_get(const struct map64 *m, uint64_t key);
/* Sets or replaces; val must be below UINT32_MAX. */
void map64_put(struct map64 *m, uint64_t key, uint32_t val);
void map64_clear(struct map64 *m);
void map64_free(struct map64 *m);

#endif

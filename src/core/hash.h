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

/*
 * The same in parts that grow one by one, for who must not stop for long: with a
 * million keys one put takes a millisecond at most.
 */
struct map64_parts {
	struct map64 part[64];
};

static inline struct map64 *map64_part(const struct map64_parts *m, uint64_t key)
{
	/* other bits than those that place it within the part */
	return (struct map64 *)&m->part[hash_u64(key) >> 58];
}

static inline uint32_t map64_parts_get(const struct map64_parts *m, uint64_t key)
{
	return map64_get(map64_part(m, key), key);
}

static inline void map64_parts_put(struct map64_parts *m, uint64_t key, uint32_t val)
{
	map64_put(map64_part(m, key), key, val);
}

void map64_parts_free(struct map64_parts *m);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "target/labels.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_LABELS = 128,
	MAX_BYTES = 512, /* of one key or value */
	SLOTS = 8, /* of a bucket: runtime/map.go:bucketCnt */
	MIN_TOP = 5, /* a tophash below says that the slot is empty or has moved */
	BUCKET = SLOTS + 2 * SLOTS * 16 + 8,
	MAX_BUCKETS = 64,
	MAX_CHAIN = 16,
	SAME_SIZE_GROW = 8,
};

struct gostr {
	uint64_t ptr, len;
};
struct pair {
	struct gostr key, value;
	char *k, *v;
};
struct pairs {
	struct pair v[MAX_LABELS];
	size_t n;
};

void labels_init(struct labels *l, struct memr *mem, const struct golayout *lay)
{
	memset(l, 0, sizeof(*l));
	l->mem = mem;
	l->lay = lay;
	strtab_init(&l->text);
}

void labels_release(struct labels *l)
{
	strtab_release(&l->text);
	map64_free(&l->seen);
}

void labels_forget(struct labels *l)
{
	map64_clear(&l->seen);
}

/* --- the map of 1.23 and before --- */

static void bucket_take(const uint8_t *b, struct pairs *out)
{
	for (int i = 0; i < SLOTS && out->n < MAX_LABELS; i++) {
		struct pair *p = &out->v[out->n];

		if (b[i] < MIN_TOP)
			continue;
		memcpy(&p->key, b + SLOTS + 16 * i, 16);
		memcpy(&p->value, b + SLOTS + 16 * SLOTS + 16 * i, 16);
		out->n++;
	}
}

static void chain_take(struct labels *l, uint64_t addr, struct pairs *out)
{
	uint8_t b[BUCKET];

	for (int i = 0; addr && i < MAX_CHAIN; i++) {
		if (memr_read(l->mem, addr, b, sizeof(b)))
			return;
		bucket_take(b, out);
		memcpy(&addr, b + BUCKET - 8, 8);
	}
}

/* A map that grew is moved bucket by bucket; slots that moved are marked so in the old ones. */
static bool read_map(struct labels *l, uint64_t addr, struct pairs *out)
{
	const struct golayout *lay = l->lay;
	uint64_t map, buckets, old, n;
	uint8_t h[64];

	if (memr_read_u64(l->mem, addr, &map) || !map || lay->hmap.size < 0 ||
	    lay->hmap.size > (int)sizeof(h) || memr_read(l->mem, map, h, (size_t)lay->hmap.size))
		return false;
	memcpy(&buckets, h + lay->hmap.buckets, 8);
	memcpy(&old, h + lay->hmap.oldbuckets, 8);
	if (h[lay->hmap.B] > 6)
		return false;
	n = 1u << h[lay->hmap.B];
	for (uint64_t i = 0; i < n && buckets; i++)
		chain_take(l, buckets + i * BUCKET, out);
	if (!(h[lay->hmap.flags] & SAME_SIZE_GROW))
		n /= 2;
	for (uint64_t i = 0; i < n && old; i++)
		chain_take(l, old + i * BUCKET, out);
	return true;
}

/* --- the slice of 1.24 and later: runtime/pprof/label.go:LabelSet --- */

static bool read_slice(struct labels *l, uint64_t addr, struct pairs *out)
{
	struct {
		uint64_t ptr, len, cap;
	} s;
	struct gostr raw[2 * MAX_LABELS];

	if (memr_read(l->mem, addr, &s, sizeof(s)) || s.len > s.cap)
		return false;
	out->n = s.len < MAX_LABELS ? s.len : MAX_LABELS;
	if (out->n && memr_read(l->mem, s.ptr, raw, out->n * 2 * sizeof(*raw))) {
		out->n = 0;
		return false;
	}
	for (size_t i = 0; i < out->n; i++) {
		out->v[i].key = raw[2 * i];
		out->v[i].value = raw[2 * i + 1];
	}
	return true;
}

/* --- text --- */

static char *string_read(struct labels *l, const struct gostr *s)
{
	size_t n = s->len < MAX_BYTES ? s->len : MAX_BYTES;
	char *text = xmalloc(n + 1);

	if (n && memr_read(l->mem, s->ptr, text, n))
		n = 0;
	text[n] = '\0';
	return text;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->k, ((const struct pair *)b)->k);
}

static char *put(char *to, const char *s)
{
	size_t n = strlen(s);

	memcpy(to, s, n);
	return to + n;
}

static uint32_t keep(struct labels *l, const char *text, size_t n)
{
	static const char too_many[] = "too many different labels";
	size_t before;
	uint32_t id;

	if (l->kept + n > LABELS_ROOM)
		return strtab_put(&l->text, too_many, sizeof(too_many) - 1);
	before = l->text.str.n;
	id = strtab_put(&l->text, text, n);
	l->kept += l->text.str.n > before ? n : 0;
	return id;
}

static uint32_t pairs_text(struct labels *l, struct pairs *p)
{
	char *text = xmalloc(p->n * (2 * MAX_BYTES + 2) + 1), *end = text;
	uint32_t id;

	for (size_t i = 0; i < p->n; i++) {
		p->v[i].k = string_read(l, &p->v[i].key);
		p->v[i].v = string_read(l, &p->v[i].value);
	}
	qsort(p->v, p->n, sizeof(*p->v), by_key);
	for (size_t i = 0; i < p->n; i++) {
		if (i)
			*end++ = ',';
		end = put(end, p->v[i].k);
		*end++ = '=';
		end = put(end, p->v[i].v);
		free(p->v[i].k);
		free(p->v[i].v);
	}
	id = keep(l, text, (size_t)(end - text));
	free(text);
	return id;
}

uint32_t labels_read(struct labels *l, uint64_t addr)
{
	uint32_t id = addr ? map64_get(&l->seen, addr) : 0;
	struct pairs p;

	if (id != UINT32_MAX)
		return id;
	p.n = 0;
	if (l->lay->labels == LABELS_MAP)
		read_map(l, addr, &p);
	else
		read_slice(l, addr, &p);
	id = pairs_text(l, &p);
	map64_put(&l->seen, addr, id);
	return id;
}

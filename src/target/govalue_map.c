/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of a map: runtime/map.go before 1.24, internal/runtime/maps from then on. */
#include <stdlib.h>
#include <string.h>

#include "target/govalue_impl.h"

enum {
	SLOTS = 8,
	/* hmap */
	H_FLAGS = 8,
	H_B = 9,
	H_BUCKETS = 16,
	H_OLDBUCKETS = 24,
	SAME_SIZE_GROW = 8,
	B_MOST = 40,
	MIN_TOP_HASH = 5, /* below: empty, or moved to the other buckets */
	/* maps.Map */
	M_DIR = 16,
	M_DIRLEN = 24,
	DIR_MOST = 1 << 24,
	/* maps.table */
	T_INDEX = 8,
	T_GROUPS = 16,
	GROUPS_MOST = 1 << 16,
	LOOKS_MOST = 1 << 16, /* at buckets and groups */
	KEY_TEXT = 128
};

struct walk {
	struct govaluer *g;
	struct gomap m;
	gentries *out;
	int left; /* buckets or groups that may still be looked at */
};

static bool slot_addr(struct walk *w, uint64_t at, bool indirect, uint64_t *addr)
{
	*addr = at;
	return !indirect || valmem_word(w->g->vm, at, addr);
}

static void add_slot(struct walk *w, uint64_t bucket, unsigned i)
{
	struct gentry e = { 0 };

	if (w->out->n < ENTRIES_MOST &&
	    slot_addr(w, bucket + w->m.keys + i * w->m.key_stride, w->m.indirect_key, &e.key) &&
	    slot_addr(w, bucket + w->m.elems + i * w->m.elem_stride, w->m.indirect_elem, &e.elem))
		*vec_push(w->out) = e;
}

static bool enough(const struct walk *w)
{
	return w->left <= 0 || w->out->n >= ENTRIES_MOST;
}

/* A bucket and those that overflow from it. */
static bool bucket_chain(struct walk *w, uint64_t at)
{
	uint8_t top[SLOTS];

	while (at && !enough(w)) {
		w->left--;
		if (valmem_read(w->g->vm, at, top, sizeof(top)))
			return false;
		for (unsigned i = 0; i < SLOTS; i++)
			if (top[i] >= MIN_TOP_HASH)
				add_slot(w, at, i);
		if (!valmem_word(w->g->vm, at + w->m.size - 8, &at))
			return false;
	}
	return true;
}

static bool bucket_array(struct walk *w, uint64_t at, unsigned b)
{
	for (uint64_t i = 0; at && i < 1ull << b && !enough(w); i++)
		if (!bucket_chain(w, at + i * w->m.size))
			return false;
	return true;
}

/* While a map grows its entries are in both arrays, each in one of them. */
static bool walk_classic(struct walk *w, uint64_t h)
{
	uint64_t buckets, old;
	uint8_t flags, b;

	if (valmem_read(w->g->vm, h + H_FLAGS, &flags, 1) ||
	    valmem_read(w->g->vm, h + H_B, &b, 1) || b > B_MOST ||
	    !valmem_word(w->g->vm, h + H_BUCKETS, &buckets) ||
	    !valmem_word(w->g->vm, h + H_OLDBUCKETS, &old))
		return false;
	return bucket_array(w, old, flags & SAME_SIZE_GROW || !b ? b : b - 1u) &&
	       bucket_array(w, buckets, b);
}

static bool group(struct walk *w, uint64_t at)
{
	uint8_t ctrl[SLOTS];

	w->left--;
	if (valmem_read(w->g->vm, at, ctrl, sizeof(ctrl)))
		return false;
	for (unsigned i = 0; i < SLOTS; i++)
		if (!(ctrl[i] & 0x80))
			add_slot(w, at, i);
	return true;
}

/* A table stands in the directory several times, and counts at its index. */
static bool table(struct walk *w, uint64_t at, uint64_t index)
{
	uint64_t own, groups[2]; /* data, lengthMask */

	w->left--;
	if (!valmem_word(w->g->vm, at + T_INDEX, &own) ||
	    valmem_read(w->g->vm, at + T_GROUPS, groups, sizeof(groups)))
		return false;
	if (own != index)
		return true;
	if (groups[1] >= GROUPS_MOST)
		return false;
	for (uint64_t i = 0; i <= groups[1] && !enough(w); i++)
		if (!group(w, groups[0] + i * w->m.size))
			return false;
	return true;
}

static bool walk_swiss(struct walk *w, uint64_t m)
{
	uint64_t dir, len, at;

	if (!valmem_word(w->g->vm, m + M_DIR, &dir) || !valmem_word(w->g->vm, m + M_DIRLEN, &len) ||
	    len > DIR_MOST)
		return false;
	if (!len)
		return !dir || group(w, dir);
	for (uint64_t i = 0; i < len && !enough(w); i++)
		if (!valmem_word(w->g->vm, dir + i * 8, &at) || !table(w, at, i))
			return false;
	return true;
}

/* --- order --- */

static int by_signed(const void *a, const void *b)
{
	int64_t x = (int64_t)((const struct gentry *)a)->sort,
		y = (int64_t)((const struct gentry *)b)->sort;

	return (x > y) - (x < y);
}

static int by_unsigned(const void *a, const void *b)
{
	uint64_t x = ((const struct gentry *)a)->sort, y = ((const struct gentry *)b)->sort;

	return (x > y) - (x < y);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct gentry *)a)->text, ((const struct gentry *)b)->text);
}

static char *key_text(struct govaluer *g, struct gval key)
{
	char buf[KEY_TEXT] = "";
	struct gotext s = { .buf = buf, .size = sizeof(buf) };
	uint64_t len;

	if (key.t->kind != GOKIND_STRING || !gv_string(g, key, buf, sizeof(buf), &len))
		gv_text(g, key, 1, &s);
	return xstrdup(buf);
}

/* Floats as integers that are ordered the same. */
static uint64_t float_key(struct govaluer *g, struct gval key)
{
	double d = 0;
	float f = 0;
	uint64_t u;

	if (key.t->kind == GOKIND_FLOAT32 ? valmem_read(g->vm, key.addr, &f, sizeof(f))
					  : valmem_read(g->vm, key.addr, &d, sizeof(d)))
		return 0;
	d += (double)f;
	memcpy(&u, &d, sizeof(u));
	return u >> 63 ? ~u : u | 1ull << 63;
}

static void order(struct govaluer *g, const struct gotype *key, gentries *e)
{
	int (*cmp)(const void *, const void *) = by_unsigned;
	bool is_float = key->kind == GOKIND_FLOAT32 || key->kind == GOKIND_FLOAT64;

	if (key->kind >= GOKIND_INT && key->kind <= GOKIND_INT64)
		cmp = by_signed;
	else if (!is_float && (key->kind < GOKIND_BOOL || key->kind > GOKIND_UINTPTR))
		cmp = by_text;
	for (size_t i = 0; i < e->n; i++) {
		struct gval k = { key, e->v[i].key };

		if (cmp == by_text)
			e->v[i].text = key_text(g, k);
		else if (is_float)
			e->v[i].sort = float_key(g, k);
		else
			gv_number(g, k, &e->v[i].sort);
	}
	if (e->n)
		qsort(e->v, e->n, sizeof(*e->v), cmp);
}

bool gv_map(struct govaluer *g, struct gval v, gentries *out, uint64_t *count)
{
	struct walk w = { .g = g, .out = out, .left = LOOKS_MOST };
	uint64_t h;
	bool good;

	*count = 0;
	if (!valmem_word(g->vm, v.addr, &h) || !h || !valmem_word(g->vm, h, count) ||
	    !gotype_map(g->ts, v.t, &w.m))
		return false;
	good = w.m.swiss ? walk_swiss(&w, h) : walk_classic(&w, h);
	if (!good && !out->n)
		return false;
	order(g, gotype_key(g->ts, v.t), out);
	return true;
}

void gv_map_free(gentries *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->v[i].text);
	vec_free(e);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "target/goheap.h"

#include <stdlib.h>
#include <string.h>

enum {
	SPAN_BYTES = 256,
	PAGES_MOST = 1 << 20, /* kept at once */
	TINY_NOSCAN = 5, /* runtime/malloc.go:tinySpanClass */
	ELEM_MOST_BITS = 40,
};

void goheap_init(struct goheap *h, struct target *t)
{
	memset(h, 0, sizeof(*h));
	h->t = t;
}

void goheap_release(struct goheap *h)
{
	map64_free(&h->arena);
	map64_free(&h->page);
	map64_free(&h->by_span);
	vec_free(&h->arena_at);
	vec_free(&h->span);
}

void goheap_begin(struct goheap *h)
{
	uint32_t gen = 0;

	if (h->t->glob.mheap)
		(void)memr_read_u32(h->t->mem,
				    h->t->glob.mheap + (uint64_t)h->t->lay.mheap.sweepgen, &gen);
	if (gen == h->sweepgen && h->page.n < PAGES_MOST)
		return;
	h->sweepgen = gen;
	map64_clear(&h->arena);
	map64_clear(&h->page);
	map64_clear(&h->by_span);
	h->arena_at.n = h->span.n = 0;
}

/* Address of the heapArena; 0: there is none. On amd64 and arm64 Linux the first level has one entry. */
static uint64_t arena_of(struct goheap *h, uint64_t addr)
{
	const struct golayout *lay = &h->t->lay;
	uint64_t index = (addr - lay->arena_base) >> lay->arena_shift, l2, at = 0;
	uint32_t i;

	if (index >= 1ull << 22 || !h->t->glob.mheap)
		return 0;
	i = map64_get(&h->arena, index);
	if (i != UINT32_MAX)
		return h->arena_at.v[i];
	if (memr_read_u64(h->t->mem, h->t->glob.mheap + (uint64_t)lay->mheap.arenas, &l2) || !l2 ||
	    memr_read_u64(h->t->mem, l2 + 8 * index, &at))
		at = 0;
	map64_put(&h->arena, index, (uint32_t)h->arena_at.n);
	*vec_push(&h->arena_at) = at;
	return at;
}

static bool span_read(struct goheap *h, uint64_t at, struct goheap_span *s)
{
	const struct golayout *lay = &h->t->lay;
	uint8_t b[SPAN_BYTES];
	uint64_t pages;
	size_t n = (size_t)lay->mspan.elemsize + 8;

	memset(s, 0, sizeof(*s));
	if (lay->mspan.size <= 0 || (size_t)lay->mspan.size < n || n > sizeof(b) ||
	    memr_read(h->t->mem, at, b, n))
		return false;
	memcpy(&s->start, b + lay->mspan.startAddr, 8);
	memcpy(&pages, b + lay->mspan.npages, 8);
	memcpy(&s->elem, b + lay->mspan.elemsize, 8);
	if (!pages || pages > 1ull << 34 || s->elem >> ELEM_MOST_BITS)
		return false;
	s->end = s->start + (pages << lay->page_shift);
	if (s->end <= s->start)
		return false;
	s->noscan = b[lay->mspan.spanclass] & 1;
	s->tiny = b[lay->mspan.spanclass] == TINY_NOSCAN;
	if (b[lay->mspan.state] != lay->span_in_use)
		s->elem = 0;
	return true;
}

static uint32_t span_at(struct goheap *h, uint64_t at)
{
	uint32_t i = map64_get(&h->by_span, at);
	struct goheap_span s;

	if (i != UINT32_MAX)
		return i + 1;
	if (!span_read(h, at, &s))
		return 0;
	i = (uint32_t)h->span.n;
	map64_put(&h->by_span, at, i);
	*vec_push(&h->span) = s;
	return i + 1;
}

static uint32_t page_span(struct goheap *h, uint64_t addr)
{
	const struct golayout *lay = &h->t->lay;
	uint64_t page = addr >> lay->page_shift, arena, at;
	uint64_t in_arena = page & ((1ull << (lay->arena_shift - lay->page_shift)) - 1);
	uint32_t i = map64_get(&h->page, page);

	if (i != UINT32_MAX)
		return i;
	arena = arena_of(h, addr);
	i = 0;
	if (arena &&
	    !memr_read_u64(h->t->mem, arena + (uint64_t)lay->heapArena.spans + 8 * in_arena, &at) &&
	    at)
		i = span_at(h, at);
	map64_put(&h->page, page, i);
	return i;
}

static const struct goheap_span *span_of(const struct goheap *h, uint32_t i, uint64_t addr)
{
	const struct goheap_span *s = i ? &h->span.v[i - 1] : NULL;

	return s && s->elem && addr >= s->start && addr < s->end ? s : NULL;
}

static uint64_t elem_base(const struct goheap_span *s, uint64_t addr)
{
	return s->start + (addr - s->start) / s->elem * s->elem;
}

const struct goheap_object *goheap_at(struct goheap *h, uint64_t addr)
{
	const struct goheap_span *s;

	if (addr >> 47 || addr < 4096)
		return NULL;
	s = span_of(h, page_span(h, addr), addr);
	if (!s)
		return NULL;
	h->found = (struct goheap_object){ elem_base(s, addr), s->elem, s->tiny, s->noscan };
	return &h->found;
}

uint64_t goheap_base(const struct goheap *h, uint64_t addr)
{
	uint32_t i = map64_get(&h->page, addr >> h->t->lay.page_shift);
	const struct goheap_span *s = i == UINT32_MAX ? NULL : span_of(h, i, addr);

	return s ? elem_base(s, addr) : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "target/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	GAP = 512, /* pieces this near to each other are read as one */
	RUN_BYTES = 64 << 10,
	CHUNK_BYTES = 512 << 10,
	CHUNK_RUNS = 1024,
};

void gather_release(struct gather *g)
{
	vec_free(&g->piece);
	vec_free(&g->data);
	vec_free(&g->order);
	vec_free(&g->iov);
	free(g->chunk);
	memset(g, 0, sizeof(*g));
}

void gather_clear(struct gather *g)
{
	g->piece.n = g->data.n = 0;
}

size_t gather_add(struct gather *g, uint64_t addr, uint32_t len)
{
	if (len > RUN_BYTES || addr + len < addr)
		len = 0;
	*vec_push(&g->piece) = (struct gather_piece){ .addr = addr, .len = len, .at = g->data.n };
	vec_reserve(&g->data, g->data.n + len);
	g->data.n += len;
	return g->piece.n - 1;
}

static void order_make(struct gather *g)
{
	g->order.n = 0;
	for (size_t i = 0; i < g->piece.n; i++)
		if (g->piece.v[i].len)
			*vec_push(&g->order) =
				(struct radix_key){ g->piece.v[i].addr, (uint32_t)i };
	radix_sort(g->order.v, g->order.n);
}

/* Copies what a run holds to its pieces; of one that is not whole each is tried alone. */
static int run_deal(struct gather *g, struct memr *mem, const struct mem_iov *run, size_t first,
		    size_t n)
{
	int rc = 0;

	for (size_t i = first; i < first + n; i++) {
		struct gather_piece *p = &g->piece.v[g->order.v[i].at];

		if (!run->rc) {
			memcpy(g->data.v + p->at, (uint8_t *)run->buf + (p->addr - run->addr),
			       p->len);
			p->ok = true;
			continue;
		}
		rc = memr_read(mem, p->addr, g->data.v + p->at, p->len);
		p->ok = !rc;
		if (rc && rc != -EFAULT)
			return rc;
	}
	return 0;
}

/* Makes the runs of one chunk, from the first-th piece on; returns where the next one begins. */
static size_t chunk_aim(struct gather *g, size_t first)
{
	struct mem_iov *run = NULL;
	size_t bytes = 0, i;

	g->iov.n = 0;
	for (i = first; i < g->order.n; i++) {
		const struct gather_piece *p = &g->piece.v[g->order.v[i].at];
		uint64_t end = p->addr + p->len;

		if (run && p->addr <= run->addr + run->len + GAP && end - run->addr <= RUN_BYTES) {
			if (end > run->addr + run->len)
				run->len = (uint32_t)(end - run->addr);
			continue;
		}
		bytes += run ? run->len : 0;
		if (g->iov.n == CHUNK_RUNS || bytes + RUN_BYTES > CHUNK_BYTES)
			break;
		run = vec_push(&g->iov);
		*run = (struct mem_iov){ p->addr, g->chunk + bytes, p->len, 0 };
	}
	return i;
}

static int chunk_run(struct gather *g, struct memr *mem, size_t first, size_t end)
{
	ssize_t rc = memr_readv(mem, g->iov.v, g->iov.n);
	size_t at = first;
	int bad = rc < 0 ? (int)rc : 0;

	for (size_t r = 0; r < g->iov.n && !bad; r++) {
		size_t n = 0;
		const struct mem_iov *next = r + 1 < g->iov.n ? &g->iov.v[r + 1] : NULL;

		while (at + n < end &&
		       (!next || g->piece.v[g->order.v[at + n].at].addr < next->addr))
			n++;
		bad = run_deal(g, mem, &g->iov.v[r], at, n);
		at += n;
	}
	return bad;
}

int gather_run(struct gather *g, struct memr *mem)
{
	int rc = 0;

	order_make(g);
	if (!g->chunk)
		g->chunk = xmalloc(CHUNK_BYTES);
	for (size_t i = 0; i < g->order.n && !rc;) {
		size_t end = chunk_aim(g, i);

		rc = chunk_run(g, mem, i, end);
		i = end;
	}
	return rc;
}

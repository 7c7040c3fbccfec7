/* SPDX-License-Identifier: Apache-2.0 */
#include "target/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

enum { GAP = 1024, RUN_BYTES = 64 << 10, RUNS = 512, CHUNK = 1 << 20 };

struct want {
	uint64_t addr;
	size_t at; /* place in the caller's order */
};

struct run {
	size_t first, n; /* of want */
	uint64_t len;
};

struct gather {
	VEC(struct want) want;
	VEC(struct run) run;
	struct mem_iov iov[RUNS];
	uint8_t *chunk;
};

struct gather *gather_new(void)
{
	struct gather *g = xcalloc(1, sizeof(*g));

	g->chunk = xmalloc(CHUNK + RUN_BYTES);
	return g;
}

void gather_free(struct gather *g)
{
	if (!g)
		return;
	vec_free(&g->want);
	vec_free(&g->run);
	free(g->chunk);
	free(g);
}

static int by_addr(const void *a, const void *b)
{
	const struct want *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

static void make_runs(struct gather *g, size_t size)
{
	struct run *r = NULL;

	g->run.n = 0;
	for (size_t i = 0; i < g->want.n; i++) {
		uint64_t off = r ? g->want.v[i].addr - g->want.v[r->first].addr : 0;

		if (r && off <= r->len + GAP && off + size <= RUN_BYTES) {
			r->n++;
			r->len = off + size > r->len ? off + size : r->len;
			continue;
		}
		r = vec_push(&g->run);
		*r = (struct run){ i, 1, size };
	}
}

/* One by one, where a run has a hole. */
static int run_singly(struct gather *g, struct memr *mem, const struct run *r, size_t size,
		      uint8_t *buf, bool *ok)
{
	for (size_t i = r->first; i < r->first + r->n; i++) {
		const struct want *w = &g->want.v[i];
		int rc = memr_read(mem, w->addr, buf + w->at * size, size);

		if (rc && rc != -EFAULT)
			return rc;
		ok[w->at] = !rc;
	}
	return 0;
}

static void run_take(const struct gather *g, const struct run *r, const uint8_t *from, size_t size,
		     uint8_t *buf, bool *ok)
{
	for (size_t i = r->first; i < r->first + r->n; i++) {
		const struct want *w = &g->want.v[i];

		memcpy(buf + w->at * size, from + (w->addr - g->want.v[r->first].addr), size);
		ok[w->at] = true;
	}
}

/* As many runs from the i-th on as fit; returns how many, or a negative errno. */
static ssize_t some_runs(struct gather *g, struct memr *mem, size_t i, size_t size, uint8_t *buf,
			 bool *ok)
{
	size_t n = 0, bytes = 0;
	ssize_t rc;

	for (; i + n < g->run.n && n < RUNS && bytes <= CHUNK; n++) {
		const struct run *r = &g->run.v[i + n];

		g->iov[n] = (struct mem_iov){ g->want.v[r->first].addr, g->chunk + bytes,
					      (uint32_t)r->len, 0 };
		bytes += r->len;
	}
	rc = memr_readv(mem, g->iov, n);
	if (rc < 0)
		return rc;
	for (size_t k = 0; k < n; k++) {
		if (!g->iov[k].rc)
			run_take(g, &g->run.v[i + k], g->iov[k].buf, size, buf, ok);
		else if ((rc = run_singly(g, mem, &g->run.v[i + k], size, buf, ok)) < 0)
			return rc;
	}
	return (ssize_t)n;
}

int gather_read(struct gather *g, struct memr *mem, const uint64_t *addr, size_t n, size_t size,
		uint8_t *buf, bool *ok)
{
	g->want.n = 0;
	vec_reserve(&g->want, n);
	for (size_t i = 0; i < n; i++)
		*vec_push(&g->want) = (struct want){ addr[i], i };
	memset(ok, 0, n * sizeof(*ok));
	if (n > 1)
		qsort(g->want.v, n, sizeof(*g->want.v), by_addr);
	make_runs(g, size);
	for (size_t i = 0; i < g->run.n;) {
		ssize_t k = some_runs(g, mem, i, size, buf, ok);

		if (k < 0)
			return (int)k;
		i += (size_t)k;
	}
	return 0;
}

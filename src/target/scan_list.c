/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime.allgs grows and never shrinks, and a g stays where it is: so its
 * addresses are read once, kept in order, and neighbours are read as one piece.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/core.h"
#include "target/scan_priv.h"

static const int64_t ROOM_NS = 2000000000; /* between two looks at its memory */

enum {
	MAX_LISTED = 1 << 24,
	LIST_PART = 1 << 14,
	TRIES = 3,
	ADDRESS_BITS = 48,
	UNCHECKED = 1 << 17,
};

/*
 * Each goroutine there ever was still has its g, which somebody wrote to: a list that
 * is longer than the program's memory is a lie, which a few pages are enough for.
 */
static bool list_fits(struct scan *s, uint64_t len)
{
	const struct target *t = s->t;
	uint64_t bytes;

	if (len <= UNCHECKED || len <= s->room || t->lay.g.size <= 0)
		return true;
	if (s->now < s->room_until)
		return false;
	s->room_until = s->now + ROOM_NS;
	bytes = t->core ? t->core->size : proc_memory(t->pid);
	s->room = bytes / (uint64_t)t->lay.g.size;
	return !bytes || len <= s->room;
}

/* runtime/proc.go:allgadd: the pointer is stored before the length. */
static int list_where(struct scan *s, uint64_t *ptr, uint64_t *len)
{
	uint64_t last;
	int rc = memr_read_u64(s->t->mem, s->t->glob.allglen, len);

	if (!rc)
		rc = memr_read_u64(s->t->mem, s->t->glob.allgptr, ptr);
	if (!rc && (*len > MAX_LISTED || *len < s->seen || !*ptr || !list_fits(s, *len)))
		rc = -EFAULT;
	if (!rc && *len > s->seen) /* is the last one there, before memory is taken for all? */
		rc = memr_read_u64(s->t->mem, *ptr + (*len - 1) * 8, &last);
	return rc;
}

/* The array moves when it grows, and the old one may be used again for anything. */
static int list_read(const struct scan *s, uint64_t ptr, uint64_t *out, uint64_t n)
{
	uint64_t again;
	int rc = 0;

	for (uint64_t i = 0; i < n && !rc; i += LIST_PART) {
		uint64_t part = n - i < LIST_PART ? n - i : LIST_PART;

		rc = memr_read(s->t->mem, ptr + (s->seen + i) * 8, out + i, part * 8);
	}
	if (!rc)
		rc = memr_read_u64(s->t->mem, s->t->glob.allgptr, &again);
	return rc ? rc : again == ptr ? 0 : -EAGAIN;
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool row_there(const struct scan *s, uint64_t addr)
{
	size_t lo = 0, hi = s->row.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->row.v[mid].addr < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->row.n && s->row.v[lo].addr == addr;
}

/* Sorts them; keeps those that may be addresses, each once. */
static size_t valid_addresses(const struct scan *s, uint64_t *v, size_t n)
{
	size_t out = 0;

	qsort(v, n, sizeof(*v), by_address);
	for (size_t i = 0; i < n; i++)
		if (v[i] && !(v[i] & 7) && !(v[i] >> ADDRESS_BITS) &&
		    (!out || v[out - 1] != v[i]) && !row_there(s, v[i]))
			v[out++] = v[i];
	return out;
}

/* Merges from the back, so that nothing is overwritten before it has moved. */
static void rows_merge(struct scan *s, const uint64_t *v, size_t n)
{
	size_t old = s->row.n, to = old + n;

	vec_reserve(&s->row, to);
	s->row.n = to;
	while (n) {
		if (old && s->row.v[old - 1].addr > v[n - 1])
			s->row.v[--to] = s->row.v[--old];
		else
			s->row.v[--to] = (struct grow){ .addr = v[--n] };
	}
}

static void runs_make(struct scan *s)
{
	struct grun *r = NULL;

	s->run.n = 0;
	for (size_t i = 0; i < s->row.n; i++) {
		uint64_t addr = s->row.v[i].addr;

		if (!r || addr - (r->addr + r->len) > RUN_GAP ||
		    addr + s->need - r->addr > RUN_BYTES) {
			r = vec_push(&s->run);
			*r = (struct grun){ .addr = addr, .first = (uint32_t)i };
		}
		r->len = (uint32_t)(addr + s->need - r->addr);
		r->n++;
	}
}

int scan_list(struct scan *s)
{
	uint64_t ptr, len, *v;
	int rc = -EAGAIN;

	for (int i = 0; i < TRIES && rc == -EAGAIN; i++) {
		rc = list_where(s, &ptr, &len);
		if (rc || len == s->seen)
			return rc;
		v = xcalloc(len - s->seen, sizeof(*v));
		rc = list_read(s, ptr, v, len - s->seen);
		if (!rc) {
			size_t n = valid_addresses(s, v, len - s->seen);

			s->stats.thrown += len - s->seen - n;
			rows_merge(s, v, n);
			runs_make(s);
			s->seen = len;
		}
		free(v);
	}
	return rc == -EAGAIN && s->row.n ? 0 : rc == -EAGAIN ? -EFAULT : rc;
}

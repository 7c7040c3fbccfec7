/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "target/globals.h"

enum {
	SAMPLE = 512,
	PASSES = 4, /* a busy program may be caught in the middle of a change */
	G_MAX = 4096,
	REASON_MAX = 64, /* bytes of a reason, and how many there may be */
	STACK_MAX = 1 << 30
};

struct checker {
	const struct golayout *lay;
	const struct gomodules *mods;
	struct map64 goids;
	unsigned n, bad;
	const char *what; /* the first thing that made no sense */
};

static uint64_t load(const uint8_t *p, int32_t off, unsigned size)
{
	uint64_t v = 0;

	if (off >= 0)
		memcpy(&v, p + off, size);
	return v;
}

static bool rests(uint64_t status)
{
	return status == GST_RUNNABLE || status == GST_WAITING || status == GST_PREEMPTED ||
	       status == GST_LEAKED;
}

static const char *check_stack(const struct checker *c, const uint8_t *g, uint64_t status)
{
	uint64_t lo = load(g, c->lay->g.stack_lo, 8), hi = load(g, c->lay->g.stack_hi, 8);
	uint64_t sp = load(g, c->lay->g.sched_sp, 8), pc = load(g, c->lay->g.sched_pc, 8);

	if (!lo || lo >= hi || hi - lo > STACK_MAX || (lo & 7))
		return "the bounds of a stack";
	if (!rests(status))
		return NULL;
	if (sp <= lo || sp > hi || (sp & 7))
		return "a stack pointer";
	return gomodules_find(c->mods, pc) ? NULL : "a program counter";
}

/* What is wrong with the record, NULL: nothing. */
static const char *check_g(struct checker *c, const uint8_t *g)
{
	uint64_t status = load(g, c->lay->g.atomicstatus, 4), goid = load(g, c->lay->g.goid, 8);

	if (status & ~(uint64_t)(GST_SCAN | 0xf))
		return "a status";
	status &= ~(uint64_t)GST_SCAN;
	if (status > GST_DEADEXTRA || (c->lay->minor < 26 && status > GST_PREEMPTED))
		return "a status";
	if (status == GST_DEAD || status == GST_DEADEXTRA || status == GST_IDLE)
		return NULL;
	if (!goid || goid >> 56)
		return "a goroutine's id";
	if (map64_get(&c->goids, goid) != UINT32_MAX)
		return "a goroutine's id that is there twice";
	map64_put(&c->goids, goid, 1);
	return check_stack(c, g, status);
}

static void check_all(struct checker *c, struct memr *mem, const uint8_t *raw,
		      const struct mem_iov *v, size_t n)
{
	size_t size = (size_t)c->lay->g.size;

	for (size_t i = 0; i < n; i++) {
		const char *bad;

		if (v[i].rc && memr_lacks(mem, v[i].addr, size)) /* that says nothing */
			continue;
		bad = v[i].rc ? "an address" : check_g(c, raw + i * size);

		c->n++;
		c->bad += !!bad;
		if (bad && !c->what)
			c->what = bad;
	}
}

/* Reads at most SAMPLE records, spread over the whole list; how many, or -ESRCH. */
static ssize_t read_sample(const struct golayout *lay, const struct goglobals *gl, struct memr *mem,
			   uint8_t *raw, struct mem_iov *v)
{
	uint64_t len, ptr, list[SAMPLE], step;
	size_t n = 0, size = (size_t)lay->g.size;
	ssize_t rc = memr_read_u64(mem, gl->allglen, &len) ?: memr_read_u64(mem, gl->allgptr, &ptr);

	if (rc || !len || len > 1u << 24)
		return rc == -ESRCH ? rc : 0;
	step = (len + SAMPLE - 1) / SAMPLE;
	for (uint64_t i = 0; i < len && n < SAMPLE; i += step, n++)
		v[n] = (struct mem_iov){ .addr = ptr + i * 8, .buf = &list[n], .len = 8 };
	rc = memr_readv(mem, v, n);
	if (rc != (ssize_t)n)
		return rc == -ESRCH ? rc : 0;
	for (size_t i = 0; i < n; i++)
		v[i] = (struct mem_iov){ .addr = list[i],
					 .buf = raw + i * size,
					 .len = (uint32_t)size };
	rc = memr_readv(mem, v, n);
	return rc < 0 ? rc : (ssize_t)n;
}

int layout_check(const struct golayout *lay, const struct goglobals *gl, struct memr *mem,
		 const struct gomodules *mods, struct err *err)
{
	struct checker c = { .lay = lay, .mods = mods };
	struct mem_iov v[SAMPLE];
	uint8_t *raw;
	ssize_t n;

	if (lay->g.size <= 0 || lay->g.size > G_MAX)
		return err_set(err, -ENOTSUP, EXIT_ATTACH, "the layout of runtime.g is not known");
	raw = xcalloc(SAMPLE, (size_t)lay->g.size);
	for (int pass = 0; pass < PASSES; pass++) {
		map64_clear(&c.goids);
		c.n = c.bad = 0;
		c.what = NULL;
		n = read_sample(lay, gl, mem, raw, v);
		if (n < 0)
			break;
		check_all(&c, mem, raw, v, (size_t)n);
		if (c.n && c.bad <= c.n / 50)
			break;
	}
	map64_free(&c.goids);
	free(raw);
	if (n == -ESRCH)
		return err_set(err, -ESRCH, EXIT_GONE, "the program has ended");
	if (!c.n || c.bad > c.n / 50)
		return err_set(err, -ENOTSUP, EXIT_ATTACH,
			       "the runtime's data are not as in Go 1.%d: %s makes "
			       "no sense in %u of %u goroutines looked at",
			       lay->minor, c.what ? c.what : "the list of goroutines", c.bad, c.n);
	return 0;
}

/* All texts in one block: the pointers, then what they point to. */
int layout_read_waitreasons(struct golayout *lay, const struct goglobals *gl, struct memr *mem,
			    void **own)
{
	struct block {
		const char *text[REASON_MAX];
		char bytes[REASON_MAX][REASON_MAX];
	} * b;
	uint32_t n = gl->nwaitreasons ? gl->nwaitreasons : lay->nwaitreasons;

	*own = NULL;
	if (!gl->waitReasonStrings || !n || n > REASON_MAX)
		return 0;
	b = xcalloc(1, sizeof(*b));
	for (uint32_t i = 0; i < n; i++) {
		if (memr_read_gostring(mem, gl->waitReasonStrings + 16 * i, b->bytes[i], REASON_MAX,
				       REASON_MAX - 1) < 0) {
			free(b);
			return -EFAULT;
		}
		b->text[i] = b->bytes[i];
	}
	lay->waitreasons = b->text;
	lay->nwaitreasons = n;
	*own = b;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "target/gsched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_THREADS = 1 << 15, /* Go's own limit is 10,000 */
	MAX_PROCS = 1 << 16,
	RUNQ = 256, /* runtime/runtime2.go:p.runq */
	SCHED_BYTES = 4096,
};

void gsched_init(struct gsched *s)
{
	memset(s, 0, sizeof(*s));
}

void gsched_release(struct gsched *s)
{
	vec_free(&s->m);
	vec_free(&s->p);
	vec_free(&s->by_addr);
	free(s->buf);
	memset(s, 0, sizeof(*s));
}

static uint8_t *buffer(struct gsched *s, size_t n)
{
	if (n > s->buf_size) {
		s->buf = xrealloc(s->buf, n, 1);
		s->buf_size = n;
	}
	return s->buf;
}

/* A field of n bytes at off; 0 where this version has none. */
static uint64_t field(const uint8_t *p, int32_t off, size_t n)
{
	uint64_t v = 0;

	if (off >= 0)
		memcpy(&v, p + off, n);
	return v;
}

static size_t bytes_up_to(size_t n, int32_t off, size_t size)
{
	return off >= 0 && (size_t)off + size > n ? (size_t)off + size : n;
}

/* --- threads --- */

static size_t m_bytes(const struct golayout *lay)
{
	const int32_t offs[] = { lay->m.g0,	 lay->m.procid,	  lay->m.curg,	     lay->m.p,
				 lay->m.id,	 lay->m.spinning, lay->m.blocked,    lay->m.incgo,
				 lay->m.alllink, lay->m.lockedg,  lay->m.syscalltick };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(offs); i++)
		n = bytes_up_to(n, offs[i], 8);
	return n;
}

static struct gthread m_parse(const struct golayout *lay, uint64_t addr, const uint8_t *b)
{
	return (struct gthread){
		.addr = addr,
		.next = field(b, lay->m.alllink, 8),
		.g0 = field(b, lay->m.g0, 8),
		.curg = field(b, lay->m.curg, 8),
		.lockedg = field(b, lay->m.lockedg, 8),
		.p = field(b, lay->m.p, 8),
		.id = (int64_t)field(b, lay->m.id, 8),
		.tid = (pid_t)field(b, lay->m.procid, 4),
		.syscalltick = (uint32_t)field(b, lay->m.syscalltick, 4),
		.incgo = field(b, lay->m.incgo, 1),
		.spinning = field(b, lay->m.spinning, 1),
		.blocked = field(b, lay->m.blocked, 1),
	};
}

/* Reads the threads known in one call; true where their chain is still the same. */
static bool threads_again(struct gsched *s, struct memr *mem, const struct golayout *lay,
			  uint64_t head)
{
	size_t bytes = m_bytes(lay), n = s->m.n;
	uint8_t *b = buffer(s, n * bytes + 1);
	struct mem_iov *v = xcalloc(n + 1, sizeof(*v));
	bool same = n && s->m.v[0].addr == head;

	for (size_t i = 0; i < n; i++)
		v[i] = (struct mem_iov){ s->m.v[i].addr, b + i * bytes, (uint32_t)bytes, 0 };
	same = same && memr_readv(mem, v, n) == (ssize_t)n;
	for (size_t i = 0; same && i < n; i++) {
		struct gthread t = m_parse(lay, v[i].addr, b + i * bytes);

		same = t.next == (i + 1 < n ? s->m.v[i + 1].addr : 0);
		s->m.v[i] = t;
	}
	free(v);
	return same;
}

static int threads_walk(struct gsched *s, struct memr *mem, const struct golayout *lay,
			uint64_t head)
{
	size_t bytes = m_bytes(lay);
	uint8_t *b = buffer(s, bytes);
	uint64_t mark = 0;

	s->m.n = 0;
	for (uint64_t addr = head; addr && s->m.n < MAX_THREADS;) {
		int rc = memr_read(mem, addr, b, bytes);

		if (rc)
			return rc;
		*vec_push(&s->m) = m_parse(lay, addr, b);
		addr = s->m.v[s->m.n - 1].next;
		if (!(s->m.n & (s->m.n - 1))) /* Brent: a ring is met again within its length */
			mark = addr;
		else if (addr && addr == mark)
			return -EFAULT;
	}
	return 0;
}

static int by_address(const void *a, const void *b, void *arg)
{
	const struct gthread *m = arg;
	uint64_t x = m[*(const uint32_t *)a].addr, y = m[*(const uint32_t *)b].addr;

	return (x > y) - (x < y);
}

static int threads_read(struct gsched *s, struct memr *mem, const struct golayout *lay,
			const struct goglobals *gl)
{
	uint64_t head;
	int rc = memr_read_u64(mem, gl->allm, &head);

	if (rc || threads_again(s, mem, lay, head))
		return rc;
	rc = threads_walk(s, mem, lay, head);
	s->by_addr.n = 0;
	for (uint32_t i = 0; i < s->m.n; i++)
		*vec_push(&s->by_addr) = i;
	if (s->m.n)
		qsort_r(s->by_addr.v, s->by_addr.n, sizeof(uint32_t), by_address, s->m.v);
	return rc;
}

const struct gthread *gsched_thread(const struct gsched *s, uint64_t addr)
{
	size_t lo = 0, hi = s->by_addr.n;

	while (addr && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct gthread *m = &s->m.v[s->by_addr.v[mid]];

		if (m->addr == addr)
			return m;
		if (m->addr < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* --- processors --- */

int32_t gsched_proc_id(const struct gsched *s, uint64_t addr)
{
	for (size_t i = 0; addr && i < s->p.n; i++)
		if (s->p.v[i].addr == addr)
			return s->p.v[i].id;
	return -1;
}

static size_t p_bytes(const struct golayout *lay)
{
	const int32_t offs[] = { lay->p.id,	   lay->p.status,    lay->p.m,
				 lay->p.schedtick, lay->p.runqhead,  lay->p.runqtail,
				 lay->p.runnext,   lay->p.goidcache, lay->p.goidcacheend };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(offs); i++)
		n = bytes_up_to(n, offs[i], 8);
	return n;
}

static struct gproc p_parse(const struct golayout *lay, uint64_t addr, const uint8_t *b)
{
	uint32_t queued =
		(uint32_t)field(b, lay->p.runqtail, 4) - (uint32_t)field(b, lay->p.runqhead, 4);

	return (struct gproc){
		.addr = addr,
		.m = field(b, lay->p.m, 8),
		.id = (int32_t)field(b, lay->p.id, 4),
		.status = (uint32_t)field(b, lay->p.status, 4),
		.runq = (queued <= RUNQ ? queued : 0) + (field(b, lay->p.runnext, 8) != 0),
		.schedtick = (uint32_t)field(b, lay->p.schedtick, 4),
		.goid_next = field(b, lay->p.goidcache, 8),
		.goid_end = field(b, lay->p.goidcacheend, 8),
	};
}

static int procs_fill(struct gsched *s, struct memr *mem, const struct golayout *lay,
		      const uint64_t *addr, size_t n)
{
	size_t bytes = p_bytes(lay);
	uint8_t *b = buffer(s, n * bytes + 1);
	struct mem_iov *v = xcalloc(n + 1, sizeof(*v));
	ssize_t got;

	for (size_t i = 0; i < n; i++)
		v[i] = (struct mem_iov){ addr[i], b + i * bytes, (uint32_t)bytes, 0 };
	got = memr_readv(mem, v, n);
	free(v);
	if (got != (ssize_t)n)
		return got < 0 ? (int)got : -EFAULT;
	s->p.n = 0;
	for (size_t i = 0; i < n; i++)
		*vec_push(&s->p) = p_parse(lay, addr[i], b + i * bytes);
	return 0;
}

static int procs_read(struct gsched *s, struct memr *mem, const struct golayout *lay,
		      const struct goglobals *gl)
{
	struct {
		uint64_t ptr, len, cap;
	} allp;
	uint64_t *addr;
	int rc = memr_read(mem, gl->allp, &allp, sizeof(allp));

	if (rc)
		return rc;
	if (allp.len > MAX_PROCS || allp.len > allp.cap)
		return -EFAULT;
	addr = xcalloc(allp.len + 1, sizeof(*addr));
	rc = memr_read(mem, allp.ptr, addr, allp.len * sizeof(*addr));
	if (!rc)
		rc = procs_fill(s, mem, lay, addr, allp.len);
	free(addr);
	return rc;
}

/* --- the whole --- */

int gsched_read(struct gsched *s, struct memr *mem, const struct golayout *lay,
		const struct goglobals *gl)
{
	uint8_t b[SCHED_BYTES];
	uint32_t marks = 0;
	size_t n = 0;
	const int32_t offs[] = { lay->sched.goidgen,  lay->sched.nmidle,     lay->sched.npidle,
				 lay->sched.runqsize, lay->sched.nmspinning, lay->sched.gcwaiting };
	int rc = threads_read(s, mem, lay, gl);

	if (!rc)
		rc = procs_read(s, mem, lay, gl);
	for (size_t i = 0; i < ARRAY_SIZE(offs); i++)
		n = bytes_up_to(n, offs[i], 8);
	if (rc || n > sizeof(b))
		return rc ? rc : -EFAULT;
	rc = memr_read(mem, gl->sched, b, n);
	if (rc)
		return rc;
	s->created = s->goidgen = field(b, lay->sched.goidgen, 8);
	for (size_t i = 0; i < s->p.n; i++)
		s->created -= s->p.v[i].goid_end - s->p.v[i].goid_next;
	if (gl->writeBarrier && !memr_read_u32(mem, gl->writeBarrier, &marks))
		s->gc_on = marks & 0xff;
	s->idle_m = (uint32_t)field(b, lay->sched.nmidle, 4);
	s->idle_p = (uint32_t)field(b, lay->sched.npidle, 4);
	s->spinning_m = (uint32_t)field(b, lay->sched.nmspinning, 4);
	s->runq = (uint32_t)field(b, lay->sched.runqsize, 4);
	s->gc_waiting = field(b, lay->sched.gcwaiting, 1);
	return 0;
}

bool gsched_had(const struct gsched *s, uint64_t goid)
{
	if (goid > s->goidgen)
		return false;
	for (size_t i = 0; i < s->p.n; i++)
		if (goid >= s->p.v[i].goid_next && goid < s->p.v[i].goid_end)
			return false;
	return true;
}

void gsched_keep_ids(struct gsched *to, const struct gsched *from)
{
	to->goidgen = from->goidgen;
	to->p.n = 0;
	for (size_t i = 0; i < from->p.n; i++)
		*vec_push(&to->p) = from->p.v[i];
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each variable is sought among the operands of functions that must use it, and
 * believed when the live memory there is what the runtime keeps in it.
 */
#include "target/globals_find.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	CODE_MAX = 1 << 16, /* bytes of one function */
	REFS_MAX = 512,
	TRIES = 8, /* what is read may be changing */
	SLICE_SIZE = 24,
	CHAIN_MAX = 1 << 16,
	GOID_MAX_BITS = 56,
	STACK_MAX = 1 << 30,
	LISTED_MOST = 1 << 12
};

/* A function's code, from the file or else the target; *own is to be freed. */
static const uint8_t *function_code(const struct gfinder *f, const struct symfunc *fn, size_t *n,
				    uint8_t **own)
{
	const uint8_t *p;

	*own = NULL;
	*n = fn->end - fn->entry < CODE_MAX ? (size_t)(fn->end - fn->entry) : CODE_MAX;
	p = f->img ? image_at(f->img, fn->entry - f->img->bias, *n) : NULL;
	if (p)
		return p;
	*own = xmalloc(*n + 1);
	if (memr_read(f->mem, fn->entry, *own, *n)) {
		free(*own);
		return *own = NULL;
	}
	return *own;
}

/* Within the data and bss of the program. */
static bool in_data(const struct gfinder *f, uint64_t addr)
{
	const struct gomodule *m = &f->mods->mod.v[0];

	return (addr >= m->noptrdata && addr < m->enoptrdata) ||
	       (addr >= m->data && addr < m->edata) || (addr >= m->bss && addr < m->ebss) ||
	       (addr >= m->noptrbss && addr < m->enoptrbss);
}

static size_t keep_data_refs(const struct gfinder *f, struct insn_ref *r, size_t n, unsigned kinds)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		if (!in_data(f, r[i].addr) || (kinds && !(kinds >> r[i].kind & 1)))
			continue;
		while (k < kept && (r[k].addr != r[i].addr || r[k].kind != r[i].kind))
			k++;
		if (k == kept)
			r[kept++] = r[i];
	}
	return kept;
}

size_t gfinder_refs(struct gfinder *f, const char *func, unsigned kinds, struct insn_ref *out,
		    size_t max)
{
	const uint8_t *code;
	struct symfunc fn;
	uint8_t *own;
	size_t n;

	if (!symtab_func_by_name(f->st, func, &fn))
		return 0;
	code = function_code(f, &fn, &n, &own);
	if (!code)
		return 0;
	n = f->lay->arch == GOARCH_AMD64 ? insn_refs_amd64(code, n, fn.entry, out, max)
					 : insn_refs_arm64(code, n, fn.entry, out, max);
	free(own);
	return keep_data_refs(f, out, n < max ? n : max, kinds);
}

static uint64_t load(const uint8_t *p, int32_t off, unsigned size)
{
	uint64_t v = 0;

	memcpy(&v, p + off, size);
	return v;
}

static bool peek(const struct gfinder *f, uint64_t addr, uint64_t *v)
{
	return addr && !(addr & 7) && !memr_read_u64(f->mem, addr, v);
}

/* Does a runtime.g lie there? Its goid goes to *goid. */
static bool is_g(const struct gfinder *f, uint64_t g, uint64_t *goid)
{
	uint8_t raw[1024];
	uint64_t lo, hi, status;

	if (!g || (g & 7) || f->lay->g.size > (int32_t)sizeof(raw) ||
	    memr_read(f->mem, g, raw, (size_t)f->lay->g.size))
		return false;
	lo = load(raw, f->lay->g.stack_lo, 8);
	hi = load(raw, f->lay->g.stack_hi, 8);
	status = load(raw, f->lay->g.atomicstatus, 4) & ~(uint64_t)GST_SCAN;
	*goid = load(raw, f->lay->g.goid, 8);
	if (status > GST_DEADEXTRA || *goid >> GOID_MAX_BITS)
		return false;
	/* A dead one may have given its stack back. */
	if (!lo && !hi)
		return status == GST_DEAD || status == GST_DEADEXTRA || status == GST_IDLE;
	return lo < hi && hi - lo <= STACK_MAX && !(lo & 7);
}

static bool is_glist(struct gfinder *f, uint64_t ptr, uint64_t len)
{
	uint64_t first, last, goid;

	return len && len < 1ull << 32 && peek(f, ptr, &first) &&
	       peek(f, ptr + 8 * (len - 1), &last) && is_g(f, first, &goid) && is_g(f, last, &goid);
}

/* The slice among the references: its first word is ptr, its second len, its third no less. */
static uint64_t find_allgs_slice(const struct gfinder *f, const struct insn_ref *r, size_t n,
				 uint64_t ptr, uint64_t len)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t w[3];

		if (!(r[i].addr & 7) && !memr_read(f->mem, r[i].addr, w, sizeof(w)) &&
		    w[0] == ptr && w[1] == len && w[2] >= len)
			return r[i].addr;
	}
	return 0;
}

/* runtime/proc.go:allgadd keeps allgs, and copies of its parts in allgptr and allglen. */
static bool try_allgs(struct gfinder *f, const struct insn_ref *r, size_t n, size_t ip, size_t il)
{
	struct goglobals *gl = f->gl;
	uint64_t ptr, len, slice;

	if (!peek(f, r[ip].addr, &ptr) || !peek(f, r[il].addr, &len) || !is_glist(f, ptr, len))
		return false;
	slice = find_allgs_slice(f, r, n, ptr, len);
	/* The slice's own length is no copy, nor is its capacity while the two are equal. */
	if (!slice || r[ip].addr - slice < SLICE_SIZE || r[il].addr - slice < SLICE_SIZE)
		return false;
	gl->allgs = slice;
	gl->allgptr = r[ip].addr;
	gl->allglen = r[il].addr;
	gl->way[GLOBAL_allgs] = gl->way[GLOBAL_allgptr] = gl->way[GLOBAL_allglen] = GLOBAL_BY_CODE;
	return true;
}

/* Nothing in any of them: the runtime has made no goroutine yet. */
static bool all_zero(const struct gfinder *f, const struct insn_ref *r, size_t n)
{
	uint64_t v;

	for (size_t i = 0; i < n; i++)
		if (r[i].kind != INSN_LEA && peek(f, r[i].addr, &v) && v)
			return false;
	return n > 0;
}

static int find_allgs(struct gfinder *f, struct err *err)
{
	struct insn_ref r[REFS_MAX];
	size_t n;

	if (f->gl->allgptr && f->gl->allglen)
		return 0;
	n = gfinder_refs(f, "runtime.allgadd", 0, r, REFS_MAX);
	for (int try = 0; try < TRIES; try++)
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < n; k++)
				if (i != k && try_allgs(f, r, n, i, k))
					return 0;
	if (all_zero(f, r, n))
		return err_set(err, -EAGAIN, EXIT_ATTACH, "the Go runtime has not started yet");
	return 0;
}

/* The first ones that make sense, of those that the list begins with. */
static void sample_gs(struct gfinder *f)
{
	uint64_t ptr, len, goid, *list;
	ssize_t got;

	if (!peek(f, f->gl->allgptr, &ptr) || !peek(f, f->gl->allglen, &len))
		return;
	len = len < LISTED_MOST ? len : (uint64_t)LISTED_MOST;
	list = xcalloc(len + 1, sizeof(*list));
	got = memr_read_some(f->mem, ptr, list, len * sizeof(*list));
	for (ssize_t i = 0; i < got / (ssize_t)sizeof(*list) && f->ng < GFIND_SAMPLE; i++)
		if (is_g(f, list[i], &goid)) {
			f->g[f->ng] = list[i];
			f->goid[f->ng++] = goid;
		}
	free(list);
}

/* 251 roots { lock, treap, nwait }, nothing between them: runtime/sema.go:semTable. */
static bool is_semtable(const struct gfinder *f, uint64_t addr)
{
	const struct golayout *lay = f->lay;
	size_t stride = (size_t)lay->semTable.size, size = stride * lay->sema_n;
	uint8_t *raw = xmalloc(size);
	bool ok = !memr_read(f->mem, addr, raw, size);

	for (size_t i = 0; ok && i < lay->sema_n; i++) {
		const uint8_t *root = raw + i * stride;
		uint64_t treap = load(root, lay->semaRoot.treap, 8);

		ok = !(treap & 7) && (!treap || proc_maps_find(f->maps, treap)) &&
		     load(root, lay->semaRoot.nwait, 4) < 1u << 31;
		for (size_t k = (size_t)lay->semaRoot.size; ok && k < stride; k++)
			ok = !root[k];
	}
	free(raw);
	return ok;
}

static bool is_among(const struct insn_ref *r, size_t n, uint64_t addr)
{
	for (size_t i = 0; i < n; i++)
		if (r[i].addr == addr)
			return true;
	return false;
}

static void found(struct gfinder *f, enum global_id id, uint64_t addr, enum global_way way)
{
	f->gl->addr[id] = addr;
	f->gl->way[id] = (uint8_t)way;
}

static void find_semtable(struct gfinder *f)
{
	struct insn_ref a[REFS_MAX], r[REFS_MAX];
	size_t na, nr;

	if (f->gl->semtable)
		return;
	na = gfinder_refs(f, "runtime.semacquire1", 1 << INSN_LEA, a, REFS_MAX);
	nr = gfinder_refs(f, "runtime.semrelease1", 1 << INSN_LEA, r, REFS_MAX);
	for (size_t i = 0; i < na; i++)
		if (is_among(r, nr, a[i].addr) && is_semtable(f, a[i].addr))
			return found(f, GLOBAL_semtable, a[i].addr, GLOBAL_BY_CODE);
}

/* Do the arenas at addr lead from a known g to a span that holds it? */
static bool arenas_hold_g(const struct gfinder *f, uint64_t arenas)
{
	const struct golayout *lay = f->lay;
	uint64_t l2, arena, span, start, pages;

	for (size_t i = 0; i < f->ng; i++) {
		uint64_t index = (f->g[i] - lay->arena_base) >> lay->arena_shift;
		uint64_t page = (f->g[i] >> lay->page_shift) &
				((1ull << (lay->arena_shift - lay->page_shift)) - 1);

		if (index < 1ull << 22 && peek(f, arenas, &l2) && peek(f, l2 + 8 * index, &arena) &&
		    peek(f, arena + (uint64_t)lay->heapArena.spans + 8 * page, &span) &&
		    peek(f, span + (uint64_t)lay->mspan.startAddr, &start) &&
		    peek(f, span + (uint64_t)lay->mspan.npages, &pages) && f->g[i] >= start &&
		    f->g[i] - start < pages << lay->page_shift)
			return true;
	}
	return false;
}

static void find_mheap(struct gfinder *f)
{
	static const char *const users[] = { "runtime.findObject", "runtime.spanOf",
					     "runtime.(*mheap).sysAlloc",
					     "runtime.(*mcache).allocLarge", "runtime.greyobject" };
	uint64_t arenas = (uint64_t)f->lay->mheap.arenas;
	struct insn_ref r[REFS_MAX];

	for (size_t u = 0; u < ARRAY_SIZE(users) && !f->gl->mheap; u++) {
		size_t n = gfinder_refs(f, users[u], 0, r, REFS_MAX);

		for (size_t i = 0; i < n && !f->gl->mheap; i++) {
			/* The field itself, or the heap's address. */
			if (arenas_hold_g(f, r[i].addr))
				found(f, GLOBAL_mheap, r[i].addr - arenas, GLOBAL_BY_CODE);
			else if (r[i].kind == INSN_LEA && arenas_hold_g(f, r[i].addr + arenas))
				found(f, GLOBAL_mheap, r[i].addr, GLOBAL_BY_CODE);
		}
	}
}

/* m.g0.m is m; and so for the next of the chain. *last is its end. */
static bool is_mchain(const struct gfinder *f, uint64_t m, uint64_t *last, uint64_t *count)
{
	uint64_t g0, back;

	*count = 0;
	for (*last = 0; m; (*count)++) {
		if (*count > CHAIN_MAX || !peek(f, m + (uint64_t)f->lay->m.g0, &g0) ||
		    !peek(f, g0 + (uint64_t)f->lay->g.m, &back) || back != m)
			return false;
		*last = m;
		if (!peek(f, m + (uint64_t)f->lay->m.alllink, &m))
			return false;
	}
	return *count > 0;
}

static void find_allm(struct gfinder *f, uint64_t *nm)
{
	struct insn_ref r[REFS_MAX];
	uint64_t m, last = 0;
	size_t n = 0;

	if (!f->gl->allm)
		n = gfinder_refs(f, "runtime.mcommoninit", 0, r, REFS_MAX);
	for (size_t i = 0; i < n && !f->gl->allm; i++)
		if (peek(f, r[i].addr, &m) && is_mchain(f, m, &last, nm))
			found(f, GLOBAL_allm, r[i].addr, GLOBAL_BY_CODE);
	if (!peek(f, f->gl->allm, &m) || !is_mchain(f, m, &last, nm))
		return;
	/* The first M is a variable, and it is the end of the chain. */
	if (!f->gl->m0 && in_data(f, last))
		found(f, GLOBAL_m0, last, GLOBAL_BY_DATA);
	if (!f->gl->g0 && f->gl->m0 && peek(f, f->gl->m0 + (uint64_t)f->lay->m.g0, &last))
		found(f, GLOBAL_g0, last, GLOBAL_BY_DATA);
}

/* A slice of *p, each of which has its index as id. */
static bool is_allp(const struct gfinder *f, uint64_t addr, uint64_t *np)
{
	uint64_t w[3], p;
	uint32_t v[2];

	if ((addr & 7) || memr_read(f->mem, addr, w, sizeof(w)) || !w[1] || w[1] > w[2] ||
	    w[2] > 1 << 16)
		return false;
	for (uint64_t i = 0; i < w[1] && i < 64; i++)
		if (!peek(f, w[0] + 8 * i, &p) || !p || memr_read(f->mem, p, v, sizeof(v)) ||
		    v[0] != i || v[1] > 8)
			return false;
	*np = w[1];
	return true;
}

static void find_allp(struct gfinder *f, uint64_t *np)
{
	struct insn_ref r[REFS_MAX];
	uint64_t addr;
	size_t n;

	if (f->gl->allp && is_allp(f, f->gl->allp, np))
		return;
	n = gfinder_refs(f, "runtime.procresize", 0, r, REFS_MAX);
	for (size_t i = 0; i < n && !f->gl->allp; i++) {
		/* The slice's pointer, or its length or capacity. */
		for (addr = r[i].addr; addr > r[i].addr - 24 && !f->gl->allp; addr -= 8)
			if (is_allp(f, addr, np))
				found(f, GLOBAL_allp, addr, GLOBAL_BY_CODE);
	}
}

/* What must hold of runtime.sched, given how many Ms and Ps there are. */
static bool is_sched(const struct gfinder *f, uint64_t addr, uint64_t nm, uint64_t np)
{
	const struct golayout *lay = f->lay;
	uint8_t raw[512];
	struct timespec now;
	uint64_t maxgoid = 0, resized;

	if ((addr & 7) || memr_read(f->mem, addr, raw, sizeof(raw)))
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	for (size_t i = 0; i < f->ng; i++)
		maxgoid = f->goid[i] > maxgoid ? f->goid[i] : maxgoid;
	resized = load(raw, lay->sched.procresizetime, 8);
	return load(raw, lay->sched.goidgen, 8) >= maxgoid &&
	       !(load(raw, lay->sched.goidgen, 8) >> GOID_MAX_BITS) &&
	       load(raw, lay->sched.mnext, 8) >= nm &&
	       load(raw, lay->sched.mnext, 8) < 1ull << 32 &&
	       load(raw, lay->sched.maxmcount, 4) > 0 &&
	       load(raw, lay->sched.maxmcount, 4) <= INT32_MAX &&
	       load(raw, lay->sched.npidle, 4) <= np && load(raw, lay->sched.nmidle, 4) <= nm &&
	       load(raw, lay->sched.ngsys, 4) < 1 << 16 && resized > 0 &&
	       (f->mem->over ||
		resized <= (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
}

/* All of them lock sched or use its first fields, so the address or the lock's is there. */
static void find_sched(struct gfinder *f, uint64_t nm, uint64_t np)
{
	static const char *const users[] = { "runtime.mcommoninit", "runtime.procresize",
					     "runtime.schedule", "runtime.findRunnable" };
	const int32_t off[] = { 0, f->lay->sched.lock, f->lay->sched.goidgen,
				f->lay->sched.gcwaiting, f->lay->sched.procresizetime };
	struct insn_ref r[REFS_MAX];

	for (size_t u = 0; u < ARRAY_SIZE(users) && !f->gl->sched; u++) {
		size_t n = gfinder_refs(f, users[u], 0, r, REFS_MAX);

		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < ARRAY_SIZE(off) && !f->gl->sched; k++)
				if (is_sched(f, r[i].addr - (uint64_t)off[k], nm, np))
					found(f, GLOBAL_sched, r[i].addr - (uint64_t)off[k],
					      GLOBAL_BY_CODE);
	}
}

/* Whatever stores pointers asks first whether the barrier is on: `cmpl $0, writeBarrier`. */
static void find_write_barrier(struct gfinder *f)
{
	static const char *const users[] = { "runtime.allgadd", "runtime.mcommoninit",
					     "runtime.procresize", "runtime.newproc1" };
	struct insn_ref r[ARRAY_SIZE(users)][64];
	size_t n[ARRAY_SIZE(users)];
	uint32_t v;

	if (f->gl->writeBarrier)
		return;
	for (size_t u = 0; u < ARRAY_SIZE(users); u++)
		n[u] = gfinder_refs(f, users[u],
				    f->lay->arch == GOARCH_AMD64 ? 1 << INSN_CMP : 1 << INSN_LOAD,
				    r[u], 64);
	for (size_t i = 0; i < n[0] && !f->gl->writeBarrier; i++) {
		unsigned votes = 0;

		for (size_t u = 1; u < ARRAY_SIZE(users); u++)
			votes += is_among(r[u], n[u], r[0][i].addr);
		if (votes >= 2 && r[0][i].size == 4 && !memr_read_u32(f->mem, r[0][i].addr, &v) &&
		    v <= 1)
			found(f, GLOBAL_writeBarrier, r[0][i].addr, GLOBAL_BY_CODE);
	}
}

static bool text_is(const struct gfinder *f, uint64_t header, const char *want)
{
	char text[64];

	return memr_read_gostring(f->mem, header, text, sizeof(text), sizeof(text)) >= 0 &&
	       !strcmp(text, want);
}

/* The first is empty and the second the same in every version: runtime/runtime2.go. */
static void find_waitreasons(struct gfinder *f)
{
	static const char *const users[] = { "runtime.waitReason.String",
					     "runtime.goroutineheader" };
	struct insn_ref r[REFS_MAX];

	for (size_t u = 0; u < ARRAY_SIZE(users) && !f->gl->waitReasonStrings; u++) {
		size_t n = gfinder_refs(f, users[u], 0, r, REFS_MAX);

		for (size_t i = 0; i < n && !f->gl->waitReasonStrings; i++)
			if (text_is(f, r[i].addr, "") &&
			    text_is(f, r[i].addr + 16, "GC assist marking"))
				found(f, GLOBAL_waitReasonStrings, r[i].addr, GLOBAL_BY_CODE);
	}
}

/* How thread-local g is reached: mov %fs:-8,%r14, or by way of a register that holds the offset. */
static bool tls_in_code(const struct gfinder *f, const uint8_t *code, size_t n, uint64_t pc,
			int64_t *off)
{
	struct insn in, before = { 0 };
	uint64_t v;
	int len;

	for (size_t i = 0; i < n; i += (size_t)len) {
		len = insn_decode_amd64(code + i, n - i, pc + i, &in);
		if (!len)
			return false;
		if (in.fs) {
			*off = in.disp;
			if (!in.has_disp && before.has_ref && peek(f, before.ref, &v))
				*off += (int64_t)v;
			else if (!in.has_disp && before.has_imm)
				*off += before.imm;
			return *off < 0 && *off > -65536 && !(*off & 7);
		}
		before = in;
	}
	return false;
}

static void find_tls(struct gfinder *f)
{
	static const char *const users[] = { "runtime.gogo", "gogo", "runtime.mcall",
					     "runtime.systemstack", "runtime.asmcgocall" };

	if (f->lay->arch != GOARCH_AMD64)
		return;
	for (size_t u = 0; u < ARRAY_SIZE(users) && !f->gl->has_tls_g; u++) {
		const uint8_t *code;
		struct symfunc fn;
		uint8_t *own;
		size_t n;

		if (!symtab_func_by_name(f->st, users[u], &fn))
			continue;
		code = function_code(f, &fn, &n, &own);
		f->gl->has_tls_g = code && tls_in_code(f, code, n, fn.entry, &f->gl->tls_g);
		free(own);
	}
}

int gfinder_run(struct gfinder *f, struct err *err)
{
	uint64_t nm = 0, np = 0;
	int rc = find_allgs(f, err);

	if (rc)
		return rc;
	sample_gs(f);
	find_semtable(f);
	if (!f->gl->mheap)
		find_mheap(f);
	find_allm(f, &nm);
	find_allp(f, &np);
	find_sched(f, nm, np);
	find_write_barrier(f);
	find_waitreasons(f);
	find_tls(f);
	return 0;
}

size_t goglobals_candidates(enum global_id id, struct symtab *st, struct memr *mem,
			    const struct image *img, const struct golayout *lay, uint64_t *out,
			    size_t max)
{
	static const char *const user[GLOBAL_N] = {
		[GLOBAL_allgs] = "runtime.allgadd",
		[GLOBAL_allglen] = "runtime.allgadd",
		[GLOBAL_allgptr] = "runtime.allgadd",
		[GLOBAL_semtable] = "runtime.semacquire1",
		[GLOBAL_mheap] = "runtime.findObject",
		[GLOBAL_sched] = "runtime.mcommoninit",
		[GLOBAL_allm] = "runtime.mcommoninit",
		[GLOBAL_allp] = "runtime.procresize",
		[GLOBAL_writeBarrier] = "runtime.allgadd",
		[GLOBAL_waitReasonStrings] = "runtime.waitReason.String",
	};
	struct insn_ref r[REFS_MAX];
	const uint8_t *code;
	struct symfunc fn;
	struct gfinder f = { .img = img, .mem = mem, .st = st, .lay = lay };
	uint8_t *own;
	size_t n;

	if (!user[id] || !symtab_func_by_name(st, user[id], &fn))
		return 0;
	code = function_code(&f, &fn, &n, &own);
	if (!code)
		return 0;
	n = lay->arch == GOARCH_AMD64 ? insn_refs_amd64(code, n, fn.entry, r, REFS_MAX)
				      : insn_refs_arm64(code, n, fn.entry, r, REFS_MAX);
	free(own);
	for (size_t i = 0; i < n && i < max && i < REFS_MAX; i++)
		out[i] = r[i].addr;
	return n < max ? n : max;
}

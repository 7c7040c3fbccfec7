/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a process is any bytes. The input is cut in two: a function
 * table, and a pool from which every word of memory is drawn by its address;
 * words that look small become addresses, so that lists, stacks and chains form.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/objects.h"
#include "target/scan.h"

enum { TEXT = 0x400000, TEXT_SIZE = 0x10000, GLOBALS = 0x500000, HEAP = 0x10000000, PASSES = 3 };

struct pool {
	struct memr base;
	const uint8_t *data;
	size_t size;
	unsigned pass; /* some words change from pass to pass */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t word_at(const struct pool *p, uint64_t addr)
{
	uint64_t i = addr / 8 * 0x9e3779b97f4a7c15ull;
	uint8_t kind = p->data[(i >> 32) % p->size], v = p->data[(i >> 20) % p->size];

	/* Not so many that a run takes seconds. */
	if (addr == GLOBALS + GLOBAL_allglen * 64 || addr == GLOBALS + GLOBAL_allp * 64 + 8)
		return v;
	if (addr == GLOBALS + GLOBAL_allp * 64 + 16)
		return 1 << 10;
	if (i >> 44 & 3) /* chains end */
		kind |= 4;
	if (kind & 0x80 && v & 1)
		v = (uint8_t)(v + p->pass);
	switch (kind & 7) {
	case 0:
		return HEAP + (uint64_t)v * 0x40;
	case 1:
		return TEXT + (uint64_t)v * 0x10 + (kind >> 3 & 7);
	case 2:
		return addr + (uint64_t)v * 8;
	case 3:
		return (uint64_t)v << (kind >> 3 & 31);
	default:
		return v & 15;
	}
}

static int pool_read(struct memr *m, uint64_t addr, void *buf, size_t len)
{
	const struct pool *p = (const struct pool *)m;
	uint8_t *to = buf;

	if (addr < 4096 || addr >> 47 || p->data[addr / 4096 % p->size] == 0xff)
		return -EFAULT;
	for (size_t i = 0; i < len;) {
		uint64_t w = word_at(p, addr + i);
		size_t skip = (addr + i) % 8, n = 8 - skip < len - i ? 8 - skip : len - i;

		memcpy(to + i, (uint8_t *)&w + skip, n);
		i += n;
	}
	return 0;
}

static void pool_close(struct memr *m)
{
	(void)m;
}

static const struct memr_ops pool_ops = { .read = pool_read, .close = pool_close };

static void on_changes(void *arg, const struct gchange *c, size_t n)
{
	struct scan *s = arg;

	for (size_t i = 0; i < n; i++) {
		if (c[i].kinds & GCH_GONE)
			continue;
		if (!c[i].goid || c[i].stack >= scan_stacks(s)->stack.n ||
		    c[i].labels >= scan_labels(s)->text.str.n)
			abort();
	}
}

static void facts_check(const struct facts *f, size_t texts, size_t stacks)
{
	for (size_t i = 0; i < f->object.n; i++)
		if (f->object.v[i].type >= texts || f->object.v[i].text >= texts)
			abort();
	for (size_t i = 0; i < f->wait.n; i++)
		if (!f->wait.v[i].goid || f->wait.v[i].object >= f->object.n)
			abort();
	for (size_t i = 0; i < f->hold.n; i++)
		if (f->hold.v[i].object >= f->object.n || f->hold.v[i].by >= texts ||
		    f->hold.v[i].stack >= stacks)
			abort();
}

static void scan_it(struct target *t, struct pool *p)
{
	struct scan *s = scan_new(t);
	stack_lines lines = { 0 };
	struct objects *o = objects_new(t, s);
	struct facts f;

	facts_init(&f);
	for (p->pass = 0; p->pass < PASSES; p->pass++) {
		scan_pass(s, on_changes, s);
		facts_clear(&f);
		objects_look(o, &f);
		facts_finish(&f);
		facts_check(&f, objects_text(o)->str.n, scan_stacks(s)->stack.n);
	}
	facts_release(&f);
	objects_free(o);
	for (uint32_t i = 0; i < scan_stacks(s)->stack.n && i < 256; i++) {
		lines.n = 0;
		stackset_lines(scan_stacks(s), t->sym, i, &lines);
	}
	vec_free(&lines);
	scan_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int minors[] = { 19, 21, 23, 24, 26, 27 };
	struct gomodule m = { .text = TEXT,
			      .minpc = TEXT,
			      .etext = TEXT + TEXT_SIZE,
			      .maxpc = TEXT + TEXT_SIZE,
			      .gofunc = 0x1000 };
	struct target t = { .pid = 0x7ffffff0 }; /* nobody */
	struct goversion v = { .major = 1 };
	struct pool p = { .base.ops = &pool_ops };
	size_t cut;

	if (size < 16)
		return 0;
	v.minor = minors[data[0] % ARRAY_SIZE(minors)];
	cut = 2 + (size - 3) * data[1] / 256;
	p.data = data + cut;
	p.size = size - cut;
	m.gofunc_data = p.data;
	m.gofunc_avail = p.size;
	if (!pclntab_init(&m.tab, data + 2, cut - 2, v.minor, NULL))
		*vec_push(&t.mods.mod) = m;
	if (layout_init(&t.lay, &v, data[0] & 0x80 ? GOARCH_ARM64 : GOARCH_AMD64, NULL))
		abort();
	t.mem = &p.base;
	for (int i = 0; i < GLOBAL_N; i++)
		t.glob.addr[i] = GLOBALS + (uint64_t)i * 64;
	t.sym = symtab_new(&t.mods, t.mem);
	scan_it(&t, &p);
	symtab_free(t.sym);
	vec_free(&t.mods.mod);
	return 0;
}

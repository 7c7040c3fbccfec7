/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks src/target about live processes, for test_target.sh:
 *
 *   open PID [OPTION...]       version, how things were found, each global's address less the bias
 *   symbols BINARY             the same addresses by .symtab alone
 *   pcs PID [OPTION...]        for each pc on stdin its frames: "pc func file:line | func …"
 *   sample PID STEP            pcs through all of text, STEP bytes apart
 *   funcs BINARY-PID           for each function its entry, outermost name and innermost file:line
 *   layout PID                 fields in which table and DWARF differ
 *   reasons PID                the wait reasons, one a line
 *   candidates BINARY          is each global among what the code refers to (a file, any machine)
 *   insns < objdump -d -w      instruction lengths that differ
 *   headless BINARY            takes the section header table out, in place
 *   bench PID [OPTION...]      milliseconds until a first scan could begin, best of 7
 *   fault PID                  what process_vm_readv and pread give at holes
 *
 * OPTION: no-symbols, no-file, no-vm
 */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "target/insn.h"
#include "target/target.h"

static struct err err;

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static struct target_opts options(int argc, char **argv, int from)
{
	struct target_opts o = { 0 };

	for (int i = from; i < argc; i++) {
		o.no_symbols |= !strcmp(argv[i], "no-symbols");
		o.no_file |= !strcmp(argv[i], "no-file");
		o.no_process_vm |= !strcmp(argv[i], "no-vm");
	}
	return o;
}

static struct target *open_or_exit(const char *pid, const struct target_opts *o)
{
	struct target *t;
	int rc = target_open(&t, (pid_t)atoi(pid), o, &err);

	if (rc) {
		printf("error %d %s\n", rc, err.text);
		exit(1);
	}
	return t;
}

static int do_open(struct target *t)
{
	static const char *const way[] = { "missing", "symbol", "code", "data" };
	uint64_t bias = t->image ? t->image->bias : 0;

	printf("version %s\n", t->build.version.text);
	printf("minor %d.%d guessed=%d\n", t->build.version.major, t->build.version.minor,
	       t->build.version.guessed);
	printf("path %s\nmodule %s\n", t->build.path ? t->build.path : "",
	       t->build.module ? t->build.module : "");
	printf("moduledata by %s, %zu modules\n",
	       (const char *[]){ "symbol", "section", "search" }[t->module_way], t->mods.mod.n);
	printf("table %s\n", t->mods.mod.v[0].copy ? "memory" : "file");
	for (int i = 0; i < GLOBAL_N; i++)
		printf("global %s 0x%" PRIx64 " %s\n", goglobals_name((enum global_id)i),
		       t->glob.addr[i] ? t->glob.addr[i] - bias : 0, way[t->glob.way[i]]);
	printf("tls %d %" PRId64 "\n", t->glob.has_tls_g, t->glob.tls_g);
	printf("note %s\n", t->note);
	return 0;
}

static int do_symbols(const char *path)
{
	struct image_sym sym[GLOBAL_N] = { 0 };
	struct image *img;

	if (image_open_file(&img, path, &err)) {
		printf("error %s\n", err.text);
		return 1;
	}
	for (int i = 0; i < GLOBAL_N; i++)
		sym[i].name = goglobals_name((enum global_id)i);
	image_symbols(img, sym, GLOBAL_N);
	for (int i = 0; i < GLOBAL_N; i++)
		printf("global %s 0x%" PRIx64 "\n", sym[i].name, sym[i].va);
	image_close(img);
	return 0;
}

static int do_pcs(struct target *t)
{
	uint64_t pc;

	while (scanf("%" SCNx64, &pc) == 1) {
		struct symframe f[256];
		int n = symtab_lookup(t->sym, pc, f, 256);

		printf("%" PRIx64, pc);
		for (int i = 0; i < n; i++) {
			if (i && symframe_elided(f[i].id, f[i - 1].id))
				continue;
			printf("%s %s %s:%u", i ? " |" : "", f[i].func, f[i].line ? f[i].file : "?",
			       *f[i].file ? f[i].line : 0);
		}
		printf("\n");
	}
	return 0;
}

static int do_sample(struct target *t, uint64_t step)
{
	for (size_t i = 0; i < t->mods.mod.n; i++) {
		const struct gomodule *m = &t->mods.mod.v[i];

		for (uint64_t pc = m->minpc; pc < m->maxpc; pc += step) {
			struct symfunc f, g;

			/* A pc whose successor is another function's is no return address less one. */
			if (symtab_func(t->sym, pc, &f) && symtab_func(t->sym, pc + 1, &g) &&
			    f.entry == g.entry)
				printf("%" PRIx64 "\n", pc);
		}
	}
	return 0;
}

static bool print_func(const struct symfunc *f, void *arg)
{
	struct target *t = arg;
	struct symframe fr[256];
	int n = symtab_lookup(t->sym, f->entry, fr, 256);

	if (n)
		printf("%" PRIx64 "\t%s\t%s:%u\n", f->entry, pclntab_name(&f->mod->tab, f->fn.name),
		       fr[0].line ? fr[0].file : "?", *fr[0].file ? fr[0].line : 0);
	return true;
}

static int do_layout(struct target *t)
{
	struct golayout dw;
	char text[512];
	unsigned n;

	if (layout_from_dwarf(&dw, t->image, &t->lay, &err)) {
		printf("error %s\n", err.text);
		return 1;
	}
	n = layout_diff(&t->lay, &dw, text, sizeof(text));
	printf("layout %u differ of %zu %s\n", n, LAYOUT_N, text);
	return n != 0;
}

static int do_reasons(struct target *t)
{
	struct golayout table;

	for (unsigned i = 0; i < t->lay.nwaitreasons; i++)
		printf("%u %s\n", i, t->lay.waitreasons[i]);
	layout_init(&table, &t->build.version, t->lay.arch, NULL);
	for (unsigned i = 0; i < t->lay.nwaitreasons || i < table.nwaitreasons; i++)
		if (strcmp(layout_waitreason(&table, i), layout_waitreason(&t->lay, i)))
			printf("differs %u\n", i);
	return 0;
}

/* A file as it would lie in memory; a program at a fixed address has its pointers whole. */
static struct memr *lay_out(const struct image *img, struct proc_maps *maps)
{
	struct mem_seg seg[8];
	size_t n = 0;

	for (size_t i = 0; i < img->seg.n && n < 8; i++) {
		const struct image_seg *s = &img->seg.v[i];

		*vec_push(&maps->map) = (struct proc_map){
			.start = s->va & ~4095ull,
			.end = (s->va + s->memsz + 4095) & ~4095ull,
			.inode = 1,
			.prot = (uint8_t)(PROC_R | (s->flags & PF_W ? PROC_W : 0) |
					  (s->flags & PF_X ? PROC_X : 0)),
		};
		seg[n++] = (struct mem_seg){ s->va, img->data + s->off, s->filesz };
	}
	return memr_new_flat(seg, n);
}

/* The variable itself, or the field of it that is used. */
static bool refers(const struct golayout *lay, int id, uint64_t addr, const uint64_t *c, size_t n)
{
	const int32_t off[] = { 0, 8, 16, id == GLOBAL_mheap ? lay->mheap.arenas : 0,
				id == GLOBAL_sched ? lay->sched.lock : 0 };

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(off); k++)
			if (c[i] == addr + (uint64_t)off[k])
				return true;
	return false;
}

static int do_candidates(const char *path)
{
	struct image_sym sym[GLOBAL_N] = { 0 };
	struct proc_maps maps = { 0 };
	struct gomodules mods;
	struct golayout lay;
	struct buildinfo b;
	enum module_way way;
	struct image *img;
	struct symtab *st;
	struct memr *mem;
	int missing = 0;

	if (image_open_file(&img, path, &err))
		goto fail;
	mem = lay_out(img, &maps);
	buildinfo_read(&b, img, mem, NULL);
	if (gomodules_read(&mods, mem, &maps, img, &b.version, &way, &err) ||
	    layout_init(&lay, &b.version, img->arch, &err))
		goto fail;
	st = symtab_new(&mods, mem);
	for (int i = 0; i < GLOBAL_N; i++)
		sym[i].name = goglobals_name((enum global_id)i);
	image_symbols(img, sym, GLOBAL_N);
	for (int i = 0; i < GLOBAL_N; i++) {
		uint64_t c[512];
		size_t n = goglobals_candidates((enum global_id)i, st, mem, img, &lay, c, 512);

		/* m0 and g0 are followed from allm */
		if (i == GLOBAL_m0 || i == GLOBAL_g0 || refers(&lay, i, sym[i].va, c, n))
			continue;
		printf("missing %s among %zu\n", sym[i].name, n);
		missing++;
	}
	printf("candidates %s %s missing %d\n", goarch_name(img->arch), b.version.text, missing);
	symtab_free(st);
	gomodules_release(&mods);
	buildinfo_release(&b);
	memr_close(mem);
	proc_maps_release(&maps);
	image_close(img);
	return missing != 0;
fail:
	printf("error %s\n", err.text);
	return 1;
}

/* Lines "  401000:\t49 3b 66 10 \tcmp …"; "(bad)" and data are left out. */
static int do_insns(void)
{
	unsigned long n = 0, bad = 0;
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		uint8_t code[32];
		size_t len = 0;
		struct insn in;
		char *p = strchr(line, '\t'), *text;
		unsigned v;
		int got, used;

		if (!p || line[0] != ' ' || !(text = strchr(p + 1, '\t')) ||
		    strstr(text, "(bad)") || strstr(text, ".byte"))
			continue;
		*text = ' ';
		text[1] = '\0';
		for (p++; p < text && sscanf(p, "%2x%n", &v, &used) == 1 && len < sizeof(code);
		     p += used)
			code[len++] = (uint8_t)v;
		if (len > 15)
			continue;
		got = insn_decode_amd64(code, len, 0, &in);
		n++;
		if (got != (int)len && bad++ < 20)
			printf("%d %s\n", got, line);
	}
	printf("insns %lu bad %lu\n", n, bad);
	return bad != 0;
}

static int do_headless(const char *path)
{
	FILE *f = fopen(path, "r+b");
	Elf64_Ehdr h;
	int rc = 1;

	if (!f)
		return 1;
	if (fread(&h, sizeof(h), 1, f) == 1) {
		h.e_shoff = 0;
		h.e_shnum = h.e_shstrndx = 0;
		rewind(f);
		rc = fwrite(&h, sizeof(h), 1, f) != 1;
	}
	return fclose(f) || rc;
}

static int do_bench(const char *pid, const struct target_opts *o)
{
	double best = 1e9, close_ms = 0;

	for (int i = 0; i < 7; i++) {
		double t0 = now_ms(), t1;
		struct target *t = open_or_exit(pid, o);

		t1 = now_ms();
		best = t1 - t0 < best ? t1 - t0 : best;
		if (i == 6)
			printf("functions %u, table %zu bytes, %" PRIu64 " reads\n",
			       t->mods.mod.v[0].tab.nfunc, t->mods.mod.v[0].tab.size,
			       t->mem->calls);
		target_close(t);
		close_ms = now_ms() - t1;
	}
	printf("open %.2f ms, close %.2f ms\n", best, close_ms);
	return 0;
}

static int do_fault(struct target *t)
{
	enum { N = 3000 };
	static struct mem_iov v[N];
	static uint64_t word[N];
	ssize_t good;
	size_t holes = 0;

	/* Every third piece is a hole, in runs and alone. */
	for (size_t i = 0; i < N; i++) {
		bool hole = i % 3 == 2 || (i >= 1000 && i < 1100);

		v[i] = (struct mem_iov){ hole ? 0x10 + i : t->glob.allglen, &word[i], 8, 1 };
		holes += hole;
	}
	good = memr_readv(t->mem, v, N);
	for (size_t i = 0; i < N; i++)
		if ((v[i].rc == 0) == (v[i].addr < 0x10000) || (!v[i].rc && !word[i]))
			good = -1;
	printf("fault %zd good of %zu\n", good, (size_t)N - holes);
	return good != (ssize_t)(N - holes);
}

int main(int argc, char **argv)
{
	struct target_opts o = options(argc, argv, 3);
	const char *cmd = argc > 1 ? argv[1] : "";
	struct target *t;
	int rc = 2;

	if (!strcmp(cmd, "insns"))
		return do_insns();
	if (argc < 3)
		return rc;
	if (!strcmp(cmd, "symbols"))
		return do_symbols(argv[2]);
	if (!strcmp(cmd, "candidates"))
		return do_candidates(argv[2]);
	if (!strcmp(cmd, "headless"))
		return do_headless(argv[2]);
	if (!strcmp(cmd, "bench"))
		return do_bench(argv[2], &o);
	t = open_or_exit(argv[2], &o);
	if (!strcmp(cmd, "open"))
		rc = do_open(t);
	else if (!strcmp(cmd, "pcs"))
		rc = do_pcs(t);
	else if (!strcmp(cmd, "sample") && argc > 3)
		rc = do_sample(t, strtoull(argv[3], NULL, 0));
	else if (!strcmp(cmd, "funcs"))
		rc = (symtab_each(t->sym, print_func, t), 0);
	else if (!strcmp(cmd, "layout"))
		rc = do_layout(t);
	else if (!strcmp(cmd, "reasons"))
		rc = do_reasons(t);
	else if (!strcmp(cmd, "fault"))
		rc = do_fault(t);
	target_close(t);
	return rc;
}

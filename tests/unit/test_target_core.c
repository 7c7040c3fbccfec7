/* SPDX-License-Identifier: Apache-2.0 */
/* Core dumps: what of memory is there, whose registers, of which program. */
#include <errno.h>
#include <stdio.h>

#include "core_fixture.h"
#include "target/core.h"
#include "target/sysc.h"
#include "target/target.h"
#include "target_fixture.h"

static struct cbytes file, notes;
static struct bytes program;

static struct core *opened(void)
{
	struct err err = { 0 };
	struct core *c;

	if (core_open(&c, file.b, file.n, "x", &err))
		fail_msg("%s", err.text);
	return c;
}

static void is_there(struct core *c, uint64_t addr, const void *want, size_t n)
{
	uint8_t got[64];

	assert_int_equal(memr_read(c->mem, addr, got, n), 0);
	assert_memory_equal(got, want, n);
}

static void is_not(struct core *c, uint64_t addr, size_t n)
{
	uint8_t got[64];

	assert_int_equal(memr_read(c->mem, addr, got, n), -EFAULT);
}

static uint64_t page[512];

/* The program's headers, and nothing else of its text; written data, a heap, what is reserved. */
static void usual(uint16_t machine)
{
	static const struct cfile files[] = {
		{ 0x400000, 0x401000, 0, "/bin/prog" },
		{ 0x480000, 0x481000, 1, "/bin/prog" },
		{ 0x500000, 0x501000, 1, "/bin/prog" },
		{ 0x7f0000, 0x7f1000, 0, "/lib/other.so" },
	};
	const uint64_t auxv[] = { AT_PHDR, 0x400040, AT_ENTRY, 0x400100, AT_NULL, 0 };

	for (size_t i = 0; i < 512; i++)
		page[i] = i;
	elf_make(&program, machine, ET_EXEC, "written?", 8, NULL, 0);
	memcpy(program.b + 0x800, "the code", 8);
	notes.n = 0;
	cput_info(&notes, 4711, "prog");
	cput_note(&notes, "CORE", NT_AUXV, auxv, sizeof(auxv));
	cput_files(&notes, files, ARRAY_SIZE(files));
}

static void make(uint16_t machine)
{
	const struct cseg seg[] = {
		{ 0x400000, 0x1000, program.b, 0x400, PF_R | PF_X },
		{ 0x500000, 0x1000, page, 4096, PF_R | PF_W },
		{ 0x600000, 0x10000, NULL, 0, PF_R | PF_W },
		{ 0x700000, 0x10000, NULL, 0, 0 },
		{ 0x800000, 0x2000, page, 4096, PF_R | PF_W },
	};

	core_make(&file, machine, &notes, seg, ARRAY_SIZE(seg));
}

static void memory(void **state)
{
	static const uint8_t zero[16];
	struct image *img;
	struct core *c;
	uint64_t v[2] = { 510, 511 };
	char got[16];

	(void)state;
	usual(EM_X86_64);
	make(EM_X86_64);
	c = opened();
	assert_int_equal(c->pid, 4711);
	assert_string_equal(c->comm, "prog");
	assert_string_equal(c->exe, "/bin/prog");
	assert_int_equal(c->missing, 0);
	is_there(c, 0x400000, ELFMAG, 4);
	is_there(c, 0x500ff0, v, 16);
	is_not(c, 0x500ff8, 16); /* over the end */
	is_there(c, 0x600008, zero, 16); /* never touched */
	is_not(c, 0x700008, 8); /* reserved */
	is_not(c, 0x801000, 8); /* not in the core, and of no file */
	is_not(c, 0x400800, 8); /* of a file that is not known yet */
	is_not(c, 0x480000, 8);
	is_not(c, UINT64_MAX - 3, 8);
	assert_int_equal(memr_read_some(c->mem, 0x500ff8, got, 16), 8);
	assert_int_equal(image_open_mem(&img, program.b, program.n, "prog", NULL), 0);
	core_back(c, img);
	is_there(c, 0x400800, "the code", 8);
	is_there(c, 0x4003ff, program.b + 0x3ff, 8); /* over the border of the two */
	is_there(c, 0x480000, "written?", 8); /* a mapping that gcore leaves out */
	is_there(c, 0x500000, page, 8); /* written: never from the file */
	is_not(c, 0x7f0000, 8); /* of another file */
	core_close(c);
	image_close(img);
}

/* What the program had and the core has not is told from what never was. */
static void lacks(void **state)
{
	const struct cseg none[] = {
		{ 0x400000, 0x1000, program.b, 0x400, PF_R | PF_X },
		{ 0x600000, 0x10000, NULL, 0, PF_R | PF_W },
	};
	struct image *img;
	struct core *c;

	(void)state;
	usual(EM_X86_64);
	make(EM_X86_64);
	c = opened();
	assert_false(memr_lacks(c->mem, 0x500000, 4096));
	assert_false(memr_lacks(c->mem, 0x600000, 8)); /* never touched */
	assert_false(memr_lacks(c->mem, 0x700008, 8)); /* reserved */
	assert_false(memr_lacks(c->mem, 0x900000, 8)); /* nothing */
	assert_true(memr_lacks(c->mem, 0x801000, 8));
	assert_true(memr_lacks(c->mem, 0x800ff8, 16)); /* in part */
	assert_false(memr_lacks(c->mem, 0x800ff8, 8));
	assert_true(memr_lacks(c->mem, 0x400800, 8));
	assert_int_equal(image_open_mem(&img, program.b, program.n, "prog", NULL), 0);
	core_back(c, img);
	assert_false(memr_lacks(c->mem, 0x400800, 8)); /* the file has it */
	core_close(c);
	image_close(img);
	/* Where all anonymous memory was left out, none of it is known to be zero. */
	core_make(&file, EM_X86_64, &notes, none, ARRAY_SIZE(none));
	c = opened();
	is_not(c, 0x600000, 8);
	assert_true(memr_lacks(c->mem, 0x600000, 8));
	core_close(c);
}

static void maps(void **state)
{
	const struct proc_map *m;
	struct image *img;
	struct core *c;

	(void)state;
	usual(EM_X86_64);
	make(EM_X86_64);
	c = opened();
	assert_int_equal(c->maps.map.n, 7);
	m = proc_maps_find(&c->maps, 0x400123);
	assert_int_equal(m->prot, PROC_R | PROC_X);
	assert_string_equal(proc_map_path(&c->maps, m), "/bin/prog");
	assert_true(m->inode);
	m = proc_maps_find(&c->maps, 0x480000);
	assert_int_equal(m->offset, 4096);
	assert_int_equal(m->prot, 0); /* nothing is there as long as the file is not known */
	assert_int_equal(image_open_mem(&img, program.b, program.n, "prog", NULL), 0);
	core_back(c, img);
	assert_int_equal(m->prot, PROC_R);
	image_close(img);
	m = proc_maps_find(&c->maps, 0x600000);
	assert_int_equal(m->inode, 0);
	assert_null(proc_maps_find(&c->maps, 0x900000));
	core_close(c);
}

static void program_is(enum core_match want, const struct cbytes *f, const struct bytes *p)
{
	struct image *img;
	struct core *c;

	assert_int_equal(core_open(&c, f->b, f->n, "x", NULL), 0);
	assert_int_equal(image_open_mem(&img, p->b, p->n, "prog", NULL), 0);
	assert_int_equal(core_compare(c, img, NULL), want);
	image_close(img);
	core_close(c);
}

static void which_program(void **state)
{
	(void)state;
	usual(EM_X86_64);
	make(EM_X86_64);
	program_is(CORE_SAME, &file, &program);
	program.b[64 + 16] ^= 1; /* a segment lies elsewhere */
	program_is(CORE_OTHER, &file, &program);
	elf_make(&program, EM_X86_64, ET_DYN, "written?", 8, NULL, 0);
	program_is(CORE_OTHER, &file, &program);
	/* the page is not in the core */
	usual(EM_X86_64);
	core_make(&file, EM_X86_64, &notes,
		  (struct cseg[]){ { 0x400000, 0x1000, NULL, 0, PF_R | PF_X } }, 1);
	program_is(CORE_UNSURE, &file, &program);
}

/* --- threads --- */

static void amd64_threads(void **state)
{
	uint64_t w[27];
	const struct core_thread *t;
	struct core *c;

	(void)state;
	for (uint64_t i = 0; i < 27; i++)
		w[i] = 0x1000 + i;
	usual(EM_X86_64);
	w[15] = 0; /* read */
	cput_thread(&notes, 12, 6, w, 27, 27);
	w[15] = UINT64_MAX;
	cput_thread(&notes, 11, 0, w, 27, 27);
	cput_thread(&notes, 13, 0, w, 27, 20); /* too short to hold them */
	make(EM_X86_64);
	c = opened();
	assert_int_equal(c->signal, 6);
	assert_int_equal(c->thread.n, 2);
	t = core_thread(c, 12);
	assert_int_equal(t->regs.pc, 0x1010);
	assert_int_equal(t->regs.sp, 0x1013);
	assert_int_equal(t->regs.bp, 0x1004);
	assert_int_equal(t->call.nr, 0);
	assert_int_equal(t->call.arg[0], 0x100e);
	assert_int_equal(t->call.arg[5], 0x1008);
	assert_int_equal(core_thread(c, 11)->call.nr, -1);
	assert_null(core_thread(c, 13));
	core_close(c);
}

static void arm64_threads(void **state)
{
	const int32_t nr = 63;
	const struct core_thread *t;
	struct core *c;
	uint64_t w[34];

	(void)state;
	for (uint64_t i = 0; i < 34; i++)
		w[i] = 0x1000 + i;
	usual(EM_AARCH64);
	cput_thread(&notes, 12, 11, w, 34, 34);
	cput_note(&notes, "LINUX", 0x404, &nr, 4);
	cput_thread(&notes, 13, 0, w, 34, 34);
	make(EM_AARCH64);
	c = opened();
	assert_int_equal(c->arch, GOARCH_ARM64);
	assert_int_equal(c->signal, 11);
	t = core_thread(c, 12);
	assert_int_equal(t->regs.pc, 0x1020);
	assert_int_equal(t->regs.sp, 0x101f);
	assert_int_equal(t->regs.bp, 0x101d);
	assert_int_equal(t->regs.lr, 0x101e);
	assert_int_equal(t->call.nr, 63);
	assert_int_equal(t->call.arg[1], 0x1001);
	assert_int_equal(core_thread(c, 13)->call.nr, -1);
	core_close(c);
}

/* A stack of signals with what the kernel saved on it, at word at; regs at word regs of the context. */
static void signalled(uint16_t machine, size_t regs, size_t pc, size_t sp, size_t n)
{
	static uint64_t stack[512];
	const uint64_t lo = 0x900000, size = sizeof(stack);
	const uint32_t insn = machine == EM_X86_64 ? 0x050f : 0xd4000001;
	uint64_t w[34] = { 0 };
	const struct core_thread *t;
	struct core *c;

	memset(stack, 0, sizeof(stack));
	stack[300 + 2] = lo;
	stack[300 + 4] = size;
	for (size_t i = 0; i < n; i++)
		stack[300 + regs + i] = 0x2000 + i;
	stack[300 + regs + pc] = 0x500000;
	stack[300 + regs + sp] = 0xc000001000;
	stack[300 + regs + (machine == EM_X86_64 ? 13 : 8)] = 17; /* rax, x8 */
	stack[100 + 2] = lo; /* of another size: it is none */
	w[machine == EM_X86_64 ? 19 : 31] = lo + 64;
	usual(machine);
	memcpy(page, &insn, 4);
	cput_thread(&notes, 12, 6, w, 34, 34);
	core_make(&file, machine, &notes,
		  (struct cseg[]){ { 0x500000, 0x1000, page, 4096, PF_R | PF_X },
				   { lo, size, stack, size, PF_R | PF_W } },
		  2);
	c = opened();
	core_unsignal(c, 12, lo + 4096, lo + 8192); /* it stands elsewhere */
	assert_int_equal(core_thread(c, 12)->regs.sp, lo + 64);
	core_unsignal(c, 12, lo, lo + size);
	t = core_thread(c, 12);
	assert_false(t->lost);
	assert_int_equal(t->regs.pc, 0x500000);
	assert_int_equal(t->regs.sp, 0xc000001000);
	assert_int_equal(t->call.nr, 17);
	core_close(c);

	/* nothing was saved there */
	memset(stack, 0, sizeof(stack));
	core_make(&file, machine, &notes, (struct cseg[]){ { lo, size, stack, size, PF_R | PF_W } },
		  1);
	c = opened();
	core_unsignal(c, 12, lo, lo + size);
	assert_true(core_thread(c, 12)->lost);
	core_close(c);
}

static void in_handlers(void **state)
{
	(void)state;
	signalled(EM_X86_64, 5, 16, 15, 17);
	signalled(EM_AARCH64, 23, 32, 31, 33);
}

/* --- what is wrong with it --- */

static void refused(const char *says)
{
	struct err err = { 0 };
	struct core *c;

	assert_int_equal(core_open(&c, file.b, file.n, "x", &err), -ENOEXEC);
	assert_null(c);
	assert_int_equal(err.code, EXIT_BADFILE);
	if (!strstr(err.text, says))
		fail_msg("%s", err.text);
}

static void refusals(void **state)
{
	(void)state;
	usual(EM_RISCV);
	make(EM_RISCV);
	refused("another machine");
	make(EM_X86_64);
	file.b[EI_CLASS] = ELFCLASS32;
	refused("another machine");
	make(EM_X86_64);
	file.n = 30;
	refused("cut short");
	notes.n = 0;
	core_make(&file, EM_X86_64, &notes, NULL, 0);
	refused("no segment");
	assert_false(core_known(program.b, program.n));
	assert_false(core_known(file.b, 16));
}

/* Each length gives a core with less, and never one beyond its end. */
static void cut_short(void **state)
{
	size_t whole;
	uint64_t v;

	(void)state;
	usual(EM_X86_64);
	make(EM_X86_64);
	whole = file.n;
	for (size_t n = 0; n < whole; n += n < 2000 ? 1 : 97) {
		uint8_t *copy = malloc(n + 1);
		struct core *c;

		memcpy(copy, file.b, n);
		if (!core_open(&c, copy, n, "x", NULL)) {
			for (size_t i = 0; i < c->seg.n; i++)
				memr_read_u64(c->mem, c->seg.v[i].end - 8, &v);
			if (n > 4096 && n + 8192 > whole)
				assert_true(c->missing > 0);
			core_close(c);
		}
		free(copy);
	}
	/* what should be there and is not is not taken from elsewhere either */
	file.n = whole - 100;
	{
		struct core *c = opened();

		assert_int_equal(c->missing, 100);
		is_not(c, 0x800fff, 1);
		is_there(c, 0x800000, page, 16);
		core_close(c);
	}
}

/* Segments one over the other, as no kernel writes them: one address has one content, in order. */
static void overlapping(void **state)
{
	const struct cseg seg[] = {
		{ 0x500000, 0x1000, page, 4096, PF_R },
		{ 0x500800, 0x1000, page, 4096, PF_R },
		{ 0x500100, 0x100, page, 0x100, PF_R },
		{ UINT64_MAX - 100, 0x1000, page, 4096, PF_R },
		{ 0x500000, UINT64_MAX - 0x600000, NULL, 0, PF_R | PF_W },
	};
	struct core *c;
	uint64_t v = 511;

	(void)state;
	usual(EM_X86_64);
	notes.n = 0;
	core_make(&file, EM_X86_64, &notes, seg, ARRAY_SIZE(seg));
	c = opened();
	for (size_t i = 1; i < c->seg.n; i++)
		assert_true(c->seg.v[i - 1].end <= c->seg.v[i].start);
	memr_read_u64(c->mem, 0x500ff8, &v);
	memr_read_u64(c->mem, 0x5017f8, &v);
	core_close(c);
}

/* Counts and sizes of notes that say more than there is. */
static void hostile_notes(void **state)
{
	const uint64_t many[] = { UINT64_MAX, 4096, 1, 2, 3 }, page_0[] = { 1, 0, 1, 2, 3 },
		       far[] = { 1, 4096, 0x400000, 0x401000, UINT64_MAX };
	struct core *c;

	(void)state;
	usual(EM_X86_64);
	notes.n = 0;
	cput_note(&notes, "CORE", NT_FILE, many, sizeof(many));
	cput_note(&notes, "CORE", NT_FILE, page_0, sizeof(page_0));
	cput_note(&notes, "CORE", NT_FILE, far, sizeof(far));
	cput_note(&notes, "CORE", NT_AUXV, many, 8);
	cput_note(&notes, "CORE", NT_PRSTATUS, many, 8);
	cput_note(&notes, "CORE", NT_PRPSINFO, many, 8);
	make(EM_X86_64);
	c = opened();
	assert_int_equal(c->thread.n, 0);
	assert_string_equal(c->exe, "");
	core_close(c);
}

static void no_go_program(void **state)
{
	struct target_core in = { .name = "x" };
	struct err err = { 0 };
	struct target *t;

	(void)state;
	usual(EM_X86_64);
	make(EM_X86_64);
	in.data = file.b;
	in.len = file.n;
	assert_true(target_open_core(&t, &in, &err) < 0);
	assert_null(t);
	assert_int_equal(err.code, EXIT_BADFILE);
	assert_non_null(strstr(err.text, "/bin/prog is not here"));
	assert_non_null(strstr(err.text, "--exe"));
	memset(&err, 0, sizeof(err));
	in.exe = "/proc/self/exe";
	assert_true(target_open_core(&t, &in, &err) < 0);
	assert_int_equal(err.code, EXIT_BADFILE);
	assert_non_null(strstr(err.text, "is not the program of x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory),	 cmocka_unit_test(lacks),
		cmocka_unit_test(maps),		 cmocka_unit_test(which_program),
		cmocka_unit_test(amd64_threads), cmocka_unit_test(arm64_threads),
		cmocka_unit_test(in_handlers),	 cmocka_unit_test(refusals),
		cmocka_unit_test(cut_short),	 cmocka_unit_test(overlapping),
		cmocka_unit_test(hostile_notes), cmocka_unit_test(no_go_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

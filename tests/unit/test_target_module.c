/* SPDX-License-Identifier: Apache-2.0 */
/* moduledata in a program made by hand: found, checked, chained; with its file and without. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "target/symtab.h"
#include "target_fixture.h"

/*
 * Text at 0x400000. In the data: the function table at 0, the inline trees at
 * 0x1000, moduledata at 0x2000, a second one at 0x2800, the version's text at
 * 0x3000 and its header at 0x3100.
 */
enum {
	TAB = 0,
	FUNCS = 0x1000,
	MD = 0x2000,
	MD2 = 0x2800,
	TEXT_AT = 0x3000,
	HEAD = 0x3100,
	END = 0x3200
};

struct program {
	struct fixture fix;
	uint8_t data[END];
	struct bytes file;
	struct image *img;
	struct memr *mem;
	struct proc_maps maps;
	struct goversion version;
	struct golayout lay;
	struct mem_seg seg[3];
};

static void set(struct program *p, size_t md, int32_t off, uint64_t v)
{
	assert_true(off >= 0);
	memcpy(p->data + md + off, &v, 8);
}

static void make_moduledata(struct program *p, size_t md, uint64_t text)
{
	const struct golayout *l = &p->lay;
	uint64_t tab = FIX_DATA_VA + TAB, names, pcln;

	memcpy(&names, p->data + TAB + 32, 8);
	memcpy(&pcln, p->data + TAB + 64, 8);
	set(p, md, l->moduledata.pcHeader, tab);
	set(p, md, l->moduledata.funcnametab, tab + names);
	set(p, md, l->moduledata.pclntable, tab + pcln);
	set(p, md, l->moduledata.pclntable + 8, p->fix.tab.n - pcln);
	set(p, md, l->moduledata.ftab, tab + pcln);
	set(p, md, l->moduledata.ftab + 8, 4);
	set(p, md, l->moduledata.text, text);
	set(p, md, l->moduledata.etext, text + FIX_TEXT_SIZE);
	set(p, md, l->moduledata.minpc, text);
	set(p, md, l->moduledata.maxpc, text + FIX_TEXT_SIZE);
	set(p, md, l->moduledata.data, FIX_DATA_VA + TEXT_AT);
	set(p, md, l->moduledata.edata, FIX_DATA_VA + END);
	set(p, md, l->moduledata.gofunc, FIX_DATA_VA + FUNCS);
}

static void program_make(struct program *p, int minor, bool section)
{
	struct fix_sec sec = { ".go.module", SHT_PROGBITS, FIX_DATA_VA + MD, FIX_DATA_OFF + MD,
			       600 };
	static const char maps[] = "00400000-00401000 r-xp 00000000 08:02 5 /p\n"
				   "00401000-00402000 r-xp 00000000 08:02 5 /p\n"
				   "00500000-00505000 rw-p 00001000 08:02 5 /p\n";
	char text[16];

	memset(p, 0, sizeof(*p));
	snprintf(text, sizeof(text), "go1.%d.1", minor);
	goversion_parse(&p->version, text, strlen(text));
	assert_int_equal(layout_init(&p->lay, &p->version, GOARCH_AMD64, NULL), 0);
	fixture_make(&p->fix, minor, 1);
	assert_true(p->fix.tab.n <= FUNCS);
	memcpy(p->data + TAB, p->fix.tab.b, p->fix.tab.n);
	memcpy(p->data + FUNCS, p->fix.funcs.b, p->fix.funcs.n);
	make_moduledata(p, MD, FIX_TEXT);
	memcpy(p->data + TEXT_AT, text, strlen(text));
	memcpy(p->data + HEAD, &(uint64_t[]){ FIX_DATA_VA + TEXT_AT, strlen(text) }, 16);
	elf_make(&p->file, EM_X86_64, ET_EXEC, "", 0, NULL, 0);
	/* The fixture's file is too small for this data: lay it behind. */
	assert_true(END + FIX_DATA_OFF + 1024 < sizeof(p->file.b));
	elf_make(&p->file, EM_X86_64, ET_EXEC, p->data, END, &sec, section);
	assert_int_equal(image_open_mem(&p->img, p->file.b, p->file.n, "p", NULL), 0);
	proc_maps_parse(&p->maps, maps, strlen(maps));
}

/* The process has the data as they are now; the file keeps what it had. */
static struct memr *live(struct program *p)
{
	memr_close(p->mem);
	p->seg[0] = (struct mem_seg){ FIX_DATA_VA, p->data, END };
	return p->mem = memr_new_flat(p->seg, 1);
}

static void program_release(struct program *p)
{
	memr_close(p->mem);
	image_close(p->img);
	proc_maps_release(&p->maps);
}

static struct program prog;

static void look(const struct gomodules *ms, struct memr *mem)
{
	struct symtab *st = symtab_new(ms, mem);
	struct symframe f[4];

	assert_int_equal(symtab_lookup(st, FIX_TEXT + 0x55, f, 4), 3);
	assert_string_equal(f[0].func, "main.leaf");
	assert_string_equal(f[2].func, "main.outer");
	symtab_free(st);
}

static void test_ways(void **state)
{
	static const int minors[] = { 19, 21, 24, 25, 26, 27 };

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(minors); i++) {
		struct gomodules ms;
		enum module_way way;

		program_make(&prog, minors[i / 2], i % 2);
		assert_int_equal(gomodules_read(&ms, live(&prog), &prog.maps, prog.img,
						&prog.version, &way, NULL),
				 0);
		assert_int_equal(way, i % 2 ? MODULE_BY_SECTION : MODULE_BY_SEARCH);
		assert_int_equal(ms.mod.n, 1);
		assert_int_equal(ms.mod.v[0].addr, FIX_DATA_VA + MD);
		assert_null(ms.mod.v[0].copy);
		assert_int_equal(ms.mod.v[0].tab.minor, minors[i / 2]);
		look(&ms, prog.mem);
		gomodules_release(&ms);
		program_release(&prog);
	}
}

/* Neither a file nor a version: both come from the memory. */
static void test_memory_alone(void **state)
{
	static const int minors[] = { 19, 21, 24, 25, 26, 27 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(minors); i++) {
		struct goversion v = { 0 };
		struct gomodules ms;
		enum module_way way;

		program_make(&prog, minors[i], false);
		/* The text of the version is in what is only read. */
		prog.maps.map.v[2].end = FIX_DATA_VA + TEXT_AT;
		*vec_push(&prog.maps.map) = (struct proc_map){ .start = FIX_DATA_VA + TEXT_AT,
							       .end = FIX_DATA_VA + 0x5000,
							       .inode = 5,
							       .prot = PROC_R };
		assert_int_equal(gomodules_read(&ms, live(&prog), &prog.maps, NULL, &v, &way, NULL),
				 0);
		assert_int_equal(v.minor, minors[i]);
		assert_true(v.guessed);
		assert_non_null(ms.mod.v[0].copy);
		look(&ms, prog.mem);
		gomodules_release(&ms);
		program_release(&prog);
	}
}

/* The file was changed under the process: its table is read from memory. */
static void test_other_file(void **state)
{
	struct gomodules ms;
	enum module_way way;

	(void)state;
	program_make(&prog, 24, false);
	memset(prog.file.b + FIX_DATA_OFF + PCLN_HEADER_SIZE, 0x5a, 800);
	assert_int_equal(
		gomodules_read(&ms, live(&prog), &prog.maps, prog.img, &prog.version, &way, NULL),
		0);
	assert_non_null(ms.mod.v[0].copy);
	assert_null(ms.mod.v[0].gofunc_data);
	look(&ms, prog.mem);
	gomodules_release(&ms);
	program_release(&prog);
}

static void test_chain(void **state)
{
	struct gomodules ms;
	enum module_way way;

	(void)state;
	program_make(&prog, 27, false);
	assert_int_equal(
		gomodules_read(&ms, live(&prog), &prog.maps, prog.img, &prog.version, &way, NULL),
		0);
	assert_int_equal(gomodules_refresh(&ms, prog.mem, &prog.maps, &prog.version), 0);
	/* A plugin comes, and its next leads back: once is enough. */
	make_moduledata(&prog, MD2, FIX_TEXT + 0x400);
	set(&prog, MD, prog.lay.moduledata.next, FIX_DATA_VA + MD2);
	set(&prog, MD2, prog.lay.moduledata.next, FIX_DATA_VA + MD);
	assert_int_equal(gomodules_refresh(&ms, live(&prog), &prog.maps, &prog.version), 1);
	assert_int_equal(gomodules_refresh(&ms, prog.mem, &prog.maps, &prog.version), 0);
	assert_ptr_equal(gomodules_find(&ms, FIX_TEXT + 0x4ff), &ms.mod.v[1]);
	assert_ptr_equal(gomodules_find(&ms, FIX_TEXT), &ms.mod.v[0]);
	assert_null(gomodules_find(&ms, FIX_TEXT + 0x300));
	/* One that makes no sense ends the chain. */
	set(&prog, MD2, prog.lay.moduledata.next, FIX_DATA_VA + HEAD);
	assert_int_equal(gomodules_refresh(&ms, live(&prog), &prog.maps, &prog.version), 0);
	gomodules_release(&ms);
	program_release(&prog);
}

static void test_none(void **state)
{
	struct err err = { 0 };
	struct gomodules ms;
	enum module_way way;

	(void)state;
	program_make(&prog, 24, false);
	set(&prog, MD, prog.lay.moduledata.pcHeader, 0);
	assert_int_equal(
		gomodules_read(&ms, live(&prog), &prog.maps, prog.img, &prog.version, &way, &err),
		-ENOEXEC);
	assert_non_null(strstr(err.text, "no Go program"));
	/* In a PIE with a Go version the pointers may only not be there yet. */
	prog.img->pie = true;
	err_clear(&err);
	assert_int_equal(
		gomodules_read(&ms, prog.mem, &prog.maps, prog.img, &prog.version, &way, &err),
		-EAGAIN);
	prog.img->pie = false;
	/* Text where nothing is executed. */
	make_moduledata(&prog, MD, FIX_DATA_VA);
	assert_int_equal(
		gomodules_read(&ms, live(&prog), &prog.maps, prog.img, &prog.version, &way, NULL),
		-ENOEXEC);
	gomodules_release(&ms);
	program_release(&prog);
}

static void test_sections_of_text(void **state)
{
	struct gomodule m = { .text = 0x1000 };

	(void)state;
	assert_int_equal(gomodule_text_addr(&m, 0x10), 0x1010);
	assert_int_equal(gomodule_text_off(&m, 0x1010), 0x10);
	assert_int_equal(gomodule_text_off(&m, 0xfff), UINT32_MAX);
	*vec_push(&m.sect) = (struct textsect){ 0, 0x100, 0x1000 };
	*vec_push(&m.sect) = (struct textsect){ 0x100, 0x200, 0x9000 };
	assert_int_equal(gomodule_text_addr(&m, 0x180), 0x9080);
	assert_int_equal(gomodule_text_addr(&m, 0x200), 0x9100);
	assert_int_equal(gomodule_text_off(&m, 0x9080), 0x180);
	assert_int_equal(gomodule_text_off(&m, 0x1100), UINT32_MAX);
	vec_free(&m.sect);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways),	   cmocka_unit_test(test_memory_alone),
		cmocka_unit_test(test_other_file), cmocka_unit_test(test_chain),
		cmocka_unit_test(test_none),	   cmocka_unit_test(test_sections_of_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

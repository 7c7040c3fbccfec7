/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "target/buildinfo.h"
#include "target_fixture.h"

static struct bytes file;

static int open_bytes(struct image **img, size_t n, struct err *err)
{
	return image_open_mem(img, file.b, n, "test", err);
}

static void test_segments(void **state)
{
	static const struct fix_sec sec[] = {
		{ ".text", SHT_PROGBITS, 0x400100, 0x100, 16 },
		{ ".data.rel.ro.gopclntab", SHT_PROGBITS, FIX_DATA_VA, FIX_DATA_OFF, 8 },
		{ ".bss", SHT_NOBITS, FIX_DATA_VA + 0x100, FIX_DATA_OFF, 1 << 20 },
		{ ".outside", SHT_PROGBITS, 0, 1 << 30, 16 },
	};
	struct image *img;
	uint64_t avail;

	(void)state;
	elf_make(&file, EM_X86_64, ET_EXEC, "abcdefgh", 8, sec, 4);
	assert_int_equal(open_bytes(&img, file.n, NULL), 0);
	assert_int_equal(img->arch, GOARCH_AMD64);
	assert_false(img->pie);
	assert_true(img->is_static);
	assert_int_equal(img->seg.n, 2);
	assert_memory_equal(image_at(img, FIX_DATA_VA, 8), "abcdefgh", 8);
	assert_null(image_at(img, FIX_DATA_VA, 9));
	assert_null(image_at(img, FIX_DATA_VA + 8, 1));
	assert_ptr_equal(image_at_avail(img, FIX_DATA_VA + 3, &avail), file.b + FIX_DATA_OFF + 3);
	assert_int_equal(avail, 5);
	assert_true(image_covers(img, FIX_DATA_VA + 100, 8, PF_W));
	assert_false(image_covers(img, FIX_DATA_VA, 8, PF_X));
	assert_false(image_covers(img, FIX_DATA_VA, UINT64_MAX, PF_W));
	assert_int_equal(image_file_offset(img, FIX_DATA_VA + 2), FIX_DATA_OFF + 2);
	assert_true(image_file_offset(img, FIX_DATA_VA + 100) == UINT64_MAX);
	assert_int_equal(image_section(img, ".gopclntab")->va, FIX_DATA_VA);
	assert_true(image_section(img, ".bss")->nobits);
	assert_null(image_section(img, ".outside"));
	assert_null(image_section(img, ".go"));
	image_close(img);
}

static void refused(uint16_t machine, size_t at, uint8_t byte, const char *says)
{
	struct err err = { 0 };
	struct image *img;

	elf_make(&file, machine, ET_EXEC, "x", 1, NULL, 0);
	if (at)
		file.b[at] = byte;
	assert_int_equal(open_bytes(&img, file.n, &err), -ENOEXEC);
	assert_null(img);
	if (!strstr(err.text, says))
		fail_msg("%s", err.text);
	assert_int_equal(err.code, EXIT_ATTACH);
}

static void test_refused(void **state)
{
	struct err err = { 0 };
	struct image *img;

	(void)state;
	refused(EM_X86_64, EI_CLASS, ELFCLASS32, "32-bit");
	refused(EM_X86_64, EI_DATA, ELFDATA2MSB, "big-endian");
	refused(EM_RISCV, 0, 0, "riscv64");
	refused(EM_X86_64, EI_MAG1, 'x', "no ELF");
	refused(EM_X86_64, 16, ET_REL, "no executable");
	refused(EM_X86_64, 56, 0, "no program segments");
	assert_int_equal(image_open_file(&img, "/nonexistent", &err), -ENOENT);
	assert_int_equal(image_open_file(&img, "/dev/null", NULL), -ENOEXEC);
}

static void test_arm64(void **state)
{
	struct image *img;

	(void)state;
	elf_make(&file, EM_AARCH64, ET_DYN, "x", 1, NULL, 0);
	assert_int_equal(open_bytes(&img, file.n, NULL), 0);
	assert_int_equal(img->arch, GOARCH_ARM64);
	assert_true(img->pie);
	assert_string_equal(goarch_name(img->arch), "arm64");
	image_close(img);
}

/* Whatever is cut off or wrong: refused or read, never beyond its end. */
static void test_damage(void **state)
{
	static const struct fix_sec sec[] = { { ".go.buildinfo", SHT_PROGBITS, FIX_DATA_VA,
						FIX_DATA_OFF, 64 } };
	uint8_t data[64] = "\xff Go buildinf:\x08\x02";
	struct buildinfo b;
	struct image *img;
	char gnu[64], go[128];

	(void)state;
	data[32] = 8;
	memcpy(data + 33, "go1.24.4", 8);
	elf_make(&file, EM_X86_64, ET_EXEC, data, sizeof(data), sec, 1);
	for (size_t i = 0; i < file.n + 0x200; i++) {
		size_t n = i < 0x200 ? file.n : i - 0x200;
		uint8_t *copy = malloc(n ? n : 1);

		memcpy(copy, file.b, n);
		if (i < 0x200)
			copy[i] ^= 0xff;
		if (!image_open_mem(&img, copy, n, "test", NULL)) {
			buildinfo_read(&b, img, NULL, NULL);
			image_build_id(img, gnu, go);
			buildinfo_release(&b);
			image_close(img);
		}
		free(copy);
	}
}

static void test_symbols(void **state)
{
	struct image_sym want[] = { { .name = "runtime.b" },
				    { .name = "missing" },
				    { .name = "runtime.a" },
				    { .name = NULL } };
	struct bytes data = { 0 };
	Elf64_Sym sym[4] = {
		{ 0 },
		{ .st_name = 1,
		  .st_value = 0x1234,
		  .st_size = 8,
		  .st_info = STT_OBJECT,
		  .st_shndx = 1 },
		{ .st_name = 11, .st_value = 0x77, .st_shndx = SHN_UNDEF },
		{ .st_name = 11, .st_value = 0x88, .st_info = STT_FUNC, .st_shndx = 1 }
	};
	struct fix_sec sec[2] = { { ".symtab", SHT_SYMTAB, 0, FIX_DATA_OFF, sizeof(sym) },
				  { ".strtab", SHT_STRTAB, 0, FIX_DATA_OFF + sizeof(sym), 21 } };
	struct image *img;

	(void)state;
	put(&data, sym, sizeof(sym));
	put(&data, "\0runtime.a\0runtime.b\0", 21);
	elf_make(&file, EM_X86_64, ET_EXEC, data.b, data.n, sec, 2);
	assert_int_equal(open_bytes(&img, file.n, NULL), 0);
	assert_true(img->has_symtab);
	assert_int_equal(image_symbols(img, want, 4), 2);
	assert_int_equal(want[0].va, 0x88);
	assert_int_equal(want[0].type, STT_FUNC);
	assert_int_equal(want[1].va, 0);
	assert_int_equal(want[2].va, 0x1234);
	assert_int_equal(want[2].size, 8);
	image_close(img);
}

static void test_self(void **state)
{
	struct image_sym main_sym = { .name = "main" };
	struct proc_maps maps = { 0 };
	struct image *img;
	char gnu[64], go[128];

	(void)state;
	assert_int_equal(image_open_file(&img, "/proc/self/exe", NULL), 0);
	assert_int_equal(proc_maps_read(&maps, getpid(), NULL), 0);
	assert_int_equal(image_symbols(img, &main_sym, 1), 1);
	for (int by_phdr = 0; by_phdr < 2; by_phdr++) {
		extern int main(void);

		img->bias = 0;
		assert_int_equal(image_set_bias(img, &maps, by_phdr ? getauxval(AT_PHDR) : 0, NULL),
				 0);
		assert_int_equal(main_sym.va + img->bias, (uintptr_t)main);
	}
	image_build_id(img, gnu, go);
	assert_string_equal(go, "");
	proc_maps_parse(&maps, "", 0);
	assert_int_equal(image_set_bias(img, &maps, 0, NULL), -ENOENT);
	proc_maps_release(&maps);
	image_close(img);
}

static void test_version(void **state)
{
	static const struct {
		const char *text;
		int rc, minor, patch, devel;
	} v[] = {
		{ "go1.24.4", 0, 24, 4, 0 },
		{ "go1.19", 0, 19, -1, 0 },
		{ "go1.26.3-X:nodwarf5", 0, 26, 3, 0 },
		{ "go1.24.4+deb", 0, 24, 4, 0 },
		{ "devel go1.25-abcdef Mon", 0, 25, -1, 1 },
		{ "go1.27rc1", 0, 27, -1, 1 },
		{ "go1.28-devel_8da2", 0, 28, -1, 1 },
		{ "go1.22beta2", 0, 22, -1, 1 },
		{ "devel +abcdef", -EINVAL, 0, 0, 0 },
		{ "", -EINVAL, 0, 0, 0 },
		{ "go1", -EINVAL, 0, 0, 0 },
		{ "go1.", -EINVAL, 0, 0, 0 },
	};
	struct goversion g;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		assert_int_equal(goversion_parse(&g, v[i].text, strlen(v[i].text)), v[i].rc);
		assert_string_equal(g.text, v[i].text);
		if (v[i].rc)
			continue;
		assert_int_equal(g.major, 1);
		assert_int_equal(g.minor, v[i].minor);
		assert_int_equal(g.patch, v[i].patch);
		assert_int_equal(g.devel, v[i].devel);
	}
	goversion_parse(&g, "go1.24\x1b[31m", 10);
	assert_string_equal(g.text, "go1.24");
	goversion_parse(&g, "go1.24", 6);
	assert_true(goversion_cmp(&g, 1, 23) > 0 && goversion_cmp(&g, 1, 25) < 0 &&
		    !goversion_cmp(&g, 1, 24));
}

static const char mod_text[] =
	"0123456789abcdefpath\texample.com/cmd\nmod\texample.com/x\tv1.2.3\th1:sum\n"
	"dep\ta\tv1\nbuild\t-trimpath=true\nbuild\tCGO_ENABLED=0\n0123456789abcdef";

static void check_info(const struct buildinfo *b)
{
	char value[32];

	assert_string_equal(b->version.text, "go1.21.9");
	assert_string_equal(b->path, "example.com/cmd");
	assert_string_equal(b->module, "example.com/x v1.2.3");
	assert_true(buildinfo_setting(b, "CGO_ENABLED", value, sizeof(value)));
	assert_string_equal(value, "0");
	assert_true(buildinfo_setting(b, "-trimpath", value, sizeof(value)));
	assert_false(buildinfo_setting(b, "CGO", value, sizeof(value)));
}

static void test_inline_form(void **state)
{
	static const struct fix_sec sec[] = { { ".go.buildinfo", SHT_PROGBITS, FIX_DATA_VA + 16,
						FIX_DATA_OFF + 16, 64 } };
	struct bytes d = { 0 };
	struct buildinfo b;
	struct image *img;

	(void)state;
	put(&d, "0123456789abcdef\xff Go buildinf:\x08\x02", 32);
	d.n = 16 + 32;
	put_varint(&d, 8);
	put(&d, "go1.21.9", 8);
	put_varint(&d, sizeof(mod_text) - 1);
	put(&d, mod_text, sizeof(mod_text) - 1);
	/* By the section, and without section headers. */
	for (size_t nsec = 0; nsec < 2; nsec++) {
		elf_make(&file, EM_X86_64, ET_EXEC, d.b, d.n, sec, nsec);
		assert_int_equal(open_bytes(&img, file.n, NULL), 0);
		assert_int_equal(buildinfo_read(&b, img, NULL, NULL), 0);
		check_info(&b);
		buildinfo_release(&b);
		image_close(img);
	}
}

static void test_pointer_form(void **state)
{
	uint64_t at = FIX_DATA_VA + 64;
	struct bytes d = { 0 };
	struct buildinfo b;
	struct image *img;

	(void)state;
	put(&d, "\xff Go buildinf:\x08\x00", 16);
	put64(&d, FIX_DATA_VA + 32);
	put64(&d, FIX_DATA_VA + 48);
	put64(&d, at);
	put64(&d, 8);
	put64(&d, at + 8);
	put64(&d, sizeof(mod_text) - 1);
	put(&d, "go1.21.9", 8);
	put(&d, mod_text, sizeof(mod_text) - 1);
	elf_make(&file, EM_X86_64, ET_EXEC, d.b, d.n, NULL, 0);
	assert_int_equal(open_bytes(&img, file.n, NULL), 0);
	assert_int_equal(buildinfo_read(&b, img, NULL, NULL), 0);
	check_info(&b);
	buildinfo_release(&b);
	image_close(img);
}

/* In a PIE the pointers are whole in the process alone. */
static void test_pointer_form_live(void **state)
{
	uint64_t bias = 0x550000000000, va = FIX_DATA_VA;
	struct bytes d = { 0 }, live;
	struct buildinfo b;
	struct mem_seg seg;
	struct image *img;
	struct memr *mem;

	(void)state;
	put(&d, "\xff Go buildinf:\x08\x00", 16);
	for (int i = 0; i < 4; i++)
		put64(&d, 0);
	live = d;
	live.n = 16;
	put64(&live, bias + va + 32);
	put64(&live, bias + va + 1000); /* leads nowhere: no module text */
	put64(&live, bias + va + 48);
	put64(&live, 8);
	put(&live, "go1.21.9", 8);
	elf_make(&file, EM_X86_64, ET_DYN, d.b, d.n, NULL, 0);
	assert_int_equal(open_bytes(&img, file.n, NULL), 0);
	img->bias = bias;
	seg = (struct mem_seg){ bias + va, live.b, live.n };
	mem = memr_new_flat(&seg, 1);
	assert_int_equal(buildinfo_read(&b, img, mem, NULL), 0);
	assert_string_equal(b.version.text, "go1.21.9");
	assert_string_equal(b.module, "");
	buildinfo_release(&b);
	memr_close(mem);
	image_close(img);
}

static void test_no_buildinfo(void **state)
{
	struct buildinfo b;
	struct image *img;

	(void)state;
	elf_make(&file, EM_X86_64, ET_EXEC, "x", 1, NULL, 0);
	assert_int_equal(open_bytes(&img, file.n, NULL), 0);
	assert_int_equal(buildinfo_read(&b, img, NULL, NULL), -ENOENT);
	assert_int_equal(b.version.major, 0);
	assert_string_equal(b.path, "");
	buildinfo_release(&b);
	image_close(img);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_segments),     cmocka_unit_test(test_refused),
		cmocka_unit_test(test_arm64),	     cmocka_unit_test(test_damage),
		cmocka_unit_test(test_symbols),	     cmocka_unit_test(test_self),
		cmocka_unit_test(test_version),	     cmocka_unit_test(test_inline_form),
		cmocka_unit_test(test_pointer_form), cmocka_unit_test(test_pointer_form_live),
		cmocka_unit_test(test_no_buildinfo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

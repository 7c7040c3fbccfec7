/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "target/symtab.h"
#include "target_fixture.h"

static const int minors[] = { 19, 20, 21, 22, 24, 25, 26, 27 };

static void test_header(void **state)
{
	static struct fixture f;
	struct pclntab t;
	int lo, hi;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(minors); i++) {
		fixture_make(&f, minors[i], 1);
		assert_int_equal(pclntab_init(&t, f.tab.b, f.tab.n, minors[i], NULL), 0);
		assert_int_equal(t.nfunc, 3);
		assert_int_equal(t.quantum, 1);
		pclntab_guess_version(&t, &lo, &hi);
		assert_true(lo <= minors[i] && minors[i] <= hi);
		assert_int_equal(t.text_start, minors[i] < 26 ? FIX_TEXT : 0);
	}
}

static void test_find(void **state)
{
	static uint8_t buf[20000];
	static struct fixture f;

	(void)state;
	fixture_make(&f, 27, 1);
	memset(buf, 0xff, sizeof(buf));
	memcpy(buf + 1016, f.tab.b, f.tab.n);
	/* A magic without a table behind it comes first. */
	memcpy(buf + 512, f.tab.b, 8);
	assert_int_equal(pclntab_find(buf, sizeof(buf), 0), 1016);
	assert_true(pclntab_find(buf, sizeof(buf), 1017) == SIZE_MAX);
	assert_true(pclntab_find(buf, 10, 0) == SIZE_MAX);
}

static void expect(const struct symframe *f, const char *func, const char *file, uint32_t line,
		   bool inlined)
{
	assert_string_equal(f->func, func);
	assert_string_equal(f->file, file);
	assert_int_equal(f->line, line);
	assert_int_equal(f->inlined, inlined);
}

static void look_at(struct symtab *st, int minor)
{
	struct symframe f[8];

	assert_int_equal(symtab_lookup(st, FIX_TEXT + 4, f, 8), 1);
	expect(&f[0], "main.outer", "/a/one.go", 12, false);
	/* leaf in Map in outer; brackets are printed as the runtime does */
	assert_int_equal(symtab_lookup(st, FIX_TEXT + 0x55, f, 8), 3);
	expect(&f[0], "main.leaf", "two.go", 71, true);
	expect(&f[1], "main.Map[...]", "two.go", 53, true);
	expect(&f[2], "main.outer", "/a/one.go", 14, false);
	assert_int_equal(f[1].start_line, minor < 20 ? 0 : 50);
	assert_int_equal(f[2].start_line, minor < 20 ? 0 : 11);
	assert_int_equal(symtab_lookup(st, FIX_TEXT + 0x55, f, 2), 2);
	/* Twice is the cache. */
	assert_int_equal(symtab_lookup(st, FIX_TEXT + 0x55, f, 8), 3);
	assert_int_equal(symtab_lookup(st, FIX_TEXT + 0x2ff, f, 8), 1);
	assert_int_equal(f[0].id, GOFUNC_GOEXIT);
	assert_int_equal(symtab_lookup(st, FIX_TEXT + 0x300, f, 8), 0);
	assert_int_equal(symtab_lookup(st, FIX_TEXT - 1, f, 8), 0);
	assert_int_equal(symtab_lookup(st, 0, f, 8), 0);
}

static void test_lookup(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(minors); i++) {
		static struct fixture f;
		struct gomodules ms;
		struct symtab *st;
		struct symfunc fn;

		fixture_make(&f, minors[i], 1);
		fixture_module(&ms, &f, minors[i]);
		st = symtab_new(&ms, NULL);
		look_at(st, minors[i]);
		assert_int_equal(symtab_spdelta(st, FIX_TEXT), 0);
		assert_int_equal(symtab_spdelta(st, FIX_TEXT + 8), 0x28);
		assert_int_equal(symtab_spdelta(st, FIX_TEXT + 0xf0), 0);
		assert_int_equal(symtab_spdelta(st, FIX_TEXT + 0x1000), SPDELTA_NONE);
		assert_true(symtab_func_by_name(st, "runtime.goexit", &fn));
		assert_int_equal(fn.entry, FIX_TEXT + 0x200);
		assert_int_equal(fn.end, FIX_TEXT + 0x300);
		assert_int_equal(fn.fn.flag, GOFUNC_TOP_FRAME);
		assert_true(symtab_func_by_name(st, "main.outer", &fn));
		assert_false(symtab_func_by_name(st, "main.leaf", &fn));
		assert_false(symtab_func_by_name(st, "", &fn));
		symtab_free(st);
		gomodules_release(&ms);
	}
}

/* The trees are read from the target where no file has them. */
static void test_trees_in_memory(void **state)
{
	static struct fixture f;
	struct mem_seg seg;
	struct gomodules ms;
	struct symtab *st;
	struct memr *mem;

	(void)state;
	fixture_make(&f, 24, 1);
	fixture_module(&ms, &f, 24);
	seg = (struct mem_seg){ FIX_GOFUNC, f.funcs.b, f.funcs.n };
	mem = memr_new_flat(&seg, 1);
	ms.mod.v[0].gofunc_data = NULL;
	ms.mod.v[0].gofunc_avail = 0;
	st = symtab_new(&ms, mem);
	look_at(st, 24);
	symtab_free(st);
	memr_close(mem);
	gomodules_release(&ms);
}

static void test_open_defers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(minors); i++) {
		static struct fixture f;
		struct gomodules ms;
		struct symtab *st;
		struct symdefer d;
		struct symfunc fn;

		fixture_make(&f, minors[i], 1);
		fixture_module(&ms, &f, minors[i]);
		st = symtab_new(&ms, NULL);
		assert_true(symtab_func(st, FIX_TEXT + 9, &fn));
		assert_int_equal(fn.fn.deferreturn, 0x90);
		assert_true(symtab_open_defers(st, &fn, &d));
		assert_int_equal(d.bits_off, 9);
		assert_int_equal(d.n, minors[i] < 22 ? 2 : 8);
		assert_int_equal(d.slot_off[0], minors[i] < 22 ? 40 : 200);
		assert_int_equal(d.slot_off[1], minors[i] < 22 ? 24 : 192);
		assert_true(symtab_func(st, FIX_TEXT + 0x109, &fn));
		assert_false(symtab_open_defers(st, &fn, &d));
		symtab_free(st);
		gomodules_release(&ms);
	}
}

static void test_arm64_quantum(void **state)
{
	static struct fixture f;
	struct gomodules ms;
	struct symtab *st;

	(void)state;
	fixture_make(&f, 27, 4);
	fixture_module(&ms, &f, 27);
	st = symtab_new(&ms, NULL);
	look_at(st, 27);
	assert_int_equal(symtab_spdelta(st, FIX_TEXT + 0xec), 0x28);
	symtab_free(st);
	gomodules_release(&ms);
}

static void test_function_ids(void **state)
{
	struct pclntab t = { .minor = 19 };

	(void)state;
	assert_int_equal(pclntab_func_id(&t, 7), GOFUNC_GOEXIT);
	assert_int_equal(pclntab_func_id(&t, 16), GOFUNC_RUNFINQ);
	assert_int_equal(pclntab_func_id(&t, 21), GOFUNC_WRAPPER);
	t.minor = 24;
	assert_int_equal(pclntab_func_id(&t, 8), GOFUNC_GOEXIT);
	assert_int_equal(pclntab_func_id(&t, 18), GOFUNC_RUNTIME_MAIN);
	assert_int_equal(pclntab_func_id(&t, 22), GOFUNC_WRAPPER);
	t.minor = 27;
	assert_int_equal(pclntab_func_id(&t, 17), GOFUNC_RUNTIME_MAIN);
	assert_int_equal(pclntab_func_id(&t, 19), GOFUNC_RUNFINQ);
	assert_int_equal(pclntab_func_id(&t, 20), GOFUNC_SIGPANIC);
	assert_int_equal(pclntab_func_id(&t, 23), GOFUNC_WRAPPER);
	assert_int_equal(pclntab_func_id(&t, 24), GOFUNC_UNKNOWN);
	assert_true(symframe_elided(GOFUNC_WRAPPER, GOFUNC_NORMAL));
	assert_false(symframe_elided(GOFUNC_WRAPPER, GOFUNC_GOPANIC));
}

static bool count(const struct symfunc *f, void *arg)
{
	(void)f;
	return ++*(int *)arg < 2;
}

static void test_each(void **state)
{
	static struct fixture f;
	struct gomodules ms;
	struct symtab *st;
	int n = 0;

	(void)state;
	fixture_make(&f, 27, 1);
	fixture_module(&ms, &f, 27);
	st = symtab_new(&ms, NULL);
	symtab_each(st, count, &n);
	assert_int_equal(n, 2);
	symtab_free(st);
	gomodules_release(&ms);
}

/* Cut short, and each byte wrong: never a bad read, whatever is said. */
static void test_damage(void **state)
{
	static struct fixture f;
	struct symframe fr[8];

	(void)state;
	fixture_make(&f, 27, 1);
	for (size_t i = 0; i < 2 * f.tab.n; i++) {
		struct gomodules ms = { 0 };
		struct gomodule m = { .minpc = FIX_TEXT,
				      .text = FIX_TEXT,
				      .maxpc = FIX_TEXT + 0x300 };
		size_t n = i < f.tab.n ? i : f.tab.n;
		uint8_t *copy = malloc(n ? n : 1);

		memcpy(copy, f.tab.b, n);
		if (i >= f.tab.n)
			copy[i - f.tab.n] ^= 0xff;
		m.gofunc_data = f.funcs.b;
		m.gofunc_avail = f.funcs.n;
		if (!pclntab_init(&m.tab, copy, n, 27, NULL)) {
			struct symtab *st;

			*vec_push(&ms.mod) = m;
			st = symtab_new(&ms, NULL);
			for (uint64_t pc = FIX_TEXT; pc < FIX_TEXT + 0x300; pc += 5)
				symtab_lookup(st, pc, fr, 8);
			symtab_free(st);
		}
		gomodules_release(&ms);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),	     cmocka_unit_test(test_find),
		cmocka_unit_test(test_lookup),	     cmocka_unit_test(test_trees_in_memory),
		cmocka_unit_test(test_open_defers),  cmocka_unit_test(test_arm64_quantum),
		cmocka_unit_test(test_function_ids), cmocka_unit_test(test_each),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

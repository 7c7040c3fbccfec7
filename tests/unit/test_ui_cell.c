/* SPDX-License-Identifier: Apache-2.0 */
/* The grid: nothing is drawn outside a region, wide characters are never halved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/cell.h"

static char *dumped;

static const char *dump(const struct grid *g, void (*how)(const struct grid *, FILE *))
{
	size_t size;
	FILE *out;

	free(dumped);
	dumped = NULL;
	out = open_memstream(&dumped, &size);
	how(g, out);
	fclose(out);
	return dumped;
}

#define assert_grid(g, want) assert_string_equal(dump(&(g), grid_dump_text), want)

static void test_clipping(void **state)
{
	struct grid g;
	struct region all, r;

	(void)state;
	grid_init(&g, 8, 3, false);
	all = region_all(&g);
	r = region_sub(&all, 2, 1, 4, 1);
	assert_int_equal(draw_str(&r, 0, 0, -1, ROLE_TEXT, 0, "abcdefgh"), 4);
	assert_int_equal(draw_str(&r, 0, 1, -1, ROLE_TEXT, 0, "below"), 0);
	assert_int_equal(draw_str(&r, 0, -1, -1, ROLE_TEXT, 0, "above"), 0);
	assert_int_equal(draw_str(&r, 4, 0, -1, ROLE_TEXT, 0, "right"), 0);
	assert_grid(g, "\n  abcd\n\n");
	draw_str(&r, -2, 0, -1, ROLE_TEXT, 0, "xyz");
	assert_grid(g, "\n  zbcd\n\n");
	draw_fill(&r, -5, -5, 100, 100, ROLE_TEXT, 0);
	assert_grid(g, "\n\n\n");
	grid_release(&g);
}

static void test_wide(void **state)
{
	struct grid g;
	struct region r;

	(void)state;
	grid_init(&g, 5, 1, false);
	r = region_all(&g);
	assert_int_equal(draw_str(&r, 0, 0, -1, ROLE_TEXT, 0, "a世界"), 5);
	assert_grid(g, "a世界\n");
	draw_str(&r, 2, 0, 1, ROLE_TEXT, 0, "|");
	assert_grid(g, "a |界\n");
	draw_str(&r, 3, 0, 1, ROLE_TEXT, 0, "|");
	assert_grid(g, "a ||\n");
	grid_clear(&g);
	/* the last column has no room for a wide one */
	assert_int_equal(draw_str(&r, 0, 0, 2, ROLE_TEXT, 0, "a世"), 1);
	assert_grid(g, "a\n");
	grid_release(&g);
}

static void test_cutting(void **state)
{
	struct grid g;
	struct region r;

	(void)state;
	grid_init(&g, 10, 1, false);
	r = region_all(&g);
	assert_int_equal(draw_cut(&r, 0, 0, 5, ROLE_TEXT, 0, "abcdefgh"), 5);
	assert_grid(g, "abcd…\n");
	grid_clear(&g);
	assert_int_equal(draw_cut(&r, 0, 0, 8, ROLE_TEXT, 0, "abcdefgh"), 8);
	assert_grid(g, "abcdefgh\n");
	grid_clear(&g);
	assert_int_equal(draw_cut_left(&r, 0, 0, 6, ROLE_TEXT, 0, "/a/long/path.go"), 6);
	assert_grid(g, "…th.go\n");
	grid_clear(&g);
	draw_right(&r, 0, 0, 10, ROLE_TEXT, 0, "right");
	assert_grid(g, "     right\n");
	grid_clear(&g);
	draw_right(&r, 0, 0, 4, ROLE_TEXT, 0, "right");
	assert_grid(g, "rig…\n");
	assert_int_equal(draw_cut(&r, 10, 0, 5, ROLE_TEXT, 0, "x"), 0);
	assert_int_equal(draw_cut_left(&r, 0, 0, 0, ROLE_TEXT, 0, "x"), 0);
	grid_release(&g);
}

static void test_symbols(void **state)
{
	struct grid g;
	struct region r;

	(void)state;
	grid_init(&g, 8, 1, false);
	r = region_all(&g);
	draw_bar(&r, 0, 0, 8, 1, 2, ROLE_RUN);
	assert_grid(g, "████────\n");
	draw_bar(&r, 0, 0, 8, UINT64_MAX, UINT64_MAX, ROLE_RUN);
	assert_grid(g, "████████\n");
	draw_bar(&r, 0, 0, 8, 5, 0, ROLE_RUN);
	assert_grid(g, "────────\n");
	for (unsigned i = 0; i < 9; i++)
		draw_level(&r, (int)i, 0, i, ROLE_RUN, 0);
	assert_grid(g, " ▁▂▃▄▅▆▇\n");
	grid_release(&g);
	grid_init(&g, 8, 1, true);
	r = region_all(&g);
	draw_bar(&r, 0, 0, 8, 1, 2, ROLE_RUN);
	assert_grid(g, "####----\n");
	for (unsigned i = 0; i < 9; i++)
		draw_level(&r, (int)i, 0, i, ROLE_RUN, 0);
	assert_grid(g, " .:-=+*#\n");
	for (int s = 0; s < SYM_N; s++) {
		assert_in_range(sym_cp((enum sym)s, true), '!', '~');
		assert_true(sym_cp((enum sym)s, false) != 0);
	}
	grid_release(&g);
}

static void test_roles(void **state)
{
	char seen[256] = "";
	struct grid g;
	struct region r;

	(void)state;
	for (int i = 0; i < ROLE_N; i++) {
		unsigned char c = (unsigned char)role_letter((enum role)i);

		assert_true(c > ' ' && c < 127);
		assert_false(seen[c]);
		seen[c] = 1;
		assert_true(strlen(role_name((enum role)i)) > 1);
	}
	grid_init(&g, 6, 2, false);
	r = region_all(&g);
	draw_str(&r, 1, 0, -1, ROLE_RUN, 0, "ab");
	draw_str(&r, 3, 0, -1, ROLE_TEXT, ATTR_BOLD, "c");
	draw_mark(&r, 0, 1, 2, 1, ATTR_SELECT);
	assert_string_equal(dump(&g, grid_dump_roles), " RR.\n\n@ 0,3-3 bold\n@ 1,0-1 select\n");
	grid_release(&g);
}

static int teardown(void **state)
{
	(void)state;
	free(dumped);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clipping), cmocka_unit_test(test_wide),
		cmocka_unit_test(test_cutting),	 cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_roles),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}

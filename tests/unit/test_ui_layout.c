/* SPDX-License-Identifier: Apache-2.0 */
/* Every size from 1x1 on: nothing overlaps, nothing is outside, what has the keys is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/layout.h"

enum { MOST_W = 220, MOST_H = 70 };

static char taken[MOST_H][MOST_W];

static void take(const struct rect *r, int w, int h)
{
	if (!r->w || !r->h)
		return;
	assert_true(r->x >= 0 && r->y >= 0 && r->x + r->w <= w && r->y + r->h <= h);
	for (int y = r->y; y < r->y + r->h; y++)
		for (int x = r->x; x < r->x + r->w; x++) {
			assert_false(taken[y][x]);
			taken[y][x] = 1;
		}
}

static void check(const struct layout_want *want)
{
	struct layout l;

	layout_make(&l, want);
	if (l.kind == LAYOUT_TINY) {
		assert_true(want->w < LAYOUT_LEAST_W || want->h < LAYOUT_LEAST_H);
		return;
	}
	memset(taken, 0, sizeof(taken));
	take(&(struct rect){ 0, 0, want->w, l.header }, want->w, want->h);
	take(&(struct rect){ 0, l.bar, want->w, 1 }, want->w, want->h);
	if (l.tabs >= 0)
		take(&(struct rect){ 0, l.tabs, want->w, 1 }, want->w, want->h);
	for (int i = 0; i < PANE_N; i++) {
		take(&l.pane[i], want->w, want->h);
		take(&l.title[i], want->w, want->h);
	}
	for (int i = 0; i < 2; i++)
		if (l.split[i] >= 0)
			take(&(struct rect){ l.split[i], l.split_y0, 1, l.split_y1 - l.split_y0 },
			     want->w, want->h);
	assert_true(layout_shows(&l, want->focus) ||
		    (want->focus == PANE_LIST && layout_shows(&l, PANE_DETAIL)));
}

static void test_all_sizes(void **state)
{
	static const enum pane_id focus[] = { PANE_LIST,  PANE_DETAIL, PANE_TIMELINE, PANE_SOURCE,
					      PANE_GRAPH, PANE_FLAME,  PANE_CHANGES };
	unsigned there = 1u << PANE_LIST | 1u << PANE_DETAIL | 1u << PANE_TIMELINE |
			 1u << PANE_SOURCE | 1u << PANE_STRIP | 1u << PANE_GRAPH |
			 1u << PANE_FLAME | 1u << PANE_CHANGES;

	(void)state;
	for (int w = 1; w <= MOST_W; w += w < 130 ? 1 : 7)
		for (int h = 1; h <= MOST_H; h++)
			for (int f = 0; f < 2 * (int)ARRAY_SIZE(focus); f++)
				check(&(struct layout_want){
					.w = w,
					.h = h,
					.focus = focus[f / 2],
					.detail = focus[f / 2] == PANE_DETAIL || f & 1,
					.maximised = f & 1,
					.there = there,
				});
}

static void test_breakpoints(void **state)
{
	struct layout_want want = { .focus = PANE_LIST, .there = ~0u };
	struct layout l;
	static const struct {
		int w, h;
		enum layout_kind kind;
		int header;
		bool strip;
	} rows[] = {
		{ 39, 9, LAYOUT_TINY, 1, false },    { 40, 10, LAYOUT_ONE, 1, false },
		{ 79, 24, LAYOUT_ONE, 2, true },     { 80, 24, LAYOUT_TABS, 2, true },
		{ 80, 23, LAYOUT_TABS, 1, false },   { 119, 40, LAYOUT_TABS, 2, true },
		{ 120, 40, LAYOUT_TWO, 2, false },   { 159, 40, LAYOUT_TWO, 2, false },
		{ 160, 40, LAYOUT_THREE, 2, false }, { 200, 60, LAYOUT_THREE, 2, false },
		{ 200, 20, LAYOUT_TABS, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		want.w = rows[i].w;
		want.h = rows[i].h;
		layout_make(&l, &want);
		assert_int_equal(l.kind, rows[i].kind);
		assert_int_equal(l.header, rows[i].header);
		assert_int_equal(layout_shows(&l, PANE_STRIP), rows[i].strip);
	}
}

/* Borders go where they are moved to as far as there is room, and nowhere else. */
static void test_borders(void **state)
{
	static const int far[] = { -1000, -37, -4, 0, 5, 41, 1000 };
	unsigned there = ~0u;

	(void)state;
	for (int w = 120; w <= MOST_W; w += 13)
		for (int h = 24; h <= MOST_H; h += 9)
			for (size_t i = 0; i < ARRAY_SIZE(far); i++)
				for (size_t k = 0; k < ARRAY_SIZE(far); k++)
					check(&(struct layout_want){
						.w = w,
						.h = h,
						.focus = (enum pane_id[]){ PANE_LIST, PANE_TIMELINE,
									   PANE_VARS }[k % 3],
						.vars = k % 3 == 2,
						.inspects = i % 2,
						.moved = { far[i], far[k], far[(i + k) % 7],
							   far[(i + 3) % 7] },
						.there = there,
					});
}

static void test_border_moved(void **state)
{
	struct layout_want want = { .w = 200, .h = 60, .focus = PANE_LIST, .there = ~0u };
	struct layout own, moved;

	(void)state;
	layout_make(&own, &want);
	want.moved[BORDER_A] = -10;
	want.moved[BORDER_B] = 6;
	want.moved[BORDER_BELOW] = 3;
	layout_make(&moved, &want);
	assert_int_equal(moved.split[0], own.split[0] - 10);
	assert_int_equal(moved.split[1], own.split[1] + 6);
	assert_int_equal(moved.split_y1, own.split_y1 + 3);
	assert_int_equal(moved.pane[PANE_TIMELINE].h, own.pane[PANE_TIMELINE].h - 3);
	want.moved[BORDER_A] = 1000;
	layout_make(&moved, &want);
	assert_true(moved.moved[BORDER_A] < 1000);
	assert_int_equal(moved.split[0], own.split[0] + moved.moved[BORDER_A]);
	assert_int_equal(moved.split_vars, -1);
	want.inspects = true;
	want.moved[BORDER_BELOW] = 0;
	layout_make(&own, &want);
	want.moved[BORDER_VARS] = -5;
	layout_make(&moved, &want);
	assert_int_equal(moved.split_vars, own.split_vars - 5);
	assert_int_equal(moved.pane[PANE_SOURCE].h, own.pane[PANE_SOURCE].h - 5);
	assert_int_equal(moved.pane[PANE_VARS].h, own.pane[PANE_VARS].h + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_sizes),
		cmocka_unit_test(test_breakpoints),
		cmocka_unit_test(test_borders),
		cmocka_unit_test(test_border_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

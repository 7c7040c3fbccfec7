/* SPDX-License-Identifier: Apache-2.0 */
/* Names, stacks and the map of ids, in numbers and shapes that tables might stumble over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/hash.h"
#include "core/intern.h"

static uint64_t seed = 9;

static uint32_t roll(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

/* Short strings of few bytes, NUL among them: many are equal, or equal but for the end. */
static void test_find_only_reads(void **state)
{
	struct strtab t = { 0 };
	uint32_t a;

	(void)state;
	assert_int_equal(strtab_find(&t, "a", 1), NO_STR); /* before it is made, too */
	strtab_init(&t);
	a = strtab_put(&t, "a", 1);
	assert_int_equal(strtab_find(&t, "a", 1), a);
	assert_int_equal(strtab_find(&t, "", 0), 0);
	assert_int_equal(strtab_find(&t, "ab", 2), NO_STR);
	assert_int_equal(t.str.n, 2);
	strtab_release(&t);
}

static void test_equal_strings(void **state)
{
	enum { N = 30000, LEN = 12 };
	struct strtab t;
	char(*text)[LEN] = xcalloc(N, LEN);
	uint32_t *len = xcalloc(N, sizeof(*len)), *id = xcalloc(N, sizeof(*id));
	size_t known = 1;

	(void)state;
	strtab_init(&t);
	for (uint32_t i = 0; i < N; i++) {
		len[i] = roll(LEN);
		for (uint32_t k = 0; k < len[i]; k++)
			text[i][k] = "\0a\xff"[roll(3)];
		id[i] = strtab_put(&t, text[i], len[i]);
		assert_true(id[i] <= known);
		known += id[i] == known;
		assert_int_equal(t.str.n, known);
		assert_int_equal(!id[i], !len[i]);
	}
	for (uint32_t i = 0; i < N; i++) {
		assert_int_equal(strtab_len(&t, id[i]), len[i]);
		assert_memory_equal(strtab_get(&t, id[i]), text[i], len[i]);
		assert_int_equal(strtab_get(&t, id[i])[len[i]], '\0');
		assert_int_equal(strtab_put(&t, text[i], len[i]), id[i]);
	}
	strtab_release(&t);
	free(text);
	free(len);
	free(id);
}

/* Texts stay where they are, whatever comes after them, and may be put again from there. */
static void test_texts_stay(void **state)
{
	struct strtab t;
	char *big = xmalloc(3 << 20);
	const char *first;
	char name[24];
	uint32_t id;

	(void)state;
	strtab_init(&t);
	memset(big, 'x', 3 << 20);
	first = strtab_get(&t, strtab_put(&t, "first", 5));
	id = strtab_put(&t, big, 3 << 20);
	assert_int_equal(strtab_len(&t, id), 3 << 20);
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		strtab_put(&t, name, strlen(name));
	}
	assert_string_equal(first, "first");
	assert_int_equal(strtab_put(&t, first, 5), 1);
	assert_int_equal(strtab_put(&t, first, 3), 100003); /* a part of a stored one */
	assert_int_equal(strtab_put(&t, strtab_get(&t, id), 3 << 20), id);
	assert_memory_equal(strtab_get(&t, id), big, 3 << 20);
	assert_int_equal(strtab_put(&t, big, (3 << 20) - 1), 100004);
	strtab_release(&t);
	free(big);
}

static struct frame some_frame(void)
{
	return (struct frame){ .pc = roll(40), .func = roll(3), .line = roll(2), .flags = roll(2) };
}

/* Each distinct frame and each distinct stack once; what was put is what is there. */
static void test_stacks(void **state)
{
	enum { N = 20000, DEEP = 6 };
	struct stacktab t;
	struct frame(*put)[DEEP] = xcalloc(N, sizeof(*put));
	uint32_t *id = xcalloc(N, sizeof(*id)), *n = xcalloc(N, sizeof(*n));
	size_t known = 1;

	(void)state;
	stacktab_init(&t);
	for (uint32_t i = 0; i < N; i++) {
		n[i] = roll(DEEP + 1);
		for (uint32_t k = 0; k < n[i]; k++)
			put[i][k] = some_frame();
		id[i] = stacktab_put(&t, put[i], n[i]);
		assert_true(id[i] <= known);
		known += id[i] == known;
		assert_int_equal(!id[i], !n[i]);
	}
	assert_int_equal(t.stack.n, known);
	assert_true(t.frame.n <= 40 * 3 * 2 * 2);
	for (size_t i = 0; i < t.frame.n; i++)
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(&t.frame.v[i], &t.frame.v[k], sizeof(struct frame));
	for (uint32_t i = 0; i < N; i++) {
		assert_int_equal(stacktab_put(&t, put[i], n[i]), id[i]);
		assert_int_equal(stacktab_depth(&t, id[i]), n[i]);
		for (uint32_t k = 0; k < n[i]; k++)
			assert_memory_equal(stacktab_frame(&t, id[i], k), &put[i][k],
					    sizeof(struct frame));
		assert_null(stacktab_frame(&t, id[i], n[i]));
		assert_null(stacktab_frame(&t, id[i], UINT32_MAX));
	}
	assert_int_equal(stacktab_depth(&t, UINT32_MAX), 0);
	stacktab_release(&t);
	free(put);
	free(id);
	free(n);
}

/* A stack of thousands of frames, and one that is another's begin. */
static void test_deep_stack(void **state)
{
	enum { DEEP = 100000 };
	struct frame *f = xcalloc(DEEP, sizeof(*f));
	struct stacktab t;
	uint32_t whole, part;

	(void)state;
	for (uint32_t i = 0; i < DEEP; i++)
		f[i] = (struct frame){ .pc = i % 1000, .func = 1 };
	stacktab_init(&t);
	whole = stacktab_put(&t, f, DEEP);
	part = stacktab_put(&t, f, DEEP / 2);
	assert_int_not_equal(whole, part);
	assert_int_equal(stacktab_depth(&t, whole), DEEP);
	assert_int_equal(stacktab_depth(&t, part), DEEP / 2);
	assert_int_equal(stacktab_frame(&t, whole, DEEP - 1)->pc, (DEEP - 1) % 1000);
	assert_int_equal(stacktab_put(&t, f, DEEP), whole);
	assert_int_equal(t.frame.n, 1000);
	stacktab_release(&t);
	free(f);
}

/* Against an array: keys that are near each other, far, and those that the map might mean by free. */
static void test_map(void **state)
{
	enum { KEYS = 5000 };
	static const uint64_t step[] = { 1, 8, 4096, 1ull << 32, 0x9e3779b97f4a7c15ull };
	uint32_t want[KEYS];
	struct map64 m = { 0 };

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(step); s++) {
		memset(want, 0xff, sizeof(want));
		for (int i = 0; i < 4 * KEYS; i++) {
			uint32_t k = roll(KEYS), v = roll(10) ? roll(UINT32_MAX) : UINT32_MAX - 1;

			map64_put(&m, (k - (uint64_t)(KEYS / 2)) * step[s], v);
			want[k] = v;
		}
		for (uint32_t k = 0; k < KEYS; k++)
			assert_int_equal(map64_get(&m, (k - (uint64_t)(KEYS / 2)) * step[s]),
					 want[k]);
		map64_clear(&m);
		for (uint32_t k = 0; k < KEYS; k++)
			assert_int_equal(map64_get(&m, (k - (uint64_t)(KEYS / 2)) * step[s]),
					 UINT32_MAX);
	}
	assert_int_equal(m.n, 0);
	map64_free(&m);
	assert_int_equal(map64_get(&m, 1), UINT32_MAX);
	map64_put(&m, 1, 0);
	assert_int_equal(map64_get(&m, 1), 0);
	map64_free(&m);
}

/* Rows of a table are asked for in their order: such keys must not end up side by side. */
static void test_map_spreads(void **state)
{
	static const uint64_t step[] = { 1, 16, 1ull << 20, 1ull << 40 };
	struct map64 m = { 0 };

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(step); s++) {
		size_t run = 0, most = 0;

		map64_clear(&m);
		for (uint64_t i = 0; i < 50000; i++)
			map64_put(&m, i * step[s], (uint32_t)i);
		for (size_t i = 0; i <= m.mask; i++) {
			run = m.slot[i].val ? run + 1 : 0;
			most = run > most ? run : most;
		}
		assert_true(most < 500);
	}
	map64_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find_only_reads), cmocka_unit_test(test_equal_strings),
		cmocka_unit_test(test_texts_stay),	cmocka_unit_test(test_stacks),
		cmocka_unit_test(test_deep_stack),	cmocka_unit_test(test_map),
		cmocka_unit_test(test_map_spreads),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Text on the screen: what is spelt out, what is wide, how numbers and times are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/mem.h"
#include "ui/text.h"

/* The text as a grid shows it, dots for the right halves of wide characters. */
static void shown(char *out, size_t size, const char *s, size_t len, bool ascii)
{
	struct text_iter it;
	struct glyph g;
	size_t n = 0;

	for (text_begin(&it, s, len, ascii); text_next(&it, &g) && n + 20 < size;) {
		for (int i = 0; i < GLYPH_CP && g.cp[i]; i++)
			n += (size_t)text_put(out + n, g.cp[i]);
		if (g.width == 2)
			out[n++] = '.';
	}
	out[n] = '\0';
}

static void assert_shown(const char *s, const char *want)
{
	char out[256];

	shown(out, sizeof(out), s, strlen(s), false);
	assert_string_equal(out, want);
}

static void test_hostile_text_is_spelt(void **state)
{
	char out[64];

	(void)state;
	assert_shown("plain (*T).f", "plain (*T).f");
	assert_shown("\033[31mred", "^[[31mred");
	assert_shown("a\nb\tc\rd", "a^Jb^Ic^Md");
	assert_shown("\x7f", "^?");
	assert_shown("\xff\xfe", "\\xff\\xfe");
	assert_shown("\xc2\x9b"
		     "31m",
		     "\\u009b31m"); /* CSI in one character */
	assert_shown("\xe2\x80\xae"
		     "abc",
		     "\\u202eabc"); /* turns the line round */
	assert_shown("a\xe2\x80\x8b"
		     "b",
		     "a\\u200bb"); /* takes no room */
	assert_shown("\xe2\x80\xa8", "\\u2028");
	assert_shown("\xee\x80\x80", "\\ue000"); /* private use: of no known width */
	assert_shown("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* a lone surrogate */
	assert_shown("\xe2\x82", "\\xe2\\x82"); /* cut short */
	shown(out, sizeof(out), "a\0b", 3, false);
	assert_string_equal(out, "a^@b");
}

static void test_widths(void **state)
{
	(void)state;
	assert_int_equal(text_width("abc", 3), 3);
	assert_shown("世界", "世.界.");
	assert_int_equal(text_width("世界", 6), 4);
	assert_int_equal(text_width("e\xcc\x81", 3), 1);
	assert_shown("e\xcc\x81x", "e\xcc\x81x");
	assert_shown("\xcc\x81", " \xcc\x81"); /* a mark without a base stands on a blank */
	assert_shown("x\xef\xb8\x8f", "x"); /* selectors go */
	assert_int_equal(text_width("\033", 1), 2);
}

static void test_marks_are_bounded(void **state)
{
	char s[400] = "z";
	char out[64];

	(void)state;
	for (int i = 0; i < 150; i++)
		memcpy(s + 1 + i * 2, "\xcc\x81", 3);
	shown(out, sizeof(out), s, strlen(s), false);
	assert_string_equal(out, "z\xcc\x81\xcc\x81\xcc\x81");
	assert_int_equal(text_width(s, strlen(s)), 1);
}

static void test_ascii(void **state)
{
	char out[64];

	(void)state;
	shown(out, sizeof(out), "aé世b", strlen("aé世b"), true);
	assert_string_equal(out, "a???b");
}

static void assert_duration(int64_t ns, const char *want)
{
	char buf[TEXT_SHORT];

	assert_string_equal(text_duration(buf, ns), want);
	assert_true(strlen(buf) <= 6);
}

static void test_durations(void **state)
{
	char buf[TEXT_SHORT];

	(void)state;
	assert_duration(0, "0");
	assert_duration(-5, "0");
	assert_duration(870, "870ns");
	assert_duration(1000, "1.0us");
	assert_duration(999999, "999us");
	assert_duration(12345678, "12.3ms");
	assert_duration(41200000000, "41.2s");
	assert_duration(59999999999, "59.9s");
	assert_duration(182000000000, "3m02s");
	assert_duration(43620000000000, "12h07m");
	assert_duration(99ll * 3600 * 1000000000, "99h00m");
	assert_duration(123ll * 3600 * 1000000000, "5d03h");
	assert_string_equal(text_duration(buf, INT64_MAX), "106751d");
}

static void test_counts(void **state)
{
	static const struct {
		uint64_t n;
		const char *want;
	} rows[] = {
		{ 0, "0" },
		{ 9999, "9999" },
		{ 10000, "10.0k" },
		{ 123456, "123k" },
		{ 1234567, "1.2M" },
		{ 99999999, "99.9M" },
		{ 999999999, "999M" },
		{ 1000000000, "1.0G" },
		{ UINT64_MAX, "18.4E" },
	};
	char buf[TEXT_SHORT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_string_equal(text_count(buf, rows[i].n), rows[i].want);
		assert_true(strlen(buf) <= 5);
	}
	assert_string_equal(text_bytes(buf, 1023), "1023B");
	assert_string_equal(text_bytes(buf, 1024), "1.0K");
	assert_string_equal(text_bytes(buf, 1536), "1.5K");
	assert_string_equal(text_bytes(buf, 1073741824), "1.0G");
	assert_string_equal(text_bytes(buf, UINT64_MAX), "15.9E");
}

static void test_how(void **state)
{
	char buf[TEXT_HOW], longer[300];

	(void)state;
	assert_string_equal(text_how(buf, "deferred Unlock in example.com/shop.(*T).f"),
			    "deferred Unlock in shop.(*T).f");
	assert_string_equal(text_how(buf, "example.com/shop.f"), "shop.f");
	assert_string_equal(text_how(buf, ""), "");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(strlen(text_how(buf, longer)), TEXT_HOW - 1);
}

static void test_moments(void **state)
{
	char buf[TEXT_SHORT];

	(void)state;
	assert_string_equal(text_moment(buf, 1234567890, 1), "1.234567890s");
	assert_string_equal(text_moment(buf, 1234567890, 1000), "1.234567s");
	assert_string_equal(text_moment(buf, 1234567890, 1000000), "1.234s");
	assert_string_equal(text_moment(buf, 1234567890, 1000000000), "1s");
	assert_string_equal(text_moment(buf, 182500000000, 100000000), "3m02.5s");
	assert_string_equal(text_moment(buf, 3723000000000, 1000000000), "1h02m03s");
	assert_string_equal(text_moment(buf, -1500000000, 100000000), "-1.5s");
	assert_true(strlen(text_moment(buf, INT64_MIN, 1)) < TEXT_SHORT);
	assert_true(strlen(text_moment(buf, INT64_MAX, 1)) < TEXT_SHORT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_text_is_spelt),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_marks_are_bounded),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_how),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, strings, times as fmt, strconv and time write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "target/gotext.h"
#include "target/gotype.h"

static char buf[256];

static struct gotext fresh(void)
{
	buf[0] = '\0';
	return (struct gotext){ .buf = buf, .size = sizeof(buf) };
}

static void is_float(double v, int bits, const char *want)
{
	struct gotext t = fresh();

	gotext_float(&t, v, bits);
	assert_string_equal(buf, want);
}

static void test_floats(void **state)
{
	(void)state;
	is_float(0, 64, "0");
	is_float(-0.0, 64, "-0");
	is_float(0.1, 64, "0.1");
	is_float((double)0.1f, 32, "0.1");
	is_float((double)0.1f, 64, "0.10000000149011612");
	is_float(100000, 64, "100000");
	is_float(1e6, 64, "1e+06");
	is_float(123456.7, 64, "123456.7");
	is_float(0.0001, 64, "0.0001");
	is_float(0.00001, 64, "1e-05");
	is_float(5e-324, 64, "5e-324");
	is_float(1.7976931348623157e308, 64, "1.7976931348623157e+308");
	is_float(NAN, 64, "NaN");
	is_float(INFINITY, 64, "+Inf");
	is_float(-INFINITY, 64, "-Inf");
}

static void test_complex(void **state)
{
	struct gotext t = fresh();

	(void)state;
	gotext_complex(&t, 1, -2.5, 64);
	gotext_complex(&t, 0, INFINITY, 64);
	gotext_complex(&t, 0, NAN, 64);
	assert_string_equal(buf, "(1-2.5i)(0+Infi)(0+NaNi)");
}

static void is_quote(const char *s, size_t n, const char *want)
{
	struct gotext t = fresh();

	gotext_quote(&t, s, n);
	assert_string_equal(buf, want);
}

static void test_quote(void **state)
{
	(void)state;
	is_quote("", 0, "\"\"");
	is_quote("a\"b\\", 4, "\"a\\\"b\\\\\"");
	is_quote("\a\b\f\n\r\t\v", 7, "\"\\a\\b\\f\\n\\r\\t\\v\"");
	is_quote("\0\x1b\x7f", 3, "\"\\x00\\x1b\\x7f\"");
	is_quote("\xff\xc3", 2, "\"\\xff\\xc3\"");
	is_quote("gr\xc3\xbc", 4, "\"gr\xc3\xbc\"");
	is_quote("\xe2\x80\x8b\xc2\xa0", 5, "\"\\u200b\\u00a0\"");
	is_quote("\xf3\xa0\x80\x81", 4, "\"\\U000e0001\"");
}

static void test_text(void **state)
{
	(void)state;
	assert_false(gotext_is_text("", 0));
	assert_true(gotext_is_text("a b\n\t", 5));
	assert_false(gotext_is_text("a\0", 2));
	assert_false(gotext_is_text("\xff", 1));
	assert_int_equal(gotext_cut("a\xc3\xbc", 3, 2), 1);
	assert_int_equal(gotext_cut("a\xc3\xbc", 3, 3), 3);
	assert_int_equal(gotext_cut("abc", 3, 2), 2);
}

static void is_duration(int64_t ns, const char *want)
{
	struct gotext t = fresh();

	gotext_duration(&t, ns);
	assert_string_equal(buf, want);
}

static void test_durations(void **state)
{
	(void)state;
	is_duration(0, "0s");
	is_duration(1, "1ns");
	is_duration(1100, "1.1\xc2\xb5s");
	is_duration(2200000, "2.2ms");
	is_duration(1000000000, "1s");
	is_duration(5400000000000, "1h30m0s");
	is_duration(-1500000000, "-1.5s");
	is_duration(INT64_MAX, "2562047h47m16.854775807s");
	is_duration(INT64_MIN, "-2562047h47m16.854775808s");
}

static void is_time(int64_t sec, int64_t off, uint32_t ns, const char *want)
{
	struct gotext t = fresh();

	assert_true(gotext_time(&t, sec, off, ns));
	assert_string_equal(buf, want);
}

static void test_times(void **state)
{
	struct gotext t = fresh();

	(void)state;
	is_time(0, 0, 0, "1970-01-01 00:00:00");
	is_time(1709210096, 0, 789000000, "2024-02-29 12:34:56.789");
	is_time(-1, 0, 1, "1969-12-31 23:59:59.000000001");
	is_time(0, -3600, 0, "1969-12-31 23:00:00");
	is_time(-62135596800, 0, 0, "0001-01-01 00:00:00");
	is_time(-62198755200, 0, 0, "-0001-01-01 00:00:00");
	assert_false(gotext_time(&t, INT64_MAX, 0, 0));
	assert_false(gotext_time(&t, 0, INT64_MIN, 0));
	assert_false(gotext_time(&t, 0, 0, UINT32_MAX));
}

static void test_cut(void **state)
{
	char small[8];
	struct gotext t = { .buf = small, .size = sizeof(small) };

	(void)state;
	gotext_str(&t, "abcdef");
	assert_false(t.full);
	gotext_str(&t, "\xc3\xbc!");
	assert_true(t.full);
	assert_string_equal(small, "abcdef");
}

static void is_short(const char *name, const char *want)
{
	gotype_short_name(name, buf, sizeof(buf));
	assert_string_equal(buf, want);
}

static void test_names(void **state)
{
	char tiny[6];

	(void)state;
	is_short("int", "int");
	is_short("github.com/a/b.T", "b.T");
	is_short("*sync/atomic.Int64", "*atomic.Int64");
	is_short("map[a/b.K][]c/d.V", "map[b.K][]d.V");
	is_short("func(a/b.T, ...c/d.U) e/f.V", "func(b.T, ...d.U) f.V");
	is_short("x/y.P[a/b.T,int]", "y.P[b.T,int]");
	is_short("struct { A int \"json:\\\"a/b\\\"\" }", "struct { A int \"json:\\\"a/b\\\"\" }");
	assert_int_equal(gotype_short_name("abcdefgh", tiny, sizeof(tiny)), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_floats),	  cmocka_unit_test(test_complex),
		cmocka_unit_test(test_quote),	  cmocka_unit_test(test_text),
		cmocka_unit_test(test_durations), cmocka_unit_test(test_times),
		cmocka_unit_test(test_cut),	  cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The colours of our themes, as they are seen: how far states are apart in normal sight and in
 * three kinds of colour blindness (Machado, Oliveira, Fernandes 2009, severity 1; CIE 1976), and
 * how well they can be read (WCAG 2). Without colours, what letters and shapes add to.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/mem.h"
#include "ui/cell.h"
#include "ui/theme.h"

static const enum role states[] = { ROLE_RUN, ROLE_READY, ROLE_BLOCKED, ROLE_SYSCALL, ROLE_IDLE };

static const double sights[4][3][3] = {
	{ { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } },
	{ { 0.152286, 1.052583, -0.204868 },
	  { 0.114503, 0.786281, 0.099216 },
	  { -0.003882, -0.048116, 1.051998 } },
	{ { 0.367322, 0.860646, -0.227968 },
	  { 0.280085, 0.672501, 0.047413 },
	  { -0.011820, 0.042940, 0.968881 } },
	{ { 1.255528, -0.076749, -0.178779 },
	  { -0.078411, 0.930809, 0.147602 },
	  { 0.004733, 0.691367, 0.303900 } },
};

static double linear(unsigned c)
{
	double v = c / 255.0;

	return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static void rgb_of(int color, double out[3])
{
	unsigned rgb = theme_rgb(color);

	for (int i = 0; i < 3; i++)
		out[i] = linear(rgb >> (16 - 8 * i) & 255);
}

static double luminance(int color)
{
	double c[3];

	rgb_of(color, c);
	return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
}

static double contrast(int a, int b)
{
	double x = luminance(a), y = luminance(b);

	return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05);
}

static double lab_f(double t)
{
	return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

static void lab_of(int color, const double sight[3][3], double out[3])
{
	double c[3], s[3], f[3];

	rgb_of(color, c);
	for (int i = 0; i < 3; i++) {
		s[i] = sight[i][0] * c[0] + sight[i][1] * c[1] + sight[i][2] * c[2];
		s[i] = s[i] < 0 ? 0 : s[i] > 1 ? 1 : s[i];
	}
	f[0] = lab_f((0.4124564 * s[0] + 0.3575761 * s[1] + 0.1804375 * s[2]) / 0.95047);
	f[1] = lab_f(0.2126729 * s[0] + 0.7151522 * s[1] + 0.0721750 * s[2]);
	f[2] = lab_f((0.0193339 * s[0] + 0.1191920 * s[1] + 0.9503041 * s[2]) / 1.08883);
	out[0] = 116 * f[1] - 16;
	out[1] = 500 * (f[0] - f[1]);
	out[2] = 200 * (f[1] - f[2]);
}

static double distance(int a, int b, int sight)
{
	double x[3], y[3];

	lab_of(a, sights[sight], x);
	lab_of(b, sights[sight], y);
	return sqrt(pow(x[0] - y[0], 2) + pow(x[1] - y[1], 2) + pow(x[2] - y[2], 2));
}

/* The least distance of two states in any sight, and the least contrast with a background. */
static void measure(const char *name, int background, double *apart, double *read)
{
	const struct theme *t = theme_named(name);

	*apart = *read = 1e9;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		int a = theme_look(t, DEPTH_256, states[i], 0).fg;

		*read = fmin(*read, contrast(a, background));
		for (size_t k = 0; k < i; k++)
			for (int s = 0; s < 4; s++)
				*apart = fmin(
					*apart,
					distance(a, theme_look(t, DEPTH_256, states[k], 0).fg, s));
	}
}

static void test_states_stay_apart(void **state)
{
	static const struct {
		const char *name;
		int background;
		double apart, read;
	} want[] = {
		{ "dark", 16, 41, 4.6 },
		{ "light", 231, 18, 3 },
		{ "high-contrast", 16, 29, 7 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		double apart, read;

		measure(want[i].name, want[i].background, &apart, &read);
		print_message("%s: least distance %.1f, least contrast %.1f\n", want[i].name, apart,
			      read);
		assert_true(apart >= want[i].apart);
		assert_true(read >= want[i].read);
	}
}

/* All of its text, on the background that it has there. */
static void test_high_contrast_can_be_read(void **state)
{
	const struct theme *t = theme_named("high-contrast");

	(void)state;
	for (int r = 0; r < ROLE_N; r++)
		for (unsigned attr = 0; attr <= ATTR_SELECT; attr += ATTR_SELECT) {
			struct look l = theme_look(t, DEPTH_256, (enum role)r, attr);

			if (l.bg == -1 || l.fg == -1 || contrast(l.fg, l.bg) < (attr ? 4.5 : 7))
				fail_msg("%s: %d on %d", role_name((enum role)r), l.fg, l.bg);
		}
}

/* No colour of a terminal with fewer makes text vanish. */
static void test_text_is_never_its_background(void **state)
{
	const char *name;

	(void)state;
	for (size_t i = 0; (name = theme_name(i)); i++)
		for (int d = DEPTH_MONO; d <= DEPTH_256; d++)
			for (int r = 0; r < ROLE_N; r++)
				for (unsigned attr = 0; attr < 32; attr++) {
					struct look l = theme_look(theme_named(name), (enum depth)d,
								   (enum role)r, attr);
					int most = d == DEPTH_256 ? 256 : d == DEPTH_16 ? 16 : 8;

					assert_true(l.fg == -1 || l.fg != l.bg);
					assert_true(l.fg < (d == DEPTH_MONO ? 0 : most));
					assert_true(l.bg < (d == DEPTH_MONO ? 0 : most));
				}
}

/* Every state has a letter and a shape that no other of these has; every role a letter and a name. */
static void test_colour_never_stands_alone(void **state)
{
	static const struct {
		enum gstate state;
		enum reason reason;
	} kinds[] = {
		{ GS_RUNNING, R_NONE },	 { GS_RUNNABLE, R_NONE },   { GS_BLOCKED, R_CHAN_SEND },
		{ GS_BLOCKED, R_MUTEX }, { GS_SYSCALL, R_SYSCALL }, { GS_BLOCKED, R_SLEEP },
		{ GS_BLOCKED, R_NET },	 { GS_BLOCKED, R_GC },	    { GS_DEAD, R_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(state_letter(kinds[i].state, kinds[i].reason),
					     state_letter(kinds[k].state, kinds[k].reason));
	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < i; k++)
			for (int ascii = 0; ascii < 2; ascii++)
				assert_int_not_equal(
					sym_cp(sym_state(kinds[i].state, kinds[i].reason), ascii),
					sym_cp(sym_state(kinds[k].state, kinds[k].reason), ascii));
	for (int r = 0; r < ROLE_N; r++)
		for (int k = 0; k < r; k++) {
			assert_int_not_equal(role_letter((enum role)r), role_letter((enum role)k));
			assert_string_not_equal(role_name((enum role)r), role_name((enum role)k));
		}
}

/* What must not be overlooked is more than a colour. */
static void test_marks_without_colour(void **state)
{
	static const enum role roles[] = { ROLE_ERROR, ROLE_WARN,	 ROLE_LONG,
					   ROLE_MATCH, ROLE_TITLE_FOCUS, ROLE_KEY };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		assert_true(theme_look(theme_named("mono"), DEPTH_256, roles[i], 0).attr);
	assert_int_equal(theme_look(theme_named("mono"), DEPTH_256, ROLE_RUN, 0).fg, -1);
	assert_true(theme_look(theme_named("dark"), DEPTH_MONO, ROLE_TEXT, ATTR_SELECT).attr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states_stay_apart),
		cmocka_unit_test(test_high_contrast_can_be_read),
		cmocka_unit_test(test_text_is_never_its_background),
		cmocka_unit_test(test_colour_never_stands_alone),
		cmocka_unit_test(test_marks_without_colour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

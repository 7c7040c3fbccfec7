/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/calibrate.h"

/* Measured or not, what comes of it can be reckoned with, and it says which. */
static void test_calibrate(void **state)
{
	struct calibration c;

	(void)state;
	memset(&c, 0xff, sizeof(c));
	calibrate(&c);
	if (c.measured) {
		print_message("# %.0f ns a hit, %.1f ms to attach, %.1f ms to detach\n", c.hit_ns,
			      (double)c.attach_ns / 1e6, (double)c.detach_ns / 1e6);
		assert_true(c.hit_ns > 20 && c.hit_ns < 1e6);
		assert_string_equal(c.why, "");
		assert_true(c.attach_ns > 0 && c.detach_ns > 0);
	} else {
		print_message("# %s\n", c.why);
		assert_true(c.why[0]);
		assert_true(c.hit_ns == CALIBRATE_HIT_NS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_calibrate) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

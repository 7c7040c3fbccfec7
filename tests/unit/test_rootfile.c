/* SPDX-License-Identifier: Apache-2.0 */
/* A root that its owner fills as he likes leads nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/rootfile.h"

static char dir[] = "/tmp/bingo-root-XXXXXX";

static void in_dir(char *buf, size_t size, const char *name)
{
	snprintf(buf, size, "%s/%s", dir, name);
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
	char path[128];

	(void)state;
	assert_non_null(mkdtemp(dir));
	in_dir(path, sizeof(path), "root");
	assert_int_equal(mkdir(path, 0700), 0);
	in_dir(path, sizeof(path), "root/inside.go");
	write_text(path, "inside");
	in_dir(path, sizeof(path), "outside.go");
	write_text(path, "outside");
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {
		"root/inside.go", "root/up.go", "root/abs.go", "root/proc.go",
		"root/pipe.go",	  "outside.go", "root"
	};
	char path[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		in_dir(path, sizeof(path), names[i]);
		remove(path);
	}
	return rmdir(dir);
}

static int open_in(const char *name)
{
	char root[128];

	in_dir(root, sizeof(root), "root");
	return rootfile_open(root, name);
}

static void link_in(const char *name, const char *to)
{
	char path[128];

	in_dir(path, sizeof(path), name);
	assert_int_equal(symlink(to, path), 0);
}

static void test_inside(void **state)
{
	char buf[16] = "";
	int fd = open_in("/inside.go");

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(read(fd, buf, sizeof(buf) - 1), 6);
	assert_string_equal(buf, "inside");
	close(fd);
	assert_int_equal(open_in("/nothing.go"), -ENOENT);
}

static void test_links_stay_within(void **state)
{
	char outside[128];

	(void)state;
	in_dir(outside, sizeof(outside), "outside.go");
	link_in("root/up.go", "../outside.go");
	link_in("root/abs.go", outside);
	link_in("root/proc.go", "/proc/self/exe");
	assert_int_equal(open_in("/up.go"), -ENOENT);
	assert_int_equal(open_in("/abs.go"), -ENOENT);
	assert_int_equal(open_in("/proc.go"), -ENOENT);
	assert_int_equal(open_in("/../outside.go"), -ENOENT);
	assert_int_equal(open_in("../../../../../../etc/passwd"), -ENOENT);
}

static void test_no_files(void **state)
{
	char path[128];

	(void)state;
	in_dir(path, sizeof(path), "root/pipe.go");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(open_in("/pipe.go"), -EINVAL);
	assert_int_equal(open_in("/"), -EINVAL);
	assert_int_equal(rootfile_open("/", "/dev/null"), -EINVAL);
	assert_int_equal(rootfile_open("/nowhere-at-all", "/x"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_links_stay_within),
		cmocka_unit_test(test_no_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Files made for the user who became root by sudo: his, where he may, never over one that is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "helper.h"

enum { USER = 54321, GROUP = 54322 };

struct fix {
	char dir[64], file[96];
	struct helper *helper;
};

static int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/bingo-helper-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->file, sizeof(f->file), "%s/export", f->dir);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	helper_stop(f->helper);
	unlink(f->file);
	rmdir(f->dir);
	free(f);
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	return 0;
}

static void by_sudo(struct fix *f, const char *uid, const char *gid)
{
	setenv("SUDO_UID", uid, 1);
	setenv("SUDO_GID", gid, 1);
	f->helper = helper_start(&(struct helper_config){ 0 });
	assert_non_null(f->helper);
}

static void test_his(void **state)
{
	struct fix *f = *state;
	struct err err = { 0 };
	struct stat st;
	int fd;

	if (geteuid()) {
		print_message("only root becomes another\n");
		skip();
	}
	assert_int_equal(chown(f->dir, USER, GROUP), 0);
	assert_int_equal(chmod(f->dir, 0700), 0);
	by_sudo(f, "54321", "54322");
	fd = helper_create(f->helper, f->file, &err);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_int_equal(stat(f->file, &st), 0);
	assert_int_equal(st.st_uid, USER);
	assert_int_equal(st.st_gid, GROUP);
	assert_int_equal(st.st_size, 1);
	assert_int_equal(helper_create(f->helper, f->file, &err), -EEXIST);
}

/* Where he may not write, root's process does not either. */
static void test_not_elsewhere(void **state)
{
	struct fix *f = *state;
	struct err err = { 0 };

	if (geteuid()) {
		print_message("only root becomes another\n");
		skip();
	}
	by_sudo(f, "54321", "54322"); /* the folder is root's, 0700 */
	assert_int_equal(helper_create(f->helper, f->file, &err), -EACCES);
	assert_int_equal(access(f->file, F_OK), -1);
	err_clear(&err);
	assert_true(helper_create(f->helper, "", &err) < 0);
}

/* What is no user's number makes no writer. */
static void test_no_user(void **state)
{
	static const char *const odd[] = { "0",		"", "-1", "12x", "99999999999999999999",
					   "4294967295" };
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		struct err err = { 0 };

		by_sudo(f, odd[i], "100");
		assert_int_equal(helper_create(f->helper, f->file, &err), -ENOTSUP);
		helper_stop(f->helper);
		f->helper = NULL;
	}
	assert_int_equal(helper_create(NULL, f->file, NULL), -ENOTSUP);
}

/* What is in a file; its path is for removing it. */
static void expect_kept(const char *path, const char *text, uid_t owner)
{
	char got[64] = "";
	struct stat st;
	FILE *in;

	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_uid, owner);
	in = fopen(path, "r");
	assert_non_null(in);
	assert_int_equal(fread(got, 1, sizeof(got) - 1, in), strlen(text));
	fclose(in);
	assert_string_equal(got, text);
}

static void keep(struct fix *f, char where[256])
{
	struct err err = { 0 };

	f->helper = helper_start(&(struct helper_config){ 0 });
	assert_non_null(f->helper);
	assert_int_equal(helper_keep(f->helper, "goroutine 7", where, 256, &err), 0);
	helper_stop(f->helper);
	f->helper = NULL;
}

/* The folder of the session, if it is ours alone; else /tmp. */
static void test_kept(void **state)
{
	struct fix *f = *state;
	char where[256], again[256];

	setenv("XDG_RUNTIME_DIR", f->dir, 1);
	keep(f, where);
	assert_int_equal(strncmp(where, f->dir, strlen(f->dir)), 0);
	expect_kept(where, "goroutine 7", geteuid());
	keep(f, again); /* another one */
	assert_string_not_equal(where, again);
	unlink(where);
	unlink(again);
	assert_int_equal(chmod(f->dir, 0777), 0);
	keep(f, where);
	assert_int_equal(strncmp(where, "/tmp/bingo-top-", 15), 0);
	expect_kept(where, "goroutine 7", geteuid());
	unlink(where);
	setenv("XDG_RUNTIME_DIR", "relative", 1);
	keep(f, where);
	assert_int_equal(strncmp(where, "/tmp/bingo-top-", 15), 0);
	unlink(where);
	unsetenv("XDG_RUNTIME_DIR");
	assert_true(helper_keep(NULL, "x", where, sizeof(where), &(struct err){ 0 }) < 0);
}

/* Who called us by sudo can read it, and nobody else. */
static void test_kept_for_caller(void **state)
{
	struct fix *f = *state;
	char where[256];

	if (geteuid()) {
		print_message("only root becomes another\n");
		skip();
	}
	setenv("SUDO_UID", "54321", 1);
	setenv("SUDO_GID", "54322", 1);
	keep(f, where);
	expect_kept(where, "goroutine 7", USER);
	unlink(where);
}

/* What was made for him is his to remove, if it is that file. */
static void test_removed(void **state)
{
	struct fix *f = *state;
	struct err err = { 0 };
	int fd;

	if (geteuid()) {
		print_message("only root becomes another\n");
		skip();
	}
	assert_int_equal(chown(f->dir, USER, GROUP), 0);
	by_sudo(f, "54321", "54322");
	assert_false(helper_remove(f->helper, f->file));
	fd = helper_create(f->helper, f->file, &err);
	assert_true(fd >= 0);
	close(fd);
	assert_false(helper_remove(f->helper, "/tmp/another"));
	assert_int_equal(access(f->file, F_OK), 0);
	assert_true(helper_remove(f->helper, f->file));
	assert_int_equal(access(f->file, F_OK), -1);
	assert_false(helper_remove(NULL, f->file));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_his, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_user, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kept_for_caller, setup, teardown),
		cmocka_unit_test_setup_teardown(test_removed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

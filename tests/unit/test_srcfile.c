/* SPDX-License-Identifier: Apache-2.0 */
/* Where sources are looked for, in which order, and what is said where there are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "analysis/srcfile.h"

struct fix {
	char dir[64];
	const char *substitute[4];
	char *text[4];
	struct srccache cache;
};

static void make_folders(char *path)
{
	for (char *p = path + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
}

static void write_bytes(const struct fix *f, const char *name, const char *text, size_t n)
{
	char *path = xasprintf("%s/%s", f->dir, name);
	FILE *out;

	make_folders(path);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_true(fwrite(text, 1, n, out) == n);
	assert_int_equal(fclose(out), 0);
	free(path);
}

static void write_file(const struct fix *f, const char *name, const char *text)
{
	write_bytes(f, name, text, strlen(text));
}

static void variable(const struct fix *f, const char *name, const char *folder)
{
	char *path = xasprintf("%s/%s", f->dir, folder);

	setenv(name, path, 1);
	free(path);
}

static int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/bingo-src-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->cache.substitute = f->substitute;
	variable(f, "HOME", "home");
	unsetenv("GOROOT");
	unsetenv("GOPATH");
	unsetenv("GOMODCACHE");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;
	char *command = xasprintf("rm -rf '%s'", f->dir);

	src_release(&f->cache);
	assert_int_equal(system(command), 0);
	free(command);
	for (size_t i = 0; i < ARRAY_SIZE(f->text); i++)
		free(f->text[i]);
	free(f);
	return 0;
}

/* a=DIR/b */
static void substitute(struct fix *f, int i, const char *a, const char *b)
{
	f->text[i] = xasprintf("%s=%s/%s", a, f->dir, b);
	f->substitute[i] = f->text[i];
}

/* What the file of that name says first; "" where there is none. */
static const char *first_line(struct fix *f, const char *recorded)
{
	const struct srcfile *s = src_find(&f->cache, recorded);
	static char line[80];

	assert_non_null(s);
	assert_string_equal(s->recorded, recorded);
	assert_int_equal(!s->path, s->why != NULL); /* found, or why not */
	if (!s->line.n)
		return "";
	snprintf(line, sizeof(line), "%.*s", (int)s->line.v[0].len, s->line.v[0].s);
	return line;
}

static void test_substitute(void **state)
{
	struct fix *f = *state;

	write_file(f, "a/pool.go", "a");
	write_file(f, "b/pool.go", "b");
	write_file(f, "b/only.go", "only b");
	write_file(f, "as/pool.go", "as");
	write_file(f, "a/s/pool.go", "a/s");
	write_file(f, "one.go", "one");
	substitute(f, 0, "/build/src", "a");
	substitute(f, 1, "/build/src/", "b");
	substitute(f, 2, "example.com/app/main.go", "one.go");
	assert_string_equal(first_line(f, "/build/src/pool.go"), "a"); /* the first that has it */
	assert_string_equal(first_line(f, "/build/src/only.go"), "only b");
	assert_string_equal(first_line(f, "/build/srcs/pool.go"), ""); /* of another folder */
	assert_string_equal(first_line(f, "/other/build/src/pool.go"), "");
	assert_string_equal(first_line(f, "example.com/app/main.go"), "one");
}

static void test_root(void **state)
{
	struct fix *f = *state;

	write_file(f, "a/deep/pool.go", "a");
	substitute(f, 0, "/", "a");
	assert_string_equal(first_line(f, "/deep/pool.go"), "a");
}

/* A program in a container has its own files, also where we have some of that name. */
static void test_its_own_root(void **state)
{
	struct fix *f = *state;
	char *root = xasprintf("%s/container", f->dir), *ours = xasprintf("%s/app.go", f->dir);
	char *its = xasprintf("container%s", ours);

	write_file(f, "app.go", "ours");
	write_file(f, its, "its");
	assert_string_equal(first_line(f, ours), "ours");
	src_release(&f->cache);
	f->cache.root = root;
	assert_string_equal(first_line(f, ours), "its");
	write_file(f, "a/app.go", "told");
	src_release(&f->cache);
	f->cache.root = root;
	substitute(f, 0, f->dir, "a");
	assert_string_equal(first_line(f, ours), "told"); /* who says where goes first */
	free(root);
	free(ours);
	free(its);
}

static void test_goroot(void **state)
{
	struct fix *f = *state;

	write_file(f, "root/src/sync/waitgroup.go", "sync");
	variable(f, "GOROOT", "root");
	assert_string_equal(first_line(f, "/usr/lib/go-1.99/src/sync/waitgroup.go"), "sync");
	assert_string_equal(first_line(f, "sync/waitgroup.go"), "sync"); /* -trimpath */
	assert_string_equal(first_line(f, "/usr/lib/go-1.99/sync/waitgroup.go"), "");
}

static void test_modules(void **state)
{
	static const char recorded[] = "/ci/pkg/mod/example.com/m@v1.2.3/x.go";
	struct fix *f = *state;

	write_file(f, "home/go/pkg/mod/example.com/m@v1.2.3/x.go", "home");
	assert_string_equal(first_line(f, recorded), "home");
	src_release(&f->cache);
	write_file(f, "path/pkg/mod/example.com/m@v1.2.3/x.go", "gopath");
	f->text[3] = xasprintf("%s/path:/nowhere", f->dir);
	setenv("GOPATH", f->text[3], 1);
	assert_string_equal(first_line(f, recorded), "gopath");
	src_release(&f->cache);
	write_file(f, "cache/example.com/m@v1.2.3/x.go", "cache");
	variable(f, "GOMODCACHE", "cache");
	assert_string_equal(first_line(f, recorded), "cache");
	assert_string_equal(first_line(f, "example.com/m@v1.2.3/x.go"), "cache");
	assert_string_equal(first_line(f, "example.com/m@v1.2.4/x.go"), "");
}

static void test_lines(void **state)
{
	struct fix *f = *state;
	const struct srcfile *s;
	char *path = xasprintf("%s/x.go", f->dir);

	write_bytes(f, "x.go", "one\r\n\n\r\nfo\0ur\nlast", 18);
	s = src_find(&f->cache, path);
	assert_int_equal(s->line.n, 5);
	assert_int_equal(s->line.v[0].len, 3);
	assert_int_equal(s->line.v[1].len, 0);
	assert_int_equal(s->line.v[2].len, 0);
	assert_int_equal(s->line.v[3].len, 5);
	assert_int_equal(s->line.v[4].len, 4);
	src_release(&f->cache);
	write_file(f, "x.go", "");
	s = src_find(&f->cache, path);
	assert_non_null(s->path);
	assert_int_equal(s->line.n, 0);
	free(path);
}

/* What is no file is not waited for, and what is huge is not read. */
static void test_odd_files(void **state)
{
	struct fix *f = *state;
	char *path = xasprintf("%s/pipe", f->dir), *big = xasprintf("%s/big.go", f->dir);

	alarm(20); /* opening a pipe would last for ever */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_string_equal(first_line(f, path), "");
	assert_string_equal(first_line(f, f->dir), "");
	assert_string_equal(first_line(f, "/dev/zero"), "");
	assert_string_equal(first_line(f, "/proc/self/mem"), "");
	write_file(f, "big.go", "x");
	assert_int_equal(truncate(big, (off_t)1 << 40), 0);
	assert_string_equal(first_line(f, big), "");
	alarm(0);
	free(path);
	free(big);
}

static void test_why(void **state)
{
	struct fix *f = *state;

	assert_string_equal(src_find(&f->cache, "/nowhere/src/pool.go")->why,
			    "/nowhere/src/pool.go is not on this machine; --substitute-path "
			    "/nowhere/src=FOLDER tells where its sources are");
	/* --substitute-path takes no empty A */
	assert_null(strstr(src_find(&f->cache, "_cgo_gotypes.go")->why, "--substitute-path"));
	assert_null(strstr(src_find(&f->cache, "/x.go")->why, "--substitute-path"));
	assert_null(strstr(src_find(&f->cache, "<autogenerated>")->why, "machine"));
	assert_non_null(src_find(&f->cache, "")->why);
	/* A program that says its sources lie in files that are none learns nothing, nor does who records it. */
	assert_null(src_find(&f->cache, "/etc/passwd")->text);
	assert_non_null(strstr(src_find(&f->cache, "/etc/passwd")->why, "name of a source"));
	assert_null(src_find(&f->cache, "/proc/self/environ")->text);
}

/* Asked for again, a file is the same one until 64 others were. */
static void test_kept(void **state)
{
	struct fix *f = *state;
	const struct srcfile *first;
	char name[32];

	first = src_find(&f->cache, "/nowhere/0.go");
	for (int i = 1; i < 64; i++) {
		snprintf(name, sizeof(name), "/nowhere/%d.go", i);
		src_find(&f->cache, name);
		assert_ptr_equal(src_find(&f->cache, "/nowhere/0.go"), first);
	}
	for (int i = 64; i < 500; i++) {
		snprintf(name, sizeof(name), "/nowhere/%d.go", i);
		src_find(&f->cache, name);
		assert_true(f->cache.file.n <= 64);
	}
	src_release(&f->cache);
	assert_int_equal(f->cache.file.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_substitute, setup, teardown),
		cmocka_unit_test_setup_teardown(test_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_its_own_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_goroot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_modules, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_odd_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_why, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

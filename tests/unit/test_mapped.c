/* SPDX-License-Identifier: Apache-2.0 */
/* A mapped file that becomes shorter: zeros where it was, and the rest as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/mapped.h"

enum { PAGES = 5 };

static uint8_t *map_file(int *fd, size_t page)
{
	char name[] = "/tmp/test_mapped-XXXXXX";
	uint8_t *bytes = malloc(page * PAGES), *p;

	*fd = mkstemp(name);
	assert_true(*fd >= 0);
	unlink(name);
	memset(bytes, 'x', page * PAGES);
	assert_int_equal(write(*fd, bytes, page * PAGES), page * PAGES);
	free(bytes);
	p = mmap(NULL, page * PAGES, PROT_READ, MAP_PRIVATE, *fd, 0);
	assert_true(p != MAP_FAILED);
	return p;
}

static void test_cut(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned before = mapped_lost(), sum = 0;
	uint8_t *p;
	int fd;

	(void)state;
	p = map_file(&fd, page);
	mapped_guard();
	assert_int_equal(ftruncate(fd, (off_t)page + 10), 0);
	for (size_t i = page * 2; i < page * PAGES; i++)
		sum += p[i];
	assert_int_equal(sum, 0);
	assert_int_equal(mapped_lost() - before, PAGES - 2);
	assert_int_equal(p[page - 1], 'x');
	assert_int_equal(p[page + 9], 'x');
	assert_int_equal(p[page + 10], 0);
	munmap(p, page * PAGES);
	close(fd);
}

/* A SIGBUS that is no file's is a fault as ever. */
static void test_other(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		mapped_guard();
		raise(SIGBUS);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

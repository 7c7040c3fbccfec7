/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/mem.h"
#include "target/mem.h"

static struct memr *open_self(bool procmem)
{
	struct err err = { 0 };
	struct memr *m;

	assert_int_equal(procmem ? memr_open_procmem(&m, getpid(), &err)
				 : memr_open_pid(&m, getpid(), &err),
			 0);
	return m;
}

/* Two pages, of which only the first can be read. */
static char *half_mapped(void)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	memset(p, 'x', 8192);
	munmap(p + 4096, 4096);
	return p;
}

static void test_read(void **state)
{
	char *p = half_mapped(), buf[8192];

	(void)state;
	for (int procmem = 0; procmem < 2; procmem++) {
		struct memr *m = open_self(procmem);
		uint64_t at = (uintptr_t)p;

		assert_int_equal(memr_read(m, at, buf, 4096), 0);
		assert_int_equal(memr_read(m, at + 4000, buf, 97), -EFAULT);
		assert_int_equal(memr_read(m, 1, buf, 1), -EFAULT);
		assert_int_equal(memr_read(m, UINT64_MAX - 3, buf, 8), -EFAULT);
		assert_int_equal(memr_read(m, UINT64_MAX - 3, buf, 0), 0);
		assert_int_equal(memr_read_some(m, at + 4000, buf, 200), 96);
		assert_int_equal(memr_read_some(m, at + 4096, buf, 200), 0);
		assert_int_equal(memr_read_some(m, at, buf, 8192), 4096);
		assert_true(m->calls > 0 && m->bytes >= 4096);
		memr_close(m);
	}
	munmap(p, 4096);
}

/* Whatever holes there are between them, the good pieces are read and the bad ones marked. */
static void test_batch(void **state)
{
	enum { N = 5000 };
	static uint64_t src[N], dst[N];
	static struct mem_iov v[N];
	uint32_t x = 1;

	(void)state;
	for (int round = 0; round < 6; round++) {
		struct memr *m = open_self(round & 1);
		size_t good = 0;

		for (size_t i = 0; i < N; i++) {
			/* none, some, all but some, all of them are holes */
			bool hole =
				(x = x * 1664525 + 1013904223) % 6 < (uint32_t)round + (round == 5);

			src[i] = i * 7 + 1;
			dst[i] = 0;
			v[i] = (struct mem_iov){ hole ? 8 : (uintptr_t)&src[i], &dst[i], 8, 77 };
			good += !hole;
		}
		assert_int_equal(memr_readv(m, v, N), good);
		for (size_t i = 0; i < N; i++) {
			assert_int_equal(v[i].rc, v[i].addr == 8 ? -EFAULT : 0);
			assert_int_equal(dst[i], v[i].addr == 8 ? 0 : src[i]);
		}
		assert_int_equal(memr_readv(m, v, 0), 0);
		memr_close(m);
	}
}

/* Pieces beyond what one call takes in bytes. */
static void test_large_pieces(void **state)
{
	enum { SIZE = 80 << 20 };
	struct memr *m = open_self(false);
	char *src = malloc(SIZE), *dst = malloc(SIZE);
	struct mem_iov v[3] = { { (uintptr_t)src, dst, 16, 1 },
				{ (uintptr_t)src, dst, SIZE, 1 },
				{ (uintptr_t)src, dst, SIZE / 2 + 8, 1 } };

	(void)state;
	for (size_t i = 0; i < SIZE; i += 4096)
		src[i] = (char)(i >> 12);
	src[SIZE - 1] = 'e';
	assert_int_equal(memr_readv(m, v, 3), 3);
	assert_int_equal(dst[SIZE - 1], 'e');
	free(src);
	free(dst);
	memr_close(m);
}

static void test_gone(void **state)
{
	struct memr *m[2];
	struct mem_iov v;
	uint64_t word = 5, got;
	int fds[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		close(fds[1]);
		_exit(read(fds[0], &got, 1) > 0);
	}
	close(fds[0]);
	assert_int_equal(memr_open_pid(&m[0], pid, NULL), 0);
	assert_int_equal(memr_open_procmem(&m[1], pid, NULL), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(memr_read_u64(m[i], (uintptr_t)&word, &got), 0);
		assert_int_equal(got, 5);
	}
	close(fds[1]);
	/* A zombie has no memory; a process that is waited for is none at all. */
	waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 2; i++) {
			v = (struct mem_iov){ (uintptr_t)&word, &got, 8, 0 };
			assert_int_equal(memr_read(m[i], (uintptr_t)&word, &got, 8), -ESRCH);
			assert_int_equal(memr_readv(m[i], &v, 1), -ESRCH);
			assert_int_equal(memr_read_some(m[i], (uintptr_t)&word, &got, 8), -ESRCH);
		}
		if (!round)
			waitpid(pid, NULL, 0);
	}
	memr_close(m[0]);
	memr_close(m[1]);
	assert_int_not_equal(memr_open_pid(&m[0], pid, NULL), 0);
}

static void test_flat(void **state)
{
	static const char a[16] = "0123456789abcdef";
	struct mem_seg seg[] = { { 0x1000, a, 16 }, { 0x2000, NULL, 0 } };
	struct memr *m = memr_new_flat(seg, 2);
	struct mem_iov v[2] = { { 0x1002, (char[4]){ 0 }, 4, 1 },
				{ 0x100e, (char[4]){ 0 }, 4, 1 } };
	char buf[20];

	(void)state;
	assert_int_equal(memr_read(m, 0x1000, buf, 16), 0);
	assert_int_equal(memr_read(m, 0x1001, buf, 16), -EFAULT);
	assert_int_equal(memr_read(m, 0xfff, buf, 1), -EFAULT);
	assert_int_equal(memr_read(m, 0x1000, buf, SIZE_MAX), -EFAULT);
	assert_int_equal(memr_readv(m, v, 2), 1);
	assert_int_equal(v[0].rc, 0);
	assert_int_equal(v[1].rc, -EFAULT);
	memr_close(m);
	memr_close(NULL);
}

static void test_gostring(void **state)
{
	uint64_t head[] = { 0x2000, 5, 0x2000, 6, 0x2000, UINT64_MAX, 0, 0 };
	struct mem_seg seg[] = { { 0x1000, head, sizeof(head) }, { 0x2000, "hello", 5 } };
	struct memr *m = memr_new_flat(seg, 2);
	char buf[4], large[16];

	(void)state;
	assert_int_equal(memr_read_gostring(m, 0x1000, large, sizeof(large), 100), 5);
	assert_string_equal(large, "hello");
	assert_int_equal(memr_read_gostring(m, 0x1000, buf, sizeof(buf), 100), 5);
	assert_string_equal(buf, "hel");
	assert_int_equal(memr_read_gostring(m, 0x1000, buf, sizeof(buf), 4), -EINVAL);
	assert_int_equal(memr_read_gostring(m, 0x1010, large, sizeof(large), 100), -EFAULT);
	assert_string_equal(large, "");
	assert_int_equal(memr_read_gostring(m, 0x1020, large, sizeof(large), UINT64_MAX), -EINVAL);
	assert_int_equal(memr_read_gostring(m, 0x1030, large, sizeof(large), 100), 0);
	assert_int_equal(memr_read_gostring(m, 0x5000, large, sizeof(large), 100), -EFAULT);
	memr_close(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),	     cmocka_unit_test(test_batch),
		cmocka_unit_test(test_large_pieces), cmocka_unit_test(test_gone),
		cmocka_unit_test(test_flat),	     cmocka_unit_test(test_gostring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Processes below one: chains, those whose parent has ended, zombies, and what their programs are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "source/tree.h"

/* Each is the parent of the next; all write a byte once they are there, then wait. Returns the first. */
static pid_t chain(int n, int fd)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (n > 1)
		chain(n - 1, fd);
	if (write(fd, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void wait_bytes(int fd, int n)
{
	char c;

	while (n--)
		assert_int_equal(read(fd, &c, 1), 1);
}

static void test_chain(void **state)
{
	struct tree t = { 0 };
	int fd[2];
	pid_t first;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	first = chain(5, fd[1]);
	wait_bytes(fd[0], 5);
	for (int again = 0; again < 2; again++) {
		tree_read(&t, getpid());
		assert_int_equal(t.process.n, 5);
		assert_int_equal(t.process.v[0].pid, first);
		for (size_t i = 0; i < 5; i++) {
			assert_int_equal(t.process.v[i].kind, TREE_OTHER);
			assert_non_null(strstr(t.process.v[i].name, "test_tree"));
			assert_true(t.process.v[i].start_time > 0);
		}
	}
	assert_int_equal(t.file.n, 1); /* one program, looked at once */
	tree_read(&t, t.process.v[2].pid);
	assert_int_equal(t.process.n, 2);
	kill(first, SIGKILL);
	assert_int_equal(waitpid(first, NULL, 0), first);
	close(fd[0]);
	close(fd[1]);
	tree_release(&t);
}

/* Who has ended and is not waited for is not told; who it left behind is. */
static void test_orphan_and_zombie(void **state)
{
	struct tree t = { 0 };
	int fd[2];
	pid_t middle, orphan;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe(fd), 0);
	middle = fork();
	if (!middle) {
		orphan = fork();
		if (!orphan)
			for (;;)
				pause();
		if (write(fd[1], &orphan, sizeof(orphan)) != sizeof(orphan))
			_exit(1);
		_exit(0);
	}
	assert_int_equal(read(fd[0], &orphan, sizeof(orphan)), sizeof(orphan));
	assert_int_equal(waitid(P_PID, (id_t)middle, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	tree_read(&t, getpid());
	assert_int_equal(t.process.n, 1);
	assert_int_equal(t.process.v[0].pid, orphan);
	kill(orphan, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	tree_read(&t, getpid());
	assert_int_equal(t.process.n, 0);
	close(fd[0]);
	close(fd[1]);
	tree_release(&t);
}

static void test_nobody(void **state)
{
	struct tree t = { 0 };

	(void)state;
	tree_read(&t, INT32_MAX);
	assert_int_equal(t.process.n, 0);
	tree_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_orphan_and_zombie),
		cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that are awkward to watch, for tests. Each prints "ready PID" of
 * the one to look at and waits to be killed.
 *
 *	live_odd sleep            no Go program
 *	live_odd zombie           a child that has ended and is not waited for
 *	live_odd trace PID        attaches to PID as a debugger does
 *	live_odd watch PID        the same, to all its threads, and lets them run
 *	live_odd at PID PROGRAM   PROGRAM as process PID, a number that is free; 3: that may not be chosen
 *	live_odd unread           one that forbids to be read (not dumpable)
 */
#include <dirent.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t zombie(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(3);
	return pid;
}

static void watch(pid_t pid)
{
	char path[64];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (d && (e = readdir(d)))
		if (*e->d_name != '.')
			ptrace(PTRACE_SEIZE, atoi(e->d_name), 0, 0);
	if (d)
		closedir(d);
}

/* The number is ours to choose with CAP_SYS_ADMIN over the pid namespace (clone3(2), since 5.5). */
static int run_at(pid_t at, char **argv)
{
	struct clone_args c = { .exit_signal = SIGCHLD,
				.set_tid = (uint64_t)(uintptr_t)&at,
				.set_tid_size = 1 };
	long pid = syscall(SYS_clone3, &c, sizeof(c));

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(126);
	}
	return pid < 0 ? 3 : 0;
}

/* Hands on the signals of those it traces, as a debugger would. */
static void hand_on(void)
{
	pid_t tid;
	int st;

	while ((tid = waitpid(-1, &st, __WALL)) > 0)
		if (WIFSTOPPED(st))
			ptrace(PTRACE_CONT, tid, 0, st >> 16 ? 0 : (long)WSTOPSIG(st));
}

int main(int argc, char **argv)
{
	pid_t pid = getpid();

	if (argc < 2)
		return 2;
	if (!strcmp(argv[1], "at"))
		return argc < 4 ? 2 : run_at(atoi(argv[2]), argv + 3);
	if (!strcmp(argv[1], "zombie"))
		pid = zombie();
	if (!strcmp(argv[1], "unread"))
		prctl(PR_SET_DUMPABLE, 0);
	if (!strcmp(argv[1], "watch") && argc > 2) {
		pid = atoi(argv[2]);
		watch(pid);
	}
	if (!strcmp(argv[1], "trace")) {
		pid = argc > 2 ? atoi(argv[2]) : 0;
		if (ptrace(PTRACE_SEIZE, pid, 0, 0) || ptrace(PTRACE_INTERRUPT, pid, 0, 0)) {
			perror("ptrace");
			return 1;
		}
	}
	printf("ready %d\n", (int)pid);
	fflush(stdout);
	if (!strcmp(argv[1], "watch"))
		hand_on();
	for (;;)
		pause();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that are awkward to watch, for tests. Each prints "ready PID" of
 * the one to look at and waits to be killed.
 *
 *	live_odd sleep            no Go program
 *	live_odd zombie           a child that has ended and is not waited for
 *	live_odd trace PID        attaches to PID as a debugger does
 *	live_odd unread           one that forbids to be read (not dumpable)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <unistd.h>

static pid_t zombie(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(3);
	return pid;
}

int main(int argc, char **argv)
{
	pid_t pid = getpid();

	if (argc < 2)
		return 2;
	if (!strcmp(argv[1], "zombie"))
		pid = zombie();
	if (!strcmp(argv[1], "unread"))
		prctl(PR_SET_DUMPABLE, 0);
	if (!strcmp(argv[1], "trace")) {
		pid = argc > 2 ? atoi(argv[2]) : 0;
		if (ptrace(PTRACE_SEIZE, pid, 0, 0) || ptrace(PTRACE_INTERRUPT, pid, 0, 0)) {
			perror("ptrace");
			return 1;
		}
	}
	printf("ready %d\n", (int)pid);
	fflush(stdout);
	for (;;)
		pause();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_peak SECONDS MOST_MB PROGRAM [ARG...]
 *
 * Runs PROGRAM and exits as it does; with 124 where it did not end in time, and
 * with 125 where it, or a child of its, took more than MOST_MB of memory.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage use;
	int status, left;
	pid_t pid, got;

	if (argc < 4)
		return 2;
	left = atoi(argv[1]) * 100;
	pid = fork();
	if (pid == 0) {
		execv(argv[3], argv + 3);
		_exit(126);
	}
	while (!(got = wait4(pid, &status, WNOHANG, &use)) && left--)
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
	if (got != pid) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		fprintf(stderr, "it did not end in time\n");
		return 124;
	}
	if (use.ru_maxrss > atol(argv[2]) * 1024) {
		fprintf(stderr, "it took %ld MB\n", use.ru_maxrss / 1024);
		return 125;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "source/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void make_quiet(void)
{
	int fd = open("/dev/null", O_RDWR);

	setpgid(0, 0);
	for (int i = 0; fd >= 0 && i <= STDERR_FILENO; i++)
		dup2(fd, i);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* In the child: execve, or its error through the pipe, which execve closes. */
static _Noreturn void child(char *const *argv, bool quiet, int report)
{
	sigset_t none;
	int e;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (quiet)
		make_quiet();
	execvp(argv[0], argv);
	e = errno;
	if (write(report, &e, sizeof(e)) != sizeof(e))
		_exit(126);
	_exit(127);
}

static int start_error(pid_t pid, const char *name, int e, struct err *err)
{
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return err_set(err, -e, EXIT_ATTACH, "cannot start %s: %s", name, strerror(e));
}

pid_t command_start(char *const *argv, bool quiet, struct err *err)
{
	int fd[2], e = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC))
		return start_error(0, argv[0], errno, err);
	pid = fork();
	if (pid == 0)
		child(argv, quiet, fd[1]);
	e = errno;
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		return start_error(0, argv[0], e, err);
	}
	do {
		n = read(fd[0], &e, sizeof(e));
	} while (n < 0 && errno == EINTR);
	close(fd[0]);
	return n == sizeof(e) ? start_error(pid, argv[0], e, err) : pid;
}

bool command_ended(pid_t pid, char *buf, size_t size)
{
	int st;

	if (waitpid(pid, &st, WNOHANG) != pid)
		return false;
	if (WIFSIGNALED(st))
		snprintf(buf, size, "was ended by signal %d (%s)", WTERMSIG(st),
			 strsignal(WTERMSIG(st)));
	else
		snprintf(buf, size, "exited with status %d", WEXITSTATUS(st));
	return true;
}

void command_stop(pid_t pid)
{
	/* A child that is gone but not waited for keeps its number, so this hits nobody else. */
	if (waitpid(pid, NULL, WNOHANG) == 0)
		kill(pid, SIGTERM);
}

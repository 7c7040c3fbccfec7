/* SPDX-License-Identifier: Apache-2.0 */
/* The clipboard: tmux's where we run in one, else the terminal's by OSC 52. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/mem.h"
#include "ui/term.h"

enum { CLIP_MOST = 74994 }; /* xterm takes no more than 100000 bytes of base64 */

static int write_all(int fd, const char *s, size_t n)
{
	while (n) {
		ssize_t w = write(fd, s, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return -1;
		s += w;
		n -= (size_t)w;
	}
	return 0;
}

/* What it says is not for the screen. */
static bool copy_by(char *const argv[], const char *text)
{
	posix_spawn_file_actions_t fa;
	int fd[2], status = -1;
	bool sent = false;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC))
		return false;
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, fd[0], STDIN_FILENO);
	posix_spawn_file_actions_addopen(&fa, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&fa, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (!posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ)) {
		close(fd[0]);
		fd[0] = -1;
		sent = !write_all(fd[1], text, strlen(text));
		close(fd[1]);
		fd[1] = -1;
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	posix_spawn_file_actions_destroy(&fa);
	if (fd[0] >= 0)
		close(fd[0]);
	if (fd[1] >= 0)
		close(fd[1]);
	return sent && WIFEXITED(status) && !WEXITSTATUS(status);
}

bool term_copy_tmux(const char *text)
{
	char *argv[] = { "tmux", "load-buffer", "-w", "-", NULL };

	return getenv("TMUX") && copy_by(argv, text);
}

bool term_copy_command(const char *command, const char *text)
{
	char *argv[] = { "sh", "-c", (char *)command, NULL };

	return copy_by(argv, text);
}

/* Room for 4 characters for each 3 bytes, and a NUL. */
static void base64(char *out, const unsigned char *in, size_t n)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)in[i] << 16 | (i + 1 < n ? (uint32_t)in[i + 1] << 8 : 0) |
			     (i + 2 < n ? in[i + 2] : 0);

		*out++ = digit[v >> 18];
		*out++ = digit[v >> 12 & 63];
		*out++ = i + 1 < n ? digit[v >> 6 & 63] : '=';
		*out++ = i + 2 < n ? digit[v & 63] : '=';
	}
	*out = '\0';
}

static int copy_by_terminal(int fd, const char *text)
{
	size_t n = strlen(text);
	char *s = xmalloc(n / 3 * 4 + 16);
	int rc;

	memcpy(s, "\033]52;c;", 7);
	base64(s + 7, (const unsigned char *)text, n);
	memcpy(s + strlen(s), "\a", 2);
	rc = write_all(fd, s, strlen(s));
	free(s);
	return rc;
}

/* Terminals that would print the sequence in place of obeying it. */
static bool knows_osc(const char *type)
{
	return type && strncmp(type, "linux", 5) != 0 && strncmp(type, "vt", 2) != 0 &&
	       strcmp(type, "dumb") != 0;
}

int term_copy(const char *text, char *how, size_t size, struct err *err)
{
	if (!knows_osc(getenv("TERM")))
		return err_set(err, -ENOTSUP, EXIT_USAGE, "this terminal has no clipboard");
	if (strlen(text) > CLIP_MOST)
		return err_set(err, -E2BIG, EXIT_USAGE,
			       "%zu bytes are more than a terminal's clipboard takes (%d)",
			       strlen(text), CLIP_MOST);
	if (copy_by_terminal(term_out_fd(), text))
		return err_set(err, -errno, EXIT_USAGE, "the terminal: %s", strerror(errno));
	snprintf(how, size, "the terminal (OSC 52)");
	return 0;
}

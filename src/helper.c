/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/mem.h"
#include "editor.h"
#include "source/guard.h"
#include "ui/term.h"

enum kind { EDIT, COPY };

struct request {
	uint32_t kind;
	uint32_t line;
	uint64_t len; /* bytes of text that follow: a file's name, or what to copy */
};

struct helper {
	pid_t pid;
	int fd;
};

static const uint64_t text_most = 64 << 20;

static bool read_all(int fd, void *to, size_t n)
{
	char *at = to;

	while (n) {
		ssize_t got = read(fd, at, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		n -= (size_t)got;
	}
	return true;
}

static bool write_all(int fd, const void *from, size_t n)
{
	const char *at = from;

	while (n) {
		ssize_t put = write(fd, at, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		at += put;
		n -= (size_t)put;
	}
	return true;
}

/* --- in the helper --- */

static void perform(const struct request *r, const char *text, struct err *err)
{
	if (r->kind == EDIT)
		editor_run(text, r->line, err);
	else if (!term_copy_tmux(text))
		err_set(err, -ENOTSUP, EXIT_USAGE, "no tmux");
}

/* Until the program that it helps has ended, however that came. */
static _Noreturn void serve(int fd)
{
	static const int held[] = { SIGINT, SIGQUIT, SIGTSTP, SIGPIPE };
	struct request r;

	/* meant for the program, which is in the same job; see editor_run() for the editor's time */
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		signal(held[i], SIG_IGN);
	guard_child();
	while (read_all(fd, &r, sizeof(r)) && r.len <= text_most) {
		char *text = xmalloc(r.len + 1);
		struct err err = { 0 };

		text[r.len] = '\0';
		if (!read_all(fd, text, r.len))
			break;
		perform(&r, text, &err);
		free(text);
		if (!write_all(fd, &err, sizeof(err)))
			break;
	}
	_exit(0);
}

/* --- in the program --- */

struct helper *helper_start(void)
{
	struct helper *h;
	int fd[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return NULL;
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		serve(fd[1]);
	}
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		return NULL;
	}
	h = xcalloc(1, sizeof(*h));
	*h = (struct helper){ .pid = pid, .fd = fd[0] };
	return h;
}

void helper_stop(struct helper *h)
{
	if (!h)
		return;
	close(h->fd);
	while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(h);
}

/* SIGPIPE is ignored by whoever has a screen, and with it by us. */
static int ask(struct helper *h, enum kind kind, const char *text, uint32_t line, struct err *err)
{
	struct request r = { .kind = kind, .line = line, .len = strlen(text) };
	struct err answer;

	if (!h || r.len > text_most || !write_all(h->fd, &r, sizeof(r)) ||
	    !write_all(h->fd, text, r.len) || !read_all(h->fd, &answer, sizeof(answer)))
		return err_set(err, -EPIPE, EXIT_USAGE,
			       "no program can be started: the process that does so is not there");
	if (answer.rc)
		*err = answer;
	return answer.rc;
}

int helper_edit(struct helper *h, const char *file, uint32_t line, struct err *err)
{
	struct editor_signals s;
	int rc;

	editor_signals_hold(&s);
	rc = ask(h, EDIT, file, line, err);
	editor_signals_let(&s);
	return rc;
}

bool helper_copy(struct helper *h, const char *text)
{
	struct err err = { 0 };

	return h && getenv("TMUX") && !ask(h, COPY, text, 0, &err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "core/mem.h"
#include "editor.h"
#include "source/guard.h"
#include "ui/term.h"

enum kind { EDIT, COPY, KEEP, SAVE, HISTORY, CREATE, REMOVE };

struct request {
	uint32_t kind;
	uint32_t line; /* EDIT; CREATE: the file's mode */
	uint64_t len; /* bytes of text that follow: a file's name, what to copy or to write */
};

struct helper {
	pid_t pid;
	int fd;
	bool copies; /* there is something to copy by */
	pid_t writer; /* 0: none */
	int writer_fd;
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

static bool is_set(const char *s)
{
	return s && *s;
}

/* With no error, the text of err tells by what. */
static void copy(const struct helper_config *c, const char *text, struct err *err)
{
	if (is_set(c->clipboard) && term_copy_command(c->clipboard, text))
		snprintf(err->text, sizeof(err->text), "%.50s", c->clipboard);
	else if (term_copy_tmux(text))
		snprintf(err->text, sizeof(err->text), "tmux");
	else
		err_set(err, -ENOTSUP, EXIT_USAGE, "no command and no tmux takes it");
}

/* A folder that nobody else can look into. */
static const char *own_folder(void)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (dir && *dir == '/' && !lstat(dir, &st) && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid() && !(st.st_mode & 077))
		return dir;
	return "/tmp";
}

/* With no error, the text of err tells where. */
static void keep(const char *text, struct err *err)
{
	char *path = xasprintf("%.200s/bingo-top-XXXXXX.txt", own_folder());
	int fd = mkostemps(path, 4, O_CLOEXEC); /* new, of mode 0600 */
	int rc = fd < 0 || !write_all(fd, text, strlen(text)) ? -errno : 0;

	if (fd >= 0 && close(fd) && !rc)
		rc = -errno;
	if (rc && fd >= 0)
		unlink(path);
	if (rc)
		err_set(err, rc, EXIT_USAGE, "%s: %s", path, strerror(-rc));
	else
		snprintf(err->text, sizeof(err->text), "%s", path);
	free(path);
}

static void perform(const struct helper_config *c, const struct request *r, const char *text,
		    struct err *err)
{
	const char *path = r->kind == SAVE ? c->config : c->history;

	if (r->kind == EDIT)
		editor_run(c->editor, text, r->line, err);
	else if (r->kind == COPY)
		copy(c, text, err);
	else if (r->kind == KEEP)
		keep(text, err);
	else if (!is_set(path))
		err_set(err, -ENOENT, EXIT_USAGE,
			"there is no place for the file: set $HOME, or give --config FILE");
	else if (r->kind == SAVE)
		config_save(path, text, err);
	else
		history_save(path, text, err);
}

/* Until the program that it helps has ended, however that came. */
static _Noreturn void serve(const struct helper_config *c, int fd)
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
		perform(c, &r, text, &err);
		free(text);
		if (!write_all(fd, &err, sizeof(err)))
			break;
	}
	_exit(0);
}

/* --- in the writer --- */

struct user {
	uid_t uid;
	gid_t gid;
};

static bool read_id(const char *name, unsigned *id)
{
	const char *s = getenv(name);
	char *end;
	unsigned long v;

	errno = 0;
	v = s ? strtoul(s, &end, 10) : 0;
	*id = (unsigned)v;
	return s && *s >= '0' && *s <= '9' && !*end && !errno && v > 0 && v < UINT32_MAX;
}

/* Who became root by sudo. */
static bool sudo_user(struct user *u)
{
	return !geteuid() && read_id("SUDO_UID", &u->uid) && read_id("SUDO_GID", &u->gid);
}

/* Only that user from here on, with one group; never back. */
static bool become(const struct user *u)
{
	if (setgroups(1, &u->gid) || setresgid(u->gid, u->gid, u->gid) ||
	    setresuid(u->uid, u->uid, u->uid))
		return false;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return setuid(0) < 0;
}

/* The answer, with a descriptor beside it where there is one. */
static bool send_answer(int sock, int answer, int fd)
{
	struct iovec v = { &answer, sizeof(answer) };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} c = { 0 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	if (fd >= 0) {
		m.msg_control = c.room;
		m.msg_controllen = sizeof(c.room);
		c.head.cmsg_level = SOL_SOCKET;
		c.head.cmsg_type = SCM_RIGHTS;
		c.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&c.head), &fd, sizeof(fd));
	}
	return sendmsg(sock, &m, MSG_NOSIGNAL) == sizeof(answer);
}

/* Makes a file, or removes the one that was made last; what is kept of its name is in last. */
static bool serve_file(int sock, const struct request *r, const char *file, char **last)
{
	int fd = -1, rc;
	bool ok;

	if (r->kind == REMOVE) {
		rc = *last && !strcmp(*last, file) && !unlink(file) ? 0 : -ENOENT;
		return send_answer(sock, rc, -1);
	}
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)r->line & 0666);
	rc = fd < 0 ? -errno : 0;
	if (fd >= 0) {
		free(*last);
		*last = xstrdup(file);
	}
	ok = send_answer(sock, rc, fd);
	if (fd >= 0)
		close(fd);
	return ok;
}

static _Noreturn void serve_files(int sock, const struct user *u)
{
	static const int held[] = { SIGINT, SIGQUIT, SIGTSTP, SIGPIPE };
	struct request r;
	bool ok = become(u);
	char *last = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		signal(held[i], SIG_IGN);
	while (ok && read_all(sock, &r, sizeof(r)) && r.len <= text_most) {
		char *file = xmalloc(r.len + 1);

		file[r.len] = '\0';
		if (!read_all(sock, file, r.len))
			break;
		ok = serve_file(sock, &r, file, &last);
		free(file);
	}
	_exit(0);
}

static void start_writer(struct helper *h)
{
	struct user u;
	int fd[2];
	pid_t pid;

	if (!sudo_user(&u) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return;
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		close(h->fd);
		serve_files(fd[1], &u);
	}
	close(fd[1]);
	if (pid < 0)
		close(fd[0]);
	else
		h->writer_fd = fd[0];
	h->writer = pid < 0 ? 0 : pid;
}

/* --- in the program --- */

struct helper *helper_start(const struct helper_config *c)
{
	struct helper *h;
	int fd[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return NULL;
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		serve(c, fd[1]);
	}
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		return NULL;
	}
	h = xcalloc(1, sizeof(*h));
	*h = (struct helper){ .pid = pid,
			      .fd = fd[0],
			      .copies = is_set(c->clipboard) || getenv("TMUX") };
	start_writer(h);
	return h;
}

void helper_stop(struct helper *h)
{
	if (!h)
		return;
	close(h->fd);
	while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (h->writer) {
		close(h->writer_fd);
		while (waitpid(h->writer, NULL, 0) < 0 && errno == EINTR)
			;
	}
	free(h);
}

/* SIGPIPE is ignored by whoever has a screen, and with it by us. */
static int ask(struct helper *h, enum kind kind, const char *text, uint32_t line, struct err *err)
{
	struct request r = { .kind = kind, .line = line, .len = strlen(text) };
	struct err answer = { 0 };

	if (!h || r.len > text_most || !write_all(h->fd, &r, sizeof(r)) ||
	    !write_all(h->fd, text, r.len) || !read_all(h->fd, &answer, sizeof(answer)))
		return err_set(err, -EPIPE, EXIT_USAGE,
			       "this cannot be done: the process that starts programs and writes "
			       "files is not there");
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

bool helper_copy(struct helper *h, const char *text, char *how, size_t size)
{
	struct err err = { 0 };

	if (!h || !h->copies || ask(h, COPY, text, 0, &err))
		return false;
	snprintf(how, size, "%.60s", err.text);
	return true;
}

int helper_save(struct helper *h, const char *changes, struct err *err)
{
	return ask(h, SAVE, changes, 0, err);
}

int helper_history(struct helper *h, const char *text, struct err *err)
{
	return ask(h, HISTORY, text, 0, err);
}

/* The answer, and the descriptor that came with it; -1: none. */
static int take_answer(int sock, int *fd)
{
	int answer = -EPIPE;
	struct iovec v = { &answer, sizeof(answer) };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} c = { 0 };
	struct msghdr m = {
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = c.room,
		.msg_controllen = sizeof(c.room),
	};
	struct cmsghdr *h;

	*fd = -1;
	if (recvmsg(sock, &m, MSG_CMSG_CLOEXEC) != sizeof(answer))
		return -EPIPE;
	h = CMSG_FIRSTHDR(&m);
	if (h && h->cmsg_type == SCM_RIGHTS && h->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(h), sizeof(*fd));
	return answer;
}

/* Asks the writer; returns its answer, with the descriptor that came with it or -1. */
static int ask_writer(struct helper *h, enum kind kind, const char *file, uint32_t mode, int *fd)
{
	struct request r = { .kind = kind, .line = mode, .len = strlen(file) };

	*fd = -1;
	if (r.len > text_most || !write_all(h->writer_fd, &r, sizeof(r)) ||
	    !write_all(h->writer_fd, file, r.len))
		return -EPIPE;
	return take_answer(h->writer_fd, fd);
}

bool helper_remove(struct helper *h, const char *file)
{
	int fd;

	return h && h->writer && !ask_writer(h, REMOVE, file, 0, &fd);
}

int helper_create(struct helper *h, const char *file, struct err *err)
{
	int rc, fd;

	if (!h || !h->writer)
		return err_set(err, -ENOTSUP, EXIT_USAGE, "nobody else called us");
	rc = ask_writer(h, CREATE, file, 0666, &fd);
	if (rc == -EPIPE)
		return err_set(err, rc, EXIT_USAGE, "the process that makes files is gone");
	if (rc >= 0 && fd < 0)
		rc = -EPIPE;
	return rc < 0 ? err_set(err, rc, EXIT_USAGE, "%s", strerror(-rc)) : fd;
}

/* As who called us by sudo: what root keeps for himself alone he could not read. */
static int keep_for_caller(struct helper *h, const char *text, char *where, size_t size,
			   struct err *err)
{
	int rc = -EEXIST, fd;

	for (int i = 0; i < 16 && rc == -EEXIST; i++) {
		uint64_t any;

		if (getrandom(&any, sizeof(any), 0) != sizeof(any))
			return err_set(err, -EAGAIN, EXIT_USAGE, "no name for a file can be had");
		snprintf(where, size, "/tmp/bingo-top-%016" PRIx64 ".txt", any);
		rc = ask_writer(h, CREATE, where, 0600, &fd);
	}
	if (rc >= 0 && fd >= 0 && !write_all(fd, text, strlen(text)))
		rc = -errno;
	if (fd >= 0)
		close(fd);
	return rc < 0 ? err_set(err, rc, EXIT_USAGE, "%s: %s", where, strerror(-rc)) : 0;
}

int helper_keep(struct helper *h, const char *text, char *where, size_t size, struct err *err)
{
	struct err answer = { 0 };

	if (h && h->writer)
		return keep_for_caller(h, text, where, size, err);
	if (ask(h, KEEP, text, 0, &answer)) {
		*err = answer;
		return answer.rc;
	}
	snprintf(where, size, "%s", answer.text);
	return 0;
}

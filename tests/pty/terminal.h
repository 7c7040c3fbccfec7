/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A terminal for tests: a pty, libvterm behind it, and what was sent kept as it
 * came. Nothing here sleeps: everything waits for something, until a deadline.
 * For one program, so all of it is here.
 */
#ifndef TESTS_PTY_TERMINAL_H
#define TESTS_PTY_TERMINAL_H

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <vterm.h>

#include "core/mem.h"

enum { WAIT_MS = 10000, STEP_MS = 20 };

struct terminal {
	int master, slave; /* slave stays open here, so that its modes can be read */
	pid_t pid;
	VTerm *vt;
	VTermScreen *screen;
	int rows, cols;
	struct termios modes; /* before the program began */
	char *raw; /* all that was sent */
	size_t n, cap;
	int status; /* of waitpid(), once ended */
	bool ended;
};

/*
 * What the escapes sent so far leave behind. The raw bytes are read, every number of a
 * sequence: old versions of libvterm look at the first alone.
 */
struct left {
	bool alternate, hidden_cursor, mouse, keypad;
};

static inline int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static _Noreturn void run_child(struct terminal *t, const char *const *env, char *const *argv)
{
	sigset_t none;

	setsid();
	ioctl(t->slave, TIOCSCTTY, 0);
	for (int fd = 0; fd < 3; fd++)
		dup2(t->slave, fd);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < 32; s++)
		signal(s, SIG_DFL);
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("NO_COLOR");
	unsetenv("COLORFGBG");
	unsetenv("TMUX");
	unsetenv("LINES");
	unsetenv("COLUMNS");
	for (; env && *env; env++) {
		char *pair = strdup(*env), *eq = strchr(pair, '=');

		if (eq) {
			*eq = '\0';
			setenv(pair, eq + 1, 1);
		} else {
			unsetenv(pair);
		}
	}
	execvp(argv[0], argv);
	_exit(126);
}

/* Starts argv in a session of its own on a new terminal. env: "A=B" to set, "A" to unset; ends with NULL. */
static inline void terminal_start(struct terminal *t, int cols, int rows, const char *const *env,
				  char *const *argv)
{
	struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

	*t = (struct terminal){ .rows = rows, .cols = cols };
	if (openpty(&t->master, &t->slave, NULL, NULL, &ws)) {
		perror("openpty");
		exit(99);
	}
	tcgetattr(t->slave, &t->modes);
	t->vt = vterm_new(rows, cols);
	vterm_set_utf8(t->vt, 1);
	t->screen = vterm_obtain_screen(t->vt);
	vterm_screen_enable_altscreen(t->screen, 1);
	vterm_screen_reset(t->screen, 1);
	t->pid = fork();
	if (!t->pid)
		run_child(t, env, argv);
}

/* Ends what still runs, frees all. */
static inline void terminal_end(struct terminal *t)
{
	if (!t->ended) {
		kill(t->pid, SIGKILL);
		waitpid(t->pid, &t->status, 0);
	}
	if (t->master >= 0)
		close(t->master);
	if (t->slave >= 0)
		close(t->slave);
	vterm_free(t->vt);
	free(t->raw);
}

/* What the emulation answers (where is the cursor, what are you) goes back. */
static void answer(struct terminal *t)
{
	char buf[256];
	size_t n;

	while ((n = vterm_output_read(t->vt, buf, sizeof(buf))) > 0)
		if (write(t->master, buf, n) < 0)
			return;
}

/* Takes in what is there, waiting at most ms for it. Returns how many bytes came, -1: closed. */
static inline int terminal_pump(struct terminal *t, int ms)
{
	struct pollfd p = { .fd = t->master, .events = POLLIN };
	char buf[16384];
	ssize_t n;

	if (t->master < 0 || poll(&p, 1, ms) <= 0)
		return 0;
	n = read(t->master, buf, sizeof(buf));
	if (n <= 0)
		return -1;
	if (t->n + (size_t)n + 1 > t->cap) {
		t->cap = (t->n + (size_t)n) * 2 + 1;
		t->raw = xrealloc(t->raw, t->cap, 1);
	}
	memcpy(t->raw + t->n, buf, (size_t)n);
	t->n += (size_t)n;
	t->raw[t->n] = '\0';
	vterm_input_write(t->vt, buf, (size_t)n);
	answer(t);
	return (int)n;
}

static inline void terminal_send(struct terminal *t, const char *keys)
{
	size_t n = strlen(keys);

	while (n) {
		ssize_t w = write(t->master, keys, n);

		if (w < 0)
			return;
		keys += w;
		n -= (size_t)w;
	}
}

static inline void terminal_resize(struct terminal *t, int cols, int rows)
{
	struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

	t->rows = rows;
	t->cols = cols;
	vterm_set_size(t->vt, rows, cols);
	ioctl(t->master, TIOCSWINSZ, &ws);
}

/* The screen's text, lines ended by newlines; static. */
static inline const char *terminal_text(struct terminal *t)
{
	static char text[300 * 1200];
	size_t n = 0;

	for (int y = 0; y < t->rows && n + 4 * (size_t)t->cols + 2 < sizeof(text); y++) {
		VTermRect line = { y, y + 1, 0, t->cols };
		size_t got = vterm_screen_get_text(t->screen, text + n, sizeof(text) - n - 2, line);

		n += got < sizeof(text) - n - 2 ? got : sizeof(text) - n - 2;
		text[n++] = '\n';
	}
	text[n] = '\0';
	return text;
}

static inline bool wait_text(struct terminal *t, const char *s, bool there)
{
	int64_t until = now_ms() + WAIT_MS;

	while ((strstr(terminal_text(t), s) != NULL) != there) {
		if (now_ms() > until)
			return false;
		if (terminal_pump(t, STEP_MS) < 0)
			return (strstr(terminal_text(t), s) != NULL) == there;
	}
	return true;
}

static inline bool terminal_shows(struct terminal *t, const char *s)
{
	return wait_text(t, s, true);
}

static inline bool terminal_hides(struct terminal *t, const char *s)
{
	return wait_text(t, s, false);
}

/* Waits until s was sent after byte from. */
static inline bool terminal_sent(struct terminal *t, size_t from, const char *s)
{
	int64_t until = now_ms() + WAIT_MS;

	while (t->n <= from || !strstr(t->raw + from, s)) {
		if (now_ms() > until || terminal_pump(t, STEP_MS) < 0)
			return t->n > from && strstr(t->raw + from, s);
	}
	return true;
}

/* Waits for the end of the program; its status is in t->status. */
static inline bool terminal_wait(struct terminal *t)
{
	int64_t until = now_ms() + WAIT_MS;

	while (waitpid(t->pid, &t->status, WNOHANG) != t->pid) {
		if (now_ms() > until)
			return false;
		if (terminal_pump(t, STEP_MS) < 0)
			poll(NULL, 0, 1); /* it has closed the terminal: its end is near */
	}
	t->ended = true;
	while (terminal_pump(t, 0) > 0)
		;
	return true;
}

static void set_mode(struct left *l, int mode, bool on)
{
	if (mode == 1049 || mode == 1047 || mode == 47)
		l->alternate = on;
	else if (mode == 25)
		l->hidden_cursor = !on;
	else if (mode == 1)
		l->keypad = on;
	else if ((mode >= 1000 && mode <= 1003) || mode == 1006)
		l->mouse = on;
}

static inline struct left terminal_left(const struct terminal *t)
{
	struct left l = { 0 };
	const char *s = t->raw;

	while (s && (s = strstr(s, "\033[?"))) {
		const char *end = s + 3 + strspn(s + 3, "0123456789;");

		for (s += 3; s < end; s += strcspn(s, ";hl") + 1)
			if (*end == 'h' || *end == 'l')
				set_mode(&l, atoi(s), *end == 'h');
	}
	return l;
}

/* NULL: all is as it was before; else what is not. */
static inline const char *terminal_restored(struct terminal *t)
{
	struct left l = terminal_left(t);
	struct termios now;

	if (l.alternate)
		return "the alternate screen is still on";
	if (l.hidden_cursor)
		return "the cursor is still hidden";
	if (l.mouse)
		return "the mouse is still reported";
	if (l.keypad)
		return "the keypad still sends application codes";
	if (tcgetattr(t->slave, &now))
		return "the terminal's modes cannot be read";
	if (now.c_lflag != t->modes.c_lflag || now.c_iflag != t->modes.c_iflag ||
	    now.c_oflag != t->modes.c_oflag)
		return "the terminal's modes are not those of before";
	return NULL;
}

#endif

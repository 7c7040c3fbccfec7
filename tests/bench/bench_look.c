/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at what the goroutines of a live program wait on: what they cost, and what they cost the screen.
 *
 *	bench_look [PROGRAM]
 *
 * PROGRAM is tests/targets/blocked, built; without it the newest toolchain that is here builds it.
 * Environment: COUNTS ("10000 100000 1000000"), SHAPES ("mixed one own select"), SECONDS of each screen
 * (10), LOOKS (5), LATE=1 (when a key had to wait for work). First passes and looks in this process, by processor time; then bingo-top on a terminal: when
 * the list stands there, how long a key waits for its picture, and what all of it takes of a core.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "row.h"

#include "core/err.h"
#include "target/objects.h"
#include "target/scan.h"
#include "target/target.h"

enum { LOOKS_MOST = 1000, KEYS_MOST = 1024, EVERY_MS = 40 };

static const char *bingo, *blocked;
static int seconds = 10, n_looks = 5;

static double clock_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static double now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static double cpu_ms(pid_t pid)
{
	char path[64], text[1024], *p;
	unsigned long user = 0, sys = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f && fgets(text, sizeof(text), f) && (p = strrchr(text, ')')))
		sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys);
	if (f)
		fclose(f);
	return (double)(user + sys) * 1e3 / (double)sysconf(_SC_CLK_TCK);
}

static long rss_mb(pid_t pid)
{
	char line[256];
	long kb = 0;
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/status", (int)pid);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb >> 10;
}

static pid_t target_start(const char *shape, const char *count)
{
	char line[64];
	FILE *out;
	pid_t pid;
	int fd[2];

	if (pipe2(fd, O_CLOEXEC))
		exit(1);
	pid = fork();
	if (!pid) {
		dup2(fd[1], STDOUT_FILENO);
		execl(blocked, blocked, "-shape", shape, "-n", count, (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	out = fdopen(fd[0], "r");
	if (!out || !fgets(line, sizeof(line), out)) {
		fprintf(stderr, "bench_look: %s does not start\n", blocked);
		exit(1);
	}
	fclose(out);
	return pid;
}

static void target_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* --- the looks themselves --- */

static void sink(void *arg, const struct gchange *c, size_t n)
{
	(void)arg;
	(void)c;
	(void)n;
}

static void looks(pid_t pid)
{
	static double pass[LOOKS_MOST], look[LOOKS_MOST], finish[LOOKS_MOST];
	struct objects *o;
	struct facts f;
	struct err err = { 0 };
	struct target *t;
	struct scan *s;
	long mb = rss_mb(getpid()), scan_mb = 0;

	if (target_open(&t, pid, NULL, &err)) {
		printf("  %s\n", err.text);
		return;
	}
	s = scan_new(t);
	o = objects_new(t, s);
	facts_init(&f);
	for (int i = 0; i < n_looks; i++) {
		double t0 = clock_ms(CLOCK_THREAD_CPUTIME_ID), t1;

		scan_pass(s, sink, NULL);
		t1 = clock_ms(CLOCK_THREAD_CPUTIME_ID);
		pass[i] = t1 - t0;
		scan_mb = i ? scan_mb : rss_mb(getpid()) - mb;
		objects_look(o, &f);
		t0 = clock_ms(CLOCK_THREAD_CPUTIME_ID);
		look[i] = t0 - t1;
		facts_finish(&f);
		finish[i] = clock_ms(CLOCK_THREAD_CPUTIME_ID) - t0;
		sleep_ms(200);
	}
	printf("    pass %.1f, then %.1f ms; look %.1f, then %.1f ms, and %.1f to finish it; %zu "
	       "objects, %zu waits, %zu holds; %ld MB of passes, %ld MB of looks\n",
	       pass[0], pass[n_looks - 1], look[0], look[n_looks - 1], finish[n_looks - 1],
	       f.object.n, f.wait.n, f.hold.n, scan_mb, rss_mb(getpid()) - mb - scan_mb);
	facts_release(&f);
	objects_free(o);
	scan_free(s);
	target_close(t);
}

/* --- the screen --- */

static int terminal_start(pid_t target, pid_t *pid)
{
	struct winsize size = { .ws_row = 50, .ws_col = 160 };
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char arg[16];

	if (fd < 0 || grantpt(fd) || unlockpt(fd) || ioctl(fd, TIOCSWINSZ, &size))
		exit(1);
	snprintf(arg, sizeof(arg), "%d", (int)target);
	*pid = fork();
	if (!*pid) {
		int tty;

		setsid();
		tty = open(ptsname(fd), O_RDWR);
		for (int i = 0; i < 3; i++)
			dup2(tty, i);
		setenv("TERM", "xterm-256color", 1);
		execl(bingo, bingo, arg, (char *)NULL);
		_exit(127);
	}
	return fd;
}

/* Reads what comes for so long; whether `want` was among it (NULL: anything). */
static bool terminal_read(int fd, double until, const char *want)
{
	static char buf[1 << 16];
	size_t n = 0;

	for (double now; (now = now_ms()) < until;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t got;

		if (poll(&p, 1, (int)(until - now) + 1) <= 0)
			continue;
		got = read(fd, buf + n, sizeof(buf) - 1 - n);
		if (got <= 0)
			return false;
		n += (size_t)got;
		buf[n] = '\0';
		if (!want || memmem(buf, n, want, strlen(want)))
			return true;
		if (n > sizeof(buf) / 2)
			n = 0;
	}
	return false;
}

/* For how long its loop's thread was ready and got no processor, and ran. */
static void loop_ms(pid_t pid, double *waits, double *ran)
{
	unsigned long long run_ns = 0, wait_ns = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", (int)pid, (int)pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%llu %llu", &run_ns, &wait_ns) != 2)
		run_ns = wait_ns = 0;
	if (f)
		fclose(f);
	*waits = (double)wait_ns / 1e6;
	*ran = (double)run_ns / 1e6;
}

/* A key that moves what is chosen; each is waited for. */
static void screen(pid_t target, const char *what)
{
	static double ms[KEYS_MOST], own[KEYS_MOST];
	double began = now_ms(), list, t0, c0;
	int n = 0, late = 0;
	pid_t pid;
	int fd = terminal_start(target, &pid);

	list = terminal_read(fd, began + 60000, "main.") ? now_ms() - began : -1;
	t0 = now_ms();
	c0 = cpu_ms(pid);
	while (now_ms() < t0 + seconds * 1e3 && n < KEYS_MOST) {
		double sent, waited[2], ran[2];

		terminal_read(fd, now_ms() + EVERY_MS, "");
		sleep_ms(EVERY_MS);
		while (terminal_read(fd, now_ms() + 1, NULL)) {
		}
		loop_ms(pid, &waited[0], &ran[0]);
		sent = now_ms();
		if (write(fd, n & 1 ? "k" : "j", 1) != 1 || !terminal_read(fd, sent + 5000, NULL))
			break;
		ms[n] = now_ms() - sent;
		loop_ms(pid, &waited[1], &ran[1]);
		own[n] = ran[1] - ran[0];
		if (own[n] > 16 && getenv("LATE"))
			printf("    %.0f ms after the start: %.0f ms, of which it ran %.0f, and "
			       "%.0f "
			       "it got no processor\n",
			       sent - began, ms[n], own[n], waited[1] - waited[0]);
		late += own[n++] > 16;
	}
	if (n) {
		double share = 100 * (cpu_ms(pid) - c0) / (now_ms() - t0);

		qsort(ms, (size_t)n, sizeof(*ms), by_value);
		qsort(own, (size_t)n, sizeof(*own), by_value);
		printf("    list after %.0f ms; a key waits %.1f ms, p90 %.1f, most %.1f; of which "
		       "the loop runs %.1f, p90 %.1f, most %.1f (%d of %d over 16); %.1f %% of a "
		       "core; %ld MB\n",
		       list, ms[n / 2], ms[n * 9 / 10], ms[n - 1], own[n / 2], own[n * 9 / 10],
		       own[n - 1], late, n, share, rss_mb(pid));
		row_once(what, own[n * 9 / 10], "ms", "a frame of 60 a second", 16, 1);
	}
	kill(pid, SIGTERM);
	while (terminal_read(fd, now_ms() + 2000, NULL)) {
	}
	waitpid(pid, NULL, 0);
	close(fd);
}

/* --- */

static char *build(void)
{
	char path[512] = "";
	FILE *f = popen("sh -c '. tests/live/lib.sh; set -- $(live_go | tail -1); [ $# = 2 ] && "
			"live_build blocked $1 $2 stripped'",
			"re");

	if (f && fgets(path, sizeof(path), f))
		path[strcspn(path, "\n")] = '\0';
	if (f)
		pclose(f);
	return *path ? xstrdup(path) : NULL;
}

static void measure(const char *shape, const char *count)
{
	pid_t pid = target_start(shape, count);

	printf("  %s goroutines, %s\n", count, shape);
	looks(pid);
	if (seconds) {
		char *what =
			xasprintf("from a key to its picture, live, %s goroutines, p90", count);

		screen(pid, what);
		free(what);
	}
	fflush(stdout);
	target_stop(pid);
}

static const char *setting(const char *name, const char *otherwise)
{
	return getenv(name) ? getenv(name) : otherwise;
}

int main(int argc, char **argv)
{
	char *counts = xstrdup(setting("COUNTS", "10000 100000 1000000")), *save = NULL;

	bingo = xasprintf("%s/bingo-top", setting("BUILD", "build"));
	blocked = argc > 1 ? argv[1] : build();
	seconds = atoi(setting("SECONDS", "10"));
	n_looks = atoi(setting("LOOKS", "5"));
	n_looks = n_looks < 1 ? 1 : n_looks < LOOKS_MOST ? n_looks : LOOKS_MOST;
	if (!blocked) {
		row_missing("from a key to its picture, live",
			    "no Go toolchain is here (tests/toolchains.sh fetches them)");
		return 0;
	}
	for (char *c = strtok_r(counts, " ", &save); c; c = strtok_r(NULL, " ", &save)) {
		char *shapes = xstrdup(setting("SHAPES", "mixed one own select")), *inner = NULL;

		for (char *s = strtok_r(shapes, " ", &inner); s; s = strtok_r(NULL, " ", &inner))
			measure(s, c);
		free(shapes);
	}
	free(counts);
	return 0;
}

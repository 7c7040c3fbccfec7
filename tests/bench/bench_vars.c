/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame's variables in a program of about 100 MB: how long the first look takes, and those after it,
 * and what the DWARF costs in memory.
 *
 *	bench_vars [PROGRAM...]
 *
 * PROGRAM is what tests/tools/gen-huge.sh writes, built; without it the newest toolchain that is here builds
 * it with its DWARF packed, as is usual, and not; that takes minutes, once. Each is looked at in a process
 * of its own, then in bingo-top on a terminal: from the key that shows the variables until they are there,
 * pressed as soon as the list is, and a second later.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "../pty/terminal.h"
#include "core/err.h"
#include "target/dwinfo.h"
#include "target/inspect.h"
#include "target/scan.h"
#include "target/target.h"

enum { LOOKS_MOST = 4096, TRIES = 5 };

static const char *bingo;

static double clock_of(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static double now(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

/* What a loaded machine does not change. */
static double cpu(void)
{
	return clock_of(CLOCK_THREAD_CPUTIME_ID);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct rss {
	double anon, file; /* MB: its own, and pages of files that others may share */
};

static struct rss rss_of(pid_t pid)
{
	struct rss r = { 0 };
	char line[256];
	long kb;
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/status", (int)pid);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "RssAnon: %ld", &kb) == 1)
			r.anon = (double)kb / 1024;
		else if (sscanf(line, "RssFile: %ld", &kb) == 1)
			r.file = (double)kb / 1024;
	}
	if (f)
		fclose(f);
	return r;
}

static pid_t target_start(const char *program, int *hold)
{
	char line[64];
	FILE *out;
	pid_t pid;
	int fd[2], in[2];

	if (pipe2(fd, O_CLOEXEC) || pipe2(in, O_CLOEXEC))
		exit(1);
	pid = fork();
	if (!pid) {
		dup2(in[0], STDIN_FILENO);
		dup2(fd[1], STDOUT_FILENO);
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	close(in[0]);
	*hold = in[1];
	out = fdopen(fd[0], "r");
	if (!out || !fgets(line, sizeof(line), out)) {
		fprintf(stderr, "bench_vars: %s does not start\n", program);
		exit(1);
	}
	fclose(out);
	return pid;
}

/* --- in a process of its own --- */

static void sink(void *arg, const struct gchange *c, size_t n)
{
	(void)arg;
	(void)c;
	(void)n;
}

struct looks {
	struct target *t;
	struct inspect *in;
	double ms[LOOKS_MOST], cpu[LOOKS_MOST];
	size_t n;
	size_t values;
};

static void look_at(struct looks *l, const struct scan_g *g)
{
	stack_lines lines = { 0 };
	bool moved;

	if (inspect_stack(l->in, g->addr, &lines, &moved))
		lines.n = 0;
	for (uint32_t i = 0; i < lines.n && l->n < LOOKS_MOST; i++) {
		struct value_ask ask = { .goid = g->goid, .frame = i, .pc = lines.v[i].pc };
		struct values v = { 0 };
		double began = now(), ran = cpu();

		if (!lines.v[i].pc)
			continue;
		inspect_read(l->in, g->addr, &ask, &v);
		l->cpu[l->n] = cpu() - ran;
		l->ms[l->n++] = now() - began;
		l->values += v.v.n;
		values_release(&v);
	}
	vec_free(&lines);
}

static void print_looks(struct looks *l)
{
	size_t n = l->n;

	if (!n)
		return;
	printf("    first frame %.1f ms, %.1f of them on a processor; ", l->ms[0], l->cpu[0]);
	qsort(l->ms, n, sizeof(*l->ms), by_value);
	qsort(l->cpu, n, sizeof(*l->cpu), by_value);
	printf("%zu frames with %zu variables: median %.2f, p99 %.1f, most %.1f ms; on a processor "
	       "%.2f, %.1f, %.1f\n",
	       n, l->values, l->ms[n / 2], l->ms[n * 99 / 100], l->ms[n - 1], l->cpu[n / 2],
	       l->cpu[n * 99 / 100], l->cpu[n - 1]);
}

static void inside(pid_t pid)
{
	static struct looks l;
	struct rss before, opened, after;
	struct dwinfo *dw = NULL;
	struct dwinfo_stats st = { 0 };
	struct err err = { 0 };
	struct scan_g g;
	struct scan *s;
	double began, ran;

	if (target_open(&l.t, pid, NULL, &err)) {
		printf("    %s\n", err.text);
		return;
	}
	s = scan_new(l.t);
	scan_pass(s, sink, NULL);
	l.in = inspect_new(l.t);
	before = rss_of(getpid());
	began = now();
	ran = cpu();
	if (!l.t->image || dwinfo_open(&dw, l.t->image, &err))
		dw = NULL;
	began = now() - began;
	ran = cpu() - ran;
	opened = rss_of(getpid());
	inspect_set_dwarf(l.in, dw, err.text);
	for (size_t i = 0; i < scan_rows(s); i++)
		if (scan_row(s, i, &g))
			look_at(&l, &g);
	after = rss_of(getpid());
	if (dw)
		dwinfo_stats(dw, &st);
	printf("    opening the DWARF %.0f ms, %.0f of them on a processor: %zu units, %.0f MB "
	       "unpacked\n",
	       began, ran, st.units, (double)st.bytes / 1e6);
	print_looks(&l);
	printf("    memory: %.0f MB own and %.0f MB of the file for opening, %.0f and %.0f for all "
	       "of it\n",
	       opened.anon - before.anon, opened.file - before.file, after.anon - before.anon,
	       after.file - before.file);
	inspect_free(l.in);
	scan_free(s);
	target_close(l.t);
}

/* --- on the screen --- */

static bool until(struct terminal *t, const char *want)
{
	double end = now() + 10000;

	while (now() < end) {
		if (strstr(terminal_text(t), want))
			return true;
		if (terminal_pump(t, 1) < 0)
			return false;
	}
	return false;
}

/* From the key to the variables; < 0: they did not come. */
static double key(pid_t pid, int wait_ms, struct rss *grew, double *list)
{
	char arg[16];
	char *argv[] = { (char *)bingo, arg, NULL };
	struct rss before, after;
	struct terminal t;
	double began = now(), ms = -1, end;

	snprintf(arg, sizeof(arg), "%d", (int)pid);
	terminal_start(&t, 80, 24, NULL, argv);
	if (until(&t, "main.deep")) {
		*list = now() - began;
		terminal_send(&t, "/deep\r");
		until(&t, "filter");
		terminal_send(&t, "j");
		for (end = now() + wait_ms; now() < end;)
			terminal_pump(&t, 1);
		before = rss_of(t.pid);
		began = now();
		terminal_send(&t, "4");
		if (until(&t, "chan struct {}"))
			ms = now() - began;
		after = rss_of(t.pid);
		grew->anon = after.anon - before.anon;
		grew->file = after.file - before.file;
	}
	terminal_send(&t, "Q");
	terminal_wait(&t);
	terminal_end(&t);
	return ms;
}

static void screen(pid_t pid, int wait_ms)
{
	double ms[TRIES], list[TRIES] = { 0 };
	struct rss grew = { 0 };

	for (int i = 0; i < TRIES; i++)
		ms[i] = key(pid, wait_ms, &grew, &list[i]);
	qsort(list, TRIES, sizeof(*list), by_value);
	qsort(ms, TRIES, sizeof(*ms), by_value);
	printf("    on the screen, the list after %.0f ms, the first key %s: %.0f ms, most %.0f of "
	       "%d starts; it grew by "
	       "%.0f MB own and %.0f MB of the file\n",
	       list[TRIES / 2],
	       wait_ms ? "a second after the list" : "as soon as the list is there", ms[TRIES / 2],
	       ms[TRIES - 1], TRIES, grew.anon, grew.file);
}

static void measure(const char *program)
{
	struct stat st = { 0 };
	pid_t pid, child;
	int hold;

	stat(program, &st);
	pid = target_start(program, &hold);
	printf("  %s, %.0f MB\n", program, (double)st.st_size / 1e6);
	fflush(stdout);
	child = fork();
	if (!child) {
		inside(pid);
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	screen(pid, 0);
	screen(pid, 1000);
	fflush(stdout);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(hold);
}

/* Builds it where it is not there; false: there is nothing to build it with. */
static bool build(char *path, size_t size, int packages, const char *flags)
{
	char *command = xasprintf(
		". tests/live/lib.sh; set -- $(live_go | tail -1); [ $# = 2 ] || exit 1; "
		"dir=$LIVE/huge-%d; out=$LIVE/huge-%d-$1; [ -x $out ] || "
		"{ tests/tools/gen-huge.sh $dir %d && cd $dir && GOTOOLCHAIN=local GOFLAGS= "
		"CGO_ENABLED=0 $2 build %s -o $out . >&2; } && echo $out",
		packages, packages, packages, flags);
	FILE *f = popen(command, "re");

	*path = '\0';
	if (f && fgets(path, (int)size, f))
		path[strcspn(path, "\n")] = '\0';
	if (f)
		pclose(f);
	free(command);
	return *path;
}

int main(int argc, char **argv)
{
	const char *dir = getenv("BUILD") ? getenv("BUILD") : "build";
	char packed[1024], plain[1024];

	bingo = xasprintf("%s/bingo-top", dir);
	for (int i = 1; i < argc; i++)
		measure(argv[i]);
	if (argc > 1)
		return 0;
	if (!build(packed, sizeof(packed), 275, "") ||
	    !build(plain, sizeof(plain), 165, "-ldflags=-compressdwarf=false")) {
		puts("skipped: no Go toolchain is here (tests/toolchains.sh fetches them)");
		return 0;
	}
	measure(packed);
	measure(plain);
	return 0;
}

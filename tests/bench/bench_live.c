/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What watching a live program costs, it and us:
 *
 *	bench_live [PROGRAM]
 *
 * PROGRAM is tests/targets/load, built; without it the newest toolchain that is
 * here builds it. Environment: WINDOW_MS (1500), PAIRS (8), COUNTS ("10000
 * 100000 1000000"). With PAIRS=0 costs to the target are left out. They are of pairs of windows, with us and
 * without, one after the other: the median of the differences and the middle
 * half of them, in work done per processor time of the target and per time.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "row.h"

#include "core/mem.h"

enum { PAIRS_MOST = 64, FEW = 10, SETTLED_MS = 8000, SETTLE_MOST_MS = 90000 };

static const char *bingo, *load;
static int window_ms = 1500, pairs = 8;

struct child {
	pid_t pid;
	FILE *out; /* NULL: not read */
};

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* words: the arguments, divided by blanks. */
static struct child start(const char *program, const char *words, bool read_it)
{
	struct child c = { 0 };
	char *argv[32] = { xstrdup(program) }, *text = xstrdup(words), *save = NULL;
	int fd[2], n = 1;

	for (char *w = strtok_r(text, " ", &save); w && n < 31; w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	if (pipe2(fd, O_CLOEXEC))
		exit(1);
	c.pid = fork();
	if (c.pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(read_it ? fd[1] : null, STDOUT_FILENO);
		execv(program, argv);
		_exit(127);
	}
	close(fd[1]);
	if (read_it)
		c.out = fdopen(fd[0], "r");
	else
		close(fd[0]);
	free(argv[0]);
	free(text);
	return c;
}

static void stop(struct child *c)
{
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	if (c->out)
		fclose(c->out);
}

static double cpu_ms(pid_t pid)
{
	char path[64], text[1024], *p;
	unsigned long user = 0, sys = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fgets(text, sizeof(text), f) && (p = strrchr(text, ')')))
		sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys);
	fclose(f);
	return (double)(user + sys) * 1e3 / (double)sysconf(_SC_CLK_TCK);
}

/* One line of the target's: see tests/targets/load. */
struct work {
	double ms, pings, spins, created, gap_us, cpu_ms;
};

static bool read_work(struct child *c, struct work *w)
{
	char line[256];

	while (fgets(line, sizeof(line), c->out))
		if (sscanf(line, "%lf %lf %lf %lf %lf %lf", &w->ms, &w->pings, &w->spins,
			   &w->created, &w->gap_us, &w->cpu_ms) == 6)
			return true;
	return false;
}

static struct child start_load(const char *words)
{
	struct child c = start(load, words, true);
	char line[64];

	if (!fgets(line, sizeof(line), c.out)) {
		fprintf(stderr, "bench_live: %s does not start\n", load);
		exit(1);
	}
	return c;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_quartiles(const char *what, double *v, int n, const char *unit)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	printf("  %-44s %8.2f %s (middle half %.2f to %.2f)\n", what, v[n / 2], unit, v[n / 4],
	       v[n * 3 / 4]);
}

enum look { PINGS, SPINS, GAPS };

/* The target's windows alternate: without us, with us. */
static void cost_to_target(const char *name, const char *words, enum look what)
{
	double per_cpu[PAIRS_MOST], per_time[PAIRS_MOST], gap[2][PAIRS_MOST];
	char args[256], pid[32];
	struct work w[2];
	struct child t;
	int n = 0;

	snprintf(args, sizeof(args), "%s -report %d", words, window_ms);
	t = start_load(args);
	snprintf(pid, sizeof(pid), "-b -d 1 %d", (int)t.pid);
	read_work(&t, &w[0]);
	for (; n < pairs; n++) {
		struct child b;

		if (!read_work(&t, &w[0])) /* the window without us */
			break;
		b = start(bingo, pid, false);
		read_work(&t, &w[1]); /* attaching: counted in no window */
		if (!read_work(&t, &w[1]))
			break;
		stop(&b);
		read_work(&t, &(struct work){ 0 }); /* ours ends somewhere in this one */
		for (int i = 0; i < 2; i++)
			gap[i][n] = w[i].gap_us / 1e3;
		for (int i = 0; i < 2; i++)
			w[i].pings = what == SPINS ? w[i].spins : w[i].pings;
		per_cpu[n] = 100 * (1 - w[1].pings / w[1].cpu_ms / (w[0].pings / w[0].cpu_ms));
		per_time[n] = 100 * (1 - w[1].pings / w[1].ms / (w[0].pings / w[0].ms));
	}
	stop(&t);
	printf("%s, %d pairs\n", name, n);
	if (what != GAPS) {
		print_quartiles("lost work per processor time", per_cpu, n, "%");
		print_quartiles("lost work per time", per_time, n, "%");
		return;
	}
	print_quartiles("largest gap of a 1 ms ticker without us", gap[0], n, "ms");
	print_quartiles("largest gap of a 1 ms ticker with us", gap[1], n, "ms");
}

static long anon_kb(pid_t pid)
{
	char line[256];
	long kb = 0;
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/status", (int)pid);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %ld", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

/* Once the first looks are in, which at a million goroutines takes a while: it has grown no more for some seconds. */
static long settled_kb(struct child *c)
{
	double began = now_ms(), since = began;
	long most = 0, kb;
	char line[512];

	while (now_ms() - since < SETTLED_MS && now_ms() - began < SETTLE_MOST_MS &&
	       fgets(line, sizeof(line), c->out)) {
		kb = anon_kb(c->pid);
		if (kb > most + most / 100) {
			most = kb;
			since = now_ms();
		}
	}
	return most;
}

/* Processor time against what live_pass.c allows; memory against the program's own, each without what it takes for FEW. */
static void own_rows(long count, double cpu_pct, long own, long theirs)
{
	static long own_few, theirs_few;
	double allowed = count >= 1000000 ? 25 : count >= 100000 ? 20 : 2;
	char *what = xasprintf("processor time, %ld goroutines", count);

	if (count == FEW) {
		own_few = own;
		theirs_few = theirs;
	} else {
		row_once(what, cpu_pct, "%", "what it may take of a core", allowed, 1);
		free(what);
		what = xasprintf("memory of a goroutine, of %ld", count);
		row_once(what, (double)(own - own_few) * 1024 / (double)count, "bytes",
			 "its own in the program",
			 (double)(theirs - theirs_few) * 1024 / (double)count,
			 count >= 1000000 ? 0.25 : 0);
	}
	free(what);
}

/* Our own cost once all is read, and the rate that is reached. */
static void own_cost(long count)
{
	char args[128], line[512], last[512] = "";
	struct child t, b;
	double t0, c0, t1, c1, ready;
	long own, theirs;

	snprintf(args, sizeof(args), "-parked %ld -pingpong 1 -procs 1", count);
	t = start_load(args);
	snprintf(args, sizeof(args), "-b -d 1 %d", (int)t.pid);
	t0 = now_ms();
	b = start(bingo, args, true);
	for (int i = 0; i < 2 && fgets(line, sizeof(line), b.out);)
		i += !strncmp(line, "goroutines",
			      10); /* the second report: the first pass is digested */
	ready = now_ms() - t0;
	t0 = now_ms();
	c0 = cpu_ms(b.pid);
	while (now_ms() - t0 < 6000 && fgets(line, sizeof(line), b.out))
		if (!strncmp(line, "pid ", 4))
			snprintf(last, sizeof(last), "%s", line);
	t1 = now_ms();
	c1 = cpu_ms(b.pid);
	own = settled_kb(&b);
	theirs = anon_kb(t.pid);
	stop(&b);
	stop(&t);
	printf("own cost at %ld goroutines: %.1f %% of a core, %ld MB, second report after %.0f "
	       "ms\n  %s",
	       count, 100 * (c1 - c0) / (t1 - t0), own >> 10, ready, last);
	own_rows(count, 100 * (c1 - c0) / (t1 - t0), own, theirs);
}

static double first_report_ms(pid_t pid)
{
	char args[64];
	struct child b;
	double t0 = now_ms(), t;
	char line[512];

	snprintf(args, sizeof(args), "--once %d", (int)pid);
	b = start(bingo, args, true);
	while (fgets(line, sizeof(line), b.out)) {
	}
	t = now_ms() - t0;
	waitpid(b.pid, NULL, 0);
	fclose(b.out);
	return t;
}

static void at_once(const char *name, const char *program)
{
	double ms[20];
	struct child t;
	const char *own = load;
	char *what;

	load = program;
	t = start_load("-parked 10000");
	load = own;
	for (size_t i = 0; i < ARRAY_SIZE(ms); i++)
		ms[i] = first_report_ms(t.pid);
	stop(&t);
	printf("from execve to the first complete report, 10,000 goroutines, %s\n", name);
	print_quartiles("time", ms, ARRAY_SIZE(ms), "ms");
	what = xasprintf("first whole report (--once), 10000 goroutines, %s", name);
	row_once(what, ms[ARRAY_SIZE(ms) / 2], "ms", "a tenth of a second", 100, 0);
	free(what);
}

/* The path of the target, built by the newest toolchain. */
static char *build(const char *kind)
{
	char command[512], path[512] = "";
	FILE *f;

	snprintf(command, sizeof(command),
		 "sh -c '. tests/live/lib.sh; set -- $(live_go | tail -1); [ $# = 2 ] && "
		 "live_build load $1 $2 %s'",
		 kind);
	f = popen(command, "re");
	if (f && fgets(path, sizeof(path), f))
		path[strcspn(path, "\n")] = '\0';
	if (f)
		pclose(f);
	return *path ? xstrdup(path) : NULL;
}

static int number(const char *name, int otherwise, int most)
{
	const char *v = getenv(name);
	int n = v ? atoi(v) : otherwise;

	return n < 0 ? 0 : n > most ? most : n;
}

int main(int argc, char **argv)
{
	const char *dir = getenv("BUILD") ? getenv("BUILD") : "build";
	const char *counts = getenv("COUNTS") ? getenv("COUNTS") : "10000 100000 1000000";
	char *text = xstrdup(counts), *save = NULL, *plain;

	bingo = xasprintf("%s/bingo-top", dir);
	load = argc > 1 ? argv[1] : build("stripped");
	if (!load) {
		row_missing("processor time and memory, live",
			    "no Go toolchain is here (tests/toolchains.sh fetches them)");
		return 0;
	}
	window_ms = number("WINDOW_MS", 1500, 60000);
	pairs = number("PAIRS", 8, PAIRS_MOST);
	at_once("stripped", load);
	plain = argc > 1 ? NULL : build("plain");
	if (plain)
		at_once("with symbols", plain);
	own_cost(FEW);
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		own_cost(atol(w));
	if (!pairs)
		return 0;
	cost_to_target("10,000 goroutines and a ping-pong", "-parked 10000 -pingpong 1 -procs 1",
		       PINGS);
	cost_to_target("10,000 goroutines and a loop that counts", "-parked 10000 -spin 1 -procs 1",
		       SPINS);
	cost_to_target("10,000 goroutines and a 1 ms ticker", "-parked 10000", GAPS);
	free(plain);
	free(text);
	return 0;
}

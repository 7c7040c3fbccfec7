/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the whole program costs the one that it watches, as people use it: on a
 * screen, everything on.
 *
 *	bench_cost WHAT BINGO-TOP PROGRAM ARG...
 *
 * WHAT names it in the table; PROGRAM is tests/targets/load or web, built. Without and with take turns on one
 * target: some seconds without, then attached: the first ones are told as the
 * worst, since probes look around then, the later ones as steady. Environment:
 * PAIRS (8), STEADY (6 s), ARGS: one more argument for bingo-top, LEAST: of the work done
 * without, so much is to be done with (0.95).
 */
#include <sched.h>

#include "../pty/terminal.h"
#include "row.h"

enum { FIRST = 5, WITHOUT = 4 };

struct work {
	double ms, first, second, created, gap_us, cpu_ms;
};

/* The target has the first processor for itself, all else the second, where there are two. */
static void pin(pid_t pid, int cpu)
{
	cpu_set_t set;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(pid, sizeof(set), &set);
}

static FILE *start(char *const *argv, pid_t *pid)
{
	char line[64];
	int fd[2];
	FILE *f;

	if (pipe(fd))
		exit(1);
	*pid = fork();
	if (*pid == 0) {
		dup2(fd[1], STDOUT_FILENO);
		pin(0, 0);
		execv(argv[0], argv);
		_exit(127);
	}
	close(fd[1]);
	f = fdopen(fd[0], "r");
	if (!f || !fgets(line, sizeof(line), f) || strncmp(line, "ready", 5) != 0)
		exit(1);
	setvbuf(f, NULL, _IONBF, 0);
	return f;
}

/* The target's next line; the terminal, where there is one, is read meanwhile. */
static bool window(FILE *f, struct terminal *t, struct work *w)
{
	struct pollfd p = { .fd = fileno(f), .events = POLLIN };
	char line[256];

	while (poll(&p, 1, t ? 0 : 1000) == 0)
		if (t)
			terminal_pump(t, 20);
	return fgets(line, sizeof(line), f) &&
	       sscanf(line, "%lf %lf %lf %lf %lf %lf", &w->ms, &w->first, &w->second, &w->created,
		      &w->gap_us, &w->cpu_ms) == 6;
}

static double rate(const struct work *w)
{
	return (w->first + w->second) / w->ms;
}

static bool several(FILE *f, struct terminal *t, int n, struct work *sum, double *worst)
{
	struct work w;

	*sum = (struct work){ 0 };
	*worst = 1e300;
	for (int i = 0; i < n; i++) {
		if (!window(f, t, &w))
			return false;
		sum->ms += w.ms;
		sum->first += w.first;
		sum->second += w.second;
		sum->cpu_ms += w.cpu_ms;
		*worst = rate(&w) < *worst ? rate(&w) : *worst;
	}
	return true;
}

/* Work per time, and per processor time of the target; and the worst second of the first five. */
struct result {
	struct row wall, cpu, first;
};

/* false: the target is gone. */
static bool pair(FILE *f, const char *bingo, pid_t pid, int steady, struct result *r)
{
	static const char *const env[] = { "TERM=xterm-256color", "LC_ALL=C.UTF-8", NULL };
	char number[16], *extra = getenv("ARGS");
	struct work off, on, skip;
	double least, worst, ignored;
	struct terminal t;
	bool fine;

	snprintf(number, sizeof(number), "%d", (int)pid);
	if (!window(f, NULL, &skip) || !several(f, NULL, WITHOUT, &off, &least))
		return false;
	terminal_start(&t, 120, 40, env,
		       (char *[]){ (char *)bingo, number, extra ? extra : NULL, NULL });
	fine = several(f, &t, FIRST, &skip, &worst) && several(f, &t, steady, &on, &ignored);
	terminal_send(&t, "q");
	terminal_wait(&t);
	terminal_end(&t);
	if (!fine)
		return false;
	row_add(&r->first, worst, rate(&off));
	row_add(&r->wall, rate(&on), rate(&off));
	row_add(&r->cpu, (on.first + on.second) / on.cpu_ms, (off.first + off.second) / off.cpu_ms);
	return true;
}

static int number_of(const char *name, int otherwise)
{
	return getenv(name) ? atoi(getenv(name)) : otherwise; /* NOLINT(cert-err34-c) */
}

static struct row row_of(const char *what, const char *which, double least)
{
	return (struct row){ .what = xasprintf("work done, %s, %s", what, which),
			     .peer = "without",
			     .unit = "/ms",
			     .least = least };
}

int main(int argc, char **argv)
{
	int pairs = number_of("PAIRS", 8), steady = number_of("STEADY", 6);
	double least = getenv("LEAST") ? strtod(getenv("LEAST"), NULL) : 0.95;
	static struct result r;
	pid_t pid;
	FILE *f;

	if (argc < 4) {
		puts("  bench_cost WHAT BINGO-TOP PROGRAM ARG...: tests/bench/cost.sh does it");
		return 0;
	}
	r.wall = row_of(argv[1], "per time", least);
	r.cpu = row_of(argv[1], "per processor time", least);
	r.first = row_of(argv[1], "worst of the first 5 s", 0);
	pin(0, 1); /* bingo-top inherits it */
	f = start(argv + 3, &pid);
	while (r.wall.n < pairs && pair(f, argv[2], pid, steady, &r))
		;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fclose(f);
	if (!r.wall.n)
		return 1;
	row_end(&r.wall);
	row_end(&r.cpu);
	row_end(&r.first);
	return 0;
}

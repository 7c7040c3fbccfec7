/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel's side costs a live program:
 *
 *	bench_bpf PROGRAM
 *
 * PROGRAM is tests/targets/load, built. Environment: WINDOW_MS (1000), PAIRS (12).
 * Windows alternate, with and without, all on one attached target; told is the
 * median of the work lost from window to window, per processor time of the target
 * and per time, and the middle half.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "source/live.h"

enum { PAIRS_MOST = 64 };

static int window_ms = 1000, pairs = 12;
static size_t records;

struct work {
	double ms, pings, spins, created, gap_us, cpu_ms;
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_quartiles(const char *what, double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	printf("    %-36s %7.2f %% (middle half %.2f to %.2f)\n", what, v[n / 2], v[n / 4],
	       v[n * 3 / 4]);
}

static FILE *start(const char *program, const char *what, pid_t *pid)
{
	char report[16];
	int fd[2];

	snprintf(report, sizeof(report), "%d", window_ms);
	if (pipe(fd))
		exit(1);
	*pid = fork();
	if (*pid == 0) {
		dup2(fd[1], STDOUT_FILENO);
		execl(program, program, what, "2", "-procs", "2", "-report", report, NULL);
		_exit(127);
	}
	close(fd[1]);
	return fdopen(fd[0], "r");
}

static bool read_work(FILE *f, struct work *w)
{
	char line[256];

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lf %lf %lf %lf %lf %lf", &w->ms, &w->pings, &w->spins,
			   &w->created, &w->gap_us, &w->cpu_ms) == 6)
			return true;
	return false;
}

static void ignore_record(void *arg, const struct rec_head *rec)
{
	(void)arg;
	(void)rec;
}

/* A window of the target's, read while it lasts as a live session does; s NULL: without. */
static bool window(FILE *f, struct bpf_set *s, struct work *w)
{
	for (int at = 0; s && at < window_ms - 50; at += 50) {
		nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
		records += bpf_set_drain(s, ignore_record, NULL);
	}
	return read_work(f, w);
}

static double lost(double with, double without)
{
	return without > 0 ? 100 * (1 - with / without) : 0;
}

static void measure(const char *name, FILE *f, struct bpf_target *bt)
{
	double cpu[PAIRS_MOST], wall[PAIRS_MOST];
	int n = 0;

	records = 0;
	for (int i = 0; i < pairs; i++) {
		struct bpf_part_state state[BPF_PARTS];
		struct work off, on, skip;
		struct bpf_set *s;

		if (!read_work(f, &skip) || !window(f, NULL, &off))
			break;
		s = bpf_set_open(bt, state);
		if (!s) {
			printf("    %s\n", state[0].sentence);
			return;
		}
		if (!read_work(f, &skip) || !window(f, s, &on))
			break;
		bpf_set_close(s);
		wall[n] = lost((on.pings + on.spins) / on.ms, (off.pings + off.spins) / off.ms);
		cpu[n++] = lost((on.pings + on.spins) / on.cpu_ms,
				(off.pings + off.spins) / off.cpu_ms);
	}
	if (!n)
		return;
	printf("  %s; %.0f records a second\n", name,
	       (double)records / n / (window_ms - 50) * 1000);
	print_quartiles("work lost, per processor time", cpu, n);
	print_quartiles("work lost, per time", wall, n);
}

static void load_of(const char *program, const char *what)
{
	static const struct {
		const char *name;
		unsigned parts;
	} sets[] = { { "samples", 1 << BPF_SAMPLES },
		     { "samples, sched, syscalls",
		       1 << BPF_SAMPLES | 1 << BPF_SCHED | 1 << BPF_SYSCALLS } };
	struct err err = { 0 };
	struct target *t;
	struct work skip;
	pid_t pid;
	FILE *f = start(program, what, &pid);

	printf("%s\n", what + 1);
	if (read_work(f, &skip) && !target_open(&t, pid, NULL, &err)) {
		struct bpf_target bt = live_bpf_target(t);

		for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
			bt.parts = sets[i].parts;
			measure(sets[i].name, f, &bt);
		}
		target_close(t);
	} else {
		printf("  %s\n", err.text);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fclose(f);
}

int main(int argc, char **argv)
{
	const char *program = argc > 1 ? argv[1] : getenv("LOAD");

	if (!program) {
		puts("  bench_bpf PROGRAM: give it tests/targets/load, built");
		return 0;
	}
	if (getenv("WINDOW_MS"))
		window_ms = atoi(getenv("WINDOW_MS")); /* NOLINT(cert-err34-c) */
	if (getenv("PAIRS"))
		pairs = atoi(getenv("PAIRS")); /* NOLINT(cert-err34-c) */
	pairs = pairs > PAIRS_MOST ? PAIRS_MOST : pairs;
	load_of(program, "-pingpong");
	load_of(program, "-spin");
	return 0;
}

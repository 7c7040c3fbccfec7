/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an event to the screen:
 *
 *	bench_latency BINGO-TOP BLINKER
 *
 * BLINKER is tests/targets/blinker, built: it says when it blocked where. Told is
 * how long after that the screen of a pty of 80x24 shows it. Environment: EVENTS
 * (200), ARGS: one more argument for bingo-top, such as --no-bpf.
 */
#include "../pty/terminal.h"
#include "row.h"

enum { EVENTS_MOST = 10000, SETTLE = 20 };

static int64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static FILE *start(const char *program, pid_t *pid)
{
	char line[64];
	int fd[2];
	FILE *f;

	if (pipe(fd))
		exit(1);
	*pid = fork();
	if (*pid == 0) {
		dup2(fd[1], STDOUT_FILENO);
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	f = fdopen(fd[0], "r");
	if (!f || !fgets(line, sizeof(line), f) || strncmp(line, "ready", 5) != 0)
		exit(1);
	return f;
}

struct moment_of {
	int64_t at;
	int step; /* 'A', 'B' */
};

struct log {
	struct moment_of v[EVENTS_MOST + 64];
	int n;
};

static void note(struct log *l, int64_t at, int step)
{
	if (l->n < EVENTS_MOST + 64 && (!l->n || l->v[l->n - 1].step != step))
		l->v[l->n++] = (struct moment_of){ at, step };
}

/* What the screen says now. */
static void look(struct terminal *t, struct log *seen)
{
	const char *text = terminal_text(t);
	bool a = strstr(text, "main.stepA"), b = strstr(text, "main.stepB");

	if (a != b)
		note(seen, clock_ns(), a ? 'A' : 'B');
}

/* What the program has written since. */
static void read_lines(FILE *f, struct log *said)
{
	struct pollfd p = { .fd = fileno(f), .events = POLLIN };
	char line[64], step[16];
	long long at;

	while (poll(&p, 1, 0) > 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lld %15s", &at, step) == 2)
			note(said, at, step[4]);
}

/* Each of the program's blocks, but the first ones, and when the screen said so before the next. */
static int match(const struct log *said, const struct log *seen, double *ms)
{
	int got = 0, k = 0;

	for (int i = SETTLE; i + 1 < said->n; i++) {
		const struct moment_of *e = &said->v[i];

		while (k < seen->n && seen->v[k].at < e->at)
			k++;
		if (k < seen->n && seen->v[k].at < said->v[i + 1].at && seen->v[k].step == e->step)
			ms[got++] = (double)(seen->v[k].at - e->at) / 1e6;
		else
			puts("  one was never shown");
	}
	return got;
}

static int measure(struct terminal *t, FILE *f, double *ms, int n)
{
	static struct log said, seen;
	int64_t until = now_ms() + (int64_t)(n + SETTLE) * 300 + 10000;

	setvbuf(f, NULL, _IONBF, 0);
	while (said.n < n + SETTLE && now_ms() < until && !t->ended) {
		if (terminal_pump(t, 1) > 0)
			look(t, &seen);
		read_lines(f, &said);
	}
	return match(&said, &seen, ms);
}

int main(int argc, char **argv)
{
	static double ms[EVENTS_MOST];
	static struct row row = { .what = "from a block to the screen",
				  .peer = "a pass at 10 a second",
				  .unit = "ms",
				  .most = 1 };
	static const char *const env[] = { "TERM=xterm-256color", "LC_ALL=C.UTF-8", NULL };
	int n = getenv("EVENTS") ? atoi(getenv("EVENTS")) : 200; /* NOLINT(cert-err34-c) */
	char number[16], *extra = getenv("ARGS");
	struct terminal t;
	pid_t pid;
	FILE *f;

	if (argc < 3) {
		puts("  bench_latency BINGO-TOP BLINKER: give it tests/targets/blinker, built");
		return 0;
	}
	f = start(argv[2], &pid);
	snprintf(number, sizeof(number), "%d", (int)pid);
	terminal_start(&t, 80, 24, env, (char *[]){ argv[1], number, extra ? extra : NULL, NULL });
	n = measure(&t, f, ms, n > EVENTS_MOST ? EVENTS_MOST : n);
	terminal_send(&t, "q");
	terminal_end(&t);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fclose(f);
	if (!n)
		return 1;
	for (int i = 0; i < n; i++)
		row_add(&row, ms[i], 100);
	row_end(&row);
	printf("  %d events, block to screen: median %.1f ms, 90th percentile %.1f, 99th %.1f, "
	       "most %.1f\n",
	       n, row_quantile(ms, n, 0.5), row_quantile(ms, n, 0.9), row_quantile(ms, n, 0.99),
	       row_quantile(ms, n, 1));
	return 0;
}

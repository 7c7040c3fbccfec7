/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pass over all goroutines against the bare reading of its bytes:
 *
 *	bench_scan PROGRAM
 *
 * PROGRAM is tests/targets/load, built. The pieces that a pass reads are noted; a bare
 * process_vm_readv() then reads the same pieces in the same calls, and does nothing with them. By turns,
 * which goes first by chance; processor time of the thread. A first pass sees all for the first time, with
 * nothing known of the program's functions, and walks each stack; a steady one sees what has changed.
 * Environment: COUNTS ("10000 100000 1000000"), ROUNDS (31).
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "row.h"

#include "core/clock.h"
#include "core/mem.h"
#include "target/scan.h"

enum { PIECES_MOST = 1024 }; /* of one call: UIO_MAXIOV */

struct piece {
	uint64_t addr;
	uint32_t len;
	bool last; /* of its call */
};

/* Passes all on to another, and notes what was asked. */
struct noting {
	struct memr base;
	struct memr *under;
	VEC(struct piece) piece;
	bool on;
};

static void note(struct noting *m, uint64_t addr, size_t len, bool last)
{
	if (m->on)
		*vec_push(&m->piece) = (struct piece){ addr, (uint32_t)len, last };
}

static int noting_read(struct memr *base, uint64_t addr, void *buf, size_t len)
{
	struct noting *m = (struct noting *)base;

	note(m, addr, len, true);
	return memr_read(m->under, addr, buf, len);
}

static ssize_t noting_readv(struct memr *base, struct mem_iov *v, size_t n)
{
	struct noting *m = (struct noting *)base;

	for (size_t i = 0; i < n; i++)
		note(m, v[i].addr, v[i].len, i + 1 == n || i % PIECES_MOST == PIECES_MOST - 1);
	return memr_readv(m->under, v, n);
}

static const struct memr_ops noting_ops = { .read = noting_read, .readv = noting_readv };

static void bare_call(pid_t pid, const struct piece *p, size_t n, char *to)
{
	struct iovec local[PIECES_MOST], remote[PIECES_MOST];

	for (size_t i = 0; i < n; to += p[i++].len) {
		local[i] = (struct iovec){ to, p[i].len };
		remote[i] = (struct iovec){ (void *)(uintptr_t)p[i].addr, p[i].len };
	}
	if (process_vm_readv(pid, local, n, remote, n, 0) < 0 && errno == ESRCH)
		die("the program has ended");
}

/* As much room as the largest call takes. */
static size_t room(const struct noting *m)
{
	size_t most = 0, sum = 0;

	for (size_t i = 0; i < m->piece.n; i++) {
		sum += m->piece.v[i].len;
		most = sum > most ? sum : most;
		sum = m->piece.v[i].last ? 0 : sum;
	}
	return most;
}

static uint64_t bytes(const struct noting *m)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < m->piece.n; i++)
		sum += m->piece.v[i].len;
	return sum;
}

/* Processor time of reading all that was noted, ms. */
static double bare(const struct noting *m, pid_t pid, char *to)
{
	int64_t t = clock_cpu_ns();
	size_t from = 0;

	for (size_t i = 0; i < m->piece.n; i++) {
		if (!m->piece.v[i].last)
			continue;
		bare_call(pid, m->piece.v + from, i + 1 - from, to);
		from = i + 1;
	}
	return (double)(clock_cpu_ns() - t) / 1e6;
}

static void ignore(void *arg, const struct gchange *c, size_t n)
{
	(void)arg;
	(void)c;
	(void)n;
}

static double pass(struct scan *s)
{
	int64_t t = clock_cpu_ns();

	if (scan_pass(s, ignore, NULL))
		die("a pass could not be made");
	return (double)(clock_cpu_ns() - t) / 1e6;
}

static pid_t start(const char *program, long count, FILE **out)
{
	char number[32], line[64];
	int fd[2];
	pid_t pid;

	snprintf(number, sizeof(number), "%ld", count);
	if (pipe(fd))
		die("no pipe");
	pid = fork();
	if (pid == 0) {
		dup2(fd[1], STDOUT_FILENO);
		execl(program, program, "-parked", number, "-report", "3600000", (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	*out = fdopen(fd[0], "r");
	if (!*out || !fgets(line, sizeof(line), *out))
		die("the program does not start");
	return pid;
}

static struct target *open_noting(pid_t pid, struct noting *m)
{
	struct err err = { 0 };
	struct target *t;

	if (target_open(&t, pid, NULL, &err))
		die("%s", err.text);
	m->base = *t->mem;
	m->base.ops = &noting_ops;
	m->under = t->mem;
	m->piece.n = 0;
	t->mem = &m->base;
	return t;
}

static void close_noting(struct target *t, struct noting *m)
{
	t->mem = m->under;
	target_close(t);
}

/* How far from the bare read of what this very pass has read. */
static void one_pass(struct row *r, struct scan *s, struct noting *m, pid_t pid)
{
	char *to;
	double ours;

	m->piece.n = 0;
	m->on = true;
	ours = pass(s);
	m->on = false;
	to = xcalloc(room(m) + 1, 1);
	bare(m, pid, to); /* its pages and those of the program are there now */
	row_add(r, ours, bare(m, pid, to));
	free(to);
}

static void first_passes(long count, pid_t pid, int rounds)
{
	struct row *r = xcalloc(1, sizeof(*r));
	struct noting m = { 0 };
	char *what = xasprintf("first pass over %ld goroutines", count);

	*r = (struct row){ .what = what,
			   .unit = "ms",
			   .peer = "bare read of the same pieces",
			   .most = count == 10000 ? 2 : 0 };
	for (int i = 0; i < rounds; i++) {
		struct target *t = open_noting(pid, &m);
		struct scan *s;

		s = scan_new(t);
		one_pass(r, s, &m, pid);
		scan_free(s);
		close_noting(t, &m);
	}
	printf("  %.1f MB in %zu pieces\n", (double)bytes(&m) / 1e6, m.piece.n);
	row_end(r);
	vec_free(&m.piece);
	free(what);
	free(r);
}

static void steady_passes(long count, pid_t pid, int rounds)
{
	struct row *r = xcalloc(1, sizeof(*r));
	struct noting m = { 0 };
	struct target *t = open_noting(pid, &m);
	struct scan *s = scan_new(t);
	char *what = xasprintf("steady pass over %ld goroutines", count), *to;

	*r = (struct row){
		.what = what, .unit = "ms", .peer = "bare read of the same pieces", .most = 2
	};
	for (int i = 0; i < 5; i++)
		pass(s);
	m.on = true;
	pass(s);
	m.on = false;
	to = xcalloc(room(&m) + 1, 1);
	for (int i = 0; i < rounds; i++) {
		bool first = rand() & 1; /* NOLINT(cert-msc30-c,cert-msc50-cpp) */
		double other = first ? bare(&m, pid, to) : 0, ours = pass(s);

		row_add(r, ours, first ? other : bare(&m, pid, to));
	}
	printf("  %.1f MB in %zu pieces\n", (double)bytes(&m) / 1e6, m.piece.n);
	row_end(r);
	free(to);
	vec_free(&m.piece);
	scan_free(s);
	close_noting(t, &m);
	free(what);
	free(r);
}

int main(int argc, char **argv)
{
	const char *counts = getenv("COUNTS") ? getenv("COUNTS") : "10000 100000 1000000";
	int rounds = getenv("ROUNDS") ? atoi(getenv("ROUNDS")) : 31; /* NOLINT(cert-err34-c) */
	char *text = xstrdup(counts), *save = NULL;

	if (argc < 2) {
		row_missing("a pass over all goroutines", "no Go toolchain is here");
		return 0;
	}
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		long count = strtol(w, NULL, 10);
		FILE *out;
		pid_t pid = start(argv[1], count, &out);
		int n = count > 100000 ? (rounds + 3) / 4 : rounds;

		first_passes(count, pid, (n + 3) / 4);
		steady_passes(count, pid, n);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		fclose(out);
	}
	free(text);
	return 0;
}

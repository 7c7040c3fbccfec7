/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stops the running threads of a Go program, one after the other and without a
 * pause between, and says what that took and what was seen; for tests.
 *
 *	live_stops PID N    "N stops", then lines "COUNT FUNCTION" of the outermost functions of the program,
 *	                    and "ns p50 p99 max"; N 0: until it is killed, after a line "begun"
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/regs.h"
#include "target/scan.h"
#include "target/stackset.h"

static struct target *t;
static struct scan *s;
static struct regs_seen seen;
static uint64_t m_addr;
static bool got;
static unsigned failed, empty, lost;
static struct {
	const char *func;
	unsigned n;
} count[64];

static void look(void *arg, const struct regs *r)
{
	(void)arg;
	got = regs_read(t->mem, &t->lay, m_addr, r, &seen);
}

static void count_one(const char *func)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(count) - 1 && count[i].func && count[i].func != func)
		i++;
	count[i].func = func;
	count[i].n++;
}

static void what(struct stackset *set)
{
	unwind_pc pcs[REGS_FRAMES];
	stack_lines l = { 0 };
	uint32_t flags;
	size_t n = regs_unwind(t->sym, t->lay.arch, &seen, pcs, &flags);

	empty += !n;
	lost += flags == STACK_LOST;
	if (n)
		stackset_lines(set, t->sym, stackset_put(set, pcs, n, flags), &l);
	for (size_t i = l.n; i-- > 0;)
		if (!strncmp(l.v[i].func, "main.", 5) || i == 0) {
			count_one(l.v[i].func);
			break;
		}
	vec_free(&l);
}

static int by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void ignore(void *arg, const struct gchange *c, size_t n)
{
	(void)arg;
	(void)c;
	(void)n;
}

/* Once around; returns how many were stopped. */
static unsigned round_of(struct stackset *set, int64_t *ns, unsigned room)
{
	const struct gsched *sched;
	unsigned n = 0;
	int64_t paused;
	int rc;

	if (scan_pass(s, ignore, NULL) == -ESRCH)
		exit(1);
	sched = scan_sched(s);
	for (size_t i = 0; i < sched->m.n && n < room; i++) {
		m_addr = sched->m.v[i].addr;
		if (!sched->m.v[i].p || !regs_busy(t->mem, &t->lay, m_addr))
			continue;
		got = false;
		rc = regs_stop(sched->m.v[i].tid, false, look, NULL, &paused);
		failed += rc && rc != -ESRCH;
		if (got)
			what(set);
		ns[n++] = paused;
	}
	return n;
}

static void endless(void)
{
	static int64_t ns[1024];
	struct stackset set;

	puts("begun");
	fflush(stdout);
	for (;;) {
		stackset_init(&set);
		round_of(&set, ns, 1024);
		stackset_release(&set);
	}
}

int main(int argc, char **argv)
{
	unsigned most = argc > 2 ? (unsigned)atoi(argv[2]) : 0, n = 0;
	struct err err = { 0 };
	struct stackset set;
	int64_t *ns;

	if (argc < 3 || target_open(&t, atoi(argv[1]), NULL, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	s = scan_new(t);
	if (!most)
		endless();
	ns = xcalloc(most, sizeof(*ns));
	stackset_init(&set);
	while (n < most)
		n += round_of(&set, ns + n, most - n);
	qsort(ns, n, sizeof(*ns), by_time);
	printf("%u stops, %u failed, %u empty, %u lost\n", n, failed, empty, lost);
	for (size_t i = 0; i < ARRAY_SIZE(count) && count[i].func; i++)
		printf("%u %s\n", count[i].n, count[i].func);
	printf("ns %lld %lld %lld\n", (long long)ns[n / 2], (long long)ns[n * 99 / 100],
	       (long long)ns[n - 1]);
	stackset_release(&set);
	free(ns);
	scan_free(s);
	target_close(t);
	return 0;
}

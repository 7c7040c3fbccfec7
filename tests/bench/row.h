/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the table that tests/bench/run prints, one line each appended to the file that
 * BENCH_TABLE names, its fields divided by tabs:
 *
 *	what  ours  peer  peer's  unit  ratio  from  to  limit  held
 *
 * from, to: the middle half of the ratios where there were several. limit: "<= 2" or ">= 20", "-" for
 * none. held: yes, no or "-". A row that could not be measured has "not measured: why" as its second
 * field and no others. tests/lib/bench.sh does the same for scripts.
 */
#ifndef TESTS_BENCH_ROW_H
#define TESTS_BENCH_ROW_H

#include <stdio.h>
#include <stdlib.h>

enum { ROW_ROUNDS_MOST = 256 };

/* Rounds of one comparison: ours and the peer's of the same moment. */
struct row {
	const char *what, *peer, *unit;
	double most, least; /* of the ratio; 0: no such limit */
	double ours[ROW_ROUNDS_MOST], theirs[ROW_ROUNDS_MOST];
	int n;
};

static inline void row_add(struct row *r, double ours, double theirs)
{
	if (r->n == ROW_ROUNDS_MOST)
		return;
	r->ours[r->n] = ours;
	r->theirs[r->n++] = theirs;
}

static inline int row_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts; the value below which that share of them lies, between two of them where it falls there. */
static inline double row_quantile(double *v, int n, double share)
{
	double at = share * (n - 1);
	int i = (int)at;

	if (n < 1)
		return 0;
	qsort(v, (size_t)n, sizeof(*v), row_compare);
	return i + 1 < n ? v[i] + (at - i) * (v[i + 1] - v[i]) : v[n - 1];
}

/* Into the table, and to standard output. The order of the rounds is lost. */
static inline void row_end(struct row *r)
{
	const char *table = getenv("BENCH_TABLE");
	FILE *f = table ? fopen(table, "ae") : NULL;
	double ratio[ROW_ROUNDS_MOST], from, to, mid, ours, theirs;
	char limit[32] = "-";
	const char *held = "-";

	for (int i = 0; i < r->n; i++)
		ratio[i] = r->theirs[i] > 0 ? r->ours[i] / r->theirs[i] : 0;
	mid = row_quantile(ratio, r->n, 0.5);
	from = row_quantile(ratio, r->n, 0.25);
	to = row_quantile(ratio, r->n, 0.75);
	ours = row_quantile(r->ours, r->n, 0.5);
	theirs = row_quantile(r->theirs, r->n, 0.5);
	if (r->most > 0 || r->least > 0) {
		snprintf(limit, sizeof(limit), "%s %g",
			 r->most > 0 ? "<=" : ">=", r->most > 0 ? r->most : r->least);
		held = (r->most > 0 ? mid <= r->most : mid >= r->least) ? "yes" : "no";
	}
	printf("  %s: %.4g %s, %s %.4g %s: ratio %.3g (middle half of %d: %.3g to %.3g)\n", r->what,
	       ours, r->unit, r->peer, theirs, r->unit, mid, r->n, from, to);
	if (!f)
		return;
	fprintf(f, "%s\t%.4g\t%s\t%.4g\t%s\t%.4g\t%.3g\t%.3g\t%s\t%s\n", r->what, ours, r->peer,
		theirs, r->unit, mid, from, to, limit, held);
	fclose(f);
}

/* A figure that was found once: ours against a peer's, or against a limit that it may be at most. */
static inline void row_once(const char *what, double ours, const char *unit, const char *peer,
			    double theirs, double most)
{
	static struct row r;

	r = (struct row){ .what = what, .peer = peer, .unit = unit, .most = most };
	row_add(&r, ours, theirs);
	row_end(&r);
}

static inline void row_missing(const char *what, const char *why)
{
	const char *table = getenv("BENCH_TABLE");
	FILE *f = table ? fopen(table, "ae") : NULL;

	printf("  %s: not measured: %s\n", what, why);
	if (!f)
		return;
	fprintf(f, "%s\tnot measured: %s\n", what, why);
	fclose(f);
}

#endif

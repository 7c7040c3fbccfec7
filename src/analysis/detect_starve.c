/* SPDX-License-Identifier: Apache-2.0 */
/* Ready to run, and not run: while processors idle, or because somebody does not let go of them. */
#include <inttypes.h>

#include "analysis/detect_impl.h"
#include "analysis/groups.h"

enum { CULPRITS = 4 };

/* Those that run for long, or sit on a processor in a system call. */
static unsigned say_culprits(struct detect *d)
{
	const struct moment *m = d->moment;
	unsigned n = 0;
	char who[SAY], time[SAY];

	for (uint32_t row = 0; row < m->n && n < CULPRITS; row++) {
		if (m->state[row] != GS_RUNNING || d->world->g.v[row].system ||
		    detect_age(d, row) < d->conf.starve / 2)
			continue;
		finding_evidence(&d->findings, "goroutine %s runs for %s without a pause",
				 say_goroutine(d, row, who), say_time(detect_age(d, row), time));
		if (!n++) { /* where it is changes, who it is does not */
			finding_key(&d->findings, entry_name(d->world, row));
			finding_member(&d->findings, d->world, m, row);
		}
	}
	return n;
}

static void say_processors(struct detect *d)
{
	const struct world *w = d->world;
	uint32_t on = 0, calls = 0;

	for (size_t i = 0; i < w->thread.n; i++) {
		const struct thread *t = &w->thread.v[i];

		on += t->state == GS_RUNNING && t->p != NO_ID;
		calls += t->state == GS_SYSCALL && t->p != NO_ID;
	}
	if (w->live.procs)
		finding_evidence(&d->findings,
				 "%" PRIu32 " processors: %" PRIu32 " run, %" PRIu32
				 " are kept by system calls, %" PRIu64 " goroutines are runnable",
				 w->live.procs, on, calls, d->moment->count[GS_RUNNABLE]);
}

static void starve_finding(struct detect *d, size_t i, size_t end, int64_t age)
{
	uint32_t row = d->keys.v[i].row, n = (uint32_t)(end - i);
	char time[SAY];

	if (!detect_finding(d, DETECT_STARVATION,
			    age >= 2 * d->conf.starve ? SEVERITY_WARNING : SEVERITY_INFO,
			    CERTAINTY_LIKELY))
		return;
	say_processors(d);
	if (!say_culprits(d))
		finding_why(&d->findings, "nobody was seen who keeps the processors: it may be the "
					  "machine or its quota");
	else
		finding_why(&d->findings, "between two looks it may have run");
	for (size_t k = i; k < end; k++)
		finding_goroutine(&d->findings, d->world, d->moment, d->keys.v[k].row);
	say_time(age, time);
	if (n == 1)
		finding_summary(&d->findings,
				"goroutine %" PRIu64 " is ready to run for %s and does not run",
				d->world->g.v[row].goid, time);
	else
		finding_summary(&d->findings,
				"%" PRIu32 " goroutines are ready to run, one for %s, and do not",
				n, time);
	finding_advice(&d->findings,
		       "let what runs yield, give the process more processors, or look at its CPU "
		       "quota (cpu.stat of its cgroup)");
	finding_done(&d->findings);
}

/* Of those in the run the longest, and what they are like stands for the group. */
static int64_t run_age(const struct detect *d, size_t i, size_t end)
{
	int64_t age = 0;

	for (; i < end; i++) {
		int64_t a = detect_age(d, d->keys.v[i].row);

		age = a > age ? a : age;
	}
	return age;
}

/* In a file: how much of its life a goroutine was ready in vain. */
static void starved_before(struct detect *d)
{
	for (uint32_t row = 0; row < d->moment->n; row++) {
		int64_t ns[SHARE_N], all;
		char a[SAY], b[SAY];

		if (d->world->g.v[row].system)
			continue;
		world_totals(d->world, row, ns);
		all = ns[SHARE_RUN] + ns[SHARE_READY];
		if (ns[SHARE_READY] < d->conf.starve || ns[SHARE_READY] < all / 2 ||
		    !detect_finding(d, DETECT_STARVATION, SEVERITY_INFO, CERTAINTY_RECHECK))
			continue;
		finding_goroutine(&d->findings, d->world, d->moment, row);
		finding_summary(&d->findings,
				"goroutine %" PRIu64 " was ready in vain for %s, and ran for %s",
				d->world->g.v[row].goid, say_time(ns[SHARE_READY], a),
				say_time(ns[SHARE_RUN], b));
		finding_why(&d->findings, "a sum over its whole life: it may have been many short "
					  "waits of a busy program");
		finding_advice(&d->findings, "see in the timeline who ran meanwhile");
		finding_done(&d->findings);
	}
}

enum { QUOTA_SPAN_MS = 1500, QUOTA_PERIODS = 5, QUOTA_INFO = 10, QUOTA_WARNING = 40 };

/* In how many of the last periods the quota was used up before their end. */
static unsigned throttled(struct detect *d)
{
	const struct quota *now = &d->world->quota;
	struct quota *was = &d->quota;

	if (!now->milli)
		return 0;
	if (!was->milli || now->periods < was->periods) {
		*was = *now;
		d->throttled_pct = 0;
	} else if (now->time - was->time >= QUOTA_SPAN_MS * 1000000LL) {
		uint64_t periods = now->periods - was->periods;

		d->throttled_pct =
			periods < QUOTA_PERIODS
				? 0
				: (unsigned)((now->throttled - was->throttled) * 100 / periods);
		*was = *now;
	}
	return d->throttled_pct;
}

/* The kernel's own account: who runs when it does is named, and what else would. */
static void quota_finding(struct detect *d, unsigned pct)
{
	const struct moment *m = d->moment;
	double quota = (double)d->world->quota.milli / 1000;
	bool placed = false;

	if (!detect_finding(d, DETECT_STARVATION,
			    pct >= QUOTA_WARNING ? SEVERITY_WARNING : SEVERITY_INFO,
			    CERTAINTY_PROVEN))
		return;
	finding_key(&d->findings, "quota");
	for (uint32_t row = 0; row < m->n; row++)
		if ((m->state[row] == GS_RUNNING || m->state[row] == GS_RUNNABLE) &&
		    !d->world->g.v[row].system) {
			if (!placed)
				finding_lasting_place(&d->findings, d->world, m, row);
			placed = true;
			finding_member(&d->findings, d->world, m, row);
		}
	finding_summary(&d->findings,
			"its CPU quota of %.3g processors is used up in %u %% of the time slices",
			quota, pct);
	finding_evidence(&d->findings,
			 "cpu.stat of its cgroup: %" PRIu64 " of %" PRIu64
			 " periods were throttled so far",
			 d->world->quota.throttled, d->world->quota.periods);
	if (d->world->live.procs)
		finding_evidence(&d->findings, "GOMAXPROCS is %" PRIu32 ", the quota %.3g",
				 d->world->live.procs, quota);
	finding_since(&d->findings, d->findings.time);
	finding_advice(&d->findings, d->world->live.procs > quota + 0.5
					     ? "set GOMAXPROCS to the quota, or raise the quota"
					     : "raise the quota, or find in the list what runs");
	finding_done(&d->findings);
}

void detect_starvation(struct detect *d)
{
	const struct moment *m = d->moment;
	unsigned pct = throttled(d);

	if (pct >= QUOTA_INFO)
		quota_finding(d, pct);
	if (d->world->live.state > LIVE_RUNS)
		return;
	d->keys.n = 0;
	for (uint32_t row = 0; row < m->n; row++)
		if (m->state[row] == GS_RUNNABLE && !d->world->g.v[row].system &&
		    detect_age(d, row) >= d->conf.starve)
			*vec_push(&d->keys) = (struct likeness){ row_likeness(d, row), row };
	keys_sort(d);
	for (size_t i = 0, end; i < d->keys.n; i = end) {
		end = keys_run(d, i);
		starve_finding(d, i, end, run_age(d, i, end));
	}
	if (!d->world->live.pid)
		starved_before(d);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The governor against a simulated program whose rates are known at each millisecond. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/governor.h"

#define MS 1000000ll
#define SECOND 1000000000ll

enum { MINUTES = 20, LONGEST = MINUTES * 60000 };

/* Hits a second that group's functions make at the time of t ms. */
typedef double rate_fn(unsigned group, int t);

struct sim {
	struct governor gov;
	rate_fn *rate;
	double cpu; /* processors that the program uses by itself */
	int tick_least, tick_most; /* ms between ticks whatever the governor says; 0: as it says */
	uint32_t random;
	/* what is so far */
	int t; /* ms */
	double cpu_ns, hits[GOV_GROUPS];
	bool live[GOV_GROUPS], full[GOV_GROUPS];
	int done_at[GOV_GROUPS]; /* 0: nothing is being done */
	bool fails[GOV_GROUPS];
	uint64_t attaches[GOV_GROUPS];
	double cost[LONGEST]; /* ns, of each ms */
	double most_attaches; /* within a minute */
	int attach_at[4096];
	unsigned n_attach;
	int storm_since[GOV_GROUPS]; /* on and alone over the budget; 0: not */
	int slowest_cut; /* ms */
};

static struct sim sim;

static void sim_begin(rate_fn *rate, double budget, unsigned groups, double cost_ns)
{
	static const char *const name[] = { "create", "lock", "park" };
	struct gov_conf conf = gov_conf_default();

	memset(&sim, 0, sizeof(sim));
	conf.budget = budget;
	governor_init(&sim.gov, &conf);
	/* The wrong way round: priorities sort them. */
	for (unsigned i = groups; i--;)
		assert_true(governor_add(&sim.gov,
					 &(struct gov_group_conf){ .name = name[i],
								   .priority = (int)i,
								   .cost_ns = cost_ns,
								   .attach_ns = 12 * MS,
								   .detach_ns = 40 * MS }) >= 0);
	sim.rate = rate;
	sim.cpu = 1;
	sim.random = 1;
}

static unsigned random_below(unsigned n)
{
	sim.random = sim.random * 1664525 + 1013904223;
	return (sim.random >> 8) % n;
}

/* Breakpoints are set when attaching ends, and gone when detaching begins. */
static void sim_do(unsigned i, enum gov_action a)
{
	if (a == GOV_KEEP)
		return;
	assert_int_equal(sim.done_at[i], 0);
	assert_int_equal(sim.gov.group[i].attached && a == GOV_ATTACH_COUNT, 0);
	sim.done_at[i] = sim.t + (a == GOV_DETACH ? 40 : 12);
	if (a == GOV_DETACH) {
		assert_true(sim.live[i]);
		sim.live[i] = false;
		return;
	}
	sim.attaches[i]++;
	sim.attach_at[sim.n_attach++ % 4096] = sim.t;
	sim.full[i] = a == GOV_ATTACH_FULL;
}

static void sim_finish(unsigned i)
{
	struct gov_group *g = &sim.gov.group[i];
	bool attach = g->doing != GOV_DETACH;

	if (!sim.done_at[i] || sim.t < sim.done_at[i])
		return;
	sim.done_at[i] = 0;
	if (attach) {
		sim.live[i] = !sim.fails[i];
		sim.hits[i] = 0;
	}
	governor_done(&sim.gov, i, sim.t * MS, !attach || !sim.fails[i], "no such file");
}

static void sim_millisecond(void)
{
	sim.cpu_ns += sim.cpu * (double)MS;
	for (unsigned i = 0; i < sim.gov.n; i++) {
		struct gov_group *g = &sim.gov.group[i];
		double ns, hits = sim.rate(i, sim.t) / 1000;

		ns = sim.live[i] ? hits * g->conf.cost_ns : 0;
		sim.hits[i] += sim.live[i] ? hits : 0;
		sim.cost[sim.t] += ns;
		sim.cpu_ns += ns;
		sim_finish(i);
	}
}

static double budget_ns(void)
{
	return fmax(sim.cpu * sim.gov.conf.budget, sim.gov.conf.least) * (double)SECOND;
}

/* How long a group stays on that alone costs twice the budget. */
static void watch_storms(void)
{
	for (unsigned i = 0; i < sim.gov.n; i++) {
		const struct gov_group *g = &sim.gov.group[i];

		if (!sim.live[i] || sim.rate(i, sim.t) * g->conf.cost_ns < 2 * budget_ns()) {
			sim.storm_since[i] = 0;
			continue;
		}
		if (!sim.storm_since[i])
			sim.storm_since[i] = sim.t;
		if (sim.t - sim.storm_since[i] > sim.slowest_cut)
			sim.slowest_cut = sim.t - sim.storm_since[i];
	}
}

static void watch_attaches(void)
{
	double n = 0;

	for (unsigned k = 0; k < sim.n_attach && k < 4096; k++)
		n += sim.t - sim.attach_at[k] < 60000;
	if (n > sim.most_attaches)
		sim.most_attaches = n;
}

static void check_texts(void)
{
	for (unsigned i = 0; i < sim.gov.n; i++) {
		assert_true(sim.gov.group[i].reason[0]);
		assert_true(isfinite(sim.gov.group[i].rate));
		assert_in_range(sim.gov.group[i].share * 1e6, 0, 1000000);
	}
}

static void sim_run(int until)
{
	struct gov_plan plan;
	int next = sim.t;

	assert_true(until <= LONGEST);
	for (; sim.t < until; sim.t++) {
		uint64_t hits[GOV_GROUPS];

		sim_millisecond();
		watch_storms();
		if (sim.t < next)
			continue;
		for (unsigned i = 0; i < GOV_GROUPS; i++)
			hits[i] = sim.live[i] || sim.gov.group[i].attached ? (uint64_t)sim.hits[i]
									   : 0;
		governor_tick(&sim.gov, sim.t * MS, hits, (uint64_t)sim.cpu_ns, &plan);
		assert_true(plan.next_ns > sim.t * MS && plan.next_ns <= sim.t * MS + SECOND);
		for (unsigned i = 0; i < sim.gov.n; i++)
			sim_do(i, plan.act[i]);
		next = (int)((plan.next_ns + MS - 1) / MS);
		if (sim.tick_most)
			next = sim.t + sim.tick_least +
			       (int)random_below((unsigned)(sim.tick_most - sim.tick_least + 1));
		watch_attaches();
		check_texts();
	}
}

/* The dearest second from the time from on. */
static double worst_second(int from)
{
	double sum = 0, worst = 0;

	for (int t = from; t < sim.t; t++) {
		sum += sim.cost[t] - (t - 1000 >= from ? sim.cost[t - 1000] : 0);
		worst = fmax(worst, sum);
	}
	return worst;
}

static double total(int from, int to)
{
	double sum = 0;

	for (int t = from; t < to; t++)
		sum += sim.cost[t];
	return sum;
}

static double low(unsigned group, int t)
{
	(void)t;
	return 1000 + group;
}

static void test_quiet(void **state)
{
	(void)state;
	sim_begin(low, 0.01, 1, 1200);
	sim_run(60000);
	assert_int_equal(sim.gov.group[0].state, GOV_ON);
	assert_int_equal(sim.gov.group[0].cuts, 0);
	assert_int_equal(sim.attaches[0], 2);
	assert_true(sim.full[0]);
	assert_true(worst_second(0) <= budget_ns());
	/* Not before the program's CPU time is known. */
	assert_true(sim.attach_at[0] >= 100);
	assert_in_range(sim.gov.group[0].rate, 975, 1025);
	assert_true(fabs(governor_cost(&sim.gov) - 0.0012) < 0.0001);
	/* It was on from the first quarter of a second. */
	assert_true(total(250, 1250) > 0.99 * 1000 * 1200);
}

static double storm(unsigned group, int t)
{
	(void)group;
	(void)t;
	return 1.7e6;
}

static void test_storm(void **state)
{
	(void)state;
	sim_begin(storm, 0.01, 1, 600);
	sim_run(300000);
	assert_true(sim.gov.group[0].state == GOV_CUT || sim.gov.group[0].state == GOV_WINDOW);
	/* The first window, of at most 20 ms; then the budget, with all that attaching costs. */
	assert_true(total(0, 1000) <= 16.0 * 1.7e3 * 600);
	assert_true(worst_second(1000) <= budget_ns());
	assert_true(total(1000, sim.t) + (double)sim.attaches[0] * 52 * MS <=
		    budget_ns() * (sim.t / 1000.0) * 1.1);
	assert_true(sim.attaches[0] > 10);
	assert_true(sim.most_attaches <= 30);
	assert_true(sim.gov.group[0].share > 0 && sim.gov.group[0].share < 0.01);
	assert_true(fabs(sim.gov.group[0].rate / 1.7e6 - 1) < 0.2);
	assert_non_null(strstr(sim.gov.group[0].reason, "windows"));
	/* A tenth of the budget: the shortest windows. */
	sim_begin(storm, 0.01, 1, 600);
	sim.cpu = 0.1;
	sim_run(300000);
	assert_true(worst_second(1000) <= 3 * budget_ns());
	assert_true(sim.attaches[0] >= 2 && sim.attaches[0] <= 8);
}

/* 0.9, 0.66, 0.42 and 0.9 times the budget. */
static double stairs(unsigned group, int t)
{
	(void)group;
	return t < 20000 ? 7500 : t < 60000 ? 5500 : t < 100000 ? 3500 : 7500;
}

static void test_hysteresis(void **state)
{
	(void)state;
	sim_begin(stairs, 0.01, 1, 1200);
	sim_run(20000);
	assert_true(sim.attaches[0] >= 2 && total(0, sim.t) < 0.2 * budget_ns() * 20);
	sim_run(60000);
	assert_true(total(20000, sim.t) < 0.2 * budget_ns() * 40);
	sim_run(100000);
	assert_int_equal(sim.gov.group[0].state, GOV_ON);
	sim_run(160000);
	assert_int_equal(sim.gov.group[0].state, GOV_ON);
	assert_int_equal(sim.gov.group[0].cuts, 0);
	assert_true(worst_second(0) <= budget_ns());
}

static double burst(unsigned group, int t)
{
	(void)group;
	return t >= 10000 && t < 10300 ? 1e6 : 500;
}

static void test_burst(void **state)
{
	(void)state;
	sim_begin(burst, 0.01, 1, 1200);
	sim_run(60000);
	assert_int_equal(sim.gov.group[0].cuts, 1);
	assert_int_equal(sim.gov.group[0].state, GOV_ON);
	assert_int_equal(sim.attaches[0], 4); /* to count, to stay, two windows */
	assert_true(sim.slowest_cut <= 25);
	/* One window: what comes in before a tick sees it. */
	assert_true(worst_second(0) <= budget_ns() + 20 * 1e3 * 1200);
	/* Two calm windows, and it is back within half a minute. */
	assert_true(total(40000, 60000) > 0.99 * 20 * 500 * 1200);
}

static double ramp(unsigned group, int t)
{
	(void)group;
	return t;
}

static void test_ramp(void **state)
{
	(void)state;
	sim_begin(ramp, 0.01, 1, 1200);
	sim_run(120000);
	assert_int_equal(sim.gov.group[0].cuts, 1);
	assert_true(worst_second(0) <= 1.02 * budget_ns());
	/* 8,333/s is what fits. */
	assert_true(total(7000, 7800) > 0.99 * 0.8 * 7000 * 1200);
	assert_int_not_equal(sim.gov.group[0].state, GOV_ON);
}

static int period;
static double swing(unsigned group, int t)
{
	(void)group;
	return t / (period / 2) & 1 ? 3e5 : 200;
}

static void test_swing(void **state)
{
	static const int periods[] = { 50, 100, 300, 1000, 3000, 10000 };

	(void)state;
	for (unsigned k = 0; k < sizeof(periods) / sizeof(periods[0]); k++) {
		period = periods[k];
		for (int jitter = 0; jitter < 2; jitter++) {
			sim_begin(swing, 0.01, 1, 1200);
			sim.tick_least = jitter ? 10 : 0;
			sim.tick_most = jitter ? 50 : 0;
			sim_run(600000);
			assert_true(worst_second(1000) <=
				    budget_ns() + (jitter ? 70 : 25) * 3e2 * 1200);
			assert_true(sim.most_attaches <= 30);
			assert_true(sim.slowest_cut <= 100);
			/* All in all it keeps to the budget. */
			assert_true(total(0, sim.t) < budget_ns() * sim.t / 1000);
			/* In the last minutes it is no longer turned on and cut all the time. */
			assert_true(sim.gov.group[0].cuts < 30);
		}
	}
}

static void test_limits(void **state)
{
	(void)state;
	sim_begin(low, 0, 2, 1200);
	sim_run(10000);
	assert_int_equal(sim.n_attach, 0);
	assert_string_equal(sim.gov.group[0].reason, "the budget is 0");
	for (unsigned k = 0; k < 2; k++) {
		sim_begin(storm, k ? 1e9 : (double)INFINITY, 2, 600);
		sim_run(20000);
		assert_int_equal(sim.gov.group[0].state, GOV_ON);
		assert_int_equal(sim.gov.group[1].state, GOV_ON);
		assert_int_equal(sim.n_attach, 4);
	}
	sim_begin(low, NAN, 1, 1200);
	sim_run(1000);
	assert_int_equal(sim.n_attach, 0);
	sim_begin(low, 0.01, 1, NAN);
	sim_run(1000);
	assert_int_equal(sim.gov.group[0].state, GOV_ON);
}

/* A program that idles still has a thousandth of a processor; one with ten has ten times as much. */
static void test_cpu(void **state)
{
	(void)state;
	sim_begin(low, 0.01, 1, 1200);
	sim.cpu = 0;
	sim_run(60000);
	assert_int_not_equal(sim.gov.group[0].state, GOV_ON);
	assert_true(worst_second(1000) <= budget_ns());
	/* Attaching and detaching, 52 ms, is paid for: a minute's budget. */
	assert_true(sim.attaches[0] <= 2);
	sim_begin(low, 0.01, 1, 500);
	sim.cpu = 0;
	sim_run(60000);
	assert_int_equal(sim.gov.group[0].state, GOV_ON);
	sim_begin(low, 0.01, 1, 50000);
	sim.cpu = 10;
	sim_run(60000);
	assert_int_equal(sim.gov.group[0].state, GOV_ON);
	assert_true(worst_second(0) <= budget_ns());
	/* What hits cost is not the program's own. */
	assert_true(fabs(sim.gov.cpu_rate / (double)SECOND - 10) < 0.02);
}

/* The counter starts anew, wraps around; the clock stands still, or goes back. */
static void test_counters(void **state)
{
	struct gov_group *g = &sim.gov.group[0];
	uint64_t hits[GOV_GROUPS] = { 0 };
	struct gov_plan plan;
	double before;

	(void)state;
	sim_begin(low, 0.01, 1, 1200);
	sim_run(5000);
	assert_int_equal(g->state, GOV_ON);
	before = g->hits;
	g->last_hits = UINT64_MAX - 4;
	hits[0] = 15;
	governor_tick(&sim.gov, sim.t * MS, hits, (uint64_t)sim.cpu_ns, &plan);
	assert_int_equal(g->hits - before, 20);
	hits[0] = 7;
	governor_tick(&sim.gov, sim.t * MS + 1, hits, (uint64_t)sim.cpu_ns, &plan);
	assert_int_equal(g->hits - before, 27);
	for (int i = 0; i < 1000; i++) {
		governor_tick(&sim.gov, i & 1 ? sim.t * MS : 0, hits, (uint64_t)sim.cpu_ns, &plan);
		assert_int_equal(plan.act[0], GOV_KEEP);
		assert_true(plan.next_ns > sim.t * MS);
	}
	assert_int_equal(g->state, GOV_ON);
	/* Standing still does not hide a storm. */
	hits[0] = 1000000;
	governor_tick(&sim.gov, sim.t * MS, hits, (uint64_t)sim.cpu_ns, &plan);
	assert_int_equal(plan.act[0], GOV_DETACH);
	/* A leap forward. */
	governor_done(&sim.gov, 0, sim.t * MS, true, NULL);
	governor_tick(&sim.gov, INT64_MAX / 2, hits, (uint64_t)sim.cpu_ns, &plan);
	assert_true(isfinite(governor_cost(&sim.gov)));
}

static double three(unsigned group, int t)
{
	if (group == 0)
		return t < 30000 ? 500 : 6000;
	return group == 1 ? 2000 : 20000;
}

static void test_priority(void **state)
{
	const struct gov_group *g = sim.gov.group;

	(void)state;
	sim_begin(three, 0.01, 3, 1200);
	assert_string_equal(g[0].conf.name, "create");
	assert_string_equal(g[2].conf.name, "park");
	sim_run(29000);
	assert_int_equal(g[0].state, GOV_ON);
	assert_int_equal(g[1].state, GOV_ON);
	assert_int_equal(g[2].cuts, 0);
	assert_true(g[2].attaches > 2 && g[2].state != GOV_ON);
	/* 6,000 and 2,000 are near to too much: lock gives way, create stays. */
	sim_run(60000);
	assert_int_equal(g[0].state, GOV_ON);
	assert_int_equal(g[0].cuts, 0);
	assert_int_not_equal(g[1].state, GOV_ON);
	assert_true(worst_second(1000) <= 1.25 * budget_ns());
}

static double turns(unsigned group, int t)
{
	static const double rates[] = { 0, 50, 400, 3000, 20000, 150000, 1e6 };
	uint32_t x = (uint32_t)(t / (100 << group * 2)) * 2654435761u + group * 97;

	return rates[(x >> 13) % 7];
}

static void test_anything(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed < 6; seed++) {
		sim_begin(turns, 0.01, 3, 1200);
		sim.random = seed;
		sim.cpu = seed;
		sim.tick_least = 10;
		sim.tick_most = 50;
		sim_run(600000);
		assert_true(sim.most_attaches <= 90);
		/* What is just over twice the budget has used it up after half a second. */
		assert_true(sim.slowest_cut <= 550);
		assert_true(total(0, sim.t) < budget_ns() * sim.t / 1000);
		assert_true(worst_second(0) <= budget_ns() + 3 * 70 * 1e3 * 1200);
	}
}

/* What hits while a probe is being taken away is paid for as well: the next window is later. */
static void test_late_hits(void **state)
{
	int64_t again;

	(void)state;
	sim_begin(storm, 0.01, 1, 600);
	sim_run(60000);
	while (sim.gov.group[0].state != GOV_CUT || sim.done_at[0])
		sim_run(sim.t + 1);
	again = sim.gov.group[0].again;
	governor_charge(&sim.gov, 0,
			10000); /* 6 ms, of 10 ms a second, half of which is for windows */
	assert_true(sim.gov.group[0].again - again > 1000 * MS);
	assert_true(sim.gov.group[0].again - again < 1500 * MS);
	governor_charge(&sim.gov, 0, 0);
	governor_charge(&sim.gov, 0, UINT64_MAX);
	assert_true(sim.gov.group[0].again > again);
}

static void test_failure(void **state)
{
	(void)state;
	sim_begin(low, 0.01, 2, 1200);
	sim.fails[0] = true;
	sim_run(10000);
	assert_int_equal(sim.gov.group[0].state, GOV_OFF);
	assert_string_equal(sim.gov.group[0].reason, "no such file");
	assert_int_equal(sim.attaches[0], 1);
	assert_int_equal(sim.gov.group[1].state, GOV_ON);
	assert_string_equal(gov_state_name(GOV_WINDOW), "window");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quiet),	   cmocka_unit_test(test_storm),
		cmocka_unit_test(test_burst),	   cmocka_unit_test(test_ramp),
		cmocka_unit_test(test_swing),	   cmocka_unit_test(test_limits),
		cmocka_unit_test(test_cpu),	   cmocka_unit_test(test_counters),
		cmocka_unit_test(test_priority),   cmocka_unit_test(test_anything),
		cmocka_unit_test(test_late_hits),  cmocka_unit_test(test_failure),
		cmocka_unit_test(test_hysteresis),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf/governor.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MS 1000000ll
#define SECOND 1000000000ll

enum {
	SECOND_BUCKETS = SECOND / GOV_BUCKET_NS + 1, /* the one that is open as well */
	CALM = 2, /* windows that have to fit before a group that was cut stays */
};

static const int64_t warm_up = 100 * MS; /* until the program's CPU time is known */
static const int64_t shortest = 1 * MS; /* window */
static const int64_t back_off_least = SECOND;
static const int64_t back_off_window = 8 * SECOND; /* at most, while a storm goes on */
static const int64_t back_off_most = 60 * SECOND; /* where it comes and goes */
static const int64_t steady = 60 * SECOND; /* on for so long: earlier cuts are forgotten */
static const int64_t hopeless = 600 * SECOND; /* between two windows */
static const double fits_first = 0.8, fits_again = 0.5;
static const double pays =
	2; /* times what a window cost: half of the budget at most goes into windows */

static double max(double a, double b)
{
	return a > b ? a : b;
}

static double min(double a, double b)
{
	return a < b ? a : b;
}

struct gov_conf gov_conf_default(void)
{
	return (struct gov_conf){
		.budget = 0.01, .least = 0.001, .window_ns = 20 * MS, .attaches_a_minute = 30
	};
}

static double sane(double v, double most)
{
	return isfinite(v) ? min(max(v, 0), most) : v > 0 ? most : 0;
}

void governor_init(struct governor *gov, const struct gov_conf *conf)
{
	memset(gov, 0, sizeof(*gov));
	gov->conf = *conf;
	gov->conf.budget = sane(conf->budget, 1e3);
	gov->conf.least = sane(conf->least, 1e3);
	if (gov->conf.window_ns < shortest)
		gov->conf.window_ns = shortest;
	if (gov->conf.attaches_a_minute > GOV_ATTACHES)
		gov->conf.attaches_a_minute = GOV_ATTACHES;
	if (gov->conf.attaches_a_minute < 2)
		gov->conf.attaches_a_minute = 2;
}

__attribute__((format(printf, 2, 3))) static void say(struct gov_group *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(g->reason, sizeof(g->reason), fmt, ap);
	va_end(ap);
}

int governor_add(struct governor *gov, const struct gov_group_conf *conf)
{
	unsigned i = gov->n;

	if (gov->n == GOV_GROUPS)
		return -1;
	for (; i && gov->group[i - 1].conf.priority > conf->priority; i--)
		gov->group[i] = gov->group[i - 1];
	gov->group[i] = (struct gov_group){ .conf = *conf, .back_off = back_off_least };
	for (unsigned k = 0; k < GOV_ATTACHES; k++)
		gov->group[i].attach_at[k] = INT64_MIN;
	governor_set_cost(gov, i, conf->cost_ns);
	say(&gov->group[i], "not looked at yet");
	gov->n++;
	return (int)i;
}

void governor_set_cost(struct governor *gov, unsigned i, double cost_ns)
{
	gov->group[i].conf.cost_ns = sane(cost_ns, 1e9);
}

const char *gov_state_name(enum gov_state s)
{
	static const char *const name[] = { "off", "counting", "on", "window", "cut" };

	return (unsigned)s < sizeof(name) / sizeof(name[0]) ? name[s] : "";
}

static double sum_second(const struct governor *gov, const double *bucket)
{
	double sum = 0;

	for (int64_t i = 0; i < SECOND_BUCKETS; i++)
		sum += bucket[(uint64_t)(gov->bucket_id - i) % GOV_BUCKETS];
	return sum;
}

/* ns that groups that are on cost in the last second: the first n of them. */
static double on_second(const struct governor *gov, unsigned n)
{
	double sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += sum_second(gov, gov->group[i].bucket);
	return sum;
}

double governor_cost(const struct governor *gov)
{
	return (on_second(gov, gov->n) + sum_second(gov, gov->bucket)) / (double)SECOND;
}

static void advance_buckets(struct governor *gov)
{
	int64_t id = gov->now / GOV_BUCKET_NS, from = gov->bucket_id + 1;

	if (id - from >= GOV_BUCKETS)
		from = id - GOV_BUCKETS + 1;
	for (int64_t k = from; k <= id; k++) {
		unsigned at = (unsigned)((uint64_t)k % GOV_BUCKETS);

		gov->bucket[at] = 0;
		for (unsigned i = 0; i < gov->n; i++)
			gov->group[i].bucket[at] = 0;
	}
	gov->bucket_id = id;
}

static void advance_clock(struct governor *gov, int64_t now)
{
	if (!gov->begun) {
		gov->begun = true;
		gov->start = gov->now = now;
		gov->bucket_id = now / GOV_BUCKET_NS;
	}
	gov->step = now > gov->now ? now - gov->now : 0;
	gov->now += gov->step;
	advance_buckets(gov);
}

/* Since the last tick. A counter below what it was has begun anew, unless it wrapped around. */
static uint64_t hits_since(const struct gov_group *g, uint64_t hits)
{
	uint64_t d = hits - g->last_hits;

	return hits < g->last_hits && d > UINT64_MAX / 2 ? hits : d;
}

static void charge(struct governor *gov, struct gov_group *g, uint64_t hits)
{
	uint64_t d = hits_since(g, hits);
	double ns = (double)d * g->conf.cost_ns, step = (double)gov->step;
	unsigned at = (unsigned)((uint64_t)gov->bucket_id % GOV_BUCKETS);

	g->last_hits = hits;
	g->hits += (double)d;
	g->spent += ns;
	gov->charged += ns;
	(g->state == GOV_ON ? g->bucket : gov->bucket)[at] += ns;
	if (gov->step > 0)
		g->recent += (ns / step * (double)SECOND - g->recent) * step /
			     (step + 50.0 * (double)MS);
}

/* The program's own CPU time: what hits cost is in it and is taken out. */
static void learn_cpu(struct governor *gov, uint64_t cpu_ns)
{
	double used = cpu_ns > gov->cpu ? (double)(cpu_ns - gov->cpu) : 0;
	double step = (double)gov->step, tau = (double)SECOND, rate;

	if (!gov->cpu || !gov->step) {
		gov->cpu = gov->cpu ? gov->cpu : cpu_ns;
		return;
	}
	rate = max(used - gov->charged, 0) / step * (double)SECOND;
	gov->cpu = cpu_ns > gov->cpu ? cpu_ns : gov->cpu;
	gov->charged = 0;
	/* At first a mean of all there is. */
	tau = min(tau, (double)(gov->now - gov->start) - step);
	gov->cpu_rate += (rate - gov->cpu_rate) * step / (step + max(tau, 0));
}

static void set_budget(struct governor *gov)
{
	gov->ns_a_second = gov->conf.budget > 0 ? max(gov->conf.budget * gov->cpu_rate,
						      gov->conf.least * (double)SECOND)
						: 0;
}

static double change_cost(const struct gov_group *g)
{
	return (double)g->conf.attach_ns + (double)g->conf.detach_ns;
}

static void act(struct governor *gov, unsigned i, enum gov_action a, struct gov_plan *plan)
{
	struct gov_group *g = &gov->group[i];

	plan->act[i] = a;
	g->doing = a;
	g->told_at = gov->now;
	if (a == GOV_DETACH)
		return;
	g->attach_at[g->attaches++ % gov->conf.attaches_a_minute] = gov->now;
}

/* Two at once are left: from counting to being on. */
static bool may_attach(const struct governor *gov, const struct gov_group *g)
{
	for (unsigned k = 0; k < 2; k++) {
		int64_t at = g->attach_at[(g->attaches + k) % gov->conf.attaches_a_minute];

		if (at != INT64_MIN && gov->now - at < 60 * SECOND)
			return false;
	}
	return true;
}

/*
 * Detaches and says when to look again: once the budget has paid for what the
 * window cost and for the change, but not before the back-off is over.
 */
static void leave(struct governor *gov, unsigned i, struct gov_plan *plan)
{
	struct gov_group *g = &gov->group[i];
	double pay = pays * (g->spent + change_cost(g)) / gov->ns_a_second * (double)SECOND;
	double length = (double)(gov->now - g->began);

	g->state = GOV_CUT;
	g->again = gov->now + (int64_t)max(min(pay, 1e15), (double)g->back_off);
	g->share = length / (length + (double)(g->again - gov->now));
	act(gov, i, GOV_DETACH, plan);
}

static void say_hot(struct governor *gov, struct gov_group *g)
{
	double cost = g->rate * g->conf.cost_ns / (double)SECOND;
	double wait = (double)(g->again - gov->now) / (double)SECOND;

	if (g->again - gov->now > hopeless) {
		g->state = GOV_OFF;
		say(g, "attaching alone costs more than the budget");
		return;
	}
	say(g,
	    "%.0f/s%s would cost %.3g %% of a processor, the budget is %.2g %%: windows, next in "
	    "%.1f s",
	    g->rate, g->conf.among ? g->conf.among : "", 100 * cost,
	    100 * gov->ns_a_second / (double)SECOND, wait);
}

static void say_on(struct gov_group *g)
{
	say(g, "%.0f/s cost %.2g %% of a processor", g->rate,
	    100 * g->rate * g->conf.cost_ns / (double)SECOND);
}

static void turn_on(struct governor *gov, unsigned i, struct gov_plan *plan)
{
	struct gov_group *g = &gov->group[i];

	/* A window has it attached in full already. */
	if (g->state == GOV_COUNTING)
		act(gov, i, GOV_ATTACH_FULL, plan);
	g->state = GOV_ON;
	g->began = gov->now;
	g->calm = 0;
	g->share = 1;
	say_on(g);
}

static void refresh(const struct governor *gov, struct gov_group *g)
{
	double seconds = 1 + (double)(gov->now % GOV_BUCKET_NS) / (double)SECOND;

	if (g->state != GOV_ON || gov->now - g->began < 2 * SECOND || g->conf.cost_ns <= 0)
		return;
	g->rate = sum_second(gov, g->bucket) / g->conf.cost_ns / seconds;
	say_on(g);
}

/* The window is over: stay, or come again. */
static void judge(struct governor *gov, unsigned i, struct gov_plan *plan)
{
	struct gov_group *g = &gov->group[i];
	bool first = g->state == GOV_COUNTING;
	double length = (double)(gov->now - g->began);
	double cost, left = gov->ns_a_second - on_second(gov, i);

	g->rate = g->hits / length * (double)SECOND;
	cost = g->rate * g->conf.cost_ns;
	g->recent = cost;
	if (cost > left * (first ? fits_first : fits_again)) {
		g->calm = 0;
		leave(gov, i, plan);
		say_hot(gov, g);
		if (g->back_off < back_off_window)
			g->back_off *= 2;
		return;
	}
	if (first || ++g->calm >= CALM) {
		turn_on(gov, i, plan);
		return;
	}
	leave(gov, i, plan);
	say(g, "calm at %.0f/s: one more window", g->rate);
}

static bool is_probing(const struct gov_group *g)
{
	return g->state == GOV_COUNTING || g->state == GOV_WINDOW;
}

static void end_windows(struct governor *gov, struct gov_plan *plan)
{
	for (unsigned i = 0; i < gov->n; i++) {
		struct gov_group *g = &gov->group[i];

		if (!is_probing(g) || g->doing != GOV_KEEP || gov->now <= g->began)
			continue;
		if (gov->now - g->began >= g->length || g->spent > g->plan)
			judge(gov, i, plan);
	}
}

static void cut(struct governor *gov, unsigned i, double cost, struct gov_plan *plan)
{
	struct gov_group *g = &gov->group[i];

	if (gov->now - g->began > steady)
		g->back_off = back_off_least;
	else if (g->back_off < back_off_most)
		g->back_off = g->back_off * 2 < back_off_most ? g->back_off * 2 : back_off_most;
	g->rate = g->conf.cost_ns > 0 ? cost / g->conf.cost_ns : 0;
	g->calm = 0;
	g->cuts++;
	/* What it cost while it was on has been paid for but for the last second. */
	g->spent = sum_second(gov, g->bucket);
	leave(gov, i, plan);
	say_hot(gov, g);
}

/* Groups that are on and together cost too much: those that do not fit go, by priority. */
static void cut_storms(struct governor *gov, struct gov_plan *plan)
{
	double in_windows = min(sum_second(gov, gov->bucket), gov->ns_a_second / 2);
	double left = gov->ns_a_second - in_windows;
	double step = min((double)gov->step, 50.0 * (double)MS) / (double)SECOND;
	double soon = on_second(gov, gov->n), kept = 0;

	for (unsigned i = 0; i < gov->n; i++)
		soon += gov->group[i].state == GOV_ON ? gov->group[i].recent * step : 0;
	if (soon <= left)
		return;
	for (unsigned i = 0; i < gov->n; i++) {
		struct gov_group *g = &gov->group[i];
		double cost = max(sum_second(gov, g->bucket), g->recent);

		if (g->state != GOV_ON || g->doing != GOV_KEEP)
			continue;
		if (cost > 0 && kept + cost * (1 + step) > left)
			cut(gov, i, cost, plan);
		else
			kept += cost;
	}
}

/* ns of cost that a window may make now. */
static double window_room(const struct governor *gov)
{
	double b = gov->ns_a_second;
	double left = max(b / 10, 0.9 * b - on_second(gov, gov->n));

	return min(left, b / 2) - sum_second(gov, gov->bucket);
}

static void open_window(struct governor *gov, unsigned i, struct gov_plan *plan)
{
	struct gov_group *g = &gov->group[i];
	double cost = g->rate * g->conf.cost_ns / (double)SECOND, length;
	bool first = g->state == GOV_OFF;

	length = (double)gov->conf.window_ns;
	if (!first && cost > 0)
		length = min(length, window_room(gov) / cost);
	g->length = (int64_t)max(length, (double)shortest);
	/* What is not known yet may take as much as the whole second has. */
	g->plan = first ? gov->ns_a_second : max(window_room(gov), 0);
	g->hits = g->spent = 0;
	g->state = first ? GOV_COUNTING : GOV_WINDOW;
	act(gov, i, first ? GOV_ATTACH_COUNT : GOV_ATTACH_FULL, plan);
	if (first)
		say(g, "counting for %.0f ms", (double)g->length / (double)MS);
}

/* One at a time, so that no second has more than one window of unknown cost. */
static void look_again(struct governor *gov, struct gov_plan *plan)
{
	for (unsigned i = 0; i < gov->n; i++)
		if (is_probing(&gov->group[i]) || gov->group[i].doing != GOV_KEEP)
			return;
	if (gov->now - gov->start < warm_up || window_room(gov) <= 0)
		return;
	for (unsigned i = 0; i < gov->n; i++) {
		struct gov_group *g = &gov->group[i];

		if ((g->state != GOV_OFF && g->state != GOV_CUT) || g->failed ||
		    gov->now < g->again || !may_attach(gov, g))
			continue;
		open_window(gov, i, plan);
		return;
	}
}

static void all_off(struct governor *gov, struct gov_plan *plan)
{
	for (unsigned i = 0; i < gov->n; i++) {
		struct gov_group *g = &gov->group[i];

		if (g->attached && g->doing == GOV_KEEP)
			act(gov, i, GOV_DETACH, plan);
		g->state = GOV_OFF;
		g->share = 0;
		if (!g->failed)
			say(g, "the budget is 0");
	}
}

static int64_t next_of(const struct governor *gov, const struct gov_group *g)
{
	int64_t end = g->began + g->length;

	switch (g->state) {
	case GOV_COUNTING:
	case GOV_WINDOW:
		if (g->doing != GOV_KEEP)
			return gov->now + shortest;
		return end < gov->now + 5 * MS ? end : gov->now + 5 * MS;
	case GOV_ON:
		return gov->now + (g->recent > gov->ns_a_second / 4 ? 10 : 20) * MS;
	default:
		return g->again > gov->now ? g->again : gov->now + 20 * MS;
	}
}

static void set_next(const struct governor *gov, struct gov_plan *plan)
{
	plan->next_ns = gov->now + SECOND;
	for (unsigned i = 0; i < gov->n; i++) {
		int64_t next = next_of(gov, &gov->group[i]);

		if (next < plan->next_ns)
			plan->next_ns = next;
	}
	if (plan->next_ns <= gov->now)
		plan->next_ns = gov->now + shortest;
}

void governor_tick(struct governor *gov, int64_t now_ns, const uint64_t hits[], uint64_t cpu_ns,
		   struct gov_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	advance_clock(gov, now_ns);
	for (unsigned i = 0; i < gov->n; i++)
		if (gov->group[i].attached)
			charge(gov, &gov->group[i], hits[i]);
	learn_cpu(gov, cpu_ns);
	set_budget(gov);
	if (gov->ns_a_second > 0) {
		end_windows(gov, plan);
		cut_storms(gov, plan);
		look_again(gov, plan);
	} else {
		all_off(gov, plan);
	}
	for (unsigned i = 0; i < gov->n; i++)
		refresh(gov, &gov->group[i]);
	set_next(gov, plan);
}

static void fail(struct gov_group *g, const char *why)
{
	g->failed = true;
	g->attached = false;
	g->state = GOV_OFF;
	g->share = 0;
	say(g, "%s", why ? why : "it could not be attached");
}

void governor_done(struct governor *gov, unsigned i, int64_t now_ns, bool ok, const char *why)
{
	struct gov_group *g = &gov->group[i];
	int64_t took = now_ns > g->told_at ? now_ns - g->told_at : 0;
	enum gov_action did = g->doing;

	g->doing = GOV_KEEP;
	if (did == GOV_KEEP)
		return;
	if (did == GOV_DETACH) {
		g->attached = false;
		g->recent = 0;
		return;
	}
	if (!ok) {
		fail(g, why);
		return;
	}
	g->attached = true;
	g->last_hits = 0;
	g->began = g->told_at + took;
}

void governor_charge(struct governor *gov, unsigned i, uint64_t hits)
{
	struct gov_group *g = &gov->group[i];
	double ns = (double)hits * g->conf.cost_ns;

	gov->charged += ns;
	gov->bucket[(uint64_t)gov->bucket_id % GOV_BUCKETS] += ns;
	if (gov->ns_a_second > 0 && g->state == GOV_CUT)
		g->again += (int64_t)min(pays * ns / gov->ns_a_second * (double)SECOND, 1e15);
}

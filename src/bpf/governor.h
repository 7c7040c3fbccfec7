/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds what probes cost a program under a budget. Pure: time, counters and
 * costs come in, decisions come out; it reads nothing and waits for nothing.
 *
 * Each group of probes is first attached to count alone, for a window; it stays
 * only if its rate times the cost of a hit fits what groups of higher priority
 * leave of the budget. What does not fit is attached in short windows, so far
 * apart that hits, attaching and detaching together keep to the budget. A storm
 * that begins later is cut at the first tick that sees it; then there are
 * windows again, the farther apart the more often it was cut, and only two
 * calm ones in a row turn the group on.
 *
 * The caller carries out what governor_tick() says, tells governor_done() when
 * that has happened, and ticks again at next_ns or before. Two things bound what
 * a second costs: the budget, and what comes in between two ticks.
 */
#ifndef BPF_GOVERNOR_H
#define BPF_GOVERNOR_H

#include <stdbool.h>
#include <stdint.h>

enum {
	GOV_GROUPS = 8,
	GOV_BUCKETS = 128, /* of GOV_BUCKET_NS: more than a second */
	GOV_BUCKET_NS = 10000000,
	GOV_ATTACHES = 32, /* most that attaches_a_minute may be */
};

enum gov_state {
	GOV_OFF, /* not attached: not looked at yet, or not to be */
	GOV_COUNTING, /* attached to count alone, to learn its rate */
	GOV_ON,
	GOV_WINDOW, /* attached for a moment */
	GOV_CUT /* between two windows */
};

enum gov_action { GOV_KEEP, GOV_ATTACH_COUNT, GOV_ATTACH_FULL, GOV_DETACH };

struct gov_conf {
	double budget; /* share of the program's CPU time: 0.01; 0: nothing may be attached */
	/*
	 * What the budget is at least, as a share of one processor: else nothing could
	 * be seen of a program that idles. 0.001.
	 */
	double least;
	int64_t window_ns; /* the longest window: 20 ms */
	unsigned attaches_a_minute; /* of each group: 30 */
};

struct gov_group_conf {
	const char *name; /* outlives the governor */
	const char *among; /* what else is in its rate: a few words, outlives it; NULL: nothing */
	int priority; /* lower ones first: cold groups before hot ones */
	double cost_ns; /* of a hit, as measured on this machine */
	int64_t attach_ns, detach_ns; /* of processor time, which is not how long it takes */
};

/* What the screen's header and the doctor show. */
struct gov_group {
	struct gov_group_conf conf;
	enum gov_state state;
	char reason[128];
	double rate; /* hits a second, as last seen */
	double share; /* of the time that it is attached: 1 on, 0 never */
	uint64_t attaches, cuts; /* so far */

	/* private */
	enum gov_action doing; /* told, not yet done */
	int64_t told_at;
	bool attached, failed;
	uint64_t last_hits;
	double recent; /* ns of cost a second, over the last 50 ms */
	double bucket[GOV_BUCKETS]; /* ns of cost while on */
	int64_t began; /* the window, or being on */
	int64_t length; /* of the window */
	double hits, spent, plan; /* in the window; ns, and what is meant to be at most */
	int64_t again; /* when to look again */
	int64_t back_off;
	unsigned calm;
	int64_t attach_at[GOV_ATTACHES];
};

struct governor {
	struct gov_conf conf;
	struct gov_group group[GOV_GROUPS]; /* by priority */
	unsigned n;

	/* private */
	bool begun;
	int64_t start, now, step;
	uint64_t cpu;
	double cpu_rate; /* ns a second, less what hits cost */
	double bucket[GOV_BUCKETS]; /* ns of cost in windows */
	int64_t bucket_id;
	double ns_a_second; /* the budget now */
	double charged; /* ns of cost since the last tick */
};

struct gov_plan {
	enum gov_action act[GOV_GROUPS]; /* by the index of group[] */
	int64_t next_ns; /* tick again no later */
};

/* The values named above. */
struct gov_conf gov_conf_default(void);

void governor_init(struct governor *gov, const struct gov_conf *conf);
/*
 * Before the first tick. Groups are kept by priority, those of the same priority
 * in the order in which they came; -1: there are GOV_GROUPS already.
 */
int governor_add(struct governor *gov, const struct gov_group_conf *conf);

/*
 * now_ns: a clock that only goes forward (else it is taken to stand still).
 * hits[i]: of group[i] since it was attached, 0 where it is not. cpu_ns: the
 * program's CPU time so far, all threads.
 */
void governor_tick(struct governor *gov, int64_t now_ns, const uint64_t hits[], uint64_t cpu_ns,
		   struct gov_plan *plan);
/*
 * The last action for group[i] has been carried out. ok false: attaching
 * failed for why (a sentence); it is not tried again.
 */
void governor_done(struct governor *gov, unsigned i, int64_t now_ns, bool ok, const char *why);
/*
 * Hits that came after the last tick that the group was attached at: the kernel
 * takes a probe away some milliseconds after it is told to.
 */
void governor_charge(struct governor *gov, unsigned i, uint64_t hits);
/* A hit was found to cost something else. */
void governor_set_cost(struct governor *gov, unsigned i, double cost_ns);

/* What hits cost in the last second, as a share of one processor. */
double governor_cost(const struct governor *gov);
const char *gov_state_name(enum gov_state s); /* "off" … */

#endif

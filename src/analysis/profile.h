/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where time went: on CPU, running, ready, in system calls, blocked and for which
 * reason, each by goroutine and stack. The history's events are read once, on a
 * worker; while a session grows, only those that are new. What is kept are sums of
 * 24 bytes for each goroutine, kind and stack, of which any choice of goroutines
 * is made without asking the history again.
 */
#ifndef ANALYSIS_PROFILE_H
#define ANALYSIS_PROFILE_H

#include "core/jobs.h"
#include "core/world.h"

/* Kinds of time: enum reason for what is blocked (R_SYSCALL: in system calls), and these. */
enum {
	PROFILE_CPU = R_N, /* samples, each of which stands for some time on CPU */
	PROFILE_RUN, /* in the running state, by the stack that it is known to run at */
	PROFILE_READY,
	PROFILE_KINDS
};
/* "chan-recv", "syscall", "runnable", "running", "on-cpu"; blocked for no known reason: "other". */
const char *profile_kind_name(unsigned kind);

/* The kind of time that a state is; PROFILE_KINDS: none. */
uint8_t profile_kind_of(uint8_t state, uint8_t reason);

/* What a sample of a trace stands for: runtime/pprof takes a hundred in a second. */
#define PROFILE_TRACE_NS (10 * 1000 * 1000)

struct profile_acc;

/*
 * The first time from t0 on of which the history, which must be there, has all events:
 * that of a live session forgets.
 */
int64_t profile_history_begin(const struct world *w, int64_t t0);

/* Zeroed, but for the caller's fields, is one of no time. Loop's thread only. */
struct profile {
	struct jobs *jobs; /* the caller's; NULL: what is wanted is read at once */
	void (*told)(void *arg); /* on the loop's thread, when more is there; may be NULL */
	void *arg;
	int64_t piece_ns; /* processor time for one call of profile_work(); 0: to the end */
	/* read these */
	uint64_t stamp; /* another one when the sums are others; 0: there are none yet */
	int64_t t0, t1; /* what they cover */
	bool cut; /* the history does not reach back to what was wanted: t0 is later */
	uint64_t samples; /* of PROFILE_CPU; 0: on CPU is known by state alone */
	/* private */
	struct profile_acc *acc; /* NULL while a worker has it */
	struct profile_job *job;
	size_t starting; /* rows that are taken over, before a worker begins … */
	bool is_starting; /* … while this is so … */
	int64_t start_to; /* … and reads until then */
	unsigned held; /* picks under way, for which the sums must stay as they are */
	int64_t want_t0, want_t1;
};

/*
 * Wants the time from t0 to t1; T_NEVER: to the session's end, and on while it
 * grows. Call it as often as you like: nothing happens where it is there, or under
 * way. O(goroutines) where a time is begun anew that is not the session's own begin.
 */
void profile_want(struct profile *p, struct world *w, int64_t t0, int64_t t1);
/*
 * Goes on with what must be done before a worker can begin, for piece_ns. Returns
 * whether there is more of it.
 */
bool profile_work(struct profile *p, struct world *w);
/* Whether there are sums, and no worker has them. */
static inline bool profile_ready(const struct profile *p)
{
	return p->stamp && p->acc && !p->is_starting;
}
/* How far a worker is, in thousandths; 1000: none is at work. */
unsigned profile_progress(const struct profile *p);
/* Ends what is under way; call before the jobs end. */
void profile_release(struct profile *p);

/* --- a choice of it --- */

enum profile_time { PROFILE_ON_CPU, PROFILE_OFF_CPU, PROFILE_TIMES };
/* What the time is parted by, beside the stacks. */
enum profile_split {
	SPLIT_NONE,
	SPLIT_CREATOR, /* head: creation stack */
	SPLIT_LABELS, /* head: string id of the labels, 0: none */
	SPLIT_GOROUTINE, /* head: row, NO_G: none */
	SPLIT_N
};
const char *profile_time_name(enum profile_time t); /* "on-cpu", "off-cpu" */
const char *profile_split_name(enum profile_split s); /* "none", "creator", "labels", "goroutine" */
int profile_time_parse(const char *name); /* -1: none of them */
int profile_split_parse(const char *name);

struct profile_choice {
	enum profile_time time;
	enum profile_split by;
	const bool
		*keep; /* for each of n_keep rows whether it counts; others do not. NULL: all do */
	size_t n_keep;
	bool system; /* so do samples that belong to no goroutine */
};

/* What stands above the stacks: off CPU the kind of time, then what it is parted by. */
struct profile_head {
	uint32_t part; /* see enum profile_split */
	uint8_t kind; /* of time; PROFILE_CPU or PROFILE_RUN where it is on CPU */
};

struct profile_sum {
	int64_t ns;
	uint64_t n; /* times of which it is made: waits, runs; not told of samples */
	uint32_t head; /* into profile_pick.head */
	uint32_t stack; /* 0: not known */
};

/* Zeroed is one that is not begun. */
struct profile_pick {
	/* the answer, when profile_pick_step() is through */
	VEC(struct profile_head) head;
	VEC(struct profile_sum) sum; /* each head and stack once; of more than 0 ns */
	bool by_state; /* on CPU: there are no samples */
	/* private */
	struct profile *p;
	const struct world *w;
	struct profile_choice choice;
	bool *chosen; /* of each goroutine of the sums */
	size_t n_chosen;
	size_t row, cell;
	struct map64 head_of;
	struct map64_parts sum_of;
};

/*
 * Begins to sum up what is chosen; the keeps are copied. profile_ready() must be so,
 * and the world's row numbers be those that keep is of.
 */
void profile_pick_begin(struct profile_pick *k, struct profile *p, const struct world *w,
			const struct profile_choice *c);
/* Goes on for some ns of CPU time (0: to the end). Returns whether it is through. */
bool profile_pick_step(struct profile_pick *k, int64_t budget_ns);
/* Ends it at any time; the answer is gone. */
void profile_pick_release(struct profile_pick *k);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The detectors: what is wrong with the program, by the model alone. Each is a
 * row of one table; each look calls them all. False alarms cost more than
 * misses: a detector that is not sure says so in the certainty, and what
 * healthy programs do too is info at most.
 */
#ifndef ANALYSIS_DETECT_H
#define ANALYSIS_DETECT_H

#include "analysis/finding.h"
#include "analysis/graph.h"
#include "core/err.h"

enum detector_id {
	DETECT_DEADLOCK,
	DETECT_NIL_CHANNEL,
	DETECT_LEAK,
	DETECT_STARVATION,
	DETECT_CONTENTION,
	DETECT_HELD,
	DETECT_RACE,
	DETECT_N
};

struct detect;

struct detector {
	const char *name; /* as in reports */
	const char *about; /* one sentence */
	void (*look)(struct detect *d);
};

extern const struct detector detector_table[DETECT_N];

/* Times in ns. */
struct detect_config {
	int64_t every; /* least time between looks */
	int64_t settle; /* a wait that lasts less is none to speak of: the look was of a busy moment */
	int64_t leak_age; /* of a goroutine that nobody can wake */
	int64_t leak_span; /* of a group that only grows */
	uint32_t leak_growth; /* goroutines in that span */
	int64_t starve; /* runnable for so long */
	int64_t held; /* a lock whose holder has waited for so long, as has somebody for the lock */
	uint32_t queue; /* goroutines at one lock, on average */
	int8_t severity[DETECT_N]; /* at most: -1 turns the detector off */
};

/* How busy a port was in the last looks. */
struct busy_port {
	uint64_t addr;
	double queue; /* how many waited, later looks count more */
	uint32_t looks, most;
	unsigned side;
};

/* The goroutines of one creation site over the last span; quarter 3 is the latest. */
struct growth {
	uint32_t stack; /* of the go statement */
	uint32_t row; /* one of them that is alive */
	uint32_t alive, before; /* now, and at the span's begin */
	uint32_t made[4], ended;
	uint32_t waits; /* of the alive ones: for a goroutine, and since before the last quarter */
	uint32_t young; /* made in the last quarter */
	bool told; /* a finding of this look has them */
	bool grows; /* and only that */
	uint32_t some; /* rows that stand for them */
};

struct likeness {
	uint64_t key;
	uint32_t row; /* or node of the graph */
};

struct detect {
	struct detect_config conf;
	struct graph graph; /* of the last look */
	struct findings findings;
	const struct world *world; /* during a look, as all below */
	const struct moment *moment;
	bool facts; /* there are some of this moment, so the graph tells something */

	/* The caller's: CPU time for one call of detect_look(), ns; 0: a look is made at one go. */
	int64_t piece_ns;
	int64_t until; /* when the piece is used up */
	int64_t cost,
		spending; /* CPU time of the last whole look, and of the one that is being made */
	unsigned step; /* of a look in pieces: 0: none, 1: the graph, then the detectors */
	uint32_t spent; /* since the clock was looked at */
	uint32_t from,
		at; /* where the detector's piece begins, and where it stopped; 0: it is done */

	int64_t looked; /* time of the last look */
	struct quota quota; /* as it was when its share was last worked out */
	unsigned throttled_pct; /* of the periods since the one before */
	bool whole; /* the last look was at all that there will be */
	VEC(struct busy_port) busy;
	struct map64 busy_at; /* address and side → index of busy */
	int64_t grown; /* when growth was last measured */
	VEC(struct growth) growth;
	VEC(uint32_t) growth_of; /* creation stack → index of growth + 1 */
	VEC(struct likeness) keys; /* scratch */
};

void detect_init(struct detect *d);
void detect_release(struct detect *d);

/*
 * Sets what a configuration file says: "deadlock" = "off", "info", "warning" or
 * "error", "settle" = "1.5" (seconds) … Returns 0 or -EINVAL with err filled.
 */
int detect_set(struct detect_config *c, const char *key, const char *value, struct err *err);
/* What detect_set() would take for it to be as it is; returns buf, NULL: there is no such key. */
const char *detect_get(const struct detect_config *c, const char *key, char *buf, size_t size);

/*
 * Looks at the world's newest moment and facts, unless the last look was just
 * now and the facts are still the same; what costs much is done rarely. Of a file only once it is whole. Call
 * after each change of the world. With piece_ns a look may take several calls:
 * until detect_busy() is false again the world must not change, the findings are
 * half the old and half the new ones, and the graph is none. Returns whether a
 * look was finished.
 */
bool detect_look(struct detect *d, const struct world *w);
static inline bool detect_busy(const struct detect *d)
{
	return d->step;
}
/* At once and at one go. */
void detect_now(struct detect *d, const struct world *w);

#endif

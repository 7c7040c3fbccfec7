/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What several goroutines did in a span, event by event, where the timeline's segments
 * are too wide to tell: a story of each, from a worker.
 */
#ifndef ANALYSIS_CLOSEUP_H
#define ANALYSIS_CLOSEUP_H

#include "analysis/story.h"

enum {
	CLOSEUP_ROWS = 256, /* at most */
	CLOSEUP_READ = 1 << 20, /* events that are read for it at most … */
	CLOSEUP_KEPT = 1 << 18, /* … and kept */
};

/* Zeroed but for the caller's part is empty. */
struct closeup {
	struct jobs *jobs; /* the caller's to set, and the two below */
	void (*told)(void *arg); /* on the loop's thread, when it is there */
	void *arg;
	VEC(struct story) story; /* in the order of the rows that were asked for */
	int64_t t0, t1; /* what they cover: whole segments */
	uint32_t forgets; /* world.forgets then: rows become others' */
	struct closeup_job *job; /* under way */
	bool fresh;
};

/*
 * Wants those rows' events from t0 to t1. Nothing happens where they are there or under
 * way; where there is no history, or too many segments or events, none will be. Loop thread.
 */
void closeup_want(struct closeup *c, struct world *w, const uint32_t *row, size_t n, int64_t t0,
		  int64_t t1, size_t segments_most);
/* A row's; NULL where it is not there, or nothing happened: then the timeline's entries tell all. */
const struct story *closeup_get(const struct closeup *c, uint32_t row);
/* Ends what is under way, without an answer; call before the jobs end. */
void closeup_release(struct closeup *c);

#endif

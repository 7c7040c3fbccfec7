/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of one goroutine, told by its events: what happened to it, and what
 * it did to others. Of a long life a stretch around a time is told.
 */
#ifndef ANALYSIS_STORY_H
#define ANALYSIS_STORY_H

#include "core/jobs.h"
#include "core/world.h"

#define STORY_EVENTS 20000

struct story {
	uint32_t row;
	VEC(struct event) ev; /* in order of time */
	int64_t t0, t1; /* what it covers; T_BEFORE, T_NEVER: from its begin, to its end */
};

/* Keeps the story that was asked for last; answers come from a worker. */
struct storyteller {
	struct jobs *jobs; /* the caller's to set, and the two below */
	void (*told)(void *arg); /* on the loop's thread, when a story is there */
	void *arg;
	struct story story;
	struct story_job *job; /* under way */
	uint32_t want_row;
	int64_t want_t;
	uint32_t seen; /* the goroutine's changes when it was asked for */
	uint64_t want_goid; /* rows become others' */
	bool fresh; /* story is of a row */
};

/*
 * Wants the story of a row around a time. Nothing happens where it is there, or
 * under way. Loop thread.
 */
void story_want(struct storyteller *s, struct world *w, uint32_t row, int64_t t);
/* The story of that row; NULL where it is not there yet. */
const struct story *story_get(const struct storyteller *s, uint32_t row);
/* Ends what is under way, without an answer; call before the jobs end. */
void story_release(struct storyteller *s);

/* First event with time >= t; ev.n where there is none. */
size_t story_at(const struct story *s, int64_t t);

#endif

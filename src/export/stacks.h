/* SPDX-License-Identifier: Apache-2.0 */
/* Time by stack, of what an export is asked for: made at one go, on the caller's thread. */
#ifndef EXPORT_STACKS_H
#define EXPORT_STACKS_H

#include "analysis/flame.h"
#include "export/formats.h"

#define NOTE_FORGOTTEN "the session's begin is not kept any more: this is of what still is"

/* Zeroed is none; the request must stay as long as it. */
struct stacks {
	struct profile profile;
	struct profile_choice choice;
	bool *keep;
	struct profile_pick pick; /* of stacks_pick() */
	struct flame flame; /* of stacks_flame() */
};

/*
 * Reads the span's time. False: there is none; then nothing may be picked. What a
 * reader should know of it becomes the request's note.
 */
bool stacks_read(struct stacks *s, struct export_request *r);
/* Sums by head and stack, in s->pick, until the next call. */
void stacks_pick(struct stacks *s, struct export_request *r, enum profile_time time,
		 enum profile_split by);
/* The same as a tree, in s->flame. */
void stacks_flame(struct stacks *s, struct export_request *r, enum profile_time time);
void stacks_release(struct stacks *s);

#endif

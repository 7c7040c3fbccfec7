/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records the session to a file: the loop's thread takes note of what the world is
 * told, a thread of its own makes bytes of it and writes them. It never waits for the
 * disk where a living program is watched: what there is no room for is counted as lost.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include <uv.h>

#include "analysis/detect.h"
#include "core/err.h"
#include "helper.h"

struct recorder_config {
	const char *file;
	uint64_t limit; /* bytes that it may have; 0: any */
	const char
		*on; /* what must happen, see trigger_new(), for it to be kept; NULL: all is kept */
	bool source; /* the files shown and the variables looked at are recorded, too */
	bool live; /* nobody may wait for the disk */
	const char *reads; /* a file that is read meanwhile and must stay; may be NULL */
	struct helper *helper; /* may be NULL */
};

struct recorder;

/*
 * Opens the file, before rights are dropped and threads are made: a new one, or one that is
 * empty or a recording, which is replaced. NULL with err filled where that cannot be.
 */
struct recorder *recorder_open(const struct recorder_config *c, struct err *err);
/* Begins, before the world is told anything. All it is given outlives it. */
void recorder_start(struct recorder *r, uv_loop_t *loop, struct world *w, struct detect *d);
/*
 * Ends it: what is left is written, of a trace all of it. Before the world's source is closed. 0, or a negative
 * errno with err filled: not all is in the file. NULL ok.
 */
int recorder_close(struct recorder *r, struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the goroutines of a running program wait on and who could wake them,
 * read without stopping it: one look over what the last pass of a scan found
 * standing still. What did not move since the look before is not read again,
 * except for the state of the objects.
 */
#ifndef TARGET_OBJECTS_H
#define TARGET_OBJECTS_H

#include "core/intern.h"
#include "core/object.h"
#include "target/scan.h"

struct objects_stats {
	uint64_t looks;
	uint64_t read; /* stacks read in the last look */
	uint64_t
		unsteady; /* goroutines that moved while they were read, so nothing is told of them */
	uint64_t unknown; /* waits of the last look whose object was not found */
	int64_t look_ns; /* how long the last look took */
	int64_t mark_ns; /* how long the last search of the heap took; it is part of a look */
};

struct objects;

/* Both outlive it. */
struct objects *objects_new(struct target *t, struct scan *s);
void objects_free(struct objects *o); /* NULL ok */

/*
 * After scan_pass(), on its thread: fills out (not finished) with what is so
 * now. Times in it are of the target's CLOCK_MONOTONIC; string ids are of
 * objects_text(), stacks of scan_stacks(). 0, -ESRCH, -EPERM.
 */
int objects_look(struct objects *o, struct facts *out);
/* Grows only. */
const struct strtab *objects_text(const struct objects *o);
const struct objects_stats *objects_stats(const struct objects *o);

#endif

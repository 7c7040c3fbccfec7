/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a recording, being written: frames one after the other, or, where it
 * may not become larger, over the oldest ones. Frames that may be wanted later wait
 * in memory. One thread at a time.
 */
#ifndef RECORDER_FILE_H
#define RECORDER_FILE_H

#include <stdatomic.h>

#include "core/err.h"
#include "export/recording.h"
#include "helper.h"

/* A frame that waits; its bytes follow. */
struct recfile_waiting {
	struct recfile_waiting *next;
	struct rec_head head;
	size_t n;
	uint8_t bytes[];
};

struct recfile_entry {
	uint64_t at;
	struct rec_head head;
};

struct recfile {
	int fd;
	char *name;
	bool made; /* it was not there before */
	uint64_t limit; /* bytes; 0: any */
	uint64_t first; /* where frames begin that may be written over */
	uint64_t at, size;
	bool wrapped;
	uint64_t seq, written; /* numbers: of the next frame, of the last one in the file */
	bool holds; /* a group is in it */
	VEC(struct recfile_entry) index;
	struct rec_packer *packer;
	struct recfile_waiting *head, *tail;
	size_t waiting; /* bytes */
	int64_t synced, looked;
	uint64_t group; /* bytes since the last group began */
	atomic_bool key_wanted; /* another group should begin, lest the oldest be all there is */
	bool failed;
	char why[160]; /* a sentence's end */
};

/* As recorder_open() says. */
int recfile_open(struct recfile *f, const char *name, uint64_t limit, struct helper *h,
		 struct err *err);
/*
 * All return 0, or a negative errno with f->why and f->failed set: then the file ends
 * where it is, and no more can be written. begin() writes the first frame, block() a block
 * of frames to keep or to let wait, finish() the index.
 */
int recfile_begin(struct recfile *f);
int recfile_block(struct recfile *f, const struct rec_block *b);
int recfile_finish(struct recfile *f);
/* Takes it away again where it was made here and nothing was to be kept. */
void recfile_close(struct recfile *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the reader of recordings: shared by recording*.c alone. */
#ifndef SOURCE_RECORDING_IMPL_H
#define SOURCE_RECORDING_IMPL_H

#include <pthread.h>
#include <stdatomic.h>
#include <zstd.h>

#include "core/evlog.h"
#include "core/recfile.h"
#include "source/input.h"
#include "source/recording.h"

/* Numbers with which others reckon are kept this small. */
#define REC_MOST ((int64_t)1 << 60)

struct rfile_frame {
	uint64_t at; /* of its head in the file */
	struct rec_head head;
};

struct rfile_group {
	size_t first, n; /* frames */
	int64_t t0, t1; /* of the file's clock */
	bool gap; /* something is missing before it */
	bool paused; /* and nobody wanted it */
	VEC(uint32_t) string, stack; /* numbers of the group → ids of the world; [0] is 0 */
	struct evlog *entry; /* what had to be told to get here; NULL: nothing */
};

/* Numbers of the file → ours. */
struct rfile_names {
	uint8_t v[REC_LISTS][256];
};

struct rfile_section {
	uint32_t kind;
	const uint8_t *p, *end;
};

/* A payload, and the sections in it. */
struct rfile_payload {
	ZSTD_DCtx *zstd;
	rec_bytes raw;
	VEC(struct rfile_section) section;
};

/* The events of a section, one after the other. */
struct rfile_events {
	uint32_t n, i;
	const uint8_t *byte[REC_BYTES]; /* NULL: all 0 */
	const uint8_t *p[REC_NUMBERS], *end[REC_NUMBERS]; /* p NULL: all 0 */
	uint64_t last[REC_NUMBERS][256];
	bool bad; /* it ended too early */
};

struct rfile {
	struct source src; /* first */
	struct input in;
	struct rfile_names names;
	VEC(struct rfile_frame) frame; /* in the order in which they were written */
	VEC(struct rfile_group) group;
	int64_t base; /* taken from all times: the first are gone */
	int64_t look_from; /* from then on, of our clock, the detectors see each look */
	atomic_size_t complete; /* groups that are in the world */

	/* the loop's, of the group in the making; changed under the lock */
	pthread_mutex_t lock;
	size_t at_group, at_frame; /* that comes next … */
	uint32_t at_event; /* … and in it */

	/* the loop's */
	bool open; /* the frame is unpacked */
	struct rfile_payload payload;
	struct rfile_events events;
	const uint8_t *segments, *segments_end; /* those that end in the frame … */
	uint64_t segment; /* … the next after so many events; UINT64_MAX: none */
	size_t look; /* section from which on to look for the next look */
	VEC(struct frame) named; /* frames of the group; [0] is none */
	uint64_t named_pc;
	struct facts facts; /* scratch */
	struct shown shown; /* variables; under the lock */
	VEC(struct frame) scratch;
	bool gap; /* the next group does not go on where this one ended */
	size_t timeline_most;
	uint64_t told;
	bool cancelled;

	/* what is wrong with it */
	bool unfinished; /* the index at its end is missing … */
	bool cut; /* … and the last frame as well */
	bool newer; /* some frames are of a newer format */
	uint64_t
		damaged; /* frames that could not be unpacked, or lie behind such a one in their group */
	uint64_t skipped; /* bytes between frames */
	uint64_t unknown; /* events of kinds not known here */
	uint64_t paused; /* times that nothing was to be kept */
};

/* --- recording_scan.c --- */
/* Finds frames and groups: by the index, else by looking for heads. */
int rfile_scan(struct rfile *r, struct err *err);

/* --- recording_read.c --- */
/* Unpacks a frame and finds its sections; false: it is damaged. */
bool payload_read(const struct rfile *r, const struct rfile_frame *f, struct rfile_payload *out);
void payload_release(struct rfile_payload *p);
/* The next section of that kind from *from on, which moves behind it; NULL: there is none. */
const struct rfile_section *payload_find(const struct rfile_payload *p, uint32_t kind,
					 size_t *from);
void names_default(struct rfile_names *n);
void names_read(struct rfile_names *n, const struct rfile_section *s);
/* false: the section is damaged, and has no events. */
bool events_begin(struct rfile_events *e, const struct rfile_section *s);
/* The next one, in ids of the world and our clock; false: there is none. A kind that is not known is EV_NONE. */
bool events_next(struct rfile_events *e, const struct rfile *r, const struct rfile_group *g,
		 struct event *ev);
int64_t rfile_time(const struct rfile *r, uint64_t t);
uint32_t group_string(const struct rfile_group *g, uint64_t number);
uint32_t group_stack(const struct rfile_group *g, uint64_t number);

/* --- recording_look.c --- */
/*
 * Makes the look that a section tells of the one before; false: it is damaged, and
 * out is what could be read. *same: nothing but the time is another.
 */
bool look_read(const struct rfile *r, const struct rfile_group *g, const struct rfile_section *s,
	       const struct facts *before, struct facts *out, bool *same);
/* As events, as a live session's log has them; false: the sink has enough. */
bool look_tell(const struct facts *f, bool same, history_sink *sink, void *arg);

/* --- recording_key.c: the loop's --- */
/* Names of strings and stacks, and what the session is of. */
void group_learn(struct rfile *r, struct rfile_group *g, struct world *w);
/* Where something is missing before the group: tells what it begins with. */
void group_enter(struct rfile *r, struct rfile_group *g, struct world *w);
struct rfile_row {
	uint64_t v[REC_ROW_NUMBERS];
	uint8_t b[REC_ROW_BYTES];
};
typedef VEC(struct rfile_row) rfile_rows;
/* Any thread: goroutines alive at the begin of a group, of its first payload. */
void rows_read(const struct rfile_payload *p, rfile_rows *out);
/* What is told beside the events. */
void frame_facts(struct rfile *r, struct rfile_group *g, struct world *w);
/* As struct inspector says, of what was recorded. */
int rfile_inspect(struct inspector *i, const struct value_ask *ask, struct values *out);

/* --- recording_query.c --- */
int rfile_states(struct history *h, int64_t t, int64_t *at, history_states *sink, void *arg);
int rfile_query(struct history *h, const struct history_query *q, history_sink *sink, void *arg);

#endif

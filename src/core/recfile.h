/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format of recordings (docs/recording.md), as far as who writes and who
 * reads them share it: heads of frames, numbers of sections, names.
 *
 * A file is a row of zstd frames, each behind a skippable one of 64 bytes that is
 * its head. Frames come in groups: the first of a group, the key, tells all that
 * is known at that time, so that nothing before it is needed.
 */
#ifndef CORE_RECFILE_H
#define CORE_RECFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"
#include "core/world.h"

enum {
	REC_VERSION = 1,
	REC_HEAD = 64, /* bytes of a head */
	REC_RAW_MOST = 256 << 20, /* bytes that a frame unpacks to */
	REC_EVENTS_MOST = 1 << 20, /* events in a frame */
};

enum rec_kind {
	REC_FIRST = 1, /* first of the file: the schema */
	REC_KEY, /* begins a group */
	REC_MORE, /* goes on with it */
	REC_INDEX, /* where the others are; the last of a file that was finished … */
	REC_TAIL, /* … but for this one, which has no payload: t0 is the place of the index */
};

enum rec_head_flags {
	REC_PAUSED = 1 << 0, /* before it nothing was to be kept */
};

struct rec_head {
	uint16_t version;
	uint8_t kind, flags;
	uint32_t packed, raw; /* bytes of the zstd frame behind it, and what it unpacks to */
	uint64_t seq; /* number of the frame */
	int64_t t0, t1; /* least and greatest time in it */
	uint32_t group;
	uint32_t events;
};

/* Sections of a payload: number and length as varints, then so many bytes. Unknown ones are passed over. */
enum rec_section {
	RECS_SCHEMA = 1, /* lines of text: a word, and names in the order of their numbers */
	RECS_META, /* pairs of texts: what the session is of; what changed of it */
	RECS_STRINGS, /* texts; their numbers go on from those before in the group, from 1 on */
	RECS_FRAMES, /* function, file, line, pc, flags; likewise */
	RECS_STACKS, /* depth, frames, leaf first; likewise */
	RECS_ROWS, /* goroutines alive at the begin of the group */
	RECS_THREADS, /* likewise */
	RECS_RANGES, /* those open then */
	RECS_LOOK, /* what goroutines wait on: as a difference to the look before */
	RECS_LOOK_KEY, /* the one that the first RECS_LOOK of the group builds on */
	RECS_EVENTS,
	RECS_LOADS, /* sums that the kernel told */
	RECS_MARKS,
	RECS_FINDINGS,
	RECS_LOST, /* events that were not written before this group: how many, since when */
	RECS_COUNTS, /* goroutines in each state at the end of the frame */
	RECS_SOURCE, /* a file that was shown: path, text */
	RECS_VALUES, /* variables that were looked at */
	RECS_INDEX,
	RECS_SEGMENTS, /* after which events a segment of the timeline ended: how many of the frame */
};

/* Columns of events, in this order: bytes … */
enum { REC_BYTES = 4 /* kind, reason, state, flags */ };
/* … and numbers: difference to the event before of the same kind, of time: to the event before. */
enum { REC_NUMBERS = 12 };

/* The fields of REC_NUMBERS in their order: time, g, peer, object, value, value2, m, p, stack … */
static inline void rec_numbers(const struct event *ev, uint64_t v[REC_NUMBERS])
{
	v[0] = (uint64_t)ev->time;
	v[1] = ev->g;
	v[2] = ev->peer;
	v[3] = ev->object;
	v[4] = ev->value;
	v[5] = ev->value2;
	v[6] = ev->m + 1;
	v[7] = ev->p + 1;
	v[8] = ev->stack;
	v[9] = ev->stack2;
	v[10] = ev->text;
	v[11] = ev->text2;
}

/* Which of an object's fields are told in a look. */
enum rec_object_fields {
	REC_HAS_OWNER = 1 << 0,
	REC_HAS_LEN = 1 << 1,
	REC_HAS_CAP = 1 << 2,
	REC_HAS_WHEN = 1 << 3,
	REC_HAS_PERIOD = 1 << 4,
	REC_HAS_TYPE = 1 << 5,
	REC_HAS_TEXT = 1 << 6,
	REC_HAS_FD = 1 << 7,
	REC_OP_FLAG =
		1 << 6 /* beside an operation: of a wait, in a select; of a hold, it was seen */
};

/* Columns of RECS_ROWS: goid, creator, created, since, stack, create stack, start stack, labels … */
enum { REC_ROW_NUMBERS = 8, REC_ROW_BYTES = 3 /* … state, reason, how well since is known */ };

/* --- bytes --- */

typedef VEC(uint8_t) rec_bytes;

static inline uint64_t rec_zigzag(uint64_t v)
{
	return v << 1 ^ -(v >> 63);
}

static inline uint64_t rec_unzigzag(uint64_t v)
{
	return v >> 1 ^ -(v & 1);
}

void rec_put(rec_bytes *b, uint64_t v); /* as varint */
void rec_put_diff(rec_bytes *b, uint64_t v, uint64_t before); /* zigzag, as varint */
void rec_put_text(rec_bytes *b, const char *s, size_t n); /* length, bytes */
void rec_put_raw(rec_bytes *b, const void *p, size_t n);
/* A whole section; an empty one is left out. */
void rec_put_section(rec_bytes *b, enum rec_section s, const rec_bytes *body);

/* --- heads --- */

void rec_head_put(uint8_t out[REC_HEAD], const struct rec_head *h);
/*
 * Takes a head apart; false: these bytes are none, or damaged. Of a newer version
 * than this one kind, sizes and version are right all the same.
 */
bool rec_head_get(const uint8_t in[REC_HEAD], struct rec_head *h);
/* The bytes that every head begins with, to look for. */
extern const uint8_t rec_magic[16];

/* --- names --- */

/* Lists of names in the schema: the word, how many, the nth name; "" is written as "-". */
enum rec_list { REC_KINDS, REC_STATES, REC_REASONS, REC_OBJECTS, REC_WAITS, REC_HOLDS, REC_LISTS };
struct rec_names {
	const char *word;
	int n;
	const char *(*name)(int i);
};
extern const struct rec_names rec_names[REC_LISTS];

/* What of the world a session's RECS_META tells, by name. */
enum rec_type { REC_TEXT, REC_U64, REC_I64, REC_U32, REC_I32, REC_REAL, REC_BOOL, REC_LIVE };
struct rec_field {
	const char *name; /* NULL ends the table */
	enum rec_type type;
	size_t at; /* in struct world */
};
extern const struct rec_field rec_fields[];

#endif

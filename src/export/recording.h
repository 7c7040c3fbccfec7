/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recording says (docs/recording.md), from what the world is told. The
 * loop's thread takes note and names things, in blocks; to make bytes of a block
 * is for any thread.
 */
#ifndef EXPORT_RECORDING_H
#define EXPORT_RECORDING_H

#include "analysis/detect.h"
#include "core/recfile.h"

/* The number of a thing in a group. */
struct rec_local {
	uint32_t group, number;
};
/* Of things by their ids in the world. */
typedef VEC(struct rec_local) rec_locals;

/* What becomes one frame of the file. */
struct rec_block {
	struct rec_block *next; /* the owner's */
	bool keep; /* likewise */
	struct rec_head head; /* but for sizes, number and flags */
	VEC(struct event) ev; /* with numbers of the group */
	rec_bytes strings, frames, stacks; /* named for the first time in the group */
	rec_bytes segments; /* see RECS_SEGMENTS */
	rec_bytes body; /* finished sections */
};

/* Zeroed, but for the caller's fields, is ready for use. */
struct rec_encoder {
	/* the caller's */
	struct world *world;
	const struct detect *detect; /* its findings are noted; may be NULL */

	const struct moment *at; /* the newest that was told of, where it is not the world's */
	struct rec_block *now; /* in the making, NULL: nothing was told yet */
	uint32_t group;
	bool key_due; /* the next block shall begin a group */
	size_t group_events, group_bytes;
	int64_t group_began; /* time of its first event */
	int64_t last; /* time of the last event */
	bool again; /* the caller's: what is before a group may be gone, so files are told in each */
	bool thin; /* the caller's: samples are left out, and counted as lost */
	uint64_t lost_ever;
	bool off; /* what is told is not noted, only counted … */
	uint64_t lost; /* … here; since when */
	int64_t lost_from;
	rec_locals string, frame, stack;
	uint32_t n_strings, n_frames, n_stacks; /* of the group */
	uint64_t frame_pc; /* of the last one named */
	struct facts look; /* the last one told; times of it in the world's */
	struct map64 look_at; /* address → its object; made when needed */
	bool look_mapped;
	uint64_t told[64]; /* rec_fields: what was told of them last in the group, hashed */
	size_t warnings; /* told in the group */
	size_t files, values; /* of world.shown, told */
	uint64_t mark_stamp, finding_stamp;
	int64_t findings_at; /* when they were told last */
	uint64_t events; /* in all */
};

void rec_encoder_release(struct rec_encoder *e);

/* As struct world_tap says. */
void rec_event(struct rec_encoder *e, const struct event *ev);
void rec_look(struct rec_encoder *e);
/* A segment of the world's timeline ends here; where the world was told events it ends them by itself. */
void rec_segment(struct rec_encoder *e);
/*
 * Finishes the block and begins the next. at: the moment after all that was told; NULL: the
 * world's newest. last: with what is told at the end of a session.
 * NULL: nothing was told since. The caller's to free.
 */
struct rec_block *rec_take(struct rec_encoder *e, const struct moment *at, bool last);
/* There is no room: what is told, and the block in the making, is lost, until rec_go_on(). */
void rec_drop(struct rec_encoder *e);
void rec_go_on(struct rec_encoder *e);
/* Whether the block in the making holds enough to be taken. */
bool rec_full(const struct rec_encoder *e);
void rec_block_free(struct rec_block *b);
/* Bytes of memory that it takes, about. */
size_t rec_block_weight(const struct rec_block *b);

/* --- any thread --- */

struct rec_packer; /* memory that is used again */
struct rec_packer *rec_packer_new(void);
void rec_packer_free(struct rec_packer *p);
/*
 * Makes the bytes of a frame, head and all, of a block; they stay until the next call.
 * -EFBIG: it is too much for one.
 */
int rec_pack(struct rec_packer *p, const struct rec_block *b, uint64_t seq, uint8_t flags,
	     const rec_bytes **out);
/* The same of a payload that is there. h: kind and times. */
int rec_pack_payload(struct rec_packer *p, struct rec_head *h, const uint8_t *payload, size_t n,
		     const rec_bytes **out);
/* The payload of the first frame. */
void rec_schema(rec_bytes *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the export of events: shared by jsonl*.c alone. */
#ifndef EXPORT_JSONL_IMPL_H
#define EXPORT_JSONL_IMPL_H

#include "core/world.h"
#include "export/json.h"

#define JSONL_SCHEMA "bingo-top-events/1"

struct jsonl_writer {
	struct json json;
	const struct world *w;
	VEC(uint32_t) number; /* of each stack of the world; 0: not written yet */
	uint32_t n_stacks;
	bool look; /* what a look tells is being written, not left out */
	bool looked; /* a whole look was written: others may be as it was */
	bool owed; /* the newest look is not in the history */
};

/* A line's begin; what follows is put into it, up to jsonl_end(). */
void jsonl_begin(struct jsonl_writer *wr, int64_t t, uint64_t g, const char *type);
void jsonl_end(struct jsonl_writer *wr);
/* Left out where the string is empty and has a key. */
void jsonl_string(struct jsonl_writer *wr, const char *key, uint32_t id);
void jsonl_stack(struct jsonl_writer *wr, uint32_t stack);

/* --- jsonl_look.c: what goroutines wait on --- */
/* EV_FACTS to EV_FACTS_END; what lacks its begin is left out. */
void jsonl_look_event(struct jsonl_writer *wr, const struct event *ev);
/* Before all else: finds out whether the newest look must be written from the model. */
void jsonl_look_owed(struct jsonl_writer *wr, int64_t t0, int64_t t1);
/* Writes it where it is earlier than t. */
void jsonl_look_due(struct jsonl_writer *wr, int64_t t);

/* --- jsonl_load.c: what the kernel told --- */
/* Sums of goroutines and threads since the session began, at its end. */
void jsonl_loads(struct jsonl_writer *wr);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of a Perfetto trace: shared by perfetto*.c alone. */
#ifndef EXPORT_PERFETTO_OUT_H
#define EXPORT_PERFETTO_OUT_H

#include <stdio.h>

#include "core/world.h"
#include "export/pbuf.h"
#include "export/words.h"

enum pf_type { PF_BEGIN = 1, PF_END = 2, PF_INSTANT = 3, PF_COUNTER = 4 };

/* Kinds of what is written once and then told by its number. */
enum pf_interned { PF_CATEGORY, PF_NAME, PF_KEY, PF_PLACE, PF_TEXT, PF_INTERNED };

struct pf_out {
	FILE *out;
	struct world *w;
	struct words words;
	struct pbuf p; /* the packet in the making */
	struct pbuf intern; /* what it interns */
	struct map64 seen[PF_INTERNED];
	uint32_t texts[PF_INTERNED]; /* how many strings of each kind */
	struct map64 word; /* address of a word → its string id */
	struct map64 place; /* stack → number of its place's frame and one; 0: none */
	size_t packet, event;
	bool begun;
};

struct pf_track {
	uint64_t uuid, parent; /* parent 0: none */
	const char *name;
	uint32_t rank; /* among its siblings */
	int32_t pid; /* it is that process's; 0: no process */
	bool counter;
};

void pf_track(struct pf_out *o, const struct pf_track *t);

/* An event of a track; what is called up to pf_event_end() says more of it. */
void pf_event(struct pf_out *o, int64_t t, uint64_t track, enum pf_type type);
/* The id of a word of static life, which is looked up once. */
uint32_t pf_word(struct pf_out *o, const char *word);
/* Strings are ids of words; category and keys are words of static life. */
void pf_name(struct pf_out *o, const char *category, uint32_t name);
void pf_number(struct pf_out *o, const char *key, uint64_t v);
void pf_string(struct pf_out *o, const char *key, uint32_t text);
/* The whole stack, and the place in the source. */
void pf_stack(struct pf_out *o, uint32_t stack);
void pf_value(struct pf_out *o, int64_t v); /* of a counter */
/* last: the flow ends here. */
void pf_flow(struct pf_out *o, uint64_t id, bool last);
void pf_event_end(struct pf_out *o);

void pf_release(struct pf_out *o);

#endif

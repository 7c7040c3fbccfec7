/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program's tables and code say about a frame that stands at a pc,
 * whichever goroutine's it is: which of its words are live pointers, where its
 * pending defers are, what its code does next. Worked out once for each pc.
 * Single-threaded.
 */
#ifndef TARGET_FRAMEINFO_H
#define TARGET_FRAMEINFO_H

#include "core/hash.h"
#include "target/prospect.h"
#include "target/target.h"
#include "target/unwind.h"

enum frame_flags_known {
	FRAMEI_RUNTIME = 1 << 0, /* the runtime's own, or of package sync and the like */
	FRAMEI_NO_MAP = 1 << 1, /* which words are live is not known: any may be */
	FRAMEI_DEFERS = 1 << 2 /* open-coded defers */
};

struct frame_object { /* runtime/stack.go:stackObjectRecord */
	int32_t off; /* from varp where negative, else from argp */
	int32_t size;
};

struct frameinfo {
	uint64_t pc, entry; /* pc: as it is looked up, so within the call */
	const char *func; /* of the function as compiled; lives as long as the symtab */
	uint8_t id; /* enum gofunc_id */
	uint8_t flags;
	uint16_t n_live, n_object;
	int32_t *live; /* offsets of live pointer words, from where the caller's frame begins */
	struct frame_object *object;
	struct symdefer defers;
	bool explored;
	struct prospects ahead, held; /* see frameinfo_explore() */
};

struct frameinfos {
	struct target *t;
	struct explorer *explorer;
	struct map64 by_pc; /* lookup pc → index */
	VEC(struct frameinfo *) info;
};

void frameinfos_init(struct frameinfos *f, struct target *t);
void frameinfos_release(struct frameinfos *f);
/* pc as the unwinder tells it. NULL: no function. Stays valid. */
struct frameinfo *frameinfo_get(struct frameinfos *f, unwind_pc pc);
/* Fills ahead and held, once; pc is the one that i was got with. */
void frameinfo_explore(struct frameinfos *f, struct frameinfo *i, unwind_pc pc);

/* Where the runtime's varp and argp are, given where the caller's frame begins. */
static inline uint64_t frame_varp(enum goarch arch, uint64_t end)
{
	return end - (arch == GOARCH_AMD64 ? 16 : 8);
}
static inline uint64_t frame_argp(enum goarch arch, uint64_t end)
{
	return end + (arch == GOARCH_AMD64 ? 0 : 8);
}

#endif

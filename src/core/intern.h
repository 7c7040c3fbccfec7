/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interned strings, frames and stacks: equal content has one small id, for the
 * whole session. Single-threaded; what worker threads read meanwhile they have
 * copied before.
 */
#ifndef CORE_INTERN_H
#define CORE_INTERN_H

#include "core/arena.h"
#include "core/mem.h"

struct str {
	const char *s;
	uint32_t len;
};

/* Id 0 is the empty string. */
struct strtab {
	VEC(struct str) str;
	uint32_t *slot; /* ids, open addressing */
	size_t mask;
	struct arena mem;
};

void strtab_init(struct strtab *t);
void strtab_release(struct strtab *t);
/* Bytes need not be UTF-8 nor NUL-free; the stored copy has a NUL added. */
uint32_t strtab_put(struct strtab *t, const char *s, size_t len);
#define NO_STR UINT32_MAX
/* The id of that content, NO_STR where it is not there. Only reads. */
uint32_t strtab_find(const struct strtab *t, const char *s, size_t len);

static inline const char *strtab_get(const struct strtab *t, uint32_t id)
{
	return id < t->str.n ? t->str.v[id].s : "";
}

static inline uint32_t strtab_len(const struct strtab *t, uint32_t id)
{
	return id < t->str.n ? t->str.v[id].len : 0;
}

struct frame {
	uint64_t pc; /* 0: not known; an inlined frame has the pc of its caller's frame */
	uint32_t func; /* string ids */
	uint32_t file;
	uint32_t line; /* 0: not known */
	uint32_t flags;
};

enum frame_flags {
	FRAME_INLINED = 1 << 0,
};

struct stack_ref {
	uint32_t first, n; /* into stacktab.ids */
};

/* Id 0 is the empty stack. Frames are leaf first. */
struct stacktab {
	VEC(struct frame) frame; /* each distinct frame once */
	uint32_t *frame_slot;
	size_t frame_mask;
	VEC(struct stack_ref) stack;
	VEC(uint32_t) ids; /* frame ids of all stacks, one after the other */
	uint32_t *slot;
	size_t mask;
};

void stacktab_init(struct stacktab *t);
void stacktab_release(struct stacktab *t);
uint32_t stacktab_put(struct stacktab *t, const struct frame *frames, size_t n);

static inline uint32_t stacktab_depth(const struct stacktab *t, uint32_t id)
{
	return id < t->stack.n ? t->stack.v[id].n : 0;
}

/* Frame i of the stack, 0 the leaf; NULL where there is none. Valid until the next put. */
static inline const struct frame *stacktab_frame(const struct stacktab *t, uint32_t id, uint32_t i)
{
	if (i >= stacktab_depth(t, id))
		return NULL;
	return &t->frame.v[t->ids.v[t->stack.v[id].first + i]];
}

#endif

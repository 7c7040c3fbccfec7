/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables of a frame as a tree, in plain data: read by a source, shown by
 * whoever asked. Values that are opened have their parts after them, one deeper.
 */
#ifndef CORE_VALUE_H
#define CORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"

enum value_flags {
	VALUE_ARG = 1 << 0,
	VALUE_RESULT = 1 << 1,
	VALUE_CAPTURED = 1 << 2, /* by a closure */
	VALUE_ESCAPED = 1 << 3, /* lies on the heap */
	VALUE_SHADOWED = 1 << 4, /* an inner variable has its name */
	VALUE_GONE = 1 << 5, /* the text says why there is no value */
	VALUE_OPENABLE = 1 << 6, /* has parts */
	VALUE_OPEN = 1 << 7, /* and they follow */
	VALUE_RAW = 1 << 8 /* a word of the stack: what it means is not known */
};

struct value {
	uint64_t key; /* the same from look to look, and of no other value of its frame */
	uint64_t addr; /* where it lies in the target, 0: not in memory */
	uint32_t name, type, text; /* offsets in chars; any bytes but NUL */
	uint32_t line; /* where it was declared, 0: not known, or a part */
	uint16_t depth; /* 0: a variable */
	uint16_t flags;
};

struct values {
	uint64_t goid, pc;
	VEC(struct value) v; /* each followed by its parts */
	VEC(char) chars;
	/* One sentence on what is missing, or why there is nothing at all; "" nothing to say. */
	char note[256];
	bool moved; /* the goroutine went on while it was read: ask again */
};

/* What to read: a frame, and which of its values are open. */
struct value_ask {
	uint64_t goid;
	uint32_t frame; /* of the stack as it is shown, 0 the leaf */
	uint64_t pc; /* of that frame, by which it is known that the stack is still that one */
	VEC(uint64_t) open; /* keys, in any order */
};

/* Who can read variables: implemented by sources, asked by whoever shows them. */
struct inspector {
	/*
	 * Any thread, but not the loop's: waits for the answer. Fills out, which
	 * is empty before. 0, or a negative errno where nothing is to be had any
	 * more; what a person should know is in out->note either way.
	 */
	int (*read)(struct inspector *i, const struct value_ask *ask, struct values *out);
	/* Any thread, but not the loop's: what the first read() would take long for. NULL: nothing. */
	void (*prepare)(struct inspector *i);
};

void values_release(struct values *v);
void value_ask_release(struct value_ask *a);

/* Keeps n bytes of s, which become a string of values; bytes that are NUL are left out. */
uint32_t values_str(struct values *v, const char *s, size_t n);
static inline const char *values_at(const struct values *v, uint32_t off)
{
	return off < v->chars.n ? v->chars.v + off : "";
}
/* The key of the nth part (or variable: parent 0) of that name. */
uint64_t value_key(uint64_t parent, const char *name, unsigned nth);

#endif

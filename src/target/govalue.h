/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of Go types as a Go programmer writes them: {ID: 7, Name: "x"}. What the
 * type means is shown rather than what it is made of where that says more: a
 * time, a mutex, an error, a connection. Depth, length and reads are bounded, and
 * any word may be in the memory: what cannot be is shown as the words it is.
 */
#ifndef TARGET_GOVALUE_H
#define TARGET_GOVALUE_H

#include "core/value.h"
#include "target/gotext.h"
#include "target/gotype.h"

struct govaluer {
	struct target *t;
	struct gotypes *ts;
	struct valmem *vm;
	/* the tree in the making, and the keys that are open */
	struct values *out;
	const struct value_ask *ask;
	size_t nodes_left;
	/* of 1.19 and 1.20, where these two are told apart by their addresses; 0: not known */
	uint64_t ctx_background, ctx_todo;
	bool ctx_looked;
};

enum { GOVALUE_TEXT = 1024, GOVALUE_NODES = 4096 };

/* The value at addr as text. */
void govalue_text(struct govaluer *g, const struct gotype *t, uint64_t addr, struct gotext *out);

/* One value, as a node of the tree; its parts follow where it is open. */
struct govalue_node {
	const char *name;
	const struct gotype *type;
	uint64_t addr;
	uint64_t parent; /* key; 0: a variable */
	unsigned nth; /* of that name */
	uint32_t line;
	uint16_t depth, flags;
	bool partly; /* some bytes are optimised away */
};
void govalue_add(struct govaluer *g, const struct govalue_node *n);
/* A node of mere text. */
void govalue_add_text(struct govaluer *g, const struct govalue_node *n, const char *type,
		      const char *text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of govalue*.c. */
#ifndef TARGET_GOVALUE_IMPL_H
#define TARGET_GOVALUE_IMPL_H

#include "target/govalue.h"

enum {
	STRING_MOST = 64, /* bytes of a string within a text */
	ITEMS_MOST = 16, /* elements, fields, entries within a text */
	DEPTH_MOST = 4,
	POINTERS_MOST = 2, /* deeper ones are mere addresses */
	KNOWN_MOST = 8, /* errors in errors, contexts of contexts */
	PATH_MOST = 64 /* a chain of contexts */
};

/* A value: what it is and where. */
struct gval {
	const struct gotype *t;
	uint64_t addr;
};

void gv_text(struct govaluer *g, struct gval v, int depth, struct gotext *out);
/* What an interface holds; false: nothing, or what cannot be. */
bool gv_dynamic(struct govaluer *g, struct gval v, struct gval *in);
/* A field by name, of a struct; also where it is embedded one level below. */
bool gv_field(struct govaluer *g, struct gval v, const char *name, struct gval *f);
/* What a pointer points to; false for nil, or what is no pointer or leads nowhere. */
bool gv_deref(struct govaluer *g, struct gval v, struct gval *to);
/* An integer of any kind, a bool, or an atomic's, extended to 64 bits. */
bool gv_number(struct govaluer *g, struct gval v, uint64_t *n);
/* A Go string's first bytes, at most size - 1; its whole length. */
bool gv_string(struct govaluer *g, struct gval v, char *buf, size_t size, uint64_t *len);

/*
 * govalue_known.c: a type whose meaning is shown. KNOWN_BARE: the text says what
 * type it is of as well. v may be of a pointer to such a type.
 */
enum known { KNOWN_NOT, KNOWN_TEXT, KNOWN_BARE };
enum known gv_known(struct govaluer *g, struct gval v, int depth, struct gotext *out);
/* govalue_net.c: the same for package net. */
enum known gv_known_net(struct govaluer *g, struct gval v, struct gotext *out);
/* govalue_context.c: the same for contexts, a chain of them. */
enum known gv_known_context(struct govaluer *g, struct gval v, int depth, struct gotext *out);

/* govalue_map.c: the entries of a map, ordered by key where it is small enough. */
enum { ENTRIES_MOST = 1024 };
struct gentry {
	uint64_t key, elem; /* addresses */
	uint64_t sort;
	char *text;
};
typedef VEC(struct gentry) gentries;
/* false: it cannot be read. count: how many the map says that it has. */
bool gv_map(struct govaluer *g, struct gval v, gentries *out, uint64_t *count);
void gv_map_free(gentries *e);

/* A channel's state. */
struct gchan {
	uint64_t len, cap, buf, recvx, first_recv, first_send, elem_size;
	bool closed;
};
bool gv_chan(struct govaluer *g, struct gval v, struct gchan *c);
/* Goroutines in a queue that begins with that sudog, at most max, up to what cannot be read; returns how many. */
size_t gv_waiters(struct govaluer *g, uint64_t sudog, uint64_t *goid, size_t max);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The user's own keys, in place of those of the key table. */
#ifndef UI_KEYMAP_H
#define UI_KEYMAP_H

#include "core/err.h"
#include "core/mem.h"
#include "ui/keys.h"

/* Keys for a row of the table; the last one for a row counts. */
struct key_bound {
	const struct key_binding *row;
	unsigned ctx; /* contexts that it is for; 0: all of the row's */
	char *keys;
	uint32_t before; /* the one before for the same row, as in last */
	int line; /* of the file, for errors; 0: of none */
};

/* Zeroed: the keys of the table. */
struct keymap {
	VEC(struct key_bound) bound;
	VEC(uint32_t) last; /* of each row of the table: its last in bound + 1, 0: it has none */
	int line; /* the caller's: of the file that is read, for what is bound from now on */
};

void keymap_release(struct keymap *m);

/*
 * Binds an action by its name ("sort"), or in one place only ("goroutines.sort"), to
 * keys: names with blanks between, "" for none. What they meant before in the same
 * place they mean no more. Returns 0, or -EINVAL with err filled.
 */
int keymap_set(struct keymap *m, const char *name, const char *keys, struct err *err);

/*
 * Whether keys can be lived with: none means two things, and there is a way out of
 * each place. Returns 0, or -EINVAL with err filled and in *line the line of the file
 * that is to blame, 0: no single one.
 */
int keymap_check(const struct keymap *m, int *line, struct err *err);

/* Whose keys are: what stands later goes before what stands earlier. */
enum key_rank {
	KEYS_FOR_ALL, /* the table's, of a row for all panes … */
	KEYS_FOR_PLACE, /* … and of a row for some places */
	KEYS_USER_FOR_ALL, /* the user's, wherever such a row counts … */
	KEYS_USER_FOR_ROW,
	KEYS_USER_FOR_PLACE, /* … and for a place by its name */
};

/* The keys of a row in a context; m may be NULL, and rank. */
const char *keymap_keys(const struct keymap *m, const struct key_binding *row, unsigned ctx,
			enum key_rank *rank);

/* The first of an action's keys in a context, spelt; "" where it has none. buf has room for 16. */
const char *keymap_first(const struct keymap *m, enum action a, unsigned ctx, char buf[16]);

/* The names of places that the one of keymap_set() may begin with, one after the other; NULL: no more. */
const char *keymap_place(size_t i, unsigned *ctx);

#endif

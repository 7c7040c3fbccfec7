/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that make groups share. */
#ifndef ANALYSIS_GROUPS_PRIV_H
#define ANALYSIS_GROUPS_PRIV_H

#include "analysis/groups.h"

/* Rows, or things to sort, between two looks at the clock: some tenths of a millisecond. */
enum { GROUPS_PIECE = 32768 };

/* Where a piece ends that begins where the work stands, of so many things. */
static inline size_t groups_piece(const struct groups_next *n, size_t all)
{
	return all - n->at < GROUPS_PIECE ? all : n->at + GROUPS_PIECE;
}

/*
 * The frame of a stack that stands for it, by its number; what each string is may be
 * remembered in g (NULL: not).
 */
uint32_t place_of(struct groups *g, const struct world *w, uint32_t stack);

/*
 * Stages of the work: each does a piece, and returns whether it is finished. That of places
 * and that of the order of what lies in g->next.order.
 */
bool groups_rank(struct groups *g);
bool groups_sort(struct groups *g);

#endif

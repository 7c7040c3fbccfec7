/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a moment that the world's own files share. */
#ifndef CORE_MOMENT_H
#define CORE_MOMENT_H

#include "core/world.h"

/* Adds a row whose state is GS_NONE. */
void moment_add_row(struct moment *m);

/* A share of the whole, in 1/SHARE_ONE. */
static inline uint16_t share_of(int64_t ns, int64_t whole)
{
	if (ns <= 0 || whole <= 0)
		return 0;
	return ns >= whole ? SHARE_ONE : (uint16_t)((double)ns * SHARE_ONE / (double)whole + 0.5);
}

enum change {
	CHANGE_NONE,
	CHANGE_STACK, /* it is known to be elsewhere, in the same state */
	CHANGE_STATE,
};
/*
 * What an event makes of the state and the stack of its goroutine, which are
 * given as they were. live: samples tell where one that runs is.
 */
enum change event_change(const struct event *ev, bool live, uint8_t *state, uint32_t *stack);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A core dump as a source: the one pass and the one look that a live process
 * would get, at a process that stands still for ever.
 */
#ifndef SOURCE_CORE_H
#define SOURCE_CORE_H

#include "source/input.h"
#include "source/source.h"

/* Whether the bytes begin as a core dump does. */
bool coredump_known(const struct input *in);

/*
 * in stays open until it is closed. exe: the program that ran (--exe); NULL: found by the
 * core's own word, and compared. NULL with err filled (EXIT_BADFILE) where nothing can be read.
 */
struct source *coredump_open(const struct input *in, const char *exe, struct world *w,
			     struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* events.jsonl: one event a line, the same from a live process and from a file. */
#ifndef EXPORT_JSONL_H
#define EXPORT_JSONL_H

#include <stdio.h>

#include "core/world.h"

/*
 * Writes every event with t0 <= time <= t1, in order. A stack is written whole
 * where its id first appears, and by its id later; ids are of the file alone. Of
 * the whole session (T_BEFORE to T_NEVER) there is a first line that says what it
 * is of and a last one that says how it ended; such a file can be replayed
 * (source/jsonl.h). Returns 0 or a negative errno
 * (of the history, or of out).
 */
int jsonl_export(struct world *w, int64_t t0, int64_t t1, FILE *out);

#endif

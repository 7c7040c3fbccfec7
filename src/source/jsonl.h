/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An events.jsonl as a source: the events of a process or a trace as
 * export/jsonl.h wrote them, read line by line as they stand in the file. What
 * is kept of them is packed (core/evlog.h), a tenth of the file's size.
 */
#ifndef SOURCE_JSONL_H
#define SOURCE_JSONL_H

#include "source/input.h"
#include "source/source.h"

/* Whether the bytes look like such a file. */
bool jsonl_known(const struct input *in);

/*
 * Never fails: what is wrong with the file is said by drain(). Lines up to the
 * first that is damaged are shown; where there is none, drain() fails.
 */
struct source *jsonl_open(const struct input *in);

#endif

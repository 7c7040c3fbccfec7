/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timeline as Perfetto (ui.perfetto.dev, trace_processor) reads it: track events in
 * Protocol Buffers. A track for each goroutine with its states as slices, named as
 * reports name them; one for each processor with who runs on it; flows from who unblocks
 * or makes a goroutine to who is unblocked or made; phases of the runtime, tasks, regions,
 * messages and counters. Times are the session's.
 */
#ifndef EXPORT_PERFETTO_H
#define EXPORT_PERFETTO_H

#include "export/formats.h"

/* Returns 0 or a negative errno: of writing, of the history; -ENODATA where there is none. */
int perfetto_export(struct export_request *r, FILE *out);

#endif

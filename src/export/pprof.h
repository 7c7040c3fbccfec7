/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile as go tool pprof reads it: profile.proto, gzipped. Sample types:
 *
 *   goroutines   count        those alive at the span's end, at their stack
 *   cpu          nanoseconds  on CPU, by samples, or by state where there are none
 *   off_cpu      nanoseconds  off it, at the stack that waits
 *   contentions  count        waits for a sync.Mutex or RWMutex
 *   delay        nanoseconds  and how long they took
 *
 * Labels: "reason" for which time is off CPU and goroutines do not run ("chan-recv",
 * "runnable", "running"), and those of runtime/pprof.
 */
#ifndef EXPORT_PPROF_H
#define EXPORT_PPROF_H

#include "export/formats.h"

/* Returns 0 or a negative errno; -ENODATA where there is no past. */
int pprof_export(struct export_request *r, FILE *out);

#endif

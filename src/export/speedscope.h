/* SPDX-License-Identifier: Apache-2.0 */
/* Time by stack as speedscope (speedscope.app) reads it: its own JSON. */
#ifndef EXPORT_SPEEDSCOPE_H
#define EXPORT_SPEEDSCOPE_H

#include "export/formats.h"

/*
 * Two profiles, "on CPU" and "off CPU", in nanoseconds: no sample is left out, so their
 * sums are the time. Off CPU the reason is the outermost frame. Returns 0 or a negative
 * errno of writing.
 */
int speedscope_export(struct export_request *r, FILE *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Go execution traces of formats 1.22, 1.23, 1.25 and 1.26 (Go 1.22 to 1.27). */
#ifndef SOURCE_TRACE2_H
#define SOURCE_TRACE2_H

#include "source/input.h"
#include "source/source.h"

/*
 * Opens the trace that in holds; its header was seen to be one of these
 * formats. in must stay open until the source is closed. Never fails: what is
 * wrong with the content shows when it is drained.
 */
struct source *trace2_open(const struct input *in, struct err *err);

#endif

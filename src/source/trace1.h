/* SPDX-License-Identifier: Apache-2.0 */
/* Go execution traces of formats 1.11, 1.19 and 1.21 (Go 1.11 to 1.21). */
#ifndef SOURCE_TRACE1_H
#define SOURCE_TRACE1_H

#include "source/input.h"
#include "source/source.h"

/* As trace2_open(). */
struct source *trace1_open(const struct input *in, struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A recording (docs/recording.md) as a source: what the world was told once, told again. */
#ifndef SOURCE_RECORDING_H
#define SOURCE_RECORDING_H

#include "source/input.h"
#include "source/source.h"

/* Whether the bytes begin as a recording does. */
bool recording_known(const struct input *in);
/*
 * Opens one; in stays as it is as long as the source is open. NULL with err filled where it is of a newer
 * format, or not one frame is whole. What is missing of it is told as a warning once it is read.
 */
struct source *recording_open(const struct input *in, struct err *err);

#endif

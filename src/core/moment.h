/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a moment that the world's own files share. */
#ifndef CORE_MOMENT_H
#define CORE_MOMENT_H

#include "core/world.h"

/* Adds a row whose state is GS_NONE. */
void moment_add_row(struct moment *m);
/* Makes exactly n rows, all GS_NONE. */
void moment_reset(struct moment *m, size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The user's editor, in the foreground until it ends. */
#ifndef EDITOR_H
#define EDITOR_H

#include <stdint.h>

#include "core/err.h"

/*
 * Runs $VISUAL, $EDITOR or vi on a file at a line; the terminal must have been
 * given back. ^Z within stops both programs, and fg brings both back. Returns 0,
 * or a negative errno with err filled.
 */
int editor_run(const char *file, uint32_t line, struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The plain mode on the program's loop: lines from standard input, lines to standard output. */
#ifndef PLAIN_H
#define PLAIN_H

#include "screen.h"

/*
 * Runs until the user ends it, or the input does. Returns 0, or the number of the
 * signal that ended it, or a negative errno with err filled.
 */
int plain_run(const struct screen_config *c, struct err *err);

#endif

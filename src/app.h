/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the loop, the source, the model and the screen; wires them and nothing else. */
#ifndef APP_H
#define APP_H

#include "core/err.h"
#include "options.h"

/*
 * Runs the program to its end; o gets what the configuration adds. Returns the exit code; where it is for an error,
 * err holds the sentence to print.
 */
int app_run(struct options *o, struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* bingo-top doctor: what works here and what does not, each with what mends it. */
#ifndef SOURCE_DOCTOR_H
#define SOURCE_DOCTOR_H

#include <stdio.h>
#include <sys/types.h>

/*
 * Prints a line for each thing looked at, and below one that does not work the
 * command that mends it. pid 0: this machine alone. Returns the exit code: 3
 * where no process, or not that one, can be watched. colors: of the terminal, -1:
 * it is not known.
 */
int doctor_run(pid_t pid, int colors, FILE *out);

#endif

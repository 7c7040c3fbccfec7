/* SPDX-License-Identifier: Apache-2.0 */
/* A program that we start ourselves to watch it from its first instruction. */
#ifndef SOURCE_COMMAND_H
#define SOURCE_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/err.h"

/*
 * Starts argv (ends with NULL) as a child and returns its pid once execve has
 * worked, or a negative errno with err filled (exit code 3). quiet: the screen
 * is ours, so its input and output are /dev/null and signals of the terminal
 * do not reach it.
 */
pid_t command_start(char *const *argv, bool quiet, struct err *err);

/*
 * Whether it has ended; says how in buf ("exited with status 3"). Does not
 * wait. Ask only one place to call it: the kernel tells once.
 */
bool command_ended(pid_t pid, char *buf, size_t size);

/* Asks it to end (SIGTERM), unless it is gone already. */
void command_stop(pid_t pid);

#endif

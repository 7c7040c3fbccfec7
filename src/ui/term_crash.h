/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the terminal back when the program dies of its own fault. */
#ifndef UI_TERM_CRASH_H
#define UI_TERM_CRASH_H

#include <stddef.h>
#include <termios.h>

/*
 * From now on SEGV, BUS, FPE, ILL and ABRT write these bytes to fd and set its
 * modes before they end the program as they would have. The bytes are copied (at
 * most 512). Only async-signal-safe calls are made then.
 */
void crash_arm(int fd, const char *bytes, size_t n, const struct termios *modes);
void crash_disarm(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The user's editor, in the foreground until it ends. */
#ifndef EDITOR_H
#define EDITOR_H

#include <signal.h>
#include <stdint.h>

#include "core/err.h"

/*
 * While an editor has the terminal: ^C and ^\\ are for it alone, and ^Z stops
 * whoever waits for it as well. hold() before, let() puts back what was.
 */
struct editor_signals {
	struct sigaction before[3];
};
void editor_signals_hold(struct editor_signals *s);
void editor_signals_let(const struct editor_signals *s);

/*
 * Runs the user's editor on a file at a line; the terminal must have been given
 * back. own: its name or command, with {file} and {line} in it where it must be told in
 * another way than its kin; NULL or "": $VISUAL, $EDITOR or vi. ^Z within stops both programs, and fg brings both back. Returns 0,
 * or a negative errno with err filled.
 */
int editor_run(const char *own, const char *file, uint32_t line, struct err *err);

#endif

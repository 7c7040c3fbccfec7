/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives the screen from a file of commands, one a line; # begins a comment.
 *
 *   key j Enter ^D F1 gg    presses keys, by name
 *   type main\.             types the rest of the line
 *   wait-loaded             until everything is read, of a running process once
 *   resize 120x40
 *   tick 250ms              lets time go on
 *   mouse press 10 4        or double, drag, release, up, down (the wheel)
 *   save-screen FILE        the screen as text; - is standard output
 *   save-roles FILE         the screen as letters of roles
 *   wait-passes N           until a process was looked at so many more times
 *   quit                    ends the script
 *
 * and every action by its name, with a colon or without: ":filter main\.", "goto 1.5s".
 */
#ifndef UI_SCRIPT_H
#define UI_SCRIPT_H

#include <stdio.h>

#include "ui/ui.h"

struct script_host {
	void *arg;
	/* Reads everything that there is. Returns 0 or a negative errno with err filled. */
	int (*wait_loaded)(void *arg, struct err *err);
	/* Goes on until so many more passes over a process are in, or it has ended. Likewise. */
	int (*wait_passes)(void *arg, int n, struct err *err);
};

/*
 * Runs the whole file; name is for messages. The grid is resized as the script
 * says. Returns 0, or a negative errno with err filled: line and word.
 */
int script_run(struct ui *ui, struct grid *g, FILE *in, const char *name,
	       const struct script_host *host, struct err *err);

#endif

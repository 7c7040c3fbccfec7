/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second process that starts programs for the user, the editor and what puts
 * text on the clipboard, and writes the user's own files. It is made before the program gives up its rights
 * (guard.h), so these programs are not held by its filter; and has no
 * capability itself, so they have none. What it starts and where it writes is named
 * by its own environment and configuration, not by who asks.
 *
 * Where root was become by sudo, a third one makes new files for the user who did
 * so: with his ids alone, for good.
 */
#ifndef HELPER_H
#define HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct helper;

/* What it does for the program, fixed when it is made. Each may be NULL or "". */
struct helper_config {
	const char *editor, *clipboard; /* commands, see editor_run(), term_copy_command() */
	const char *config; /* the file that changes of settings go to */
	const char *history; /* and what was typed */
};

/* Makes it; call before descriptors are opened and threads are made. NULL: it cannot be had. */
struct helper *helper_start(const struct helper_config *c);
/* Ends it. NULL ok. */
void helper_stop(struct helper *h);

/* As editor_run(). h may be NULL: then that is the error. */
int helper_edit(struct helper *h, const char *file, uint32_t line, struct err *err);
/* By the user's command or by tmux, which how tells; false: by neither. h may be NULL: false. */
bool helper_copy(struct helper *h, const char *text, char *how, size_t size);
/*
 * The last resort: to a new file that only the user may read, below $XDG_RUNTIME_DIR where that
 * is his alone, else in /tmp. Returns 0 with its path in where, or a negative errno with err filled.
 */
int helper_keep(struct helper *h, const char *text, char *where, size_t size, struct err *err);
/* As config_save() and history_save(), to the files that it was made with. */
int helper_save(struct helper *h, const char *changes, struct err *err);
int helper_history(struct helper *h, const char *text, struct err *err);
/*
 * Makes a new file to write, as the user who called us by sudo: so it is his, and lies
 * where he may write, which is more than root without capabilities may. Returns its
 * descriptor, or a negative errno: -EEXIST where there is one of that name, -ENOTSUP
 * where nobody else called us; then make it yourself.
 */
int helper_create(struct helper *h, const char *file, struct err *err);
/*
 * Removes the file that was made by helper_create() last, if it has that name. False: it did
 * not; then it is not theirs.
 */
bool helper_remove(struct helper *h, const char *file);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second process that starts programs for the user: the editor, and what puts
 * text on the clipboard. It is made before the program gives up its rights
 * (guard.h), so these programs are not held by its filter; and has no
 * capability itself, so they have none. What it starts is named by its own
 * environment, not by who asks.
 *
 * Where root was become by sudo, a third one makes new files for the user who did
 * so: with his ids alone, for good.
 */
#ifndef HELPER_H
#define HELPER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct helper;

/* Makes it; call before descriptors are opened and threads are made. NULL: it cannot be had. */
struct helper *helper_start(void);
/* Ends it. NULL ok. */
void helper_stop(struct helper *h);

/* As editor_run(). h may be NULL: then that is the error. */
int helper_edit(struct helper *h, const char *file, uint32_t line, struct err *err);
/*
 * Makes a new file to write, as the user who called us by sudo: so it is his, and lies
 * where he may write, which is more than root without capabilities may. Returns its
 * descriptor, or a negative errno: -EEXIST where there is one of that name, -ENOTSUP
 * where nobody else called us; then make it yourself.
 */
int helper_create(struct helper *h, const char *file, struct err *err);
/* As term_copy_tmux(). h may be NULL: false. */
bool helper_copy(struct helper *h, const char *text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The screen on the program's loop: terminal, signals, editor, clipboard; or a script in their place. */
#ifndef SCREEN_H
#define SCREEN_H

#include "core/world.h"
#include "loader.h"
#include "options.h"
#include "stopper.h"

/* The loader's fields are set and it is not started; the callee does both ends. */
struct screen_config {
	const struct options *opt;
	uv_loop_t *loop;
	struct loader *loader;
	struct world *world;
	struct detect *detect;
	struct stopper *stopper;
	int64_t began; /* of the program, CLOCK_MONOTONIC */
	struct helper *helper; /* starts the editor, writes the user's files; NULL: there is none */
	struct settings *set;
	const char *config; /* the user's file, which changes are saved to; NULL: nowhere */
	bool live; /* the session grows on when loading is done */
};

/* Looks at what only a screen finds wrong. Returns 0, or -EINVAL with err filled. */
int screen_check(const struct options *o, struct err *err);

/*
 * Shows the screen until it is left. Returns 0, or the number of the signal that
 * ended it, or a negative errno with err filled: -ENOTSUP where the terminal
 * cannot show a screen; nothing was shown then.
 */
int screen_run(const struct screen_config *c, struct err *err);

/* Runs options.script on a screen in memory. Returns 0, or a negative errno with err filled. */
int screen_script(const struct screen_config *c, struct err *err);

#endif

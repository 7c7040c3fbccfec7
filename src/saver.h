/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes exports for the screen, each to a new file; what reads the whole past does so
 * on a worker, while the world is held still and the screen goes on.
 */
#ifndef SAVER_H
#define SAVER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/jobs.h"
#include "helper.h"
#include "ui/ui.h"

struct save;

struct saver {
	/* the caller's */
	struct helper *helper; /* may be NULL */
	struct jobs *jobs;
	int64_t began; /* of the program, CLOCK_MONOTONIC */
	void (*said)(void *arg, bool bad, const char *text); /* how it ended */
	void *arg;
	bool busy; /* one is written: the world must not change */
	struct save *save; /* which */
};

/* All formats, for the screen's menu. */
const struct ui_choice *saver_choices(void);

/* What is to be written. */
struct save_wish {
	const char *format; /* see export_find() */
	const char *file;
	int64_t t0, t1; /* T_BEFORE to T_NEVER: the whole session */
};

/*
 * Writes what the view shows to a new file. Returns 0, with said()
 * called once it is written or not; or a negative errno with err filled: no such
 * format, no time that it could be of, one is being written, the file is there already or cannot be made.
 */
int saver_write(struct saver *s, struct view *v, const struct save_wish *x, struct err *err);

/* The file that is being written; NULL: none. */
const char *saver_file(const struct saver *s);
/*
 * Leaves off what is being written, which is removed; said() is called once it is. It ends
 * soon, on the loop.
 */
void saver_stop(struct saver *s);

#endif

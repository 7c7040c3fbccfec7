/* SPDX-License-Identifier: Apache-2.0 */
/* Where events come from: one interface for files and live processes. */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "core/code.h"
#include "core/err.h"
#include "core/value.h"
#include "core/world.h"

enum source_state {
	SOURCE_MORE = 0, /* more will come */
	SOURCE_WHOLE = 1 /* everything is merged */
};

struct source;

struct source_ops {
	const char *kind; /* "trace", "live", … */
	/*
	 * Does the long work until nothing is left or cancelled. Called on
	 * worker threads, as many at once as there are processors (at least
	 * one); each call returns when it finds nothing more to do. NULL: none.
	 */
	void (*work)(struct source *s);
	/*
	 * Loop thread: merges what the workers have made into the world, for
	 * at most budget_ns. Returns a source_state, or a negative errno with
	 * err filled where nothing at all could be read; damage that leaves
	 * something to show is a world_warn() and SOURCE_WHOLE.
	 */
	int (*drain)(struct source *s, struct world *w, int64_t budget_ns, struct err *err);
	/* Any thread: makes work() return soon. */
	void (*cancel)(struct source *s);
	/* Loop thread, after every work() has returned. */
	void (*close)(struct source *s);
};

/* The head of every source; the implementation's own struct begins with it. */
struct source {
	const struct source_ops *ops;
	struct history history; /* world.history points here while it is open */
	struct inspector inspector; /* world.inspector likewise; read NULL: it knows no variables */
	struct disassembler
		disassembler; /* world.disassembler likewise; read NULL: it knows no code */
	/* Called on worker threads when there is something to drain; may be NULL. */
	void (*notify)(void *arg);
	void *notify_arg;
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a source's long work on libuv's threads and drains it into the world on the loop. */
#ifndef LOADER_H
#define LOADER_H

#include <stdbool.h>
#include <uv.h>

#include "source/source.h"

struct loader {
	uv_loop_t *loop;
	struct source *source;
	struct world *world;
	struct err err; /* why nothing could be read */
	bool whole; /* everything is merged, or err says why not */
	int64_t budget_ns; /* for one drain, so that the screen stays quick */
	void (*progress)(struct loader *l); /* after each drain that brought something */
	/* Whether the world must stay as it is for now; progress() is called all the same. NULL: never. */
	bool (*held)(struct loader *l);
	void *arg;

	uv_async_t wake;
	uv_work_t *work;
	int n_work, working;
};

/* One worker a processor at most; call before any other use of libuv's pool. */
void loader_threads(void);

/*
 * Starts the work, unless that was done. The fields above the blank line are the
 * caller's to set.
 */
void loader_start(struct loader *l);
/* Cancels what still runs and waits for it; the world keeps what is merged. */
void loader_stop(struct loader *l);

#endif

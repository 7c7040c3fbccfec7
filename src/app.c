/* SPDX-License-Identifier: Apache-2.0 */
#include "app.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "batch.h"
#include "core/world.h"
#include "loader.h"
#include "source/open.h"

enum { BATCH_BUDGET_NS = 1000 * 1000 * 1000 };

struct app {
	const struct options *opt;
	uv_loop_t loop;
	struct world world;
	struct input in;
	struct source *source;
	struct loader loader;
	int64_t began; /* wall clock, ns */
};

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static double own_cpu_pct(const struct app *a)
{
	int64_t wall = clock_ns(CLOCK_MONOTONIC) - a->began;

	return wall > 0 ? 100.0 * (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / (double)wall : 0;
}

static int app_open(struct app *a, struct err *err)
{
	int rc = input_open(&a->in, a->opt->replay, err);

	if (rc)
		return rc;
	a->source = source_open_file(&a->in, &a->world, err);
	return a->source ? 0 : -EINVAL;
}

static void app_close(struct app *a)
{
	if (a->source) {
		loader_stop(&a->loader);
		a->world.history = NULL;
		a->source->ops->close(a->source);
	}
	input_close(&a->in);
	uv_loop_close(&a->loop);
	world_release(&a->world);
}

static int run_batch(struct app *a, struct err *err)
{
	a->loader.budget_ns = BATCH_BUDGET_NS;
	loader_start(&a->loader);
	while (!a->loader.whole)
		uv_run(&a->loop, UV_RUN_ONCE);
	if (a->loader.err.rc) {
		*err = a->loader.err;
		return err->rc;
	}
	return batch_print(a->opt, &a->world, own_cpu_pct(a), err);
}

int app_run(const struct options *o, struct err *err)
{
	struct app a = { .opt = o, .began = clock_ns(CLOCK_MONOTONIC) };
	int rc;

	loader_threads();
	uv_loop_init(&a.loop);
	world_init(&a.world);
	rc = app_open(&a, err);
	if (!rc) {
		a.loader.loop = &a.loop;
		a.loader.source = a.source;
		a.loader.world = &a.world;
		rc = run_batch(&a, err);
	}
	app_close(&a);
	return rc ? (int)err->code : EXIT_FINE;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/mem.h"

static int processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > 64 ? 64 : (int)n;
}

void loader_threads(void)
{
	char buf[16];

	/* the screen's own questions (a story, a timeline) must not wait for the loaders */
	snprintf(buf, sizeof(buf), "%d", processors() + 2);
	setenv("UV_THREADPOOL_SIZE", buf, 0);
}

static bool is_held(struct loader *l)
{
	return l->held && l->held(l);
}

static void loader_drain(struct loader *l)
{
	bool held = is_held(l);
	int rc;

	if (l->whole && !held)
		return;
	if (!held) {
		rc = l->source->ops->drain(l->source, l->world, l->budget_ns, &l->err);
		l->whole = rc != SOURCE_MORE;
		l->world->progress.whole = l->whole;
		l->world->generation++;
	}
	if (l->progress)
		l->progress(l);
	if (is_held(l) || (!l->whole && !l->working))
		uv_async_send(&l->wake);
}

static void on_wake(uv_async_t *wake)
{
	loader_drain(wake->data);
}

static void wake_loop(void *arg)
{
	uv_async_send(arg);
}

static void work_run(uv_work_t *req)
{
	struct loader *l = req->data;

	l->source->ops->work(l->source);
}

static void work_done(uv_work_t *req, int status)
{
	struct loader *l = req->data;

	(void)status;
	l->working--;
	uv_async_send(&l->wake);
}

void loader_start(struct loader *l)
{
	if (l->work)
		return;
	uv_async_init(l->loop, &l->wake, on_wake);
	l->wake.data = l;
	l->source->notify = wake_loop;
	l->source->notify_arg = &l->wake;
	l->n_work = l->source->ops->work ? processors() : 0;
	l->work = xcalloc((size_t)l->n_work, sizeof(*l->work));
	for (int i = 0; i < l->n_work; i++) {
		l->work[i].data = l;
		l->working++;
		uv_queue_work(l->loop, &l->work[i], work_run, work_done);
	}
	uv_async_send(&l->wake);
}

void loader_stop(struct loader *l)
{
	if (!l->work)
		return;
	if (l->source->ops->cancel)
		l->source->ops->cancel(l->source);
	l->whole = true;
	while (l->working)
		uv_run(l->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&l->wake, NULL);
	uv_run(l->loop, UV_RUN_NOWAIT);
	free(l->work);
	l->work = NULL;
}

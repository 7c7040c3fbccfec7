/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at what goroutines wait on, rarer than passes and as often as their cost allows. */
#include <stdlib.h>
#include <string.h>

#include "source/live_priv.h"

enum { MS = 1000000, LOOK_MS = 500, LOOK_MOST_MS = 10000 };

static const double LOOK_SHARE = 0.005; /* of a core */

static void texts_take(struct live_source *l, struct live_batch *b)
{
	const struct strtab *t = objects_text(l->objects);

	for (; l->texts_told < t->str.n; l->texts_told++)
		*vec_push(&b->text) = xstrdup(strtab_get(t, (uint32_t)l->texts_told));
}

static struct facts *look_memory(struct live_source *l)
{
	struct facts *f;

	pthread_mutex_lock(&l->lock);
	f = l->spare;
	l->spare = NULL;
	pthread_mutex_unlock(&l->lock);
	if (!f) {
		f = xcalloc(1, sizeof(*f));
		facts_init(f);
	}
	return f;
}

static void look_pace(struct live_source *l, int64_t now, int64_t cost)
{
	int64_t want;

	/* The first one reads all; those that follow what has changed. */
	if (objects_stats(l->objects)->looks <= 1) {
		l->look_interval_ns = (int64_t)LOOK_MS * MS;
	} else {
		l->look_cost_ns +=
			l->look_cost_ns > 0 ? ((double)cost - l->look_cost_ns) * 0.3 : (double)cost;
		want = (int64_t)(l->look_cost_ns / LOOK_SHARE);
		want = want > (int64_t)LOOK_MS * MS ? want : (int64_t)LOOK_MS * MS;
		l->look_interval_ns =
			want < (int64_t)LOOK_MOST_MS * MS ? want : (int64_t)LOOK_MOST_MS * MS;
	}
	l->look_next = now + l->look_interval_ns;
}

int64_t live_look(struct live_source *l, int64_t now)
{
	int64_t cpu = live_clock(CLOCK_THREAD_CPUTIME_ID);
	struct live_batch *b;
	int rc;

	if (now < l->look_next)
		return 0;
	b = batch_new(l);
	b->look_end = true;
	b->look = look_memory(l);
	rc = objects_look(l->objects, b->look);
	if (!rc) {
		facts_finish(b->look);
		b->look_hash = facts_hash(b->look);
	}
	texts_take(l, b);
	batch_names(l, b);
	if (rc) { /* what is new in names must not be lost */
		look_free(b->look);
		b->look = NULL;
	}
	batch_send(l, b);
	cpu = live_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;
	look_pace(l, now, cpu);
	return cpu;
}

void live_look_restart(struct live_source *l)
{
	l->objects = objects_new(l->t, l->scan);
	l->texts_told = 0;
	l->look_next = 0;
	l->look_cost_ns = 0;
}

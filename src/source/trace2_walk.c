/* SPDX-License-Identifier: Apache-2.0 */
#include "source/trace2_gen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "source/varint.h"

struct header {
	uint64_t gen, m, time, size;
	uint64_t off; /* of the data */
	uint8_t type; /* 0: end of file */
};

static int damaged(struct err *err, uint64_t off, const char *what)
{
	return err_set(err, -EBADMSG, EXIT_BADFILE, "%s at byte %" PRIu64, what, off);
}

static int header_read(const struct t2_walk *w, struct header *h, struct err *err)
{
	const uint8_t *p = w->data + w->off, *end = w->data + w->size;

	h->type = 0;
	if (p >= end)
		return 0;
	h->type = *p++;
	if (h->type == T2_END_OF_GENERATION && w->version >= 26) {
		h->off = (uint64_t)(p - w->data);
		h->size = 0;
		return 0;
	}
	if (h->type != T2_EVENT_BATCH && !(h->type == T2_EXPERIMENTAL_BATCH && w->version >= 23))
		return damaged(err, w->off, "no batch begins");
	if (h->type == T2_EXPERIMENTAL_BATCH) {
		if (p >= end) {
			h->type = 0;
			return 0;
		}
		p++;
	}
	if (!(p = varint_get(p, end, &h->gen)) || !(p = varint_get(p, end, &h->m)) ||
	    !(p = varint_get(p, end, &h->time)) || !(p = varint_get(p, end, &h->size)))
		return damaged(err, w->off, "a batch's header is cut");
	if (h->size > T2_MAX_BATCH)
		return damaged(err, w->off, "a batch is larger than 64 KB");
	if (h->size > (uint64_t)(end - p))
		return damaged(err, w->off, "a batch is cut");
	h->off = (uint64_t)(p - w->data);
	return 0;
}

/* Batches in stream order, before they are put together by thread. */
struct gather {
	struct map64 thread;
	VEC(uint32_t) owner; /* of each batch */
};

static void gather_batch(struct gather *ga, struct t2_gen *g, const struct header *h)
{
	uint32_t t = map64_get(&ga->thread, h->m);

	if (t == UINT32_MAX) {
		t = (uint32_t)g->thread.n;
		map64_put(&ga->thread, h->m, t);
		*vec_push(&g->thread) = (struct t2_thread){ .m = h->m };
	}
	g->thread.v[t].n++;
	*vec_push(&ga->owner) = t;
	*vec_push(&g->batch) = (struct t2_batch){ h->off, h->time, (uint32_t)h->size };
}

static void gather_add(const struct t2_walk *w, struct gather *ga, struct t2_gen *g,
		       const struct header *h)
{
	struct t2_blob blob = { h->off, (uint32_t)h->size };
	uint8_t kind = h->size ? w->data[h->off] : 0;

	if (h->type == T2_EXPERIMENTAL_BATCH)
		return;
	switch (kind) {
	case T2_STRINGS:
		*vec_push(&g->strings) = blob;
		return;
	case T2_STACKS:
		*vec_push(&g->stacks) = blob;
		return;
	case T2_CPU_SAMPLES:
		*vec_push(&g->samples) = blob;
		return;
	}
	if (kind == (w->version >= 25 ? T2_SYNC : T2_FREQUENCY)) {
		*vec_push(&g->sync) = blob;
		/* a sync batch's own time is that of its snapshot */
		if (!g->wall_at)
			g->wall_at = (int64_t)h->time;
		return;
	}
	gather_batch(ga, g, h);
}

/* Puts the batches together by thread; each thread's stay in order. */
static void gather_finish(struct gather *ga, struct t2_gen *g)
{
	struct t2_batch *sorted = xmalloc(g->batch.n * sizeof(*sorted));
	uint32_t at = 0;

	for (size_t t = 0; t < g->thread.n; t++) {
		g->thread.v[t].first = at;
		at += g->thread.v[t].n;
		g->thread.v[t].n = 0;
	}
	for (size_t i = 0; i < ga->owner.n; i++) {
		struct t2_thread *t = &g->thread.v[ga->owner.v[i]];

		sorted[t->first + t->n++] = g->batch.v[i];
	}
	free(g->batch.v);
	g->batch.v = sorted;
	g->batch.cap = g->batch.n;
	map64_free(&ga->thread);
	vec_free(&ga->owner);
}

/* Takes one batch. 0: more to come; 1: the generation is whole; <0: damage. */
static int gen_take(struct t2_walk *w, struct gather *ga, struct t2_gen *g, const struct header *h,
		    bool any, struct err *err)
{
	if (h->type == T2_END_OF_GENERATION) {
		w->off = h->off;
		return any ? 1 : damaged(err, w->off, "a generation is empty");
	}
	if (!h->gen)
		return damaged(err, w->off, "a batch belongs to generation 0");
	if (any && h->gen != g->number) {
		if (w->version < 26 && h->gen == g->number + 1)
			return 1;
		return damaged(err, w->off, "generations are out of order");
	}
	g->number = h->gen;
	gather_add(w, ga, g, h);
	w->off = h->off + h->size;
	return 0;
}

/*
 * 1: a generation; 0: the end of the file comes first; <0: damage. What comes before
 * damage is a generation that is cut; the damage is told next time.
 */
static int gen_collect(struct t2_walk *w, struct gather *ga, struct t2_gen *g, struct err *err)
{
	struct header h = { 0 };
	struct err why = { 0 };
	bool any = false;
	int rc;

	do {
		rc = header_read(w, &h, &why);
		if (!rc && !h.type && (!any || w->version < 26))
			return any;
		if (!rc && !h.type)
			rc = damaged(&why, w->off, "the file ends within a generation");
		if (!rc)
			rc = gen_take(w, ga, g, &h, any, &why);
		any = any || !rc;
	} while (!rc);
	if (rc > 0)
		return rc;
	if (!any) {
		*err = why;
		return rc;
	}
	w->damage = why;
	g->cut = true;
	return 1;
}

int gen_walk(struct t2_walk *w, struct t2_gen *g, struct err *err)
{
	struct gather ga = { 0 };
	int rc;

	memset(g, 0, sizeof(*g));
	if (w->damage.rc) {
		*err = w->damage;
		return err->rc;
	}
	g->begin = w->off;
	rc = gen_collect(w, &ga, g, err);
	gather_finish(&ga, g);
	if (rc < 1) {
		gen_release(g);
		return rc;
	}
	g->end = w->off;
	g->index = w->n_gen++;
	return 1;
}

void walk_init(struct t2_walk *w, const uint8_t *data, uint64_t size)
{
	uint64_t len = T2_MAX_BATCH + VARINT_PAD;

	memset(w, 0, sizeof(*w));
	w->data = data;
	w->size = size;
	w->tail_off = size > len ? size - len : 0;
	w->tail = xcalloc(1, size - w->tail_off + VARINT_PAD);
	memcpy(w->tail, data + w->tail_off, size - w->tail_off);
}

void walk_release(struct t2_walk *w)
{
	free(w->tail);
	w->tail = NULL;
}

void gen_release(struct t2_gen *g)
{
	vec_free(&g->batch);
	vec_free(&g->thread);
	vec_free(&g->strings);
	vec_free(&g->stacks);
	vec_free(&g->samples);
	vec_free(&g->sync);
	vec_free(&g->string);
	vec_free(&g->stack);
	vec_free(&g->frame);
	vec_free(&g->frame_id);
	vec_free(&g->sample);
	free(g->string_id.direct);
	free(g->stack_id.direct);
	map64_free(&g->string_id.sparse);
	map64_free(&g->stack_id.sparse);
	map64_free(&g->stw_world);
	free(g->string_reason);
	free(g->stack_reason);
	free(g->string_world);
	free(g->stack_world);
	memset(g, 0, sizeof(*g));
}

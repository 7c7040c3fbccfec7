/* SPDX-License-Identifier: Apache-2.0 */
#include "source/trace2_gen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "source/varint.h"

/* --- batches --- */

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

/* 1: a whole generation; 0: the end of the file comes first; <0: damage. */
static int gen_collect(struct t2_walk *w, struct gather *ga, struct t2_gen *g, struct err *err)
{
	struct header h = { 0 };
	bool any = false;
	int rc;

	for (;; w->off = h.off + h.size, any = true) {
		rc = header_read(w, &h, err);
		if (rc)
			return rc;
		if (!h.type) {
			if (!any)
				return 0;
			if (w->version < 26)
				return 1;
			return damaged(err, w->off, "the file ends within a generation");
		}
		if (h.type == T2_END_OF_GENERATION) {
			w->off = h.off;
			if (any)
				return 1;
			return damaged(err, w->off, "a generation is empty");
		}
		if (!h.gen)
			return damaged(err, w->off, "a batch belongs to generation 0");
		if (any && h.gen != g->number) {
			if (w->version < 26 && h.gen == g->number + 1)
				return 1;
			return damaged(err, w->off, "generations are out of order");
		}
		g->number = h.gen;
		gather_add(w, ga, g, &h);
	}
}

int gen_walk(struct t2_walk *w, struct t2_gen *g, struct err *err)
{
	struct gather ga = { 0 };
	int rc;

	memset(g, 0, sizeof(*g));
	rc = gen_collect(w, &ga, g, err);
	if (rc < 0)
		w->off = w->size;
	gather_finish(&ga, g);
	if (rc < 1) {
		gen_release(g);
		return rc;
	}
	g->end = w->off;
	g->index = w->n_gen++;
	return 1;
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

/* --- tables --- */

enum { DIRECT_MOST = 1 << 20 };

/* Returns false where the id is there already. most: how many ids there can be. */
static bool ids_put(struct t2_ids *ids, uint64_t id, uint32_t number, size_t most)
{
	uint64_t limit = most * 2 + 64 < DIRECT_MOST ? most * 2 + 64 : DIRECT_MOST;

	if (!ids->direct) {
		ids->n_direct = (uint32_t)limit;
		ids->direct = xcalloc(ids->n_direct, sizeof(*ids->direct));
	}
	if (ids_get(ids, id) != UINT32_MAX)
		return false;
	if (id < ids->n_direct)
		ids->direct[id] = number + 1;
	else
		map64_put(&ids->sparse, id, number);
	return true;
}

static size_t blobs_size(const struct t2_blob *v, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += v[i].len;
	return size;
}

static int strings_read(const struct t2_walk *w, struct t2_gen *g, struct t2_blob b, size_t most,
			struct err *err)
{
	const uint8_t *p = w->data + b.off + 1, *end = w->data + b.off + b.len;
	uint64_t id, len;

	while (p < end) {
		uint64_t at = (uint64_t)(p - w->data);

		if (*p++ != T2_STRING || !(p = varint_get(p, end, &id)) ||
		    !(p = varint_get(p, end, &len)))
			return damaged(err, at, "the table of strings is damaged");
		if (len > T2_MAX_STRING || len > (uint64_t)(end - p))
			return damaged(err, at, "a string is longer than it may be");
		if (!id || !ids_put(&g->string_id, id, (uint32_t)g->string.n, most))
			return damaged(err, at, "a string is defined twice");
		*vec_push(&g->string) = (struct t2_str){ (const char *)p, (uint32_t)len };
		p += len;
	}
	return 0;
}

static const uint8_t *frames_check(const struct t2_gen *g, const uint8_t *p, const uint8_t *end,
				   uint64_t n)
{
	uint64_t pc, func, file, line;

	for (uint64_t i = 0; i < n; i++) {
		if (!(p = varint_get(p, end, &pc)) || !(p = varint_get(p, end, &func)) ||
		    !(p = varint_get(p, end, &file)) || !(p = varint_get(p, end, &line)))
			return NULL;
		if (ids_get(&g->string_id, func) == UINT32_MAX ||
		    ids_get(&g->string_id, file) == UINT32_MAX)
			return NULL;
	}
	return p;
}

static int stacks_read(const struct t2_walk *w, struct t2_gen *g, struct t2_blob b, size_t most,
		       struct err *err)
{
	const uint8_t *p = w->data + b.off + 1, *end = w->data + b.off + b.len, *frames;
	uint64_t id, n;

	while (p < end) {
		uint64_t at = (uint64_t)(p - w->data);

		if (*p++ != T2_STACK || !(p = varint_get(p, end, &id)) ||
		    !(p = varint_get(p, end, &n)))
			return damaged(err, at, "the table of stacks is damaged");
		if (n > T2_MAX_FRAMES)
			return damaged(err, at, "a stack has more than 128 frames");
		frames = p;
		p = frames_check(g, p, end, n);
		if (!p)
			return damaged(err, at, "a stack's frames are damaged");
		if (!id || !ids_put(&g->stack_id, id, (uint32_t)g->stack.n, most))
			return damaged(err, at, "a stack is defined twice");
		*vec_push(&g->stack) = (struct t2_stack){ frames, (uint32_t)n };
	}
	return 0;
}

static int samples_read(const struct t2_walk *w, struct t2_gen *g, struct t2_blob b,
			struct err *err)
{
	const uint8_t *p = w->data + b.off + 1, *end = w->data + b.off + b.len;
	uint64_t v[5];

	while (p < end) {
		uint64_t at = (uint64_t)(p - w->data);
		uint32_t stack;

		if (*p++ != T2_CPU_SAMPLE)
			return damaged(err, at, "the table of CPU samples is damaged");
		for (int i = 0; i < 5; i++)
			if (!(p = varint_get(p, end, &v[i])))
				return damaged(err, at, "a CPU sample is cut");
		stack = ids_get(&g->stack_id, v[4]);
		if (stack == UINT32_MAX)
			return damaged(err, at, "a CPU sample's stack is not defined");
		*vec_push(&g->sample) =
			(struct t2_sample){ gen_ns(g, v[0]), v[1], v[2], v[3], stack };
	}
	return 0;
}

static int sample_order(const void *a, const void *b)
{
	const struct t2_sample *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

struct clocks {
	uint64_t freq, dt, mono, sec, nsec;
	int n_freq, n_snapshot;
};

static int sync_read(const struct t2_walk *w, struct t2_blob b, struct clocks *c, struct err *err)
{
	const uint8_t *p = w->data + b.off, *end = p + b.len;

	if (w->version >= 25)
		p++; /* the sync event itself; frequency and snapshot follow */
	while (p < end) {
		uint64_t at = (uint64_t)(p - w->data);
		uint8_t type = *p++;

		if (type == T2_FREQUENCY && (p = varint_get(p, end, &c->freq)))
			c->n_freq++;
		else if (type == T2_CLOCK_SNAPSHOT && w->version >= 25 &&
			 (p = varint_get(p, end, &c->dt)) && (p = varint_get(p, end, &c->mono)) &&
			 (p = varint_get(p, end, &c->sec)) && (p = varint_get(p, end, &c->nsec)))
			c->n_snapshot++;
		else
			return damaged(err, at, "the clock's record is damaged");
	}
	return 0;
}

static int clocks_read(const struct t2_walk *w, struct t2_gen *g, struct err *err)
{
	struct clocks c = { 0 };
	int rc;

	for (size_t i = 0; i < g->sync.n; i++) {
		rc = sync_read(w, g->sync.v[i], &c, err);
		if (rc)
			return rc;
	}
	if (c.n_freq > 1 || c.n_snapshot > 1)
		return damaged(err, g->end, "a generation has more than one clock");
	if (!c.n_freq && w->version < 25) {
		c.freq = 15625000; /* runtime/trace.go: 64 ns a unit on Linux and macOS */
		g->assumed_clock = true;
	} else if (!c.n_freq || !c.freq || (w->version >= 25 && !c.n_snapshot)) {
		return damaged(err, g->end, "a generation has no clock");
	}
	g->scale = 1 / ((double)c.freq / 1e9);
	g->mult = c.freq == 15625000 ? 64 : 0;
	if (c.n_snapshot) {
		g->wall_ns = (int64_t)(c.sec * 1000000000 + c.nsec);
		g->wall_at = gen_ns(g, (uint64_t)g->wall_at) + gen_ns(g, c.dt);
	}
	g->t_min = INT64_MAX;
	for (size_t i = 0; i < g->batch.n; i++)
		if (gen_ns(g, g->batch.v[i].time) < g->t_min)
			g->t_min = gen_ns(g, g->batch.v[i].time);
	return 0;
}

int gen_tables(const struct t2_walk *w, struct t2_gen *g, struct err *err)
{
	size_t most = blobs_size(g->strings.v, g->strings.n) / 3;
	int rc = clocks_read(w, g, err);

	*vec_push(&g->string) = (struct t2_str){ "", 0 };
	*vec_push(&g->stack) = (struct t2_stack){ NULL, 0 };
	ids_put(&g->string_id, 0, 0, most);
	for (size_t i = 0; !rc && i < g->strings.n; i++)
		rc = strings_read(w, g, g->strings.v[i], most, err);
	most = blobs_size(g->stacks.v, g->stacks.n) / 7;
	ids_put(&g->stack_id, 0, 0, most);
	for (size_t i = 0; !rc && i < g->stacks.n; i++)
		rc = stacks_read(w, g, g->stacks.v[i], most, err);
	for (size_t i = 0; !rc && i < g->samples.n; i++)
		rc = samples_read(w, g, g->samples.v[i], err);
	if (!rc && g->sample.n)
		qsort(g->sample.v, g->sample.n, sizeof(*g->sample.v), sample_order);
	return rc;
}

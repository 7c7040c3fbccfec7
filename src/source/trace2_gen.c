/* SPDX-License-Identifier: Apache-2.0 */
#include "source/trace2_gen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static int damaged(struct err *err, uint64_t off, const char *what)
{
	return err_set(err, -EBADMSG, EXIT_BADFILE, "%s at byte %" PRIu64, what, off);
}

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

		if (*p != T2_STRING || !(p = varint_get(p + 1, end, &id)) ||
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

/* Go keeps one frame for a pc, the first in the generation (generation.go:addStacks). */
struct pcs {
	struct map64 number;
};

static uint32_t frame_put(struct t2_gen *g, struct pcs *pcs, uint64_t pc, uint64_t func,
			  uint64_t file, uint64_t line)
{
	uint32_t number = map64_get(&pcs->number, pc);

	if (number != UINT32_MAX)
		return number;
	number = (uint32_t)g->frame.n;
	map64_put(&pcs->number, pc, number);
	*vec_push(&g->frame) = (struct t2_frame){
		.pc = pc,
		.func = gen_string(g, func),
		.file = gen_string(g, file),
		.line = line > UINT32_MAX ? 0 : (uint32_t)line,
	};
	return number;
}

static const uint8_t *frames_read(struct t2_gen *g, struct pcs *pcs, const uint8_t *p,
				  const uint8_t *end, uint64_t n)
{
	uint64_t pc, func, file, line;

	for (uint64_t i = 0; i < n; i++) {
		if (!(p = varint_get(p, end, &pc)) || !(p = varint_get(p, end, &func)) ||
		    !(p = varint_get(p, end, &file)) || !(p = varint_get(p, end, &line)))
			return NULL;
		*vec_push(&g->frame_id) = frame_put(g, pcs, pc, func, file, line);
		if (g->frame.v[g->frame.n - 1].func == UINT32_MAX ||
		    g->frame.v[g->frame.n - 1].file == UINT32_MAX)
			return NULL;
	}
	return p;
}

static int stacks_read(const struct t2_walk *w, struct t2_gen *g, struct pcs *pcs, struct t2_blob b,
		       size_t most, struct err *err)
{
	const uint8_t *p = w->data + b.off + 1, *end = w->data + b.off + b.len;
	uint64_t id, n;

	while (p < end) {
		uint64_t at = (uint64_t)(p - w->data);
		uint32_t first = (uint32_t)g->frame_id.n;

		if (*p != T2_STACK || !(p = varint_get(p + 1, end, &id)) ||
		    !(p = varint_get(p, end, &n)))
			return damaged(err, at, "the table of stacks is damaged");
		if (n > T2_MAX_FRAMES)
			return damaged(err, at, "a stack has more than 128 frames");
		p = frames_read(g, pcs, p, end, n);
		if (!p)
			return damaged(err, at, "a stack's frames are damaged");
		if (!id || !ids_put(&g->stack_id, id, (uint32_t)g->stack.n, most))
			return damaged(err, at, "a stack is defined twice");
		*vec_push(&g->stack) = (struct t2_stack){ first, (uint32_t)n };
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
		*vec_push(&g->sample) = (struct t2_sample){ gen_ns(g, v[0]), v[1], v[2], v[3],
							    stack == UINT32_MAX ? 0 : stack };
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
		g->cut = true;
	} else if (!c.n_freq || !c.freq || (w->version >= 25 && !c.n_snapshot)) {
		return damaged(err, g->end, "a generation has no clock");
	}
	g->scale = 1 / ((double)c.freq / 1e9);
	if (g->scale >= 1 && g->scale <= T2_MULT_MOST && g->scale == (double)(uint64_t)g->scale)
		g->mult = (uint64_t)g->scale;
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

/* Tables are kept for as long as the trace is open. */
static void ids_trim(struct t2_ids *ids)
{
	uint32_t n = ids->n_direct;

	while (n > 1 && !ids->direct[n - 1])
		n--;
	ids->direct = xrealloc(ids->direct, n, sizeof(*ids->direct));
	ids->n_direct = n;
}

static int tables_read(const struct t2_walk *w, struct t2_gen *g, struct pcs *pcs, struct err *err)
{
	size_t most = blobs_size(g->strings.v, g->strings.n) / 3;
	int rc = 0;

	*vec_push(&g->string) = (struct t2_str){ "", 0 };
	*vec_push(&g->stack) = (struct t2_stack){ 0, 0 };
	ids_put(&g->string_id, 0, 0, most);
	for (size_t i = 0; !rc && i < g->strings.n; i++)
		rc = strings_read(w, g, g->strings.v[i], most, err);
	most = blobs_size(g->stacks.v, g->stacks.n) / 3;
	ids_put(&g->stack_id, 0, 0, most);
	for (size_t i = 0; !rc && i < g->stacks.n; i++)
		rc = stacks_read(w, g, pcs, g->stacks.v[i], most, err);
	ids_trim(&g->string_id);
	ids_trim(&g->stack_id);
	for (size_t i = 0; !rc && i < g->samples.n; i++)
		rc = samples_read(w, g, g->samples.v[i], err);
	return rc;
}

int gen_tables(const struct t2_walk *w, struct t2_gen *g, struct err *err)
{
	struct pcs pcs = { 0 };
	int rc = clocks_read(w, g, err);

	if (!rc)
		rc = tables_read(w, g, &pcs, err);
	map64_free(&pcs.number);
	if (rc)
		return rc;
	if (g->sample.n) {
		qsort(g->sample.v, g->sample.n, sizeof(*g->sample.v), sample_order);
		if (g->sample.v[0].time < g->t_min)
			g->t_min = g->sample.v[0].time;
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a trace: loaded whole, then asked everything that the screen asks. */
#ifndef FUZZ_TRACE_INPUT_H
#define FUZZ_TRACE_INPUT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/world.h"
#include "source/input.h"
#include "source/source.h"

typedef struct source *open_fn(const struct input *in, struct err *err);

struct fuzz_sink {
	const struct world *w;
	uint64_t events;
};

static inline bool fuzz_event(void *arg, const struct event *ev)
{
	struct fuzz_sink *s = arg;

	if (ev->kind >= EV_N || ev->state >= GS_N || ev->reason >= R_N ||
	    ev->text >= s->w->strings.str.n || ev->text2 >= s->w->strings.str.n)
		abort();
	/* an object has a descriptor and flags in their place */
	if (ev->kind != EV_OBJECT &&
	    (ev->stack >= s->w->stacks.stack.n || ev->stack2 >= s->w->stacks.stack.n))
		abort();
	return ++s->events < 1000000;
}

static inline void fuzz_ask(struct world *w)
{
	struct fuzz_sink sink = { .w = w };
	struct history_query all = { .t0 = T_BEFORE, .t1 = T_NEVER };
	struct moment m = { 0 };
	uint16_t col[16][SHARE_N];

	if (w->history)
		w->history->query(w->history, &all, fuzz_event, &sink);
	for (int i = 0; i <= 4; i++)
		world_at(w, w->t_end / 4 * i, &m);
	moment_release(&m);
	for (uint32_t row = 0; row < w->g.n && row < 64; row++)
		world_columns(w, row, 0, w->t_end, col, NULL, 16);
	for (size_t i = 0; i < w->entry.n; i++)
		if (w->entry.v[i].g >= w->g.n || w->entry.v[i].stack >= w->stacks.stack.n)
			abort();
}

/* The first byte picks one of the formats, so that no mutation loses the header. */
static inline int fuzz_trace(const uint8_t *data, size_t size, const char *const *formats, size_t n,
			     open_fn *open)
{
	static const char header[16] = "go 1.NN trace\0\0";
	struct input in = { .name = (char *)"fuzz" };
	struct err err = { 0 };
	struct source *src;
	struct world w;
	uint8_t *copy;

	if (size < 16)
		return 0;
	copy = malloc(size);
	memcpy(copy, data, size);
	if (memcmp(data, "go 1.", 5) != 0 || memcmp(data + 7, header + 7, 9) != 0) {
		memcpy(copy, header, 16);
		memcpy(copy + 5, formats[data[0] % n], 2);
	} else {
		size_t i = 0;

		while (i < n && memcmp(data + 5, formats[i], 2) != 0)
			i++;
		memcpy(copy + 5, formats[i % n], 2);
	}
	in.data = copy;
	in.size = size;
	world_init(&w);
	w.source_name = world_str(&w, "fuzz");
	src = open(&in, &err);
	src->ops->work(src);
	while (src->ops->drain(src, &w, 1000000000, &err) == SOURCE_MORE)
		;
	fuzz_ask(&w);
	w.history = NULL;
	src->ops->close(src);
	world_release(&w);
	free(copy);
	return 0;
}

#endif

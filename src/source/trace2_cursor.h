/* SPDX-License-Identifier: Apache-2.0 */
/* The threads' places in their batches, and which of them is the earliest. */
#ifndef SOURCE_TRACE2_CURSOR_H
#define SOURCE_TRACE2_CURSOR_H

#include "source/trace2_gen.h"

/* Beside the types of events. */
enum { T2_END = 256 };

/* One thread's place: of its next event the type and the time are known. */
struct t2_cursor {
	int64_t time; /* of the next event, ns, absolute */
	const uint8_t *args; /* of the next event, after its time */
	const uint8_t *at, *end; /* the next event; the end of its batch */
	const uint8_t *start; /* of the batch */
	uint16_t type; /* T2_END: there is none */
	uint32_t m; /* row of the order's threads */
	uint32_t batch, last; /* the one after the last */
};

/* Goes to the thread's first event. */
void cursor_start(const struct t2_walk *w, const struct t2_gen *g, struct t2_cursor *c,
		  uint32_t thread);
/* Goes to an event of which time and place are known. */
void cursor_restore(const struct t2_walk *w, const struct t2_gen *g, struct t2_cursor *c,
		    uint32_t thread, uint32_t batch, uint32_t off, int64_t time);
/* The next event is behind the batch: goes to the next batch that has one. */
void cursor_next_batch(const struct t2_walk *w, const struct t2_gen *g, struct t2_cursor *c);

/* Arguments after the time, for each type; + 1, 0: no event. */
extern const uint8_t t2_n_args[257];

/* Reads type and time of the event at c->at. */
static inline void cursor_peek(const struct t2_gen *g, struct t2_cursor *c)
{
	const uint8_t *p = c->at;
	uint64_t dt;

	c->type = *p++;
	c->args = varint_near(p, &dt);
	c->time = gen_later(c->time, gen_ns(g, dt));
}

/* The arguments were read up to p: goes to what comes there. */
static inline void cursor_advance(const struct t2_walk *w, const struct t2_gen *g,
				  struct t2_cursor *c, const uint8_t *p)
{
	c->at = p;
	if (__builtin_expect(p >= c->end, 0))
		cursor_next_batch(w, g, c);
	else
		cursor_peek(g, c);
}

/* Whether p, where arguments ended, is still in the batch. */
static inline bool cursor_holds(const struct t2_cursor *c, const uint8_t *p)
{
	return (uintptr_t)p - (uintptr_t)c->at <= (uintptr_t)(c->end - c->at);
}

/*
 * Reads all arguments of the next event. Returns where they end, or NULL where
 * the event is damaged.
 */
const uint8_t *cursor_args(const struct t2_cursor *c, uint64_t arg[T2_MAX_ARGS]);

/* Where the next event lies in the file, for sentences. */
uint64_t cursor_offset(const struct t2_gen *g, const struct t2_cursor *c);

/* A heap of cursors by time, then by thread: v[0] is the earliest. */
struct t2_heap {
	struct t2_slot {
		int64_t time;
		uint32_t cursor;
	} * v;
	size_t n;
};

void heap_build(struct t2_heap *h, const struct t2_cursor *c, size_t n_cursor);
/* Cursor h->v[i] went on, or ended. */
void heap_advanced(struct t2_heap *h, const struct t2_cursor *c, size_t i);
/* Where a cursor stands in the heap; h->n where it does not. */
size_t heap_find(const struct t2_heap *h, uint32_t cursor);

static inline bool slot_earlier(struct t2_slot a, struct t2_slot b)
{
	return a.time < b.time || (a.time == b.time && a.cursor < b.cursor);
}

/* Up to which time v[0] stays the earliest, whatever it goes on to. */
static inline int64_t heap_limit(const struct t2_heap *h)
{
	struct t2_slot second;

	if (h->n < 2)
		return INT64_MAX;
	second = h->v[1];
	if (h->n > 2 && slot_earlier(h->v[2], second))
		second = h->v[2];
	return second.time - (second.cursor < h->v[0].cursor);
}

#endif

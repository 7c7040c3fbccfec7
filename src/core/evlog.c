/* SPDX-License-Identifier: Apache-2.0 */
#include "core/evlog.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

enum {
	CHUNK_BYTES = 64 << 10,
	EVENT_MOST = 4 + 13 * 10, /* bytes of one packed event */
};

/*
 * Packed: kind, reason, state << 4 | flags, then a mask of the fields that
 * follow as varints, in the order of event_pack().
 */
struct chunk {
	struct chunk *next;
	int64_t t0, last; /* times of its first and last event */
	int64_t t1; /* the latest of all: some are told late */
	uint32_t n, used;
	uint8_t data[CHUNK_BYTES];
};

struct evlog {
	struct history history; /* first: evlog_query() comes back from it */
	pthread_mutex_t lock;
	struct chunk *oldest, *newest;
	size_t bytes, limit;
};

static uint8_t *put(uint8_t *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

static const uint8_t *get(const uint8_t *p, uint64_t *v)
{
	unsigned shift = 0;

	for (*v = 0; *p & 0x80; shift += 7)
		*v |= (uint64_t)(*p++ & 0x7f) << shift;
	*v |= (uint64_t)*p++ << shift;
	return p;
}

static uint8_t *event_pack(uint8_t *p, const struct event *ev, int64_t before)
{
	const uint64_t field[] = { ev->g,      ev->peer,  ev->object, ev->value,
				   ev->value2, ev->m + 1, ev->p + 1,  ev->stack,
				   ev->stack2, ev->text,  ev->text2 };
	unsigned mask = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(field); i++)
		mask |= (unsigned)(field[i] != 0) << i;
	*p++ = ev->kind;
	*p++ = ev->reason;
	*p++ = (uint8_t)(ev->state << 4 | (ev->flags & 0xf));
	p = put(p, mask);
	p = put(p, (uint64_t)(ev->time - before));
	for (unsigned i = 0; i < ARRAY_SIZE(field); i++)
		if (field[i])
			p = put(p, field[i]);
	return p;
}

static const uint8_t *event_unpack(const uint8_t *p, struct event *ev, int64_t before)
{
	uint64_t field[11] = { 0 }, mask, dt;

	ev->kind = *p++;
	ev->reason = *p++;
	ev->state = *p >> 4;
	ev->flags = *p++ & 0xf;
	p = get(p, &mask);
	p = get(p, &dt);
	for (unsigned i = 0; i < ARRAY_SIZE(field); i++)
		if (mask >> i & 1)
			p = get(p, &field[i]);
	ev->time = before + (int64_t)dt;
	ev->g = field[0];
	ev->peer = field[1];
	ev->object = field[2];
	ev->value = field[3];
	ev->value2 = field[4];
	ev->m = field[5] - 1;
	ev->p = field[6] - 1;
	ev->stack = (uint32_t)field[7];
	ev->stack2 = (uint32_t)field[8];
	ev->text = (uint32_t)field[9];
	ev->text2 = (uint32_t)field[10];
	return p;
}

static void drop_oldest(struct evlog *log)
{
	struct chunk *c = log->oldest;

	log->oldest = c->next;
	log->bytes -= sizeof(*c);
	free(c);
}

static struct chunk *chunk_add(struct evlog *log, int64_t t)
{
	struct chunk *c = xmalloc(sizeof(*c));

	c->next = NULL;
	c->t0 = c->t1 = c->last = t;
	c->n = c->used = 0;
	if (log->newest)
		log->newest->next = c;
	else
		log->oldest = c;
	log->newest = c;
	log->bytes += sizeof(*c);
	while (log->bytes > log->limit && log->oldest != c)
		drop_oldest(log);
	return c;
}

void evlog_append(struct evlog *log, const struct event *ev)
{
	struct chunk *c;

	pthread_mutex_lock(&log->lock);
	c = log->newest;
	if (!c || c->used + EVENT_MOST > CHUNK_BYTES)
		c = chunk_add(log, ev->time);
	c->used = (uint32_t)(event_pack(c->data + c->used, ev, c->last) - c->data);
	c->last = ev->time;
	if (ev->time > c->t1)
		c->t1 = ev->time;
	c->n++;
	pthread_mutex_unlock(&log->lock);
}

/* Returns false where the sink has enough. */
static bool chunk_query(const struct chunk *c, const struct history_query *q, history_sink *sink,
			void *arg)
{
	const uint8_t *p = c->data;
	int64_t before = c->t0;
	struct event ev;

	for (uint32_t i = 0; i < c->n; i++) {
		p = event_unpack(p, &ev, before);
		before = ev.time;
		if (ev.time < q->t0 || ev.time > q->t1)
			continue;
		if (!history_wants(q, &ev))
			continue;
		if (!sink(arg, &ev))
			return false;
	}
	return true;
}

static int evlog_query(struct history *h, const struct history_query *q, history_sink *sink,
		       void *arg)
{
	struct evlog *log = (struct evlog *)h;

	pthread_mutex_lock(&log->lock);
	for (struct chunk *c = log->oldest; c && c->t0 <= q->t1; c = c->next) {
		if (q->cancel && atomic_load(q->cancel))
			break;
		if (c->t1 >= q->t0 && !chunk_query(c, q, sink, arg))
			break;
	}
	pthread_mutex_unlock(&log->lock);
	return 0;
}

struct evlog *evlog_new(size_t limit)
{
	struct evlog *log = xcalloc(1, sizeof(*log));

	log->history.query = evlog_query;
	log->limit = limit;
	pthread_mutex_init(&log->lock, NULL);
	return log;
}

void evlog_free(struct evlog *log)
{
	if (!log)
		return;
	while (log->oldest)
		drop_oldest(log);
	pthread_mutex_destroy(&log->lock);
	free(log);
}

struct history *evlog_history(struct evlog *log)
{
	return &log->history;
}

int64_t evlog_begin(struct evlog *log)
{
	int64_t t;

	pthread_mutex_lock(&log->lock);
	t = log->oldest ? log->oldest->t0 : T_NEVER;
	pthread_mutex_unlock(&log->lock);
	return t;
}

void evlog_limit(struct evlog *log, size_t limit)
{
	pthread_mutex_lock(&log->lock);
	log->limit = limit;
	pthread_mutex_unlock(&log->lock);
}

size_t evlog_bytes(struct evlog *log)
{
	size_t n;

	pthread_mutex_lock(&log->lock);
	n = log->bytes;
	pthread_mutex_unlock(&log->lock);
	return n;
}

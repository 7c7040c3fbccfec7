/* SPDX-License-Identifier: Apache-2.0 */
#include "source/trace1_scan.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "source/varint.h"

/* Which goroutine an event belongs to, and which runs on its processor after it. */
enum owner {
	OWN_RUNNING, /* the one that runs, and runs on */
	OWN_STARTS, /* its argument, which runs from here on */
	OWN_ENDS, /* the one that runs; none after it */
	OWN_ARG, /* its argument, which does not run */
};

static const struct {
	uint8_t n; /* numbers, the time and the stack counted; 0: no event of its own */
	bool stack; /* the last of them is a stack */
	uint8_t since; /* format that brought it */
	uint8_t owner; /* enum owner */
	uint8_t plain; /* of a local form; 0: it is none */
	bool quick; /* nothing but its numbers: event_quick(), event_skip() */
} spec[64] = {
	/* what a type's six bits can say */
	[T1_GOMAXPROCS] = { 3, true, 0, OWN_RUNNING, 0, true },
	[T1_PROC_START] = { 2, false, 0, OWN_RUNNING, 0, true },
	[T1_PROC_STOP] = { 1, false, 0, OWN_RUNNING, 0, true },
	[T1_GC_START] = { 3, true, 0, OWN_RUNNING, 0, true },
	[T1_GC_DONE] = { 1, false, 0, OWN_RUNNING, 0, true },
	[T1_STW_START] = { 2, false, 0, OWN_RUNNING, 0, true },
	[T1_STW_DONE] = { 1, false, 0, OWN_RUNNING, 0, true },
	[T1_SWEEP_START] = { 2, true, 0, OWN_RUNNING, 0, true },
	[T1_SWEEP_DONE] = { 3, false, 0, OWN_RUNNING, 0, true },
	[T1_GO_CREATE] = { 4, true, 0, OWN_RUNNING, 0, true },
	[T1_GO_START] = { 3, false, 0, OWN_STARTS, 0, true },
	[T1_GO_END] = { 1, false, 0, OWN_ENDS, 0, true },
	[T1_GO_STOP] = { 2, true, 0, OWN_ENDS, 0, true },
	[T1_GO_SCHED] = { 2, true, 0, OWN_ENDS, 0, true },
	[T1_GO_PREEMPT] = { 2, true, 0, OWN_ENDS, 0, true },
	[T1_GO_SLEEP] = { 2, true, 0, OWN_ENDS, 0, true },
	[T1_GO_BLOCK] = { 2, true, 0, OWN_ENDS, 0, true },
	[T1_GO_UNBLOCK] = { 4, true, 0, OWN_RUNNING, 0, true },
	[T1_BLOCK_SEND] = { 2, true, 0, OWN_ENDS, 0, true },
	[T1_BLOCK_RECV] = { 2, true, 0, OWN_ENDS, 0, true },
	[T1_BLOCK_SELECT] = { 2, true, 0, OWN_ENDS, 0, true },
	[T1_BLOCK_SYNC] = { 2, true, 0, OWN_ENDS, 0, true },
	[T1_BLOCK_COND] = { 2, true, 0, OWN_ENDS, 0, true },
	[T1_BLOCK_NET] = { 2, true, 0, OWN_ENDS, 0, true },
	[T1_SYSCALL] = { 2, true, 0, OWN_RUNNING, 0, true },
	[T1_SYS_EXIT] = { 4, false, 0, OWN_ARG, 0, true },
	[T1_SYS_BLOCK] = { 1, false, 0, OWN_ENDS, 0, true },
	[T1_GO_WAITING] = { 2, false, 0, OWN_ARG, 0, true },
	[T1_GO_IN_SYSCALL] = { 2, false, 0, OWN_ARG, 0, true },
	[T1_HEAP_ALLOC] = { 2, false, 0, OWN_RUNNING, 0, true },
	[T1_HEAP_GOAL] = { 2, false, 0, OWN_RUNNING, 0, true },
	[T1_FUTILE_WAKEUP] = { 1, false, 0, OWN_RUNNING, 0, true },
	[T1_GO_START_LOCAL] = { 2, false, 0, OWN_STARTS, T1_GO_START, true },
	[T1_GO_UNBLOCK_LOCAL] = { 3, true, 0, OWN_RUNNING, T1_GO_UNBLOCK, true },
	[T1_SYS_EXIT_LOCAL] = { 3, false, 0, OWN_ARG, T1_SYS_EXIT, true },
	[T1_GO_START_LABEL] = { 4, false, 0, OWN_STARTS, 0, true },
	[T1_BLOCK_GC] = { 2, true, 0, OWN_ENDS, 0, true },
	[T1_ASSIST_START] = { 2, true, 0, OWN_RUNNING, 0, true },
	[T1_ASSIST_DONE] = { 1, false, 0, OWN_RUNNING, 0, true },
	[T1_TASK_CREATE] = { 5, true, 0, OWN_RUNNING, 0, true },
	[T1_TASK_END] = { 3, true, 0, OWN_RUNNING, 0, true },
	[T1_REGION] = { 5, true, 0, OWN_RUNNING, 0, true },
	[T1_LOG] = { 4, true, 0, OWN_RUNNING, 0, false },
	[T1_CPU_SAMPLE] = { 5, true, 19, OWN_RUNNING, 0, false },
};

/* A record taken apart: its numbers lie in p .. end, text after. */
struct record {
	uint8_t type;
	const uint8_t *p, *end; /* its numbers; end NULL: n of them, no length told */
	uint8_t n; /* numbers, where end is NULL: v holds them */
	uint64_t v[3];
	const uint8_t *text;
	uint64_t text_len;
};

/*
 * Takes the record at p apart. Returns the byte after it, or NULL where it is
 * cut or none.
 */
static const uint8_t *record_read(const struct t1_scan *s, const uint8_t *p, struct record *r)
{
	const uint8_t *end = s->data + s->size;
	uint64_t v;

	r->type = *p & 63;
	r->n = (uint8_t)((*p++ >> 6) + 1);
	r->end = NULL;
	if (!r->type || r->type >= T1_COUNT || spec[r->type].since > s->version)
		return NULL;
	if (r->type == T1_STRING) {
		if (!(p = varint_get(p, end, &v)))
			return NULL;
		r->p = p; /* the id is read again by who wants it */
		r->n = 0;
		r->text_len = v;
		if (!(p = varint_get(p, end, &v)) || v > (uint64_t)(end - p))
			return NULL;
		r->text = p;
		v += 0;
		r->end = p + v;
		return r->end;
	}
	r->p = p;
	if (r->type == T1_BATCH)
		return r->n == 2 && (p = varint_get(p, end, &v)) ? varint_get(p, end, &v) : NULL;
	if (r->n <= 3) {
		for (uint8_t i = 0; i < r->n; i++)
			if (!(p = varint_get(p, end, &r->v[i])))
				return NULL;
		return p;
	}
	if (!(p = varint_get(p, end, &v)) || v > T1_MAX_RECORD || v > (uint64_t)(end - p))
		return NULL;
	r->p = p;
	r->end = p += v;
	if (r->type != T1_LOG)
		return p;
	if (!(p = varint_get(p, end, &v)) || v > (uint64_t)(end - p))
		return NULL;
	r->text = p;
	r->text_len = v;
	return p + v;
}

/* Reads the numbers of a record; false where they are not want many. */
static bool record_args(const struct t1_scan *s, const struct record *r, uint64_t *v, unsigned want)
{
	const uint8_t *p = r->p, *end = r->end ? r->end : s->data + s->size;

	if (!r->end && r->n != want)
		return false;
	if (!r->end && r->type != T1_BATCH) {
		memcpy(v, r->v, want * sizeof(*v));
		return true;
	}
	for (unsigned i = 0; i < want; i++)
		if (!(p = varint_get(p, end, &v[i])))
			return false;
	return !r->end || p == r->end;
}

/* --- the walk over all --- */

static int damaged(struct t1_scan *s, const uint8_t *at, const char *what)
{
	return err_set(&s->damage, -EBADMSG, EXIT_BADFILE, "%s at byte %" PRIu64, what,
		       (uint64_t)(at - s->data));
}

static struct t1_proc *proc_of(struct t1_scan *s, int64_t p)
{
	uint32_t row = map64_get(&s->by_p, (uint64_t)p);

	if (row != UINT32_MAX)
		return &s->proc.v[row];
	map64_put(&s->by_p, (uint64_t)p, (uint32_t)s->proc.n);
	*vec_push(&s->proc) = (struct t1_proc){ .p = p };
	return &s->proc.v[s->proc.n - 1];
}

static int add_string(struct t1_scan *s, const uint8_t *at, const struct record *r)
{
	uint64_t len = (uint64_t)(r->end - r->text);

	/* record_read() left the id in text_len */
	if (!r->text_len || !len || len > 1000000 ||
	    map64_get(&s->string_id, r->text_len) != UINT32_MAX)
		return damaged(s, at, "a string is damaged or defined twice");
	map64_put(&s->string_id, r->text_len, (uint32_t)s->string.n);
	*vec_push(&s->string) = (struct t1_str){ (const char *)r->text, (uint32_t)len };
	return 0;
}

static int add_stack(struct t1_scan *s, const uint8_t *at, const struct record *r)
{
	const uint8_t *end = r->end ? r->end : s->data + s->size, *p = r->p, *frames;
	uint64_t id, n, v;

	if (!(p = varint_get(p, end, &id)) || !(p = varint_get(p, end, &n)) || n > T1_MAX_FRAMES)
		return damaged(s, at, "a stack is damaged");
	frames = p;
	for (uint64_t i = 0; i < n * 4; i++)
		if (!(p = varint_get(p, end, &v)))
			return damaged(s, at, "a stack is cut");
	if (r->end ? p != r->end : n * 4 + 2 != r->n)
		return damaged(s, at, "a stack has not as many frames as it says");
	id &= UINT32_MAX;
	if (!id || !n)
		return 0;
	map64_put(&s->stack_id, id, (uint32_t)s->stack.n);
	*vec_push(&s->stack) = (struct t1_stack){ frames, p, (uint32_t)n };
	return 0;
}

static int add_other(struct t1_scan *s, const uint8_t *at, const struct record *r)
{
	uint64_t v[5];

	switch (r->type) {
	case T1_STRING:
		return add_string(s, at, r);
	case T1_STACK:
		return add_stack(s, at, r);
	case T1_FREQUENCY:
		if (!record_args(s, r, v, 1) || !v[0] || v[0] > INT64_MAX)
			return damaged(s, at, "the clock's rate is damaged");
		s->frequency = v[0];
		return 0;
	case T1_CPU_SAMPLE:
		if (!record_args(s, r, v, 5))
			return damaged(s, at, "a CPU sample is damaged");
		*vec_push(&s->sample) = (struct t1_sample){ v[1], v[2], v[3], v[4] & UINT32_MAX };
		return 0;
	}
	return 0;
}

static int sample_order(const void *a, const void *b)
{
	const struct t1_sample *x = a, *y = b;

	return (x->ts > y->ts) - (x->ts < y->ts);
}

/* The batch that the walk is in. */
struct t1_place {
	bool any;
	uint32_t proc;
};

static void batch_end(struct t1_scan *s, const struct t1_place *open, const uint8_t *at)
{
	struct t1_proc *p = open->any ? &s->proc.v[open->proc] : NULL;

	if (p)
		p->batch.v[p->batch.n - 1].end = (uint64_t)(at - s->data);
}

static int add_batch(struct t1_scan *s, const uint8_t *at, const struct record *r,
		     const uint8_t *next, struct t1_place *open)
{
	struct t1_proc *p;
	uint64_t v[2];

	open->any = false;
	if (!record_args(s, r, v, 2) || (v[0] != UINT64_MAX && v[0] > INT32_MAX))
		return damaged(s, at, "a batch's header is damaged");
	p = proc_of(s, v[0] == UINT64_MAX ? -1 : (int64_t)v[0]);
	*vec_push(&p->batch) = (struct t1_batch){ (uint64_t)(next - s->data), s->size, v[1] };
	*open = (struct t1_place){ true, (uint32_t)(p - s->proc.v) };
	return 0;
}

/*
 * Steps over an event without taking its numbers: their ends are the bytes below
 * 0x80. NULL: it is to be read with care.
 */
static inline const uint8_t *event_skip(const uint8_t *p)
{
	uint64_t word, ends;
	unsigned n = *p >> 6;

	if (!spec[*p & 63].quick)
		return NULL;
	p++;
	if (n == 3)
		return *p < 0x80 ? p + 1 + *p : NULL;
	memcpy(&word, p, sizeof(word));
	ends = ~le64toh(word) & 0x8080808080808080ull;
	for (; n; n--)
		ends &= ends - 1;
	return ends ? p + (__builtin_ctzll(ends) >> 3) + 1 : NULL;
}

/* A record that is no common event. *open is the batch it lies in; a batch's begin is the next one. */
static int scan_record(struct t1_scan *s, const uint8_t *p, const struct record *r,
		       const uint8_t *next, struct t1_place *open)
{
	if (r->type == T1_BATCH) {
		batch_end(s, open, p);
		return add_batch(s, p, r, next, open);
	}
	if (!open->any)
		return damaged(s, p, "an event is outside of all batches");
	if (!spec[r->type].n || r->type == T1_CPU_SAMPLE)
		return add_other(s, p, r);
	return 0;
}

void scan_run(struct t1_scan *s, const atomic_bool *cancel, _Atomic uint64_t *progress)
{
	const uint8_t *p = s->data + 16, *end = s->data + s->size, *next;
	const uint8_t *safe = s->size > 2 * VARINT_PAD ? end - 2 * VARINT_PAD : s->data;
	struct t1_place open = { 0 };
	struct record r = { 0 };

	for (uint64_t n = 0; p < end; p = next, n++) {
		next = p < safe && open.any ? event_skip(p) : NULL;
		if (!next && !(next = record_read(s, p, &r))) {
			damaged(s, p, "an event is cut or unknown");
			break;
		}
		if (r.type && scan_record(s, p, &r, next, &open))
			break;
		r.type = 0;
		if (n & 0xffff)
			continue;
		if (progress)
			atomic_store(progress, (uint64_t)(p - s->data));
		if (cancel && atomic_load(cancel))
			break;
	}
	batch_end(s, &open, p);
	s->end = (uint64_t)(p - s->data);
	if (s->sample.n)
		qsort(s->sample.v, s->sample.n, sizeof(*s->sample.v), sample_order);
}

void scan_release(struct t1_scan *s)
{
	for (size_t i = 0; i < s->proc.n; i++)
		vec_free(&s->proc.v[i].batch);
	vec_free(&s->proc);
	vec_free(&s->string);
	vec_free(&s->stack);
	vec_free(&s->sample);
	map64_free(&s->by_p);
	map64_free(&s->string_id);
	map64_free(&s->stack_id);
}

/* --- one processor's stream --- */

static inline void event_owner(struct t1_event *ev, uint8_t type, uint64_t *last_g)
{
	ev->g = *last_g;
	switch (spec[type].owner) {
	case OWN_STARTS:
		ev->g = *last_g = ev->arg[0];
		break;
	case OWN_ENDS:
		*last_g = 0;
		break;
	case OWN_ARG:
		ev->g = ev->arg[0];
		break;
	}
}

/* Where sequence and time stand in a record differs between local and plain forms. */
static inline void event_fill(struct t1_event *ev, uint8_t type)
{
	unsigned n = spec[type].n;

	ev->stack = 0;
	if (spec[type].stack) {
		ev->stack = ev->num[n - 1] & UINT32_MAX;
		ev->num[n - 1] = 0;
	}
	ev->local = spec[type].plain;
	ev->type = ev->local ? spec[type].plain : type;
	ev->blocks = false;
	ev->text = NULL;
	ev->text_len = 0;
	if (type == T1_SYS_EXIT_LOCAL) {
		ev->arg[2] = ev->arg[1];
		ev->arg[1] = 0;
	}
}

/*
 * An event far from the file's end and of a form that is nearly every one's: all
 * its numbers in a row. Returns the byte after it, NULL: it is to be read with care.
 */
static inline const uint8_t *event_quick(const uint8_t *p, uint64_t *v)
{
	uint8_t type = *p & 63, n = (uint8_t)((*p >> 6) + 1);
	const uint8_t *end;

	p++;
	if (n > 3) {
		end = p + 1 + *p;
		if (*p++ > VARINT_PAD - 2)
			return NULL;
		n = spec[type].n;
		for (uint8_t i = 0; i < n; i++)
			p = varint_near(p, &v[i]);
		return p == end ? p : NULL;
	}
	if (n != spec[type].n)
		return NULL;
	for (uint8_t i = 0; i < n; i++)
		p = varint_near(p, &v[i]);
	return (uintptr_t)p - (uintptr_t)varint_nowhere <= VARINT_PAD ? NULL : p;
}

/* The same for any event; false where it is none or damaged. */
static bool event_careful(const struct t1_scan *s, struct t1_cursor *c, struct record *r,
			  uint64_t *v)
{
	const uint8_t *next = record_read(s, c->p, r);

	if (!next)
		return false;
	c->p = next;
	if (!spec[r->type].n || r->type == T1_CPU_SAMPLE) {
		r->type = 0;
		return true;
	}
	if (record_args(s, r, v, spec[r->type].n))
		return true;
	err_set(c->err, -EBADMSG, EXIT_BADFILE,
		"an event has not the arguments it should have at byte %" PRIu64,
		(uint64_t)(c->at - s->data));
	return false;
}

static bool batch_next(const struct t1_scan *s, struct t1_cursor *c)
{
	const struct t1_proc *proc = &s->proc.v[c->proc];

	while (c->p >= c->end) {
		if (c->batch + 1 >= proc->batch.n)
			return false;
		c->batch++;
		c->p = s->data + proc->batch.v[c->batch].off;
		c->end = s->data + proc->batch.v[c->batch].end;
		c->last_ts = proc->batch.v[c->batch].ticks;
	}
	return true;
}

/* Reads on to the next event of the stream; false at its end. */
static bool event_read(const struct t1_scan *s, struct t1_cursor *c, struct t1_event *ev)
{
	const uint8_t *safe = s->data + (s->size > 2 * VARINT_PAD ? s->size - 2 * VARINT_PAD : 0);
	struct record r;
	uint8_t type;

	for (;;) {
		const uint8_t *next = NULL;

		if (c->p >= c->end && !batch_next(s, c))
			return false;
		c->at = c->p;
		c->at_ts = c->last_ts;
		c->at_g = c->last_g;
		type = *c->p & 63;
		memset(ev->num, 0, sizeof(ev->num));
		if (c->p < safe && spec[type].quick)
			next = event_quick(c->p, ev->num);
		r.text = NULL;
		if (next) {
			c->p = next;
		} else {
			memset(ev->num, 0, sizeof(ev->num));
			if (!event_careful(s, c, &r, ev->num))
				return false;
			if (!r.type)
				continue;
		}
		event_fill(ev, type);
		if (r.text) {
			ev->text = (const char *)r.text;
			ev->text_len = (uint32_t)r.text_len;
		}
		ev->ts = c->last_ts += ev->step;
		event_owner(ev, type, &c->last_g);
		return true;
	}
}

/* Whether a system call goes on to block: its goroutine's next event says so. */
static bool syscall_blocks(const struct t1_scan *s, const struct t1_cursor *c)
{
	struct t1_cursor ahead = *c;
	struct t1_event ev;

	ahead.err = NULL;
	while (event_read(s, &ahead, &ev))
		if (ev.g == c->ev.g)
			return ev.type == T1_SYS_BLOCK;
	return false;
}

void t1_cursor_next(const struct t1_scan *s, struct t1_cursor *c)
{
	if (!event_read(s, c, &c->ev)) {
		c->ev.type = 0;
		c->at = c->p;
		return;
	}
	if (c->ev.type == T1_SYSCALL)
		c->ev.blocks = syscall_blocks(s, c);
}

static void batch_enter(const struct t1_scan *s, struct t1_cursor *c)
{
	const struct t1_batch *b = &s->proc.v[c->proc].batch.v[c->batch];

	c->p = c->at = s->data + b->off;
	c->end = s->data + b->end;
	c->last_ts = b->ticks;
}

void t1_cursor_start(const struct t1_scan *s, struct t1_cursor *c, uint32_t proc)
{
	memset(c, 0, sizeof(*c));
	c->proc = proc;
	if (!s->proc.v[proc].batch.n)
		return;
	batch_enter(s, c);
	t1_cursor_next(s, c);
}

struct t1_mark t1_cursor_mark(const struct t1_scan *s, const struct t1_cursor *c)
{
	return (struct t1_mark){
		.off = (uint64_t)(c->at - s->data),
		.ts = c->at_ts,
		.g = c->at_g,
		.proc = c->proc,
		.batch = c->batch,
	};
}

void t1_cursor_restore(const struct t1_scan *s, struct t1_cursor *c, const struct t1_mark *m)
{
	memset(c, 0, sizeof(*c));
	c->proc = m->proc;
	c->batch = m->batch;
	batch_enter(s, c);
	c->p = s->data + m->off;
	c->last_ts = m->ts;
	c->last_g = m->g;
	t1_cursor_next(s, c);
}

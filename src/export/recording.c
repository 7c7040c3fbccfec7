/* SPDX-License-Identifier: Apache-2.0 */
#include "export/recording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "export/recording_impl.h"
#include "version.h"

enum {
	BLOCK_EVENTS = 1 << 16, /* enough for a frame */
	BLOCK_BYTES = 8 << 20,
	GROUP_EVENTS = 1 << 16, /* and for a group, unless its goroutines are more */
	GROUP_BYTES = 16 << 20,
	LEVEL = 3, /* of zstd */
};

static const int64_t GROUP_NS = 30ll * 1000 * 1000 * 1000;

/* --- names --- */

/* Where the number of that id is kept; false: it has none in the group yet. */
static bool has_local(rec_locals *l, uint32_t id, uint32_t group)
{
	while (l->n <= id)
		*vec_push(l) = (struct rec_local){ 0 };
	return l->v[id].group == group;
}

static uint32_t set_local(rec_locals *l, uint32_t id, uint32_t group, uint32_t *n)
{
	l->v[id] = (struct rec_local){ group, ++*n };
	return *n;
}

uint32_t rec_string(struct rec_encoder *e, uint32_t id)
{
	const struct strtab *t = &e->world->strings;

	if (!id)
		return 0;
	if (has_local(&e->string, id, e->group))
		return e->string.v[id].number;
	rec_put_text(&e->now->strings, strtab_get(t, id), strtab_len(t, id));
	return set_local(&e->string, id, e->group, &e->n_strings);
}

static uint32_t rec_frame(struct rec_encoder *e, uint32_t id)
{
	const struct frame *f = &e->world->stacks.frame.v[id];
	rec_bytes *out = &e->now->frames;
	uint32_t func, file;

	if (has_local(&e->frame, id, e->group))
		return e->frame.v[id].number;
	func = rec_string(e, f->func);
	file = rec_string(e, f->file);
	rec_put(out, func);
	rec_put(out, file);
	rec_put(out, f->line);
	rec_put_diff(out, f->pc, e->frame_pc);
	rec_put(out, f->flags);
	e->frame_pc = f->pc;
	return set_local(&e->frame, id, e->group, &e->n_frames);
}

uint32_t rec_stack(struct rec_encoder *e, uint32_t id)
{
	const struct stacktab *t = &e->world->stacks;
	struct stack_ref r;

	if (!id || id >= t->stack.n)
		return 0;
	if (has_local(&e->stack, id, e->group))
		return e->stack.v[id].number;
	r = t->stack.v[id];
	for (uint32_t i = 0; i < r.n; i++)
		rec_frame(e, t->ids.v[r.first + i]);
	rec_put(&e->now->stacks, r.n);
	for (uint32_t i = 0; i < r.n; i++)
		rec_put(&e->now->stacks, rec_frame(e, t->ids.v[r.first + i]));
	return set_local(&e->stack, id, e->group, &e->n_stacks);
}

/* --- blocks --- */

static void group_begin(struct rec_encoder *e)
{
	e->group++;
	e->n_strings = e->n_frames = e->n_stacks = 0;
	e->frame_pc = 0;
	e->group_events = e->group_bytes = 0;
	e->group_began = e->last;
	e->key_due = false;
	e->now->head.kind = REC_KEY;
}

static void block_begin(struct rec_encoder *e, const struct moment *at)
{
	struct rec_block *b = xcalloc(1, sizeof(*b));

	b->head = (struct rec_head){
		.version = REC_VERSION, .kind = REC_MORE, .t0 = T_NEVER, .t1 = T_BEFORE
	};
	e->now = b;
	if (!e->group || e->key_due) {
		group_begin(e);
		rec_key(e, at ? at : &e->world->now);
	}
	b->head.group = e->group;
}

static void note(struct rec_encoder *e, const struct event *ev)
{
	struct rec_block *b = e->now;

	*vec_push(&b->ev) = *ev;
	b->head.t0 = ev->time < b->head.t0 ? ev->time : b->head.t0;
	b->head.t1 = ev->time > b->head.t1 ? ev->time : b->head.t1;
	if (!e->events++)
		e->group_began = ev->time;
	e->last = ev->time;
	e->group_events++;
}

/*
 * What the world was told before the first block began is nothing but this event, which is
 * in it by now: the first group begins with nothing.
 */
static void first_block(struct rec_encoder *e)
{
	static const struct moment nothing = { .time = T_BEFORE };

	if (!e->now)
		block_begin(e, &nothing);
}

static void count_lost(struct rec_encoder *e, uint64_t n, int64_t since)
{
	if (!e->lost)
		e->lost_from = since;
	e->lost += n;
	e->lost_ever += n;
}

void rec_event(struct rec_encoder *e, const struct event *ev)
{
	struct event to = *ev;

	if (e->off || (e->thin && ev->kind == EV_SAMPLE)) {
		count_lost(e, 1, ev->time);
		return;
	}
	first_block(e);
	to.stack = rec_stack(e, ev->stack);
	to.stack2 = rec_stack(e, ev->stack2);
	to.text = rec_string(e, ev->text);
	to.text2 = rec_string(e, ev->text2);
	note(e, &to);
}

void rec_look(struct rec_encoder *e)
{
	struct event ev = {
		.time = e->world->facts.time, .kind = EV_FACTS, .m = NO_ID, .p = NO_ID
	};
	rec_bytes look = { 0 };

	if (e->off)
		return;
	first_block(e);
	rec_look_put(e, &look, e->look.time == T_BEFORE);
	rec_put_section(&e->now->body, RECS_LOOK, &look);
	vec_free(&look);
	note(e, &ev);
}

void rec_segment(struct rec_encoder *e)
{
	if (e->now)
		rec_put(&e->now->segments, e->now->ev.n);
}

bool rec_full(const struct rec_encoder *e)
{
	return e->now && (e->now->ev.n >= BLOCK_EVENTS || e->now->body.n >= BLOCK_BYTES);
}

static bool group_full(const struct rec_encoder *e)
{
	size_t rows = e->world->now.n;

	return e->last - e->group_began >= GROUP_NS || e->group_bytes >= GROUP_BYTES ||
	       e->group_events >= (rows * 4 > GROUP_EVENTS ? rows * 4 : GROUP_EVENTS);
}

struct rec_block *rec_take(struct rec_encoder *e, const struct moment *at, bool last)
{
	struct rec_block *b = e->now;

	if (!b || (!b->ev.n && !last))
		return NULL;
	e->at = at;
	rec_session(e, last);
	e->at = NULL;
	if (!b->ev.n)
		b->head.t0 = b->head.t1 = e->last;
	b->head.events = (uint32_t)b->ev.n;
	e->group_bytes += b->body.n;
	e->key_due |= group_full(e);
	block_begin(e, at);
	return b;
}

void rec_drop(struct rec_encoder *e)
{
	if (e->now && e->now->ev.n)
		count_lost(e, e->now->ev.n, e->now->head.t0);
	rec_block_free(e->now);
	e->now = NULL;
	e->off = true;
}

void rec_go_on(struct rec_encoder *e)
{
	e->off = false;
	e->key_due = true;
	block_begin(e, NULL);
}

void rec_block_free(struct rec_block *b)
{
	if (!b)
		return;
	vec_free(&b->ev);
	vec_free(&b->strings);
	vec_free(&b->frames);
	vec_free(&b->stacks);
	vec_free(&b->segments);
	vec_free(&b->body);
	free(b);
}

size_t rec_block_weight(const struct rec_block *b)
{
	return sizeof(*b) + b->ev.n * sizeof(*b->ev.v) + b->strings.n + b->frames.n + b->stacks.n +
	       b->body.n;
}

void rec_encoder_release(struct rec_encoder *e)
{
	rec_block_free(e->now);
	vec_free(&e->string);
	vec_free(&e->frame);
	vec_free(&e->stack);
	facts_release(&e->look);
	map64_free(&e->look_at);
	memset(e, 0, sizeof(*e));
}

/* --- bytes --- */

struct rec_packer {
	ZSTD_CCtx *zstd;
	rec_bytes payload, column, out;
};

struct rec_packer *rec_packer_new(void)
{
	struct rec_packer *p = xcalloc(1, sizeof(*p));

	p->zstd = ZSTD_createCCtx();
	if (!p->zstd)
		die("out of memory");
	ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1);
	return p;
}

void rec_packer_free(struct rec_packer *p)
{
	if (!p)
		return;
	ZSTD_freeCCtx(p->zstd);
	vec_free(&p->payload);
	vec_free(&p->column);
	vec_free(&p->out);
	free(p);
}

/* Columns that are all zero are empty. */
static void put_column(rec_bytes *out, const rec_bytes *c)
{
	bool zero = !c->n || (!c->v[0] && !memcmp(c->v, c->v + 1, c->n - 1));

	rec_put(out, zero ? 0 : c->n);
	rec_put_raw(out, c->v, zero ? 0 : c->n);
}

static void put_bytes(struct rec_packer *p, rec_bytes *out, const struct rec_block *b, unsigned c)
{
	p->column.n = 0;
	vec_reserve(&p->column, b->ev.n);
	for (size_t i = 0; i < b->ev.n; i++) {
		const struct event *ev = &b->ev.v[i];
		const uint8_t v[REC_BYTES] = { ev->kind, ev->reason, ev->state, ev->flags };

		p->column.v[p->column.n++] = v[c];
	}
	put_column(out, &p->column);
}

static void put_numbers(struct rec_packer *p, rec_bytes *out, const struct rec_block *b, unsigned c)
{
	uint64_t last[EV_N] = { 0 };

	p->column.n = 0;
	for (size_t i = 0; i < b->ev.n; i++) {
		uint64_t v[REC_NUMBERS], *before = &last[c ? b->ev.v[i].kind : 0];

		rec_numbers(&b->ev.v[i], v);
		rec_put_diff(&p->column, v[c], *before);
		*before = v[c];
	}
	put_column(out, &p->column);
}

static void put_events(struct rec_packer *p, const struct rec_block *b)
{
	rec_bytes all = { 0 };

	if (!b->ev.n)
		return;
	rec_put(&all, b->ev.n);
	for (unsigned c = 0; c < REC_BYTES; c++)
		put_bytes(p, &all, b, c);
	for (unsigned c = 0; c < REC_NUMBERS; c++)
		put_numbers(p, &all, b, c);
	rec_put_section(&p->payload, RECS_EVENTS, &all);
	vec_free(&all);
}

int rec_pack_payload(struct rec_packer *p, struct rec_head *h, const uint8_t *payload, size_t n,
		     const rec_bytes **out)
{
	size_t size;

	if (n > REC_RAW_MOST)
		return -EFBIG;
	p->out.n = REC_HEAD;
	vec_reserve(&p->out, REC_HEAD + ZSTD_compressBound(n));
	size = n ? ZSTD_compress2(p->zstd, p->out.v + REC_HEAD, p->out.cap - REC_HEAD, payload, n)
		 : 0;
	if (ZSTD_isError(size))
		return -EIO;
	h->version = REC_VERSION;
	h->packed = (uint32_t)size;
	h->raw = (uint32_t)n;
	rec_head_put(p->out.v, h);
	p->out.n += size;
	*out = &p->out;
	return 0;
}

int rec_pack(struct rec_packer *p, const struct rec_block *b, uint64_t seq, uint8_t flags,
	     const rec_bytes **out)
{
	struct rec_head h = b->head;

	h.seq = seq;
	h.flags = flags;
	p->payload.n = 0;
	rec_put_section(&p->payload, RECS_STRINGS, &b->strings);
	rec_put_section(&p->payload, RECS_FRAMES, &b->frames);
	rec_put_section(&p->payload, RECS_STACKS, &b->stacks);
	rec_put_section(&p->payload, RECS_SEGMENTS, &b->segments);
	rec_put_raw(&p->payload, b->body.v, b->body.n);
	put_events(p, b);
	return rec_pack_payload(p, &h, p->payload.v, p->payload.n, out);
}

void rec_schema(rec_bytes *out)
{
	static const char head[] =
		"bingo-top recording 1\nwritten-by bingo-top " BINGO_VERSION "\n",
			  numbers[] = "bytes kind reason state flags\nnumbers time g peer object "
				      "value value2 m+1 p+1 stack stack2 text text2\n";
	rec_bytes text = { 0 };

	rec_put_raw(&text, head, sizeof(head) - 1);
	rec_put_raw(&text, numbers, sizeof(numbers) - 1);
	for (int l = 0; l < REC_LISTS; l++) {
		rec_put_raw(&text, rec_names[l].word, strlen(rec_names[l].word));
		for (int i = 0; i < rec_names[l].n; i++) {
			const char *name = rec_names[l].name(i);

			rec_put_raw(&text, " ", 1);
			rec_put_raw(&text, *name ? name : "-", *name ? strlen(name) : 1);
		}
		rec_put_raw(&text, "\n", 1);
	}
	rec_put_section(out, RECS_SCHEMA, &text);
	vec_free(&text);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Where the frames are: as the index says, else wherever a head is found. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/recording_impl.h"
#include "source/varint.h"

enum { INDEX_NUMBERS = 10 };

static bool fits(const struct rfile *r, uint64_t at, const struct rec_head *h)
{
	return at <= r->in.size && r->in.size - at >= REC_HEAD &&
	       r->in.size - at - REC_HEAD >= h->packed;
}

static int64_t bounded(int64_t t)
{
	return t > REC_MOST ? REC_MOST : t < -REC_MOST ? -REC_MOST : t;
}

static void add_frame(struct rfile *r, uint64_t at, const struct rec_head *h)
{
	struct rfile_frame *f = vec_push(&r->frame);

	*f = (struct rfile_frame){ at, *h };
	f->head.t0 = bounded(h->t0);
	f->head.t1 = bounded(h->t1);
}

/* --- by the index --- */

static bool index_entry(struct rfile *r, const uint8_t **p, const uint8_t *end)
{
	uint64_t v[INDEX_NUMBERS];
	struct rec_head h;

	for (int i = 0; i < INDEX_NUMBERS; i++)
		if (!(*p = varint_get(*p, end, &v[i])))
			return false;
	h = (struct rec_head){ .version = REC_VERSION,
			       .kind = (uint8_t)v[1],
			       .flags = (uint8_t)v[2],
			       .packed = (uint32_t)v[3],
			       .raw = (uint32_t)v[4],
			       .seq = v[5],
			       .t0 = (int64_t)rec_unzigzag(v[6]),
			       .t1 = (int64_t)rec_unzigzag(v[7]),
			       .group = (uint32_t)v[8],
			       .events = (uint32_t)v[9] };
	if (!fits(r, v[0], &h) || h.raw > REC_RAW_MOST || h.events > REC_EVENTS_MOST)
		return false;
	add_frame(r, v[0], &h);
	return true;
}

static bool index_read(struct rfile *r, const struct rfile_section *s)
{
	const uint8_t *p = s->p;

	while (p < s->end)
		if (!index_entry(r, &p, s->end))
			return false;
	return r->frame.n > 0;
}

static bool by_index(struct rfile *r)
{
	struct rfile_payload payload = { 0 };
	const struct rfile_section *s;
	struct rfile_frame f = { 0 };
	struct rec_head tail;
	size_t from = 0;
	bool ok;

	if (r->in.size < 2 * REC_HEAD || !rec_head_get(r->in.data + r->in.size - REC_HEAD, &tail) ||
	    tail.kind != REC_TAIL || tail.version > REC_VERSION)
		return false;
	f.at = (uint64_t)tail.t0;
	if (f.at > r->in.size - 2 * REC_HEAD || !rec_head_get(r->in.data + f.at, &f.head) ||
	    f.head.kind != REC_INDEX || !fits(r, f.at, &f.head))
		return false;
	ok = payload_read(r, &f, &payload) && (s = payload_find(&payload, RECS_INDEX, &from)) &&
	     index_read(r, s);
	payload_release(&payload);
	if (!ok)
		r->frame.n = 0;
	return ok;
}

/* --- without it --- */

/* The next place from at on where a head may be. */
static uint64_t next_head(const struct rfile *r, uint64_t at)
{
	const uint8_t *p = at < r->in.size ? memmem(r->in.data + at, r->in.size - at, rec_magic,
						    sizeof(rec_magic))
					   : NULL;

	return p ? (uint64_t)(p - r->in.data) : r->in.size;
}

static void by_heads(struct rfile *r)
{
	uint64_t at = 0;

	r->unfinished = true;
	while (r->in.size - at >= REC_HEAD) {
		struct rec_head h;
		uint64_t next;

		if (rec_head_get(r->in.data + at, &h) && fits(r, at, &h)) {
			r->newer |= h.version > REC_VERSION;
			if (h.version <= REC_VERSION)
				add_frame(r, at, &h);
			at += REC_HEAD + (uint64_t)h.packed;
			continue;
		}
		next = next_head(r, at + 1);
		r->skipped += next - at;
		r->cut |= next == r->in.size;
		at = next;
	}
	r->cut |= at < r->in.size;
}

/* Whether the newest of all frames says that nothing follows. */
static bool is_finished(const struct rfile *r)
{
	return r->frame.n && r->frame.v[r->frame.n - 1].head.kind == REC_TAIL;
}

static int by_seq(const void *a, const void *b)
{
	const struct rfile_frame *x = a, *y = b;

	return (x->head.seq > y->head.seq) - (x->head.seq < y->head.seq);
}

/* --- groups --- */

static void group_add(struct rfile *r, size_t i, bool gap)
{
	const struct rec_head *h = &r->frame.v[i].head;
	struct rfile_group *g = vec_push(&r->group);

	*g = (struct rfile_group){ .first = i, .n = 1, .t0 = h->t0, .t1 = h->t1, .gap = gap };
	g->paused = h->flags & REC_PAUSED;
	r->paused += g->paused;
}

static void group_extend(struct rfile_group *g, size_t i, const struct rec_head *h)
{
	g->n = i - g->first + 1;
	g->t0 = h->t0 < g->t0 ? h->t0 : g->t0;
	g->t1 = h->t1 > g->t1 ? h->t1 : g->t1;
}

/* A frame that follows none of its group, or one that is missing, is of no use. */
static void find_groups(struct rfile *r)
{
	struct rfile_group *g = NULL;
	bool on = true;

	for (size_t i = 0; i < r->frame.n; i++) {
		const struct rec_head *h = &r->frame.v[i].head;
		bool next = i && h->seq == r->frame.v[i - 1].head.seq + 1;

		if (h->kind == REC_KEY) {
			group_add(r, i, !on || !next);
			g = &r->group.v[r->group.n - 1];
			on = true;
		} else if (h->kind == REC_MORE) {
			on = on && next && g && h->group == r->frame.v[g->first].head.group;
			/* of the oldest group in a ring the begin may be written over */
			r->damaged += !on && g;
			if (on)
				group_extend(g, i, h);
		} else {
			on = on && (next || !i);
		}
	}
}

int rfile_scan(struct rfile *r, struct err *err)
{
	if (!by_index(r))
		by_heads(r);
	if (r->newer && !r->frame.n)
		return err_set(
			err, -ENOTSUP, EXIT_BADFILE,
			"%s is a recording of a newer format; this bingo-top reads formats up to "
			"%d",
			r->in.name, REC_VERSION);
	if (r->frame.n)
		qsort(r->frame.v, r->frame.n, sizeof(*r->frame.v), by_seq);
	if (is_finished(r))
		r->unfinished = r->cut = false;
	find_groups(r);
	if (r->group.n)
		return 0;
	return err_set(err, -EBADMSG, EXIT_BADFILE, "%s is a recording that holds nothing%s",
		       r->in.name, r->cut ? ": it is cut short" : "");
}

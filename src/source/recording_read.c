/* SPDX-License-Identifier: Apache-2.0 */
/* Frames unpacked, sections, names, events. */
#include <stdlib.h>
#include <string.h>

#include "source/recording_impl.h"
#include "source/varint.h"

/* --- payloads --- */

void payload_release(struct rfile_payload *p)
{
	ZSTD_freeDCtx(p->zstd);
	vec_free(&p->raw);
	vec_free(&p->section);
	memset(p, 0, sizeof(*p));
}

static bool find_sections(struct rfile_payload *out)
{
	const uint8_t *p = out->raw.v, *end = p + out->raw.n;
	uint64_t kind, n;

	out->section.n = 0;
	while (p < end) {
		if (!(p = varint_get(p, end, &kind)) || !(p = varint_get(p, end, &n)) ||
		    n > (uint64_t)(end - p))
			return false;
		*vec_push(&out->section) =
			(struct rfile_section){ kind > 255 ? 0 : (uint32_t)kind, p, p + n };
		p += n;
	}
	return true;
}

bool payload_read(const struct rfile *r, const struct rfile_frame *f, struct rfile_payload *out)
{
	const uint8_t *at = r->in.data + f->at;
	struct rec_head h;
	size_t n;

	out->raw.n = out->section.n = 0;
	if (!rec_head_get(at, &h) || h.seq != f->head.seq || h.packed != f->head.packed ||
	    h.raw != f->head.raw)
		return false;
	if (!h.raw)
		return true;
	if (ZSTD_getFrameContentSize(at + REC_HEAD, h.packed) != h.raw)
		return false;
	if (!out->zstd && !(out->zstd = ZSTD_createDCtx()))
		die("out of memory");
	vec_reserve(&out->raw, h.raw);
	n = ZSTD_decompressDCtx(out->zstd, out->raw.v, h.raw, at + REC_HEAD, h.packed);
	if (ZSTD_isError(n) || n != h.raw)
		return false;
	out->raw.n = n;
	return find_sections(out);
}

const struct rfile_section *payload_find(const struct rfile_payload *p, uint32_t kind, size_t *from)
{
	for (size_t i = *from; i < p->section.n; i++)
		if (p->section.v[i].kind == kind) {
			*from = i + 1;
			return &p->section.v[i];
		}
	return NULL;
}

/* --- names --- */

void names_default(struct rfile_names *n)
{
	for (int l = 0; l < REC_LISTS; l++)
		for (int i = 0; i < 256; i++)
			n->v[l][i] = i < rec_names[l].n ? (uint8_t)i : 0;
	for (int i = R_N; i < 256; i++)
		n->v[REC_REASONS][i] = R_OTHER;
}

static uint8_t name_number(int list, const char *s, size_t n)
{
	for (int i = 0; i < rec_names[list].n; i++) {
		const char *name = rec_names[list].name(i);

		name = *name ? name : "-";
		if (strlen(name) == n && !memcmp(name, s, n))
			return (uint8_t)i;
	}
	return list == REC_REASONS ? R_OTHER : 0;
}

/* One line: the word, then names. */
static void names_line(struct rfile_names *names, const char *p, const char *end)
{
	const char *blank = memchr(p, ' ', (size_t)(end - p));
	int list = 0;

	while (blank && list < REC_LISTS &&
	       (strlen(rec_names[list].word) != (size_t)(blank - p) ||
		memcmp(rec_names[list].word, p, (size_t)(blank - p)) != 0))
		list++;
	if (!blank || list == REC_LISTS)
		return;
	p = blank + 1;
	for (int i = 0; i < 256 && p < end; i++) {
		blank = memchr(p, ' ', (size_t)(end - p));
		blank = blank ? blank : end;
		names->v[list][i] = name_number(list, p, (size_t)(blank - p));
		p = blank + 1;
	}
}

void names_read(struct rfile_names *n, const struct rfile_section *s)
{
	const char *p = (const char *)s->p, *end = (const char *)s->end;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		names_line(n, p, nl ? nl : end);
		p = nl ? nl + 1 : end;
	}
}

uint32_t group_string(const struct rfile_group *g, uint64_t number)
{
	return number < g->string.n ? g->string.v[number] : 0;
}

uint32_t group_stack(const struct rfile_group *g, uint64_t number)
{
	return number < g->stack.n ? g->stack.v[number] : 0;
}

/* --- events --- */

/* Its bytes, NULL where it has none. false: it is longer than there is. */
static bool column(const uint8_t **p, const uint8_t *end, const uint8_t **at, const uint8_t **to)
{
	uint64_t n;

	if (!(*p = varint_get(*p, end, &n)) || n > (uint64_t)(end - *p))
		return false;
	*at = n ? *p : NULL;
	*to = *p += n;
	return true;
}

bool events_begin(struct rfile_events *e, const struct rfile_section *s)
{
	const uint8_t *p = s->p, *to;
	uint64_t n;

	memset(e, 0, sizeof(*e));
	if (!(p = varint_get(p, s->end, &n)) || n > REC_EVENTS_MOST)
		return false;
	for (int c = 0; c < REC_BYTES; c++)
		if (!column(&p, s->end, &e->byte[c], &to) ||
		    (e->byte[c] && (uint64_t)(to - e->byte[c]) != n))
			return false;
	if (n && !e->byte[0]) /* there is no event of kind 0 */
		return false;
	for (int c = 0; c < REC_NUMBERS; c++)
		if (!column(&p, s->end, &e->p[c], &e->end[c]))
			return false;
	e->n = (uint32_t)n;
	return true;
}

int64_t rfile_time(const struct rfile *r, uint64_t t)
{
	int64_t v = (int64_t)t;

	if (v == T_BEFORE || v == T_NEVER)
		return v;
	v = v > REC_MOST ? REC_MOST : v < -REC_MOST ? -REC_MOST : v;
	return v - r->base;
}

static uint64_t next_number(struct rfile_events *e, int c, uint8_t kind)
{
	uint64_t d = 0;

	if (!e->p[c])
		return e->last[c][kind];
	if (!(e->p[c] = varint_get(e->p[c], e->end[c], &d))) {
		e->p[c] = e->end[c];
		e->bad = true;
		return 0;
	}
	return e->last[c][kind] += rec_unzigzag(d);
}

/* What the model reckons with. */
static void settle(const struct rfile *r, struct event *ev)
{
	int64_t t;

	if (ev->kind == EV_STATUS && ev->value2 > (uint64_t)REC_MOST)
		ev->value2 = 0;
	if (ev->kind == EV_THREAD && ev->value > INT32_MAX)
		ev->value = 0;
	if (!r->base || !(ev->flags & EVF_SAMPLED))
		return;
	t = rfile_time(r, ev->value);
	ev->value = t < 0 ? 0 : (uint64_t)t;
}

bool events_next(struct rfile_events *e, const struct rfile *r, const struct rfile_group *g,
		 struct event *ev)
{
	uint8_t b[REC_BYTES];
	uint64_t v[REC_NUMBERS];

	if (e->i >= e->n)
		return false;
	for (int c = 0; c < REC_BYTES; c++)
		b[c] = e->byte[c] ? e->byte[c][e->i] : 0;
	v[0] = next_number(e, 0, 0);
	for (int c = 1; c < REC_NUMBERS; c++)
		v[c] = next_number(e, c, b[0]);
	if (e->bad)
		return false;
	e->i++;
	*ev = (struct event){ .time = rfile_time(r, v[0]),
			      .g = v[1],
			      .peer = v[2],
			      .object = v[3],
			      .value = v[4],
			      .value2 = v[5],
			      .m = v[6] - 1,
			      .p = v[7] - 1,
			      .stack = group_stack(g, v[8]),
			      .stack2 = group_stack(g, v[9]),
			      .text = group_string(g, v[10]),
			      .text2 = group_string(g, v[11]),
			      .kind = r->names.v[REC_KINDS][b[0]],
			      .reason = r->names.v[REC_REASONS][b[1]],
			      .state = r->names.v[REC_STATES][b[2]],
			      .flags = b[3] & (EVF_SAMPLED | EVF_STATUS | EVF_SCOPE_G) };
	settle(r, ev);
	return true;
}

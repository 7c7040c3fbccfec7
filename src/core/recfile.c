/* SPDX-License-Identifier: Apache-2.0 */
#include "core/recfile.h"

#include <stddef.h>
#include <string.h>
#include <zlib.h>

const uint8_t rec_magic[16] = { 0x5b, 0x2a, 0x4d, 0x18, REC_HEAD - 8, 0,    0,	  0,
				'b',  'i',  'n',  'g',	'o',	      0x1a, '\r', '\n' };

enum { CRC_AT = 20 }; /* in a head */

void rec_put(rec_bytes *b, uint64_t v)
{
	vec_reserve(b, b->n + 10);
	for (; v >= 0x80; v >>= 7)
		b->v[b->n++] = (uint8_t)(v | 0x80);
	b->v[b->n++] = (uint8_t)v;
}

void rec_put_diff(rec_bytes *b, uint64_t v, uint64_t before)
{
	rec_put(b, rec_zigzag(v - before));
}

void rec_put_raw(rec_bytes *b, const void *p, size_t n)
{
	vec_reserve(b, b->n + n);
	if (n)
		memcpy(b->v + b->n, p, n);
	b->n += n;
}

void rec_put_text(rec_bytes *b, const char *s, size_t n)
{
	rec_put(b, n);
	rec_put_raw(b, s, n);
}

void rec_put_section(rec_bytes *b, enum rec_section s, const rec_bytes *body)
{
	if (!body->n)
		return;
	rec_put(b, s);
	rec_put(b, body->n);
	rec_put_raw(b, body->v, body->n);
}

/* --- heads --- */

static void put_le(uint8_t *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t get_le(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

static uint32_t head_crc(const uint8_t in[REC_HEAD])
{
	uint8_t copy[REC_HEAD];

	memcpy(copy, in, REC_HEAD);
	memset(copy + CRC_AT, 0, 4);
	return (uint32_t)crc32(0, copy, REC_HEAD);
}

void rec_head_put(uint8_t out[REC_HEAD], const struct rec_head *h)
{
	memcpy(out, rec_magic, sizeof(rec_magic));
	put_le(out + 16, h->version, 2);
	out[18] = h->kind;
	out[19] = h->flags;
	put_le(out + CRC_AT, 0, 4);
	put_le(out + 24, h->packed, 4);
	put_le(out + 28, h->raw, 4);
	put_le(out + 32, h->seq, 8);
	put_le(out + 40, (uint64_t)h->t0, 8);
	put_le(out + 48, (uint64_t)h->t1, 8);
	put_le(out + 56, h->group, 4);
	put_le(out + 60, h->events, 4);
	put_le(out + CRC_AT, head_crc(out), 4);
}

bool rec_head_get(const uint8_t in[REC_HEAD], struct rec_head *h)
{
	if (memcmp(in, rec_magic, sizeof(rec_magic)) != 0)
		return false;
	*h = (struct rec_head){
		.version = (uint16_t)get_le(in + 16, 2),
		.kind = in[18],
		.flags = in[19],
		.packed = (uint32_t)get_le(in + 24, 4),
		.raw = (uint32_t)get_le(in + 28, 4),
		.seq = get_le(in + 32, 8),
		.t0 = (int64_t)get_le(in + 40, 8),
		.t1 = (int64_t)get_le(in + 48, 8),
		.group = (uint32_t)get_le(in + 56, 4),
		.events = (uint32_t)get_le(in + 60, 4),
	};
	return get_le(in + CRC_AT, 4) == head_crc(in) && h->raw <= REC_RAW_MOST &&
	       h->events <= REC_EVENTS_MOST;
}

/* --- names --- */

static const char *kind_name(int i)
{
	return event_name((enum event_kind)i);
}

static const char *state_name(int i)
{
	return gstate_name((enum gstate)i);
}

static const char *why_name(int i)
{
	return reason_name((enum reason)i);
}

static const char *object_name(int i)
{
	return object_kind_name((enum object_kind)i);
}

static const char *wait_name(int i)
{
	return wait_op_name((enum wait_op)i);
}

static const char *hold_name(int i)
{
	return hold_op_name((enum hold_op)i);
}

const struct rec_names rec_names[REC_LISTS] = {
	[REC_KINDS] = { "kinds", EV_N, kind_name },
	[REC_STATES] = { "states", GS_N, state_name },
	[REC_REASONS] = { "reasons", R_N, why_name },
	[REC_OBJECTS] = { "objects", OBJ_N, object_name },
	[REC_WAITS] = { "waits", OP_N, wait_name },
	[REC_HOLDS] = { "holds", HOLD_N, hold_name },
};

#define AT(member) offsetof(struct world, member)

const struct rec_field rec_fields[] = {
	{ "kind", REC_TEXT, AT(source_kind) },
	{ "exe", REC_TEXT, AT(source_name) },
	{ "go", REC_TEXT, AT(go_version) },
	{ "build", REC_TEXT, AT(build_info) },
	{ "wall_ns", REC_I64, AT(wall_ns) },
	{ "base_ns", REC_I64, AT(time_base) },
	{ "pid", REC_I32, AT(live.pid) },
	{ "status", REC_LIVE, AT(live.state) },
	{ "stripped", REC_BOOL, AT(live.stripped) },
	{ "symbols", REC_TEXT, AT(live.symbols) },
	{ "note", REC_TEXT, AT(live.note) },
	{ "ended", REC_TEXT, AT(live.ended) },
	{ "passes", REC_U64, AT(live.passes) },
	{ "created", REC_U64, AT(live.created) },
	{ "thrown", REC_U64, AT(live.thrown) },
	{ "unsteady", REC_U64, AT(live.unsteady) },
	{ "unseen", REC_U64, AT(live.unseen) },
	{ "threads", REC_U32, AT(live.threads) },
	{ "procs", REC_U32, AT(live.procs) },
	{ "pass_hz", REC_REAL, AT(live.pass_hz) },
	{ "pass_ms", REC_REAL, AT(live.pass_ms) },
	{ "self_cpu_pct", REC_REAL, AT(live.cpu_pct) },
	{ "target_cost_pct", REC_REAL, AT(live.target_cost_pct) },
	{ "samples", REC_U64, AT(live.samples) },
	{ "sample_hz", REC_U32, AT(live.sample_hz) },
	{ "samples_runtime", REC_U64, AT(live.samples_runtime) },
	{ "no_samples", REC_TEXT, AT(live.no_samples) },
	{ "paused_ns", REC_I64, AT(live.paused_ns) },
	{ "longest_pause_ns", REC_I64, AT(live.longest_pause_ns) },
	{ "kernel", REC_TEXT, AT(live.bpf) },
	{ "exact", REC_TEXT, AT(live.exact) },
	{ NULL, REC_TEXT, 0 },
};

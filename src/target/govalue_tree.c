/* SPDX-License-Identifier: Apache-2.0 */
/* Values as nodes, and the parts of those that are open. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "target/govalue_impl.h"

enum {
	PARTS = 100, /* of an array, a slice or a map at once */
	CHUNK = 512, /* of a long string */
	CHUNKS_MOST = 16,
	NAME_MOST = 128,
	WAITERS_SHOWN = 100,
	LEVELS_MOST = 200,
	REMARK = 64 /* bytes for what is said behind a text */
};

/* Where the parts of a value go. */
struct into {
	uint64_t key;
	uint16_t depth;
};

static bool is_open(const struct govaluer *g, uint64_t key)
{
	for (size_t i = 0; i < g->ask->open.n; i++)
		if (g->ask->open.v[i] == key)
			return true;
	return false;
}

static struct value *push(struct govaluer *g, const struct govalue_node *n, const char *type,
			  const char *text, size_t text_len)
{
	struct value *v;
	uint32_t name = values_str(g->out, n->name, strlen(n->name));
	uint32_t t = values_str(g->out, type, strlen(type));
	uint32_t s = values_str(g->out, text, text_len);

	v = vec_push(&g->out->v);
	*v = (struct value){ .key = value_key(n->parent, n->name, n->nth),
			     .addr = n->addr < VALMEM_OWN ? n->addr : 0,
			     .name = name,
			     .type = t,
			     .text = s,
			     .line = n->line,
			     .depth = n->depth,
			     .flags = n->flags };
	g->nodes_left--;
	return v;
}

void govalue_add_text(struct govaluer *g, const struct govalue_node *n, const char *type,
		      const char *text)
{
	if (g->nodes_left)
		push(g, n, type, text, strlen(text));
}

static void add_part(struct govaluer *g, struct into in, const char *name, struct gval v)
{
	govalue_add(g, &(struct govalue_node){ .name = name,
					       .type = v.t,
					       .addr = v.addr,
					       .parent = in.key,
					       .depth = in.depth });
}

/* What is opened where v is: through pointers and interfaces to what has parts. */
static struct gval body_of(struct govaluer *g, struct gval v)
{
	struct gval to;

	for (int i = 0; i < POINTERS_MOST; i++) {
		if (gv_dynamic(g, v, &to))
			v = to;
		if (!gv_deref(g, v, &to))
			break;
		if (to.t->kind != GOKIND_STRUCT && to.t->kind != GOKIND_ARRAY)
			break;
		v = to;
	}
	return v;
}

static uint64_t length_of(struct govaluer *g, struct gval v)
{
	uint64_t w[3] = { 0 };

	if (v.t->kind == GOKIND_ARRAY)
		return v.t->len;
	if (v.t->kind == GOKIND_STRING)
		return valmem_read(g->vm, v.addr, w, 16) ? 0 : w[1];
	if (valmem_read(g->vm, v.addr, w, 24) || w[1] > w[2])
		return 0;
	return w[1];
}

static bool has_parts(struct govaluer *g, struct gval v)
{
	const struct gofield *f;
	struct gchan c;
	struct gval to;
	uint64_t p, n;

	v = body_of(g, v);
	switch (v.t->kind) {
	case GOKIND_STRUCT:
		return gotype_fields(g->ts, v.t, &f) > 0;
	case GOKIND_ARRAY:
	case GOKIND_SLICE:
		return length_of(g, v) > 0 && gotype_elem(g->ts, v.t)->size;
	case GOKIND_STRING:
		return length_of(g, v) > STRING_MOST;
	case GOKIND_MAP:
		return valmem_word(g->vm, v.addr, &p) && p && valmem_word(g->vm, p, &n) && n;
	case GOKIND_CHAN:
		return gv_chan(g, v, &c) && (c.len || c.first_recv || c.first_send);
	case GOKIND_POINTER:
		return gv_deref(g, v, &to);
	default:
		return false;
	}
}

/* --- parts --- */

/* The elements from..n, a hundred of them; the others are parts of one more node. */
static void add_elements(struct govaluer *g, struct into in, const struct gotype *elem,
			 uint64_t addr, uint64_t from, uint64_t n)
{
	uint64_t end = n - from > PARTS ? from + PARTS : n;
	char name[NAME_MOST], text[NAME_MOST];
	struct govalue_node more = { .name = name, .parent = in.key, .depth = in.depth };
	uint64_t key;

	for (uint64_t i = from; i < end; i++) {
		snprintf(name, sizeof(name), "[%" PRIu64 "]", i);
		add_part(g, in, name, (struct gval){ elem, addr + i * elem->size });
	}
	if (end == n || !g->nodes_left)
		return;
	snprintf(name, sizeof(name), "[%" PRIu64 "…]", end);
	snprintf(text, sizeof(text), "%" PRIu64 " more", n - end);
	key = value_key(in.key, name, 0);
	more.flags = VALUE_OPENABLE | (is_open(g, key) ? VALUE_OPEN : 0);
	govalue_add_text(g, &more, "", text);
	if (more.flags & VALUE_OPEN && in.depth < LEVELS_MOST)
		add_elements(g, (struct into){ key, in.depth }, elem, addr, end, n);
}

static void add_fields(struct govaluer *g, struct into in, struct gval v)
{
	const struct gofield *f;
	size_t n = gotype_fields(g->ts, v.t, &f);

	for (size_t i = 0; i < n; i++)
		govalue_add(
			g, &(struct govalue_node){ .name = f[i].name,
						   .type = f[i].type,
						   .addr = v.addr + f[i].off,
						   .parent = in.key,
						   .nth = !strcmp(f[i].name, "_") ? (unsigned)i : 0,
						   .depth = in.depth });
}

static void add_entries(struct govaluer *g, struct into in, struct gval v)
{
	const struct gotype *key = gotype_key(g->ts, v.t), *elem = gotype_elem(g->ts, v.t);
	char name[NAME_MOST], text[NAME_MOST];
	gentries e = { 0 };
	uint64_t count;
	size_t i;

	if (!gv_map(g, v, &e, &count))
		return;
	for (i = 0; i < e.n && i < PARTS; i++) {
		struct gotext s = { .buf = name, .size = sizeof(name) };

		gotext_str(&s, "[");
		gv_text(g, (struct gval){ key, e.v[i].key }, 1, &s);
		gotext_str(&s, "]");
		add_part(g, in, name, (struct gval){ elem, e.v[i].elem });
	}
	if (count > i) {
		snprintf(text, sizeof(text), "%" PRIu64 " more", count - i);
		govalue_add_text(
			g,
			&(struct govalue_node){ .name = "…", .parent = in.key, .depth = in.depth },
			"", text);
	}
	gv_map_free(&e);
}

static void add_queue(struct govaluer *g, struct into in, const char *name, uint64_t sudog)
{
	uint64_t goid[WAITERS_SHOWN];
	size_t n = gv_waiters(g, sudog, goid, WAITERS_SHOWN);
	char text[64];

	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "goroutine %" PRIu64, goid[i]);
		govalue_add_text(g,
				 &(struct govalue_node){ .name = name,
							 .parent = in.key,
							 .nth = (unsigned)i,
							 .depth = in.depth },
				 "", text);
	}
}

static void add_chan(struct govaluer *g, struct into in, struct gval v)
{
	const struct gotype *elem = gotype_elem(g->ts, v.t);
	char name[NAME_MOST];
	struct gchan c;

	if (!gv_chan(g, v, &c))
		return;
	for (uint64_t i = 0; i < c.len && i < PARTS && elem->size == c.elem_size; i++) {
		snprintf(name, sizeof(name), "[%" PRIu64 "]", i);
		add_part(g, in, name,
			 (struct gval){ elem, c.buf + (c.recvx + i) % c.cap * elem->size });
	}
	add_queue(g, in, "receiving", c.first_recv);
	add_queue(g, in, "sending", c.first_send);
}

/* A long string in lines of its own. */
static void add_chunks(struct govaluer *g, struct into in, struct gval v)
{
	uint64_t w[2], at = 0;
	char raw[CHUNK + 8], text[4 * CHUNK + 64], name[NAME_MOST];

	if (valmem_read(g->vm, v.addr, w, sizeof(w)))
		return;
	for (int i = 0; i < CHUNKS_MOST && at < w[1]; i++) {
		struct gotext s = { .buf = text, .size = sizeof(text) };
		size_t n = w[1] - at < sizeof(raw) ? (size_t)(w[1] - at) : sizeof(raw);

		*text = '\0';
		if (valmem_read(g->vm, w[0] + at, raw, n))
			return;
		n = gotext_cut(raw, n, n < sizeof(raw) ? n : CHUNK);
		gotext_quote(&s, raw, n);
		snprintf(name, sizeof(name), "[%" PRIu64 ":%" PRIu64 "]", at, at + n);
		govalue_add_text(
			g,
			&(struct govalue_node){ .name = name, .parent = in.key, .depth = in.depth },
			"", text);
		at += n ? n : 1;
	}
}

static void add_parts(struct govaluer *g, struct into in, struct gval v)
{
	const struct gotype *elem;
	uint64_t data;
	struct gval to;

	v = body_of(g, v);
	elem = gotype_elem(g->ts, v.t);
	switch (v.t->kind) {
	case GOKIND_STRUCT:
		add_fields(g, in, v);
		break;
	case GOKIND_ARRAY:
		add_elements(g, in, elem, v.addr, 0, v.t->len);
		break;
	case GOKIND_SLICE:
		if (valmem_word(g->vm, v.addr, &data))
			add_elements(g, in, elem, data, 0, length_of(g, v));
		break;
	case GOKIND_STRING:
		add_chunks(g, in, v);
		break;
	case GOKIND_MAP:
		add_entries(g, in, v);
		break;
	case GOKIND_CHAN:
		add_chan(g, in, v);
		break;
	case GOKIND_POINTER:
		if (gv_deref(g, v, &to))
			add_part(g, in, "*", to);
		break;
	default:
		break;
	}
}

void govalue_add(struct govaluer *g, const struct govalue_node *n)
{
	char buf[GOVALUE_TEXT + REMARK] = "";
	struct gotext text = { .buf = buf, .size = GOVALUE_TEXT - 8 };
	struct gval val = { n->type, n->addr };
	struct govalue_node node = *n;
	uint64_t key = value_key(n->parent, n->name, n->nth), lacked = g->vm->lacked;

	if (!g->nodes_left)
		return;
	gv_text(g, val, 0, &text);
	text.size = sizeof(buf);
	if (text.full)
		gotext_str(&text, "…");
	if (n->partly)
		gotext_str(&text, " (partly optimised away)");
	if (g->vm->lacked > lacked && !strstr(buf, "not in the core"))
		gotext_str(&text, " (not all of it is in the core)");
	if (has_parts(g, val))
		node.flags |= VALUE_OPENABLE;
	if (node.flags & VALUE_OPENABLE && n->depth < LEVELS_MOST && is_open(g, key))
		node.flags |= VALUE_OPEN;
	push(g, &node, n->type->name, buf, strlen(buf));
	if (node.flags & VALUE_OPEN)
		add_parts(g, (struct into){ key, n->depth + 1 }, val);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "target/gotype.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "target/gotype_impl.h"

enum {
	TYPES_MOST = 1 << 18,
	DEPTH_MOST = 16,
	BUCKET = 8, /* slots of a bucket, and of a group */
	INLINE_MOST = 128 /* bytes of a key or element that lies in its slot: internal/abi/map.go */
};

const struct gotype gotype_unknown = { .name = "?", .align = 1 };

struct gotypes *gotypes_new(struct target *t, struct valmem *vm, struct dwinfo *dw)
{
	struct gotypes *ts = xcalloc(1, sizeof(*ts));
	char exp[256];

	ts->t = t;
	ts->vm = vm;
	ts->dw = dw;
	ts->swiss = goversion_cmp(&t->build.version, 1, 24) >= 0;
	if (strstr(t->build.version.text, "noswissmap") ||
	    (buildinfo_setting(&t->build, "GOEXPERIMENT", exp, sizeof(exp)) &&
	     strstr(exp, "noswissmap")))
		ts->swiss = false;
	return ts;
}

void gotypes_free(struct gotypes *ts)
{
	if (!ts)
		return;
	map64_free(&ts->by_die);
	map64_free(&ts->by_addr);
	vec_free(&ts->type);
	arena_release(&ts->mem);
	free(ts);
}

void gotypes_set_dwarf(struct gotypes *ts, struct dwinfo *dw)
{
	ts->dw = dw;
}

static struct gotype *gotype_new(struct gotypes *ts, enum gotype_way way, uint64_t ref)
{
	struct gotype *t = arena_alloc(&ts->mem, sizeof(*t));

	*t = gotype_unknown;
	t->way = (uint8_t)way;
	t->ref = ref;
	map64_put(way == GOTYPE_DWARF ? &ts->by_die : &ts->by_addr, ref, (uint32_t)ts->type.n);
	*vec_push(&ts->type) = t;
	return t;
}

const struct gotype *gotype_at_die(struct gotypes *ts, Dwarf_Off off)
{
	uint32_t i = map64_get(&ts->by_die, off);
	struct gotype *t;

	if (i != UINT32_MAX)
		return ts->type.v[i];
	if (!ts->dw || ts->type.n >= TYPES_MOST)
		return &gotype_unknown;
	t = gotype_new(ts, GOTYPE_DWARF, off);
	gotype_dwarf_read(ts, t);
	return t;
}

const struct gotype *gotype_at(struct gotypes *ts, uint64_t addr)
{
	uint32_t i = map64_get(&ts->by_addr, addr);
	struct gotype *t;

	if (i != UINT32_MAX) {
		if (ts->type.v[i]->kind == GOKIND_INVALID) /* perhaps it could not be read then */
			gotype_runtime_read(ts, ts->type.v[i]);
		return ts->type.v[i];
	}
	if (!addr || ts->type.n >= TYPES_MOST)
		return &gotype_unknown;
	t = gotype_new(ts, GOTYPE_RUNTIME, addr);
	gotype_runtime_read(ts, t);
	return t;
}

static const struct gotype *at_ref(struct gotypes *ts, uint8_t way, uint64_t ref)
{
	if (way == GOTYPE_DWARF)
		return gotype_at_die(ts, ref);
	return way == GOTYPE_RUNTIME ? gotype_at(ts, ref) : &gotype_unknown;
}

/* Types are ours, and filled in as they are asked for; to others they are const. */
static struct gotype *own(const struct gotype *t)
{
	return (struct gotype *)(uintptr_t)t;
}

const struct gotype *gotype_elem(struct gotypes *ts, const struct gotype *t)
{
	if (t->way != GOTYPE_NONE && !(t->state & GOTYPE_ELEM)) {
		own(t)->state |= GOTYPE_ELEM;
		own(t)->elem = t->elem_ref ? at_ref(ts, t->way, t->elem_ref) : NULL;
	}
	return t->elem ? t->elem : &gotype_unknown;
}

const struct gotype *gotype_key(struct gotypes *ts, const struct gotype *t)
{
	if (t->way != GOTYPE_NONE && !(t->state & GOTYPE_KEY)) {
		own(t)->state |= GOTYPE_KEY;
		own(t)->key = t->key_ref ? at_ref(ts, t->way, t->key_ref) : NULL;
	}
	return t->key ? t->key : &gotype_unknown;
}

size_t gotype_fields(struct gotypes *ts, const struct gotype *t, const struct gofield **out)
{
	if (t->kind == GOKIND_STRUCT && !(t->state & GOTYPE_FIELDS)) {
		own(t)->state |= GOTYPE_FIELDS;
		if (t->way == GOTYPE_DWARF)
			gotype_dwarf_fields(ts, own(t));
		else
			gotype_runtime_fields(ts, own(t));
	}
	*out = t->field;
	return t->nfield;
}

const struct gofield *gotype_field(struct gotypes *ts, const struct gotype *t, const char *name)
{
	const struct gofield *f;
	size_t n = gotype_fields(ts, t, &f);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(f[i].name, name))
			return &f[i];
	return NULL;
}

/* DWARF does not tell how a type is aligned. */
static unsigned align_of(struct gotypes *ts, const struct gotype *t, int depth)
{
	const struct gofield *f;
	unsigned align = 1, a;
	size_t n;

	if (t->way == GOTYPE_RUNTIME || depth > DEPTH_MOST)
		return t->align ? t->align : 1;
	switch (t->kind) {
	case GOKIND_ARRAY:
		return align_of(ts, gotype_elem(ts, t), depth + 1);
	case GOKIND_COMPLEX64:
		return 4;
	case GOKIND_STRUCT:
		n = gotype_fields(ts, t, &f);
		for (size_t i = 0; i < n; i++) {
			a = align_of(ts, f[i].type, depth + 1);
			align = a > align ? a : align;
		}
		return align;
	default:
		return t->size >= 8 ? 8 : t->size ? (unsigned)t->size : 1;
	}
}

static uint64_t round_up(uint64_t v, uint64_t align)
{
	return (v + align - 1) / align * align;
}

/* cmd/compile/internal/reflectdata: MapBucketType, and from 1.24 on SwissMapGroupType. */
static bool map_computed(struct gotypes *ts, const struct gotype *t, struct gomap *m)
{
	const struct gotype *key = gotype_key(ts, t), *elem = gotype_elem(ts, t);
	uint64_t ka = align_of(ts, key, 0), ea = align_of(ts, elem, 0), ks = key->size,
		 es = elem->size;

	if (key->kind == GOKIND_INVALID || elem->kind == GOKIND_INVALID || ks >> 32 || es >> 32)
		return false;
	*m = (struct gomap){ .swiss = ts->swiss,
			     .indirect_key = ks > INLINE_MOST,
			     .indirect_elem = es > INLINE_MOST };
	if (m->indirect_key)
		ks = ka = 8;
	if (m->indirect_elem)
		es = ea = 8;
	m->keys = 8; /* after the tophashes, or the control word */
	if (!ts->swiss || gotype_dwarf_split(ts, t)) {
		m->key_stride = ks;
		m->elem_stride = es;
		m->elems = round_up(8 + BUCKET * ks, ea);
		m->size = round_up(m->elems + BUCKET * es, 8);
		if (!ts->swiss)
			m->size += 8; /* the next bucket */
		return true;
	}
	m->elems = 8 + round_up(ks, ea);
	/* a struct that ends in a field of no size is one byte longer: the field must not point outside */
	m->key_stride = round_up(ks, ea) + (es || !ks ? es : 1);
	m->key_stride = round_up(m->key_stride, ka > ea ? ka : ea);
	m->elem_stride = m->key_stride;
	m->size = round_up(8 + BUCKET * m->key_stride, 8);
	return true;
}

bool gotype_map(struct gotypes *ts, const struct gotype *t, struct gomap *m)
{
	if (t->kind != GOKIND_MAP)
		return false;
	return t->way == GOTYPE_RUNTIME ? gotype_runtime_map(ts, t, m) : map_computed(ts, t, m);
}

bool gotype_direct(struct gotypes *ts, const struct gotype *t)
{
	const struct gofield *f;
	size_t n;

	for (int depth = 0; depth < DEPTH_MOST; depth++) {
		switch (t->kind) {
		case GOKIND_CHAN:
		case GOKIND_FUNC:
		case GOKIND_MAP:
		case GOKIND_POINTER:
		case GOKIND_UNSAFE_POINTER:
			return true;
		case GOKIND_ARRAY:
			if (t->len != 1)
				return false;
			t = gotype_elem(ts, t);
			break;
		case GOKIND_STRUCT:
			n = gotype_fields(ts, t, &f);
			if (n != 1)
				return false;
			t = f[0].type;
			break;
		default:
			return false;
		}
	}
	return false;
}

/* What may stand in an import path and in a name; all else ends one. */
static bool in_path(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || strchr("_./-~+%@!:", c);
}

size_t gotype_short_name(const char *name, char *buf, size_t size)
{
	size_t n = 0, token = 0;
	bool tag = false; /* a field's tag is kept as it is */

	for (; *name && n + 1 < size; name++) {
		if (*name == '"' && (!tag || name[-1] != '\\'))
			tag = !tag;
		if (*name == '/' && !tag) {
			n = token;
			continue;
		}
		buf[n++] = *name;
		if (tag || !in_path(*name) ||
		    (n >= 3 && !memcmp(buf + n - 3, "...", 3))) /* variadic arguments */
			token = n;
	}
	buf[n] = '\0';
	return n;
}

/* DWARF names the fields of a struct without a name "main.x", which only their owner does. */
static size_t cut_field_packages(char *s)
{
	char *to = s, *start = s;

	for (const char *p = s; *p; p++) {
		bool begins = (p[0] == ' ' && p > s && (p[-1] == '{' || p[-1] == ';'));

		if (*p == ' ' && !begins && start > s) {
			char *dot = memchr(start, '.', (size_t)(to - start));

			if (dot && p[1] != '}' && p[1] != '"') {
				memmove(start, dot + 1, (size_t)(to - dot - 1));
				to -= dot + 1 - start;
			}
			start = s;
		}
		*to++ = *p;
		if (begins)
			start = to;
		else if (*p == ';')
			start = s;
	}
	*to = '\0';
	return (size_t)(to - s);
}

const char *gotype_name(struct gotypes *ts, const char *name)
{
	char buf[512];
	size_t n = gotype_short_name(name, buf, sizeof(buf));

	if (strstr(buf, "struct {"))
		n = cut_field_packages(buf);
	return arena_strndup(&ts->mem, buf, n);
}

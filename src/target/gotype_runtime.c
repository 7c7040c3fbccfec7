/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types as the runtime itself has them: internal/abi/type.go, before 1.21
 * runtime/type.go, which lays them out the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/gotype_impl.h"

enum {
	T_SIZE = 48, /* of abi.Type */
	F_EXTRA_STAR = 2,
	F_NAMED = 4,
	NAME_MOST = 400,
	ALIGN_MOST = 64
};
static const uint64_t SIZE_MOST = 1ull << 40;

struct rtype { /* abi.Type */
	uint64_t size, ptrbytes;
	uint32_t hash;
	uint8_t tflag, align, field_align, kind;
	uint64_t equal, gcdata;
	int32_t str, ptr_to_this;
};
_Static_assert(sizeof(struct rtype) == T_SIZE, "as in the target");

/* internal/abi/type.go:Name: a byte of flags, the length as a varint, the bytes. */
static bool read_name(struct gotypes *ts, uint64_t addr, char *buf, size_t size)
{
	uint8_t head[4];
	size_t n, skip = 2;

	*buf = '\0';
	if (valmem_read(ts->vm, addr, head, sizeof(head)))
		return false;
	n = head[1] & 0x7f;
	if (head[1] & 0x80) {
		n |= (size_t)(head[2] & 0x7f) << 7;
		skip = 3;
		if (head[2] & 0x80)
			return false;
	}
	n = n < size - 1 ? n : size - 1;
	if (valmem_read(ts->vm, addr + skip, buf, n))
		return false;
	buf[n] = '\0';
	return true;
}

static const struct gomodule *module_of(const struct gotypes *ts, uint64_t addr)
{
	for (size_t i = 0; i < ts->t->mods.mod.n; i++) {
		const struct gomodule *m = &ts->t->mods.mod.v[i];

		if (addr >= m->types && addr < m->etypes)
			return m;
	}
	return NULL;
}

/* Types made by reflection lie on the heap, and their names are not to be had from the type alone. */
static const char *type_name(struct gotypes *ts, uint64_t addr, const struct rtype *r)
{
	const struct gomodule *m = module_of(ts, addr);
	char buf[NAME_MOST];
	const char *s = buf;

	if (!m || r->str <= 0 || (uint64_t)r->str >= m->etypes - m->types ||
	    !read_name(ts, m->types + (uint32_t)r->str, buf, sizeof(buf)))
		return m ? "?" : "type made by reflection";
	if (r->tflag & F_EXTRA_STAR && *s == '*')
		s++;
	return gotype_name(ts, s);
}

static bool plausible(const struct rtype *r)
{
	unsigned kind = r->kind & 31;

	return kind && kind < GOKIND_N && r->size < SIZE_MOST && r->align &&
	       r->align <= ALIGN_MOST && !(r->align & (r->align - 1)) && r->ptrbytes <= r->size;
}

static bool size_fits(const struct gotype *t)
{
	static const uint8_t size[GOKIND_N] = {
		[GOKIND_BOOL] = 1,    [GOKIND_INT] = 8,	    [GOKIND_INT8] = 1,
		[GOKIND_INT16] = 2,   [GOKIND_INT32] = 4,   [GOKIND_INT64] = 8,
		[GOKIND_UINT] = 8,    [GOKIND_UINT8] = 1,   [GOKIND_UINT16] = 2,
		[GOKIND_UINT32] = 4,  [GOKIND_UINT64] = 8,  [GOKIND_UINTPTR] = 8,
		[GOKIND_FLOAT32] = 4, [GOKIND_FLOAT64] = 8, [GOKIND_COMPLEX64] = 8,
		[GOKIND_CHAN] = 8,    [GOKIND_FUNC] = 8,    [GOKIND_COMPLEX128] = 16,
		[GOKIND_MAP] = 8,     [GOKIND_POINTER] = 8, [GOKIND_INTERFACE] = 16,
		[GOKIND_SLICE] = 24,  [GOKIND_STRING] = 16, [GOKIND_UNSAFE_POINTER] = 8,
	};

	return !size[t->kind] || size[t->kind] == t->size;
}

static void read_refs(struct gotypes *ts, struct gotype *t)
{
	uint64_t more[3] = { 0 };
	size_t n = t->kind == GOKIND_ARRAY || t->kind == GOKIND_INTERFACE ? 3
		   : t->kind == GOKIND_MAP				  ? 2
									  : 1;

	if (valmem_read(ts->vm, t->ref + T_SIZE, more, n * sizeof(*more)))
		return;
	switch (t->kind) {
	case GOKIND_ARRAY: /* elem, slice, len */
		t->elem_ref = more[0];
		t->len = more[2];
		break;
	case GOKIND_MAP: /* key, elem */
		t->key_ref = more[0];
		t->elem_ref = more[1];
		break;
	case GOKIND_INTERFACE: /* package, methods */
		t->eface = !more[2];
		break;
	case GOKIND_CHAN:
	case GOKIND_POINTER:
	case GOKIND_SLICE:
		t->elem_ref = more[0];
		break;
	default:
		break;
	}
}

void gotype_runtime_read(struct gotypes *ts, struct gotype *t)
{
	struct rtype r;

	if (t->ref & 7 || valmem_read(ts->vm, t->ref, &r, sizeof(r)) || !plausible(&r))
		return;
	t->kind = r.kind & 31;
	t->size = r.size;
	t->align = r.align;
	t->rtype = t->ref;
	t->name = type_name(ts, t->ref, &r);
	t->defined = r.tflag & F_NAMED && strchr(t->name, '.');
	if (!size_fits(t)) {
		t->kind = GOKIND_INVALID;
		return;
	}
	read_refs(ts, t);
}

void gotype_runtime_fields(struct gotypes *ts, struct gotype *t)
{
	uint64_t head[4]; /* package, fields: pointer, length, capacity */
	struct {
		uint64_t name, type, off;
	} raw;

	if (valmem_read(ts->vm, t->ref + T_SIZE, head, sizeof(head)) || head[2] > GOFIELDS_MOST)
		return;
	t->field = arena_alloc(&ts->mem, head[2] * sizeof(*t->field));
	for (uint64_t i = 0; i < head[2]; i++) {
		struct gofield *f = &t->field[t->nfield];
		char name[256];

		if (valmem_read(ts->vm, head[1] + i * sizeof(raw), &raw, sizeof(raw)) ||
		    !read_name(ts, raw.name, name, sizeof(name)))
			return;
		f->name = arena_strndup(&ts->mem, name, strlen(name));
		f->type = gotype_at(ts, raw.type);
		f->off = raw.off;
		if (f->off > t->size || f->type->size > t->size - f->off)
			f->type = &gotype_unknown;
		t->nfield++;
	}
}

static bool map_classic(struct gotypes *ts, const struct gotype *t, struct gomap *m)
{
	struct {
		uint64_t bucket, hasher;
		uint8_t key_size, elem_size;
		uint16_t bucket_size;
		uint32_t flags;
	} more;

	if (valmem_read(ts->vm, t->ref + T_SIZE + 16, &more, sizeof(more)))
		return false;
	*m = (struct gomap){ .indirect_key = more.flags & 1,
			     .indirect_elem = more.flags & 2,
			     .size = more.bucket_size,
			     .keys = 8,
			     .key_stride = more.key_size,
			     .elems = 8 + 8u * more.key_size,
			     .elem_stride = more.elem_size };
	return true;
}

/* internal/abi/map.go, before 1.27 map_swiss.go */
static bool map_swiss(struct gotypes *ts, const struct gotype *t, struct gomap *m)
{
	enum { INDIRECT_KEY = 4, INDIRECT_ELEM = 8 };
	bool strides = goversion_cmp(&ts->t->build.version, 1, 27) >= 0;
	uint64_t w[8] = { 0 }; /* group, hasher, group size, … */
	uint32_t flags;
	size_t n = strides ? 8 : 5;

	if (valmem_read(ts->vm, t->ref + T_SIZE + 16, w, n * sizeof(*w)) ||
	    valmem_read(ts->vm, t->ref + T_SIZE + 16 + n * sizeof(*w), &flags, sizeof(flags)))
		return false;
	*m = (struct gomap){ .swiss = true, .size = w[2] };
	if (strides) { /* KeysOff, KeyStride, ElemsOff, ElemStride, ElemOff */
		m->keys = w[3];
		m->key_stride = w[4];
		m->elems = w[5];
		m->elem_stride = w[6];
	} else { /* SlotSize, ElemOff */
		m->keys = 8;
		m->elems = 8 + w[4];
		m->key_stride = m->elem_stride = w[3];
	}
	m->indirect_key = flags & INDIRECT_KEY;
	m->indirect_elem = flags & INDIRECT_ELEM;
	return true;
}

bool gotype_runtime_map(struct gotypes *ts, const struct gotype *t, struct gomap *m)
{
	uint64_t key = gotype_key(ts, t)->size, elem = gotype_elem(ts, t)->size;

	if (!(ts->swiss ? map_swiss(ts, t, m) : map_classic(ts, t, m)))
		return false;
	key = m->indirect_key ? 8 : key;
	elem = m->indirect_elem ? 8 : elem;
	/* the last slot's key and element lie within */
	return m->size && m->size < 1u << 20 && m->keys < m->size && m->elems <= m->size &&
	       m->key_stride < m->size && m->elem_stride < m->size &&
	       m->keys + 7 * m->key_stride + key <= m->size &&
	       m->elems + 7 * m->elem_stride + elem <= m->size;
}

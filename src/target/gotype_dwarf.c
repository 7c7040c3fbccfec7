/* SPDX-License-Identifier: Apache-2.0 */
/* Types as cmd/link/internal/ld/dwarf.go writes them. */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "target/gotype_impl.h"

enum {
	AT_GO_KIND = 0x2900,
	AT_GO_KEY = 0x2901,
	AT_GO_ELEM = 0x2902,
	AT_GO_RUNTIME_TYPE = 0x2904,
	TYPEDEFS_MOST = 8
};

static uint64_t die_ref(Dwarf_Die *die, unsigned attr_name)
{
	Dwarf_Attribute attr;
	Dwarf_Die to;

	if (!dwarf_attr(die, attr_name, &attr) || !dwarf_formref_die(&attr, &to))
		return 0;
	return dwarf_dieoffset(&to);
}

static uint64_t number(Dwarf_Die *die, unsigned name, uint64_t otherwise)
{
	Dwarf_Attribute attr;
	uint64_t v;

	return dwarf_attr(die, name, &attr) && !dwarf_formudata(&attr, &v) ? v : otherwise;
}

/* A typedef without a kind of its own stands for what it is of; maps, channels and interfaces have theirs. */
static bool strip(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	Dwarf_Die to;

	for (int i = 0; i < TYPEDEFS_MOST; i++) {
		if (dwarf_tag(die) != DW_TAG_typedef || number(die, AT_GO_KIND, 0))
			return true;
		if (!dwarf_attr(die, DW_AT_type, &attr) || !dwarf_formref_die(&attr, &to))
			return false;
		*die = to;
	}
	return false;
}

static uint64_t array_len(Dwarf_Die *die)
{
	Dwarf_Die child;

	if (dwarf_child(die, &child))
		return 0;
	do {
		if (dwarf_tag(&child) == DW_TAG_subrange_type)
			return number(&child, DW_AT_count, 0);
	} while (dwinfo_next(&child));
	return 0;
}

/* The linker leaves kinds out in some types that it makes up. */
static uint8_t kind_of(Dwarf_Die *die)
{
	uint64_t kind = number(die, AT_GO_KIND, 0) & 31;

	if (kind && kind < GOKIND_N)
		return (uint8_t)kind;
	switch (dwarf_tag(die)) {
	case DW_TAG_pointer_type:
		return dwarf_hasattr(die, DW_AT_type) ? GOKIND_POINTER : GOKIND_UNSAFE_POINTER;
	case DW_TAG_structure_type:
		return GOKIND_STRUCT;
	case DW_TAG_subroutine_type:
		return GOKIND_FUNC;
	case DW_TAG_array_type:
		return GOKIND_ARRAY;
	default:
		return GOKIND_INVALID;
	}
}

static uint64_t size_of(Dwarf_Die *die, uint8_t kind)
{
	switch (kind) {
	case GOKIND_POINTER:
	case GOKIND_UNSAFE_POINTER:
	case GOKIND_MAP:
	case GOKIND_CHAN:
	case GOKIND_FUNC:
		return 8;
	case GOKIND_INTERFACE:
		return 16;
	default:
		return number(die, DW_AT_byte_size, 0);
	}
}

/* "[]int" and the like are no names of their own; neither are those of the predeclared types. */
static bool is_defined(const char *name)
{
	size_t n = strcspn(name, "*[]{}() .");

	return name[n] == '.';
}

static uint64_t runtime_type(struct gotypes *ts, Dwarf_Die *die)
{
	uint64_t v = number(die, AT_GO_RUNTIME_TYPE, 0);
	const struct gomodule *m = &ts->t->mods.mod.v[0];

	if (!v)
		return 0;
	/* an address of the file, and in newer versions the distance from the first type */
	return v < m->etypes - m->types ? m->types + v
					: v + (ts->t->image ? ts->t->image->bias : 0);
}

void gotype_dwarf_read(struct gotypes *ts, struct gotype *t)
{
	Dwarf_Die die, named, below;
	const char *name;

	if (!dwarf_offdie(dwinfo_dwarf(ts->dw), t->ref, &die))
		return;
	named = die;
	if (!strip(&die))
		return;
	name = dwinfo_name(&named);
	if (*name == '.' || !*name) /* ".param3": a type parameter */
		name = dwinfo_name(&die);
	t->name = gotype_name(ts, name);
	t->kind = kind_of(&die);
	t->size = size_of(&die, t->kind);
	t->defined = is_defined(t->name);
	t->shape = t->kind == GOKIND_POINTER && !strncmp(dwinfo_name(&die), "go.shape.", 9);
	t->elem_ref = die_ref(&die, AT_GO_ELEM);
	t->key_ref = die_ref(&die, AT_GO_KEY);
	t->rtype = runtime_type(ts, &die);
	t->below = die_ref(&die, DW_AT_type);
	if (t->kind == GOKIND_POINTER || t->kind == GOKIND_ARRAY)
		t->elem_ref = t->elem_ref ? t->elem_ref : t->below;
	if (t->kind == GOKIND_ARRAY)
		t->len = array_len(&die);
	if (t->kind == GOKIND_INTERFACE && t->below &&
	    dwarf_offdie(dwinfo_dwarf(ts->dw), t->below, &below)) {
		strip(&below);
		t->eface = !strcmp(dwinfo_name(&below), "runtime.eface");
	}
	/* what has kind array or string but a size that cannot be is left alone */
	if ((t->kind == GOKIND_STRING && t->size != 16) ||
	    (t->kind == GOKIND_SLICE && t->size != 24))
		t->kind = GOKIND_INVALID;
}

static void add_field(struct gotypes *ts, struct gotype *t, Dwarf_Die *die, struct gofield *f)
{
	uint64_t type = die_ref(die, DW_AT_type);
	const char *name = dwinfo_name(die), *dot = strrchr(name, '.');

	if (dot) /* an embedded field has its type's name, some versions with the package */
		name = dot + 1;
	*f = (struct gofield){
		.name = arena_strndup(&ts->mem, name, strnlen(name, 256)),
		.type = type ? gotype_at_die(ts, type) : &gotype_unknown,
		.off = number(die, DW_AT_data_member_location, 0),
	};
	if (f->off > t->size || f->type->size > t->size - f->off)
		f->type = &gotype_unknown;
}

void gotype_dwarf_fields(struct gotypes *ts, struct gotype *t)
{
	Dwarf_Die die, child;
	VEC(struct gofield) f = { 0 };

	if (!dwarf_offdie(dwinfo_dwarf(ts->dw), t->ref, &die) || !strip(&die) ||
	    dwarf_child(&die, &child))
		return;
	do {
		if (dwarf_tag(&child) == DW_TAG_member)
			add_field(ts, t, &child, vec_push(&f));
	} while (f.n < GOFIELDS_MOST && dwinfo_next(&child));
	t->field = arena_alloc(&ts->mem, f.n * sizeof(*f.v));
	if (f.n)
		memcpy(t->field, f.v, f.n * sizeof(*f.v));
	t->nfield = (uint32_t)f.n;
	vec_free(&f);
}

/* map → *map<K,V> → dirPtr **table<K,V> → groups → data *group<K,V> → "keys" or "slots" */
bool gotype_dwarf_split(struct gotypes *ts, const struct gotype *t)
{
	const struct gotype *at = t->below ? gotype_elem(ts, gotype_at_die(ts, t->below)) : t;
	const struct gofield *f = gotype_field(ts, at, "dirPtr");

	if (!f)
		return false;
	at = gotype_elem(ts, gotype_elem(ts, f->type));
	f = gotype_field(ts, at, "groups");
	f = f ? gotype_field(ts, f->type, "data") : NULL;
	return f && gotype_field(ts, gotype_elem(ts, f->type), "keys");
}

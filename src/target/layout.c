/* SPDX-License-Identifier: Apache-2.0 */
#include "target/layout.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"

struct field_def {
	const char *member, *type, *path;
};

/* In the order of struct golayout_fields. */
static const struct field_def defs[] = {
#define STRUCT(member, type) { #member, type, NULL },
#define FIELD(member, path) { #member, NULL, path },
#define END(member)
#include "target/layout_fields.def"
#undef STRUCT
#undef FIELD
#undef END
};

_Static_assert(ARRAY_SIZE(defs) == LAYOUT_N, "one definition for each field");

static const struct field_def *struct_of(unsigned i)
{
	while (!defs[i].type)
		i--;
	return &defs[i];
}

void layout_field(unsigned i, const char **type, const char **path)
{
	*type = struct_of(i)->type;
	*path = defs[i].path;
}

void layout_field_name(unsigned i, char *buf, size_t size)
{
	snprintf(buf, size, "%s.%s", struct_of(i)->member, defs[i].type ? "size" : defs[i].member);
}

static const struct layout_row *find_row(int minor, enum goarch arch)
{
	for (unsigned i = 0; i < layout_nrows; i++)
		if (layout_rows[i].minor == minor && layout_rows[i].arch == arch)
			return &layout_rows[i];
	return NULL;
}

static void known_minors(enum goarch arch, int *oldest, int *newest)
{
	*oldest = 255;
	*newest = 0;
	for (unsigned i = 0; i < layout_nrows; i++) {
		if (layout_rows[i].arch != arch)
			continue;
		*oldest = layout_rows[i].minor < *oldest ? layout_rows[i].minor : *oldest;
		*newest = layout_rows[i].minor > *newest ? layout_rows[i].minor : *newest;
	}
}

static void set_reasons(struct golayout *lay)
{
	for (unsigned i = 0; i < layout_nreasons; i++) {
		/* 1.20 has those of 1.19. */
		if (layout_reasons[i].minor != (lay->minor == 20 ? 19 : lay->minor))
			continue;
		lay->waitreasons = layout_reasons[i].text;
		lay->nwaitreasons = layout_reasons[i].n;
	}
}

/* What no struct tells: runtime/malloc.go, runtime/sema.go, runtime/mheap.go, runtime/proflabel.go. */
static void set_facts(struct golayout *lay)
{
	lay->labels = lay->minor >= 24 ? LABELS_SLICE : LABELS_MAP;
	lay->sema_n = 251;
	lay->arena_base = lay->arch == GOARCH_AMD64 ? 0xffff800000000000ull : 0;
	lay->arena_shift = 26;
	lay->page_shift = 13;
	lay->span_in_use = 1;
	set_reasons(lay);
}

/*
 * No toolchain of 1.20 could be had. Its runtime.g, m, p and sudog are those of
 * 1.19; moduledata has the coverage counters (up to pluginpath as in 1.21), the
 * heap bitmap moved and the tables of functions are as in 1.21.
 */
static void patch_120(struct golayout *lay)
{
	const struct layout_row *row = find_row(21, lay->arch);
	struct golayout newer;

	if (!row)
		return;
	memcpy(newer.v, row->v, sizeof(newer.v));
	lay->moduledata = newer.moduledata;
	lay->moduledata.modulename = lay->moduledata.gcdatamask = lay->moduledata.gcbssmask = -1;
	lay->moduledata.next = -1;
	lay->heapArena = newer.heapArena;
	lay->minor = 20;
	lay->way = LAYOUT_NEAR;
	snprintf(lay->note, sizeof(lay->note), "Go 1.20 is read by what is known of 1.19 and 1.21");
}

int layout_init(struct golayout *lay, const struct goversion *v, enum goarch arch, struct err *err)
{
	const struct layout_row *row;
	int oldest, newest, minor = v->minor;

	memset(lay, 0, sizeof(*lay));
	known_minors(arch, &oldest, &newest);
	if (!newest)
		return err_set(err, -ENOTSUP, EXIT_ATTACH,
			       "the program is built for %s, and Go's layout is "
			       "known for amd64 and arm64",
			       goarch_name(arch));
	if (v->major == 1 && minor < oldest)
		return err_set(err, -ENOTSUP, EXIT_ATTACH,
			       "the program was built with Go 1.%d, and 1.%d is the "
			       "oldest that bingo-top reads",
			       minor, oldest);
	lay->way = LAYOUT_TABLE;
	if (!v->major) {
		minor = newest;
		lay->way = LAYOUT_NEWEST;
		snprintf(lay->note, sizeof(lay->note), "Go version not known, read as 1.%d",
			 newest);
	} else if (v->major > 1 || minor > newest) {
		minor = newest;
		lay->way = LAYOUT_NEWEST;
		snprintf(lay->note, sizeof(lay->note),
			 "Go %d.%d is newer than this program knows, read as 1.%d", v->major,
			 v->minor, newest);
	}
	while (!(row = find_row(minor, arch)) && minor > oldest)
		minor--;
	if (!row)
		return err_set(err, -ENOTSUP, EXIT_ATTACH, "no layout is known for Go 1.%d",
			       v->minor);
	memcpy(lay->v, row->v, sizeof(lay->v));
	lay->arch = arch;
	lay->minor = row->minor;
	if (v->major == 1 && v->minor == 20)
		patch_120(lay);
	set_facts(lay);
	return 0;
}

unsigned layout_diff(const struct golayout *a, const struct golayout *b, char *buf, size_t size)
{
	unsigned n = 0;
	size_t at = 0;

	if (size)
		buf[0] = '\0';
	for (unsigned i = 0; i < LAYOUT_N; i++) {
		char name[64];

		if (a->v[i] == b->v[i])
			continue;
		n++;
		layout_field_name(i, name, sizeof(name));
		if (at < size)
			at += (size_t)snprintf(buf + at, size - at, "%s%s %d/%d", at ? " " : "",
					       name, a->v[i], b->v[i]);
	}
	return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The layout out of a program's own DWARF, versions 4 and 5, compressed or not. */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "target/layout.h"

enum { TYPES_MAX = 128, NAME_SIZE = 96 };

struct wanted {
	char name[NAME_SIZE];
	bool found;
	Dwarf_Die die;
};

struct reader {
	struct wanted type[TYPES_MAX];
	unsigned n, left;
};

/* Copies the next alternative of "a|b" and moves *s on; false after the last. */
static bool next_alternative(const char **s, char *buf, size_t size)
{
	size_t n = strcspn(*s, "|");

	if (!n)
		return false;
	snprintf(buf, size, "%.*s", (int)n, *s);
	*s += n + ((*s)[n] == '|');
	return true;
}

/* Takes a final "[]" off. */
static bool cut_element(char *s)
{
	size_t n = strlen(s);

	if (n < 2 || strcmp(s + n - 2, "[]"))
		return false;
	s[n - 2] = '\0';
	return true;
}

static struct wanted *find_wanted(struct reader *r, const char *name)
{
	for (unsigned i = 0; i < r->n; i++)
		if (!strcmp(r->type[i].name, name))
			return &r->type[i];
	return NULL;
}

static void collect_wanted(struct reader *r)
{
	for (unsigned i = 0; i < LAYOUT_N; i++) {
		const char *type, *path;
		char name[NAME_SIZE];

		layout_field(i, &type, &path);
		while (!path && next_alternative(&type, name, sizeof(name))) {
			cut_element(name);
			if (find_wanted(r, name) || r->n == TYPES_MAX)
				continue;
			snprintf(r->type[r->n++].name, NAME_SIZE, "%s", name);
		}
	}
	r->left = r->n;
}

/* Named types and what they are named for have DIEs of the same name; either serves. */
static void note_type(struct reader *r, Dwarf_Die *die)
{
	int tag = dwarf_tag(die);
	struct wanted *w;
	const char *name;

	if (tag != DW_TAG_structure_type && tag != DW_TAG_typedef && tag != DW_TAG_array_type)
		return;
	name = dwarf_diename(die);
	if (!name)
		return;
	w = find_wanted(r, name);
	if (w && !w->found) {
		w->found = true;
		w->die = *die;
		r->left--;
	}
}

static void find_types(struct reader *r, Dwarf *dw)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die top, die;

	while (r->left && !dwarf_get_units(dw, cu, &cu, NULL, NULL, &top, NULL)) {
		if (dwarf_child(&top, &die))
			continue;
		do {
			note_type(r, &die);
		} while (r->left && !dwarf_siblingof(&die, &die));
	}
}

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attr;

	return dwarf_attr(die, DW_AT_type, &attr) && dwarf_formref_die(&attr, type) &&
	       !dwarf_peel_type(type, type);
}

static bool find_member(Dwarf_Die *type, const char *name, Dwarf_Die *member)
{
	if (dwarf_tag(type) != DW_TAG_structure_type || dwarf_child(type, member))
		return false;
	do {
		const char *s = dwarf_diename(member);

		if (dwarf_tag(member) == DW_TAG_member && s && !strcmp(s, name))
			return true;
	} while (!dwarf_siblingof(member, member));
	return false;
}

static bool byte_size(Dwarf_Die *type, int32_t *out)
{
	Dwarf_Word size;

	if (dwarf_aggregate_size(type, &size) || size > INT32_MAX)
		return false;
	*out = (int32_t)size;
	return true;
}

/* One path without alternatives within type: its offset, or with '#' its size. */
static bool walk_path(Dwarf_Die type, char *path, int32_t *out)
{
	bool size = *path == '#';
	Dwarf_Word at, sum = 0;
	Dwarf_Attribute attr;
	Dwarf_Die member;
	char *save, *name;

	for (name = strtok_r(path + size, ".", &save); name; name = strtok_r(NULL, ".", &save)) {
		if (!find_member(&type, name, &member) ||
		    !dwarf_attr(&member, DW_AT_data_member_location, &attr) ||
		    dwarf_formudata(&attr, &at) || at > INT32_MAX || !type_of(&member, &type))
			return false;
		sum += at;
	}
	if (size)
		return byte_size(&type, out);
	*out = (int32_t)sum;
	return sum <= INT32_MAX;
}

/* The first alternative of a type that is there; a final "[]" leads to its element. */
static bool get_type(struct reader *r, const char *alternatives, Dwarf_Die *type)
{
	char name[NAME_SIZE];

	while (next_alternative(&alternatives, name, sizeof(name))) {
		bool element = cut_element(name);
		struct wanted *w = find_wanted(r, name);

		if (!w || !w->found || dwarf_peel_type(&w->die, type))
			continue;
		if (!element || type_of(type, type))
			return true;
	}
	return false;
}

static int32_t read_field(struct reader *r, unsigned i)
{
	const char *type_name, *path;
	char one[NAME_SIZE];
	int32_t v = -1;
	Dwarf_Die type;

	layout_field(i, &type_name, &path);
	if (!get_type(r, type_name, &type))
		return -1;
	if (!path)
		return byte_size(&type, &v) ? v : -1;
	while (next_alternative(&path, one, sizeof(one)))
		if (walk_path(type, one, &v))
			return v;
	return -1;
}

/* A struct that is not in the DWARF at all (not used, or not linked in) keeps what base has. */
static bool struct_known(struct reader *r, unsigned i)
{
	const char *type_name, *path;
	Dwarf_Die type;

	layout_field(i, &type_name, &path);
	return get_type(r, type_name, &type);
}

static Elf *open_elf(const struct image *img)
{
	elf_version(EV_CURRENT);
	if (img->fd >= 0)
		return elf_begin(img->fd, ELF_C_READ_MMAP, NULL);
	return elf_memory((char *)(uintptr_t)img->data, img->size);
}

int layout_from_dwarf(struct golayout *lay, const struct image *img, const struct golayout *base,
		      struct err *err)
{
	Elf *elf = img->has_dwarf ? open_elf(img) : NULL;
	Dwarf *dw = elf ? dwarf_begin_elf(elf, DWARF_C_READ, NULL) : NULL;
	struct reader *r;
	int rc = 0;

	*lay = *base;
	if (!dw) {
		rc = err_set(err, -ENOENT, EXIT_ATTACH,
			     "the program has no DWARF that can be read");
		goto out;
	}
	r = xcalloc(1, sizeof(*r));
	collect_wanted(r);
	find_types(r, dw);
	for (unsigned i = 0; i < LAYOUT_N; i++)
		if (struct_known(r, i))
			lay->v[i] = read_field(r, i);
	if (!struct_known(r, 0) || lay->g.goid < 0 || lay->g.sched_sp < 0 || lay->g.size <= 0)
		rc = err_set(err, -ENOENT, EXIT_ATTACH,
			     "the program's DWARF does not tell of runtime.g");
	else
		lay->way = LAYOUT_DWARF;
	free(r);
out:
	if (dw)
		dwarf_end(dw);
	if (elf)
		elf_end(elf);
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "target/dwinfo.h"

#include <dwarf.h>
#include <elf.h>
#include <errno.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>
#include <zstd.h>

#ifdef BINGO_DEFLATE
#include <libdeflate.h>
#endif

#include "core/hash.h"

enum {
	UNITS_MOST = 1 << 18,
	RANGES_MOST = 1 << 14, /* of a unit */
	FUNCS_MOST = 1 << 20, /* of a unit, also what else is beside them */
	EXPANDS_MOST =
		256, /* how many times its size a section may become; Go's become 3 to 10 times */
	LANG_GO = 0x16,
	COMPRESS_ZSTD = 2, /* ELFCOMPRESS_ZSTD, which older headers do not name */
	ZDEBUG_HEAD = 12
};
static const uint64_t UNPACKED_MOST = 1ull << 30;

/* What is read of a program's DWARF; lines and call frames are pclntab's. */
static const char *const wanted[] = {
	"info",	  "abbrev",   "str",  "loc",	  "loclists",
	"ranges", "rnglists", "addr", "line_str", "str_offsets",
};
enum { WANTED_N = ARRAY_SIZE(wanted) };

struct span {
	uint64_t lo, hi; /* of code, the file's own addresses */
	Dwarf_Off off; /* of the entry */
};
typedef VEC(struct span) spans;

struct unit {
	Dwarf_Off die;
	bool read;
	spans func;
};

struct dwinfo {
	Elf *elf;
	Dwarf *dw;
	void *copy; /* an ELF file in memory, of what was unpacked */
	size_t copy_len;
	VEC(struct unit) unit;
	spans range; /* of units; off: the unit's index */
};

/* --- sections --- */

struct section {
	const uint8_t *in;
	size_t in_len;
	uint64_t len; /* unpacked */
	enum { PLAIN, ZLIB, ZSTD } how;
	uint64_t at; /* in the copy */
};

static bool section_shdr(const struct image *img, const struct image_sec *s, struct section *out)
{
	Elf64_Chdr head;

	*out = (struct section){ img->data + s->off, s->size, s->size, PLAIN, 0 };
	if (!(s->flags & SHF_COMPRESSED))
		return true;
	if (s->size < sizeof(head))
		return false;
	memcpy(&head, out->in, sizeof(head));
	out->in += sizeof(head);
	out->in_len -= sizeof(head);
	out->len = head.ch_size;
	out->how = head.ch_type == ELFCOMPRESS_ZLIB ? ZLIB : ZSTD;
	return head.ch_type == ELFCOMPRESS_ZLIB || head.ch_type == COMPRESS_ZSTD;
}

/* The older way: ".zdebug_info", with "ZLIB" and the size before the data. */
static bool section_zdebug(const struct image *img, const struct image_sec *s, struct section *out)
{
	const uint8_t *p = img->data + s->off;

	if (s->size < ZDEBUG_HEAD || memcmp(p, "ZLIB", 4))
		return false;
	*out = (struct section){ p + ZDEBUG_HEAD, s->size - ZDEBUG_HEAD, 0, ZLIB, 0 };
	for (int i = 4; i < ZDEBUG_HEAD; i++)
		out->len = out->len << 8 | p[i];
	return true;
}

static bool section_find(const struct image *img, const char *name, struct section *out)
{
	for (size_t i = 0; i < img->sec.n; i++) {
		const struct image_sec *s = &img->sec.v[i];
		bool z = !strncmp(s->name, ".zdebug_", 8);

		if (s->nobits || (!z && strncmp(s->name, ".debug_", 7)) ||
		    strcmp(s->name + 7 + z, name))
			continue;
		if (z ? !section_zdebug(img, s, out) : !section_shdr(img, s, out))
			return false;
		return out->len / EXPANDS_MOST <= out->in_len;
	}
	return false;
}

#ifdef BINGO_DEFLATE

static bool unpack_zlib(const struct section *s, uint8_t *to)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	/* all of s->len bytes, or it fails */
	bool good = d && libdeflate_zlib_decompress(d, s->in, s->in_len, to, s->len, NULL) ==
				 LIBDEFLATE_SUCCESS;

	libdeflate_free_decompressor(d);
	return good;
}

#else

static bool unpack_zlib(const struct section *s, uint8_t *to)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)s->in, .next_out = to };
	uint64_t left = s->len, in = s->in_len;
	int rc;

	if (inflateInit(&z) != Z_OK)
		return false;
	do {
		z.avail_in = in > 1u << 30 ? 1u << 30 : (uInt)in;
		z.avail_out = left > 1u << 30 ? 1u << 30 : (uInt)left;
		in -= z.avail_in;
		left -= z.avail_out;
		rc = inflate(&z, Z_NO_FLUSH);
		in += z.avail_in;
		left += z.avail_out;
	} while (rc == Z_OK && in && left);
	inflateEnd(&z);
	return rc == Z_STREAM_END && !left;
}

#endif

static bool unpack(const struct section *s, uint8_t *to)
{
	if (s->how == PLAIN)
		memcpy(to, s->in, s->len);
	else if (s->how == ZSTD)
		return ZSTD_decompress(to, s->len, s->in, s->in_len) == s->len;
	else
		return unpack_zlib(s, to);
	return true;
}

/* Lays an ELF file out: its header, section headers, their names, then the sections. */
static size_t copy_layout(struct section *s, const bool *have, size_t names_len)
{
	uint64_t at = sizeof(Elf64_Ehdr) + (WANTED_N + 2) * sizeof(Elf64_Shdr) + names_len;

	for (size_t i = 0; i < WANTED_N; i++) {
		at = (at + 15) & ~15ull;
		s[i].at = at;
		if (have[i])
			at += s[i].len;
		if (at > UNPACKED_MOST)
			return 0;
	}
	return at;
}

static void copy_headers(uint8_t *copy, const struct section *s, const bool *have,
			 const char *names, size_t names_len, uint16_t machine)
{
	Elf64_Ehdr eh = { .e_type = ET_EXEC,
			  .e_machine = machine,
			  .e_version = EV_CURRENT,
			  .e_ehsize = sizeof(eh),
			  .e_shentsize = sizeof(Elf64_Shdr),
			  .e_shoff = sizeof(eh),
			  .e_shnum = WANTED_N + 2,
			  .e_shstrndx = WANTED_N + 1 };
	Elf64_Shdr sh[WANTED_N + 2] = { 0 };
	uint32_t name = 1;

	memcpy(eh.e_ident, ELFMAG, SELFMAG);
	eh.e_ident[EI_CLASS] = ELFCLASS64;
	eh.e_ident[EI_DATA] = ELFDATA2LSB;
	eh.e_ident[EI_VERSION] = EV_CURRENT;
	for (size_t i = 0; i < WANTED_N; i++) {
		if (have[i])
			sh[i + 1] = (Elf64_Shdr){ .sh_name = name,
						  .sh_type = SHT_PROGBITS,
						  .sh_offset = s[i].at,
						  .sh_size = s[i].len,
						  .sh_addralign = 1 };
		name += (uint32_t)strlen(names + name) + 1;
	}
	sh[WANTED_N + 1] = (Elf64_Shdr){ .sh_name = name,
					 .sh_type = SHT_STRTAB,
					 .sh_offset = sizeof(eh) + sizeof(sh),
					 .sh_size = names_len,
					 .sh_addralign = 1 };
	memcpy(copy, &eh, sizeof(eh));
	memcpy(copy + sizeof(eh), sh, sizeof(sh));
	memcpy(copy + sizeof(eh) + sizeof(sh), names, names_len);
}

static int copy_make(struct dwinfo *d, const struct image *img, struct section *s, bool *have,
		     struct err *err)
{
	char names[512] = "";
	size_t n = 1, len;
	uint8_t *copy;

	for (size_t i = 0; i < WANTED_N; i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, ".debug_%s", wanted[i]) + 1;
	n += (size_t)snprintf(names + n, sizeof(names) - n, ".shstrtab") + 1;
	len = copy_layout(s, have, n);
	if (!len)
		return err_set(err, -E2BIG, EXIT_ATTACH,
			       "the program's DWARF is larger than what is ever read of one");
	copy = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    -1, 0);
	if (copy == MAP_FAILED)
		return err_set(err, -ENOMEM, EXIT_ATTACH, "no memory for the program's DWARF");
	d->copy = copy;
	d->copy_len = len;
	for (size_t i = 0; i < WANTED_N; i++)
		if (have[i] && !unpack(&s[i], copy + s[i].at))
			return err_set(err, -EBADMSG, EXIT_ATTACH,
				       "the program's DWARF is damaged: .debug_%s does not unpack",
				       wanted[i]);
	copy_headers(copy, s, have, names, n, img->arch == GOARCH_ARM64 ? EM_AARCH64 : EM_X86_64);
	return 0;
}

static int open_dwarf(struct dwinfo *d, const struct image *img, struct err *err)
{
	struct section s[WANTED_N] = { { 0 } };
	bool have[WANTED_N], packed = false;
	int rc;

	for (size_t i = 0; i < WANTED_N; i++) {
		have[i] = section_find(img, wanted[i], &s[i]);
		packed |= have[i] && s[i].how != PLAIN;
	}
	if (!have[0] || !have[1])
		return err_set(err, -ENOENT, EXIT_ATTACH, "the program has no DWARF");
	elf_version(EV_CURRENT);
	if (packed) {
		rc = copy_make(d, img, s, have, err);
		if (rc)
			return rc;
		d->elf = elf_memory(d->copy, d->copy_len);
	} else {
		d->elf = img->fd >= 0 ? elf_begin(img->fd, ELF_C_READ_MMAP, NULL)
				      : elf_memory((char *)(uintptr_t)img->data, img->size);
	}
	d->dw = d->elf ? dwarf_begin_elf(d->elf, DWARF_C_READ, NULL) : NULL;
	if (!d->dw)
		return err_set(err, -EBADMSG, EXIT_ATTACH, "the program's DWARF cannot be read: %s",
			       dwarf_errmsg(-1));
	return 0;
}

/* --- index --- */

static int by_lo(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return (x->lo > y->lo) - (x->lo < y->lo);
}

/* The last span that begins at va or before and covers it. */
static const struct span *span_find(const spans *s, uint64_t va)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->v[mid].lo <= va)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && va < s->v[lo - 1].hi ? &s->v[lo - 1] : NULL;
}

static void add_ranges(Dwarf_Die *die, Dwarf_Off off, spans *out)
{
	Dwarf_Addr base, lo, hi;
	ptrdiff_t at = 0;

	for (int i = 0; i < RANGES_MOST; i++) {
		at = dwarf_ranges(die, at, &base, &lo, &hi);
		if (at <= 0)
			return;
		if (lo < hi)
			*vec_push(out) = (struct span){ lo, hi, off };
	}
}

static void index_units(struct dwinfo *d)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	uint8_t type;
	uint64_t lang;

	while (d->unit.n < UNITS_MOST &&
	       !dwarf_get_units(d->dw, cu, &cu, NULL, &type, &die, NULL)) {
		if (type != DW_UT_compile || dwarf_tag(&die) != DW_TAG_compile_unit ||
		    !dwinfo_number(&die, DW_AT_language, &lang) || lang != LANG_GO)
			continue;
		*vec_push(&d->unit) = (struct unit){ .die = dwarf_dieoffset(&die) };
		add_ranges(&die, d->unit.n - 1, &d->range);
	}
	if (d->range.n)
		qsort(d->range.v, d->range.n, sizeof(*d->range.v), by_lo);
}

static void index_funcs(struct dwinfo *d, struct unit *u)
{
	Dwarf_Die top, die;
	int left = FUNCS_MOST;

	u->read = true;
	if (!dwarf_offdie(d->dw, u->die, &top) || dwarf_child(&top, &die))
		return;
	do {
		if (dwarf_tag(&die) == DW_TAG_subprogram)
			add_ranges(&die, dwarf_dieoffset(&die), &u->func);
	} while (--left && dwinfo_next(&die));
	if (u->func.n)
		qsort(u->func.v, u->func.n, sizeof(*u->func.v), by_lo);
}

bool dwinfo_func(struct dwinfo *d, uint64_t va, Dwarf_Die *func)
{
	const struct span *s = span_find(&d->range, va);
	struct unit *u;

	if (!s)
		return false;
	u = &d->unit.v[s->off];
	if (!u->read)
		index_funcs(d, u);
	s = span_find(&u->func, va);
	return s && dwarf_offdie(d->dw, s->off, func);
}

/* --- entries --- */

bool dwinfo_next(Dwarf_Die *die)
{
	Dwarf_Die next;

	if (dwarf_siblingof(die, &next) || dwarf_dieoffset(&next) <= dwarf_dieoffset(die))
		return false;
	*die = next;
	return true;
}

bool dwinfo_attr(Dwarf_Die *die, unsigned name, Dwarf_Attribute *attr)
{
	Dwarf_Attribute origin;
	Dwarf_Die abstract;

	if (dwarf_attr(die, name, attr))
		return true;
	return dwarf_attr(die, DW_AT_abstract_origin, &origin) &&
	       dwarf_formref_die(&origin, &abstract) && dwarf_attr(&abstract, name, attr);
}

bool dwinfo_number(Dwarf_Die *die, unsigned name, uint64_t *v)
{
	Dwarf_Attribute attr;

	return dwinfo_attr(die, name, &attr) && !dwarf_formudata(&attr, v);
}

const char *dwinfo_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *s = dwinfo_attr(die, DW_AT_name, &attr) ? dwarf_formstring(&attr) : NULL;

	return s ? s : "";
}

Dwarf *dwinfo_dwarf(struct dwinfo *d)
{
	return d->dw;
}

void dwinfo_stats(const struct dwinfo *d, struct dwinfo_stats *s)
{
	*s = (struct dwinfo_stats){ .bytes = d->copy_len, .units = d->unit.n };
	for (size_t i = 0; i < d->unit.n; i++)
		s->funcs += d->unit.v[i].func.n;
}

int dwinfo_open(struct dwinfo **out, const struct image *img, struct err *err)
{
	struct dwinfo *d = xcalloc(1, sizeof(*d));
	int rc = open_dwarf(d, img, err);

	*out = NULL;
	if (rc) {
		dwinfo_free(d);
		return rc;
	}
	index_units(d);
	*out = d;
	return 0;
}

void dwinfo_free(struct dwinfo *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->unit.n; i++)
		vec_free(&d->unit.v[i].func);
	vec_free(&d->unit);
	vec_free(&d->range);
	if (d->dw)
		dwarf_end(d->dw);
	if (d->elf)
		elf_end(d->elf);
	if (d->copy)
		munmap(d->copy, d->copy_len);
	free(d);
}

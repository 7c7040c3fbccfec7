/* SPDX-License-Identifier: Apache-2.0 */
#include "target/pclntab.h"

#include <errno.h>
#include <string.h>

#include "core/mem.h"

enum {
	NAME_MAX_LEN = 1 << 16,
	TABLE_MAX_LEN = 1 << 22, /* of one function's pc table */
	FUNC_118 = 40, /* bytes of runtime._func without its tables */
	FUNC_120 = 44
};

static uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

static bool header_fits(const uint8_t *p)
{
	uint32_t magic = load32(p);

	return (magic == PCLN_MAGIC_118 || magic == PCLN_MAGIC_120) && !p[4] && !p[5] &&
	       (p[6] == 1 || p[6] == 4) && p[7] == 8;
}

/* One offset of the header; false where it does not lie within the table. */
static bool part(const struct pclntab *t, unsigned at, uint32_t *off)
{
	uint64_t v = load64(t->data + at);

	*off = (uint32_t)v;
	return v >= PCLN_HEADER_SIZE && v < t->size;
}

int pclntab_init(struct pclntab *t, const void *data, size_t size, int minor, struct err *err)
{
	const uint8_t *p = data;
	uint64_t nfunc;

	memset(t, 0, sizeof(*t));
	if (size < PCLN_HEADER_SIZE || !header_fits(p))
		goto damaged;
	t->data = p;
	t->size = size < UINT32_MAX ? size : UINT32_MAX;
	t->magic = load32(p);
	t->quantum = p[6];
	t->minor = (uint8_t)minor;
	t->min_func = t->magic == PCLN_MAGIC_118 ? FUNC_118 : FUNC_120;
	nfunc = load64(p + 8);
	t->nfile = (uint32_t)load64(p + 16);
	t->text_start = load64(p + 24);
	if (!part(t, 32, &t->funcname) || !part(t, 40, &t->cutab) || !part(t, 48, &t->filetab) ||
	    !part(t, 56, &t->pctab) || !part(t, 64, &t->pcln))
		goto damaged;
	/* Eight bytes for each function and the end of text after them. */
	if (!nfunc || t->size - t->pcln < 4 || nfunc > (t->size - t->pcln - 4) / 8)
		goto damaged;
	t->nfunc = (uint32_t)nfunc;
	return 0;
damaged:
	return err_set(err, -ENOEXEC, EXIT_ATTACH,
		       "there is no Go function table, or it is damaged");
}

size_t pclntab_find(const void *data, size_t size, size_t from)
{
	const uint8_t *p = data;
	struct pclntab t;

	for (size_t i = (from + 7) & ~(size_t)7; i + PCLN_HEADER_SIZE <= size; i += 8)
		if (p[i + 1] == 0xff && header_fits(p + i) &&
		    !pclntab_init(&t, p + i, size - i, 0, NULL))
			return i;
	return SIZE_MAX;
}

void pclntab_guess_version(const struct pclntab *t, int *lo, int *hi)
{
	if (t->magic == PCLN_MAGIC_118) {
		*lo = 18;
		*hi = 19;
	} else {
		/* The names were aligned to 32 bytes up to 1.25, and from 1.26 on textStart is 0. */
		*lo = t->funcname > PCLN_HEADER_SIZE ? 20 : 25;
		*hi = t->text_start || t->funcname > PCLN_HEADER_SIZE ? 25 : 99;
		if (*lo == 25 && !t->text_start)
			*lo = 26;
	}
}

/* One entry of ftab, which is nfunc of { entryoff, funcoff } and an entryoff. */
static uint32_t ftab_entry(const struct pclntab *t, uint32_t i)
{
	return load32(t->data + t->pcln + (size_t)i * 8);
}

enum gofunc_id pclntab_func_id(const struct pclntab *t, uint8_t id)
{
	static const uint8_t from_125[] = { GOFUNC_RUNTIME_MAIN, GOFUNC_RUNFINQ, GOFUNC_RUNFINQ };

	if (t->minor && t->minor < 22 && id >= GOFUNC_COROSTART)
		id++;
	if (t->minor >= 25 && id >= GOFUNC_RUNFINQ) {
		unsigned i = id - GOFUNC_RUNFINQ;

		if (i < sizeof(from_125))
			return from_125[i];
		id--;
	}
	return id <= GOFUNC_WRAPPER ? id : GOFUNC_UNKNOWN;
}

int pclntab_func(const struct pclntab *t, uint32_t index, struct pclnfunc *f)
{
	bool start_line = t->magic == PCLN_MAGIC_120;
	const uint8_t *p;
	uint64_t at, tables;

	if (index >= t->nfunc)
		return -ERANGE;
	f->index = index;
	f->entry = ftab_entry(t, index);
	f->end = ftab_entry(t, index + 1);
	f->off = load32(t->data + t->pcln + (size_t)index * 8 + 4);
	at = (uint64_t)t->pcln + f->off;
	if (at + t->min_func > t->size || f->end < f->entry)
		return -ERANGE;
	p = t->data + at;
	f->name = (int32_t)load32(p + 4);
	f->args = (int32_t)load32(p + 8);
	f->deferreturn = load32(p + 12);
	f->pcsp = load32(p + 16);
	f->pcfile = load32(p + 20);
	f->pcline = load32(p + 24);
	f->npcdata = load32(p + 28);
	f->cu = load32(p + 32);
	f->start_line = start_line ? (int32_t)load32(p + 36) : 0;
	p += t->min_func;
	f->id = (uint8_t)pclntab_func_id(t, p[-4]);
	f->flag = p[-3];
	f->nfuncdata = p[-1];
	tables = 4 * ((uint64_t)f->npcdata + f->nfuncdata);
	return at + t->min_func + tables > t->size ? -ERANGE : 0;
}

uint32_t pclntab_find_func(const struct pclntab *t, uint32_t pc_off)
{
	uint32_t lo = 0, hi = t->nfunc;

	if (pc_off < ftab_entry(t, 0) || pc_off >= ftab_entry(t, t->nfunc))
		return UINT32_MAX;
	/* The last entry that is not above. */
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (ftab_entry(t, mid) <= pc_off)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static const char *string_at(const struct pclntab *t, uint64_t at)
{
	size_t room;

	if (at >= t->size)
		return "";
	room = t->size - at;
	if (!memchr(t->data + at, 0, room < NAME_MAX_LEN ? room : NAME_MAX_LEN))
		return "";
	return (const char *)t->data + at;
}

const char *pclntab_name(const struct pclntab *t, int32_t name_off)
{
	return name_off < 0 ? "" : string_at(t, (uint64_t)t->funcname + (uint32_t)name_off);
}

const char *pclntab_file(const struct pclntab *t, const struct pclnfunc *f, int32_t fileno)
{
	uint64_t at = t->cutab + 4 * ((uint64_t)f->cu + (uint32_t)fileno);
	uint32_t off;

	if (fileno < 0 || at + 4 > t->size)
		return "";
	off = load32(t->data + at);
	return off == UINT32_MAX ? "" : string_at(t, (uint64_t)t->filetab + off);
}

/* Up to five bytes, as binary.Uvarint; false where they do not end within p .. end. */
static bool read_varint(const uint8_t **p, const uint8_t *end, uint32_t *v)
{
	*v = 0;
	for (unsigned shift = 0; *p < end && shift < 35; shift += 7) {
		uint8_t b = *(*p)++;

		*v |= (uint32_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return true;
	}
	return false;
}

/* runtime/symtab.go:pcvalue, step: pairs of value delta (zigzag) and pc delta until a zero. */
int32_t pclntab_value(const struct pclntab *t, const struct pclnfunc *f, uint32_t tab,
		      uint32_t pc_off, uint32_t *start, uint32_t *end)
{
	const uint8_t *p, *stop = t->data + t->size;
	uint64_t pc = f->entry, prev = pc;
	uint32_t value = UINT32_MAX, delta;

	if (!tab || tab >= t->size - t->pctab || pc_off < f->entry)
		return INT32_MIN;
	p = t->data + t->pctab + tab;
	if (stop - p > TABLE_MAX_LEN)
		stop = p + TABLE_MAX_LEN;
	for (;;) {
		if (p < stop && !*p && pc != f->entry)
			return INT32_MIN;
		if (!read_varint(&p, stop, &delta))
			return INT32_MIN;
		value += -(delta & 1) ^ delta >> 1;
		if (!read_varint(&p, stop, &delta))
			return INT32_MIN;
		pc += (uint64_t)delta * t->quantum;
		if (pc > UINT32_MAX)
			return INT32_MIN;
		if (pc_off < pc)
			break;
		prev = pc;
	}
	if (start)
		*start = (uint32_t)prev;
	if (end)
		*end = (uint32_t)pc;
	return (int32_t)value;
}

static const uint8_t *tables(const struct pclntab *t, const struct pclnfunc *f)
{
	return t->data + t->pcln + f->off + t->min_func;
}

uint32_t pclntab_pcdata(const struct pclntab *t, const struct pclnfunc *f, uint32_t which)
{
	return which < f->npcdata ? load32(tables(t, f) + (size_t)which * 4) : 0;
}

uint32_t pclntab_funcdata(const struct pclntab *t, const struct pclnfunc *f, uint32_t which)
{
	if (which >= f->nfuncdata)
		return UINT32_MAX;
	return load32(tables(t, f) + 4 * ((size_t)f->npcdata + which));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "target/symtab.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/hash.h"

enum { INLINE_MAX = 256, FIRST_SLOTS = 4096 };

struct slot {
	uint64_t pc;
	struct sympc *p;
};

struct named {
	uint64_t hash;
	uint32_t module, func;
};

struct symtab {
	const struct gomodules *mods;
	struct memr *mem;
	struct slot *slot; /* open addressing; a power of two */
	size_t mask, n;
	struct arena pcs; /* sympc and symframe, emptied when full */
	struct arena strings; /* names and files; for ever */
	struct map64 interned; /* address in the table → index of text */
	VEC(const char *) text;
	/* Functions by name, as far as was needed up to now. */
	uint32_t *name_slot; /* index into name + 1 */
	size_t name_mask;
	VEC(struct named) name;
	uint32_t next_module, next_func;
};

struct symtab *symtab_new(const struct gomodules *mods, struct memr *mem)
{
	struct symtab *st = xcalloc(1, sizeof(*st));

	st->mods = mods;
	st->mem = mem;
	st->mask = FIRST_SLOTS - 1;
	st->slot = xcalloc(FIRST_SLOTS, sizeof(*st->slot));
	return st;
}

void symtab_free(struct symtab *st)
{
	if (!st)
		return;
	free(st->slot);
	free(st->name_slot);
	arena_release(&st->pcs);
	arena_release(&st->strings);
	map64_free(&st->interned);
	vec_free(&st->text);
	vec_free(&st->name);
	free(st);
}

/* runtime/symtab.go:funcNameForPrint: what stands in brackets is only for the linker. */
static char *printed_name(struct symtab *st, const char *s)
{
	const char *open = strchr(s, '['), *close = strrchr(s, ']');
	size_t head, n = strlen(s);
	char *out;

	if (!open || !close || close < open)
		return arena_strndup(&st->strings, s, n);
	head = (size_t)(open - s);
	out = arena_alloc(&st->strings, n + 8);
	memcpy(out, s, head);
	memcpy(out + head, "[...]", 5);
	memcpy(out + head + 5, close + 1, strlen(close + 1) + 1);
	return out;
}

/* A string of the table, copied once; the file may be changed under us, names must stay. */
static const char *intern(struct symtab *st, const char *s, bool name)
{
	uint32_t at;

	if (!*s)
		return "";
	at = map64_get(&st->interned, (uintptr_t)s);
	if (at == UINT32_MAX) {
		at = (uint32_t)st->text.n;
		map64_put(&st->interned, (uintptr_t)s, at);
		*vec_push(&st->text) =
			name ? printed_name(st, s) : arena_strndup(&st->strings, s, strlen(s));
	}
	return st->text.v[at];
}

static bool find_function(const struct symtab *st, uint64_t pc, const struct gomodule **m,
			  struct pclnfunc *fn, uint32_t *off)
{
	uint32_t index;

	*m = gomodules_find(st->mods, pc);
	if (!*m)
		return false;
	*off = gomodule_text_off(*m, pc);
	index = *off == UINT32_MAX ? UINT32_MAX : pclntab_find_func(&(*m)->tab, *off);
	return index != UINT32_MAX && !pclntab_func(&(*m)->tab, index, fn);
}

/* One record of an inline tree, whichever version's. */
struct inlined {
	int32_t name, parent_pc, start_line;
	uint8_t id;
};

static bool read_inlined(const struct symtab *st, const struct gomodule *m, uint32_t tree,
			 uint32_t index, struct inlined *out)
{
	/* runtime/symtab.go:inlinedCall of 1.19; runtime/symtabinl.go from 1.20 on */
	bool old = m->tab.magic == PCLN_MAGIC_118;
	uint32_t size = old ? 20 : 16;
	uint64_t at = tree + (uint64_t)index * size;
	int32_t w[5] = { 0 };

	if (m->gofunc_data && at + size <= m->gofunc_avail)
		memcpy(w, m->gofunc_data + at, size);
	else if (!st->mem || !m->gofunc || memr_read(st->mem, m->gofunc + at, w, size))
		return false;
	out->id = (uint8_t)(old ? (uint32_t)w[0] >> 16 : (uint32_t)w[0]);
	out->name = old ? w[3] : w[1];
	out->parent_pc = old ? w[4] : w[2];
	out->start_line = old ? 0 : w[3];
	return true;
}

static void set_line(struct symtab *st, const struct gomodule *m, const struct pclnfunc *fn,
		     uint32_t off, struct symframe *f)
{
	int32_t file = pclntab_value(&m->tab, fn, fn->pcfile, off, NULL, NULL);
	int32_t line = pclntab_value(&m->tab, fn, fn->pcline, off, NULL, NULL);

	f->file = file < 0 ? "" : intern(st, pclntab_file(&m->tab, fn, file), false);
	f->line = line < 0 ? 0 : (uint32_t)line;
}

/* Leaf first; the outermost, which is fn itself, is the last. */
static uint32_t make_frames(struct symtab *st, const struct gomodule *m, const struct pclnfunc *fn,
			    uint32_t off, struct symframe *out)
{
	uint32_t tree = pclntab_funcdata(&m->tab, fn, FUNCDATA_INL_TREE);
	uint32_t table = pclntab_pcdata(&m->tab, fn, PCDATA_INL_TREE_INDEX);
	uint32_t n = 0;
	struct inlined call;

	while (tree != UINT32_MAX && n < INLINE_MAX - 1) {
		int32_t index = pclntab_value(&m->tab, fn, table, off, NULL, NULL);

		if (index < 0 || !read_inlined(st, m, tree, (uint32_t)index, &call))
			break;
		set_line(st, m, fn, off, &out[n]);
		out[n].at = off - fn->entry;
		out[n].func = intern(st, pclntab_name(&m->tab, call.name), true);
		out[n].start_line = call.start_line < 0 ? 0 : (uint32_t)call.start_line;
		out[n].id = call.id ? pclntab_func_id(&m->tab, call.id) : GOFUNC_NORMAL;
		out[n++].inlined = true;
		if (call.parent_pc < 0 || (uint32_t)call.parent_pc >= fn->end - fn->entry)
			break;
		off = fn->entry + (uint32_t)call.parent_pc;
	}
	set_line(st, m, fn, off, &out[n]);
	out[n].at = off - fn->entry;
	out[n].func = intern(st, pclntab_name(&m->tab, fn->name), true);
	out[n].start_line = fn->start_line < 0 ? 0 : (uint32_t)fn->start_line;
	out[n].id = fn->id;
	out[n].inlined = false;
	return n + 1;
}

static struct sympc *make_pc(struct symtab *st, uint64_t pc)
{
	const struct gomodule *m;
	struct symframe frames[INLINE_MAX], *copy;
	struct sympc *p;
	struct pclnfunc fn;
	uint32_t off;

	if (!find_function(st, pc, &m, &fn, &off))
		return NULL;
	p = arena_alloc(&st->pcs, sizeof(*p));
	memset(p, 0, sizeof(*p));
	p->pc = pc;
	p->entry = gomodule_text_addr(m, fn.entry);
	p->end = p->entry + (fn.end - fn.entry);
	p->func = fn.index;
	p->module = (uint32_t)(m - st->mods->mod.v);
	p->id = fn.id;
	p->flag = fn.flag;
	p->spdelta = pclntab_value(&m->tab, &fn, fn.pcsp, off, NULL, NULL);
	if (p->spdelta < 0)
		p->spdelta = SPDELTA_NONE;
	p->nframe = make_frames(st, m, &fn, off, frames);
	copy = arena_alloc(&st->pcs, p->nframe * sizeof(*copy));
	memcpy(copy, frames, p->nframe * sizeof(*copy));
	p->frame = copy;
	return p;
}

static size_t slot_of(uint64_t pc, size_t mask)
{
	return (size_t)(pc * 0x9e3779b97f4a7c15ull >> 32) & mask;
}

static void insert(struct symtab *st, uint64_t pc, struct sympc *p)
{
	size_t i = slot_of(pc, st->mask);

	while (st->slot[i].pc)
		i = (i + 1) & st->mask;
	st->slot[i] = (struct slot){ pc, p };
}

static void grow(struct symtab *st)
{
	struct slot *old = st->slot;
	size_t n = st->mask + 1;

	st->slot = xcalloc(2 * n, sizeof(*old));
	st->mask = 2 * n - 1;
	for (size_t i = 0; i < n; i++)
		if (old[i].pc)
			insert(st, old[i].pc, old[i].p);
	free(old);
}

static void flush(struct symtab *st)
{
	memset(st->slot, 0, (st->mask + 1) * sizeof(*st->slot));
	arena_release(&st->pcs);
	st->n = 0;
}

static struct sympc *miss(struct symtab *st, uint64_t pc)
{
	struct sympc *p;

	if (st->n >= SYMTAB_MAX_PCS)
		flush(st);
	p = make_pc(st, pc);
	/* Also what is not found is remembered. */
	if (2 * (st->n + 1) > st->mask)
		grow(st);
	insert(st, pc, p);
	st->n++;
	return p;
}

struct sympc *symtab_pc(struct symtab *st, uint64_t pc)
{
	if (!pc)
		return NULL;
	for (size_t i = slot_of(pc, st->mask);; i = (i + 1) & st->mask) {
		if (st->slot[i].pc == pc)
			return st->slot[i].p;
		if (!st->slot[i].pc)
			return miss(st, pc);
	}
}

int symtab_lookup(struct symtab *st, uint64_t pc, struct symframe out[], size_t max)
{
	const struct sympc *p = symtab_pc(st, pc);
	size_t n = p ? p->nframe : 0;

	n = n < max ? n : max;
	if (n)
		memcpy(out, p->frame, n * sizeof(*out));
	return (int)n;
}

int32_t symtab_spdelta(struct symtab *st, uint64_t pc)
{
	const struct sympc *p = symtab_pc(st, pc);

	return p ? p->spdelta : SPDELTA_NONE;
}

static void set_func(struct symtab *st, const struct gomodule *m, const struct pclnfunc *fn,
		     struct symfunc *f)
{
	f->mod = m;
	f->fn = *fn;
	f->entry = gomodule_text_addr(m, fn->entry);
	f->end = f->entry + (fn->end - fn->entry);
	f->name = intern(st, pclntab_name(&m->tab, fn->name), true);
}

bool symtab_func(struct symtab *st, uint64_t pc, struct symfunc *f)
{
	const struct gomodule *m;
	struct pclnfunc fn;
	uint32_t off;

	if (!find_function(st, pc, &m, &fn, &off))
		return false;
	set_func(st, m, &fn, f);
	return true;
}

static void name_insert(struct symtab *st, size_t at)
{
	size_t i = (size_t)st->name.v[at].hash & st->name_mask;

	while (st->name_slot[i])
		i = (i + 1) & st->name_mask;
	st->name_slot[i] = (uint32_t)at + 1;
}

static void name_add(struct symtab *st, uint64_t hash, uint32_t module, uint32_t func)
{
	*vec_push(&st->name) = (struct named){ hash, module, func };
	if (2 * st->name.n > st->name_mask) {
		st->name_mask = st->name_mask ? 2 * st->name_mask + 1 : FIRST_SLOTS - 1;
		free(st->name_slot);
		st->name_slot = xcalloc(st->name_mask + 1, sizeof(*st->name_slot));
		for (size_t i = 0; i < st->name.n; i++)
			name_insert(st, i);
		return;
	}
	name_insert(st, st->name.n - 1);
}

static bool name_is(const struct symtab *st, const struct named *e, const char *name,
		    struct pclnfunc *fn)
{
	const struct gomodule *m = &st->mods->mod.v[e->module];

	return !pclntab_func(&m->tab, e->func, fn) &&
	       !strcmp(pclntab_name(&m->tab, fn->name), name);
}

static bool name_find(const struct symtab *st, const char *name, uint64_t hash, uint32_t *module,
		      struct pclnfunc *fn)
{
	if (!st->name_slot)
		return false;
	for (size_t i = (size_t)hash & st->name_mask; st->name_slot[i];
	     i = (i + 1) & st->name_mask) {
		const struct named *e = &st->name.v[st->name_slot[i] - 1];

		if (e->hash != hash || !name_is(st, e, name, fn))
			continue;
		*module = e->module;
		return true;
	}
	return false;
}

/* Indexes one more function; false: there is none. *hash is its name's. */
static bool name_step(struct symtab *st, uint64_t *hash)
{
	while (st->next_module < st->mods->mod.n) {
		const struct pclntab *t = &st->mods->mod.v[st->next_module].tab;
		struct pclnfunc fn;
		const char *s;

		if (st->next_func >= t->nfunc) {
			st->next_module++;
			st->next_func = 0;
			continue;
		}
		if (pclntab_func(t, st->next_func++, &fn))
			continue;
		s = pclntab_name(t, fn.name);
		*hash = hash_bytes(s, strlen(s), 0);
		name_add(st, *hash, st->next_module, fn.index);
		return true;
	}
	return false;
}

bool symtab_func_by_name(struct symtab *st, const char *name, struct symfunc *f)
{
	uint64_t want = hash_bytes(name, strlen(name), 0), hash;
	struct pclnfunc fn;
	uint32_t module;
	bool found = name_find(st, name, want, &module, &fn);

	/* The runtime comes early in text: most of a large program is never looked at. */
	while (!found && name_step(st, &hash))
		found = hash == want && name_find(st, name, want, &module, &fn);
	if (found)
		set_func(st, &st->mods->mod.v[module], &fn, f);
	return found;
}

void symtab_each(struct symtab *st, bool (*fn)(const struct symfunc *f, void *arg), void *arg)
{
	for (size_t i = 0; i < st->mods->mod.n; i++) {
		const struct gomodule *m = &st->mods->mod.v[i];

		for (uint32_t k = 0; k < m->tab.nfunc; k++) {
			struct pclnfunc pf;
			struct symfunc f;

			if (pclntab_func(&m->tab, k, &pf))
				continue;
			set_func(st, m, &pf, &f);
			if (!fn(&f, arg))
				return;
		}
	}
}

int32_t symtab_pcdata(struct symtab *st, const struct symfunc *f, uint32_t which, uint64_t pc)
{
	uint32_t off = gomodule_text_off(f->mod, pc);

	(void)st;
	if (off == UINT32_MAX)
		return INT32_MIN;
	return pclntab_value(&f->mod->tab, &f->fn, pclntab_pcdata(&f->mod->tab, &f->fn, which), off,
			     NULL, NULL);
}

uint64_t symtab_funcdata(const struct symfunc *f, uint32_t which)
{
	uint32_t off = pclntab_funcdata(&f->mod->tab, &f->fn, which);

	return off == UINT32_MAX || !f->mod->gofunc ? 0 : f->mod->gofunc + off;
}

/* Up to len bytes, as many as there are. */
static bool read_gofunc(const struct symtab *st, const struct gomodule *m, uint32_t off,
			uint8_t *buf, size_t len)
{
	if (m->gofunc_data && off < m->gofunc_avail) {
		memcpy(buf, m->gofunc_data + off,
		       len < m->gofunc_avail - off ? len : m->gofunc_avail - off);
		return true;
	}
	return st->mem && m->gofunc && memr_read_some(st->mem, m->gofunc + off, buf, len) > 0;
}

static bool next_varint(const uint8_t **p, const uint8_t *end, uint32_t *v)
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

/* Up to 1.21 each slot's own offset follows, the last first; from 1.22 on they are in a row. */
bool symtab_open_defers(struct symtab *st, const struct symfunc *f, struct symdefer *d)
{
	uint32_t off = pclntab_funcdata(&f->mod->tab, &f->fn, FUNCDATA_OPEN_CODED_DEFER_INFO),
		 first;
	uint8_t buf[64] = { 0 };
	const uint8_t *p = buf, *end = buf + sizeof(buf);

	memset(d, 0, sizeof(*d));
	if (off == UINT32_MAX || !read_gofunc(st, f->mod, off, buf, sizeof(buf)) ||
	    !next_varint(&p, end, &d->bits_off) || !next_varint(&p, end, &first))
		return false;
	if (f->mod->tab.minor >= 22) {
		for (d->n = 0; d->n < 8; d->n++)
			d->slot_off[d->n] = first - 8 * d->n;
		return true;
	}
	if (first > 8)
		return false;
	d->n = first;
	for (uint32_t i = d->n; i-- > 0;)
		if (!next_varint(&p, end, &d->slot_off[i]))
			return false;
	return true;
}

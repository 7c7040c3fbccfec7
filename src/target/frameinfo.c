/* SPDX-License-Identifier: Apache-2.0 */
#include "target/frameinfo.h"

#include <stdlib.h>
#include <string.h>

enum {
	WORD = 8,
	MAX_BITS = 1 << 14, /* words of a frame that a map is believed to tell of */
	MAX_OBJECTS = 256,
};

void frameinfos_init(struct frameinfos *f, struct target *t)
{
	memset(f, 0, sizeof(*f));
	f->t = t;
	f->explorer = explorer_new(t);
}

void frameinfos_release(struct frameinfos *f)
{
	for (size_t i = 0; i < f->info.n; i++) {
		free(f->info.v[i]->live);
		free(f->info.v[i]->object);
		free(f->info.v[i]->ahead.v);
		free(f->info.v[i]->held.v);
		free(f->info.v[i]);
	}
	vec_free(&f->info);
	explorer_free(f->explorer);
	map64_free(&f->by_pc);
}

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* Whose frames hold nothing that the program itself would use to wake another. */
static bool is_runtime(const char *func)
{
	static const char *const own[] = { "runtime.",		"sync.",
					   "internal/sync.",	"internal/poll.",
					   "syscall.",		"internal/runtime/",
					   "runtime/internal/", "internal/race.",
					   "internal/abi." };

	if (!strcmp(func, "runtime.main"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (begins(func, own[i]))
			return true;
	return false;
}

/* --- which words are live: runtime/stkframe.go:getStackMap --- */

struct live_out {
	int32_t off[MAX_BITS];
	size_t n;
};

/* Bit k of bitmap number index says that the word at from + 8 * k is a live pointer. */
static bool map_read(const struct frameinfos *f, uint64_t addr, int32_t index, int32_t from,
		     bool locals, struct live_out *out)
{
	int32_t head[2];
	uint8_t bits[MAX_BITS / 8] = { 0 };
	size_t bytes;

	if (memr_read(f->t->mem, addr, head, sizeof(head)) || head[0] <= 0 || head[1] < 0 ||
	    head[1] > MAX_BITS || index >= head[0])
		return false;
	bytes = ((size_t)head[1] + 7) / 8;
	if (bytes && memr_read(f->t->mem, addr + 8 + bytes * (uint64_t)index, bits, bytes))
		return false;
	if (locals)
		from -= head[1] * WORD;
	for (int32_t k = 0; k < head[1]; k++)
		if (bits[k / 8] >> (k % 8) & 1 && out->n < MAX_BITS)
			out->off[out->n++] = from + k * WORD;
	return true;
}

static bool live_read(struct frameinfos *f, const struct symfunc *fn, struct frameinfo *i,
		      struct live_out *out)
{
	enum goarch arch = f->t->lay.arch;
	int32_t index = i->pc + 1 == i->entry || i->pc == i->entry
				? -1
				: symtab_pcdata(f->t->sym, fn, PCDATA_STACK_MAP_INDEX, i->pc);
	uint64_t locals = symtab_funcdata(fn, FUNCDATA_LOCALS_POINTER_MAPS);
	uint64_t args = symtab_funcdata(fn, FUNCDATA_ARGS_POINTER_MAPS);

	out->n = 0;
	if (index < 0)
		index = 0;
	if (!locals)
		return false;
	if (!map_read(f, locals, index, (int32_t)(frame_varp(arch, 0)), true, out))
		return false;
	if (args && fn->fn.args > 0)
		map_read(f, args, index, (int32_t)frame_argp(arch, 0), false, out);
	return true;
}

static void objects_read(struct frameinfos *f, const struct symfunc *fn, struct frameinfo *i)
{
	uint64_t at = symtab_funcdata(fn, FUNCDATA_STACK_OBJECTS), n;
	int32_t rec[4];

	if (!at || memr_read_u64(f->t->mem, at, &n) || n > MAX_OBJECTS)
		return;
	i->object = xcalloc(n + 1, sizeof(*i->object));
	for (uint64_t k = 0; k < n; k++) {
		if (memr_read(f->t->mem, at + WORD + k * sizeof(rec), rec, sizeof(rec)))
			return;
		if (rec[1] > 0 && rec[1] <= MAX_BITS * WORD)
			i->object[i->n_object++] =
				(struct frame_object){ .off = rec[0], .size = rec[1] };
	}
}

static struct frameinfo *info_new(struct frameinfos *f, uint64_t pc)
{
	struct frameinfo *i;
	struct symfunc fn;
	struct live_out *live;

	if (!symtab_func(f->t->sym, pc, &fn))
		return NULL;
	i = xcalloc(1, sizeof(*i));
	i->pc = pc;
	i->entry = fn.entry;
	i->func = fn.name;
	i->id = fn.fn.id;
	if (is_runtime(fn.name))
		i->flags |= FRAMEI_RUNTIME;
	live = xmalloc(sizeof(*live));
	if (live_read(f, &fn, i, live)) {
		i->n_live = (uint16_t)live->n;
		i->live = xcalloc(live->n + 1, sizeof(*i->live));
		memcpy(i->live, live->off, live->n * sizeof(*i->live));
	} else {
		i->flags |= FRAMEI_NO_MAP;
	}
	free(live);
	objects_read(f, &fn, i);
	if (symtab_open_defers(f->t->sym, &fn, &i->defers))
		i->flags |= FRAMEI_DEFERS;
	return i;
}

struct frameinfo *frameinfo_get(struct frameinfos *f, unwind_pc pc)
{
	uint64_t look = unwind_pc_lookup(pc);
	uint32_t at = map64_get(&f->by_pc, look);
	struct frameinfo *i;

	if (at != UINT32_MAX)
		return f->info.v[at];
	i = info_new(f, look);
	if (!i)
		return NULL;
	map64_put(&f->by_pc, look, (uint32_t)f->info.n);
	*vec_push(&f->info) = i;
	return i;
}

void frameinfo_explore(struct frameinfos *f, struct frameinfo *i, unwind_pc pc)
{
	if (i->explored)
		return;
	i->explored = true;
	explorer_ahead(f->explorer, unwind_pc_value(pc), &i->ahead);
	explorer_held(f->explorer, unwind_pc_value(pc), &i->held);
	if (i->ahead.n) /* many are kept */
		i->ahead.v = xrealloc(i->ahead.v, i->ahead.n, sizeof(*i->ahead.v));
	if (i->held.n)
		i->held.v = xrealloc(i->held.v, i->held.n, sizeof(*i->held.v));
}

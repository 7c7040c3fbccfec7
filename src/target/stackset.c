/* SPDX-License-Identifier: Apache-2.0 */
#include "target/stackset.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"

void stackset_init(struct stackset *s)
{
	memset(s, 0, sizeof(*s));
	s->mask = 1023;
	s->slot = xcalloc(s->mask + 1, sizeof(*s->slot));
	*vec_push(&s->stack) = (struct stackset_one){ 0 };
}

void stackset_release(struct stackset *s)
{
	vec_free(&s->stack);
	vec_free(&s->pcs);
	free(s->slot);
	memset(s, 0, sizeof(*s));
}

static uint64_t stack_hash(const unwind_pc *pcs, size_t n, uint32_t flags)
{
	return hash_bytes(pcs, n * sizeof(*pcs), flags);
}

static void grow(struct stackset *s)
{
	size_t mask = s->mask * 2 + 1;
	uint32_t *slot = xcalloc(mask + 1, sizeof(*slot));

	for (uint32_t id = 1; id < s->stack.n; id++) {
		const struct stackset_one *k = &s->stack.v[id];
		size_t i = stack_hash(&s->pcs.v[k->first], k->n, k->flags) & mask;

		while (slot[i])
			i = (i + 1) & mask;
		slot[i] = id;
	}
	free(s->slot);
	s->slot = slot;
	s->mask = mask;
}

static bool same(const struct stackset *s, uint32_t id, const unwind_pc *pcs, size_t n,
		 uint32_t flags)
{
	const struct stackset_one *k = &s->stack.v[id];

	return k->n == n && k->flags == flags &&
	       !memcmp(&s->pcs.v[k->first], pcs, n * sizeof(*pcs));
}

uint32_t stackset_put(struct stackset *s, const unwind_pc *pcs, size_t n, uint32_t flags)
{
	size_t i;
	uint32_t id;

	/* who changes all its stacks all the time is shown where it is, and no longer how it got there */
	if (s->pcs.n + n > STACKSET_FRAMES) {
		n = n > 0;
		flags |= STACK_CUT;
	}
	if (!n || s->stack.n >= STACKSET_STACKS)
		return 0;
	for (i = stack_hash(pcs, n, flags) & s->mask; s->slot[i]; i = (i + 1) & s->mask)
		if (same(s, s->slot[i], pcs, n, flags))
			return s->slot[i];
	id = (uint32_t)s->stack.n;
	*vec_push(&s->stack) = (struct stackset_one){ (uint32_t)s->pcs.n, (uint32_t)n, flags };
	vec_reserve(&s->pcs, s->pcs.n + n);
	memcpy(&s->pcs.v[s->pcs.n], pcs, n * sizeof(*pcs));
	s->pcs.n += n;
	s->slot[i] = id;
	if (s->stack.n * 2 > s->mask)
		grow(s);
	return id;
}

static void remark(stack_lines *out, const char *text)
{
	*vec_push(out) = (struct stack_line){ .func = text, .file = "" };
}

static bool is_park(const char *func)
{
	return !strcmp(func, "runtime.gopark") || !strcmp(func, "runtime.goparkunlock");
}

/* Appends the lines of one pc; first is where this stack's lines begin in out. */
static void add_pc(struct symtab *st, unwind_pc p, uint32_t frame, bool filter, size_t first,
		   uint8_t *callee, stack_lines *out)
{
	const struct sympc *s = symtab_pc(st, unwind_pc_lookup(p));

	for (uint32_t i = 0; s && i < s->nframe; i++) {
		const struct symframe *f = &s->frame[i];
		uint8_t before = *callee;

		*callee = f->id;
		if (filter && (symframe_elided(f->id, before) || f->id == GOFUNC_GOEXIT ||
			       (out->n == first && is_park(f->func))))
			continue;
		*vec_push(out) = (struct stack_line){
			.func = f->func,
			.file = f->file,
			.pc = unwind_pc_value(p),
			.line = f->line,
			.id = f->id,
			.inlined = f->inlined,
			.depth = (uint16_t)(s->nframe - 1 - i),
			.frame = frame,
		};
	}
}

static void add_pcs(const struct stackset *s, struct symtab *st, const struct stackset_one *k,
		    bool filter, stack_lines *out)
{
	size_t first = out->n;
	uint8_t callee = GOFUNC_NORMAL;

	for (uint32_t i = 0; i < k->n; i++)
		add_pc(st, s->pcs.v[k->first + i], i, filter, first, &callee, out);
}

void stackset_lines(const struct stackset *s, struct symtab *st, uint32_t id, stack_lines *out)
{
	const struct stackset_one *k = id < s->stack.n ? &s->stack.v[id] : &s->stack.v[0];
	size_t first;

	if (k->flags & STACK_RUNNING)
		remark(out, "[running]");
	first = out->n;
	add_pcs(s, st, k, !(k->flags & STACK_PLACE), out);
	if (out->n == first) { /* it has not come further than a wrapper */
		add_pcs(s, st, k, false, out);
		if (out->n > first + 1 && out->v[out->n - 1].id == GOFUNC_GOEXIT)
			out->n--;
	}
	if (k->flags & STACK_CUT)
		remark(out, "[more frames]");
	if (k->flags & STACK_LOST)
		remark(out, "[not known further]");
}

uint32_t stackset_place(struct stackset *s, uint64_t pc, bool exact)
{
	unwind_pc p = unwind_pc_make(pc, exact);

	return pc ? stackset_put(s, &p, 1, STACK_PLACE) : 0;
}

static uint64_t unwrapped(struct symtab *st, struct memr *mem, uint64_t pc)
{
	struct symfunc f;
	uint64_t info;
	uint32_t off;

	if (!symtab_func(st, pc, &f))
		return pc;
	info = symtab_funcdata(&f, FUNCDATA_WRAP_INFO);
	if (!info || memr_read_u32(mem, info, &off))
		return pc;
	info = gomodule_text_addr(f.mod, off);
	return symtab_func(st, info, &f) && f.entry == info ? info : pc;
}

uint32_t stackset_start(struct stackset *s, struct symtab *st, struct memr *mem, uint64_t pc)
{
	struct sympc *known = symtab_pc(st, pc);
	uint32_t id;

	if (!known || known->user)
		return known ? known->user : stackset_place(s, pc, true);
	id = stackset_place(s, unwrapped(st, mem, pc), true);
	known = symtab_pc(st, pc);
	if (known)
		known->user = id;
	return id;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "target/unwind.h"

#include <string.h>

enum { WORD = 8, ARM64_MIN_FRAME = 16 };

struct walk {
	struct symtab *st;
	struct unwind_mem *mem;
	bool arm64;
	uint64_t lowest; /* nothing below belongs to the stack in use */
	uint64_t pc, sp, bp, lr;
	uint64_t fp; /* where the caller's frame begins */
	uint64_t saved_at; /* where the callee kept this frame's frame pointer; 0: nowhere */
	bool exact, leaf, in_syscall;
};

enum step { STEP_ON, STEP_TOP, STEP_SHORT, STEP_LOST };

static bool covered(const struct unwind_mem *m, uint64_t addr)
{
	return addr >= m->addr && m->len >= WORD && addr - m->addr <= m->len - WORD;
}

static enum step load(const struct walk *w, uint64_t addr, uint64_t *v)
{
	struct unwind_mem *m = w->mem;

	if (addr & (WORD - 1) || addr < w->lowest || m->hi < WORD || addr > m->hi - WORD)
		return STEP_LOST;
	if (!covered(m, addr) && (!m->more || !m->more(m, addr) || !covered(m, addr)))
		return STEP_SHORT;
	memcpy(v, m->data + (addr - m->addr), WORD);
	return STEP_ON;
}

/* runtime/traceback.go:resolveInternal: functions that switch stacks end a walk. */
static bool ends_here(const struct walk *w, const struct sympc *s)
{
	if (s->flag & GOFUNC_TOP_FRAME)
		return true;
	if (!(s->flag & GOFUNC_SPWRITE) || s->id == GOFUNC_CGOCALLBACK)
		return false;
	return !(w->leaf && w->in_syscall);
}

static bool injected(uint8_t id)
{
	return id == GOFUNC_SIGPANIC || id == GOFUNC_ASYNC_PREEMPT || id == GOFUNC_DEBUG_CALL;
}

/* The return address of a frame whose stack delta is known. */
static enum step return_address(struct walk *w, int32_t delta, uint64_t *ret)
{
	enum step rc;

	if (delta < 0)
		return STEP_LOST;
	w->fp = w->sp + (uint32_t)delta;
	if (!w->arm64) {
		rc = load(w, w->fp, ret);
		w->fp += WORD;
		return rc;
	}
	if ((w->leaf && w->sp < w->fp) || !w->lr)
		return load(w, w->sp, ret);
	*ret = w->lr;
	return STEP_ON;
}

/* The same by frame pointer, where there are no deltas. */
static enum step return_by_pointer(struct walk *w, uint64_t *ret)
{
	enum step rc;

	if (!w->bp || w->bp < w->sp)
		return STEP_LOST;
	rc = load(w, w->bp + WORD, ret);
	if (rc != STEP_ON)
		return rc;
	w->fp = w->bp + 2 * WORD;
	w->saved_at = w->bp;
	return load(w, w->bp, &w->bp);
}

/*
 * amd64: a function with a frame keeps its caller's frame pointer below the
 * return address, so each one kept points at the next.
 */
static void check_pointer(struct walk *w, int32_t delta, struct unwind_out *out)
{
	uint64_t here = w->fp - 2 * WORD, kept;

	if (w->arm64 || delta <= 0) {
		w->saved_at = 0;
		return;
	}
	if (w->bp) {
		out->fp_good += w->bp == here;
		out->fp_bad += w->bp != here;
	}
	w->saved_at = here;
	w->bp = load(w, here, &kept) == STEP_ON ? kept : 0;
}

static enum step step(struct walk *w, const struct sympc *s, struct unwind_out *out)
{
	int32_t delta = s->spdelta;
	uint8_t id = s->id;
	uint64_t ret;
	enum step rc;

	if (ends_here(w, s))
		return STEP_TOP;
	if (delta == SPDELTA_NONE)
		rc = return_by_pointer(w, &ret);
	else
		rc = return_address(w, delta, &ret);
	if (rc != STEP_ON)
		return rc;
	if (!ret)
		return STEP_TOP;
	if (w->pc == ret && w->sp == w->fp)
		return STEP_LOST;
	if (delta != SPDELTA_NONE)
		check_pointer(w, delta, out);
	w->pc = ret;
	w->sp = w->fp;
	w->lr = 0;
	w->leaf = false;
	w->exact = injected(id);
	if (w->arm64 && w->exact) { /* the signal handler kept the link register above */
		rc = load(w, w->sp, &ret);
		if (rc != STEP_ON)
			return rc;
		w->sp += ARM64_MIN_FRAME;
		w->lr = symtab_spdelta(w->st, w->pc) == 0 ? ret : 0;
	}
	return STEP_ON;
}

/*
 * The function that a frame's pc belongs to. A pc that is a function's very
 * first instruction is no return address: a goroutine that never ran stands
 * there, and before 1.21 what called from the system stack seems to.
 */
static const struct sympc *function_at(struct walk *w)
{
	const struct sympc *s = symtab_pc(w->st, w->pc - !w->exact);

	if (w->exact || (s && s->end != w->pc))
		return s;
	w->exact = true;
	return symtab_pc(w->st, w->pc);
}

void unwind_walk(struct symtab *st, enum goarch arch, const struct unwind_regs *regs,
		 struct unwind_mem *mem, unwind_pc *pcs, size_t max, struct unwind_out *out)
{
	unwind_frames(st, arch, regs, mem, pcs, NULL, max, out);
}

void unwind_frames(struct symtab *st, enum goarch arch, const struct unwind_regs *regs,
		   struct unwind_mem *mem, unwind_pc *pcs, uint64_t *sps, size_t max,
		   struct unwind_out *out)
{
	struct walk w = {
		.st = st,
		.mem = mem,
		.arm64 = arch == GOARCH_ARM64,
		.lowest = mem->addr,
		.pc = regs->pc,
		.sp = regs->sp,
		.bp = regs->bp,
		.lr = regs->lr,
		.exact = regs->exact,
		.leaf = true,
		.in_syscall = regs->in_syscall,
	};
	enum step rc = STEP_ON;

	*out = (struct unwind_out){ .end = UNWIND_LIMIT };
	while (rc == STEP_ON && out->n < max) {
		const struct sympc *s = function_at(&w);

		if (!s) {
			rc = STEP_LOST;
			break;
		}
		if (sps)
			sps[out->n] = w.sp;
		pcs[out->n++] = unwind_pc_make(w.pc, w.exact);
		rc = step(&w, s, out);
		if (sps && out->n < max)
			sps[out->n] = rc == STEP_ON ? w.sp : mem->hi;
	}
	if (rc != STEP_ON)
		out->end = rc == STEP_TOP     ? UNWIND_TOP
			   : rc == STEP_SHORT ? UNWIND_SHORT
					      : UNWIND_LOST;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "target/inspect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "target/core.h"
#include "target/govalue.h"
#include "target/inspect_impl.h"
#include "target/regs.h"
#include "target/vars.h"

enum { STACK_WORDS = 4096, STACK_FIRST = 16 << 10, STACK_MORE = 256 << 10, TRIES = 3 };
static const uint64_t STACK_SANE = 1ull << 32;

struct inspect *inspect_new(struct target *t)
{
	struct inspect *in = xcalloc(1, sizeof(*in));

	in->t = t;
	valmem_init(&in->vm, t->mem);
	in->ts = gotypes_new(t, &in->vm, NULL);
	in->g = (struct govaluer){ .t = t, .ts = in->ts, .vm = &in->vm };
	return in;
}

void inspect_free(struct inspect *in)
{
	if (!in)
		return;
	gotypes_free(in->ts);
	valmem_release(&in->vm);
	dwinfo_free(in->dw);
	free(in->stack_buf);
	free(in->seen);
	free(in);
}

void inspect_set_dwarf(struct inspect *in, struct dwinfo *dw, const char *why_not)
{
	in->dw = dw;
	gotypes_set_dwarf(in->ts, dw);
	snprintf(in->why_not, sizeof(in->why_not), "%s", why_not ? why_not : "");
}

static void note(struct values *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(struct values *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out->note, sizeof(out->note), fmt, ap);
	va_end(ap);
}

/* --- the goroutine --- */

static uint64_t field(const uint8_t *g, size_t size, int32_t off, size_t len)
{
	uint64_t v = 0;

	if (off >= 0 && (size_t)off + len <= size)
		memcpy(&v, g + off, len);
	return v;
}

static bool stands(const struct gnow *n)
{
	if (n->status == GST_RUNNING || n->status == GST_COPYSTACK || n->status == GST_DEAD ||
	    n->status == GST_IDLE)
		return false;
	return n->lo && n->lo < n->hi && n->hi - n->lo <= STACK_SANE && !(n->sp & 7) &&
	       n->sp >= n->lo && n->sp < n->hi;
}

static void hash_stack(struct inspect *in, struct gnow *n)
{
	uint8_t buf[STACK_WORDS];
	size_t len = n->hi - n->sp < sizeof(buf) ? n->hi - n->sp : sizeof(buf);

	if (stands(n) && !memr_read(in->t->mem, n->sp, buf, len))
		n->words = hash_bytes(buf, len, 1);
}

/* What of a g tells whether it stands where it stood: runtime/runtime2.go:g. */
static int read_g(struct inspect *in, uint64_t addr, struct gnow *n)
{
	const struct golayout *lay = &in->t->lay;
	uint8_t g[1024];
	size_t size = (size_t)lay->g.size < sizeof(g) ? (size_t)lay->g.size : sizeof(g);
	int rc = memr_read(in->t->mem, addr, g, size);

	memset(n, 0, sizeof(*n));
	if (rc)
		return rc;
	n->goid = field(g, size, lay->g.goid, 8);
	n->lo = field(g, size, lay->g.stack_lo, 8);
	n->hi = field(g, size, lay->g.stack_hi, 8);
	n->sp = field(g, size, lay->g.sched_sp, 8);
	n->pc = field(g, size, lay->g.sched_pc, 8);
	n->bp = field(g, size, lay->g.sched_bp, 8);
	n->lr = field(g, size, lay->g.sched_lr, 8);
	n->status = (uint32_t)field(g, size, lay->g.atomicstatus, 4) & ~(uint32_t)GST_SCAN;
	n->m = field(g, size, lay->g.m, 8);
	n->seq = field(g, size, lay->g.trackingSeq, 1);
	if (field(g, size, lay->g.syscallsp, 8) && n->status != GST_RUNNING) {
		n->in_syscall = 1;
		n->sp = field(g, size, lay->g.syscallsp, 8);
		n->pc = field(g, size, lay->g.syscallpc, 8);
		n->bp = field(g, size, lay->g.syscallbp, 8);
	}
	hash_stack(in, n);
	return 0;
}

/* --- its stack --- */

static bool stack_more(struct unwind_mem *m, uint64_t addr)
{
	struct inspect *in = m->arg;
	uint64_t n = m->hi - addr;

	m->len = n < STACK_MORE ? n : STACK_MORE;
	m->addr = addr;
	m->data = in->stack_buf;
	if (!memr_read(in->t->mem, addr, in->stack_buf, m->len))
		return true;
	m->len = 0;
	return false;
}

static void walk_parked(struct inspect *in, const struct gnow *n, struct frames *f)
{
	const struct unwind_regs regs = {
		.pc = n->pc, .sp = n->sp, .bp = n->bp, .lr = n->lr, .in_syscall = n->in_syscall
	};
	struct unwind_mem mem = { .addr = n->sp, .hi = n->hi, .more = stack_more, .arg = in };
	struct unwind_out out;

	if (!in->stack_buf)
		in->stack_buf = xmalloc(STACK_MORE);
	mem.data = in->stack_buf;
	mem.len = n->hi - n->sp < STACK_FIRST ? n->hi - n->sp : STACK_FIRST;
	if (memr_read(in->t->mem, mem.addr, in->stack_buf, mem.len))
		mem.len = 0;
	unwind_frames(in->t->sym, in->t->lay.arch, &regs, &mem, f->pc, f->sp, INSPECT_FRAMES, &out);
	f->n = out.n;
	f->flags = out.end == UNWIND_LOST ? STACK_LOST : out.end == UNWIND_TOP ? 0 : STACK_CUT;
	for (size_t i = 0; i < f->n; i++)
		f->end[i] = i + 1 < f->n ? f->sp[i + 1] : 0;
	f->leaf = NULL;
}

/* It ran when the core was made: its thread's registers tell where. */
static bool walk_running(struct inspect *in, const struct gnow *n, struct frames *f)
{
	const struct core_thread *ct;

	if (!in->t->core || n->status != GST_RUNNING)
		return false;
	if (!in->seen)
		in->seen = xcalloc(1, sizeof(*in->seen));
	ct = target_core_running(in->t, n->m, in->seen);
	if (!ct || in->seen->goid != n->goid)
		return false;
	f->n = regs_frames(in->t->sym, in->t->lay.arch, in->seen, f->pc, f->sp, f->end, &f->flags);
	/* what it called from its own stack may be without a place in the code: then frame 0 is no leaf */
	f->leaf = f->n && f->pc[0] == unwind_pc_make(ct->regs.pc, true) ? ct : NULL;
	return f->n;
}

/* false: where it stands is not known. */
static bool walk(struct inspect *in, const struct gnow *n, struct frames *f)
{
	if (!stands(n))
		return walk_running(in, n, f);
	walk_parked(in, n, f);
	return true;
}

static void lines_of(struct inspect *in, const struct frames *f, stack_lines *out)
{
	struct stackset set;

	stackset_init(&set);
	stackset_lines(&set, in->t->sym, stackset_put(&set, f->pc, f->n, f->flags), out);
	stackset_release(&set);
}

int inspect_stack(struct inspect *in, uint64_t addr, stack_lines *out, bool *moved)
{
	struct frames *f = xcalloc(1, sizeof(*f));
	struct gnow before, after;
	int rc = read_g(in, addr, &before);

	*moved = false;
	if (!rc && walk(in, &before, f)) {
		rc = read_g(in, addr, &after);
		*moved = rc || memcmp(&before, &after, sizeof(before));
		lines_of(in, f, out);
	}
	free(f);
	return rc;
}

/* --- its variables --- */

static const char *where_text(const struct govar *v)
{
	if (v->where == GOVAR_SHARED)
		return "not known: it shares its place with another variable";
	if (v->where == GOVAR_EARLY)
		return "not known: its function has only just been entered";
	if (v->where == GOVAR_LACKING)
		return "not in the core";
	return v->escaped ? "on the heap, its address is optimised away" : "optimised away";
}

static uint16_t var_flags(const struct govar *v)
{
	unsigned flags = (v->escaped ? VALUE_ESCAPED : 0u) | (v->shadowed ? VALUE_SHADOWED : 0u);

	switch (v->kind) {
	case GOVAR_ARG:
		flags |= VALUE_ARG;
		break;
	case GOVAR_RESULT:
		flags |= VALUE_RESULT;
		break;
	case GOVAR_CAPTURED:
		flags |= VALUE_CAPTURED;
		break;
	default:
		break;
	}
	return (uint16_t)flags;
}

static void add_vars(struct inspect *in, const govars *vars)
{
	for (size_t i = 0; i < vars->n; i++) {
		const struct govar *v = &vars->v[i];
		struct govalue_node n = { .name = v->name,
					  .type = v->type,
					  .addr = v->addr,
					  .line = v->line,
					  .flags = var_flags(v),
					  .partly = v->where == GOVAR_PARTLY };

		for (size_t k = 0; k < i; k++)
			n.nth += !strcmp(vars->v[k].name, v->name);
		if (v->where == GOVAR_THERE || v->where == GOVAR_PARTLY) {
			govalue_add(&in->g, &n);
			continue;
		}
		n.flags |= VALUE_GONE;
		n.addr = 0;
		govalue_add_text(&in->g, &n, v->type->name, where_text(v));
	}
}

static uint64_t own_pc(struct inspect *in, uint64_t pc, uint32_t depth)
{
	const struct sympc *s = symtab_pc(in->t->sym, pc);

	return s && depth < s->nframe ? s->entry + s->frame[s->nframe - 1 - depth].at : pc;
}

/* Is the leaf's function on its first line? There arguments are still being put in their places. */
static bool is_entering(struct inspect *in, uint64_t pc)
{
	const struct sympc *s = symtab_pc(in->t->sym, pc);
	uint32_t line = s && s->nframe ? s->frame[s->nframe - 1].line : 0;

	s = s ? symtab_pc(in->t->sym, s->entry) : NULL;
	return !s || !s->nframe || s->frame[s->nframe - 1].line == line;
}

/* What DWARF tells of the frame; false: nothing, and out->note is why. */
static bool by_dwarf(struct inspect *in, const struct frames *f, const struct stack_line *line,
		     struct values *out)
{
	struct varframe frame = { .pc = unwind_pc_lookup(f->pc[line->frame]),
				  .cfa = f->end[line->frame],
				  .sp = f->sp[line->frame],
				  .func = line->func,
				  .inlined = line->depth,
				  .line = line->line };
	govars vars = { 0 };
	bool good;

	if (line->frame + 1 < f->n) {
		frame.ret = unwind_pc_value(f->pc[line->frame + 1]);
		frame.caller_end = f->end[line->frame + 1];
	}
	if (!line->frame && f->leaf) {
		frame.leaf = f->leaf;
		frame.entering = is_entering(in, frame.pc);
	}
	frame.own_pc = own_pc(in, frame.pc, line->depth);
	if (!in->dw) {
		note(out, "%s", in->why_not);
		return false;
	}
	good = !vars_read(in->t, in->dw, in->ts, &in->vm, &frame, &vars);
	if (!good)
		note(out, "the program's DWARF tells nothing of %.160s", line->func);
	else if (!vars.n)
		note(out, "this function has no variables here");
	add_vars(in, &vars);
	vec_free(&vars);
	return good;
}

static void read_frame(struct inspect *in, const struct frames *f, const struct value_ask *ask,
		       struct values *out)
{
	stack_lines lines = { 0 };
	const struct stack_line *line;

	lines_of(in, f, &lines);
	line = ask->frame < lines.n ? &lines.v[ask->frame] : NULL;
	if (!line || line->pc != ask->pc) {
		out->moved = true;
		note(out, line && !line->pc ? "this is no frame"
					    : "the goroutine is no longer in that frame");
	} else if (line->frame >= f->n || !f->end[line->frame]) {
		note(out, "where this frame ends is not known, so its variables are not");
	} else if (!by_dwarf(in, f, line, out)) {
		inspect_raw(in, f, line, out);
	}
	vec_free(&lines);
}

/* One attempt; out is filled, and moved tells whether to believe it. */
static int attempt(struct inspect *in, uint64_t addr, const struct value_ask *ask, struct frames *f,
		   struct values *out)
{
	struct gnow before, after;
	int rc = read_g(in, addr, &before);

	if (rc == -ESRCH || rc == -EPERM)
		return rc;
	valmem_begin(&in->vm);
	if (rc && in->t->core) {
		note(out, "its goroutine is not in the core");
		return 0;
	}
	if (rc || before.goid != ask->goid) {
		note(out, "goroutine %" PRIu64 " has ended", ask->goid);
		return 0;
	}
	if (!walk(in, &before, f)) {
		note(out, "%s",
		     in->t->core ? "it was running, and where is not in the core"
				 : "it is running: what its variables are is in flux, and it is "
				   "not stopped");
		out->moved = !in->t->core;
		return 0;
	}
	read_frame(in, f, ask, out);
	rc = read_g(in, addr, &after);
	if (rc == -ESRCH || rc == -EPERM)
		return rc;
	if (rc || memcmp(&before, &after, sizeof(before)))
		out->moved = true;
	return 0;
}

int inspect_read(struct inspect *in, uint64_t addr, const struct value_ask *ask, struct values *out)
{
	struct frames *f = xcalloc(1, sizeof(*f));
	int rc = 0;

	for (int i = 0; i < TRIES; i++) {
		values_release(out);
		out->goid = ask->goid;
		out->pc = ask->pc;
		values_str(out, "", 0);
		in->g.out = out;
		in->g.ask = ask;
		in->g.nodes_left = GOVALUE_NODES;
		rc = attempt(in, addr, ask, f, out);
		if (rc || !out->moved)
			break;
	}
	if (out->moved && out->v.n) {
		out->v.n = 0;
		note(out, "it moved while it was read");
	}
	in->g.out = NULL;
	in->g.ask = NULL;
	free(f);
	return rc;
}

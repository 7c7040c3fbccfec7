/* SPDX-License-Identifier: Apache-2.0 */
#include "target/probesite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "target/insn.h"
#include "target/target.h"

enum {
	RBX = 3,
	RSP = 4,
	RBP = 5,
	R12 = 12,
	R13 = 13,
	R14 = 14,
	X28 = 28,
	XSP = 31, /* or the zero register */
	LOOK = 64, /* bytes of a function looked at for its first emulated instruction */
	CODE_MOST = 1 << 16,
	GUARD0 = 16, /* g.stackguard0, and stackguard1 of //go:systemstack functions */
	GUARD1 = 24,
	G_DEAD = 6, /* runtime/runtime2.go:_Gdead */
};

/* Condition codes of branches. */
enum { JB = 2, JBE = 6, B_LO = 3, B_LS = 9 };

/* As PSITE_NOREG, but in the table below the number of an argument; G: the g register. */
#define NO PSITE_NOREG
#define G 0xfe

static const struct place {
	const char *func;
	uint8_t event;
	uint8_t since; /* Go 1.since has arg[PARG_REASON]; PSITE_CREATE: it is made there */
	bool on_g0;
	uint8_t arg[PARG_N]; /* g, object, reason, block, cases, sends, receives */
} places[] = {
	/*
	 * runtime/proc.go:newproc1(): casgstatus(newg, _Gdead, …), its second call. Before
	 * 1.24 the goid comes after it: there runqput(pp, newg, true) of newproc().
	 */
	{ "runtime.newproc1", PSITE_CREATE, 24, true, { 0, NO, NO, NO, NO, NO, NO } },
	{ "runtime.newproc.func1", PSITE_CREATE, 0, true, { 1, NO, NO, NO, NO, NO, NO } },
	{ "runtime.execute", PSITE_RUN, 0, true, { 0, NO, NO, NO, NO, NO, NO } },
	{ "runtime.gopark", PSITE_PARK, 0, false, { G, NO, 2, NO, NO, NO, NO } },
	{ "runtime.ready", PSITE_READY, 0, true, { 0, NO, NO, NO, NO, NO, NO } },
	/* From 1.22 on also coroutines end in gdestroy. */
	{ "runtime.gdestroy", PSITE_EXIT, 0, true, { 0, NO, NO, NO, NO, NO, NO } },
	{ "runtime.goexit0", PSITE_EXIT, 0, true, { 0, NO, NO, NO, NO, NO, NO } },
	{ "runtime.goexit1", PSITE_EXIT, 0, false, { G, NO, NO, NO, NO, NO, NO } },
	/* From 1.24 on. */
	{ "internal/sync.(*Mutex).lockSlow", PSITE_LOCK, 0, false, { G, 0, NO, NO, NO, NO, NO } },
	{ "sync.(*Mutex).lockSlow", PSITE_LOCK, 0, false, { G, 0, NO, NO, NO, NO, NO } },
	{ "runtime.semacquire1", PSITE_SEMA, 21, false, { G, 0, 4, NO, NO, NO, NO } },
	{ "runtime.chansend", PSITE_SEND, 0, false, { G, 0, NO, 2, NO, NO, NO } },
	{ "runtime.chanrecv", PSITE_RECV, 0, false, { G, 0, NO, 2, NO, NO, NO } },
	{ "runtime.selectgo", PSITE_SELECT, 0, false, { G, NO, NO, 5, 0, 3, 4 } },
	{ "runtime.closechan", PSITE_CLOSE, 0, false, { G, 0, NO, NO, NO, NO, NO } },
};

const char *psite_name(enum psite_event e)
{
	static const char *const name[PSITE_N] = { "create", "run",    "park", "ready",
						   "exit",   "lock",   "sema", "send",
						   "recv",   "select", "close" };

	return (unsigned)e < PSITE_N ? name[e] : "";
}

uint8_t psite_g_reg(enum goarch arch)
{
	return arch == GOARCH_ARM64 ? X28 : R14;
}

uint8_t psite_arg_reg(enum goarch arch, unsigned i)
{
	/* AX BX CX DI SI R8 R9 R10 R11 */
	static const uint8_t amd64[] = { 0, 3, 1, 7, 6, 8, 9, 10, 11 };

	if (arch == GOARCH_ARM64)
		return i < 16 ? (uint8_t)i : PSITE_NOREG;
	return i < ARRAY_SIZE(amd64) ? amd64[i] : PSITE_NOREG;
}

const char *psite_reg_name(enum goarch arch, uint8_t reg)
{
	static const char *const amd64[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"
	};
	static const char *const arm64[] = { "x0",  "x1",  "x2",  "x3",	 "x4",	"x5",  "x6",  "x7",
					     "x8",  "x9",  "x10", "x11", "x12", "x13", "x14", "x15",
					     "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23",
					     "x24", "x25", "x26", "x27", "x28", "x29", "x30" };

	if (arch == GOARCH_ARM64)
		return reg < ARRAY_SIZE(arm64) ? arm64[reg] : "-";
	return reg < ARRAY_SIZE(amd64) ? amd64[reg] : "-";
}

/* What the instructions so far make of the next branch. */
struct check {
	bool guard; /* the last one compared with g's stack guard */
	bool lowered; /* the last one took a big frame from the stack pointer's copy */
};

static bool is_guard(int64_t disp)
{
	return disp == GUARD0 || disp == GUARD1;
}

static bool emulated_amd64(const struct insn *in, const uint8_t *p)
{
	switch (in->kind) {
	case INSN_JCC: /* not loop, jrcxz; nor after the prefix 66 */
		return (p[0] & 0xf0) == 0x70 || p[0] == 0x0f;
	case INSN_JMP:
		return p[0] == 0xe9 || p[0] == 0xeb;
	case INSN_CALL:
		return p[0] == 0xe8;
	case INSN_PUSH:
		return in->len == 1 || (in->len == 2 && p[0] == 0x41);
	case INSN_NOP:
		return in->len == 1;
	default:
		return false;
	}
}

/*
 * Does it leave all registers that arguments may be in as they are, and belong
 * to a prologue? R12 and R13 hold no arguments. cmd/internal/obj/x86/obj6.go:stacksplit().
 */
static bool prologue_amd64(const struct insn *in, struct check *c)
{
	bool scratch = in->reg == R12 || in->reg == R13;

	*c = (struct check){ 0 };
	if (in->map || !in->wide)
		return false;
	switch (in->op) {
	case 0x3b: /* cmp 0x10(%r14),%rsp or a copy of it */
		c->guard = in->base == R14 && !in->indexed && is_guard(in->disp) &&
			   (in->reg == RSP || scratch);
		return c->guard;
	case 0x8d: /* lea -x(%rsp),%r12; lea x(%rsp),%rbp */
		return in->base == RSP && (scratch || in->reg == RBP);
	case 0x89: /* mov %rsp,%r12; mov %rsp,%rbp; mov %rbp,x(%rsp) */
		if (in->reg == RSP)
			return in->rm == R12 || in->rm == R13 || in->rm == RBP;
		return in->reg == RBP && in->base == RSP;
	case 0x81:
	case 0x83: /* sub $x,%r12; sub $x,%rsp; add $-0x80,%rsp */
		c->lowered = (in->reg & 7) == 5 && (in->rm == R12 || in->rm == R13);
		return c->lowered || in->kind == INSN_SUB_SP;
	default:
		return false;
	}
}

static int scan_amd64(const uint8_t *code, size_t n, uint8_t *kind, bool *skip_grow)
{
	struct check c = { 0 };
	struct insn in;
	int len;

	for (size_t i = 0; i < n && i < LOOK; i += (size_t)len) {
		const uint8_t *p = code + i;
		unsigned cond;

		len = insn_decode_amd64(p, n - i, i, &in);
		if (!len)
			return -1;
		cond = in.kind == INSN_JCC ? (p[0] == 0x0f ? p[1] : p[0]) & 15u : 0;
		*kind = in.kind;
		*skip_grow = in.kind == INSN_JCC && cond == JBE && c.guard;
		/* A frame larger than all below the stack: goes to morestack as well. */
		if (in.kind == INSN_JCC && cond == JB && c.lowered) {
			c = (struct check){ 0 };
			continue;
		}
		if (emulated_amd64(&in, p))
			return (int)i;
		if (!prologue_amd64(&in, &c))
			return -1;
	}
	return -1;
}

/* x16, x17, x27 and x29 hold no arguments; nor does sp, the zero register. */
static bool scratch_arm64(uint32_t reg)
{
	return reg == 16 || reg == 17 || reg == 27 || reg == 29 || reg == XSP;
}

/* cmd/internal/obj/arm64/obj7.go:stacksplit() and the frame's set-up of preprocess(). */
static bool prologue_arm64(uint32_t w, struct check *c)
{
	uint32_t rd = w & 31, rn = w >> 5 & 31;
	bool loaded = c->guard;

	*c = (struct check){ 0 };
	if ((w & 0xffc00000) == 0xf9400000) { /* ldr x16,[x28,#16] */
		c->guard = rd == 16 && rn == X28 && is_guard((int64_t)(w >> 10 & 0xfff) * 8);
		return c->guard;
	}
	/* str x30,[sp,#-x]!; stur x29,[sp,#-8]; stp x29,x30,[sp,#x] */
	if ((w & 0xffe00c00) == 0xf8000c00 || (w & 0xffe00c00) == 0xf8000000 ||
	    (w & 0xfe400000) == 0xa8000000)
		return rn == XSP && (rd == 29 || rd == 30);
	/* add, sub, cmp with a constant or a register; movz, movk, movn */
	if ((w & 0x1f000000) != 0x11000000 && (w & 0x1f000000) != 0x0b000000 &&
	    (w & 0x1f800000) != 0x12800000)
		return false;
	/* The guard stays in x16 until it is compared. */
	c->guard = loaded;
	c->lowered = rd == 17 && (w & 0x20000000);
	return scratch_arm64(rd) && (rd != 16 || !loaded);
}

static int scan_arm64(const uint8_t *code, size_t n, uint8_t *kind, bool *skip_grow)
{
	struct check c = { 0 };
	struct insn in;
	uint32_t w;

	for (size_t i = 0; i + 4 <= n && i < LOOK; i += 4) {
		memcpy(&w, code + i, 4);
		insn_decode_arm64(code + i, 4, i, &in);
		*kind = in.kind;
		*skip_grow = (w & 0xff00001f) == (0x54000000 | B_LS) && c.guard;
		if ((w & 0xff00001f) == (0x54000000 | B_LO) && c.lowered)
			continue;
		if (in.kind == INSN_JCC || in.kind == INSN_JMP || in.kind == INSN_CALL ||
		    in.kind == INSN_LEA)
			return (int)i;
		if (!prologue_arm64(w, &c))
			return -1;
	}
	return -1;
}

int psite_scan(enum goarch arch, const uint8_t *code, size_t n, uint8_t *kind, bool *skip_grow)
{
	if (arch == GOARCH_ARM64)
		return scan_arm64(code, n, kind, skip_grow);
	return scan_amd64(code, n, kind, skip_grow);
}

/* The constant that an instruction puts into the second argument's register. */
static bool sets_second_amd64(const struct insn *in, const uint8_t *p, int64_t *v)
{
	if (p[0] == 0xbb && in->has_imm) { /* mov $v,%ebx */
		*v = in->imm;
		return true;
	}
	*v = 0;
	/* xor %ebx,%ebx */
	return (p[0] == 0x31 || p[0] == 0x33) && in->reg == RBX && in->rm == RBX;
}

/* movz x1,#v; orr x1,xzr,#v, whose constant is a run of ones, rotated. */
static bool sets_second_arm64(uint32_t w, int64_t *v)
{
	unsigned ones = (w >> 10 & 63) + 1, right = w >> 16 & 63;
	uint64_t run = ones > 63 ? UINT64_MAX : (1ull << ones) - 1;

	if ((w & 0x7fe0001f) == 0x52800001) {
		*v = w >> 5 & 0xffff;
		return true;
	}
	if ((w & 0xffc003ff) != 0xb24003e1)
		return false;
	*v = (int64_t)(right ? run >> right | run << (64 - right) : run);
	return true;
}

/* Could reg be another one after it? Also where another way may lead to what follows. */
static bool may_set(const struct insn *in, uint8_t reg)
{
	switch (in->kind) {
	case INSN_CALL:
	case INSN_CALL_IND:
	case INSN_JMP:
	case INSN_JMP_IND:
	case INSN_RET:
		return true;
	case INSN_CMP:
	case INSN_STORE:
	case INSN_JCC:
		return false;
	default:
		return in->reg == reg || in->rm == reg;
	}
}

int psite_scan_call(enum goarch arch, const uint8_t *code, size_t n, uint64_t pc, uint64_t callee,
		    int64_t second)
{
	bool arm = arch == GOARCH_ARM64, known = false;
	int64_t v = 0, set;
	int found = -1, len;
	struct insn in;
	uint32_t w = 0;

	for (size_t i = 0; i < n; i += (size_t)len) {
		len = arm ? insn_decode_arm64(code + i, n - i, pc + i, &in)
			  : insn_decode_amd64(code + i, n - i, pc + i, &in);
		if (!len)
			break;
		if (arm)
			memcpy(&w, code + i, 4);
		if (in.kind == INSN_CALL && in.target == callee &&
		    (second == PSITE_ANY || (known && v == second))) {
			if (found >= 0)
				return -1;
			found = (int)i;
		}
		if (arm ? sets_second_arm64(w, &set) : sets_second_amd64(&in, code + i, &set)) {
			known = true;
			v = set;
		} else if (may_set(&in, arm ? 1 : RBX)) {
			known = false;
		}
	}
	return found;
}

/* The function's code: the file's, where no breakpoint lies in it, or a copy from memory in *own. */
static const uint8_t *code_of(struct target *t, const struct symfunc *f, size_t *n, uint8_t **own)
{
	const uint8_t *p = NULL;

	*own = NULL;
	*n = f->end > f->entry && f->end - f->entry < CODE_MOST ? f->end - f->entry : CODE_MOST;
	if (t->image)
		p = image_at(t->image, f->entry - t->image->bias, *n);
	if (p || !t->mem)
		return p;
	*own = xmalloc(*n);
	if (!memr_read(t->mem, f->entry, *own, *n))
		return *own;
	free(*own);
	*own = NULL;
	return NULL;
}

static int scan_place(struct target *t, const struct place *pl, const struct symfunc *f,
		      const uint8_t *code, size_t n, struct probesite *s)
{
	enum goarch arch = t->lay.arch;
	struct symfunc callee;
	int off;

	if (pl->event != PSITE_CREATE) {
		off = psite_scan(arch, code, n, &s->insn, &s->skip_grow);
		if (off < 0)
			snprintf(s->why, sizeof(s->why),
				 "%s: no instruction that the kernel emulates comes before its "
				 "arguments may change",
				 s->func);
		return off;
	}
	s->insn = INSN_CALL;
	off = symtab_func_by_name(t->sym, pl->since ? "runtime.casgstatus" : "runtime.runqput",
				  &callee)
		      ? psite_scan_call(arch, code, n, f->entry, callee.entry,
					pl->since ? G_DEAD : PSITE_ANY)
		      : -1;
	if (off < 0)
		snprintf(s->why, sizeof(s->why),
			 "%s: the call that makes a new goroutine runnable was not found in it",
			 s->func);
	return off;
}

static void set_args(struct probesite *s, const struct place *pl, const struct target *t)
{
	for (unsigned i = 0; i < PARG_N; i++) {
		uint8_t a = pl->arg[i];

		if (i == PARG_REASON && goversion_cmp(&t->build.version, 1, pl->since) < 0)
			a = NO;
		s->arg[i] = a == NO  ? PSITE_NOREG
			    : a == G ? psite_g_reg(t->lay.arch)
				     : psite_arg_reg(t->lay.arch, a);
	}
}

/* true: it is the place, or will not be better elsewhere. */
static bool try_place(struct probesite *s, struct target *t, const struct place *pl)
{
	const uint8_t *code;
	struct symfunc f;
	uint8_t *own;
	size_t n;
	int off;

	if (pl->event == PSITE_CREATE && goversion_cmp(&t->build.version, 1, pl->since) < 0)
		return false;
	s->func = pl->func;
	if (!symtab_func_by_name(t->sym, pl->func, &f)) {
		snprintf(s->why, sizeof(s->why), "%s is not among the program's functions",
			 pl->func);
		return false;
	}
	s->entry = f.entry;
	s->why[0] = 0;
	code = code_of(t, &f, &n, &own);
	if (!code) {
		snprintf(s->why, sizeof(s->why), "the code of %s cannot be read", pl->func);
		return false;
	}
	off = scan_place(t, pl, &f, code, n, s);
	if (off >= 0) {
		s->addr = f.entry + (uint64_t)off;
		s->on_g0 = pl->on_g0;
		set_args(s, pl, t);
	}
	free(own);
	return off >= 0;
}

static void find_in_file(struct probesite *s, const struct target *t)
{
	if (t->image)
		s->file_off = image_file_offset(t->image, s->addr - t->image->bias);
	if (s->file_off == UINT64_MAX)
		snprintf(s->why, sizeof(s->why),
			 "%s lies in no file that could be read, and a probe is set in a file",
			 s->func);
}

unsigned probesites_find(struct probesites *out, struct target *t)
{
	memset(out, 0, sizeof(*out));
	for (unsigned e = 0; e < PSITE_N; e++) {
		out->at[e].file_off = UINT64_MAX;
		memset(out->at[e].arg, PSITE_NOREG, sizeof(out->at[e].arg));
	}
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct probesite *s = &out->at[places[i].event];

		if (s->addr || !try_place(s, t, &places[i]))
			continue;
		find_in_file(s, t);
		out->n++;
	}
	return out->n;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "target/prospect.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "target/insn.h"

enum {
	RAX,
	RCX,
	RDX,
	RBX,
	RSP,
	RBP,
	RSI,
	RDI,
	REGS = 16,
	SLOTS = 128, /* words of the stack whose value is kept */
	FORKS = 64, /* branches not gone yet */
	PATH = 12, /* locks taken or released on a path */
	STEPS = 6000, /* instructions followed from one pc */
	STEPS_CALLEE = 500,
	DEPTH = 2,
	FOUND = 96, /* prospects of one pc */
	CASES = 64, /* of a select */
	VECTOR = 64, /* bytes of the longest register */
	PROLOGUE = 40, /* bytes of code in which branches only lead to morestack and the like */
	CODE_MOST = 1 << 18,
};

struct slot {
	int64_t at; /* from the base's stack pointer */
	struct expr value;
};

/* A lock taken (n > 0) or released (n < 0) on the way. */
struct passed {
	struct expr addr;
	uint8_t op; /* PROS_LOCK, PROS_RW_LOCK, PROS_RLOCK */
	int8_t n;
};

struct state {
	uint64_t pc;
	int64_t sp; /* from the base's stack pointer */
	struct expr reg[REGS];
	struct slot slot[SLOTS];
	struct passed path[PATH];
	uint8_t n_slot, n_path;
	bool sure;
	bool full; /* more was stored than is kept */
};

struct code {
	uint64_t entry, end;
	uint8_t *text;
};

struct explorer {
	struct target *t;
	struct map64 by_entry; /* → index of code */
	VEC(struct code) code;
	struct map64 seen; /* pcs of the run, by function entered */
	struct state *fork;
	unsigned n_fork[DEPTH + 1];
	unsigned steps;
	struct prospects *out;
	uint64_t goal; /* of explorer_held(): 0: none */
	bool reached;
	struct state at_goal;
};

static const char *const no_return[] = {
	"runtime.gopanic", "runtime.panic",	"runtime.goPanic",    "runtime.throw",
	"runtime.fatal",   "runtime.morestack", "runtime.Goexit",     "runtime.goexit",
	"runtime.block",   "os.Exit",		"runtime.panicdivide"
};
/* They leave registers as they are: runtime/asm_amd64.s. */
static const char *const keeps_registers[] = { "runtime.gcWriteBarrier", "runtime.duff",
					       "runtime.wbZero", "runtime.wbMove" };

static const struct {
	const char *func;
	uint8_t op;
} known[] = {
	{ "sync.(*Mutex).Lock", PROS_LOCK },
	{ "sync.(*Mutex).Unlock", PROS_UNLOCK },
	{ "internal/sync.(*Mutex).Lock", PROS_LOCK },
	{ "internal/sync.(*Mutex).Unlock", PROS_UNLOCK },
	{ "sync.(*RWMutex).Lock", PROS_RW_LOCK },
	{ "sync.(*RWMutex).Unlock", PROS_RW_UNLOCK },
	{ "sync.(*RWMutex).RLock", PROS_RLOCK },
	{ "sync.(*RWMutex).RUnlock", PROS_RUNLOCK },
	{ "sync.(*rlocker).Lock", PROS_RLOCK },
	{ "sync.(*rlocker).Unlock", PROS_RUNLOCK },
	{ "sync.(*WaitGroup).Done", PROS_DONE },
	{ "sync.(*WaitGroup).Add", PROS_ADD },
	{ "sync.(*Cond).Signal", PROS_SIGNAL },
	{ "sync.(*Cond).Broadcast", PROS_SIGNAL },
	{ "runtime.chansend1", PROS_SEND },
	{ "runtime.selectnbsend", PROS_SEND },
	{ "runtime.chanrecv1", PROS_RECV },
	{ "runtime.chanrecv2", PROS_RECV },
	{ "runtime.selectnbrecv", PROS_RECV },
	{ "runtime.closechan", PROS_CLOSE },
	{ "reflect.chansend0", PROS_SEND },
	{ "reflect.chanclose", PROS_CLOSE },
};

enum prospect_op prospect_of(const char *func)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(func, known[i].func))
			return (enum prospect_op)known[i].op;
	return PROS_NONE;
}

static bool among(const char *func, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strncmp(func, list[i], strlen(list[i])))
			return true;
	return false;
}

struct explorer *explorer_new(struct target *t)
{
	struct explorer *e = xcalloc(1, sizeof(*e));

	e->t = t;
	e->fork = xcalloc((DEPTH + 1) * FORKS, sizeof(*e->fork));
	return e;
}

void explorer_free(struct explorer *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->code.n; i++)
		free(e->code.v[i].text);
	vec_free(&e->code);
	map64_free(&e->by_entry);
	map64_free(&e->seen);
	free(e->fork);
	free(e);
}

/* --- expressions --- */

static const struct expr unknown;

static struct expr expr_of(enum expr_base base, int64_t off)
{
	return (struct expr){ .base = (uint8_t)base, .n = 1, .off = { off } };
}

static struct expr expr_add(struct expr e, int64_t k)
{
	if (e.base)
		e.off[e.n - 1] = (int64_t)((uint64_t)e.off[e.n - 1] + (uint64_t)k);
	return e;
}

static bool expr_same(const struct expr *a, const struct expr *b)
{
	return a->base && a->base == b->base && a->n == b->n && a->arg == b->arg &&
	       !memcmp(a->off, b->off, a->n * sizeof(*a->off));
}

bool expr_value(const struct expr *e, const struct expr_frame *f, uint64_t *v)
{
	uint64_t a;

	switch (e->base) {
	case EXPR_SP:
		a = f->sp;
		break;
	case EXPR_ABS:
		a = 0;
		break;
	case EXPR_CTX:
		a = f->ctx;
		break;
	default:
		return false;
	}
	a += (uint64_t)e->off[0];
	for (uint8_t i = 1; i < e->n; i++) {
		if (a < 4096 || !f->word(f, a, &a))
			return false;
		a += (uint64_t)e->off[i];
	}
	*v = a;
	return true;
}

/* --- memory of a state --- */

static bool on_stack(const struct expr *a)
{
	return a->base == EXPR_SP && a->n == 1;
}

static void slots_forget(struct state *s, int64_t at, int64_t len)
{
	for (uint8_t i = 0; i < s->n_slot;)
		if (s->slot[i].at < at + len && s->slot[i].at + 8 > at)
			s->slot[i] = s->slot[--s->n_slot];
		else
			i++;
}

static void slot_add(struct state *s, int64_t at, const struct expr *value)
{
	if (s->n_slot < SLOTS)
		s->slot[s->n_slot++] = (struct slot){ at, *value };
	else
		s->full = true;
}

static void store(struct state *s, const struct expr *addr, const struct expr *value, int64_t len)
{
	if (!on_stack(addr))
		return;
	slots_forget(s, addr->off[0], len);
	if (len == 8) {
		slot_add(s, addr->off[0], value);
		return;
	}
	/* What is not known is kept as well: what lay there is gone. */
	for (int64_t at = addr->off[0] & ~(int64_t)7; at < addr->off[0] + len; at += 8)
		slot_add(s, at, &unknown);
}

static struct expr load(const struct state *s, const struct expr *addr)
{
	struct expr e = *addr;

	if (on_stack(addr)) {
		for (uint8_t i = 0; i < s->n_slot; i++)
			if (s->slot[i].at == addr->off[0])
				return s->slot[i].value;
		if (addr->off[0] < 0 || s->full) /* below the frame nothing is left of before */
			return unknown;
	}
	if (!e.base || e.n == EXPR_OFFSETS)
		return unknown;
	e.off[e.n++] = 0;
	return e;
}

static struct expr address(const struct state *s, const struct insn *in)
{
	if (in->indexed || in->fs)
		return unknown;
	if (in->has_ref)
		return expr_of(EXPR_ABS, (int64_t)in->ref);
	if (in->base == 0xff)
		return unknown;
	if (in->base == RSP)
		return expr_of(EXPR_SP, s->sp + in->disp);
	return expr_add(s->reg[in->base], in->disp);
}

static bool is_memory(const struct insn *in)
{
	return in->base != 0xff || in->has_ref;
}

/* --- what is found --- */

static void found(struct explorer *e, const struct state *s, enum prospect_op op,
		  const struct expr *addr, const struct expr *fn, unsigned depth, unsigned nth)
{
	struct prospects *p = e->out;

	if (!addr->base || e->goal)
		return;
	for (uint32_t i = 0; i < p->n; i++)
		if (p->v[i].op == op && expr_same(&p->v[i].addr, addr) && p->v[i].nth == nth &&
		    (!fn || expr_same(&p->v[i].fn, fn)))
			return;
	if (p->n == FOUND) {
		p->cut = true;
		return;
	}
	if (!p->v)
		p->v = xcalloc(FOUND, sizeof(*p->v));
	p->v[p->n++] = (struct prospect){ .addr = *addr,
					  .fn = fn ? *fn : unknown,
					  .pc = s->pc,
					  .op = (uint8_t)op,
					  .nth = (uint8_t)nth,
					  .depth = (uint8_t)depth,
					  .sure = s->sure };
}

static struct passed *path_of(struct state *s, enum prospect_op op, const struct expr *addr)
{
	for (uint8_t i = 0; i < s->n_path; i++)
		if (s->path[i].op == op && expr_same(&s->path[i].addr, addr))
			return &s->path[i];
	if (s->n_path == PATH || !addr->base)
		return NULL;
	s->path[s->n_path] = (struct passed){ .addr = *addr, .op = (uint8_t)op };
	return &s->path[s->n_path++];
}

/* What lock a release releases. */
static enum prospect_op lock_of(enum prospect_op op)
{
	return op == PROS_UNLOCK      ? PROS_LOCK
	       : op == PROS_RW_UNLOCK ? PROS_RW_LOCK
	       : op == PROS_RUNLOCK   ? PROS_RLOCK
				      : PROS_NONE;
}

static void does(struct explorer *e, struct state *s, enum prospect_op op, const struct expr *addr,
		 unsigned depth)
{
	struct passed *p;

	if (op == PROS_ADD) {
		const struct expr *n = &s->reg[RBX];

		if (n->base == EXPR_ABS && n->n == 1 && n->off[0] < 0)
			op = PROS_DONE;
	}
	if (op == PROS_LOCK || op == PROS_RW_LOCK || op == PROS_RLOCK) {
		p = path_of(s, op, addr);
		if (p && p->n < INT8_MAX)
			p->n++;
		return; /* what will be locked is not held */
	}
	if (lock_of(op)) {
		p = path_of(s, lock_of(op), addr);
		if (p && p->n-- > 0)
			return;
		found(e, s, op, addr, NULL, depth, p ? (unsigned)(-p->n - 1) : 0);
		if (p && p->n < -8)
			p->n = -8;
		return;
	}
	found(e, s, op, addr, NULL, depth, 0);
}

/* runtime/select.go:selectgo(cas0, order0, pc0, nsends, nrecvs, block): first those that send. */
static void selects(struct explorer *e, struct state *s, unsigned depth)
{
	const struct expr *cas = &s->reg[RAX], *ns = &s->reg[RDI], *nr = &s->reg[RSI];
	int64_t sends, recvs;

	if (!on_stack(cas) || ns->base != EXPR_ABS || ns->n != 1 || nr->base != EXPR_ABS ||
	    nr->n != 1)
		return;
	sends = ns->off[0];
	recvs = nr->off[0];
	if (sends < 0 || recvs < 0 || sends > CASES || recvs > CASES)
		return;
	for (int64_t i = 0; i < sends + recvs; i++) {
		struct expr at = expr_add(*cas, i * 16), chan = load(s, &at);

		found(e, s, i < sends ? PROS_SEND : PROS_RECV, &chan, NULL, depth, 0);
	}
}

/* --- code --- */

static const struct code *code_of(struct explorer *e, uint64_t pc)
{
	struct symfunc fn;
	struct code c;
	uint32_t at;

	if (!symtab_func(e->t->sym, pc, &fn))
		return NULL;
	at = map64_get(&e->by_entry, fn.entry);
	if (at != UINT32_MAX)
		return &e->code.v[at];
	if (fn.end - fn.entry > CODE_MOST)
		return NULL;
	c = (struct code){ .entry = fn.entry,
			   .end = fn.end,
			   .text = xmalloc(fn.end - fn.entry + 1) };
	if (memr_read(e->t->mem, c.entry, c.text, c.end - c.entry)) {
		free(c.text);
		return NULL;
	}
	map64_put(&e->by_entry, fn.entry, (uint32_t)e->code.n);
	*vec_push(&e->code) = c;
	return &e->code.v[e->code.n - 1];
}

static void follow(struct explorer *e, const struct state *from, unsigned depth, uint64_t salt);

static void clobber(struct state *s)
{
	for (unsigned i = 0; i < REGS; i++)
		if (i != RSP)
			s->reg[i] = unknown;
}

static void callee_follow(struct explorer *e, const struct state *s, uint64_t target,
			  unsigned depth)
{
	struct state *in;
	unsigned before = e->steps;

	if (depth >= DEPTH || e->goal)
		return;
	in = xmalloc(sizeof(*in));
	*in = *s;
	in->pc = target;
	in->sp -= 8;
	if (e->steps > STEPS_CALLEE)
		e->steps = STEPS_CALLEE;
	before -= e->steps;
	follow(e, in, depth + 1, hash_u64(s->pc));
	e->steps += before;
	free(in);
}

static bool is_library(const char *func)
{
	return !strncmp(func, "runtime.", 8) || !strncmp(func, "sync.", 5) ||
	       !strncmp(func, "internal/", 9) || !strncmp(func, "fmt.", 4) ||
	       !strncmp(func, "reflect.", 8) || !strncmp(func, "syscall.", 8) ||
	       !strncmp(func, "time.", 5) || !strncmp(func, "os.", 3) ||
	       !strncmp(func, "log.", 4) || !strncmp(func, "strconv.", 8);
}

/* False: it does not come back. */
static bool calls(struct explorer *e, struct state *s, uint64_t target, unsigned depth)
{
	struct symfunc fn;
	enum prospect_op op;

	if (!symtab_func(e->t->sym, target, &fn) || fn.entry != target) {
		clobber(s);
		return true;
	}
	if (among(fn.name, no_return, ARRAY_SIZE(no_return)))
		return false;
	if (among(fn.name, keeps_registers, ARRAY_SIZE(keeps_registers)))
		return true;
	op = prospect_of(fn.name);
	if (op)
		does(e, s, op, &s->reg[RAX], depth);
	else if (!strcmp(fn.name, "runtime.selectgo"))
		selects(e, s, depth);
	else if (!is_library(fn.name))
		callee_follow(e, s, target, depth);
	clobber(s);
	return true;
}

/* Through a register or memory: where to may be known, else what is called is kept. */
static bool calls_value(struct explorer *e, struct state *s, const struct expr *to, unsigned depth)
{
	struct expr fn = load(s, &s->reg[RDX]);
	uint64_t v;

	if (to->base == EXPR_ABS && to->n == 1)
		return calls(e, s, (uint64_t)to->off[0], depth);
	if (to->base == EXPR_ABS && to->n == 2 && !to->off[1] &&
	    !memr_read_u64(e->t->mem, (uint64_t)to->off[0], &v) && s->reg[RDX].base == EXPR_ABS)
		return calls(e, s, v, depth);
	if (expr_same(to, &fn))
		found(e, s, PROS_CALL, &s->reg[RDX], NULL, depth, 0);
	else if (to->base)
		found(e, s, PROS_METHOD, &s->reg[RAX], to, depth, 0);
	clobber(s);
	return true;
}

/* --- instructions --- */

/* The slow ways of what is inlined: who calls them, did the fast way's instruction before. */
static const struct {
	const char *func;
	uint8_t op;
} slow[] = {
	{ "sync.(*Mutex).lockSlow", PROS_LOCK },
	{ "internal/sync.(*Mutex).lockSlow", PROS_LOCK },
	{ "sync.(*Mutex).unlockSlow", PROS_UNLOCK },
	{ "internal/sync.(*Mutex).unlockSlow", PROS_UNLOCK },
	{ "sync.(*RWMutex).rUnlockSlow", PROS_RUNLOCK },
	{ "sync.runtime_SemacquireRWMutexR", PROS_RLOCK },
	{ "sync.runtime_SemacquireMutex", PROS_RLOCK }, /* up to 1.19 */
};

enum { SLOW_NEAR = 12, SLOW_FAR = 8 }; /* instructions until the call */

static enum prospect_op slow_of(struct explorer *e, uint64_t target)
{
	struct symfunc fn;

	if (!symtab_func(e->t->sym, target, &fn) || fn.entry != target)
		return PROS_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
		if (!strcmp(fn.name, slow[i].func))
			return (enum prospect_op)slow[i].op;
	return PROS_NONE;
}

/* What slow way is called soon after pc, if any; branches are gone one level deep. */
static enum prospect_op slow_after(struct explorer *e, const struct code *c, uint64_t pc, int most)
{
	enum prospect_op op = PROS_NONE;

	for (int i = 0; i < most && pc >= c->entry && pc < c->end && !op; i++) {
		struct insn in;

		if (!insn_decode_amd64(c->text + (pc - c->entry), c->end - pc, pc, &in))
			break;
		if (in.kind == INSN_CALL)
			return slow_of(e, in.target);
		if (in.kind == INSN_JCC && most == SLOW_NEAR)
			op = slow_after(e, c, in.target, SLOW_FAR);
		if (in.kind == INSN_RET || in.kind == INSN_JMP_IND || (in.locked && i))
			break;
		pc = in.kind == INSN_JMP ? in.target : pc + in.len;
	}
	return op;
}

/* An inlined lock or unlock is one locked instruction on its state word. */
static void atomics(struct explorer *e, const struct code *c, struct state *s,
		    const struct insn *in, unsigned depth)
{
	const struct golayout *lay = &e->t->lay;
	bool xadd = in->map == 1 && in->op == 0xc1, cmpxchg = in->map == 1 && in->op == 0xb1;
	struct expr addr = address(s, in);
	enum prospect_op op = PROS_NONE;

	if (xadd || cmpxchg)
		op = slow_after(e, c, s->pc, SLOW_NEAR);
	if ((op == PROS_LOCK && cmpxchg) || (op == PROS_UNLOCK && xadd))
		addr = expr_add(addr, -(int64_t)lay->sync_Mutex.state);
	else if ((op == PROS_RLOCK || op == PROS_RUNLOCK) && xadd)
		addr = expr_add(addr, -(int64_t)lay->sync_RWMutex.readerCount);
	else
		return;
	does(e, s, op, &addr, depth);
}

static void writes_reg(struct state *s, uint8_t reg, struct expr v)
{
	if (reg < REGS && reg != RSP)
		s->reg[reg] = v;
}

/* What a move from register to register takes over; of 32 bits only what is a small constant. */
static struct expr copied(const struct state *s, uint8_t reg, bool wide)
{
	struct expr e = reg == RSP ? expr_of(EXPR_SP, s->sp) : s->reg[reg & 15];

	if (!wide && (e.base != EXPR_ABS || e.n != 1 || e.off[0] < 0 || e.off[0] > INT32_MAX))
		return unknown;
	return e;
}

/* mov, lea, and arithmetic with constants; false: it is none of those. */
static bool moves(struct state *s, const struct insn *in)
{
	struct expr addr = address(s, in);

	if (in->map != 0)
		return false;
	switch (in->op) {
	case 0x8b:
		if (is_memory(in))
			writes_reg(s, in->reg, in->wide ? load(s, &addr) : unknown);
		else
			writes_reg(s, in->reg, copied(s, in->rm, in->wide));
		return true;
	case 0x89:
		if (is_memory(in))
			store(s, &addr, in->wide ? &s->reg[in->reg & 15] : &unknown,
			      in->wide ? 8 : 4);
		else
			writes_reg(s, in->rm, copied(s, in->reg, in->wide));
		return true;
	case 0x88:
		store(s, &addr, &unknown, 1);
		if (!is_memory(in))
			writes_reg(s, in->rm, unknown);
		return true;
	case 0x8d:
		writes_reg(s, in->reg, in->wide ? addr : unknown);
		return true;
	case 0xc7: {
		struct expr k = expr_of(EXPR_ABS, in->wide ? in->imm : (int64_t)(uint32_t)in->imm);

		if (is_memory(in))
			store(s, &addr, in->wide ? &k : &unknown, in->wide ? 8 : 4);
		else
			writes_reg(s, in->rm, k);
		return true;
	}
	case 0x31:
	case 0x33:
		if (in->rm == in->reg && !is_memory(in)) {
			writes_reg(s, in->reg, expr_of(EXPR_ABS, 0));
			return true;
		}
		return false;
	case 0x81:
	case 0x83: {
		unsigned sub = in->reg & 7;
		int64_t k = sub == 5 ? -in->imm : in->imm;

		if (sub == 7) /* cmp */
			return true;
		if (is_memory(in) || (sub != 0 && sub != 5) || !in->wide)
			return false;
		if (in->rm == RSP) /* imm says by how much it is lowered, for both */
			s->sp -= in->imm;
		else
			writes_reg(s, in->rm, expr_add(s->reg[in->rm & 15], k));
		return true;
	}
	}
	return false;
}

/* Everything else: what it may write is not known any more. */
static void forgets(struct state *s, const struct insn *in)
{
	struct expr addr = address(s, in);

	if (in->kind == INSN_CMP || in->kind == INSN_NOP)
		return;
	if (in->map == 0 && in->op >= 0xb8 && in->op <= 0xbf)
		return;
	if (in->kind == INSN_STORE && is_memory(in)) {
		store(s, &addr, &unknown, in->mem_size ? in->mem_size : VECTOR);
		if (in->map == 0 && (in->op & 0xfe) != 0x86)
			return;
	}
	if (in->map <= 1) {
		/* vector registers are no registers of ours */
		bool vector =
			in->map == 1 && ((in->op >= 0x10 && in->op <= 0x17) || in->op == 0x28 ||
					 in->op == 0x29 || in->op == 0x6f || in->op == 0x7f ||
					 in->op == 0xd6 || in->op == 0x57 || in->op == 0xef);

		if (vector)
			return;
		writes_reg(s, in->reg, unknown);
		writes_reg(s, in->rm, unknown);
	}
	if (in->map == 1 && (in->op & 0xfe) == 0xb0)
		writes_reg(s, RAX, unknown);
	if (in->map == 0 && (in->op == 0xf6 || in->op == 0xf7 || in->op == 0x99)) {
		writes_reg(s, RAX, unknown);
		writes_reg(s, RDX, unknown);
	}
	if (in->map == 0 &&
	    (in->op == 0xa5 || in->op == 0xab || in->op == 0xa4 || in->op == 0xaa)) {
		writes_reg(s, RSI, unknown);
		writes_reg(s, RDI, unknown);
		writes_reg(s, RCX, unknown);
		s->n_slot = 0;
	}
}

static void pushes(struct state *s, const struct insn *in)
{
	struct expr at;

	if (in->kind == INSN_PUSH) {
		s->sp -= 8;
		at = expr_of(EXPR_SP, s->sp);
		store(s, &at, &s->reg[in->reg & 15], 8);
	} else {
		at = expr_of(EXPR_SP, s->sp);
		writes_reg(s, in->reg, load(s, &at));
		s->sp += 8;
	}
}

/* mov $imm,%reg: b8 + register, which has no ModRM. */
static void constant(struct state *s, const struct insn *in, const uint8_t *p)
{
	uint8_t rex = (p[0] & 0xf0) == 0x40 ? p[0] : 0;
	uint8_t reg = (uint8_t)((in->op & 7) | (rex & 1) << 3);

	writes_reg(s, reg, expr_of(EXPR_ABS, in->wide ? in->imm : (int64_t)(uint32_t)in->imm));
}

enum next { NEXT_ON, NEXT_END };

static void fork_add(struct explorer *e, const struct state *s, uint64_t pc, unsigned depth)
{
	struct state *f;

	if (e->n_fork[depth] == FORKS) {
		e->out->cut = true;
		return;
	}
	f = &e->fork[depth * FORKS + e->n_fork[depth]++];
	*f = *s;
	f->pc = pc;
}

static enum next step(struct explorer *e, const struct code *c, struct state *s,
		      const struct insn *in, unsigned depth)
{
	uint64_t next = s->pc + in->len;
	const uint8_t *p = c->text + (s->pc - c->entry);
	struct expr to;

	if (in->locked)
		atomics(e, c, s, in, depth);
	switch (in->kind) {
	case INSN_CALL:
		if (!calls(e, s, in->target, depth))
			return NEXT_END;
		break;
	case INSN_CALL_IND:
		to = is_memory(in) ? address(s, in) : in->rm < REGS ? s->reg[in->rm] : unknown;
		to = is_memory(in) ? load(s, &to) : to;
		if (!calls_value(e, s, &to, depth))
			return NEXT_END;
		break;
	case INSN_JMP:
		if (in->target < c->entry || in->target >= c->end) {
			calls(e, s, in->target, depth);
			return NEXT_END;
		}
		next = in->target;
		break;
	case INSN_JCC:
		if (s->pc - c->entry > PROLOGUE)
			s->sure = false;
		if (in->target >= c->entry && in->target < c->end)
			fork_add(e, s, in->target, depth);
		break;
	case INSN_JMP_IND:
	case INSN_RET:
	case INSN_TRAP:
		return NEXT_END;
	case INSN_PUSH:
	case INSN_POP:
		pushes(s, in);
		break;
	default:
		if (in->map == 0 && in->op >= 0xb8 && in->op <= 0xbf)
			constant(s, in, p);
		else if (!moves(s, in))
			forgets(s, in);
	}
	s->pc = next;
	return NEXT_ON;
}

/* One path, until it ends or comes where another one was. */
static void path_follow(struct explorer *e, const struct code *c, struct state *s, unsigned depth,
			uint64_t salt)
{
	while (s->pc >= c->entry && s->pc < c->end) {
		struct insn in;

		if (e->goal && depth == 0 && s->pc == e->goal) {
			e->reached = true;
			e->at_goal = *s;
			return;
		}
		if (!e->steps) {
			e->out->cut = true;
			return;
		}
		e->steps--;
		if (map64_get(&e->seen, s->pc ^ salt) != UINT32_MAX)
			return;
		map64_put(&e->seen, s->pc ^ salt, 1);
		if (!insn_decode_amd64(c->text + (s->pc - c->entry), c->end - s->pc, s->pc, &in) ||
		    step(e, c, s, &in, depth) == NEXT_END)
			return;
	}
}

/* salt: callees are followed anew for each place that calls them. */
static void follow(struct explorer *e, const struct state *from, unsigned depth, uint64_t salt)
{
	const struct code *known_code = code_of(e, from->pc);
	struct code c;
	struct state *s;

	if (!known_code)
		return;
	c = *known_code; /* it moves when others are read */
	s = xmalloc(sizeof(*s));
	*s = *from;
	e->n_fork[depth] = 0;
	do {
		path_follow(e, &c, s, depth, salt);
		if (e->reached || !e->n_fork[depth])
			break;
		*s = e->fork[depth * FORKS + --e->n_fork[depth]];
	} while (true);
	free(s);
}

static void entry_state(struct explorer *e, struct state *s)
{
	static const uint8_t args[] = { RAX, RBX, RCX, RDI, RSI, 8, 9, 10, 11 };

	(void)e;
	for (unsigned i = 0; i < ARRAY_SIZE(args); i++) {
		s->reg[args[i]] = expr_of(EXPR_ARG, 0);
		s->reg[args[i]].arg = (uint8_t)i;
	}
	s->reg[RDX] = expr_of(EXPR_CTX, 0);
}

static void run(struct explorer *e, struct state *s, struct prospects *out)
{
	memset(out, 0, sizeof(*out));
	e->out = out;
	e->steps = STEPS;
	e->reached = false;
	map64_clear(&e->seen);
	if (e->t->lay.arch == GOARCH_AMD64)
		follow(e, s, 0, 0);
}

void explorer_ahead(struct explorer *e, uint64_t pc, struct prospects *out)
{
	struct state *s = xcalloc(1, sizeof(*s));
	struct symfunc fn;

	s->pc = pc;
	s->sure = true;
	if (symtab_func(e->t->sym, pc, &fn) && fn.entry == pc)
		entry_state(e, s);
	e->goal = 0;
	run(e, s, out);
	free(s);
}

/* An expression of the entry's as one of the frame at the goal: by a word that holds its begin. */
static bool rebase(const struct state *s, struct expr *e)
{
	if (e->base == EXPR_ABS)
		return true;
	if (e->base == EXPR_SP) {
		e->off[0] -= s->sp;
		return true;
	}
	for (uint8_t i = 0; i < s->n_slot; i++) {
		const struct slot *w = &s->slot[i];
		struct expr v = w->value, out;

		/* the word's value is e up to where v ends */
		if (v.base != e->base || v.arg != e->arg || v.n > e->n || w->at < s->sp ||
		    memcmp(v.off, e->off, (v.n - 1u) * sizeof(*v.off)) != 0)
			continue;
		if (e->n - v.n + 2 > EXPR_OFFSETS)
			continue;
		out = expr_of(EXPR_SP, w->at - s->sp);
		out.off[out.n++] = (int64_t)((uint64_t)e->off[v.n - 1] - (uint64_t)v.off[v.n - 1]);
		for (uint8_t k = v.n; k < e->n; k++)
			out.off[out.n++] = e->off[k];
		*e = out;
		return true;
	}
	return false;
}

void explorer_held(struct explorer *e, uint64_t pc, struct prospects *out)
{
	struct state *s = xcalloc(1, sizeof(*s));
	struct symfunc fn;

	memset(out, 0, sizeof(*out));
	if (!symtab_func(e->t->sym, pc, &fn) || fn.entry == pc) {
		free(s);
		return;
	}
	s->pc = fn.entry;
	entry_state(e, s);
	e->goal = pc;
	run(e, s, out);
	e->goal = 0;
	for (uint8_t i = 0; e->reached && i < e->at_goal.n_path; i++) {
		struct passed *p = &e->at_goal.path[i];

		if (p->n <= 0 || !rebase(&e->at_goal, &p->addr))
			continue;
		found(e, &e->at_goal, (enum prospect_op)p->op, &p->addr, NULL, 0,
		      (unsigned)p->n - 1);
	}
	free(s);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * While a goroutine is learnt, what its frames will do is kept as claims on
 * addresses: pending defers, locks taken and not released, what the code after
 * each frame's pc releases, sends to and closes; and the words that are live in
 * its frames.
 */
#include <stdlib.h>
#include <string.h>

#include "target/objects_priv.h"

enum {
	CLAIMS = 128, /* of one goroutine */
	WORDS = 1024,
	DEFERS = 64, /* records followed */
	DEEP = 2, /* func values called by func values */
	OBJECT_WORDS = 1 << 12, /* of a stack object */
};

/* One goroutine while it is learnt. */
struct learner {
	struct objects *o;
	struct gseen *g;
	struct gstack *s;
	size_t frame; /* at which it is */
	bool deferred;
	bool lib; /* the frame is the runtime's or the like */
	struct claim claim[CLAIMS];
	size_t n_claim;
	struct gword word[WORDS];
	size_t n_word;
};

void holds_forget(struct gseen *g)
{
	free(g->claim);
	free(g->word);
	g->claim = NULL;
	g->word = NULL;
	g->n_claim = g->n_word = 0;
}

/* --- words of memory --- */

static bool word_read(const struct expr_frame *f, uint64_t addr, uint64_t *v)
{
	struct learner *l = f->arg;
	const struct unwind_mem *m = &l->s->mem;

	if (addr & 7)
		return false;
	if (addr >= m->addr && m->len >= 8 && addr - m->addr <= m->len - 8) {
		memcpy(v, m->data + (addr - m->addr), 8);
		return true;
	}
	return !memr_read_u64(l->o->t->mem, addr, v);
}

static bool peek(struct learner *l, uint64_t addr, uint64_t *v)
{
	const struct expr_frame f = { .arg = l };

	return addr >= 4096 && word_read(&f, addr, v);
}

/* --- claims --- */

static const char *frame_func(const struct learner *l)
{
	const struct frameinfo *i = l->s->info[l->frame];

	return i ? i->func : "?";
}

static const struct {
	uint8_t hold; /* enum hold_op */
	uint8_t lock; /* enum claim_lock */
	const char *does, *deferred;
} ops[PROS_N] = {
	[PROS_LOCK] = { HOLD_LOCK, CLAIM_MUTEX, "locked in", NULL },
	[PROS_RW_LOCK] = { HOLD_LOCK, CLAIM_RWMUTEX, "locked in", NULL },
	[PROS_RLOCK] = { HOLD_RLOCK, CLAIM_RWMUTEX, "read-locked in", NULL },
	[PROS_UNLOCK] = { HOLD_LOCK, CLAIM_MUTEX, "Unlock ahead in", "deferred Unlock in" },
	[PROS_RW_UNLOCK] = { HOLD_LOCK, CLAIM_RWMUTEX, "Unlock ahead in", "deferred Unlock in" },
	[PROS_RUNLOCK] = { HOLD_RLOCK, CLAIM_RWMUTEX, "RUnlock ahead in", "deferred RUnlock in" },
	[PROS_SEND] = { HOLD_SEND, CLAIM_CHAN, "send ahead in", "deferred send in" },
	[PROS_RECV] = { HOLD_RECV, CLAIM_CHAN, "receive ahead in", "deferred receive in" },
	[PROS_CLOSE] = { HOLD_CLOSE, CLAIM_CHAN, "close ahead in", "deferred close in" },
	[PROS_DONE] = { HOLD_DONE, CLAIM_WAITGROUP, "Done ahead in", "deferred Done in" },
	[PROS_SIGNAL] = { HOLD_SIGNAL, CLAIM_COND, "Signal ahead in", "deferred Signal in" },
};

static const char *const between[] = {
	[HOLD_LOCK] = "between Lock and Unlock of",
	[HOLD_RLOCK] = "between RLock and RUnlock of",
};

static void claim_put(struct learner *l, const struct claim *c)
{
	for (size_t i = 0; i < l->n_claim; i++) {
		struct claim *old = &l->claim[i];

		if (old->addr != c->addr || old->op != c->op || old->lock != c->lock ||
		    old->frame != c->frame || old->nth != c->nth)
			continue;
		/* Taken before and released after: that is more than each alone. */
		if (old->taken != c->taken && c->op <= HOLD_RLOCK && !old->seen && !c->seen) {
			old->taken = true;
			old->by = objects_str(l->o, "%s %s", between[c->op], frame_func(l));
		} else if (c->seen && !old->seen) {
			*old = *c;
		}
		return;
	}
	if (l->n_claim < CLAIMS)
		l->claim[l->n_claim++] = *c;
}

static void claim_op(struct learner *l, enum prospect_op op, uint64_t addr, unsigned nth, bool sure)
{
	const char *how = l->deferred ? ops[op].deferred : ops[op].does;

	if (!how || addr < 4096)
		return;
	claim_put(l, &(struct claim){
			     .addr = addr,
			     .op = ops[op].hold,
			     .lock = ops[op].lock,
			     .frame = (uint16_t)l->frame,
			     .nth = (uint8_t)nth,
			     .seen = l->deferred && sure,
			     .taken = op == PROS_LOCK || op == PROS_RW_LOCK || op == PROS_RLOCK,
			     .deferred = l->deferred,
			     .by = objects_str(l->o, "%s %s", how, frame_func(l)),
		     });
}

static bool is_cancel(const char *func)
{
	return !strncmp(func, "context.With", 12) || !strncmp(func, "context.with", 12);
}

/* context.go: what WithCancel and its kin return captures the context. */
static void claim_cancel(struct learner *l, uint64_t fn)
{
	uint64_t ctx;

	if (!peek(l, fn + 8, &ctx) || ctx < 4096)
		return;
	claim_put(l, &(struct claim){
			     .addr = ctx,
			     .op = HOLD_CANCEL,
			     .lock = CLAIM_CONTEXT,
			     .frame = (uint16_t)l->frame,
			     .seen = l->deferred,
			     .deferred = l->deferred,
			     .by = objects_str(l->o, "%s %s",
					       l->deferred ? "deferred cancel in" : "cancel in",
					       frame_func(l)),
		     });
}

static void prospects_claim(struct learner *l, const struct prospects *p,
			    const struct expr_frame *f, bool whole, unsigned depth);

/* A func value that is called, or pending in a defer. */
static void funcval_claim(struct learner *l, uint64_t value, bool sure, unsigned depth)
{
	struct expr_frame f = { .ctx = value, .word = word_read, .arg = l };
	struct frameinfo *i;
	uint64_t entry;

	if (depth > DEEP || !peek(l, value, &entry))
		return;
	i = frameinfo_get(&l->o->frames, unwind_pc_make(entry, true));
	if (!i || i->entry != entry)
		return;
	if (is_cancel(i->func)) {
		claim_cancel(l, value);
		return;
	}
	frameinfo_explore(&l->o->frames, i, unwind_pc_make(entry, true));
	/* What the compiler made to defer a method does that and no more. */
	prospects_claim(l, &i->ahead, &f, sure && i->id == GOFUNC_WRAPPER, depth + 1);
}

static void method_claim(struct learner *l, const struct prospect *p, const struct expr_frame *f,
			 uint64_t recv)
{
	struct symfunc fn;
	uint64_t entry;

	if (!expr_value(&p->fn, f, &entry) || !symtab_func(l->o->t->sym, entry, &fn) ||
	    fn.entry != entry)
		return;
	claim_op(l, prospect_of(fn.name), recv, p->nth, p->sure);
}

static void prospects_claim(struct learner *l, const struct prospects *p,
			    const struct expr_frame *f, bool whole, unsigned depth)
{
	for (uint32_t i = 0; i < p->n; i++) {
		const struct prospect *x = &p->v[i];
		uint64_t v;

		if (!expr_value(&x->addr, f, &v))
			continue;
		if (x->op == PROS_CALL)
			funcval_claim(l, v, x->sure, depth + 1);
		else if (x->op == PROS_METHOD)
			method_claim(l, x, f, v);
		else
			claim_op(l, (enum prospect_op)x->op, v, x->nth, x->sure || whole);
	}
}

static void word_add(struct learner *l, uint64_t v)
{
	if (v < 4096 || v >> 47 || (v >= l->s->mem.addr && v < l->s->mem.hi) ||
	    gomodules_find(&l->o->t->mods, v))
		return;
	for (size_t i = 0; i < l->n_word; i++) {
		if (l->word[i].value != v)
			continue;
		if (l->word[i].lib && !l->lib) {
			l->word[i].lib = false;
			l->word[i].frame = (uint16_t)l->frame;
		}
		return;
	}
	if (l->n_word < WORDS)
		l->word[l->n_word++] = (struct gword){ v, (uint16_t)l->frame, l->lib };
	else
		l->g->cut = true;
}

/* --- defers --- */

static void open_defers(struct learner *l)
{
	const struct frameinfo *i = l->s->info[l->frame];
	uint64_t varp = frame_varp(l->o->t->lay.arch, l->s->sp[l->frame + 1]);
	uint64_t at = varp - i->defers.bits_off, bits, fn;

	bits = gstack_word(l->s, at & ~7ull) >> (at & 7) * 8 & 0xff;
	for (uint32_t k = 0; k < i->defers.n; k++) {
		if (!(bits >> k & 1))
			continue;
		fn = gstack_word(l->s, varp - i->defers.slot_off[k]);
		if (fn)
			funcval_claim(l, fn, true, 0);
	}
}

/* The frame whose stack pointer a record has; the innermost one where there is none. */
static size_t frame_of(const struct learner *l, uint64_t sp)
{
	for (size_t i = 0; i < l->s->n; i++)
		if (l->s->sp[i] == sp)
			return i;
	return 0;
}

static void defer_chain(struct learner *l, uint64_t at, unsigned depth)
{
	const struct golayout *lay = &l->o->t->lay;

	for (unsigned n = 0; at && n < DEFERS; n++) {
		uint64_t sp, fn, link, flag = 0, head;

		if (!peek(l, at + (uint64_t)lay->defer.sp, &sp) ||
		    !peek(l, at + (uint64_t)lay->defer.fn, &fn) ||
		    !peek(l, at + (uint64_t)lay->defer.link, &link))
			return;
		l->frame = frame_of(l, sp);
		word_add(l, fn);
		/* from 1.22 on: those of a loop body over a function hang on one record */
		if (lay->defer.rangefunc >= 0 &&
		    peek(l, (at + (uint64_t)lay->defer.rangefunc) & ~7ull, &flag) &&
		    (flag >> (((uint64_t)lay->defer.rangefunc & 7) * 8) & 0xff) == 1 && !depth &&
		    peek(l, at + (uint64_t)lay->defer.head, &head) && peek(l, head, &head))
			defer_chain(l, head, depth + 1);
		else if (fn)
			funcval_claim(l, fn, true, 0);
		at = link;
	}
}

/* --- live words --- */

/* A pointer into the own stack leads to a variable there, whose words then live as well. */
static void stack_object(struct learner *l, uint64_t v)
{
	enum goarch arch = l->o->t->lay.arch;

	for (size_t i = 0; i < l->s->n; i++) {
		const struct frameinfo *info = l->s->info[i];
		uint64_t end = l->s->sp[i + 1];

		for (uint16_t k = 0; info && k < info->n_object; k++) {
			const struct frame_object *ob = &info->object[k];
			uint64_t at =
				(ob->off < 0 ? frame_varp(arch, end) : frame_argp(arch, end)) +
				(uint64_t)(int64_t)ob->off;

			if (v < at || v >= at + (uint64_t)ob->size)
				continue;
			for (int32_t b = 0; b + 8 <= ob->size && b < OBJECT_WORDS; b += 8)
				word_add(l, gstack_word(l->s, at + (uint64_t)b));
			return;
		}
	}
}

/* Stopped anywhere, by a signal: its registers lie in the frame of asyncPreempt, and all words may live. */
static bool preempted(const struct learner *l)
{
	const struct frameinfo *i = l->s->info[l->frame];
	const struct frameinfo *below = l->frame ? l->s->info[l->frame - 1] : NULL;

	return i->id == GOFUNC_ASYNC_PREEMPT || (below && below->id == GOFUNC_ASYNC_PREEMPT);
}

static void live_words(struct learner *l)
{
	const struct frameinfo *i = l->s->info[l->frame];
	uint64_t end = l->s->sp[l->frame + 1], v;

	if (i->flags & FRAMEI_NO_MAP || preempted(l)) {
		for (uint64_t a = l->s->sp[l->frame]; a + 8 <= end; a += 8)
			word_add(l, gstack_word(l->s, a));
		return;
	}
	for (uint16_t k = 0; k < i->n_live; k++) {
		v = gstack_word(l->s, end + (uint64_t)(int64_t)i->live[k]);
		if (v >= l->s->mem.addr && v < l->s->mem.hi)
			stack_object(l, v);
		else
			word_add(l, v);
	}
}

/* A stack whose frames are not all known: any word further out may be live. */
static void words_beyond(struct learner *l)
{
	const struct unwind_mem *m = &l->s->mem;
	uint64_t from = l->s->n ? l->s->sp[l->s->n - 1] : m->addr;

	l->frame = l->s->n ? l->s->n - 1 : 0;
	for (uint64_t a = from; a + 8 <= m->addr + m->len; a += 8)
		word_add(l, gstack_word(l->s, a));
	l->g->cut |= m->addr + m->len < m->hi;
}

static void code_claims(struct learner *l)
{
	struct frameinfo *i = l->s->info[l->frame];
	struct expr_frame f = { .sp = l->s->sp[l->frame], .word = word_read, .arg = l };

	frameinfo_explore(&l->o->frames, i, l->s->pc[l->frame]);
	prospects_claim(l, &i->held, &f, false, 0);
	prospects_claim(l, &i->ahead, &f, false, 0);
}

static void keep(struct learner *l)
{
	struct gseen *g = l->g;

	g->n_claim = (uint16_t)l->n_claim;
	g->n_word = (uint16_t)l->n_word;
	if (l->n_claim) {
		g->claim = xcalloc(l->n_claim, sizeof(*g->claim));
		memcpy(g->claim, l->claim, l->n_claim * sizeof(*g->claim));
	}
	if (l->n_word) {
		g->word = xcalloc(l->n_word, sizeof(*g->word));
		memcpy(g->word, l->word, l->n_word * sizeof(*g->word));
	}
}

/* What the runtime's own frames hold while it waits is what it waits for. */
static bool is_parking(const struct gseen *g, const struct frameinfo *i)
{
	return g->wait && !strncmp(i->func, "runtime.", 8);
}

void holds_learn(struct objects *o, struct gseen *g, struct gstack *s, uint64_t defers,
		 uint64_t ctxt)
{
	struct learner *l = o->learner;
	bool user = false;

	l->o = o;
	l->g = g;
	l->s = s;
	l->n_claim = l->n_word = 0;
	g->own_frame = UINT16_MAX;
	for (l->frame = 0; l->frame < s->n && l->frame + 1 <= GFRAMES; l->frame++) {
		const struct frameinfo *i = s->info[l->frame];

		if (!i)
			continue;
		l->deferred = true;
		if (i->flags & FRAMEI_DEFERS)
			open_defers(l);
		l->deferred = false;
		l->lib = i->flags & FRAMEI_RUNTIME;
		if (!l->lib || !is_parking(g, i))
			live_words(l);
		if (l->lib)
			continue;
		if (!user)
			g->own_frame = (uint16_t)l->frame;
		user = true;
		code_claims(l);
	}
	l->lib = true;
	word_add(l, ctxt); /* the func value of one that has not begun */
	if (!s->whole)
		words_beyond(l);
	l->deferred = true;
	defer_chain(l, defers, 0);
	keep(l);
}

void holds_init(struct objects *o)
{
	o->learner = xcalloc(1, sizeof(*o->learner));
}

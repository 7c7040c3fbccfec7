/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who could wake them. While a goroutine is learnt, what its frames will do is
 * kept as claims on addresses: pending defers, locks taken and not released, what
 * the code after each frame's pc releases, sends to and closes; and the words
 * that are live in its frames. Each look asks which of them are addresses of
 * objects that somebody waits on.
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
	REFS_MOST = 1024, /* mere references told of one object */
	RUNNING_BYTES = 64 << 10, /* of a running goroutine's stack that is searched */
};

/* One goroutine while it is learnt. */
struct learner {
	struct objects *o;
	struct gseen *g;
	struct gstack *s;
	size_t frame; /* at which it is */
	bool deferred;
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

static void word_add(struct learner *l, uint64_t v)
{
	if (v < 4096 || v >> 47 || (v >= l->s->mem.addr && v < l->s->mem.hi) ||
	    gomodules_find(&l->o->t->mods, v))
		return;
	for (size_t i = 0; i < l->n_word; i++)
		if (l->word[i].value == v)
			return;
	if (l->n_word < WORDS)
		l->word[l->n_word++] = (struct gword){ v, (uint32_t)l->frame };
}

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

static void live_words(struct learner *l)
{
	const struct frameinfo *i = l->s->info[l->frame];
	uint64_t end = l->s->sp[l->frame + 1], v;

	if (i->flags & FRAMEI_NO_MAP) {
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
	l->g->cut = m->addr + m->len < m->hi || l->n_word == WORDS;
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

void holds_learn(struct objects *o, struct gseen *g, struct gstack *s, uint64_t defers)
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
		if (i->flags & FRAMEI_RUNTIME)
			continue;
		if (!user)
			g->own_frame = (uint16_t)l->frame;
		user = true;
		code_claims(l);
		live_words(l);
	}
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

/* --- which of them are addresses of objects --- */

static bool lock_fits(enum claim_lock lock, enum object_kind kind)
{
	switch (lock) {
	case CLAIM_MUTEX:
		return kind == OBJ_MUTEX || kind == OBJ_ONCE || kind == OBJ_RWMUTEX;
	case CLAIM_RWMUTEX:
		return kind == OBJ_RWMUTEX;
	case CLAIM_CHAN:
	case CLAIM_CONTEXT:
		return kind == OBJ_CHAN;
	case CLAIM_WAITGROUP:
		return kind == OBJ_WAITGROUP;
	default:
		return kind == OBJ_COND;
	}
}

static uint32_t object_of(const struct objects *o, const struct claim *c)
{
	const struct facts *f = o->out;
	uint64_t addr = c->lock == CLAIM_CONTEXT ? c->chan : c->addr;
	uint32_t i = addr ? facts_find(f, addr) : NO_OBJECT;

	if (i == NO_OBJECT && c->lock == CLAIM_MUTEX)
		i = facts_find(f, addr - (uint64_t)o->t->lay.sync_Once.m);
	if (i == NO_OBJECT ||
	    !lock_fits((enum claim_lock)c->lock, (enum object_kind)f->object.v[i].kind))
		return NO_OBJECT;
	return i;
}

static uint64_t pair_key(uint64_t goid, uint32_t object)
{
	return hash_u64(goid) + object;
}

static bool waits_for(const struct objects *o, const struct gseen *g, uint32_t object)
{
	return map64_get(&o->waiting, pair_key(g->g.goid, object)) != UINT32_MAX;
}

/* The frames from the one that holds on. */
static uint32_t stack_from(struct objects *o, const struct gseen *g, size_t frame)
{
	struct stackset *st = scan_stacks(o->scan);
	unwind_pc pcs[MAX_FRAMES];
	struct stackset_one one;
	size_t n;

	if (g->g.stack >= st->stack.n)
		return 0;
	one = st->stack.v[g->g.stack];
	if (frame >= one.n || one.n > MAX_FRAMES)
		return g->g.stack;
	n = one.n - frame;
	memcpy(pcs, &st->pcs.v[one.first + frame], n * sizeof(*pcs));
	return stackset_put(st, pcs, n, one.flags);
}

/*
 * A goroutine that waits for a lock stands in a function that will unlock it,
 * and that asked for it: that says nothing of whether it holds it already. What
 * a goroutine in Cond.Wait locked, it has given back.
 */
static bool is_own_wait(const struct objects *o, const struct gseen *g, const struct claim *c,
			uint32_t object)
{
	if (c->op > HOLD_RLOCK || c->deferred)
		return g->wait == WK_COND && c->op <= HOLD_RLOCK && c->addr == g->given_back;
	if (g->wait == WK_COND && c->addr == g->given_back)
		return true;
	return c->frame == g->own_frame && !c->nth && waits_for(o, g, object);
}

static void hold_tell(struct objects *o, const struct gseen *g, uint32_t object, enum hold_op op,
		      bool seen, uint32_t by, size_t frame)
{
	facts_hold(o->out, g->g.goid, o->out->object.v[object].addr, op,
		   seen ? EVIDENCE_SEEN : EVIDENCE_INFERRED, by, stack_from(o, g, frame));
}

static void claims_match(struct objects *o, const struct gseen *g)
{
	for (uint16_t i = 0; i < g->n_claim; i++) {
		const struct claim *c = &g->claim[i];
		uint32_t object = object_of(o, c);

		if (object == NO_OBJECT || is_own_wait(o, g, c, object))
			continue;
		hold_tell(o, g, object, (enum hold_op)c->op, c->seen, c->by, c->frame);
		*vec_push(&o->held) = object;
	}
}

/* The contexts derived from one that it could end. */
static void cancels_match(struct objects *o, const struct gseen *g)
{
	for (uint16_t i = 0; i < g->n_claim; i++) {
		const struct claim *c = &g->claim[i];
		uint32_t link = UINT32_MAX, object;

		if (c->lock != CLAIM_CONTEXT)
			continue;
		while ((object = reach_cancels(o, c->addr, &link)) != NO_OBJECT) {
			hold_tell(o, g, object, HOLD_CANCEL, c->seen, c->by, c->frame);
			*vec_push(&o->held) = object;
		}
	}
}

uint32_t objects_word(const struct objects *o, uint64_t v)
{
	uint32_t i = facts_find(o->out, v);

	return i != NO_OBJECT ? i : map64_get(&o->by_base, v);
}

static bool already(const struct objects *o, uint32_t object)
{
	for (size_t i = 0; i < o->held.n; i++)
		if (o->held.v[i] == object)
			return true;
	return false;
}

/* It has but the address. Of an object that very many reach not all are told, and it says so. */
static void ref_tell(struct objects *o, const struct gseen *g, uint32_t object, uint32_t by,
		     size_t frame)
{
	if (object == NO_OBJECT || !o->out->object.v[object].addr || already(o, object) ||
	    waits_for(o, g, object))
		return;
	*vec_push(&o->held) = object;
	if (o->refs.v[object]++ >= REFS_MOST)
		o->out->object.v[object].flags |= OBJF_SHARED;
	else
		hold_tell(o, g, object, HOLD_REF, false, by, frame);
}

static void words_match(struct objects *o, const struct gseen *g)
{
	for (uint16_t i = 0; i < g->n_word; i++)
		ref_tell(o, g, objects_word(o, g->word[i].value), o->by_frame, g->word[i].frame);
	for (uint16_t i = 0; i < g->n_word; i++) {
		const uint64_t *hit;
		size_t n = reach_hits(o, g->word[i].value, &hit);

		for (size_t k = 0; k < n; k++)
			ref_tell(o, g, facts_find(o->out, hit[k]), o->by_near, g->word[i].frame);
	}
}

/* --- what runs: all words of its stack may be live --- */

static void running_words(struct objects *o, const struct scan_g *g)
{
	const struct golayout *lay = &o->t->lay;
	struct gseen self = { .g = *g };
	uint64_t lohi[2], len;
	uint8_t *buf = objects_deep(o, RUNNING_BYTES);

	if (memr_read_u64(o->t->mem, g->addr + (uint64_t)lay->g.stack_lo, &lohi[0]) ||
	    memr_read_u64(o->t->mem, g->addr + (uint64_t)lay->g.stack_hi, &lohi[1]) ||
	    lohi[0] >= lohi[1] || lohi[0] & 7) {
		o->unsearched++;
		return;
	}
	len = lohi[1] - lohi[0];
	if (len > RUNNING_BYTES) { /* the outer frames; what lies below may be no stack in use */
		lohi[0] = lohi[1] - RUNNING_BYTES;
		len = RUNNING_BYTES;
		o->unsearched++;
	}
	if (memr_read(o->t->mem, lohi[0], buf, len)) {
		o->unsearched++;
		return;
	}
	o->held.n = 0;
	for (uint64_t i = 0; i + 8 <= len; i += 8) {
		uint64_t v = objects_u64(buf, (int32_t)i);
		uint32_t object = v < 4096 || v >> 47 ? NO_OBJECT : objects_word(o, v);

		ref_tell(o, &self, object, o->by_running, 0);
	}
}

static void running_match(struct objects *o)
{
	for (size_t i = 0; i < o->moving.n; i++)
		running_words(o, &o->moving.v[i]);
}

/* --- objects within others --- */

/* Locks mostly are fields: who has the address of what they are in can reach them. */
static void bases_find(struct objects *o)
{
	map64_clear(&o->by_base);
	for (size_t i = 0; i < o->out->object.n; i++) {
		struct object *ob = &o->out->object.v[i];
		const struct goheap_object *in;

		if (ob->kind < OBJ_MUTEX || ob->kind > OBJ_SEMA || ob->flags & OBJF_GLOBAL)
			continue;
		in = goheap_at(&o->heap, ob->addr);
		if (in && !in->tiny && in->base != ob->addr &&
		    map64_get(&o->by_base, in->base) == UINT32_MAX)
			map64_put(&o->by_base, in->base, (uint32_t)i);
	}
}

/* --- contexts --- */

/* The Done channel of each context that somebody could cancel; it is made when first asked for. */
static int cancels_resolve(struct objects *o)
{
	const struct golayout *lay = &o->t->lay;
	struct gather *ga = &o->gather;
	size_t at = 0;
	int rc;

	gather_clear(ga);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < o->seen.n; i++) {
			struct gseen *g = &o->seen.v[i];

			for (uint16_t k = 0; g->look == o->look && k < g->n_claim; k++) {
				struct claim *c = &g->claim[k];
				const uint8_t *b;

				if (c->lock != CLAIM_CONTEXT)
					continue;
				if (!pass) {
					gather_add(ga,
						   c->addr + (uint64_t)lay->context_cancelCtx.done,
						   16);
					continue;
				}
				b = gather_get(ga, at++);
				c->chan = b ? objects_u64(b, 8) : 0;
			}
		}
		rc = pass ? 0 : gather_run(ga, o->t->mem);
		if (rc)
			return rc;
	}
	return 0;
}

static void contexts_mark(struct objects *o, const struct gseen *g)
{
	for (uint16_t k = 0; k < g->n_claim; k++) {
		const struct claim *c = &g->claim[k];
		uint32_t i = c->lock == CLAIM_CONTEXT ? object_of(o, c) : NO_OBJECT;

		if (i == NO_OBJECT)
			continue;
		o->out->object.v[i].flags |= OBJF_CONTEXT;
		o->out->object.v[i].owner = c->addr;
	}
}

/* --- all of them --- */

static void waits_index(struct objects *o)
{
	map64_clear(&o->waiting);
	for (size_t i = 0; i < o->out->wait.n; i++)
		map64_put(&o->waiting, pair_key(o->out->wait.v[i].goid, o->out->wait.v[i].object),
			  1);
}

/* The lock that a Cond's waiters have given back: sync/cond.go:Cond.L holds it. */
static void given_back(struct objects *o)
{
	for (size_t i = 0; i < o->waits.n; i++) {
		struct gseen *g = &o->seen.v[o->waits.v[i]];
		uint64_t lock;

		if (g->wait == WK_COND && g->object && !g->given_back &&
		    !memr_read_u64(o->t->mem, g->object + (uint64_t)o->t->lay.sync_Cond.L + 8,
				   &lock))
			g->given_back = lock;
	}
}

int holds_tell(struct objects *o)
{
	int rc = cancels_resolve(o);

	if (rc)
		return rc;
	goheap_begin(&o->heap);
	bases_find(o);
	waits_index(o);
	given_back(o);
	for (size_t i = 0; i < o->seen.n; i++)
		if (o->seen.v[i].look == o->look)
			contexts_mark(o, &o->seen.v[i]);
	rc = reach_search(o);
	if (rc)
		return rc;
	o->refs.n = 0;
	vec_reserve(&o->refs, o->out->object.n);
	if (o->out->object.n)
		memset(o->refs.v, 0, o->out->object.n * sizeof(*o->refs.v));
	o->by_near = objects_str(o, "what a frame points to holds its address");
	o->by_frame = objects_str(o, "its address is live in a frame");
	o->by_running = objects_str(o, "its address is on the stack of a goroutine that runs");
	for (size_t i = 0; i < o->seen.n; i++) {
		const struct gseen *g = &o->seen.v[i];

		if (g->look != o->look)
			continue;
		o->held.n = 0;
		claims_match(o, g);
		cancels_match(o, g);
		words_match(o, g);
	}
	running_match(o);
	return 0;
}

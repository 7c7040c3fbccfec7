/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who could wake them: which claims and which live words are addresses of
 * objects that somebody waits on, or of what they are in.
 */
#include <stdlib.h>
#include <string.h>

#include "target/core.h"
#include "target/objects_priv.h"

enum {
	REFS_MOST = 1024, /* mere references told of one object */
	RUNNING_BYTES = 64 << 10, /* of a running goroutine's stack that is searched */
};

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
		if (!g->word[i].lib)
			ref_tell(o, g, objects_word(o, g->word[i].value), o->by_frame,
				 g->word[i].frame);
	for (uint16_t i = 0; i < g->n_word; i++) {
		const uint64_t *hit;
		size_t n;

		if (g->word[i].lib)
			continue;
		n = reach_hits(o, g->word[i].value, &hit);

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

		if (v >= 4096 && !(v >> 47))
			*vec_push(&o->moving_word) = v;
		ref_tell(o, &self, object, o->by_running, 0);
	}
}

/* Of a program that is over registers are known too. */
static void register_words(struct objects *o, const struct scan_g *g)
{
	const struct gthread *m = gsched_thread(scan_sched(o->scan), g->m);
	const struct core_thread *t = m ? core_thread(o->t->core, m->tid) : NULL;

	if (!t || t->lost)
		o->unsearched++;
	for (uint32_t i = 0; t && i < t->n_word; i++)
		*vec_push(&o->moving_word) = t->word[i];
}

static void running_match(struct objects *o)
{
	o->moving_word.n = 0;
	for (size_t i = 0; i < o->moving.n; i++) {
		running_words(o, &o->moving.v[i]);
		if (o->t->core)
			register_words(o, &o->moving.v[i]);
	}
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

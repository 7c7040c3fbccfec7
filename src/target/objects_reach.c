/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who else can reach the objects: the program's data, timers, and what lies one
 * step from the frames' live words and from the data ("neighbours"). Of the
 * neighbours so many are read in a look; where there are more, it is the turn of
 * others in the next one, and what was found before holds until then.
 */
#include <stdlib.h>
#include <string.h>

#include "target/objects_priv.h"

enum {
	DATA_MOST = 32 << 20, /* of the program's data that is read in a look */
	DATA_PART = 256 << 10,
	READ_MOST = 8192, /* neighbours read in a look */
	NEAR_MOST = 1 << 19, /* kept */
	NEAR_BYTES = 1024, /* of one; what is larger is searched so far */
	TIMERS_MOST = 16384,
	CLOSURE_WORDS = 8,
	CONTEXT_BYTES = 128,
	ANCESTORS = 8,
	CHAINS_MOST = 128, /* contexts whose ancestors are learnt in a look */
};

/* --- neighbours --- */

/* One heap object that frames or the program's data point to. */
struct near {
	uint64_t base;
	uint32_t size;
	uint32_t wanted; /* the last look in which somebody pointed to it */
	uint32_t read; /* the last look in which it was read */
	bool data; /* the program's data points to it, in the look `wanted` */
	uint8_t n_hit;
	uint64_t hit[4]; /* objects whose address, or that of what they are in, it holds */
};

struct context {
	uint64_t addr;
	uint8_t n;
	uint64_t up[ANCESTORS];
};

struct chain_link {
	uint32_t object, next;
};

struct timer {
	uint64_t arg, period;
	int64_t when;
};

struct reach {
	VEC(struct near) near;
	struct map64 by_base;
	size_t next; /* whose turn it is */
	VEC(uint32_t) turn;
	VEC(struct context) context;
	struct map64 by_context; /* address → index */
	struct map64 cancels; /* context or ancestor → first of chain */
	VEC(struct chain_link) link;
	struct map64 timer_at; /* context → index of timers */
	VEC(struct timer) timer;
	uint8_t *part;
};

void reach_init(struct objects *o)
{
	o->reach = xcalloc(1, sizeof(*o->reach));
	o->reach->part = xmalloc(DATA_PART);
}

void reach_free(struct objects *o)
{
	struct reach *r = o->reach;

	vec_free(&r->near);
	vec_free(&r->turn);
	vec_free(&r->context);
	vec_free(&r->link);
	vec_free(&r->timer);
	map64_free(&r->by_base);
	map64_free(&r->by_context);
	map64_free(&r->cancels);
	map64_free(&r->timer_at);
	free(r->part);
	free(r);
}

static struct near *near_of(struct objects *o, uint64_t p)
{
	struct reach *r = o->reach;
	const struct goheap_object *ob = goheap_at(&o->heap, p);
	uint32_t i;

	if (!ob || ob->noscan)
		return NULL;
	i = map64_get(&r->by_base, ob->base);
	if (i == UINT32_MAX) {
		if (r->near.n >= NEAR_MOST)
			return NULL;
		i = (uint32_t)r->near.n;
		map64_put(&r->by_base, ob->base, i);
		*vec_push(&r->near) = (struct near){ .base = ob->base };
	}
	if (r->near.v[i].wanted != o->look)
		r->near.v[i].data = false;
	r->near.v[i].wanted = o->look;
	r->near.v[i].size = ob->size < NEAR_BYTES ? (uint32_t)ob->size : NEAR_BYTES;
	return &r->near.v[i];
}

/* --- the program's data --- */

static void data_word(struct objects *o, uint64_t at, uint64_t v)
{
	uint32_t i;
	struct near *n;

	if (v < 4096 || v >> 47 || v & 7)
		return;
	i = objects_word(o, v);
	if (i != NO_OBJECT && at != v)
		o->out->object.v[i].flags |= OBJF_GLOBAL;
	n = near_of(o, v);
	if (n)
		n->data = true;
}

static size_t data_read(struct objects *o, uint64_t from, uint64_t to, size_t left)
{
	struct reach *r = o->reach;

	for (; from < to && left; from += DATA_PART) {
		size_t n = to - from < DATA_PART ? (size_t)(to - from) : DATA_PART;

		if (n > left)
			return 0;
		left -= n;
		if (memr_read(o->t->mem, from, r->part, n))
			continue;
		for (size_t i = 0; i + 8 <= n; i += 8)
			if (objects_u64(r->part, (int32_t)i))
				data_word(o, from + i, objects_u64(r->part, (int32_t)i));
	}
	return left;
}

static void data_search(struct objects *o)
{
	size_t left = DATA_MOST;

	for (size_t i = 0; i < o->t->mods.mod.n; i++) {
		const struct gomodule *m = &o->t->mods.mod.v[i];

		left = data_read(o, m->data, m->edata, left);
		left = data_read(o, m->bss, m->ebss, left);
	}
}

/* --- reading neighbours --- */

static void frames_want(struct objects *o)
{
	for (size_t i = 0; i < o->seen.n; i++) {
		const struct gseen *g = &o->seen.v[i];

		for (uint16_t k = 0; g->look == o->look && k < g->n_word; k++)
			if (!g->word[k].lib)
				near_of(o, g->word[k].value);
	}
}

/* Those never read first, then the others from where the last look stopped. */
static void turns_take(struct objects *o)
{
	struct reach *r = o->reach;

	r->turn.n = 0;
	for (size_t i = 0; i < r->near.n && r->turn.n < READ_MOST; i++)
		if (r->near.v[i].wanted == o->look && !r->near.v[i].read)
			*vec_push(&r->turn) = (uint32_t)i;
	for (size_t n = 0; n < r->near.n && r->turn.n < READ_MOST; n++) {
		size_t i = (r->next + n) % r->near.n;

		if (r->near.v[i].wanted != o->look || !r->near.v[i].read)
			continue;
		*vec_push(&r->turn) = (uint32_t)i;
		if (r->turn.n == READ_MOST)
			r->next = i + 1;
	}
}

static void hit_add(struct near *n, uint64_t addr)
{
	for (uint8_t i = 0; i < n->n_hit; i++)
		if (n->hit[i] == addr)
			return;
	if (n->n_hit < ARRAY_SIZE(n->hit))
		n->hit[n->n_hit++] = addr;
}

/* context.go:cancelCtx keeps its channel in an atomic.Value: a word of type, a word of data. */
static void context_found(struct objects *o, const struct near *n, const uint8_t *b, uint32_t at,
			  uint32_t object)
{
	int32_t done = o->t->lay.context_cancelCtx.done;
	struct object *ob = &o->out->object.v[object];

	if (ob->kind != OBJ_CHAN || done < 0 || at < (uint32_t)done + 8 ||
	    strcmp(objects_type(o, objects_u64(b, (int32_t)at - 8)), "chan struct {}") != 0)
		return;
	ob->flags |= OBJF_CONTEXT;
	ob->owner = n->base + at - (uint32_t)done - 8;
}

static int nears_read(struct objects *o)
{
	struct reach *r = o->reach;
	struct gather *ga = &o->gather;
	int rc;

	turns_take(o);
	gather_clear(ga);
	for (size_t i = 0; i < r->turn.n; i++)
		gather_add(ga, r->near.v[r->turn.v[i]].base, r->near.v[r->turn.v[i]].size);
	rc = gather_run(ga, o->t->mem);
	for (size_t i = 0; i < r->turn.n && !rc; i++) {
		struct near *n = &r->near.v[r->turn.v[i]];
		const uint8_t *b = gather_get(ga, i);

		n->read = o->look;
		n->n_hit = 0;
		for (uint32_t k = 0; b && k + 8 <= n->size; k += 8) {
			uint64_t v = objects_u64(b, (int32_t)k);
			uint32_t object = v < 4096 || v >> 47 ? NO_OBJECT : objects_word(o, v);

			if (object == NO_OBJECT)
				continue;
			hit_add(n, o->out->object.v[object].addr);
			context_found(o, n, b, k, object);
		}
	}
	return rc;
}

/* --- timers --- */

static bool timer_arg(const struct objects *o, const uint8_t *b, struct timer *t)
{
	const struct golayout *lay = &o->t->lay;

	t->arg = objects_u64(b, lay->timer.arg + 8);
	t->when = (int64_t)objects_u64(b, lay->timer.when);
	t->period = objects_u64(b, lay->timer.period);
	return t->arg >= 4096 && t->when > 0;
}

/* The heaps of all Ps; what they hold are the timers that will fire. */
static int timers_list(struct objects *o, struct gather *ga)
{
	const struct golayout *lay = &o->t->lay;
	const struct gsched *sched = scan_sched(o->scan);
	uint32_t step = lay->timerWhen.size > 0 ? (uint32_t)lay->timerWhen.size : 8;
	uint64_t left = TIMERS_MOST, head[2];

	gather_clear(ga);
	for (size_t i = 0; i < sched->p.n && left; i++) {
		uint64_t n;

		if (lay->p.timers < 0 ||
		    memr_read(o->t->mem, sched->p.v[i].addr + (uint64_t)lay->p.timers, head,
			      sizeof(head)) ||
		    head[1] > 1ull << 24)
			continue;
		n = head[1] < left ? head[1] : left;
		left -= n;
		for (uint64_t k = 0; k < n; k += DATA_PART / step) {
			uint64_t part = n - k < DATA_PART / step ? n - k : DATA_PART / step;

			if (memr_read(o->t->mem, head[0] + k * step, o->reach->part, part * step))
				break;
			for (uint64_t j = 0; j < part; j++)
				gather_add(ga, objects_u64(o->reach->part, (int32_t)(j * step)),
					   (uint32_t)lay->timer.size);
		}
	}
	return gather_run(ga, o->t->mem);
}

static void timer_mark(struct object *ob, const struct timer *t)
{
	ob->flags |= OBJF_TIMER;
	if (ob->when == T_NEVER || t->when < ob->when)
		ob->when = t->when;
	ob->task_period = t->period;
}

/* A channel that the timer sends to, or words that its function has captured. */
static void timer_reaches(struct objects *o, const struct timer *t, const uint8_t *closure)
{
	struct reach *r = o->reach;

	for (uint32_t k = 1; k < CLOSURE_WORDS; k++) {
		uint64_t v = objects_u64(closure, (int32_t)k * 8);
		uint32_t i = v < 4096 || v >> 47 ? NO_OBJECT : facts_find(o->out, v);

		if (v < 4096 || v >> 47)
			continue;
		if (i != NO_OBJECT && o->out->object.v[i].kind == OBJ_CHAN)
			timer_mark(&o->out->object.v[i], t);
		map64_put(&r->timer_at, v, (uint32_t)r->timer.n);
	}
	*vec_push(&r->timer) = *t;
}

static int timers_search(struct objects *o)
{
	struct reach *r = o->reach;
	struct gather *ga = &o->gather;
	VEC(struct timer) call = { 0 };
	struct timer t;
	int rc = timers_list(o, ga);

	map64_clear(&r->timer_at);
	r->timer.n = 0;
	for (size_t i = 0; i < ga->piece.n && !rc; i++) {
		const uint8_t *b = gather_get(ga, i);
		uint32_t object;

		if (!b || !timer_arg(o, b, &t))
			continue;
		object = facts_find(o->out, t.arg);
		if (object == NO_OBJECT)
			*vec_push(&call) = t;
		else if (o->out->object.v[object].kind == OBJ_CHAN)
			timer_mark(&o->out->object.v[object], &t);
	}
	gather_clear(ga);
	for (size_t i = 0; i < call.n; i++)
		gather_add(ga, call.v[i].arg & ~7ull, CLOSURE_WORDS * 8);
	if (!rc)
		rc = gather_run(ga, o->t->mem);
	for (size_t i = 0; i < call.n && !rc; i++)
		if (gather_get(ga, i))
			timer_reaches(o, &call.v[i], gather_get(ga, i));
	vec_free(&call);
	return rc;
}

/* --- contexts --- */

/* A context's first field is the one it is derived from (context.go), as an interface. */
static struct context context_learn(struct objects *o, uint64_t addr)
{
	struct context c = { .addr = addr };
	uint64_t at = addr, w[2];

	while (c.n < ANCESTORS && !memr_read(o->t->mem, at, w, sizeof(w)) && w[0] >= 4096 &&
	       w[1] >= 4096 && !(w[1] >> 47) && !(w[1] & 7)) {
		at = w[1];
		c.up[c.n++] = at;
	}
	return c;
}

static void cancels_put(struct reach *r, uint64_t ctx, uint32_t object)
{
	uint32_t first = map64_get(&r->cancels, ctx);

	map64_put(&r->cancels, ctx, (uint32_t)r->link.n);
	*vec_push(&r->link) = (struct chain_link){ object, first };
}

static void context_timer(struct objects *o, uint64_t ctx, struct object *ob)
{
	uint32_t i = map64_get(&o->reach->timer_at, ctx);

	if (i != UINT32_MAX)
		timer_mark(ob, &o->reach->timer.v[i]);
}

/* Whoever ends a context ends those derived from it. */
static void contexts_chain(struct objects *o)
{
	struct reach *r = o->reach;
	int budget = CHAINS_MOST;

	map64_clear(&r->cancels);
	r->link.n = 0;
	for (size_t i = 0; i < o->out->object.n; i++) {
		struct object *ob = &o->out->object.v[i];
		const struct context *c;
		uint32_t at;

		if (!(ob->flags & OBJF_CONTEXT) || !ob->owner)
			continue;
		context_timer(o, ob->owner, ob);
		at = map64_get(&r->by_context, ob->owner);
		if (at == UINT32_MAX && budget-- > 0) {
			at = (uint32_t)r->context.n;
			map64_put(&r->by_context, ob->owner, at);
			*vec_push(&r->context) = context_learn(o, ob->owner);
		}
		c = at == UINT32_MAX ? NULL : &r->context.v[at];
		for (uint8_t k = 0; c && k < c->n; k++) {
			cancels_put(r, c->up[k], (uint32_t)i);
			context_timer(o, c->up[k], ob);
		}
	}
	if (r->context.n > NEAR_MOST) {
		r->context.n = 0;
		map64_clear(&r->by_context);
	}
}

uint32_t reach_cancels(const struct objects *o, uint64_t ctx, uint32_t *link)
{
	const struct reach *r = o->reach;
	uint32_t at = *link == UINT32_MAX ? map64_get(&r->cancels, ctx) : r->link.v[*link].next;

	*link = at;
	return at == UINT32_MAX ? NO_OBJECT : r->link.v[at].object;
}

/* --- what it comes to --- */

size_t reach_hits(const struct objects *o, uint64_t word, const uint64_t **hit)
{
	const struct reach *r = o->reach;
	uint64_t base = goheap_base(&o->heap, word);
	uint32_t i = base ? map64_get(&r->by_base, base) : UINT32_MAX;

	if (i == UINT32_MAX || r->near.v[i].wanted != o->look)
		return 0;
	*hit = r->near.v[i].hit;
	return r->near.v[i].n_hit;
}

/* What the program's data leads to, every goroutine can reach. */
static void flags_tell(struct objects *o)
{
	struct reach *r = o->reach;

	for (size_t i = 0; i < r->near.n; i++) {
		const struct near *n = &r->near.v[i];

		for (uint8_t k = 0; n->wanted == o->look && n->data && k < n->n_hit; k++) {
			uint32_t object = facts_find(o->out, n->hit[k]);

			if (object != NO_OBJECT)
				o->out->object.v[object].flags |= OBJF_SHARED;
		}
	}
}

/* Neighbours that nobody has pointed to for long are forgotten, all at once. */
static void nears_tidy(struct objects *o)
{
	struct reach *r = o->reach;
	size_t live = 0;

	if (r->near.n < 4096 || o->look % 32)
		return;
	for (size_t i = 0; i < r->near.n; i++)
		live += r->near.v[i].wanted + 1 >= o->look;
	if (live * 2 > r->near.n)
		return;
	r->near.n = r->next = 0;
	map64_clear(&r->by_base);
}

int reach_search(struct objects *o)
{
	int rc;

	nears_tidy(o);
	data_search(o);
	frames_want(o);
	rc = nears_read(o);
	if (!rc)
		rc = timers_search(o);
	if (rc)
		return rc;
	contexts_chain(o);
	flags_tell(o);
	return 0;
}

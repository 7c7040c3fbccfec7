/* SPDX-License-Identifier: Apache-2.0 */
/* What blocked goroutines wait on: looked at on the reading thread, told on the loop's. */
#include <stdlib.h>
#include <string.h>

#include "source/live_priv.h"

enum { LOOK_NS = 1000000000 }; /* between two looks at least */

/* Of a core: the most that looking may take. */
static const double LOOK_SHARE = 0.005;

/* --- the reading thread --- */

static void copy_look(struct live_source *l, struct live_batch *b)
{
	struct objects *o = &l->objects;

	vec_reserve(&b->obj, o->obj.n);
	memcpy(b->obj.v, o->obj.v, o->obj.n * sizeof(*o->obj.v));
	b->obj.n = o->obj.n;
	vec_reserve(&b->wait, o->wait.n);
	memcpy(b->wait.v, o->wait.v, o->wait.n * sizeof(*o->wait.v));
	b->wait.n = o->wait.n;
	for (; l->types_told < o->names.str.n; l->types_told++)
		*vec_push(&b->type) = xstrdup(strtab_get(&o->names, (uint32_t)l->types_told));
	b->lay = &l->t->lay;
	b->looked = true;
}

void live_look(struct live_source *l, struct live_batch *b)
{
	int64_t now = live_clock(CLOCK_MONOTONIC), cpu = live_clock(CLOCK_THREAD_CPUTIME_ID);

	if (!l->cfg.objects || now < l->next_look ||
	    (scan_stats(l->scan)->passes <= 1 && !l->cfg.objects_at_once))
		return;
	if (!objects_look(&l->objects, l->scan))
		copy_look(l, b);
	cpu = live_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;
	/* what it costs the loop is about as much */
	l->next_look = now + (int64_t)(2 * (double)cpu / LOOK_SHARE);
	if (l->next_look < now + LOOK_NS)
		l->next_look = now + LOOK_NS;
}

/* --- the loop's thread --- */

/* A semaphore, and the goroutine that waits for it: together they tell what it is part of. */
struct part {
	enum object_kind kind;
	enum wait_op op;
	int32_t off; /* of the semaphore in it; < 0: not known */
};

static bool stack_has(const struct world *w, uint32_t stack, const char *prefix)
{
	const struct frame *f;

	for (uint32_t i = 0; i < 8 && (f = stacktab_frame(&w->stacks, stack, i)); i++)
		if (!strncmp(strtab_get(&w->strings, f->func), prefix, strlen(prefix)))
			return true;
	return false;
}

static bool in_mutex(const struct world *w, uint32_t stack)
{
	return stack_has(w, stack, "sync.(*Mutex).") ||
	       stack_has(w, stack, "internal/sync.(*Mutex).");
}

static struct part part_of(const struct world *w, const struct golayout *lay, uint32_t row)
{
	uint32_t stack = w->now.stack[row];

	switch (w->now.reason[row]) {
	case R_MUTEX:
		if (lay->sync_Once.m_sema >= 0 && stack_has(w, stack, "sync.(*Once).doSlow"))
			return (struct part){ OBJ_ONCE, OP_LOCK, lay->sync_Once.m_sema };
		return (struct part){ OBJ_MUTEX, OP_LOCK, lay->sync_Mutex.sema };
	case R_RWMUTEX_WRITE:
		return (struct part){ OBJ_RWMUTEX, OP_LOCK,
				      in_mutex(w, stack) ? lay->sync_RWMutex.w_sema
							 : lay->sync_RWMutex.writerSem };
	case R_RWMUTEX_READ:
		return (struct part){ OBJ_RWMUTEX, OP_RLOCK, lay->sync_RWMutex.readerSem };
	case R_WAITGROUP:
		return (struct part){ OBJ_WAITGROUP, OP_WAIT, lay->sync_WaitGroup.sema };
	default:
		return (struct part){ OBJ_SEMA, OP_WAIT, 0 };
	}
}

/* A word of the struct that the semaphore lies in, from the bytes around it. */
static int64_t around(const struct gobj *s, int32_t sema_off, int32_t off, size_t size)
{
	long at = GOBJ_AROUND - (long)sema_off + off;
	int32_t v32 = 0;
	int64_t v64 = 0;

	if (!s->around_known || off < 0 || at < 0 || at + (long)size > (long)sizeof(s->around))
		return 0;
	if (size == 4) {
		memcpy(&v32, s->around + at, 4);
		return v32;
	}
	memcpy(&v64, s->around + at, 8);
	return v64;
}

enum { MUTEX_LOCKED = 1, RWMUTEX_MOST = 1 << 30 }; /* internal/sync/mutex.go, sync/rwmutex.go */

static void lock_state(struct object *o, const struct gobj *s, const struct golayout *lay,
		       struct part p)
{
	int64_t readers;

	switch (p.kind) {
	case OBJ_MUTEX:
		if (around(s, p.off, lay->sync_Mutex.state, 4) & MUTEX_LOCKED)
			o->flags |= OBJF_LOCKED;
		break;
	case OBJ_ONCE:
		if (around(s, p.off, lay->sync_Once.m_state, 4) & MUTEX_LOCKED)
			o->flags |= OBJF_LOCKED;
		break;
	case OBJ_RWMUTEX:
		readers = around(s, p.off, lay->sync_RWMutex.readerCount, 4);
		o->len = readers;
		if (readers < 0) { /* a writer waits, or has it: these must still leave */
			o->len = around(s, p.off, lay->sync_RWMutex.readerWait, 4);
			o->flags |= o->len > 0 ? OBJF_WRITER_WAITS : OBJF_LOCKED;
		}
		break;
	case OBJ_WAITGROUP:
		o->len = around(s, p.off, lay->sync_WaitGroup.state, 8) >> 32;
		break;
	default:
		break;
	}
}

static uint32_t type_at(const struct live_source *l, uint32_t i)
{
	return i < l->type_id.n ? l->type_id.v[i] : 0;
}

static void tell_channel(struct live_source *l, struct facts *f, const struct gobj *c)
{
	struct object *o = facts_object(f, c->addr);

	o->kind = OBJ_CHAN;
	o->len = (int64_t)c->len;
	o->cap = (int64_t)c->cap;
	o->type = type_at(l, c->type);
	o->flags = (uint16_t)((c->closed ? OBJF_CLOSED : 0) | (c->timer ? OBJF_TIMER : 0));
}

static void tell_acquire(struct world *w, const struct live_batch *b, const struct gobj *s,
			 uint64_t goid)
{
	uint32_t row = world_find(w, goid);
	struct object *o;
	struct part p;

	if (row == NO_G || w->now.state[row] != GS_BLOCKED)
		return;
	p = part_of(w, b->lay, row);
	if (p.off < 0)
		p = (struct part){ OBJ_SEMA, OP_WAIT, 0 };
	o = facts_object(&w->facts, s->addr - (uint64_t)p.off);
	o->kind = (uint8_t)p.kind;
	lock_state(o, s, b->lay, p);
	facts_wait(&w->facts, goid, s->addr - (uint64_t)p.off, p.op, false, 0);
}

void live_tell_objects(struct live_source *l, struct world *w, const struct live_batch *b)
{
	struct facts *f = &w->facts;

	if (!b->looked)
		return;
	for (size_t i = 0; i < b->type.n; i++)
		*vec_push(&l->type_id) = world_str(w, b->type.v[i]);
	facts_clear(f);
	f->time = l->last;
	for (size_t i = 0; i < b->obj.n; i++)
		if (b->obj.v[i].kind == GOBJ_CHAN)
			tell_channel(l, f, &b->obj.v[i]);
	for (size_t i = 0; i < b->wait.n; i++) {
		const struct gobj_wait *x = &b->wait.v[i];
		const struct gobj *o = &b->obj.v[x->obj];

		if (o->kind == GOBJ_SEMA)
			tell_acquire(w, b, o, x->goid);
		else if (x->goid)
			facts_wait(f, x->goid, o->addr, x->op == GOBJ_SEND ? OP_SEND : OP_RECV,
				   x->select, x->at);
	}
	facts_finish(f);
	w->generation++;
}

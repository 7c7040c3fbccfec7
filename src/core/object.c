/* SPDX-License-Identifier: Apache-2.0 */
#include "core/object.h"

#include <stdlib.h>
#include <string.h>

void facts_init(struct facts *f)
{
	memset(f, 0, sizeof(*f));
	f->time = T_BEFORE;
}

void facts_release(struct facts *f)
{
	vec_free(&f->object);
	vec_free(&f->wait);
	vec_free(&f->hold);
	vec_free(&f->g_wait);
	vec_free(&f->g_hold);
	map64_free(&f->by_addr);
}

void facts_clear(struct facts *f)
{
	f->object.n = f->wait.n = f->hold.n = 0;
	f->g_wait.n = f->g_hold.n = 0;
	map64_clear(&f->by_addr);
}

static uint32_t object_of(struct facts *f, uint64_t addr)
{
	uint32_t i = map64_get(&f->by_addr, addr);

	if (i != UINT32_MAX)
		return i;
	i = (uint32_t)f->object.n;
	*vec_push(&f->object) = (struct object){ .addr = addr, .when = T_NEVER, .fd = -1 };
	map64_put(&f->by_addr, addr, i);
	return i;
}

struct object *facts_object(struct facts *f, uint64_t addr)
{
	uint32_t i = object_of(f, addr);

	return &f->object.v[i];
}

void facts_wait(struct facts *f, uint64_t goid, uint64_t addr, enum wait_op op, bool select,
		uint16_t at)
{
	uint32_t i = object_of(f, addr);

	*vec_push(&f->wait) = (struct wait){ goid, i, at, (uint8_t)op, select };
}

void facts_hold(struct facts *f, uint64_t goid, uint64_t addr, enum hold_op op, enum evidence e,
		uint32_t by, uint32_t stack)
{
	uint32_t i = object_of(f, addr);

	*vec_push(&f->hold) = (struct hold){ goid, i, by, stack, (uint8_t)op, (uint8_t)e };
}

/* --- links: by object in the order told, by goroutine --- */

/* Stable: queues keep their order. */
#define SORT_BY_OBJECT(f, member, first, count) \
	do { \
		__typeof__((f)->member.v) from_ = (f)->member.v, \
					  to_ = xmalloc(((f)->member.n + 1) * sizeof(*from_)); \
		uint32_t at_ = 0; \
		for (size_t i_ = 0; i_ < (f)->member.n; i_++) \
			(f)->object.v[from_[i_].object].count++; \
		for (size_t i_ = 0; i_ < (f)->object.n; i_++) { \
			(f)->object.v[i_].first = at_; \
			at_ += (f)->object.v[i_].count; \
			(f)->object.v[i_].count = 0; \
		} \
		for (size_t i_ = 0; i_ < (f)->member.n; i_++) { \
			struct object *o_ = &(f)->object.v[from_[i_].object]; \
			to_[o_->first + o_->count++] = from_[i_]; \
		} \
		free(from_); \
		(f)->member.v = to_; \
		(f)->member.cap = (f)->member.n + 1; \
	} while (0)

struct by_goid {
	uint64_t goid;
	uint32_t at;
};

static int goid_order(const void *a, const void *b)
{
	const struct by_goid *x = a, *y = b;

	return x->goid != y->goid ? (x->goid > y->goid) - (x->goid < y->goid)
				  : (x->at > y->at) - (x->at < y->at);
}

static void index_take(uint32_t *out, struct by_goid *v, size_t n)
{
	if (n)
		qsort(v, n, sizeof(*v), goid_order);
	for (size_t i = 0; i < n; i++)
		out[i] = v[i].at;
}

void facts_finish(struct facts *f)
{
	size_t most = f->wait.n > f->hold.n ? f->wait.n : f->hold.n;
	struct by_goid *v = xmalloc((most + 1) * sizeof(*v));

	for (size_t i = 0; i < f->object.n; i++)
		f->object.v[i].n_waits = f->object.v[i].n_holds = 0;
	SORT_BY_OBJECT(f, wait, first_wait, n_waits);
	SORT_BY_OBJECT(f, hold, first_hold, n_holds);
	vec_reserve(&f->g_wait, f->wait.n);
	for (size_t i = 0; i < f->wait.n; i++)
		v[i] = (struct by_goid){ f->wait.v[i].goid, (uint32_t)i };
	index_take(f->g_wait.v, v, f->g_wait.n = f->wait.n);
	vec_reserve(&f->g_hold, f->hold.n);
	for (size_t i = 0; i < f->hold.n; i++)
		v[i] = (struct by_goid){ f->hold.v[i].goid, (uint32_t)i };
	index_take(f->g_hold.v, v, f->g_hold.n = f->hold.n);
	free(v);
}

/* --- asking --- */

uint32_t facts_find(const struct facts *f, uint64_t addr)
{
	return map64_get(&f->by_addr, addr);
}

size_t facts_waits_of(const struct facts *f, uint64_t goid, size_t *n)
{
	size_t lo = 0, hi = f->g_wait.n, end;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->wait.v[f->g_wait.v[mid]].goid < goid)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (end = lo; end < f->g_wait.n && f->wait.v[f->g_wait.v[end]].goid == goid;)
		end++;
	*n = end - lo;
	return lo;
}

size_t facts_holds_of(const struct facts *f, uint64_t goid, size_t *n)
{
	size_t lo = 0, hi = f->g_hold.n, end;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->hold.v[f->g_hold.v[mid]].goid < goid)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (end = lo; end < f->g_hold.n && f->hold.v[f->g_hold.v[end]].goid == goid;)
		end++;
	*n = end - lo;
	return lo;
}

static const char *name_of(const char *const *names, size_t n, unsigned i)
{
	return i < n && names[i] ? names[i] : "";
}

const char *object_kind_name(enum object_kind k)
{
	static const char *const names[OBJ_N] = {
		[OBJ_CHAN] = "chan",	  [OBJ_MUTEX] = "mutex",	 [OBJ_RWMUTEX] = "rwmutex",
		[OBJ_COND] = "cond",	  [OBJ_WAITGROUP] = "waitgroup", [OBJ_ONCE] = "once",
		[OBJ_SEMA] = "semaphore", [OBJ_RUNTIME] = "runtime",	 [OBJ_POLL] = "net",
		[OBJ_TIMER] = "timer",	  [OBJ_SYSCALL] = "syscall",	 [OBJ_NIL] = "nil",
	};

	return name_of(names, OBJ_N, k);
}

const char *wait_op_name(enum wait_op op)
{
	static const char *const names[OP_N] = {
		[OP_SEND] = "send", [OP_RECV] = "recv", [OP_LOCK] = "lock",   [OP_RLOCK] = "rlock",
		[OP_WAIT] = "wait", [OP_READ] = "read", [OP_WRITE] = "write", [OP_CALL] = "call",
	};

	return name_of(names, OP_N, op);
}

const char *hold_op_name(enum hold_op op)
{
	static const char *const names[HOLD_N] = {
		[HOLD_LOCK] = "unlock",	  [HOLD_RLOCK] = "runlock", [HOLD_SEND] = "send",
		[HOLD_RECV] = "recv",	  [HOLD_CLOSE] = "close",   [HOLD_DONE] = "done",
		[HOLD_SIGNAL] = "signal", [HOLD_CANCEL] = "cancel", [HOLD_REF] = "refer",
	};

	return name_of(names, HOLD_N, op);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/object.h"

#include <stdlib.h>
#include <string.h>

#include "core/radix.h"

static const char *const kind_names[OBJ_N] = {
	[OBJ_NONE] = "unknown",	   [OBJ_CHAN] = "chan",		  [OBJ_MUTEX] = "mutex",
	[OBJ_RWMUTEX] = "rwmutex", [OBJ_WAITGROUP] = "waitgroup", [OBJ_COND] = "cond",
	[OBJ_ONCE] = "once",	   [OBJ_SEMA] = "semaphore",	  [OBJ_RUNTIME] = "runtime",
	[OBJ_POLL] = "poll",	   [OBJ_TIMER] = "timer",	  [OBJ_SYSCALL] = "syscall",
	[OBJ_NIL] = "nil",
};

static const char *const op_names[OP_N] = {
	[OP_NONE] = "",	    [OP_SEND] = "send",	  [OP_RECV] = "recv",
	[OP_LOCK] = "lock", [OP_RLOCK] = "rlock", [OP_WAIT] = "wait",
	[OP_READ] = "read", [OP_WRITE] = "write", [OP_CALL] = "call",
};

static const char *const hold_names[HOLD_N] = {
	[HOLD_LOCK] = "lock",	  [HOLD_RLOCK] = "rlock",   [HOLD_SEND] = "send",
	[HOLD_RECV] = "recv",	  [HOLD_CLOSE] = "close",   [HOLD_DONE] = "done",
	[HOLD_SIGNAL] = "signal", [HOLD_CANCEL] = "cancel", [HOLD_REF] = "ref",
};

const char *object_kind_name(enum object_kind k)
{
	return k < OBJ_N ? kind_names[k] : "unknown";
}

const char *wait_op_name(enum wait_op op)
{
	return op < OP_N ? op_names[op] : "";
}

const char *hold_op_name(enum hold_op op)
{
	return op < HOLD_N ? hold_names[op] : "";
}

/* In the order of enum object_flags. */
static const char *const flag_names[OBJECT_FLAGS] = {
	"closed", "writer_waits", "locked",  "timer",	"global",
	"shared", "searched",	  "listens", "context",
};

const char *object_flag_name(unsigned bit)
{
	return bit < OBJECT_FLAGS ? flag_names[bit] : "";
}

static int name_index(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

int object_kind_parse(const char *name)
{
	return name_index(kind_names, OBJ_N, name);
}

int wait_op_parse(const char *name)
{
	return name_index(op_names, OP_N, name);
}

int hold_op_parse(const char *name)
{
	return name_index(hold_names, HOLD_N, name);
}

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
	f->object.n = f->wait.n = f->hold.n = f->g_wait.n = f->g_hold.n = 0;
	map64_clear(&f->by_addr);
	f->searched = f->netpoll = f->still = false;
	f->time = T_BEFORE;
}

uint32_t facts_find(const struct facts *f, uint64_t addr)
{
	return map64_get(&f->by_addr,
			 addr); /* NO_OBJECT is what it says of a key that is not there */
}

static uint32_t object_index(struct facts *f, uint64_t addr)
{
	uint32_t i = facts_find(f, addr);

	if (i != NO_OBJECT)
		return i;
	i = (uint32_t)f->object.n;
	*vec_push(&f->object) = (struct object){ .addr = addr, .when = T_NEVER, .fd = -1 };
	map64_put(&f->by_addr, addr, i);
	return i;
}

struct object *facts_object(struct facts *f, uint64_t addr)
{
	uint32_t i = object_index(f, addr); /* may move them */

	return &f->object.v[i];
}

void facts_wait(struct facts *f, uint64_t goid, uint64_t addr, enum wait_op op, bool select,
		uint16_t at)
{
	uint32_t i = object_index(f, addr);

	*vec_push(&f->wait) = (struct wait){
		.goid = goid, .object = i, .at = at, .op = (uint8_t)op, .select = select
	};
}

void facts_hold(struct facts *f, uint64_t goid, uint64_t addr, enum hold_op op, enum evidence e,
		uint32_t by, uint32_t stack)
{
	uint32_t i = object_index(f, addr);

	*vec_push(&f->hold) = (struct hold){ .goid = goid,
					     .object = i,
					     .by = by,
					     .stack = stack,
					     .op = (uint8_t)op,
					     .evidence = (uint8_t)e };
}

/* --- order --- */

typedef VEC(struct radix_key) sort_keys;

#define rows_sort(rows, field, keys, spare) \
	do { \
		(keys)->n = 0; \
		for (size_t i_ = 0; i_ < (rows)->n; i_++) \
			*vec_push(keys) = (struct radix_key){ (rows)->v[i_].field, (uint32_t)i_ }; \
		radix_sort((keys)->v, (keys)->n); \
		vec_reserve(spare, (rows)->n); \
		for (size_t i_ = 0; i_ < (rows)->n; i_++) \
			(spare)->v[i_] = (rows)->v[(keys)->v[i_].at]; \
		if ((rows)->n) \
			memcpy((rows)->v, (spare)->v, (rows)->n * sizeof(*(rows)->v)); \
	} while (0)

#define rows_index(rows, keys, index) \
	do { \
		(keys)->n = (index)->n = 0; \
		for (size_t i_ = 0; i_ < (rows)->n; i_++) \
			*vec_push(keys) = (struct radix_key){ (rows)->v[i_].goid, (uint32_t)i_ }; \
		radix_sort((keys)->v, (keys)->n); \
		for (size_t i_ = 0; i_ < (rows)->n; i_++) \
			*vec_push(index) = (keys)->v[i_].at; \
	} while (0)

/* The same told twice: the better evidence stays, and of equal ones the first. Sorted by object. */
static void holds_unite(struct facts *f)
{
	struct map64 seen = { 0 };
	size_t out = 0;

	for (size_t i = 0; i < f->hold.n; i++) {
		struct hold h = f->hold.v[i];
		uint64_t key = hash_u64(h.goid) ^ hash_u64((uint64_t)h.object << 8 | h.op);
		uint32_t at = map64_get(&seen, key);
		struct hold *old = at == UINT32_MAX ? NULL : &f->hold.v[at];

		if (old && old->goid == h.goid && old->object == h.object && old->op == h.op) {
			if (h.evidence > old->evidence)
				*old = h;
			continue;
		}
		map64_put(&seen, key, (uint32_t)out);
		f->hold.v[out++] = h;
	}
	f->hold.n = out;
	map64_free(&seen);
}

static void objects_link(struct facts *f)
{
	for (size_t i = 0; i < f->object.n; i++) {
		struct object *o = &f->object.v[i];

		o->first_wait = o->n_waits = o->first_hold = o->n_holds = 0;
	}
	for (size_t i = 0; i < f->wait.n; i++) {
		struct object *o = &f->object.v[f->wait.v[i].object];

		if (!o->n_waits++)
			o->first_wait = (uint32_t)i;
	}
	for (size_t i = 0; i < f->hold.n; i++) {
		struct object *o = &f->object.v[f->hold.v[i].object];

		if (!o->n_holds++)
			o->first_hold = (uint32_t)i;
	}
}

void facts_finish(struct facts *f)
{
	sort_keys keys = { 0 };
	VEC(struct wait) spare_wait = { 0 };
	VEC(struct hold) spare_hold = { 0 };

	rows_sort(&f->wait, object, &keys, &spare_wait);
	rows_sort(&f->hold, object, &keys, &spare_hold);
	holds_unite(f);
	rows_index(&f->wait, &keys, &f->g_wait);
	rows_index(&f->hold, &keys, &f->g_hold);
	objects_link(f);
	vec_free(&keys);
	vec_free(&spare_wait);
	vec_free(&spare_hold);
}

static uint64_t mix(uint64_t h, const uint64_t *v, size_t n)
{
	return hash_bytes(v, n * sizeof(*v), h);
}

static uint64_t object_hash(const struct object *o, uint64_t h)
{
	const uint64_t v[] = {
		o->addr,
		o->owner,
		(uint64_t)o->len,
		(uint64_t)o->cap,
		(uint64_t)o->when,
		o->task_period,
		(uint64_t)o->type << 32 | o->text,
		(uint64_t)(uint32_t)o->fd << 32 | (uint32_t)o->flags << 8 | o->kind,
	};

	return mix(h, v, ARRAY_SIZE(v));
}

uint64_t facts_flags(const struct facts *f)
{
	return (f->searched ? FACTS_SEARCHED : 0u) | (f->netpoll ? FACTS_NETPOLL : 0u) |
	       (f->still ? FACTS_STILL : 0u);
}

uint64_t facts_hash(const struct facts *f)
{
	uint64_t h = facts_flags(f);

	for (size_t i = 0; i < f->object.n; i++)
		h = object_hash(&f->object.v[i], h);
	for (size_t i = 0; i < f->wait.n; i++) {
		const struct wait *x = &f->wait.v[i];

		h = mix(h,
			(uint64_t[]){ x->goid, (uint64_t)x->object << 32 | (uint32_t)x->at << 16 |
						       (uint32_t)x->op << 8 | x->select },
			2);
	}
	for (size_t i = 0; i < f->hold.n; i++) {
		const struct hold *x = &f->hold.v[i];

		h = mix(h,
			(uint64_t[]){ x->goid, (uint64_t)x->object << 32 | x->by,
				      (uint64_t)x->stack << 32 | (uint32_t)x->op << 8 |
					      x->evidence },
			3);
	}
	return h;
}

/* --- asking --- */

#define rows_of(rows, index, want, first, n) \
	do { \
		size_t lo_ = 0, hi_ = (index)->n; \
		while (lo_ < hi_) { \
			size_t mid_ = lo_ + (hi_ - lo_) / 2; \
			if ((rows)->v[(index)->v[mid_]].goid < (want)) \
				lo_ = mid_ + 1; \
			else \
				hi_ = mid_; \
		} \
		(first) = lo_; \
		while (hi_ < (index)->n && (rows)->v[(index)->v[hi_]].goid == (want)) \
			hi_++; \
		*(n) = hi_ - lo_; \
	} while (0)

size_t facts_waits_of(const struct facts *f, uint64_t goid, size_t *n)
{
	size_t first;

	rows_of(&f->wait, &f->g_wait, goid, first, n);
	return first;
}

size_t facts_holds_of(const struct facts *f, uint64_t goid, size_t *n)
{
	size_t first;

	rows_of(&f->hold, &f->g_hold, goid, first, n);
	return first;
}

bool hold_wakes(enum hold_op op, enum wait_op wait)
{
	switch (op) {
	case HOLD_LOCK:
		return wait == OP_LOCK || wait == OP_RLOCK || wait == OP_WAIT;
	case HOLD_RLOCK:
		return wait == OP_LOCK;
	case HOLD_SEND:
	case HOLD_CLOSE:
	case HOLD_CANCEL:
		return wait == OP_RECV;
	case HOLD_RECV:
		return wait == OP_SEND;
	case HOLD_DONE:
	case HOLD_SIGNAL:
		return wait == OP_WAIT;
	default:
		return op == HOLD_REF;
	}
}

/* --- events --- */

bool facts_apply(struct facts *f, const struct event *ev)
{
	struct object *o;

	switch (ev->kind) {
	case EV_FACTS:
		facts_clear(f);
		f->time = ev->time;
		f->searched = ev->value & FACTS_SEARCHED;
		f->netpoll = ev->value & FACTS_NETPOLL;
		f->still = ev->value & FACTS_STILL;
		return true;
	case EV_OBJECT:
		o = facts_object(f, ev->object);
		o->kind = ev->reason < OBJ_N ? ev->reason : OBJ_NONE;
		if (ev->state == PART_TIME) {
			o->when = (int64_t)ev->value;
			o->task_period = ev->value2;
			return true;
		}
		o->len = (int64_t)ev->value;
		o->cap = (int64_t)ev->value2;
		o->owner = ev->peer;
		o->type = ev->text;
		o->text = ev->text2;
		o->fd = (int32_t)ev->stack - 1;
		o->flags = (uint16_t)ev->stack2;
		return true;
	case EV_WAIT:
		facts_wait(f, ev->g, ev->object, ev->reason < OP_N ? ev->reason : OP_NONE,
			   ev->state, (uint16_t)ev->value);
		return true;
	case EV_HOLD:
		facts_hold(f, ev->g, ev->object, ev->reason < HOLD_N ? ev->reason : HOLD_REF,
			   ev->state ? EVIDENCE_SEEN : EVIDENCE_INFERRED, ev->text, ev->stack);
		return true;
	}
	return false;
}

static struct event event_at(int64_t t, enum event_kind kind, uint64_t object, unsigned what)
{
	return (struct event){ .time = t,
			       .m = NO_ID,
			       .p = NO_ID,
			       .object = object,
			       .kind = (uint8_t)kind,
			       .reason = (uint8_t)what };
}

unsigned facts_object_events(const struct object *o, int64_t t, struct event ev[2])
{
	ev[0] = event_at(t, EV_OBJECT, o->addr, o->kind);
	ev[0].state = PART_STATE;
	ev[0].value = (uint64_t)o->len;
	ev[0].value2 = (uint64_t)o->cap;
	ev[0].peer = o->owner;
	ev[0].text = o->type;
	ev[0].text2 = o->text;
	ev[0].stack = (uint32_t)(o->fd + 1);
	ev[0].stack2 = o->flags;
	if (o->when == T_NEVER && !o->task_period)
		return 1;
	ev[1] = event_at(t, EV_OBJECT, o->addr, o->kind);
	ev[1].state = PART_TIME;
	ev[1].value = (uint64_t)o->when;
	ev[1].value2 = o->task_period;
	return 2;
}

struct event facts_wait_event(int64_t t, uint64_t goid, uint64_t addr, enum wait_op op, bool select,
			      uint16_t at)
{
	struct event ev = event_at(t, EV_WAIT, addr, op);

	ev.g = goid;
	ev.state = select;
	ev.value = at;
	return ev;
}

struct event facts_hold_event(int64_t t, uint64_t goid, uint64_t addr, enum hold_op op,
			      enum evidence e, uint32_t by, uint32_t stack)
{
	struct event ev = event_at(t, EV_HOLD, addr, op);

	ev.g = goid;
	ev.state = e == EVIDENCE_SEEN;
	ev.text = by;
	ev.stack = stack;
	return ev;
}

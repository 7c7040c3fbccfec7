/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goroutines wait on, who waits, and who could wake them: the facts from
 * which the wait-for graph is made. They are of one moment, the newest; a
 * source tells them by EV_OBJECT, EV_WAIT and EV_HOLD, and what it does not
 * tell again after EV_FACTS is gone. What has no address of its own (a system
 * call, a phase of the runtime) stands under that of the thread's or the
 * goroutine's record; the nil channel and the empty select under 0.
 */
#ifndef CORE_OBJECT_H
#define CORE_OBJECT_H

#include "core/event.h"
#include "core/hash.h"
#include "core/mem.h"

#define NO_OBJECT UINT32_MAX

enum object_kind {
	OBJ_NONE,
	OBJ_CHAN,
	OBJ_MUTEX,
	OBJ_RWMUTEX,
	OBJ_WAITGROUP,
	OBJ_COND,
	OBJ_ONCE,
	OBJ_SEMA, /* a semaphore that is none of those above: internal/poll's fd mutex, the runtime's own */
	OBJ_RUNTIME, /* a lock or phase of the runtime: GC, finalizers, worldsema */
	OBJ_POLL, /* a descriptor that netpoll watches */
	OBJ_TIMER,
	OBJ_SYSCALL,
	OBJ_NIL, /* the nil channel, the select without cases: nobody can end this */
	OBJ_N
};

enum object_flags {
	OBJF_CLOSED = 1 << 0,
	OBJF_WRITER_WAITS = 1 << 1, /* RWMutex: new readers queue */
	OBJF_LOCKED = 1 << 2,
	OBJF_TIMER = 1 << 3, /* channel of a time.Timer, Ticker, time.After: the runtime sends */
	OBJF_GLOBAL = 1 << 4, /* lies in the program's data: every goroutine can reach it */
	OBJF_SHARED =
		1 << 5, /* referred to from memory that was not searched: others may reach it */
	OBJF_SEARCHED = 1 << 6, /* all stacks were searched for its address at facts_time */
	OBJF_LISTENS = 1 << 7, /* OBJ_POLL: a listening socket */
	OBJF_CONTEXT = 1 << 8 /* the Done channel of a context */
};

/* One object; its address is its identity as long as it lives. */
struct object {
	uint64_t addr;
	uint64_t
		owner; /* start of what it is part of: the poll.FD, the sync.Once, the context; 0: not known */
	int64_t len,
		cap; /* chan: elements; waitgroup: len is the counter; rwmutex: len is the number of readers */
	int64_t when; /* timer: fires; poll: deadline; session time, T_NEVER: none */
	uint64_t task_period; /* OBJF_TIMER: ns between ticks, 0: once */
	uint32_t type; /* string id: element type, 0: not known */
	uint32_t
		text; /* string id: "tcp 10.0.0.1:8080 -> 10.0.0.9:5123", "read(7, 0xc000, 512)", what context it is */
	int32_t fd; /* -1: none */
	uint16_t flags;
	uint8_t kind;
	uint32_t first_wait, n_waits; /* into facts.wait */
	uint32_t first_hold, n_holds; /* into facts.hold */
};

enum wait_op {
	OP_NONE,
	OP_SEND,
	OP_RECV,
	OP_LOCK,
	OP_RLOCK,
	OP_WAIT,
	OP_READ,
	OP_WRITE,
	OP_CALL,
	OP_N
};

/* A goroutine in an object's queue, in the queue's order; a select has one for each case. */
struct wait {
	uint64_t goid;
	uint32_t object;
	uint16_t at; /* case of the select, in the order of the addresses' text; else 0 */
	uint8_t op; /* enum wait_op */
	bool select;
};

/* What a goroutine could do to an object. */
enum hold_op {
	HOLD_LOCK, /* holds it, so it can unlock */
	HOLD_RLOCK,
	HOLD_SEND,
	HOLD_RECV,
	HOLD_CLOSE,
	HOLD_DONE, /* WaitGroup.Done */
	HOLD_SIGNAL, /* Cond.Signal, Broadcast */
	HOLD_CANCEL, /* the context's cancel function */
	HOLD_REF, /* it has the address in its frames; what for is not known */
	HOLD_N
};

enum evidence { EVIDENCE_INFERRED, EVIDENCE_SEEN };

struct hold {
	uint64_t goid;
	uint32_t object;
	uint32_t
		by; /* string id: "deferred Unlock in main.transfer", "between Lock and Unlock", … */
	uint32_t stack; /* where; the first frame is the one that holds; 0: not known */
	uint8_t op; /* enum hold_op */
	uint8_t evidence; /* enum evidence */
};

/* All of it at one moment. Arrays sorted by object; by_g leads to a goroutine's waits. */
struct facts {
	int64_t time; /* of the look; T_BEFORE: there was none */
	bool searched; /* stacks were searched for references, so the absence of a hold means something */
	bool still; /* of memory that stood still, all of it with the registers: one look is as good as many */
	bool netpoll; /* goroutines wait for the network or a cgo call: Go's own deadlock check is off */
	VEC(struct object) object;
	VEC(struct wait) wait;
	VEC(struct hold) hold;
	struct map64 by_addr; /* address → index of object */
	VEC(uint32_t) g_wait; /* indices of wait, sorted by goid */
	VEC(uint32_t) g_hold; /* indices of hold, sorted by goid */
};

void facts_init(struct facts *f);
void facts_release(struct facts *f);
/* Forgets all, keeps the memory. */
void facts_clear(struct facts *f);
/* The object at that address, made where it is not there; valid until the next call of any facts_*(). */
struct object *facts_object(struct facts *f, uint64_t addr);
void facts_wait(struct facts *f, uint64_t goid, uint64_t addr, enum wait_op op, bool select,
		uint16_t at);
void facts_hold(struct facts *f, uint64_t goid, uint64_t addr, enum hold_op op, enum evidence e,
		uint32_t by, uint32_t stack);
/*
 * Once all is told: sorts (the order of one object's waits stays as it was
 * told) and links. Of a hold told twice the better evidence stays.
 */
void facts_finish(struct facts *f);

/* Of all that is told but the time: looks that tell the same in the same order have the same. */
uint64_t facts_hash(const struct facts *f);

/* Index of the object, NO_OBJECT: not known. */
uint32_t facts_find(const struct facts *f, uint64_t addr);
/* First index into g_wait (g_hold) of that goroutine's, and how many. */
size_t facts_waits_of(const struct facts *f, uint64_t goid, size_t *n);
size_t facts_holds_of(const struct facts *f, uint64_t goid, size_t *n);

/*
 * event.value of EV_FACTS. FACTS_SAME: all is as in the look before, and nothing
 * of it is told again.
 */
enum { FACTS_SEARCHED = 1 << 0, FACTS_NETPOLL = 1 << 1, FACTS_SAME = 1 << 2, FACTS_STILL = 1 << 3 };
/* What the head of a look says of it, without FACTS_SAME. */
uint64_t facts_flags(const struct facts *f);
/* EV_OBJECT comes in two parts; its state says which. */
enum { PART_STATE, PART_TIME };
/* What an event of EV_FACTS, _OBJECT, _WAIT or _HOLD says; false: it is none of those. */
bool facts_apply(struct facts *f, const struct event *ev);
/* The events that say it; the number filled in. The fields are told of in event.h. */
unsigned facts_object_events(const struct object *o, int64_t t, struct event ev[2]);
struct event facts_wait_event(int64_t t, uint64_t goid, uint64_t addr, enum wait_op op, bool select,
			      uint16_t at);
struct event facts_hold_event(int64_t t, uint64_t goid, uint64_t addr, enum hold_op op,
			      enum evidence e, uint32_t by, uint32_t stack);

/* Whether who could do op would wake who waits so, by itself. HOLD_REF: perhaps. */
bool hold_wakes(enum hold_op op, enum wait_op wait);

const char *object_kind_name(enum object_kind k); /* "chan", "mutex" … */
const char *wait_op_name(enum wait_op op); /* "send", "recv", "lock" … */
const char *hold_op_name(enum hold_op op);

/* The inverse of the above; -1 where no such name is known. */
int object_kind_parse(const char *name);
int wait_op_parse(const char *name);
int hold_op_parse(const char *name);

#define OBJECT_FLAGS 9
/* The name of the flag 1 << bit, bit < OBJECT_FLAGS: "closed", "writer_waits" … */
const char *object_flag_name(unsigned bit);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of objects: shared by objects*.c alone. */
#ifndef TARGET_OBJECTS_PRIV_H
#define TARGET_OBJECTS_PRIV_H

#include "target/frameinfo.h"
#include "target/gather.h"
#include "target/goheap.h"
#include "target/objects.h"
#include "target/scan_priv.h"

enum {
	GFRAMES = 64, /* frames of a goroutine that are looked at, leaf first */
	CANDIDATES = 24, /* words of a waiting frame that may be what is waited on */
	STACK_FIRST = 4096, /* bytes of a stack, read in a batch */
	STACK_MOST = 4 << 20,
	SEEN_MOST =
		1 << 18, /* goroutines that are looked at; more cost more memory than they tell */
};

/* How the object that a goroutine waits on is to be found. */
enum wait_kind {
	WK_NONE,
	WK_CHAN, /* sudogs of g.waiting */
	WK_SEMA,
	WK_COND,
	WK_POLL,
	WK_SLEEP,
	WK_SYSCALL,
	WK_NIL,
	WK_RUNTIME
};

/* What kind of thing a claim is on. */
enum claim_lock {
	CLAIM_MUTEX,
	CLAIM_RWMUTEX,
	CLAIM_CHAN,
	CLAIM_WAITGROUP,
	CLAIM_COND,
	CLAIM_CONTEXT /* addr is the context */
};

/* What a goroutine could do to what lies at an address, whether or not somebody waits there. */
struct claim {
	uint64_t addr;
	uint64_t chan; /* CLAIM_CONTEXT: its Done channel; 0: none yet */
	uint32_t by;
	uint16_t frame;
	uint8_t op; /* enum hold_op */
	uint8_t lock; /* enum claim_lock */
	uint8_t nth;
	bool seen, deferred;
	bool taken; /* a lock taken on the way here */
};

/* A live pointer in a frame. */
struct gword {
	uint64_t value;
	uint16_t frame;
	bool lib; /* of a frame that would not use it to wake somebody */
};

/* What was learnt of a goroutine, true as long as it does not move; one for each g. */
struct gseen {
	struct scan_g g; /* as it was then */
	uint32_t tick; /* of its thread, in a system call */
	uint32_t look; /* the last one that found it so; 0: never */
	uint8_t wait; /* enum wait_kind */
	uint8_t op; /* enum wait_op */
	uint8_t kind; /* enum object_kind: of a semaphore */
	bool select;
	bool cut; /* not all of its stack was searched */
	uint8_t n_cand;
	uint32_t cand; /* the first of its candidates, in the look that learnt it */
	uint32_t text; /* string id: whose the semaphore is */
	int32_t delta; /* semaphore: where it lies in the object */
	uint64_t object; /* once it is found */
	uint64_t sudog; /* WK_SEMA, WK_COND */
	uint64_t given_back; /* WK_COND: the lock that it had */
	uint16_t own_frame; /* the innermost frame that is the program's */
	uint16_t n_claim, n_word;
	struct claim *claim;
	struct gword *word;
};

/* What it waits on was found, or needs no finding. */
static inline bool wait_found(const struct gseen *s)
{
	return (s->wait != WK_SEMA && s->wait != WK_COND && s->wait != WK_POLL) || s->object;
}

/* One sudog of this look. */
struct sudog {
	uint64_t addr, g, next, prev, waitlink, elem, chan;
	uint32_t seen; /* index of its goroutine */
	uint16_t at; /* how many are before it in g.waiting */
	bool select, ok, told;
	uint8_t cands; /* of its Cond */
};

/* A copy of a stack, while one goroutine is learnt. */
struct gstack {
	struct unwind_mem mem;
	unwind_pc pc[GFRAMES];
	uint64_t sp[GFRAMES + 1]; /* frame i is sp[i] … sp[i + 1] */
	struct frameinfo *info[GFRAMES];
	size_t n;
	bool whole;
};

struct objects {
	struct target *t;
	struct scan *scan;
	struct frameinfos frames;
	struct strtab text;
	struct objects_stats stats;
	uint32_t look;
	VEC(struct gseen) seen;
	struct map64 by_g; /* address of a g → index of seen */
	uint8_t *wait_of; /* enum wait_kind by wait reason */
	uint8_t *op_of;

	/* of one look */
	struct facts *out;
	VEC(uint32_t) todo; /* that moved */
	VEC(uint32_t) waits; /* that wait */
	VEC(struct scan_g) moving; /* that run, or did while they were read */
	VEC(uint32_t) held; /* objects already told of for one goroutine */
	struct map64 waiting; /* goroutine and object */
	struct map64 by_base; /* what an object lies in → the object */
	struct goheap heap;
	struct learner *learner;
	uint32_t unsearched; /* stacks, or parts */
	uint32_t by_frame, by_running, by_near; /* string ids */
	VEC(uint32_t) refs; /* mere references told, of each object */
	struct reach *reach;
	VEC(uint64_t) moving_word; /* words of stacks that move */
	struct map64
		marked; /* object → how many marks missed it, or that the last one reached it */
	int64_t mark_next;
	VEC(uint64_t) cand; /* words that may be what a goroutine waits on */
	VEC(struct sudog) sudog;
	struct map64 by_sudog; /* address → index of sudog */
	struct gather gather;
	uint8_t *stack_buf, *rec_buf;
	uint8_t *deep_buf; /* grows with the deepest stack */
	size_t deep_size;
	struct map64 type_name; /* address of a type → string id */
	VEC(char) sockets; /* lines of /proc/PID/net/tcp and others */
	struct map64 inode; /* of a socket → its line << 3 | which file */
	struct map64 fd_text; /* descriptor and what tells it apart → string id */
	uint32_t sockets_look; /* when sockets were read last */
	uint32_t links; /* descriptors that may be read yet */
};

static inline uint64_t objects_u64(const uint8_t *p, int32_t off)
{
	uint64_t v = 0;

	if (off >= 0)
		memcpy(&v, p + off, 8);
	return v;
}

static inline uint32_t objects_u32(const uint8_t *p, int32_t off)
{
	uint32_t v = 0;

	if (off >= 0)
		memcpy(&v, p + off, 4);
	return v;
}

/* The word at addr of the stack; 0 where it was not copied. */
static inline uint64_t gstack_word(const struct gstack *s, uint64_t addr)
{
	const struct unwind_mem *m = &s->mem;
	uint64_t v = 0;

	if (addr >= m->addr && m->len >= 8 && addr - m->addr <= m->len - 8)
		memcpy(&v, m->data + (addr - m->addr), 8);
	return v;
}

/* deep_buf, with room for n bytes. */
uint8_t *objects_deep(struct objects *o, size_t n);

uint32_t objects_str(struct objects *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- objects_wait.c: what a goroutine waits on --- */

void waits_init(struct objects *o);
/* Says how the object will be found, from its frames; s is NULL where they are not known. */
void wait_learn(struct objects *o, struct gseen *g, const struct gstack *s);
/* Finds the objects of all that wait and tells the waits. 0, -ESRCH, -EPERM. */
int waits_tell(struct objects *o);

/* --- objects_state.c: how the objects are --- */

/* Reads the state of all objects that out names. 0, -ESRCH, -EPERM. */
int states_tell(struct objects *o);

/* --- objects_claim.c: what the frames of a goroutine will do --- */

void holds_init(struct objects *o);
/* Keeps what the frames of g claim; defers: its first _defer record; ctxt: g.sched.ctxt. */
void holds_learn(struct objects *o, struct gseen *g, struct gstack *s, uint64_t defers,
		 uint64_t ctxt);
void holds_forget(struct gseen *g);

/* --- objects_hold.c: who could wake them --- */

/* Tells the holds of all objects that out names. 0, -ESRCH, -EPERM. */
int holds_tell(struct objects *o);

/* The object at v, or the one that what lies at v contains; NO_OBJECT. */
uint32_t objects_word(const struct objects *o, uint64_t v);

/* --- objects_reach.c: data, timers, neighbours --- */

void reach_init(struct objects *o);
void reach_free(struct objects *o);
/* Sets the flags of the objects, and readies what is asked for below. 0, -ESRCH, -EPERM. */
int reach_search(struct objects *o);
/* Addresses of objects that the heap object at word refers to. */
size_t reach_hits(const struct objects *o, uint64_t word, const uint64_t **hit);
/* Objects that end with that context: *link is UINT32_MAX at first; NO_OBJECT: no more. */
uint32_t reach_cancels(const struct objects *o, uint64_t ctx, uint32_t *link);

/* --- objects_mark.c: whether anything that lives can reach them --- */

/* Now and then; sets OBJF_SEARCHED, OBJF_SHARED. */
void marks_update(struct objects *o, int64_t now);
int64_t objects_clock(void);

/* The name of a type of the program; "" not known. */
const char *objects_type(struct objects *o, uint64_t addr);

/* --- objects_net.c --- */

/* A look begins. */
void net_begin(struct objects *o);
/*
 * What a descriptor of the target is: "tcp 127.0.0.1:80 -> 127.0.0.1:4711", a
 * path; *listens as it says. 0: not known yet. key tells apart what had the same
 * number one after the other.
 */
uint32_t net_text(struct objects *o, int fd, uint64_t key, bool *listens);

#endif

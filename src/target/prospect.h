/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a function will do once it goes on, and which locks it took on its way:
 * found by following its code with the addresses that it uses kept as
 * expressions over the frame. Go's calls keep no register, so all that a parked
 * function still needs lies in its frame. Worked out once for each pc, whoever
 * stands there. amd64 only.
 */
#ifndef TARGET_PROSPECT_H
#define TARGET_PROSPECT_H

#include "core/mem.h"
#include "target/target.h"

enum prospect_op {
	PROS_NONE,
	PROS_LOCK, /* sync.Mutex */
	PROS_UNLOCK,
	PROS_RW_LOCK, /* sync.RWMutex, to write */
	PROS_RW_UNLOCK,
	PROS_RLOCK,
	PROS_RUNLOCK,
	PROS_SEND,
	PROS_RECV,
	PROS_CLOSE,
	PROS_ADD, /* WaitGroup.Add of what is not known to be negative */
	PROS_DONE, /* WaitGroup.Done, Add of a negative number */
	PROS_SIGNAL, /* Cond.Signal, Broadcast */
	PROS_CALL, /* calls the func value addr */
	PROS_METHOD, /* calls fn, a method of an interface, with addr */
	PROS_N
};

enum expr_base {
	EXPR_NONE, /* not known */
	EXPR_SP, /* the stack pointer */
	EXPR_ABS, /* 0 */
	EXPR_CTX, /* the func value called; where a function begins alone */
	EXPR_ARG /* register argument number arg; likewise */
};

enum { EXPR_OFFSETS = 5 };

/* base + off[0], then what lies there + off[1], and so on. */
struct expr {
	uint8_t base;
	uint8_t n; /* offsets, at least 1 where base is known */
	uint8_t arg;
	int64_t off[EXPR_OFFSETS];
};

struct prospect {
	struct expr addr;
	struct expr fn; /* PROS_METHOD */
	uint64_t pc; /* of the instruction */
	uint8_t op; /* enum prospect_op */
	uint8_t nth; /* of releases: so many of the same came before on the way; of held ones: taken so often before */
	uint8_t depth; /* 0: in the function itself; 1, 2: in one that it calls */
	bool sure; /* no branch lies between */
};

struct prospects {
	struct prospect *v;
	uint32_t n;
	bool cut; /* there was more than could be followed */
};

struct explorer;

struct explorer *explorer_new(struct target *t);
void explorer_free(struct explorer *e); /* NULL ok */
/*
 * What comes after pc. Expressions are over the stack pointer at pc; where pc is
 * the function's entry, over its arguments and its func value as well. Releases
 * of what was taken on the way do not count. The caller frees out->v.
 */
void explorer_ahead(struct explorer *e, uint64_t pc, struct prospects *out);
/* The locks that the function has taken on its way to pc, and not released: PROS_LOCK, _RW_LOCK, _RLOCK. */
void explorer_held(struct explorer *e, uint64_t pc, struct prospects *out);

/* What an expression stands for. False: not known, or memory is not there. */
struct expr_frame {
	uint64_t sp, ctx;
	bool (*word)(const struct expr_frame *f, uint64_t addr, uint64_t *v);
	void *arg;
};
bool expr_value(const struct expr *e, const struct expr_frame *f, uint64_t *v);

/* What a function is known to do by its name: to its first argument, or PROS_NONE. */
enum prospect_op prospect_of(const char *func);

#endif

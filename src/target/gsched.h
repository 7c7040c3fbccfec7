/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's side: threads (M), processors (P) and what it counts. */
#ifndef TARGET_GSCHED_H
#define TARGET_GSCHED_H

#include "core/mem.h"
#include "target/globals.h"
#include "target/layout.h"
#include "target/mem.h"

struct gthread { /* runtime.m */
	uint64_t addr, next;
	uint64_t g0, curg, lockedg; /* addresses of a g */
	uint64_t p; /* address of its P, 0: none */
	int64_t id;
	pid_t tid; /* 0: not started yet */
	uint32_t syscalltick;
	bool incgo, spinning, blocked;
};

struct gproc { /* runtime.p */
	uint64_t addr, m;
	int32_t id;
	uint32_t
		status; /* runtime/runtime2.go: 0 idle, 1 running, 2 in a system call, 3 GC stop, 4 dead */
	uint32_t runq; /* goroutines in its own queue, with runnext */
	uint32_t schedtick;
	uint64_t goid_next, goid_end; /* ids it took and has not given out yet */
};

struct gsched {
	VEC(struct gthread) m; /* as chained by alllink */
	VEC(struct gproc) p; /* p.v[i].id is i */
	VEC(uint32_t) by_addr; /* of m, ascending by address */
	uint64_t goidgen; /* the last id that any P took */
	uint64_t created; /* goroutines made since the program began, exact */
	uint32_t runq; /* in the global queue */
	uint32_t idle_m, idle_p, spinning_m;
	bool gc_waiting; /* the world is being stopped */
	bool gc_on; /* the collector marks */
	uint8_t *buf; /* private */
	size_t buf_size;
};

void gsched_init(struct gsched *s);
void gsched_release(struct gsched *s);
/* Replaces what s holds. 0, -EFAULT where it is in disorder (s keeps what it had), -ESRCH, -EPERM. */
int gsched_read(struct gsched *s, struct memr *mem, const struct golayout *lay,
		const struct goglobals *gl);
/* The thread whose m lies there, or NULL. */
const struct gthread *gsched_thread(const struct gsched *s, uint64_t addr);
/* The processor's number, or -1. */
int32_t gsched_proc_id(const struct gsched *s, uint64_t addr);

/* Whether that goroutine had been made when s was read: exact, from the ids not given out then. */
bool gsched_had(const struct gsched *s, uint64_t goid);
/* Copies what gsched_had() needs; to is initialised. */
void gsched_keep_ids(struct gsched *to, const struct gsched *from);

#endif

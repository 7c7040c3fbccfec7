/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What blocked goroutines wait on, read from the runtime's own queues without
 * stopping the program: channels and every case of a select from sudogs, locks
 * and WaitGroups from the semaphores' treaps. What does not agree with itself
 * (a goroutine that went on meanwhile) is left out.
 */
#ifndef TARGET_OBJECTS_H
#define TARGET_OBJECTS_H

#include "target/scan.h"

enum gobj_kind { GOBJ_CHAN, GOBJ_SEMA };

enum { GOBJ_AROUND = 32 }; /* bytes before a semaphore, and as many from it on */

struct gobj {
	uint64_t addr; /* of the hchan, or of the semaphore's word */
	uint64_t len, cap; /* of a channel: elements */
	uint64_t elemtype; /* *runtime._type */
	uint32_t type; /* its name, in objects.names; 0: not known */
	uint8_t kind;
	bool closed, timer; /* timer: the runtime itself sends on it */
	bool around_known;
	uint8_t around[2 * GOBJ_AROUND]; /* of a semaphore: what it is part of */
};

enum gobj_op { GOBJ_SEND, GOBJ_RECV, GOBJ_ACQUIRE };

struct gobj_wait {
	uint64_t goid;
	uint32_t obj; /* index of objects.obj */
	uint16_t at; /* of a select: which of its cases, in the order in which it locks them */
	uint8_t op;
	bool select;
};

struct objects {
	VEC(struct gobj) obj;
	VEC(struct gobj_wait) wait; /* an object's waiters in the order of its queue */
	struct strtab names; /* of types */
	uint64_t left_out; /* waits that contradicted themselves, in the last look */
	struct objects_scratch *scratch; /* private */
};

void objects_init(struct objects *o);
void objects_release(struct objects *o);

/*
 * Looks at what the goroutines of the scan's last pass wait on. Costs for each some
 * 200 ns. 0, -ESRCH or -EPERM.
 */
int objects_look(struct objects *o, struct scan *s);

#endif

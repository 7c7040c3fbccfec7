/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one vocabulary: whatever a source sees is told as events, and whatever a
 * pane or an export shows was told so.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times are nanoseconds since the session's first event. */
#define T_BEFORE INT64_MIN /* before the session began */
#define T_NEVER INT64_MAX

#define NO_G UINT32_MAX /* no row of the goroutine table */
#define NO_ID UINT64_MAX /* no such thread, processor */

enum gstate {
	GS_NONE, /* not there yet, or not known */
	GS_RUNNING,
	GS_RUNNABLE,
	GS_BLOCKED,
	GS_SYSCALL,
	GS_DEAD,
	GS_N
};

/* Names as in the machine-readable output; see reason_name(). */
enum reason {
	R_NONE,
	R_CHAN_SEND,
	R_CHAN_RECV,
	R_CHAN_SEND_NIL,
	R_CHAN_RECV_NIL,
	R_SELECT,
	R_SELECT_EMPTY,
	R_MUTEX,
	R_RWMUTEX_READ,
	R_RWMUTEX_WRITE,
	R_WAITGROUP,
	R_COND,
	R_SEMAPHORE,
	R_SLEEP,
	R_NET,
	R_IO,
	R_SYSCALL,
	R_GC,
	R_FINALIZER,
	R_TIMER,
	R_PREEMPTED,
	R_DEBUG,
	R_OTHER,
	R_N
};

enum event_kind {
	EV_NONE,
	EV_CREATE, /* g made; peer: creator (0: the runtime); stack: the go statement; stack2: entry function; state: runnable or blocked */
	EV_STATUS, /* g's state is learnt, not changed; state, stack; stack2: entry function; value2: ns that it has lasted at least */
	EV_RUN, /* g runs on m and p; stack: where, 0: where it was */
	EV_BLOCK, /* g parks; reason, text, stack */
	EV_UNBLOCK, /* g is made runnable by peer (0: netpoll, timer, sysmon); stack: the waker's */
	EV_PREEMPT, /* g goes from running to runnable; text: why */
	EV_SYSCALL, /* g enters a system call; stack */
	EV_SYSCALL_EXIT, /* g is back; state: running, or runnable where it lost its P */
	EV_DEAD, /* g ends */
	EV_SAMPLE, /* g was on CPU, on m and p; stack; value: ns on CPU that it stands for, 0: not told */
	EV_RANGE_BEGIN, /* text: "GC concurrent mark phase", "stop-the-world (…)"; g or p where it belongs to one */
	EV_RANGE_END, /* text; for sweeps: value: bytes swept, value2: bytes reclaimed */
	EV_RANGE_ACTIVE, /* the range was open before the source's first look */
	EV_TASK_BEGIN, /* object: task id, value: parent task, text: name, stack */
	EV_TASK_END,
	EV_REGION_BEGIN, /* object: task id, text: name, stack */
	EV_REGION_END,
	EV_LOG, /* object: task id, text: category, text2: message, stack */
	EV_LABEL, /* text: label of g */
	EV_METRIC, /* text: name, value */
	EV_PROC, /* p changes; state: GS_RUNNING or GS_BLOCKED (idle) */
	EV_ALLOC, /* allocator experiment; text: what, object: id or address, value: size or type */
	EV_LOST, /* value: how many events are missing here */
	EV_SYNC, /* clocks were compared; value: wall time in ns since 1970, 0: not known */
	EV_ORIGIN, /* how g was made before the session; peer: creator; stack: the go statement; stack2: entry function */
	EV_THREAD, /* thread m: g on it (0: none), p; state: GS_RUNNING, GS_SYSCALL, GS_BLOCKED (idle), GS_DEAD; text: the system call; value: its descriptor + 1 */
	/*
	 * What goroutines wait on (core/object.h): all of it between EV_FACTS and
	 * EV_FACTS_END is of one look and takes the place of the look before.
	 */
	EV_FACTS, /* a look begins; value: FACTS_… */
	/*
	 * object: address; reason: enum object_kind. state 0: value: len, value2: cap, peer: owner,
	 * text: type, text2: text, stack: fd + 1, stack2: flags. state 1: value: when, value2: period.
	 */
	EV_OBJECT,
	EV_WAIT, /* g waits on object; reason: enum wait_op, state: 1 in a select, value: which case */
	EV_HOLD, /* g could wake who waits on object; reason: enum hold_op, state: enum evidence, text: by what, stack: where */
	EV_FACTS_END,
	EV_N
};

enum event_flags {
	/* the change happened within the interval value..time, not at time; value2: how often g stopped running in it, 0: not known */
	EVF_SAMPLED = 1 << 0,
	EVF_STATUS = 1 << 1, /* EV_PROC: the state is learnt, not changed */
	EVF_SCOPE_G =
		1
		<< 2, /* ranges: it is the goroutine's own, else p's, or where p is NO_ID the program's */
};

/* What the fields mean depends on kind, see there; unused ones are 0 (m, p: NO_ID). */
struct event {
	int64_t time;
	uint64_t g; /* goroutine id, 0: none */
	uint64_t peer; /* the other goroutine's id */
	uint64_t object; /* address of what is waited on; task id */
	uint64_t value;
	uint64_t value2;
	uint64_t m; /* operating system's thread id */
	uint64_t p;
	uint32_t stack; /* ids in the world's tables */
	uint32_t stack2;
	uint32_t text;
	uint32_t text2;
	uint8_t kind;
	uint8_t reason;
	uint8_t state;
	uint8_t flags;
};

/* Names of EV_METRIC that the model understands: the CPU quota of the program's cgroup. */
#define METRIC_QUOTA "cpu.quota" /* thousandths of a processor, 0: none */
#define METRIC_PERIODS "cpu.periods" /* periods so far in which it ran … */
#define METRIC_THROTTLED "cpu.throttled" /* … and of them those that the quota cut short */

const char *gstate_name(enum gstate s); /* "running" … ; GS_NONE: "unknown" */
const char *reason_name(enum reason r); /* "chan-send" … ; R_NONE: "" */
const char *event_name(enum event_kind k); /* "create" … */

/* The inverse of the above; -1 where no such name is known. */
int gstate_parse(const char *name);
int reason_parse(const char *name);
int event_parse(const char *name);

/*
 * The type of an event in events.jsonl, and its phase there ("begin" …; NULL: it
 * has none). NULL: such an event is not written.
 */
const char *event_type(enum event_kind k, const char **phase);
/* The inverse, of n and m bytes; EV_NONE: no such event is known. */
enum event_kind event_of_type(const char *type, size_t n, const char *phase, size_t m);

/* The letter that stands for a state and its reason on the screen: R Q B L S I Z G X. */
char state_letter(enum gstate s, enum reason r);

#endif

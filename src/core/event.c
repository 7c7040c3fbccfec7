/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event.h"

#include <string.h>

#include "core/mem.h"

static const char *const gstate_names[GS_N] = {
	[GS_NONE] = "unknown",	  [GS_RUNNING] = "running", [GS_RUNNABLE] = "runnable",
	[GS_BLOCKED] = "blocked", [GS_SYSCALL] = "syscall", [GS_DEAD] = "dead",
};

static const struct {
	const char *name;
	char letter;
} reasons[R_N] = {
	[R_NONE] = { "", 'B' },
	[R_CHAN_SEND] = { "chan-send", 'B' },
	[R_CHAN_RECV] = { "chan-recv", 'B' },
	[R_CHAN_SEND_NIL] = { "chan-send-nil", 'B' },
	[R_CHAN_RECV_NIL] = { "chan-recv-nil", 'B' },
	[R_SELECT] = { "select", 'B' },
	[R_SELECT_EMPTY] = { "select-empty", 'B' },
	[R_MUTEX] = { "mutex", 'L' },
	[R_RWMUTEX_READ] = { "rwmutex-read", 'L' },
	[R_RWMUTEX_WRITE] = { "rwmutex-write", 'L' },
	[R_WAITGROUP] = { "waitgroup", 'L' },
	[R_COND] = { "cond", 'L' },
	[R_SEMAPHORE] = { "semaphore", 'L' },
	[R_SLEEP] = { "sleep", 'Z' },
	[R_NET] = { "net", 'I' },
	[R_IO] = { "io", 'I' },
	[R_SYSCALL] = { "syscall", 'S' },
	[R_GC] = { "gc", 'G' },
	[R_FINALIZER] = { "finalizer", 'G' },
	[R_TIMER] = { "timer", 'Z' },
	[R_PREEMPTED] = { "preempted", 'Q' },
	[R_DEBUG] = { "debug", 'B' },
	[R_OTHER] = { "other", 'B' },
};

static const char *const event_names[EV_N] = {
	[EV_NONE] = "none",
	[EV_CREATE] = "create",
	[EV_STATUS] = "status",
	[EV_RUN] = "run",
	[EV_BLOCK] = "block",
	[EV_UNBLOCK] = "unblock",
	[EV_PREEMPT] = "preempt",
	[EV_SYSCALL] = "syscall",
	[EV_SYSCALL_EXIT] = "syscall-exit",
	[EV_DEAD] = "dead",
	[EV_SAMPLE] = "sample",
	[EV_RANGE_BEGIN] = "range-begin",
	[EV_RANGE_END] = "range-end",
	[EV_RANGE_ACTIVE] = "range-active",
	[EV_TASK_BEGIN] = "task-begin",
	[EV_TASK_END] = "task-end",
	[EV_REGION_BEGIN] = "region-begin",
	[EV_REGION_END] = "region-end",
	[EV_LOG] = "log",
	[EV_LABEL] = "label",
	[EV_METRIC] = "metric",
	[EV_PROC] = "proc",
	[EV_ALLOC] = "alloc",
	[EV_LOST] = "lost",
	[EV_SYNC] = "sync",
	[EV_ORIGIN] = "origin",
	[EV_THREAD] = "thread",
	[EV_FACTS] = "facts",
	[EV_OBJECT] = "object",
	[EV_WAIT] = "wait",
	[EV_HOLD] = "hold",
	[EV_FACTS_END] = "facts-end",
};

/* Names of the contract: added to, never changed. */
static const struct {
	const char *type;
	const char *phase;
} types[EV_N] = {
	[EV_CREATE] = { "create", NULL },
	[EV_STATUS] = { "status", NULL },
	[EV_RUN] = { "run", NULL },
	[EV_BLOCK] = { "block", NULL },
	[EV_UNBLOCK] = { "unblock", NULL },
	[EV_PREEMPT] = { "preempt", NULL },
	[EV_SYSCALL] = { "syscall", NULL },
	[EV_SYSCALL_EXIT] = { "syscall-exit", NULL },
	[EV_DEAD] = { "dead", NULL },
	[EV_SAMPLE] = { "sample", NULL },
	[EV_RANGE_BEGIN] = { "gc", "begin" },
	[EV_RANGE_END] = { "gc", "end" },
	[EV_RANGE_ACTIVE] = { "gc", "active" },
	[EV_TASK_BEGIN] = { "task", "begin" },
	[EV_TASK_END] = { "task", "end" },
	[EV_REGION_BEGIN] = { "region", "begin" },
	[EV_REGION_END] = { "region", "end" },
	[EV_LOG] = { "log", NULL },
	[EV_LABEL] = { "label", NULL },
	[EV_METRIC] = { "metric", NULL },
	[EV_PROC] = { "proc", NULL },
	[EV_ALLOC] = { "alloc", NULL },
	[EV_LOST] = { "lost", NULL },
	[EV_SYNC] = { "sync", NULL },
	[EV_ORIGIN] = { "origin", NULL },
	[EV_THREAD] = { "thread", NULL },
	[EV_FACTS] = { "facts", NULL },
	[EV_OBJECT] = { "object", NULL },
	[EV_WAIT] = { "wait", NULL },
	[EV_HOLD] = { "hold", NULL },
	[EV_FACTS_END] = { "facts-end", NULL },
};

const char *gstate_name(enum gstate s)
{
	return s < GS_N ? gstate_names[s] : "unknown";
}

const char *reason_name(enum reason r)
{
	return r < R_N ? reasons[r].name : "other";
}

const char *event_name(enum event_kind k)
{
	return k < EV_N ? event_names[k] : "none";
}

int gstate_parse(const char *name)
{
	for (int i = 0; i < GS_N; i++)
		if (!strcmp(name, gstate_names[i]))
			return i;
	return -1;
}

int reason_parse(const char *name)
{
	for (int i = 0; i < R_N; i++)
		if (!strcmp(name, reasons[i].name))
			return i;
	return -1;
}

int event_parse(const char *name)
{
	for (int i = 0; i < EV_N; i++)
		if (!strcmp(name, event_names[i]))
			return i;
	return -1;
}

const char *event_type(enum event_kind k, const char **phase)
{
	*phase = k < EV_N ? types[k].phase : NULL;
	return k < EV_N ? types[k].type : NULL;
}

static bool is_text(const char *want, const char *s, size_t n)
{
	return strlen(want) == n && !memcmp(want, s, n);
}

enum event_kind event_of_type(const char *type, size_t n, const char *phase, size_t m)
{
	for (int k = EV_NONE + 1; k < EV_N; k++)
		if (*type == *types[k].type && is_text(types[k].type, type, n) &&
		    is_text(types[k].phase ? types[k].phase : "", phase, m))
			return (enum event_kind)k;
	return EV_NONE;
}

char state_letter(enum gstate s, enum reason r)
{
	switch (s) {
	case GS_RUNNING:
		return 'R';
	case GS_RUNNABLE:
		return 'Q';
	case GS_SYSCALL:
		return 'S';
	case GS_DEAD:
		return 'X';
	case GS_BLOCKED:
		return r < R_N ? reasons[r].letter : 'B';
	default:
		return '?';
	}
}

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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a goroutine waits for, from Go's text and its frames. The texts are
 * those of runtime/runtime2.go:waitReasonStrings, of runtime/traceruntime.go
 * and of the trace readers; the older and newer forms of each are all here.
 */
#include <string.h>

#include "core/world.h"

struct text_reason {
	const char *text;
	enum reason reason;
};

/* Texts that tell the reason alone. */
static const struct text_reason by_text[] = {
	{ "chan send", R_CHAN_SEND },
	{ "chan receive", R_CHAN_RECV },
	{ "chan send (nil chan)", R_CHAN_SEND_NIL },
	{ "chan receive (nil chan)", R_CHAN_RECV_NIL },
	{ "select", R_SELECT },
	{ "select (no cases)", R_SELECT_EMPTY },
	{ "sync.Mutex.Lock", R_MUTEX },
	{ "sync.RWMutex.RLock", R_RWMUTEX_READ },
	{ "sync.RWMutex.Lock", R_RWMUTEX_WRITE },
	{ "sync.WaitGroup.Wait", R_WAITGROUP },
	{ "sync.WaitGroup.Wait (durable)", R_WAITGROUP },
	{ "sync.Cond.Wait", R_COND },
	{ "sync.(*Cond).Wait", R_COND },
	{ "sleep", R_SLEEP },
	{ "network", R_NET },
	{ "finalizer wait", R_FINALIZER },
	{ "cleanup wait", R_FINALIZER },
	{ "preempted", R_PREEMPTED },
	{ "debug call", R_DEBUG },
	{ "wait for debug call", R_DEBUG },
	{ "trace reader (blocked)", R_OTHER },
	{ "wait until GC ends", R_GC },
	{ "wait for GC cycle", R_GC },
	{ "force gc (idle)", R_GC },
	{ "garbage collection", R_GC },
	{ "garbage collection scan", R_GC },
	{ "timer goroutine (idle)", R_TIMER },
};

/* Functions on top of a stack that tell it, where the text does not; prefix match. */
static const struct text_reason by_func[] = {
	{ "sync.(*Mutex).", R_MUTEX },
	{ "internal/sync.(*Mutex).", R_MUTEX },
	{ "sync.(*RWMutex).RLock", R_RWMUTEX_READ },
	{ "sync.(*RWMutex).Lock", R_RWMUTEX_WRITE },
	{ "sync.(*RWMutex).", R_RWMUTEX_READ },
	{ "sync.(*WaitGroup).", R_WAITGROUP },
	{ "sync.(*Cond).", R_COND },
	{ "sync.runtime_notifyListWait", R_COND },
	{ "sync.runtime_SemacquireMutex", R_MUTEX },
	{ "sync.runtime_SemacquireRWMutexR", R_RWMUTEX_READ },
	{ "sync.runtime_SemacquireRWMutex", R_RWMUTEX_WRITE },
	{ "sync.runtime_SemacquireWaitGroup", R_WAITGROUP },
	{ "internal/poll.runtime_Semacquire", R_SEMAPHORE },
	{ "internal/poll.(*fdMutex).", R_SEMAPHORE },
	{ "internal/poll.runtime_pollWait", R_NET },
	{ "runtime.chansend", R_CHAN_SEND },
	{ "runtime.chanrecv", R_CHAN_RECV },
	{ "runtime.selectgo", R_SELECT },
	{ "runtime.selectnbsend", R_SELECT },
	{ "runtime.block", R_SELECT_EMPTY },
	{ "time.Sleep", R_SLEEP },
	{ "runtime.gcBgMarkWorker", R_GC },
	{ "runtime.bgsweep", R_GC },
	{ "runtime.bgscavenge", R_GC },
	{ "runtime.forcegchelper", R_GC },
	{ "runtime.runfinq", R_FINALIZER },
	{ "runtime.runFinalizers", R_FINALIZER },
	{ "runtime.runCleanups", R_FINALIZER },
	{ "runtime.timerproc", R_TIMER },
};

/* How far below the leaf the telling function may stand. */
enum { LOOK_DEPTH = 8 };

static bool has_prefix(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static enum reason reason_from_frames(const struct world *w, uint32_t stack)
{
	enum reason found = R_NONE;

	for (uint32_t i = 0; i < LOOK_DEPTH; i++) {
		const struct frame *f = stacktab_frame(&w->stacks, stack, i);
		const char *func = f ? strtab_get(&w->strings, f->func) : "";

		/* A write lock waits in the Mutex within: the caller tells. */
		if (found == R_MUTEX && has_prefix(func, "sync.(*RWMutex).Lock"))
			return R_RWMUTEX_WRITE;
		if (found == R_MUTEX && has_prefix(func, "sync.(*RWMutex).RLock"))
			return R_RWMUTEX_READ;
		/* Pipes and terminals wait in the poller as connections do. */
		if (found == R_NET && has_prefix(func, "os.(*File)."))
			return R_IO;
		for (size_t k = 0; k < ARRAY_SIZE(by_func) && !found; k++)
			if (has_prefix(func, by_func[k].text))
				found = by_func[k].reason;
	}
	return found;
}

/* Texts that leave the answer to the frames; they follow the reasons. */
enum { TEXT_FOREVER = R_N, TEXT_SYNC, TEXT_UNKNOWN, TEXT_NONE };

static uint8_t text_find(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(by_text); i++)
		if (!strcmp(text, by_text[i].text))
			return by_text[i].reason;
	if (!strcmp(text, "forever"))
		return TEXT_FOREVER;
	if (has_prefix(text, "IO wait"))
		return R_NET;
	if (has_prefix(text, "select"))
		return R_SELECT;
	if (has_prefix(text, "chan receive"))
		return R_CHAN_RECV;
	if (has_prefix(text, "chan send"))
		return R_CHAN_SEND;
	if (has_prefix(text, "GC "))
		return R_GC;
	if (!strcmp(text, "sync") || !strcmp(text, "semacquire"))
		return TEXT_SYNC;
	return *text ? TEXT_UNKNOWN : TEXT_NONE;
}

uint8_t world_text_reason(const struct world *w, uint32_t text)
{
	return text_find(strtab_get(&w->strings, text));
}

enum reason world_frames_reason(const struct world *w, uint32_t stack)
{
	return reason_from_frames(w, stack);
}

enum reason reason_join(uint8_t text, enum reason frames)
{
	if (text < R_N) /* the frames know more of these two */
		return (text == R_NET && frames == R_IO) ||
				       (text == R_MUTEX && frames == R_RWMUTEX_WRITE)
			       ? frames
			       : text;
	if (text == TEXT_FOREVER)
		return frames == R_CHAN_SEND   ? R_CHAN_SEND_NIL
		       : frames == R_CHAN_RECV ? R_CHAN_RECV_NIL
					       : R_SELECT_EMPTY;
	if (frames)
		return frames;
	return text == TEXT_SYNC ? R_SEMAPHORE : text == TEXT_UNKNOWN ? R_OTHER : R_NONE;
}

enum reason world_reason(struct world *w, uint32_t text, uint32_t stack)
{
	uint64_t key = (uint64_t)text << 32 | stack;
	uint32_t r = map64_get(&w->reason_memo, key);

	if (r != UINT32_MAX)
		return r;
	r = reason_join(world_text_reason(w, text), reason_from_frames(w, stack));
	map64_put(&w->reason_memo, key, r);
	return r;
}

/* runtime/traceback.go:isSystemGoroutine, by the entry function's name. */
static bool system_function(const char *func)
{
	if (!has_prefix(func, "runtime."))
		return false;
	return strcmp(func, "runtime.main") && strcmp(func, "runtime.handleAsyncEvent") &&
	       strcmp(func, "runtime.corostart");
}

static const char *outermost(const struct world *w, uint32_t stack)
{
	uint32_t depth = stacktab_depth(&w->stacks, stack);
	const struct frame *f = depth ? stacktab_frame(&w->stacks, stack, depth - 1) : NULL;

	return f ? strtab_get(&w->strings, f->func) : "";
}

bool world_finalizer_stack(const struct world *w, uint32_t stack)
{
	const char *func = outermost(w, stack);

	return !strcmp(func, "runtime.runfinq") || !strcmp(func, "runtime.runFinalizers") ||
	       !strcmp(func, "runtime.runCleanups");
}

bool world_user_frames(const struct world *w, uint32_t stack)
{
	const struct frame *f;

	for (uint32_t i = 0; (f = stacktab_frame(&w->stacks, stack, i)); i++) {
		const char *func = strtab_get(&w->strings, f->func);

		if (!has_prefix(func, "runtime.") && *func != '[')
			return true;
	}
	return false;
}

bool world_system_stack(struct world *w, uint32_t stack)
{
	uint32_t known = map64_get(&w->system_memo, stack);

	if (known != UINT32_MAX)
		return known;
	known = system_function(outermost(w, stack));
	map64_put(&w->system_memo, stack, known);
	return known;
}

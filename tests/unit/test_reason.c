/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a goroutine waits for, by every text that Go has for it: the waitReasons of
 * runtime/runtime2.go from Go 1.19 to 1.27, and the block reasons that the tracers of
 * runtime/traceruntime.go write.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/world.h"

enum { DEEP = 9 };

static uint32_t stack_of(struct world *w, const char *const *func)
{
	struct frame f[DEEP] = { 0 };
	uint32_t n = 0;

	for (; n < DEEP && func[n]; n++)
		f[n].func = world_str(w, func[n]);
	return stacktab_put(&w->stacks, f, n);
}

static void expect(struct world *w, const char *text, const char *const *func, enum reason want)
{
	enum reason got = world_reason(w, world_str(w, text), stack_of(w, func));

	if (got != want)
		print_error("\"%s\" in %s: %s, not %s\n", text, func[0] ? func[0] : "no frame",
			    reason_name(got), reason_name(want));
	assert_int_equal(got, want);
}

/* Where nothing is known of the frames: the text alone. */
static const struct {
	const char *text;
	enum reason reason;
} by_text[] = {
	/* Go 1.19 */
	{ "", R_NONE },
	{ "GC assist marking", R_GC },
	{ "IO wait", R_NET },
	{ "chan receive (nil chan)", R_CHAN_RECV_NIL },
	{ "chan send (nil chan)", R_CHAN_SEND_NIL },
	{ "dumping heap", R_OTHER },
	{ "garbage collection", R_GC },
	{ "garbage collection scan", R_GC },
	{ "panicwait", R_OTHER },
	{ "select", R_SELECT },
	{ "select (no cases)", R_SELECT_EMPTY },
	{ "GC assist wait", R_GC },
	{ "GC sweep wait", R_GC },
	{ "GC scavenge wait", R_GC },
	{ "chan receive", R_CHAN_RECV },
	{ "chan send", R_CHAN_SEND },
	{ "finalizer wait", R_FINALIZER },
	{ "force gc (idle)", R_GC },
	{ "semacquire", R_SEMAPHORE },
	{ "sleep", R_SLEEP },
	{ "sync.Cond.Wait", R_COND },
	{ "timer goroutine (idle)", R_TIMER },
	{ "trace reader (blocked)", R_OTHER },
	{ "wait for GC cycle", R_GC },
	{ "GC worker (idle)", R_GC },
	{ "preempted", R_PREEMPTED },
	{ "debug call", R_DEBUG },
	/* 1.20, 1.21 */
	{ "sync.Mutex.Lock", R_MUTEX },
	{ "sync.RWMutex.RLock", R_RWMUTEX_READ },
	{ "sync.RWMutex.Lock", R_RWMUTEX_WRITE },
	{ "GC worker (active)", R_GC },
	{ "GC mark termination", R_GC },
	{ "stopping the world", R_OTHER },
	/* 1.22, 1.23 */
	{ "flushing proc caches", R_OTHER },
	{ "trace goroutine status", R_OTHER },
	{ "trace proc status", R_OTHER },
	{ "page trace flush", R_OTHER },
	{ "coroutine", R_OTHER },
	{ "GC weak to strong wait", R_GC },
	/* 1.24, 1.25 */
	{ "sync.WaitGroup.Wait", R_WAITGROUP },
	{ "synctest.Run", R_OTHER },
	{ "synctest.Wait", R_OTHER },
	{ "chan receive (synctest)", R_CHAN_RECV },
	{ "chan send (synctest)", R_CHAN_SEND },
	{ "select (synctest)", R_SELECT },
	{ "chan receive (durable)", R_CHAN_RECV },
	{ "chan send (durable)", R_CHAN_SEND },
	{ "select (durable)", R_SELECT },
	{ "sync.WaitGroup.Wait (durable)", R_WAITGROUP },
	{ "GOMAXPROCS updater (idle)", R_OTHER },
	{ "cleanup wait", R_FINALIZER },
	/* the tracer's */
	{ "unspecified", R_OTHER },
	{ "forever", R_SELECT_EMPTY },
	{ "network", R_NET },
	{ "sync.(*Cond).Wait", R_COND },
	{ "sync", R_SEMAPHORE },
	{ "GC mark assist wait for work", R_GC },
	{ "GC background sweeper wait", R_GC },
	{ "system goroutine wait", R_OTHER },
	{ "wait for debug call", R_DEBUG },
	{ "wait until GC ends", R_GC },
	{ "synctest", R_OTHER },
	/* of no version: said to be something, not nothing */
	{ "a reason of Go 1.99", R_OTHER },
};

static void test_texts(void **state)
{
	static const char *const none[] = { NULL }, *const user[] = { "main.f", "main.main", NULL };
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ARRAY_SIZE(by_text); i++) {
		expect(&w, by_text[i].text, none, by_text[i].reason);
		expect(&w, by_text[i].text, user, by_text[i].reason);
	}
	world_release(&w);
}

struct framed {
	const char *text;
	const char *func[DEEP];
	enum reason reason;
};

/* The same waits as the versions of Go have them on their stacks. */
static const struct framed locks[] = {
	{ "semacquire", { "sync.runtime_SemacquireMutex", "sync.(*Mutex).lockSlow" }, R_MUTEX },
	{ "sync", { "sync.(*Mutex).lockSlow", "sync.(*Mutex).Lock", "main.f" }, R_MUTEX },
	{ "sync",
	  { "internal/sync.(*Mutex).lockSlow", "internal/sync.(*Mutex).Lock",
	    "sync.(*Mutex).Lock" },
	  R_MUTEX },
	{ "sync.Mutex.Lock",
	  { "runtime.gopark", "runtime.goparkunlock", "runtime.semacquire1",
	    "internal/sync.runtime_SemacquireMutex", "internal/sync.(*Mutex).lockSlow" },
	  R_MUTEX },
	/* the writer that waits for another writer does so in the Mutex within */
	{ "sync.Mutex.Lock",
	  { "runtime.gopark", "runtime.goparkunlock", "runtime.semacquire1",
	    "internal/sync.runtime_SemacquireMutex", "internal/sync.(*Mutex).lockSlow",
	    "internal/sync.(*Mutex).Lock", "sync.(*Mutex).Lock", "sync.(*RWMutex).Lock" },
	  R_RWMUTEX_WRITE },
	{ "sync",
	  { "sync.(*Mutex).lockSlow", "sync.(*Mutex).Lock", "sync.(*RWMutex).Lock" },
	  R_RWMUTEX_WRITE },
	/* … and the one that waits for readers in a semaphore, a mutex's up to 1.20 */
	{ "semacquire",
	  { "sync.runtime_SemacquireMutex", "sync.(*RWMutex).Lock", "main.f" },
	  R_RWMUTEX_WRITE },
	{ "semacquire",
	  { "sync.runtime_SemacquireMutex", "sync.(*RWMutex).RLock", "main.f" },
	  R_RWMUTEX_READ },
	{ "sync", { "sync.runtime_SemacquireRWMutex", "sync.(*RWMutex).Lock" }, R_RWMUTEX_WRITE },
	{ "sync", { "sync.runtime_SemacquireRWMutexR", "sync.(*RWMutex).RLock" }, R_RWMUTEX_READ },
	{ "sync", { "sync.(*RWMutex).RLock", "main.f" }, R_RWMUTEX_READ },
	{ "semacquire", { "sync.runtime_Semacquire", "sync.(*WaitGroup).Wait" }, R_WAITGROUP },
	{ "sync", { "sync.runtime_SemacquireWaitGroup", "sync.(*WaitGroup).Wait" }, R_WAITGROUP },
	{ "sync", { "sync.(*WaitGroup).Wait", "main.main" }, R_WAITGROUP },
	{ "sync", { "sync.(*Cond).Wait", "main.f" }, R_COND },
	{ "sync.(*Cond).Wait", { "sync.runtime_notifyListWait", "sync.(*Cond).Wait" }, R_COND },
	{ "semacquire",
	  { "internal/poll.runtime_Semacquire", "internal/poll.(*fdMutex).rwlock" },
	  R_SEMAPHORE },
};

static const struct framed others[] = {
	{ "network",
	  { "internal/poll.(*FD).Read", "net.(*netFD).Read", "net.(*conn).Read", "main.f" },
	  R_NET },
	{ "IO wait",
	  { "runtime.gopark", "runtime.netpollblock", "internal/poll.runtime_pollWait",
	    "internal/poll.(*pollDesc).wait", "internal/poll.(*pollDesc).waitRead",
	    "internal/poll.(*FD).Read", "os.(*File).read", "os.(*File).Read" },
	  R_IO },
	{ "network",
	  { "internal/poll.runtime_pollWait", "internal/poll.(*FD).Read", "os.(*File).read" },
	  R_IO },
	/* a channel's own frames do not hide what the text says */
	{ "select", { "runtime.selectgo", "sync.(*Mutex).Lock" }, R_SELECT },
	{ "chan receive", { "runtime.chanrecv1", "sync.(*WaitGroup).Wait" }, R_CHAN_RECV },
	{ "forever", { "runtime.chansend", "runtime.chansend1", "main.f" }, R_CHAN_SEND_NIL },
	{ "forever", { "runtime.chanrecv", "runtime.chanrecv1", "main.f" }, R_CHAN_RECV_NIL },
	{ "forever", { "runtime.block", "main.f" }, R_SELECT_EMPTY },
	{ "forever", { "main.f" }, R_SELECT_EMPTY },
	/* no text: of before the trace, a running program's record */
	{ "", { "runtime.gopark", "runtime.chansend", "main.f" }, R_CHAN_SEND },
	{ "", { "runtime.gopark", "runtime.selectgo", "main.f" }, R_SELECT },
	{ "", { "runtime.goparkunlock", "time.Sleep", "main.f" }, R_SLEEP },
	{ "", { "main.f", "main.main" }, R_NONE },
	{ "system goroutine wait", { "runtime.gopark", "runtime.bgsweep" }, R_GC },
	{ "system goroutine wait", { "runtime.gopark", "runtime.bgscavenge" }, R_GC },
	{ "system goroutine wait", { "runtime.gopark", "runtime.forcegchelper" }, R_GC },
	{ "system goroutine wait", { "runtime.gopark", "runtime.gcBgMarkWorker" }, R_GC },
	{ "system goroutine wait", { "runtime.gopark", "runtime.runfinq" }, R_FINALIZER },
	{ "system goroutine wait", { "runtime.gopark", "runtime.runFinalizers" }, R_FINALIZER },
	{ "system goroutine wait", { "runtime.gopark", "runtime.runCleanups" }, R_FINALIZER },
	{ "unspecified", { "runtime.gopark", "runtime.timerproc" }, R_TIMER },
	/* the user's own functions of such names are not Go's */
	{ "sync", { "main.sync.(*Mutex).Lock" }, R_SEMAPHORE },
	{ "unspecified", { "example.com/time.Sleep" }, R_OTHER },
};

static void expect_all(const struct framed *v, size_t n)
{
	struct world w;

	world_init(&w);
	for (int twice = 0; twice < 2; twice++) /* the second time from memory */
		for (size_t i = 0; i < n; i++)
			expect(&w, v[i].text, v[i].func, v[i].reason);
	world_release(&w);
}

static void test_locks(void **state)
{
	(void)state;
	expect_all(locks, ARRAY_SIZE(locks));
}

static void test_others(void **state)
{
	(void)state;
	expect_all(others, ARRAY_SIZE(others));
}

/* What stands far below the leaf called what waits: it is not what is waited for. */
static void test_depth(void **state)
{
	const char *func[DEEP + 1] = { "main.a", "main.b", "main.c",
				       "main.d", "main.e", "main.f",
				       "main.g", "main.h", "sync.(*Mutex).Lock" };
	struct world w;

	(void)state;
	world_init(&w);
	expect(&w, "sync", func, R_SEMAPHORE);
	func[7] = "sync.(*Mutex).Lock";
	expect(&w, "sync", func, R_MUTEX);
	world_release(&w);
}

/* Each half alone says what the whole does: readers on other threads use the halves. */
static void test_halves(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ARRAY_SIZE(by_text); i++)
		for (size_t k = 0; k < ARRAY_SIZE(locks); k++) {
			uint32_t text = world_str(&w, by_text[i].text),
				 stack = stack_of(&w, locks[k].func);

			assert_int_equal(reason_join(world_text_reason(&w, text),
						     world_frames_reason(&w, stack)),
					 world_reason(&w, text, stack));
		}
	world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),  cmocka_unit_test(test_locks),
		cmocka_unit_test(test_others), cmocka_unit_test(test_depth),
		cmocka_unit_test(test_halves),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

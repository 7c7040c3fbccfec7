/* SPDX-License-Identifier: Apache-2.0 */
/* What the model makes of sampled events, and small things that the live source is made of. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/evlog.h"
#include "core/world.h"
#include "source/command.h"
#include "target/sysc.h"

struct fix {
	struct world w;
	struct evlog *log;
};

static int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	world_init(&f->w);
	f->log = evlog_new(1 << 20);
	f->w.history = evlog_history(f->log);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	evlog_free(f->log);
	world_release(&f->w);
	free(f);
	return 0;
}

static void tell(struct fix *f, struct event ev)
{
	ev.m = ev.m ? ev.m : NO_ID;
	ev.p = ev.p ? ev.p : NO_ID;
	world_apply(&f->w, &ev);
	evlog_append(f->log, &ev);
}

static uint32_t stack(struct fix *f, const char *func)
{
	struct frame fr = { .func = world_str(&f->w, func) };

	return stacktab_put(&f->w.stacks, &fr, 1);
}

/* The present and the past made again of entries and events say the same. */
static void expect_same(struct fix *f)
{
	struct moment m = { 0 };

	assert_int_equal(world_at(&f->w, f->w.t_end, &m), 0);
	assert_int_equal(m.n, f->w.now.n);
	for (size_t i = 0; i < m.n; i++) {
		assert_int_equal(m.state[i], f->w.now.state[i]);
		assert_int_equal(m.stack[i], f->w.now.stack[i]);
		assert_true(m.since[i] == f->w.now.since[i]);
		assert_int_equal(m.how[i], f->w.now.how[i]);
	}
	moment_release(&m);
}

static void test_waits(void **state)
{
	struct fix *f = *state;
	uint32_t row;

	tell(f, (struct event){ .time = 10,
				.g = 7,
				.kind = EV_STATUS,
				.state = GS_BLOCKED,
				.reason = R_CHAN_RECV,
				.stack = stack(f, "main.a"),
				.stack2 = stack(f, "main.a"),
				.value2 = 5000 });
	row = world_find(&f->w, 7);
	assert_int_equal(f->w.now.how[row], WAIT_AT_LEAST);
	assert_int_equal(f->w.now.since[row], 10 - 5000);
	expect_same(f);
	world_close_segment(&f->w);
	tell(f, (struct event){ .time = 200,
				.g = 7,
				.kind = EV_BLOCK,
				.reason = R_SELECT,
				.stack = stack(f, "main.b"),
				.flags = EVF_SAMPLED,
				.value = 100,
				.value2 = 12 });
	assert_int_equal(f->w.now.how[row], WAIT_SAMPLED);
	assert_int_equal(f->w.now.since[row], 200);
	assert_int_equal(f->w.g.v[row].switches, 12);
	expect_same(f);
	tell(f, (struct event){ .time = 300,
				.g = 7,
				.kind = EV_RUN,
				.stack = stack(f, "[running]"),
				.flags = EVF_SAMPLED,
				.value = 200 });
	assert_int_equal(f->w.now.stack[row], stack(f, "[running]"));
	assert_int_equal(f->w.g.v[row].switches, 13);
	expect_same(f);
	tell(f, (struct event){ .time = 400,
				.g = 7,
				.kind = EV_BLOCK,
				.reason = R_MUTEX,
				.stack = stack(f, "main.c") });
	assert_int_equal(f->w.now.how[row], WAIT_EXACT);
	world_close_segment(&f->w);
	expect_same(f);
}

/* A sample says where one is as long as it runs, and nothing more. */
static void test_samples(void **state)
{
	struct fix *f = *state;
	uint32_t row;

	f->w.live.pid = 1;
	tell(f, (struct event){ .time = 10,
				.g = 7,
				.kind = EV_STATUS,
				.state = GS_RUNNING,
				.stack = stack(f, "[running]"),
				.stack2 = stack(f, "main.a") });
	tell(f, (struct event){ .time = 20, .g = 8, .kind = EV_SAMPLE, .stack = stack(f, "x") });
	assert_int_equal(world_find(&f->w, 8), NO_G);
	tell(f, (struct event){ .time = 30, .g = 7, .kind = EV_SAMPLE, .stack = stack(f, "b") });
	row = world_find(&f->w, 7);
	assert_int_equal(f->w.now.stack[row], stack(f, "b"));
	assert_int_equal(f->w.now.since[row], T_BEFORE);
	assert_int_equal(f->w.g.v[row].switches, 0);
	expect_same(f);
	world_close_segment(&f->w);
	expect_same(f);
	tell(f, (struct event){ .time = 40,
				.g = 7,
				.kind = EV_BLOCK,
				.reason = R_MUTEX,
				.stack = stack(f, "c") });
	tell(f, (struct event){ .time = 50, .g = 7, .kind = EV_SAMPLE, .stack = stack(f, "d") });
	assert_int_equal(f->w.now.stack[row], stack(f, "c"));
	assert_int_equal(f->w.now.state[row], GS_BLOCKED);
	expect_same(f);
	/* In a trace it is one of many. */
	f->w.live.pid = 0;
	tell(f, (struct event){ .time = 60, .g = 7, .kind = EV_RUN });
	tell(f, (struct event){ .time = 70, .g = 7, .kind = EV_SAMPLE, .stack = stack(f, "e") });
	assert_int_equal(f->w.now.stack[row], stack(f, "c"));
	expect_same(f);
}

static void test_origin(void **state)
{
	struct fix *f = *state;
	uint32_t row;

	tell(f, (struct event){ .time = 1,
				.g = 9,
				.kind = EV_STATUS,
				.state = GS_BLOCKED,
				.stack = stack(f, "x"),
				.stack2 = stack(f, "main.worker") });
	tell(f, (struct event){ .time = 1,
				.g = 9,
				.kind = EV_ORIGIN,
				.peer = 3,
				.stack = stack(f, "main.start"),
				.stack2 = stack(f, "main.worker") });
	tell(f,
	     (struct event){
		     .time = 1, .g = 10, .kind = EV_ORIGIN, .peer = 3 }); /* not known: left out */
	row = world_find(&f->w, 9);
	assert_int_equal(f->w.g.v[row].creator, 3);
	assert_int_equal(f->w.g.v[row].create_stack, stack(f, "main.start"));
	assert_true(f->w.g.v[row].t_create == T_BEFORE);
	assert_int_equal(world_find(&f->w, 10), NO_G);
	expect_same(f);
}

static void test_threads(void **state)
{
	struct fix *f = *state;

	tell(f,
	     (struct event){
		     .time = 1, .kind = EV_THREAD, .m = 100, .g = 5, .p = 2, .state = GS_RUNNING });
	tell(f, (struct event){ .time = 2, .kind = EV_THREAD, .m = 101, .state = GS_BLOCKED });
	tell(f, (struct event){ .time = 3,
				.kind = EV_THREAD,
				.m = 100,
				.g = 5,
				.state = GS_SYSCALL,
				.text = world_str(&f->w, "read"),
				.value = 4 });
	assert_int_equal(f->w.thread.n, 2);
	assert_int_equal(f->w.thread.v[0].state, GS_SYSCALL);
	assert_int_equal(f->w.thread.v[0].fd, 3);
	assert_true(f->w.thread.v[0].p == NO_ID);
	assert_int_equal(f->w.thread.v[1].fd, -1);
}

/* The finalizers' goroutine is the program's while it runs one of its. */
static void test_finalizers(void **state)
{
	struct fix *f = *state;
	struct frame fr[2] = { { .func = world_str(&f->w, "main.finalize") },
			       { .func = world_str(&f->w, "runtime.runfinq") } };
	uint32_t entry = stack(f, "runtime.runfinq"), busy, row;

	busy = stacktab_put(&f->w.stacks, fr, 2);
	tell(f, (struct event){ .time = 1,
				.g = 2,
				.kind = EV_STATUS,
				.state = GS_BLOCKED,
				.stack = entry,
				.stack2 = entry });
	row = world_find(&f->w, 2);
	assert_true(f->w.g.v[row].system);
	assert_int_equal(f->w.now.count[GS_BLOCKED], 0);
	tell(f, (struct event){ .time = 2, .g = 2, .kind = EV_BLOCK, .stack = busy });
	assert_false(f->w.g.v[row].system);
	assert_int_equal(f->w.now.count[GS_BLOCKED], 1);
	tell(f, (struct event){ .time = 3, .g = 2, .kind = EV_BLOCK, .stack = entry });
	assert_true(f->w.g.v[row].system);
	assert_int_equal(f->w.now.count[GS_BLOCKED], 0);
}

static uint32_t deep(struct fix *f, const char *const *func)
{
	struct frame fr[12];
	size_t n = 0;

	for (; func[n]; n++)
		fr[n] = (struct frame){ .func = world_str(&f->w, func[n]) };
	return stacktab_put(&f->w.stacks, fr, n);
}

#define FRAMES(f, ...) deep(f, (const char *const[]){ __VA_ARGS__, NULL })

static void test_reasons(void **state)
{
	struct fix *f = *state;
	uint32_t lock = FRAMES(f, "runtime.semacquire1", "internal/sync.runtime_SemacquireMutex",
			       "internal/sync.(*Mutex).lockSlow", "sync.(*Mutex).Lock",
			       "sync.(*RWMutex).Lock", "main.x");
	uint32_t rlock = FRAMES(f, "runtime.semacquire1", "sync.runtime_SemacquireMutex",
				"sync.(*RWMutex).RLock", "main.x");
	uint32_t pipe = FRAMES(f, "runtime.netpollblock", "internal/poll.runtime_pollWait",
			       "internal/poll.(*FD).Read", "os.(*File).Read", "main.x");
	uint32_t conn = FRAMES(f, "runtime.netpollblock", "internal/poll.runtime_pollWait",
			       "internal/poll.(*FD).Read", "net.(*netFD).Read", "main.x");
	struct world *w = &f->w;

	assert_int_equal(world_reason(w, world_str(w, "sync.Mutex.Lock"), lock), R_RWMUTEX_WRITE);
	assert_int_equal(world_reason(w, world_str(w, "semacquire"), lock), R_RWMUTEX_WRITE);
	assert_int_equal(world_reason(w, world_str(w, "semacquire"), rlock), R_RWMUTEX_READ);
	assert_int_equal(world_reason(w, world_str(w, "IO wait"), pipe), R_IO);
	assert_int_equal(world_reason(w, world_str(w, "IO wait"), conn), R_NET);
}

/* --- small things --- */

static void test_syscall_file(void **state)
{
	struct sysc s;

	(void)state;
	assert_int_equal(sysc_parse(&s, "running\n"), -EAGAIN);
	assert_int_equal(sysc_parse(&s, "-1 0x7ffc00 0x401000\n"), 0);
	assert_int_equal(s.nr, -1);
	assert_int_equal(s.pc, 0x401000);
	assert_int_equal(sysc_fd(&s), -1);
	assert_int_equal(sysc_parse(&s, "0 0x11 0xc000 0x1 0x0 0x0 0x0 0xc00051 0x402000\n"), 0);
	assert_int_equal(s.arg[0], 0x11);
	assert_int_equal(s.sp, 0xc00051);
#ifdef __x86_64__
	assert_string_equal(sysc_name(s.nr), "read");
	assert_int_equal(sysc_fd(&s), 0x11);
	s.arg[0] = UINT64_MAX;
	assert_int_equal(sysc_fd(&s), -1);
	assert_int_equal(sysc_parse(&s, "202 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8\n"), 0);
	assert_int_equal(sysc_fd(&s), -1); /* futex */
#endif
	assert_int_equal(sysc_parse(&s, ""), -EINVAL);
	assert_int_equal(sysc_parse(&s, "0 0x11\n"), -EINVAL);
	assert_int_equal(sysc_parse(&s, "99999999 0 0 0 0 0 0 0 0"), -EINVAL);
	assert_null(sysc_name(-1));
	assert_null(sysc_name(INT32_MAX));
	assert_int_equal(sysc_read(&s, getpid(), 1 << 30), -ESRCH);
}

static void wait_ended(pid_t pid, char *how, size_t size)
{
	time_t until = time(NULL) + 20;

	while (!command_ended(pid, how, size))
		assert_true(time(NULL) < until);
}

static void test_commands(void **state)
{
	struct err err = { 0 };
	char how[64];
	pid_t pid;

	(void)state;
	assert_int_equal(command_start((char *[]){ "/nowhere/at/all", NULL }, true, &err), -ENOENT);
	assert_int_equal(err.code, EXIT_ATTACH);
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
	pid = command_start((char *[]){ "sh", "-c", "exit 3", NULL }, true, &err);
	assert_true(pid > 0);
	wait_ended(pid, how, sizeof(how));
	assert_string_equal(how, "exited with status 3");
	command_stop(pid); /* gone and waited for: it must not hit anybody else */
	pid = command_start((char *[]){ "sleep", "1000", NULL }, true, &err);
	assert_false(command_ended(pid, how, sizeof(how)));
	command_stop(pid);
	wait_ended(pid, how, sizeof(how));
	assert_non_null(strstr(how, "was ended by signal 15"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_samples, setup, teardown),
		cmocka_unit_test_setup_teardown(test_origin, setup, teardown),
		cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_finalizers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reasons, setup, teardown),
		cmocka_unit_test(test_syscall_file),
		cmocka_unit_test(test_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

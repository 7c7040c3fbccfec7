/* SPDX-License-Identifier: Apache-2.0 */
/* Where a running goroutine is: stacks made by hand, and a child of our own that is stopped many times. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/mem.h"
#include "target/proc.h"
#include "target/regs.h"
#include "target/stackset.h"
#include "target_fixture.h"

enum {
	HEAP = 0x10000000,
	HEAP_SIZE = 1 << 15,
	M_AT = HEAP,
	G_AT = HEAP + 0x1000,
	SIGNAL_G = HEAP + 0x1400,
	P_AT = HEAP + 0x1800,
	HI = HEAP + 0x4000, /* of the goroutine's stack, 0x1000 bytes */
	SIGNAL_HI = HEAP + 0x6000,
	SYSTEM_SP = HEAP + 0x7000,
	SP = HI - 0x200,
	OUTER = FIX_TEXT + 0x10, /* main.outer within its frame of 0x28 bytes */
	ENTRY = FIX_TEXT, /* its first instruction */
	SECOND = FIX_TEXT + 0x110,
	GOEXIT = FIX_TEXT + 0x201,
	LIFE_US = 60000000,
};

struct fake {
	struct fixture fix;
	struct gomodules mods;
	struct golayout lay;
	uint8_t heap[HEAP_SIZE];
	struct mem_seg seg;
	struct memr *mem;
	struct symtab *sym;
	struct regs_seen seen;
	unwind_pc pcs[REGS_FRAMES];
	uint32_t flags;
};

static void set64(struct fake *f, uint64_t addr, uint64_t v)
{
	memcpy(f->heap + (addr - HEAP), &v, 8);
}

#define M64(f, field, v) set64(f, M_AT + (uint64_t)(f)->lay.m.field, v)
#define G64(f, field, v) set64(f, G_AT + (uint64_t)(f)->lay.g.field, v)

static void set_status(struct fake *f, uint32_t status)
{
	memcpy(f->heap + (G_AT - HEAP) + f->lay.g.atomicstatus, &status, 4);
}

static int setup(void **state)
{
	struct fake *f = xcalloc(1, sizeof(*f));
	struct goversion v = { .major = 1, .minor = 27 };

	*state = f;
	fixture_make(&f->fix, 27, 1);
	fixture_module(&f->mods, &f->fix, 27);
	assert_int_equal(layout_init(&f->lay, &v, GOARCH_AMD64, NULL), 0);
	f->seg = (struct mem_seg){ HEAP, f->heap, sizeof(f->heap) };
	f->mem = memr_new_flat(&f->seg, 1);
	f->sym = symtab_new(&f->mods, f->mem);
	M64(f, curg, G_AT);
	M64(f, gsignal, SIGNAL_G);
	M64(f, p, P_AT);
	G64(f, goid, 18);
	G64(f, stack_lo, HI - 0x1000);
	G64(f, stack_hi, HI);
	set64(f, SIGNAL_G + (uint64_t)f->lay.g.stack_lo, SIGNAL_HI - 0x800);
	set64(f, SIGNAL_G + (uint64_t)f->lay.g.stack_hi, SIGNAL_HI);
	set_status(f, GST_RUNNING);
	return 0;
}

static int teardown(void **state)
{
	struct fake *f = *state;

	symtab_free(f->sym);
	memr_close(f->mem);
	gomodules_release(&f->mods);
	free(f);
	return 0;
}

static bool read_at(struct fake *f, uint64_t pc, uint64_t sp)
{
	const struct regs r = { .pc = pc, .sp = sp };

	return regs_read(f->mem, &f->lay, M_AT, &r, &f->seen);
}

/* The functions of the stack, leaf first, with "; " between. */
static void expect(struct fake *f, const char *want, uint32_t flags)
{
	size_t n = regs_unwind(f->sym, GOARCH_AMD64, &f->seen, f->pcs, &f->flags);
	struct stackset set;
	stack_lines l = { 0 };
	char got[256] = "";

	stackset_init(&set);
	stackset_lines(&set, f->sym, stackset_put(&set, f->pcs, n, f->flags), &l);
	for (size_t i = 0; i < l.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? "; " : "",
			 l.v[i].func);
	assert_string_equal(got, want);
	assert_int_equal(f->flags, flags);
	vec_free(&l);
	stackset_release(&set);
}

/* In the middle of a function: its frame is there. */
static void test_body(void **state)
{
	struct fake *f = *state;

	set64(f, SP + 0x28, SECOND);
	set64(f, SP + 0x28 + 8 + 0x28, GOEXIT);
	assert_true(regs_busy(f->mem, &f->lay, M_AT));
	assert_true(read_at(f, OUTER, SP));
	assert_true(f->seen.on_g);
	assert_int_equal(f->seen.goid, 18);
	assert_int_equal(f->seen.p, P_AT);
	expect(f, "main.outer; main.second", 0);
	assert_true(f->pcs[0] == unwind_pc_make(OUTER, true));
	assert_true(f->pcs[1] == unwind_pc_make(SECOND, false));
}

/* Before the first instruction, and where the frame is gone again: the return address is on top. */
static void test_prologue_and_epilogue(void **state)
{
	static const uint64_t at[] = { ENTRY, FIX_TEXT + 0xf8 };
	struct fake *f = *state;

	set64(f, SP, SECOND);
	set64(f, SP + 8 + 0x28, GOEXIT);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		assert_true(read_at(f, at[i], SP));
		expect(f, "main.outer; main.second", 0);
	}
}

/* What is inlined at the very pc counts, not at the one before. */
static void test_inlined(void **state)
{
	struct fake *f = *state;
	struct symframe frame[8];
	int n = symtab_lookup(f->sym, FIX_TEXT + 0x20, frame, 8);

	set64(f, SP + 0x28, SECOND);
	set64(f, SP + 0x28 + 8 + 0x28, GOEXIT);
	assert_true(read_at(f, FIX_TEXT + 0x20, SP));
	assert_true(regs_unwind(f->sym, GOARCH_AMD64, &f->seen, f->pcs, &f->flags) >= 2);
	assert_int_equal(symtab_lookup(f->sym, unwind_pc_lookup(f->pcs[0]), frame, 8), n);
	assert_true(unwind_pc_lookup(f->pcs[0]) == FIX_TEXT + 0x20);
}

static void test_too_deep(void **state)
{
	struct fake *f = *state;

	set64(f, HI - 0x30 + 0x28, SECOND); /* the stack ends within second's frame */
	assert_true(read_at(f, OUTER, HI - 0x30));
	expect(f, "main.outer; main.second; [not known further]", STACK_LOST);
}

static void test_system_stack(void **state)
{
	struct fake *f = *state;

	/* Nothing leads from there to the goroutine. */
	assert_true(read_at(f, OUTER, SYSTEM_SP));
	assert_false(f->seen.on_g);
	set64(f, SYSTEM_SP + 0x28, 0x1234);
	assert_true(read_at(f, OUTER, SYSTEM_SP));
	expect(f, "main.outer; [not known further]", STACK_LOST);
	/* In the kernel's page: who called is noted. */
	M64(f, vdsoSP, SP);
	M64(f, vdsoPC, SECOND);
	set64(f, SP + 0x28, GOEXIT);
	assert_true(read_at(f, 0x7fff00000000, SYSTEM_SP));
	expect(f, "main.second", 0);
	/* Not of the goroutine: left out. */
	M64(f, vdsoSP, HI + 8);
	assert_true(read_at(f, 0x7fff00000000, SYSTEM_SP));
	assert_int_equal(regs_unwind(f->sym, GOARCH_AMD64, &f->seen, f->pcs, &f->flags), 0);
}

static void test_nobody(void **state)
{
	struct fake *f = *state;

	assert_false(read_at(f, OUTER, SIGNAL_HI - 0x100)); /* a signal handler */
	set_status(f, GST_SYSCALL);
	assert_false(read_at(f, OUTER, SP));
	assert_false(regs_busy(f->mem, &f->lay, M_AT));
	set_status(f, GST_RUNNING | GST_SCAN);
	assert_true(read_at(f, OUTER, SP));
	f->heap[f->lay.m.incgo] = 1;
	assert_false(read_at(f, OUTER, SP));
	f->heap[f->lay.m.incgo] = 0;
	M64(f, p, 0);
	assert_false(regs_busy(f->mem, &f->lay, M_AT));
	M64(f, curg, 0);
	assert_false(read_at(f, OUTER, SP));
	M64(f, curg, 0xdead0000);
	assert_false(read_at(f, OUTER, SP));
	M64(f, curg, G_AT);
	G64(f, stack_hi, 0);
	assert_false(read_at(f, OUTER, SP));
}

/* --- a real thread --- */

struct shared {
	volatile uint64_t turns, signals;
};

static struct shared *shared;

static void on_signal(int sig)
{
	(void)sig;
	shared->signals++;
}

/* It ends by a signal of its own, as soon as that. */
static pid_t spinner(unsigned life_us)
{
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	assert_true(shared != MAP_FAILED);
	signal(SIGRTMIN, on_signal);
	pid = fork();
	if (pid)
		return pid;
	setitimer(ITIMER_REAL,
		  &(struct itimerval){ .it_value = { life_us / 1000000, life_us % 1000000 } },
		  NULL);
	for (;;)
		shared->turns++;
}

static void count(void *arg, const struct regs *r)
{
	*(unsigned *)arg += r->pc && r->sp;
}

static void expect_running(pid_t pid)
{
	struct proc_status s;
	uint64_t turns = shared->turns;

	assert_int_equal(proc_status_read(&s, pid, NULL), 0);
	assert_int_equal(s.tracer, 0);
	assert_true(s.state != 't' && s.state != 'T');
	for (int i = 0; i < 10000 && shared->turns == turns; i++)
		usleep(1000);
	assert_true(shared->turns > turns);
}

static void test_stops(void **state)
{
	enum { STOPS = 2000, SIGNALS = 500 };
	union sigval none = { 0 };
	unsigned seen = 0, sent = 0;
	pid_t pid = spinner(LIFE_US);
	int64_t ns;

	(void)state;
	if (regs_stop(pid, true, count, &seen, &ns) == -EPERM) { /* a sandbox forbids it */
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		skip();
	}
	for (int i = 0; i < STOPS; i++) {
		if (i % (STOPS / SIGNALS) == 0)
			sent += !sigqueue(pid, SIGRTMIN, none);
		assert_int_equal(regs_stop(pid, true, count, &seen, &ns), 0);
		assert_true(ns >= 0);
	}
	assert_int_equal(seen, STOPS + 1);
	expect_running(pid);
	/* Each signal of that kind is kept, so each one must have come. */
	for (int i = 0; i < 10000 && shared->signals < sent; i++)
		usleep(1000);
	assert_int_equal(shared->signals, sent);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(regs_stop(pid, true, count, &seen, &ns), -ESRCH);
}

/* Stopped by a signal it stays so, and goes on when it is told to. */
static void test_group_stop(void **state)
{
	pid_t pid = spinner(LIFE_US);
	struct proc_status s;
	unsigned seen = 0;
	int64_t ns;
	int st;

	(void)state;
	kill(pid, SIGSTOP);
	assert_int_equal(waitpid(pid, &st, WUNTRACED), pid);
	if (regs_stop(pid, true, count, &seen, &ns) == 0) {
		for (int i = 0; i < 1000; i++) {
			proc_status_read(&s, pid, NULL);
			if (s.state == 'T')
				break;
			usleep(1000);
		}
		assert_int_equal(s.state, 'T');
		assert_int_equal(s.tracer, 0);
	}
	kill(pid, SIGCONT);
	expect_running(pid);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Killed at any moment: it is gone, and its end is still there for who waits for it. */
static void test_killed(void **state)
{
	unsigned seen = 0;
	int64_t ns;

	(void)state;
	for (int i = 0; i < 50; i++) {
		pid_t pid = spinner(500 + (unsigned)i * 37);
		int rc = 0, st;

		while (!rc)
			rc = regs_stop(pid, true, count, &seen, &ns);
		assert_true(rc == -ESRCH || rc == -EPERM);
		assert_int_equal(waitpid(pid, &st, 0), pid);
		assert_true(WIFSIGNALED(st));
		munmap(shared, sizeof(*shared));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_body, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prologue_and_epilogue, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inlined, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_deep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_system_stack, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody, setup, teardown),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_group_stop),
		cmocka_unit_test(test_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

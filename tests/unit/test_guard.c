/* SPDX-License-Identifier: Apache-2.0 */
/* What the program may still do after guard_set(), tried out in a child for each case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/mem.h"
#include "source/guard.h"

static const struct guard_needs whole = { .live = true, .ptrace = true, .bpf = true };

struct other {
	pid_t pid; /* a child of the test's, which waits */
	uint64_t *word; /* in it */
	int fd; /* a pidfd of it */
};

typedef bool attempt(struct other *o);

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_open 434
#define SYS_pidfd_send_signal 424
#endif

static bool signals_by_fd(struct other *o)
{
	return !syscall(SYS_pidfd_send_signal, o->fd, SIGCONT, NULL, 0);
}

/* --- what is to be refused; each true if it was done --- */

static bool writes_memory(struct other *o)
{
	uint64_t v = 1;
	struct iovec from = { &v, sizeof(v) }, to = { o->word, sizeof(v) };

	return process_vm_writev(o->pid, &from, 1, &to, 1, 0) > 0;
}

static bool stops(struct other *o)
{
	int st;

	if (ptrace(PTRACE_SEIZE, o->pid, 0, 0) || ptrace(PTRACE_INTERRUPT, o->pid, 0, 0))
		return false;
	return waitpid(o->pid, &st, __WALL) == o->pid && WIFSTOPPED(st);
}

static bool reads_registers(struct other *o)
{
	struct user_regs_struct u;
	struct iovec v = { &u, sizeof(u) };

	return stops(o) && !ptrace(PTRACE_GETREGSET, o->pid, (void *)NT_PRSTATUS, &v) &&
	       !ptrace(PTRACE_DETACH, o->pid, 0, 0);
}

static bool writes_registers(struct other *o)
{
	struct user_regs_struct u;
	struct iovec v = { &u, sizeof(u) };

	return stops(o) && !ptrace(PTRACE_GETREGSET, o->pid, (void *)NT_PRSTATUS, &v) &&
	       !ptrace(PTRACE_SETREGSET, o->pid, (void *)NT_PRSTATUS, &v);
}

static bool pokes(struct other *o)
{
	return stops(o) && !ptrace(PTRACE_POKEDATA, o->pid, o->word, 1);
}

static bool lets_go_on_traced(struct other *o)
{
	return stops(o) && !ptrace(PTRACE_CONT, o->pid, 0, 0);
}

static bool attaches(struct other *o)
{
	return !ptrace(PTRACE_ATTACH, o->pid, 0, 0);
}

static bool signals_another(struct other *o)
{
	return !kill(o->pid, SIGCONT);
}

static bool signals_its_thread(struct other *o)
{
	return !syscall(SYS_tgkill, o->pid, o->pid, SIGCONT);
}

static bool changes_its_limits(struct other *o)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };

	return !prlimit(o->pid, RLIMIT_CORE, &r, NULL);
}

static bool executes(struct other *o)
{
	(void)o;
	execl("/bin/sh", "sh", "-c", "exit 1", (char *)NULL); /* 1: done */
	return errno != ENOSYS;
}

static bool opens_socket(struct other *o)
{
	(void)o;
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

/* These would fail for want of rights as well; ENOSYS is the filter's word. */
static bool mounts(struct other *o)
{
	(void)o;
	return mount("none", "/nowhere/at/all", "tmpfs", 0, NULL) == 0 || errno != ENOSYS;
}

static bool enters_namespace(struct other *o)
{
	(void)o;
	return setns(-1, 0) == 0 || errno != ENOSYS;
}

static bool loads_module(struct other *o)
{
	(void)o;
	return syscall(SYS_finit_module, -1, "", 0) == 0 || errno != ENOSYS;
}

static bool becomes_another(struct other *o)
{
	(void)o;
	return setuid(getuid()) == 0 || errno != ENOSYS;
}

static bool has_call(long nr)
{
	return syscall(nr, -1L, NULL, 0L, 0L, 0L) >= 0 || errno != ENOSYS;
}

static bool uses_bpf(struct other *o)
{
	(void)o;
	return has_call(SYS_bpf);
}

static bool opens_perf(struct other *o)
{
	(void)o;
	return has_call(SYS_perf_event_open);
}

/* --- what has to work --- */

static bool reads_memory(struct other *o)
{
	uint64_t v = 0;
	struct iovec to = { &v, sizeof(v) }, from = { o->word, sizeof(v) };

	return process_vm_readv(o->pid, &to, 1, &from, 1, 0) == sizeof(v) && v == 42;
}

static void *nothing(void *arg)
{
	return arg;
}

static bool makes_threads(struct other *o)
{
	pthread_t t;

	return !pthread_create(&t, NULL, nothing, o) && !pthread_join(t, NULL);
}

static bool writes_files(struct other *o)
{
	FILE *f = tmpfile();

	(void)o;
	return f && fputs("x", f) >= 0 && !fclose(f);
}

static bool dies_of_its_own_signal(struct other *o)
{
	(void)o;
	signal(SIGUSR1, SIG_IGN);
	return !raise(SIGUSR1) && !kill(getpid(), SIGUSR1);
}

static bool stops_its_job(struct other *o)
{
	(void)o;
	setpgid(0, 0);
	signal(SIGTSTP, SIG_IGN);
	return !kill(0, SIGTSTP);
}

static bool ends_its_command(struct other *o)
{
	return !kill(o->pid, SIGCONT);
}

/* --- trying --- */

static struct other start_other(void)
{
	static uint64_t word = 42;
	struct other o = { .pid = fork(), .word = &word };

	if (!o.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0,
		      0); /* for its sister, where Yama asks for it */
		for (;;)
			pause();
	}
	return o;
}

/*
 * Whether it is done with those needs, NULL: with no guard at all. command: the other
 * process is the command. -1: it was not to be tried, -2: it died of it.
 */
static int tried(const struct guard_needs *n, bool command, attempt *what)
{
	struct other o = start_other();
	struct guard_needs needs = n ? *n : whole;
	pid_t pid;
	int st;

	o.fd = (int)syscall(SYS_pidfd_open, o.pid, 0);
	if (o.fd >= 0 && needs.signal_fd)
		needs.signal_fd = o.fd;
	if (command)
		needs.child = o.pid;
	pid = fork();
	if (!pid) {
		struct guard_state s;

		if (n)
			guard_set(&needs, &s);
		_exit(!n || s.part[GUARD_FILTER].on ? what(&o) : 77);
	}
	waitpid(pid, &st, 0);
	if (o.fd >= 0)
		close(o.fd);
	kill(o.pid, SIGKILL);
	waitpid(o.pid, NULL, 0);
	return !WIFEXITED(st) ? -2 : WEXITSTATUS(st) == 77 ? -1 : WEXITSTATUS(st);
}

static void need_filter(void)
{
	struct guard_state s;

	guard_try(&whole, &s);
	if (s.part[GUARD_FILTER].on)
		return;
	print_message("no filter here: %s\n", s.part[GUARD_FILTER].text);
	skip();
}

static void test_refused(void **state)
{
	static const struct {
		const char *name;
		attempt *what;
		bool ptrace;
	} list[] = {
		{ "process_vm_writev", writes_memory, false },
		{ "PTRACE_SETREGSET", writes_registers, true },
		{ "PTRACE_POKEDATA", pokes, true },
		{ "PTRACE_CONT", lets_go_on_traced, true },
		{ "PTRACE_ATTACH", attaches, true },
		{ "kill", signals_another, false },
		{ "pidfd_send_signal", signals_by_fd, false },
		{ "tgkill", signals_its_thread, false },
		{ "prlimit of another", changes_its_limits, false },
		{ "execve", executes, false },
		{ "socket", opens_socket, false },
		{ "mount", mounts, false },
		{ "setns", enters_namespace, false },
		{ "finit_module", loads_module, false },
		{ "setuid", becomes_another, false },
	};

	(void)state;
	need_filter();
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
#ifdef GUARD_ANY_PTRACE
		if (list[i].ptrace)
			continue;
#endif
		if (tried(NULL, false, list[i].what) != 1)
			print_message("%s cannot be done here anyway\n", list[i].name);
		if (tried(&whole, false, list[i].what) != 0)
			fail_msg("%s is done", list[i].name);
	}
}

static void test_works(void **state)
{
	static const struct {
		const char *name;
		attempt *what;
	} list[] = {
		{ "process_vm_readv", reads_memory },
		{ "stopping and reading registers", reads_registers },
		{ "threads", makes_threads },
		{ "files", writes_files },
		{ "its own signals", dies_of_its_own_signal },
		{ "stopping its job", stops_its_job },
		{ "bpf", uses_bpf },
		{ "perf_event_open", opens_perf },
	};

	(void)state;
	need_filter();
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		if (tried(&whole, false, list[i].what) != 1)
			fail_msg("%s does not work", list[i].name);
}

static void test_needs(void **state)
{
	const struct guard_needs no_bpf = { .live = true, .ptrace = true };
	const struct guard_needs no_ptrace = { .live = true, .bpf = true };
	const struct guard_needs may_signal = { .live = true, .signal_fd = 1 };
	const struct guard_needs replay = { .ptrace = true, .bpf = true };

	(void)state;
	need_filter();
	assert_int_equal(tried(&no_bpf, false, uses_bpf), 0);
	assert_int_equal(tried(&no_bpf, false, opens_perf), 0);
	assert_int_equal(tried(&no_bpf, false, reads_registers), 1);
#ifndef GUARD_ANY_PTRACE
	assert_int_equal(tried(&no_ptrace, false, stops), 0);
	assert_int_equal(tried(&replay, false, stops), 0);
#endif
	assert_int_equal(tried(&no_ptrace, false, reads_memory), 1);
	assert_int_equal(tried(&replay, false, reads_memory), 0);
	assert_int_equal(tried(&replay, false, uses_bpf), 0);
	assert_int_equal(tried(&whole, true, ends_its_command), 1);
	if (tried(NULL, false, signals_by_fd) == 1) /* Linux 5.3 */
		assert_int_equal(tried(&may_signal, false, signals_by_fd), 1);
	assert_int_equal(tried(&may_signal, false, signals_another), 0);
}

/* A name of a line in /proc/self/status, as a number. */
static uint64_t status_number(const char *name)
{
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");
	uint64_t v = UINT64_MAX;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			v = strtoull(line + strlen(name), NULL, strncmp(name, "Cap", 3) ? 10 : 16);
	if (f)
		fclose(f);
	return v;
}

/* What is said is what the kernel says. */
static void test_told(void **state)
{
	struct guard_state s;
	int st;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		const uint64_t kept = 1u << 2 | 1u << 19 | 1u << 21 | 1u << 23 | 3ull << 38;
		int bad;

		guard_set(&whole, &s);
		bad = s.part[GUARD_PRIVS].on != (status_number("NoNewPrivs:") == 1);
		bad |= (s.part[GUARD_FILTER].on != (status_number("Seccomp:") == 2)) << 1;
		if (s.part[GUARD_CAPS].on)
			bad |= (status_number("CapPrm:") & ~kept || status_number("CapAmb:") ||
				status_number("CapInh:"))
			       << 2;
		bad |= (s.part[GUARD_BOUND].on && status_number("CapBnd:")) << 3;
		_exit(bad);
	}
	waitpid(pid, &st, 0);
	assert_true(WIFEXITED(st));
	assert_int_equal(WEXITSTATUS(st), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_works),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

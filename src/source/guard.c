/* SPDX-License-Identifier: Apache-2.0 */
#include "source/guard.h"

#include <errno.h>
#include <linux/ptrace.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/mem.h"

static void say(struct guard_state *s, enum guard_part p, bool on, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void say(struct guard_state *s, enum guard_part p, bool on, const char *fmt, ...)
{
	va_list ap;

	s->part[p].on = on;
	va_start(ap, fmt);
	vsnprintf(s->part[p].text, sizeof(s->part[p].text), fmt, ap);
	va_end(ap);
}

/* --- capabilities --- */

#ifdef BINGO_CAP

#include <sys/capability.h>

/* linux/capability.h since 5.8; older headers lack them. */
enum { PERFMON = 38, BPF = 39 };

static bool is_permitted(cap_value_t c)
{
	cap_flag_value_t is = CAP_CLEAR;
	cap_t had = cap_get_proc();

	if (had)
		cap_get_flag(had, c, CAP_PERMITTED, &is);
	cap_free(had);
	return is == CAP_SET;
}

/* CAP_SYS_ADMIN has what older kernels, and who gives rights to containers, do not part. */
static bool needs_admin(const struct guard_needs *n)
{
	return n->admin || cap_max_bits() <= BPF || !is_permitted(PERFMON) || !is_permitted(BPF);
}

/* What is needed of them, of those that this kernel knows. */
static size_t caps_needed(const struct guard_needs *n, cap_value_t *out)
{
	size_t k = 0;

	/* sources and programs, wherever they lie; and /proc of other users' processes */
	out[k++] = CAP_DAC_READ_SEARCH;
	if (n->files)
		out[k++] = CAP_DAC_OVERRIDE;
	if (n->live)
		out[k++] = CAP_SYS_PTRACE;
	if (n->live && n->ptrace)
		out[k++] = CAP_SYS_NICE; /* while a thread stands still, ours goes first */
	if (n->child || n->signal_fd)
		out[k++] = CAP_KILL;
	if (n->live && n->bpf && needs_admin(n))
		out[k++] = CAP_SYS_ADMIN;
	if (n->live && n->bpf && cap_max_bits() > BPF) {
		out[k++] = PERFMON;
		out[k++] = BPF;
	}
	return k;
}

enum { NEEDED_MOST = 8 };

/* Keeps of them what is there, and drops all that is inheritable. -1 with errno. */
static int caps_keep(const cap_value_t *want, size_t n)
{
	cap_t had = cap_get_proc(), next = cap_init();
	int rc = had && next ? 0 : -1;

	for (size_t i = 0; i < n && !rc; i++) {
		cap_flag_value_t is = CAP_CLEAR;

		if (cap_get_flag(had, want[i], CAP_PERMITTED, &is) || is == CAP_CLEAR)
			continue;
		rc = cap_set_flag(next, CAP_PERMITTED, 1, &want[i], CAP_SET);
		if (!rc)
			rc = cap_set_flag(next, CAP_EFFECTIVE, 1, &want[i], CAP_SET);
	}
	if (!rc)
		rc = cap_set_proc(next);
	cap_free(had);
	cap_free(next);
	return rc;
}

/* 0, or what errno was for the first that stays. */
static int bound_drop(void)
{
	int e = 0;

	for (cap_value_t c = 0; c < cap_max_bits(); c++)
		if (cap_get_bound(c) > 0 && cap_drop_bound(c) && !e)
			e = errno;
	return e;
}

static bool has_threads(void)
{
	struct stat st;

	return !stat("/proc/self/task", &st) && st.st_nlink > 3;
}

/* Dropping from the bounding set takes CAP_SETPCAP, so it comes first. */
static void caps_set(const struct guard_needs *n, struct guard_state *s)
{
	cap_value_t want[NEEDED_MOST];
	size_t k = caps_needed(n, want);
	int e = bound_drop();
	cap_t now;
	char *text;

	if (e)
		say(s, GUARD_BOUND, false, "the bounding set stays as it is: %s", strerror(e));
	else
		say(s, GUARD_BOUND, true, "programs that are started can come by no capability");
	cap_reset_ambient();
	if (has_threads() || caps_keep(want, k)) {
		say(s, GUARD_CAPS, false, "capabilities are not dropped: %s",
		    has_threads() ? "there are threads already" : strerror(errno));
		return;
	}
	now = cap_get_proc();
	text = now ? cap_to_text(now, NULL) : NULL;
	if (text && strchr(text, '_'))
		say(s, GUARD_CAPS, true, "of capabilities there stay %s", text);
	else
		say(s, GUARD_CAPS, true, "no capability stays");
	cap_free(text);
	cap_free(now);
}

void guard_child(void)
{
	bound_drop();
	cap_reset_ambient();
	caps_keep(NULL, 0);
}

#else

static void caps_set(const struct guard_needs *n, struct guard_state *s)
{
	(void)n;
	say(s, GUARD_CAPS, false, "built without libcap: capabilities stay as they are");
	say(s, GUARD_BOUND, false, "built without libcap: the bounding set stays as it is");
}

void guard_child(void)
{
}

#endif

/* --- system calls --- */

#ifdef BINGO_SECCOMP

#include <seccomp.h>
#include <signal.h>

/* Answered as if the kernel had them not. Names that this architecture lacks are passed over. */
static const char *const refused[] = {
	/* writing to other processes, or taking what is theirs */
	"process_vm_writev",
	"process_madvise",
	"process_mrelease",
	"pidfd_getfd",
	"tkill",
	"rt_sigqueueinfo",
	"rt_tgsigqueueinfo",
	"kcmp",
	"move_pages",
	"migrate_pages",
	/* other programs */
	"execve",
	"execveat",
	/* the network; and io_uring, which would get round this filter */
	"socket",
	"socketpair",
	"socketcall",
	"connect",
	"bind",
	"listen",
	"accept",
	"accept4",
	"sendto",
	"sendmsg",
	"sendmmsg",
	"recvmmsg",
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	/* the kernel and the machine */
	"init_module",
	"finit_module",
	"delete_module",
	"create_module",
	"query_module",
	"get_kernel_syms",
	"kexec_load",
	"kexec_file_load",
	"reboot",
	"swapon",
	"swapoff",
	"iopl",
	"ioperm",
	"acct",
	"quotactl",
	"quotactl_fd",
	"nfsservctl",
	"syslog",
	"lookup_dcookie",
	"vhangup",
	"sethostname",
	"setdomainname",
	"settimeofday",
	"clock_settime",
	"clock_settime64",
	"clock_adjtime",
	"clock_adjtime64",
	"adjtimex",
	"stime",
	"add_key",
	"request_key",
	"keyctl",
	"userfaultfd",
	"fanotify_init",
	"modify_ldt",
	"personality",
	"_sysctl",
	/* file systems and namespaces */
	"mount",
	"umount",
	"umount2",
	"move_mount",
	"mount_setattr",
	"open_tree",
	"fsopen",
	"fsmount",
	"fsconfig",
	"fspick",
	"pivot_root",
	"chroot",
	"setns",
	"unshare",
	"open_by_handle_at",
	"name_to_handle_at",
	"mknod",
	"mknodat",
	"chown",
	"fchown",
	"lchown",
	"fchownat",
	"chown32",
	"fchown32",
	"lchown32",
	/* being somebody else */
	"setuid",
	"setgid",
	"setreuid",
	"setregid",
	"setresuid",
	"setresgid",
	"setfsuid",
	"setfsgid",
	"setgroups",
	"capset",
};

/* Allowed with some arguments only. */
static const char *const by_argument[] = { "ptrace", "kill", "tgkill", "pidfd_send_signal",
					   "prlimit64" };

static const char *const for_bpf[] = { "bpf", "perf_event_open" };
static const char *const for_live[] = { "process_vm_readv" };

#define AMONG(list, name) is_among(list, ARRAY_SIZE(list), name)

static bool is_among(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], name))
			return true;
	return false;
}

static bool is_allowed(const struct guard_needs *n, const char *name)
{
	if (AMONG(refused, name) || AMONG(by_argument, name))
		return false;
	if (AMONG(for_bpf, name))
		return n->live && n->bpf;
	return n->live || !AMONG(for_live, name);
}

#define ALLOW(ctx, call, ...) seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(call), __VA_ARGS__)
/* Of a number that the kernel takes for 32 bits, the upper half may be anything. */
#define IS(n, value) \
	((struct scmp_arg_cmp){ .arg = (n), \
				.op = SCMP_CMP_MASKED_EQ, \
				.datum_a = UINT32_MAX, \
				.datum_b = (uint32_t)(value) })

#ifdef GUARD_ANY_PTRACE
static const bool any_ptrace = true;
#else
static const bool any_ptrace = false;
#endif

/* Requests that look and let go; see target/regs.c. */
static int allow_ptrace(scmp_filter_ctx ctx)
{
#ifdef GUARD_ANY_PTRACE
	return ALLOW(ctx, ptrace, 0);
#else
	static const long requests[] = { PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_GETREGSET,
					 PTRACE_DETACH };
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(requests) && !rc; i++)
		rc = ALLOW(ctx, ptrace, 1, IS(0, requests[i]));
	return rc;
#endif
}

/* ^Z, which stops the whole job; a crash, which is ours alone; the command that we started; the target, where asked for. */
static int allow_signals(scmp_filter_ctx ctx, const struct guard_needs *n)
{
	pid_t child = n->child;
	int rc = ALLOW(ctx, kill, 2, IS(0, 0), IS(1, SIGTSTP));

	if (!rc)
		rc = ALLOW(ctx, kill, 1, IS(0, getpid()));
	if (!rc && child > 0)
		rc = ALLOW(ctx, kill, 1, IS(0, child));
	if (!rc && n->tree)
		rc = ALLOW(ctx, kill, 1, IS(1, SIGTERM));
	if (!rc && n->tree)
		rc = ALLOW(ctx, kill, 1, IS(1, SIGHUP));
	if (!rc && n->signal_fd > 0)
		rc = ALLOW(ctx, pidfd_send_signal, 1, IS(0, n->signal_fd));
	return rc ? rc : ALLOW(ctx, tgkill, 1, IS(0, getpid()));
}

/*
 * All that libseccomp knows, but what is listed above. What it does not know is
 * newer than it, and answered with ENOSYS, on which C libraries fall back; so that
 * is the answer for all. A constant answer costs nothing: the kernel keeps those.
 */
static int filter_fill(scmp_filter_ctx ctx, const struct guard_needs *n)
{
	enum { NUMBERS = 1024 };
	int rc = 0;

	for (int i = 0; i < NUMBERS && !rc; i++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);

		if (name && is_allowed(n, name))
			rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, i, 0);
		free(name);
	}
	if (!rc)
		rc = ALLOW(ctx, prlimit64, 1, IS(0, 0));
	if (!rc && ((n->live && n->ptrace) || any_ptrace))
		rc = allow_ptrace(ctx);
	return rc ? rc : allow_signals(ctx, n);
}

static void filter_set(const struct guard_needs *n, struct guard_state *s)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int rc = -ENOMEM;

	if (ctx) {
		/* other architectures' calls: refused too, in place of the signal that is libseccomp's own */
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
		if (!rc)
			rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
		if (!rc)
			rc = filter_fill(ctx, n);
		if (!rc)
			rc = seccomp_load(ctx);
		seccomp_release(ctx);
	}
	if (rc)
		say(s, GUARD_FILTER, false, "system calls are not filtered: %s", strerror(-rc));
	else
		say(s, GUARD_FILTER, true,
		    "refused: writing to other processes, starting programs, the network%s",
		    n->bpf ? "" : ", BPF");
}

#else

static void filter_set(const struct guard_needs *n, struct guard_state *s)
{
	(void)n;
	say(s, GUARD_FILTER, false, "built without libseccomp: system calls are not filtered");
}

#endif

/* --- all of it --- */

static void privs_set(struct guard_state *s)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		say(s, GUARD_PRIVS, false, "no_new_privs is refused: %s", strerror(errno));
	else
		say(s, GUARD_PRIVS, true, "no program can give more rights");
}

void guard_set(const struct guard_needs *n, struct guard_state *s)
{
	struct guard_state unseen;

	if (!s)
		s = &unseen;
	memset(s, 0, sizeof(*s));
	if (n->live &&
	    n->bpf) /* kernels before 5.11 count maps against it, and raising takes a right */
		setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
	caps_set(n, s);
	privs_set(s);
	filter_set(n, s);
}

void guard_try(const struct guard_needs *n, struct guard_state *s)
{
	bool got = false;
	int fd[2];
	pid_t pid;

	if (pipe(fd))
		fd[0] = fd[1] = -1;
	pid = fd[0] < 0 ? -1 : fork();
	if (pid == 0) {
		guard_set(n, s);
		_exit(write(fd[1], s, sizeof(*s)) != sizeof(*s));
	}
	if (fd[1] >= 0)
		close(fd[1]);
	if (pid > 0) {
		got = read(fd[0], s, sizeof(*s)) == sizeof(*s);
		waitpid(pid, NULL, 0);
	}
	if (fd[0] >= 0)
		close(fd[0]);
	for (int i = 0; i < GUARD_PARTS && !got; i++)
		say(s, (enum guard_part)i, false, "it cannot be tried: no child can be made");
}

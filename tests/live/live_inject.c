/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_inject [OPTION...] TARGET -- PROGRAM [ARG...]
 *
 * Runs PROGRAM on a process of TARGET and lets something go wrong at one system
 * call after the other. In ARGs % stands for the process id. The kernel asks us
 * before each call of interest (seccomp_unotify(2)), so any build will do, with
 * all its threads and children. TARGET is a command line without quotes; it
 * prints "ready" once it is.
 *
 *	-m kill      the target is killed before the N-th call that concerns it, N from 1 up to the last
 *	-m zombie    the same, but nobody waits for it
 *	-m ERRNO     the N-th call of those named fails with it (EPERM, ENOMEM, ...)
 *	-m ERRNO+    so do all after it
 *	-m EINTR*    one run: each thread's every other call is interrupted
 *	-m short     one run: process_vm_readv() gives less than was asked for, each time
 *	-m count     one run with nothing wrong
 *	-c CALL,...  the calls of interest; those of files count for /proc/PID alone,
 *	             with -d for files below that folder
 *	-x CODE,...  exit codes that are right (0)
 *	-n MOST      at most so many cases, evenly taken
 *	-a N         the N-th alone
 *	-d FOLDER    see -c
 *	-l LINES     so many sentences at most (1)
 *	-o FILE      standard output of the last run
 *
 * Each run has to end by itself, with one of the exit codes; if that is not 0 with
 * one sentence; and to leave no child. Prints "cases N calls M codes CODE:TIMES ...",
 * "SAID CODE SENTENCE at CALL" once for each sentence, and a line "BAD ..." for each run that
 * was not right; exits with 1 if there was any.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"

enum {
	CALLS_MOST = 64,
	CODES_MOST = 256,
	WORDS_MOST = 64,
	THREADS_MOST = 256,
	LATE_MOST = 8,
	PAGE = 4096,
	RUN_MS = 60000
};

enum mode { COUNT, KILL, ZOMBIE, FAIL, FAIL_ON, INTERRUPT, SHORT };

static const struct call_name {
	const char *name;
	int nr;
} names[] = {
#define X(call) { #call, __NR_##call },
	X(openat) X(readlinkat) X(read) X(write) X(pread64) X(pwrite64) X(readv) X(writev)
		X(process_vm_readv) X(ptrace) X(perf_event_open) X(bpf) X(getdents64) X(newfstatat)
			X(wait4) X(waitid) X(ppoll) X(epoll_pwait) X(clock_nanosleep) X(futex)
				X(recvmsg) X(sendmsg) X(getrandom) X(fallocate) X(ftruncate)
					X(fsync) X(flock) X(mmap) X(ioctl) X(fcntl) X(statfs)
						X(pidfd_open)
#ifdef __NR_open
							X(open) X(readlink) X(poll) X(epoll_wait)
								X(nanosleep) X(stat) X(access)
#endif
#undef X
};

static const struct {
	const char *name;
	int v;
} errors[] = {
#define X(e) { #e, e },
	X(EPERM) X(ENOENT) X(ESRCH) X(EIO) X(ENOMEM) X(EACCES) X(EMFILE) X(ENOSPC) X(EAGAIN)
		X(EFAULT) X(EINVAL) X(ENOSYS) X(EBUSY) X(EFBIG)
#undef X
};

static struct {
	enum mode mode;
	int error;
	int call[CALLS_MOST];
	size_t n_calls;
	bool right[CODES_MOST];
	unsigned most, only, lines;
	const char *folder, *output;
	char *target[WORDS_MOST];
	char **program;
} opt = { .most = 1000000, .lines = 1, .output = "/dev/null" };

struct shared {
	volatile int listener, go;
};

static struct run {
	pid_t target, us;
	int listener;
	unsigned at; /* the call at which something goes wrong; 0: none */
	unsigned seen; /* calls that count so far */
	bool killed;
	char where[64]; /* the call that it was */
	struct {
		pid_t tid;
		int nr;
	} interrupted[THREADS_MOST];
	size_t n_interrupted;
} run;

static unsigned cases, bad, codes[CODES_MOST];
static struct shared *shared;
static char out_name[] = "/tmp/inject-XXXXXX";
static int err_fd;

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static _Noreturn void give_up(const char *what)
{
	perror(what);
	exit(2);
}

static const char *call_of(int nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].nr == nr)
			return names[i].name;
	return "?";
}

/* --- options --- */

static void take_calls(char *list)
{
	char *save = NULL;

	for (char *s = strtok_r(list, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		size_t i = 0;

		while (i < ARRAY_SIZE(names) && strcmp(names[i].name, s) != 0)
			i++;
		/* what this machine's kernel has under no such name is called in another way there */
		if (i < ARRAY_SIZE(names) && opt.n_calls < CALLS_MOST)
			opt.call[opt.n_calls++] = names[i].nr;
	}
}

static void take_codes(char *list)
{
	char *save = NULL;

	for (char *s = strtok_r(list, ",", &save); s; s = strtok_r(NULL, ",", &save))
		opt.right[strtoul(s, NULL, 10) % CODES_MOST] = true;
}

static void take_mode(const char *s)
{
	static const struct {
		const char *name;
		enum mode mode;
	} modes[] = { { "count", COUNT },
		      { "kill", KILL },
		      { "zombie", ZOMBIE },
		      { "EINTR*", INTERRUPT },
		      { "short", SHORT } };
	size_t n = strcspn(s, "+");

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (!strcmp(modes[i].name, s)) {
			opt.mode = modes[i].mode;
			return;
		}
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (strlen(errors[i].name) == n && !strncmp(errors[i].name, s, n)) {
			opt.mode = s[n] ? FAIL_ON : FAIL;
			opt.error = errors[i].v;
			return;
		}
	fprintf(stderr, "no such mode: %s\n", s);
	exit(2);
}

static void split(char *line, char **words)
{
	char *save = NULL;
	size_t n = 0;

	for (char *s = strtok_r(line, " ", &save); s && n < WORDS_MOST - 1;
	     s = strtok_r(NULL, " ", &save))
		words[n++] = s;
}

static void take_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+m:c:x:n:a:d:l:o:")) > 0) {
		if (c == 'm')
			take_mode(optarg);
		else if (c == 'c')
			take_calls(optarg);
		else if (c == 'x')
			take_codes(optarg);
		else if (c == 'n')
			opt.most = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'a')
			opt.only = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'l')
			opt.lines = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'd')
			opt.folder = optarg;
		else if (c == 'o')
			opt.output = optarg;
		else
			exit(2);
	}
	if (argc < optind + 3 || strcmp(argv[optind + 1], "--") != 0) {
		fprintf(stderr, "live_inject [OPTION...] TARGET -- PROGRAM [ARG...]\n");
		exit(2);
	}
	split(argv[optind], opt.target);
	opt.program = argv + optind + 2;
}

/* --- the two processes --- */

static void target_start(void)
{
	char line[256];
	int fd[2];
	FILE *in;

	if (pipe2(fd, O_CLOEXEC))
		give_up("pipe");
	run.target = fork();
	if (run.target == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd[1], 1);
		dup2(fd[1], 2);
		execv(opt.target[0], opt.target);
		_exit(127);
	}
	close(fd[1]);
	in = fdopen(fd[0], "r");
	while (in && fgets(line, sizeof(line), in))
		if (!strncmp(line, "ready", 5))
			return; /* the pipe stays open: it may have more to say */
	give_up("the target");
}

static void target_kill(bool reap)
{
	siginfo_t info;

	if (!run.target || run.killed)
		return;
	kill(run.target, SIGKILL);
	run.killed = true;
	if (waitid(P_PID, (id_t)run.target, &info, WEXITED | (reap ? 0 : WNOWAIT)))
		give_up("waitid");
	if (reap)
		run.target = 0;
}

static void target_bury(void)
{
	if (run.target) {
		kill(run.target, SIGKILL);
		waitpid(run.target, NULL, 0);
	}
	run.target = 0;
}

/* Asks us at each of the calls; all else goes on by itself. */
static int filter_set(void)
{
	struct sock_filter f[CALLS_MOST + 3];
	struct sock_fprog prog = { .filter = f };
	unsigned short n = 0;

	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < opt.n_calls; i++)
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						      (unsigned)opt.call[i],
						      (unsigned char)(opt.n_calls - i), 0);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	prog.len = n;
	if (geteuid() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &prog);
}

static _Noreturn void program_run(void)
{
	char pid[16], *argv[WORDS_MOST] = { NULL };
	int out = open(opt.output, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	snprintf(pid, sizeof(pid), "%d", (int)run.target);
	for (size_t i = 0; opt.program[i] && i < WORDS_MOST - 1; i++)
		argv[i] = strcmp(opt.program[i], "%") != 0 ? opt.program[i] : pid;
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(out, 1);
	dup2(err_fd, 2);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	shared->listener = filter_set();
	while (!shared->go) /* no call may be made that nobody answers yet */
		;
	if (shared->go > 0)
		execv(argv[0], argv);
	_exit(127);
}

static void program_start(void)
{
	int pidfd;

	*shared = (struct shared){ 0 };
	if (ftruncate(err_fd, 0) || lseek(err_fd, 0, SEEK_SET))
		give_up("ftruncate");
	run.us = fork();
	if (run.us == 0)
		program_run();
	while (!shared->listener)
		sched_yield();
	pidfd = (int)syscall(SYS_pidfd_open, run.us, 0);
	run.listener = shared->listener < 0
			       ? -1
			       : (int)syscall(SYS_pidfd_getfd, pidfd, shared->listener, 0);
	close(pidfd);
	shared->go = run.listener < 0 ? -1 : 1;
}

/* --- one call --- */

/* Of another process; "" where it is not there. Never across a page that may not be. */
static void text_read(pid_t pid, uint64_t addr, char *buf, size_t size)
{
	size_t n = PAGE - addr % PAGE;
	struct iovec local = { buf, n < size - 1 ? n : size - 1 };
	struct iovec remote = { (void *)(uintptr_t)addr, local.iov_len };
	ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	buf[got > 0 ? got : 0] = '\0';
}

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* The file behind a descriptor. */
static void file_of(pid_t pid, uint64_t fd, char *path, size_t size)
{
	char name[64];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/%d/fd/%d", (int)pid, (int)fd);
	n = readlink(name, path, size - 1);
	path[n > 0 ? n : 0] = '\0';
}

static bool in_folder(pid_t pid, uint64_t fd)
{
	char path[4096];

	file_of(pid, fd, path, sizeof(path));
	return begins(path, opt.folder);
}

static bool in_target(pid_t pid, uint64_t addr)
{
	char own[64], path[256];

	snprintf(own, sizeof(own), "/proc/%d", (int)run.target);
	text_read(pid, addr, path, sizeof(path));
	return begins(path, own);
}

/* Which argument is a path; -1: none. */
static int path_argument(int nr)
{
	static const struct {
		const char *name;
		int at;
	} with_path[] = { { "openat", 1 }, { "readlinkat", 1 }, { "newfstatat", 1 },
			  { "open", 0 },   { "readlink", 0 },	{ "stat", 0 },
			  { "access", 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(with_path); i++)
		if (!strcmp(call_of(nr), with_path[i].name))
			return with_path[i].at;
	return -1;
}

/* Does it read of one of the target's files in /proc? */
static bool of_target(const struct seccomp_notif *n)
{
	char own[64], path[4096];

	snprintf(own, sizeof(own), "/proc/%d/", (int)run.target);
	file_of((pid_t)n->pid, n->data.args[0], path, sizeof(path));
	return begins(path, own);
}

/* Is it one of those that are counted? */
static bool counts(const struct seccomp_notif *n)
{
	const char *name = call_of(n->data.nr);
	int path = path_argument(n->data.nr);

	if (path >= 0)
		return in_target((pid_t)n->pid, n->data.args[path]);
	if (opt.folder)
		return in_folder((pid_t)n->pid, n->data.args[0]);
	if (opt.mode == INTERRUPT)
		return run.seen;
	if (!strcmp(name, "read") || !strcmp(name, "pread64") || !strcmp(name, "getdents64"))
		return of_target(n);
	return true;
}

/*
 * What no signal interrupts: a disk's file, writing what is printed, as all
 * handlers of signals go on with the call (SA_RESTART), and of futex() all but waiting.
 */
static bool interruptible(const struct seccomp_notif *n)
{
	const char *name = call_of(n->data.nr);
	char path[4096];

	if (path_argument(n->data.nr) >= 0 || !run.seen)
		return false;
	if (!strcmp(name, "futex"))
		return (n->data.args[1] & 0x7f) == 0 || (n->data.args[1] & 0x7f) == 9;
	if (!strcmp(name, "write") && n->data.args[0] <= 2)
		return false;
	if (strcmp(name, "read") != 0 && strcmp(name, "pread64") != 0 && strcmp(name, "write") != 0)
		return true;
	file_of((pid_t)n->pid, n->data.args[0], path, sizeof(path));
	return *path != '/' || begins(path, "/proc/") || begins(path, "/dev/");
}

/* Each other one of a thread's calls of that name. */
static bool interrupts(const struct seccomp_notif *n)
{
	size_t i = 0;

	if (!interruptible(n))
		return false;
	while (i < run.n_interrupted &&
	       (run.interrupted[i].tid != (pid_t)n->pid || run.interrupted[i].nr != n->data.nr))
		i++;
	if (i < run.n_interrupted) {
		run.interrupted[i] = run.interrupted[--run.n_interrupted];
		return false;
	}
	if (i == THREADS_MOST)
		return false;
	run.interrupted[i].tid = (pid_t)n->pid;
	run.interrupted[i].nr = n->data.nr;
	run.n_interrupted++;
	return true;
}

/* In its place, but half of the bytes of its first piece alone. */
static int64_t read_short(const struct seccomp_notif *n)
{
	struct iovec l, r, ours = { &l, sizeof(l) }, theirs;
	uint64_t size;
	char *buf;
	ssize_t got;

	theirs = (struct iovec){ (void *)(uintptr_t)n->data.args[1], sizeof(l) };
	if (process_vm_readv((pid_t)n->pid, &ours, 1, &theirs, 1, 0) != sizeof(l))
		return -EFAULT;
	ours.iov_base = &r;
	theirs.iov_base = (void *)(uintptr_t)n->data.args[3];
	if (process_vm_readv((pid_t)n->pid, &ours, 1, &theirs, 1, 0) != sizeof(r))
		return -EFAULT;
	size = r.iov_len < l.iov_len ? r.iov_len : l.iov_len;
	size = size > 1 ? size / 2 : size;
	size -= size > 1 && ((uintptr_t)r.iov_base + size) % PAGE == 0; /* where a hole may begin */
	buf = xmalloc(size + 1);
	ours = (struct iovec){ buf, size };
	theirs = (struct iovec){ r.iov_base, size };
	got = process_vm_readv((pid_t)n->data.args[0], &ours, 1, &theirs, 1, 0);
	got = got < 0 ? -errno : got;
	ours.iov_len = got > 0 ? (size_t)got : 0;
	theirs = (struct iovec){ l.iov_base, ours.iov_len };
	if (got > 0 && process_vm_writev((pid_t)n->pid, &ours, 1, &theirs, 1, 0) != got)
		got = -EFAULT;
	free(buf);
	return got;
}

static void wrong(const struct seccomp_notif *n, struct seccomp_notif_resp *r)
{
	bool now = run.at && run.seen == run.at;
	int64_t got;

	switch (opt.mode) {
	case KILL:
	case ZOMBIE:
		if (now)
			target_kill(opt.mode == KILL);
		return;
	case FAIL_ON:
		now = run.at && run.seen >= run.at;
		/* fallthrough */
	case FAIL:
		r->error = now ? -opt.error : 0;
		break;
	case INTERRUPT:
		r->error = interrupts(n) ? -EINTR : 0;
		break;
	case SHORT:
		got = read_short(n);
		r->flags = 0;
		r->error = got < 0 ? (int)got : 0;
		r->val = got < 0 ? 0 : got;
		return;
	case COUNT:
		return;
	}
	if (r->error)
		r->flags = 0;
}

static void answer(void)
{
	struct seccomp_notif n;
	struct seccomp_notif_resp r = { 0 };

	memset(&n, 0, sizeof(n));
	if (ioctl(run.listener, SECCOMP_IOCTL_NOTIF_RECV, &n))
		return;
	r.id = n.id;
	r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if (counts(&n)) {
		run.seen++;
		if (run.seen == run.at)
			snprintf(run.where, sizeof(run.where), "%s", call_of(n.data.nr));
		wrong(&n, &r);
	}
	ioctl(run.listener, SECCOMP_IOCTL_NOTIF_SEND, &r);
}

/* --- one run --- */

static void say_bad(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say_bad(const char *fmt, ...)
{
	char text[1024];
	ssize_t n = pread(err_fd, text, sizeof(text) - 1, 0);
	va_list ap;

	bad++;
	printf("BAD at %u (%s): ", run.at, run.where);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	text[n > 0 ? n : 0] = '\0';
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = '|';
	printf("; it said: %s\n", text);
	fflush(stdout);
}

static void say_where_it_hangs(void)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "for t in /proc/%d/task/*; do cat $t/comm $t/wchan $t/syscall; echo; done",
		 (int)run.us);
	if (system(command))
		printf("nor can it be looked at\n");
}

/* Answers until it ends; its wait status, or -1. */
static int watch(void)
{
	int64_t until = now_ms() + RUN_MS;
	struct pollfd p = { run.listener, POLLIN, 0 };
	int status;

	for (;;) {
		if (poll(&p, 1, 5) > 0 && p.revents & POLLIN)
			answer();
		if ((!(p.revents & POLLIN) || p.revents & POLLHUP) &&
		    waitpid(run.us, &status, WNOHANG) == run.us)
			return status;
		if (now_ms() > until)
			return -1;
	}
}

/* Who of ours but the target is there; those that have ended are buried. */
static bool any_child(void)
{
	char name[64], text[4096], *save = NULL;
	bool any = false;
	size_t n;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/self/task/%d/children", (int)getpid());
	f = fopen(name, "re");
	n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	text[n] = '\0';
	if (f)
		fclose(f);
	for (char *s = strtok_r(text, " ", &save); s; s = strtok_r(NULL, " ", &save)) {
		pid_t pid = (pid_t)strtol(s, NULL, 10);

		if (pid != run.target && waitpid(pid, NULL, WNOHANG) != pid)
			any = true;
	}
	return any;
}

/* Whom it leaves behind comes to us. */
static bool childless(void)
{
	int64_t until = now_ms() + 5000;
	struct pollfd p = { run.listener, POLLIN, 0 };

	while (any_child()) {
		if (now_ms() > until)
			return false;
		if (poll(&p, 1, 2) > 0 && p.revents & POLLIN)
			answer();
	}
	return true;
}

/* Each sentence is told once, with 0 for its numbers. */
static void note_said(int code, const char *text)
{
	static VEC(char *) said;
	char line[1100];
	size_t n = (size_t)snprintf(line, sizeof(line), "SAID %d ", code);

	for (const char *c = text; *c && n < sizeof(line) - 1; c++) {
		bool digit = *c >= '0' && *c <= '9';

		if (digit && line[n - 1] == '0')
			continue;
		line[n++] = digit ? '0' : *c == '\n' ? '|' : *c;
	}
	line[n] = '\0';
	for (size_t i = 0; i < said.n; i++)
		if (!strcmp(said.v[i], line))
			return;
	*vec_push(&said) = xstrdup(line);
	printf("%s at %u, %s\n", line, run.at, run.where);
}

/* Whether it is sentences of the program's own, as many as are right for that exit code. */
static bool is_said_well(int code, const char *text)
{
	unsigned n = 0;

	for (const char *nl; *text; text = nl + 1, n++) {
		nl = strchr(text, '\n');
		if (!nl || !begins(text, "bingo-top: "))
			return false;
	}
	return n <= opt.lines && (!code || n);
}

static void judge(int status)
{
	char text[1024];
	ssize_t n = pread(err_fd, text, sizeof(text) - 1, 0);
	int code;

	text[n > 0 ? n : 0] = '\0';
	if (status < 0) {
		say_bad("it did not end");
		say_where_it_hangs();
		kill(run.us, SIGKILL);
		waitpid(run.us, NULL, 0);
		return;
	}
	code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	codes[code % CODES_MOST]++;
	note_said(code, text);
	if (!WIFEXITED(status) || !opt.right[code])
		say_bad("exit code %d", code);
	else if (!is_said_well(code, text))
		say_bad("not as many sentences as should be");
	else if (!childless())
		say_bad("children are left");
}

/* Returns how many calls counted. */
static unsigned one(unsigned at)
{
	if (run.killed)
		target_bury();
	run = (struct run){ .target = run.target, .at = at };
	if (!run.target)
		target_start();
	program_start();
	if (run.listener < 0) {
		printf("SKIP the kernel does not hand system calls over (seccomp_unotify)\n");
		exit(0);
	}
	judge(watch());
	close(run.listener);
	cases++;
	return run.seen;
}

static void report(unsigned calls)
{
	printf("cases %u calls %u codes", cases, calls);
	for (int i = 0; i < CODES_MOST; i++)
		if (codes[i])
			printf(" %d:%u", i, codes[i]);
	printf("\n");
}

int main(int argc, char **argv)
{
	bool many;
	unsigned calls, step;

	take_options(argc, argv);
	if (!memchr(opt.right, true, sizeof(opt.right)))
		opt.right[0] = true;
	many = opt.mode == KILL || opt.mode == ZOMBIE || opt.mode == FAIL || opt.mode == FAIL_ON;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	err_fd = mkostemp(out_name, O_CLOEXEC);
	if (shared == MAP_FAILED || err_fd < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1))
		give_up("live_inject");
	unlink(out_name);
	calls = one(opt.only);
	many = many && !opt.only;
	step = calls / opt.most + 1;
	/* how many there are differs from run to run: until several end before anything has gone wrong */
	for (unsigned at = 1, late = 0; many && at <= 4 * calls && late < LATE_MOST; at += step)
		late = one(at) < at ? late + 1 : 0;
	report(calls);
	target_bury();
	return bad > 0;
}

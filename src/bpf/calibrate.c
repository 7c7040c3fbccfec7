/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf/calibrate.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TYPE_FILE "/sys/bus/event_source/devices/uprobe/type"

enum {
	BATCH = 32,
	BATCHES = 128,
	FDS_MOST = 256, /* that are open when a session begins: a dozen */
};

static const int64_t loop_ns = 2000000;

/* A function that begins as the probed ones go on: with a branch. It writes no register. */
void calibrate_hit(void);
#if defined(__x86_64__)
__asm__(".pushsection .text\n.hidden calibrate_hit\n.globl calibrate_hit\n"
	".type calibrate_hit, @function\n"
	"calibrate_hit:\n\tjbe 1f\n1:\tret\n.size calibrate_hit, .-calibrate_hit\n.popsection\n");
#elif defined(__aarch64__)
__asm__(".pushsection .text\n.balign 4\n.hidden calibrate_hit\n.globl calibrate_hit\n"
	".type calibrate_hit, %function\n"
	"calibrate_hit:\n\tb.ls 1f\n1:\tret\n.size calibrate_hit, .-calibrate_hit\n.popsection\n");
#else
void calibrate_hit(void)
{
	__asm__ volatile("");
}
#endif

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

__attribute__((format(printf, 2, 3))) static void say(struct calibration *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
}

/* The first object is the program itself, which is /proc/self/exe. */
static int find_offset(struct dl_phdr_info *info, size_t size, void *arg)
{
	uint64_t at = (uint64_t)(uintptr_t)calibrate_hit - info->dlpi_addr, *off = arg;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && at >= p->p_vaddr && at - p->p_vaddr < p->p_filesz)
			*off = at - p->p_vaddr + p->p_offset;
	}
	return 1;
}

int calibrate_uprobe_type(void)
{
	FILE *f = fopen(TYPE_FILE, "re");
	int type = -1;
	char line[32];

	if (f && fgets(line, sizeof(line), f))
		type = (int)strtol(line, NULL, 10);
	if (f)
		fclose(f);
	return type > 0 ? type : -1;
}

static int set_probe(struct calibration *c)
{
	static const char exe[] = "/proc/self/exe";
	uint64_t off = UINT64_MAX;
	struct perf_event_attr a = { .size = sizeof(a) };
	int type = calibrate_uprobe_type(), fd;

	if (type < 0) {
		say(c, "the kernel offers no uprobes (%s)", TYPE_FILE);
		return -1;
	}
	dl_iterate_phdr(find_offset, &off);
	if (off == UINT64_MAX) {
		say(c, "this program's own code lies in no file");
		return -1;
	}
	a.type = (uint32_t)type;
	a.config1 = (uint64_t)(uintptr_t)exe;
	a.config2 = off;
	fd = (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		say(c, "no uprobe may be set (perf_event_open: %s)", strerror(errno));
	return fd;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* ns for a call: of batches the median, since some are interrupted. */
static double time_calls(unsigned *calls)
{
	double ns[BATCHES];
	int64_t begin = now(CLOCK_MONOTONIC), t = begin, next;
	size_t n = 0;

	for (; n < BATCHES && t - begin < loop_ns; n++, t = next) {
		for (int i = 0; i < BATCH; i++)
			calibrate_hit();
		next = now(CLOCK_MONOTONIC);
		ns[n] = (double)(next - t) / BATCH;
	}
	*calls = (unsigned)n * BATCH;
	qsort(ns, n, sizeof(ns[0]), by_value);
	return ns[n / 2];
}

static void measure(struct calibration *c)
{
	uint64_t hits = 0;
	unsigned calls;
	double bare, with;
	int64_t t;
	int fd;

	*c = (struct calibration){ .hit_ns = CALIBRATE_HIT_NS,
				   .attach_ns = CALIBRATE_ATTACH_NS,
				   .detach_ns = CALIBRATE_DETACH_NS };
	bare = time_calls(&calls);
	t = now(CLOCK_THREAD_CPUTIME_ID);
	fd = set_probe(c);
	if (fd < 0)
		return;
	c->attach_ns = now(CLOCK_THREAD_CPUTIME_ID) - t;
	with = time_calls(&calls);
	if (read(fd, &hits, sizeof(hits)) != sizeof(hits) || hits != calls || with <= bare)
		say(c, "a uprobe saw %llu of %u calls", (unsigned long long)hits, calls);
	else
		c->measured = true;
	t = now(CLOCK_THREAD_CPUTIME_ID);
	close(fd);
	c->detach_ns = now(CLOCK_THREAD_CPUTIME_ID) - t;
	if (c->measured)
		c->hit_ns = with - bare;
}

/* --- in a child --- */

static struct {
	pid_t pid; /* 0: none, or it has told */
	int fd;
	bool told;
	struct calibration result;
} ahead;

/* It may outlive us by a moment, so it holds nothing of ours open. */
static _Noreturn void run_child(int fd)
{
	struct calibration c;

	dup2(fd, STDIN_FILENO);
	for (int i = STDOUT_FILENO; i < FDS_MOST; i++)
		close(i);
	measure(&c);
	_exit(write(STDIN_FILENO, &c, sizeof(c)) != sizeof(c));
}

void calibrate_start(void)
{
	int fd[2];

	if (ahead.pid || ahead.told || pipe2(fd, O_CLOEXEC))
		return;
	ahead.pid = fork();
	if (ahead.pid == 0)
		run_child(fd[1]);
	close(fd[1]);
	ahead.fd = fd[0];
	if (ahead.pid < 0) {
		ahead.pid = 0;
		close(fd[0]);
	}
}

static void take_result(void)
{
	ssize_t n;

	do {
		n = read(ahead.fd, &ahead.result, sizeof(ahead.result));
	} while (n < 0 && errno == EINTR);
	ahead.told = n == sizeof(ahead.result);
	close(ahead.fd);
	while (waitpid(ahead.pid, NULL, 0) < 0 && errno == EINTR)
		;
	ahead.pid = 0;
}

void calibrate(struct calibration *c)
{
	if (ahead.pid)
		take_result();
	if (ahead.told)
		*c = ahead.result;
	else
		measure(c);
}

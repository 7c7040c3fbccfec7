/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf/loader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const part_names[BPF_PARTS] = {
	[BPF_SAMPLES] = "samples",
	[BPF_SCHED] = "sched",
	[BPF_SYSCALLS] = "syscalls",
};

static const char *const why_words[BPF_WHYS] = {
	[BPF_ON] = "on",
	[BPF_NOT_BUILT] = "not built in",
	[BPF_NO_RIGHT] = "no right",
	[BPF_NO_BTF] = "no BTF",
	[BPF_OLD_KERNEL] = "old kernel",
	[BPF_NO_G] = "no g",
	[BPF_NO_TARGET] = "no target",
	[BPF_NO_MEMORY] = "no memory",
	[BPF_REFUSED] = "refused",
};

const char *bpf_why_word(enum bpf_why why)
{
	return why < BPF_WHYS ? why_words[why] : "";
}

enum bpf_why bpf_why_errno(int rc)
{
	switch (-rc) {
	case EPERM:
	case EACCES:
		return BPF_NO_RIGHT;
	case ESRCH:
		return BPF_NO_TARGET;
	case ENOMEM:
		return BPF_NO_MEMORY;
	default:
		return BPF_REFUSED;
	}
}

const char *bpf_part_name(enum bpf_part p)
{
	return p < BPF_PARTS ? part_names[p] : "";
}

void bpf_state_word(const struct bpf_part_state state[BPF_PARTS], char *buf, size_t size)
{
	unsigned off = 0;
	size_t at = 0;

	*buf = '\0';
	for (int i = 0; i < BPF_PARTS; i++)
		off += state[i].why != BPF_ON;
	if (off == BPF_PARTS) {
		snprintf(buf, size, "bpf off: %s", why_words[state[0].why]);
		return;
	}
	for (int i = 0; i < BPF_PARTS && at < size; i++)
		if (state[i].why != BPF_ON)
			at += (size_t)snprintf(buf + at, size - at, "%sno %s (%s)", at ? ", " : "",
					       part_names[i], why_words[state[i].why]);
}

static bool event_valid(const struct rec_event *r, size_t n)
{
	return n >= sizeof(*r) && r->event < PROBE_N && r->n <= n - sizeof(*r);
}

bool bpf_record_valid(const void *rec, size_t n)
{
	const struct rec_head *h = rec;

	if (n < sizeof(*h))
		return false;
	switch (h->kind) {
	case REC_SAMPLE:
		return n >= sizeof(struct rec_sample) &&
		       ((const struct rec_sample *)rec)->n <= REC_FRAMES;
	case REC_SUM:
		return n >= sizeof(struct rec_sum);
	case REC_SYSCALL:
		return n >= sizeof(struct rec_syscall);
	case REC_EVENT:
		return event_valid(rec, n);
	default:
		return false;
	}
}

static void all_off(struct bpf_part_state state[BPF_PARTS], enum bpf_why why, const char *sentence)
{
	for (int i = 0; i < BPF_PARTS; i++) {
		state[i].why = why;
		snprintf(state[i].sentence, sizeof(state[i].sentence), "%s", sentence);
	}
}

#ifndef BINGO_BPF

const char *bpf_built_with(void)
{
	return "built without BPF";
}

void bpf_can(struct bpf_part_state state[BPF_PARTS])
{
	all_off(state, BPF_NOT_BUILT,
		"built without BPF: clang, bpftool or libbpf was not there when it was built");
}

struct bpf_set *bpf_set_open(const struct bpf_target *t, struct bpf_part_state state[BPF_PARTS])
{
	(void)t;
	bpf_can(state);
	return NULL;
}

void bpf_set_close(struct bpf_set *s)
{
	(void)s;
}

size_t bpf_set_drain(struct bpf_set *s, bpf_sink *sink, void *arg)
{
	(void)s;
	(void)sink;
	(void)arg;
	return 0;
}

uint64_t bpf_set_lost(const struct bpf_set *s)
{
	(void)s;
	return 0;
}

uint32_t bpf_first_tgid(pid_t pid)
{
	(void)pid;
	return 0;
}

int bpf_set_part(struct bpf_set *s, enum bpf_part part, bool on)
{
	(void)s;
	(void)part;
	(void)on;
	return -1;
}

uint64_t bpf_set_hits(const struct bpf_set *s, enum bpf_part part, uint64_t *beside)
{
	(void)s;
	(void)part;
	if (beside)
		*beside = 0;
	return 0;
}

#else

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf/bingo.skel.h"
#include "core/mem.h"

enum {
	HZ = 99,
	SLOW_NS = 1000000,
	FLUSH_NS = 20000000,
	THREADS_LEAST = 4096, /* room for so many in the kernel's table */
	BESIDE = 32, /* times processors: so many calls of others count as one of the target's */
	FIRST_NS_INUM = 0xeffffffcu, /* include/linux/proc_ns.h:PROC_PID_INIT_INO */
};

struct bpf_set {
	struct bingo_bpf *skel;
	struct ring_buffer *ring;
	VEC(int) perf; /* descriptors of the events that sample */
	struct bpf_target target;
	unsigned cpus;
	uint64_t odd; /* records that made no sense */
	size_t drained;
	bpf_sink *sink; /* during a drain */
	void *sink_arg;
};

const char *bpf_built_with(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "libbpf %u.%u", libbpf_major_version(),
		 libbpf_minor_version());
	return text;
}

/* --- what the kernel allows --- */

static void part_off(struct bpf_part_state *p, enum bpf_why why, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void part_off(struct bpf_part_state *p, enum bpf_why why, const char *fmt, ...)
{
	va_list ap;

	if (p->why != BPF_ON)
		return; /* the first reason stays */
	p->why = why;
	va_start(ap, fmt);
	vsnprintf(p->sentence, sizeof(p->sentence), fmt, ap);
	va_end(ap);
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/* Kernels before 5.11 count maps against RLIMIT_MEMLOCK. */
static void more_memlock(void)
{
	setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
}

static bool may_load(int *e)
{
	static const struct bpf_insn ret0[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K }, /* r0 = 0 */
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "bingo_may", "GPL", ret0,
			       ARRAY_SIZE(ret0), NULL);

	*e = -fd;
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

void bpf_can(struct bpf_part_state state[BPF_PARTS])
{
	int e;

	all_off(state, BPF_ON, "");
	libbpf_set_print(quiet);
	more_memlock();
	if (!may_load(&e)) {
		enum bpf_why why = bpf_why_errno(-e);

		if (why == BPF_NO_RIGHT)
			all_off(state, why,
				"no right to load BPF programs: it takes CAP_BPF and CAP_PERFMON, "
				"or root");
		else if (why == BPF_NO_MEMORY)
			all_off(state, why, "the kernel has no memory for BPF programs");
		else
			all_off(state, BPF_OLD_KERNEL, "this kernel loads no BPF programs");
		return;
	}
	if (libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL) != 1) {
		all_off(state, BPF_OLD_KERNEL, "this kernel has no BPF ring buffer (5.8 has)");
		return;
	}
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		all_off(state, BPF_NO_BTF,
			"the kernel does not describe its types (/sys/kernel/btf/vmlinux)");
}

/* --- loading --- */

static void config_fill(struct rec_config *c, const struct bpf_target *t, uint32_t tgid)
{
	*c = (struct rec_config){
		.tgid = tgid,
		.tls_g = (__u64)t->tls_g,
		.g_m = (__u32)t->g_m,
		.g_goid = (__u32)t->g_goid,
		.m_curg = (__u32)t->m_curg,
		.m_g0 = (__u32)t->m_g0,
		.m_procid = (__u32)t->m_procid,
		.flush_ns = FLUSH_NS,
		.slow_ns = (__u32)(t->slow_ns ? t->slow_ns : SLOW_NS),
		.task_regs = libbpf_probe_bpf_helper(BPF_PROG_TYPE_PERF_EVENT,
						     BPF_FUNC_task_pt_regs, NULL) == 1,
	};
}

static void want(struct bingo_bpf *skel, unsigned parts)
{
	bpf_program__set_autoload(skel->progs.find_target, false);
	bpf_program__set_autoload(skel->progs.on_sample, parts >> BPF_SAMPLES & 1);
	bpf_program__set_autoload(skel->progs.on_switch, parts >> BPF_SCHED & 1);
	bpf_program__set_autoload(skel->progs.on_waking, parts >> BPF_SCHED & 1);
	bpf_program__set_autoload(skel->progs.on_exit, 1);
	bpf_program__set_autoload(skel->progs.on_call, parts >> BPF_SYSCALLS & 1);
	bpf_program__set_autoload(skel->progs.on_return, parts >> BPF_SYSCALLS & 1);
}

static int load(struct bingo_bpf **out, const struct rec_config *cfg, unsigned parts)
{
	struct bingo_bpf *skel = bingo_bpf__open();
	int rc;

	if (!skel)
		return -errno;
	skel->rodata->cfg = *cfg;
	want(skel, parts);
	rc = bpf_map__set_max_entries(skel->maps.threads, THREADS_LEAST);
	if (!rc)
		rc = bingo_bpf__load(skel);
	if (rc) {
		bingo_bpf__destroy(skel);
		return rc;
	}
	*out = skel;
	return 0;
}

static int load_alone(const struct rec_config *cfg, unsigned part)
{
	struct bingo_bpf *skel = NULL;
	int rc = load(&skel, cfg, 1u << part);

	if (!rc)
		bingo_bpf__destroy(skel);
	return rc;
}

/* All parts at once; where that is refused, those that are not when alone. */
static struct bingo_bpf *load_parts(const struct rec_config *cfg, unsigned *parts,
				    struct bpf_part_state state[BPF_PARTS])
{
	struct bingo_bpf *skel = NULL;

	if (!load(&skel, cfg, *parts))
		return skel;
	for (unsigned i = 0; i < BPF_PARTS; i++) {
		int rc = *parts >> i & 1 ? load_alone(cfg, i) : 0;

		if (!rc)
			continue;
		part_off(&state[i], bpf_why_errno(rc),
			 "the kernel does not take the program for %s: %s", part_names[i],
			 strerror(-rc));
		*parts &= ~(1u << i);
	}
	return *parts && !load(&skel, cfg, *parts) ? skel : NULL;
}

/* --- who the target is --- */

static uint32_t own_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? FIRST_NS_INUM : (uint32_t)st.st_ino;
}

static uint32_t ask_kernel(struct bingo_bpf *skel)
{
	struct bpf_link *link = bpf_program__attach_iter(skel->progs.find_target, NULL);
	uint32_t tgid = 0;
	int fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1;

	if (fd >= 0) {
		if (read(fd, &tgid, sizeof(tgid)) != sizeof(tgid))
			tgid = 0;
		close(fd);
	}
	bpf_link__destroy(link);
	return tgid;
}

uint32_t bpf_first_tgid(pid_t pid)
{
	struct bingo_bpf *skel;
	uint32_t ns = own_namespace(), tgid = 0;

	if (ns == FIRST_NS_INUM)
		return (uint32_t)pid;
	skel = bingo_bpf__open();
	if (!skel)
		return 0;
	skel->rodata->cfg.ns_inum = ns;
	skel->rodata->cfg.ns_pid = (uint32_t)pid;
	want(skel, 0);
	bpf_program__set_autoload(skel->progs.on_exit, false);
	bpf_program__set_autoload(skel->progs.find_target, true);
	if (!bingo_bpf__load(skel))
		tgid = ask_kernel(skel);
	bingo_bpf__destroy(skel);
	return tgid;
}

/* --- samples --- */

static int perf_open(pid_t tid, int cpu, unsigned hz, bool kernel)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(a),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_freq = hz,
		.freq = 1,
		.disabled = 1,
		.inherit = tid > 0,
		.exclude_kernel = !kernel,
		.exclude_hv = 1,
	};

	return (int)syscall(SYS_perf_event_open, &a, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/* -ESRCH: the thread is gone. */
static int perf_add(struct bpf_set *s, pid_t tid, int cpu)
{
	unsigned hz = s->target.hz ? s->target.hz : HZ;
	int fd = perf_open(tid, cpu, hz, true);

	if (fd < 0 && (errno == EACCES || errno == EPERM))
		fd = perf_open(tid, cpu, hz, false);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, bpf_program__fd(s->skel->progs.on_sample)) ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0)) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	*vec_push(&s->perf) = fd;
	return 0;
}

typedef VEC(pid_t) tids;

static void tids_read(pid_t pid, tids *out)
{
	char path[32];
	struct dirent *e;
	DIR *d;

	out->n = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			*vec_push(out) = (pid_t)strtol(e->d_name, NULL, 10);
	if (d)
		closedir(d);
}

static bool tids_have(const tids *t, pid_t tid)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i] == tid)
			return true;
	return false;
}

static int perf_each(struct bpf_set *s, const tids *now, const tids *had)
{
	for (size_t i = 0; i < now->n; i++) {
		int rc = tids_have(had, now->v[i]) ? 0 : perf_add(s, now->v[i], -1);

		if (rc && rc != -ESRCH)
			return rc;
	}
	return 0;
}

static int perf_cpus(struct bpf_set *s)
{
	int n = libbpf_num_possible_cpus(), rc = 0, any = 0;

	for (int cpu = 0; cpu < n; cpu++) {
		rc = perf_add(s, -1, cpu);
		any |= !rc;
	}
	return any ? 0 : rc;
}

/*
 * A thread that was made between listing and attaching has one that was not
 * attached yet for its parent, so the list is read twice; who inherited is
 * then sampled twice, and the kernel's side drops each second one.
 */
static int perf_threads(struct bpf_set *s)
{
	unsigned hz = s->target.hz ? s->target.hz : HZ;
	tids had = { 0 }, now = { 0 };
	int rc;

	s->skel->bss->sample_gap_ns = 500000000u / hz;
	tids_read(s->target.pid, &now);
	rc = perf_each(s, &now, &had);
	tids_read(s->target.pid, &had);
	rc = rc ? rc : perf_each(s, &had, &now);
	vec_free(&had);
	vec_free(&now);
	return rc ? rc : s->perf.n ? 0 : -ESRCH;
}

/*
 * An event of a thread starts and stops a timer at each of its switches, which
 * made a switch half as dear again. An event of a processor costs its ticks alone;
 * what is not the target's is dropped at the first comparison.
 */
static int samples_attach(struct bpf_set *s)
{
	return perf_cpus(s) ? perf_threads(s) : 0;
}

/* --- attaching --- */

static int attach_one(struct bpf_program *prog, struct bpf_link **link)
{
	*link = bpf_program__attach(prog);
	return *link ? 0 : errno ? -errno : -EINVAL;
}

static int part_attach(struct bpf_set *s, enum bpf_part p)
{
	struct bingo_bpf *k = s->skel;
	int rc;

	switch (p) {
	case BPF_SAMPLES:
		return samples_attach(s);
	case BPF_SCHED:
		rc = attach_one(k->progs.on_switch, &k->links.on_switch);
		return rc ? rc : attach_one(k->progs.on_waking, &k->links.on_waking);
	case BPF_SYSCALLS:
		rc = attach_one(k->progs.on_return, &k->links.on_return);
		return rc ? rc : attach_one(k->progs.on_call, &k->links.on_call);
	default:
		return -EINVAL;
	}
}

static unsigned attach_parts(struct bpf_set *s, unsigned parts,
			     struct bpf_part_state state[BPF_PARTS])
{
	for (unsigned i = 0; i < BPF_PARTS; i++) {
		int rc = parts >> i & 1 ? part_attach(s, i) : 0;

		if (!rc)
			continue;
		part_off(&state[i], bpf_why_errno(rc),
			 "the kernel does not let the program for %s be attached: %s",
			 part_names[i], strerror(-rc));
		parts &= ~(1u << i);
	}
	if (parts) /* threads that end make room; where it is refused, they do not */
		attach_one(s->skel->progs.on_exit, &s->skel->links.on_exit);
	return parts;
}

static void part_detach(struct bpf_set *s, enum bpf_part p)
{
	struct bpf_link **link[BPF_PARTS][2] = {
		[BPF_SCHED] = { &s->skel->links.on_switch, &s->skel->links.on_waking },
		[BPF_SYSCALLS] = { &s->skel->links.on_return, &s->skel->links.on_call },
	};

	for (int i = 0; i < 2; i++) {
		bpf_link__destroy(*link[p][i]);
		*link[p][i] = NULL;
	}
}

int bpf_set_part(struct bpf_set *s, enum bpf_part p, bool on)
{
	int rc = 0;

	if (p != BPF_SCHED && p != BPF_SYSCALLS)
		return -EINVAL;
	part_detach(s, p);
	if (on) {
		s->skel->bss->epoch++;
		rc = part_attach(s, p);
	}
	if (rc)
		part_detach(s, p);
	return rc;
}

/* Calls of other processes while programs were at system calls. */
static uint64_t calls_beside(const struct bpf_set *s)
{
	uint64_t sum = 0;

	for (int i = 0; i < REC_SLOTS; i++)
		sum += *(volatile __u64 *)&s->skel->bss->beside[i].calls;
	return sum;
}

uint64_t bpf_set_hits(const struct bpf_set *s, enum bpf_part p, uint64_t *beside)
{
	enum rec_part k = p == BPF_SCHED ? REC_SCHED : REC_SYSCALLS;
	uint64_t own = *(volatile __u64 *)&s->skel->bss->hits[k];
	uint64_t others = p == BPF_SYSCALLS ? calls_beside(s) / (BESIDE * s->cpus) : 0;

	if (beside)
		*beside = others;
	return own + others;
}

/* --- the ring --- */

static int on_record(void *arg, void *data, size_t size)
{
	struct bpf_set *s = arg;

	if (!bpf_record_valid(data, size)) {
		s->odd++;
		return 0;
	}
	s->drained++;
	s->sink(s->sink_arg, data);
	return 0;
}

size_t bpf_set_drain(struct bpf_set *s, bpf_sink *sink, void *arg)
{
	s->drained = 0;
	s->sink = sink;
	s->sink_arg = arg;
	ring_buffer__consume(s->ring);
	return s->drained;
}

uint64_t bpf_set_lost(const struct bpf_set *s)
{
	uint64_t n = s->odd;

	for (int i = 0; i < LOST_N; i++)
		n += *(volatile __u64 *)&s->skel->bss->lost[i];
	return n;
}

/* --- all of it --- */

static unsigned parts_wanted(const struct bpf_target *t, struct bpf_part_state state[BPF_PARTS])
{
	unsigned parts = 0;

	for (unsigned i = 0; i < BPF_PARTS; i++) {
		if (t->parts && !(t->parts >> i & 1))
			part_off(&state[i], BPF_REFUSED, "not wanted");
		if (!t->has_tls_g)
			part_off(&state[i], BPF_NO_G,
				 "where the program keeps its running goroutine is not known");
		parts |= (unsigned)(state[i].why == BPF_ON) << i;
	}
	return parts;
}

static bool set_start(struct bpf_set *s, unsigned parts, struct bpf_part_state state[BPF_PARTS])
{
	s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.ring), on_record, s, NULL);
	return s->ring && attach_parts(s, parts, state);
}

struct bpf_set *bpf_set_open(const struct bpf_target *t, struct bpf_part_state state[BPF_PARTS])
{
	struct bpf_set *s;
	struct rec_config cfg;
	unsigned parts;
	uint32_t tgid;

	bpf_can(state);
	parts = parts_wanted(t, state);
	if (!parts)
		return NULL;
	tgid = bpf_first_tgid(t->pid);
	if (!tgid) {
		all_off(state, BPF_NO_TARGET,
			"the kernel's own number of the process is not to be had");
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->target = *t;
	s->cpus = (unsigned)(libbpf_num_possible_cpus() > 0 ? libbpf_num_possible_cpus() : 1);
	config_fill(&cfg, t, tgid);
	s->skel = load_parts(&cfg, &parts, state);
	if (s->skel && set_start(s, parts, state))
		return s;
	for (int i = 0; i < BPF_PARTS; i++)
		part_off(&state[i], BPF_REFUSED, "the kernel gives no ring buffer");
	bpf_set_close(s);
	return NULL;
}

void bpf_set_close(struct bpf_set *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->perf.n; i++)
		close(s->perf.v[i]);
	vec_free(&s->perf);
	ring_buffer__free(s->ring);
	if (s->skel)
		bingo_bpf__destroy(s->skel);
	free(s);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf/probes.h"

#include <stdio.h>

#ifndef BINGO_BPF

enum bpf_why probe_can(char *why, size_t size)
{
	struct bpf_part_state part[BPF_PARTS];

	bpf_can(part);
	snprintf(why, size, "%s", part[0].sentence);
	return part[0].why;
}

bool probe_can_multi(void)
{
	return false;
}

struct probe_set *probe_set_open(pid_t pid, const struct probe_config *cfg, bool one_by_one,
				 struct bpf_part_state *state)
{
	(void)pid;
	(void)cfg;
	(void)one_by_one;
	state->why = probe_can(state->sentence, sizeof(state->sentence));
	return NULL;
}

void probe_set_close(struct probe_set *s)
{
	(void)s;
}

int probe_attach(struct probe_set *s, unsigned events, const uint64_t file_off[PROBE_N])
{
	(void)s;
	(void)events;
	(void)file_off;
	return -1;
}

void probe_detach(struct probe_set *s, unsigned events)
{
	(void)s;
	(void)events;
}

void probe_tell(struct probe_set *s, unsigned events, bool on)
{
	(void)s;
	(void)events;
	(void)on;
}

uint64_t probe_hits(const struct probe_set *s, unsigned events)
{
	(void)s;
	(void)events;
	return 0;
}

size_t probe_set_drain(struct probe_set *s, bpf_sink *sink, void *arg)
{
	(void)s;
	(void)sink;
	(void)arg;
	return 0;
}

uint64_t probe_set_lost(const struct probe_set *s)
{
	(void)s;
	return 0;
}

#else

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf/calibrate.h"
#include "bpf/probes.skel.h"
#include "core/mem.h"

/* Linux 6.6, include/uapi/linux/bpf.h; older headers lack them. */
enum { TRACE_UPROBE_MULTI = 48 };
struct link_create_multi {
	__u32 prog_fd, target_fd, attach_type, flags;
	__u64 path, offsets, ref_ctr_offsets, cookies;
	__u32 cnt, multi_flags, pid, pad;
};

struct probe_on {
	unsigned events;
	unsigned n;
	int fd[PROBE_N];
};

struct probe_set {
	struct probes_bpf *skel;
	struct ring_buffer *ring;
	pid_t pid;
	bool multi;
	VEC(struct probe_on) on;
	size_t drained;
	uint64_t odd;
	bpf_sink *sink; /* during a drain */
	void *sink_arg;
};

/* --- what the kernel allows --- */

static int link_multi(int prog, const char *path, const uint64_t *offs, const uint64_t *cookies,
		      unsigned n, pid_t pid)
{
	struct link_create_multi a = {
		.prog_fd = (__u32)prog,
		.attach_type = TRACE_UPROBE_MULTI,
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)offs,
		.cookies = (uintptr_t)cookies,
		.cnt = n,
		.pid = (__u32)pid,
	};
	int fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &a, sizeof(a));

	return fd < 0 ? -errno : fd;
}

/* A folder is no file to probe: a kernel that knows such links says EBADF. */
bool probe_can_multi(void)
{
	static const struct bpf_insn ret0[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K }, /* r0 = 0 */
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = (enum bpf_attach_type)TRACE_UPROBE_MULTI);
	int prog = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "bingo_multi", "GPL", ret0, ARRAY_SIZE(ret0),
				 &opts);
	uint64_t off = 0;
	int rc;

	if (prog < 0)
		return false;
	rc = link_multi(prog, "/", &off, NULL, 1, 0);
	close(prog);
	if (rc >= 0)
		close(rc);
	return rc == -EBADF;
}

enum bpf_why probe_can(char *why, size_t size)
{
	struct bpf_part_state part[BPF_PARTS];
	enum bpf_why w;

	bpf_can(part);
	w = part[0].why;
	snprintf(why, size, "%s", part[0].sentence);
	if (w == BPF_ON && calibrate_uprobe_type() < 0) {
		snprintf(why, size, "this kernel offers no uprobes");
		w = BPF_OLD_KERNEL;
	}
	return w;
}

/* --- loading --- */

static void want(struct probes_bpf *k, bool multi)
{
	struct bpf_program *one[] = { k->progs.on_create, k->progs.on_run, k->progs.on_park,
				      k->progs.on_ready,  k->progs.on_end, k->progs.on_lock,
				      k->progs.on_sema };

	bpf_program__set_autoload(k->progs.on_any, multi);
	if (multi)
		bpf_program__set_expected_attach_type(k->progs.on_any,
						      (enum bpf_attach_type)TRACE_UPROBE_MULTI);
	for (size_t i = 0; i < ARRAY_SIZE(one); i++)
		bpf_program__set_autoload(one[i], !multi);
}

static struct bpf_program *program_of(const struct probes_bpf *k, enum probe_event e)
{
	switch (e) {
	case PROBE_CREATE:
		return k->progs.on_create;
	case PROBE_RUN:
		return k->progs.on_run;
	case PROBE_PARK:
		return k->progs.on_park;
	case PROBE_READY:
		return k->progs.on_ready;
	case PROBE_EXIT:
		return k->progs.on_end;
	case PROBE_LOCK:
		return k->progs.on_lock;
	default:
		return k->progs.on_sema;
	}
}

static int on_record(void *arg, void *data, size_t size)
{
	struct probe_set *s = arg;

	if (!bpf_record_valid(data, size)) {
		s->odd++;
		return 0;
	}
	s->drained++;
	s->sink(s->sink_arg, data);
	return 0;
}

static int set_load(struct probe_set *s, const struct probe_config *cfg)
{
	s->skel = probes_bpf__open();
	if (!s->skel)
		return -errno;
	s->skel->rodata->cfg = *cfg;
	want(s->skel, s->multi);
	return probes_bpf__load(s->skel);
}

struct probe_set *probe_set_open(pid_t pid, const struct probe_config *cfg, bool one_by_one,
				 struct bpf_part_state *state)
{
	struct probe_config c = *cfg;
	struct probe_set *s;
	int rc;

	state->why = probe_can(state->sentence, sizeof(state->sentence));
	if (state->why != BPF_ON)
		return NULL;
	c.tgid = bpf_first_tgid(pid);
	if (!c.tgid) {
		state->why = BPF_NO_TARGET;
		snprintf(state->sentence, sizeof(state->sentence),
			 "the kernel's own number of the process is not to be had");
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->pid = pid;
	s->multi = !one_by_one && probe_can_multi();
	rc = set_load(s, &c);
	if (!rc) {
		s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.events), on_record, s, NULL);
		rc = s->ring ? 0 : -errno;
	}
	if (!rc)
		return s;
	state->why = bpf_why_errno(rc);
	snprintf(state->sentence, sizeof(state->sentence),
		 "the kernel does not take the programs of the probes: %s", strerror(-rc));
	probe_set_close(s);
	return NULL;
}

static void on_close(struct probe_on *on)
{
	for (unsigned i = 0; i < on->n; i++)
		close(on->fd[i]);
	on->n = 0;
}

void probe_set_close(struct probe_set *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->on.n; i++)
		on_close(&s->on.v[i]);
	vec_free(&s->on);
	ring_buffer__free(s->ring);
	if (s->skel)
		probes_bpf__destroy(s->skel);
	free(s);
}

/* --- putting on --- */

static int attach_multi(struct probe_set *s, struct probe_on *on, const char *path,
			const uint64_t file_off[PROBE_N])
{
	uint64_t offs[PROBE_N], cookies[PROBE_N];
	unsigned n = 0;
	int fd;

	for (unsigned e = 0; e < PROBE_N; e++) {
		if (!(on->events >> e & 1))
			continue;
		offs[n] = file_off[e];
		cookies[n++] = e;
	}
	fd = link_multi(bpf_program__fd(s->skel->progs.on_any), path, offs, cookies, n, s->pid);
	if (fd < 0)
		return fd;
	on->fd[on->n++] = fd;
	return 0;
}

/* The kernel sets it in this process alone, and it is hit by all threads. */
static int attach_one(struct probe_set *s, struct probe_on *on, const char *path,
		      enum probe_event e, uint64_t off)
{
	struct perf_event_attr a = {
		.type = (__u32)calibrate_uprobe_type(),
		.size = sizeof(a),
		.config1 = (uintptr_t)path,
		.config2 = off,
	};
	int fd = (int)syscall(SYS_perf_event_open, &a, s->pid, -1, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return -errno;
	on->fd[on->n++] = fd;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, bpf_program__fd(program_of(s->skel, e))) ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return -errno;
	return 0;
}

int probe_attach(struct probe_set *s, unsigned events, const uint64_t file_off[PROBE_N])
{
	struct probe_on on = { .events = events };
	char path[32];
	int rc = 0;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)s->pid);
	if (s->multi)
		rc = attach_multi(s, &on, path, file_off);
	for (unsigned e = 0; e < PROBE_N && !s->multi && !rc; e++)
		if (events >> e & 1)
			rc = attach_one(s, &on, path, (enum probe_event)e, file_off[e]);
	if (rc)
		on_close(&on);
	else
		*vec_push(&s->on) = on;
	return rc;
}

void probe_detach(struct probe_set *s, unsigned events)
{
	size_t out = 0;

	for (size_t i = 0; i < s->on.n; i++) {
		if (s->on.v[i].events == events)
			on_close(&s->on.v[i]);
		else
			s->on.v[out++] = s->on.v[i];
	}
	s->on.n = out;
}

void probe_tell(struct probe_set *s, unsigned events, bool on)
{
	volatile __u32 *told = &s->skel->bss->told;

	*told = on ? *told | events : *told & ~events;
}

uint64_t probe_hits(const struct probe_set *s, unsigned events)
{
	uint64_t sum = 0;

	for (unsigned e = 0; e < PROBE_N; e++)
		if (events >> e & 1)
			sum += *(volatile __u64 *)&s->skel->bss->hits[e].n;
	return sum;
}

/* --- the ring --- */

size_t probe_set_drain(struct probe_set *s, bpf_sink *sink, void *arg)
{
	s->drained = 0;
	s->sink = sink;
	s->sink_arg = arg;
	ring_buffer__consume(s->ring);
	return s->drained;
}

uint64_t probe_set_lost(const struct probe_set *s)
{
	return s->odd + *(volatile __u64 *)&s->skel->bss->lost;
}

#endif

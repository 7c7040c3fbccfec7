/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * What uprobes in Go's runtime tell: goroutines made, run, parked, made runnable
 * and ended. The trap is what a hit costs, so there is little to save here; each
 * is counted, and told where that is asked for.
 */
/* clang-format off */
#include "bpf/vmlinux_min.h"
/* clang-format on */
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/common.bpf.h"
#include "bpf/record.h"

char LICENSE[] SEC("license") = "GPL"; /* the kernel asks for it */

const volatile struct probe_config cfg = {};

/* Each in a cache line of its own; mapped by the other side, which reads them all the time. */
struct {
	__u64 n;
} __attribute__((aligned(64))) hits[PROBE_N];
__u64 lost; /* no room in the ring */
__u32 told; /* bits 1 << enum probe_event: those that are not only counted */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} events SEC(".maps");

/* Go's register ABI: cmd/compile/abi-internal.md. */
#if defined(__TARGET_ARCH_x86)
#define ARG1(regs) ((regs)->ax)
#define ARG2(regs) ((regs)->bx)
#define ARG3(regs) ((regs)->cx)
#define ARG5(regs) ((regs)->si)
#define SELF(regs) ((regs)->r14)
#define PC(regs) ((regs)->ip)
#define SP(regs) ((regs)->sp)
#define BP(regs) ((regs)->bp)
#define LR(regs) 0
#define BRANCHES(regs) ((regs)->flags & 0x41) /* jbe: CF or ZF */
#else
#define ARG1(regs) ((regs)->regs[0])
#define ARG2(regs) ((regs)->regs[1])
#define ARG3(regs) ((regs)->regs[2])
#define ARG5(regs) ((regs)->regs[4])
#define SELF(regs) ((regs)->regs[28])
#define PC(regs) ((regs)->pc)
#define SP(regs) ((regs)->sp)
#define BP(regs) ((regs)->regs[29])
#define LR(regs) ((regs)->regs[30])
#define BRANCHES(regs) (!((regs)->pstate >> 29 & 1) || ((regs)->pstate >> 30 & 1)) /* b.ls */
#endif

static __always_inline __u64 goid_of(__u64 g)
{
	return g ? user_u64(g + cfg.g_goid) : 0;
}

/* Whom the thread works for while it is on its own stack; 0: nobody. */
static __always_inline __u64 works_for(__u64 g0)
{
	__u64 m = g0 ? user_u64(g0 + cfg.g_m) : 0;

	return m ? user_u64(m + cfg.m_curg) : 0;
}

/* --- telling --- */

#define PUT(room) \
	static __always_inline void put_##room(const struct rec_event *ev, __u32 n) \
	{ \
		struct rec_event *r = bpf_ringbuf_reserve(&events, sizeof(*r) + (room), 0); \
\
		if (!r) { \
			__sync_fetch_and_add(&lost, 1); \
			return; \
		} \
		*r = *ev; \
		if (n > (room)) \
			n = (room); \
		r->n = n && !bpf_probe_read_user(r->stack, n, (const void *)ev->sp) ? n : 0; \
		bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP); \
	}

PUT(512)
PUT(2048)
PUT(8192)
PUT(32768)

static __always_inline void put_bare(const struct rec_event *ev)
{
	struct rec_event *r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);

	if (!r) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	*r = *ev;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
}

static __always_inline void put_event(const struct rec_event *ev)
{
	__u64 n = ev->hi > ev->sp ? ev->hi - ev->sp : 0;

	if (!ev->sp || !n)
		put_bare(ev);
	else if (n <= REC_STACK_SMALL)
		put_512(ev, n);
	else if (n <= REC_STACK_MIDDLE)
		put_2048(ev, n);
	else if (n <= REC_STACK_LARGE)
		put_8192(ev, n);
	else
		put_32768(ev, n > REC_STACK_MOST ? REC_STACK_MOST : n);
}

/* Where the waker stands: systemstack() has kept that. */
static __always_inline void stands_at(struct rec_event *ev, __u64 g)
{
	ev->pc = user_u64(g + cfg.g_sched_pc);
	ev->sp = user_u64(g + cfg.g_sched_sp);
	ev->bp = cfg.g_sched_bp ? user_u64(g + cfg.g_sched_bp) : 0;
	ev->hi = user_u64(g + cfg.g_stack_hi);
}

static __always_inline void fill(struct rec_event *ev, struct pt_regs *regs, __u32 event)
{
	__u64 by;

	switch (event) {
	case PROBE_CREATE:
		ev->peer = goid_of(works_for(SELF(regs)));
		ev->place[0] = user_u64(ev->g + cfg.g_gopc);
		ev->place[1] = user_u64(ev->g + cfg.g_startpc);
		break;
	case PROBE_READY:
		by = works_for(SELF(regs));
		ev->peer = goid_of(by);
		if (by)
			stands_at(ev, by);
		break;
	case PROBE_PARK:
		ev->object = ARG2(regs);
		ev->reason = ARG3(regs) & 0xff;
		ev->pc = PC(regs);
		ev->sp = SP(regs);
		ev->bp = BP(regs);
		ev->lr = LR(regs);
		ev->hi = user_u64(ev->g + cfg.g_stack_hi);
		break;
	case PROBE_SEMA:
		ev->reason = ARG5(regs) & 0xff;
		ev->object = ARG1(regs);
		break;
	case PROBE_LOCK:
		ev->object = ARG1(regs);
		break;
	}
}

/* Each register is read by an instruction of its own: no pointer into regs is made. */
static __always_inline __u64 g_of(struct pt_regs *regs, __u32 event)
{
	__u64 first = ARG1(regs), second, self;

	barrier_var(first);
	second = ARG2(regs);
	barrier_var(second);
	self = SELF(regs);
	barrier_var(self);
	return cfg.g_in[event] == PROBE_G_FIRST	   ? first
	       : cfg.g_in[event] == PROBE_G_SECOND ? second
						   : self;
}

static __always_inline void tell(struct pt_regs *regs, __u32 event)
{
	struct rec_event ev = { .event = event };

	ev.g = g_of(regs, event);
	ev.head.kind = REC_EVENT;
	ev.head.tid = own_tid((struct task_struct *)bpf_get_current_task());
	ev.head.time = bpf_ktime_get_ns();
	ev.head.goid = goid_of(ev.g);
	fill(&ev, regs, event);
	put_event(&ev);
}

static __always_inline int hit(struct pt_regs *regs, __u32 event)
{
	if (bpf_get_current_pid_tgid() >> 32 != cfg.tgid)
		return 0;
	__sync_fetch_and_add(&hits[event].n, 1);
	if (cfg.grows[event] && BRANCHES(regs))
		return 0;
	if (told >> event & 1)
		tell(regs, event);
	return 0;
}

/* All places of a group by one link, where the kernel has those: the cookie tells which. */
SEC("uprobe")
int on_any(struct pt_regs *regs)
{
	switch (bpf_get_attach_cookie(regs)) {
	case PROBE_CREATE:
		return hit(regs, PROBE_CREATE);
	case PROBE_RUN:
		return hit(regs, PROBE_RUN);
	case PROBE_PARK:
		return hit(regs, PROBE_PARK);
	case PROBE_READY:
		return hit(regs, PROBE_READY);
	case PROBE_EXIT:
		return hit(regs, PROBE_EXIT);
	case PROBE_LOCK:
		return hit(regs, PROBE_LOCK);
	case PROBE_SEMA:
		return hit(regs, PROBE_SEMA);
	default:
		return 0;
	}
}

#define ONE(name, event) \
	SEC("uprobe") \
	int name(struct pt_regs *regs) \
	{ \
		return hit(regs, event); \
	}

ONE(on_create, PROBE_CREATE)
ONE(on_run, PROBE_RUN)
ONE(on_park, PROBE_PARK)
ONE(on_ready, PROBE_READY)
ONE(on_end, PROBE_EXIT)
ONE(on_lock, PROBE_LOCK)
ONE(on_sema, PROBE_SEMA)

/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The kernel's side: samples of threads on CPU, their way on and off it, and their
 * system calls, each with the goroutine. For other processes all of it is one
 * comparison.
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

const volatile struct rec_config cfg = {};

/* Read and written by the other side. */
__u64 lost[LOST_N];
__u64 hits[REC_PARTS]; /* of the parts that are put on and taken off */
struct rec_slot beside[REC_SLOTS]; /* calls of other processes, which pay for the way here */
__u32 sample_gap_ns; /* 0, or a second sample of a thread before that is of an event told twice */
__u32 epoch; /* grows when one is put on: what was seen before has no end */

enum { E2BIG = 7 };

/* Only the thread itself writes it, but for what a waker leaves while it sleeps. */
struct thread {
	__u64 goid; /* whom the sums are of */
	__u64 on_at; /* on CPU since, 0: it is not, or not known */
	__u64 ready_at; /* could run since, 0: it runs or sleeps */
	__u64 call_at; /* in a system call since, 0: in none */
	__u64 sampled_at, flushed_at;
	__u64 cpu_ns, runq_ns, runq_most_ns, syscall_ns;
	__u64 waker_goid;
	__s64 nr;
	__u64 arg[REC_ARGS];
	__u32 runq_n, syscalls;
	__u32 tid, waker_tid;
	__u32 epoch;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct thread);
} threads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} ring SEC(".maps");

static __always_inline void count_beside(void)
{
	++beside[bpf_get_smp_processor_id() % REC_SLOTS].calls;
}

static __always_inline void count_lost(enum rec_lost what)
{
	__sync_fetch_and_add(&lost[what], 1);
}

static __always_inline bool is_target(void)
{
	return bpf_get_current_pid_tgid() >> 32 == cfg.tgid;
}

/* --- goroutines --- */

/* The g that the running thread's code works with: a goroutine's, g0's or gsignal's. */
static __always_inline __u64 current_g(void)
{
#if defined(__TARGET_ARCH_x86)
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 base = BPF_CORE_READ(task, thread.fsbase);

	return base ? user_u64(base + cfg.tls_g) : 0;
#else
	return 0;
#endif
}

/* runtime.g0 and gsignal have the id 0; on them the thread works for its m.curg. */
static __always_inline __u64 current_goid(void)
{
	__u64 g = current_g(), goid = g ? user_u64(g + cfg.g_goid) : 0, m, curg;

	if (!g || goid)
		return goid;
	m = user_u64(g + cfg.g_m);
	curg = m ? user_u64(m + cfg.m_curg) : 0;
	return curg ? user_u64(curg + cfg.g_goid) : 0;
}

/* --- threads --- */

static __always_inline struct thread *thread_find(__u32 pid)
{
	struct thread *t = bpf_map_lookup_elem(&threads, &pid);

	if (t && t->epoch != epoch) {
		t->on_at = t->ready_at = t->call_at = 0;
		t->epoch = epoch;
	}
	return t;
}

/* Of the running thread. */
static __always_inline struct thread *thread_current(void)
{
	__u32 pid = (__u32)bpf_get_current_pid_tgid();
	struct thread *t = thread_find(pid), fresh = {};

	if (t)
		return t;
	fresh.tid = own_tid((struct task_struct *)bpf_get_current_task());
	/* where an interrupt finds the table in use, it is for the next time */
	if (bpf_map_update_elem(&threads, &pid, &fresh, BPF_NOEXIST) == -E2BIG)
		count_lost(LOST_THREAD);
	return thread_find(pid);
}

static __always_inline bool nothing_summed(const struct thread *t)
{
	return !t->syscalls && !t->runq_n && !t->cpu_ns;
}

static __noinline void thread_flush(struct thread *t, __u64 now)
{
	struct rec_sum *r;

	t->flushed_at = now;
	if (nothing_summed(t))
		return;
	r = bpf_ringbuf_reserve(&ring, sizeof(*r), 0);
	if (!r) {
		count_lost(LOST_RING);
		return; /* what was summed goes with the next one */
	}
	r->head.kind = REC_SUM;
	r->head.tid = t->tid;
	r->head.time = now;
	r->head.goid = t->goid;
	r->cpu_ns = t->cpu_ns;
	r->runq_ns = t->runq_ns;
	r->runq_most_ns = t->runq_most_ns;
	r->syscall_ns = t->syscall_ns;
	r->runq_n = t->runq_n;
	r->syscalls = t->syscalls;
	r->waker_tid = t->waker_tid;
	r->pad = 0;
	r->waker_goid = t->waker_goid;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	t->cpu_ns = t->runq_ns = t->runq_most_ns = t->syscall_ns = 0;
	t->runq_n = t->syscalls = 0;
}

/* From now on what it does is that goroutine's. */
static __always_inline void thread_is_on(struct thread *t, __u64 goid, __u64 now)
{
	if (goid != t->goid || now - t->flushed_at > cfg.flush_ns)
		thread_flush(t, now);
	t->goid = goid;
}

/* --- samples --- */

static __always_inline bool user_mode(const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->cs & 3;
#else
	return !(regs->pstate & 15);
#endif
}

/*
 * On amd64 a function without a frame, or at its begin, leaves its caller out of
 * the chain of frame pointers; the return address lies at the stack pointer.
 */
static __always_inline void sample_top(struct rec_sample *r, __u64 sp)
{
	r->top[0] = user_u64(sp);
	r->top[1] = user_u64(sp + 8);
}

/* Who works there: g, its m, and that m's goroutine have to agree, and the m with the thread. */
static __always_inline void sample_goroutine(struct rec_sample *r)
{
	__u64 g = current_g(), m, curg, g0;

	r->head.goid = 0;
	if (!g)
		return;
	m = user_u64(g + cfg.g_m);
	curg = m ? user_u64(m + cfg.m_curg) : 0;
	g0 = m ? user_u64(m + cfg.m_g0) : 0;
	r->head.goid = curg ? user_u64(curg + cfg.g_goid) : 0;
	if (g == curg)
		r->flags |= RECG_USER;
	else if (user_u64(g + cfg.g_goid) || !g0)
		r->flags |= RECG_ODD; /* in the midst of a change from one to the other */
	if (m && user_u64(m + cfg.m_procid) != r->head.tid)
		r->flags |= RECG_ODD;
}

static __always_inline bool sampled_just_now(__u64 now)
{
	struct thread *t = sample_gap_ns ? thread_current() : NULL;

	if (!t)
		return false;
	if (t->sampled_at && now - t->sampled_at < sample_gap_ns)
		return true;
	t->sampled_at = now;
	return false;
}

SEC("perf_event")
int on_sample(struct bpf_perf_event_data *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	struct rec_sample *r;
	long n;

	if (!is_target() || sampled_just_now(now))
		return 0;
	r = bpf_ringbuf_reserve(&ring, sizeof(*r), 0);
	if (!r) {
		count_lost(LOST_RING);
		return 0;
	}
	r->head.kind = REC_SAMPLE;
	r->head.tid = own_tid((struct task_struct *)bpf_get_current_task());
	r->head.time = now;
	r->flags = 0;
	r->top[0] = r->top[1] = 0;
	if (user_mode(&ctx->regs))
		sample_top(r, ctx->regs.sp);
	else
		r->flags |= RECG_KERNEL;
	if (r->flags & RECG_KERNEL && cfg.task_regs) {
		struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());

		sample_top(r, regs->sp);
	}
	sample_goroutine(r);
	n = bpf_get_stack(ctx, r->pc, sizeof(r->pc), BPF_F_USER_STACK);
	r->n = n > 0 ? (__u32)n / sizeof(r->pc[0]) : 0;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

/* --- on and off the processor --- */

static __always_inline bool still_runs(struct task_struct *task)
{
	struct task_struct___before_5_14 *old = (void *)task;

	if (bpf_core_field_exists(task->__state))
		return !BPF_CORE_READ(task, __state);
	return !BPF_CORE_READ(old, state);
}

static __always_inline void off_cpu(struct task_struct *task)
{
	struct thread *t = thread_current();
	__u64 now = bpf_ktime_get_ns();

	if (!t)
		return;
	if (t->on_at)
		t->cpu_ns += now - t->on_at;
	t->on_at = 0;
	t->ready_at = still_runs(task) ? now : 0;
	thread_is_on(t, current_goid(), now);
}

static __always_inline void on_cpu(struct task_struct *task)
{
	struct thread *t = thread_find(task->pid);
	__u64 now = bpf_ktime_get_ns(), waited;

	if (!t)
		return;
	t->on_at = now;
	waited = t->ready_at && now > t->ready_at ? now - t->ready_at : 0;
	t->ready_at = 0;
	if (!waited)
		return;
	t->runq_ns += waited;
	t->runq_n++;
	if (waited > t->runq_most_ns)
		t->runq_most_ns = waited;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	bool off = prev->tgid == cfg.tgid, on = next->tgid == cfg.tgid;

	if (off || on)
		__sync_fetch_and_add(&hits[REC_SCHED], 1);
	if (off)
		off_cpu(prev);
	if (on)
		on_cpu(next);
	return 0;
}

/*
 * Not sched_wakeup, which may run on the woken thread's processor, where the one
 * that runs is not who woke it. An interrupt may wake as well: a goroutine is
 * believed to be the waker only from within a system call.
 */
SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct *task)
{
	struct thread *t, *waker;

	if (task->tgid != cfg.tgid)
		return 0;
	t = thread_find(task->pid);
	if (!t)
		return 0;
	t->ready_at = bpf_ktime_get_ns();
	t->waker_tid = (__u32)bpf_get_current_pid_tgid();
	t->waker_goid = 0;
	waker = is_target() ? thread_find(t->waker_tid) : NULL;
	if (waker && waker->call_at)
		t->waker_goid = waker->goid;
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	__u32 pid = task->pid;
	struct thread *t;

	if (task->tgid != cfg.tgid)
		return 0;
	t = thread_find(pid);
	if (t)
		thread_flush(t, bpf_ktime_get_ns());
	bpf_map_delete_elem(&threads, &pid);
	return 0;
}

/* --- system calls --- */

static __always_inline void call_args(struct thread *t, const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	t->arg[0] = regs->di;
	t->arg[1] = regs->si;
	t->arg[2] = regs->dx;
	t->arg[3] = regs->r10;
	t->arg[4] = regs->r8;
	t->arg[5] = regs->r9;
#else
	for (int i = 0; i < REC_ARGS; i++)
		t->arg[i] = regs->regs[i];
#endif
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_call, struct pt_regs *regs, long id)
{
	struct thread *t;

	if (!is_target()) {
		count_beside();
		return 0;
	}
	__sync_fetch_and_add(&hits[REC_SYSCALLS], 1);
	t = thread_current();
	if (!t)
		return 0;
	call_args(t, regs);
	t->nr = id;
	t->call_at = bpf_ktime_get_ns();
	thread_is_on(t, current_goid(), t->call_at);
	return 0;
}

static __noinline void tell_call(const struct thread *t, __u64 now, long ret)
{
	struct rec_syscall *r = bpf_ringbuf_reserve(&ring, sizeof(*r), 0);

	if (!r) {
		count_lost(LOST_RING);
		return;
	}
	r->head.kind = REC_SYSCALL;
	r->head.tid = t->tid;
	r->head.time = now;
	r->head.goid = t->goid;
	r->nr = t->nr;
	for (int i = 0; i < REC_ARGS; i++)
		r->arg[i] = t->arg[i];
	r->ns = now - t->call_at;
	r->ret = ret;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_return, struct pt_regs *regs, long ret)
{
	__u64 now, ns;
	struct thread *t;

	if (!is_target())
		return 0;
	t = thread_find((__u32)bpf_get_current_pid_tgid());
	if (!t || !t->call_at)
		return 0;
	now = bpf_ktime_get_ns();
	ns = now - t->call_at;
	t->syscalls++;
	t->syscall_ns += ns;
	if (ns >= cfg.slow_ns)
		tell_call(t, now, ret);
	t->call_at = 0;
	return 0;
}

/* --- who is the target --- */

static __always_inline bool is_named(struct pid *pid)
{
	__u32 level = BPF_CORE_READ(pid, level);

	for (__u32 i = 0; i < NS_LEVELS && i <= level; i++) {
		struct upid *up = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				  i * bpf_core_type_size(struct upid);

		if (BPF_CORE_READ(up, ns, ns.inum) == cfg.ns_inum &&
		    BPF_CORE_READ(up, nr) == cfg.ns_pid)
			return true;
	}
	return false;
}

/* Run once, where we live in a pid namespace ourselves: the pid that the kernel knows it by. */
SEC("iter/task")
int find_target(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	__u32 tgid;

	if (!task || task->pid != task->tgid || !is_named(task->thread_pid))
		return 0;
	tgid = task->tgid;
	bpf_seq_write(ctx->meta->seq, &tgid, sizeof(tgid));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What both sides share: the constants that the kernel's side is loaded with, and
 * the records that it writes into the ring. Times are CLOCK_MONOTONIC, ns; thread
 * ids are those that the target itself sees (Go's m.procid).
 */
#ifndef BPF_RECORD_H
#define BPF_RECORD_H

#ifndef __bpf__
#include <linux/types.h>
#endif

enum {
	REC_FRAMES = 127, /* kernel.perf_event_max_stack */
	REC_ARGS = 6,
	REC_SLOTS = 128, /* of processors */
};

/* Read-only data: known to the verifier, so what is off costs nothing. */
struct rec_config {
	__u32 tgid; /* the target's, in the kernel's first namespace */
	__u32 ns_inum; /* to find it: our own pid namespace … */
	__u32 ns_pid; /* … and its pid there */
	__u32 task_regs; /* the kernel has bpf_task_pt_regs (5.15) */
	__u64 tls_g; /* where g is, from the thread pointer; wraps where it is below */
	__u32 g_m, g_goid, m_curg, m_g0, m_procid; /* offsets */
	__u32 flush_ns; /* how long sums are kept back */
	__u32 slow_ns; /* system calls that last so long are told one by one */
};

enum rec_kind { REC_NONE, REC_SAMPLE, REC_SUM, REC_SYSCALL, REC_EVENT };

/* How sure a sample's goid is. */
enum rec_g_flags {
	RECG_USER = 1 << 0, /* on the goroutine's own stack; else the runtime worked for it */
	RECG_ODD = 1 << 1, /* g, its thread and the thread's goroutine contradict each other */
	RECG_KERNEL = 1 << 2, /* the thread was in the kernel */
};

struct rec_head {
	__u32 kind; /* enum rec_kind */
	__u32 tid;
	__u64 time;
	__u64 goid; /* 0: none */
};

/* A thread was on CPU. */
struct rec_sample {
	struct rec_head head;
	__u32 flags; /* enum rec_g_flags */
	__u32 n; /* of pc */
	__u64 top[2]; /* the two words at its stack pointer; 0: not known */
	__u64 pc[REC_FRAMES]; /* leaf first, by frame pointers */
};

/* What a thread did, since the sum before, for one goroutine; time: of the end. */
struct rec_sum {
	struct rec_head head;
	__u64 cpu_ns; /* on CPU, of the thread: also for other goroutines before this one */
	__u64 runq_ns; /* could run and did not */
	__u64 runq_most_ns;
	__u64 syscall_ns;
	__u32 runq_n; /* times that it waited for a CPU */
	__u32 syscalls;
	__u32 waker_tid; /* who woke the thread last; in the kernel's first namespace; 0: nobody */
	__u32 pad;
	__u64 waker_goid; /* where that was a goroutine of the target */
};

/* A system call that lasted rec_config.slow_ns or more; time: of its end. */
struct rec_syscall {
	struct rec_head head;
	__s64 nr;
	__u64 arg[REC_ARGS];
	__u64 ns;
	__s64 ret;
};

/* What a probe tells. */
enum probe_event {
	PROBE_CREATE, /* a goroutine was made */
	PROBE_RUN, /* it is about to run */
	PROBE_PARK, /* it is about to block */
	PROBE_READY, /* it is made runnable by the one that runs */
	PROBE_EXIT, /* it ends */
	PROBE_LOCK, /* it finds a sync.Mutex locked */
	PROBE_SEMA, /* it comes to a semaphore, perhaps to wait */
	PROBE_N
};

/* Which argument of the function holds the g; PROBE_G_SELF: the one that runs. */
enum { PROBE_G_FIRST, PROBE_G_SECOND, PROBE_G_SELF };

/* Read-only data of the probes. */
struct probe_config {
	__u32 tgid; /* as in rec_config */
	__u32 g_m, g_goid, g_stack_hi, g_sched_pc, g_sched_sp, g_sched_bp, g_gopc, g_startpc;
	__u32 m_curg;
	__u8 g_in[PROBE_N]; /* PROBE_G_… */
	__u8 grows[PROBE_N]; /* with the branch taken the function begins again: no hit */
};

/* More of a stack is not kept. */
enum {
	REC_STACK_SMALL = 512,
	REC_STACK_MIDDLE = 2048,
	REC_STACK_LARGE = 8192,
	REC_STACK_MOST = 32768
};

/* One event of a goroutine, head.goid; time: of the event. */
struct rec_event {
	struct rec_head head;
	__u64 g; /* its address */
	__u64 peer; /* goid of who made it, or made it runnable; 0: nobody */
	__u64 object; /* the lock's or the semaphore's word; PROBE_PARK: gopark's lock */
	__u64 place[2]; /* PROBE_CREATE: the go statement, the function that it begins in */
	__u64 pc, sp, bp, lr,
		hi; /* where a goroutine stands: it, or its peer; hi: end of the stack */
	__u32 event; /* enum probe_event */
	__u32 reason; /* waitReason */
	__u32 n; /* bytes of stack[], which begins at sp */
	__u32 pad;
	__u8 stack[]; /* room for one of REC_STACK_…, or none */
};

/* What is counted, so that its cost is known. */
enum rec_part {
	REC_SCHED, /* times that a thread came or went */
	REC_SYSCALLS, /* calls */
	REC_PARTS
};

/* A cache line, so that processors do not wait for each other. */
struct rec_slot {
	__u64 calls;
	__u64 pad[7];
};

/* Losses, counted in the kernel. */
enum rec_lost {
	LOST_RING, /* the ring was full */
	LOST_THREAD, /* no room for one more thread */
	LOST_N
};

#endif

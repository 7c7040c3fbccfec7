/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* What the kernel's programs share. Included behind vmlinux_min.h and libbpf's headers. */
#ifndef BPF_COMMON_BPF_H
#define BPF_COMMON_BPF_H

enum { NS_LEVELS = 33 }; /* include/linux/pid_namespace.h:MAX_PID_NS_LEVEL and the first */

/* Of the running thread's memory; 0 where it cannot be read. */
static __always_inline __u64 user_u64(__u64 addr)
{
	__u64 v = 0;

	if (addr)
		bpf_probe_read_user(&v, sizeof(v), (const void *)addr);
	return v;
}

/* Its number in its own namespace, the innermost: what gettid() tells it. */
static __always_inline __u32 own_tid(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	struct upid *up;

	if (!pid || level >= NS_LEVELS)
		return 0;
	up = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	     level * bpf_core_type_size(struct upid);
	return BPF_CORE_READ(up, nr);
}

#endif

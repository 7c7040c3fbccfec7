/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc tells about a process, and whether we may read it. */
#ifndef TARGET_PROC_H
#define TARGET_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"
#include "core/mem.h"

enum { PROC_R = 1, PROC_W = 2, PROC_X = 4, PROC_SHARED = 8 };

struct proc_map {
	uint64_t start, end;
	uint64_t offset; /* into the file */
	uint64_t inode; /* 0: no file */
	uint64_t dev; /* major << 20 | minor, as maps prints them */
	uint32_t path; /* into text; proc_map_path() */
	uint8_t prot;
};

/* Ascending by address. Zeroed is empty. */
struct proc_maps {
	VEC(struct proc_map) map;
	VEC(char) text;
};

/* Replaces what m holds. -ESRCH: the process is gone (or a zombie, which has none). */
int proc_maps_read(struct proc_maps *m, pid_t pid, struct err *err);
/* Parses the text of a maps file; lines it cannot read are left out. */
void proc_maps_parse(struct proc_maps *m, const char *text, size_t len);
void proc_maps_release(struct proc_maps *m);
/* The mapping that covers addr, or NULL. O(log n). */
const struct proc_map *proc_maps_find(const struct proc_maps *m, uint64_t addr);
/* "" where it has none; " (deleted)" is left as the kernel wrote it. */
const char *proc_map_path(const struct proc_maps *m, const struct proc_map *map);

struct proc_status {
	char comm[64];
	char state; /* R S D T t Z X I */
	pid_t tgid, ppid;
	pid_t tracer; /* 0: none */
	pid_t ns_pid; /* its own pid in its innermost namespace; tgid where there is one only */
	int ns_depth; /* how many pid namespaces down it is, seen from here: 1 in our own */
	uid_t uid, euid;
	gid_t gid;
	uint32_t threads;
	uint64_t cap_permitted, cap_effective;
	uint64_t start_time; /* clock ticks since boot: with the pid, who it is for ever */
	uint64_t exec_mark; /* another one after each exec; 0 where we may not see it */
	bool kernel_thread;
};

/* -ESRCH: no such process. tid works as well. */
int proc_status_read(struct proc_status *s, pid_t pid, struct err *err);

/* Thread ids, ascending. Zeroed is empty. */
struct proc_tids {
	VEC(pid_t) tid;
};
/* Replaces what t holds; bounded by the kernel's own limit. -ESRCH where it is gone. */
int proc_tids_read(struct proc_tids *t, pid_t pid);

/* A value of the auxiliary vector (AT_PHDR, …: man getauxval); 0 where it is not there. */
/*
 * Bytes of memory that the process really takes, in RAM and in swap, a page that it has mapped often
 * counted once (/proc/PID/smaps_rollup: Pss, SwapPss). 0: not to be had. Takes milliseconds a gigabyte.
 */
uint64_t proc_memory(pid_t pid);
uint64_t proc_auxv(pid_t pid, uint64_t type);

/* /proc/PID/exe, open for reading: also where the file was deleted or replaced. */
int proc_open_exe(pid_t pid, struct err *err);
/*
 * The path of the executable as its own mount namespace names it, without
 * " (deleted)"; that says *deleted. Returns 0 or negative errno.
 */
int proc_exe_path(pid_t pid, char *buf, size_t size, bool *deleted);

enum proc_hindrance {
	PROC_OK,
	PROC_GONE, /* no such process */
	PROC_ZOMBIE,
	PROC_KERNEL, /* a thread of the kernel */
	PROC_OTHER_USER, /* another user's and we are not root */
	PROC_YAMA, /* kernel.yama.ptrace_scope */
	PROC_NONDUMP, /* it is not dumpable: set-uid, file capabilities, prctl */
	PROC_USERNS, /* it lives in a user namespace we have no right over, or more capabilities than we */
	PROC_LSM /* refused though the above would allow it: seccomp, AppArmor, SELinux */
};

/* May this process read pid's memory, and what mends it where not. */
struct proc_access {
	enum proc_hindrance why;
	bool stopped; /* SIGSTOP or a job stopped: readable all the same */
	pid_t tracer; /* a debugger is attached: readable, but threads cannot be stopped */
	bool may_trace; /* ptrace(2) would work now: may_read and no tracer */
	int yama_scope; /* -1: no Yama */
	bool container; /* we run in a container (Docker, Podman, …) */
	bool kubernetes; /* … of Kubernetes */
	char sentence[256]; /* what is in the way; "" where nothing is */
	char command[256]; /* the exact command that mends it; "" where none can */
};

/* What proc_access_check() has gathered; for tests of what it makes of it. */
struct proc_access_facts {
	pid_t pid;
	bool found, zombie, kernel_thread, dumpable, same_userns, readable;
	uid_t target_uid, target_euid, our_euid;
	uint64_t target_caps; /* permitted */
	uint64_t our_caps; /* effective */
	int yama_scope;
	bool container, kubernetes;
	char host[128]; /* host name: in a container its id, in a pod the pod's name */
};
/* Fills a->why, sentence and command from f alone. */
void proc_access_explain(struct proc_access *a, const struct proc_access_facts *f);

/*
 * Tries one read and looks why it fails. Always fills a; returns 0 or a
 * negative errno, and then err holds the sentence and the command.
 */
int proc_access_check(struct proc_access *a, pid_t pid, struct err *err);

#endif

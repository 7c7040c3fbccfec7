/* SPDX-License-Identifier: Apache-2.0 */
/* How much of the machine's processors a process may use, and how often it was kept from more. */
#ifndef TARGET_CGROUP_H
#define TARGET_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The cgroup with the least quota among the process's own and those above it. */
struct cgroup_cpu {
	char dir[512]; /* "": it has no quota, or none that we may see */
	bool v1;
};

struct cgroup_stat {
	double quota; /* processors */
	uint64_t periods,
		throttled; /* since the cgroup was made: periods in which it ran; of them cut short */
};

/* Looks it up by /proc/PID/cgroup and /proc/self/mountinfo (man cgroups). False: it has no quota. */
bool cgroup_find(struct cgroup_cpu *c, pid_t pid);
/* What it says now; false: it is gone. */
bool cgroup_read(const struct cgroup_cpu *c, struct cgroup_stat *s);
/* The value behind a key in the text of cpu.stat; false: it is not there. */
bool cgroup_value(const char *text, const char *key, uint64_t *v);

#endif

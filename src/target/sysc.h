/* SPDX-License-Identifier: Apache-2.0 */
/* The system call that a thread is in. */
#ifndef TARGET_SYSC_H
#define TARGET_SYSC_H

#include <stdint.h>
#include <sys/types.h>

struct sysc {
	int32_t nr; /* -1: in none, it was just not running when looked at */
	uint64_t arg[6];
	uint64_t sp, pc; /* in user space */
};

/*
 * /proc/PID/task/TID/syscall. 0; -EAGAIN: the thread runs, so there is nothing
 * to tell; -ESRCH: it is gone; -EPERM; -EINVAL where the file says something else.
 */
int sysc_read(struct sysc *s, pid_t pid, pid_t tid);
/* The text of that file, for tests. */
int sysc_parse(struct sysc *s, const char *text);
/* "read", "futex"; NULL where the number is not one of those that Go programs make. */
const char *sysc_name(int32_t nr);
/* The descriptor that the call works on, -1 where it is none of those. */
int sysc_fd(const struct sysc *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "target/sysc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/mem.h"

/* clang-format off */
/* Calls whose first argument is a descriptor, and others; each machine has its own numbers. */
#define FD_CALLS(X) \
	X(read) X(write) X(pread64) X(pwrite64) X(readv) X(writev) X(close) X(fstat) X(lseek) \
	X(ioctl) X(fsync) X(fdatasync) X(flock) X(fcntl) X(ftruncate) X(fallocate) X(getdents64) \
	X(accept) X(accept4) X(connect) X(sendto) X(recvfrom) X(sendmsg) X(recvmsg) X(recvmmsg) \
	X(sendmmsg) X(bind) X(listen) X(shutdown) X(getsockopt) X(setsockopt) X(epoll_pwait) \
	X(epoll_ctl) X(openat) X(mkdirat) X(unlinkat) X(fchmod) X(fchown) X(readlinkat) \
	X(faccessat) X(preadv) X(pwritev) X(splice) X(copy_file_range) X(sync_file_range) \
	X(io_uring_enter) X(inotify_add_watch)
#define OTHER_CALLS(X) \
	X(futex) X(nanosleep) X(clock_nanosleep) X(wait4) X(waitid) X(sched_yield) X(mmap) \
	X(munmap) X(madvise) X(mprotect) X(clone) X(execve) X(exit) X(exit_group) \
	X(rt_sigtimedwait) X(rt_sigsuspend) X(rt_sigaction) X(rt_sigprocmask) X(ppoll) \
	X(pselect6) X(mount) X(umount2) X(kill) X(tgkill) X(getrandom) X(socket) X(pipe2) X(sync) \
	X(msgrcv) X(semtimedop) X(brk) X(statfs) X(prctl) X(setns) X(unshare) X(restart_syscall) \
	X(membarrier) X(sendfile)
#define OLD_CALLS(X) /* not on arm64 */ \
	X(open) X(stat) X(lstat) X(poll) X(select) X(epoll_wait) X(pause) X(unlink) X(mkdir) \
	X(rmdir) X(access) X(rename) X(fork) X(vfork)

#define NAME(n) [SYS_##n] = #n,
static const char *const names[] = {
	FD_CALLS(NAME) OTHER_CALLS(NAME)
#ifdef SYS_open
	OLD_CALLS(NAME)
#endif
#ifdef SYS_newfstatat
	NAME(newfstatat)
#endif
#ifdef SYS_epoll_pwait2
	NAME(epoll_pwait2)
#endif
};
#undef NAME
/* clang-format on */

const char *sysc_name(int32_t nr)
{
	return nr >= 0 && (size_t)nr < ARRAY_SIZE(names) ? names[nr] : NULL;
}

int sysc_fd(const struct sysc *s)
{
#define CASE(n) case SYS_##n:
	switch (s->nr) {
		FD_CALLS(CASE)
#ifdef SYS_epoll_wait
	case SYS_epoll_wait:
#endif
		return s->arg[0] <= INT32_MAX ? (int)s->arg[0] : -1;
	default:
		return -1;
	}
#undef CASE
}

/* fs/proc/base.c:proc_pid_syscall: "running", "-1 SP PC", or "NR A1 … A6 SP PC". */
int sysc_parse(struct sysc *s, const char *text)
{
	char *end;
	long nr;

	memset(s, 0, sizeof(*s));
	s->nr = -1;
	if (!strncmp(text, "running", 7))
		return -EAGAIN;
	nr = strtol(text, &end, 10);
	if (end == text || nr < -1 || nr > INT16_MAX)
		return -EINVAL;
	s->nr = (int32_t)nr;
	if (nr >= 0 && sscanf(end,
			      "%" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64
			      " %" SCNx64 " %" SCNx64,
			      &s->arg[0], &s->arg[1], &s->arg[2], &s->arg[3], &s->arg[4],
			      &s->arg[5], &s->sp, &s->pc) == 8)
		return 0;
	if (nr == -1 && sscanf(end, "%" SCNx64 " %" SCNx64, &s->sp, &s->pc) == 2)
		return 0;
	return -EINVAL;
}

int sysc_read(struct sysc *s, pid_t pid, pid_t tid)
{
	char path[64], text[256];
	ssize_t n;
	int fd, e;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", (int)pid, (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : errno == EACCES ? -EPERM : -errno;
	n = read(fd, text, sizeof(text) - 1);
	e = errno;
	close(fd);
	if (n < 0)
		return e == EACCES ? -EPERM : -e;
	text[n] = '\0';
	return n ? sysc_parse(s, text) : -ESRCH;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a program seen from outside. One interface for a live process,
 * a core file and a buffer. Reads may run on several threads at once.
 */
#ifndef TARGET_MEM_H
#define TARGET_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"

/* One piece of a batch. */
struct mem_iov {
	uint64_t addr;
	void *buf;
	uint32_t len;
	int32_t rc; /* out: 0, or -EFAULT where not all of it could be read */
};

struct memr;

struct memr_ops {
	/* 0, -EFAULT (some of the range is not there), -ESRCH (the target is gone), -EPERM. */
	int (*read)(struct memr *m, uint64_t addr, void *buf, size_t len);
	/* Fills rc of each. Returns how many are whole, or -ESRCH, -EPERM. NULL: one read each. */
	ssize_t (*readv)(struct memr *m, struct mem_iov *v, size_t n);
	/* memr_lacks(); NULL: what cannot be read is not there. */
	bool (*lacks)(struct memr *m, uint64_t addr, size_t len);
	void (*close)(struct memr *m);
};

struct memr {
	const struct memr_ops *ops;
	bool over; /* of a program that is over: it stands still, and our clocks say nothing of it */
	/* What reading has cost so far; relaxed, for display. */
	uint64_t calls, pieces, bytes;
};

/*
 * A live process. process_vm_readv(2) in batches of 1024 pieces; where that is
 * refused (EPERM, ENOSYS: seccomp, a kernel without it), pread(2) on
 * /proc/PID/mem. The caller closes it. -EPERM fills err with proc_access()'s sentence.
 */
int memr_open_pid(struct memr **out, pid_t pid, struct err *err);
/* As above but never process_vm_readv; for where it is known to be refused, and for tests. */
int memr_open_procmem(struct memr **out, pid_t pid, struct err *err);

/* Pieces of a flat memory, for tests and files; segs and what they point to stay the caller's. */
struct mem_seg {
	uint64_t addr;
	const void *data;
	uint64_t len;
};
struct memr *memr_new_flat(const struct mem_seg *segs, size_t n);

void memr_close(struct memr *m); /* NULL ok */

/* All of len bytes or none: 0, -EFAULT, -ESRCH, -EPERM. Also for len 0. */
int memr_read(struct memr *m, uint64_t addr, void *buf, size_t len);
/* Many pieces at once, see memr_ops.readv. The order of pieces is kept; ascending addresses are fastest. */
ssize_t memr_readv(struct memr *m, struct mem_iov *v, size_t n);
/*
 * As much as is there, up to len: the number of bytes read, 0 where the first
 * byte is not there, or -ESRCH, -EPERM. Stops at the first hole.
 */
ssize_t memr_read_some(struct memr *m, uint64_t addr, void *buf, size_t len);

/*
 * Of a range that cannot be read: did the program have it, and this copy of its
 * memory has not (a core that left pages out, or is cut short)?
 */
static inline bool memr_lacks(struct memr *m, uint64_t addr, size_t len)
{
	return m->ops->lacks && m->ops->lacks(m, addr, len);
}

static inline int memr_read_u64(struct memr *m, uint64_t addr, uint64_t *v)
{
	return memr_read(m, addr, v, sizeof(*v));
}

static inline int memr_read_u32(struct memr *m, uint64_t addr, uint32_t *v)
{
	return memr_read(m, addr, v, sizeof(*v));
}

/*
 * A Go string header at addr, copied NUL-terminated into buf and cut to size-1 bytes.
 * Returns its full length, -EFAULT, -ESRCH, or -EINVAL where it is longer than max.
 */
ssize_t memr_read_gostring(struct memr *m, uint64_t addr, char *buf, size_t size, uint64_t max);

#endif

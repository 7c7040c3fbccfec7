/* SPDX-License-Identifier: Apache-2.0 */
#include "target/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/mem.h"
#include "target/proc.h"

enum {
	BATCH = 1024, /* UIO_MAXIOV */
	BATCH_BYTES = 64 << 20, /* well below MAX_RW_COUNT, so that a short read means a hole */
	PAGE = 4096
};

static void account(struct memr *m, uint64_t pieces, uint64_t bytes)
{
	__atomic_fetch_add(&m->calls, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&m->pieces, pieces, __ATOMIC_RELAXED);
	__atomic_fetch_add(&m->bytes, bytes, __ATOMIC_RELAXED);
}

struct memr_live {
	struct memr base;
	pid_t pid;
	int fd; /* /proc/PID/mem; stays with the address space it was opened on */
	int use_fd; /* process_vm_readv is refused; set once, by any thread */
};

static ssize_t pread_retry(int fd, void *buf, size_t len, uint64_t addr)
{
	ssize_t n;

	/* Offsets are signed: nothing of a program lies that high. */
	if (addr > INT64_MAX - len) {
		errno = EIO;
		return -1;
	}
	do {
		n = pread(fd, buf, len, (off_t)addr);
	} while (n < 0 && errno == EINTR);
	return n;
}

static int fd_read(struct memr_live *l, uint64_t addr, void *buf, size_t len)
{
	char *p = buf;

	while (len) {
		ssize_t n = pread_retry(l->fd, p, len, addr);

		account(&l->base, 1, n > 0 ? (uint64_t)n : 0);
		/* End of file is the end of the address space: exit or exec. */
		if (n == 0 || (n < 0 && errno == ESRCH))
			return -ESRCH;
		if (n < 0)
			return errno == EPERM || errno == EACCES ? -EPERM : -EFAULT;
		p += n;
		addr += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static ssize_t fd_readv(struct memr_live *l, struct mem_iov *v, size_t n)
{
	ssize_t good = 0;

	for (size_t i = 0; i < n; i++) {
		v[i].rc = fd_read(l, v[i].addr, v[i].buf, v[i].len);
		if (v[i].rc == -ESRCH || v[i].rc == -EPERM)
			return v[i].rc;
		good += !v[i].rc;
	}
	return good;
}

/* True where process_vm_readv is refused and /proc/PID/mem is to be used from now on. */
static bool fall_back(struct memr_live *l, int error)
{
	if (error != EPERM && error != ENOSYS)
		return false;
	__atomic_store_n(&l->use_fd, 1, __ATOMIC_RELAXED);
	return true;
}

static bool on_fd(struct memr_live *l)
{
	return __atomic_load_n(&l->use_fd, __ATOMIC_RELAXED);
}

/* Reads what one call gives; the number of bytes, or negative errno. */
static ssize_t vm_call(struct memr_live *l, const struct iovec *local, const struct iovec *remote,
		       size_t n)
{
	ssize_t got;

	do {
		got = process_vm_readv(l->pid, local, n, remote, n, 0);
	} while (got < 0 && errno == EINTR);
	account(&l->base, n, got > 0 ? (uint64_t)got : 0);
	return got < 0 ? -errno : got;
}

static int live_read(struct memr *m, uint64_t addr, void *buf, size_t len)
{
	struct memr_live *l = (struct memr_live *)m;
	char *p = buf;

	while (len && !on_fd(l)) {
		size_t want = len < BATCH_BYTES ? len : BATCH_BYTES;
		struct iovec local = { p, want };
		struct iovec remote = { (void *)(uintptr_t)addr, want };
		ssize_t got = vm_call(l, &local, &remote, 1);

		if (got < 0 && fall_back(l, (int)-got))
			break;
		if (got == -ESRCH)
			return -ESRCH;
		if (got <= 0)
			return -EFAULT;
		p += got;
		addr += (uint64_t)got;
		len -= (size_t)got;
	}
	return len ? fd_read(l, addr, p, len) : 0;
}

/* Takes as many pieces as fit a call, from v on. */
static size_t batch_fill(const struct mem_iov *v, size_t n, struct iovec *local,
			 struct iovec *remote)
{
	size_t i, bytes = 0;

	for (i = 0; i < n && i < BATCH; i++) {
		if (i && v[i].len > BATCH_BYTES - bytes)
			break;
		bytes += v[i].len;
		local[i] = (struct iovec){ v[i].buf, v[i].len };
		remote[i] = (struct iovec){ (void *)(uintptr_t)v[i].addr, v[i].len };
		if (bytes >= BATCH_BYTES)
			return i + 1;
	}
	return i;
}

/* Marks the pieces that got bytes cover; returns how many, all whole. What is left of got is the next one's. */
static size_t batch_mark(struct mem_iov *v, size_t n, size_t *got)
{
	size_t i;

	for (i = 0; i < n && v[i].len <= *got; i++) {
		*got -= v[i].len;
		v[i].rc = 0;
	}
	return i;
}

/* A hole begins with a page: where reading ended within one, there is more. */
static int rest_read(struct memr *m, struct mem_iov *v, size_t got)
{
	return (v->addr + got) % PAGE ? live_read(m, v->addr, v->buf, v->len) : -EFAULT;
}

static ssize_t live_readv(struct memr *m, struct mem_iov *v, size_t n)
{
	struct memr_live *l = (struct memr_live *)m;
	struct iovec local[BATCH], remote[BATCH];
	ssize_t good = 0;

	for (size_t i = 0; i < n;) {
		size_t k = batch_fill(v + i, n - i, local, remote), whole, rest;
		ssize_t got;

		if (on_fd(l)) {
			got = fd_readv(l, v + i, n - i);
			return got < 0 ? got : good + got;
		}
		if (k == 1 && v[i].len > BATCH_BYTES) {
			v[i].rc = live_read(m, v[i].addr, v[i].buf, v[i].len);
			if (v[i].rc == -ESRCH || v[i].rc == -EPERM)
				return v[i].rc;
			good += !v[i++].rc;
			continue;
		}
		got = vm_call(l, local, remote, k);
		if (got < 0 && fall_back(l, (int)-got))
			continue;
		if (got == -ESRCH)
			return -ESRCH;
		rest = got > 0 ? (size_t)got : 0;
		whole = batch_mark(v + i, k, &rest);
		good += (ssize_t)whole;
		i += whole;
		if (whole < k) { /* a hole; go on after it */
			v[i].rc = rest ? rest_read(m, &v[i], rest) : -EFAULT;
			good += !v[i++].rc;
		}
	}
	return good;
}

static void live_close(struct memr *m)
{
	struct memr_live *l = (struct memr_live *)m;

	close(l->fd);
	free(l);
}

static const struct memr_ops live_ops = {
	.read = live_read,
	.readv = live_readv,
	.close = live_close,
};

static int open_live(struct memr **out, pid_t pid, bool use_fd, struct err *err)
{
	struct proc_access access;
	struct memr_live *l;
	char path[64];
	int fd, rc;

	*out = NULL;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		rc = -errno;
		return proc_access_check(&access, pid, err)
			       ?: err_set(err, rc, EXIT_ATTACH, "cannot open %s: %s", path,
					  strerror(-rc));
	}
	l = xcalloc(1, sizeof(*l));
	l->base.ops = &live_ops;
	l->pid = pid;
	l->fd = fd;
	l->use_fd = use_fd;
	*out = &l->base;
	return 0;
}

int memr_open_pid(struct memr **out, pid_t pid, struct err *err)
{
	return open_live(out, pid, false, err);
}

int memr_open_procmem(struct memr **out, pid_t pid, struct err *err)
{
	return open_live(out, pid, true, err);
}

struct memr_flat {
	struct memr base;
	size_t n;
	struct mem_seg seg[];
};

static int flat_read(struct memr *m, uint64_t addr, void *buf, size_t len)
{
	const struct memr_flat *f = (const struct memr_flat *)m;

	account(m, 1, len);
	for (size_t i = 0; i < f->n; i++) {
		const struct mem_seg *s = &f->seg[i];

		if (addr < s->addr || addr - s->addr > s->len || len > s->len - (addr - s->addr))
			continue;
		memcpy(buf, (const char *)s->data + (addr - s->addr), len);
		return 0;
	}
	return -EFAULT;
}

static void flat_close(struct memr *m)
{
	free(m);
}

static const struct memr_ops flat_ops = { .read = flat_read, .close = flat_close };

struct memr *memr_new_flat(const struct mem_seg *segs, size_t n)
{
	struct memr_flat *f = xcalloc(1, sizeof(*f) + n * sizeof(*segs));

	f->base.ops = &flat_ops;
	f->n = n;
	memcpy(f->seg, segs, n * sizeof(*segs));
	return &f->base;
}

void memr_close(struct memr *m)
{
	if (m)
		m->ops->close(m);
}

int memr_read(struct memr *m, uint64_t addr, void *buf, size_t len)
{
	return len ? m->ops->read(m, addr, buf, len) : 0;
}

ssize_t memr_readv(struct memr *m, struct mem_iov *v, size_t n)
{
	ssize_t good = 0;

	if (m->ops->readv)
		return m->ops->readv(m, v, n);
	for (size_t i = 0; i < n; i++) {
		v[i].rc = memr_read(m, v[i].addr, v[i].buf, v[i].len);
		if (v[i].rc == -ESRCH || v[i].rc == -EPERM)
			return v[i].rc;
		good += !v[i].rc;
	}
	return good;
}

ssize_t memr_read_some(struct memr *m, uint64_t addr, void *buf, size_t len)
{
	size_t done = 0;
	int rc = memr_read(m, addr, buf, len);

	if (!rc)
		return (ssize_t)len;
	while (rc != -ESRCH && rc != -EPERM && done < len) {
		size_t step = PAGE - (addr + done) % PAGE;

		step = step < len - done ? step : len - done;
		rc = memr_read(m, addr + done, (char *)buf + done, step);
		if (rc)
			break;
		done += step;
	}
	return done ? (ssize_t)done : rc == -EFAULT ? 0 : rc;
}

ssize_t memr_read_gostring(struct memr *m, uint64_t addr, char *buf, size_t size, uint64_t max)
{
	uint64_t head[2];
	size_t n;
	int rc = memr_read(m, addr, head, sizeof(head));

	buf[0] = '\0';
	if (rc)
		return rc;
	if (head[1] > max || head[1] > SSIZE_MAX)
		return -EINVAL;
	n = head[1] < size - 1 ? (size_t)head[1] : size - 1;
	rc = memr_read(m, head[0], buf, n);
	buf[rc ? 0 : n] = '\0';
	return rc ? rc : (ssize_t)head[1];
}

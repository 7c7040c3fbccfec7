/* SPDX-License-Identifier: Apache-2.0 */
#include "target/regs.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"
#include "target/stackset.h"

/* --- stopping --- */

enum { TRIES = 100, SIGNAL_MASK = 0x7f, EVENT_SHIFT = 8 };

static int64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* The end of a thread that died while we traced it is told to us first, and to its parent after that. */
static void reap(pid_t tid, bool own)
{
	siginfo_t si;

	if (!own)
		waitid(P_PID, (id_t)tid, &si, WEXITED | WNOHANG | __WALL | __WNOTHREAD);
}

/*
 * Waits for the one thread that we trace, by whatever number: one that executes
 * another program becomes the first of its process. *sig: what it was about to
 * get. 0, or -ESRCH.
 */
static int await_stop(pid_t *tid, int *sig, bool own)
{
	siginfo_t si = { 0 };
	int rc, state;

	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	do {
		rc = waitid(P_ALL, 0, &si, WSTOPPED | WEXITED | WNOWAIT | __WALL | __WNOTHREAD);
	} while (rc && errno == EINTR);
	pthread_setcancelstate(state, NULL);
	if (rc)
		return -ESRCH;
	*tid = si.si_pid;
	if (si.si_code != CLD_TRAPPED && si.si_code != CLD_STOPPED) {
		reap(si.si_pid, own);
		return -ESRCH;
	}
	*sig = si.si_status >> EVENT_SHIFT ? 0 : si.si_status & SIGNAL_MASK;
	return 0;
}

static bool registers(pid_t tid, struct regs *r)
{
	struct user_regs_struct u;
	struct iovec v = { &u, sizeof(u) };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &v) || v.iov_len != sizeof(u))
		return false;
#if defined(__x86_64__)
	*r = (struct regs){ .pc = u.rip, .sp = u.rsp, .bp = u.rbp };
#elif defined(__aarch64__)
	*r = (struct regs){ .pc = u.pc, .sp = u.sp, .bp = u.regs[29], .lr = u.regs[30] };
#else
	return false;
#endif
	return true;
}

/* How long a thread has waited for a processor in its life, ns; 0 where the kernel does not count that. */
static int64_t queued(int fd)
{
	char text[64];
	ssize_t n = fd < 0 ? 0 : pread(fd, text, sizeof(text) - 1, 0);
	char *second;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	second = strchr(text, ' ');
	return second ? strtoll(second, NULL, 10) : 0;
}

struct stop {
	pid_t tid;
	bool own;
	regs_look *look;
	void *arg;
	int schedstat; /* the thread's, -1: there is none */
	int64_t began, queued; /* when it was asked to stop, and queued() before */
	int64_t waited; /* what it then waited for a processor: no doing of ours */
};

static void measure_wait(struct stop *s)
{
	int64_t most = clock_now() - s->began, waited = queued(s->schedstat) - s->queued;

	s->waited = waited < 0 ? 0 : waited < most ? waited : most;
}

/* From the request to stop on: looks once, lets go until it has gone. */
static int look_and_leave(struct stop *s)
{
	bool looked = false;
	struct regs r;
	pid_t who;
	int sig, rc;

	for (int i = 0; i < TRIES; i++) {
		rc = await_stop(&who, &sig, s->own);
		if (rc)
			return rc;
		if (i == 0)
			measure_wait(s);
		if (i == 0 && who == s->tid && registers(who, &r)) {
			s->look(s->arg, &r);
			looked = true;
		}
		if (!ptrace(PTRACE_DETACH, who, 0, (void *)(intptr_t)sig))
			return looked ? 0 : -EAGAIN;
		/* It was killed meanwhile: its end is what comes next. */
	}
	return -ESRCH;
}

/* A thread that stands still should not wait until it is our turn to run. */
static void hurry(struct sched_param *was, int *policy)
{
	const struct sched_param first = { .sched_priority = 1 };

	*policy = sched_getscheduler(0);
	if (sched_getparam(0, was) ||
	    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first))
		*policy = -1;
}

static int stop_thread(struct stop *s, int64_t *paused_ns)
{
	int rc;

	if (ptrace(PTRACE_SEIZE, s->tid, 0, 0))
		return errno == ESRCH ? -ESRCH : -EPERM;
	s->queued = queued(s->schedstat);
	s->began = clock_now();
	/* Where that fails the thread is about to end, and its end is waited for. */
	ptrace(PTRACE_INTERRUPT, s->tid, 0, 0);
	rc = look_and_leave(s);
	*paused_ns = rc == -ESRCH ? 0 : clock_now() - s->began - s->waited;
	return rc;
}

int regs_stop(pid_t tid, bool own, regs_look *look, void *arg, int64_t *paused_ns)
{
	struct stop s = { .tid = tid, .own = own, .look = look, .arg = arg };
	struct sched_param was;
	char path[64];
	int policy, rc;

	*paused_ns = 0;
	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)tid);
	s.schedstat = open(path, O_RDONLY | O_CLOEXEC);
	hurry(&was, &policy);
	rc = stop_thread(&s, paused_ns);
	if (policy >= 0)
		sched_setscheduler(0, policy, &was);
	if (s.schedstat >= 0)
		close(s.schedstat);
	return rc;
}

/* --- reading --- */

enum { M_BYTES = 2048, G_BYTES = 1024 };

static uint64_t field(const uint8_t *b, int32_t off, size_t size, size_t len)
{
	uint64_t v = 0;

	if (off >= 0 && (size_t)off + size <= len)
		memcpy(&v, b + off, size);
	return v;
}

/* Bytes up to the last field that is looked at. */
static size_t bytes_up_to(const int32_t *off, size_t n, size_t most)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		if (off[i] >= 0 && (size_t)off[i] + 8 > len)
			len = (size_t)off[i] + 8;
	return len < most ? len : most;
}

struct mrec {
	uint64_t curg, gsignal, p, vdso_pc, vdso_sp;
	bool incgo;
};

static bool read_m(struct memr *mem, const struct golayout *lay, uint64_t addr, struct mrec *m)
{
	const int32_t offs[] = { lay->m.curg,	lay->m.gsignal, lay->m.p,
				 lay->m.vdsoPC, lay->m.vdsoSP,	lay->m.incgo };
	size_t n = bytes_up_to(offs, ARRAY_SIZE(offs), M_BYTES);
	uint8_t b[M_BYTES];

	if (memr_read(mem, addr, b, n))
		return false;
	*m = (struct mrec){
		.curg = field(b, lay->m.curg, 8, n),
		.gsignal = field(b, lay->m.gsignal, 8, n),
		.p = field(b, lay->m.p, 8, n),
		.vdso_pc = field(b, lay->m.vdsoPC, 8, n),
		.vdso_sp = field(b, lay->m.vdsoSP, 8, n),
		.incgo = field(b, lay->m.incgo, 1, n),
	};
	return true;
}

struct grec {
	uint64_t goid, lo, hi;
	struct unwind_regs sched;
};

/* false: no goroutine that runs is there. */
static bool read_g(struct memr *mem, const struct golayout *lay, uint64_t addr, struct grec *g)
{
	const int32_t offs[] = { lay->g.stack_lo, lay->g.stack_hi,    lay->g.sched_sp,
				 lay->g.sched_pc, lay->g.sched_bp,    lay->g.sched_lr,
				 lay->g.goid,	  lay->g.atomicstatus };
	size_t n = bytes_up_to(offs, ARRAY_SIZE(offs), G_BYTES);
	uint8_t b[G_BYTES];

	if (!addr || memr_read(mem, addr, b, n))
		return false;
	*g = (struct grec){
		.goid = field(b, lay->g.goid, 8, n),
		.lo = field(b, lay->g.stack_lo, 8, n),
		.hi = field(b, lay->g.stack_hi, 8, n),
		.sched = { .pc = field(b, lay->g.sched_pc, 8, n),
			   .sp = field(b, lay->g.sched_sp, 8, n),
			   .bp = field(b, lay->g.sched_bp, 8, n),
			   .lr = field(b, lay->g.sched_lr, 8, n) },
	};
	return g->goid && g->lo < g->hi &&
	       (field(b, lay->g.atomicstatus, 4, n) & ~(uint64_t)GST_SCAN) == GST_RUNNING;
}

bool regs_busy(struct memr *mem, const struct golayout *lay, uint64_t m)
{
	struct mrec r;
	struct grec g;

	return read_m(mem, lay, m, &r) && r.p && !r.incgo && read_g(mem, lay, r.curg, &g);
}

static bool within(uint64_t sp, uint64_t lo, uint64_t hi)
{
	return sp >= lo && sp < hi;
}

static void copy_stack(struct memr *mem, struct regs_stack *s, uint64_t sp, uint64_t hi)
{
	uint64_t n = hi > sp && hi - sp < sizeof(s->data) ? hi - sp : sizeof(s->data);
	ssize_t got = memr_read_some(mem, sp, s->data, n);

	s->addr = sp;
	s->len = got > 0 ? (uint32_t)got : 0;
	s->hi = hi > sp ? hi : sp + s->len;
}

/* Does a thread stand on the stack of that g? */
static bool stands_on(struct memr *mem, const struct golayout *lay, uint64_t g, uint64_t sp)
{
	uint64_t lo, hi;

	return g && !memr_read_u64(mem, g + (uint64_t)lay->g.stack_lo, &lo) &&
	       !memr_read_u64(mem, g + (uint64_t)lay->g.stack_hi, &hi) && within(sp, lo, hi);
}

/* The goroutine's own stack, where it left it. */
static void copy_own(struct memr *mem, struct regs_seen *seen)
{
	uint64_t sp = within(seen->vdso_sp, seen->lo, seen->hi) ? seen->vdso_sp : seen->sched.sp;

	if (within(sp, seen->lo, seen->hi))
		copy_stack(mem, &seen->own, sp, seen->hi);
}

bool regs_read(struct memr *mem, const struct golayout *lay, uint64_t m, const struct regs *r,
	       struct regs_seen *seen)
{
	struct mrec rec;
	struct grec g;

	seen->goid = 0;
	if (!read_m(mem, lay, m, &rec) || rec.incgo || !read_g(mem, lay, rec.curg, &g))
		return false;
	seen->regs = *r;
	seen->goid = g.goid;
	seen->p = rec.p;
	seen->lo = g.lo;
	seen->hi = g.hi;
	seen->sched = g.sched;
	seen->vdso_pc = rec.vdso_pc;
	seen->vdso_sp = rec.vdso_sp;
	seen->on_g = within(r->sp, g.lo, g.hi);
	seen->own.len = seen->system.len = 0;
	if (seen->on_g) {
		copy_stack(mem, &seen->own, r->sp, g.hi);
		return true;
	}
	if (stands_on(mem, lay, rec.gsignal, r->sp))
		return false;
	copy_stack(mem, &seen->system, r->sp, 0);
	copy_own(mem, seen);
	return true;
}

/* --- walking --- */

/* The frames found so far. */
struct walked {
	unwind_pc *pc;
	uint64_t *sp, *end;
	size_t n;
};

static enum unwind_end walk(struct symtab *st, enum goarch arch, const struct unwind_regs *regs,
			    const struct regs_stack *s, struct walked *w)
{
	struct unwind_mem mem = { .addr = s->addr, .data = s->data, .len = s->len, .hi = s->hi };
	struct unwind_out out;
	uint64_t *sp = w->sp + w->n, *end = w->end + w->n;

	unwind_frames(st, arch, regs, &mem, w->pc + w->n, sp, REGS_FRAMES - w->n, &out);
	for (size_t i = 0; i < out.n; i++)
		end[i] = i + 1 < out.n ? sp[i + 1] : 0;
	w->n += out.n;
	return out.end;
}

static const struct sympc *last_of(struct symtab *st, const struct walked *w)
{
	return w->n ? symtab_pc(st, unwind_pc_lookup(w->pc[w->n - 1])) : NULL;
}

/* A function that switches stacks is no end: what called it is not known. */
static bool is_switch(const struct sympc *s)
{
	return s && s->flag & GOFUNC_SPWRITE && !(s->flag & GOFUNC_TOP_FRAME);
}

/* From the system stack back to the goroutine: what it called kept its place in g.sched. */
static bool leads_back(const struct sympc *s)
{
	return s &&
	       (s->id == GOFUNC_SYSTEMSTACK || s->id == GOFUNC_MCALL || s->id == GOFUNC_MORESTACK);
}

/* nanotime and walltime go to the system stack by themselves, and note who called them. */
static bool in_vdso(const struct regs_seen *seen, const struct regs_stack *s)
{
	return seen->vdso_sp >= s->addr && seen->vdso_sp - s->addr < s->len;
}

static enum unwind_end walk_system(struct symtab *st, enum goarch arch,
				   const struct regs_seen *seen, const struct unwind_regs *at,
				   struct walked *w)
{
	const struct unwind_regs vdso = { .pc = seen->vdso_pc, .sp = seen->vdso_sp };
	enum unwind_end end;

	if (in_vdso(seen, &seen->own))
		return walk(st, arch, &vdso, &seen->own, w);
	end = walk(st, arch, in_vdso(seen, &seen->system) ? &vdso : at, &seen->system, w);
	if (end == UNWIND_SHORT || end == UNWIND_LIMIT)
		return end;
	if (!leads_back(last_of(st, w)) || !seen->own.len)
		return UNWIND_LOST;
	return walk(st, arch, &seen->sched, &seen->own, w);
}

/* As long as SP lies in the goroutine's own stack the leaf has not switched it: its stack deltas hold. */
size_t regs_frames(struct symtab *st, enum goarch arch, const struct regs_seen *seen,
		   unwind_pc *pcs, uint64_t *sps, uint64_t *ends, uint32_t *flags)
{
	const struct unwind_regs at = { .pc = seen->regs.pc,
					.sp = seen->regs.sp,
					.bp = seen->regs.bp,
					.lr = seen->regs.lr,
					.exact = true,
					.in_syscall = seen->on_g };
	struct walked w = { .pc = pcs, .sp = sps, .end = ends };
	enum unwind_end end;

	*flags = 0;
	if (!seen->goid)
		return 0;
	if (seen->on_g)
		end = walk(st, arch, &at, &seen->own, &w);
	else
		end = walk_system(st, arch, seen, &at, &w);
	if (end == UNWIND_TOP && is_switch(last_of(st, &w)))
		end = UNWIND_LOST;
	if (end == UNWIND_SHORT || end == UNWIND_LIMIT)
		*flags = STACK_CUT;
	else if (end == UNWIND_LOST)
		*flags = STACK_LOST;
	return w.n;
}

size_t regs_unwind(struct symtab *st, enum goarch arch, const struct regs_seen *seen,
		   unwind_pc *pcs, uint32_t *flags)
{
	uint64_t sps[REGS_FRAMES], ends[REGS_FRAMES];

	return regs_frames(st, arch, seen, pcs, sps, ends, flags);
}

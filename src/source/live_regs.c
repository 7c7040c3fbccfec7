/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where running goroutines are: the thread that makes all ptrace calls. It takes
 * the target's running threads in turn, one at a time, and as rarely as a fixed
 * share of the target's time asks for.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "source/live_priv.h"
#include "target/regs.h"

enum {
	MS = 1000000,
	TURN_MS = 200, /* from one stop to the next … */
	FRESH_MS = 20, /* … where a goroutine runs of which nothing is known yet */
	TRACED_MS = 1000, /* until we look whether its debugger has gone */
	REFUSED_MS = 10000,
	REFUSALS = 3,
	TRIES = 5,
	TURNS_MOST = 256,
	STACKS_MOST = 4096, /* distinct ones to keep */
	ALLOWED_NS = 800000, /* of a second … */
	SAVED_NS = 200000, /* … and so much saved up before: less than a thousandth of any second */
	EXPECT_NS = 20000, /* a stop, before one was made */
};

/* A thread that ran a goroutine in the last pass. */
struct turn {
	pid_t procid; /* as the runtime has it */
	pid_t tid; /* as we have it; 0: not known yet */
	uint64_t m, goid;
	int64_t last; /* when it was its turn; 0: never */
	unsigned fresh; /* tries left to see this goroutine for the first time */
};

struct live_regs {
	struct live_source *l;
	pthread_t thread;
	bool started;
	atomic_int tid; /* of this thread */
	unsigned refused; /* times in a row */
	pthread_mutex_t lock; /* of all that follows; held while a thread is stopped */
	pthread_cond_t wake;
	bool stop;
	VEC(struct turn) turn;
	VEC(struct turn) before;
	struct target *t;
	struct symtab *sym;
	VEC(struct symtab *) old; /* names in batches may still point into them */
	struct stackset stacks;
	struct regs_seen seen;
	int64_t seen_at;
	bool seen_any;
	int64_t next; /* no stop before that */
	int64_t stopped; /* when the last one was */
	int64_t paid; /* until when the allowance is in saved */
	double saved; /* ns that the target may be stopped */
	double expect; /* ns of a stop, running mean */
	struct live_pauses pauses;
	char off[128], off_told[128];
};

static void set_off(struct live_regs *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void set_off(struct live_regs *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->off, sizeof(r->off), fmt, ap);
	va_end(ap);
}

/* --- telling --- */

int32_t live_proc_id(const struct target *t, uint64_t p)
{
	uint32_t id;

	return p && !memr_read_u32(t->mem, p + (uint64_t)t->lay.p.id, &id) ? (int32_t)id : -1;
}

void live_regs_lines(struct symtab *st, enum goarch arch, struct stackset *set,
		     const struct regs_seen *seen, stack_lines *out)
{
	unwind_pc pcs[REGS_FRAMES];
	uint32_t flags, id;
	size_t n = regs_unwind(st, arch, seen, pcs, &flags);

	if (set->stack.n > STACKS_MOST) {
		stackset_release(set);
		stackset_init(set);
	}
	id = stackset_put(set, pcs, n, flags);
	if (id)
		stackset_lines(set, st, id, out);
}

/* What a stop has shown, if anything, and what it has cost. */
static void tell(struct live_regs *r, pid_t procid)
{
	struct live_batch *b = xcalloc(1, sizeof(*b));
	struct live_sample *s = xcalloc(1, sizeof(*s));

	b->sample = s;
	s->tid = procid;
	s->p = -1;
	if (r->seen_any) {
		s->time = r->seen_at;
		s->goid = r->seen.goid;
		s->p = live_proc_id(r->t, r->seen.p);
		live_regs_lines(r->sym, r->t->lay.arch, &r->stacks, &r->seen, &b->line);
		r->seen_any = false;
	}
	r->pauses.samples += b->line.n > 0;
	s->pauses = r->pauses;
	memcpy(s->off, r->off, sizeof(s->off));
	memcpy(r->off_told, r->off, sizeof(r->off));
	batch_send(r->l, b);
}

/* --- one stop --- */

static void look(void *arg, const struct regs *regs)
{
	struct live_regs *r = arg;
	const struct turn *t = &r->turn.v[0];

	r->seen_at = live_clock(CLOCK_MONOTONIC);
	r->seen_any = regs_read(r->t->mem, &r->t->lay, t->m, regs, &r->seen);
}

static void spend(struct live_regs *r, int64_t paused)
{
	r->pauses.ns += paused;
	if (paused > r->pauses.longest)
		r->pauses.longest = paused;
	r->saved -= (double)paused;
	r->expect += ((double)paused - r->expect) * 0.2;
}

static void traced(struct live_regs *r, pid_t tracer)
{
	struct proc_status by;
	bool known = !proc_status_read(&by, tracer, NULL);

	set_off(r, "process %d%s%.32s%s traces the program", (int)tracer, known ? " (" : "",
		known ? by.comm : "", known ? ")" : "");
}

static void refused(struct live_regs *r, const struct proc_status *s, int64_t now)
{
	if (s->tracer) {
		traced(r, s->tracer);
		r->next = now + TRACED_MS * (int64_t)MS;
		return;
	}
	if (++r->refused < REFUSALS) /* a tracer may just have gone */
		return;
	set_off(r, "the kernel refuses ptrace; bingo-top doctor says more");
	r->next = now + REFUSED_MS * (int64_t)MS;
}

/* In another pid namespace threads have other numbers there. */
static pid_t own_number(const struct live_regs *r, pid_t procid)
{
	struct proc_tids tids = { 0 };
	struct proc_status s;
	pid_t found = 0;

	if (r->t->status.ns_depth <= 1)
		return procid;
	if (!proc_tids_read(&tids, r->t->pid))
		for (size_t i = 0; i < tids.tid.n && !found; i++)
			if (!proc_status_read(&s, tids.tid.v[i], NULL) && s.ns_pid == procid)
				found = tids.tid.v[i];
	vec_free(&tids.tid);
	return found;
}

/* Its turn has come; the one whose turn it is, is the first. */
static void take(struct live_regs *r, int64_t now)
{
	struct turn *t = &r->turn.v[0];
	struct proc_status s;
	int64_t paused;
	int rc;

	r->next = now + FRESH_MS * (int64_t)MS;
	if (!t->tid)
		t->tid = own_number(r, t->procid);
	if (!t->tid || proc_status_read(&s, t->tid, NULL) || s.tgid != r->t->pid ||
	    s.exec_mark != r->t->status.exec_mark)
		return;
	if (s.tracer) {
		refused(r, &s, now);
		return;
	}
	if (s.state != 'R' || !regs_busy(r->t->mem, &r->t->lay, t->m))
		return;
	r->stopped = now;
	r->seen_any = false;
	rc = regs_stop(t->tid, r->l->cfg.command, look, r, &paused);
	if (rc == -EPERM) {
		proc_status_read(&s, t->tid, NULL);
		refused(r, &s, now);
		return;
	}
	spend(r, paused);
	if (r->seen_any && r->seen.goid == t->goid)
		t->fresh = 0;
	r->refused = 0;
	r->off[0] = '\0';
	tell(r, t->procid);
}

/* --- turns --- */

static bool before(const struct turn *a, const struct turn *b)
{
	return !a->fresh != !b->fresh ? a->fresh : a->last < b->last;
}

/* The one that has waited longest comes first. */
static void choose(struct live_regs *r)
{
	size_t best = 0;
	struct turn t;

	for (size_t i = 1; i < r->turn.n; i++)
		if (before(&r->turn.v[i], &r->turn.v[best]))
			best = i;
	t = r->turn.v[best];
	r->turn.v[best] = r->turn.v[0];
	r->turn.v[0] = t;
}

/* When the next stop may be. */
static int64_t due(struct live_regs *r, int64_t now)
{
	double most = SAVED_NS, want = r->expect < most ? r->expect : most;
	int64_t wait = 0, turn = 0;

	r->saved += (double)(now - r->paid) * ALLOWED_NS / 1e9;
	r->saved = r->saved < most ? r->saved : most;
	r->paid = now;
	if (!r->turn.n)
		return now + TURN_MS * (int64_t)MS;
	if (r->saved < want)
		wait = (int64_t)((want - r->saved) * 1e9 / ALLOWED_NS) + 1;
	choose(r);
	if (!r->turn.v[0].fresh)
		turn = r->stopped + TURN_MS * (int64_t)MS;
	wait = now + wait > r->next ? now + wait : r->next;
	return wait > turn ? wait : turn;
}

static void unlock(void *arg)
{
	pthread_mutex_unlock(arg);
}

static void *regs_main(void *arg)
{
	struct live_regs *r = arg;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	atomic_store(&r->tid, gettid());
	pthread_mutex_lock(&r->lock);
	pthread_cleanup_push(unlock, &r->lock);
	r->paid = live_clock(CLOCK_MONOTONIC);
	while (!r->stop) {
		int64_t now = live_clock(CLOCK_MONOTONIC), t = due(r, now), cpu;
		struct timespec ts = { t / 1000000000, t % 1000000000 };

		if (strcmp(r->off, r->off_told) != 0)
			tell(r, 0);
		if (t > now) {
			pthread_cond_timedwait(&r->wake, &r->lock, &ts);
			continue;
		}
		cpu = live_clock(CLOCK_THREAD_CPUTIME_ID);
		r->turn.v[0].last = now;
		r->turn.v[0].fresh -= r->turn.v[0].fresh > 0;
		take(r, now);
		cpu = live_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;
		atomic_fetch_add(&r->l->drain_ns, cpu); /* counts with the cost of a pass */
	}
	pthread_cleanup_pop(1);
	return NULL;
}

/* --- the reading thread's side --- */

static const struct turn *turn_before(const struct live_regs *r, pid_t procid, size_t hint)
{
	for (size_t i = 0; i < r->before.n; i++) {
		const struct turn *t = &r->before.v[(i + hint) % r->before.n];

		if (t->procid == procid)
			return t;
	}
	return NULL;
}

static void turn_add(struct live_regs *r, const struct gthread *m, uint64_t goid)
{
	const struct turn *was = turn_before(r, m->tid, r->turn.n);
	struct turn *t = vec_push(&r->turn);

	*t = (struct turn){ .procid = m->tid, .m = m->addr, .goid = goid, .fresh = TRIES };
	if (!was)
		return;
	t->tid = was->tid;
	t->last = was->last;
	if (was->goid == goid)
		t->fresh = was->fresh;
}

void live_regs_tell(struct live_source *l)
{
	pid_t tracer = live_regs_is(l, l->status.tracer) ? 0 : l->status.tracer;
	const struct gsched *sched = scan_sched(l->scan);
	struct live_regs *r = l->regs;
	uint8_t status;

	if (!r || pthread_mutex_trylock(&r->lock))
		return;
	r->before.n = 0;
	for (size_t i = 0; i < r->turn.n; i++)
		*vec_push(&r->before) = r->turn.v[i];
	r->turn.n = 0;
	for (size_t i = 0; i < sched->m.n && r->turn.n < TURNS_MOST; i++) {
		const struct gthread *m = &sched->m.v[i];
		uint64_t goid = m->curg ? scan_goid_at(l->scan, m->curg, &status) : 0;

		if (goid && status == GST_RUNNING && m->tid > 0 && m->p && !m->incgo &&
		    l->state == LIVE_RUNS && !tracer)
			turn_add(r, m, goid);
	}
	if (tracer)
		traced(r, tracer);
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

bool live_regs_is(const struct live_source *l, pid_t tid)
{
	return l->regs && tid && atomic_load(&l->regs->tid) == tid;
}

void live_regs_hold(struct live_source *l)
{
	if (l->regs)
		pthread_mutex_lock(&l->regs->lock);
}

void live_regs_let(struct live_source *l)
{
	if (l->regs)
		pthread_mutex_unlock(&l->regs->lock);
}

void live_regs_restart(struct live_source *l)
{
	struct live_regs *r = l->regs;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->turn.n = 0;
	*vec_push(&r->old) = r->sym;
	r->t = l->t;
	r->sym = symtab_new(&l->t->mods, l->t->mem);
	stackset_release(&r->stacks);
	stackset_init(&r->stacks);
	pthread_mutex_unlock(&r->lock);
}

static void regs_start(struct live_regs *r)
{
	sigset_t all, was;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &was);
	r->started = !pthread_create(&r->thread, NULL, regs_main, r);
	pthread_sigmask(SIG_SETMASK, &was, NULL);
}

void live_regs_start(struct live_source *l)
{
	struct live_regs *r;
	pthread_condattr_t attr;

	if (l->cfg.no_ptrace)
		return;
	r = l->regs = xcalloc(1, sizeof(*r));
	r->l = l;
	r->t = l->t;
	r->sym = symtab_new(&l->t->mods, l->t->mem);
	r->saved = SAVED_NS;
	r->expect = EXPECT_NS;
	stackset_init(&r->stacks);
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->wake, &attr);
	pthread_condattr_destroy(&attr);
	regs_start(r);
}

void live_regs_stop(struct live_source *l)
{
	struct live_regs *r = l->regs;

	if (!r || !r->started)
		return;
	/* It may wait for a thread that does not come to stop; what it traces goes on when it ends. */
	pthread_cancel(r->thread);
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	r->started = false;
}

void live_regs_free(struct live_regs *r)
{
	if (!r)
		return;
	symtab_free(r->sym);
	for (size_t i = 0; i < r->old.n; i++)
		symtab_free(r->old.v[i]);
	vec_free(&r->old);
	vec_free(&r->turn);
	vec_free(&r->before);
	stackset_release(&r->stacks);
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

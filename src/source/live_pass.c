/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that reads: pass after pass, as often as the budget allows. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "source/command.h"
#include "source/live_priv.h"

enum {
	MS = 1000000,
	STATE_MS = 250, /* how often /proc is asked for the target's state */
	SYSCALLS_MOST = 64, /* /proc/PID/task/TID/syscall files read in a pass */
	CGROUP_MS = 5000, /* between two searches for its cgroup */
	RESTART_MS = 2000, /* for the runtime to be up after execve */
	DISORDER_MS = 5000, /* for the first pass that makes sense */
	ENDING_MS = 500, /* for all threads of a command to end */
};

/* Of a core. With what showing it costs, 2 % at 10,000 goroutines and 25 % at a million hold. */
static const double SHARE_LEAST = 0.018, SHARE_MOST = 0.22;
enum { QUIET_PASSES = 5 }; /* without a change, before passes become rarer … */
static const double QUIET_NS = 3e9; /* … and no further apart than this */

int64_t live_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void look_free(struct facts *f)
{
	if (f)
		facts_release(f);
	free(f);
}

void batch_free(struct live_batch *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->label.n; i++)
		free(b->label.v[i]);
	vec_free(&b->label);
	vec_free(&b->change);
	vec_free(&b->stack);
	vec_free(&b->line);
	vec_free(&b->thread);
	vec_free(&b->gone);
	for (size_t i = 0; i < b->text.n; i++)
		free(b->text.v[i]);
	vec_free(&b->text);
	live_kernel_free(&b->kernel);
	live_probed_free(b->probed);
	look_free(b->look);
	free(b->sample);
	free(b);
}

struct live_batch *batch_new(const struct live_source *l)
{
	struct live_batch *b = xcalloc(1, sizeof(*b));

	b->time = l->t0;
	b->before = l->pass_before;
	return b;
}

size_t batch_weight(const struct live_batch *b)
{
	return b->change.n + (b->probed ? b->probed->event.n : 0);
}

/* Hands b over; waits where the loop is far behind, unless it is the prober's. */
void batch_send(struct live_source *l, struct live_batch *b)
{
	size_t n = batch_weight(b);

	pthread_mutex_lock(&l->lock);
	while (!b->probed && l->queued && l->queued + n > LIVE_QUEUE_MOST &&
	       !atomic_load(&l->cancelled))
		pthread_cond_wait(&l->wake, &l->lock);
	l->queued += n;
	if (l->tail)
		l->tail->next = b;
	else
		l->head = b;
	l->tail = b;
	pthread_mutex_unlock(&l->lock);
	if (l->source.notify)
		l->source.notify(l->source.notify_arg);
}

void batch_names(struct live_source *l, struct live_batch *b)
{
	struct stackset *st = scan_stacks(l->scan);
	struct strtab *lt = &scan_labels(l->scan)->text;

	for (; l->stacks_told < st->stack.n; l->stacks_told++) {
		struct live_stack *s = vec_push(&b->stack);

		s->first = (uint32_t)b->line.n;
		stackset_lines(st, l->t->sym, (uint32_t)l->stacks_told, &b->line);
		s->n = (uint32_t)b->line.n - s->first;
	}
	for (; l->labels_told < lt->str.n; l->labels_told++)
		*vec_push(&b->label) = xstrdup(strtab_get(lt, (uint32_t)l->labels_told));
	if (!l->header_told)
		b->header = l->t;
	l->header_told = true;
}

static void on_changes(void *arg, const struct gchange *c, size_t n)
{
	struct live_source *l = arg;
	struct live_batch *b;

	live_probe_flush(l);
	b = batch_new(l);
	vec_reserve(&b->change, n);
	memcpy(b->change.v, c, n * sizeof(*c));
	b->change.n = n;
	batch_names(l, b);
	batch_send(l, b);
}

/* --- threads --- */

static struct live_thread *thread_find(struct live_source *l, pid_t tid)
{
	size_t lo = 0, hi = l->thread.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->thread.v[mid].tid < tid)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < l->thread.n && l->thread.v[lo].tid == tid)
		return &l->thread.v[lo];
	vec_push(&l->thread);
	memmove(&l->thread.v[lo + 1], &l->thread.v[lo],
		(l->thread.n - 1 - lo) * sizeof(*l->thread.v));
	l->thread.v[lo] = (struct live_thread){ .tid = tid, .p = -1, .syscall = -1, .fd = -1 };
	return &l->thread.v[lo];
}

static uint8_t thread_state(uint64_t goid, uint8_t status)
{
	if (!goid)
		return GS_BLOCKED;
	return status == GST_SYSCALL ? GS_SYSCALL : GS_RUNNING;
}

static void thread_syscall(const struct live_source *l, struct live_thread *t, int *budget)
{
	struct sysc s;

	t->syscall = t->fd = -1;
	if (t->state != GS_SYSCALL || --*budget < 0 || target_syscall(l->t, t->tid, &s))
		return;
	t->syscall = s.nr;
	t->fd = sysc_fd(&s);
}

static void thread_update(struct live_source *l, struct live_batch *b, const struct gthread *m,
			  int *budget)
{
	const struct gsched *sched = scan_sched(l->scan);
	struct live_thread *t = thread_find(l, m->tid);
	uint8_t status = GST_IDLE;
	uint64_t goid = m->curg ? scan_goid_at(l->scan, m->curg, &status) : 0;
	struct live_thread now = { .tid = m->tid,
				   .goid = goid,
				   .p = gsched_proc_id(sched, m->p),
				   .syscall = t->syscall,
				   .fd = t->fd,
				   .tick = m->syscalltick,
				   .state = thread_state(goid, status),
				   .seen = true };

	if (now.goid == t->goid && now.p == t->p && now.state == t->state &&
	    (now.state != GS_SYSCALL || now.tick == t->tick)) {
		t->seen = true;
		return;
	}
	thread_syscall(l, &now, budget);
	*t = now;
	*vec_push(&b->thread) = now;
}

static void threads_update(struct live_source *l, struct live_batch *b)
{
	const struct gsched *sched = scan_sched(l->scan);
	int budget = l->file ? INT_MAX : SYSCALLS_MOST;
	size_t out = 0;

	for (size_t i = 0; i < sched->m.n; i++)
		if (sched->m.v[i].tid > 0)
			thread_update(l, b, &sched->m.v[i], &budget);
	for (size_t i = 0; i < l->thread.n; i++) {
		struct live_thread *t = &l->thread.v[i];

		if (t->seen) {
			t->seen = false;
			l->thread.v[out++] = *t;
			continue;
		}
		t->state = GS_DEAD;
		*vec_push(&b->thread) = *t;
	}
	l->thread.n = out;
}

/* --- the target's own life --- */

/* It may be moved to another cgroup, or be given a quota, at any time. */
static void quota_check(struct live_source *l, int64_t now)
{
	if (!l->cgroup_found || now - l->cgroup_found >= CGROUP_MS * (int64_t)MS) {
		l->cgroup_found = now;
		cgroup_find(&l->cgroup, l->pid);
	}
	if (!l->cgroup.dir[0] || !cgroup_read(&l->cgroup, &l->quota))
		l->quota = (struct cgroup_stat){ 0 };
}

static void state_check(struct live_source *l, int64_t now)
{
	if (now - l->state_checked < STATE_MS * MS)
		return;
	l->state_checked = now;
	if (l->pass_before) /* the first pass waits for nothing */
		quota_check(l, now);
	if (proc_status_read(&l->status, l->pid, NULL))
		return;
	if (live_regs_is(l, l->status.tracer))
		return;
	l->state = l->status.state == 'T'   ? LIVE_STOPPED
		   : l->status.state == 't' ? LIVE_TRACED
					    : LIVE_RUNS;
}

void live_over(struct live_source *l, const char *fmt, ...)
{
	struct live_batch *b = batch_new(l);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b->ended, sizeof(b->ended), fmt, ap);
	va_end(ap);
	b->over = true;
	b->time = live_clock(CLOCK_MONOTONIC);
	batch_send(l, b);
}

static void sleep_ms(int ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * MS }, NULL);
}

/* Another program was executed in the same process. */
static bool restart(struct live_source *l)
{
	int64_t until = live_clock(CLOCK_MONOTONIC) + (int64_t)RESTART_MS * MS;
	struct err err;
	struct target *t;
	struct live_batch *b;
	int rc;

	do {
		err_clear(&err);
		rc = target_open(&t, l->pid, l->cfg.target, &err);
		if (rc == -EAGAIN)
			sleep_ms(1);
	} while (rc == -EAGAIN && live_clock(CLOCK_MONOTONIC) < until &&
		 !atomic_load(&l->cancelled));
	if (rc) {
		live_over(l, "process %d executed another program, and that cannot be watched: %s",
			  (int)l->pid, err.text);
		return false;
	}
	b = batch_new(l);
	b->time = live_clock(CLOCK_MONOTONIC);
	b->restart = true;
	scan_each(l->scan, &b->gone);
	batch_send(l, b);
	live_probe_stop(l);
	live_bpf_stop(l);
	if (l->probe)
		*vec_push(&l->old_probe) = l->probe;
	l->probe = NULL;
	objects_free(l->objects);
	scan_free(l->scan);
	*vec_push(&l->old) = l->t;
	l->t = t;
	l->scan = scan_new(t);
	live_look_restart(l);
	live_regs_restart(l);
	live_inspect_restart(l);
	l->stacks_told = l->labels_told = 0;
	l->header_told = false;
	l->thread.n = 0;
	return true;
}

/* Our own command is waited for; while its threads end, one after the other, that tells nothing yet. */
static bool command_over(struct live_source *l, char *how, size_t size)
{
	struct proc_status s;
	bool ended = false;

	for (int i = 0; l->cfg.command && !ended && i < ENDING_MS; i++) {
		live_regs_hold(l);
		ended = command_ended(l->pid, how, size);
		live_regs_let(l);
		if (!ended && (proc_status_read(&s, l->pid, NULL) ||
			       (s.state != 'Z' && s.exec_mark))) /* its memory is still there */
			break;
		if (!ended)
			sleep_ms(1);
	}
	return ended;
}

/* What became of a target that is not what was opened any more. False: it is over. */
static bool target_lost(struct live_source *l)
{
	struct proc_status s;
	char how[64];
	int rc;

	if (command_over(l, how, sizeof(how))) {
		live_over(l, "%s (process %d) %s", l->name, (int)l->pid, how);
		return false;
	}
	rc = proc_status_read(&s, l->pid, NULL);
	if (rc && rc != -ESRCH) {
		live_over(l, "process %d (%s) can no longer be looked at in /proc: %s", (int)l->pid,
			  l->name, strerror(-rc));
		return false;
	}
	if (rc || s.start_time != l->t->status.start_time) {
		live_over(l, "process %d (%s) has ended", (int)l->pid, l->name);
		return false;
	}
	if (s.state == 'Z' || s.state == 'X') {
		live_over(l, "process %d (%s) has ended and waits for its parent to notice",
			  (int)l->pid, l->name);
		return false;
	}
	return s.exec_mark == l->t->status.exec_mark || restart(l);
}

/* --- passes --- */

/*
 * Where there are many and nothing happened in the last passes, they become rarer, down to the
 * share of a few; the first change brings them back.
 */
static double eased(const struct live_source *l, double share)
{
	double least = l->cost_ns / QUIET_NS;

	for (unsigned i = QUIET_PASSES; i < l->quiet && share > SHARE_LEAST; i++)
		share *= 0.8;
	least = least > SHARE_LEAST ? least : SHARE_LEAST;
	return share > least ? share : least;
}

static double share_allowed(const struct live_source *l)
{
	double n = (double)scan_stats(l->scan)->goroutines;
	double share = SHARE_LEAST * n / 10000;

	if (l->cfg.share > 0)
		return l->cfg.share;
	return share < SHARE_LEAST ? SHARE_LEAST : share > SHARE_MOST ? SHARE_MOST : share;
}

/* cost: CPU time of this pass, here and where it was drained. */
static void pace(struct live_source *l, int64_t cost)
{
	int64_t least = (int64_t)(1e9 / l->cfg.rate), want;
	double share;

	if (scan_stats(l->scan)->passes <= 1) { /* the first one costs more than any other will */
		l->interval_ns = least;
		return;
	}
	l->cost_ns += l->cost_ns > 0 ? ((double)cost - l->cost_ns) * 0.2 : (double)cost;
	l->quiet = scan_stats(l->scan)->changed ? 0 : l->quiet + 1;
	share = share_allowed(l);
	want = (int64_t)(l->cost_ns / (l->cfg.share > 0 ? share : eased(l, share)));
	l->interval_ns = want > least ? want : least;
}

static double cpu_pct(const struct live_source *l)
{
	double pct = l->interval_ns ? 100 * l->cost_ns / (double)l->interval_ns : 0;

	if (l->interval_ns)
		pct += 100 * (double)l->bpf_cost_ns / (double)l->interval_ns;
	if (l->look_interval_ns)
		pct += 100 * l->look_cost_ns / (double)l->look_interval_ns;
	return pct;
}

void live_pass_end(struct live_source *l, int64_t began)
{
	const struct gsched *sched = scan_sched(l->scan);
	struct live_batch *b = batch_new(l);
	double gap = l->pass_before ? (double)(began - l->pass_before + 1) : 0;

	l->gap_ns += l->gap_ns > 0 ? (gap - l->gap_ns) * 0.2 : gap;
	threads_update(l, b);
	batch_names(l, b);
	b->pass_end = true;
	b->time = began;
	b->facts = (struct live_facts){
		.stats = *scan_stats(l->scan),
		.created = sched->created,
		.threads = (uint32_t)sched->m.n,
		.procs = (uint32_t)sched->p.n,
		.pass_hz = l->gap_ns > 0 ? 1e9 / l->gap_ns : 0,
		.cpu_pct = cpu_pct(l),
		.state = l->state,
		.quota = l->quota,
		.gc_on = sched->gc_on,
	};
	l->pass_before = began;
	l->bpf_cost_ns = 0;
	batch_send(l, b);
	live_regs_tell(l);
}

int live_scan(struct live_source *l)
{
	return scan_pass(l->scan, on_changes, l);
}

/* A list that makes no sense will, as a rule, with the next pass; one that never did is no list. False: it is over. */
static bool in_disorder(struct live_source *l, int64_t now)
{
	struct live_batch *b;

	if (scan_stats(l->scan)->passes)
		return true;
	l->disorder = l->disorder ? l->disorder : now;
	if (now - l->disorder < DISORDER_MS * (int64_t)MS)
		return true;
	b = batch_new(l);
	snprintf(b->ended, sizeof(b->ended),
		 "the list of goroutines of process %d makes no sense, however often it is read",
		 (int)l->pid);
	b->over = b->refused = true;
	batch_send(l, b);
	return false;
}

/* False: it is over. */
static bool one_pass(struct live_source *l)
{
	int64_t began = live_clock(CLOCK_MONOTONIC), cpu = live_clock(CLOCK_THREAD_CPUTIME_ID);
	int64_t look;
	int rc;

	if (!target_alive(l->t))
		return target_lost(l);
	state_check(l, began);
	live_probe_ask(l);
	rc = live_scan(l);
	if (rc == -EPERM) {
		live_over(l,
			  "process %d can no longer be read: the right to was taken away (its user "
			  "changed, or it "
			  "became set-uid)",
			  (int)l->pid);
		return false;
	}
	if (!target_alive(l->t))
		return target_lost(l);
	if (rc)
		return in_disorder(l, began); /* this time, or always */
	if (objects_stats(l->objects)->looks) {
		look = live_look(l, began);
		live_pass_end(l, began);
	} else { /* the first look takes long, and who just came wants to see something */
		live_pass_end(l, began);
		look = live_look(l, began);
	}
	cpu = live_clock(CLOCK_THREAD_CPUTIME_ID) - cpu + atomic_exchange(&l->drain_ns, 0);
	pace(l, cpu - look);
	return true;
}

static void sleep_until(struct live_source *l, int64_t t)
{
	struct timespec ts = { t / 1000000000, t % 1000000000 };

	pthread_mutex_lock(&l->lock);
	while (!atomic_load(&l->cancelled) && live_clock(CLOCK_MONOTONIC) < t) {
		if (atomic_load(&l->asked)) {
			pthread_mutex_unlock(&l->lock);
			live_inspect_serve(l);
			pthread_mutex_lock(&l->lock);
			continue;
		}
		pthread_cond_timedwait(&l->wake, &l->lock, &ts);
	}
	pthread_mutex_unlock(&l->lock);
}

/* The ring is read meanwhile: at a million goroutines a pass may be seconds away. */
static void wait_until(struct live_source *l, int64_t t)
{
	int64_t now = live_clock(CLOCK_MONOTONIC), next;

	while (l->bpf && now < t && !atomic_load(&l->cancelled)) {
		next = now + BPF_DRAIN_MS * (int64_t)MS;
		sleep_until(l, next < t ? next : t);
		live_bpf_drain(l);
		now = live_clock(CLOCK_MONOTONIC);
	}
	sleep_until(l, t);
}

/* Until there is something to show: on few processors all else only delays that. */
static void wait_for_first(struct live_source *l)
{
	pthread_mutex_lock(&l->lock);
	while (!l->drained && !atomic_load(&l->cancelled))
		pthread_cond_wait(&l->wake, &l->lock);
	pthread_mutex_unlock(&l->lock);
}

void live_work(struct source *src)
{
	struct live_source *l = (struct live_source *)src;
	int64_t next = live_clock(CLOCK_MONOTONIC), now;

	if (atomic_exchange(&l->taken, true)) {
		if (!l->cfg.inspects) /* this thread has nothing else to do */
			return;
		wait_for_first(l);
		if (!atomic_load(&l->cancelled))
			live_inspect_prepare(l);
		return;
	}
	live_regs_start(l);
	while (!atomic_load(&l->cancelled) && one_pass(l)) {
		if (scan_stats(l->scan)->passes > 1) { /* the first picture does not wait for it */
			live_bpf_drain(l);
			live_probe_start(l);
		}
		live_inspect_serve(l); /* also where passes leave no time between them */
		now = live_clock(CLOCK_MONOTONIC);
		next += l->interval_ns;
		next = next < now ? now : next;
		wait_until(l, next);
	}
	live_probe_stop(l);
	live_regs_stop(l);
	live_inspect_over(l);
}

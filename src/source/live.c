/* SPDX-License-Identifier: Apache-2.0 */
#include "source/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "source/command.h"
#include "source/live_priv.h"

enum {
	MS = 1000000,
	WAIT_MS = 2000,
	COMMAND_WAIT_MS = 10000,
	REFUSED_MS = 500,
	POLL_US = 500,
	YOUNG_MS = 500,
	PAST_BYTES = 256 << 20,
	PAST_LEAST = 1 << 20,
};

/* --- the loop's side --- */

static struct live_batch *batch_take(struct live_source *l)
{
	struct live_batch *b;

	pthread_mutex_lock(&l->lock);
	b = l->head;
	if (b) {
		l->head = b->next;
		if (!l->head)
			l->tail = NULL;
	}
	pthread_mutex_unlock(&l->lock);
	return b;
}

static bool queue_empty(struct live_source *l)
{
	bool empty;

	pthread_mutex_lock(&l->lock);
	empty = !l->head;
	pthread_mutex_unlock(&l->lock);
	return empty;
}

static void batch_done(struct live_source *l)
{
	pthread_mutex_lock(&l->lock);
	l->queued -= batch_weight(l->now);
	l->drained = l->begun;
	if (!l->spare) {
		l->spare = l->now->look;
		l->now->look = NULL;
	}
	pthread_cond_broadcast(&l->wake);
	pthread_mutex_unlock(&l->lock);
	batch_free(l->now);
	l->now = NULL;
}

static int tell_over(struct live_source *l, struct world *w, struct err *err)
{
	l->over = true;
	if (!l->begun && l->file)
		return err_set(err, -EBADMSG, EXIT_BADFILE, "%s", l->now->ended);
	if (!l->begun && l->now->refused)
		return err_set(err, -ENOTSUP, EXIT_ATTACH, "%s", l->now->ended);
	if (!l->begun)
		return err_set(err, -ESRCH, EXIT_GONE, "%s, before it could be looked at once",
			       l->now->ended);
	w->live.state = LIVE_ENDED;
	w->live.ended = world_str(w, l->now->ended);
	w->generation++;
	w->progress.bytes = w->progress.total;
	return SOURCE_WHOLE;
}

/* One batch, or as much of it as the time allows. */
static int drain_one(struct live_source *l, struct world *w, int64_t deadline, struct err *err)
{
	if (l->at == 0 && l->now->restart)
		live_tell_restart(l, w, l->now);
	if (l->at == 0)
		live_learn_names(l, w, l->now);
	if (l->now->over)
		return tell_over(l, w, err);
	if (!live_drain_changes(l, w, deadline))
		return SOURCE_MORE;
	if (l->now->probed && !live_drain_exact(l, w, deadline))
		return SOURCE_MORE;
	if (l->now->look && !live_drain_look(l, w, deadline))
		return SOURCE_MORE;
	if (l->now->sample)
		live_tell_sample(l, w, l->now);
	w->live.looks += l->now->look_end;
	live_tell_kernel(l, w, &l->now->kernel);
	if (l->now->pass_end)
		live_tell_pass(l, w, l->now);
	batch_done(l);
	return SOURCE_MORE;
}

int live_drain(struct source *s, struct world *w, int64_t budget_ns, struct err *err)
{
	struct live_source *l = (struct live_source *)s;
	int64_t cpu = live_clock(CLOCK_THREAD_CPUTIME_ID);
	bool begun = l->begun;
	int64_t deadline = live_clock(CLOCK_MONOTONIC) + budget_ns;
	int rc = l->over ? SOURCE_WHOLE : SOURCE_MORE;

	while (rc == SOURCE_MORE) {
		if (!l->now) {
			l->now = batch_take(l);
			l->at = 0;
		}
		if (!l->now)
			break;
		rc = drain_one(l, w, deadline, err);
		if (live_clock(CLOCK_MONOTONIC) >= deadline)
			break;
	}
	if (rc == SOURCE_MORE && s->notify && (l->now || !queue_empty(l)))
		s->notify(s->notify_arg);
	if (begun) /* not the first pass, which is no measure for those that follow */
		atomic_fetch_add(&l->drain_ns, live_clock(CLOCK_THREAD_CPUTIME_ID) - cpu);
	return rc;
}

void live_cancel(struct source *s)
{
	struct live_source *l = (struct live_source *)s;

	pthread_mutex_lock(&l->lock);
	atomic_store(&l->cancelled, true);
	pthread_cond_broadcast(&l->wake);
	pthread_mutex_unlock(&l->lock);
}

void live_close(struct source *s)
{
	struct live_source *l = (struct live_source *)s;
	struct live_batch *b;

	live_bpf_stop(l);
	batch_free(l->now);
	while ((b = batch_take(l)))
		batch_free(b);
	live_regs_free(l->regs);
	live_probe_free(l->probe);
	for (size_t i = 0; i < l->old_probe.n; i++)
		live_probe_free(l->old_probe.v[i]);
	vec_free(&l->old_probe);
	vec_free(&l->exact_stack_id);
	vec_free(&l->exact_row);
	vec_free(&l->unseen);
	look_free(l->spare);
	objects_free(l->objects);
	scan_free(l->scan);
	live_inspect_free(l);
	target_close(l->t);
	for (size_t i = 0; i < l->old.n; i++)
		target_close(l->old.v[i]);
	vec_free(&l->old);
	vec_free(&l->thread);
	vec_free(&l->stack_id);
	vec_free(&l->label_id);
	vec_free(&l->reason_id);
	vec_free(&l->text_id);
	evlog_free(l->log);
	pthread_cond_destroy(&l->wake);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static const struct source_ops live_ops = {
	.kind = "live",
	.work = live_work,
	.drain = live_drain,
	.cancel = live_cancel,
	.close = live_close,
};

/* --- opening --- */

/* "prog & bingo-top $!": the shell has forked, and has not executed the program yet. */
static bool is_young(pid_t pid)
{
	int64_t tick = 1000000000 / sysconf(_SC_CLK_TCK);
	struct proc_status s;

	return !proc_status_read(&s, pid, NULL) &&
	       live_clock(CLOCK_BOOTTIME) - (int64_t)s.start_time * tick < (int64_t)YOUNG_MS * MS;
}

/* A program that has just begun is not ready to be read; a command may first be a shell. */
static bool worth_waiting(int rc, const struct live_config *cfg, pid_t pid, int64_t began,
			  struct err *err)
{
	int64_t now = live_clock(CLOCK_MONOTONIC);

	char how[64];

	if (cfg->command && command_ended(pid, how, sizeof(how))) {
		err_clear(err);
		err_set(err, -ESRCH, EXIT_GONE, "process %d %s before it could be looked at once",
			(int)pid, how);
		return false;
	}
	if (rc == -EAGAIN)
		return true;
	/* Of one that ends the memory is gone before it has ended; one that may not be read stays so. */
	if (cfg->command && (rc == -EPERM || rc == -EACCES))
		return now < began + (int64_t)REFUSED_MS * MS;
	if (rc != -ENOEXEC && rc != -ENOENT && rc != -EFAULT && rc != -ESRCH)
		return false;
	return cfg->command || (rc != -ESRCH && is_young(pid));
}

static struct target *open_target(pid_t pid, const struct live_config *cfg, struct err *err)
{
	int wait_ms = cfg->wait_ms ? cfg->wait_ms : cfg->command ? COMMAND_WAIT_MS : WAIT_MS;
	int64_t began = live_clock(CLOCK_MONOTONIC), until = began + (int64_t)wait_ms * MS;
	struct target *t;

	for (;;) {
		struct err e = { 0 };
		int rc = target_open(&t, pid, cfg->target, &e);

		if (!rc)
			return t;
		if (!worth_waiting(rc, cfg, pid, began, &e) ||
		    live_clock(CLOCK_MONOTONIC) > until) {
			*err = e;
			return NULL;
		}
		nanosleep(&(struct timespec){ 0, POLL_US * 1000 }, NULL);
	}
}

struct live_source *live_new(struct target *t, const struct live_config *cfg,
			     const struct source_ops *ops)
{
	struct live_source *l = xcalloc(1, sizeof(*l));
	pthread_condattr_t attr;

	l->source.ops = ops;
	l->cfg = *cfg;
	l->cfg.rate = cfg->rate > 0 ? cfg->rate : 10;
	l->pid = t->pid;
	l->t = t;
	l->scan = scan_new(t);
	l->objects = objects_new(t, l->scan);
	l->state = LIVE_RUNS;
	l->look_kept = T_BEFORE;
	l->complete = T_NEVER;
	l->t0 = target_clock(t);
	l->wall0 = t->core ? 0 : live_clock(CLOCK_REALTIME);
	snprintf(l->name, sizeof(l->name), "%s", t->status.comm);
	l->past = cfg->past ? cfg->past : PAST_BYTES;
	l->past = l->past < PAST_LEAST ? PAST_LEAST : l->past;
	l->past_timeline = l->past / 4;
	l->log = evlog_new(l->past - l->past_timeline);
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->wake, &attr);
	pthread_condattr_destroy(&attr);
	live_inspect_init(l);
	return l;
}

struct source *live_open(pid_t pid, const struct live_config *cfg, struct err *err)
{
	static const struct live_config plain;
	struct target *t = open_target(pid, cfg ? cfg : &plain, err);

	return t ? &live_new(t, cfg ? cfg : &plain, &live_ops)->source : NULL;
}

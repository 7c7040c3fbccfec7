/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/trigger.h"
#include "core/clock.h"
#include "export/recording.h"
#include "recorder_file.h"

enum {
	TICK_MS = 250, /* between two frames */
	QUEUE_MOST = 32 << 20, /* bytes that wait for the disk */
	CONVERT_MS = 8, /* of a trace, at a time */
	AFTER_S = 60, /* for so long after what --record-on asks for it is kept */
};

struct recorder {
	struct recorder_config c;
	struct world *world;
	struct detect *detect;
	struct world_tap tap;
	struct rec_encoder enc;
	struct trigger *trigger;
	uv_timer_t timer;
	uv_loop_t *loop;
	int64_t keep_until; /* time of the session */
	bool told_off; /* the world knows that it ended */

	/* a trace, of which the world is told whole segments */
	bool converts;
	size_t segment; /* that comes next */
	struct moment moment;

	/* shared */
	pthread_t thread;
	bool threaded;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct rec_block *head, *tail;
	size_t queued;
	bool ending;
	int rc; /* what went wrong … */
	char why[200];
	uint64_t bytes; /* of the file */

	struct recfile file; /* the writer's */
};

/* --- the writer --- */

static struct rec_block *take_block(struct recorder *r)
{
	struct rec_block *b;

	pthread_mutex_lock(&r->lock);
	while (!r->head && !r->ending)
		pthread_cond_wait(&r->wake, &r->lock);
	b = r->head;
	if (b) {
		r->head = b->next;
		r->tail = r->head ? r->tail : NULL;
	}
	pthread_mutex_unlock(&r->lock);
	return b;
}

static void block_done(struct recorder *r, const struct rec_block *b, int rc, const char *why)
{
	pthread_mutex_lock(&r->lock);
	if (b)
		r->queued -= rec_block_weight(b);
	if (rc && !r->rc) {
		r->rc = rc;
		snprintf(r->why, sizeof(r->why), "%s", why);
	}
	r->bytes = r->file.size;
	pthread_cond_broadcast(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

static void *write_work(void *arg)
{
	struct recorder *r = arg;
	struct rec_block *b;
	int rc;

	pthread_setname_np(pthread_self(), "recorder");
	rc = recfile_begin(&r->file);
	block_done(r, NULL, rc, r->file.why);
	while ((b = take_block(r))) {
		rc = r->file.failed ? 0 : recfile_block(&r->file, b);
		block_done(r, b, rc, r->file.why);
		rec_block_free(b);
	}
	rc = r->file.failed ? 0 : recfile_finish(&r->file);
	block_done(r, NULL, rc, r->file.why);
	return NULL;
}

/* --- the loop's side --- */

static size_t queued(struct recorder *r)
{
	size_t n;

	pthread_mutex_lock(&r->lock);
	n = r->queued;
	pthread_mutex_unlock(&r->lock);
	return n;
}

/* Where no living program is watched there is time to wait. */
static bool has_room(struct recorder *r)
{
	bool room;

	pthread_mutex_lock(&r->lock);
	while (!r->c.live && r->queued > QUEUE_MOST && !r->rc)
		pthread_cond_wait(&r->wake, &r->lock);
	room = r->queued <= QUEUE_MOST;
	pthread_mutex_unlock(&r->lock);
	return room;
}

static void send_block(struct recorder *r, struct rec_block *b)
{
	if (!b)
		return;
	b->keep = !r->trigger || r->world->t_end < r->keep_until;
	pthread_mutex_lock(&r->lock);
	r->queued += rec_block_weight(b);
	b->next = NULL;
	if (r->tail)
		r->tail->next = b;
	else
		r->head = b;
	r->tail = b;
	pthread_cond_broadcast(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

static void look_trigger(struct recorder *r)
{
	struct record *rec = &r->world->record;
	const char *is = r->trigger ? trigger_look(r->trigger, r->world, r->detect) : NULL;

	if (!r->trigger)
		return;
	if (is) {
		rec->text = world_str(r->world, is);
		r->keep_until = r->world->t_end + (int64_t)AFTER_S * 1000000000;
	}
	rec->state = r->world->t_end < r->keep_until ? RECORD_ON : RECORD_WATCHES;
	if (rec->state == RECORD_WATCHES)
		rec->text = world_str(r->world, r->c.on);
}

static void flush(struct recorder *r)
{
	look_trigger(r);
	r->enc.key_due |= atomic_exchange(&r->file.key_wanted, false);
	if (!has_room(r)) {
		if (!r->enc.off)
			rec_drop(&r->enc);
		return;
	}
	if (r->enc.off)
		rec_go_on(&r->enc);
	else
		send_block(r, rec_take(&r->enc, NULL, false));
}

static void on_event(void *arg, const struct event *ev)
{
	struct recorder *r = arg;

	if (r->told_off)
		return;
	/* samples are many, and one more or less is none: they go first */
	if (ev->kind == EV_SAMPLE && r->enc.events % 64 == 0 && r->c.live)
		r->enc.thin = queued(r) > QUEUE_MOST / 2;
	rec_event(&r->enc, ev);
	if (rec_full(&r->enc))
		flush(r);
}

static void on_look(void *arg)
{
	struct recorder *r = arg;

	if (r->told_off)
		return;
	rec_look(&r->enc);
	if (rec_full(&r->enc))
		flush(r);
}

/* --- traces --- */

static bool on_past(void *arg, const struct event *ev)
{
	struct recorder *r = arg;

	if (ev->kind < EV_FACTS || ev->kind > EV_FACTS_END)
		rec_event(&r->enc, ev);
	return true;
}

/* One segment; the first from before the session's begin, the last to its end. */
static void convert_one(struct recorder *r)
{
	const struct world *w = r->world;
	struct history_query q = { .t0 = T_BEFORE, .t1 = T_NEVER };

	if (r->segment)
		q.t0 = w->seg.v[r->segment - 1].t1 + 1;
	if (r->segment + 1 < w->seg.n)
		q.t1 = w->seg.v[r->segment].t1;
	if (q.t0 <= q.t1)
		w->history->query(w->history, &q, on_past, r);
	r->segment++;
	rec_segment(&r->enc);
	if (!rec_full(&r->enc) || r->segment >= w->seg.n)
		return;
	has_room(r);
	world_at(r->world, q.t1, &r->moment);
	send_block(r, rec_take(&r->enc, &r->moment, false));
}

/* The world was told no event: its source makes whole segments. */
static bool must_convert(struct recorder *r)
{
	if (!r->converts)
		r->converts = r->world->progress.whole && !r->enc.events && r->world->seg.n &&
			      r->world->history;
	return r->converts && r->segment < r->world->seg.n;
}

static bool convert_some(struct recorder *r)
{
	int64_t until = clock_now() + (int64_t)CONVERT_MS * 1000000;

	while (must_convert(r) && clock_now() < until)
		convert_one(r);
	return must_convert(r);
}

/* --- time goes on --- */

static void tell_state(struct recorder *r)
{
	struct record *rec = &r->world->record;
	bool off;

	pthread_mutex_lock(&r->lock);
	rec->bytes = r->bytes;
	off = r->rc && !r->told_off;
	pthread_mutex_unlock(&r->lock);
	rec->lost = r->enc.lost_ever;
	if (!off)
		return;
	r->told_off = true;
	r->world->tap = NULL;
	rec->state = RECORD_OFF;
	rec->text = world_str(r->world, r->why);
	world_warn(r->world, "the recording ended: %s", r->why);
	r->world->generation++;
}

static void on_tick(uv_timer_t *t)
{
	struct recorder *r = t->data;
	bool more = false;

	if (!r->told_off) {
		more = convert_some(r);
		if (!more)
			flush(r);
	}
	tell_state(r);
	uv_timer_start(t, on_tick, more ? 1 : TICK_MS, 0);
}

/* --- beginning and end --- */

/* What is replayed cannot be written over at the same time. */
static bool is_read(const struct recorder_config *c, struct err *err)
{
	struct stat a, b;

	if (!c->reads || stat(c->reads, &a) || stat(c->file, &b) || a.st_dev != b.st_dev ||
	    a.st_ino != b.st_ino)
		return false;
	err_set(err, -EBUSY, EXIT_USAGE, "nothing is recorded: %.200s is the file that is replayed",
		c->file);
	return true;
}

struct recorder *recorder_open(const struct recorder_config *c, struct err *err)
{
	struct recorder *r = xcalloc(1, sizeof(*r));

	r->c = *c;
	if (c->on && !(r->trigger = trigger_new(c->on, err)))
		goto fail;
	if (is_read(c, err) || recfile_open(&r->file, c->file, c->limit, c->helper, err))
		goto fail;
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like others */
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->wake, NULL);
	return r;
fail:
	trigger_free(r->trigger);
	free(r);
	return NULL;
}

static void start_thread(struct recorder *r)
{
	sigset_t all, before;

	/* signals are for the loop's thread */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r->threaded = !pthread_create(&r->thread, NULL, write_work, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!r->threaded)
		block_done(r, NULL, -EAGAIN, "no thread can be made for it");
}

void recorder_start(struct recorder *r, uv_loop_t *loop, struct world *w, struct detect *d)
{
	r->world = w;
	r->detect = d;
	r->loop = loop;
	r->enc.world = w;
	r->enc.detect = d;
	r->tap = (struct world_tap){ on_event, on_look, r };
	w->tap = &r->tap;
	w->record.state = RECORD_ON;
	w->shown.wanted = r->c.source;
	r->enc.again = r->c.limit || r->c.on;
	look_trigger(r);
	start_thread(r);
	uv_timer_init(loop, &r->timer);
	r->timer.data = r;
	uv_timer_start(&r->timer, on_tick, TICK_MS, 0);
}

static void end_thread(struct recorder *r)
{
	pthread_mutex_lock(&r->lock);
	r->ending = true;
	pthread_cond_broadcast(&r->wake);
	pthread_mutex_unlock(&r->lock);
	if (r->threaded)
		pthread_join(r->thread, NULL);
}

static void write_rest(struct recorder *r)
{
	r->c.live = false; /* there is nothing to be late for any more */
	while (must_convert(r))
		convert_one(r);
	has_room(r);
	look_trigger(r);
	if (r->enc.off)
		rec_go_on(&r->enc);
	send_block(r, rec_take(&r->enc, NULL, true));
}

static void recorder_free(struct recorder *r)
{
	struct rec_block *b;

	while ((b = r->head)) {
		r->head = b->next;
		rec_block_free(b);
	}
	recfile_close(&r->file);
	rec_encoder_release(&r->enc);
	trigger_free(r->trigger);
	moment_release(&r->moment);
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

int recorder_close(struct recorder *r, struct err *err)
{
	int rc;

	if (!r)
		return 0;
	if (r->world) {
		r->world->tap = NULL; /* what comes in from here on nobody has seen */
		if (!r->told_off)
			write_rest(r);
		end_thread(r);
		uv_timer_stop(&r->timer);
		uv_close((uv_handle_t *)&r->timer, NULL);
		uv_run(r->loop, UV_RUN_NOWAIT);
	}
	rc = r->rc;
	if (rc)
		err_set(err, rc, EXIT_USAGE, "the recording %.200s ended: %s", r->c.file, r->why);
	recorder_free(r);
	return rc;
}

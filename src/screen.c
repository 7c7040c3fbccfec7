/* SPDX-License-Identifier: Apache-2.0 */
#include "screen.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/filter.h"
#include "config.h"
#include "core/jobs.h"
#include "helper.h"
#include "saver.h"
#include "source/source.h"
#include "ui/script.h"
#include "ui/term.h"
#include "ui/ui.h"

enum {
	DRAIN_NS = 4 * 1000 * 1000, /* of merging at a time, so that keys do not wait */
	SCRIPT_DRAIN_NS = 1000 * 1000 * 1000,
	DETECT_NS = 4 * 1000 * 1000, /* of a look of the detectors, likewise */
	DRAW_SHARE =
		20, /* times what a picture took, at least, until the next one that only new data asks for */
	QUIET_MS = 200, /* between two pictures that differ in the time alone */
	PATIENCE_MS = 150, /* a file that cannot be read is told without a screen */
};

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT };

enum { N_SIGNALS = sizeof(signals) / sizeof(*signals) };

struct screen {
	const struct screen_config *c;
	struct ui *ui;
	struct grid grid;
	struct jobs jobs;
	struct saver saver;
	uv_poll_t keys;
	uv_prepare_t prepare;
	uv_timer_t timer;
	uv_signal_t signal[N_SIGNALS];
	int open_handles;
	int pending; /* jobs */
	int sig;
	bool urgent; /* somebody waits for the picture */
	uint64_t drawn; /* uv_now() of the last picture … */
	uint64_t draw_ms; /* … and how soon after it the next may be */
};

/* --- jobs on libuv's pool --- */

struct uv_job {
	uv_work_t req;
	struct screen *screen;
	void (*work)(void *arg);
	void (*done)(void *arg);
	void *arg;
};

static void job_work(uv_work_t *req)
{
	struct uv_job *j = req->data;

	j->work(j->arg);
}

static void job_done(uv_work_t *req, int status)
{
	struct uv_job *j = req->data;

	(void)status;
	if (j->done)
		j->done(j->arg);
	j->screen->pending--;
	j->screen->urgent = true;
	free(j);
}

static void submit_to_pool(struct jobs *jobs, void (*work)(void *arg), void (*done)(void *arg),
			   void *arg)
{
	struct screen *s = (struct screen *)((char *)jobs - offsetof(struct screen, jobs));
	struct uv_job *j = xcalloc(1, sizeof(*j));

	*j = (struct uv_job){ .screen = s, .work = work, .done = done, .arg = arg };
	j->req.data = j;
	s->pending++;
	uv_queue_work(s->c->loop, &j->req, job_work, job_done);
}

static void submit_at_once(struct jobs *jobs, void (*work)(void *arg), void (*done)(void *arg),
			   void *arg)
{
	(void)jobs;
	work(arg);
	if (done)
		done(arg);
}

/* --- what the screen asks of the program --- */

static void cancel_load(void *arg)
{
	struct loader *l = ((struct screen *)arg)->c->loader;

	if (l->source->ops->cancel)
		l->source->ops->cancel(l->source);
	uv_async_send(&l->wake);
}

static void take_size(struct screen *s)
{
	int w, h;

	if (!s->ui)
		return;
	term_size(&w, &h);
	if (w == s->grid.w && h == s->grid.h)
		return;
	grid_resize(&s->grid, w, h);
	ui_resize(s->ui, w, h);
}

static int run_editor(void *arg, const char *file, uint32_t line, struct err *err)
{
	struct screen *s = arg;
	int rc;

	term_leave();
	rc = helper_edit(s->c->helper, file, line, err);
	term_enter();
	take_size(s);
	return rc;
}

static int copy_text(void *arg, const char *text, char *how, size_t size, struct err *err)
{
	struct screen *s = arg;
	struct err unsaid = { 0 }; /* why there is no clipboard says more */

	if (helper_copy(s->c->helper, text, how, size))
		return 0;
	if (!term_copy(text, how, size, err))
		return 0;
	return helper_keep(s->c->helper, text, how, size, &unsaid) ? err->rc : 0;
}

static void suspend(void *arg)
{
	term_suspend();
	take_size(arg);
}

static void repaint(void *arg)
{
	term_redraw();
	take_size(arg);
}

static void set_mouse(void *arg, bool on)
{
	(void)arg;
	term_mouse(on);
}

static void apply_settings(void *arg, const struct settings *set)
{
	struct screen *s = arg;

	s->grid.ascii = set->ascii || !term_utf8();
	term_colors_set((enum term_color)set->color, settings_theme(set));
}

static int save_settings(void *arg, const char *changes, char *where, size_t size, struct err *err)
{
	const struct screen_config *c = ((struct screen *)arg)->c;

	snprintf(where, size, "%s", c->config ? c->config : "");
	if (c->helper)
		return helper_save(c->helper, changes, err);
	if (!c->config)
		return err_set(err, -ENOENT, EXIT_USAGE,
			       "there is no place for the file: set $HOME, or give --config FILE");
	return config_save(c->config, changes, err);
}

static void say(void *arg, bool bad, const char *text)
{
	struct screen *s = arg;

	if (s->ui)
		ui_say(s->ui, bad, text);
}

static int write_export(void *arg, const struct ui_write *x, struct err *err)
{
	struct save_wish wish = { x->format, x->file, x->t0, x->t1 };
	struct screen *s = arg;

	return saver_write(&s->saver, ui_view(s->ui), &wish, err);
}

static const char *written_file(void *arg)
{
	return saver_file(&((struct screen *)arg)->saver);
}

static int send_signal(void *arg, int sig, struct err *err)
{
	return stopper_send(((struct screen *)arg)->c->stopper, sig, err);
}

/* --- the loop --- */

static void draw(struct screen *s)
{
	uint64_t began = uv_hrtime();

	if (!s->ui)
		return;
	ui_draw(s->ui, &s->grid);
	term_show(&s->grid);
	s->urgent = false;
	s->drawn = uv_now(s->c->loop);
	s->draw_ms = (uv_hrtime() - began) * DRAW_SHARE / 1000000;
	if (s->draw_ms < s->c->set->refresh_ms)
		s->draw_ms = s->c->set->refresh_ms;
}

static void on_timer(uv_timer_t *t)
{
	(void)t; /* what is due is seen to before the loop waits again */
}

/* Before the loop waits: draws what is due, and says when to wake up for the next. */
static void on_prepare(uv_prepare_t *p)
{
	struct screen *s = p->data;
	uint64_t now, due;
	int64_t wait;

	uv_update_time(s->c->loop);
	now = uv_now(s->c->loop);
	wait = ui_tick(s->ui, (int64_t)uv_hrtime());
	s->urgent |= ui_ready(s->ui);
	due = s->drawn + s->draw_ms;
	if (ui_quiet(s->ui) && due < s->drawn + QUIET_MS)
		due = s->drawn + QUIET_MS;
	if (ui_dirty(s->ui) && (s->urgent || (now >= due && !detect_busy(s->c->detect))))
		draw(s);
	wait = wait < 0 ? -1 : wait / 1000000 + 1;
	if (ui_dirty(s->ui)) {
		int64_t soon = due > now ? (int64_t)(due - now) : 1;

		wait = wait < 0 || soon < wait ? soon : wait;
	}
	if (wait >= 0)
		uv_timer_start(&s->timer, on_timer, (uint64_t)wait, 0);
	else
		uv_timer_stop(&s->timer);
}

static void end_by(struct screen *s, int sig)
{
	s->sig = sig;
	uv_stop(s->c->loop);
}

static void on_keys(uv_poll_t *p, int status, int events)
{
	struct screen *s = p->data;
	enum term_event e;
	struct mouse m;
	uint32_t key;

	(void)events;
	if (status < 0) {
		end_by(s, SIGHUP);
		return;
	}
	while (!ui_done(s->ui) && (e = term_next(&key, &m)) != TERM_NOTHING) {
		s->urgent = true;
		if (e == TERM_KEY)
			ui_key(s->ui, key);
		else if (e == TERM_MOUSE)
			ui_mouse(s->ui, &m);
		else {
			end_by(s, SIGHUP);
			return;
		}
	}
	if (ui_done(s->ui))
		uv_stop(s->c->loop);
}

static void on_signal(uv_signal_t *h, int num)
{
	struct screen *s = h->data;

	switch (num) {
	case SIGWINCH:
		take_size(s);
		s->urgent = true;
		break;
	case SIGTSTP:
		suspend(s);
		break;
	case SIGCONT: /* whoever stopped us may have changed the terminal */
		term_leave();
		term_enter();
		take_size(s);
		draw(s);
		break;
	default:
		end_by(s, num);
	}
}

static void on_progress(struct loader *l)
{
	struct screen *s = l->arg;

	if (s->ui)
		ui_world_changed(s->ui);
	if (l->err.rc)
		uv_stop(l->loop);
}

/* Detectors and lists look in pieces, between which keys are answered; exports are written beside it all. */
static bool is_held(struct loader *l)
{
	struct screen *s = l->arg;

	return s->saver.busy || detect_busy(s->c->detect) || (s->ui && ui_held(s->ui));
}

/* --- beginning and end --- */

static void start_handles(struct screen *s)
{
	uv_loop_t *loop = s->c->loop;

	uv_prepare_init(loop, &s->prepare);
	s->prepare.data = s;
	uv_timer_init(loop, &s->timer);
	for (int i = 0; i < N_SIGNALS; i++) {
		uv_signal_init(loop, &s->signal[i]);
		s->signal[i].data = s;
		uv_signal_start(&s->signal[i], on_signal, signals[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	stopper_loop(s->c->stopper, loop);
}

static int start_keys(struct screen *s, struct err *err)
{
	int rc = uv_poll_init(s->c->loop, &s->keys, term_fd());

	if (rc)
		return err_set(err, rc, EXIT_USAGE, "keys cannot be read from the terminal: %s",
			       uv_strerror(rc));
	s->keys.data = s;
	uv_poll_start(&s->keys, UV_READABLE | UV_DISCONNECT, on_keys);
	return 0;
}

static void on_closed(uv_handle_t *h)
{
	((struct screen *)h->data)->open_handles--;
}

static void close_handle(struct screen *s, uv_handle_t *h)
{
	h->data = s;
	s->open_handles++;
	uv_close(h, on_closed);
}

static void close_handles(struct screen *s, bool keys)
{
	if (keys)
		close_handle(s, (uv_handle_t *)&s->keys);
	close_handle(s, (uv_handle_t *)&s->prepare);
	close_handle(s, (uv_handle_t *)&s->timer);
	for (int i = 0; i < N_SIGNALS; i++)
		close_handle(s, (uv_handle_t *)&s->signal[i]);
	stopper_loop(s->c->stopper, NULL);
	saver_stop(&s->saver); /* whoever leaves now was told */
	while (s->open_handles || s->pending)
		uv_run(s->c->loop, UV_RUN_ONCE);
}

static struct ui *make_ui(struct screen *s, bool terminal, const char *history)
{
	const struct options *o = s->c->opt;
	struct ui_config uc = {
		.world = s->c->world,
		.detect = s->c->detect,
		.jobs = &s->jobs,
		.set = s->c->set,
		.history = history,
		.substitute = o->substitute,
		.filter = o->filter,
		.live = s->c->live,
		.piece_ns = terminal ? DETECT_NS : 0,
		.mouse = terminal && s->c->set->mouse,
		.w = s->grid.w,
		.h = s->grid.h,
		.host = { .arg = s,
			  .cancel_load = cancel_load,
			  .apply = apply_settings,
			  .save = save_settings,
			  .write = write_export,
			  .writing = written_file,
			  .signal = send_signal },
		.exports = saver_choices(),
	};

	s->saver = (struct saver){
		.helper = s->c->helper,
		.jobs = &s->jobs,
		.began = s->c->began,
		.said = say,
		.arg = s,
	};
	s->c->stopper->said = say;
	s->c->stopper->arg = s;

	if (terminal) {
		uc.host.edit = run_editor;
		uc.host.copy = copy_text;
		uc.host.suspend = suspend;
		uc.host.redraw = repaint;
		uc.host.mouse = set_mouse;
	}
	return ui_new(&uc);
}

int screen_check(const struct options *o, struct err *err)
{
	struct err why = { 0 };
	struct filter *f = o->filter ? filter_new(o->filter, &why) : NULL;

	filter_free(f);
	if (!o->filter || f)
		return 0;
	return err_set(err, -EINVAL, EXIT_USAGE, "--filter %s: %s", o->filter, why.text);
}

/* A moment for the first of the data, or for the sentence why there is none. */
static int first_look(struct screen *s, struct err *err)
{
	uint64_t until = uv_now(s->c->loop) + PATIENCE_MS;
	struct loader *l = s->c->loader;

	while (!l->whole && !s->c->world->g.n && uv_now(s->c->loop) < until) {
		uv_timer_start(&s->timer, on_timer, until - uv_now(s->c->loop), 0);
		uv_run(s->c->loop, UV_RUN_ONCE);
	}
	*err = l->err;
	return err->rc;
}

/* Runs the loop until the screen is left, or nothing could be read. */
static void run_loop(struct screen *s, struct err *err)
{
	struct loader *l = s->c->loader;

	s->urgent = true;
	while (!ui_done(s->ui) && !s->sig && !l->err.rc)
		uv_run(s->c->loop, UV_RUN_DEFAULT);
	if (l->err.rc)
		*err = l->err;
}

/* What was typed before, and what is kept of it for the next time: where it can be. */
static char *load_history(const struct settings *set)
{
	char *path = set->history ? history_path() : NULL, *text = history_load(path);

	free(path);
	return text;
}

static void keep_history(struct screen *s)
{
	char *text = s->c->set->history ? ui_history(s->ui) : NULL;
	struct err ignored = { 0 };

	if (text && s->c->helper)
		helper_history(s->c->helper, text, &ignored);
	free(text);
}

static int show(struct screen *s, struct err *err)
{
	const struct settings *set = s->c->set;
	struct term_config tc = { .color = (enum term_color)set->color,
				  .theme = settings_theme(set),
				  .mouse = set->mouse };
	char *history;
	int w, h, rc = term_open(&tc, err);

	if (rc) {
		close_handles(s, false);
		return rc;
	}
	term_size(&w, &h);
	grid_init(&s->grid, w, h, set->ascii || !term_utf8());
	history = load_history(set);
	s->ui = make_ui(s, true, history);
	free(history);
	on_progress(s->c->loader); /* a file may have been read to its end before */
	uv_async_send(&s->c->loader->wake);
	uv_prepare_start(&s->prepare, on_prepare);
	rc = start_keys(s, err);
	if (!rc)
		run_loop(s, err);
	uv_prepare_stop(&s->prepare);
	keep_history(s);
	ui_free(s->ui); /* which ends what workers still do for it */
	s->ui = NULL;
	close_handles(s, !rc);
	term_close();
	grid_release(&s->grid);
	return err->rc;
}

int screen_run(const struct screen_config *c, struct err *err)
{
	struct screen s = { .c = c, .jobs = { submit_to_pool } };
	int rc = screen_check(c->opt, err);

	if (rc)
		return rc;
	start_handles(&s);
	c->loader->budget_ns = DRAIN_NS;
	c->loader->progress = on_progress;
	c->loader->held = is_held;
	c->loader->arg = &s;
	c->detect->piece_ns = DETECT_NS;
	loader_start(c->loader);
	rc = first_look(&s, err);
	if (!rc && !s.sig)
		rc = show(&s, err);
	else
		close_handles(&s, false);
	c->loader->progress = NULL;
	c->loader->held = NULL;
	return rc ? rc : s.sig;
}

/* --- scripts --- */

static int wait_loaded(void *arg, struct err *err)
{
	struct screen *s = arg;

	const struct live *live = &s->c->loader->world->live;

	/* a process is never read to its end: once is enough */
	while (!s->c->loader->whole && !(live->passes && live->looks))
		uv_run(s->c->loop, UV_RUN_ONCE);
	*err = s->c->loader->err;
	return err->rc;
}

static int wait_passes(void *arg, int n, struct err *err)
{
	struct screen *s = arg;
	const struct live *live = &s->c->loader->world->live;
	uint64_t until = live->passes + (uint64_t)n;

	while (!s->c->loader->whole && live->pid && live->passes < until)
		uv_run(s->c->loop, UV_RUN_ONCE);
	*err = s->c->loader->err;
	return err->rc;
}

int screen_script(const struct screen_config *c, struct err *err)
{
	struct screen s = { .c = c, .jobs = { submit_at_once } };
	struct script_host host = { &s, wait_loaded, wait_passes };
	const struct options *o = c->opt;
	FILE *in;
	int rc = screen_check(o, err);

	if (rc)
		return rc;
	in = strcmp(o->script, "-") != 0 ? fopen(o->script, "re") : stdin;
	if (!in)
		return err_set(err, -errno, EXIT_USAGE, "cannot read the script %s: %s", o->script,
			       strerror(errno));
	grid_init(&s.grid, o->width ? o->width : 80, o->height ? o->height : 24,
		  c->set->ascii || !term_utf8());
	stopper_loop(c->stopper, c->loop);
	s.ui = make_ui(&s, false, NULL);
	c->loader->budget_ns = SCRIPT_DRAIN_NS;
	c->loader->progress = on_progress;
	c->loader->arg = &s;
	loader_start(c->loader);
	rc = script_run(s.ui, &s.grid, in, o->script, &host, err);
	stopper_loop(c->stopper, NULL);
	c->loader->progress = NULL;
	ui_free(s.ui);
	s.ui = NULL;
	grid_release(&s.grid);
	if (in != stdin)
		fclose(in);
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "plain.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "core/jobs.h"
#include "core/mem.h"
#include "helper.h"
#include "saver.h"
#include "source/source.h"
#include "ui/hyperlink.h"
#include "ui/plain.h"
#include "ui/term.h"

enum { DRAIN_NS = 20 * 1000 * 1000, W = 200, H = 60, LINE_MOST = 4096 };

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

struct session {
	const struct screen_config *c;
	struct ui *ui;
	struct plain *plain;
	struct jobs jobs;
	struct saver saver;
	uv_poll_t input;
	uv_signal_t signal[ARRAY_SIZE(signals)];
	int fd; /* input; -1: none */
	bool polled, begun, ended;
	int open_handles;
	int sig;
	char line[LINE_MOST];
	size_t len;
	bool too_long; /* the rest of the line is passed over */
};

static void submit_at_once(struct jobs *jobs, void (*work)(void *arg), void (*done)(void *arg),
			   void *arg)
{
	(void)jobs;
	work(arg);
	if (done)
		done(arg);
}

/* --- what is asked of the program --- */

static void say(void *arg, bool bad, const char *text)
{
	struct session *s = arg;

	if (s->ui)
		ui_say(s->ui, bad, text);
}

static int write_export(void *arg, const struct ui_write *x, struct err *err)
{
	struct save_wish wish = { x->format, x->file, x->t0, x->t1 };
	struct session *s = arg;

	return saver_write(&s->saver, ui_view(s->ui), &wish, err);
}

static int send_signal(void *arg, int sig, struct err *err)
{
	return stopper_send(((struct session *)arg)->c->stopper, sig, err);
}

static int run_editor(void *arg, const char *file, uint32_t line, struct err *err)
{
	const struct session *s = arg;

	if (!isatty(STDIN_FILENO))
		return err_set(err, -ENOTTY, EXIT_USAGE, "there is no terminal for an editor");
	return helper_edit(s->c->helper, file, line, err);
}

static int copy_text(void *arg, const char *text, char *how, size_t size, struct err *err)
{
	const struct session *s = arg;
	struct err unsaid = { 0 };

	if (helper_copy(s->c->helper, text, how, size) ||
	    !helper_keep(s->c->helper, text, how, size, &unsaid))
		return 0;
	return err_set(err, -ENOTSUP, EXIT_USAGE,
		       "there is no clipboard here; command in [clipboard] of the configuration "
		       "names one");
}

static int save_settings(void *arg, const char *changes, char *where, size_t size, struct err *err)
{
	const struct session *s = arg;

	snprintf(where, size, "%s", s->c->config ? s->c->config : "");
	return helper_save(s->c->helper, changes, err);
}

static void stop_job(void *arg)
{
	(void)arg;
	kill(0, SIGTSTP);
}

/* --- input --- */

static void end_input(struct session *s)
{
	s->ended = true;
	if (s->polled)
		uv_poll_stop(&s->input);
	uv_stop(s->c->loop);
}

static void take_line(struct session *s)
{
	s->line[s->len] = '\0';
	if (s->too_long)
		plain_line(s->plain, "");
	else if (!plain_done(s->plain))
		plain_line(s->plain, s->line);
	s->len = 0;
	s->too_long = false;
}

static void take_bytes(struct session *s, const char *buf, size_t n)
{
	for (size_t i = 0; i < n && !plain_done(s->plain); i++) {
		if (buf[i] == '\n')
			take_line(s);
		else if (s->len + 1 < sizeof(s->line) && buf[i] && buf[i] != '\r')
			s->line[s->len++] = buf[i];
		else if (s->len + 1 >= sizeof(s->line))
			s->too_long = true;
	}
}

/* Reads what is there; false: there will be no more. */
static bool read_some(struct session *s)
{
	char buf[1024];
	ssize_t n = read(s->fd, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n > 0) {
		take_bytes(s, buf, (size_t)n);
		return true;
	}
	if (s->len)
		take_line(s);
	return false;
}

static void on_input(uv_poll_t *h, int status, int events)
{
	struct session *s = h->data;

	(void)events;
	if (status < 0 || !read_some(s) || plain_done(s->plain))
		end_input(s);
}

/*
 * A description of our own: the loop makes it non-blocking, which must not be that of
 * standard output or of the shell after us. Where the trace comes in by standard input, the
 * terminal's.
 */
static int open_input(const struct options *o)
{
	const int how = O_RDONLY | O_CLOEXEC | O_NOCTTY;
	int fd;

	if (o->replay && !strcmp(o->replay, "-"))
		return open("/dev/tty", how);
	fd = open("/proc/self/fd/0", how);
	return fd < 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : fd;
}

/* --- the loop --- */

static void on_signal(uv_signal_t *h, int num)
{
	struct session *s = h->data;

	s->sig = num;
	uv_stop(s->c->loop);
}

static void on_progress(struct loader *l)
{
	struct session *s = l->arg;

	ui_world_changed(s->ui);
	if (s->begun)
		plain_news(s->plain);
	if (l->err.rc)
		uv_stop(l->loop);
}

static void on_closed(uv_handle_t *h)
{
	((struct session *)h->data)->open_handles--;
}

static void close_handle(struct session *s, uv_handle_t *h)
{
	h->data = s;
	s->open_handles++;
	uv_close(h, on_closed);
}

static void start_handles(struct session *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		uv_signal_init(s->c->loop, &s->signal[i]);
		s->signal[i].data = s;
		uv_signal_start(&s->signal[i], on_signal, signals[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	/* what cannot be polled, a file, can be read at once */
	s->polled = s->fd >= 0 && !uv_poll_init(s->c->loop, &s->input, s->fd);
	s->input.data = s;
}

static void close_handles(struct session *s)
{
	if (s->polled)
		close_handle(s, (uv_handle_t *)&s->input);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		close_handle(s, (uv_handle_t *)&s->signal[i]);
	while (s->open_handles)
		uv_run(s->c->loop, UV_RUN_ONCE);
	if (s->fd >= 0)
		close(s->fd);
}

/* Something to tell: all of a file, a process seen once. */
static bool is_ready(const struct session *s)
{
	const struct live *live = &s->c->world->live;

	return s->c->loader->whole || (s->c->live && live->passes && live->looks);
}

static void run_loop(struct session *s)
{
	struct loader *l = s->c->loader;

	while (!is_ready(s) && !s->sig && !l->err.rc)
		uv_run(s->c->loop, UV_RUN_ONCE);
	if (s->sig || l->err.rc)
		return;
	s->begun = true;
	plain_begin(s->plain);
	if (s->polled)
		uv_poll_start(&s->input, UV_READABLE | UV_DISCONNECT, on_input);
	else
		while (s->fd >= 0 && read_some(s) && !plain_done(s->plain))
			;
	while (s->polled && !s->ended && !s->sig && !l->err.rc && !ferror(stdout))
		uv_run(s->c->loop, UV_RUN_ONCE);
}

static void make(struct session *s)
{
	const struct screen_config *c = s->c;
	struct ui_config uc = {
		.world = c->world,
		.detect = c->detect,
		.jobs = &s->jobs,
		.set = c->set,
		.substitute = c->opt->substitute,
		.filter = c->opt->filter,
		.live = c->live,
		.w = W,
		.h = H,
		.host = { .arg = s,
			  .edit = run_editor,
			  .copy = copy_text,
			  .suspend = stop_job,
			  .save = save_settings,
			  .write = write_export,
			  .signal = send_signal },
		.exports = saver_choices(),
	};

	s->saver = (struct saver){
		.helper = c->helper, .jobs = &s->jobs, .began = c->began, .said = say, .arg = s
	};
	c->stopper->said = say;
	c->stopper->arg = s;
	s->ui = ui_new(&uc);
	s->plain = plain_new(s->ui, stdout, c->set->ascii || !term_utf8());
	plain_links(s->plain, c->set->hyperlinks == HYPERLINKS_ALWAYS ||
				      (c->set->hyperlinks == HYPERLINKS_AUTO &&
				       isatty(STDOUT_FILENO) && hyperlink_known()));
}

int plain_run(const struct screen_config *c, struct err *err)
{
	struct session s = { .c = c, .jobs = { submit_at_once }, .fd = open_input(c->opt) };
	int rc = screen_check(c->opt, err);

	if (rc)
		return rc;
	make(&s);
	start_handles(&s);
	c->loader->budget_ns = DRAIN_NS;
	c->loader->progress = on_progress;
	c->loader->arg = &s;
	loader_start(c->loader);
	run_loop(&s);
	c->loader->progress = NULL;
	*err = c->loader->err;
	close_handles(&s);
	plain_free(s.plain);
	ui_free(s.ui);
	fflush(stdout);
	return err->rc ? err->rc : s.sig;
}

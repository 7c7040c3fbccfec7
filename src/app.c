/* SPDX-License-Identifier: Apache-2.0 */
#include "app.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "batch.h"
#include "config.h"
#include "core/mem.h"
#include "core/world.h"
#include "follow.h"
#include "helper.h"
#include "loader.h"
#include "owncost.h"
#include "plain.h"
#include "recorder.h"
#include "screen.h"
#include "source/binary.h"
#include "source/command.h"
#include "source/doctor.h"
#include "source/guard.h"
#include "source/live.h"
#include "source/open.h"
#include "ui/term.h"

enum { BATCH_BUDGET_NS = 1000 * 1000 * 1000 };

struct app {
	const struct options *opt;
	uv_loop_t loop;
	struct world world;
	struct input in;
	struct source *source;
	struct binary *binary; /* the program that a file is of, for code; NULL: not known */
	struct loader loader;
	struct detect detect;
	struct settings set;
	char *config, *history; /* the user's files; NULL: there is no home for them */
	struct helper *helper; /* NULL: none, or none needed */
	struct stopper stopper;
	struct batch_files files;
	struct baseline baseline;
	struct recorder *recorder; /* NULL: nothing is recorded */
	int64_t began; /* wall clock, ns */
	pid_t child; /* the command that we started, 0: none */
	int signal; /* that asked us to end, 0: none */
	uv_timer_t timer;
	uv_signal_t on[3];
};

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static bool is_accessible(void)
{
	const char *s = getenv("ACCESSIBLE");

	return s && *s && strcmp(s, "0") != 0;
}

/* Lines to read and to answer, where that is asked for and nothing else is. */
static bool is_plain(const struct app *a)
{
	const struct options *o = a->opt;

	if (o->script || o->batch)
		return false;
	return o->plain || (isatty(STDOUT_FILENO) && (a->set.plain || is_accessible()));
}

/* Somebody sits there, with a screen or with lines. */
static bool has_user(const struct app *a)
{
	return !a->opt->script && !a->opt->batch && (isatty(STDOUT_FILENO) || is_plain(a));
}

static int open_live(struct app *a, struct err *err)
{
	struct live_config cfg = { .rate = a->opt->rate,
				   .no_ptrace = a->opt->no_ptrace,
				   .no_bpf = a->opt->no_bpf,
				   .budget = a->opt->budget / 100,
				   .past = a->opt->past_mb << 20,
				   .command = a->opt->mode == MODE_COMMAND,
				   .inspects = has_user(a) };
	pid_t pid = a->opt->pid;

	if (cfg.command) {
		pid = command_start(a->opt->command, !a->opt->batch, err);
		if (pid < 0)
			return (int)pid;
		a->child = pid;
	}
	a->source = live_open(pid, &cfg, err);
	return a->source ? 0 : err->rc;
}

static int app_open(struct app *a, struct err *err)
{
	int rc;

	if (a->opt->mode != MODE_REPLAY)
		return open_live(a, err);
	rc = input_open(&a->in, a->opt->replay, err);
	if (rc)
		return rc;
	a->source = source_open_file(&a->in, a->opt->exe, &a->world, err);
	if (!a->source)
		return -EINVAL;
	if (!a->opt->exe || !strcmp(a->source->ops->kind, "core"))
		return 0;
	rc = binary_open(&a->binary, a->opt->exe, err);
	if (!rc)
		a->world.disassembler = binary_disassembler(a->binary);
	return rc;
}

static void release_settings(struct app *a)
{
	settings_release(&a->set);
	free(a->config);
	free(a->history);
}

/* That it cannot be is no reason not to watch. */
static void open_recorder(struct app *a)
{
	const struct options *o = a->opt;
	struct recorder_config c = {
		.file = o->record,
		.limit = o->record_limit,
		.on = o->record_on,
		.source = o->record_source,
		.live = o->mode != MODE_REPLAY,
		.reads = o->replay,
		.helper = a->helper,
	};
	struct err err = { 0 };

	if (!o->record)
		return;
	a->recorder = recorder_open(&c, &err);
	if (a->recorder)
		return;
	fprintf(stderr, "bingo-top: %s\n", err.text);
	world_warn(&a->world, "%s", err.text);
	a->world.record.state = RECORD_OFF;
	a->world.record.text = world_str(&a->world, err.text);
}

static void close_recorder(struct app *a)
{
	struct err err = { 0 };

	if (recorder_close(a->recorder, &err))
		fprintf(stderr, "bingo-top: %s\n", err.text);
	a->recorder = NULL;
}

static void app_close(struct app *a)
{
	close_recorder(a);
	if (a->source) {
		loader_stop(&a->loader);
		a->world.history = NULL;
		a->world.inspector = NULL;
		a->world.disassembler = NULL;
		a->source->ops->close(a->source);
	}
	binary_close(a->binary);
	if (a->child)
		command_stop(a->child);
	input_close(&a->in);
	uv_loop_close(&a->loop);
	detect_release(&a->detect);
	world_release(&a->world);
	baseline_release(&a->baseline);
	batch_files_close(&a->files, a->opt);
	stopper_close(&a->stopper);
	helper_stop(a->helper);
	release_settings(a);
}

static void on_signal(uv_signal_t *h, int num)
{
	struct app *a = h->data;

	a->signal = num;
	uv_stop(&a->loop);
}

static void on_timer(uv_timer_t *t)
{
	(void)t; /* it is there to end uv_run() */
}

/* Runs the loop until the time (uv_now(), ms), the target's end or a signal. */
static void run_until(struct app *a, uint64_t t)
{
	uv_timer_t *timer = &a->timer;

	uv_update_time(&a->loop);
	uv_timer_start(timer, on_timer, t > uv_now(&a->loop) ? t - uv_now(&a->loop) : 0, 0);
	while (uv_is_active((uv_handle_t *)timer) && !a->loader.whole && !a->signal)
		uv_run(&a->loop, UV_RUN_ONCE);
	uv_timer_stop(timer);
}

static int print_now(struct app *a, bool last, struct err *err)
{
	detect_look(&a->detect, &a->world);
	/* what is printed is of now, not of some passes ago */
	if (!graph_fresh(&a->detect.graph) || a->detect.looked != a->world.now.time)
		detect_now(&a->detect, &a->world);
	return batch_print(a->opt, &a->files, &a->world, &a->detect, own_cpu_pct(a->began), last,
			   err);
}

/* The detectors look as the program goes on, not only when somebody asks. */
static void on_progress(struct loader *l)
{
	struct app *a = l->arg;

	detect_look(&a->detect, &a->world);
}

/* One report, as soon as there is one. */
static bool is_once(const struct options *o)
{
	return o->once || (!o->batch && !o->iterations);
}

/* Reports at once, then each interval; or once only, at the end of a duration. */
static int live_reports(struct app *a, struct err *err)
{
	const struct options *o = a->opt;
	bool once = is_once(o);
	uint64_t next = uv_now(&a->loop), step = (uint64_t)(o->delay * 1000);
	int rc;

	if (o->duration > 0)
		run_until(a, next + (uint64_t)(o->duration * 1000));
	if (o->duration > 0 || once)
		return print_now(a, true, err);
	for (long i = 1;; i++) {
		bool last = a->loader.whole || a->signal || i == o->iterations;

		rc = print_now(a, last, err);
		if (rc && errno == EPIPE) { /* whoever read it has enough */
			err_clear(err);
			a->signal = SIGPIPE;
			return 0;
		}
		if (rc || last)
			return rc;
		next += step;
		run_until(a, next);
	}
}

/* There is something to report: goroutines, and what they wait on. */
static bool is_ready(const struct app *a)
{
	return a->world.live.passes && a->world.live.looks;
}

static int run_live(struct app *a, struct err *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	int rc = 0;

	uv_timer_init(&a->loop, &a->timer);
	for (int i = 0; i < 3; i++) {
		uv_signal_init(&a->loop, &a->on[i]);
		a->on[i].data = a;
		uv_signal_start(&a->on[i], on_signal, signals[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	a->loader.budget_ns = BATCH_BUDGET_NS;
	loader_start(&a->loader);
	while (!is_ready(a) && !a->loader.whole && !a->signal)
		uv_run(&a->loop, UV_RUN_ONCE);
	if (a->loader.err.rc)
		*err = a->loader.err;
	rc = err->rc ? err->rc : a->world.live.passes ? live_reports(a, err) : 0;
	uv_close((uv_handle_t *)&a->timer, NULL);
	for (int i = 0; i < 3; i++)
		uv_close((uv_handle_t *)&a->on[i], NULL);
	return rc;
}

static int run_batch(struct app *a, struct err *err)
{
	a->loader.progress = on_progress;
	a->loader.arg = a;
	if (a->opt->mode != MODE_REPLAY)
		return run_live(a, err);
	a->loader.budget_ns = BATCH_BUDGET_NS;
	loader_start(&a->loader);
	while (!a->loader.whole)
		uv_run(&a->loop, UV_RUN_ONCE);
	if (a->loader.err.rc) {
		*err = a->loader.err;
		return err->rc;
	}
	return print_now(a, true, err);
}

/* The rest needs fewer rights; no thread is there yet. */
static int app_guard(struct app *a, struct err *err)
{
	const struct options *o = a->opt;
	struct guard_needs n = {
		.live = o->mode != MODE_REPLAY,
		.ptrace = !o->no_ptrace,
		.bpf = !o->no_bpf,
		.files = o->script != NULL,
		.child = a->child,
	};
	bool screen = has_user(a);
	int rc = screen || o->script ? 0 : batch_files_open(&a->files, o, err);

	if (n.live && n.bpf && o->budget > 0 && (screen || o->duration > 0 || !is_once(o)))
		n.admin = live_prepare_probes();
	if (n.live && o->allow_stop && (screen || o->script)) {
		a->stopper.ms = o->stop_ms;
		stopper_open(&a->stopper, a->child ? a->child : o->pid);
		n.signal_fd = a->stopper.fd;
	}
	if (!rc)
		open_recorder(a);
	if (!rc)
		guard_set(&n, NULL);
	return rc;
}

/* A screen where there is a terminal for it, a report where not. */
static int run(struct app *a, struct err *err)
{
	const struct options *o = a->opt;
	struct screen_config c = {
		.opt = o,
		.loop = &a->loop,
		.world = &a->world,
		.loader = &a->loader,
		.detect = &a->detect,
		.stopper = &a->stopper,
		.began = a->began,
		.helper = a->helper,
		.set = &a->set,
		.config = a->config,
		.live = o->mode != MODE_REPLAY,
	};
	int rc;

	if (o->script)
		return screen_script(&c, err);
	if (!has_user(a))
		return run_batch(a, err);
	rc = is_plain(a) ? plain_run(&c, err) : screen_run(&c, err);
	if (rc == -ENOTSUP) {
		fprintf(stderr, "bingo-top: %s\n", err->text);
		err_clear(err);
		return run_batch(a, err);
	}
	if (rc > 0)
		a->signal = rc;
	return rc < 0 ? rc : 0;
}

/* Whether there is a finding that --fail-on means. */
static bool is_failed(const struct app *a)
{
	if (a->opt->fail_on < 0)
		return false;
	for (int s = a->opt->fail_on; s < SEVERITY_N; s++)
		if (a->detect.findings.count[s])
			return true;
	return false;
}

/* What the command line says goes before what the file says. */
static void settle_options(struct app *a, struct options *o)
{
	struct settings *s = &a->set;
	size_t n = o->n_substitute;

	s->ascii |= o->ascii;
	s->system |= o->system;
	s->plain |= o->plain;
	s->mouse &= !o->no_mouse;
	if (o->color_given)
		s->color = (uint8_t)o->color;
	if (o->theme)
		snprintf(s->theme, sizeof(s->theme), "%s", o->theme);
	o->substitute = xrealloc(o->substitute, n + s->substitute.n + 1, sizeof(*o->substitute));
	for (size_t i = 0; i < s->substitute.n; i++)
		o->substitute[n++] = s->substitute.v[i];
	o->substitute[n] = NULL;
	o->n_substitute = n;
}

/* What is said before anything is opened, and can be wrong. */
static int load_settings(struct app *a, struct options *o, struct err *err)
{
	int64_t t0, t1;
	int rc, line;

	settings_init(&a->set, &a->detect.conf);
	rc = config_load(&a->set, o->config, err);
	if (rc)
		return rc;
	settle_options(a, o);
	a->config = config_path(o->config);
	a->history = history_path();
	rc = settings_check(&a->set, &line, err);
	if (!rc)
		rc = batch_span(o, NULL, &t0, &t1, err);
	if (!rc && o->baseline) {
		rc = baseline_load(&a->baseline, o->baseline, err);
		a->detect.findings.baseline = &a->baseline;
	}
	return rc;
}

static void start_helper(struct app *a)
{
	struct helper_config c = {
		.editor = a->set.editor,
		.clipboard = a->set.clipboard,
		.config = a->config,
		.history = a->history,
	};

	if (has_user(a))
		a->helper = helper_start(&c);
}

/* The command with all that it starts; what app_run() does for one program. */
static int run_following(struct app *a, struct err *err)
{
	const struct options *o = a->opt;
	struct guard_needs n = { .live = true, .ptrace = !o->no_ptrace, .files = true };
	struct follow_config c = { o, &a->loop, &a->detect, &a->files, a->began };
	int rc = batch_shared_open(&a->files, o, err);
	pid_t child;

	if (rc)
		return rc;
	follow_prepare();
	child = command_start(o->command, false, err);
	if (child < 0)
		return (int)child;
	n.child = child;
	n.tree = true;
	guard_set(&n, NULL);
	return follow_run(&c, child, err);
}

static int app_follow(struct app *a, struct err *err)
{
	int rc;

	uv_loop_init(&a->loop);
	rc = run_following(a, err);
	uv_loop_close(&a->loop);
	batch_files_close(&a->files, a->opt);
	detect_release(&a->detect);
	baseline_release(&a->baseline);
	release_settings(a);
	return rc < 0 ? (int)err->code : rc;
}

int app_run(struct options *o, struct err *err)
{
	struct app a = { .opt = o, .began = clock_ns(CLOCK_MONOTONIC) };
	bool failed;
	int rc;

	if (o->mode == MODE_DOCTOR)
		return doctor_run(o->pid, term_colors(getenv("TERM")), stdout);
	detect_init(&a.detect);
	rc = load_settings(&a, o, err);
	if (rc) {
		baseline_release(&a.baseline);
		release_settings(&a);
		return (int)err->code;
	}
	if (follow_wanted(o))
		return app_follow(&a, err);
	loader_threads();
	start_helper(&a);
	uv_loop_init(&a.loop);
	world_init(&a.world);
	rc = app_open(&a, err);
	if (!rc)
		rc = app_guard(&a, err);
	if (!rc) {
		a.loader.loop = &a.loop;
		a.loader.source = a.source;
		a.loader.world = &a.world;
		if (a.recorder)
			recorder_start(a.recorder, &a.loop, &a.world, &a.detect);
		rc = run(&a, err);
	}
	failed = is_failed(&a);
	app_close(&a);
	if (rc)
		return (int)err->code;
	return a.signal ? 128 + a.signal : failed ? EXIT_FINDING : EXIT_FINE;
}

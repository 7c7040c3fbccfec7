/* SPDX-License-Identifier: Apache-2.0 */
#include "follow.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analysis/finding.h"
#include "core/mem.h"
#include "export/report.h"
#include "loader.h"
#include "owncost.h"
#include "recorder.h"
#include "source/live.h"
#include "source/tree.h"

enum {
	TICK_MS = 25,
	YOUNG_MS = 100, /* before that, what a process is may not be settled */
	GIVE_UP_MS = 3000, /* what is no Go program until then stays none */
	LAST_MS = 1000, /* for those that end with the command */
	WATCHED_MOST = 64, /* at a time */
	DRAIN_NS = 200 * 1000 * 1000,
};

/* One process of the tree; one that runs another program starts anew. */
struct watched {
	pid_t pid;
	uint64_t start_time, exec_mark; /* see proc_status */
	uint64_t seen; /* when first, as this program; loop's ms */
	bool is_there;
	bool done; /* told of, or there is nothing to tell */
	char name[64];
	struct world world;
	struct detect detect;
	struct loader loader;
	struct source *source; /* NULL: not watched */
	struct recorder *recorder; /* NULL: nothing is recorded */
	char *recording; /* its file */
};

struct follow {
	const struct follow_config *c;
	VEC(struct watched *) v; /* never moved: a loader points into it */
	struct tree tree;
	pid_t child;
	bool due; /* to look around: not within the loop's callbacks, for that closes handles */
	bool ended;
	int status; /* of the command */
	int signal; /* that asked us to end */
	uint64_t until; /* once it has ended: no longer than that; loop's ms */
	size_t n_watched, n_short, n_refused, n_findings;
	uv_timer_t timer;
	uv_signal_t on[3];
	struct err *err;
};

bool follow_wanted(const struct options *o)
{
	return o->mode == MODE_COMMAND && o->fail_on >= 0 && !o->once && o->duration <= 0 &&
	       !o->iterations && !o->script;
}

void follow_prepare(void)
{
	char buf[16];

	/* each that is watched has a thread of its own */
	snprintf(buf, sizeof(buf), "%d", WATCHED_MOST + 4);
	setenv("UV_THREADPOOL_SIZE", buf, 1);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* --- one process --- */

static void on_progress(struct loader *l)
{
	struct watched *p = l->arg;

	detect_look(&p->detect, &p->world);
}

/* "a.test-4242" */
static const char *file_name(const struct watched *p, char buf[96])
{
	snprintf(buf, 96, "%s-%d", p->name, (int)p->pid);
	return buf;
}

/* Each program has a recording of its own. */
static void record_begin(struct follow *f, struct watched *p)
{
	const struct options *o = f->c->opt;
	struct recorder_config c = { .limit = o->record_limit,
				     .on = o->record_on,
				     .source = o->record_source,
				     .live = true };
	struct err err = { 0 };
	char name[96];

	if (!o->record)
		return;
	p->recording = batch_own_name(o->record, file_name(p, name));
	c.file = p->recording;
	p->recorder = recorder_open(&c, &err);
	if (p->recorder)
		recorder_start(p->recorder, f->c->loop, &p->world, &p->detect);
	else
		fprintf(stderr, "bingo-top: %s\n", err.text);
}

static void record_end(struct watched *p)
{
	struct err err = { 0 };

	if (recorder_close(p->recorder, &err))
		fprintf(stderr, "bingo-top: %s\n", err.text);
	p->recorder = NULL;
	free(p->recording);
	p->recording = NULL;
}

static void watched_begin(struct follow *f, struct watched *p)
{
	world_init(&p->world);
	detect_init(&p->detect);
	p->detect.conf = f->c->detect->conf;
	p->detect.findings.baseline = f->c->detect->findings.baseline;
	p->loader = (struct loader){
		.loop = f->c->loop,
		.source = p->source,
		.world = &p->world,
		.budget_ns = DRAIN_NS,
		.progress = on_progress,
		.arg = p,
	};
	f->n_watched++;
	record_begin(f, p);
	loader_start(&p->loader);
}

static void watched_end(struct watched *p)
{
	if (!p->source)
		return;
	record_end(p);
	loader_stop(&p->loader);
	p->world.history = NULL;
	p->world.inspector = NULL;
	p->source->ops->close(p->source);
	p->source = NULL;
	detect_release(&p->detect);
	world_release(&p->world);
}

static void refused(struct follow *f, const struct watched *p, const struct err *e)
{
	if (!f->n_refused++)
		fprintf(stderr, "bingo-top: %s (process %d) is not watched: %s\n", p->name,
			(int)p->pid, e->text);
}

/* Opens it, if it is a Go program by now. */
static void try_open(struct follow *f, struct watched *p, uint64_t age)
{
	const struct live_config cfg = { .rate = f->c->opt->rate,
					 .no_ptrace = f->c->opt->no_ptrace,
					 .no_bpf = true,
					 .past = f->c->opt->past_mb << 20,
					 .wait_ms = 1 };
	struct err e = { 0 };

	p->source = live_open(p->pid, &cfg, &e);
	if (p->source) {
		watched_begin(f, p);
	} else if (e.rc == -EPERM || e.rc == -EACCES) {
		if (age < GIVE_UP_MS)
			return;
		refused(f, p, &e);
		p->done = true;
	} else if (age > GIVE_UP_MS) {
		p->done = true;
	}
}

static uint32_t findings_of(const struct follow *f, const struct watched *p)
{
	uint32_t n = 0;

	for (int s = f->c->opt->fail_on; s < SEVERITY_N; s++)
		n += p->detect.findings.count[s];
	return n;
}

/* What is to be said of it, once it has ended or the command has. */
static void tell(struct follow *f, struct watched *p)
{
	struct report r = { .world = &p->world, .moment = &p->world.now, .detect = &p->detect };
	char name[96];
	uint32_t n;

	p->done = true;
	if (!p->world.live.passes) {
		f->n_short++;
		f->n_watched--;
		return;
	}
	detect_now(&p->detect, &p->world);
	n = findings_of(f, p);
	f->n_findings += n;
	if (n) {
		fprintf(stderr, "bingo-top: %s (process %d)\n", p->name, (int)p->pid);
		report_findings_text(&r, stderr);
	}
	snprintf(name, sizeof(name), "%s-%d", p->name, (int)p->pid);
	if (!f->err->rc)
		batch_part(f->c->opt, f->c->files, &p->world, &p->detect, own_cpu_pct(f->c->began),
			   name, f->err);
}

/* --- the tree --- */

static struct watched *find(struct follow *f, const struct tree_process *t)
{
	for (size_t i = 0; i < f->v.n; i++)
		if (f->v.v[i]->pid == t->pid && f->v.v[i]->start_time == t->start_time)
			return f->v.v[i];
	return NULL;
}

/* A process may execute one program after the other: what was told of the one before stands. */
static void meet(struct follow *f, const struct tree_process *t)
{
	struct watched *p = find(f, t);

	bool is_new = !p;

	if (is_new) {
		p = xcalloc(1, sizeof(*p));
		p->pid = t->pid;
		p->start_time = t->start_time;
		*vec_push(&f->v) = p;
	}
	p->is_there = true;
	if (p->source || (!is_new && p->exec_mark == t->exec_mark))
		return;
	p->exec_mark = t->exec_mark;
	p->seen = uv_now(f->c->loop);
	p->done = t->kind != TREE_GO;
	snprintf(p->name, sizeof(p->name), "%s", t->name);
}

static size_t n_open(const struct follow *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->v.n; i++)
		n += f->v.v[i]->source != NULL;
	return n;
}

static void visit(struct follow *f, struct watched *p)
{
	uint64_t age = uv_now(f->c->loop) - p->seen;

	if (p->source && p->loader.whole) {
		tell(f, p);
		watched_end(p);
	} else if (!p->source && !p->done && p->is_there && age >= YOUNG_MS &&
		   n_open(f) < WATCHED_MOST) {
		try_open(f, p, age);
	}
}

/* Those that are gone, and have nothing more to tell. */
static void forget(struct follow *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->v.n; i++) {
		struct watched *p = f->v.v[i];

		if (p->is_there || p->source) {
			f->v.v[n++] = p;
			continue;
		}
		f->n_short += !p->done;
		free(p);
	}
	f->v.n = n;
}

/* Also those that were left to us by parents that ended. */
static void reap(struct follow *f)
{
	pid_t pid;
	int st;

	while ((pid = waitpid(-1, &st, WNOHANG)) > 0)
		if (pid == f->child) {
			f->ended = true;
			f->status = st;
			f->until = uv_now(f->c->loop) + LAST_MS;
		}
}

static void look_around(struct follow *f)
{
	reap(f);
	tree_read(&f->tree, getpid());
	for (size_t i = 0; i < f->v.n; i++)
		f->v.v[i]->is_there = false;
	for (size_t i = 0; i < f->tree.process.n; i++)
		meet(f, &f->tree.process.v[i]);
	for (size_t i = 0; i < f->v.n; i++)
		visit(f, f->v.v[i]);
	forget(f);
}

static void on_timer(uv_timer_t *t)
{
	((struct follow *)t->data)->due = true;
}

/* A shell that ends by it would leave what it has started behind. */
static void on_signal(uv_signal_t *h, int num)
{
	struct follow *f = h->data;

	if (num == SIGINT)
		return;
	f->signal = num;
	tree_read(&f->tree, getpid());
	for (size_t i = 0; i < f->tree.process.n; i++)
		kill(f->tree.process.v[i].pid, num);
}

static bool is_over(const struct follow *f)
{
	return f->ended && (!n_open(f) || uv_now(f->c->loop) > f->until);
}

static void sum_up(const struct follow *f)
{
	fprintf(stderr, "bingo-top: %zu Go program%s watched, ", f->n_watched,
		f->n_watched == 1 ? "" : "s");
	if (f->n_short)
		fprintf(stderr, "%zu ended too soon to be looked at, ", f->n_short);
	if (f->n_refused)
		fprintf(stderr, "%zu could not be, ", f->n_refused);
	fprintf(stderr, "%zu finding%s of %s or worse\n", f->n_findings,
		f->n_findings == 1 ? "" : "s", severity_name((enum severity)f->c->opt->fail_on));
}

static int exit_code(const struct follow *f)
{
	int own = WIFSIGNALED(f->status) ? 128 + WTERMSIG(f->status) : WEXITSTATUS(f->status);

	if (f->n_findings)
		return EXIT_FINDING;
	if (f->signal)
		return 128 + f->signal;
	return own ? own : f->n_refused ? EXIT_ATTACH : EXIT_FINE;
}

static void handles_open(struct follow *f)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	for (int i = 0; i < 3; i++) {
		uv_signal_init(f->c->loop, &f->on[i]);
		f->on[i].data = f;
		uv_signal_start(&f->on[i], on_signal, signals[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	uv_timer_init(f->c->loop, &f->timer);
	f->timer.data = f;
	uv_timer_start(&f->timer, on_timer, 0, TICK_MS);
}

static void handles_close(struct follow *f)
{
	uv_close((uv_handle_t *)&f->timer, NULL);
	for (int i = 0; i < 3; i++)
		uv_close((uv_handle_t *)&f->on[i], NULL);
	uv_run(f->c->loop, UV_RUN_NOWAIT);
}

int follow_run(const struct follow_config *c, pid_t child, struct err *err)
{
	struct follow f = { .c = c, .child = child, .err = err };

	handles_open(&f);
	while (!is_over(&f)) {
		uv_run(c->loop, UV_RUN_ONCE);
		if (f.due)
			look_around(&f);
		f.due = false;
	}
	for (size_t i = 0; i < f.v.n; i++) {
		if (f.v.v[i]->source)
			tell(&f, f.v.v[i]);
		watched_end(f.v.v[i]);
		free(f.v.v[i]);
	}
	vec_free(&f.v);
	tree_release(&f.tree);
	handles_close(&f);
	if (!err->rc)
		batch_tail(c->opt, c->files, err);
	sum_up(&f);
	return err->rc ? err->rc : exit_code(&f);
}

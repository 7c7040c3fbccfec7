/* SPDX-License-Identifier: Apache-2.0 */
#include "source/core.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "source/live_priv.h"
#include "target/core.h"

enum { LOG_LEAST = 64 << 20 };

bool coredump_known(const struct input *in)
{
	return core_known(in->data, in->size);
}

/* --- where running goroutines are --- */

static void tell_running(struct live_source *l)
{
	const struct gsched *sched = scan_sched(l->scan);
	struct regs_seen *seen = xcalloc(1, sizeof(*seen));
	struct stackset set;
	uint8_t status;

	stackset_init(&set);
	for (size_t i = 0; i < sched->m.n && !atomic_load(&l->cancelled); i++) {
		const struct gthread *m = &sched->m.v[i];
		struct live_batch *b;

		if (!m->curg || !scan_goid_at(l->scan, m->curg, &status) || status != GST_RUNNING ||
		    !target_core_running(l->t, m->addr, seen))
			continue;
		b = batch_new(l);
		b->sample = xcalloc(1, sizeof(*b->sample));
		b->sample->time = l->t0;
		b->sample->goid = seen->goid;
		b->sample->tid = m->tid;
		b->sample->p = live_proc_id(l->t, seen->p);
		live_regs_lines(l->t->sym, l->t->lay.arch, &set, seen, &b->line);
		batch_send(l, b);
	}
	stackset_release(&set);
	free(seen);
}

/* --- the source --- */

static void say_end(struct live_source *l)
{
	const struct core *c = l->t->core;
	const char *name = c->signal ? sigabbrev_np(c->signal) : NULL;

	if (name)
		live_over(l, "it was ended by SIG%s", name);
	else if (c->signal)
		live_over(l, "it was ended by signal %d", c->signal);
	else
		live_over(l, "it was copied while it ran");
}

static void core_work(struct source *src)
{
	struct live_source *l = (struct live_source *)src;

	if (atomic_exchange(&l->taken, true))
		return;
	if (live_scan(l)) {
		live_over(l,
			  "%s: the goroutine table of its runtime cannot be read; the core is "
			  "damaged or cut short",
			  l->file);
		live_inspect_over(l);
		return;
	}
	tell_running(l);
	live_look(l, live_clock(CLOCK_MONOTONIC));
	live_pass_end(l, l->t0);
	say_end(l);
	live_inspect_over(l);
}

static const struct source_ops core_ops = {
	.kind = "core",
	.work = core_work,
	.drain = live_drain,
	.cancel = live_cancel,
	.close = live_close,
};

static void warn(const struct target *t, struct world *w)
{
	if (t->core->missing)
		world_warn(w,
			   "the core is cut short: %" PRIu64
			   " MB of the program's memory are missing; what is there is shown",
			   (t->core->missing + (1 << 20) - 1) >> 20);
	if (t->core->goroutines_lacking)
		world_warn(w,
			   "%" PRIu32 " goroutines, living or ended, are on pages that are not in "
			   "the core",
			   t->core->goroutines_lacking);
	if (!t->core->thread.n)
		world_warn(w,
			   "the core has no registers: where running goroutines are is not known");
	world_warn(w, "a core dump is one look: what grows or starves takes time to see and is not "
		      "judged, and a queue may be of that moment");
	if (!t->over_at)
		world_warn(w, "how long goroutines wait is not known: the core tells no time");
}

struct source *coredump_open(const struct input *in, const char *exe, struct world *w,
			     struct err *err)
{
	const struct target_core from = {
		.data = in->data, .len = in->size, .name = in->name, .exe = exe
	};
	/* all that it tells is kept: it is bounded by what the file holds */
	const struct live_config cfg = { .no_ptrace = true,
					 .no_bpf = true,
					 .past = (size_t)LOG_LEAST + in->size };
	struct live_source *l;
	struct target *t;

	if (target_open_core(&t, &from, err))
		return NULL;
	warn(t, w);
	l = live_new(t, &cfg, &core_ops);
	l->file = in->name;
	return &l->source;
}

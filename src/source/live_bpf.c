/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel's side tells, as samples and sums. The state of goroutines stays
 * the scan's: nothing here changes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/live_priv.h"

enum { SAMPLE_HZ = 99 };

/* --- the reading thread --- */

/*
 * Frame pointers leave the caller of a function out that has set up none yet, or
 * will not (amd64: where the return address still lies next to the stack pointer).
 */
static uint64_t missing_caller(struct symtab *st, const struct rec_sample *r)
{
	int32_t delta = r->n ? symtab_spdelta(st, r->pc[0]) : SPDELTA_NONE;
	uint64_t ret = delta == 0 ? r->top[0] : delta == 8 ? r->top[1] : 0;

	if (!ret || (r->n > 1 && ret == r->pc[1]) || !symtab_pc(st, ret - 1))
		return 0;
	return ret;
}

static bool is_func(const struct sympc *p, const char *name)
{
	return !strcmp(p->frame[p->nframe - 1].func, name);
}

static bool is_in_schedule(struct symtab *st, const struct rec_sample *r, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct sympc *p = symtab_pc(st, r->pc[i] - 1);

		if (p && is_func(p, "runtime.schedule"))
			return true;
	}
	return false;
}

/*
 * On the thread's own stack the chain may go on with a goroutine that the thread
 * has left, by mcall or to be preempted: its frames are not what was on CPU. In the
 * midst of the change it is not known whose they are.
 */
static bool ends_there(struct symtab *st, const struct rec_sample *r, uint32_t i)
{
	const struct sympc *p = symtab_pc(st, r->pc[i] - (i != 0));

	if (!p || (i && r->flags & RECG_USER))
		return false;
	return p->id == GOFUNC_MCALL || p->id == GOFUNC_GOGO || (!i && is_func(p, "gogo")) ||
	       (p->id == GOFUNC_MORESTACK && is_in_schedule(st, r, i));
}

size_t live_sample_pcs(struct symtab *st, const struct rec_sample *r, unwind_pc *pcs)
{
	uint64_t caller = missing_caller(st, r);
	size_t n = 0;

	for (uint32_t i = 0; i < r->n; i++) {
		/* in a system call the thread stands behind the instruction that made it */
		pcs[n++] = unwind_pc_make(r->pc[i], i == 0 && !(r->flags & RECG_KERNEL));
		if (ends_there(st, r, i))
			break;
		if (i == 0 && caller)
			pcs[n++] = unwind_pc_make(caller, false);
	}
	return n;
}

static uint32_t sample_stack(struct live_source *l, const struct rec_sample *r)
{
	unwind_pc pcs[REC_FRAMES + 1];
	size_t n = live_sample_pcs(l->t->sym, r, pcs);

	return stackset_put(scan_stacks(l->scan), pcs, n, r->n == REC_FRAMES ? STACK_CUT : 0);
}

static void on_sample(struct live_source *l, const struct rec_sample *r)
{
	struct live_kernel *k = &l->bpf_batch->kernel;

	if (!r->head.goid || r->flags & RECG_ODD) {
		k->runtime++;
		return;
	}
	*vec_push(&k->sample) = (struct live_cpu_sample){ .time = (int64_t)r->head.time,
							  .goid = r->head.goid,
							  .tid = r->head.tid,
							  .stack = sample_stack(l, r) };
}

static struct live_load *load_of(struct live_source *l, uint64_t goid)
{
	struct live_kernel *k = &l->bpf_batch->kernel;
	uint32_t i = map64_get(&l->bpf_goid, goid);

	if (i != UINT32_MAX)
		return &k->load.v[i];
	map64_put(&l->bpf_goid, goid, (uint32_t)k->load.n);
	*vec_push(&k->load) = (struct live_load){ .goid = goid };
	return &k->load.v[k->load.n - 1];
}

static struct live_thread_load *thread_load_of(struct live_source *l, uint32_t tid)
{
	struct live_kernel *k = &l->bpf_batch->kernel;
	uint32_t i = map64_get(&l->bpf_tid, tid);

	if (i != UINT32_MAX)
		return &k->thread.v[i];
	map64_put(&l->bpf_tid, tid, (uint32_t)k->thread.n);
	*vec_push(&k->thread) = (struct live_thread_load){ .tid = tid };
	return &k->thread.v[k->thread.n - 1];
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void on_sum(struct live_source *l, const struct rec_sum *r)
{
	struct live_thread_load *t = thread_load_of(l, r->head.tid);
	struct live_load *g;

	t->cpu_ns += r->cpu_ns;
	t->runq_ns += r->runq_ns;
	t->runq_most_ns = larger(t->runq_most_ns, r->runq_most_ns);
	t->waker_tid = r->waker_tid;
	t->waker_goid = r->waker_goid;
	if (!r->head.goid || (!r->runq_n && !r->syscalls))
		return;
	g = load_of(l, r->head.goid);
	g->runq_ns += r->runq_ns;
	g->runq_most_ns = larger(g->runq_most_ns, r->runq_most_ns);
	g->runq_n += r->runq_n;
	g->syscalls += r->syscalls;
	g->syscall_ns += r->syscall_ns;
}

static void on_call(struct live_source *l, const struct rec_syscall *r)
{
	struct live_load *g;

	if (!r->head.goid)
		return;
	g = load_of(l, r->head.goid);
	if (r->ns > g->slow.ns)
		g->slow = *r;
}

static void on_record(void *arg, const struct rec_head *rec)
{
	struct live_source *l = arg;

	if (rec->kind == REC_SAMPLE)
		on_sample(l, (const struct rec_sample *)rec);
	else if (rec->kind == REC_SUM)
		on_sum(l, (const struct rec_sum *)rec);
	else if (rec->kind == REC_SYSCALL)
		on_call(l, (const struct rec_syscall *)rec);
}

struct bpf_target live_bpf_target(const struct target *t)
{
	return (struct bpf_target){
		.pid = t->pid,
		.has_tls_g = t->glob.has_tls_g,
		.tls_g = t->glob.tls_g,
		.g_m = t->lay.g.m,
		.g_goid = t->lay.g.goid,
		.m_curg = t->lay.m.curg,
		.m_g0 = t->lay.m.g0,
		.m_procid = t->lay.m.procid,
		.hz = SAMPLE_HZ,
	};
}

/* What costs something for each event is put on by the governor alone. */
static void govern(struct live_source *l, const struct bpf_part_state *state)
{
	for (int p = BPF_SCHED; p <= BPF_SYSCALLS; p++) {
		l->governed[p] = l->bpf && state[p].why == BPF_ON;
		if (l->governed[p])
			bpf_set_part(l->bpf, (enum bpf_part)p, false);
	}
}

static void bpf_start(struct live_source *l)
{
	struct bpf_part_state state[BPF_PARTS];
	struct live_batch *b = batch_new(l);
	struct bpf_target t = live_bpf_target(l->t);

	l->bpf_tried = true;
	if (l->cfg.no_bpf) {
		snprintf(b->kernel.word, sizeof(b->kernel.word), "bpf off: --no-bpf");
	} else {
		l->bpf = bpf_set_open(&t, state);
		bpf_state_word(state, b->kernel.word, sizeof(b->kernel.word));
		govern(l, state);
		b->kernel.hz = l->bpf && state[BPF_SAMPLES].why == BPF_ON ? SAMPLE_HZ : 0;
	}
	l->bpf_lost = 0;
	b->kernel.told = true;
	b->time = live_clock(CLOCK_MONOTONIC);
	batch_send(l, b);
}

static void bpf_read(struct live_source *l)
{
	struct live_batch *b = batch_new(l);
	uint64_t lost;

	l->bpf_batch = b;
	map64_clear(&l->bpf_goid);
	map64_clear(&l->bpf_tid);
	bpf_set_drain(l->bpf, on_record, l);
	l->bpf_batch = NULL;
	lost = bpf_set_lost(l->bpf);
	b->kernel.lost = lost - l->bpf_lost;
	l->bpf_lost = lost;
	if (!b->kernel.sample.n && !b->kernel.load.n && !b->kernel.thread.n && !b->kernel.lost &&
	    !b->kernel.runtime) {
		batch_free(b);
		return;
	}
	b->time = live_clock(CLOCK_MONOTONIC);
	batch_names(l, b);
	batch_send(l, b);
}

void live_bpf_drain(struct live_source *l)
{
	int64_t cpu = live_clock(CLOCK_THREAD_CPUTIME_ID);

	if (!l->bpf_tried) {
		bpf_start(l);
		return;
	}
	if (!l->bpf)
		return;
	bpf_read(l);
	l->bpf_cost_ns += live_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;
}

void live_bpf_stop(struct live_source *l)
{
	bpf_set_close(l->bpf);
	l->bpf = NULL;
	l->bpf_tried = false;
	map64_free(&l->bpf_goid);
	map64_free(&l->bpf_tid);
}

void live_kernel_free(struct live_kernel *k)
{
	vec_free(&k->sample);
	vec_free(&k->load);
	vec_free(&k->thread);
}

/* --- the loop's thread --- */

static void tell_sample(struct live_source *l, struct world *w, const struct live_cpu_sample *s)
{
	struct event ev = {
		.time = live_time(l, s->time),
		.kind = EV_SAMPLE,
		.g = s->goid,
		.m = s->tid,
		.p = NO_ID,
		.stack = live_stack_id(l, s->stack),
		.value = 1000 * 1000 * 1000 / SAMPLE_HZ,
	};

	uint32_t row = world_find(w, s->goid);

	if (row == NO_G) /* it lives for less than a pass */
		return;
	live_tell(l, w, &ev);
	world_load_add(w, row)->cpu_samples++;
}

static void tell_slow(struct world *w, struct gload *g, const struct rec_syscall *r)
{
	struct sysc s = { .nr = (int32_t)r->nr };

	if (r->ns <= g->slow_ns)
		return;
	memcpy(s.arg, r->arg, sizeof(s.arg));
	g->slow_ns = r->ns;
	g->slow_call = live_syscall_text(w, r->nr);
	g->slow_fd = sysc_fd(&s);
}

static void tell_load(struct world *w, const struct live_load *k)
{
	uint32_t row = world_find(w, k->goid);
	struct gload *g;

	if (row == NO_G)
		return;
	g = world_load_add(w, row);
	g->runq_ns += k->runq_ns;
	g->runq_most_ns = larger(g->runq_most_ns, k->runq_most_ns);
	g->runq_n += k->runq_n;
	g->syscalls += k->syscalls;
	g->syscall_ns += k->syscall_ns;
	tell_slow(w, g, &k->slow);
}

static void tell_thread_load(struct world *w, const struct live_thread_load *k)
{
	struct thread *t = world_thread(w, k->tid);

	if (!t)
		return;
	t->cpu_ns += k->cpu_ns;
	t->runq_ns += k->runq_ns;
	t->runq_most_ns = larger(t->runq_most_ns, k->runq_most_ns);
	t->waker_tid = k->waker_tid;
	t->waker_goid = k->waker_goid;
}

void live_tell_kernel(struct live_source *l, struct world *w, const struct live_kernel *k)
{
	if (k->told) {
		w->live.bpf = world_str(w, k->word);
		w->live.sample_hz = k->hz;
		w->generation++;
	}
	for (size_t i = 0; i < k->sample.n; i++)
		tell_sample(l, w, &k->sample.v[i]);
	for (size_t i = 0; i < k->load.n; i++)
		tell_load(w, &k->load.v[i]);
	for (size_t i = 0; i < k->thread.n; i++)
		tell_thread_load(w, &k->thread.v[i]);
	w->live.samples_runtime += k->runtime;
	live_tell_lost(l, w, k->lost);
}

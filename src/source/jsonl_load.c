/* SPDX-License-Identifier: Apache-2.0 */
/* Sums that the kernel told of goroutines and threads, as they were at the session's end. */
#include "source/jsonl_impl.h"

static void read_goroutine(const struct jline *l, struct world *w)
{
	uint32_t row = world_find(w, jline_uint(l, K_G));
	struct gload *g;

	if (row == NO_G)
		return;
	g = world_load_add(w, row);
	g->cpu_samples = jline_uint(l, K_CPU_SAMPLES);
	g->runq_ns = jline_uint(l, K_RUNQ);
	g->runq_most_ns = jline_uint(l, K_RUNQ_MOST);
	g->runq_n = jline_uint(l, K_RUNQ_N);
	g->syscalls = jline_uint(l, K_SYSCALLS);
	g->syscall_ns = jline_uint(l, K_SYSCALL_NS);
	g->slow_ns = jline_uint(l, K_SLOW_NS);
	g->slow_call = jread_string(l, w, K_SLOW);
	g->slow_fd = l->has[K_SLOW_FD] && l->v[K_SLOW_FD].u <= INT32_MAX
			     ? (int32_t)l->v[K_SLOW_FD].u
			     : -1;
}

static void read_thread(const struct jline *l, struct world *w)
{
	struct thread *t = world_thread(w, l->v[K_M].u);

	if (!t)
		return;
	t->cpu_ns = jline_uint(l, K_CPU);
	t->runq_ns = jline_uint(l, K_RUNQ);
	t->runq_most_ns = jline_uint(l, K_RUNQ_MOST);
	t->waker_goid = jline_uint(l, K_WAKER);
	t->waker_tid = jline_uint(l, K_WAKER_TID);
}

void jread_load(struct jsonl *j, struct world *w)
{
	if (j->line.has[K_G])
		read_goroutine(&j->line, w);
	else if (j->line.has[K_M])
		read_thread(&j->line, w);
	w->generation++;
}

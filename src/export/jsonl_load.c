/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of what the kernel told of goroutines and threads: sums, which no event has. */
#include "export/jsonl_impl.h"

static void write_some(struct json *j, const char *key, uint64_t v)
{
	if (v)
		jw_uint(j, key, v);
}

static void write_goroutine(struct jsonl_writer *wr, uint64_t goid, const struct gload *l)
{
	struct json *j = &wr->json;

	jsonl_begin(wr, wr->w->t_end, goid, "load");
	write_some(j, "cpu_samples", l->cpu_samples);
	write_some(j, "runq_ns", l->runq_ns);
	write_some(j, "runq_max_ns", l->runq_most_ns);
	write_some(j, "runq_n", l->runq_n);
	write_some(j, "syscalls", l->syscalls);
	write_some(j, "syscall_ns", l->syscall_ns);
	jsonl_string(wr, "slow", l->slow_call);
	write_some(j, "slow_ns", l->slow_ns);
	if (l->slow_fd >= 0)
		jw_uint(j, "slow_fd", (uint64_t)l->slow_fd);
	jsonl_end(wr);
}

static void write_thread(struct jsonl_writer *wr, const struct thread *t)
{
	struct json *j = &wr->json;

	if (!t->cpu_ns && !t->runq_ns && !t->waker_tid && !t->waker_goid)
		return;
	jsonl_begin(wr, wr->w->t_end, 0, "load");
	jw_uint(j, "m", t->tid);
	write_some(j, "cpu_ns", t->cpu_ns);
	write_some(j, "runq_ns", t->runq_ns);
	write_some(j, "runq_max_ns", t->runq_most_ns);
	write_some(j, "waker", t->waker_goid);
	write_some(j, "waker_tid", t->waker_tid);
	jsonl_end(wr);
}

void jsonl_loads(struct jsonl_writer *wr)
{
	const struct world *w = wr->w;

	for (uint32_t row = 0; row < w->g.n && w->load.n; row++) {
		const struct gload *l = world_load(w, row);
		uint64_t goid = w->g.v[row].goid;

		/* by its number alone the latest one is found */
		if (l && world_find(w, goid) == row)
			write_goroutine(wr, goid, l);
	}
	for (size_t i = 0; i < w->thread.n; i++)
		write_thread(wr, &w->thread.v[i]);
}

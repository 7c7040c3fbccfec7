/* SPDX-License-Identifier: Apache-2.0 */
/* From the trace's ids and the worker's segments to the world; the loop's thread. */
#include <stdlib.h>

#include "source/trace1_impl.h"
#include "source/varint.h"

static uint32_t string_world(const struct trace1 *t, uint64_t id)
{
	uint32_t row = map64_get(&t->scan.string_id, id);

	return row == UINT32_MAX ? 0 : t->string_world[row];
}

uint32_t t1_string(const struct trace1 *t, uint64_t id)
{
	return string_world(t, id);
}

uint32_t t1_log_text(struct trace1 *t, const char *s)
{
	uint32_t id;

	pthread_mutex_lock(&t->lock);
	id = map64_get(&t->message_world, (uint64_t)(uintptr_t)s);
	pthread_mutex_unlock(&t->lock);
	return id == UINT32_MAX ? 0 : id;
}

uint32_t t1_stack(const struct trace1 *t, uint64_t id)
{
	uint32_t row = map64_get(&t->scan.stack_id, id);

	return row == UINT32_MAX ? 0 : t->stack_world[row];
}

uint8_t t1_stack_reason(const struct trace1 *t, uint64_t id)
{
	uint32_t row = map64_get(&t->scan.stack_id, id);

	return row == UINT32_MAX ? 0 : t->stack_reason[row];
}

static uint32_t stack_intern(const struct trace1 *t, struct world *w, struct t1_stack s)
{
	struct frame *frames = xmalloc(s.n * sizeof(*frames));
	uint64_t v[4];
	uint32_t id;

	for (uint32_t i = 0; i < s.n; i++) {
		for (int k = 0; k < 4; k++)
			s.p = varint_get(s.p, s.end, &v[k]);
		frames[i] = (struct frame){
			.pc = v[0],
			.func = string_world(t, v[1]),
			.file = string_world(t, v[2]),
			.line = v[3] > UINT32_MAX ? 0 : (uint32_t)v[3],
		};
	}
	id = stacktab_put(&w->stacks, frames, s.n);
	free(frames);
	return id;
}

static void texts_intern(struct trace1 *t, struct world *w)
{
	static const char *const texts[TX_N] = {
		[TX_NONE] = "",
		[TX_FOREVER] = "forever",
		[TX_PREEMPTED] = "preempted",
		[TX_GOSCHED] = "runtime.Gosched",
		[TX_SLEEP] = "sleep",
		[TX_SEND] = "chan send",
		[TX_RECV] = "chan receive",
		[TX_NETWORK] = "network",
		[TX_SYNC] = "sync",
		[TX_COND] = "sync.(*Cond).Wait",
		[TX_SELECT] = "select",
		[TX_ASSIST_WAIT] = "GC mark assist wait for work",
		[TX_GC] = "GC concurrent mark phase",
		[TX_SWEEP] = "GC incremental sweep",
		[TX_ASSIST] = "GC mark assist",
		[TX_HEAP] = "/memory/classes/heap/objects:bytes",
		[TX_GOAL] = "/gc/heap/goal:bytes",
		[TX_PROCS] = "/sched/gomaxprocs:threads",
		[TX_STW_FIRST] = "stop-the-world ()",
		[TX_STW_FIRST + 1] = "stop-the-world (GC mark termination)",
		[TX_STW_FIRST + 2] = "stop-the-world (GC sweep termination)",
		[TX_STW_FIRST + 3] = "stop-the-world (write heap dump)",
		[TX_STW_FIRST + 4] = "stop-the-world (goroutine profile)",
		[TX_STW_FIRST + 5] = "stop-the-world (goroutine profile cleanup)",
		[TX_STW_FIRST + 6] = "stop-the-world (all goroutine stack trace)",
		[TX_STW_FIRST + 7] = "stop-the-world (read mem stats)",
		[TX_STW_FIRST + 8] = "stop-the-world (AllThreadsSyscall)",
		[TX_STW_FIRST + 9] = "stop-the-world (GOMAXPROCS)",
		[TX_STW_FIRST + 10] = "stop-the-world (start trace)",
		[TX_STW_FIRST + 11] = "stop-the-world (stop trace)",
		[TX_STW_FIRST + 12] = "stop-the-world (CountPagesInUse (test))",
		[TX_STW_FIRST + 13] = "stop-the-world (ReadMetricsSlow (test))",
		[TX_STW_FIRST + 14] = "stop-the-world (ReadMemStatsSlow (test))",
		[TX_STW_FIRST + 15] = "stop-the-world (PageCachePagesLeaked (test))",
		[TX_STW_FIRST + 16] = "stop-the-world (ResetDebugLog (test))",
	};

	for (int i = 0; i < TX_N; i++) {
		t->text[i] = world_str(w, texts[i]);
		t->text_reason[i] = world_text_reason(w, t->text[i]);
	}
}

void t1_intern(struct trace1 *t, struct world *w)
{
	struct t1_scan *s = &t->scan;

	t->string_world = xcalloc(s->string.n, sizeof(*t->string_world));
	for (size_t i = 0; i < s->string.n; i++)
		t->string_world[i] = strtab_put(&w->strings, s->string.v[i].s, s->string.v[i].len);
	t->stack_world = xcalloc(s->stack.n, sizeof(*t->stack_world));
	t->stack_reason = xcalloc(s->stack.n, 1);
	for (size_t i = 0; i < s->stack.n; i++) {
		t->stack_world[i] = stack_intern(t, w, s->stack.v[i]);
		t->stack_reason[i] = (uint8_t)world_frames_reason(w, t->stack_world[i]);
	}
	texts_intern(t, w);
	vec_free(&s->string);
	vec_free(&s->stack);
	if (!s->frequency)
		world_warn(w, "the trace does not tell its clock's rate (it is written last): "
			      "times are ticks, not nanoseconds");
	t->interned = true;
}

static void segg_resolve(const struct trace1 *t, struct world *w, const struct t1_segg *in,
			 struct seg_g *out)
{
	uint32_t row = in->s.flags & SEGG_CREATED ? NO_G : world_find(w, in->s.goid);
	bool known = row != NO_G;

	*out = in->s;
	out->create_stack = t1_stack(t, in->create);
	out->start_stack = t1_stack(t, in->start);
	out->stack = in->stack != T1_KEEP_STACK ? t1_stack(t, in->stack)
		     : known			? w->now.stack[row]
						: 0;
	if (in->text == T1_KEEP && known)
		out->reason = w->now.reason[row];
	else if (out->state == GS_BLOCKED)
		out->reason = (uint8_t)world_reason(w, t->text[in->text == T1_KEEP ? 0 : in->text],
						    out->stack);
	else
		out->reason = out->state == GS_SYSCALL ? R_SYSCALL : R_NONE;
	if (!in->s.waker && known && w->g.v[row].last_entry != NO_ENTRY)
		out->waker = w->entry.v[w->g.v[row].last_entry].waker;
}

void t1_segment_merge(struct trace1 *t, struct world *w, struct t1_segment *s)
{
	for (size_t i = 0; i < s->band.n; i++) {
		if (s->band.v[i].begins)
			world_band(w, s->band.v[i].time, T_NEVER, t->text[s->band.v[i].text]);
		else
			world_band_end(w, s->band.v[i].time, t->text[s->band.v[i].text]);
	}
	vec_reserve(&t->merge, s->g.n);
	for (size_t i = 0; i < s->g.n; i++)
		segg_resolve(t, w, &s->g.v[i], &t->merge.v[i]);
	world_merge(w, s->t0, s->t1, s->n_events, t->merge.v, s->g.n);
	vec_free(&s->g);
	vec_free(&s->band);
	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < s->task.n; i++) {
		map64_put(&t->task_row, s->task.v[i].id, (uint32_t)t->task.n);
		*vec_push(&t->task) = s->task.v[i];
	}
	for (size_t i = 0; i < s->message.n; i++)
		map64_put(&t->message_world, (uint64_t)(uintptr_t)s->message.v[i].s,
			  strtab_put(&w->strings, s->message.v[i].s, s->message.v[i].len));
	vec_free(&s->message);
	*vec_push(&t->seg) = s;
	pthread_mutex_unlock(&t->lock);
	w->progress.bytes = (uint64_t)((double)t->seg.n * t->min_events * T1_EVENT_BYTES);
	if (w->progress.bytes > w->progress.total)
		w->progress.bytes = w->progress.total;
}

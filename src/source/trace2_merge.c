/* SPDX-License-Identifier: Apache-2.0 */
/* The loop's half of the reader: segments that are sure go into the world. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "source/trace2_impl.h"

enum { LOOK_EVERY = 128 }; /* strings and stacks between looks at the clock */

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* --- names --- */

static void names_intern(struct trace2 *t, struct world *w)
{
	static const char *const alloc[] = { "span",   "span-alloc",   "span-free",
					     "object", "object-alloc", "object-free",
					     "stack",  "stack-alloc",  "stack-free" };

	if (t->names.set)
		return;
	t->names = (struct t2_names){
		.gc = world_str(w, "GC concurrent mark phase"),
		.sweep = world_str(w, "GC incremental sweep"),
		.assist = world_str(w, "GC mark assist"),
		.heap = world_str(w, "/memory/classes/heap/objects:bytes"),
		.goal = world_str(w, "/gc/heap/goal:bytes"),
		.procs = world_str(w, "/sched/gomaxprocs:threads"),
		.set = true,
	};
	for (size_t i = 0; i < ARRAY_SIZE(alloc); i++)
		t->names.alloc[i] = world_str(w, alloc[i]);
}

static void string_intern(struct world *w, struct t2_gen *g, size_t i)
{
	g->string_world[i] = strtab_put(&w->strings, g->string.v[i].s, g->string.v[i].len);
	g->string_reason[i] = world_text_reason(w, g->string_world[i]);
}

static void stack_intern(struct world *w, struct t2_gen *g, size_t i)
{
	struct frame frames[T2_MAX_FRAMES];
	struct t2_stack s = g->stack.v[i];

	for (uint32_t k = 0; k < s.n; k++) {
		const struct t2_frame *f = &g->frame.v[g->frame_id.v[s.first + k]];

		frames[k] = (struct frame){
			.pc = f->pc,
			.func = g->string_world[f->func],
			.file = g->string_world[f->file],
			.line = f->line,
		};
	}
	g->stack_world[i] = stacktab_put(&w->stacks, frames, s.n);
	g->stack_reason[i] = (uint8_t)world_frames_reason(w, g->stack_world[i]);
}

static void clocks_take(struct trace2 *t, struct world *w, const struct t2_gen *g)
{
	if (!t->based) {
		t->base = g->t_min;
		t->based = true;
		w->time_base = g->t_min;
	}
	if (!w->wall_ns && g->wall_ns)
		w->wall_ns = g->wall_ns - (g->wall_at - t->base);
	if (g->assumed_clock)
		world_warn(w, "the trace's clock rate is missing (it is written last); 64 ns a "
			      "tick is assumed, as on Linux");
	if (g->cut && (!g->strings.n || !g->stacks.n))
		world_warn(w, "the names and stacks of the trace's last part are missing (they are "
			      "written last)");
}

/* Interns the generation's strings and stacks; false where time is up before that. */
static bool gen_intern(struct trace2 *t, struct world *w, struct t2_gen *g, int64_t until)
{
	size_t n = 0;

	if (!g->string_world) {
		names_intern(t, w);
		g->string_world = xcalloc(g->string.n, sizeof(*g->string_world));
		g->string_reason = xcalloc(g->string.n, 1);
		g->stack_world = xcalloc(g->stack.n, sizeof(*g->stack_world));
		g->stack_reason = xcalloc(g->stack.n, 1);
	}
	for (; g->n_string_world < g->string.n; g->n_string_world++) {
		if (++n % LOOK_EVERY == 0 && now_ns() > until)
			return false;
		string_intern(w, g, g->n_string_world);
	}
	for (; g->n_stack_world < g->stack.n; g->n_stack_world++) {
		if (++n % LOOK_EVERY == 0 && now_ns() > until)
			return false;
		stack_intern(w, g, g->n_stack_world);
	}
	clocks_take(t, w, g);
	return true;
}

/* --- segments --- */

static uint32_t stw_name(struct world *w, struct t2_str kind)
{
	char name[T2_MAX_STRING + 32];
	int n = snprintf(name, sizeof(name), "stop-the-world (%.*s)", (int)kind.len, kind.s);

	return strtab_put(&w->strings, name, (size_t)n);
}

static int64_t relative(const struct trace2 *t, int64_t at)
{
	return at == T_BEFORE || at == T_NEVER || at == T2_KEEP_TIME ? at : at - t->base;
}

/* A moment within the segment; generations overlap a little where they meet. */
static int64_t within(const struct trace2 *t, const struct t2_segment *s, int64_t at)
{
	if (at == T_BEFORE || at == T_NEVER || at == T2_KEEP_TIME)
		return at;
	return at - t->base < s->t0 ? s->t0 : at - t->base;
}

static void merge_bands(struct trace2 *t, struct world *w, struct t2_segment *s)
{
	for (size_t i = 0; i < s->band.n; i++) {
		const struct t2_band *b = &s->band.v[i];
		uint32_t name = b->stw == T2_NONE ? t->names.gc : stw_name(w, b->text);

		if (b->begins && b->stw != T2_NONE) {
			pthread_mutex_lock(&t->lock);
			map64_put(&s->gen->stw_world, b->stw, name);
			pthread_mutex_unlock(&t->lock);
		}
		if (b->begins)
			world_band(w, within(t, s, b->time), T_NEVER, name);
		else
			world_band_end(w, within(t, s, b->time), name);
	}
	for (size_t i = 0; i < s->stw.n; i++)
		s->stw.v[i].world = stw_name(w, s->stw.v[i].text);
	vec_free(&s->band);
}

/* Tasks that end here and began earlier get their names; those that stay open are noted. */
static void merge_tasks(struct trace2 *t, struct t2_segment *s)
{
	for (size_t i = 0; i < s->ended.n; i++) {
		struct t2_task *end = &s->ended.v[i];
		uint32_t row = map64_get(&t->task_row, end->id);

		if (row == UINT32_MAX)
			continue;
		end->parent = t->task.v[row].parent;
		end->name = t->task.v[row].name;
		t->task.v[row] = (struct t2_task){ .id = end->id };
	}
	for (size_t i = 0; i < s->task.n; i++) {
		struct t2_task *open = &s->task.v[i];
		uint32_t row = map64_get(&t->task_row, open->id);

		if (row == UINT32_MAX) {
			row = (uint32_t)t->task.n;
			map64_put(&t->task_row, open->id, row);
			vec_push(&t->task);
		}
		open->name = s->gen->string_world[open->name];
		t->task.v[row] = *open;
	}
	vec_free(&s->task);
}

/* Where generations overlap, the time that both have is the earlier's. */
static void shares_cut(struct seg_g *g, uint8_t first_state, int64_t whole)
{
	unsigned first = gstate_share(first_state);
	int64_t over = -whole;

	for (int i = 0; i < SHARE_N; i++)
		over += g->ns[i];
	for (unsigned k = 0; k < SHARE_N && over > 0; k++) {
		unsigned i = first < SHARE_N ? (first + k) % SHARE_N : k;
		int64_t cut = g->ns[i] < over ? g->ns[i] : over;

		g->ns[i] -= cut;
		over -= cut;
	}
}

static void entry_life(const struct trace2 *t, struct world *w, const struct t2_segment *s,
		       const struct t2_life *life, struct seg_g *out)
{
	const struct t2_gen *gen = s->gen;

	out->flags = life->flags;
	out->creator = life->creator;
	out->create_stack = gen->stack_world[life->create_stack];
	out->start_stack = gen->stack_world[life->start_stack];
	out->first_stack = gen->stack_world[life->first_stack];
	out->first_state = life->first_state;
	out->t_create = within(t, s, life->t_create);
	out->t_end = within(t, s, life->t_end);
	if (life->flags & SEGG_FIRST && life->first_state == GS_BLOCKED)
		out->first_reason = (uint8_t)world_reason(w, 0, out->first_stack);
}

/* What the segment left as it was comes from the world. */
static void entry_resolve(const struct trace2 *t, struct world *w, const struct t2_segment *s,
			  const struct t2_entry *in, struct seg_g *out)
{
	const struct t2_life *life = in->life == T2_NONE ? NULL : &s->life.v[in->life];
	bool created = life && life->flags & SEGG_CREATED;
	uint32_t row = created ? NO_G : world_find(w, in->goid);
	const uint32_t *stacks = s->gen->stack_world;

	*out = (struct seg_g){
		.goid = in->goid,
		.waker = in->waker,
		.since = within(t, s, in->since),
		.switches = in->switches,
		.state = in->state,
	};
	memcpy(out->ns, in->ns, sizeof(out->ns));
	if (life)
		entry_life(t, w, s, life, out);
	if (in->stack != T2_KEEP)
		out->stack = stacks[in->stack];
	else if (row != NO_G)
		out->stack = w->now.stack[row];
	if (in->since == T2_KEEP_TIME)
		out->since = row == NO_G ? T_BEFORE : w->now.since[row];
	if (in->state == GS_SYSCALL)
		out->reason = R_SYSCALL;
	else if (in->state == GS_BLOCKED && in->text == T2_KEEP && row != NO_G)
		out->reason = w->now.reason[row];
	else if (in->state == GS_BLOCKED)
		out->reason = (uint8_t)world_reason(
			w, s->gen->string_world[in->text == T2_KEEP ? 0 : in->text], out->stack);
	if (!in->waker && row != NO_G && w->g.v[row].last_entry != NO_ENTRY)
		out->waker = w->entry.v[w->g.v[row].last_entry].waker;
	shares_cut(out, row == NO_G ? GS_NONE : w->now.state[row],
		   (life && life->flags & SEGG_ENDED ? out->t_end : s->t1) -
			   (created ? out->t_create : s->t0));
}

static void segment_merge(struct trace2 *t, struct world *w, struct t2_segment *s)
{
	s->t0 = relative(t, s->t0);
	s->t1 = relative(t, s->t1);
	if (s->t0 < w->t_end)
		s->t0 = w->t_end;
	if (s->t1 < s->t0)
		s->t1 = s->t0;
	merge_bands(t, w, s);
	vec_reserve(&t->merge, s->g.n);
	for (size_t i = 0; i < s->g.n; i++)
		entry_resolve(t, w, s, &s->g.v[i], &t->merge.v[i]);
	world_merge(w, s->t0, s->t1, s->n_events, t->merge.v, s->g.n);
	vec_free(&s->g);
	vec_free(&s->life);
	merge_tasks(t, s);
	w->progress.bytes =
		s->gen->begin + (uint64_t)((double)(s->gen->end - s->gen->begin) * s->done / 65536);
	pthread_mutex_lock(&t->lock);
	*vec_push(&t->seg) = s;
	pthread_mutex_unlock(&t->lock);
}

/* What only the ordering needed goes. */
static void gen_slim(struct t2_gen *g)
{
	vec_free(&g->strings);
	vec_free(&g->stacks);
	vec_free(&g->samples);
	vec_free(&g->sync);
	vec_free(&g->string);
	vec_free(&g->stack);
	vec_free(&g->frame);
	vec_free(&g->frame_id);
}

/* Takes the next sure segment, or says that a job is over (seg NULL), or neither (0). */
static int drain_next(struct trace2 *t, struct t2_job **job, struct t2_segment **seg)
{
	struct t2_job *j;
	int got = 0;

	pthread_mutex_lock(&t->lock);
	j = t->drained < t->job.n ? t->job.v[t->drained] : NULL;
	*job = j;
	*seg = NULL;
	if (j && j->sure && j->head) {
		*seg = j->head;
		got = 1;
	} else if (j && j->state == JOB_DONE) {
		t->drained++;
		got = 1;
	}
	pthread_mutex_unlock(&t->lock);
	return got;
}

static void drain_took(struct trace2 *t, struct t2_job *j)
{
	struct t2_segment *s;

	pthread_mutex_lock(&t->lock);
	s = j->head;
	j->head = s->next;
	if (!j->head)
		j->tail = &j->head;
	s->next = NULL;
	pthread_mutex_unlock(&t->lock);
}

static int finish(struct world *w, struct err *err, const struct err *why)
{
	if (!w->seg.n)
		return err_set(err, why->rc ? why->rc : -EBADMSG, EXIT_BADFILE,
			       "%s holds no whole generation of a Go execution trace: %s",
			       strtab_get(&w->strings, w->source_name),
			       why->rc ? why->text : "there is nothing after its header");
	if (why->rc)
		world_warn(w, "the trace is cut short or damaged: %s; all before that is shown",
			   why->text);
	w->progress.bytes = w->progress.total;
	return SOURCE_WHOLE;
}

/* Why a generation could not be ordered: what it waits for in vain may have been cut off. */
static const struct err *job_err(const struct trace2 *t, const struct t2_job *j)
{
	return j->rc == -EILSEQ && j->gen.cut && t->walk.damage.rc ? &t->walk.damage : &j->err;
}

static int drain_state(struct trace2 *t, struct world *w, struct err *err)
{
	struct err why;
	bool over;

	pthread_mutex_lock(&t->lock);
	over = t->walked && t->drained == t->job.n;
	why = t->walk_err;
	pthread_mutex_unlock(&t->lock);
	if (atomic_load(&t->cancel)) {
		world_warn(w, "loading was stopped; what was read is shown");
		return SOURCE_WHOLE;
	}
	return over ? finish(w, err, &why) : SOURCE_MORE;
}

/* One segment, or as much of what it needs as there is time for. */
static void drain_segment(struct trace2 *t, struct world *w, struct t2_job *j,
			  struct t2_segment *seg, int64_t until)
{
	if (!j->interned)
		j->interned = gen_intern(t, w, &j->gen, until);
	if (!j->interned)
		return;
	drain_took(t, j);
	segment_merge(t, w, seg);
}

int trace2_drain(struct source *src, struct world *w, int64_t budget_ns, struct err *err)
{
	struct trace2 *t = (struct trace2 *)src;
	int64_t until = now_ns() + budget_ns;
	struct t2_segment *seg;
	struct t2_job *j;

	w->history = &t->src.history;
	while (drain_next(t, &j, &seg)) {
		if (seg)
			drain_segment(t, w, j, seg, until);
		else if (j->rc)
			return finish(w, err, job_err(t, j));
		else
			gen_slim(&j->gen);
		if (now_ns() > until) {
			trace2_notify(t);
			return SOURCE_MORE;
		}
	}
	return drain_state(t, w, err);
}

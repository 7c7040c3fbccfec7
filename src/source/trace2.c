/* SPDX-License-Identifier: Apache-2.0 */
#include "source/trace2.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "source/trace2_impl.h"
#include "source/varint.h"

enum {
	SMALL_FILE = 8 << 20,
	JOBS_AHEAD = 6, /* generations ordered before the first of them is stitched */
	SEGMENTS_WANTED = 512, /* in a small file, for a fine timeline */
	EVENT_BYTES = 6, /* of an event, on the average */
	SEGMENT_LEAST = 1024,
	SEGMENT_MOST = 64 << 10,
};

/* --- on the worker threads --- */

static void notify(struct trace2 *t)
{
	if (t->src.notify)
		t->src.notify(t->src.notify_arg);
}

static void job_emit(void *arg, struct t2_segment *seg)
{
	struct t2_job *j = arg;
	bool tell;

	pthread_mutex_lock(&j->trace->lock);
	*j->tail = seg;
	j->tail = &seg->next;
	tell = j->sure;
	pthread_mutex_unlock(&j->trace->lock);
	if (tell)
		notify(j->trace);
}

static void job_drop_segments(struct t2_job *j)
{
	while (j->head) {
		struct t2_segment *s = j->head;

		j->head = s->next;
		segment_free(s);
	}
	j->tail = &j->head;
}

static uint64_t segment_events(const struct trace2 *t)
{
	uint64_t n = t->walk.size / EVENT_BYTES / SEGMENTS_WANTED;

	return n < SEGMENT_LEAST ? SEGMENT_LEAST : n > SEGMENT_MOST ? SEGMENT_MOST : n;
}

static void order_aim(struct t2_order *o, struct t2_job *j)
{
	o->min_events = segment_events(j->trace);
	o->emit = job_emit;
	o->arg = j;
	o->cancel = &j->trace->cancel;
}

/* Orders a generation with nothing known of the one before. */
static void job_run_fresh(struct t2_job *j)
{
	struct t2_order *o = xmalloc(sizeof(*o));

	j->rc = gen_tables(&j->trace->walk, &j->gen, &j->err);
	if (!j->rc && !j->trace->sequential) {
		order_init(o, &j->trace->walk);
		order_aim(o, j);
		o->fresh = true;
		j->rc = order_run(o, &j->gen);
		j->fresh = o;
		return;
	}
	free(o);
}

/* Orders a generation from the true end of the one before. */
static int job_run_true(struct trace2 *t, struct t2_job *j)
{
	int rc;

	job_drop_segments(j);
	pthread_mutex_lock(&t->lock);
	j->sure = true;
	pthread_mutex_unlock(&t->lock);
	order_aim(&t->order, j);
	t->order.first = j->gen.index == 0;
	rc = order_run(&t->order, &j->gen);
	if (rc)
		j->err = t->order.err;
	return rc;
}

static void job_stitch(struct trace2 *t, struct t2_job *j)
{
	int rc = j->rc;

	if (j->fresh) {
		rc = rc ? -EAGAIN : order_stitch(&t->order, j->fresh);
		order_release(j->fresh);
		free(j->fresh);
		j->fresh = NULL;
		if (rc == -EAGAIN)
			rc = job_run_true(t, j);
	} else if (!rc) {
		rc = job_run_true(t, j);
	}
	j->rc = rc;
}

/* With the lock held: the next generation's job, or NULL. */
static struct t2_job *job_find(struct trace2 *t)
{
	struct t2_job *j = xcalloc(1, sizeof(*j));
	int rc = gen_walk(&t->walk, &j->gen, &t->walk_err);

	if (rc == 1) {
		j->trace = t;
		j->tail = &j->head;
		*vec_push(&t->job) = j;
		return j;
	}
	free(j);
	t->walked = true;
	return NULL;
}

static bool may_stitch(const struct trace2 *t)
{
	return !t->stitching && t->next < t->job.n && t->job.v[t->next]->state == JOB_ORDERED;
}

static void do_stitch(struct trace2 *t)
{
	struct t2_job *j = t->job.v[t->next];

	t->stitching = true;
	pthread_mutex_unlock(&t->lock);
	job_stitch(t, j);
	pthread_mutex_lock(&t->lock);
	t->stitching = false;
	j->sure = true;
	j->state = JOB_DONE;
	t->next++;
	if (j->rc) {
		/* nothing after a contradiction can be believed */
		t->walked = true;
		t->walk.off = t->walk.size;
	}
	pthread_cond_broadcast(&t->change);
	notify(t);
}

static void do_order(struct trace2 *t)
{
	struct t2_job *j = job_find(t);

	pthread_cond_broadcast(&t->change);
	if (!j)
		return;
	pthread_mutex_unlock(&t->lock);
	if (j->gen.index && !t->sequential)
		job_run_fresh(j);
	else
		j->rc = gen_tables(&t->walk, &j->gen, &j->err);
	pthread_mutex_lock(&t->lock);
	j->state = JOB_ORDERED;
	pthread_cond_broadcast(&t->change);
}

static bool work_over(const struct trace2 *t)
{
	if (atomic_load(&t->cancel))
		return true;
	if (t->next && t->job.v[t->next - 1]->rc)
		return true;
	return t->walked && t->next == t->job.n;
}

static void trace2_work(struct source *s)
{
	struct trace2 *t = (struct trace2 *)s;

	pthread_mutex_lock(&t->lock);
	while (!work_over(t)) {
		if (may_stitch(t))
			do_stitch(t);
		else if (!t->walked && t->job.n < t->next + JOBS_AHEAD)
			do_order(t);
		else
			pthread_cond_wait(&t->change, &t->lock);
	}
	pthread_cond_broadcast(&t->change);
	pthread_mutex_unlock(&t->lock);
	notify(t);
}

static void trace2_cancel(struct source *s)
{
	struct trace2 *t = (struct trace2 *)s;

	atomic_store(&t->cancel, true);
	pthread_mutex_lock(&t->lock);
	pthread_cond_broadcast(&t->change);
	pthread_mutex_unlock(&t->lock);
}

/* --- on the loop's thread --- */

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

/*
 * Go's reader keeps one frame for a pc, the first that it meets in the generation
 * (generation.go:addStacks): pcs remembers them.
 */
struct pcs {
	struct map64 row;
	VEC(struct frame) frame;
};

static struct frame pc_frame(struct pcs *pcs, struct frame f)
{
	uint32_t row = map64_get(&pcs->row, f.pc);

	if (row < pcs->frame.n)
		return pcs->frame.v[row];
	map64_put(&pcs->row, f.pc, (uint32_t)pcs->frame.n);
	*vec_push(&pcs->frame) = f;
	return f;
}

static uint32_t stack_intern(struct world *w, const struct t2_gen *g, struct t2_stack s,
			     const uint8_t *end, struct pcs *pcs)
{
	struct frame frames[T2_MAX_FRAMES];
	uint64_t pc = 0, func = 0, file = 0, line = 0;
	const uint8_t *p = s.p;

	for (uint32_t i = 0; i < s.n; i++) {
		p = varint_get(p, end, &pc);
		p = varint_get(p, end, &func);
		p = varint_get(p, end, &file);
		p = varint_get(p, end, &line);
		frames[i] =
			pc_frame(pcs, (struct frame){
					      .pc = pc,
					      .func = g->string_world[ids_get(&g->string_id, func)],
					      .file = g->string_world[ids_get(&g->string_id, file)],
					      .line = line > UINT32_MAX ? 0 : (uint32_t)line,
				      });
	}
	return stacktab_put(&w->stacks, frames, s.n);
}

static void gen_intern(struct trace2 *t, struct world *w, struct t2_gen *g)
{
	const uint8_t *end = t->in->data + t->in->size;
	struct pcs pcs = { 0 };

	names_intern(t, w);
	g->string_world = xcalloc(g->string.n, sizeof(*g->string_world));
	g->string_reason = xcalloc(g->string.n, 1);
	for (size_t i = 0; i < g->string.n; i++) {
		g->string_world[i] = strtab_put(&w->strings, g->string.v[i].s, g->string.v[i].len);
		g->string_reason[i] = world_text_reason(w, g->string_world[i]);
	}
	g->stack_world = xcalloc(g->stack.n, sizeof(*g->stack_world));
	g->stack_reason = xcalloc(g->stack.n, 1);
	for (size_t i = 0; i < g->stack.n; i++) {
		g->stack_world[i] = stack_intern(w, g, g->stack.v[i], end, &pcs);
		g->stack_reason[i] = (uint8_t)world_frames_reason(w, g->stack_world[i]);
	}
	map64_free(&pcs.row);
	vec_free(&pcs.frame);
	if (g->assumed_clock)
		world_warn(w, "the trace's clock rate is missing (it is written last); 64 ns a "
			      "tick is assumed, as on Linux");
	if (!t->based) {
		t->base = g->t_min;
		t->based = true;
		w->time_base = g->t_min;
	}
	if (!w->wall_ns && g->wall_ns)
		w->wall_ns = g->wall_ns - (g->wall_at - t->base);
}

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

static void merge_bands(struct trace2 *t, struct world *w, struct t2_segment *s)
{
	for (size_t i = 0; i < s->band.n; i++) {
		const struct t2_band *b = &s->band.v[i];
		uint32_t name = b->stw == T2_NONE ? t->names.gc : stw_name(w, b->text);

		if (b->begins && b->stw != T2_NONE)
			map64_put(&s->gen->stw_world, b->stw, name);
		if (b->begins)
			world_band(w, relative(t, b->time), T_NEVER, name);
		else
			world_band_end(w, relative(t, b->time), name);
	}
	for (size_t i = 0; i < s->stw.n; i++)
		s->stw.v[i].world = stw_name(w, s->stw.v[i].text);
	vec_free(&s->band);
}

static void merge_tasks(struct trace2 *t, struct t2_segment *s)
{
	for (size_t i = 0; i < s->task.n; i++) {
		map64_put(&t->task_row, s->task.v[i].id, (uint32_t)t->task.n);
		*vec_push(&t->task) =
			(struct t2_task_name){ s->task.v[i].parent,
					       s->gen->string_world[s->task.v[i].name] };
	}
	vec_free(&s->task);
}

/* What the segment left as it was comes from the world. */
static void segg_resolve(const struct trace2 *t, struct world *w, const struct t2_gen *gen,
			 const struct t2_segg *in, struct seg_g *out)
{
	uint32_t row = in->s.flags & SEGG_CREATED ? NO_G : world_find(w, in->s.goid);
	uint32_t text = in->text == T2_KEEP ? 0 : in->text;

	*out = in->s;
	out->create_stack = gen->stack_world[in->s.create_stack];
	out->start_stack = gen->stack_world[in->s.start_stack];
	out->first_stack = gen->stack_world[in->s.first_stack];
	out->t_create = relative(t, in->s.t_create);
	out->t_end = relative(t, in->s.t_end);
	out->since = relative(t, in->s.since);
	if (in->s.stack != T2_KEEP)
		out->stack = gen->stack_world[in->s.stack];
	else
		out->stack = row == NO_G ? 0 : w->now.stack[row];
	if (in->s.since == T2_KEEP_TIME)
		out->since = row == NO_G ? T_BEFORE : w->now.since[row];
	if (in->text == T2_KEEP && row != NO_G)
		out->reason = w->now.reason[row];
	else if (out->state == GS_BLOCKED)
		out->reason = (uint8_t)world_reason(w, gen->string_world[text], out->stack);
	else
		out->reason = out->state == GS_SYSCALL ? R_SYSCALL : R_NONE;
	if (in->s.flags & SEGG_FIRST && in->s.first_state == GS_BLOCKED)
		out->first_reason = (uint8_t)world_reason(w, 0, out->first_stack);
	if (!in->s.waker && row != NO_G && w->g.v[row].last_entry != NO_ENTRY)
		out->waker = w->entry.v[w->g.v[row].last_entry].waker;
}

static void segment_merge(struct trace2 *t, struct world *w, struct t2_segment *s)
{
	merge_bands(t, w, s);
	s->t0 = relative(t, s->t0);
	s->t1 = relative(t, s->t1);
	if (s->t0 < w->t_end)
		s->t0 = w->t_end;
	if (s->t1 < s->t0)
		s->t1 = s->t0;
	vec_reserve(&t->merge, s->g.n);
	for (size_t i = 0; i < s->g.n; i++)
		segg_resolve(t, w, s->gen, &s->g.v[i], &t->merge.v[i]);
	world_merge(w, s->t0, s->t1, s->n_events, t->merge.v, s->g.n);
	vec_free(&s->g);
	pthread_mutex_lock(&t->lock);
	merge_tasks(t, s);
	*vec_push(&t->seg) = s;
	pthread_mutex_unlock(&t->lock);
}

/* What only the ordering needed goes; the pages of the file go too. */
static void gen_slim(struct t2_gen *g)
{
	vec_free(&g->strings);
	vec_free(&g->stacks);
	vec_free(&g->samples);
	vec_free(&g->sync);
	vec_free(&g->string);
	vec_free(&g->stack);
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
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
		j->head = (*seg)->next;
		if (!j->head)
			j->tail = &j->head;
		(*seg)->next = NULL;
		got = 1;
	} else if (j && j->state == JOB_DONE) {
		t->drained++;
		got = 1;
	}
	pthread_mutex_unlock(&t->lock);
	return got;
}

static int finish(struct trace2 *t, struct world *w, struct err *err, const struct err *why)
{
	(void)t;
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
	return over ? finish(t, w, err, &why) : SOURCE_MORE;
}

static int trace2_drain(struct source *s, struct world *w, int64_t budget_ns, struct err *err)
{
	struct trace2 *t = (struct trace2 *)s;
	int64_t until = now_ns() + budget_ns;
	struct t2_segment *seg;
	struct t2_job *j;

	w->history = &t->src.history;
	while (drain_next(t, &j, &seg)) {
		if (seg) {
			if (!j->interned)
				gen_intern(t, w, &j->gen);
			j->interned = true;
			segment_merge(t, w, seg);
		} else {
			if (j->rc)
				return finish(t, w, err, &j->err);
			gen_slim(&j->gen);
			w->progress.bytes = j->gen.end;
		}
		if (now_ns() > until) {
			notify(t);
			return SOURCE_MORE;
		}
	}
	return drain_state(t, w, err);
}

static void trace2_close(struct source *s)
{
	struct trace2 *t = (struct trace2 *)s;

	for (size_t i = 0; i < t->seg.n; i++)
		segment_free(t->seg.v[i]);
	for (size_t i = 0; i < t->job.n; i++) {
		struct t2_job *j = t->job.v[i];

		job_drop_segments(j);
		if (j->fresh)
			order_release(j->fresh);
		free(j->fresh);
		gen_release(&j->gen);
		free(j);
	}
	order_release(&t->order);
	vec_free(&t->job);
	vec_free(&t->seg);
	vec_free(&t->task);
	vec_free(&t->merge);
	map64_free(&t->task_row);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->change);
	free(t);
}

static const struct source_ops trace2_ops = {
	.kind = "trace",
	.work = trace2_work,
	.drain = trace2_drain,
	.cancel = trace2_cancel,
	.close = trace2_close,
};

struct source *trace2_open(const struct input *in, struct err *err)
{
	struct trace2 *t = xcalloc(1, sizeof(*t));

	(void)err;
	t->src.ops = &trace2_ops;
	t->src.history.query = trace2_query;
	t->in = in;
	t->walk = (struct t2_walk){
		.data = in->data,
		.size = in->size,
		.off = 16,
		.version = (in->data[5] - '0') * 10 + in->data[6] - '0',
	};
	t->sequential = in->size < SMALL_FILE;
	order_init(&t->order, &t->walk);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->change, NULL);
	return &t->src;
}

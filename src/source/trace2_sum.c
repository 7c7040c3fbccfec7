/* SPDX-License-Identifier: Apache-2.0 */
#include "source/trace2_sum.h"

#include <stdlib.h>
#include <string.h>

enum {
	EVENT_BYTES = 5, /* of an event in the file, or a little more */
	COST = 8, /* what is kept of a segment may take 1/8 of its bytes */
};

/* --- rows by goroutine id --- */

void rows_put(struct t2_rows *r, uint64_t goid, uint32_t row)
{
	if (goid >= T2_DIRECT_MOST) {
		map64_put(&r->sparse, goid, row);
		return;
	}
	if (goid >= r->n_direct) {
		size_t n = goid < 1024 ? 2048 : goid * 2;

		r->direct = xrealloc(r->direct, n, sizeof(*r->direct));
		memset(r->direct + r->n_direct, 0, (n - r->n_direct) * sizeof(*r->direct));
		r->n_direct = n;
	}
	r->direct[goid] = row + 1;
}

void rows_free(struct t2_rows *r)
{
	free(r->direct);
	map64_free(&r->sparse);
	memset(r, 0, sizeof(*r));
}

/* xrealloc() keeps no alignment. */
static void rows_reserve(struct t2_order *o, size_t want)
{
	size_t cap = o->g_cap + o->g_cap / 2 + 64;
	struct t2_g *bigger;

	if (want <= o->g_cap)
		return;
	bigger = aligned_alloc(_Alignof(struct t2_g), cap * sizeof(*bigger));
	if (!bigger)
		die("out of memory");
	if (o->g)
		memcpy(bigger, o->g, o->g_cap * sizeof(*bigger));
	free(o->g);
	o->g = bigger;
	o->g_cap = cap;
}

uint32_t sum_add(struct t2_order *o, uint64_t goid, uint8_t status)
{
	uint32_t row = rows_get(&o->by_goid, goid);
	struct t2_ranges range = { 0 };

	if (row == T2_NONE) {
		row = (uint32_t)o->rest.n;
		rows_reserve(o, row + 1);
		vec_push(&o->rest);
		rows_put(&o->by_goid, goid, row);
	} else { /* what its id's former owner was trusted with counts on */
		range.claimed = o->g[row].range.claimed;
		range.begun = o->g[row].range.begun;
	}
	o->g[row] = (struct t2_g){ .status = status, .since = T2_KEEP_TIME, .range = range };
	o->rest.v[row] = (struct t2_g_rest){ .goid = goid, .region = T2_NONE, .life = T2_NONE };
	return row;
}

/* --- goroutines in the segment --- */

void sum_touch_first(struct t2_order *o, uint32_t row)
{
	struct t2_g *g = &o->g[row];

	g->stamp = o->stamp;
	g->stack = g->text = T2_KEEP;
	g->waker = T2_NONE;
	g->switches = 0;
	memset(g->ns, 0, sizeof(g->ns));
	o->rest.v[row].life = T2_NONE;
	*vec_push(&o->touched) = row;
}

static void account(const struct t2_order *o, struct t2_g *g, int64_t t)
{
	switch (g->status & ~T2_UNTOLD) {
	case T2_G_RUNNING:
		g->ns[T2_NS_RUN] += sum_lasted(o, g, t);
		break;
	case T2_G_RUNNABLE:
		g->ns[T2_NS_READY] += sum_lasted(o, g, t);
		break;
	case T2_G_SYSCALL:
		g->ns[T2_NS_SYSCALL] += sum_lasted(o, g, t);
		break;
	}
}

void sum_change(struct t2_order *o, uint32_t row, uint8_t status, int64_t t)
{
	struct t2_g *g = sum_touch(o, row);

	account(o, g, t);
	g->status = status | (g->status & T2_UNTOLD);
	g->since = t;
	g->switches++;
}

static struct t2_life *life_of(struct t2_order *o, uint32_t row)
{
	struct t2_g_rest *rest = &o->rest.v[row];

	if (rest->life == T2_NONE) {
		rest->life = (uint32_t)o->seg->life.n;
		*vec_push(&o->seg->life) = (struct t2_life){ 0 };
	}
	return &o->seg->life.v[rest->life];
}

struct t2_life *sum_created(struct t2_order *o, uint32_t row, int64_t t)
{
	struct t2_g *g = &o->g[row];
	struct t2_life *life;

	sum_touch_first(o, row);
	o->n_born++;
	g->since = t;
	g->stack = g->text = 0;
	o->rest.v[row].born = true;
	life = life_of(o, row);
	life->flags = SEGG_CREATED;
	life->t_create = t;
	return life;
}

void sum_first(struct t2_order *o, uint32_t row, uint32_t stack)
{
	static const uint8_t state[] = { GS_NONE, GS_RUNNABLE, GS_RUNNING, GS_SYSCALL, GS_BLOCKED };
	struct t2_g *g = &o->g[row];
	struct t2_life *life;

	sum_touch_first(o, row);
	o->n_born++;
	g->since = T_BEFORE;
	g->stack = stack;
	g->text = 0;
	life = life_of(o, row);
	life->flags = SEGG_FIRST;
	life->first_state = state[g->status & ~T2_UNTOLD];
	life->first_stack = stack;
}

/* The row's entry, of a segment or a life that ends at t. */
static void entry_make(struct t2_order *o, uint32_t row, int64_t t)
{
	static const uint8_t state[] = { GS_DEAD, GS_RUNNABLE, GS_RUNNING, GS_SYSCALL, GS_BLOCKED };
	struct t2_g *g = &o->g[row];
	const struct t2_g_rest *rest = &o->rest.v[row];
	const struct t2_life *life = rest->life == T2_NONE ? NULL : &o->seg->life.v[rest->life];
	bool created = life && life->flags & SEGG_CREATED;
	int64_t t0 = created && life->t_create > o->seg_t0 ? life->t_create : o->seg_t0;

	*vec_push(&o->seg->g) = (struct t2_entry){
		.goid = rest->goid,
		.waker = g->waker == T2_NONE ? 0 : o->rest.v[g->waker].goid,
		.since = g->since,
		.ns = {
			[SHARE_RUN] = g->ns[T2_NS_RUN],
			[SHARE_READY] = g->ns[T2_NS_READY],
			[SHARE_SYSCALL] = g->ns[T2_NS_SYSCALL],
			[SHARE_BLOCKED] = t - t0 - g->ns[T2_NS_RUN] - g->ns[T2_NS_READY] -
					  g->ns[T2_NS_SYSCALL],
		},
		.stack = g->stack,
		.text = g->text,
		.switches = g->switches,
		.life = rest->life,
		.state = state[g->status & ~T2_UNTOLD],
	};
	g->stamp = 0;
}

/* What a goroutine leaves open when it ends is over. */
static void drop_stw(struct t2_order *o, uint64_t goid)
{
	size_t n = 0;

	for (size_t i = 0; i < o->stw.n; i++)
		if (o->stw.v[i].g != goid)
			o->stw.v[n++] = o->stw.v[i];
	o->stw.n = n;
}

void sum_ended(struct t2_order *o, uint32_t row, int64_t t)
{
	struct t2_life *life;

	sum_change(o, row, T2_G_NONE, t);
	life = life_of(o, row);
	life->flags |= SEGG_ENDED;
	life->t_end = t;
	o->g[row].status = T2_G_NONE;
	if (o->g[row].range.open & T2_RANGE_STW)
		drop_stw(o, o->rest.v[row].goid);
	while (o->rest.v[row].region != T2_NONE)
		order_region_pop(o, &o->rest.v[row]);
	o->g[row].range.open = 0;
	entry_make(o, row, t);
}

/* --- segments --- */

static void snap_take(const struct t2_order *o, struct t2_segment *s)
{
	vec_reserve(&s->snap, o->heap.n);
	for (uint32_t i = 0; i < o->n_cursor; i++) {
		const struct t2_cursor *c = &o->cursor[i];
		const struct t2_m *m = &o->m.v[c->m];

		if (c->type == T2_END)
			continue;
		*vec_push(&s->snap) = (struct t2_snap){
			.time = c->time,
			.g = m->g == T2_NONE ? 0 : o->rest.v[m->g].goid,
			.p = m->p == T2_NONE ? NO_ID : o->p.v[m->p].id,
			.thread = i,
			.batch = c->batch,
			.off = (uint32_t)(c->at - c->start),
		};
	}
}

void segment_open(struct t2_order *o)
{
	struct t2_segment *s = xcalloc(1, sizeof(*s));

	s->gen = o->gen;
	s->t0 = o->seg_t0 = o->t_last;
	snap_take(o, s);
	vec_reserve(&s->stw, o->stw.n);
	for (size_t i = 0; i < o->stw.n; i++)
		*vec_push(&s->stw) = o->stw.v[i];
	o->seg = s;
	o->touched.n = 0;
	o->n_born = 0;
	o->stamp++;
}

/* Of the tasks that it began, those stay that are open. */
static void tasks_keep(struct t2_order *o, struct t2_segment *s)
{
	size_t n = 0;

	for (size_t i = s->task.n; i-- > 0;) {
		uint32_t row = map64_get(&o->task, s->task.v[i].id);

		/* the last begin of an id is the one that can be open */
		if (!o->task_state.v[row].active || o->task_state.v[row].seg != o->stamp)
			continue;
		o->task_state.v[row].seg = 0;
		s->task.v[s->task.n - ++n] = s->task.v[i];
	}
	memmove(s->task.v, s->task.v + s->task.n - n, n * sizeof(*s->task.v));
	s->task.n = n;
}

/* How much of the generation's batches was taken, in 1/65536. */
static uint32_t batches_done(const struct t2_order *o)
{
	uint64_t done = 0, all = 1;

	for (size_t i = 0; i < o->n_cursor; i++) {
		const struct t2_thread *t = &o->gen->thread.v[i];

		done += o->cursor[i].batch - t->first;
		all += t->n;
	}
	return (uint32_t)(done * 65536 / all);
}

void segment_close(struct t2_order *o)
{
	struct t2_segment *s = o->seg;

	s->t1 = o->t_last;
	s->done = batches_done(o);
	vec_reserve(&s->g, s->g.n + o->touched.n);
	for (size_t i = 0; i < o->touched.n; i++) {
		uint32_t row = o->touched.v[i];

		if (o->g[row].stamp != o->stamp)
			continue;
		account(o, &o->g[row], s->t1);
		entry_make(o, row, s->t1);
	}
	if (s->task.n)
		tasks_keep(o, s);
	o->seg = NULL;
	o->ramp = o->ramp * 2 < o->min_events ? o->ramp * 2 : o->min_events;
	o->emit(o->arg, s);
}

bool segment_full(const struct t2_order *o)
{
	/* a goroutine's first entry has to be, however small the segments are */
	size_t entries = o->touched.n - o->n_born;

	size_t cost = entries * sizeof(struct entry) + o->heap.n * sizeof(struct t2_snap) +
		      o->stw.n * sizeof(struct t2_stw);

	return o->seg->n_events >= o->ramp && cost * COST <= o->seg->n_events * EVENT_BYTES;
}

void segment_free(struct t2_segment *s)
{
	if (!s)
		return;
	vec_free(&s->g);
	vec_free(&s->life);
	vec_free(&s->band);
	vec_free(&s->task);
	vec_free(&s->snap);
	vec_free(&s->stw);
	vec_free(&s->ended);
	vec_free(&s->exception);
	free(s);
}

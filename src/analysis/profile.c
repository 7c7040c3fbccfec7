/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/profile.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/moment.h"

enum {
	GROW_LIVE_NS = 1000 * 1000 * 1000, /* a live session is read on when so much is new */
	STEP_MOST_NS = 1000 * 1000 * 1000, /* a sample stands for no more, whatever a file says */
	LOOK_EVERY = 1024, /* rows and cells between two looks at the clock */
};

/* A goroutine as the events tell of it. */
struct prow {
	uint64_t goid;
	int64_t mark; /* its time is summed up until then */
	uint32_t row; /* of the world; NO_G: none, or not known yet */
	uint32_t stack;
	uint8_t state, reason;
};

/* Time of one goroutine, of one kind, at one stack. */
struct pcell {
	int64_t ns;
	uint32_t row; /* of the accumulator */
	uint32_t stack;
	uint32_t n; /* times that ended */
	uint8_t kind;
};

struct pnew {
	uint32_t row;
	int64_t born;
};

struct profile_acc {
	VEC(struct prow) row;
	VEC(struct pcell) cell;
	VEC(struct pnew) new_row; /* whose row of the world is not known yet */
	uint32_t *slot; /* numbers of cells and one, open addressing */
	size_t mask;
	struct map64 by_goid;
	size_t mapped; /* so many rows are in by_goid */
	uint32_t forgets; /* the world's, when rows were looked at last */
	int64_t t0, t1; /* what the sums cover */
	uint64_t samples;
	bool live;
	bool only_samples;
};

struct profile_job {
	struct profile *owner; /* NULL: nobody wants it any more */
	struct profile_acc *acc;
	struct history *history;
	const struct world *w; /* for the loop's thread alone */
	VEC(int64_t) cut; /* ends of the pieces in which the history is read */
	atomic_size_t at;
	atomic_bool cancel;
	bool first; /* the time t0 itself is to be read as well */
};

static const char *const time_names[PROFILE_TIMES] = { "on-cpu", "off-cpu" };
static const char *const split_names[SPLIT_N] = { "none", "creator", "labels", "goroutine" };

const char *profile_time_name(enum profile_time t)
{
	return time_names[t];
}

const char *profile_split_name(enum profile_split s)
{
	return split_names[s];
}

static int name_among(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(name, names[i]))
			return i;
	return -1;
}

int profile_time_parse(const char *name)
{
	return name_among(time_names, PROFILE_TIMES, name);
}

int profile_split_parse(const char *name)
{
	return name_among(split_names, SPLIT_N, name);
}

const char *profile_kind_name(unsigned kind)
{
	switch (kind) {
	case PROFILE_CPU:
		return "on-cpu";
	case PROFILE_RUN:
		return "running";
	case PROFILE_READY:
		return "runnable";
	case R_NONE:
		return reason_name(R_OTHER);
	default:
		return reason_name((enum reason)kind);
	}
}

uint8_t profile_kind_of(uint8_t state, uint8_t reason)
{
	switch (state) {
	case GS_RUNNING:
		return PROFILE_RUN;
	case GS_RUNNABLE:
		return PROFILE_READY;
	case GS_SYSCALL:
		return R_SYSCALL;
	case GS_BLOCKED:
		return reason < R_N && reason ? reason : R_OTHER;
	default:
		return PROFILE_KINDS;
	}
}

/* --- sums --- */

static void acc_free(struct profile_acc *a)
{
	if (!a)
		return;
	vec_free(&a->row);
	vec_free(&a->cell);
	vec_free(&a->new_row);
	map64_free(&a->by_goid);
	free(a->slot);
	free(a);
}

static uint64_t cell_hash(uint32_t row, uint32_t stack, uint8_t kind)
{
	return hash_u64(((uint64_t)row << 32 | stack) ^ (uint64_t)kind << 56);
}

static void cells_rehash(struct profile_acc *a)
{
	size_t n = a->mask ? 2 * (a->mask + 1) : 1024;

	free(a->slot);
	a->slot = xcalloc(n, sizeof(*a->slot));
	a->mask = n - 1;
	for (size_t i = 0; i < a->cell.n; i++) {
		const struct pcell *c = &a->cell.v[i];
		size_t at = cell_hash(c->row, c->stack, c->kind) & a->mask;

		while (a->slot[at])
			at = (at + 1) & a->mask;
		a->slot[at] = (uint32_t)i + 1;
	}
}

static struct pcell *cell_of(struct profile_acc *a, uint32_t row, uint32_t stack, uint8_t kind)
{
	size_t at;

	if (a->cell.n >= a->mask / 4 * 3)
		cells_rehash(a);
	for (at = cell_hash(row, stack, kind) & a->mask; a->slot[at]; at = (at + 1) & a->mask) {
		struct pcell *c = &a->cell.v[a->slot[at] - 1];

		if (c->row == row && c->stack == stack && c->kind == kind)
			return c;
	}
	if (a->cell.n >= UINT32_MAX - 1)
		die("more than 4 billion sums of a profile");
	*vec_push(&a->cell) = (struct pcell){ .row = row, .stack = stack, .kind = kind };
	a->slot[at] = (uint32_t)a->cell.n;
	return &a->cell.v[a->cell.n - 1];
}

static void sum_add(int64_t *sum, int64_t ns)
{
	if (__builtin_add_overflow(*sum, ns, sum))
		*sum = INT64_MAX;
}

/* Sums up what a goroutine did until t; ends: it then does something else. */
static void row_settle(struct profile_acc *a, uint32_t row, int64_t t, bool ends)
{
	struct prow *r = &a->row.v[row];
	uint8_t kind = profile_kind_of(r->state, r->reason);

	if (t <= r->mark)
		return;
	if (kind < PROFILE_KINDS) {
		struct pcell *c = cell_of(a, row, r->stack, kind);

		sum_add(&c->ns, t - r->mark);
		c->n += ends && c->n < UINT32_MAX;
	}
	r->mark = t;
}

static uint32_t row_new(struct profile_acc *a, const struct event *ev)
{
	struct prow r = { .goid = ev->g, .mark = ev->time, .row = NO_G };

	if (ev->kind == EV_STATUS) { /* it was so before it was told */
		r.mark = a->t0;
		r.state = ev->state;
		r.reason = ev->reason;
		r.stack = ev->stack;
	}
	*vec_push(&a->row) = r;
	*vec_push(&a->new_row) = (struct pnew){ (uint32_t)a->row.n - 1, ev->time };
	map64_put(&a->by_goid, ev->g, (uint32_t)a->row.n - 1);
	a->mapped = a->row.n;
	return (uint32_t)a->row.n - 1;
}

static void row_sample(struct profile_acc *a, uint32_t row, const struct event *ev)
{
	int64_t ns = ev->value > STEP_MOST_NS ? STEP_MOST_NS : (int64_t)ev->value;

	if (!ns && !a->live)
		ns = PROFILE_TRACE_NS;
	if (!ns) /* of where it is, not of how long */
		return;
	sum_add(&cell_of(a, row, ev->stack, PROFILE_CPU)->ns, ns);
	a->samples++;
}

static bool acc_event(void *arg, const struct event *ev)
{
	struct profile_acc *a = arg;
	enum change change;
	uint32_t row, stack;
	uint8_t state;

	if (ev->kind != EV_SAMPLE && (ev->kind > EV_DEAD || !ev->kind || !ev->g || a->only_samples))
		return true;
	row = ev->kind == EV_CREATE ? NO_G : map64_get(&a->by_goid, ev->g);
	if (row == NO_G)
		row = row_new(a, ev);
	if (ev->kind == EV_SAMPLE)
		row_sample(a, row, ev);
	state = a->row.v[row].state;
	stack = a->row.v[row].stack;
	change = event_change(ev, a->live, &state, &stack);
	if (change == CHANGE_NONE || a->only_samples)
		return true;
	row_settle(a, row, ev->time, change == CHANGE_STATE);
	a->row.v[row].state = state;
	a->row.v[row].stack = stack;
	if (change == CHANGE_STATE)
		a->row.v[row].reason = ev->reason;
	return true;
}

/* --- the job --- */

static void job_free(struct profile_job *j)
{
	acc_free(j->acc);
	vec_free(&j->cut);
	free(j);
}

static void job_query(struct profile_job *j, int64_t t0, int64_t t1)
{
	struct history_query q = { .t0 = t0, .t1 = t1, .cancel = &j->cancel };

	if (t0 <= t1)
		j->history->query(j->history, &q, acc_event, j->acc);
}

static void job_work(void *arg)
{
	struct profile_job *j = arg;
	struct profile_acc *a = j->acc;

	for (; a->mapped < a->row.n; a->mapped++)
		map64_put(&a->by_goid, a->row.v[a->mapped].goid, (uint32_t)a->mapped);
	if (j->first) { /* the states at t0 are known, and have these events in them */
		a->only_samples = true;
		job_query(j, a->t0, a->t0);
		a->only_samples = false;
	}
	for (size_t i = 0; i < j->cut.n && !atomic_load(&j->cancel); i++) {
		job_query(j, a->t1 + 1, j->cut.v[i]);
		a->t1 = j->cut.v[i];
		atomic_store(&j->at, i + 1);
	}
}

static void find_rows(struct profile_acc *a, const struct world *w)
{
	for (size_t i = 0; i < a->new_row.n; i++) {
		struct prow *r = &a->row.v[a->new_row.v[i].row];

		r->row = r->goid ? world_find_at(w, r->goid, a->new_row.v[i].born) : NO_G;
	}
	a->new_row.n = 0;
}

static void job_done(void *arg)
{
	struct profile_job *j = arg;
	struct profile *p = j->owner;

	if (!p) {
		job_free(j);
		return;
	}
	find_rows(j->acc, j->w);
	p->acc = j->acc;
	p->job = NULL;
	p->t0 = p->acc->t0;
	p->t1 = p->acc->t1;
	p->samples = p->acc->samples;
	p->stamp++;
	j->acc = NULL;
	job_free(j);
	if (p->told)
		p->told(p->arg);
}

/* In pieces, so that whoever adds to the history does not wait for long. */
static void job_cuts(struct profile_job *j, const struct world *w, int64_t to)
{
	int64_t from = j->acc->t1;

	for (size_t i = world_segment(w, from); i < w->seg.n && w->seg.v[i].t1 < to; i++)
		if (w->seg.v[i].t1 > from)
			*vec_push(&j->cut) = w->seg.v[i].t1;
	*vec_push(&j->cut) = to; /* NOLINT: it is there */
}

static void job_start(struct profile *p, const struct world *w, int64_t to, bool first)
{
	struct profile_job *j = xcalloc(1, sizeof(*j));

	j->owner = p;
	j->acc = p->acc;
	j->history = w->history;
	j->w = w;
	j->first = first;
	job_cuts(j, w, to);
	p->acc = NULL;
	p->job = j;
	if (p->jobs) {
		jobs_submit(p->jobs, job_work, job_done, j);
	} else {
		job_work(j);
		job_done(j);
	}
}

/* --- what is wanted --- */

static bool take_time(void *arg, const struct event *ev)
{
	*(int64_t *)arg = ev->time;
	return false;
}

int64_t profile_history_begin(const struct world *w, int64_t t0)
{
	struct history_query q = { .t0 = T_BEFORE, .t1 = T_NEVER };
	int64_t begin = T_NEVER;
	size_t seg;

	w->history->query(w->history, &q, take_time, &begin);
	if (begin == T_NEVER || !w->seg.n || begin <= w->seg.v[0].t1)
		return t0;
	seg = world_segment(w, begin);
	begin = seg < w->seg.n ? w->seg.v[seg].t1 : w->open.t0;
	return begin > t0 ? begin : t0;
}

static void acc_take(struct profile_acc *a, const struct world *w, uint32_t row, uint8_t state,
		     uint8_t reason, uint32_t stack)
{
	if (state == GS_NONE || state == GS_DEAD)
		return;
	*vec_push(&a->row) = (struct prow){
		.goid = w->key.v[row].goid,
		.mark = a->t0,
		.row = row,
		.stack = stack,
		.state = state,
		.reason = reason,
	};
}

/* Those that are there at t0, and what they are. */
static void acc_begin_at(struct profile_acc *a, struct world *w)
{
	struct moment m = { 0 };

	world_at(w, a->t0, &m);
	for (size_t i = 0; i < m.n; i++)
		acc_take(a, w, (uint32_t)i, m.state[i], m.reason[i], m.stack[i]);
	moment_release(&m);
	a->t1 = a->t0;
}

/* At the begin it is those that were there before; events tell of all others. */
static void acc_take_first(struct profile_acc *a, const struct world *w, uint32_t row)
{
	const struct goroutine *g = &w->g.v[row];

	if (g->t_create == T_BEFORE)
		acc_take(a, w, row, g->first_state, g->first_reason, g->first_stack);
}

static void forget(struct profile *p)
{
	if (p->job) {
		atomic_store(&p->job->cancel, true);
		p->job->owner = NULL;
		p->job = NULL;
	}
	acc_free(p->acc);
	p->acc = NULL;
	p->is_starting = false;
}

static void start_anew(struct profile *p, struct world *w, int64_t t0, int64_t to)
{
	int64_t begin = profile_history_begin(w, t0);
	struct profile_acc *a = xcalloc(1, sizeof(*a));

	forget(p);
	p->cut = begin > t0;
	a->t0 = begin > to ? to : begin;
	a->live = w->live.pid;
	p->acc = a;
	if (a->t0 > 0) {
		acc_begin_at(a, w);
		job_start(p, w, to, true);
		return;
	}
	a->t1 = -1;
	p->is_starting = true;
	p->starting = 0;
	p->start_to = to;
	if (!p->piece_ns)
		profile_work(p, w);
}

bool profile_work(struct profile *p, struct world *w)
{
	int64_t until = p->piece_ns ? clock_cpu_ns() + p->piece_ns : 0;

	while (p->is_starting && p->starting < w->g.n) {
		acc_take_first(p->acc, w, (uint32_t)p->starting++);
		if (until && p->starting % LOOK_EVERY == 0 && clock_cpu_ns() >= until)
			return true;
	}
	if (p->is_starting) {
		p->is_starting = false;
		job_start(p, w, p->start_to, false);
	}
	return false;
}

/* Of the last time of a session that grows more may be told. */
static int64_t settled_end(const struct world *w)
{
	return w->progress.whole || w->live.state == LIVE_ENDED ? w->t_end : w->t_end - 1;
}

void profile_want(struct profile *p, struct world *w, int64_t t0, int64_t t1)
{
	bool same = (p->acc || p->job) && p->want_t0 == t0 && p->want_t1 == t1;
	int64_t end = settled_end(w), to = t1 < end ? t1 : end, step;

	if (!w->history || to < 0 || p->held || (same && (p->job || p->is_starting)))
		return;
	p->want_t0 = t0;
	p->want_t1 = t1;
	t0 = t0 < 0 ? 0 : t0 > to ? to : t0;
	if (!same) {
		start_anew(p, w, t0, to);
		return;
	}
	step = w->live.state != LIVE_NONE && !w->progress.whole ? GROW_LIVE_NS : 1;
	if (to - p->acc->t1 >= step)
		job_start(p, w, to, false);
}

unsigned profile_progress(const struct profile *p)
{
	if (!p->job || !p->job->cut.n)
		return 1000;
	return (unsigned)(atomic_load(&p->job->at) * 1000 / p->job->cut.n);
}

void profile_release(struct profile *p)
{
	forget(p);
	p->stamp = 0;
}

/* --- a choice of it --- */

static bool is_chosen(const struct profile_choice *c, const struct prow *r)
{
	if (r->row == NO_G)
		return c->system;
	return !c->keep || (r->row < c->n_keep && c->keep[r->row]);
}

/* Rows of goroutines that were forgotten become others'. */
static void check_rows(struct profile_acc *a, const struct world *w)
{
	if (a->forgets == w->forgets)
		return;
	a->forgets = w->forgets;
	for (size_t i = 0; i < a->row.n; i++) {
		struct prow *r = &a->row.v[i];

		if (r->row != NO_G && w->key.v[r->row].goid != r->goid)
			r->row = NO_G;
	}
}

void profile_pick_begin(struct profile_pick *k, struct profile *p, const struct world *w,
			const struct profile_choice *c)
{
	struct profile_acc *a = p->acc;
	size_t n = a->row.n;

	check_rows(a, w);
	profile_pick_release(k);
	k->p = p;
	k->w = w;
	k->choice = *c;
	k->choice.keep = NULL;
	k->by_state = !p->samples;
	k->chosen = xmalloc(n ? n : 1);
	k->n_chosen = n;
	for (size_t i = 0; i < n; i++)
		k->chosen[i] = is_chosen(c, &a->row.v[i]);
	p->held++;
}

static bool is_wanted(const struct profile_pick *k, uint8_t kind)
{
	bool run = kind == PROFILE_RUN, cpu = kind == PROFILE_CPU;

	return k->choice.time == PROFILE_OFF_CPU ? !run && !cpu : k->by_state ? run : cpu;
}

static uint32_t part_of(const struct profile_pick *k, uint32_t row)
{
	switch (row == NO_G ? SPLIT_N : k->choice.by) {
	case SPLIT_CREATOR:
		return k->w->g.v[row].create_stack;
	case SPLIT_LABELS:
		return k->w->g.v[row].labels;
	case SPLIT_GOROUTINE:
		return row;
	default:
		return k->choice.by == SPLIT_GOROUTINE ? NO_G : 0;
	}
}

static uint32_t head_of(struct profile_pick *k, uint32_t row, uint8_t kind)
{
	struct profile_head h = { .part = part_of(k, row), .kind = kind };
	uint64_t key = (uint64_t)h.part << 8 | kind;
	uint32_t i = map64_get(&k->head_of, key);

	if (i != UINT32_MAX)
		return i;
	map64_put(&k->head_of, key, (uint32_t)k->head.n);
	*vec_push(&k->head) = h;
	return (uint32_t)k->head.n - 1;
}

static void pick_add(struct profile_pick *k, uint32_t row, uint32_t stack, uint8_t kind, int64_t ns,
		     uint32_t n)
{
	uint32_t head, i;
	uint64_t key;

	if (!k->chosen[row] || ns <= 0 || kind >= PROFILE_KINDS || !is_wanted(k, kind))
		return;
	head = head_of(k, k->p->acc->row.v[row].row, kind);
	key = (uint64_t)head << 32 | stack;
	i = map64_parts_get(&k->sum_of, key);
	if (i == UINT32_MAX) {
		i = (uint32_t)k->sum.n;
		map64_parts_put(&k->sum_of, key, i);
		*vec_push(&k->sum) = (struct profile_sum){ .head = head, .stack = stack };
	}
	sum_add(&k->sum.v[i].ns, ns);
	k->sum.v[i].n += n;
}

/* A cell, or what the events have not ended yet of a goroutine's state. */
static bool pick_one(struct profile_pick *k)
{
	const struct profile_acc *a = k->p->acc;

	if (k->cell < a->cell.n) {
		const struct pcell *c = &a->cell.v[k->cell++];

		pick_add(k, c->row, c->stack, c->kind, c->ns, c->n);
		return true;
	}
	if (k->row < k->n_chosen) {
		const struct prow *r = &a->row.v[k->row];

		pick_add(k, (uint32_t)k->row++, r->stack, profile_kind_of(r->state, r->reason),
			 a->t1 - r->mark, 1);
		return true;
	}
	return false;
}

bool profile_pick_step(struct profile_pick *k, int64_t budget_ns)
{
	int64_t until = budget_ns ? clock_cpu_ns() + budget_ns : 0;

	if (!k->p)
		return true;
	while (k->p->acc) {
		for (int i = 0; i < LOOK_EVERY; i++)
			if (!pick_one(k))
				goto through;
		if (budget_ns && clock_cpu_ns() >= until)
			return false;
	}
through:
	k->p->held--;
	k->p = NULL;
	return true;
}

void profile_pick_release(struct profile_pick *k)
{
	if (k->p)
		k->p->held--;
	vec_free(&k->head);
	vec_free(&k->sum);
	map64_free(&k->head_of);
	map64_parts_free(&k->sum_of);
	free(k->chosen);
	memset(k, 0, sizeof(*k));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a group begins with, and what is told beside the events; on the loop's thread. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/recording_impl.h"
#include "source/varint.h"

enum { WARNINGS_MOST = 256, DEPTH_MOST = 1 << 16, MARKS_MOST = 26 };

/* Numbers and texts of a section, until it ends or is damaged. */
struct reader {
	const uint8_t *p, *end; /* p NULL: damaged */
};

static uint64_t get(struct reader *x)
{
	uint64_t v = 0;

	if (x->p)
		x->p = varint_get(x->p, x->end, &v);
	return x->p ? v : 0;
}

static bool more(const struct reader *x)
{
	return x->p && x->p < x->end;
}

static const char *get_text(struct reader *x, size_t *n)
{
	uint64_t len = get(x);
	const char *s = (const char *)x->p;

	*n = 0;
	if (!x->p || len > (uint64_t)(x->end - x->p)) {
		x->p = NULL;
		return "";
	}
	x->p += len;
	*n = len;
	return s;
}

static struct reader reader_of(const struct rfile_payload *p, uint32_t kind)
{
	size_t from = 0;
	const struct rfile_section *s = payload_find(p, kind, &from);

	return s ? (struct reader){ s->p, s->end } : (struct reader){ NULL, NULL };
}

/* --- names --- */

static void learn_strings(struct rfile *r, struct rfile_group *g, struct world *w)
{
	struct reader x = reader_of(&r->payload, RECS_STRINGS);

	while (more(&x)) {
		size_t n;
		const char *s = get_text(&x, &n);

		if (x.p)
			*vec_push(&g->string) = strtab_put(&w->strings, s, n);
	}
}

static void learn_frames(struct rfile *r, const struct rfile_group *g)
{
	struct reader x = reader_of(&r->payload, RECS_FRAMES);

	while (more(&x)) {
		struct frame f = { .func = group_string(g, get(&x)) };

		f.file = group_string(g, get(&x));
		f.line = (uint32_t)get(&x);
		f.pc = r->named_pc += rec_unzigzag(get(&x));
		f.flags = (uint32_t)get(&x) & FRAME_INLINED;
		if (x.p)
			*vec_push(&r->named) = f;
	}
}

static void learn_stacks(struct rfile *r, struct rfile_group *g, struct world *w)
{
	struct reader x = reader_of(&r->payload, RECS_STACKS);

	while (more(&x)) {
		uint64_t n = get(&x);

		r->scratch.n = 0;
		for (uint64_t i = 0; i < n && x.p && n <= DEPTH_MOST; i++) {
			uint64_t id = get(&x);

			*vec_push(&r->scratch) =
				id < r->named.n ? r->named.v[id] : (struct frame){ 0 };
		}
		if (!x.p || n > DEPTH_MOST)
			return;
		*vec_push(&g->stack) = stacktab_put(&w->stacks, r->scratch.v, r->scratch.n);
	}
}

/* --- what the session is of --- */

static void set_field(const struct rfile *r, struct world *w, const struct rec_field *f,
		      const char *s, size_t n)
{
	void *at = (char *)w + f->at;
	char buf[64];
	uint64_t u;
	int64_t i;

	snprintf(buf, sizeof(buf), "%.*s", (int)(n < 63 ? n : 63), s);
	u = strtoull(buf, NULL, 10);
	i = strtoll(buf, NULL, 10);
	i = i > REC_MOST * 4 ? 0 : i < -REC_MOST ? 0 : i;
	switch (f->type) {
	case REC_TEXT:
		*(uint32_t *)at = strtab_put(&w->strings, s, n);
		break;
	case REC_U64:
		*(uint64_t *)at = u;
		break;
	case REC_I64:
		*(int64_t *)at = i;
		break;
	case REC_U32:
		*(uint32_t *)at = u > UINT32_MAX ? 0 : (uint32_t)u;
		break;
	case REC_I32:
		*(int32_t *)at = i < 0 || i > INT32_MAX ? 0 : (int32_t)i;
		break;
	case REC_REAL:
		*(double *)at = strtod(buf, NULL);
		break;
	case REC_BOOL:
		*(bool *)at = u != 0;
		break;
	case REC_LIVE:
		*(enum live_state *)at = live_state_parse(buf) < 0
						 ? LIVE_NONE
						 : (enum live_state)live_state_parse(buf);
		break;
	}
	if (f->at == offsetof(struct world, wall_ns) && w->wall_ns)
		w->wall_ns += r->base;
	if (f->at == offsetof(struct world, time_base))
		w->time_base += r->base;
}

static void learn_session(struct rfile *r, struct world *w)
{
	struct reader x = reader_of(&r->payload, RECS_META);

	while (more(&x)) {
		size_t n, m, i = 0;
		const char *name = get_text(&x, &n), *text = get_text(&x, &m);

		if (!x.p)
			return;
		while (rec_fields[i].name && (strlen(rec_fields[i].name) != n ||
					      memcmp(rec_fields[i].name, name, n) != 0))
			i++;
		if (rec_fields[i].name)
			set_field(r, w, &rec_fields[i], text, m);
		else if (n == 7 && !memcmp(name, "warning", 7) && w->warning.n < WARNINGS_MOST)
			world_warn(w, "%.*s", (int)(m < 500 ? m : 500), text);
	}
}

void group_learn(struct rfile *r, struct rfile_group *g, struct world *w)
{
	if (!g->string.n) {
		*vec_push(&g->string) = 0;
		*vec_push(&g->stack) = 0;
		r->named.n = 0;
		r->named_pc = 0;
		*vec_push(&r->named) = (struct frame){ 0 };
	}
	learn_strings(r, g, w);
	learn_frames(r, g);
	learn_stacks(r, g, w);
	if (r->at_frame == r->group.v[0].first)
		w->time_base = r->base; /* unless it says more */
	learn_session(r, w);
}

/* --- where something is missing before it --- */

struct entering {
	struct rfile *r;
	struct rfile_group *g;
	struct world *w;
	int64_t t;
};

static bool enter_tell(void *arg, const struct event *ev)
{
	struct entering *e = arg;

	if (!e->g->entry)
		e->g->entry = evlog_new(SIZE_MAX);
	world_apply(e->w, ev);
	evlog_append(e->g->entry, ev);
	return true;
}

static void read_rows(struct reader *x, rfile_rows *out)
{
	uint64_t n = get(x), v;

	if (!x->p || n > (uint64_t)(x->end - x->p) / REC_ROW_BYTES)
		return;
	vec_reserve(out, n);
	out->n = n;
	for (unsigned c = 0; c < REC_ROW_NUMBERS; c++) {
		v = 0;
		for (size_t i = 0; i < n; i++)
			out->v[i].v[c] = v += rec_unzigzag(get(x));
	}
	if (!x->p || (uint64_t)(x->end - x->p) < n * REC_ROW_BYTES) {
		out->n = 0;
		return;
	}
	for (unsigned c = 0; c < REC_ROW_BYTES; c++)
		for (size_t i = 0; i < n; i++)
			out->v[i].b[c] = *x->p++;
}

void rows_read(const struct rfile_payload *p, rfile_rows *out)
{
	struct reader x = reader_of(p, RECS_ROWS);

	out->n = 0;
	if (x.p)
		read_rows(&x, out);
}

static struct event enter_event(const struct entering *e, uint64_t goid, enum event_kind kind)
{
	return (struct event){
		.time = e->t, .g = goid, .kind = (uint8_t)kind, .m = NO_ID, .p = NO_ID
	};
}

/* One that is not known yet, or was another one. */
static void enter_new(struct entering *e, const struct rfile_row *row, struct event *ev)
{
	int64_t since = rfile_time(e->r, row->v[3]);
	bool reused = world_find(e->w, ev->g) != NO_G;

	ev->kind = reused ? EV_CREATE : EV_STATUS;
	ev->stack2 = group_stack(e->g, row->v[6]);
	if (!reused && since != T_BEFORE && since <= e->t)
		ev->value2 = (uint64_t)(e->t - since);
	if (reused) {
		ev->peer = row->v[1];
		ev->stack = group_stack(e->g, row->v[5]);
	}
	enter_tell(e, ev);
	if (reused)
		return;
	*ev = enter_event(e, ev->g, EV_ORIGIN);
	ev->peer = row->v[1];
	ev->stack = group_stack(e->g, row->v[5]);
	ev->stack2 = group_stack(e->g, row->v[6]);
	enter_tell(e, ev);
}

static void enter_row(struct entering *e, const struct rfile_row *row)
{
	struct event ev = enter_event(e, row->v[0], EV_STATUS);
	uint32_t at = world_find(e->w, ev.g), labels = group_string(e->g, row->v[7]);

	ev.state = e->r->names.v[REC_STATES][row->b[0]];
	ev.reason = e->r->names.v[REC_REASONS][row->b[1]];
	ev.stack = group_stack(e->g, row->v[4]);
	if (!ev.g || ev.state == GS_NONE || ev.state == GS_DEAD)
		return;
	if (at == NO_G || e->w->now.state[at] == GS_DEAD) {
		enter_new(e, row, &ev);
	} else if (e->w->now.state[at] != ev.state || e->w->now.reason[at] != ev.reason) {
		ev.flags = EVF_SAMPLED;
		ev.kind = ev.state == GS_RUNNING   ? EV_RUN
			  : ev.state == GS_BLOCKED ? EV_BLOCK
			  : ev.state == GS_SYSCALL ? EV_SYSCALL
						   : EV_PREEMPT;
		enter_tell(e, &ev);
	}
	at = world_find(e->w, ev.g);
	if (at == NO_G || e->w->g.v[at].labels == labels)
		return;
	ev = enter_event(e, row->v[0], EV_LABEL);
	ev.text = labels;
	enter_tell(e, &ev);
}

/* Who was there before, and is not among the rows, has ended. */
static void enter_ended(struct entering *e, const rfile_rows *all)
{
	struct map64 there = { 0 };
	size_t n = e->w->g.n;

	for (size_t i = 0; i < all->n; i++)
		map64_put(&there, all->v[i].v[0], 0);
	for (uint32_t i = 0; i < n; i++) {
		struct event ev = enter_event(e, e->w->g.v[i].goid, EV_DEAD);

		if (e->w->now.state[i] == GS_DEAD || e->w->now.state[i] == GS_NONE ||
		    world_find(e->w, ev.g) != i || map64_get(&there, ev.g) != UINT32_MAX)
			continue;
		ev.flags = EVF_SAMPLED;
		enter_tell(e, &ev);
	}
	map64_free(&there);
}

static void enter_threads(struct entering *e)
{
	struct reader x = reader_of(&e->r->payload, RECS_THREADS);

	while (more(&x)) {
		struct event ev = enter_event(e, 0, EV_THREAD);

		ev.m = get(&x);
		ev.g = get(&x);
		ev.p = get(&x) - 1;
		get(&x);
		ev.state = e->r->names.v[REC_STATES][get(&x) & 255];
		ev.text = group_string(e->g, get(&x));
		ev.value = get(&x);
		if (ev.value > INT32_MAX)
			ev.value = 0;
		if (x.p)
			enter_tell(e, &ev);
	}
}

static void enter_ranges(struct entering *e)
{
	struct reader x = reader_of(&e->r->payload, RECS_RANGES);

	while (more(&x)) {
		struct event ev = enter_event(e, 0, EV_RANGE_ACTIVE);

		get(&x);
		ev.text = group_string(e->g, get(&x));
		if (x.p)
			enter_tell(e, &ev);
	}
}

static void enter_lost(struct entering *e)
{
	struct reader x = reader_of(&e->r->payload, RECS_LOST);
	struct event ev = enter_event(e, 0, EV_LOST);

	ev.value = get(&x);
	if (x.p && ev.value && ev.value < (uint64_t)REC_MOST)
		enter_tell(e, &ev);
}

static void enter_look(struct entering *e)
{
	static const struct facts none = { .time = T_BEFORE };
	struct rfile *r = e->r;
	size_t from = 0;
	const struct rfile_section *s = payload_find(&r->payload, RECS_LOOK_KEY, &from);
	bool same;

	if (!s)
		return;
	look_read(r, e->g, s, &none, &r->facts, &same);
	r->facts.time = e->t;
	look_tell(&r->facts, false, enter_tell, e);
}

void group_enter(struct rfile *r, struct rfile_group *g, struct world *w)
{
	struct entering e = { r, g, w, g->t0 - r->base };
	rfile_rows all = { 0 };

	e.t = e.t < w->t_end ? w->t_end : e.t;
	rows_read(&r->payload, &all);
	enter_lost(&e);
	if (w->g.n)
		enter_ended(&e, &all);
	else
		enter_ranges(&e);
	for (size_t i = 0; i < all.n; i++)
		enter_row(&e, &all.v[i]);
	enter_threads(&e);
	enter_look(&e);
	vec_free(&all);
}

/* --- beside the events --- */

static void read_gload(const struct rfile_group *g, struct world *w, struct reader *x)
{
	struct gload l = { 0 };
	uint64_t goid = get(x), fd;
	uint32_t row;

	l.cpu_samples = get(x);
	l.runq_ns = get(x);
	l.runq_most_ns = get(x);
	l.runq_n = get(x);
	l.syscalls = get(x);
	l.syscall_ns = get(x);
	l.slow_ns = get(x);
	l.slow_call = group_string(g, get(x));
	fd = get(x);
	l.slow_fd = fd <= INT32_MAX ? (int32_t)fd - 1 : -1;
	row = x->p ? world_find(w, goid) : NO_G;
	if (row != NO_G)
		*world_load_add(w, row) = l;
}

static void read_loads(struct rfile *r, const struct rfile_group *g, struct world *w)
{
	struct reader x = reader_of(&r->payload, RECS_LOADS);
	uint64_t n = get(&x);

	for (; n && x.p; n--)
		read_gload(g, w, &x);
	for (n = get(&x); n && x.p; n--) {
		struct thread *t = world_thread(w, get(&x)), to = { 0 };

		to.cpu_ns = get(&x);
		to.runq_ns = get(&x);
		to.runq_most_ns = get(&x);
		to.waker_goid = get(&x);
		to.waker_tid = get(&x);
		if (!t || !x.p)
			continue;
		t->cpu_ns = to.cpu_ns;
		t->runq_ns = to.runq_ns;
		t->runq_most_ns = to.runq_most_ns;
		t->waker_goid = to.waker_goid;
		t->waker_tid = to.waker_tid;
	}
}

static void read_marks(struct rfile *r, struct world *w)
{
	struct reader x = reader_of(&r->payload, RECS_MARKS);
	uint64_t n = get(&x);

	if (!x.p)
		return;
	w->mark.n = 0;
	w->mark_stamp++;
	for (; n && x.p && w->mark.n < MARKS_MOST; n--) {
		struct world_mark m = { .letter = (char)get(&x) };

		m.time = rfile_time(r, rec_unzigzag(get(&x)));
		m.goid = get(&x);
		if (x.p && m.letter >= 'a' && m.letter <= 'z' && m.time >= 0)
			*vec_push(&w->mark) = m;
	}
}

static void read_files(struct rfile *r, struct world *w)
{
	const struct rfile_section *s;
	size_t from = 0;

	while ((s = payload_find(&r->payload, RECS_SOURCE, &from))) {
		struct reader x = { s->p, s->end };
		size_t n, m;
		const char *path = get_text(&x, &n), *text = get_text(&x, &m);
		char *name = xstrndup(path, n);

		if (x.p)
			shown_put_file(&w->shown, name, text, m);
		free(name);
	}
}

static uint32_t get_value_text(struct reader *x, struct values *v)
{
	size_t n;
	const char *s = get_text(x, &n);

	return values_str(v, s, n);
}

static void read_value(struct reader *x, struct values *all)
{
	struct value v = { .key = get(x) };

	v.addr = get(x);
	v.line = (uint32_t)get(x);
	v.depth = (uint16_t)(get(x) & 63);
	v.flags = (uint16_t)get(x);
	v.name = get_value_text(x, all);
	v.type = get_value_text(x, all);
	v.text = get_value_text(x, all);
	if (x->p)
		*vec_push(&all->v) = v;
}

/* Variables as they were looked at; the world gets one who answers with them. */
static void read_values(struct rfile *r, struct world *w)
{
	const struct rfile_section *s;
	size_t from = 0;

	while ((s = payload_find(&r->payload, RECS_VALUES, &from))) {
		struct reader x = { s->p, s->end };
		int64_t time = rfile_time(r, rec_unzigzag(get(&x)));
		struct value_ask ask = { .goid = get(&x) };
		struct values v = { .goid = ask.goid };
		const char *note;
		size_t n;

		ask.frame = (uint32_t)get(&x);
		v.pc = ask.pc = get(&x);
		for (uint64_t i = get(&x); i && x.p; i--)
			*vec_push(&ask.open) = get(&x);
		note = get_text(&x, &n);
		snprintf(v.note, sizeof(v.note), "%.*s", (int)(n < 200 ? n : 200), note);
		for (uint64_t i = get(&x); i && x.p; i--)
			read_value(&x, &v);
		pthread_mutex_lock(&r->lock);
		shown_put_values(&r->shown, time, &ask, &v);
		pthread_mutex_unlock(&r->lock);
		value_ask_release(&ask);
		values_release(&v);
		w->inspector = &r->src.inspector;
	}
}

int rfile_inspect(struct inspector *i, const struct value_ask *ask, struct values *out)
{
	struct rfile *r = (struct rfile *)((char *)i - offsetof(struct source, inspector));
	const struct shown_values *x;
	char had[sizeof(out->note)];

	pthread_mutex_lock(&r->lock);
	x = shown_find_values(&r->shown, ask);
	if (x) {
		values_copy(out, &x->v);
		memcpy(had, out->note, sizeof(had));
		snprintf(out->note, sizeof(out->note), "as it was looked at, at %.1f s%s%.180s",
			 (double)x->time / 1e9, *had ? "; " : "", had);
	} else {
		out->goid = ask->goid;
		out->pc = ask->pc;
		snprintf(out->note, sizeof(out->note),
			 "nobody looked at the variables of this frame while it was recorded");
	}
	pthread_mutex_unlock(&r->lock);
	return 0;
}

void frame_facts(struct rfile *r, struct rfile_group *g, struct world *w)
{
	read_loads(r, g, w);
	read_marks(r, w);
	read_files(r, w);
	read_values(r, w);
	w->generation++;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of the session as a whole, and of its state where a group begins. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/recording_impl.h"

static const int64_t FINDINGS_NS = 2ll * 1000 * 1000 * 1000; /* between two tellings of them */

static void put_section(struct rec_encoder *e, enum rec_section s, rec_bytes *body)
{
	rec_put_section(&e->now->body, s, body);
	vec_free(body);
}

/* --- what the session is of --- */

/* The value as text; false: it says nothing. */
static bool field_text(const struct world *w, const struct rec_field *f, char *buf, size_t size,
		       const char **text, size_t *n)
{
	const void *at = (const char *)w + f->at;
	uint32_t id;

	*text = buf;
	buf[0] = '\0';
	switch (f->type) {
	case REC_TEXT:
		memcpy(&id, at, sizeof(id));
		*text = strtab_get(&w->strings, id);
		*n = strtab_len(&w->strings, id);
		return *n > 0;
	case REC_U64:
		snprintf(buf, size, "%" PRIu64, *(const uint64_t *)at);
		break;
	case REC_I64:
		snprintf(buf, size, "%" PRId64, *(const int64_t *)at);
		break;
	case REC_U32:
		snprintf(buf, size, "%" PRIu32, *(const uint32_t *)at);
		break;
	case REC_I32:
		snprintf(buf, size, "%" PRId32, *(const int32_t *)at);
		break;
	case REC_REAL:
		snprintf(buf, size, "%.4g", *(const double *)at);
		break;
	case REC_BOOL:
		snprintf(buf, size, "%d", *(const bool *)at);
		break;
	case REC_LIVE:
		snprintf(buf, size, "%s", live_state_name(*(const enum live_state *)at));
		break;
	}
	*n = strlen(buf);
	return strcmp(buf, "0") != 0 && strcmp(buf, "none") != 0;
}

static void put_pair(rec_bytes *b, const char *name, const char *text, size_t n)
{
	rec_put_text(b, name, strlen(name));
	rec_put_text(b, text, n);
}

static void put_fields(struct rec_encoder *e, rec_bytes *b)
{
	for (size_t i = 0; rec_fields[i].name; i++) {
		const char *text;
		char buf[64];
		size_t n;
		bool says = field_text(e->world, &rec_fields[i], buf, sizeof(buf), &text, &n);
		uint64_t hash = hash_bytes(text, n, 1) | 1;

		if (e->told[i] == hash || (!says && !e->told[i]))
			continue;
		e->told[i] = hash;
		put_pair(b, rec_fields[i].name, text, n);
	}
	for (; e->warnings < e->world->warning.n; e->warnings++) {
		uint32_t id = e->world->warning.v[e->warnings];

		put_pair(b, "warning", strtab_get(&e->world->strings, id),
			 strtab_len(&e->world->strings, id));
	}
}

static void put_counts(struct rec_encoder *e)
{
	const struct moment *m = e->at ? e->at : &e->world->now;
	rec_bytes b = { 0 };

	for (int s = 0; s < GS_N; s++)
		rec_put(&b, m->count[s]);
	put_section(e, RECS_COUNTS, &b);
}

static void put_marks(struct rec_encoder *e)
{
	const struct world *w = e->world;
	rec_bytes b = { 0 };

	e->mark_stamp = w->mark_stamp;
	rec_put(&b, w->mark.n);
	for (size_t i = 0; i < w->mark.n; i++) {
		rec_put(&b, (uint8_t)w->mark.v[i].letter);
		rec_put_diff(&b, (uint64_t)w->mark.v[i].time, 0);
		rec_put(&b, w->mark.v[i].goid);
	}
	put_section(e, RECS_MARKS, &b);
}

/* --- findings --- */

static void put_string(rec_bytes *b, const char *s)
{
	rec_put_text(b, s ? s : "", s ? strlen(s) : 0);
}

static void put_numbers(rec_bytes *b, const uint64_t *v, size_t n)
{
	rec_put(b, n);
	for (size_t i = 0; i < n; i++)
		rec_put_diff(b, v[i], i ? v[i - 1] : 0);
}

static void put_finding(struct rec_encoder *e, rec_bytes *b, const struct finding *f)
{
	rec_put(b, f->id);
	put_string(b, detector_table[f->detector].name);
	put_string(b, severity_name((enum severity)f->severity));
	put_string(b, certainty_name((enum certainty)f->certainty));
	rec_put(b, (f->present ? 1u : 0u) | (f->muted ? 2u : 0u));
	rec_put_diff(b, (uint64_t)f->since, 0);
	rec_put_diff(b, (uint64_t)f->first, 0);
	rec_put_diff(b, (uint64_t)f->last, 0);
	rec_put(b, f->n);
	put_numbers(b, f->goid.v, f->goid.n);
	put_numbers(b, f->object.v, f->object.n);
	rec_put(b, rec_string(e, f->func));
	rec_put(b, rec_string(e, f->file));
	rec_put(b, f->line);
	put_string(b, f->summary);
	put_string(b, f->why);
	put_string(b, f->advice);
	rec_put(b, f->evidence.n);
	for (size_t i = 0; i < f->evidence.n; i++)
		put_string(b, f->evidence.v[i]);
}

static void put_findings(struct rec_encoder *e, bool must)
{
	const struct findings *all = e->detect ? &e->detect->findings : NULL;
	rec_bytes b = { 0 };

	if (!all || detect_busy(e->detect) || (!must && all->stamp == e->finding_stamp) ||
	    (!must && e->last < e->findings_at + FINDINGS_NS))
		return;
	e->finding_stamp = all->stamp;
	e->findings_at = e->last;
	rec_put(&b, all->v.n);
	for (size_t i = 0; i < all->v.n; i++)
		put_finding(e, &b, &all->v.v[i]);
	put_section(e, RECS_FINDINGS, &b);
}

/* --- what the kernel told --- */

static void put_gload(struct rec_encoder *e, rec_bytes *b, uint64_t goid, const struct gload *l)
{
	rec_put(b, goid);
	rec_put(b, l->cpu_samples);
	rec_put(b, l->runq_ns);
	rec_put(b, l->runq_most_ns);
	rec_put(b, l->runq_n);
	rec_put(b, l->syscalls);
	rec_put(b, l->syscall_ns);
	rec_put(b, l->slow_ns);
	rec_put(b, rec_string(e, l->slow_call));
	rec_put(b, (uint64_t)((int64_t)l->slow_fd + 1));
}

static void put_thread_load(rec_bytes *b, const struct thread *t)
{
	rec_put(b, t->tid);
	rec_put(b, t->cpu_ns);
	rec_put(b, t->runq_ns);
	rec_put(b, t->runq_most_ns);
	rec_put(b, t->waker_goid);
	rec_put(b, t->waker_tid);
}

static void put_loads(struct rec_encoder *e)
{
	const struct world *w = e->world;
	rec_bytes b = { 0 }, threads = { 0 };
	size_t n = 0, nt = 0;

	for (uint32_t row = 0; row < w->g.n && w->load.n; row++)
		n += world_load(w, row) && world_find(w, w->g.v[row].goid) == row;
	for (size_t i = 0; i < w->thread.n; i++) {
		const struct thread *t = &w->thread.v[i];

		if (!t->cpu_ns && !t->runq_ns && !t->waker_tid && !t->waker_goid)
			continue;
		put_thread_load(&threads, t);
		nt++;
	}
	if (!n && !nt)
		return;
	rec_put(&b, n);
	for (uint32_t row = 0; row < w->g.n && n; row++)
		if (world_load(w, row) && world_find(w, w->g.v[row].goid) == row)
			put_gload(e, &b, w->g.v[row].goid, world_load(w, row));
	rec_put(&b, nt);
	rec_put_raw(&b, threads.v, threads.n);
	vec_free(&threads);
	put_section(e, RECS_LOADS, &b);
}

/* --- what was shown --- */

static void put_files(struct rec_encoder *e)
{
	const struct shown *s = &e->world->shown;

	for (; e->files < s->file.n; e->files++) {
		const struct shown_file *x = &s->file.v[e->files];
		rec_bytes b = { 0 };

		put_string(&b, x->path);
		rec_put_text(&b, x->text, x->n);
		put_section(e, RECS_SOURCE, &b);
	}
}

static void put_value(rec_bytes *b, const struct values *all, const struct value *v)
{
	rec_put(b, v->key);
	rec_put(b, v->addr);
	rec_put(b, v->line);
	rec_put(b, v->depth);
	rec_put(b, v->flags);
	put_string(b, values_at(all, v->name));
	put_string(b, values_at(all, v->type));
	put_string(b, values_at(all, v->text));
}

static void put_values(struct rec_encoder *e)
{
	const struct shown *s = &e->world->shown;

	for (; e->values < s->values.n; e->values++) {
		const struct shown_values *x = &s->values.v[e->values];
		rec_bytes b = { 0 };

		rec_put_diff(&b, (uint64_t)x->time, 0);
		rec_put(&b, x->ask.goid);
		rec_put(&b, x->ask.frame);
		rec_put(&b, x->ask.pc);
		rec_put(&b, x->ask.open.n);
		for (size_t i = 0; i < x->ask.open.n; i++)
			rec_put(&b, x->ask.open.v[i]);
		put_string(&b, x->v.note);
		rec_put(&b, x->v.v.n);
		for (size_t i = 0; i < x->v.v.n; i++)
			put_value(&b, &x->v, &x->v.v.v[i]);
		put_section(e, RECS_VALUES, &b);
	}
}

void rec_session(struct rec_encoder *e, bool last)
{
	bool key = e->now->head.kind == REC_KEY;
	rec_bytes b = { 0 };

	put_fields(e, &b);
	put_section(e, RECS_META, &b);
	put_counts(e);
	put_findings(e, last || key);
	if ((key && e->world->mark.n) || e->mark_stamp != e->world->mark_stamp)
		put_marks(e);
	if (last || key)
		put_loads(e);
	if (e->world->shown.wanted) {
		put_files(e);
		put_values(e);
	}
}

/* --- the state where a group begins --- */

struct row {
	uint64_t v[REC_ROW_NUMBERS];
	uint8_t b[REC_ROW_BYTES];
};

static struct row row_of(struct rec_encoder *e, const struct moment *m, uint32_t i)
{
	const struct goroutine *g = &e->world->g.v[i];

	return (struct row){
		.v = { g->goid, g->creator, (uint64_t)g->t_create, (uint64_t)m->since[i],
		       rec_stack(e, m->stack[i]), rec_stack(e, g->create_stack),
		       rec_stack(e, g->start_stack), rec_string(e, g->labels) },
		.b = { m->state[i], m->reason[i], m->how[i] },
	};
}

static void put_rows(struct rec_encoder *e, const struct moment *m)
{
	VEC(struct row) rows = { 0 };
	rec_bytes b = { 0 };

	for (uint32_t i = 0; i < m->n && i < e->world->g.n; i++)
		if (m->state[i] != GS_NONE && m->state[i] != GS_DEAD)
			*vec_push(&rows) = row_of(e, m, i);
	rec_put(&b, rows.n);
	for (unsigned c = 0; c < REC_ROW_NUMBERS; c++)
		for (size_t i = 0; i < rows.n; i++)
			rec_put_diff(&b, rows.v[i].v[c], i ? rows.v[i - 1].v[c] : 0);
	for (unsigned c = 0; c < REC_ROW_BYTES; c++)
		for (size_t i = 0; i < rows.n; i++)
			rec_put_raw(&b, &rows.v[i].b[c], 1);
	if (rows.n)
		put_section(e, RECS_ROWS, &b);
	vec_free(&b);
	vec_free(&rows);
}

static void put_threads(struct rec_encoder *e)
{
	const struct world *w = e->world;
	rec_bytes b = { 0 };

	for (size_t i = 0; i < w->thread.n; i++) {
		const struct thread *t = &w->thread.v[i];

		if (t->state == GS_DEAD)
			continue;
		rec_put(&b, t->tid);
		rec_put(&b, t->goid);
		rec_put(&b, t->p + 1);
		rec_put_diff(&b, (uint64_t)t->since, 0);
		rec_put(&b, t->state);
		rec_put(&b, rec_string(e, t->syscall));
		rec_put(&b, (uint64_t)((int64_t)t->fd + 1));
	}
	put_section(e, RECS_THREADS, &b);
}

static void put_ranges(struct rec_encoder *e, int64_t t)
{
	const struct world *w = e->world;
	rec_bytes b = { 0 };

	for (size_t i = 0; i < w->band.n; i++) {
		const struct band *x = &w->band.v[i];

		if (x->t0 > t || x->t1 <= t)
			continue;
		rec_put_diff(&b, (uint64_t)x->t0, 0);
		rec_put(&b, rec_string(e, x->name));
	}
	put_section(e, RECS_RANGES, &b);
}

static void put_lost(struct rec_encoder *e)
{
	rec_bytes b = { 0 };

	if (!e->lost)
		return;
	rec_put(&b, e->lost);
	rec_put_diff(&b, (uint64_t)e->lost_from, 0);
	put_section(e, RECS_LOST, &b);
	e->lost = 0;
}

void rec_key(struct rec_encoder *e, const struct moment *m)
{
	rec_bytes look = { 0 };

	memset(e->told, 0, sizeof(e->told));
	e->warnings = 0;
	e->files = e->again ? 0 : e->files;
	e->look.time = T_BEFORE;
	put_lost(e);
	put_rows(e, m);
	put_ranges(e, m->time);
	if (m != &e->world->now)
		return;
	put_threads(e);
	if (e->world->facts.time == T_BEFORE)
		return;
	rec_look_put(e, &look, true);
	put_section(e, RECS_LOOK_KEY, &look);
}

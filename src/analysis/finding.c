/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/baseline.h"
#include "analysis/groups.h"

enum { KEYS_BACK = 16 }; /* the last ones, among which equal ones are mostly found */

static const char *const severity_names[SEVERITY_N] = { "info", "warning", "error" };
static const char *const certainty_names[CERTAINTY_N] = { "recheck", "likely", "proven" };

const char *severity_name(enum severity s)
{
	return s < SEVERITY_N ? severity_names[s] : "info";
}

const char *certainty_name(enum certainty c)
{
	return c < CERTAINTY_N ? certainty_names[c] : "recheck";
}

int severity_parse(const char *name)
{
	for (int i = 0; i < SEVERITY_N; i++)
		if (!strcmp(name, severity_names[i]))
			return i;
	return -1;
}

/* What is told of one look; the rest stays. */
static void finding_free(struct finding *f)
{
	free(f->summary);
	free(f->why);
	free(f->advice);
	for (size_t i = 0; i < f->evidence.n; i++)
		free(f->evidence.v[i]);
	vec_free(&f->evidence);
	vec_free(&f->goid);
	vec_free(&f->object);
	f->summary = f->why = f->advice = NULL;
}

void findings_init(struct findings *f)
{
	memset(f, 0, sizeof(*f));
	f->time = T_BEFORE;
}

void findings_release(struct findings *f)
{
	for (size_t i = 0; i < f->v.n; i++)
		finding_free(&f->v.v[i]);
	finding_free(&f->draft);
	vec_free(&f->v);
	vec_free(&f->key);
	map64_free(&f->by_id);
}

/* --- telling one --- */

struct finding *finding_new(struct findings *f, uint32_t detector, enum severity s,
			    enum certainty c)
{
	finding_free(&f->draft);
	f->draft = (struct finding){ .detector = detector,
				     .severity = (uint8_t)s,
				     .certainty = (uint8_t)c,
				     .since = T_NEVER };
	f->key.n = 0;
	return &f->draft;
}

static uint64_t text_hash(const struct world *w, uint32_t str, uint64_t seed)
{
	return hash_bytes(strtab_get(&w->strings, str), strtab_len(&w->strings, str), seed);
}

/* Of names and lines, not of ids: those differ from session to session. */
static uint64_t frame_hash(const struct world *w, const struct frame *f)
{
	return f ? text_hash(w, f->func, f->line) : 1;
}

/* Their number does not matter, so of those alike one is enough. */
static void key_add(struct findings *f, uint64_t key)
{
	for (size_t i = f->key.n; i-- > 0 && i + KEYS_BACK >= f->key.n;)
		if (f->key.v[i] == key)
			return;
	*vec_push(&f->key) = key;
}

static uint64_t goroutine_key(struct findings *f, const struct world *w, uint32_t stack,
			      uint32_t made)
{
	if (f->alike_key && f->alike[0] == stack && f->alike[1] == made)
		return f->alike_key;
	f->alike[0] = stack;
	f->alike[1] = made;
	f->alike_key = frame_hash(w, stack_place(w, stack)) ^
		       hash_u64(frame_hash(w, stacktab_frame(&w->stacks, made, 0)) + 1);
	return f->alike_key;
}

void finding_lasting_place(struct findings *f, const struct world *w, const struct moment *m,
			   uint32_t row)
{
	const struct frame *at = stacktab_frame(&w->stacks, w->g.v[row].create_stack, 0);

	if (!at || !at->file) /* the main goroutine: nobody made it */
		at = stack_place(w, row < m->n ? m->stack[row] : 0);
	finding_place(f, at);
}

void finding_member(struct findings *f, const struct world *w, const struct moment *m, uint32_t row)
{
	const struct goroutine *g = &w->g.v[row];
	struct finding *d = &f->draft;

	if (d->goid.n < FINDING_IDS)
		*vec_push(&d->goid) = g->goid;
	if (!d->n++ && !d->func) {
		finding_place(f, stack_place(w, row < m->n ? m->stack[row] : 0));
		if (!d->file || (row < m->n && m->state[row] == GS_RUNNING))
			finding_lasting_place(f, w, m, row);
	}
	if (row < m->n)
		finding_since(f, m->since[row]);
}

void finding_goroutine(struct findings *f, const struct world *w, const struct moment *m,
		       uint32_t row)
{
	key_add(f, goroutine_key(f, w, row < m->n ? m->stack[row] : 0, w->g.v[row].create_stack));
	finding_member(f, w, m, row);
}

void finding_more(struct findings *f, uint32_t n)
{
	f->draft.n += n;
}

void finding_object(struct findings *f, uint64_t addr)
{
	struct finding *d = &f->draft;

	if (d->object.n == FINDING_IDS)
		return;
	for (size_t i = 0; i < d->object.n; i++)
		if (d->object.v[i] == addr)
			return;
	*vec_push(&d->object) = addr;
}

void finding_place(struct findings *f, const struct frame *at)
{
	if (!at)
		return;
	f->draft.func = at->func;
	f->draft.file = at->file;
	f->draft.line = at->line;
}

void finding_key(struct findings *f, const char *word)
{
	key_add(f, hash_bytes(word, strlen(word), 7));
}

void finding_since(struct findings *f, int64_t since)
{
	if (since < f->draft.since)
		f->draft.since = since;
}

static char *text_make(const char *fmt, va_list ap)
{
	char buf[1024];

	vsnprintf(buf, sizeof(buf), fmt, ap);
	return xstrdup(buf);
}

#define TEXT_SET(where) \
	do { \
		va_list ap; \
		free(where); \
		va_start(ap, fmt); \
		(where) = text_make(fmt, ap); \
		va_end(ap); \
	} while (0)

void finding_summary(struct findings *f, const char *fmt, ...)
{
	TEXT_SET(f->draft.summary);
}

void finding_why(struct findings *f, const char *fmt, ...)
{
	TEXT_SET(f->draft.why);
}

void finding_advice(struct findings *f, const char *advice)
{
	free(f->draft.advice);
	f->draft.advice = xstrdup(advice);
}

void finding_evidence(struct findings *f, const char *fmt, ...)
{
	va_list ap;

	if (f->draft.evidence.n >= FINDING_LINES)
		return;
	va_start(ap, fmt);
	*vec_push(&f->draft.evidence) = text_make(fmt, ap);
	va_end(ap);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The set of keys, whatever their order and number. */
static uint64_t draft_id(struct findings *f)
{
	uint64_t id = hash_u64(f->draft.detector + 1);

	if (f->key.n)
		qsort(f->key.v, f->key.n, sizeof(*f->key.v), by_value);
	for (size_t i = 0; i < f->key.n; i++)
		if (!i || f->key.v[i] != f->key.v[i - 1])
			id = hash_u64(id + f->key.v[i]);
	return id ? id : 1;
}

/* --- among the others --- */

/* What the draft will be united with; NULL: it is the first of its id in this look. */
static struct finding *same_look(struct findings *f, uint64_t id)
{
	uint32_t i = map64_get(&f->by_id, id);

	return i != UINT32_MAX && f->v.v[i].present && f->v.v[i].look == f->look ? &f->v.v[i]
										 : NULL;
}

bool finding_words(struct findings *f)
{
	const struct finding *to = same_look(f, draft_id(f));

	return !to || to->evidence.n < FINDING_LINES || f->draft.certainty < to->certainty;
}

/* What was not told is "". */
static void words_fill(struct finding *d)
{
	d->summary = d->summary ? d->summary : xstrdup("");
	d->why = d->why ? d->why : xstrdup("");
	d->advice = d->advice ? d->advice : xstrdup("");
}

static void unite(struct finding *to, const struct finding *from)
{
	for (size_t i = 0; i < from->goid.n && to->goid.n < FINDING_IDS; i++)
		*vec_push(&to->goid) = from->goid.v[i];
	for (size_t i = 0; i < from->object.n && to->object.n < FINDING_IDS; i++)
		*vec_push(&to->object) = from->object.v[i];
	for (size_t i = 0; i < from->evidence.n && to->evidence.n < FINDING_LINES; i++)
		*vec_push(&to->evidence) = xstrdup(from->evidence.v[i]);
	to->n += from->n;
	if (from->since < to->since)
		to->since = from->since;
	if (from->severity > to->severity)
		to->severity = from->severity;
	if (from->certainty < to->certainty) {
		to->certainty = from->certainty;
		free(to->why);
		to->why = xstrdup(from->why ? from->why : "");
	}
}

static bool same_goroutines(const struct finding *a, const struct finding *b)
{
	return a->n == b->n && a->goid.n == b->goid.n &&
	       (!a->goid.n || !memcmp(a->goid.v, b->goid.v, a->goid.n * sizeof(*a->goid.v)));
}

static bool changed(const struct finding *a, const struct finding *b)
{
	return !a->present || a->severity != b->severity || a->certainty != b->certainty ||
	       !same_goroutines(a, b) || strcmp(a->summary, b->summary) != 0;
}

void finding_prove(struct findings *f, uint32_t looks, bool undecided)
{
	f->draft.prove = looks;
	f->draft.undecided = undecided;
}

/* old: of the look before, NULL where it is new. */
static void prove(struct findings *f, const struct finding *old)
{
	struct finding *d = &f->draft;

	if (!d->prove)
		return;
	if (old && old->present && same_goroutines(old, d) &&
	    (d->certainty == CERTAINTY_PROVEN || d->undecided))
		d->proofs = old->proofs;
	if (d->certainty != CERTAINTY_PROVEN)
		return;
	d->proofs++;
	if (d->proofs >= d->prove)
		return;
	d->certainty = CERTAINTY_LIKELY;
	finding_why(f, "nobody who goes on can reach it, seen in %u looks; the proof takes %u",
		    d->proofs, d->prove);
}

/* The fault is the one of the look before: what is new takes the old one's place. */
static void renew(struct findings *f, struct finding *old)
{
	struct finding *d = &f->draft;

	prove(f, old);
	if (changed(old, d))
		f->stamp++;
	/* who cannot go on today cannot tomorrow */
	if (old->certainty == CERTAINTY_PROVEN && old->present && same_goroutines(old, d)) {
		d->certainty = CERTAINTY_PROVEN;
		d->severity = old->severity;
		finding_why(f, "%s", "");
	}
	d->id = old->id;
	d->first = old->first;
	d->muted = old->muted;
	d->known = old->known;
	d->looks = old->present ? old->looks + 1 : 1;
	d->last = f->time;
	d->look = f->look;
	d->present = true;
	finding_free(old);
	*old = *d;
}

void finding_done(struct findings *f)
{
	struct finding *d = &f->draft;
	uint64_t id = draft_id(f);
	struct finding *same = same_look(f, id);
	uint32_t i = map64_get(&f->by_id, id);

	if (same) {
		unite(same, d);
		finding_free(d);
		memset(d, 0, sizeof(*d));
		return;
	}
	words_fill(d);
	if (i == UINT32_MAX && f->v.n >= FINDINGS_MOST) {
		finding_free(d);
	} else if (i == UINT32_MAX) {
		map64_put(&f->by_id, id, (uint32_t)f->v.n);
		prove(f, NULL);
		d->id = id;
		d->first = d->last = f->time;
		d->look = f->look;
		d->looks = 1;
		d->present = true;
		d->known = d->muted = baseline_has(f->baseline, id);
		*vec_push(&f->v) = *d;
		f->stamp++;
	} else {
		renew(f, &f->v.v[i]);
	}
	memset(d, 0, sizeof(*d));
}

static void count(struct findings *f)
{
	memset(f->count, 0, sizeof(f->count));
	for (size_t i = 0; i < f->v.n; i++)
		if (f->v.v[i].present && !f->v.v[i].muted)
			f->count[f->v.v[i].severity]++;
}

void findings_begin(struct findings *f, int64_t time)
{
	f->time = time;
	f->look++;
	f->alike_key = 0;
}

void findings_end(struct findings *f)
{
	for (size_t i = 0; i < f->v.n; i++) {
		struct finding *one = &f->v.v[i];

		if (one->present && one->look != f->look) {
			one->present = false;
			f->stamp++;
		}
	}
	count(f);
}

const struct finding *findings_get(const struct findings *f, uint64_t id)
{
	uint32_t i = map64_get(&f->by_id, id);

	return i == UINT32_MAX ? NULL : &f->v.v[i];
}

bool findings_mute(struct findings *f, uint64_t id, bool muted)
{
	uint32_t i = map64_get(&f->by_id, id);

	if (i == UINT32_MAX)
		return false;
	f->v.v[i].muted = muted;
	f->stamp++;
	count(f);
	return true;
}

static int by_gravity(const void *a, const void *b, void *arg)
{
	const struct findings *f = arg;
	const struct finding *x = &f->v.v[*(const uint32_t *)a], *y = &f->v.v[*(const uint32_t *)b];

	if (x->present != y->present)
		return x->present ? -1 : 1;
	if (x->muted != y->muted)
		return x->muted ? 1 : -1;
	if (x->severity != y->severity)
		return (int)y->severity - (int)x->severity;
	if (x->certainty != y->certainty)
		return (int)y->certainty - (int)x->certainty;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

void findings_order(const struct findings *f, bool gone, finding_order *out)
{
	out->n = 0;
	for (size_t i = 0; i < f->v.n; i++)
		if (gone || f->v.v[i].present)
			*vec_push(out) = (uint32_t)i;
	if (out->n)
		qsort_r(out->v, out->n, sizeof(*out->v), by_gravity, (void *)f);
}

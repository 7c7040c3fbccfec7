/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/filter.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/match.h"

/* Answers by id, of those asked so far; all are asked in their order, since that is how they lie. */
struct memo {
	bool *v;
	size_t n, cap;
};

enum { ID_MOST = 21 }; /* bytes of "g18446744073709551615" */

/* An id as text, counted on where the next one follows. */
struct id_text {
	uint64_t goid;
	char s[24]; /* "g18", right-aligned; from at on */
	unsigned at;
};

struct filter {
	char *pattern;
	bool invert, all;
	bool names_ids; /* the pattern could match "g18" */
	/* it is an id or a part of one, perhaps at the begin or the end: no regex is needed */
	struct {
		const char *s;
		size_t n; /* 0: it is another pattern */
		bool head, tail;
	} part;
	struct match *match;
	struct memo string, frame, stack, origin;
	bool word[GS_N][R_N]; /* the state's or the reason's name */
	struct id_text id;
};

/* "^g77", "77$", "g1" */
static void find_part(struct filter *f, const char *p)
{
	size_t n;

	f->part.head = *p == '^';
	f->part.s = p += f->part.head;
	n = strspn(p, "g0123456789");
	f->part.tail = p[n] == '$';
	f->part.n = p[n + f->part.tail] ? 0 : n;
}

static void ask_words(struct filter *f);

struct filter *filter_new(const char *pattern, struct err *err)
{
	struct filter *f = xcalloc(1, sizeof(*f));
	const char *p = pattern;

	f->pattern = xstrdup(pattern);
	if (*p == '!') {
		f->invert = true;
		p++;
	}
	if (!*p) {
		f->all = true;
		f->invert = false;
		return f;
	}
	f->match = match_new(p, err);
	if (!f->match) {
		filter_free(f);
		return NULL;
	}
	find_part(f, f->pattern + f->invert);
	ask_words(f);
	f->names_ids = match_possible(f->match, "g0123456789", ID_MOST);
	return f;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	match_free(f->match);
	free(f->string.v);
	free(f->frame.v);
	free(f->stack.v);
	free(f->origin.v);
	free(f->pattern);
	free(f);
}

const char *filter_pattern(const struct filter *f)
{
	return f ? f->pattern : "";
}

static bool matches(struct filter *f, const char *s, size_t len)
{
	return match_find(f->match, s, len, NULL, NULL);
}

static void memo_room(struct memo *m, size_t n)
{
	if (n <= m->cap)
		return;
	m->cap = n + n / 2 + 64;
	m->v = xrealloc(m->v, m->cap, sizeof(*m->v));
}

static void ask_strings(struct filter *f, const struct world *w)
{
	struct memo *m = &f->string;

	memo_room(m, w->strings.str.n);
	for (; m->n < w->strings.str.n; m->n++)
		m->v[m->n] = matches(f, w->strings.str.v[m->n].s, w->strings.str.v[m->n].len);
}

static void ask_frames(struct filter *f, const struct world *w)
{
	struct memo *m = &f->frame;

	memo_room(m, w->stacks.frame.n);
	for (; m->n < w->stacks.frame.n; m->n++) {
		const struct frame *fr = &w->stacks.frame.v[m->n];

		m->v[m->n] = f->string.v[fr->func] || f->string.v[fr->file];
	}
}

static void ask_stacks(struct filter *f, const struct world *w)
{
	const struct stacktab *t = &w->stacks;
	struct memo *m = &f->stack;

	memo_room(m, t->stack.n);
	for (; m->n < t->stack.n; m->n++) {
		const uint32_t *id = t->ids.v + t->stack.v[m->n].first;
		bool hit = false;

		for (uint32_t i = 0; i < t->stack.v[m->n].n; i++)
			hit |= f->frame.v[id[i]];
		m->v[m->n] = hit;
	}
}

static void ask_origins(struct filter *f, const struct world *w)
{
	struct memo *m = &f->origin;

	memo_room(m, w->origin.n);
	for (; m->n < w->origin.n; m->n++) {
		const struct origin *o = &w->origin.v[m->n];

		m->v[m->n] = f->stack.v[o->start_stack] || f->stack.v[o->create_stack] ||
			     (o->labels && f->string.v[o->labels]);
	}
}

static void ask_words(struct filter *f)
{
	for (int s = 0; s < GS_N; s++)
		for (int r = 0; r < R_N; r++) {
			const char *a = gstate_name((enum gstate)s),
				   *b = reason_name((enum reason)r);

			f->word[s][r] = (*a && matches(f, a, strlen(a))) ||
					(*b && matches(f, b, strlen(b)));
		}
}

/* What came since the last time as well. */
static void ask(struct filter *f, const struct world *w)
{
	ask_strings(f, w);
	ask_frames(f, w);
	ask_stacks(f, w);
	ask_origins(f, w);
}

static void id_set(struct id_text *t, uint64_t goid)
{
	t->goid = goid;
	t->at = sizeof(t->s);
	do
		t->s[--t->at] = (char)('0' + goid % 10);
	while (goid /= 10);
	t->s[--t->at] = 'g';
}

/* 1234 → 1235 changes a digit or two. */
static void id_next(struct id_text *t)
{
	unsigned i = sizeof(t->s) - 1;

	t->goid++;
	while (t->s[i] == '9')
		t->s[i--] = '0';
	if (t->s[i] != 'g') {
		t->s[i]++;
		return;
	}
	t->s[i] = '1';
	t->s[--t->at] = 'g';
}

static const char *id_begin(const struct id_text *t)
{
	return t->s + t->at;
}

static size_t id_len(const struct id_text *t)
{
	return sizeof(t->s) - t->at;
}

/* Most differ in the first bytes. */
static inline bool starts(const char *s, const char *part, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] != part[i])
			return false;
	return true;
}

static inline bool part_matches(const struct filter *f)
{
	const char *s = id_begin(&f->id);
	size_t n = id_len(&f->id);

	if (n < f->part.n || (f->part.head && f->part.tail && n != f->part.n))
		return false;
	if (f->part.head)
		return starts(s, f->part.s, f->part.n);
	if (f->part.tail)
		return starts(s + n - f->part.n, f->part.s, f->part.n);
	for (size_t i = 0; i + f->part.n <= n; i++)
		if (starts(s + i, f->part.s, f->part.n))
			return true;
	return false;
}

static bool id_matches(struct filter *f, uint64_t goid)
{
	if (f->id.at && f->id.goid + 1 == goid)
		id_next(&f->id);
	else
		id_set(&f->id, goid);
	return f->part.n ? part_matches(f) : matches(f, id_begin(&f->id), id_len(&f->id));
}

static inline bool row_hits(const struct filter *f, const struct world *w, const struct moment *m,
			    size_t row)
{
	return f->word[m->state[row]][m->reason[row]] | f->stack.v[m->stack[row]] |
	       f->origin.v[w->key.v[row].origin];
}

bool filter_row(struct filter *f, const struct world *w, const struct moment *m, size_t row)
{
	if (!f || f->all)
		return true;
	ask(f, w);
	return (row_hits(f, w, m, row) || (f->names_ids && id_matches(f, w->key.v[row].goid))) !=
	       f->invert;
}

static bool is_alive(uint8_t state)
{
	return state != GS_NONE && state != GS_DEAD;
}

/* How many are kept and alive; eight at a time, each in a byte of its own. */
static size_t count_alive(const struct moment *m, const bool *keep)
{
	const uint64_t one = 0x0101010101010101ull;
	size_t n = 0, row = 0;

	for (; row + 8 <= m->n; row += 8) {
		uint64_t state, kept;

		memcpy(&state, m->state + row, 8);
		memcpy(&kept, keep + row, 8);
		kept &= (state + one * (0x80 - (GS_NONE + 1))) >> 7;
		kept &= ~((state + one * (0x80 - GS_DEAD)) >> 7);
		n += kept * one >> 56;
	}
	for (; row < m->n; row++)
		n += keep[row] & is_alive(m->state[row]);
	return n;
}

static void match_all(struct filter *f, const struct world *w, const struct moment *m, bool *keep)
{
	bool invert = f->invert;

	ask(f, w);
	for (size_t row = 0; row < m->n; row++)
		keep[row] = row_hits(f, w, m, row) ^ invert;
	if (!f->names_ids)
		return;
	for (size_t row = 0; row < m->n; row++)
		if (keep[row] == invert)
			keep[row] = id_matches(f, w->key.v[row].goid) ^ invert;
}

size_t filter_all(struct filter *f, const struct world *w, const struct moment *m, bool system,
		  bool *keep)
{
	if (!m->n)
		return 0; /* keep may be NULL then */
	if (!f || f->all)
		memset(keep, true, m->n);
	else
		match_all(f, w, m, keep);
	for (size_t i = 0; i < w->system_row.n && !system; i++)
		if (w->system_row.v[i] < m->n && w->key.v[w->system_row.v[i]].system)
			keep[w->system_row.v[i]] = false;
	return count_alive(m, keep);
}

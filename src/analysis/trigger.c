/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/trigger.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TERMS_MOST = 32, NAME_MOST = 24, SAMPLES = 64 };

#define SECOND 1000000000ll

/* Growth is measured over so long, or over the unit where that is shorter; at least over a tenth of it. */
static const int64_t GROWTH_NS = 60 * SECOND;

enum term_kind { TERM_DETECTOR, TERM_SEVERITY, TERM_COUNT, TERM_TIME, TERM_GROWTH };

struct term {
	enum term_kind kind;
	int which; /* detector, severity, state; GS_NONE: all */
	double most; /* a number, ns, or a number a nanosecond */
	int64_t span; /* growth is measured over so long */
	char text[48];
};

struct sample {
	int64_t t;
	uint64_t n;
};

struct trigger {
	struct term term[TERMS_MOST];
	size_t n;
	struct sample sample[SAMPLES]; /* of how many there were, a ring */
	size_t at;
};

/* --- reading --- */

struct reading {
	const char *text, *p;
	struct err *err;
};

static int wrong(const struct reading *r, const char *at, const char *what)
{
	return err_set(r->err, -EINVAL, EXIT_USAGE, "--record-on '%.200s': column %d: %s", r->text,
		       (int)(at - r->text) + 1, what);
}

static void skip_blanks(struct reading *r)
{
	while (*r->p == ' ' || *r->p == '\t')
		r->p++;
}

static bool read_word(struct reading *r, char name[NAME_MOST])
{
	size_t n = 0;

	while (isalpha((unsigned char)*r->p) || *r->p == '-') {
		if (n + 1 == NAME_MOST)
			return false;
		name[n++] = *r->p++;
	}
	name[n] = '\0';
	return n > 0;
}

static int find_finding(struct term *t, const char *name)
{
	t->which = severity_parse(name);
	t->kind = TERM_SEVERITY;
	if (t->which >= 0)
		return 0;
	t->kind = TERM_DETECTOR;
	for (t->which = 0; t->which < DETECT_N; t->which++)
		if (!strcmp(name, detector_table[t->which].name))
			return 0;
	return -ENOENT;
}

static const char KNOWN[] =
	"there is no such condition; there are deadlock, nil-channel, leak, "
	"starvation, contention, held-lock, race, info, warning, error, and "
	"goroutines, running, runnable, blocked, syscall, growth with > and a number";

/* NUMBER, then a unit. */
static int read_limit(struct reading *r, struct term *t, const char *name)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = { { "ms", SECOND / 1000 },
		      { "s", SECOND },
		      { "m", 60 * SECOND },
		      { "min", 60 * SECOND },
		      { "h", 3600 * SECOND } };
	bool growth = !strcmp(name, "growth"),
	     timed = t->which == GS_BLOCKED || t->which == GS_RUNNABLE;
	const char *at = r->p;
	char unit[NAME_MOST], *end;
	size_t i = 0;

	if (!isdigit((unsigned char)*at))
		return wrong(r, at, "a number must stand here");
	t->most = strtod(at, &end);
	if (!(t->most >= 0 && t->most < 1e15))
		return wrong(r, at, "the number is too large");
	r->p = at = end;
	if (growth && *r->p++ != '/')
		return wrong(r, at, "growth is told in a time, such as 100/m");
	at = r->p;
	if (!read_word(r, unit)) {
		t->kind = TERM_COUNT;
		return growth ? wrong(r, at, "a unit must stand here: s, m or h") : 0;
	}
	while (i < ARRAY_SIZE(units) && strcmp(unit, units[i].name) != 0)
		i++;
	if (i == ARRAY_SIZE(units))
		return wrong(r, at, "there is no such unit; there are ms, s, m and h");
	if (!growth && !timed)
		return wrong(r, at, "this is counted, and has no unit");
	t->kind = growth ? TERM_GROWTH : TERM_TIME;
	t->most = growth ? t->most / (double)units[i].ns : t->most * (double)units[i].ns;
	t->span = units[i].ns < GROWTH_NS ? units[i].ns : GROWTH_NS;
	return 0;
}

static int read_term(struct reading *r, struct term *t)
{
	const char *begin;
	char name[NAME_MOST];

	skip_blanks(r);
	begin = r->p;
	if (!read_word(r, name))
		return wrong(r, begin, *begin && *begin != '|' ? KNOWN : "a condition is missing");
	skip_blanks(r);
	t->which = gstate_parse(name);
	if (!strcmp(name, "goroutines") || !strcmp(name, "growth"))
		t->which = GS_NONE;
	else if (t->which <= GS_NONE || t->which >= GS_DEAD)
		return find_finding(t, name) ? wrong(r, begin, KNOWN) : 0;
	if (*r->p != '>')
		return wrong(r, r->p, "a > must stand here");
	r->p++;
	skip_blanks(r);
	return read_limit(r, t, name);
}

static int read_terms(struct reading *r, struct trigger *t)
{
	for (;;) {
		struct term *x = &t->term[t->n];
		const char *begin, *end;
		int rc;

		if (t->n == TERMS_MOST)
			return wrong(r, r->p, "these are too many conditions");
		skip_blanks(r);
		begin = r->p;
		rc = read_term(r, x);
		if (rc)
			return rc;
		t->n++;
		for (end = r->p; end[-1] == ' ' || end[-1] == '\t'; end--)
			;
		skip_blanks(r);
		snprintf(x->text, sizeof(x->text), "%.*s", (int)(end - begin), begin);
		if (!*r->p)
			return 0;
		if (*r->p != '|')
			return wrong(r, r->p, "conditions are parted by |");
		r->p++;
	}
}

struct trigger *trigger_new(const char *text, struct err *err)
{
	struct trigger *t = xcalloc(1, sizeof(*t));
	struct reading r = { text, text, err };

	if (!read_terms(&r, t))
		return t;
	free(t);
	return NULL;
}

void trigger_free(struct trigger *t)
{
	free(t);
}

/* --- looking --- */

static bool is_found(const struct detect *d, const struct term *t)
{
	const struct findings *all = &d->findings;

	for (size_t i = 0; i < all->v.n; i++) {
		const struct finding *f = &all->v.v[i];

		if (!f->present || f->muted)
			continue;
		if (f->certainty == CERTAINTY_RECHECK && f->detector != DETECT_RACE)
			continue;
		if (t->kind == TERM_DETECTOR ? (int)f->detector == t->which
					     : f->severity >= t->which)
			return true;
	}
	return false;
}

/* What ends by itself, or from outside, is no wait to speak of. */
static bool is_wait(uint8_t reason)
{
	return reason != R_SLEEP && reason != R_NET && reason != R_IO && reason != R_TIMER &&
	       reason != R_GC && reason != R_FINALIZER && reason != R_SYSCALL;
}

static bool is_long(const struct world *w, const struct term *t)
{
	const struct moment *m = &w->now;

	for (size_t i = 0; i < m->n; i++) {
		int64_t since = m->since[i] == T_BEFORE ? 0 : m->since[i];

		if (m->state[i] == t->which && !w->key.v[i].system &&
		    (double)(w->t_end - since) > t->most &&
		    (t->which != GS_BLOCKED || is_wait(m->reason[i])))
			return true;
	}
	return false;
}

static uint64_t count_of(const struct world *w, int state)
{
	const uint64_t *n = w->now.count;

	return state ? n[state] : n[GS_RUNNING] + n[GS_RUNNABLE] + n[GS_BLOCKED] + n[GS_SYSCALL];
}

/* Against the fewest there were within the span, but for what was just now. */
static bool is_growing(const struct trigger *tr, const struct world *w, const struct term *t)
{
	uint64_t now = count_of(w, GS_NONE);

	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *s = &tr->sample[i];
		int64_t passed = w->t_end - s->t;

		if (!s->t || passed > t->span || passed < t->span / 10 || s->n >= now)
			continue;
		if ((double)(now - s->n) > t->most * (double)t->span ||
		    (passed > t->span / 2 && (double)(now - s->n) / (double)passed > t->most))
			return true;
	}
	return false;
}

static void take_sample(struct trigger *t, const struct world *w)
{
	const struct sample *last = &t->sample[(t->at + SAMPLES - 1) % SAMPLES];

	if (w->t_end <= 0 || (last->t && w->t_end < last->t + GROWTH_NS / (SAMPLES - 4)))
		return;
	t->sample[t->at++ % SAMPLES] = (struct sample){ w->t_end, count_of(w, GS_NONE) };
}

static bool is_so(const struct trigger *tr, const struct term *t, const struct world *w,
		  const struct detect *d)
{
	switch (t->kind) {
	case TERM_DETECTOR:
	case TERM_SEVERITY:
		return d && !detect_busy(d) && is_found(d, t);
	case TERM_COUNT:
		return (double)count_of(w, t->which) > t->most;
	case TERM_TIME:
		return is_long(w, t);
	case TERM_GROWTH:
		return is_growing(tr, w, t);
	}
	return false;
}

const char *trigger_look(struct trigger *t, const struct world *w, const struct detect *d)
{
	const char *is = NULL;

	for (size_t i = 0; i < t->n && !is; i++)
		if (is_so(t, &t->term[i], w, d))
			is = t->term[i].text;
	take_sample(t, w);
	return is;
}

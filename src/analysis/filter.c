/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/filter.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/match.h"

/* Answers by id: 0 not asked yet, 1 no, 2 yes. */
struct memo {
	uint8_t *v;
	size_t n;
};

struct filter {
	char *pattern;
	bool invert, all;
	bool names_ids; /* the pattern could match "g18" */
	struct match *match;
	struct memo string, stack, state, reason;
};

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
	f->names_ids = strpbrk(p, "0123456789[\\.?*") != NULL;
	return f;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	match_free(f->match);
	free(f->string.v);
	free(f->stack.v);
	free(f->state.v);
	free(f->reason.v);
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

static uint8_t *memo_at(struct memo *m, size_t id)
{
	if (id >= m->n) {
		size_t n = id + id / 2 + 64;

		m->v = xrealloc(m->v, n, 1);
		memset(m->v + m->n, 0, n - m->n);
		m->n = n;
	}
	return &m->v[id];
}

static bool string_matches(struct filter *f, const struct world *w, uint32_t id)
{
	uint8_t known = *memo_at(&f->string, id);

	if (!known) {
		known = 1 + matches(f, strtab_get(&w->strings, id), strtab_len(&w->strings, id));
		*memo_at(&f->string, id) = known;
	}
	return known == 2;
}

static bool stack_matches(struct filter *f, const struct world *w, uint32_t id)
{
	const struct frame *fr;
	uint8_t known;

	if (!id)
		return false;
	known = *memo_at(&f->stack, id);
	if (known)
		return known == 2;
	known = 1;
	for (uint32_t i = 0; known == 1 && (fr = stacktab_frame(&w->stacks, id, i)); i++)
		if (string_matches(f, w, fr->func) || string_matches(f, w, fr->file))
			known = 2;
	*memo_at(&f->stack, id) = known;
	return known == 2;
}

static bool name_matches(struct filter *f, struct memo *m, uint8_t id, const char *name)
{
	uint8_t *known = memo_at(m, id);

	if (!*known)
		*known = 1 + (*name && matches(f, name, strlen(name)));
	return *known == 2;
}

static bool id_matches(struct filter *f, uint64_t goid)
{
	char name[24] = "g";
	size_t n = sizeof(name);
	char digits[24];

	do {
		digits[--n] = (char)('0' + goid % 10);
		goid /= 10;
	} while (goid);
	memcpy(name + 1, digits + n, sizeof(digits) - n);
	return matches(f, name, sizeof(digits) - n + 1);
}

bool filter_row(struct filter *f, const struct world *w, const struct moment *m, size_t row)
{
	const struct goroutine *g = &w->g.v[row];
	bool hit;

	if (!f || f->all)
		return true;
	hit = name_matches(f, &f->state, m->state[row], gstate_name(m->state[row])) ||
	      name_matches(f, &f->reason, m->reason[row], reason_name(m->reason[row])) ||
	      stack_matches(f, w, m->stack[row]) || stack_matches(f, w, g->start_stack) ||
	      stack_matches(f, w, g->create_stack) ||
	      (g->labels && string_matches(f, w, g->labels)) ||
	      (f->names_ids && id_matches(f, g->goid));
	return hit != f->invert;
}

size_t filter_all(struct filter *f, const struct world *w, const struct moment *m, bool *keep)
{
	size_t n = 0;

	for (size_t row = 0; row < m->n; row++) {
		keep[row] = filter_row(f, w, m, row);
		n += keep[row] && m->state[row] != GS_NONE && m->state[row] != GS_DEAD;
	}
	return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/filter.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <inttypes.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum {
	MATCH_LIMIT = 100000, /* steps of one match: a bad pattern must not hang the screen */
	HEAP_LIMIT_KB = 4096,
};

/* Answers by id: 0 not asked yet, 1 no, 2 yes. */
struct memo {
	uint8_t *v;
	size_t n;
};

struct filter {
	char *pattern;
	bool invert, all;
	bool names_ids; /* the pattern could match "g18" */
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	struct memo string, stack, state, reason;
};

static int compile(struct filter *f, const char *p, struct err *err)
{
	PCRE2_SIZE at;
	char why[200];
	int rc;

	f->code = pcre2_compile((PCRE2_SPTR)p, PCRE2_ZERO_TERMINATED,
				PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &rc, &at, NULL);
	if (!f->code) {
		pcre2_get_error_message(rc, (PCRE2_UCHAR *)why, sizeof(why));
		return err_set(err, -EINVAL, EXIT_USAGE, "%s at character %zu", why, at + 1);
	}
	pcre2_jit_compile(f->code, PCRE2_JIT_COMPLETE);
	f->data = pcre2_match_data_create(1, NULL);
	f->context = pcre2_match_context_create(NULL);
	if (!f->data || !f->context)
		die("out of memory");
	pcre2_set_match_limit(f->context, MATCH_LIMIT);
	pcre2_set_heap_limit(f->context, HEAP_LIMIT_KB);
	return 0;
}

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
	if (compile(f, p, err)) {
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
	pcre2_code_free(f->code);
	pcre2_match_data_free(f->data);
	pcre2_match_context_free(f->context);
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
	return pcre2_match(f->code, (PCRE2_SPTR)s, len, 0, 0, f->data, f->context) >= 0;
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

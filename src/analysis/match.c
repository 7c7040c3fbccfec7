/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/match.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

enum {
	MATCH_LIMIT = 100000, /* steps of one match: a bad pattern must not hang the screen */
	HEAP_LIMIT_KB = 4096,
};

struct match {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
};

struct match *match_new(const char *pattern, struct err *err)
{
	struct match *m = xcalloc(1, sizeof(*m));
	PCRE2_SIZE at;
	int rc;

	m->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
				PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &rc, &at, NULL);
	if (!m->code) {
		char why[200];

		pcre2_get_error_message(rc, (PCRE2_UCHAR *)why, sizeof(why));
		err_set(err, -EINVAL, EXIT_USAGE, "%s at character %zu", why, at + 1);
		free(m);
		return NULL;
	}
	pcre2_jit_compile(m->code, PCRE2_JIT_COMPLETE);
	m->data = pcre2_match_data_create(1, NULL);
	m->context = pcre2_match_context_create(NULL);
	if (!m->data || !m->context)
		die("out of memory");
	pcre2_set_match_limit(m->context, MATCH_LIMIT);
	pcre2_set_heap_limit(m->context, HEAP_LIMIT_KB);
	return m;
}

void match_free(struct match *m)
{
	if (!m)
		return;
	pcre2_code_free(m->code);
	pcre2_match_data_free(m->data);
	pcre2_match_context_free(m->context);
	free(m);
}

bool match_find(const struct match *m, const char *s, size_t len, size_t *start, size_t *end)
{
	const PCRE2_SIZE *at;

	if (pcre2_match(m->code, (PCRE2_SPTR)s, len, 0, 0, m->data, m->context) < 0)
		return false;
	at = pcre2_get_ovector_pointer(m->data);
	if (start)
		*start = at[0];
	if (end)
		*end = at[1];
	return true;
}

static uint32_t info(const struct match *m, uint32_t what)
{
	uint32_t v = 0;

	return pcre2_pattern_info(m->code, what, &v) ? 0 : v;
}

/* Letters in either case: patterns may leave it open. */
static bool among(const char *alphabet, uint32_t c)
{
	return c && (strchr(alphabet, (int)c) || strchr(alphabet, (int)(c ^ 0x20)));
}

bool match_possible(const struct match *m, const char *alphabet, size_t longest)
{
	const uint8_t *first = NULL;
	bool any = false;

	if (info(m, PCRE2_INFO_MINLENGTH) > longest)
		return false;
	if (info(m, PCRE2_INFO_LASTCODETYPE) == 1 &&
	    !among(alphabet, info(m, PCRE2_INFO_LASTCODEUNIT)))
		return false;
	if (info(m, PCRE2_INFO_FIRSTCODETYPE) == 1)
		return among(alphabet, info(m, PCRE2_INFO_FIRSTCODEUNIT));
	if (pcre2_pattern_info(m->code, PCRE2_INFO_FIRSTBITMAP, &first) || !first)
		return true;
	for (uint32_t c = 1; c < 128; c++)
		any |= (first[c / 8] >> c % 8 & 1) && among(alphabet, c);
	return any;
}

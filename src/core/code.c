/* SPDX-License-Identifier: Apache-2.0 */
#include "core/code.h"

#include <stdlib.h>
#include <string.h>

void code_release(struct code *c)
{
	vec_free(&c->v);
	vec_free(&c->chars);
	memset(c, 0, sizeof(*c));
	c->here = SIZE_MAX;
}

void code_ask_release(struct code_ask *a)
{
	free(a->func);
	memset(a, 0, sizeof(*a));
}

uint32_t code_str(struct code *c, const char *s, size_t n)
{
	uint32_t at;

	if (!c->chars.n)
		*vec_push(&c->chars) = '\0'; /* offset 0 is "" */
	at = (uint32_t)c->chars.n;
	for (size_t i = 0; i < n; i++)
		if (s[i])
			*vec_push(&c->chars) = s[i];
	if (c->chars.n == at)
		return 0;
	*vec_push(&c->chars) = '\0';
	return at;
}

size_t code_find(const struct code *c, uint64_t pc, uint32_t line)
{
	size_t lo = 0, hi = c->v.n; /* the first that begins at pc or later */
	const struct code_insn *before;
	bool at;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->v.v[mid].addr < pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	at = lo < c->v.n && c->v.v[lo].addr == pc;
	before = lo ? &c->v.v[lo - 1] : NULL;
	if (at && !(before && before->call && (before->line == line || c->v.v[lo].line != line)))
		return lo;
	/* past the last one shown: it may end there, or be one that is not here */
	if (!before || (lo == c->v.n && pc - before->addr > 16))
		return SIZE_MAX;
	return lo - 1;
}

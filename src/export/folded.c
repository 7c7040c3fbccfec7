/* SPDX-License-Identifier: Apache-2.0 */
#include "export/folded.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analysis/flame.h"

/* A name holds whatever a file or a target holds. */
static void put_name(FILE *out, const char *s)
{
	for (; *s; s++)
		putc_unlocked(*s == ';'						      ? ':'
			      : (unsigned char)*s < 0x20 || (unsigned char)*s == 0x7f ? '?'
										      : *s,
			      out);
}

static void put_path(const struct flame *f, uint32_t node, FILE *out)
{
	uint32_t path[FLAME_DEPTH + 4];
	size_t n = 0;
	char buf[512];

	for (; node && n < ARRAY_SIZE(path); node = f->node.v[node].parent)
		path[n++] = node;
	while (n-- > 0) {
		put_name(out, flame_name(f, path[n], buf, sizeof(buf)));
		if (f->node.v[path[n]].flags & FLAME_INLINED)
			fputs("_[i]", out);
		if (n)
			putc_unlocked(';', out);
	}
}

static void put_lines(const struct flame *f, FILE *out)
{
	for (uint32_t i = 1; i < f->node.n && !ferror(out); i++) {
		int64_t us = f->self.v[i] / 1000 + (f->self.v[i] % 1000 >= 500);

		if (!us)
			continue;
		put_path(f, i, out);
		fprintf(out, " %" PRId64 "\n", us);
	}
}

int folded_export(struct world *w, const struct profile_choice *c, bool *by_state, FILE *out)
{
	struct profile p = { .jobs = NULL };
	struct flame f = { .at = 0 };

	profile_want(&p, w, T_BEFORE, T_NEVER);
	*by_state = !p.samples;
	if (p.stamp) {
		flame_begin(&f, &p, w, c);
		flame_step(&f, 0);
		put_lines(&f, out);
	}
	flame_release(&f);
	profile_release(&p);
	return fflush(out) || ferror(out) ? -EIO : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "export/folded.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "export/stacks.h"

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

int folded_export(struct export_request *r, enum profile_time time, FILE *out)
{
	struct stacks s;

	if (stacks_read(&s, r)) {
		stacks_flame(&s, r, time);
		put_lines(&s.flame, out);
	}
	stacks_release(&s);
	return ferror(out) ? -EIO : 0;
}

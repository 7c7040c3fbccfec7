/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that can be written, by name: one table, of which the command line, the
 * manual and menus are made.
 */
#ifndef EXPORT_FORMATS_H
#define EXPORT_FORMATS_H

#include <stdio.h>

#include "analysis/baseline.h"
#include "analysis/detect.h"

struct export_request {
	struct world *world; /* not const: the past is asked of it */
	const struct detect
		*detect; /* its last look was at the world as it stands; NULL: none was */
	const struct moment
		*moment; /* that reports are of, then without findings; NULL: the newest */
	const bool
		*keep; /* of each row of world->now, whether it passes the filter; NULL: all do */
	bool system; /* the runtime's own goroutines as well */
	int64_t t0, t1; /* T_BEFORE to T_NEVER: the whole session */
	double cpu_pct; /* what this program itself costs, of one core */
	int fail_on; /* enum severity of --fail-on; -1: none */
	const char *const *substitute; /* "A=B" of --substitute-path, ends with NULL; may be NULL */
	const struct baseline *baseline; /* findings that are known; NULL: none */
	/* the answer: a sentence on what is not as one might expect, NULL: nothing is */
	const char *note;
};

/*
 * How exports of several programs share a file: as parts between a head and a tail,
 * each of which may be "". An export of one program has these around it as well.
 */
struct export_join {
	const char *head, *between, *tail;
};

struct export_format {
	const char *name; /* as after --export */
	const char *suffix; /* of a file's name, without the dot */
	const char *about; /* what it is, for a list: no full stop */
	bool over_time; /* t0 and t1 count; others are of the newest moment */
	const struct export_join *join; /* NULL: they cannot */
	/* One part. 0 or a negative errno. */
	int (*write)(struct export_request *r, FILE *out);
};

extern const struct export_format export_table[];
extern const size_t export_formats;

/* NULL: no such format. */
const struct export_format *export_find(const char *name);
/*
 * Writes all and flushes. Returns 0 or a negative errno: of writing, -ENODATA where
 * there is no past, -EINVAL for a span where the format has none.
 */
int export_write(const struct export_format *f, struct export_request *r, FILE *out);
/* The same of one program among several: n of them were written before. Of a format that joins. */
int export_part(const struct export_format *f, struct export_request *r, size_t n, FILE *out);
/* What is behind n parts, each of which was written; of none: that there was none. */
int export_tail(const struct export_format *f, size_t n, FILE *out);

/* Which rows count, the filter and the runtime's own considered: of world->now.n, the caller's to free. */
bool *export_rows(const struct export_request *r);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* One look at the world, for a log (text) or a program (JSON, schema bingo-top/1). */
#ifndef EXPORT_REPORT_H
#define EXPORT_REPORT_H

#include <stdio.h>

#include "analysis/detect.h"

struct report {
	const struct world *world;
	const struct moment *moment; /* what is reported; its rows are the world's */
	const bool *keep; /* per row: passes the filter; NULL: all do */
	bool system; /* the runtime's own goroutines as well */
	double cpu_pct; /* bingo-top's own, of one core */
	const struct detect *detect; /* its last look was at this moment; NULL: there was none */
};

/* One JSON document on one line. Dead goroutines are left out. */
void report_json(const struct report *r, FILE *out);

/* Groups by identical stack, the largest first, with whole stacks. */
void report_text(const struct report *r, FILE *out);

/* The indices of the findings that the report tells of, the gravest first. */
void report_findings(const struct report *r, finding_order *out);
/* What was found, as the member "findings", and as text. */
struct json;
void report_findings_json(const struct report *r, struct json *j);
void report_findings_text(const struct report *r, FILE *out);
/* Foreign text, its control bytes as '?'. */
void report_put_safe(FILE *out, const char *s);

/* "41.2s", "3m02s", "12.3ms"; buf holds at least 16 bytes; returns buf. */
const char *report_duration(int64_t ns, char *buf, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The export formats there are: one table for the command line and the screen's menu. */
#ifndef EXPORTER_H
#define EXPORTER_H

#include <stdint.h>
#include <stdio.h>

#include "analysis/detect.h"
#include "core/world.h"

struct export_format {
	const char *name; /* NULL ends the table */
	const char *suffix; /* of a file's name */
	const char *help;
	bool option; /* --export knows it; the others are reports */
	bool history; /* reads the whole past: may take long */
};
extern const struct export_format export_formats[];

/* NULL: there is none of that name. */
const struct export_format *export_format_named(const char *name);

struct exporter {
	struct world *world;
	const struct moment *moment; /* that reports are of */
	const struct detect *detect; /* last look at that moment; NULL: none */
	const bool *keep; /* per row: passes the filter; NULL: all do */
	size_t n_keep;
	bool system; /* the runtime's own as well */
	bool filtered; /* keep is of a filter, not only without the runtime's own */
	double cpu_pct; /* what this program costs, of one core */
};

/*
 * Writes; the world must not change meanwhile. by_state (may be NULL): see folded_export().
 * Returns 0 or a negative errno of the history or of out.
 */
int exporter_write(const struct exporter *e, const struct export_format *f, bool *by_state,
		   FILE *out);

/* What this program has cost of one core since then, %; began of CLOCK_MONOTONIC. */
double exporter_own_cpu(int64_t began);

#endif

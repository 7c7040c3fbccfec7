/* SPDX-License-Identifier: Apache-2.0 */
/* What is printed where there is no screen: reports and exports. */
#ifndef BATCH_H
#define BATCH_H

#include <stdio.h>

#include "analysis/detect.h"
#include "core/err.h"
#include "core/world.h"
#include "options.h"

/* Files for exports, opened while the program may still write anywhere; zeroed is none. */
struct batch_files {
	struct batch_file {
		FILE *f;
		bool made; /* it was not there before */
		bool written;
		size_t parts; /* of several programs, in it */
	} v[EXPORTS_MOST];
	bool reported; /* a report as text went before */
};

/*
 * The span of the exports in a session; T_BEFORE, T_NEVER where none is asked for. Of
 * world NULL only whether the times can be meant. Returns 0, or a negative errno with
 * err filled (EXIT_USAGE).
 */
int batch_span(const struct options *o, struct world *w, int64_t *t0, int64_t *t1, struct err *err);

/*
 * Opens those that o asks for: what is in them stays until batch_print() writes.
 * Returns 0 or a negative errno with err filled. close() takes those away that were
 * made here and never written.
 */
int batch_files_open(struct batch_files *b, const struct options *o, struct err *err);
void batch_files_close(struct batch_files *b, const struct options *o);

/*
 * The same where several programs share the files: see export_join. Of formats that
 * cannot be shared each program has a file of its own, "out-NAME-PID.svg", which is
 * made when it is written; -EINVAL where it would be standard output.
 */
int batch_shared_open(struct batch_files *b, const struct options *o, struct err *err);
/* One program's part of all of them; name: as in a file's name. Parameters as of batch_print(). */
int batch_part(const struct options *o, struct batch_files *b, struct world *w,
	       const struct detect *d, double cpu_pct, const char *name, struct err *err);
/* "dir/out.svg" as "dir/out-NAME.svg": the file of one program among several. The caller's to free. */
char *batch_own_name(const char *file, const char *name);
/* What comes behind the last part. */
int batch_tail(const struct options *o, struct batch_files *b, struct err *err);

/*
 * Prints what o asks for of the world as it stands: a report as text or JSON on
 * standard output; and, the last time, the exports, which are of the whole session
 * or of a span. With an export there is a report only where it is
 * asked for. Returns 0 or a
 * negative errno with err filled. d: its last look was at the world as it
 * stands. cpu_pct: what this program itself costs, of one core. b: for the exports; those
 * that are not open are opened here.
 */
int batch_print(const struct options *o, struct batch_files *b, struct world *w,
		const struct detect *d, double cpu_pct, bool last, struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What is printed where there is no screen: reports and exports. */
#ifndef BATCH_H
#define BATCH_H

#include <stdio.h>

#include "analysis/detect.h"
#include "core/err.h"
#include "core/world.h"
#include "options.h"

/* A file for the export, opened while the program may still write anywhere; zeroed is none. */
struct batch_file {
	FILE *f;
	bool made; /* it was not there before */
	bool written;
};

/*
 * Opens it, where o asks for one: what is in it stays until batch_print() writes.
 * Returns 0 or a negative errno with err filled. close() takes one away that was
 * made here and never written.
 */
int batch_file_open(struct batch_file *b, const struct options *o, struct err *err);
void batch_file_close(struct batch_file *b, const struct options *o);

/*
 * Prints what o asks for of the world as it stands: a report as text or JSON on
 * standard output; and, the last time, an export, which is of the whole session.
 * With an export there is a report only where it is asked for. Returns 0 or a
 * negative errno with err filled. d: its last look was at the world as it
 * stands. cpu_pct: what this program itself costs, of one core. b: for the export; where it is not
 * open, the export's file is opened here.
 */
int batch_print(const struct options *o, struct batch_file *b, struct world *w,
		const struct detect *d, double cpu_pct, bool last, struct err *err);

#endif

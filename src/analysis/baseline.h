/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of findings that are known, so that a check tells of new ones alone. Text:
 *
 *   # bingo-top baseline 1
 *   0123456789abcdef deadlock error main.(*Pool).put worker.go:88
 *
 * A line is a finding's id; what follows it is for people. Blank lines and those
 * that begin with # count for nothing.
 */
#ifndef ANALYSIS_BASELINE_H
#define ANALYSIS_BASELINE_H

#include <stdio.h>

#include "analysis/finding.h"
#include "core/err.h"

#define BASELINE_HEAD "# bingo-top baseline 1"
enum { BASELINE_LINE = 4096, BASELINE_MOST = 65536 }; /* bytes of a line, findings */

struct known {
	uint64_t id;
	char *about; /* what the line says beside it */
};

/* Zeroed is empty. */
struct baseline {
	VEC(struct known) v; /* as they stand in the file, each id once */
	struct map64 by_id;
};

/*
 * Reads one; name: of the file, for the sentence. Returns 0 or a negative errno with
 * err filled (EXIT_BADFILE): it cannot be read, is no baseline, or a line is wrong.
 */
int baseline_read(struct baseline *b, FILE *in, const char *name, struct err *err);
int baseline_load(struct baseline *b, const char *path, struct err *err);
void baseline_release(struct baseline *b);

/* b may be NULL: nothing is known. */
bool baseline_has(const struct baseline *b, uint64_t id);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Source files by the paths that a program recorded of them. */
#ifndef ANALYSIS_SRCFILE_H
#define ANALYSIS_SRCFILE_H

#include "core/shown.h"

struct srcline {
	const char *s;
	uint32_t len;
};

/* A file's lines, or why there are none. */
struct srcfile {
	char *recorded; /* path as the program has it */
	char *path; /* where it was found; NULL: nowhere */
	char *why; /* a sentence, where it was not */
	char *text;
	size_t size;
	VEC(struct srcline) line; /* line 1 is line.v[0] */
};

/* Files read so far; zeroed is empty. */
struct srccache {
	const char *const *
		substitute; /* "A=B": paths that begin with A are read below B; ends with NULL, may be NULL */
	const char
		*root; /* of the program's file system, where that is not ours; NULL or "": it is */
	struct shown
		*shown; /* of a recording: goes before all others; or who wants them; may be NULL */
	VEC(struct srcfile *) file;
};

/*
 * Finds and reads a file: as it was recorded with the session, by --substitute-path, in the
 * program's own file system, as recorded, in GOROOT, in the
 * module cache (also as -trimpath records it: "module@v1.2.3/x.go"). Never NULL;
 * stays until 64 others were asked for, or the cache is released.
 */
const struct srcfile *src_find(struct srccache *c, const char *recorded);
/*
 * What follows the folder (or whole path) a, of n > 0 bytes, in the path, without the
 * slash; NULL: it is not in a.
 */
const char *src_below(const char *path, const char *a, size_t n);
void src_release(struct srccache *c);

/* Where a path is read by a rule "A=B" of the above; NULL: it does not lie in A. malloced. */
char *src_substitute(const char *path, const char *rule);

#endif

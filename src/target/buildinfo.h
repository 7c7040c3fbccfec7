/* SPDX-License-Identifier: Apache-2.0 */
/* How a Go program was built, as `go version -m` prints it. */
#ifndef TARGET_BUILDINFO_H
#define TARGET_BUILDINFO_H

#include <stdbool.h>

#include "target/image.h"
#include "target/mem.h"

/* Go 1.24.4 is { 1, 24, 4 }. */
struct goversion {
	int major, minor, patch; /* patch -1: not known */
	bool devel; /* a development tree or release candidate */
	bool guessed; /* from the shape of the tables, not from the program's own word */
	char text[96]; /* as the program says it, escapes and all else cut at the first bad byte */
};

/*
 * "go1.24.4", "go1.26.3-X:nodwarf5", "go1.24.4+deb", "devel go1.25-abc", "go1.27rc1".
 * 0, or -EINVAL where no version is in it.
 */
int goversion_parse(struct goversion *v, const char *text, size_t len);
/* Negative, 0, positive like strcmp; patch is left out. */
static inline int goversion_cmp(const struct goversion *v, int major, int minor)
{
	return v->major != major ? v->major - major : v->minor - minor;
}

struct buildinfo {
	struct goversion version;
	char *path; /* package path of main, e.g. "example.com/cmd/x"; "" not known */
	char *module; /* "example.com/x v1.2.3"; "" none */
	char *settings; /* "-ldflags=…\nCGO_ENABLED=1\n…"; "" none */
	char *mod; /* the whole module text without its guards; "" none */
};

/*
 * Reads it from the file, from the target's memory where the pointers of the
 * old form lead there (mem may be NULL). -ENOENT: the file has none, then
 * version is all zero: see symtab's guess. Never fails for damage beyond that.
 */
int buildinfo_read(struct buildinfo *b, const struct image *img, struct memr *mem, struct err *err);
void buildinfo_release(struct buildinfo *b);
/* The value of a setting ("CGO_ENABLED", "-trimpath", "vcs.revision") into buf; false: not there. */
bool buildinfo_setting(const struct buildinfo *b, const char *key, char *buf, size_t size);

#endif

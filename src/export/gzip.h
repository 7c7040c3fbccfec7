/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of bytes into a file, gzipped. */
#ifndef EXPORT_GZIP_H
#define EXPORT_GZIP_H

#include <stddef.h>
#include <stdio.h>

struct gzip;

/* NULL where zlib cannot. */
struct gzip *gzip_new(FILE *out);
void gzip_put(struct gzip *z, const void *data, size_t n);
/* Writes what is left and frees it. Returns 0 or -EIO. */
int gzip_end(struct gzip *z);

#endif

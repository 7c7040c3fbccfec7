/* SPDX-License-Identifier: Apache-2.0 */
#include "export/gzip.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "core/mem.h"

enum { GZIP_FORMAT = 16, WINDOW_BITS = 15, MEM_LEVEL = 8 };

struct gzip {
	z_stream z;
	FILE *out;
	unsigned char buf[16384];
};

struct gzip *gzip_new(FILE *out)
{
	struct gzip *g = xcalloc(1, sizeof(*g));

	g->out = out;
	if (deflateInit2(&g->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS + GZIP_FORMAT,
			 MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK)
		return g;
	free(g);
	return NULL;
}

static void squeeze(struct gzip *g, int flush)
{
	do {
		g->z.next_out = g->buf;
		g->z.avail_out = sizeof(g->buf);
		deflate(&g->z, flush);
		fwrite(g->buf, 1, sizeof(g->buf) - g->z.avail_out, g->out);
	} while (!g->z.avail_out);
}

void gzip_put(struct gzip *g, const void *data, size_t n)
{
	const unsigned char *p = data;

	while (n && !ferror(g->out)) {
		uInt now = n < 1u << 30 ? (uInt)n : 1u << 30;

		g->z.next_in = (unsigned char *)p;
		g->z.avail_in = now;
		squeeze(g, Z_NO_FLUSH);
		p += now;
		n -= now;
	}
}

int gzip_end(struct gzip *g)
{
	int rc;

	g->z.avail_in = 0;
	squeeze(g, Z_FINISH);
	deflateEnd(&g->z);
	rc = ferror(g->out) ? -EIO : 0;
	free(g);
	return rc;
}

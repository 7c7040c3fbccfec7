/* SPDX-License-Identifier: Apache-2.0 */
#include "core/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void (*on_die)(void);

void mem_on_die(void (*fn)(void))
{
	on_die = fn;
}

void die(const char *fmt, ...)
{
	va_list ap;

	if (on_die)
		on_die();
	fputs("bingo-top: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(70);
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		die("out of memory (%zu bytes wanted)", size);
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		die("out of memory (%zu times %zu bytes wanted)", n, size);
	return p;
}

void *xrealloc(void *old, size_t n, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes))
		die("out of memory (%zu times %zu bytes wanted)", n, size);
	p = realloc(old, bytes ? bytes : 1);
	if (!p)
		die("out of memory (%zu bytes wanted)", bytes);
	return p;
}

char *xstrndup(const char *s, size_t n)
{
	char *p = xmalloc(n + 1);

	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		die("out of memory");
	va_end(ap);
	return s;
}

FILE *xmemstream(char **text, size_t *size)
{
	FILE *out;

	*text = NULL;
	out = open_memstream(text, size);
	if (!out)
		die("out of memory");
	return out;
}

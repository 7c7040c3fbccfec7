/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/baseline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int wrong(struct err *err, const char *name, unsigned line, const char *what)
{
	return err_set(err, -EINVAL, EXIT_BADFILE,
		       "%s, line %u: %s; --export baseline writes such a file", name, line, what);
}

/* Sixteen hexadecimal digits, then a blank or the end. */
static bool parse_id(const char *s, uint64_t *id)
{
	*id = 0;
	for (int i = 0; i < 16; i++) {
		const char *hex = "0123456789abcdef", *at = s[i] ? strchr(hex, s[i]) : NULL;

		if (!at)
			return false;
		*id = *id << 4 | (uint64_t)(at - hex);
	}
	return !s[16] || s[16] == ' ' || s[16] == '\t';
}

static void add(struct baseline *b, uint64_t id, const char *about)
{
	if (baseline_has(b, id))
		return;
	map64_put(&b->by_id, id, (uint32_t)b->v.n);
	*vec_push(&b->v) = (struct known){ id, xstrdup(about + strspn(about, " \t")) };
}

static int read_line(struct baseline *b, char *s, size_t len, const char *name, unsigned line,
		     struct err *err)
{
	uint64_t id;

	if (strlen(s) != len)
		return wrong(err, name, line, "there is a zero byte in it");
	s[strcspn(s, "\r\n")] = '\0';
	if (line == 1)
		return strcmp(s, BASELINE_HEAD) != 0
			       ? wrong(err, name, line, "a baseline begins with " BASELINE_HEAD)
			       : 0;
	if (!*s || *s == '#')
		return 0;
	if (!parse_id(s, &id))
		return wrong(err, name, line, "a line begins with a finding's id, 16 digits");
	if (b->v.n >= BASELINE_MOST)
		return wrong(err, name, line, "there are too many findings in it");
	add(b, id, s + 16);
	return 0;
}

/* As fgets(), but it tells how much it got, and of a line that is too long. */
static ssize_t next_line(FILE *in, char *buf, size_t size)
{
	size_t n = 0;
	int c;

	while ((c = getc(in)) != EOF) {
		if (n + 1 >= size)
			return -1;
		buf[n++] = (char)c;
		if (c == '\n')
			break;
	}
	buf[n] = '\0';
	return (ssize_t)n;
}

int baseline_read(struct baseline *b, FILE *in, const char *name, struct err *err)
{
	char buf[BASELINE_LINE];
	unsigned line = 0;
	ssize_t n;
	int rc;

	while ((n = next_line(in, buf, sizeof(buf))) > 0) {
		rc = read_line(b, buf, (size_t)n, name, ++line, err);
		if (rc)
			return rc;
	}
	if (n < 0)
		return wrong(err, name, line + 1, "it is too long");
	if (ferror(in))
		return err_set(err, -EIO, EXIT_BADFILE, "cannot read the baseline %s", name);
	return line ? 0 : wrong(err, name, 1, "the file is empty");
}

int baseline_load(struct baseline *b, const char *path, struct err *err)
{
	FILE *in = fopen(path, "re");
	int rc;

	if (!in)
		return err_set(err, -errno, EXIT_BADFILE, "cannot read the baseline %s: %s", path,
			       strerror(errno));
	rc = baseline_read(b, in, path, err);
	fclose(in);
	return rc;
}

void baseline_release(struct baseline *b)
{
	for (size_t i = 0; i < b->v.n; i++)
		free(b->v.v[i].about);
	vec_free(&b->v);
	map64_free(&b->by_id);
}

bool baseline_has(const struct baseline *b, uint64_t id)
{
	return b && map64_get(&b->by_id, id) != UINT32_MAX;
}

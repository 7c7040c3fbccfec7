/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/srcfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_BYTES = 16 << 20, FILES_KEPT = 64 };

static void file_free(struct srcfile *f)
{
	free(f->recorded);
	free(f->path);
	free(f->why);
	free(f->text);
	vec_free(&f->line);
	free(f);
}

void src_release(struct srccache *c)
{
	for (size_t i = 0; i < c->file.n; i++)
		file_free(c->file.v[i]);
	vec_free(&c->file);
}

static void split_lines(struct srcfile *f, size_t size)
{
	const char *p = f->text, *end = p + size;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((nl ? nl : end) - p);

		*vec_push(&f->line) = (struct srcline){ p, (uint32_t)len };
		if (len && p[len - 1] == '\r')
			f->line.v[f->line.n - 1].len--;
		p += len + 1;
	}
}

static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = read(fd, buf + got, size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* Takes the path over where the file can be read. */
static bool try_path(struct srcfile *f, char *path)
{
	struct stat st;
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size <= MOST_BYTES) {
		f->text = xmalloc((size_t)st.st_size);
		n = read_all(fd, f->text, (size_t)st.st_size);
	}
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		free(f->text);
		f->text = NULL;
		free(path);
		return false;
	}
	f->path = path;
	split_lines(f, (size_t)n);
	return true;
}

static bool try_substitute(struct srcfile *f, const char *const *sub)
{
	for (; sub && *sub; sub++) {
		const char *eq = strchr(*sub, '=');
		size_t n = eq ? (size_t)(eq - *sub) : 0;

		if (n && !strncmp(f->recorded, *sub, n) &&
		    try_path(f, xasprintf("%s%s", eq + 1, f->recorded + n)))
			return true;
	}
	return false;
}

/* The standard library: what follows "/src/" of a GOROOT, or a -trimpath form without a folder. */
static const char *std_part(const char *recorded)
{
	const char *src = strstr(recorded, "/src/");

	if (*recorded != '/')
		return strchr(recorded, '@') ? NULL : recorded;
	return src ? src + 5 : NULL;
}

static bool try_goroot(struct srcfile *f)
{
	static const char *const roots[] = { "/usr/local/go", "/usr/lib/go", "/usr/share/go" };
	const char *part = std_part(f->recorded), *goroot = getenv("GOROOT");

	if (!part)
		return false;
	if (goroot && try_path(f, xasprintf("%s/src/%s", goroot, part)))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++)
		if (try_path(f, xasprintf("%s/src/%s", roots[i], part)))
			return true;
	return false;
}

/* From the module's path on: after ".../pkg/mod/", or the whole of a -trimpath form. */
static const char *module_part(const char *recorded)
{
	const char *mod = strstr(recorded, "/pkg/mod/");

	if (mod)
		return mod + 9;
	return *recorded != '/' && strchr(recorded, '@') ? recorded : NULL;
}

static bool try_modules(struct srcfile *f)
{
	const char *part = module_part(f->recorded), *cache = getenv("GOMODCACHE"),
		   *gopath = getenv("GOPATH"), *home = getenv("HOME");

	if (!part)
		return false;
	if (cache && try_path(f, xasprintf("%s/%s", cache, part)))
		return true;
	if (gopath &&
	    try_path(f, xasprintf("%.*s/pkg/mod/%s", (int)strcspn(gopath, ":"), gopath, part)))
		return true;
	return home && try_path(f, xasprintf("%s/go/pkg/mod/%s", home, part));
}

static void find(struct srcfile *f, const char *const *substitute)
{
	if (!*f->recorded) {
		f->why = xstrdup("no file is recorded for this frame");
		return;
	}
	if (try_substitute(f, substitute) ||
	    (*f->recorded == '/' && try_path(f, xstrdup(f->recorded))) || try_goroot(f) ||
	    try_modules(f))
		return;
	f->why = xasprintf(
		"%s is not on this machine; --substitute-path %.*s=FOLDER tells where its sources "
		"are",
		f->recorded,
		(int)(strrchr(f->recorded, '/') ? strrchr(f->recorded, '/') - f->recorded : 0),
		f->recorded);
}

const struct srcfile *src_find(struct srccache *c, const char *recorded)
{
	struct srcfile *f;

	for (size_t i = 0; i < c->file.n; i++)
		if (!strcmp(c->file.v[i]->recorded, recorded))
			return c->file.v[i];
	if (c->file.n == FILES_KEPT) {
		file_free(c->file.v[0]);
		memmove(c->file.v, c->file.v + 1, --c->file.n * sizeof(*c->file.v));
	}
	f = xcalloc(1, sizeof(*f));
	f->recorded = xstrdup(recorded);
	find(f, c->substitute);
	*vec_push(&c->file) = f;
	return f;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"

/* The library's lines have 200 bytes, with their end. */
enum { LINE_MOST = 196, FILE_MOST = 1 << 20 };

/* --- reading --- */

struct reading {
	struct settings *s;
	FILE *in;
	size_t bytes;
	int line; /* the one that the library has */
	int bad; /* the first that is wrong */
	struct err why;
};

static int on_pair(void *arg, const char *section, const char *name, const char *value)
{
	struct reading *r = arg;

	/* 0 is an error, which makes the library count the line */
	r->s->line = r->line;
	return r->bad || !settings_set(r->s, section, name, value ? value : "", &r->why);
}

static void refuse(struct reading *r, const char *why)
{
	if (r->bad)
		return;
	r->bad = r->line;
	err_set(&r->why, -EINVAL, EXIT_USAGE, "%s", why);
}

/* A line that is whole, and no more than text. */
static bool is_line(struct reading *r, const char *s, size_t n)
{
	r->bytes += n;
	if (r->bytes > FILE_MOST)
		refuse(r, "the file is larger than 1 MiB");
	else if (n > LINE_MOST)
		refuse(r, "the line is too long: 195 bytes are the most");
	else
		for (size_t i = 0; i < n && !r->bad; i++)
			if ((unsigned char)s[i] < ' ' && s[i] != '\t' && s[i] != '\n')
				refuse(r, "the line has a control character");
	return !r->bad;
}

/* As fgets(): gives the library a line that it can hold, with no blanks before it. */
static char *next_line(char *to, int room, void *arg)
{
	struct reading *r = arg;
	char *buf = NULL, *at;
	size_t cap = 0;
	ssize_t n = r->bad ? -1 : getline(&buf, &cap, r->in);

	if (n < 0) {
		free(buf);
		return NULL;
	}
	r->line++;
	if (n > 1 && buf[n - 2] == '\r' && buf[n - 1] == '\n')
		buf[--n - 1] = '\n';
	if (!is_line(r, buf, (size_t)n)) {
		free(buf);
		return NULL;
	}
	buf[n] = '\0';
	/* a blank at the beginning would make it go on with the line before */
	at = buf + strspn(buf, " \t");
	snprintf(to, (size_t)room, "%s", at);
	free(buf);
	return to;
}

int config_read(struct settings *s, FILE *in, const char *name, struct err *err)
{
	struct reading r = { .s = s, .in = in };
	int line = ini_parse_stream(next_line, &r, on_pair, &r);

	if (line < 0 || ferror(in))
		return err_set(err, -EIO, EXIT_USAGE, "cannot read the configuration %s", name);
	line = r.bad ? r.bad : line;
	if (line > 0)
		return err_set(err, -EINVAL, EXIT_USAGE, "%s, line %d: %s", name, line,
			       r.why.rc ? r.why.text : "this is neither a section nor key = value");
	s->line = 0;
	if (!settings_check(s, &line, &r.why))
		return 0;
	if (!line)
		return err_set(err, -EINVAL, EXIT_USAGE, "%s: %s", name, r.why.text);
	return err_set(err, -EINVAL, EXIT_USAGE, "%s, line %d: %s", name, line, r.why.text);
}

/* $NAME/bingo-top/FILE, or ~/FALLBACK/bingo-top/FILE; what is not absolute is not looked at. */
static char *home_path(const char *variable, const char *fallback, const char *file)
{
	const char *xdg = getenv(variable), *home = getenv("HOME");

	if (xdg && *xdg == '/')
		return xasprintf("%s/bingo-top/%s", xdg, file);
	return home && *home == '/' ? xasprintf("%s/%s/bingo-top/%s", home, fallback, file) : NULL;
}

char *config_path(const char *path)
{
	return path ? xstrdup(path) : home_path("XDG_CONFIG_HOME", ".config", "config");
}

/* It names programs that are run: nobody else's may. */
static bool is_others(FILE *in)
{
	struct stat st;

	return fstat(fileno(in), &st) || (st.st_uid != geteuid() && st.st_uid != 0);
}

/* One that is not there, or another user's, as after su, is none. */
static int load_usual(struct settings *s, const char *name, bool *found, struct err *err)
{
	FILE *in = name ? fopen(name, "re") : NULL;
	int rc;

	if (in && is_others(in)) {
		fclose(in);
		in = NULL;
	}
	*found = in != NULL;
	if (!in)
		return 0;
	rc = config_read(s, in, name, err);
	fclose(in);
	return rc;
}

/* The first of the system's that is there. */
static int load_system(struct settings *s, struct err *err)
{
	const char *dirs = getenv("XDG_CONFIG_DIRS");
	bool found = false;
	int rc = 0;

	if (!dirs || !*dirs)
		dirs = "/etc/xdg";
	while (*dirs && !found && !rc) {
		size_t len = strcspn(dirs, ":");
		char *name = *dirs == '/' && len < PATH_MAX
				     ? xasprintf("%.*s/bingo-top/config", (int)len, dirs)
				     : NULL;

		rc = load_usual(s, name, &found, err);
		free(name);
		dirs += len + (dirs[len] == ':');
	}
	return rc;
}

/* What --config names may be anybody's. */
static int load_named(struct settings *s, const char *path, struct err *err)
{
	FILE *in = fopen(path, "re");
	int rc;

	if (!in)
		return err_set(err, -errno, EXIT_USAGE, "cannot read the configuration %s: %s",
			       path, strerror(errno));
	rc = config_read(s, in, path, err);
	fclose(in);
	return rc;
}

int config_load(struct settings *s, const char *path, struct err *err)
{
	char *usual;
	bool found;
	int rc;

	if (path)
		return load_named(s, path, err);
	rc = load_system(s, err);
	usual = config_path(NULL);
	if (!rc)
		rc = load_usual(s, usual, &found, err);
	free(usual);
	return rc;
}

/* --- changing the text of a file --- */

struct lines {
	VEC(char *) v;
};

static void lines_split(struct lines *l, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		*vec_push(&l->v) = xstrndup(text, n);
		text += n + (text[n] == '\n');
	}
}

static void lines_insert(struct lines *l, size_t at, char *line)
{
	vec_push(&l->v);
	memmove(&l->v.v[at + 1], &l->v.v[at], (l->v.n - 1 - at) * sizeof(*l->v.v));
	l->v.v[at] = line;
}

static void lines_drop(struct lines *l, size_t at)
{
	free(l->v.v[at]);
	memmove(&l->v.v[at], &l->v.v[at + 1], (--l->v.n - at) * sizeof(*l->v.v));
}

static char *lines_join(struct lines *l)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die("out of memory");
	for (size_t i = 0; i < l->v.n; i++) {
		fprintf(out, "%s\n", l->v.v[i]);
		free(l->v.v[i]);
	}
	fclose(out);
	vec_free(&l->v);
	return text;
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* Whether a line is the head of a section. */
static bool is_head(const char *line, const char *section)
{
	size_t n;

	line = skip_blanks(line);
	if (*line++ != '[')
		return false;
	n = strcspn(line, "]");
	return line[n] == ']' && (!section || (strlen(section) == n && !memcmp(line, section, n)));
}

/* Where the value begins of a line that sets the key; NULL: it does not. commented: behind a #. */
static const char *value_of(const char *line, const char *key, bool commented)
{
	size_t n = strlen(key);

	line = skip_blanks(line);
	if (commented != (*line == '#'))
		return NULL;
	line = commented ? skip_blanks(line + 1) : line;
	if (strncmp(line, key, n) != 0)
		return NULL;
	line = skip_blanks(line + n);
	return *line == '=' || *line == ':' ? line + 1 : NULL;
}

/* The same line with another value; a comment behind it stays. */
static char *with_value(const char *line, const char *from, const char *value)
{
	const char *tail = from;

	while (*tail && !((*tail == ' ' || *tail == '\t') && *skip_blanks(tail) == ';'))
		tail++;
	return xasprintf("%.*s%s%s%s", (int)(from - line), line, *value ? " " : "", value, tail);
}

static bool is_blank(const char *line)
{
	return !*skip_blanks(line) || *skip_blanks(line) == '\r';
}

/* Places in the lines that a change is made at. */
struct place {
	size_t at; /* the last line that sets the key; SIZE_MAX: none */
	size_t after; /* where it goes otherwise: behind a comment of it, else at its section's end */
	bool section; /* there is one */
};

static struct place find(const struct lines *l, const char *section, const char *key)
{
	struct place p = { .at = SIZE_MAX, .after = l->v.n };
	bool in = false, commented = false;

	for (size_t i = 0; i < l->v.n; i++) {
		const char *line = l->v.v[i];

		if (is_head(line, NULL)) {
			in = is_head(line, section);
			if (in && !commented)
				p.after = i + 1;
			p.section |= in;
		} else if (in && value_of(line, key, false)) {
			p.at = i;
		} else if (in && value_of(line, key, true)) {
			p.after = i + 1;
			commented = true;
		} else if (in && !commented && !is_blank(line) && *skip_blanks(line) != '#') {
			p.after = i + 1;
		}
	}
	return p;
}

static void change_one(struct lines *l, const char *section, const char *key, const char *value)
{
	struct place p = find(l, section, key);
	char *old;

	if (!value) {
		for (; p.at != SIZE_MAX; p = find(l, section, key))
			lines_drop(l, p.at);
		return;
	}
	if (p.at != SIZE_MAX) {
		old = l->v.v[p.at];
		l->v.v[p.at] = with_value(old, value_of(old, key, false), value);
		free(old);
		return;
	}
	if (!p.section) {
		if (l->v.n && !is_blank(l->v.v[l->v.n - 1]))
			lines_insert(l, l->v.n, xstrdup(""));
		lines_insert(l, l->v.n, xasprintf("[%s]", section));
		p.after = l->v.n;
	}
	lines_insert(l, p.after, xasprintf("%s =%s%s", key, *value ? " " : "", value));
}

char *config_edit(const char *text, const char *changes)
{
	struct lines l = { 0 };
	char *all = xstrdup(changes), *save = NULL;

	lines_split(&l, text);
	for (char *c = strtok_r(all, "\n", &save); c; c = strtok_r(NULL, "\n", &save)) {
		char *key = strchr(c, '\t'), *value;

		if (!key)
			continue;
		*key++ = '\0';
		value = strchr(key, '\t');
		if (value)
			*value++ = '\0';
		change_one(&l, c, key, value);
	}
	free(all);
	return lines_join(&l);
}

/* --- writing --- */

static char *read_file(const char *path, int *rc)
{
	FILE *in = fopen(path, "re");
	char *text;
	size_t n;

	*rc = in ? 0 : errno == ENOENT ? 0 : -errno;
	if (!in)
		return *rc ? NULL : xstrdup("");
	text = xmalloc(FILE_MOST + 1);
	n = fread(text, 1, FILE_MOST, in);
	text[n] = '\0';
	if (ferror(in) || !feof(in))
		*rc = ferror(in) ? -EIO : -EFBIG;
	fclose(in);
	if (!*rc)
		return text;
	free(text);
	return NULL;
}

static void make_folders(const char *path)
{
	char *at = xstrdup(path);

	for (char *slash = strchr(at + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(at, 0700);
		*slash = '/';
	}
	free(at);
}

static int write_text(int fd, const char *text)
{
	FILE *out = fdopen(fd, "w");
	bool bad;

	if (!out) {
		close(fd);
		return -ENOMEM;
	}
	bad = fputs(text, out) < 0 || fflush(out) || fsync(fd);
	bad = fclose(out) || bad;
	return bad ? -errno : 0;
}

/* Beside it, then in its place. A link stays one: what it leads to is replaced. */
static int replace_file(const char *path, const char *text, mode_t mode)
{
	char *real = realpath(path, NULL), *new;
	struct stat st;
	int fd, rc;

	if (!real)
		make_folders(path);
	else if (!stat(real, &st))
		mode = st.st_mode & 07777;
	new = xasprintf("%s.XXXXXX", real ? real : path);
	fd = mkostemp(new, O_CLOEXEC);
	rc = fd < 0 ? -errno : fchmod(fd, mode) ? -errno : 0;
	if (fd >= 0 && rc)
		close(fd);
	else if (fd >= 0)
		rc = write_text(fd, text);
	if (!rc && rename(new, real ? real : path))
		rc = -errno;
	if (fd >= 0 && rc)
		unlink(new);
	free(new);
	free(real);
	return rc;
}

int config_save(const char *path, const char *changes, struct err *err)
{
	int rc;
	char *before = read_file(path, &rc), *text;

	if (!before)
		return err_set(err, rc, EXIT_USAGE, "cannot read %s: %s", path, strerror(-rc));
	text = config_edit(before, changes);
	rc = replace_file(path, text, 0644);
	free(text);
	free(before);
	if (rc)
		return err_set(err, rc, EXIT_USAGE, "cannot write %s: %s", path, strerror(-rc));
	return 0;
}

/* --- what was typed --- */

char *history_path(void)
{
	return home_path("XDG_STATE_HOME", ".local/state", "history");
}

char *history_load(const char *path)
{
	int rc;

	return path ? read_file(path, &rc) : NULL;
}

int history_save(const char *path, const char *text, struct err *err)
{
	int rc = replace_file(path, text, 0600);

	return rc ? err_set(err, rc, EXIT_USAGE, "cannot write %s: %s", path, strerror(-rc)) : 0;
}

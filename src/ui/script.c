/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct script {
	struct ui *ui;
	struct grid *grid;
	const struct script_host *host;
	const char *name;
	int line;
	int64_t clock; /* of ticks, ns */
	bool ended;
};

static int fail(const struct script *s, struct err *err, const char *what, const char *word)
{
	return err_set(err, -EINVAL, EXIT_USAGE, "%s:%d: %s '%s'", s->name, s->line, what, word);
}

static const char *word_end(const char *s)
{
	return s + strcspn(s, " ");
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " ");
}

/* "j", "Enter", or several characters such as gg. */
static int press_word(struct script *s, const char *word, size_t len, struct err *err)
{
	uint32_t key = key_parse(word, len);
	char bad[64];
	size_t used;

	if (key) {
		ui_key(s->ui, key);
		return 0;
	}
	snprintf(bad, sizeof(bad), "%.*s", (int)len, word);
	if (len > 2)
		return fail(s, err, "there is no key named", bad);
	for (; len; word += used, len -= used) {
		key = key_parse(word, (text_get(word, len, &used), used));
		if (!key)
			return fail(s, err, "there is no key named", bad);
		ui_key(s->ui, key);
	}
	return 0;
}

static int run_key(struct script *s, const char *arg, struct err *err)
{
	int rc = 0;

	for (; !rc && *arg; arg = skip_blanks(word_end(arg)))
		rc = press_word(s, arg, (size_t)(word_end(arg) - arg), err);
	return rc;
}

static int run_type(struct script *s, const char *arg, struct err *err)
{
	size_t len = strlen(arg), used;

	(void)err;
	for (; len; arg += used, len -= used) {
		int32_t cp = text_get(arg, len, &used);

		if (cp > 0)
			ui_key(s->ui, (uint32_t)cp);
	}
	return 0;
}

static int run_wait(struct script *s, const char *arg, struct err *err)
{
	int rc;

	if (*arg)
		return fail(s, err, "wait-loaded takes no", arg);
	if (!s->host || !s->host->wait_loaded)
		return 0;
	rc = s->host->wait_loaded(s->host->arg, err);
	ui_world_changed(s->ui);
	return rc;
}

static int run_wait_passes(struct script *s, const char *arg, struct err *err)
{
	char rest;
	int n, rc = 0;

	if (sscanf(arg, "%d%c", &n, &rest) != 1 || n < 1)
		return fail(s, err, "wait-passes takes a number, not", arg);
	if (s->host && s->host->wait_passes)
		rc = s->host->wait_passes(s->host->arg, n, err);
	ui_world_changed(s->ui);
	return rc;
}

static int run_resize(struct script *s, const char *arg, struct err *err)
{
	int w, h;
	char rest;

	if (sscanf(arg, "%dx%d%c", &w, &h, &rest) != 2 || w < 1 || h < 1 || w > 4096 || h > 4096)
		return fail(s, err, "resize takes WxH, such as 80x24, not", arg);
	grid_resize(s->grid, w, h);
	ui_resize(s->ui, w, h);
	return 0;
}

static int run_tick(struct script *s, const char *arg, struct err *err)
{
	int ms;
	char rest;

	if (sscanf(arg, "%dms%c", &ms, &rest) != 1 || ms < 0)
		return fail(s, err, "tick takes a time such as 250ms, not", arg);
	s->clock += (int64_t)ms * 1000000;
	ui_tick(s->ui, s->clock);
	return 0;
}

static int run_mouse(struct script *s, const char *arg, struct err *err)
{
	static const struct {
		const char *name;
		struct mouse m;
	} kinds[] = {
		{ "press", { .kind = MOUSE_PRESS } },
		{ "double", { .kind = MOUSE_DOUBLE } },
		{ "drag", { .kind = MOUSE_DRAG } },
		{ "release", { .kind = MOUSE_RELEASE } },
		{ "up", { .kind = MOUSE_WHEEL, .wheel = -1 } },
		{ "down", { .kind = MOUSE_WHEEL, .wheel = 1 } },
	};
	char kind[16], rest;
	struct mouse m;
	int x, y;

	if (sscanf(arg, "%15s %d %d %c", kind, &x, &y, &rest) != 3)
		return fail(s, err, "mouse takes a kind, a column and a line, not", arg);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, kind)) {
			m = kinds[i].m;
			m.x = x;
			m.y = y;
			ui_draw(s->ui, s->grid); /* where things are to be met */
			ui_mouse(s->ui, &m);
			return 0;
		}
	return fail(s, err, "the mouse does not", kind);
}

static int save(struct script *s, const char *file, void (*dump)(const struct grid *, FILE *),
		struct err *err)
{
	FILE *out;
	int bad;

	if (!*file)
		return fail(s, err, "no file is named to", "save");
	out = !strcmp(file, "-") ? stdout : fopen(file, "we");
	if (!out)
		return err_set(err, -errno, EXIT_USAGE, "%s:%d: cannot write '%s': %s", s->name,
			       s->line, file, strerror(errno));
	ui_draw(s->ui, s->grid);
	dump(s->grid, out);
	bad = out == stdout ? fflush(out) : fclose(out);
	if (bad)
		return err_set(err, -errno, EXIT_USAGE, "%s:%d: cannot write '%s': %s", s->name,
			       s->line, file, strerror(errno));
	return 0;
}

static int run_save_screen(struct script *s, const char *arg, struct err *err)
{
	return save(s, arg, grid_dump_text, err);
}

static int run_save_roles(struct script *s, const char *arg, struct err *err)
{
	return save(s, arg, grid_dump_roles, err);
}

static int run_quit(struct script *s, const char *arg, struct err *err)
{
	if (*arg)
		return fail(s, err, "quit takes no", arg);
	s->ended = true;
	return 0;
}

static int run_action(struct script *s, const char *line, struct err *err)
{
	struct err why = { 0 };

	if (!ui_command(s->ui, line, &why))
		return 0;
	return err_set(err, why.rc, why.code, "%s:%d: %s", s->name, s->line, why.text);
}

static int run_line(struct script *s, const char *line, struct err *err)
{
	static const struct {
		const char *name;
		int (*run)(struct script *s, const char *arg, struct err *err);
	} commands[] = {
		{ "key", run_key },
		{ "type", run_type },
		{ "wait-loaded", run_wait },
		{ "wait-passes", run_wait_passes },
		{ "resize", run_resize },
		{ "tick", run_tick },
		{ "mouse", run_mouse },
		{ "save-screen", run_save_screen },
		{ "save-roles", run_save_roles },
		{ "quit", run_quit },
	};
	size_t len = (size_t)(word_end(line) - line);

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strlen(commands[i].name) == len && !memcmp(commands[i].name, line, len) &&
		    (commands[i].run != run_mouse || line[len]))
			return commands[i].run(s, skip_blanks(line + len), err);
	return run_action(s, line, err);
}

int script_run(struct ui *ui, struct grid *g, FILE *in, const char *name,
	       const struct script_host *host, struct err *err)
{
	struct script s = { .ui = ui, .grid = g, .host = host, .name = name };
	char *buf = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc = 0;

	while (!rc && !s.ended && !ui_done(ui) && (n = getline(&buf, &cap, in)) >= 0) {
		const char *line = buf;

		s.line++;
		while (n && (buf[n - 1] == '\n' || buf[n - 1] == '\r'))
			buf[--n] = '\0';
		line = skip_blanks(line);
		line += *line == ':';
		if (*line && *line != '#')
			rc = run_line(&s, line, err);
	}
	free(buf);
	return rc;
}

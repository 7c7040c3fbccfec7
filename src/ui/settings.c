/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/filter.h"
#include "analysis/groups.h"

enum { NAME_MOST = 32, THEMES_MOST = 64, FILTERS_MOST = 1000, PATHS_MOST = 100 };

static const char *const column_names[COL_MOST] = { "g", "n", "state", "wait", "on" };

static bool is_key(const struct setting *row, const char *key)
{
	return !strcmp(row->key, key);
}

static bool in_findings(const struct setting *row)
{
	return !strcmp(row->section, "findings");
}

/* --- from and to text --- */

/* The place of a word among words with blanks between, -1: it is none of them. */
static int word_index(const char *words, const char *word)
{
	for (int i = 0; *words; i++) {
		size_t len = strcspn(words, " ");

		if (strlen(word) == len && !memcmp(words, word, len))
			return i;
		words += len + (words[len] == ' ');
	}
	return -1;
}

static void word_at(const char *words, int i, char buf[SETTING_TEXT_MOST])
{
	for (; i > 0 && *words; i--) {
		words += strcspn(words, " ");
		words += *words == ' ';
	}
	snprintf(buf, SETTING_TEXT_MOST, "%.*s", (int)strcspn(words, " "), words);
}

static int not_among(const struct setting *row, const char *value, struct err *err)
{
	return err_set(err, -EINVAL, EXIT_USAGE, "%s takes one of %s, not '%s'", row->key,
		       row->words, value);
}

static int parse_columns(struct list_columns *out, const struct setting *row, const char *value,
			 struct err *err)
{
	struct list_columns c = { .n = 0 };

	while (*(value += strspn(value, " \t,"))) {
		char word[16];
		int at;

		snprintf(word, sizeof(word), "%.*s", (int)strcspn(value, " \t,"), value);
		at = word_index(row->words, word);
		if (at < 0)
			return err_set(err, -EINVAL, EXIT_USAGE,
				       "columns takes some of %s, not '%s'", row->words, word);
		if (memchr(c.v, at, c.n))
			return err_set(err, -EINVAL, EXIT_USAGE, "columns has %s twice", word);
		c.v[c.n++] = (uint8_t)at;
		value += strcspn(value, " \t,");
	}
	*out = c;
	return 0;
}

static int parse_number(const struct setting *row, const char *value, double *out, struct err *err)
{
	char *end;

	errno = 0;
	*out = strtod(value, &end);
	if (end == value || *end || errno || !isfinite(*out) || *out < row->least ||
	    *out > row->most || (row->kind == SETTING_NUMBER && *out != floor(*out)))
		return err_set(err, -EINVAL, EXIT_USAGE,
			       "%s takes %s from %.10g to %.10g, not '%s'", row->key,
			       row->kind == SETTING_NUMBER ? "a whole number" : "seconds",
			       row->least, row->most, value);
	return 0;
}

/* The field of a row that has two values or several words. */
static void *small_field(const struct settings *cs, const struct setting *row)
{
	struct settings *s = (struct settings *)cs;
	const struct {
		const char *key;
		void *at;
	} fields[] = {
		{ "ascii", &s->ascii }, { "mouse", &s->mouse },	  { "plain", &s->plain },
		{ "color", &s->color }, { "sort", &s->sort },	  { "invert", &s->invert },
		{ "group", &s->group }, { "system", &s->system }, { "hyperlinks", &s->hyperlinks },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (is_key(row, fields[i].key))
			return fields[i].at;
	return NULL;
}

static void replace(char **at, const char *value)
{
	free(*at);
	*at = xstrdup(value);
}

static int set_theme(struct settings *s, const char *value, struct err *err)
{
	if (!*value || strlen(value) >= sizeof(s->theme))
		return err_set(err, -EINVAL, EXIT_USAGE, "theme takes a theme's name, not '%s'",
			       value);
	snprintf(s->theme, sizeof(s->theme), "%s", value);
	s->theme_line = s->line;
	return 0;
}

static int add_path(struct settings *s, const char *value, struct err *err)
{
	const char *eq = strchr(value, '=');

	if (!eq || eq == value)
		return err_set(err, -EINVAL, EXIT_USAGE, "substitute-path takes A=B, not '%s'",
			       value);
	if (s->substitute.n >= PATHS_MOST)
		return err_set(err, -EINVAL, EXIT_USAGE,
			       "substitute-path stands more than %d times", PATHS_MOST);
	*vec_push(&s->substitute) = xstrdup(value);
	return 0;
}

static int set_word(struct settings *s, const struct setting *row, const char *value,
		    struct err *err)
{
	int at;

	if (is_key(row, "theme"))
		return set_theme(s, value, err);
	at = word_index(row->words, value);
	if (at < 0)
		return not_among(row, value, err);
	if (row->kind == SETTING_BOOL)
		*(bool *)small_field(s, row) = !at; /* "yes no" */
	else
		*(uint8_t *)small_field(s, row) = (uint8_t)at;
	return 0;
}

static int set_number(struct settings *s, const struct setting *row, const char *value,
		      struct err *err)
{
	double v;
	int rc = parse_number(row, value, &v, err);

	if (rc)
		return rc;
	if (is_key(row, "long-wait"))
		s->long_wait = (int64_t)(v * 1e9);
	else
		*(is_key(row, "refresh") ? &s->refresh_ms : &s->history) = (uint32_t)v;
	return 0;
}

static int set_row(struct settings *s, const struct setting *row, const char *value,
		   struct err *err)
{
	double v;
	int rc;

	if (strlen(value) >= SETTING_TEXT_MOST)
		return err_set(err, -EINVAL, EXIT_USAGE, "%s is too long", row->key);
	if (in_findings(row)) {
		rc = row->words ? 0 : parse_number(row, value, &v, err);
		return rc || !s->detect ? rc : detect_set(s->detect, row->key, value, err);
	}
	switch (row->kind) {
	case SETTING_BOOL:
	case SETTING_WORD:
		return set_word(s, row, value, err);
	case SETTING_NUMBER:
	case SETTING_SECONDS:
		return set_number(s, row, value, err);
	case SETTING_COLUMNS:
		return parse_columns(&s->columns, row, value, err);
	case SETTING_TEXT:
		replace(is_key(row, "editor") ? &s->editor : &s->clipboard, value);
		return 0;
	case SETTING_LIST:
		break;
	}
	return add_path(s, value, err);
}

static const char *columns_text(const struct list_columns *c, char buf[SETTING_TEXT_MOST])
{
	size_t n = 0;

	buf[0] = '\0';
	for (int i = 0; i < c->n; i++)
		n += (size_t)snprintf(buf + n, SETTING_TEXT_MOST - n, "%s%s", i ? " " : "",
				      column_names[c->v[i]]);
	return buf;
}

static const char *paths_text(const struct settings *s, char buf[SETTING_TEXT_MOST])
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < s->substitute.n && n < SETTING_TEXT_MOST; i++)
		n += (size_t)snprintf(buf + n, SETTING_TEXT_MOST - n, "%s%s", i ? ", " : "",
				      s->substitute.v[i]);
	return buf;
}

const char *setting_text(const struct settings *s, const struct setting *row,
			 char buf[SETTING_TEXT_MOST])
{
	if (in_findings(row)) {
		if (!s->detect || !detect_get(s->detect, row->key, buf, SETTING_TEXT_MOST))
			snprintf(buf, SETTING_TEXT_MOST, "%s", row->initial);
		return buf;
	}
	switch (row->kind) {
	case SETTING_BOOL:
		snprintf(buf, SETTING_TEXT_MOST, "%s", *(bool *)small_field(s, row) ? "yes" : "no");
		break;
	case SETTING_WORD:
		if (is_key(row, "theme"))
			snprintf(buf, SETTING_TEXT_MOST, "%s", s->theme);
		else
			word_at(row->words, *(uint8_t *)small_field(s, row), buf);
		break;
	case SETTING_NUMBER:
		snprintf(buf, SETTING_TEXT_MOST, "%" PRIu32,
			 is_key(row, "refresh") ? s->refresh_ms : s->history);
		break;
	case SETTING_SECONDS:
		snprintf(buf, SETTING_TEXT_MOST, "%.10g", (double)s->long_wait / 1e9);
		break;
	case SETTING_COLUMNS:
		return columns_text(&s->columns, buf);
	case SETTING_TEXT:
		snprintf(buf, SETTING_TEXT_MOST, "%s",
			 is_key(row, "editor") ? s->editor : s->clipboard);
		break;
	case SETTING_LIST:
		return paths_text(s, buf);
	}
	return buf;
}

/* --- what has names of the user's own --- */

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	return len && len < NAME_MOST &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
		       len;
}

static void drop_filter(struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->filter.n; i++) {
		struct saved_filter f = s->filter.v[i];

		if (strcmp(f.name, name) != 0)
			continue;
		memmove(&s->filter.v[i], &s->filter.v[i + 1],
			(--s->filter.n - i) * sizeof(*s->filter.v));
		free(f.name);
		free(f.pattern);
		return;
	}
}

static int set_filter(struct settings *s, const char *name, const char *pattern, struct err *err)
{
	struct err why = { 0 };
	struct filter *f;

	if (!is_name(name))
		return err_set(
			err, -EINVAL, EXIT_USAGE,
			"'%.40s' is no name for a filter: letters, digits, - _ and . make one",
			name);
	f = *pattern ? filter_new(pattern, &why) : NULL;
	if (!f)
		return err_set(err, -EINVAL, EXIT_USAGE, "the filter %s: %s", name,
			       *pattern ? why.text : "it is empty");
	filter_free(f);
	drop_filter(s, name);
	if (s->filter.n >= FILTERS_MOST)
		return err_set(err, -EINVAL, EXIT_USAGE, "there are more than %d filters",
			       FILTERS_MOST);
	*vec_push(&s->filter) = (struct saved_filter){ xstrdup(name), xstrdup(pattern) };
	return 0;
}

const char *settings_filter(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->filter.n; i++)
		if (!strcmp(s->filter.v[i].name, name))
			return s->filter.v[i].pattern;
	return NULL;
}

static struct theme *own_theme(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->theme_own.n; i++)
		if (!strcmp(s->theme_own.v[i]->name, name))
			return s->theme_own.v[i];
	return NULL;
}

static int set_own_theme(struct settings *s, const char *name, const char *key, const char *value,
			 struct err *err)
{
	struct theme *t = own_theme(s, name);

	if (!is_name(name) || theme_named(name) || !strcmp(name, "auto"))
		return err_set(err, -EINVAL, EXIT_USAGE,
			       "'%.40s' is no name for a theme of your own", name);
	if (!t) {
		if (s->theme_own.n >= THEMES_MOST)
			return err_set(err, -EINVAL, EXIT_USAGE, "there are more than %d themes",
				       THEMES_MOST);
		t = xmalloc(sizeof(*t));
		*t = *theme_named("dark");
		t->name = xstrdup(name);
		*vec_push(&s->theme_own) = t;
	}
	return theme_set(t, key, value, err);
}

const struct theme *settings_theme(const struct settings *s)
{
	const struct theme *t = own_theme(s, s->theme);

	t = t ? t : theme_named(s->theme);
	return t ? t : theme_default();
}

const char *settings_theme_name(const struct settings *s, size_t i)
{
	size_t n = 0;

	if (!i--)
		return "auto";
	while (theme_name(n))
		n++;
	if (i < n)
		return theme_name(i);
	return i - n < s->theme_own.n ? s->theme_own.v[i - n]->name : NULL;
}

/* --- all of it --- */

void settings_init(struct settings *s, struct detect_config *detect)
{
	*s = (struct settings){ .detect = NULL };
	for (const struct setting *row = setting_table; row->section; row++)
		if (row->kind != SETTING_LIST)
			set_row(s, row, row->initial, NULL);
	s->detect = detect;
}

static void change_free(struct setting_change *c)
{
	free(c->section);
	free(c->key);
	free(c->value);
}

void settings_release(struct settings *s)
{
	settings_saved(s);
	vec_free(&s->change);
	free(s->editor);
	free(s->clipboard);
	for (size_t i = 0; i < s->substitute.n; i++)
		free(s->substitute.v[i]);
	vec_free(&s->substitute);
	while (s->filter.n)
		drop_filter(s, s->filter.v[s->filter.n - 1].name);
	vec_free(&s->filter);
	for (size_t i = 0; i < s->theme_own.n; i++) {
		free((char *)s->theme_own.v[i]->name);
		free(s->theme_own.v[i]);
	}
	vec_free(&s->theme_own);
	keymap_release(&s->keys);
	s->editor = s->clipboard = NULL;
}

const struct setting *setting_row(const char *section, const char *key)
{
	for (const struct setting *row = setting_table; row->section; row++)
		if ((!section || !strcmp(row->section, section)) && is_key(row, key))
			return row;
	return NULL;
}

static bool is_section(const char *section)
{
	for (const struct setting *row = setting_table; row->section; row++)
		if (!strcmp(row->section, section))
			return true;
	return false;
}

int settings_set(struct settings *s, const char *section, const char *key, const char *value,
		 struct err *err)
{
	const struct setting *row = setting_row(section, key);

	if (row)
		return set_row(s, row, value, err);
	s->keys.line = s->line;
	if (!strcmp(section, "keys"))
		return keymap_set(&s->keys, key, value, err);
	if (!strcmp(section, "filters"))
		return set_filter(s, key, value, err);
	if (!strncmp(section, "theme ", 6))
		return set_own_theme(s, section + 6 + strspn(section + 6, " \t"), key, value, err);
	if (!*section)
		return err_set(err, -EINVAL, EXIT_USAGE,
			       "'%.40s' stands before the first [section]", key);
	if (is_section(section))
		return err_set(err, -EINVAL, EXIT_USAGE, "there is no setting '%.40s' in [%s]", key,
			       section);
	return err_set(err, -EINVAL, EXIT_USAGE,
		       "there is no section [%.40s]; --print-config shows those there are",
		       section);
}

int settings_check(const struct settings *s, int *line, struct err *err)
{
	*line = s->theme_line;
	if (strcmp(s->theme, "auto") != 0 && !theme_named(s->theme) && !own_theme(s, s->theme))
		return err_set(err, -EINVAL, EXIT_USAGE,
			       "theme: there is none named '%s'; there are auto, dark, light, "
			       "high-contrast, mono, and each [theme NAME] of the file",
			       s->theme);
	return keymap_check(&s->keys, line, err);
}

/* --- changes --- */

static void note_change(struct settings *s, const char *section, const char *key, const char *value)
{
	struct setting_change *c;

	for (size_t i = 0; i < s->change.n; i++) {
		c = &s->change.v[i];
		if (strcmp(c->section, section) != 0 || strcmp(c->key, key) != 0)
			continue;
		free(c->value);
		c->value = value ? xstrdup(value) : NULL;
		return;
	}
	*vec_push(&s->change) = (struct setting_change){ xstrdup(section), xstrdup(key),
							 value ? xstrdup(value) : NULL };
}

int settings_change(struct settings *s, const char *section, const char *key, const char *value,
		    struct err *err)
{
	int rc = 0, line;

	/* what would not come back from the file as it is: see config.h */
	if (value && (strpbrk(value, "\n\r") || strstr(value, " ;") || strstr(value, "\t;") ||
		      *value == ';' || strlen(key) + strlen(value) > SETTING_TEXT_MOST - 8))
		return err_set(
			err, -EINVAL, EXIT_USAGE,
			"%s: this cannot stand in the file: it is too long, or has a ; after a "
			"blank",
			key);
	if (value)
		rc = settings_set(s, section, key, value, err);
	else
		drop_filter(s, key);
	if (!rc && !strcmp(key, "theme") && settings_check(s, &line, err)) {
		snprintf(s->theme, sizeof(s->theme), "auto");
		return -EINVAL;
	}
	if (!rc)
		note_change(s, section, key, value);
	return rc;
}

char *settings_changes(const struct settings *s)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	if (!f)
		return xstrdup("");
	for (size_t i = 0; i < s->change.n; i++) {
		const struct setting_change *c = &s->change.v[i];

		fprintf(f, "%s\t%s%s%s\n", c->section, c->key, c->value ? "\t" : "",
			c->value ? c->value : "");
	}
	fclose(f);
	return out;
}

void settings_saved(struct settings *s)
{
	for (size_t i = 0; i < s->change.n; i++)
		change_free(&s->change.v[i]);
	s->change.n = 0;
}

void settings_kept(struct settings *s, const char *section, const char *key)
{
	for (size_t i = 0; i < s->change.n; i++) {
		struct setting_change *c = &s->change.v[i];

		if (strcmp(c->section, section) != 0 || strcmp(c->key, key) != 0)
			continue;
		change_free(c);
		memmove(c, c + 1, (--s->change.n - i) * sizeof(*c));
		return;
	}
}

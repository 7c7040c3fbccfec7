/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/keymap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ui/pane.h"

static const struct {
	const char *name;
	unsigned ctx;
} places[] = {
	{ "goroutines", CTX_PANE(PANE_LIST) },
	{ "detail", CTX_PANE(PANE_DETAIL) },
	{ "timeline", CTX_PANE(PANE_TIMELINE) },
	{ "source", CTX_PANE(PANE_SOURCE) },
	{ "variables", CTX_PANE(PANE_VARS) },
	{ "findings", CTX_PANE(PANE_FINDINGS) },
	{ "graph", CTX_PANE(PANE_GRAPH) },
	{ "flame", CTX_PANE(PANE_FLAME) },
	{ "changes", CTX_PANE(PANE_CHANGES) },
	{ "prompt", CTX_PROMPT },
	{ "help", CTX_HELP },
	{ "setup", CTX_SETUP },
	{ "filters", CTX_FILTERS },
};

enum { KEYS_MOST = 128 };

const char *keymap_place(size_t i, unsigned *ctx)
{
	if (i >= ARRAY_SIZE(places))
		return NULL;
	*ctx = places[i].ctx;
	return places[i].name;
}

void keymap_release(struct keymap *m)
{
	for (size_t i = 0; i < m->bound.n; i++)
		free(m->bound.v[i].keys);
	vec_free(&m->bound);
	vec_free(&m->last);
}

static uint32_t last_of(const struct keymap *m, const struct key_binding *row)
{
	size_t at = (size_t)(row - key_table);

	return m && at < m->last.n ? m->last.v[at] : 0;
}

static void bind(struct keymap *m, const struct key_binding *row, unsigned ctx, const char *keys)
{
	size_t at = (size_t)(row - key_table);

	uint32_t last = last_of(m, row);

	if (last && m->bound.v[last - 1].ctx == ctx) { /* the one before is of no use any more */
		free(m->bound.v[last - 1].keys);
		m->bound.v[last - 1].keys = xstrdup(keys);
		m->bound.v[last - 1].line = m->line;
		return;
	}
	while (m->last.n <= at)
		*vec_push(&m->last) = 0;
	*vec_push(&m->bound) =
		(struct key_bound){ row, ctx, xstrdup(keys), m->last.v[at], m->line };
	m->last.v[at] = (uint32_t)m->bound.n;
}

const char *keymap_keys(const struct keymap *m, const struct key_binding *row, unsigned ctx,
			enum key_rank *rank)
{
	bool place = !(row->ctx & CTX_ANY);

	for (uint32_t i = last_of(m, row); i; i = m->bound.v[i - 1].before) {
		const struct key_bound *b = &m->bound.v[i - 1];

		if (b->ctx && !(b->ctx & ctx))
			continue;
		if (rank)
			*rank = b->ctx	? KEYS_USER_FOR_PLACE
				: place ? KEYS_USER_FOR_ROW
					: KEYS_USER_FOR_ALL;
		return b->keys;
	}
	if (rank)
		*rank = place ? KEYS_FOR_PLACE : KEYS_FOR_ALL;
	return row->keys;
}

const char *keymap_first(const struct keymap *m, enum action a, unsigned ctx, char buf[16])
{
	const struct key_binding *row = key_row(a, ctx);
	const char *keys = row ? keymap_keys(m, row, ctx, NULL) : "";

	snprintf(buf, 16, "%.*s", (int)strcspn(keys, " "), keys);
	return buf;
}

/* --- setting --- */

static int check_keys(const char *name, const char *keys, unsigned ctx, struct err *err)
{
	uint32_t key[2];

	if (strlen(keys) >= KEYS_MOST)
		return err_set(err, -EINVAL, EXIT_USAGE, "%s has too many keys", name);
	for (size_t len; *keys; keys += len + (keys[len] == ' ')) {
		int n;

		len = strcspn(keys, " ");
		n = key_sequence(keys, len, key);
		if (!n)
			return err_set(
				err, -EINVAL, EXIT_USAGE,
				"%s: there is no key named '%.*s'; keys are such as x, ^X, F5, "
				"Enter, gg",
				name, (int)(len < 40 ? len : 40), keys);
		if (ctx & CTX_PROMPT &&
		    (n > 1 || (key[0] >= ' ' && key[0] != UK_BACKSPACE && key[0] < UK_UP)))
			return err_set(err, -EINVAL, EXIT_USAGE,
				       "%s: '%.*s' could not be typed any more", name, (int)len,
				       keys);
	}
	return 0;
}

/* One blank between names, none around them. The caller frees it. */
static char *tidy(const char *keys)
{
	char *out = xmalloc(strlen(keys) + 1), *to = out;

	while (*keys) {
		size_t len;

		keys += strspn(keys, " \t");
		len = strcspn(keys, " \t");
		if (len && to > out)
			*to++ = ' ';
		memcpy(to, keys, len);
		to += len;
		keys += len;
	}
	*to = '\0';
	return out;
}

/* The row that counts for a name in a context: its own, else the one for all panes. */
static bool is_row(const struct key_binding *b, const char *name, unsigned ctx)
{
	const struct key_binding *r;

	if (strcmp(b->name, name) != 0)
		return false;
	if (!ctx)
		return true;
	r = key_row(b->action, ctx & CTX_PROMPT ? ctx : ctx | CTX_ANY);
	return r == b;
}

static unsigned find_place(const char **name)
{
	const char *dot = strchr(*name, '.');

	for (size_t i = 0; dot && i < ARRAY_SIZE(places); i++)
		if (strlen(places[i].name) == (size_t)(dot - *name) &&
		    !strncmp(places[i].name, *name, (size_t)(dot - *name))) {
			*name = dot + 1;
			return places[i].ctx;
		}
	return 0;
}

int keymap_set(struct keymap *m, const char *name, const char *keys, struct err *err)
{
	const char *action = name;
	unsigned ctx = find_place(&action);
	bool found = false;
	char *tidied = tidy(keys);
	int rc = 0;

	for (const struct key_binding *b = key_table; b->action && !rc; b++) {
		if (!is_row(b, action, ctx))
			continue;
		found = true;
		rc = check_keys(name, tidied, b->ctx, err);
		if (!rc)
			bind(m, b, ctx, tidied);
	}
	free(tidied);
	if (!found)
		return err_set(err, -EINVAL, EXIT_USAGE,
			       "there is no action named '%.60s'%s; the help and the manual list "
			       "their names",
			       action, ctx ? " there" : "");
	return rc;
}

/* --- looking over all of it --- */

/* One of the keys of a row, in a place. */
struct word {
	const struct key_binding *row;
	enum key_rank rank;
	uint32_t key[2];
	int n;
	const char *name; /* of len bytes */
	int len;
};

typedef VEC(struct word) words;

static void collect(words *out, const struct keymap *m, unsigned ctx)
{
	out->n = 0;
	for (const struct key_binding *b = key_table; b->action; b++) {
		struct word w = { .row = b };
		const char *keys = keymap_keys(m, b, ctx, &w.rank);

		for (; b->ctx & ctx && *keys; keys += w.len + (keys[w.len] == ' ')) {
			w.len = (int)strcspn(keys, " ");
			w.name = keys;
			w.n = key_sequence(keys, (size_t)w.len, w.key);
			*vec_push(out) = w;
		}
	}
}

/* What the first n of a word's keys lead to, as key_feed() has it; NULL: to nothing yet. */
static const struct word *leads_to(const words *all, const struct word *w, int n)
{
	const struct word *found = NULL;

	for (size_t i = 0; i < all->n; i++) {
		const struct word *o = &all->v[i];

		if (o->n == n && !memcmp(o->key, w->key, (size_t)n * sizeof(*w->key)) &&
		    (!found || o->rank > found->rank))
			found = o;
	}
	return found;
}

static const struct word *reached(const words *all, const struct word *w)
{
	const struct word *first = leads_to(all, w, 1);

	return w->n == 1 || first ? first : leads_to(all, w, w->n);
}

/* Where in the file a row's keys are, the latest. */
static int line_of(const struct keymap *m, const struct key_binding *row)
{
	uint32_t last = last_of(m, row);

	return last ? m->bound.v[last - 1].line : 0;
}

/* The user's keys that lead to another row, which has no better right to them. */
static int check_words(const words *all, const struct keymap *m, int *line, struct err *err)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct word *w = &all->v[i], *got = reached(all, w);

		if (w->rank < KEYS_USER_FOR_ALL || got->row == w->row || got->rank > w->rank ||
		    !strcmp(got->row->name, w->row->name))
			continue;
		*line = line_of(m, w->row);
		if (line_of(m, got->row) > *line)
			*line = line_of(m, got->row);
		return err_set(err, -EINVAL, EXIT_USAGE, "the key %.*s is given to both %s and %s",
			       w->len, w->name, w->row->name, got->row->name);
	}
	return 0;
}

/* Whether one of the keys of an action still leads to it; overlays want a row of their own for it. */
static bool is_reached(const words *all, enum action a, unsigned ctx)
{
	unsigned rows = ctx & CTX_OVERLAY ? ctx & CTX_OVERLAY : ctx;

	for (size_t i = 0; i < all->n; i++) {
		const struct word *w = &all->v[i], *got = reached(all, w);

		if (w->row->action == a && w->row->ctx & rows && got->row->action == a &&
		    got->row->ctx & rows)
			return true;
	}
	return false;
}

static int check_way_out(const words *all, const char *name, unsigned ctx, struct err *err)
{
	if (ctx & CTX_PROMPT) {
		if (is_reached(all, ACT_ACCEPT, ctx) && is_reached(all, ACT_CANCEL, ctx))
			return 0;
		return err_set(err, -EINVAL, EXIT_USAGE,
			       "there would be no key that ends the typing of a line: bind accept "
			       "and cancel");
	}
	if (ctx & CTX_OVERLAY ? is_reached(all, ACT_BACK, ctx)
			      : is_reached(all, ACT_QUIT, ctx) || is_reached(all, ACT_CLOSE, ctx))
		return 0;
	return err_set(err, -EINVAL, EXIT_USAGE, "there would be no key that leaves %s", name);
}

int keymap_check(const struct keymap *m, int *line, struct err *err)
{
	words all = { 0 };
	int rc = 0;

	*line = 0;
	for (size_t i = 0; m->bound.n && !rc && i < ARRAY_SIZE(places); i++) {
		unsigned ctx = places[i].ctx | (places[i].ctx & CTX_PROMPT ? 0 : CTX_ANY);

		collect(&all, m, ctx);
		rc = check_words(&all, m, line, err);
		rc = rc ? rc : check_way_out(&all, places[i].name, ctx, err);
	}
	vec_free(&all);
	return rc;
}

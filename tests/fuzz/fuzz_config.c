/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration's reader, with it the names of keys and colours, and what changes the text
 * of a file. The first part of the input is a file, the rest, after a NUL, changes to it and
 * what was typed before.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/detect.h"
#include "config.h"
#include "ui/pane.h"
#include "ui/prompt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
	if (!ok)
		abort();
}

static int read_config(struct settings *s, const char *text)
{
	FILE *in = *text ? fmemopen((char *)text, strlen(text), "r") : NULL;
	struct err err = { 0 };
	int rc = in ? config_read(s, in, "file", &err) : 0;

	/* a sentence, and no escape that a terminal would obey */
	must(!rc || *err.text);
	for (const char *c = err.text; *c; c++)
		must((unsigned char)*c >= ' ' || *c == '\t');
	if (in)
		fclose(in);
	return rc;
}

/* Any keys, by whatever the file made of them. */
static void press(struct settings *s, const char *text)
{
	struct key_seq seq = { .map = &s->keys };
	char buf[16];

	for (int i = 0; i < 16 && *text; i++, text++) {
		key_feed(&seq, (unsigned char)*text, CTX_PANE(PANE_LIST) | CTX_ANY);
		must(seq.n < 2);
	}
	for (const struct key_binding *b = key_table; b->action; b++)
		keymap_first(&s->keys, b->action, b->ctx, buf);
}

/* What was set by hand comes back from the file. */
static void change(struct settings *s, const char *text, const char *more)
{
	static const char *const rows[][2] = { { "screen", "refresh" }, { "list", "columns" } };
	char *key = strndup(more, 40), *changes, *after, *again;
	struct settings next;

	for (size_t i = 0; i < 2; i++)
		settings_change(s, rows[i][0], rows[i][1], i ? "wait g" : "77", NULL);
	if (!settings_change(s, "filters", "fuzz", key, NULL) && strchr(key, '\t'))
		settings_change(s, "filters", "fuzz", "x", NULL);
	changes = settings_changes(s);
	after = config_edit(text, changes);
	again = config_edit(after, changes);
	must(!strcmp(after, again)); /* once is enough */
	settings_init(&next, NULL);
	if (strlen(after) < 1000 && !read_config(&next, after))
		must(next.refresh_ms == 77 && next.columns.n == 2);
	settings_release(&next);
	free(again);
	free(after);
	free(changes);
	free(key);
}

static void remember(const char *text)
{
	struct prompt p = { .most = 20 };
	char *kept, *again;

	prompt_remember(&p, text);
	must(p.history.n <= 20);
	kept = prompt_history(&p);
	prompt_remember(&p, kept);
	again = prompt_history(&p);
	must(!strcmp(kept, again));
	free(again);
	free(kept);
	prompt_release(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *more;
	struct detect_config conf = { 0 };
	struct settings s;
	uint32_t key[2];
	int rc;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	more = strlen(text) < size ? text + strlen(text) + 1 : text + size;
	settings_init(&s, &conf);
	rc = read_config(&s, text);
	press(&s, more);
	must(settings_theme(&s) != NULL);
	key_sequence(more, strlen(more), key);
	remember(more);
	if (!rc)
		change(&s, text, more);
	else
		free(config_edit(text, more));
	settings_release(&s);
	free(text);
	return 0;
}

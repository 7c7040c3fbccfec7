/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people and scripts type: filters, conditions of --record-on, rules of --substitute-path, links
 * and scripts of the screen. The first byte says which; the rest is the text, cut in two by a NUL where
 * two are needed.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/fault_world.h"
#include "analysis/detect.h"
#include "analysis/filter.h"
#include "analysis/srcfile.h"
#include "analysis/trigger.h"
#include "ui/hyperlink.h"
#include "ui/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct world *world_get(void)
{
	static struct world w;
	static bool made;

	if (made)
		return &w;
	made = true;
	fw_init(&w);
	for (uint64_t g = 2; g < 40; g++) {
		fw_go(&w, g, (int64_t)g * SEC,
		      g % 3 ? "main.start:4" : "net/http.(*Server).Serve:9");
		fw_block(&w, g, (int64_t)g * SEC, (enum reason)(1 + g % (R_N - 1)),
			 "main.(*Pool).put[...]:88");
	}
	fw_until(&w, 100 * SEC);
	return &w;
}

/* One sentence, which a terminal can show. */
static void said(const struct err *err)
{
	if (!*err->text)
		abort();
	for (const char *c = err->text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			abort();
}

static void try_filter(const char *text)
{
	struct world *w = world_get();
	struct err err = { 0 };
	struct filter *f = filter_new(text, &err);
	bool *keep = malloc(w->now.n + 1);

	if (!f) {
		said(&err);
	} else {
		size_t n = filter_all(f, w, &w->now, true, keep), rows = 0;

		for (size_t i = 0; i < w->now.n; i++) {
			if (keep[i] != filter_row(f, w, &w->now, i))
				abort();
			rows += keep[i];
		}
		if (n > rows)
			abort();
	}
	filter_free(f);
	free(keep);
}

static void try_trigger(const char *text)
{
	struct err err = { 0 };
	struct trigger *t = trigger_new(text, &err);
	struct detect d;

	detect_init(&d);
	if (!t)
		said(&err);
	for (int i = 0; i < 3 && t; i++)
		trigger_look(t, world_get(), &d);
	trigger_free(t);
	detect_release(&d);
}

static void try_paths(const char *a, const char *b)
{
	const char *const rules[] = { b, NULL };
	char *url = hyperlink_url(a, 7, strchr(b, '=') ? rules : NULL);

	for (const char *c = url; c && *c; c++)
		if (*c <= ' ' || *c > '~')
			abort();
	free(url);
	if (strchr(b, '='))
		free(src_substitute(a, b));
	if (*b)
		src_below(a, b, strlen(b));
}

static int no_wait(void *arg, struct err *err)
{
	(void)arg, (void)err;
	return 0;
}

static int no_passes(void *arg, int n, struct err *err)
{
	(void)arg, (void)n, (void)err;
	return 0;
}

/* But for what writes files: those lines are left out. */
static void try_script(char *text)
{
	const struct script_host host = { .wait_loaded = no_wait, .wait_passes = no_passes };
	struct world *w = world_get();
	struct err err = { 0 };
	struct grid grid;
	struct ui *ui;
	FILE *in;

	if (!*text || strstr(text, "save-") || strstr(text, "write"))
		return;
	in = fmemopen(text, strlen(text), "r");
	grid_init(&grid, 80, 24, false);
	ui = ui_new(&(struct ui_config){ .world = w, .w = 80, .h = 24 });
	if (script_run(ui, &grid, in, "fuzz", &host, &err))
		said(&err);
	ui_free(ui);
	grid_release(&grid);
	fclose(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, *more;

	if (size < 2 || size > 4096)
		return 0;
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	more = strlen(text) < size - 1 ? text + strlen(text) + 1 : text + size - 1;
	switch (data[0] % 8) {
	case 0:
	case 1:
	case 2:
		try_filter(text);
		break;
	case 3:
	case 4:
		try_trigger(text);
		break;
	case 5:
	case 6:
		try_paths(text, more);
		break;
	default: /* a screen each: slow */
		try_script(text);
	}
	free(text);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an events.jsonl: loaded whole, asked everything that the screen
 * and the detectors ask, written out, and read again: which gives the same file.
 */
#include "analysis/detect.h"
#include "export/jsonl.h"
#include "source/jsonl.h"
#include "trace_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct opened {
	struct world w;
	struct source *src;
	int rc;
};

static void open_bytes(struct opened *o, const char *data, size_t size, bool detect)
{
	struct input in = { .data = (const uint8_t *)data, .size = size, .name = (char *)"fuzz" };
	struct err err = { 0 };
	struct detect d;

	world_init(&o->w);
	detect_init(&d);
	o->w.source_name = world_str(&o->w, "fuzz");
	o->src = jsonl_open(&in);
	while ((o->rc = o->src->ops->drain(o->src, &o->w, 1000000000, &err)) == SOURCE_MORE)
		if (detect)
			detect_look(&d, &o->w);
	o->w.progress.whole = true;
	if (detect)
		detect_now(&d, &o->w);
	fuzz_ask(&o->w);
	detect_release(&d);
}

static void close_bytes(struct opened *o)
{
	o->w.history = NULL;
	o->src->ops->close(o->src);
	world_release(&o->w);
}

static char *write_out(struct opened *o, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	if (jsonl_export(&o->w, T_BEFORE, T_NEVER, out))
		abort();
	fclose(out);
	return text;
}

/* Takes the text, returns what is written of it. */
static char *there_and_back(char *text, size_t *size)
{
	struct opened o;
	char *again;

	open_bytes(&o, text, *size, false);
	if (o.rc != SOURCE_WHOLE)
		abort();
	again = write_out(&o, size);
	close_bytes(&o);
	return again;
}

/* What was wrong with the bytes is put right by the first writing; names may become equal in the second. */
static void compare(struct opened *o)
{
	size_t n, m;
	char *first = write_out(o, &n), *second = there_and_back(first, &n), *third;

	m = n;
	third = there_and_back(second, &m);
	if (n != m || memcmp(second, third, n) != 0)
		abort();
	free(first);
	free(second);
	free(third);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1);
	struct opened o;

	memcpy(copy, data, size);
	open_bytes(&o, copy, size, true);
	if (o.rc == SOURCE_WHOLE)
		compare(&o);
	close_bytes(&o);
	free(copy);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the text of a goroutine dump: loaded whole, asked everything that the screen and the
 * detectors ask, and written out.
 */
#include "analysis/detect.h"
#include "export/jsonl.h"
#include "source/dumptext.h"
#include "trace_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1); /* its end is watched */
	struct input in = { .data = copy, .size = size, .name = (char *)"fuzz" };
	struct err err = { 0 };
	struct source *src;
	struct detect d;
	struct world w;
	char *text = NULL;
	size_t n;
	FILE *out;

	memcpy(copy, data, size);
	world_init(&w);
	detect_init(&d);
	w.source_kind = world_str(&w, "dump");
	dumptext_known(&in);
	src = dumptext_open(&in);
	while (src->ops->drain(src, &w, 1000000000, &err) == SOURCE_MORE)
		;
	w.progress.whole = true;
	detect_now(&d, &w);
	fuzz_ask(&w);
	out = open_memstream(&text, &n);
	if (jsonl_export(&w, T_BEFORE, T_NEVER, out))
		abort();
	fclose(out);
	free(text);
	detect_release(&d);
	w.history = NULL;
	src->ops->close(src);
	world_release(&w);
	free(copy);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a core dump: its memory read at every border, its threads, its program compared, and
 * opened as a Go program with all that leads to, variables too. The bytes behind the last "\x7fELF" are the program.
 */
#include <stdlib.h>
#include <string.h>

#include "core/object.h"
#include "target/core.h"
#include "target/inspect.h"
#include "target/objects.h"
#include "target/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_borders(const struct core *c)
{
	uint8_t buf[64];

	for (size_t i = 0; i < c->seg.n && i < 256; i++) {
		const struct core_seg *s = &c->seg.v[i];

		if (i && c->seg.v[i - 1].end > s->start)
			abort();
		memr_read(c->mem, s->start, buf, sizeof(buf));
		memr_read(c->mem, s->start - 8, buf, 16);
		memr_read(c->mem, s->start + s->len - 8, buf, 16);
		memr_read(c->mem, s->start + s->cut - 8, buf, 16);
		memr_read(c->mem, s->end - 8, buf, 16);
		proc_maps_find(&c->maps, s->end - 1);
	}
}

static void threads(struct core *c)
{
	for (size_t i = 0; i < c->thread.n && i < 64; i++) {
		uint64_t sp = c->thread.v[i].regs.sp;

		core_unsignal(c, c->thread.v[i].tid, sp & ~0xfffull, (sp & ~0xfffull) + 0x8000);
	}
}

static void ignore(void *arg, const struct gchange *c, size_t n)
{
	(void)arg, (void)c, (void)n;
}

/* The variables of the first frames of some goroutines. */
static void inspect(struct target *t, const struct scan *s)
{
	struct inspect *in = inspect_new(t);
	struct scan_g g;

	for (size_t i = 0; i < scan_rows(s) && i < 8; i++) {
		stack_lines lines = { 0 };
		bool moved;

		if (!scan_row(s, i, &g) || inspect_stack(in, g.addr, &lines, &moved))
			continue;
		for (uint32_t k = 0; k < lines.n && k < 4; k++) {
			struct value_ask ask = { .goid = g.goid, .frame = k, .pc = lines.v[k].pc };
			struct values v = { 0 };

			inspect_read(in, g.addr, &ask, &v);
			values_release(&v);
		}
		vec_free(&lines);
	}
	inspect_free(in);
}

/* One pass and one look, as the source makes them. */
static void look(struct target *t)
{
	struct scan *s = scan_new(t);
	struct objects *o = objects_new(t, s);
	struct facts f;

	facts_init(&f);
	if (!scan_pass(s, ignore, NULL) && !objects_look(o, &f))
		facts_finish(&f);
	inspect(t, s);
	facts_release(&f);
	objects_free(o);
	scan_free(s);
}

/* The program within the input; NULL. */
static struct image *program_in(const uint8_t *copy, size_t size)
{
	struct image *img = NULL;

	for (size_t at = size; at-- > 64;)
		if (size - at >= 64 && !memcmp(copy + at,
					       "\x7f"
					       "ELF",
					       4)) {
			image_open_mem(&img, copy + at, size - at, "program", NULL);
			break;
		}
	return img;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1); /* its end is watched */
	struct target_core in = { .data = copy, .len = size, .name = "fuzz" };
	struct image *img;
	struct target *t;
	struct core *c;
	char ids[2][64];

	memcpy(copy, data, size);
	if (!core_open(&c, copy, size, "fuzz", NULL)) {
		img = program_in(copy, size);
		read_borders(c);
		if (img) {
			core_compare(c, img, ids);
			core_back(c, img);
			read_borders(c);
		}
		threads(c);
		image_close(img);
		core_close(c);
	}
	if (!target_open_core(&t, &in, NULL)) {
		look(t);
		target_close(t);
	}
	free(copy);
	return 0;
}

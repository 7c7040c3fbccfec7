/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "target/globals.h"
#include "target_fixture.h"

static struct goversion version(const char *text)
{
	struct goversion v;

	goversion_parse(&v, text, strlen(text));
	return v;
}

static int init(struct golayout *lay, const char *text, enum goarch arch, struct err *err)
{
	struct goversion v = version(text);

	return layout_init(lay, &v, arch, err);
}

/* Offsets that are easy to tell apart, as Go's sources order the fields. */
static void test_table(void **state)
{
	static const struct {
		const char *v;
		int goid, bp, sudog, c, deferlink, labels;
	} want[] = {
		{ "go1.19.8", 152, 104, 88, 80, 40, LABELS_MAP },
		{ "go1.21", 152, 104, 88, 80, 40, LABELS_MAP },
		{ "go1.22", 152, 104, 88, 80, 32, LABELS_MAP },
		{ "go1.23", 160, 104, 88, 80, 32, LABELS_MAP },
		{ "go1.24", 160, 104, 88, 80, 32, LABELS_SLICE },
		{ "go1.25", 152, 96, 88, 80, 32, LABELS_SLICE },
		{ "go1.26", 152, 96, 104, 96, 32, LABELS_SLICE },
		{ "go1.27", 152, 96, 104, 96, 32, LABELS_SLICE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		struct golayout lay;

		assert_int_equal(init(&lay, want[i].v, GOARCH_AMD64, NULL), 0);
		assert_int_equal(lay.way, LAYOUT_TABLE);
		assert_string_equal(lay.note, "");
		assert_int_equal(lay.g.goid, want[i].goid);
		assert_int_equal(lay.g.sched_bp, want[i].bp);
		assert_int_equal(lay.sudog.size, want[i].sudog);
		assert_int_equal(lay.sudog.c, want[i].c);
		assert_int_equal(lay.defer.link, want[i].deferlink);
		assert_int_equal(lay.labels, want[i].labels);
		assert_int_equal(lay.semTable.size, 64);
		assert_string_equal(layout_waitreason(&lay, 1), "GC assist marking");
		assert_string_equal(layout_waitreason(&lay, 200), "");
		assert_int_equal(init(&lay, want[i].v, GOARCH_ARM64, NULL), 0);
		assert_int_equal(lay.g.goid, want[i].goid);
		/* the padding of a cache line, doubled in 1.21 */
		assert_int_equal(lay.semTable.size, i ? 128 : 64);
		assert_int_equal(lay.arena_base, 0);
	}
}

static void test_reasons(void **state)
{
	struct golayout lay;

	(void)state;
	init(&lay, "go1.19", GOARCH_AMD64, NULL);
	assert_string_equal(layout_waitreason(&lay, 14), "chan receive");
	init(&lay, "go1.27", GOARCH_AMD64, NULL);
	assert_string_equal(layout_waitreason(&lay, 19), "chan receive");
}

static void test_other_versions(void **state)
{
	struct err err = { 0 };
	struct golayout lay, newest;
	struct goversion none = { 0 };

	(void)state;
	init(&newest, "go1.27", GOARCH_AMD64, NULL);
	assert_int_equal(init(&lay, "go1.99.1", GOARCH_AMD64, NULL), 0);
	assert_int_equal(lay.way, LAYOUT_NEWEST);
	assert_int_equal(layout_diff(&lay, &newest, NULL, 0), 0);
	assert_non_null(strstr(lay.note, "1.99"));
	assert_int_equal(init(&lay, "go2.0", GOARCH_AMD64, NULL), 0);
	assert_int_equal(lay.way, LAYOUT_NEWEST);
	assert_int_equal(layout_init(&lay, &none, GOARCH_AMD64, NULL), 0);
	assert_int_equal(lay.way, LAYOUT_NEWEST);
	assert_int_equal(init(&lay, "go1.20.3", GOARCH_AMD64, NULL), 0);
	assert_int_equal(lay.way, LAYOUT_NEAR);
	assert_int_equal(lay.minor, 20);
	assert_int_equal(lay.moduledata.gofunc, 320);
	assert_int_equal(lay.g.goid, 152);
	assert_string_equal(layout_waitreason(&lay, 14), "chan receive");
	assert_int_equal(init(&lay, "go1.18.10", GOARCH_AMD64, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "1.18"));
	assert_int_equal(err.code, EXIT_ATTACH);
	assert_int_equal(init(&lay, "go1.27", GOARCH_NONE, NULL), -ENOTSUP);
}

static void test_names_and_diff(void **state)
{
	struct golayout a, b;
	char text[200];

	(void)state;
	layout_field_name(0, text, sizeof(text));
	assert_string_equal(text, "g.size");
	init(&a, "go1.26", GOARCH_AMD64, NULL);
	b = a;
	b.g.goid = 999;
	b.mheap.arenas = -1;
	assert_int_equal(layout_diff(&a, &b, text, sizeof(text)), 2);
	assert_non_null(strstr(text, "g.goid 152/999 mheap.arenas"));
	assert_int_equal(layout_diff(&a, &b, text, 5), 2);
	assert_int_equal(strlen(text), 4);
}

/* No Go program: this test itself has DWARF, and none of Go's types. */
static void test_dwarf_of_another(void **state)
{
	struct golayout base, lay;
	struct image *img;

	(void)state;
	init(&base, "go1.27", GOARCH_AMD64, NULL);
	assert_int_equal(image_open_file(&img, "/proc/self/exe", NULL), 0);
	assert_int_equal(layout_from_dwarf(&lay, img, &base, NULL), -ENOENT);
	assert_int_equal(layout_diff(&lay, &base, NULL, 0), 0);
	image_close(img);
}

enum { NG = 40, LIST = 0x10000, GS = 0x20000, VARS = 0x1000 };

struct world {
	uint64_t vars[2], list[NG];
	uint8_t *g;
	struct golayout lay;
	struct goglobals gl;
	struct gomodules ms;
};

static void set(struct world *w, int i, int32_t off, uint64_t v, size_t size)
{
	memcpy(w->g + i * w->lay.g.size + off, &v, size);
}

static void world_make(struct world *w, const char *v)
{
	struct gomodule m = { .minpc = 0x400000, .maxpc = 0x500000 };

	memset(w, 0, sizeof(*w));
	init(&w->lay, v, GOARCH_AMD64, NULL);
	w->g = calloc(NG, (size_t)w->lay.g.size);
	*vec_push(&w->ms.mod) = m;
	w->gl.allglen = VARS;
	w->gl.allgptr = VARS + 8;
	w->vars[0] = NG;
	w->vars[1] = LIST;
	for (int i = 0; i < NG; i++) {
		w->list[i] = GS + (uint64_t)i * (uint64_t)w->lay.g.size;
		set(w, i, w->lay.g.goid, 1000u + (unsigned)i, 8);
		set(w, i, w->lay.g.atomicstatus, i % 2 ? GST_WAITING : GST_SCAN | GST_RUNNABLE, 4);
		set(w, i, w->lay.g.stack_lo, 0xc000010000, 8);
		set(w, i, w->lay.g.stack_hi, 0xc000012000, 8);
		set(w, i, w->lay.g.sched_sp, 0xc000011000, 8);
		set(w, i, w->lay.g.sched_pc, 0x401234, 8);
	}
}

static int world_check(struct world *w, struct err *err)
{
	struct mem_seg seg[] = { { VARS, w->vars, sizeof(w->vars) },
				 { LIST, w->list, sizeof(w->list) },
				 { GS, w->g, NG * (uint64_t)w->lay.g.size } };
	struct memr *mem = memr_new_flat(seg, 3);
	int rc = layout_check(&w->lay, &w->gl, mem, &w->ms, err);

	memr_close(mem);
	return rc;
}

static void test_check(void **state)
{
	static const char *const words[] = { "a status",      "id",
					     "twice",	      "stack",
					     "stack pointer", "program counter" };
	struct world w;

	(void)state;
	world_make(&w, "go1.24");
	assert_int_equal(world_check(&w, NULL), 0);
	/* The dead may look as they like. */
	set(&w, 3, w.lay.g.atomicstatus, GST_DEAD, 4);
	set(&w, 3, w.lay.g.goid, 0, 8);
	assert_int_equal(world_check(&w, NULL), 0);
	for (int k = 0; k < 6; k++) {
		struct err err = { 0 };

		free(w.g);
		vec_free(&w.ms.mod);
		world_make(&w, "go1.24");
		for (int i = 0; i < NG; i += 4) {
			if (k == 0)
				set(&w, i, w.lay.g.atomicstatus, 0x77, 4);
			if (k == 1)
				set(&w, i, w.lay.g.goid, 0, 8);
			if (k == 2)
				set(&w, i, w.lay.g.goid, 5, 8);
			if (k == 3)
				set(&w, i, w.lay.g.stack_hi, 8, 8);
			if (k == 4)
				set(&w, i, w.lay.g.sched_sp, 0xc000012008, 8);
			if (k == 5)
				set(&w, i, w.lay.g.sched_pc, 0x700000, 8);
		}
		assert_int_equal(world_check(&w, &err), -ENOTSUP);
		assert_non_null(strstr(err.text, words[k]));
		assert_non_null(strstr(err.text, "1.24"));
	}
	/* Nor does the layout of another version fit. */
	init(&w.lay, "go1.22", GOARCH_AMD64, NULL);
	assert_int_equal(world_check(&w, NULL), -ENOTSUP);
	w.vars[0] = UINT64_MAX;
	assert_int_equal(world_check(&w, NULL), -ENOTSUP);
	free(w.g);
	vec_free(&w.ms.mod);
}

static void test_read_reasons(void **state)
{
	uint64_t head[] = { 0, 0, 0x2000, 5, 0x2005, 3 };
	struct mem_seg seg[] = { { 0x1000, head, sizeof(head) }, { 0x2000, "sleepnap", 8 } };
	struct goglobals gl = { .waitReasonStrings = 0x1000, .nwaitreasons = 3 };
	struct memr *mem = memr_new_flat(seg, 2);
	struct golayout lay;
	void *own;

	(void)state;
	init(&lay, "go1.24", GOARCH_AMD64, NULL);
	assert_int_equal(layout_read_waitreasons(&lay, &gl, mem, &own), 0);
	assert_int_equal(lay.nwaitreasons, 3);
	assert_string_equal(layout_waitreason(&lay, 0), "");
	assert_string_equal(layout_waitreason(&lay, 1), "sleep");
	assert_string_equal(layout_waitreason(&lay, 2), "nap");
	free(own);
	/* One that cannot be read: the table stays. */
	init(&lay, "go1.24", GOARCH_AMD64, NULL);
	gl.nwaitreasons = 4;
	assert_int_equal(layout_read_waitreasons(&lay, &gl, mem, &own), -EFAULT);
	assert_null(own);
	assert_string_equal(layout_waitreason(&lay, 1), "GC assist marking");
	memr_close(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_other_versions),
		cmocka_unit_test(test_names_and_diff),
		cmocka_unit_test(test_dwarf_of_another),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_read_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

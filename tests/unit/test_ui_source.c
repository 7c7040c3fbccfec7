/* SPDX-License-Identifier: Apache-2.0 */
/* The frames around the chosen one, rows of disassembly, and that a frame is chosen for all panes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/jobs.h"
#include "fault_world.h"
#include "ui/codeview.h"
#include "ui/framestrip.h"
#include "ui/ui.h"

enum { W = 200, H = 50, DEPTH = 4 };

struct fixture {
	struct disassembler disassembler; /* first */
	struct world w;
	struct jobs jobs;
	struct ui *ui;
	struct grid grid;
	char *text;
	char func[64];
	unsigned asked;
	int rc;
	void (*done)(void *); /* of a job that is held back */
	void *job;
	bool hold;
	char *edited;
	uint32_t line;
	char dir[32], source[64];
};

#include "ui_driven.h"

/* --- how many frames are shown --- */

static void test_strip(void **state)
{
	static const struct {
		int h;
		uint32_t frame, depth;
		int in, out;
	} cases[] = {
		{ 7, 1, 3, 0, 0 },    { 8, 1, 3, 1, 1 },	   { 8, 0, 3, 0, 1 },
		{ 8, 2, 3, 1, 0 },    { 14, 5, 9, 2, 2 },	   { 27, 5, 9, 2, 2 },
		{ 28, 5, 9, 3, 3 },   { 1000, 50, 100, 3, 3 },	   { 1000, 1, 3, 1, 1 },
		{ 1000, 0, 1, 0, 0 }, { 1000, 0, 0, 0, 0 },	   { 1000, 7, 3, 0, 0 },
		{ -5, 1, 3, 0, 0 },   { 20, 0, UINT32_MAX, 0, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct framestrip s = framestrip_make(cases[i].h, cases[i].frame, cases[i].depth);

		assert_int_equal(s.in, cases[i].in);
		assert_int_equal(s.out, cases[i].out);
	}
}

/* --- rows --- */

static void add(struct code *c, uint32_t line, const char *file)
{
	*vec_push(&c->v) = (struct code_insn){ .addr = 16 + c->v.n,
					       .line = line,
					       .file = code_str(c, file, strlen(file)) };
}

static void test_rows(void **state)
{
	struct code c = { 0 };
	code_rows rows = { 0 };
	static const bool place[] = { true, false, false, true, false, true, false, true, false };

	(void)state;
	code_rows_make(&c, &rows);
	assert_int_equal(rows.n, 0);
	assert_int_equal(code_rows_find(&rows, 3), 0);
	add(&c, 7, "a.go");
	add(&c, 7, "a.go"); /* another copy of the same name */
	add(&c, 8, "a.go");
	add(&c, 8, "b.go");
	add(&c, 0, "");
	code_rows_make(&c, &rows);
	assert_int_equal(rows.n, ARRAY_SIZE(place));
	for (size_t i = 0; i < rows.n; i++)
		assert_int_equal(rows.v[i].place, place[i]);
	assert_int_equal(code_rows_find(&rows, 0), 1);
	assert_int_equal(code_rows_find(&rows, 4), 8);
	assert_int_equal(code_rows_find(&rows, SIZE_MAX), 0);
	vec_free(&rows);
	code_release(&c);
}

/* --- the panes --- */

static int read_code(struct disassembler *d, const struct code_ask *ask, struct code *out)
{
	struct fixture *f = (struct fixture *)d;

	f->asked++;
	snprintf(f->func, sizeof(f->func), "%s", ask->func);
	for (uint32_t i = 0; i < 500; i++) {
		struct code_insn *in = vec_push(&out->v);
		char text[32];

		snprintf(text, sizeof(text), "insn %u", i);
		*in = (struct code_insn){ .addr = (ask->pc & ~0xfffull) + i, .line = 1 + i / 4 };
		in->text = code_str(out, text, strlen(text));
	}
	out->func = code_str(out, ask->func, strlen(ask->func));
	out->here = code_find(out, ask->pc, ask->line);
	if (f->rc)
		snprintf(out->note, sizeof(out->note), "not now");
	return f->rc;
}

static void submit(struct jobs *j, void (*work)(void *), void (*done)(void *), void *arg)
{
	struct fixture *f = (struct fixture *)((char *)j - offsetof(struct fixture, jobs));

	work(arg);
	if (f->hold && done) {
		f->done = done;
		f->job = arg;
	} else if (done) {
		done(arg);
	}
}

static int edit(void *arg, const char *file, uint32_t line, struct err *err)
{
	struct fixture *f = arg;

	(void)err;
	free(f->edited);
	f->edited = xstrdup(file);
	f->line = line;
	return 0;
}

static uint32_t frames(struct world *w, const char *source)
{
	static const char *const name[DEPTH] = { "main.leaf", "main.inlined", "main.middle",
						 "main.root" };
	static const uint64_t pc[DEPTH] = { 0x1064, 0x2100, 0x2100, 0x3000 };
	struct frame f[DEPTH] = { 0 };

	for (int i = 0; i < DEPTH; i++)
		f[i] = (struct frame){ .pc = pc[i],
				       .func = world_str(w, name[i]),
				       .file = world_str(w, i == 2 ? source : "/nowhere/x.go"),
				       .line = (uint32_t)(i + 1) };
	return stacktab_put(&w->stacks, f, DEPTH);
}

static void make_source(struct fixture *f)
{
	FILE *out;

	snprintf(f->dir, sizeof(f->dir), "/tmp/bingo-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->source, sizeof(f->source), "%s/mid.go", f->dir);
	out = fopen(f->source, "we");
	assert_non_null(out);
	fputs("package main\n\n\tgo on() // it does\n", out);
	fclose(out);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct ui_config c = {
		.world = &f->w, .jobs = &f->jobs, .w = W, .h = H, .host = { .arg = f, .edit = edit }
	};

	f->disassembler.read = read_code;
	f->jobs.submit = submit;
	make_source(f);
	world_init(&f->w);
	f->w.disassembler = &f->disassembler;
	fw_go(&f->w, 7, SEC, "main.main:1");
	fw_apply(&f->w, (struct event){ .time = 2 * SEC,
					.g = 7,
					.kind = EV_BLOCK,
					.reason = R_CHAN_RECV,
					.stack = frames(&f->w, f->source) });
	grid_init(&f->grid, W, H, true);
	f->ui = ui_new(&c);
	ui_world_changed(f->ui);
	assert_int_equal(ui_command(f->ui, "goroutine 7", NULL), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ui_free(f->ui);
	if (f->done) /* an answer that comes too late */
		f->done(f->job);
	unlink(f->source);
	rmdir(f->dir);
	grid_release(&f->grid);
	world_release(&f->w);
	free(f->text);
	free(f->edited);
	free(f);
	return 0;
}

/* Chosen in one pane, shown in all, from each of the three. */
static void test_linked(void **state)
{
	static const char *const pane[] = { "pane detail", "pane source", "pane variables" };
	struct fixture *f = *state;
	struct view *v = ui_view(f->ui);

	for (size_t i = 0; i < ARRAY_SIZE(pane); i++) {
		view_choose_frame(v, v->stack, 0);
		assert_int_equal(ui_command(f->ui, pane[i], NULL), 0);
		has(f, "0>main.leaf");
		key(f, ")");
		key(f, ")");
		has(f, "2>main.middle");
		assert_int_equal(v->frame, 2);
		assert_true(v->stack_own);
		lacks(f, "0>main.leaf");
		key(f, "(");
		has(f, "1>main.inlined");
		key(f, ")");
		key(f, ")");
		key(f, ")");
		has(f, "this is the outermost frame");
		has(f, "3>main.root");
	}
	assert_int_equal(ui_command(f->ui, "pane source", NULL), 0);
	has(f, "4/4 main.root");
	has(f, "^ main.middle mid.go:3  go on() // it does");
}

static void test_edit_from_anywhere(void **state)
{
	static const char *const pane[] = { "pane goroutines", "pane detail", "pane source",
					    "pane variables" };
	struct fixture *f = *state;
	struct view *v = ui_view(f->ui);

	for (size_t i = 0; i < ARRAY_SIZE(pane); i++) {
		view_choose_frame(v, v->stack, 2);
		assert_int_equal(ui_command(f->ui, pane[i], NULL), 0);
		screen(f);
		f->line = 0;
		key(f, "e");
		assert_int_equal(f->line, 3);
		assert_non_null(strstr(f->edited, f->source));
	}
	view_choose_frame(v, v->stack, 0);
	f->line = 0;
	key(f, "e");
	assert_int_equal(f->line, 0);
	has(f, "/nowhere/x.go");
}

/* By itself where there is no source; by the key where there is; the source again. */
static void test_modes(void **state)
{
	struct fixture *f = *state;
	struct view *v = ui_view(f->ui);

	assert_int_equal(ui_command(f->ui, "pane source", NULL), 0);
	view_choose_frame(v, v->stack, 0);
	has(f, "> 1064  insn 100");
	assert_string_equal(f->func, "main.leaf");
	key(f, "d");
	lacks(f, "insn");
	key(f, "d");
	has(f, "insn 100");
	view_choose_frame(v, v->stack, 2);
	lacks(f, "insn");
	has(f, "package main");
	key(f, "d");
	has(f, "> 2100  insn 256");
	view_choose_frame(v, v->stack, 1); /* inlined into the one before: the same code */
	f->asked = 0;
	has(f, "> 2100  insn 256");
	assert_string_equal(f->func, "main.middle");
	assert_int_equal(f->asked, 0);
	f->w.disassembler = NULL;
	has(f, "there is no disassembly");
	key(f, "d");
	key(f, "d");
	has(f, "there is no disassembly");
}

static void test_late_answers(void **state)
{
	struct fixture *f = *state;
	struct view *v = ui_view(f->ui);
	void (*first)(void *);
	void *job;

	assert_int_equal(ui_command(f->ui, "pane source", NULL), 0);
	f->hold = true;
	view_choose_frame(v, v->stack, 3);
	has(f, "reading");
	first = f->done;
	job = f->job;
	view_choose_frame(v, v->stack, 0);
	has(f, "reading");
	first(job); /* nobody wants it any more */
	has(f, "reading");
	f->done(f->job);
	f->done = NULL;
	has(f, "> 1064  insn 100");
	/* one that came to nothing for now is asked for again */
	f->hold = false;
	f->rc = -EAGAIN;
	view_choose_frame(v, v->stack, 3);
	screen(f);
	f->rc = 0;
	has(f, "> 3000  insn 0");
	view_choose_frame(v, v->stack, 0);
	f->hold = true; /* and one is on its way when all ends */
	view_choose_frame(v, v->stack, 3);
	screen(f);
}

static void test_search_and_sizes(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ui_command(f->ui, "pane source", NULL), 0);
	view_choose_frame(ui_view(f->ui), ui_view(f->ui)->stack, 0);
	assert_int_equal(ui_command(f->ui, "search insn 33[0-9]", NULL), 0);
	has(f, "insn 330");
	key(f, "n");
	has(f, "insn 331");
	key(f, "N");
	assert_int_not_equal(ui_command(f->ui, "search no such thing", NULL), 0);
	key(f, "G");
	has(f, "insn 499");
	key(f, "l");
	key(f, "PgUp");
	key(f, "h");
	for (int w = 1; w < 210; w += 13)
		for (int h = 1; h < 60; h += 7) {
			grid_resize(&f->grid, w, h);
			ui_resize(f->ui, w, h);
			screen(f);
			key(f, "(");
			key(f, ")");
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strip),
		cmocka_unit_test(test_rows),
		cmocka_unit_test_setup_teardown(test_linked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_edit_from_anywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_modes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_search_and_sizes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

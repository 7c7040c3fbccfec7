/* SPDX-License-Identifier: Apache-2.0 */
/* The variables pane over a tree that is made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/jobs.h"
#include "core/value.h"
#include "fault_world.h"
#include "ui/ui.h"

enum { W = 100, H = 20 };

/* Two variables: n, which counts the looks, and p, which has two parts, one of them itself. */
struct fixture {
	struct inspector inspector; /* first */
	struct world w;
	struct jobs jobs;
	struct ui *ui;
	struct grid grid;
	char *text;
	char copied[512];
	unsigned looks;
	const char *note;
	bool none;
	struct value_ask last;
};

#include "ui_driven.h"

static uint32_t str(struct values *v, const char *s)
{
	return values_str(v, s, strlen(s));
}

static uint64_t add(struct values *out, uint64_t parent, unsigned depth, const char *name,
		    const char *type, const char *text, unsigned flags)
{
	struct value v = { .key = value_key(parent, name, 0),
			   .name = str(out, name),
			   .type = str(out, type),
			   .text = str(out, text),
			   .depth = (uint16_t)depth,
			   .flags = (uint16_t)flags };

	*vec_push(&out->v) = v;
	return v.key;
}

static bool is_open(const struct value_ask *ask, uint64_t key)
{
	for (size_t i = 0; i < ask->open.n; i++)
		if (ask->open.v[i] == key)
			return true;
	return false;
}

static void add_node(struct values *out, const struct value_ask *ask, uint64_t parent,
		     unsigned depth, const char *name)
{
	bool open = is_open(ask, value_key(parent, name, 0));
	uint64_t key = add(out, parent, depth, name, "*main.node", "&{val: 1, next: 0xc000}",
			   VALUE_OPENABLE | (open ? VALUE_OPEN : 0u));

	if (!open)
		return;
	add(out, key, depth + 1, "val", "int", "1", 0);
	add_node(out, ask, key, depth + 1, "next");
}

static int read_tree(struct inspector *i, const struct value_ask *ask, struct values *out)
{
	struct fixture *f = (struct fixture *)i;
	char n[16];

	snprintf(n, sizeof(n), "%u", ++f->looks);
	f->last = *ask;
	out->goid = ask->goid;
	snprintf(out->note, sizeof(out->note), "%s", f->note ? f->note : "");
	if (f->none)
		return 0;
	add(out, 0, 0, "n", "int", n, VALUE_ARG);
	add_node(out, ask, 0, 0, "p");
	add(out, 0, 0, "old", "string", "optimised away", VALUE_GONE);
	add(out, 0, 0, "evil", "string", "\x1b[2J\xff", 0);
	return 0;
}

static void at_once(struct jobs *j, void (*work)(void *), void (*done)(void *), void *arg)
{
	(void)j;
	work(arg);
	if (done)
		done(arg);
}

static int copy(void *arg, const char *text, char *how, size_t size, struct err *err)
{
	struct fixture *f = arg;

	(void)err;
	snprintf(f->copied, sizeof(f->copied), "%s", text);
	snprintf(how, size, "copied");
	return 0;
}

static uint32_t two_frames(struct world *w)
{
	struct frame f[2] = {
		{ .pc = 0x1000, .func = world_str(w, "main.inner"), .line = 7 },
		{ .pc = 0x2000, .func = world_str(w, "main.outer"), .line = 9 },
	};

	return stacktab_put(&w->stacks, f, 2);
}

static void block(struct fixture *f, int64_t t)
{
	fw_apply(&f->w, (struct event){ .time = t,
					.g = 7,
					.kind = EV_BLOCK,
					.reason = R_CHAN_RECV,
					.stack = two_frames(&f->w) });
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct ui_config c = { .world = &f->w,
			       .jobs = &f->jobs,
			       .w = W,
			       .h = H,
			       .live = true,
			       .host = { .arg = f, .copy = copy } };

	f->inspector.read = read_tree;
	f->jobs.submit = at_once;
	world_init(&f->w);
	f->w.inspector = &f->inspector;
	fw_go(&f->w, 7, SEC, "main.main:1");
	block(f, 2 * SEC);
	grid_init(&f->grid, W, H, true);
	f->ui = ui_new(&c);
	ui_world_changed(f->ui);
	ui_draw(f->ui, &f->grid);
	assert_int_equal(ui_command(f->ui, "goroutine 7", NULL), 0);
	assert_int_equal(f->looks, 0); /* what is not seen is not read */
	assert_int_equal(ui_command(f->ui, "pane variables", NULL), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ui_free(f->ui);
	grid_release(&f->grid);
	world_release(&f->w);
	free(f->text);
	free(f);
	return 0;
}

static void test_shown(void **state)
{
	struct fixture *f = *state;

	has(f, "1/2 main.inner");
	has(f, "n int 1");
	has(f, "p *main.node &{val: 1, next: 0xc000}");
	has(f, "old string optimised away");
	has(f, "evil string ^[[2J\\xff");
	assert_int_equal(f->last.goid, 7);
	assert_int_equal(f->last.pc, 0x1000);
	assert_int_equal(f->last.frame, 0);
	assert_int_equal(f->looks, 1); /* pictures alone ask nothing */
}

/* The line of the variables' title, in the column that begins at x. */
static int title_line(struct fixture *f, int *x)
{
	screen(f);
	for (int y = 0; y < f->grid.h; y++)
		for (int i = 0; i + 6 < f->grid.w; i++) {
			char text[7] = "";

			for (int k = 0; k < 6; k++)
				text[k] = (char)f->grid.cell[(size_t)(y * f->grid.w + i + k)].cp[0];
			if (!strcmp(text, "4 Vars") && y > 3) {
				*x = i;
				return y;
			}
		}
	fail_msg("there is no such title:\n%s", screen(f));
	return -1;
}

static void mouse(struct fixture *f, enum mouse_kind kind, int x, int y)
{
	struct mouse m = { .kind = kind, .x = x, .y = y };

	ui_mouse(f->ui, &m);
}

/* The border between source and variables, by keys from either and by the mouse. */
static void test_border(void **state)
{
	struct fixture *f = *state;
	int x, was;

	grid_resize(&f->grid, 200, 60);
	ui_resize(f->ui, 200, 60);
	was = title_line(f, &x);
	key(f, "S-Up");
	assert_int_equal(title_line(f, &x), was - 2);
	assert_int_equal(ui_command(f->ui, "pane source", NULL), 0);
	key(f, "S-Down");
	key(f, "S-Down");
	assert_int_equal(title_line(f, &x), was + 2);
	assert_int_equal(ui_command(f->ui, "pane goroutines", NULL), 0);
	key(f, "S-Up"); /* here it is the one above the timeline */
	assert_in_range(title_line(f, &x), was, was + 2);
	assert_int_equal(ui_command(f->ui, "border-reset", NULL), 0);
	mouse(f, MOUSE_PRESS, x, was);
	mouse(f, MOUSE_DRAG, x + 3, was - 7);
	mouse(f, MOUSE_RELEASE, x + 3, was - 7);
	assert_int_equal(title_line(f, &x), was - 7);
	mouse(f, MOUSE_DRAG, x, was); /* it was let go */
	assert_int_equal(title_line(f, &x), was - 7);
	for (int i = 0; i < 60; i++) {
		mouse(f, MOUSE_PRESS, x, title_line(f, &x));
		mouse(f, MOUSE_DRAG, x, 59);
		mouse(f, MOUSE_RELEASE, x, 59);
	}
	assert_in_range(title_line(f, &x), was, 58);
}

static void test_open_and_close(void **state)
{
	struct fixture *f = *state;

	screen(f);
	key(f, "Down");
	key(f, "Right");
	has(f, "val int 1");
	key(f, "Right"); /* into it */
	key(f, "Down");
	key(f, "Enter");
	has(f, "       val int 1");
	key(f, "Left");
	lacks(f, "       val int 1");
	key(f, "Left"); /* up to p */
	key(f, "Left");
	lacks(f, "val int 1");
	assert_int_equal(f->last.open.n, 0);
}

static void test_changes_are_marked(void **state)
{
	struct fixture *f = *state;

	lacks(f, "changed");
	block(f, 3 * SEC);
	ui_world_changed(f->ui);
	has(f, "n int 2 changed");
	assert_int_equal(f->looks, 2);
	screen(f);
	assert_int_equal(f->looks, 2);
	fw_until(&f->w, 3 * SEC + 1000); /* at once again: not yet */
	ui_world_changed(f->ui);
	screen(f);
	assert_int_equal(f->looks, 2);
	key(f, "Space"); /* frozen */
	fw_until(&f->w, 9 * SEC);
	ui_world_changed(f->ui);
	screen(f);
	assert_int_equal(f->looks, 2);
}

static void test_frames(void **state)
{
	struct fixture *f = *state;

	screen(f);
	key(f, ")");
	has(f, "2/2 main.outer");
	assert_int_equal(f->last.pc, 0x2000);
	assert_int_equal(f->last.frame, 1);
	key(f, ")");
	has(f, "this is the outermost frame");
	key(f, "(");
	has(f, "1/2 main.inner");
}

static void test_copy(void **state)
{
	struct fixture *f = *state;

	screen(f);
	key(f, "y");
	assert_string_equal(f->copied, "n int = 1");
	key(f, "Y");
	assert_non_null(strstr(f->copied, "n int = 1\np *main.node = &{"));
}

static void test_search(void **state)
{
	struct fixture *f = *state;

	screen(f);
	assert_int_equal(ui_command(f->ui, "search optim", NULL), 0);
	key(f, "y");
	assert_string_equal(f->copied, "old string = optimised away");
	assert_int_not_equal(ui_command(f->ui, "search nothing.like.it", NULL), 0);
}

static void test_notes(void **state)
{
	struct fixture *f = *state;

	f->none = true;
	f->note = "it moved while it was read";
	has(f, "it moved while it was read");
	fw_until(&f->w, 9 * SEC);
	f->w.inspector = NULL;
	ui_world_changed(f->ui);
	has(f, "what is watched here holds none");
}

/* Every size, with much opened: nothing is drawn outside (the sanitizers look). */
static void test_sizes(void **state)
{
	struct fixture *f = *state;

	screen(f);
	key(f, "Down");
	for (int i = 0; i < 12; i++) {
		key(f, "Right");
		screen(f);
		key(f, "Down");
		key(f, "Down");
	}
	for (int w = 1; w < 210; w += 13)
		for (int h = 1; h < 60; h += 7) {
			grid_resize(&f->grid, w, h);
			ui_resize(f->ui, w, h);
			screen(f);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_open_and_close, setup, teardown),
		cmocka_unit_test_setup_teardown(test_border, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changes_are_marked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_frames, setup, teardown),
		cmocka_unit_test_setup_teardown(test_copy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_search, setup, teardown),
		cmocka_unit_test_setup_teardown(test_notes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What takes longer than a frame: a screen that works in the smallest pieces shows in the end
 * what one shows that does all of it at once, whatever is asked for; and then it rests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/evlog.h"
#include "ui/ui.h"

enum { W = 200, H = 60, ROWS = 70000, STACKS = 500, SEGMENTS = 8, SEGMENT_NS = 1000000 };

struct half {
	struct ui *ui;
	struct grid grid;
	char *text;
};

struct fix {
	struct world w;
	struct evlog *log;
	struct jobs jobs;
	struct half pieces, whole;
	uint32_t stack[STACKS];
	uint64_t seed;
	int64_t now;
	int drawn; /* pictures on the way */
};

static uint32_t roll(struct fix *f, uint32_t n)
{
	f->seed = f->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(f->seed >> 33) % n;
}

static void at_once(struct jobs *j, void (*work)(void *), void (*done)(void *), void *arg)
{
	(void)j;
	work(arg);
	if (done)
		done(arg);
}

static void make_world(struct fix *f)
{
	struct seg_g *s = xcalloc(ROWS, sizeof(*s));

	world_init(&f->w);
	for (uint32_t i = 0; i < STACKS; i++) {
		struct frame fr = { .line = 1 + i };
		char name[32];

		snprintf(name, sizeof(name), "main.place%u", i);
		fr.func = world_str(&f->w, name);
		fr.file = world_str(&f->w, "/src/main.go");
		f->stack[i] = stacktab_put(&f->w.stacks, &fr, 1);
	}
	for (int seg = 0; seg < SEGMENTS; seg++) {
		int64_t t = seg * (int64_t)SEGMENT_NS;
		size_t n = 0;

		for (uint32_t i = 0; i < ROWS; i++) {
			if (seg && roll(f, 4))
				continue;
			s[n++] = (struct seg_g){ .goid = i + 1,
						 .flags = seg ? 0 : SEGG_CREATED,
						 .t_create = t,
						 .creator = 1,
						 .create_stack = f->stack[roll(f, 9)],
						 .start_stack = f->stack[roll(f, 9)],
						 .stack = f->stack[roll(f, STACKS)],
						 .since = t + 1 + roll(f, SEGMENT_NS - 1),
						 .state = roll(f, 9) ? GS_BLOCKED : GS_RUNNING,
						 .reason = R_SELECT };
		}
		world_merge(&f->w, t, t + SEGMENT_NS, n, s, n);
	}
	f->log = evlog_new(1 << 20);
	f->w.history = evlog_history(f->log);
	f->w.progress.whole = true;
	free(s);
}

static void make_half(struct fix *f, struct half *h, int64_t piece_ns)
{
	struct ui_config c = {
		.world = &f->w, .jobs = &f->jobs, .piece_ns = piece_ns, .w = W, .h = H
	};

	grid_init(&h->grid, W, H, false);
	h->ui = ui_new(&c);
}

static void free_half(struct half *h)
{
	ui_free(h->ui);
	grid_release(&h->grid);
	free(h->text);
}

static int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	f->seed = 3;
	f->jobs.submit = at_once;
	make_world(f);
	make_half(f, &f->pieces, 1);
	make_half(f, &f->whole, 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	free_half(&f->pieces);
	free_half(&f->whole);
	evlog_free(f->log);
	world_release(&f->w);
	free(f);
	return 0;
}

static const char *dump(struct half *h)
{
	size_t n;
	FILE *out;

	free(h->text);
	out = open_memstream(&h->text, &n);
	grid_dump_text(&h->grid, out);
	fclose(out);
	return h->text;
}

/* Till nothing is to be done any more, so many pictures at most. Returns whether that is so. */
static bool settle(struct fix *f, struct half *h, int most)
{
	for (int i = 0; i < most; i++) {
		int64_t wait = ui_tick(h->ui, f->now += 1000000);

		if (wait && !ui_dirty(h->ui))
			return true;
		if (ui_dirty(h->ui))
			ui_draw(h->ui, &h->grid);
		f->drawn += h == &f->pieces;
	}
	return false;
}

static void same(struct fix *f)
{
	assert_true(settle(f, &f->pieces, 100000));
	assert_true(settle(f, &f->whole, 10));
	assert_false(ui_held(f->pieces.ui));
	dump(&f->whole);
	if (strcmp(dump(&f->pieces), f->whole.text) != 0) {
		print_message("in pieces:\n%s\nat once:\n%s", f->pieces.text, f->whole.text);
		fail();
	}
}

static void both(struct fix *f, const char *command)
{
	struct err err = { 0 };

	if (ui_command(f->pieces.ui, command, &err) || ui_command(f->whole.ui, command, &err))
		fail_msg("%s: %s", command, err.text);
}

static void test_each(void **state)
{
	static const char *const commands[] = {
		"down",
		"sort where",
		"page-down",
		"group creator",
		"sort wait",
		"group flat",
		"sort switches",
		"sort-invert",
		"filter place1.*",
		"bottom",
		"group stack",
		"filter g77",
		"filter ",
		"goto 1.5ms",
		"mark",
		"goto 6.5ms",
		"pane changes",
		"filter place4.",
		"down",
		"filter ",
		"pane timeline",
		"group-rows stack",
		"goto 0.5ms",
		"group-rows creator",
		"goto 37%",
		"group-rows flat",
		"pane goroutines",
		"end",
		"mark a",
		"goto 50%",
		"mark-jump a",
		"goroutine 4711",
	};
	struct fix *f = *state;

	same(f);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		both(f, commands[i]);
		same(f);
	}
	assert_true(f->drawn > 200);
}

/* One thing is asked for before the other is there. */
static void test_in_between(void **state)
{
	static const char *const commands[] = {
		"sort where",  "group creator",	   "group flat", "group stack", "goto 10%",
		"goto 90%",    "filter place2.",   "filter ",	 "mark",	"end",
		"sort-invert", "group-rows stack", "system",	 "sort id",	"group-rows flat",
	};
	struct fix *f = *state;

	same(f);
	for (int i = 0; i < 60; i++) {
		both(f, commands[roll(f, ARRAY_SIZE(commands))]);
		settle(f, &f->pieces, (int)roll(f, 12));
		settle(f, &f->whole, 10);
	}
	/* what was chosen on the way is another; so that both choose the same */
	both(f, "goto 20%");
	both(f, "goroutine 99");
	settle(f, &f->pieces, 100000);
	settle(f, &f->whole, 10);
	both(f, "top");
	same(f);
}

/* The world must stay while something is made of it, and the old list is there all the time. */
static void test_held(void **state)
{
	struct fix *f = *state;

	same(f);
	ui_ready(f->pieces.ui);
	both(f, "group flat");
	ui_draw(f->pieces.ui, &f->pieces.grid);
	assert_true(ui_held(f->pieces.ui));
	assert_non_null(strstr(dump(&f->pieces), "groups of equal stack"));
	assert_false(ui_ready(f->pieces.ui));
	same(f);
	assert_true(ui_ready(f->pieces.ui));
	assert_false(ui_ready(f->pieces.ui));
	assert_null(strstr(f->pieces.text, "groups of equal stack"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_between, setup, teardown),
		cmocka_unit_test_setup_teardown(test_held, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

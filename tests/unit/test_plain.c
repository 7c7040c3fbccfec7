/* SPDX-License-Identifier: Apache-2.0 */
/* The plain mode over a world that is made by hand: what is said, and what numbers and commands do. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/jobs.h"
#include "core/mem.h"
#include "fault_world.h"
#include "ui/hyperlink.h"
#include "ui/plain.h"

struct fixture {
	struct world w;
	struct detect detect;
	struct settings set;
	struct jobs jobs;
	struct ui *ui;
	struct plain *plain;
	FILE *out;
	char *text;
	size_t size, told; /* bytes that were looked at */
	char saved[256], wrote[256];
	int sent;
};

static void at_once(struct jobs *j, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
	(void)j;
	work(arg);
	if (done)
		done(arg);
}

static int save(void *arg, const char *changes, char *where, size_t size, struct err *err)
{
	struct fixture *f = arg;

	(void)err;
	snprintf(f->saved, sizeof(f->saved), "%s", changes);
	snprintf(where, size, "/the/file");
	return 0;
}

static int write_file(void *arg, const struct ui_write *x, struct err *err)
{
	struct fixture *f = arg;

	(void)err;
	snprintf(f->wrote, sizeof(f->wrote), "%s %s", x->format, x->file);
	ui_say(f->ui, false, "wrote it");
	return 0;
}

static int send_signal(void *arg, int sig, struct err *err)
{
	(void)err;
	((struct fixture *)arg)->sent = sig;
	return 0;
}

static int setup(void **state)
{
	static const struct ui_choice exports[] = { { "jsonl", "jsonl", "events", true },
						    { "dot", "dot", "a graph", false },
						    { NULL, NULL, NULL, false } };
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct ui_config c = {
		.world = &f->w,
		.detect = &f->detect,
		.set = &f->set,
		.jobs = &f->jobs,
		.w = 120,
		.h = 40,
		.live = true,
		.exports = exports,
		.host = { .arg = f, .save = save, .write = write_file, .signal = send_signal }
	};

	f->jobs.submit = at_once;
	world_init(&f->w);
	detect_init(&f->detect);
	settings_init(&f->set, &f->detect.conf);
	for (uint64_t g = 2; g < 42; g++) {
		fw_go(&f->w, g, SEC, "main.main:1");
		if (g < 32)
			fw_block(&f->w, g, 2 * SEC, R_CHAN_SEND, "main.send:20");
		else if (g < 35)
			fw_block(&f->w, g, 3 * SEC, R_MUTEX,
				 "main.\033[2J\xc2\x9b"
				 "31mlock\xff\n:30");
	}
	fw_until(&f->w, 5 * SEC);
	f->out = open_memstream(&f->text, &f->size);
	f->ui = ui_new(&c);
	f->plain = plain_new(f->ui, f->out, false);
	ui_world_changed(f->ui);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	plain_free(f->plain);
	ui_free(f->ui);
	fclose(f->out);
	free(f->text);
	settings_release(&f->set);
	detect_release(&f->detect);
	world_release(&f->w);
	free(f);
	return 0;
}

/* What was said since the last time. */
static const char *said(struct fixture *f)
{
	const char *s;

	fflush(f->out);
	s = f->text + f->told;
	f->told = f->size;
	return s;
}

static const char *type(struct fixture *f, const char *line)
{
	said(f);
	plain_line(f->plain, line);
	return said(f);
}

static void has(const char *s, const char *part)
{
	if (!strstr(s, part))
		fail_msg("no '%s' in:\n%s", part, s);
}

static void lacks(const char *s, const char *part)
{
	if (strstr(s, part))
		fail_msg("'%s' is in:\n%s", part, s);
}

/* The number that a line of the last page has; it is typed. */
static const char *choose(struct fixture *f, const char *page, const char *part)
{
	const char *at = strstr(page, part);
	char number[16];

	if (!at)
		fail_msg("no '%s' in:\n%s", part, page);
	while (at > page && at[-1] != '\n')
		at--;
	if (!strncmp(at, "> ", 2))
		at += 2;
	snprintf(number, sizeof(number), "%.*s", (int)strspn(at, "0123456789"), at);
	return type(f, number);
}

static void test_begins_with_state_findings_groups(void **state)
{
	struct fixture *f = *state;
	const char *s;

	plain_begin(f->plain);
	s = said(f);
	has(s, "40 goroutines: 7 running, 0 runnable, 33 blocked");
	has(s, "30 goroutines blocked on chan-send, up to 3.0s, at main.go:20 main.send");
	has(s, "Type a number");
	assert_string_equal(s + strlen(s) - 2, "> ");
}

/* Nothing of a name reaches the terminal that it would obey; nothing moves the cursor. */
static void test_names_are_text(void **state)
{
	struct fixture *f = *state;
	const char *s;

	plain_begin(f->plain);
	type(f, "filter mutex");
	type(f, "pane graph");
	type(f, "pane timeline");
	type(f, "goroutine 33");
	type(f, "warnings");
	type(f, "back");
	type(f, "\033[31m");
	fflush(f->out);
	s = f->text;
	has(s, "^[");
	for (; *s; s++)
		assert_true((unsigned char)*s >= ' ' || *s == '\n');
	assert_null(strstr(f->text, "\xc2\x9b"));
	assert_null(strchr(f->text, '\xff'));
}

static void test_numbers_open(void **state)
{
	struct fixture *f = *state;
	const char *s;

	plain_begin(f->plain);
	s = choose(f, f->text, "30 goroutines blocked on chan-send");
	has(s, "frame 0: main.send main.go:20");
	has(s, "There are more: type more.");
	s = type(f, "more");
	has(s, "21. goroutine ");
	lacks(s, "20. goroutine ");
	lacks(s, "There are more");
	has(type(f, "more"), "There is no more");
	s = type(f, "25");
	has(s, "blocked on chan-send");
	has(s, "STACK");
	has(type(f, "99"), "There is no number 99 here");
	has(type(f, "0"), "There is no number 0 here");
	has(type(f, "1x"), "There is no number 1x here");
	has(type(f, "back"), "frame 0: main.send");
	has(type(f, "back"), "40 goroutines");
	has(type(f, ""), "40 goroutines");
}

/* What a number stands for may be gone by the time it is typed. */
static void test_what_is_gone(void **state)
{
	struct fixture *f = *state;
	const char *s;

	plain_begin(f->plain);
	s = choose(f, f->text, "30 goroutines blocked on chan-send");
	for (uint64_t g = 2; g < 32; g++)
		fw_apply(&f->w, (struct event){ .time = 6 * SEC, .g = g, .kind = EV_DEAD });
	ui_world_changed(f->ui);
	has(choose(f, s, "goroutine 5 "), "ended");
	has(type(f, "back"), "The group is gone.");
	has(type(f, "back"), "10 goroutines");
}

static void test_commands_are_the_palettes(void **state)
{
	struct fixture *f = *state;
	const char *s;

	plain_begin(f->plain);
	s = type(f, "filter mutex");
	has(s, "Filter mutex: 3 of them pass.");
	lacks(s, "chan-send,");
	has(type(f, ":filter ("), "Error: ");
	has(type(f, "filter"), "pattern:\n? ");
	has(type(f, "chan-send"), "Filter chan-send: 30 of them pass.");
	has(type(f, "filter"), "pattern:\n? ");
	has(type(f, ""), "Nothing was changed.");
	has(type(f, "back"), "the filter is off");
	has(type(f, "group flat"), "1. goroutine ");
	has(type(f, "goto 2.5s"), "At 2.500s");
	has(type(f, "end"), "the newest moment");
	has(type(f, "nonsense"), "there is no action named 'nonsense'");
	has(type(f, "accept"), "there is no action named 'accept'");
	has(type(f, "goroutine 33"), "G 33");
	has(type(f, "goroutine 999"), "there is no goroutine 999");
	has(type(f, "sort id"), "sorted by id");
}

static void test_list_of_commands(void **state)
{
	struct fixture *f = *state;
	const char *s;

	plain_begin(f->plain);
	s = type(f, "?");
	for (const struct key_binding *b = key_table; b->action; b++) {
		char line[64];
		bool senseless = b->action == ACT_PALETTE || b->action == ACT_MOUSE ||
				 b->action == ACT_REDRAW || b->action == ACT_MAXIMISE;

		snprintf(line, sizeof(line), "\n%s%s", b->name, b->arg ? " " : ":");
		if (!(b->ctx & CTX_NOT_BY_NAME) && !senseless &&
		    strncmp(s, line + 1, strlen(line) - 1) != 0)
			has(s, line);
	}
	s = type(f, "? filter");
	has(s, "save-filter name");
	lacks(s, "zoom-in");
	has(type(f, "?xyzzy"), "No command has the word xyzzy");
}

static void test_settings_and_filters(void **state)
{
	struct fixture *f = *state;
	const char *s;

	plain_begin(f->plain);
	s = type(f, "setup");
	has(s, "theme: auto");
	has(choose(f, s, "ascii: no"), "ascii is now yes.");
	s = choose(f, s, "long-wait: 10");
	has(s, "The new value of long-wait:");
	has(type(f, "3"), "long-wait is 3");
	assert_int_equal(f->set.long_wait, 3 * SEC);
	has(type(f, "set refresh 1"), "Error: refresh takes");
	has(type(f, "save"), "2 changes saved to /the/file");
	assert_string_equal(f->saved, "screen\tascii\tyes\nlist\tlong-wait\t3\n");
	has(type(f, "save-filter x"), "there is no filter to be named");
	type(f, "filter mutex");
	has(type(f, "save-filter locks"), "locks is saved to /the/file");
	type(f, "filter chan");
	s = type(f, "filters");
	has(choose(f, s, "locks: mutex"), "Filter mutex: 3 of them pass.");
	has(type(f, "drop-filter locks"), "locks is gone from /the/file");
	assert_string_equal(f->saved, "filters\tlocks\n");
	has(type(f, "filters locks"), "no filter is saved as 'locks'");
}

/* What the screen has as a box is a list of numbers. */
static void test_menus(void **state)
{
	struct fixture *f = *state;
	const char *s;

	plain_begin(f->plain);
	s = type(f, "export");
	has(s, "1. jsonl: events");
	has(choose(f, s, "dot: a graph"), "wrote it");
	assert_non_null(strstr(f->wrote, "dot bingo-top-"));
	has(type(f, "write jsonl here"), "wrote it");
	assert_string_equal(f->wrote, "jsonl here");
	s = type(f, "export");
	has(type(f, "back"), "Nothing is found wrong"); /* it is left */
	has(type(f, "signal"), "there is no running program");
	f->w.live.pid = 4242;
	s = type(f, "signal");
	has(choose(f, s, "STOP: "), "SIGSTOP to ");
	assert_int_equal(f->sent, 0);
	has(type(f, ""), "Nothing was changed.");
	s = type(f, "signal");
	choose(f, s, "STOP: ");
	has(type(f, "no"), "nothing was sent");
	assert_int_equal(f->sent, 0);
	type(f, "signal usr1");
	has(type(f, "yes"), "the signal was sent");
	assert_int_equal(f->sent, SIGUSR1);
}

/* What is found while somebody reads is told once, and the end. */
static void test_news(void **state)
{
	struct fixture *f = *state;
	const char *s;

	plain_begin(f->plain);
	said(f);
	plain_news(f->plain);
	assert_string_equal(said(f), "");
	fw_block(&f->w, 40, 6 * SEC, R_CHAN_RECV_NIL, "main.never:50");
	fw_until(&f->w, 20 * SEC);
	ui_world_changed(f->ui);
	detect_now(&f->detect, &f->w);
	plain_news(f->plain);
	s = said(f);
	has(s, "New: error, nil-channel");
	has(s, "main.go:50");
	plain_news(f->plain);
	assert_string_equal(said(f), "");
	f->w.live.ended = world_str(&f->w, "the program has ended");
	plain_news(f->plain);
	has(said(f), "the program has ended.");
	plain_news(f->plain);
	assert_string_equal(said(f), "");
	s = type(f, "");
	has(choose(f, s, "nil-channel"), "Evidence: ");
}

static void test_ends(void **state)
{
	struct fixture *f = *state;

	plain_begin(f->plain);
	assert_false(plain_done(f->plain));
	type(f, "quit");
	assert_true(plain_done(f->plain));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* A place is a link where that is asked for, and nothing foreign gets into it. */
static void test_links(void **state)
{
	struct fixture *f = *state;
	const char *text;

	plain_begin(f->plain);
	assert_null(strstr(said(f), "\033"));
	plain_links(f->plain, true);
	plain_begin(f->plain);
	text = said(f);
	assert_non_null(strstr(text, "\033]8;;file://"));
	assert_non_null(strstr(text, "#20\033\\"));
	assert_null(strstr(text, "\033[2J"));
	for (const char *s = text; (s = strchr(s, '\033')); s++)
		assert_true(s[1] == ']' || s[1] == '\\');
}

static void test_urls(void **state)
{
	static const char *const rules[] = { "/build=/home/me/my src", "rel=/abs", NULL };
	char *url = hyperlink_url("/a b/\033]8;;x\a\xc3\xa4%.go", 7, NULL);

	(void)state;
	assert_non_null(strstr(url, "/a%20b/%1B%5D8%3B%3Bx%07%C3%A4%25.go#7"));
	assert_int_equal(strncmp(url, "file://", 7), 0);
	free(url);
	url = hyperlink_url("/build/x.go", 0, rules);
	assert_non_null(strstr(url, "/home/me/my%20src/x.go"));
	assert_null(strchr(url, '#'));
	free(url);
	url = hyperlink_url("rel/x.go", 3, rules);
	assert_non_null(strstr(url, "/abs/x.go#3"));
	free(url);
	assert_null(hyperlink_url("main.go", 3, rules));
}

static void test_terminals(void **state)
{
	static const struct {
		const char *name, *value;
		bool known;
	} rows[] = {
		{ "TERM", "xterm-256color", false },   { "TERM", "xterm-kitty", true },
		{ "TERM", "foot-extra", true },	       { "TERM", "dumb", false },
		{ "VTE_VERSION", "6800", true },       { "VTE_VERSION", "4600", false },
		{ "KONSOLE_VERSION", "210400", true }, { "WT_SESSION", "x", true },
		{ "TERM_PROGRAM", "vscode", true },    { "TERM_PROGRAM", "Apple_Terminal", false },
	};
	static const char *const names[] = { "VTE_VERSION",	     "KONSOLE_VERSION",
					     "WT_SESSION",	     "DOMTERM",
					     "TERM_PROGRAM",	     "TMUX",
					     "TERM_PROGRAM_VERSION", "STY" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			unsetenv(names[k]);
		setenv("TERM", "xterm", 1);
		setenv(rows[i].name, rows[i].value, 1);
		assert_true(hyperlink_known() == rows[i].known);
		setenv("TMUX", "/tmp/x", 1); /* hides what lies behind it */
		assert_false(hyperlink_known());
		setenv("TERM_PROGRAM", "tmux", 1);
		setenv("TERM_PROGRAM_VERSION", "3.3a", 1);
		assert_false(hyperlink_known());
		setenv("TERM_PROGRAM_VERSION", "3.10", 1);
		assert_true(hyperlink_known());
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_begins_with_state_findings_groups),
		TEST(test_names_are_text),
		TEST(test_numbers_open),
		TEST(test_links),
		TEST(test_urls),
		TEST(test_terminals),
		TEST(test_what_is_gone),
		TEST(test_commands_are_the_palettes),
		TEST(test_list_of_commands),
		TEST(test_settings_and_filters),
		TEST(test_menus),
		TEST(test_news),
		TEST(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

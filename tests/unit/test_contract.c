/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What programs may rely on in the JSON that they get: it is JSON whatever the names are,
 * no key comes twice, and names, types and units are those of the manual.
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "core/evlog.h"
#include "export/json.h"
#include "export/jsonl.h"
#include "export/report.h"

struct fix {
	struct world w;
	struct evlog *log;
	uint64_t seed;
	int64_t now;
};

static uint32_t roll(struct fix *f, uint32_t n)
{
	f->seed = f->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(f->seed >> 33) % n;
}

static int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	f->seed = 21;
	world_init(&f->w);
	f->log = evlog_new(64 << 20);
	f->w.history = evlog_history(f->log);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	evlog_free(f->log);
	world_release(&f->w);
	free(f);
	return 0;
}

/* Bytes of all kinds, whole characters and halves of them. */
static uint32_t hostile(struct fix *f)
{
	static const char *const piece[] = {
		"\"",	  "\\",		  "\n",	      "\x01", "\x1b[2J", "\x7f", "\xff",
		"\xc3",	  "\xed\xa0\x80", "\xc2\x9b", "€",    "世",	 "😀",	 "\xe2\x80\xae",
		"main.f", "\xf4\x90",	  "\xc0\x80", "</x>", "=",	 ",",	 "\\u0000"
	};
	char s[128] = "";

	for (uint32_t n = roll(f, 8); n; n--)
		strcat(s, piece[roll(f, ARRAY_SIZE(piece))]);
	if (!roll(f, 10))
		return strtab_put(&f->w.strings, "a\0b", 3);
	return world_str(&f->w, s);
}

static uint32_t hostile_stack(struct fix *f)
{
	struct frame fr[4] = { 0 };
	uint32_t n = roll(f, 5);

	for (uint32_t i = 0; i < n; i++) {
		fr[i].pc = roll(f, 3) ? (uint64_t)roll(f, UINT32_MAX) << 20 : 0;
		fr[i].func = hostile(f);
		fr[i].file = hostile(f);
		fr[i].line = roll(f, 3) ? roll(f, UINT32_MAX) : 0;
	}
	return stacktab_put(&f->w.stacks, fr, n);
}

/* A line is a document; no terminal obeys it, in either of its ways to write controls. */
static void expect_harmless(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_true((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
		assert_false(text[i] == '\xc2' && i + 1 < n && (unsigned char)text[i + 1] < 0xa0);
	}
}

static json_t *parse(const char *text, size_t n)
{
	json_error_t e;
	json_t *o = json_loadb(text, n, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &e);

	if (!o)
		print_error("%s at %d of: %.*s\n", e.text, e.position, (int)n, text);
	assert_non_null(o);
	expect_harmless(text, n);
	return o;
}

static bool is_type(const json_t *v, const char *names)
{
	const char *s = json_string_value(v);
	const char *at = s ? strstr(names, s) : NULL;

	return at && at[strlen(s)] == ' ' && at[-1] == ' ';
}

/* --- events.jsonl --- */

static void tell(struct fix *f, struct event ev)
{
	f->now += roll(f, 3) ? roll(f, 1000000) : 0;
	ev.time = f->now;
	world_apply(&f->w, &ev);
	evlog_append(f->log, &ev);
}

/* Any kind, any field: it need not make sense. */
static void tell_anything(struct fix *f)
{
	static const uint64_t number[] = { 0, 1, 7, 1000, INT64_MAX };
	struct event ev = { .kind = (uint8_t)(1 + roll(f, EV_N - 1)),
			    .g = number[roll(f, 5)],
			    .peer = number[roll(f, 5)],
			    .object = number[roll(f, 5)],
			    .value = number[roll(f, 5)],
			    .value2 = roll(f, 3),
			    .m = roll(f, 2) ? NO_ID : number[roll(f, 5)],
			    .p = roll(f, 2) ? NO_ID : number[roll(f, 5)],
			    .stack = hostile_stack(f),
			    .stack2 = roll(f, 2) ? hostile_stack(f) : 0,
			    .text = hostile(f),
			    .text2 = hostile(f),
			    .reason = (uint8_t)roll(f, R_N),
			    .state = (uint8_t)roll(f, GS_N),
			    .flags = (uint8_t)roll(f, 2) };

	tell(f, ev);
}

static void check_stack(const json_t *event, const char *id_key, const char *key, char *seen,
			size_t n_seen)
{
	const json_t *id = json_object_get(event, id_key), *list = json_object_get(event, key);
	uint64_t n = (uint64_t)json_integer_value(id);

	if (!id) {
		assert_null(list);
		return;
	}
	assert_true(n > 0 && n < n_seen);
	assert_int_equal(seen[n], !list); /* whole where it first appears, and only there */
	seen[n] = 1;
	assert_true(!list || json_is_array(list));
}

static void check_event(const json_t *o, int64_t *last, char *seen, size_t n_seen)
{
	static const char types[] =
		" create run block unblock preempt syscall syscall-exit dead "
		"sample gc task region log metric lost status label proc alloc "
		"sync origin thread session end facts object wait hold facts-end load ";
	const char *ts = json_string_value(json_object_get(o, "ts"));
	int64_t ns = json_integer_value(json_object_get(o, "ts_ns"));
	char want[40];

	assert_true(json_is_integer(json_object_get(o, "ts_ns")));
	snprintf(want, sizeof(want), "%" PRId64 ".%09" PRId64 "s", ns / 1000000000,
		 ns % 1000000000);
	assert_string_equal(ts, want);
	assert_true(ns >= *last);
	*last = ns;
	assert_true(is_type(json_object_get(o, "type"), types));
	assert_true(!json_object_get(o, "reason") ||
		    reason_parse(json_string_value(json_object_get(o, "reason"))) > 0);
	assert_true(!json_object_get(o, "state") ||
		    gstate_parse(json_string_value(json_object_get(o, "state"))) > 0);
	assert_true(!json_object_get(o, "g") || json_integer_value(json_object_get(o, "g")) > 0);
	check_stack(o, "stack_id", "stack", seen, n_seen);
	check_stack(o, "start_id", "start", seen, n_seen);
}

static void test_events(void **state)
{
	struct fix *f = *state;
	size_t size, n_seen, lines = 0;
	char *text = NULL, *seen;
	int64_t last = 0;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; i < 5000; i++)
		tell_anything(f);
	n_seen = f->w.stacks.stack.n;
	seen = xcalloc(n_seen, 1);
	assert_int_equal(jsonl_export(&f->w, 0, f->w.t_end, out), 0);
	fclose(out);
	for (const char *p = text, *nl; (nl = memchr(p, '\n', (size_t)(text + size - p)));
	     p = nl + 1) {
		json_t *o = parse(p, (size_t)(nl - p));

		check_event(o, &last, seen, n_seen);
		json_decref(o);
		lines++;
	}
	/* what belongs to no look that was begun is left out */
	assert_true(lines > 4000);
	assert_int_equal(text[size - 1], '\n');
	free(text);
	free(seen);
}

static void test_no_past(void **state)
{
	struct fix *f = *state;
	FILE *out = fopen("/dev/null", "w");

	f->w.history = NULL;
	assert_true(jsonl_export(&f->w, 0, 1, out) < 0);
	fclose(out);
}

/* --- reports --- */

static json_t *report(struct fix *f, double cpu)
{
	struct report r = { .world = &f->w, .moment = &f->w.now, .system = true, .cpu_pct = cpu };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *o;

	report_json(&r, out);
	fclose(out);
	assert_int_equal(text[size - 1], '\n');
	o = parse(text, size - 1);
	free(text);
	return o;
}

static void check_goroutine(const json_t *g)
{
	static const char states[] = " running runnable blocked syscall ",
			  is[] = " exact at-least sampled ";
	const json_t *frame;
	size_t i;

	assert_true(json_integer_value(json_object_get(g, "g")) > 0);
	assert_true(is_type(json_object_get(g, "state"), states));
	assert_true(is_type(json_object_get(g, "wait_is"), is));
	assert_true(json_is_integer(json_object_get(g, "wait_ns")));
	assert_true(json_integer_value(json_object_get(g, "wait_ns")) >= 0);
	assert_true(json_is_integer(json_object_get(g, "switches")));
	assert_true(json_is_array(json_object_get(g, "stack")));
	json_array_foreach(json_object_get(g, "stack"), i, frame)
		assert_true(json_is_string(json_object_get(frame, "function")));
}

static void test_hostile_report(void **state)
{
	struct fix *f = *state;
	const json_t *g, *counts;
	json_t *o;
	size_t i, alive = 0;

	for (uint64_t goid = 1; goid < 400; goid++) {
		tell(f, (struct event){ .g = goid,
					.kind = EV_STATUS,
					.state = (uint8_t)(GS_RUNNING + roll(f, 4)),
					.reason = (uint8_t)roll(f, R_N),
					.m = NO_ID,
					.p = NO_ID,
					.value2 = roll(f, 2) ? 5000 : 0,
					.stack = hostile_stack(f),
					.stack2 = hostile_stack(f) });
		tell(f, (struct event){ .g = goid, .kind = EV_LABEL, .text = hostile(f) });
		tell(f, (struct event){ .g = goid,
					.kind = EV_ORIGIN,
					.peer = roll(f, 3),
					.stack = hostile_stack(f),
					.stack2 = hostile_stack(f) });
	}
	f->w.source_name = hostile(f);
	f->w.source_kind = world_str(&f->w, "live");
	f->w.go_version = hostile(f);
	f->w.live.pid = 42;
	f->w.live.ended = hostile(f);
	world_warn(&f->w, "%s", "odd \x1b \xff \" name");
	o = report(f, 0.44);
	json_array_foreach(json_object_get(o, "goroutines"), i, g) check_goroutine(g);
	assert_int_equal(json_array_size(json_object_get(o, "goroutines")), 399);
	counts = json_object_get(o, "counts");
	alive = (size_t)(json_integer_value(json_object_get(counts, "running")) +
			 json_integer_value(json_object_get(counts, "runnable")) +
			 json_integer_value(json_object_get(counts, "blocked")) +
			 json_integer_value(json_object_get(counts, "syscall")));
	assert_int_equal(json_integer_value(json_object_get(counts, "total")), alive);
	assert_true(json_is_array(json_object_get(o, "edges")));
	assert_true(json_is_array(json_object_get(o, "findings")));
	json_decref(o);
}

static void test_hostile_text(void **state)
{
	struct fix *f = *state;
	struct report r = { .world = &f->w, .moment = &f->w.now, .system = true };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (uint64_t goid = 1; goid < 200; goid++)
		tell(f, (struct event){ .g = goid,
					.kind = EV_STATUS,
					.state = GS_BLOCKED,
					.stack = hostile_stack(f) });
	f->w.source_name = hostile(f);
	world_warn(&f->w, "%s", "odd \x1b \xff \xc2\x9b name");
	report_text(&r, out);
	fclose(out);
	for (size_t i = 0; i < size; i++)
		text[i] = text[i] == '\n' ? ' ' : text[i];
	expect_harmless(text, size);
	assert_non_null(strstr(text, "note: odd ? ? ? name"));
	assert_non_null(strstr(text, "世"));
	free(text);
}

/* Labels are an object; where a key comes twice, the last value is what the program sees. */
static void test_labels(void **state)
{
	struct fix *f = *state;
	const json_t *labels;
	json_t *o;

	tell(f, (struct event){ .g = 1, .kind = EV_STATUS, .state = GS_BLOCKED });
	tell(f, (struct event){ .g = 1,
				.kind = EV_LABEL,
				.text = world_str(&f->w, "a=1,b=x=y,odd,=,c=,a=2") });
	o = report(f, 0);
	labels = json_object_get(json_array_get(json_object_get(o, "goroutines"), 0), "labels");
	assert_string_equal(json_string_value(json_object_get(labels, "a")), "2");
	assert_string_equal(json_string_value(json_object_get(labels, "b")), "x=y");
	assert_string_equal(json_string_value(json_object_get(labels, "c")), "");
	json_decref(o);
}

/* What cannot be a number in JSON is none. */
static void test_no_numbers(void **state)
{
	struct fix *f = *state;
	static const double odd[] = { NAN, INFINITY, -INFINITY };

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		json_t *o = report(f, odd[i]);

		assert_true(json_is_null(json_object_get(json_object_get(o, "self"), "cpu_pct")));
		json_decref(o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_past, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_report, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_labels, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_numbers, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

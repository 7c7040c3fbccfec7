/* SPDX-License-Identifier: Apache-2.0 */
/* What programs read: JSON of hostile names, reports, events.jsonl. */
#include <inttypes.h>
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
	uint32_t where, made;
};

/* A name with everything in it that a terminal, JSON or UTF-8 might stumble over. */
static const char hostile[] = "main.\x1b[31m\"f\\\n\x01\xff\xc3(\xe2\x82\xac";

static void tell(struct fix *f, struct event ev)
{
	ev.m = ev.m ? ev.m : NO_ID;
	ev.p = NO_ID;
	world_apply(&f->w, &ev);
	evlog_append(f->log, &ev);
}

static int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof(*f));
	struct frame fr[2] = { { .pc = 0x401000, .line = 88 }, { .pc = 0x402000, .line = 7 } };

	world_init(&f->w);
	f->log = evlog_new(1 << 20);
	f->w.history = evlog_history(f->log);
	f->w.source_kind = world_str(&f->w, "live");
	f->w.source_name = world_str(&f->w, "/app/api");
	f->w.go_version = world_str(&f->w, "go1.26.2");
	fr[0].func = world_str(&f->w, hostile);
	fr[0].file = world_str(&f->w, "/src/worker.go");
	fr[1].func = world_str(&f->w, "main.main");
	fr[1].file = world_str(&f->w, "/src/main.go");
	f->where = stacktab_put(&f->w.stacks, fr, 2);
	f->made = stacktab_put(&f->w.stacks, fr + 1, 1);
	tell(f, (struct event){ .time = 1000,
				.g = 18,
				.kind = EV_CREATE,
				.state = GS_RUNNABLE,
				.peer = 1,
				.stack = f->made,
				.stack2 = f->made });
	tell(f, (struct event){ .time = 1500, .g = 18, .kind = EV_RUN, .m = 77 });
	tell(f,
	     (struct event){
		     .time = 2000, .g = 18, .kind = EV_LABEL, .text = world_str(&f->w, "req=7f") });
	tell(f, (struct event){ .time = 3000,
				.g = 18,
				.kind = EV_BLOCK,
				.reason = R_CHAN_SEND,
				.stack = f->where });
	tell(f, (struct event){ .time = 3500,
				.g = 19,
				.kind = EV_CREATE,
				.state = GS_RUNNABLE,
				.peer = 18,
				.stack = f->made,
				.stack2 = f->made });
	tell(f, (struct event){ .time = 3600, .g = 19, .kind = EV_RUN });
	tell(f, (struct event){ .time = 3700, .g = 19, .kind = EV_DEAD });
	tell(f, (struct event){ .time = 1234567890,
				.g = 20,
				.kind = EV_CREATE,
				.state = GS_RUNNABLE,
				.peer = 18,
				.stack = f->made,
				.stack2 = f->made });
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

static json_t *parsed(char *text)
{
	json_error_t e;
	json_t *j = json_loads(text, JSON_ALLOW_NUL, &e);

	if (!j)
		print_error("%s\nin: %s\n", e.text, text);
	assert_non_null(j);
	free(text);
	return j;
}

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

static int64_t int_of(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

/* --- the writer --- */

static void test_writer(void **state)
{
	char *text = NULL;
	size_t size;
	struct json j = { .out = open_memstream(&text, &size) };
	json_t *o;

	(void)state;
	jw_object(&j, NULL);
	jw_str(&j, "hostile", hostile, sizeof(hostile) - 1);
	jw_pair(&j, "a\"b", 3, "x\0y", 3);
	jw_int(&j, "least", INT64_MIN);
	jw_uint(&j, "most", INT64_MAX);
	jw_addr(&j, "addr", 0xc0000a6000);
	jw_real(&j, "real", 12.345, 1);
	jw_bool(&j, "yes", true);
	jw_array(&j, "empty");
	jw_end(&j, ']');
	jw_array(&j, "two");
	jw_int(&j, NULL, 1);
	jw_object(&j, NULL);
	jw_end(&j, '}');
	jw_end(&j, ']');
	jw_end(&j, '}');
	jw_line(&j);
	fclose(j.out);
	for (size_t i = 0; i + 1 < size; i++) /* nothing that a terminal would obey */
		assert_true((unsigned char)text[i] >= 0x20);
	o = parsed(text);
	assert_string_equal(text_of(o, "hostile"),
			    "main.\x1b[31m\"f\\\n\x01\xef\xbf\xbd\xef\xbf\xbd(\xe2\x82\xac");
	assert_int_equal(json_string_length(json_object_get(o, "a\"b")), 3);
	assert_true(int_of(o, "least") == INT64_MIN);
	assert_true(int_of(o, "most") == INT64_MAX);
	assert_string_equal(text_of(o, "addr"), "0xc0000a6000");
	assert_true(json_real_value(json_object_get(o, "real")) == 12.3);
	assert_int_equal(json_array_size(json_object_get(o, "two")), 2);
	json_decref(o);
}

/* --- reports --- */

static char *report(const struct fix *f, void (*print)(const struct report *, FILE *),
		    const bool *keep)
{
	struct report r = { .world = &f->w, .moment = &f->w.now, .keep = keep, .cpu_pct = 0.4 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	((struct fix *)f)->w.now.time = f->w.t_end;
	print(&r, out);
	fclose(out);
	return text;
}

static void test_report(void **state)
{
	struct fix *f = *state;
	json_t *o = parsed(report(f, report_json, NULL)), *list, *g, *by;

	assert_string_equal(text_of(o, "schema"), "bingo-top/1");
	assert_int_equal(int_of(o, "time_ns"), 1234567890);
	assert_string_equal(text_of(json_object_get(o, "target"), "go"), "go1.26.2");
	assert_int_equal(int_of(json_object_get(o, "counts"), "total"), 2);
	assert_int_equal(int_of(json_object_get(o, "counts"), "blocked"), 1);
	list = json_object_get(o, "goroutines");
	assert_int_equal(json_array_size(list), 2); /* the dead one is left out */
	g = json_array_get(list, 0);
	assert_int_equal(int_of(g, "g"), 18);
	assert_string_equal(text_of(g, "state"), "blocked");
	assert_string_equal(text_of(g, "reason"), "chan-send");
	assert_string_equal(text_of(g, "wait_is"), "exact");
	assert_int_equal(int_of(g, "wait_ns"), 1234567890 - 3000);
	assert_int_equal(int_of(g, "switches"), 2);
	assert_int_equal(json_array_size(json_object_get(g, "stack")), 2);
	assert_int_equal(int_of(json_array_get(json_object_get(g, "stack"), 0), "line"), 88);
	by = json_object_get(g, "created_by");
	assert_int_equal(int_of(by, "g"), 1);
	assert_string_equal(text_of(by, "function"), "main.main");
	assert_string_equal(text_of(json_object_get(g, "labels"), "req"), "7f");
	assert_null(json_object_get(json_array_get(list, 1), "labels"));
	json_decref(o);
}

static void test_report_filtered(void **state)
{
	const bool keep[3] = { false, true, true };
	json_t *o = parsed(report(*state, report_json, keep));

	assert_int_equal(json_array_size(json_object_get(o, "goroutines")), 1);
	json_decref(o);
}

static void test_report_text(void **state)
{
	char *text = report(*state, report_text, NULL);

	assert_non_null(strstr(text, "1 B blocked on chan-send"));
	assert_non_null(strstr(text, "/src/worker.go:88"));
	for (const char *p = text; *p; p++) /* escapes of a name do not reach the log */
		assert_true((unsigned char)*p >= 0x20 || *p == '\n');
	free(text);
}

static void test_duration(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(report_duration(0, buf, sizeof(buf)), "0ns");
	assert_string_equal(report_duration(12300000, buf, sizeof(buf)), "12.3ms");
	assert_string_equal(report_duration(41200000000, buf, sizeof(buf)), "41.2s");
	assert_string_equal(report_duration(182000000000, buf, sizeof(buf)), "3m02s");
}

/* --- events.jsonl --- */

static void test_jsonl(void **state)
{
	struct fix *f = *state;
	char *text = NULL, *save = NULL;
	json_t *line[16];
	size_t size, n = 0;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(jsonl_export(&f->w, 0, f->w.t_end, out), 0);
	fclose(out);
	for (char *p = strtok_r(text, "\n", &save); p; p = strtok_r(NULL, "\n", &save))
		line[n++] = parsed(xstrdup(p));
	free(text);
	assert_int_equal(n, 8);
	assert_string_equal(text_of(line[0], "type"), "create");
	assert_string_equal(text_of(line[0], "ts"), "0.000001000s");
	assert_int_equal(int_of(line[0], "by"), 1);
	assert_string_equal(text_of(line[3], "type"), "block");
	assert_string_equal(text_of(line[3], "reason"), "chan-send");
	assert_int_equal(int_of(line[3], "pc"), 0x401000);
	assert_int_equal(int_of(json_object_get(line[3], "source"), "line"), 88);
	assert_string_equal(text_of(line[7], "ts"), "1.234567890s");
	assert_int_equal(int_of(line[7], "ts_ns"), 1234567890);
	for (size_t i = 0; i < n; i++)
		json_decref(line[i]);
}

static void test_jsonl_span(void **state)
{
	struct fix *f = *state;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int lines = 0;

	assert_int_equal(jsonl_export(&f->w, 1500, 3000, out), 0);
	fclose(out);
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 3);
	free(text);
	out = fopen("/dev/full", "w");
	assert_non_null(out);
	assert_true(jsonl_export(&f->w, 0, f->w.t_end, out) < 0 || fclose(out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writer),
		cmocka_unit_test_setup_teardown(test_report, setup, teardown),
		cmocka_unit_test_setup_teardown(test_report_filtered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_report_text, setup, teardown),
		cmocka_unit_test(test_duration),
		cmocka_unit_test_setup_teardown(test_jsonl, setup, teardown),
		cmocka_unit_test_setup_teardown(test_jsonl_span, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

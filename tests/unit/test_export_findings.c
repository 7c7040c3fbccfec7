/* SPDX-License-Identifier: Apache-2.0 */
/* Findings, edges and the graph, as reports and Graphviz have them. */
#include "fault_detect.h"

#include <jansson.h>

#include "export/dot.h"
#include "export/report.h"

static void make(void)
{
	for (uint64_t id = 10; id < 14; id++)
		fd_waits(id, SEC, R_MUTEX, "main.\"\\\x1b[31m:31");
	fw_facts(&w, 3 * SEC);
	fw_until(&w, 3 * SEC);
	fw_object(&w, A, OBJ_MUTEX, OBJF_LOCKED, 0);
	fw_object(&w, B, OBJ_MUTEX, OBJF_LOCKED, 0);
	fw_wait(&w, 10, B, OP_LOCK);
	for (uint64_t id = 11; id < 14; id++)
		fw_wait(&w, id, A, OP_LOCK);
	fw_hold(&w, 10, A, HOLD_LOCK);
	fw_hold(&w, 11, B, HOLD_LOCK);
	fd_look();
}

static char *written(void (*write)(const struct report *, FILE *), const bool *keep)
{
	struct report r = { .world = &w, .moment = &w.now, .detect = &d, .keep = keep };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (write)
		write(&r, out);
	else
		assert_int_equal(dot_export(&d.graph, out), 0);
	fclose(out);
	return text;
}

static const json_t *find(const json_t *list, const char *key, json_int_t value)
{
	size_t i;
	const json_t *one;

	json_array_foreach(list, i, one) if (json_integer_value(json_object_get(one, key)) ==
					     value) return one;
	return NULL;
}

static void test_json(void **state)
{
	char *text;
	json_t *doc;
	const json_t *f, *g;

	(void)state;
	make();
	text = written(report_json, NULL);
	doc = json_loads(text, 0, NULL);
	assert_non_null(doc);
	assert_int_equal(json_array_size(json_object_get(doc, "findings")), 1);
	f = json_array_get(json_object_get(doc, "findings"), 0);
	assert_string_equal(json_string_value(json_object_get(f, "detector")), "deadlock");
	assert_string_equal(json_string_value(json_object_get(f, "severity")), "error");
	assert_string_equal(json_string_value(json_object_get(f, "certainty")), "likely");
	assert_int_equal(json_integer_value(json_object_get(f, "count")), 2);
	assert_int_equal(json_integer_value(json_object_get(f, "since_ns")), 2 * SEC);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(f, "location"), "line")), 31);
	assert_true(json_array_size(json_object_get(f, "evidence")) > 3);
	assert_non_null(json_object_get(f, "not_sure_because"));
	assert_int_equal(json_array_size(json_object_get(doc, "edges")), 4);
	f = find(json_object_get(doc, "edges"), "from", 10);
	assert_int_equal(json_integer_value(json_object_get(f, "to")), 11);
	assert_string_equal(json_string_value(json_object_get(f, "object")), "0xb0");
	assert_string_equal(json_string_value(json_object_get(f, "kind")), "mutex");
	assert_string_equal(json_string_value(json_object_get(f, "evidence")), "seen");
	g = find(json_object_get(doc, "goroutines"), "g", 12);
	g = json_array_get(json_object_get(g, "objects"), 0);
	assert_string_equal(json_string_value(json_object_get(g, "addr")), "0xa0");
	assert_string_equal(json_string_value(json_object_get(g, "case")), "lock");
	json_decref(doc);
	free(text);
}

static void test_filtered(void **state)
{
	bool keep[16] = { false };
	char *text;

	(void)state;
	make();
	text = written(report_text, keep);
	assert_null(strstr(text, "deadlock"));
	free(text);
	keep[world_find(&w, 11)] = true;
	text = written(report_text, keep);
	assert_non_null(strstr(text, "error deadlock, likely, for 2.0s: goroutines 10 and 11 wait "
				     "for each other"));
	assert_null(strchr(text, '\x1b'));
	free(text);
}

static void test_dot(void **state)
{
	char *text;

	(void)state;
	make();
	text = written(NULL, NULL);
	assert_ptr_equal(strstr(text, "digraph"), text);
	assert_non_null(strstr(text, "2 goroutines")); /* 12 and 13, folded */
	assert_non_null(strstr(text, "goroutine 10\\nmain.\\\"\\\\?[31m:31"));
	assert_non_null(strstr(text, "style=bold"));
	assert_null(strchr(text, '\x1b'));
	assert_string_equal(text + strlen(text) - 2, "}\n");
	free(text);
	detect_release(&d);
	world_release(&w);
	world_init(&w); /* nothing at all */
	detect_init(&d);
	detect_now(&d, &w);
	text = written(NULL, NULL);
	assert_non_null(strstr(text, "}"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FD_TEST(test_json),
		FD_TEST(test_filtered),
		FD_TEST(test_dot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

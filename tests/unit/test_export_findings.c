/* SPDX-License-Identifier: Apache-2.0 */
/* Findings, edges and the graph, as reports and Graphviz have them. */
#include "fault_detect.h"

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
		assert_int_equal(dot_export(&d.graph, false, out), 0);
	fclose(out);
	return text;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no %s in %s", part, text);
}

static void test_json(void **state)
{
	char *text;

	(void)state;
	make();
	text = written(report_json, NULL);
	has(text, "\"detector\":\"deadlock\",\"severity\":\"error\",\"certainty\":\"likely\"");
	has(text, "\"goroutines\":[10,11],\"count\":2,\"objects\":[\"0xb0\",\"0xa0\"]");
	has(text, "\"summary\":\"goroutines 10 and 11 wait for each other\"");
	has(text, "\"line\":31},\"since_ns\":2000000000,\"first_ns\":3000000000");
	has(text, "\"not_sure_because\":");
	has(text, "{\"from\":10,\"to\":11,\"object\":\"0xb0\"");
	assert_null(strchr(text, '\x1b'));
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

/* SPDX-License-Identifier: Apache-2.0 */
/* What other tools read: baselines, annotations, XML and Protocol Buffers of hostile names. */
#include "fault_detect.h"

#include <errno.h>

#include "analysis/baseline.h"
#include "core/evlog.h"
#include "export/labels.h"
#include "export/pbuf.h"
#include "export/verdicts.h"
#include "export/xml.h"

/* --- Protocol Buffers --- */

static void bytes_are(const struct pbuf *p, const char *want, size_t n)
{
	assert_int_equal(p->b.n, n);
	assert_memory_equal(p->b.v, want, n);
}

/* The examples of protobuf.dev/programming-guides/encoding, and the edges. */
static void test_pbuf(void **state)
{
	struct pbuf p = { 0 };
	size_t at;

	(void)state;
	pb_uint(&p, 1, 150);
	bytes_are(&p, "\x08\x96\x01", 3);
	p.b.n = 0;
	pb_text(&p, 2, "testing");
	bytes_are(&p, "\x12\x07testing", 9);
	p.b.n = 0;
	pb_int(&p, 1, -2);
	bytes_are(&p, "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
	p.b.n = 0;
	pb_fixed64(&p, 47, 1);
	bytes_are(&p, "\xf9\x02\x01\0\0\0\0\0\0\0", 10);
	p.b.n = 0;
	at = pb_open(&p, 6);
	pb_varint(&p, 3);
	pb_varint(&p, 270);
	pb_varint(&p, 86942);
	pb_close(&p, at);
	bytes_are(&p, "\x32\x06\x03\x8e\x02\x9e\xa7\x05", 8);
	vec_free(&p.b);
}

/* A length that takes two bytes, with messages within messages. */
static void test_pbuf_nested(void **state)
{
	struct pbuf p = { 0 };
	char text[200];
	size_t out, in;

	(void)state;
	memset(text, 'x', sizeof(text));
	out = pb_open(&p, 1);
	in = pb_open(&p, 1);
	pb_str(&p, 1, text, sizeof(text));
	pb_close(&p, in);
	in = pb_open(&p, 2);
	pb_close(&p, in);
	pb_close(&p, out);
	assert_int_equal(p.b.n, 3 + 3 + 3 + 200 + 2);
	assert_memory_equal(p.b.v, "\x0a\xd0\x01\x0a\xcb\x01\x0a\xc8\x01x", 10);
	assert_memory_equal(p.b.v + p.b.n - 2, "\x12\0", 2);
	p.b.n = 0;
	pb_str(&p, 1, "a\xff\0b", 4); /* strings are UTF-8, or they are refused */
	bytes_are(&p,
		  "\x0a\x06"
		  "a\xef\xbf\xbd\0b",
		  8);
	vec_free(&p.b);
}

/* --- text --- */

static void test_xml(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	xml_put(out, "a<b>&\"'\n\x1b\xff\x7f\xef\xbf\xbf\xe2\x82\xac\0z", 19);
	fclose(out);
	assert_string_equal(text, "a&lt;b&gt;&amp;&quot;&apos; \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
				  "\xef\xbf\xbd\xe2\x82\xac\xef\xbf\xbdz");
	free(text);
}

static void test_labels(void **state)
{
	const char *s = "a=1,b=x=y,nothing,a=2,c=";
	struct label l;

	(void)state;
	assert_true(label_next(&s, &l));
	assert_int_equal(l.key_len + l.value_len, 4);
	assert_memory_equal(l.key, "b=x=y", 5);
	assert_true(label_next(&s, &l));
	assert_memory_equal(l.key, "a=2", 3);
	assert_true(label_next(&s, &l));
	assert_int_equal(l.value_len, 0);
	assert_false(label_next(&s, &l));
}

/* --- baselines --- */

static int read_text(struct baseline *b, const char *text, size_t n, struct err *err)
{
	FILE *in = n ? fmemopen((void *)text, n, "r") : fopen("/dev/null", "r");
	int rc;

	assert_non_null(in);
	rc = baseline_read(b, in, "it", err);
	fclose(in);
	return rc;
}

static void refused(const char *text, size_t n, const char *why)
{
	struct baseline b = { 0 };
	struct err err = { 0 };

	assert_true(read_text(&b, text, n, &err) < 0);
	assert_int_equal(err.code, EXIT_BADFILE);
	if (!strstr(err.text, why))
		fail_msg("no %s in %s", why, err.text);
	baseline_release(&b);
}

#define HEAD BASELINE_HEAD "\n"

static void test_baseline(void **state)
{
	static const char good[] =
		HEAD "\n# words\r\n0123456789abcdef leak x\r\n"
		     "fedcba9876543210\n0123456789abcdef twice\nffffffffffffffff";
	char longest[BASELINE_LINE + 64] = HEAD;
	struct baseline b = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(read_text(&b, good, sizeof(good) - 1, &err), 0);
	assert_int_equal(b.v.n, 3);
	assert_true(baseline_has(&b, 0x0123456789abcdef));
	assert_true(baseline_has(&b, 0xfedcba9876543210));
	assert_true(baseline_has(&b, UINT64_MAX));
	assert_false(baseline_has(&b, 0));
	assert_false(baseline_has(NULL, 1));
	assert_string_equal(b.v.v[0].about, "leak x");
	baseline_release(&b);
	refused("", 0, "empty");
	refused("leak\n", 5, "line 1");
	refused(HEAD "123\n", sizeof(HEAD) + 3, "line 2");
	refused(HEAD "0123456789abcdefg\n", sizeof(HEAD) + 17, "line 2");
	refused(HEAD "0123456789ABCDEF\n", sizeof(HEAD) + 16, "line 2");
	refused(HEAD "\0"
		     "0123456789abcdef\n",
		sizeof(HEAD) + 17, "zero byte");
	memset(longest + strlen(longest), '#', sizeof(longest) - strlen(longest));
	refused(longest, sizeof(longest), "too long");
	assert_true(baseline_load(&b, "/", &err) < 0);
}

/* --- findings --- */

static void make(const struct baseline *known)
{
	d.findings.baseline = known;
	for (uint64_t id = 10; id < 12; id++)
		fd_waits(id, SEC, R_MUTEX, "main.\"<\x1b[31m%,\n:31");
	fw_facts(&w, 3 * SEC);
	fw_until(&w, 3 * SEC);
	fw_object(&w, A, OBJ_MUTEX, OBJF_LOCKED, 0);
	fw_object(&w, B, OBJ_MUTEX, OBJF_LOCKED, 0);
	fw_wait(&w, 10, B, OP_LOCK);
	fw_wait(&w, 11, A, OP_LOCK);
	fw_hold(&w, 10, A, HOLD_LOCK);
	fw_hold(&w, 11, B, HOLD_LOCK);
	fd_look();
}

static char *written(const char *format, const struct baseline *known)
{
	static const char *const substitute[] = { "/sr=elsewhere", "/src=here there", NULL };
	struct export_request r = {
		.world = &w,
		.detect = &d,
		.t0 = T_BEFORE,
		.t1 = T_NEVER,
		.fail_on = -1,
		.substitute = substitute,
		.baseline = known,
	};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(export_write(export_find(format), &r, out), 0);
	fclose(out);
	return text;
}

static void has(char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no %s in %s", part, text);
}

static void test_annotations(void **state)
{
	char *text;

	(void)state;
	make(NULL);
	text = written("github", NULL);
	has(text,
	    "::error file=here there/main.go,line=31,title=deadlock (likely)::goroutines 10 and "
	    "11 wait for each other%0A- ");
	assert_null(strchr(text, '\x1b'));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
	free(text);
	text = written("junit", NULL);
	has(text, "failures=\"1\"");
	has(text, "main.&quot;&lt;\xef\xbf\xbd[31m%,");
	free(text);
	text = written("sarif", NULL);
	has(text, "\"uri\":\"here%20there/main.go\",\"uriBaseId\":\"%SRCROOT%\"");
	assert_null(strstr(text, "baselineState"));
	free(text);
}

/* What is written as known is known when it is read. */
static void test_known(void **state)
{
	struct baseline b = { 0 };
	struct err err = { 0 };
	const struct finding *f;
	char *text;

	make(NULL);
	assert_int_equal(d.findings.count[SEVERITY_ERROR], 1);
	text = written("baseline", NULL);
	assert_int_equal(read_text(&b, text, strlen(text), &err), 0);
	free(text);
	assert_int_equal(b.v.n, 1);
	fd_teardown(state);
	fd_setup(state);
	make(&b);
	f = fd_found(DETECT_DEADLOCK);
	assert_true(f->known && f->muted);
	assert_int_equal(d.findings.count[SEVERITY_ERROR], 0);
	text = written("github", &b);
	assert_string_equal(text, "");
	free(text);
	text = written("sarif", &b);
	has(text, "\"baselineState\":\"unchanged\",\"suppressions\":[{\"kind\":\"external\"");
	free(text);
	text = written("junit", &b);
	has(text, "failures=\"0\" errors=\"0\" skipped=\"1\"");
	free(text);
	detect_now(&d, &w); /* the next look */
	assert_true(fd_found(DETECT_DEADLOCK)->known);
	d.findings.baseline = NULL;
	baseline_release(&b);
}

/* Every format of the table, of a world of which nothing is known, and of one without a past. */
static void test_all_formats(void **state)
{
	struct evlog *log = evlog_new(1 << 16);

	make(NULL);
	for (int past = 0; past < 2; past++) {
		w.history = past ? evlog_history(log) : NULL;
		for (size_t i = 0; i < export_formats; i++) {
			struct export_request r = {
				.world = &w, .detect = &d, .t0 = T_BEFORE, .t1 = T_NEVER
			};
			const struct export_format *f = &export_table[i];
			FILE *out = fopen("/dev/null", "w");
			int rc = export_write(f, &r, out);

			assert_ptr_equal(export_find(f->name), f);
			assert_true(rc == 0 || (rc == -ENODATA && !past));
			r.t0 = SEC;
			rc = export_write(f, &r, out);
			assert_true(f->over_time ? !rc || !past : rc == -EINVAL);
			fclose(out);
		}
	}
	w.history = NULL;
	fd_teardown(state);
	world_init(&w);
	detect_init(&d);
	for (size_t i = 0; i < export_formats; i++) {
		char *text;

		w.history = evlog_history(log);
		text = written(export_table[i].name, NULL);
		free(text);
	}
	w.history = NULL;
	evlog_free(log);
	assert_null(export_find("nothing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pbuf),
		cmocka_unit_test(test_pbuf_nested),
		cmocka_unit_test(test_xml),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_baseline),
		FD_TEST(test_annotations),
		FD_TEST(test_known),
		FD_TEST(test_all_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

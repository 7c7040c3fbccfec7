/* SPDX-License-Identifier: Apache-2.0 */
/* events.jsonl there and back: what was written is read, nothing is lost; damage is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session_fixture.h"
#include "source/jsonl_lex.h"

static bool mark_kind(void *arg, const struct event *ev)
{
	((bool *)arg)[ev->kind] = true;
	return true;
}

static void test_all_kinds(void **state)
{
	const struct history_query q = { .t0 = T_BEFORE, .t1 = T_NEVER };
	struct fix *f = *state;
	bool seen[EV_N] = { false };
	size_t size, size2;
	struct back b;
	char *text, *text2;

	tell_all(f);
	text = export(&f->w, &size);
	read_back(&b, text, size);
	assert_int_equal(b.rc, SOURCE_WHOLE);
	b.w.history->query(b.w.history, &q, mark_kind, seen);
	for (int k = EV_NONE + 1; k < EV_N; k++)
		assert_true(seen[k]);
	same_session(&f->w, &b.w);
	same_goroutines(&f->w, &b.w);
	same_facts(&f->w, &b.w);
	text2 = export(&b.w, &size2);
	assert_string_equal(text, text2);
	back_release(&b);
	free(text2);
	free(text);
}

/* The newest look is written from the model where the log does not have it. */
/* What the kernel told is in no event, and comes back all the same. */
static void test_loads(void **state)
{
	static const struct gload load = { .cpu_samples = 7,
					   .runq_ns = 900,
					   .runq_most_ns = 400,
					   .runq_n = 3,
					   .syscalls = 11,
					   .syscall_ns = 5000,
					   .slow_ns = 2500,
					   .slow_fd = 4 };
	struct fix *f = *state;
	struct thread *t;
	struct gload *g;
	struct back b;
	size_t size;
	char *text;

	tell_goroutines(f);
	tell(f, (struct event){ .kind = EV_THREAD, .m = 77, .g = 18, .state = GS_RUNNING });
	g = world_load_add(&f->w, world_find(&f->w, 18));
	*g = load;
	g->slow_call = world_str(&f->w, "fsync");
	t = world_thread(&f->w, 77);
	t->cpu_ns = UINT64_MAX;
	t->runq_ns = 60;
	t->runq_most_ns = 50;
	t->waker_tid = 78;
	t->waker_goid = 1;
	tell_program(f);
	text = export(&f->w, &size);
	read_back(&b, text, size);
	g = (struct gload *)world_load(&b.w, world_find(&b.w, 18));
	assert_non_null(g);
	assert_string_equal(strtab_get(&b.w.strings, g->slow_call), "fsync");
	g->slow_call = 0;
	assert_memory_equal(g, &load, sizeof(load));
	t = world_thread(&b.w, 77);
	assert_non_null(t);
	assert_true(t->cpu_ns == UINT64_MAX && t->runq_ns == 60 && t->runq_most_ns == 50);
	assert_true(t->waker_tid == 78 && t->waker_goid == 1);
	back_release(&b);
	free(text);
}

static void test_look_of_the_model(void **state)
{
	struct fix *f = *state;
	struct event ev[2];
	struct object o = { .addr = 0xc000, .when = T_NEVER, .fd = -1, .kind = OBJ_MUTEX };
	size_t size;
	struct back b;
	char *text;

	tell_goroutines(f);
	world_apply(&f->w, &(struct event){ .time = f->now, .kind = EV_FACTS });
	facts_object_events(&o, f->now, ev);
	world_apply(&f->w, ev);
	ev[0] = facts_wait_event(f->now, 18, o.addr, OP_LOCK, false, 0);
	world_apply(&f->w, ev);
	world_apply(&f->w, &(struct event){ .time = f->now, .kind = EV_FACTS_END });
	tell_program(f);
	text = export(&f->w, &size);
	read_back(&b, text, size);
	assert_int_equal(b.w.facts.wait.n, 1);
	same_facts(&f->w, &b.w);
	back_release(&b);
	free(text);
}

/* The log drops its oldest events: what is left of a look, and looks that are as it was, are not written. */
static void test_look_cut_off(void **state)
{
	struct fix *f = *state;
	size_t size;
	char *text;

	tell(f, facts_wait_event(0, 18, 0xc000, OP_SEND, true, 2));
	tell(f, (struct event){ .kind = EV_FACTS_END });
	tell(f, (struct event){ .kind = EV_FACTS, .value = FACTS_SAME });
	tell(f, (struct event){ .kind = EV_FACTS_END });
	text = export(&f->w, &size);
	assert_null(strstr(text, "\"wait\""));
	assert_null(strstr(text, "\"same\""));
	free(text);
	tell_look(f);
	text = export(&f->w, &size);
	assert_non_null(strstr(text, "\"wait\""));
	assert_non_null(strstr(text, "\"same\""));
	free(text);
}

/* --- damage --- */

/* Cut anywhere: what is whole is shown and a sentence says where it ends, or nothing is, and exit code 5. */
static void test_cut(void **state)
{
	struct fix *f = *state;
	size_t size;
	char *text, *copy;
	struct back b;

	tell_all(f);
	text = export(&f->w, &size);
	for (size_t n = 1; n + 1 < size; n += 1 + n % 7) {
		copy = xmalloc(n);
		memcpy(copy, text, n);
		read_back(&b, copy, n);
		if (b.rc < 0)
			assert_int_equal(b.err.code, EXIT_BADFILE);
		else
			assert_non_null(strstr(str(&b.w, b.w.warning.v[0]), "cut short"));
		assert_true(b.rc < 0 ? !b.w.g.n : b.w.warning.n > 0);
		back_release(&b);
		free(copy);
	}
	free(text);
}

static const char *warning_of(struct back *b, const char *text)
{
	read_back(b, text, strlen(text));
	assert_int_equal(b->rc, SOURCE_WHOLE);
	return b->w.warning.n ? str(&b->w, b->w.warning.v[0]) : "";
}

#define RUNS "{\"ts_ns\":5,\"g\":7,\"type\":\"run\"}\n"

static void test_damage(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ RUNS "\n" RUNS "{\"ts_ns\":6,\"g\":}\n" RUNS, "line 4 is damaged: a number" },
		{ RUNS "{\"ts_ns\":6,\"type\":\"run\",\"g\":1} x\n",
		  "line 2 is damaged: there is more" },
		{ RUNS "{\"g\":1,\"type\":\"run\"}\n", "line 2 is damaged: it has no time" },
		{ RUNS "{\"ts_ns\":1}\n", "line 2 is damaged: it has no type" },
		{ RUNS "{\"ts_ns\":9223372036854775807,\"type\":\"run\"}\n", "beyond reason" },
		{ RUNS "{\"ts_ns\":92233720368547758070,\"type\":\"run\"}\n", "too large" },
		{ RUNS "[1]\n", "line 2 is damaged: an object is missing" },
		{ RUNS "{\"ts_ns\":1,\"type\":\"ru\\qn\"}\n", "line 2 is damaged: an escape" },
		{ RUNS "{\"ts_ns\":1,\"type\":\"session\"}\n", "another session" },
		{ RUNS "{\"ts_ns\":1,\"type\":\"dance\"}\n",
		  "not known here were left out, line 2" },
		{ RUNS "{\"ts_ns\":6,\"g\":7,\"type\":\"block\",\"stack_id\":9}\n",
		  "line 2 names one" },
		{ RUNS "{\"ts_ns\":6,\"type\":", "cut short in line 2" },
		{ RUNS, "" },
		{ RUNS
		  "{\"ts_ns\":6,\"type\":\"run\",\"new\":[{\"a\":[1.5e3,null,{}]}],\"g\":null}",
		  "" },
	};
	struct back b;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *says = warning_of(&b, cases[i].text);

		if (!strstr(says, cases[i].says) || (!*cases[i].says && *says))
			fail_msg("%s: %s", cases[i].text, says);
		assert_int_equal(b.w.g.n, 1);
		back_release(&b);
	}
}

static void test_nothing_right(void **state)
{
	static const char *const texts[] = { "{\"ts_ns\":", "{\"ts_ns\":1,\"type\":\"dance\"}",
					     ("{\"ts_ns\":true}\n" RUNS), "{\"schema\":1}", "{}" };
	struct back b;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		read_back(&b, texts[i], strlen(texts[i]));
		assert_true(b.rc < 0);
		assert_int_equal(b.err.code, EXIT_BADFILE);
		back_release(&b);
	}
}

static void test_escapes(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "a\\n\\\"\\\\\\/\\t", "a\n\"\\/\t" },
		{ "\\u20ac\\u00e9\\u0041", "\xe2\x82\xac\xc3\xa9"
					   "A" },
		{ "\\ud83d\\ude00", "\xf0\x9f\x98\x80" },
		{ "\\ud83dx\\ude00", "\xef\xbf\xbdx\xef\xbf\xbd" },
		{ "\\u12", NULL },
		{ "\\", NULL },
		{ "\\x", NULL },
	};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct jtext t = { .s = cases[i].in, .n = (uint32_t)strlen(cases[i].in) };
		size_t n = jtext_decode(t, buf);

		if (!cases[i].out) {
			assert_true(n == SIZE_MAX);
			continue;
		}
		assert_int_equal(n, strlen(cases[i].out));
		assert_memory_equal(buf, cases[i].out, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_kinds, session_setup, session_teardown),
		cmocka_unit_test_setup_teardown(test_look_of_the_model, session_setup,
						session_teardown),
		cmocka_unit_test_setup_teardown(test_loads, session_setup, session_teardown),
		cmocka_unit_test_setup_teardown(test_look_cut_off, session_setup, session_teardown),
		cmocka_unit_test_setup_teardown(test_cut, session_setup, session_teardown),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_nothing_right),
		cmocka_unit_test(test_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The filter takes short cuts; here it is held against one that asks everything of every row. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "analysis/filter.h"
#include "analysis/match.h"

enum { STACKS = 60 };

struct fix {
	struct world w;
	uint64_t seed;
	uint32_t stack[STACKS];
	VEC(bool) keep;
};

static uint32_t roll(struct fix *f, uint32_t n)
{
	f->seed = f->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(f->seed >> 33) % n;
}

static void make_stack(struct fix *f, uint32_t *id)
{
	static const char *const func[] = { "main.(*Pool).put",	  "main.run",
					    "runtime.chansend1",  "net/http.(*conn).serve",
					    "example.com/g7.go1", "main.фу",
					    "main.bad\xff\xfe",	  "g12" };
	static const char *const file[] = { "/src/pool.go", "/src/main.go", "/go/chan.go", "" };
	struct frame fr[6] = { 0 };
	uint32_t n = 1 + roll(f, ARRAY_SIZE(fr));

	for (uint32_t i = 0; i < n; i++) {
		fr[i].func = world_str(&f->w, func[roll(f, ARRAY_SIZE(func))]);
		fr[i].file = world_str(&f->w, file[roll(f, ARRAY_SIZE(file))]);
		fr[i].line = roll(f, 100);
	}
	*id = stacktab_put(&f->w.stacks, fr, n);
}

static void add_some(struct fix *f, uint64_t goid, int n)
{
	static const char *const labels[] = { "", "req=g77,user=anna", "worker=3" };
	static const uint8_t states[] = { GS_RUNNING, GS_RUNNABLE, GS_BLOCKED, GS_SYSCALL,
					  GS_DEAD };

	for (int i = 0; i < n; i++) {
		struct seg_g s = { .goid = goid + (uint64_t)i,
				   .flags = SEGG_CREATED,
				   .create_stack = f->stack[roll(f, STACKS)],
				   .start_stack = f->stack[roll(f, STACKS)],
				   .stack = roll(f, 9) ? f->stack[roll(f, STACKS)] : 0,
				   .labels = world_str(&f->w, labels[roll(f, 3)]),
				   .state = states[roll(f, ARRAY_SIZE(states))] };

		if (s.state == GS_BLOCKED)
			s.reason = (uint8_t)roll(f, R_N);
		world_merge(&f->w, f->w.t_end, f->w.t_end + 10, 1, &s, 1);
	}
}

static int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	f->seed = 7;
	world_init(&f->w);
	for (int i = 0; i < STACKS; i++)
		make_stack(f, &f->stack[i]);
	/* where ids get another digit, jump, and end */
	add_some(f, 1, 130);
	add_some(f, 7777, 20);
	add_some(f, 995, 12);
	add_some(f, UINT64_MAX - 9, 10);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	world_release(&f->w);
	vec_free(&f->keep);
	free(f);
	return 0;
}

static bool hit(const struct match *m, const char *s, size_t len)
{
	return match_find(m, s, len, NULL, NULL);
}

static bool string_hit(const struct fix *f, const struct match *m, uint32_t id)
{
	return hit(m, strtab_get(&f->w.strings, id), strtab_len(&f->w.strings, id));
}

static bool stack_hit(const struct fix *f, const struct match *m, uint32_t stack)
{
	const struct frame *fr;

	for (uint32_t i = 0; (fr = stacktab_frame(&f->w.stacks, stack, i)); i++)
		if (string_hit(f, m, fr->func) || string_hit(f, m, fr->file))
			return true;
	return false;
}

static bool row_hit(const struct fix *f, const struct match *m, size_t row)
{
	const struct goroutine *g = &f->w.g.v[row];
	const struct moment *now = &f->w.now;
	const char *state = gstate_name(now->state[row]), *reason = reason_name(now->reason[row]);
	char id[32];

	snprintf(id, sizeof(id), "g%" PRIu64, g->goid);
	return hit(m, id, strlen(id)) || hit(m, state, strlen(state)) ||
	       (*reason && hit(m, reason, strlen(reason))) || stack_hit(f, m, now->stack[row]) ||
	       stack_hit(f, m, g->create_stack) || stack_hit(f, m, g->start_stack) ||
	       (g->labels && string_hit(f, m, g->labels));
}

static void compare(struct fix *f, struct filter *filter, const char *pattern)
{
	bool invert = *pattern == '!';
	struct match *m = match_new(pattern + invert, NULL);
	size_t alive = 0, n;

	assert_non_null(m);
	vec_reserve(&f->keep, f->w.now.n);
	n = filter_all(filter, &f->w, &f->w.now, true, f->keep.v);
	for (size_t i = 0; i < f->w.now.n; i++) {
		bool want = row_hit(f, m, i) != invert;

		if (f->keep.v[i] != want)
			print_error("\"%s\" and g%" PRIu64 ": %d\n", pattern, f->w.g.v[i].goid,
				    f->keep.v[i]);
		assert_int_equal(f->keep.v[i], want);
		assert_int_equal(filter_row(filter, &f->w, &f->w.now, i), want);
		alive += want && f->w.now.state[i] != GS_DEAD;
	}
	assert_int_equal(n, alive);
	match_free(m);
}

static void expect_same(struct fix *f, const char *pattern)
{
	struct err err = { 0 };
	struct filter *filter = filter_new(pattern, &err);

	if (!filter)
		print_error("\"%s\": %s\n", pattern, err.text);
	assert_non_null(filter);
	compare(f, filter, pattern);
	filter_free(filter);
}

static void test_words(void **state)
{
	static const char *const patterns[] = {
		"chan",	    "^chan-send$", "!chan",  "running|runnable",
		"BLOCKED",  "(?i)BLOCKED", "pool",   "Pool.*put",
		"фу",	    "bad",	   "anna",   "=3",
		"^worker=", "!user",	   "^main",  "go$",
		".",	    "^$",	   "!^$",    "x*",
		"\\bput",   "!\\.go$",	   "(?=p)p", "unknown",
	};

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		expect_same(*state, patterns[i]);
}

/* Ids are looked at only where the pattern could be of one, and then without the pattern. */
static void test_ids(void **state)
{
	static const char *const patterns[] = {
		"g1",
		"^g1",
		"^g1$",
		"1$",
		"!g1",
		"!^g12$",
		"^g",
		"g",
		"$",
		"^",
		"g$",
		"^7",
		"77",
		"g777",
		"99$",
		"^g100",
		"^g1000$",
		"0",
		"^g[0-9]$",
		"^g\\d\\d$",
		"\\d+",
		"[Gg]7",
		"(?i)G12",
		"(?i)^G1",
		"^.{3}$",
		"x|g5",
		"(?=g)g1",
		"g(?:1|2)\\d",
		"g12|put",
		"[^a-z]9",
		"^g(1)$",
		"g1{2}",
		"g1?2",
		"\\Ag2\\z",
		"(?<=g)99",
		"\\x671",
		"g\\Q1\\E",
		"^^g7",
		"g7$$",
		"1844674407370955161[0-5]$",
		"18446744073709551615",
		"^g18446744073709551615$",
		"184467440737095516150",
	};

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		expect_same(*state, patterns[i]);
}

/* Patterns nobody would type, made of pieces. */
static void test_made(void **state)
{
	static const char *const piece[] = { "g", "1",	"7",   "[0-9]", "^",	"$",  "|",
					     ".", ".*", "\\d", "a",	"(?i)", "go", "\\.",
					     "!", "9+", "put", "-",	"0?",	"G" };
	struct fix *f = *state;
	struct err err = { 0 };
	char pattern[64];
	int good = 0;

	for (int i = 0; i < 1500; i++) {
		struct filter *filter;

		pattern[0] = '\0';
		for (uint32_t k = 1 + roll(f, 5); k; k--)
			strcat(pattern, piece[roll(f, ARRAY_SIZE(piece))]);
		filter = filter_new(pattern, &err);
		if (filter && *pattern && strcmp(pattern, "!") != 0) {
			compare(f, filter, pattern);
			good++;
		}
		filter_free(filter);
		err_clear(&err);
	}
	assert_true(good > 500);
}

/* One filter while the world grows: new names, stacks, labels and ids are asked as well. */
static void test_growth(void **state)
{
	struct fix *f = *state;
	struct err err = { 0 };
	static const char *const patterns[] = { "late", "!late", "^g3", "user=late" };
	struct filter *filter[ARRAY_SIZE(patterns)];

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		filter[i] = filter_new(patterns[i], &err);
		compare(f, filter[i], patterns[i]);
	}
	for (int round = 0; round < 20; round++) {
		char name[32];
		struct frame fr = { .line = 1 };

		snprintf(name, sizeof(name), "main.late%d", round);
		fr.func = world_str(&f->w, name);
		f->stack[roll(f, STACKS)] = stacktab_put(&f->w.stacks, &fr, 1);
		add_some(f, 30000 + 10 * (uint64_t)round, 7);
		f->w.open.t0 = f->w.t_end;
		world_apply(&f->w, &(struct event){ .time = f->w.t_end,
						    .kind = EV_LABEL,
						    .g = 30000 + 10 * (uint64_t)round,
						    .text = world_str(&f->w, "user=late") });
		for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
			compare(f, filter[i], patterns[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		filter_free(filter[i]);
}

static void test_system(void **state)
{
	struct fix *f = *state;
	struct frame fr = { .func = world_str(&f->w, "runtime.bgsweep") };
	struct seg_g s = { .goid = 50000, .flags = SEGG_CREATED, .state = GS_BLOCKED };
	size_t all, user;

	s.start_stack = stacktab_put(&f->w.stacks, &fr, 1);
	world_merge(&f->w, f->w.t_end, f->w.t_end + 10, 1, &s, 1);
	vec_reserve(&f->keep, f->w.now.n);
	all = filter_all(NULL, &f->w, &f->w.now, true, f->keep.v);
	assert_true(f->keep.v[f->w.now.n - 1]);
	user = filter_all(NULL, &f->w, &f->w.now, false, f->keep.v);
	assert_false(f->keep.v[f->w.now.n - 1]);
	/* those whose entry function is Go's, and no others */
	for (size_t i = 0; i < f->w.now.n; i++)
		assert_int_equal(f->keep.v[i], !f->w.g.v[i].system);
	assert_true(user < all);
}

static void test_bad_patterns(void **state)
{
	static const char *const patterns[] = { "(", "a(", "!*", "[", "a{2,1}", "(?<n>x", "\\" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		struct err err = { 0 };

		assert_null(filter_new(patterns[i], &err));
		assert_true(err.rc < 0);
		assert_int_equal(err.code, EXIT_USAGE);
		assert_non_null(strstr(err.text, "at character "));
		assert_null(strchr(err.text, '\n'));
	}
}

static double cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Of each name one match at most, and each match has its limits: no pattern takes long. */
static void test_limits(void **state)
{
	static const char *const patterns[] = { "(a+)+$", "(a|aa)+$", "(a?){40}a{40}$",
						"^(([a-z])+.)+$", "(.*?a){12}$" };
	struct fix *f = *state;
	char name[2000];
	double took = 0;

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 2] = '!';
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 20; i++) {
		struct frame fr = { .line = 1 };

		name[i] = '-';
		fr.func = world_str(&f->w, name);
		f->stack[i] = stacktab_put(&f->w.stacks, &fr, 1);
	}
	add_some(f, 60000, 50);
	vec_reserve(&f->keep, f->w.now.n);
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		struct filter *filter = filter_new(patterns[i], NULL);

		assert_non_null(filter);
		took -= cpu_seconds();
		filter_all(filter, &f->w, &f->w.now, true, f->keep.v);
		took += cpu_seconds();
		filter_free(filter);
	}
	assert_true(took < 1); /* a fiftieth of it here; without the limits more */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ids, setup, teardown),
		cmocka_unit_test_setup_teardown(test_made, setup, teardown),
		cmocka_unit_test_setup_teardown(test_growth, setup, teardown),
		cmocka_unit_test_setup_teardown(test_system, setup, teardown),
		cmocka_unit_test(test_bad_patterns),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions of --record-on: how they are written, and when they are so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/trigger.h"

static void wrong(const char *text, int column)
{
	struct err err = { 0 };
	char want[32];

	snprintf(want, sizeof(want), "column %d:", column);
	assert_null(trigger_new(text, &err));
	assert_int_equal(err.code, EXIT_USAGE);
	if (!strstr(err.text, want))
		fail_msg("%s: %s", text, err.text);
}

static void test_wrong(void **state)
{
	char many[1024] = "race";

	(void)state;
	wrong("", 1);
	wrong("deadlok", 1);
	wrong("deadlock|", 10);
	wrong("deadlock||leak", 10);
	wrong("deadlock leak", 10);
	wrong("  goroutines", 13);
	wrong("goroutines>", 12);
	wrong("goroutines>many", 12);
	wrong("goroutines>10s", 14);
	wrong("goroutines>1e300", 12);
	wrong("running>5s", 10);
	wrong("blocked > 30x", 13);
	wrong("growth>100", 11);
	wrong("growth>100/", 12);
	wrong("growth>100/y", 12);
	wrong("dead>1", 1);
	wrong("verylongwordverylongwordverylongword", 1);
	for (int i = 0; i < 40; i++)
		strncat(many, "|race", sizeof(many) - strlen(many) - 1);
	wrong(many, 161);
}

struct fix {
	struct world w;
	struct detect d;
};

static int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	world_init(&f->w);
	detect_init(&f->d);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	detect_release(&f->d);
	world_release(&f->w);
	free(f);
	return 0;
}

static void tell(struct fix *f, int64_t t, struct event ev)
{
	ev.time = t;
	ev.m = ev.p = NO_ID;
	world_apply(&f->w, &ev);
}

static void is_so(struct fix *f, const char *text, const char *want)
{
	struct trigger *t = trigger_new(text, NULL);
	const char *is;

	assert_non_null(t);
	is = trigger_look(t, &f->w, &f->d);
	if (want)
		assert_string_equal(is, want);
	else
		assert_null(is);
	trigger_free(t);
}

#define SECOND 1000000000ll

/* What a terminal would obey is not repeated: neither in bytes nor in UTF-8. */
static void test_told_plainly(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_null(trigger_new("dead\033[2J\177lock\302\233m", &err));
	assert_non_null(strstr(err.text, "dead?[2J?lock??m"));
}

static void test_counts_and_times(void **state)
{
	struct fix *f = *state;

	tell(f, SECOND,
	     (struct event){ .kind = EV_STATUS, .g = 1, .state = GS_BLOCKED, .reason = R_SLEEP });
	tell(f, 2 * SECOND,
	     (struct event){ .kind = EV_CREATE, .g = 2, .state = GS_RUNNABLE, .peer = 1 });
	tell(f, 3 * SECOND, (struct event){ .kind = EV_BLOCK, .g = 2, .reason = R_MUTEX });
	tell(f, 40 * SECOND, (struct event){ .kind = EV_SYNC });
	is_so(f, "goroutines>1", "goroutines>1");
	is_so(f, "goroutines > 2", NULL);
	is_so(f, "blocked>1", "blocked>1");
	is_so(f, "running>0|blocked>36s", "blocked>36s");
	is_so(f, "blocked>36500ms", "blocked>36500ms");
	is_so(f, "blocked>37.5s", NULL); /* who sleeps has slept for longer */
	is_so(f, "blocked>1m|runnable>1ms|syscall>0", NULL);
	is_so(f, "deadlock|leak|race|error|warning|info", NULL);
}

static void test_growth(void **state)
{
	struct fix *f = *state;
	struct trigger *slow = trigger_new("growth>100/m", NULL),
		       *quick = trigger_new("growth>30/s", NULL),
		       *never = trigger_new("growth>1000/m", NULL);
	int64_t first = 0;

	for (int s = 0; s < 120; s++) {
		/* from the 50th second on five more in each: 300 in a minute */
		for (int i = 0; i < 5 && s >= 50; i++)
			tell(f, s * SECOND + i,
			     (struct event){ .kind = EV_CREATE,
					     .g = (uint64_t)(s * 10 + i + 1),
					     .state = GS_RUNNABLE });
		tell(f, s * SECOND + 10, (struct event){ .kind = EV_SYNC });
		if (trigger_look(slow, &f->w, &f->d) && !first)
			first = s;
		assert_null(trigger_look(never, &f->w, &f->d));
		assert_null(trigger_look(quick, &f->w, &f->d));
	}
	assert_true(first > 55 && first < 90);
	trigger_free(slow);
	trigger_free(quick);
	trigger_free(never);
}

/* A finding counts as it is sure. */
static void test_findings(void **state)
{
	struct fix *f = *state;
	struct findings *all = &f->d.findings;

	tell(f, SECOND,
	     (struct event){ .kind = EV_STATUS, .g = 1, .state = GS_BLOCKED, .reason = R_MUTEX });
	findings_begin(all, SECOND);
	finding_new(all, DETECT_DEADLOCK, SEVERITY_ERROR, CERTAINTY_RECHECK);
	finding_goroutine(all, &f->w, &f->w.now, 0);
	finding_done(all);
	findings_end(all);
	is_so(f, "deadlock|error|info", NULL);
	findings_begin(all, 2 * SECOND);
	finding_new(all, DETECT_DEADLOCK, SEVERITY_ERROR, CERTAINTY_LIKELY);
	finding_goroutine(all, &f->w, &f->w.now, 0);
	finding_done(all);
	findings_end(all);
	is_so(f, "leak|deadlock", "deadlock");
	is_so(f, "leak | warning ", "warning");
	findings_mute(all, all->v.v[0].id, true);
	is_so(f, "deadlock|info", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_told_plainly),
		cmocka_unit_test_setup_teardown(test_counts_and_times, setup, teardown),
		cmocka_unit_test_setup_teardown(test_growth, setup, teardown),
		cmocka_unit_test_setup_teardown(test_findings, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

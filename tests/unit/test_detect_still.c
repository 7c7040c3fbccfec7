/* SPDX-License-Identifier: Apache-2.0 */
/* Of memory that stands still one look is as good as many, and no wait has to last. */
#include <string.h>

#include "fault_detect.h"

static void ab_ba(int64_t t, bool still)
{
	if (still)
		fw_still(&w, t);
	else
		fw_facts(&w, t);
	fw_until(&w, t);
	fw_object(&w, A, OBJ_MUTEX, OBJF_LOCKED, 0);
	fw_object(&w, B, OBJ_MUTEX, OBJF_LOCKED, 0);
	fw_wait(&w, 10, B, OP_LOCK);
	fw_wait(&w, 11, A, OP_LOCK);
	fw_hold(&w, 10, A, HOLD_LOCK);
	fw_hold(&w, 11, B, HOLD_LOCK);
	fd_look();
}

static void test_one_look(void **state)
{
	(void)state;
	fd_waits(10, SEC, R_MUTEX, "main.one:31");
	fd_waits(11, SEC, R_MUTEX, "main.two:41");
	ab_ba(SEC, false);
	assert_int_equal(fd_count(), 0);
	ab_ba(SEC, true);
	assert_int_equal(fd_found(DETECT_DEADLOCK)->certainty, CERTAINTY_PROVEN);
}

/* Registers of running goroutines are in a core, and were searched. */
static void test_one_runs(void **state)
{
	(void)state;
	fd_waits(10, SEC, R_MUTEX, "main.one:31");
	fd_waits(11, SEC, R_MUTEX, "main.two:41");
	fw_go(&w, 12, SEC, "main.main:22");
	for (int64_t t = 3; t < 9; t++)
		ab_ba(t * SEC, false);
	assert_int_equal(fd_found(DETECT_DEADLOCK)->certainty, CERTAINTY_LIKELY);
	ab_ba(9 * SEC, true);
	assert_int_equal(fd_found(DETECT_DEADLOCK)->certainty, CERTAINTY_PROVEN);
}

/* A channel that one who goes on has the address of, and nobody is known to send to. */
static void channel(int64_t t, bool still, enum hold_op by)
{
	if (still)
		fw_still(&w, t);
	else
		fw_facts(&w, t);
	fw_until(&w, t);
	fw_object(&w, C, OBJ_CHAN, 0, 0);
	fw_wait(&w, 10, C, OP_RECV);
	if (by != HOLD_N)
		fw_hold(&w, 1, C, by);
	fd_look();
}

static void test_leak_without_age(void **state)
{
	const struct finding *f;

	(void)state;
	fd_waits(10, SEC, R_CHAN_RECV, "main.one:31");
	channel(SEC, false, HOLD_N);
	assert_null(fd_found(DETECT_LEAK));
	channel(SEC, true, HOLD_N);
	f = fd_found(DETECT_LEAK);
	assert_non_null(f);
	assert_int_equal(f->certainty, CERTAINTY_PROVEN);
	assert_int_equal(f->goid.v[0], 10);
	channel(SEC, true, HOLD_SEND); /* who sleeps may yet send */
	assert_null(fd_found(DETECT_LEAK));
}

/* How long is not told where it is not known. */
static void test_no_time(void **state)
{
	const struct finding *f;

	(void)state;
	for (uint64_t g = 10; g <= 11; g++)
		fw_apply(&w, (struct event){ .kind = EV_STATUS,
					     .g = g,
					     .state = GS_BLOCKED,
					     .reason = R_MUTEX,
					     .stack = fw_stack(&w, "main.one:31") });
	ab_ba(0, true);
	f = fd_found(DETECT_DEADLOCK);
	assert_non_null(f);
	for (size_t i = 0; i < f->evidence.n; i++)
		assert_null(strstr(f->evidence.v[i], "0.0s"));
}

static void test_flags(void **state)
{
	struct facts f;
	struct event ev = { .kind = EV_FACTS, .value = FACTS_SEARCHED | FACTS_STILL };

	(void)state;
	facts_init(&f);
	facts_apply(&f, &ev);
	assert_true(f.still && f.searched && !f.netpoll);
	assert_int_equal(facts_flags(&f), ev.value);
	facts_clear(&f);
	assert_int_equal(facts_flags(&f), 0);
	facts_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FD_TEST(test_one_look),		FD_TEST(test_one_runs),
		FD_TEST(test_leak_without_age), FD_TEST(test_no_time),
		cmocka_unit_test(test_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

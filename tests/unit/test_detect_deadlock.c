/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlocks made by hand, and what looks like one and is none. */
#include "fault_detect.h"

static void ab_ba(int64_t t, unsigned flags)
{
	fw_facts(&w, t);
	fw_until(&w, t);
	fw_object(&w, A, OBJ_MUTEX, OBJF_LOCKED | flags, 0);
	fw_object(&w, B, OBJ_MUTEX, OBJF_LOCKED | flags, 0);
	fw_wait(&w, 10, B, OP_LOCK);
	fw_wait(&w, 11, A, OP_LOCK);
	fw_hold(&w, 10, A, HOLD_LOCK);
	fw_hold(&w, 11, B, HOLD_LOCK);
	fd_look();
}

static void test_ring(void **state)
{
	const struct finding *f;
	uint64_t id;

	(void)state;
	fd_waits(10, SEC, R_MUTEX, "main.one:31");
	fd_waits(11, SEC, R_MUTEX, "main.two:41");
	ab_ba(SEC + SEC / 2, 0);
	assert_int_equal(fd_count(), 0); /* they may be about to go on */
	ab_ba(3 * SEC, 0);
	f = fd_found(DETECT_DEADLOCK);
	assert_non_null(f);
	assert_int_equal(f->severity, SEVERITY_ERROR);
	assert_int_equal(f->certainty, CERTAINTY_LIKELY);
	assert_int_equal(f->n, 2);
	assert_int_equal(f->goid.v[0], 10);
	assert_int_equal(f->goid.v[1], 11);
	assert_int_equal(f->object.n, 2);
	assert_int_equal(f->object.v[0], B);
	assert_int_equal(f->line, 31);
	assert_int_equal(f->since, SEC);
	assert_string_equal(f->summary, "goroutines 10 and 11 wait for each other");
	assert_true(f->evidence.n >= 4);
	assert_true(*f->why && *f->advice);
	id = f->id;
	for (int64_t i = 4; i < 8; i++)
		ab_ba(i * SEC, 0);
	f = fd_found(DETECT_DEADLOCK);
	assert_int_equal(f->id, id);
	assert_int_equal(f->certainty,
			 CERTAINTY_PROVEN); /* nobody else has them, seen again and again */
	assert_string_equal(f->why, "");
	assert_int_equal(f->first, 3 * SEC);
	assert_int_equal(f->last, 7 * SEC);
}

static enum certainty certainty_at(int64_t t, unsigned flags)
{
	ab_ba(t, flags);
	return (enum certainty)fd_found(DETECT_DEADLOCK)->certainty;
}

/* While somebody runs nothing is proven, and nothing taken back; who is seen to have a lock takes it back. */
static void test_looks_that_prove(void **state)
{
	(void)state;
	fd_waits(10, SEC, R_MUTEX, "main.one:31");
	fd_waits(11, SEC, R_MUTEX, "main.two:41");
	for (int64_t i = 3; i < 6; i++)
		assert_int_equal(certainty_at(i * SEC, 0), CERTAINTY_LIKELY);
	assert_int_equal(certainty_at(6 * SEC, OBJF_SHARED), CERTAINTY_LIKELY);
	for (int64_t i = 7; i < 10; i++)
		assert_int_equal(certainty_at(i * SEC, 0), CERTAINTY_LIKELY);
	fw_go(&w, 12, 9 * SEC, "main.main:20"); /* it runs */
	for (int64_t i = 10; i < 14; i++)
		assert_int_equal(certainty_at(i * SEC, 0), CERTAINTY_LIKELY);
	fw_block(&w, 12, 13 * SEC, R_SLEEP, "main.three:51");
	assert_int_equal(certainty_at(14 * SEC, 0), CERTAINTY_PROVEN);
}

static void test_same_id_elsewhere(void **state)
{
	uint64_t id;

	(void)state;
	fd_waits(10, SEC, R_MUTEX, "main.one:31");
	fd_waits(11, SEC, R_MUTEX, "main.two:41");
	ab_ba(3 * SEC, 0);
	id = fd_found(DETECT_DEADLOCK)->id;
	fd_teardown(NULL);
	fd_setup(NULL);
	world_str(&w, "other strings have other ids");
	fw_stack(&w, "main.other:1");
	fd_waits(10, 2 * SEC, R_MUTEX, "main.two:41"); /* the other way round, other times */
	fd_waits(11, 2 * SEC, R_MUTEX, "main.one:31");
	ab_ba(9 * SEC, 0);
	assert_int_equal(fd_found(DETECT_DEADLOCK)->id, id);
	fd_teardown(NULL);
	fd_setup(NULL);
	fd_waits(10, SEC, R_MUTEX, "main.one:32"); /* another line, another fault */
	fd_waits(11, SEC, R_MUTEX, "main.two:41");
	ab_ba(3 * SEC, 0);
	assert_int_not_equal(fd_found(DETECT_DEADLOCK)->id, id);
}

static void test_never_proven(void **state)
{
	(void)state;
	fd_waits(10, SEC, R_MUTEX, "main.one:31");
	fd_waits(11, SEC, R_MUTEX, "main.two:41");
	for (int64_t i = 3; i < 9; i++)
		ab_ba(i * SEC, OBJF_GLOBAL);
	assert_int_equal(fd_found(DETECT_DEADLOCK)->certainty, CERTAINTY_LIKELY);
	for (int64_t i = 10; i < 16; i++)
		ab_ba(i * SEC, OBJF_SHARED);
	assert_int_equal(fd_found(DETECT_DEADLOCK)->certainty, CERTAINTY_LIKELY);
	for (int64_t i = 20; i < 26; i++)
		ab_ba(i * SEC, OBJF_SEARCHED); /* turned off */
	assert_int_equal(fd_found(DETECT_DEADLOCK)->certainty, CERTAINTY_LIKELY);
	fw_go(&w, 20, 26 * SEC, "main.main:21"); /* runs: its registers may have anything */
	for (int64_t i = 27; i < 32; i++)
		ab_ba(i * SEC, 0);
	assert_int_equal(fd_found(DETECT_DEADLOCK)->certainty, CERTAINTY_LIKELY);
}

static void test_refuted(void **state)
{
	(void)state;
	fd_waits(10, SEC, R_MUTEX, "main.one:31");
	fd_waits(11, SEC, R_MUTEX, "main.two:41");
	ab_ba(3 * SEC, 0);
	assert_non_null(fd_found(DETECT_DEADLOCK));
	fw_apply(&w, (struct event){ .time = 4 * SEC, .g = 10, .kind = EV_UNBLOCK });
	fw_apply(&w, (struct event){ .time = 4 * SEC, .g = 10, .kind = EV_RUN });
	ab_ba(5 * SEC, 0);
	assert_null(fd_found(DETECT_DEADLOCK));
	assert_int_equal(d.findings.v.n, 1); /* it is remembered */
	assert_int_equal(d.findings.count[SEVERITY_ERROR], 0);
}

static void test_three_and_behind(void **state)
{
	const struct finding *f;

	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		fd_waits(10 + i, SEC, R_MUTEX, "main.one:31");
	fw_facts(&w, 3 * SEC);
	fw_until(&w, 3 * SEC);
	for (uint64_t i = 0; i < 3; i++) {
		fw_object(&w, A + i, OBJ_MUTEX, 0, 0);
		fw_wait(&w, 10 + i, A + (i + 1) % 3, OP_LOCK);
		fw_hold(&w, 10 + i, A + i, HOLD_LOCK);
	}
	fw_wait(&w, 13, A, OP_LOCK);
	fd_look();
	f = fd_found(DETECT_DEADLOCK);
	assert_non_null(f);
	assert_int_equal(f->n, 3);
	assert_string_equal(f->summary, "a ring of 3 goroutines: 10 -> 11 -> 12 -> 10");
	assert_string_equal(f->evidence.v[f->evidence.n - 1], "1 more goroutines wait behind");
}

static void test_self(void **state)
{
	const struct finding *f;

	(void)state;
	fd_waits(10, SEC, R_MUTEX, "main.one:31");
	fw_facts(&w, 3 * SEC);
	fw_until(&w, 3 * SEC);
	fw_object(&w, A, OBJ_MUTEX, OBJF_LOCKED, 0);
	fw_wait(&w, 10, A, OP_LOCK);
	fw_hold(&w, 10, A, HOLD_LOCK);
	fd_look();
	f = fd_found(DETECT_DEADLOCK);
	assert_non_null(f);
	assert_int_equal(f->n, 1);
	assert_string_equal(
		f->summary,
		"goroutine 10 waits for itself: it waits to lock a mutex that it holds");
}

static void test_rlock_twice(void **state)
{
	const struct finding *f;

	(void)state;
	fd_waits(10, SEC, R_RWMUTEX_READ, "main.one:31");
	fd_waits(11, SEC, R_RWMUTEX_WRITE, "main.two:41");
	fw_facts(&w, 3 * SEC);
	fw_until(&w, 3 * SEC);
	fw_object(&w, A, OBJ_RWMUTEX, OBJF_LOCKED | OBJF_WRITER_WAITS, 1);
	fw_wait(&w, 10, A, OP_RLOCK);
	fw_hold(&w, 10, A, HOLD_RLOCK);
	fw_wait(&w, 11, A, OP_LOCK);
	fd_look();
	f = fd_found(DETECT_DEADLOCK);
	assert_non_null(f);
	assert_int_equal(f->goid.v[0], 10);
}

static void test_waitgroup(void **state)
{
	const struct finding *f;

	(void)state;
	fd_waits(10, SEC, R_WAITGROUP, "main.one:31");
	fd_waits(11, SEC, R_SLEEP, "main.two:41");
	fw_facts(&w, 3 * SEC);
	fw_until(&w, 3 * SEC);
	fw_object(&w, A, OBJ_WAITGROUP, 0, 2);
	fw_wait(&w, 10, A, OP_WAIT);
	fw_hold(&w, 11, A, HOLD_DONE);
	fd_look();
	f = fd_found(DETECT_DEADLOCK);
	assert_non_null(f);
	assert_int_equal(f->n, 1);
	assert_int_equal(f->object.v[0], A);

	fw_facts(&w, 4 * SEC); /* one is enough */
	fw_until(&w, 4 * SEC);
	fw_object(&w, A, OBJ_WAITGROUP, 0, 1);
	fw_wait(&w, 10, A, OP_WAIT);
	fw_hold(&w, 11, A, HOLD_DONE);
	fd_look();
	assert_int_equal(fd_count(), 0);
}

static void test_lock_and_channel(void **state)
{
	(void)state;
	fd_waits(10, SEC, R_CHAN_SEND, "main.one:31");
	fd_waits(11, SEC, R_MUTEX, "main.two:41");
	fw_facts(&w, 3 * SEC);
	fw_until(&w, 3 * SEC);
	fw_object(&w, A, OBJ_MUTEX, OBJF_LOCKED, 0);
	fw_object(&w, B, OBJ_CHAN, 0, 0);
	fw_wait(&w, 10, B, OP_SEND);
	fw_hold(&w, 10, A, HOLD_LOCK);
	fw_hold(&w, 10, B, HOLD_REF);
	fw_wait(&w, 11, A, OP_LOCK);
	fw_hold(&w, 11, B, HOLD_REF);
	fd_look();
	assert_int_equal(fd_found(DETECT_DEADLOCK)->n, 2);
	assert_null(fd_found(DETECT_LEAK));

	fw_facts(&w, 4 * SEC); /* main could receive as well */
	fw_until(&w, 4 * SEC);
	fw_object(&w, A, OBJ_MUTEX, OBJF_LOCKED, 0);
	fw_object(&w, B, OBJ_CHAN, 0, 0);
	fw_wait(&w, 10, B, OP_SEND);
	fw_hold(&w, 10, A, HOLD_LOCK);
	fw_wait(&w, 11, A, OP_LOCK);
	fw_hold(&w, 11, B, HOLD_REF);
	fw_hold(&w, 1, B, HOLD_REF);
	fd_look();
	assert_int_equal(fd_count(), 0);
}

/* All wait, none runs or sleeps: a channel that nobody serves is more than a leak then. */
static void test_all_asleep(void **state)
{
	const struct finding *f;

	(void)state;
	fw_block(&w, 1, SEC, R_CHAN_RECV, "main.main:50");
	fw_facts(&w, 4 * SEC);
	fw_until(&w, 4 * SEC);
	fw_object(&w, B, OBJ_CHAN, OBJF_GLOBAL, 0);
	fw_wait(&w, 1, B, OP_RECV);
	fd_look();
	f = fd_found(DETECT_DEADLOCK);
	assert_non_null(f);
	assert_int_equal(f->certainty, CERTAINTY_LIKELY);
	assert_int_equal(f->line, 50);
	assert_null(fd_found(DETECT_LEAK));
}

static void test_unknown_holder(void **state)
{
	const struct finding *f;

	(void)state;
	fd_waits(10, SEC, R_MUTEX, "main.one:31");
	for (int64_t t = 2; t < 20; t += 2) {
		fw_facts(&w, t * SEC);
		fw_until(&w, t * SEC);
		fw_object(&w, A, OBJ_MUTEX, OBJF_LOCKED | OBJF_GLOBAL, 0);
		fw_wait(&w, 10, A, OP_LOCK);
		fd_look();
		f = fd_found(DETECT_DEADLOCK);
		if (t == 2)
			assert_null(f);
		if (t == 4)
			assert_int_equal(f->severity, SEVERITY_INFO);
		if (f)
			assert_int_equal(f->certainty, CERTAINTY_RECHECK);
	}
	assert_int_equal(f->severity, SEVERITY_WARNING);
}

static void test_settings(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(detect_set(&d.conf, "settle", "0.25", &err), 0);
	assert_int_equal(d.conf.settle, SEC / 4);
	assert_int_equal(detect_set(&d.conf, "deadlock", "info", &err), 0);
	assert_true(detect_set(&d.conf, "settle", "long", &err) < 0);
	err_clear(&err);
	assert_true(detect_set(&d.conf, "deadlock", "awful", &err) < 0);
	err_clear(&err);
	assert_true(detect_set(&d.conf, "whatever", "1", &err) < 0);
	fd_waits(10, SEC, R_MUTEX, "main.one:31");
	fd_waits(11, SEC, R_MUTEX, "main.two:41");
	ab_ba(SEC + SEC / 2, 0);
	assert_int_equal(fd_found(DETECT_DEADLOCK)->severity, SEVERITY_INFO);
	assert_int_equal(detect_set(&d.conf, "deadlock", "off", &err), 0);
	ab_ba(2 * SEC, 0);
	assert_null(fd_found(DETECT_DEADLOCK));
}

static void test_mute(void **state)
{
	finding_order v = { 0 };
	uint64_t id;

	(void)state;
	fd_waits(10, SEC, R_MUTEX, "main.one:31");
	fd_waits(11, SEC, R_MUTEX, "main.two:41");
	ab_ba(3 * SEC, 0);
	assert_int_equal(d.findings.count[SEVERITY_ERROR], 1);
	id = fd_found(DETECT_DEADLOCK)->id;
	assert_true(findings_mute(&d.findings, id, true));
	assert_int_equal(d.findings.count[SEVERITY_ERROR], 0);
	ab_ba(4 * SEC, 0);
	assert_true(findings_get(&d.findings, id)->muted);
	assert_int_equal(d.findings.count[SEVERITY_ERROR], 0);
	assert_false(findings_mute(&d.findings, id + 1, true));
	findings_order(&d.findings, false, &v);
	assert_int_equal(v.n, 1);
	vec_free(&v);
}

/* A trace names no objects: what wakers and stacks show is to be looked at again. */
static void test_trace(void **state)
{
	const struct finding *f;

	(void)state;
	w.live.pid = 0;
	for (uint64_t id = 10; id < 12; id++) {
		fw_go(&w, id, 0, "main.main:20");
		fw_block(&w, id, SEC / 2, R_MUTEX, "main.one:31");
		fw_apply(&w, (struct event){
				     .time = SEC, .g = id, .peer = 21 - id, .kind = EV_UNBLOCK });
		fw_apply(&w, (struct event){ .time = SEC, .g = id, .kind = EV_RUN });
		fw_block(&w, id, SEC, R_MUTEX, "main.one:33");
	}
	fw_until(&w, 5 * SEC);
	w.progress.whole = true;
	assert_true(detect_look(&d, &w));
	assert_false(detect_look(&d, &w)); /* nothing is new */
	for (size_t i = 0; i < d.findings.v.n; i++) {
		f = &d.findings.v.v[i];
		assert_int_equal(f->detector, DETECT_DEADLOCK);
		assert_int_equal(f->certainty, CERTAINTY_RECHECK);
		assert_int_equal(f->n, 2);
		assert_int_equal(f->line, 33);
	}
	assert_true(d.findings.v.n >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FD_TEST(test_ring),
		FD_TEST(test_same_id_elsewhere),
		FD_TEST(test_looks_that_prove),
		FD_TEST(test_never_proven),
		FD_TEST(test_refuted),
		FD_TEST(test_three_and_behind),
		FD_TEST(test_self),
		FD_TEST(test_rlock_twice),
		FD_TEST(test_waitgroup),
		FD_TEST(test_lock_and_channel),
		FD_TEST(test_all_asleep),
		FD_TEST(test_unknown_holder),
		FD_TEST(test_settings),
		FD_TEST(test_mute),
		FD_TEST(test_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

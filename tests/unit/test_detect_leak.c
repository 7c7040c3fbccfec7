/* SPDX-License-Identifier: Apache-2.0 */
/* Leaks, nil channels, starvation, queues, hints of races; and their healthy likes. */
#include "fault_detect.h"

static void one_channel(int64_t t, unsigned flags, enum wait_op op)
{
	fw_facts(&w, t);
	fw_until(&w, t);
	fw_object(&w, A, OBJ_CHAN, flags, 0);
	fw_wait(&w, 10, A, op);
	fw_hold(&w, 10, A, HOLD_REF);
}

static void test_abandoned(void **state)
{
	const struct finding *f;

	(void)state;
	fd_waits(10, SEC, R_CHAN_SEND, "main.work:31");
	one_channel(2 * SEC, 0, OP_SEND);
	fd_look();
	assert_int_equal(fd_count(), 0);
	one_channel(4 * SEC, 0, OP_SEND);
	fd_look();
	f = fd_found(DETECT_LEAK);
	assert_non_null(f);
	assert_int_equal(f->severity, SEVERITY_WARNING);
	assert_int_equal(f->certainty, CERTAINTY_LIKELY);
	assert_int_equal(f->goid.v[0], 10);
	assert_int_equal(f->object.v[0], A);
	assert_int_equal(f->line, 31);
	for (int64_t t = 5; t < 9; t++) {
		one_channel(t * SEC, 0, OP_SEND);
		fd_look();
	}
	assert_int_equal(fd_found(DETECT_LEAK)->certainty, CERTAINTY_PROVEN);
}

static void test_reachable(void **state)
{
	static const unsigned flags[] = { OBJF_GLOBAL, OBJF_SHARED, OBJF_SEARCHED };

	(void)state;
	fd_waits(10, SEC, R_CHAN_RECV, "main.work:31");
	for (unsigned i = 0; i < 3; i++) {
		one_channel((4 + i) * SEC, flags[i], OP_RECV);
		fd_look();
		assert_int_equal(fd_count(), 0);
	}
	one_channel(9 * SEC, 0, OP_RECV);
	fw_hold(&w, 1, A, HOLD_REF);
	fd_look();
	assert_int_equal(fd_count(), 0);
}

static void test_many_alike(void **state)
{
	const struct finding *f;

	(void)state;
	for (uint64_t id = 100; id < 400; id++)
		fd_waits(id, SEC, R_CHAN_SEND, "main.work:31");
	fw_facts(&w, 4 * SEC);
	fw_until(&w, 4 * SEC);
	for (uint64_t id = 100; id < 400; id++) {
		fw_object(&w, 0x1000 + id * 16, OBJ_CHAN, 0, 0);
		fw_wait(&w, id, 0x1000 + id * 16, OP_SEND);
	}
	fd_look();
	f = fd_found(DETECT_LEAK);
	assert_non_null(f);
	assert_int_equal(f->n, 300);
	assert_int_equal(f->goid.n, FINDING_IDS);
	assert_int_equal(f->object.n, FINDING_IDS);
}

static void test_select_of_nothing_left(void **state)
{
	(void)state;
	fd_waits(10, SEC, R_SELECT, "main.work:31");
	fd_waits(11, SEC, R_SELECT, "main.work:35");
	fw_facts(&w, 4 * SEC);
	fw_until(&w, 4 * SEC);
	fw_object(&w, A, OBJ_CHAN, 0, 0);
	fw_object(&w, B, OBJ_CHAN, 0, 0);
	fw_object(&w, C, OBJ_CHAN, 0, 0);
	fw_case(&w, 10, A, OP_RECV, 0);
	fw_case(&w, 10, B, OP_RECV, 1);
	fw_case(&w, 11, B, OP_RECV, 0);
	fw_case(&w, 11, C, OP_RECV, 1);
	fw_hold(&w, 1, C, HOLD_REF);
	fd_look();
	assert_int_equal(fd_found(DETECT_LEAK)->n, 1);
	assert_int_equal(fd_found(DETECT_LEAK)->goid.v[0], 10);
}

/* A group of one origin: made one a second, all of them wait. */
static void grow(int64_t from, int64_t to, bool ends)
{
	for (int64_t t = from; t < to; t++) {
		fd_waits((uint64_t)(1000 + t), t * SEC, R_CHAN_RECV, "main.serve:60");
		if (ends && t > from + 2)
			fw_apply(&w, (struct event){ .time = t * SEC,
						     .g = (uint64_t)(1000 + t - 2),
						     .kind = EV_DEAD });
	}
	fw_until(&w, to * SEC);
}

static void test_growth(void **state)
{
	const struct finding *f;

	(void)state;
	grow(1, 30, false);
	detect_now(&d, &w);
	assert_int_equal(fd_found(DETECT_LEAK)->severity, SEVERITY_INFO); /* it may be warming up */
	grow(30, 90, false);
	detect_now(&d, &w);
	f = fd_found(DETECT_LEAK);
	assert_int_equal(f->severity, SEVERITY_WARNING);
	assert_int_equal(f->n, 89);
	assert_int_equal(f->line, 60);
}

static void test_growth_that_ends(void **state)
{
	(void)state;
	grow(1, 90, true);
	detect_now(&d, &w);
	assert_int_equal(fd_count(), 0);
}

static void test_growth_that_stopped(void **state)
{
	(void)state;
	grow(1, 60, false);
	fw_until(&w, 90 * SEC);
	detect_now(&d, &w);
	assert_int_equal(fd_count(), 0);
}

static void test_nil(void **state)
{
	const struct finding *f;

	(void)state;
	for (uint64_t id = 10; id < 13; id++)
		fd_waits(id, SEC, R_CHAN_SEND_NIL, "main.work:31");
	detect_now(&d, &w);
	f = fd_found(DETECT_NIL_CHANNEL);
	assert_non_null(f);
	assert_int_equal(f->n, 3);
	assert_int_equal(f->severity, SEVERITY_ERROR);
	assert_int_equal(f->certainty, CERTAINTY_PROVEN);
	assert_int_equal(fd_count(), 1);
}

static void test_select_empty(void **state)
{
	(void)state;
	fw_block(&w, 1, SEC, R_SELECT_EMPTY, "main.main:70");
	detect_now(&d, &w);
	assert_int_equal(fd_count(), 0); /* main may */
	fd_waits(10, SEC, R_SELECT_EMPTY, "main.work:31");
	detect_now(&d, &w);
	assert_int_equal(fd_found(DETECT_NIL_CHANNEL)->severity, SEVERITY_WARNING);
}

static void test_starving(void **state)
{
	const struct finding *f;

	(void)state;
	fw_go(&w, 10, SEC, "main.main:20"); /* runs, and goes on */
	fw_apply(&w, (struct event){ .time = SEC,
				     .g = 11,
				     .peer = 1,
				     .kind = EV_CREATE,
				     .state = GS_RUNNABLE,
				     .stack2 = fw_stack(&w, "main.starved:1") });
	fw_until(&w, SEC + SEC / 2);
	detect_now(&d, &w);
	assert_int_equal(fd_count(), 0);
	fw_until(&w, 2 * SEC + SEC / 2);
	detect_now(&d, &w);
	assert_int_equal(fd_found(DETECT_STARVATION)->severity, SEVERITY_INFO);
	fw_until(&w, 4 * SEC);
	detect_now(&d, &w);
	f = fd_found(DETECT_STARVATION);
	assert_int_equal(f->severity, SEVERITY_WARNING);
	assert_int_equal(f->goid.v[0], 10); /* the culprit first */
	w.live.state = LIVE_STOPPED; /* a stopped program starves nobody */
	detect_now(&d, &w);
	assert_null(fd_found(DETECT_STARVATION));
}

static void queue_at(int64_t t, enum object_kind kind, enum wait_op op, unsigned n)
{
	fw_facts(&w, t);
	fw_until(&w, t);
	fw_object(&w, A, kind, OBJF_LOCKED, 0);
	for (uint64_t id = 10; id < 10 + n; id++)
		fw_wait(&w, id, A, op);
	fw_hold(&w, 1, A, kind == OBJ_CHAN ? HOLD_REF : HOLD_LOCK);
	fd_look();
}

static void test_queue(void **state)
{
	const struct finding *f;

	(void)state;
	for (uint64_t id = 10; id < 20; id++)
		fd_waits(id, SEC, R_MUTEX, "main.work:31");
	for (int64_t i = 0; i < 12; i++)
		queue_at(2 * SEC + i * SEC / 4, OBJ_MUTEX, OP_LOCK, 10);
	f = fd_found(DETECT_CONTENTION);
	assert_non_null(f);
	assert_int_equal(f->severity, SEVERITY_INFO);
	assert_int_equal(f->object.v[0], A);
	for (int64_t i = 0; i < 24; i++)
		queue_at(6 * SEC + i * SEC / 4, OBJ_MUTEX, OP_LOCK, 0);
	assert_int_equal(fd_count(), 0);
}

static void test_idle_pool_is_no_queue(void **state)
{
	(void)state;
	for (uint64_t id = 10; id < 20; id++)
		fd_waits(id, SEC, R_CHAN_RECV, "main.work:31");
	for (int64_t i = 0; i < 40; i++)
		queue_at(2 * SEC + i * SEC / 4, OBJ_CHAN, OP_RECV, 10);
	assert_int_equal(fd_count(), 0);
}

/* Goroutine 1 has lock A and waits at B; 10 waits for the lock. */
static void held_at(int64_t t, enum object_kind kind, enum wait_op op, unsigned flags)
{
	fw_facts(&w, t);
	fw_until(&w, t);
	fw_object(&w, A, OBJ_MUTEX, OBJF_LOCKED, 0);
	fw_object(&w, B, kind, flags, 0);
	fw_wait(&w, 10, A, OP_LOCK);
	fw_wait(&w, 1, B, op);
	fw_hold(&w, 1, A, HOLD_LOCK);
	fd_look();
}

static void test_held_lock(void **state)
{
	const struct finding *f;

	(void)state;
	fd_waits(1, SEC, R_NET, "main.put:40");
	fd_waits(10, SEC, R_MUTEX, "main.work:31");
	held_at(5 * SEC, OBJ_POLL, OP_READ, 0);
	assert_null(fd_found(DETECT_HELD));
	held_at(12 * SEC, OBJ_POLL, OP_READ, 0);
	f = fd_found(DETECT_HELD);
	assert_non_null(f);
	assert_int_equal(f->severity, SEVERITY_WARNING);
	assert_int_equal(f->goid.v[0], 1); /* who holds it first */
	assert_int_equal(f->object.v[0], A);
	assert_int_equal(f->line, 40);
	/* what waits for a lock itself is not where it ends */
	held_at(13 * SEC, OBJ_MUTEX, OP_LOCK, OBJF_LOCKED);
	assert_null(fd_found(DETECT_HELD));
}

/* Nobody waits for it: a program may keep a lock for as long as it lives. */
static void test_lock_for_life(void **state)
{
	(void)state;
	fd_waits(1, SEC, R_NET, "main.put:40");
	for (int64_t t = 2; t < 60; t += 10) {
		fw_facts(&w, t * SEC);
		fw_until(&w, t * SEC);
		fw_object(&w, A, OBJ_MUTEX, OBJF_LOCKED, 0);
		fw_object(&w, B, OBJ_POLL, 0, 0);
		fw_wait(&w, 1, B, OP_READ);
		fw_hold(&w, 1, A, HOLD_LOCK);
		fd_look();
		assert_int_equal(fd_count(), 0);
	}
}

/* Two frames: the one that was stopped there, and what stopped it. */
static uint32_t preempted_at(const char *place)
{
	struct frame f[2] = { { .func = world_str(&w, "runtime.asyncPreempt2"),
				.file = world_str(&w, "/go/src/runtime/preempt.go"),
				.line = 308 } };

	f[1] = *stacktab_frame(&w.stacks, fw_stack(&w, place), 0);
	return stacktab_put(&w.stacks, f, 2);
}

static void race_go(uint64_t id, enum event_kind kind, uint32_t stack)
{
	fw_apply(&w, (struct event){ .time = SEC,
				     .g = id,
				     .peer = 1,
				     .kind = EV_CREATE,
				     .state = GS_RUNNABLE,
				     .stack = fw_stack(&w, "main.main:20"),
				     .stack2 = fw_stack(&w, "main.main.func1:30") });
	if (kind != EV_RUN)
		fw_apply(&w, (struct event){ .time = SEC, .g = id, .kind = EV_RUN });
	fw_apply(&w, (struct event){ .time = SEC, .g = id, .kind = (uint8_t)kind, .stack = stack });
}

static void test_race_hint(void **state)
{
	const struct finding *f;
	struct frame runs = { .func = world_str(&w, "[running]") };

	(void)state;
	race_go(10, EV_PREEMPT, preempted_at("main.main.func1:31"));
	race_go(12, EV_PREEMPT, fw_stack(&w, "main.main.func1:30")); /* made, and not run yet */
	fw_facts(&w, 2 * SEC);
	fd_look();
	assert_null(fd_found(DETECT_RACE));
	race_go(11, EV_RUN, stacktab_put(&w.stacks, &runs, 1));
	fw_until(&w, 3 * SEC);
	fw_facts(&w, 3 * SEC);
	fd_look();
	f = fd_found(DETECT_RACE);
	assert_non_null(f);
	assert_int_equal(f->severity, SEVERITY_INFO);
	assert_int_equal(f->certainty, CERTAINTY_RECHECK);
	assert_int_equal(f->n, 2);
	assert_int_equal(f->line, 31);
	fw_facts(&w, 4 * SEC);
	fw_object(&w, A, OBJ_MUTEX, OBJF_LOCKED, 0);
	fw_hold(&w, 10, A, HOLD_LOCK);
	fd_look();
	assert_null(fd_found(DETECT_RACE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FD_TEST(test_abandoned),
		FD_TEST(test_reachable),
		FD_TEST(test_many_alike),
		FD_TEST(test_select_of_nothing_left),
		FD_TEST(test_growth),
		FD_TEST(test_growth_that_ends),
		FD_TEST(test_growth_that_stopped),
		FD_TEST(test_nil),
		FD_TEST(test_select_empty),
		FD_TEST(test_starving),
		FD_TEST(test_queue),
		FD_TEST(test_idle_pool_is_no_queue),
		FD_TEST(test_held_lock),
		FD_TEST(test_lock_for_life),
		FD_TEST(test_race_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The model: names, the goroutine table, and its past made again at any time. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/evlog.h"
#include "core/world.h"

static uint32_t put(struct strtab *t, const char *s)
{
	return strtab_put(t, s, strlen(s));
}

static void test_strings(void **state)
{
	struct strtab t;
	char name[32];

	(void)state;
	strtab_init(&t);
	assert_int_equal(put(&t, ""), 0);
	for (uint32_t i = 1; i < 5000; i++) {
		snprintf(name, sizeof(name), "name %" PRIu32, i);
		assert_int_equal(put(&t, name), i);
	}
	for (uint32_t i = 1; i < 5000; i += 7) {
		snprintf(name, sizeof(name), "name %" PRIu32, i);
		assert_int_equal(put(&t, name), i);
		assert_string_equal(strtab_get(&t, i), name);
	}
	/* equal up to a NUL, and no UTF-8 */
	assert_int_not_equal(strtab_put(&t, "a\0b", 3), strtab_put(&t, "a\0c", 3));
	assert_int_equal(strtab_len(&t, strtab_put(&t, "\xff\xfe", 2)), 2);
	assert_string_equal(strtab_get(&t, 1000000), "");
	strtab_release(&t);
}

static void test_stacks(void **state)
{
	struct frame f[3] = { { .pc = 1, .func = 1, .line = 10 },
			      { .pc = 2, .func = 2, .line = 20 },
			      { .pc = 2, .func = 2, .line = 21 } };
	struct stacktab t;
	uint32_t a, b;

	(void)state;
	stacktab_init(&t);
	assert_int_equal(stacktab_put(&t, f, 0), 0);
	a = stacktab_put(&t, f, 2);
	b = stacktab_put(&t, f, 3);
	assert_int_not_equal(a, b);
	assert_int_equal(stacktab_put(&t, f, 2), a);
	assert_int_equal(stacktab_depth(&t, b), 3);
	assert_int_equal(stacktab_frame(&t, b, 2)->line, 21);
	assert_null(stacktab_frame(&t, b, 3));
	assert_null(stacktab_frame(&t, 12345, 0));
	f[0].line = 11; /* one line apart is another stack */
	assert_int_not_equal(stacktab_put(&t, f, 2), a);
	assert_int_equal(t.frame.n, 4);
	stacktab_release(&t);
}

static void test_map(void **state)
{
	struct map64 m = { 0 };

	(void)state;
	assert_int_equal(map64_get(&m, 0), UINT32_MAX);
	for (uint64_t i = 0; i < 20000; i++)
		map64_put(&m, i * 0x100000001ull, (uint32_t)i);
	map64_put(&m, 0, 77);
	map64_put(&m, UINT64_MAX, 78);
	assert_int_equal(map64_get(&m, 0), 77);
	assert_int_equal(map64_get(&m, UINT64_MAX), 78);
	for (uint64_t i = 1; i < 20000; i++)
		assert_int_equal(map64_get(&m, i * 0x100000001ull), i);
	assert_int_equal(map64_get(&m, 1), UINT32_MAX);
	map64_clear(&m);
	assert_int_equal(map64_get(&m, 0), UINT32_MAX);
	map64_free(&m);
}

/* --- the table and its past, against a plain list of events --- */

enum { GOIDS = 150, EVENTS = 60000, LOOKS = 60 };

struct model {
	struct world w;
	struct evlog *log;
	VEC(struct event) ev;
	uint64_t seed;
	int64_t now;
};

static uint32_t roll(struct model *m, uint32_t n)
{
	m->seed = m->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(m->seed >> 33) % n;
}

static void tell(struct model *m, struct event ev)
{
	ev.m = ev.p = NO_ID;
	world_apply(&m->w, &ev);
	evlog_append(m->log, &ev);
	*vec_push(&m->ev) = ev;
}

static uint8_t model_state(const struct model *m, uint64_t goid)
{
	uint32_t row = world_find(&m->w, goid);

	return row == NO_G ? GS_NONE : m->w.now.state[row];
}

/* One step that a goroutine can make from where it is. */
static void step(struct model *m, const uint32_t *stack)
{
	uint64_t goid = 1 + roll(m, GOIDS);
	struct event ev = { .time = m->now, .g = goid, .stack = stack[roll(m, 40)] };

	m->now += roll(m, 3) ? roll(m, 900) : 0; /* some at the same time */
	switch (model_state(m, goid)) {
	case GS_NONE:
	case GS_DEAD:
		ev.kind = EV_CREATE;
		ev.peer = 1 + roll(m, GOIDS);
		ev.stack2 = stack[roll(m, 40)];
		ev.state = GS_RUNNABLE;
		break;
	case GS_RUNNABLE:
		ev.kind = EV_RUN;
		ev.stack = 0;
		break;
	case GS_RUNNING:
		ev.kind = (uint8_t[]){ EV_BLOCK, EV_PREEMPT, EV_SYSCALL, EV_BLOCK,
				       EV_DEAD }[roll(m, 5)];
		if (ev.kind == EV_BLOCK)
			ev.reason = (uint8_t)(R_CHAN_SEND + roll(m, 8));
		break;
	case GS_SYSCALL:
		ev.kind = EV_SYSCALL_EXIT;
		ev.state = roll(m, 2) ? GS_RUNNING : GS_RUNNABLE;
		break;
	default:
		ev.kind = EV_UNBLOCK;
		ev.peer = 1 + roll(m, GOIDS);
		break;
	}
	tell(m, ev);
}

/* What the list says of a goroutine at a time: its state, and since when. */
static uint8_t list_state(const struct model *m, uint64_t goid, int64_t t, int64_t *since,
			  uint8_t *reason)
{
	uint8_t s = GS_NONE;

	for (size_t i = 0; i < m->ev.n && m->ev.v[i].time <= t; i++) {
		const struct event *ev = &m->ev.v[i];

		if (ev->g != goid)
			continue;
		s = ev->kind == EV_CREATE || ev->kind == EV_SYSCALL_EXIT ? ev->state
		    : ev->kind == EV_RUN				 ? GS_RUNNING
		    : ev->kind == EV_BLOCK				 ? GS_BLOCKED
		    : ev->kind == EV_SYSCALL				 ? GS_SYSCALL
		    : ev->kind == EV_DEAD				 ? GS_DEAD
									 : GS_RUNNABLE;
		*since = ev->time;
		*reason = ev->reason;
	}
	return s;
}

static void expect_moment(struct model *m, int64_t t)
{
	struct moment at = { 0 };
	uint64_t alive = 0;

	assert_int_equal(world_at(&m->w, t, &at), 0);
	for (uint64_t goid = 1; goid <= GOIDS; goid++) {
		int64_t since = 0;
		uint8_t reason = 0, want = list_state(m, goid, t, &since, &reason);
		uint32_t row = world_find_at(&m->w, goid, t);

		alive += want != GS_NONE && want != GS_DEAD;
		if (want == GS_NONE) {
			assert_true(row == NO_G || row >= at.n || at.state[row] == GS_NONE);
			continue;
		}
		assert_int_not_equal(row, NO_G);
		assert_int_equal(at.state[row], want);
		assert_true(at.since[row] == since);
		assert_int_equal(at.reason[row], reason);
	}
	for (int s = GS_RUNNING; s < GS_DEAD; s++)
		alive -= at.count[s];
	assert_int_equal(alive, 0);
	moment_release(&at);
}

static void test_past(void **state)
{
	struct model m = { .seed = 20261121 };
	uint32_t stack[40];

	(void)state;
	world_init(&m.w);
	m.log = evlog_new(256 << 20);
	m.w.history = evlog_history(m.log);
	for (uint32_t i = 0; i < 40; i++) {
		struct frame f = { .pc = i + 1, .func = world_str(&m.w, "main.f"), .line = i };

		stack[i] = stacktab_put(&m.w.stacks, &f, 1);
	}
	for (int i = 0; i < EVENTS; i++)
		step(&m, stack);
	assert_true(m.w.seg.n > 2); /* else nothing is made again */
	assert_true(m.w.g.n > GOIDS); /* ids came back */
	expect_moment(&m, m.w.t_end);
	for (int i = 0; i < LOOKS; i++)
		expect_moment(&m, (int64_t)roll(&m, (uint32_t)m.w.t_end));
	expect_moment(&m, m.ev.v[EVENTS / 2].time); /* at an event itself */
	world_close_segment(&m.w);
	expect_moment(&m, m.w.t_end);
	evlog_free(m.log);
	vec_free(&m.ev);
	world_release(&m.w);
}

static void test_totals(void **state)
{
	struct model m = { 0 };
	int64_t ns[SHARE_N];

	(void)state;
	world_init(&m.w);
	m.log = evlog_new(1 << 20);
	tell(&m, (struct event){ .time = 100, .g = 5, .kind = EV_CREATE, .state = GS_RUNNABLE });
	tell(&m, (struct event){ .time = 130, .g = 5, .kind = EV_RUN });
	world_close_segment(&m.w);
	tell(&m, (struct event){ .time = 200, .g = 5, .kind = EV_BLOCK, .reason = R_SELECT });
	tell(&m, (struct event){ .time = 1000, .g = 5, .kind = EV_UNBLOCK, .peer = 9 });
	tell(&m, (struct event){ .time = 1001, .g = 6, .kind = EV_CREATE, .state = GS_RUNNABLE });
	world_totals(&m.w, world_find(&m.w, 5), ns);
	assert_int_equal(ns[SHARE_READY], 30 + 1);
	assert_int_equal(ns[SHARE_RUN], 70);
	assert_int_equal(ns[SHARE_BLOCKED], 800);
	assert_int_equal(ns[SHARE_SYSCALL], 0);
	assert_int_equal(m.w.entry.v[m.w.g.v[0].last_entry].waker, 9);
	evlog_free(m.log);
	vec_free(&m.ev);
	world_release(&m.w);
}

/* A source of its own segments says the same as one of events. */
static void test_merge(void **state)
{
	struct world w;
	struct seg_g first[] = {
		{ .goid = 3,
		  .flags = SEGG_FIRST,
		  .first_state = GS_BLOCKED,
		  .first_reason = R_NET,
		  .state = GS_BLOCKED,
		  .reason = R_NET,
		  .since = T_BEFORE },
		{ .goid = 4,
		  .flags = SEGG_CREATED,
		  .t_create = 10,
		  .creator = 3,
		  .state = GS_RUNNING,
		  .since = 20 },
	};
	struct seg_g second[] = {
		{ .goid = 4, .flags = SEGG_ENDED, .t_end = 150, .state = GS_DEAD, .since = 150 },
		{ .goid = 4,
		  .flags = SEGG_CREATED,
		  .t_create = 160,
		  .creator = 3,
		  .state = GS_RUNNABLE,
		  .since = 160 },
	};

	(void)state;
	world_init(&w);
	world_merge(&w, 0, 100, 7, first, 2);
	assert_int_equal(w.now.count[GS_BLOCKED], 1);
	assert_int_equal(w.now.count[GS_RUNNING], 1);
	world_merge(&w, 100, 200, 2, second, 2);
	assert_int_equal(w.g.n, 3);
	assert_int_equal(w.now.count[GS_DEAD], 1);
	assert_int_equal(w.now.count[GS_RUNNABLE], 1);
	assert_int_equal(world_find(&w, 4), 2);
	assert_int_equal(world_find_at(&w, 4, 120), 1);
	assert_int_equal(w.g.v[1].t_end, 150);
	assert_int_equal(world_segment(&w, 101), 1);
	assert_int_equal(world_segment(&w, 201), 2);
	world_release(&w);
}

static void test_bands(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_band(&w, 10, T_NEVER, world_str(&w, "GC concurrent mark phase"));
	world_band(&w, 12, 14, world_str(&w, "stop-the-world (GC mark termination)"));
	world_band_end(&w, 20, world_str(&w, "GC concurrent mark phase"));
	assert_int_equal(w.band.n, 2);
	assert_int_equal(w.band.v[0].kind, BAND_GC);
	assert_int_equal(w.band.v[0].t1, 20);
	assert_int_equal(w.band.v[1].kind, BAND_STW);
	world_warn(&w, "something is missing");
	world_warn(&w, "something is missing");
	assert_int_equal(w.warning.n, 1);
	world_release(&w);
}

/* --- reasons --- */

static uint32_t stack_of(struct world *w, const char *const *func, uint32_t n)
{
	struct frame f[8] = { 0 };

	for (uint32_t i = 0; i < n; i++)
		f[i].func = world_str(w, func[i]);
	return stacktab_put(&w->stacks, f, n);
}

static void test_reasons(void **state)
{
	static const struct {
		const char *text, *func[4];
		enum reason want;
	} cases[] = {
		{ "chan send", { "runtime.chansend1", "main.f" }, R_CHAN_SEND },
		{ "chan receive (nil chan)", { "main.f" }, R_CHAN_RECV_NIL },
		{ "select (no cases)", { "main.f" }, R_SELECT_EMPTY },
		{ "forever", { "runtime.block", "main.f" }, R_SELECT_EMPTY },
		{ "forever", { "runtime.chansend", "main.f" }, R_CHAN_SEND_NIL },
		{ "semacquire",
		  { "sync.runtime_SemacquireMutex", "sync.(*Mutex).lockSlow" },
		  R_MUTEX },
		{ "semacquire",
		  { "sync.runtime_Semacquire", "sync.(*WaitGroup).Wait" },
		  R_WAITGROUP },
		{ "sync.Mutex.Lock",
		  { "sync.(*Mutex).lockSlow", "sync.(*Mutex).Lock", "sync.(*RWMutex).Lock" },
		  R_RWMUTEX_WRITE },
		{ "sync.RWMutex.RLock", { "sync.(*RWMutex).RLock" }, R_RWMUTEX_READ },
		{ "sync", { "sync.(*Cond).Wait" }, R_COND },
		{ "sync", { "main.f" }, R_SEMAPHORE },
		{ "IO wait", { "internal/poll.runtime_pollWait", "net.(*conn).Read" }, R_NET },
		{ "IO wait",
		  { "internal/poll.runtime_pollWait", "internal/poll.(*FD).Read",
		    "os.(*File).Read" },
		  R_IO },
		{ "sleep", { "time.Sleep" }, R_SLEEP },
		{ "GC worker (idle)", { "runtime.gcBgMarkWorker" }, R_GC },
		{ "finalizer wait", { "runtime.runFinalizers" }, R_FINALIZER },
		{ "something of Go 1.40", { "main.f" }, R_OTHER },
		{ "", { "runtime.chanrecv1", "main.f" }, R_CHAN_RECV },
	};
	struct world w;

	(void)state;
	world_init(&w);
	for (int twice = 0; twice < 2; twice++) /* the second time from memory */
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			uint32_t n = 0;

			while (n < 4 && cases[i].func[n])
				n++;
			assert_int_equal(world_reason(&w, world_str(&w, cases[i].text),
						      stack_of(&w, cases[i].func, n)),
					 cases[i].want);
		}
	world_release(&w);
}

static void test_system(void **state)
{
	static const char *const main_[] = { "main.main", "runtime.main" };
	static const char *const sweep[] = { "runtime.gopark", "runtime.bgsweep" };
	static const char *const final[] = { "main.free", "runtime.runfinq" };
	struct world w;

	(void)state;
	world_init(&w);
	assert_false(world_system_stack(&w, stack_of(&w, main_, 2)));
	assert_true(world_system_stack(&w, stack_of(&w, sweep, 2)));
	assert_true(world_system_stack(&w, stack_of(&w, sweep, 2)));
	assert_true(world_finalizer_stack(&w, stack_of(&w, final, 2)));
	assert_true(world_user_frames(&w, stack_of(&w, final, 2)));
	assert_false(world_user_frames(&w, stack_of(&w, sweep, 2)));
	world_release(&w);
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 1; i < R_N; i++)
		assert_int_equal(reason_parse(reason_name((enum reason)i)), i);
	for (int i = 1; i < GS_N; i++)
		assert_int_equal(gstate_parse(gstate_name((enum gstate)i)), i);
	for (int i = 1; i < EV_N; i++)
		assert_int_equal(event_parse(event_name((enum event_kind)i)), i);
	assert_int_equal(reason_parse("no such reason"), -1);
	assert_int_equal(state_letter(GS_BLOCKED, R_MUTEX), 'L');
	assert_int_equal(state_letter(GS_BLOCKED, R_CHAN_RECV), 'B');
	assert_int_equal(state_letter(GS_RUNNING, R_NONE), 'R');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings), cmocka_unit_test(test_stacks),
		cmocka_unit_test(test_map),	cmocka_unit_test(test_past),
		cmocka_unit_test(test_totals),	cmocka_unit_test(test_merge),
		cmocka_unit_test(test_bands),	cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_system),	cmocka_unit_test(test_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

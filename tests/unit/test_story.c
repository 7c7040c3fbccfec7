/* SPDX-License-Identifier: Apache-2.0 */
/* One goroutine's story against all events that there were, over many segments. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/closeup.h"
#include "core/evlog.h"

enum { GOIDS = 12, PER_SEGMENT = 60 };

/* Jobs that end when the test says so. */
struct slow_jobs {
	struct jobs jobs; /* first: submit() comes back from it */
	struct {
		void (*work)(void *);
		void (*done)(void *);
		void *arg;
	} job[64];
	int n, taken;
};

struct fix {
	struct world w;
	struct evlog *log;
	VEC(struct event) ev;
	uint64_t seed;
	int64_t now;
	struct slow_jobs slow;
	struct storyteller teller;
	struct closeup closeup;
	int told;
};

static uint32_t roll(struct fix *f, uint32_t n)
{
	f->seed = f->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(f->seed >> 33) % n;
}

static void submit(struct jobs *j, void (*work)(void *), void (*done)(void *), void *arg)
{
	struct slow_jobs *s = (struct slow_jobs *)j;

	assert_true(s->n < 64);
	s->job[s->n].work = work;
	s->job[s->n].done = done;
	s->job[s->n++].arg = arg;
}

static void finish_jobs(struct fix *f)
{
	struct slow_jobs *s = &f->slow;

	for (; s->taken < s->n; s->taken++) {
		s->job[s->taken].work(s->job[s->taken].arg);
		s->job[s->taken].done(s->job[s->taken].arg);
	}
	s->n = s->taken = 0;
}

static void told(void *arg)
{
	((struct fix *)arg)->told++;
}

static void tell(struct fix *f, struct event ev)
{
	ev.time = f->now += 1 + roll(f, 30);
	ev.m = ev.p = NO_ID;
	world_apply(&f->w, &ev);
	evlog_append(f->log, &ev);
	*vec_push(&f->ev) = ev;
	if (f->w.open.n_events >= PER_SEGMENT)
		world_close_segment(&f->w);
}

static uint8_t state_of(const struct fix *f, uint64_t goid)
{
	uint32_t row = world_find(&f->w, goid);

	return row == NO_G ? GS_NONE : f->w.now.state[row];
}

static uint64_t some_running(struct fix *f)
{
	for (int i = 0; i < 20; i++) {
		uint64_t goid = 1 + roll(f, GOIDS);

		if (state_of(f, goid) == GS_RUNNING)
			return goid;
	}
	return 0;
}

/* Goroutine 1 only runs, and wakes others; 2 moves seldom; ids of those that end come back. */
static void step(struct fix *f)
{
	uint64_t goid = 1 + roll(f, GOIDS);
	struct event ev = { .g = goid };

	if (goid == 2 && roll(f, 60))
		return;
	switch (state_of(f, goid)) {
	case GS_NONE:
	case GS_DEAD:
		ev.kind = EV_CREATE;
		ev.peer = some_running(f);
		ev.state = GS_RUNNABLE;
		break;
	case GS_RUNNABLE:
		ev.kind = EV_RUN;
		break;
	case GS_RUNNING:
		if (goid == 1)
			return;
		ev.kind = roll(f, 9) ? EV_BLOCK : EV_DEAD;
		ev.reason = ev.kind == EV_BLOCK ? R_SELECT : R_NONE;
		break;
	default:
		ev.kind = EV_UNBLOCK;
		ev.peer = roll(f, 2) ? 1 : some_running(f);
		break;
	}
	tell(f, ev);
}

static void steps(struct fix *f, size_t n)
{
	for (size_t want = f->ev.n + n; f->ev.n < want;)
		step(f);
}

static int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	f->seed = 3;
	world_init(&f->w);
	f->log = evlog_new(64 << 20);
	f->w.history = evlog_history(f->log);
	f->slow.jobs.submit = submit;
	f->teller = (struct storyteller){ .jobs = &f->slow.jobs, .told = told, .arg = f };
	f->closeup = (struct closeup){ .jobs = &f->slow.jobs, .told = told, .arg = f };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	story_release(&f->teller);
	closeup_release(&f->closeup);
	finish_jobs(f);
	evlog_free(f->log);
	world_release(&f->w);
	vec_free(&f->ev);
	free(f);
	return 0;
}

/* What it says it covers is there, whole and in order, and nothing else. */
static const struct story *expect(struct fix *f, uint32_t row, int64_t t)
{
	const struct goroutine *g = &f->w.g.v[row];
	const struct story *s;
	size_t k = 0;

	story_want(&f->teller, &f->w, row, t);
	finish_jobs(f);
	s = story_get(&f->teller, row);
	assert_non_null(s);
	assert_int_equal(s->row, row);
	assert_true(s->t0 <= t && t <= s->t1);
	for (size_t i = 0; i < f->ev.n; i++) {
		const struct event *ev = &f->ev.v[i];

		if ((ev->g != g->goid && ev->peer != g->goid) || ev->time < s->t0 ||
		    ev->time > s->t1 || ev->time < g->t_create || ev->time > g->t_end)
			continue;
		if (k == s->ev.n || s->ev.v[k].time != ev->time)
			print_error("g%" PRIu64 " at %" PRId64 ": event at %" PRId64
				    " is not there\n",
				    g->goid, t, ev->time);
		assert_true(k < s->ev.n);
		assert_true(s->ev.v[k].time == ev->time);
		assert_true(s->ev.v[k].g == ev->g);
		assert_int_equal(s->ev.v[k].kind, ev->kind);
		k++;
	}
	assert_int_equal(k, s->ev.n);
	for (size_t i = 0; i <= s->ev.n; i++)
		assert_int_equal(story_at(s, i < s->ev.n ? s->ev.v[i].time : INT64_MAX), i);
	return s;
}

static void test_all_times(void **state)
{
	struct fix *f = *state;

	steps(f, 60 * PER_SEGMENT + PER_SEGMENT / 2);
	assert_true(f->w.seg.n > 50 && f->w.open.n_events > 0);
	for (int i = 0; i < 400; i++)
		expect(f, roll(f, (uint32_t)f->w.g.n), roll(f, (uint32_t)f->now + 100));
	for (uint32_t row = 0; row < f->w.g.n; row++) {
		expect(f, row, 0);
		expect(f, row, f->w.t_end);
		expect(f, row, f->w.g.v[row].t_create);
	}
}

/* What a goroutine did to others while it ran on through whole segments is of its story. */
static void test_runs_on(void **state)
{
	struct fix *f = *state;
	uint32_t row;
	const struct story *s;
	size_t woken = 0;

	steps(f, 40 * PER_SEGMENT);
	row = world_find(&f->w, 1);
	s = expect(f, row, f->now / 2);
	for (size_t i = 0; i < s->ev.n; i++)
		woken += s->ev.v[i].kind == EV_UNBLOCK && s->ev.v[i].peer == 1;
	assert_true(woken > 100);
	assert_true(s->t0 == T_BEFORE && s->t1 == T_NEVER);
}

/* Of a life too long for one telling a stretch around the time is told, not the whole. */
static void test_long_life(void **state)
{
	struct fix *f = *state;
	uint32_t busy;
	const struct story *s;

	steps(f, 400 * PER_SEGMENT);
	busy = world_find(&f->w, 1);
	s = expect(f, busy, f->now / 2); /* ran on through them all */
	assert_true(s->t0 > 0 && s->t1 < f->w.t_end);
	s = expect(f, busy, f->now / 2 + 1); /* it is there */
	assert_int_equal(f->told, 1);
	expect(f, busy, 1);
	expect(f, busy, f->now);
	expect(f, world_find(&f->w, 2), f->now / 2); /* seldom does anything */
	for (uint32_t row = 0; row < f->w.g.n; row += 7)
		expect(f, row, f->now / 2);
	/* wanted again, each is answered with what covers the time: no asking for ever */
	assert_int_equal(f->slow.n, 0);
}

/* Two that do nothing but wake each other: the limit counts, around the time. */
static void test_limit(void **state)
{
	struct fix *f = *state;
	uint32_t row;
	const struct story *s;

	for (uint64_t g = 20; g < 22; g++)
		tell(f, (struct event){ .g = g, .kind = EV_CREATE, .state = GS_RUNNABLE });
	tell(f, (struct event){ .g = 20, .kind = EV_RUN });
	while (f->ev.n < 6 * STORY_EVENTS) {
		for (uint64_t g = 20; g < 22; g++) {
			tell(f, (struct event){ .g = 41 - g, .kind = EV_UNBLOCK, .peer = g });
			tell(f, (struct event){ .g = g, .kind = EV_BLOCK, .reason = R_CHAN_RECV });
			tell(f, (struct event){ .g = 41 - g, .kind = EV_RUN });
		}
		if (f->ev.n % 8192 < 6)
			world_close_segment(&f->w);
	}
	row = world_find(&f->w, 20);
	for (int i = 0; i < 20; i++) {
		s = expect(f, row, roll(f, (uint32_t)f->now));
		assert_true(s->ev.n < 3 * STORY_EVENTS);
	}
	expect(f, row, 0);
	expect(f, row, f->w.t_end);
}

static void test_under_way(void **state)
{
	struct fix *f = *state;

	steps(f, 10 * PER_SEGMENT);
	story_want(&f->teller, &f->w, 0, 10);
	story_want(&f->teller, &f->w, 0, 20); /* the same is under way */
	assert_int_equal(f->slow.n, 1);
	assert_null(story_get(&f->teller, 0));
	story_want(&f->teller, &f->w, 3, 20); /* another: the first is not wanted any more */
	assert_int_equal(f->slow.n, 2);
	finish_jobs(f);
	assert_int_equal(f->told, 1);
	assert_null(story_get(&f->teller, 0));
	assert_non_null(story_get(&f->teller, 3));
	story_want(&f->teller, &f->w, NO_G, 20);
	story_want(&f->teller, &f->w, (uint32_t)f->w.g.n, 20); /* no such row */
	assert_int_equal(f->slow.n, 0);
	story_want(&f->teller, &f->w, 0, 10);
	story_release(&f->teller); /* its answer comes, to nobody */
	finish_jobs(f);
	assert_int_equal(f->told, 1);
	assert_null(story_get(&f->teller, 0));
	assert_null(story_get(&f->teller, 3));
}

/* It goes on: told anew. Nobody remembers the past: nothing is asked. */
static void test_goes_on(void **state)
{
	struct fix *f = *state;
	uint32_t row;
	size_t n;

	steps(f, 10 * PER_SEGMENT);
	row = world_find(&f->w, 5);
	n = expect(f, row, f->w.t_end)->ev.n;
	steps(f, PER_SEGMENT);
	assert_true(world_find(&f->w, 5) != row || expect(f, row, f->w.t_end)->ev.n > n);
	f->w.history = NULL;
	story_want(&f->teller, &f->w, 1, 0);
	assert_int_equal(f->slow.n, 0);
}

/* --- several at once, from near --- */

static bool is_rows(const struct goroutine *g, const struct event *ev)
{
	return ev->g == g->goid && ev->time >= g->t_create && ev->time <= g->t_end;
}

/* All that the row did itself within what is covered, and nothing else. */
static void expect_near(struct fix *f, uint32_t row)
{
	const struct closeup *c = &f->closeup;
	const struct story *s = closeup_get(c, row);
	size_t k = 0;

	for (size_t i = 0; i < f->ev.n; i++) {
		const struct event *ev = &f->ev.v[i];

		if (!is_rows(&f->w.g.v[row], ev) || ev->time < c->t0 || ev->time > c->t1)
			continue;
		assert_non_null(s);
		assert_true(k < s->ev.n);
		assert_true(s->ev.v[k].time == ev->time);
		assert_int_equal(s->ev.v[k].kind, ev->kind);
		k++;
	}
	assert_true(s ? k == s->ev.n && k : !k);
}

static void test_near(void **state)
{
	struct fix *f = *state;
	uint32_t row[8];

	steps(f, 60 * PER_SEGMENT + PER_SEGMENT / 2);
	assert_true(f->w.g.n > 8); /* ids came back: some rows have the same */
	for (int i = 0; i < 300; i++) {
		uint32_t n = 1 + roll(f, 8), first = roll(f, (uint32_t)f->w.g.n - 7);
		int64_t t0 = roll(f, (uint32_t)f->now), t1 = t0 + 1 + roll(f, 2000);

		t1 = t1 < f->now ? t1 : f->now;
		for (uint32_t k = 0; k < n; k++)
			row[k] = first + k;
		closeup_want(&f->closeup, &f->w, row, n, t0, t1, 1000);
		finish_jobs(f);
		assert_true(t0 >= t1 || (f->closeup.t0 <= t0 && f->closeup.t1 >= t1));
		for (uint32_t k = 0; k < n; k++)
			expect_near(f, row[k]);
	}
}

/* What is there, under way, or too far to be told from near is not asked for. */
static void test_near_is_asked_once(void **state)
{
	const uint32_t rows[] = { 0, 1, 2 }, others[] = { 1, 2, 3 };
	struct fix *f = *state;

	steps(f, 20 * PER_SEGMENT);
	closeup_want(&f->closeup, &f->w, rows, 3, 100, f->now, 5);
	assert_int_equal(f->slow.n, 0); /* more than 5 segments */
	closeup_want(&f->closeup, &f->w, rows, 3, 100, 600, 1000);
	closeup_want(&f->closeup, &f->w, rows, 3, 100, 590, 1000);
	assert_int_equal(f->slow.n, 1);
	finish_jobs(f);
	assert_int_equal(f->told, 1);
	closeup_want(&f->closeup, &f->w, rows, 3, 120, 600, 1000);
	assert_int_equal(f->slow.n, 0);
	closeup_want(&f->closeup, &f->w, others, 3, 120, 600, 1000);
	closeup_want(&f->closeup, &f->w, rows, 2, 120, 600, 1000); /* takes the other's place */
	assert_int_equal(f->slow.n, 2);
	finish_jobs(f);
	assert_int_equal(f->told, 2);
	assert_int_equal(f->closeup.story.n, 2);
	closeup_want(&f->closeup, &f->w, others, 3, 120, 600, 1000);
	closeup_release(&f->closeup); /* its answer comes, to nobody */
	finish_jobs(f);
	assert_int_equal(f->told, 2);
	assert_null(closeup_get(&f->closeup, 1));
	f->w.history = NULL;
	closeup_want(&f->closeup, &f->w, rows, 3, 100, 600, 1000);
	assert_int_equal(f->slow.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_times, setup, teardown),
		cmocka_unit_test_setup_teardown(test_runs_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_life, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_under_way, setup, teardown),
		cmocka_unit_test_setup_teardown(test_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_near, setup, teardown),
		cmocka_unit_test_setup_teardown(test_near_is_asked_once, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Exact events and passes in one timeline: nothing is told twice, nothing goes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/live_priv.h"

enum { MS = 1000000, G = 7, STACK_AT = 1, STACK_START = 2, EVENTS = 100000 };

struct fix {
	struct live_source l;
	struct world w;
	struct live_batch batch;
	struct live_probed probed;
	struct event seen[EVENTS];
	size_t n;
};

static struct fix *f;

static int setup(void **state)
{
	struct frame at = { 0 }, start = { 0 };

	(void)state;
	f = xcalloc(1, sizeof(*f));
	world_init(&f->w);
	f->l.log = evlog_new(64 << 20);
	f->w.history = evlog_history(f->l.log);
	f->l.complete = T_NEVER;
	f->l.now = &f->batch;
	at.func = world_str(&f->w, "main.at");
	start.func = world_str(&f->w, "main.begin");
	/* Ids of both sides' own stacks: 0 none, 1 where it stands, 2 where it began. */
	for (int i = 0; i < 3; i++) {
		uint32_t id = i ? stacktab_put(&f->w.stacks, i == STACK_AT ? &at : &start, 1) : 0;

		*vec_push(&f->l.stack_id) = id;
		*vec_push(&f->l.exact_stack_id) = id;
	}
	for (int i = 0; i < 4; i++)
		*vec_push(&f->l.reason_id) =
			world_str(&f->w, i == 1 ? "chan receive" : "chan send");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	evlog_free(f->l.log);
	world_release(&f->w);
	vec_free(&f->l.stack_id);
	vec_free(&f->l.exact_stack_id);
	vec_free(&f->l.reason_id);
	vec_free(&f->l.exact_row);
	vec_free(&f->l.unseen);
	vec_free(&f->batch.change);
	vec_free(&f->probed.event);
	free(f);
	return 0;
}

static void exact(int64_t time, uint8_t event, uint64_t peer)
{
	*vec_push(&f->probed.event) = (struct live_exact){ .time = time,
							   .goid = G,
							   .peer = peer,
							   .stack = STACK_AT,
							   .start = STACK_START,
							   .event = event,
							   .reason = 1 };
}

/* What was queued as exact is told; complete: see struct live_probed. */
static void flush(int64_t complete)
{
	f->probed.complete = complete;
	f->batch.probed = &f->probed;
	f->l.at = 0;
	assert_true(live_drain_exact(&f->l, &f->w, INT64_MAX));
	f->probed.event.n = 0;
	f->batch.probed = NULL;
}

static void pass(int64_t before, const struct gchange *c)
{
	f->batch.before = before;
	f->batch.change.n = 0;
	*vec_push(&f->batch.change) = *c;
	f->l.at = 0;
	assert_true(live_drain_changes(&f->l, &f->w, INT64_MAX));
}

static struct gchange change(int64_t time, uint8_t status, uint8_t kinds)
{
	return (struct gchange){ .time = time,
				 .goid = G,
				 .stack = STACK_AT,
				 .start = STACK_START,
				 .p = -1,
				 .status = status,
				 .reason = 1,
				 .before = GST_WAITING,
				 .kinds = kinds };
}

static bool keep(void *arg, const struct event *ev)
{
	(void)arg;
	if (ev->g == G && ev->kind <= EV_DEAD && f->n < EVENTS)
		f->seen[f->n++] = *ev;
	return true;
}

/* The goroutine's events so far, as letters: c r b u s x d; small ones were sampled. */
static const char *told(void)
{
	static const char letter[] = {
		[EV_CREATE] = 'C',  [EV_STATUS] = 'T',	     [EV_RUN] = 'R',
		[EV_BLOCK] = 'B',   [EV_UNBLOCK] = 'U',	     [EV_PREEMPT] = 'P',
		[EV_SYSCALL] = 'S', [EV_SYSCALL_EXIT] = 'X', [EV_DEAD] = 'D'
	};
	static char text[256];
	struct history_query q = { .t0 = 0, .t1 = f->w.t_end };
	size_t i;

	f->n = 0;
	assert_int_equal(f->w.history->query(f->w.history, &q, keep, NULL), 0);
	for (i = 0; i < f->n && i < sizeof(text) - 1; i++)
		text[i] = (char)(letter[f->seen[i].kind] |
				 (f->seen[i].flags & EVF_SAMPLED ? 0x20 : 0));
	text[i] = '\0';
	return text;
}

static uint8_t state(void)
{
	uint32_t row = world_find(&f->w, G);

	return row == NO_G ? GS_NONE : f->w.now.state[row];
}

static void test_told_once(void **unused)
{
	struct gchange c;

	(void)unused;
	exact(10 * MS, PROBE_CREATE, 1);
	exact(11 * MS, PROBE_RUN, 0);
	exact(12 * MS, PROBE_PARK, 0);
	flush(MS);
	c = change(20 * MS, GST_WAITING, GCH_NEW | GCH_STATE);
	c.before = GST_IDLE;
	pass(5 * MS, &c);
	assert_string_equal(told(), "CRB");
	assert_int_equal(f->w.now.how[0], WAIT_EXACT);
	assert_int_equal(f->w.now.since[0], 12 * MS);
	assert_int_equal(f->w.g.v[0].creator, 1);
	exact(30 * MS, PROBE_READY, 9);
	exact(31 * MS, PROBE_RUN, 0);
	exact(32 * MS, PROBE_EXIT, 0);
	flush(MS);
	c = change(40 * MS, 0, GCH_GONE);
	pass(20 * MS, &c);
	assert_string_equal(told(), "CRBURD");
	assert_int_equal(f->seen[3].peer, 9);
	assert_int_equal(f->w.g.v[0].t_end, 32 * MS);
}

/* The pass read it before the probe told; the pass came later. */
static void test_older(void **unused)
{
	struct gchange c = change(5 * MS, GST_WAITING, GCH_NEW | GCH_OLD | GCH_STATE);

	(void)unused;
	pass(0, &c);
	exact(21 * MS, PROBE_READY, 3);
	exact(22 * MS, PROBE_RUN, 0);
	flush(15 * MS);
	c = change(20 * MS, GST_WAITING, GCH_STATE | GCH_RAN);
	c.runs = 2;
	pass(5 * MS, &c);
	assert_string_equal(told(), "TUR");
	assert_int_equal(state(), GS_RUNNING);
}

/* It ended while the pass went on, and nobody had told of it before. */
static void test_ended_within(void **unused)
{
	struct gchange c = change(20 * MS, GST_WAITING, GCH_NEW | GCH_STATE);

	(void)unused;
	exact(19 * MS, PROBE_CREATE, 1);
	exact(21 * MS, PROBE_EXIT, 0);
	flush(T_NEVER);
	c.before = GST_IDLE;
	pass(5 * MS, &c);
	c = change(30 * MS, 0, GCH_GONE);
	pass(20 * MS, &c);
	assert_string_equal(told(), "CD");
}

/* Probes that are gone know nothing of what came after. */
static void test_after_window(void **unused)
{
	struct gchange c = change(5 * MS, GST_WAITING, GCH_NEW | GCH_OLD | GCH_STATE);

	(void)unused;
	pass(0, &c);
	exact(20 * MS, PROBE_READY, 3);
	exact(21 * MS, PROBE_RUN, 0);
	exact(22 * MS, PROBE_PARK, 0);
	flush(15 * MS);
	flush(T_NEVER);
	/* the pass is asked about it: it is as they said */
	c = change(30 * MS, GST_WAITING, GCH_ASKED | GCH_STATE | GCH_RAN);
	c.runs = 1;
	pass(5 * MS, &c);
	assert_string_equal(told(), "TURB");
	c = change(130 * MS, GST_WAITING, GCH_STATE | GCH_RAN);
	c.runs = 1;
	pass(30 * MS, &c);
	assert_string_equal(told(), "TURBb");
	c = change(230 * MS, GST_RUNNING, GCH_STATE);
	pass(130 * MS, &c);
	assert_string_equal(told(), "TURBbr");
}

/* The interval of a change begins where a probe told of it last. */
static void test_interval(void **unused)
{
	struct gchange c = change(5 * MS, GST_WAITING, GCH_NEW | GCH_OLD | GCH_STATE);

	(void)unused;
	pass(0, &c);
	exact(20 * MS, PROBE_READY, 3);
	flush(T_NEVER);
	c = change(100 * MS, GST_RUNNING, GCH_ASKED | GCH_STATE);
	pass(5 * MS, &c);
	assert_string_equal(told(), "TUr");
	assert_int_equal(f->seen[2].value, 20 * MS);
}

/* The network's poller makes goroutines runnable where no probe is. */
static void test_unseen_unblock(void **unused)
{
	struct gchange c = change(5 * MS, GST_WAITING, GCH_NEW | GCH_OLD | GCH_STATE);

	(void)unused;
	pass(0, &c);
	exact(20 * MS, PROBE_RUN, 0);
	exact(21 * MS, PROBE_RUN, 0);
	flush(MS);
	assert_string_equal(told(), "TuR");
	assert_int_equal(f->seen[1].peer, 0);
}

/* Of whom nothing is known yet, the pass tells. */
static void test_unknown(void **unused)
{
	struct gchange c = change(30 * MS, GST_WAITING, GCH_NEW | GCH_STATE);

	(void)unused;
	exact(20 * MS, PROBE_RUN, 0);
	exact(21 * MS, PROBE_PARK, 0);
	flush(MS);
	assert_string_equal(told(), "");
	c.before = GST_IDLE;
	pass(5 * MS, &c);
	assert_string_equal(told(), "cb");
}

/* Made in a window, ended after it, and no pass ever saw it. */
static void test_never_seen(void **unused)
{
	struct gchange c = change(80 * MS, GST_WAITING, GCH_NEW | GCH_STATE);

	(void)unused;
	exact(20 * MS, PROBE_CREATE, 1);
	flush(T_NEVER);
	live_exact_ended(&f->l, &f->w, 15 * MS); /* too early to have seen it */
	live_exact_ended(&f->l, &f->w, 30 * MS);
	assert_int_equal(state(), GS_RUNNABLE);
	live_exact_ended(&f->l, &f->w, 60 * MS);
	assert_string_equal(told(), "Cd");
	live_exact_ended(&f->l, &f->w, 70 * MS);
	assert_string_equal(told(), "Cd");
	/* it was there all the same, only hard to read */
	c.before = GST_IDLE;
	pass(70 * MS, &c);
	assert_string_equal(told(), "Cdcb");
	assert_int_equal(state(), GS_BLOCKED);
}

static void test_seen_in_time(void **unused)
{
	struct gchange c = change(40 * MS, GST_WAITING, GCH_NEW | GCH_STATE);

	(void)unused;
	exact(20 * MS, PROBE_CREATE, 1);
	flush(T_NEVER);
	live_exact_ended(&f->l, &f->w, 30 * MS);
	c.before = GST_IDLE;
	pass(30 * MS, &c);
	for (int i = 5; i < 10; i++)
		live_exact_ended(&f->l, &f->w, i * 10 * MS);
	assert_string_equal(told(), "Cb");
}

/* --- any order of windows, passes and changes --- */

struct truth {
	uint8_t state; /* GS_RUNNING, GS_BLOCKED, GS_RUNNABLE */
	unsigned runs; /* how often it stopped running */
};

static uint32_t random_state;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}

static void step(struct truth *t, int64_t time, bool on, unsigned *exacts)
{
	switch (t->state) {
	case GS_RUNNING:
		t->state = GS_BLOCKED;
		t->runs++;
		if (on)
			exact(time, PROBE_PARK, 0);
		break;
	case GS_BLOCKED:
		t->state = GS_RUNNABLE;
		if (on)
			exact(time, PROBE_READY, 3);
		break;
	default:
		t->state = GS_RUNNING;
		if (on)
			exact(time, PROBE_RUN, 0);
	}
	*exacts += on;
}

static uint8_t status_of(uint8_t state)
{
	return state == GS_RUNNING ? GST_RUNNING : state == GS_BLOCKED ? GST_WAITING : GST_RUNNABLE;
}

/* What a scan would say that saw was at the pass before and now sees t. */
static struct gchange scanned(int64_t time, const struct truth *was, const struct truth *t,
			      bool asked)
{
	struct gchange c = change(time, status_of(t->state), asked ? GCH_ASKED : 0);

	c.runs = (uint8_t)(t->runs - was->runs);
	c.before = status_of(was->state);
	if (c.runs)
		c.kinds |= GCH_RAN | GCH_STATE;
	if (t->state != was->state)
		c.kinds |= GCH_STATE;
	return c;
}

static void run_any(uint32_t seed)
{
	struct truth t = { GS_BLOCKED, 0 }, was = t, read;
	struct gchange c = change(MS, GST_WAITING, GCH_NEW | GCH_OLD | GCH_STATE);
	int64_t now = MS, before = MS, on_since = T_NEVER, at;
	unsigned exacts = 0, sharp = 0;
	size_t told_before = 0;
	bool asked;

	random_state = seed;
	pass(0, &c);
	for (int i = 0; i < 300; i++) {
		bool whole =
			on_since != T_NEVER && on_since <= before; /* on since the pass before */

		for (uint32_t k = random_below(6); k--;) {
			now += 1 + random_below(20 * MS);
			step(&t, now, on_since != T_NEVER, &exacts);
		}
		now += 1 + random_below(MS);
		at = now;
		read = t;
		for (uint32_t k = random_below(3); k--;) { /* between being read and being told */
			now += 1 + random_below(1000);
			step(&t, now, on_since != T_NEVER, &exacts);
		}
		asked = f->probed.event.n > 0;
		flush(on_since);
		c = scanned(at, &was, &read, asked);
		if (c.kinds)
			pass(before, &c);
		told();
		assert_true(f->n < EVENTS);
		assert_int_equal(state(), on_since == T_NEVER ? read.state : t.state);
		for (size_t e = told_before; whole && e < f->n; e++)
			assert_false(f->seen[e].flags & EVF_SAMPLED);
		for (size_t e = 1; e < f->n; e++)
			assert_true(f->seen[e].time >= f->seen[e - 1].time);
		told_before = f->n;
		was = read;
		before = at;
		if (random_below(4) == 0) {
			on_since = on_since == T_NEVER ? ++now : T_NEVER;
			flush(on_since);
		}
	}
	for (size_t e = 0; e < f->n; e++)
		sharp += !(f->seen[e].flags & EVF_SAMPLED) && f->seen[e].kind != EV_STATUS;
	assert_true(sharp <= exacts);
	assert_true(sharp + 150 > exacts); /* a window's first may be what a pass knew before */
}

static void test_any_order(void **unused)
{
	(void)unused;
	for (uint32_t seed = 1; seed < 60; seed++) {
		run_any(seed);
		teardown(NULL);
		setup(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_older, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ended_within, setup, teardown),
		cmocka_unit_test_setup_teardown(test_after_window, setup, teardown),
		cmocka_unit_test_setup_teardown(test_interval, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unseen_unblock, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_never_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_seen_in_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_any_order, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

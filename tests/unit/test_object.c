/* SPDX-License-Identifier: Apache-2.0 */
/* Facts: what is told comes back sorted and linked, as calls and as events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/object.h"
#include "core/world.h"

static void test_empty(void **state)
{
	struct facts f;
	size_t n = 7;

	(void)state;
	facts_init(&f);
	assert_true(f.time == T_BEFORE);
	assert_int_equal(facts_find(&f, 0), NO_OBJECT);
	facts_finish(&f);
	facts_waits_of(&f, 1, &n);
	assert_int_equal(n, 0);
	facts_holds_of(&f, 1, &n);
	assert_int_equal(n, 0);
	facts_release(&f);
}

static void test_order(void **state)
{
	struct facts f;
	const struct object *o;
	size_t at, n;

	(void)state;
	facts_init(&f);
	facts_object(&f, 0x2000)->kind = OBJ_MUTEX;
	facts_object(&f, 0x1000)->kind = OBJ_CHAN;
	for (uint64_t g = 5000; g > 0; g--)
		facts_wait(&f, g << 20, g & 1 ? 0x1000 : 0x2000, OP_RECV, false, 0);
	facts_wait(&f, 7, 0, OP_RECV, true, 3); /* no object told: made */
	facts_finish(&f);

	assert_int_equal(f.object.n, 3);
	o = &f.object.v[facts_find(&f, 0x1000)];
	assert_int_equal(o->kind, OBJ_CHAN);
	assert_int_equal(o->fd, -1);
	assert_true(o->when == T_NEVER);
	assert_int_equal(o->n_waits, 2500);
	for (uint32_t i = 0; i < o->n_waits; i++) /* the queue's order */
		assert_int_equal(f.wait.v[o->first_wait + i].goid,
				 ((uint64_t)4999 - 2 * (uint64_t)i) << 20);
	at = facts_waits_of(&f, (uint64_t)4242 << 20, &n);
	assert_int_equal(n, 1);
	assert_int_equal(f.wait.v[f.g_wait.v[at]].object, facts_find(&f, 0x2000));
	at = facts_waits_of(&f, 7, &n);
	assert_int_equal(n, 1);
	assert_int_equal(f.wait.v[f.g_wait.v[at]].at, 3);
	assert_true(f.wait.v[f.g_wait.v[at]].select);
	facts_waits_of(&f, 8, &n);
	assert_int_equal(n, 0);

	facts_clear(&f);
	assert_int_equal(facts_find(&f, 0x1000), NO_OBJECT);
	facts_release(&f);
}

static void test_wide_keys(void **state)
{
	static const uint64_t goid[] = { UINT64_MAX, 1, 1ull << 63, 1ull << 40, 3, 1ull << 40, 0 };
	struct facts f;
	uint64_t before = 0;
	size_t n;

	(void)state;
	facts_init(&f);
	for (size_t i = 0; i < ARRAY_SIZE(goid); i++)
		facts_wait(&f, goid[i], i, OP_LOCK, false, 0);
	facts_finish(&f);
	assert_int_equal(f.g_wait.n, ARRAY_SIZE(goid));
	for (size_t i = 0; i < f.g_wait.n; i++) {
		assert_true(f.wait.v[f.g_wait.v[i]].goid >= before);
		before = f.wait.v[f.g_wait.v[i]].goid;
	}
	facts_waits_of(&f, 1ull << 40, &n);
	assert_int_equal(n, 2);
	facts_release(&f);
}

static void test_holds(void **state)
{
	struct facts f;
	const struct object *o;
	size_t at, n;

	(void)state;
	facts_init(&f);
	facts_hold(&f, 9, 0x10, HOLD_LOCK, EVIDENCE_INFERRED, 1, 0);
	facts_hold(&f, 8, 0x10, HOLD_LOCK, EVIDENCE_SEEN, 2, 0);
	facts_hold(&f, 9, 0x20, HOLD_REF, EVIDENCE_INFERRED, 3, 0);
	facts_hold(&f, 9, 0x10, HOLD_LOCK, EVIDENCE_SEEN, 4, 0);
	facts_hold(&f, 9, 0x10, HOLD_LOCK, EVIDENCE_INFERRED, 5, 0);
	facts_hold(&f, 9, 0x10, HOLD_RLOCK, EVIDENCE_INFERRED, 6, 0);
	facts_finish(&f);
	o = &f.object.v[facts_find(&f, 0x10)];
	assert_int_equal(o->n_holds, 3);
	assert_int_equal(f.hold.v[o->first_hold].goid, 9);
	assert_int_equal(f.hold.v[o->first_hold].by, 4);
	assert_int_equal(f.hold.v[o->first_hold].evidence, EVIDENCE_SEEN);
	at = facts_holds_of(&f, 9, &n);
	assert_int_equal(n, 3);
	assert_int_equal(f.hold.v[f.g_hold.v[at]].goid, 9);
	facts_holds_of(&f, 8, &n);
	assert_int_equal(n, 1);
	facts_release(&f);
}

static void tell(struct world *w, struct event ev)
{
	world_apply(w, &ev);
}

static void test_events(void **state)
{
	struct object want = { .addr = 0xc000010000,
			       .owner = 0xc00000fff8,
			       .len = -2,
			       .cap = 17,
			       .when = 12345,
			       .task_period = 99,
			       .type = 4,
			       .text = 5,
			       .fd = 0,
			       .flags = OBJF_CLOSED | OBJF_CONTEXT,
			       .kind = OBJ_CHAN };
	struct event ev[2];
	struct world w;
	const struct object *o;
	uint64_t generation;

	(void)state;
	world_init(&w);
	assert_true(w.facts.time == T_BEFORE);
	tell(&w, (struct event){ .kind = EV_FACTS, .time = 50, .value = FACTS_SEARCHED });
	assert_int_equal(facts_object_events(&want, 50, ev), 2);
	tell(&w, ev[0]);
	tell(&w, ev[1]);
	tell(&w, facts_wait_event(50, 6, want.addr, OP_SEND, true, 2));
	tell(&w, facts_hold_event(50, 7, want.addr, HOLD_CLOSE, EVIDENCE_SEEN, 8, 9));
	assert_true(w.facts.time == T_BEFORE); /* not yet whole */
	generation = w.generation;
	tell(&w, (struct event){ .kind = EV_FACTS_END, .time = 50 });
	assert_true(w.generation > generation);
	assert_int_equal(w.facts.time, 50);
	assert_true(w.facts.searched);
	assert_false(w.facts.netpoll);
	assert_int_equal(w.facts.object.n, 1);
	o = &w.facts.object.v[0];
	want.n_waits = want.n_holds = 1;
	assert_true(o->addr == want.addr && o->owner == want.owner && o->len == want.len &&
		    o->cap == want.cap && o->when == want.when &&
		    o->task_period == want.task_period && o->type == want.type &&
		    o->text == want.text && o->fd == want.fd && o->flags == want.flags &&
		    o->kind == want.kind && o->n_waits == 1 && o->n_holds == 1);
	assert_int_equal(w.facts.wait.v[0].op, OP_SEND);
	assert_int_equal(w.facts.wait.v[0].at, 2);
	assert_true(w.facts.wait.v[0].select);
	assert_int_equal(w.facts.hold.v[0].op, HOLD_CLOSE);
	assert_int_equal(w.facts.hold.v[0].evidence, EVIDENCE_SEEN);
	assert_int_equal(w.facts.hold.v[0].by, 8);
	assert_int_equal(w.facts.hold.v[0].stack, 9);

	/* The next look takes its place, also where it is empty. */
	tell(&w, (struct event){ .kind = EV_FACTS, .time = 60, .value = FACTS_NETPOLL });
	assert_int_equal(w.facts.object.n, 1);
	tell(&w, (struct event){ .kind = EV_FACTS_END, .time = 60 });
	assert_int_equal(w.facts.object.n, 0);
	assert_true(w.facts.netpoll);
	/* Numbers that are none of ours, as from a damaged recording. */
	tell(&w, (struct event){ .kind = EV_OBJECT, .object = 1, .reason = 200 });
	tell(&w, (struct event){ .kind = EV_WAIT, .object = 2, .reason = 200 });
	tell(&w, (struct event){ .kind = EV_HOLD, .object = 3, .reason = 200 });
	tell(&w, (struct event){ .kind = EV_FACTS_END });
	assert_int_equal(w.facts.object.n, 3);
	assert_int_equal(w.facts.object.v[0].kind, OBJ_NONE);
	world_release(&w);
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < OBJ_N; i++)
		assert_true(*object_kind_name((enum object_kind)i));
	for (int i = 1; i < OP_N; i++)
		assert_true(*wait_op_name((enum wait_op)i));
	for (int i = 0; i < HOLD_N; i++)
		assert_true(*hold_op_name((enum hold_op)i));
	assert_string_equal(object_kind_name(OBJ_N), "unknown");
	assert_int_equal(event_parse("hold"), EV_HOLD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),	  cmocka_unit_test(test_order),
		cmocka_unit_test(test_wide_keys), cmocka_unit_test(test_holds),
		cmocka_unit_test(test_events),	  cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

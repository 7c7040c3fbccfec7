/* SPDX-License-Identifier: Apache-2.0 */
/* The facts that a wait-for graph is made of: links by object and by goroutine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/object.h"

static void test_links(void **state)
{
	struct facts f;
	size_t n, at;
	uint32_t o;

	(void)state;
	facts_init(&f);
	assert_int_equal(f.time, T_BEFORE);
	facts_object(&f, 0xc000)->kind = OBJ_CHAN;
	facts_wait(&f, 7, 0xc000, OP_SEND, false, 0);
	facts_wait(&f, 9, 0xd000, OP_LOCK, false, 0); /* told of before its object */
	facts_wait(&f, 3, 0xc000, OP_SEND, false, 0);
	facts_wait(&f, 7, 0xe000, OP_RECV, true, 1);
	facts_object(&f, 0xd000)->kind = OBJ_MUTEX;
	facts_hold(&f, 3, 0xd000, HOLD_LOCK, EVIDENCE_SEEN, 12, 34);
	facts_finish(&f);
	assert_int_equal(f.object.n, 3);
	o = facts_find(&f, 0xc000);
	assert_int_equal(f.object.v[o].n_waits, 2);
	/* the queue's order stays */
	assert_int_equal(f.wait.v[f.object.v[o].first_wait].goid, 7);
	assert_int_equal(f.wait.v[f.object.v[o].first_wait + 1].goid, 3);
	o = facts_find(&f, 0xd000);
	assert_int_equal(f.object.v[o].kind, OBJ_MUTEX);
	assert_int_equal(f.object.v[o].n_holds, 1);
	assert_int_equal(f.hold.v[f.object.v[o].first_hold].by, 12);
	at = facts_waits_of(&f, 7, &n);
	assert_int_equal(n, 2);
	assert_int_equal(f.object.v[f.wait.v[f.g_wait.v[at]].object].addr, 0xc000);
	assert_true(f.wait.v[f.g_wait.v[at + 1]].select);
	facts_waits_of(&f, 8, &n);
	assert_int_equal(n, 0);
	at = facts_holds_of(&f, 3, &n);
	assert_int_equal(n, 1);
	assert_int_equal(f.hold.v[f.g_hold.v[at]].op, HOLD_LOCK);
	assert_int_equal(facts_find(&f, 0xf000), NO_OBJECT);
	facts_clear(&f);
	facts_finish(&f);
	assert_int_equal(facts_find(&f, 0xc000), NO_OBJECT);
	facts_waits_of(&f, 7, &n);
	assert_int_equal(n, 0);
	facts_release(&f);
}

/* Many waiters on few objects, as a leak has them. */
static void test_many(void **state)
{
	struct facts f;
	size_t n;

	(void)state;
	facts_init(&f);
	for (uint64_t i = 0; i < 50000; i++)
		facts_wait(&f, 50000 - i, 0x1000 * (1 + i % 7), OP_RECV, false, 0);
	facts_finish(&f);
	assert_int_equal(f.object.n, 7);
	for (size_t k = 0, seen = 0; k < 7; k++) {
		const struct object *o = &f.object.v[k];

		assert_int_equal(o->first_wait, seen);
		seen += o->n_waits;
		for (uint32_t i = 0; i < o->n_waits; i++)
			assert_int_equal(f.wait.v[o->first_wait + i].object, k);
		for (uint32_t i = 1; i < o->n_waits; i++)
			assert_true(f.wait.v[o->first_wait + i - 1].goid >
				    f.wait.v[o->first_wait + i].goid);
	}
	for (uint64_t g = 1; g <= 50000; g += 499) {
		size_t at = facts_waits_of(&f, g, &n);

		assert_int_equal(n, 1);
		assert_int_equal(f.wait.v[f.g_wait.v[at]].goid, g);
	}
	facts_release(&f);
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 1; i < OBJ_N; i++)
		assert_true(*object_kind_name((enum object_kind)i));
	for (int i = 1; i < OP_N; i++)
		assert_true(*wait_op_name((enum wait_op)i));
	for (int i = 0; i < HOLD_N; i++)
		assert_true(*hold_op_name((enum hold_op)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

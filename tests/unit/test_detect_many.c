/* SPDX-License-Identifier: Apache-2.0 */
/* Many faults at once: in pieces as at one go, and words only for what is kept. */
#include "fault_detect.h"

enum { RINGS = 2000, ALONE = 900, FIRST = 1000 };

static const char *place(char buf[32], const char *func, unsigned i)
{
	snprintf(buf, 32, "main.%s%u:%u", func, i, 10 + i);
	return buf;
}

/* Goroutines are met in the order of their ids, or not. */
static uint64_t id_of(unsigned i, bool mixed)
{
	return FIRST + (mixed ? i * 7 % (2 * RINGS) : i);
}

static void many(int64_t t, bool mixed)
{
	char buf[32];

	if (w.g.n < RINGS)
		for (unsigned i = 0; i < 2 * RINGS; i++)
			fd_waits(id_of(i, mixed), SEC, R_MUTEX, place(buf, "lock", i % 5));
	for (unsigned i = 0; w.g.n < 1 + 2 * RINGS + ALONE; i++)
		fd_waits(FIRST + 2 * RINGS + i, SEC, R_CHAN_SEND, place(buf, "send", i % 300));
	fw_facts(&w, t);
	fw_until(&w, t);
	for (unsigned i = 0; i < 2 * RINGS; i++) {
		fw_object(&w, 0x10000 + 16 * i, OBJ_MUTEX, OBJF_LOCKED, 0);
		fw_wait(&w, id_of(i, mixed), 0x10000 + 16 * (i ^ 1), OP_LOCK);
		fw_hold(&w, id_of(i, mixed), 0x10000 + 16 * i, HOLD_LOCK);
	}
	for (unsigned i = 0; i < ALONE; i++) {
		fw_object(&w, 0x90000 + 16 * i, OBJ_CHAN, 0, 0);
		fw_wait(&w, FIRST + 2 * RINGS + i, 0x90000 + 16 * i, OP_SEND);
	}
	fw_hold(&w, 1, 0x10000, HOLD_REF); /* it holds, and waits for nothing known */
	fw_facts_end(&w);
}

static void assert_same(const struct finding *a, const struct finding *b)
{
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->certainty, b->certainty);
	assert_int_equal(a->goid.n, b->goid.n);
	assert_memory_equal(a->goid.v, b->goid.v, a->goid.n * sizeof(*a->goid.v));
	assert_int_equal(a->object.n, b->object.n);
	assert_string_equal(a->summary, b->summary);
	assert_string_equal(a->why, b->why);
	assert_int_equal(a->evidence.n, b->evidence.n);
	for (size_t i = 0; i < a->evidence.n; i++)
		assert_string_equal(a->evidence.v[i], b->evidence.v[i]);
}

static void test_pieces(void **state)
{
	struct detect other;
	unsigned calls = 0;

	(void)state;
	detect_init(&other);
	other.piece_ns = 1;
	for (int64_t t = 5; t < 11; t++) {
		many(t * SEC, false);
		detect_now(&d, &w);
		do
			calls++;
		while (!detect_look(&other, &w));
		assert_false(detect_busy(&other));
		assert_true(graph_fresh(&other.graph));
	}
	assert_true(calls > 6 * 20);
	assert_true(d.findings.v.n > 300);
	assert_int_equal(d.findings.v.n, other.findings.v.n);
	for (size_t i = 0; i < d.findings.v.n; i++)
		assert_same(&d.findings.v.v[i], &other.findings.v.v[i]);
	assert_int_equal(d.findings.count[SEVERITY_ERROR], other.findings.count[SEVERITY_ERROR]);
	detect_release(&other);
}

static void test_nobody_is_lost(void **state)
{
	uint32_t rings = 0, alone = 0;

	(void)state;
	many(5 * SEC, false);
	detect_now(&d, &w);
	for (size_t i = 0; i < d.findings.v.n; i++) {
		const struct finding *f = &d.findings.v.v[i];

		assert_true(*f->summary && f->evidence.n && f->evidence.n <= FINDING_LINES);
		rings += f->detector == DETECT_DEADLOCK ? f->n : 0;
		alone += f->detector == DETECT_LEAK ? f->n : 0;
	}
	assert_int_equal(rings, 2 * RINGS);
	assert_int_equal(alone, ALONE);
}

static void check_nodes(const struct graph *g)
{
	const struct facts *f = &w.facts;

	assert_int_equal(g->node.n, 2 * RINGS + ALONE + 1);
	assert_int_equal(g->n_waiting, 2 * RINGS + ALONE);
	for (uint32_t i = 0; i < g->node.n; i++) {
		assert_int_equal(graph_find(g, g->node.v[i].goid), i);
		assert_int_equal(g->node.v[i].row, world_find(&w, g->node.v[i].goid));
	}
	for (size_t i = 0; i < f->wait.n; i++)
		assert_int_equal(g->node.v[g->wait_node.v[i]].goid, f->wait.v[i].goid);
	for (size_t i = 0; i < f->hold.n; i++)
		assert_int_equal(g->node.v[g->hold_node.v[i]].goid, f->hold.v[i].goid);
	assert_int_equal(graph_find(g, 999999), NO_NODE);
	assert_int_equal(graph_find(g, 2), NO_NODE);
}

static void test_nodes(void **state)
{
	(void)state;
	many(5 * SEC, false);
	assert_true(w.rows_by_id);
	detect_now(&d, &w);
	check_nodes(&d.graph);
	fd_teardown(NULL);
	fd_setup(NULL);
	many(5 * SEC, true);
	assert_false(w.rows_by_id);
	detect_now(&d, &w);
	check_nodes(&d.graph);
}

/* Who holds facts already has them taken as they are. */
static void test_facts_at_once(void **state)
{
	struct facts f;
	uint64_t generation = w.generation;

	(void)state;
	facts_init(&f);
	facts_wait(&f, 10, A, OP_LOCK, false, 0);
	facts_object(&f, A)->kind = OBJ_MUTEX;
	facts_finish(&f);
	f.time = 7 * SEC;
	world_facts(&w, &f);
	assert_int_equal(w.facts.time, 7 * SEC);
	assert_int_equal(w.facts.wait.n, 1);
	assert_int_equal(f.wait.n, 0);
	assert_int_equal(f.time, T_BEFORE);
	assert_true(w.generation > generation);
	facts_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FD_TEST(test_pieces),
		FD_TEST(test_nobody_is_lost),
		FD_TEST(test_nodes),
		FD_TEST(test_facts_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

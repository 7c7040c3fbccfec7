/* SPDX-License-Identifier: Apache-2.0 */
/* Groups and their order against a plain sort of plain structs, for tables of all kinds. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/groups.h"

enum { STACKS = 40, FILES = 5 };

struct fix {
	struct world w;
	uint64_t seed;
	uint32_t stack[STACKS];
	VEC(bool) keep;
	VEC(struct group) want;
	struct groups groups;
	int64_t first; /* times spread from here … */
	int64_t spread; /* … this far */
	uint64_t n_kept;
	bool sampled;
};

static uint32_t roll(struct fix *f, uint32_t n)
{
	f->seed = f->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(f->seed >> 33) % n;
}

static void make_stacks(struct fix *f)
{
	for (uint32_t i = 0; i < STACKS; i++) {
		char func[32], file[32];
		struct frame fr[2] = { { .func = world_str(&f->w, "runtime.gopark") } };

		snprintf(func, sizeof(func), "main.f%" PRIu32, i);
		snprintf(file, sizeof(file), "/src/%" PRIu32 ".go", roll(f, FILES));
		fr[1].func = world_str(&f->w, func);
		fr[1].file = world_str(&f->w, file);
		fr[1].line = 1 + i; /* of its own, so that no two places are one */
		f->stack[i] = i ? stacktab_put(&f->w.stacks, fr, 2) : 0;
	}
}

static int64_t some_time(struct fix *f)
{
	uint64_t far = (uint64_t)roll(f, UINT32_MAX) << 31 ^ roll(f, UINT32_MAX);

	if (!roll(f, 8))
		return T_BEFORE;
	return f->first + (int64_t)(far % (uint64_t)f->spread);
}

static void add(struct fix *f, uint64_t goid)
{
	static const uint8_t states[] = { GS_RUNNING, GS_BLOCKED, GS_BLOCKED, GS_SYSCALL, GS_DEAD };
	struct seg_g s = { .goid = goid,
			   .flags = SEGG_CREATED,
			   .create_stack = f->stack[roll(f, 6)],
			   .start_stack = f->stack[roll(f, 6)],
			   .stack = f->stack[roll(f, STACKS)],
			   .switches = roll(f, 20),
			   .since = some_time(f),
			   .state = states[roll(f, ARRAY_SIZE(states))] };

	s.reason = s.state == GS_BLOCKED ? (uint8_t)(1 + roll(f, 5)) : R_NONE;
	world_merge(&f->w, f->w.t_end, f->w.t_end + 1, 1, &s, 1);
}

/* in_order: ids only grow, as in most sessions. */
static void make(struct fix *f, uint32_t n, bool in_order)
{
	uint64_t goid = 0;

	world_init(&f->w);
	make_stacks(f);
	for (uint32_t i = 0; i < n; i++) {
		goid = in_order ? goid + 1 + roll(f, 3) : (i * 7919ull) % n + 1;
		add(f, goid);
	}
	assert_int_equal(f->w.rows_by_id, in_order);
	vec_reserve(&f->keep, n);
	for (uint32_t i = 0; i < n; i++)
		f->keep.v[i] = roll(f, 3);
}

static int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	f->seed = 11;
	f->spread = 50;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	groups_release(&f->groups);
	world_release(&f->w);
	vec_free(&f->keep);
	vec_free(&f->want);
	free(f);
	return 0;
}

/* --- the plain way --- */

static const struct fix *sorted; /* qsort() has no argument for these two */
static enum sort_by sorted_by;

static uint64_t goid_of(const struct group *g)
{
	return sorted->w.g.v[g->row].goid;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_time(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_place(const struct group *a, const struct group *b)
{
	const struct moment *m = &sorted->w.now;
	const struct frame *x = stack_place(&sorted->w, m->stack[a->row]),
			   *y = stack_place(&sorted->w, m->stack[b->row]);

	if (!x || !y)
		return !x - !y;
	return x->file != y->file ? compare_u64(x->file, y->file) : compare_u64(x->line, y->line);
}

static int compare(const void *p, const void *q)
{
	const struct group *a = p, *b = q;
	int c = 0;

	if (sorted_by == SORT_COUNT)
		c = compare_u64(b->n, a->n) ? compare_u64(b->n, a->n)
					    : compare_time(a->since, b->since);
	else if (sorted_by == SORT_STATE)
		c = compare_u64(a->state, b->state);
	else if (sorted_by == SORT_WAIT)
		c = compare_time(a->since, b->since);
	else if (sorted_by == SORT_ON)
		c = compare_u64(a->reason, b->reason);
	else if (sorted_by == SORT_WHERE)
		c = compare_place(a, b);
	else if (sorted_by == SORT_SWITCHES)
		c = compare_u64(sorted->w.g.v[b->row].switches, sorted->w.g.v[a->row].switches);
	return c ? c : compare_u64(goid_of(a), goid_of(b));
}

static uint32_t key_of(const struct fix *f, enum grouping by, uint32_t row)
{
	return by == GROUP_CREATOR ? f->w.g.v[row].create_stack : f->w.now.stack[row];
}

static struct group *want_group(struct fix *f, enum grouping by, uint32_t row)
{
	for (size_t i = 0; i < f->want.n && by != GROUP_NONE; i++) {
		struct group *g = &f->want.v[i];

		if (g->key == key_of(f, by, row) &&
		    (by == GROUP_CREATOR || g->state == f->w.now.state[row]))
			return g;
	}
	*vec_push(&f->want) = (struct group){ .row = row, .key = key_of(f, by, row) };
	return &f->want.v[f->want.n - 1];
}

static void want_all(struct fix *f, const struct groups_config *c)
{
	const struct moment *m = &f->w.now;

	f->want.n = 0;
	f->n_kept = 0;
	for (uint32_t row = 0; row < m->n; row++) {
		struct group *g;

		if (m->state[row] == GS_DEAD || (c->keep && !c->keep[row]))
			continue;
		f->n_kept++;
		g = want_group(f, c->by, row);
		if (!g->n++ || f->w.g.v[row].goid < f->w.g.v[g->row].goid) {
			g->row = row;
			g->state = m->state[row];
			g->reason = m->reason[row];
		}
		if (g->n == 1 || m->since[row] < g->since)
			g->since = m->since[row];
	}
	sorted = f;
	sorted_by = c->sort;
	if (f->want.n)
		qsort(f->want.v, f->want.n, sizeof(*f->want.v), compare);
}

static void expect(struct fix *f, const struct groups_config *c)
{
	groups_make(&f->groups, &f->w, &f->w.now, c);
	want_all(f, c);
	assert_int_equal(groups_n(&f->groups), f->want.n);
	assert_true(f->groups.shown == f->n_kept);
	for (size_t i = 0; i < f->want.n; i++) {
		struct group got = groups_at(&f->groups, &f->w, &f->w.now, i);
		const struct group *want = &f->want.v[c->invert ? f->want.n - 1 - i : i];

		if (got.row != want->row)
			print_error("by %s, sort %s, line %zu: g%" PRIu64 ", not g%" PRIu64 "\n",
				    grouping_name(c->by), sort_name(c->sort), i,
				    f->w.g.v[got.row].goid, f->w.g.v[want->row].goid);
		assert_int_equal(got.row, want->row);
		assert_int_equal(got.n, want->n);
		assert_int_equal(got.state, want->state);
		assert_int_equal(got.reason, want->reason);
		assert_true(got.since == want->since);
		assert_true(got.key == want->key);
		assert_int_equal(groups_row(&f->groups, i), want->row);
		if (c->by == GROUP_NONE)
			assert_int_equal(groups_find(&f->groups, want->row), i);
	}
}

/* Every way to group and to sort, filtered and not, as the screen goes through them. */
static void expect_all(struct fix *f, uint64_t stamp)
{
	for (int by = 0; by < GROUP_N; by++)
		for (int sort = 0; sort < SORT_N; sort++)
			for (int how = 0; how < 4; how++) {
				struct groups_config c = { .by = (enum grouping)by,
							   .sort = (enum sort_by)sort,
							   .invert = how & 1,
							   .keep = how & 2 ? f->keep.v : NULL,
							   .stamp = stamp };

				expect(f, &c);
			}
}

static void test_in_order(void **state)
{
	struct fix *f = *state;

	make(f, 700, true);
	expect_all(f, 0);
	expect_all(f, 5); /* what is kept of the last time */
	for (size_t i = 0; i < f->w.g.n; i++)
		f->keep.v[i] = roll(f, 9) == 0;
	expect_all(f, 5);
}

static void test_out_of_order(void **state)
{
	struct fix *f = *state;

	make(f, 700, false);
	expect_all(f, 0);
	expect_all(f, 1);
}

/* The table grows: the stamp tells. */
static void test_growth(void **state)
{
	struct fix *f = *state;

	make(f, 300, true);
	expect_all(f, 1);
	for (int i = 0; i < 50; i++)
		add(f, 5000 + (uint64_t)i);
	vec_reserve(&f->keep, f->w.g.n);
	for (size_t i = 0; i < f->w.g.n; i++)
		f->keep.v[i] = roll(f, 2);
	expect_all(f, 2);
}

static void test_few(void **state)
{
	struct fix *f = *state;

	make(f, 0, true);
	expect_all(f, 1);
	add(f, 1);
	f->w.now.state[0] = GS_DEAD;
	vec_reserve(&f->keep, 3);
	memset(f->keep.v, 0, 3);
	expect_all(f, 2); /* none alive */
	add(f, 2);
	f->w.now.state[1] = GS_BLOCKED;
	expect_all(f, 3);
	add(f, 3);
	expect_all(f, 4);
}

/*
 * Waits of minutes, to the nanosecond where they fit into 32 bits, else to the spread's
 * 2^32th part; goroutines that wait since before the session make no difference to that.
 */
static void test_long_waits(void **state)
{
	struct fix *f = *state;
	struct groups_config c = { .by = GROUP_NONE, .sort = SORT_WAIT };

	f->first = -120ll * 1000000000; /* a live program was there two minutes before */
	f->spread = 240ll * 1000000000;
	make(f, 2000, true);
	groups_make(&f->groups, &f->w, &f->w.now, &c);
	for (size_t i = 1; i < groups_n(&f->groups); i++) {
		int64_t a = groups_at(&f->groups, &f->w, &f->w.now, i - 1).since,
			b = groups_at(&f->groups, &f->w, &f->w.now, i).since;

		assert_true(a <= b || a - b < 1000);
		assert_true(b != T_BEFORE || a == T_BEFORE);
	}
	f->spread = 1ll << 31;
	world_release(&f->w);
	groups_release(&f->groups);
	make(f, 2000, true);
	expect_all(f, 0);
}

/* Steps until it is finished; what is shown stays what it was until then. */
static int step_through(struct groups *g)
{
	size_t was = groups_n(g);
	int steps = 1;

	for (; !groups_step(g, 1); steps++) {
		assert_true(groups_busy(g));
		assert_int_equal(groups_n(g), was);
	}
	assert_false(groups_busy(g));
	return steps;
}

/* More rows than a piece has, and work that is dropped half-way for another. */
static void in_pieces(struct fix *f, bool in_order)
{
	struct groups g = { 0 };
	const struct moment *m = &f->w.now;

	make(f, 70000, in_order);
	for (int i = 0; i < GROUP_N * SORT_N; i++) {
		struct groups_config c = { .by = (enum grouping)(i % GROUP_N),
					   .sort = (enum sort_by)(i / GROUP_N % SORT_N),
					   .invert = roll(f, 2),
					   .keep = roll(f, 3) ? f->keep.v : NULL,
					   .stamp = 1 + roll(f, 2) };

		groups_begin(&g, &f->w, m, &c);
		for (uint32_t k = roll(f, 9); roll(f, 2) && k && !groups_step(&g, 1);)
			k--;
		c.by = (enum grouping)roll(f, GROUP_N);
		groups_begin(&g, &f->w, m, &c);
		assert_true(step_through(&g) > 3);
		groups_make(&f->groups, &f->w, m, &c);
		assert_int_equal(groups_n(&g), groups_n(&f->groups));
		assert_true(g.shown == f->groups.shown);
		for (size_t k = 0; k < groups_n(&g); k++) {
			struct group a = groups_at(&g, &f->w, m, k),
				     b = groups_at(&f->groups, &f->w, m, k);

			assert_true(a.row == b.row && a.n == b.n && a.key == b.key &&
				    a.since == b.since && a.state == b.state &&
				    a.reason == b.reason);
			if (c.by != GROUP_NONE)
				assert_true(groups_of(&g, a.row) < groups_all(&g));
		}
	}
	groups_release(&g);
}

static void test_in_pieces(void **state)
{
	in_pieces(*state, true);
}

static void test_in_pieces_out_of_order(void **state)
{
	in_pieces(*state, false);
}

/* A member's row is its group's and no other's. */
static void test_members(void **state)
{
	struct fix *f = *state;
	const struct moment *m = &f->w.now;

	make(f, 300, true);
	for (int by = 0; by < GROUP_N; by++) {
		struct groups_config c = { .by = (enum grouping)by, .sort = SORT_COUNT };

		groups_make(&f->groups, &f->w, m, &c);
		for (size_t row = 0; row < m->n; row++) {
			uint32_t of = 0;

			for (size_t i = 0; i < groups_n(&f->groups); i++) {
				struct group g = groups_at(&f->groups, &f->w, m, i);

				of += group_has(&f->w, m, c.by, &g, row);
			}
			if (m->state[row] != GS_DEAD)
				assert_int_equal(of, 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_in_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_pieces_out_of_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_out_of_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_growth, setup, teardown),
		cmocka_unit_test_setup_teardown(test_few, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_members, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times of the session: moments made one from the other, sums and columns, against a
 * plain list of what every goroutine was when.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
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

enum { GOIDS = 40, EARLY = 15, PER_SEGMENT = 300, STACKS = 6 };

/* From when on a row was what. */
struct change {
	int64_t time;
	uint32_t row, stack;
	uint8_t state, reason, how;
};

struct fix {
	struct world w;
	struct evlog *log;
	VEC(struct change) change;
	uint64_t seed;
	int64_t now;
	uint32_t stack[STACKS];
	bool long_lived; /* few end */
};

static uint32_t roll(struct fix *f, uint32_t n)
{
	f->seed = f->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(f->seed >> 33) % n;
}

static void tell(struct fix *f, struct event ev)
{
	uint32_t row;

	f->now += roll(f, 20) ? roll(f, 50) : 0;
	ev.time = f->now;
	ev.m = ev.p = NO_ID;
	world_apply(&f->w, &ev);
	evlog_append(f->log, &ev);
	row = world_find(&f->w, ev.g);
	*vec_push(&f->change) = (struct change){
		.time = f->w.now.since[row],
		.row = row,
		.stack = f->w.now.stack[row],
		.state = f->w.now.state[row],
		.reason = f->w.now.reason[row],
		.how = f->w.now.how[row],
	};
	if (f->w.open.n_events >= PER_SEGMENT && !roll(f, 30))
		world_close_segment(&f->w);
}

/* One that was there before the first look. */
static void met(struct fix *f, uint64_t goid)
{
	tell(f, (struct event){ .g = goid,
				.kind = EV_STATUS,
				.state = goid % 2 ? GS_BLOCKED : GS_RUNNABLE,
				.reason = goid % 2 ? R_NET : R_NONE,
				.stack = f->stack[1 + goid % (STACKS - 1)],
				.value2 = goid % 3 ? 0 : 1000 });
}

static void step(struct fix *f)
{
	uint64_t goid = 1 + roll(f, GOIDS);
	uint32_t row = world_find(&f->w, goid);
	struct event ev = { .g = goid,
			    .stack = f->stack[1 + roll(f, STACKS - 1)],
			    .flags = roll(f, 4) ? 0 : EVF_SAMPLED };

	if (!roll(f, 300)) { /* it did nothing until now */
		met(f, 1000 + f->w.g.n);
		return;
	}
	switch (row == NO_G ? GS_NONE : f->w.now.state[row]) {
	case GS_NONE:
	case GS_DEAD:
		ev.kind = EV_CREATE;
		ev.state = GS_RUNNABLE;
		ev.stack2 = f->stack[1];
		break;
	case GS_RUNNABLE:
		ev.kind = EV_RUN;
		ev.stack = roll(f, 2) ? ev.stack : 0;
		break;
	case GS_RUNNING:
		ev.kind = (uint8_t[]){ EV_BLOCK, EV_PREEMPT, EV_SYSCALL,
				       EV_DEAD }[roll(f, f->long_lived && roll(f, 100) ? 3 : 4)];
		ev.reason = ev.kind == EV_BLOCK ? R_SELECT : R_NONE;
		break;
	case GS_SYSCALL:
		ev.kind = EV_SYSCALL_EXIT;
		ev.state = roll(f, 2) ? GS_RUNNING : GS_RUNNABLE;
		break;
	default:
		ev.kind = EV_UNBLOCK;
	}
	tell(f, ev);
}

static int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	f->seed = 5;
	world_init(&f->w);
	f->log = evlog_new(64 << 20);
	f->w.history = evlog_history(f->log);
	for (uint32_t i = 1; i < STACKS; i++) {
		struct frame fr = { .func = world_str(&f->w, "main.f"), .line = i };

		f->stack[i] = stacktab_put(&f->w.stacks, &fr, 1);
	}
	for (uint64_t goid = 1; goid <= EARLY; goid++)
		met(f, goid);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	evlog_free(f->log);
	world_release(&f->w);
	vec_free(&f->change);
	free(f);
	return 0;
}

/* What the list says of a row at t; of those of before, what they were when first met. */
static struct change was(const struct fix *f, uint32_t row, int64_t t)
{
	const struct goroutine *g = &f->w.g.v[row];
	struct change c = { .time = T_BEFORE };

	if (g->t_create == T_BEFORE)
		c = (struct change){ .time = g->first_since,
				     .stack = g->first_stack,
				     .state = g->first_state,
				     .reason = g->first_reason };
	for (size_t i = 0; i < f->change.n; i++)
		if (f->change.v[i].row == row && f->change.v[i].time >= 0 &&
		    f->change.v[i].time <= t)
			c = f->change.v[i];
	return c;
}

static void expect(const struct fix *f, const struct moment *m, int64_t t)
{
	uint64_t count[GS_N] = { 0 };

	assert_int_equal(m->n, f->w.g.n);
	assert_true(m->time == t);
	for (uint32_t row = 0; row < m->n; row++) {
		struct change c = was(f, row, t);

		if (m->state[row] != c.state)
			print_error("row %" PRIu32 " at %" PRId64 ": %s, not %s\n", row, t,
				    gstate_name(m->state[row]), gstate_name(c.state));
		assert_int_equal(m->state[row], c.state);
		count[c.state] += c.state != GS_NONE;
		if (c.state == GS_NONE)
			continue;
		assert_true(m->since[row] == c.time);
		assert_int_equal(m->stack[row], c.stack);
		assert_int_equal(m->reason[row], c.reason);
		assert_int_equal(m->how[row], c.how);
	}
	assert_memory_equal(m->count, count, sizeof(count));
}

/* One moment taken all over the session, while that grows. */
static void test_moved(void **state)
{
	struct fix *f = *state;
	struct moment m = { 0 };
	size_t segments;

	for (int round = 0; round < 25; round++) {
		for (int i = 0; i < 400; i++)
			step(f);
		for (int i = 0; i < 12; i++) {
			int64_t t = roll(f, 4)	 ? roll(f, (uint32_t)f->w.t_end + 1)
				    : roll(f, 2) ? f->change.v[roll(f, (uint32_t)f->change.n)].time
						 : f->w.t_end;

			t = t < 0 ? 0 : t;
			assert_int_equal(world_at(&f->w, t, &m), 0);
			expect(f, &m, t);
		}
	}
	segments = f->w.seg.n;
	assert_true(segments > 15);
	for (size_t i = 0; i < segments; i++) { /* at the ends themselves, to and fro */
		size_t k = i % 2 ? i : segments - 1 - i;

		assert_int_equal(world_at(&f->w, f->w.seg.v[k].t1, &m), 0);
		expect(f, &m, f->w.seg.v[k].t1);
	}
	assert_int_equal(world_at(&f->w, INT64_MAX, &m), 0);
	expect(f, &m, f->w.t_end);
	assert_int_equal(world_at(&f->w, INT64_MIN, &m), 0);
	expect(f, &m, 0);
	moment_release(&m);
}

static int no_history(struct history *h, const struct history_query *q, history_sink *sink,
		      void *arg)
{
	(void)h, (void)q, (void)sink, (void)arg;
	return -5;
}

/* Where the past cannot be read, the moment is that of the last segment's end. */
static void test_unread(void **state)
{
	struct history bad = { .query = no_history };
	struct fix *f = *state;
	struct moment m = { 0 };
	struct segment *seg;

	for (int i = 0; i < 4000; i++)
		step(f);
	f->w.history = &bad;
	seg = &f->w.seg.v[3];
	assert_int_equal(world_at(&f->w, (seg->t0 + seg->t1) / 2, &m), -5);
	m.time = f->w.seg.v[2].t1;
	/* only what happened at that very time might have been of the next segment */
	for (uint32_t row = 0; row < m.n; row++)
		if (was(f, row, m.time).time < m.time)
			assert_int_equal(m.state[row], was(f, row, m.time).state);
	moment_release(&m);
}

/* Nanoseconds of a row in each state from a to b. */
static void spent(const struct fix *f, uint32_t row, int64_t a, int64_t b, double ns[SHARE_N])
{
	struct change c = was(f, row, a);
	int64_t from = a;

	memset(ns, 0, SHARE_N * sizeof(*ns));
	for (size_t i = 0; i <= f->change.n; i++) {
		struct change end = { .time = b, .row = row };
		const struct change *next = i < f->change.n ? &f->change.v[i] : &end;

		if (next->row != row || next->time <= a || next->time > b)
			continue;
		if (gstate_share(c.state) < SHARE_N)
			ns[gstate_share(c.state)] += (double)(next->time - from);
		from = next->time;
		c = *next;
	}
}

static void test_totals(void **state)
{
	struct fix *f = *state;

	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 500; i++)
			step(f);
		for (uint32_t row = 0; row < f->w.g.n; row++) {
			int64_t ns[SHARE_N];
			double want[SHARE_N];

			world_totals(&f->w, row, ns);
			spent(f, row, 0, f->w.t_end, want);
			for (int s = 0; s < SHARE_N; s++) {
				if ((double)ns[s] != want[s])
					print_error("row %" PRIu32 " share %d: %" PRId64
						    ", not %.0f\n",
						    row, s, ns[s], want[s]);
				assert_true((double)ns[s] == want[s]);
			}
		}
	}
}

/*
 * Columns that are whole segments say what was; finer ones spread a segment's shares
 * evenly, so that over the whole they still sum up to it.
 */
static void test_columns(void **state)
{
	enum { N = 64 };
	struct fix *f = *state;
	uint16_t col[N][SHARE_N];

	for (int i = 0; i < 8000; i++)
		step(f);
	world_close_segment(&f->w);
	for (uint32_t row = 0; row < f->w.g.n; row += 3)
		for (size_t k = 0; k < f->w.seg.n; k += 2) {
			const struct segment *seg = &f->w.seg.v[k];
			double want[SHARE_N], whole = (double)(seg->t1 - seg->t0), sum;

			if (seg->t1 <= seg->t0)
				continue;
			spent(f, row, seg->t0, seg->t1, want);
			world_columns(&f->w, row, seg->t0, seg->t1, col, NULL, 1);
			for (int s = 0; s < SHARE_N; s++) {
				double got = (double)col[0][s] / SHARE_ONE * whole;

				assert_true(got - want[s] < whole / 1000 &&
					    want[s] - got < whole / 1000);
			}
			world_columns(&f->w, row, seg->t0, seg->t1, col, NULL, N);
			for (int s = 0; s < SHARE_N; s++) {
				sum = 0;
				for (int i = 0; i < N; i++)
					sum += (double)col[i][s] / SHARE_ONE * whole / N;
				assert_true(sum - want[s] < whole / 1000 &&
					    want[s] - sum < whole / 1000);
			}
		}
}

/* Of a row, from the begin of one segment to the end of another, in so many columns. */
static void same_sums(const struct fix *f, uint32_t row, size_t a, size_t b, size_t columns)
{
	int64_t t0 = f->w.seg.v[a].t0, t1 = f->w.seg.v[b].t1;
	double want[SHARE_N], whole = (double)(t1 - t0);
	uint16_t col[64][SHARE_N];

	if (t1 <= t0)
		return;
	spent(f, row, t0, t1, want);
	world_columns(&f->w, row, t0, t1, col, NULL, columns);
	for (int s = 0; s < SHARE_N; s++) {
		double sum = 0;

		for (size_t i = 0; i < columns; i++)
			sum += (double)col[i][s] / SHARE_ONE * whole / (double)columns;
		if (fabs(sum - want[s]) > whole / 1000)
			print_error("row %" PRIu32 ", segments %zu to %zu of %zu: %.0f of %s\n",
				    row, a, b, f->w.seg.n, sum, want[s] > sum ? "more" : "less");
		assert_true(fabs(sum - want[s]) <= whole / 1000);
	}
}

/* Many segments, so that there are two levels above the entries, each taken in whole or in part. */
static void make_levels(struct fix *f)
{
	f->long_lived = true;
	for (int i = 0; i < 40000; i++) {
		step(f);
		if (i % 40 == 0)
			world_close_segment(&f->w);
	}
	world_close_segment(&f->w);
	assert_true(f->w.seg.n > 900);
}

static void test_levels(void **state)
{
	struct fix *f = *state;
	uint32_t second = 0;

	make_levels(f);
	for (size_t i = 0; i < f->w.ladder.n; i++)
		second += f->w.ladder.v[i].top[1] != NO_ENTRY;
	assert_true(f->w.coarse.n > 100 && second > 5);
	for (uint32_t row = 0; row < f->w.g.n; row += 97)
		for (int i = 0; i < 6; i++) {
			size_t a = roll(f, (uint32_t)f->w.seg.n), b = roll(f, (uint32_t)f->w.seg.n);

			same_sums(f, row, a < b ? a : b, a < b ? b : a, 1);
			same_sums(f, row, a < b ? a : b, a < b ? b : a, 64);
		}
	for (uint32_t row = 0; row < EARLY; row++)
		for (int i = 0; i < 10; i++) {
			size_t a = roll(f, (uint32_t)f->w.seg.n / 2), b = f->w.seg.n / 2 + a;

			same_sums(f, row, a, b, 1 + roll(f, 64));
		}
}

/*
 * Older segments become coarser: what was at the ends of those that are left, and the
 * time spent in between, stays what it was; so does what is newer, to the moment.
 */
static void test_thinned(void **state)
{
	struct fix *f = *state;
	struct moment m = { 0 };
	size_t had, segs;
	int64_t half;

	make_levels(f);
	had = f->w.entry.n;
	segs = f->w.seg.n;
	half = f->w.seg.v[segs / 2].t1;
	assert_int_equal(world_at(&f->w, half / 3, &m), 0); /* from numbers of before */
	assert_int_equal(world_thin(&f->w, had), had);
	assert_int_equal(f->w.seg.n, segs);
	assert_true(world_thin(&f->w, had * 2 / 3) <= had * 2 / 3);
	assert_true(f->w.seg.n < segs * 2 / 3);
	for (size_t i = 0; i < f->w.seg.n; i += 7) {
		int64_t t = f->w.seg.v[i].t1;

		assert_true(!i || f->w.seg.v[i].t0 >= f->w.seg.v[i - 1].t1);
		assert_int_equal(world_at(&f->w, t, &m), 0);
		expect(f, &m, t);
	}
	for (int i = 0; i < 10; i++) {
		int64_t t = half + roll(f, (uint32_t)(f->w.t_end - half));

		assert_int_equal(world_at(&f->w, t, &m), 0);
		expect(f, &m, t);
	}
	for (uint32_t row = 0; row < f->w.g.n; row += 61) {
		size_t a = roll(f, (uint32_t)f->w.seg.n), b = roll(f, (uint32_t)f->w.seg.n);

		same_sums(f, row, a < b ? a : b, a < b ? b : a, 1);
		same_sums(f, row, 0, f->w.seg.n - 1, 32);
	}
	for (int i = 0; i < 2000; i++) /* and it goes on from there */
		step(f);
	assert_int_equal(world_at(&f->w, f->w.t_end, &m), 0);
	expect(f, &m, f->w.t_end);
	moment_release(&m);
}

/* Before its creation and after its end a goroutine has no shares; odd spans are nothing. */
static void test_column_edges(void **state)
{
	enum { N = 40 };
	struct fix *f = *state;
	uint16_t col[N][SHARE_N];
	uint32_t row;

	f->now = 10000;
	tell(f, (struct event){ .g = 99, .kind = EV_CREATE, .state = GS_RUNNABLE });
	row = world_find(&f->w, 99);
	f->now = 20000;
	tell(f, (struct event){ .g = 99, .kind = EV_DEAD });
	f->now = 40000;
	tell(f, (struct event){ .g = 98, .kind = EV_CREATE, .state = GS_RUNNABLE });
	for (int closed = 0; closed < 2; closed++) {
		world_columns(&f->w, row, 0, 40000, col, NULL, N);
		for (int i = 0; i < N; i++) { /* it lives from 10,0xx to 20,0xx */
			assert_true(i > 9 || !col[i][SHARE_READY]);
			assert_true(i < 21 || !col[i][SHARE_READY]);
			assert_true(i < 11 || i > 19 || col[i][SHARE_READY] > SHARE_ONE - 100);
		}
		world_columns(&f->w, row, 50000, 50000, col, NULL, N);
		assert_int_equal(col[0][SHARE_READY], 0);
		world_columns(&f->w, row, 50000, 40000, col, NULL, N);
		assert_int_equal(col[N - 1][SHARE_READY], 0);
		world_close_segment(&f->w);
	}
	world_columns(&f->w, row, 0, 100, col, NULL, 0);
}

/* The goroutine that runs finalizers is the program's while it runs one, and counts then. */
static void test_finalizers(void **state)
{
	struct fix *f = *state;
	struct frame own = { .func = world_str(&f->w, "runtime.runfinq") },
		     user[2] = { { .func = world_str(&f->w, "main.free") }, own };
	uint32_t idle = stacktab_put(&f->w.stacks, &own, 1),
		 busy = stacktab_put(&f->w.stacks, user, 2);
	struct moment m = { 0 };

	tell(f, (struct event){ .g = 500,
				.kind = EV_STATUS,
				.state = GS_BLOCKED,
				.stack = idle,
				.stack2 = idle });
	for (int i = 0; i < 50; i++) {
		assert_int_equal(f->w.now.count[GS_BLOCKED], (EARLY + 1) / 2);
		assert_int_equal(world_at(&f->w, f->w.t_end, &m), 0);
		assert_memory_equal(m.count, f->w.now.count, sizeof(m.count));
		tell(f, (struct event){ .g = 500, .kind = EV_RUN, .stack = busy });
		assert_int_equal(f->w.now.count[GS_RUNNING], 1);
		assert_int_equal(world_at(&f->w, f->w.t_end, &m), 0);
		assert_memory_equal(m.count, f->w.now.count, sizeof(m.count));
		tell(f, (struct event){ .g = 500, .kind = EV_BLOCK, .stack = idle });
	}
	assert_int_equal(f->w.system_row.n, 1);
	moment_release(&m);
}

/* A log that may take less than it has drops its oldest events with the next ones. */
static void test_log_limit(void **state)
{
	struct fix *f = *state;
	size_t had;
	int64_t begin;

	for (int i = 0; i < 80000; i++)
		step(f);
	had = evlog_bytes(f->log);
	begin = evlog_begin(f->log);
	assert_true(had > 400 << 10);
	evlog_limit(f->log, had / 2);
	assert_true(evlog_bytes(f->log) == had);
	for (int i = 0; i < 20000; i++)
		step(f);
	assert_true(evlog_bytes(f->log) <= had / 2);
	assert_true(evlog_begin(f->log) > begin);
}

/* Segments close by themselves, after so many events or so long. */
static void test_segments_close(void **state)
{
	struct fix *f = *state;
	struct event ev = { .kind = EV_METRIC, .m = NO_ID, .p = NO_ID };

	world_close_segment(&f->w);
	assert_int_equal(f->w.seg.n, 1);
	ev.time = f->w.t_end;
	for (int i = 0; i < 40000; i++)
		world_apply(&f->w, &ev);
	assert_int_equal(f->w.seg.n, 3);
	for (int i = 0; i < 100; i++) {
		ev.time += 100000000;
		world_apply(&f->w, &ev);
	}
	assert_true(f->w.seg.n >= 12 && f->w.seg.n <= 14);
	for (size_t i = 0; i < f->w.seg.n; i++) {
		const struct segment *s = &f->w.seg.v[i];

		assert_true(s->t0 <= s->t1);
		assert_true(!i || s->t0 >= s[-1].t1);
		assert_true(world_segment(&f->w, s->t1) <= i);
		assert_true(world_segment(&f->w, s->t1 + 1) > i);
	}
	assert_int_equal(f->w.progress.events, EARLY + 40000 + 100);
}

/* The list forgets as the world does. */
static void list_forget(struct fix *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->change.n; i++)
		if (!f->w.g.v[f->change.v[i].row].forgotten)
			f->change.v[n++] = f->change.v[i];
	f->change.n = n;
}

/* Rows of those that ended long ago become others'; all else stays what it was, when it was. */
static void test_forgotten(void **state)
{
	struct fix *f = *state;
	struct moment m = { 0 };
	size_t forgotten = 0, most = 0;

	for (int round = 0; round < 14; round++) {
		for (int i = 0; i < 400; i++)
			step(f);
		world_close_segment(&f->w);
		assert_int_equal(world_at(&f->w, roll(f, (uint32_t)f->w.t_end), &m), 0);
		forgotten += world_forget(&f->w, f->w.t_end - roll(f, 20000));
		list_forget(f);
		most = f->w.g.n > most ? f->w.g.n : most;
		for (int i = 0; i < 4; i++) {
			int64_t t = roll(f, (uint32_t)f->w.t_end + 1);

			assert_int_equal(world_at(&f->w, t, &m), 0);
			expect(f, &m, t);
		}
		for (uint32_t row = 0; row < f->w.g.n; row++) {
			const struct goroutine *g = &f->w.g.v[row];

			assert_int_equal(g->forgotten, !g->goid);
			if (g->goid)
				assert_int_equal(world_find_at(&f->w, g->goid, g->t_create), row);
		}
	}
	assert_true(forgotten > 100);
	assert_true(f->w.g.n < forgotten);
	moment_release(&m);
}

static void live_and_die(struct fix *f, uint64_t goid)
{
	struct event ev = { .g = goid, .m = NO_ID, .p = NO_ID, .stack = f->stack[1] };
	static const uint8_t kinds[] = { EV_CREATE, EV_RUN, EV_BLOCK, EV_UNBLOCK, EV_RUN, EV_DEAD };

	ev.stack2 = f->stack[1];
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		ev.kind = kinds[i];
		ev.state = GS_RUNNABLE;
		ev.time = f->now += roll(f, 1000);
		world_apply(&f->w, &ev);
	}
}

/* However many live and die: what is kept of them has a bound, and those that live stay. */
static void test_trimmed(void **state)
{
	enum { MOST = 1 << 20, ROUNDS = 100, EACH = 500 };
	struct fix *f = *state;
	uint64_t goid = 100;

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < EACH; i++)
			live_and_die(f, goid++);
		if (world_past_bytes(&f->w) <= MOST)
			continue;
		world_close_segment(&f->w);
		world_trim(&f->w, MOST / 4 * 3);
		assert_true(world_past_bytes(&f->w) <= MOST / 4 * 3);
	}
	assert_true(goid > 50000 && f->w.g.n < 10000);
	assert_true(f->w.ended_from > 0 && f->w.ended_from < f->w.t_end);
	assert_int_equal(world_find(&f->w, 100), NO_G);
	assert_int_not_equal(world_find(&f->w, goid - 1), NO_G);
	for (uint64_t early = 1; early <= EARLY; early++)
		assert_int_not_equal(world_find(&f->w, early), NO_G);
}

/* More rows and entries than a piece has. */
static void make_large(struct fix *f)
{
	enum { ROWS = 80000, SEGMENTS = 6 };
	struct seg_g *s = xcalloc(ROWS, sizeof(*s));

	for (int seg = 0; seg < SEGMENTS; seg++) {
		size_t n = 0;

		for (uint32_t i = 0; i < ROWS; i++) {
			if (seg && roll(f, 3))
				continue;
			s[n++] = (struct seg_g){ .goid = i + 1,
						 .flags = seg ? 0 : SEGG_FIRST,
						 .first_state = GS_RUNNABLE,
						 .stack = f->stack[roll(f, STACKS)],
						 .since = f->w.t_end + 1,
						 .state = roll(f, 2) ? GS_BLOCKED : GS_RUNNING };
		}
		world_merge(&f->w, f->w.t_end, f->w.t_end + 1000, n, s, n);
	}
	free(s);
}

/* On the way elsewhere half-way: the moment that comes of it is the same. */
static void test_in_pieces(void **state)
{
	struct moment m = { 0 };
	struct fix *f = *state;
	int pieces = 0;

	world_close_segment(&f->w);
	make_large(f);
	for (int i = 0; i < 25; i++) {
		int64_t t = roll(f, (uint32_t)f->w.t_end + 1),
			other = roll(f, (uint32_t)f->w.t_end);
		struct moment want = { 0 };
		int rc;

		for (uint32_t k = roll(f, 6); k && world_at_piece(&f->w, other, &m, 1) == -EAGAIN;
		     k--)
			pieces++;
		while ((rc = world_at_piece(&f->w, t, &m, 1)) == -EAGAIN)
			pieces++;
		assert_int_equal(rc, 0);
		assert_int_equal(world_at(&f->w, t, &want), 0);
		assert_int_equal(m.n, want.n);
		assert_memory_equal(m.state, want.state, want.n);
		assert_memory_equal(m.stack, want.stack, want.n * sizeof(*want.stack));
		assert_memory_equal(m.since, want.since, want.n * sizeof(*want.since));
		assert_memory_equal(m.count, want.count, sizeof(want.count));
		moment_release(&want);
	}
	assert_true(pieces > 50);
	moment_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_moved, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_totals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_columns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_column_edges, setup, teardown),
		cmocka_unit_test_setup_teardown(test_levels, setup, teardown),
		cmocka_unit_test_setup_teardown(test_thinned, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trimmed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_log_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_finalizers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_segments_close, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Where time went: known events in, exact sums out; as a tree, as folded lines; hostile ones. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/flame.h"
#include "core/evlog.h"
#include "export/folded.h"

enum { GOIDS = 20, PER_SEGMENT = 40, STACKS = 7, JOBS = 8 };

/* Jobs that end when the test says so. */
struct slow_jobs {
	struct jobs jobs; /* first: submit() comes back from it */
	struct {
		void (*work)(void *);
		void (*done)(void *);
		void *arg;
	} job[JOBS];
	int n;
};

struct fix {
	struct world w;
	struct evlog *log;
	struct profile p;
	struct profile_pick pick;
	struct flame flame;
	struct slow_jobs slow;
	uint64_t seed;
	int64_t now;
	uint32_t stack[STACKS];
};

static uint32_t roll(struct fix *f, uint32_t n)
{
	f->seed = f->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(f->seed >> 33) % n;
}

static void submit(struct jobs *j, void (*work)(void *), void (*done)(void *), void *arg)
{
	struct slow_jobs *s = (struct slow_jobs *)j;

	assert_true(s->n < JOBS);
	s->job[s->n].work = work;
	s->job[s->n].done = done;
	s->job[s->n++].arg = arg;
}

static void finish_jobs(struct fix *f)
{
	for (int i = 0; i < f->slow.n; i++) {
		f->slow.job[i].work(f->slow.job[i].arg);
		f->slow.job[i].done(f->slow.job[i].arg);
	}
	f->slow.n = 0;
}

static void tell(struct fix *f, struct event ev)
{
	ev.m = ev.p = NO_ID;
	f->now = ev.time;
	world_apply(&f->w, &ev);
	evlog_append(f->log, &ev);
	if (f->w.open.n_events >= PER_SEGMENT)
		world_close_segment(&f->w);
}

/* "main;work;leaf", root first; a name that begins with ^ is inlined. */
static uint32_t stack(struct fix *f, const char *path)
{
	struct frame fr[16];
	const char *end = path + strlen(path);
	size_t n = 0;

	while (end > path) {
		const char *from = end;

		while (from > path && from[-1] != ';')
			from--;
		fr[n] = (struct frame){ .line = 1, .flags = *from == '^' ? FRAME_INLINED : 0 };
		from += *from == '^';
		fr[n++].func = strtab_put(&f->w.strings, from, (size_t)(end - from));
		while (end > path && end[-1] != ';')
			end--;
		end -= end > path;
	}
	return stacktab_put(&f->w.stacks, fr, n);
}

static int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	world_init(&f->w);
	f->log = evlog_new(SIZE_MAX);
	f->w.history = evlog_history(f->log);
	f->seed = 7;
	f->slow.jobs.submit = submit;
	for (int i = 1; i < STACKS; i++) {
		char path[64];

		snprintf(path, sizeof(path), "main.main;main.f%d;main.g%d", i / 2, i);
		f->stack[i] = stack(f, path);
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	flame_release(&f->flame);
	profile_pick_release(&f->pick);
	profile_release(&f->p);
	finish_jobs(f);
	world_release(&f->w);
	evlog_free(f->log);
	free(f);
	return 0;
}

static void whole(struct fix *f)
{
	f->w.progress.whole = true;
}

static void want_all(struct fix *f)
{
	profile_want(&f->p, &f->w, T_BEFORE, T_NEVER);
	assert_true(f->p.stamp && profile_ready(&f->p));
}

static const struct profile_pick *pick(struct fix *f, struct profile_choice c)
{
	profile_pick_begin(&f->pick, &f->p, &f->w, &c);
	assert_true(profile_pick_step(&f->pick, 0));
	return &f->pick;
}

/* Of all heads of a kind and part; part and stack UINT32_MAX: whichever. */
static int64_t sum_of(const struct profile_pick *k, int kind, uint32_t part, uint32_t at)
{
	int64_t ns = 0;

	for (size_t i = 0; i < k->sum.n; i++) {
		const struct profile_sum *s = &k->sum.v[i];
		const struct profile_head *h = &k->head.v[s->head];

		assert_true(s->ns > 0);
		if ((kind < 0 || h->kind == kind) && (part == UINT32_MAX || h->part == part) &&
		    (at == UINT32_MAX || s->stack == at))
			ns += s->ns;
	}
	return ns;
}

static int64_t sum_kind(const struct profile_pick *k, int kind, uint32_t at)
{
	return sum_of(k, kind, UINT32_MAX, at);
}

static uint64_t times_of(const struct profile_pick *k, int kind)
{
	uint64_t n = 0;

	for (size_t i = 0; i < k->sum.n; i++)
		n += k->head.v[k->sum.v[i].head].kind == kind ? k->sum.v[i].n : 0;
	return n;
}

static void go(struct fix *f, int64_t t, uint64_t g, uint32_t made_at)
{
	tell(f, (struct event){ .time = t,
				.kind = EV_CREATE,
				.g = g,
				.stack = made_at,
				.stack2 = f->stack[1],
				.state = GS_RUNNABLE });
}

static void test_sums(void **state)
{
	struct fix *f = *state;
	const struct profile_pick *k;

	go(f, 10, 1, f->stack[5]);
	tell(f, (struct event){ .time = 30, .kind = EV_RUN, .g = 1 });
	tell(f, (struct event){ .time = 100,
				.kind = EV_BLOCK,
				.g = 1,
				.reason = R_CHAN_RECV,
				.stack = f->stack[2] });
	tell(f, (struct event){ .time = 400, .kind = EV_UNBLOCK, .g = 1 });
	tell(f, (struct event){ .time = 405, .kind = EV_RUN, .g = 1 });
	tell(f, (struct event){ .time = 500, .kind = EV_SYSCALL, .g = 1, .stack = f->stack[3] });
	tell(f,
	     (struct event){ .time = 800, .kind = EV_SYSCALL_EXIT, .g = 1, .state = GS_RUNNING });
	tell(f, (struct event){ .time = 900, .kind = EV_BLOCK, .g = 1, .stack = f->stack[4] });
	tell(f, (struct event){ .time = 1000, .kind = EV_SYNC });
	whole(f);
	want_all(f);
	k = pick(f, (struct profile_choice){ .time = PROFILE_OFF_CPU });
	assert_int_equal(sum_kind(k, R_CHAN_RECV, f->stack[2]), 300);
	assert_int_equal(sum_kind(k, PROFILE_READY, f->stack[1]), 20);
	assert_int_equal(sum_kind(k, PROFILE_READY, f->stack[2]), 5);
	assert_int_equal(sum_kind(k, R_SYSCALL, f->stack[3]), 300);
	assert_int_equal(sum_kind(k, R_OTHER, f->stack[4]), 100);
	assert_int_equal(sum_kind(k, -1, UINT32_MAX), 725);
	assert_int_equal(times_of(k, R_CHAN_RECV), 1);
	assert_int_equal(times_of(k, PROFILE_READY), 2);
	assert_int_equal(times_of(k, R_OTHER), 1); /* it goes on */
	k = pick(f, (struct profile_choice){ .time = PROFILE_ON_CPU });
	assert_true(k->by_state);
	assert_int_equal(sum_kind(k, PROFILE_RUN, f->stack[1]), 70);
	assert_int_equal(sum_kind(k, PROFILE_RUN, f->stack[2]), 95);
	assert_int_equal(sum_kind(k, PROFILE_RUN, f->stack[3]), 100);
	assert_int_equal(sum_kind(k, -1, UINT32_MAX), 265);
}

static void sample(struct fix *f, int64_t t, uint64_t g, uint32_t at, uint64_t ns)
{
	tell(f, (struct event){ .time = t, .kind = EV_SAMPLE, .g = g, .stack = at, .value = ns });
}

static void test_samples(void **state)
{
	struct fix *f = *state;
	const struct profile_pick *k;

	go(f, 10, 1, 0);
	tell(f, (struct event){ .time = 20, .kind = EV_RUN, .g = 1 });
	sample(f, 30, 1, f->stack[2], 0); /* of a trace */
	sample(f, 40, 1, f->stack[2], 1000); /* which says what it stands for */
	sample(f, 50, 1, f->stack[3], UINT64_MAX); /* nonsense: a second at most */
	sample(f, 60, 0, f->stack[4], 1000); /* of no goroutine */
	sample(f, 70, 77, f->stack[5], 1000); /* of one that nobody knows */
	whole(f);
	want_all(f);
	assert_int_equal(f->p.samples, 5);
	k = pick(f, (struct profile_choice){ .time = PROFILE_ON_CPU });
	assert_false(k->by_state);
	assert_int_equal(sum_kind(k, PROFILE_CPU, f->stack[2]), PROFILE_TRACE_NS + 1000);
	assert_int_equal(sum_kind(k, PROFILE_CPU, f->stack[3]), 1000000000);
	assert_int_equal(sum_kind(k, -1, UINT32_MAX), PROFILE_TRACE_NS + 1000001000);
	k = pick(f, (struct profile_choice){ .time = PROFILE_ON_CPU, .system = true });
	assert_int_equal(sum_kind(k, PROFILE_CPU, f->stack[4]), 1000);
	assert_int_equal(sum_kind(k, PROFILE_CPU, f->stack[5]), 1000);
}

/* Live, a sample without a weight tells where one is, and for how long the state does. */
static void test_samples_of_place(void **state)
{
	struct fix *f = *state;
	const struct profile_pick *k;

	f->w.live.pid = 1;
	go(f, 10, 1, 0);
	tell(f, (struct event){ .time = 20, .kind = EV_RUN, .g = 1 });
	sample(f, 50, 1, f->stack[2], 0);
	sample(f, 90, 1, f->stack[3], 0);
	tell(f, (struct event){ .time = 100, .kind = EV_SYNC });
	whole(f);
	want_all(f);
	k = pick(f, (struct profile_choice){ .time = PROFILE_ON_CPU });
	assert_true(k->by_state);
	assert_int_equal(sum_kind(k, PROFILE_RUN, f->stack[1]), 30);
	assert_int_equal(sum_kind(k, PROFILE_RUN, f->stack[2]), 40);
	assert_int_equal(sum_kind(k, PROFILE_RUN, f->stack[3]), 10);
}

/* --- many --- */

static uint8_t state_of(const struct fix *f, uint64_t goid)
{
	uint32_t row = world_find(&f->w, goid);

	return row == NO_G ? GS_NONE : f->w.now.state[row];
}

/* Ids of those that end come back; some were there before. */
static void step(struct fix *f)
{
	static const uint8_t reasons[] = { R_SELECT, R_MUTEX, R_NET, R_NONE };
	struct event ev = { .g = 1 + roll(f, GOIDS), .stack = f->stack[roll(f, STACKS)] };

	ev.time = f->now + 1 + roll(f, 40);
	switch (state_of(f, ev.g)) {
	case GS_NONE:
	case GS_DEAD:
		ev.kind = state_of(f, ev.g) == GS_NONE && roll(f, 2) ? EV_STATUS : EV_CREATE;
		ev.state = ev.kind == EV_CREATE ? GS_RUNNABLE : GS_SYSCALL;
		break;
	case GS_RUNNABLE:
		ev.kind = EV_RUN;
		ev.stack = 0;
		break;
	case GS_RUNNING:
		ev.kind = roll(f, 9) ? EV_BLOCK : roll(f, 2) ? EV_DEAD : EV_SYSCALL;
		ev.reason = ev.kind == EV_BLOCK ? reasons[roll(f, 4)] : R_NONE;
		break;
	case GS_SYSCALL:
		ev.kind = EV_SYSCALL_EXIT;
		ev.state = roll(f, 2) ? GS_RUNNING : GS_RUNNABLE;
		break;
	default:
		ev.kind = EV_UNBLOCK;
		break;
	}
	tell(f, ev);
}

static void check_totals(struct fix *f)
{
	for (int t = 0; t < PROFILE_TIMES; t++) {
		struct profile_choice c = { .time = (enum profile_time)t, .by = SPLIT_GOROUTINE };
		const struct profile_pick *k = pick(f, c);

		for (uint32_t row = 0; row < f->w.g.n; row++) {
			int64_t ns[SHARE_N];

			world_totals(&f->w, row, ns);
			if (t == PROFILE_ON_CPU) {
				assert_int_equal(sum_of(k, PROFILE_RUN, row, UINT32_MAX),
						 ns[SHARE_RUN]);
				continue;
			}
			assert_int_equal(sum_of(k, PROFILE_READY, row, UINT32_MAX),
					 ns[SHARE_READY]);
			assert_int_equal(sum_of(k, R_SYSCALL, row, UINT32_MAX), ns[SHARE_SYSCALL]);
			assert_int_equal(sum_of(k, -1, row, UINT32_MAX),
					 ns[SHARE_READY] + ns[SHARE_SYSCALL] + ns[SHARE_BLOCKED]);
		}
	}
}

static void test_totals(void **state)
{
	struct fix *f = *state;

	for (int i = 0; i < 5000; i++)
		step(f);
	whole(f);
	want_all(f);
	assert_true(f->w.seg.n > 50);
	check_totals(f);
}

/* Read on and on while it grows, each time what is new. */
static void test_grows(void **state)
{
	struct fix *f = *state;

	f->p.jobs = &f->slow.jobs;
	for (int i = 0; i < 3000; i++) {
		step(f);
		if (!roll(f, 30))
			profile_want(&f->p, &f->w, T_BEFORE, T_NEVER);
		if (!roll(f, 50))
			finish_jobs(f);
	}
	whole(f);
	for (int i = 0; i < 3; i++) {
		finish_jobs(f);
		profile_want(&f->p, &f->w, T_BEFORE, T_NEVER);
	}
	assert_int_equal(f->slow.n, 0);
	assert_true(f->p.stamp > 10);
	assert_int_equal(f->p.t1, f->w.t_end);
	check_totals(f);
}

static int64_t all_of(struct fix *f, int64_t t0, int64_t t1, enum profile_time time, int kind,
		      uint32_t at)
{
	profile_want(&f->p, &f->w, t0, t1);
	return sum_kind(pick(f, (struct profile_choice){ .time = time }), kind, at);
}

/* Parts of the time make up the whole. */
static void test_spans(void **state)
{
	struct fix *f = *state;

	for (int i = 0; i < 2000; i++) {
		step(f);
		if (!roll(f, 5))
			sample(f, f->now, 1 + roll(f, GOIDS), f->stack[roll(f, STACKS)], 10);
	}
	whole(f);
	for (int i = 0; i < 40; i++) {
		int64_t a = roll(f, (uint32_t)f->now), b = a + roll(f, (uint32_t)(f->now - a));
		enum profile_time time = (enum profile_time)roll(f, 2);
		uint32_t at = f->stack[roll(f, STACKS)];
		int64_t sum = all_of(f, T_BEFORE, a, time, -1, at) + all_of(f, a, b, time, -1, at) +
			      all_of(f, b, T_NEVER, time, -1, at);
		int64_t want = all_of(f, T_BEFORE, T_NEVER, time, -1, at);

		/* samples at a border are of both sides */
		if (time == PROFILE_OFF_CPU)
			assert_int_equal(sum, want);
		else
			assert_true(sum >= want && sum <= want + 200);
	}
}

/* --- a choice --- */

static void test_choice(void **state)
{
	struct fix *f = *state;
	const struct profile_pick *k;
	bool keep[2] = { true, false };

	go(f, 0, 1, f->stack[5]);
	go(f, 0, 2, f->stack[6]);
	tell(f, (struct event){
			.time = 0, .kind = EV_LABEL, .g = 2, .text = world_str(&f->w, "req=7") });
	tell(f, (struct event){ .time = 50, .kind = EV_RUN, .g = 2 });
	tell(f, (struct event){ .time = 100, .kind = EV_SYNC });
	whole(f);
	want_all(f);
	k = pick(f, (struct profile_choice){ .time = PROFILE_OFF_CPU, .by = SPLIT_CREATOR });
	assert_int_equal(sum_of(k, PROFILE_READY, f->stack[5], UINT32_MAX), 100);
	assert_int_equal(sum_of(k, PROFILE_READY, f->stack[6], UINT32_MAX), 50);
	k = pick(f, (struct profile_choice){ .time = PROFILE_OFF_CPU, .by = SPLIT_LABELS });
	assert_int_equal(sum_of(k, PROFILE_READY, 0, UINT32_MAX), 100);
	assert_int_equal(sum_of(k, PROFILE_READY, world_str(&f->w, "req=7"), UINT32_MAX), 50);
	k = pick(f, (struct profile_choice){ .time = PROFILE_OFF_CPU, .keep = keep, .n_keep = 2 });
	assert_int_equal(sum_kind(k, -1, UINT32_MAX), 100);
	k = pick(f, (struct profile_choice){ .time = PROFILE_OFF_CPU, .keep = keep, .n_keep = 0 });
	assert_int_equal(k->sum.n, 0);
}

static void test_pieces(void **state)
{
	struct fix *f = *state;
	struct profile_choice c = { .time = PROFILE_OFF_CPU, .by = SPLIT_GOROUTINE };
	int64_t want;
	int steps = 1;

	for (int i = 0; i < 20000; i++)
		step(f);
	whole(f);
	want_all(f);
	want = sum_kind(pick(f, c), -1, UINT32_MAX);
	flame_begin(&f->flame, &f->p, &f->w, &c);
	while (!flame_step(&f->flame, 1)) {
		profile_want(&f->p, &f->w, 5, T_NEVER); /* not while a choice is made of it */
		steps++;
	}
	assert_true(steps > 3);
	assert_int_equal(flame_total(&f->flame, 0), want);
	assert_int_equal(f->p.held, 0);
}

/* --- workers --- */

static void test_another_is_wanted(void **state)
{
	struct fix *f = *state;

	f->p.jobs = &f->slow.jobs;
	for (int i = 0; i < 500; i++)
		step(f);
	whole(f);
	profile_want(&f->p, &f->w, T_BEFORE, T_NEVER);
	profile_want(&f->p, &f->w, T_BEFORE, T_NEVER);
	assert_int_equal(f->slow.n, 1);
	assert_true(profile_progress(&f->p) < 1000);
	profile_want(&f->p, &f->w, 100, 200);
	assert_int_equal(f->slow.n, 2);
	finish_jobs(f);
	assert_int_equal(f->p.t0, 100);
	assert_int_equal(f->p.t1, 200);
	assert_int_equal(profile_progress(&f->p), 1000);
	profile_want(&f->p, &f->w, 100, 300);
	profile_release(&f->p); /* the worker ends later, for nobody */
	finish_jobs(f);
	assert_null(f->p.acc);
}

/* A live session forgets its past: what is left is told, and since when. */
static void test_forgotten(void **state)
{
	static const char *const over_time[] = { "folded-off", "pprof", "perfetto" };
	struct fix *f = *state;
	int64_t ns = 0;

	evlog_free(f->log);
	f->log = evlog_new(200000);
	f->w.history = evlog_history(f->log);
	for (int i = 0; i < 60000; i++)
		step(f);
	whole(f);
	assert_true(evlog_begin(f->log) > 1000);
	want_all(f);
	assert_true(f->p.cut);
	assert_true(f->p.t0 >= evlog_begin(f->log));
	assert_true(f->p.t0 < f->p.t1);
	for (int t = 0; t < PROFILE_TIMES; t++)
		ns += sum_kind(pick(f, (struct profile_choice){ .time = (enum profile_time)t }), -1,
			       UINT32_MAX);
	assert_true(ns > 0 && ns <= (f->p.t1 - f->p.t0) * GOIDS);
	profile_want(&f->p, &f->w, 0, 1000);
	assert_true(f->p.cut);
	assert_int_equal(f->p.t0, f->p.t1);
	for (size_t i = 0; i < ARRAY_SIZE(over_time); i++) {
		struct export_request r = { .world = &f->w, .t0 = T_BEFORE, .t1 = T_NEVER };
		FILE *out = fopen("/dev/null", "w");

		assert_int_equal(export_write(export_find(over_time[i]), &r, out), 0);
		assert_non_null(r.note); /* no time is made up of what nobody knows any more */
		fclose(out);
	}
}

static void test_nothing(void **state)
{
	struct fix *f = *state;

	profile_want(&f->p, &f->w, T_BEFORE, T_NEVER); /* of a session that has not begun */
	assert_int_equal(f->p.stamp, 0);
	f->w.history = NULL;
	whole(f);
	profile_want(&f->p, &f->w, T_BEFORE, T_NEVER);
	assert_int_equal(f->p.stamp, 0);
	f->w.history = evlog_history(f->log);
	want_all(f);
	assert_int_equal(pick(f, (struct profile_choice){ .time = PROFILE_OFF_CPU })->sum.n, 0);
}

/* Sums beyond 64 bits stay at the most that there is. */
static void test_no_overflow(void **state)
{
	struct fix *f = *state;
	int64_t far = (int64_t)1 << 60;

	for (uint64_t g = 1; g <= 40; g++)
		go(f, 0, g, 0);
	tell(f, (struct event){ .time = far, .kind = EV_SYNC });
	tell(f, (struct event){ .time = far - 5, .kind = EV_RUN, .g = 1 }); /* and back again */
	tell(f, (struct event){ .time = far, .kind = EV_SYNC });
	whole(f);
	want_all(f);
	assert_int_equal(sum_kind(pick(f, (struct profile_choice){ .time = PROFILE_OFF_CPU }), -1,
				  UINT32_MAX),
			 INT64_MAX);
	flame_begin(&f->flame, &f->p, &f->w, &(struct profile_choice){ .time = PROFILE_OFF_CPU });
	assert_true(flame_step(&f->flame, 0));
	assert_int_equal(flame_total(&f->flame, 0), INT64_MAX);
}

/* --- the tree --- */

static void make_flame(struct fix *f, struct profile_choice c)
{
	want_all(f);
	flame_begin(&f->flame, &f->p, &f->w, &c);
	assert_true(flame_step(&f->flame, 0));
}

/* The node at a path of names, NO_FLAME where there is none. */
static uint32_t node_at(const struct flame *f, const char *path)
{
	uint32_t at = 0;
	char buf[128];

	while (*path && at != NO_FLAME) {
		size_t n = strcspn(path, ";");

		for (at = f->node.v[at].first_child; at != NO_FLAME; at = f->node.v[at].next) {
			const char *name = flame_name(f, at, buf, sizeof(buf));
			bool inl = f->node.v[at].flags & FLAME_INLINED;

			if (inl == (*path == '^') && strlen(name) + inl == n &&
			    !strncmp(name, path + inl, n - inl))
				break;
		}
		path += n + (path[n] == ';');
	}
	return at;
}

static int64_t ns_at(const struct fix *f, const char *path)
{
	uint32_t node = node_at(&f->flame, path);

	assert_true(node != NO_FLAME);
	return flame_total(&f->flame, node);
}

static void blocks(struct fix *f, uint64_t g, int64_t t0, int64_t t1, const char *path)
{
	tell(f, (struct event){ .time = t0,
				.kind = EV_BLOCK,
				.g = g,
				.reason = R_MUTEX,
				.stack = stack(f, path) });
	tell(f, (struct event){ .time = t1, .kind = EV_DEAD, .g = g });
}

static void test_tree(void **state)
{
	struct fix *f = *state;
	struct profile_choice c = { .time = PROFILE_OFF_CPU };
	uint32_t node;
	uint64_t stamp;

	blocks(f, 1, 0, 100, "main.main;main.a;^main.b;sync.Lock");
	blocks(f, 2, 100, 130, "main.main;main.a;main.b;sync.Lock");
	blocks(f, 3, 130, 135, "main.main;main.a");
	whole(f);
	make_flame(f, c);
	assert_int_equal(ns_at(f, "[mutex]"), 135);
	assert_int_equal(ns_at(f, "[mutex];main.main;main.a"), 135);
	assert_int_equal(ns_at(f, "[mutex];main.main;main.a;^main.b;sync.Lock"), 100);
	assert_int_equal(ns_at(f, "[mutex];main.main;main.a;main.b"), 30);
	node = node_at(&f->flame, "[mutex];main.main;main.a");
	assert_int_equal(f->flame.self.v[node], 5);
	assert_true(f->flame.node.v[node].flags & FLAME_OWN);
	node = node_at(&f->flame, "[mutex];main.main;main.a;^main.b;sync.Lock");
	assert_false(f->flame.node.v[node].flags & FLAME_OWN);
	/* what comes later changes no number */
	stamp = f->flame.stamp;
	blocks(f, 4, 136, 201, "main.main;main.a;^main.b;sync.Lock");
	make_flame(f, c);
	assert_true(f->flame.stamp != stamp);
	assert_int_equal(node_at(&f->flame, "[mutex];main.main;main.a;^main.b;sync.Lock"), node);
	assert_int_equal(flame_total(&f->flame, node), 165);
	c.time = PROFILE_ON_CPU;
	make_flame(f, c);
	assert_int_equal(flame_total(&f->flame, 0), 0);
	assert_int_equal(flame_total(&f->flame, node), 0);
}

static void test_heads(void **state)
{
	struct fix *f = *state;
	struct profile_choice c = { .time = PROFILE_OFF_CPU, .by = SPLIT_CREATOR };

	go(f, 0, 1, stack(f, "main.main;main.spawn"));
	go(f, 0, 2, 0);
	tell(f, (struct event){
			.time = 0, .kind = EV_LABEL, .g = 1, .text = world_str(&f->w, "req=7") });
	blocks(f, 1, 0, 10, "main.w");
	blocks(f, 2, 10, 30, "main.w");
	whole(f);
	make_flame(f, c);
	assert_int_equal(ns_at(f, "[mutex];[created: main.spawn:1];main.w"), 10);
	assert_int_equal(ns_at(f, "[mutex];[created: not known];main.w"), 20);
	c.by = SPLIT_LABELS;
	make_flame(f, c);
	assert_int_equal(ns_at(f, "[mutex];[labels: req=7];main.w"), 10);
	assert_int_equal(ns_at(f, "[mutex];[created: main.spawn:1]"), 0);
	c.by = SPLIT_GOROUTINE;
	make_flame(f, c);
	assert_int_equal(ns_at(f, "[mutex];[goroutine 2];main.w"), 20);
}

static void test_search(void **state)
{
	struct fix *f = *state;
	struct err err = { 0 };
	struct match *m = match_new("main\\.a", &err);
	uint8_t met[64];

	blocks(f, 1, 0, 100, "main.main;main.a;main.b;main.a"); /* within itself: once */
	blocks(f, 2, 100, 130, "main.main;main.c;main.a");
	blocks(f, 3, 130, 135, "main.main;main.c");
	whole(f);
	make_flame(f, (struct profile_choice){ .time = PROFILE_OFF_CPU });
	assert_true(f->flame.node.n < sizeof(met));
	assert_int_equal(flame_search(&f->flame, m, met), 130);
	assert_true(met[node_at(&f->flame, "[mutex];main.main;main.a")] & 1);
	assert_false(met[node_at(&f->flame, "[mutex];main.main;main.a;main.b")] & 1);
	assert_false(met[node_at(&f->flame, "[mutex];main.main;main.c")] & 1);
	match_free(m);
}

/* Recursion without end, names that lead in circles, stacks of no frames. */
static void test_deep(void **state)
{
	struct fix *f = *state;
	enum { DEPTH = 70000 };
	struct frame *fr = xcalloc(DEPTH, sizeof(*fr));
	uint32_t deep, at = 0, n = 0;

	for (int i = 0; i < DEPTH; i++) {
		fr[i].func = world_str(&f->w, i % 2 ? "main.ping" : "main.pong");
		fr[i].line = (uint32_t)i;
	}
	deep = stacktab_put(&f->w.stacks, fr, DEPTH);
	free(fr);
	tell(f, (struct event){ .time = 0, .kind = EV_BLOCK, .g = 1, .stack = deep });
	tell(f, (struct event){ .time = 0, .kind = EV_BLOCK, .g = 2 });
	tell(f, (struct event){ .time = 10, .kind = EV_SYNC });
	whole(f);
	make_flame(f, (struct profile_choice){ .time = PROFILE_OFF_CPU });
	assert_int_equal(flame_total(&f->flame, 0), 20);
	assert_int_equal(ns_at(f, "[other];[stack not known]"), 10);
	assert_true(f->flame.node.n <= FLAME_DEPTH + 4);
	for (uint32_t i = 0; i < f->flame.node.n; i++)
		if (f->flame.node.v[i].depth >= n) {
			n = f->flame.node.v[i].depth;
			at = i;
		}
	assert_int_equal(n, FLAME_DEPTH);
	assert_int_equal(f->flame.self.v[at], 10);
	assert_non_null(
		stacktab_frame(&f->w.stacks, f->flame.node.v[at].stack, f->flame.node.v[at].frame));
}

/* --- folded lines --- */

static char *folded(struct fix *f, enum profile_time time, bool *noted)
{
	struct export_request r = { .world = &f->w, .t0 = T_BEFORE, .t1 = T_NEVER };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(folded_export(&r, time, out), 0);
	fclose(out);
	*noted = r.note;
	return text;
}

static void test_folded(void **state)
{
	struct fix *f = *state;
	uint32_t evil = strtab_put(&f->w.strings, "main.\x1b[31m;evil\nname", 20);
	struct frame fr[2] = { { .func = evil }, { .func = world_str(&f->w, "main.main") } };
	bool noted;
	char *text;

	blocks(f, 1, 0, 1000000, "main.main;^main.b");
	blocks(f, 2, 1000000, 1000499, "main.main;main.rare"); /* less than half of one */
	tell(f, (struct event){ .time = 2000000,
				.kind = EV_BLOCK,
				.g = 3,
				.reason = R_NET,
				.stack = stacktab_put(&f->w.stacks, fr, 2) });
	tell(f, (struct event){ .time = 2001500, .kind = EV_DEAD, .g = 3 });
	whole(f);
	text = folded(f, PROFILE_OFF_CPU, &noted);
	assert_string_equal(text, "[mutex];main.main;main.b_[i] 1000\n"
				  "[net];main.main;main.?[31m:evil?name 2\n");
	free(text);
	text = folded(f, PROFILE_ON_CPU, &noted);
	assert_true(noted);
	assert_string_equal(text, "");
	free(text);
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < PROFILE_TIMES; i++)
		assert_int_equal(profile_time_parse(profile_time_name((enum profile_time)i)), i);
	for (int i = 0; i < SPLIT_N; i++)
		assert_int_equal(profile_split_parse(profile_split_name((enum profile_split)i)), i);
	assert_int_equal(profile_time_parse("cpu"), -1);
	assert_int_equal(profile_split_parse(""), -1);
	for (unsigned i = 0; i < PROFILE_KINDS; i++)
		assert_true(*profile_kind_name(i));
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_sums),      TEST(test_samples), TEST(test_samples_of_place),
		TEST(test_totals),    TEST(test_grows),	  TEST(test_spans),
		TEST(test_choice),    TEST(test_pieces),  TEST(test_another_is_wanted),
		TEST(test_forgotten), TEST(test_nothing), TEST(test_no_overflow),
		TEST(test_tree),      TEST(test_heads),	  TEST(test_search),
		TEST(test_deep),      TEST(test_folded),  TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

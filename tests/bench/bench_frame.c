/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a key to the redrawn grid with a million goroutines in the table: the limit
 * is one frame of a screen that shows sixty a second. What takes longer is done in pieces, as
 * on a terminal: each picture until all is there is a frame, and the last column tells what
 * all of them took together.
 *   bench_frame [GOROUTINES]
 * Where other programs run as well, the processor time tells what is our own part of it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "row.h"

#include "core/world.h"
#include "ui/ui.h"

enum {
	PLACES = 20000,
	COMMON = 300,
	RARE = 100000,
	DEPTH = 12,
	SEGMENTS = 40,
	W = 200,
	H = 60,
	MOST = 4000
};

/* As screen.c has it. */
enum { PIECE_NS = 4 * 1000 * 1000 };

static const double LIMIT_MS = 16;

struct bench {
	struct world w;
	struct jobs jobs;
	struct ui *ui;
	struct grid grid;
	uint64_t seed;
	uint32_t *stack;
	size_t n_stack;
	double ms[MOST], cpu[MOST]; /* of each key */
	double began, cpu_began;
	int n;
	int64_t now;
	double whole; /* of the key that took longest */
	int over, cpu_over;
	VEC(double) all; /* of every frame, processor time */
};

static uint32_t roll(struct bench *b, uint32_t n)
{
	b->seed = b->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(b->seed >> 33) % n;
}

static double clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void begin(struct bench *b)
{
	b->began = clock_ms(CLOCK_MONOTONIC);
	b->cpu_began = clock_ms(CLOCK_THREAD_CPUTIME_ID);
}

static void took(struct bench *b)
{
	if (b->n == MOST)
		return;
	b->cpu[b->n] = clock_ms(CLOCK_THREAD_CPUTIME_ID) - b->cpu_began;
	b->ms[b->n++] = clock_ms(CLOCK_MONOTONIC) - b->began;
}

/* The frames that follow from what was done since begin(), the first with it. */
static void frames(struct bench *b)
{
	double cpu_began = b->cpu_began, whole;
	int64_t wait;

	for (;;) {
		wait = ui_tick(b->ui, b->now += 1000000);
		if (ui_dirty(b->ui))
			ui_draw(b->ui, &b->grid);
		took(b);
		if (wait && !ui_dirty(b->ui))
			break;
		begin(b);
	}
	whole = clock_ms(CLOCK_THREAD_CPUTIME_ID) - cpu_began;
	b->whole = whole > b->whole ? whole : b->whole;
}

/* Works at once: here nothing waits for an answer. */
static void submit(struct jobs *j, void (*work)(void *), void (*done)(void *), void *arg)
{
	(void)j;
	work(arg);
	if (done)
		done(arg);
}

/* --- the world --- */

/* Of the places in a large program's text. */
static void make_stacks(struct bench *b)
{
	struct frame *place = xcalloc(PLACES, sizeof(*place)), f[DEPTH];
	char name[64];

	for (uint32_t i = 0; i < PLACES; i++) {
		snprintf(name, sizeof(name), "example.com/service/part%u.(*Thing).step%u",
			 roll(b, 40), roll(b, 100));
		place[i] = (struct frame){ .pc = 0x400000 + i * 0x40, .line = 1 + roll(b, 900) };
		place[i].func = world_str(&b->w, name);
		snprintf(name, sizeof(name), "/src/service/part%u.go", roll(b, 400));
		place[i].file = world_str(&b->w, name);
	}
	b->n_stack = COMMON + RARE;
	b->stack = xcalloc(b->n_stack, sizeof(*b->stack));
	for (size_t i = 0; i < b->n_stack; i++) {
		for (uint32_t k = 0; k < DEPTH; k++)
			f[k] = place[roll(b, PLACES)];
		b->stack[i] = stacktab_put(&b->w.stacks, f, DEPTH);
	}
	free(place);
}

static uint32_t some_stack(struct bench *b)
{
	return b->stack[roll(b, 10) ? roll(b, COMMON) : COMMON + roll(b, RARE)];
}

static void settle(struct bench *b, struct seg_g *s, int64_t t)
{
	static const uint8_t reasons[] = { R_CHAN_RECV, R_SELECT, R_MUTEX, R_NET, R_SLEEP };

	s->state = GS_BLOCKED;
	s->reason = reasons[roll(b, sizeof(reasons))];
	s->since = t;
	s->stack = some_stack(b);
	s->ns[SHARE_RUN] = roll(b, 1000);
	s->switches = 2;
}

/* They are made in the first segments; in each a tenth does something. */
static void make_world(struct bench *b, size_t n)
{
	struct seg_g *s = xcalloc(n, sizeof(*s));
	size_t made = 0;
	int64_t t = 0;

	world_init(&b->w);
	make_stacks(b);
	for (int seg = 0; seg < SEGMENTS; seg++, t += 100000000) {
		size_t k = 0;

		for (; made < n * (size_t)(seg + 1) / 20 && made < n; made++, k++) {
			s[k] = (struct seg_g){ .goid = made + 1,
					       .flags = SEGG_CREATED,
					       .t_create = t,
					       .creator = 1,
					       .create_stack = b->stack[roll(b, 50)],
					       .start_stack = b->stack[roll(b, 50)] };
			settle(b, &s[k], t + 1);
		}
		for (size_t g = roll(b, 10); g + n / 20 < made && k < n; g += 10, k++) {
			s[k] = (struct seg_g){ .goid = g + 1 };
			settle(b, &s[k], t + 2);
		}
		world_merge(&b->w, t, t + 100000000, k, s, k);
	}
	b->w.t_end = t;
	b->w.progress.whole = true;
	free(s);
}

/* --- what is measured --- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void done(struct bench *b, const char *what)
{
	qsort(b->ms, (size_t)b->n, sizeof(*b->ms), by_value);
	qsort(b->cpu, (size_t)b->n, sizeof(*b->cpu), by_value);
	printf("  %-35s %4d frames %6.2f ms  p99 %6.2f  most %6.2f   processor %6.2f, p99 %6.2f, "
	       "most %6.2f   in all %6.1f\n",
	       what, b->n, b->ms[b->n / 2], b->ms[b->n * 99 / 100], b->ms[b->n - 1],
	       b->cpu[b->n / 2], b->cpu[b->n * 99 / 100], b->cpu[b->n - 1], b->whole);
	for (int i = 0; i < b->n; i++)
		*vec_push(&b->all) = b->cpu[i];
	b->over += b->ms[b->n - 1] > LIMIT_MS;
	b->cpu_over += b->cpu[b->n - 1] > LIMIT_MS;
	b->n = 0;
	b->whole = 0;
}

/* What led there is measured elsewhere. */
static void drop(struct bench *b)
{
	b->n = 0;
	b->whole = 0;
}

static void key(struct bench *b, uint32_t k)
{
	begin(b);
	ui_key(b->ui, k);
	frames(b);
}

static void keys(struct bench *b, const char *what, uint32_t k, int times)
{
	for (int i = 0; i < times; i++)
		key(b, k);
	done(b, what);
}

static void type(struct bench *b, const char *what, const char *text, uint32_t end)
{
	key(b, '/');
	for (const char *p = text; *p; p++)
		key(b, (uint32_t)*p);
	for (size_t i = strlen(text); i-- > strlen(text) / 2;)
		key(b, UK_BACKSPACE);
	key(b, end);
	done(b, what);
	key(b, UK_ESC);
	key(b, UK_ESC);
	drop(b);
}

static void command(struct bench *b, const char *what, const char *const *line, int n, int times)
{
	struct err err = { 0 };

	for (int i = 0; i < times; i++) {
		begin(b);
		if (ui_command(b->ui, line[i % n], &err))
			die("bench_frame: %s", err.text);
		frames(b);
	}
	done(b, what);
}

/* A live program: some thousand changes, then a frame. */
static void live(struct bench *b, const char *what, size_t n)
{
	for (int i = 0; i < 40; i++) {
		for (size_t k = 0; k < n; k++) {
			struct event ev = { .time = b->w.t_end + 100,
					    .g = 1 + roll(b, (uint32_t)b->w.g.n),
					    .kind = EV_BLOCK,
					    .reason = R_SELECT,
					    .stack = some_stack(b),
					    .m = NO_ID,
					    .p = NO_ID };

			world_apply(&b->w, &ev);
		}
		world_close_segment(&b->w);
		begin(b);
		ui_world_changed(b->ui);
		frames(b);
	}
	done(b, what);
}

static void measure_timeline(struct bench *b)
{
	static const char *const rows[] = { "group-rows stack", "group-rows creator",
					    "group-rows flat" };
	int n = 0;

	key(b, '2');
	drop(b);
	keys(b, "timeline: down", UK_DOWN, 100);
	keys(b, "timeline: page down", UK_PGDN, 40);
	keys(b, "timeline: to the last row", 'G', 1);
	command(b, "timeline: rows of groups", rows, 3, 6);
	key(b, 't');
	drop(b);
	keys(b, "timeline of groups: down", UK_DOWN, 50);
	keys(b, "timeline of groups: zoom", '+', 10);
	keys(b, "timeline of groups: step in time", '.', 10);
	key(b, 'm');
	done(b, "mark the moment");
	key(b, 'L');
	drop(b);
	keys(b, "what has changed since the mark", 'D', 1);
	keys(b, "changes: down", UK_DOWN, 50);
	for (size_t i = 0; i < b->all.n; i++)
		n += b->all.v[i] > LIMIT_MS;
	qsort(b->all.v, b->all.n, sizeof(*b->all.v), by_value);
	printf("  %zu frames, processor time: median %.2f ms, p99 %.2f, most %.2f, %d (%.1f %%) "
	       "over %.0f ms\n",
	       b->all.n, b->all.v[b->all.n / 2], b->all.v[b->all.n * 99 / 100],
	       b->all.v[b->all.n - 1], n, 100.0 * n / (double)b->all.n, LIMIT_MS);
	row_once("frame, 1,000,000 goroutines, median", b->all.v[b->all.n / 2], "ms",
		 "a frame of 60 a second", LIMIT_MS, 1);
	row_once("frame, 1,000,000 goroutines, p99", b->all.v[b->all.n * 99 / 100], "ms",
		 "a frame of 60 a second", LIMIT_MS, 1);
}

static void measure(struct bench *b)
{
	static const char *const sorts[] = { "sort wait", "sort id",	   "sort where",
					     "sort on",	  "sort switches", "sort count" };
	static const char *const times[] = { "goto 1s", "goto 3.5s", "goto 2.05s" };

	keys(b, "down", UK_DOWN, 200);
	keys(b, "page down", UK_PGDN, 100);
	keys(b, "to the last line", 'G', 4);
	keys(b, "up", UK_UP, 100);
	keys(b, "to the first line", UK_HOME, 4);
	keys(b, "unfold and fold a group", UK_RIGHT, 1);
	keys(b, "down in the group", UK_DOWN, 50);
	keys(b, "fold it", UK_LEFT, 1);
	command(b, "sort by another column", sorts, ARRAY_SIZE(sorts), 12);
	keys(b, "group: flat, by creator, by stack", 't', 9);
	key(b, 't');
	drop(b);
	command(b, "sort, flat", sorts, ARRAY_SIZE(sorts), 12);
	keys(b, "down, flat", UK_DOWN, 100);
	type(b, "filter as it is typed, flat", "part1.*step5", UK_ENTER);
	key(b, 't');
	key(b, 't');
	drop(b);
	type(b, "filter as it is typed, by stack", "part1.*step5", UK_ENTER);
	type(b, "filter by reason", "chan-recv|mutex", UK_ENTER);
	type(b, "filter by id", "^g77", UK_ENTER);
	keys(b, "zoom in", '+', 12);
	keys(b, "zoom out", '-', 12);
	key(b, 'b');
	for (const char *c = "2s"; *c; c++)
		key(b, (uint32_t)*c);
	key(b, UK_ENTER);
	drop(b);
	keys(b, "step in time", '.', 20);
	command(b, "go to a time, half the session away", times, ARRAY_SIZE(times), 9);
	keys(b, "back to the newest", 'L', 1);
	live(b, "1,000 changes come in", 1000);
	live(b, "20,000 changes come in", 20000);
	measure_timeline(b);
}

/* The same four zooms, in the middle of a session of some hours. */
static void measure_zooms(struct bench *b)
{
	static const char *const spans[] = { "zoom-all", "goto 50%", "zoom-in", "zoom-in",
					     "zoom-in" };

	command(b, "hours: all, then closer", spans, 5, 5);
	for (int i = 0; i < 40; i++)
		key(b, '+');
	done(b, "hours: down to nanoseconds");
	keys(b, "hours: steps there", '.', 40);
	keys(b, "hours: out again", '-', 43);
}

/* Few goroutines that did something in every second of five hours. */
static void measure_long(void)
{
	enum { GOROUTINES = 200, SECONDS = 18000 };
	struct bench *b = xcalloc(1, sizeof(*b));
	struct ui_config c = {
		.world = &b->w, .jobs = &b->jobs, .piece_ns = PIECE_NS, .w = W, .h = H
	};
	struct seg_g *s = xcalloc(GOROUTINES, sizeof(*s));
	int64_t t = 0;

	b->jobs.submit = submit;
	world_init(&b->w);
	make_stacks(b);
	for (int seg = 0; seg < SECONDS; seg++, t += 1000000000) {
		for (size_t g = 0; g < GOROUTINES; g++) {
			s[g] = (struct seg_g){ .goid = g + 1, .flags = seg ? 0 : SEGG_FIRST };
			settle(b, &s[g], t + 2);
		}
		world_merge(&b->w, t, t + 1000000000, GOROUTINES * 4, s, GOROUTINES);
	}
	b->w.progress.whole = true;
	printf("%d goroutines over %d s, %zu timeline entries, %zu above them\n", GOROUTINES,
	       SECONDS, b->w.entry.n, b->w.coarse.n);
	grid_init(&b->grid, W, H, false);
	b->ui = ui_new(&c);
	key(b, '2');
	key(b, 'z');
	drop(b);
	measure_zooms(b);
	begin(b);
	world_thin(&b->w, b->w.entry.n * 2 / 3);
	took(b);
	done(b, "hours: made coarser by a third");
	ui_free(b->ui);
	world_release(&b->w);
	vec_free(&b->all);
	free(b->stack);
	free(s);
	free(b);
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	struct bench *b = xcalloc(1, sizeof(*b));
	struct ui_config c = {
		.world = &b->w, .jobs = &b->jobs, .piece_ns = PIECE_NS, .w = W, .h = H
	};
	double t0 = clock_ms(CLOCK_MONOTONIC);

	b->jobs.submit = submit;
	make_world(b, n);
	printf("%zu goroutines in %zu stacks, %zu timeline entries, made in %.0f ms\n", n,
	       b->w.stacks.stack.n, b->w.entry.n, clock_ms(CLOCK_MONOTONIC) - t0);
	grid_init(&b->grid, W, H, false);
	b->ui = ui_new(&c);
	begin(b);
	ui_world_changed(b->ui);
	frames(b);
	done(b, "the first picture");
	measure(b);
	printf("%d over %.0f ms, %d in processor time\n", b->over, LIMIT_MS, b->cpu_over);
	ui_free(b->ui);
	world_release(&b->w);
	vec_free(&b->all);
	free(b->stack);
	free(b);
	measure_long();
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flame pane with a million goroutines at a hundred thousand stacks: what a worker
 * takes to read where time went, the pieces in which the tree is made between frames, and
 * frames while one moves in it and while the program goes on. The limit is a frame of a
 * screen that shows sixty a second.
 *   bench_flame [GOROUTINES]
 * Where other programs run as well, the processor time tells what is our own part of it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "row.h"

#include "core/clock.h"
#include "core/evlog.h"
#include "core/world.h"
#include "ui/ui.h"

enum { PLACES = 20000, STACKS = 100000, DEPTH = 12, W = 200, H = 60, PIECE_NS = 4000000 };

static const double LIMIT_MS = 16;

struct bench {
	struct jobs jobs; /* first: submit() comes back from it */
	struct world w;
	struct evlog *log;
	struct ui *ui;
	struct grid grid;
	uint64_t seed;
	uint32_t *stack;
	struct {
		void (*work)(void *);
		void (*done)(void *);
		void *arg;
	} job;
	int over;
	VEC(double) all; /* of every frame and piece */
};

static uint32_t roll(struct bench *b, uint32_t n)
{
	b->seed = b->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(b->seed >> 33) % n;
}

static double cpu_ms(void)
{
	return (double)clock_cpu_ns() / 1e6;
}

/* There is one at a time. */
static void submit(struct jobs *j, void (*work)(void *), void (*done)(void *), void *arg)
{
	struct bench *b = (struct bench *)j;

	b->job.work = work;
	b->job.done = done;
	b->job.arg = arg;
}

/* --- the world --- */

/* A tree of calls, as those of a large program are: of each, some twenty go on from it. */
static void make_stacks(struct bench *b)
{
	struct frame *place = xcalloc(PLACES, sizeof(*place)), f[DEPTH];
	char name[64];

	for (uint32_t i = 0; i < PLACES; i++) {
		snprintf(name, sizeof(name), "example.com/service/part%u.(*Thing).step%u",
			 roll(b, 40), i);
		place[i] = (struct frame){ .pc = 0x400000 + i * 0x40, .line = 1 + roll(b, 900) };
		place[i].func = world_str(&b->w, name);
		place[i].file = world_str(&b->w, "/src/service/part.go");
	}
	b->stack = xcalloc(STACKS, sizeof(*b->stack));
	for (size_t i = 0; i < STACKS; i++) {
		uint32_t at = 0;

		for (uint32_t k = DEPTH; k-- > 0;) {
			at = (at * 20 + 1 + roll(b, k > DEPTH / 2 ? 3 : 20)) % PLACES;
			f[k] = place[at];
		}
		b->stack[i] = stacktab_put(&b->w.stacks, f, DEPTH);
	}
	free(place);
}

static void tell(struct bench *b, struct event ev)
{
	ev.time = b->w.t_end + 200;
	ev.m = ev.p = NO_ID;
	world_apply(&b->w, &ev);
	evlog_append(b->log, &ev);
}

static void block(struct bench *b, uint64_t g)
{
	static const uint8_t reasons[] = { R_CHAN_RECV, R_SELECT, R_MUTEX, R_NET, R_SLEEP };
	uint32_t at = roll(b, STACKS);

	tell(b, (struct event){ .kind = EV_BLOCK,
				.g = g,
				.reason = reasons[at % sizeof(reasons)],
				.stack = b->stack[at] });
}

static void make_world(struct bench *b, size_t n)
{
	world_init(&b->w);
	b->log = evlog_new(SIZE_MAX);
	b->w.history = evlog_history(b->log);
	b->w.live.state = LIVE_RUNS;
	make_stacks(b);
	for (uint64_t g = 1; g <= n; g++) {
		tell(b, (struct event){ .kind = EV_STATUS,
					.g = g,
					.state = GS_RUNNING,
					.stack = b->stack[roll(b, STACKS)],
					.stack2 = b->stack[roll(b, 50)] });
		block(b, g);
	}
}

/* --- what is measured --- */

static void result(struct bench *b, const char *what, double most, double sum, int n)
{
	printf("  %-44s most %7.2f ms   %5.1f %% of a frame   in all %8.1f ms in %d\n", what, most,
	       100 * most / LIMIT_MS, sum, n);
	b->over += most > LIMIT_MS;
}

/* Since t. */
static double took(struct bench *b, double t)
{
	return *vec_push(&b->all) = cpu_ms() - t;
}

static double frame(struct bench *b)
{
	double t = cpu_ms();

	ui_draw(b->ui, &b->grid);
	return took(b, t);
}

/* Frames and pieces between them until nothing is left to do. */
static void settle(struct bench *b, const char *what)
{
	double frames = 0, pieces = 0, sum = 0, worker = 0, t, ms;
	int n = 0;
	bool more = true;

	for (int i = 0; i < 100000 && (more || b->job.work || ui_dirty(b->ui)); i++) {
		ms = frame(b);
		frames = ms > frames ? ms : frames;
		if (b->job.work) {
			t = cpu_ms();
			b->job.work(b->job.arg);
			worker += cpu_ms() - t;
			t = cpu_ms();
			b->job.done(b->job.arg);
			ms = took(b, t);
			frames = ms > frames ? ms : frames;
			b->job.work = NULL;
		}
		t = cpu_ms();
		more = ui_tick(b->ui, 0) == 0;
		ms = took(b, t);
		pieces = ms > pieces ? ms : pieces;
		sum += ms;
		n++;
	}
	printf("%s: a worker takes %.0f ms\n", what, worker);
	result(b, "its frames", frames, frames, 1);
	result(b, "its pieces between frames", pieces, sum, n);
}

static void keys(struct bench *b, const char *what, const char *keys, int times)
{
	double most = 0, sum = 0;
	int n = 0;

	for (int i = 0; i < times; i++)
		for (const char *k = keys; *k; k++, n++) {
			double t = cpu_ms(), ms;

			ui_key(b->ui, (uint32_t)*k);
			ui_draw(b->ui, &b->grid);
			ms = took(b, t);
			sum += ms;
			most = ms > most ? ms : most;
		}
	result(b, what, most, sum, n);
}

static void live(struct bench *b, size_t n)
{
	for (size_t i = 0; i < 20000; i++)
		block(b, 1 + roll(b, (uint32_t)n));
	tell(b, (struct event){ .kind = EV_SYNC });
	b->w.t_end += 2000000000;
	ui_world_changed(b->ui);
	settle(b, "20,000 changes later");
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	struct bench *b = xcalloc(1, sizeof(*b));
	struct ui_config c = {
		.world = &b->w, .jobs = &b->jobs, .w = W, .h = H, .live = true, .piece_ns = PIECE_NS
	};

	b->jobs.submit = submit;
	make_world(b, n);
	printf("%zu goroutines at %d stacks, %zu MB of events\n", n, STACKS,
	       evlog_bytes(b->log) >> 20);
	grid_init(&b->grid, W, H, false);
	b->ui = ui_new(&c);
	ui_world_changed(b->ui);
	ui_draw(b->ui, &b->grid);
	ui_key(b->ui, 'f');
	settle(b, "time on CPU");
	ui_key(b->ui, 'c');
	settle(b, "time off CPU");
	keys(b, "up, down, left, right", "jjjlhkjjk", 10);
	keys(b, "zoom in and out", "jj\r\033", 10);
	live(b, n);
	live(b, n);
	keys(b, "a search as it is typed", "/step12\r", 1);
	keys(b, "its next match", "nN", 5);
	printf("%d over %.0f ms\n", b->over, LIMIT_MS);
	row_once("flame pane, 1,000,000 goroutines, p99",
		 row_quantile(b->all.v, (int)b->all.n, 0.99), "ms", "a frame of 60 a second",
		 LIMIT_MS, 1);
	vec_free(&b->all);
	ui_free(b->ui);
	grid_release(&b->grid);
	world_release(&b->w);
	evlog_free(b->log);
	free(b->stack);
	free(b);
	return 0;
}

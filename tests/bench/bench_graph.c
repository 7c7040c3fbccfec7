/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wait-for graph and the detectors cost on the loop's thread, by worlds that are made up:
 *
 *	bench_graph [GOROUTINES...]
 *
 * Without arguments 10,000 and 100,000. Environment: WORLD (those with that word in their
 * names), STEPS=1 (also what each step of the graph takes). All figures are processor time in ms: the least of
 * some looks for each part, and the longest piece of a look in pieces of 4 ms, as the screen makes it.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "row.h"

#include "analysis/detect.h"
#include "core/world.h"

enum { LOOKS = 5, STACKS = 64, TOLD = 1 << 18, PIECE_NS = 4 * 1000 * 1000 };

#define SECOND 1000000000ll

struct bench {
	struct world w;
	struct detect d;
	uint32_t stack[STACKS];
	uint64_t goid; /* the last one */
};

static double cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* --- worlds --- */

static void stacks_make(struct bench *b)
{
	char name[64];

	for (uint32_t i = 0; i < STACKS; i++) {
		struct frame f[4] = { 0 };

		for (uint32_t k = 0; k < 4; k++) {
			snprintf(name, sizeof(name), "main.(*Thing).step%u", (i * 7 + k) % 97);
			f[k].func = world_str(&b->w, name);
			f[k].file = world_str(&b->w, "/src/main.go");
			f[k].line = 10 * i + k + 1;
			f[k].pc = 0x400000 + 64 * i + k;
		}
		b->stack[i] = stacktab_put(&b->w.stacks, f, 4);
	}
}

/* A goroutine more, that waits since the session began. */
static uint64_t some(struct bench *b, enum gstate state, enum reason reason, unsigned place)
{
	struct event ev = { .g = ++b->goid,
			    .kind = EV_STATUS,
			    .state = (uint8_t)state,
			    .reason = (uint8_t)reason,
			    .stack = b->stack[place],
			    .stack2 = b->stack[place + 1],
			    .m = NO_ID,
			    .p = NO_ID };

	world_apply(&b->w, &ev);
	ev.kind = EV_ORIGIN;
	ev.stack = b->stack[place + 2];
	world_apply(&b->w, &ev);
	return b->goid;
}

static struct object *object(struct bench *b, uint64_t addr, enum object_kind kind, unsigned flags)
{
	struct object *o = facts_object(&b->w.facts_next, addr);

	o->kind = (uint8_t)kind;
	o->flags = (uint16_t)(OBJF_SEARCHED | flags);
	return o;
}

static void wait_on(struct bench *b, uint64_t g, uint64_t addr, enum wait_op op)
{
	facts_wait(&b->w.facts_next, g, addr, op, false, 0);
}

static void hold(struct bench *b, uint64_t g, uint64_t addr, enum hold_op op)
{
	facts_hold(&b->w.facts_next, g, addr, op, EVIDENCE_SEEN, 1, b->stack[9]);
}

static uint64_t chan_at(size_t i)
{
	return 0xc000000000 + i * 96;
}

/* A server in the evening: most wait for the network, for jobs, for a lock. */
static void world_mixed(struct bench *b, size_t n)
{
	uint64_t done = chan_at(0), lock = chan_at(1), all = chan_at(2), holder = 0;

	object(b, done, OBJ_CHAN, OBJF_CONTEXT | OBJF_SHARED);
	object(b, lock, OBJ_MUTEX, OBJF_LOCKED | OBJF_GLOBAL);
	object(b, all, OBJ_WAITGROUP, 0);
	for (size_t i = 0; i < n; i++) {
		uint64_t own = chan_at(i + 8), g;

		switch (i % 8) {
		case 0:
		case 1:
			g = some(b, GS_BLOCKED, R_NET, 0);
			object(b, own, OBJ_POLL, 0);
			wait_on(b, g, own, OP_READ);
			holder = g;
			break;
		case 2:
		case 3:
			g = some(b, GS_BLOCKED, R_CHAN_RECV, 1);
			object(b, own, OBJ_CHAN, 0);
			wait_on(b, g, own, OP_RECV);
			hold(b, holder, own, HOLD_REF);
			break;
		case 4:
		case 5:
			g = some(b, GS_BLOCKED, R_SELECT, 2);
			object(b, own, OBJ_CHAN, OBJF_TIMER)->when = 100 * SECOND;
			object(b, own + 32, OBJ_CHAN, 0);
			facts_wait(&b->w.facts_next, g, own, OP_RECV, true, 0);
			facts_wait(&b->w.facts_next, g, done, OP_RECV, true, 1);
			facts_wait(&b->w.facts_next, g, own + 32, OP_RECV, true, 2);
			hold(b, g - 1, own + 32, HOLD_SEND);
			hold(b, g - 1, own + 32, HOLD_REF);
			break;
		case 6:
			g = some(b, GS_BLOCKED, R_MUTEX, 3);
			if (i % 64 == 6)
				object(b, lock = own, OBJ_MUTEX, OBJF_LOCKED);
			wait_on(b, g, lock, OP_LOCK);
			if (i % 64 == 6)
				hold(b, holder, lock, HOLD_LOCK);
			break;
		default:
			g = some(b, GS_BLOCKED, R_WAITGROUP, 4);
			if (i % 64 == 7)
				object(b, all = own, OBJ_WAITGROUP, 0)->len = 2;
			wait_on(b, g, all, OP_WAIT);
			hold(b, holder, all, HOLD_DONE);
		}
	}
}

static void world_one(struct bench *b, size_t n)
{
	object(b, chan_at(0), OBJ_CHAN, OBJF_SHARED);
	for (size_t i = 0; i < n; i++)
		wait_on(b, some(b, GS_BLOCKED, R_CHAN_RECV, 0), chan_at(0), OP_RECV);
}

static void world_own(struct bench *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		object(b, chan_at(i), OBJ_CHAN, OBJF_SHARED);
		wait_on(b, some(b, GS_BLOCKED, R_CHAN_RECV, 0), chan_at(i), OP_RECV);
	}
}

/* Of very many a look tells but so many. */
static void world_told(struct bench *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t g = some(b, GS_BLOCKED, R_CHAN_RECV, (unsigned)i % 32);

		if (i >= TOLD)
			continue;
		object(b, chan_at(i / 2), OBJ_CHAN, OBJF_SHARED);
		wait_on(b, g, chan_at(i / 2), OP_RECV);
	}
}

/* As many goroutines less two thirds, with three cases each. */
static void world_select(struct bench *b, size_t n)
{
	for (size_t i = 0; i < n / 3; i++) {
		uint64_t g = some(b, GS_BLOCKED, R_SELECT, 0);

		for (uint16_t k = 0; k < 3; k++) {
			object(b, chan_at(3 * i + k), OBJ_CHAN, OBJF_SHARED);
			facts_wait(&b->w.facts_next, g, chan_at(3 * i + k), OP_RECV, true, k);
		}
	}
}

/* Nobody can reach what they wait on. */
static void world_lost(struct bench *b, size_t n)
{
	some(b, GS_RUNNABLE, R_NONE, 3);
	for (size_t i = 0; i < n; i++) {
		object(b, chan_at(i), OBJ_CHAN, 0);
		wait_on(b, some(b, GS_BLOCKED, R_CHAN_SEND, (unsigned)i % 16), chan_at(i), OP_SEND);
	}
}

/* Each holds a lock and waits for that of the next one; the last for the first one's. */
static void world_ring(struct bench *b, size_t n)
{
	some(b, GS_RUNNABLE, R_NONE, 3);
	for (size_t i = 0; i < n; i++) {
		uint64_t g = some(b, GS_BLOCKED, R_MUTEX, 0);

		object(b, chan_at(i), OBJ_MUTEX, OBJF_LOCKED);
		hold(b, g, chan_at(i), HOLD_LOCK);
		object(b, chan_at((i + 1) % n), OBJ_MUTEX, OBJF_LOCKED);
		wait_on(b, g, chan_at((i + 1) % n), OP_LOCK);
	}
}

/* Pairs that lock each other out. */
static void world_pairs(struct bench *b, size_t n)
{
	some(b, GS_RUNNABLE, R_NONE, 3);
	for (size_t i = 0; i < n; i++) {
		uint64_t g = some(b, GS_BLOCKED, R_MUTEX, (unsigned)i % 32);

		object(b, chan_at(i), OBJ_MUTEX, OBJF_LOCKED);
		hold(b, g, chan_at(i), HOLD_LOCK);
		object(b, chan_at(i ^ 1), OBJ_MUTEX, OBJF_LOCKED);
		wait_on(b, g, chan_at(i ^ 1), OP_LOCK);
	}
}

/* One lock that all wait for, and all have the address of others' channels. */
static void world_crowd(struct bench *b, size_t n)
{
	uint64_t first = some(b, GS_BLOCKED, R_CHAN_RECV, 5);

	object(b, chan_at(1), OBJ_CHAN, 0);
	object(b, chan_at(0), OBJ_MUTEX, OBJF_LOCKED);
	wait_on(b, first, chan_at(1), OP_RECV);
	hold(b, first, chan_at(0), HOLD_LOCK);
	for (size_t i = 1; i < n; i++) {
		uint64_t g = some(b, GS_BLOCKED, R_MUTEX, 0);

		wait_on(b, g, chan_at(0), OP_LOCK);
		if (i < 1024)
			hold(b, g, chan_at(1), HOLD_REF);
	}
}

static const struct {
	const char *name;
	void (*make)(struct bench *b, size_t n);
} worlds[] = {
	{ "mixed: channels, selects, locks, network", world_mixed },
	{ "all at one channel", world_one },
	{ "each at its own channel", world_own },
	{ "channels, of at most 262,144 goroutines", world_told },
	{ "selects with 3 cases, a third as many", world_select },
	{ "channels that nobody can reach", world_lost },
	{ "one ring of locks", world_ring },
	{ "rings of two", world_pairs },
	{ "a lock that all wait for", world_crowd },
};

/* --- what is measured --- */

static void least(double *v, double t0)
{
	double ms = cpu_ms() - t0;

	if (!*v || ms < *v)
		*v = ms;
}

/* The time goes on, and nothing else. */
static void tick(struct bench *b)
{
	struct event ev = { .kind = EV_SYNC, .time = b->w.t_end + SECOND, .m = NO_ID, .p = NO_ID };

	world_apply(&b->w, &ev);
	b->w.facts.time = ev.time;
}

static void parts(struct bench *b, double *graph, double part[DETECT_N], double *end)
{
	struct detect *d = &b->d;
	double t = cpu_ms();

	d->world = &b->w;
	d->moment = &b->w.now;
	d->facts = true;
	d->graph.settle = d->conf.settle;
	d->until = INT64_MAX;
	d->from = d->at = 0;
	graph_make(&d->graph, &b->w);
	least(graph, t);
	findings_begin(&d->findings, b->w.now.time);
	for (int i = 0; i < DETECT_N; i++) {
		t = cpu_ms();
		detector_table[i].look(d);
		least(&part[i], t);
	}
	t = cpu_ms();
	findings_end(&d->findings);
	least(end, t);
}

/* Each step of the graph's making, where somebody asks for them. */
static void steps_print(struct bench *b)
{
	double t = cpu_ms();

	if (!getenv("STEPS"))
		return;
	graph_begin(&b->d.graph, &b->w);
	printf("    steps");
	for (bool more = true; more; t = cpu_ms()) {
		more = graph_step(&b->d.graph);
		printf(" %.2f", cpu_ms() - t);
	}
	puts("");
}

/* The longest pieces of a look, of all worlds of that many goroutines. */
static double longest;
static const char *longest_of;

static void measure(struct bench *b, const char *name)
{
	double graph = 0, part[DETECT_N] = { 0 }, end = 0, whole = 0, piece = 0, finish,
	       t = cpu_ms();
	size_t before;

	facts_finish(&b->w.facts_next);
	finish = cpu_ms() - t;
	b->w.facts = b->w.facts_next;
	memset(&b->w.facts_next, 0, sizeof(b->w.facts_next));
	b->w.live.pid = 1;
	b->w.live.state = LIVE_RUNS;
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	for (int i = 0; i < 4; i++) /* all have waited long enough to be told of */
		tick(b);
	for (int i = 0; i < LOOKS; i++) {
		tick(b);
		parts(b, &graph, part, &end);
	}
	for (int i = 0; i < LOOKS; i++) {
		tick(b);
		t = cpu_ms();
		detect_now(&b->d, &b->w);
		least(&whole, t);
	}
	b->d.piece_ns = PIECE_NS;
	for (int i = 0; i < LOOKS; i++) {
		double most = 0;

		tick(b);
		do {
			t = cpu_ms();
			detect_look(&b->d, &b->w);
			t = cpu_ms() - t;
			most = t > most ? t : most;
		} while (detect_busy(&b->d));
		piece = !i || most < piece ? most : piece;
	}
	if (piece > longest) {
		longest = piece;
		longest_of = name;
	}
	steps_print(b);
	printf("  %s\n    finish %.2f  graph %.2f ", name, finish, graph);
	for (int i = 0; i < DETECT_N; i++)
		printf(" %s %.2f", detector_table[i].name, part[i]);
	printf("  whole %.2f ms, in pieces of %.2f at most  %zu MB, facts %zu MB, %zu findings\n",
	       whole, piece, (mallinfo2().uordblks + mallinfo2().hblkhd - before) >> 20,
	       (b->w.facts.object.cap * sizeof(struct object) +
		b->w.facts.wait.cap * sizeof(struct wait) +
		b->w.facts.hold.cap * sizeof(struct hold) + b->w.facts.g_wait.cap * 4 +
		b->w.facts.g_hold.cap * 4 +
		(b->w.facts.by_addr.mask + 1) * sizeof(struct map64_slot)) >>
		       20,
	       b->d.findings.v.n);
}

static void world_measure(size_t which, size_t n)
{
	struct bench *b = xcalloc(1, sizeof(*b));

	world_init(&b->w);
	detect_init(&b->d);
	stacks_make(b);
	worlds[which].make(b, n);
	b->w.facts_next.searched = true;
	measure(b, worlds[which].name);
	detect_release(&b->d);
	world_release(&b->w);
	free(b);
}

int main(int argc, char **argv)
{
	static const char *const plain[] = { "10000", "100000" };
	const char *const *count = argc > 1 ? (const char *const *)argv + 1 : plain;
	const char *word = getenv("WORLD");
	int n = argc > 1 ? argc - 1 : (int)ARRAY_SIZE(plain);

	for (int i = 0; i < n; i++) {
		size_t goroutines = strtoul(count[i], NULL, 10);
		char *what;

		longest = 0;
		printf("%zu goroutines\n", goroutines);
		for (size_t k = 0; k < ARRAY_SIZE(worlds); k++)
			if (!word || strstr(worlds[k].name, word))
				world_measure(k, goroutines);
		if (!longest)
			continue;
		what = xasprintf("detectors' longest piece, %zu goroutines (%s)", goroutines,
				 longest_of);
		row_once(what, longest, "ms", "a frame of 60 a second", 16, 1);
		free(what);
	}
	return 0;
}

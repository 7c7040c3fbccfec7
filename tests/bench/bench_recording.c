/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording of hours: what noting and packing an event costs, how fast it loads, and how long it
 * takes to go to any time.
 *
 *	bench_recording [MB [GOROUTINES [FILE]]]	64, 10000, a file in /tmp that is taken away again
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "row.h"

#include "core/clock.h"
#include "export/recording.h"
#include "recorder_file.h"
#include "source/open.h"

enum { STACKS = 200, SEEKS = 200, FRAME_EVENTS = 4000, ROUNDS = 3 };
#define TIMELINE ((size_t)256 << 20)

struct bench {
	struct world w;
	struct rec_encoder enc;
	struct world_tap tap;
	struct recfile file;
	uint32_t stack[STACKS];
	uint64_t x, goroutines, events;
	int64_t now, noting, packing;
};

static uint64_t next_random(struct bench *b)
{
	b->x ^= b->x << 13;
	b->x ^= b->x >> 7;
	b->x ^= b->x << 17;
	return b->x;
}

static void on_event(void *arg, const struct event *ev)
{
	rec_event(&((struct bench *)arg)->enc, ev);
}

static void on_look(void *arg)
{
	rec_look(&((struct bench *)arg)->enc);
}

static void make_names(struct bench *b)
{
	for (unsigned i = 0; i < STACKS; i++) {
		struct frame f[8];
		char name[64];

		for (unsigned k = 0; k < 8; k++) {
			snprintf(name, sizeof(name), "example.com/app/part%u.(*Thing).step%u",
				 i / 8, i * k);
			f[k] = (struct frame){ .pc = 0x400000 + i * 64 + k,
					       .func = world_str(&b->w, name),
					       .file = world_str(&b->w, "/src/app/part.go"),
					       .line = i + k };
		}
		b->stack[i] = stacktab_put(&b->w.stacks, f, 8);
	}
}

static void tell(struct bench *b, struct event ev)
{
	ev.time = b->now;
	ev.m = ev.p = NO_ID;
	world_apply(&b->w, &ev);
	b->events++;
}

/* What passes of a sampling see: some goroutines ran since, and wait again. */
static void tell_pass(struct bench *b)
{
	for (unsigned i = 0; i < FRAME_EVENTS; i++) {
		uint64_t r = next_random(b);

		tell(b, (struct event){ .kind = r & 7 ? EV_BLOCK : EV_RUN,
					.g = 1 + (r >> 8) % b->goroutines,
					.reason = r & 7 ? R_CHAN_RECV : 0,
					.stack = b->stack[(r >> 40) % STACKS],
					.flags = EVF_SAMPLED,
					.value = (uint64_t)b->now - (r >> 44),
					.value2 = r >> 16 & 3 });
		b->now += 20000 + (int64_t)(r >> 50);
	}
}

static void tell_births(struct bench *b)
{
	for (uint64_t g = 1; g <= b->goroutines; g++)
		tell(b, (struct event){ .kind = EV_CREATE,
					.g = g,
					.state = GS_RUNNABLE,
					.stack = b->stack[g % STACKS],
					.stack2 = b->stack[(g + 1) % STACKS] });
}

static void trim(struct bench *b)
{
	if (world_past_bytes(&b->w) > TIMELINE) {
		world_close_segment(&b->w);
		world_thin(&b->w, b->w.entry.n / 2);
	}
}

static int write_frame(struct bench *b, bool last)
{
	int64_t t = clock_cpu_ns();
	struct rec_block *k = rec_take(&b->enc, NULL, last);
	int rc;

	b->noting += clock_cpu_ns() - t;
	if (!k)
		return 0;
	k->keep = true;
	t = clock_cpu_ns();
	rc = recfile_block(&b->file, k);
	b->packing += clock_cpu_ns() - t;
	rec_block_free(k);
	trim(b);
	return rc;
}

/* The same told to a world that nobody records; ns an event. */
static double unrecorded(uint64_t events, uint64_t goroutines)
{
	struct bench b = { .x = 88172645463325252ull, .goroutines = goroutines };
	int64_t t = clock_cpu_ns();

	world_init(&b.w);
	make_names(&b);
	tell_births(&b);
	while (b.events < events) {
		tell_pass(&b);
		trim(&b);
	}
	world_release(&b.w);
	return (double)(clock_cpu_ns() - t) / (double)b.events;
}

/* Out: of an event the processor time and the size, and how many there are. */
static int make(const char *name, uint64_t bytes, uint64_t goroutines, double *ns, double *size,
		uint64_t *events)
{
	struct bench b = { .x = 88172645463325252ull, .goroutines = goroutines };
	struct err err = { 0 };
	int64_t t = clock_cpu_ns();

	world_init(&b.w);
	b.w.source_kind = world_str(&b.w, "live");
	b.w.live.pid = 1;
	make_names(&b);
	b.enc.world = &b.w;
	b.tap = (struct world_tap){ on_event, on_look, &b };
	b.w.tap = &b.tap;
	if (recfile_open(&b.file, name, 0, NULL, &err) || recfile_begin(&b.file))
		return fprintf(stderr, "%s%s\n", err.text, b.file.why), 1;
	tell_births(&b);
	while (b.file.size < bytes) {
		tell_pass(&b);
		if (write_frame(&b, false))
			return fprintf(stderr, "%s\n", b.file.why), 1;
	}
	write_frame(&b, true);
	recfile_finish(&b.file);
	printf("   %" PRIu64 " events of %" PRIu64
	       " goroutines, %.0f s, in %.1f MB: %.1f bytes each\n",
	       b.events, goroutines, (double)b.now / 1e9, (double)b.file.size / 1e6,
	       (double)b.file.size / (double)b.events);
	printf("   to tell the world and to note: %.0f ns an event; to pack and to write: %.0f "
	       "ns\n",
	       (double)(clock_cpu_ns() - t - b.packing) / (double)b.events,
	       (double)b.packing / (double)b.events);
	*ns = (double)(clock_cpu_ns() - t) / (double)b.events;
	*size = (double)b.file.size / (double)b.events;
	*events = b.events;
	recfile_close(&b.file);
	b.w.tap = NULL;
	rec_encoder_release(&b.enc);
	world_release(&b.w);
	return 0;
}

/* With a recording and without by turns; the file stays. */
static int compare(const char *name, uint64_t bytes, uint64_t goroutines)
{
	static struct row time = { .what = "recording: processor time of an event",
				   .peer = "the model alone, without",
				   .unit = "ns",
				   .most = 3 };
	uint64_t events;
	double ns, size;

	for (int i = 0; i < ROUNDS; i++) {
		if (make(name, bytes, goroutines, &ns, &size, &events))
			return 1;
		row_add(&time, ns, unrecorded(events, goroutines));
	}
	row_end(&time);
	row_once("recording: size of an event", size, "bytes", "the event in memory",
		 sizeof(struct event), 0.25);
	return 0;
}

static void seek(struct world *w)
{
	struct moment m = { 0 };
	double most = 0, sum = 0, most_cpu = 0;
	uint64_t x = 1;

	world_at(w, 0, &m);
	for (int i = 0; i < SEEKS; i++) {
		int64_t t = clock_now(), cpu = clock_cpu_ns();
		double ms;

		x = x * 6364136223846793005ull + 1442695040888963407ull;
		world_at(w, (int64_t)((double)(x >> 11) / (double)(1ull << 53) * (double)w->t_end),
			 &m);
		ms = (double)(clock_now() - t) / 1e6;
		sum += ms;
		most_cpu = fmax(most_cpu, (double)(clock_cpu_ns() - cpu) / 1e6);
		most = ms > most ? ms : most;
	}
	printf("   to any time: %.1f ms on average, %.1f at most; of processor time "
	       "%.1f at most\n",
	       sum / SEEKS, most, most_cpu);
	moment_release(&m);
}

static int load(const char *name)
{
	struct err err = { 0 };
	struct rusage ru;
	struct source *src;
	struct input in;
	struct world w;
	int64_t t = clock_now();

	world_init(&w);
	if (input_open(&in, name, &err) || !(src = source_open_file(&in, NULL, &w, &err)))
		return fprintf(stderr, "%s\n", err.text), 1;
	printf("   opened in %.1f ms\n", (double)(clock_now() - t) / 1e6);
	while (src->ops->drain(src, &w, 1000000000, &err) == SOURCE_MORE)
		;
	getrusage(RUSAGE_SELF, &ru);
	printf("   loaded in %.1f s, %.0f MB of timeline, %zu segments, %ld MB at most\n",
	       (double)(clock_now() - t) / 1e9, (double)world_past_bytes(&w) / 1e6, w.seg.n,
	       ru.ru_maxrss >> 10);
	seek(&w);
	w.history = NULL;
	src->ops->close(src);
	world_release(&w);
	input_close(&in);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t mb = argc > 1 ? strtoull(argv[1], NULL, 10) : 64,
		 goroutines = argc > 2 ? strtoull(argv[2], NULL, 10) : 10000;
	const char *name = argc > 3 ? argv[3] : "/tmp/bench_recording.bingo";
	struct stat st;
	int rc = 0;

	if (argc <= 3 || stat(name, &st) || st.st_size < (off_t)(mb << 20))
		rc = compare(name, mb << 20, goroutines);
	rc = rc ? rc : load(name);
	if (argc <= 3)
		unlink(name);
	return rc;
}

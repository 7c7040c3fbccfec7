/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens a trace as the program does, with no screen, and tells what that cost:
 *
 *	load [-j THREADS] FILE		the whole of it, into the model
 *	load -v FILE			a bare loop that takes the same bytes for varints
 *
 * Prints one line of name=value: mb_s, mb, s, cpu_s, events, segments, entries,
 * goroutines, anon_mb (the most of RssAnon), first_ms (until something can be shown).
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "source/open.h"
#include "source/varint.h"

#define BUDGET_NS 8000000

struct load {
	struct source *source;
	struct world world;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool woken;
	int working;
	double first; /* seconds until the first segment was there */
};

static atomic_bool watching = true;
static atomic_long peak_kb;

static double seconds(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static long anon_kb(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long kb = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %ld", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

static void anon_look(void)
{
	long now = anon_kb();

	if (now > atomic_load(&peak_kb))
		atomic_store(&peak_kb, now);
}

static void *watch(void *arg)
{
	(void)arg;
	while (atomic_load(&watching)) {
		anon_look();
		usleep(10000);
	}
	return NULL;
}

static void on_notify(void *arg)
{
	struct load *l = arg;

	pthread_mutex_lock(&l->lock);
	l->woken = true;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
}

static void *work(void *arg)
{
	struct load *l = arg;

	l->source->ops->work(l->source);
	pthread_mutex_lock(&l->lock);
	l->working--;
	l->woken = true;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

static bool wait_for_news(struct load *l)
{
	bool idle;

	pthread_mutex_lock(&l->lock);
	while (!l->woken && l->working)
		pthread_cond_wait(&l->wake, &l->lock);
	idle = !l->woken;
	l->woken = false;
	pthread_mutex_unlock(&l->lock);
	return !idle;
}

static int load_all(struct load *l, int threads, double began, struct err *err)
{
	pthread_t th[64];
	int rc = SOURCE_MORE;

	l->source->notify = on_notify;
	l->source->notify_arg = l;
	l->working = threads;
	for (int i = 0; i < threads; i++)
		pthread_create(&th[i], NULL, work, l);
	while (rc == SOURCE_MORE) {
		wait_for_news(l);
		rc = l->source->ops->drain(l->source, &l->world, BUDGET_NS, err);
		if (l->world.seg.n && !l->first)
			l->first = seconds(CLOCK_MONOTONIC) - began;
	}
	for (int i = 0; i < threads; i++)
		pthread_join(th[i], NULL);
	return rc;
}

static int run_load(const char *path, int threads)
{
	struct load l = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };
	struct err err = { 0 };
	struct input in;
	double began = seconds(CLOCK_MONOTONIC), took;
	int rc;

	world_init(&l.world);
	rc = input_open(&in, path, &err);
	if (!rc) {
		l.source = source_open_file(&in, NULL, &l.world, &err);
		rc = l.source ? load_all(&l, threads, began, &err) : err.rc;
	}
	if (rc < 0) {
		fprintf(stderr, "load: %s\n", err.text);
		return 1;
	}
	took = seconds(CLOCK_MONOTONIC) - began;
	anon_look();
	for (size_t i = 0; i < l.world.warning.n; i++)
		fprintf(stderr, "load: %s\n", strtab_get(&l.world.strings, l.world.warning.v[i]));
	printf("mb_s=%.1f mb=%.1f s=%.3f cpu_s=%.3f events=%lu segments=%zu entries=%zu "
	       "goroutines=%zu anon_mb=%.1f first_ms=%.1f\n",
	       (double)in.size / 1e6 / took, (double)in.size / 1e6, took,
	       seconds(CLOCK_PROCESS_CPUTIME_ID), (unsigned long)l.world.progress.events,
	       l.world.seg.n, l.world.entry.n, l.world.g.n, (double)atomic_load(&peak_kb) / 1e3,
	       l.first * 1e3);
	l.source->ops->close(l.source);
	world_release(&l.world);
	input_close(&in);
	return 0;
}

static int run_varints(const char *path)
{
	struct err err = { 0 };
	struct input in;
	double began = seconds(CLOCK_MONOTONIC), took;
	const uint8_t *p, *end;
	uint64_t v, sum = 0, n = 0;

	if (input_open(&in, path, &err)) {
		fprintf(stderr, "load: %s\n", err.text);
		return 1;
	}
	for (p = in.data, end = p + in.size; p && p < end; n++) {
		const uint8_t *next = varint_get(p, end, &v);

		p = next ? next : p + 1;
		sum += v;
	}
	took = seconds(CLOCK_MONOTONIC) - began;
	printf("mb_s=%.1f mb=%.1f s=%.3f varints=%lu sum=%lx\n", (double)in.size / 1e6 / took,
	       (double)in.size / 1e6, took, (unsigned long)n, (unsigned long)sum);
	input_close(&in);
	return 0;
}

int main(int argc, char **argv)
{
	int opt, threads = (int)sysconf(_SC_NPROCESSORS_ONLN), rc;
	bool varints = false;
	pthread_t watcher;

	while ((opt = getopt(argc, argv, "j:v")) != -1) {
		if (opt == 'j')
			threads = atoi(optarg);
		else if (opt == 'v')
			varints = true;
	}
	if (optind + 1 != argc || threads < 1 || threads > 64) {
		fprintf(stderr, "usage: load [-j THREADS | -v] FILE\n");
		return 2;
	}
	pthread_create(&watcher, NULL, watch, NULL);
	rc = varints ? run_varints(argv[optind]) : run_load(argv[optind], threads);
	atomic_store(&watching, false);
	pthread_join(watcher, NULL);
	return rc;
}

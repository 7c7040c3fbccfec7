/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All events of a trace as JSON lines, on standard output:
 *
 *	dump_events [-j THREADS] [-t] FILE
 *
 * -t orders every generation on trust, as only large files are otherwise; how
 * many had to be ordered again then goes to standard error, and what is missing
 * in the trace. Exit code 5: nothing could be read.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export/jsonl.h"
#include "source/open.h"
#include "source/trace2_impl.h"

static void *work(void *arg)
{
	struct source *s = arg;

	s->ops->work(s);
	return NULL;
}

static int load(struct source *s, struct world *w, int threads, struct err *err)
{
	pthread_t th[64];
	int rc;

	for (int i = 0; i < threads; i++)
		pthread_create(&th[i], NULL, work, s);
	while ((rc = s->ops->drain(s, w, 1000000, err)) == SOURCE_MORE)
		usleep(200);
	for (int i = 0; i < threads; i++)
		pthread_join(th[i], NULL);
	return rc;
}

static int dump(const struct input *in, int threads, bool trust, struct err *err)
{
	struct world w;
	struct source *s;
	struct trace2 *t;
	int rc;

	world_init(&w);
	s = source_open_file(in, NULL, &w, err);
	if (!s)
		return err->rc;
	/* formats from 1.22 on have ten digits' place in the header; those are trace2's */
	t = in->data[5] == '2' && in->data[6] >= '2' ? (struct trace2 *)s : NULL;
	if (t && trust)
		t->sequential = false;
	rc = load(s, &w, threads, err);
	for (size_t i = 0; i < w.warning.n; i++)
		fprintf(stderr, "warning: %s\n", strtab_get(&w.strings, w.warning.v[i]));
	if (t && trust)
		fprintf(stderr, "again: %zu of %zu\n", t->again, t->job.n);
	if (rc == SOURCE_WHOLE)
		rc = jsonl_export(&w, T_BEFORE, T_NEVER, stdout);
	s->ops->close(s);
	world_release(&w);
	return rc;
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	struct input in;
	bool trust = false;
	int opt, threads = 1, rc;

	while ((opt = getopt(argc, argv, "j:t")) != -1) {
		if (opt == 'j')
			threads = atoi(optarg);
		else if (opt == 't')
			trust = true;
	}
	if (optind + 1 != argc || threads < 1 || threads > 64) {
		fprintf(stderr, "usage: dump_events [-j THREADS] [-t] FILE\n");
		return 2;
	}
	rc = input_open(&in, argv[optind], &err);
	if (!rc) {
		rc = dump(&in, threads, trust, &err);
		input_close(&in);
	}
	if (rc)
		fprintf(stderr, "dump_events: %s\n", err.text);
	return rc ? EXIT_BADFILE : 0;
}

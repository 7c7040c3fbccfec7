/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel's side tells of a process, record by record:
 *
 *	bpf_dump PID MS        for so long
 *	bpf_dump PID cycles N  attaches and takes off N times; prints how many descriptors stayed
 *	bpf_dump can           what could be on here
 *
 * state PART WORD SENTENCE
 * sample GOID FLAGS TID LEAF WORK       functions; WORK: the outermost one of main.work…, or -
 * sum GOID TID SYSCALLS SYSCALL_NS RUNQ_N RUNQ_NS WAKER_GOID
 * call GOID TID NR NS ARG0
 * lost N
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bpf/loader.h"
#include "source/live.h"

static void print_state(const struct bpf_part_state *state)
{
	char word[96];

	bpf_state_word(state, word, sizeof(word));
	for (int i = 0; i < BPF_PARTS; i++)
		printf("state %s %s %s\n", bpf_part_name((enum bpf_part)i),
		       state[i].why == BPF_ON ? "on" : "off", state[i].sentence);
	printf("word %s\n", word);
}

static const char *function(struct symtab *st, uint64_t pc)
{
	struct symfunc f;

	return symtab_func(st, pc, &f) ? f.name : "-";
}

static void print_sample(struct symtab *st, const struct rec_sample *r)
{
	unwind_pc pcs[REC_FRAMES + 1];
	size_t n = live_sample_pcs(st, r, pcs);
	const char *work = "-";

	for (size_t i = 0; i < n; i++) {
		const char *name = function(st, unwind_pc_lookup(pcs[i]));

		if (!strncmp(name, "main.work", 9))
			work = name;
	}
	printf("sample %" PRIu64 " %u %u %s ", (uint64_t)r->head.goid, r->flags, r->head.tid,
	       n ? function(st, unwind_pc_lookup(pcs[0])) : "-");
	printf("%s\n", work);
}

static void print_record(void *arg, const struct rec_head *h)
{
	struct target *t = arg;

	if (h->kind == REC_SAMPLE) {
		print_sample(t->sym, (const struct rec_sample *)h);
	} else if (h->kind == REC_SUM) {
		const struct rec_sum *r = (const struct rec_sum *)h;

		printf("sum %" PRIu64 " %u %u %" PRIu64 " %u %" PRIu64 " %" PRIu64 "\n",
		       (uint64_t)h->goid, h->tid, r->syscalls, (uint64_t)r->syscall_ns, r->runq_n,
		       (uint64_t)r->runq_ns, (uint64_t)r->waker_goid);
	} else {
		const struct rec_syscall *r = (const struct rec_syscall *)h;

		printf("call %" PRIu64 " %u %" PRId64 " %" PRIu64 " %" PRIu64 "\n",
		       (uint64_t)h->goid, h->tid, (int64_t)r->nr, (uint64_t)r->ns,
		       (uint64_t)r->arg[0]);
	}
}

static int open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static void watch(struct bpf_set *s, struct target *t, long ms)
{
	for (long at = 0; at < ms; at += 10) {
		sleep_ms(10);
		bpf_set_drain(s, print_record, t);
	}
	printf("lost %" PRIu64 "\n", bpf_set_lost(s));
}

static int cycles(const struct bpf_target *bt, long n)
{
	struct bpf_part_state state[BPF_PARTS];
	int before = open_fds(), failed = 0;

	for (long i = 0; i < n; i++) {
		struct bpf_set *s = bpf_set_open(bt, state);

		failed += !s;
		bpf_set_close(s);
	}
	printf("failed %d stayed %d\n", failed, open_fds() - before);
	return failed != 0;
}

int main(int argc, char **argv)
{
	struct bpf_part_state state[BPF_PARTS];
	struct err err = { 0 };
	struct bpf_set *s;
	struct bpf_target bt;
	struct target *t;

	if (argc == 2 && !strcmp(argv[1], "can")) {
		bpf_can(state);
		print_state(state);
		return state[0].why != BPF_ON;
	}
	if (argc < 3)
		return 2;
	if (target_open(&t, (pid_t)strtol(argv[1], NULL, 10), NULL, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	bt = live_bpf_target(t);
	if (argc > 3)
		return cycles(&bt, strtol(argv[3], NULL, 10));
	s = bpf_set_open(&bt, state);
	print_state(state);
	if (!s)
		return 1;
	watch(s, t, strtol(argv[2], NULL, 10));
	bpf_set_close(s);
	target_close(t);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_churn PID PASSES HZ
 *
 * Scans a program in which goroutines are born and die all the time, and looks
 * whether anything impossible is told. Prints one line of counts, and a line
 * "IMPOSSIBLE …" for each thing that cannot be; exits with 1 if there was any.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/hash.h"
#include "core/mem.h"
#include "target/scan.h"

enum { SHOW_MOST = 20 };

struct known {
	uint64_t goid;
	uint32_t start;
	bool alive, dead;
};

static VEC(struct known) table;
static struct map64 by_goid;
static struct target *t;
static struct scan *s;
static uint64_t bad, told, born, died, partly, ending;

static void impossible(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void impossible(const char *fmt, ...)
{
	va_list ap;

	if (bad++ >= SHOW_MOST)
		return;
	va_start(ap, fmt);
	printf("IMPOSSIBLE ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
}

static struct known *known(uint64_t goid)
{
	uint32_t i = map64_get(&by_goid, goid);

	if (i == UINT32_MAX) {
		i = (uint32_t)table.n;
		*vec_push(&table) = (struct known){ .goid = goid };
		map64_put(&by_goid, goid, i);
	}
	return &table.v[i];
}

/* The outermost function as compiled, which may be a wrapper that no listing shows. */
static const char *raw_root(uint32_t stack)
{
	const struct stackset *set = scan_stacks(s);
	const struct stackset_one *k = &set->stack.v[stack];

	for (uint32_t i = k->n; i-- > 0;) {
		const struct sympc *p =
			symtab_pc(t->sym, unwind_pc_lookup(set->pcs.v[k->first + i]));

		if (p && p->id != GOFUNC_GOEXIT)
			return p->frame[p->nframe - 1].func;
	}
	return "";
}

/* Does the stack end in the function that the goroutine began in? */
static void check_stack(const struct gchange *c, const struct known *k)
{
	stack_lines stack = { 0 }, start = { 0 };
	const struct stack_line *root;

	stackset_lines(scan_stacks(s), t->sym, c->stack, &stack);
	stackset_lines(scan_stacks(s), t->sym, k->start, &start);
	root = stack.n ? &stack.v[stack.n - 1] : NULL;
	if (!root || !start.n)
		impossible("g %llu has no stack", (unsigned long long)c->goid);
	else if (*root->func == '[')
		partly++;
	else if (root->id == GOFUNC_WRAPPER)
		partly++; /* it has not yet called what it is to run */
	else if (!strcmp(root->func, "runtime.goexit1"))
		ending++; /* its function has returned, and it is on its way out */
	else if (strcmp(root->func, start.v[start.n - 1].func) != 0 &&
		 strcmp(raw_root(c->stack), start.v[start.n - 1].func) != 0)
		impossible("g %llu began in %s and its stack in %s", (unsigned long long)c->goid,
			   start.v[start.n - 1].func, root->func);
	vec_free(&stack);
	vec_free(&start);
}

static void check_state(const struct gchange *c)
{
	switch (c->status) {
	case GST_WAITING:
		if (!*layout_waitreason(&t->lay, c->reason))
			impossible("g %llu waits for reason %u", (unsigned long long)c->goid,
				   c->reason);
		break;
	case GST_RUNNABLE:
	case GST_RUNNING:
	case GST_SYSCALL:
	case GST_PREEMPTED:
	case GST_LEAKED:
		break;
	default:
		impossible("g %llu has status %u", (unsigned long long)c->goid, c->status);
	}
}

static void check_one(const struct gchange *c)
{
	struct known *k = known(c->goid);

	told++;
	if (!c->goid || c->goid > scan_sched(s)->goidgen + 100000)
		impossible("a goroutine %llu", (unsigned long long)c->goid);
	if (c->kinds & GCH_GONE) {
		died++;
		if (!k->alive)
			impossible("g %llu ends and was not there", (unsigned long long)c->goid);
		k->alive = false;
		k->dead = true;
		return;
	}
	if (c->kinds & GCH_NEW) {
		born++;
		if (k->alive)
			impossible("g %llu is there twice", (unsigned long long)c->goid);
		if (k->dead)
			impossible("g %llu comes back", (unsigned long long)c->goid);
		if (c->parent == c->goid)
			impossible("g %llu made itself", (unsigned long long)c->goid);
		k->alive = true;
		k->start = c->start;
	}
	if (!k->alive)
		impossible("g %llu changes and was not there", (unsigned long long)c->goid);
	check_state(c);
	check_stack(c, k);
}

static void on_changes(void *arg, const struct gchange *c, size_t n)
{
	(void)arg;
	for (size_t i = 0; i < n; i++)
		check_one(&c[i]);
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	const struct scan_stats *st;
	uint64_t created;
	int passes, hz, rc = 0;

	if (argc != 4 || target_open(&t, atoi(argv[1]), NULL, &err)) {
		fprintf(stderr, "live_churn: %s\n", argc == 4 ? err.text : "PID PASSES HZ");
		return 2;
	}
	passes = atoi(argv[2]);
	hz = atoi(argv[3]);
	s = scan_new(t);
	st = scan_stats(s);
	rc = scan_pass(s, on_changes, NULL);
	created = scan_sched(s)->created;
	for (int i = 1; i < passes && !rc; i++) {
		nanosleep(&(struct timespec){ 0, 1000000000L / hz }, NULL);
		rc = scan_pass(s, on_changes, NULL);
	}
	printf("passes %llu told %llu born %llu died %llu created %llu thrown %llu unsteady %llu "
	       "walks %llu lost %llu partly %llu ending %llu impossible %llu\n",
	       (unsigned long long)st->passes, (unsigned long long)told, (unsigned long long)born,
	       (unsigned long long)died, (unsigned long long)(scan_sched(s)->created - created),
	       (unsigned long long)st->thrown, (unsigned long long)st->unsteady,
	       (unsigned long long)st->walks, (unsigned long long)st->lost,
	       (unsigned long long)partly, (unsigned long long)ending, (unsigned long long)bad);
	scan_free(s);
	target_close(t);
	vec_free(&table);
	map64_free(&by_goid);
	return rc ? 2 : bad > 0;
}

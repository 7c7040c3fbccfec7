/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_dump [-n PASSES] [-a] [--no-symbols] [--no-file] [--procmem] PID
 *
 * Prints what a scan sees of a Go process, a line for each goroutine, with what
 * the runtime's own listing leaves out left out as well:
 *
 *	GOID|STATE|locked or -|FUNCTION FILE:LINE;…|CREATOR FUNCTION in goroutine N FILE:LINE|labels
 *
 * -a: the runtime's own goroutines too, and all frames.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "target/scan.h"

struct seen {
	struct gchange c;
	bool there;
};

static VEC(struct seen) table;
static bool all;

static struct seen *find(uint64_t goid)
{
	for (size_t i = 0; i < table.n; i++)
		if (table.v[i].c.goid == goid)
			return &table.v[i];
	*vec_push(&table) = (struct seen){ 0 };
	return &table.v[table.n - 1];
}

static void on_change(void *arg, const struct gchange *c, size_t n)
{
	(void)arg;
	for (size_t i = 0; i < n; i++) {
		struct seen *s = find(c[i].goid);
		struct gchange before = s->c;

		s->there = !(c[i].kinds & GCH_GONE);
		s->c = c[i];
		if (!(c[i].kinds & GCH_NEW)) {
			s->c.parent = before.parent;
			s->c.creation = before.creation;
			s->c.start = before.start;
		}
		if (!(c[i].kinds & GCH_LABELS))
			s->c.labels = before.labels;
	}
}

static int by_goid(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return (x->c.goid > y->c.goid) - (x->c.goid < y->c.goid);
}

/* runtime/traceback.go:isExportedRuntime */
static bool exported_runtime(const char *name)
{
	const char *rest = name + strlen("runtime."), *dot = strrchr(rest, '.');
	const char *type = rest;

	if (!dot)
		return *rest >= 'A' && *rest <= 'Z';
	if (!strncmp(type, "(*", 2))
		type += 2;
	return dot[1] >= 'A' && dot[1] <= 'Z' && *type >= 'A' && *type <= 'Z';
}

/* runtime/traceback.go:showfuncinfo; how runFinalizers is treated depends on the version. */
static bool shown(const struct stack_line *l, bool first, int minor)
{
	if (all)
		return true;
	if (l->id == GOFUNC_RUNFINQ && minor >= 25)
		return true;
	if (!strcmp(l->func, "runtime.gopanic") && !first)
		return true;
	if (!strchr(l->func, '.'))
		return false;
	return strncmp(l->func, "runtime.", 8) != 0 || exported_runtime(l->func);
}

static const char *state_text(const struct golayout *lay, const struct gchange *c)
{
	static const char *const names[] = {
		[GST_RUNNABLE] = "runnable",   [GST_RUNNING] = "running",
		[GST_SYSCALL] = "syscall",     [GST_WAITING] = "waiting",
		[GST_PREEMPTED] = "preempted", [GST_LEAKED] = "leaked"
	};
	const char *why = layout_waitreason(lay, c->reason);

	if ((c->status == GST_WAITING || c->status == GST_LEAKED) && *why)
		return why;
	return names[c->status];
}

static void print_lines(const stack_lines *l, int minor)
{
	size_t n = 0;

	for (int pass = 0; pass < 2 && !n; pass++)
		for (size_t i = 0; i < l->n; i++) {
			if (!pass && !shown(&l->v[i], n == 0, minor))
				continue;
			printf("%s%s %s:%u", n++ ? ";" : "",
			       strcmp(l->v[i].func, "runtime.gopanic") ? l->v[i].func : "panic",
			       l->v[i].file, l->v[i].line);
		}
}

static void print_creation(struct scan *s, struct target *t, const struct gchange *c)
{
	stack_lines l = { 0 };

	stackset_lines(scan_stacks(s), t->sym, c->creation, &l);
	if (l.n && c->goid != 1 && (all || strncmp(l.v[l.n - 1].func, "runtime.", 8))) {
		printf("%s", l.v[l.n - 1].func);
		if (c->parent)
			printf(" in goroutine %llu", (unsigned long long)c->parent);
		printf(" %s:%u", l.v[0].file, l.v[0].line);
	}
	vec_free(&l);
}

/* The runtime's own, as the model decides it: by where it began; finalizers by what they run. */
static bool is_system(const stack_lines *start, const stack_lines *stack)
{
	const char *f = start->n ? start->v[0].func : "";

	if (strncmp(f, "runtime.", 8) || !strcmp(f, "runtime.main") ||
	    !strcmp(f, "runtime.corostart") || !strcmp(f, "runtime.handleAsyncEvent"))
		return false;
	for (size_t i = 0; start->n && start->v[0].id == GOFUNC_RUNFINQ && i < stack->n; i++)
		if (strncmp(stack->v[i].func, "runtime.", 8))
			return false;
	return true;
}

/* The same stack with the frames that are else left out. */
static uint32_t unfiltered(struct scan *s, uint32_t id)
{
	struct stackset *set = scan_stacks(s);
	struct stackset_one k = set->stack.v[id];
	unwind_pc pcs[1024];

	memcpy(pcs, &set->pcs.v[k.first], k.n * sizeof(*pcs));
	return stackset_put(set, pcs, k.n, k.flags | STACK_PLACE);
}

static void print_one(struct scan *s, struct target *t, const struct gchange *c)
{
	stack_lines stack = { 0 }, start = { 0 };

	stackset_lines(scan_stacks(s), t->sym, all ? unfiltered(s, c->stack) : c->stack, &stack);
	stackset_lines(scan_stacks(s), t->sym, c->start, &start);
	if (all || !is_system(&start, &stack)) {
		printf("%llu|%s|%s|", (unsigned long long)c->goid, state_text(&t->lay, c),
		       c->locked ? "locked" : "-");
		print_lines(&stack, t->build.version.minor);
		printf("|");
		print_creation(s, t, c);
		printf("|%s\n", strtab_get(&scan_labels(s)->text, c->labels));
	}
	vec_free(&stack);
	vec_free(&start);
}

int main(int argc, char **argv)
{
	struct target_opts opts = { 0 };
	struct err err = { 0 };
	struct target *t;
	struct scan *s;
	int passes = 1, i;

	for (i = 1; i < argc - 1; i++) {
		if (!strcmp(argv[i], "-a"))
			all = true;
		else if (!strcmp(argv[i], "--no-symbols"))
			opts.no_symbols = true;
		else if (!strcmp(argv[i], "--no-file"))
			opts.no_file = true;
		else if (!strcmp(argv[i], "--procmem"))
			opts.no_process_vm = true;
		else if (!strcmp(argv[i], "-n"))
			passes = atoi(argv[++i]);
	}
	if (i != argc - 1 || target_open(&t, atoi(argv[i]), &opts, &err)) {
		fprintf(stderr, "live_dump: %s\n", err.text);
		return err.code ? (int)err.code : 2;
	}
	s = scan_new(t);
	while (passes--)
		if (scan_pass(s, on_change, NULL))
			return 4;
	if (table.n)
		qsort(table.v, table.n, sizeof(*table.v), by_goid);
	for (size_t k = 0; k < table.n; k++)
		if (table.v[k].there)
			print_one(s, t, &table.v[k].c);
	fprintf(stderr,
		"# %s: goroutines %llu thrown %llu unsteady %llu walks %llu lost %llu fp "
		"%llu/%llu\n",
		t->build.version.text, (unsigned long long)scan_stats(s)->goroutines,
		(unsigned long long)scan_stats(s)->thrown,
		(unsigned long long)scan_stats(s)->unsteady,
		(unsigned long long)scan_stats(s)->walks, (unsigned long long)scan_stats(s)->lost,
		(unsigned long long)scan_stats(s)->fp_good,
		(unsigned long long)scan_stats(s)->fp_bad);
	scan_free(s);
	target_close(t);
	vec_free(&table);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables of a Go program that runs, or of its core dump, as text; for tests.
 *
 *	vars_dump PID|CORE [PREFIX [DEPTH]]    of all frames whose function begins with PREFIX ("main."),
 *					  lines "FUNCTION NAME TYPE = TEXT", values opened DEPTH levels deep
 *	vars_dump -c I:K/N CORE ...	  the same of a core that has only K of N parts of its I-th largest mapping
 *	vars_dump -t PID|CORE [PREFIX]	  "NS FUNCTION" of each frame's reading, the first with opening DWARF
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "source/input.h"
#include "target/dwinfo.h"
#include "target/inspect.h"
#include "target/scan.h"

static struct target *t;
static struct inspect *in;
static const char *prefix = "main.";
static int depth_most;
static bool times;
static int which, kept, parts;

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static void ignore(void *arg, const struct gchange *c, size_t n)
{
	(void)arg;
	(void)c;
	(void)n;
}

/* A function's name without "[...]". */
static void print_func(const char *s)
{
	for (; *s; s++)
		if (!strncmp(s, "[...]", 5))
			s += 4;
		else
			putchar(*s);
}

static void print(const struct values *v, const struct stack_line *line)
{
	for (size_t i = 0; i < v->v.n; i++) {
		const struct value *x = &v->v.v[i];

		print_func(line->func);
		printf(" %*s%s%s %s = %s\n", x->depth * 2, "", values_at(v, x->name),
		       x->flags & VALUE_SHADOWED ? " (shadowed)" : "", values_at(v, x->type),
		       values_at(v, x->text));
	}
	if (*v->note) {
		print_func(line->func);
		printf(" # %s\n", v->note);
	}
}

/* Opens everything that is not deeper than asked for; false: nothing is left to open. */
static bool open_more(struct value_ask *ask, const struct values *v)
{
	bool any = false;

	for (size_t i = 0; i < v->v.n; i++)
		if (v->v.v[i].depth < depth_most && v->v.v[i].flags & VALUE_OPENABLE &&
		    !(v->v.v[i].flags & VALUE_OPEN)) {
			*vec_push(&ask->open) = v->v.v[i].key;
			any = true;
		}
	return any;
}

static void one_frame(const struct scan_g *g, uint32_t index, const struct stack_line *line)
{
	struct value_ask ask = { .goid = g->goid, .frame = index, .pc = line->pc };
	struct values v = { 0 };
	int64_t began = now();
	int depth = 0;

	do {
		values_release(&v);
		if (inspect_read(in, g->addr, &ask, &v) == -ESRCH)
			exit(4);
	} while (depth++ < depth_most && open_more(&ask, &v));
	if (times)
		printf("%lld %s\n", (long long)(now() - began), line->func);
	else
		print(&v, line);
	values_release(&v);
	value_ask_release(&ask);
}

static void one_goroutine(const struct scan_g *g)
{
	stack_lines lines = { 0 };
	bool moved;

	if (!inspect_stack(in, g->addr, &lines, &moved))
		for (uint32_t i = 0; i < lines.n; i++)
			if (lines.v[i].pc && !strncmp(lines.v[i].func, prefix, strlen(prefix)))
				one_frame(g, i, &lines.v[i]);
	vec_free(&lines);
}

static int by_size(const void *a, const void *b)
{
	const Elf64_Phdr *const *x = a, *const *y = b;

	return ((*x)->p_filesz < (*y)->p_filesz) - ((*x)->p_filesz > (*y)->p_filesz);
}

/* As if the kernel had written only a part of a mapping. */
static void leave_out(uint8_t *data, size_t size)
{
	Elf64_Ehdr *h = (Elf64_Ehdr *)data;
	Elf64_Phdr *ph = (Elf64_Phdr *)(data + h->e_phoff);
	VEC(Elf64_Phdr *) loads = { 0 };

	if (size < sizeof(*h) || h->e_phoff + h->e_phnum * sizeof(*ph) > size)
		exit(2);
	for (int i = 0; i < h->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD)
			*vec_push(&loads) = &ph[i];
	if (which < 0 || (size_t)which >= loads.n)
		exit(2);
	qsort(loads.v, loads.n, sizeof(*loads.v), by_size);
	ph = loads.v[which];
	ph->p_filesz = ph->p_filesz / (unsigned)parts * (unsigned)kept & ~0xfffull;
	vec_free(&loads);
}

/* A number is a process; anything else a core, whose program is where it was. */
static bool open_it(const char *what, struct err *err)
{
	static struct input file;
	struct target_core core;
	uint8_t *data;
	char *end;
	long pid = strtol(what, &end, 10);

	if (!*end)
		return !target_open(&t, (pid_t)pid, NULL, err);
	if (input_open(&file, what, err))
		return false;
	data = xmalloc(file.size);
	memcpy(data, file.data, file.size);
	if (parts)
		leave_out(data, file.size);
	core = (struct target_core){ .data = data, .len = file.size, .name = what };
	return !target_open_core(&t, &core, err);
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	struct dwinfo *dw;
	struct scan_g g;
	struct scan *s;
	int64_t began;

	times = argc > 2 && !strcmp(argv[1], "-t");
	argc -= times;
	argv += times;
	if (argc > 3 && !strcmp(argv[1], "-c") &&
	    sscanf(argv[2], "%d:%d/%d", &which, &kept, &parts) == 3) {
		argc -= 2;
		argv += 2;
	}
	if (argc < 2 || !open_it(argv[1], &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	prefix = argc > 2 ? argv[2] : prefix;
	depth_most = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 0;
	s = scan_new(t);
	if (scan_pass(s, ignore, NULL))
		return 4;
	in = inspect_new(t);
	began = now();
	if (!t->image || dwinfo_open(&dw, t->image, &err))
		dw = NULL;
	if (times)
		printf("%lld opening\n", (long long)(now() - began));
	inspect_set_dwarf(in, dw, err.text);
	for (size_t i = 0; i < scan_rows(s); i++)
		if (scan_row(s, i, &g))
			one_goroutine(&g);
	inspect_free(in);
	scan_free(s);
	target_close(t);
	return 0;
}

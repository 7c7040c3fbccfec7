/* SPDX-License-Identifier: Apache-2.0 */
#include "source/binary.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/disasm.h"
#include "target/program.h"

enum { PAGE = 4096, INLINED_MOST = 64 };

struct binary {
	struct disassembler disassembler; /* first */
	pthread_mutex_t lock;
	struct program *program;
	uint64_t bias; /* of recorded addresses, as last found */
	char name[48];
};

/* Whether that place is of the function, and of the line where that is known. */
static bool is_place(struct binary *b, uint64_t pc, const struct code_ask *ask, bool line)
{
	struct symframe f[INLINED_MOST];
	int n = pc ? symtab_lookup(b->program->sym, pc, f, ARRAY_SIZE(f)) : 0;

	for (int i = 0; i < n; i++)
		if (!strcmp(f[i].func, ask->func) &&
		    (!line || !ask->line || f[0].line == ask->line))
			return true;
	return false;
}

static bool fits(struct binary *b, uint64_t pc, const struct code_ask *ask, bool line)
{
	return is_place(b, pc - 1, ask, line) || is_place(b, pc, ask, line);
}

/*
 * The address in the file. A program that can lie anywhere lies on a page, so within its
 * function few places have the pc's last bits, and one of them is on the line.
 */
static bool locate(struct binary *b, const struct code_ask *ask, uint64_t *pc)
{
	struct symfunc f;

	if (!ask->func || fits(b, ask->pc - b->bias, ask, false)) {
		*pc = ask->pc - b->bias;
		return true;
	}
	if (!b->program->image->pie || !symtab_func_by_name(b->program->sym, ask->func, &f))
		return false;
	*pc = f.entry + ((ask->pc - f.entry) & (PAGE - 1));
	for (; *pc <= f.end; *pc += PAGE) {
		if (!fits(b, *pc, ask, true))
			continue;
		b->bias = ask->pc - *pc;
		return true;
	}
	return false;
}

/* As the recording has them. */
static void move(struct code *out, uint64_t bias)
{
	for (size_t i = 0; i < out->v.n; i++)
		out->v.v[i].addr += bias;
	out->entry += bias;
	out->end += bias;
}

static int binary_read(struct disassembler *d, const struct code_ask *ask, struct code *out)
{
	struct binary *b = (struct binary *)d;
	const struct disasm_from from = { .sym = b->program->sym,
					  .mem = b->program->mem,
					  .arch = b->program->image->arch };
	struct code_ask here = *ask;

	pthread_mutex_lock(&b->lock);
	if (locate(b, ask, &here.pc)) {
		disasm_read(&from, &here, out);
		move(out, b->bias);
	} else {
		out->here = SIZE_MAX;
		snprintf(out->note, sizeof(out->note),
			 "%s is not the program that this was recorded of: %.80s is not at "
			 "0x%" PRIx64 " there",
			 b->name, ask->func, ask->pc);
	}
	pthread_mutex_unlock(&b->lock);
	return 0;
}

int binary_open(struct binary **out, const char *path, struct err *err)
{
	struct binary *b = xcalloc(1, sizeof(*b));
	const char *slash = strrchr(path, '/');
	int rc = program_open(&b->program, path, err);

	*out = NULL;
	if (rc) {
		free(b);
		return rc;
	}
	snprintf(b->name, sizeof(b->name), "%.*s", 40, slash ? slash + 1 : path);
	pthread_mutex_init(&b->lock, NULL);
	b->disassembler.read = binary_read;
	*out = b;
	return 0;
}

void binary_close(struct binary *b)
{
	if (!b)
		return;
	program_close(b->program);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

struct disassembler *binary_disassembler(struct binary *b)
{
	return &b->disassembler;
}

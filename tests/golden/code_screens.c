/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The screen of a goroutine five calls deep, over a disassembly that is made by hand: what a real
 * one reads like is capstone's, and another in each version.
 *
 *	code_screens SCRIPT WxH SOURCES [--ascii]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/code.h"
#include "core/jobs.h"
#include "ui/script.h"

enum { CODE = 0x45f2e0, SEC = 1000000000 };

static const struct {
	const char *text, *target, *file;
	uint32_t line;
	bool call;
	uint8_t len;
} insns[] = {
	{ "cmp rsp, qword ptr [r14 + 0x10]", "", "/src/shop/main.go", 154, false, 4 },
	{ "jbe 0x45f34c", "", "/src/shop/main.go", 154, false, 2 },
	{ "push rbp", "", "/src/shop/main.go", 154, false, 1 },
	{ "mov rbp, rsp", "", "/src/shop/main.go", 154, false, 3 },
	{ "sub rsp, 0x18", "", "/src/shop/main.go", 154, false, 4 },
	{ "mov qword ptr [rsp + 0x50], rdi", "", "/src/shop/main.go", 154, false, 5 },
	{ "mov eax, 0x4c4b40", "", "/src/shop/main.go", 155, false, 5 },
	{ "call", "time.Sleep", "/src/shop/main.go", 155, true, 5 },
	{ "mov rax, qword ptr [rsp + 0x50]", "", "/src/shop/main.go", 156, false, 5 },
	{ "lea rbx, [rip + 0x1e0a5b]", "", "/src/shop/main.go", 156, false, 7 },
	{ "nop dword ptr [rax]", "", "/src/shop/main.go", 156, false, 3 },
	{ "call", "runtime.chansend1", "/src/shop/main.go", 156, true, 5 },
	{ "add rsp, 0x18", "", "/src/shop/main.go", 157, false, 4 },
	{ "pop rbp", "", "/src/shop/main.go", 157, false, 1 },
	{ "ret", "", "/src/shop/main.go", 157, false, 1 },
	{ "nop", "", "", 0, false, 1 },
	{ "call", "runtime.morestack_noctxt", "/src/shop/main.go", 154, true, 5 },
	{ "jmp", "main.(*Mailer).send", "/src/shop/main.go", 154, false, 5 },
	{ ".byte 0x06", "", "", 0, false, 1 },
};

static uint32_t str(struct code *c, const char *s)
{
	return code_str(c, s, strlen(s));
}

static int read_code(struct disassembler *d, const struct code_ask *ask, struct code *out)
{
	uint64_t at = CODE;

	(void)d;
	out->here = SIZE_MAX;
	if (strcmp(ask->func, "main.(*Mailer).send") != 0) {
		snprintf(out->note, sizeof(out->note),
			 "its code cannot be read: what it lies in is not mapped any more, so "
			 "there is nothing of %s to show",
			 ask->func);
		return 0;
	}
	out->func = str(out, ask->func);
	out->entry = at;
	for (size_t i = 0; i < ARRAY_SIZE(insns); i++) {
		struct code_insn *in = vec_push(&out->v);

		*in = (struct code_insn){ .addr = at,
					  .line = insns[i].line,
					  .call = insns[i].call };
		in->text = str(out, insns[i].text);
		in->target = str(out, insns[i].target);
		in->file = str(out, insns[i].file);
		at += insns[i].len;
	}
	out->end = at;
	out->here = code_find(out, ask->pc, ask->line);
	return 0;
}

static void at_once(struct jobs *j, void (*work)(void *), void (*done)(void *), void *arg)
{
	(void)j;
	work(arg);
	if (done)
		done(arg);
}

static uint32_t stack(struct world *w)
{
	static const struct {
		const char *func, *file;
		uint32_t line;
		uint64_t pc;
	} at[] = {
		{ "runtime.chansend1", "/go/src/runtime/chan.go", 161, 0x405a11 },
		/* after the call of chansend1 */
		{ "main.(*Mailer).send", "/src/shop/main.go", 156, CODE + 49 },
		{ "main.(*Shop).inlined", "/src/shop/main.go", 118, 0x4600aa },
		{ "main.(*Shop).checkout", "/src/shop/main.go", 147, 0x4600aa },
		{ "main.main.gowrap1", "/src/shop/gone.go", 60, 0x460200 },
	};
	struct frame f[ARRAY_SIZE(at)] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		f[i] = (struct frame){ .pc = at[i].pc,
				       .func = world_str(w, at[i].func),
				       .file = world_str(w, at[i].file),
				       .line = at[i].line };
	return stacktab_put(&w->stacks, f, ARRAY_SIZE(f));
}

static void fill(struct world *w)
{
	const struct event ev[] = {
		{ .time = SEC, .g = 7, .kind = EV_CREATE, .state = GS_RUNNABLE, .peer = 7 },
		{ .time = SEC + 1000, .g = 7, .kind = EV_RUN },
		{ .time = 2 * (int64_t)SEC,
		  .g = 7,
		  .kind = EV_BLOCK,
		  .reason = R_CHAN_SEND,
		  .stack = stack(w) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ev); i++)
		world_apply(w, &ev[i]);
	w->source_kind = world_str(w, "trace");
	w->source_name = world_str(w, "made.trace");
	w->progress.whole = true;
	w->generation++;
}

static int whole(void *arg, struct err *err)
{
	(void)err;
	ui_world_changed(arg);
	return 0;
}

int main(int argc, char **argv)
{
	struct disassembler d = { read_code };
	struct jobs jobs = { at_once };
	const char *substitute[] = { argc > 3 ? argv[3] : NULL, NULL };
	struct ui_config c = { .jobs = &jobs, .substitute = substitute };
	struct script_host host = { .wait_loaded = whole };
	struct err err = { 0 };
	struct world w;
	struct grid g;
	FILE *in = argc > 3 ? fopen(argv[1], "re") : NULL;

	if (!in || sscanf(argv[2], "%dx%d", &c.w, &c.h) != 2) {
		fprintf(stderr, "code_screens SCRIPT WxH A=B [--ascii]\n");
		return 2;
	}
	world_init(&w);
	fill(&w);
	w.disassembler = &d;
	c.world = &w;
	host.arg = ui_new(&c);
	grid_init(&g, c.w, c.h, argc > 4);
	if (script_run(host.arg, &g, in, argv[1], &host, &err))
		fprintf(stderr, "%s\n", err.text);
	fclose(in);
	ui_free(host.arg);
	grid_release(&g);
	world_release(&w);
	return err.rc ? 1 : 0;
}

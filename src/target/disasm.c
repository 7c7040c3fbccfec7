/* SPDX-License-Identifier: Apache-2.0 */
#include "target/disasm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/capstone.h"
#include "target/insn.h"

enum { INLINED_MOST = 64, INSN_MOST = 16 };

/* The part of a function that is shown. */
struct window {
	uint64_t lo, hi;
	bool part;
};

/* --- where it is --- */

static bool has_func(struct symtab *st, uint64_t pc, const char *func)
{
	struct symframe f[INLINED_MOST];
	int n = symtab_lookup(st, pc, f, ARRAY_SIZE(f));

	for (int i = 0; i < n; i++)
		if (!strcmp(f[i].func, func))
			return true;
	return false;
}

/* The function of a frame: a call that never returns may end right before the next one begins. */
static bool find_func(struct symtab *st, const struct code_ask *ask, struct symfunc *f,
		      struct code *out)
{
	if (ask->func && has_func(st, ask->pc - 1, ask->func))
		return symtab_func(st, ask->pc - 1, f);
	if (!symtab_func(st, ask->pc, f)) {
		snprintf(out->note, sizeof(out->note),
			 "no function of the program lies at 0x%" PRIx64, ask->pc);
		return false;
	}
	if (!ask->func || has_func(st, ask->pc, ask->func))
		return true;
	snprintf(out->note, sizeof(out->note),
		 "it is another program: at 0x%" PRIx64 " lies %.90s, not %.90s", ask->pc, f->name,
		 ask->func);
	return false;
}

/*
 * Of a long function what lies around pc. Instructions have no marks by which to
 * find one, but where a line begins one does; without any, amd64's fall into step soon.
 */
static struct window window_of(const struct symfunc *f, uint64_t pc)
{
	struct window w = { f->entry, f->end, false };
	uint64_t near = pc - DISASM_MOST / 2;
	uint32_t start, end;

	if (f->end - f->entry <= DISASM_MOST)
		return w;
	w.part = true;
	if (pc - f->entry > DISASM_MOST / 2) {
		w.lo = near & ~3ull;
		if (pclntab_value(&f->mod->tab, &f->fn, f->fn.pcline,
				  gomodule_text_off(f->mod, near), &start, &end) != INT32_MIN &&
		    near - gomodule_text_addr(f->mod, start) < DISASM_MOST / 4)
			w.lo = gomodule_text_addr(f->mod, start);
	}
	w.hi = f->end - w.lo > DISASM_MOST ? w.lo + DISASM_MOST : f->end;
	return w;
}

/* Whole, or as much as there is from the front; the caller frees it. */
static uint8_t *read_bytes(const struct disasm_from *from, const struct window *w, size_t *n)
{
	size_t len = w->hi - w->lo;
	uint8_t *bytes = xmalloc(len ? len : 1);
	ssize_t got = from->mem ? memr_read_some(from->mem, w->lo, bytes, len) : 0;
	const void *file = from->img ? image_at(from->img, w->lo - from->img->bias, len) : NULL;

	if (got < (ssize_t)len && file) {
		memcpy(bytes, file, len);
		got = (ssize_t)len;
	}
	*n = got > 0 ? (size_t)got : 0;
	return bytes;
}

#ifdef BINGO_CAPSTONE

/* --- instructions --- */

static void add_insn(const struct disasm_from *from, const cs_insn *in, struct code *out)
{
	struct insn mine = { 0 };
	struct code_insn *i = vec_push(&out->v);
	struct symfunc f;
	char text[sizeof(in->mnemonic) + sizeof(in->op_str) + 2];
	int n;

	*i = (struct code_insn){ .addr = in->address };
	n = from->arch == GOARCH_ARM64 ? insn_decode_arm64(in->bytes, in->size, in->address, &mine)
				       : insn_decode_amd64(in->bytes, in->size, in->address, &mine);
	n = n == in->size;
	i->call = n && (mine.kind == INSN_CALL || mine.kind == INSN_CALL_IND);
	if (n && mine.has_target && from->sym &&
	    !(mine.target > out->entry && mine.target < out->end) &&
	    symtab_func(from->sym, mine.target, &f)) {
		snprintf(text, sizeof(text), "%s", in->mnemonic);
		i->text = code_str(out, text, strlen(text));
		i->target = code_str(out, f.name, strlen(f.name));
		return;
	}
	snprintf(text, sizeof(text), "%s%s%s", in->mnemonic, *in->op_str ? " " : "", in->op_str);
	i->text = code_str(out, text, strlen(text));
}

size_t disasm_bytes(const struct disasm_from *from, const uint8_t *bytes, size_t n, uint64_t addr,
		    struct code *out)
{
	bool arm64 = from->arch == GOARCH_ARM64;
	const uint8_t *at = bytes;
	uint64_t pc = addr;
	size_t left = n;
	const char *why;
	const struct capstone *cs = capstone_get(&why);
	cs_insn *in;
	csh h;

	if (!cs || cs->open(arm64 ? CS_ARCH_ARM64 : CS_ARCH_X86, arm64 ? CS_MODE_ARM : CS_MODE_64,
			    &h) != CS_ERR_OK)
		return 0;
	cs->option(h, CS_OPT_SKIPDATA, CS_OPT_ON);
	in = cs->malloc(h);
	while (in && left && cs->disasm_iter(h, &at, &left, &pc, in))
		add_insn(from, in, out);
	if (in)
		cs->free(in, 1);
	cs->close(&h);
	return n - left;
}

bool disasm_there(char *why, size_t size)
{
	const char *reason;

	if (capstone_get(&reason))
		return true;
	snprintf(why, size, "the instructions cannot be shown, capstone is not here: %s", reason);
	return false;
}

#else

size_t disasm_bytes(const struct disasm_from *from, const uint8_t *bytes, size_t n, uint64_t addr,
		    struct code *out)
{
	(void)from;
	(void)bytes;
	(void)n;
	(void)addr;
	(void)out;
	return 0;
}

bool disasm_there(char *why, size_t size)
{
	snprintf(why, size, "this bingo-top was built without capstone, which disassembles");
	return false;
}

#endif

/* --- lines --- */

static void add_lines(const struct symfunc *f, struct code *out)
{
	const struct pclntab *t = &f->mod->tab;
	uint32_t start = 0, end = 0, fstart = 0, fend = 0, file = 0;
	int32_t line = INT32_MIN;

	for (size_t i = 0; i < out->v.n; i++) {
		uint32_t off = gomodule_text_off(f->mod, out->v.v[i].addr);

		if (off < start || off >= end) {
			line = pclntab_value(t, &f->fn, f->fn.pcline, off, &start, &end);
			if (line == INT32_MIN)
				start = off, end = off + 1;
		}
		if (off < fstart || off >= fend) {
			int32_t no = pclntab_value(t, &f->fn, f->fn.pcfile, off, &fstart, &fend);
			const char *name = no == INT32_MIN ? "" : pclntab_file(t, &f->fn, no);

			file = !strcmp(code_at(out, file), name)
				       ? file
				       : code_str(out, name, strlen(name));
			if (no == INT32_MIN)
				fstart = off, fend = off + 1;
		}
		out->v.v[i].line = line > 0 ? (uint32_t)line : 0;
		out->v.v[i].file = file;
	}
}

void disasm_read(const struct disasm_from *from, const struct code_ask *ask, struct code *out)
{
	struct symfunc f;
	struct window w;
	uint8_t *bytes;
	size_t n;

	out->here = SIZE_MAX;
	if (!disasm_there(out->note, sizeof(out->note)))
		return;
	if (!find_func(from->sym, ask, &f, out))
		return;
	out->func = code_str(out, f.name, strlen(f.name));
	out->entry = f.entry;
	out->end = f.end;
	w = window_of(&f, ask->pc);
	bytes = read_bytes(from, &w, &n);
	disasm_bytes(from, bytes, n, w.lo, out);
	free(bytes);
	while (w.hi < f.end && out->v.n && out->v.v[out->v.n - 1].addr + INSN_MOST > w.hi)
		out->v.n--; /* it may be cut */
	add_lines(&f, out);
	out->here = code_find(out, ask->pc, ask->line);
	if (n < w.hi - w.lo)
		snprintf(out->note, sizeof(out->note), "its code %s be read",
			 n ? "can only in part" : "cannot");
	else if (w.part)
		snprintf(out->note, sizeof(out->note),
			 "the function has %" PRIu64 " KB of code; shown is what lies around it",
			 (f.end - f.entry + 1023) >> 10);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions of a function around a place, in plain data: read by a source, shown by whoever asked. */
#ifndef CORE_CODE_H
#define CORE_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"

struct code_insn {
	uint64_t addr;
	uint32_t text; /* offsets in chars: mnemonic and operands … */
	uint32_t
		target; /* … the function that is called or jumped to, "": none, or within this one … */
	uint32_t file; /* … and the file, "": not known */
	uint32_t line; /* 0: not known */
	bool call;
};

struct code {
	VEC(struct code_insn) v; /* ascending */
	VEC(char) chars;
	uint32_t func; /* offset in chars: the function as compiled, with what is inlined in it */
	uint64_t entry, end; /* of the whole function; v may be a part of it */
	size_t here; /* the instruction of the place asked for; SIZE_MAX: none */
	/* One sentence on what is missing, or why there is nothing at all; "" nothing to say. */
	char note[256];
};

struct code_ask {
	uint64_t pc; /* of a frame: where it is, or where a call that it made returns to */
	uint32_t
		line; /* of that place, the innermost where calls are inlined; tells the two apart; 0: not known */
	char *func; /* the frame's function, by which it is known that the program is that one; owned; NULL: any */
};

/* Who can read code: implemented by sources, asked by whoever shows it. */
struct disassembler {
	/*
	 * Any thread, but not the loop's: waits for the answer. Fills out, which
	 * is empty before. 0, or a negative errno where nothing is to be had any
	 * more; what a person should know is in out->note either way.
	 */
	int (*read)(struct disassembler *d, const struct code_ask *ask, struct code *out);
};

void code_release(struct code *c);
void code_ask_release(struct code_ask *a);
/* Keeps n bytes of s, which become a string of code; bytes that are NUL are left out. */
uint32_t code_str(struct code *c, const char *s, size_t n);
static inline const char *code_at(const struct code *c, uint32_t off)
{
	return off < c->chars.n ? c->chars.v + off : "";
}
/*
 * The instruction at which a frame is that has this pc: the call that ends there
 * and has the frame's line, else the one that covers it. SIZE_MAX: none.
 */
size_t code_find(const struct code *c, uint64_t pc, uint32_t line);

#endif

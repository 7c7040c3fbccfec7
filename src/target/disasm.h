/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disassembly of a Go function: its bytes by capstone, lines and names by the
 * function table. Without capstone, at building or here, one sentence says so.
 */
#ifndef TARGET_DISASM_H
#define TARGET_DISASM_H

#include "core/code.h"
#include "target/image.h"
#include "target/symtab.h"

/* Where code is read from. Single-threaded, as sym is. */
struct disasm_from {
	struct symtab *sym;
	struct memr *mem; /* may be NULL */
	const struct image *img; /* what mem does not have is taken from there; may be NULL */
	enum goarch arch;
};

/* Bytes around the place that are shown of a function; more are never decoded. */
enum { DISASM_MOST = 64 << 10 };

/* Whether it can be done here; if not, why is filled with a sentence. The first call loads capstone. */
bool disasm_there(char *why, size_t size);
/*
 * The function that covers ask->pc, or the part of it around the place. out is
 * empty before. What keeps it from being shown is in out->note. Capstone decodes any
 * bytes: what is no instruction is shown as such.
 */
void disasm_read(const struct disasm_from *from, const struct code_ask *ask, struct code *out);
/*
 * Bytes that lie at addr, without function and lines: decoded and appended to out->v.
 * Returns how many bytes were taken; 0 where it cannot be done here.
 */
size_t disasm_bytes(const struct disasm_from *from, const uint8_t *bytes, size_t n, uint64_t addr,
		    struct code *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disassembly of a Go function: its bytes by capstone, lines and names by the
 * function table. A build without capstone says so in one sentence.
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

/* Whether this build can. */
bool disasm_there(void);
/*
 * The function that covers ask->pc, or the part of it around the place. out is
 * empty before. What keeps it from being shown is in out->note. Capstone decodes any
 * bytes: what is no instruction is shown as such.
 */
void disasm_read(const struct disasm_from *from, const struct code_ask *ask, struct code *out);
/*
 * Bytes that lie at addr, without function and lines: decoded and appended to out->v.
 * Returns how many bytes were taken; 0 where this build cannot.
 */
size_t disasm_bytes(const struct disasm_from *from, const uint8_t *bytes, size_t n, uint64_t addr,
		    struct code *out);

#endif

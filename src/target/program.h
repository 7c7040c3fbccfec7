/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Go program as a file alone, not running: its functions, lines and code, at
 * the addresses that the file itself has. For what was recorded of it elsewhere.
 */
#ifndef TARGET_PROGRAM_H
#define TARGET_PROGRAM_H

#include "core/err.h"
#include "target/image.h"
#include "target/mem.h"
#include "target/moduledata.h"
#include "target/symtab.h"

struct program {
	struct image *image;
	struct memr *mem; /* its segments, as the linker laid them out */
	struct gomodules mods;
	struct symtab *sym;
	/* private */
	VEC(struct mem_seg) seg;
	VEC(uint8_t *) copy;
};

/* err has EXIT_BADFILE: the file is not there, no ELF, no Go program. */
int program_open(struct program **out, const char *path, struct err *err);
void program_close(struct program *p); /* NULL ok */

#endif

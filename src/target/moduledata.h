/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime.moduledata: where text, data, types and the function table of the
 * program and of each plugin lie. Read from the live process, since in a PIE
 * only there its pointers are whole.
 */
#ifndef TARGET_MODULEDATA_H
#define TARGET_MODULEDATA_H

#include "core/err.h"
#include "core/mem.h"
#include "target/buildinfo.h"
#include "target/image.h"
#include "target/layout.h"
#include "target/mem.h"
#include "target/pclntab.h"
#include "target/proc.h"

struct textsect { /* runtime/symtab.go:textsect; more than one only with some linkers */
	uint64_t vaddr, end, base;
};

struct gomodule {
	uint64_t addr; /* of the moduledata */
	uint64_t pcheader;
	uint64_t text, etext, minpc, maxpc;
	uint64_t noptrdata, enoptrdata, data, edata, bss, ebss, noptrbss, enoptrbss;
	uint64_t gcdata, gcbss; /* pointer bitmaps of data and bss */
	uint64_t types, etypes, rodata, gofunc, findfunctab, next;
	struct pclntab tab;
	VEC(struct textsect) sect; /* empty: one section, which begins at text */
	/* gofunc .. gofunc + gofunc_avail, from the file; NULL: read it from the target. */
	const uint8_t *gofunc_data;
	uint64_t gofunc_avail;
	void *copy; /* the table read from memory; NULL: tab lies in the file */
	struct image *image; /* of a plugin; NULL: the program's own, or none */
};

struct gomodules {
	VEC(struct gomodule) mod; /* the first is the program */
};

enum module_way { /* how the first moduledata was found */
		  MODULE_BY_SYMBOL,
		  MODULE_BY_SECTION, /* .go.module, from 1.26 on */
		  MODULE_BY_SEARCH /* its first two words, in the mapped data */
};

/*
 * Finds, checks and reads all modules. img may be NULL (file not to be had:
 * everything comes from memory). version may be all zero: it is then guessed
 * and filled in. The tables lie in img where the file is what the process runs
 * (checked), else in copies. -ENOEXEC: no Go program; -EAGAIN: the pointers are
 * not relocated yet (the process has only just begun).
 */
int gomodules_read(struct gomodules *ms, struct memr *mem, const struct proc_maps *maps,
		   const struct image *img, struct goversion *version, enum module_way *way,
		   struct err *err);
/* Reads those that were loaded since (plugins). Returns how many are new. */
int gomodules_refresh(struct gomodules *ms, struct memr *mem, const struct proc_maps *maps,
		      const struct goversion *version);
void gomodules_release(struct gomodules *ms);

/* The module whose text covers pc, or NULL. */
const struct gomodule *gomodules_find(const struct gomodules *ms, uint64_t pc);
/* Address of an offset into text and back (runtime/symtab.go:textAddr, textOff). UINT32_MAX: outside. */
uint64_t gomodule_text_addr(const struct gomodule *m, uint32_t off);
uint32_t gomodule_text_off(const struct gomodule *m, uint64_t addr);

#endif

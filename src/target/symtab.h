/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an address in Go code to functions, files, lines and stack depth, with a
 * cache so that asking again costs nanoseconds. Single-threaded; make another
 * one over the same modules for another thread.
 */
#ifndef TARGET_SYMTAB_H
#define TARGET_SYMTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/mem.h"
#include "target/moduledata.h"

/* What a stack delta is where it is not known. */
#define SPDELTA_NONE INT32_MIN

struct symframe {
	const char *
		func; /* as Go prints it (type arguments are "[...]"); lives as long as the symtab */
	const char *file; /* "" not known */
	uint32_t line; /* 0: not known */
	uint32_t start_line; /* of the function; 0: not known (before 1.20) */
	uint32_t at; /* the instruction that has this line, from the compiled function's entry */
	uint8_t id; /* enum gofunc_id */
	bool inlined; /* inlined into the next one */
};

/*
 * runtime/traceback.go:elideWrapperCalling: Go leaves a wrapper out of a stack
 * unless it called a panic. id is the frame's, callee that of the frame below it.
 */
static inline bool symframe_elided(uint8_t id, uint8_t callee)
{
	return id == GOFUNC_WRAPPER && callee != GOFUNC_GOPANIC && callee != GOFUNC_SIGPANIC &&
	       callee != GOFUNC_PANICWRAP;
}

/* All that is known about one pc. */
struct sympc {
	uint64_t pc;
	uint64_t entry, end; /* of the function as compiled */
	int32_t spdelta; /* bytes from SP up to the return address at this pc (arm64: to the
			    caller's frame); SPDELTA_NONE */
	uint32_t nframe; /* 1 and the number of inlined calls around pc; leaf first */
	const struct symframe *frame;
	uint32_t func; /* index within the module */
	uint32_t module; /* index within gomodules */
	uint8_t id, flag; /* enum gofunc_id, gofunc_flag of the outermost */
	uint32_t user; /* the caller's own, 0 at first */
};

struct symtab;

/* mem (may be NULL) is for inline trees that no file has. Both outlive it. */
struct symtab *symtab_new(const struct gomodules *mods, struct memr *mem);
void symtab_free(struct symtab *st);

/*
 * The function that covers pc and what is inlined there; NULL where none does.
 * For a return address give pc-1, except that spdelta is the same for both.
 * What is returned may be gone after the next call once SYMTAB_MAX_PCS
 * different ones were asked for; names stay.
 */
struct sympc *symtab_pc(struct symtab *st, uint64_t pc);
enum { SYMTAB_MAX_PCS = 1 << 20 };

/* As symtab_pc(), copied out: returns the number of frames written, leaf first; 0: no function. */
int symtab_lookup(struct symtab *st, uint64_t pc, struct symframe out[], size_t max);
/* Only the stack delta, cached as well. */
int32_t symtab_spdelta(struct symtab *st, uint64_t pc);

/* A function, whole. */
struct symfunc {
	uint64_t entry, end;
	const char *name; /* as Go prints it */
	struct pclnfunc fn;
	const struct gomodule *mod;
};
/* Without the cache and without its memory. false: no function covers pc. */
bool symtab_func(struct symtab *st, uint64_t pc, struct symfunc *f);
/* By the full name as pclntab has it ("runtime.gopark"); names are hashed as far as it takes to find it. */
bool symtab_func_by_name(struct symtab *st, const char *name, struct symfunc *f);
/* Calls fn for every function of every module until it returns false. */
void symtab_each(struct symtab *st, bool (*fn)(const struct symfunc *f, void *arg), void *arg);

/* PCDATA value at pc; INT32_MIN: none. */
int32_t symtab_pcdata(struct symtab *st, const struct symfunc *f, uint32_t which, uint64_t pc);
/* Address in the target of FUNCDATA which; 0: none. */
uint64_t symtab_funcdata(const struct symfunc *f, uint32_t which);
/*
 * Open-coded defers of a function (runtime/panic.go:initOpenCodedDefers; before
 * 1.22 runOpenDeferFrame). varp is the runtime's: on amd64 the address of the
 * return address less 8. Bit i of the byte at varp - bits_off says that the
 * func value at varp - slot_off[i] is pending; the highest runs first.
 */
struct symdefer {
	uint32_t bits_off;
	uint32_t n; /* slots that there may be, at most 8 */
	uint32_t slot_off[8];
};
/* false: it has none, or they cannot be read. */
bool symtab_open_defers(struct symtab *st, const struct symfunc *f, struct symdefer *d);

#endif

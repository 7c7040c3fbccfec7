/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where uprobes go in a Go program. A uprobe on an instruction that the kernel
 * emulates costs a tenth of one on an instruction that it has to single-step
 * out of line, and Go's functions begin with one of the latter (cmp with
 * g.stackguard0). So each place is the first emulated instruction after the
 * entry, which every call passes with the arguments still in their registers.
 * Found by decoding the program's own code, also in a stripped one.
 */
#ifndef TARGET_PROBESITE_H
#define TARGET_PROBESITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/image.h"

struct target;

/* What a hit tells. */
enum psite_event {
	PSITE_CREATE, /* a goroutine was made and has its goid: once each, before it can run */
	PSITE_RUN, /* it is about to run */
	PSITE_PARK, /* it is about to block */
	PSITE_READY, /* it is made runnable by the one that runs */
	PSITE_EXIT, /* it ends */
	PSITE_LOCK, /* Lock of a sync.Mutex that is taken */
	PSITE_SEMA, /* a semaphore: lock, WaitGroup */
	PSITE_SEND,
	PSITE_RECV,
	PSITE_SELECT, /* with two cases or more */
	PSITE_CLOSE,
	PSITE_N
};

/* What stands in registers there. */
enum psite_arg {
	PARG_G, /* *g of the goroutine that the event is about */
	PARG_OBJECT, /* address of the channel, sync.Mutex, or the semaphore's word */
	PARG_REASON, /* waitReason, one byte: mask it */
	PARG_BLOCK, /* one byte: 0 where it will not wait (select with default) */
	PARG_CASES, /* *scase */
	PARG_NSENDS, /* of them, first sends, then receives */
	PARG_NRECVS,
	PARG_N
};

#define PSITE_NOREG 0xff

struct probesite {
	const char *func; /* "runtime.gopark"; of the last one tried where there is none */
	uint64_t entry; /* of the function, in the process */
	uint64_t addr; /* of the instruction; 0: there is none, see why */
	uint64_t file_off; /* of addr in the executable; UINT64_MAX: no file, see why */
	uint8_t insn; /* enum insn_kind of what lies there */
	/*
	 * It is the stack check's branch: where it is taken the function will begin
	 * again, so such a hit is to be left out: amd64 (flags & (CF | ZF)) != 0 (jbe),
	 * arm64 !(pstate & C) || (pstate & Z) (b.ls).
	 */
	bool skip_grow;
	/* It runs on the thread's g0: who does it is g.m.curg of what psite_g_reg() holds. */
	bool on_g0;
	/*
	 * Hardware numbers (amd64 0 rax, 1 rcx, 2 rdx, 3 rbx, 6 rsi, 7 rdi, 8 r8 …; arm64
	 * 0 … 30), PSITE_NOREG: not there. cmd/compile/abi-internal.md.
	 */
	uint8_t arg[PARG_N];
	char why[160]; /* "", or a sentence */
};

struct probesites {
	struct probesite at[PSITE_N];
	unsigned n; /* how many have an addr */
};

/*
 * Finds all of them. Uses of t: sym, image (may be NULL: then the code is read
 * from mem), mem (may be NULL), build.version, lay.arch. Returns out->n.
 */
unsigned probesites_find(struct probesites *out, struct target *t);

const char *psite_name(enum psite_event e); /* "create" … */
/* The register that holds the current g: r14, x28. */
uint8_t psite_g_reg(enum goarch arch);
/* The i-th integer argument (from 0); PSITE_NOREG: on the stack. From Go 1.17 (arm64 1.18) on. */
uint8_t psite_arg_reg(enum goarch arch, unsigned i);
const char *psite_reg_name(enum goarch arch, uint8_t reg); /* "rax", "x0"; PSITE_NOREG: "-" */

/*
 * Of a function's code from its entry on: the offset of the first instruction
 * that the kernel emulates, if only the stack check and the frame's set-up come
 * before it; -1: there is none. *kind: what it is, *skip_grow as above.
 *
 * Emulated on amd64 (arch/x86/kernel/uprobes.c: branch_setup_xol_ops(),
 * push_setup_xol_ops()): jcc, jmp, call rel8 and rel32 without the prefix 66,
 * push of a register, nop of one byte (longer ones only from Linux 6.16 on: not
 * taken). On arm64 (arch/arm64/kernel/probes/decode-insn.c): b, bl, b.cond, cbz,
 * tbz, adr, adrp; ldr literal is refused since Linux 6.12, nop is stepped.
 */
int psite_scan(enum goarch arch, const uint8_t *code, size_t n, uint8_t *kind, bool *skip_grow);

#define PSITE_ANY INT64_MIN
/*
 * In the code of a function that lies at pc: the offset of the one direct call
 * of callee before which, in the same basic block, the second argument is set to
 * the constant second (PSITE_ANY: whatever it is). -1: none, or several.
 */
int psite_scan_call(enum goarch arch, const uint8_t *code, size_t n, uint64_t pc, uint64_t callee,
		    int64_t second);

#endif

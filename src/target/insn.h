/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lengths and operands of machine instructions, as far as finding the
 * runtime's variables and good places for probes needs it. Not a disassembler.
 */
#ifndef TARGET_INSN_H
#define TARGET_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum insn_kind {
	INSN_OTHER,
	INSN_CALL, /* direct; target */
	INSN_CALL_IND, /* through a register or memory */
	INSN_JMP, /* direct; target */
	INSN_JMP_IND,
	INSN_JCC, /* conditional, also loop and jrcxz, cbz, tbz; target */
	INSN_RET,
	INSN_PUSH, /* push of a register */
	INSN_POP,
	INSN_NOP,
	INSN_TRAP, /* int3, ud2, hlt, brk */
	INSN_LEA, /* address of memory taken: ref */
	INSN_LOAD, /* memory read: ref */
	INSN_STORE, /* memory written, or read and written: ref */
	INSN_CMP, /* memory or register compared */
	INSN_SUB_SP /* stack pointer lowered by a constant: imm */
};

struct insn {
	uint8_t len;
	uint8_t kind; /* enum insn_kind */
	uint8_t mem_size; /* bytes the memory operand has, 0: not known */
	bool has_ref; /* the memory operand is relative to the pc (amd64): ref */
	bool has_target;
	bool fs; /* segment prefix fs: thread-local */
	bool has_disp; /* fs with no base register: disp is the offset */
	uint8_t reg; /* register operand (amd64 modrm.reg, 0 … 15; arm64 Rd), 0xff: none */
	/* amd64 alone: the other operand, a register, or memory at base + disp (0xff: none). */
	uint8_t rm, base;
	bool indexed; /* an index register is added */
	bool wide; /* works on 64 bits */
	bool locked; /* prefix lock */
	uint8_t map, op; /* opcode: 0 one byte, 1 after 0f, 2 after 0f 38, 3 after 0f 3a, 4 vex */
	int64_t disp;
	int64_t imm; /* immediate operand where has_imm */
	bool has_imm;
	uint64_t ref; /* address of the memory operand */
	uint64_t target; /* where a direct branch goes */
};

/*
 * Decodes one amd64 instruction that lies at pc. Returns its length, or 0 where
 * code is too short or holds nothing Go's compiler, assembler or a C compiler makes.
 */
int insn_decode_amd64(const uint8_t *code, size_t n, uint64_t pc, struct insn *in);

/* One arm64 instruction; 4, or 0 where n is below 4. ref only for adr and ldr literal. */
int insn_decode_arm64(const uint8_t *code, size_t n, uint64_t pc, struct insn *in);

/* A reference from code to data, with what is done there. */
struct insn_ref {
	uint64_t pc, addr;
	uint8_t kind; /* INSN_LEA, INSN_LOAD, INSN_STORE, INSN_CMP, INSN_OTHER */
	uint8_t size; /* of the access; 0: not known */
};
/*
 * Collects the references of a function's code to memory by constant address:
 * rip-relative ones (amd64), adrp with add, ldr, str (arm64, followed within a
 * basic block). Returns how many there are; at most max are written.
 */
size_t insn_refs_amd64(const uint8_t *code, size_t n, uint64_t pc, struct insn_ref *out,
		       size_t max);
size_t insn_refs_arm64(const uint8_t *code, size_t n, uint64_t pc, struct insn_ref *out,
		       size_t max);

#endif

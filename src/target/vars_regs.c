/* SPDX-License-Identifier: Apache-2.0 */
/* Is a register still what it was some instructions before? amd64. */
#include "target/insn.h"
#include "target/vars.h"

enum { RAX = 0, RDX = 2 };

/* Is the register operand rm that register, or its second byte (ah, ch, dh, bh)? */
static bool is_in(const struct insn *in, unsigned reg)
{
	return in->rm == reg || (!(in->op & 1) && in->rm == reg + 4);
}

/* Opcodes of one byte whose operands are a register and a register or memory. */
static bool writes_modrm(const struct insn *in, unsigned reg)
{
	switch (in->op) {
	case 0x38 ... 0x3b: /* cmp */
	case 0x84: /* test */
	case 0x85:
		return false;
	case 0x80: /* add … cmp with a constant */
	case 0x81:
	case 0x83:
		return (in->reg & 7) != 7 && is_in(in, reg);
	case 0x63: /* movsxd */
	case 0x69: /* imul */
	case 0x6b:
	case 0x8b: /* mov */
	case 0x8d: /* lea */
		return in->reg == reg;
	case 0x88: /* mov */
	case 0x89:
	case 0xc0: /* shifts */
	case 0xc1:
	case 0xc6: /* mov of a constant */
	case 0xc7:
	case 0xd0 ... 0xd3:
		return is_in(in, reg);
	case 0xf6: /* test, not, neg; mul, div */
	case 0xf7:
		if ((in->reg & 7) < 2)
			return false;
		return (in->reg & 7) < 4 ? is_in(in, reg) : reg == RAX || reg == RDX;
	default:
		return true;
	}
}

static bool writes_one(const struct insn *in, unsigned reg)
{
	bool arithmetic = in->op < 0x38 && (in->op & 7) < 6;

	if (arithmetic && (in->op & 7) >= 4) /* of the accumulator with a constant */
		return reg == RAX;
	if (arithmetic)
		return in->op & 2 ? in->reg == reg : is_in(in, reg);
	if (in->op == 0xa8 || in->op == 0xa9 || in->op == 0x3c || in->op == 0x3d)
		return false; /* test and cmp of the accumulator */
	return writes_modrm(in, reg);
}

static bool writes_two(const struct insn *in, unsigned reg)
{
	switch (in->op) {
	case 0x40 ... 0x4f: /* cmov */
	case 0xaf: /* imul */
	case 0xb6: /* movzx, movsx */
	case 0xb7:
	case 0xbe:
	case 0xbf:
		return in->reg == reg;
	case 0x90 ... 0x9f: /* setcc */
		return in->rm == reg || in->rm == reg + 4;
	case 0x0d: /* prefetch */
	case 0x10 ... 0x18: /* moves of vector registers */
	case 0x1f: /* nop */
	case 0x28 ... 0x2b:
	case 0x2e: /* compares */
	case 0x2f:
	case 0x51 ... 0x6f: /* vector arithmetic */
	case 0xa3: /* bt */
	case 0xef: /* pxor */
		return false;
	default:
		return true;
	}
}

/* May it have written the register? What is not known here may. */
static bool may_write(const struct insn *in, unsigned reg)
{
	switch (in->kind) {
	case INSN_JMP:
	case INSN_JCC:
	case INSN_NOP:
	case INSN_TRAP:
	case INSN_PUSH:
		return false;
	case INSN_CALL:
	case INSN_CALL_IND:
		return true;
	default:
		break;
	}
	/* what vex encodes is about vectors, but for some */
	return in->map == 0 ? writes_one(in, reg) : in->map != 1 || writes_two(in, reg);
}

bool vars_reg_kept(const uint8_t *code, size_t lo, size_t hi, unsigned number)
{
	/* by DWARF's number, as instructions count them */
	static const uint8_t as_coded[] = { 0, 2, 1, 3, 6, 7, 5, 4 };
	unsigned reg = number < 8 ? as_coded[number] : number;
	struct insn in;
	int n;

	if (number > 15 || hi < lo)
		return false;
	for (; lo < hi; lo += (size_t)n) {
		n = insn_decode_amd64(code + lo, hi - lo, lo, &in);
		if (n <= 0 || may_write(&in, reg))
			return false;
	}
	return lo == hi;
}

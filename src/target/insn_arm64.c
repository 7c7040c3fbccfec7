/* SPDX-License-Identifier: Apache-2.0 */
/* Arm Architecture Reference Manual for A-profile, C4: A64 instruction set encoding. */
#include <string.h>

#include "target/insn.h"

static int64_t sign_extend(uint64_t v, unsigned bits)
{
	return (int64_t)(v << (64 - bits)) >> (64 - bits);
}

static uint32_t word_at(const uint8_t *code)
{
	uint32_t w;

	memcpy(&w, code, 4);
	return w;
}

/* The branch's distance in bytes: n bits of words from bit lo on. */
static int64_t branch_offset(uint32_t w, unsigned lo, unsigned bits)
{
	return sign_extend(w >> lo & ((1u << bits) - 1), bits) * 4;
}

static void branch(struct insn *in, enum insn_kind kind, uint64_t pc, int64_t off)
{
	in->kind = kind;
	in->has_target = true;
	in->target = pc + (uint64_t)off;
}

static bool decode_branch(uint32_t w, uint64_t pc, struct insn *in)
{
	if ((w & 0xfc000000) == 0x14000000)
		branch(in, INSN_JMP, pc, branch_offset(w, 0, 26));
	else if ((w & 0xfc000000) == 0x94000000)
		branch(in, INSN_CALL, pc, branch_offset(w, 0, 26));
	else if ((w & 0xff000010) == 0x54000000 || (w & 0x7e000000) == 0x34000000)
		branch(in, INSN_JCC, pc, branch_offset(w, 5, 19));
	else if ((w & 0x7e000000) == 0x36000000)
		branch(in, INSN_JCC, pc, branch_offset(w, 5, 14));
	else if ((w & 0xfffffc1f) == 0xd61f0000)
		in->kind = INSN_JMP_IND;
	else if ((w & 0xfffffc1f) == 0xd63f0000)
		in->kind = INSN_CALL_IND;
	else if ((w & 0xfffffc1f) == 0xd65f0000)
		in->kind = INSN_RET;
	else if (w == 0xd503201f)
		in->kind = INSN_NOP;
	else if ((w & 0xffe0001f) == 0xd4200000)
		in->kind = INSN_TRAP;
	else
		return false;
	return true;
}

static uint64_t adr_value(uint32_t w, uint64_t pc)
{
	uint64_t imm = (uint64_t)(w >> 5 & 0x7ffff) << 2 | (w >> 29 & 3);
	int64_t off = sign_extend(imm, 21);

	if (w & 0x80000000)
		return (pc & ~0xfffull) + ((uint64_t)off << 12);
	return pc + (uint64_t)off;
}

int insn_decode_arm64(const uint8_t *code, size_t n, uint64_t pc, struct insn *in)
{
	uint32_t w;

	memset(in, 0, sizeof(*in));
	in->reg = 0xff;
	if (n < 4)
		return 0;
	w = word_at(code);
	in->len = 4;
	if (decode_branch(w, pc, in))
		return 4;
	in->reg = w & 31;
	if ((w & 0x1f000000) == 0x10000000) { /* adr, adrp */
		in->kind = INSN_LEA;
		in->has_ref = true;
		in->ref = adr_value(w, pc);
	} else if ((w & 0x3b000000) == 0x18000000) { /* ldr literal */
		in->kind = INSN_LOAD;
		in->has_ref = true;
		in->ref = pc + (uint64_t)branch_offset(w, 5, 19);
	} else if ((w & 0xff8003ff) == 0xd10003ff) { /* sub sp, sp, #imm */
		in->kind = INSN_SUB_SP;
		in->imm = (int64_t)(w >> 10 & 0xfff) << (w >> 22 & 1 ? 12 : 0);
		in->has_imm = true;
	} else if ((w & 0x3b000000) == 0x39000000) { /* ldr, str with unsigned offset */
		in->kind = w >> 22 & 3 ? INSN_LOAD : INSN_STORE;
		in->mem_size = (uint8_t)(1u << (w >> 30));
		in->disp = (int64_t)(w >> 10 & 0xfff) << (w >> 30);
	}
	return 4;
}

/* What is known of a register: nothing, the page adrp gave, or a whole address. */
struct known {
	uint64_t v;
	bool page, whole;
};

struct collector {
	struct known reg[32];
	struct insn_ref *out;
	size_t found, max;
};

static void emit(struct collector *c, uint64_t pc, uint64_t addr, enum insn_kind kind, uint8_t size)
{
	if (c->found < c->max)
		c->out[c->found] = (struct insn_ref){ pc, addr, (uint8_t)kind, size };
	c->found++;
}

/* add Xd, Xn, #imm after adrp: the address is whole. */
static bool follow_add(struct collector *c, uint32_t w, uint64_t pc)
{
	struct known *n = &c->reg[w >> 5 & 31];
	uint64_t imm = (uint64_t)(w >> 10 & 0xfff) << (w >> 22 & 1 ? 12 : 0);

	if ((w & 0xff800000) != 0x91000000)
		return false;
	if (!n->page && !n->whole) {
		c->reg[w & 31] = (struct known){ 0 };
		return true;
	}
	emit(c, pc, n->v + imm, INSN_LEA, 0);
	c->reg[w & 31] = (struct known){ .v = n->v + imm, .whole = true };
	return true;
}

/* ldr or str with an unsigned offset from a register that is known. */
static bool follow_access(struct collector *c, uint32_t w, uint64_t pc)
{
	unsigned size = w >> 30;
	bool vector = w >> 26 & 1, store = !(w >> 22 & 3);
	struct known n = c->reg[w >> 5 & 31];

	if ((w & 0x3b000000) != 0x39000000)
		return false;
	if (vector && (w >> 23 & 1)) {
		size = 4;
		store = !(w >> 22 & 1);
	}
	if (n.page || n.whole)
		emit(c, pc, n.v + ((uint64_t)(w >> 10 & 0xfff) << size),
		     store ? INSN_STORE : INSN_LOAD, (uint8_t)(1u << size));
	if (!store && !vector)
		c->reg[w & 31] = (struct known){ 0 };
	return true;
}

size_t insn_refs_arm64(const uint8_t *code, size_t n, uint64_t pc, struct insn_ref *out, size_t max)
{
	struct collector c = { .out = out, .max = max };
	struct insn in;

	for (size_t i = 0; i + 4 <= n; i += 4) {
		uint32_t w = word_at(code + i);

		if (follow_add(&c, w, pc + i) || follow_access(&c, w, pc + i))
			continue;
		insn_decode_arm64(code + i, 4, pc + i, &in);
		if (in.has_ref && (w & 0x80000000) && in.kind == INSN_LEA) {
			c.reg[in.reg] = (struct known){ .v = in.ref, .page = true };
		} else if (in.has_ref) {
			emit(&c, pc + i, in.ref, in.kind, 8);
			c.reg[in.reg] = (struct known){ .v = in.ref, .whole = in.kind == INSN_LEA };
		} else if (in.kind == INSN_CALL || in.kind == INSN_CALL_IND) {
			memset(c.reg, 0, sizeof(c.reg));
		} else if (in.kind == INSN_OTHER && in.reg != 0xff) {
			c.reg[in.reg] = (struct known){ 0 };
		}
	}
	return c.found;
}

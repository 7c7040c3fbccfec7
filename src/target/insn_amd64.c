/* SPDX-License-Identifier: Apache-2.0 */
/* Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, appendix A: opcode maps. */
#include <string.h>

#include "target/insn.h"

enum {
	M = 1, /* has a ModRM byte */
	I8 = 2, /* immediate of one byte */
	IZ = 4, /* of the operand size, at most 4 */
	I16 = 8,
	BAD = 16
};

enum { MAP_ONE, MAP_0F, MAP_38, MAP_3A };

/* clang-format off */
/* One nibble row after the other: opcodes 00 … ff. */
static const uint8_t one_byte[256] = {
	/* 00 */ M, M, M, M, I8, IZ, BAD, BAD, M, M, M, M, I8, IZ, BAD, BAD,
	/* 10 */ M, M, M, M, I8, IZ, BAD, BAD, M, M, M, M, I8, IZ, BAD, BAD,
	/* 20 */ M, M, M, M, I8, IZ, BAD, BAD, M, M, M, M, I8, IZ, BAD, BAD,
	/* 30 */ M, M, M, M, I8, IZ, BAD, BAD, M, M, M, M, I8, IZ, BAD, BAD,
	/* 40 */ BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD,
	/* 50 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/* 60 */ BAD, BAD, BAD, M, BAD, BAD, BAD, BAD, IZ, M | IZ, I8, M | I8, 0, 0, 0, 0,
	/* 70 */ I8, I8, I8, I8, I8, I8, I8, I8, I8, I8, I8, I8, I8, I8, I8, I8,
	/* 80 */ M | I8, M | IZ, BAD, M | I8, M, M, M, M, M, M, M, M, M, M, M, M,
	/* 90 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, BAD, 0, 0, 0, 0, 0,
	/* a0 */ 0, 0, 0, 0, 0, 0, 0, 0, I8, IZ, 0, 0, 0, 0, 0, 0,
	/* b0 */ I8, I8, I8, I8, I8, I8, I8, I8, IZ, IZ, IZ, IZ, IZ, IZ, IZ, IZ,
	/* c0 */ M | I8, M | I8, I16, 0, BAD, BAD, M | I8, M | IZ, I16 | I8, 0, I16, 0, 0, I8, BAD, 0,
	/* d0 */ M, M, M, M, BAD, BAD, BAD, 0, M, M, M, M, M, M, M, M,
	/* e0 */ I8, I8, I8, I8, I8, I8, I8, I8, IZ, IZ, BAD, I8, 0, 0, 0, 0,
	/* f0 */ BAD, 0, BAD, BAD, 0, 0, M, M, 0, 0, 0, 0, 0, 0, M, M,
};

static const uint8_t two_byte[256] = {
	/* 00 */ M, M, M, M, BAD, 0, 0, 0, 0, 0, BAD, 0, BAD, M, 0, M | I8,
	/* 10 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,
	/* 20 */ M, M, M, M, BAD, BAD, BAD, BAD, M, M, M, M, M, M, M, M,
	/* 30 */ 0, 0, 0, 0, 0, 0, BAD, 0, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD,
	/* 40 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,
	/* 50 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,
	/* 60 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,
	/* 70 */ M | I8, M | I8, M | I8, M | I8, M, M, M, 0, M, M, M, M, M, M, M, M,
	/* 80 */ IZ, IZ, IZ, IZ, IZ, IZ, IZ, IZ, IZ, IZ, IZ, IZ, IZ, IZ, IZ, IZ,
	/* 90 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,
	/* a0 */ 0, 0, 0, M, M | I8, M, BAD, BAD, 0, 0, 0, M, M | I8, M, M, M,
	/* b0 */ M, M, M, M, M, M, M, M, M, M, M | I8, M, M, M, M, M,
	/* c0 */ M, M, M | I8, M, M | I8, M | I8, M | I8, M, 0, 0, 0, 0, 0, 0, 0, 0,
	/* d0 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,
	/* e0 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,
	/* f0 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,
};

/* clang-format on */

struct cursor {
	const uint8_t *code;
	size_t n, at;
	uint8_t rex;
	bool osize, asize, rep, repne, vex;
	uint8_t map, op;
	uint8_t mod, reg, rm;
	bool rip, mem, base_none; /* ModRM: relative to the pc, memory at all, no base register */
	bool lock, indexed;
	uint8_t base; /* 0xff: none */
	int32_t disp;
};

static bool fetch(struct cursor *c, uint8_t *b)
{
	if (c->at >= c->n || c->at >= 15)
		return false;
	*b = c->code[c->at++];
	return true;
}

/* A signed little-endian number of n bytes. */
static bool fetch_signed(struct cursor *c, unsigned n, int64_t *v)
{
	uint64_t u = 0;

	if (c->at + n > c->n || c->at + n > 15)
		return false;
	memcpy(&u, c->code + c->at, n);
	c->at += n;
	*v = n == 8 ? (int64_t)u : (int64_t)(u << (64 - 8 * n)) >> (64 - 8 * n);
	return true;
}

static bool read_prefixes(struct cursor *c, struct insn *in, uint8_t *b)
{
	for (;;) {
		if (!fetch(c, b))
			return false;
		switch (*b) {
		case 0x66:
			c->osize = true;
			break;
		case 0x67:
			c->asize = true;
			break;
		case 0xf2:
			c->repne = true;
			break;
		case 0xf3:
			c->rep = true;
			break;
		case 0x64:
			in->fs = true;
			break;
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x65:
			break;
		case 0xf0:
			c->lock = true;
			break;
		default:
			if ((*b & 0xf0) != 0x40)
				return true;
			c->rex = *b;
			return fetch(c, b);
		}
	}
}

/* After c5, c4 or 62: the payload, which names the map, and the opcode. */
static bool read_vex(struct cursor *c, uint8_t first)
{
	uint8_t p[3] = { 0 };
	unsigned n = first == 0xc5 ? 1 : first == 0xc4 ? 2 : 3;

	for (unsigned i = 0; i < n; i++)
		if (!fetch(c, &p[i]))
			return false;
	c->vex = true;
	c->map = first == 0xc5 ? MAP_0F : p[0] & (first == 0xc4 ? 0x1f : 7);
	/* Maps 5 and 6 are of EVEX alone and have no immediate. */
	if (first == 0x62 && (c->map == 5 || c->map == 6))
		c->map = MAP_38;
	if (c->map < MAP_0F || c->map > MAP_3A)
		return false;
	c->rex = (uint8_t)(0x40 | (~p[0] >> 5 & 4));
	return fetch(c, &c->op);
}

static bool read_opcode(struct cursor *c, uint8_t b)
{
	if (b == 0xc4 || b == 0xc5 || b == 0x62)
		return read_vex(c, b);
	c->op = b;
	c->map = MAP_ONE;
	if (b != 0x0f)
		return true;
	c->map = MAP_0F;
	if (!fetch(c, &c->op))
		return false;
	if (c->op != 0x38 && c->op != 0x3a)
		return true;
	c->map = c->op == 0x38 ? MAP_38 : MAP_3A;
	return fetch(c, &c->op);
}

static uint8_t opcode_flags(const struct cursor *c)
{
	switch (c->map) {
	case MAP_ONE:
		return one_byte[c->op];
	case MAP_0F:
		return two_byte[c->op];
	case MAP_38:
		return M;
	default:
		return M | I8;
	}
}

static void set_base(struct cursor *c, uint8_t sib)
{
	uint8_t low = c->rm == 4 ? sib & 7 : c->rm;

	c->base = (uint8_t)(low | (c->rex & 1) << 3);
	if (c->mod == 0 && low == 5)
		c->base = 0xff;
	/* Index 4 is none, but 12 is r12. */
	c->indexed = c->rm == 4 && ((sib & 0x38) != 0x20 || c->rex & 2);
}

static bool read_modrm(struct cursor *c)
{
	uint8_t b, sib = 0;
	int64_t disp = 0;

	if (!fetch(c, &b))
		return false;
	c->mod = b >> 6;
	c->reg = (uint8_t)((b >> 3 & 7) | (c->rex & 4) << 1);
	c->rm = b & 7;
	if (c->mod == 3)
		return true;
	c->mem = true;
	if (c->rm == 4 && !fetch(c, &sib))
		return false;
	set_base(c, sib);
	if (c->mod == 0 && c->rm == 5) {
		c->rip = true;
		if (!fetch_signed(c, 4, &disp))
			return false;
	} else if (c->mod == 2 || (c->mod == 0 && c->rm == 4 && (sib & 7) == 5)) {
		c->base_none = c->mod == 0 && (sib & 0x38) == 0x20;
		if (!fetch_signed(c, 4, &disp))
			return false;
	} else if (c->mod == 1 && !fetch_signed(c, 1, &disp)) {
		return false;
	}
	c->disp = (int32_t)disp;
	return true;
}

static unsigned imm_bytes(const struct cursor *c, uint8_t flags)
{
	unsigned iz = c->osize && !(c->rex & 8) ? 2 : 4, n = 0;

	if (c->map == MAP_ONE) {
		/* mov to and from an absolute address; mov of a whole register. */
		if (c->op >= 0xa0 && c->op <= 0xa3)
			return c->asize ? 4 : 8;
		if (c->op >= 0xb8 && c->op <= 0xbf && (c->rex & 8))
			return 8;
		/* test, the only one of its group with an operand. */
		if ((c->op == 0xf6 || c->op == 0xf7) && (c->reg & 7) < 2)
			return c->op == 0xf6 ? 1 : iz;
		/* Branches have 32 bits whatever the prefixes say. */
		if (c->op == 0xe8 || c->op == 0xe9)
			return 4;
	}
	if (c->map == MAP_0F && !c->vex && (c->op & 0xf0) == 0x80)
		return 4;
	n += flags & I8 ? 1 : 0;
	n += flags & I16 ? 2 : 0;
	n += flags & IZ ? iz : 0;
	return n;
}

static uint8_t data_size(const struct cursor *c)
{
	return c->rex & 8 ? 8 : c->osize ? 2 : 4;
}

static void classify_group(struct insn *in, const struct cursor *c)
{
	unsigned sub = c->reg & 7;

	switch (c->op) {
	case 0x80:
	case 0x81:
	case 0x83:
		in->kind = sub == 7 ? INSN_CMP : INSN_STORE;
		if (!c->mem && c->rm == 4 && !(c->rex & 1) && (sub == 5 || sub == 0))
			in->kind = INSN_SUB_SP;
		break;
	case 0xf6:
	case 0xf7:
		in->kind = sub < 2 ? INSN_CMP : sub < 4 ? INSN_STORE : INSN_LOAD;
		break;
	case 0xfe:
	case 0xff:
		if (sub < 2)
			in->kind = INSN_STORE;
		else if (sub == 2)
			in->kind = INSN_CALL_IND;
		else if (sub == 4)
			in->kind = INSN_JMP_IND;
		else
			in->kind = INSN_LOAD;
		break;
	}
	in->mem_size = c->op & 1 || c->op == 0x83 ? data_size(c) : 1;
}

static void classify_one(struct insn *in, const struct cursor *c)
{
	uint8_t op = c->op;

	in->mem_size = op & 1 ? data_size(c) : 1;
	if (op < 0x40) {
		/* op memory,register; op register,memory; the last row compares */
		in->kind = op >= 0x38 ? INSN_CMP : op & 2 ? INSN_LOAD : INSN_STORE;
		if ((op & 7) > 3)
			in->kind = op >= 0x38 ? INSN_CMP : INSN_OTHER;
	} else if (op >= 0x50 && op <= 0x5f) {
		in->kind = op < 0x58 ? INSN_PUSH : INSN_POP;
		in->reg = (uint8_t)((op & 7) | (c->rex & 1) << 3);
	} else if ((op & 0xf0) == 0x70 || (op >= 0xe0 && op <= 0xe3)) {
		in->kind = INSN_JCC;
	} else if (op == 0x80 || op == 0x81 || op == 0x83 || op == 0xf6 || op == 0xf7 ||
		   op >= 0xfe) {
		classify_group(in, c);
	} else if (op == 0x84 || op == 0x85) {
		in->kind = INSN_CMP;
	} else if (op == 0x86 || op == 0x87 || op == 0x88 || op == 0x89 || op == 0xc6 ||
		   op == 0xc7) {
		in->kind = INSN_STORE;
	} else if (op == 0x8a || op == 0x8b || op == 0x63) {
		in->kind = INSN_LOAD;
		if (op == 0x63)
			in->mem_size = 4;
	} else if (op == 0x8d) {
		in->kind = INSN_LEA;
		in->mem_size = 0;
	} else if (op == 0x90 && !(c->rex & 1)) {
		in->kind = INSN_NOP;
	} else if (op == 0xc3 || op == 0xc2 || op == 0xcb || op == 0xca) {
		in->kind = INSN_RET;
	} else if (op == 0xcc || op == 0xf4) {
		in->kind = INSN_TRAP;
	} else if (op == 0xe8) {
		in->kind = INSN_CALL;
	} else if (op == 0xe9 || op == 0xeb) {
		in->kind = INSN_JMP;
	}
}

static void classify_vector(struct insn *in, const struct cursor *c)
{
	switch (c->op) {
	case 0x10:
	case 0x28:
	case 0x6f:
	case 0x7e:
		in->kind = INSN_LOAD;
		break;
	case 0x11:
	case 0x29:
	case 0x7f:
	case 0xd6:
	case 0xe7:
		in->kind = INSN_STORE;
		break;
	}
	in->mem_size = c->rep ? 4 : c->repne ? 8 : 16;
	if (c->op == 0x6f || c->op == 0x7f)
		in->mem_size = 16;
	if (c->op == 0x7e || c->op == 0xd6)
		in->mem_size = 8;
	if (c->vex)
		in->mem_size = 0;
}

static void classify_0f(struct insn *in, const struct cursor *c)
{
	uint8_t op = c->op;

	if (c->vex || op == 0x10 || op == 0x11 || op == 0x28 || op == 0x29 || op == 0x6f ||
	    op == 0x7e || op == 0x7f || op == 0xd6 || op == 0xe7) {
		classify_vector(in, c);
		return;
	}
	in->mem_size = data_size(c);
	if ((op & 0xf0) == 0x80)
		in->kind = INSN_JCC;
	else if ((op & 0xf0) == 0x40)
		in->kind = INSN_LOAD;
	else if (op == 0x0b)
		in->kind = INSN_TRAP;
	else if (op == 0x1e || op == 0x1f)
		in->kind = INSN_NOP;
	else if (op == 0xb0 || op == 0xb1 || op == 0xc0 || op == 0xc1 || op == 0xc7 ||
		 (op & 0xf0) == 0x90)
		in->kind = INSN_STORE;
	else if (op == 0xb6 || op == 0xb7 || op == 0xbe || op == 0xbf || op == 0xaf)
		in->kind = INSN_LOAD;
	if (op == 0xb6 || op == 0xbe || op == 0xb0 || op == 0xc0 || (op & 0xf0) == 0x90)
		in->mem_size = 1;
	if (op == 0xb7 || op == 0xbf)
		in->mem_size = 2;
}

static void finish(struct insn *in, struct cursor *c, uint64_t pc, int64_t imm)
{
	uint64_t next = pc + c->at;

	if (c->mem)
		in->disp = c->disp;
	in->has_disp = c->mem && c->base_none;
	if (c->rip) {
		in->has_ref = true;
		in->ref = next + (uint64_t)(int64_t)c->disp;
	}
	if (!c->mem && (in->kind == INSN_LEA || in->kind == INSN_LOAD || in->kind == INSN_STORE))
		in->kind = INSN_OTHER;
	if (in->kind == INSN_JCC || in->kind == INSN_JMP || in->kind == INSN_CALL) {
		in->has_target = true;
		in->target = next + (uint64_t)imm;
	}
	if (in->kind == INSN_SUB_SP) {
		/* add of a negative number is what compilers make of 128 */
		in->imm = (c->reg & 7) == 0 ? -imm : imm;
		if (in->imm <= 0)
			in->kind = INSN_OTHER;
	}
}

int insn_decode_amd64(const uint8_t *code, size_t n, uint64_t pc, struct insn *in)
{
	struct cursor c = { .code = code, .n = n, .base = 0xff };
	unsigned bytes;
	int64_t imm = 0;
	uint8_t b, flags;

	memset(in, 0, sizeof(*in));
	in->reg = 0xff;
	if (!read_prefixes(&c, in, &b) || !read_opcode(&c, b))
		return 0;
	flags = opcode_flags(&c);
	if (flags & BAD)
		return 0;
	/* vzeroupper is the one vector instruction without ModRM, as emms is. */
	if ((flags & M) && !read_modrm(&c))
		return 0;
	bytes = imm_bytes(&c, flags);
	/* enter has two, which nobody asks for */
	if (bytes == 3)
		c.at += 3;
	else if (bytes && !fetch_signed(&c, bytes, &imm))
		return 0;
	if (c.at > n || c.at > 15)
		return 0;
	in->len = (uint8_t)c.at;
	in->map = c.vex ? MAP_3A + 1 : c.map;
	in->op = c.op;
	in->wide = c.rex & 8;
	in->locked = c.lock;
	in->indexed = c.indexed;
	in->base = c.mem ? c.base : 0xff;
	in->rm = (flags & M) && c.mod == 3 ? (uint8_t)(c.rm | (c.rex & 1) << 3) : 0xff;
	in->has_imm = bytes != 0;
	in->imm = imm;
	if (flags & M)
		in->reg = c.reg;
	if (c.map == MAP_ONE)
		classify_one(in, &c);
	else if (c.map == MAP_0F)
		classify_0f(in, &c);
	finish(in, &c, pc, imm);
	return in->len;
}

size_t insn_refs_amd64(const uint8_t *code, size_t n, uint64_t pc, struct insn_ref *out, size_t max)
{
	size_t found = 0;
	struct insn in;
	int len;

	for (size_t i = 0; i < n; i += (size_t)len) {
		len = insn_decode_amd64(code + i, n - i, pc + i, &in);
		if (!len)
			break;
		if (!in.has_ref)
			continue;
		if (found < max)
			out[found] = (struct insn_ref){ pc + i, in.ref, in.kind, in.mem_size };
		found++;
	}
	return found;
}

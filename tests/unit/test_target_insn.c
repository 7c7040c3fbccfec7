/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/mem.h"
#include "target/insn.h"

struct example {
	const char *code;
	uint8_t len, kind;
	uint64_t ref; /* at pc 0x1000 */
};

/* clang-format off */
static const struct example amd64[] = {
	{ "\x49\x3b\x66\x10", 4, INSN_CMP, 0 },			      /* cmp 0x10(%r14),%rsp */
	{ "\x76\x20", 2, INSN_JCC, 0 },				      /* jbe */
	{ "\x0f\x86\x10\x00\x00\x00", 6, INSN_JCC, 0 },		      /* jbe near */
	{ "\x55", 1, INSN_PUSH, 0 },				      /* push %rbp */
	{ "\x48\x83\xec\x18", 4, INSN_SUB_SP, 0 },		      /* sub $0x18,%rsp */
	{ "\x48\x83\xc4\x80", 4, INSN_SUB_SP, 0 },		      /* add $-0x80,%rsp */
	{ "\x48\x83\xc4\x18", 4, INSN_OTHER, 0 },		      /* add $0x18,%rsp */
	{ "\x48\x81\xec\x00\x01\x00\x00", 7, INSN_SUB_SP, 0 },
	{ "\xe8\x00\x01\x00\x00", 5, INSN_CALL, 0 },
	{ "\xc3", 1, INSN_RET, 0 },
	{ "\x48\x8d\x05\x00\x20\x00\x00", 7, INSN_LEA, 0x3007 },      /* lea 0x2000(%rip),%rax */
	{ "\x48\x8b\x0d\xf9\xff\xff\xff", 7, INSN_LOAD, 0x1000 },     /* mov -7(%rip),%rcx */
	{ "\x48\x89\x05\x01\x00\x00\x00", 7, INSN_STORE, 0x1008 },    /* mov %rax,1(%rip) */
	{ "\x83\x3d\x02\x00\x00\x00\x00", 7, INSN_CMP, 0x1009 },      /* cmpl $0,2(%rip): the operand ends it */
	{ "\x48\xc7\x05\x00\x00\x00\x00\x01\x00\x00\x00", 11, INSN_STORE, 0x100b },
	{ "\xf0\x48\x0f\xb1\x0d\x00\x00\x00\x00", 9, INSN_STORE, 0x1009 }, /* lock cmpxchg */
	{ "\x64\x4c\x8b\x34\x25\xf8\xff\xff\xff", 9, INSN_LOAD, 0 },  /* mov %fs:-8,%r14 */
	{ "\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08", 10, INSN_OTHER, 0 }, /* movabs */
	{ "\x66\xb8\x01\x02", 4, INSN_OTHER, 0 },		      /* mov $0x201,%ax */
	{ "\x66\x0f\x1f\x44\x00\x00", 6, INSN_NOP, 0 },
	{ "\xf3\x0f\x1e\xfa", 4, INSN_NOP, 0 },			      /* endbr64 */
	{ "\xc5\xf8\x77", 3, INSN_OTHER, 0 },			      /* vzeroupper */
	{ "\xc5\xfe\x6f\x06", 4, INSN_LOAD, 0 },		      /* vmovdqu (%rsi),%ymm0 */
	{ "\x62\xf1\xfe\x48\x6f\x06", 6, INSN_LOAD, 0 },	      /* vmovdqu64 (%rsi),%zmm0 */
	{ "\xc4\xe3\x79\x0f\xc1\x08", 6, INSN_OTHER, 0 },	      /* vpalignr $8 */
	{ "\xf7\xc1\x01\x00\x00\x00", 6, INSN_CMP, 0 },		      /* test $1,%ecx */
	{ "\xf7\xd9", 2, INSN_OTHER, 0 },			      /* neg %ecx */
	{ "\x0f\x0b", 2, INSN_TRAP, 0 },
	{ "\xcc", 1, INSN_TRAP, 0 },
	{ "\xff\x25\x00\x00\x00\x00", 6, INSN_JMP_IND, 0x1006 },
	{ "\xff\xd1", 2, INSN_CALL_IND, 0 },
	{ "\xf3\x0f\x11\x05\x04\x00\x00\x00", 8, INSN_STORE, 0x100c },
};

/* clang-format on */

static void test_amd64(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(amd64); i++) {
		const struct example *e = &amd64[i];
		struct insn in;

		assert_int_equal(insn_decode_amd64((const uint8_t *)e->code, e->len, 0x1000, &in),
				 e->len);
		assert_int_equal(in.kind, e->kind);
		assert_int_equal(in.has_ref, e->ref != 0);
		assert_int_equal(in.ref, e->ref);
		/* One byte short is no instruction. */
		assert_int_equal(
			insn_decode_amd64((const uint8_t *)e->code, e->len - 1u, 0x1000, &in), 0);
	}
}

static void test_operands(void **state)
{
	struct insn in;

	(void)state;
	insn_decode_amd64((const uint8_t *)"\x64\x4c\x8b\x34\x25\xf8\xff\xff\xff", 9, 0, &in);
	assert_true(in.fs && in.has_disp);
	assert_int_equal(in.disp, -8);
	assert_int_equal(in.reg, 14);
	insn_decode_amd64((const uint8_t *)"\x48\x83\xc4\x80", 4, 0, &in);
	assert_int_equal(in.imm, 128);
	insn_decode_amd64((const uint8_t *)"\x76\xfe", 2, 0x1000, &in);
	assert_true(in.has_target);
	assert_int_equal(in.target, 0x1000);
	insn_decode_amd64((const uint8_t *)"\x66\x89\x05\x00\x00\x00\x00", 7, 0, &in);
	assert_int_equal(in.mem_size, 2);
	assert_int_equal(insn_decode_amd64((const uint8_t *)"\x06", 1, 0, &in), 0);
}

static void test_any_bytes(void **state)
{
	uint8_t code[16];
	uint32_t x = 12345;
	struct insn in;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		for (size_t k = 0; k < sizeof(code); k++)
			code[k] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
		for (size_t n = 0; n <= sizeof(code); n += 5)
			assert_true(insn_decode_amd64(code, n, 0, &in) <= (int)n);
	}
}

static void test_refs_amd64(void **state)
{
	static const char code[] =
		"\x48\x8d\x05\x00\x20\x00\x00\x55\x48\x8b\x0d\xf8\xff\xff\xff\xc3";
	struct insn_ref r[1];

	(void)state;
	assert_int_equal(insn_refs_amd64((const uint8_t *)code, sizeof(code) - 1, 0x1000, r, 1), 2);
	assert_int_equal(r[0].addr, 0x3007);
	assert_int_equal(r[0].kind, INSN_LEA);
}

static void test_arm64(void **state)
{
	/* adrp x27, 0x3000; ldr x0, [x27, #16]; add x1, x27, #0x20; str w2, [x1, #4]; bl; ldr x3, [x27, #8]; ret */
	static const uint32_t code[] = { 0xd000001b, 0xf9400b60, 0x91008361, 0xb9000422,
					 0x94000000, 0xf9400763, 0xd65f03c0 };
	struct insn_ref r[8];
	struct insn in;

	(void)state;
	assert_int_equal(insn_refs_arm64((const uint8_t *)code, sizeof(code), 0x1000, r, 8), 3);
	assert_int_equal(r[0].addr, 0x3010);
	assert_int_equal(r[0].kind, INSN_LOAD);
	assert_int_equal(r[1].addr, 0x3020);
	assert_int_equal(r[1].kind, INSN_LEA);
	assert_int_equal(r[2].addr, 0x3024);
	assert_int_equal(r[2].kind, INSN_STORE);
	assert_int_equal(r[2].size, 4);
	assert_int_equal(insn_decode_arm64((const uint8_t *)&code[6], 4, 0, &in), 4);
	assert_int_equal(in.kind, INSN_RET);
	assert_int_equal(insn_decode_arm64((const uint8_t *)&(uint32_t){ 0xd10103ff }, 4, 0, &in),
			 4);
	assert_int_equal(in.kind, INSN_SUB_SP);
	assert_int_equal(in.imm, 64);
	assert_int_equal(
		insn_decode_arm64((const uint8_t *)&(uint32_t){ 0x54ffffe3 }, 4, 0x1000, &in), 4);
	assert_int_equal(in.kind, INSN_JCC);
	assert_int_equal(in.target, 0xffc);
	assert_int_equal(insn_decode_arm64((const uint8_t *)code, 3, 0, &in), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_amd64),	  cmocka_unit_test(test_operands),
		cmocka_unit_test(test_any_bytes), cmocka_unit_test(test_refs_amd64),
		cmocka_unit_test(test_arm64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which instructions may have written a register, by DWARF's numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "target/vars.h"

enum { RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R12 = 12 };

#define CODE(...) ((const uint8_t[]){ __VA_ARGS__ }), sizeof((const uint8_t[]){ __VA_ARGS__ })

/* Of the first registers, as bits, those that may have been written. */
static unsigned written(const uint8_t *code, size_t n)
{
	unsigned set = 0;

	for (unsigned i = 0; i <= R12; i++)
		if (!vars_reg_kept(code, 0, n, i))
			set |= 1u << i;
	return set;
}

#define ALL 0x1fffu
#define REG(r) (1u << (r))

static void moves(void **state)
{
	(void)state;
	assert_int_equal(written(CODE(0x48, 0x89, 0xd8)), REG(RAX)); /* mov %rbx,%rax */
	assert_int_equal(written(CODE(0x48, 0x89, 0x44, 0x24, 0x08)), 0); /* mov %rax,8(%rsp) */
	assert_int_equal(written(CODE(0x48, 0x8b, 0x5c, 0x24, 0x08)),
			 REG(RBX)); /* mov 8(%rsp),%rbx */
	assert_int_equal(written(CODE(0x4d, 0x89, 0xc4)), REG(R12)); /* mov %r8,%r12 */
	assert_int_equal(written(CODE(0x48, 0x8d, 0x0c, 0x18)),
			 REG(RCX)); /* lea (%rax,%rbx),%rcx */
	assert_int_equal(written(CODE(0x0f, 0xb6, 0xf0)), REG(RSI)); /* movzbl %al,%esi */
	assert_int_equal(written(CODE(0x88, 0xc4)), REG(RAX) | REG(RSP)); /* mov %al,%ah, or %spl */
	assert_int_equal(written(CODE(0xb8, 1, 0, 0, 0)), ALL); /* which one is not told */
}

static void arithmetic(void **state)
{
	(void)state;
	assert_int_equal(written(CODE(0x48, 0x01, 0xd8)), REG(RAX)); /* add %rbx,%rax */
	assert_int_equal(written(CODE(0x48, 0x03, 0xd8)), REG(RBX)); /* add %rax,%rbx */
	assert_int_equal(written(CODE(0x48, 0x39, 0xd8)), 0); /* cmp */
	assert_int_equal(written(CODE(0x48, 0x83, 0xf8, 0x01)), 0); /* cmp $1,%rax */
	assert_int_equal(written(CODE(0x48, 0x83, 0xc0, 0x01)), REG(RAX)); /* add $1,%rax */
	assert_int_equal(written(CODE(0x48, 0x85, 0xc0)), 0); /* test */
	assert_int_equal(written(CODE(0x48, 0xf7, 0xf9)), REG(RAX) | REG(RDX)); /* idiv %rcx */
	assert_int_equal(written(CODE(0x48, 0xf7, 0xd9)), REG(RCX)); /* neg %rcx */
	assert_int_equal(written(CODE(0x48, 0x0f, 0xaf, 0xd9)), REG(RBX)); /* imul %rcx,%rbx */
	assert_int_equal(written(CODE(0x48, 0xc1, 0xe1, 0x04)), REG(RCX)); /* shl $4,%rcx */
	assert_int_equal(written(CODE(0x48, 0x05, 0, 1, 0, 0)), REG(RAX)); /* add $256,%rax */
	assert_int_equal(written(CODE(0xf2, 0x0f, 0x58, 0xc1)), 0); /* addsd %xmm1,%xmm0 */
}

static void the_rest(void **state)
{
	(void)state;
	assert_int_equal(written(CODE(0xeb, 0x05)), 0); /* jmp */
	assert_int_equal(written(CODE(0x90)), 0);
	assert_int_equal(written(CODE(0xe8, 0, 0, 0, 0)), ALL); /* call */
	assert_int_equal(written(CODE(0xf3, 0x48, 0xa5)), ALL); /* rep movsq */
	assert_int_equal(written(CODE(0x0f, 0xa2)), ALL); /* cpuid */
	assert_int_equal(written(CODE(0x48, 0x89)), ALL); /* cut within an instruction */
	assert_int_equal(written(CODE(0x06)), ALL); /* none */
	/* mov %rbx,%rax; mov %rax,%rcx */
	assert_int_equal(written(CODE(0x48, 0x89, 0xd8, 0x48, 0x89, 0xc1)), REG(RAX) | REG(RCX));
	assert_false(vars_reg_kept((const uint8_t[]){ 0x90 }, 0, 1, 16));
	assert_true(vars_reg_kept((const uint8_t[]){ 0x90 }, 1, 1, 15));
	assert_false(vars_reg_kept((const uint8_t[]){ 0x90 }, 1, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves),
		cmocka_unit_test(arithmetic),
		cmocka_unit_test(the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/mem.h"
#include "target/insn.h"
#include "target/probesite.h"

struct example {
	const char *code;
	size_t n;
	int off;
	uint8_t kind;
	bool skip_grow;
};

#define BYTES(s) s, sizeof(s) - 1

/* clang-format off */
static const struct example amd64[] = {
	/* gopark, Go 1.27: cmp 0x10(%r14),%rsp; jbe; push %rbp */
	{ BYTES("\x49\x3b\x66\x10\x0f\x86\xa2\x00\x00\x00\x55\x48\x89\xe5"), 4, INSN_JCC, true },
	{ BYTES("\x49\x3b\x66\x10\x76\x20\x55"), 4, INSN_JCC, true },
	/* selectgo: lea -0xb8(%rsp),%r12; cmp 0x10(%r14),%r12; jbe */
	{ BYTES("\x4c\x8d\xa4\x24\x48\xff\xff\xff\x4d\x3b\x66\x10\x0f\x86\x00\x01\x00\x00"), 12, INSN_JCC, true },
	/* chanrecv, Go 1.19: lea -8(%rsp),%r12 … */
	{ BYTES("\x4c\x8d\x64\x24\xf8\x4d\x3b\x66\x10\x0f\x86\x00\x01\x00\x00"), 9, INSN_JCC, true },
	/* a huge frame: mov %rsp,%r12; sub $0x2000,%r12; jb; cmp 0x10(%r14),%r12; jbe */
	{ BYTES("\x49\x89\xe4\x49\x81\xec\x00\x20\x00\x00\x0f\x82\x00\x01\x00\x00"
		"\x4d\x3b\x66\x10\x0f\x86\x00\x01\x00\x00"), 20, INSN_JCC, true },
	/* //go:systemstack: stackguard1 */
	{ BYTES("\x49\x3b\x66\x18\x76\x20"), 4, INSN_JCC, true },
	/* casgstatus from 1.21 on: push %rbp */
	{ BYTES("\x55\x48\x89\xe5\x48\x83\xec\x40"), 0, INSN_PUSH, false },
	{ BYTES("\x41\x54"), 0, INSN_PUSH, false },
	/* sub $0x18,%rsp; mov %rbp,0x10(%rsp); lea 0x10(%rsp),%rbp; call */
	{ BYTES("\x48\x83\xec\x18\x48\x89\x6c\x24\x10\x48\x8d\x6c\x24\x10\xe8\x00\x00\x00\x00"), 14, INSN_CALL, false },
	/* casgstatus, Go 1.19: … mov %rax,0x48(%rsp) is more than a prologue */
	{ BYTES("\x48\x83\xec\x40\x48\x89\x6c\x24\x38\x48\x8d\x6c\x24\x38\x48\x89\x44\x24\x48\x55"), -1, 0, false },
	/* chanrecv1, Go 1.19: mov $1,%ecx changes an argument before the call */
	{ BYTES("\x48\x83\xec\x20\xb9\x01\x00\x00\x00\xe8\x00\x00\x00\x00"), -1, 0, false },
	{ BYTES("\x48\x89\xc3\x55"), -1, 0, false },
	/* jbe after what is no stack check: cmp 0x10(%rax),%rsp */
	{ BYTES("\x48\x3b\x60\x10\x76\x20"), -1, 0, false },
	/* je: emulated, no stack check; jbe with nothing before it */
	{ BYTES("\x74\x20"), 0, INSN_JCC, false },
	{ BYTES("\x76\x20"), 0, INSN_JCC, false },
	/* stepped: prefix 66 before a jump, jrcxz, nops of several bytes, pause, pop */
	{ BYTES("\x66\x0f\x86\x00\x01\x00\x00"), -1, 0, false },
	{ BYTES("\xe3\x10"), -1, 0, false },
	{ BYTES("\x66\x0f\x1f\x44\x00\x00\x55"), -1, 0, false },
	{ BYTES("\xf3\x90\x55"), -1, 0, false },
	{ BYTES("\x49\x90\x55"), -1, 0, false }, /* xchg %rax,%r8 */
	{ BYTES("\x5d"), -1, 0, false },
	{ BYTES("\xcc"), -1, 0, false }, /* somebody's breakpoint */
	{ BYTES("\x90\xc3"), 0, INSN_NOP, false },
	{ BYTES("\xeb\x10"), 0, INSN_JMP, false },
	{ BYTES("\x49\x3b\x66\x10\x0f\x86\xa2"), -1, 0, false }, /* cut short */
	{ BYTES(""), -1, 0, false },
};

static const struct { uint32_t w[8]; unsigned n; int off; uint8_t kind; bool skip_grow; } arm64[] = {
	/* gopark: ldr x16,[x28,#16]; cmp sp,x16; b.ls */
	{ { 0xf9400b90, 0xeb3063ff, 0x540007e9 }, 3, 8, INSN_JCC, true },
	/* selectgo: …; sub x17,sp,#144; cmp x17,x16; b.ls */
	{ { 0xf9400b90, 0xd10243f1, 0xeb10023f, 0x540092e9 }, 4, 12, INSN_JCC, true },
	/* a huge frame: …; mov x27,#8192; subs x17,sp,x27; b.lo; cmp x17,x16; b.ls */
	{ { 0xf9400b90, 0xd284001b, 0xeb3b63f1, 0x54000803, 0xeb10023f, 0x540007e9 }, 6, 20, INSN_JCC, true },
	/* casgstatus: str x30,[sp,#-80]!; stur x29,[sp,#-8]; sub x29,sp,#8; str x0,[sp,#88] */
	{ { 0xf81b0ffe, 0xf81f83fd, 0xd10023fd, 0xf9002fe0 }, 4, -1, 0, false },
	/* the same, then bl */
	{ { 0xf81b0ffe, 0xf81f83fd, 0xd10023fd, 0x94000010 }, 4, 12, INSN_CALL, false },
	/* b.ls with nothing loaded; cbz, tbz, adrp */
	{ { 0x540007e9 }, 1, 0, INSN_JCC, false },
	{ { 0xb4000ae0 }, 1, 0, INSN_JCC, false },
	{ { 0x36000062 }, 1, 0, INSN_JCC, false },
	{ { 0x90000000 }, 1, 0, INSN_LEA, false },
	/* stepped or refused: nop, ldr literal; brk */
	{ { 0xd503201f, 0x14000002 }, 2, -1, 0, false },
	{ { 0x58000040, 0x14000002 }, 2, -1, 0, false },
	{ { 0xd4200000 }, 1, -1, 0, false },
	/* mov x1,#2 changes an argument */
	{ { 0xd2800041, 0x14000002 }, 2, -1, 0, false },
};

/* clang-format on */

static void test_scan_amd64(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(amd64); i++) {
		bool skip = true;
		uint8_t kind = 0;
		int off = psite_scan(GOARCH_AMD64, (const uint8_t *)amd64[i].code, amd64[i].n,
				     &kind, &skip);

		if (off != amd64[i].off)
			print_message("amd64[%zu]\n", i);
		assert_int_equal(off, amd64[i].off);
		if (off < 0)
			continue;
		assert_int_equal(kind, amd64[i].kind);
		assert_int_equal(skip, amd64[i].skip_grow);
	}
}

static void test_scan_arm64(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(arm64); i++) {
		bool skip = true;
		uint8_t kind = 0;
		int off = psite_scan(GOARCH_ARM64, (const uint8_t *)arm64[i].w,
				     (size_t)arm64[i].n * 4, &kind, &skip);

		if (off != arm64[i].off)
			print_message("arm64[%zu]\n", i);
		assert_int_equal(off, arm64[i].off);
		if (off < 0)
			continue;
		assert_int_equal(kind, arm64[i].kind);
		assert_int_equal(skip, arm64[i].skip_grow);
	}
}

/* newproc1 in small, at 0x1000: casgstatus at 0x2000 is called with 0, then with 6. */
static const uint8_t newproc1[] = {
	0x31, 0xdb, /* 00 xor %ebx,%ebx */
	0xb9, 6,    0,	  0,	0, /* 02 mov $6,%ecx */
	0xe8, 0xf4, 0x0f, 0x00, 0x00, /* 07 call 2000 */
	0xbb, 6,    0,	  0,	0, /* 0c mov $6,%ebx */
	0xe8, 0xea, 0x1f, 0x00, 0x00, /* 11 call 3000: of another function */
	0xbb, 6,    0,	  0,	0, /* 16 mov $6,%ebx */
	0x89, 0xf9, /* 1b mov %edi,%ecx */
	0xe8, 0xde, 0x0f, 0x00, 0x00, /* 1d call 2000 */
	0xc3
};

static void test_call_amd64(void **state)
{
	uint8_t code[sizeof(newproc1) * 2];

	(void)state;
	assert_int_equal(
		psite_scan_call(GOARCH_AMD64, newproc1, sizeof(newproc1), 0x1000, 0x2000, 6), 0x1d);
	assert_int_equal(
		psite_scan_call(GOARCH_AMD64, newproc1, sizeof(newproc1), 0x1000, 0x2000, 0), 0x7);
	assert_int_equal(
		psite_scan_call(GOARCH_AMD64, newproc1, sizeof(newproc1), 0x1000, 0x2001, 6), -1);
	/* cut short before it */
	assert_int_equal(psite_scan_call(GOARCH_AMD64, newproc1, 0x1f, 0x1000, 0x2000, 6), -1);
	/* the second argument is another one by then: mov %edi,%ebx */
	memcpy(code, newproc1, sizeof(newproc1));
	code[0x1c] = 0xfb;
	assert_int_equal(psite_scan_call(GOARCH_AMD64, code, sizeof(newproc1), 0x1000, 0x2000, 6),
			 -1);
	/* whatever it is, and there are two of those */
	assert_int_equal(psite_scan_call(GOARCH_AMD64, newproc1, 0xc, 0x1000, 0x2000, PSITE_ANY),
			 0x7);
	assert_int_equal(psite_scan_call(GOARCH_AMD64, newproc1, sizeof(newproc1), 0x1000, 0x2000,
					 PSITE_ANY),
			 -1);
	/* there are two of them */
	memcpy(code, newproc1, sizeof(newproc1));
	memcpy(code + 0x22, newproc1 + 0x16, 5);
	memcpy(code + 0x27, "\xe8\xd4\x0f\x00\x00", 5);
	assert_int_equal(psite_scan_call(GOARCH_AMD64, code, 0x2c, 0x1000, 0x2000, 6), -1);
}

static void test_call_arm64(void **state)
{
	/* At 0x1000: movz x1,#0; bl 2000; orr x1,xzr,#6; mov x2,x7; bl 2000 */
	static uint32_t w[] = { 0xd2800001, 0x940003ff, 0xb27f07e1, 0xaa0703e2, 0x940003fc };
	const uint8_t *code = (const uint8_t *)w;

	(void)state;
	assert_int_equal(psite_scan_call(GOARCH_ARM64, code, sizeof(w), 0x1000, 0x2000, 6), 16);
	assert_int_equal(psite_scan_call(GOARCH_ARM64, code, sizeof(w), 0x1000, 0x2000, 0), 4);
	assert_int_equal(psite_scan_call(GOARCH_ARM64, code, sizeof(w), 0x1000, 0x2000, 3), -1);
	w[2] = 0xd28000c1; /* movz x1,#6 */
	assert_int_equal(psite_scan_call(GOARCH_ARM64, code, sizeof(w), 0x1000, 0x2000, 6), 16);
	w[3] = 0xaa0703e1; /* mov x1,x7 */
	assert_int_equal(psite_scan_call(GOARCH_ARM64, code, sizeof(w), 0x1000, 0x2000, 6), -1);
}

static void test_names(void **state)
{
	static const char *const args[] = { "rax", "rbx", "rcx", "rdi", "rsi",
					    "r8",  "r9",  "r10", "r11" };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(args); i++)
		assert_string_equal(psite_reg_name(GOARCH_AMD64, psite_arg_reg(GOARCH_AMD64, i)),
				    args[i]);
	assert_int_equal(psite_arg_reg(GOARCH_AMD64, 9), PSITE_NOREG);
	assert_int_equal(psite_arg_reg(GOARCH_ARM64, 16), PSITE_NOREG);
	assert_string_equal(psite_reg_name(GOARCH_AMD64, psite_g_reg(GOARCH_AMD64)), "r14");
	assert_string_equal(psite_reg_name(GOARCH_ARM64, psite_g_reg(GOARCH_ARM64)), "x28");
	assert_string_equal(psite_reg_name(GOARCH_AMD64, PSITE_NOREG), "-");
	for (unsigned e = 0; e < PSITE_N; e++)
		assert_true(psite_name((enum psite_event)e)[0]);
	assert_string_equal(psite_name(PSITE_N), "");
}

/* Whatever bytes there are, what is found lies within them. */
static void test_any_bytes(void **state)
{
	uint8_t code[48], kind;
	uint32_t x = 7;
	bool skip;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		enum goarch arch = i & 1 ? GOARCH_AMD64 : GOARCH_ARM64;

		for (size_t k = 0; k < sizeof(code); k++)
			code[k] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
		for (size_t n = 0; n <= sizeof(code); n += 12) {
			assert_true(psite_scan(arch, code, n, &kind, &skip) < (int)n);
			assert_true(psite_scan_call(arch, code, n, 0, 0x1000, 6) < (int)n);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan_amd64), cmocka_unit_test(test_scan_arm64),
		cmocka_unit_test(test_call_amd64), cmocka_unit_test(test_call_arm64),
		cmocka_unit_test(test_names),	   cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

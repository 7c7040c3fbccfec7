/* SPDX-License-Identifier: Apache-2.0 */
/* Disassembly over a function table made by hand: names, lines, places, and bytes that are no code. */
#include <stdlib.h>

#include "target/disasm.h"
#include "target_fixture.h"

enum { SECOND = 0x100, LARGE = 0x40000 };

struct setting {
	struct fixture f;
	struct gomodules mods;
	uint8_t *text;
	size_t size;
	struct mem_seg seg;
	struct disasm_from from;
};

static struct setting *set_up(enum goarch arch, size_t size)
{
	struct setting *s = xcalloc(1, sizeof(*s));
	uint64_t ftab;

	fixture_make(&s->f, 26, arch == GOARCH_ARM64 ? 4 : 1);
	memcpy(&ftab, s->f.tab.b + 64, 8);
	memcpy(s->f.tab.b + ftab + 24, &(uint32_t){ (uint32_t)size }, 4);
	fixture_module(&s->mods, &s->f, 26);
	s->mods.mod.v[0].etext = s->mods.mod.v[0].maxpc = FIX_TEXT + size;
	s->size = size;
	s->text = xmalloc(size);
	for (size_t i = 0; i < size; i++) /* nop */
		s->text[i] = arch == GOARCH_ARM64 ? (uint8_t)(0xd503201fu >> i % 4 * 8) : 0x90;
	s->seg = (struct mem_seg){ FIX_TEXT, s->text, size };
	s->from.mem = memr_new_flat(&s->seg, 1);
	s->from.sym = symtab_new(&s->mods, s->from.mem);
	s->from.arch = arch;
	return s;
}

static void tear_down(struct setting *s)
{
	symtab_free(s->from.sym);
	memr_close(s->from.mem);
	gomodules_release(&s->mods);
	free(s->text);
	free(s);
}

/* A call at off of the second function. */
static void put_call(struct setting *s, uint32_t off, uint32_t to)
{
	uint32_t d = to - off;

	if (s->from.arch == GOARCH_ARM64) {
		memcpy(s->text + off, &(uint32_t){ 0x94000000u | (d >> 2 & 0x3ffffff) }, 4);
		return;
	}
	s->text[off] = 0xe8;
	memcpy(s->text + off + 1, &(uint32_t){ d - 5 }, 4);
}

static void read_at(struct setting *s, uint64_t pc, uint32_t line, const char *func,
		    struct code *out)
{
	struct code_ask ask = { pc, line, func ? xstrdup(func) : NULL };

	memset(out, 0, sizeof(*out));
	disasm_read(&s->from, &ask, out);
	code_ask_release(&ask);
}

static void built(void)
{
	char why[256];

	if (!disasm_there(why, sizeof(why)))
		skip();
}

static void test_without(void **state)
{
	struct setting *s;
	struct code c;
	char why[256];

	(void)state;
	if (disasm_there(why, sizeof(why)))
		skip();
	s = set_up(GOARCH_AMD64, FIX_TEXT_SIZE);
	read_at(s, FIX_TEXT, 0, NULL, &c);
	assert_int_equal(c.v.n, 0);
	assert_non_null(strstr(c.note, "capstone"));
	code_release(&c);
	tear_down(s);
}

static void function_of(enum goarch arch)
{
	uint32_t len = arch == GOARCH_ARM64 ? 4 : 5;
	struct setting *s = set_up(arch, FIX_TEXT_SIZE);
	const struct code_insn *in;
	struct code c;

	put_call(s, 0x48, SECOND);
	read_at(s, FIX_TEXT + 0x48 + len, 53, "main.outer", &c);
	assert_string_equal(c.note, "");
	assert_string_equal(code_at(&c, c.func), "main.outer");
	assert_int_equal(c.entry, FIX_TEXT);
	assert_int_equal(c.end, FIX_TEXT + SECOND);
	assert_int_equal(c.v.v[0].addr, FIX_TEXT);
	assert_int_equal(c.v.v[0].line, 12);
	assert_string_equal(code_at(&c, c.v.v[0].file), "/a/one.go");
	assert_true(c.here < c.v.n);
	in = &c.v.v[c.here];
	assert_int_equal(in->addr, FIX_TEXT + 0x48); /* the call, not where it returns to */
	assert_true(in->call);
	assert_string_equal(code_at(&c, in->target), "main.second");
	assert_string_equal(code_at(&c, in->text), arch == GOARCH_ARM64 ? "bl" : "call");
	assert_string_equal(code_at(&c, in->file), "two.go");
	assert_int_equal(in->line, 53);
	assert_int_equal(c.v.v[c.v.n - 1].line, 15);
	code_release(&c);
	/* what is inlined there is a function of this place as well, and the one after it is not */
	read_at(s, FIX_TEXT + 0x54, 71, "main.leaf", &c);
	assert_int_equal(c.entry, FIX_TEXT);
	code_release(&c);
	read_at(s, FIX_TEXT + 0x54, 71, "main.second", &c);
	assert_int_equal(c.v.n, 0);
	assert_non_null(strstr(c.note, "another program"));
	code_release(&c);
	tear_down(s);
}

static void test_function(void **state)
{
	(void)state;
	built();
	function_of(GOARCH_AMD64);
	function_of(GOARCH_ARM64);
}

/* A call that does not return may be a function's last instruction: its return address is the next one's. */
static void test_end(void **state)
{
	struct setting *s;
	struct code c;

	(void)state;
	built();
	s = set_up(GOARCH_AMD64, FIX_TEXT_SIZE);
	put_call(s, SECOND - 5, 0x200);
	read_at(s, FIX_TEXT + SECOND, 15, "main.outer", &c);
	assert_string_equal(code_at(&c, c.func), "main.outer");
	assert_true(c.here < c.v.n);
	assert_int_equal(c.v.v[c.here].addr, FIX_TEXT + SECOND - 5);
	assert_string_equal(code_at(&c, c.v.v[c.here].target), "runtime.goexit");
	code_release(&c);
	tear_down(s);
}

static void test_nowhere(void **state)
{
	static const uint64_t pcs[] = { 0, 1, FIX_TEXT - 1, FIX_TEXT + FIX_TEXT_SIZE + 1,
					UINT64_MAX };
	struct setting *s;
	struct code c;

	(void)state;
	built();
	s = set_up(GOARCH_AMD64, FIX_TEXT_SIZE);
	for (size_t i = 0; i < ARRAY_SIZE(pcs); i++) {
		read_at(s, pcs[i], 0, NULL, &c);
		assert_int_equal(c.v.n, 0);
		assert_non_null(strstr(c.note, "no function"));
		assert_true(c.here == SIZE_MAX);
		code_release(&c);
	}
	tear_down(s);
}

/* Of what is not mapped any more as much is shown as there is. */
static void test_part(void **state)
{
	struct setting *s;
	struct memr *whole;
	struct code c;

	(void)state;
	built();
	s = set_up(GOARCH_AMD64, LARGE);
	whole = s->from.mem;
	s->seg.len = 0x1000;
	s->from.mem = memr_new_flat(&s->seg, 1);
	read_at(s, FIX_TEXT + 0x204, 0, NULL, &c);
	assert_int_equal(c.v.n, 0x1000 - 0x200);
	assert_int_equal(c.v.v[c.here].addr, FIX_TEXT + 0x204);
	assert_non_null(strstr(c.note, "only in part"));
	code_release(&c);
	memr_close(whole);
	tear_down(s);
}

/* A function of a quarter of a megabyte: a part is shown, with the place in it. */
static void test_large(void **state)
{
	static const uint64_t at[] = { 0, 100, DISASM_MOST / 2 + 1, LARGE / 2, LARGE - 0x201 };
	struct setting *s;
	struct code c;

	(void)state;
	built();
	s = set_up(GOARCH_AMD64, LARGE);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		uint64_t pc = FIX_TEXT + 0x200 + at[i];

		read_at(s, pc, 0, NULL, &c);
		assert_true(c.v.n > DISASM_MOST / 4 && c.v.n <= DISASM_MOST);
		assert_true(c.here < c.v.n);
		assert_int_equal(c.v.v[c.here].addr, pc);
		assert_non_null(strstr(c.note, "KB of code"));
		code_release(&c);
	}
	tear_down(s);
}

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	return *x ^= *x << 17;
}

/* Any bytes are taken, all of them, in order, and none is read beyond the end. */
static void test_garbage(void **state)
{
	static const enum goarch arch[] = { GOARCH_AMD64, GOARCH_ARM64 };
	uint64_t x = 88172645463325252ull;

	(void)state;
	built();
	for (int round = 0; round < 400; round++) {
		struct disasm_from from = { .arch = arch[round % 2] };
		size_t n = next_random(&x) % 600;
		uint8_t *bytes = xmalloc(n ? n : 1);
		struct code c = { 0 };
		size_t took;

		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)(round % 3 ? next_random(&x) : 0x66);
		took = disasm_bytes(&from, bytes, n, UINT64_MAX - 1000, &c);
		assert_true(took <= n && n - took < 4);
		for (size_t i = 1; i < c.v.n; i++)
			assert_true(c.v.v[i].addr > c.v.v[i - 1].addr);
		for (size_t i = 0; i < c.v.n; i++)
			assert_true(*code_at(&c, c.v.v[i].text));
		code_release(&c);
		free(bytes);
	}
}

static void add(struct code *c, uint64_t addr, uint32_t line, bool call)
{
	*vec_push(&c->v) = (struct code_insn){ .addr = addr, .line = line, .call = call };
}

static void test_find(void **state)
{
	struct code c = { 0 };

	(void)state;
	assert_true(code_find(&c, 5, 1) == SIZE_MAX);
	add(&c, 100, 7, false);
	add(&c, 103, 7, true);
	add(&c, 108, 8, false);
	add(&c, 110, 8, true);
	add(&c, 115, 8, false);
	assert_true(code_find(&c, 99, 7) == SIZE_MAX);
	assert_int_equal(code_find(&c, 100, 7), 0);
	assert_int_equal(code_find(&c, 101, 7), 0);
	assert_int_equal(code_find(&c, 108, 7), 1); /* the call returns there */
	assert_int_equal(code_find(&c, 108, 8), 2); /* it is there */
	assert_int_equal(code_find(&c, 115, 8), 3); /* either: the call, as in most frames */
	assert_int_equal(code_find(&c, 116, 8), 4);
	assert_true(code_find(&c, 1000, 8) == SIZE_MAX);
	code_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without), cmocka_unit_test(test_function),
		cmocka_unit_test(test_end),	cmocka_unit_test(test_nowhere),
		cmocka_unit_test(test_large),	cmocka_unit_test(test_part),
		cmocka_unit_test(test_garbage), cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

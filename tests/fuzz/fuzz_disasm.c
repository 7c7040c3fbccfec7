/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as code, under a function table of any bytes: byte 0 the machine, bytes 1 and 2 how long the
 * table is that follows (as in fuzz_pclntab, with its two bytes), then the code.
 */
#include <stdlib.h>
#include <string.h>

#include "target/disasm.h"

enum { TEXT = 0x400000, TEXT_SIZE = 0x100000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct disasm_from *from, uint64_t pc, const char *func)
{
	struct code_ask ask = { pc, 53, func ? xstrdup(func) : NULL };
	struct code c = { 0 };

	disasm_read(from, &ask, &c);
	if (c.here != SIZE_MAX && c.here >= c.v.n)
		abort();
	for (size_t i = 0; i < c.v.n; i++) {
		const struct code_insn *in = &c.v.v[i];

		if (in->text >= c.chars.n || in->target >= c.chars.n || in->file >= c.chars.n ||
		    (i && in->addr <= in[-1].addr))
			abort();
	}
	code_release(&c);
	code_ask_release(&ask);
}

static void look_all(struct gomodules *mods, enum goarch arch, const uint8_t *code, size_t n)
{
	const struct mem_seg seg = { TEXT, code, n };
	struct disasm_from from = { .arch = arch, .mem = memr_new_flat(&seg, 1) };

	from.sym = symtab_new(mods, from.mem);
	look(&from, TEXT, NULL);
	look(&from, TEXT + 0x4d, "main.outer");
	look(&from, TEXT + 0x105, "main.second");
	look(&from, TEXT + TEXT_SIZE / 2, NULL);
	symtab_free(from.sym);
	memr_close(from.mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gomodule m = { .text = TEXT,
			      .minpc = TEXT,
			      .etext = TEXT + TEXT_SIZE,
			      .maxpc = TEXT + TEXT_SIZE,
			      .gofunc = 0x600000 };
	struct disasm_from bare = { .arch = size && data[0] & 1 ? GOARCH_ARM64 : GOARCH_AMD64 };
	struct gomodules mods = { 0 };
	struct code c = { 0 };
	size_t n;

	if (size < 5)
		return 0;
	n = data[1] << 8 | data[2];
	n = n < size - 5 ? n : size - 5;
	disasm_bytes(&bare, data + 5, size - 5 < 1 << 12 ? size - 5 : 1 << 12, TEXT, &c);
	code_release(&c);
	if (pclntab_init(&m.tab, data + 5, n, data[3] % 40, NULL))
		return 0;
	*vec_push(&mods.mod) = m;
	look_all(&mods, bare.arch, data + 5 + n, size - 5 - n);
	vec_free(&mods.mod);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A function table of any bytes: byte 0 is the Go version, byte 1 where the inline trees begin. */
#include <stdlib.h>
#include <string.h>

#include "target/symtab.h"

enum { TEXT = 0x400000, TEXT_SIZE = 0x100000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(struct symtab *st, uint64_t pc)
{
	struct symframe frames[16];
	struct symdefer defers;
	struct symfunc f;

	symtab_lookup(st, pc, frames, 16);
	symtab_spdelta(st, pc);
	if (!symtab_func(st, pc, &f))
		return;
	symtab_open_defers(st, &f, &defers);
	for (uint32_t i = 0; i < 8; i++) {
		symtab_pcdata(st, &f, i, pc);
		symtab_funcdata(&f, i);
	}
}

static bool see(const struct symfunc *f, void *arg)
{
	(void)f;
	return ++*(unsigned *)arg < 1000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gomodule m = { .text = TEXT,
			      .minpc = TEXT,
			      .etext = TEXT + TEXT_SIZE,
			      .maxpc = TEXT + TEXT_SIZE,
			      .gofunc = 0x1000 };
	struct gomodules ms = { 0 };
	struct symfunc f;
	struct symtab *st;
	unsigned n = 0;
	int minor;

	if (size < 2)
		return 0;
	minor = 18 + data[0] % 12;
	m.gofunc_data = data + 2 + (size - 2) * data[1] / 256;
	m.gofunc_avail = (uint64_t)(data + size - m.gofunc_data);
	if (pclntab_init(&m.tab, data + 2, size - 2, minor, NULL))
		return 0;
	*vec_push(&ms.mod) = m;
	st = symtab_new(&ms, NULL);
	symtab_each(st, see, &n);
	for (uint32_t i = 0; i < m.tab.nfunc && i < 64; i++) {
		struct pclnfunc fn;

		if (pclntab_func(&m.tab, i, &fn))
			continue;
		ask(st, TEXT + (uint64_t)fn.entry);
		ask(st, TEXT + (uint64_t)fn.entry + (fn.end - fn.entry) / 2);
		ask(st, TEXT + (uint64_t)fn.end - 1);
	}
	symtab_func_by_name(st, "runtime.gopark", &f);
	symtab_func_by_name(st, "main.main", &f);
	symtab_free(st);
	gomodules_release(&ms);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Small Go programs in memory, made by hand: an ELF file, a function table, build information. */
#ifndef TARGET_FIXTURE_H
#define TARGET_FIXTURE_H

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "target/moduledata.h"

struct bytes {
	uint8_t b[32768];
	size_t n;
};

static inline size_t put(struct bytes *x, const void *p, size_t n)
{
	size_t at = x->n;

	assert_true(x->n + n <= sizeof(x->b));
	memcpy(x->b + x->n, p, n);
	x->n += n;
	return at;
}

static inline size_t put32(struct bytes *x, uint32_t v)
{
	return put(x, &v, 4);
}

static inline size_t put64(struct bytes *x, uint64_t v)
{
	return put(x, &v, 8);
}

static inline size_t put_str(struct bytes *x, const char *s)
{
	return put(x, s, strlen(s) + 1);
}

static inline void put_align(struct bytes *x, size_t to)
{
	while (x->n % to)
		x->b[x->n++] = 0;
}

static inline void put_varint(struct bytes *x, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		x->b[x->n++] = (uint8_t)(v | 0x80);
	x->b[x->n++] = (uint8_t)v;
}

/* A pc table: value holds from the last pc up to the next one given; ended by until 0. */
struct step {
	int32_t value;
	uint32_t until; /* offset from the function's entry */
};

static inline uint32_t put_steps(struct bytes *x, const struct step *s, unsigned quantum)
{
	size_t at = x->n;
	int32_t value = -1;
	uint32_t pc = 0;

	for (; s->until; s++) {
		int32_t d = s->value - value;

		put_varint(x, (uint32_t)d << 1 ^ (d < 0 ? UINT32_MAX : 0));
		put_varint(x, (s->until - pc) / quantum);
		value = s->value;
		pc = s->until;
	}
	x->b[x->n++] = 0;
	return (uint32_t)at;
}

/*
 * Text of 0x300 bytes: main.outer at 0, into which main.Map[go.shape.int] is
 * inlined and main.leaf into that, main.second at 0x100, runtime.goexit at 0x200.
 */
struct fixture {
	struct bytes tab; /* the function table */
	struct bytes funcs; /* what moduledata.gofunc points to */
	uint32_t inl_tree, open_defers;
};

enum { FIX_TEXT = 0x401000, FIX_TEXT_SIZE = 0x300, FIX_GOFUNC = 0x600000 };

static inline void fixture_trees(struct fixture *f, bool old, const uint32_t *name, bool defers22)
{
	put64(&f->funcs, 0); /* so that no offset is 0 */
	f->inl_tree = (uint32_t)f->funcs.n;
	for (int i = 0; i < 2; i++) {
		/* 0: main.Map, called at 0x20 of outer; 1: main.leaf, called at 0x48, which is in Map */
		uint32_t callee = i ? name[3] : name[2], parent_pc = i ? 0x48 : 0x20;

		if (old) {
			put32(&f->funcs, (uint32_t)(i ? 0 : 0xffff));
			put32(&f->funcs, 0);
			put32(&f->funcs, 0);
			put32(&f->funcs, callee);
			put32(&f->funcs, parent_pc);
		} else {
			put32(&f->funcs, 0);
			put32(&f->funcs, callee);
			put32(&f->funcs, parent_pc);
			put32(&f->funcs, i ? 70 : 50);
		}
	}
	f->open_defers = (uint32_t)f->funcs.n;
	put_varint(&f->funcs, 9); /* the byte of bits */
	if (defers22) {
		put_varint(&f->funcs, 200); /* the first slot */
	} else {
		put_varint(&f->funcs, 2);
		put_varint(&f->funcs, 24); /* slot 1 */
		put_varint(&f->funcs, 40); /* slot 0 */
	}
}

struct fix_func {
	uint32_t entry, name, sp, file, line, inl, id, flag;
	bool tree;
};

static inline void fixture_func(struct fixture *f, bool old, const struct fix_func *x)
{
	put32(&f->tab, x->entry);
	put32(&f->tab, x->name);
	put32(&f->tab, 16); /* args */
	put32(&f->tab, x->tree ? 0x90 : 0); /* deferreturn */
	put32(&f->tab, x->sp);
	put32(&f->tab, x->file);
	put32(&f->tab, x->line);
	put32(&f->tab, 3); /* pcdata tables: unsafe points, stack maps, inline tree */
	put32(&f->tab, 0); /* cu */
	if (!old)
		put32(&f->tab, 11); /* start line */
	put32(&f->tab, x->id | x->flag << 8 | 5u << 24);
	put32(&f->tab, 0);
	put32(&f->tab, 0);
	put32(&f->tab, x->inl);
	for (int i = 0; i < 3; i++)
		put32(&f->tab, UINT32_MAX);
	put32(&f->tab, x->tree ? f->inl_tree : UINT32_MAX);
	put32(&f->tab, x->tree ? f->open_defers : UINT32_MAX);
}

static inline void fixture_make(struct fixture *f, int minor, unsigned quantum)
{
	static const char *const names[] = { "first",	  "main.outer",	 "main.Map[go.shape.int_0]",
					     "main.leaf", "main.second", "runtime.goexit" };
	bool old = minor < 20;
	uint32_t name[6], off[5], at[3], goexit = minor < 22 ? 7 : 8;
	struct fix_func fn[3] = { 0 };
	struct bytes *t = &f->tab;

	memset(f, 0, sizeof(*f));
	put32(t, old ? PCLN_MAGIC_118 : PCLN_MAGIC_120);
	put32(t, quantum << 16 | 8u << 24);
	put64(t, 3); /* functions */
	put64(t, 2); /* files */
	put64(t, minor < 26 ? FIX_TEXT : 0);
	for (int i = 0; i < 5; i++)
		put64(t, 0);
	if (minor < 26)
		put_align(t, 32);
	off[0] = (uint32_t)t->n;
	for (int i = 0; i < 6; i++)
		name[i] = (uint32_t)(put_str(t, names[i]) - off[0]);
	put_align(t, 8);
	off[1] = (uint32_t)t->n;
	put32(t, 0);
	put32(t, sizeof("/a/one.go"));
	put_align(t, 8);
	off[2] = (uint32_t)t->n;
	put_str(t, "/a/one.go");
	put_str(t, "two.go");
	put_align(t, 8);
	off[3] = (uint32_t)t->n;
	t->b[t->n++] = 0; /* offset 0 means none */
	fixture_trees(f, old, name, minor >= 22);
	fn[0] = (struct fix_func){
		.entry = 0,
		.name = name[1],
		.sp = put_steps(t,
				(struct step[]){ { 0, 8 }, { 0x28, 0xf0 }, { 0, 0x100 }, { 0, 0 } },
				quantum) -
		      off[3],
		.file = put_steps(
				t,
				(struct step[]){ { 0, 0x40 }, { 1, 0x80 }, { 0, 0x100 }, { 0, 0 } },
				quantum) -
			off[3],
		.line = put_steps(t,
				  (struct step[]){ { 12, 0x20 },
						   { 14, 0x40 },
						   { 51, 0x48 },
						   { 53, 0x50 },
						   { 71, 0x60 },
						   { 15, 0x100 },
						   { 0, 0 } },
				  quantum) -
			off[3],
		.inl = put_steps(t,
				 (struct step[]){ { -1, 0x40 },
						  { 0, 0x50 },
						  { 1, 0x60 },
						  { -1, 0x100 },
						  { 0, 0 } },
				 quantum) -
		       off[3],
		.tree = true,
	};
	fn[1] = fn[0];
	fn[1].entry = 0x100;
	fn[1].name = name[4];
	fn[1].tree = false;
	fn[1].inl = 0;
	fn[2] = fn[1];
	fn[2].entry = 0x200;
	fn[2].name = name[5];
	fn[2].id = goexit;
	fn[2].flag = GOFUNC_TOP_FRAME;
	put_align(t, 8);
	off[4] = (uint32_t)t->n;
	t->n += 3 * 8 + 4;
	put_align(t, 4);
	for (int i = 0; i < 3; i++) {
		at[i] = (uint32_t)(t->n - off[4]);
		fixture_func(f, old, &fn[i]);
		memcpy(t->b + off[4] + 8 * i, &fn[i].entry, 4);
		memcpy(t->b + off[4] + 8 * i + 4, &at[i], 4);
	}
	memcpy(t->b + off[4] + 24, &(uint32_t){ FIX_TEXT_SIZE }, 4);
	for (int i = 0; i < 5; i++)
		memcpy(t->b + 32 + 8 * i, &(uint64_t){ off[i] }, 8);
}

static inline void fixture_module(struct gomodules *ms, struct fixture *f, int minor)
{
	struct gomodule m = { 0 };

	m.text = m.minpc = FIX_TEXT;
	m.etext = m.maxpc = FIX_TEXT + FIX_TEXT_SIZE;
	m.gofunc = FIX_GOFUNC;
	m.gofunc_data = f->funcs.b;
	m.gofunc_avail = f->funcs.n;
	assert_int_equal(pclntab_init(&m.tab, f->tab.b, f->tab.n, minor, NULL), 0);
	memset(ms, 0, sizeof(*ms));
	*vec_push(&ms->mod) = m;
}

/*
 * An ELF file: text at 0x400000 (r-x, all of the headers too), data at 0x500000
 * (rw-), which begins with the given bytes, and sections by the given names.
 */
struct fix_sec {
	const char *name;
	uint32_t type;
	uint64_t va, off, size;
};

enum { FIX_DATA_VA = 0x500000, FIX_DATA_OFF = 0x1000 };

static inline void elf_make(struct bytes *x, uint16_t machine, uint16_t type, const void *data,
			    size_t n, const struct fix_sec *sec, size_t nsec)
{
	Elf64_Ehdr h = { .e_type = type,
			 .e_machine = machine,
			 .e_version = 1,
			 .e_phoff = 64,
			 .e_ehsize = 64,
			 .e_phentsize = 56,
			 .e_phnum = 2,
			 .e_shentsize = 64 };
	Elf64_Phdr ph[2] = {
		{ .p_type = PT_LOAD,
		  .p_flags = PF_R | PF_X,
		  .p_vaddr = 0x400000,
		  .p_filesz = FIX_DATA_OFF,
		  .p_memsz = FIX_DATA_OFF,
		  .p_align = 4096 },
		{ .p_type = PT_LOAD,
		  .p_flags = PF_R | PF_W,
		  .p_offset = FIX_DATA_OFF,
		  .p_vaddr = FIX_DATA_VA,
		  .p_filesz = n,
		  .p_memsz = n + 4096,
		  .p_align = 4096 },
	};
	Elf64_Shdr sh = { 0 };
	size_t strings, names[16];

	memcpy(h.e_ident, ELFMAG "\2\1\1", 7);
	memset(x, 0, sizeof(*x));
	x->n = FIX_DATA_OFF;
	put(x, data, n);
	strings = put_str(x, "");
	for (size_t i = 0; i < nsec; i++)
		names[i] = put_str(x, sec[i].name) - strings;
	names[nsec] = put_str(x, ".shstrtab") - strings;
	sh.sh_size = x->n - strings;
	put_align(x, 8);
	h.e_shoff = x->n;
	h.e_shnum = (uint16_t)(nsec + 2);
	h.e_shstrndx = (uint16_t)(nsec + 1);
	put(x, &(Elf64_Shdr){ 0 }, sizeof(sh));
	for (size_t i = 0; i < nsec; i++)
		put(x,
		    &(Elf64_Shdr){ .sh_name = (uint32_t)names[i],
				   .sh_type = sec[i].type,
				   .sh_addr = sec[i].va,
				   .sh_offset = sec[i].off,
				   .sh_size = sec[i].size,
				   .sh_link = sec[i].type == SHT_SYMTAB ? (uint32_t)i + 2 : 0,
				   .sh_addralign = 1,
				   .sh_entsize =
					   sec[i].type == SHT_SYMTAB ? sizeof(Elf64_Sym) : 0 },
		    sizeof(sh));
	sh.sh_name = (uint32_t)names[nsec];
	sh.sh_type = SHT_STRTAB;
	sh.sh_offset = strings;
	sh.sh_addralign = 1;
	put(x, &sh, sizeof(sh));
	memcpy(x->b, &h, sizeof(h));
	memcpy(x->b + 64, ph, sizeof(ph));
}

#endif

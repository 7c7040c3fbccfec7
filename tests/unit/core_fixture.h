/* SPDX-License-Identifier: Apache-2.0 */
/* Core dumps made by hand, for both machines. */
#ifndef CORE_FIXTURE_H
#define CORE_FIXTURE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct cbytes {
	uint8_t b[256 << 10];
	size_t n;
};

static inline void cput(struct cbytes *x, const void *p, size_t n)
{
	if (x->n + n > sizeof(x->b))
		abort();
	if (n)
		memcpy(x->b + x->n, p, n);
	x->n += n;
}

static inline void cput_word(struct cbytes *x, uint64_t v)
{
	cput(x, &v, 8);
}

static inline void cput_note(struct cbytes *x, const char *owner, uint32_t type, const void *desc,
			     size_t n)
{
	static const uint8_t zero[4];
	Elf64_Nhdr h = { (uint32_t)strlen(owner) + 1, (uint32_t)n, type };

	cput(x, &h, sizeof(h));
	cput(x, owner, h.n_namesz);
	cput(x, zero, -h.n_namesz & 3);
	cput(x, desc, n);
	cput(x, zero, -n & 3);
}

/* NT_PRSTATUS; word: n of the registers, from 0 on. */
static inline void cput_thread(struct cbytes *x, uint32_t tid, uint16_t signal,
			       const uint64_t *word, size_t n, size_t all)
{
	uint8_t d[112 + 34 * 8 + 8] = { 0 };

	memcpy(d + 12, &signal, 2);
	memcpy(d + 32, &tid, 4);
	memcpy(d + 112, word, 8 * n);
	cput_note(x, "CORE", NT_PRSTATUS, d, 112 + 8 * all + 8);
}

static inline void cput_info(struct cbytes *x, uint32_t pid, const char *name)
{
	uint8_t d[136] = { 0 };

	memcpy(d + 24, &pid, 4);
	memcpy(d + 40, name, strlen(name));
	cput_note(x, "CORE", NT_PRPSINFO, d, sizeof(d));
}

struct cfile {
	uint64_t start, end, page; /* the offset, in pages of 4096 */
	const char *path;
};

static inline void cput_files(struct cbytes *x, const struct cfile *f, size_t n)
{
	struct cbytes *d = calloc(1, sizeof(*d));

	cput_word(d, n);
	cput_word(d, 4096);
	for (size_t i = 0; i < n; i++) {
		cput_word(d, f[i].start);
		cput_word(d, f[i].end);
		cput_word(d, f[i].page);
	}
	for (size_t i = 0; i < n; i++)
		cput(d, f[i].path, strlen(f[i].path) + 1);
	cput_note(x, "CORE", NT_FILE, d->b, d->n);
	free(d);
}

struct cseg {
	uint64_t va, memsz;
	const void *data;
	size_t filesz;
	uint32_t flags;
};

/* Header, notes, segments one after the other. */
static inline void core_make(struct cbytes *x, uint16_t machine, const struct cbytes *notes,
			     const struct cseg *seg, size_t n)
{
	Elf64_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			 .e_type = ET_CORE,
			 .e_machine = machine,
			 .e_version = EV_CURRENT,
			 .e_phoff = sizeof(h),
			 .e_ehsize = sizeof(h),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = (uint16_t)(n + 1) };
	size_t at = sizeof(h) + (n + 1) * sizeof(Elf64_Phdr);
	Elf64_Phdr ph = { .p_type = PT_NOTE, .p_offset = at, .p_filesz = notes->n, .p_align = 4 };

	x->n = 0;
	cput(x, &h, sizeof(h));
	cput(x, &ph, sizeof(ph));
	at += notes->n;
	for (size_t i = 0; i < n; i++) {
		ph = (Elf64_Phdr){ .p_type = PT_LOAD,
				   .p_offset = at,
				   .p_vaddr = seg[i].va,
				   .p_memsz = seg[i].memsz,
				   .p_filesz = seg[i].filesz,
				   .p_flags = seg[i].flags };
		cput(x, &ph, sizeof(ph));
		at += seg[i].filesz;
	}
	cput(x, notes->b, notes->n);
	for (size_t i = 0; i < n; i++)
		cput(x, seg[i].data, seg[i].filesz);
}

#endif

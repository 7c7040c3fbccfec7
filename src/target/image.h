/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ELF file: header, segments, sections, symbols. Mapped, and read only where
 * asked; nothing here copies it. Addresses are the file's own ("va"); add bias
 * for where it lies in the process. Read-only after opening but for
 * image_symbols(): share it between threads only without that.
 */
#ifndef TARGET_IMAGE_H
#define TARGET_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/mem.h"
#include "target/proc.h"

enum goarch { GOARCH_NONE, GOARCH_AMD64, GOARCH_ARM64 };

#ifdef __aarch64__
#define GOARCH_HOST GOARCH_ARM64
#else
#define GOARCH_HOST GOARCH_AMD64
#endif

const char *goarch_name(enum goarch a); /* "amd64" … */

struct image_seg { /* a PT_LOAD */
	uint64_t va, memsz, off, filesz; /* filesz is cut to what the file has */
	uint32_t flags; /* PF_R, PF_W, PF_X */
};

struct image_sec {
	const char *name;
	uint64_t va, size, off; /* off, size lie within the file unless nobits */
	uint32_t type;
	uint64_t flags;
	bool nobits;
};

struct image {
	const uint8_t *data; /* the whole file */
	size_t size;
	bool mapped; /* data is ours to unmap */
	int fd; /* kept for libdw; -1: none */
	enum goarch arch;
	bool pie; /* ET_DYN */
	bool has_symtab, has_dwarf;
	bool is_static; /* no interpreter */
	VEC(struct image_seg) seg; /* ascending by va */
	VEC(struct image_sec) sec; /* empty where the table is stripped or damaged */
	uint64_t tls_memsz, tls_align; /* PT_TLS; 0: none */
	uint64_t bias; /* address in the process less va; image_set_bias() */
	uint64_t phoff; /* file offset of the program headers */
	struct Elf *elf; /* libelf's; private */
};

/*
 * Takes fd (also closes it on failure). name is for messages. Errors: -ENOEXEC
 * with a sentence for no ELF, 32-bit, big-endian, other machine, cut short.
 */
int image_open_fd(struct image **out, int fd, const char *name, struct err *err);
int image_open_file(struct image **out, const char *path, struct err *err);
/* Over the caller's bytes, which outlive it. */
int image_open_mem(struct image **out, const void *data, size_t len, const char *name,
		   struct err *err);
void image_close(struct image *img); /* NULL ok */

/*
 * Finds the bias: from where the kernel says that the program headers lie
 * (proc_auxv() AT_PHDR; 0: not known), else from the mappings of the same file.
 * -ENOENT: the file is not mapped there.
 */
int image_set_bias(struct image *img, const struct proc_maps *maps, uint64_t at_phdr,
		   struct err *err);

/* The file's bytes at va, or NULL where fewer than len of them are in the file. */
const void *image_at(const struct image *img, uint64_t va, uint64_t len);
/* As image_at(), and how many bytes follow within the segment's file part. */
const void *image_at_avail(const struct image *img, uint64_t va, uint64_t *avail);
/* Also for addresses in .bss: is va in a PT_LOAD, and with all of these PF_ flags? */
bool image_covers(const struct image *img, uint64_t va, uint64_t len, uint32_t flags);
/* File offset of va (what perf and uprobes want), or UINT64_MAX. */
uint64_t image_file_offset(const struct image *img, uint64_t va);

/* By name, with or without ".data.rel.ro" before it (".gopclntab"); NULL where there is none. */
const struct image_sec *image_section(const struct image *img, const char *name);

struct image_sym {
	const char *name; /* in: what to look for; may be NULL to skip */
	uint64_t va; /* out: 0 where there is none */
	uint64_t size;
	uint8_t type; /* STT_… */
};
/*
 * Looks n names up in .symtab in one pass over it. Returns how many were found;
 * 0 also where there is no .symtab.
 */
size_t image_symbols(struct image *img, struct image_sym *syms, size_t n);

/* The build id as lower-case hex ("" none): GNU's and Go's own. */
void image_build_id(const struct image *img, char gnu[64], char go[128]);

#endif

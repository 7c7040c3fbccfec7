/* SPDX-License-Identifier: Apache-2.0 */
#include "target/image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SEGS_MAX = 1024,
	SECS_MAX = 65536,
	PAGE = 4096,
	NT_GO_BUILD_ID = 4 /* cmd/internal/buildid: type of the note named "Go" */
};

const char *goarch_name(enum goarch a)
{
	return a == GOARCH_AMD64 ? "amd64" : a == GOARCH_ARM64 ? "arm64" : "unknown";
}

static const char *machine_name(unsigned machine)
{
	switch (machine) {
	case EM_386:
		return "32-bit x86";
	case EM_ARM:
		return "32-bit ARM";
	case EM_PPC64:
		return "ppc64";
	case EM_S390:
		return "s390x";
	case EM_RISCV:
		return "riscv64";
	case EM_MIPS:
		return "mips";
	case 258:
		return "loong64";
	default:
		return "another machine";
	}
}

static int refuse(struct err *err, const char *name, const char *what)
{
	return err_set(err, -ENOEXEC, EXIT_ATTACH,
		       "%s is %s, and bingo-top reads 64-bit Linux programs "
		       "for amd64 and arm64",
		       name, what);
}

static int check_header(struct image *img, const char *name, struct err *err)
{
	const uint8_t *d = img->data;
	Elf64_Ehdr h;

	if (img->size < EI_NIDENT || memcmp(d, ELFMAG, SELFMAG))
		return err_set(err, -ENOEXEC, EXIT_ATTACH, "%s is no ELF program", name);
	if (d[EI_CLASS] == ELFCLASS32)
		return refuse(err, name, "a 32-bit program");
	if (d[EI_DATA] != ELFDATA2LSB)
		return refuse(err, name, "a big-endian program");
	if (d[EI_CLASS] != ELFCLASS64 || img->size < sizeof(h))
		return err_set(err, -ENOEXEC, EXIT_ATTACH, "the ELF header of %s is damaged", name);
	memcpy(&h, d, sizeof(h));
	if (h.e_machine == EM_X86_64)
		img->arch = GOARCH_AMD64;
	else if (h.e_machine == EM_AARCH64)
		img->arch = GOARCH_ARM64;
	else
		return refuse(err, name, machine_name(h.e_machine));
	if (h.e_type != ET_EXEC && h.e_type != ET_DYN)
		return err_set(err, -ENOEXEC, EXIT_ATTACH, "%s is no executable", name);
	img->pie = h.e_type == ET_DYN;
	img->phoff = h.e_phoff;
	return 0;
}

static void add_segment(struct image *img, const GElf_Phdr *ph)
{
	struct image_seg seg = { ph->p_vaddr, ph->p_memsz, ph->p_offset, ph->p_filesz,
				 ph->p_flags };

	if (seg.va + seg.memsz < seg.va || !seg.memsz)
		return;
	if (seg.off >= img->size)
		seg.off = seg.filesz = 0;
	else if (seg.filesz > img->size - seg.off)
		seg.filesz = img->size - seg.off;
	if (seg.filesz > seg.memsz)
		seg.filesz = seg.memsz;
	*vec_push(&img->seg) = seg;
}

static int compare_segments(const void *a, const void *b)
{
	const struct image_seg *x = a, *y = b;

	return (x->va > y->va) - (x->va < y->va);
}

static int read_segments(struct image *img, const char *name, struct err *err)
{
	size_t n;

	if (elf_getphdrnum(img->elf, &n) || n > SEGS_MAX)
		n = 0;
	img->is_static = true;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(img->elf, (int)i, &ph))
			continue;
		if (ph.p_type == PT_LOAD)
			add_segment(img, &ph);
		if (ph.p_type == PT_INTERP)
			img->is_static = false;
		if (ph.p_type == PT_TLS) {
			img->tls_memsz = ph.p_memsz;
			img->tls_align = ph.p_align;
		}
	}
	if (!img->seg.n)
		return err_set(err, -ENOEXEC, EXIT_ATTACH, "%s has no program segments", name);
	qsort(img->seg.v, img->seg.n, sizeof(*img->seg.v), compare_segments);
	return 0;
}

static void add_section(struct image *img, const char *name, const GElf_Shdr *sh)
{
	struct image_sec sec = {
		.name = name,
		.va = sh->sh_addr,
		.size = sh->sh_size,
		.off = sh->sh_offset,
		.type = sh->sh_type,
		.flags = sh->sh_flags,
		.nobits = sh->sh_type == SHT_NOBITS,
	};

	if (!sec.nobits && (sec.off > img->size || sec.size > img->size - sec.off))
		return;
	img->has_symtab |= sec.type == SHT_SYMTAB;
	img->has_dwarf |= !strcmp(name, ".debug_info") || !strcmp(name, ".zdebug_info");
	*vec_push(&img->sec) = sec;
}

static void read_sections(struct image *img)
{
	Elf_Scn *scn = NULL;
	size_t strndx, n;

	if (elf_getshdrstrndx(img->elf, &strndx) || elf_getshdrnum(img->elf, &n) || n > SECS_MAX)
		return;
	while ((scn = elf_nextscn(img->elf, scn))) {
		const char *name;
		GElf_Shdr sh;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type == SHT_NULL)
			continue;
		name = elf_strptr(img->elf, strndx, sh.sh_name);
		if (name)
			add_section(img, name, &sh);
	}
}

static int image_parse(struct image *img, const char *name, struct err *err)
{
	int rc = check_header(img, name, err);

	if (rc)
		return rc;
	elf_version(EV_CURRENT);
	/* Only read: libelf takes a plain pointer for historical reasons. */
	img->elf = elf_memory((char *)(uintptr_t)img->data, img->size);
	if (!img->elf)
		return err_set(err, -ENOEXEC, EXIT_ATTACH, "%s cannot be read as ELF: %s", name,
			       elf_errmsg(-1));
	rc = read_segments(img, name, err);
	if (!rc)
		read_sections(img);
	return rc;
}

int image_open_fd(struct image **out, int fd, const char *name, struct err *err)
{
	struct image *img = xcalloc(1, sizeof(*img));
	struct stat st;
	void *p;
	int rc;

	*out = NULL;
	img->fd = fd;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0) {
		rc = err_set(err, -ENOEXEC, EXIT_ATTACH, "%s is no file or empty", name);
		goto fail;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED) {
		rc = -errno;
		err_set(err, rc, EXIT_ATTACH, "cannot map %s: %s", name, strerror(-rc));
		goto fail;
	}
	img->data = p;
	img->size = (size_t)st.st_size;
	img->mapped = true;
	rc = image_parse(img, name, err);
	if (rc)
		goto fail;
	*out = img;
	return 0;
fail:
	image_close(img);
	return rc;
}

int image_open_file(struct image **out, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*out = NULL;
	if (fd < 0) {
		int rc = -errno;

		return err_set(err, rc, EXIT_ATTACH, "cannot open %s: %s", path, strerror(-rc));
	}
	return image_open_fd(out, fd, path, err);
}

int image_open_mem(struct image **out, const void *data, size_t len, const char *name,
		   struct err *err)
{
	struct image *img = xcalloc(1, sizeof(*img));
	int rc;

	img->fd = -1;
	img->data = data;
	img->size = len;
	rc = image_parse(img, name, err);
	if (rc) {
		image_close(img);
		img = NULL;
	}
	*out = img;
	return rc;
}

void image_close(struct image *img)
{
	if (!img)
		return;
	if (img->elf)
		elf_end(img->elf);
	if (img->mapped)
		munmap((void *)(uintptr_t)img->data, img->size);
	if (img->fd >= 0)
		close(img->fd);
	vec_free(&img->seg);
	vec_free(&img->sec);
	free(img);
}

static bool bias_fits(const struct image *img, const struct proc_maps *maps, uint64_t bias)
{
	const struct image_seg *s = &img->seg.v[0];

	return !(bias % PAGE) && proc_maps_find(maps, s->va + bias);
}

/* Where the program headers lie within the segments; UINT64_MAX: in none. */
static uint64_t phdr_va(const struct image *img)
{
	for (size_t i = 0; i < img->seg.n; i++) {
		const struct image_seg *s = &img->seg.v[i];

		if (img->phoff >= s->off && img->phoff - s->off < s->filesz)
			return s->va + (img->phoff - s->off);
	}
	return UINT64_MAX;
}

/* The first mapping of the same file (by inode: dev is not the same on overlay file systems). */
static bool bias_by_inode(const struct image *img, const struct proc_maps *maps, uint64_t *bias)
{
	const struct image_seg *s = &img->seg.v[0];
	struct stat st;

	if (img->fd < 0 || fstat(img->fd, &st))
		return false;
	for (size_t i = 0; i < maps->map.n; i++) {
		const struct proc_map *m = &maps->map.v[i];

		if (m->inode != st.st_ino || m->offset != (s->off & ~(uint64_t)(PAGE - 1)))
			continue;
		*bias = m->start - (s->va & ~(uint64_t)(PAGE - 1));
		if (bias_fits(img, maps, *bias))
			return true;
	}
	return false;
}

int image_set_bias(struct image *img, const struct proc_maps *maps, uint64_t at_phdr,
		   struct err *err)
{
	uint64_t bias = 0, va = phdr_va(img);

	if (!img->pie && bias_fits(img, maps, 0))
		goto found;
	bias = at_phdr - va;
	if (img->pie && at_phdr && va != UINT64_MAX && bias_fits(img, maps, bias))
		goto found;
	if (img->pie && bias_by_inode(img, maps, &bias))
		goto found;
	return err_set(err, -ENOENT, EXIT_ATTACH, "the executable is not mapped into the process");
found:
	img->bias = bias;
	return 0;
}

static const struct image_seg *find_segment(const struct image *img, uint64_t va)
{
	for (size_t i = 0; i < img->seg.n; i++) {
		const struct image_seg *s = &img->seg.v[i];

		if (va >= s->va && va - s->va < s->memsz)
			return s;
	}
	return NULL;
}

const void *image_at_avail(const struct image *img, uint64_t va, uint64_t *avail)
{
	const struct image_seg *s = find_segment(img, va);

	*avail = 0;
	if (!s || va - s->va >= s->filesz)
		return NULL;
	*avail = s->filesz - (va - s->va);
	return img->data + s->off + (va - s->va);
}

const void *image_at(const struct image *img, uint64_t va, uint64_t len)
{
	uint64_t avail;
	const void *p = image_at_avail(img, va, &avail);

	return avail >= len ? p : NULL;
}

bool image_covers(const struct image *img, uint64_t va, uint64_t len, uint32_t flags)
{
	const struct image_seg *s = find_segment(img, va);

	return s && (s->flags & flags) == flags && len <= s->memsz - (va - s->va);
}

uint64_t image_file_offset(const struct image *img, uint64_t va)
{
	const uint8_t *p = image_at(img, va, 1);

	return p ? (uint64_t)(p - img->data) : UINT64_MAX;
}

const struct image_sec *image_section(const struct image *img, const char *name)
{
	static const char relro[] = ".data.rel.ro";

	for (size_t i = 0; i < img->sec.n; i++) {
		const char *s = img->sec.v[i].name;

		if (!strncmp(s, relro, sizeof(relro) - 1) && s[sizeof(relro) - 1])
			s += sizeof(relro) - 1;
		if (!strcmp(s, name))
			return &img->sec.v[i];
	}
	return NULL;
}

/* The symbol table and its strings; false where there is none or it is damaged. */
static bool find_symtab(const struct image *img, const Elf64_Sym **syms, size_t *nsyms,
			const char **str, size_t *nstr)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh, strh;

	while ((scn = elf_nextscn(img->elf, scn))) {
		Elf_Scn *link;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_SYMTAB)
			continue;
		link = elf_getscn(img->elf, sh.sh_link);
		if (!link || !gelf_getshdr(link, &strh) || strh.sh_type != SHT_STRTAB)
			return false;
		if (sh.sh_offset > img->size || sh.sh_size > img->size - sh.sh_offset ||
		    strh.sh_offset > img->size || strh.sh_size > img->size - strh.sh_offset)
			return false;
		*syms = (const Elf64_Sym *)(img->data + sh.sh_offset);
		*nsyms = sh.sh_size / sizeof(Elf64_Sym);
		*str = (const char *)img->data + strh.sh_offset;
		*nstr = strh.sh_size;
		/* Alignment, which the format demands; and a last string that ends. */
		return sh.sh_offset % 8 == 0 && *nstr && !(*str)[*nstr - 1];
	}
	return false;
}

size_t image_symbols(struct image *img, struct image_sym *want, size_t n)
{
	const Elf64_Sym *syms;
	size_t nsyms, nstr, found = 0;
	const char *str;

	for (size_t k = 0; k < n; k++)
		want[k].va = want[k].size = want[k].type = 0;
	if (!img->has_symtab || !find_symtab(img, &syms, &nsyms, &str, &nstr))
		return 0;
	for (size_t i = 1; i < nsyms && found < n; i++) {
		const Elf64_Sym *s = &syms[i];
		const char *name = s->st_name < nstr ? str + s->st_name : "";

		if (s->st_shndx == SHN_UNDEF)
			continue;
		for (size_t k = 0; k < n; k++) {
			if (!want[k].name || want[k].va || strcmp(want[k].name, name))
				continue;
			want[k].va = s->st_value;
			want[k].size = s->st_size;
			want[k].type = ELF64_ST_TYPE(s->st_info);
			found++;
		}
	}
	return found;
}

static void copy_hex(char *out, size_t size, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n && 2 * i + 2 < size; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * i] = '\0';
}

static void copy_printable(char *out, size_t size, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && i + 1 < size && p[i] > ' ' && p[i] < 0x7f; i++)
		out[i] = (char)p[i];
	out[i] = '\0';
}

static void read_notes(const uint8_t *p, size_t n, char gnu[64], char go[128])
{
	while (n >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr h;
		uint64_t name, desc;

		memcpy(&h, p, sizeof(h));
		name = ((uint64_t)h.n_namesz + 3) & ~3ull;
		desc = ((uint64_t)h.n_descsz + 3) & ~3ull;
		if (name > n - sizeof(h) || h.n_descsz > n - sizeof(h) - name)
			return;
		p += sizeof(h);
		n -= sizeof(h);
		if (h.n_namesz == 4 && !memcmp(p, "GNU", 4) && h.n_type == NT_GNU_BUILD_ID)
			copy_hex(gnu, 64, p + name, h.n_descsz);
		if (h.n_namesz == 4 && !memcmp(p, "Go\0", 4) && h.n_type == NT_GO_BUILD_ID)
			copy_printable(go, 128, p + name, h.n_descsz);
		if (desc > n - name)
			return;
		p += name + desc;
		n -= name + desc;
	}
}

void image_build_id(const struct image *img, char gnu[64], char go[128])
{
	size_t n;

	gnu[0] = go[0] = '\0';
	if (elf_getphdrnum(img->elf, &n) || n > SEGS_MAX)
		return;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(img->elf, (int)i, &ph) || ph.p_type != PT_NOTE ||
		    ph.p_offset > img->size || ph.p_filesz > img->size - ph.p_offset)
			continue;
		read_notes(img->data + ph.p_offset, ph.p_filesz, gnu, go);
	}
}

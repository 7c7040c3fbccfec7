/* SPDX-License-Identifier: Apache-2.0 */
#include "target/program.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "target/buildinfo.h"

/* Larger ones hold no pointers of the runtime's that are needed here. */
static const uint64_t COPY_MOST = 256 << 20;

/* The word at va in a segment that is ours to write; NULL: there is none. */
static uint8_t *word_at(struct program *p, uint64_t va)
{
	for (size_t i = 0; i < p->seg.n; i++) {
		const struct mem_seg *s = &p->seg.v[i];

		if (p->copy.v[i] && va >= s->addr && va - s->addr + 8 <= s->len)
			return p->copy.v[i] + (va - s->addr);
	}
	return NULL;
}

/* What the loader does for a program that lies at address 0. */
static void relocate(struct program *p, const struct image_sec *sec)
{
	uint32_t relative = p->image->arch == GOARCH_ARM64 ? R_AARCH64_RELATIVE : R_X86_64_RELATIVE;
	Elf64_Rela r;

	for (uint64_t at = 0; sec->size - at >= sizeof(r); at += sizeof(r)) {
		uint8_t *to;

		memcpy(&r, p->image->data + sec->off + at, sizeof(r));
		to = ELF64_R_TYPE(r.r_info) == relative ? word_at(p, r.r_offset) : NULL;
		if (to)
			memcpy(to, &r.r_addend, sizeof(r.r_addend));
	}
}

static void lay_out(struct program *p, struct proc_maps *maps)
{
	const struct image *img = p->image;

	for (size_t i = 0; i < img->seg.n; i++) {
		const struct image_seg *s = &img->seg.v[i];
		uint8_t *copy = NULL;

		if (!s->filesz)
			continue;
		if (img->pie && s->flags & PF_W && s->filesz <= COPY_MOST) {
			copy = xmalloc(s->filesz);
			memcpy(copy, img->data + s->off, s->filesz);
		}
		*vec_push(&p->copy) = copy;
		*vec_push(&p->seg) =
			(struct mem_seg){ s->va, copy ? copy : img->data + s->off, s->filesz };
		*vec_push(&maps->map) = (struct proc_map){
			.start = s->va,
			.end = s->va + s->filesz,
			.inode = 1,
			.prot = (uint8_t)((s->flags & PF_R ? PROC_R : 0) |
					  (s->flags & PF_W ? PROC_W : 0) |
					  (s->flags & PF_X ? PROC_X : 0)),
		};
	}
	for (size_t i = 0; img->pie && i < img->sec.n; i++)
		if (img->sec.v[i].type == SHT_RELA && !img->sec.v[i].nobits)
			relocate(p, &img->sec.v[i]);
	p->mem = memr_new_flat(p->seg.v, p->seg.n);
}

int program_open(struct program **out, const char *path, struct err *err)
{
	struct program *p = xcalloc(1, sizeof(*p));
	struct proc_maps maps = { 0 };
	struct buildinfo build = { 0 };
	enum module_way way;
	int rc = image_open_file(&p->image, path, err);

	*out = NULL;
	if (!rc) {
		lay_out(p, &maps);
		buildinfo_read(&build, p->image, p->mem, NULL);
		rc = gomodules_read(&p->mods, p->mem, &maps, p->image, &build.version, &way, err);
	}
	proc_maps_release(&maps);
	if (rc) {
		program_close(p);
		if (err)
			err->code = EXIT_BADFILE;
		return rc;
	}
	p->sym = symtab_new(&p->mods, p->mem);
	*out = p;
	return 0;
}

void program_close(struct program *p)
{
	if (!p)
		return;
	symtab_free(p->sym);
	gomodules_release(&p->mods);
	memr_close(p->mem);
	for (size_t i = 0; i < p->copy.n; i++)
		free(p->copy.v[i]);
	vec_free(&p->copy);
	vec_free(&p->seg);
	image_close(p->image);
	free(p);
}

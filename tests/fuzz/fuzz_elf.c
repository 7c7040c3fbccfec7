/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of any bytes, as a file and as it would lie in memory: all that is
 * done with one before the first scan.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "target/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEGS = 16 };

/* The segments' file parts where they belong; returns how many. */
static size_t lay_out(const struct image *img, struct mem_seg *seg, struct proc_maps *maps)
{
	size_t n = 0;

	for (size_t i = 0; i < img->seg.n && n < SEGS; i++) {
		const struct image_seg *s = &img->seg.v[i];
		struct proc_map m = { .start = s->va & ~4095ull,
				      .end = (s->va + s->memsz + 4095) & ~4095ull,
				      .inode = 1 };

		if (m.start >= m.end || (n && maps->map.v[n - 1].end > m.start))
			continue;
		m.prot = (uint8_t)((s->flags & PF_R ? PROC_R : 0) | (s->flags & PF_W ? PROC_W : 0) |
				   (s->flags & PF_X ? PROC_X : 0));
		*vec_push(&maps->map) = m;
		seg[n++] = (struct mem_seg){ s->va, img->data + s->off, s->filesz };
	}
	return n;
}

static void find_all(struct image *img, struct memr *mem, struct proc_maps *maps,
		     struct goversion *version, bool file)
{
	struct gomodules ms;
	struct goglobals gl;
	struct golayout lay;
	enum module_way way;
	struct symtab *st;

	if (!gomodules_read(&ms, mem, maps, file ? img : NULL, version, &way, NULL) &&
	    !layout_init(&lay, version, img->arch, NULL)) {
		struct symframe frames[8];

		st = symtab_new(&ms, mem);
		symtab_lookup(st, ms.mod.v[0].text + 1, frames, 8);
		if (!goglobals_find(&gl, img, mem, maps, &ms, st, &lay, file, NULL))
			layout_check(&lay, &gl, mem, &ms, NULL);
		gomodules_refresh(&ms, mem, maps, version);
		symtab_free(st);
	}
	gomodules_release(&ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proc_maps maps = { 0 };
	struct mem_seg seg[SEGS];
	struct goversion none = { 0 };
	struct buildinfo b;
	struct image *img;
	struct memr *mem;
	char gnu[64], go[128];
	uint8_t *copy = malloc(size ? size : 1); /* aligned, and its end is watched */

	memcpy(copy, data, size);
	if (!image_open_mem(&img, copy, size, "fuzz", NULL)) {
		mem = memr_new_flat(seg, lay_out(img, seg, &maps));
		image_build_id(img, gnu, go);
		buildinfo_read(&b, img, mem, NULL);
		find_all(img, mem, &maps, &b.version, true);
		find_all(img, mem, &maps, &none, false);
		buildinfo_release(&b);
		memr_close(mem);
		proc_maps_release(&maps);
		image_close(img);
	}
	free(copy);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A program's file of any bytes: its DWARF, and the variables of frames in it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/govalue.h"
#include "target/vars.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PCS = 24, STACK = 0x7000 };

struct pool {
	struct memr base;
	const uint8_t *data;
	size_t size;
};

/* Memory is the file over and over. */
static int pool_read(struct memr *m, uint64_t addr, void *buf, size_t len)
{
	const struct pool *p = (const struct pool *)m;

	if (addr < 4096 || addr >> 47)
		return -EFAULT;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)buf)[i] = p->data[(addr + i) % p->size];
	return 0;
}

static void pool_close(struct memr *m)
{
	(void)m;
}

static const struct memr_ops ops = { .read = pool_read, .close = pool_close };

static void one_frame(struct govaluer *g, struct dwinfo *dw, uint64_t pc)
{
	static const char *const funcs[] = { "main.f", "f", "g", "main.g[...]" };
	const struct core_thread leaf = { .n_word = 27, .word = { STACK, 1, 2, 3, 0x401000 } };
	struct value_ask ask = { 0 };
	struct values v = { 0 };
	govars vars = { 0 };

	g->out = &v;
	g->ask = &ask;
	for (uint32_t i = 0; i < ARRAY_SIZE(funcs); i++) {
		struct varframe f = { .pc = pc,
				      .own_pc = pc,
				      .cfa = STACK + 256,
				      .sp = STACK,
				      .ret = 0x401000,
				      .caller_end = STACK + 512,
				      .func = funcs[i],
				      .inlined = i,
				      .line = 1000,
				      .leaf = pc & 4 ? &leaf : NULL,
				      .entering = pc & 8 };

		valmem_begin(g->vm);
		g->nodes_left = 256;
		vars.n = 0;
		vars_read(g->t, dw, g->ts, g->vm, &f, &vars);
		for (size_t k = 0; k < vars.n && k < 64; k++)
			govalue_add(g, &(struct govalue_node){ .name = vars.v[k].name,
							       .type = vars.v[k].type,
							       .addr = vars.v[k].addr });
	}
	vec_free(&vars);
	values_release(&v);
}

static void with_image(struct image *img, const uint8_t *data, size_t size)
{
	struct pool p = { { .ops = &ops }, data, size };
	struct gomodule mod = { .types = 0x1000, .etypes = 0x100000 };
	struct target t = { .image = img, .mem = &p.base };
	struct err err = { 0 };
	struct dwinfo *dw;
	struct valmem vm;
	struct govaluer g;

	if (dwinfo_open(&dw, img, &err))
		return;
	t.build.version = (struct goversion){ .major = 1, .minor = 27 };
	t.mods.mod.v = &mod;
	t.mods.mod.n = 1;
	layout_init(&t.lay, &t.build.version, GOARCH_AMD64, NULL);
	t.sym = symtab_new(&t.mods, t.mem);
	valmem_init(&vm, t.mem);
	vm.reads_most = 1 << 14;
	vm.fetches_most = 1 << 12; /* of pages, which are slow to make here */
	g = (struct govaluer){ .t = &t, .vm = &vm, .ts = gotypes_new(&t, &vm, dw) };
	for (size_t i = 0; i < PCS; i++)
		one_frame(&g, dw, 0x401000 + i * 4);
	gotypes_free(g.ts);
	valmem_release(&vm);
	symtab_free(t.sym);
	dwinfo_free(dw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct image *img;

	memcpy(copy, data, size);
	if (size && !image_open_mem(&img, copy, size, "fuzz", NULL)) {
		with_image(img, copy, size);
		image_close(img);
	}
	free(copy);
	return 0;
}

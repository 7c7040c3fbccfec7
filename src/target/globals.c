/* SPDX-License-Identifier: Apache-2.0 */
#include "target/globals.h"

#include <errno.h>
#include <string.h>

#include "target/globals_find.h"

static const struct {
	const char *name;
	bool needed;
} globals[GLOBAL_N] = {
#define GLOBAL(member, symbol, need) { symbol, need },
	GLOBALS(GLOBAL)
#undef GLOBAL
};

const char *goglobals_name(enum global_id id)
{
	return id < GLOBAL_N ? globals[id].name : "";
}

/* ELF's TLS variant II: the program's block ends at the thread pointer. */
static void set_tls(struct goglobals *gl, const struct image *img, const struct image_sym *tlsg)
{
	uint64_t align = img->tls_align ? img->tls_align : 1;
	uint64_t size = img->tls_memsz;

	if (img->arch != GOARCH_AMD64 || !tlsg->size || !size || align > 4096 || size > 1 << 20)
		return;
	gl->tls_g = (int64_t)tlsg->va - (int64_t)((size + align - 1) / align * align);
	gl->has_tls_g = true;
}

static void by_symbols(struct goglobals *gl, struct image *img)
{
	struct image_sym sym[GLOBAL_N + 1] = { 0 };

	for (int i = 0; i < GLOBAL_N; i++)
		sym[i].name = globals[i].name;
	sym[GLOBAL_N].name = "runtime.tlsg";
	image_symbols(img, sym, GLOBAL_N + 1);
	for (int i = 0; i < GLOBAL_N; i++) {
		if (!sym[i].va)
			continue;
		gl->addr[i] = sym[i].va + img->bias;
		gl->way[i] = GLOBAL_BY_SYMBOL;
	}
	gl->nwaitreasons = (uint32_t)(sym[GLOBAL_waitReasonStrings].size / 16);
	set_tls(gl, img, &sym[GLOBAL_N]);
}

static bool runtime_is_up(const struct goglobals *gl, struct memr *mem)
{
	uint64_t n;

	return !gl->allglen || memr_read_u64(mem, gl->allglen, &n) || n;
}

int goglobals_find(struct goglobals *gl, struct image *img, struct memr *mem,
		   const struct proc_maps *maps, const struct gomodules *mods, struct symtab *st,
		   const struct golayout *lay, bool use_symbols, struct err *err)
{
	struct gfinder f = {
		.gl = gl, .img = img, .mem = mem, .maps = maps, .mods = mods, .st = st, .lay = lay
	};
	int rc;

	memset(gl, 0, sizeof(*gl));
	if (img && use_symbols)
		by_symbols(gl, img);
	if (!runtime_is_up(gl, mem))
		return err_set(err, -EAGAIN, EXIT_ATTACH, "the Go runtime has not started yet");
	rc = gfinder_run(&f, err);
	if (rc)
		return rc;
	for (int i = 0; i < GLOBAL_N; i++)
		if (globals[i].needed && !gl->addr[i])
			return err_set(err, -ENOENT, EXIT_ATTACH,
				       "cannot find %s in the program, whose symbols "
				       "are stripped",
				       globals[i].name);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "target/moduledata.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	RAW = 640, /* more than any version's runtime.moduledata */
	MODULES_MAX = 256,
	SECTS_MAX = 64,
	CHUNK = 1 << 20, /* of a search through memory */
	REGION_MAX = 1 << 30, /* larger mappings hold no moduledata */
	TABLE_MAX = 1 << 30,
	VERSION_DATA_MAX = 64 << 20,
	/* Words that lie the same in all versions; runtime/symtab.go:moduledata. */
	W_PCHEADER = 0,
	W_FUNCNAMETAB = 1,
	W_PCLNTABLE = 13,
	W_FTAB_LEN = 17,
	W_TEXT = 22,
	W_ETEXT = 23,
	W_DATA = 26,
	W_EDATA = 27
};

struct finder {
	struct memr *mem;
	const struct proc_maps *maps;
	const struct image *img;
};

static uint64_t word(const uint8_t *raw, int32_t off)
{
	uint64_t v;

	if (off < 0 || off + 8 > RAW)
		return 0;
	memcpy(&v, raw + off, 8);
	return v;
}

/* The header that word 0 points to, and word 1 to the names within the same table. */
static bool is_moduledata(const struct finder *f, uint64_t pcheader, uint64_t names)
{
	uint64_t head[PCLN_HEADER_SIZE / 8];
	struct pclntab t;

	if (memr_read(f->mem, pcheader, head, sizeof(head)))
		return false;
	/* Only the header's own shape can be told from it alone. */
	memset(&t, 0, sizeof(t));
	if (((uint32_t)head[0] != PCLN_MAGIC_118 && (uint32_t)head[0] != PCLN_MAGIC_120) ||
	    head[0] >> 56 != 8)
		return false;
	return names - pcheader == head[4];
}

/* In a piece of memory; the moduledata's address or 0. */
static uint64_t search_piece(const struct finder *f, uint64_t at, const uint64_t *w, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		uint64_t d = w[i + 1] - w[i];

		if (d < PCLN_HEADER_SIZE || d > 2 * PCLN_HEADER_SIZE || !w[i] || d % 8)
			continue;
		if (is_moduledata(f, w[i], w[i + 1]))
			return at + 8 * i;
	}
	return 0;
}

static uint64_t search_region(const struct finder *f, uint64_t start, uint64_t end)
{
	uint64_t *buf = xmalloc(CHUNK), found = 0;

	while (start < end && !found) {
		size_t want = end - start < CHUNK ? (size_t)(end - start) : CHUNK;
		ssize_t got = memr_read_some(f->mem, start, buf, want);

		if (got < 16) {
			if (got < 0)
				break;
			start += want;
			continue;
		}
		found = search_piece(f, start, buf, (size_t)got / 8);
		/* A pair may straddle two pieces. */
		start += (size_t)got == want && start + want == end ? want : (size_t)got - 8;
	}
	free(buf);
	return found;
}

/* Is the mapping one of the image, or, with no image, could it be the program's? */
static bool is_candidate(const struct finder *f, const struct proc_map *m)
{
	if (!(m->prot & PROC_R) || (m->prot & (PROC_X | PROC_SHARED)) ||
	    m->end - m->start > REGION_MAX)
		return false;
	if (!f->img)
		return m->inode;
	return image_covers(f->img, m->start - f->img->bias, 1, 0) ||
	       image_covers(f->img, m->end - 1 - f->img->bias, 1, 0);
}

static uint64_t search_maps(const struct finder *f)
{
	uint64_t found = 0;

	/* What is written lies in few pages; what is only read may be large. */
	for (int writable = 1; writable >= 0 && !found; writable--) {
		for (size_t i = 0; i < f->maps->map.n && !found; i++) {
			const struct proc_map *m = &f->maps->map.v[i];

			if (is_candidate(f, m) && !!(m->prot & PROC_W) == writable)
				found = search_region(f, m->start, m->end);
		}
	}
	return found;
}

static bool try_moduledata(const struct finder *f, uint64_t addr)
{
	uint64_t w[2];

	return addr && !memr_read(f->mem, addr, w, sizeof(w)) && is_moduledata(f, w[0], w[1]);
}

static uint64_t find_first(const struct finder *f, enum module_way *way)
{
	struct image_sym sym = { .name = "runtime.firstmoduledata" };
	const struct image_sec *sec = f->img ? image_section(f->img, ".go.module") : NULL;

	*way = MODULE_BY_SECTION;
	if (sec && try_moduledata(f, sec->va + f->img->bias))
		return sec->va + f->img->bias;
	*way = MODULE_BY_SYMBOL;
	if (f->img && image_symbols((struct image *)(uintptr_t)f->img, &sym, 1) &&
	    try_moduledata(f, sym.va + f->img->bias))
		return sym.va + f->img->bias;
	*way = MODULE_BY_SEARCH;
	return search_maps(f);
}

static bool is_executable(const struct finder *f, uint64_t addr)
{
	const struct proc_map *m = proc_maps_find(f->maps, addr);

	return m && (m->prot & PROC_X);
}

/* What must hold of every version's; raw is RAW bytes. */
static bool words_fit(const struct finder *f, const uint8_t *raw)
{
	uint64_t head[2], text = word(raw, 8 * W_TEXT), etext = word(raw, 8 * W_ETEXT);

	if (memr_read(f->mem, word(raw, 8 * W_PCHEADER), head, sizeof(head)))
		return false;
	return text < etext && etext - text <= UINT32_MAX && is_executable(f, text) &&
	       word(raw, 8 * W_FTAB_LEN) == head[1] + 1;
}

static void set_words(struct gomodule *m, const uint8_t *raw, const struct golayout *lay)
{
	m->pcheader = word(raw, lay->moduledata.pcHeader);
	m->text = word(raw, lay->moduledata.text);
	m->etext = word(raw, lay->moduledata.etext);
	m->minpc = word(raw, lay->moduledata.minpc);
	m->maxpc = word(raw, lay->moduledata.maxpc);
	m->noptrdata = word(raw, lay->moduledata.noptrdata);
	m->enoptrdata = word(raw, lay->moduledata.enoptrdata);
	m->data = word(raw, lay->moduledata.data);
	m->edata = word(raw, lay->moduledata.edata);
	m->bss = word(raw, lay->moduledata.bss);
	m->ebss = word(raw, lay->moduledata.ebss);
	m->noptrbss = word(raw, lay->moduledata.noptrbss);
	m->enoptrbss = word(raw, lay->moduledata.enoptrbss);
	m->gcdata = word(raw, lay->moduledata.gcdata);
	m->gcbss = word(raw, lay->moduledata.gcbss);
	m->types = word(raw, lay->moduledata.types);
	m->etypes = word(raw, lay->moduledata.etypes);
	m->rodata = word(raw, lay->moduledata.rodata);
	m->gofunc = word(raw, lay->moduledata.gofunc);
	m->findfunctab = word(raw, lay->moduledata.findfunctab);
	m->next = word(raw, lay->moduledata.next);
}

static void read_sects(struct gomodule *m, struct memr *mem, const uint8_t *raw,
		       const struct golayout *lay)
{
	uint64_t at = word(raw, lay->moduledata.textsectmap), n;
	struct textsect sect[SECTS_MAX];

	n = lay->moduledata.textsectmap < 0 ? 0 : word(raw, lay->moduledata.textsectmap + 8);
	if (n < 2 || n > SECTS_MAX || memr_read(mem, at, sect, n * sizeof(*sect)))
		return;
	for (size_t i = 0; i < n; i++)
		*vec_push(&m->sect) = sect[i];
}

/* Does the process hold at addr what the file has? Looks at n bytes but for those from skip on. */
static bool same_bytes(struct memr *mem, uint64_t addr, const uint8_t *file, size_t n, size_t skip)
{
	uint8_t live[256];

	if (n > sizeof(live) || memr_read(mem, addr, live, n))
		return false;
	/* The header's textStart is relocated. */
	if (skip < n)
		memcpy(live + skip, file + skip, 8);
	return !memcmp(live, file, n);
}

/* Samples of the table: is the file what the process runs? */
static bool file_fits(const struct gomodule *m, struct memr *mem, const uint8_t *file,
		      uint64_t size)
{
	if (!same_bytes(mem, m->pcheader, file, PCLN_HEADER_SIZE, 24))
		return false;
	for (uint64_t i = 1; i < 8; i++) {
		uint64_t at = size / 8 * i;

		if (at + 64 <= size && !same_bytes(mem, m->pcheader + at, file + at, 64, SIZE_MAX))
			return false;
	}
	return true;
}

static int copy_table(struct gomodule *m, struct memr *mem, uint64_t size, int minor,
		      struct err *err)
{
	if (size < PCLN_HEADER_SIZE || size > TABLE_MAX)
		return err_set(err, -ENOEXEC, EXIT_ATTACH,
			       "the function table has an impossible size");
	m->copy = xmalloc(size);
	if (memr_read(mem, m->pcheader, m->copy, size))
		return err_set(err, -ENOEXEC, EXIT_ATTACH, "the function table cannot be read");
	return pclntab_init(&m->tab, m->copy, size, minor, err);
}

static int read_table(struct gomodule *m, const struct finder *f, const uint8_t *raw, int minor,
		      struct err *err)
{
	uint64_t end = word(raw, 8 * W_PCLNTABLE) + word(raw, 8 * (W_PCLNTABLE + 1)), avail;
	uint64_t size = end > m->pcheader ? end - m->pcheader : 0;
	const uint8_t *file = f->img ? image_at(f->img, m->pcheader - f->img->bias, size) : NULL;

	if (!file || !file_fits(m, f->mem, file, size))
		return copy_table(m, f->mem, size, minor, err);
	m->gofunc_data = image_at_avail(f->img, m->gofunc - f->img->bias, &avail);
	m->gofunc_avail = avail;
	return pclntab_init(&m->tab, file, size, minor, err);
}

static void module_release(struct gomodule *m)
{
	vec_free(&m->sect);
	free(m->copy);
	image_close(m->image);
}

static int add_module(struct gomodules *ms, const struct finder *f, uint64_t addr,
		      const struct golayout *lay, struct err *err)
{
	struct gomodule m = { .addr = addr };
	uint8_t raw[RAW] = { 0 };
	int rc;

	if (memr_read_some(f->mem, addr, raw, sizeof(raw)) < lay->moduledata.size ||
	    !words_fit(f, raw))
		return err_set(err, -ENOEXEC, EXIT_ATTACH,
			       "runtime.moduledata at %#llx makes no sense",
			       (unsigned long long)addr);
	set_words(&m, raw, lay);
	read_sects(&m, f->mem, raw, lay);
	rc = read_table(&m, f, raw, lay->minor, err);
	if (rc) {
		module_release(&m);
		return rc;
	}
	*vec_push(&ms->mod) = m;
	return 0;
}

/* Is it a version's text: "go1.24.4", "devel go1.25-abc"? */
static bool version_at(struct memr *mem, uint64_t addr, uint64_t len, struct goversion *v)
{
	char text[80];

	if (len < 5 || len >= sizeof(text) || memr_read(mem, addr, text, len))
		return false;
	text[len] = '\0';
	if (strncmp(text, "go1.", 4) && strncmp(text, "devel go1.", 10))
		return false;
	return !goversion_parse(v, text, len) && strlen(v->text) == len;
}

/* runtime.buildVersion is a string in the data; its header is looked for. */
static bool find_version(const struct finder *f, const uint8_t *raw, struct goversion *v, int lo,
			 int hi)
{
	uint64_t at = word(raw, 8 * W_DATA), end = word(raw, 8 * W_EDATA);
	uint64_t *w;
	size_t n;
	bool found = false;

	if (at >= end || end - at > VERSION_DATA_MAX)
		return false;
	w = xmalloc(end - at);
	n = memr_read(f->mem, at, w, end - at) ? 0 : (end - at) / 8;
	for (size_t i = 0; i + 1 < n && !found; i++) {
		const struct proc_map *m;

		if (w[i + 1] < 5 || w[i + 1] > 80 || !w[i])
			continue;
		m = proc_maps_find(f->maps, w[i]);
		found = m && m->inode && !(m->prot & PROC_W) &&
			version_at(f->mem, w[i], w[i + 1], v) && v->minor >= lo && v->minor <= hi;
	}
	free(w);
	return found;
}

static void guess_version(const struct finder *f, uint64_t addr, struct goversion *v)
{
	uint8_t raw[RAW] = { 0 }, head[PCLN_HEADER_SIZE];
	struct pclntab t = { 0 };
	int lo = 0, hi = 99;

	memr_read_some(f->mem, addr, raw, sizeof(raw));
	if (!memr_read(f->mem, word(raw, 8 * W_PCHEADER), head, sizeof(head))) {
		memcpy(&t.magic, head, 4);
		memcpy(&t.funcname, head + 32, 4);
		memcpy(&t.text_start, head + 24, 8);
		pclntab_guess_version(&t, &lo, &hi);
	}
	if (!find_version(f, raw, v, lo, hi)) {
		memset(v, 0, sizeof(*v));
		v->major = 1;
		v->patch = -1;
		/* The older of a range: what the newer have more of is read from what they share. */
		v->minor = hi > 27 ? 27 : hi;
	}
	v->guessed = true;
}

/* The machine, where no file says it: the step of program counters tells. */
static enum goarch guess_arch(const struct finder *f, uint64_t addr)
{
	uint64_t pcheader;
	uint8_t head[8];

	if (f->img)
		return f->img->arch;
	if (memr_read_u64(f->mem, addr, &pcheader) || memr_read(f->mem, pcheader, head, 8))
		return GOARCH_NONE;
	return head[6] == 1 ? GOARCH_AMD64 : GOARCH_ARM64;
}

static void follow_chain(struct gomodules *ms, const struct finder *f, const struct golayout *lay)
{
	while (ms->mod.n < MODULES_MAX) {
		uint64_t next = ms->mod.v[ms->mod.n - 1].next;

		for (size_t i = 0; i < ms->mod.n; i++)
			if (ms->mod.v[i].addr == next)
				return;
		if (!next || add_module(ms, f, next, lay, NULL))
			return;
	}
}

int gomodules_read(struct gomodules *ms, struct memr *mem, const struct proc_maps *maps,
		   const struct image *img, struct goversion *version, enum module_way *way,
		   struct err *err)
{
	struct finder f = { mem, maps, img }, no_file = { mem, maps, NULL };
	struct golayout lay;
	uint64_t addr;
	int rc;

	memset(ms, 0, sizeof(*ms));
	addr = find_first(&f, way);
	if (!addr && img && img->pie && version->major)
		return err_set(err, -EAGAIN, EXIT_ATTACH, "the program has only just begun");
	if (!addr)
		return err_set(err, -ENOEXEC, EXIT_ATTACH,
			       "this is no Go program, or its function table "
			       "was taken out (packed by UPX or the like)");
	if (!version->major)
		guess_version(&f, addr, version);
	rc = layout_init(&lay, version, guess_arch(&f, addr), err);
	if (rc)
		return rc;
	rc = add_module(ms, &f, addr, &lay, err);
	if (!rc)
		follow_chain(ms, &no_file, &lay);
	return rc;
}

int gomodules_refresh(struct gomodules *ms, struct memr *mem, const struct proc_maps *maps,
		      const struct goversion *version)
{
	struct finder f = { mem, maps, NULL };
	struct gomodule *last = &ms->mod.v[ms->mod.n - 1];
	struct golayout lay;
	size_t before = ms->mod.n;
	int rc = layout_init(&lay, version, last->tab.quantum == 1 ? GOARCH_AMD64 : GOARCH_ARM64,
			     NULL);

	if (rc || lay.moduledata.next < 0)
		return 0;
	rc = memr_read_u64(mem, last->addr + (uint64_t)lay.moduledata.next, &last->next);
	if (rc)
		return rc;
	follow_chain(ms, &f, &lay);
	return (int)(ms->mod.n - before);
}

void gomodules_release(struct gomodules *ms)
{
	for (size_t i = 0; i < ms->mod.n; i++)
		module_release(&ms->mod.v[i]);
	vec_free(&ms->mod);
}

const struct gomodule *gomodules_find(const struct gomodules *ms, uint64_t pc)
{
	for (size_t i = 0; i < ms->mod.n; i++)
		if (pc >= ms->mod.v[i].minpc && pc < ms->mod.v[i].maxpc)
			return &ms->mod.v[i];
	return NULL;
}

uint64_t gomodule_text_addr(const struct gomodule *m, uint32_t off)
{
	for (size_t i = 0; i < m->sect.n; i++) {
		const struct textsect *s = &m->sect.v[i];

		if (off >= s->vaddr && (off < s->end || (i + 1 == m->sect.n && off == s->end)))
			return s->base + off - s->vaddr;
	}
	return m->text + off;
}

uint32_t gomodule_text_off(const struct gomodule *m, uint64_t addr)
{
	for (size_t i = 0; i < m->sect.n; i++) {
		const struct textsect *s = &m->sect.v[i];

		if (addr >= s->base && addr - s->base < s->end - s->vaddr)
			return (uint32_t)(addr - s->base + s->vaddr);
	}
	if (m->sect.n || addr < m->text || addr - m->text > UINT32_MAX)
		return UINT32_MAX;
	return (uint32_t)(addr - m->text);
}

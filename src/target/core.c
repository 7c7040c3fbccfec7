/* SPDX-License-Identifier: Apache-2.0 */
#include "target/core.h"

#include <elf.h>
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SEGS_MAX = 1 << 20,
	NOTES_MAX = 256 << 20, /* bytes of notes that are looked at */
	THREADS_MAX = 1 << 20,
	FILES_MAX = 1 << 20,
	PATHS_MAX = 64 << 20,
	PAGE = 4096,
	HEAD_BYTES = 64 << 10, /* of the program's first mapping: headers, build ids */
};

/* Offsets in the kernel's struct elf_prstatus and elf_prpsinfo, the same on both machines. */
enum {
	STATUS_SIGNAL = 12,
	STATUS_PID = 32,
	STATUS_REGS = 112,
	INFO_PID = 24,
	INFO_NAME = 40,
	INFO_NAME_LEN = 16,
};

/* arch/x86/include/asm/user_64.h, arch/arm64/include/uapi/asm/ptrace.h: 64-bit words of pr_reg */
enum {
	AMD64_RBP = 4,
	AMD64_R10 = 7,
	AMD64_R9 = 8,
	AMD64_R8 = 9,
	AMD64_RDX = 12,
	AMD64_RSI = 13,
	AMD64_RDI = 14,
	AMD64_ORIG_RAX = 15,
	AMD64_RIP = 16,
	AMD64_RSP = 19,
	AMD64_N = 27,
	ARM64_X8 = 8,
	ARM64_FP = 29,
	ARM64_LR = 30,
	ARM64_SP = 31,
	ARM64_PC = 32,
	ARM64_N = 34,
};

#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif

static uint64_t word_at(const uint8_t *p, size_t i)
{
	uint64_t v;

	memcpy(&v, p + 8 * i, 8);
	return v;
}

static uint32_t half_at(const uint8_t *p, size_t off)
{
	uint32_t v;

	memcpy(&v, p + off, 4);
	return v;
}

/* --- memory --- */

struct memr_core {
	struct memr base;
	struct core *c;
};

/* The last segment that begins at addr or before it and covers it; NULL. */
static const struct core_seg *seg_find(const struct core *c, uint64_t addr)
{
	size_t lo = 0, hi = c->seg.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->seg.v[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && addr < c->seg.v[lo - 1].end ? &c->seg.v[lo - 1] : NULL;
}

/* Of the program's own file. */
static bool is_own(const struct core *c, const struct core_seg *s)
{
	return s->path && !strcmp(c->maps.text.v + s->path, c->exe);
}

static bool is_anonymous(const struct core_seg *s)
{
	return !s->path && (s->flags & (PF_R | PF_W)) == (PF_R | PF_W);
}

/* Anonymous memory is written if it was touched, unless /proc/PID/coredump_filter leaves all of it out. */
static bool is_untouched(const struct core *c, const struct core_seg *s)
{
	return c->anonymous && is_anonymous(s) && !s->cut;
}

/*
 * What was left out: a mapping of a file of which nothing was ever written is as
 * the file is; anonymous memory that was never touched is zero.
 */
static size_t left_out(const struct core *c, const struct core_seg *s, uint64_t at, void *buf,
		       size_t len)
{
	uint64_t off = s->file_off + (at - s->start);
	bool as_file = at - s->start >= s->cut || s->flags & PF_X;

	if (is_untouched(c, s)) {
		memset(buf, 0, len);
		return len;
	}
	if (!c->image || !as_file || !is_own(c, s) || off >= c->image->size)
		return 0;
	len = len < c->image->size - off ? len : (size_t)(c->image->size - off);
	memcpy(buf, c->image->data + off, len);
	return len;
}

/* As much of the range as one segment has in one piece; 0: nothing. */
static size_t read_piece(const struct core *c, uint64_t addr, void *buf, size_t len)
{
	const struct core_seg *s = seg_find(c, addr);
	uint64_t in;

	if (!s)
		return 0;
	in = addr - s->start;
	len = len < s->end - addr ? len : (size_t)(s->end - addr);
	if (in < s->len) {
		len = len < s->len - in ? len : (size_t)(s->len - in);
		memcpy(buf, c->data + s->off + in, len);
		return len;
	}
	if (in < s->cut)
		len = len < s->cut - in ? len : (size_t)(s->cut - in);
	return left_out(c, s, addr, buf, len);
}

static int core_read(struct memr *m, uint64_t addr, void *buf, size_t len)
{
	const struct core *c = ((struct memr_core *)m)->c;
	char *p = buf;

	__atomic_fetch_add(&m->calls, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&m->pieces, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&m->bytes, len, __ATOMIC_RELAXED);
	while (len) {
		size_t got = read_piece(c, addr, p, len);

		if (!got)
			return -EFAULT;
		p += got;
		addr += got;
		len -= got;
	}
	return 0;
}

/* The first byte that is not there: a mapping has it, or nothing ever had. */
static bool core_lacks(struct memr *m, uint64_t addr, size_t len)
{
	const struct core *c = ((struct memr_core *)m)->c;
	char buf[256];

	while (len) {
		size_t got = read_piece(c, addr, buf, len < sizeof(buf) ? len : sizeof(buf));
		const struct core_seg *s;

		if (!got) {
			s = seg_find(c, addr);
			return s && s->flags & (PF_R | PF_W | PF_X);
		}
		addr += got;
		len -= got;
	}
	return false;
}

static void core_mem_close(struct memr *m)
{
	free(m);
}

static const struct memr_ops core_mem_ops = { .read = core_read,
					      .lacks = core_lacks,
					      .close = core_mem_close };

static struct memr *core_mem_new(struct core *c)
{
	struct memr_core *m = xcalloc(1, sizeof(*m));

	m->base.ops = &core_mem_ops;
	m->base.over = true;
	m->c = c;
	return &m->base;
}

/* --- notes --- */

/* The call that a thread is in: the number in the register stays beside what the call gave. */
static void amd64_regs(struct core_thread *t)
{
	static const uint8_t args[6] = { AMD64_RDI, AMD64_RSI, AMD64_RDX,
					 AMD64_R10, AMD64_R8,  AMD64_R9 };
	const uint64_t *w = t->word;

	t->regs = (struct regs){ .pc = w[AMD64_RIP], .sp = w[AMD64_RSP], .bp = w[AMD64_RBP] };
	t->call.nr = w[AMD64_ORIG_RAX] <= INT16_MAX ? (int32_t)w[AMD64_ORIG_RAX] : -1;
	for (int i = 0; i < 6; i++)
		t->call.arg[i] = w[args[i]];
}

static void arm64_regs(struct core_thread *t)
{
	const uint64_t *w = t->word;

	t->regs = (struct regs){
		.pc = w[ARM64_PC], .sp = w[ARM64_SP], .bp = w[ARM64_FP], .lr = w[ARM64_LR]
	};
	t->call.nr = -1; /* NT_ARM_SYSTEM_CALL tells */
	for (int i = 0; i < 6; i++)
		t->call.arg[i] = w[i];
}

static void take_status(struct core *c, const uint8_t *d, size_t n)
{
	size_t words = c->arch == GOARCH_AMD64 ? AMD64_N : ARM64_N;
	struct core_thread *t;

	if (n < STATUS_REGS + 8 * words || c->thread.n >= THREADS_MAX)
		return;
	t = vec_push(&c->thread);
	*t = (struct core_thread){ .tid = (pid_t)half_at(d, STATUS_PID),
				   .n_word = (uint32_t)words };
	memcpy(t->word, d + STATUS_REGS, 8 * words);
	if (c->arch == GOARCH_AMD64)
		amd64_regs(t);
	else
		arm64_regs(t);
	t->call.pc = t->regs.pc;
	t->call.sp = t->regs.sp;
	/* the kernel writes the thread first that brought it about */
	if (c->thread.n == 1)
		c->signal = (int)(half_at(d, STATUS_SIGNAL) & 0xffff);
}

/* Of the thread told of last. */
static void take_call(struct core *c, const uint8_t *d, size_t n)
{
	int32_t nr = n >= 4 ? (int32_t)half_at(d, 0) : -1;

	if (c->thread.n && c->arch == GOARCH_ARM64)
		c->thread.v[c->thread.n - 1].call.nr = nr >= 0 && nr <= INT16_MAX ? nr : -1;
}

static void take_info(struct core *c, const uint8_t *d, size_t n)
{
	if (n < INFO_NAME + INFO_NAME_LEN)
		return;
	c->pid = (pid_t)half_at(d, INFO_PID);
	memcpy(c->comm, d + INFO_NAME, INFO_NAME_LEN);
	c->comm[INFO_NAME_LEN] = '\0';
}

static void take_auxv(struct core *c, const uint8_t *d, size_t n)
{
	for (size_t i = 0; i + 1 < n / 8; i += 2) {
		uint64_t v = word_at(d, i + 1);

		switch (word_at(d, i)) {
		case AT_PHDR:
			c->at_phdr = v;
			break;
		case AT_ENTRY:
			c->at_entry = v;
			break;
		case AT_EXECFN:
			c->at_execfn = v;
			break;
		}
	}
}

/* fs/binfmt_elf.c:fill_files_note: how many, the page's size, three words each, then the names. */
struct core_file {
	uint64_t start, end, off;
	uint32_t path; /* into maps.text */
};
typedef VEC(struct core_file) core_files;

static void take_files(struct core *c, core_files *files, const uint8_t *d, size_t n)
{
	uint64_t count = n >= 16 ? word_at(d, 0) : 0, page = n >= 16 ? word_at(d, 1) : 0;
	const char *name = NULL, *end = (const char *)d + n;

	if (!count || count > FILES_MAX || count > (n - 16) / 24 || files->n || !page ||
	    page > 1u << 20)
		return;
	name = (const char *)d + 16 + 24 * count;
	for (uint64_t i = 0; i < count && name < end; i++) {
		size_t len = strnlen(name, (size_t)(end - name));
		struct core_file f = { word_at(d, 2 + 3 * i), word_at(d, 3 + 3 * i), 0, 0 };

		if (__builtin_mul_overflow(word_at(d, 4 + 3 * i), page, &f.off) ||
		    f.start >= f.end || c->maps.text.n + len > PATHS_MAX)
			break;
		f.path = (uint32_t)c->maps.text.n;
		vec_reserve(&c->maps.text, c->maps.text.n + len + 1);
		memcpy(c->maps.text.v + c->maps.text.n, name, len);
		c->maps.text.n += len;
		c->maps.text.v[c->maps.text.n++] = '\0';
		*vec_push(files) = f;
		name += len + 1;
	}
}

static void take_note(struct core *c, core_files *files, uint32_t type, const uint8_t *d, size_t n)
{
	switch (type) {
	case NT_PRSTATUS:
		take_status(c, d, n);
		break;
	case NT_PRPSINFO:
		take_info(c, d, n);
		break;
	case NT_AUXV:
		take_auxv(c, d, n);
		break;
	case NT_FILE:
		take_files(c, files, d, n);
		break;
	}
}

static void read_notes(struct core *c, core_files *files, Elf *elf, const GElf_Phdr *ph)
{
	uint64_t n = ph->p_offset < c->size ? c->size - ph->p_offset : 0;
	size_t at = 0, name, desc;
	Elf_Data *data;
	GElf_Nhdr h;

	n = ph->p_filesz < n ? ph->p_filesz : n;
	n = n < NOTES_MAX ? n : (uint64_t)NOTES_MAX;
	data = n ? elf_getdata_rawchunk(elf, (int64_t)ph->p_offset, n, ELF_T_NHDR) : NULL;
	while (data && (at = gelf_getnote(data, at, &h, &name, &desc)) > 0) {
		const uint8_t *d = (const uint8_t *)data->d_buf + desc;
		const char *owner = (const char *)data->d_buf + name;

		if (h.n_namesz == 5 && !memcmp(owner, "CORE", 4))
			take_note(c, files, h.n_type, d, h.n_descsz);
		else if (h.n_namesz == 6 && !memcmp(owner, "LINUX", 5) &&
			 h.n_type == NT_ARM_SYSTEM_CALL)
			take_call(c, d, h.n_descsz);
	}
}

/* --- segments --- */

static void add_load(struct core *c, const GElf_Phdr *ph)
{
	struct core_seg s = { .start = ph->p_vaddr,
			      .off = ph->p_offset,
			      .cut = ph->p_filesz < ph->p_memsz ? ph->p_filesz : ph->p_memsz,
			      .flags = ph->p_flags };
	uint64_t there = ph->p_offset < c->size ? c->size - ph->p_offset : 0;

	if (!ph->p_memsz || __builtin_add_overflow(s.start, ph->p_memsz, &s.end))
		return;
	s.len = s.cut < there ? s.cut : there;
	c->missing += s.cut - s.len;
	*vec_push(&c->seg) = s;
}

static int by_start(const void *a, const void *b)
{
	const struct core_seg *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->end < y->end) - (x->end > y->end);
}

/* What lies over the one before is cut off: one address has one segment. */
static void segs_sort(struct core *c)
{
	size_t out = 0;

	if (!c->seg.n)
		return;
	qsort(c->seg.v, c->seg.n, sizeof(*c->seg.v), by_start);
	for (size_t i = 0; i < c->seg.n; i++) {
		struct core_seg s = c->seg.v[i];
		uint64_t over = out && c->seg.v[out - 1].end > s.start
					? c->seg.v[out - 1].end - s.start
					: 0;

		if (over >= s.end - s.start)
			continue;
		s.start += over;
		s.off += over;
		s.file_off += over;
		s.len -= over < s.len ? over : s.len;
		s.cut -= over < s.cut ? over : s.cut;
		c->seg.v[out++] = s;
	}
	c->seg.n = out;
}

static int by_tid(const void *a, const void *b)
{
	const struct core_thread *x = a, *y = b;

	return (x->tid > y->tid) - (x->tid < y->tid);
}

static int by_file_start(const void *a, const void *b)
{
	const struct core_file *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* A segment of a file takes its name; what of a file has no segment was left out of the core (gcore does). */
static void segs_name(struct core *c, core_files *files)
{
	size_t n = c->seg.n, k = 0;

	if (!files->n)
		return;
	qsort(files->v, files->n, sizeof(*files->v), by_file_start);
	for (size_t i = 0; i < files->n; i++) {
		const struct core_file *f = &files->v[i];
		uint64_t covered = f->start;

		while (k < n && c->seg.v[k].end <= f->start)
			k++;
		for (size_t j = k; j < n && c->seg.v[j].start < f->end; j++) {
			struct core_seg *s = &c->seg.v[j];

			if (s->start >= f->start && !s->path) {
				s->path = f->path;
				s->file_off = f->off + (s->start - f->start);
			}
			covered = s->end > covered ? s->end : covered;
		}
		if (covered == f->start)
			*vec_push(&c->seg) = (struct core_seg){ .start = f->start,
								.end = f->end,
								.file_off = f->off,
								.path = f->path,
								.flags = PF_R };
	}
}

/* Where nothing is there nobody has to look: such a mapping counts as not readable. */
static uint8_t prot_of(const struct core *c, const struct core_seg *s)
{
	bool there = s->len || is_untouched(c, s) || (c->image && is_own(c, s));

	return (uint8_t)((s->flags & PF_R && there ? PROC_R : 0) | (s->flags & PF_W ? PROC_W : 0) |
			 (s->flags & PF_X ? PROC_X : 0));
}

static void maps_fill(struct core *c)
{
	for (size_t i = 0; i < c->seg.n; i++) {
		const struct core_seg *s = &c->seg.v[i];

		*vec_push(&c->maps.map) = (struct proc_map){
			.start = s->start,
			.end = s->end,
			.offset = s->file_off,
			.inode = s->path, /* stands for it: the same path, the same file */
			.path = s->path,
			.prot = prot_of(c, s),
		};
	}
}

static void find_exe(struct core *c)
{
	uint64_t at[2] = { c->at_phdr, c->at_entry };

	for (int i = 0; i < 2 && !c->exe[0]; i++) {
		const struct core_seg *s = at[i] ? seg_find(c, at[i]) : NULL;

		if (s && s->path)
			snprintf(c->exe, sizeof(c->exe), "%s", c->maps.text.v + s->path);
	}
}

/* --- opening --- */

bool core_known(const void *data, size_t len)
{
	const uint8_t *d = data;

	return len >= EI_NIDENT + 2 && !memcmp(d, ELFMAG, SELFMAG) &&
	       (d[EI_DATA] == ELFDATA2MSB ? d[EI_NIDENT + 1] : d[EI_NIDENT]) == ET_CORE;
}

static int refuse(struct err *err, const char *name, const char *what)
{
	return err_set(err, -ENOEXEC, EXIT_BADFILE, "%s is a core dump %s", name, what);
}

static int check_header(struct core *c, const char *name, struct err *err)
{
	static const char machine[] = "of another machine; bingo-top reads those of 64-bit Linux "
				      "programs for amd64 and arm64";
	Elf64_Ehdr h;

	if (!core_known(c->data, c->size))
		return err_set(err, -ENOEXEC, EXIT_BADFILE, "%s is no core dump", name);
	if (c->data[EI_CLASS] != ELFCLASS64 || c->data[EI_DATA] != ELFDATA2LSB)
		return refuse(err, name, machine);
	if (c->size < sizeof(h))
		return refuse(err, name, "that is cut short within its header");
	memcpy(&h, c->data, sizeof(h));
	c->arch = h.e_machine == EM_X86_64    ? GOARCH_AMD64
		  : h.e_machine == EM_AARCH64 ? GOARCH_ARM64
					      : GOARCH_NONE;
	return c->arch ? 0 : refuse(err, name, machine);
}

static void read_headers(struct core *c, core_files *files, Elf *elf)
{
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return;
	n = n < SEGS_MAX ? n : (size_t)SEGS_MAX;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph))
			continue;
		if (ph.p_type == PT_LOAD)
			add_load(c, &ph);
		else if (ph.p_type == PT_NOTE)
			read_notes(c, files, elf, &ph);
	}
}

static int parse(struct core *c, const char *name, struct err *err)
{
	core_files files = { 0 };
	Elf *elf;

	elf_version(EV_CURRENT);
	/* Only read: libelf takes a plain pointer for historical reasons. */
	elf = elf_memory((char *)(uintptr_t)c->data, c->size);
	if (!elf)
		return refuse(err, name, "that is damaged: its header cannot be read");
	*vec_push(&c->maps.text) = '\0'; /* path 0: none */
	read_headers(c, &files, elf);
	elf_end(elf);
	segs_sort(c);
	segs_name(c, &files);
	segs_sort(c);
	vec_free(&files);
	for (size_t i = 0; i < c->seg.n; i++)
		c->anonymous |= is_anonymous(&c->seg.v[i]) && c->seg.v[i].cut;
	maps_fill(c);
	find_exe(c);
	if (c->thread.n)
		qsort(c->thread.v, c->thread.n, sizeof(*c->thread.v), by_tid);
	return c->seg.n ? 0 : refuse(err, name, "that is damaged: it has no segment of memory");
}

int core_open(struct core **out, const void *data, size_t len, const char *name, struct err *err)
{
	struct core *c = xcalloc(1, sizeof(*c));
	int rc;

	c->data = data;
	c->size = len;
	rc = check_header(c, name, err);
	if (!rc)
		rc = parse(c, name, err);
	if (rc) {
		core_close(c);
		c = NULL;
	} else {
		c->mem = core_mem_new(c);
	}
	*out = c;
	return rc;
}

void core_close(struct core *c)
{
	if (!c)
		return;
	memr_close(c->mem);
	proc_maps_release(&c->maps);
	vec_free(&c->thread);
	vec_free(&c->seg);
	free(c);
}

/* --- the program --- */

/* The program's first bytes that the core itself has; their number. */
static size_t head_copy(const struct core *c, uint8_t *buf)
{
	for (size_t i = 0; i < c->seg.n; i++) {
		const struct core_seg *s = &c->seg.v[i];
		size_t n = s->len < HEAD_BYTES ? (size_t)s->len : (size_t)HEAD_BYTES;

		if (!is_own(c, s) || s->file_off || n < sizeof(Elf64_Ehdr))
			continue;
		memcpy(buf, c->data + s->off, n);
		return n;
	}
	return 0;
}

/* By all that the linker wrote of segments: for programs without a build id. */
static bool same_headers(const uint8_t *head, size_t n, const struct image *img)
{
	Elf64_Ehdr h;
	size_t table;

	memcpy(&h, head, sizeof(h));
	table = (size_t)h.e_phnum * sizeof(Elf64_Phdr);
	if (img->size < n || memcmp(head, img->data, offsetof(Elf64_Ehdr, e_shoff)) != 0)
		return false;
	return h.e_phoff <= n && table <= n - h.e_phoff &&
	       !memcmp(head + h.e_phoff, img->data + h.e_phoff, table);
}

enum core_match core_compare(const struct core *c, const struct image *img, char ids[2][64])
{
	uint8_t *head = xmalloc(HEAD_BYTES);
	char gnu[2][64] = { "" }, go[2][128] = { "" };
	size_t n = head_copy(c, head);
	struct image *was = NULL;
	enum core_match m = CORE_UNSURE;

	if (n && !image_open_mem(&was, head, n, "the core's program", NULL)) {
		image_build_id(was, gnu[0], go[0]);
		image_build_id(img, gnu[1], go[1]);
		m = !strcmp(gnu[0], gnu[1]) && !strcmp(go[0], go[1]) && same_headers(head, n, img)
			    ? CORE_SAME
			    : CORE_OTHER;
	}
	for (int i = 0; ids && i < 2; i++)
		snprintf(ids[i], 64, "%.63s", gnu[i][0] ? gnu[i] : go[i]);
	image_close(was);
	free(head);
	return m;
}

void core_back(struct core *c, const struct image *img)
{
	c->image = img;
	for (size_t i = 0; i < c->seg.n; i++)
		c->maps.map.v[i].prot = prot_of(c, &c->seg.v[i]);
}

/* --- threads --- */

static struct core_thread *thread_find(const struct core *c, pid_t tid)
{
	size_t lo = 0, hi = c->thread.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->thread.v[mid].tid < tid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->thread.n && c->thread.v[lo].tid == tid ? &c->thread.v[lo] : NULL;
}

const struct core_thread *core_thread(const struct core *c, pid_t tid)
{
	return thread_find(c, tid);
}

bool core_reg(const struct core_thread *t, unsigned number, uint64_t *v)
{
	/* System V ABI, figure 3.36: rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8 to r15 in pr_reg */
	static const uint8_t amd64[] = { 10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0 };
	bool is_amd64 = t->n_word == AMD64_N;

	if (number >= (is_amd64 ? ARRAY_SIZE(amd64) : (size_t)ARM64_PC))
		return false;
	*v = t->word[is_amd64 ? amd64[number] : number];
	return true;
}

/* Words of struct ucontext: both machines begin alike, and save the stack that signals come on. */
enum {
	UC_LINK = 1,
	UC_STACK_SP = 2,
	UC_STACK_SIZE = 4,
	UC_AMD64_REGS = 5, /* asm/sigcontext.h: from r8 on */
	UC_ARM64_REGS = 23, /* behind fault_address, which is aligned to 16 */
	UC_WORDS = UC_ARM64_REGS + ARM64_N,
	AMD64_RAX = 10,
	SYSCALL_AMD64 = 0x050f,
	SVC_ARM64 = 0xd4000001,
};

/* A call that a signal interrupted and that begins anew: the next instruction makes it. */
static bool will_call(const struct core *c, uint64_t pc)
{
	uint32_t insn = 0;

	if (memr_read(c->mem, pc, &insn, c->arch == GOARCH_AMD64 ? 2 : 4))
		return false;
	return insn == (c->arch == GOARCH_AMD64 ? SYSCALL_AMD64 : SVC_ARM64);
}

static void amd64_saved(const struct core *c, struct core_thread *t, const uint8_t *p)
{
	/* where r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp and rip are in pr_reg */
	static const uint8_t to[] = { 9, 8, 7, 6, 3, 2, 1, 0, 14, 13, 4, 5, 12, 10, 11, 19, 16 };

	for (size_t i = 0; i < sizeof(to); i++)
		t->word[to[i]] = word_at(p, UC_AMD64_REGS + i);
	t->word[AMD64_ORIG_RAX] =
		will_call(c, t->word[AMD64_RIP]) ? t->word[AMD64_RAX] : UINT64_MAX;
	amd64_regs(t);
}

static void arm64_saved(const struct core *c, struct core_thread *t, const uint8_t *p)
{
	for (size_t i = 0; i < ARM64_N - 1; i++)
		t->word[i] = word_at(p, UC_ARM64_REGS + i);
	arm64_regs(t);
	if (will_call(c, t->regs.pc) && t->word[ARM64_X8] <= INT16_MAX)
		t->call.nr = (int32_t)t->word[ARM64_X8];
}

/* The first signal lies highest: what it interrupted was no handler. */
static const uint8_t *saved_context(const uint8_t *stack, uint64_t lo, uint64_t n)
{
	for (uint64_t i = n / 8; i-- > 0;) {
		const uint8_t *p = stack + 8 * i;

		if (n / 8 - i >= UC_WORDS && word_at(p, UC_STACK_SP) == lo &&
		    word_at(p, UC_STACK_SIZE) == n && !word_at(p, UC_LINK))
			return p;
	}
	return NULL;
}

void core_unsignal(struct core *c, pid_t tid, uint64_t lo, uint64_t hi)
{
	enum { STACK_MOST = 256 << 10 };
	struct core_thread *t = thread_find(c, tid);
	const uint8_t *p = NULL;
	uint8_t *stack;

	if (!t || hi <= lo || hi - lo > STACK_MOST || t->regs.sp < lo || t->regs.sp >= hi)
		return;
	stack = xmalloc(hi - lo);
	if (!memr_read(c->mem, lo, stack, hi - lo))
		p = saved_context(stack, lo, hi - lo);
	t->call.nr = -1;
	if (p && c->arch == GOARCH_AMD64)
		amd64_saved(c, t, p);
	else if (p)
		arm64_saved(c, t, p);
	t->lost = t->regs.sp >= lo && t->regs.sp < hi;
	free(stack);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where probes would go, for probesites.sh:
 *
 *   sites PID          for each event: name, function, offset, instruction, registers; "-" and why
 *   file BINARY        the same of a file, whatever machine it is for
 *   count BINARY N     starts tests/targets/probes, has it do each thing N times and counts what a
 *                      uprobe at the site sees: "WHAT EVENT got wanted"; what hits with the stack
 *                      check's branch taken are left out; exits with 77 where there are no uprobes
 *   told BINARY N      the same with the program's own probes, by one link and one by one: hits, and the
 *                      records that tell of them, each with a goroutine and, where it has one, a stack
 *   cost BINARY N      ns a hit at the entry and at the site of closechan
 */
#include <elf.h>
#undef EV_NONE /* core/event.h has one as well */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bpf/probes.h"
#include "source/live.h"
#include "target/insn.h"
#include "target/probesite.h"
#include "target/target.h"

#define UPROBES "/sys/bus/event_source/devices/uprobe/type"

enum { SKIPPED = 77, CPUS = 256, RING_PAGES = 256 };

static struct err err;

static const char *kind_name(uint8_t kind)
{
	return kind == INSN_JCC	   ? "jcc"
	       : kind == INSN_CALL ? "call"
	       : kind == INSN_PUSH ? "push"
	       : kind == INSN_JMP  ? "jmp"
	       : kind == INSN_NOP  ? "nop"
				   : "other";
}

static void print_sites(const struct probesites *ps, const struct target *t)
{
	for (unsigned e = 0; e < PSITE_N; e++) {
		const struct probesite *s = &ps->at[e];

		if (!s->addr) {
			printf("%s - %s\n", psite_name((enum psite_event)e), s->why);
			continue;
		}
		printf("%s %s +%" PRIu64 " %s%s%s", psite_name((enum psite_event)e), s->func,
		       s->addr - s->entry, kind_name(s->insn), s->skip_grow ? " grow" : "",
		       s->on_g0 ? " g0" : "");
		for (unsigned i = 0; i < PARG_N; i++)
			printf(" %s", psite_reg_name(t->lay.arch, s->arg[i]));
		/* The file has at file_off what lies at addr. */
		printf(" %s\n", s->file_off != UINT64_MAX && t->image &&
						image_at(t->image, s->addr - t->image->bias, 1) ==
							t->image->data + s->file_off
					? "file"
					: s->why);
	}
	printf("found %u %s\n", ps->n, goarch_name(t->lay.arch));
}

static struct target *open_pid(pid_t pid)
{
	struct target *t;
	int rc = -EAGAIN;

	for (int i = 0; i < 100 && rc == -EAGAIN; i++) {
		err_clear(&err);
		rc = target_open(&t, pid, NULL, &err);
		if (rc == -EAGAIN)
			usleep(10000);
	}
	if (rc) {
		printf("error %s\n", err.text);
		exit(1);
	}
	return t;
}

static int do_sites(const char *pid)
{
	struct target *t = open_pid((pid_t)atoi(pid));
	struct probesites ps;

	probesites_find(&ps, t);
	print_sites(&ps, t);
	target_close(t);
	return 0;
}

/* A file as it would lie in memory. */
static struct memr *lay_out(const struct image *img, struct proc_maps *maps)
{
	struct mem_seg seg[8];
	size_t n = 0;

	for (size_t i = 0; i < img->seg.n && n < 8; i++) {
		const struct image_seg *s = &img->seg.v[i];

		*vec_push(&maps->map) = (struct proc_map){
			.start = s->va & ~4095ull,
			.end = (s->va + s->memsz + 4095) & ~4095ull,
			.inode = 1,
			.prot = (uint8_t)(PROC_R | (s->flags & PF_W ? PROC_W : 0) |
					  (s->flags & PF_X ? PROC_X : 0)),
		};
		seg[n++] = (struct mem_seg){ s->va, img->data + s->off, s->filesz };
	}
	return memr_new_flat(seg, n);
}

static int do_file(const char *path)
{
	struct proc_maps maps = { 0 };
	struct target t = { 0 };
	struct probesites ps;

	if (image_open_file(&t.image, path, &err))
		goto fail;
	t.mem = lay_out(t.image, &maps);
	buildinfo_read(&t.build, t.image, t.mem, NULL);
	if (gomodules_read(&t.mods, t.mem, &maps, t.image, &t.build.version, &t.module_way, &err) ||
	    layout_init(&t.lay, &t.build.version, t.image->arch, &err))
		goto fail;
	t.sym = symtab_new(&t.mods, t.mem);
	probesites_find(&ps, &t);
	print_sites(&ps, &t);
	symtab_free(t.sym);
	gomodules_release(&t.mods);
	buildinfo_release(&t.build);
	memr_close(t.mem);
	proc_maps_release(&maps);
	image_close(t.image);
	return 0;
fail:
	printf("error %s\n", err.text);
	return 1;
}

/* tests/targets/probes, told by pipes. */
struct program {
	pid_t pid;
	FILE *to, *from;
	struct target *t;
	struct probesites ps;
};

static void start(struct program *p, const char *path)
{
	char line[256];
	int in[2], out[2];

	if (pipe(in) || pipe(out))
		exit(1);
	p->pid = fork();
	if (!p->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[0]);
		close(in[1]);
		close(out[0]);
		close(out[1]);
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	p->to = fdopen(in[1], "w");
	p->from = fdopen(out[0], "r");
	if (p->pid < 0 || !fgets(line, sizeof(line), p->from) || strncmp(line, "ready", 5)) {
		printf("error %s does not start\n", path);
		exit(1);
	}
	p->t = open_pid(p->pid);
	probesites_find(&p->ps, p->t);
}

static void end(struct program *p)
{
	target_close(p->t);
	fclose(p->to);
	fclose(p->from);
	waitpid(p->pid, NULL, 0);
}

static uint64_t tell(struct program *p, const char *what, unsigned n)
{
	char line[256], word[16];
	uint64_t object = 0;
	unsigned did = 0;

	fprintf(p->to, "%s %u\n", what, n);
	fflush(p->to);
	if (!fgets(line, sizeof(line), p->from) ||
	    sscanf(line, "done %15s %u %" SCNx64, word, &did, &object) != 3 || did != n) {
		printf("error the program did not do %s\n", what);
		exit(1);
	}
	return object;
}

/* A uprobe on every processor, the program's alone since no other has its file. */
struct probe {
	int fd[CPUS];
	struct perf_event_mmap_page *ring[CPUS];
	long n;
};

static int uprobe_type(void)
{
	FILE *f = fopen(UPROBES, "r");
	int type = -1;

	if (f && fscanf(f, "%d", &type) != 1)
		type = -1;
	if (f)
		fclose(f);
	return type;
}

static uint64_t wanted_regs(void)
{
	/* ax bx cx dx si di bp sp ip flags: arch/x86/include/uapi/asm/perf_regs.h */
	return 0x3ff;
}

/* sample: keep each hit's registers. false: no uprobes here. */
static bool attach(struct probe *pr, pid_t pid, uint64_t off, bool sample)
{
	char exe[64];
	struct perf_event_attr a = { .size = sizeof(a),
				     .type = (uint32_t)uprobe_type(),
				     .config2 = off };

	memset(pr, 0, sizeof(*pr));
	if (uprobe_type() < 0)
		return false;
	snprintf(exe, sizeof(exe), "/proc/%d/exe", (int)pid);
	a.config1 = (uint64_t)(uintptr_t)exe;
	if (sample) {
		a.sample_period = 1;
		a.sample_type = PERF_SAMPLE_REGS_USER;
		a.sample_regs_user = wanted_regs();
	}
	for (long c = 0; c < sysconf(_SC_NPROCESSORS_ONLN) && c < CPUS; c++) {
		pr->fd[c] =
			(int)syscall(SYS_perf_event_open, &a, -1, (int)c, -1, PERF_FLAG_FD_CLOEXEC);
		if (pr->fd[c] < 0)
			return false;
		pr->n = c + 1;
		if (!sample)
			continue;
		pr->ring[c] = mmap(NULL, (RING_PAGES + 1) * 4096, PROT_READ | PROT_WRITE,
				   MAP_SHARED, pr->fd[c], 0);
		if (pr->ring[c] == MAP_FAILED)
			return false;
	}
	return true;
}

static void detach(struct probe *pr)
{
	for (long c = 0; c < pr->n; c++) {
		if (pr->ring[c])
			munmap(pr->ring[c], (RING_PAGES + 1) * 4096);
		close(pr->fd[c]);
	}
}

static uint64_t hits(const struct probe *pr)
{
	uint64_t sum = 0, v;

	for (long c = 0; c < pr->n; c++)
		if (read(pr->fd[c], &v, sizeof(v)) == sizeof(v))
			sum += v;
	return sum;
}

/* What the samples' registers say. */
struct seen {
	uint64_t kept, grown, with_object;
};

static void look_at(struct seen *s, const uint64_t *regs, uint64_t object)
{
	/* After the word that tells the ABI: ax, and flags as the tenth. */
	if (regs[10] & 0x41) {
		s->grown++;
		return;
	}
	s->kept++;
	s->with_object += regs[1] == object;
}

static void read_ring(struct perf_event_mmap_page *r, struct seen *s, uint64_t object)
{
	const uint8_t *data = (const uint8_t *)r + 4096;
	uint64_t size = RING_PAGES * 4096ull, head, tail = r->data_tail;
	uint64_t rec[16];

	head = __atomic_load_n(&r->data_head, __ATOMIC_ACQUIRE);
	while (tail < head) {
		struct perf_event_header h;

		memcpy(&h, data + tail % size, sizeof(h));
		for (unsigned i = 0; i < 16; i++)
			memcpy(&rec[i], data + (tail + 8 * i) % size, 8);
		if (h.type == PERF_RECORD_SAMPLE)
			look_at(s, rec + 1, object);
		else
			printf("error record of type %u\n", h.type);
		tail += h.size;
	}
	__atomic_store_n(&r->data_tail, tail, __ATOMIC_RELEASE);
}

static const struct doing {
	const char *what;
	uint8_t event;
	bool least; /* the runtime does more of it by itself */
} doings[] = {
	{ "create", PSITE_CREATE, false }, { "create", PSITE_EXIT, false },
	{ "create", PSITE_RUN, true },	   { "park", PSITE_PARK, false },
	{ "park", PSITE_READY, false },	   { "park", PSITE_RECV, false },
	{ "wait", PSITE_SEMA, false },	   { "lock", PSITE_LOCK, true },
	{ "send", PSITE_SEND, false },	   { "recv", PSITE_RECV, false },
	{ "select", PSITE_SELECT, false }, { "close", PSITE_CLOSE, false },
};

/*
 * The runtime may do one of its own at any time, and a stack check that finds the
 * goroutine to be preempted comes twice: the best of three, and no more than a few.
 */
static bool count_one(struct program *p, const struct doing *d, unsigned n)
{
	const struct probesite *s = &p->ps.at[d->event];
	uint64_t got = 0;
	struct probe pr;

	if (!s->addr) {
		printf("%s %s - %s\n", d->what, psite_name((enum psite_event)d->event), s->why);
		return false;
	}
	for (int i = 0; i < 3 && got != n; i++) {
		if (!attach(&pr, p->pid, s->file_off, false))
			exit(SKIPPED);
		tell(p, d->what, n);
		got = hits(&pr);
		detach(&pr);
		if (d->least && got >= n)
			break;
	}
	printf("%s %s %" PRIu64 " %s%u\n", d->what, psite_name((enum psite_event)d->event), got,
	       d->least ? ">=" : "", n);
	return got >= n && (d->least || got - n <= n / 200);
}

/* Stacks that grow: the hits whose branch is not taken are as many as the calls. */
static bool count_grown(struct program *p, const char *what, unsigned n)
{
	const struct probesite *s = &p->ps.at[PSITE_CLOSE];
	struct seen seen = { 0 };
	struct probe pr;
	uint64_t object;
	bool fine;

	if (!attach(&pr, p->pid, s->file_off, true))
		exit(SKIPPED);
	object = tell(p, what, n);
	for (long c = 0; c < pr.n; c++)
		read_ring(pr.ring[c], &seen, object);
	fine = seen.kept == n && (object ? seen.with_object > 0 : seen.grown > 0);
	printf("%s close %" PRIu64 " %u, left out %" PRIu64 ", of the last channel %" PRIu64 "\n",
	       what, seen.kept, n, seen.grown, seen.with_object);
	detach(&pr);
	return fine;
}

static int do_count(const char *path, unsigned n)
{
	struct program p;
	bool fine = true;

	start(&p, path);
	for (size_t i = 0; i < ARRAY_SIZE(doings); i++)
		fine = count_one(&p, &doings[i], n) && fine;
	fine = count_grown(&p, "close", n) && fine;
	fine = count_grown(&p, "deep", n) && fine;
	end(&p);
	return !fine;
}

static struct {
	uint64_t n[PROBE_N], bare[PROBE_N];
} told;

static void count_record(void *arg, const struct rec_head *head)
{
	const struct rec_event *r = (const struct rec_event *)head;
	bool has_stack = r->event == PROBE_PARK;

	(void)arg;
	told.n[r->event]++;
	told.bare[r->event] += !head->goid || !r->g || (has_stack && !r->n) ||
			       (r->event == PROBE_CREATE && (!r->place[0] || !r->place[1])) ||
			       (has_stack && !r->object);
}

/* What the runtime does by itself comes on top: as many, and a few more. */
static bool about(uint64_t got, unsigned n)
{
	return got >= n && got <= n + n / 4 + 50;
}

static bool tell_one(struct program *p, struct probe_set *s, const char *what, enum probe_event e,
		     const uint64_t *offs, unsigned n)
{
	uint64_t before = probe_hits(s, 1u << e), hits;
	bool fine;

	memset(&told, 0, sizeof(told));
	if (probe_attach(s, 1u << e, offs))
		exit(SKIPPED);
	probe_tell(s, 1u << e, true);
	tell(p, what, n);
	probe_set_drain(s, count_record, NULL);
	hits = probe_hits(s, 1u << e) - before;
	probe_detach(s, 1u << e);
	probe_tell(s, 1u << e, false);
	fine = about(hits, n) && about(told.n[e], n) && told.n[e] <= hits && !told.bare[e];
	printf("%s %s hits %" PRIu64 " told %" PRIu64 " of %u, not whole %" PRIu64 "\n", what,
	       psite_name((enum psite_event)e), hits, told.n[e], n, told.bare[e]);
	return fine;
}

static bool tell_all(struct program *p, bool one_by_one, unsigned n)
{
	static const struct {
		const char *what;
		enum probe_event e;
	} doing[] = { { "create", PROBE_CREATE },
		      { "create", PROBE_EXIT },
		      { "create", PROBE_RUN },
		      { "park", PROBE_PARK },
		      { "park", PROBE_READY } };
	struct probe_config cfg = live_probe_config(p->t, &p->ps);
	struct bpf_part_state state;
	struct probe_set *s = probe_set_open(p->pid, &cfg, one_by_one, &state);
	uint64_t offs[PROBE_N];
	bool fine = true;

	if (!s) {
		printf("%s\n", state.sentence);
		exit(SKIPPED);
	}
	printf("%s\n", one_by_one ? "one by one" : "by one link");
	for (unsigned e = 0; e < PROBE_N; e++)
		offs[e] = p->ps.at[e].file_off;
	for (size_t i = 0; i < ARRAY_SIZE(doing); i++)
		fine = tell_one(p, s, doing[i].what, doing[i].e, offs, n) && fine;
	fine = !probe_set_lost(s) && fine;
	probe_set_close(s);
	return fine;
}

static int do_told(const char *path, unsigned n)
{
	struct program p;
	bool fine;

	start(&p, path);
	fine = tell_all(&p, true, n);
	fine = tell_all(&p, false, n) && fine;
	end(&p);
	return !fine;
}

static double cpu_ns(pid_t pid)
{
	struct timespec ts = { 0 };
	clockid_t clock;

	if (!clock_getcpuclockid(pid, &clock))
		clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* ns of the program's CPU time for one close; the best of five. */
static double cost_of(struct program *p, uint64_t off, unsigned n)
{
	double best = 1e18;
	struct probe pr;

	for (int i = 0; i < 5; i++) {
		double t;

		if (off != UINT64_MAX && !attach(&pr, p->pid, off, false))
			exit(SKIPPED);
		t = cpu_ns(p->pid);
		tell(p, "close", n);
		t = (cpu_ns(p->pid) - t) / n;
		if (off != UINT64_MAX)
			detach(&pr);
		best = t < best ? t : best;
	}
	return best;
}

static int do_cost(const char *path, unsigned n)
{
	const struct probesite *s;
	double none, at_entry, at_site;
	struct program p;

	start(&p, path);
	s = &p.ps.at[PSITE_CLOSE];
	none = cost_of(&p, UINT64_MAX, n);
	at_entry = cost_of(&p, s->file_off - (s->addr - s->entry), n) - none;
	at_site = cost_of(&p, s->file_off, n) - none;
	printf("%.0f ns a hit at the entry, %.0f at +%" PRIu64 ": %.1f times less\n", at_entry,
	       at_site, s->addr - s->entry, at_entry / at_site);
	end(&p);
	return 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3 && !strcmp(argv[1], "sites"))
		return do_sites(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "file"))
		return do_file(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "count"))
		return do_count(argv[2], (unsigned)atoi(argv[3]));
	if (argc == 4 && !strcmp(argv[1], "told"))
		return do_told(argv[2], (unsigned)atoi(argv[3]));
	if (argc == 4 && !strcmp(argv[1], "cost"))
		return do_cost(argv[2], (unsigned)atoi(argv[3]));
	fprintf(stderr, "see the head of probe_sites.c\n");
	return 2;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "source/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf/calibrate.h"
#include "bpf/probes.h"
#include "core/err.h"
#include "core/mem.h"
#include "source/guard.h"
#include "source/live.h"
#include "target/probesite.h"
#include "target/regs.h"
#include "target/scan.h"
#include "target/target.h"

enum verdict { WORKS, PARTLY, FAILS };

struct doctor {
	FILE *out;
	int code;
};

static void say(struct doctor *d, enum verdict v, const char *what, const char *mend,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* mend: the command that helps; "" or NULL: there is none to give. */
static void say(struct doctor *d, enum verdict v, const char *what, const char *mend,
		const char *fmt, ...)
{
	static const char *const words[] = { "ok", "part", "no" };
	va_list ap;

	fprintf(d->out, "%-5s %-10s ", words[v], what);
	va_start(ap, fmt);
	vfprintf(d->out, fmt, ap);
	va_end(ap);
	fputc('\n', d->out);
	if (mend && *mend)
		fprintf(d->out, "%17smend: %s\n", "", mend);
}

static uint64_t own_caps(void)
{
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");
	uint64_t caps = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %" SCNx64, &caps) == 1)
			break;
	if (f)
		fclose(f);
	return caps;
}

static long sysctl_value(const char *path)
{
	char text[32];
	FILE *f = fopen(path, "re");
	bool got = f && fgets(text, sizeof(text), f);

	if (f)
		fclose(f);
	return got ? strtol(text, NULL, 10) : -1;
}

/* --- the machine --- */

static void check_machine(struct doctor *d)
{
	struct utsname u;
	bool known;

	if (uname(&u))
		return;
	known = !strcmp(u.machine, "x86_64") || !strcmp(u.machine, "aarch64");
	say(d, known ? WORKS : FAILS, "machine", NULL, "%s %s on %s%s", u.sysname, u.release,
	    u.machine, known ? "" : "; Go programs for amd64 and arm64 can be watched");
	if (!known)
		d->code = EXIT_ATTACH;
}

/* Root without capabilities is root of a container: it can give itself none. */
#define MEND_CONTAINER "docker run --cap-add=SYS_PTRACE --cap-add=BPF --cap-add=PERFMON ..."

static void check_rights(struct doctor *d)
{
	enum { SYS_PTRACE = 19 };
	long scope = sysctl_value("/proc/sys/kernel/yama/ptrace_scope");

	if (own_caps() >> SYS_PTRACE & 1)
		say(d, WORKS, "rights", NULL,
		    "CAP_SYS_PTRACE is there: every process of this machine may be read");
	else if (scope <= 0)
		say(d, PARTLY, "rights", geteuid() ? "sudo bingo-top PID" : MEND_CONTAINER,
		    "your own processes may be read, those of other users not");
	else if (scope == 1)
		say(d, PARTLY, "rights", "sudo sysctl kernel.yama.ptrace_scope=0",
		    "kernel.yama.ptrace_scope is 1: only programs started by bingo-top -- CMD may "
		    "be read");
	else
		say(d, FAILS, "rights", scope == 2 ? "sudo bingo-top PID" : NULL,
		    "kernel.yama.ptrace_scope is %ld: %s", scope,
		    scope == 2
			    ? "only root may read other processes"
			    : "nobody may read other processes, until the machine is started anew");
	if (scope > 2)
		d->code = EXIT_ATTACH;
}

static void see_registers(void *arg, const struct regs *r)
{
	*(bool *)arg = r->pc && r->sp;
}

static void check_stopping(struct doctor *d, pid_t child)
{
	bool seen = false;
	int64_t ns;
	int rc = regs_stop(child, true, see_registers, &seen, &ns);

	if (!rc && seen)
		say(d, WORKS, "ptrace", NULL,
		    "a thread can be stopped to see where it is; that took %.0f us",
		    (double)ns / 1e3);
	else
		say(d, PARTLY, "ptrace", "docker run --cap-add=SYS_PTRACE ...",
		    "no thread can be stopped (%s), so where running goroutines are stays unknown; "
		    "all else is shown",
		    rc ? strerror(-rc) : "its registers cannot be read");
}

/* A child of our own: if even that cannot be read, no process can. */
static void check_reading(struct doctor *d)
{
	uint64_t word = 0x62696e676f746f70, got = 0;
	struct err err = { 0 };
	struct memr *m;
	pid_t pid = fork();
	int rc;

	if (pid == 0) {
		for (;;)
			pause();
	}
	if (pid < 0)
		return;
	rc = memr_open_pid(&m, pid, &err);
	if (!rc) {
		rc = memr_read_u64(m, (uint64_t)(uintptr_t)&word, &got);
		memr_close(m);
	}
	if (!rc && got == word)
		check_stopping(d, pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (!rc && got == word)
		say(d, WORKS, "reading", NULL, "the memory of another process can be read");
	else
		say(d, FAILS, "reading", "docker run --cap-add=SYS_PTRACE ...",
		    "not even a child of our own can be read (%s): a sandbox or a seccomp filter "
		    "forbids it",
		    err.rc ? err.text : strerror(-rc));
	if (rc || got != word)
		d->code = EXIT_ATTACH;
}

/* --- what later looks need --- */

static const char *bpf_mend(enum bpf_why why)
{
	switch (why) {
	case BPF_NO_RIGHT:
		if (!geteuid())
			return MEND_CONTAINER;
		return "sudo setcap cap_sys_ptrace,cap_dac_read_search,cap_bpf,cap_perfmon+ep "
		       "$(command -v bingo-top)";
	case BPF_NOT_BUILT:
		return "install clang, bpftool and libbpf, then make clean all";
	default:
		return NULL;
	}
}

static void check_probes(struct doctor *d)
{
	char why[160];
	enum bpf_why can = probe_can(why, sizeof(why));
	struct calibration c;

	if (can != BPF_ON) {
		say(d, PARTLY, "probes", bpf_mend(can),
		    "%s; the goroutine table is sampled all the same", why);
		return;
	}
	calibrate(&c);
	if (c.measured)
		say(d, WORKS, "probes", NULL, "a uprobe costs %.0f ns a hit here; %s", c.hit_ns,
		    probe_can_multi()
			    ? "one link holds many (uprobe_multi)"
			    : "each has a link of its own (uprobe_multi comes with Linux 6.6)");
	else
		say(d, PARTLY, "probes", NULL, "%s; %.0f ns a hit are assumed", c.why, c.hit_ns);
}

static void check_bpf(struct doctor *d)
{
	struct bpf_part_state state[BPF_PARTS];

	bpf_can(state);
	if (state[0].why == BPF_ON)
		say(d, WORKS, "bpf", NULL, "programs of the kernel's side may be loaded (%s)",
		    bpf_built_with());
	else
		say(d, PARTLY, "bpf", bpf_mend(state[0].why),
		    "%s; everything that sampling sees is shown all the same", state[0].sentence);
	if (!access("/sys/kernel/btf/vmlinux", R_OK))
		say(d, WORKS, "btf", NULL, "/sys/kernel/btf/vmlinux is there");
	else
		say(d, PARTLY, "btf", "use a kernel built with CONFIG_DEBUG_INFO_BTF=y",
		    "the kernel does not describe its types (/sys/kernel/btf/vmlinux)");
}

static void check_perf(struct doctor *d)
{
	enum { SYS_ADMIN = 21, PERFMON = 38 };
	long level = sysctl_value("/proc/sys/kernel/perf_event_paranoid");

	if (level < 0 && access("/proc/sys/kernel/perf_event_paranoid", F_OK))
		say(d, PARTLY, "perf", NULL, "this kernel has no perf events");
	else if (level <= 1 || own_caps() & (1ull << PERFMON | 1ull << SYS_ADMIN))
		say(d, WORKS, "perf", NULL, "perf events may be used (paranoid level %ld)", level);
	else
		say(d, PARTLY, "perf",
		    geteuid() ? "sudo sysctl kernel.perf_event_paranoid=1" : MEND_CONTAINER,
		    "perf events are for root alone (paranoid level %ld)", level);
}

static void check_terminal(struct doctor *d, int colors)
{
	const char *name = getenv("TERM"), *set = nl_langinfo(CODESET);

	if (!name || !*name || colors < 0) {
		say(d, PARTLY, "terminal", "export TERM=xterm-256color",
		    "TERM is %s, which terminfo does not know: no screen, but --batch works",
		    name && *name ? name : "not set");
		return;
	}
	say(d, colors >= 8 ? WORKS : PARTLY, "terminal",
	    colors >= 8 ? NULL : "export TERM=xterm-256color", "%s, %d colours%s", name, colors,
	    isatty(STDOUT_FILENO) ? "" : "; standard output is no terminal now");
	if (strcmp(set, "UTF-8") != 0)
		say(d, PARTLY, "locale", "export LC_ALL=C.UTF-8",
		    "the character set is %s: lines and signs are drawn with ASCII", set);
}

/* What a session gives up once its target is open; tried in a child. */
static void check_guard(struct doctor *d)
{
	static const char *const names[GUARD_PARTS] = {
		[GUARD_CAPS] = "caps",
		[GUARD_BOUND] = "bounding",
		[GUARD_PRIVS] = "new privs",
		[GUARD_FILTER] = "seccomp",
	};
	const struct guard_needs n = {
		.live = true, .ptrace = true, .bpf = true, .admin = !probe_can_multi()
	};
	struct guard_state s;

	guard_try(&n, &s);
	for (int i = 0; i < GUARD_PARTS; i++)
		say(d, s.part[i].on ? WORKS : PARTLY, names[i], NULL, "%s", s.part[i].text);
}

/* --- one process --- */

static void check_access(struct doctor *d, pid_t pid, bool *may)
{
	struct proc_status st = { 0 };
	struct proc_access a;
	struct err err = { 0 };

	*may = !proc_access_check(&a, pid, &err);
	if (!*may) {
		say(d, FAILS, "process", a.command, "%s", *a.sentence ? a.sentence : err.text);
		d->code = a.why == PROC_GONE || a.why == PROC_ZOMBIE ? EXIT_GONE : EXIT_ATTACH;
		return;
	}
	proc_status_read(&st, pid, NULL);
	say(d, WORKS, "process", NULL, "%d (%s) may be read; %u threads%s", (int)pid, st.comm,
	    st.threads, a.stopped ? "; it is stopped by a signal" : "");
	if (a.tracer)
		say(d, PARTLY, "ptrace", NULL,
		    "process %d debugs it already: its threads cannot be stopped by anybody else, "
		    "so where running goroutines are stays unknown",
		    (int)a.tracer);
	else
		say(d, a.may_trace ? WORKS : PARTLY, "ptrace", NULL, "single threads %s be stopped",
		    a.may_trace ? "may" : "may not");
}

static void ignore_changes(void *arg, const struct gchange *c, size_t n)
{
	(void)arg;
	(void)c;
	(void)n;
}

static void check_scan(struct doctor *d, struct target *t)
{
	struct scan *s = scan_new(t);
	const struct scan_stats *st = scan_stats(s);
	int rc = scan_pass(s, ignore_changes, NULL);

	if (rc)
		say(d, FAILS, "goroutines", NULL, "they cannot be read: %s", strerror(-rc));
	else
		say(d, WORKS, "goroutines", NULL,
		    "%" PRIu64 " read with their stacks in %.1f ms; %" PRIu64
		    " stacks not to the end",
		    st->goroutines, (double)st->pass_ns / 1e6, st->lost);
	if (rc)
		d->code = EXIT_ATTACH;
	scan_free(s);
}

/* Each part is put on this very process, for a moment. */
static void check_kernel(struct doctor *d, struct target *t)
{
	struct bpf_target bt = live_bpf_target(t);
	struct bpf_part_state state[BPF_PARTS];

	bpf_set_close(bpf_set_open(&bt, state));
	for (int i = 0; i < BPF_PARTS; i++)
		say(d, state[i].why == BPF_ON ? WORKS : PARTLY, bpf_part_name((enum bpf_part)i),
		    bpf_mend(state[i].why), "%s",
		    state[i].why == BPF_ON ? "told by the kernel, with the goroutine"
					   : state[i].sentence);
}

static void check_sites(struct doctor *d, struct target *t)
{
	struct probesites *ps = xcalloc(1, sizeof(*ps));
	const char *why = "";

	probesites_find(ps, t);
	for (int i = 0; i < PSITE_N; i++)
		if (ps->at[i].file_off == UINT64_MAX)
			why = ps->at[i].why;
	say(d, *why ? PARTLY : WORKS, "probe sites", NULL,
	    "%u of %d places for probes are known%s%s", ps->n, PSITE_N, *why ? ": " : "", why);
	free(ps);
}

static void check_program(struct doctor *d, pid_t pid)
{
	struct err err = { 0 };
	struct target *t;

	if (target_open(&t, pid, NULL, &err)) {
		say(d, FAILS, "program", NULL, "%s", err.text);
		d->code = (int)err.code;
		return;
	}
	say(d, *t->note ? PARTLY : WORKS, "program", NULL, "%s, %s%s%s%s", t->exe,
	    t->build.version.text, t->build.module && *t->build.module ? ", " : "",
	    t->build.module ? t->build.module : "", t->exe_deleted ? "; its file is gone" : "");
	if (*t->note)
		say(d, PARTLY, "layout", NULL, "%s", t->note);
	if (!t->image)
		say(d, PARTLY, "symbols", NULL,
		    "the program's file is not to be had; everything was found in its memory");
	else
		say(d, WORKS, "symbols", NULL, "%s; %s",
		    t->image->has_symtab ? "symbol table there"
					 : "stripped: names and lines come from Go's own table",
		    t->image->has_dwarf ? "DWARF there"
					: "no DWARF, so no local variables (build without -w)");
	check_scan(d, t);
	check_kernel(d, t);
	check_sites(d, t);
	target_close(t);
}

int doctor_run(pid_t pid, int colors, FILE *out)
{
	struct doctor d = { .out = out, .code = EXIT_FINE };
	bool may;

	check_machine(&d);
	check_rights(&d);
	check_reading(&d);
	check_bpf(&d);
	check_probes(&d);
	check_perf(&d);
	check_terminal(&d, colors);
	check_guard(&d);
	if (!pid)
		return d.code;
	check_access(&d, pid, &may);
	if (may)
		check_program(&d, pid);
	return d.code;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How soon the first picture is there, how long the program stands still for it, and what is read until then:
 *
 *	bench_start first WHAT PID FUNCTION	from fork() until a screen of 120x40 shows FUNCTION
 *	bench_start pause WHAT PROGRAM ARG...	PROGRAM is tests/targets/load with -clock -report 100: its gaps
 *	bench_start stages WHAT PID		each step of the start in this process, and the bytes that it reads
 *
 * WHAT names the target in the table. The peer is Delve, where it is here: "dlv attach PID", goroutines, quit,
 * all that it says to a pipe. Environment: ROUNDS (first: 11, of Delve 3; pause: 4), DLV (the program; "none":
 * leave it out), BUILD; pause: ARGS, one more argument for bingo-top.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>

#include "../pty/terminal.h"
#include "row.h"

#include "core/clock.h"
#include "target/objects.h"
#include "target/scan.h"

enum { WINDOWS = 30, WINDOWS_MOST = 1200, DLV_ROUNDS = 3, FRAME_LIMIT_MS = 100, LONG_MS = 120000 };

static const char *const screen_env[] = { "TERM=xterm-256color", "LC_ALL=C.UTF-8", NULL };
static char *bingo;

static double ms_now(void)
{
	return (double)clock_now() / 1e6;
}

static int rounds_or(int otherwise)
{
	const char *v = getenv("ROUNDS");
	int n = v ? atoi(v) : otherwise; /* NOLINT(cert-err34-c) */

	return n < 1 ? 1 : n > ROW_ROUNDS_MOST ? ROW_ROUNDS_MOST : n;
}

/* --- Delve --- */

/* A file of what it shall do; NULL: it is not here. */
static char *dlv_script(void)
{
	const char *dlv = getenv("DLV");
	char *path = xstrdup("/tmp/bench_start.XXXXXX");
	static const char text[] = "goroutines\nquit\n";
	int fd;

	if ((dlv && !strcmp(dlv, "none")) || system("command -v \"${DLV:-dlv}\" >/dev/null 2>&1")) {
		free(path);
		return NULL;
	}
	fd = mkstemp(path);
	if (fd < 0 || write(fd, text, sizeof(text) - 1) < 0)
		die("no file in /tmp can be written");
	close(fd);
	return path;
}

/* Its output comes to *out. It asks whether to end the program, finds no answer, and lets it go. */
static pid_t dlv_start(pid_t target, const char *script, int *out)
{
	const char *dlv = getenv("DLV") ? getenv("DLV") : "dlv";
	char number[16];
	int fd[2];
	pid_t pid;

	snprintf(number, sizeof(number), "%d", (int)target);
	if (pipe2(fd, O_CLOEXEC))
		die("no pipe");
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, STDIN_FILENO);
		dup2(fd[1], STDOUT_FILENO);
		dup2(fd[1], STDERR_FILENO);
		execlp(dlv, dlv, "attach", number, "--init", script,
		       "--allow-non-terminal-interactive=true", "--check-go-version=false",
		       (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	*out = fd[0];
	return pid;
}

/* Counts the goroutines that it told of until now; false: it has ended. */
static bool dlv_read(int fd, long *told)
{
	char buf[1 << 16];
	ssize_t n = read(fd, buf, sizeof(buf));

	for (ssize_t i = 0; i < n; i++)
		*told += buf[i] == '\n';
	return n > 0;
}

/* Until it has ended, ms; told: lines that it wrote. */
static double dlv_whole(pid_t target, const char *script, long *told)
{
	double t = ms_now();
	int fd;
	pid_t pid = dlv_start(target, script, &fd);

	*told = 0;
	while (dlv_read(fd, told))
		;
	close(fd);
	waitpid(pid, NULL, 0);
	return ms_now() - t;
}

/* --- the first picture --- */

/* Of all threads until now: on a processor, and ready for one while others had it; ms. */
static void time_spent(pid_t pid, double *on, double *waited)
{
	char *path = xasprintf("/proc/%d/task", (int)pid);
	DIR *dir = opendir(path);
	unsigned long long ran, ready;
	struct dirent *e;

	*on = *waited = 0;
	while (dir && (e = readdir(dir))) {
		char *name = xasprintf("%s/%s/schedstat", path, e->d_name);
		FILE *f = fopen(name, "re");

		if (f && fscanf(f, "%llu %llu", &ran, &ready) == 2) {
			*on += (double)ran / 1e6;
			*waited += (double)ready / 1e6;
		}
		if (f)
			fclose(f);
		free(name);
	}
	if (dir)
		closedir(dir);
	free(path);
}

static double first_frame(pid_t target, const char *function, double *on, double *waited)
{
	double began = ms_now(), at = 0;
	struct terminal t;
	char number[16];

	snprintf(number, sizeof(number), "%d", (int)target);
	terminal_start(&t, 120, 40, screen_env, (char *[]){ bingo, number, NULL });
	while (!at && ms_now() - began < LONG_MS && terminal_pump(&t, STEP_MS) >= 0)
		if (strstr(terminal_text(&t), function))
			at = ms_now();
	time_spent(t.pid, on, waited);
	terminal_send(&t, "q");
	terminal_wait(&t);
	terminal_end(&t);
	return at ? at - began : 0;
}

static void with_delve(const char *what, pid_t pid, double *frame, int n)
{
	static struct row r;
	char *script = dlv_script(), *name = xasprintf("first frame, %s", what);
	double mid = row_quantile(frame, n, 0.5);
	long told = 0;

	r = (struct row){
		.what = name, .peer = "Delve: attach, list, quit", .unit = "ms", .most = 1
	};
	for (int i = 0; script && i < DLV_ROUNDS; i++)
		row_add(&r, mid, dlv_whole(pid, script, &told));
	if (!script)
		row_missing(name, "no Delve (dlv) is here");
	else if (told < 20)
		row_missing(name, "Delve lists no goroutines of this one");
	else
		row_end(&r);
	if (script)
		unlink(script);
	free(script);
	free(name);
}

static int first(const char *what, pid_t pid, const char *function)
{
	static struct row r;
	double frame[ROW_ROUNDS_MOST], on[ROW_ROUNDS_MOST], waited[ROW_ROUNDS_MOST];
	char *name = xasprintf("first frame, %s", what);
	int rounds = rounds_or(11);

	r = (struct row){ .what = name, .peer = "a tenth of a second", .unit = "ms", .most = 1 };
	first_frame(pid, function, on, waited); /* the files are in memory then */
	for (int i = 0; i < rounds; i++) {
		frame[i] = first_frame(pid, function, &on[i], &waited[i]);
		if (!frame[i]) {
			printf("  %s: the screen never showed %s\n", what, function);
			free(name);
			return 1;
		}
		row_add(&r, frame[i], FRAME_LIMIT_MS);
	}
	row_end(&r);
	printf("    by then its threads had a processor for %.1f ms, and waited %.1f ms for one "
	       "that others had\n",
	       row_quantile(on, rounds, 0.5), row_quantile(waited, rounds, 0.5));
	with_delve(what, pid, frame, rounds);
	free(name);
	return 0;
}

/* --- the pause --- */

static void pin(int cpu)
{
	cpu_set_t set;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static FILE *clock_start(char **argv, pid_t *pid)
{
	char line[64];
	int fd[2];
	FILE *f;

	if (pipe2(fd, O_CLOEXEC))
		die("no pipe");
	*pid = fork();
	if (*pid == 0) {
		dup2(fd[1], STDOUT_FILENO);
		pin(0);
		/* what else runs on this machine shall not be taken for us; where it may not, it may not */
		setpriority(PRIO_PROCESS, 0, -20);
		execv(argv[0], argv);
		_exit(127);
	}
	close(fd[1]);
	f = fdopen(fd[0], "r");
	if (!f || !fgets(line, sizeof(line), f))
		die("%s does not start", argv[0]);
	setvbuf(f, NULL, _IONBF, 0);
	return f;
}

/* The longest gap of the target's next window, ms; what writes to the screen or to fd is read meanwhile. */
static double window(FILE *f, struct terminal *t, int fd, bool *over)
{
	struct pollfd p[2] = { { .fd = fileno(f), .events = POLLIN },
			       { .fd = fd, .events = POLLIN } };
	char line[256];
	double gap = 0;
	long told = 0;

	while (poll(p, 2, t ? 0 : -1) >= 0 && !(p[0].revents & POLLIN)) {
		if (t)
			terminal_pump(t, STEP_MS);
		if (p[1].revents && !dlv_read(fd, &told)) {
			*over = true;
			p[1].fd = -1;
		}
	}
	if (!fgets(line, sizeof(line), f) || sscanf(line, "%*f %*f %*f %*f %lf", &gap) != 1)
		die("the target has ended");
	return gap / 1e3;
}

/* The longest gaps of some windows. */
struct gaps {
	double v[WINDOWS_MOST];
	int n;
};

static void gap_add(struct gaps *g, double ms)
{
	if (g->n < WINDOWS_MOST)
		g->v[g->n++] = ms;
}

static void windows(FILE *f, struct terminal *t, struct gaps *g)
{
	for (int i = 0; i < WINDOWS; i++)
		gap_add(g, window(f, t, -1, NULL));
}

/* From before it attaches. */
static void with_bingo(FILE *f, pid_t pid, struct gaps *g)
{
	struct terminal t;
	char number[16];

	snprintf(number, sizeof(number), "%d", (int)pid);
	terminal_start(&t, 120, 40, screen_env, (char *[]){ bingo, number, getenv("ARGS"), NULL });
	windows(f, &t, g);
	terminal_send(&t, "q");
	terminal_wait(&t);
	terminal_end(&t);
}

static void with_dlv(FILE *f, pid_t pid, const char *script, struct gaps *g)
{
	bool over = false;
	int fd;
	pid_t dlv = dlv_start(pid, script, &fd);

	while (!over)
		gap_add(g, window(f, NULL, fd, &over));
	gap_add(g, window(f, NULL, -1, NULL));
	close(fd);
	waitpid(dlv, NULL, 0);
}

/* Phases of three seconds by turns; of each the longest gap, and the one of a window in the middle. */
static void pause_rounds(FILE *f, pid_t pid, const char *script, struct row *most,
			 struct row *usual, struct row *dlv)
{
	int rounds = rounds_or(4);

	for (int i = 0; i < rounds; i++) {
		struct gaps off = { .n = 0 }, on = { .n = 0 }, peer = { .n = 0 };

		windows(f, NULL, &off);
		with_bingo(f, pid, &on);
		window(f, NULL, -1, NULL); /* we end somewhere in this one */
		row_add(usual, row_quantile(on.v, on.n, 0.5), row_quantile(off.v, off.n, 0.5));
		row_add(most, row_quantile(on.v, on.n, 1), row_quantile(off.v, off.n, 1));
		if (!script)
			continue;
		with_dlv(f, pid, script, &peer);
		row_add(dlv, row_quantile(on.v, on.n, 1), row_quantile(peer.v, peer.n, 1));
	}
}

static int pauses(const char *what, char **argv)
{
	static struct row most, usual, dlv;
	char *longest = xasprintf("longest pause in 3 s, %s", what), *script = dlv_script();
	char *typical = xasprintf("longest pause in 0.1 s, %s", what);
	pid_t pid;
	FILE *f;

	pin(1); /* the screen and Delve inherit it */
	f = clock_start(argv, &pid);
	most = (struct row){ .what = longest, .peer = "without", .unit = "ms" };
	usual = (struct row){ .what = typical, .peer = "without", .unit = "ms" };
	dlv = (struct row){
		.what = longest, .peer = "Delve: attach, list, quit", .unit = "ms", .most = 1
	};
	window(f, NULL, -1, NULL);
	pause_rounds(f, pid, script, &most, &usual, &dlv);
	row_end(&usual);
	row_end(&most);
	if (script)
		row_end(&dlv);
	else
		row_missing(longest, "no Delve (dlv) is here");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fclose(f);
	if (script)
		unlink(script);
	free(script);
	free(longest);
	free(typical);
	return 0;
}

/* --- what is read --- */

/* Of a file that is mapped into this process: bytes that are in its page table. */
static uint64_t mapped_bytes(const void *at)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	unsigned long lo, hi, kb;
	bool here = false;
	uint64_t sum = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &lo, &hi) == 2)
			here = (uintptr_t)at >= lo && (uintptr_t)at < hi;
		else if (here && sscanf(line, "Rss: %lu", &kb) == 1)
			sum = (uint64_t)kb << 10;
	}
	if (f)
		fclose(f);
	return sum;
}

static void ignore(void *arg, const struct gchange *c, size_t n)
{
	(void)arg;
	(void)c;
	(void)n;
}

struct stage {
	double ms;
	uint64_t calls, bytes, file;
};

static struct stage stage_now(const struct target *t)
{
	return (struct stage){ ms_now(), t ? t->mem->calls : 0, t ? t->mem->bytes : 0,
			       t && t->image ? mapped_bytes(t->image->data) : 0 };
}

static void stage_tell(const char *name, const struct stage *a, const struct stage *b)
{
	printf("    %-24s %8.2f ms  %6llu reads  %9.1f KB of memory  %9.1f KB of the file\n", name,
	       b->ms - a->ms, (unsigned long long)(b->calls - a->calls),
	       (double)(b->bytes - a->bytes) / 1e3, (double)(b->file - a->file) / 1e3);
}

static int stages(const char *what, pid_t pid)
{
	static struct row r;
	struct stage s[4] = { stage_now(NULL) };
	struct err err = { 0 };
	struct objects *o;
	struct facts f;
	struct target *t;
	struct scan *scan;
	char *name = xasprintf("read until the first picture, %s", what);

	if (target_open(&t, pid, NULL, &err)) {
		row_missing(name, err.text);
		free(name);
		return 0;
	}
	s[1] = stage_now(t);
	scan = scan_new(t);
	if (scan_pass(scan, ignore, NULL))
		die("a pass could not be made");
	s[2] = stage_now(t);
	o = objects_new(t, scan);
	facts_init(&f);
	if (objects_look(o, &f))
		die("a look could not be made");
	s[3] = stage_now(t);
	printf("  %s: %s, %.1f MB, %llu goroutines\n", what, t->build.version.text,
	       t->image ? (double)t->image->size / 1e6 : 0,
	       (unsigned long long)scan_stats(scan)->goroutines);
	stage_tell("open: tables, layout", &s[0], &s[1]);
	stage_tell("first pass", &s[1], &s[2]);
	stage_tell("after it: the first look", &s[2], &s[3]);
	if (t->image) {
		r = (struct row){ .what = name, .peer = "its file", .unit = "MB", .most = 0.25 };
		row_add(&r, (double)(s[2].bytes + s[2].file) / 1e6, (double)t->image->size / 1e6);
		row_end(&r);
	}
	facts_release(&f);
	objects_free(o);
	scan_free(scan);
	target_close(t);
	free(name);
	return 0;
}

int main(int argc, char **argv)
{
	bingo = xasprintf("%s/bingo-top", getenv("BUILD") ? getenv("BUILD") : "build");
	signal(SIGPIPE, SIG_IGN);
	if (argc == 5 && !strcmp(argv[1], "first"))
		return first(argv[2], (pid_t)strtol(argv[3], NULL, 10), argv[4]);
	if (argc > 3 && !strcmp(argv[1], "pause"))
		return pauses(argv[2], argv + 3);
	if (argc == 4 && !strcmp(argv[1], "stages"))
		return stages(argv[2], (pid_t)strtol(argv[3], NULL, 10));
	fputs("bench_start first|pause|stages WHAT ...: tests/bench/start.sh does it\n", stderr);
	return 2;
}

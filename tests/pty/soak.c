/* SPDX-License-Identifier: Apache-2.0 */
/*
 * soak [-t SECONDS] [-s SEED] [-j] [-d DIR] [-r RECORDING] [-n NAME] -- PROGRAM ARGUMENT...
 *
 * Keys, clicks, sizes and signals at random for a program on a terminal, started in DIR, where its
 * exports go and are taken away again. Once a second its memory, descriptors and threads are noted.
 * At the end it is left by its own key. TAP, and a table of what was seen; with -j memory, descriptors
 * and threads must be flat after the first half. The same seed gives the same keys, not the same moments.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "export/formats.h"
#include "terminal.h"
#include "ui/keys.h"

enum {
	LEAST_COLS = 20,
	LEAST_ROWS = 5,
	MOST_COLS = 300,
	MOST_ROWS = 100,
	ANSWER_MS = 120000, /* a loaded machine, and sanitizers */
	SAMPLE_MS = 1000,
	FILES_MOST = 30,
	LINES = 12, /* of the table */
	/*
	 * What grows for good grows in each of the later half's quarters: that much of memory is the
	 * allocator's own coming and going.
	 */
	NOISE_KB = 3072,
	NOISE_PARTS = 20, /* or a twentieth */
};

struct sample {
	int64_t ms;
	long anon_kb, fds, threads, links, maps, perf;
	long long recorded;
};

static VEC(struct sample) samples;
static struct terminal term;
static pid_t pid; /* of the program: term.pid waits for it */
static uint64_t seed = 1, state;
static int64_t began, seconds = 20;
static const char *dir = ".", *recording, *name = "soak";
static bool judge;
static unsigned long steps, answers;
static int tests, failures;

static void result(bool good, const char *what, const char *why)
{
	tests++;
	failures += !good;
	printf("%sok %d - %s: %s\n", good ? "" : "not ", tests, name, what);
	if (!good && why)
		printf("# %s\n", why);
}

static unsigned pick(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state * 0x2545f4914f6cdd1dull) >> 33) % n;
}

/* --- a shell in small: its job is stopped by ^Z, and goes on a moment later --- */

static int run_job(char *const *argv)
{
	pid_t job = fork();
	int status = 0;

	if (!job) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		tcsetpgrp(0, getpid());
		signal(SIGTTOU, SIG_DFL);
		execvp(argv[0], argv);
		_exit(126);
	}
	for (;;) {
		if (waitpid(job, &status, WUNTRACED) != job)
			continue;
		if (!WIFSTOPPED(status))
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		tcsetpgrp(0, getpid());
		nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
		tcsetpgrp(0, job);
		kill(-job, SIGCONT);
	}
}

/* --- what the kernel knows of it --- */

static long status_field(const char *text, const char *field)
{
	const char *at = strstr(text, field);

	return at ? atol(at + strlen(field)) : -1;
}

static bool read_proc(const char *file, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, buf, size - 1);
	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static void count_fds(struct sample *s)
{
	char path[300], to[64];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, e->d_name);
		n = *e->d_name == '.' ? -1 : readlink(path, to, sizeof(to) - 1);
		if (n < 0)
			continue;
		to[n] = '\0';
		if (strstr(to, "bpf_link") || strstr(to, "bpf-prog"))
			s->links++;
		else if (strstr(to, "bpf-map"))
			s->maps++;
		else if (strstr(to, "perf_event"))
			s->perf++;
		else
			s->fds++;
	}
	if (d)
		closedir(d);
}

static void take_sample(void)
{
	struct sample s = { .ms = now_ms() - began };
	struct stat st;
	char buf[4096];

	if (!read_proc("status", buf, sizeof(buf)))
		return;
	s.anon_kb = status_field(buf, "RssAnon:");
	s.threads = status_field(buf, "Threads:");
	count_fds(&s);
	if (recording && !stat(recording, &st))
		s.recorded = st.st_size;
	*vec_push(&samples) = s;
}

/* --- what is done to it --- */

/* What a trace of bytes leaves switched on is what terminal_left() finds in its escapes: only those are kept. */
static void forget_sent(void)
{
	size_t kept = 0, tail = term.n < 64 ? term.n : 64;
	const char *s = term.raw;

	if (term.n < 1 << 20)
		return;
	while (s < term.raw + term.n - tail && (s = strstr(s, "\033[?"))) {
		size_t n = 3 + strspn(s + 3, "0123456789;") + 1;

		if (s + n > term.raw + term.n - tail)
			break;
		memmove(term.raw + kept, s, n);
		kept += n;
		s += n;
	}
	memmove(term.raw + kept, term.raw + term.n - tail, tail);
	term.n = kept + tail;
	term.raw[term.n] = '\0';
}

static bool is_there(void)
{
	term.ended = term.ended || waitpid(term.pid, &term.status, WNOHANG) == term.pid;
	return !term.ended;
}

static void pump(int ms)
{
	int64_t until = now_ms() + ms;

	do {
		if (terminal_pump(&term, ms ? 5 : 0) < 0)
			break;
		forget_sent();
	} while (now_ms() < until);
}

/* Never blocks: what the program does not read yet would fill the terminal's queue. */
static void type(const char *keys)
{
	size_t n = strlen(keys);
	int64_t until = now_ms() + ANSWER_MS;

	while (n && now_ms() < until) {
		struct pollfd p = { .fd = term.master, .events = POLLOUT };
		ssize_t w = poll(&p, 1, 5) > 0 ? write(term.master, keys, 1) : 0;

		if (w < 0)
			return;
		keys += w;
		n -= (size_t)w;
		if (!w)
			pump(0);
	}
}

static void clear_files(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[600];
	int n = 0;

	while (d && (e = readdir(d)))
		n += *e->d_name != '.';
	if (d)
		rewinddir(d);
	while (d && n > FILES_MOST && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (*e->d_name != '.')
			unlink(path);
	}
	if (d)
		closedir(d);
}

static const char *any_text(void)
{
	static const char *const texts[] = {
		"main",	   "chan",   "!select", "mutex|cond", "(",	     "[a-",
		"\\d+",	   ".*",     "世界",	"^$",	      "main\\.deep", "kind=small",
		"blocked", "(a*)*b", "x",	"!",	      "\\",	     "runtime",
	};

	return texts[pick(ARRAY_SIZE(texts))];
}

static void do_keys(void)
{
	static const char *const keys[] = {
		"j",	     "k",	"j",	   "j",	      "h",	   "l",		"\r",
		"\t",	     "\033[Z",	"1",	   "2",	      "3",	   "4",		"5",
		"6",	     "f",	"D",	   "z",	      "s",	   ">",		"<",
		"I",	     "t",	"*",	   "F",	      "H",	   " ",		",",
		".",	     "[",	"]",	   "{",	      "}",	   "L",		"+",
		"-",	     "0",	"u",	   "n",	      "N",	   "y",		"Y",
		"!",	     "M",	"o",	   "&",	      "?",	   "w",		"K",
		"\014",	     "\033",	"\033",	   "\002",    "\006",	   "\025",	"\004",
		"gg",	     "G",	"\033[A",  "\033[B",  "\033[C",	   "\033[D",	"\033[H",
		"\033[F",    "\033[5~", "\033[6~", "\033[3~", "\033[1;2A", "\033[1;2B", "\033[1;2C",
		"\033[1;2D", "\010",	"a",	   "d",	      "r",	   "v",		"c",
		"x",	     "m",	"'",	   "ma",      "'a",	   "mb",	"'b",
		"E",	     "B",	"T",	   "i",
	};

	for (unsigned n = 1 + pick(6); n; n--)
		type(keys[pick(ARRAY_SIZE(keys))]);
}

static void do_filter(void)
{
	type(pick(2) ? "\\" : "/");
	type(any_text());
	pump((int)pick(30));
	for (unsigned n = pick(8); n; n--)
		type("\177");
	if (pick(3))
		type(any_text());
	type(pick(3) ? "\r" : "\033");
}

static void do_unfilter(void)
{
	type("\033\033\\\025\r");
}

/* Anything that the palette knows, but for leaving the program. */
static void do_action(void)
{
	static const char *const args[] = { "37%",     "-200ms", "begin", "end",   "1.5s",  "main",
					    "wait",    "12",	 "list",  "flame", "graph", "vars",
					    "creator", "flat",	 "a",	  "100" };
	unsigned i = 0, n = 0;
	char line[200];

	while (key_table[n].action)
		n++;
	do
		i = pick(n);
	while (key_table[i].action == ACT_QUIT || key_table[i].action == ACT_CLOSE ||
	       key_table[i].action == ACT_SUSPEND || key_table[i].action == ACT_WRITE);
	snprintf(line, sizeof(line), "\033:%s%s%s\r", key_table[i].name,
		 key_table[i].arg ? " " : "", key_table[i].arg ? args[pick(ARRAY_SIZE(args))] : "");
	type(line);
}

static void do_setting(void)
{
	static const char *const lines[] = {
		"theme dark",	 "theme light",	   "theme mono",   "refresh 50",
		"refresh 500",	 "columns g wait", "long-wait 2s", "columns g state wait function",
		"theme no-such", "mouse on",	   "ascii on",	   "ascii off",
	};
	char line[100];

	snprintf(line, sizeof(line), "\033:set %s\r", lines[pick(ARRAY_SIZE(lines))]);
	type(line);
}

static void do_export(void)
{
	static unsigned nth;
	char line[200];

	clear_files();
	if (pick(3)) {
		snprintf(line, sizeof(line), "\033:write %s soak-%u\r",
			 export_table[pick((unsigned)export_formats)].name, nth++);
		type(line);
		return;
	}
	type("\033w");
	for (unsigned n = pick(12); n; n--)
		type("j");
	type(pick(2) ? "\r\r" : "t\r\r");
}

static void do_resize(void)
{
	for (unsigned n = 1 + pick(4); n; n--) {
		terminal_resize(&term, LEAST_COLS + (int)pick(MOST_COLS - LEAST_COLS + 1),
				LEAST_ROWS + (int)pick(MOST_ROWS - LEAST_ROWS + 1));
		pump((int)pick(20));
	}
}

static void do_mouse(void)
{
	static const int buttons[] = { 0, 0, 0, 0, 2, 64, 65, 32, 35, 1, 128 };
	int x = 1 + (int)pick((unsigned)term.cols + 5), y = 1 + (int)pick((unsigned)term.rows + 5);
	char line[100];

	snprintf(line, sizeof(line), "\033[<%d;%d;%dM", buttons[pick(ARRAY_SIZE(buttons))], x, y);
	type(line);
	for (unsigned n = pick(4); n; n--) {
		x += (int)pick(9) - 4;
		y += (int)pick(5) - 2;
		snprintf(line, sizeof(line), "\033[<32;%d;%dM", x, y);
		type(line);
	}
	snprintf(line, sizeof(line), "\033[<0;%d;%dm", x, y);
	type(line);
}

/* Reports that are cut, too long, or none; text pasted from anywhere. */
static void do_noise(void)
{
	static const char *const noise[] = {
		"\033[<999999;999999;999999M",
		"\033[<;;M",
		"\033[<0;1",
		"\033[M",
		"\033[M\377\377\377",
		"\033[200~pasted\033[201~",
		"\033]52;c;\007",
		"\033[?1;2c",
		"\377\376",
		"\303\050",
		"\360\237\230\200",
		"\033[38;5;1m",
		"\033O",
		"\033[1;1R",
		"\033[I\033[O",
	};

	type(noise[pick(ARRAY_SIZE(noise))]);
}

static void do_signal(void)
{
	switch (pick(4)) {
	case 0:
		type("\032");
		break;
	case 1:
		kill(pid, SIGTSTP);
		break;
	case 2:
		kill(pid, SIGSTOP);
		break;
	default:
		kill(pid, SIGCONT);
	}
}

static void do_edit(void)
{
	type("\033e");
}

static void step(void)
{
	static const struct {
		unsigned weight;
		void (*act)(void);
	} acts[] = {
		{ 50, do_keys },  { 12, do_action }, { 8, do_filter }, { 3, do_unfilter },
		{ 8, do_resize }, { 8, do_mouse },   { 3, do_noise },  { 2, do_setting },
		{ 2, do_export }, { 2, do_signal },  { 2, do_edit },
	};
	unsigned all = 0, at;

	for (size_t i = 0; i < ARRAY_SIZE(acts); i++)
		all += acts[i].weight;
	at = pick(all);
	for (size_t i = 0; i < ARRAY_SIZE(acts); at -= acts[i++].weight)
		if (at < acts[i].weight) {
			acts[i].act();
			break;
		}
	steps++;
	pump((int)pick(50));
}

/* Painted anew when asked to: it listens, and draws. */
static bool answers_now(void)
{
	int64_t until = now_ms() + ANSWER_MS;

	terminal_resize(&term, 100, 30);
	type("\033\033\033");
	pump(50);
	while (now_ms() < until && is_there()) {
		size_t from = term.n;

		type("\014");
		for (int i = 0; i < 40; i++) {
			if (terminal_pump(&term, STEP_MS) < 0)
				return false;
			if (term.n > from && strstr(term.raw + from, "\033[2J"))
				return answers++, true;
		}
		forget_sent();
	}
	return false;
}

/* --- beginning and end --- */

static bool find_program(void)
{
	int64_t until = now_ms() + ANSWER_MS;
	char path[64], buf[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)term.pid, (int)term.pid);
	while (now_ms() < until && !pid) {
		fd = open(path, O_RDONLY);
		if (fd >= 0) {
			ssize_t n = read(fd, buf, sizeof(buf) - 1);

			buf[n > 0 ? n : 0] = '\0';
			pid = atoi(buf);
			close(fd);
		}
		pump(10);
	}
	return pid > 0;
}

static bool start(char **argv, int n, char *self)
{
	char **job = xcalloc((size_t)n + 3, sizeof(*job));
	const char *env[] = { "VISUAL=true", "TERM=xterm-256color", NULL };

	job[0] = self;
	job[1] = (char *)"--job";
	for (int i = 0; i < n; i++)
		job[i + 2] = argv[i];
	terminal_start(&term, 120, 40, env, job);
	free(job);
	return find_program() && answers_now();
}

static bool leave(void)
{
	int64_t until = now_ms() + ANSWER_MS;

	terminal_resize(&term, 80, 24);
	while (now_ms() < until) {
		if (waitpid(term.pid, &term.status, WNOHANG) == term.pid)
			return term.ended = true;
		kill(pid, SIGCONT);
		type("\033\033Q");
		pump(500);
	}
	return false;
}

static void show_tail(void)
{
	char *text = strdup(terminal_text(&term)), *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		printf("# |%s\n", l);
	free(text);
}

/* --- what it comes to --- */

static int by_value(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

/* The middle of a field's values from sample i0 to i1. */
static long median(size_t field, size_t i0, size_t i1)
{
	long *v = xcalloc(i1 - i0, sizeof(*v)), m;

	for (size_t i = i0; i < i1; i++)
		v[i - i0] = *(const long *)((const char *)&samples.v[i] + field);
	qsort(v, i1 - i0, sizeof(*v), by_value);
	m = v[(i1 - i0) / 2];
	free(v);
	return m;
}

static long least(size_t field, size_t i0, size_t i1)
{
	long m = LONG_MAX;

	for (size_t i = i0; i < i1; i++) {
		long v = *(const long *)((const char *)&samples.v[i] + field);

		m = v < m ? v : m;
	}
	return m;
}

static void print_table(void)
{
	size_t n = samples.n, rows = n < LINES ? n : LINES;

	printf("# %s: seed %llu, %lu steps, %lu times asked to paint anew\n", name,
	       (unsigned long long)seed, steps, answers);
	printf("# %7s %9s %5s %8s %9s %8s %9s %10s\n", "s", "anon KB", "fds", "threads",
	       "bpf links", "bpf maps", "perf fds", "recorded");
	for (size_t r = 0; r < rows; r++) {
		const struct sample *s = &samples.v[rows > 1 ? r * (n - 1) / (rows - 1) : 0];

		printf("# %7.1f %9ld %5ld %8ld %9ld %8ld %9ld %10lld\n", (double)s->ms / 1e3,
		       s->anon_kb, s->fds, s->threads, s->links, s->maps, s->perf, s->recorded);
	}
}

static void judge_least(const char *what, size_t field)
{
	size_t n = samples.n;
	long before = least(field, n / 2, n * 3 / 4), after = least(field, n * 3 / 4, n);
	char line[100];

	snprintf(line, sizeof(line), "%s are flat: at least %ld, then at least %ld", what, before,
		 after);
	result(after <= before, line, NULL);
}

static void judge_flat(void)
{
	size_t n = samples.n, field = offsetof(struct sample, anon_kb);
	long before = median(field, n / 2, n * 3 / 4), after = median(field, n * 3 / 4, n);
	long noise = before / NOISE_PARTS > NOISE_KB ? before / NOISE_PARTS : NOISE_KB;
	char line[160];

	snprintf(line, sizeof(line),
		 "memory is flat: %ld KB in the third quarter, %ld KB in the last", before, after);
	result(after - before <= noise, line, NULL);
	judge_least("descriptors", offsetof(struct sample, fds));
	judge_least("threads", offsetof(struct sample, threads));
	judge_least("bpf links", offsetof(struct sample, links));
	judge_least("bpf maps", offsetof(struct sample, maps));
	judge_least("perf events", offsetof(struct sample, perf));
}

static void soak(void)
{
	int64_t next = 0, end = began + seconds * 1000;
	bool good = true;

	while (good && now_ms() < end) {
		step();
		if (now_ms() - began >= next) {
			take_sample();
			next = now_ms() - began + SAMPLE_MS;
		}
		if (steps % 200 == 0)
			good = answers_now();
		good = good && is_there();
	}
	good = good && answers_now();
	result(good, "it answers to the end", NULL);
	if (!good)
		show_tail();
}

static int usage(void)
{
	fprintf(stderr, "soak [-t SECONDS] [-s SEED] [-j] [-d DIR] [-r RECORDING] [-n NAME] -- "
			"PROGRAM ARGUMENT...\n");
	return 2;
}

static int options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+t:s:jd:r:n:")) >= 0)
		switch (c) {
		case 't':
			seconds = atol(optarg);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'j':
			judge = true;
			break;
		case 'd':
			dir = optarg;
			break;
		case 'r':
			recording = optarg;
			break;
		case 'n':
			name = optarg;
			break;
		default:
			return -1;
		}
	return optind < argc && seconds > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	char self[4096], line[100];
	const char *why;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (argc > 2 && !strcmp(argv[1], "--job")) {
		signal(SIGTTOU, SIG_IGN);
		return run_job(argv + 2);
	}
	if (n < 0 || options(argc, argv) || chdir(dir))
		return usage();
	self[n] = '\0';
	dir = ".";
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	state = seed * 0x9e3779b97f4a7c15ull | 1;
	if (!start(argv + optind, argc - optind, self)) {
		result(false, "it shows its screen", NULL);
		show_tail();
	} else {
		began = now_ms();
		soak();
		snprintf(line, sizeof(line), "wait status %#x", (unsigned)term.status);
		result((term.ended || leave()) && WIFEXITED(term.status) &&
			       !WEXITSTATUS(term.status),
		       "left by its key, exit code 0", line);
		why = terminal_restored(&term);
		result(!why, "the terminal is as before", why);
		print_table();
		if (judge && samples.n >= 16)
			judge_flat();
	}
	terminal_end(&term);
	printf("1..%d\n", tests);
	vec_free(&samples);
	return failures > 0;
}

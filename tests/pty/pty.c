/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What needs a terminal: leaving it as it was found, however the program ends;
 * sizes; suspending; the editor. TAP. See pty.sh.
 */
#include <sys/stat.h>

#include "terminal.h"

enum { IDLE_MS = 400, RESIZES = 200, LEAST = 0x5eed };

static const char *program, *trace;
static int tests, failures;

/* --- results --- */

static void report(struct terminal *t, const char *name, const char *why)
{
	tests++;
	if (!why) {
		printf("ok %d - %s\n", tests, name);
		return;
	}
	failures++;
	printf("not ok %d - %s\n# %s; the screen:\n", tests, name, why);
	if (t && t->vt) {
		char *text = strdup(terminal_text(t)), *save = NULL;

		for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
			printf("# %s\n", l);
		free(text);
	}
}

static void start(struct terminal *t, int cols, int rows, const char *const *env)
{
	char *argv[] = { (char *)program, (char *)"--replay", (char *)trace, NULL };

	terminal_start(t, cols, rows, env, argv);
}

/* The whole trace is read and shown. */
static bool ready(struct terminal *t)
{
	return terminal_shows(t, "REPLAY") && terminal_shows(t, "Quit");
}

static const char *ended_with(struct terminal *t, int code, int sig)
{
	static char why[100];

	if (!terminal_wait(t))
		return "it did not end";
	if (sig && (!WIFSIGNALED(t->status) || WTERMSIG(t->status) != sig)) {
		snprintf(why, sizeof(why), "wait status %#x, not signal %d", (unsigned)t->status,
			 sig);
		return why;
	}
	if (!sig && (!WIFEXITED(t->status) || WEXITSTATUS(t->status) != code)) {
		snprintf(why, sizeof(why), "wait status %#x, not exit code %d", (unsigned)t->status,
			 code);
		return why;
	}
	return terminal_restored(t);
}

/* --- ends --- */

static void test_keys_that_quit(void)
{
	static const char *const keys[] = { "q", "Q", "\033[21~", "\003" };
	static const char *const names[] = { "q", "Q", "F10", "^C" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct terminal t;
		char name[64];
		const char *why = "it did not show its screen";

		start(&t, 80, 24, NULL);
		if (ready(&t)) {
			why = terminal_left(&t).alternate ? NULL : "no alternate screen was used";
			terminal_send(&t, keys[i]);
			why = why ? why : ended_with(&t, 0, 0);
		}
		snprintf(name, sizeof(name), "%s quits, and the terminal is as before", names[i]);
		report(&t, name, why);
		terminal_end(&t);
	}
}

static void test_signals_that_end(void)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct terminal t;
		const char *why = "it did not show its screen";
		char name[64];

		start(&t, 80, 24, NULL);
		if (ready(&t)) {
			kill(t.pid, signals[i]);
			why = ended_with(&t, 128 + signals[i], 0);
		}
		snprintf(name, sizeof(name), "SIG%s ends it cleanly", sigabbrev_np(signals[i]));
		report(&t, name, why);
		terminal_end(&t);
	}
}

static void test_crashes(void)
{
	static const int signals[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct terminal t;
		const char *why = "it did not show its screen";
		char name[64];

		start(&t, 80, 24, NULL);
		if (ready(&t)) {
			kill(t.pid, signals[i]);
			why = ended_with(&t, 0, signals[i]);
			if (!why && !strstr(terminal_text(&t), "please report"))
				why = "nothing is said of it";
		}
		snprintf(name, sizeof(name), "SIG%s leaves the terminal as before",
			 sigabbrev_np(signals[i]));
		report(&t, name, why);
		terminal_end(&t);
	}
}

static void test_hangup(void)
{
	struct terminal t;
	const char *why = "it did not show its screen";

	start(&t, 80, 24, NULL);
	if (ready(&t)) {
		close(t.master);
		t.master = -1;
		why = terminal_wait(&t) ? NULL : "it still runs after its terminal was closed";
		if (!why && (!WIFEXITED(t.status) || WEXITSTATUS(t.status) != 129))
			why = "its exit code is not that of a hang-up";
	}
	report(&t, "a closed terminal ends it", why);
	terminal_end(&t);
}

/* --- sizes --- */

static void test_resizes(void)
{
	struct terminal t;
	char *before;
	unsigned seed = LEAST;
	const char *why = NULL;

	start(&t, 80, 24, NULL);
	if (!ready(&t)) {
		report(&t, "resizes", "it did not show its screen");
		terminal_end(&t);
		return;
	}
	before = strdup(terminal_text(&t));
	for (int i = 0; i < RESIZES; i++) {
		terminal_resize(&t, 1 + (int)(rand_r(&seed) % 220), 1 + (int)(rand_r(&seed) % 70));
		terminal_pump(&t, i % 7 ? 0 : STEP_MS);
	}
	terminal_resize(&t, 80, 24);
	for (int i = 0; i < WAIT_MS / STEP_MS && strcmp(before, terminal_text(&t)) != 0; i++)
		terminal_pump(&t, STEP_MS);
	if (strcmp(before, terminal_text(&t)) != 0)
		why = "the screen is not what it was at that size";
	report(&t, "200 resizes, and the screen is right again", why);
	terminal_resize(&t, 1, 1);
	terminal_pump(&t, STEP_MS);
	terminal_resize(&t, 30, 8);
	report(&t, "too small a window says so",
	       terminal_shows(&t, "too small") ? NULL : "it does not");
	terminal_resize(&t, 1, 1);
	terminal_send(&t, "q");
	report(&t, "q works in a window of 1x1", ended_with(&t, 0, 0));
	terminal_end(&t);
	free(before);
}

static void test_starts_tiny(void)
{
	struct terminal t;

	start(&t, 1, 1, NULL);
	terminal_sent(&t, 0, "\033[?1049h");
	terminal_send(&t, "q");
	report(&t, "it starts in a window of 1x1", ended_with(&t, 0, 0));
	terminal_end(&t);
}

/* --- suspending --- */

/* bash makes a process group for each job: without one, the kernel drops SIGTSTP. */
static void start_bash(struct terminal *t, const char *const *env)
{
	char *argv[] = { (char *)"bash", (char *)"--norc", (char *)"--noprofile", (char *)"-i",
			 NULL };
	char line[2000];

	terminal_start(t, 80, 24, env, argv);
	terminal_shows(t, "bash-");
	snprintf(line, sizeof(line), "PS1='p''rompt> '; %s --replay %s\r", program, trace);
	terminal_send(t, line);
}

static const char *stop_and_go(struct terminal *t, const char *how)
{
	struct left l;

	if (!ready(t))
		return "it did not show its screen";
	if (!strcmp(how, "^Z")) {
		terminal_send(t, "\032");
	} else {
		kill(tcgetpgrp(t->master), !strcmp(how, "TSTP") ? SIGTSTP : SIGSTOP);
	}
	if (!terminal_shows(t, "Stopped"))
		return "the shell does not say that it is stopped";
	l = terminal_left(t);
	if (strcmp(how, "STOP") != 0 && (l.alternate || l.hidden_cursor || l.mouse))
		return "the terminal was not given back";
	terminal_send(t, "fg\r");
	if (!terminal_hides(t, "Stopped") || !ready(t))
		return "fg does not bring the screen back";
	terminal_send(t, "j");
	terminal_send(t, "q");
	terminal_hides(t, "Quit");
	terminal_send(t, "echo left with $?\r");
	if (!terminal_shows(t, "left with 0"))
		return "it did not end with 0";
	l = terminal_left(t);
	return l.alternate || l.hidden_cursor || l.mouse ? "the terminal was not restored" : NULL;
}

static void test_suspend(void)
{
	static const char *const how[] = { "^Z", "TSTP", "STOP" };

	for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
		struct terminal t;
		char name[64];

		start_bash(&t, NULL);
		snprintf(name, sizeof(name), "%s and fg", how[i]);
		report(&t, name, stop_and_go(&t, how[i]));
		terminal_send(&t, "exit\r");
		terminal_wait(&t);
		terminal_end(&t);
	}
}

/* --- the editor --- */

static const char *edit_and_back(struct terminal *t)
{
	struct left l;

	if (!ready(t))
		return "it did not show its screen";
	terminal_send(t, ":goroutine 38\r3e");
	if (!terminal_shows(t, "EDITOR"))
		return "the editor was not started";
	l = terminal_left(t);
	if (l.alternate || l.hidden_cursor || l.mouse)
		return "the editor has no terminal of its own";
	if (!strstr(terminal_text(t), " +") || !strstr(terminal_text(t), "main.go"))
		return "the editor is not told file and line";
	terminal_send(t, "x\r");
	if (!terminal_hides(t, "EDITOR") || !ready(t))
		return "the screen does not come back";
	terminal_send(t, "q");
	return ended_with(t, 0, 0);
}

static void test_editor(const char *editor, const char *sources)
{
	char command[2000], substitute[2000];
	const char *env[] = { "VISUAL", command, NULL };
	char *argv[] = { (char *)program, (char *)"--replay",
			 (char *)trace,	  (char *)"--substitute-path",
			 substitute,	  NULL };
	struct terminal t;

	snprintf(command, sizeof(command), "EDITOR=%s --own-option", editor);
	snprintf(substitute, sizeof(substitute), "/src/shop=%s", sources);
	terminal_start(&t, 80, 24, env, argv);
	report(&t, "the editor, and back", edit_and_back(&t));
	terminal_end(&t);
}

/* From whichever pane has the keys, at the line of the frame that was chosen there. */
static const char *edit_from(struct terminal *t, const char *keys, const char *line)
{
	if (!ready(t))
		return "it did not show its screen";
	terminal_send(t, keys);
	terminal_send(t, "e");
	if (!terminal_shows(t, "EDITOR"))
		return "the editor was not started";
	if (!terminal_shows(t, line) || !strstr(terminal_text(t), "main.go"))
		return "the editor is not told the frame's line";
	terminal_send(t, "x\r");
	if (!terminal_hides(t, "EDITOR") || !ready(t))
		return "the screen does not come back";
	terminal_send(t, "q");
	return ended_with(t, 0, 0);
}

static void test_editor_panes(const char *editor, const char *sources)
{
	static const struct {
		const char *name, *keys, *line;
	} from[] = {
		{ "the editor, from the detail", ":goroutine 17\r:pane detail\r", " +37 " },
		{ "the editor, from the detail, a frame further out",
		  ":goroutine 17\r:pane detail\r)", " +126 " },
		{ "the editor, from the variables", ":goroutine 17\r4))(", " +126 " },
		{ "the editor, from the source", ":goroutine 17\r3)", " +126 " },
		{ "the editor, from the disassembly that is not there", ":goroutine 17\r3)d",
		  " +126 " },
	};
	char command[2000], substitute[2000];
	const char *env[] = { "VISUAL", command, NULL };
	char *argv[] = { (char *)program, (char *)"--replay",
			 (char *)trace,	  (char *)"--substitute-path",
			 substitute,	  NULL };

	snprintf(command, sizeof(command), "EDITOR=%s", editor);
	snprintf(substitute, sizeof(substitute), "/src/shop=%s", sources);
	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		struct terminal t;

		terminal_start(&t, 80, 24, env, argv);
		report(&t, from[i].name, edit_from(&t, from[i].keys, from[i].line));
		terminal_end(&t);
	}
}

static void test_no_editor(const char *sources)
{
	const char *env[] = { "VISUAL=/nowhere/editor", NULL };
	char substitute[2000];
	char *argv[] = { (char *)program, (char *)"--replay",
			 (char *)trace,	  (char *)"--substitute-path",
			 substitute,	  NULL };
	struct terminal t;
	const char *why = "it did not show its screen";

	snprintf(substitute, sizeof(substitute), "/src/shop=%s", sources);
	terminal_start(&t, 80, 24, env, argv);
	if (ready(&t)) {
		terminal_send(&t, ":goroutine 38\r3e");
		why = terminal_shows(&t, "cannot be started") ? NULL : "nothing is said of it";
		terminal_send(&t, "q");
		why = why ? why : ended_with(&t, 0, 0);
	}
	report(&t, "an editor that is not there", why);
	terminal_end(&t);
}

/* --- input --- */

static void test_trace_on_stdin(void)
{
	for (int i = 0; i < 2; i++) {
		char line[2000];
		char *argv[] = { (char *)"sh", (char *)"-c", line, NULL };
		struct terminal t;
		const char *why = "it did not show its screen";

		if (i)
			snprintf(line, sizeof(line), "cat %s | %s --replay -", trace, program);
		else
			snprintf(line, sizeof(line), "%s --replay - <%s", program, trace);
		terminal_start(&t, 80, 24, NULL, argv);
		if (ready(&t)) {
			terminal_send(&t, "?");
			why = terminal_shows(&t, "Keys") ? NULL : "keys do not reach it";
			terminal_send(&t, "q");
			terminal_hides(&t, "Keys");
			terminal_send(&t, "q");
			why = why ? why : ended_with(&t, 0, 0);
		}
		report(&t,
		       i ? "a trace through a pipe, keys from the terminal"
			 : "a trace on standard input, keys from the terminal",
		       why);
		terminal_end(&t);
	}
}

/* The column of the border between list and source, by the corner in the first title. */
static int border_of(struct terminal *t)
{
	const char *corner = strstr(terminal_text(t), "┬"), *line = corner;
	int n = 0;

	while (line && line > terminal_text(t) && line[-1] != '\n')
		line--;
	for (; line && line < corner; line++)
		n += (*line & 0xc0) != 0x80;
	return corner ? n : -1;
}

static bool border_moves(struct terminal *t, int from, int to)
{
	int64_t until = now_ms() + WAIT_MS;

	while (border_of(t) != to && now_ms() < until && terminal_pump(t, STEP_MS) >= 0)
		;
	return from >= 0 && border_of(t) == to;
}

/* Shift and an arrow, and the mouse, move a border; a drag over the timeline zooms. */
static void test_borders(void)
{
	struct terminal t;
	const char *why = "it did not show its screen";
	int at;

	start(&t, 120, 40, NULL);
	if (ready(&t)) {
		char drag[96];

		at = border_of(&t);
		terminal_send(&t, "\033[1;2D");
		why = border_moves(&t, at, at - 4) ? NULL : "Shift-Left does not move the border";
		snprintf(drag, sizeof(drag), "\033[<0;%d;10M\033[<32;%d;10M\033[<0;%d;10m", at - 3,
			 at + 8, at + 8);
		terminal_send(&t, drag);
		if (!why && !border_moves(&t, at, at + 7))
			why = "the mouse does not move the border";
		terminal_send(&t, "\033[<0;40;32M\033[<32;60;33M\033[<0;60;33m");
		if (!why && !terminal_shows(&t, "zoomed in"))
			why = "a drag over the timeline does not zoom";
		terminal_send(&t, "q");
		why = why ? why : ended_with(&t, 0, 0);
	}
	report(&t, "borders and drags", why);
	terminal_end(&t);
}

static void test_mouse(void)
{
	struct terminal t;
	const char *why = "it did not show its screen";

	start(&t, 80, 24, NULL);
	if (ready(&t)) {
		/* the tab of the source, then the bar's last label */
		char *line = strstr(terminal_text(&t), "3 Source"), *l = line;
		char click[64];

		while (l && l > terminal_text(&t) && l[-1] != '\n')
			l--;
		snprintf(click, sizeof(click), "\033[<0;%d;3M\033[<0;%d;3m", (int)(line - l) + 3,
			 (int)(line - l) + 3);
		terminal_send(&t, click);
		why = terminal_shows(&t, "Search") ? NULL
						   : "a click on a tab does not show its pane";
		terminal_send(&t, "M");
		if (!why && !terminal_shows(&t, "the mouse is the terminal's"))
			why = "M does not give it back";
		if (!why && terminal_left(&t).mouse)
			why = "the mouse is still reported after M";
		terminal_send(&t, "q");
		why = why ? why : ended_with(&t, 0, 0);
	}
	report(&t, "the mouse", why);
	terminal_end(&t);
}

/* Copying by OSC 52: the text is in the sequence, and nothing else of it on the screen. */
static void test_copy(void)
{
	struct terminal t;
	const char *why = "it did not show its screen";

	start(&t, 80, 24, NULL);
	if (ready(&t)) {
		size_t from = t.n;

		terminal_send(&t, "y");
		why = terminal_sent(&t, from, "\033]52;c;") ? NULL : "no OSC 52 was sent";
		if (!why && !terminal_shows(&t, "copied"))
			why = "nothing is said of it";
		terminal_send(&t, "q");
		why = why ? why : ended_with(&t, 0, 0);
	}
	report(&t, "y copies by OSC 52", why);
	terminal_end(&t);
}

/* Where no clipboard is, the text is in a file that nobody else may read; its path is told. */
static void test_copy_kept(void)
{
	static const char *const env[] = { "TERM=linux", "XDG_RUNTIME_DIR=/nonexistent", NULL };
	const char *why = "it did not show its screen", *at;
	char path[64] = "";
	struct terminal t;
	struct stat st;

	start(&t, 80, 24, env);
	if (ready(&t)) {
		terminal_send(&t, "y");
		why = terminal_shows(&t, "characters are in /tmp/bingo-top-")
			      ? NULL
			      : "no file is told of";
		at = strstr(terminal_text(&t), "/tmp/bingo-top-");
		if (at)
			snprintf(path, sizeof(path), "%.*s", (int)strcspn(at, " \n"), at);
		if (!why && (lstat(path, &st) || (st.st_mode & 0777) != 0600 || !st.st_size))
			why = "the file is not there, empty, or others may read it";
		if (*path)
			unlink(path);
		terminal_send(&t, "q");
		why = why ? why : ended_with(&t, 0, 0);
	}
	report(&t, "y where there is no clipboard keeps the text in a file", why);
	terminal_end(&t);
}

/* Bytes that come for a key, once it is quiet again. */
static size_t sent_by(struct terminal *t, const char *key)
{
	size_t n = t->n;

	terminal_send(t, key);
	terminal_pump(t, WAIT_MS);
	while (terminal_pump(t, STEP_MS) > 0)
		;
	return t->n - n;
}

static void test_idle(void)
{
	struct terminal t;
	const char *why = "it did not show its screen";

	start(&t, 200, 60, NULL);
	if (ready(&t)) {
		size_t n;

		while (terminal_pump(&t, IDLE_MS) > 0)
			;
		n = t.n;
		terminal_pump(&t, IDLE_MS);
		why = t.n == n ? NULL : "bytes are sent though nothing changes";
		/* with all panes a goroutine chosen changes most of them: less than is on the screen */
		n = sent_by(&t, "j");
		if (!why && n > 3 * 200 * 60)
			why = "one line down sends more than all that is there";
		/* with the list alone it changes two lines, and numbers in the header */
		sent_by(&t, "z");
		n = sent_by(&t, "j");
		if (!why && n > 2000)
			why = "one line down sends more than it changes";
		terminal_send(&t, "q");
		why = why ? why : ended_with(&t, 0, 0);
	}
	report(&t, "nothing is sent while nothing changes", why);
	terminal_end(&t);
}

/* --- kinds of terminals --- */

static bool has_color(const struct terminal *t)
{
	return strstr(t->raw, "\033[3") &&
	       (strstr(t->raw, ";5;") || strstr(t->raw, "\033[33m") || strstr(t->raw, "\033[36m") ||
		strstr(t->raw, "\033[31m"));
}

static void test_terminals(void)
{
	static const struct {
		const char *name, *env[3];
		bool color;
	} kinds[] = {
		{ "xterm-256color has colours", { "TERM=xterm-256color" }, true },
		{ "NO_COLOR has none", { "NO_COLOR=1" }, false },
		{ "an empty NO_COLOR is none", { "NO_COLOR=" }, true },
		{ "linux", { "TERM=linux" }, true },
		{ "vt100", { "TERM=vt100" }, false },
		{ "a terminal that nobody knows", { "TERM=nobody-knows-it" }, true },
		{ "ASCII where the locale is C", { "LC_ALL=C" }, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct terminal t;
		const char *why = "it did not show its screen";

		start(&t, 80, 24, kinds[i].env);
		if (ready(&t)) {
			why = has_color(&t) == kinds[i].color ? NULL : "colours are not as wanted";
			if (!why && strstr(kinds[i].name, "ASCII"))
				for (size_t k = 0; k < t.n; k++)
					if ((unsigned char)t.raw[k] >= 0x80)
						why = "something else than ASCII was sent";
			terminal_send(&t, "q");
			why = why ? why : ended_with(&t, 0, 0);
		}
		report(&t, kinds[i].name, why);
		terminal_end(&t);
	}
}

static void test_dumb(void)
{
	static const char *const env[] = { "TERM=dumb", NULL };
	struct terminal t;
	const char *why;

	start(&t, 80, 24, env);
	why = ended_with(&t, 0, 0);
	if (!why && !strstr(t.raw, "cannot place its cursor"))
		why = "the reason is not told";
	if (!why && strchr(t.raw, '\033'))
		why = "escapes were sent to a terminal that knows none";
	report(&t, "a dumb terminal gets a report", why);
	terminal_end(&t);
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "pty PROGRAM TRACE SOURCES EDITOR\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	program = argv[1];
	trace = argv[2];
	test_keys_that_quit();
	test_signals_that_end();
	test_crashes();
	test_hangup();
	test_resizes();
	test_starts_tiny();
	test_suspend();
	test_editor(argv[4], argv[3]);
	test_editor_panes(argv[4], argv[3]);
	test_no_editor(argv[3]);
	test_trace_on_stdin();
	test_mouse();
	test_borders();
	test_copy();
	test_copy_kept();
	test_idle();
	test_terminals();
	test_dumb();
	printf("1..%d\n", tests);
	return failures != 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostile MOST_MB PROGRAM [ARG...]
 *
 * Runs PROGRAM on a terminal of its own, goes through all its panes while it shows
 * what a hostile target tells, and quits. Nothing of what tests/targets/malicious put into
 * names may come out as a command to the terminal, the program has to answer and to
 * end, and its memory to stay below MOST_MB. Prints "ok PEAK_MB" or why not, and
 * exits with 0 or 1; 0 as well where it refused the target with a sentence.
 */
#include "terminal.h"

enum { PUMPS = 6, ANSWER_MS = 20000 };

/* What a name must never do: a title, a colour that nobody has, cursor to the right to left. */
static const char *const never[] = { "\033]0;OWNED", "\033[666m", "OWNED\007", "\x9b\x32J",
				     "\xe2\x80\xae" };

/* Moves, opens, all panes, and back; each is drawn before the next. */
static const char *const keys[] = {
	"\033[B", "\r", "\033[B", "\r", "j",  "3", "d",	   "d",	   "4",	 "\r", "j", "\r",
	"j",	  "\r", "5",	  "j",	"\r", "W", "\033", "6",	   "j",	 "f",  "c", "2",
	"t",	  "t",	"s",	  "/",	"e",  "v", "\r",   "\033", "\t", "m",  "?", "\033"
};

static long peak_kb;

static void note_memory(pid_t pid)
{
	char name[64], line[256];
	long kb;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/status", (int)pid);
	f = fopen(name, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %ld", &kb) == 1 && kb > peak_kb)
			peak_kb = kb;
	if (f)
		fclose(f);
}

static bool has_ended(struct terminal *t)
{
	if (!t->ended && waitpid(t->pid, &t->status, WNOHANG) == t->pid)
		t->ended = true;
	return t->ended;
}

static bool pump_until(struct terminal *t, const char *text)
{
	int64_t until = now_ms() + ANSWER_MS;

	while (!strstr(terminal_text(t), text)) {
		note_memory(t->pid);
		if (terminal_pump(t, STEP_MS) < 0 || has_ended(t) || now_ms() > until)
			return strstr(terminal_text(t), text) != NULL;
	}
	return true;
}

static bool wait_end(struct terminal *t)
{
	int64_t until = now_ms() + ANSWER_MS;

	while (!has_ended(t) && now_ms() < until)
		if (terminal_pump(t, STEP_MS) < 0)
			poll(NULL, 0, 1);
	while (terminal_pump(t, 0) > 0)
		;
	return t->ended;
}

static void walk_panes(struct terminal *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys) && !has_ended(t); i++) {
		terminal_send(t, keys[i]);
		for (int k = 0; k < PUMPS; k++) {
			terminal_pump(t, STEP_MS);
			note_memory(t->pid);
		}
	}
}

static const char *obeyed(const struct terminal *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (t->n && memmem(t->raw, t->n, never[i], strlen(never[i])))
			return "the terminal was told what a name says";
	return NULL;
}

static const char *session(struct terminal *t)
{
	bool shown = pump_until(t, "LIVE");

	if (!shown && !has_ended(t))
		return "it showed nothing";
	if (shown) {
		walk_panes(t);
		for (int i = 0; i < 8 && !has_ended(t); i++) {
			terminal_send(t, i % 2 ? "q" : "\033"); /* out of prompts and lists first */
			for (int k = 0; k < 2 * PUMPS && !has_ended(t); k++)
				terminal_pump(t, STEP_MS);
		}
	}
	if (!wait_end(t))
		return "it did not end";
	if (!WIFEXITED(t->status))
		return "it was ended by a signal";
	if (shown ? WEXITSTATUS(t->status) != 0 : WEXITSTATUS(t->status) != 3)
		return "its exit code is another";
	return obeyed(t) ?: terminal_restored(t);
}

int main(int argc, char **argv)
{
	struct terminal t;
	const char *why;
	long most;

	if (argc < 3)
		return 2;
	most = strtol(argv[1], NULL, 10) * 1024;
	terminal_start(&t, 120, 40, NULL, argv + 2);
	why = session(&t);
	if (!why && peak_kb > most)
		why = "it took too much memory";
	printf("%s %ld MB\n", why ? why : "ok", peak_kb / 1024);
	if (why)
		printf("wait status %#x; the screen:\n%s", (unsigned)t.status, terminal_text(&t));
	terminal_end(&t);
	return why != NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* See settings.sh. */
#include <sys/stat.h>

#include "terminal.h"

static const char *program, *trace, *sources, *editor, *folder;
static char config[1000], history[1000], config_env[1100], state_env[1100];
static int tests, failures;

static void report(struct terminal *t, const char *name, const char *why)
{
	tests++;
	if (!why) {
		printf("ok %d - %s\n", tests, name);
		return;
	}
	failures++;
	printf("not ok %d - %s\n# %s; the screen:\n", tests, name, why);
	for (const char *s = t ? terminal_text(t) : ""; *s; s += *s == '\n') {
		printf("# %.*s\n", (int)strcspn(s, "\n"), s);
		s += strcspn(s, "\n");
	}
}

/* --- files --- */

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f)) {
		perror(path);
		exit(99);
	}
}

static const char *get(const char *path)
{
	static char buf[8192];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(buf, 1, sizeof(buf) - 1, f) : 0;

	buf[n] = '\0';
	if (f)
		fclose(f);
	return buf;
}

static bool is_there(const char *path)
{
	return !access(path, F_OK);
}

static void set_config(const char *text)
{
	unlink(config);
	unlink(history);
	if (text)
		put(config, text);
}

/* --- the program --- */

/* With the test's own folders for files, and more of the environment and arguments (each may be NULL). */
static void start(struct terminal *t, const char *env1, const char *env2, const char *arg)
{
	const char *env[] = { config_env,   state_env, "XDG_CONFIG_DIRS=/nonexistent",
			      "ACCESSIBLE", env1,      env2,
			      NULL };
	char substitute[1200];
	char *argv[] = {
		(char *)program, (char *)"--replay", (char *)trace, (char *)"--substitute-path",
		substitute,	 (char *)arg,	     NULL
	};

	snprintf(substitute, sizeof(substitute), "/src/shop=%s", sources);
	terminal_start(t, 80, 24, env, argv);
}

static bool ready(struct terminal *t)
{
	return terminal_shows(t, "REPLAY") && terminal_shows(t, "Quit");
}

static const char *ended(struct terminal *t)
{
	if (!terminal_wait(t))
		return "it did not end";
	if (!WIFEXITED(t->status) || WEXITSTATUS(t->status))
		return "it did not end well";
	return terminal_restored(t);
}

static const char *quit(struct terminal *t, const char *why)
{
	terminal_send(t, "q");
	return why ? why : ended(t);
}

/* --- saving --- */

static void test_nothing_is_written(void)
{
	struct terminal t;
	const char *why = "it did not show its screen";

	set_config(NULL);
	start(&t, NULL, NULL, NULL);
	if (ready(&t)) {
		terminal_send(&t, "olllljjjl");
		why = terminal_shows(&t, "*mouse") ? NULL : "the setting does not change";
		terminal_send(&t, "q");
		why = quit(&t, why);
	}
	if (!why && (is_there(config) || is_there(history)))
		why = "a file was written that nobody asked for";
	report(&t, "nothing is written but by save", why);
	terminal_end(&t);
}

static void test_save(void)
{
	struct terminal t;
	const char *why = "it did not show its screen";

	set_config("# mine\n[list]\nsort = wait ; why\n\n[screen]\n# about\nmouse = no\n");
	start(&t, NULL, NULL, NULL);
	if (ready(&t)) {
		why = terminal_shows(&t, "▶      16") ? NULL
						      : "the file's order is not that of the list";
		terminal_send(&t, "ojjl");
		if (!why && !terminal_shows(&t, "* REPLAY")) /* ASCII */
			why = "what is set does not show at once";
		terminal_send(&t, "s");
		if (!why && !terminal_shows(&t, "1 change saved to "))
			why = "it does not say where";
		terminal_send(&t, "q");
		why = quit(&t, why);
	}
	if (!why && strcmp(get(config), "# mine\n[list]\nsort = wait ; why\n\n[screen]\n# about\n"
					"mouse = no\nascii = yes\n") != 0)
		why = get(config);
	report(&t, "save keeps the rest of the file", why);
	terminal_end(&t);

	start(&t, NULL, NULL, NULL);
	why = terminal_shows(&t, "* REPLAY") ? NULL : "what was saved is not in force";
	report(&t, "and the next time it is in force", quit(&t, why));
	terminal_end(&t);
}

static void test_no_place(void)
{
	static const char *const envs[][2] = {
		{ "XDG_CONFIG_HOME=/proc/none", "XDG_STATE_HOME=/proc/none" },
		{ "XDG_CONFIG_HOME", "HOME" },
	};
	static const char *const said[] = { "cannot write", "there is no place for the file" };

	set_config(NULL);
	for (size_t i = 0; i < 2; i++) {
		struct terminal t;
		const char *why = "it did not show its screen";

		start(&t, envs[i][0], envs[i][1], NULL);
		if (ready(&t)) {
			terminal_send(&t, "/mutex\rojjls");
			why = terminal_shows(&t, said[i]) ? NULL : "nothing is said of it";
			terminal_send(&t, "q");
			why = quit(&t, why);
		}
		report(&t, i ? "no HOME" : "a HOME that cannot be written to", why);
		terminal_end(&t);
	}
}

static void test_filters(void)
{
	struct terminal t;
	const char *why = "it did not show its screen";

	set_config(NULL);
	start(&t, NULL, NULL, NULL);
	if (ready(&t)) {
		terminal_send(&t, "/mutex\r&slocks\r");
		why = terminal_shows(&t, "locks is saved to ") ? NULL : "the filter is not saved";
		terminal_send(&t, "q\033");
		if (!why && !terminal_hides(&t, "filter: mutex"))
			why = "the filter does not go";
		terminal_send(&t, "&\r");
		if (!why && !terminal_shows(&t, "filter: mutex"))
			why = "the saved filter does not come";
		terminal_send(&t, "\r"); /* what is said goes with a key */
		why = quit(&t, why);
	}
	if (!why && strcmp(get(config), "[filters]\nlocks = mutex\n") != 0)
		why = get(config);
	report(&t, "a filter is named, saved and chosen", why);
	terminal_end(&t);
}

static void test_history(void)
{
	struct terminal t;
	const char *why = "it did not show its screen";

	set_config(NULL);
	start(&t, NULL, NULL, NULL);
	if (ready(&t)) {
		terminal_send(&t, "/chan-send\r:sort wait\r");
		why = terminal_shows(&t, "sorted by wait") ? NULL : "nothing can be typed";
		terminal_send(&t, "\014");
		why = quit(&t, why);
	}
	if (!why && strcmp(get(history), "filter\tchan-send\npalette\tsort wait\n") != 0)
		why = get(history);
	report(&t, "what was typed is kept", why);
	terminal_end(&t);

	start(&t, NULL, NULL, NULL);
	why = "it did not show its screen";
	if (ready(&t)) {
		terminal_send(&t, "/\020\r");
		why = terminal_shows(&t, "filter: chan-send") ? NULL : "it does not come back";
		why = quit(&t, why);
	}
	report(&t, "and comes back the next time", why);
	terminal_end(&t);

	set_config("[screen]\nhistory = 0\n");
	start(&t, NULL, NULL, NULL);
	why = "it did not show its screen";
	if (ready(&t)) {
		terminal_send(&t, "/chan-send\r");
		why = terminal_shows(&t, "filter: chan-send") ? NULL : "nothing can be typed";
		why = quit(&t, why);
	}
	report(&t, "history = 0 keeps nothing",
	       why		   ? why
	       : is_there(history) ? "there is a file"
				   : NULL);
	terminal_end(&t);
}

/* --- keys and colours --- */

static void test_keys(void)
{
	struct terminal t;
	const char *why = "it did not show its screen";

	set_config("[keys]\nclose = X\nquit =\npane = F2 ^Y Semicolon\nsetup = ^O\n");
	start(&t, NULL, NULL, NULL);
	if (ready(&t)) {
		why = terminal_shows(&t, "X Quit") ? NULL : "the bar does not have the key";
		terminal_send(&t, "q");
		if (!why && !terminal_shows(&t, "q does nothing here"))
			why = "the old key still does something";
		terminal_send(&t, ";");
		if (!why && !terminal_shows(&t, "func ("))
			why = "the third of the panes' keys does not show the third of the panes";
		terminal_send(&t, "\017");
		if (!why && !terminal_shows(&t, "Settings"))
			why = "a control key is not bound";
		terminal_send(&t, "\033X");
		why = why ? why : ended(&t);
	}
	report(&t, "keys are those of the file", why);
	terminal_end(&t);
}

static void test_colors(void)
{
	static const struct {
		const char *name, *file, *env, *arg, *sent, *not_sent;
	} kinds[] = {
		{ "a theme of the user's own",
		  "[screen]\ntheme = mine\n[theme mine]\nblocked = 93\n", NULL, NULL, "38;5;93m",
		  "38;5;166m" },
		{ "the same where 16 colours are asked for",
		  "[screen]\ntheme = mine\ncolor = 16\n[theme mine]\nblocked = #00ff00\n", NULL,
		  NULL, "\033[92m", "38;5;" },
		{ "--theme goes before the file", "[screen]\ntheme = light\n", NULL,
		  "--theme=high-contrast", "38;5;208", "38;5;202m" },
		{ "--color goes before the file", "[screen]\ncolor = never\n", NULL, "--color=256",
		  "38;5;166", NULL },
		{ "mono has no colours", "[screen]\ntheme = mono\n", NULL, NULL, "\033[1",
		  "38;5;" },
		{ "auto is light on a light background", NULL, "COLORFGBG=0;15", NULL, "38;5;202",
		  "38;5;166m" },
		{ "NO_COLOR goes before auto", "[screen]\ncolor = auto\n", "NO_COLOR=1", NULL,
		  "\033[1", "38;5;" },
		{ "colours that were asked for go before NO_COLOR", "[screen]\ncolor = always\n",
		  "NO_COLOR=1", NULL, "38;5;166", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct terminal t;
		const char *why = "it did not show its screen";

		set_config(kinds[i].file);
		start(&t, kinds[i].env, NULL, kinds[i].arg);
		if (ready(&t))
			why = terminal_sent(&t, 0, kinds[i].sent) ? NULL : "the colour is not sent";
		if (!why && kinds[i].not_sent && strstr(t.raw, kinds[i].not_sent))
			why = "another colour is sent";
		report(&t, kinds[i].name, quit(&t, why));
		terminal_end(&t);
	}
}

static void test_theme_changes(void)
{
	struct terminal t;
	const char *why = "it did not show its screen";

	set_config(NULL);
	start(&t, NULL, NULL, NULL);
	if (ready(&t)) {
		size_t from = t.n;

		terminal_send(&t, ":set theme light\r");
		why = terminal_sent(&t, from, "38;5;202") ? NULL : "the colours do not change";
		from = t.n;
		terminal_send(&t, ":set color never\r");
		if (!why && !terminal_sent(&t, from, "color is never"))
			why = "nothing is said";
		from = t.n;
		terminal_send(&t, "\014");
		if (!why && !terminal_sent(&t, from, "Goroutines"))
			why = "it is not painted anew";
		if (!why && strstr(t.raw + from, "38;5;"))
			why = "colours stay";
		why = quit(&t, why);
	}
	report(&t, "colours change while it runs", why);
	terminal_end(&t);
}

/* --- programs of the user's --- */

static void test_editor(void)
{
	char text[2000];
	struct terminal t;
	const char *why = "it did not show its screen";

	snprintf(text, sizeof(text), "[source]\neditor = %s -at {line} -in {file}\n", editor);
	set_config(text);
	start(&t, "VISUAL=/nowhere/editor", NULL, NULL);
	if (ready(&t)) {
		terminal_send(&t, ":goroutine 38\r3e");
		why = terminal_shows(&t, "EDITOR -at 156 -in /") ? NULL
								 : "it is not started as asked";
		terminal_send(&t, "x\r");
		if (!why && (!terminal_hides(&t, "EDITOR") || !ready(&t)))
			why = "the screen does not come back";
		why = quit(&t, why);
	}
	report(&t, "the editor of the file", why);
	terminal_end(&t);
}

static void test_clipboard(void)
{
	char text[2000], path[1100];
	struct terminal t;
	const char *why = "it did not show its screen";

	snprintf(path, sizeof(path), "%s/copied", folder);
	snprintf(text, sizeof(text), "[clipboard]\ncommand = cat >%s\n", path);
	set_config(text);
	start(&t, NULL, NULL, NULL);
	if (ready(&t)) {
		terminal_send(&t, "Y");
		why = terminal_shows(&t, "by cat >") ? NULL : "it does not say by what";
		terminal_send(&t, "\014");
		why = quit(&t, why);
	}
	if (!why && !strstr(get(path), "main.(*Mailer).send"))
		why = "the command has not got it";
	if (!why && strstr(t.raw, "\033]52;"))
		why = "the terminal has got it as well";
	report(&t, "the clipboard's command of the file", why);
	terminal_end(&t);
}

/* --- the plain mode --- */

static void plain(const char *name, const char *file, const char *env, const char *arg)
{
	struct terminal t;
	const char *why;

	set_config(file);
	start(&t, env, NULL, arg);
	why = terminal_shows(&t, "Type a number to open") ? NULL : "it does not ask";
	terminal_send(&t, "1\r");
	if (!why && !terminal_shows(&t, "Next step:"))
		why = "a number opens nothing";
	terminal_send(&t, "? zoom\r");
	if (!why && !terminal_shows(&t, "zoom-out: show more time"))
		why = "? lists nothing";
	terminal_send(&t, "q\r");
	why = why ? why : ended(&t);
	if (!why && strchr(t.raw, '\033'))
		why = "an escape was sent";
	report(&t, name, why);
	terminal_end(&t);
}

static void test_plain(void)
{
	struct terminal t;
	const char *why;

	plain("--plain: lines, and not one escape", NULL, NULL, "--plain");
	plain("ACCESSIBLE=1 does so too", NULL, "ACCESSIBLE=1", NULL);
	plain("so does the file", "[screen]\nplain = yes\n", NULL, NULL);
	plain("on a dumb terminal as well", NULL, "TERM=dumb", "--plain");
	set_config(NULL);
	start(&t, "ACCESSIBLE=0", NULL, NULL);
	report(&t, "ACCESSIBLE=0 is none", quit(&t, ready(&t) ? NULL : "there is no screen"));
	terminal_end(&t);
	start(&t, NULL, NULL, "--plain");
	why = terminal_shows(&t, "Type a number") ? NULL : "it does not ask";
	terminal_send(&t, "\003");
	if (!why && (!terminal_wait(&t) || !WIFEXITED(t.status) || WEXITSTATUS(t.status) != 130))
		why = "it does not end as it should";
	report(&t, "^C ends it", why ? why : terminal_restored(&t));
	terminal_end(&t);
	start(&t, NULL, NULL, "--plain");
	why = terminal_shows(&t, "Type a number") ? NULL : "it does not ask";
	terminal_send(&t, "\004");
	report(&t, "so does the end of input", why ? why : ended(&t));
	terminal_end(&t);
}

static void test_bad_file(void)
{
	struct terminal t;
	const char *why = NULL;

	set_config("[screen]\ntheme = dark\nascii = perhaps\n");
	start(&t, NULL, NULL, NULL);
	if (!terminal_wait(&t) || !WIFEXITED(t.status) || WEXITSTATUS(t.status) != 2)
		why = "it does not end with 2";
	else if (!strstr(t.raw, "config, line 3: ascii takes one of yes no, not 'perhaps'"))
		why = "file, line and key are not told";
	else if (strchr(t.raw, '\033'))
		why = "an escape was sent";
	report(&t, "a file with a mistake", why);
	terminal_end(&t);
}

int main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr, "settings PROGRAM TRACE SOURCES EDITOR FOLDER\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	program = argv[1];
	trace = argv[2];
	sources = argv[3];
	editor = argv[4];
	folder = argv[5];
	snprintf(config_env, sizeof(config_env), "XDG_CONFIG_HOME=%s", folder);
	snprintf(state_env, sizeof(state_env), "XDG_STATE_HOME=%s/state", folder);
	snprintf(history, sizeof(history), "%s/bingo-top", folder);
	mkdir(history, 0700);
	snprintf(config, sizeof(config), "%s/bingo-top/config", folder);
	snprintf(history, sizeof(history), "%s/state/bingo-top/history", folder);
	test_nothing_is_written();
	test_save();
	test_no_place();
	test_filters();
	test_history();
	test_keys();
	test_colors();
	test_theme_changes();
	test_editor();
	test_clipboard();
	test_plain();
	test_bad_file();
	printf("1..%d\n", tests);
	return failures != 0;
}

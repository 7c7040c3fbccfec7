/* SPDX-License-Identifier: Apache-2.0 */
/* Settings, the file that they are in, and the keys and themes of the user's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "analysis/detect.h"
#include "config.h"
#include "ui/pane.h"

static struct detect detect;
static struct settings set;

static int setup(void **state)
{
	(void)state;
	detect_init(&detect);
	settings_init(&set, &detect.conf);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	settings_release(&set);
	detect_release(&detect);
	return 0;
}

static int read_text(struct settings *s, const char *text, struct err *err)
{
	FILE *in = fmemopen((char *)text, strlen(text), "r");
	int rc;

	*err = (struct err){ 0 };
	rc = config_read(s, in, "file", err);
	fclose(in);
	return rc;
}

static void reads(const char *text)
{
	struct err err;

	if (read_text(&set, text, &err))
		fail_msg("%s in: %.200s", err.text, text);
}

/* It is refused, with that in the sentence, and the settings are as before. */
static void refuses(const char *text, const char *why)
{
	struct err err;

	if (!read_text(&set, text, &err))
		fail_msg("not refused: %s", text);
	assert_int_equal(err.code, EXIT_USAGE);
	if (!strstr(err.text, why))
		fail_msg("%s: '%s' is not in '%s'", text, why, err.text);
	teardown(NULL);
	setup(NULL);
}

static const char *value(const char *section, const char *key)
{
	static char buf[SETTING_TEXT_MOST];

	return setting_text(&set, setting_row(section, key), buf);
}

/* --- the table --- */

static void test_every_row_is_whole(void **state)
{
	(void)state;
	for (const struct setting *row = setting_table; row->section; row++) {
		char buf[SETTING_TEXT_MOST];

		assert_ptr_equal(setting_row(row->section, row->key), row);
		assert_ptr_equal(setting_row(NULL, row->key), row); /* the palette names it alone */
		assert_true(strlen(row->help) > 3 && row->help[strlen(row->help) - 1] != '.');
		/* what the table says of a detector is what it does without a file */
		assert_string_equal(setting_text(&set, row, buf), row->initial);
	}
}

/* A value other than it is, of each kind. */
static const char *other(const struct setting *row)
{
	if (!strcmp(row->key, "theme"))
		return "light";
	if (row->kind == SETTING_BOOL)
		return strcmp(row->initial, "no") ? "no" : "yes";
	if (row->kind == SETTING_WORD)
		return strcmp(row->section, "findings") ? strrchr(row->words, ' ') + 1 : "info";
	if (row->kind == SETTING_COLUMNS)
		return "wait g";
	return row->kind == SETTING_LIST ? "/a=/b" : row->kind == SETTING_TEXT ? "vi" : "1234";
}

static void test_every_row_is_read_and_told(void **state)
{
	(void)state;
	for (const struct setting *row = setting_table; row->section; row++) {
		struct err err = { 0 };

		assert_int_equal(settings_set(&set, row->section, row->key, other(row), &err), 0);
		assert_string_equal(value(row->section, row->key), other(row));
		if (row->kind == SETTING_TEXT || row->kind == SETTING_LIST ||
		    !strcmp(row->key, "theme"))
			continue;
		assert_int_not_equal(settings_set(&set, row->section, row->key, "?", &err), 0);
		assert_non_null(strstr(err.text, row->key));
		assert_string_equal(value(row->section, row->key), other(row));
	}
	assert_int_equal(set.color, 4); /* as COLOR_256 of the command line */
	assert_int_equal(detect.conf.starve, 1234ll * 1000000000);
	assert_int_equal(detect.conf.severity[DETECT_RACE], SEVERITY_INFO);
}

/* Every line of the file of all settings may be made a setting, and changes nothing. */
static void test_printed_file_reads_back(void **state)
{
	char *text = NULL, *at;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	char buf[SETTING_TEXT_MOST];
	unsigned lines = 0;

	(void)state;
	settings_print(out);
	fclose(out);
	reads(text);
	assert_int_equal(set.keys.bound.n, 0);
	for (at = text; (at = strstr(at, "\n#")); at++) {
		bool example = strstr(text, "# A theme of your own") < at;

		if (at[2] == ' ' || example || !strncmp(at + 2, "substitute", 10))
			continue;
		at[1] = ' ';
		lines++;
	}
	assert_true(lines > 100);
	reads(text);
	assert_true(set.keys.bound.n > 100);
	assert_int_equal(set.filter.n, 1);
	for (const struct setting *row = setting_table; row->section; row++)
		assert_string_equal(setting_text(&set, row, buf), row->initial);
	for (const struct key_binding *b = key_table; b->action; b++)
		for (int bit = 0; bit < 31; bit++)
			if (b->ctx & 1u << bit && (1u << bit) != CTX_ANY)
				assert_string_equal(keymap_keys(&set.keys, b, 1u << bit, NULL),
						    b->keys);
	free(text);
}

/* --- reading --- */

static void test_errors_name_line_and_key(void **state)
{
	(void)state;
	refuses("[screen]\ntheme = dark\n\nascii = maybe\n",
		"file, line 4: ascii takes one of yes no");
	refuses("[screen]\nasci = yes\n", "line 2: there is no setting 'asci' in [screen]");
	refuses("[scren]\nascii = yes\n", "line 2: there is no section [scren]");
	refuses("ascii = yes\n", "line 1: 'ascii' stands before the first [section]");
	refuses("[list]\nlong-wait = soon\n", "line 2: long-wait takes seconds from 0");
	refuses("[list]\ncolumns = g n g\n", "columns has g twice");
	refuses("[list]\ncolumns = g size\n", "not 'size'");
	refuses("[screen]\nrefresh = 1e99\n", "refresh takes a whole number from 20");
	refuses("[screen]\nrefresh = nan\n", "refresh");
	refuses("[screen]\nrefresh = 20.5\n", "refresh");
	refuses("[screen]\ntheme = pink\n", "line 2: theme: there is none named 'pink'");
	refuses("[filters]\nx = (\n", "line 2: the filter x:");
	refuses("[filters]\nx y = a\n", "is no name for a filter");
	refuses("[filters]\nx =\n", "it is empty");
	refuses("[theme dark]\nrun = 1\n", "is no name for a theme");
	refuses("[theme mine]\nrun = octarine\n", "run: 'octarine' is no colour");
	refuses("[theme mine]\nrum = 1\n", "no colour for 'rum'");
	refuses("[theme mine]\nbase = pink\n", "no theme 'pink'");
	refuses("[source]\nsubstitute-path = x\n", "takes A=B");
	refuses("[findings]\nqueue = 0\n", "line 2: queue");
	refuses("[screen]\nnonsense\n", "line 2: this is neither a section nor key = value");
	refuses("[screen]\nascii = \033[31m\n", "line 2: the line has a control character");
}

static void test_lines_are_bounded(void **state)
{
	char *text = xasprintf("[filters]\n%s = %0*d\n", "x", 300, 0);

	(void)state;
	refuses(text, "line 2: the line is too long");
	free(text);
	text = xasprintf("[filters]\nx = %0*d\ny = b\n", 180, 0);
	reads(text);
	assert_int_equal(strlen(settings_filter(&set, "x")), 180);
	assert_string_equal(settings_filter(&set, "y"), "b");
	free(text);
}

static void test_forms_of_lines(void **state)
{
	(void)state;
	reads("\xef\xbb\xbf[screen]\r\n  ascii = yes  ; a comment\r\n\tmouse=no\r\n# x\n;y\n"
	      "[list]\nsort: wait\n[source]\nsubstitute-path = a=b\nsubstitute-path = c=d");
	assert_true(set.ascii);
	assert_false(set.mouse);
	assert_string_equal(value("list", "sort"), "wait");
	assert_int_equal(set.substitute.n, 2);
	assert_string_equal(set.substitute.v[1], "c=d");
}

/* --- keys --- */

static const struct key_binding *press(const char *name, unsigned ctx)
{
	struct key_seq seq = { .map = &set.keys };

	return key_feed(&seq, key_parse(name, strlen(name)), ctx);
}

enum {
	LIST = CTX_PANE(PANE_LIST) | CTX_ANY,
	FLAME = CTX_PANE(PANE_FLAME) | CTX_ANY,
};

static void test_keys_are_given_to_others(void **state)
{
	(void)state;
	reads("[keys]\nsort = x  F7\nflame.pause = s\n"
	      "help = Semicolon\nfold-all =\nprompt.accept = ^J Enter\n");
	assert_int_equal(press("x", LIST)->action, ACT_SORT);
	assert_int_equal(press("F7", LIST)->action, ACT_SORT);
	assert_null(press("s", LIST)); /* its old keys are free */
	assert_null(press("*", LIST));
	assert_int_equal(press("Semicolon", LIST)->action, ACT_HELP);
	assert_int_equal(press("s", FLAME)->action, ACT_PAUSE); /* before the pane's own */
	assert_int_equal(press("Space", LIST)->action, ACT_PAUSE); /* there it is as it was */
	assert_null(press("Space", FLAME));
	assert_int_equal(press("^J", CTX_PROMPT)->action, ACT_ACCEPT);
}

static void test_keys_that_are_refused(void **state)
{
	(void)state;
	refuses("[keys]\nsort = Entr\n", "line 2: sort: there is no key named 'Entr'");
	refuses("[keys]\nsrot = x\n", "there is no action named 'srot'");
	refuses("[keys]\nflame.sort = x\n", "there is no action named 'sort' there");
	refuses("[keys]\nattic.sort = x\n", "there is no action named 'attic.sort'");
	refuses("[keys]\nsort = x\nfollow = x\n", "file, line 3: the key x is given to both");
	refuses("[keys]\nquit =\nclose =\n", "no key that leaves");
	refuses("[keys]\npause = q Q F10 ^C\n", "no key that leaves");
	refuses("[keys]\nhelp-close =\n", "no key that leaves help");
	refuses("[keys]\naccept =\n", "bind accept and cancel");
	refuses("[keys]\naccept = x\n", "could not be typed any more");
	refuses("[keys]\ncancel = gg\n", "could not be typed any more");
	/* the same key in places that are not one */
	reads("[keys]\ngoroutines.sort = x\nflame.scope = x\n");
}

/* Wherever the table has keys, the file can give others: by the name of the place. */
static void test_every_place_has_a_name(void **state)
{
	unsigned all = CTX_ANY, ctx;

	(void)state;
	for (size_t i = 0; keymap_place(i, &ctx); i++)
		all |= ctx;
	for (const struct key_binding *b = key_table; b->action; b++)
		assert_int_equal(b->ctx & ~all, 0);
}

static void test_sequences_of_two(void **state)
{
	struct key_seq seq = { .map = &set.keys };

	(void)state;
	reads("[keys]\npause = pp\n");
	assert_null(key_feed(&seq, 'p', LIST));
	assert_int_equal(key_feed(&seq, 'p', LIST)->action, ACT_PAUSE);
}

static void test_first_key_of_an_action(void **state)
{
	char buf[16];

	(void)state;
	assert_string_equal(keymap_first(&set.keys, ACT_CLOSE, LIST, buf), "q");
	reads("[keys]\nclose = X\n");
	assert_string_equal(keymap_first(&set.keys, ACT_CLOSE, LIST, buf), "X");
	assert_string_equal(keymap_first(NULL, ACT_GOROUTINE, LIST, buf), "");
}

/* --- themes --- */

static void test_theme_of_ones_own(void **state)
{
	const struct theme *t;
	struct look l;

	(void)state;
	reads("[screen]\ntheme = mine\n[theme mine]\nbase = light\nrun = bright-red on #ff0000 "
	      "bold "
	      "underline\nidle = default\nselect = 7\n");
	t = settings_theme(&set);
	assert_string_equal(t->name, "mine");
	l = theme_look(t, DEPTH_256, ROLE_RUN, 0);
	assert_int_equal(l.fg, 9);
	assert_int_equal(l.bg,
			 196); /* not one of the first 16, which the terminal's owner may change */
	assert_int_equal(l.attr, ATTR_BOLD | ATTR_UNDERLINE);
	assert_int_equal(theme_look(t, DEPTH_16, ROLE_RUN, 0).bg,
			 -1); /* else it could not be read */
	assert_int_equal(theme_look(t, DEPTH_256, ROLE_IDLE, 0).fg, -1);
	assert_int_equal(theme_look(t, DEPTH_256, ROLE_READY, 0).fg,
			 theme_look(theme_named("light"), DEPTH_256, ROLE_READY, 0).fg);
	assert_int_equal(theme_look(t, DEPTH_MONO, ROLE_RUN, 0).fg, -1);
	assert_string_equal(settings_theme_name(&set, 0), "auto");
	assert_string_equal(settings_theme_name(&set, 5), "mine");
	assert_null(settings_theme_name(&set, 6));
}

static void test_nearest_of_sixteen(void **state)
{
	(void)state;
	assert_int_equal(theme_nearest_16(-1), -1);
	assert_int_equal(theme_nearest_16(5), 5);
	assert_int_equal(theme_nearest_16(196), 9);
	assert_int_equal(theme_nearest_16(16), 0);
	assert_int_equal(theme_nearest_16(231), 15);
	for (int i = 0; i < 256; i++)
		assert_in_range(theme_nearest_16(i), 0, 15);
}

/* --- changes and the file --- */

static void edits(const char *text, const char *changes, const char *want)
{
	char *got = config_edit(text, changes);

	assert_string_equal(got, want);
	free(got);
}

static void test_edit_keeps_the_rest(void **state)
{
	(void)state;
	edits("", "screen\tascii\tyes\n", "[screen]\nascii = yes\n");
	edits("# mine\n[screen]\nascii=no ; why\nmouse = no\n", "screen\tascii\tyes\n",
	      "# mine\n[screen]\nascii= yes ; why\nmouse = no\n");
	edits("[list]\nsort = id\n\n[screen]\n# last\n", "list\tsort\twait\nlist\tgroup\tflat\n",
	      "[list]\nsort = wait\ngroup = flat\n\n[screen]\n# last\n");
	/* the line goes where the file of all settings has it */
	edits("[screen]\n# about it\n#ascii = no\n# other\n#mouse = yes\n", "screen\tascii\tyes\n",
	      "[screen]\n# about it\n#ascii = no\nascii = yes\n# other\n#mouse = yes\n");
	/* the last one counts; another section's does not */
	edits("[a]\nx = 1\n[b]\nx = 2\nx = 3\n", "b\tx\t4\n", "[a]\nx = 1\n[b]\nx = 2\nx = 4\n");
	edits("[filters]\na = 1\nb = 2\na = 3\n", "filters\ta\n", "[filters]\nb = 2\n");
	edits("[a]\nx = 1", "b\ty\t\n", "[a]\nx = 1\n\n[b]\ny =\n");
	edits("[screen]\nasciiart = 1\n", "screen\tascii\tno\n",
	      "[screen]\nasciiart = 1\nascii = no\n");
}

static void test_changes_are_noted(void **state)
{
	struct err err = { 0 };
	char *text;

	(void)state;
	reads("[filters]\nold = x\n");
	assert_int_equal(settings_change(&set, "screen", "ascii", "yes", &err), 0);
	assert_int_equal(settings_change(&set, "screen", "ascii", "no", &err), 0);
	assert_int_equal(settings_change(&set, "filters", "new", "a b", &err), 0);
	assert_int_equal(settings_change(&set, "filters", "old", NULL, &err), 0);
	assert_null(settings_filter(&set, "old"));
	text = settings_changes(&set);
	assert_string_equal(text, "screen\tascii\tno\nfilters\tnew\ta b\nfilters\told\n");
	free(text);
	settings_kept(&set, "filters", "new");
	assert_int_equal(set.change.n, 2);
	/* what a file could not say is refused */
	assert_int_not_equal(settings_change(&set, "filters", "x", "a ; b", &err), 0);
	assert_int_not_equal(settings_change(&set, "filters", "x", "a\nb", &err), 0);
	assert_int_not_equal(settings_change(&set, "screen", "theme", "pink", &err), 0);
	assert_int_equal(set.change.n, 2);
	settings_saved(&set);
	assert_int_equal(set.change.n, 0);
}

static char *slurp(const char *path)
{
	static char buf[4096];
	FILE *in = fopen(path, "r");
	size_t n = in ? fread(buf, 1, sizeof(buf) - 1, in) : 0;

	buf[n] = '\0';
	if (in)
		fclose(in);
	return buf;
}

static void test_save_makes_and_keeps(void **state)
{
	char dir[] = "/tmp/bingo-settings-XXXXXX";
	struct err err = { 0 };
	struct stat st;
	char *path, *link;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = xasprintf("%s/a/b/config", dir);
	link = xasprintf("%s/link", dir);
	assert_int_equal(config_save(path, "screen\tascii\tyes\n", &err), 0);
	assert_string_equal(slurp(path), "[screen]\nascii = yes\n");
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(config_save(link, "screen\tascii\tno\n", &err), 0);
	assert_string_equal(slurp(path), "[screen]\nascii = no\n");
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_not_equal(config_save("/proc/no/such/config", "a\tb\tc\n", &err), 0);
	assert_non_null(strstr(err.text, "/proc/no/such/config"));
	unlink(link);
	unlink(path);
	free(link);
	free(path);
	path = xasprintf("rm -r '%s'", dir);
	assert_int_equal(system(path), 0);
	free(path);
}

static void test_places_of_files(void **state)
{
	char *path;

	(void)state;
	setenv("XDG_CONFIG_HOME", "/x", 1);
	setenv("HOME", "/h", 1);
	path = config_path(NULL);
	assert_string_equal(path, "/x/bingo-top/config");
	free(path);
	setenv("XDG_CONFIG_HOME", "relative", 1);
	path = config_path(NULL);
	assert_string_equal(path, "/h/.config/bingo-top/config");
	free(path);
	unsetenv("XDG_STATE_HOME");
	path = history_path();
	assert_string_equal(path, "/h/.local/state/bingo-top/history");
	free(path);
	unsetenv("HOME");
	assert_null(config_path(NULL));
	assert_null(history_path());
	assert_null(history_load(NULL));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_row_is_whole),	     TEST(test_every_row_is_read_and_told),
		TEST(test_printed_file_reads_back),  TEST(test_errors_name_line_and_key),
		TEST(test_lines_are_bounded),	     TEST(test_forms_of_lines),
		TEST(test_keys_are_given_to_others), TEST(test_keys_that_are_refused),
		TEST(test_every_place_has_a_name),   TEST(test_sequences_of_two),
		TEST(test_first_key_of_an_action),   TEST(test_theme_of_ones_own),
		TEST(test_nearest_of_sixteen),	     TEST(test_edit_keeps_the_rest),
		TEST(test_changes_are_noted),	     TEST(test_save_makes_and_keeps),
		TEST(test_places_of_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

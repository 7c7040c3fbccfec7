/* SPDX-License-Identifier: Apache-2.0 */
/* The settings as a file to begin with, and as the manual has them. */
#include <ctype.h>
#include <string.h>

#include "ui/settings.h"

enum { WIDTH = 78 };

/* A sentence as comment lines. */
static void print_comment(FILE *out, const char *text)
{
	while (*text) {
		size_t n = strlen(text);

		if (n > WIDTH) {
			n = WIDTH;
			while (n && text[n] != ' ')
				n--;
			n = n ? n : WIDTH;
		}
		fprintf(out, "# %.*s\n", (int)n, text);
		text += n;
		text += *text == ' ';
	}
}

static void print_row(FILE *out, const struct setting *row)
{
	print_comment(out, row->help);
	if (row->words && row->kind == SETTING_WORD)
		fprintf(out, "# (%s)\n", row->words);
	fprintf(out, "#%s = %s\n", row->key, row->initial);
}

static const struct key_binding *next_named(const struct key_binding *b, const char *name)
{
	while (b->action && strcmp(b->name, name) != 0)
		b++;
	return b->action ? b : NULL;
}

/* Its keys are the same wherever it counts, or have a line for each place where they are not. */
static void print_action(FILE *out, const char *name)
{
	const struct key_binding *first = next_named(key_table, name), *b, *any = NULL;
	bool same = true;

	for (b = first; b; b = next_named(b + 1, name)) {
		same = same && !strcmp(b->keys, first->keys);
		any = b->ctx & CTX_ANY ? b : any;
	}
	if (first && (same || any))
		fprintf(out, "#%s = %s\n", name, any ? any->keys : first->keys);
	for (b = first; b && !same; b = next_named(b + 1, name)) {
		const char *place;
		unsigned ctx;

		for (size_t i = 0; (place = keymap_place(i, &ctx)); i++)
			if (b != any && b->ctx & ctx)
				fprintf(out, "#%s.%s = %s\n", place, name, b->keys);
	}
}

static void print_keys(FILE *out)
{
	fputs("\n[keys]\n"
	      "# An action by its name, then its keys: x, ^X, F5, Enter, Space, gg; nothing "
	      "unbinds.\n"
	      "# PLACE.ACTION is for one place only:",
	      out);
	for (size_t i = 0;; i++) {
		unsigned ctx;
		const char *name = keymap_place(i, &ctx);

		if (!name)
			break;
		fprintf(out, "%s%s", i % 8 == 0 ? "\n#   " : " ", name);
	}
	fputs(".\n# What a key meant before in the same place it means no more.\n", out);
	for (const struct key_binding *b = key_table; b->action; b++)
		if (key_named(b->name, strlen(b->name)) == b)
			print_action(out, b->name);
}

static void print_themes(FILE *out)
{
	fputs("\n# A theme of your own: base is the one that it begins with; then a colour for "
	      "each\n"
	      "# role: FG [on BG] [bold] [underline] [reverse]. Colours are 0 to 255, #rrggbb, "
	      "red,\n"
	      "# bright-red and so on, or default. select and away are behind chosen rows.\n"
	      "#[theme mine]\n#base = dark\n#select = 237\n#away = 235\n#blocked = 166\n"
	      "#error = white on #af0000 bold\n# Roles:",
	      out);
	for (int r = 0; r < ROLE_N; r++)
		fprintf(out, "%s%s", r % 7 == 0 ? "\n#   " : " ", role_name((enum role)r));
	fputc('\n', out);
}

void settings_print(FILE *out)
{
	const char *section = "";

	fputs("# bingo-top's configuration. Lines that begin with # are comments; the values here\n"
	      "# are those without a file. See bingo-top(5).\n",
	      out);
	for (const struct setting *row = setting_table; row->section; row++) {
		if (strcmp(section, row->section) != 0)
			fprintf(out, "\n[%s]\n", row->section);
		section = row->section;
		print_row(out, row);
	}
	fputs("\n[filters]\n# A name, then a pattern as --filter takes it.\n"
	      "#locks = mutex|rwmutex\n",
	      out);
	print_keys(out);
	print_themes(out);
}

/* --- the manual --- */

static void print_value(FILE *out, const struct setting *row)
{
	if (row->words && row->kind != SETTING_BOOL)
		for (const char *w = row->words; *w;) {
			size_t len = strcspn(w, " ");

			fprintf(out, "%s\\fB%.*s\\fR", w == row->words ? " " : ", ", (int)len, w);
			w += len + (w[len] == ' ');
		}
	else if (row->kind == SETTING_BOOL)
		fputs(" \\fByes\\fR or \\fBno\\fR", out);
	else if (row->kind == SETTING_NUMBER || row->kind == SETTING_SECONDS)
		fprintf(out, " %s from %.10g to %.10g",
			row->kind == SETTING_NUMBER ? "a number" : "seconds", row->least,
			row->most);
	else
		fputs(" text", out);
}

void settings_print_man(FILE *out)
{
	const char *section = "";

	for (const struct setting *row = setting_table; row->section; row++) {
		if (strcmp(section, row->section) != 0)
			fprintf(out, ".SS [%s]\n", row->section);
		section = row->section;
		fputs(".TP\n.B ", out);
		key_put_roff(out, row->key);
		fputs("\n\\(bu", out);
		print_value(out, row);
		if (*row->initial) {
			fputs("; without a file \\fB", out);
			key_put_roff(out, row->initial);
			fputs("\\fR", out);
		}
		fputs(".\n", out);
		fprintf(out, "%c", toupper((unsigned char)row->help[0]));
		key_put_roff(out, row->help + 1);
		fputs(".\n", out);
	}
	fputs(".SS [theme NAME]\n.TP\n.B base\nThe theme that it begins with.\n"
	      ".TP\n.BR select \", \" away\nColours behind the chosen row, in the pane that has "
	      "the "
	      "keys and in others.\n",
	      out);
	for (int r = 0; r < ROLE_N; r++) {
		fputs(r ? ", " : ".TP\n.B \"", out);
		key_put_roff(out, role_name((enum role)r));
	}
	fputs("\"\nColours of what has that role.\n", out);
}

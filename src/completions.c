/* SPDX-License-Identifier: Apache-2.0 */
#include "completions.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "options.h"

static bool takes_file(const struct option_row *r)
{
	return r->arg && (!strcmp(r->arg, "FILE") || !strcmp(r->arg, "BIN"));
}

/* "-n|--iterations" */
static void print_pattern(FILE *out, const struct option_row *r)
{
	if (r->id < 256)
		fprintf(out, "-%c|", r->id);
	fprintf(out, "--%s", r->name);
}

/* Within the shells' single quotes. */
static void print_quoted(FILE *out, const char *s, const char *escaped, const char *quote)
{
	for (; *s; s++) {
		if (*s == '\'') {
			fputs(quote, out);
			continue;
		}
		if (strchr(escaped, *s))
			fputc('\\', out);
		fputc(*s, out);
	}
}

/* --- bash --- */

/* What comes after the options that want, or want not, something of that kind. */
static void bash_case(FILE *out, bool (*is)(const struct option_row *), const char *does)
{
	bool any = false;

	for (const struct option_row *r = option_table; r->name; r++) {
		if (!is(r))
			continue;
		fputs(any ? "|" : "\t", out);
		print_pattern(out, r);
		any = true;
	}
	fprintf(out, ") %s return ;;\n", does);
}

static bool takes_other(const struct option_row *r)
{
	return r->arg && !option_words(r) && !takes_file(r);
}

static void print_bash(FILE *out)
{
	fputs("# SPDX-License-Identifier: Apache-2.0\n"
	      "# bash completion for bingo-top, made by bingo-top --completions bash\n"
	      "# shellcheck shell=bash\n"
	      "_bingo_top()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i\n"
	      "\tCOMPREPLY=()\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\t[[ ${COMP_WORDS[i]} == -- ]] || continue\n"
	      "\t\tif ((i + 1 == COMP_CWORD)); then\n"
	      "\t\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
	      "\t\telse\n"
	      "\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	      "\t\tfi\n"
	      "\t\treturn\n"
	      "\tdone\n"
	      "\t# --name=value comes as three words\n"
	      "\tif [[ $cur == = ]]; then\n"
	      "\t\tcur=\n"
	      "\telif [[ $prev == = ]]; then\n"
	      "\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
	      "\tfi\n"
	      "\tcase $prev in\n",
	      out);
	bash_case(out, takes_file,
		  "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); compopt -o filenames "
		  "2>/dev/null;");
	for (const struct option_row *r = option_table; r->name; r++) {
		if (!option_words(r))
			continue;
		fputc('\t', out);
		print_pattern(out, r);
		fprintf(out, ") mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\"); return ;;\n",
			option_words(r));
	}
	bash_case(out, takes_other, "");
	fputs("\tesac\n\tcase $cur in\n\t-*) mapfile -t COMPREPLY < <(compgen -W '", out);
	for (const struct option_row *r = option_table; r->name; r++) {
		if (r->id < 256)
			fprintf(out, "-%c ", r->id);
		fprintf(out, "--%s ", r->name);
	}
	fputs("--' -- \"$cur\") ;;\n"
	      "\t*) mapfile -t COMPREPLY < <(cd /proc && compgen -W \"doctor $(echo [0-9]*)\" -- "
	      "\"$cur\") ;;\n"
	      "\tesac\n"
	      "}\n"
	      "complete -F _bingo_top bingo-top\n",
	      out);
}

/* --- zsh --- */

static void print_zsh(FILE *out)
{
	fputs("#compdef bingo-top\n"
	      "# SPDX-License-Identifier: Apache-2.0\n"
	      "# zsh completion for bingo-top, made by bingo-top --completions zsh\n"
	      "_bingo_top_what()\n{\n"
	      "\t_alternative 'processes:process:_pids' 'commands:command:(doctor)'\n"
	      "}\n"
	      "_arguments -s -S \\\n",
	      out);
	for (const struct option_row *r = option_table; r->name; r++) {
		if (r->id < 256)
			fprintf(out, "\t'(-%c --%s)'{-%c%s,--%s%s}'[", r->id, r->name, r->id,
				r->arg ? "+" : "", r->name, r->arg ? "=" : "");
		else
			fprintf(out, "\t'--%s%s[", r->name, r->arg ? "=" : "");
		print_quoted(out, r->help, "[]:\\", "'\\''");
		fputc(']', out);
		if (option_words(r))
			fprintf(out, ":%s:(%s)", r->name, option_words(r));
		else if (r->arg)
			fprintf(out, ":%s:%s", r->name, takes_file(r) ? "_files" : "");
		fputs("' \\\n", out);
	}
	fputs("\t'1:process:_bingo_top_what' \\\n\t'*::command:_normal'\n", out);
}

/* --- fish --- */

static void print_fish(FILE *out)
{
	fputs("# SPDX-License-Identifier: Apache-2.0\n"
	      "# fish completion for bingo-top, made by bingo-top --completions fish\n"
	      "complete -c bingo-top -f\n"
	      "complete -c bingo-top -n 'not __fish_seen_subcommand_from doctor' -a doctor -d 'say "
	      "what works here'\n"
	      "complete -c bingo-top -a '(__fish_complete_pids)'\n",
	      out);
	for (const struct option_row *r = option_table; r->name; r++) {
		fputs("complete -c bingo-top", out);
		if (r->id < 256)
			fprintf(out, " -s %c", r->id);
		fprintf(out, " -l %s", r->name);
		if (option_words(r))
			fprintf(out, " -x -a '%s'", option_words(r));
		else if (r->arg)
			fputs(takes_file(r) ? " -r -F" : " -x", out);
		fputs(" -d '", out);
		print_quoted(out, r->help, "\\", "\\'");
		fputs("'\n", out);
	}
}

int completions_print(const char *shell, FILE *out)
{
	static const struct {
		const char *name;
		void (*print)(FILE *out);
	} shells[] = { { "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish } };

	for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++)
		if (!strcmp(shells[i].name, shell)) {
			shells[i].print(out);
			return 0;
		}
	return -EINVAL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/finding.h"
#include "analysis/trigger.h"
#include "completions.h"
#include "core/mem.h"
#include "ui/settings.h"
#include "version.h"

#if defined(BINGO_BPF) && defined(BINGO_CAPSTONE)
#define BUILT ""
#elif defined(BINGO_CAPSTONE)
#define BUILT " (built without BPF)"
#elif defined(BINGO_BPF)
#define BUILT " (built without disassembly)"
#else
#define BUILT " (built without BPF, disassembly)"
#endif

enum { MAX_OPERANDS = 8 };

enum option_id {
	OPT_REPLAY = 256,
	OPT_EXE,
	OPT_RECORD,
	OPT_RECORD_LIMIT,
	OPT_RECORD_ON,
	OPT_RECORD_SOURCE,
	OPT_ONCE,
	OPT_DURATION,
	OPT_RATE,
	OPT_BUDGET,
	OPT_PAST,
	OPT_ALLOW_STOP,
	OPT_NO_BPF,
	OPT_NO_PTRACE,
	OPT_JSON,
	OPT_EXPORT,
	OPT_FROM,
	OPT_TO,
	OPT_BASELINE,
	OPT_FAIL_ON,
	OPT_FILTER,
	OPT_SUBSTITUTE,
	OPT_COLOR,
	OPT_ASCII,
	OPT_NO_MOUSE,
	OPT_CONFIG,
	OPT_SCRIPT,
	OPT_SIZE,
	OPT_SYSTEM,
	OPT_THEME,
	OPT_PLAIN,
	OPT_PRINT_CONFIG,
	OPT_COMPLETIONS,
	OPT_VERSION,
};

const struct option_row option_table[] = {
	{ OPT_REPLAY, "replay", "FILE", NULL,
	  "show a trace, a recording, a core dump, a goroutine dump, the events of an export; - is "
	  "standard "
	  "input" },
	{ OPT_EXE, "exe", "BIN", NULL,
	  "the program that --replay's file is of: of a core dump, or for disassembly" },
	{ OPT_RECORD, "record", "FILE", NULL,
	  "write a recording of all that is watched, for --replay" },
	{ OPT_RECORD_LIMIT, "record-limit", "SIZE", NULL,
	  "bytes that the recording may have (K, M, G): the oldest is written over" },
	{ OPT_RECORD_ON, "record-on", "EXPR", NULL,
	  "keep of the recording what is around 'deadlock|blocked>30s|goroutines>10000'" },
	{ OPT_RECORD_SOURCE, "record-source", NULL, NULL,
	  "record the source files shown and the variables looked at as well" },
	{ 'b', "batch", NULL, NULL, "no screen: print a report each interval" },
	{ 'n', "iterations", "N", NULL, "stop after N reports" },
	{ 'd', "delay", "SEC", NULL, "time between reports (1)" },
	{ OPT_ONCE, "once", NULL, NULL, "one report, as soon as everything was seen once" },
	{ OPT_DURATION, "duration", "SEC", NULL, "watch for so long, then report once and end" },
	{ OPT_RATE, "rate", "HZ", NULL, "how often the goroutine table is read (10)" },
	{ OPT_BUDGET, "budget", "PCT", NULL,
	  "the most that probes may cost the program, of its CPU time (1); 0: no probes" },
	{ OPT_ALLOW_STOP, "allow-stop", "[=MS]", NULL,
	  "K may send signals to the program and stop it, for MS milliseconds or till it goes on" },
	{ OPT_PAST, "past", "MB", NULL, "memory for the past of a live session (256)" },
	{ OPT_NO_BPF, "no-bpf", NULL, NULL, "leave out what the kernel can tell by BPF" },
	{ OPT_NO_PTRACE, "no-ptrace", NULL, NULL,
	  "never stop a thread to see where a running goroutine is" },
	{ OPT_JSON, "json", NULL, NULL, "reports as JSON documents, one a line" },
	{ OPT_EXPORT, "export", "FMT[=FILE]", NULL,
	  "write that to a file (- is standard output); may be given more than once; formats "
	  "below" },
	{ OPT_FROM, "from", "TIME", NULL,
	  "exports begin there: 1.5s, 12:03:10, 37%; -2s counts from the end" },
	{ OPT_TO, "to", "TIME", NULL, "exports end there" },
	{ OPT_FAIL_ON, "fail-on", "SEV", "info warning error",
	  "exit 1 if a finding of that severity or worse is there at the end: info, warning, "
	  "error; a command is followed to all Go programs that it starts" },
	{ OPT_BASELINE, "baseline", "FILE", NULL,
	  "findings that are known: they are marked, and count for no --fail-on" },
	{ OPT_CONFIG, "config", "FILE", NULL, "read the configuration from there" },
	{ OPT_FILTER, "filter", "REGEX", NULL,
	  "PCRE2 over state, reason, object, functions, files and labels; ! inverts" },
	{ OPT_SYSTEM, "system", NULL, NULL, "show the runtime's own goroutines as well" },
	{ OPT_SUBSTITUTE, "substitute-path", "A=B", NULL,
	  "source paths that begin with A are read below B" },
	{ OPT_THEME, "theme", "NAME", "auto dark light high-contrast mono",
	  "auto, dark, light, high-contrast, mono, or one of the configuration" },
	{ OPT_COLOR, "color", "WHEN", "auto always never 16 256",
	  "auto, always, never, 16 or 256" },
	{ OPT_ASCII, "ascii", NULL, NULL, "draw with ASCII characters alone" },
	{ OPT_NO_MOUSE, "no-mouse", NULL, NULL, "leave the mouse to the terminal" },
	{ OPT_PLAIN, "plain", NULL, NULL,
	  "no screen but lines, for screen readers; so does ACCESSIBLE=1" },
	{ OPT_SCRIPT, "script", "FILE", NULL,
	  "drive the screen from a file of commands, with no terminal" },
	{ OPT_SIZE, "size", "WxH", NULL, "size of the screen for --script (80x24)" },
	{ OPT_PRINT_CONFIG, "print-config", NULL, NULL,
	  "print a configuration file of all settings, each explained" },
	{ OPT_COMPLETIONS, "completions", "SHELL", "bash zsh fish",
	  "print a shell's completions: bash, zsh or fish" },
	{ 'h', "help", NULL, NULL, "this text" },
	{ OPT_VERSION, "version", NULL, NULL, "version and what it was built with" },
	{ 0, NULL, NULL, NULL, NULL },
};

const char *option_words(const struct option_row *r)
{
	static char formats[256];
	size_t len = 0;

	if (r->id != OPT_EXPORT)
		return r->words;
	for (size_t i = 0; i < export_formats && len < sizeof(formats); i++)
		len += (size_t)snprintf(formats + len, sizeof(formats) - len, "%s%s", i ? " " : "",
					export_table[i].name);
	return formats;
}

static void print_help(void)
{
	puts("bingo-top: htop for goroutines\n\n"
	     "  bingo-top PID              watch a running Go process\n"
	     "  bingo-top -- CMD [ARG...]  start CMD and watch it\n"
	     "  bingo-top --replay FILE    show a Go execution trace (Go 1.11 to 1.27), a core "
	     "dump,\n"
	     "                             the text of a goroutine dump, a recording, or "
	     "events.jsonl\n"
	     "  bingo-top doctor [PID]     say what works here, and what mends what does not\n");
	for (const struct option_row *r = option_table; r->name; r++) {
		char left[64];

		snprintf(left, sizeof(left), "%s%c%s --%s%s%s", r->id < 256 ? "-" : " ",
			 r->id < 256 ? r->id : ' ', r->id < 256 ? "," : " ", r->name,
			 r->arg && *r->arg != '[' ? " " : "", r->arg ? r->arg : "");
		printf("  %-32s %s\n", left, r->help);
	}
	puts("\nFormats of --export:");
	for (size_t i = 0; i < export_formats; i++)
		printf("  %-16s %s\n", export_table[i].name, export_table[i].about);
	puts("\nOn the screen, ? lists the keys. Exit codes: 0 fine, 1 finding, 2 usage, 3 cannot "
	     "attach,\n"
	     "4 target ended, 5 bad file, 128+n ended by signal n. Manual: man bingo-top");
}

static void print_version(void)
{
	puts("bingo-top " BINGO_VERSION BUILT);
}

static int argument_kind(const struct option_row *r)
{
	return !r->arg ? no_argument : *r->arg == '[' ? optional_argument : required_argument;
}

/* getopt's forms of the table; longs has room for one more than the table. */
static void getopt_tables(struct option *longs, char *shorts)
{
	*shorts++ = '+'; /* the first operand ends the options */
	*shorts++ = ':';
	for (const struct option_row *r = option_table; r->name; r++) {
		*longs++ = (struct option){ r->name, argument_kind(r), NULL, r->id };
		if (r->id >= 256)
			continue;
		*shorts++ = (char)r->id;
		if (r->arg)
			*shorts++ = ':';
	}
	*shorts = '\0';
	*longs = (struct option){ 0 };
}

static int usage(struct err *err, const char *what, const char *arg)
{
	return err_set(err, -EINVAL, EXIT_USAGE, "%s%s%s; bingo-top --help lists what there is",
		       what, arg ? " " : "", arg ? arg : "");
}

static int parse_number(const char *s, double least, double most, double *out, const char *what,
			struct err *err)
{
	char *end;

	errno = 0;
	*out = strtod(s, &end);
	if (end == s || *end || errno || !isfinite(*out) || *out < least || *out > most)
		return err_set(err, -EINVAL, EXIT_USAGE,
			       "%s takes a number from %g to %g, not '%s'", what, least, most, s);
	return 0;
}

static int parse_size(struct options *o, const char *s, struct err *err)
{
	char rest;

	if (sscanf(s, "%dx%d%c", &o->width, &o->height, &rest) != 2 || o->width < 1 ||
	    o->height < 1 || o->width > 4096 || o->height > 4096)
		return err_set(err, -EINVAL, EXIT_USAGE,
			       "--size takes WxH, such as 80x24, up to 4096x4096, not '%s'", s);
	return 0;
}

static int parse_bytes(uint64_t *out, const char *s, struct err *err)
{
	const double least = 256 << 10, most = 1ull << 50;
	char *end;
	double v;

	errno = 0;
	v = strtod(s, &end);
	v *= *end == 'K' ? 1 << 10 : *end == 'M' ? 1 << 20 : *end == 'G' ? 1 << 30 : 1;
	if (end == s || errno || (*end && (!strchr("KMG", *end) || end[1])) ||
	    !(v >= least && v <= most))
		return usage(err,
			     "--record-limit takes bytes, 256K at least, such as 100M or 1G, not",
			     s);
	*out = (uint64_t)v;
	return 0;
}

/* What is wrong with it is told with its column, before anything is watched. */
static int parse_trigger(const char *s, struct err *err)
{
	struct trigger *t = trigger_new(s, err);

	trigger_free(t);
	return t ? 0 : -EINVAL;
}

static int parse_color(struct options *o, const char *s, struct err *err)
{
	static const char *const names[] = { "auto", "always", "never", "16", "256" };

	o->color_given = true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(s, names[i])) {
			o->color = (enum color_mode)i;
			return 0;
		}
	return usage(err, "--color takes auto, always, never, 16 or 256, not", s);
}

static int unknown_format(const char *s, struct err *err)
{
	char names[256] = "";
	size_t n = 0;

	for (size_t i = 0; i < export_formats && n < sizeof(names); i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s",
				      !i			? ""
				      : i + 1 == export_formats ? " and "
								: ", ",
				      export_table[i].name);
	return err_set(err, -EINVAL, EXIT_USAGE, "--export knows the formats %s, not '%s'", names,
		       s);
}

static int parse_export(struct options *o, char *s, struct err *err)
{
	struct export_wish *x = &o->exports[o->n_exports];
	char *eq = strchr(s, '=');

	if (o->n_exports == EXPORTS_MOST)
		return usage(err, "that is one --export too many:", s);
	if (eq)
		*eq = '\0';
	x->file = eq ? eq + 1 : "-";
	x->format = export_find(s);
	if (!x->format)
		return unknown_format(s, err);
	if (!*x->file)
		return usage(err, "--export has no file after the =", NULL);
	o->n_exports++;
	return 0;
}

/* At most one of them can go to standard output, and the span must mean something. */
static int check_exports(const struct options *o, struct err *err)
{
	size_t n = o->json;

	for (size_t i = 0; i < o->n_exports; i++) {
		const struct export_wish *x = &o->exports[i];

		n += !strcmp(x->file, "-");
		for (size_t k = 0; k < i; k++)
			if (!strcmp(x->file, o->exports[k].file) && strcmp(x->file, "-") != 0)
				return usage(err, "two exports cannot go to the same file",
					     x->file);
		if ((o->from || o->to) && !x->format->over_time)
			return usage(err,
				     "--from and --to mean nothing to what is of one moment: "
				     "--export",
				     x->format->name);
	}
	if (n > 1)
		return usage(err,
			     o->json ? "--json and the export would both go to standard output: "
				       "name a file, --export FMT=FILE"
				     : "two exports would both go to standard output: name a "
				       "file, --export FMT=FILE",
			     NULL);
	if ((o->from || o->to) && !o->n_exports)
		return usage(err, "--from and --to are of exports: --export FMT=FILE is missing",
			     NULL);
	return 0;
}

static int parse_fail_on(struct options *o, const char *s, struct err *err)
{
	o->fail_on = severity_parse(s);
	return o->fail_on < 0 ? usage(err, "--fail-on takes info, warning or error, not", s) : 0;
}

static int parse_substitute(struct options *o, const char *s, struct err *err)
{
	const char *eq = strchr(s, '=');

	if (!eq || eq == s)
		return usage(err, "--substitute-path takes A=B, not", s);
	o->substitute = xrealloc(o->substitute, o->n_substitute + 2, sizeof(*o->substitute));
	o->substitute[o->n_substitute++] = s;
	o->substitute[o->n_substitute] = NULL;
	return 0;
}

/* Options that print something, and that is all. */
static int print_one(struct options *o, int id, const char *arg, struct err *err)
{
	o->mode = MODE_SHOWN;
	if (id == OPT_COMPLETIONS)
		return completions_print(arg, stdout)
			       ? usage(err, "--completions knows bash, zsh and fish, not", arg)
			       : 0;
	if (id == OPT_PRINT_CONFIG)
		settings_print(stdout);
	else if (id == OPT_VERSION)
		print_version();
	else
		print_help();
	return 0;
}

static int parse_one(struct options *o, int id, char *arg, struct err *err)
{
	double number = 0;
	int rc = 0;

	switch (id) {
	case OPT_REPLAY:
		o->replay = arg;
		break;
	case OPT_EXE:
		o->exe = arg;
		break;
	case OPT_RECORD:
		o->record = arg;
		break;
	case OPT_RECORD_LIMIT:
		return parse_bytes(&o->record_limit, arg, err);
	case OPT_RECORD_ON:
		o->record_on = arg;
		return parse_trigger(arg, err);
	case OPT_RECORD_SOURCE:
		o->record_source = true;
		break;
	case 'b':
		o->batch = true;
		break;
	case 'n':
		rc = parse_number(arg, 1, 1e9, &number, "-n", err);
		o->iterations = (long)number;
		break;
	case 'd':
		return parse_number(arg, 0.01, 1e6, &o->delay, "-d", err);
	case OPT_ONCE:
		o->once = o->batch = true;
		break;
	case OPT_DURATION:
		o->batch = true;
		return parse_number(arg, 0.01, 1e9, &o->duration, "--duration", err);
	case OPT_RATE:
		return parse_number(arg, 0.01, 1000, &o->rate, "--rate", err);
	case OPT_BUDGET:
		return parse_number(arg, 0, 100, &o->budget, "--budget", err);
	case OPT_ALLOW_STOP:
		o->allow_stop = true;
		rc = arg ? parse_number(arg, 1, 600000, &number, "--allow-stop", err) : 0;
		o->stop_ms = (int)number;
		break;
	case OPT_PAST:
		rc = parse_number(arg, 1, 1 << 20, &number, "--past", err);
		o->past_mb = (size_t)number;
		break;
	case OPT_NO_PTRACE:
		o->no_ptrace = true;
		break;
	case OPT_JSON:
		o->json = o->batch = true;
		break;
	case OPT_EXPORT:
		o->batch = true;
		return parse_export(o, arg, err);
	case OPT_FROM:
		o->from = arg;
		break;
	case OPT_TO:
		o->to = arg;
		break;
	case OPT_BASELINE:
		o->baseline = arg;
		break;
	case OPT_FAIL_ON:
		return parse_fail_on(o, arg, err);
	case OPT_CONFIG:
		o->config = arg;
		break;
	case OPT_FILTER:
		o->filter = arg;
		break;
	case OPT_SYSTEM:
		o->system = true;
		break;
	case OPT_SUBSTITUTE:
		return parse_substitute(o, arg, err);
	case OPT_COLOR:
		return parse_color(o, arg, err);
	case OPT_ASCII:
		o->ascii = true;
		break;
	case OPT_NO_BPF:
		o->no_bpf = true;
		break;
	case OPT_THEME:
		o->theme = arg;
		break;
	case OPT_PLAIN:
		o->plain = true;
		break;
	case OPT_NO_MOUSE:
		o->no_mouse = true;
		break;
	case OPT_SCRIPT:
		o->script = arg;
		break;
	case OPT_SIZE:
		return parse_size(o, arg, err);
	default:
		return print_one(o, id, arg, err);
	}
	return rc;
}

static int parse_pid(pid_t *pid, const char *s, struct err *err)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(s, &end, 10);
	if (end == s || *end || errno || v < 1 || v > INT32_MAX)
		return usage(err, "a process is named by its number, not", s);
	*pid = (pid_t)v;
	return 0;
}

static int parse_doctor(struct options *o, int argc, char **argv, struct err *err)
{
	o->mode = MODE_DOCTOR;
	if (argc > 1)
		return usage(err, "doctor takes one PID at most; what is", argv[1]);
	return argc ? parse_pid(&o->pid, argv[0], err) : 0;
}

static int parse_operands(struct options *o, int argc, char **argv, struct err *err)
{
	if (o->replay) {
		if (argc)
			return usage(err, "--replay stands alone: what is", argv[0]);
		o->mode = MODE_REPLAY;
		return 0;
	}
	if (o->exe)
		return usage(err, "--exe names the program that a file of --replay is of; it was",
			     o->exe);
	if (o->command) {
		o->mode = MODE_COMMAND;
		return argc ? 0 : usage(err, "there is no command after --", NULL);
	}
	if (argc && !strcmp(argv[0], "doctor"))
		return parse_doctor(o, argc - 1, argv + 1, err);
	if (!argc)
		return err_set(err, -EINVAL, EXIT_USAGE,
			       "nothing to show: give a PID, -- CMD, or --replay FILE; bingo-top "
			       "--help lists what there is");
	if (argc > 1)
		return usage(err, "one process can be watched at a time; what is", argv[1]);
	o->mode = MODE_LIVE;
	return parse_pid(&o->pid, argv[0], err);
}

/* Options may follow a PID or the word doctor; after -- all belongs to the command. */
static bool operand_between(int argc, char **argv, struct options *o, char **operands, int *n)
{
	if (optind > 1 && !strcmp(argv[optind - 1], "--")) {
		o->command = argv + optind;
		return false;
	}
	if (optind >= argc || *n >= MAX_OPERANDS)
		return false;
	operands[(*n)++] = argv[optind++];
	return true;
}

int options_parse(struct options *o, int argc, char **argv, struct err *err)
{
	struct option longs[ARRAY_SIZE(option_table)];
	char shorts[2 * ARRAY_SIZE(option_table) + 3];
	char *operands[MAX_OPERANDS + 1] = { NULL };
	int id, rc, n = 0;

	*o = (struct options){ .delay = 1, .rate = 10, .budget = 1, .fail_on = -1 };
	getopt_tables(longs, shorts);
	opterr = 0;
	optind = 1;
	while ((id = getopt_long(argc, argv, shorts, longs, NULL)) != -1 ||
	       operand_between(argc, argv, o, operands, &n)) {
		if (id == -1)
			continue;
		if (id == ':')
			return usage(err, "an argument is missing after", argv[optind - 1]);
		if (id == '?')
			return usage(err, "unknown option", argv[optind - 1]);
		rc = parse_one(o, id, optarg, err);
		if (rc || o->mode == MODE_SHOWN)
			return rc;
	}
	rc = check_exports(o, err);
	if (rc)
		return rc;
	if (!o->record && (o->record_limit || o->record_on || o->record_source))
		return usage(err, "there is nothing to record to: --record FILE names it", NULL);
	if (o->command && n)
		return usage(err, "a PID and a command cannot both be watched:", operands[0]);
	return o->command ? parse_operands(o, argc - optind, argv + optind, err)
			  : parse_operands(o, n, operands, err);
}

void options_release(struct options *o)
{
	free(o->substitute);
	memset(o, 0, sizeof(*o));
}

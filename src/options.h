/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one table makes the parser, the help, the manual and the completions. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"
#include "export/formats.h"

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER, COLOR_16, COLOR_256 };

/* A row of the one table, which ends with a NULL name. */
struct option_row {
	int id; /* the short letter where it is below 256 */
	const char *name;
	const char *arg; /* NULL: takes none */
	const char *words; /* see option_words() */
	const char *help;
};

extern const struct option_row option_table[];

/* What the argument may be, one blank between; NULL: something else, see arg. */
const char *option_words(const struct option_row *r);

enum { EXPORTS_MOST = 16 };

struct export_wish {
	const struct export_format *format;
	const char *file; /* "-": standard output */
};

struct options {
	enum { MODE_NONE, MODE_REPLAY, MODE_LIVE, MODE_COMMAND, MODE_DOCTOR, MODE_SHOWN } mode;
	pid_t pid; /* MODE_LIVE, MODE_DOCTOR (0: none) */
	char **command; /* MODE_COMMAND, ends with NULL */
	const char *replay; /* file */
	const char *exe; /* the program of a core dump */
	const char *record, *record_on; /* file; what must happen */
	uint64_t record_limit; /* bytes, 0: none */
	bool record_source;
	const char *filter;
	struct export_wish exports[EXPORTS_MOST];
	size_t n_exports;
	const char *from, *to; /* span of the exports, see view_parse_time(); NULL: begin, end */
	const char *baseline; /* file of known findings */
	const char *script;
	const char *config; /* file; NULL: the usual places */
	int fail_on; /* enum severity; -1: never */
	const char **substitute; /* "A=B", ends with NULL */
	size_t n_substitute;
	int width, height; /* of --size; 0: not given */
	long iterations; /* 0: no end */
	double delay; /* seconds */
	double duration; /* seconds, 0: none */
	double rate; /* Hz */
	double budget; /* percent */
	size_t past_mb; /* of a live session; 0: the default */
	bool allow_stop;
	int stop_ms; /* a stop lasts, 0: till it is ended by hand */
	bool batch, once, json, ascii, no_mouse, no_bpf, no_ptrace, system;
	bool plain; /* lines in place of the screen */
	enum color_mode color;
	bool color_given;
	const char *theme; /* NULL: the configuration's */
};

/*
 * Fills o. Returns 0; or a negative errno with err filled (EXIT_USAGE). Help and
 * version are printed at once; then o->mode is MODE_SHOWN. argv must outlive o.
 */
int options_parse(struct options *o, int argc, char **argv, struct err *err);
void options_release(struct options *o);

#endif

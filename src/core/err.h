/* SPDX-License-Identifier: Apache-2.0 */
/* A code for the program and one sentence for the person, filled by the lowest layer. */
#ifndef CORE_ERR_H
#define CORE_ERR_H

/* Why the program ends: its exit codes, a contract. 128+n is for signal n. */
enum exit_code {
	EXIT_FINE = 0,
	EXIT_FINDING = 1, /* a finding at or above --fail-on */
	EXIT_USAGE = 2,
	EXIT_ATTACH = 3, /* cannot attach, or no right to */
	EXIT_GONE = 4, /* the target ended before a report could be made */
	EXIT_BADFILE = 5 /* a file that is damaged or of no known kind */
};

struct err {
	int rc; /* negative errno, 0: none */
	enum exit_code code; /* what the program should exit with for it */
	char text[512]; /* what failed, on what, why, what to do; no final newline */
};

/*
 * Fills e (may be NULL) and returns rc, a negative errno. The first error
 * stays: an e that is already filled is left as it is. Control characters become '?'.
 */
int err_set(struct err *e, int rc, enum exit_code code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Forgets what e says. */
void err_clear(struct err *e);

#endif

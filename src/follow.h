/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command with all the programs that it starts, for a verdict: each Go program among
 * them is watched from soon after its begin to its end, then told of.
 */
#ifndef FOLLOW_H
#define FOLLOW_H

#include <sys/types.h>
#include <uv.h>

#include "analysis/detect.h"
#include "batch.h"

struct follow_config {
	const struct options *opt;
	uv_loop_t *loop;
	const struct detect *detect; /* whose settings and baseline are used */
	struct batch_files *files; /* of batch_shared_open() */
	int64_t began; /* of the program, CLOCK_MONOTONIC, ns */
};

/* Whether these options mean that: --fail-on with a command, and no other end than its own. */
bool follow_wanted(const struct options *o);

/* What must be before the command is started, and before threads are made. */
void follow_prepare(void);

/*
 * Follows the command until it has ended, and tells on standard error what was found.
 * Programs of the Go toolchain itself, and what ends within a tenth of a second, are
 * left out; the latter are counted. SIGTERM and SIGHUP go on to all of
 * them; SIGINT, which they have from the terminal itself, is left to them.
 *
 * Returns EXIT_FINDING where a finding was there at the end of one of them; else what
 * the command ended with, 128+n for a signal; else EXIT_ATTACH where it ended well but
 * a program could not be watched for lack of rights. A negative errno with err filled
 * where something could not be written.
 */
int follow_run(const struct follow_config *c, pid_t child, struct err *err);

#endif

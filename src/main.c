/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "core/mapped.h"
#include "options.h"

int main(int argc, char **argv)
{
	struct err err = { 0 };
	struct options o;
	int code = EXIT_FINE;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	mapped_guard();
	if (options_parse(&o, argc, argv, &err))
		code = err.code;
	else if (o.mode != MODE_SHOWN)
		code = app_run(&o, &err);
	/* what was only printed, as by --help, may have gone nowhere: a full disk, a closed pipe */
	errno = 0;
	if ((fflush(stdout) || ferror(stdout)) && code == EXIT_FINE && !err.rc) {
		code = EXIT_USAGE;
		err_set(&err, -EIO, EXIT_USAGE, "cannot write to standard output: %s",
			strerror(errno ? errno : EIO));
	}
	if (mapped_lost())
		fprintf(stderr, "bingo-top: a file became shorter while it was read: what is "
				"missing was taken for zeros\n");
	if (err.rc)
		fprintf(stderr, "bingo-top: %s\n", err.text);
	options_release(&o);
	return code;
}

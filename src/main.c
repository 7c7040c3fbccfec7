/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <stdio.h>

#include "app.h"
#include "options.h"

int main(int argc, char **argv)
{
	struct err err = { 0 };
	struct options o;
	int code = EXIT_FINE;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	if (options_parse(&o, argc, argv, &err))
		code = err.code;
	else if (o.mode != MODE_SHOWN)
		code = app_run(&o, &err);
	if (err.rc)
		fprintf(stderr, "bingo-top: %s\n", err.text);
	options_release(&o);
	return code;
}

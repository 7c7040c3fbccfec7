/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what the manual has of the program's tables: its section on keys, or with "settings" the one on those. */
#include <string.h>

#include "ui/keys.h"
#include "ui/settings.h"

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "settings"))
		settings_print_man(stdout);
	else
		key_print_man(stdout);
	return 0;
}

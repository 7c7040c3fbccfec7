/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what the manual has of the program's tables: its section on keys, with "settings" the one on those, with "formats" that on exports. */
#include <string.h>

#include "export/formats.h"
#include "ui/keys.h"
#include "ui/settings.h"

static void put_roff(const char *s)
{
	for (; *s; s++)
		printf(*s == '-' ? "\\-" : "%c", *s);
}

static void print_formats(void)
{
	for (size_t i = 0; i < export_formats; i++) {
		const struct export_format *f = &export_table[i];

		printf(".TP\n.B ");
		put_roff(f->name);
		putchar('\n');
		put_roff(f->about);
		printf("%s.\n", f->over_time ? "" : "; of the newest moment");
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "settings"))
		settings_print_man(stdout);
	else if (argc > 1 && !strcmp(argv[1], "formats"))
		print_formats();
	else
		key_print_man(stdout);
	return 0;
}

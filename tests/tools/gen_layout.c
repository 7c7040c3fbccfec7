/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints rows of src/target/layout_table.c from programs with DWARF:
 *
 *   gen_layout row MINOR BINARY      one struct layout_row
 *   gen_layout reasons MINOR BINARY  the texts of runtime.waitReasonStrings
 *   gen_layout list BINARY           "g.goid 152" …, for people and tests
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/layout.h"

static struct image *img;

static void load(struct golayout *lay, const char *path)
{
	struct err err = { 0 };
	struct golayout base = { 0 };

	for (unsigned i = 0; i < LAYOUT_N; i++)
		base.v[i] = -1;
	if (image_open_file(&img, path, &err) || layout_from_dwarf(lay, img, &base, &err)) {
		fprintf(stderr, "gen_layout: %s\n", err.text);
		exit(1);
	}
}

static void print_row(const struct golayout *lay, int minor)
{
	printf("\t{\n\t\t.minor = %d,\n\t\t.arch = %s,\n\t\t.v = {", minor,
	       img->arch == GOARCH_AMD64 ? "GOARCH_AMD64" : "GOARCH_ARM64");
	for (unsigned i = 0, column = 0; i < LAYOUT_N; i++) {
		const char *type, *path;
		char name[64];

		layout_field(i, &type, &path);
		layout_field_name(i, name, sizeof(name));
		if (!path) {
			printf("\n\t\t\t/* %.*s */", (int)strcspn(name, "."), name);
			column = 0;
		}
		printf("%s%d,", column++ % 12 ? " " : "\n\t\t\t", lay->v[i]);
	}
	printf("\n\t\t},\n\t},\n");
}

static void print_list(const struct golayout *lay)
{
	for (unsigned i = 0; i < LAYOUT_N; i++) {
		char name[64];

		layout_field_name(i, name, sizeof(name));
		printf("%s %d\n", name, lay->v[i]);
	}
}

/* The variable is an array of string headers, whole in a file that is no PIE. */
static void print_reasons(const char *path, int minor)
{
	struct image_sym sym = { .name = "runtime.waitReasonStrings" };
	struct err err = { 0 };
	const uint64_t *head;

	if (image_open_file(&img, path, &err)) {
		fprintf(stderr, "gen_layout: %s\n", err.text);
		exit(1);
	}
	head = image_symbols(img, &sym, 1) ? image_at(img, sym.va, sym.size) : NULL;
	if (!head) {
		fprintf(stderr, "gen_layout: %s has no runtime.waitReasonStrings\n", path);
		exit(1);
	}
	printf("static const char *const reasons_%d[] = {\n", minor);
	for (size_t i = 0; i < sym.size / 16; i++) {
		const char *s = image_at(img, head[2 * i], head[2 * i + 1]);

		printf("\t\"%.*s\",\n", s ? (int)head[2 * i + 1] : 0, s ? s : "");
	}
	printf("};\n\n");
}

int main(int argc, char **argv)
{
	struct golayout lay;

	if (argc == 4 && !strcmp(argv[1], "row")) {
		load(&lay, argv[3]);
		print_row(&lay, atoi(argv[2]));
	} else if (argc == 4 && !strcmp(argv[1], "reasons")) {
		print_reasons(argv[3], atoi(argv[2]));
	} else if (argc == 3 && !strcmp(argv[1], "list")) {
		load(&lay, argv[2]);
		print_list(&lay);
	} else {
		fprintf(stderr, "usage: gen_layout row MINOR BINARY | reasons MINOR BINARY | list "
				"BINARY\n");
		return 2;
	}
	image_close(img);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole screen driven by keys, looked at as text. To be included where struct
 * fixture is defined: ui, grid, and text, which is the fixture's to free.
 */
#ifndef UNIT_UI_DRIVEN_H
#define UNIT_UI_DRIVEN_H

/* The screen as it is drawn now. */
static inline const char *screen(struct fixture *f)
{
	size_t n;
	FILE *out;

	free(f->text);
	out = open_memstream(&f->text, &n);
	ui_draw(f->ui, &f->grid);
	grid_dump_text(&f->grid, out);
	fclose(out);
	return f->text;
}

static inline void has(struct fixture *f, const char *s)
{
	if (!strstr(screen(f), s)) {
		print_message("not there: %s\n%s", s, f->text);
		fail();
	}
}

static inline void lacks(struct fixture *f, const char *s)
{
	if (strstr(screen(f), s)) {
		print_message("there: %s\n%s", s, f->text);
		fail();
	}
}

static inline void key(struct fixture *f, const char *name)
{
	ui_key(f->ui, key_parse(name, strlen(name)));
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the plain mode share. */
#ifndef UI_PLAIN_IMPL_H
#define UI_PLAIN_IMPL_H

#include "analysis/groups.h"
#include "ui/plain.h"
#include "ui/ui_impl.h"

enum { PLAIN_PAGE = 20 }; /* choices at a time; "more" goes on */

/* What is looked at; a page is made anew each time it is printed. */
struct page {
	enum {
		PAGE_HOME, /* state, findings, groups */
		PAGE_FINDING,
		PAGE_GROUP,
		PAGE_LINES, /* of a pane that is text, each line a choice */
		PAGE_PANE, /* of one that is a picture */
		PAGE_MENU, /* settings, saved filters */
		PAGE_BOX, /* exports, signals */
	} kind;
	uint64_t id; /* finding, goroutine */
	struct group group;
	uint8_t by; /* enum grouping, of group */
	enum pane_id pane;
};

/* What a number stands for. */
struct choice {
	enum {
		CHOICE_FINDING,
		CHOICE_GROUP,
		CHOICE_GOROUTINE,
		CHOICE_LINE,
		CHOICE_MENU,
		CHOICE_BOX
	} kind;
	uint64_t id; /* finding, goroutine, line */
	struct group group;
};

struct plain {
	struct ui *ui;
	FILE *out;
	bool ascii;
	bool done;
	VEC(struct page) page; /* the last is looked at, back goes to the one before */
	VEC(struct choice) choice; /* of the page as last printed; number 1 first */
	size_t from, shown, total; /* which choices of how many were printed */
	const struct key_binding *ask; /* the next line is its argument */
	char before[SETTING_TEXT_MOST]; /* what goes before it */
	struct groups groups;
	char *text; /* taken of a pane */
	bool links; /* places in sources are links */
	struct {
		char text[128]; /* of the line that is said next; "": none */
		char *url;
	} link;
	/* told already */
	VEC(uint64_t) told;
	bool told_end;
};

/* One line; whatever is foreign in it is made harmless, see text.h. */
void plain_say(struct plain *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Prints the last page, from a choice on. */
void plain_print(struct plain *p, size_t from);

/* The words of a finding, as in "error, likely: …". malloced. */
char *plain_finding(const struct plain *p, const struct finding *f);

#endif

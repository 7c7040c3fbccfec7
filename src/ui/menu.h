/* SPDX-License-Identifier: Apache-2.0 */
/* A box of things to choose from, over the panes. Knows what is chosen, not what for. */
#ifndef UI_MENU_H
#define UI_MENU_H

#include "ui/cell.h"
#include "ui/keys.h"

enum { MENU_MOST = 24 };

struct menu_item {
	char name[32];
	const char *help; /* not owned */
};

/* Zeroed is closed. */
struct menu {
	char title[96];
	const char *note; /* of a key of who opened it; NULL: none; not owned */
	enum action action; /* that it was opened for */
	struct menu_item item[MENU_MOST];
	int n; /* 0: closed */
	int sel;
	int top; /* the first that is drawn where there is no room for all */
	struct region box; /* as last drawn, without its border; no grid: not yet */
};

enum menu_result { MENU_NOTHING, MENU_CHOSEN, MENU_CLOSED };

void menu_open(struct menu *m, enum action action, const char *title);
/* Further ones than MENU_MOST are left out. */
void menu_add(struct menu *m, const char *name, const char *help);
/* Arrows, j and k, a digit chooses, Enter takes; Esc and q close. MENU_CHOSEN: it is m->sel. */
enum menu_result menu_key(struct menu *m, uint32_t key);
/* A press at a place of the screen. */
enum menu_result menu_press(struct menu *m, int x, int y);
void menu_close(struct menu *m);
/* In the middle of r; nothing where it is closed. */
void menu_draw(struct menu *m, const struct region *r);

#endif

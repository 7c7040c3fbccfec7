/* SPDX-License-Identifier: Apache-2.0 */
/* What the screen's own files share. */
#ifndef UI_UI_IMPL_H
#define UI_UI_IMPL_H

#include "ui/chooser.h"
#include "ui/help.h"
#include "ui/layout.h"
#include "ui/menu.h"
#include "ui/prompt.h"
#include "ui/ui.h"

enum { BAR_MOST = 32 };

/* A label that can be clicked. */
struct hot {
	int y, x0, x1;
	const struct key_binding *row;
	enum pane_id pane; /* where row is NULL */
};

struct ui {
	struct view view;
	struct ui_host host;
	struct pane *pane[PANE_N];
	enum pane_id focus;
	bool detail; /* is open: it lies over the list where it has no place of its own */
	bool maximised;
	int moved[BORDER_N]; /* see struct layout_want */
	enum border dragging; /* the mouse moves it; BORDER_N: none */
	/* take the list's place, the timeline's, the source's, where those have one */
	bool graph, flame, changes, findings, vars;
	bool inspects; /* variables can be had, as last laid out */
	bool mouse;
	bool playing;
	bool done, dirty;
	bool leaving; /* was asked to end while something is written, and told of it */
	bool ticked; /* time went on in the world, and nothing else */

	int w, h;
	struct layout layout;
	struct key_seq seq;
	struct prompt prompt;
	struct help help;
	struct chooser chooser; /* settings, saved filters */
	struct settings own; /* where the caller has none */
	struct menu menu;
	bool menu_span; /* of exports: what is chosen is of the time that is shown alone */
	const struct ui_choice *exports;
	int signal; /* that is asked about, 0: none */
	char candidate[256]; /* of completion, as last offered */

	struct hot hot[BAR_MOST];
	int n_hot;
	enum pane_id dragged; /* the pane in which the button went down; PANE_N: none */

	size_t warned; /* warnings that were told */
	int64_t now; /* of the last tick, -1: none yet */
	int64_t load_began, load_bytes; /* first tick that saw bytes */
	int64_t played; /* time of the last step of playing */
};

static inline unsigned ui_context(const struct ui *ui)
{
	return CTX_PANE(ui->focus);
}

/* Whether more is being read from a file. */
static inline bool ui_loading(const struct ui *ui)
{
	const struct progress *p = &ui->view.world->progress;

	return !ui->view.live && !p->whole;
}

/* The menus: opening them, and what is chosen in them. */
unsigned ui_export(struct ui *ui, const struct act *a);
unsigned ui_signal(struct ui *ui, const struct act *a);
void ui_menu_key(struct ui *ui, uint32_t key);
void ui_menu_mouse(struct ui *ui, const struct mouse *m);

void ui_layout(struct ui *ui);
void ui_focus(struct ui *ui, enum pane_id id);

/* Performs an action of a row, by the pane or the frame, and what follows from it. */
void ui_perform(struct ui *ui, const struct key_binding *row, const char *arg);
void ui_effects(struct ui *ui, unsigned effects);
/* The pane for an action's row: the one with the keys, or the first that knows it. */
struct pane *ui_pane_for(struct ui *ui, const struct key_binding *row);

/* Prompts: opening one, and what typing does. */
/* text: what stands there at first; NULL: what is in force. */
void ui_ask(struct ui *ui, const struct key_binding *row, const char *text);
void ui_prompt_key(struct ui *ui, uint32_t key);

/* Settings and saved filters: their actions, and their lists while one is open. */
unsigned ui_setup_action(struct ui *ui, const struct act *a);
void ui_chooser_perform(struct ui *ui, const struct key_binding *row);
void ui_chooser_key(struct ui *ui, uint32_t key);
void ui_chooser_mouse(struct ui *ui, const struct mouse *m);
/* Candidates of completion, see prompt.h: for "set", without that word; for names of filters. */
const char *ui_complete_set(struct ui *ui, const char *stem, size_t i);
const char *ui_complete_filter(struct ui *ui, const char *stem, size_t i);
/* The key that an action has where the keys go, for sentences; returns buf. */
const char *ui_key_for(const struct ui *ui, enum action a, char buf[16]);

/* The lines around the panes. */
void chrome_draw(struct ui *ui, struct grid *g);
void chrome_header(struct ui *ui, const struct region *r);

#endif

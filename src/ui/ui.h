/* SPDX-License-Identifier: Apache-2.0 */
/* The screen: panes in a layout, header, bottom bar, prompts, help. Loop's thread only. */
#ifndef UI_UI_H
#define UI_UI_H

#include "ui/pane.h"

/* A file to write. */
struct ui_write {
	const char *format, *file;
	int64_t t0, t1; /* T_BEFORE to T_NEVER: the whole session */
};

/* What only the program can do. Any may be NULL: then the key says so. */
struct ui_host {
	void *arg;
	/* Stops what still loads; the world keeps what it has. */
	void (*cancel_load)(void *arg);
	/* Leaves the screen, runs the editor, comes back. 0 or a negative errno with err filled. */
	int (*edit)(void *arg, const char *file, uint32_t line, struct err *err);
	/* Puts text on the clipboard; tells by what in how: a path where it is in a file instead. */
	int (*copy)(void *arg, const char *text, char *how, size_t size, struct err *err);
	void (*suspend)(void *arg);
	void (*redraw)(void *arg); /* the terminal is to be painted anew */
	void (*mouse)(void *arg, bool on);
	/* Settings changed: colours, characters, how often is drawn. */
	void (*apply)(void *arg, const struct settings *s);
	/*
	 * Makes changes (see settings_changes()) in the configuration file; tells in
	 * where which that is. 0 or a negative errno with err filled.
	 */
	int (*save)(void *arg, const char *changes, char *where, size_t size, struct err *err);
	/* Writes a new file; how that ends is told by ui_say(). 0 or a negative errno with err filled. */
	int (*write)(void *arg, const struct ui_write *x, struct err *err);
	/* What is still being written; NULL: nothing. Asked before the screen is left. */
	const char *(*writing)(void *arg);
	/* Sends a signal to the program that is watched; sig 0: whether that is permitted. */
	int (*signal)(void *arg, int sig, struct err *err);
};

/* A thing to choose, and what it is. */
struct ui_choice {
	const char *name, *suffix, *help; /* suffix: of a file's name */
	bool over_time; /* it can be of a part of the session */
};

struct ui_config {
	struct world *world;
	struct detect *detect; /* NULL: none look */
	struct jobs *jobs;
	struct settings *set; /* outlives the screen, which changes them; NULL: as without a file */
	const char *const *substitute; /* see view.h */
	const char *history; /* what was typed before, see prompt_history(); NULL: nothing */
	const char *filter; /* to begin with, already known to be good; NULL: none */
	struct ui_host host;
	const struct ui_choice *exports; /* formats that host.write knows; ends with a NULL name */
	int64_t piece_ns; /* see view.h */
	bool live;
	bool mouse; /* is on */
	int w, h;
};

struct ui;

struct ui *ui_new(const struct ui_config *c);
void ui_free(struct ui *ui); /* NULL ok */

/* Each does what is asked and notes whether the screen must be drawn again. */
void ui_key(struct ui *ui, uint32_t key);
void ui_mouse(struct ui *ui, const struct mouse *m); /* coordinates of the whole screen */
void ui_resize(struct ui *ui, int w, int h);
/* The world changed: call after each drain. */
void ui_world_changed(struct ui *ui);
/*
 * Time goes on: now_ns is of any clock that does not go back. Returns in how many
 * ns it wants to be called again, -1: only when something happens.
 */
int64_t ui_tick(struct ui *ui, int64_t now_ns);

/*
 * Performs an action by its name, as the palette and scripts do: "filter main\.",
 * "goto 1.5s", "pane source". Returns 0, or -EINVAL with err filled.
 */
int ui_command(struct ui *ui, const char *line, struct err *err);
/* Shows a sentence at the bottom until a key is pressed. */
void ui_say(struct ui *ui, bool bad, const char *text);

/* What was typed, to be kept for the next time; malloced. NULL: nothing new was. */
char *ui_history(const struct ui *ui);

bool ui_dirty(const struct ui *ui);
/* Whether it is so for no other reason than that time goes on: that may wait a little. */
bool ui_quiet(const struct ui *ui);
/* Whether what took longer than a frame has come since it was asked last: draw it at once. */
bool ui_ready(struct ui *ui);
/*
 * Whether something is made of the world in pieces: till it is finished the world must stay
 * as it is. ui_tick() goes on with it; ask again after each.
 */
bool ui_held(const struct ui *ui);
/* Draws all of it; the grid has the size last given. Not dirty afterwards. */
void ui_draw(struct ui *ui, struct grid *g);
/* Whether it was asked to end. */
bool ui_done(const struct ui *ui);

struct view *ui_view(struct ui *ui);

#endif

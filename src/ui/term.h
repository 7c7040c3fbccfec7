/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal, by ncurses: shows a grid, reads keys. There is one. However the
 * program ends, the terminal is put back: also by die(), and by crash signals
 * once term_open() was called.
 */
#ifndef UI_TERM_H
#define UI_TERM_H

#include "core/err.h"
#include "ui/cell.h"
#include "ui/pane.h"

enum term_color { TERM_AUTO, TERM_ALWAYS, TERM_NEVER, TERM_16, TERM_256 };

struct theme;

struct term_config {
	enum term_color color; /* auto: none with $NO_COLOR or a dumb terminal */
	const struct theme *theme; /* must stay; NULL: theme_default() */
	bool mouse;
};

/*
 * Takes the terminal; keys come from standard input where that is one, else from
 * /dev/tty. Returns 0, or a negative errno with err filled and the terminal
 * untouched: -ENOTSUP where it cannot place its cursor.
 */
int term_open(const struct term_config *c, struct err *err);
void term_close(void); /* also where it is not open */

/* How many colours terminfo has for that terminal, 0: none; -1: it does not know it. */
int term_colors(const char *name);

/* Descriptor that is readable when keys are there. */
int term_fd(void);
/* Descriptor that shows what is written. */
int term_out_fd(void);

enum term_event { TERM_NOTHING, TERM_KEY, TERM_MOUSE, TERM_HANGUP };
/* Next of what was typed, without waiting. Call until TERM_NOTHING. */
enum term_event term_next(uint32_t *key, struct mouse *m);

/* The terminal's size now; call after SIGWINCH, then draw. */
void term_size(int *w, int *h);
/* Sends what changed since the last one: nothing where nothing did. */
void term_show(const struct grid *g);
/* The next term_show() paints everything. */
void term_redraw(void);
void term_mouse(bool on);
/* Other colours from now on. */
void term_colors_set(enum term_color color, const struct theme *theme);

/* Gives the terminal back for a while (an editor), and takes it again. */
void term_leave(void);
void term_enter(void);
/*
 * Stops the program's process group as ^Z does; comes back when it goes on, with
 * the terminal taken again. Ask for the size anew then.
 */
void term_suspend(void);

/* Puts text on tmux's clipboard; false where we run in none, or it does not take it. */
bool term_copy_tmux(const char *text);
/* Gives text to a shell's command on its standard input; whether that took it and ended well. */
bool term_copy_command(const char *command, const char *text);
/*
 * Puts text on the clipboard by the terminal itself (OSC 52). how, of size bytes, says by what. Returns 0, or a negative errno with err filled.
 */
int term_copy(const char *text, char *how, size_t size, struct err *err);

/* Whether the locale and the terminal can show UTF-8's lines and blocks. */
bool term_utf8(void);

#endif

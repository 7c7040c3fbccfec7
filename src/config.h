/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration file, and the file of what was typed. Both are the user's: the
 * first is written only when asked to, and line by line, so that comments stay.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "core/err.h"
#include "ui/settings.h"

/*
 * Reads the files into s: with path NULL those of the system
 * ($XDG_CONFIG_DIRS/bingo-top/config, /etc/xdg) and over them the user's
 * ($XDG_CONFIG_HOME, ~/.config), where they are there and may be read; else path
 * alone. Returns 0, or a negative errno with err naming the file, line and key (EXIT_USAGE).
 */
int config_load(struct settings *s, const char *path, struct err *err);

/* The same of text, which name is said to be. in is read to its end. */
int config_read(struct settings *s, FILE *in, const char *name, struct err *err);

/* Where the user's file is, or would be: malloced; NULL: there is no home for it. */
char *config_path(const char *path);

/*
 * The text of a file with changes made, as settings_changes() tells them: a key that is there has its value
 * changed, one that is not is put at the end of its section. Comments and order
 * stay. malloced.
 */
char *config_edit(const char *text, const char *changes);

/*
 * Makes them in the file at path, which need not be there; what is written is whole
 * or not there. Returns 0, or a negative errno with err filled and the file as it was.
 */
int config_save(const char *path, const char *changes, struct err *err);

/* --- what was typed --- */

/* $XDG_STATE_HOME/bingo-top/history or ~/.local/state/…: malloced; NULL: there is no home for it. */
char *history_path(void);
/* Its text, malloced; NULL: it is not there, or cannot be read. */
char *history_load(const char *path);
/* Puts text in its place. Returns 0, or a negative errno with err filled. */
int history_save(const char *path, const char *text, struct err *err);

#endif

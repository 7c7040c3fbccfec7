/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The screen as lines, for screen readers and dumb terminals: what is shown is
 * only ever added to, choices have numbers, and commands are the actions of the
 * key table by their names. It drives a struct ui that nobody draws.
 */
#ifndef UI_PLAIN_H
#define UI_PLAIN_H

#include <stdio.h>

#include "ui/ui.h"

struct plain;

/* ui and out outlive it. ascii: nothing else is written. */
struct plain *plain_new(struct ui *ui, FILE *out, bool ascii);
void plain_free(struct plain *p); /* NULL ok */
/* Makes places in sources links from here on, see hyperlink.h. */
void plain_links(struct plain *p, bool on);

/* Prints the state, what was found, and the groups; then asks. */
void plain_begin(struct plain *p);
/* Does what a line says that was typed. */
void plain_line(struct plain *p, const char *line);
/* Tells in a line each what was found since, and the program's end. Call after the world changed. */
void plain_news(struct plain *p);
/* Whether it was asked to end. */
bool plain_done(const struct plain *p);

#endif

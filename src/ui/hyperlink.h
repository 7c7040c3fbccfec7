/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links to source lines in what is printed line by line (OSC 8). Not on the screen: there a
 * key opens the editor.
 */
#ifndef UI_HYPERLINK_H
#define UI_HYPERLINK_H

#include <stdbool.h>
#include <stdint.h>

enum hyperlinks { HYPERLINKS_NEVER, HYPERLINKS_AUTO, HYPERLINKS_ALWAYS };

/* Whether the terminal that the environment tells of is known to have them. */
bool hyperlink_known(void);
/*
 * Where a link to a line of a file leads: "file://HOST/PATH#LINE", of ASCII without blanks and
 * control characters whatever the path holds; by substitute ("A=B", ends with NULL; may be NULL)
 * where that names the path's begin. NULL: the path is not absolute. malloced.
 */
char *hyperlink_url(const char *path, uint32_t line, const char *const *substitute);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What a piece of the screen means; a theme makes colours of it, a golden file letters. */
#ifndef UI_ROLE_H
#define UI_ROLE_H

#include "core/event.h"

enum role {
	ROLE_TEXT,
	ROLE_DIM, /* of less interest: what is unknown, units, fillers */
	ROLE_STRONG,
	ROLE_HEADER, /* the lines at the top */
	ROLE_BAR, /* the bottom bar's labels … */
	ROLE_KEY, /* … and its keys; keys in the help */
	ROLE_BORDER,
	ROLE_TITLE, /* a pane's title or tab … */
	ROLE_TITLE_FOCUS, /* … where the keys go */
	ROLE_COLUMN, /* heads of columns … */
	ROLE_COLUMN_SORT, /* … the one sorted by */

	ROLE_RUN,
	ROLE_READY,
	ROLE_BLOCKED,
	ROLE_SYSCALL, /* and I/O */
	ROLE_IDLE, /* sleeping, netpoll */
	ROLE_DEAD,

	ROLE_ERROR, /* findings and messages by severity, certainty beside it in words */
	ROLE_WARN,
	ROLE_INFO,
	ROLE_GOOD,
	ROLE_MATCH, /* what a search or filter met */
	ROLE_GOID,
	ROLE_FUNC,
	ROLE_FILE,
	ROLE_LINENO,
	ROLE_TIME,
	ROLE_LONG, /* a wait for another goroutine that lasts too long */
	ROLE_CURSOR, /* the moment looked at, in a timeline */
	ROLE_BAND_GC,
	ROLE_BAND_STW,
	ROLE_PROGRESS,
	ROLE_SRC_KEYWORD,
	ROLE_SRC_STRING,
	ROLE_SRC_COMMENT,
	ROLE_SRC_NUMBER,
	ROLE_SRC_MARK, /* the line on which a goroutine is */
	ROLE_PROMPT,
	ROLE_N
};

/* On top of a role. */
enum attr {
	ATTR_BOLD = 1 << 0,
	ATTR_UNDERLINE = 1 << 1,
	ATTR_REVERSE = 1 << 2,
	ATTR_SELECT = 1 << 3, /* on the selected row of the pane that has the keys */
	ATTR_SELECT_AWAY = 1 << 4, /* on the selected row of another pane */
};

/* The role's name, as a theme file and a golden file have it. */
const char *role_name(enum role r);
/* One letter for dumps: distinct for each role. */
char role_letter(enum role r);
/* The role that a goroutine's state is drawn in. */
enum role role_state(enum gstate s, enum reason r);

#endif

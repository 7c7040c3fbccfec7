/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/role.h"

static const struct {
	const char *name;
	char letter;
} roles[ROLE_N] = {
	[ROLE_TEXT] = { "text", '.' },
	[ROLE_DIM] = { "dim", 'd' },
	[ROLE_STRONG] = { "strong", 'b' },
	[ROLE_HEADER] = { "header", 'h' },
	[ROLE_BAR] = { "bar", 'a' },
	[ROLE_KEY] = { "key", 'k' },
	[ROLE_BORDER] = { "border", '-' },
	[ROLE_TITLE] = { "title", 't' },
	[ROLE_TITLE_FOCUS] = { "title-focus", 'T' },
	[ROLE_COLUMN] = { "column", 'c' },
	[ROLE_COLUMN_SORT] = { "column-sort", 'C' },
	[ROLE_RUN] = { "run", 'R' },
	[ROLE_READY] = { "ready", 'Q' },
	[ROLE_BLOCKED] = { "blocked", 'B' },
	[ROLE_SYSCALL] = { "syscall", 'S' },
	[ROLE_IDLE] = { "idle", 'I' },
	[ROLE_DEAD] = { "dead", 'X' },
	[ROLE_ERROR] = { "error", 'E' },
	[ROLE_WARN] = { "warning", 'W' },
	[ROLE_INFO] = { "info", 'i' },
	[ROLE_GOOD] = { "good", 'G' },
	[ROLE_MATCH] = { "match", 'M' },
	[ROLE_GOID] = { "goroutine", 'g' },
	[ROLE_FUNC] = { "function", 'f' },
	[ROLE_FILE] = { "file", 'F' },
	[ROLE_LINENO] = { "line-number", 'n' },
	[ROLE_TIME] = { "time", 'm' },
	[ROLE_LONG] = { "long-wait", 'w' },
	[ROLE_CURSOR] = { "cursor", '|' },
	[ROLE_BAND_GC] = { "band-gc", 'y' },
	[ROLE_BAND_STW] = { "band-stw", 'Y' },
	[ROLE_PROGRESS] = { "progress", 'p' },
	[ROLE_SRC_KEYWORD] = { "source-keyword", 'K' },
	[ROLE_SRC_STRING] = { "source-string", 's' },
	[ROLE_SRC_COMMENT] = { "source-comment", '/' },
	[ROLE_SRC_NUMBER] = { "source-number", '0' },
	[ROLE_SRC_MARK] = { "source-mark", '>' },
	[ROLE_PROMPT] = { "prompt", ':' },
};

const char *role_name(enum role r)
{
	return (unsigned)r < ROLE_N ? roles[r].name : "?";
}

char role_letter(enum role r)
{
	return (unsigned)r < ROLE_N ? roles[r].letter : '?';
}

enum role role_state(enum gstate s, enum reason r)
{
	switch (state_letter(s, r)) {
	case 'R':
		return ROLE_RUN;
	case 'Q':
		return ROLE_READY;
	case 'B':
	case 'L':
		return ROLE_BLOCKED;
	case 'S':
	case 'I':
		return ROLE_SYSCALL;
	case 'Z':
	case 'G':
		return ROLE_IDLE;
	case 'X':
		return ROLE_DEAD;
	default:
		return ROLE_DIM;
	}
}

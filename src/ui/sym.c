/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/cell.h"

static const struct {
	uint32_t cp;
	char ascii;
} syms[SYM_N] = {
	[SYM_HLINE] = { 0x2500, '-' },	     [SYM_VLINE] = { 0x2502, '|' },
	[SYM_CROSS] = { 0x253c, '+' },	     [SYM_TEE_DOWN] = { 0x252c, '+' },
	[SYM_TEE_UP] = { 0x2534, '+' },	     [SYM_TEE_RIGHT] = { 0x251c, '+' },
	[SYM_TEE_LEFT] = { 0x2524, '+' },    [SYM_CORNER_TL] = { 0x250c, '+' },
	[SYM_CORNER_TR] = { 0x2510, '+' },   [SYM_CORNER_BL] = { 0x2514, '+' },
	[SYM_CORNER_BR] = { 0x2518, '+' },   [SYM_TREE_MID] = { 0x251c, '|' },
	[SYM_TREE_END] = { 0x2514, '`' },    [SYM_TREE_LINE] = { 0x2502, '|' },
	[SYM_SELECT] = { 0x25b6, '>' },	     [SYM_FOLDED] = { 0x25b8, '+' },
	[SYM_UNFOLDED] = { 0x25be, '-' },    [SYM_RUN] = { 0x2588, '#' },
	[SYM_READY] = { 0x2592, ':' },	     [SYM_BLOCKED] = { 0x2500, '-' },
	[SYM_LOCK] = { 'L', 'L' },	     [SYM_SYSCALL] = { 's', 's' },
	[SYM_IDLE] = { 0x254c, '_' },	     [SYM_DEAD] = { 0xb7, '.' },
	[SYM_STATE] = { 0x25cf, '*' },	     [SYM_PAUSED] = { 0x2016, '"' },
	[SYM_ELLIPSIS] = { 0x2026, '~' },    [SYM_DELTA] = { 0x394, 'd' },
	[SYM_ARROW_RIGHT] = { 0x2192, '>' }, [SYM_ARROW_LEFT] = { 0x2190, '<' },
	[SYM_ARROW_UP] = { 0x2191, '^' },    [SYM_ARROW_DOWN] = { 0x2193, 'v' },
	[SYM_MARK] = { 0x25b2, '^' },	     [SYM_CURSOR] = { 0x2502, '|' },
	[SYM_SORT_UP] = { 0x25b4, '^' },     [SYM_SORT_DOWN] = { 0x25be, 'v' },
	[SYM_INLINED] = { 0x21b3, '\\' },
};

uint32_t sym_cp(enum sym s, bool ascii)
{
	return ascii ? (uint32_t)syms[s].ascii : syms[s].cp;
}

enum sym sym_state(enum gstate s, enum reason r)
{
	switch (state_letter(s, r)) {
	case 'R':
		return SYM_RUN;
	case 'Q':
		return SYM_READY;
	case 'L':
		return SYM_LOCK;
	case 'S':
		return SYM_SYSCALL;
	case 'I':
	case 'Z':
	case 'G':
		return SYM_IDLE;
	case 'B':
		return SYM_BLOCKED;
	default:
		return SYM_DEAD;
	}
}

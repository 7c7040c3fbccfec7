/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/theme.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

#define B ATTR_BOLD
#define U ATTR_UNDERLINE
#define R ATTR_REVERSE
#define NO (-1)

/*
 * The states' colours stay apart in normal sight and the three kinds of colour
 * blindness (least distance 41 in CIE 1976, contrast on black 4.6 and more).
 */
static const struct theme themes[] = {
	{
		.name = "dark",
		.select = 237,
		.away = 235,
		.faint_from = 238,
		.faint_to = 246,
		.faint_selected = 250,
		.role = {
			[ROLE_TEXT] = { NO, NO, NO, NO, 0, 0 },
			[ROLE_DIM] = { 244, NO, 8, NO, 0, 0 },
			[ROLE_STRONG] = { 231, NO, 15, NO, B, B },
			[ROLE_HEADER] = { 250, NO, 7, NO, 0, 0 },
			[ROLE_BAR] = { 250, 235, 7, NO, 0, 0 },
			[ROLE_KEY] = { 231, 238, 0, 6, B, R },
			[ROLE_BORDER] = { 240, NO, 8, NO, 0, 0 },
			[ROLE_TITLE] = { 250, NO, 7, NO, 0, 0 },
			[ROLE_TITLE_FOCUS] = { 231, 24, 15, 4, B, B | R },
			[ROLE_COLUMN] = { 245, NO, 7, NO, U, U },
			[ROLE_COLUMN_SORT] = { 231, NO, 15, NO, B | U, B | U },
			[ROLE_RUN] = { 117, NO, 14, NO, 0, B },
			[ROLE_READY] = { 226, NO, 11, NO, 0, 0 },
			[ROLE_BLOCKED] = { 166, NO, 9, NO, 0, 0 },
			[ROLE_SYSCALL] = { 165, NO, 13, NO, 0, 0 },
			[ROLE_IDLE] = { 243, NO, 8, NO, 0, 0 },
			[ROLE_DEAD] = { 240, NO, 8, NO, 0, 0 },
			[ROLE_ERROR] = { 231, 124, 15, 1, B, B | R },
			[ROLE_WARN] = { 214, NO, 11, NO, B, B },
			[ROLE_INFO] = { 153, NO, 14, NO, 0, 0 },
			[ROLE_GOOD] = { 117, NO, 14, NO, 0, B },
			[ROLE_MATCH] = { 16, 222, 0, 3, 0, R },
			[ROLE_GOID] = { 231, NO, 15, NO, 0, 0 },
			[ROLE_FUNC] = { 153, NO, 14, NO, 0, 0 },
			[ROLE_FILE] = { 248, NO, 7, NO, 0, 0 },
			[ROLE_LINENO] = { 245, NO, 8, NO, 0, 0 },
			[ROLE_TIME] = { 250, NO, 7, NO, 0, 0 },
			[ROLE_LONG] = { 209, NO, 9, NO, B | U, B | U },
			[ROLE_CURSOR] = { 231, NO, 15, NO, B, R },
			[ROLE_BAND_GC] = { 231, 60, 15, 4, 0, U },
			[ROLE_BAND_STW] = { 16, 214, 0, 3, 0, R },
			[ROLE_PROGRESS] = { 117, NO, 14, NO, 0, 0 },
			[ROLE_SRC_KEYWORD] = { 153, NO, 14, NO, 0, B },
			[ROLE_SRC_STRING] = { 180, NO, 3, NO, 0, 0 },
			[ROLE_SRC_COMMENT] = { 244, NO, 8, NO, 0, 0 },
			[ROLE_SRC_NUMBER] = { 180, NO, 3, NO, 0, 0 },
			[ROLE_SRC_MARK] = { 231, 24, 15, 4, B, R },
			[ROLE_PROMPT] = { 231, NO, 15, NO, B, B },
		},
	},
	{
		.name = "light",
		.select = 253,
		.away = 255,
		.faint_from = 242,
		.faint_to = 252,
		.faint_selected = 240,
		.role = {
			[ROLE_TEXT] = { NO, NO, NO, NO, 0, 0 },
			[ROLE_DIM] = { 243, NO, 8, NO, 0, 0 },
			[ROLE_STRONG] = { 16, NO, 0, NO, B, B },
			[ROLE_HEADER] = { 238, NO, 0, NO, 0, 0 },
			[ROLE_BAR] = { 236, 254, 0, NO, 0, 0 },
			[ROLE_KEY] = { 16, 250, 15, 6, B, R },
			[ROLE_BORDER] = { 248, NO, 8, NO, 0, 0 },
			[ROLE_TITLE] = { 238, NO, 0, NO, 0, 0 },
			[ROLE_TITLE_FOCUS] = { 231, 24, 15, 4, B, B | R },
			[ROLE_COLUMN] = { 241, NO, 0, NO, U, U },
			[ROLE_COLUMN_SORT] = { 16, NO, 0, NO, B | U, B | U },
			[ROLE_RUN] = { 24, NO, 6, NO, 0, B },
			[ROLE_READY] = { 58, NO, 3, NO, 0, 0 },
			[ROLE_BLOCKED] = { 202, NO, 1, NO, 0, 0 },
			[ROLE_SYSCALL] = { 54, NO, 5, NO, 0, 0 },
			[ROLE_IDLE] = { 102, NO, 8, NO, 0, 0 },
			[ROLE_DEAD] = { 248, NO, 8, NO, 0, 0 },
			[ROLE_ERROR] = { 231, 124, 15, 1, B, B | R },
			[ROLE_WARN] = { 130, NO, 1, NO, B, B },
			[ROLE_INFO] = { 24, NO, 4, NO, 0, 0 },
			[ROLE_GOOD] = { 24, NO, 4, NO, 0, B },
			[ROLE_MATCH] = { 16, 222, 0, 3, 0, R },
			[ROLE_GOID] = { 16, NO, 0, NO, 0, 0 },
			[ROLE_FUNC] = { 24, NO, 4, NO, 0, 0 },
			[ROLE_FILE] = { 240, NO, 0, NO, 0, 0 },
			[ROLE_LINENO] = { 243, NO, 8, NO, 0, 0 },
			[ROLE_TIME] = { 238, NO, 0, NO, 0, 0 },
			[ROLE_LONG] = { 160, NO, 1, NO, B | U, B | U },
			[ROLE_CURSOR] = { 16, NO, 0, NO, B, R },
			[ROLE_BAND_GC] = { 16, 189, 15, 4, 0, U },
			[ROLE_BAND_STW] = { 16, 215, 0, 3, 0, R },
			[ROLE_PROGRESS] = { 24, NO, 4, NO, 0, 0 },
			[ROLE_SRC_KEYWORD] = { 24, NO, 4, NO, 0, B },
			[ROLE_SRC_STRING] = { 94, NO, 1, NO, 0, 0 },
			[ROLE_SRC_COMMENT] = { 243, NO, 8, NO, 0, 0 },
			[ROLE_SRC_NUMBER] = { 94, NO, 1, NO, 0, 0 },
			[ROLE_SRC_MARK] = { 16, 153, 15, 4, B, R },
			[ROLE_PROMPT] = { 16, NO, 0, NO, B, B },
		},
	},
	{
		/* every colour at least 7:1 on black, states 29 apart in every sight */
		.name = "high-contrast",
		.select = 18,
		.away = 17,
		.faint_from = 238,
		.faint_to = 252,
		.faint_selected = 231,
		.role = {
			[ROLE_TEXT] = { 231, 16, 15, 0, 0, 0 },
			[ROLE_DIM] = { 252, 16, 7, 0, 0, 0 },
			[ROLE_STRONG] = { 231, 16, 15, 0, B, B },
			[ROLE_HEADER] = { 231, 16, 15, 0, 0, 0 },
			[ROLE_BAR] = { 231, 16, 15, 0, 0, 0 },
			[ROLE_KEY] = { 16, 231, 0, 7, B, R },
			[ROLE_BORDER] = { 252, 16, 7, 0, 0, 0 },
			[ROLE_TITLE] = { 231, 16, 15, 0, 0, 0 },
			[ROLE_TITLE_FOCUS] = { 16, 226, 0, 3, B, B | R },
			[ROLE_COLUMN] = { 231, 16, 15, 0, U, U },
			[ROLE_COLUMN_SORT] = { 226, 16, 11, 0, B | U, B | U },
			[ROLE_RUN] = { 159, 16, 14, 0, B, B },
			[ROLE_READY] = { 228, 16, 11, 0, B, 0 },
			[ROLE_BLOCKED] = { 208, 16, 9, 0, B, 0 },
			[ROLE_SYSCALL] = { 213, 16, 13, 0, B, 0 },
			[ROLE_IDLE] = { 247, 16, 7, 0, 0, 0 },
			[ROLE_DEAD] = { 247, 16, 7, 0, 0, 0 },
			[ROLE_ERROR] = { 231, 124, 15, 1, B, B | R },
			[ROLE_WARN] = { 226, 16, 11, 0, B | U, B },
			[ROLE_INFO] = { 231, 16, 15, 0, 0, 0 },
			[ROLE_GOOD] = { 51, 16, 14, 0, 0, B },
			[ROLE_MATCH] = { 16, 226, 0, 3, B, R },
			[ROLE_GOID] = { 231, 16, 15, 0, 0, 0 },
			[ROLE_FUNC] = { 231, 16, 15, 0, 0, 0 },
			[ROLE_FILE] = { 252, 16, 7, 0, 0, 0 },
			[ROLE_LINENO] = { 252, 16, 7, 0, 0, 0 },
			[ROLE_TIME] = { 231, 16, 15, 0, 0, 0 },
			[ROLE_LONG] = { 16, 208, 0, 3, B, B | U },
			[ROLE_CURSOR] = { 231, 16, 15, 0, B, R },
			[ROLE_BAND_GC] = { 231, 18, 15, 4, 0, U },
			[ROLE_BAND_STW] = { 16, 226, 0, 3, 0, R },
			[ROLE_PROGRESS] = { 51, 16, 14, 0, 0, 0 },
			[ROLE_SRC_KEYWORD] = { 51, 16, 14, 0, 0, B },
			[ROLE_SRC_STRING] = { 226, 16, 11, 0, 0, 0 },
			[ROLE_SRC_COMMENT] = { 252, 16, 7, 0, 0, 0 },
			[ROLE_SRC_NUMBER] = { 226, 16, 11, 0, 0, 0 },
			[ROLE_SRC_MARK] = { 16, 226, 0, 3, B, R },
			[ROLE_PROMPT] = { 231, 16, 15, 0, B, B },
		},
	},
	{ .name = "mono", .mono = true },
};

const struct theme *theme_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(themes); i++)
		if (!strcmp(themes[i].name, name))
			return &themes[i];
	return NULL;
}

const struct theme *theme_default(void)
{
	const char *s = getenv("COLORFGBG"), *bg = s ? strrchr(s, ';') : NULL;

	if (bg && (!strcmp(bg, ";7") || !strcmp(bg, ";15")))
		return &themes[1];
	return &themes[0];
}

static struct look look_mono(const struct shade *s, unsigned attr)
{
	struct look l = { NO, NO, s->mono | (attr & (B | U | R)) };

	if (attr & ATTR_SELECT)
		l.attr |= R;
	if (attr & ATTR_SELECT_AWAY)
		l.attr |= U;
	return l;
}

/* Eight colours: the bright ones are the plain ones in bold. */
static void fold_bright(struct look *l)
{
	if (l->fg > 7) {
		/* a bright black in bold is black on many terminals */
		l->attr |= l->fg == 8 ? 0 : B;
		l->fg = l->fg == 8 ? NO : l->fg - 8;
	}
	if (l->bg > 7)
		l->bg -= 8;
}

static struct look look_16(const struct shade *s, enum depth d, unsigned attr)
{
	struct look l = { s->fg16, s->bg16, s->attr | (attr & (B | U | R)) };

	if (d == DEPTH_8)
		fold_bright(&l);
	if (attr & ATTR_SELECT)
		l = (struct look){ NO, NO, l.attr | R };
	if (attr & ATTR_SELECT_AWAY)
		l.attr |= U;
	return l;
}

const char *theme_name(size_t i)
{
	return i < ARRAY_SIZE(themes) ? themes[i].name : NULL;
}

static struct look look_256(const struct theme *t, const struct shade *s, unsigned attr)
{
	struct look l = { s->fg, s->bg, s->attr | (attr & (B | U | R)) };
	bool selected = attr & (ATTR_SELECT | ATTR_SELECT_AWAY);

	if (selected && (l.bg == NO || l.bg == t->role[ROLE_TEXT].bg)) {
		l.bg = attr & ATTR_SELECT ? t->select : t->away;
		if (l.fg >= t->faint_from && l.fg <= t->faint_to)
			l.fg = t->faint_selected;
	}
	if (attr & ATTR_SELECT)
		l.attr |= B;
	return l;
}

struct look theme_look(const struct theme *t, enum depth d, enum role r, unsigned attr)
{
	const struct shade *s = &t->role[r];

	if (d == DEPTH_MONO || t->mono)
		return look_mono(&themes[0].role[r], attr);
	return d == DEPTH_256 ? look_256(t, s, attr) : look_16(s, d, attr);
}

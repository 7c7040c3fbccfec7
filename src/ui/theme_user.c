/* SPDX-License-Identifier: Apache-2.0 */
/* Themes of the user's own: colours as words, and what they are with fewer colours. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "ui/theme.h"

static const char *const color_names[] = {
	"black",	"red",		 "green",	"yellow",	  "blue",
	"magenta",	"cyan",		 "white",	"bright-black",	  "bright-red",
	"bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan",
	"bright-white",
};

enum { NOT_A_COLOR = -2, WORDS_MOST = 8 };

unsigned theme_rgb(int color)
{
	static const unsigned first[] = { 0x000000, 0xcd0000, 0x00cd00, 0xcdcd00,
					  0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
					  0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00,
					  0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff };
	static const unsigned step[] = { 0, 95, 135, 175, 215, 255 };
	unsigned c = (unsigned)color & 255;

	if (c < 16)
		return first[c];
	if (c >= 232)
		return (8 + 10 * (c - 232)) * 0x010101;
	c -= 16;
	return step[c / 36] << 16 | step[c / 6 % 6] << 8 | step[c % 6];
}

static unsigned distance(unsigned a, unsigned b)
{
	unsigned sum = 0;

	for (int shift = 0; shift < 24; shift += 8) {
		int d = (int)(a >> shift & 255) - (int)(b >> shift & 255);

		sum += (unsigned)(d * d);
	}
	return sum;
}

/* Of the colours from first to last. */
static int nearest(unsigned rgb, int first, int last)
{
	int best = first;

	for (int i = first; i <= last; i++)
		if (distance(rgb, theme_rgb(i)) < distance(rgb, theme_rgb(best)))
			best = i;
	return best;
}

int theme_nearest_16(int color)
{
	return color < 16 ? color : nearest(theme_rgb(color), 0, 15);
}

/* A colour's word; -1: the terminal's own, NOT_A_COLOR. */
static int parse_color(const char *word)
{
	char *end;
	unsigned long v;

	if (!strcmp(word, "default"))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(color_names); i++)
		if (!strcmp(word, color_names[i]))
			return (int)i;
	if (*word == '#') {
		if (strspn(word + 1, "0123456789abcdefABCDEF") != 6 || word[7])
			return NOT_A_COLOR;
		/* the first 16 are what the terminal's owner made of them */
		return nearest((unsigned)strtoul(word + 1, NULL, 16), 16, 255);
	}
	if (!*word || strspn(word, "0123456789") != strlen(word) || strlen(word) > 3)
		return NOT_A_COLOR;
	v = strtoul(word, &end, 10);
	return v > 255 ? NOT_A_COLOR : (int)v;
}

static unsigned parse_attr(const char *word)
{
	static const struct {
		const char *name;
		unsigned attr;
	} attrs[] = {
		{ "bold", ATTR_BOLD },
		{ "underline", ATTR_UNDERLINE },
		{ "reverse", ATTR_REVERSE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++)
		if (!strcmp(word, attrs[i].name))
			return attrs[i].attr;
	return 0;
}

static int bad_color(const char *key, const char *word, struct err *err)
{
	return err_set(err, -EINVAL, EXIT_USAGE,
		       "%s: '%.40s' is no colour: 0 to 255, #rrggbb, a name such as bright-red, or "
		       "default; then bold, underline, reverse",
		       key, word);
}

/* "FG [on BG] [bold] [underline] [reverse]"; words is changed. */
static int set_shade(struct shade *s, const char *key, char *words, struct err *err)
{
	struct shade out = { -1, -1, -1, -1, 0, s->mono };
	char *save = NULL, *w = strtok_r(words, " \t", &save);
	int color = w ? parse_color(w) : NOT_A_COLOR;

	if (color == NOT_A_COLOR)
		return bad_color(key, w ? w : "", err);
	out.fg = (short)color;
	w = strtok_r(NULL, " \t", &save);
	if (w && !strcmp(w, "on")) {
		w = strtok_r(NULL, " \t", &save);
		color = w ? parse_color(w) : NOT_A_COLOR;
		if (color == NOT_A_COLOR)
			return bad_color(key, w ? w : "", err);
		out.bg = (short)color;
		w = strtok_r(NULL, " \t", &save);
	}
	for (; w; w = strtok_r(NULL, " \t", &save)) {
		if (!parse_attr(w))
			return bad_color(key, w, err);
		out.attr |= (unsigned char)parse_attr(w);
	}
	out.fg16 = (short)theme_nearest_16(out.fg);
	out.bg16 = (short)theme_nearest_16(out.bg);
	if (out.bg16 == out.fg16 && out.bg != out.fg)
		out.bg16 = -1; /* else the text would be gone */
	*s = out;
	return 0;
}

static int set_base(struct theme *t, const char *value, struct err *err)
{
	const struct theme *base = theme_named(value);
	const char *name = t->name;

	if (!base)
		return err_set(err, -EINVAL, EXIT_USAGE,
			       "base: there is no theme '%.40s'; there are dark, light, "
			       "high-contrast and mono",
			       value);
	*t = *base;
	t->name = name;
	return 0;
}

int theme_set(struct theme *t, const char *key, const char *value, struct err *err)
{
	char *words;
	int rc, color;

	if (!strcmp(key, "base"))
		return set_base(t, value, err);
	if (!strcmp(key, "select") || !strcmp(key, "away")) {
		color = parse_color(value);
		if (color < 0)
			return bad_color(key, value, err);
		*(*key == 's' ? &t->select : &t->away) = (short)color;
		return 0;
	}
	for (int r = 0; r < ROLE_N; r++) {
		if (strcmp(role_name((enum role)r), key) != 0)
			continue;
		words = xstrdup(value);
		rc = set_shade(&t->role[r], key, words, err);
		free(words);
		return rc;
	}
	return err_set(err, -EINVAL, EXIT_USAGE, "there is no colour for '%.40s' in a theme", key);
}

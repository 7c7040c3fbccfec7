/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/text.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "core/mem.h"

#define NS_US 1000ll
#define NS_MS 1000000ll
#define NS_S 1000000000ll

int32_t text_get(const char *s, size_t len, size_t *used)
{
	utf8proc_int32_t cp;
	utf8proc_ssize_t n;

	*used = 1;
	if (!len)
		return -1;
	if ((unsigned char)*s < 0x80)
		return (unsigned char)*s;
	n = utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)(len > 4 ? 4 : len),
			     &cp);
	if (n < 1)
		return -1;
	*used = (size_t)n;
	return cp;
}

int text_put(char *buf, uint32_t cp)
{
	return (int)utf8proc_encode_char((utf8proc_int32_t)cp, (utf8proc_uint8_t *)buf);
}

/* Whether a terminal must not be given it: it would act on it, or hide or turn text. */
static bool is_hostile(int32_t cp)
{
	switch (utf8proc_category(cp)) {
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return true;
	default:
		return false;
	}
}

/* Selectors change how wide some terminals draw the base. */
static bool is_variation(int32_t cp)
{
	return (cp >= 0xfe00 && cp <= 0xfe0f) || (cp >= 0xe0100 && cp <= 0xe01ef);
}

static void spell(struct text_iter *it, int32_t cp, unsigned char byte)
{
	if (cp < 0)
		snprintf(it->escape, sizeof(it->escape), "\\x%02x", byte);
	else if (cp < 0x20 || cp == 0x7f)
		snprintf(it->escape, sizeof(it->escape), "^%c", cp == 0x7f ? '?' : cp + '@');
	else
		snprintf(it->escape, sizeof(it->escape), "\\u%04x", (unsigned)cp);
	it->at = 0;
}

void text_begin(struct text_iter *it, const char *s, size_t len, bool ascii)
{
	it->s = (const unsigned char *)s;
	it->end = it->s + len;
	it->escape[0] = '\0';
	it->at = 0;
	it->ascii = ascii;
}

static void take_marks(struct text_iter *it, struct glyph *g)
{
	size_t used;
	int n = 1;

	while (it->s < it->end && *it->s >= 0x80) {
		int32_t cp = text_get((const char *)it->s, (size_t)(it->end - it->s), &used);

		if (cp < 0 || (!is_variation(cp) && (is_hostile(cp) || utf8proc_charwidth(cp) > 0)))
			return;
		it->s += used;
		if (n < GLYPH_CP && !is_variation(cp) && !it->ascii)
			g->cp[n++] = (uint32_t)cp;
	}
}

static bool next_spelt(struct text_iter *it, struct glyph *g)
{
	*g = (struct glyph){ .cp = { (unsigned char)it->escape[it->at++] }, .width = 1 };
	if (!it->escape[it->at])
		it->escape[0] = '\0', it->at = 0;
	return true;
}

bool text_next(struct text_iter *it, struct glyph *g)
{
	const unsigned char *s = it->s;
	size_t used;
	int32_t cp;
	int width;

	if (it->escape[it->at])
		return next_spelt(it, g);
	if (s >= it->end)
		return false;
	cp = text_get((const char *)s, (size_t)(it->end - s), &used);
	it->s += used;
	if (cp < 0 || (cp < 0x80 ? cp < 0x20 || cp == 0x7f : is_hostile(cp))) {
		spell(it, cp, *s);
		return next_spelt(it, g);
	}
	width = cp < 0x80 ? 1 : utf8proc_charwidth(cp);
	*g = (struct glyph){ .cp = { (uint32_t)cp }, .width = (uint8_t)width };
	if (width <= 0) {
		/* a mark without a base stands on a blank */
		*g = (struct glyph){ .cp = { ' ', is_variation(cp) ? 0 : (uint32_t)cp },
				     .width = 1 };
		if (it->ascii)
			g->cp[0] = '?', g->cp[1] = 0;
		return true;
	}
	take_marks(it, g);
	if (it->ascii && cp >= 0x80) {
		snprintf(it->escape, sizeof(it->escape), "%s", width > 1 ? "??" : "?");
		it->at = 0;
		return next_spelt(it, g);
	}
	return true;
}

int text_width(const char *s, size_t len)
{
	struct text_iter it;
	struct glyph g;
	int w = 0;

	for (text_begin(&it, s, len, false); text_next(&it, &g);)
		w += g.width;
	return w;
}

/* Three digits that count: 1.2, 41.2, 870. */
static const char *scaled(char *buf, uint64_t n, uint64_t unit, const char *name)
{
	uint64_t whole = n / unit;

	if (whole < 100 && unit > 1)
		snprintf(buf, TEXT_SHORT, "%u.%u%s", (unsigned)whole,
			 (unsigned)(n % unit / (unit / 10)), name);
	else
		snprintf(buf, TEXT_SHORT, "%u%s", (unsigned)whole, name);
	return buf;
}

const char *text_duration(char buf[TEXT_SHORT], int64_t ns)
{
	int64_t s = ns / NS_S, m = s / 60, h = m / 60, d = h / 24;

	if (ns <= 0)
		snprintf(buf, TEXT_SHORT, "0");
	else if (ns < NS_US)
		scaled(buf, (uint64_t)ns, 1, "ns");
	else if (ns < NS_MS)
		scaled(buf, (uint64_t)ns, NS_US, "us");
	else if (ns < NS_S)
		scaled(buf, (uint64_t)ns, NS_MS, "ms");
	else if (s < 60)
		scaled(buf, (uint64_t)ns, NS_S, "s");
	else if (m < 60)
		snprintf(buf, TEXT_SHORT, "%dm%02ds", (int)m, (int)(s % 60));
	else if (h < 100)
		snprintf(buf, TEXT_SHORT, "%dh%02dm", (int)h, (int)(m % 60));
	else if (d < 100)
		snprintf(buf, TEXT_SHORT, "%dd%02dh", (int)d, (int)(h % 24));
	else
		snprintf(buf, TEXT_SHORT, "%dd", (int)d);
	return buf;
}

const char *text_count(char buf[TEXT_SHORT], uint64_t n)
{
	static const char *const names[] = { "k", "M", "G", "T", "P", "E" };
	uint64_t unit = 1000;
	size_t i = 0;

	if (n < 10000) {
		snprintf(buf, TEXT_SHORT, "%u", (unsigned)n);
		return buf;
	}
	for (; n / unit >= 1000 && i + 1 < ARRAY_SIZE(names); i++)
		unit *= 1000;
	return scaled(buf, n, unit, names[i]);
}

const char *text_bytes(char buf[TEXT_SHORT], uint64_t n)
{
	static const char *const names[] = { "K", "M", "G", "T", "P", "E" };
	uint64_t unit = 1024;
	size_t i = 0;

	if (n < 1024) {
		snprintf(buf, TEXT_SHORT, "%uB", (unsigned)n);
		return buf;
	}
	for (; n / unit >= 1024 && i + 1 < ARRAY_SIZE(names); i++)
		unit *= 1024;
	if (n / unit < 100)
		snprintf(buf, TEXT_SHORT, "%u.%u%s", (unsigned)(n / unit),
			 (unsigned)((n % unit) / (unit / 1024) * 10 / 1024), names[i]);
	else
		snprintf(buf, TEXT_SHORT, "%u%s", (unsigned)(n / unit), names[i]);
	return buf;
}

static int fraction_digits(int64_t grain)
{
	int digits = 9;

	if (grain >= NS_S)
		return 0;
	for (int64_t unit = 10; digits && grain >= unit; unit *= 10)
		digits--;
	return digits;
}

const char *text_moment(char buf[TEXT_SHORT], int64_t t, int64_t grain)
{
	uint64_t abs = t < 0 ? -(uint64_t)t : (uint64_t)t, s = abs / NS_S;
	unsigned h = (unsigned)(s / 3600), m = (unsigned)(s / 60 % 60);
	int digits = fraction_digits(grain), n = 0;
	uint64_t part = abs % NS_S;
	char frac[16] = "";

	for (int i = digits; i < 9; i++)
		part /= 10;
	if (digits)
		snprintf(frac, sizeof(frac), ".%0*u", digits, (unsigned)part);
	if (t < 0)
		n = snprintf(buf, TEXT_SHORT, "-");
	if (h)
		n += snprintf(buf + n, (size_t)(TEXT_SHORT - n), "%uh%02um%02u", h, m,
			      (unsigned)(s % 60));
	else if (m)
		n += snprintf(buf + n, (size_t)(TEXT_SHORT - n), "%um%02u", m, (unsigned)(s % 60));
	else
		n += snprintf(buf + n, (size_t)(TEXT_SHORT - n), "%u", (unsigned)s);
	snprintf(buf + n, (size_t)(TEXT_SHORT - n), "%ss", frac);
	return buf;
}

const char *text_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *text_how(char buf[TEXT_HOW], const char *how)
{
	const char *last = strrchr(how, ' ');
	int words = last ? (int)(last + 1 - how) : 0;

	snprintf(buf, TEXT_HOW, "%.*s%s", words, how, text_base(how + words));
	return buf;
}

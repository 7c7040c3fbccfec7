/* SPDX-License-Identifier: Apache-2.0 */
#include "source/jsonl_lex.h"

#include <string.h>
#include <utf8proc.h>

enum { DEPTH_MOST = 32, REPLACEMENT = 0xfffd };

static bool fail(struct jlex *l, const char *why)
{
	if (!l->why)
		l->why = why;
	return false;
}

static void skip_blank(struct jlex *l)
{
	while (l->p < l->end && (*l->p == ' ' || *l->p == '\t' || *l->p == '\r' || *l->p == '\n'))
		l->p++;
}

bool jlex_take(struct jlex *l, char c)
{
	skip_blank(l);
	if (l->p == l->end || *l->p != c)
		return false;
	l->p++;
	return true;
}

static bool take_word(struct jlex *l, const char *word, size_t n)
{
	skip_blank(l);
	if ((size_t)(l->end - l->p) < n || memcmp(l->p, word, n) != 0)
		return false;
	l->p += n;
	return true;
}

bool jlex_null(struct jlex *l)
{
	return take_word(l, "null", 4);
}

bool jlex_over(struct jlex *l)
{
	skip_blank(l);
	return l->p == l->end || fail(l, "there is more after the object's end");
}

bool jlex_string(struct jlex *l, struct jtext *out)
{
	const char *p, *begin;

	if (!jlex_take(l, '"'))
		return fail(l, "a string is missing");
	begin = l->p;
	out->escaped = false;
	for (p = begin; p < l->end && *p != '"'; p++) {
		if ((unsigned char)*p < 0x20)
			return fail(l, "a control character in a string");
		if (*p != '\\')
			continue;
		out->escaped = true;
		if (++p == l->end)
			break;
	}
	if (p >= l->end)
		return fail(l, "a string has no end");
	out->s = begin;
	out->n = (uint32_t)(p - begin);
	l->p = p + 1;
	return true;
}

static bool is_digit(const struct jlex *l)
{
	return l->p < l->end && *l->p >= '0' && *l->p <= '9';
}

static bool digits(struct jlex *l, uint64_t most, uint64_t *out)
{
	uint64_t v = 0;

	if (!is_digit(l))
		return fail(l, "a number is missing");
	for (; is_digit(l); l->p++) {
		unsigned d = (unsigned)(*l->p - '0');

		if (v > (most - d) / 10)
			return fail(l, "a number is too large");
		v = v * 10 + d;
	}
	if (l->p < l->end && (*l->p == '.' || *l->p == 'e' || *l->p == 'E'))
		return fail(l, "a number is not whole");
	*out = v;
	return true;
}

bool jlex_uint(struct jlex *l, uint64_t *out)
{
	skip_blank(l);
	return digits(l, UINT64_MAX, out);
}

bool jlex_int(struct jlex *l, int64_t *out)
{
	bool minus = jlex_take(l, '-');
	uint64_t v;

	if (!digits(l, minus ? (uint64_t)INT64_MAX + 1 : INT64_MAX, &v))
		return false;
	*out = (int64_t)(minus ? -v : v);
	return true;
}

bool jlex_bool(struct jlex *l, bool *out)
{
	*out = take_word(l, "true", 4);
	return *out || take_word(l, "false", 5) || fail(l, "neither true nor false");
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool jlex_addr(struct jlex *l, uint64_t *out)
{
	struct jtext t;

	if (!jlex_string(l, &t))
		return false;
	if (t.n < 3 || t.n > 18 || memcmp(t.s, "0x", 2) != 0)
		return fail(l, "an address is none");
	*out = 0;
	for (uint32_t i = 2; i < t.n; i++) {
		int d = hex_digit(t.s[i]);

		if (d < 0)
			return fail(l, "an address is none");
		*out = *out << 4 | (unsigned)d;
	}
	return true;
}

/* Any number: the part before the point or exponent is what jlex_int() takes. */
static bool skip_number(struct jlex *l)
{
	const char *begin;

	jlex_take(l, '-');
	begin = l->p;
	while (is_digit(l) || (l->p < l->end && l->p > begin && strchr("+-.eE", *l->p) && *l->p))
		l->p++;
	return l->p > begin || fail(l, "a value is missing");
}

static bool skip_plain(struct jlex *l)
{
	struct jtext t;
	bool b;

	skip_blank(l);
	if (l->p == l->end)
		return fail(l, "a value is missing");
	switch (*l->p) {
	case '"':
		return jlex_string(l, &t);
	case 't':
	case 'f':
		return jlex_bool(l, &b);
	case 'n':
		return jlex_null(l) || fail(l, "a word is not known");
	default:
		return skip_number(l);
	}
}

static bool skip_nested(struct jlex *l, int depth);

static bool skip_members(struct jlex *l, char open, char close, int depth)
{
	struct jtext key;

	for (bool more = jlex_first(l, open, close); more; more = jlex_more(l, close))
		if ((open == '{' && !jlex_key(l, &key)) || !skip_nested(l, depth + 1))
			return false;
	return !l->why;
}

static bool skip_nested(struct jlex *l, int depth)
{
	if (depth > DEPTH_MOST)
		return fail(l, "objects lie in each other too deep");
	skip_blank(l);
	if (l->p < l->end && *l->p == '{')
		return skip_members(l, '{', '}', depth);
	if (l->p < l->end && *l->p == '[')
		return skip_members(l, '[', ']', depth);
	return skip_plain(l);
}

bool jlex_skip(struct jlex *l)
{
	return skip_nested(l, 0);
}

bool jlex_first(struct jlex *l, char open, char close)
{
	if (!jlex_take(l, open))
		return fail(l, open == '{' ? "an object is missing" : "a list is missing");
	return !jlex_take(l, close);
}

bool jlex_more(struct jlex *l, char close)
{
	if (jlex_take(l, ','))
		return true;
	return jlex_take(l, close) ? false : fail(l, "a comma or the end is missing");
}

bool jlex_key(struct jlex *l, struct jtext *out)
{
	return jlex_string(l, out) && (jlex_take(l, ':') || fail(l, "a colon is missing"));
}

/* --- escapes --- */

/* Four hex digits; -1: they are not. */
static int32_t hex4(const char *s, const char *end)
{
	int32_t v = 0;

	if (end - s < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = hex_digit(s[i]);

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* What follows "\u"; two halves of a pair are one character. */
static const char *decode_unit(const char *s, const char *end, int32_t *c)
{
	int32_t low;

	*c = hex4(s, end);
	if (*c < 0)
		return NULL;
	s += 4;
	if (*c < 0xd800 || *c > 0xdfff)
		return s;
	low = *c < 0xdc00 && end - s >= 6 && s[0] == '\\' && s[1] == 'u' ? hex4(s + 2, end) : -1;
	if (low < 0xdc00 || low > 0xdfff) {
		*c = REPLACEMENT;
		return s;
	}
	*c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
	return s + 6;
}

static const char *decode_escape(const char *s, const char *end, int32_t *c)
{
	static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (s == end)
		return NULL;
	if (*s == 'u')
		return decode_unit(s + 1, end, c);
	at = *s ? strchr(names, *s) : NULL;
	if (!at)
		return NULL;
	*c = (uint8_t)bytes[at - names];
	return s + 1;
}

size_t jtext_decode(struct jtext t, char *to)
{
	const char *s = t.s, *end = t.s + t.n;
	char *out = to;
	int32_t c;

	while (s < end) {
		if (*s != '\\') {
			*out++ = *s++;
			continue;
		}
		s = decode_escape(s + 1, end, &c);
		if (!s)
			return SIZE_MAX;
		out += utf8proc_encode_char(c, (utf8proc_uint8_t *)out);
	}
	return (size_t)(out - to);
}

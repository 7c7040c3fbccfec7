/* SPDX-License-Identifier: Apache-2.0 */
#include "target/gotext.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static void gotext_put(struct gotext *t, const char *s, size_t n)
{
	size_t room = t->size - 1 - t->n;

	if (n > room) {
		n = gotext_cut(s, n, room);
		t->full = true;
	}
	memcpy(t->buf + t->n, s, n);
	t->n += n;
	t->buf[t->n] = '\0';
}

void gotext_str(struct gotext *t, const char *s)
{
	gotext_put(t, s, strlen(s));
}

void gotext_printf(struct gotext *t, const char *fmt, ...)
{
	char buf[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n > 0)
		gotext_put(t, buf, (size_t)n < sizeof(buf) ? (size_t)n : sizeof(buf) - 1);
}

size_t gotext_cut(const char *s, size_t n, size_t max)
{
	size_t cut = max;

	if (n <= max)
		return n;
	while (cut && cut + 4 > max && ((unsigned char)s[cut] & 0xc0) == 0x80)
		cut--;
	return cut;
}

/* --- numbers --- */

/* Digits d.ddd of the shortest form, its exponent. */
static int shortest(double v, int bits, char digits[24], int *exp)
{
	char buf[40];
	int n = 0, prec;

	for (prec = 0; prec < 17; prec++) {
		snprintf(buf, sizeof(buf), "%.*e", prec, v);
		if (bits == 32 ? strtof(buf, NULL) == (float)v : strtod(buf, NULL) == v)
			break;
	}
	for (const char *p = buf; *p && *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	*exp = (int)strtol(strchr(buf, 'e') + 1, NULL, 10);
	while (n > 1 && digits[n - 1] == '0')
		n--;
	return n;
}

void gotext_float(struct gotext *t, double v, int bits)
{
	enum { EXP_MOST = 6, EXP_LEAST = -4 }; /* beyond, %e: strconv/ftoa.go */
	char digits[24];
	int n, exp;

	if (isnan(v)) {
		gotext_str(t, "NaN");
		return;
	}
	if (signbit(v))
		gotext_str(t, "-");
	if (isinf(v)) {
		gotext_str(t, signbit(v) ? "Inf" : "+Inf");
		return;
	}
	n = shortest(fabs(v), bits, digits, &exp);
	if (exp < EXP_LEAST || exp >= EXP_MOST) {
		gotext_put(t, digits, 1);
		if (n > 1)
			gotext_printf(t, ".%.*s", n - 1, digits + 1);
		gotext_printf(t, "e%+03d", exp);
		return;
	}
	if (exp < 0) {
		gotext_printf(t, "0.%.*s%.*s", -exp - 1, "0000", n, digits);
		return;
	}
	for (int i = 0; i <= exp; i++)
		gotext_put(t, i < n ? &digits[i] : "0", 1);
	if (n > exp + 1)
		gotext_printf(t, ".%.*s", n - exp - 1, digits + exp + 1);
}

void gotext_complex(struct gotext *t, double re, double im, int bits)
{
	gotext_str(t, "(");
	gotext_float(t, re, bits);
	if (isnan(im) || (!signbit(im) && !isinf(im)))
		gotext_str(t, "+");
	gotext_float(t, im, bits);
	gotext_str(t, "i)");
}

/* --- strings --- */

/* strconv.IsPrint: letters, marks, numbers, punctuation, symbols, and the blank. */
static bool is_print(int32_t r)
{
	utf8proc_category_t c = utf8proc_category(r);

	return r == ' ' || (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_SO);
}

static void quote_rune(struct gotext *t, const char *s, int len, int32_t r)
{
	static const char plain[] = "\a\b\f\n\r\t\v\"\\", named[] = "abfnrtv\"\\";
	const char *p = r && r < 0x80 ? strchr(plain, (char)r) : NULL;

	if (p)
		gotext_printf(t, "\\%c", named[p - plain]);
	else if (is_print(r))
		gotext_put(t, s, (size_t)len);
	else if (r < ' ' || r == 0x7f)
		gotext_printf(t, "\\x%02x", (unsigned)r);
	else
		gotext_printf(t, r < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)r);
}

void gotext_quote(struct gotext *t, const char *s, size_t n)
{
	gotext_str(t, "\"");
	while (n) {
		int32_t r;
		ssize_t len = utf8proc_iterate((const uint8_t *)s, (ssize_t)n, &r);

		if (len <= 0) {
			gotext_printf(t, "\\x%02x", (unsigned char)*s);
			len = 1;
		} else {
			quote_rune(t, s, (int)len, r);
		}
		s += len;
		n -= (size_t)len;
	}
	gotext_str(t, "\"");
}

bool gotext_is_text(const char *s, size_t n)
{
	const char *end = s + n;

	while (s < end) {
		int32_t r;
		ssize_t len = utf8proc_iterate((const uint8_t *)s, end - s, &r);

		if (len <= 0 || (!is_print(r) && r != '\n' && r != '\t' && r != '\r'))
			return false;
		s += len;
	}
	return n > 0;
}

/* --- time --- */

/* time/time.go:fmtFrac: v / 10^prec without zeros at the end; returns what is before the point. */
static uint64_t fraction(uint64_t v, int prec, char out[24])
{
	char digits[24];
	int n = prec;

	for (int i = prec; i-- > 0; v /= 10)
		digits[i] = (char)('0' + v % 10);
	while (n && digits[n - 1] == '0')
		n--;
	if (n)
		snprintf(out, 24, ".%.*s", n, digits);
	else
		*out = '\0';
	return v;
}

void gotext_duration(struct gotext *t, int64_t ns)
{
	uint64_t u = ns < 0 ? -(uint64_t)ns : (uint64_t)ns, sec;
	char frac[24];

	if (!u) {
		gotext_str(t, "0s");
		return;
	}
	if (ns < 0)
		gotext_str(t, "-");
	if (u < 1000000000) {
		int prec = u < 1000 ? 0 : u < 1000000 ? 3 : 6;

		u = fraction(u, prec, frac);
		gotext_printf(t, "%" PRIu64 "%s%s", u, frac,
			      prec == 0	  ? "ns"
			      : prec == 3 ? "µs"
					  : "ms");
		return;
	}
	sec = fraction(u, 9, frac);
	if (sec >= 3600)
		gotext_printf(t, "%" PRIu64 "h", sec / 3600);
	if (sec >= 60)
		gotext_printf(t, "%" PRIu64 "m", sec / 60 % 60);
	gotext_printf(t, "%" PRIu64 "%ss", sec % 60, frac);
}

/* The civil date of a day counted from 1970-01-01 (Howard Hinnant, days from civil). */
static void civil(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, yoe, doy, mp;
	int64_t doe = z - era * 146097;

	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	*month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	*year = yoe + era * 400 + (*month <= 2);
}

bool gotext_time(struct gotext *t, int64_t unix_sec, int64_t offset, uint32_t nsec)
{
	static const int64_t MOST = 1ll << 55;
	int64_t sec, days, year;
	unsigned month, day, rest;
	char frac[24];

	if (unix_sec > MOST || unix_sec < -MOST || offset > 1 << 20 || offset < -(1 << 20) ||
	    nsec >= 1000000000)
		return false;
	sec = unix_sec + offset;
	days = sec / 86400 - (sec % 86400 < 0);
	rest = (unsigned)(sec - days * 86400);
	civil(days, &year, &month, &day);
	fraction(nsec, 9, frac);
	gotext_printf(t, "%s%04" PRId64 "-%02u-%02u %02u:%02u:%02u%s", year < 0 ? "-" : "",
		      year < 0 ? -year : year, month, day, rest / 3600, rest / 60 % 60, rest % 60,
		      frac);
	return true;
}

void gotext_ip(struct gotext *t, const uint8_t *ip, size_t n)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char buf[INET6_ADDRSTRLEN] = "?";

	if (n == 16 && !memcmp(ip, mapped, sizeof(mapped))) {
		ip += 12;
		n = 4;
	}
	if (n == 4 || n == 16)
		inet_ntop(n == 4 ? AF_INET : AF_INET6, ip, buf, sizeof(buf));
	gotext_str(t, buf);
}

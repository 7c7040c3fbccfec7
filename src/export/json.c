/* SPDX-License-Identifier: Apache-2.0 */
#include "export/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "export/utf8.h"

static void quote(FILE *out, const char *s, size_t len)
{
	size_t n;

	putc_unlocked('"', out);
	for (; len; s += n, len -= n) {
		int32_t c = utf8_next(s, len, &n);

		if (c == 0xfffd) {
			fputs("\\ufffd", out);
		} else if (c == '"' || c == '\\') {
			putc_unlocked('\\', out);
			putc_unlocked(c, out);
		} else if (utf8_is_control(c)) {
			fprintf(out, "\\u%04x", (unsigned)c);
		} else {
			fwrite_unlocked(s, 1, n, out);
		}
	}
	putc_unlocked('"', out);
}

static void begin(struct json *j, const char *key)
{
	if (j->comma)
		putc_unlocked(',', j->out);
	j->comma = true;
	if (!key)
		return;
	putc_unlocked('"', j->out);
	fputs_unlocked(key, j->out);
	fputs_unlocked("\":", j->out);
}

void jw_object(struct json *j, const char *key)
{
	begin(j, key);
	putc_unlocked('{', j->out);
	j->comma = false;
}

void jw_array(struct json *j, const char *key)
{
	begin(j, key);
	putc_unlocked('[', j->out);
	j->comma = false;
}

void jw_end(struct json *j, char bracket)
{
	putc_unlocked(bracket, j->out);
	j->comma = true;
}

void jw_str(struct json *j, const char *key, const char *s, size_t len)
{
	begin(j, key);
	quote(j->out, s, len);
}

void jw_pair(struct json *j, const char *key, size_t key_len, const char *s, size_t len)
{
	begin(j, NULL);
	quote(j->out, key, key_len);
	putc_unlocked(':', j->out);
	quote(j->out, s, len);
}

void jw_text(struct json *j, const char *key, const char *s)
{
	jw_str(j, key, s, strlen(s));
}

static void digits(FILE *out, uint64_t v)
{
	char buf[20];
	size_t n = sizeof(buf);

	do {
		buf[--n] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	fwrite_unlocked(buf + n, 1, sizeof(buf) - n, out);
}

void jw_uint(struct json *j, const char *key, uint64_t v)
{
	begin(j, key);
	digits(j->out, v);
}

void jw_int(struct json *j, const char *key, int64_t v)
{
	begin(j, key);
	if (v < 0)
		putc_unlocked('-', j->out);
	digits(j->out, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void jw_real(struct json *j, const char *key, double v, int decimals)
{
	begin(j, key);
	if (isfinite(v))
		fprintf(j->out, "%.*f", decimals, v);
	else
		fputs_unlocked("null", j->out);
}

void jw_bool(struct json *j, const char *key, bool v)
{
	begin(j, key);
	fputs_unlocked(v ? "true" : "false", j->out);
}

void jw_addr(struct json *j, const char *key, uint64_t v)
{
	begin(j, key);
	fprintf(j->out, "\"0x%" PRIx64 "\"", v);
}

void jw_line(struct json *j)
{
	putc_unlocked('\n', j->out);
	j->comma = false;
}

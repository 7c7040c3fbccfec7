/* SPDX-License-Identifier: Apache-2.0 */
#include "export/xml.h"

#include <string.h>

#include "export/utf8.h"

static const char *entity(int32_t cp)
{
	switch (cp) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&apos;";
	case '\n':
	case '\t':
	case '\r':
		return " ";
	case 0xfffe:
	case 0xffff:
		return "\xef\xbf\xbd";
	default:
		return utf8_is_control(cp) ? "\xef\xbf\xbd" : NULL;
	}
}

void xml_put(FILE *out, const char *s, size_t n)
{
	size_t used, len;
	char buf[4];

	for (; n; s += used, n -= used) {
		int32_t cp = utf8_next(s, n, &used);
		const char *e = entity(cp);

		if (e) {
			fputs_unlocked(e, out);
			continue;
		}
		len = utf8_put(buf, cp);
		fwrite_unlocked(buf, 1, len, out);
	}
}

void xml_text(FILE *out, const char *s)
{
	xml_put(out, s, strlen(s));
}

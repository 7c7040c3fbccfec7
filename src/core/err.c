/* SPDX-License-Identifier: Apache-2.0 */
#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Names in it come from files and programs: no byte may be left that a terminal would obey. */
static void make_plain(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) /* C1, in UTF-8 */
			c[0] = c[1] = '?';
	}
}

int err_set(struct err *e, int rc, enum exit_code code, const char *fmt, ...)
{
	va_list ap;

	if (!e || e->rc)
		return rc;
	e->rc = rc;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	make_plain(e->text);
	return rc;
}

void err_clear(struct err *e)
{
	memset(e, 0, sizeof(*e));
}

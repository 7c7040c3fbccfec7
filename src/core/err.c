/* SPDX-License-Identifier: Apache-2.0 */
#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
	return rc;
}

void err_clear(struct err *e)
{
	memset(e, 0, sizeof(*e));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "export/utf8.h"

#include <utf8proc.h>

int32_t utf8_wide(const char *s, size_t n, size_t *used)
{
	utf8proc_int32_t cp;
	utf8proc_ssize_t got =
		utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, &cp);

	*used = got < 1 ? 1 : (size_t)got;
	return got < 1 ? 0xfffd : cp;
}

size_t utf8_put(char *buf, int32_t cp)
{
	return (size_t)utf8proc_encode_char(cp, (utf8proc_uint8_t *)buf);
}

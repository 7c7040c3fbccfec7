/* SPDX-License-Identifier: Apache-2.0 */
/* Names hold whatever a file or a target holds; readers of exports want UTF-8. */
#ifndef EXPORT_UTF8_H
#define EXPORT_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The same of what is not ASCII. */
int32_t utf8_wide(const char *s, size_t n, size_t *used);
/*
 * The code point at s, of n > 0 bytes; *used: how many it takes. A byte that is no
 * UTF-8 is U+FFFD.
 */
static inline int32_t utf8_next(const char *s, size_t n, size_t *used)
{
	*used = 1;
	return (unsigned char)*s < 0x80 ? *s : utf8_wide(s, n, used);
}
/* Writes a code point; returns how many bytes. buf has room for 4. */
size_t utf8_put(char *buf, int32_t cp);
/* C0 and C1, which terminals obey and XML does not allow. */
static inline int utf8_is_control(int32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
}

#endif

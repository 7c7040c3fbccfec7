/* SPDX-License-Identifier: Apache-2.0 */
/* Go's own notation for values without parts: what fmt and strconv make of them. */
#ifndef TARGET_GOTEXT_H
#define TARGET_GOTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text that grows up to a bound; what does not fit is cut, and full says so. Always ends with NUL. */
struct gotext {
	char *buf;
	size_t n, size;
	bool full;
};

void gotext_str(struct gotext *t, const char *s);
void gotext_printf(struct gotext *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Shortest text that reads back the same; bits 32 or 64. As fmt's %v. */
void gotext_float(struct gotext *t, double v, int bits);
void gotext_complex(struct gotext *t, double re, double im, int bits);
/* strconv.Quote of n bytes. */
void gotext_quote(struct gotext *t, const char *s, size_t n);
/* Are those n bytes text that a person would read (valid, printable, or line ends and tabs)? false for none. */
bool gotext_is_text(const char *s, size_t n);
/* n bytes cut to at most max, between code points. */
size_t gotext_cut(const char *s, size_t n, size_t max);
/* time.Duration.String() */
void gotext_duration(struct gotext *t, int64_t ns);
/* Seconds since 1970 in UTC plus offset, "2024-02-29 12:34:56.789"; false: beyond all years. */
bool gotext_time(struct gotext *t, int64_t unix_sec, int64_t offset, uint32_t nsec);
/* net.IP.String() of 4 or 16 bytes. */
void gotext_ip(struct gotext *t, const uint8_t *ip, size_t n);

#endif

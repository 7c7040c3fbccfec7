/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXPORT_XML_H
#define EXPORT_XML_H

#include <stddef.h>
#include <stdio.h>

/*
 * Foreign text within an element or an attribute: markup is escaped, line ends are
 * blanks, and what XML does not allow at all is U+FFFD.
 */
void xml_put(FILE *out, const char *s, size_t n);
void xml_text(FILE *out, const char *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol Buffers, written as they come; no schema is needed to write them. */
#ifndef EXPORT_PBUF_H
#define EXPORT_PBUF_H

#include <stdint.h>

#include "core/mem.h"

/* A message in the making; zeroed is empty. */
struct pbuf {
	VEC(uint8_t) b;
};

/* field: 1 to 2^29 - 1. Numbers of any width but the fixed ones, enums, bools. */
void pb_uint(struct pbuf *p, uint32_t field, uint64_t v);
/* int64, not sint64: below 0 it takes ten bytes. */
static inline void pb_int(struct pbuf *p, uint32_t field, int64_t v)
{
	pb_uint(p, field, (uint64_t)v);
}
void pb_fixed64(struct pbuf *p, uint32_t field, uint64_t v);
void pb_bytes(struct pbuf *p, uint32_t field, const void *data, size_t n);
/* A string: what is no UTF-8 in it becomes U+FFFD. */
void pb_str(struct pbuf *p, uint32_t field, const char *s, size_t n);
void pb_text(struct pbuf *p, uint32_t field, const char *s);
/* An element of a packed field: between pb_open() and pb_close(). */
void pb_varint(struct pbuf *p, uint64_t v);

/* What is written up to pb_close() is a message in that field; takes what pb_open() gave. */
size_t pb_open(struct pbuf *p, uint32_t field);
void pb_close(struct pbuf *p, size_t at);

#endif

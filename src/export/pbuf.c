/* SPDX-License-Identifier: Apache-2.0 */
#include "export/pbuf.h"

#include <string.h>

#include "export/utf8.h"

enum wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2 };

enum { VARINT_MOST = 10 };

static size_t varint(uint8_t *to, uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		to[n++] = (uint8_t)(v | 0x80);
	to[n++] = (uint8_t)v;
	return n;
}

void pb_varint(struct pbuf *p, uint64_t v)
{
	vec_reserve(&p->b, p->b.n + VARINT_MOST);
	p->b.n += varint(p->b.v + p->b.n, v);
}

static void tag(struct pbuf *p, uint32_t field, enum wire wire)
{
	pb_varint(p, (uint64_t)field << 3 | wire);
}

void pb_uint(struct pbuf *p, uint32_t field, uint64_t v)
{
	tag(p, field, WIRE_VARINT);
	pb_varint(p, v);
}

void pb_fixed64(struct pbuf *p, uint32_t field, uint64_t v)
{
	tag(p, field, WIRE_FIXED64);
	vec_reserve(&p->b, p->b.n + 8);
	for (int i = 0; i < 8; i++)
		p->b.v[p->b.n++] = (uint8_t)(v >> 8 * i);
}

static void append(struct pbuf *p, const void *data, size_t n)
{
	if (!n)
		return;
	vec_reserve(&p->b, p->b.n + n);
	memcpy(p->b.v + p->b.n, data, n);
	p->b.n += n;
}

void pb_bytes(struct pbuf *p, uint32_t field, const void *data, size_t n)
{
	tag(p, field, WIRE_BYTES);
	pb_varint(p, n);
	append(p, data, n);
}

void pb_str(struct pbuf *p, uint32_t field, const char *s, size_t n)
{
	size_t at = pb_open(p, field), used;
	char cp[4];

	for (; n; s += used, n -= used)
		append(p, cp, utf8_put(cp, utf8_next(s, n, &used)));
	pb_close(p, at);
}

void pb_text(struct pbuf *p, uint32_t field, const char *s)
{
	pb_str(p, field, s, strlen(s));
}

size_t pb_open(struct pbuf *p, uint32_t field)
{
	tag(p, field, WIRE_BYTES);
	return p->b.n;
}

/* The length stands before what it is of: that makes room for it. */
void pb_close(struct pbuf *p, size_t at)
{
	uint8_t len[VARINT_MOST];
	size_t n = varint(len, p->b.n - at);

	vec_reserve(&p->b, p->b.n + n);
	memmove(p->b.v + at + n, p->b.v + at, p->b.n - at);
	memcpy(p->b.v + at, len, n);
	p->b.n += n;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/value.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"

void values_release(struct values *v)
{
	vec_free(&v->v);
	vec_free(&v->chars);
	memset(v, 0, sizeof(*v));
}

void value_ask_release(struct value_ask *a)
{
	vec_free(&a->open);
	memset(a, 0, sizeof(*a));
}

uint32_t values_str(struct values *v, const char *s, size_t n)
{
	uint32_t at;

	if (!v->chars.n)
		*vec_push(&v->chars) = '\0'; /* offset 0 is "" */
	if (!n || v->chars.n > UINT32_MAX / 2)
		return 0;
	at = (uint32_t)v->chars.n;
	vec_reserve(&v->chars, v->chars.n + n + 1);
	for (size_t i = 0; i < n; i++)
		if (s[i])
			v->chars.v[v->chars.n++] = s[i];
	v->chars.v[v->chars.n++] = '\0';
	return at;
}

uint64_t value_key(uint64_t parent, const char *name, unsigned nth)
{
	uint64_t key = hash_bytes(name, strlen(name), parent + nth);

	return key ? key : 1;
}

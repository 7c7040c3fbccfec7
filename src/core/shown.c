/* SPDX-License-Identifier: Apache-2.0 */
#include "core/shown.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES_MOST = 64 << 20, VALUES_MOST = 4096 };

void shown_release(struct shown *s)
{
	for (size_t i = 0; i < s->file.n; i++) {
		free(s->file.v[i].path);
		free(s->file.v[i].text);
	}
	for (size_t i = 0; i < s->values.n; i++) {
		value_ask_release(&s->values.v[i].ask);
		values_release(&s->values.v[i].v);
	}
	vec_free(&s->file);
	vec_free(&s->values);
	memset(s, 0, sizeof(*s));
}

const struct shown_file *shown_find_file(const struct shown *s, const char *path)
{
	for (size_t i = 0; i < s->file.n; i++)
		if (!strcmp(s->file.v[i].path, path))
			return &s->file.v[i];
	return NULL;
}

void shown_put_file(struct shown *s, const char *path, const char *text, size_t n)
{
	if (n > BYTES_MOST - s->bytes || shown_find_file(s, path))
		return;
	s->bytes += n;
	*vec_push(&s->file) = (struct shown_file){ xstrdup(path), xstrndup(text, n), n };
}

void values_copy(struct values *to, const struct values *from)
{
	*to = (struct values){ .goid = from->goid, .pc = from->pc, .moved = from->moved };
	memcpy(to->note, from->note, sizeof(to->note));
	vec_reserve(&to->v, from->v.n);
	vec_reserve(&to->chars, from->chars.n);
	if (from->v.n)
		memcpy(to->v.v, from->v.v, from->v.n * sizeof(*from->v.v));
	if (from->chars.n)
		memcpy(to->chars.v, from->chars.v, from->chars.n);
	to->v.n = from->v.n;
	to->chars.n = from->chars.n;
}

void shown_put_values(struct shown *s, int64_t time, const struct value_ask *ask,
		      const struct values *v)
{
	size_t n = v->chars.n + v->v.n * sizeof(*v->v.v);
	struct shown_values *x;

	if (s->values.n >= VALUES_MOST || n > BYTES_MOST - s->bytes)
		return;
	s->bytes += n;
	x = vec_push(&s->values);
	*x = (struct shown_values){ .time = time };
	x->ask.goid = ask->goid;
	x->ask.frame = ask->frame;
	x->ask.pc = ask->pc;
	for (size_t i = 0; i < ask->open.n; i++)
		*vec_push(&x->ask.open) = ask->open.v[i];
	values_copy(&x->v, v);
}

/* How many of the values that are to be open are so in x. */
static size_t open_in(const struct shown_values *x, const struct value_ask *ask)
{
	size_t n = 0;

	for (size_t i = 0; i < ask->open.n; i++)
		for (size_t k = 0; k < x->ask.open.n; k++)
			n += ask->open.v[i] == x->ask.open.v[k];
	return n;
}

const struct shown_values *shown_find_values(const struct shown *s, const struct value_ask *ask)
{
	const struct shown_values *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < s->values.n; i++) {
		const struct shown_values *x = &s->values.v[i];
		size_t n;

		if (x->ask.goid != ask->goid || x->ask.frame != ask->frame || x->ask.pc != ask->pc)
			continue;
		n = open_in(x, ask);
		if (best && n < most)
			continue;
		best = x;
		most = n;
	}
	return best;
}

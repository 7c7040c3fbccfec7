/* SPDX-License-Identifier: Apache-2.0 */
#include "export/words.h"

#include <string.h>

/* The world has not that many strings: their table alone would take 16 GB. */
static const uint32_t OWN = 1u << 30;

void words_init(struct words *w, const struct strtab *world)
{
	w->world = world;
	strtab_init(&w->own);
}

void words_release(struct words *w)
{
	strtab_release(&w->own);
}

uint32_t words_put(struct words *w, const char *s, size_t len)
{
	uint32_t id = strtab_find(w->world, s, len);

	return id != NO_STR ? id : OWN | strtab_put(&w->own, s, len);
}

uint32_t words_str(struct words *w, const char *s)
{
	return words_put(w, s, strlen(s));
}

const char *words_get(const struct words *w, uint32_t id)
{
	return id & OWN ? strtab_get(&w->own, id & ~OWN) : strtab_get(w->world, id);
}

uint32_t words_len(const struct words *w, uint32_t id)
{
	return id & OWN ? strtab_len(&w->own, id & ~OWN) : strtab_len(w->world, id);
}

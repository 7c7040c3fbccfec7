/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids for strings of the world and for words of a writer's own. The world's table is only read:
 * exports are written by workers, and the screen reads that table meanwhile.
 */
#ifndef EXPORT_WORDS_H
#define EXPORT_WORDS_H

#include "core/intern.h"

struct words {
	const struct strtab *world;
	struct strtab own;
};

void words_init(struct words *w, const struct strtab *world);
void words_release(struct words *w);

/* The id of that text, the world's own where the world has it; less than 2^31. Copied where it is new. */
uint32_t words_put(struct words *w, const char *s, size_t len);
uint32_t words_str(struct words *w, const char *s);

/* Of an id that is the world's or was given by words_put(). */
const char *words_get(const struct words *w, uint32_t id);
uint32_t words_len(const struct words *w, uint32_t id);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "export/speedscope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "export/json.h"
#include "export/stacks.h"
#include "export/words.h"
#include "version.h"

/* A frame of the file: a function, or a word in brackets. */
struct shared {
	uint32_t name, file; /* string ids */
	bool inlined;
};

struct scope {
	struct json j;
	struct world *w;
	struct words words;
	struct stacks *s;
	VEC(struct shared) frame;
	struct map64 by_key;
	VEC(uint32_t) frame_of; /* of each node of the flame */
};

static uint32_t shared_of(struct scope *x, uint32_t node)
{
	const struct flame *f = &x->s->flame;
	const struct flame_node *n = &f->node.v[node];
	bool call = !(n->flags & (FLAME_HEAD | FLAME_UNKNOWN));
	const struct frame *fr = call ? stacktab_frame(&x->w->stacks, n->stack, n->frame) : NULL;
	struct shared one = { .file = fr ? fr->file : 0, .inlined = n->flags & FLAME_INLINED };
	char buf[512];
	uint64_t key;
	uint32_t i;

	one.name = call && n->func ? n->func
				   : words_str(&x->words, flame_name(f, node, buf, sizeof(buf)));
	key = (uint64_t)one.name << 33 | (uint64_t)one.file << 1 | one.inlined;
	i = map64_get(&x->by_key, key);
	if (i != UINT32_MAX)
		return i;
	map64_put(&x->by_key, key, (uint32_t)x->frame.n);
	*vec_push(&x->frame) = one;
	return (uint32_t)x->frame.n - 1;
}

static void put_string(struct scope *x, const char *key, uint32_t id)
{
	jw_str(&x->j, key, words_get(&x->words, id), words_len(&x->words, id));
}

static void put_samples(struct scope *x)
{
	const struct flame *f = &x->s->flame;
	uint32_t path[FLAME_DEPTH + 4];

	jw_array(&x->j, "samples");
	for (uint32_t i = 1; i < f->node.n; i++) {
		size_t n = 0;

		if (!f->self.v[i])
			continue;
		for (uint32_t at = i; at && n < ARRAY_SIZE(path); at = f->node.v[at].parent)
			path[n++] = x->frame_of.v[at];
		jw_array(&x->j, NULL);
		while (n-- > 0)
			jw_uint(&x->j, NULL, path[n]);
		jw_end(&x->j, ']');
	}
	jw_end(&x->j, ']');
	jw_array(&x->j, "weights");
	for (uint32_t i = 1; i < f->node.n; i++)
		if (f->self.v[i])
			jw_int(&x->j, NULL, f->self.v[i]);
	jw_end(&x->j, ']');
}

static void put_profile(struct scope *x, struct export_request *r, enum profile_time time)
{
	static const char *const name[PROFILE_TIMES] = { "on CPU", "off CPU" };
	const struct flame *f = &x->s->flame;

	stacks_flame(x->s, r, time);
	x->frame_of.n = 0;
	for (uint32_t i = 0; i < f->node.n; i++)
		*vec_push(&x->frame_of) = i ? shared_of(x, i) : 0;
	jw_object(&x->j, NULL);
	jw_text(&x->j, "type", "sampled");
	jw_text(&x->j, "name",
		time == PROFILE_ON_CPU && f->by_state ? "on CPU, by state" : name[time]);
	jw_text(&x->j, "unit", "nanoseconds");
	jw_int(&x->j, "startValue", 0);
	jw_int(&x->j, "endValue", flame_total(f, 0));
	put_samples(x);
	jw_end(&x->j, '}');
}

/* Frames are told after the samples that name them: JSON has no order of members. */
static void put_shared(struct scope *x)
{
	jw_object(&x->j, "shared");
	jw_array(&x->j, "frames");
	for (size_t i = 0; i < x->frame.n; i++) {
		const struct shared *f = &x->frame.v[i];
		const char *name = words_get(&x->words, f->name);
		char *inlined = f->inlined ? xasprintf("%s [inlined]", name) : NULL;

		jw_object(&x->j, NULL);
		if (inlined)
			jw_text(&x->j, "name", inlined);
		else
			put_string(x, "name", f->name);
		if (f->file)
			put_string(x, "file", f->file);
		jw_end(&x->j, '}');
		free(inlined);
	}
	jw_end(&x->j, ']');
	jw_end(&x->j, '}');
}

int speedscope_export(struct export_request *r, FILE *out)
{
	struct stacks s;
	struct scope x = { .j = { .out = out }, .w = r->world, .s = &s };
	bool any = stacks_read(&s, r);

	words_init(&x.words, &r->world->strings);
	jw_object(&x.j, NULL);
	jw_text(&x.j, "$schema", "https://www.speedscope.app/file-format-schema.json");
	jw_text(&x.j, "exporter", "bingo-top " BINGO_VERSION);
	put_string(&x, "name", x.w->source_name);
	jw_int(&x.j, "activeProfileIndex", 0);
	jw_array(&x.j, "profiles");
	for (int t = 0; t < PROFILE_TIMES && any; t++)
		put_profile(&x, r, (enum profile_time)t);
	jw_end(&x.j, ']');
	put_shared(&x);
	jw_end(&x.j, '}');
	jw_line(&x.j);
	stacks_release(&s);
	vec_free(&x.frame);
	vec_free(&x.frame_of);
	map64_free(&x.by_key);
	words_release(&x.words);
	return ferror(out) ? -EIO : 0;
}

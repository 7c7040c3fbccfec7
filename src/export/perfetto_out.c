/* SPDX-License-Identifier: Apache-2.0 */
#include "export/perfetto_out.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/groups.h"

/* Field numbers of protos/perfetto/trace/ in https://github.com/google/perfetto */
enum {
	TRACE_PACKET = 1,
	PACKET_TIME = 8,
	PACKET_SEQUENCE = 10,
	PACKET_EVENT = 11,
	PACKET_INTERNED = 12,
	PACKET_FLAGS = 13,
	PACKET_TRACK = 60,
	PACKET_FIRST = 87,

	TRACK_UUID = 1,
	TRACK_NAME = 2,
	TRACK_PROCESS = 3,
	TRACK_PARENT = 5,
	TRACK_COUNTER = 8,
	TRACK_ORDERING = 11,
	TRACK_RANK = 12,
	PROCESS_PID = 1,
	PROCESS_NAME = 6,

	EVENT_CATEGORY_IID = 3,
	EVENT_ANNOTATION = 4,
	EVENT_TYPE = 9,
	EVENT_NAME_IID = 10,
	EVENT_TRACK = 11,
	EVENT_COUNTER = 30,
	EVENT_PLACE_IID = 34,
	EVENT_FLOW = 47,
	EVENT_FLOW_END = 48,

	ANNOTATION_NAME_IID = 1,
	ANNOTATION_UINT = 3,
	ANNOTATION_TEXT_IID = 17,

	INTERNED_IID = 1,
	INTERNED_TEXT = 2,
	PLACE_FILE = 2,
	PLACE_FUNCTION = 3,
	PLACE_LINE = 4,
};

enum { ORDER_EXPLICIT = 3, STATE_CLEARED = 1, STATE_NEEDED = 2, THE_SEQUENCE = 1 };

/* Fields of InternedData. */
static const uint32_t interned_field[PF_INTERNED] = {
	[PF_CATEGORY] = 1, [PF_NAME] = 2, [PF_KEY] = 3, [PF_PLACE] = 4, [PF_TEXT] = 29,
};

enum { STACK_FRAMES = 64 };

static void packet_begin(struct pf_out *o)
{
	o->p.b.n = o->intern.b.n = 0;
	o->packet = pb_open(&o->p, TRACE_PACKET);
	pb_uint(&o->p, PACKET_SEQUENCE, THE_SEQUENCE);
	pb_uint(&o->p, PACKET_FLAGS, o->begun ? STATE_NEEDED : STATE_CLEARED);
	if (!o->begun)
		pb_uint(&o->p, PACKET_FIRST, 1);
	o->begun = true;
}

static void packet_end(struct pf_out *o)
{
	if (o->intern.b.n)
		pb_bytes(&o->p, PACKET_INTERNED, o->intern.b.v, o->intern.b.n);
	pb_close(&o->p, o->packet);
	fwrite_unlocked(o->p.b.v, 1, o->p.b.n, o->out);
}

void pf_track(struct pf_out *o, const struct pf_track *t)
{
	size_t at, in;

	packet_begin(o);
	at = pb_open(&o->p, PACKET_TRACK);
	pb_uint(&o->p, TRACK_UUID, t->uuid);
	if (t->parent)
		pb_uint(&o->p, TRACK_PARENT, t->parent);
	pb_text(&o->p, TRACK_NAME, t->name);
	pb_uint(&o->p, TRACK_ORDERING, ORDER_EXPLICIT);
	pb_uint(&o->p, TRACK_RANK, t->rank & INT32_MAX);
	if (t->pid) {
		in = pb_open(&o->p, TRACK_PROCESS);
		pb_uint(&o->p, PROCESS_PID, (uint64_t)t->pid);
		pb_text(&o->p, PROCESS_NAME, t->name);
		pb_close(&o->p, in);
	}
	if (t->counter)
		pb_bytes(&o->p, TRACK_COUNTER, NULL, 0);
	pb_close(&o->p, at);
	packet_end(o);
}

/* --- what is written once --- */

static bool is_new(struct pf_out *o, enum pf_interned kind, uint64_t key)
{
	if (map64_get(&o->seen[kind], key) != UINT32_MAX)
		return false;
	map64_put(&o->seen[kind], key, 0);
	return true;
}

/* Numbers are never 0; those of strings are even, in order of use, those of stacks odd. */
static uint64_t intern(struct pf_out *o, enum pf_interned kind, uint32_t text)
{
	uint32_t known = map64_get(&o->seen[kind], 2 * (uint64_t)text);
	uint64_t iid;
	size_t at;

	if (known != UINT32_MAX)
		return 2 * (uint64_t)known;
	map64_put(&o->seen[kind], 2 * (uint64_t)text, ++o->texts[kind]);
	iid = 2 * (uint64_t)o->texts[kind];
	at = pb_open(&o->intern, interned_field[kind]);
	pb_uint(&o->intern, INTERNED_IID, iid);
	pb_str(&o->intern, INTERNED_TEXT, words_get(&o->words, text), words_len(&o->words, text));
	pb_close(&o->intern, at);
	return iid;
}

uint32_t pf_word(struct pf_out *o, const char *word)
{
	uint32_t id = map64_get(&o->word, (uintptr_t)word);

	if (id == UINT32_MAX) {
		id = words_str(&o->words, word);
		map64_put(&o->word, (uintptr_t)word, id);
	}
	return id;
}

static uint64_t intern_word(struct pf_out *o, enum pf_interned kind, const char *word)
{
	return intern(o, kind, pf_word(o, word));
}

static uint32_t place_of(struct pf_out *o, uint32_t stack)
{
	uint32_t at = map64_get(&o->place, stack);

	if (at == UINT32_MAX) {
		const struct frame *f = stack_place(o->w, stack);

		at = f ? (uint32_t)(f - o->w->stacks.frame.v) + 1 : 0;
		map64_put(&o->place, stack, at);
	}
	return at;
}

static uint64_t intern_place(struct pf_out *o, uint32_t iid)
{
	const struct strtab *s = &o->w->strings;
	const struct frame *f = &o->w->stacks.frame.v[iid - 1];
	size_t at;

	if (!is_new(o, PF_PLACE, iid))
		return iid;
	at = pb_open(&o->intern, interned_field[PF_PLACE]);
	pb_uint(&o->intern, INTERNED_IID, iid);
	pb_str(&o->intern, PLACE_FILE, strtab_get(s, f->file), strtab_len(s, f->file));
	pb_str(&o->intern, PLACE_FUNCTION, strtab_get(s, f->func), strtab_len(s, f->func));
	pb_uint(&o->intern, PLACE_LINE, f->line);
	pb_close(&o->intern, at);
	return iid;
}

static char *stack_text(const struct world *w, uint32_t stack)
{
	const struct frame *f;
	char *text;
	size_t size;
	FILE *out = xmemstream(&text, &size);

	for (uint32_t i = 0; i < STACK_FRAMES && (f = stacktab_frame(&w->stacks, stack, i)); i++)
		fprintf(out, "%s%s %s:%" PRIu32, i ? "\n" : "", strtab_get(&w->strings, f->func),
			strtab_get(&w->strings, f->file), f->line);
	fclose(out);
	return text;
}

static uint64_t intern_stack(struct pf_out *o, uint32_t stack)
{
	uint64_t iid = 2 * (uint64_t)stack + 1;
	char *text;
	size_t at;

	if (!is_new(o, PF_TEXT, iid))
		return iid;
	text = stack_text(o->w, stack);
	at = pb_open(&o->intern, interned_field[PF_TEXT]);
	pb_uint(&o->intern, INTERNED_IID, iid);
	pb_text(&o->intern, INTERNED_TEXT, text);
	pb_close(&o->intern, at);
	free(text);
	return iid;
}

/* --- events --- */

void pf_event(struct pf_out *o, int64_t t, uint64_t track, enum pf_type type)
{
	packet_begin(o);
	pb_int(&o->p, PACKET_TIME, t < 0 ? 0 : t);
	o->event = pb_open(&o->p, PACKET_EVENT);
	pb_uint(&o->p, EVENT_TYPE, type);
	pb_uint(&o->p, EVENT_TRACK, track);
}

void pf_name(struct pf_out *o, const char *category, uint32_t name)
{
	pb_uint(&o->p, EVENT_CATEGORY_IID, intern_word(o, PF_CATEGORY, category));
	pb_uint(&o->p, EVENT_NAME_IID, intern(o, PF_NAME, name));
}

static size_t annotation(struct pf_out *o, const char *key)
{
	size_t at = pb_open(&o->p, EVENT_ANNOTATION);

	pb_uint(&o->p, ANNOTATION_NAME_IID, intern_word(o, PF_KEY, key));
	return at;
}

void pf_number(struct pf_out *o, const char *key, uint64_t v)
{
	size_t at = annotation(o, key);

	pb_uint(&o->p, ANNOTATION_UINT, v);
	pb_close(&o->p, at);
}

void pf_string(struct pf_out *o, const char *key, uint32_t text)
{
	size_t at = annotation(o, key);

	pb_uint(&o->p, ANNOTATION_TEXT_IID, intern(o, PF_TEXT, text));
	pb_close(&o->p, at);
}

void pf_stack(struct pf_out *o, uint32_t stack)
{
	uint32_t place = place_of(o, stack);
	size_t at;

	if (!place)
		return;
	pb_uint(&o->p, EVENT_PLACE_IID, intern_place(o, place));
	at = annotation(o, "stack");
	pb_uint(&o->p, ANNOTATION_TEXT_IID, intern_stack(o, stack));
	pb_close(&o->p, at);
}

void pf_value(struct pf_out *o, int64_t v)
{
	pb_int(&o->p, EVENT_COUNTER, v);
}

void pf_flow(struct pf_out *o, uint64_t id, bool last)
{
	pb_fixed64(&o->p, last ? EVENT_FLOW_END : EVENT_FLOW, id);
}

void pf_event_end(struct pf_out *o)
{
	pb_close(&o->p, o->event);
	packet_end(o);
}

void pf_release(struct pf_out *o)
{
	vec_free(&o->p.b);
	vec_free(&o->intern.b);
	words_release(&o->words);
	map64_free(&o->word);
	map64_free(&o->place);
	for (int i = 0; i < PF_INTERNED; i++)
		map64_free(&o->seen[i]);
}

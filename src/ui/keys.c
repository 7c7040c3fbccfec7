/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/keys.h"

#include <string.h>

#include "core/mem.h"
#include "ui/keymap.h"
#include "ui/text.h"

static const struct {
	uint32_t key;
	const char *name;
} key_names[] = {
	{ ' ', "Space" },
	{ UK_TAB, "Tab" },
	{ UK_ENTER, "Enter" },
	{ UK_ESC, "Esc" },
	{ UK_BACKSPACE, "Backspace" },
	{ UK_UP, "Up" },
	{ UK_DOWN, "Down" },
	{ UK_LEFT, "Left" },
	{ UK_RIGHT, "Right" },
	{ UK_PGUP, "PgUp" },
	{ UK_PGDN, "PgDn" },
	{ UK_HOME, "Home" },
	{ UK_END, "End" },
	{ UK_BACKTAB, "BackTab" },
	{ UK_DELETE, "Delete" },
	{ UK_INSERT, "Insert" },
	{ ';', "Semicolon" }, /* in a file, ; after a blank begins a comment */
	{ UK_SHIFT_UP, "S-Up" },
	{ UK_SHIFT_DOWN, "S-Down" },
	{ UK_SHIFT_LEFT, "S-Left" },
	{ UK_SHIFT_RIGHT, "S-Right" },
};

static uint32_t parse_function_key(const char *name, size_t len)
{
	unsigned n = 0;

	if (len < 2 || len > 3 || name[0] != 'F')
		return UK_NONE;
	for (size_t i = 1; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return UK_NONE;
		n = n * 10 + (unsigned)(name[i] - '0');
	}
	return n >= 1 && n <= 12 ? UK_F1 + n - 1 : UK_NONE;
}

uint32_t key_parse(const char *name, size_t len)
{
	size_t used;
	int32_t cp;

	if (len == 1 && *name > ' ' && *name < 127)
		return (uint32_t)*name;
	for (size_t i = 0; i < ARRAY_SIZE(key_names); i++)
		if (strlen(key_names[i].name) == len && !memcmp(key_names[i].name, name, len))
			return key_names[i].key;
	if (len == 2 && name[0] == '^' && name[1] >= '@' && name[1] <= '_')
		return (uint32_t)name[1] & 31;
	if (parse_function_key(name, len))
		return parse_function_key(name, len);
	cp = text_get(name, len, &used);
	return cp > ' ' && used == len ? (uint32_t)cp : UK_NONE;
}

const char *key_spell(char buf[16], uint32_t key)
{
	for (size_t i = 0; i < ARRAY_SIZE(key_names); i++)
		if (key_names[i].key == key)
			return key_names[i].name;
	if (key >= UK_F1 && key <= UK_F12)
		snprintf(buf, 16, "F%u", key - UK_F1 + 1);
	else if (key < 32)
		snprintf(buf, 16, "^%c", (char)(key + '@'));
	else
		buf[text_put(buf, key)] = '\0';
	return buf;
}

const struct key_binding *key_row(enum action a, unsigned ctx)
{
	const struct key_binding *any = NULL;

	for (const struct key_binding *b = key_table; b->action; b++) {
		if (b->action != a || !(b->ctx & ctx))
			continue;
		if (!(b->ctx & CTX_ANY))
			return b;
		if (!any)
			any = b;
	}
	return any;
}

const struct key_binding *key_named(const char *name, size_t len)
{
	for (const struct key_binding *b = key_table; b->action; b++)
		if (strlen(b->name) == len && !memcmp(b->name, name, len))
			return b;
	return NULL;
}

int key_sequence(const char *word, size_t len, uint32_t key[2])
{
	size_t used;
	int n = 0;

	key[0] = key_parse(word, len);
	if (key[0])
		return 1;
	for (; len && n < 2; word += used, len -= used) {
		int32_t cp = text_get(word, len, &used);

		if (cp <= ' ')
			return 0;
		key[n++] = (uint32_t)cp;
	}
	return len ? 0 : n;
}

enum match { MATCH_NOT, MATCH_BEGUN, MATCH_WHOLE };

static enum match match_keys(const char *keys, const struct key_seq *seq)
{
	enum match best = MATCH_NOT;
	uint32_t key[2];

	while (*keys) {
		size_t len = strcspn(keys, " ");
		int n = key_sequence(keys, len, key);

		if (n >= seq->n && !memcmp(key, seq->key, (size_t)seq->n * sizeof(*key))) {
			enum match m = n == seq->n ? MATCH_WHOLE : MATCH_BEGUN;

			best = m > best ? m : best;
		}
		keys += len + (keys[len] == ' ');
	}
	return best;
}

static const struct key_binding *match_table(const struct key_seq *seq, unsigned ctx, bool *begun)
{
	const struct key_binding *found = NULL;
	enum key_rank rank, best = KEYS_FOR_ALL;

	*begun = false;
	for (const struct key_binding *b = key_table; b->action; b++) {
		const char *keys = keymap_keys(seq->map, b, ctx, &rank);
		enum match m = b->ctx & ctx ? match_keys(keys, seq) : MATCH_NOT;

		if (m == MATCH_BEGUN)
			*begun = true;
		if (m != MATCH_WHOLE || (found && rank <= best))
			continue;
		best = rank;
		found = b;
	}
	return found;
}

const struct key_binding *key_feed(struct key_seq *seq, uint32_t key, unsigned ctx)
{
	const struct key_binding *found;
	bool begun;

	seq->key[seq->n++] = key;
	found = match_table(seq, ctx, &begun);
	if (!found && !begun && seq->n > 1) {
		seq->key[0] = key;
		seq->n = 1;
		found = match_table(seq, ctx, &begun);
	}
	if (found || !begun || seq->n == 2)
		seq->n = 0;
	return found;
}

/* Roff takes a backslash for its own and a leading dot or quote for a request. */
void key_put_roff(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\\')
			fputs("\\e", out);
		else if (*s == '-')
			fputs("\\-", out);
		else if (*s == '^')
			fputs("\\(ha", out);
		else if (*s == '\'')
			fputs("\\(aq", out);
		else if (*s == '"')
			fputs("\\(dq", out);
		else
			fputc(*s, out);
	}
}

void key_print_man(FILE *out)
{
	for (const struct key_binding *b = key_table; b->action; b++) {
		const char *keys = b->keys;

		fputs(".TP\n.B \"", out);
		for (; *keys; keys++)
			if (*keys == ' ')
				fputs(", ", out);
			else
				key_put_roff(out, (char[]){ *keys, '\0' });
		if (!*b->keys) {
			fputc(':', out);
			key_put_roff(out, b->name);
		}
		fputs("\"\n", out);
		key_put_roff(out,
			     (char[]){ (char)(b->help[0] & ~('a' <= b->help[0] ? 32 : 0)), '\0' });
		key_put_roff(out, b->help + 1);
		fputs(" (\\fB:", out);
		key_put_roff(out, b->name);
		fputs("\\fR).\n", out);
	}
}

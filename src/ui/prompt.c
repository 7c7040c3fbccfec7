/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/prompt.h"

#include <stdlib.h>
#include <string.h>

static void prompt_set(struct prompt *p, const char *text)
{
	size_t len = strlen(text), used;

	if (len >= PROMPT_BYTES)
		len = PROMPT_BYTES - 1;
	memmove(p->text, text, len);
	p->text[len] = '\0';
	/* no half of a character at the end */
	for (size_t i = 0; i < len; i += used)
		if (text_get(p->text + i, len - i, &used) < 0 && len - i < 4) {
			len = i;
			p->text[len] = '\0';
			break;
		}
	p->len = p->at = len;
}

void prompt_open(struct prompt *p, const struct key_binding *row, const char *text)
{
	p->row = row;
	p->error[0] = p->hint[0] = '\0';
	p->back = 0;
	p->completing = false;
	prompt_set(p, text);
	memcpy(p->saved, p->text, sizeof(p->saved));
}

static void forget(struct prompt *p, size_t i)
{
	free(p->history.v[i].text);
	memmove(&p->history.v[i], &p->history.v[i + 1],
		(--p->history.n - i) * sizeof(*p->history.v));
}

static void remember(struct prompt *p, enum action action, const char *text)
{
	for (size_t i = 0; i < p->history.n; i++)
		if (p->history.v[i].action == action && !strcmp(p->history.v[i].text, text)) {
			forget(p, i);
			break;
		}
	*vec_push(&p->history) = (struct typed){ action, xstrdup(text) };
	while (p->history.n > p->most)
		forget(p, 0);
}

void prompt_keep(struct prompt *p, size_t most)
{
	p->most = most;
	while (p->history.n > most)
		forget(p, 0);
}

char *prompt_history(const struct prompt *p)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	if (!f)
		return xstrdup("");
	for (size_t i = 0; i < p->history.n; i++) {
		const struct key_binding *row = key_row(p->history.v[i].action, ~0u);

		if (row && !strpbrk(p->history.v[i].text, "\n\t"))
			fprintf(f, "%s\t%s\n", row->name, p->history.v[i].text);
	}
	fclose(f);
	return out;
}

/* Text of a file: no control characters, no broken bytes, and it fits. */
static bool is_typable(const char *s, size_t len)
{
	size_t used;

	if (!len || len >= PROMPT_BYTES)
		return false;
	for (; len; s += used, len -= used)
		if (text_get(s, len, &used) < ' ')
			return false;
	return true;
}

void prompt_remember(struct prompt *p, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n"), name = strcspn(text, "\t\n");
		const struct key_binding *row = text[name] == '\t' ? key_named(text, name) : NULL;
		const char *line = text + name + 1;

		if (row && is_typable(line, n - name - 1)) {
			char *one = xstrndup(line, n - name - 1);

			remember(p, row->action, one);
			free(one);
		}
		text += n + (text[n] == '\n');
	}
}

void prompt_close(struct prompt *p, bool keep)
{
	if (keep && p->len) {
		remember(p, p->row->action, p->text);
		p->typed = true;
	}
	p->row = NULL;
}

void prompt_release(struct prompt *p)
{
	for (size_t i = 0; i < p->history.n; i++)
		free(p->history.v[i].text);
	vec_free(&p->history);
}

/* Bytes of the character before the cursor. */
static size_t before(const struct prompt *p)
{
	size_t i = p->at;

	if (!i)
		return 0;
	do
		i--;
	while (i && (p->text[i] & 0xc0) == 0x80);
	return p->at - i;
}

static size_t after(const struct prompt *p)
{
	size_t used;

	if (p->at == p->len)
		return 0;
	text_get(p->text + p->at, p->len - p->at, &used);
	return used;
}

static void cut(struct prompt *p, size_t from, size_t n)
{
	memmove(p->text + from, p->text + from + n, p->len - from - n + 1);
	p->len -= n;
	p->at = from;
}

static enum prompt_result insert(struct prompt *p, uint32_t cp)
{
	char buf[4];
	size_t n = (size_t)text_put(buf, cp);

	if (p->len + n >= PROMPT_BYTES)
		return PROMPT_NOTHING;
	memmove(p->text + p->at + n, p->text + p->at, p->len - p->at + 1);
	memcpy(p->text + p->at, buf, n);
	p->at += n;
	p->len += n;
	return PROMPT_CHANGED;
}

static void erase_word(struct prompt *p)
{
	size_t i = p->at;

	while (i && p->text[i - 1] == ' ')
		i--;
	while (i && p->text[i - 1] != ' ')
		i--;
	cut(p, i, p->at - i);
}

/* The line typed `back` lines ago for the same action; NULL: so far it does not go. */
static const char *typed_before(const struct prompt *p, size_t back)
{
	for (size_t i = p->history.n; i--;)
		if (p->history.v[i].action == p->row->action && !--back)
			return p->history.v[i].text;
	return NULL;
}

static enum prompt_result go_history(struct prompt *p, bool older)
{
	const char *line;

	if (!older && !p->back)
		return PROMPT_NOTHING;
	if (older && !p->back)
		memcpy(p->fresh, p->text, sizeof(p->fresh));
	line = older || p->back > 1 ? typed_before(p, older ? p->back + 1 : p->back - 1) : p->fresh;
	if (!line)
		return PROMPT_NOTHING;
	p->back += older ? 1 : -(size_t)1;
	prompt_set(p, line);
	return PROMPT_CHANGED;
}

static enum prompt_result complete(struct prompt *p, prompt_candidate *candidate, void *arg)
{
	const char *line;

	if (!candidate)
		return PROMPT_NOTHING;
	if (!p->completing) {
		memcpy(p->stem, p->text, sizeof(p->stem));
		p->cycle = 0;
	}
	line = candidate(arg, p->stem, p->cycle);
	if (!line && p->cycle) {
		p->cycle = 0;
		line = candidate(arg, p->stem, 0);
	}
	if (!line)
		return PROMPT_NOTHING;
	p->cycle++;
	p->completing = true;
	prompt_set(p, line);
	return PROMPT_CHANGED;
}

static enum prompt_result edit(struct prompt *p, enum action a)
{
	switch (a) {
	case ACT_ACCEPT:
		return PROMPT_ACCEPT;
	case ACT_CANCEL:
		return PROMPT_CANCEL;
	case ACT_HISTORY_PREV:
	case ACT_HISTORY_NEXT:
		return go_history(p, a == ACT_HISTORY_PREV);
	case ACT_LEFT:
		p->at -= before(p);
		return PROMPT_NOTHING;
	case ACT_RIGHT:
		p->at += after(p);
		return PROMPT_NOTHING;
	case ACT_TOP:
		p->at = 0;
		return PROMPT_NOTHING;
	case ACT_BOTTOM:
		p->at = p->len;
		return PROMPT_NOTHING;
	case ACT_ERASE:
		if (!p->len)
			return PROMPT_CANCEL;
		cut(p, p->at - before(p), before(p));
		return PROMPT_CHANGED;
	case ACT_ERASE_NEXT:
		cut(p, p->at, after(p));
		return PROMPT_CHANGED;
	case ACT_ERASE_WORD:
		erase_word(p);
		return PROMPT_CHANGED;
	case ACT_ERASE_ALL:
		cut(p, 0, p->len);
		return PROMPT_CHANGED;
	default:
		return PROMPT_NOTHING;
	}
}

enum prompt_result prompt_key(struct prompt *p, uint32_t key, prompt_candidate *candidate,
			      void *arg)
{
	struct key_seq seq = { .map = p->map };
	const struct key_binding *row = key_feed(&seq, key, CTX_PROMPT);

	if (row && row->action == ACT_COMPLETE)
		return complete(p, candidate, arg);
	p->completing = false;
	if (row)
		return edit(p, row->action);
	if (key < ' ' || key == UK_BACKSPACE || key >= UK_UP)
		return PROMPT_NOTHING;
	return insert(p, key);
}

void prompt_draw(const struct prompt *p, const struct region *r, int y)
{
	int x = draw_fmt(r, 0, y, -1, ROLE_PROMPT, 0, "%s: ", p->row->ask ? p->row->ask : "");
	int side =
		text_width(*p->error ? p->error : p->hint, strlen(*p->error ? p->error : p->hint));
	int have = r->w - x, cursor = text_width(p->text, p->at);
	const char *s = p->text;
	size_t used;

	if (side > have / 2)
		side = have / 2;
	have -= side + (side > 0);
	/* the cursor stays in sight */
	for (; cursor >= have && *s; s += used) {
		text_get(s, strlen(s), &used);
		cursor -= text_width(s, used);
	}
	draw_str(r, x, y, have, ROLE_TEXT, 0, s);
	if (side)
		draw_right(r, r->w - side, y, side, *p->error ? ROLE_ERROR : ROLE_DIM, 0,
			   *p->error ? p->error : p->hint);
	r->grid->cursor_x = r->x + x + cursor;
	r->grid->cursor_y = r->y + y;
}

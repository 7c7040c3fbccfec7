/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/help.h"

#include <stdlib.h>
#include <string.h>

#include "ui/keymap.h"
#include "ui/pane.h"

enum { KEYS_W = 15, TWO_COLUMNS_W = 110 };

static const struct {
	unsigned ctx;
	const char *title;
} sections[] = {
	{ CTX_PANE(PANE_LIST), "Goroutines" },	 { CTX_PANE(PANE_DETAIL), "One goroutine" },
	{ CTX_PANE(PANE_TIMELINE), "Timeline" }, { CTX_PANE(PANE_SOURCE), "Source" },
	{ CTX_PANE(PANE_VARS), "Variables" },	 { CTX_PANE(PANE_FINDINGS), "Findings" },
	{ CTX_PANE(PANE_GRAPH), "Graph" },	 { CTX_PANE(PANE_FLAME), "Flame" },
	{ CTX_PANE(PANE_CHANGES), "Changes" },	 { CTX_ANY, "Everywhere" },
	{ CTX_PROMPT, "While typing a line" },	 { CTX_SETUP, "Settings" },
	{ CTX_FILTERS, "Saved filters" },	 { CTX_HELP, "In this help" },
};

static const struct {
	enum gstate state;
	enum reason reason;
	const char *text;
} letters[] = {
	{ GS_RUNNING, R_NONE, "runs" },
	{ GS_RUNNABLE, R_NONE, "could run, and waits for a processor" },
	{ GS_BLOCKED, R_CHAN_RECV, "blocked on a channel or select" },
	{ GS_BLOCKED, R_MUTEX, "blocked on a lock: Mutex, RWMutex, WaitGroup, Cond" },
	{ GS_SYSCALL, R_SYSCALL, "in a system call" },
	{ GS_BLOCKED, R_NET, "waits for the network or a file" },
	{ GS_BLOCKED, R_SLEEP, "sleeps, or waits for a timer" },
	{ GS_BLOCKED, R_GC, "waits for the garbage collector" },
	{ GS_DEAD, R_NONE, "has ended, or is not there yet" },
};

static void add(struct help *h, char *left, const char *text)
{
	*vec_push(&h->line) = (struct help_line){ left, xstrdup(text) };
}

static void clear(struct help *h)
{
	for (size_t i = 0; i < h->line.n; i++) {
		free(h->line.v[i].left);
		free(h->line.v[i].text);
	}
	h->line.n = 0;
	h->find[0] = '\0';
	h->top = 0;
}

static void add_row(struct help *h, const struct key_binding *b, const char *keys)
{
	bool named = !(b->ctx & CTX_NOT_BY_NAME);
	char *text = xasprintf("%s%s%s%s", b->help, named ? " (:" : "", named ? b->name : "",
			       named ? ")" : "");

	add(h, *keys ? xstrdup(keys) : named ? xasprintf(":%s", b->name) : xstrdup("-"), text);
	free(text);
}

/* A row for all panes stands in one's section where the user gave it other keys there. */
static bool in_section(const struct keymap *map, const struct key_binding *b, unsigned ctx)
{
	if (b->ctx & ctx && (!(b->ctx & CTX_ANY) || ctx == CTX_ANY))
		return true;
	return b->ctx & CTX_ANY && keymap_keys(map, b, ctx, NULL) != keymap_keys(map, b, 0, NULL);
}

static void add_section(struct help *h, const struct keymap *map, unsigned ctx, const char *title)
{
	add(h, NULL, title);
	for (const struct key_binding *b = key_table; b->action; b++)
		if (in_section(map, b, ctx))
			add_row(h, b, keymap_keys(map, b, ctx, NULL));
}

static void add_letters(struct help *h)
{
	add(h, NULL, "Letters and shapes");
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
		char shape[5] = "", ascii[2] = "";
		enum sym s = sym_state(letters[i].state, letters[i].reason);

		shape[text_put(shape, sym_cp(s, false))] = '\0';
		ascii[0] = (char)sym_cp(s, true);
		add(h,
		    xasprintf("%c   %s  %s", state_letter(letters[i].state, letters[i].reason),
			      shape, ascii),
		    letters[i].text);
	}
	add(h, xstrdup("bold"), "in a live timeline: known to the moment, else to a pass");
}

void help_open_keys(struct help *h, const struct keymap *map, unsigned ctx)
{
	clear(h);
	h->open = true;
	h->title = "Keys";
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (sections[i].ctx & ctx)
			add_section(h, map, sections[i].ctx, sections[i].title);
	add_section(h, map, CTX_ANY, "Everywhere");
	add_letters(h);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (!(sections[i].ctx & (ctx | CTX_ANY)))
			add_section(h, map, sections[i].ctx, sections[i].title);
}

/* Which exact events there are, and why not all. */
static void add_probes(struct help *h, const struct world *w)
{
	add(h, NULL, "");
	add(h, NULL, "Exact events");
	for (int i = 0; i < LIVE_PROBE_GROUPS; i++) {
		const struct live_probes *p = &w->live.probes[i];
		char *text = xasprintf("%s: %s", strtab_get(&w->strings, p->state),
				       strtab_get(&w->strings, p->reason));

		add(h, xstrdup(strtab_get(&w->strings, p->name)), text);
		free(text);
	}
}

void help_open_warnings(struct help *h, const struct world *w)
{
	clear(h);
	h->open = true;
	h->title = "Warnings";
	for (size_t i = 0; i < w->warning.n; i++)
		add(h, xasprintf("%zu", i + 1), strtab_get(&w->strings, w->warning.v[i]));
	if (!w->warning.n)
		add(h, NULL, "Nothing is missing.");
	if (w->live.exact)
		add_probes(h, w);
}

void help_close(struct help *h)
{
	clear(h);
	vec_free(&h->line);
	h->open = false;
}

void help_find(struct help *h, const char *text)
{
	snprintf(h->find, sizeof(h->find), "%s", text);
	h->top = 0;
}

bool help_act(struct help *h, enum action a)
{
	int last = h->total > h->page ? h->total - h->page : 0,
	    page = h->page > 1 ? h->page - 1 : 1;
	int step[ACT_N] = {
		[ACT_UP] = -1,
		[ACT_DOWN] = 1,
		[ACT_PAGE_UP] = -page,
		[ACT_PAGE_DOWN] = page,
		[ACT_HALF_UP] = -page / 2 - 1,
		[ACT_HALF_DOWN] = page / 2 + 1,
		[ACT_TOP] = -h->total,
		[ACT_BOTTOM] = h->total,
	};

	if (!step[a])
		return a == ACT_TOP || a == ACT_BOTTOM;
	h->top += step[a];
	h->top = h->top > last ? last : h->top;
	h->top = h->top < 0 ? 0 : h->top;
	return true;
}

/* --- drawing --- */

/* One screen line: a piece of a help_line. */
struct piece {
	const struct help_line *of;
	const char *s;
	size_t len;
	bool first;
};

struct pieces {
	struct piece *v;
	size_t n, cap;
};

/* Bytes of s that fit into w columns, broken at a blank where there is one. */
static size_t wrap(const char *s, int w)
{
	size_t at = 0, used, blank = 0;
	int col = 0;

	while (s[at]) {
		size_t len = strlen(s + at) < 4 ? strlen(s + at) : 4;

		text_get(s + at, len, &used);
		col += text_width(s + at, used);
		if (col > w)
			return blank ? blank : at ? at : used;
		at += used;
		if (s[at] == ' ')
			blank = at;
	}
	return at;
}

static bool wanted(const struct help *h, const struct help_line *l)
{
	if (!*h->find)
		return true;
	return l->left && (strcasestr(l->left, h->find) || strcasestr(l->text, h->find));
}

static void add_pieces(struct pieces *out, const struct help_line *l, int w)
{
	const char *s = l->text;
	bool first = true;

	if (!l->left && out->n)
		*vec_push(out) = (struct piece){ l, "", 0, false };
	do {
		size_t n = wrap(s, w);

		*vec_push(out) = (struct piece){ l, s, n, first };
		first = false;
		s += n;
		while (*s == ' ')
			s++;
	} while (*s);
}

static void draw_piece(const struct region *r, int x, int y, int w, const struct piece *p)
{
	if (!p->of->left) { /* NOLINT: it is there */
		draw_text(r, x, y, w, ROLE_TITLE_FOCUS, 0, p->s, p->len);
		return;
	}
	if (p->first)
		draw_cut(r, x + 1, y, KEYS_W - 2, ROLE_STRONG, 0, p->of->left);
	draw_text(r, x + KEYS_W, y, w - KEYS_W, ROLE_TEXT, 0, p->s, p->len);
}

static void draw_head(const struct help *h, const struct region *r)
{
	char note[64];

	draw_sym(r, 0, 0, r->w, SYM_HLINE, ROLE_BORDER, 0);
	draw_fmt(r, 1, 0, -1, ROLE_TITLE_FOCUS, 0, " %s ", h->title);
	if (*h->find)
		draw_fmt(r, 3 + (int)strlen(h->title) + 1, 0, r->w / 2, ROLE_MATCH, 0, " %s ",
			 h->find);
	if (h->total > h->page) {
		snprintf(note, sizeof(note), " %d-%d of %d ", h->top + 1,
			 h->top + h->page > h->total ? h->total : h->top + h->page, h->total);
		draw_right(r, r->w - 1 - (int)strlen(note), 0, (int)strlen(note), ROLE_DIM, 0,
			   note);
	}
}

void help_draw(struct help *h, const struct region *r)
{
	int columns = r->w >= TWO_COLUMNS_W ? 2 : 1, w = (r->w - 2) / columns, half;
	struct pieces all = { 0 };

	draw_fill(r, 0, 0, r->w, r->h, ROLE_TEXT, 0);
	for (size_t i = 0; i < h->line.n; i++)
		if (wanted(h, &h->line.v[i]))
			add_pieces(&all, &h->line.v[i], w - KEYS_W - 2 < 10 ? 10 : w - KEYS_W - 2);
	half = ((int)all.n + columns - 1) / columns;
	h->total = half;
	h->page = r->h - 1;
	if (h->top > half - h->page)
		h->top = half > h->page ? half - h->page : 0;
	draw_head(h, r);
	if (!all.n)
		draw_str(r, 1, 1, -1, ROLE_DIM, 0, "no line has that word");
	for (int c = 0; c < columns; c++)
		for (int y = 0; y < h->page && h->top + y < half; y++) {
			int i = c * half + h->top + y;

			if (i < (int)all.n)
				draw_piece(r, 1 + c * w, 1 + y, w - 1, &all.v[i]);
		}
	vec_free(&all);
}

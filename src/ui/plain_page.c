/* SPDX-License-Identifier: Apache-2.0 */
/* What the pages of the plain mode say. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ui/hyperlink.h"
#include "ui/plain_impl.h"

enum { PICTURE_W = 100, PICTURE_H = 40 };

static const char *str(const struct plain *p, uint32_t id)
{
	return strtab_get(&p->ui->view.world->strings, id);
}

/* "1 error", "3 errors" */
static void count(char buf[64], uint64_t n, const char *what)
{
	snprintf(buf, 64, "%" PRIu64 " %s%s", n, what, n == 1 ? "" : "s");
}

/* --- saying --- */

static void put_some(struct plain *p, const char *s, size_t len)
{
	struct text_iter it;
	struct glyph g;
	char buf[4];

	text_begin(&it, s, len, p->ascii);
	while (text_next(&it, &g))
		for (int i = 0; i < GLYPH_CP && g.cp[i]; i++)
			fwrite(buf, 1, (size_t)text_put(buf, g.cp[i]), p->out);
}

static void link_drop(struct plain *p)
{
	free(p->link.url);
	p->link.url = NULL;
	p->link.text[0] = '\0';
}

/* Where the next line has this place in it, that is a link to it. */
static void link_to(struct plain *p, const struct frame *f)
{
	const char *file = f && f->file ? str(p, f->file) : "";

	link_drop(p);
	if (!p->links || !*file)
		return;
	snprintf(p->link.text, sizeof(p->link.text), "%.80s:%" PRIu32, text_base(file), f->line);
	p->link.url = hyperlink_url(file, f->line, p->ui->view.substitute);
}

static void put(struct plain *p, const char *s)
{
	const char *at = p->link.url ? strstr(s, p->link.text) : NULL;
	size_t len = strlen(s);

	while (len && s[len - 1] == ' ')
		len--;
	if (at) {
		put_some(p, s, (size_t)(at - s));
		fprintf(p->out, "\033]8;;%s\033\\", p->link.url);
		put_some(p, at, strlen(p->link.text));
		fputs("\033]8;;\033\\", p->out);
		len -= (size_t)(at - s) + strlen(p->link.text);
		s = at + strlen(p->link.text);
	}
	put_some(p, s, len);
	fputc('\n', p->out);
	link_drop(p);
}

static char *words(const char *fmt, va_list ap)
{
	va_list again;
	char *s;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	s = xmalloc((size_t)(n < 0 ? 0 : n) + 1);
	s[0] = '\0';
	vsnprintf(s, (size_t)(n < 0 ? 0 : n) + 1, fmt, ap);
	return s;
}

void plain_say(struct plain *p, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = words(fmt, ap);
	va_end(ap);
	put(p, s);
	free(s);
}

/* The same, with a number before it that chooses c; where it is not on this part of the page, nothing. */
static void plain_choice(struct plain *p, struct choice c, const char *fmt, ...)
{
	va_list ap;
	char *s, *line;

	*vec_push(&p->choice) = c;
	p->total++;
	if (p->total <= p->from || p->shown == PLAIN_PAGE)
		return;
	p->shown++;
	va_start(ap, fmt);
	s = words(fmt, ap);
	va_end(ap);
	line = xasprintf("%zu. %s", p->total, s);
	put(p, line);
	free(line);
	free(s);
}

/* --- the first page --- */

static void say_target(struct plain *p)
{
	const struct world *w = p->ui->view.world;
	const char *name = text_base(str(p, w->source_name));

	if (w->live.pid && !w->replay)
		plain_say(p, "%s, process %d, %s.", *name ? name : "process", w->live.pid,
			  str(p, w->go_version));
	else
		plain_say(p, "%s, replayed.", *name ? name : "recording");
}

static void say_time(struct plain *p)
{
	const struct view *v = &p->ui->view;
	char now[TEXT_SHORT], end[TEXT_SHORT];
	const char *state = v->paused ? "paused" : v->at_end ? "the newest moment" : "in the past";

	plain_say(p, "At %s of %s, %s.", text_moment(now, v->time, 1000000),
		  text_moment(end, v->world->t_end, 1000000), state);
}

static void say_counts(struct plain *p)
{
	const uint64_t *n = view_moment(&p->ui->view)->count;

	plain_say(p,
		  "%" PRIu64 " goroutines: %" PRIu64 " running, %" PRIu64 " runnable, %" PRIu64
		  " blocked, %" PRIu64 " in system calls.",
		  n[GS_RUNNING] + n[GS_RUNNABLE] + n[GS_BLOCKED] + n[GS_SYSCALL], n[GS_RUNNING],
		  n[GS_RUNNABLE], n[GS_BLOCKED], n[GS_SYSCALL]);
}

static void say_missing(struct plain *p)
{
	const struct world *w = p->ui->view.world;
	char buf[64];
	size_t matched;

	if (w->progress.lost) {
		count(buf, w->progress.lost, "event");
		plain_say(p, "%s lost.", buf);
	}
	if (w->warning.n) {
		count(buf, w->warning.n, "note");
		plain_say(p, "%s on what is missing or damaged: warnings reads them.", buf);
	}
	if (w->live.ended)
		plain_say(p, "%s.", str(p, w->live.ended));
	if (!p->ui->view.filter)
		return;
	view_keep(&p->ui->view, &matched);
	plain_say(p, "Filter %s: %zu of them pass.", filter_pattern(p->ui->view.filter), matched);
}

char *plain_finding(const struct plain *p, const struct finding *f)
{
	char place[256] = "";

	if (f->file)
		snprintf(place, sizeof(place), ", %.200s:%" PRIu32, text_base(str(p, f->file)),
			 f->line);
	return xasprintf("%s, %s, %s: %s%s%s", severity_name((enum severity)f->severity),
			 detector_table[f->detector].name,
			 certainty_name((enum certainty)f->certainty), f->summary, place,
			 f->muted ? ", muted" : "");
}

static void say_findings(struct plain *p)
{
	const struct detect *d = p->ui->view.detect;
	finding_order order = { 0 };

	if (!d)
		return;
	findings_order(&d->findings, false, &order);
	if (p->from < order.n || !p->from)
		plain_say(p, order.n ? "Findings:" : "Nothing is found wrong.");
	for (size_t i = 0; i < order.n; i++) {
		const struct finding *f = &d->findings.v.v[order.v[i]];
		char *text = plain_finding(p, f);

		plain_choice(p, (struct choice){ .kind = CHOICE_FINDING, .id = f->id }, "%s", text);
		free(text);
	}
	vec_free(&order);
}

static void place_words(struct plain *p, uint32_t stack, char *buf, size_t size)
{
	const struct frame *f = stack_place(p->ui->view.world, stack);

	link_to(p, f);
	if (!f)
		snprintf(buf, size, "a place that is not known");
	else if (!f->file)
		snprintf(buf, size, "%.150s", text_base(str(p, f->func)));
	else
		snprintf(buf, size, "%.80s:%" PRIu32 " %.150s", text_base(str(p, f->file)), f->line,
			 text_base(str(p, f->func)));
}

static void wait_words(const struct plain *p, int64_t since, char buf[TEXT_SHORT + 8])
{
	int64_t now = view_moment(&p->ui->view)->time;
	char d[TEXT_SHORT];

	snprintf(buf, TEXT_SHORT + 8, "%s%s", since == T_BEFORE ? "over " : "",
		 text_duration(d, now - (since == T_BEFORE ? 0 : since)));
}

static void state_words(uint8_t state, uint8_t reason, char buf[64])
{
	snprintf(buf, 64, "%s%s%s", gstate_name(state), reason ? " on " : "",
		 reason ? reason_name(reason) : "");
}

static void choose_goroutine(struct plain *p, uint32_t row)
{
	const struct view *v = &p->ui->view;
	const struct moment *m = view_moment(v);
	char place[256], wait[TEXT_SHORT + 8], state[64];

	place_words(p, m->stack[row], place, sizeof(place));
	wait_words(p, m->since[row], wait);
	state_words(m->state[row], m->reason[row], state);
	plain_choice(p, (struct choice){ .kind = CHOICE_GOROUTINE, .id = v->world->g.v[row].goid },
		     "goroutine %" PRIu64 " %s, %s, at %s", v->world->g.v[row].goid, state, wait,
		     place);
}

static void choose_group(struct plain *p, const struct group *g)
{
	const struct view *v = &p->ui->view;
	char place[256], wait[TEXT_SHORT + 8], state[64];

	if (g->n < 2 || v->grouping == GROUP_NONE) {
		choose_goroutine(p, g->row);
		return;
	}
	place_words(p, g->key, place, sizeof(place));
	wait_words(p, g->since, wait);
	state_words(g->state, g->reason, state);
	if (v->grouping == GROUP_CREATOR)
		snprintf(state, sizeof(state), "created");
	plain_choice(p, (struct choice){ .kind = CHOICE_GROUP, .group = *g },
		     "%" PRIu32 " goroutines %s, %s%s, at %s", g->n, state,
		     g->since == T_BEFORE ? "for " : "up to ", wait, place);
}

static void make_groups(struct plain *p)
{
	struct view *v = &p->ui->view;
	struct groups_config c = {
		.by = (enum grouping)v->grouping,
		.sort = (enum sort_by)v->sort,
		.invert = v->invert,
		.keep = view_keep(v, NULL),
		.but_system = !v->filter,
	};

	groups_make(&p->groups, v->world, view_moment(v), &c);
}

static void say_groups(struct plain *p)
{
	const struct view *v = &p->ui->view;
	size_t n, i = 0;

	make_groups(p);
	n = groups_n(&p->groups);
	plain_say(p, "%s, by %s%s:",
		  v->grouping == GROUP_STACK	 ? "Goroutines by equal stack"
		  : v->grouping == GROUP_CREATOR ? "Goroutines by who created them"
						 : "Goroutines",
		  sort_name((enum sort_by)v->sort), v->invert ? ", inverted" : "");
	for (; i < n && p->shown < PLAIN_PAGE; i++) {
		struct group g = groups_at(&p->groups, v->world, view_moment(v), i);

		choose_group(p, &g);
	}
	p->total += i < n; /* there are more, and nobody needs them yet */
}

static void print_home(struct plain *p, size_t from)
{
	if (!from) {
		say_target(p);
		say_time(p);
		say_counts(p);
		say_missing(p);
	}
	say_findings(p);
	say_groups(p);
}

/* --- a finding, a group --- */

static void print_finding(struct plain *p, uint64_t id)
{
	const struct detect *d = p->ui->view.detect;
	const struct world *w = p->ui->view.world;
	const struct finding *f = d ? findings_get(&d->findings, id) : NULL;
	char *text;

	if (!f) {
		plain_say(p, "The finding is gone.");
		return;
	}
	text = plain_finding(p, f);
	plain_say(p, "%s.", text);
	free(text);
	if (!f->present)
		plain_say(p, "It is not seen any more.");
	for (size_t i = 0; i < f->evidence.n; i++)
		plain_say(p, "Evidence: %s", f->evidence.v[i]);
	if (*f->why)
		plain_say(p, "Why it is not surer: %s", f->why);
	plain_say(p, "Next step: %s", f->advice);
	for (size_t i = 0; i < f->goid.n; i++) {
		uint32_t row = world_find(w, f->goid.v[i]);

		if (row != NO_G && row < view_moment(&p->ui->view)->n)
			choose_goroutine(p, row);
	}
}

static void print_group(struct plain *p, const struct page *page)
{
	struct view *v = &p->ui->view;
	const struct moment *m = view_moment(v);
	const bool *keep = view_keep(v, NULL);
	const struct frame *f;

	if (page->by == GROUP_STACK)
		for (uint32_t i = 0; (f = stacktab_frame(&v->world->stacks, page->group.key, i));
		     i++) {
			link_to(p, f);
			plain_say(p, "frame %" PRIu32 ": %s %s:%" PRIu32, i,
				  text_base(str(p, f->func)), text_base(str(p, f->file)), f->line);
		}
	for (uint32_t row = 0; row < m->n && p->total == p->choice.n; row++) {
		if (m->state[row] == GS_NONE || m->state[row] == GS_DEAD || (keep && !keep[row]) ||
		    !group_has(v->world, m, (enum grouping)page->by, &page->group, row))
			continue;
		if (p->shown < PLAIN_PAGE)
			choose_goroutine(p, row);
		else
			p->total++; /* there are more */
	}
	if (!p->total)
		plain_say(p, "The group is gone.");
}

/* --- panes --- */

static int take_text(void *arg, const char *text, char *how, size_t size, struct err *err)
{
	struct plain *p = arg;

	(void)how;
	(void)size;
	(void)err;
	free(p->text);
	p->text = xstrdup(text);
	return 0;
}

/* Panes make their lines when they are drawn, and once more when a worker answered: ours do at once. */
static void draw_pane(struct plain *p, enum pane_id id, struct grid *g)
{
	struct pane *pane = p->ui->pane[id];
	struct region r;

	grid_init(g, PICTURE_W, PICTURE_H, true);
	p->ui->view.columns = PICTURE_W;
	while (pane->ops->work && pane->ops->work(pane))
		;
	for (int i = 0; i < 2; i++) {
		grid_clear(g);
		r = region_all(g);
		pane->ops->draw(pane, &r, true);
	}
	p->ui->view.answered = false;
}

/* All of a pane's text, as it gives it to the clipboard; NULL: it has none. */
static const char *pane_text(struct plain *p, enum pane_id id)
{
	const struct ui_host host = p->ui->host;
	struct act all = { .id = ACT_COPY_ALL };
	struct grid g = { 0 };

	draw_pane(p, id, &g);
	grid_release(&g);
	free(p->text);
	p->text = NULL;
	p->ui->host.copy = take_text;
	p->ui->host.arg = p;
	if (pane_action(p->ui->pane[id], &all) & EFF_COPY)
		ui_effects(p->ui, EFF_COPY);
	p->ui->host = host;
	p->ui->view.status[0] = '\0';
	return p->text;
}

/* What the pane would draw, without the lines that only part it; the chosen one begins with >. */
static void print_picture(struct plain *p, enum pane_id id)
{
	struct grid g = { 0 };
	char *text = NULL, *save = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool any = false;

	draw_pane(p, id, &g);
	if (out) {
		grid_dump_text(&g, out);
		fclose(out);
	}
	for (char *l = text ? strtok_r(text, "\n", &save) : NULL; l;
	     l = strtok_r(NULL, "\n", &save))
		if (l[strspn(l, " -|+")]) {
			plain_say(p, "%s", l);
			any = true;
		}
	if (!any)
		plain_say(p, "There is nothing here.");
	free(text);
	grid_release(&g);
}

static void print_lines(struct plain *p, enum pane_id id)
{
	const char *text = pane_text(p, id);

	for (uint64_t line = 0; text && *text; line++) {
		size_t n = strcspn(text, "\n");

		if (n)
			plain_choice(p, (struct choice){ .kind = CHOICE_LINE, .id = line }, "%.*s",
				     (int)n, text);
		text += n + (text[n] == '\n');
	}
	if (!p->total)
		print_picture(p, id); /* which says why */
}

static void print_menu(struct plain *p)
{
	const struct chooser *m = &p->ui->chooser;
	const char *of = "";

	plain_say(p, "%s:", m->title);
	for (size_t i = 0; i < m->line.n; i++) {
		const struct chooser_line *l = &m->line.v[i];

		if (!l->label)
			of = l->value;
		else
			plain_choice(p, (struct choice){ .kind = CHOICE_MENU, .id = i },
				     "%s%s%s: %s%s", of, *of ? " " : "", l->label, l->value,
				     l->changed ? ", not saved" : "");
	}
	if (!m->line.n)
		plain_say(p, "%s", m->empty);
}

static void print_box(struct plain *p)
{
	const struct menu *m = &p->ui->menu;

	plain_say(p, "%s:", m->title);
	for (int i = 0; i < m->n; i++)
		plain_choice(p, (struct choice){ .kind = CHOICE_BOX, .id = (uint64_t)i }, "%s: %s",
			     m->item[i].name, m->item[i].help);
}

/* --- a page --- */

void plain_print(struct plain *p, size_t from)
{
	const struct page page = p->page.v[p->page.n - 1];

	if (p->ui->view.row == NO_G && p->ui->pane[PANE_LIST]->ops->choose)
		p->ui->pane[PANE_LIST]->ops->choose(p->ui->pane[PANE_LIST]);
	p->choice.n = 0;
	p->from = from;
	p->shown = p->total = 0;
	switch (page.kind) {
	case PAGE_HOME:
		print_home(p, from);
		break;
	case PAGE_FINDING:
		print_finding(p, page.id);
		break;
	case PAGE_GROUP:
		print_group(p, &page);
		break;
	case PAGE_LINES:
		print_lines(p, page.pane);
		break;
	case PAGE_PANE:
		print_picture(p, page.pane);
		break;
	case PAGE_MENU:
		print_menu(p);
		break;
	case PAGE_BOX:
		print_box(p);
		break;
	}
	if (p->total > p->from + p->shown)
		plain_say(p, "There are more: type more.");
}

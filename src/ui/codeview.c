/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/codeview.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct code_job {
	struct codeview *view; /* NULL: it does not want the answer any more */
	struct disassembler *from;
	struct code_ask ask;
	struct code out;
	int rc;
};

/* --- rows --- */

void code_rows_make(const struct code *c, code_rows *out)
{
	const char *file = NULL;
	uint32_t line = 0;

	out->n = 0;
	for (uint32_t i = 0; i < c->v.n; i++) {
		const struct code_insn *in = &c->v.v[i];

		if (!file || in->line != line || strcmp(code_at(c, in->file), file) != 0)
			*vec_push(out) = (struct code_row){ i, true };
		file = code_at(c, in->file);
		line = in->line;
		*vec_push(out) = (struct code_row){ i, false };
	}
}

size_t code_rows_find(const code_rows *rows, size_t insn)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->v[i].insn == insn && !rows->v[i].place)
			return i;
	return 0;
}

static int digits(const struct codeview *c)
{
	char buf[24];

	return snprintf(buf, sizeof(buf), "%" PRIx64, c->code.end);
}

/* "worker.go:88  p.ch <- job" */
static void say_place(const struct codeview *c, FILE *out, const struct code_insn *in)
{
	const char *name = code_at(&c->code, in->file);
	const struct srcfile *file = *name ? src_find(c->cache, name) : NULL;
	const struct srcline *l;
	uint32_t skip = 0;

	if (!*name) {
		fputs("(no line is known)", out);
		return;
	}
	fprintf(out, "%s:%" PRIu32, text_base(name), in->line);
	if (!file || !in->line || in->line > file->line.n)
		return;
	l = &file->line.v[in->line - 1];
	while (skip < l->len && (l->s[skip] == '\t' || l->s[skip] == ' '))
		skip++;
	fprintf(out, "  %.*s", (int)(l->len - skip), l->s + skip);
}

/* The text of a row; the caller frees it. */
static char *row_text(const struct codeview *c, size_t i)
{
	const struct code_row *row = &c->row.v[i];
	const struct code_insn *in = &c->code.v.v[row->insn];
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die("out of memory");
	if (row->place)
		say_place(c, out, in);
	else
		fprintf(out, "  %*" PRIx64 "  %s%s%s", digits(c), in->addr,
			code_at(&c->code, in->text), in->target ? " " : "",
			code_at(&c->code, in->target));
	fclose(out);
	return text;
}

/* --- asking --- */

static const struct frame *frame_at(const struct view *v, uint32_t i)
{
	return stacktab_frame(&v->world->stacks, v->stack, i);
}

bool codeview_there(const struct view *v)
{
	const struct frame *f = frame_at(v, v->frame);

	return f && f->pc && v->world->disassembler;
}

static void job_work(void *arg)
{
	struct code_job *j = arg;

	j->rc = j->from->read(j->from, &j->ask, &j->out);
}

static void job_done(void *arg)
{
	struct code_job *j = arg;
	struct codeview *c = j->view;

	if (c) {
		c->job = NULL;
		c->code = j->out;
		memset(&j->out, 0, sizeof(j->out));
		c->here = true;
		code_rows_make(&c->code, &c->row);
		c->stamp = 0;
		if (j->rc == -EAGAIN)
			c->from = NULL;
		c->view->answered = true;
	}
	code_ask_release(&j->ask);
	code_release(&j->out);
	free(j);
}

/* The function as compiled: what is inlined has the pc of the call around it. */
static uint32_t compiled(const struct view *v)
{
	uint32_t i = v->frame;
	const struct frame *f = frame_at(v, i), *out;

	while ((out = frame_at(v, i + 1)) && out->pc == f->pc) {
		f = out;
		i++;
	}
	return f->func;
}

/* Of the instruction: that of the innermost of the calls that are inlined there. */
static uint32_t line_of(const struct view *v)
{
	uint32_t i = v->frame;
	const struct frame *f = frame_at(v, i), *in;

	while (i && (in = frame_at(v, i - 1)) && in->pc == f->pc) {
		f = in;
		i--;
	}
	return f->line;
}

static void ask(struct codeview *c, const struct frame *f)
{
	const struct world *w = c->view->world;
	struct code_job *j = xcalloc(1, sizeof(*j));

	if (c->job)
		c->job->view = NULL;
	code_release(&c->code);
	c->row.n = 0;
	c->here = false;
	c->from = w->disassembler;
	c->pc = f->pc;
	c->func = compiled(c->view);
	c->left = 0;
	j->view = c;
	j->from = w->disassembler;
	j->ask = (struct code_ask){ f->pc, line_of(c->view),
				    xstrdup(strtab_get(&w->strings, c->func)) };
	c->job = j;
	jobs_submit(c->view->jobs, job_work, job_done, j);
}

static void clamp(struct codeview *c)
{
	if (c->top > (long)c->row.n - c->page)
		c->top = (long)c->row.n - c->page;
	if (c->top < 0)
		c->top = 0;
}

/* A new choice: its instruction comes to the middle. */
static void refresh(struct codeview *c)
{
	const struct view *v = c->view;
	const struct frame *f = frame_at(v, v->frame);

	if (!codeview_there(v))
		return;
	if (c->from != v->world->disassembler || c->pc != f->pc || c->func != compiled(v))
		ask(c, f);
	if (c->here && c->stamp != v->choice_stamp) {
		c->stamp = v->choice_stamp;
		c->moved = false;
		c->code.here = code_find(&c->code, f->pc, line_of(v));
		c->top = (long)code_rows_find(&c->row, c->code.here) - c->page / 2;
	}
	clamp(c);
}

/* --- drawing --- */

static void draw_row(const struct codeview *c, const struct region *r, int y, size_t i,
		     const struct match *search)
{
	const struct code_row *row = &c->row.v[i];
	bool here = !row->place && row->insn == c->code.here;
	char *text = row_text(c, i);
	size_t len = strlen(text), skip = (size_t)c->left < len ? (size_t)c->left : len, start, end;
	enum role role = row->place ? ROLE_SRC_COMMENT : here ? ROLE_SRC_MARK : ROLE_TEXT;

	while (skip < len && ((unsigned char)text[skip] & 0xc0) == 0x80)
		skip++;
	draw_cut(r, 0, y, r->w, role, here ? ATTR_BOLD : 0, text + skip);
	if (here)
		draw_sym(r, 0, y, 1, SYM_SELECT, ROLE_SRC_MARK, ATTR_BOLD);
	if (search && match_find(search, text + skip, len - skip, &start, &end) && end > start)
		draw_text(r, text_width(text + skip, start), y, -1, ROLE_MATCH, ATTR_REVERSE,
			  text + skip + start, end - start);
	free(text);
}

static int draw_head(const struct codeview *c, const struct region *r)
{
	int x, y = 0;

	if (!c->here) {
		draw_str(r, 1, 0, -1, ROLE_DIM, 0, "reading …");
		return 1;
	}
	if (c->code.func) {
		x = draw_cut(r, 0, y, r->w, ROLE_FUNC, 0, code_at(&c->code, c->code.func));
		draw_fmt(r, x + 2, y, -1, ROLE_DIM, 0, "%" PRIu64 " bytes at 0x%" PRIx64,
			 c->code.end - c->code.entry, c->code.entry);
		y++;
	}
	if (*c->code.note)
		y += draw_sentence(r, y, ROLE_WARN, c->code.note);
	return y;
}

void codeview_draw(struct codeview *c, const struct region *r, const struct match *search)
{
	struct region body;
	int y;

	refresh(c);
	y = draw_head(c, r);
	body = region_sub(r, 0, y, r->w, r->h - y);
	if (c->page != body.h) { /* the instruction stays in sight when the pane is another size */
		c->page = body.h;
		c->stamp = c->moved ? c->stamp : 0;
		refresh(c);
	}
	for (y = 0; y < body.h && c->top + y < (long)c->row.n; y++)
		draw_row(c, &body, y, (size_t)(c->top + y), search);
}

/* --- moving --- */

void codeview_scroll(struct codeview *c, long by)
{
	long n;

	refresh(c);
	n = (long)c->row.n;
	c->moved = true;
	c->top += by < -n ? -n : by > n ? n : by;
	clamp(c);
}

void codeview_shift(struct codeview *c, int by)
{
	c->left = c->left + by < 0 ? 0 : c->left + by;
}

bool codeview_search(struct codeview *c, const struct match *m, int dir)
{
	long n;

	refresh(c);
	n = (long)c->row.n;
	for (long k = 1; k <= n; k++) {
		long i = ((c->top + dir * k) % n + n) % n;
		char *text = row_text(c, (size_t)i);
		bool hit = match_find(m, text, strlen(text), NULL, NULL);

		free(text);
		if (!hit)
			continue;
		c->top = i;
		c->moved = true;
		return true;
	}
	return false;
}

char *codeview_text(const struct codeview *c)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die("out of memory");
	for (size_t i = 0; i < c->row.n; i++) {
		char *row = row_text(c, i);

		fprintf(out, "%s%s", i ? "\n" : "", row);
		free(row);
	}
	fclose(out);
	return text;
}

void codeview_release(struct codeview *c)
{
	if (c->job)
		c->job->view = NULL;
	code_release(&c->code);
	vec_free(&c->row);
}

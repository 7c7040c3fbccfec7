/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/framestrip.h"

#include <inttypes.h>
#include <stdio.h>

enum { LEAST = 8, EACH = 14, MOST = 3 }; /* lines of the pane: for any, for each more; of a part */

struct framestrip framestrip_make(int h, uint32_t frame, uint32_t depth)
{
	uint32_t most = h < LEAST ? 0 : (uint32_t)h / EACH + 1, outer;

	if (frame >= depth)
		return (struct framestrip){ 0 };
	most = most < MOST ? most : MOST;
	outer = depth - 1 - frame;
	return (struct framestrip){ (int)(frame < most ? frame : most),
				    (int)(outer < most ? outer : most) };
}

/* What stands on a line, without what it is indented by; NULL: not known. */
static const struct srcline *line_at(struct srccache *cache, const char *file, uint32_t line,
				     uint32_t *skip)
{
	const struct srcfile *f = *file ? src_find(cache, file) : NULL;
	const struct srcline *l;

	if (!f || !line || line > f->line.n)
		return NULL;
	l = &f->line.v[line - 1];
	for (*skip = 0; *skip < l->len && (l->s[*skip] == '\t' || l->s[*skip] == ' ');)
		++*skip;
	return l;
}

static void draw_frame(const struct view *v, struct srccache *cache, const struct region *r, int y,
		       uint32_t i)
{
	const struct frame *f = stacktab_frame(&v->world->stacks, v->stack, i);
	const struct strtab *t = &v->world->strings;
	const struct srcline *l;
	uint32_t skip;
	int x = 3;

	if (!f)
		return;
	draw_fill(r, 0, y, r->w, 1, ROLE_DIM, 0);
	draw_sym(r, 1, y, 1, i < v->frame ? SYM_ARROW_UP : SYM_ARROW_DOWN, ROLE_DIM, 0);
	x += draw_cut(r, x, y, r->w / 2 - x, ROLE_FUNC, 0, text_base(strtab_get(t, f->func))) + 1;
	if (!f->file)
		return;
	x += draw_fmt(r, x, y, -1, ROLE_FILE, 0, "%s:%" PRIu32, text_base(strtab_get(t, f->file)),
		      f->line) +
	     2;
	l = line_at(cache, strtab_get(t, f->file), f->line, &skip);
	if (l && x < r->w)
		draw_text(r, x, y, -1, ROLE_DIM, 0, l->s + skip, l->len - skip);
}

void framestrip_draw(const struct framestrip *s, const struct view *v, struct srccache *cache,
		     const struct region *r, int y0)
{
	for (int i = 0; i < s->in; i++)
		draw_frame(v, cache, r, y0 + i, v->frame - (uint32_t)(s->in - i));
	for (int i = 0; i < s->out; i++)
		draw_frame(v, cache, r, r->h - s->out + i, v->frame + 1 + (uint32_t)i);
}

uint32_t framestrip_at(const struct framestrip *s, const struct view *v, int h, int y0, int y)
{
	if (y >= y0 && y < y0 + s->in)
		return v->frame - (uint32_t)(s->in - (y - y0));
	if (y < h && y >= h - s->out)
		return v->frame + 1 + (uint32_t)(y - (h - s->out));
	return v->frame;
}

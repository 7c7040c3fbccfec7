/* SPDX-License-Identifier: Apache-2.0 */
#include "export/svg.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export/flame.js.h"
#include "export/report.h"
#include "export/stacks.h"
#include "export/utf8.h"
#include "export/xml.h"

enum {
	WIDTH = 1200,
	ROW = 18, /* height of a call */
	TOP = 64, /* above the graph */
	BELOW = 28,
	NARROW = 20000, /* a call is drawn that has more than such a part of the whole */
	CHAR_TENTHS = 73, /* width of a character */
};

static const char style[] =
	"svg{background:#fffdf8;font:12px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
	".n{cursor:pointer}.n rect{stroke:#fffdf8;stroke-width:.6}.n text{pointer-events:none}"
	".n:hover rect{stroke:#000;stroke-width:1}.up{opacity:.55}"
	".met rect{fill:#c61aff}.met text{fill:#fff}.h1{font-size:16px;font-weight:bold}"
	".dim,.found{fill:#555}.reset{cursor:pointer;fill:#06c;text-decoration:underline}"
	".find{width:100%;box-sizing:border-box;font:inherit}.find[data-bad]{background:#fcc}";

struct svg {
	FILE *out;
	const struct flame *f;
	int64_t *at; /* where each node begins, ns from the left */
	uint32_t *number; /* of those drawn, in the file; NO_FLAME: it is not */
	int64_t total;
	int64_t left_out;
	unsigned depth; /* of those drawn, the deepest */
	unsigned height;
};

struct sibling {
	uint32_t node;
	const char *name;
	char buf[64]; /* of heads */
};

/* Sums of a hostile file may be at the most that there is. */
static void add(int64_t *sum, int64_t ns)
{
	if (__builtin_add_overflow(*sum, ns, sum))
		*sum = INT64_MAX;
}

static int by_name(const void *a, const void *b)
{
	const struct sibling *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : (x->node > y->node) - (x->node < y->node);
}

/* Children stand side by side in the order of their names, what is the node's own to their right. */
static void place_children(struct svg *s, uint32_t parent)
{
	VEC(struct sibling) kid = { 0 };
	int64_t at = s->at[parent];

	for (uint32_t i = s->f->node.v[parent].first_child; i != NO_FLAME; i = s->f->node.v[i].next)
		if (flame_total(s->f, i))
			vec_push(&kid)->node = i;
	for (size_t i = 0; i < kid.n; i++)
		kid.v[i].name = flame_name(s->f, kid.v[i].node, kid.v[i].buf, sizeof(kid.v[i].buf));
	if (kid.n)
		qsort(kid.v, kid.n, sizeof(*kid.v), by_name);
	for (size_t i = 0; i < kid.n; i++) {
		s->at[kid.v[i].node] = at;
		add(&at, flame_total(s->f, kid.v[i].node));
	}
	vec_free(&kid);
}

static bool is_wide(const struct svg *s, uint32_t node)
{
	return flame_total(s->f, node) > s->total / NARROW;
}

static void layout(struct svg *s)
{
	const struct flame *f = s->f;
	uint32_t n = 0;

	s->total = flame_total(f, 0);
	s->at = xcalloc(f->node.n + 1, sizeof(*s->at));
	s->number = xmalloc((f->node.n + 1) * sizeof(*s->number));
	for (uint32_t i = 0; i < f->node.n; i++) {
		uint32_t parent = f->node.v[i].parent;
		bool beside = !i || s->number[parent] != NO_FLAME;

		s->number[i] = NO_FLAME;
		if (!s->total || !beside)
			continue;
		if (!is_wide(s, i)) {
			add(&s->left_out, flame_total(f, i));
			continue;
		}
		s->number[i] = n++;
		if (f->node.v[i].depth > s->depth)
			s->depth = f->node.v[i].depth;
		place_children(s, i);
	}
	s->height = TOP + (s->depth + 1) * ROW + BELOW;
}

/* --- drawing --- */

/* Warm for the program's own calls, pale for others, grey for what is no call. */
static void put_color(const struct svg *s, uint32_t node, const char *name)
{
	const struct flame_node *n = &s->f->node.v[node];
	unsigned h = (unsigned)hash_bytes(name, strlen(name), 1);

	if (!node || n->flags & FLAME_UNKNOWN)
		fputs("#c9c6bf", s->out);
	else if (n->flags & FLAME_HEAD)
		fprintf(s->out, "hsl(%u,35%%,72%%)", 190 + h % 50);
	else if (n->flags & FLAME_OWN)
		fprintf(s->out, "hsl(%u,85%%,%u%%)", 8 + h % 30, 60 + h / 64 % 8);
	else
		fprintf(s->out, "hsl(%u,60%%,%u%%)", 44 + h % 14, 70 + h / 64 % 8);
}

static void put_percent(FILE *out, const char *attribute, double part)
{
	fprintf(out, " %s=\"%.4f%%\"", attribute, 100 * part);
}

/* As much of a name as fits; nothing where that is next to nothing. */
static void put_cut(FILE *out, const char *name, double part)
{
	int fit = (int)((part * WIDTH - 6) * 10 / CHAR_TENTHS);
	size_t len = strlen(name), used, n = 0;
	int cps = 0;

	if (fit < 3)
		return;
	for (; n < len && cps < fit; n += used, cps++)
		utf8_next(name + n, len - n, &used);
	xml_put(out, name, n);
	if (n < len)
		fputs("…", out);
}

static void put_node(struct svg *s, uint32_t node)
{
	const struct flame_node *n = &s->f->node.v[node];
	double total = (double)s->total, part = (double)flame_total(s->f, node) / total;
	double x = (double)s->at[node] / total;
	unsigned y = TOP + (s->depth - n->depth) * ROW;
	char buf[512], time[32];
	const char *name = flame_name(s->f, node, buf, sizeof(buf));

	fprintf(s->out,
		"<g class=\"n\" data-p=\"%" PRIu32 "\" data-x=\"%" PRId64 "\" data-w=\"%" PRId64
		"\"><title>",
		node ? s->number[n->parent] : 0, s->at[node], flame_total(s->f, node));
	xml_text(s->out, name);
	if (n->flags & FLAME_INLINED)
		fputs(" [inlined]", s->out);
	fprintf(s->out, " — %s, %.2f%%</title><rect",
		report_duration(flame_total(s->f, node), time, sizeof(time)), 100 * part);
	put_percent(s->out, "x", x);
	put_percent(s->out, "width", part);
	fprintf(s->out, " y=\"%u\" height=\"%d\" fill=\"", y, ROW - 1);
	put_color(s, node, name);
	fputs("\"/><text", s->out);
	put_percent(s->out, "x", x);
	fprintf(s->out, " dx=\"3\" y=\"%u\">", y + 13);
	put_cut(s->out, name, part);
	fputs("</text></g>\n", s->out);
}

static void put_head(struct svg *s, const struct export_request *r, enum profile_time time)
{
	const struct world *w = r->world;
	char buf[32];

	fprintf(s->out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg "
		"xmlns=\"http://www.w3.org/2000/svg\" "
		"width=\"%d\" height=\"%u\" viewBox=\"0 0 %d %u\">\n<style>%s</style>\n",
		WIDTH, s->height, WIDTH, s->height, style);
	fprintf(s->out, "<text class=\"h1\" x=\"8\" y=\"22\">%s: ",
		time == PROFILE_ON_CPU ? "Time on CPU" : "Time off CPU");
	xml_text(s->out, strtab_get(&w->strings, w->source_name));
	fprintf(s->out, "</text>\n<text class=\"dim\" x=\"8\" y=\"42\">%s",
		s->total ? report_duration(s->total, buf, sizeof(buf)) : "no time");
	if (s->total && time == PROFILE_OFF_CPU)
		fputs(" in all: goroutines wait side by side", s->out);
	if (r->note)
		fprintf(s->out, "; %s", r->note);
	fputs("</text>\n", s->out);
}

/* Of use with the script alone, which shows them. */
static void put_controls(struct svg *s)
{
	fputs("<g class=\"controls\" style=\"display:none\"><foreignObject x=\"60%\" y=\"6\" "
	      "width=\"39%\" "
	      "height=\"26\"><input xmlns=\"http://www.w3.org/1999/xhtml\" class=\"find\" "
	      "type=\"search\" placeholder=\"find: a regular expression  ( / "
	      ")\"/></foreignObject>\n"
	      "<text class=\"found\" x=\"60%\" y=\"48\"></text><text class=\"reset\" x=\"99%\" "
	      "y=\"48\" "
	      "text-anchor=\"end\">zoom out (Esc)</text></g>\n",
	      s->out);
}

static void put_end(struct svg *s)
{
	fprintf(s->out, "<text class=\"dim\" x=\"8\" y=\"%u\">", s->height - 9);
	if (s->left_out)
		fprintf(s->out, "too narrow to be drawn: %.2f%%",
			100 * (double)s->left_out / (double)s->total);
	fprintf(s->out, "</text>\n<script><![CDATA[\n%s]]></script>\n</svg>\n", flame_js);
}

int svg_export(struct export_request *r, enum profile_time time, FILE *out)
{
	struct stacks stacks;
	struct svg s = { .out = out, .f = &stacks.flame };

	if (stacks_read(&stacks, r))
		stacks_flame(&stacks, r, time);
	layout(&s);
	put_head(&s, r, time);
	put_controls(&s);
	for (uint32_t i = 0; i < s.f->node.n && !ferror(out); i++)
		if (s.number[i] != NO_FLAME)
			put_node(&s, i);
	put_end(&s);
	free(s.at);
	free(s.number);
	stacks_release(&stacks);
	return ferror(out) ? -EIO : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "export/dot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analysis/groups.h"

enum { EDGES_EACH = 32 };

struct dot {
	const struct graph *g;
	FILE *out;
	bool system;
	struct map64 drawn; /* name of a node in the file → 0 */
};

/* Within a quoted label: names may hold whatever a file or a target holds. */
static void put_label(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', out);
		putc((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s, out);
	}
}

static uint32_t stack_of(const struct graph *g, const struct graph_node *n)
{
	return n->row < g->moment->n ? g->moment->stack[n->row] : 0;
}

/* Those that hold nothing and wait alike are one: all have the name of their stack and port. */
static uint64_t node_name(const struct graph *g, uint32_t node)
{
	const struct graph_node *n = &g->node.v[node];

	if (n->first_child != NO_NODE || n->n_waits != 1)
		return n->goid << 1;
	return (hash_u64((uint64_t)n->parent << 32 | stack_of(g, n)) & ~(uint64_t)0 >> 1) << 1 | 1;
}

static bool first_time(struct dot *d, uint64_t name)
{
	if (map64_get(&d->drawn, name) != UINT32_MAX)
		return false;
	map64_put(&d->drawn, name, 0);
	return true;
}

static uint32_t alike(const struct graph *g, uint32_t node)
{
	uint64_t name = node_name(g, node);
	uint32_t n = 0, i = g->node.v[node].parent;

	if (!(name & 1) || i == NO_NODE)
		return 1;
	for (i = g->port.v[i].first_child; i != NO_NODE; i = g->node.v[i].next)
		n += node_name(g, i) == name;
	return n ? n : 1;
}

static bool is_hidden(const struct dot *d, uint32_t node)
{
	uint32_t row = d->g->node.v[node].row;

	return !d->system && row < d->g->moment->n && d->g->world->g.v[row].system;
}

/* Somebody waits there who is shown. */
static bool is_drawn(const struct dot *d, uint32_t port)
{
	const struct object *o = port_object(d->g, port);

	for (uint32_t i = o->first_wait; i < o->first_wait + o->n_waits; i++) {
		const struct wait *w = &d->g->facts->wait.v[i];

		if (wait_port(w) == port && !is_hidden(d, graph_find(d->g, w->goid)))
			return true;
	}
	return false;
}

static void draw_node(struct dot *d, uint32_t node)
{
	const struct graph *g = d->g;
	const struct graph_node *n = &g->node.v[node];
	const struct frame *f = stack_place(g->world, stack_of(g, n));
	uint32_t many;

	if (!first_time(d, node_name(g, node)))
		return;
	many = alike(g, node);
	fprintf(d->out, "  g%" PRIx64 " [label=\"", node_name(g, node));
	if (many > 1)
		fprintf(d->out, "%" PRIu32 " goroutines", many);
	else
		fprintf(d->out, "goroutine %" PRIu64, n->goid);
	if (f) {
		fputs("\\n", d->out);
		put_label(d->out, strtab_get(&g->world->strings, f->func));
		fprintf(d->out, ":%" PRIu32, f->line);
	}
	fprintf(d->out, "\"%s];\n", graph_stuck(g, node) ? ", style=bold" : "");
}

static void draw_port(struct dot *d, uint32_t port)
{
	const struct object *o = port_object(d->g, port);
	const char *text = strtab_get(&d->g->world->strings, o->text);

	fprintf(d->out, "  o%" PRIu32 " [shape=box, label=\"%s", port,
		object_kind_name((enum object_kind)o->kind));
	if (o->addr)
		fprintf(d->out, " 0x%" PRIx64, o->addr);
	if (o->kind == OBJ_CHAN)
		fprintf(d->out, "\\n%" PRId64 " of %" PRId64, o->len, o->cap);
	if (*text) {
		fputs("\\n", d->out);
		put_label(d->out, text);
	}
	fputs("\"];\n", d->out);
}

static void draw_holders(struct dot *d, uint32_t port)
{
	const struct graph *g = d->g;
	const struct graph_port *p = &g->port.v[port];

	for (uint32_t i = 0; i < p->n_edges && i < EDGES_EACH; i++) {
		const struct graph_edge *e = &g->edge.v[p->first_edge + i];
		const struct hold *h = e->hold == NO_NODE ? NULL : &g->facts->hold.v[e->hold];

		if (is_hidden(d, e->node))
			continue;
		draw_node(d, e->node);
		fprintf(d->out, "  o%" PRIu32 " -> g%" PRIx64 " [label=\"%s\"%s];\n", port,
			node_name(g, e->node), h ? hold_op_name((enum hold_op)h->op) : "queue",
			!h || h->evidence == EVIDENCE_SEEN ? "" : ", style=dashed");
	}
}

int dot_export(const struct graph *g, bool system, FILE *out)
{
	struct dot d = { .g = g, .out = out, .system = system };

	fputs("digraph waits {\n  rankdir=LR;\n  node [fontname=\"monospace\"];\n", out);
	for (uint32_t i = 0; i < g->port.n; i++) {
		if (!g->port.v[i].n_waits || !is_drawn(&d, i))
			continue;
		draw_port(&d, i);
		draw_holders(&d, i);
	}
	for (uint32_t i = 0; i < g->node.n; i++) {
		const struct graph_node *n = &g->node.v[i];
		uint64_t name = node_name(g, i);

		if (is_hidden(&d, i))
			continue;
		if (n->n_waits)
			draw_node(&d, i);
		for (uint32_t k = 0; k < n->n_waits; k++) {
			const struct wait *w = graph_wait(g, n, k);

			if (name & 1 && !first_time(&d, hash_u64(name) | 1))
				continue;
			fprintf(out, "  g%" PRIx64 " -> o%" PRIu32 " [label=\"%s\"];\n", name,
				wait_port(w), wait_op_name((enum wait_op)w->op));
		}
	}
	fputs("}\n", out);
	map64_free(&d.drawn);
	return fflush(out) || ferror(out) ? -EIO : 0;
}

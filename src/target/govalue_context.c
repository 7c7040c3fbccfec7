/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts as a chain, from the outermost on, as their own String() has it: context/context.go. */
#include <string.h>

#include "target/govalue_impl.h"

enum link { LINK_NOT, LINK_ROOT, LINK_CANCEL, LINK_DEADLINE, LINK_VALUE, LINK_OTHER };

static const struct {
	const char *name;
	enum link link;
	const char *text;
} table[] = {
	{ "backgroundCtx", LINK_ROOT, "context.Background" },
	{ "todoCtx", LINK_ROOT, "context.TODO" },
	{ "cancelCtx", LINK_CANCEL, ".WithCancel" },
	{ "timerCtx", LINK_DEADLINE, ".WithDeadline" },
	{ "valueCtx", LINK_VALUE, ".WithValue" },
	{ "withoutCancelCtx", LINK_OTHER, ".WithoutCancel" },
	{ "afterFuncCtx", LINK_OTHER, ".AfterFunc" },
	{ "stopCtx", LINK_OTHER, "" },
};

struct ctx {
	struct gval v; /* the struct */
	enum link link;
	const char *text;
};

/* Before 1.21 both roots are of one type, and their addresses differ. */
static const char *old_root(struct govaluer *g, uint64_t addr)
{
	struct image_sym syms[2] = { { .name = "context.background" }, { .name = "context.todo" } };
	uint64_t p;

	if (!g->ctx_looked && g->t->image) {
		image_symbols(g->t->image, syms, 2);
		if (syms[0].va && valmem_word(g->vm, syms[0].va + g->t->image->bias, &p))
			g->ctx_background = p;
		if (syms[1].va && valmem_word(g->vm, syms[1].va + g->t->image->bias, &p))
			g->ctx_todo = p;
	}
	g->ctx_looked = true;
	if (addr == g->ctx_background)
		return "context.Background";
	return addr == g->ctx_todo ? "context.TODO" : "context.Background or TODO";
}

/* v: a context, or a pointer to one. */
static bool classify(struct govaluer *g, struct gval v, struct ctx *c)
{
	const char *name;

	if (v.t->kind == GOKIND_POINTER && !gv_deref(g, v, &v))
		return false;
	name = v.t->name;
	if (strncmp(name, "context.", 8))
		return false;
	c->v = v;
	if (!strcmp(name + 8, "emptyCtx") && v.t->kind == GOKIND_INT) {
		c->link = LINK_ROOT;
		c->text = old_root(g, v.addr);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (!strcmp(table[i].name, name + 8)) {
			c->link = table[i].link;
			c->text = table[i].text;
			return true;
		}
	return false;
}

static bool parent_of(struct govaluer *g, const struct ctx *c, struct gval *parent)
{
	struct gval f;

	if (c->link == LINK_ROOT)
		return false;
	return (gv_field(g, c->v, "Context", &f) || gv_field(g, c->v, "c", &f)) &&
	       gv_dynamic(g, f, parent);
}

static void link_text(struct govaluer *g, const struct ctx *c, int depth, struct gotext *out)
{
	struct gval f;

	gotext_str(out, c->text);
	if (c->link == LINK_DEADLINE && gv_field(g, c->v, "deadline", &f)) {
		gotext_str(out, "(");
		gv_text(g, f, depth + 1, out);
		gotext_str(out, ")");
	} else if (c->link == LINK_VALUE && gv_field(g, c->v, "key", &f)) {
		gotext_str(out, "(");
		gv_text(g, f, depth + POINTERS_MOST, out);
		gotext_str(out, ": ");
		if (gv_field(g, c->v, "val", &f))
			gv_text(g, f, depth + POINTERS_MOST, out);
		gotext_str(out, ")");
	}
}

/* Why it is over: ", canceled"; nothing while it is not. */
static void state_text(struct govaluer *g, const struct ctx *c, struct gotext *out)
{
	struct gval f, in, to, msg;
	char buf[64];
	uint64_t len;

	if (c->link == LINK_ROOT || !gv_field(g, c->v, "err", &f))
		return;
	if (f.t->kind == GOKIND_STRUCT && !gv_field(g, f, "v", &f)) /* atomic.Value, from 1.25 on */
		return;
	if (!gv_dynamic(g, f, &in))
		return;
	if (!strcmp(in.t->name, "context.deadlineExceededError"))
		gotext_str(out, ", deadline exceeded");
	else if (gv_deref(g, in, &to) && gv_field(g, to, "s", &msg) &&
		 gv_string(g, msg, buf, sizeof(buf), &len) && !strncmp(buf, "context ", 8))
		gotext_printf(out, ", %s", buf + 8);
	else
		gotext_str(out, ", over");
}

enum known gv_known_context(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	struct ctx chain[PATH_MOST];
	const struct gotype *t = v.t->kind == GOKIND_POINTER ? gotype_elem(g->ts, v.t) : v.t;
	struct gval in;
	size_t n = 0;

	if (strncmp(t->name, "context.", 8) || !classify(g, v, &chain[n]))
		return KNOWN_NOT;
	n++;
	while (n < PATH_MOST && parent_of(g, &chain[n - 1], &in) && classify(g, in, &chain[n]))
		n++;
	if (chain[n - 1].link != LINK_ROOT) { /* it goes on with a type that is not the library's */
		gotext_str(out,
			   n < PATH_MOST && parent_of(g, &chain[n - 1], &in) ? in.t->name : "…");
	}
	for (size_t i = n; i-- > 0 && !out->full;)
		link_text(g, &chain[i], depth, out);
	state_text(g, &chain[0], out);
	return KNOWN_BARE;
}

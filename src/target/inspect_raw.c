/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments without DWARF: the words that Go's own tracebacks print
 * (runtime/traceback.go:printArgs), and what the runtime's type data tell of them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "target/frameinfo.h"
#include "target/inspect_impl.h"

enum {
	/* internal/abi/stack.go, before 1.23 runtime/traceback.go */
	ARGS_OFFSET_TOO_LARGE = 0xfb,
	ARGS_DOTDOTDOT = 0xfc,
	ARGS_END_AGG = 0xfd,
	ARGS_START_AGG = 0xfe,
	ARGS_END = 0xff,
	INFO_MOST = 128, /* bytes of it; the compiler bounds them lower */
	WORDS_MOST = 32,
	TEXT_MOST = 64 /* bytes of a string that is shown */
};

struct word {
	uint64_t v;
	uint8_t size;
	bool live, read, lacking;
	char name[32]; /* "arg 1", "arg 2.1" */
};

struct words {
	struct word w[WORDS_MOST];
	size_t n;
};

/* Which of the slots the code still keeps: PCDATA_ARG_LIVE_INDEX. */
struct liveness {
	bool known;
	uint8_t from; /* offsets below are always live */
	uint8_t bits[16];
};

static void read_liveness(struct inspect *in, const struct symfunc *fn, uint64_t pc,
			  struct liveness *l)
{
	uint64_t info = symtab_funcdata(fn, FUNCDATA_ARG_LIVE_INFO);
	int32_t at = symtab_pcdata(in->t->sym, fn, PCDATA_ARG_LIVE_INDEX, pc);

	memset(l, 0, sizeof(*l));
	if (!info || at <= 0 || valmem_read(&in->vm, info, &l->from, 1))
		return;
	l->known = true;
	for (size_t i = 0; i < sizeof(l->bits); i++)
		if (valmem_read(&in->vm, info + (uint32_t)at + i, &l->bits[i], 1))
			break;
}

static bool is_live(const struct liveness *l, uint8_t off, unsigned slot)
{
	if (!l->known || off < l->from)
		return true;
	return slot / 8 < sizeof(l->bits) && l->bits[slot / 8] & 1 << slot % 8;
}

static void add_word(struct inspect *in, struct words *ws, const struct liveness *l, uint64_t argp,
		     uint8_t off, uint8_t size, const unsigned *count, unsigned depth)
{
	struct word *w = &ws->w[ws->n];
	size_t n = 0;

	*w = (struct word){ .size = size, .live = is_live(l, off, (unsigned)ws->n) };
	w->read = size <= 8 && !valmem_read(&in->vm, argp + off, &w->v, size);
	w->lacking = !w->read && valmem_lacks(&in->vm, argp + off, size);
	n += (size_t)snprintf(w->name, sizeof(w->name), "arg %u", count[0] + 1);
	for (unsigned i = 1; i <= depth && n < sizeof(w->name); i++)
		n += (size_t)snprintf(w->name + n, sizeof(w->name) - n, ".%u", count[i]);
	ws->n++;
}

/* The bytes of FUNCDATA_ARG_INFO: offset and size of each word, with marks around aggregates. */
static bool read_words(struct inspect *in, const struct symfunc *fn, uint64_t pc, uint64_t argp,
		       struct words *ws)
{
	uint64_t info = symtab_funcdata(fn, FUNCDATA_ARG_INFO);
	unsigned count[8] = { 0 }, depth = 0;
	uint8_t b[2];
	struct liveness l;

	ws->n = 0;
	if (!info)
		return false;
	read_liveness(in, fn, pc, &l);
	for (unsigned i = 0; i < INFO_MOST && ws->n < WORDS_MOST; i++) {
		if (valmem_read(&in->vm, info + i, b, 1) || b[0] == ARGS_END)
			break;
		if (b[0] == ARGS_START_AGG) {
			if (depth + 1 < ARRAY_SIZE(count))
				count[++depth] = 0;
			continue;
		}
		if (b[0] == ARGS_END_AGG)
			depth -= depth > 0;
		else if (b[0] < ARGS_OFFSET_TOO_LARGE) {
			if (valmem_read(&in->vm, info + ++i, b + 1, 1))
				break;
			add_word(in, ws, &l, argp, b[0], b[1], count, depth);
		}
		count[depth]++;
	}
	return true;
}

static bool in_types(const struct inspect *in, uint64_t addr)
{
	for (size_t i = 0; i < in->t->mods.mod.n; i++) {
		const struct gomodule *m = &in->t->mods.mod.v[i];

		if (addr >= m->types && addr < m->etypes && !(addr & 7))
			return true;
	}
	return false;
}

/* An interface in two words: a type, or a table of a type (abi.ITab), then the data. */
static bool as_interface(struct inspect *in, const struct word *w, struct gotext *out,
			 const struct gotype **type)
{
	uint64_t table[2], addr = w[0].v, own;
	const struct gotype *t;

	if (in_types(in, addr) && gotype_at(in->ts, addr)->kind != GOKIND_INVALID)
		;
	else if (!valmem_read(&in->vm, addr, table, sizeof(table)) && in_types(in, table[0]) &&
		 in_types(in, table[1]) && gotype_at(in->ts, table[0])->kind == GOKIND_INTERFACE)
		addr = table[1];
	else
		return false;
	t = gotype_at(in->ts, addr);
	if (t->kind == GOKIND_INVALID || t->kind == GOKIND_INTERFACE)
		return false;
	own = w[1].v;
	if (gotype_direct(in->ts, t)) {
		own = valmem_own(&in->vm, sizeof(uint64_t));
		valmem_own_set(&in->vm, own, &w[1].v, sizeof(uint64_t));
	}
	*type = t;
	govalue_text(&in->g, t, own, out);
	return true;
}

static bool as_string(struct inspect *in, const struct word *w, struct gotext *out)
{
	char buf[TEXT_MOST];
	size_t n = w[1].v < sizeof(buf) ? w[1].v : sizeof(buf);

	if (!w[1].v || w[1].v > 1 << 20 || w[0].v < 4096 || valmem_read(&in->vm, w[0].v, buf, n))
		return false;
	n = gotext_cut(buf, n, n < w[1].v ? n - 4 : n);
	if (n < 2 || !gotext_is_text(buf, n))
		return false;
	gotext_quote(out, buf, n);
	return true;
}

static const char *as_func(struct inspect *in, uint64_t addr)
{
	const struct sympc *s;
	uint64_t pc;

	if (!valmem_word(&in->vm, addr, &pc))
		return NULL;
	s = gomodules_find(&in->t->mods, pc) ? symtab_pc(in->t->sym, pc) : NULL;
	return s && s->entry == pc && s->nframe ? s->frame[s->nframe - 1].func : NULL;
}

static void word_text(struct inspect *in, const struct words *ws, size_t i, struct gotext *out)
{
	const struct word *w = &ws->w[i];
	bool pair = i + 1 < ws->n && w->size == 8 && w[1].size == 8 && w[1].read && w[1].live;
	char buf[512] = "";
	struct gotext more = { .buf = buf, .size = sizeof(buf) };
	const struct gotype *t = NULL;
	const char *func;

	if (!w->read) {
		gotext_str(out, w->lacking ? "not in the core" : "?");
		return;
	}
	gotext_printf(out, "0x%" PRIx64, w->v);
	if (!w->live)
		gotext_str(out, " (may be overwritten)");
	if (w->size != 8 || !w->live || w->v < 4096)
		return;
	func = as_func(in, w->v);
	if (pair && as_interface(in, w, &more, &t))
		gotext_printf(out, "  an interface of %s: %s", t->name, buf);
	else if (func)
		gotext_printf(out, "  func %s", func);
	else if (pair && as_string(in, w, &more))
		gotext_printf(out, "  perhaps the string %s", buf);
}

void inspect_raw(struct inspect *in, const struct frames *f, const struct stack_line *line,
		 struct values *out)
{
	uint64_t pc = unwind_pc_lookup(f->pc[line->frame]);
	char buf[GOVALUE_TEXT], why[sizeof(out->note)];
	struct words ws;
	struct symfunc fn;
	uint64_t argp = frame_argp(in->t->lay.arch, f->end[line->frame]);

	snprintf(why, sizeof(why), "%s", out->note);
	if (line->depth || !symtab_func(in->t->sym, pc, &fn) ||
	    !read_words(in, &fn, pc, argp, &ws)) {
		snprintf(out->note, sizeof(out->note), "%.150s: nothing is known of this frame",
			 why);
		return;
	}
	for (size_t i = 0; i < ws.n; i++) {
		struct gotext text = { .buf = buf, .size = sizeof(buf) };

		*buf = '\0';
		word_text(in, &ws, i, &text);
		govalue_add_text(&in->g,
				 &(struct govalue_node){ .name = ws.w[i].name,
							 .flags = VALUE_ARG | VALUE_RAW },
				 "", buf);
	}
	snprintf(out->note, sizeof(out->note), "%.150s: arguments as words", why);
}

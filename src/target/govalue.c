/* SPDX-License-Identifier: Apache-2.0 */
#include "target/govalue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target/govalue_impl.h"

enum { TEXT_LOOK = 4096, WAITERS_MOST = 1000, NOT_KNOWN_BYTES = 16 };
static const uint64_t LEN_MOST = 1ull << 46; /* no object is larger than the address space */

static const char not_there[] = "not in the core";

/* In place of what len bytes at addr would tell, which cannot be read: "?", or that they are not in the core. */
static void gv_unread(struct govaluer *g, uint64_t addr, uint64_t len, struct gotext *out)
{
	gotext_str(out, valmem_lacks(g->vm, addr, len) ? not_there : "?");
}

/* A pointer to what cannot be read. */
static void text_lost(struct govaluer *g, uint64_t p, struct gotext *out)
{
	gotext_printf(out, "0x%" PRIx64 " (%s)", p,
		      valmem_lacks(g->vm, p, 1) ? not_there : "cannot be read");
}

static void text_unknown(struct govaluer *g, struct gval v, struct gotext *out)
{
	uint8_t b[NOT_KNOWN_BYTES];
	size_t n = v.t->size < sizeof(b) ? v.t->size : sizeof(b);

	if (n && valmem_read(g->vm, v.addr, b, n)) {
		gv_unread(g, v.addr, n, out);
		return;
	}
	gotext_str(out, n ? "? " : "?");
	for (size_t i = 0; i < n; i++)
		gotext_printf(out, "%02x", b[i]);
}

/* --- reading --- */

bool gv_number(struct govaluer *g, struct gval v, uint64_t *n)
{
	struct gval in;

	*n = 0;
	if (v.t->kind == GOKIND_STRUCT) /* sync/atomic's types */
		return gv_field(g, v, "v", &in) && in.t->kind != GOKIND_STRUCT &&
		       gv_number(g, in, n);
	if (v.t->kind < GOKIND_BOOL || v.t->kind > GOKIND_UINTPTR || v.t->size > 8 || !v.t->size ||
	    valmem_read(g->vm, v.addr, n, v.t->size))
		return false;
	if (v.t->kind >= GOKIND_INT && v.t->kind <= GOKIND_INT64 && v.t->size < 8) {
		unsigned shift = 64 - 8 * (unsigned)v.t->size;

		*n = (uint64_t)((int64_t)(*n << shift) >> shift);
	}
	return true;
}

bool gv_string(struct govaluer *g, struct gval v, char *buf, size_t size, uint64_t *len)
{
	uint64_t head[2];
	size_t n;

	*buf = '\0';
	*len = 0;
	if (v.t->kind != GOKIND_STRING || valmem_read(g->vm, v.addr, head, sizeof(head)) ||
	    head[1] > LEN_MOST)
		return false;
	*len = head[1];
	n = head[1] < size - 1 ? (size_t)head[1] : size - 1;
	if (n && valmem_read(g->vm, head[0], buf, n))
		return false;
	buf[n] = '\0';
	return true;
}

bool gv_field(struct govaluer *g, struct gval v, const char *name, struct gval *f)
{
	const struct gofield *field, *all;
	size_t n;

	if (v.t->kind != GOKIND_STRUCT)
		return false;
	field = gotype_field(g->ts, v.t, name);
	if (field) {
		*f = (struct gval){ field->type, v.addr + field->off };
		return true;
	}
	n = gotype_fields(g->ts, v.t, &all);
	for (size_t i = 0; i < n; i++) {
		field = all[i].type->kind == GOKIND_STRUCT ? gotype_field(g->ts, all[i].type, name)
							   : NULL;
		if (field) {
			*f = (struct gval){ field->type, v.addr + all[i].off + field->off };
			return true;
		}
	}
	return false;
}

bool gv_deref(struct govaluer *g, struct gval v, struct gval *to)
{
	uint64_t p;
	uint8_t byte;

	if (v.t->kind != GOKIND_POINTER || v.t->shape || !valmem_word(g->vm, v.addr, &p) || !p)
		return false;
	*to = (struct gval){ gotype_elem(g->ts, v.t), p };
	return to->t->kind != GOKIND_INVALID && (!to->t->size || !valmem_read(g->vm, p, &byte, 1));
}

bool gv_dynamic(struct govaluer *g, struct gval v, struct gval *in)
{
	uint64_t w[2], type;

	if (v.t->kind != GOKIND_INTERFACE || valmem_read(g->vm, v.addr, w, sizeof(w)) || !w[0])
		return false;
	type = w[0];
	if (!v.t->eface && !valmem_word(g->vm, w[0] + 8, &type)) /* abi.ITab.Type */
		return false;
	in->t = gotype_at(g->ts, type);
	in->addr = gotype_direct(g->ts, in->t) ? v.addr + 8 : w[1];
	/* no interface holds another one: that would never end */
	return in->t->kind != GOKIND_INVALID && in->t->kind != GOKIND_INTERFACE;
}

/* The name of the function at pc; "" none. */
static const char *gv_func_name(struct govaluer *g, uint64_t pc)
{
	const struct sympc *s = symtab_pc(g->t->sym, pc);

	return s && s->nframe && s->entry == pc ? s->frame[s->nframe - 1].func : "";
}

/* --- kinds --- */

/* A string of which the words or the bytes cannot be read, or that cannot be one. */
static void text_no_string(struct govaluer *g, struct gval v, uint64_t len, struct gotext *out)
{
	uint64_t head[2];

	if (valmem_read(g->vm, v.addr, head, sizeof(head)))
		gv_unread(g, v.addr, sizeof(head), out);
	else
		gv_unread(g, head[0], len < STRING_MOST ? len : (uint64_t)STRING_MOST, out);
	if (len)
		gotext_printf(out, " (len %" PRIu64 ")", len);
}

static void text_string(struct govaluer *g, struct gval v, struct gotext *out)
{
	char buf[STRING_MOST + 8];
	uint64_t len;

	if (!gv_string(g, v, buf, sizeof(buf), &len)) {
		text_no_string(g, v, len, out);
		return;
	}
	if (len <= STRING_MOST) {
		gotext_quote(out, buf, len);
		return;
	}
	gotext_quote(out, buf, gotext_cut(buf, sizeof(buf) - 1, STRING_MOST));
	gotext_printf(out, "… (len %" PRIu64 ")", len);
}

static void text_float(struct govaluer *g, struct gval v, struct gotext *out)
{
	float f[2] = { 0 };
	double d[2] = { 0 };
	bool is32 = v.t->kind == GOKIND_FLOAT32 || v.t->kind == GOKIND_COMPLEX64;

	if (v.t->size > (is32 ? sizeof(f) : sizeof(d)) ||
	    valmem_read(g->vm, v.addr, is32 ? (void *)f : (void *)d, v.t->size)) {
		gv_unread(g, v.addr, v.t->size, out);
		return;
	}
	if (is32) {
		d[0] = f[0];
		d[1] = f[1];
	}
	if (v.t->kind == GOKIND_FLOAT32 || v.t->kind == GOKIND_FLOAT64)
		gotext_float(out, d[0], is32 ? 32 : 64);
	else
		gotext_complex(out, d[0], d[1], is32 ? 32 : 64);
}

static void text_number(struct govaluer *g, struct gval v, struct gotext *out)
{
	uint64_t n;

	if (!gv_number(g, v, &n))
		gv_unread(g, v.addr, v.t->size, out);
	else if (v.t->kind == GOKIND_BOOL)
		gotext_str(out, n ? "true" : "false");
	else if (v.t->kind == GOKIND_UINTPTR)
		gotext_printf(out, "0x%" PRIx64, n);
	else if (v.t->kind <= GOKIND_INT64)
		gotext_printf(out, "%" PRId64, (int64_t)n);
	else
		gotext_printf(out, "%" PRIu64, n);
}

static void text_more(uint64_t n, struct gotext *out)
{
	if (n > ITEMS_MOST)
		gotext_printf(out, ", … %" PRIu64 " more", n - ITEMS_MOST);
	gotext_str(out, "}");
}

/* n elements from addr on; bytes that are text are shown as that. */
static void text_items(struct govaluer *g, const struct gotype *elem, uint64_t addr, uint64_t n,
		       int depth, struct gotext *out)
{
	char look[TEXT_LOOK];
	size_t len = n < sizeof(look) ? (size_t)n : sizeof(look);

	if (depth >= DEPTH_MOST) {
		gotext_str(out, "{…}");
		return;
	}
	if (elem->kind == GOKIND_UINT8 && len && !valmem_read(g->vm, addr, look, len) &&
	    gotext_is_text(look, n > len ? gotext_cut(look, len, len - 1) : len)) {
		gotext_quote(out, look, gotext_cut(look, len, STRING_MOST));
		if (n > STRING_MOST)
			gotext_printf(out, "… (len %" PRIu64 ")", n);
		return;
	}
	gotext_str(out, "{");
	for (uint64_t i = 0; i < n && i < ITEMS_MOST && !out->full; i++) {
		if (i)
			gotext_str(out, ", ");
		gv_text(g, (struct gval){ elem, addr + i * elem->size }, depth + 1, out);
	}
	text_more(n, out);
}

/* Of a slice that is not there as a whole, what is. */
static void text_lengths(struct govaluer *g, struct gval v, struct gotext *out)
{
	uint64_t len, cap;
	bool has_len = !valmem_read(g->vm, v.addr + 8, &len, sizeof(len)) && len <= LEN_MOST;
	bool has_cap = !valmem_read(g->vm, v.addr + 16, &cap, sizeof(cap)) && cap <= LEN_MOST;

	gv_unread(g, v.addr, 8, out);
	if (has_len)
		gotext_printf(out, " (len %" PRIu64 "%s", len, has_cap ? "" : ")");
	if (has_cap)
		gotext_printf(out, "%scap %" PRIu64 ")", has_len ? ", " : " (", cap);
}

static void text_slice(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	const struct gotype *elem = gotype_elem(g->ts, v.t);
	uint64_t w[3];

	if (valmem_read(g->vm, v.addr, w, sizeof(w)))
		text_lengths(g, v, out);
	else if (!w[0] && !w[1])
		gotext_str(out, "nil");
	else if (w[1] > w[2] || w[2] > LEN_MOST)
		gotext_printf(out, "? (0x%" PRIx64 ", len %" PRId64 ", cap %" PRId64 ")", w[0],
			      (int64_t)w[1], (int64_t)w[2]);
	else if (w[1] && valmem_lacks(g->vm, w[0], 1))
		gotext_printf(out, "%s (len %" PRIu64 ", cap %" PRIu64 ")", not_there, w[1], w[2]);
	else
		text_items(g, elem, w[0], w[1], depth, out);
}

static void text_struct(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	const struct gofield *f;
	size_t n = gotype_fields(g->ts, v.t, &f);

	if (depth >= DEPTH_MOST && n) {
		gotext_str(out, "{…}");
		return;
	}
	gotext_str(out, "{");
	for (size_t i = 0; i < n && i < ITEMS_MOST && !out->full; i++) {
		gotext_printf(out, "%s%s: ", i ? ", " : "", f[i].name);
		gv_text(g, (struct gval){ f[i].type, v.addr + f[i].off }, depth + 1, out);
	}
	text_more(n, out);
}

static void text_map(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	const struct gotype *key = gotype_key(g->ts, v.t), *elem = gotype_elem(g->ts, v.t);
	gentries e = { 0 };
	uint64_t count = 0, p;

	if (!valmem_word(g->vm, v.addr, &p)) {
		gv_unread(g, v.addr, sizeof(p), out);
		return;
	}
	if (!p || depth >= DEPTH_MOST) {
		gotext_str(out, p ? "{…}" : "nil");
		return;
	}
	if (!gv_map(g, v, &e, &count)) {
		text_lost(g, p, out);
		return;
	}
	gotext_str(out, "{");
	for (size_t i = 0; i < e.n && i < ITEMS_MOST && !out->full; i++) {
		if (i)
			gotext_str(out, ", ");
		gv_text(g, (struct gval){ key, e.v[i].key }, depth + 1, out);
		gotext_str(out, ": ");
		gv_text(g, (struct gval){ elem, e.v[i].elem }, depth + 1, out);
	}
	text_more(count, out);
	gv_map_free(&e);
}

static void text_pointer(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	struct gval to;
	uint64_t p;

	if (!valmem_word(g->vm, v.addr, &p))
		gv_unread(g, v.addr, sizeof(p), out);
	else if (!p)
		gotext_str(out, "nil");
	else if (depth >= POINTERS_MOST || v.t->kind == GOKIND_UNSAFE_POINTER || v.t->shape)
		gotext_printf(out, "0x%" PRIx64, p);
	else if (!gv_deref(g, v, &to))
		text_lost(g, p, out);
	else {
		gotext_str(out, "&");
		gv_text(g, to, depth + 1, out);
	}
}

static void text_func(struct govaluer *g, struct gval v, struct gotext *out)
{
	uint64_t p, pc;
	const char *name;

	if (!valmem_word(g->vm, v.addr, &p)) {
		gv_unread(g, v.addr, sizeof(p), out);
		return;
	}
	if (!p) {
		gotext_str(out, "nil");
		return;
	}
	name = valmem_word(g->vm, p, &pc) ? gv_func_name(g, pc) : "";
	if (*name)
		gotext_str(out, name);
	else
		gotext_printf(out, "0x%" PRIx64, p);
}

/* Is the text of such a value enough to know its type, as for constants? */
static bool tells_type(const struct gotype *t)
{
	if (t->defined)
		return false;
	return t->kind == GOKIND_BOOL || t->kind == GOKIND_STRING || t->kind == GOKIND_INT ||
	       t->kind == GOKIND_FLOAT64 || t->kind == GOKIND_FUNC;
}

static void put_all(struct gotext *out, const char *a, const char *b, const char *c, const char *d)
{
	gotext_str(out, a);
	gotext_str(out, b);
	gotext_str(out, c);
	gotext_str(out, d);
}

/* The value in an interface, with its type: point{X: 1}, &point{X: 1}, uint8(5), (*point)(nil). */
static void text_interface(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	char buf[GOVALUE_TEXT] = "";
	struct gotext s = { .buf = buf, .size = sizeof(buf) };
	enum known known;
	struct gval in;
	uint64_t w = 1;

	if (!valmem_word(g->vm, v.addr, &w) || !w) {
		if (w)
			gv_unread(g, v.addr, sizeof(w), out);
		else
			gotext_str(out, "nil");
		return;
	}
	if (!gv_dynamic(g, v, &in)) {
		gv_unread(g, w, 2 * sizeof(w), out);
		gotext_printf(out, " (type at 0x%" PRIx64 ")", w);
		return;
	}
	known = gv_known(g, in, depth, &s);
	if (known == KNOWN_NOT)
		gv_text(g, in, depth, &s);
	if (known == KNOWN_BARE || (known == KNOWN_NOT && tells_type(in.t)))
		gotext_str(out, buf);
	else if (known == KNOWN_NOT && *buf == '{')
		put_all(out, "", in.t->name, buf, "");
	else if (known == KNOWN_NOT && in.t->kind == GOKIND_POINTER && !strncmp(buf, "&{", 2))
		put_all(out, "&", in.t->name + (*in.t->name == '*'), buf + 1, "");
	else if (known == KNOWN_NOT && in.t->kind == GOKIND_POINTER) {
		put_all(out, "(", in.t->name, ")(", buf);
		gotext_str(out, ")");
	} else
		put_all(out, in.t->name, "(", buf, ")");
	out->full |= s.full;
}

/* --- channels --- */

bool gv_chan(struct govaluer *g, struct gval v, struct gchan *c)
{
	const struct golayout *lay = &g->t->lay;
	uint64_t p;
	uint16_t elem;
	uint32_t closed;

	memset(c, 0, sizeof(*c));
	if (!valmem_word(g->vm, v.addr, &p) || !p ||
	    !valmem_word(g->vm, p + (uint32_t)lay->hchan.qcount, &c->len) ||
	    !valmem_word(g->vm, p + (uint32_t)lay->hchan.dataqsiz, &c->cap) ||
	    !valmem_word(g->vm, p + (uint32_t)lay->hchan.buf, &c->buf) ||
	    !valmem_word(g->vm, p + (uint32_t)lay->hchan.recvx, &c->recvx) ||
	    !valmem_word(g->vm, p + (uint32_t)lay->hchan.recvq_first, &c->first_recv) ||
	    !valmem_word(g->vm, p + (uint32_t)lay->hchan.sendq_first, &c->first_send) ||
	    valmem_read(g->vm, p + (uint32_t)lay->hchan.elemsize, &elem, sizeof(elem)) ||
	    valmem_read(g->vm, p + (uint32_t)lay->hchan.closed, &closed, sizeof(closed)))
		return false;
	c->elem_size = elem;
	c->closed = closed;
	return c->len <= c->cap && c->cap < LEN_MOST && (!c->cap || c->recvx < c->cap) &&
	       closed <= 1;
}

size_t gv_waiters(struct govaluer *g, uint64_t sudog, uint64_t *goid, size_t max)
{
	const struct golayout *lay = &g->t->lay;
	uint64_t gp;
	size_t n = 0;

	while (sudog && n < max) {
		if (goid) {
			goid[n] = 0;
			if (!valmem_word(g->vm, sudog + (uint32_t)lay->sudog.g, &gp) ||
			    !valmem_word(g->vm, gp + (uint32_t)lay->g.goid, &goid[n]))
				break;
		}
		n++;
		if (!valmem_word(g->vm, sudog + (uint32_t)lay->sudog.next, &sudog))
			break;
	}
	return n;
}

static void text_chan(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	const struct gotype *elem = gotype_elem(g->ts, v.t);
	struct gchan c;
	size_t n;
	uint64_t p;

	if (!gv_chan(g, v, &c)) {
		if (!valmem_word(g->vm, v.addr, &p))
			gv_unread(g, v.addr, sizeof(p), out);
		else if (p)
			text_lost(g, p, out);
		else
			gotext_str(out, "nil");
		return;
	}
	gotext_printf(out, "len %" PRIu64 ", cap %" PRIu64 "%s", c.len, c.cap,
		      c.closed ? ", closed" : "");
	n = gv_waiters(g, c.first_recv, NULL, WAITERS_MOST);
	if (n)
		gotext_printf(out, ", %zu receiving", n);
	n = gv_waiters(g, c.first_send, NULL, WAITERS_MOST);
	if (n)
		gotext_printf(out, ", %zu sending", n);
	if (!c.len || depth >= POINTERS_MOST || elem->size != c.elem_size)
		return;
	gotext_str(out, " {");
	for (uint64_t i = 0; i < c.len && i < ITEMS_MOST && !out->full; i++) {
		if (i)
			gotext_str(out, ", ");
		gv_text(g, (struct gval){ elem, c.buf + (c.recvx + i) % c.cap * elem->size },
			depth + 1, out);
	}
	text_more(c.len, out);
}

void gv_text(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	if (out->full)
		return;
	if ((v.t->kind == GOKIND_STRUCT || v.t->kind == GOKIND_ARRAY) && v.t->size &&
	    valmem_lacks(g->vm, v.addr, 1)) { /* once, not for each part */
		gotext_str(out, not_there);
		return;
	}
	if ((v.t->defined || v.t->kind == GOKIND_POINTER) &&
	    gv_known(g, v, depth, out) != KNOWN_NOT)
		return;
	switch (v.t->kind) {
	case GOKIND_BOOL ... GOKIND_UINTPTR:
		text_number(g, v, out);
		break;
	case GOKIND_FLOAT32 ... GOKIND_COMPLEX128:
		text_float(g, v, out);
		break;
	case GOKIND_ARRAY:
		text_items(g, gotype_elem(g->ts, v.t), v.addr, v.t->len, depth, out);
		break;
	case GOKIND_CHAN:
		text_chan(g, v, depth, out);
		break;
	case GOKIND_FUNC:
		text_func(g, v, out);
		break;
	case GOKIND_INTERFACE:
		text_interface(g, v, depth, out);
		break;
	case GOKIND_MAP:
		text_map(g, v, depth, out);
		break;
	case GOKIND_POINTER:
	case GOKIND_UNSAFE_POINTER:
		text_pointer(g, v, depth, out);
		break;
	case GOKIND_SLICE:
		text_slice(g, v, depth, out);
		break;
	case GOKIND_STRING:
		text_string(g, v, out);
		break;
	case GOKIND_STRUCT:
		text_struct(g, v, depth, out);
		break;
	default:
		text_unknown(g, v, out);
	}
}

void govalue_text(struct govaluer *g, const struct gotype *t, uint64_t addr, struct gotext *out)
{
	gv_text(g, (struct gval){ t, addr }, 0, out);
}

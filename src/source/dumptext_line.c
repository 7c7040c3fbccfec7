/* SPDX-License-Identifier: Apache-2.0 */
#include "source/dumptext_line.h"

#include <string.h>

#include "core/mem.h"

/* --- pieces --- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take(struct dspan *l, const char *word)
{
	size_t n = strlen(word);

	if (l->n < n || memcmp(l->s, word, n) != 0)
		return false;
	l->s += n;
	l->n -= n;
	return true;
}

static bool ends(struct dspan l, const char *word)
{
	size_t n = strlen(word);

	return l.n >= n && !memcmp(l.s + l.n - n, word, n);
}

static bool take_end(struct dspan *l, const char *word)
{
	if (!ends(*l, word))
		return false;
	l->n -= strlen(word);
	return true;
}

/* Decimal; too large a number is none. */
static bool take_number(struct dspan *l, uint64_t *v)
{
	size_t i = 0;

	*v = 0;
	while (i < l->n && is_digit(l->s[i])) {
		if (__builtin_mul_overflow(*v, 10u, v) ||
		    __builtin_add_overflow(*v, (uint64_t)(l->s[i] - '0'), v))
			return false;
		i++;
	}
	l->s += i;
	l->n -= i;
	return i;
}

static bool take_hex(struct dspan *l, uint64_t *v)
{
	struct dspan at = *l;
	size_t i = 0;

	*v = 0;
	if (!take(&at, "0x"))
		return false;
	for (; i < at.n && i < 16 && hex_digit(at.s[i]) >= 0; i++)
		*v = *v << 4 | (uint64_t)hex_digit(at.s[i]);
	l->s = at.s + i;
	l->n = at.n - i;
	return i;
}

static const char *find(struct dspan l, const char *word)
{
	return memmem(l.s, l.n, word, strlen(word));
}

static struct dspan upto(struct dspan l, const char *end)
{
	return (struct dspan){ l.s, (size_t)(end - l.s) };
}

static struct dspan from(struct dspan l, const char *begin)
{
	return (struct dspan){ begin, (size_t)(l.s + l.n - begin) };
}

/* --- the header --- */

/* From 1.23 on, where the program is dying or GOTRACEBACK is 2: " gp=0x… m=0 mp=0x…", " m=nil". */
static void skip_addresses(struct dspan *l)
{
	uint64_t v;

	if (!take(l, " gp=") || !take_hex(l, &v))
		return;
	if (take(l, " m=nil") || !take(l, " m="))
		return;
	if (take_number(l, &v) && take(l, " mp="))
		take_hex(l, &v);
}

static void head_part(struct dhead *h, struct dspan part)
{
	uint64_t v;

	if (take(&part, "locked to thread"))
		h->locked = true;
	else if (take(&part, "synctest bubble ") || take(&part, "synctest group "))
		take_number(&part, &h->bubble);
	else if (take_number(&part, &v) && take(&part, " minutes"))
		h->minutes = v;
}

/* What stands in the brackets; no wait reason has a comma in it. */
static void head_state(struct dhead *h, struct dspan in)
{
	const char *comma = find(in, ", ");
	bool more = true;

	h->state = comma ? upto(in, comma) : in;
	while (comma) {
		in = from(in, comma + 2);
		comma = find(in, ", ");
		head_part(h, comma ? upto(in, comma) : in);
	}
	while (more) {
		more = take_end(&h->state, " (scan)") || take_end(&h->state, " (durable)");
		if (take_end(&h->state, " (leaked)"))
			h->leaked = more = true;
	}
}

bool dline_head(struct dspan l, size_t at, struct dhead *h)
{
	struct dspan in = { l.s + at, l.n - at };
	const char *close;

	*h = (struct dhead){ 0 };
	if (!take(&in, "goroutine ") || !take_number(&in, &h->goid))
		return false;
	skip_addresses(&in);
	if (!take(&in, " [") || !ends(in, ":"))
		return false;
	in.n--;
	close = memchr(in.s, ']', in.n);
	if (!close || close == in.s)
		return false;
	head_state(h, upto(in, close));
	in = from(in, close + 1);
	if (!in.n)
		return true;
	if (!take(&in, " {") || !take_end(&in, "}"))
		return false;
	h->labels = in;
	return true;
}

/* --- frames --- */

/* "\t/path/main.go:12 +0x1d fp=0x… sp=0x… pc=0x…": the last colon with digits behind it is the line's. */
static bool parse_place(struct dspan l, struct dline *d)
{
	size_t i = l.n;
	const char *pc;

	while (i-- > 0) {
		struct dspan rest = { l.s + i + 1, l.n - i - 1 };

		if (l.s[i] != ':' || !take_number(&rest, &d->number))
			continue;
		if (rest.n && rest.s[0] != ' ')
			continue;
		d->kind = DL_PLACE;
		d->file = d->text = (struct dspan){ l.s, i };
		pc = find(rest, "pc=0x");
		if (pc) {
			rest = from(rest, pc + 3);
			take_hex(&rest, &d->pc);
		}
		return i;
	}
	return false;
}

/* "main.(*T).run(0xc000012345, {0x1, 0x2}, ...)" */
static bool parse_call(struct dspan l, struct dline *d)
{
	const char *open = l.n ? memrchr(l.s, '(', l.n) : NULL;

	if (!ends(l, ")") || !open || open == l.s)
		return false;
	d->kind = DL_CALL;
	d->text = upto(l, open);
	d->inlined = ends(l, "(...)");
	return true;
}

static bool parse_created(struct dspan l, struct dline *d)
{
	static const char in[] = " in goroutine ";
	const char *at;

	if (!take(&l, "created by "))
		return false;
	d->kind = DL_CREATED;
	d->text = l;
	at = find(l, in);
	if (at) {
		struct dspan rest = from(l, at + strlen(in));

		if (take_number(&rest, &d->number))
			d->text = upto(l, at);
	}
	return d->text.n;
}

/* runtime/pprof:printStackRecord, its columns filled up with tabs: "#	0x4711	main.f+0x1d	/x.go:12" */
static bool parse_frame(struct dspan l, struct dline *d)
{
	const char *tab, *plus;

	if (!take(&l, "#"))
		return false;
	while (take(&l, "\t"))
		;
	if (!take_hex(&l, &d->pc))
		return false;
	d->kind = DL_FRAME;
	while (take(&l, "\t"))
		;
	tab = l.n ? memchr(l.s, '\t', l.n) : NULL;
	d->text = tab ? upto(l, tab) : l;
	plus = d->text.n ? memrchr(d->text.s, '+', d->text.n) : NULL;
	if (plus)
		d->text = upto(d->text, plus);
	if (tab) {
		struct dline place = { 0 };

		l = from(l, tab);
		while (take(&l, "\t"))
			;
		if (parse_place(l, &place)) {
			d->file = place.text;
			d->number = place.number;
		}
	}
	return true;
}

/* "12 @ 0x43a 0x47b" */
static bool parse_record(struct dspan l, struct dline *d)
{
	if (!take_number(&l, &d->number) || !take(&l, " @"))
		return false;
	d->kind = DL_RECORD;
	if (take(&l, " "))
		take_hex(&l, &d->pc);
	return true;
}

/* runtime/sigtab_linux_generic.go: all that end a program with a dump; Go writes the name and what it is. */
static bool is_signal(struct dspan l)
{
	size_t i = 3;

	if (l.n < 8 || memcmp(l.s, "SIG", 3) != 0)
		return false;
	while (i < l.n && l.s[i] >= 'A' && l.s[i] <= 'Z')
		i++;
	return i > 4 && i + 2 < l.n && l.s[i] == ':' && l.s[i + 1] == ' ';
}

static bool parse_died(struct dspan l, struct dline *d)
{
	struct dspan rest = l;

	if (!take(&rest, "panic: ") && !take(&rest, "fatal error: ") && !is_signal(l))
		return false;
	d->kind = DL_DIED;
	d->text = l;
	return true;
}

static bool parse_word(struct dspan l, struct dline *d)
{
	struct dspan rest = l;

	if (ends(l, " frames elided...") && take(&rest, "...")) {
		d->kind = DL_ELIDED;
	} else if (ends(l, "goroutine running on other thread; stack unavailable")) {
		d->kind = DL_AWAY;
	} else if (take(&rest, "[originating from goroutine ")) {
		d->kind = DL_ANCESTOR;
	} else if (take(&rest, "non-Go function at pc=")) {
		d->kind = DL_NO_GO;
		take_hex(&rest, &d->pc);
	} else if (take(&rest, "goroutine profile: total ") && take_number(&rest, &d->number)) {
		d->kind = DL_TOTAL;
	} else if (take(&rest, "# labels: ")) {
		d->kind = DL_LABELS;
		d->text = rest;
	} else {
		return false;
	}
	return true;
}

struct dline dline_parse(struct dspan l)
{
	struct dline d = { 0 };
	struct dspan in = l;

	while (in.n && (in.s[0] == ' ' || in.s[0] == '\t'))
		in = from(in, in.s + 1);
	if (!in.n) {
		d.kind = DL_BLANK;
		return d;
	}
	if (dline_head(l, 0, &d.head)) {
		d.kind = DL_HEAD;
		return d;
	}
	if (parse_word(in, &d))
		return d;
	if (l.s[0] == '\t' && parse_place(in, &d))
		return d;
	if (parse_frame(l, &d) || parse_record(l, &d) || parse_died(l, &d) ||
	    parse_created(l, &d) || parse_call(l, &d))
		return d;
	return (struct dline){ .kind = DL_OTHER, .text = l };
}

/* --- labels --- */

/* A quoted piece, or one up to what ends it. Of escapes only the byte behind is kept. */
static size_t label_piece(struct dspan *l, char end, char *out)
{
	bool quoted = take(l, "\"");
	size_t n = 0;

	while (l->n) {
		if (l->s[0] == (quoted ? '"' : end))
			break;
		if (quoted && l->s[0] == '\\' && l->n > 1)
			*l = from(*l, l->s + 1);
		out[n++] = l->s[0];
		*l = from(*l, l->s + 1);
	}
	if (quoted)
		take(l, "\"");
	return n;
}

/* From 1.27 on {key: value, "odd key": "odd value"}; runtime/pprof/label.go: {"key":"value", …} */
size_t dline_labels(struct dspan l, bool json, char *out)
{
	size_t n = 0;

	if (json && (!take(&l, "{") || !take_end(&l, "}")))
		return 0;
	while (l.n) {
		size_t begin = n;

		n += n ? 1 : 0;
		n += label_piece(&l, ':', out + n);
		if (!take(&l, ":"))
			return begin;
		take(&l, " ");
		if (begin)
			out[begin] = ',';
		out[n++] = '=';
		n += label_piece(&l, ',', out + n);
		if (!take(&l, ","))
			break;
		take(&l, " ");
	}
	out[n] = '\0';
	return n;
}

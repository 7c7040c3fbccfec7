/* SPDX-License-Identifier: Apache-2.0 */
#include "source/dumptext.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/evlog.h"
#include "source/dumptext_line.h"

enum {
	KNOWN_BYTES = 64 << 20,
	PREFIX_MOST = 96, /* of what a log puts before each line */
	LINE_MOST = 1 << 20,
	CLOCK_EVERY = 256, /* lines between two looks at the clock */
	LOG_LEAST = 64 << 20,
	FRAMES_MOST = 1 << 16,
	MINUTES_MOST = 1 << 24, /* 32 years */
};

static const int64_t MINUTE_NS = 60ll * 1000 * 1000 * 1000;

/* A goroutine in the making. */
struct dgor {
	struct dhead head;
	VEC(struct frame) frame;
	struct frame created;
	uint64_t creator;
	uint32_t labels;
	bool open; /* its header was read */
	bool away, elided;
	bool ended; /* what comes is of its ancestors */
	enum { AT_NOTHING, AT_FRAME, AT_CREATED } place; /* what the next line with a place is of */
};

/* A counted record of debug=1; what it does is known once all are in. */
struct drecord {
	uint64_t n, leaf; /* pc of the leaf */
	uint32_t stack, labels;
};

struct dumptext {
	struct source src; /* first */
	const char *begin, *p, *end;
	struct evlog *log;
	struct dgor g;
	char prefix[PREFIX_MOST]; /* before the header of the goroutine in the making */
	size_t prefix_n;
	VEC(struct drecord) record;
	VEC(char) label;
	bool counted; /* the form of debug=1 */
	uint64_t total; /* that it says it has */
	uint64_t lines, told;
	uint64_t again; /* headers of goroutines that were told of before */
	bool last_cut; /* the file ended within a goroutine's stack */
	bool cancelled;
};

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* --- lines --- */

static struct dspan line_at(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));
	struct dspan l = { p, (size_t)((nl ? nl : end) - p) };

	if (l.n && l.s[l.n - 1] == '\r')
		l.n--;
	return l;
}

/* Where in the line a header begins; SIZE_MAX: none does. */
static size_t head_in(struct dspan l, struct dhead *h)
{
	static const char word[] = "goroutine ";
	const char *at = memmem(l.s, l.n, word, sizeof(word) - 1);

	if (!at || at - l.s > PREFIX_MOST || !dline_head(l, (size_t)(at - l.s), h))
		return SIZE_MAX;
	return (size_t)(at - l.s);
}

static bool begins_counts(struct dspan l)
{
	return dline_parse(l).kind == DL_TOTAL;
}

bool dumptext_known(const struct input *in)
{
	static const char word[] = "goroutine ";
	const char *data = (const char *)in->data, *p = data;
	const char *end = data + (in->size < KNOWN_BYTES ? in->size : (size_t)KNOWN_BYTES);
	struct dhead h;

	while ((p = memmem(p, (size_t)(end - p), word, sizeof(word) - 1))) {
		const char *from = p;
		struct dspan l;

		while (from > data && from[-1] != '\n' && p - from <= PREFIX_MOST)
			from--;
		l = line_at(from, end);
		if (l.n <= LINE_MOST && (head_in(l, &h) != SIZE_MAX || begins_counts(l)))
			return true;
		p += sizeof(word) - 1;
	}
	return false;
}

/* A log's own words differ from line to line in digits alone. */
static bool has_prefix(const struct dumptext *d, struct dspan l)
{
	if (l.n < d->prefix_n)
		return false;
	for (size_t i = 0; i < d->prefix_n; i++) {
		char a = d->prefix[i], b = l.s[i];

		if (a != b && !(a >= '0' && a <= '9' && b >= '0' && b <= '9'))
			return false;
	}
	return true;
}

/* --- names --- */

static uint32_t span_str(struct world *w, struct dspan s)
{
	return strtab_put(&w->strings, s.s, s.n);
}

static bool span_is(struct dspan s, const char *word)
{
	return s.n == strlen(word) && !memcmp(s.s, word, s.n);
}

/* runtime/traceback.go:printFuncName has one name of its own. */
static uint32_t function(struct world *w, struct dspan s)
{
	return span_is(s, "panic") ? world_str(w, "runtime.gopanic") : span_str(w, s);
}

static uint32_t labels(struct dumptext *d, struct world *w, struct dspan s, bool json)
{
	size_t n;

	vec_reserve(&d->label, s.n + 1);
	n = dline_labels(s, json, d->label.v);
	return strtab_put(&w->strings, d->label.v, n);
}

/* --- telling --- */

static void tell(struct dumptext *d, struct world *w, struct event *ev)
{
	ev->m = ev->p = NO_ID;
	world_apply(w, ev);
	evlog_append(d->log, ev);
}

static uint8_t state_of(struct dspan s)
{
	if (span_is(s, "running") || span_is(s, "copystack"))
		return GS_RUNNING;
	if (span_is(s, "runnable") || span_is(s, "idle"))
		return GS_RUNNABLE;
	return span_is(s, "syscall") ? GS_SYSCALL : GS_BLOCKED;
}

static const char *func_of(const struct world *w, const struct frame *f)
{
	return strtab_get(&w->strings, f->func);
}

/*
 * What is no frame of anybody's code: "main.run.gowrap1", methods that the compiler made, and what
 * cmd/internal/objabi/funcid.go has as wrappers. Go's tracer hides them where it hides anything.
 */
static bool is_wrapper(const struct world *w, const struct frame *f)
{
	static const char *const own[] = { "runtime.deferCallSave", "runtime.runOpenDeferFrame",
					   "runtime.deferreturn" };
	const char *name = func_of(w, f), *dot = strrchr(name, '.');

	if (!strcmp(strtab_get(&w->strings, f->file), "<autogenerated>"))
		return true;
	if (!strncmp(name, "runtime.call", 12) && name[12] >= '0' && name[12] <= '9')
		return true; /* runtime/asm_amd64.s:reflectcall */
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (!strcmp(name, own[i]))
			return true;
	return dot && (!strncmp(dot, ".gowrap", 7) || !strncmp(dot, ".deferwrap", 10));
}

static void drop_wrappers(struct dgor *g, const struct world *w)
{
	size_t out = 0, wrappers = 0;

	for (size_t i = 0; i < g->frame.n; i++)
		wrappers += is_wrapper(w, &g->frame.v[i]);
	for (size_t i = 0; i < g->frame.n && wrappers < g->frame.n; i++)
		if (!is_wrapper(w, &g->frame.v[i]))
			g->frame.v[out++] = g->frame.v[i];
	g->frame.n = out ? out : g->frame.n;
}

/* As stacks are told elsewhere: without what parks at the leaf, and the root that all have in common. */
static void trim(struct dgor *g, const struct world *w)
{
	size_t park = 0;

	while (g->frame.n && !strcmp(func_of(w, &g->frame.v[g->frame.n - 1]), "runtime.goexit"))
		g->frame.n--;
	drop_wrappers(g, w);
	while (park < g->frame.n && !strncmp(func_of(w, &g->frame.v[park]), "runtime.gopark", 14))
		park++;
	if (park == g->frame.n)
		return;
	memmove(g->frame.v, g->frame.v + park, (g->frame.n - park) * sizeof(*g->frame.v));
	g->frame.n -= park;
}

/* What is inlined has the pc of the frame that it is inlined into. */
static void fill_pcs(struct dgor *g)
{
	for (size_t i = g->frame.n; i-- > 1;)
		if (g->frame.v[i - 1].flags & FRAME_INLINED)
			g->frame.v[i - 1].pc = g->frame.v[i].pc;
}

static void remark(struct dgor *g, struct world *w, const char *text)
{
	*vec_push(&g->frame) = (struct frame){ .func = world_str(w, text) };
}

static struct event status_of(struct dgor *g, struct world *w)
{
	struct event ev = { .kind = EV_STATUS, .g = g->head.goid };
	uint64_t minutes = g->head.minutes < MINUTES_MOST ? g->head.minutes : MINUTES_MOST;

	ev.state = state_of(g->head.state);
	ev.value2 = minutes * (uint64_t)MINUTE_NS;
	fill_pcs(g);
	trim(g, w);
	if (g->frame.n && !g->away)
		ev.stack2 = stacktab_put(&w->stacks, &g->frame.v[g->frame.n - 1], 1);
	if (g->away && !g->frame.n)
		remark(g, w, "[running]");
	ev.stack = stacktab_put(&w->stacks, g->frame.v, g->frame.n);
	if (ev.state == GS_SYSCALL)
		ev.reason = R_SYSCALL;
	if (ev.state != GS_BLOCKED)
		return ev;
	if (!span_is(g->head.state, "waiting") && !span_is(g->head.state, "leaked"))
		ev.text = span_str(w, g->head.state);
	ev.reason = (uint8_t)world_reason(w, ev.text, ev.stack);
	return ev;
}

static void tell_origin(struct dumptext *d, struct world *w, uint32_t start)
{
	struct dgor *g = &d->g;
	struct event ev = { .kind = EV_ORIGIN, .g = g->head.goid, .peer = g->creator };

	if (g->created.func)
		ev.stack = stacktab_put(&w->stacks, &g->created, 1);
	ev.stack2 = start;
	tell(d, w, &ev);
	if (!g->labels)
		return;
	ev = (struct event){ .kind = EV_LABEL, .g = g->head.goid, .text = g->labels };
	tell(d, w, &ev);
}

/* Where the program dies of a signal, each thread tells of its goroutine again, with the stack. */
static bool tell_again(struct dumptext *d, struct world *w, uint32_t row)
{
	struct dgor *g = &d->g;
	const struct frame *f = stacktab_frame(&w->stacks, w->now.stack[row], 0);
	struct event ev;

	if (!f || strcmp(func_of(w, f), "[running]") != 0 || g->away || !g->frame.n) {
		d->again++;
		return false;
	}
	ev = status_of(g, w);
	ev.kind = EV_RUN;
	ev.value2 = 0;
	tell(d, w, &ev);
	tell_origin(d, w, ev.stack2);
	return true;
}

/* Goroutine 0 is a thread's own stack; one for a callback from C is none before that comes. */
static bool is_none(const struct dhead *h)
{
	return !h->goid || span_is(h->state, "dead") ||
	       span_is(h->state, "waiting for cgo callback");
}

static void finish_goroutine(struct dumptext *d, struct world *w)
{
	struct dgor *g = &d->g;
	uint32_t row = g->open ? world_find(w, g->head.goid) : NO_G;
	struct event ev;

	if (!g->open)
		return;
	g->open = false;
	if (g->elided)
		remark(g, w, "[more frames]");
	if (is_none(&g->head))
		return;
	d->told++;
	if (row != NO_G) {
		tell_again(d, w, row);
		return;
	}
	ev = status_of(g, w);
	tell(d, w, &ev);
	tell_origin(d, w, ev.stack2);
}

/* --- debug=1 --- */

static void finish_record(struct dumptext *d, struct world *w)
{
	struct dgor *g = &d->g;

	if (!d->record.n || d->record.v[d->record.n - 1].stack || !g->frame.n)
		return;
	d->record.v[d->record.n - 1].stack = stacktab_put(&w->stacks, g->frame.v, g->frame.n);
	d->record.v[d->record.n - 1].labels = g->labels;
	g->frame.n = 0;
	g->labels = 0;
}

/*
 * The counts do not tell who waits. All that park have the leaf in common, the
 * runtime's gopark: whose frames say that they wait tell which pc that is.
 */
static void find_parks(const struct dumptext *d, const struct world *w, struct map64 *parks)
{
	for (size_t i = 0; i < d->record.n; i++)
		if (world_frames_reason(w, d->record.v[i].stack))
			map64_put(parks, d->record.v[i].leaf, 1);
}

static bool in_syscall(const struct world *w, uint32_t stack)
{
	const struct frame *f = stacktab_frame(&w->stacks, stack, 0);
	const char *name = f ? func_of(w, f) : "";

	return !strncmp(name, "syscall.", 8) || !strncmp(name, "internal/runtime/syscall.", 25);
}

static void tell_record(struct dumptext *d, struct world *w, const struct drecord *r, bool waits)
{
	struct event ev = { .kind = EV_STATUS, .stack = r->stack, .state = GS_RUNNABLE };
	uint32_t depth = stacktab_depth(&w->stacks, r->stack);
	struct frame last;

	if (waits) {
		ev.state = GS_BLOCKED;
		ev.reason = (uint8_t)world_frames_reason(w, r->stack);
	} else if (in_syscall(w, r->stack)) {
		ev.state = GS_SYSCALL;
		ev.reason = R_SYSCALL;
	}
	if (depth) {
		last = *stacktab_frame(&w->stacks, r->stack, depth - 1);
		ev.stack2 = stacktab_put(&w->stacks, &last, 1);
	}
	for (uint64_t i = 0; i < r->n && d->told < DUMPTEXT_COUNTED_MOST; i++) {
		ev.g = ++d->told;
		tell(d, w, &ev);
		if (r->labels) {
			struct event label = { .kind = EV_LABEL, .g = ev.g, .text = r->labels };

			tell(d, w, &label);
		}
	}
}

static void finish_counts(struct dumptext *d, struct world *w)
{
	struct map64 parks = { 0 };

	finish_record(d, w);
	find_parks(d, w, &parks);
	for (size_t i = 0; i < d->record.n; i++)
		tell_record(d, w, &d->record.v[i],
			    map64_get(&parks, d->record.v[i].leaf) != UINT32_MAX);
	map64_free(&parks);
	world_warn(w, "the dump counts goroutines (debug=1) and names none: the numbers shown are "
		      "not their own, and what they do is by their stacks; debug=2 tells more");
	if (d->told == DUMPTEXT_COUNTED_MOST)
		world_warn(w, "the dump counts more than %d goroutines; so many are shown",
			   DUMPTEXT_COUNTED_MOST);
}

/* --- one line --- */

static void begin_goroutine(struct dumptext *d, struct world *w, const struct dhead *h)
{
	struct dgor *g = &d->g;

	finish_goroutine(d, w);
	g->frame.n = 0;
	g->head = *h;
	g->created = (struct frame){ 0 };
	g->creator = 0;
	g->open = true;
	g->away = g->elided = g->ended = false;
	g->place = AT_NOTHING;
	g->labels = h->labels.n ? labels(d, w, h->labels, false) : 0;
}

static void take_place(struct dgor *g, struct world *w, const struct dline *l)
{
	struct frame *f = g->place == AT_FRAME && g->frame.n ? &g->frame.v[g->frame.n - 1]
			  : g->place == AT_CREATED	     ? &g->created
							     : NULL;

	if (!f || g->ended)
		return;
	f->file = span_str(w, l->file);
	f->line = l->number < UINT32_MAX ? (uint32_t)l->number : 0;
	f->pc = l->pc;
	g->place = AT_NOTHING;
}

static void take_frame(struct dgor *g, struct world *w, const struct dline *l)
{
	if (g->ended || g->frame.n >= FRAMES_MOST)
		return;
	*vec_push(&g->frame) = (struct frame){ .func = l->text.n ? function(w, l->text)
								 : world_str(w, "[no Go code]"),
					       .pc = l->pc,
					       .flags = l->inlined ? FRAME_INLINED : 0 };
	g->place = AT_FRAME;
}

static void take_stack_line(struct dumptext *d, struct world *w, const struct dline *l)
{
	struct dgor *g = &d->g;

	switch (l->kind) {
	case DL_BLANK:
		finish_goroutine(d, w);
		break;
	case DL_CALL:
	case DL_NO_GO:
		take_frame(g, w, l);
		break;
	case DL_PLACE:
		take_place(g, w, l);
		break;
	case DL_CREATED:
		if (g->ended)
			break;
		g->created.func = span_str(w, l->text);
		g->creator = l->number;
		g->place = AT_CREATED;
		break;
	case DL_ELIDED:
		g->elided |= !g->ended;
		break;
	case DL_AWAY:
		g->away = true;
		break;
	case DL_ANCESTOR:
		g->ended = true;
		break;
	default:
		break;
	}
}

static void take_count_line(struct dumptext *d, struct world *w, const struct dline *l)
{
	struct dgor *g = &d->g;

	if (l->kind == DL_RECORD) {
		finish_record(d, w);
		g->frame.n = 0;
		g->labels = 0;
		*vec_push(&d->record) = (struct drecord){ .n = l->number, .leaf = l->pc };
	} else if (l->kind == DL_LABELS) {
		g->labels = labels(d, w, l->text, true);
	} else if (l->kind == DL_FRAME && g->frame.n < FRAMES_MOST) {
		take_frame(g, w, l);
		if (l->file.n)
			take_place(g, w, l);
	} else if (l->kind == DL_BLANK) {
		finish_record(d, w);
	}
}

/* What the program says it dies of stands before its goroutines; the first counts. */
static void take_end(struct world *w, const struct dline *l)
{
	if (!w->live.ended)
		w->live.ended = span_str(w, l->text);
}

static void one_line(struct dumptext *d, struct world *w, struct dspan l)
{
	struct dhead h;
	size_t at = l.n <= LINE_MOST ? head_in(l, &h) : SIZE_MAX;
	struct dline line;

	if (at != SIZE_MAX) {
		memcpy(d->prefix, l.s, at);
		d->prefix_n = at;
		begin_goroutine(d, w, &h);
		return;
	}
	if (l.n > LINE_MOST)
		return;
	if (d->prefix_n && has_prefix(d, l))
		l = (struct dspan){ l.s + d->prefix_n, l.n - d->prefix_n };
	line = dline_parse(l);
	if (line.kind == DL_TOTAL && !d->told) {
		d->counted = true;
		d->total = line.number;
	} else if (line.kind == DL_DIED && !d->g.open) {
		take_end(w, &line);
	} else if (d->counted) {
		take_count_line(d, w, &line);
	} else if (d->g.open) {
		take_stack_line(d, w, &line);
	}
}

/* --- the source --- */

static void say_all(struct dumptext *d, struct world *w)
{
	if (d->last_cut)
		world_warn(w, "the dump ends in the middle of a line: what follows it is missing");
	if (d->again)
		world_warn(w,
			   "the file holds more than one dump: of %" PRIu64
			   " goroutines that are told of again the first time counts",
			   d->again);
	world_warn(w, "a dump text names no channels and locks: what waits for what is not known, "
		      "and findings are to be checked");
	if (d->cancelled)
		world_warn(w, "loading was stopped; what was read is shown");
}

static int finish(struct dumptext *d, struct world *w, struct err *err)
{
	d->last_cut = d->g.open && d->end > d->begin && d->end[-1] != '\n';
	finish_goroutine(d, w);
	if (d->counted)
		finish_counts(d, w);
	if (!d->told && !d->cancelled)
		return err_set(err, -EBADMSG, EXIT_BADFILE,
			       "%s looks like a goroutine dump and holds no goroutine",
			       strtab_get(&w->strings, w->source_name));
	if (w->open.n_events)
		world_close_segment(w);
	say_all(d, w);
	w->progress.bytes = w->progress.total;
	return SOURCE_WHOLE;
}

static int dumptext_drain(struct source *s, struct world *w, int64_t budget_ns, struct err *err)
{
	struct dumptext *d = (struct dumptext *)s;
	int64_t until = now_ns() + budget_ns;

	w->history = evlog_history(d->log);
	while (d->p < d->end && !d->cancelled) {
		struct dspan l = line_at(d->p, d->end);
		const char *nl = memchr(l.s + l.n, '\n', (size_t)(d->end - l.s) - l.n);

		one_line(d, w, l);
		d->p = nl ? nl + 1 : d->end;
		if (++d->lines % CLOCK_EVERY == 0 && now_ns() > until)
			break;
	}
	w->progress.bytes = (uint64_t)(d->p - d->begin);
	if (d->p < d->end && !d->cancelled)
		return SOURCE_MORE;
	return finish(d, w, err);
}

static void dumptext_cancel(struct source *s)
{
	((struct dumptext *)s)->cancelled = true;
}

static void dumptext_close(struct source *s)
{
	struct dumptext *d = (struct dumptext *)s;

	vec_free(&d->g.frame);
	vec_free(&d->record);
	vec_free(&d->label);
	evlog_free(d->log);
	free(d);
}

static const struct source_ops dumptext_ops = {
	.kind = "dump",
	.drain = dumptext_drain,
	.cancel = dumptext_cancel,
	.close = dumptext_close,
};

struct source *dumptext_open(const struct input *in)
{
	struct dumptext *d = xcalloc(1, sizeof(*d));

	d->src.ops = &dumptext_ops;
	d->begin = d->p = (const char *)in->data;
	d->end = d->begin + in->size;
	d->log = evlog_new((size_t)LOG_LEAST + in->size);
	return &d->src;
}

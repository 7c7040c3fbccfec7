/* SPDX-License-Identifier: Apache-2.0 */
/* One goroutine: where it is and why, who made it, who woke it, and its story. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/groups.h"
#include "analysis/match.h"
#include "analysis/story.h"
#include "ui/pane.h"

enum line_kind {
	LINE_HEAD,
	LINE_CREATED,
	LINE_LABELS,
	LINE_WHY,
	LINE_WAKER,
	LINE_LIFE,
	LINE_OBJECT, /* what it waits on; at: which of its waits */
	LINE_OTHER, /* who could wake it, who waits for it, what is wrong with it; at: which of detail.other */
	LINE_STACK, /* heading */
	LINE_FRAME,
	LINE_STORY, /* heading */
	LINE_EVENT,
	LINE_NOTE,
};

enum { OBJECTS_MOST = 64 }; /* cases of a select that are shown */
enum { WAKERS_MOST = 8, HELD_MOST = 8 };

/* A line about others. */
struct other {
	char *text;
	uint64_t goid; /* to whom it leads, 0: nobody */
	uint8_t role;
};

struct line {
	uint8_t kind;
	uint32_t at; /* frame of the stack, event of the story, wait */
};

/* A row may become another goroutine's. */
struct visited {
	uint64_t goid;
	uint32_t row;
};

struct detail {
	struct pane pane;
	struct storyteller teller;
	VEC(struct line) line;
	VEC(struct other) other;
	size_t sel, top;
	int page, left; /* lines drawn; columns scrolled to the right */
	VEC(struct visited) visited; /* come from */
	uint32_t row; /* whose lines these are */
	uint64_t moment_stamp, frame_stamp;
	size_t story_n, story_line; /* events; the line of the first */
	int64_t anchor; /* time of the chosen event, and which of those at that time it is */
	uint32_t nth;
	bool anchored;
	bool stale, to_time; /* the selection goes to the event at the moment */
	struct match *search;
};

/* --- lines --- */

static const struct goroutine *goroutine(const struct detail *d)
{
	return &d->pane.view->world->g.v[d->row];
}

static void add(struct detail *d, enum line_kind kind, uint32_t at)
{
	*vec_push(&d->line) = (struct line){ (uint8_t)kind, at };
}

/* The event that made it runnable last before the moment. */
static const struct event *last_wake(const struct detail *d, const struct story *s)
{
	const struct view *v = d->pane.view;

	for (size_t i = story_at(s, view_moment(v)->time + 1); i-- > 0;)
		if (s->ev.v[i].kind == EV_UNBLOCK && s->ev.v[i].g == goroutine(d)->goid)
			return &s->ev.v[i];
	return NULL;
}

/* What it waits on now, as last looked at; how many, and the first of facts.g_wait. */
static size_t waits(const struct detail *d, size_t *first)
{
	const struct view *v = d->pane.view;
	const struct facts *f = &v->world->facts;
	const struct moment *m = view_moment(v);
	size_t n;

	*first = facts_waits_of(f, goroutine(d)->goid, &n);
	if (!v->at_end || d->row >= m->n || m->state[d->row] != GS_BLOCKED ||
	    m->since[d->row] > f->time)
		return 0;
	return n < OBJECTS_MOST ? n : OBJECTS_MOST;
}

static const char *str(const struct detail *d, uint32_t id)
{
	return strtab_get(&d->pane.view->world->strings, id);
}

/* --- others: by the graph and the findings, where they are of what is shown --- */

static void others_clear(struct detail *d)
{
	for (size_t i = 0; i < d->other.n; i++)
		free(d->other.v[i].text);
	d->other.n = 0;
}

__attribute__((format(printf, 4, 5))) static void other_add(struct detail *d, enum role role,
							    uint64_t goid, const char *fmt, ...)
{
	char buf[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	add(d, LINE_OTHER, (uint32_t)d->other.n);
	*vec_push(&d->other) = (struct other){ xstrdup(buf), goid, (uint8_t)role };
}

static bool link_line(void *arg, const struct graph_link *l)
{
	struct detail *d = arg;
	const struct object *o = &d->pane.view->world->facts.object.v[l->object];
	char how[TEXT_HOW];

	if (l->by)
		other_add(d, ROLE_TEXT, l->to, "BY  %c G %" PRIu64 "  %s: %s 0x%" PRIx64,
			  l->evidence == EVIDENCE_SEEN ? '=' : '~', l->to,
			  text_how(how, str(d, l->by)), object_kind_name((enum object_kind)o->kind),
			  o->addr);
	else
		other_add(d, ROLE_TEXT, l->to, "BY  = G %" PRIu64 "  stands before it in the queue",
			  l->to);
	return true;
}

/* The object's waiters, as long as the hold may wake them. */
static uint32_t held_waiters(const struct facts *f, const struct hold *h, uint64_t *first)
{
	const struct object *o = &f->object.v[h->object];
	uint32_t n = 0;

	for (uint32_t i = o->first_wait; i < o->first_wait + o->n_waits; i++)
		if (f->wait.v[i].goid != h->goid &&
		    hold_wakes((enum hold_op)h->op, (enum wait_op)f->wait.v[i].op) && !n++)
			*first = f->wait.v[i].goid;
	return n;
}

static void held_lines(struct detail *d, const struct facts *f)
{
	size_t n, at = facts_holds_of(f, goroutine(d)->goid, &n);
	unsigned told = 0;

	for (size_t i = at; i < at + n && told < HELD_MOST; i++) {
		const struct hold *h = &f->hold.v[f->g_hold.v[i]];
		const struct object *o = &f->object.v[h->object];
		uint64_t first = 0;
		char how[TEXT_HOW];
		uint32_t waits = h->op == HOLD_REF ? 0 : held_waiters(f, h, &first);

		if (!waits)
			continue;
		told++;
		other_add(d, ROLE_WARN, first,
			  "FOR %c %" PRIu32 " wait%s for it, %s: %s 0x%" PRIx64,
			  h->evidence == EVIDENCE_SEEN ? '=' : '~', waits, waits == 1 ? "s" : "",
			  text_how(how, str(d, h->by)), object_kind_name((enum object_kind)o->kind),
			  o->addr);
	}
}

static void finding_lines(struct detail *d, const struct findings *f)
{
	for (size_t i = 0; i < f->v.n; i++) {
		const struct finding *x = &f->v.v[i];
		bool in = false;

		for (size_t k = 0; k < x->goid.n && !in; k++)
			in = x->goid.v[k] == goroutine(d)->goid;
		if (in && x->present && !x->muted)
			other_add(d, x->severity == SEVERITY_ERROR ? ROLE_ERROR : ROLE_WARN, 0,
				  "!     %s, %s: %s", detector_table[x->detector].name,
				  certainty_name((enum certainty)x->certainty), x->summary);
	}
}

static void other_lines(struct detail *d)
{
	const struct view *v = d->pane.view;
	const struct graph *g = v->detect ? &v->detect->graph : NULL;
	uint32_t node;

	if (!g || !v->at_end)
		return;
	finding_lines(d, &v->detect->findings);
	if (!graph_fresh(g) || d->row >= v->world->now.n || v->world->now.state[d->row] == GS_DEAD)
		return;
	node = graph_find(g, goroutine(d)->goid);
	if (node == NO_NODE)
		return;
	if (v->world->now.state[d->row] == GS_BLOCKED &&
	    v->world->now.since[d->row] <= v->world->facts.time)
		graph_links_of(g, node, WAKERS_MOST, link_line, d);
	held_lines(d, &v->world->facts);
}

static void make_lines(struct detail *d)
{
	struct view *v = d->pane.view;
	const struct world *w = v->world;
	const struct story *s = story_get(&d->teller, d->row);
	const struct moment *m = view_moment(v);
	uint32_t depth = d->row < m->n ? stacktab_depth(&w->stacks, m->stack[d->row]) : 0;

	d->line.n = 0;
	others_clear(d);
	add(d, LINE_HEAD, 0);
	add(d, LINE_CREATED, 0);
	if (goroutine(d)->labels)
		add(d, LINE_LABELS, 0);
	add(d, LINE_WHY, 0);
	for (size_t i = 0, first, n = waits(d, &first); i < n; i++)
		add(d, LINE_OBJECT, (uint32_t)(first + i));
	other_lines(d);
	if (s && last_wake(d, s))
		add(d, LINE_WAKER, 0);
	add(d, LINE_LIFE, 0);
	add(d, LINE_STACK, 0);
	for (uint32_t i = 0; i < depth; i++)
		add(d, LINE_FRAME, i);
	if (!depth)
		add(d, LINE_NOTE, 0);
	add(d, LINE_STORY, 0);
	d->story_line = d->line.n;
	for (size_t i = s ? s->ev.n : 0; i-- > 0;) /* the latest first */
		add(d, LINE_EVENT, (uint32_t)i);
	if (!s)
		add(d, LINE_NOTE, 1);
	d->story_n = s ? s->ev.n : 0;
}

/* The line of the last event that has happened by the moment. */
static void select_moment(struct detail *d)
{
	const struct story *s = story_get(&d->teller, d->row);
	size_t want = s ? story_at(s, view_moment(d->pane.view)->time + 1) : 0;

	d->to_time = false;
	if (want)
		d->sel = d->story_line + (s->ev.n - want);
}

/* Remembers the chosen event: lines come in above it while the program runs. */
static void anchor_set(struct detail *d)
{
	const struct story *s = story_get(&d->teller, d->row);
	struct line line = d->line.v[d->sel];

	d->anchored = line.kind == LINE_EVENT && s && line.at < s->ev.n;
	if (!d->anchored)
		return;
	d->anchor = s->ev.v[line.at].time;
	d->nth = line.at - (uint32_t)story_at(s, d->anchor);
}

static void anchor_follow(struct detail *d)
{
	const struct story *s = story_get(&d->teller, d->row);
	size_t at = d->anchored && s ? story_at(s, d->anchor) + d->nth : 0, sel;

	if (!d->anchored || !s || at >= s->ev.n)
		return;
	sel = d->story_line + (s->ev.n - 1 - at);
	d->top = d->top + sel > d->sel ? d->top + sel - d->sel : 0;
	d->sel = sel;
}

/* Whether a line is the frame that all panes show. */
static bool is_chosen(const struct detail *d, const struct line *line)
{
	const struct view *v = d->pane.view;

	return line->kind == LINE_FRAME && line->at == v->frame &&
	       v->stack == view_moment(v)->stack[d->row];
}

/* Another pane chose a frame: its line is the selected one. */
static void follow_frame(struct detail *d)
{
	const struct view *v = d->pane.view;

	if (d->frame_stamp == v->frame_stamp)
		return;
	d->frame_stamp = v->frame_stamp;
	for (size_t i = 0; i < d->line.n; i++)
		if (is_chosen(d, &d->line.v[i])) {
			d->sel = i;
			anchor_set(d);
		}
}

static void refresh(struct detail *d)
{
	struct view *v = d->pane.view;
	bool same = d->row == v->row;

	if (v->row == NO_G || v->row >= v->world->g.n)
		return;
	if (same && !d->stale && d->moment_stamp == v->moment_stamp) {
		follow_frame(d);
		return;
	}
	if (!same) {
		d->sel = d->top = 0;
		d->left = 0;
		d->anchored = false;
		d->frame_stamp = v->frame_stamp;
	}
	d->row = v->row;
	d->moment_stamp = v->moment_stamp;
	d->stale = false;
	story_want(&d->teller, v->world, d->row, view_moment(v)->time);
	make_lines(d);
	anchor_follow(d);
	if (d->to_time)
		select_moment(d);
	if (d->sel >= d->line.n)
		d->sel = d->line.n - 1;
	anchor_set(d);
	follow_frame(d);
}

static void told(void *arg)
{
	struct detail *d = arg;

	d->stale = true;
	d->pane.view->answered = true;
}

/* --- what the lines say --- */

static void say_frame_place(const struct detail *d, FILE *out, const struct frame *f)
{
	fputs(text_base(str(d, f->func)), out);
	if (f->file)
		fprintf(out, "  %s:%" PRIu32, text_base(str(d, f->file)), f->line);
}

static void say_place(const struct detail *d, FILE *out, uint32_t stack)
{
	const struct frame *f = stack_place(d->pane.view->world, stack);

	if (f)
		say_frame_place(d, out, f);
}

static void say_head(const struct detail *d, FILE *out)
{
	const struct moment *m = view_moment(d->pane.view);
	uint8_t state = m->state[d->row], reason = m->reason[d->row];
	int64_t since = m->since[d->row];
	char buf[TEXT_SHORT];

	fprintf(out, "G %" PRIu64 "  ", goroutine(d)->goid);
	if (state == GS_NONE) {
		fputs("is not there yet", out);
		return;
	}
	fputs(state == GS_DEAD ? "ended" : gstate_name(state), out);
	if (reason)
		fprintf(out, " on %s", reason_name(reason));
	fprintf(out, "  %s%s", since == T_BEFORE ? "over " : "",
		text_duration(buf, m->time - (since == T_BEFORE ? 0 : since)));
	fputs(state == GS_DEAD ? " ago" : "", out);
	fputs(goroutine(d)->system ? "  (the runtime's own)" : "", out);
}

static bool is_runtimes(const struct detail *d, uint32_t stack)
{
	const struct world *w = d->pane.view->world;
	const struct frame *f = stacktab_frame(&w->stacks, stack, 0);

	return f && !strncmp(strtab_get(&w->strings, f->func), "runtime.", 8);
}

static void say_created(const struct detail *d, FILE *out)
{
	const struct goroutine *g = goroutine(d);
	char buf[TEXT_SHORT];

	fputs("created ", out);
	if (g->creator)
		fprintf(out, "by G %" PRIu64 " ", g->creator);
	if (!g->creator && is_runtimes(d, g->create_stack)) /* main's: runtime/asm_amd64.s:rt0_go */
		fputs("by the runtime", out);
	else
		say_place(d, out, g->create_stack);
	if (g->t_create == T_BEFORE)
		fprintf(out, "%sbefore the first look", g->creator || g->create_stack ? ", " : "");
	else
		fprintf(out, "  at %s", text_moment(buf, g->t_create, 1000));
}

/* In words what a state and its reason mean. */
static const char *why_text(uint8_t state, uint8_t reason)
{
	static const char *const why[R_N] = {
		[R_CHAN_SEND] = "waits for a receiver on a channel",
		[R_CHAN_RECV] = "waits for a value, or the close, of a channel",
		[R_CHAN_SEND_NIL] = "sends to a nil channel: it will never go on",
		[R_CHAN_RECV_NIL] = "receives from a nil channel: it will never go on",
		[R_SELECT] = "waits for any of its select's cases",
		[R_SELECT_EMPTY] = "select without cases: it will never go on",
		[R_MUTEX] = "waits for a mutex that another holds",
		[R_RWMUTEX_READ] = "waits to read-lock: a writer holds it or waits",
		[R_RWMUTEX_WRITE] = "waits to write-lock: readers or a writer hold it",
		[R_WAITGROUP] = "waits until all of a WaitGroup are done",
		[R_COND] = "waits for a Signal or Broadcast",
		[R_SEMAPHORE] = "waits for a semaphore of the runtime",
		[R_SLEEP] = "sleeps until its timer fires",
		[R_NET] = "waits for the network or another file that can be polled",
		[R_IO] = "waits for input or output",
		[R_SYSCALL] = "is in a system call",
		[R_GC] = "waits for the garbage collector",
		[R_FINALIZER] = "waits for finalizers to run",
		[R_TIMER] = "waits for timers",
		[R_PREEMPTED] = "was preempted",
		[R_DEBUG] = "waits for a debugger's call",
		[R_OTHER] = "waits for the runtime",
	};

	if (state == GS_RUNNABLE)
		return "is ready and waits for a processor";
	if (state == GS_RUNNING)
		return "runs";
	if (state == GS_DEAD)
		return "has ended";
	if (state == GS_SYSCALL)
		return why[R_SYSCALL];
	return reason < R_N && why[reason] ? why[reason] : "waits; for what is not known";
}

static void say_why(const struct detail *d, FILE *out)
{
	const struct moment *m = view_moment(d->pane.view);
	const char *kind = str(d, d->pane.view->world->source_kind);
	uint8_t reason = m->reason[d->row];

	fprintf(out, "WHY   %s", why_text(m->state[d->row], reason));
	if (m->state[d->row] != GS_BLOCKED || reason < R_CHAN_SEND || reason > R_SEMAPHORE)
		return;
	if (!strcmp(kind, "trace"))
		fputs(" (a trace does not name which)", out);
	else if (!strcmp(kind, "dump"))
		fputs(" (a dump's text does not name which)", out);
}

static uint32_t waiters(const struct facts *f, const struct object *o, enum wait_op op)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < o->n_waits; i++)
		n += f->wait.v[o->first_wait + i].op == op;
	return n;
}

static void say_channel(const struct detail *d, FILE *out, const struct object *o)
{
	const struct facts *f = &d->pane.view->world->facts;

	if (o->type)
		fprintf(out, " of %s", str(d, o->type));
	if (o->cap)
		fprintf(out, ", %" PRId64 " of %" PRId64 " full", o->len, o->cap);
	fprintf(out, "%s; %" PRIu32 " wait to send, %" PRIu32 " to receive",
		o->flags & OBJF_CLOSED	? ", closed"
		: o->flags & OBJF_TIMER ? ", of a timer"
		: o->cap		? ""
					: ", unbuffered",
		waiters(f, o, OP_SEND), waiters(f, o, OP_RECV));
}

/* When the timer fires, or the deadline is. */
static void say_time(const struct detail *d, FILE *out, const struct object *o)
{
	int64_t left = o->when - d->pane.view->world->now.time;
	char buf[TEXT_SHORT];

	if (o->fd >= 0)
		fprintf(out, ", fd %" PRId32, o->fd);
	if (o->flags & OBJF_LISTENS)
		fputs(", listens", out);
	if (o->when != T_NEVER && left > 0)
		fprintf(out, ", %s in %s", o->kind == OBJ_POLL ? "deadline" : "fires",
			text_duration(buf, left));
}

/* "ON    chan 0xc0000a6000 of int, unbuffered; 412 wait to send, 0 to receive" */
static void say_object(const struct detail *d, FILE *out, uint32_t at)
{
	const struct facts *f = &d->pane.view->world->facts;
	const struct wait *x = &f->wait.v[f->g_wait.v[at]];
	const struct object *o = &f->object.v[x->object];

	fprintf(out, "%s%s", x->select ? "CASE  " : "ON    ",
		x->select ? wait_op_name((enum wait_op)x->op)
			  : object_kind_name((enum object_kind)o->kind));
	if (o->addr)
		fprintf(out, " 0x%" PRIx64, o->addr);
	else if (x->select)
		fputs(" on a nil channel", out);
	if (o->text)
		fprintf(out, ", %s", str(d, o->text));
	switch (o->kind) {
	case OBJ_CHAN:
		say_channel(d, out, o);
		return;
	case OBJ_RWMUTEX:
		fprintf(out, ", %s",
			o->flags & OBJF_LOCKED	       ? "a writer has it"
			: o->flags & OBJF_WRITER_WAITS ? "a writer waits for its readers"
						       : "read-locked");
		if (o->len > 0)
			fprintf(out, ", %" PRId64 " read", o->len);
		break;
	case OBJ_WAITGROUP:
		fprintf(out, ", %" PRId64 " not done", o->len);
		break;
	case OBJ_MUTEX:
	case OBJ_ONCE:
		fputs(o->flags & OBJF_LOCKED ? ", locked" : ", free just now", out);
		break;
	case OBJ_NIL:
	case OBJ_SYSCALL:
	case OBJ_RUNTIME:
		return;
	case OBJ_POLL:
	case OBJ_TIMER:
		say_time(d, out, o);
		return;
	default:
		break;
	}
	fprintf(out, "; %" PRIu32 " wait", o->n_waits);
}

static void say_waker(const struct detail *d, FILE *out)
{
	const struct story *s = story_get(&d->teller, d->row);
	const struct event *ev = s ? last_wake(d, s) : NULL;
	char buf[TEXT_SHORT];

	if (!ev)
		return;
	fprintf(out, "last woken at %s by ", text_moment(buf, ev->time, 1000));
	if (ev->peer)
		fprintf(out, "G %" PRIu64 " ", ev->peer);
	else
		fputs("the runtime ", out);
	say_place(d, out, ev->stack);
}

static const struct {
	const char *text;
	enum role role;
} verbs[EV_N] = {
	[EV_CREATE] = { "created", ROLE_GOOD },
	[EV_STATUS] = { "was", ROLE_DIM },
	[EV_RUN] = { "runs", ROLE_RUN },
	[EV_BLOCK] = { "blocks", ROLE_BLOCKED },
	[EV_UNBLOCK] = { "woken", ROLE_READY },
	[EV_PREEMPT] = { "yields", ROLE_READY },
	[EV_SYSCALL] = { "syscall", ROLE_SYSCALL },
	[EV_SYSCALL_EXIT] = { "syscall ends", ROLE_SYSCALL },
	[EV_DEAD] = { "ends", ROLE_DEAD },
	[EV_SAMPLE] = { "on CPU", ROLE_RUN },
	[EV_RANGE_BEGIN] = { "begins", ROLE_BAND_GC },
	[EV_RANGE_END] = { "ends", ROLE_BAND_GC },
	[EV_RANGE_ACTIVE] = { "is in", ROLE_BAND_GC },
	[EV_TASK_BEGIN] = { "task begins", ROLE_INFO },
	[EV_TASK_END] = { "task ends", ROLE_INFO },
	[EV_REGION_BEGIN] = { "region begins", ROLE_INFO },
	[EV_REGION_END] = { "region ends", ROLE_INFO },
	[EV_LOG] = { "log", ROLE_INFO },
	[EV_LABEL] = { "label", ROLE_INFO },
	[EV_METRIC] = { "metric", ROLE_DIM },
	[EV_ALLOC] = { "alloc", ROLE_DIM },
};

/* What it did to another goroutine is told from its own side. */
static const char *verb(const struct detail *d, const struct event *ev)
{
	if (ev->g == goroutine(d)->goid || !ev->g)
		return verbs[ev->kind].text ? verbs[ev->kind].text : event_name(ev->kind);
	return ev->kind == EV_CREATE	? "makes"
	       : ev->kind == EV_UNBLOCK ? "wakes"
					: event_name(ev->kind);
}

static void say_event(const struct detail *d, FILE *out, const struct event *ev)
{
	bool own = ev->g == goroutine(d)->goid || !ev->g;
	char buf[TEXT_SHORT];

	fprintf(out, "%-14s %-14s", text_moment(buf, ev->time, 1), verb(d, ev));
	if (!own)
		fprintf(out, "G %" PRIu64 " ", ev->g);
	else if (ev->peer && (ev->kind == EV_CREATE || ev->kind == EV_UNBLOCK))
		fprintf(out, "by G %" PRIu64 " ", ev->peer);
	if (ev->kind == EV_BLOCK && ev->reason)
		fprintf(out, "%s ", reason_name(ev->reason));
	else if (ev->kind == EV_STATUS || ev->kind == EV_SYSCALL_EXIT)
		fprintf(out, "%s ", gstate_name(ev->state));
	if (ev->text && ev->kind != EV_BLOCK)
		fprintf(out, "%s ", str(d, ev->text));
	if (ev->text2)
		fprintf(out, "%s ", str(d, ev->text2));
	say_place(d, out, ev->stack);
}

static void say_frame(const struct detail *d, FILE *out, uint32_t i)
{
	const struct view *v = d->pane.view;
	const struct frame *f = stacktab_frame(&v->world->stacks, view_moment(v)->stack[d->row], i);

	if (!f)
		return;
	fprintf(out, "%2" PRIu32 " ", i);
	say_frame_place(d, out, f);
}

static void say_story(const struct detail *d, FILE *out)
{
	const struct story *s = story_get(&d->teller, d->row);

	fputs("STORY ", out);
	if (!s)
		return;
	fprintf(out, "%zu events", s->ev.n);
	if (s->t0 != T_BEFORE || s->t1 != T_NEVER)
		fputs(" around this time; [ and ] go on", out);
	else if (s->ev.n > 1)
		fputs(", the latest first", out);
}

/* The text of a line; the caller frees it. */
static char *line_text(const struct detail *d, size_t i)
{
	const struct story *s = story_get(&d->teller, d->row);
	struct line line = d->line.v[i];
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die("out of memory");
	switch (line.kind) {
	case LINE_HEAD:
		say_head(d, out);
		break;
	case LINE_CREATED:
		say_created(d, out);
		break;
	case LINE_LABELS:
		fprintf(out, "labels %s", str(d, goroutine(d)->labels));
		break;
	case LINE_WHY:
		say_why(d, out);
		break;
	case LINE_OBJECT:
		if (line.at < d->pane.view->world->facts.g_wait.n)
			say_object(d, out, line.at);
		break;
	case LINE_OTHER:
		fputs(d->other.v[line.at].text, out);
		break;
	case LINE_WAKER:
		say_waker(d, out);
		break;
	case LINE_STACK:
		fputs("STACK", out);
		break;
	case LINE_FRAME:
		say_frame(d, out, line.at);
		break;
	case LINE_STORY:
		say_story(d, out);
		break;
	case LINE_EVENT:
		if (s && line.at < s->ev.n)
			say_event(d, out, &s->ev.v[line.at]);
		break;
	case LINE_NOTE:
		fputs(line.at ? "reading its events …" : "no stack is known for this state", out);
		break;
	}
	fclose(out);
	return text;
}

static enum role line_role(const struct detail *d, size_t i)
{
	const struct moment *m = view_moment(d->pane.view);
	const struct story *s = story_get(&d->teller, d->row);
	struct line line = d->line.v[i];

	switch (line.kind) {
	case LINE_HEAD:
		return role_state(m->state[d->row], m->reason[d->row]);
	case LINE_STACK:
	case LINE_STORY:
		return ROLE_TITLE;
	case LINE_EVENT:
		if (s && line.at < s->ev.n && verbs[s->ev.v[line.at].kind].text)
			return verbs[s->ev.v[line.at].kind].role;
		return ROLE_TEXT;
	case LINE_NOTE:
		return ROLE_DIM;
	case LINE_OTHER:
		return (enum role)d->other.v[line.at].role;
	default:
		return ROLE_TEXT;
	}
}

/* --- drawing --- */

static void draw_life(const struct detail *d, const struct region *r, int y)
{
	static const enum role roles[] = { ROLE_RUN, ROLE_READY, ROLE_BLOCKED, ROLE_SYSCALL };
	static const enum sym shapes[] = { SYM_RUN, SYM_READY, SYM_BLOCKED, SYM_SYSCALL };
	static const char *const names[] = { "run", "ready", "blocked", "syscall" };
	int64_t ns[SHARE_N], sum = 0;
	int x = draw_str(r, 0, y, -1, ROLE_TEXT, 0, "LIFE  "), w = r->w > 70 ? 24 : 12, used = 0;
	char buf[TEXT_SHORT];

	world_totals(d->pane.view->world, d->row, ns);
	for (int i = 0; i < SHARE_N; i++)
		sum += ns[i];
	for (int i = 0; i < SHARE_N && sum; i++) {
		int n = (int)((double)ns[i] * w / (double)sum + 0.5);

		n = ns[i] && !n ? 1 : n;
		n = used + n > w ? w - used : n;
		draw_sym(r, x + used, y, n, shapes[i], roles[i], 0);
		used += n;
	}
	x += w + 1;
	for (int i = 0; i < SHARE_N && sum; i++)
		if (ns[i])
			x += draw_fmt(r, x, y, -1, roles[i], 0, "%s %.0f%%  ", names[i],
				      100.0 * (double)ns[i] / (double)sum);
	draw_fmt(r, x, y, -1, ROLE_DIM, 0, "%s changes", text_count(buf, goroutine(d)->switches));
}

static void draw_one(const struct detail *d, const struct region *r, int y, size_t i)
{
	size_t skip, start, end, len;
	const char *s;
	char *text;

	if (d->line.v[i].kind == LINE_LIFE) {
		draw_life(d, r, y);
		return;
	}
	text = line_text(d, i);
	len = strlen(text);
	skip = d->left && (size_t)d->left < len ? (size_t)d->left : d->left ? len : 0;
	while (skip < len && ((unsigned char)text[skip] & 0xc0) == 0x80)
		skip++;
	s = text + skip;
	draw_cut(r, 0, y, r->w, line_role(d, i),
		 d->line.v[i].kind == LINE_HEAD || is_chosen(d, &d->line.v[i]) ? ATTR_BOLD : 0, s);
	if (is_chosen(d, &d->line.v[i]) && !d->left)
		draw_sym(r, 2, y, 1, SYM_SELECT, ROLE_SRC_MARK, ATTR_BOLD);
	if (d->search && match_find(d->search, s, len - skip, &start, &end) && end > start)
		draw_text(r, text_width(s, start), y, -1, ROLE_MATCH, ATTR_REVERSE, s + start,
			  end - start);
	free(text);
}

static void detail_draw(struct pane *p, const struct region *r, bool focused)
{
	struct detail *d = (struct detail *)p;

	if (p->view->row == NO_G || p->view->row >= p->view->world->g.n) {
		draw_str(r, 1, 1, -1, ROLE_DIM, 0,
			 "choose a goroutine in the list; Enter opens it");
		return;
	}
	refresh(d);
	if (d->row >= view_moment(p->view)->n)
		return;
	d->page = r->h;
	if (d->sel < d->top)
		d->top = d->sel;
	if (r->h && d->sel >= d->top + (size_t)r->h)
		d->top = d->sel - (size_t)r->h + 1;
	for (int y = 0; y < r->h && d->top + (size_t)y < d->line.n; y++) {
		draw_one(d, r, y, d->top + (size_t)y);
		if (d->top + (size_t)y == d->sel)
			draw_mark(r, 0, y, r->w, 1, focused ? ATTR_SELECT : ATTR_SELECT_AWAY);
	}
}

/* --- actions --- */

static void select_line(struct detail *d, size_t i)
{
	struct view *v = d->pane.view;
	const struct story *s = story_get(&d->teller, d->row);
	struct line line;

	if (!d->line.n)
		return;
	d->sel = i < d->line.n ? i : d->line.n - 1;
	anchor_set(d);
	line = d->line.v[d->sel];
	if (line.kind == LINE_FRAME)
		view_choose_frame(v, view_moment(v)->stack[d->row], line.at);
	else if (line.kind == LINE_EVENT && s && line.at < s->ev.n && s->ev.v[line.at].stack)
		view_choose_frame(v, s->ev.v[line.at].stack,
				  view_user_frame(v->world, s->ev.v[line.at].stack));
	else if (line.kind == LINE_CREATED && goroutine(d)->create_stack)
		view_choose_frame(v, goroutine(d)->create_stack,
				  view_user_frame(v->world, goroutine(d)->create_stack));
}

static unsigned move(struct detail *d, long by)
{
	long to = (long)d->sel + by;

	refresh(d);
	select_line(d, to < 0 ? 0 : (size_t)to);
	return EFF_DONE | EFF_DRAW;
}

static unsigned visit(struct detail *d, uint64_t goid, int64_t t)
{
	struct view *v = d->pane.view;
	uint32_t row = goid ? world_find_at(v->world, goid, t) : NO_G;

	if (row == NO_G)
		return view_complain(v,
				     goid ? "goroutine %" PRIu64 " is not in this session"
					  : "no goroutine stands on this line",
				     goid);
	if (row == d->row)
		return EFF_DONE;
	*vec_push(&d->visited) = (struct visited){ goroutine(d)->goid, d->row };
	view_choose(v, row);
	return EFF_DONE | EFF_DRAW;
}

static unsigned open_event(struct detail *d, const struct event *ev)
{
	uint64_t other = ev->g && ev->g != goroutine(d)->goid ? ev->g : ev->peer;

	if (other && other != goroutine(d)->goid)
		return visit(d, other, ev->time);
	d->to_time = true;
	view_goto(d->pane.view, ev->time);
	return EFF_DONE | EFF_DRAW;
}

static unsigned open_line(struct detail *d)
{
	const struct story *s = story_get(&d->teller, d->row);
	const struct event *wake;
	struct line line;

	refresh(d);
	if (d->sel >= d->line.n)
		return EFF_DONE;
	line = d->line.v[d->sel];
	switch (line.kind) {
	case LINE_CREATED:
		return visit(d, goroutine(d)->creator, goroutine(d)->t_create);
	case LINE_WAKER:
		wake = s ? last_wake(d, s) : NULL;
		return wake ? visit(d, wake->peer, wake->time) : EFF_DONE;
	case LINE_OTHER:
		return visit(d, d->other.v[line.at].goid, T_NEVER);
	case LINE_FRAME:
		select_line(d, d->sel);
		return EFF_DONE | EFF_SOURCE;
	case LINE_EVENT:
		return s && line.at < s->ev.n ? open_event(d, &s->ev.v[line.at]) : EFF_DONE;
	default:
		return EFF_DONE;
	}
}

static unsigned go_back(struct detail *d)
{
	const struct world *w = d->pane.view->world;
	struct visited from;

	if (!d->visited.n)
		return EFF_BACK;
	from = d->visited.v[--d->visited.n];
	if (w->g.v[from.row].goid != from.goid)
		from.row = world_find(w, from.goid);
	view_choose(d->pane.view, from.row);
	return EFF_DONE | EFF_DRAW;
}

static unsigned search_next(struct detail *d, int dir, bool here)
{
	size_t n = d->line.n;

	if (!d->search)
		return view_complain(d->pane.view, "nothing is searched for; / searches");
	for (size_t k = here ? 0 : 1; k <= n && n; k++) {
		size_t i = (d->sel + (dir > 0 ? k : n - k % n)) % n;
		char *text = line_text(d, i);
		bool hit = match_find(d->search, text, strlen(text), NULL, NULL);

		free(text);
		if (!hit)
			continue;
		select_line(d, i);
		return EFF_DONE | EFF_DRAW;
	}
	return view_complain(d->pane.view, "no line here matches");
}

static unsigned search(struct detail *d, const struct act *a)
{
	return view_look_for(d->pane.view, &d->search, a->arg) ? search_next(d, 1, true)
							       : EFF_DONE | EFF_DRAW;
}

static unsigned copy(struct detail *d, bool all)
{
	char *text = NULL, *line;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	unsigned eff;

	if (!out)
		return EFF_DONE;
	for (size_t i = all ? 0 : d->sel; i < d->line.n && (all || i == d->sel); i++) {
		line = line_text(d, i);
		fprintf(out, "%s%s", i && all ? "\n" : "", line);
		free(line);
	}
	fclose(out);
	eff = view_ask_copy(d->pane.view, text);
	free(text);
	return eff;
}

static unsigned scroll(struct detail *d, int by)
{
	d->left = d->left + by < 0 ? 0 : d->left + by;
	return EFF_DONE | EFF_DRAW;
}

static unsigned detail_action(struct pane *p, const struct act *a)
{
	struct detail *d = (struct detail *)p;

	if (p->view->row == NO_G)
		return EFF_NONE;
	switch (a->id) {
	case ACT_UP:
		return move(d, -1);
	case ACT_DOWN:
		return move(d, 1);
	case ACT_PAGE_UP:
		return move(d, -(long)d->page);
	case ACT_PAGE_DOWN:
		return move(d, d->page);
	case ACT_HALF_UP:
		return move(d, -(long)d->page / 2);
	case ACT_HALF_DOWN:
		return move(d, d->page / 2);
	case ACT_TOP:
		return move(d, -(long)d->line.n);
	case ACT_BOTTOM:
		return move(d, (long)d->line.n);
	case ACT_LEFT:
		return scroll(d, -8);
	case ACT_RIGHT:
		return scroll(d, 8);
	case ACT_OPEN:
		return open_line(d);
	case ACT_BACK:
		return go_back(d);
	case ACT_SEARCH:
		return search(d, a);
	case ACT_SEARCH_NEXT:
		return search_next(d, 1, false);
	case ACT_SEARCH_PREV:
		return search_next(d, -1, false);
	case ACT_COPY:
		return copy(d, false);
	case ACT_COPY_ALL:
		return copy(d, true);
	case ACT_EVENT_PREV:
	case ACT_EVENT_NEXT:
		d->to_time = true;
		d->stale = true;
		return EFF_NONE;
	default:
		return EFF_NONE;
	}
}

static unsigned detail_mouse(struct pane *p, const struct mouse *m)
{
	struct detail *d = (struct detail *)p;

	if (m->kind == MOUSE_WHEEL)
		return move(d, m->wheel * 3);
	if ((m->kind != MOUSE_PRESS && m->kind != MOUSE_DOUBLE) ||
	    d->top + (size_t)m->y >= d->line.n)
		return EFF_NONE;
	select_line(d, d->top + (size_t)m->y);
	return m->kind == MOUSE_DOUBLE ? open_line(d) : EFF_DONE | EFF_DRAW;
}

static const char *detail_note(struct pane *p, char *buf, size_t size)
{
	const struct view *v = p->view;

	if (v->row == NO_G || v->row >= v->world->g.n)
		return "";
	snprintf(buf, size, "G %" PRIu64, v->world->g.v[v->row].goid);
	return buf;
}

static void detail_free(struct pane *p)
{
	struct detail *d = (struct detail *)p;

	story_release(&d->teller);
	match_free(d->search);
	others_clear(d);
	vec_free(&d->other);
	vec_free(&d->line);
	vec_free(&d->visited);
	free(d);
}

static const struct pane_ops detail_ops = {
	.id = PANE_DETAIL,
	.number = 0,
	.name = "detail",
	.title = "Goroutine",
	.draw = detail_draw,
	.action = detail_action,
	.mouse = detail_mouse,
	.note = detail_note,
	.free = detail_free,
};

struct pane *pane_detail_new(struct view *v)
{
	struct detail *d = xcalloc(1, sizeof(*d));

	d->pane = (struct pane){ &detail_ops, v };
	d->row = NO_G;
	d->teller = (struct storyteller){ .jobs = v->jobs, .told = told, .arg = d };
	return &d->pane;
}

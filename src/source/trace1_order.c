/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of the events of a trace of the first format, by the rules of
 * internal/trace/internal/tracev1/order.go, and what they sum up to in segments.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "source/trace1_impl.h"

enum {
	SEGMENTS_WANTED = 512,
	SEGMENT_LEAST = 1024,
	SEGMENT_MOST = 64 << 10,
	ENTRY_COST = 8, /* a segment's entries may cost 1/8 of its bytes */
	TRIES_PER_EVENT = 64,
	TRIES_FREE = 1 << 20,
	LOOK_EVERY = 256, /* events between looks at what is not about them */
	DIRECT_MOST = 1 << 22, /* ids below have their row in an array */
};

/* --- rows and sums --- */

static uint32_t g_new(struct trace1 *t, uint64_t goid)
{
	uint32_t row = (uint32_t)t->g.n;

	*vec_push(&t->g) = (struct t1_g){ .goid = goid };
	if (goid >= DIRECT_MOST) {
		map64_put(&t->by_goid, goid, row);
		return row;
	}
	while (t->direct.n <= goid)
		*vec_push(&t->direct) = 0;
	t->direct.v[goid] = row + 1;
	return row;
}

static inline uint32_t g_row(struct trace1 *t, uint64_t goid)
{
	uint32_t row = goid < t->direct.n   ? t->direct.v[goid] - 1
		       : goid < DIRECT_MOST ? UINT32_MAX
					    : map64_get(&t->by_goid, goid);

	return row != UINT32_MAX ? row : g_new(t, goid);
}

/* Valid until the next row is made. */
static struct t1_g *g_of(struct trace1 *t, uint64_t goid)
{
	uint32_t row = g_row(t, goid);

	return &t->g.v[row];
}

static struct t1_segg *touch(struct trace1 *t, uint32_t row, bool anew)
{
	struct t1_g *g = &t->g.v[row];
	struct t1_segg *s;

	if (g->stamp == t->stamp && !anew)
		return &t->cur->g.v[g->slot];
	s = vec_push(&t->cur->g);
	*s = (struct t1_segg){
		.s = { .goid = g->goid }, .stack = T1_KEEP_STACK, .text = T1_KEEP, .row = row
	};
	g->slot = (uint32_t)(t->cur->g.n - 1);
	g->stamp = t->stamp;
	g->mark = t->cur->t0;
	return s;
}

static void account(struct t1_g *g, struct t1_segg *s, int64_t at)
{
	unsigned share = gstate_share(g->state);

	if (at <= g->mark)
		return;
	if (share < SHARE_N)
		s->s.ns[share] += at - g->mark;
	g->mark = at;
}

static inline struct t1_segg *g_to(struct trace1 *t, uint32_t row, int64_t at, uint8_t state,
				   uint64_t stack, uint8_t text)
{
	struct t1_segg *s = touch(t, row, false);
	struct t1_g *g = &t->g.v[row];

	account(g, s, at);
	g->state = state;
	g->since = at;
	if (stack != T1_KEEP_STACK)
		s->stack = stack;
	s->text = text;
	s->s.switches++;
	return s;
}

static void g_first(struct trace1 *t, uint32_t row, uint8_t state, uint64_t start)
{
	struct t1_segg *s = touch(t, row, true);

	t->g.v[row].state = state;
	t->g.v[row].since = T_BEFORE;
	s->s.flags = SEGG_FIRST;
	s->s.first_state = state;
	s->start = start;
	s->stack = 0;
	s->text = 0;
}

enum { O_DEAD, O_RUNNABLE, O_RUNNING, O_WAITING };

/*
 * What nearly all events are: a goroutine goes from one state to another. For these the
 * table has the order's states, and where the sum changes with them, what it becomes.
 */
static const struct move {
	bool ordered, summed;
	uint8_t from, to; /* of the order */
	uint8_t state; /* enum gstate */
	uint8_t text; /* enum t1_text */
	bool other; /* not the event's own goroutine but its first argument */
	bool sequenced; /* the next argument says the how manieth move this is */
} move_of[T1_COUNT] = {
#define STARTS \
	{ \
		true, true, O_RUNNABLE, O_RUNNING, GS_RUNNING, TX_NONE, .sequenced = true \
	}
#define YIELDS \
	{ \
		true, true, O_RUNNING, O_RUNNABLE, GS_RUNNABLE, TX_NONE \
	}
#define BLOCKS(text) \
	{ \
		true, true, O_RUNNING, O_WAITING, GS_BLOCKED, text \
	}
	[T1_GO_START] = STARTS,
	[T1_GO_START_LABEL] = STARTS,
	[T1_GO_UNBLOCK] = { true, true, O_WAITING, O_RUNNABLE, GS_RUNNABLE, TX_NONE, true, true },
	[T1_GO_SCHED] = YIELDS,
	[T1_GO_PREEMPT] = YIELDS,
	[T1_GO_SLEEP] = BLOCKS(TX_SLEEP),
	[T1_GO_BLOCK] = BLOCKS(TX_NONE),
	[T1_BLOCK_SEND] = BLOCKS(TX_SEND),
	[T1_BLOCK_RECV] = BLOCKS(TX_RECV),
	[T1_BLOCK_SELECT] = BLOCKS(TX_SELECT),
	[T1_BLOCK_SYNC] = BLOCKS(TX_SYNC),
	[T1_BLOCK_COND] = BLOCKS(TX_COND),
	[T1_BLOCK_NET] = BLOCKS(TX_NETWORK),
	[T1_BLOCK_GC] = BLOCKS(TX_ASSIST_WAIT),
	[T1_SYS_BLOCK] = { .ordered = true, .from = O_RUNNING, .to = O_WAITING },
	[T1_SYS_EXIT] = { .ordered = true,
			  .from = O_WAITING,
			  .to = O_RUNNABLE,
			  .other = true,
			  .sequenced = true },
#undef STARTS
#undef YIELDS
#undef BLOCKS
};

/* --- what events do to the sums --- */

uint8_t t1_block_text(uint8_t type)
{
	switch (type) {
	case T1_GO_STOP:
		return TX_FOREVER;
	case T1_GO_SCHED:
		return TX_GOSCHED;
	case T1_GO_PREEMPT:
		return TX_PREEMPTED;
	default:
		return move_of[type].text;
	}
}

/* Kinds of stop-the-world: two before 1.21, then a table (runtime/trace.go:stwReason). */
uint8_t t1_stw_text(int version, uint64_t kind)
{
	if (version < 21)
		return kind == 0 ? TX_STW_FIRST + 1 : kind == 1 ? TX_STW_FIRST + 2 : TX_STW_FIRST;
	return kind < TX_STW_N ? (uint8_t)(TX_STW_FIRST + kind) : TX_STW_FIRST;
}

static void band(struct trace1 *t, int64_t at, uint8_t text, bool begins)
{
	*vec_push(&t->cur->band) = (struct t1_band){ at, text, begins };
}

static void created(struct trace1 *t, const struct t1_event *ev, int64_t at)
{
	uint32_t row = g_row(t, ev->arg[0]);
	struct t1_segg *s;

	if (t->pre) {
		t->g.v[row].pre = true;
		t->g.v[row].start = ev->arg[1];
		return;
	}
	s = touch(t, row, true);
	t->g.v[row].mark = t->g.v[row].since = at;
	t->g.v[row].state = GS_RUNNABLE;
	s->s.flags = SEGG_CREATED;
	s->s.t_create = at;
	s->s.creator = ev->g;
	s->create = ev->stack;
	s->start = s->stack = ev->arg[1];
	s->text = 0;
}

static void told_before(struct trace1 *t, uint64_t goid, uint8_t state)
{
	uint32_t row = g_row(t, goid);

	t->g.v[row].pre = false;
	g_first(t, row, state, t->g.v[row].start);
}

/* The first GOMAXPROCS ends what is told of the state before: who was not told of is ready. */
static void pre_ends(struct trace1 *t)
{
	t->pre = false;
	for (uint32_t row = 0; row < t->g.n; row++)
		if (t->g.v[row].pre)
			told_before(t, t->g.v[row].goid, GS_RUNNABLE);
}

static inline void sum_move(struct trace1 *t, const struct t1_event *ev, const struct move *mv,
			    uint32_t row, int64_t at)
{
	/* where it runs until the event, the event's stack is where it stays */
	uint64_t stack = mv->from == O_RUNNING ? ev->stack : T1_KEEP_STACK;
	struct t1_segg *s = g_to(t, row, at, mv->state, stack, mv->text);

	if (mv->other)
		s->s.waker = ev->g;
}

static void sum_event(struct trace1 *t, const struct t1_event *ev, int64_t at)
{
	const struct move *mv = &move_of[ev->type];
	struct t1_segg *s;
	uint32_t row;

	if (mv->summed) {
		if (t->pre && mv->to == O_RUNNING)
			told_before(t, ev->g, GS_RUNNING);
		else
			sum_move(t, ev, mv, g_row(t, mv->other ? ev->arg[0] : ev->g), at);
		return;
	}
	switch (ev->type) {
	case T1_GOMAXPROCS:
		if (t->pre)
			pre_ends(t);
		break;
	case T1_GO_CREATE:
		created(t, ev, at);
		break;
	case T1_GO_WAITING:
		told_before(t, ev->g, GS_BLOCKED);
		break;
	case T1_GO_IN_SYSCALL:
		told_before(t, ev->g, GS_SYSCALL);
		break;
	case T1_GO_END:
		row = g_row(t, ev->g);
		s = g_to(t, row, at, GS_DEAD, T1_KEEP_STACK, 0);
		s->s.flags |= SEGG_ENDED;
		s->s.t_end = at;
		break;
	case T1_GO_STOP:
		g_to(t, g_row(t, ev->g), at, GS_BLOCKED, ev->stack, TX_FOREVER);
		break;
	case T1_SYSCALL:
		row = g_row(t, ev->g);
		g_to(t, row, at, GS_SYSCALL, ev->stack, 0);
		if (!ev->blocks)
			g_to(t, row, at + 1, GS_RUNNING, T1_KEEP_STACK, 0);
		break;
	case T1_SYS_EXIT:
		g_to(t, g_row(t, ev->g), at, GS_RUNNABLE, T1_KEEP_STACK, 0);
		break;
	case T1_GC_START:
		band(t, at, TX_GC, true);
		break;
	case T1_GC_DONE:
		band(t, at, TX_GC, false);
		break;
	case T1_STW_START:
		t->stw = t1_stw_text(t->scan.version, ev->arg[0]);
		band(t, at, t->stw, true);
		break;
	case T1_STW_DONE:
		band(t, at, t->stw, false);
		break;
	case T1_LOG:
		*vec_push(&t->cur->message) = (struct t1_message){ ev->text, ev->text_len };
		break;
	case T1_TASK_CREATE:
		*vec_push(&t->cur->task) = (struct t1_task){ ev->arg[0], ev->arg[1], ev->arg[2] };
		break;
	}
}

/* --- segments --- */

static void segment_open(struct trace1 *t)
{
	struct t1_segment *s = xcalloc(1, sizeof(*s));

	s->t0 = t->t_last;
	s->pre_at_start = t->pre;
	s->stw = t->stw;
	s->sample = t->sample;
	for (uint32_t i = 0; i < t->n_lane; i++) {
		if (!t->lane[i].c.ev.type)
			continue;
		*vec_push(&s->snap) = (struct t1_snap){
			.mark = t1_cursor_mark(&t->scan, &t->lane[i].c),
			.m = t->lane[i].m,
			.seen = t->lane[i].seen,
		};
	}
	t->cur = s;
	t->cur_bytes = 0;
	t->stamp++;
}

static void segment_close(struct trace1 *t)
{
	struct t1_segment *s = t->cur;

	s->t1 = t->t_last;
	for (size_t i = 0; i < s->g.n; i++) {
		struct t1_segg *x = &s->g.v[i];
		struct t1_g *g = &t->g.v[x->row];

		if (g->slot != i)
			continue;
		account(g, x, s->t1);
		x->s.state = g->state;
		x->s.since = g->since;
	}
	pthread_mutex_lock(&t->lock);
	*t->tail = s;
	t->tail = &s->next;
	pthread_mutex_unlock(&t->lock);
	t->cur = NULL;
	if (t->src.notify)
		t->src.notify(t->src.notify_arg);
}

static bool segment_full(const struct trace1 *t)
{
	return t->cur->n_events >= t->min_events &&
	       t->cur->g.n * sizeof(struct entry) * ENTRY_COST <= t->cur_bytes;
}

/* --- order: internal/trace/internal/tracev1/order.go:stateTransition --- */

#define NO_SEQ UINT64_MAX

/* Moves a goroutine where it is in the state that the event wants; 0: it is not. */
static int o_move(struct t1_g *g, uint64_t seq, uint8_t from, uint64_t next_seq, uint8_t to,
		  bool force)
{
	if (!force && ((seq != NO_SEQ && g->seq != seq) || g->order != from))
		return 0;
	g->seq = next_seq;
	g->order = to;
	return 1;
}

static int order_move(struct trace1 *t, const struct t1_event *ev, const struct move *mv,
		      bool force)
{
	struct t1_g *g = g_of(t, mv->other ? ev->arg[0] : ev->g);

	if (mv->sequenced && !ev->local)
		return o_move(g, ev->arg[1], mv->from, ev->arg[1] + 1, mv->to, force);
	return o_move(g, NO_SEQ, mv->from, g->seq + mv->sequenced, mv->to, force);
}

static int order_event(struct trace1 *t, const struct t1_event *ev, bool force)
{
	const struct move *mv = &move_of[ev->type];

	if (mv->ordered)
		return order_move(t, ev, mv, force);
	switch (ev->type) {
	case T1_GO_CREATE:
		return o_move(g_of(t, ev->arg[0]), 0, O_DEAD, 1, O_RUNNABLE, force);
	case T1_GO_WAITING:
	case T1_GO_IN_SYSCALL:
		return o_move(g_of(t, ev->g), 1, O_RUNNABLE, 2, O_WAITING, force);
	case T1_GC_START:
		if (t->gc_seq != ev->arg[0] && !force)
			return 0;
		t->gc_seq = ev->arg[0] + 1;
		return 1;
	default:
		return 1;
	}
}

static inline bool earlier(struct t1_wait a, struct t1_wait b)
{
	return a.ts < b.ts || (a.ts == b.ts && a.lane < b.lane);
}

/* The lane at place k has gone on: it goes where it belongs now. */
static void lane_moved(struct trace1 *t, size_t k)
{
	struct t1_wait *v = t->waiting.v, moved = v[k];

	if (!t->lane[moved.lane].c.ev.type) {
		memmove(v + k, v + k + 1, (--t->waiting.n - k) * sizeof(*v));
		return;
	}
	moved.ts = t->lane[moved.lane].c.ev.ts;
	for (; k + 1 < t->waiting.n && earlier(v[k + 1], moved); k++)
		v[k] = v[k + 1];
	for (; k && earlier(moved, v[k - 1]); k--)
		v[k] = v[k - 1];
	v[k] = moved;
}

/*
 * Goroutines of C threads that call Go were not announced before Go 1.21, nor
 * wholly then (golang.org/issue/29707): such a one comes out of a system call
 * that nobody saw it enter, or starts to run within one. All that is earlier has
 * been told, so nothing can follow that would explain it: it is believed.
 */
static bool from_c(struct trace1 *t, const struct t1_event *ev)
{
	const struct t1_g *g;

	if (ev->type != T1_SYS_EXIT && ev->type != T1_GO_START && ev->type != T1_GO_IN_SYSCALL)
		return false;
	g = g_of(t, ev->type == T1_SYS_EXIT ? ev->arg[0] : ev->g);
	if (ev->type == T1_GO_START && g->state == GS_SYSCALL)
		return true;
	return g->order == O_DEAD || (g->from_c && g->order == O_WAITING);
}

static void adopt(struct trace1 *t, const struct t1_event *ev, int64_t at)
{
	uint32_t row = g_row(t, ev->type == T1_SYS_EXIT ? ev->arg[0] : ev->g);
	struct t1_g *g = &t->g.v[row];
	struct t1_segg *s;

	t->adopted++;
	if (g->state != GS_DEAD && g->state != GS_NONE)
		return;
	g->from_c = true;
	s = touch(t, row, true);
	g->mark = g->since = at;
	g->state = GS_SYSCALL;
	s->s.flags = SEGG_CREATED;
	s->s.t_create = at;
	s->stack = s->text = 0;
	*vec_push(&t->cur->adopted) = (struct t1_adopted){ (uint32_t)t->cur->n_events, g->goid };
}

/* Picks the next event; returns its lane's place, or -1 where none can come. */
static long pick(struct trace1 *t)
{
	const struct t1_event *first = &t->lane[t->waiting.v[0].lane].c.ev;

	if (order_event(t, first, false))
		return 0;
	if (from_c(t, first)) {
		order_event(t, first, true);
		t->force = true;
		return 0;
	}
	for (size_t k = 1; k < t->waiting.n; k++) {
		t->tries++;
		if (order_event(t, &t->lane[t->waiting.v[k].lane].c.ev, false))
			return (long)k;
	}
	return -1;
}

#define TIME_MOST ((int64_t)1 << 60)

int64_t t1_ns(const struct trace1 *t, uint64_t ticks)
{
	double ns;

	if (ticks < t->first_ts)
		return 0;
	/* what is beyond 36 years is nonsense, and ends there */
	ns = (double)(ticks - t->first_ts) * t->scale;
	return ns < (double)TIME_MOST ? (int64_t)ns : TIME_MOST;
}

/* When a goroutine came out of its system call was noted apart: often long before. */
int64_t t1_event_ns(const struct trace1 *t, const struct t1_event *ev)
{
	if (ev->type == T1_SYS_EXIT && ev->arg[2])
		return t1_ns(t, ev->arg[2]);
	return t1_ns(t, ev->ts);
}

static int take(struct trace1 *t, uint32_t lane, bool exception)
{
	struct t1_lane *l = &t->lane[lane];
	const struct t1_event *ev = &l->c.ev;
	int64_t now, at;

	if (ev->ts < t->ts_last)
		return err_set(&t->why, -EBADMSG, EXIT_BADFILE, "time goes back at byte %" PRIu64,
			       (uint64_t)(l->c.at - t->scan.data));
	t->ts_last = ev->ts;
	now = t1_ns(t, ev->ts);
	at = ev->type == T1_SYS_EXIT ? t1_event_ns(t, ev) : now;
	if (now > t->t_last)
		t->t_last = now;
	if (t->force)
		adopt(t, ev, at);
	t->force = false;
	if (exception)
		*vec_push(&t->cur->exception) =
			(struct t1_exception){ (uint32_t)t->cur->n_events, lane };
	sum_event(t, ev, at);
	if (ev->type == T1_PROC_START) {
		l->m = ev->arg[0];
		l->seen = true;
	} else if (ev->type == T1_PROC_STOP) {
		l->seen = true;
	}
	t->cur->n_events++;
	t->cur_bytes += (uint64_t)(l->c.p - l->c.at);
	t1_cursor_next(&t->scan, &l->c);
	return 0;
}

/* --- the frequent ones: order and sum at once; what is not as the table has it goes the long way --- */

/* The row of a goroutine whose event is as the table has it, or UINT32_MAX. */
static inline uint32_t move_row(const struct trace1 *t, const struct t1_event *ev,
				const struct move *mv)
{
	uint64_t goid = mv->other ? ev->arg[0] : ev->g;
	uint32_t row = goid < t->direct.n ? t->direct.v[goid] - 1 : UINT32_MAX;

	if (!mv->summed || row == UINT32_MAX || t->g.v[row].order != mv->from)
		return UINT32_MAX;
	if (mv->sequenced && !ev->local && t->g.v[row].seq != ev->arg[1])
		return UINT32_MAX;
	return row;
}

static inline bool move(struct trace1 *t, const struct t1_event *ev)
{
	const struct move *mv = &move_of[ev->type];
	uint32_t row = move_row(t, ev, mv);
	int64_t now;

	if (row == UINT32_MAX || ev->ts < t->ts_last)
		return false;
	t->ts_last = ev->ts;
	now = t1_ns(t, ev->ts);
	t->t_last = now > t->t_last ? now : t->t_last;
	t->g.v[row].order = mv->to;
	t->g.v[row].seq += mv->sequenced;
	sum_move(t, ev, mv, row, now);
	return true;
}

/* Takes the earliest lane's frequent events while it stays the earliest; how many. */
static unsigned run_moves(struct trace1 *t)
{
	struct t1_lane *l = &t->lane[t->waiting.v[0].lane];
	struct t1_wait second = { UINT64_MAX, UINT32_MAX };
	unsigned n = 0;

	if (t->waiting.n > 1)
		second = t->waiting.v[1];
	while (n < LOOK_EVERY && l->c.ev.type && move(t, &l->c.ev)) {
		n++;
		t->cur_bytes += (uint64_t)(l->c.p - l->c.at);
		t1_cursor_next(&t->scan, &l->c);
		if (!earlier((struct t1_wait){ l->c.ev.ts, t->waiting.v[0].lane }, second))
			break;
	}
	t->cur->n_events += n;
	return n;
}

/* One event of any kind; whether there was one. */
static bool run_any(struct trace1 *t)
{
	long k = pick(t);

	if (k < 0) {
		err_set(&t->why, -EBADMSG, EXIT_BADFILE,
			"no event can come next: the trace contradicts itself");
		return false;
	}
	if (take(t, t->waiting.v[k].lane, k > 0))
		return false;
	lane_moved(t, (size_t)k);
	return true;
}

/* Now and then: whether to go on. */
static bool look_around(struct trace1 *t, uint64_t total)
{
	if (atomic_load_explicit(&t->cancel, memory_order_relaxed))
		return false;
	if (t->tries > TRIES_FREE + total * TRIES_PER_EVENT) {
		err_set(&t->why, -EBADMSG, EXIT_BADFILE,
			"the events are out of order beyond reason");
		return false;
	}
	if (!t->pre && segment_full(t)) {
		segment_close(t);
		segment_open(t);
	}
	return true;
}

static void run_events(struct trace1 *t)
{
	uint64_t total = 0, look = LOOK_EVERY;

	while (t->waiting.n && !t->why.rc) {
		unsigned n = t->pre ? 0 : run_moves(t);

		if (n)
			lane_moved(t, 0);
		else if (!run_any(t))
			break;
		total += n ? n : 1;
		if (total < look)
			continue;
		look = total + LOOK_EVERY;
		if (!look_around(t, total))
			break;
	}
}

/* --- begin and end --- */

static void lanes_start(struct trace1 *t)
{
	uint64_t first = UINT64_MAX;

	t->n_lane = (uint32_t)t->scan.proc.n;
	t->lane = xcalloc(t->n_lane, sizeof(*t->lane));
	for (uint32_t i = 0; i < t->n_lane; i++) {
		t1_cursor_start(&t->scan, &t->lane[i].c, i);
		t->lane[i].c.err = &t->why;
		t->lane[i].m = NO_ID;
		if (!t->lane[i].c.ev.type)
			continue;
		if (t->lane[i].c.ev.ts < first)
			first = t->lane[i].c.ev.ts;
		*vec_push(&t->waiting) = (struct t1_wait){ t->lane[i].c.ev.ts, i };
		lane_moved(t, t->waiting.n - 1);
	}
	t->first_ts = first == UINT64_MAX ? 0 : first;
	t->scale = t->scan.frequency ? 1e9 / (double)t->scan.frequency : 1;
}

void t1_order_start(struct trace1 *t)
{
	uint64_t events = t->scan.size / T1_EVENT_BYTES / SEGMENTS_WANTED;

	lanes_start(t);
	t->min_events = events < SEGMENT_LEAST	? SEGMENT_LEAST
			: events > SEGMENT_MOST ? SEGMENT_MOST
						: events;
}

void t1_order_run(struct trace1 *t)
{
	segment_open(t);
	run_events(t);
	if (t->cur->n_events) {
		segment_close(t);
	} else {
		t1_segment_free(t->cur);
		t->cur = NULL;
	}
}

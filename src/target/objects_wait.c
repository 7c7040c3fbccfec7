/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a goroutine that waits to the object: by its sudogs, which name the
 * channel or the semaphore's address, and by the words of the frames it waits
 * in. A sudog is believed when it names the goroutine that led to it.
 */
#include <stdlib.h>
#include <string.h>

#include "target/objects_priv.h"

enum {
	SUDOGS_MOST = 1 << 12, /* cases of one select */
	ARGUMENTS = 48, /* bytes in which a callee may keep its arguments */
};

static const struct {
	const char *text; /* runtime/runtime2.go:waitReasonStrings, or its begin */
	uint8_t wait, op;
} reasons[] = {
	{ "chan receive (nil", WK_NIL, OP_RECV }, { "chan send (nil", WK_NIL, OP_SEND },
	{ "select (no cases", WK_NIL, OP_NONE },  { "chan receive", WK_CHAN, OP_RECV },
	{ "chan send", WK_CHAN, OP_SEND },	  { "select", WK_CHAN, OP_NONE },
	{ "semacquire", WK_SEMA, OP_WAIT },	  { "sync.Mutex.", WK_SEMA, OP_LOCK },
	{ "sync.RWMutex.", WK_SEMA, OP_LOCK },	  { "sync.WaitGroup.", WK_SEMA, OP_WAIT },
	{ "sync.Cond.", WK_COND, OP_WAIT },	  { "IO wait", WK_POLL, OP_READ },
	{ "sleep", WK_SLEEP, OP_WAIT },		  { "", WK_RUNTIME, OP_WAIT },
};

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

void waits_init(struct objects *o)
{
	const struct golayout *lay = &o->t->lay;

	o->wait_of = xcalloc(256, 1);
	o->op_of = xcalloc(256, 1);
	for (uint32_t r = 0; r < 256; r++) {
		const char *text = layout_waitreason(lay, r);
		size_t k = 0;

		if (!*text) /* no wait that Go has a name for */
			continue;
		while (!begins(text, reasons[k].text))
			k++;
		o->wait_of[r] = reasons[k].wait;
		o->op_of[r] = reasons[k].op;
	}
}

/* --- frames --- */

/* The next function of the stack, leaf first, inlined ones as well; NULL: no more. */
struct names {
	struct objects *o;
	const struct gstack *s;
	size_t frame;
	uint32_t line;
};

static const char *names_next(struct names *n)
{
	for (; n->frame < n->s->n; n->frame++, n->line = 0) {
		const struct sympc *p =
			symtab_pc(n->o->t->sym, unwind_pc_lookup(n->s->pc[n->frame]));

		if (p && n->line < p->nframe)
			return p->frame[n->line++].func;
	}
	return NULL;
}

/* What only leads to the park. */
static bool is_way(const char *f)
{
	return begins(f, "runtime.gopark") || begins(f, "runtime.semacquire") ||
	       begins(f, "sync.runtime_") || begins(f, "internal/sync.runtime_") ||
	       begins(f, "internal/poll.runtime_");
}

/* After sync.(*Mutex).lockSlow: what is locked may be part of something else. */
static void mutex_learn(struct objects *o, struct gseen *g, struct names *n)
{
	const struct golayout *lay = &o->t->lay;
	const char *f = names_next(n);

	g->kind = OBJ_MUTEX;
	g->op = OP_LOCK;
	g->delta = lay->sync_Mutex.sema;
	while (f && strstr(f, "(*Mutex).Lock"))
		f = names_next(n);
	if (!f)
		return;
	if (!strcmp(f, "sync.(*RWMutex).Lock")) {
		g->kind = OBJ_RWMUTEX;
		g->delta += lay->sync_RWMutex.w;
	} else if (begins(f, "sync.(*Once).")) {
		g->kind = OBJ_ONCE;
		g->delta += lay->sync_Once.m;
	} else if (begins(f, "sync.") || begins(f, "internal/sync.")) {
		g->text = objects_str(o, "%s", f); /* sync.Pool, sync.Map: their own */
	}
}

/* internal/poll/fd_mutex.go:fdMutex is a word of state and two semaphores; fd_unix.go:FD begins with it. */
enum { FD_RSEMA = 8, FD_WSEMA = 12, FD_CSEMA = 40 };

static void sema_learn(struct objects *o, struct gseen *g, const struct gstack *s)
{
	const struct golayout *lay = &o->t->lay;
	struct names n = { .o = o, .s = s };
	const char *f = names_next(&n);

	while (f && is_way(f))
		f = names_next(&n);
	g->kind = OBJ_SEMA;
	if (!f)
		return;
	if (strstr(f, "sync.(*Mutex).lockSlow")) {
		mutex_learn(o, g, &n);
	} else if (!strcmp(f, "sync.(*RWMutex).RLock")) {
		g->kind = OBJ_RWMUTEX;
		g->op = OP_RLOCK;
		g->delta = lay->sync_RWMutex.readerSem;
	} else if (!strcmp(f, "sync.(*RWMutex).Lock")) {
		g->kind = OBJ_RWMUTEX;
		g->op = OP_LOCK;
		g->delta = lay->sync_RWMutex.writerSem;
	} else if (!strcmp(f, "sync.(*WaitGroup).Wait")) {
		g->kind = OBJ_WAITGROUP;
		g->op = OP_WAIT;
		g->delta = lay->sync_WaitGroup.sema;
	} else if (!strcmp(f, "internal/poll.(*FD).Close")) {
		g->delta = FD_CSEMA;
		g->text = objects_str(o, "%s", f);
	} else if (begins(f, "internal/poll.(*fdMutex)")) {
		g->delta = FD_RSEMA; /* or FD_WSEMA, as the address will tell */
		g->text = objects_str(o, "%s", f);
	} else {
		g->kind = begins(f, "runtime.") ? OBJ_RUNTIME : OBJ_SEMA;
		g->text = objects_str(o, "%s", f);
	}
}

static bool may_be(const struct gstack *s, uint64_t v)
{
	return v >= 4096 && !(v >> 47) && !(v & 3) && (v < s->mem.addr || v >= s->mem.hi);
}

static void cand_add(struct objects *o, struct gseen *g, uint64_t v)
{
	for (uint8_t i = 0; i < g->n_cand; i++)
		if (o->cand.v[g->cand + i] == v)
			return;
	if (g->n_cand == CANDIDATES)
		return;
	*vec_push(&o->cand) = v;
	g->n_cand++;
}

/*
 * The words of the frames from the leaf on up to that of the function, with
 * those above it, where it may keep its arguments.
 */
static void cands_learn(struct objects *o, struct gseen *g, const struct gstack *s,
			const char *until)
{
	g->cand = (uint32_t)o->cand.n;
	if (g->g.waiting) /* from 1.26 on it leads to the sudog */
		cand_add(o, g, g->g.waiting);
	for (size_t i = 0; i < s->n; i++) {
		bool last = s->info[i] && !strcmp(s->info[i]->func, until);
		uint64_t end = s->sp[i + 1] + (last ? ARGUMENTS : 0);

		for (uint64_t a = s->sp[i]; a + 8 <= end; a += 8)
			if (may_be(s, gstack_word(s, a)))
				cand_add(o, g, gstack_word(s, a));
		if (last)
			return;
	}
	g->n_cand = 0; /* it does not wait where it is said to */
}

void wait_learn(struct objects *o, struct gseen *g, const struct gstack *s)
{
	if (g->g.status == GST_SYSCALL || g->g.in_syscall) {
		g->wait = WK_SYSCALL;
		g->op = OP_CALL;
		return;
	}
	if (g->g.status != GST_WAITING && g->g.status != GST_LEAKED)
		return;
	g->wait = o->wait_of[g->g.reason];
	g->op = o->op_of[g->g.reason];
	g->select = begins(layout_waitreason(&o->t->lay, g->g.reason), "select");
	switch (g->wait) {
	case WK_SEMA:
		sema_learn(o, g, s);
		cands_learn(o, g, s, "runtime.semacquire1");
		break;
	case WK_COND:
		g->kind = OBJ_COND;
		cands_learn(o, g, s, "sync.(*Cond).Wait");
		break;
	case WK_POLL:
		g->kind = OBJ_POLL;
		cands_learn(o, g, s, "internal/poll.runtime_pollWait");
		break;
	}
}

/* --- sudogs --- */

static uint32_t sudog_bytes(const struct objects *o)
{
	return (uint32_t)o->t->lay.sudog.size;
}

static struct sudog sudog_parse(const struct objects *o, uint64_t addr, const uint8_t *b)
{
	const struct golayout *lay = &o->t->lay;

	return (struct sudog){
		.addr = addr,
		.g = objects_u64(b, lay->sudog.g),
		.next = objects_u64(b, lay->sudog.next),
		.prev = objects_u64(b, lay->sudog.prev),
		.waitlink = objects_u64(b, lay->sudog.waitlink),
		.elem = objects_u64(b, lay->sudog.elem),
		.chan = objects_u64(b, lay->sudog.c),
		.select = b[lay->sudog.isSelect] & 1,
	};
}

/* Those of a semaphore's or a Cond's waiters are not known yet: each candidate is asked whose it is. */
static int sudogs_find(struct objects *o)
{
	struct gather *ga = &o->gather;
	size_t at = 0;
	int rc;

	gather_clear(ga);
	for (size_t i = 0; i < o->waits.n; i++) {
		struct gseen *g = &o->seen.v[o->waits.v[i]];

		if ((g->wait != WK_SEMA && g->wait != WK_COND) || g->sudog)
			continue;
		for (uint8_t k = 0; k < g->n_cand; k++)
			gather_add(ga, o->cand.v[g->cand + k] & 7 ? 0 : o->cand.v[g->cand + k],
				   sudog_bytes(o));
	}
	rc = gather_run(ga, o->t->mem);
	for (size_t i = 0; i < o->waits.n && !rc; i++) {
		struct gseen *g = &o->seen.v[o->waits.v[i]];

		if ((g->wait != WK_SEMA && g->wait != WK_COND) || g->sudog)
			continue;
		for (uint8_t k = 0; k < g->n_cand; k++) {
			const uint8_t *b = gather_get(ga, at++);

			if (b && objects_u64(b, o->t->lay.sudog.g) == g->g.addr)
				g->sudog = o->cand.v[g->cand + k];
		}
	}
	return rc;
}

static uint64_t first_sudog(const struct gseen *g)
{
	return g->wait == WK_CHAN			  ? g->g.waiting
	       : g->wait == WK_SEMA || g->wait == WK_COND ? g->sudog
							  : 0;
}

/* One round: the sudogs at next[], and what they link to for the round after. */
static int sudogs_round(struct objects *o, size_t first, size_t *end)
{
	struct gather *ga = &o->gather;
	size_t n = o->sudog.n;
	int rc;

	gather_clear(ga);
	for (size_t i = first; i < n; i++)
		gather_add(ga, o->sudog.v[i].addr & 7 ? 0 : o->sudog.v[i].addr, sudog_bytes(o));
	rc = gather_run(ga, o->t->mem);
	for (size_t i = first; i < n && !rc; i++) {
		const uint8_t *b = gather_get(ga, i - first);
		struct sudog was = o->sudog.v[i], *s = &o->sudog.v[i];
		const struct gseen *g = &o->seen.v[was.seen];

		if (!b)
			continue;
		*s = sudog_parse(o, was.addr, b);
		s->seen = was.seen;
		s->at = was.at;
		s->ok = s->g == g->g.addr;
		if (!s->ok || g->wait != WK_CHAN || !s->waitlink || was.at + 1 >= SUDOGS_MOST)
			continue;
		was.addr = s->waitlink; /* s moves with the array */
		was.at++;
		*vec_push(&o->sudog) = was;
	}
	*end = n;
	return rc;
}

static int sudogs_read(struct objects *o)
{
	size_t first = 0;
	int rc = sudogs_find(o);

	o->sudog.n = 0;
	map64_clear(&o->by_sudog);
	for (size_t i = 0; i < o->waits.n; i++) {
		uint64_t addr = first_sudog(&o->seen.v[o->waits.v[i]]);

		if (addr)
			*vec_push(&o->sudog) =
				(struct sudog){ .addr = addr, .seen = o->waits.v[i] };
	}
	while (!rc && first < o->sudog.n)
		rc = sudogs_round(o, first, &first);
	for (size_t i = 0; i < o->sudog.n; i++)
		if (o->sudog.v[i].ok)
			map64_put(&o->by_sudog, o->sudog.v[i].addr, (uint32_t)i);
	return rc;
}

static struct sudog *sudog_at(struct objects *o, uint64_t addr)
{
	uint32_t i = addr ? map64_get(&o->by_sudog, addr) : UINT32_MAX;

	return i == UINT32_MAX ? NULL : &o->sudog.v[i];
}

/* --- channels --- */

static bool chan_sane(const struct golayout *lay, const uint8_t *b)
{
	uint64_t count = objects_u64(b, lay->hchan.qcount),
		 size = objects_u64(b, lay->hchan.dataqsiz);

	return size < 1ull << 40 && count <= size && objects_u32(b, lay->hchan.closed) <= 1 &&
	       objects_u64(b, lay->hchan.sendx) <= size && objects_u64(b, lay->hchan.recvx) <= size;
}

static void sudog_tell(struct objects *o, struct sudog *s, uint64_t addr, enum wait_op op)
{
	const struct gseen *g = &o->seen.v[s->seen];

	s->told = true;
	facts_wait(o->out, g->g.goid, addr, op, g->select, s->at);
}

/* A queue of a channel, as far as its sudogs are known: who parks or wakes meanwhile may be missing. */
static void queue_tell(struct objects *o, uint64_t chan, uint64_t first, uint64_t last,
		       enum wait_op op)
{
	struct sudog *s = sudog_at(o, first), *before;

	for (; s && !s->told && s->chan == chan; s = sudog_at(o, s->next))
		sudog_tell(o, s, chan, op);
	/* From the other end, in the queue's order still. */
	s = sudog_at(o, last);
	while (s && !s->told && s->chan == chan && (before = sudog_at(o, s->prev)) &&
	       !before->told && before->chan == chan && before != s)
		s = before;
	for (; s && !s->told && s->chan == chan; s = sudog_at(o, s->next))
		sudog_tell(o, s, chan, op);
}

/* All channels that sudogs name, each once; read, checked, with their queues. */
static int chans_tell(struct objects *o)
{
	const struct golayout *lay = &o->t->lay;
	struct gather *ga = &o->gather;
	int rc;

	gather_clear(ga);
	for (size_t i = 0; i < o->sudog.n; i++) {
		const struct sudog *s = &o->sudog.v[i];

		if (s->ok && s->chan && o->seen.v[s->seen].wait == WK_CHAN && !(s->chan & 7) &&
		    facts_find(o->out, s->chan) == NO_OBJECT) {
			gather_add(ga, s->chan, (uint32_t)lay->hchan.size);
			facts_object(o->out, s->chan)->kind = OBJ_CHAN;
		}
	}
	rc = gather_run(ga, o->t->mem);
	for (size_t i = 0; i < ga->piece.n && !rc; i++) {
		const uint8_t *b = gather_get(ga, i);
		uint64_t chan = ga->piece.v[i].addr;

		if (!b || !chan_sane(lay, b))
			continue;
		queue_tell(o, chan, objects_u64(b, lay->hchan.recvq_first),
			   objects_u64(b, lay->hchan.recvq_last), OP_RECV);
		queue_tell(o, chan, objects_u64(b, lay->hchan.sendq_first),
			   objects_u64(b, lay->hchan.sendq_last), OP_SEND);
	}
	/* What moved between two readings. */
	for (size_t i = 0; i < o->sudog.n && !rc; i++) {
		struct sudog *s = &o->sudog.v[i];

		if (s->ok && s->chan && !s->told && o->seen.v[s->seen].wait == WK_CHAN)
			sudog_tell(o, s, s->chan, o->seen.v[s->seen].op);
	}
	return rc;
}

/* --- semaphores --- */

/* Waiters of one address: runtime/sema.go chains them from the treap's node by waitlink. */
static void sema_tell(struct objects *o, struct sudog *s)
{
	struct gseen *g = &o->seen.v[s->seen];
	struct object *ob;
	int32_t delta = g->delta;

	if (g->delta == FD_RSEMA && g->kind == OBJ_SEMA && s->elem & 4)
		delta = FD_WSEMA;
	g->object = s->elem - (uint64_t)delta;
	if (g->kind == OBJ_SEMA && (delta == FD_RSEMA || delta == FD_WSEMA))
		g->op = delta == FD_RSEMA ? OP_READ : OP_WRITE;
	ob = facts_object(o->out, g->object);
	if (ob->kind == OBJ_NONE) {
		ob->kind = g->kind;
		ob->text = g->text;
		if (g->kind == OBJ_SEMA && delta)
			ob->owner = g->object;
	}
	s->told = true;
	facts_wait(o->out, g->g.goid, g->object, g->op, false, 0);
}

static void semas_tell(struct objects *o)
{
	struct map64 linked = { 0 };

	for (size_t i = 0; i < o->sudog.n; i++)
		if (o->sudog.v[i].ok && o->seen.v[o->sudog.v[i].seen].wait == WK_SEMA &&
		    o->sudog.v[i].waitlink)
			map64_put(&linked, o->sudog.v[i].waitlink, 1);
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < o->sudog.n; i++) {
			struct sudog *s = &o->sudog.v[i];

			if (!s->ok || o->seen.v[s->seen].wait != WK_SEMA || s->told || !s->elem)
				continue;
			/* First those that head a queue, then what was left over. */
			if (!pass && map64_get(&linked, s->addr) != UINT32_MAX)
				continue;
			for (; s && !s->told && s->elem; s = sudog_at(o, s->waitlink))
				sema_tell(o, s);
		}
	map64_free(&linked);
}

/* --- Cond --- */

/* Does the list lead to that sudog? Waiters are in the order of their tickets. */
static bool list_has(struct objects *o, uint64_t head, const struct sudog *want)
{
	struct sudog *s = sudog_at(o, head);

	for (size_t n = 0; s && n <= o->sudog.n; n++) {
		if (s == want)
			return true;
		s = sudog_at(o, s->next);
	}
	return false;
}

static void cond_list_tell(struct objects *o, uint64_t cond, uint64_t head)
{
	struct sudog *s = sudog_at(o, head);

	facts_object(o->out, cond)->kind = OBJ_COND;
	for (; s && !s->told; s = sudog_at(o, s->next)) {
		o->seen.v[s->seen].object = cond;
		s->told = true;
		facts_wait(o->out, o->seen.v[s->seen].g.goid, cond, OP_WAIT, false, 0);
	}
}

static uint8_t cond_cands(const struct gseen *g)
{
	return g->object ? 1 : g->n_cand;
}

static uint64_t cond_cand(const struct objects *o, const struct gseen *g, uint8_t k)
{
	return g->object ? g->object : o->cand.v[g->cand + k];
}

/* sync.(*Cond).Wait keeps the Cond in its frame; it is the one whose list holds the waiter. */
static int conds_tell(struct objects *o)
{
	const struct golayout *lay = &o->t->lay;
	uint32_t off = (uint32_t)lay->sync_Cond.notify;
	struct gather *ga = &o->gather;
	size_t at = 0;
	int rc;

	gather_clear(ga);
	for (size_t i = 0; i < o->sudog.n; i++) {
		const struct gseen *g = &o->seen.v[o->sudog.v[i].seen];

		if (!o->sudog.v[i].ok || g->wait != WK_COND)
			continue;
		o->sudog.v[i].cands = cond_cands(g); /* it may be found before its turn */
		for (uint8_t k = 0; k < o->sudog.v[i].cands; k++)
			gather_add(ga, cond_cand(o, g, k) + off, (uint32_t)lay->notifyList.size);
	}
	rc = gather_run(ga, o->t->mem);
	for (size_t i = 0; i < o->sudog.n && !rc; i++) {
		struct sudog *s = &o->sudog.v[i];
		const struct gseen *g = &o->seen.v[s->seen];

		if (!s->ok || g->wait != WK_COND)
			continue;
		for (uint8_t k = 0; k < s->cands; k++) {
			const uint8_t *b = gather_get(ga, at++);
			uint64_t head = b ? objects_u64(b, lay->notifyList.head) : 0;

			if (!s->told && head && list_has(o, head, s))
				cond_list_tell(o, cond_cand(o, g, k), head);
		}
	}
	return rc;
}

/* --- the network --- */

static bool poll_waits(const struct golayout *lay, const uint8_t *b, uint64_t g, uint8_t *op)
{
	*op = objects_u64(b, lay->pollDesc.rg) == g ? OP_READ : OP_WRITE;
	return *op == OP_READ || objects_u64(b, lay->pollDesc.wg) == g;
}

/* Finds the pollDesc among the words of the frames: the one that says it keeps this goroutine. */
static int polls_tell(struct objects *o)
{
	const struct golayout *lay = &o->t->lay;
	struct gather *ga = &o->gather;
	size_t at = 0;
	int rc;

	gather_clear(ga);
	for (size_t i = 0; i < o->waits.n; i++) {
		const struct gseen *g = &o->seen.v[o->waits.v[i]];

		for (uint8_t k = 0; g->wait == WK_POLL && !g->object && k < g->n_cand; k++)
			gather_add(ga, o->cand.v[g->cand + k], (uint32_t)lay->pollDesc.size);
	}
	rc = gather_run(ga, o->t->mem);
	for (size_t i = 0; i < o->waits.n && !rc; i++) {
		struct gseen *g = &o->seen.v[o->waits.v[i]];

		if (g->wait != WK_POLL)
			continue;
		o->out->netpoll = true;
		for (uint8_t k = 0; !g->object && k < g->n_cand; k++) {
			const uint8_t *b = gather_get(ga, at + k);
			uint8_t op;

			if (b && poll_waits(lay, b, g->g.addr, &op)) {
				at += g->n_cand;
				g->object = o->cand.v[g->cand + k];
				g->op = op;
				g->n_cand = 0;
			}
		}
		at += g->object ? 0 : g->n_cand;
		if (!g->object)
			continue;
		facts_object(o->out, g->object)->kind = OBJ_POLL;
		facts_wait(o->out, g->g.goid, g->object, g->op, false, 0);
	}
	return rc;
}

/* --- what has no queue --- */

static void others_tell(struct objects *o)
{
	for (size_t i = 0; i < o->waits.n; i++) {
		const struct gseen *g = &o->seen.v[o->waits.v[i]];
		struct object *ob;

		switch (g->wait) {
		case WK_NIL:
			facts_object(o->out, 0)->kind = OBJ_NIL;
			facts_wait(o->out, g->g.goid, 0, g->op, g->select, 0);
			break;
		case WK_RUNTIME:
			ob = facts_object(o->out, g->g.addr);
			ob->kind = OBJ_RUNTIME;
			ob->text = objects_str(o, "%s", layout_waitreason(&o->t->lay, g->g.reason));
			facts_wait(o->out, g->g.goid, g->g.addr, g->op, false, 0);
			break;
		}
	}
}

int waits_tell(struct objects *o)
{
	int rc = sudogs_read(o);

	if (!rc)
		rc = chans_tell(o);
	if (rc)
		return rc;
	semas_tell(o);
	rc = conds_tell(o);
	if (!rc)
		rc = polls_tell(o);
	if (rc)
		return rc;
	others_tell(o);
	for (size_t i = 0; i < o->waits.n; i++)
		o->stats.unknown += !wait_found(&o->seen.v[o->waits.v[i]]);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Can anything that lives reach an object that is waited on? What the collector
 * does, from outside and without a stop: from the program's data and the stacks
 * of goroutines that will go on by themselves along all pointers, word by word.
 * A goroutine that waits for an object which was reached may go on as well, so
 * its stack counts then. The memory moves meanwhile: what was not reached once
 * means nothing, what is not reached again and again does.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "target/objects_priv.h"

enum {
	ARENA_PAGES = 8192, /* runtime/malloc.go:pagesPerArena on 64 bits */
	ARENAS_MOST = 1 << 12,
	SPANS_MOST = 1 << 21,
	BYTES_MOST = 256 << 20, /* of memory that is copied */
	PART = 256 << 10,
	ELEMS_MOST = 1 << 16, /* of a span: a uint16 counts them */
	SPAN_BYTES = 192, /* of a runtime.mspan, as much as is looked at */
	TINY_NOSCAN = 5,
};

struct mspan {
	uint64_t start, end, elem;
	bool noscan;
	uint8_t *data; /* a copy; NULL: not read yet */
	uint64_t *bit; /* by element: reached */
};

struct marena {
	uint64_t index;
	uint32_t page[ARENA_PAGES]; /* index of span + 1; 0: none */
};

struct todo {
	uint32_t span;
	uint64_t elem;
};

struct mark {
	struct objects *o;
	VEC(struct marena *) arena;
	struct map64 by_index;
	uint64_t low, high; /* indices */
	VEC(struct mspan) span;
	VEC(struct todo) todo;
	VEC(uint32_t) wake; /* objects that were reached, whose waiters go on */
	uint8_t *reached; /* by object */
	struct map64 at_base; /* heap object → the first object in it */
	VEC(uint32_t) next; /* the next one in the same, by object */
	VEC(uint32_t) waiter; /* by object: the first of its waiters in the list of waits */
	VEC(uint8_t) alive; /* by seen */
	struct map64 by_goid; /* of those that wait → index of seen */
	uint64_t bytes;
	bool cut;
};

/* --- the heap's spans --- */

static void mark_release(struct mark *m)
{
	for (size_t i = 0; i < m->arena.n; i++)
		free(m->arena.v[i]);
	for (size_t i = 0; i < m->span.n; i++) {
		free(m->span.v[i].data);
		free(m->span.v[i].bit);
	}
	vec_free(&m->arena);
	vec_free(&m->span);
	vec_free(&m->todo);
	vec_free(&m->wake);
	vec_free(&m->next);
	vec_free(&m->alive);
	map64_free(&m->by_index);
	vec_free(&m->waiter);
	map64_free(&m->by_goid);
	map64_free(&m->at_base);
	free(m->reached);
}

static struct mspan span_parse(const struct objects *o, const uint8_t *b)
{
	const struct golayout *lay = &o->t->lay;
	struct mspan s = { .start = objects_u64(b, lay->mspan.startAddr) };
	uint64_t pages = objects_u64(b, lay->mspan.npages);

	s.elem = objects_u64(b, lay->mspan.elemsize);
	s.end = s.start + (pages << lay->page_shift);
	s.noscan = b[lay->mspan.spanclass] & 1;
	if (!pages || pages > 1ull << 30 || s.end <= s.start || s.elem < 8 ||
	    s.elem > s.end - s.start || (s.end - s.start) / s.elem > ELEMS_MOST ||
	    b[lay->mspan.state] != lay->span_in_use)
		s.elem = 0;
	return s;
}

/* All spans of an arena, each once, from the runtime's table of pages. */
static bool arena_read(struct mark *m, uint64_t index, uint64_t at)
{
	struct objects *o = m->o;
	const struct golayout *lay = &o->t->lay;
	struct marena *a = xcalloc(1, sizeof(*a));
	uint64_t *page = xmalloc(ARENA_PAGES * sizeof(*page)), before = 0;
	struct gather *ga = &o->gather;
	uint32_t first = (uint32_t)m->span.n, n = 0;
	bool ok = !memr_read(o->t->mem, at + (uint64_t)lay->heapArena.spans, page,
			     ARENA_PAGES * sizeof(*page));

	a->index = index;
	gather_clear(ga);
	for (uint32_t i = 0; ok && i < ARENA_PAGES; i++) {
		if (!page[i])
			before = 0;
		else if (page[i] != before) {
			before = page[i];
			gather_add(ga, page[i], SPAN_BYTES);
			n++;
		}
		a->page[i] = page[i] ? first + n : 0;
	}
	free(page);
	map64_put(&m->by_index, index, (uint32_t)m->arena.n);
	*vec_push(&m->arena) = a;
	if (!ok || m->span.n + n > SPANS_MOST || gather_run(ga, o->t->mem))
		return false;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *b = gather_get(ga, i);

		*vec_push(&m->span) = b ? span_parse(o, b) : (struct mspan){ 0 };
	}
	return true;
}

/* runtime/mheap.go:mheap.heapArenas lists those there are. */
static bool arenas_read(struct mark *m)
{
	struct objects *o = m->o;
	const struct golayout *lay = &o->t->lay;
	uint64_t list[2], l2, *index, at;
	bool ok = true;

	if (!o->t->glob.mheap || lay->mheap.heapArenas < 0 || lay->mspan.size < SPAN_BYTES / 2 ||
	    lay->mspan.elemsize + 8 > SPAN_BYTES ||
	    memr_read(o->t->mem, o->t->glob.mheap + (uint64_t)lay->mheap.heapArenas, list,
		      sizeof(list)) ||
	    memr_read_u64(o->t->mem, o->t->glob.mheap + (uint64_t)lay->mheap.arenas, &l2) ||
	    !list[1] || list[1] > ARENAS_MOST)
		return false;
	index = xmalloc(list[1] * sizeof(*index));
	ok = !memr_read(o->t->mem, list[0], index, list[1] * sizeof(*index));
	m->low = UINT64_MAX;
	for (uint64_t i = 0; i < list[1] && ok; i++) {
		ok = index[i] < 1ull << 22 && !memr_read_u64(o->t->mem, l2 + 8 * index[i], &at) &&
		     at && arena_read(m, index[i], at);
		m->low = index[i] < m->low ? index[i] : m->low;
		m->high = index[i] > m->high ? index[i] : m->high;
	}
	free(index);
	return ok;
}

/* The element that v points into; false: it is no pointer into the heap. */
static bool elem_of(const struct mark *m, uint64_t v, struct todo *t)
{
	const struct golayout *lay = &m->o->t->lay;
	uint64_t index = (v - lay->arena_base) >> lay->arena_shift;
	const struct mspan *s;
	uint32_t a, span;

	if (index < m->low || index > m->high)
		return false;
	a = map64_get(&m->by_index, index);
	if (a == UINT32_MAX)
		return false;
	span = m->arena.v[a]->page[v >> lay->page_shift & (ARENA_PAGES - 1)];
	if (!span || span > m->span.n)
		return false;
	s = &m->span.v[span - 1];
	if (!s->elem || v < s->start || v >= s->end)
		return false;
	t->span = span - 1;
	t->elem = (v - s->start) / s->elem;
	return true;
}

/* --- marking --- */

static void object_reached(struct mark *m, uint32_t object)
{
	if (m->reached[object])
		return;
	m->reached[object] = 1;
	*vec_push(&m->wake) = object;
}

static bool bit_set(struct mspan *s, uint64_t elem)
{
	uint64_t n = (s->end - s->start) / s->elem + 1, was;

	if (!s->bit)
		s->bit = xcalloc(n / 64 + 1, 8);
	was = s->bit[elem / 64];
	s->bit[elem / 64] |= 1ull << (elem % 64);
	return was >> (elem % 64) & 1;
}

static void word_mark(struct mark *m, uint64_t v)
{
	struct mspan *s;
	struct todo t;
	uint32_t object;

	if (!elem_of(m, v, &t))
		return;
	s = &m->span.v[t.span];
	if (bit_set(s, t.elem))
		return;
	object = map64_get(&m->at_base, s->start + t.elem * s->elem);
	for (; object != UINT32_MAX; object = m->next.v[object])
		object_reached(m, object);
	if (!s->noscan)
		*vec_push(&m->todo) = t;
}

/* Memory is copied a span at a time; of large ones only the object's own part is. */
static const uint8_t *span_data(struct mark *m, struct mspan *s)
{
	uint64_t n = s->end - s->start;

	if (s->data)
		return s->data;
	if (m->bytes + n > BYTES_MOST) {
		m->cut = true;
		return NULL;
	}
	m->bytes += n;
	s->data = xmalloc(n);
	if (memr_read(m->o->t->mem, s->start, s->data, n)) {
		memset(s->data, 0, n);
		m->cut = true;
	}
	return s->data;
}

static void words_mark(struct mark *m, const uint8_t *b, uint64_t n)
{
	for (uint64_t i = 0; i + 8 <= n; i += 8) {
		uint64_t v;

		memcpy(&v, b + i, 8);
		word_mark(m, v);
	}
}

static void goroutine_mark(struct mark *m, uint32_t seen)
{
	const struct gseen *g = &m->o->seen.v[seen];

	if (m->alive.v[seen])
		return;
	m->alive.v[seen] = 1;
	for (uint16_t i = 0; i < g->n_word; i++)
		word_mark(m, g->word[i].value);
	m->cut |= g->cut;
}

static void waiters_mark(struct mark *m, uint32_t object)
{
	const struct facts *f = m->o->out;

	/* not sorted yet: those of one object are chained */
	for (uint32_t w = m->waiter.v[object]; w != UINT32_MAX; w = m->waiter.v[f->object.n + w]) {
		uint32_t seen = map64_get(&m->by_goid, f->wait.v[w].goid);

		if (seen != UINT32_MAX)
			goroutine_mark(m, seen);
	}
}

static void drain(struct mark *m)
{
	while (m->todo.n || m->wake.n) {
		struct todo t;
		struct mspan *s;
		const uint8_t *b;

		if (!m->todo.n) {
			waiters_mark(m, m->wake.v[--m->wake.n]);
			continue;
		}
		t = m->todo.v[--m->todo.n];
		s = &m->span.v[t.span];
		b = span_data(m, s);
		if (b && (t.elem + 1) * s->elem <= s->end - s->start)
			words_mark(m, b + t.elem * s->elem, s->elem);
	}
}

/* --- roots --- */

static void range_mark(struct mark *m, uint64_t from, uint64_t to, uint64_t not_from,
		       uint64_t not_to)
{
	uint8_t *b = xmalloc(PART);

	for (uint64_t at = from; at < to; at += PART) {
		size_t n = to - at < PART ? (size_t)(to - at) : PART;

		if (memr_read(m->o->t->mem, at, b, n)) {
			m->cut = true;
			continue;
		}
		for (size_t i = 0; i + 8 <= n; i += 8)
			if (at + i < not_from || at + i >= not_to)
				word_mark(m, objects_u64(b, (int32_t)i));
	}
	free(b);
}

/* All but the table of semaphores, which leads to every lock that is waited for. */
static void data_mark(struct mark *m)
{
	const struct golayout *lay = &m->o->t->lay;
	uint64_t sema = m->o->t->glob.semtable;
	uint64_t end = sema + (uint64_t)lay->semTable.size * lay->sema_n;

	for (size_t i = 0; i < m->o->t->mods.mod.n; i++) {
		const struct gomodule *mod = &m->o->t->mods.mod.v[i];

		range_mark(m, mod->data, mod->edata, sema, end);
		range_mark(m, mod->bss, mod->ebss, sema, end);
	}
}

/* Goes on only if somebody does something to what it waits for. */
static bool is_stuck(const struct gseen *g)
{
	return g->wait == WK_CHAN || g->wait == WK_SEMA || g->wait == WK_COND || g->wait == WK_NIL;
}

static void stacks_mark(struct mark *m)
{
	struct objects *o = m->o;

	for (uint32_t i = 0; i < o->seen.n; i++)
		if (o->seen.v[i].look == o->look && !is_stuck(&o->seen.v[i]))
			goroutine_mark(m, i);
	for (size_t i = 0; i < o->moving_word.n; i++)
		word_mark(m, o->moving_word.v[i]);
	for (size_t i = 0; i < o->out->object.n; i++)
		if (o->out->object.v[i].flags & (OBJF_GLOBAL | OBJF_TIMER))
			object_reached(m, (uint32_t)i);
}

static void skip(struct mark *m, uint64_t addr)
{
	struct todo t;

	if (elem_of(m, addr, &t))
		bit_set(&m->span.v[t.span], t.elem);
}

/*
 * A goroutine's g leads to what it waits for, and so does its sudog, which a
 * processor's cache of them may still name: none of them is followed.
 */
static void waits_skip(struct mark *m)
{
	size_t n = scan_rows(m->o->scan);
	struct scan_g g;

	for (size_t i = 0; i < n; i++)
		if (scan_row(m->o->scan, i, &g))
			skip(m, g.addr);
	for (size_t i = 0; i < m->o->sudog.n; i++)
		if (m->o->sudog.v[i].ok)
			skip(m, m->o->sudog.v[i].addr);
}

/*
 * The runtime's records of processors and threads are full of numbers that are
 * addresses of nobody's; the program's own hangs from their timers alone.
 */
static void records_skip(struct mark *m)
{
	const struct gsched *sched = scan_sched(m->o->scan);
	int32_t timers = m->o->t->lay.p.timers;
	uint64_t heap;

	for (size_t i = 0; i < sched->m.n; i++)
		skip(m, sched->m.v[i].addr);
	for (size_t i = 0; i < sched->p.n; i++) {
		skip(m, sched->p.v[i].addr);
		if (timers >= 0 &&
		    !memr_read_u64(m->o->t->mem, sched->p.v[i].addr + (uint64_t)timers, &heap))
			word_mark(m, heap);
	}
}

/* --- what is asked for --- */

static void objects_index(struct mark *m)
{
	const struct facts *f = m->o->out;
	size_t n = f->object.n;

	m->reached = xcalloc(n + 1, 1);
	vec_reserve(&m->next, n + 1);
	vec_reserve(&m->waiter, n + f->wait.n + 1);
	memset(m->waiter.v, 0xff, (n + f->wait.n) * sizeof(*m->waiter.v));
	for (uint32_t i = 0; i < n; i++) {
		const struct object *ob = &f->object.v[i];
		const struct mspan *s;
		struct todo t;
		uint64_t base;

		m->next.v[i] = UINT32_MAX;
		if (ob->kind < OBJ_CHAN || ob->kind > OBJ_SEMA || !elem_of(m, ob->addr, &t))
			continue;
		s = &m->span.v[t.span];
		base = s->start + t.elem * s->elem;
		m->next.v[i] = map64_get(&m->at_base, base);
		map64_put(&m->at_base, base, i);
	}
	for (size_t i = 0; i < m->o->waits.n; i++)
		map64_put(&m->by_goid, m->o->seen.v[m->o->waits.v[i]].g.goid, m->o->waits.v[i]);
	for (uint32_t w = 0; w < f->wait.n; w++) {
		uint32_t object = f->wait.v[w].object;

		m->waiter.v[n + w] = m->waiter.v[object];
		m->waiter.v[object] = w;
	}
}

static bool mark_run(struct objects *o, uint8_t **reached)
{
	struct mark m = { .o = o };
	bool ok = arenas_read(&m);

	*reached = NULL;
	if (ok) {
		objects_index(&m);
		vec_reserve(&m.alive, o->seen.n + 1);
		memset(m.alive.v, 0, o->seen.n);
		waits_skip(&m);
		records_skip(&m);
		data_mark(&m);
		stacks_mark(&m);
		drain(&m);
		ok = !m.cut;
	}
	if (ok) {
		*reached = m.reached;
		m.reached = NULL;
	}
	mark_release(&m);
	return ok;
}

/* --- marks and looks --- */

enum {
	REACHED = UINT8_MAX,
	/*
	 * What moves from a slot not read yet to one that was read is missed, so a
	 * mark that did not reach an object counts for much where the program stood
	 * still, and for little where it ran meanwhile.
	 */
	MISSED_STILL = 12,
	MISSED_BUSY = 1,
	MISSED_ENOUGH = 24, /* and where it is over, once is enough */
	STILL_US = 30, /* of CPU time that the program may have during a mark */
	FIRST_LOOK = 2, /* the first one has enough to do */
	APART_MS = 400,
	MS = 1000000,
};

static const double MARK_SHARE = 0.01; /* of a core */

static bool wanted(const struct objects *o)
{
	for (size_t i = 0; i < o->out->object.n; i++) {
		const struct object *ob = &o->out->object.v[i];

		if (ob->kind >= OBJ_CHAN && ob->kind <= OBJ_SEMA &&
		    !(ob->flags & (OBJF_GLOBAL | OBJF_TIMER)))
			return true;
	}
	return false;
}

/* CPU time of the program, ns; 0: not known. */
static int64_t target_cpu(const struct objects *o)
{
	struct timespec ts;
	clockid_t id;

	if (o->t->core || clock_getcpuclockid(o->t->pid, &id) || clock_gettime(id, &ts))
		return 0;
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* How much speaks for each object's being out of reach, counted on from the mark before. */
static void marks_count(struct objects *o, const uint8_t *reached, uint32_t weight)
{
	struct map64 now = { 0 };

	for (size_t i = 0; i < o->out->object.n; i++) {
		uint64_t addr = o->out->object.v[i].addr;
		uint32_t was = map64_get(&o->marked, addr);
		uint32_t missed = (was == UINT32_MAX || was == REACHED ? 0 : was) + weight;

		if (missed >= REACHED)
			missed = REACHED - 1;
		map64_put(&now, addr, reached[i] ? REACHED : missed);
	}
	map64_free(&o->marked);
	o->marked = now;
}

static void marks_tell(struct objects *o)
{
	for (size_t i = 0; i < o->out->object.n; i++) {
		struct object *ob = &o->out->object.v[i];
		uint32_t m = map64_get(&o->marked, ob->addr);

		if (m == UINT32_MAX || m < MISSED_ENOUGH)
			continue;
		ob->flags |= OBJF_SEARCHED;
		if (m == REACHED && !(ob->flags & OBJF_GLOBAL))
			ob->flags |= OBJF_SHARED;
	}
}

static int64_t cpu_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* target: its CPU time when the mark began. */
static uint32_t weight(const struct objects *o, int64_t target)
{
	if (o->t->core)
		return MISSED_ENOUGH;
	return target && target_cpu(o) - target <= STILL_US * 1000 ? MISSED_STILL : MISSED_BUSY;
}

void marks_update(struct objects *o, int64_t now)
{
	uint8_t *reached = NULL;
	int64_t cpu, cost, target;

	if ((o->t->core || o->look >= FIRST_LOOK) && now >= o->mark_next && wanted(o)) {
		cpu = cpu_clock();
		target = target_cpu(o);
		if (o->unsearched || !mark_run(o, &reached))
			map64_clear(&o->marked);
		else
			marks_count(o, reached, weight(o, target));
		free(reached);
		o->stats.mark_ns = objects_clock() - now;
		cost = (int64_t)((double)(cpu_clock() - cpu) / MARK_SHARE);
		o->mark_next =
			now + (cost > (int64_t)APART_MS * MS ? cost : (int64_t)APART_MS * MS);
	}
	marks_tell(o);
}

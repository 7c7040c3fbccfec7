/* SPDX-License-Identifier: Apache-2.0 */
#include "target/objects.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "target/core.h"
#include "target/objects_priv.h"

enum { BATCH = 64, TEXTS_MOST = 1 << 20 };

int64_t objects_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

uint32_t objects_str(struct objects *o, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = n < 0 ? 0 : n >= (int)sizeof(text) ? (int)sizeof(text) - 1 : n;
	if (o->text.str.n > TEXTS_MOST) /* nothing here is ever forgotten */
		return 0;
	return strtab_put(&o->text, text, (size_t)n);
}

uint8_t *objects_deep(struct objects *o, size_t n)
{
	if (n > o->deep_size) {
		o->deep_buf = xrealloc(o->deep_buf, n, 1);
		o->deep_size = n;
	}
	return o->deep_buf;
}

struct objects *objects_new(struct target *t, struct scan *s)
{
	struct objects *o = xcalloc(1, sizeof(*o));

	o->t = t;
	o->scan = s;
	strtab_init(&o->text);
	frameinfos_init(&o->frames, t);
	o->stack_buf = xmalloc((size_t)BATCH * STACK_FIRST);
	o->rec_buf = xmalloc((size_t)(BATCH + 1) * s->need);
	goheap_init(&o->heap, t);
	waits_init(o);
	holds_init(o);
	reach_init(o);
	return o;
}

void objects_free(struct objects *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->seen.n; i++)
		holds_forget(&o->seen.v[i]);
	free(o->learner);
	reach_free(o);
	vec_free(&o->refs);
	goheap_release(&o->heap);
	map64_free(&o->waiting);
	map64_free(&o->by_base);
	vec_free(&o->moving);
	vec_free(&o->moving_word);
	map64_free(&o->marked);
	vec_free(&o->held);
	strtab_release(&o->text);
	frameinfos_release(&o->frames);
	vec_free(&o->seen);
	vec_free(&o->todo);
	vec_free(&o->waits);
	vec_free(&o->cand);
	vec_free(&o->sudog);
	map64_free(&o->by_g);
	map64_free(&o->by_sudog);
	map64_free(&o->type_name);
	vec_free(&o->sockets);
	map64_free(&o->inode);
	map64_free(&o->fd_text);
	gather_release(&o->gather);
	free(o->wait_of);
	free(o->op_of);
	free(o->stack_buf);
	free(o->rec_buf);
	free(o->deep_buf);
	free(o);
}

const struct strtab *objects_text(const struct objects *o)
{
	return &o->text;
}

const struct objects_stats *objects_stats(const struct objects *o)
{
	return &o->stats;
}

/* --- which goroutines moved --- */

static uint32_t tick_of(const struct objects *o, const struct scan_g *g)
{
	const struct gthread *m = g->in_syscall ? gsched_thread(scan_sched(o->scan), g->m) : NULL;

	return m ? m->syscalltick : 0;
}

static bool stands_still(const struct scan_g *a, const struct scan_g *b)
{
	return a->goid == b->goid && a->status == b->status && a->seq == b->seq && a->hi == b->hi &&
	       a->depth == b->depth && a->pc == b->pc && a->waiting == b->waiting &&
	       a->reason == b->reason && a->in_syscall == b->in_syscall;
}

static uint32_t seen_of(struct objects *o, uint64_t addr)
{
	uint32_t i = map64_get(&o->by_g, addr);

	if (i != UINT32_MAX)
		return i;
	i = (uint32_t)o->seen.n;
	*vec_push(&o->seen) = (struct gseen){ 0 };
	map64_put(&o->by_g, addr, i);
	return i;
}

static void rows_sift(struct objects *o)
{
	size_t n = scan_rows(o->scan);
	struct scan_g g;

	o->todo.n = o->waits.n = o->cand.n = o->moving.n = 0;
	for (size_t i = 0; i < n; i++) {
		struct gseen *s;
		uint32_t at, tick;

		if (!scan_row(o->scan, i, &g))
			continue;
		if (g.status == GST_RUNNING) {
			*vec_push(&o->moving) = g;
			continue;
		}
		if (o->todo.n + o->waits.n >= SEEN_MOST) {
			o->unsearched++;
			continue;
		}
		at = seen_of(o, g.addr);
		s = &o->seen.v[at];
		tick = tick_of(o, &g);
		if (s->look && stands_still(&s->g, &g) && s->tick == tick && wait_found(s)) {
			s->look = o->look;
			s->g.stack = g.stack;
			o->unsearched += s->cut;
			if (s->wait)
				*vec_push(&o->waits) = at;
			continue;
		}
		holds_forget(s);
		*s = (struct gseen){ .g = g, .tick = tick };
		*vec_push(&o->todo) = at;
	}
}

/* --- one that moved --- */

static bool deep_read(struct unwind_mem *m, uint64_t addr)
{
	struct objects *o = m->arg;
	uint64_t from = m->addr, n = m->hi - from;

	if (addr < from || m->data == o->deep_buf)
		return false;
	n = n < STACK_MOST ? n : STACK_MOST;
	if (memr_read(o->t->mem, from, objects_deep(o, n), n))
		return false;
	m->data = o->deep_buf;
	m->len = n;
	return true;
}

static bool rec_is(const struct grec *r, const struct scan_g *g)
{
	return r->goid == g->goid && r->status == g->status && r->seq == g->seq && r->hi == g->hi &&
	       r->hi - r->sp == g->depth && r->pc == g->pc && r->waiting == g->waiting &&
	       r->reason == g->reason;
}

static void frames_walk(struct objects *o, const struct grec *r, struct gstack *s)
{
	const struct unwind_regs regs = {
		.pc = r->pc, .sp = r->sp, .bp = r->bp, .lr = r->lr, .in_syscall = r->in_syscall
	};
	struct unwind_out out;

	s->mem.more = deep_read;
	s->mem.arg = o;
	unwind_frames(o->t->sym, o->t->lay.arch, &regs, &s->mem, s->pc, s->sp, GFRAMES, &out);
	s->n = out.n;
	s->whole = out.end == UNWIND_TOP;
	if (!s->whole &&
	    s->mem.addr + s->mem.len < s->mem.hi) /* its words are searched all the same */
		deep_read(&s->mem, s->mem.addr);
	if (out.n == GFRAMES)
		s->sp[GFRAMES] = s->sp[GFRAMES - 1];
	for (size_t i = 0; i < s->n; i++)
		s->info[i] = frameinfo_get(&o->frames, s->pc[i]);
}

/* The g once more, after what was read piece by piece. */
static bool still_so(struct objects *o, const struct scan_g *g)
{
	uint8_t *rec = o->rec_buf + (size_t)BATCH * o->scan->need;
	struct grec r;

	if (memr_read(o->t->mem, g->addr, rec, o->scan->need))
		return false;
	rec_parse(o->scan, rec, &r);
	return rec_is(&r, g);
}

/* It ran meanwhile: what is on its stack is searched as that of one that runs. */
static void moved(struct objects *o, const struct gseen *g)
{
	o->stats.unsteady++;
	*vec_push(&o->moving) = g->g;
}

static void learn(struct objects *o, uint32_t at, const struct grec *r, const uint8_t *rec,
		  const uint8_t *data, size_t len)
{
	const struct golayout *lay = &o->t->lay;
	struct gseen *g = &o->seen.v[at];
	struct gstack s = {
		.mem = { .addr = r->sp, .data = data, .len = len, .hi = r->hi },
	};

	frames_walk(o, r, &s);
	if (s.mem.data == o->deep_buf && !still_so(o, &g->g)) {
		moved(o, g);
		return;
	}
	wait_learn(o, g, &s);
	holds_learn(o, g, &s, objects_u64(rec, lay->g._defer), objects_u64(rec, lay->g.sched_ctxt));
	o->unsearched += g->cut;
	g->look = o->look;
	if (g->wait)
		*vec_push(&o->waits) = at;
}

static bool stack_sane(const struct scan_g *g)
{
	return g->depth && g->depth < 1ull << 32 && !(g->depth & 7) && !(g->hi & 7) &&
	       g->hi > g->depth;
}

/* First the stacks, then the g's, in one call: what the g says then was so while its stack was read. */
static int batch_learn(struct objects *o, const uint32_t *at, size_t n)
{
	struct mem_iov iov[2 * BATCH];
	uint8_t *rec = o->rec_buf;
	ssize_t rc;

	for (size_t i = 0; i < n; i++) {
		const struct scan_g *g = &o->seen.v[at[i]].g;
		uint64_t len = g->depth < STACK_FIRST ? g->depth : STACK_FIRST;

		iov[i] = (struct mem_iov){ g->hi - g->depth, o->stack_buf + i * STACK_FIRST,
					   stack_sane(g) ? (uint32_t)len : 0, 0 };
		iov[n + i] = (struct mem_iov){ g->addr, rec + i * o->scan->need,
					       (uint32_t)o->scan->need, 0 };
	}
	rc = memr_readv(o->t->mem, iov, 2 * n);
	if (rc < 0)
		return (int)rc;
	o->stats.read += n;
	for (size_t i = 0; i < n; i++) {
		struct grec r;

		if (iov[i].rc || iov[n + i].rc || !iov[i].len) {
			moved(o, &o->seen.v[at[i]]);
			continue;
		}
		rec_parse(o->scan, iov[n + i].buf, &r);
		if (rec_is(&r, &o->seen.v[at[i]].g))
			learn(o, at[i], &r, iov[n + i].buf, iov[i].buf, iov[i].len);
		else
			moved(o, &o->seen.v[at[i]]);
	}
	return 0;
}

static int todo_learn(struct objects *o)
{
	int rc = 0;

	for (size_t i = 0; i < o->todo.n && !rc; i += BATCH)
		rc = batch_learn(o, &o->todo.v[i],
				 o->todo.n - i < BATCH ? o->todo.n - i : (size_t)BATCH);
	return rc;
}

int objects_look(struct objects *o, struct facts *out)
{
	int64_t t0 = objects_clock(), at = target_clock(o->t);
	int rc;

	o->look++;
	o->out = out;
	o->stats.read = o->stats.unknown = 0;
	net_begin(o);
	o->unsearched =
		o->t->core ? o->t->core->goroutines_lacking : 0; /* those may hold anything */
	facts_clear(out);
	rows_sift(o);
	rc = todo_learn(o);
	if (!rc)
		rc = waits_tell(o);
	if (!rc)
		rc = states_tell(o);
	if (!rc)
		rc = holds_tell(o);
	if (!rc)
		marks_update(o, objects_clock());
	out->time = at;
	out->searched = !rc && !o->unsearched;
	out->still = o->t->core;
	o->stats.looks++;
	o->stats.look_ns = objects_clock() - t0;
	return rc;
}

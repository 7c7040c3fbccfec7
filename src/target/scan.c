/* SPDX-License-Identifier: Apache-2.0 */
#include "target/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "target/scan_priv.h"

static int64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Bytes of a g up to the last field that is looked at. */
static size_t bytes_needed(const struct golayout *lay)
{
	const int32_t offs[] = { lay->g.goid,	    lay->g.stack_hi,	lay->g.m,
				 lay->g.sched_sp,   lay->g.sched_pc,	lay->g.sched_bp,
				 lay->g.sched_lr,   lay->g.syscallsp,	lay->g.syscallpc,
				 lay->g.syscallbp,  lay->g.waitsince,	lay->g.atomicstatus,
				 lay->g.waitreason, lay->g.trackingSeq, lay->g.waiting,
				 lay->g.labels,	    lay->g.parentGoid,	lay->g.gopc,
				 lay->g.startpc,    lay->g.lockedm };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(offs); i++)
		if (offs[i] >= 0 && (size_t)offs[i] + 8 > n)
			n = (size_t)offs[i] + 8;
	return n;
}

struct scan *scan_new(struct target *t)
{
	struct scan *s = xcalloc(1, sizeof(*s));

	s->t = t;
	s->need = bytes_needed(&t->lay);
	stackset_init(&s->stacks);
	labels_init(&s->labels, t->mem, &t->lay);
	gsched_init(&s->sched);
	gsched_init(&s->first);
	s->chunk = xmalloc(CHUNK_BYTES + RUN_BYTES);
	s->exam = xcalloc(EXAM_MAX, sizeof(*s->exam));
	s->stack_buf = xcalloc(EXAM_MAX, STACK_BYTES + BELOW_BYTES);
	s->rec_buf = xcalloc(EXAM_MAX, s->need + RUN_GAP);
	s->deep_buf = xmalloc(STACK_MORE);
	s->iov = xcalloc(CHUNK_RUNS > 2 * EXAM_MAX ? CHUNK_RUNS : 2 * EXAM_MAX, sizeof(*s->iov));
	s->out = xcalloc(SCAN_PART, sizeof(*s->out));
	return s;
}

void scan_free(struct scan *s)
{
	if (!s)
		return;
	stackset_release(&s->stacks);
	labels_release(&s->labels);
	gsched_release(&s->sched);
	gsched_release(&s->first);
	vec_free(&s->row);
	vec_free(&s->run);
	free(s->chunk);
	free(s->exam);
	free(s->stack_buf);
	free(s->rec_buf);
	free(s->deep_buf);
	free(s->iov);
	free(s->out);
	free(s);
}

static void flush(struct scan *s)
{
	if (s->n_out)
		s->sink(s->arg, s->out, s->n_out);
	s->n_out = 0;
}

void scan_emit(struct scan *s, const struct gchange *c)
{
	if (s->n_out == SCAN_PART)
		flush(s);
	s->out[s->n_out++] = *c;
	s->stats.changed++;
}

/* --- a chunk --- */

static uint64_t at64(const uint8_t *b, int32_t off)
{
	uint64_t v;

	memcpy(&v, b + off, 8);
	return v;
}

/*
 * Has nothing happened to it since the pass before, as far as its g tells? This
 * is asked for every goroutine in every pass: no more is looked at than must be.
 */
static bool unchanged(const struct scan *s, const struct grow *row, const uint8_t *b)
{
	const struct golayout *lay = &s->t->lay;
	const struct gthread *m;
	uint32_t status;

	if (row->asked)
		return false;
	memcpy(&status, b + lay->g.atomicstatus, sizeof(status));
	if ((status & ~(uint32_t)GST_SCAN) != row->status || row->goid != at64(b, lay->g.goid) ||
	    row->labels != at64(b, lay->g.labels))
		return false;
	if (row->status == GST_RUNNING)
		return true;
	if (row->seq != b[lay->g.trackingSeq] || row->reason != b[lay->g.waitreason] ||
	    row->waiting != at64(b, lay->g.waiting))
		return false;
	if (row->in_syscall || at64(b, lay->g.syscallsp)) {
		m = gsched_thread(&s->sched, at64(b, lay->g.m));
		return row->in_syscall && m && row->m == m->addr && row->tick == m->syscalltick &&
		       row->depth == at64(b, lay->g.stack_hi) - at64(b, lay->g.syscallsp) &&
		       row->pc == at64(b, lay->g.syscallpc);
	}
	return row->depth == at64(b, lay->g.stack_hi) - at64(b, lay->g.sched_sp) &&
	       row->pc == at64(b, lay->g.sched_pc);
}

/* It seems not to have run; one that lately did is looked at more closely. */
static void look_again(struct scan *s, size_t i, const uint8_t *b)
{
	struct grow *row = &s->row.v[i];
	uint64_t hi = at64(b, s->t->lay.g.stack_hi);
	struct grec r;

	if (row->status == GST_RUNNING) {
		row->seq = b[s->t->lay.g.trackingSeq];
		row->m = at64(b, s->t->lay.g.m);
		return;
	}
	if (row->hi != hi) { /* its stack was moved, and what lies under sp with it not */
		row->hi = hi;
		row->below_known = 0;
		row->young = 0;
	}
	if (!row->young)
		return;
	rec_parse(s, b, &r);
	exam_add(s, i, &r, EXAM_BELOW);
}

static int look(struct scan *s, size_t i, const uint8_t *b)
{
	struct grow *row = &s->row.v[i];
	struct grec r;
	uint32_t status;

	memcpy(&status, b + s->t->lay.g.atomicstatus, sizeof(status));
	if (!row->goid && status == GST_DEAD)
		return 0;
	if (row->goid && unchanged(s, row, b)) {
		look_again(s, i, b);
	} else {
		rec_parse(s, b, &r);
		if (rec_alive(&r))
			exam_add(s, i, &r, EXAM_WALK);
		else if (row->goid)
			row_gone(s, row);
	}
	return s->n_exam == EXAM_MAX ? exam_run(s) : 0;
}

/* A piece that could not be read whole: its g's one by one. */
static int look_singly(struct scan *s, const struct grun *run)
{
	int rc = 0;

	for (uint32_t i = 0; i < run->n && (!rc || rc == -EFAULT); i++) {
		struct grow *row = &s->row.v[run->first + i];

		rc = memr_read(s->t->mem, row->addr, s->chunk + CHUNK_BYTES, s->need);
		if (!rc)
			rc = look(s, run->first + i, s->chunk + CHUNK_BYTES);
		else
			s->stats.thrown++;
	}
	return rc == -EFAULT ? 0 : rc;
}

static int chunk_look(struct scan *s, const struct grun *run, size_t n)
{
	const uint8_t *b = s->chunk;
	VEC(int) bad = { 0 };
	int rc = 0;

	s->now = target_clock(s->t);
	for (size_t i = 0; i < n; i++)
		if (s->iov[i].rc)
			*vec_push(&bad) = (int)i;
	for (size_t i = 0, k = 0; i < n && !rc; b += run[i++].len) {
		if (k < bad.n && bad.v[k] == (int)i) {
			k++;
			continue;
		}
		for (uint32_t j = 0; j < run[i].n && !rc; j++) {
			size_t row = run[i].first + j;

			rc = look(s, row, b + (s->row.v[row].addr - run[i].addr));
		}
	}
	for (size_t k = 0; k < bad.n && !rc; k++)
		rc = look_singly(s, &run[bad.v[k]]);
	vec_free(&bad);
	return rc ? rc : exam_run(s);
}

/* Reads as many runs as make a chunk, from the i-th on. Returns how many, or negative errno. */
static ssize_t chunk_read(struct scan *s, size_t i)
{
	size_t n = 0, bytes = 0;
	ssize_t rc;

	while (i + n < s->run.n && n < CHUNK_RUNS && bytes + s->run.v[i + n].len <= CHUNK_BYTES) {
		const struct grun *r = &s->run.v[i + n];

		s->iov[n++] = (struct mem_iov){ r->addr, s->chunk + bytes, r->len, 0 };
		bytes += r->len;
	}
	rc = memr_readv(s->t->mem, s->iov, n);
	return rc < 0 ? rc : (ssize_t)n;
}

static int pass_rows(struct scan *s)
{
	int rc = 0;

	for (size_t i = 0; i < s->run.n && !rc;) {
		ssize_t n = chunk_read(s, i);

		if (n < 0)
			return (int)n;
		rc = chunk_look(s, &s->run.v[i], (size_t)n);
		i += (size_t)n;
	}
	return rc;
}

/* --- a pass --- */

int scan_pass(struct scan *s, scan_sink *sink, void *arg)
{
	int64_t t0 = clock_now();
	int rc;

	s->sink = sink;
	s->arg = arg;
	s->now = target_clock(s->t);
	s->n_out = s->n_exam = 0;
	s->stats.changed = 0;
	labels_forget(&s->labels);
	rc = gsched_read(&s->sched, s->t->mem, &s->t->lay, &s->t->glob);
	if (rc == -ESRCH || rc == -EPERM)
		return rc;
	if (!s->stats.passes)
		gsched_keep_ids(&s->first, &s->sched);
	rc = scan_list(s);
	if (!rc)
		rc = pass_rows(s);
	flush(s);
	if (rc)
		return rc;
	s->stats.passes++;
	s->stats.goroutines = s->alive;
	s->stats.listed = s->seen;
	s->stats.pass_ns = clock_now() - t0;
	return 0;
}

const struct scan_stats *scan_stats(const struct scan *s)
{
	return &s->stats;
}

struct stackset *scan_stacks(struct scan *s)
{
	return &s->stacks;
}

struct labels *scan_labels(struct scan *s)
{
	return &s->labels;
}

const struct gsched *scan_sched(const struct scan *s)
{
	return &s->sched;
}

void scan_each(const struct scan *s, scan_goids *out)
{
	for (size_t i = 0; i < s->row.n; i++)
		if (s->row.v[i].goid)
			*vec_push(out) = s->row.v[i].goid;
}

/* Row of a g; row.n: none. */
static size_t row_at(const struct scan *s, uint64_t addr)
{
	size_t lo = 0, hi = s->row.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->row.v[mid].addr < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->row.n && s->row.v[lo].addr == addr ? lo : s->row.n;
}

uint64_t scan_goid_at(const struct scan *s, uint64_t addr, uint8_t *status)
{
	size_t i = row_at(s, addr);

	if (i == s->row.n)
		return 0;
	*status = s->row.v[i].status;
	return s->row.v[i].goid;
}

void scan_ask(struct scan *s, uint64_t addr)
{
	size_t i = row_at(s, addr);

	if (i < s->row.n && s->row.v[i].goid)
		s->row.v[i].asked = 1;
}

size_t scan_rows(const struct scan *s)
{
	return s->row.n;
}

bool scan_row(const struct scan *s, size_t i, struct scan_g *out)
{
	const struct grow *r = &s->row.v[i];

	if (!r->goid)
		return false;
	*out = (struct scan_g){
		.addr = r->addr,
		.goid = r->goid,
		.hi = r->hi,
		.depth = r->depth,
		.pc = r->pc,
		.waiting = r->waiting,
		.m = r->m,
		.stack = r->stack,
		.status = r->status,
		.reason = r->reason,
		.seq = r->seq,
		.in_syscall = r->in_syscall,
	};
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables and code of a running process: whoever asks waits, the reading thread answers
 * between two passes. DWARF is opened by the first who asks, on his own thread. Once
 * nobody reads any more, of a core dump or of a program that has ended, whoever asks
 * reads himself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/live_priv.h"
#include "target/core.h"
#include "target/disasm.h"
#include "target/dwinfo.h"
#include "target/inspect.h"

enum { WAIT_S = 10 }; /* for an answer; longer, the reading thread is stuck */

struct request {
	struct request *next;
	const struct value_ask *ask; /* NULL: for code */
	struct values *out;
	const struct code_ask *code_ask;
	struct code *code;
	int rc;
	bool done;
};

struct live_inspect {
	pthread_mutex_t lock;
	pthread_cond_t answered; /* a request, or DWARF is open */
	struct request *head;
	bool over; /* nobody answers any more */
	enum { DWARF_CLOSED, DWARF_OPENING, DWARF_OPEN } state;
	struct dwinfo *dw; /* opened, and not taken over yet */
	char why_not[160];
	struct inspect *in; /* the reading thread's */
	bool given; /* it has the DWARF */
	struct target *t; /* whose all that is */
};

static struct live_source *source_of(struct inspector *i)
{
	struct source *s = (struct source *)((char *)i - offsetof(struct source, inspector));

	return (struct live_source *)s;
}

static struct live_source *source_of_code(struct disassembler *d)
{
	struct source *s = (struct source *)((char *)d - offsetof(struct source, disassembler));

	return (struct live_source *)s;
}

static int refuse(struct request *r, int rc, const char *why)
{
	if (r->ask) {
		values_release(r->out);
		snprintf(r->out->note, sizeof(r->out->note), "%s", why);
	} else {
		code_release(r->code);
		snprintf(r->code->note, sizeof(r->code->note), "%s", why);
	}
	r->rc = rc;
	return rc;
}

/* Locked; unlocks while it works. */
static void open_dwarf(struct live_inspect *li)
{
	struct target *t = li->t;
	struct err err = { 0 };
	struct dwinfo *dw = NULL;

	li->state = DWARF_OPENING;
	pthread_mutex_unlock(&li->lock);
	if (t->image)
		dwinfo_open(&dw, t->image, &err);
	else
		snprintf(err.text, sizeof(err.text), "the program's file is not to be had");
	pthread_mutex_lock(&li->lock);
	if (t == li->t) {
		li->dw = dw;
		snprintf(li->why_not, sizeof(li->why_not), "%.150s", err.text);
		li->state = DWARF_OPEN;
	} else { /* another program was executed meanwhile */
		dwinfo_free(dw);
	}
	pthread_cond_broadcast(&li->answered);
}

/* Locked: waits until the DWARF is open, or nobody needs it any more. */
static void need_dwarf(struct live_inspect *li)
{
	while (li->state != DWARF_OPEN && (!li->over || li->t->core)) {
		if (li->state == DWARF_CLOSED)
			open_dwarf(li);
		else
			pthread_cond_wait(&li->answered, &li->lock);
	}
}

void live_inspect_prepare(struct live_source *l)
{
	struct live_inspect *li = l->inspect;

	pthread_mutex_lock(&li->lock);
	need_dwarf(li);
	pthread_mutex_unlock(&li->lock);
}

static void inspect_prepare(struct inspector *i)
{
	live_inspect_prepare(source_of(i));
}

static void unlink_request(struct live_inspect *li, const struct request *r)
{
	for (struct request **p = &li->head; *p; p = &(*p)->next)
		if (*p == r) {
			*p = r->next;
			return;
		}
}

/* --- the reading thread --- */

static uint64_t address_of(const struct live_source *l, uint64_t goid)
{
	size_t n = scan_rows(l->scan);
	struct scan_g g;

	for (size_t i = 0; i < n; i++)
		if (scan_row(l->scan, i, &g) && g.goid == goid)
			return g.addr;
	return 0;
}

static void answer_code(struct live_source *l, struct request *r)
{
	const struct disasm_from from = {
		.sym = l->t->sym, .mem = l->t->mem, .img = l->t->image, .arch = l->t->lay.arch
	};

	disasm_read(&from, r->code_ask, r->code);
	r->rc = 0;
}

static void answer_values(struct live_source *l, struct request *r)
{
	uint64_t addr = address_of(l, r->ask->goid);

	if (addr)
		r->rc = inspect_read(l->inspect->in, addr, r->ask, r->out);
	else
		refuse(r, 0, "this goroutine has ended");
	if (r->rc)
		refuse(r, r->rc, "the program has ended");
}

/* Locked: what is needed to answer. */
static void take_dwarf(struct live_source *l)
{
	struct live_inspect *li = l->inspect;

	if (!li->in) {
		li->in = inspect_new(l->t);
		li->given = false;
	}
	if (li->given || li->state != DWARF_OPEN)
		return;
	inspect_set_dwarf(li->in, li->dw, li->why_not);
	li->dw = NULL;
	li->given = true;
}

static void answer(struct live_source *l, struct request *r)
{
	if (r->ask)
		answer_values(l, r);
	else
		answer_code(l, r);
}

void live_inspect_serve(struct live_source *l)
{
	struct live_inspect *li = l->inspect;

	if (!atomic_load(&l->asked))
		return;
	/* held all along: who waits for an answer waits for this as well */
	pthread_mutex_lock(&li->lock);
	atomic_store(&l->asked, false);
	take_dwarf(l);
	while (li->head) {
		struct request *r = li->head;

		li->head = r->next;
		answer(l, r);
		r->done = true;
	}
	pthread_cond_broadcast(&li->answered);
	pthread_mutex_unlock(&li->lock);
}

/* --- those who ask --- */

/* Locked: nobody reads any more, so what is the reading thread's is ours. */
static int answer_self(struct live_source *l, struct request *r)
{
	if (r->ask && !l->t->core)
		return refuse(r, -ESRCH, "the program has ended");
	take_dwarf(l);
	answer(l, r);
	return r->rc;
}

/* Locked, and so on return: until the reading thread has answered. */
static int await(struct live_source *l, struct request *r)
{
	struct live_inspect *li = l->inspect;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WAIT_S;
	r->next = li->head;
	li->head = r;
	atomic_store(&l->asked, true);
	pthread_mutex_unlock(&li->lock);
	pthread_mutex_lock(&l->lock);
	pthread_cond_broadcast(&l->wake);
	pthread_mutex_unlock(&l->lock);
	pthread_mutex_lock(&li->lock);
	while (!r->done && !li->over && !pthread_cond_timedwait(&li->answered, &li->lock, &until))
		;
	if (r->done)
		return r->rc;
	unlink_request(li, r);
	return li->over ? answer_self(l, r)
			: refuse(r, -EAGAIN, "no answer came in time; it is asked again");
}

static int request(struct live_source *l, struct request *r)
{
	struct live_inspect *li = l->inspect;
	int rc;

	pthread_mutex_lock(&li->lock);
	if (r->ask)
		need_dwarf(li);
	rc = li->over ? answer_self(l, r) : await(l, r);
	pthread_mutex_unlock(&li->lock);
	return rc;
}

static int inspect_wait(struct inspector *i, const struct value_ask *ask, struct values *out)
{
	return request(source_of(i), &(struct request){ .ask = ask, .out = out });
}

static int code_wait(struct disassembler *d, const struct code_ask *ask, struct code *out)
{
	return request(source_of_code(d), &(struct request){ .code_ask = ask, .code = out });
}

/* Forgets a program. Locked. */
static void forget(struct live_inspect *li)
{
	inspect_free(li->in);
	dwinfo_free(li->dw);
	li->in = NULL;
	li->dw = NULL;
	li->given = false;
	li->state = DWARF_CLOSED;
}

void live_inspect_restart(struct live_source *l)
{
	struct live_inspect *li = l->inspect;

	pthread_mutex_lock(&li->lock);
	forget(li);
	li->t = l->t;
	pthread_mutex_unlock(&li->lock);
}

void live_inspect_over(struct live_source *l)
{
	struct live_inspect *li = l->inspect;

	pthread_mutex_lock(&li->lock);
	li->over = true;
	pthread_cond_broadcast(&li->answered);
	pthread_mutex_unlock(&li->lock);
}

/* --- the loop's --- */

void live_inspect_init(struct live_source *l)
{
	struct live_inspect *li = xcalloc(1, sizeof(*li));
	pthread_condattr_t attr;

	li->t = l->t;
	pthread_mutex_init(&li->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&li->answered, &attr);
	pthread_condattr_destroy(&attr);
	l->inspect = li;
	l->source.inspector.read = inspect_wait;
	l->source.inspector.prepare = inspect_prepare;
	l->source.disassembler.read = code_wait;
}

void live_inspect_free(struct live_source *l)
{
	struct live_inspect *li = l->inspect;

	forget(li);
	pthread_cond_destroy(&li->answered);
	pthread_mutex_destroy(&li->lock);
	free(li);
}

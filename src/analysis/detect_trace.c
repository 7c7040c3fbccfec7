/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stacks and wakers alone let suspect, where no object is named: in a
 * trace and in a dump's text. Who last woke a goroutine is where its next wake-up would come from;
 * where those wait too, in the end for each other or for one that ended, and
 * all since long, that is worth a look.
 */
#include <inttypes.h>
#include <string.h>

#include "analysis/detect_impl.h"
#include "analysis/groups.h"

enum { CHAIN_MOST = 32, SENDERS_LEAST = 2 };

/* runtime/proc.go:checkdead */
static const char asleep[] = "fatal error: all goroutines are asleep - deadlock!";

static bool is_dump(const struct detect *d)
{
	return !strcmp(strtab_get(&d->world->strings, d->world->source_kind), "dump");
}

static const char *file_kind(const struct detect *d)
{
	return is_dump(d) ? "a dump's text" : "a trace";
}

static bool for_goroutines(uint8_t reason)
{
	return reason >= R_CHAN_SEND && reason <= R_SEMAPHORE && reason != R_SELECT_EMPTY &&
	       reason != R_CHAN_SEND_NIL && reason != R_CHAN_RECV_NIL;
}

static bool is_lock(uint8_t reason)
{
	return reason == R_MUTEX || reason == R_RWMUTEX_READ || reason == R_RWMUTEX_WRITE;
}

/* It waits for another goroutine, and has for the file's last part. */
static bool waits_long(const struct detect *d, uint32_t row)
{
	const struct moment *m = d->moment;

	return row < m->n && m->state[row] == GS_BLOCKED && !d->world->g.v[row].system &&
	       for_goroutines(m->reason[row]) && detect_age(d, row) >= d->conf.settle;
}

static uint32_t waker_of(const struct detect *d, uint32_t row)
{
	uint32_t e = d->world->g.v[row].last_entry;
	uint64_t by = 0;

	for (; e != NO_ENTRY && !by; e = d->world->entry.v[e].prev)
		by = d->world->entry.v[e].waker;
	return by && by != d->world->g.v[row].goid ? world_find(d->world, by) : NO_G;
}

/* A ring of goroutines that last woke each other and wait now; the number of them. */
static unsigned ring_from(const struct detect *d, uint32_t row, uint32_t ring[CHAIN_MOST])
{
	unsigned n = 0;
	uint32_t at = row;

	do {
		if (n == CHAIN_MOST || at == NO_G || !waits_long(d, at) ||
		    d->world->g.v[at].goid < d->world->g.v[row].goid)
			return 0;
		ring[n++] = at;
		at = waker_of(d, at);
	} while (at != row);
	return n > 1 ? n : 0;
}

static void say_each(struct detect *d, uint32_t row)
{
	const char *reason = reason_name((enum reason)d->moment->reason[row]);
	int64_t age = detect_age(d, row);
	char who[SAY], time[SAY];

	say_goroutine(d, row, who);
	if (age > 0)
		finding_evidence(&d->findings, "goroutine %s: %s for %s%s", who, reason,
				 d->moment->how[row] == WAIT_AT_LEAST ? "at least " : "",
				 say_time(age, time));
	else
		finding_evidence(&d->findings, "goroutine %s: %s", who, reason);
}

static void ring_suspected(struct detect *d, const uint32_t *ring, unsigned n)
{
	unsigned locks = 0;

	for (unsigned i = 0; i < n; i++)
		locks += is_lock(d->moment->reason[ring[i]]);
	if (!detect_finding(d, DETECT_DEADLOCK, locks ? SEVERITY_WARNING : SEVERITY_INFO,
			    CERTAINTY_RECHECK))
		return;
	for (unsigned i = 0; i < n; i++) {
		finding_goroutine(&d->findings, d->world, d->moment, ring[i]);
		if (i < 8)
			say_each(d, ring[i]);
	}
	finding_summary(&d->findings,
			"%u goroutines that used to wake each other all wait: a cycle is suspected",
			n);
	finding_why(&d->findings,
		    "%s names no objects: this is by stacks and by who woke whom before",
		    file_kind(d));
	finding_advice(&d->findings,
		       "watch the program live, where the locks and their holders show");
	finding_done(&d->findings);
}

/* Locks that are waited for to the end while nobody who ran of late is left. */
static void locks_suspected(struct detect *d)
{
	d->keys.n = 0;
	for (uint32_t row = 0; row < d->moment->n; row++)
		if (waits_long(d, row) && is_lock(d->moment->reason[row]))
			*vec_push(&d->keys) = (struct likeness){ row, row };
	if (d->keys.n < 1 ||
	    !detect_finding(d, DETECT_DEADLOCK, d->keys.n > 1 ? SEVERITY_WARNING : SEVERITY_INFO,
			    CERTAINTY_RECHECK))
		return;
	finding_key(&d->findings, "locks");
	for (size_t i = 0; i < d->keys.n; i++) {
		finding_goroutine(&d->findings, d->world, d->moment, d->keys.v[i].row);
		if (i < 8)
			say_each(d, d->keys.v[i].row);
	}
	finding_summary(&d->findings, "%zu goroutine%s a lock%s: a deadlock is suspected",
			d->keys.n, d->keys.n == 1 ? " waits for" : "s wait for",
			is_dump(d) ? "" : " to the end of the file");
	finding_why(&d->findings,
		    "%s names no objects: that nobody unlocked is seen, not who should have",
		    file_kind(d));
	finding_advice(&d->findings,
		       "watch the program live, where the locks and their holders show");
	finding_done(&d->findings);
}

/* What the runtime itself said as it ended the program needs no guess: nobody could go on. */
static void said_asleep(struct detect *d)
{
	const char *ended = strtab_get(&d->world->strings, d->world->live.ended);
	uint32_t n = 0;

	if (strncmp(ended, asleep, sizeof(asleep) - 1) != 0 ||
	    !detect_finding(d, DETECT_DEADLOCK, SEVERITY_ERROR, CERTAINTY_PROVEN))
		return;
	finding_key(&d->findings, "asleep");
	for (uint32_t row = 0; row < d->moment->n; row++) {
		if (d->moment->state[row] != GS_BLOCKED || d->world->g.v[row].system)
			continue;
		finding_goroutine(&d->findings, d->world, d->moment, row);
		if (n++ < 8)
			say_each(d, row);
	}
	finding_summary(&d->findings,
			"the program ended by itself: its %" PRIu32 " goroutine%s asleep", n,
			n == 1 ? " is" : "s are all");
	finding_evidence(&d->findings, "the runtime said so: %s", ended);
	finding_advice(&d->findings, "see what each of them waits for, and who should have ended "
				     "that; a core dump names the objects");
	finding_done(&d->findings);
}

/* Senders that stand alike for minutes: nobody receives what they have. */
static void senders_suspected(struct detect *d)
{
	const struct moment *m = d->moment;

	d->keys.n = 0;
	for (uint32_t row = 0; row < m->n; row++)
		if (waits_long(d, row) && m->reason[row] == R_CHAN_SEND)
			*vec_push(&d->keys) = (struct likeness){ row_likeness(d, row), row };
	keys_sort(d);
	for (size_t i = 0, end; i < d->keys.n; i = end) {
		char place[SAY];

		end = keys_run(d, i);
		if (end - i < SENDERS_LEAST ||
		    !detect_finding(d, DETECT_LEAK, SEVERITY_INFO, CERTAINTY_RECHECK))
			continue;
		for (size_t k = i; k < end; k++) {
			finding_goroutine(&d->findings, d->world, m, d->keys.v[k].row);
			if (k < i + 3)
				say_each(d, d->keys.v[k].row);
		}
		say_place(d->world, stack_place(d->world, m->stack[d->keys.v[i].row]), place);
		finding_summary(&d->findings,
				"%zu goroutines at %s wait to send for long: a leak is suspected",
				end - i, place);
		finding_why(&d->findings,
			    "%s names no objects: whether anybody is left to receive is not known",
			    file_kind(d));
		finding_advice(
			&d->findings,
			"give the channel room, or select on the receiver's context as well");
		finding_done(&d->findings);
	}
}

void detect_suspected(struct detect *d)
{
	uint32_t ring[CHAIN_MOST];
	unsigned n;

	if (d->world->live.pid)
		return;
	for (uint32_t row = 0; row < d->moment->n; row++) {
		if (!waits_long(d, row))
			continue;
		n = ring_from(d, row, ring);
		if (n)
			ring_suspected(d, ring, n);
	}
	locks_suspected(d);
	if (is_dump(d)) {
		said_asleep(d);
		senders_suspected(d);
	}
}

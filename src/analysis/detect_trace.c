/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stacks and wakers alone let suspect, where no object is named: in a
 * trace. Who last woke a goroutine is where its next wake-up would come from;
 * where those wait too, in the end for each other or for one that ended, and
 * all since long, that is worth a look.
 */
#include <inttypes.h>

#include "analysis/detect_impl.h"
#include "analysis/groups.h"

enum { CHAIN_MOST = 32 };

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
	char who[SAY], time[SAY];

	finding_evidence(&d->findings, "goroutine %s: %s for %s", say_goroutine(d, row, who),
			 reason_name((enum reason)d->moment->reason[row]),
			 say_time(detect_age(d, row), time));
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
		    "a trace names no objects: this is by stacks and by who woke whom before");
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
	finding_summary(&d->findings,
			"%zu goroutine%s a lock to the end of the file: a deadlock is suspected",
			d->keys.n, d->keys.n == 1 ? " waits for" : "s wait for");
	finding_why(&d->findings,
		    "a trace names no objects: that nobody unlocked is seen, not who should have");
	finding_advice(&d->findings,
		       "watch the program live, where the locks and their holders show");
	finding_done(&d->findings);
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
}

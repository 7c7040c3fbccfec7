/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The past of a session that no file holds: events in memory, packed, within a
 * bound; the oldest go first. It answers as a history.
 */
#ifndef CORE_EVLOG_H
#define CORE_EVLOG_H

#include "core/history.h"

struct evlog;

/* limit: most bytes of packed events to keep. */
struct evlog *evlog_new(size_t limit);
void evlog_free(struct evlog *log); /* NULL ok */

/* Loop thread; in order of time, but for a few events that are told late. */
void evlog_append(struct evlog *log, const struct event *ev);

/* The events kept, to be asked from any thread; owned by the log. */
struct history *evlog_history(struct evlog *log);

/* Time of the oldest event kept; T_NEVER where there is none. */
int64_t evlog_begin(struct evlog *log);
/* Another limit; what is over it goes with the next events. */
void evlog_limit(struct evlog *log, size_t limit);
/* Bytes held. */
size_t evlog_bytes(struct evlog *log);

#endif

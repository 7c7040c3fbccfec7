/* SPDX-License-Identifier: Apache-2.0 */
/* What the detectors share. */
#ifndef ANALYSIS_DETECT_IMPL_H
#define ANALYSIS_DETECT_IMPL_H

#include "analysis/detect.h"

void detect_deadlocks(struct detect *d);
void detect_nil_channels(struct detect *d);
void detect_leaks(struct detect *d);
void detect_starvation(struct detect *d);
void detect_contention(struct detect *d);
void detect_held(struct detect *d);
void detect_races(struct detect *d);
/* Those of a trace, where no object is named. */
void detect_suspected(struct detect *d);

/*
 * For a detector that may have very many things to see to, at the begin of each:
 * true: it is to return now, and is called again, to go on from d->from. cost:
 * some hundred nanoseconds each.
 */
bool detect_pause(struct detect *d, uint32_t at, size_t cost);

/* Sorts d->keys, and returns the end of the run of equal keys that begins at i. */
void keys_sort(struct detect *d);
size_t keys_run(const struct detect *d, size_t i);
/* What the goroutines that stand and began alike have in common. */
uint64_t row_likeness(const struct detect *d, uint32_t row);

/* How long the row has been as it is, by what was seen. */
int64_t detect_age(const struct detect *d, uint32_t row);
/* Begins a finding with that in mind; NULL: it is off. */
struct finding *detect_finding(struct detect *d, enum detector_id id, enum severity s,
			       enum certainty c);

/* The function that a goroutine began in; "" where it is not known. */
const char *entry_name(const struct world *w, uint32_t row);

enum { SAY = 160 };
/* "18 (main.put pool.go:88)"; returns buf. */
const char *say_goroutine(const struct detect *d, uint32_t row, char buf[SAY]);
/* "mutex 0xc0001f8000", "chan 0xc0000a6000 (0 of 3, Job)"; returns buf. */
const char *say_object(const struct detect *d, const struct object *o, char buf[SAY]);
/* "to lock", "to receive from"; with the object's name after it. */
const char *say_wait(enum object_kind kind, enum wait_op op);
/* "main.go:88" of a frame; "" where it is not known. */
const char *say_place(const struct world *w, const struct frame *f, char buf[SAY]);
/* "41.2s"; returns buf. */
const char *say_time(int64_t ns, char buf[SAY]);

#endif

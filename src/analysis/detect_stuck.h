/* SPDX-License-Identifier: Apache-2.0 */
/* Words on the stuck, for the detectors of deadlocks and of leaks. */
#ifndef ANALYSIS_DETECT_STUCK_H
#define ANALYSIS_DETECT_STUCK_H

#include "analysis/detect_impl.h"

/* The goroutine with the least id; NO_NODE: only ports. */
uint32_t component_first(const struct graph *g, const struct graph_component *c);
/* Whether all of its goroutines are beyond help by the generous reading too. */
bool component_lost(const struct graph *g, const struct graph_component *c);
/*
 * What was told so far is proven once enough looks agree. A look in which it
 * cannot be told because somebody ran, whose registers nobody searched, takes
 * nothing back; one in which somebody reached an object does.
 */
void stuck_prove(struct detect *d, const struct graph_component *c);
/* Of those that wait at the port and are stuck the one with the least id. */
uint32_t port_first(const struct graph *g, uint32_t port);
/*
 * All of those are the finding's goroutines, and the object is its. The last
 * that makes the id: false where words are not kept any more.
 */
bool tell_waiters(struct detect *d, uint32_t port);
/* Evidence: what the node waits on, for how long. */
void say_stuck(struct detect *d, uint32_t node);
/* Evidence: what somebody could do to the object. */
void say_holder(struct detect *d, const struct hold *h, const struct object *o);
/* Evidence: how many stand behind; told: those of the component already told of. */
void say_behind(struct detect *d, const struct graph_component *c, uint32_t told);
/* Why the component's fate is not proven. */
void say_why(struct detect *d, const struct graph_component *c);

#endif

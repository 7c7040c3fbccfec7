/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the reader of events.jsonl: shared by jsonl*.c alone. */
#ifndef SOURCE_JSONL_IMPL_H
#define SOURCE_JSONL_IMPL_H

#include "core/evlog.h"
#include "source/jsonl.h"
#include "source/jsonl_line.h"

struct jsonl {
	struct source src; /* first */
	const char *begin, *p, *end;
	uint64_t number; /* of the line, from 1 on */
	struct jline line;
	struct map64 stack; /* the file's number → the world's id */
	VEC(struct frame) frame; /* scratch */
	VEC(char) name; /* scratch */
	struct evlog *log;
	int64_t last; /* time of the latest line */
	int64_t look_from; /* from then on the detectors see each look */
	uint64_t told; /* lines that said something */
	bool session, ended; /* its first and its last line were there */
	bool look, looked; /* what goroutines wait on: in the making, told at least once */
	bool cancelled;
	char why[128]; /* what is wrong with the line; then reading ends before it */
	/* the first lines that …; 0: none */
	uint64_t unknown; /* are of no known type */
	uint64_t stackless; /* name a stack that was not told */
};

enum jsonl_step {
	JSONL_BAD = -1, /* j->why is filled */
	JSONL_ON,
	JSONL_LOOK /* a good moment for the detectors */
};

/* --- jsonl_event.c --- */
/* Tells the world what the parsed line says. */
enum jsonl_step jread_apply(struct jsonl *j, struct world *w);
enum jsonl_step jread_bad(struct jsonl *j, const char *why);
/* Copies a name, cut to what fits. */
const char *jread_name(const struct jline *l, enum jkey k, char buf[32]);
uint32_t jread_string(const struct jline *l, struct world *w, enum jkey k);
/* The stack under that number; what stands in list is told of it. 0: there is none. */
uint32_t jread_stack(struct jsonl *j, struct world *w, enum jkey id, enum jkey list);
/* Numbers with which others reckon are kept this small. */
#define JSONL_MOST ((int64_t)1 << 60)
int64_t jread_bounded(int64_t v);

/* --- jsonl_facts.c --- */
/* EV_FACTS to EV_FACTS_END; false: it belongs to no look that was begun. */
bool jread_look(struct jsonl *j, struct world *w, struct event *ev);

/* --- jsonl_session.c --- */
enum jsonl_step jread_session(struct jsonl *j, struct world *w);
void jread_end(struct jsonl *j, struct world *w);

/* --- jsonl_load.c --- */
/* What the kernel told of a goroutine or a thread; of whom nothing is known is left out. */
void jread_load(struct jsonl *j, struct world *w);

#endif

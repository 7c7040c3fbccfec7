/* SPDX-License-Identifier: Apache-2.0 */
/* One line of events.jsonl: what its names say, before it is known what event it is. */
#ifndef SOURCE_JSONL_LINE_H
#define SOURCE_JSONL_LINE_H

#include "core/mem.h"
#include "source/jsonl_lex.h"

enum jkey {
	/* of events */
	K_TIME,
	K_TYPE,
	K_PHASE,
	K_G,
	K_REASON,
	K_STATE,
	K_BY,
	K_TEXT,
	K_TEXT2,
	K_OBJECT,
	K_TASK,
	K_PARENT,
	K_VALUE,
	K_VALUE2,
	K_M,
	K_P,
	K_SAMPLED,
	K_LEARNT,
	K_SCOPE,
	K_STACK_ID,
	K_STACK,
	K_START_ID,
	K_START,
	/* of what goroutines wait on */
	K_SAME,
	K_SEARCHED,
	K_NETPOLL,
	K_STILL,
	K_ADDR,
	K_KIND, /* the session's as well */
	K_LEN,
	K_CAP,
	K_OWNER,
	K_ELEM,
	K_FD,
	K_WHEN,
	K_PERIOD,
	K_CASE,
	K_SELECT,
	K_AT,
	K_COULD,
	K_EVIDENCE,
	K_CLOSED,
	K_WRITER_WAITS,
	K_LOCKED,
	K_TIMER,
	K_GLOBAL,
	K_SHARED,
	K_LISTENS,
	K_CONTEXT,
	/* of what the kernel told */
	K_CPU_SAMPLES,
	K_CPU,
	K_RUNQ,
	K_RUNQ_MOST,
	K_RUNQ_N,
	K_SYSCALLS,
	K_SYSCALL_NS,
	K_SLOW,
	K_SLOW_NS,
	K_SLOW_FD,
	K_WAKER,
	K_WAKER_TID,
	/* of the first line */
	K_SCHEMA,
	K_EXE,
	K_GO,
	K_WALL,
	K_BASE,
	K_PID,
	K_STRIPPED,
	K_SYMBOLS,
	K_NOTE,
	/* of the last one */
	K_STATUS,
	K_ENDED,
	K_PASSES,
	K_CREATED,
	K_THROWN,
	K_UNSTEADY,
	K_SAMPLE_HZ,
	K_SAMPLES_RUNTIME,
	K_THREADS,
	K_PROCS,
	K_WARNINGS,
	K_N
};

struct jvalue {
	uint64_t u; /* numbers, addresses, true; a negative number in two's complement */
	struct jtext text; /* strings, without escapes; lists: as they stand in the file */
};

struct jline {
	uint8_t has[K_N];
	struct jvalue v[K_N]; /* of those that it has */
	VEC(char) scratch; /* strings that had escapes */
	uint8_t slot[256]; /* names by hash, enum jkey + 1 */
};

void jline_init(struct jline *l);
void jline_release(struct jline *l);
/*
 * Reads the bytes of a line. Returns NULL, or what is wrong with it. What is in l
 * is valid until the next call and as long as the bytes are. Names that are not
 * known are passed over, and what is null.
 */
const char *jline_parse(struct jline *l, const char *p, size_t n);

/* 0 where the line does not have it. */
static inline uint64_t jline_uint(const struct jline *l, enum jkey k)
{
	return l->has[k] ? l->v[k].u : 0;
}

static inline int64_t jline_int(const struct jline *l, enum jkey k, int64_t otherwise)
{
	return l->has[k] ? (int64_t)l->v[k].u : otherwise;
}

/* The empty text where the line does not have it. */
static inline struct jtext jline_text(const struct jline *l, enum jkey k)
{
	return l->has[k] ? l->v[k].text : (struct jtext){ .s = "" };
}

#endif

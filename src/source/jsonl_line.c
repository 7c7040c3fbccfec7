/* SPDX-License-Identifier: Apache-2.0 */
#include "source/jsonl_line.h"

#include <stdlib.h>
#include <string.h>

enum jvalue_kind { V_UINT, V_INT, V_BOOL, V_ADDR, V_TEXT, V_LIST };

static const struct {
	const char *name;
	enum jvalue_kind kind;
} keys[K_N] = {
	[K_TIME] = { "ts_ns", V_INT },
	[K_TYPE] = { "type", V_TEXT },
	[K_PHASE] = { "phase", V_TEXT },
	[K_G] = { "g", V_UINT },
	[K_REASON] = { "reason", V_TEXT },
	[K_STATE] = { "state", V_TEXT },
	[K_BY] = { "by", V_UINT },
	[K_TEXT] = { "text", V_TEXT },
	[K_TEXT2] = { "text2", V_TEXT },
	[K_OBJECT] = { "object", V_UINT },
	[K_TASK] = { "task", V_UINT },
	[K_PARENT] = { "parent", V_UINT },
	[K_VALUE] = { "value", V_UINT },
	[K_VALUE2] = { "value2", V_UINT },
	[K_M] = { "m", V_UINT },
	[K_P] = { "p", V_UINT },
	[K_SAMPLED] = { "sampled", V_BOOL },
	[K_LEARNT] = { "learnt", V_BOOL },
	[K_SCOPE] = { "scope", V_TEXT },
	[K_STACK_ID] = { "stack_id", V_UINT },
	[K_STACK] = { "stack", V_LIST },
	[K_START_ID] = { "start_id", V_UINT },
	[K_START] = { "start", V_LIST },
	[K_SAME] = { "same", V_BOOL },
	[K_SEARCHED] = { "searched", V_BOOL },
	[K_NETPOLL] = { "netpoll", V_BOOL },
	[K_STILL] = { "still", V_BOOL },
	[K_ADDR] = { "addr", V_ADDR },
	[K_KIND] = { "kind", V_TEXT },
	[K_LEN] = { "len", V_INT },
	[K_CAP] = { "cap", V_INT },
	[K_OWNER] = { "owner", V_ADDR },
	[K_ELEM] = { "elem", V_TEXT },
	[K_FD] = { "fd", V_UINT },
	[K_WHEN] = { "when_ns", V_INT },
	[K_PERIOD] = { "period_ns", V_UINT },
	[K_CASE] = { "case", V_TEXT },
	[K_SELECT] = { "select", V_BOOL },
	[K_AT] = { "at", V_UINT },
	[K_COULD] = { "could", V_TEXT },
	[K_EVIDENCE] = { "evidence", V_TEXT },
	[K_CLOSED] = { "closed", V_BOOL },
	[K_WRITER_WAITS] = { "writer_waits", V_BOOL },
	[K_LOCKED] = { "locked", V_BOOL },
	[K_TIMER] = { "timer", V_BOOL },
	[K_GLOBAL] = { "global", V_BOOL },
	[K_SHARED] = { "shared", V_BOOL },
	[K_LISTENS] = { "listens", V_BOOL },
	[K_CONTEXT] = { "context", V_BOOL },
	[K_CPU_SAMPLES] = { "cpu_samples", V_UINT },
	[K_CPU] = { "cpu_ns", V_UINT },
	[K_RUNQ] = { "runq_ns", V_UINT },
	[K_RUNQ_MOST] = { "runq_max_ns", V_UINT },
	[K_RUNQ_N] = { "runq_n", V_UINT },
	[K_SYSCALLS] = { "syscalls", V_UINT },
	[K_SYSCALL_NS] = { "syscall_ns", V_UINT },
	[K_SLOW] = { "slow", V_TEXT },
	[K_SLOW_NS] = { "slow_ns", V_UINT },
	[K_SLOW_FD] = { "slow_fd", V_UINT },
	[K_WAKER] = { "waker", V_UINT },
	[K_WAKER_TID] = { "waker_tid", V_UINT },
	[K_SCHEMA] = { "schema", V_TEXT },
	[K_EXE] = { "exe", V_TEXT },
	[K_GO] = { "go", V_TEXT },
	[K_WALL] = { "wall_ns", V_INT },
	[K_BASE] = { "base_ns", V_INT },
	[K_PID] = { "pid", V_UINT },
	[K_STRIPPED] = { "stripped", V_BOOL },
	[K_SYMBOLS] = { "symbols", V_TEXT },
	[K_NOTE] = { "note", V_TEXT },
	[K_STATUS] = { "status", V_TEXT },
	[K_ENDED] = { "ended", V_TEXT },
	[K_PASSES] = { "passes", V_UINT },
	[K_CREATED] = { "created", V_UINT },
	[K_THROWN] = { "thrown", V_UINT },
	[K_UNSTEADY] = { "unsteady", V_UINT },
	[K_SAMPLE_HZ] = { "sample_hz", V_UINT },
	[K_SAMPLES_RUNTIME] = { "samples_runtime", V_UINT },
	[K_THREADS] = { "threads", V_UINT },
	[K_PROCS] = { "procs", V_UINT },
	[K_WARNINGS] = { "warnings", V_LIST },
};

static uint8_t name_hash(const char *s, size_t n)
{
	if (!n)
		return 0;
	return (uint8_t)(n * 31 + (uint8_t)s[0] * 7u + (uint8_t)s[n - 1] * 13u +
			 (uint8_t)s[n / 2] * 3u);
}

void jline_init(struct jline *l)
{
	memset(l, 0, sizeof(*l));
	for (unsigned k = 0; k < K_N; k++) {
		uint8_t i = name_hash(keys[k].name, strlen(keys[k].name));

		while (l->slot[i])
			i++;
		l->slot[i] = (uint8_t)(k + 1);
	}
}

void jline_release(struct jline *l)
{
	vec_free(&l->scratch);
}

/* K_N: no such name. */
static enum jkey key_find(const struct jline *l, struct jtext t)
{
	for (uint8_t i = name_hash(t.s, t.n); l->slot[i]; i++) {
		unsigned k = l->slot[i] - 1u;

		if (!strncmp(keys[k].name, t.s, t.n) && strlen(keys[k].name) == t.n)
			return (enum jkey)k;
	}
	return K_N;
}

/* The scratch has room for a whole line, so it does not move. */
static bool take_text(struct jline *l, struct jlex *x, struct jtext *out)
{
	size_t n;

	if (!jlex_string(x, out))
		return false;
	if (!out->escaped)
		return true;
	n = jtext_decode(*out, l->scratch.v + l->scratch.n);
	if (n == SIZE_MAX) {
		x->why = "an escape in a string is none";
		return false;
	}
	*out = (struct jtext){ .s = l->scratch.v + l->scratch.n, .n = (uint32_t)n };
	l->scratch.n += n;
	return true;
}

static bool take_list(struct jlex *x, struct jtext *out)
{
	const char *begin = x->p;

	if (!jlex_skip(x))
		return false;
	*out = (struct jtext){ .s = begin, .n = (uint32_t)(x->p - begin) };
	return true;
}

static bool take_value(struct jline *l, struct jlex *x, enum jkey k)
{
	struct jvalue *v = &l->v[k];
	int64_t number;
	bool yes;

	if (k == K_N)
		return jlex_skip(x);
	if (jlex_null(x))
		return true;
	l->has[k] = 1;
	switch (keys[k].kind) {
	case V_UINT:
		return jlex_uint(x, &v->u);
	case V_INT:
		if (!jlex_int(x, &number))
			return false;
		v->u = (uint64_t)number;
		return true;
	case V_BOOL:
		if (!jlex_bool(x, &yes))
			return false;
		v->u = yes;
		return true;
	case V_ADDR:
		return jlex_addr(x, &v->u);
	case V_TEXT:
		return take_text(l, x, &v->text);
	default:
		return take_list(x, &v->text);
	}
}

const char *jline_parse(struct jline *l, const char *p, size_t n)
{
	struct jlex x = { .p = p, .end = p + n };
	struct jtext key;

	memset(l->has, 0, sizeof(l->has));
	l->scratch.n = 0;
	vec_reserve(&l->scratch, n);
	for (bool more = jlex_first(&x, '{', '}'); more; more = jlex_more(&x, '}'))
		if (!jlex_key(&x, &key) || !take_value(l, &x, key_find(l, key)))
			break;
	if (!x.why)
		jlex_over(&x);
	return x.why;
}

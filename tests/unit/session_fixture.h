/* SPDX-License-Identifier: Apache-2.0 */
/* A session that tells every kind of event, and comparisons of it with what was read back from a file. */
#ifndef TESTS_SESSION_FIXTURE_H
#define TESTS_SESSION_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/evlog.h"
#include "export/jsonl.h"
#include "source/open.h"

struct fix {
	struct world w;
	struct evlog *log;
	uint32_t where, made, entry;
	int64_t now;
};

/* A world read from text. */
struct back {
	struct world w;
	struct source *src;
	struct err err;
	int rc;
};

static inline uint32_t stack_of(struct world *w, const char *func, uint32_t line, uint32_t flags)
{
	struct frame fr[2] = { { .pc = 0x401000 + line, .line = line, .flags = flags },
			       { .pc = 0x402000, .line = 7 } };

	fr[0].func = world_str(w, func);
	fr[0].file = world_str(w, "/src/worker.go");
	fr[1].func = world_str(w, "main.main");
	fr[1].file = world_str(w, "/src/main.go");
	return stacktab_put(&w->stacks, fr, 2);
}

static inline void tell(struct fix *f, struct event ev)
{
	ev.time = f->now += 1000;
	ev.m = ev.m ? ev.m : NO_ID;
	ev.p = ev.p ? ev.p : NO_ID;
	world_apply(&f->w, &ev);
	evlog_append(f->log, &ev);
}

static inline int session_setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	world_init(&f->w);
	f->log = evlog_new(64 << 20);
	f->w.history = evlog_history(f->log);
	f->w.source_kind = world_str(&f->w, "live");
	f->w.source_name = world_str(&f->w, "/app/a\"b\\c");
	f->w.go_version = world_str(&f->w, "go1.27.3");
	f->w.wall_ns = 1795232989397747545;
	f->w.live.pid = 4242;
	f->w.live.state = LIVE_RUNS;
	f->w.live.symbols = world_str(&f->w, "pclntab");
	stack_of(&f->w, "never.used", 1, 0); /* so that numbers differ from ids */
	f->where = stack_of(&f->w, "main.(*T).\xe2\x82\xac\x01\x7f\n\"", 88, FRAME_INLINED);
	f->made = stack_of(&f->w, "main.start", 12, 0);
	f->entry = stack_of(&f->w, "main.start.func1", 20, 0);
	*state = f;
	return 0;
}

static inline int session_teardown(void **state)
{
	struct fix *f = *state;

	evlog_free(f->log);
	world_release(&f->w);
	free(f);
	return 0;
}

static inline char *export(struct world *w, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	assert_int_equal(jsonl_export(w, T_BEFORE, T_NEVER, out), 0);
	fclose(out);
	return text;
}

static inline void read_back(struct back *b, const char *text, size_t size)
{
	struct input in = { .data = (const uint8_t *)text, .size = size, .name = (char *)"x" };

	memset(b, 0, sizeof(*b));
	world_init(&b->w);
	b->src = source_open_file(&in, NULL, &b->w, &b->err);
	b->rc = b->err.rc;
	while (b->src && (b->rc = b->src->ops->drain(b->src, &b->w, 1000, &b->err)) == SOURCE_MORE)
		;
}

static inline void back_release(struct back *b)
{
	b->w.history = NULL;
	if (b->src)
		b->src->ops->close(b->src);
	world_release(&b->w);
}

static inline const char *str(const struct world *w, uint32_t id)
{
	return strtab_get(&w->strings, id);
}

static inline void same_stack(const struct world *a, uint32_t x, const struct world *b, uint32_t y)
{
	assert_int_equal(stacktab_depth(&a->stacks, x), stacktab_depth(&b->stacks, y));
	for (uint32_t i = 0; i < stacktab_depth(&a->stacks, x); i++) {
		const struct frame *f = stacktab_frame(&a->stacks, x, i);
		const struct frame *g = stacktab_frame(&b->stacks, y, i);

		assert_true(f->pc == g->pc && f->line == g->line && f->flags == g->flags);
		assert_string_equal(str(a, f->func), str(b, g->func));
		assert_string_equal(str(a, f->file), str(b, g->file));
	}
}

/* --- all kinds --- */

static inline void tell_goroutines(struct fix *f)
{
	tell(f, (struct event){ .kind = EV_STATUS,
				.g = 1,
				.state = GS_BLOCKED,
				.reason = R_WAITGROUP,
				.text = world_str(&f->w, "sync.WaitGroup.Wait"),
				.stack = f->where,
				.stack2 = f->entry,
				.value2 = 500 });
	tell(f,
	     (struct event){
		     .kind = EV_ORIGIN, .g = 1, .peer = 3, .stack = f->made, .stack2 = f->entry });
	tell(f, (struct event){ .kind = EV_CREATE,
				.g = 18,
				.state = GS_RUNNABLE,
				.peer = 1,
				.stack = f->made,
				.stack2 = f->entry,
				.flags = EVF_SAMPLED,
				.value = 900 });
	tell(f, (struct event){ .kind = EV_RUN, .g = 18, .m = 77, .p = 1 });
	tell(f,
	     (struct event){ .kind = EV_SYSCALL, .g = 18, .reason = R_SYSCALL, .stack = f->where });
	tell(f, (struct event){ .kind = EV_SYSCALL_EXIT, .g = 18, .state = GS_RUNNABLE });
	tell(f, (struct event){ .kind = EV_RUN, .g = 18 });
	tell(f, (struct event){ .kind = EV_PREEMPT,
				.g = 18,
				.stack = f->where,
				.text = world_str(&f->w, "preempted"),
				.flags = EVF_SAMPLED,
				.value2 = 7 });
	tell(f, (struct event){ .kind = EV_BLOCK,
				.g = 18,
				.reason = R_CHAN_SEND,
				.text = world_str(&f->w, "chan send"),
				.stack = f->where });
	tell(f, (struct event){ .kind = EV_LABEL, .g = 18, .text = world_str(&f->w, "req=7f") });
	tell(f, (struct event){ .kind = EV_CREATE,
				.g = 19,
				.state = GS_RUNNABLE,
				.peer = 18,
				.stack = f->made });
	tell(f, (struct event){ .kind = EV_RUN, .g = 19 });
	tell(f, (struct event){ .kind = EV_UNBLOCK, .g = 18, .peer = 19, .stack = f->where });
	tell(f, (struct event){ .kind = EV_SAMPLE, .g = 19, .stack = f->where });
	tell(f, (struct event){ .kind = EV_DEAD, .g = 19 });
}

static inline void tell_program(struct fix *f)
{
	uint32_t gc = world_str(&f->w, "GC concurrent mark phase"),
		 stw = world_str(&f->w, "stop-the-world (GC sweep termination)"),
		 name = world_str(&f->w, "checkout");

	tell(f, (struct event){ .kind = EV_RANGE_ACTIVE, .text = gc });
	tell(f,
	     (struct event){ .kind = EV_RANGE_BEGIN, .text = stw, .g = 18, .flags = EVF_SCOPE_G });
	tell(f, (struct event){ .kind = EV_RANGE_END, .text = stw, .g = 18, .flags = EVF_SCOPE_G });
	tell(f, (struct event){ .kind = EV_RANGE_END, .text = gc, .value = 4096, .value2 = 17 });
	tell(f, (struct event){
			.kind = EV_TASK_BEGIN, .g = 18, .object = 5, .value = 4, .text = name });
	tell(f, (struct event){ .kind = EV_REGION_BEGIN, .g = 18, .object = 5, .text = name });
	tell(f, (struct event){ .kind = EV_LOG,
				.g = 18,
				.object = 5,
				.text = name,
				.text2 = f->w.go_version });
	tell(f, (struct event){ .kind = EV_REGION_END, .g = 18, .object = 5, .text = name });
	tell(f, (struct event){ .kind = EV_TASK_END, .g = 18, .object = 5, .text = name });
	tell(f, (struct event){ .kind = EV_METRIC, .text = name, .value = UINT64_MAX });
	tell(f,
	     (struct event){ .kind = EV_PROC, .p = 3, .state = GS_RUNNING, .flags = EVF_STATUS });
	tell(f,
	     (struct event){ .kind = EV_ALLOC, .text = name, .object = 0xc000123456, .value = 64 });
	tell(f, (struct event){ .kind = EV_LOST, .value = 3 });
	tell(f, (struct event){ .kind = EV_SYNC, .value = 1795232989397747546 });
	tell(f, (struct event){ .kind = EV_THREAD,
				.m = 77,
				.g = 18,
				.p = 2,
				.state = GS_SYSCALL,
				.text = world_str(&f->w, "read"),
				.value = 8 });
}

static inline void tell_look(struct fix *f)
{
	struct object o = { .addr = 0xc0000a6000,
			    .owner = 0xc0000b0000,
			    .len = -1,
			    .cap = 3,
			    .when = 123456,
			    .task_period = 1000,
			    .type = world_str(&f->w, "main.Job"),
			    .text = world_str(&f->w, "tcp 10.0.0.1:80"),
			    .fd = 0,
			    .flags = (1 << OBJECT_FLAGS) - 1,
			    .kind = OBJ_CHAN };
	struct object nil = { .when = T_NEVER, .fd = -1, .kind = OBJ_NIL };
	struct event ev[2];
	unsigned n = facts_object_events(&o, 0, ev);

	tell(f, (struct event){ .kind = EV_FACTS, .value = FACTS_SEARCHED | FACTS_NETPOLL });
	for (unsigned i = 0; i < n; i++)
		tell(f, ev[i]);
	facts_object_events(&nil, 0, ev);
	tell(f, ev[0]);
	tell(f, facts_wait_event(0, 18, o.addr, OP_SEND, true, 2));
	tell(f, facts_wait_event(0, 1, 0, OP_NONE, false, 0));
	tell(f, facts_hold_event(0, 19, o.addr, HOLD_RECV, EVIDENCE_SEEN,
				 world_str(&f->w, "between Lock and Unlock"), f->where));
	tell(f, facts_hold_event(0, 20, o.addr, HOLD_REF, EVIDENCE_INFERRED, 0, 0));
	tell(f, (struct event){ .kind = EV_FACTS_END });
	tell(f, (struct event){ .kind = EV_FACTS, .value = FACTS_SEARCHED | FACTS_SAME });
	tell(f, (struct event){ .kind = EV_FACTS_END });
}

static inline void tell_all(struct fix *f)
{
	tell_goroutines(f);
	tell_program(f);
	tell_look(f);
	f->w.live.passes = 31;
	f->w.live.procs = 8;
	f->w.live.state = LIVE_ENDED;
	f->w.live.ended = world_str(&f->w, "process 4242 ended with exit code 2");
	world_warn(&f->w, "the program's \"file\" was replaced");
}

static inline void same_goroutines(const struct world *a, const struct world *b)
{
	assert_int_equal(a->g.n, b->g.n);
	for (size_t i = 0; i < a->g.n; i++) {
		const struct goroutine *x = &a->g.v[i], *y = &b->g.v[i];

		assert_true(x->goid == y->goid && x->t_create == y->t_create &&
			    x->t_end == y->t_end && x->creator == y->creator &&
			    x->switches == y->switches && x->first_since == y->first_since);
		assert_string_equal(str(a, x->labels), str(b, y->labels));
		same_stack(a, x->create_stack, b, y->create_stack);
		same_stack(a, x->start_stack, b, y->start_stack);
		same_stack(a, a->now.stack[i], b, b->now.stack[i]);
		assert_true(a->now.state[i] == b->now.state[i] &&
			    a->now.reason[i] == b->now.reason[i] &&
			    a->now.since[i] == b->now.since[i] && a->now.how[i] == b->now.how[i]);
	}
}

static inline void same_facts(const struct world *wa, const struct world *wb)
{
	const struct facts *a = &wa->facts, *b = &wb->facts;

	assert_true(a->time == b->time && a->searched == b->searched && a->netpoll == b->netpoll);
	assert_int_equal(a->object.n, b->object.n);
	for (size_t i = 0; i < a->object.n; i++) {
		const struct object *x = &a->object.v[i], *y = &b->object.v[i];

		assert_true(x->addr == y->addr && x->owner == y->owner && x->len == y->len &&
			    x->cap == y->cap && x->when == y->when && x->fd == y->fd &&
			    x->task_period == y->task_period && x->flags == y->flags &&
			    x->kind == y->kind);
		assert_string_equal(str(wa, x->type), str(wb, y->type));
		assert_string_equal(str(wa, x->text), str(wb, y->text));
	}
	assert_int_equal(a->wait.n, b->wait.n);
	for (size_t i = 0; i < a->wait.n; i++)
		assert_memory_equal(&a->wait.v[i], &b->wait.v[i], sizeof(a->wait.v[i]));
	assert_int_equal(a->hold.n, b->hold.n);
	for (size_t i = 0; i < a->hold.n; i++) {
		const struct hold *x = &a->hold.v[i], *y = &b->hold.v[i];

		assert_true(x->goid == y->goid && x->object == y->object && x->op == y->op &&
			    x->evidence == y->evidence);
		assert_string_equal(str(wa, x->by), str(wb, y->by));
		same_stack(wa, x->stack, wb, y->stack);
	}
}

static inline void same_session(const struct world *a, const struct world *b)
{
	assert_string_equal(str(a, a->source_kind), str(b, b->source_kind));
	assert_string_equal(str(a, a->source_name), str(b, b->source_name));
	assert_string_equal(str(a, a->go_version), str(b, b->go_version));
	assert_string_equal(str(a, a->live.ended), str(b, b->live.ended));
	assert_string_equal(str(a, a->live.symbols), str(b, b->live.symbols));
	assert_true(a->wall_ns == b->wall_ns && a->t_end == b->t_end);
	assert_true(a->live.pid == b->live.pid && a->live.state == b->live.state &&
		    a->live.passes == b->live.passes && a->live.procs == b->live.procs);
	assert_true(a->progress.events == b->progress.events &&
		    a->progress.lost == b->progress.lost);
	assert_int_equal(a->warning.n, b->warning.n);
	for (size_t i = 0; i < a->warning.n; i++)
		assert_string_equal(str(a, a->warning.v[i]), str(b, b->warning.v[i]));
	assert_int_equal(a->band.n, b->band.n);
	for (size_t i = 0; i < a->band.n; i++)
		assert_true(a->band.v[i].t0 == b->band.v[i].t0 &&
			    a->band.v[i].t1 == b->band.v[i].t1 &&
			    a->band.v[i].kind == b->band.v[i].kind);
	assert_int_equal(a->thread.n, b->thread.n);
	for (size_t i = 0; i < a->thread.n; i++)
		assert_true(a->thread.v[i].tid == b->thread.v[i].tid &&
			    a->thread.v[i].goid == b->thread.v[i].goid &&
			    a->thread.v[i].fd == b->thread.v[i].fd &&
			    a->thread.v[i].state == b->thread.v[i].state);
}

#endif

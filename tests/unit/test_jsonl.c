/* SPDX-License-Identifier: Apache-2.0 */
/* events.jsonl there and back: what was written is read, nothing is lost; damage is named. */
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
#include "source/jsonl_lex.h"
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

static uint32_t stack_of(struct world *w, const char *func, uint32_t line, uint32_t flags)
{
	struct frame fr[2] = { { .pc = 0x401000 + line, .line = line, .flags = flags },
			       { .pc = 0x402000, .line = 7 } };

	fr[0].func = world_str(w, func);
	fr[0].file = world_str(w, "/src/worker.go");
	fr[1].func = world_str(w, "main.main");
	fr[1].file = world_str(w, "/src/main.go");
	return stacktab_put(&w->stacks, fr, 2);
}

static void tell(struct fix *f, struct event ev)
{
	ev.time = f->now += 1000;
	ev.m = ev.m ? ev.m : NO_ID;
	ev.p = ev.p ? ev.p : NO_ID;
	world_apply(&f->w, &ev);
	evlog_append(f->log, &ev);
}

static int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	world_init(&f->w);
	f->log = evlog_new(1 << 20);
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

static int teardown(void **state)
{
	struct fix *f = *state;

	evlog_free(f->log);
	world_release(&f->w);
	free(f);
	return 0;
}

static char *export(struct world *w, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	assert_int_equal(jsonl_export(w, T_BEFORE, T_NEVER, out), 0);
	fclose(out);
	return text;
}

static void read_back(struct back *b, const char *text, size_t size)
{
	struct input in = { .data = (const uint8_t *)text, .size = size, .name = (char *)"x" };

	memset(b, 0, sizeof(*b));
	world_init(&b->w);
	b->src = source_open_file(&in, NULL, &b->w, &b->err);
	b->rc = b->err.rc;
	while (b->src && (b->rc = b->src->ops->drain(b->src, &b->w, 1000, &b->err)) == SOURCE_MORE)
		;
}

static void back_release(struct back *b)
{
	b->w.history = NULL;
	if (b->src)
		b->src->ops->close(b->src);
	world_release(&b->w);
}

static const char *str(const struct world *w, uint32_t id)
{
	return strtab_get(&w->strings, id);
}

static void same_stack(const struct world *a, uint32_t x, const struct world *b, uint32_t y)
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

static void tell_goroutines(struct fix *f)
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

static void tell_program(struct fix *f)
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

static void tell_look(struct fix *f)
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

static void tell_all(struct fix *f)
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

static void same_goroutines(const struct world *a, const struct world *b)
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

static void same_facts(const struct world *wa, const struct world *wb)
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

static void same_session(const struct world *a, const struct world *b)
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

static bool mark_kind(void *arg, const struct event *ev)
{
	((bool *)arg)[ev->kind] = true;
	return true;
}

static void test_all_kinds(void **state)
{
	const struct history_query q = { .t0 = T_BEFORE, .t1 = T_NEVER };
	struct fix *f = *state;
	bool seen[EV_N] = { false };
	size_t size, size2;
	struct back b;
	char *text, *text2;

	tell_all(f);
	text = export(&f->w, &size);
	read_back(&b, text, size);
	assert_int_equal(b.rc, SOURCE_WHOLE);
	b.w.history->query(b.w.history, &q, mark_kind, seen);
	for (int k = EV_NONE + 1; k < EV_N; k++)
		assert_true(seen[k]);
	same_session(&f->w, &b.w);
	same_goroutines(&f->w, &b.w);
	same_facts(&f->w, &b.w);
	text2 = export(&b.w, &size2);
	assert_string_equal(text, text2);
	back_release(&b);
	free(text2);
	free(text);
}

/* The newest look is written from the model where the log does not have it. */
/* What the kernel told is in no event, and comes back all the same. */
static void test_loads(void **state)
{
	static const struct gload load = { .cpu_samples = 7,
					   .runq_ns = 900,
					   .runq_most_ns = 400,
					   .runq_n = 3,
					   .syscalls = 11,
					   .syscall_ns = 5000,
					   .slow_ns = 2500,
					   .slow_fd = 4 };
	struct fix *f = *state;
	struct thread *t;
	struct gload *g;
	struct back b;
	size_t size;
	char *text;

	tell_goroutines(f);
	tell(f, (struct event){ .kind = EV_THREAD, .m = 77, .g = 18, .state = GS_RUNNING });
	g = world_load_add(&f->w, world_find(&f->w, 18));
	*g = load;
	g->slow_call = world_str(&f->w, "fsync");
	t = world_thread(&f->w, 77);
	t->cpu_ns = UINT64_MAX;
	t->runq_ns = 60;
	t->runq_most_ns = 50;
	t->waker_tid = 78;
	t->waker_goid = 1;
	tell_program(f);
	text = export(&f->w, &size);
	read_back(&b, text, size);
	g = (struct gload *)world_load(&b.w, world_find(&b.w, 18));
	assert_non_null(g);
	assert_string_equal(strtab_get(&b.w.strings, g->slow_call), "fsync");
	g->slow_call = 0;
	assert_memory_equal(g, &load, sizeof(load));
	t = world_thread(&b.w, 77);
	assert_non_null(t);
	assert_true(t->cpu_ns == UINT64_MAX && t->runq_ns == 60 && t->runq_most_ns == 50);
	assert_true(t->waker_tid == 78 && t->waker_goid == 1);
	back_release(&b);
	free(text);
}

static void test_look_of_the_model(void **state)
{
	struct fix *f = *state;
	struct event ev[2];
	struct object o = { .addr = 0xc000, .when = T_NEVER, .fd = -1, .kind = OBJ_MUTEX };
	size_t size;
	struct back b;
	char *text;

	tell_goroutines(f);
	world_apply(&f->w, &(struct event){ .time = f->now, .kind = EV_FACTS });
	facts_object_events(&o, f->now, ev);
	world_apply(&f->w, ev);
	ev[0] = facts_wait_event(f->now, 18, o.addr, OP_LOCK, false, 0);
	world_apply(&f->w, ev);
	world_apply(&f->w, &(struct event){ .time = f->now, .kind = EV_FACTS_END });
	tell_program(f);
	text = export(&f->w, &size);
	read_back(&b, text, size);
	assert_int_equal(b.w.facts.wait.n, 1);
	same_facts(&f->w, &b.w);
	back_release(&b);
	free(text);
}

/* The log drops its oldest events: what is left of a look, and looks that are as it was, are not written. */
static void test_look_cut_off(void **state)
{
	struct fix *f = *state;
	size_t size;
	char *text;

	tell(f, facts_wait_event(0, 18, 0xc000, OP_SEND, true, 2));
	tell(f, (struct event){ .kind = EV_FACTS_END });
	tell(f, (struct event){ .kind = EV_FACTS, .value = FACTS_SAME });
	tell(f, (struct event){ .kind = EV_FACTS_END });
	text = export(&f->w, &size);
	assert_null(strstr(text, "\"wait\""));
	assert_null(strstr(text, "\"same\""));
	free(text);
	tell_look(f);
	text = export(&f->w, &size);
	assert_non_null(strstr(text, "\"wait\""));
	assert_non_null(strstr(text, "\"same\""));
	free(text);
}

/* --- damage --- */

/* Cut anywhere: what is whole is shown and a sentence says where it ends, or nothing is, and exit code 5. */
static void test_cut(void **state)
{
	struct fix *f = *state;
	size_t size;
	char *text, *copy;
	struct back b;

	tell_all(f);
	text = export(&f->w, &size);
	for (size_t n = 1; n + 1 < size; n += 1 + n % 7) {
		copy = xmalloc(n);
		memcpy(copy, text, n);
		read_back(&b, copy, n);
		if (b.rc < 0)
			assert_int_equal(b.err.code, EXIT_BADFILE);
		else
			assert_non_null(strstr(str(&b.w, b.w.warning.v[0]), "cut short"));
		assert_true(b.rc < 0 ? !b.w.g.n : b.w.warning.n > 0);
		back_release(&b);
		free(copy);
	}
	free(text);
}

static const char *warning_of(struct back *b, const char *text)
{
	read_back(b, text, strlen(text));
	assert_int_equal(b->rc, SOURCE_WHOLE);
	return b->w.warning.n ? str(&b->w, b->w.warning.v[0]) : "";
}

#define RUNS "{\"ts_ns\":5,\"g\":7,\"type\":\"run\"}\n"

static void test_damage(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ RUNS "\n" RUNS "{\"ts_ns\":6,\"g\":}\n" RUNS, "line 4 is damaged: a number" },
		{ RUNS "{\"ts_ns\":6,\"type\":\"run\",\"g\":1} x\n",
		  "line 2 is damaged: there is more" },
		{ RUNS "{\"g\":1,\"type\":\"run\"}\n", "line 2 is damaged: it has no time" },
		{ RUNS "{\"ts_ns\":1}\n", "line 2 is damaged: it has no type" },
		{ RUNS "{\"ts_ns\":9223372036854775807,\"type\":\"run\"}\n", "beyond reason" },
		{ RUNS "{\"ts_ns\":92233720368547758070,\"type\":\"run\"}\n", "too large" },
		{ RUNS "[1]\n", "line 2 is damaged: an object is missing" },
		{ RUNS "{\"ts_ns\":1,\"type\":\"ru\\qn\"}\n", "line 2 is damaged: an escape" },
		{ RUNS "{\"ts_ns\":1,\"type\":\"session\"}\n", "another session" },
		{ RUNS "{\"ts_ns\":1,\"type\":\"dance\"}\n",
		  "not known here were left out, line 2" },
		{ RUNS "{\"ts_ns\":6,\"g\":7,\"type\":\"block\",\"stack_id\":9}\n",
		  "line 2 names one" },
		{ RUNS "{\"ts_ns\":6,\"type\":", "cut short in line 2" },
		{ RUNS, "" },
		{ RUNS
		  "{\"ts_ns\":6,\"type\":\"run\",\"new\":[{\"a\":[1.5e3,null,{}]}],\"g\":null}",
		  "" },
	};
	struct back b;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *says = warning_of(&b, cases[i].text);

		if (!strstr(says, cases[i].says) || (!*cases[i].says && *says))
			fail_msg("%s: %s", cases[i].text, says);
		assert_int_equal(b.w.g.n, 1);
		back_release(&b);
	}
}

static void test_nothing_right(void **state)
{
	static const char *const texts[] = { "{\"ts_ns\":", "{\"ts_ns\":1,\"type\":\"dance\"}",
					     ("{\"ts_ns\":true}\n" RUNS), "{\"schema\":1}", "{}" };
	struct back b;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		read_back(&b, texts[i], strlen(texts[i]));
		assert_true(b.rc < 0);
		assert_int_equal(b.err.code, EXIT_BADFILE);
		back_release(&b);
	}
}

static void test_escapes(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "a\\n\\\"\\\\\\/\\t", "a\n\"\\/\t" },
		{ "\\u20ac\\u00e9\\u0041", "\xe2\x82\xac\xc3\xa9"
					   "A" },
		{ "\\ud83d\\ude00", "\xf0\x9f\x98\x80" },
		{ "\\ud83dx\\ude00", "\xef\xbf\xbdx\xef\xbf\xbd" },
		{ "\\u12", NULL },
		{ "\\", NULL },
		{ "\\x", NULL },
	};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct jtext t = { .s = cases[i].in, .n = (uint32_t)strlen(cases[i].in) };
		size_t n = jtext_decode(t, buf);

		if (!cases[i].out) {
			assert_true(n == SIZE_MAX);
			continue;
		}
		assert_int_equal(n, strlen(cases[i].out));
		assert_memory_equal(buf, cases[i].out, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_look_of_the_model, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_look_cut_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_nothing_right),
		cmocka_unit_test(test_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

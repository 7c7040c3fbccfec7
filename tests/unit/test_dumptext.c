/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goroutine dumps as each version of Go prints them: the samples follow
 * runtime/traceback.go and runtime/pprof of 1.19 to 1.27.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/detect.h"
#include "export/jsonl.h"
#include "source/dumptext.h"
#include "source/dumptext_line.h"
#include "source/open.h"

struct opened {
	struct world w;
	struct source *src;
	struct err err;
	int rc;
};

static void open_bytes(struct opened *o, const char *text, size_t n)
{
	struct input in = { .data = (const uint8_t *)text, .size = n, .name = (char *)"x.txt" };

	memset(o, 0, sizeof(*o));
	world_init(&o->w);
	o->src = source_open_file(&in, NULL, &o->w, &o->err);
	o->rc = o->err.rc;
	while (o->src && (o->rc = o->src->ops->drain(o->src, &o->w, 1, &o->err)) == SOURCE_MORE)
		;
	o->w.progress.whole = true;
}

static void open_text(struct opened *o, const char *text)
{
	open_bytes(o, text, strlen(text));
}

static void close_text(struct opened *o)
{
	o->w.history = NULL;
	if (o->src)
		o->src->ops->close(o->src);
	world_release(&o->w);
}

static uint32_t row(const struct opened *o, uint64_t goid)
{
	uint32_t r = world_find(&o->w, goid);

	assert_int_not_equal(r, NO_G);
	return r;
}

static const char *str(const struct opened *o, uint32_t id)
{
	return strtab_get(&o->w.strings, id);
}

static void is_stack(const struct opened *o, uint32_t stack, const char *want)
{
	const struct frame *f;
	char got[2048] = "";

	for (uint32_t i = 0; (f = stacktab_frame(&o->w.stacks, stack, i)); i++) {
		size_t n = strlen(got);

		snprintf(got + n, sizeof(got) - n, "%s%s:%u%s", n ? " " : "", str(o, f->func),
			 f->line, f->flags & FRAME_INLINED ? "i" : "");
	}
	assert_string_equal(got, want);
}

static void is_goroutine(const struct opened *o, uint64_t goid, enum gstate s, enum reason r,
			 const char *stack)
{
	uint32_t at = row(o, goid);

	assert_string_equal(gstate_name(o->w.now.state[at]), gstate_name(s));
	assert_string_equal(reason_name(o->w.now.reason[at]), reason_name(r));
	is_stack(o, o->w.now.stack[at], stack);
}

/* --- headers --- */

static struct dhead head(const char *text)
{
	struct dhead h;

	assert_true(dline_head((struct dspan){ text, strlen(text) }, 0, &h));
	return h;
}

static void is_span(struct dspan s, const char *want)
{
	assert_int_equal(s.n, strlen(want));
	assert_memory_equal(s.s, want, s.n);
}

static void headers(void **state)
{
	struct dhead h = head("goroutine 1 [running]:");

	(void)state;
	assert_int_equal(h.goid, 1);
	is_span(h.state, "running");
	h = head("goroutine 18 [chan send, 12 minutes, locked to thread]:");
	is_span(h.state, "chan send");
	assert_int_equal(h.minutes, 12);
	assert_true(h.locked);
	h = head("goroutine 3 gp=0xc000006700 m=nil [GC sweep wait]:");
	assert_int_equal(h.goid, 3);
	is_span(h.state, "GC sweep wait");
	h = head("goroutine 0 gp=0xa5a000 m=0 mp=0xa5b1e0 [idle]:");
	assert_int_equal(h.goid, 0);
	is_span(h.state, "idle");
	h = head("goroutine 7 [chan receive (nil chan) (scan), 3 minutes]:");
	is_span(h.state, "chan receive (nil chan)");
	assert_int_equal(h.minutes, 3);
	h = head("goroutine 21 [select (durable), synctest bubble 20]:");
	is_span(h.state, "select");
	assert_int_equal(h.bubble, 20);
	h = head("goroutine 22 [sync.WaitGroup.Wait (durable), locked to thread, synctest group "
		 "9]:");
	is_span(h.state, "sync.WaitGroup.Wait");
	assert_int_equal(h.bubble, 9);
	assert_true(h.locked);
	h = head("goroutine 5 [chan send (leaked)]:");
	is_span(h.state, "chan send");
	assert_true(h.leaked);
	h = head("goroutine 6 [select (no cases), 1 minutes] {req: 7f, \"a b\": \"c:d\"}:");
	is_span(h.state, "select (no cases)");
	is_span(h.labels, "req: 7f, \"a b\": \"c:d\"");
	assert_int_equal(head("goroutine 18446744073709551615 [idle]:").goid, UINT64_MAX);
}

static void no_headers(void **state)
{
	static const char *const texts[] = {
		"goroutine",
		"goroutine 1",
		"goroutine x [running]:",
		"goroutine 1 [running]",
		"goroutine 1 running:",
		"goroutine 1 []:",
		"goroutine 1 [a] {b:",
		"goroutine 99999999999999999999 [running]:",
		"goroutines 1 [running]:",
		"",
		"goroutine 1 [a]b:",
		"goroutine profile: total 5",
	};
	struct dhead h;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_false(dline_head((struct dspan){ texts[i], strlen(texts[i]) }, 0, &h));
}

static void label_texts(void **state)
{
	static const struct {
		const char *text, *want;
		bool json;
	} t[] = {
		{ "req: 7f", "req=7f", false },
		{ "req: 7f, \"a b\": \"c:d\\\"e\"", "req=7f,a b=c:d\"e", false },
		{ "{\"k\":\"v\", \"w\":\"x y\"}", "k=v,w=x y", true },
		{ "{}", "", true },
		{ "no braces", "", true },
		{ "a: b, c", "a=b", false },
		{ "", "", false },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		size_t n = dline_labels((struct dspan){ t[i].text, strlen(t[i].text) }, t[i].json,
					out);

		out[n] = '\0';
		assert_string_equal(out, t[i].want);
	}
}

/* --- whole dumps --- */

static const char panicked[] = "starting up\n"
			       "panic: boom [recovered]\n"
			       "	panic: boom\n"
			       "\n"
			       "goroutine 1 [running]:\n"
			       "panic({0x4a1b20?, 0x4e2f68?})\n"
			       "	/usr/lib/go-1.21/src/runtime/panic.go:920 +0x270\n"
			       "main.(*Pool).put(...)\n"
			       "	/src/my app/pool.go:12\n"
			       "main.run(0xc000012345, {0x4b0000, 0x3}, ...)\n"
			       "	/src/my app/pool.go:44 +0x1d\n"
			       "main.main()\n"
			       "	/src/my app/main.go:9 +0x25\n"
			       "\n"
			       "goroutine 18 [chan send, 12 minutes, locked to thread]:\n"
			       "main.send[...](0xc00001c0c0)\n"
			       "	/src/my app/pool.go:7 +0x4d\n"
			       "created by main.(*Pool).start in goroutine 1\n"
			       "	/src/my app/pool.go:30 +0x6b\n"
			       "\n"
			       "goroutine 19 [semacquire]:\n"
			       "sync.runtime_SemacquireMutex(0xc00001c0c4?, 0x0?, 0x1?)\n"
			       "	/usr/lib/go-1.19/src/runtime/sema.go:77 +0x26\n"
			       "sync.(*Mutex).lockSlow(0xc00001c0c0)\n"
			       "	/usr/lib/go-1.19/src/sync/mutex.go:171 +0x165\n"
			       "main.lock(0xc00001c0c0)\n"
			       "	/src/my app/pool.go:8 +0x3d\n"
			       "created by main.start\n"
			       "	/src/my app/pool.go:31 +0x6b\n"
			       "exit status 2\n";

static void panic_text(void **state)
{
	struct opened o;
	uint32_t r;

	(void)state;
	open_text(&o, panicked);
	assert_int_equal(o.rc, SOURCE_WHOLE);
	assert_string_equal(str(&o, o.w.source_kind), "dump");
	assert_string_equal(str(&o, o.w.live.ended), "panic: boom [recovered]");
	is_goroutine(&o, 1, GS_RUNNING, R_NONE,
		     "runtime.gopanic:920 main.(*Pool).put:12i main.run:44 main.main:9");
	is_goroutine(&o, 18, GS_BLOCKED, R_CHAN_SEND, "main.send[...]:7");
	is_goroutine(&o, 19, GS_BLOCKED, R_MUTEX,
		     "sync.runtime_SemacquireMutex:77 sync.(*Mutex).lockSlow:171 main.lock:8");
	r = row(&o, 18);
	assert_int_equal(o.w.now.time - o.w.now.since[r], 12 * 60 * INT64_C(1000000000));
	assert_int_equal(o.w.now.how[r], WAIT_AT_LEAST);
	assert_int_equal(o.w.now.since[row(&o, 19)], T_BEFORE);
	assert_int_equal(o.w.g.v[r].creator, 1);
	is_stack(&o, o.w.g.v[r].create_stack, "main.(*Pool).start:30");
	is_stack(&o, o.w.g.v[row(&o, 19)].create_stack, "main.start:31");
	assert_string_equal(str(&o, stacktab_frame(&o.w.stacks, o.w.now.stack[r], 0)->file),
			    "/src/my app/pool.go");
	close_text(&o);
}

/* From 1.23 on a program that dies tells addresses; each of its threads tells of its goroutine. */
static const char quit[] =
	"SIGQUIT: quit\n"
	"PC=0x48bf41 m=0 sigcode=0\n"
	"\n"
	"goroutine 0 gp=0xa5a000 m=0 mp=0xa5b1e0 [idle]:\n"
	"runtime.futex(0xa5b338, 0x80, 0x0, 0x0, 0x0, 0x0)\n"
	"	/go/src/runtime/sys_linux_amd64.s:575 +0x21 fp=0x7ffd sp=0x7ffc pc=0x48bf41\n"
	"\n"
	"goroutine 1 gp=0xc000002 m=nil [sleep, 2 minutes]:\n"
	"runtime.gopark(0x21?, 0x48?, 0x20?, 0x2e?, 0x45?)\n"
	"	/go/src/runtime/proc.go:474 +0xca fp=0xc0 sp=0xb0 pc=0x4838ca\n"
	"runtime.goparkunlock(...)\n"
	"	/go/src/runtime/proc.go:480\n"
	"time.Sleep(0x3b9aca00)\n"
	"	/go/src/runtime/time.go:368 +0x165 fp=0xc1 sp=0xc0 pc=0x4874a5\n"
	"main.inner(...)\n"
	"	/src/main.go:29\n"
	"main.main.gowrap1()\n"
	"	/src/main.go:30 +0x12 fp=0xc2 sp=0xc1 pc=0x401234\n"
	"main.main()\n"
	"	/src/main.go:31 +0x82 fp=0xc2 sp=0xc1 pc=0x67a342\n"
	"runtime.main()\n"
	"	/go/src/runtime/proc.go:302 +0x427 fp=0xc3 sp=0xc2 pc=0x44d3a7\n"
	"runtime.goexit({})\n"
	"	/go/src/runtime/asm_amd64.s:1264 +0x1 fp=0xc4 sp=0xc3 pc=0x48a401\n"
	"\n"
	"goroutine 2 gp=0xc000003 m=nil [force gc (idle)]:\n"
	"runtime.forcegchelper()\n"
	"	/go/src/runtime/proc.go:387 +0xb3 fp=0xc0 sp=0xb0 pc=0x44d673\n"
	"runtime.goexit({})\n"
	"	/go/src/runtime/asm_amd64.s:1264 +0x1 fp=0xc4 sp=0xc3 pc=0x48a401\n"
	"created by runtime.init.7 in goroutine 1\n"
	"	/go/src/runtime/proc.go:375 +0x1a\n"
	"\n"
	"goroutine 5 gp=0xc000004 m=3 mp=0xc000080 [running]:\n"
	"	goroutine running on other thread; stack unavailable\n"
	"created by main.main in goroutine 1\n"
	"	/src/main.go:20 +0x1a\n"
	"\n"
	"goroutine 6 gp=0xc000005 m=4 mp=0xc000090 [running]:\n"
	"	goroutine running on other thread; stack unavailable\n"
	"created by main.main in goroutine 1\n"
	"	/src/main.go:20 +0x1a\n"
	"\n"
	"rax    0xca\n"
	"rbx    0x0\n"
	"\n"
	"-----\n"
	"\n"
	"goroutine 5 gp=0xc000004 m=3 mp=0xc000080 [running]:\n"
	"main.spin(0x7)\n"
	"	/src/main.go:99 +0x7 fp=0xc2 sp=0xc1 pc=0x67a999\n"
	"created by main.main in goroutine 1\n"
	"	/src/main.go:20 +0x1a\n";

static void quit_text(void **state)
{
	struct opened o;
	const struct frame *f;

	(void)state;
	open_text(&o, quit);
	assert_int_equal(o.rc, SOURCE_WHOLE);
	assert_int_equal(o.w.g.n, 4);
	assert_string_equal(str(&o, o.w.live.ended), "SIGQUIT: quit");
	is_goroutine(&o, 1, GS_BLOCKED, R_SLEEP,
		     "time.Sleep:368 main.inner:29i main.main:31 runtime.main:302");
	is_goroutine(&o, 2, GS_BLOCKED, R_GC, "runtime.forcegchelper:387");
	assert_true(o.w.g.v[row(&o, 2)].system);
	assert_false(o.w.g.v[row(&o, 1)].system);
	is_goroutine(&o, 5, GS_RUNNING, R_NONE, "main.spin:99");
	is_goroutine(&o, 6, GS_RUNNING, R_NONE, "[running]:0");
	is_stack(&o, o.w.g.v[row(&o, 6)].create_stack, "main.main:20");
	f = stacktab_frame(&o.w.stacks, o.w.now.stack[row(&o, 1)], 0);
	assert_int_equal(f->pc, 0x4874a5);
	f = stacktab_frame(&o.w.stacks, o.w.now.stack[row(&o, 1)], 1);
	assert_int_equal(f->pc, 0x401234);
	close_text(&o);
}

static void elided_and_ancestors(void **state)
{
	struct opened o;

	(void)state;
	open_text(&o, "goroutine 7 [chan receive]:\n"
		      "main.deep(0x1)\n\t/src/a.go:1 +0x1\n"
		      "...additional frames elided...\n"
		      "created by main.main\n\t/src/a.go:2 +0x1\n"
		      "[originating from goroutine 1]:\n"
		      "main.other(...)\n\t/src/a.go:3 +0x1\n"
		      "created by main.nobody\n\t/src/a.go:4 +0x1\n"
		      "\n"
		      "goroutine 8 [select]:\n"
		      "main.deep(0x1)\n\t/src/a.go:1 +0x1\n"
		      "...37 frames elided...\n"
		      "main.main()\n\t/src/a.go:2 +0x1\n"
		      "\n"
		      "goroutine 9 [syscall, 5 minutes]:\n"
		      "non-Go function at pc=7f00\n"
		      "non-Go function at pc=0x7f01\n"
		      "main.call()\n\t/src/a.go:2 +0x1\n");
	assert_int_equal(o.rc, SOURCE_WHOLE);
	is_goroutine(&o, 7, GS_BLOCKED, R_CHAN_RECV, "main.deep:1 [more frames]:0");
	is_stack(&o, o.w.g.v[row(&o, 7)].create_stack, "main.main:2");
	is_goroutine(&o, 8, GS_BLOCKED, R_SELECT, "main.deep:1 main.main:2 [more frames]:0");
	is_goroutine(&o, 9, GS_SYSCALL, R_SYSCALL, "[no Go code]:0 [no Go code]:0 main.call:2");
	close_text(&o);
}

static void in_a_log(void **state)
{
	struct opened o;

	(void)state;
	open_text(&o, "2024/05/01 12:00:00 worker: hello\r\n"
		      "2024/05/01 12:00:01 worker: goroutine 4 [IO wait]:\r\n"
		      "2024/05/01 12:00:01 worker: internal/poll.runtime_pollWait(0x7f, 0x72)\r\n"
		      "2024/05/01 12:00:02 worker: \t/go/src/runtime/netpoll.go:305 +0x89\r\n"
		      "2024/05/01 12:00:02 worker: main.read()\r\n"
		      "2024/05/01 12:00:02 worker: \t/src/a.go:305 +0x89\r\n");
	assert_int_equal(o.rc, SOURCE_WHOLE);
	is_goroutine(&o, 4, GS_BLOCKED, R_NET, "internal/poll.runtime_pollWait:305 main.read:305");
	close_text(&o);
}

static void twice_and_cut(void **state)
{
	struct opened o;
	char warnings[1024] = "";

	(void)state;
	open_text(&o, "goroutine 4 [select]:\nmain.a()\n\t/src/a.go:1 +0x1\n\n"
		      "goroutine 4 [chan send]:\nmain.b()\n\t/src/a.go:2 +0x1\n\n"
		      "goroutine 5 [chan send]:\nmain.b()\n\t/src/a.g");
	is_goroutine(&o, 4, GS_BLOCKED, R_SELECT, "main.a:1");
	is_goroutine(&o, 5, GS_BLOCKED, R_CHAN_SEND, "main.b:0");
	for (size_t i = 0; i < o.w.warning.n; i++) {
		strcat(warnings, str(&o, o.w.warning.v[i]));
		strcat(warnings, "\n");
	}
	assert_non_null(strstr(warnings, "more than one dump: of 1 goroutines"));
	assert_non_null(strstr(warnings, "ends in the middle of a line"));
	close_text(&o);
}

static const char counts[] =
	"goroutine profile: total 1004\n"
	"1000 @ 0x43e236 0x40ab1c 0x6e3c05 0x471c41\n"
	"# labels: {\"req\":\"7f\"}\n"
	"#	0x6e3c04	main.worker+0x44	/src/main.go:12\n"
	"\n"
	"2 @ 0x43e236 0x46f525 0x471c41\n"
	"#	0x46f524	sync.runtime_SemacquireMutex+0x24	"
	"/go/src/runtime/sema.go:77\n"
	"#	0x46f600	main.lock+0x24				/src/main.go:20\n"
	"\n"
	"1 @ 0x40ebad 0x471c41\n"
	"#	0x40ebac	syscall.Syscall+0x1c	/go/src/syscall/asm.s:20\n"
	"#	0x46f600	main.call+0x24		/src/main.go:30\n"
	"\n"
	"1 @ 0x50ebad 0x471c41\n"
	"#	0x50ebac	runtime/pprof.runtime_goroutineProfileWithLabels+0x24	"
	"/go/src/runtime/mprof.go:844\n"
	"\n";

static void counted(void **state)
{
	struct opened o;

	(void)state;
	open_text(&o, counts);
	assert_int_equal(o.rc, SOURCE_WHOLE);
	assert_int_equal(o.w.g.n, 1004);
	is_goroutine(&o, 1, GS_BLOCKED, R_NONE, "main.worker:12");
	assert_string_equal(str(&o, o.w.g.v[row(&o, 1000)].labels), "req=7f");
	is_goroutine(&o, 1001, GS_BLOCKED, R_MUTEX, "sync.runtime_SemacquireMutex:77 main.lock:20");
	is_goroutine(&o, 1003, GS_SYSCALL, R_SYSCALL, "syscall.Syscall:20 main.call:30");
	is_goroutine(&o, 1004, GS_RUNNABLE, R_NONE,
		     "runtime/pprof.runtime_goroutineProfileWithLabels:844");
	close_text(&o);
}

static void counts_without_end(void **state)
{
	struct opened o;

	(void)state;
	open_text(&o, "goroutine profile: total 18446744073709551615\n"
		      "18446744073709551615 @ 0x43e236\n"
		      "#	0x6e3c04	main.worker+0x44	/src/main.go:12\n");
	assert_int_equal(o.rc, SOURCE_WHOLE);
	assert_int_equal(o.w.g.n, DUMPTEXT_COUNTED_MOST);
	close_text(&o);
}

static void not_a_dump(void **state)
{
	static const char *const texts[] = { "hello\n", "a goroutine 1 is here\n",
					     "goroutine 1 [running\n", "{\"x\":1}\n" };
	struct opened o;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		open_text(&o, texts[i]);
		assert_null(o.src);
		assert_int_equal(o.err.code, EXIT_BADFILE);
		close_text(&o);
	}
	/* a system stack alone */
	open_text(&o, "goroutine 0 [idle]:\nruntime.futex()\n\t/x.s:1 +0x1\n");
	assert_int_equal(o.rc, -EBADMSG);
	close_text(&o);
}

/* --- what can be found in it --- */

static const struct finding *found(struct detect *d, enum detector_id id)
{
	for (size_t i = 0; i < d->findings.v.n; i++)
		if (d->findings.v.v[i].present && d->findings.v.v[i].detector == id)
			return &d->findings.v.v[i];
	return NULL;
}

static void verdicts(void **state)
{
	struct opened o;
	struct detect d;
	const struct finding *f;

	(void)state;
	open_text(&o, "fatal error: all goroutines are asleep - deadlock!\n\n"
		      "goroutine 1 [semacquire, 3 minutes]:\n"
		      "sync.runtime_SemacquireMutex(0x1)\n\t/go/sema.go:77 +0x1\n"
		      "main.main()\n\t/src/a.go:1 +0x1\n\n"
		      "goroutine 4 [chan send, 3 minutes]:\nmain.b()\n\t/src/a.go:2 +0x1\n"
		      "created by main.main\n\t/src/a.go:9 +0x1\n\n"
		      "goroutine 5 [chan send, 3 minutes]:\nmain.b()\n\t/src/a.go:2 +0x1\n"
		      "created by main.main\n\t/src/a.go:9 +0x1\n\n"
		      "goroutine 6 [chan receive (nil chan)]:\nmain.c()\n\t/src/a.go:3 +0x1\n");
	detect_init(&d);
	detect_now(&d, &o.w);
	f = found(&d, DETECT_LEAK);
	assert_non_null(f);
	assert_int_equal(f->certainty, CERTAINTY_RECHECK);
	assert_int_equal(f->n, 2);
	f = found(&d, DETECT_NIL_CHANNEL);
	assert_non_null(f);
	assert_int_equal(f->certainty, CERTAINTY_PROVEN);
	detect_release(&d);
	close_text(&o);
}

/* A dump as an export is the dump. */
static void there_and_back(void **state)
{
	struct opened o, back;
	char *text = NULL;
	size_t n = 0;
	FILE *out;

	(void)state;
	open_text(&o, quit);
	out = open_memstream(&text, &n);
	assert_int_equal(jsonl_export(&o.w, T_BEFORE, T_NEVER, out), 0);
	fclose(out);
	open_bytes(&back, text, n);
	assert_int_equal(back.rc, SOURCE_WHOLE);
	assert_int_equal(back.w.g.n, o.w.g.n);
	assert_string_equal(str(&back, back.w.live.ended), "SIGQUIT: quit");
	is_goroutine(&back, 5, GS_RUNNING, R_NONE, "main.spin:99");
	close_text(&back);
	close_text(&o);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),	  cmocka_unit_test(no_headers),
		cmocka_unit_test(label_texts),	  cmocka_unit_test(panic_text),
		cmocka_unit_test(quit_text),	  cmocka_unit_test(elided_and_ancestors),
		cmocka_unit_test(in_a_log),	  cmocka_unit_test(twice_and_cut),
		cmocka_unit_test(counted),	  cmocka_unit_test(counts_without_end),
		cmocka_unit_test(not_a_dump),	  cmocka_unit_test(verdicts),
		cmocka_unit_test(there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

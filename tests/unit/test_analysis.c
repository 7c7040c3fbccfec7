/* SPDX-License-Identifier: Apache-2.0 */
/* What the list is made of: patterns, filter, groups; stories; source files. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "analysis/filter.h"
#include "analysis/groups.h"
#include "analysis/match.h"
#include "analysis/srcfile.h"
#include "analysis/story.h"
#include "core/evlog.h"

/* --- patterns --- */

static bool finds(const char *pattern, const char *text)
{
	struct err err = { 0 };
	struct match *m = match_new(pattern, &err);
	bool yes;

	assert_non_null(m);
	yes = match_find(m, text, strlen(text), NULL, NULL);
	match_free(m);
	return yes;
}

static void test_match(void **state)
{
	struct err err = { 0 };
	struct match *m;
	size_t a, b;

	(void)state;
	assert_true(finds("chan-(send|recv)", "blocked chan-recv"));
	assert_false(finds("^chan", "blocked chan-recv"));
	assert_true(finds("ф.о", "a фуо b"));
	m = match_new("b+", &err);
	assert_true(match_find(m, "aabbbc", 6, &a, &b));
	assert_int_equal(a, 2);
	assert_int_equal(b, 5);
	assert_false(match_find(m, "\xff\xff", 2, NULL, NULL));
	match_free(m);
	assert_null(match_new("a(b", &err));
	assert_non_null(strstr(err.text, "character 4")); /* at which character */
}

/* A pattern that takes for ever ends at its limit, and matches nothing. */
static void test_match_ends(void **state)
{
	struct err err = { 0 };
	struct match *m = match_new("(a+)+(b+)+(c+)+$", &err);
	char text[4096];

	(void)state;
	assert_non_null(m);
	memset(text, 'a', sizeof(text));
	alarm(20); /* else it would still be at it */
	assert_false(match_find(m, text, sizeof(text) - 1, NULL, NULL));
	alarm(0);
	match_free(m);
}

/* --- a small world: three stacks, two creators, eight goroutines --- */

struct fix {
	struct world w;
	struct evlog *log;
	uint32_t send, lock, loop, made_here, made_there;
};

static uint32_t stack(struct world *w, const char *top, const char *user, const char *file,
		      uint32_t line)
{
	struct frame f[2] = {
		{ .pc = 1,
		  .func = world_str(w, top),
		  .file = world_str(w, "/go/src/runtime/proc.go"),
		  .line = 400 },
		{ .pc = 2, .func = world_str(w, user), .file = world_str(w, file), .line = line }
	};

	return stacktab_put(&w->stacks, f, 2);
}

static void tell(struct fix *f, struct event ev)
{
	ev.m = ev.p = NO_ID;
	world_apply(&f->w, &ev);
	evlog_append(f->log, &ev);
}

static void born(struct fix *f, uint64_t goid, int64_t t, uint32_t made, uint8_t reason,
		 uint32_t where)
{
	tell(f, (struct event){ .time = t,
				.g = goid,
				.kind = EV_CREATE,
				.state = GS_RUNNABLE,
				.peer = 1,
				.stack = made,
				.stack2 = where });
	tell(f, (struct event){ .time = t + 1, .g = goid, .kind = EV_RUN });
	if (reason)
		tell(f, (struct event){ .time = t + 2,
					.g = goid,
					.kind = EV_BLOCK,
					.reason = reason,
					.stack = where });
}

static int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	world_init(&f->w);
	f->log = evlog_new(64 << 20);
	f->w.history = evlog_history(f->log);
	f->send = stack(&f->w, "runtime.chansend1", "main.(*Pool).put", "/src/pool.go", 88);
	f->lock = stack(&f->w, "sync.(*Mutex).Lock", "main.(*Cache).get", "/src/cache.go", 12);
	f->loop = stack(&f->w, "main.loop", "main.main", "/src/main.go", 5);
	f->made_here = stack(&f->w, "main.serve", "main.main", "/src/main.go", 30);
	f->made_there = stack(&f->w, "main.work", "main.main", "/src/main.go", 40);
	for (uint64_t i = 0; i < 4; i++)
		born(f, 10 + i, 100 * (int64_t)(i + 1), f->made_here, R_CHAN_SEND, f->send);
	born(f, 20, 50, f->made_there, R_MUTEX, f->lock);
	born(f, 21, 600, f->made_there, R_MUTEX, f->lock);
	born(f, 30, 700, f->made_there, R_NONE, f->loop);
	born(f, 31, 800, f->made_here, R_CHAN_SEND, f->send);
	tell(f, (struct event){ .time = 900, .g = 31, .kind = EV_UNBLOCK, .peer = 30 });
	tell(f, (struct event){ .time = 950, .g = 31, .kind = EV_RUN });
	tell(f, (struct event){ .time = 990, .g = 31, .kind = EV_DEAD });
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

/* --- filter --- */

static size_t passing(struct fix *f, const char *pattern)
{
	struct err err = { 0 };
	struct filter *filter = filter_new(pattern, &err);
	bool keep[64];
	size_t n;

	assert_non_null(filter);
	assert_string_equal(filter_pattern(filter), pattern);
	n = filter_all(filter, &f->w, &f->w.now, true, keep);
	for (size_t i = 0, again = 0; i < f->w.now.n; i++) {
		assert_int_equal(keep[i], filter_row(filter, &f->w, &f->w.now, i));
		again += keep[i] && f->w.now.state[i] != GS_DEAD;
		assert_true(i + 1 < f->w.now.n || again == n);
	}
	filter_free(filter);
	return n;
}

static void test_filter(void **state)
{
	struct fix *f = *state;
	struct err err = { 0 };

	assert_int_equal(passing(f, ""), 7);
	assert_int_equal(passing(f, "!"), 7);
	assert_int_equal(passing(f, "chan-send"), 4); /* reason; the fifth has ended */
	assert_int_equal(passing(f, "!chan-send"), 3);
	assert_int_equal(passing(f, "running"), 1); /* state */
	assert_int_equal(passing(f, "Cache"), 2); /* function */
	assert_int_equal(passing(f, "pool\\.go"), 4); /* file */
	assert_int_equal(passing(f, "main\\.serve"), 4); /* creator's function */
	assert_int_equal(passing(f, "^g2[01]$"), 2); /* id */
	assert_int_equal(passing(f, "no such thing"), 0);
	assert_int_equal(passing(f, "!no such thing"), 7);
	assert_null(filter_new("a(", &err));
	assert_true(err.rc < 0);
	err_clear(&err);
	assert_null(filter_new("!*", &err));
	assert_true(err.rc < 0);
}

static void test_filter_labels(void **state)
{
	struct fix *f = *state;

	tell(f, (struct event){ .time = 991,
				.g = 20,
				.kind = EV_LABEL,
				.text = world_str(&f->w, "req=7f,user=anna") });
	assert_int_equal(passing(f, "user=anna"), 1);
	tell(f, (struct event){ .time = 992, .g = 20, .kind = EV_LABEL, .text = 0 });
	assert_int_equal(passing(f, "user=anna"), 0);
}

/* --- groups --- */

static struct group at(const struct fix *f, const struct groups *g, size_t i)
{
	return groups_at(g, &f->w, &f->w.now, i);
}

static void test_groups(void **state)
{
	struct fix *f = *state;
	struct groups g = { 0 };
	struct groups_config c = { .by = GROUP_STACK, .sort = SORT_COUNT };
	bool keep[64] = { 0 };
	struct group one;

	groups_make(&g, &f->w, &f->w.now, &c);
	assert_int_equal(g.shown, 7);
	assert_int_equal(groups_n(&g), 3);
	assert_int_equal(at(f, &g, 0).n, 4);
	assert_int_equal(at(f, &g, 0).key, f->send);
	assert_int_equal(f->w.g.v[at(f, &g, 0).row].goid, 10); /* the least id stands for all */
	assert_int_equal(at(f, &g, 0).since, 102); /* the longest wait */
	assert_int_equal(at(f, &g, 1).n, 2);
	one = at(f, &g, 1);
	for (size_t i = 0; i < f->w.now.n; i++)
		assert_int_equal(group_has(&f->w, &f->w.now, c.by, &one, i),
				 f->w.g.v[i].goid == 20 || f->w.g.v[i].goid == 21);
	c.invert = true;
	groups_make(&g, &f->w, &f->w.now, &c);
	assert_int_equal(at(f, &g, 0).n, 1);
	c = (struct groups_config){ .by = GROUP_CREATOR, .sort = SORT_COUNT };
	groups_make(&g, &f->w, &f->w.now, &c);
	assert_int_equal(groups_n(&g), 2);
	assert_int_equal(at(f, &g, 0).n, 4);
	assert_int_equal(at(f, &g, 1).n, 3);
	c = (struct groups_config){ .by = GROUP_NONE, .sort = SORT_WAIT };
	groups_make(&g, &f->w, &f->w.now, &c);
	assert_int_equal(groups_n(&g), 7);
	assert_int_equal(f->w.g.v[at(f, &g, 0).row].goid, 20);
	assert_int_equal(groups_find(&g, groups_row(&g, 3)), 3);
	assert_int_equal(groups_find(&g, 7), SIZE_MAX); /* it has ended */
	c.sort = SORT_ID;
	groups_make(&g, &f->w, &f->w.now, &c);
	for (size_t i = 1; i < groups_n(&g); i++)
		assert_true(f->w.g.v[at(f, &g, i - 1).row].goid < f->w.g.v[at(f, &g, i).row].goid);
	keep[0] = keep[4] = true;
	c.keep = keep;
	groups_make(&g, &f->w, &f->w.now, &c);
	assert_int_equal(groups_n(&g), 2);
	groups_release(&g);
}

static void test_group_names(void **state)
{
	(void)state;
	for (int i = 0; i < SORT_N; i++)
		assert_int_equal(sort_parse(sort_name((enum sort_by)i)), i);
	for (int i = 0; i < GROUP_N; i++)
		assert_int_equal(grouping_parse(grouping_name((enum grouping)i)), i);
	assert_int_equal(sort_parse("colour"), -1);
}

static void test_place(void **state)
{
	struct fix *f = *state;
	const struct frame *fr = stack_place(&f->w, f->lock);

	assert_string_equal(strtab_get(&f->w.strings, fr->func), "main.(*Cache).get");
	fr = stack_place(&f->w, f->loop);
	assert_string_equal(strtab_get(&f->w.strings, fr->func), "main.loop");
	assert_null(stack_place(&f->w, 0));
}

static uint32_t stack_of_names(struct world *w, const char *const *names, uint32_t n)
{
	struct frame fr[4] = { { 0 } };

	for (uint32_t i = 0; i < n; i++)
		fr[i] = (struct frame){ .func = world_str(w, names[i]), .line = i + 1 };
	return stacktab_put(&w->stacks, fr, n);
}

/* The program's own code before the library that it calls, that before what only waits. */
static void test_place_in_library(void **state)
{
	static const char *const called[] = { "runtime.gopark", "io.(*pipe).read", "io.ReadAll",
					      "example.com/shop.load" };
	static const char *const server[] = { "internal/poll.(*FD).Accept",
					      "net.(*TCPListener).Accept",
					      "net/http.(*Server).Serve" };
	static const char *const dotless[] = { "sync.(*Mutex).Lock", "iota.run" };
	struct fix *f = *state;

	assert_int_equal(stack_place(&f->w, stack_of_names(&f->w, called, 4))->line, 4);
	assert_int_equal(stack_place(&f->w, stack_of_names(&f->w, server, 3))->line, 3);
	assert_int_equal(stack_place(&f->w, stack_of_names(&f->w, server, 2))->line, 1);
	assert_int_equal(stack_place(&f->w, stack_of_names(&f->w, dotless, 2))->line, 2);
}

/* --- stories --- */

static void submit(struct jobs *j, void (*work)(void *), void (*done)(void *), void *arg)
{
	(void)j;
	work(arg);
	if (done)
		done(arg);
}

static void told(void *arg)
{
	++*(int *)arg;
}

static void test_story(void **state)
{
	struct fix *f = *state;
	struct jobs jobs = { submit };
	int answers = 0;
	struct storyteller s = { .jobs = &jobs, .told = told, .arg = &answers };
	uint32_t row = world_find(&f->w, 31), other = world_find(&f->w, 30);
	const struct story *st;

	assert_null(story_get(&s, row));
	story_want(&s, &f->w, row, 900);
	assert_int_equal(answers, 1);
	st = story_get(&s, row);
	assert_non_null(st);
	assert_int_equal(st->ev.n, 6);
	assert_int_equal(st->ev.v[0].kind, EV_CREATE);
	assert_int_equal(st->ev.v[5].kind, EV_DEAD);
	assert_int_equal(st->t0, T_BEFORE);
	assert_int_equal(st->t1, T_NEVER);
	assert_int_equal(story_at(st, 802), 2);
	assert_int_equal(story_at(st, 5000), 6);
	story_want(&s, &f->w, row, 10); /* it is there */
	assert_int_equal(answers, 1);
	assert_null(story_get(&s, other));
	story_want(&s, &f->w, other, 900); /* what it did to others is of its story, too */
	st = story_get(&s, other);
	assert_non_null(st);
	assert_int_equal(st->ev.v[st->ev.n - 1].kind, EV_UNBLOCK);
	assert_int_equal(st->ev.v[st->ev.n - 1].g, 31);
	tell(f, (struct event){ .time = 1000, .g = 30, .kind = EV_BLOCK, .reason = R_SELECT });
	story_want(&s, &f->w, other, 1000); /* it went on */
	assert_int_equal(story_get(&s, other)->ev.v[story_get(&s, other)->ev.n - 1].kind, EV_BLOCK);
	story_release(&s);
}

/* --- source files --- */

static char *write_file(const char *dir, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *out;

	for (char *p = path + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	return path;
}

static void set_path(const char *name, const char *dir, const char *sub)
{
	char *path = xasprintf("%s/%s", dir, sub);

	setenv(name, path, 1);
	free(path);
}

static void test_sources(void **state)
{
	char dir[] = "/tmp/bingo-test-XXXXXX", *substitute;
	const char *list[2] = { 0 };
	struct srccache c = { .substitute = list };
	const struct srcfile *f;
	char *path, *mod, *std;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = write_file(dir, "here/a.go", "one\r\ntwo\n\nfour");
	mod = write_file(dir, "mod/example.com/m@v1.2.3/x.go", "package m\n");
	std = write_file(dir, "root/src/sync/once.go", "package sync\n");
	substitute = xasprintf("/build/src=%s/here", dir);
	list[0] = substitute;
	set_path("GOMODCACHE", dir, "mod");
	set_path("GOROOT", dir, "root");
	f = src_find(&c, path); /* as recorded */
	assert_string_equal(f->path, path);
	assert_int_equal(f->line.n, 4);
	assert_int_equal(f->line.v[0].len, 3); /* without the \r */
	assert_memory_equal(f->line.v[3].s, "four", 4);
	assert_ptr_equal(src_find(&c, path), f);
	f = src_find(&c, "/build/src/a.go");
	assert_string_equal(f->path, path);
	f = src_find(&c, "/build/srcs/a.go"); /* only whole folders are replaced */
	assert_null(f->path);
	assert_non_null(f->why);
	f = src_find(&c, "/root/go/pkg/mod/example.com/m@v1.2.3/x.go");
	assert_string_equal(f->path, mod);
	f = src_find(&c, "example.com/m@v1.2.3/x.go");
	assert_string_equal(f->path, mod);
	f = src_find(&c, "/usr/lib/go-1.19/src/sync/once.go");
	assert_string_equal(f->path, std);
	f = src_find(&c, dir); /* a folder is no source */
	assert_null(f->path);
	assert_null(src_find(&c, "")->path);
	src_release(&c);
	unsetenv("GOMODCACHE");
	unsetenv("GOROOT");
	free(substitute);
	free(path);
	free(mod);
	free(std);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_match_ends),
		cmocka_unit_test_setup_teardown(test_filter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter_labels, setup, teardown),
		cmocka_unit_test_setup_teardown(test_groups, setup, teardown),
		cmocka_unit_test(test_group_names),
		cmocka_unit_test_setup_teardown(test_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_place_in_library, setup, teardown),
		cmocka_unit_test_setup_teardown(test_story, setup, teardown),
		cmocka_unit_test(test_sources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

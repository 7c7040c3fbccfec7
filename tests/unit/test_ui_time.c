/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time on the screen, over a world made by hand: marks and what has changed since, findings, dragging,
 * borders, the menus, tasks and regions, arrows.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>

#include "core/evlog.h"
#include "ui/lane_story.h"
#include "ui/menu.h"
#include "ui/ui.h"

enum { W = 200, H = 60, MS = 1000000 };

struct fix {
	struct world w;
	struct evlog *log;
	struct detect detect;
	struct jobs jobs;
	struct ui *ui;
	struct grid grid;
	char *text;
	uint32_t stack[4];
	char wrote[128];
	int sent, asked; /* signals */
	bool may_signal, writes;
};

static void at_once(struct jobs *j, void (*work)(void *), void (*done)(void *), void *arg)
{
	(void)j;
	work(arg);
	if (done)
		done(arg);
}

static int write_stub(void *arg, const struct ui_write *x, struct err *err)
{
	struct fix *f = arg;

	(void)err;
	if (x->t0 == T_BEFORE && x->t1 == T_NEVER)
		snprintf(f->wrote, sizeof(f->wrote), "%s to %s", x->format, x->file);
	else
		snprintf(f->wrote, sizeof(f->wrote), "%s to %s of %" PRId64 " to %" PRId64,
			 x->format, x->file, x->t0, x->t1);
	return 0;
}

static const char *writing_stub(void *arg)
{
	struct fix *f = arg;

	return f->writes ? "/tmp/events.jsonl" : NULL;
}

static int signal_stub(void *arg, int sig, struct err *err)
{
	struct fix *f = arg;

	if (!f->may_signal)
		return err_set(err, -EPERM, EXIT_USAGE, "signals are off");
	f->asked += !sig;
	if (sig)
		f->sent = sig;
	return 0;
}

static void tell(struct fix *f, int64_t ms, struct event ev)
{
	ev.time = ms * MS;
	ev.m = ev.p = NO_ID;
	world_apply(&f->w, &ev);
	evlog_append(f->log, &ev);
}

static void born(struct fix *f, int64_t ms, uint64_t goid, int stack)
{
	tell(f, ms,
	     (struct event){ .g = goid,
			     .peer = 1,
			     .kind = EV_CREATE,
			     .state = GS_RUNNABLE,
			     .stack = f->stack[3],
			     .stack2 = f->stack[3] });
	tell(f, ms, (struct event){ .g = goid, .kind = EV_RUN });
	tell(f, ms,
	     (struct event){ .g = goid,
			     .kind = EV_BLOCK,
			     .reason = R_CHAN_RECV,
			     .stack = f->stack[stack] });
}

/* Ten at place 0 from the begin; at 400 ms five more there and three at place 1; at 700 ms those end. */
static void make_world(struct fix *f)
{
	for (int i = 0; i < 4; i++) {
		struct frame fr = { .line = 10u + (uint32_t)i };
		char name[32];

		snprintf(name, sizeof(name), "main.place%d", i);
		fr.func = world_str(&f->w, name);
		fr.file = world_str(&f->w, "/src/main.go");
		f->stack[i] = stacktab_put(&f->w.stacks, &fr, 1);
	}
	tell(f, 0,
	     (struct event){ .g = 1,
			     .kind = EV_STATUS,
			     .state = GS_RUNNING,
			     .stack = f->stack[3],
			     .stack2 = f->stack[3] });
	for (uint64_t g = 2; g < 12; g++)
		born(f, 1, g, 0);
	for (uint64_t g = 20; g < 25; g++)
		born(f, 400, g, 0);
	for (uint64_t g = 30; g < 33; g++)
		born(f, 400, g, 1);
	for (uint64_t g = 30; g < 33; g++) {
		tell(f, 700, (struct event){ .g = g, .peer = 2, .kind = EV_UNBLOCK });
		tell(f, 700, (struct event){ .g = g, .kind = EV_RUN });
		tell(f, 700, (struct event){ .g = g, .kind = EV_DEAD });
	}
	tell(f, 1000, (struct event){ .g = 1, .kind = EV_PREEMPT, .stack = f->stack[3] });
	world_close_segment(&f->w);
	f->w.progress.whole = true;
}

static int setup(void **state)
{
	static const struct ui_choice exports[] = { { "jsonl", "jsonl", "events", true },
						    { "dot", "dot", "a graph", false },
						    { NULL, NULL, NULL, false } };
	struct fix *f = xcalloc(1, sizeof(*f));
	struct ui_config c = { .world = &f->w,
			       .detect = &f->detect,
			       .jobs = &f->jobs,
			       .exports = exports,
			       .live = true,
			       .w = W,
			       .h = H };

	f->jobs.submit = at_once;
	world_init(&f->w);
	detect_init(&f->detect);
	f->log = evlog_new(8 << 20);
	f->w.history = evlog_history(f->log);
	make_world(f);
	f->w.live.pid = 4242;
	f->w.live.past_events = T_NEVER;
	f->w.source_name = world_str(&f->w, "/bin/shop");
	c.host = (struct ui_host){
		.arg = f, .write = write_stub, .writing = writing_stub, .signal = signal_stub
	};
	grid_init(&f->grid, W, H, true);
	f->ui = ui_new(&c);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	ui_free(f->ui);
	grid_release(&f->grid);
	detect_release(&f->detect);
	evlog_free(f->log);
	world_release(&f->w);
	free(f->text);
	free(f);
	return 0;
}

static const char *screen(struct fix *f)
{
	size_t size;
	FILE *out;

	free(f->text);
	out = open_memstream(&f->text, &size);
	ui_draw(f->ui, &f->grid);
	grid_dump_text(&f->grid, out);
	fclose(out);
	return f->text;
}

static void sees(struct fix *f, const char *text)
{
	if (!strstr(screen(f), text))
		fail_msg("not on the screen: %s\n%s", text, f->text);
}

static void sees_not(struct fix *f, const char *text)
{
	if (strstr(screen(f), text))
		fail_msg("on the screen: %s\n%s", text, f->text);
}

static void run(struct fix *f, const char *line)
{
	struct err err = { 0 };

	if (ui_command(f->ui, line, &err))
		fail_msg("%s: %s", line, err.text);
}

static void type(struct fix *f, const char *s)
{
	for (; *s; s++)
		ui_key(f->ui, (uint32_t)*s);
	ui_key(f->ui, UK_ENTER);
}

/* --- marks --- */

static void test_marks(void **state)
{
	struct fix *f = *state;
	struct view *v = ui_view(f->ui);
	struct err err = { 0 };

	screen(f);
	ui_key(f->ui, '\'');
	sees(f, "there is no mark yet");
	run(f, "goto 0.5s");
	run(f, "goroutine 20");
	run(f, "mark");
	run(f, "goto 0.8s");
	run(f, "mark k");
	assert_int_equal(v->mark.n, 2);
	run(f, "goto 0.9s");
	run(f, "goroutine 2");
	ui_key(f->ui, '\'');
	assert_true(v->time == 800 * MS);
	ui_key(f->ui, '\'');
	assert_true(v->time == 500 * MS);
	assert_int_equal(f->w.g.v[v->row].goid, 20); /* the mark's, not the row's */
	ui_key(f->ui, '\''); /* round the end */
	assert_true(v->time == 800 * MS);
	run(f, "mark-jump a");
	assert_true(v->time == 500 * MS);
	ui_key(f->ui, 'm'); /* there it is taken away */
	assert_int_equal(v->mark.n, 1);
	assert_non_null(view_mark_get(v, 'k'));
	assert_true(ui_command(f->ui, "mark-jump a", &err) != 0);
	err_clear(&err);
	assert_true(ui_command(f->ui, "mark 7", &err) != 0);
}

/* A letter for each, then no more. */
static void test_all_letters(void **state)
{
	struct fix *f = *state;
	struct view *v = ui_view(f->ui);
	char line[32];

	for (int i = 0; i < VIEW_MARKS + 2; i++) {
		snprintf(line, sizeof(line), "goto %dms", 10 + i);
		run(f, line);
		ui_key(f->ui, 'm');
	}
	assert_int_equal(v->mark.n, VIEW_MARKS);
	sees(f, "letters are taken");
	run(f, "mark c"); /* which goes to where we are */
	assert_int_equal(v->mark.n, VIEW_MARKS);
	assert_true(view_mark_get(v, 'c')->time == v->time);
	for (size_t i = 1; i < v->mark.n; i++)
		assert_true(v->mark.v[i - 1].time <= v->mark.v[i].time);
}

/* --- what has changed --- */

static void test_changes(void **state)
{
	struct fix *f = *state;

	run(f, "pane changes");
	sees(f, "no mark is set");
	run(f, "goto 0.2s");
	run(f, "mark");
	sees(f, "as large as it was then");
	run(f, "goto 0.5s");
	sees(f, "1 new, 1 grown, 0 gone, 0 shrunk");
	sees(f, "new         +3       0      3");
	sees(f, "grown       +5      10     15");
	run(f, "mark");
	run(f, "goto 0.9s");
	sees(f, "0 new, 0 grown, 1 gone, 0 shrunk");
	sees(f, "gone        -3       3      0");
	ui_key(f->ui, UK_LEFT); /* with the other mark */
	sees(f, "0 new, 1 grown, 0 gone, 0 shrunk");
	run(f, "filter place1");
	sees(f, "0 new, 0 grown, 0 gone, 0 shrunk");
	run(f, "goto 0.5s");
	sees(f, "1 new, 0 grown, 0 gone, 0 shrunk");
	ui_key(f->ui, UK_ENTER); /* the goroutine of the group */
	assert_int_equal(f->w.g.v[ui_view(f->ui)->row].goid, 30);
}

static void test_compare(void **state)
{
	struct fix *f = *state;
	struct snapshot a = { 0 }, b = { 0 };
	struct comparison c = { 0 };
	struct moment m = { 0 };

	world_at(&f->w, 500 * MS, &m);
	snapshot_take(&a, &f->w, &m, NULL);
	assert_int_equal(a.total, 19);
	snapshot_compare(&a, &a, &c);
	assert_int_equal(c.v.n, 0);
	snapshot_compare(&b, &a, &c); /* against nothing all is new */
	assert_int_equal(c.n[GROUP_NEW], a.v.n);
	assert_int_equal(c.v.v[0].now, 15);
	snapshot_compare(&a, &b, &c);
	assert_int_equal(c.n[GROUP_GONE], a.v.n);
	snapshot_release(&a);
	snapshot_release(&b);
	comparison_release(&c);
	moment_release(&m);
}

/* --- leaving --- */

/* What is being written is not cut off by a key that was pressed once. */
static void test_quit_twice(void **state)
{
	struct fix *f = *state;

	f->writes = true;
	ui_key(f->ui, 'q');
	assert_false(ui_done(f->ui));
	sees(f, "writing /tmp/events.jsonl: q again leaves it unfinished");
	ui_key(f->ui, UK_DOWN); /* it is not meant any more */
	ui_key(f->ui, 'Q');
	assert_false(ui_done(f->ui));
	ui_key(f->ui, 'q');
	assert_true(ui_done(f->ui));
}

static void test_quit_once(void **state)
{
	struct fix *f = *state;

	ui_key(f->ui, 'q');
	assert_true(ui_done(f->ui));
}

/* --- findings --- */

static void add_finding(struct fix *f, int64_t since, enum severity s, uint32_t row,
			const char *what)
{
	struct findings *all = &f->detect.findings;
	struct moment none = { 0 };

	finding_new(all, 0, s, CERTAINTY_LIKELY);
	finding_member(all, &f->w, &none, row); /* whose own since does not count */
	finding_key(all, what);
	finding_since(all, since);
	finding_summary(all, "%s", what);
	finding_done(all);
}

static void test_findings(void **state)
{
	struct fix *f = *state;
	struct view *v = ui_view(f->ui);

	findings_begin(&f->detect.findings, f->w.now.time);
	add_finding(f, 300 * MS, SEVERITY_WARNING, world_find(&f->w, 3), "early");
	add_finding(f, 600 * MS, SEVERITY_INFO, world_find(&f->w, 4), "late and small");
	add_finding(f, 600 * MS, SEVERITY_ERROR, world_find(&f->w, 5), "late and grave");
	findings_end(&f->detect.findings);
	run(f, "goto begin");
	ui_key(f->ui, '}');
	assert_true(v->time == 300 * MS);
	assert_int_equal(f->w.g.v[v->row].goid, 3);
	sees(f, "early");
	ui_key(f->ui, '}');
	assert_true(v->time == 600 * MS);
	assert_int_equal(f->w.g.v[v->row].goid, 5); /* of two at one time the gravest */
	ui_key(f->ui, '}');
	sees(f, "nothing was found after this");
	ui_key(f->ui, '{');
	assert_true(v->time == 300 * MS);
	ui_key(f->ui, '{');
	sees(f, "nothing was found before this");
	ui_key(f->ui, '1');
	sees(f, "^ ");
}

/* --- the mouse --- */

static void mouse(struct fix *f, enum mouse_kind kind, int x, int y)
{
	struct mouse m = { .kind = kind, .x = x, .y = y };

	ui_draw(f->ui, &f->grid);
	ui_mouse(f->ui, &m);
}

/* The line on the screen that begins so, after blanks. */
static int line_of(struct fix *f, const char *word)
{
	const char *s = screen(f);

	for (int y = 0; *s; y++) {
		if (!strncmp(s + strspn(s, " "), word, strlen(word)))
			return y;
		s = strchr(s, '\n') + 1;
	}
	fail_msg("no line begins with %s\n%s", word, f->text);
	return -1;
}

static void test_drag(void **state)
{
	struct fix *f = *state;
	struct view *v = ui_view(f->ui);
	int all, lane;
	double at;

	run(f, "pane timeline");
	all = line_of(f, "all ");
	lane = all - 5;
	mouse(f, MOUSE_PRESS, 9 + 50, lane);
	at = (double)v->time / (double)f->w.t_end;
	assert_true(at > 0.25 && at < 0.28); /* column 50 of 191 */
	mouse(f, MOUSE_DRAG, 9 + 100, lane - 2);
	assert_true(v->span_all);
	mouse(f, MOUSE_RELEASE, 9 + 100, lane - 2);
	assert_false(v->span_all);
	assert_true((double)v->span.t0 / (double)f->w.t_end > 0.25);
	assert_true((double)v->span.t1 / (double)f->w.t_end < 0.54);
	ui_key(f->ui, 'u');
	assert_true(v->span_all);
	/* the session's line scrubs, also when the mouse leaves it */
	mouse(f, MOUSE_PRESS, 9 + 20, all);
	mouse(f, MOUSE_DRAG, 9 + 150, all - 3);
	at = (double)v->time / (double)f->w.t_end;
	assert_true(at > 0.77 && at < 0.81);
	mouse(f, MOUSE_RELEASE, 9 + 150, all - 3);
	assert_true(v->span_all);
	/* a press alone zooms nothing */
	mouse(f, MOUSE_PRESS, 9 + 50, lane);
	mouse(f, MOUSE_RELEASE, 9 + 50, lane);
	assert_true(v->span_all);
}

static int border_column(struct fix *f)
{
	const char *s = screen(f);

	for (int y = 0; y < 10; y++)
		s = strchr(s, '\n') + 1;
	return (int)(strchr(s, '|') - s);
}

static void test_borders(void **state)
{
	struct fix *f = *state;
	int x = border_column(f);

	mouse(f, MOUSE_PRESS, x, 10);
	mouse(f, MOUSE_DRAG, x + 13, 20);
	mouse(f, MOUSE_RELEASE, x + 13, 20);
	assert_int_equal(border_column(f), x + 13);
	ui_key(f->ui, UK_SHIFT_LEFT);
	assert_int_equal(border_column(f), x + 9);
	mouse(f, MOUSE_DRAG, 3, 20); /* it was let go */
	assert_int_equal(border_column(f), x + 9);
	for (int i = 0; i < 100; i++)
		ui_key(f->ui, UK_SHIFT_LEFT);
	assert_true(border_column(f) >= 20);
	ui_key(f->ui, UK_SHIFT_RIGHT); /* at once: what it could not do is forgotten */
	assert_int_equal(border_column(f), 24);
	run(f, "border-reset");
	assert_int_equal(border_column(f), x);
}

/* --- the menus --- */

static void test_write_menu(void **state)
{
	struct fix *f = *state;

	ui_key(f->ui, 'w');
	sees(f, "write to a new file");
	ui_key(f->ui, UK_ESC);
	sees_not(f, "write to a new file");
	ui_key(f->ui, 'w');
	ui_key(f->ui, 'j');
	ui_key(f->ui, UK_ENTER);
	sees(f, "dot bingo-top-4242-");
	ui_key(f->ui, 'U' - '@');
	type(f, "dot /tmp/some where.dot");
	assert_string_equal(f->wrote, "dot to /tmp/some where.dot");
	run(f, "write jsonl a file 0.5s 0.75s");
	assert_string_equal(f->wrote, "jsonl to a file of 500000000 to 750000000");
	run(f, "write jsonl 1s 1.5s"); /* the first is all the name there is */
	assert_string_equal(f->wrote, "jsonl to 1s 1.5s");
	view_set_span((struct view *)ui_view(f->ui), 250000000, 750000000);
	ui_key(f->ui, 'w');
	ui_key(f->ui, 't');
	sees(f, "write 0.250");
	ui_key(f->ui, UK_ENTER);
	ui_key(f->ui, UK_ENTER);
	assert_non_null(strstr(f->wrote, ".jsonl of 250000000 to 750000000"));
	ui_key(f->ui, 'w');
	ui_key(f->ui, 't');
	ui_key(f->ui, 't');
	ui_key(f->ui, UK_ENTER);
	ui_key(f->ui, UK_ENTER);
	assert_null(strstr(f->wrote, " of "));
	ui_key(f->ui, 'w');
	screen(f);
	mouse(f, MOUSE_PRESS, 0, 0); /* outside: closed */
	sees_not(f, "write to a new file");
	ui_key(f->ui, 'w');
	ui_resize(f->ui, 39, 9); /* nothing is shown, and q still works */
	ui_key(f->ui, 'q');
	ui_key(f->ui, 'q');
	assert_true(ui_done(f->ui));
}

static void test_signal_menu(void **state)
{
	struct fix *f = *state;
	struct err err = { 0 };

	ui_key(f->ui, 'K');
	sees(f, "signals are off");
	f->may_signal = true;
	ui_key(f->ui, 'K');
	sees(f, "a signal to shop[4242]");
	ui_key(f->ui, '4');
	sees(f, "SIGSTOP to shop[4242]");
	type(f, "y");
	assert_int_equal(f->sent, 0);
	ui_key(f->ui, 'K');
	ui_key(f->ui, '4');
	ui_key(f->ui, UK_ESC);
	assert_true(ui_command(f->ui, "signal-sure yes", &err) != 0); /* the question was left */
	assert_int_equal(f->sent, 0);
	ui_key(f->ui, 'K');
	ui_key(f->ui, '4');
	type(f, "yes");
	assert_int_equal(f->sent, SIGSTOP);
	run(f, "signal usr1");
	type(f, "yes");
	assert_int_equal(f->sent, SIGUSR1);
	f->w.live.pid = 0;
	ui_key(f->ui, 'K');
	sees(f, "no running program");
}

/* --- tasks, regions, arrows --- */

static void story_add(struct story *s, int64_t t, uint64_t g, uint64_t peer, enum event_kind kind,
		      uint64_t id, uint32_t text)
{
	*vec_push(&s->ev) = (struct event){
		.time = t, .g = g, .peer = peer, .kind = (uint8_t)kind, .object = id, .text = text
	};
}

static void test_nested(void **state)
{
	struct story s = { .t0 = T_BEFORE, .t1 = T_NEVER };
	struct nest n = { 0 };

	(void)state;
	story_add(&s, 10, 7, 0, EV_REGION_END, 0, 1); /* begun before; the outer two of three */
	story_add(&s, 20, 7, 0, EV_REGION_BEGIN, 0, 2);
	story_add(&s, 25, 7, 0, EV_TASK_BEGIN, 5, 3);
	story_add(&s, 30, 7, 0, EV_REGION_END, 0, 2);
	story_add(&s, 35, 8, 7, EV_REGION_BEGIN, 0, 9); /* another's */
	story_add(&s, 40, 7, 0, EV_TASK_BEGIN, 6, 4);
	story_add(&s, 50, 7, 0, EV_TASK_END, 5, 3);
	story_add(&s, 60, 7, 0, EV_REGION_END, 0, 8);
	nest_make(&n, &s, 7, (struct time_span){ 0, 100 });
	assert_int_equal(n.v.n, 5);
	assert_int_equal(n.tasks, 2);
	assert_int_equal(n.lines, 4);
	for (size_t i = 0; i < n.v.n; i++) {
		const struct nested *x = &n.v.v[i];
		static const struct nested want[] = {
			{ .t0 = T_BEFORE, .t1 = 60, .text = 8, .line = 2 },
			{ .t0 = T_BEFORE, .t1 = 10, .text = 1, .line = 3 },
			{ .t0 = 20, .t1 = 30, .text = 2, .line = 3 },
			{ .t0 = 25, .t1 = 50, .text = 3, .line = 0, .task = true },
			{ .t0 = 40, .t1 = T_NEVER, .text = 4, .line = 1, .task = true },
		};
		const struct nested *e = &want[i];

		assert_true(x->t0 == e->t0 && x->t1 == e->t1 && x->text == e->text);
		assert_int_equal(x->line, e->line);
		assert_int_equal(x->task, e->task);
	}
	nest_make(&n, &s, 7, (struct time_span){ 22, 24 }); /* what lies outside takes no line */
	assert_int_equal(n.v.n, 2);
	assert_int_equal(n.lines, 2);
	nest_make(&n, NULL, 7, (struct time_span){ 0, 100 });
	assert_int_equal(n.lines, 0);
	nest_release(&n);
	vec_free(&s.ev);
}

/* However deep or many: lines stay few. */
static void test_nested_deep(void **state)
{
	struct story s = { .t0 = T_BEFORE, .t1 = T_NEVER };
	struct nest n = { 0 };

	(void)state;
	for (int i = 0; i < 500; i++) {
		story_add(&s, i, 7, 0, EV_REGION_BEGIN, 0, 1);
		story_add(&s, i, 7, 0, EV_TASK_BEGIN, (uint64_t)i, 1);
	}
	for (int i = 0; i < 900; i++)
		story_add(&s, 500 + i, 7, 0, EV_REGION_END, 0, 1);
	nest_make(&n, &s, 7, (struct time_span){ 0, 10000 });
	assert_int_equal(n.lines, NEST_TASKS + NEST_REGIONS);
	for (size_t i = 0; i < n.v.n; i++)
		assert_true(n.v.v[i].line < n.lines);
	nest_release(&n);
	vec_free(&s.ev);
}

static void test_arrows(void **state)
{
	struct story s = { .t0 = T_BEFORE, .t1 = T_NEVER };
	arrows a = { 0 };

	(void)state;
	story_add(&s, 10, 7, 3, EV_UNBLOCK, 0, 0);
	story_add(&s, 20, 7, 0, EV_UNBLOCK, 0, 0); /* by the runtime */
	story_add(&s, 30, 9, 7, EV_CREATE, 0, 0);
	story_add(&s, 40, 7, 0, EV_RUN, 0, 0);
	story_add(&s, 90, 7, 3, EV_UNBLOCK, 0, 0);
	arrows_make(&a, &s, 7, (struct time_span){ 5, 80 }, 50);
	assert_int_equal(a.n, 2);
	assert_true(a.v[0].from == 3 && a.v[0].to == 7 && a.v[0].time == 10);
	assert_true(a.v[1].from == 7 && a.v[1].to == 9);
	for (int i = 0; i < 100; i++)
		story_add(&s, 100 + i, 7, 3, EV_UNBLOCK, 0, 0);
	arrows_make(&a, &s, 7, (struct time_span){ 5, 1000 }, 150); /* too many: the nearest */
	assert_int_equal(a.n, 2);
	assert_true(a.v[0].time == 150 && a.v[1].time == 151);
	vec_free(&a);
	vec_free(&s.ev);
}

static void test_group_rows(void **state)
{
	struct fix *f = *state;

	run(f, "goto 0.5s");
	run(f, "pane timeline");
	run(f, "group-rows stack");
	assert_int_equal(line_of(f, "15 B main.place0"), line_of(f, "3 B main.place1") - 1);
	run(f, "goroutine 31");
	sees(f, "3 B main.place1");
	run(f, "filter place1");
	sees_not(f, "B main.place0 ");
	ui_key(f->ui, 't');
	ui_key(f->ui, 't');
	sees(f, "a row for each goroutine");
}

int main(void)
{
#define SCREEN(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		SCREEN(test_marks),
		SCREEN(test_all_letters),
		SCREEN(test_changes),
		SCREEN(test_compare),
		SCREEN(test_quit_twice),
		SCREEN(test_quit_once),
		SCREEN(test_findings),
		SCREEN(test_drag),
		SCREEN(test_borders),
		SCREEN(test_write_menu),
		SCREEN(test_signal_menu),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_nested_deep),
		cmocka_unit_test(test_arrows),
		SCREEN(test_group_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

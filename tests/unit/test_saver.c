/* SPDX-License-Identifier: Apache-2.0 */
/* Exports from the screen: new files, written beside all else, and left off half-way. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/evlog.h"
#include "export/formats.h"
#include "saver.h"

enum { EVENTS = 5000 };

struct fix {
	struct world w;
	struct evlog *log;
	struct jobs jobs;
	struct view view;
	struct settings set;
	struct saver saver;
	char folder[64], file[96];
	char said[256];
	bool bad;
	/* the job that waits */
	void (*work)(void *), (*done)(void *);
	void *arg;
};

static struct fix *fix;

static void later(struct jobs *j, void (*work)(void *), void (*done)(void *), void *arg)
{
	(void)j;
	fix->work = work;
	fix->done = done;
	fix->arg = arg;
}

static void said(void *arg, bool bad, const char *text)
{
	struct fix *f = arg;

	f->bad = bad;
	snprintf(f->said, sizeof(f->said), "%s", text);
}

static int setup(void **state)
{
	struct fix *f = fix = xcalloc(1, sizeof(*f));

	snprintf(f->folder, sizeof(f->folder), "/tmp/test_saver.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->file, sizeof(f->file), "%s/events.jsonl", f->folder);
	world_init(&f->w);
	f->log = evlog_new(1 << 20);
	f->w.history = evlog_history(f->log);
	for (int i = 0; i < EVENTS; i++) {
		struct event ev = {
			.time = i * 1000, .g = 1 + (uint64_t)i % 9, .m = NO_ID, .p = NO_ID
		};

		ev.kind = i < 9 ? EV_STATUS : i / 9 % 2 ? EV_BLOCK : EV_RUN;
		ev.state = GS_RUNNING;
		world_apply(&f->w, &ev);
		evlog_append(f->log, &ev);
	}
	f->jobs.submit = later;
	settings_init(&f->set, NULL);
	f->view.world = &f->w;
	f->view.jobs = &f->jobs;
	f->view.set = &f->set;
	view_init(&f->view);
	f->saver = (struct saver){ .jobs = &f->jobs, .said = said, .arg = f };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	unlink(f->file);
	rmdir(f->folder);
	view_release(&f->view);
	settings_release(&f->set);
	world_release(&f->w);
	evlog_free(f->log);
	free(f);
	return 0;
}

static int save(struct fix *f, struct err *err)
{
	const struct save_wish wish = { "jsonl", f->file, T_BEFORE, T_NEVER };

	return saver_write(&f->saver, &f->view, &wish, err);
}

static void finish(struct fix *f)
{
	f->work(f->arg);
	f->done(f->arg);
}

static void test_written(void **state)
{
	struct fix *f = *state;
	struct history *history = f->w.history;
	struct err err = { 0 };
	struct stat st;

	assert_null(saver_file(&f->saver));
	assert_int_equal(save(f, &err), 0);
	assert_string_equal(saver_file(&f->saver), f->file);
	/* who asks for the past meanwhile keeps what he asks longer than the export does */
	assert_ptr_equal(f->w.history, history);
	assert_int_equal(save(f, &err), -EBUSY);
	finish(f);
	assert_false(f->bad);
	assert_non_null(strstr(f->said, "wrote "));
	assert_int_equal(stat(f->file, &st), 0);
	assert_true(st.st_size > EVENTS * 40);
	assert_null(saver_file(&f->saver));
	assert_ptr_equal(f->w.history, history);
	assert_int_equal(save(f, &err), -EEXIST);
}

/* Half-way, or before it has begun: nothing is left of it. */
static void test_left_off(void **state)
{
	struct fix *f = *state;
	struct history *history = f->w.history;
	struct err err = { 0 };

	for (int half = 0; half < 2; half++) {
		assert_int_equal(save(f, &err), 0);
		assert_int_equal(access(f->file, F_OK), 0);
		if (half)
			f->work(f->arg);
		saver_stop(&f->saver);
		if (!half)
			f->work(f->arg);
		f->done(f->arg);
		assert_true(f->bad == !half);
		assert_non_null(strstr(f->said, "unfinished"));
		assert_int_equal(access(f->file, F_OK), -1);
		assert_null(saver_file(&f->saver));
		assert_ptr_equal(f->w.history, history);
	}
	saver_stop(&f->saver); /* nothing is written any more */
	assert_int_equal(save(f, &err), 0);
	finish(f);
	assert_int_equal(access(f->file, F_OK), 0);
}

/* What a worker writes puts no words into the tables that the screen reads meanwhile. */
static void test_world_stays(void **state)
{
	struct fix *f = *state;
	size_t strings = f->w.strings.str.n, stacks = f->w.stacks.stack.n;

	for (size_t i = 0; i < export_formats; i++) {
		const struct save_wish wish = { export_table[i].name, f->file, T_BEFORE, T_NEVER };
		struct err err = { 0 };

		if (!export_table[i].over_time)
			continue;
		assert_int_equal(saver_write(&f->saver, &f->view, &wish, &err), 0);
		finish(f);
		assert_false(f->bad);
		unlink(f->file);
		assert_int_equal(f->w.strings.str.n, strings);
		assert_int_equal(f->w.stacks.stack.n, stacks);
	}
}

/* Another file of that name is not ours to remove. */
static void test_not_ours(void **state)
{
	struct fix *f = *state;
	struct err err = { 0 };
	FILE *other;

	assert_int_equal(save(f, &err), 0);
	unlink(f->file);
	other = fopen(f->file, "w");
	fputs("other", other);
	fclose(other);
	saver_stop(&f->saver);
	finish(f);
	assert_int_equal(access(f->file, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_world_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_ours, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings there and back: nothing is lost; of what is cut or damaged all that is whole is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "export/recording.h"
#include "recorder_file.h"
#include "session_fixture.h"

/* Who records the fixture's session to a file. */
struct taker {
	struct rec_encoder enc;
	struct world_tap tap;
	struct recfile file;
	char name[64];
	bool keep; /* blocks do not wait */
};

static void on_event(void *arg, const struct event *ev)
{
	rec_event(&((struct taker *)arg)->enc, ev);
}

static void on_look(void *arg)
{
	rec_look(&((struct taker *)arg)->enc);
}

static void taker_begin(struct taker *t, struct world *w, uint64_t limit)
{
	struct err err = { 0 };

	memset(t, 0, sizeof(*t));
	snprintf(t->name, sizeof(t->name), "/tmp/test_recording.%d", (int)getpid());
	unlink(t->name);
	t->enc.world = w;
	t->tap = (struct world_tap){ on_event, on_look, t };
	w->tap = &t->tap;
	t->keep = true;
	assert_int_equal(recfile_open(&t->file, t->name, limit, NULL, &err), 0);
	assert_int_equal(recfile_begin(&t->file), 0);
}

static void taker_frame(struct taker *t, bool key, bool last)
{
	struct rec_block *b;

	t->enc.key_due |= key;
	b = rec_take(&t->enc, NULL, last);
	if (!b)
		return;
	b->keep = t->keep;
	assert_int_equal(recfile_block(&t->file, b), 0);
	rec_block_free(b);
}

static char *slurp(const char *name, size_t *size)
{
	FILE *f = fopen(name, "re");
	char *text;

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	*size = (size_t)ftell(f);
	rewind(f);
	text = malloc(*size + 1);
	assert_int_equal(fread(text, 1, *size, f), *size);
	fclose(f);
	return text;
}

/* Its bytes, which are the caller's. */
static char *taker_end(struct taker *t, bool finish, size_t *size)
{
	char *text;

	t->enc.world->tap = NULL;
	taker_frame(t, false, true);
	if (finish)
		assert_int_equal(recfile_finish(&t->file), 0);
	text = slurp(t->name, size);
	recfile_close(&t->file);
	unlink(t->name);
	rec_encoder_release(&t->enc);
	return text;
}

/* All kinds, a frame after each part; keys: which parts begin a group. */
static char *record_all(struct fix *f, unsigned keys, bool finish, size_t *size)
{
	struct taker t;

	taker_begin(&t, &f->w, 0);
	tell_goroutines(f);
	taker_frame(&t, keys & 1, false);
	tell_program(f);
	taker_frame(&t, keys & 2, false);
	tell_look(f);
	taker_frame(&t, keys & 4, false);
	f->w.live.passes = 31;
	f->w.live.procs = 8;
	f->w.live.state = LIVE_ENDED;
	f->w.live.ended = world_str(&f->w, "process 4242 ended with exit code 2");
	f->w.build_info = world_str(&f->w, "path\texample.com/x\nbuild\t-race=true\n");
	world_warn(&f->w, "the program's \"file\" was replaced");
	return taker_end(&t, finish, size);
}

struct list {
	const struct world *w;
	VEC(struct event) v;
};

static bool add(void *arg, const struct event *ev)
{
	struct list *l = arg;

	if (ev->kind < EV_FACTS || ev->kind > EV_FACTS_END)
		*vec_push(&l->v) = *ev;
	return true;
}

static void list_all(struct list *l, const struct world *w)
{
	const struct history_query q = { .t0 = T_BEFORE, .t1 = T_NEVER };

	memset(l, 0, sizeof(*l));
	l->w = w;
	if (w->history)
		w->history->query(w->history, &q, add, l);
}

static bool same_event(const struct list *a, size_t i, const struct list *b, size_t j)
{
	const struct event *x = &a->v.v[i], *y = &b->v.v[j];

	return x->time == y->time && x->kind == y->kind && x->g == y->g && x->peer == y->peer &&
	       x->value == y->value && x->value2 == y->value2 && x->m == y->m && x->p == y->p &&
	       x->state == y->state && x->reason == y->reason && x->object == y->object &&
	       !strcmp(str(a->w, x->text), str(b->w, y->text)) &&
	       stacktab_depth(&a->w->stacks, x->stack) == stacktab_depth(&b->w->stacks, y->stack);
}

static void same_events(const struct world *a, const struct world *b)
{
	struct list x, y;

	list_all(&x, a);
	list_all(&y, b);
	assert_int_equal(x.v.n, y.v.n);
	for (size_t i = 0; i < x.v.n; i++)
		assert_true(same_event(&x, i, &y, i));
	vec_free(&x.v);
	vec_free(&y.v);
}

static void test_all_kinds(void **state)
{
	struct fix *f;

	for (unsigned keys = 0; keys < 8; keys++) {
		size_t size;
		struct back b;
		char *file;

		session_teardown(state);
		session_setup(state);
		f = *state;
		file = record_all(f, keys, true, &size);
		read_back(&b, file, size);
		assert_int_equal(b.rc, SOURCE_WHOLE);
		same_session(&f->w, &b.w);
		same_goroutines(&f->w, &b.w);
		same_facts(&f->w, &b.w);
		assert_string_equal(str(&b.w, b.w.build_info),
				    "path\texample.com/x\nbuild\t-race=true\n");
		same_events(&f->w, &b.w);
		back_release(&b);
		free(file);
	}
}

/* Objects that come, change and go; each look is another. */
static void tell_some(struct fix *f, uint64_t look)
{
	uint64_t x = 88172645463325252ull;
	struct event ev[2];

	tell(f, (struct event){ .kind = EV_FACTS, .value = look & 1 ? FACTS_SEARCHED : 0 });
	for (uint64_t i = 0; i < 60; i++) {
		struct object o = { .addr = 0xc000000000 + ((i * 37) % 61) * 64,
				    .when = T_NEVER,
				    .fd = -1,
				    .kind = OBJ_CHAN };
		unsigned n;

		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		if ((x + look) % 7 == 0)
			continue;
		o.len = (x + look) % 5 ? 3 : (int64_t)look;
		o.when = x % 4 ? T_NEVER : (int64_t)(look / 3);
		o.owner = x % 3 ? 0 : o.addr - 16;
		n = facts_object_events(&o, 0, ev);
		for (unsigned k = 0; k < n; k++)
			tell(f, ev[k]);
	}
	for (uint64_t i = 0; i < 60; i++) {
		uint64_t addr = 0xc000000000 + ((i * 37) % 61) * 64;

		tell(f, facts_wait_event(0, 100 + (i + look / 4) % 50, addr, OP_RECV, i & 1, 0));
		if (i % 3 == 0)
			tell(f, facts_hold_event(0, 200 + i, addr, HOLD_SEND, EVIDENCE_SEEN,
						 world_str(&f->w, look % 5 ? "a" : "b"), f->where));
	}
	tell(f, (struct event){ .kind = EV_FACTS_END });
}

/* Facts alone: of events the log has a time each, a look but one. */
static void test_looks(void **state)
{
	struct fix *f = *state;
	struct taker t;

	taker_begin(&t, &f->w, 0);
	for (uint64_t look = 1; look < 40; look++) {
		struct back b;
		size_t size;
		char *file;

		tell_some(f, look);
		taker_frame(&t, look % 10 == 0, false);
		file = slurp(t.name, &size);
		read_back(&b, file, size);
		assert_int_equal(b.rc, SOURCE_WHOLE);
		same_facts(&f->w, &b.w);
		back_release(&b);
		free(file);
	}
	free(taker_end(&t, true, &(size_t){ 0 }));
}

static void test_loads_and_marks(void **state)
{
	struct fix *f = *state;
	const struct gload *g;
	struct taker t;
	struct back b;
	size_t size;
	char *file;

	taker_begin(&t, &f->w, 0);
	tell_goroutines(f);
	tell(f, (struct event){ .kind = EV_THREAD, .m = 77, .g = 18, .state = GS_RUNNING });
	*world_load_add(&f->w, world_find(&f->w, 18)) =
		(struct gload){ .cpu_samples = 7, .slow_ns = 2500, .slow_fd = 4, .runq_n = 3 };
	world_thread(&f->w, 77)->cpu_ns = UINT64_MAX;
	*vec_push(&f->w.mark) = (struct world_mark){ .time = 5000, .goid = 18, .letter = 'q' };
	f->w.mark_stamp++;
	file = taker_end(&t, true, &size);
	read_back(&b, file, size);
	g = world_load(&b.w, world_find(&b.w, 18));
	assert_non_null(g);
	assert_true(g->cpu_samples == 7 && g->slow_ns == 2500 && g->slow_fd == 4 && g->runq_n == 3);
	assert_true(world_thread(&b.w, 77)->cpu_ns == UINT64_MAX);
	assert_int_equal(b.w.mark.n, 1);
	assert_true(b.w.mark.v[0].time == 5000 && b.w.mark.v[0].goid == 18 &&
		    b.w.mark.v[0].letter == 'q');
	back_release(&b);
	free(file);
}

/* --- what is missing --- */

static bool has_warning(const struct world *w, const char *word)
{
	for (size_t i = 0; i < w->warning.n; i++)
		if (strstr(str(w, w->warning.v[i]), word))
			return true;
	return false;
}

/* Wherever it ends: what it holds is the begin of the whole, and never less than a shorter one had. */
static void test_cut(void **state)
{
	struct fix *f = *state;
	size_t size, before = 0;
	char *file = record_all(f, 2, true, &size);
	struct list all;

	list_all(&all, &f->w);
	for (size_t n = 1; n <= size; n++) {
		char *part = malloc(n);
		struct list some;
		struct back b;

		memcpy(part, file, n);
		read_back(&b, part, n);
		if (b.rc != SOURCE_WHOLE) {
			assert_int_equal(before, 0);
			assert_int_equal(b.err.code, EXIT_BADFILE);
			assert_true(strlen(b.err.text) > 10);
		} else {
			list_all(&some, &b.w);
			assert_true(some.v.n >= before && some.v.n <= all.v.n);
			for (size_t i = 0; i < some.v.n; i++)
				assert_true(same_event(&all, i, &some, i));
			assert_int_equal(has_warning(&b.w, "not finished"), n < size);
			before = some.v.n;
			vec_free(&some.v);
		}
		back_release(&b);
		free(part);
	}
	assert_int_equal(before, all.v.n);
	vec_free(&all.v);
	free(file);
}

/* One bit anywhere: nothing that was not there is shown. */
static void test_flipped(void **state)
{
	struct fix *f = *state;
	size_t size;
	char *file = record_all(f, 7, true, &size);
	struct list all;

	list_all(&all, &f->w);
	for (size_t i = 0; i < size * 8; i += 3) {
		char *bad = malloc(size);
		struct back b;

		memcpy(bad, file, size);
		bad[i / 8] ^= (char)(1 << i % 8);
		read_back(&b, bad, size);
		if (b.rc == SOURCE_WHOLE)
			assert_true(b.w.g.n <= f->w.g.n && b.w.progress.events <= 2 * all.v.n);
		else
			assert_int_equal(b.err.code, EXIT_BADFILE);
		back_release(&b);
		free(bad);
	}
	vec_free(&all.v);
	free(file);
}

/* Frames are found without the index; a frame in the middle that is damaged costs its group alone. */
static void test_damage(void **state)
{
	struct fix *f = *state;
	size_t size, n = 0, at = 0;
	char *file = record_all(f, 7, true, &size);
	struct rec_head h;
	struct back b;

	while (rec_head_get((const uint8_t *)file + at, &h) && h.kind != REC_INDEX) {
		if (n++ == 2)
			file[at + REC_HEAD + h.packed / 2] ^= 1;
		at += REC_HEAD + h.packed;
	}
	assert_true(n >= 5);
	read_back(&b, file, at); /* no index */
	assert_int_equal(b.rc, SOURCE_WHOLE);
	assert_true(has_warning(&b.w, "not finished"));
	assert_true(has_warning(&b.w, "damaged"));
	same_facts(&f->w, &b.w);
	/* where the frame is missing, what was so after it is told at once */
	for (size_t i = 0; i < f->w.g.n; i++) {
		uint32_t row = world_find(&b.w, f->w.g.v[i].goid);

		if (f->w.now.state[i] == GS_DEAD)
			continue;
		assert_true(row != NO_G);
		assert_int_equal(b.w.now.state[row], f->w.now.state[i]);
		same_stack(&f->w, f->w.now.stack[i], &b.w, b.w.now.stack[row]);
	}
	back_release(&b);
	free(file);
}

static void test_newer(void **state)
{
	struct fix *f = *state;
	size_t size;
	char *file = record_all(f, 0, true, &size);
	struct rec_head h;
	struct back b;

	for (size_t at = 0; at < size; at += REC_HEAD + h.packed) {
		assert_true(rec_head_get((const uint8_t *)file + at, &h));
		h.version = REC_VERSION + 1;
		rec_head_put((uint8_t *)file + at, &h);
	}
	read_back(&b, file, size);
	assert_true(b.rc < 0);
	assert_int_equal(b.err.code, EXIT_BADFILE);
	assert_non_null(strstr(b.err.text, "newer"));
	back_release(&b);
	free(file);
}

/* --- many events --- */

/* Some thousand goroutines that wake and sleep; a frame for each step, keys now and then. */
static void tell_many(struct fix *f, struct taker *t, unsigned steps)
{
	uint32_t at[16];
	uint64_t x = 88172645463325252ull;
	char name[32];

	for (unsigned i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "main.step%u", i);
		at[i] = stack_of(&f->w, name, i + 1, 0);
	}
	for (uint64_t g = 1; g <= 500; g++)
		tell(f, (struct event){ .kind = EV_CREATE,
					.g = g,
					.peer = 1,
					.state = GS_RUNNABLE,
					.stack = f->made,
					.stack2 = f->entry });
	for (unsigned s = 0; s < steps; s++) {
		for (unsigned i = 0; i < 200; i++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			tell(f, (struct event){ .kind = x & 64 ? EV_BLOCK : EV_RUN,
						.g = 1 + x % 500,
						.reason = x & 64 ? R_CHAN_RECV : 0,
						.stack = at[x >> 20 & 15],
						.flags = EVF_SAMPLED,
						.value = (uint64_t)f->now });
		}
		taker_frame(t, s % 5 == 4, false);
	}
}

static void same_moment(struct world *a, int64_t t, struct world *b, int64_t base)
{
	struct moment m = { 0 }, k = { 0 };

	assert_int_equal(world_at(a, t, &m), 0);
	assert_int_equal(world_at(b, t - base, &k), 0);
	for (size_t i = 0; i < m.n; i++) {
		uint32_t row = world_find(b, a->g.v[i].goid);

		if (m.state[i] == GS_NONE)
			continue;
		assert_int_equal(m.state[i], k.state[row]);
		assert_int_equal(m.reason[i], k.reason[row]);
		assert_int_equal(m.since[i], k.since[row] + base);
		same_stack(a, m.stack[i], b, k.stack[row]);
	}
	moment_release(&m);
	moment_release(&k);
}

static void test_seek(void **state)
{
	struct fix *f = *state;
	struct taker t;
	struct back b;
	size_t size;
	char *file;

	taker_begin(&t, &f->w, 0);
	tell_many(f, &t, 100);
	file = taker_end(&t, true, &size);
	read_back(&b, file, size);
	assert_int_equal(b.rc, SOURCE_WHOLE);
	assert_int_equal(b.w.warning.n, 0);
	same_goroutines(&f->w, &b.w);
	for (int i = 0; i <= 40; i++)
		same_moment(&f->w, f->w.t_end / 40 * (i * 7 % 41), &b.w, 0);
	back_release(&b);
	free(file);
}

/* Far jumps begin with the state that a group begins with: the same as by all that lies between. */
static void test_seek_far(void **state)
{
	enum { MANY = 16000, EVENTS = 600000 };
	struct fix *f = *state;
	struct taker t;
	struct back b;
	size_t size;
	char *file;

	taker_begin(&t, &f->w, 0);
	for (uint64_t i = 0; i < EVENTS; i++) {
		uint64_t g = 1 + i % MANY;

		if (i < MANY)
			tell(f, (struct event){ .kind = EV_STATUS,
						.g = g,
						.state = GS_BLOCKED,
						.reason = R_SLEEP,
						.stack = f->made,
						.value2 = 77 });
		else if (i < 2 * MANY && g % 5 == 0) /* these end early */
			tell(f, (struct event){ .kind = EV_DEAD, .g = g });
		else if (g % 5)
			tell(f, (struct event){ .kind = i / MANY % 2 ? EV_RUN : EV_BLOCK,
						.g = g,
						.reason = i / MANY % 2 ? 0 : R_MUTEX,
						.stack = g % 3 ? f->where : f->entry });
		if (i % 10000 == 9999)
			taker_frame(&t, i % 50000 == 49999, false);
	}
	file = taker_end(&t, true, &size);
	read_back(&b, file, size);
	assert_int_equal(b.rc, SOURCE_WHOLE);
	assert_true(b.w.entry.n > 1 << 18);
	for (int i = 0; i < 12; i++)
		same_moment(&f->w, f->w.t_end / 12 * (i * 7 % 13), &b.w, 0);
	back_release(&b);
	free(file);
}

/* Bounded: the file never gets larger, and what is newest is all there. */
static void test_ring(void **state)
{
	enum { LIMIT = 40000 };
	struct fix *f = *state;
	struct list all, some;
	struct taker t;
	struct back b;
	int64_t base;
	size_t size, skip;
	char *file;

	taker_begin(&t, &f->w, LIMIT);
	tell_many(f, &t, 300);
	assert_true(t.file.wrapped);
	file = taker_end(&t, true, &size);
	assert_true(size <= LIMIT && size > LIMIT / 2);
	read_back(&b, file, size);
	assert_int_equal(b.rc, SOURCE_WHOLE);
	assert_true(has_warning(&b.w, "written over"));
	assert_false(has_warning(&b.w, "not finished"));
	list_all(&all, &f->w);
	list_all(&some, &b.w);
	base = f->w.t_end - b.w.t_end;
	assert_true(base > 0 && b.w.time_base == base);
	/* after what tells of the state that it begins with, the last events of all */
	for (skip = 0; skip < some.v.n && some.v.v[skip].time == 0; skip++)
		;
	assert_true(some.v.n - skip > 1000);
	for (size_t i = some.v.n, j = all.v.n; i-- > skip;) {
		j--;
		some.v.v[i].time += base;
		assert_true(some.v.v[i].time == all.v.v[j].time && some.v.v[i].g == all.v.v[j].g &&
			    some.v.v[i].kind == all.v.v[j].kind);
	}
	for (int i = 0; i <= 10; i++)
		same_moment(&f->w, base + 300000 + (b.w.t_end - 300000) / 10 * i, &b.w, base);
	vec_free(&all.v);
	vec_free(&some.v);
	back_release(&b);
	free(file);
}

/* A ring at every moment of its going round: what is there opens, with the newest events. */
static void test_ring_killed(void **state)
{
	enum { LIMIT = 20000 };
	struct fix *f = *state;
	struct taker t;
	size_t size, killed = 0;
	char *file;

	taker_begin(&t, &f->w, LIMIT);
	for (int round = 0; round < 40; round++) {
		uint64_t at;
		struct back b;

		tell_many(f, &t, 5);
		if (!t.file.wrapped)
			continue;
		file = slurp(t.name, &size);
		at = t.file.at;
		/* the next frame was begun, and not finished */
		memset(file + at, 0x55, size - at > 100 ? 100 : size - at);
		read_back(&b, file, size);
		assert_int_equal(b.rc, SOURCE_WHOLE);
		assert_true(f->w.t_end - b.w.t_end == b.w.time_base);
		back_release(&b);
		free(file);
		killed++;
	}
	assert_true(killed > 10);
	free(taker_end(&t, true, &size));
}

/* What could not be written is counted, and what was so after it is known. */
static void test_dropped(void **state)
{
	struct fix *f = *state;
	struct taker t;
	struct back b;
	size_t size;
	char *file;

	taker_begin(&t, &f->w, 0);
	tell_goroutines(f);
	taker_frame(&t, false, false);
	rec_drop(&t.enc);
	tell(f, (struct event){ .kind = EV_RUN, .g = 18 });
	tell(f, (struct event){ .kind = EV_CREATE, .g = 40, .state = GS_RUNNABLE, .peer = 1 });
	tell(f, (struct event){ .kind = EV_DEAD, .g = 18 });
	rec_go_on(&t.enc);
	tell(f, (struct event){ .kind = EV_RUN, .g = 40 });
	file = taker_end(&t, true, &size);
	read_back(&b, file, size);
	assert_int_equal(b.rc, SOURCE_WHOLE);
	assert_int_equal(b.w.progress.lost, 3);
	assert_int_equal(b.w.now.state[world_find(&b.w, 18)], GS_DEAD);
	assert_int_equal(b.w.now.state[world_find(&b.w, 40)], GS_RUNNING);
	back_release(&b);
	free(file);
}

/* Nothing is kept until something happens; then what came before it is there as well. */
static void test_waiting(void **state)
{
	struct fix *f = *state;
	struct taker t;
	struct back b;
	size_t size;
	char *file;

	taker_begin(&t, &f->w, 0);
	t.keep = false;
	tell_goroutines(f);
	taker_frame(&t, true, false);
	free(slurp(t.name, &size));
	tell_program(f);
	taker_frame(&t, true, false);
	t.keep = true;
	assert_true(t.file.at < 1000);
	tell_look(f);
	file = taker_end(&t, true, &size);
	read_back(&b, file, size);
	assert_int_equal(b.rc, SOURCE_WHOLE);
	same_session(&f->w, &b.w);
	same_goroutines(&f->w, &b.w);
	same_facts(&f->w, &b.w);
	back_release(&b);
	free(file);
}

/* Files of each version that there was stay readable. */
static void test_old_versions(void **state)
{
	static const char name[] = "tests/data/recordings/v1.bingo";
	struct back b;
	size_t size, n;
	char *file, *want, *got;

	(void)state;
	file = slurp(name, &size);
	read_back(&b, file, size);
	assert_int_equal(b.rc, SOURCE_WHOLE);
	assert_int_equal(b.w.warning.n, 1); /* one that was recorded */
	want = slurp("tests/data/recordings/v1.jsonl", &n);
	want[n] = '\0';
	got = export(&b.w, &n);
	assert_string_equal(got, want);
	free(want);
	free(got);
	back_release(&b);
	free(file);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_kinds, session_setup, session_teardown),
		cmocka_unit_test_setup_teardown(test_loads_and_marks, session_setup,
						session_teardown),
		cmocka_unit_test_setup_teardown(test_looks, session_setup, session_teardown),
		cmocka_unit_test_setup_teardown(test_cut, session_setup, session_teardown),
		cmocka_unit_test_setup_teardown(test_flipped, session_setup, session_teardown),
		cmocka_unit_test_setup_teardown(test_damage, session_setup, session_teardown),
		cmocka_unit_test_setup_teardown(test_newer, session_setup, session_teardown),
		cmocka_unit_test_setup_teardown(test_seek, session_setup, session_teardown),
		cmocka_unit_test_setup_teardown(test_seek_far, session_setup, session_teardown),
		cmocka_unit_test_setup_teardown(test_ring, session_setup, session_teardown),
		cmocka_unit_test_setup_teardown(test_ring_killed, session_setup, session_teardown),
		cmocka_unit_test_setup_teardown(test_dropped, session_setup, session_teardown),
		cmocka_unit_test_setup_teardown(test_waiting, session_setup, session_teardown),
		cmocka_unit_test(test_old_versions),
	};

	/* with a name: writes the file that test_old_versions() keeps of this version */
	if (argc > 1) {
		void *state;
		size_t size;
		char *file;
		FILE *out;

		session_setup(&state);
		file = record_all(state, 2, true, &size);
		out = fopen(argv[1], "we");
		if (!out || fwrite(file, 1, size, out) != size || fclose(out))
			return 1;
		free(file);
		return session_teardown(&state);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

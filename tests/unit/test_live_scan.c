/* SPDX-License-Identifier: Apache-2.0 */
/* The scan against a process that is a few arrays: every change is made by hand, between passes or within one. */
#include <errno.h>
#include <stdlib.h>

#include "target/scan.h"
#include "target_fixture.h"

enum {
	GLOBALS = 0x500000,
	HEAP = 0x10000000,
	HEAP_SIZE = 1 << 16,
	G_AT = HEAP, /* g's, 0x200 apart */
	STACKS = HEAP + 0x8000, /* 0x800 each */
	LIST = HEAP + 0x4000,
	M_AT = HEAP + 0x5000,
	P_AT = HEAP + 0x6000,
	FREE_AT = HEAP + 0x3000,
	DEPTH = 0x80,
	OUTER = FIX_TEXT + 0x10, /* main.outer within its frame of 0x28 bytes */
	SECOND = FIX_TEXT + 0x110,
	GOEXIT = FIX_TEXT + 0x201,
};

struct torn {
	struct memr base;
	struct memr *under;
	struct fake *fake;
};

struct fake {
	struct fixture fix;
	uint8_t heap[HEAP_SIZE], globals[4096];
	struct mem_seg seg[2];
	struct target t;
	struct torn torn;
	struct scan *scan;
	uint64_t ng;
	unsigned tears; /* the g's read from now on move so many times */
	struct gchange got[64];
	size_t n;
};

static void *at(struct fake *f, uint64_t addr)
{
	return addr >= HEAP ? f->heap + (addr - HEAP) : f->globals + (addr - GLOBALS);
}

static void set64(struct fake *f, uint64_t addr, uint64_t v)
{
	memcpy(at(f, addr), &v, 8);
}

static uint64_t g_addr(unsigned i)
{
	return G_AT + 0x200 * (uint64_t)i;
}

static uint64_t stack_hi(unsigned i)
{
	return STACKS + 0x800 * (uint64_t)(i + 1);
}

#define G64(f, i, field, v) set64(f, g_addr(i) + (uint64_t)(f)->t.lay.g.field, v)
#define G8(f, i, field, v) (*(uint8_t *)at(f, g_addr(i) + (uint64_t)(f)->t.lay.g.field) = (v))

static void set_status(struct fake *f, unsigned i, uint32_t status)
{
	memcpy(at(f, g_addr(i) + (uint64_t)f->t.lay.g.atomicstatus), &status, 4);
}

/* main.outer, called by main.second, called by goexit: the stack of a parked goroutine. */
static void make_stack(struct fake *f, unsigned i, uint64_t hi)
{
	uint64_t sp = hi - DEPTH;

	G64(f, i, stack_lo, hi - 0x700);
	G64(f, i, stack_hi, hi);
	G64(f, i, sched_sp, sp);
	G64(f, i, sched_pc, OUTER);
	set64(f, sp + 0x20, sp + 0x28 + 8 + 0x20); /* the frame pointer that outer kept */
	set64(f, sp + 0x28, SECOND);
	set64(f, sp + 0x28 + 8 + 0x28, GOEXIT);
}

static void make_g(struct fake *f, unsigned i, uint64_t goid)
{
	set64(f, LIST + 8 * (uint64_t)i, g_addr(i));
	make_stack(f, i, stack_hi(i));
	G64(f, i, goid, goid);
	if (f->t.lay.g.parentGoid >= 0)
		G64(f, i, parentGoid, 1);
	G64(f, i, gopc, SECOND);
	G64(f, i, startpc, FIX_TEXT + 0x100);
	G8(f, i, trackingSeq, 7);
	G8(f, i, waitreason, 14);
	set_status(f, i, GST_WAITING);
	if (i >= f->ng)
		f->ng = i + 1;
	set64(f, f->t.glob.allglen, f->ng);
}

static ssize_t torn_readv(struct memr *m, struct mem_iov *v, size_t n)
{
	struct torn *t = (struct torn *)m;
	ssize_t rc = memr_readv(t->under, v, n);

	/* It runs on between one reading and the next. */
	if (t->fake->tears) {
		t->fake->tears--;
		(*(uint8_t *)at(t->fake, g_addr(0) + (uint64_t)t->fake->t.lay.g.trackingSeq))++;
	}
	return rc;
}

static int torn_read(struct memr *m, uint64_t addr, void *buf, size_t len)
{
	return memr_read(((struct torn *)m)->under, addr, buf, len);
}

static void torn_close(struct memr *m)
{
	memr_close(((struct torn *)m)->under);
}

static const struct memr_ops torn_ops = { .read = torn_read,
					  .readv = torn_readv,
					  .close = torn_close };

static void make_sched(struct fake *f)
{
	const struct golayout *lay = &f->t.lay;

	set64(f, f->t.glob.allm, M_AT);
	set64(f, M_AT + (uint64_t)lay->m.procid, 4711);
	set64(f, M_AT + (uint64_t)lay->m.p, P_AT);
	set64(f, f->t.glob.allp, P_AT - 8);
	set64(f, f->t.glob.allp + 8, 1);
	set64(f, f->t.glob.allp + 16, 1);
	set64(f, P_AT - 8, P_AT);
	set64(f, f->t.glob.sched + (uint64_t)lay->sched.goidgen, 1000);
	set64(f, P_AT + (uint64_t)lay->p.goidcache, 990);
	set64(f, P_AT + (uint64_t)lay->p.goidcacheend, 1001);
}

static int setup_version(void **state, int minor)
{
	struct fake *f = xcalloc(1, sizeof(*f));
	struct goversion v = { .major = 1, .minor = minor };

	*state = f;
	fixture_make(&f->fix, minor, 1);
	fixture_module(&f->t.mods, &f->fix, minor);
	assert_int_equal(layout_init(&f->t.lay, &v, GOARCH_AMD64, NULL), 0);
	f->seg[0] = (struct mem_seg){ GLOBALS, f->globals, sizeof(f->globals) };
	f->seg[1] = (struct mem_seg){ HEAP, f->heap, sizeof(f->heap) };
	f->torn = (struct torn){ .base.ops = &torn_ops,
				 .under = memr_new_flat(f->seg, 2),
				 .fake = f };
	f->t.mem = &f->torn.base;
	f->t.glob.allglen = GLOBALS;
	f->t.glob.allgptr = GLOBALS + 8;
	f->t.glob.allm = GLOBALS + 16;
	f->t.glob.allp = GLOBALS + 24;
	f->t.glob.sched = GLOBALS + 256;
	f->t.sym = symtab_new(&f->t.mods, f->t.mem);
	set64(f, f->t.glob.allgptr, LIST);
	make_sched(f);
	f->scan = scan_new(&f->t);
	return 0;
}

static int setup(void **state)
{
	return setup_version(state, 27);
}

static int setup_old(void **state)
{
	return setup_version(state, 19);
}

static int teardown(void **state)
{
	struct fake *f = *state;

	scan_free(f->scan);
	symtab_free(f->t.sym);
	memr_close(f->t.mem);
	gomodules_release(&f->t.mods);
	free(f);
	return 0;
}

static void on_changes(void *arg, const struct gchange *c, size_t n)
{
	struct fake *f = arg;

	assert_true(f->n + n <= ARRAY_SIZE(f->got));
	memcpy(f->got + f->n, c, n * sizeof(*c));
	f->n += n;
}

static void pass(struct fake *f)
{
	f->n = 0;
	assert_int_equal(scan_pass(f->scan, on_changes, f), 0);
}

static void expect_stack(struct fake *f, uint32_t id, const char *const *func)
{
	stack_lines l = { 0 };

	stackset_lines(scan_stacks(f->scan), f->t.sym, id, &l);
	for (size_t i = 0; i < l.n; i++) {
		assert_non_null(func[i]);
		assert_string_equal(l.v[i].func, func[i]);
	}
	assert_null(func[l.n]);
	vec_free(&l);
}

#define STACK(f, id, ...) expect_stack(f, id, (const char *const[]){ __VA_ARGS__, NULL })

/* --- */

static void test_first_pass(void **state)
{
	struct fake *f = *state;

	make_g(f, 0, 18);
	make_g(f, 1, 995);
	make_g(f, 2, 3);
	set_status(f, 2, GST_DEAD);
	make_g(f, 3, 21);
	set_status(f, 3, GST_WAITING | GST_SCAN);
	make_g(f, 4, 22);
	set_status(f, 4, GST_COPYSTACK);
	pass(f);
	assert_int_equal(f->n, 4);
	assert_int_equal(scan_stats(f->scan)->goroutines, 4);
	assert_int_equal(f->got[0].goid, 18);
	assert_int_equal(f->got[0].kinds, GCH_NEW | GCH_OLD | GCH_STATE);
	assert_int_equal(f->got[0].status, GST_WAITING);
	STACK(f, f->got[0].stack, "main.outer", "main.second");
	STACK(f, f->got[0].start, "main.second");
	STACK(f, f->got[0].creation, "main.second");
	assert_int_equal(f->got[2].status, GST_WAITING);
	assert_int_equal(f->got[3].status, GST_RUNNING);
	STACK(f, f->got[3].stack, "[running]", "main.second");
	assert_int_equal(scan_stats(f->scan)->lost, 0);
	assert_true(scan_stats(f->scan)->fp_good > 0);
	assert_int_equal(scan_stats(f->scan)->fp_bad, 0);
	pass(f);
	assert_int_equal(f->n, 0);
}

static void test_who_was_there(void **state)
{
	struct fake *f = *state;

	make_g(f, 0, 18);
	pass(f);
	make_g(f, 1, 989); /* given out before, seen late */
	make_g(f, 2, 992); /* not given out then */
	pass(f);
	assert_int_equal(f->n, 2);
	assert_int_equal(f->got[0].kinds, GCH_NEW | GCH_OLD | GCH_STATE);
	assert_int_equal(f->got[1].kinds, GCH_NEW | GCH_STATE);
	assert_int_equal(scan_sched(f->scan)->created, 1000 - 11);
}

static void test_it_ran(void **state)
{
	struct fake *f = *state;

	make_g(f, 0, 18);
	pass(f);
	G8(f, 0, trackingSeq, 10);
	pass(f);
	assert_int_equal(f->n, 1);
	assert_int_equal(f->got[0].kinds, GCH_STATE | GCH_RAN);
	assert_int_equal(f->got[0].runs, 3);
	assert_int_equal(f->got[0].before, GST_WAITING);
	pass(f);
	assert_int_equal(f->n, 0);
	/* A multiple of 256 times: only the words under the stack pointer tell. */
	set64(f, stack_hi(0) - DEPTH - 16, 0x1234);
	pass(f);
	assert_int_equal(f->n, 1);
	assert_int_equal(f->got[0].kinds, GCH_STATE | GCH_RAN);
}

static void test_woken(void **state)
{
	struct fake *f = *state;

	make_g(f, 0, 18);
	pass(f);
	set_status(f, 0, GST_RUNNABLE);
	pass(f);
	assert_int_equal(f->n, 1);
	assert_int_equal(f->got[0].kinds, GCH_STATE);
	assert_int_equal(f->got[0].before, GST_WAITING);
	set_status(f, 0, GST_RUNNING);
	G64(f, 0, m, M_AT);
	pass(f);
	assert_int_equal(f->n, 1);
	assert_int_equal(f->got[0].tid, 4711);
	assert_int_equal(f->got[0].p, 0);
	assert_false(f->got[0].kinds & GCH_RAN);
	G8(f, 0, trackingSeq, 8);
	set_status(f, 0, GST_WAITING);
	pass(f);
	assert_int_equal(f->n, 1);
	assert_int_equal(f->got[0].kinds, GCH_STATE | GCH_RAN);
}

static void test_stack_moved(void **state)
{
	struct fake *f = *state;

	make_g(f, 0, 18);
	pass(f);
	G8(f, 0, trackingSeq, 8);
	pass(f);
	make_stack(f, 0, stack_hi(9));
	pass(f);
	assert_int_equal(f->n, 0);
	pass(f);
	assert_int_equal(f->n, 0);
}

static void test_used_again(void **state)
{
	struct fake *f = *state;

	make_g(f, 0, 18);
	pass(f);
	make_g(f, 0, 40);
	pass(f);
	assert_int_equal(f->n, 2);
	assert_int_equal(f->got[0].goid, 18);
	assert_int_equal(f->got[0].kinds, GCH_GONE);
	assert_int_equal(f->got[1].goid, 40);
	assert_true(f->got[1].kinds & GCH_NEW);
	set_status(f, 0, GST_DEAD);
	pass(f);
	assert_int_equal(f->n, 1);
	assert_int_equal(f->got[0].kinds, GCH_GONE);
	assert_int_equal(scan_stats(f->scan)->goroutines, 0);
	/* A C thread that calls Go again: the same id on the same g. */
	set_status(f, 0, GST_WAITING);
	pass(f);
	assert_int_equal(f->n, 1);
	assert_true(f->got[0].kinds & GCH_NEW);
}

/* Before 1.24 a new goroutine is runnable a moment before it has its own id. */
static void test_not_born_yet(void **state)
{
	struct fake *f = *state;

	make_g(f, 0, 18);
	pass(f);
	set_status(f, 0, GST_RUNNABLE);
	G64(f, 0, sched_pc, FIX_TEXT + 0x100);
	G64(f, 0, sched_sp, stack_hi(0) - 0x20);
	set64(f, stack_hi(0) - 0x20, GOEXIT);
	pass(f);
	assert_int_equal(f->n, 1);
	assert_int_equal(f->got[0].kinds, GCH_GONE);
	assert_int_equal(scan_stats(f->scan)->thrown, 1);
	pass(f);
	assert_int_equal(f->n, 0);
	G64(f, 0, goid, 995);
	pass(f);
	assert_int_equal(f->n, 1);
	assert_int_equal(f->got[0].goid, 995);
	assert_int_equal(f->got[0].kinds, GCH_NEW | GCH_STATE);
	STACK(f, f->got[0].stack, "main.second");
}

static void test_never_at_rest(void **state)
{
	struct fake *f = *state;

	make_g(f, 0, 18);
	pass(f);
	G8(f, 0, trackingSeq, 8);
	f->tears = 100;
	pass(f);
	f->tears = 0;
	assert_int_equal(f->n, 1);
	assert_int_equal(f->got[0].status, GST_RUNNING);
	assert_int_equal(scan_stats(f->scan)->unsteady, 1);
	STACK(f, f->got[0].stack, "[running]", "main.second");
	pass(f);
	assert_int_equal(f->got[0].status, GST_WAITING);
	/* One that moved once is read again, and believed. */
	G8(f, 0, trackingSeq, 100);
	f->tears = 3;
	pass(f);
	assert_int_equal(f->n, 1);
	assert_int_equal(f->got[0].status, GST_WAITING);
	assert_int_equal(scan_stats(f->scan)->unsteady, 1);
}

static void test_nonsense(void **state)
{
	struct fake *f = *state;

	make_g(f, 0, 18);
	make_g(f, 1, 19);
	G64(f, 1, sched_sp, stack_hi(1) + 8);
	make_g(f, 2, 20);
	set_status(f, 2, 12);
	make_g(f, 3, 0);
	make_g(f, 4, 21);
	set64(f, LIST + 8 * 5, 0xdead0000); /* nothing there */
	set64(f, LIST + 8 * 6, 7);
	set64(f, LIST + 8 * 7, g_addr(4));
	set64(f, LIST + 8 * 8, 1ull << 60);
	f->ng = 9;
	set64(f, f->t.glob.allglen, 9);
	pass(f);
	assert_int_equal(f->n, 2);
	assert_int_equal(f->got[0].goid, 18);
	assert_int_equal(f->got[1].goid, 21);
	assert_true(scan_stats(f->scan)->thrown >= 4);
}

static void test_lists_that_cannot_be(void **state)
{
	struct fake *f = *state;
	static const uint64_t lens[] = { 1ull << 60, 1 << 20, UINT64_MAX };

	make_g(f, 0, 18);
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		set64(f, f->t.glob.allglen, lens[i]);
		assert_int_equal(scan_pass(f->scan, on_changes, f), -EFAULT);
	}
	set64(f, f->t.glob.allglen, 1);
	pass(f);
	assert_int_equal(f->n, 1);
	set64(f, f->t.glob.allglen, 0); /* it never shrinks */
	assert_int_equal(scan_pass(f->scan, on_changes, f), -EFAULT);
	set64(f, f->t.glob.allglen, 1);
	set64(f, f->t.glob.allgptr, 0x1000);
	pass(f);
	set64(f, f->t.glob.allglen, 3);
	assert_int_equal(scan_pass(f->scan, on_changes, f), -EFAULT);
}

static void test_deep_and_broken_stacks(void **state)
{
	struct fake *f = *state;
	uint64_t hi = HEAP + 0xf000, sp = hi - 0x30 * 130 - 0x28;

	make_g(f, 0, 18);
	G64(f, 0, stack_lo, sp - 0x100);
	G64(f, 0, stack_hi, hi);
	G64(f, 0, sched_sp, sp);
	for (uint64_t s = sp; s + 0x30 <= hi; s += 0x30) { /* 5,900 bytes of main.second */
		set64(f, s + 0x20, s + 0x50);
		set64(f, s + 0x28, s + 0x60 > hi ? GOEXIT : SECOND);
	}
	make_g(f, 1, 19);
	set64(f, stack_hi(1) - DEPTH + 0x28, 0x999999); /* returns to where no code is */
	pass(f);
	assert_int_equal(f->n, 2);
	{
		stack_lines l = { 0 };

		stackset_lines(scan_stacks(f->scan), f->t.sym, f->got[0].stack, &l);
		assert_int_equal(l.n, 130);
		assert_string_equal(l.v[129].func, "main.second");
		vec_free(&l);
	}
	STACK(f, f->got[1].stack, "main.outer", "[not known further]");
	assert_int_equal(scan_stats(f->scan)->lost, 1);
}

static void put_string(struct fake *f, uint64_t addr, const char *s, uint64_t *to)
{
	strcpy(at(f, *to), s); /* NOLINT: a test */
	set64(f, addr, *to);
	set64(f, addr + 8, strlen(s));
	*to += 16;
}

static void test_labels_slice(void **state)
{
	struct fake *f = *state;
	uint64_t text = FREE_AT + 0x200;

	make_g(f, 0, 18);
	G64(f, 0, labels, FREE_AT);
	set64(f, FREE_AT, FREE_AT + 0x20);
	set64(f, FREE_AT + 8, 2);
	set64(f, FREE_AT + 16, 2);
	put_string(f, FREE_AT + 0x20, "b", &text);
	put_string(f, FREE_AT + 0x30, "2", &text);
	put_string(f, FREE_AT + 0x40, "a", &text);
	put_string(f, FREE_AT + 0x50, "one", &text);
	make_g(f, 1, 19);
	G64(f, 1, labels, FREE_AT + 0x100); /* longer than it could be */
	set64(f, FREE_AT + 0x100, HEAP);
	set64(f, FREE_AT + 0x108, 1ull << 50);
	set64(f, FREE_AT + 0x110, 1ull << 50);
	make_g(f, 2, 20);
	G64(f, 2, labels, 0x77);
	pass(f);
	assert_int_equal(f->n, 3);
	assert_true(f->got[0].kinds & GCH_LABELS);
	assert_string_equal(strtab_get(&scan_labels(f->scan)->text, f->got[0].labels), "a=one,b=2");
	assert_string_equal(strtab_get(&scan_labels(f->scan)->text, f->got[2].labels), "");
	G64(f, 0, labels, 0);
	pass(f);
	assert_int_equal(f->n, 1);
	assert_int_equal(f->got[0].kinds, GCH_LABELS);
	assert_int_equal(f->got[0].labels, 0);
}

static void test_labels_map(void **state)
{
	struct fake *f = *state;
	const struct golayout *lay = &f->t.lay;
	uint64_t map = FREE_AT + 0x20, bucket = FREE_AT + 0x80, text = FREE_AT + 0x400;

	make_g(f, 0, 18);
	G64(f, 0, labels, FREE_AT);
	set64(f, FREE_AT, map);
	set64(f, map + (uint64_t)lay->hmap.count, 1);
	set64(f, map + (uint64_t)lay->hmap.buckets, bucket);
	((uint8_t *)at(f, bucket))[2] = 99;
	((uint8_t *)at(f, bucket))[3] = 1; /* an empty slot */
	put_string(f, bucket + 8 + 2 * 16, "req", &text);
	put_string(f, bucket + 8 + 128 + 2 * 16, "7f", &text);
	set64(f, bucket + 8 + 256, bucket); /* a chain that never ends */
	pass(f);
	assert_int_equal(f->n, 1);
	assert_memory_equal(strtab_get(&scan_labels(f->scan)->text, f->got[0].labels), "req=7f", 6);
}

static void test_order_of_the_list(void **state)
{
	struct fake *f = *state;

	/* The list is in order of making, the rows by address; both stay right as it grows. */
	make_g(f, 5, 1);
	set64(f, LIST, g_addr(5));
	set64(f, f->t.glob.allglen, 1);
	pass(f);
	assert_int_equal(f->n, 1);
	for (unsigned i = 0; i < 5; i++)
		make_g(f, i, 10 + i);
	for (unsigned i = 0; i < 6; i++)
		set64(f, LIST + 8 * (uint64_t)i, g_addr(5 - i));
	set64(f, f->t.glob.allglen, 6);
	pass(f);
	assert_int_equal(f->n, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(f->got[i].goid, 10 + i);
	pass(f);
	assert_int_equal(f->n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_first_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_was_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_it_ran, setup, teardown),
		cmocka_unit_test_setup_teardown(test_woken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stack_moved, setup, teardown),
		cmocka_unit_test_setup_teardown(test_used_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_born_yet, setup_old, teardown),
		cmocka_unit_test_setup_teardown(test_never_at_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nonsense, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lists_that_cannot_be, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deep_and_broken_stacks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_labels_slice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_labels_map, setup_old, teardown),
		cmocka_unit_test_setup_teardown(test_order_of_the_list, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

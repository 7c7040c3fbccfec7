/* SPDX-License-Identifier: Apache-2.0 */
/* What goroutines wait on, in a process that is a few arrays: made by hand, torn, and hostile. */
#include <errno.h>
#include <stdlib.h>

#include "core/radix.h"
#include "target/gather.h"
#include "target/objects.h"
#include "target/prospect.h"
#include "target_fixture.h"

enum {
	GLOBALS = 0x500000,
	HEAP = 0x10000000,
	HEAP_SIZE = 1 << 17,
	G_AT = HEAP, /* g's, 0x200 apart */
	STACKS = HEAP + 0x8000, /* 0x800 each */
	LIST = HEAP + 0x4000,
	M_AT = HEAP + 0x5000,
	P_AT = HEAP + 0x6000,
	CHANS = HEAP + 0x10000, /* 0x100 apart */
	SUDOGS = HEAP + 0x14000, /* 0x100 apart */
	TYPES = GLOBALS + 0x800,
	DEPTH = 0x80,
	OUTER = FIX_TEXT + 0x10, /* main.outer within its frame of 0x28 bytes */
	SECOND = FIX_TEXT + 0x110,
	GOEXIT = FIX_TEXT + 0x201,
};

struct fake {
	struct fixture fix;
	uint8_t heap[HEAP_SIZE], globals[4096], code[FIX_TEXT_SIZE];
	struct mem_seg seg[3];
	struct target t;
	struct scan *scan;
	struct objects *objects;
	struct facts facts;
	uint64_t ng;
};

static void *at(struct fake *f, uint64_t addr)
{
	return addr >= HEAP ? f->heap + (addr - HEAP) : f->globals + (addr - GLOBALS);
}

static void set64(struct fake *f, uint64_t addr, uint64_t v)
{
	memcpy(at(f, addr), &v, 8);
}

static void set32(struct fake *f, uint64_t addr, uint32_t v)
{
	memcpy(at(f, addr), &v, 4);
}

static uint64_t g_addr(unsigned i)
{
	return G_AT + 0x200 * (uint64_t)i;
}

static uint64_t stack_hi(unsigned i)
{
	return STACKS + 0x800 * (uint64_t)(i + 1);
}

static uint64_t chan_at(unsigned i)
{
	return CHANS + 0x100 * (uint64_t)i;
}

static uint64_t sudog_at(unsigned i)
{
	return SUDOGS + 0x100 * (uint64_t)i;
}

#define G64(f, i, field, v) set64(f, g_addr(i) + (uint64_t)(f)->t.lay.g.field, v)
#define C64(f, i, field, v) set64(f, chan_at(i) + (uint64_t)(f)->t.lay.hchan.field, v)
#define S64(f, i, field, v) set64(f, sudog_at(i) + (uint64_t)(f)->t.lay.sudog.field, v)

static uint8_t reason_of(const struct fake *f, const char *text)
{
	for (uint32_t i = 0; i < f->t.lay.nwaitreasons; i++)
		if (!strcmp(layout_waitreason(&f->t.lay, i), text))
			return (uint8_t)i;
	fail();
	return 0;
}

/* main.outer, called by main.second, called by goexit: the stack of a parked goroutine. */
static void make_g(struct fake *f, unsigned i, uint64_t goid, const char *reason)
{
	uint64_t sp = stack_hi(i) - DEPTH;

	set64(f, LIST + 8 * (uint64_t)i, g_addr(i));
	G64(f, i, stack_lo, stack_hi(i) - 0x700);
	G64(f, i, stack_hi, stack_hi(i));
	G64(f, i, sched_sp, sp);
	G64(f, i, sched_pc, OUTER);
	set64(f, sp + 0x20, sp + 0x28 + 8 + 0x20);
	set64(f, sp + 0x28, SECOND);
	set64(f, sp + 0x28 + 8 + 0x28, GOEXIT);
	G64(f, i, goid, goid);
	G64(f, i, gopc, SECOND);
	G64(f, i, startpc, FIX_TEXT + 0x100);
	*(uint8_t *)at(f, g_addr(i) + (uint64_t)f->t.lay.g.trackingSeq) = 7;
	*(uint8_t *)at(f, g_addr(i) + (uint64_t)f->t.lay.g.waitreason) = reason_of(f, reason);
	set32(f, g_addr(i) + (uint64_t)f->t.lay.g.atomicstatus, GST_WAITING);
	if (i >= f->ng)
		f->ng = i + 1;
	set64(f, f->t.glob.allglen, f->ng);
}

/* Goroutine i's k-th sudog, in the queue of that channel. */
static void make_sudog(struct fake *f, unsigned s, unsigned g, unsigned c)
{
	S64(f, s, g, g_addr(g));
	S64(f, s, c, chan_at(c));
}

static int setup_version(void **state, int minor)
{
	struct fake *f = xcalloc(1, sizeof(*f));
	struct goversion v = { .major = 1, .minor = minor };

	*state = f;
	fixture_make(&f->fix, minor, 1);
	fixture_module(&f->t.mods, &f->fix, minor);
	f->t.mods.mod.v[0].types = TYPES;
	f->t.mods.mod.v[0].etypes = GLOBALS + sizeof(f->globals);
	f->t.mods.mod.v[0].data = GLOBALS + 0x400;
	f->t.mods.mod.v[0].edata = GLOBALS + 0x500;
	assert_int_equal(layout_init(&f->t.lay, &v, GOARCH_AMD64, NULL), 0);
	memset(f->code, 0x90, sizeof(f->code));
	f->seg[0] = (struct mem_seg){ FIX_TEXT, f->code, sizeof(f->code) };
	f->seg[1] = (struct mem_seg){ GLOBALS, f->globals, sizeof(f->globals) };
	f->seg[2] = (struct mem_seg){ HEAP, f->heap, sizeof(f->heap) };
	f->t.mem = memr_new_flat(f->seg, 3);
	f->t.glob.allglen = GLOBALS;
	f->t.glob.allgptr = GLOBALS + 8;
	f->t.glob.allm = GLOBALS + 16;
	f->t.glob.allp = GLOBALS + 24;
	f->t.glob.sched = GLOBALS + 256;
	f->t.sym = symtab_new(&f->t.mods, f->t.mem);
	set64(f, f->t.glob.allgptr, LIST);
	set64(f, f->t.glob.allm, M_AT);
	set64(f, M_AT + (uint64_t)f->t.lay.m.procid, 4711);
	set64(f, f->t.glob.allp, P_AT - 8);
	set64(f, f->t.glob.allp + 8, 1);
	set64(f, f->t.glob.allp + 16, 1);
	set64(f, P_AT - 8, P_AT);
	set64(f, f->t.glob.sched + (uint64_t)f->t.lay.sched.goidgen, 1000);
	f->scan = scan_new(&f->t);
	f->objects = objects_new(&f->t, f->scan);
	facts_init(&f->facts);
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

	facts_release(&f->facts);
	objects_free(f->objects);
	scan_free(f->scan);
	symtab_free(f->t.sym);
	memr_close(f->t.mem);
	gomodules_release(&f->t.mods);
	free(f);
	return 0;
}

static void sink(void *arg, const struct gchange *c, size_t n)
{
	(void)arg;
	(void)c;
	(void)n;
}

static void look(struct fake *f)
{
	assert_int_equal(scan_pass(f->scan, sink, NULL), 0);
	assert_int_equal(objects_look(f->objects, &f->facts), 0);
	facts_finish(&f->facts);
}

static const struct object *object(struct fake *f, uint64_t addr)
{
	uint32_t i = facts_find(&f->facts, addr);

	assert_int_not_equal(i, NO_OBJECT);
	return &f->facts.object.v[i];
}

static const struct wait *wait_of(struct fake *f, uint64_t goid, size_t k)
{
	size_t n, first = facts_waits_of(&f->facts, goid, &n);

	assert_true(k < n);
	return &f->facts.wait.v[f->facts.g_wait.v[first + k]];
}

/* --- */

static void test_channel(void **state)
{
	struct fake *f = *state;
	const struct object *o;

	make_g(f, 0, 18, "chan receive");
	make_g(f, 1, 19, "chan receive");
	make_g(f, 2, 20, "chan send");
	for (unsigned i = 0; i < 3; i++)
		G64(f, i, waiting, sudog_at(i));
	make_sudog(f, 0, 0, 0);
	make_sudog(f, 1, 1, 0);
	make_sudog(f, 2, 2, 1);
	/* the queue: 19 came first */
	S64(f, 1, next, sudog_at(0));
	S64(f, 0, prev, sudog_at(1));
	C64(f, 0, recvq_first, sudog_at(1));
	C64(f, 0, recvq_last, sudog_at(0));
	C64(f, 1, sendq_first, sudog_at(2));
	C64(f, 1, sendq_last, sudog_at(2));
	C64(f, 1, qcount, 3);
	C64(f, 1, dataqsiz, 3);
	set32(f, chan_at(1) + (uint64_t)f->t.lay.hchan.closed, 1);
	/* its element's type: "*main.job", which means main.job */
	C64(f, 1, elemtype, TYPES + 0x100);
	set32(f, TYPES + 0x100 + (uint64_t)f->t.lay.type.Str, 0x10);
	*(uint8_t *)at(f, TYPES + 0x100 + (uint64_t)f->t.lay.type.TFlag) = 2;
	memcpy(at(f, TYPES + 0x10), "\x01\x09*main.job", 11);
	look(f);

	assert_int_equal(f->facts.object.n, 2);
	o = object(f, chan_at(0));
	assert_int_equal(o->kind, OBJ_CHAN);
	assert_int_equal(o->n_waits, 2);
	assert_int_equal(f->facts.wait.v[o->first_wait].goid, 19);
	assert_int_equal(f->facts.wait.v[o->first_wait + 1].goid, 18);
	assert_int_equal(f->facts.wait.v[o->first_wait].op, OP_RECV);
	o = object(f, chan_at(1));
	assert_int_equal(o->len, 3);
	assert_int_equal(o->cap, 3);
	assert_true(o->flags & OBJF_CLOSED);
	assert_string_equal(strtab_get(objects_text(f->objects), o->type), "main.job");
	assert_int_equal(wait_of(f, 20, 0)->op, OP_SEND);
	assert_false(wait_of(f, 20, 0)->select);
	assert_int_equal(objects_stats(f->objects)->read, 3);

	/* What did not move is not read again, the channel is. */
	C64(f, 0, dataqsiz, 9);
	look(f);
	assert_int_equal(objects_stats(f->objects)->read, 0);
	assert_int_equal(object(f, chan_at(0))->cap, 9);
	assert_int_equal(object(f, chan_at(0))->n_waits, 2);
}

static void test_select(void **state)
{
	struct fake *f = *state;

	make_g(f, 0, 18, "select");
	G64(f, 0, waiting, sudog_at(0));
	make_sudog(f, 0, 0, 0);
	make_sudog(f, 1, 0, 1);
	S64(f, 0, waitlink, sudog_at(1));
	C64(f, 0, sendq_first, sudog_at(0));
	C64(f, 0, sendq_last, sudog_at(0));
	C64(f, 1, recvq_first, sudog_at(1));
	C64(f, 1, recvq_last, sudog_at(1));
	look(f);
	assert_int_equal(f->facts.wait.n, 2);
	assert_int_equal(wait_of(f, 18, 0)->op, OP_SEND);
	assert_int_equal(wait_of(f, 18, 1)->op, OP_RECV);
	assert_int_equal(wait_of(f, 18, 1)->at, 1);
	assert_true(wait_of(f, 18, 0)->select);
}

static void test_nothing(void **state)
{
	struct fake *f = *state;

	make_g(f, 0, 18, "chan receive (nil chan)");
	make_g(f, 1, 19, "select (no cases)");
	make_g(f, 2, 20, "GC worker (idle)");
	look(f);
	assert_int_equal(object(f, 0)->kind, OBJ_NIL);
	assert_int_equal(object(f, 0)->n_waits, 2);
	assert_int_equal(wait_of(f, 18, 0)->op, OP_RECV);
	assert_true(wait_of(f, 19, 0)->select);
	assert_int_equal(object(f, g_addr(2))->kind, OBJ_RUNTIME);
}

static void test_sleep(void **state)
{
	struct fake *f = *state;
	uint64_t timer = HEAP + 0x7000;

	make_g(f, 0, 18, "sleep");
	G64(f, 0, timer, timer);
	if (f->t.lay.g.sleepWhen >= 0)
		G64(f, 0, sleepWhen, 123456);
	else
		set64(f, timer + (uint64_t)f->t.lay.timer.nextwhen, 123456);
	look(f);
	assert_int_equal(object(f, timer)->kind, OBJ_TIMER);
	assert_int_equal(object(f, timer)->when, 123456);
}

/* A sudog of somebody else's: it was used again while it was read. */
static void test_torn(void **state)
{
	struct fake *f = *state;

	make_g(f, 0, 18, "chan receive");
	G64(f, 0, waiting, sudog_at(0));
	make_sudog(f, 0, 7, 0);
	look(f);
	assert_int_equal(f->facts.wait.n, 0);
	assert_int_equal(f->facts.object.n, 0);
	/* Mended: believed. */
	make_sudog(f, 0, 0, 0);
	look(f);
	assert_int_equal(f->facts.wait.n, 1);
	assert_int_equal(wait_of(f, 18, 0)->op,
			 OP_RECV); /* as its reason says, though no queue has it */
}

/* Without stack maps every word of a frame may be live. */
static void test_reference(void **state)
{
	struct fake *f = *state;
	const struct object *o;

	make_g(f, 0, 18, "chan receive");
	make_g(f, 1, 19, "chan receive (nil chan)");
	G64(f, 0, waiting, sudog_at(0));
	make_sudog(f, 0, 0, 0);
	set64(f, stack_hi(1) - DEPTH + 0x10, chan_at(0));
	set64(f, stack_hi(0) - DEPTH + 0x10, chan_at(0)); /* who waits does not count */
	look(f);
	o = object(f, chan_at(0));
	assert_int_equal(o->n_holds, 1);
	assert_int_equal(f->facts.hold.v[o->first_hold].goid, 19);
	assert_int_equal(f->facts.hold.v[o->first_hold].op, HOLD_REF);
	assert_int_equal(f->facts.hold.v[o->first_hold].evidence, EVIDENCE_INFERRED);
	assert_true(f->facts.searched);
	assert_false(o->flags & OBJF_SEARCHED); /* there is no heap to search */
	assert_false(o->flags & OBJF_GLOBAL);
	set64(f, GLOBALS + 0x420, chan_at(0));
	look(f);
	assert_true(object(f, chan_at(0))->flags & OBJF_GLOBAL);
	/* One that runs: all its stack. */
	set32(f, g_addr(1) + (uint64_t)f->t.lay.g.atomicstatus, GST_RUNNING);
	set64(f, stack_hi(1) - DEPTH + 0x10, 0);
	set64(f, stack_hi(1) - 0x400, chan_at(0));
	look(f);
	o = object(f, chan_at(0));
	assert_int_equal(o->n_holds, 1);
	assert_int_equal(f->facts.hold.v[o->first_hold].goid, 19);
}

static uint64_t seed = 4711;

static uint64_t chance(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return seed >> 33;
}

/* An address in the fake, or nonsense. */
static uint64_t any_word(void)
{
	switch (chance() % 4) {
	case 0:
		return chance() << 31 ^ chance();
	case 1:
		return HEAP + (chance() % HEAP_SIZE & ~7ull);
	case 2:
		return sudog_at((unsigned)(chance() % 32));
	default:
		return chan_at((unsigned)(chance() % 16));
	}
}

/* Bytes that mean anything at all: queues that bite their tail, channels of 2^63 elements. */
static void test_hostile(void **state)
{
	struct fake *f = *state;
	static const char *const reason[] = { "chan receive",	"chan send", "select", "semacquire",
					      "sync.Cond.Wait", "IO wait",   "sleep" };

	for (unsigned round = 0; round < 300; round++) {
		for (uint64_t a = CHANS; a < HEAP + HEAP_SIZE; a += 8)
			set64(f, a, chance() % 3 ? any_word() : 0);
		for (uint64_t a = GLOBALS + 0x400; a < GLOBALS + 0x500; a += 8)
			set64(f, a, any_word());
		for (size_t i = 0; i < sizeof(f->code); i++)
			f->code[i] = (uint8_t)chance();
		for (unsigned i = 0; i < 12; i++) {
			make_g(f, i, 18 + i, reason[chance() % ARRAY_SIZE(reason)]);
			*(uint8_t *)at(f, g_addr(i) + (uint64_t)f->t.lay.g.trackingSeq) =
				(uint8_t)round;
			G64(f, i, waiting, sudog_at((unsigned)(chance() % 32)));
			G64(f, i, _defer, any_word());
			G64(f, i, timer, any_word());
			for (uint64_t a = stack_hi(i) - DEPTH; a < stack_hi(i); a += 8)
				if (chance() % 2)
					set64(f, a, any_word());
		}
		for (unsigned s = 0; s < 32; s++)
			if (chance() % 2)
				make_sudog(f, s, (unsigned)(chance() % 12),
					   (unsigned)(chance() % 16));
		look(f);
		assert_true(f->facts.wait.n < 10000);
	}
}

/* --- gather, radix --- */

static void test_gather(void **state)
{
	static uint8_t data[200000];
	const struct mem_seg seg[] = { { 0x1000, data, 100000 }, { 0x80000, data, sizeof(data) } };
	struct memr *mem = memr_new_flat(seg, 2);
	struct gather g = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 ^ i >> 8);
	for (unsigned round = 0; round < 50; round++) {
		gather_clear(&g);
		for (int i = 0; i < 3000; i++)
			gather_add(&g, chance() % 0x100000, (uint32_t)(chance() % 100));
		gather_add(&g, UINT64_MAX - 4, 8);
		gather_add(&g, 0x80000, 65536);
		gather_add(&g, 0x80000, 1 << 20);
		assert_int_equal(gather_run(&g, mem), 0);
		for (size_t i = 0; i < g.piece.n; i++) {
			const struct gather_piece *p = &g.piece.v[i];
			uint8_t want[65536];
			bool there = p->len && !memr_read(mem, p->addr, want, p->len);

			assert_int_equal(gather_get(&g, i) != NULL, there);
			if (there)
				assert_memory_equal(gather_get(&g, i), want, p->len);
		}
	}
	gather_release(&g);
	memr_close(mem);
}

static void test_radix(void **state)
{
	struct radix_key k[1000];

	(void)state;
	for (unsigned round = 0; round < 64; round++) {
		for (uint32_t i = 0; i < ARRAY_SIZE(k); i++)
			k[i] = (struct radix_key){ (chance() << 32 ^ chance() << 1) >> round, i };
		radix_sort(k, ARRAY_SIZE(k));
		for (size_t i = 1; i < ARRAY_SIZE(k); i++)
			assert_true(k[i - 1].key < k[i].key ||
				    (k[i - 1].key == k[i].key && k[i - 1].at < k[i].at));
	}
	radix_sort(k, 0);
}

/* --- code --- */

static void code_at(struct fake *f, unsigned off, const char *bytes, size_t n)
{
	memcpy(f->code + off, bytes, n);
}

#define CODE(f, off, bytes) code_at(f, off, bytes, sizeof(bytes) - 1)

static bool word_of(const struct expr_frame *f, uint64_t addr, uint64_t *v)
{
	return !memr_read_u64(f->arg, addr, v);
}

/* What is called through a func value is told as an expression over the frame. */
static void test_code_call(void **state)
{
	struct fake *f = *state;
	struct explorer *e = explorer_new(&f->t);
	struct expr_frame fr = { .sp = HEAP + 0x9000, .word = word_of, .arg = f->t.mem };
	struct prospects p;
	uint64_t v;

	CODE(f, 0x10,
	     "\x48\x8b\x44\x24\x18" /* mov 0x18(%rsp),%rax */
	     "\x48\x8b\x50\x08" /* mov 8(%rax),%rdx */
	     "\x48\x83\xc2\x10" /* add $16,%rdx */
	     "\x48\x89\x54\x24\x28" /* mov %rdx,0x28(%rsp) */
	     "\x48\x31\xd2" /* xor %rdx,%rdx */
	     "\x48\x8b\x54\x24\x28" /* mov 0x28(%rsp),%rdx */
	     "\x48\x8b\x0a" /* mov (%rdx),%rcx */
	     "\xff\xd1" /* call *%rcx */
	     "\xff\xd1" /* registers are gone: nothing is known of it */
	     "\xc3");
	explorer_ahead(e, FIX_TEXT + 0x10, &p);
	assert_int_equal(p.n, 1);
	assert_int_equal(p.v[0].op, PROS_CALL);
	assert_true(p.v[0].sure);
	assert_int_equal(p.v[0].addr.base, EXPR_SP);
	assert_int_equal(p.v[0].addr.n, 3);
	set64(f, HEAP + 0x9018, HEAP + 0xa000);
	set64(f, HEAP + 0xa008, 0x4242);
	assert_true(expr_value(&p.v[0].addr, &fr, &v));
	assert_int_equal(v, 0x4252);
	set64(f, HEAP + 0x9018, 0xdead0000); /* nothing there */
	assert_false(expr_value(&p.v[0].addr, &fr, &v));
	free(p.v);
	explorer_free(e);
}

/* Both ways of a branch are gone; a loop ends; what a store overwrites is not known. */
static void test_code_branches(void **state)
{
	struct fake *f = *state;
	struct explorer *e = explorer_new(&f->t);
	struct prospects p;

	CODE(f, 0x40,
	     "\x84\xc0" /* test %al,%al */
	     "\x74\x0b" /* je +11 */
	     "\x48\x8b\x54\x24\x08" /* mov 8(%rsp),%rdx */
	     "\x48\x8b\x0a\xff\xd1" /* mov (%rdx),%rcx; call *%rcx */
	     "\x90"
	     "\xc6\x44\x24\x12\x00" /* movb $0,0x12(%rsp) */
	     "\x48\x8b\x54\x24\x10" /* mov 0x10(%rsp),%rdx: overwritten in part */
	     "\x48\x8b\x0a\xff\xd1"
	     "\xeb\xdf"); /* jmp to the test */
	explorer_ahead(e, FIX_TEXT + 0x40, &p);
	assert_int_equal(p.n, 1);
	assert_int_equal(p.v[0].addr.off[0], 8);
	assert_false(p.v[0].sure);
	free(p.v);
	explorer_free(e);
}

static void test_code_hostile(void **state)
{
	struct fake *f = *state;

	for (unsigned round = 0; round < 2000; round++) {
		struct explorer *e = explorer_new(&f->t);
		struct prospects p;

		for (size_t i = 0; i < sizeof(f->code); i++)
			f->code[i] = (uint8_t)chance();
		explorer_ahead(e, FIX_TEXT + chance() % FIX_TEXT_SIZE, &p);
		free(p.v);
		explorer_held(e, FIX_TEXT + chance() % FIX_TEXT_SIZE, &p);
		free(p.v);
		explorer_free(e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_channel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_channel, setup_old, teardown),
		cmocka_unit_test_setup_teardown(test_select, setup, teardown),
		cmocka_unit_test_setup_teardown(test_select, setup_old, teardown),
		cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sleep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sleep, setup_old, teardown),
		cmocka_unit_test_setup_teardown(test_torn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reference, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup_old, teardown),
		cmocka_unit_test(test_gather),
		cmocka_unit_test(test_radix),
		cmocka_unit_test_setup_teardown(test_code_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_code_branches, setup, teardown),
		cmocka_unit_test_setup_teardown(test_code_hostile, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

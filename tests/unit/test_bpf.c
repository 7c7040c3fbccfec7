/* SPDX-License-Identifier: Apache-2.0 */
/* What of the kernel's side is pure: its records, its words, and what the world keeps of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/loader.h"
#include "core/world.h"

static void records_are_checked(void **s)
{
	struct rec_sample r = { .head = { .kind = REC_SAMPLE }, .n = REC_FRAMES };
	struct rec_sum sum = { .head = { .kind = REC_SUM } };
	struct rec_syscall call = { .head = { .kind = REC_SYSCALL } };
	struct rec_head none = { .kind = 99 };

	(void)s;
	assert_true(bpf_record_valid(&r, sizeof(r)));
	assert_false(bpf_record_valid(&r, sizeof(r) - 1));
	assert_false(bpf_record_valid(&r, 0));
	r.n++;
	assert_false(bpf_record_valid(&r, sizeof(r)));
	assert_true(bpf_record_valid(&sum, sizeof(sum)));
	assert_false(bpf_record_valid(&sum, sizeof(sum.head)));
	assert_true(bpf_record_valid(&call, sizeof(call)));
	assert_false(bpf_record_valid(&call, sizeof(call) - 8));
	assert_false(bpf_record_valid(&none, sizeof(none)));
}

static void records_have_no_holes(void **s)
{
	(void)s;
	assert_int_equal(sizeof(struct rec_head), 24);
	assert_int_equal(sizeof(struct rec_sample), 24 + 8 + 16 + 8 * REC_FRAMES);
	assert_int_equal(sizeof(struct rec_sum), 24 + 32 + 16 + 8);
	assert_int_equal(sizeof(struct rec_syscall), 24 + 8 + 8 * REC_ARGS + 16);
}

static void words(void **s)
{
	struct bpf_part_state st[BPF_PARTS] = { 0 };
	char buf[96], tiny[8];

	(void)s;
	bpf_state_word(st, buf, sizeof(buf));
	assert_string_equal(buf, "");
	st[BPF_SYSCALLS].why = BPF_REFUSED;
	bpf_state_word(st, buf, sizeof(buf));
	assert_string_equal(buf, "no syscalls (refused)");
	st[BPF_SAMPLES].why = BPF_NO_RIGHT;
	bpf_state_word(st, buf, sizeof(buf));
	assert_string_equal(buf, "no samples (no right), no syscalls (refused)");
	bpf_state_word(st, tiny, sizeof(tiny));
	assert_string_equal(tiny, "no samp");
	for (int i = 0; i < BPF_PARTS; i++)
		st[i].why = BPF_NO_RIGHT;
	bpf_state_word(st, buf, sizeof(buf));
	assert_string_equal(buf, "bpf off: no right");
}

static void a_row_has_its_load(void **s)
{
	struct world w;

	(void)s;
	world_init(&w);
	assert_null(world_load(&w, 3));
	world_load_add(&w, 3)->syscalls = 7;
	world_load_add(&w, 4)->syscalls = 1;
	world_load_add(&w, 3)->syscalls++;
	assert_int_equal(world_load(&w, 3)->syscalls, 8);
	assert_int_equal(world_load(&w, 4)->syscalls, 1);
	assert_int_equal(world_load(&w, 4)->slow_fd, -1);
	world_release(&w);
}

static void threads_keep_their_sums(void **s)
{
	struct event ev = { .kind = EV_THREAD, .m = 5, .p = 1, .g = 9, .state = GS_RUNNING };
	struct world w;

	(void)s;
	world_init(&w);
	world_apply(&w, &ev);
	world_thread(&w, 5)->cpu_ns = 100;
	ev.g = 10;
	world_apply(&w, &ev);
	assert_int_equal(world_thread(&w, 5)->goid, 10);
	assert_int_equal(world_thread(&w, 5)->cpu_ns, 100);
	ev.state = GS_DEAD;
	world_apply(&w, &ev);
	ev.state = GS_RUNNING; /* another thread with its number */
	world_apply(&w, &ev);
	assert_int_equal(world_thread(&w, 5)->cpu_ns, 0);
	assert_null(world_thread(&w, 6));
	world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_checked),
		cmocka_unit_test(records_have_no_holes),
		cmocka_unit_test(words),
		cmocka_unit_test(a_row_has_its_load),
		cmocka_unit_test(threads_keep_their_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

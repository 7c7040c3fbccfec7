/* SPDX-License-Identifier: Apache-2.0 */
/* A world and its detectors; the frame of each test of a detector. */
#ifndef TESTS_UNIT_FAULT_DETECT_H
#define TESTS_UNIT_FAULT_DETECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analysis/detect.h"
#include "fault_world.h"

enum { A = 0xa0, B = 0xb0, C = 0xc0 };

static struct world w;
static struct detect d;

static inline int fd_setup(void **state)
{
	(void)state;
	fw_init(&w);
	w.live.pid = 4242;
	w.live.state = LIVE_RUNS;
	detect_init(&d);
	return 0;
}

static inline int fd_teardown(void **state)
{
	(void)state;
	detect_release(&d);
	world_release(&w);
	return 0;
}

/* A goroutine that waits on that from the time given on. */
static inline void fd_waits(uint64_t id, int64_t t, enum reason why, const char *place)
{
	fw_go(&w, id, t, "main.main:20");
	fw_block(&w, id, t, why, place);
}

static inline void fd_look(void)
{
	fw_facts_end(&w);
	detect_now(&d, &w);
}

/* The one finding present of a detector, NULL: none; more than one fails. */
static inline const struct finding *fd_found(enum detector_id id)
{
	const struct finding *f = NULL;

	for (size_t i = 0; i < d.findings.v.n; i++)
		if (d.findings.v.v[i].present && d.findings.v.v[i].detector == id) {
			assert_null(f);
			f = &d.findings.v.v[i];
		}
	return f;
}

static inline unsigned fd_count(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < d.findings.v.n; i++)
		n += d.findings.v.v[i].present;
	return n;
}

#define FD_TEST(f) cmocka_unit_test_setup_teardown(f, fd_setup, fd_teardown)

#endif

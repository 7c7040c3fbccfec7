/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a uprobe costs on this machine, measured on a function of our own: the
 * trap dominates, and it differs tenfold between machines and hypervisors.
 */
#ifndef BPF_CALIBRATE_H
#define BPF_CALIBRATE_H

#include <stdbool.h>
#include <stdint.h>

struct calibration {
	double hit_ns; /* one hit of a probe that only counts, on an emulated instruction, hot */
	int64_t attach_ns, detach_ns; /* of one probe, by a perf event: processor time */
	bool measured;
	char why[160]; /* where it was not: a sentence; then the values are CALIBRATE_… */
};

/* What a hit costs with cold caches and a record written, and setting a probe by perf events. */
#define CALIBRATE_HIT_NS 1200.0
#define CALIBRATE_ATTACH_NS 200000
#define CALIBRATE_DETACH_NS 200000

/*
 * Puts a uprobe on a function of this program, calls it for 2 ms, takes the
 * probe away. The calling thread alone is counted. Setting and taking away last
 * some milliseconds more each (the kernel waits for all its readers), so call it
 * where nobody waits. Never fails.
 */
void calibrate(struct calibration *c);

/*
 * Measures in a child, for the next calibrate() to take: perf_event_open() of a
 * uprobe takes CAP_SYS_ADMIN (kernel/events/core.c:perf_uprobe_event_init),
 * which the program may have given up by then. Before threads are made.
 */
void calibrate_start(void);

/* The number of the kernel's uprobe events (perf_event_attr.type); -1: there are none. */
int calibrate_uprobe_type(void);

#endif

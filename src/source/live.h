/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running Go process as a source: its goroutines are read several times a
 * second, without stopping it, and what differs is told as events.
 */
#ifndef SOURCE_LIVE_H
#define SOURCE_LIVE_H

#include <sys/types.h>

#include "bpf/loader.h"
#include "source/source.h"
#include "target/target.h"
#include "target/unwind.h"

struct live_config {
	double rate; /* passes a second at most; 0: 10 */
	/*
	 * The most that reading may take of one core, as a share; passes become
	 * rarer to keep it. 0: 0.018 up to 10,000 goroutines, growing with their
	 * number up to 0.22.
	 */
	double share;
	size_t past; /* bytes of the past to keep, events and timeline; 0: 256 MB */
	/* How long to wait for the runtime to be up, ms; 0: 2000. Also for a Go program to be executed. */
	int wait_ms;
	bool no_ptrace; /* threads are never stopped: where running goroutines are is not known */
	bool command; /* pid is our own child, just started: it may execute other programs before */
	bool no_bpf; /* leave the kernel's side out */
	double budget; /* the most that probes may cost, as a share of the target's CPU time; 0: no probes */
	const struct target_opts *target; /* NULL; for tests */
	bool inspects; /* variables will be asked for: what reading them takes is opened at once */
};

/*
 * Opens a process. NULL with err filled: exit code 3 where it cannot be
 * attached to (no right, no Go program, another architecture), 4 where it is
 * gone. cfg may be NULL. What the header shows comes with the first drain().
 *
 * work() makes passes until the target ends or cancel(); one thread does, the
 * others return at once. notify() is called when there is something to drain.
 */
struct source *live_open(pid_t pid, const struct live_config *cfg, struct err *err);

/*
 * To be called while the program has all its rights, where probes may be wanted
 * later: makes ready what takes more of them than probes do. Returns whether
 * probes take CAP_SYS_ADMIN here. Before threads are made.
 */
bool live_prepare_probes(void);

/* What the kernel's side has to know of an opened program. */
struct bpf_target live_bpf_target(const struct target *t);
struct probesites;
/* And its probes; the pid is filled in by probe_set_open(). */
struct probe_config live_probe_config(const struct target *t, const struct probesites *ps);
/*
 * The stack of a sample, leaf first: with the caller that frame pointers leave
 * out, and without the goroutine that the thread has left. pcs has room for
 * REC_FRAMES + 1; returns how many.
 */
size_t live_sample_pcs(struct symtab *st, const struct rec_sample *r, unwind_pc *pcs);

#endif

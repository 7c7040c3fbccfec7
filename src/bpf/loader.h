/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's side of a live session: loads it for one process, takes each part
 * by itself, reads its ring, and leaves nothing behind: all of it is held by file
 * descriptors, which end with us however we end. Single-threaded.
 */
#ifndef BPF_LOADER_H
#define BPF_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/record.h"

enum bpf_part {
	BPF_SAMPLES, /* stacks of threads on CPU */
	BPF_SCHED, /* on and off CPU, waiting for one, who woke */
	BPF_SYSCALLS,
	BPF_PARTS
};

/* Why a part is off. */
enum bpf_why {
	BPF_ON,
	BPF_NOT_BUILT, /* this binary has no kernel's side */
	BPF_NO_RIGHT, /* CAP_BPF and CAP_PERFMON, or root */
	BPF_NO_BTF, /* the kernel does not describe its types */
	BPF_OLD_KERNEL, /* it lacks what the part needs */
	BPF_NO_G, /* where g lies is not known: another machine, or a program that hides it */
	BPF_NO_TARGET, /* the process is gone, or in a pid namespace where it is not found */
	BPF_NO_MEMORY, /* for its programs, maps or links */
	BPF_REFUSED, /* by the kernel, for reasons of its own; see sentence */
	BPF_WHYS
};

struct bpf_part_state {
	enum bpf_why why;
	char sentence[160]; /* "" where it is on */
};

/* What is to be known of the target; offsets as in struct golayout. */
struct bpf_target {
	pid_t pid; /* in our own pid namespace */
	bool has_tls_g;
	int64_t tls_g;
	int32_t g_m, g_goid, m_curg, m_g0, m_procid;
	unsigned hz; /* of samples; 0: 99 */
	uint64_t slow_ns; /* see rec_config; 0: 1 ms */
	unsigned parts; /* bits 1 << enum bpf_part that are wanted; 0: all */
};

struct bpf_set;

/*
 * Loads and attaches what is wanted and allowed; takes some 50 ms. NULL where no
 * part is on. state[] is always filled.
 */
struct bpf_set *bpf_set_open(const struct bpf_target *t, struct bpf_part_state state[BPF_PARTS]);
void bpf_set_close(struct bpf_set *s); /* NULL ok */

/*
 * Takes a part off, and puts it on again: BPF_SCHED and BPF_SYSCALLS, which
 * bpf_set_open() has put on. From another thread than the one that drains as
 * well. 0 or negative errno.
 */
int bpf_set_part(struct bpf_set *s, enum bpf_part part, bool on);
/*
 * Times that such a part had something to do so far. Other processes' system
 * calls go a longer way while the target's are watched (entry_64.S, from
 * SYSCALL_WORK_SYSCALL_TRACEPOINT on: 0.1 us more of 0.2 here), so they count as
 * well, by so little that an idle target's is taken off where they would lose
 * about one hundredth of the machine. beside (may be NULL): how many of the times
 * are theirs.
 */
uint64_t bpf_set_hits(const struct bpf_set *s, enum bpf_part part, uint64_t *beside);

/* Called for each record; its size has been checked against its kind. */
typedef void bpf_sink(void *arg, const struct rec_head *rec);
/* Reads what is in the ring; returns the number of records. */
size_t bpf_set_drain(struct bpf_set *s, bpf_sink *sink, void *arg);
/* Records lost since the beginning, for lack of room or because they made no sense. */
uint64_t bpf_set_lost(const struct bpf_set *s);

/*
 * The word for a header: "" all is on; "bpf off: no right" where nothing is, "no
 * syscalls (refused)" where a part is not.
 */
void bpf_state_word(const struct bpf_part_state state[BPF_PARTS], char *buf, size_t size);
const char *bpf_why_word(enum bpf_why why); /* "on", "no right" … */
enum bpf_why bpf_why_errno(int rc); /* of a negative errno that the kernel gave */
const char *bpf_part_name(enum bpf_part p); /* "samples", "sched", "syscalls" */
/* Whether n bytes are a record of the kind that they say, whole. */
bool bpf_record_valid(const void *rec, size_t n);

/* What could be on here, for no process in particular: loads nothing. */
void bpf_can(struct bpf_part_state state[BPF_PARTS]);
/*
 * The pid that the kernel itself knows a process by, which we know as pid; another
 * where we live in a pid namespace. 0: not to be had.
 */
uint32_t bpf_first_tgid(pid_t pid);
/* "libbpf 1.1", or why the binary has no kernel's side. */
const char *bpf_built_with(void);

#endif

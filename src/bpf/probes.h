/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uprobes in a Go program: loads their programs for one process, puts them on
 * and takes them off, reads what they tell. All of it is held by file
 * descriptors, which end with us however we end. Single-threaded, but for
 * probe_set_drain(), which may run beside the others.
 */
#ifndef BPF_PROBES_H
#define BPF_PROBES_H

#include "bpf/loader.h"

struct probe_set;

/* What could be on here, for no process in particular. BPF_ON, or why not and a sentence. */
enum bpf_why probe_can(char *why, size_t size);
/* Whether one link can hold many probes (uprobe_multi, Linux 6.6); else each has its own. */
bool probe_can_multi(void);

/*
 * Loads, which takes some 30 ms, and puts nothing on. one_by_one: as on a kernel
 * without uprobe_multi. NULL: *state has the reason.
 */
struct probe_set *probe_set_open(pid_t pid, const struct probe_config *cfg, bool one_by_one,
				 struct bpf_part_state *state);
void probe_set_close(struct probe_set *s); /* NULL ok */

/*
 * Puts probes on for the events (bits 1 << enum probe_event), which are not on yet;
 * file_off[event]: where, in the file that the process executes. Takes milliseconds
 * for each. 0, or negative errno, and none is on.
 */
int probe_attach(struct probe_set *s, unsigned events, const uint64_t file_off[PROBE_N]);
/* Takes off what was put on as these events; takes up to 100 ms for each. */
void probe_detach(struct probe_set *s, unsigned events);
/* Their hits are told (written to the ring), or only counted, as they are at first. */
void probe_tell(struct probe_set *s, unsigned events, bool on);
/* Hits of these events so far, also those that were not told. */
uint64_t probe_hits(const struct probe_set *s, unsigned events);

/* As bpf_set_drain() and bpf_set_lost(): records of kind REC_EVENT. */
size_t probe_set_drain(struct probe_set *s, bpf_sink *sink, void *arg);
uint64_t probe_set_lost(const struct probe_set *s);

#endif
